/* store_meta.c - what is known of an object beyond its bytes: one JSON text in the attribute
 * user.tarn of its file.
 *
 *   {"size":7,"mtime_ns":1706659200000000000,"etag":"…","type":"text/plain","extra":{…}}
 *
 * Size and mtime say which content it speaks of. When they differ from the file's, another program
 * has changed it: then the ETag is made anew and written back, and type and extra are dropped. */
#include "base/encode.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define CONTENT_ETAG_MAX MIB(8)
#define READ_CHUNK KIB(256)

static void md5_hex(struct bytes in, char out[80]) {
    uint8_t digest[MD5_LEN];
    md5(in, digest);
    hex_encode(bytes_of(digest, MD5_LEN), out);
    out[32] = 0;
}

static int digest_file(struct store *s, const char *path, int fd, char *chunk, struct digest *d,
                       char ret[80], struct err *e) {
    uint8_t digest[32];
    uint64_t at = 0;
    for (;;) {
        ssize_t n = s->vfs->ops->pread(s->vfs, fd, chunk, READ_CHUNK, at);
        if (n < 0)
            return err_set_errno(e, ERR_IO, (int)-n, "cannot read %s", path);
        if (n == 0)
            break;
        digest_update(d, bytes_of(chunk, (size_t)n));
        at += (uint64_t)n;
    }
    digest_finish(d, digest);
    hex_encode(bytes_of(digest, MD5_LEN), ret);
    ret[32] = 0;
    return 0;
}

static int content_etag(struct store *s, const char *path, char ret[80], struct err *e) {
    struct digest *d = digest_new(DIGEST_MD5);
    char *chunk = mem_alloc(READ_CHUNK);
    int fd = s->vfs->ops->open(s->vfs, path, O_RDONLY, 0);
    int rc = d && chunk ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (rc == 0 && fd < 0)
        rc = err_set_errno(e, ERR_IO, -fd, "cannot open %s", path);
    if (rc == 0)
        rc = digest_file(s, path, fd, chunk, d, ret, e);
    if (fd >= 0)
        s->vfs->ops->close(s->vfs, fd);
    mem_free(chunk);
    digest_free(&d);
    return rc;
}

int store_make_etag(struct store *s, const char *path, const struct vfs_stat *st, char ret[80],
                    struct err *e) {
    char text[96];
    if (st->size_bytes <= CONTENT_ETAG_MAX)
        return content_etag(s, path, ret, e);
    int n = snprintf(text, sizeof(text), "%llu %llu %lld", (unsigned long long)st->inode,
                     (unsigned long long)st->size_bytes, (long long)st->mtime_ns);
    md5_hex(bytes_of(text, (size_t)n), ret);
    memcpy(ret + 32, "-1", 3);
    return 0;
}

/* ---- saving ---- */

static void note_no_xattr(struct store *s) {
    if (!atomic_exchange(&s->no_xattr, true))
        log_write(LOG_WARN, "store",
                  "the file system has no extended attributes: content types and user metadata are "
                  "not kept");
}

static bool means_unsupported(int io) {
    return io == -ENOTSUP || io == -EOPNOTSUPP || io == -EPERM || io == -ENOSYS;
}

static void write_meta(struct buf *out, const struct vfs_stat *st, const char *etag,
                       const struct store_put_options *o) {
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_u64(&w, "size", st->size_bytes);
    jsonw_kv_i64(&w, "mtime_ns", st->mtime_ns);
    jsonw_kv_cstr(&w, "etag", etag);
    if (o && o->content_type.len)
        jsonw_kv_str(&w, "type", o->content_type);
    if (o && o->extra_json.len)
        jsonw_kv_raw(&w, "extra", o->extra_json);
    jsonw_end_object(&w);
}

int store_meta_save(struct store *s, const char *path, const char *etag,
                    const struct store_put_options *o, struct err *e) {
    struct vfs_stat st;
    struct buf text = {0};
    if (atomic_load(&s->no_xattr))
        return 0;
    int io = s->vfs->ops->stat(s->vfs, path, &st);
    if (io)
        return err_set_errno(e, ERR_IO, -io, "cannot look at %s", path);
    write_meta(&text, &st, etag, o);
    int rc = buf_ok(&text) ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (rc == 0)
        io = s->vfs->ops->setxattr(s->vfs, path, STORE_XATTR, buf_bytes(&text));
    buf_clear(&text);
    if (means_unsupported(io))
        note_no_xattr(s);
    else if (io == -E2BIG || io == -ERANGE || (io == -ENOSPC && o && o->extra_json.len > 2048))
        rc = err_set_named(e, ERR_S3, "MetadataTooLarge", 400,
                           "Your metadata headers exceed the maximum allowed metadata size");
    else if (io)
        rc = err_set_errno(e, ERR_IO, -io, "cannot write the attributes of %s", path);
    return rc;
}

/* ---- loading ---- */

static ssize_t read_attribute(struct store *s, struct arena *a, const char *path, char **ret) {
    static const size_t sizes[] = {1024, 65536};
    ssize_t n = -ERANGE;
    for (size_t i = 0; i < COUNT_OF(sizes) && n == -ERANGE; i++) {
        *ret = arena_alloc(a, sizes[i]);
        if (!*ret)
            return -ENOMEM;
        n = s->vfs->ops->getxattr(s->vfs, path, STORE_XATTR, *ret, sizes[i]);
    }
    return n;
}

/* False when there is no attribute or it speaks of other content. */
static bool load_attribute(struct store *s, struct arena *a, const char *path,
                           const struct vfs_stat *st, struct store_meta *ret) {
    char *text = NULL;
    struct json *j = NULL;
    ssize_t n = read_attribute(s, a, path, &text);
    if (n <= 0 || json_parse(a, bytes_of(text, (size_t)n), &j, NULL) != 0)
        return false;
    struct bytes etag = json_get_str(j, "etag");
    const struct json *extra = json_get(j, "extra");
    if (json_get_i64(j, "size", -1) != (int64_t)st->size_bytes ||
        json_get_i64(j, "mtime_ns", -1) != st->mtime_ns || etag.len == 0 ||
        etag.len >= sizeof(ret->etag))
        return false;
    memcpy(ret->etag, etag.ptr, etag.len);
    ret->etag[etag.len] = 0;
    ret->content_type = json_get_str(j, "type");
    ret->extra_json = extra ? extra->text : (struct bytes){0};
    return true;
}

int store_meta_load(struct store *s, struct arena *a, const char *path, const struct vfs_stat *st,
                    struct store_meta *ret, struct err *e) {
    struct store_meta m = {.size_bytes = st->size_bytes, .mtime_ms = st->mtime_ns / 1000000};
    if (!load_attribute(s, a, path, st, &m)) {
        int rc = store_make_etag(s, path, st, m.etag, e);
        if (rc)
            return rc;
        /* Saves the next reader the work; a read-only file is no failure of this one. */
        if (store_meta_save(s, path, m.etag, NULL, NULL) != 0)
            log_write(LOG_DEBUG, "store", "cannot keep the ETag of %s", path);
    }
    *ret = m;
    return 0;
}
