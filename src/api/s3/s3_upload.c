/* s3_upload.c - the folders of multipart uploads: their parts, listings, removal. */
#include "api/s3/s3_upload.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include <errno.h>
#include <stdlib.h>

/* ---- parts ---- */

struct part_reader {
    struct s3_call *c;
    const struct s3_upload *u;
    struct s3_parts *out;
};

static int on_part(void *ctx, const char *name, bool is_dir) {
    struct part_reader *r = ctx;
    struct vfs *v = r->c->s->deps.vfs;
    struct vfs_stat st;
    size_t len = strlen(name);
    if (is_dir || len != 6 + 2 * MD5_LEN || name[5] != '-')
        return 0; /* upload.json */
    struct bytes path = arena_fmt(r->c->arena, "%s/%s", r->u->dir, name);
    char *copy = arena_strndup(r->c->arena, name, len);
    if (!path.ptr || !copy)
        return -ENOMEM;
    if (v->ops->stat(v, path.ptr, &st) != 0)
        return 0; /* replaced meanwhile */
    if (r->out->count == r->out->cap) {
        size_t cap = r->out->cap ? r->out->cap * 2 : 16;
        struct s3_part *more = mem_realloc(r->out->items, cap * sizeof(*more));
        if (!more)
            return -ENOMEM;
        r->out->items = more;
        r->out->cap = cap;
    }
    r->out->items[r->out->count++] = (struct s3_part){.number = strtoll(copy, NULL, 10),
                                                      .name = copy,
                                                      .etag = copy + 6,
                                                      .size_bytes = st.size_bytes,
                                                      .mtime_ms = st.mtime_ns / 1000000};
    return 0;
}

static int compare_parts(const void *x, const void *y) {
    return strcmp(((const struct s3_part *)x)->name, ((const struct s3_part *)y)->name);
}

int s3_parts_read(struct s3_call *c, const struct s3_upload *u, struct s3_parts *ret) {
    *ret = (struct s3_parts){0};
    struct part_reader r = {c, u, ret};
    int io = vfs_list(c->s->deps.vfs, u->dir, on_part, &r);
    if (io == -ENOMEM)
        return err_set(&c->err, ERR_NOMEM, NULL);
    if (io)
        return err_set_errno(&c->err, ERR_IO, -io, "cannot list %s", u->dir);
    if (ret->count > 1)
        qsort(ret->items, ret->count, sizeof(*ret->items), compare_parts);
    return 0;
}

void s3_parts_clear(struct s3_parts *p) {
    mem_free(p->items);
    *p = (struct s3_parts){0};
}

/* ---- removal ---- */

static int unlink_one(void *ctx, const char *name, bool is_dir) {
    struct part_reader *r = ctx;
    struct bytes path = arena_fmt(r->c->arena, "%s/%s", r->u->dir, name);
    return path.ptr ? r->c->s->deps.vfs->ops->unlink(r->c->s->deps.vfs, path.ptr) : -ENOMEM;
}

void s3_upload_remove(struct s3_call *c, const struct s3_upload *u) {
    struct vfs *v = c->s->deps.vfs;
    struct part_reader r = {.c = c, .u = u};
    struct bytes head = arena_fmt(c->arena, "%s/upload.json", u->dir);
    /* First the file that makes it an upload: what is left after a crash is not one. */
    int io = head.ptr ? v->ops->unlink(v, head.ptr) : -ENOMEM;
    if (io == 0)
        io = vfs_list(v, u->dir, unlink_one, &r);
    if (io == 0)
        io = v->ops->rmdir(v, u->dir);
    if (io)
        log_write(LOG_WARN, "s3", "cannot remove %s: error %d", u->dir, -io);
}

/* ---- copying ---- */

int s3_copy_range(struct s3_call *c, int from_fd, uint64_t from, uint64_t len, int to_fd,
                  uint64_t to, struct digest *md5, struct s3_checksum *k) {
    struct vfs *v = c->s->deps.vfs;
    char *chunk = mem_alloc(S3_COPY_CHUNK);
    int rc = chunk ? 0 : err_set(&c->err, ERR_NOMEM, NULL);
    while (rc == 0 && len > 0) {
        ssize_t n = v->ops->pread(v, from_fd, chunk, MIN_OF(S3_COPY_CHUNK, len), from);
        int io = n > 0 ? vfs_pwrite_all(v, to_fd, chunk, (size_t)n, to) : n < 0 ? (int)n : -EIO;
        if (io) {
            rc = err_set_errno(&c->err, ERR_IO, -io, "cannot copy a part");
            break;
        }
        if (md5)
            digest_update(md5, bytes_of(chunk, (size_t)n));
        if (k)
            s3_checksum_update(k, bytes_of(chunk, (size_t)n));
        from += (uint64_t)n;
        to += (uint64_t)n;
        len -= (uint64_t)n;
    }
    mem_free(chunk);
    return rc;
}

/* ---- ListParts ---- */

static void add_part(struct buf *b, const struct s3_part *p) {
    xml_open(b, "Part");
    xml_i64(b, "PartNumber", p->number);
    xml_time(b, "LastModified", p->mtime_ms);
    xml_etag(b, p->etag);
    xml_i64(b, "Size", (int64_t)p->size_bytes);
    xml_close(b, "Part");
}

static int list_parts(struct s3_call *c, const struct s3_upload *u, const struct s3_parts *parts) {
    int64_t marker = 0, max = S3_MAX_KEYS, shown = 0, last = 0;
    bool truncated = false;
    struct buf rows = {0};
    struct bytes after = http_query(c->http, "part-number-marker");
    struct bytes limit = http_query(c->http, "max-parts");
    if ((after.len && !bytes_to_i64(after, &marker)) ||
        (limit.len && (!bytes_to_i64(limit, &max) || max < 0)))
        return s3_error(c, "InvalidArgument", 400,
                        "part-number-marker and max-parts must be integers");
    max = MIN_OF(max, S3_MAX_KEYS);
    for (size_t i = 0; i < parts->count && !truncated; i++) {
        if (parts->items[i].number <= marker)
            continue;
        truncated = shown == max;
        if (truncated)
            break;
        add_part(&rows, &parts->items[i]);
        last = parts->items[i].number;
        shown++;
    }
    xml_start(&c->out, "ListPartsResult");
    xml_text(&c->out, "Bucket", c->bucket);
    xml_text(&c->out, "Key", c->key);
    xml_text(&c->out, "UploadId", u->id);
    xml_i64(&c->out, "PartNumberMarker", marker);
    xml_i64(&c->out, "NextPartNumberMarker", last);
    xml_i64(&c->out, "MaxParts", max);
    xml_cstr(&c->out, "IsTruncated", truncated ? "true" : "false");
    buf_add(&c->out, buf_bytes(&rows));
    c->out.failed |= rows.failed;
    buf_clear(&rows);
    xml_close(&c->out, "ListPartsResult");
    s3_reply_xml(c, 200);
    return 0;
}

int s3_list_parts(struct s3_call *c) {
    struct s3_upload u;
    struct s3_parts parts = {0};
    int rc = s3_upload_load(c, http_query(c->http, "uploadId"), &u);
    if (rc == 0)
        rc = s3_parts_read(c, &u, &parts);
    if (rc == 0)
        rc = list_parts(c, &u, &parts);
    s3_parts_clear(&parts);
    return rc;
}

/* ---- ListMultipartUploads ---- */

struct upload_rows {
    struct s3_call *c;
    struct s3_upload *items;
    size_t count, cap;
    struct bytes prefix;
};

static int on_upload(void *ctx, const char *name, bool is_dir) {
    struct upload_rows *rows = ctx;
    struct s3_upload u;
    char *id = arena_strndup(rows->c->arena, name, strlen(name));
    if (!id || !is_dir || s3_upload_load(rows->c, bytes_str(id), &u) != 0 ||
        !bytes_eq(u.bucket, rows->c->bucket) || !bytes_starts_with(u.key, rows->prefix))
        return 0;
    if (rows->count == rows->cap) {
        size_t cap = rows->cap ? rows->cap * 2 : 16;
        struct s3_upload *more = mem_realloc(rows->items, cap * sizeof(*more));
        if (!more)
            return -ENOMEM;
        rows->items = more;
        rows->cap = cap;
    }
    rows->items[rows->count++] = u;
    return 0;
}

static int compare_uploads(const void *x, const void *y) {
    const struct s3_upload *p = x, *q = y;
    int by_key = bytes_cmp(p->key, q->key);
    return by_key ? by_key : p->started_ms < q->started_ms ? -1 : p->started_ms > q->started_ms;
}

int s3_list_uploads(struct s3_call *c) {
    struct upload_rows rows = {.c = c, .prefix = http_query(c->http, "prefix")};
    int rc = store_bucket_check(c->s->deps.store, c->bucket, NULL, &c->err);
    int io = rc ? 0 : vfs_list(c->s->deps.vfs, c->s->uploads_dir, on_upload, &rows);
    if (io)
        rc = err_set_errno(&c->err, ERR_IO, -io, "cannot list the uploads");
    if (rc == 0) {
        c->err = (struct err){0};
        if (rows.count > 1)
            qsort(rows.items, rows.count, sizeof(*rows.items), compare_uploads);
        xml_start(&c->out, "ListMultipartUploadsResult");
        xml_text(&c->out, "Bucket", c->bucket);
        xml_text(&c->out, "Prefix", rows.prefix);
        xml_cstr(&c->out, "IsTruncated", "false");
        for (size_t i = 0; i < rows.count; i++) {
            xml_open(&c->out, "Upload");
            xml_text(&c->out, "Key", rows.items[i].key);
            xml_text(&c->out, "UploadId", rows.items[i].id);
            xml_time(&c->out, "Initiated", rows.items[i].started_ms);
            xml_close(&c->out, "Upload");
        }
        xml_close(&c->out, "ListMultipartUploadsResult");
        s3_reply_xml(c, 200);
    }
    mem_free(rows.items);
    return rc;
}
