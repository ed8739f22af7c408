/* api.h - services as tables of operations.
 *
 * A service is a name, how it is addressed, and an operation table. The router (api.c) finds it by
 * X-Amz-Target, then the SigV4 scope's service, then the path; checks the required members and
 * their lengths and patterns from the table; runs the handler; writes the reply or the error in the
 * service's protocol. Operations that AWS has and Tarn does not are in the service's list of known
 * names (api/known.c) and answer NotImplementedException by name. */
#ifndef TARN_API_API_H
#define TARN_API_API_H

#include "base/json.h"
#include "http/http.h"

#define API_ACCOUNT_ID "000000000000"
#define API_REGION_DEFAULT "us-east-1"

struct api_call;

/* A handler returns 0 (reply = what it wrote to call->out; nothing written: "{}"), a negative ERR_*
 * with call->err filled, or API_PENDING: it, or whoever it handed the call to, will call api_finish
 * exactly once, from any thread, perhaps before the handler has returned. */
#define API_PENDING 1
typedef int (*api_handler)(struct api_call *call);

enum api_type {
    API_STRING,
    API_INTEGER,
    API_BOOLEAN,
    API_TIMESTAMP,
    API_BLOB,
    API_LIST,
    API_MAP,
    API_STRUCT
};
struct api_param {
    const char *name; /* top-level member */
    enum api_type type;
    bool required;
    int64_t min, max;    /* string length, integer value or list size; both 0: unchecked */
    const char *pattern; /* PCRE2 full match, or NULL */
};
struct api_op {
    const char *name;
    api_handler handle;
    const struct api_param *params; /* ended by name NULL; may be NULL */
    const char *iam_action;         /* "kinesis:PutRecord" */
    const char *doc;                /* one line for docs/operations.md */
};

enum api_protocol { API_JSON_1_0, API_JSON_1_1, API_QUERY_XML, API_REST_XML };
struct api_service {
    const char *name;          /* signing name: "kinesis" */
    const char *target_prefix; /* "Kinesis_20131202"; NULL when not a JSON protocol */
    enum api_protocol protocol;
    const struct api_op *ops; /* ended by name NULL */
    const char *const *known; /* names AWS knows, ended by NULL; may be NULL */
    void *ctx;                /* the service's own, for handlers */
    int invalid;              /* what a parameter that breaks a constraint is; 0: ERR_VALIDATION */
    /* REST and query services handle the request themselves (S3, STS, /tarn/v1). */
    void (*handle_raw)(void *ctx, struct http_request *r);
};

struct api_call {
    const struct api_service *service;
    const struct api_op *op;
    struct http_request *http;
    struct arena *arena;   /* the request's */
    const struct json *in; /* request object, never NULL */
    struct buf out_buf;
    struct jsonw out; /* writes to out_buf */
    struct err err;
    struct bytes region; /* from the credential scope, default us-east-1 */
};

struct api_router;
int api_router_new(const struct api_service *const *services, size_t count, struct api_router **ret,
                   struct err *e) WARN_UNUSED;
void api_router_free(struct api_router **r);
/* The `handle` of http_options with ctx = router. */
void api_router_handle(void *router, struct http_request *r);

/* Completes a pending call: rc 0 sends out, negative sends call->err. */
void api_finish(struct api_call *call, int rc);

/* "arn:aws:kinesis:us-east-1:000000000000:stream/name" in the call's arena. */
struct bytes api_arn(struct api_call *call, const char *service, const char *resource_fmt, ...)
    PRINTF_LIKE(3, 4);
/* Opaque tokens: base64url of "kind|text" with a checksum. decode: false when not ours. */
struct bytes api_token_encode(struct arena *a, const char *kind, struct bytes text);
bool api_token_decode(struct arena *a, const char *kind, struct bytes token,
                      struct bytes *ret) WARN_UNUSED;

#endif
