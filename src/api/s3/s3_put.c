/* s3_put.c - PutObject, CopyObject, DeleteObject, DeleteObjects. */
#include "api/s3/s3_int.h"
#include "base/encode.h"
#include "base/mem.h"

static int store_options(struct s3_call *c, const struct s3_checksum *k,
                         struct store_put_options *o) {
    struct bytes none = http_header(c->http, "if-none-match");
    *o = (struct store_put_options){0};
    if (none.len && !bytes_eq(none, BYTES("*")))
        return s3_error(c, "NotImplemented", 501,
                        "If-None-Match on a write takes only '*', as in S3.");
    o->if_none_match = none.len > 0;
    o->if_match = s3_unquote(http_header(c->http, "if-match"));
    return s3_meta_take(c, k, o);
}

static void send_checksums(struct s3_call *c, const struct s3_checksum *k) {
    for (int i = 0; i < S3_ALGORITHMS; i++)
        if (k->wanted[i]) {
            http_reply_header(c->http, s3_checksum_header((enum s3_algorithm)i),
                              bytes_str(k->text[i]));
            http_reply_header(c->http, "x-amz-checksum-type", BYTES("FULL_OBJECT"));
        }
}

int s3_put_object(struct s3_call *c) {
    struct store *store = c->s->deps.store;
    struct store_put_options o;
    struct s3_checksum k;
    char etag[2 * MD5_LEN + 1] = {0};
    int rc = s3_check_body(c, &k);
    if (rc == 0)
        rc = store_options(c, &k, &o);
    if (rc)
        return rc;
    hex_encode(bytes_of(c->http->body_md5, MD5_LEN), etag);
    o.etag = bytes_str(etag);
    if (c->http->body_fd >= 0) {
        rc = store_publish(store, c->http->body_path, c->bucket, c->key, &o, NULL, &c->err);
        if (rc == 0)
            c->http->body_path = NULL;
    } else {
        rc = store_put_bytes(store, c->bucket, c->key, c->http->body, &o, &c->err);
    }
    if (rc)
        return rc;
    s3_changed(c, c->bucket, c->key);
    s3_header_etag(c, etag);
    send_checksums(c, &k);
    s3_reply_empty(c, 200);
    return 0;
}

/* ---- copying ---- */

/* "/bucket/key%20x?versionId=null" */
static int parse_source(struct s3_call *c, struct bytes *ret_bucket, struct bytes *ret_key) {
    struct bytes path, decoded;
    (void)bytes_cut(http_header(c->http, "x-amz-copy-source"), '?', &path);
    if (!uri_decode(c->arena, path, false, &decoded))
        decoded = (struct bytes){0};
    if (decoded.len && decoded.ptr[0] == '/')
        decoded = bytes_slice(decoded, 1, decoded.len);
    *ret_key = bytes_cut(decoded, '/', ret_bucket);
    if (ret_bucket->len && ret_key->len)
        return 0;
    return s3_error(c, "InvalidArgument", 400,
                    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
}

int s3_open_source(struct s3_call *c, struct store_meta *ret, struct bytes *ret_bucket,
                   struct bytes *ret_key, int *ret_fd) {
    int rc = parse_source(c, ret_bucket, ret_key);
    if (rc == 0)
        rc = store_get(c->s->deps.store, c->arena, *ret_bucket, *ret_key, ret, ret_fd, &c->err);
    if (rc || s3_check_conditions(c, "x-amz-copy-source-", ret) == 0)
        return rc;
    c->s->deps.vfs->ops->close(c->s->deps.vfs, *ret_fd);
    return s3_error(c, "PreconditionFailed", 412,
                    "At least one of the pre-conditions you specified did not hold");
}

static int copy_bytes(struct s3_call *c, int fd, uint64_t size, struct store_put *put) {
    struct vfs *v = c->s->deps.vfs;
    char *chunk = mem_alloc(S3_COPY_CHUNK);
    uint64_t at = 0;
    int rc = chunk ? 0 : err_set(&c->err, ERR_NOMEM, NULL);
    while (rc == 0 && at < size) {
        ssize_t n = v->ops->pread(v, fd, chunk, MIN_OF(S3_COPY_CHUNK, size - at), at);
        if (n <= 0)
            rc = err_set_errno(&c->err, ERR_IO, (int)-n, "cannot read the copy's source");
        else
            rc = store_put_write(put, bytes_of(chunk, (size_t)n), &c->err);
        at += n > 0 ? (uint64_t)n : 0;
    }
    mem_free(chunk);
    return rc;
}

static int copy_object(struct s3_call *c, const struct store_meta *from, bool replace, int fd) {
    struct store_put *put = NULL;
    struct store_put_options o;
    char etag[80];
    int rc = store_options(c, NULL, &o);
    if (rc)
        return rc;
    if (!replace) {
        o.content_type = from->content_type;
        o.extra_json = from->extra_json;
    }
    rc = store_put_begin(c->s->deps.store, c->bucket, c->key, &o, &put, &c->err);
    if (rc == 0)
        rc = copy_bytes(c, fd, from->size_bytes, put);
    if (rc == 0)
        rc = store_put_commit(&put, etag, &c->err);
    else
        store_put_abort(&put);
    if (rc)
        return rc;
    s3_changed(c, c->bucket, c->key);
    xml_start(&c->out, "CopyObjectResult");
    xml_etag(&c->out, etag);
    xml_time(&c->out, "LastModified", clock_wall_ms(c->s->deps.clock));
    xml_close(&c->out, "CopyObjectResult");
    s3_reply_xml(c, 200);
    return 0;
}

int s3_copy_object(struct s3_call *c) {
    struct store_meta from;
    struct bytes bucket, key;
    int fd;
    bool replace =
        bytes_eq_nocase(http_header(c->http, "x-amz-metadata-directive"), BYTES("REPLACE"));
    int rc = s3_open_source(c, &from, &bucket, &key, &fd);
    if (rc)
        return rc;
    if (!replace && bytes_eq(bucket, c->bucket) && bytes_eq(key, c->key))
        rc = s3_error(c, "InvalidRequest", 400,
                      "This copy request is illegal because it is trying to copy an object to "
                      "itself without changing the object's metadata, storage class, website "
                      "redirect location or encryption attributes.");
    else
        rc = copy_object(c, &from, replace, fd);
    c->s->deps.vfs->ops->close(c->s->deps.vfs, fd);
    return rc;
}

/* ---- deleting ---- */

int s3_delete_object(struct s3_call *c) {
    int rc = store_delete(c->s->deps.store, c->bucket, c->key, &c->err);
    if (rc)
        return rc;
    s3_changed(c, c->bucket, c->key);
    s3_reply_empty(c, 204);
    return 0;
}

static void delete_one(struct s3_call *c, struct bytes key, bool quiet) {
    struct err e = {0};
    int rc = store_delete(c->s->deps.store, c->bucket, key, &e);
    if (rc == 0) {
        s3_changed(c, c->bucket, key);
        if (quiet)
            return;
        xml_open(&c->out, "Deleted");
        xml_text(&c->out, "Key", key);
        xml_close(&c->out, "Deleted");
        return;
    }
    xml_open(&c->out, "Error");
    xml_text(&c->out, "Key", key);
    xml_cstr(&c->out, "Code", e.code == ERR_S3 ? e.name : "InternalError");
    xml_cstr(&c->out, "Message", e.text);
    xml_close(&c->out, "Error");
}

static int malformed(struct s3_call *c) {
    return s3_error(c, "MalformedXML", 400,
                    "The XML you provided was not well-formed or did not validate against our "
                    "published schema");
}

/* The keys of <Delete><Object><Key>..</Key></Object>...<Quiet/></Delete>. */
static int read_keys(struct s3_call *c, struct bytes *keys, size_t *ret_count, bool *ret_quiet) {
    struct xml_reader r = {.arena = c->arena, .rest = c->http->body};
    struct bytes tag = {0};
    enum xml_event ev;
    size_t count = 0;
    while ((ev = xml_next(&r)) != XML_END) {
        if (ev == XML_BAD)
            return malformed(c);
        if (ev != XML_TEXT) {
            tag = ev == XML_OPEN ? r.value : (struct bytes){0};
        } else if (bytes_eq(tag, BYTES("Key"))) {
            if (count == S3_MAX_KEYS)
                return malformed(c);
            keys[count++] = r.value;
        } else if (bytes_eq(tag, BYTES("Quiet"))) {
            *ret_quiet = bytes_eq(r.value, BYTES("true"));
        }
    }
    *ret_count = count;
    return count ? 0 : malformed(c);
}

int s3_delete_objects(struct s3_call *c) {
    struct s3_checksum k;
    bool quiet = false;
    size_t count = 0;
    struct bytes *keys = ARENA_NEW_N(c->arena, struct bytes, S3_MAX_KEYS);
    int rc = keys ? s3_check_body(c, &k) : err_set(&c->err, ERR_NOMEM, NULL);
    if (rc == 0)
        rc = store_bucket_check(c->s->deps.store, c->bucket, NULL, &c->err);
    if (rc == 0)
        rc = read_keys(c, keys, &count, &quiet);
    if (rc)
        return rc;
    xml_start(&c->out, "DeleteResult");
    for (size_t i = 0; i < count; i++)
        delete_one(c, keys[i], quiet);
    xml_close(&c->out, "DeleteResult");
    s3_reply_xml(c, 200);
    return 0;
}
