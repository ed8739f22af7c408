/* client.h - a small AWS client over libcurl: what the tarn command speaks to a server with.
 *
 * One client per thread; it keeps its connection. Requests are signed with SigV4 from
 * AWS_ACCESS_KEY_ID / AWS_SECRET_ACCESS_KEY ("tarn"/"tarn" when unset) and AWS_REGION. */
#ifndef TARN_HTTP_CLIENT_H
#define TARN_HTTP_CLIENT_H

#include "base/json.h"

struct client;

/* endpoint NULL: AWS_ENDPOINT_URL, else http://127.0.0.1:4566. ERR_USAGE when it is no http URL. */
int client_new(const char *endpoint, struct client **ret, struct err *e) WARN_UNUSED;
void client_free(struct client **c);
const char *client_endpoint(const struct client *c);

/* One call of a JSON service ("kinesis", "firehose", "glue", "athena"): sends `body`, parses the
 * reply into the arena. A service error becomes err.name (AWS's exception) and err.text with
 * ERR_INVALID_REQUEST, or ERR_RESOURCE_NOT_FOUND when the exception says that something does not
 * exist; no connection is ERR_UNAVAILABLE with a sentence that names the endpoint. */
int client_call(struct client *c, struct arena *a, const char *service, const char *operation,
                struct bytes body, const struct json **ret, struct err *e) WARN_UNUSED;

struct client_header {
    const char *name, *value;
};
struct client_request {
    const char *method;  /* "GET" */
    const char *service; /* signing name; NULL sends unsigned (/tarn/v1/...) */
    const char *path;    /* percent-encoded, with the query after '?' */
    const struct client_header *headers;
    size_t header_count;
    struct bytes body;
    int64_t timeout_ms; /* 0: 300 s */
};
struct client_response {
    int status;
    struct bytes body; /* in the arena */
    char etag[80];     /* without quotes */
};
/* One request as it is; any status is a success. */
int client_raw(struct client *c, struct arena *a, const struct client_request *r,
               struct client_response *ret, struct err *e) WARN_UNUSED;

#endif
