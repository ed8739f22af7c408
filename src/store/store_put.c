/* store_put.c - objects written, read and deleted.
 *
 * A put writes a temporary file and makes it the object in one step:
 *
 *   write tmp; setxattr user.tarn; fsync tmp; [condition]; rename tmp -> path; fsync folder
 *
 * so that a reader sees the old object whole or the new one whole, whatever fails in between.
 * Folders are made when the rename finds none; a delete that removes them meanwhile is answered by
 * trying again. Conditional puts hold the path's stripe lock from the look to the rename, and so
 * does every other put of that path for its rename. */
#include "base/encode.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/store_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define RENAME_TRIES 16

struct store_put {
    struct store *store;
    struct arena arena;
    const char *path, *tmp;
    struct bytes bucket;
    struct store_put_options o;
    struct digest *md5; /* NULL when the caller gave the ETag */
    int fd;
    uint64_t bytes;
};

/* ---- errors ---- */

int store_no_such_key(struct store *s, struct bytes bucket, struct err *e) {
    int rc = store_bucket_check(s, bucket, NULL, e);
    return rc ? rc
              : err_set_named(e, ERR_S3, "NoSuchKey", 404, "The specified key does not exist.");
}

static int key_conflict(struct err *e) {
    return err_set_named(e, ERR_S3, "InvalidRequest", 400,
                         "This key and another would be both a file and a folder on disk: one key "
                         "is the other's prefix up to a '/'. Rename one of them.");
}

static int precondition_failed(struct err *e) {
    return err_set_named(e, ERR_S3, "PreconditionFailed", 412,
                         "At least one of the pre-conditions you specified did not hold");
}

/* ---- the step from temporary file to object ---- */

static pthread_mutex_t *stripe_of(struct store *s, const char *path) {
    return &s->stripes[hash64(bytes_str(path)) % STORE_STRIPES];
}

/* Stripe lock held. */
static int check_condition(struct store *s, const char *path, const struct store_put_options *o,
                           struct bytes bucket, struct err *e) {
    struct vfs_stat st;
    struct store_meta meta;
    struct arena a;
    if (!o || (!o->if_none_match && o->if_match.len == 0))
        return 0;
    bool there = s->vfs->ops->stat(s->vfs, path, &st) == 0 && !st.is_dir;
    if (o->if_none_match && there)
        return precondition_failed(e);
    if (o->if_match.len == 0)
        return 0;
    if (!there)
        return store_no_such_key(s, bucket, e);
    arena_init(&a, 0);
    int rc = store_meta_load(s, &a, path, &st, &meta, e);
    if (rc == 0 && !bytes_eq_str(o->if_match, meta.etag))
        rc = precondition_failed(e);
    arena_clear(&a);
    return rc;
}

static int make_parent(struct store *s, const char *path, struct err *e) {
    struct vfs_stat st;
    char *parent = mem_strndup(path, strlen(path));
    if (!parent)
        return err_set(e, ERR_NOMEM, NULL);
    *strrchr(parent, '/') = 0;
    int rc = vfs_mkdirs(s->vfs, parent, e);
    if (rc && s->vfs->ops->stat(s->vfs, path, &st) == -ENOTDIR)
        rc = key_conflict(e);
    mem_free(parent);
    return rc;
}

/* Stripe lock held. */
static int rename_into(struct store *s, const char *tmp, const char *path, struct bytes bucket,
                       struct err *e) {
    int io = -ENOENT, rc = 0;
    for (int i = 0; i < RENAME_TRIES; i++) {
        io = s->vfs->ops->rename(s->vfs, tmp, path);
        if (io == -EISDIR && s->vfs->ops->rmdir(s->vfs, path) == 0)
            continue; /* an empty folder was in the way */
        if (io != -ENOENT)
            break;
        rc = store_bucket_check(s, bucket, NULL, e);
        if (rc == 0)
            rc = make_parent(s, path, e);
        if (rc)
            return rc;
    }
    if (io == -EISDIR || io == -ENOTDIR || io == -ENOTEMPTY || io == -EEXIST)
        return key_conflict(e);
    return io ? err_set_errno(e, ERR_IO, -io, "cannot rename %s to %s", tmp, path) : 0;
}

static int publish(struct store *s, const char *tmp, const char *path, struct bytes bucket,
                   const struct store_put_options *o, struct err *e) {
    pthread_mutex_t *lock = stripe_of(s, path);
    pthread_mutex_lock(lock);
    int rc = check_condition(s, path, o, bucket, e);
    if (rc == 0)
        rc = rename_into(s, tmp, path, bucket, e);
    pthread_mutex_unlock(lock);
    if (rc)
        return rc;
    int io = vfs_sync_parent(s->vfs, path);
    if (io && io != -ENOENT) /* gone: a delete came right after */
        return err_set_errno(e, ERR_IO, -io, "cannot sync the folder of %s", path);
    return 0;
}

/* ---- puts ---- */

static void put_free(struct store_put *p) {
    if (p->fd >= 0)
        p->store->vfs->ops->close(p->store->vfs, p->fd);
    digest_free(&p->md5);
    arena_clear(&p->arena);
    mem_free(p);
}

static int put_open(struct store_put *p, struct bytes bucket, struct bytes key,
                    const struct store_put_options *o, struct err *e) {
    struct store *s = p->store;
    int rc = store_bucket_check(s, bucket, NULL, e);
    if (rc == 0)
        rc = store_path(s, &p->arena, bucket, key, &p->path, e);
    if (rc)
        return rc;
    p->bucket = arena_copy(&p->arena, bucket);
    p->tmp = store_tmp_path(s, &p->arena, ".put");
    if (o) {
        p->o = *o;
        p->o.content_type = arena_copy(&p->arena, o->content_type);
        p->o.extra_json = arena_copy(&p->arena, o->extra_json);
        p->o.etag = arena_copy(&p->arena, o->etag);
        p->o.if_match = arena_copy(&p->arena, o->if_match);
    }
    if (p->o.etag.len == 0)
        p->md5 = digest_new(DIGEST_MD5);
    if (p->arena.failed || (p->o.etag.len == 0 && !p->md5))
        return err_set(e, ERR_NOMEM, NULL);
    p->fd = s->vfs->ops->open(s->vfs, p->tmp, O_RDWR | O_CREAT | O_EXCL, 0644);
    return p->fd < 0 ? err_set_errno(e, ERR_IO, -p->fd, "cannot create %s", p->tmp) : 0;
}

int store_put_begin(struct store *s, struct bytes bucket, struct bytes key,
                    const struct store_put_options *o, struct store_put **ret, struct err *e) {
    struct store_put *p = mem_calloc(1, sizeof(*p));
    if (!p)
        return err_set(e, ERR_NOMEM, NULL);
    p->store = s;
    p->fd = -1;
    arena_init(&p->arena, 0);
    int rc = put_open(p, bucket, key, o, e);
    if (rc)
        put_free(p);
    else
        *ret = p;
    return rc;
}

int store_put_write(struct store_put *p, struct bytes data, struct err *e) {
    struct vfs *v = p->store->vfs;
    if (data.len == 0)
        return 0;
    int io = vfs_pwrite_all(v, p->fd, data.ptr, data.len, p->bytes);
    if (io)
        return err_set_errno(e, ERR_IO, -io, "cannot write %s", p->tmp);
    if (p->md5)
        digest_update(p->md5, data);
    p->bytes += data.len;
    return 0;
}

static int copy_etag(struct bytes etag, char out[80], struct err *e) {
    if (etag.len >= 80)
        return err_set(e, ERR_INTERNAL, "an ETag is longer than 79 bytes");
    memcpy(out, etag.ptr, etag.len);
    out[etag.len] = 0;
    return 0;
}

static int put_etag(struct store_put *p, char etag[80], struct err *e) {
    uint8_t digest[32];
    if (!p->md5)
        return copy_etag(p->o.etag, etag, e);
    digest_finish(p->md5, digest);
    hex_encode(bytes_of(digest, MD5_LEN), etag);
    etag[32] = 0;
    return 0;
}

static int put_finish(struct store_put *p, char etag[80], struct err *e) {
    struct store *s = p->store;
    int rc = put_etag(p, etag, e);
    if (rc == 0)
        rc = store_meta_save(s, p->tmp, etag, &p->o, e);
    int io = rc ? 0 : s->vfs->ops->fsync(s->vfs, p->fd);
    if (io)
        rc = err_set_errno(e, ERR_IO, -io, "cannot sync %s", p->tmp);
    return rc ? rc : publish(s, p->tmp, p->path, p->bucket, &p->o, e);
}

int store_put_commit(struct store_put **pp, char ret_etag[80], struct err *e) {
    struct store_put *p = *pp;
    char etag[80];
    *pp = NULL;
    int rc = put_finish(p, etag, e);
    if (rc)
        p->store->vfs->ops->unlink(p->store->vfs, p->tmp);
    else if (ret_etag)
        memcpy(ret_etag, etag, sizeof(etag));
    put_free(p);
    return rc;
}

void store_put_abort(struct store_put **pp) {
    struct store_put *p = *pp;
    if (!p)
        return;
    *pp = NULL;
    p->store->vfs->ops->unlink(p->store->vfs, p->tmp);
    put_free(p);
}

int store_put_bytes(struct store *s, struct bytes bucket, struct bytes key, struct bytes data,
                    const struct store_put_options *o, struct err *e) {
    struct store_put *p = NULL;
    int rc = store_put_begin(s, bucket, key, o, &p, e);
    if (rc)
        return rc;
    rc = store_put_write(p, data, e);
    if (rc == 0)
        return store_put_commit(&p, NULL, e);
    store_put_abort(&p);
    return rc;
}

/* ---- publishing an engine's file ---- */

static int sync_file(struct store *s, const char *path, struct err *e) {
    int fd = s->vfs->ops->open(s->vfs, path, O_RDONLY, 0);
    int io = fd < 0 ? fd : s->vfs->ops->fsync(s->vfs, fd);
    if (fd >= 0)
        s->vfs->ops->close(s->vfs, fd);
    return io ? err_set_errno(e, ERR_IO, -io, "cannot sync %s", path) : 0;
}

static int publish_file(struct store *s, struct arena *a, const char *tmp, struct bytes bucket,
                        struct bytes key, const struct store_put_options *o,
                        struct store_meta *meta, struct err *e) {
    struct vfs_stat st;
    const char *path;
    int rc = store_bucket_check(s, bucket, NULL, e);
    if (rc == 0)
        rc = store_path(s, a, bucket, key, &path, e);
    int io = rc ? 0 : s->vfs->ops->stat(s->vfs, tmp, &st);
    if (io)
        rc = err_set_errno(e, ERR_IO, -io, "cannot look at %s", tmp);
    if (rc)
        return rc;
    *meta = (struct store_meta){.size_bytes = st.size_bytes, .mtime_ms = st.mtime_ns / 1000000};
    rc = o && o->etag.len ? copy_etag(o->etag, meta->etag, e)
                          : store_make_etag(s, tmp, &st, meta->etag, e);
    if (rc == 0)
        rc = store_meta_save(s, tmp, meta->etag, o, e);
    if (rc == 0)
        rc = sync_file(s, tmp, e);
    return rc ? rc : publish(s, tmp, path, bucket, o, e);
}

int store_publish(struct store *s, const char *tmp_path, struct bytes bucket, struct bytes key,
                  const struct store_put_options *o, struct store_meta *ret_meta_or_null,
                  struct err *e) {
    struct arena a;
    struct store_meta meta;
    arena_init(&a, 0);
    int rc = publish_file(s, &a, tmp_path, bucket, key, o, &meta, e);
    arena_clear(&a);
    if (rc)
        return rc;
    if (o) {
        meta.content_type = o->content_type;
        meta.extra_json = o->extra_json;
    }
    if (ret_meta_or_null)
        *ret_meta_or_null = meta;
    return 0;
}

static int seal_tries(struct store *s, const char *tmp, const char *path, struct err *e) {
    int io = -ENOENT;
    for (int i = 0; i < RENAME_TRIES && io == -ENOENT; i++) {
        int rc = make_parent(s, path, e);
        if (rc)
            return rc;
        io = s->vfs->ops->rename(s->vfs, tmp, path);
    }
    if (io == -EISDIR || io == -ENOTDIR || io == -ENOTEMPTY)
        return key_conflict(e);
    if (!io)
        io = vfs_sync_parent(s->vfs, path);
    return io ? err_set_errno(e, ERR_IO, -io, "cannot put %s in place", path) : 0;
}

int store_seal(struct vfs *vfs, const char *tmp_path, const char *path, char ret_etag[80],
               uint64_t *ret_bytes, struct err *e) {
    struct store s = {.vfs = vfs};
    struct vfs_stat st;
    int io = vfs->ops->stat(vfs, tmp_path, &st);
    if (io)
        return err_set_errno(e, ERR_IO, -io, "cannot look at %s", tmp_path);
    int rc = store_make_etag(&s, tmp_path, &st, ret_etag, e);
    if (rc == 0)
        rc = store_meta_save(&s, tmp_path, ret_etag, NULL, e);
    if (rc == 0)
        rc = sync_file(&s, tmp_path, e);
    if (rc == 0)
        rc = seal_tries(&s, tmp_path, path, e);
    if (rc == 0)
        *ret_bytes = st.size_bytes;
    return rc;
}

/* ---- reading ---- */

static bool means_absent(int io) {
    return io == -ENOENT || io == -ENOTDIR || io == -ENAMETOOLONG;
}

int store_head(struct store *s, struct arena *a, struct bytes bucket, struct bytes key,
               struct store_meta *ret, struct err *e) {
    struct vfs_stat st;
    const char *path;
    int rc = store_path(s, a, bucket, key, &path, e);
    if (rc)
        return rc;
    int io = s->vfs->ops->stat(s->vfs, path, &st);
    if (means_absent(io) || (io == 0 && st.is_dir))
        return store_no_such_key(s, bucket, e);
    if (io)
        return err_set_errno(e, ERR_IO, -io, "cannot look at %s", path);
    return store_meta_load(s, a, path, &st, ret, e);
}

int store_get(struct store *s, struct arena *a, struct bytes bucket, struct bytes key,
              struct store_meta *ret, int *ret_fd, struct err *e) {
    struct vfs_stat st;
    const char *path;
    char self[40];
    int rc = store_path(s, a, bucket, key, &path, e);
    if (rc)
        return rc;
    int fd = s->vfs->ops->open(s->vfs, path, O_RDONLY | O_NONBLOCK, 0);
    if (means_absent(fd))
        return store_no_such_key(s, bucket, e);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, -fd, "cannot open %s", path);
    /* Through the descriptor, so that bytes and facts are of the same object. */
    snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    int io = s->vfs->ops->stat(s->vfs, self, &st);
    if (io)
        rc = err_set_errno(e, ERR_IO, -io, "cannot look at %s", path);
    else if (st.is_dir)
        rc = store_no_such_key(s, bucket, e);
    else
        rc = store_meta_load(s, a, self, &st, ret, e);
    if (rc)
        s->vfs->ops->close(s->vfs, fd);
    else
        *ret_fd = fd;
    return rc;
}

/* ---- deleting ---- */

/* Removes the folders above that are empty now, up to the bucket. */
static void remove_empty_parents(struct store *s, char *path, size_t bucket_len) {
    for (;;) {
        char *slash = strrchr(path, '/');
        if (!slash || (size_t)(slash - path) <= bucket_len)
            return;
        *slash = 0;
        if (s->vfs->ops->rmdir(s->vfs, path) != 0)
            return;
    }
}

static int delete_file(struct store *s, struct arena *a, struct bytes bucket, const char *path,
                       struct err *e) {
    int io = s->vfs->ops->unlink(s->vfs, path);
    if (means_absent(io) || io == -EISDIR)
        return 0;
    if (io)
        return err_set_errno(e, ERR_IO, -io, "cannot remove %s", path);
    char *bucket_path = store_bucket_path(s, a, bucket);
    char *copy = arena_strndup(a, path, strlen(path));
    if (!bucket_path || !copy)
        return err_set(e, ERR_NOMEM, NULL);
    io = vfs_sync_parent(s->vfs, path);
    remove_empty_parents(s, copy, strlen(bucket_path));
    if (io && io != -ENOENT)
        return err_set_errno(e, ERR_IO, -io, "cannot sync the folder of %s", path);
    return 0;
}

int store_delete(struct store *s, struct bytes bucket, struct bytes key, struct err *e) {
    struct arena a;
    const char *path;
    int rc = store_bucket_check(s, bucket, NULL, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    rc = store_path(s, &a, bucket, key, &path, e);
    if (rc == 0)
        rc = delete_file(s, &a, bucket, path, e);
    arena_clear(&a);
    return rc;
}
