/* s3.h - Amazon S3's REST API over src/store. Path style and `bucket.localhost`.
 * Source:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
#ifndef TARN_API_S3_S3_H
#define TARN_API_S3_S3_H

#include "api/api.h"
#include "store/store.h"

struct s3_service;
struct s3_deps {
    struct store *store;
    struct vfs *vfs;
    struct clock *clock;
    const char *uploads_dir; /* <data>/uploads: multipart uploads under way; same file system */
    /* An object was written, replaced or deleted; called after the fact on an http thread. May be
     * NULL. Views are valid during the call. */
    void (*changed)(void *ctx, struct bytes bucket, struct bytes key);
    void *changed_ctx;
};
/* The bodies of requests must be spooled (http_options.tmp_dir) on the store's file system. */
int s3_service_new(const struct s3_deps *deps, struct s3_service **ret, struct err *e) WARN_UNUSED;
/* Free the router first. */
void s3_service_free(struct s3_service **s);
const struct api_service *s3_api(const struct s3_service *s);

/* What the route table says of an operation, for documentation. */
enum s3_support { S3_IMPLEMENTED, S3_ANSWERS_UNCONFIGURED, S3_NOT_IMPLEMENTED };
struct s3_route_doc {
    const char *operation, *method;
    const char *path;           /* "/", "/{bucket}" or "/{bucket}/{key}" */
    const char *query_or_null;  /* the query parameter it needs */
    const char *header_or_null; /* the header it needs */
    enum s3_support support;
};
/* The i-th route; false behind the last. */
bool s3_route_at(size_t i, struct s3_route_doc *ret);

#endif
