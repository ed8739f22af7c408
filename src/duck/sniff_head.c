/* sniff_head.c - the first 256 KiB of a file: compressed how, and a table of what?
 *
 * Magic bytes decide before anything else; a file whose ending and content disagree about
 * compression is refused, because readers of a table go by the ending. Text is what has no NUL and
 * is UTF-8. Records are counted without parsing: newlines, or objects at depth one of an array. */
#include "base/encode.h"
#include "base/vfs.h"
#include "duck/sniff_int.h"

#include <zlib.h>

#define HEAD_BYTES (256u << 10)

/* ---- bytes ---- */
static int read_raw(const char *path, struct buf *out, bool *ret_whole, struct err *e) {
    struct vfs *v = vfs_system();
    int fd = v->ops->open(v, path, 0, 0), rc = 0;
    if (fd < 0)
        return err_set_errno(e, ERR_IO, -fd, "%s cannot be read", path);
    char *room = buf_reserve(out, HEAD_BYTES + 1);
    if (!room)
        rc = err_set(e, ERR_NOMEM, NULL);
    while (!rc && out->len <= HEAD_BYTES) {
        ssize_t n = v->ops->pread(v, fd, out->ptr + out->len, HEAD_BYTES + 1 - out->len, out->len);
        if (n < 0)
            rc = err_set_errno(e, ERR_IO, (int)-n, "%s cannot be read", path);
        if (n <= 0)
            break;
        out->len += (size_t)n;
    }
    v->ops->close(v, fd);
    *ret_whole = out->len <= HEAD_BYTES;
    out->len = MIN_OF(out->len, (size_t)HEAD_BYTES);
    return rc;
}

/* The head of a gzip file becomes the head of its content; false when it is damaged. */
static bool inflate_head(struct head *h) {
    struct buf raw = h->text;
    z_stream z = {.next_in = (Bytef *)raw.ptr, .avail_in = (uInt)raw.len};
    h->text = (struct buf){0};
    char *room = buf_reserve(&h->text, 4 * HEAD_BYTES);
    int rc = room && inflateInit2(&z, 15 + 32) == Z_OK ? Z_OK : Z_MEM_ERROR;
    bool ready = rc == Z_OK;
    if (ready) {
        z.next_out = (Bytef *)room;
        z.avail_out = 4 * HEAD_BYTES;
        rc = inflate(&z, Z_SYNC_FLUSH);
        h->text.len = 4 * HEAD_BYTES - z.avail_out;
        h->raw_bytes = raw.len - z.avail_in;
        h->whole = h->whole && rc == Z_STREAM_END;
        inflateEnd(&z);
    }
    buf_clear(&raw);
    return ready && (rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
}

/* ---- what it is ---- */
static bool starts(const struct head *h, const char *magic, size_t len) {
    return bytes_starts_with(buf_bytes(&h->text), bytes_of(magic, len));
}
static void refuse(struct head *h, const char *why) {
    h->kind = HEAD_OTHER;
    h->why = why;
}

static bool known_binary(struct head *h) {
    static const struct {
        const char *magic;
        size_t len;
        const char *why;
    } known[] = {{"Obj\1", 4, "an Avro file; Avro is not crawled yet"},
                 {"ORC", 3, "an ORC file; ORC is not crawled yet"},
                 {"ARROW1", 6, "an Arrow file, which is no table format of Athena's"},
                 {"BZh", 3, "a bzip2 file; gzip and zstd are read"},
                 {"PK\3\4", 4, "a ZIP archive"}};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (starts(h, known[i].magic, known[i].len)) {
            refuse(h, known[i].why);
            return true;
        }
    }
    return false;
}

static bool is_text(const struct head *h) {
    struct bytes t = buf_bytes(&h->text);
    if (t.len && memchr(t.ptr, 0, t.len))
        return false;
    for (int cut = 0; cut < 4 && t.len; cut++, t.len--) /* a character may be cut at the end */
        if (utf8_valid(t))
            return true;
    return false;
}

static struct bytes first_words(const struct head *h) {
    struct bytes t = buf_bytes(&h->text);
    if (bytes_starts_with(t, BYTES("\xef\xbb\xbf")))
        t = bytes_slice(t, 3, t.len);
    return bytes_trim(t);
}

static void classify(struct head *h) {
    if (starts(h, "PAR1", 4)) {
        h->kind = HEAD_PARQUET;
        return;
    }
    if (known_binary(h))
        return;
    if (!is_text(h)) {
        refuse(h, "neither Parquet nor UTF-8 text");
        return;
    }
    struct bytes t = first_words(h);
    if (!t.len) {
        h->kind = HEAD_EMPTY;
    } else if (t.ptr[0] == '{' || t.ptr[0] == '[') {
        struct bytes inside = bytes_trim(bytes_slice(t, 1, t.len));
        h->kind = HEAD_JSON;
        h->json_of_values = t.ptr[0] == '[' && inside.len && inside.ptr[0] != '{';
    } else if (t.ptr[0] == '<') {
        refuse(h, "XML or HTML, which is not crawled yet");
    } else {
        h->kind = HEAD_TEXT;
    }
}

static bool ends_in(struct bytes name, const char *ending) {
    size_t n = strlen(ending);
    return name.len >= n &&
           bytes_eq_nocase(bytes_slice(name, name.len - n, name.len), bytes_str(ending));
}

int head_read(const char *path, struct bytes name, struct head *h, struct err *e) {
    *h = (struct head){.compression = "none"};
    bool gz_name = ends_in(name, ".gz"), zst_name = ends_in(name, ".zst");
    int rc = read_raw(path, &h->text, &h->whole, e);
    h->raw_bytes = h->text.len;
    if (rc)
        return rc;
    bool gz = starts(h, "\x1f\x8b", 2), zst = starts(h, "\x28\xb5\x2f\xfd", 4);
    if (!h->text.len) {
        h->kind = HEAD_EMPTY;
    } else if (gz != gz_name || zst != zst_name) {
        refuse(h, "compressed or not, in disagreement with its name (.gz, .zst)");
    } else if (zst) {
        h->compression = "zstd";
        h->kind = ends_in(bytes_slice(name, 0, name.len - 4), "json") ||
                          ends_in(bytes_slice(name, 0, name.len - 4), "jsonl")
                      ? HEAD_JSON
                      : HEAD_TEXT;
        buf_clear(&h->text);
    } else if (gz && !inflate_head(h)) {
        refuse(h, "a damaged gzip file");
    } else {
        h->compression = gz ? "gzip" : "none";
        classify(h);
    }
    return 0;
}

void head_clear(struct head *h) {
    buf_clear(&h->text);
}

/* ---- records ---- */
static int64_t count_lines(struct bytes t) {
    int64_t n = 0;
    for (size_t i = 0; i < t.len; i++)
        n += t.ptr[i] == '\n';
    return n + (t.len && t.ptr[t.len - 1] != '\n');
}

/* Objects that end at depth `level`. */
static int64_t count_objects(struct bytes t, int level) {
    int depth = 0;
    bool quoted = false;
    int64_t n = 0;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            n += --depth == level && c == '}';
        }
    }
    return n;
}

static int64_t head_records(const struct head *h) {
    struct bytes t = first_words(h);
    return h->kind == HEAD_JSON ? count_objects(t, t.len && t.ptr[0] == '[') : count_lines(t);
}

int64_t head_estimate(const struct head *h, uint64_t size_bytes) {
    int64_t n = head_records(h);
    if (n == 0) /* one object larger than the head, or zstd */
        return h->text.len > 0;
    if (h->whole || !h->raw_bytes)
        return n;
    return MAX_OF((int64_t)((double)n * (double)size_bytes / (double)h->raw_bytes), 1);
}
