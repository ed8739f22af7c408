/* s3.c - from method, path and query to an operation.
 *
 * A path names the service, a bucket or an object; the first row of the table that has the level,
 * the method and (if it names one) the query parameter or header decides. Rows without a handler
 * are either what S3 answers for something never configured, or not implemented, by name. */
#include "api/known.h"
#include "api/s3/s3_int.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"

enum level { SERVICE, BUCKET, OBJECT };

struct route {
    enum level level;
    const char *method;
    const char *query;  /* must be there; NULL: any */
    const char *header; /* must be there; NULL: any */
    const char *op;
    s3_handler handle;
    /* without a handler: */
    const char *error; /* S3's code for "not configured", status 404 */
    const char *root;  /* or the root of an empty document, status 200 */
    const char *inner; /* its content, may be NULL */
};

#define ACL_BODY                                                                                   \
    "<Owner><ID>" API_ACCOUNT_ID "</ID></Owner><AccessControlList><Grant><Grantee "                \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "                                     \
    "xsi:type=\"CanonicalUser\"><ID>" API_ACCOUNT_ID                                               \
    "</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>"                                 \
    "</AccessControlList>"

static const struct route routes[] = {
    {SERVICE, "GET", NULL, NULL, "ListBuckets", s3_list_buckets, NULL, NULL, NULL},

    {OBJECT, "GET", "uploadId", NULL, "ListParts", s3_list_parts, NULL, NULL, NULL},
    {OBJECT, "GET", "tagging", NULL, "GetObjectTagging", NULL, NULL, "Tagging", "<TagSet/>"},
    {OBJECT, "GET", "acl", NULL, "GetObjectAcl", NULL, NULL, "AccessControlPolicy", ACL_BODY},
    {OBJECT, "GET", "attributes", NULL, "GetObjectAttributes", NULL, NULL, NULL, NULL},
    {OBJECT, "GET", "torrent", NULL, "GetObjectTorrent", NULL, NULL, NULL, NULL},
    {OBJECT, "GET", "retention", NULL, "GetObjectRetention", NULL, "NoSuchObjectLockConfiguration",
     NULL, NULL},
    {OBJECT, "GET", "legal-hold", NULL, "GetObjectLegalHold", NULL, "NoSuchObjectLockConfiguration",
     NULL, NULL},
    {OBJECT, "GET", NULL, NULL, "GetObject", s3_get_object, NULL, NULL, NULL},
    {OBJECT, "HEAD", NULL, NULL, "HeadObject", s3_get_object, NULL, NULL, NULL},
    {OBJECT, "PUT", "uploadId", "x-amz-copy-source", "UploadPartCopy", s3_upload_part_copy, NULL,
     NULL, NULL},
    {OBJECT, "PUT", "uploadId", NULL, "UploadPart", s3_upload_part, NULL, NULL, NULL},
    {OBJECT, "PUT", "tagging", NULL, "PutObjectTagging", NULL, NULL, NULL, NULL},
    {OBJECT, "PUT", "acl", NULL, "PutObjectAcl", NULL, NULL, NULL, NULL},
    {OBJECT, "PUT", "retention", NULL, "PutObjectRetention", NULL, NULL, NULL, NULL},
    {OBJECT, "PUT", "legal-hold", NULL, "PutObjectLegalHold", NULL, NULL, NULL, NULL},
    {OBJECT, "PUT", NULL, "x-amz-copy-source", "CopyObject", s3_copy_object, NULL, NULL, NULL},
    {OBJECT, "PUT", NULL, NULL, "PutObject", s3_put_object, NULL, NULL, NULL},
    {OBJECT, "POST", "uploads", NULL, "CreateMultipartUpload", s3_create_upload, NULL, NULL, NULL},
    {OBJECT, "POST", "uploadId", NULL, "CompleteMultipartUpload", s3_complete_upload, NULL, NULL,
     NULL},
    {OBJECT, "POST", "restore", NULL, "RestoreObject", NULL, NULL, NULL, NULL},
    {OBJECT, "POST", "select", NULL, "SelectObjectContent", NULL, NULL, NULL, NULL},
    {OBJECT, "DELETE", "uploadId", NULL, "AbortMultipartUpload", s3_abort_upload, NULL, NULL, NULL},
    {OBJECT, "DELETE", "tagging", NULL, "DeleteObjectTagging", NULL, NULL, NULL, NULL},
    {OBJECT, "DELETE", NULL, NULL, "DeleteObject", s3_delete_object, NULL, NULL, NULL},

    {BUCKET, "GET", "location", NULL, "GetBucketLocation", s3_get_bucket_location, NULL, NULL,
     NULL},
    {BUCKET, "GET", "uploads", NULL, "ListMultipartUploads", s3_list_uploads, NULL, NULL, NULL},
    {BUCKET, "GET", "versions", NULL, "ListObjectVersions", s3_list_object_versions, NULL, NULL,
     NULL},
    {BUCKET, "GET", "list-type", NULL, "ListObjectsV2", s3_list_objects_v2, NULL, NULL, NULL},
    {BUCKET, "GET", "acl", NULL, "GetBucketAcl", NULL, NULL, "AccessControlPolicy", ACL_BODY},
    {BUCKET, "GET", "versioning", NULL, "GetBucketVersioning", NULL, NULL,
     "VersioningConfiguration", NULL},
    {BUCKET, "GET", "logging", NULL, "GetBucketLogging", NULL, NULL, "BucketLoggingStatus", NULL},
    {BUCKET, "GET", "accelerate", NULL, "GetBucketAccelerateConfiguration", NULL, NULL,
     "AccelerateConfiguration", NULL},
    {BUCKET, "GET", "requestPayment", NULL, "GetBucketRequestPayment", NULL, NULL,
     "RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>"},
    {BUCKET, "GET", "notification", NULL, "GetBucketNotificationConfiguration", NULL, NULL,
     "NotificationConfiguration", NULL},
    {BUCKET, "GET", "tagging", NULL, "GetBucketTagging", NULL, "NoSuchTagSet", NULL, NULL},
    {BUCKET, "GET", "lifecycle", NULL, "GetBucketLifecycleConfiguration", NULL,
     "NoSuchLifecycleConfiguration", NULL, NULL},
    {BUCKET, "GET", "cors", NULL, "GetBucketCors", NULL, "NoSuchCORSConfiguration", NULL, NULL},
    {BUCKET, "GET", "policy", NULL, "GetBucketPolicy", NULL, "NoSuchBucketPolicy", NULL, NULL},
    {BUCKET, "GET", "policyStatus", NULL, "GetBucketPolicyStatus", NULL, "NoSuchBucketPolicy", NULL,
     NULL},
    {BUCKET, "GET", "replication", NULL, "GetBucketReplication", NULL,
     "ReplicationConfigurationNotFoundError", NULL, NULL},
    {BUCKET, "GET", "encryption", NULL, "GetBucketEncryption", NULL,
     "ServerSideEncryptionConfigurationNotFoundError", NULL, NULL},
    {BUCKET, "GET", "object-lock", NULL, "GetObjectLockConfiguration", NULL,
     "ObjectLockConfigurationNotFoundError", NULL, NULL},
    {BUCKET, "GET", "website", NULL, "GetBucketWebsite", NULL, "NoSuchWebsiteConfiguration", NULL,
     NULL},
    {BUCKET, "GET", "publicAccessBlock", NULL, "GetPublicAccessBlock", NULL,
     "NoSuchPublicAccessBlockConfiguration", NULL, NULL},
    {BUCKET, "GET", "ownershipControls", NULL, "GetBucketOwnershipControls", NULL,
     "OwnershipControlsNotFoundError", NULL, NULL},
    {BUCKET, "GET", "abac", NULL, "GetBucketAbac", NULL, NULL, NULL, NULL},
    {BUCKET, "GET", "analytics", NULL, "GetBucketAnalyticsConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "GET", "inventory", NULL, "GetBucketInventoryConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "GET", "metrics", NULL, "GetBucketMetricsConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "GET", "session", NULL, "CreateSession", NULL, NULL, NULL, NULL},
    {BUCKET, "GET", NULL, NULL, "ListObjects", s3_list_objects, NULL, NULL, NULL},
    {BUCKET, "HEAD", NULL, NULL, "HeadBucket", s3_head_bucket, NULL, NULL, NULL},
    {BUCKET, "PUT", "acl", NULL, "PutBucketAcl", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "versioning", NULL, "PutBucketVersioning", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "logging", NULL, "PutBucketLogging", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "accelerate", NULL, "PutBucketAccelerateConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "requestPayment", NULL, "PutBucketRequestPayment", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "notification", NULL, "PutBucketNotificationConfiguration", NULL, NULL, NULL,
     NULL},
    {BUCKET, "PUT", "tagging", NULL, "PutBucketTagging", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "lifecycle", NULL, "PutBucketLifecycleConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "cors", NULL, "PutBucketCors", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "policy", NULL, "PutBucketPolicy", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "replication", NULL, "PutBucketReplication", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "encryption", NULL, "PutBucketEncryption", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "object-lock", NULL, "PutObjectLockConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "website", NULL, "PutBucketWebsite", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "publicAccessBlock", NULL, "PutPublicAccessBlock", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "ownershipControls", NULL, "PutBucketOwnershipControls", NULL, NULL, NULL,
     NULL},
    {BUCKET, "PUT", "analytics", NULL, "PutBucketAnalyticsConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "inventory", NULL, "PutBucketInventoryConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", "metrics", NULL, "PutBucketMetricsConfiguration", NULL, NULL, NULL, NULL},
    {BUCKET, "PUT", NULL, NULL, "CreateBucket", s3_create_bucket, NULL, NULL, NULL},
    {BUCKET, "POST", "delete", NULL, "DeleteObjects", s3_delete_objects, NULL, NULL, NULL},
    {BUCKET, "DELETE", "tagging", NULL, "DeleteBucketTagging", NULL, NULL, NULL, NULL},
    {BUCKET, "DELETE", "lifecycle", NULL, "DeleteBucketLifecycle", NULL, NULL, NULL, NULL},
    {BUCKET, "DELETE", "cors", NULL, "DeleteBucketCors", NULL, NULL, NULL, NULL},
    {BUCKET, "DELETE", "policy", NULL, "DeleteBucketPolicy", NULL, NULL, NULL, NULL},
    {BUCKET, "DELETE", "replication", NULL, "DeleteBucketReplication", NULL, NULL, NULL, NULL},
    {BUCKET, "DELETE", "encryption", NULL, "DeleteBucketEncryption", NULL, NULL, NULL, NULL},
    {BUCKET, "DELETE", "website", NULL, "DeleteBucketWebsite", NULL, NULL, NULL, NULL},
    {BUCKET, "DELETE", "publicAccessBlock", NULL, "DeletePublicAccessBlock", NULL, NULL, NULL,
     NULL},
    {BUCKET, "DELETE", "ownershipControls", NULL, "DeleteBucketOwnershipControls", NULL, NULL, NULL,
     NULL},
    {BUCKET, "DELETE", NULL, NULL, "DeleteBucket", s3_delete_bucket, NULL, NULL, NULL},
};

bool s3_route_at(size_t i, struct s3_route_doc *ret) {
    static const char *const paths[] = {"/", "/{bucket}", "/{bucket}/{key}"};
    if (i >= COUNT_OF(routes))
        return false;
    const struct route *r = &routes[i];
    *ret = (struct s3_route_doc){.operation = r->op,
                                 .method = r->method,
                                 .path = paths[r->level],
                                 .query_or_null = r->query,
                                 .header_or_null = r->header,
                                 .support = r->handle             ? S3_IMPLEMENTED
                                            : r->error || r->root ? S3_ANSWERS_UNCONFIGURED
                                                                  : S3_NOT_IMPLEMENTED};
    return true;
}

/* ---- addressing ---- */

/* "bucket" of the host "bucket.localhost:4566" or "bucket.s3.localhost"; empty otherwise. */
static struct bytes host_bucket(struct http_request *http) {
    static const char *const suffixes[] = {".s3.localhost", ".localhost"};
    struct bytes host;
    (void)bytes_cut(http_header(http, "host"), ':', &host);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        struct bytes suffix = bytes_str(suffixes[i]);
        struct bytes name = bytes_slice(host, 0, host.len - MIN_OF(host.len, suffix.len));
        if (bytes_ends_with(host, suffix) && name.len > 0 && !bytes_eq(name, BYTES("s3")))
            return name;
    }
    return (struct bytes){0};
}

static int find_address(struct s3_call *c) {
    struct bytes path;
    if (!uri_decode(c->arena, c->http->raw_path, false, &path))
        return s3_error(c, "InvalidURI", 400, "Couldn't parse the specified URI.");
    if (path.len > 0 && path.ptr[0] == '/')
        path = bytes_slice(path, 1, path.len);
    c->bucket = host_bucket(c->http);
    if (c->bucket.len)
        c->key = path;
    else
        c->key = bytes_cut(path, '/', &c->bucket);
    return 0;
}

/* ---- dispatch ---- */

static const struct route *find_route(struct s3_call *c) {
    enum level level = c->bucket.len == 0 ? SERVICE : c->key.len == 0 ? BUCKET : OBJECT;
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        const struct route *r = &routes[i];
        if (r->level == level && bytes_eq_str(c->http->method, r->method) &&
            (!r->query || http_query(c->http, r->query).ptr) &&
            (!r->header || http_header(c->http, r->header).ptr))
            return r;
    }
    return NULL;
}

/* A subresource that nobody has configured. */
static int answer_default(struct s3_call *c, const struct route *r) {
    int rc = store_bucket_check(c->s->deps.store, c->bucket, NULL, &c->err);
    if (rc)
        return rc;
    if (r->error)
        return s3_error(c, r->error, 404, "The bucket or object has no such configuration.");
    if (!r->root) {
        log_write(LOG_WARN, "s3", "s3.%s is not implemented", r->op);
        return err_set_named(&c->err, ERR_NOT_IMPLEMENTED, "NotImplemented", 501,
                             "Tarn does not implement s3.%s yet.", r->op);
    }
    xml_start(&c->out, r->root);
    if (r->inner)
        buf_add_str(&c->out, r->inner);
    xml_close(&c->out, r->root);
    s3_reply_xml(c, 200);
    return 0;
}

static int run(struct s3_call *c) {
    if (c->http->auth_rc) {
        c->err = c->http->auth_err;
        return c->http->auth_rc;
    }
    if (c->http->auth.kind == SIGV4_NONE)
        return err_set_named(&c->err, ERR_ACCESS_DENIED, "AccessDenied", 403,
                             "Access Denied. The request is not signed.");
    int rc = find_address(c);
    if (rc)
        return rc;
    const struct route *r = find_route(c);
    if (!r)
        return s3_error(c, "MethodNotAllowed", 405,
                        "The specified method is not allowed against this resource.");
    return r->handle ? r->handle(c) : answer_default(c, r);
}

static void handle_raw(void *ctx, struct http_request *http) {
    struct s3_call c = {.s = ctx, .http = http, .arena = &http->arena};
    int rc = run(&c);
    if (rc) /* the handler has not replied */
        s3_reply_error(&c, rc);
    buf_clear(&c.out);
}

/* ---- the service ---- */

int s3_service_new(const struct s3_deps *deps, struct s3_service **ret, struct err *e) {
    struct s3_service *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    s->deps = *deps;
    s->uploads_dir = mem_strndup(deps->uploads_dir, strlen(deps->uploads_dir));
    int rc =
        s->uploads_dir ? vfs_mkdirs(deps->vfs, s->uploads_dir, e) : err_set(e, ERR_NOMEM, NULL);
    if (rc) {
        s3_service_free(&s);
        return rc;
    }
    s->api = (struct api_service){.name = "s3",
                                  .protocol = API_REST_XML,
                                  .known = api_known_s3,
                                  .ctx = s,
                                  .handle_raw = handle_raw};
    *ret = s;
    return 0;
}

void s3_service_free(struct s3_service **sp) {
    struct s3_service *s = *sp;
    if (!s)
        return;
    mem_free(s->uploads_dir);
    mem_free(s);
    *sp = NULL;
}

const struct api_service *s3_api(const struct s3_service *s) {
    return &s->api;
}

void s3_changed(struct s3_call *c, struct bytes bucket, struct bytes key) {
    if (c->s->deps.changed)
        c->s->deps.changed(c->s->deps.changed_ctx, bucket, key);
}
