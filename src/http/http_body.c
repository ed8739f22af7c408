/* http_body.c - a request's body: a stack of filters that ends in memory or in a spool file.
 *
 *   as received -> [sha-256] -> [aws-chunked] -> [gunzip] -> sink (memory | file, [md5])
 *
 * Only the filters that a request needs are there, so a plain body costs one copy. The sink asks
 * for its memory once, by Content-Length. A body larger than spool_over_bytes goes to a file from
 * its first byte when its length is known, else from the moment it grows past the limit. */
#include "base/encode.h"
#include "base/mem.h"
#include "base/rand.h"
#include "http/http_int.h"
#include <fcntl.h>
#include <zlib.h>

/* ---- sink ---- */

struct sink {
    struct body_filter base;
    struct body *body;
    struct arena *arena;
    uint64_t max_bytes, spool_over_bytes, decoded_bytes;
    const char *tmp_dir;
    struct digest *md5;
};

static int spool_open(struct sink *s, struct err *e) {
    char id[UUID_TEXT_LEN + 1];
    uuid_make(id);
    struct bytes path = arena_fmt(s->arena, "%s/http-%s", s->tmp_dir, id);
    if (!path.ptr)
        return err_set(e, ERR_NOMEM, NULL);
    struct vfs *v = vfs_system();
    int fd = v->ops->open(v, path.ptr, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, -fd, "cannot create %s", path.ptr);
    s->body->fd = fd;
    s->body->path = path.ptr;
    return 0;
}

static int spool_write(struct sink *s, struct bytes data, uint64_t offset, struct err *e) {
    struct vfs *v = vfs_system();
    int rc = vfs_pwrite_all(v, s->body->fd, data.ptr, data.len, offset);
    if (rc)
        return err_set_errno(e, ERR_IO, -rc, "cannot write %s", s->body->path);
    return 0;
}

/* What is in memory moves to the file; the rest will follow it. */
static int spool_start(struct sink *s, struct err *e) {
    int rc = spool_open(s, e);
    if (rc == 0 && s->body->memory.len > 0)
        rc = spool_write(s, buf_bytes(&s->body->memory), 0, e);
    buf_clear(&s->body->memory);
    return rc;
}

static int sink_write(struct body_filter *f, struct bytes data, struct err *e) {
    struct sink *s = (struct sink *)f;
    struct body *b = s->body;
    int rc = 0;
    if (b->bytes + data.len > s->max_bytes)
        return err_set(e, ERR_TOO_LARGE, "The request body is larger than the limit of %llu bytes.",
                       (unsigned long long)s->max_bytes);
    if (b->fd < 0 && b->bytes + data.len > s->spool_over_bytes)
        rc = spool_start(s, e);
    if (rc)
        return rc;
    if (s->md5)
        digest_update(s->md5, data);
    if (b->fd >= 0) {
        rc = spool_write(s, data, b->bytes, e);
    } else {
        buf_add(&b->memory, data);
        rc = buf_ok(&b->memory) ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    b->bytes += data.len;
    return rc;
}

static int sink_finish(struct body_filter *f, struct err *e) {
    struct sink *s = (struct sink *)f;
    uint8_t digest[32];
    if (s->md5) {
        digest_finish(s->md5, digest);
        memcpy(s->body->md5, digest, MD5_LEN);
    }
    if (s->decoded_bytes != UINT64_MAX && s->decoded_bytes != s->body->bytes)
        return err_set_named(e, ERR_S3, "IncompleteBody", 400,
                             "You did not provide the number of bytes specified by the "
                             "x-amz-decoded-content-length HTTP header: %llu came, %llu were "
                             "promised.",
                             (unsigned long long)s->body->bytes,
                             (unsigned long long)s->decoded_bytes);
    return 0;
}

static void sink_clear(struct body_filter *f) {
    digest_free(&((struct sink *)f)->md5);
}

static struct body_filter *sink_new(struct body *b, const struct body_options *o) {
    struct sink *s = ARENA_NEW(o->arena, struct sink);
    if (!s)
        return NULL;
    s->base = (struct body_filter){sink_write, sink_finish, sink_clear, NULL};
    s->body = b;
    s->arena = o->arena;
    s->max_bytes = o->max_bytes;
    s->spool_over_bytes = o->tmp_dir ? o->spool_over_bytes : UINT64_MAX;
    s->decoded_bytes = o->decoded_bytes;
    s->tmp_dir = o->tmp_dir;
    b->first = &s->base;
    if (o->want_md5 && !(s->md5 = digest_new(DIGEST_MD5)))
        return NULL;
    uint64_t expect = o->decoded_bytes != UINT64_MAX ? o->decoded_bytes : o->expected_bytes;
    if (expect > 0 && expect <= o->spool_over_bytes && expect <= o->max_bytes &&
        !buf_reserve(&b->memory, (size_t)expect))
        return NULL;
    return &s->base;
}

/* ---- sha-256 of the bytes as received ---- */

struct hasher {
    struct body_filter base;
    struct body *body;
    struct digest *sha;
};

static int hasher_write(struct body_filter *f, struct bytes data, struct err *e) {
    digest_update(((struct hasher *)f)->sha, data);
    return body_pass(f, data, e);
}

static int hasher_finish(struct body_filter *f, struct err *e) {
    struct hasher *h = (struct hasher *)f;
    uint8_t digest[32];
    digest_finish(h->sha, digest);
    hex_encode(bytes_of(digest, 32), h->body->sha256_hex);
    h->body->sha256_hex[64] = 0;
    return body_pass_finish(f, e);
}

static void hasher_clear(struct body_filter *f) {
    digest_free(&((struct hasher *)f)->sha);
}

static struct body_filter *hasher_new(struct body *b, const struct body_options *o,
                                      struct body_filter *next) {
    struct hasher *h = ARENA_NEW(o->arena, struct hasher);
    if (!h || !(h->sha = digest_new(DIGEST_SHA256)))
        return NULL;
    h->base = (struct body_filter){hasher_write, hasher_finish, hasher_clear, next};
    h->body = b;
    return &h->base;
}

/* ---- gunzip ---- */

struct gunzip {
    struct body_filter base;
    z_stream z;
    bool open, ended;
};

static int gunzip_write(struct body_filter *f, struct bytes data, struct err *e) {
    struct gunzip *g = (struct gunzip *)f;
    unsigned char out[16384];
    g->z.next_in = (unsigned char *)data.ptr;
    g->z.avail_in = (unsigned)data.len; /* MHD's pieces are far below 4 GiB */
    while (!g->ended) {
        g->z.next_out = out;
        g->z.avail_out = sizeof(out);
        int z = inflate(&g->z, Z_NO_FLUSH);
        if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
            return err_set(e, ERR_SERIALIZATION, "The body is not valid gzip data.");
        size_t made = sizeof(out) - g->z.avail_out;
        int rc = made ? body_pass(f, bytes_of(out, made), e) : 0;
        if (rc)
            return rc;
        g->ended = z == Z_STREAM_END;
        if (g->z.avail_in == 0 && g->z.avail_out > 0)
            break;
    }
    return 0;
}

static int gunzip_finish(struct body_filter *f, struct err *e) {
    if (!((struct gunzip *)f)->ended)
        return err_set(e, ERR_SERIALIZATION, "The gzip body ends too early.");
    return body_pass_finish(f, e);
}

static void gunzip_clear(struct body_filter *f) {
    struct gunzip *g = (struct gunzip *)f;
    if (g->open)
        inflateEnd(&g->z);
    g->open = false;
}

struct body_filter *body_gunzip_new(struct body *b, const struct body_options *o,
                                    struct body_filter *next) {
    struct gunzip *g = ARENA_NEW(o->arena, struct gunzip);
    if (!g || inflateInit2(&g->z, 15 + 32) != Z_OK)
        return NULL;
    g->open = true;
    g->base = (struct body_filter){gunzip_write, gunzip_finish, gunzip_clear, next};
    return &g->base;
}

/* ---- the stack ---- */

int body_init(struct body *b, const struct body_options *o, struct err *e) {
    *b = (struct body){.fd = -1};
    struct body_filter *f = sink_new(b, o);
    if (f && o->gunzip && (f = body_gunzip_new(b, o, f)))
        b->first = f;
    if (f && o->aws_chunked && (f = body_chunked_new(b, o, f)))
        b->first = f;
    if (f && o->want_sha256 && (f = hasher_new(b, o, f)))
        b->first = f;
    return f ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int body_write(struct body *b, struct bytes data, struct err *e) {
    return b->first->write(b->first, data, e);
}

int body_finish(struct body *b, struct err *e) {
    return b->first->finish(b->first, e);
}

void body_clear(struct body *b) {
    struct vfs *v = vfs_system();
    for (struct body_filter *f = b->first; f; f = f->next)
        if (f->clear)
            f->clear(f);
    b->first = NULL;
    buf_clear(&b->memory);
    if (b->fd >= 0)
        v->ops->close(v, b->fd);
    if (b->path)
        v->ops->unlink(v, b->path);
    b->fd = -1;
    b->path = NULL;
}
