/* store.c - opening, and buckets: folders under the root. A bucket's date is in its user.tarn
 * attribute, because a folder's own times change with its content. */
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store_int.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int store_open(const struct store_options *o, struct store **ret, struct err *e) {
    struct store *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    s->vfs = o->vfs;
    s->clock = o->clock;
    s->root = mem_strndup(o->root_dir, strlen(o->root_dir));
    s->tmp = mem_strndup(o->tmp_dir, strlen(o->tmp_dir));
    for (size_t i = 0; i < STORE_STRIPES; i++)
        pthread_mutex_init(&s->stripes[i], NULL);
    s->listings = listings_new();
    int rc = s->root && s->tmp && s->listings ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (rc == 0)
        rc = vfs_mkdirs(s->vfs, s->root, e);
    if (rc == 0)
        rc = vfs_mkdirs(s->vfs, s->tmp, e);
    if (rc)
        store_close(&s);
    else
        *ret = s;
    return rc;
}

void store_close(struct store **sp) {
    struct store *s = *sp;
    if (!s)
        return;
    for (size_t i = 0; i < STORE_STRIPES; i++)
        pthread_mutex_destroy(&s->stripes[i]);
    listings_free(s->listings);
    mem_free(s->root);
    mem_free(s->tmp);
    mem_free(s);
    *sp = NULL;
}

/* ---- buckets ---- */

static int no_such_bucket(struct err *e) {
    return err_set_named(e, ERR_S3, "NoSuchBucket", 404, "The specified bucket does not exist");
}

static int64_t bucket_created_ms(struct store *s, const char *path, const struct vfs_stat *st) {
    char text[128];
    struct arena a;
    struct json *j = NULL;
    ssize_t n = s->vfs->ops->getxattr(s->vfs, path, STORE_XATTR, text, sizeof(text));
    if (n <= 0)
        return st->mtime_ns / 1000000;
    arena_init(&a, 0);
    int64_t ms = st->mtime_ns / 1000000;
    if (json_parse(&a, bytes_of(text, (size_t)n), &j, NULL) == 0)
        ms = json_get_i64(j, "created_ms", ms);
    arena_clear(&a);
    return ms;
}

int store_bucket_check(struct store *s, struct bytes bucket, int64_t *ret_created_ms,
                       struct err *e) {
    struct vfs_stat st;
    struct arena a;
    int rc = store_check_bucket_name(bucket, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    char *path = store_bucket_path(s, &a, bucket);
    if (!path) {
        rc = err_set(e, ERR_NOMEM, NULL);
    } else {
        int io = s->vfs->ops->stat(s->vfs, path, &st);
        if (io == -ENOENT || (io == 0 && !st.is_dir))
            rc = no_such_bucket(e);
        else if (io)
            rc = err_set_errno(e, ERR_IO, -io, "cannot look at %s", path);
        else if (ret_created_ms)
            *ret_created_ms = bucket_created_ms(s, path, &st);
    }
    arena_clear(&a);
    return rc;
}

static int make_bucket(struct store *s, const char *path, struct err *e) {
    char text[64];
    int io = s->vfs->ops->mkdir(s->vfs, path, 0755);
    if (io == -EEXIST)
        return err_set_named(e, ERR_S3, "BucketAlreadyOwnedByYou", 409,
                             "Your previous request to create the named bucket succeeded and you "
                             "already own it.");
    if (io == 0) {
        int n = snprintf(text, sizeof(text), "{\"created_ms\":%lld}",
                         (long long)clock_wall_ms(s->clock));
        /* Without attributes the folder's own time serves. */
        (void)s->vfs->ops->setxattr(s->vfs, path, STORE_XATTR, bytes_of(text, (size_t)n));
        io = vfs_sync_parent(s->vfs, path);
    }
    return io ? err_set_errno(e, ERR_IO, -io, "cannot create %s", path) : 0;
}

int store_bucket_create(struct store *s, struct bytes bucket, struct err *e) {
    struct arena a;
    int rc = store_check_bucket_name(bucket, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    char *path = store_bucket_path(s, &a, bucket);
    rc = path ? make_bucket(s, path, e) : err_set(e, ERR_NOMEM, NULL);
    arena_clear(&a);
    return rc;
}

/* ---- removing a bucket: only when no object is in it; empty folders go with it ---- */

struct prune {
    struct store *s;
    const char *path;
    struct arena *arena;
};

static int prune_empty(struct store *s, struct arena *a, const char *path);

static int prune_child(void *ctx, const char *name, bool is_dir) {
    struct prune *p = ctx;
    if (!is_dir)
        return -ENOTEMPTY;
    struct bytes child = arena_fmt(p->arena, "%s/%s", p->path, name);
    return child.ptr ? prune_empty(p->s, p->arena, child.ptr) : -ENOMEM;
}

static int prune_empty(struct store *s, struct arena *a, const char *path) {
    struct prune p = {s, path, a};
    int rc = vfs_list(s->vfs, path, prune_child, &p);
    return rc ? rc : s->vfs->ops->rmdir(s->vfs, path);
}

int store_bucket_delete(struct store *s, struct bytes bucket, struct err *e) {
    struct arena a;
    int rc = store_bucket_check(s, bucket, NULL, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    char *path = store_bucket_path(s, &a, bucket);
    int io = path ? prune_empty(s, &a, path) : -ENOMEM;
    if (io == 0)
        io = vfs_sync_parent(s->vfs, path);
    if (io == -ENOTEMPTY)
        rc = err_set_named(e, ERR_S3, "BucketNotEmpty", 409,
                           "The bucket you tried to delete is not empty");
    else if (io == -ENOENT)
        rc = no_such_bucket(e);
    else if (io)
        rc = err_set_errno(e, ERR_IO, -io, "cannot remove bucket %.*s", BYTES_ARG(bucket));
    arena_clear(&a);
    return rc;
}

/* ---- listing buckets ---- */

struct names {
    struct arena arena;
    const char **items;
    size_t count, cap;
};

static int collect_bucket(void *ctx, const char *name, bool is_dir) {
    struct names *n = ctx;
    if (!is_dir || !store_bucket_name_ok(bytes_str(name)))
        return 0;
    if (n->count == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : 16;
        const char **more = mem_realloc(n->items, cap * sizeof(*more));
        if (!more)
            return -ENOMEM;
        n->items = more;
        n->cap = cap;
    }
    n->items[n->count] = arena_strndup(&n->arena, name, strlen(name));
    return n->items[n->count++] ? 0 : -ENOMEM;
}

static int compare_names(const void *x, const void *y) {
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int store_bucket_list(struct store *s,
                      int (*each)(void *ctx, struct bytes name, int64_t created_ms), void *ctx,
                      struct err *e) {
    struct names n = {0};
    arena_init(&n.arena, 0);
    int io = vfs_list(s->vfs, s->root, collect_bucket, &n);
    int rc = io ? err_set_errno(e, ERR_IO, -io, "cannot list %s", s->root) : 0;
    if (n.count > 1)
        qsort(n.items, n.count, sizeof(*n.items), compare_names);
    for (size_t i = 0; rc == 0 && i < n.count; i++) {
        int64_t created = 0;
        struct bytes name = bytes_str(n.items[i]);
        if (store_bucket_check(s, name, &created, NULL) == 0)
            rc = each(ctx, name, created);
    }
    mem_free(n.items);
    arena_clear(&n.arena);
    return rc;
}

/* ---- tmp ---- */

static int remove_tmp(void *ctx, const char *name, bool is_dir) {
    struct store *s = ctx;
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s", s->tmp, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return -ENAMETOOLONG;
    if (is_dir) { /* a write's, or what an engine spilled */
        vfs_remove_tree(s->vfs, path);
        return 0;
    }
    return s->vfs->ops->unlink(s->vfs, path);
}

int store_clean_tmp(struct store *s, struct err *e) {
    int io = vfs_list(s->vfs, s->tmp, remove_tmp, s);
    return io ? err_set_errno(e, ERR_IO, -io, "cannot clean %s", s->tmp) : 0;
}
