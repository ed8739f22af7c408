/* facts_cache.c - parsed facts by URI: a hash table of chains, and a list in the order of use.
 *
 *     slots[hash] -> entry -> entry          newest <-> ... <-> oldest
 *
 * An entry that is dropped while plans still read its facts leaves the facts to the last of them.
 * One lock guards all; what it covers is short. */
#include "base/mem.h"
#include "query/facts_int.h"
#include <pthread.h>

#define SLOTS_MIN 256

struct entry {
    struct entry *next; /* in its slot */
    struct entry *newer, *older;
    uint64_t hash;
    uint64_t file_bytes;
    int64_t mtime_ns;
    struct file_facts *facts;
    size_t uri_len;
    char uri[];
};
struct facts_cache {
    pthread_mutex_t lock;
    size_t max_bytes, used_bytes;
    struct entry **slots;
    size_t slot_count, count;
    struct entry *newest, *oldest;
};

static uint64_t hash_of(struct bytes v) { /* FNV-1a */
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < v.len; i++)
        h = (h ^ (unsigned char)v.ptr[i]) * 1099511628211u;
    return h ^ h >> 32;
}
static size_t weight(const struct entry *x) {
    return sizeof *x + x->uri_len + x->facts->size_bytes + sizeof(struct entry *);
}
static void unref(struct file_facts *f) { /* under lock */
    if (--f->refs == 0)
        mem_free(f);
}

/* ---- lists, under lock ---- */
static void unlink_use(struct facts_cache *c, struct entry *x) {
    *(x->newer ? &x->newer->older : &c->newest) = x->older;
    *(x->older ? &x->older->newer : &c->oldest) = x->newer;
}
static void link_newest(struct facts_cache *c, struct entry *x) {
    x->newer = NULL;
    x->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = x;
    c->newest = x;
}
static struct entry *find(struct facts_cache *c, struct bytes uri, uint64_t hash) {
    struct entry *x = c->slots[hash & (c->slot_count - 1)];
    while (x && !(x->hash == hash && bytes_eq(bytes_of(x->uri, x->uri_len), uri)))
        x = x->next;
    return x;
}
static void drop(struct facts_cache *c, struct entry *x) {
    struct entry **p = &c->slots[x->hash & (c->slot_count - 1)];
    while (*p != x)
        p = &(*p)->next;
    *p = x->next;
    unlink_use(c, x);
    c->count--;
    c->used_bytes -= weight(x);
    unref(x->facts);
    mem_free(x);
}
/* Without memory for more slots the chains grow. */
static void grow(struct facts_cache *c) {
    size_t n = c->slot_count * 2;
    struct entry **slots = mem_calloc(n, sizeof *slots);
    if (!slots)
        return;
    for (size_t i = 0; i < c->slot_count; i++)
        for (struct entry *x = c->slots[i], *next; x; x = next) {
            next = x->next;
            x->next = slots[x->hash & (n - 1)];
            slots[x->hash & (n - 1)] = x;
        }
    mem_free(c->slots);
    c->slots = slots;
    c->slot_count = n;
}
static void add(struct facts_cache *c, struct entry *x) {
    if (c->count >= c->slot_count)
        grow(c);
    struct entry **slot = &c->slots[x->hash & (c->slot_count - 1)];
    x->next = *slot;
    *slot = x;
    link_newest(c, x);
    c->count++;
    c->used_bytes += weight(x);
    while (c->used_bytes > c->max_bytes && c->oldest)
        drop(c, c->oldest);
}

/* ---- the cache ---- */
int facts_cache_new(size_t max_bytes, struct facts_cache **ret, struct err *e) {
    struct facts_cache *c = mem_calloc(1, sizeof *c);
    struct entry **slots = mem_calloc(SLOTS_MIN, sizeof *slots);
    if (!c || !slots) {
        mem_free(c);
        mem_free(slots);
        return err_set(e, ERR_NOMEM, NULL);
    }
    pthread_mutex_init(&c->lock, NULL);
    c->slots = slots;
    c->slot_count = SLOTS_MIN;
    c->max_bytes = max_bytes;
    *ret = c;
    return 0;
}
void facts_cache_free(struct facts_cache **pc) {
    struct facts_cache *c = *pc;
    if (!c)
        return;
    while (c->oldest)
        drop(c, c->oldest);
    pthread_mutex_destroy(&c->lock);
    mem_free(c->slots);
    mem_free(c);
    *pc = NULL;
}

const struct file_facts *facts_cache_get(struct facts_cache *c, struct bytes uri,
                                         uint64_t size_bytes, int64_t mtime_ns) {
    uint64_t hash = hash_of(uri);
    struct file_facts *f = NULL;
    pthread_mutex_lock(&c->lock);
    struct entry *x = find(c, uri, hash);
    if (x && (x->file_bytes != size_bytes || x->mtime_ns != mtime_ns)) {
        drop(c, x);
    } else if (x) {
        f = x->facts;
        f->refs++;
        unlink_use(c, x);
        link_newest(c, x);
    }
    pthread_mutex_unlock(&c->lock);
    return f;
}

const struct file_facts *facts_cache_put(struct facts_cache *c, struct bytes uri,
                                         uint64_t size_bytes, int64_t mtime_ns,
                                         struct file_facts *f) {
    struct entry *x = mem_alloc(sizeof *x + uri.len);
    f->refs = 1;
    if (!x)
        return f;
    *x = (struct entry){.hash = hash_of(uri),
                        .file_bytes = size_bytes,
                        .mtime_ns = mtime_ns,
                        .facts = f,
                        .uri_len = uri.len};
    memcpy(x->uri, uri.ptr, uri.len);
    f->refs++;
    pthread_mutex_lock(&c->lock);
    struct entry *old = find(c, uri, x->hash);
    if (old)
        drop(c, old);
    add(c, x);
    pthread_mutex_unlock(&c->lock);
    return f;
}

void facts_cache_release(struct facts_cache *c, const struct file_facts *f) {
    pthread_mutex_lock(&c->lock);
    unref((struct file_facts *)f);
    pthread_mutex_unlock(&c->lock);
}

size_t facts_cache_bytes(struct facts_cache *c) {
    pthread_mutex_lock(&c->lock);
    size_t n = c->used_bytes + c->slot_count * sizeof *c->slots;
    pthread_mutex_unlock(&c->lock);
    return n;
}
