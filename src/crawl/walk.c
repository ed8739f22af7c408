/* walk.c - a target's listing becomes a tree of folders.
 *
 * Keys come in byte order, so all keys of a folder are neighbours: a key's folder is found by
 * comparing with the last child of each level. Per folder the walk keeps a count, a digest of
 * names, sizes and times (its validator for the next crawl) and a few files spread evenly: when the
 * sample is full every second file is dropped and the stride doubles. */
#include "base/hash.h"
#include "crawl/crawl_int.h"

struct walk {
    struct arena *a;
    const struct crawl_target *t;
    struct bytes prefix; /* what is listed */
    struct crawl_folder *root;
    int rc;
    struct err *e;
};

static struct crawl_folder *add_folder(struct walk *w, struct crawl_folder *parent,
                                       struct bytes name, struct bytes key) {
    struct crawl_folder *f = ARENA_NEW(w->a, struct crawl_folder);
    if (!f)
        return NULL;
    size_t want = w->t->sample_size ? (size_t)w->t->sample_size : CRAWL_SAMPLE_FILES;
    f->name = arena_copy(w->a, name);
    f->uri = arena_fmt(w->a, "s3://%.*s/%.*s", BYTES_ARG(w->t->bucket), BYTES_ARG(key));
    f->parent = parent;
    f->sample_max = want;
    f->sample_stride = 1;
    if (parent) {
        if (parent->last)
            parent->last->next = f;
        else
            parent->first = f;
        parent->last = f;
        parent->child_count++;
    }
    return w->a->failed ? NULL : f;
}

static struct crawl_folder *folder_of(struct walk *w, struct bytes key) {
    struct crawl_folder *f = w->root;
    struct bytes rest = bytes_slice(key, w->prefix.len, key.len), name;
    while (f && bytes_find_char(rest, '/') >= 0) {
        rest = bytes_cut(rest, '/', &name);
        if (f->last && bytes_eq(f->last->name, name))
            f = f->last;
        else
            f = add_folder(w, f, name, bytes_slice(key, 0, (size_t)(rest.ptr - key.ptr)));
    }
    return f;
}

static void thin_out(struct crawl_folder *f) {
    for (size_t i = 0; 2 * i < f->sample_count; i++)
        f->samples[i] = f->samples[2 * i];
    f->sample_count = (f->sample_count + 1) / 2;
    f->sample_stride *= 2;
}

static int sample(struct walk *w, struct crawl_folder *f, struct bytes name, uint64_t size) {
    if (!f->samples)
        f->samples = ARENA_NEW_N(w->a, struct crawl_file, 2 * f->sample_max);
    if (!f->samples)
        return ERR_NOMEM;
    if ((f->file_count - 1) % f->sample_stride)
        return 0;
    if (f->sample_count == 2 * f->sample_max)
        thin_out(f);
    if ((f->file_count - 1) % f->sample_stride == 0)
        f->samples[f->sample_count++] =
            (struct crawl_file){.name = arena_copy(w->a, name), .size_bytes = size};
    return w->a->failed ? ERR_NOMEM : 0;
}

static bool is_excluded(const struct crawl_target *t, struct bytes path) {
    for (size_t i = 0; i < t->exclusion_count; i++)
        if (glob_match(t->exclusions[i], path))
            return true;
    return false;
}

static uint64_t mix(uint64_t digest, uint64_t v) {
    return (digest ^ v) * UINT64_C(0x9e3779b97f4a7c15) + (digest >> 29);
}

static int each_object(void *ctx, const struct store_entry *entry) {
    struct walk *w = ctx;
    struct bytes path = bytes_slice(entry->key, w->prefix.len, entry->key.len);
    if (entry->is_prefix || !entry->size_bytes || is_excluded(w->t, path) ||
        bytes_ends_with(entry->key, BYTES("/")))
        return 0;
    struct crawl_folder *f = folder_of(w, entry->key);
    if (!f)
        return w->rc = err_set(w->e, ERR_NOMEM, NULL);
    size_t slash = entry->key.len;
    while (slash > 0 && entry->key.ptr[slash - 1] != '/')
        slash--;
    struct bytes name = bytes_slice(entry->key, slash, entry->key.len);
    f->file_count++;
    f->bytes += (int64_t)entry->size_bytes;
    f->digest =
        mix(mix(mix(f->digest, hash64(name)), entry->size_bytes), (uint64_t)entry->mtime_ns);
    w->rc = sample(w, f, name, entry->size_bytes);
    return w->rc ? err_set(w->e, w->rc, NULL) : 0;
}

/* At most sample_max files, evenly. */
static void trim_samples(struct crawl_folder *root) {
    for (struct crawl_folder *f = root; f; f = crawl_folder_next(root, f)) {
        size_t n = f->sample_count;
        if (n <= f->sample_max)
            continue;
        for (size_t i = 0; i < f->sample_max; i++)
            f->samples[i] = f->samples[f->sample_max > 1 ? i * (n - 1) / (f->sample_max - 1) : 0];
        f->sample_count = f->sample_max;
    }
}

static int list(struct walk *w, struct store *store, struct bytes prefix, struct bytes strip) {
    struct store_list_options o = {.bucket = w->t->bucket, .prefix = prefix, .skip_hidden = true};
    bool truncated;
    struct bytes at = bytes_slice(strip, 0, strip.len ? strip.len - 1 : 0), name = at;
    for (size_t i = 0; i < at.len; i++)
        if (at.ptr[i] == '/')
            name = bytes_slice(at, i + 1, at.len);
    w->prefix = strip;
    w->root = add_folder(w, NULL, name.len ? name : w->t->bucket, strip);
    if (!w->root)
        return err_set(w->e, ERR_NOMEM, NULL);
    return store_list(store, &o, each_object, w, &truncated, w->e);
}

/* The path may name one object. */
static int list_object(struct walk *w, struct store *store) {
    struct store_meta meta;
    if (!w->t->file.len || store_head(store, w->a, w->t->bucket, w->t->file, &meta, NULL))
        return 0;
    size_t slash = w->t->file.len;
    while (slash > 0 && w->t->file.ptr[slash - 1] != '/')
        slash--;
    struct bytes folder = bytes_slice(w->t->file, 0, slash);
    struct store_entry entry = {
        .key = w->t->file, .size_bytes = meta.size_bytes, .mtime_ns = meta.mtime_ms * 1000000};
    w->prefix = folder;
    w->root = add_folder(w, NULL, bytes_slice(w->t->file, slash, w->t->file.len), folder);
    if (!w->root)
        return err_set(w->e, ERR_NOMEM, NULL);
    w->root->is_object = true;
    return each_object(w, &entry);
}

int crawl_walk(struct store *store, struct arena *a, const struct crawl_target *t,
               struct crawl_folder **ret, struct err *e) {
    struct walk w = {.a = a, .t = t, .e = e};
    *ret = NULL;
    int rc = list(&w, store, t->prefix, t->prefix);
    if (!rc && !w.root->first && !w.root->file_count) {
        w.root = NULL;
        rc = list_object(&w, store);
    }
    if (rc || !w.root)
        return rc;
    trim_samples(w.root);
    *ret = w.root->first || w.root->file_count ? w.root : NULL;
    return 0;
}

struct crawl_folder *crawl_folder_next(const struct crawl_folder *root, struct crawl_folder *f) {
    if (f->first)
        return f->first;
    while (f != root && !f->next)
        f = f->parent;
    return f == root ? NULL : f->next;
}
