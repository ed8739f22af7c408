/* text_source.c - bytes of a file through a decompressor, a table of functions each.
 *
 *     file -> in[64 KiB] -> codec -> the caller's buffer
 *
 * gzip and bzip2 files may be several streams one after another, zstd files several frames. Snappy
 * is Hadoop's: blocks of a big-endian uncompressed length, then chunks, each a big-endian length
 * and a raw snappy text, until the block's length is reached. */
#include "duck/text_source.h"
#include "base/mem.h"
#include "base/vfs.h"
#include <bzlib.h>
#include <fcntl.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#define IN_BYTES (64u << 10)
#define LINE_MAX_BYTES ((size_t)128 << 20)
#define READ_BYTES (256u << 10)
#define SNAPPY_MAX (64u << 20) /* of a chunk */

struct codec;
struct text_source {
    const struct codec *codec;
    const char *path;
    int fd;
    int64_t at;
    char *in;
    size_t in_at, in_len;
    bool in_end;
    bool open; /* the codec's state is */
    union {
        z_stream z;
        bz_stream bz;
        ZSTD_DStream *zstd;
    };
    bool in_frame; /* zstd: within one */
    char *block;   /* snappy: a chunk's text */
    size_t block_at, block_len;
    uint32_t left; /* snappy: of the block, not read yet */
};
struct codec {
    const char *suffix;
    int (*begin)(struct text_source *s);
    int (*read)(struct text_source *s, char *out, size_t cap, size_t *ret_len, struct err *e);
    void (*end)(struct text_source *s);
};

static int bad(const struct text_source *s, const char *why, struct err *e) {
    return err_set_named(e, ERR_SQL, "HIVE_BAD_DATA", 0, "%s: %s", s->path, why);
}

/* Reads on when all input was used. */
static int fill(struct text_source *s, struct err *e) {
    struct vfs *v = vfs_system();
    if (s->in_at < s->in_len || s->in_end)
        return 0;
    ssize_t n = v->ops->pread(v, s->fd, s->in, IN_BYTES, s->at);
    if (n < 0)
        return err_set_errno(e, ERR_IO, (int)-n, "The file cannot be read");
    s->at += n;
    s->in_at = 0;
    s->in_len = (size_t)n;
    s->in_end = n == 0;
    return 0;
}

/* ---- plain ---- */
static int plain_begin(struct text_source *s) {
    (void)s;
    return 0;
}
static int plain_read(struct text_source *s, char *out, size_t cap, size_t *ret_len,
                      struct err *e) {
    struct vfs *v = vfs_system();
    ssize_t n = v->ops->pread(v, s->fd, out, cap, s->at);
    if (n < 0)
        return err_set_errno(e, ERR_IO, (int)-n, "The file cannot be read");
    s->at += n;
    *ret_len = (size_t)n;
    return 0;
}
static void plain_end(struct text_source *s) {
    (void)s;
}

/* ---- gzip ---- */
static int gzip_begin(struct text_source *s) {
    return inflateInit2(&s->z, 15 + 32) == Z_OK ? 0 : ERR_NOMEM;
}
static int gzip_read(struct text_source *s, char *out, size_t cap, size_t *ret_len, struct err *e) {
    s->z.next_out = (Bytef *)out;
    s->z.avail_out = (uInt)cap;
    while (s->z.avail_out == cap) {
        int rc = fill(s, e);
        if (rc)
            return rc;
        if (s->in_end)
            return s->in_frame ? bad(s, "the gzip stream is cut off", e) : 0;
        s->z.next_in = (Bytef *)s->in + s->in_at;
        s->z.avail_in = (uInt)(s->in_len - s->in_at);
        int z = inflate(&s->z, Z_NO_FLUSH);
        s->in_at = s->in_len - s->z.avail_in;
        s->in_frame = z != Z_STREAM_END;
        if (z == Z_STREAM_END)
            z = inflateReset(&s->z);
        if (z != Z_OK && z != Z_BUF_ERROR)
            return bad(s, "it is not a gzip file, or a damaged one", e);
    }
    *ret_len = cap - s->z.avail_out;
    return 0;
}
static void gzip_end(struct text_source *s) {
    inflateEnd(&s->z);
}

/* ---- bzip2 ---- */
static int bzip2_begin(struct text_source *s) {
    return BZ2_bzDecompressInit(&s->bz, 0, 0) == BZ_OK ? 0 : ERR_NOMEM;
}
static int bzip2_again(struct text_source *s, struct err *e) {
    BZ2_bzDecompressEnd(&s->bz);
    memset(&s->bz, 0, sizeof s->bz);
    s->open = BZ2_bzDecompressInit(&s->bz, 0, 0) == BZ_OK;
    return s->open ? 0 : err_set(e, ERR_NOMEM, NULL);
}
static int bzip2_read(struct text_source *s, char *out, size_t cap, size_t *ret_len,
                      struct err *e) {
    size_t done = 0;
    while (done == 0) {
        int rc = fill(s, e);
        if (rc)
            return rc;
        if (s->in_end)
            return s->in_frame ? bad(s, "the bzip2 stream is cut off", e) : 0;
        s->bz.next_out = out;
        s->bz.avail_out = (unsigned)cap;
        s->bz.next_in = s->in + s->in_at;
        s->bz.avail_in = (unsigned)(s->in_len - s->in_at);
        int z = BZ2_bzDecompress(&s->bz);
        s->in_at = s->in_len - s->bz.avail_in;
        done = cap - s->bz.avail_out;
        s->in_frame = z == BZ_OK;
        if (z == BZ_STREAM_END)
            rc = bzip2_again(s, e);
        else if (z != BZ_OK)
            return bad(s, "it is not a bzip2 file, or a damaged one", e);
        if (rc)
            return rc;
    }
    *ret_len = done;
    return 0;
}
static void bzip2_end(struct text_source *s) {
    BZ2_bzDecompressEnd(&s->bz);
}

/* ---- zstd ---- */
static int zstd_begin(struct text_source *s) {
    s->zstd = ZSTD_createDStream();
    return s->zstd ? 0 : ERR_NOMEM;
}
static int zstd_read(struct text_source *s, char *out, size_t cap, size_t *ret_len, struct err *e) {
    ZSTD_outBuffer o = {out, cap, 0};
    while (o.pos == 0) {
        int rc = fill(s, e);
        if (rc)
            return rc;
        if (s->in_end && !s->in_frame)
            break;
        ZSTD_inBuffer i = {s->in, s->in_len, s->in_at};
        size_t z = ZSTD_decompressStream(s->zstd, &o, &i);
        s->in_at = i.pos;
        if (ZSTD_isError(z))
            return bad(s, "it is not a zstd file, or a damaged one", e);
        if (s->in_end && z != 0 && o.pos == 0)
            return bad(s, "the zstd stream is cut off", e);
        s->in_frame = z != 0;
    }
    *ret_len = o.pos;
    return 0;
}
static void zstd_end(struct text_source *s) {
    ZSTD_freeDStream(s->zstd);
}

/* ---- snappy, as Hadoop frames it ---- */
static int snappy_begin(struct text_source *s) {
    (void)s;
    return 0;
}
/* `len` bytes; *ret_end when there are none at all. */
static int take(struct text_source *s, char *out, size_t len, bool *ret_end, struct err *e) {
    size_t done = 0;
    *ret_end = false;
    while (done < len) {
        int rc = fill(s, e);
        if (rc)
            return rc;
        if (s->in_end && done == 0) {
            *ret_end = true;
            return 0;
        }
        if (s->in_end)
            return bad(s, "the snappy stream is cut off", e);
        size_t n = MIN_OF(len - done, s->in_len - s->in_at);
        memcpy(out + done, s->in + s->in_at, n);
        s->in_at += n;
        done += n;
    }
    return 0;
}
static int take_length(struct text_source *s, uint32_t *ret, bool *ret_end, struct err *e) {
    unsigned char b[4] = {0};
    int rc = take(s, (char *)b, sizeof b, ret_end, e);
    *ret = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return rc;
}
static int inflate_chunk(struct text_source *s, const char *chunk, size_t len, struct err *e) {
    size_t size = 0;
    if (snappy_uncompressed_length(chunk, len, &size) != SNAPPY_OK || size > s->left ||
        size > SNAPPY_MAX)
        return bad(s, "it is not a snappy file as Hadoop writes it, or a damaged one", e);
    char *grown = mem_realloc(s->block, size + 1);
    if (!grown)
        return err_set(e, ERR_NOMEM, NULL);
    s->block = grown;
    if (snappy_uncompress(chunk, len, s->block, &size) != SNAPPY_OK)
        return bad(s, "the snappy stream is damaged", e);
    s->block_at = 0;
    s->block_len = size;
    s->left -= (uint32_t)size;
    return 0;
}
static int next_chunk(struct text_source *s, bool *ret_end, struct err *e) {
    uint32_t len = 0;
    bool cut = false;
    int rc = 0;
    *ret_end = false;
    while (!rc && s->left == 0 && !*ret_end)
        rc = take_length(s, &s->left, ret_end, e);
    if (rc || *ret_end)
        return rc;
    rc = take_length(s, &len, &cut, e);
    if (!rc && (cut || len > SNAPPY_MAX))
        return bad(s, "it is not a snappy file as Hadoop writes it, or a damaged one", e);
    char *chunk = rc ? NULL : mem_alloc((size_t)len + 1);
    if (!rc && !chunk)
        rc = err_set(e, ERR_NOMEM, NULL);
    if (!rc && len)
        rc = take(s, chunk, len, &cut, e);
    if (!rc && cut)
        rc = bad(s, "the snappy stream is cut off", e);
    if (!rc)
        rc = inflate_chunk(s, chunk, len, e);
    mem_free(chunk);
    return rc;
}
static int hadoop_snappy_read(struct text_source *s, char *out, size_t cap, size_t *ret_len,
                              struct err *e) {
    bool end = false;
    while (s->block_at == s->block_len) {
        int rc = next_chunk(s, &end, e);
        if (rc || end)
            return rc;
    }
    size_t n = MIN_OF(cap, s->block_len - s->block_at);
    memcpy(out, s->block + s->block_at, n);
    s->block_at += n;
    *ret_len = n;
    return 0;
}
static void snappy_end(struct text_source *s) {
    mem_free(s->block);
}

/* ---- which ---- */
static const struct codec codecs[] = {
    {".gz", gzip_begin, gzip_read, gzip_end},
    {".gzip", gzip_begin, gzip_read, gzip_end},
    {".bz2", bzip2_begin, bzip2_read, bzip2_end},
    {".zst", zstd_begin, zstd_read, zstd_end},
    {".zstd", zstd_begin, zstd_read, zstd_end},
    {".snappy", snappy_begin, hadoop_snappy_read, snappy_end},
    {"", plain_begin, plain_read, plain_end},
};

static const struct codec *codec_of(struct bytes path) {
    size_t i = 0;
    while (!bytes_ends_with(path, bytes_str(codecs[i].suffix)))
        i++;
    return &codecs[i];
}

bool text_is_compressed(struct bytes path) {
    return codec_of(path)->read != plain_read;
}

int text_source_open(const char *path, int64_t from, struct text_source **ret, struct err *e) {
    struct vfs *v = vfs_system();
    struct text_source *s = mem_calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    s->codec = codec_of(bytes_str(path));
    s->path = path;
    s->at = from;
    s->in = mem_alloc(IN_BYTES);
    s->fd = v->ops->open(v, path, O_RDONLY, 0);
    int rc = 0;
    if (s->fd < 0)
        rc = err_set_errno(e, ERR_IO, -s->fd, "The file cannot be opened");
    else if (!s->in || s->codec->begin(s))
        rc = err_set(e, ERR_NOMEM, NULL);
    s->open = !rc;
    *ret = s;
    if (rc)
        text_source_close(ret);
    return rc;
}

void text_source_close(struct text_source **ps) {
    struct text_source *s = *ps;
    if (!s)
        return;
    if (s->open)
        s->codec->end(s);
    if (s->fd >= 0)
        vfs_system()->ops->close(vfs_system(), s->fd);
    mem_free(s->in);
    mem_free(s);
    *ps = NULL;
}

int text_source_read(struct text_source *s, char *out, size_t cap, size_t *ret_len, struct err *e) {
    *ret_len = 0;
    return s->codec->read(s, out, cap, ret_len, e);
}

/* ---- lines ---- */
int text_lines_open(struct text_lines *l, const char *path, int64_t from, struct err *e) {
    struct bytes ignored;
    int64_t offset;
    *l = (struct text_lines){.offset = from ? from - 1 : 0};
    int rc = text_source_open(path, l->offset, &l->source, e);
    if (rc || !from)
        return rc;
    rc = text_lines_next(l, &ignored, &offset, e); /* what began before */
    return rc < 0 ? rc : 0;
}

void text_lines_close(struct text_lines *l) {
    text_source_close(&l->source);
    buf_clear(&l->buffer);
}

static int more(struct text_lines *l, struct err *e) {
    size_t got = 0;
    if (l->at) {
        size_t rest = l->buffer.len - l->at;
        memmove(l->buffer.ptr, l->buffer.ptr + l->at, rest);
        l->offset += (int64_t)l->at;
        l->buffer.len = rest;
        l->at = 0;
    }
    if (l->buffer.len > LINE_MAX_BYTES)
        return err_set_named(e, ERR_SQL, "HIVE_CURSOR_ERROR", 0, "A line is longer than %zu bytes",
                             LINE_MAX_BYTES);
    char *room = buf_reserve(&l->buffer, READ_BYTES);
    if (!room)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = text_source_read(l->source, room, READ_BYTES, &got, e);
    l->buffer.len += got;
    l->at_end = !rc && got == 0;
    return rc;
}

/* The first \n or \r from `from` on; the buffer's length when there is none. */
static size_t line_end(const struct buf *b, size_t from) {
    const char *n = memchr(b->ptr + from, '\n', b->len - from);
    size_t end = n ? (size_t)(n - b->ptr) : b->len;
    const char *r = memchr(b->ptr + from, '\r', end - from);
    return r ? (size_t)(r - b->ptr) : end;
}

int text_lines_next(struct text_lines *l, struct bytes *ret, int64_t *ret_offset, struct err *e) {
    size_t seen = 0;
    for (;;) {
        if (l->after_cr && l->at < l->buffer.len) {
            l->at += l->buffer.ptr[l->at] == '\n';
            l->after_cr = false;
        }
        size_t end = l->at < l->buffer.len ? line_end(&l->buffer, l->at + seen) : l->buffer.len;
        bool ended = end < l->buffer.len;
        if (ended || (l->at_end && l->at < l->buffer.len)) {
            *ret = bytes_of(l->buffer.ptr + l->at, end - l->at);
            *ret_offset = l->offset + (int64_t)l->at;
            l->after_cr = ended && l->buffer.ptr[end] == '\r';
            l->at = end + ended;
            return 1;
        }
        if (l->at_end)
            return 0;
        seen = l->buffer.len - l->at;
        int rc = more(l, e);
        if (rc)
            return rc;
    }
}
