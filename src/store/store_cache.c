/* store_cache.c - listings that are kept as long as what they list looks the same.
 *
 * A listing remembers each folder it read with the folder's inode and modification time from just
 * before the reading, and each file with size and modification time. Adding, removing or renaming
 * a name changes its folder's time; writing into a file changes the file's. So one stat of each
 * tells whether the listing still holds, without reading names, decoding and sorting them.
 *
 * Times are coarse: a folder changed again within one tick of its last change would look the same.
 * A listing that began less than RACY_NS after a change of one of its folders is not kept.
 *
 *     get -> find (take a reference) -> holds? give it : list anew, keep, give
 *
 * A listing is put together in an arena, then packed into one heap block of just its size:
 * thousands of them are of one file. It is never changed; the table drops its reference when it
 * forgets one, the last reference frees it. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/store_int.h"

#define SLOTS 512
#define KEPT_BYTES ((size_t)16 << 20)
#define RACY_NS 50000000

struct seen_folder {
    const char *path;
    uint64_t inode;
    int64_t mtime_ns;
};

struct kept {
    struct store_listing listing; /* first: what callers hold */
    struct bytes name;            /* bucket/prefix */
    const struct seen_folder *folders;
    size_t folder_count;
    size_t size;       /* of the heap block, which holds all that this views */
    bool missing;      /* a folder was not there: cheap to find out again, not kept */
    int64_t newest_ns; /* latest change of a folder */
    /* under lock */
    int refs;
    bool in_table;
    struct kept *next; /* in its slot */
    struct kept *newer, *older;
};

struct listings {
    pthread_mutex_t lock;
    struct kept *slots[SLOTS];
    struct kept *newest, *oldest;
    size_t bytes;
};

struct listings *listings_new(void) {
    struct listings *l = mem_calloc(1, sizeof *l);
    if (l)
        pthread_mutex_init(&l->lock, NULL);
    return l;
}

/* ---- the table, under lock ---- */
static struct kept **slot_of(struct listings *l, struct bytes name) {
    return &l->slots[crc32c(0, name.ptr, name.len) % SLOTS];
}

static void unref(struct kept *k) {
    if (--k->refs == 0)
        mem_free(k);
}

static void link_newest(struct listings *l, struct kept *k) {
    k->newer = NULL;
    k->older = l->newest;
    if (l->newest)
        l->newest->newer = k;
    l->newest = k;
    if (!l->oldest)
        l->oldest = k;
}

static void unlink_used(struct listings *l, struct kept *k) {
    *(k->newer ? &k->newer->older : &l->newest) = k->older;
    *(k->older ? &k->older->newer : &l->oldest) = k->newer;
}

static void forget(struct listings *l, struct kept *k) {
    struct kept **at = slot_of(l, k->name);
    if (!k->in_table)
        return;
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    unlink_used(l, k);
    l->bytes -= k->size;
    k->in_table = false;
    unref(k);
}

static struct kept *find(struct listings *l, struct bytes name) {
    for (struct kept *k = *slot_of(l, name); k; k = k->next)
        if (bytes_eq(k->name, name)) {
            unlink_used(l, k);
            link_newest(l, k);
            k->refs++;
            return k;
        }
    return NULL;
}

static void keep(struct listings *l, struct kept *k) {
    struct kept *old = find(l, k->name);
    if (old) {
        forget(l, old);
        unref(old);
    }
    struct kept **at = slot_of(l, k->name);
    k->next = *at;
    *at = k;
    k->in_table = true;
    k->refs++;
    l->bytes += k->size;
    link_newest(l, k);
    while (l->bytes > KEPT_BYTES)
        forget(l, l->oldest);
}

void listings_free(struct listings *l) {
    if (!l)
        return;
    while (l->oldest)
        forget(l, l->oldest);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

/* ---- does it still hold? ---- */
static bool holds(struct store *s, const struct kept *k) {
    struct vfs_stat st;
    for (size_t i = 0; i < k->folder_count; i++) {
        const struct seen_folder *f = &k->folders[i];
        if (s->vfs->ops->stat(s->vfs, f->path, &st) || !st.is_dir || st.inode != f->inode ||
            st.mtime_ns != f->mtime_ns)
            return false;
    }
    for (size_t i = 0; i < k->listing.count; i++) {
        const struct store_object *o = &k->listing.objects[i];
        if (s->vfs->ops->stat(s->vfs, o->path, &st) || st.is_dir ||
            st.size_bytes != o->size_bytes || st.mtime_ns != o->mtime_ns)
            return false;
    }
    return true;
}

/* ---- listing anew ---- */
struct filling {
    struct store *s;
    struct arena arena;
    struct kept draft;
    struct seen_folder *folders;
    struct store_object *objects;
    size_t folder_cap, object_cap;
    struct err *e;
};

static void *grow(struct arena *a, void *items, size_t count, size_t *cap, size_t item_size) {
    if (count < *cap)
        return items;
    size_t n = *cap ? *cap * 2 : 8;
    void *grown = arena_alloc(a, n * item_size);
    if (grown && count)
        memcpy(grown, items, count * item_size);
    if (grown)
        *cap = n;
    return grown;
}

static int on_folder(void *ctx, const char *path) {
    struct filling *f = ctx;
    struct kept *k = &f->draft;
    struct vfs_stat st;
    if (f->s->vfs->ops->stat(f->s->vfs, path, &st)) {
        k->missing = true;
        return 0;
    }
    f->folders = grow(&f->arena, f->folders, k->folder_count, &f->folder_cap, sizeof *f->folders);
    const char *copy = arena_strndup(&f->arena, path, strlen(path));
    if (!f->folders || !copy)
        return err_set(f->e, ERR_NOMEM, NULL);
    f->folders[k->folder_count++] = (struct seen_folder){copy, st.inode, st.mtime_ns};
    k->newest_ns = MAX_OF(k->newest_ns, st.mtime_ns);
    return 0;
}

static int on_entry(void *ctx, const struct store_entry *entry) {
    struct filling *f = ctx;
    size_t *count = &f->draft.listing.count;
    f->objects = grow(&f->arena, f->objects, *count, &f->object_cap, sizeof *f->objects);
    const char *path = arena_strndup(&f->arena, entry->path, strlen(entry->path));
    struct bytes key = arena_copy(&f->arena, entry->key);
    if (!f->objects || f->arena.failed)
        return err_set(f->e, ERR_NOMEM, NULL);
    f->objects[(*count)++] = (struct store_object){key, path, entry->size_bytes, entry->mtime_ns};
    return 0;
}

/* ---- packing: the struct, its folders and objects, then all their texts ---- */
static size_t packed_size(const struct filling *f, struct bytes name) {
    const struct kept *k = &f->draft;
    size_t n = sizeof *k + name.len + k->folder_count * sizeof *f->folders +
               k->listing.count * sizeof *f->objects;
    for (size_t i = 0; i < k->folder_count; i++)
        n += strlen(f->folders[i].path) + 1;
    for (size_t i = 0; i < k->listing.count; i++)
        n += f->objects[i].key.len + strlen(f->objects[i].path) + 1;
    return n;
}

static const char *pack_text(char **at, const char *text, size_t len) {
    char *ret = *at;
    if (len)
        memcpy(ret, text, len);
    *at += len;
    return ret;
}

static struct kept *pack(const struct filling *f, struct bytes name) {
    size_t size = packed_size(f, name), folders = f->draft.folder_count;
    size_t objects = f->draft.listing.count;
    struct kept *k = mem_alloc(size);
    if (!k)
        return NULL;
    *k = f->draft;
    struct store_object *o = (struct store_object *)(k + 1);
    struct seen_folder *d = (struct seen_folder *)(o + objects);
    char *at = (char *)(d + folders);
    k->refs = 1;
    k->size = size;
    k->listing.objects = o;
    k->folders = d;
    k->name = bytes_of(pack_text(&at, name.ptr, name.len), name.len);
    for (size_t i = 0; i < folders; i++) {
        d[i] = f->folders[i];
        d[i].path = pack_text(&at, d[i].path, strlen(d[i].path) + 1);
    }
    for (size_t i = 0; i < objects; i++) {
        o[i] = f->objects[i];
        o[i].path = pack_text(&at, o[i].path, strlen(o[i].path) + 1);
        o[i].key.ptr = pack_text(&at, o[i].key.ptr, o[i].key.len);
    }
    return k;
}

static int list_anew(struct store *s, struct bytes bucket, struct bytes prefix, struct bytes name,
                     struct kept **ret, struct err *e) {
    struct store_list_options o = {
        .bucket = bucket, .prefix = prefix, .skip_hidden = true, .on_folder = on_folder};
    struct filling f = {.s = s, .e = e};
    arena_init(&f.arena, 0);
    int rc = store_list(s, &o, on_entry, &f, NULL, e);
    struct kept *k = rc ? NULL : pack(&f, name);
    if (!rc && !k)
        rc = err_set(e, ERR_NOMEM, NULL);
    arena_clear(&f.arena);
    if (!rc)
        *ret = k;
    return rc;
}

static bool worth_keeping(const struct kept *k, int64_t began_ns) {
    return !k->missing && k->newest_ns < began_ns - RACY_NS && k->size < KEPT_BYTES / 2;
}

/* ---- giving out ---- */
static struct kept *take_kept(struct listings *l, struct bytes name) {
    pthread_mutex_lock(&l->lock);
    struct kept *k = find(l, name);
    pthread_mutex_unlock(&l->lock);
    return k;
}

static int find_or_list(struct store *s, struct bytes bucket, struct bytes prefix,
                        struct bytes name, struct kept **ret, struct err *e) {
    struct listings *l = s->listings;
    int64_t began_ns = clock_wall_ms(clock_system()) * 1000000;
    struct kept *k = take_kept(l, name);
    if (k && !holds(s, k)) {
        pthread_mutex_lock(&l->lock);
        forget(l, k);
        unref(k);
        pthread_mutex_unlock(&l->lock);
        k = NULL;
    }
    if (!k) {
        int rc = list_anew(s, bucket, prefix, name, &k, e);
        if (rc)
            return rc;
        pthread_mutex_lock(&l->lock);
        if (worth_keeping(k, began_ns))
            keep(l, k);
        pthread_mutex_unlock(&l->lock);
    }
    *ret = k;
    return 0;
}

int store_listing_get(struct store *s, struct bytes bucket, struct bytes prefix,
                      const struct store_listing **ret, struct err *e) {
    struct buf name = {0};
    struct kept *k = NULL;
    buf_add(&name, bucket);
    buf_add_char(&name, '/');
    buf_add(&name, prefix);
    int rc = buf_ok(&name) ? find_or_list(s, bucket, prefix, buf_bytes(&name), &k, e)
                           : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&name);
    if (!rc)
        *ret = &k->listing;
    return rc;
}

void store_listing_release(struct store *s, const struct store_listing **pl) {
    struct kept *k = (struct kept *)*pl;
    if (!k)
        return;
    pthread_mutex_lock(&s->listings->lock);
    unref(k);
    pthread_mutex_unlock(&s->listings->lock);
    *pl = NULL;
}
