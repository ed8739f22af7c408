/* s3_multipart.c - multipart uploads: files until they are an object.
 *
 *   <uploads>/<upload id>/upload.json       bucket, key, content type, extra headers, start
 *   <uploads>/<upload id>/00007-<md5 hex>   part 7
 *
 * The names say all that CompleteMultipartUpload needs: a part is there when the file with its
 * number and ETag is. Sending a part again leaves the newer file; Complete copies the parts in
 * order to a temporary file, publishes it with S3's ETag md5(md5s)-N, and removes the folder. */
#include "api/s3/s3_upload.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static struct vfs *vfs_of(struct s3_call *c) {
    return c->s->deps.vfs;
}

/* ---- names ---- */

static bool is_upload_id(struct bytes id) {
    if (id.len != UUID_TEXT_LEN)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f') ||
              id.ptr[i] == '-'))
            return false;
    return true;
}

static int no_such_upload(struct s3_call *c) {
    return s3_error(c, "NoSuchUpload", 404,
                    "The specified upload does not exist. The upload ID may be invalid, or the "
                    "upload may have been aborted or completed.");
}

int s3_upload_load(struct s3_call *c, struct bytes id, struct s3_upload *ret) {
    struct buf text = {0};
    struct json *j = NULL;
    struct s3_upload u = {.id = id};
    if (!is_upload_id(id))
        return no_such_upload(c);
    u.dir = arena_fmt(c->arena, "%s/%.*s", c->s->uploads_dir, BYTES_ARG(id)).ptr;
    struct bytes path = arena_fmt(c->arena, "%s/upload.json", u.dir ? u.dir : "");
    if (!u.dir || !path.ptr)
        return err_set(&c->err, ERR_NOMEM, NULL);
    int rc = vfs_read_file(vfs_of(c), path.ptr, MIB(1), &text, &c->err);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        rc = no_such_upload(c);
    if (rc == 0)
        rc = json_parse(c->arena, arena_copy(c->arena, buf_bytes(&text)), &j, &c->err);
    buf_clear(&text);
    if (rc)
        return rc;
    u.bucket = json_get_str(j, "bucket");
    u.key = json_get_str(j, "key");
    u.content_type = json_get_str(j, "type");
    u.started_ms = json_get_i64(j, "started_ms", 0);
    const struct json *extra = json_get(j, "extra");
    u.extra_json = extra ? extra->text : (struct bytes){0};
    *ret = u;
    return 0;
}

/* The upload that the query names; it must be of this bucket and key. */
static int find_upload(struct s3_call *c, struct s3_upload *ret) {
    int rc = s3_upload_load(c, http_query(c->http, "uploadId"), ret);
    if (rc == 0 && !(bytes_eq(ret->bucket, c->bucket) && bytes_eq(ret->key, c->key)))
        rc = no_such_upload(c);
    return rc;
}

/* ---- create ---- */

static int write_upload(struct s3_call *c, const char *dir, const struct store_put_options *o) {
    struct buf text = {0};
    struct jsonw w = jsonw_to(&text);
    struct bytes path = arena_fmt(c->arena, "%s/upload.json", dir);
    struct bytes tmp = arena_fmt(c->arena, "%s/upload.tmp", dir);
    jsonw_object(&w);
    jsonw_kv_str(&w, "bucket", c->bucket);
    jsonw_kv_str(&w, "key", c->key);
    jsonw_kv_i64(&w, "started_ms", clock_wall_ms(c->s->deps.clock));
    jsonw_kv_str(&w, "type", o->content_type);
    if (o->extra_json.len)
        jsonw_kv_raw(&w, "extra", o->extra_json);
    jsonw_end_object(&w);
    int rc = buf_ok(&text) && path.ptr && tmp.ptr ? 0 : err_set(&c->err, ERR_NOMEM, NULL);
    if (rc == 0)
        rc = vfs_write_file_atomic(vfs_of(c), path.ptr, tmp.ptr, buf_bytes(&text), &c->err);
    buf_clear(&text);
    return rc;
}

int s3_create_upload(struct s3_call *c) {
    struct store_put_options o = {0};
    char id[UUID_TEXT_LEN + 1];
    const char *path;
    uuid_make(id);
    struct bytes dir = arena_fmt(c->arena, "%s/%s", c->s->uploads_dir, id);
    int rc = store_bucket_check(c->s->deps.store, c->bucket, NULL, &c->err);
    if (rc == 0)
        rc = store_path(c->s->deps.store, c->arena, c->bucket, c->key, &path, &c->err);
    if (rc == 0)
        rc = s3_meta_take(c, NULL, &o);
    if (rc == 0)
        rc = dir.ptr ? vfs_mkdirs(vfs_of(c), dir.ptr, &c->err) : err_set(&c->err, ERR_NOMEM, NULL);
    if (rc == 0)
        rc = write_upload(c, dir.ptr, &o);
    if (rc)
        return rc;
    xml_start(&c->out, "InitiateMultipartUploadResult");
    xml_text(&c->out, "Bucket", c->bucket);
    xml_text(&c->out, "Key", c->key);
    xml_cstr(&c->out, "UploadId", id);
    xml_close(&c->out, "InitiateMultipartUploadResult");
    s3_reply_xml(c, 200);
    return 0;
}

/* ---- parts ---- */

static int part_number(struct s3_call *c, int64_t *ret) {
    if (bytes_to_i64(http_query(c->http, "partNumber"), ret) && *ret >= 1 && *ret <= S3_MAX_PARTS)
        return 0;
    return s3_error(c, "InvalidArgument", 400,
                    "Part number must be an integer between 1 and 10000, inclusive");
}

struct keeper {
    struct s3_call *c;
    const struct s3_upload *u;
    const char *keep;
};

static int drop_older(void *ctx, const char *name, bool is_dir) {
    struct keeper *k = ctx;
    if (strncmp(name, k->keep, 6) != 0 || strcmp(name, k->keep) == 0)
        return 0;
    struct bytes path = arena_fmt(k->c->arena, "%s/%s", k->u->dir, name);
    int io = path.ptr ? vfs_of(k->c)->ops->unlink(vfs_of(k->c), path.ptr) : -ENOMEM;
    return io == -ENOENT ? 0 : io;
}

/* Other files of the same part number are older. */
static int drop_others(struct s3_call *c, const struct s3_upload *u, const char *keep) {
    struct keeper k = {c, u, keep};
    int io = vfs_list(vfs_of(c), u->dir, drop_older, &k);
    if (io && io != -ENOENT)
        return err_set_errno(&c->err, ERR_IO, -io, "cannot replace a part in %s", u->dir);
    return 0;
}

/* Makes a finished, open temporary file the part. */
static int keep_part(struct s3_call *c, const struct s3_upload *u, const char *tmp, int fd,
                     int64_t number, const char *etag) {
    struct vfs *v = vfs_of(c);
    struct bytes name = arena_fmt(c->arena, "%05d-%s", (int)number, etag);
    struct bytes path = arena_fmt(c->arena, "%s/%s", u->dir, name.ptr ? name.ptr : "");
    if (!name.ptr || !path.ptr)
        return err_set(&c->err, ERR_NOMEM, NULL);
    int io = v->ops->fsync(v, fd);
    if (io == 0)
        io = v->ops->rename(v, tmp, path.ptr);
    if (io == 0)
        io = vfs_sync_parent(v, path.ptr);
    if (io == -ENOENT)
        return no_such_upload(c); /* completed or aborted meanwhile */
    if (io)
        return err_set_errno(&c->err, ERR_IO, -io, "cannot keep part %d", (int)number);
    return drop_others(c, u, name.ptr);
}

static int write_memory_part(struct s3_call *c, const struct s3_upload *u, int64_t number,
                             const char *etag) {
    struct vfs *v = vfs_of(c);
    struct bytes body = c->http->body;
    const char *tmp = store_tmp_path(c->s->deps.store, c->arena, ".part");
    if (!tmp)
        return err_set(&c->err, ERR_NOMEM, NULL);
    int fd = v->ops->open(v, tmp, O_RDWR | O_CREAT | O_EXCL, 0644);
    if (fd < 0)
        return err_set_errno(&c->err, ERR_IO, -fd, "cannot create %s", tmp);
    int io = vfs_pwrite_all(v, fd, body.ptr, body.len, 0);
    int rc = io ? err_set_errno(&c->err, ERR_IO, -io, "cannot write %s", tmp)
                : keep_part(c, u, tmp, fd, number, etag);
    v->ops->close(v, fd);
    if (rc)
        v->ops->unlink(v, tmp);
    return rc;
}

int s3_upload_part(struct s3_call *c) {
    struct s3_upload u;
    struct s3_checksum k;
    int64_t number;
    char etag[2 * MD5_LEN + 1] = {0};
    int rc = part_number(c, &number);
    if (rc == 0)
        rc = find_upload(c, &u);
    if (rc == 0)
        rc = s3_check_body(c, &k);
    if (rc)
        return rc;
    hex_encode(bytes_of(c->http->body_md5, MD5_LEN), etag);
    if (c->http->body_fd >= 0) {
        rc = keep_part(c, &u, c->http->body_path, c->http->body_fd, number, etag);
        if (rc == 0)
            c->http->body_path = NULL;
    } else {
        rc = write_memory_part(c, &u, number, etag);
    }
    if (rc)
        return rc;
    s3_header_etag(c, etag);
    for (int i = 0; i < S3_ALGORITHMS; i++)
        if (k.wanted[i])
            http_reply_header(c->http, s3_checksum_header((enum s3_algorithm)i),
                              bytes_str(k.text[i]));
    s3_reply_empty(c, 200);
    return 0;
}

static int copy_part(struct s3_call *c, const struct s3_upload *u, int fd, uint64_t from,
                     uint64_t to, int64_t number, char etag[33]) {
    struct vfs *v = vfs_of(c);
    const char *tmp = store_tmp_path(c->s->deps.store, c->arena, ".part");
    struct digest *md5 = digest_new(DIGEST_MD5);
    uint8_t raw[32];
    int rc = tmp && md5 ? 0 : err_set(&c->err, ERR_NOMEM, NULL);
    int out = rc ? -1 : v->ops->open(v, tmp, O_RDWR | O_CREAT | O_EXCL, 0644);
    if (rc == 0 && out < 0)
        rc = err_set_errno(&c->err, ERR_IO, -out, "cannot create %s", tmp);
    if (rc == 0)
        rc = s3_copy_range(c, fd, from, to - from, out, 0, md5, NULL);
    if (rc == 0) {
        digest_finish(md5, raw);
        hex_encode(bytes_of(raw, MD5_LEN), etag);
        etag[2 * MD5_LEN] = 0;
        rc = keep_part(c, u, tmp, out, number, etag);
    }
    if (out >= 0)
        v->ops->close(v, out);
    if (rc && out >= 0)
        v->ops->unlink(v, tmp);
    digest_free(&md5);
    return rc;
}

int s3_upload_part_copy(struct s3_call *c) {
    struct s3_upload u;
    struct store_meta meta;
    struct bytes bucket, key, range = http_header(c->http, "x-amz-copy-source-range");
    int64_t number;
    char etag[33];
    int fd;
    int rc = part_number(c, &number);
    if (rc == 0)
        rc = find_upload(c, &u);
    if (rc == 0)
        rc = s3_open_source(c, &meta, &bucket, &key, &fd);
    if (rc)
        return rc;
    uint64_t from = 0, to = meta.size_bytes;
    if (range.len && s3_parse_range(range, meta.size_bytes, &from, &to) != 206)
        rc = s3_error(c, "InvalidArgument", 400,
                      "The x-amz-copy-source-range value must be of the "
                      "form bytes=first-last within the source object");
    else
        rc = copy_part(c, &u, fd, from, to, number, etag);
    vfs_of(c)->ops->close(vfs_of(c), fd);
    if (rc)
        return rc;
    xml_start(&c->out, "CopyPartResult");
    xml_etag(&c->out, etag);
    xml_time(&c->out, "LastModified", clock_wall_ms(c->s->deps.clock));
    xml_close(&c->out, "CopyPartResult");
    s3_reply_xml(c, 200);
    return 0;
}

/* ---- complete ---- */

struct wanted_part {
    int64_t number;
    struct bytes etag;
    const struct s3_part *file;
};

static int malformed(struct s3_call *c) {
    return s3_error(c, "MalformedXML", 400,
                    "The XML you provided was not well-formed or did not validate against our "
                    "published schema");
}

static int read_wanted(struct s3_call *c, struct wanted_part *parts, size_t *ret_count) {
    struct xml_reader r = {.arena = c->arena, .rest = c->http->body};
    struct bytes tag = {0};
    enum xml_event ev;
    size_t count = 0;
    while ((ev = xml_next(&r)) != XML_END) {
        if (ev == XML_BAD)
            return malformed(c);
        if (ev == XML_OPEN && bytes_eq(r.value, BYTES("Part")) && ++count > S3_MAX_PARTS)
            return malformed(c);
        if (ev != XML_TEXT) {
            tag = ev == XML_OPEN ? r.value : (struct bytes){0};
        } else if (count > 0 && bytes_eq(tag, BYTES("PartNumber"))) {
            if (!bytes_to_i64(bytes_trim(r.value), &parts[count - 1].number))
                return malformed(c);
        } else if (count > 0 && bytes_eq(tag, BYTES("ETag"))) {
            parts[count - 1].etag = s3_unquote(r.value);
        }
    }
    *ret_count = count;
    return count ? 0 : malformed(c);
}

static const struct s3_part *find_part(const struct s3_parts *have, const struct wanted_part *w) {
    for (size_t i = 0; i < have->count; i++)
        if (have->items[i].number == w->number && bytes_eq_str(w->etag, have->items[i].etag))
            return &have->items[i];
    return NULL;
}

static int match_parts(struct s3_call *c, const struct s3_parts *have, struct wanted_part *want,
                       size_t count) {
    for (size_t i = 1; i < count; i++)
        if (want[i].number <= want[i - 1].number)
            return s3_error(c, "InvalidPartOrder", 400,
                            "The list of parts was not in ascending order. Parts must be ordered "
                            "by part number.");
    for (size_t i = 0; i < count; i++) {
        want[i].file = find_part(have, &want[i]);
        if (!want[i].file)
            return s3_error(c, "InvalidPart", 400,
                            "One or more of the specified parts could not be found. The part may "
                            "not have been uploaded, or the specified entity tag may not match the "
                            "part's entity tag.");
        if (i + 1 < count && want[i].file->size_bytes < S3_MIN_PART)
            return s3_error(c, "EntityTooSmall", 400,
                            "Your proposed upload is smaller than the minimum allowed size");
    }
    return 0;
}

/* md5 of the parts' md5s, and their number. */
static void composite_etag(const struct wanted_part *want, size_t count, char out[80]) {
    struct digest *d = digest_new(DIGEST_MD5);
    uint8_t raw[32] = {0};
    char part[MD5_LEN * 2];
    for (size_t i = 0; d && i < count; i++)
        if (hex_decode(want[i].etag, part) == MD5_LEN)
            digest_update(d, bytes_of(part, MD5_LEN));
    if (d)
        digest_finish(d, raw);
    digest_free(&d);
    hex_encode(bytes_of(raw, MD5_LEN), out);
    snprintf(out + 2 * MD5_LEN, 80 - 2 * MD5_LEN, "-%zu", count);
}

static int join_parts(struct s3_call *c, const struct s3_upload *u, const struct wanted_part *want,
                      size_t count, int out, struct s3_checksum *k) {
    struct vfs *v = vfs_of(c);
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        struct bytes path = arena_fmt(c->arena, "%s/%s", u->dir, want[i].file->name);
        int fd = path.ptr ? v->ops->open(v, path.ptr, O_RDONLY, 0) : -ENOMEM;
        if (fd < 0)
            return err_set_errno(&c->err, ERR_IO, -fd, "cannot open part %d", (int)want[i].number);
        int rc = s3_copy_range(c, fd, 0, want[i].file->size_bytes, out, at, NULL, k);
        v->ops->close(v, fd);
        if (rc)
            return rc;
        at += want[i].file->size_bytes;
    }
    return s3_checksum_finish(k, c);
}

static int publish_upload(struct s3_call *c, const struct s3_upload *u, const char *tmp,
                          const char *etag) {
    struct bytes none = http_header(c->http, "if-none-match");
    struct store_put_options o = {.content_type = u->content_type,
                                  .extra_json = u->extra_json,
                                  .if_none_match = bytes_eq(none, BYTES("*")),
                                  .if_match = s3_unquote(http_header(c->http, "if-match")),
                                  .etag = bytes_str(etag)};
    return store_publish(c->s->deps.store, tmp, c->bucket, c->key, &o, NULL, &c->err);
}

static int assemble(struct s3_call *c, const struct s3_upload *u, const struct wanted_part *want,
                    size_t count, const char *etag) {
    struct vfs *v = vfs_of(c);
    struct s3_checksum k;
    const char *tmp = store_tmp_path(c->s->deps.store, c->arena, ".join");
    bool composite =
        bytes_eq_nocase(http_header(c->http, "x-amz-checksum-type"), BYTES("COMPOSITE"));
    int rc = s3_checksum_init(&k, c);
    for (int i = 0; composite && i < S3_ALGORITHMS; i++)
        k.wanted[i] = false; /* of the parts' checksums, each verified when it came */
    int fd = tmp && rc == 0 ? v->ops->open(v, tmp, O_RDWR | O_CREAT | O_EXCL, 0644) : -ENOMEM;
    if (rc == 0 && fd < 0)
        rc = err_set_errno(&c->err, ERR_IO, -fd, "cannot create a temporary file");
    if (rc == 0)
        rc = join_parts(c, u, want, count, fd, &k);
    if (fd >= 0)
        v->ops->close(v, fd);
    if (rc == 0)
        rc = publish_upload(c, u, tmp, etag);
    if (rc && fd >= 0)
        v->ops->unlink(v, tmp);
    s3_checksum_clear(&k);
    return rc;
}

int s3_complete_upload(struct s3_call *c) {
    struct s3_upload u;
    struct s3_parts have = {0};
    size_t count = 0;
    char etag[80];
    struct wanted_part *want = ARENA_NEW_N(c->arena, struct wanted_part, S3_MAX_PARTS);
    int rc = want ? find_upload(c, &u) : err_set(&c->err, ERR_NOMEM, NULL);
    if (rc == 0)
        rc = read_wanted(c, want, &count);
    if (rc == 0)
        rc = s3_parts_read(c, &u, &have);
    if (rc == 0)
        rc = match_parts(c, &have, want, count);
    if (rc == 0) {
        composite_etag(want, count, etag);
        rc = assemble(c, &u, want, count, etag);
    }
    if (rc == 0)
        s3_upload_remove(c, &u);
    s3_parts_clear(&have);
    if (rc)
        return rc;
    s3_changed(c, c->bucket, c->key);
    xml_start(&c->out, "CompleteMultipartUploadResult");
    struct bytes host = http_header(c->http, "host");
    struct bytes location = arena_fmt(c->arena, "http://%.*s/%.*s/%.*s", BYTES_ARG(host),
                                      BYTES_ARG(c->bucket), BYTES_ARG(c->key));
    xml_text(&c->out, "Location", location);
    xml_text(&c->out, "Bucket", c->bucket);
    xml_text(&c->out, "Key", c->key);
    xml_etag(&c->out, etag);
    xml_close(&c->out, "CompleteMultipartUploadResult");
    s3_reply_xml(c, 200);
    return 0;
}

int s3_abort_upload(struct s3_call *c) {
    struct s3_upload u;
    int rc = find_upload(c, &u);
    if (rc)
        return rc;
    s3_upload_remove(c, &u);
    s3_reply_empty(c, 204);
    return 0;
}
