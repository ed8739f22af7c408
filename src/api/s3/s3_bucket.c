/* s3_bucket.c - buckets and their listings. */
#include "api/s3/s3_int.h"
#include "base/encode.h"

/* ---- buckets ---- */

static void add_owner(struct buf *b) {
    buf_add_str(b, "<Owner><ID>" API_ACCOUNT_ID "</ID><DisplayName>tarn</DisplayName></Owner>");
}

static int add_bucket(void *ctx, struct bytes name, int64_t created_ms) {
    struct buf *b = ctx;
    xml_open(b, "Bucket");
    xml_text(b, "Name", name);
    xml_time(b, "CreationDate", created_ms);
    xml_close(b, "Bucket");
    return 0;
}

int s3_list_buckets(struct s3_call *c) {
    xml_start(&c->out, "ListAllMyBucketsResult");
    add_owner(&c->out);
    xml_open(&c->out, "Buckets");
    int rc = store_bucket_list(c->s->deps.store, add_bucket, &c->out, &c->err);
    if (rc)
        return rc;
    xml_close(&c->out, "Buckets");
    xml_close(&c->out, "ListAllMyBucketsResult");
    s3_reply_xml(c, 200);
    return 0;
}

static struct bytes region_of(struct s3_call *c) {
    struct bytes region = c->http->auth.region;
    return region.len ? region : bytes_str(API_REGION_DEFAULT);
}

int s3_create_bucket(struct s3_call *c) {
    int rc = store_bucket_create(c->s->deps.store, c->bucket, &c->err);
    /* us-east-1 answers 200 for a bucket that is yours already. */
    if (rc && !(strcmp(c->err.name, "BucketAlreadyOwnedByYou") == 0 &&
                bytes_eq(region_of(c), BYTES("us-east-1"))))
        return rc;
    struct bytes location = arena_fmt(c->arena, "/%.*s", BYTES_ARG(c->bucket));
    if (location.ptr)
        http_reply_header(c->http, "Location", location);
    s3_reply_empty(c, 200);
    return 0;
}

int s3_head_bucket(struct s3_call *c) {
    int rc = store_bucket_check(c->s->deps.store, c->bucket, NULL, &c->err);
    if (rc)
        return rc;
    http_reply_header(c->http, "x-amz-bucket-region", region_of(c));
    s3_reply_empty(c, 200);
    return 0;
}

int s3_delete_bucket(struct s3_call *c) {
    int rc = store_bucket_delete(c->s->deps.store, c->bucket, &c->err);
    if (rc)
        return rc;
    s3_reply_empty(c, 204);
    return 0;
}

/* Every bucket is wherever the caller thinks it is; us-east-1 is the empty text. */
int s3_get_bucket_location(struct s3_call *c) {
    struct bytes region = region_of(c);
    int rc = store_bucket_check(c->s->deps.store, c->bucket, NULL, &c->err);
    if (rc)
        return rc;
    xml_start(&c->out, "LocationConstraint");
    if (!bytes_eq(region, BYTES("us-east-1")))
        buf_add(&c->out, region);
    xml_close(&c->out, "LocationConstraint");
    s3_reply_xml(c, 200);
    return 0;
}

/* ---- listings ---- */

struct listing {
    struct s3_call *c;
    struct store_list_options o;
    int64_t max_keys;
    bool encode_url, owner, versions;
    struct buf contents, prefixes;
    struct buf last; /* the entry given out last */
    size_t count;
};

static void add_name(struct listing *l, struct buf *out, const char *tag, struct bytes name) {
    struct buf encoded = {0};
    if (!l->encode_url) {
        xml_text(out, tag, name);
        return;
    }
    buf_add_uri(&encoded, name, true);
    out->failed |= encoded.failed;
    xml_text(out, tag, buf_bytes(&encoded));
    buf_clear(&encoded);
}

static void add_object(struct listing *l, const struct store_entry *e) {
    struct buf *b = &l->contents;
    const char *tag = l->versions ? "Version" : "Contents";
    xml_open(b, tag);
    add_name(l, b, "Key", e->key);
    if (l->versions)
        buf_add_str(b, "<VersionId>null</VersionId><IsLatest>true</IsLatest>");
    xml_time(b, "LastModified", e->mtime_ns / 1000000);
    xml_etag(b, e->etag);
    xml_i64(b, "Size", (int64_t)e->size_bytes);
    if (l->owner)
        add_owner(b);
    buf_add_str(b, "<StorageClass>STANDARD</StorageClass>");
    xml_close(b, tag);
}

static int add_entry(void *ctx, const struct store_entry *e) {
    struct listing *l = ctx;
    l->count++;
    buf_reset(&l->last);
    buf_add(&l->last, e->key);
    if (!e->is_prefix) {
        add_object(l, e);
        return 0;
    }
    xml_open(&l->prefixes, "CommonPrefixes");
    add_name(l, &l->prefixes, "Prefix", e->key);
    xml_close(&l->prefixes, "CommonPrefixes");
    return 0;
}

static int read_options(struct s3_call *c, struct listing *l) {
    struct bytes max = http_query(c->http, "max-keys");
    struct bytes encoding = http_query(c->http, "encoding-type");
    *l = (struct listing){.c = c, .max_keys = S3_MAX_KEYS};
    if (max.len && (!bytes_to_i64(max, &l->max_keys) || l->max_keys < 0))
        return s3_error(c, "InvalidArgument", 400,
                        "Argument maxKeys must be an integer between 0 and 2147483647");
    if (encoding.len && !bytes_eq(encoding, BYTES("url")))
        return s3_error(c, "InvalidArgument", 400, "Invalid Encoding Method specified in Request");
    l->encode_url = encoding.len > 0;
    l->max_keys = MIN_OF(l->max_keys, S3_MAX_KEYS);
    l->o = (struct store_list_options){.bucket = c->bucket,
                                       .prefix = http_query(c->http, "prefix"),
                                       .delimiter = http_query(c->http, "delimiter"),
                                       .max_entries = (size_t)l->max_keys,
                                       .want_etag = true};
    return 0;
}

static int run_listing(struct listing *l, bool *ret_truncated) {
    struct s3_call *c = l->c;
    *ret_truncated = false;
    if (l->max_keys == 0)
        return store_bucket_check(c->s->deps.store, c->bucket, NULL, &c->err);
    return store_list(c->s->deps.store, &l->o, add_entry, l, ret_truncated, &c->err);
}

static void add_head(struct listing *l, const char *root, bool truncated) {
    struct buf *b = &l->c->out;
    xml_start(b, root);
    xml_text(b, "Name", l->c->bucket);
    add_name(l, b, "Prefix", l->o.prefix);
    if (l->o.delimiter.len)
        add_name(l, b, "Delimiter", l->o.delimiter);
    xml_i64(b, "MaxKeys", l->max_keys);
    if (l->encode_url)
        xml_cstr(b, "EncodingType", "url");
    xml_cstr(b, "IsTruncated", truncated ? "true" : "false");
}

static void send_listing(struct listing *l, const char *root) {
    struct buf *b = &l->c->out;
    b->failed |= l->contents.failed || l->prefixes.failed || l->last.failed;
    buf_add(b, buf_bytes(&l->contents));
    buf_add(b, buf_bytes(&l->prefixes));
    xml_close(b, root);
    s3_reply_xml(l->c, 200);
}

static void clear_listing(struct listing *l) {
    buf_clear(&l->contents);
    buf_clear(&l->prefixes);
    buf_clear(&l->last);
}

static int list_v2(struct listing *l) {
    struct s3_call *c = l->c;
    bool truncated;
    struct bytes token = http_query(c->http, "continuation-token");
    struct bytes after = http_query(c->http, "start-after");
    l->owner = bytes_eq(http_query(c->http, "fetch-owner"), BYTES("true"));
    l->o.start_after = after;
    if (token.ptr && !api_token_decode(c->arena, "s3list", token, &l->o.start_after))
        return s3_error(c, "InvalidArgument", 400, "The continuation token provided is incorrect");
    int rc = run_listing(l, &truncated);
    if (rc)
        return rc;
    add_head(l, "ListBucketResult", truncated);
    xml_i64(&c->out, "KeyCount", (int64_t)l->count);
    if (token.ptr)
        xml_text(&c->out, "ContinuationToken", token);
    if (truncated)
        xml_text(&c->out, "NextContinuationToken",
                 api_token_encode(c->arena, "s3list", buf_bytes(&l->last)));
    if (after.len)
        add_name(l, &c->out, "StartAfter", after);
    send_listing(l, "ListBucketResult");
    return 0;
}

int s3_list_objects_v2(struct s3_call *c) {
    struct listing l;
    int rc = read_options(c, &l);
    if (rc == 0)
        rc = list_v2(&l);
    clear_listing(&l);
    return rc;
}

static int list_v1(struct listing *l) {
    struct s3_call *c = l->c;
    bool truncated;
    l->owner = true;
    l->o.start_after = http_query(c->http, "marker");
    int rc = run_listing(l, &truncated);
    if (rc)
        return rc;
    add_head(l, "ListBucketResult", truncated);
    add_name(l, &c->out, "Marker", l->o.start_after);
    if (truncated && l->o.delimiter.len)
        add_name(l, &c->out, "NextMarker", buf_bytes(&l->last));
    send_listing(l, "ListBucketResult");
    return 0;
}

int s3_list_objects(struct s3_call *c) {
    struct listing l;
    int rc = read_options(c, &l);
    if (rc == 0)
        rc = list_v1(&l);
    clear_listing(&l);
    return rc;
}

/* Every object is its only version, "null". */
static int list_versions(struct listing *l) {
    struct s3_call *c = l->c;
    bool truncated;
    l->owner = l->versions = true;
    l->o.start_after = http_query(c->http, "key-marker");
    int rc = run_listing(l, &truncated);
    if (rc)
        return rc;
    add_head(l, "ListVersionsResult", truncated);
    add_name(l, &c->out, "KeyMarker", l->o.start_after);
    if (truncated) {
        add_name(l, &c->out, "NextKeyMarker", buf_bytes(&l->last));
        xml_cstr(&c->out, "NextVersionIdMarker", "null");
    }
    send_listing(l, "ListVersionsResult");
    return 0;
}

int s3_list_object_versions(struct s3_call *c) {
    struct listing l;
    int rc = read_options(c, &l);
    if (rc == 0)
        rc = list_versions(&l);
    clear_listing(&l);
    return rc;
}
