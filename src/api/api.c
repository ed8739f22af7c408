/* api.c - finds the service and the operation of a request and runs it.
 *
 *   OPTIONS with Origin      -> CORS preflight
 *   /tarn/...                -> the raw service "tarn", without authentication
 *   X-Amz-Target: P.Op       -> the JSON service whose target prefix is P
 *   SigV4 scope's service    -> S3, STS; a JSON service without a target is an unknown operation
 *   Action= in query or form -> STS
 *   anything else            -> S3 by path
 *
 * For JSON services the order of checks is AWS's: target, content type, JSON, authentication,
 * operation, parameter types, parameter constraints, handler. */
#include "api/api_int.h"
#include "api/known.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- router ---- */

int api_router_new(const struct api_service *const *services, size_t count, struct api_router **ret,
                   struct err *e) {
    struct api_router *r = mem_calloc(1, sizeof(*r));
    if (!r)
        return err_set(e, ERR_NOMEM, NULL);
    r->services = mem_calloc(count + 1, sizeof(*r->services));
    int rc = r->services ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (rc == 0) {
        memcpy(r->services, services, count * sizeof(*services));
        r->count = count;
        rc = api_patterns_compile(r, e);
    }
    if (rc)
        api_router_free(&r);
    else
        *ret = r;
    return rc;
}

void api_router_free(struct api_router **rp) {
    struct api_router *r = *rp;
    if (!r)
        return;
    api_patterns_free(r);
    mem_free(r->services);
    mem_free(r);
    *rp = NULL;
}

static const struct api_service *find_by_name(const struct api_router *r, struct bytes name) {
    for (size_t i = 0; i < r->count; i++)
        if (bytes_eq_str(name, r->services[i]->name))
            return r->services[i];
    return NULL;
}

static const struct api_service *find_by_target(const struct api_router *r, struct bytes prefix) {
    for (size_t i = 0; i < r->count; i++)
        if (r->services[i]->target_prefix && bytes_eq_str(prefix, r->services[i]->target_prefix))
            return r->services[i];
    return NULL;
}

static const struct api_op *find_op(const struct api_service *s, struct bytes name) {
    for (const struct api_op *op = s->ops; op && op->name; op++)
        if (bytes_eq_str(name, op->name))
            return op;
    return NULL;
}

/* ---- JSON services ---- */

static int check_content_type(struct http_request *http, struct err *e) {
    struct bytes type = http_header(http, "content-type");
    if (bytes_starts_with(type, BYTES("application/x-amz-cbor-1.1")))
        return err_set_named(e, ERR_UNKNOWN_OPERATION, "UnsupportedProtocolException", 415,
                             "Tarn does not speak application/x-amz-cbor-1.1 yet. Set "
                             "AWS_CBOR_DISABLE=true (Java, KCL) to send JSON.");
    return 0;
}

static int parse_input(struct api_call *call) {
    struct http_request *http = call->http;
    struct json *in = NULL;
    if (http->body_fd >= 0)
        return err_set(&call->err, ERR_TOO_LARGE,
                       "The request of %llu bytes is larger than this operation takes.",
                       (unsigned long long)http->body_bytes);
    struct bytes body = http->body.len ? http->body : BYTES("{}");
    int rc = json_parse(call->arena, body, &in, &call->err);
    if (rc == 0 && in->kind != JSON_OBJECT)
        rc = err_set(&call->err, ERR_SERIALIZATION, "The request body is not a JSON object.");
    if (rc == 0)
        call->in = in;
    return rc;
}

static bool is_auth_error(int rc) {
    return rc == ERR_MISSING_AUTH || rc == ERR_INCOMPLETE_SIGNATURE ||
           rc == ERR_INVALID_SIGNATURE || rc == ERR_UNRECOGNIZED_CLIENT;
}

static int check_auth(struct api_call *call) {
    struct http_request *http = call->http;
    if (http->auth_rc) {
        call->err = http->auth_err;
        if (is_auth_error(http->auth_rc))
            call->err.status = 400;
        return http->auth_rc;
    }
    if (http->auth.kind != SIGV4_NONE)
        return 0;
    return err_set_named(&call->err, ERR_MISSING_AUTH, NULL, 400, "Missing Authentication Token");
}

static int find_operation(struct api_call *call, struct bytes name) {
    const struct api_service *s = call->service;
    call->op = find_op(s, name);
    if (call->op)
        return 0;
    if (!api_known_has(s->known, name) && !api_known_has(api_known_names(s->name), name))
        return err_set(&call->err, ERR_UNKNOWN_OPERATION, "The operation %s.%.*s does not exist.",
                       s->name, (int)MIN_OF(name.len, (size_t)128), name.ptr);
    log_write(LOG_WARN, "api", "%s.%.*s is not implemented", s->name, BYTES_ARG(name));
    return err_set(&call->err, ERR_NOT_IMPLEMENTED, "Tarn does not implement %s.%.*s yet.", s->name,
                   BYTES_ARG(name));
}

static struct api_call *call_new(const struct api_service *s, struct http_request *http) {
    static const struct json empty = {.kind = JSON_OBJECT, .text = {"{}", 2}};
    struct api_call *call = ARENA_NEW(&http->arena, struct api_call);
    if (!call)
        return NULL;
    call->service = s;
    call->http = http;
    call->arena = &http->arena;
    call->in = &empty;
    call->out = jsonw_to(&call->out_buf);
    call->region = http->auth.region.len ? http->auth.region : bytes_str(API_REGION_DEFAULT);
    return call;
}

static void run_json(const struct api_router *r, const struct api_service *s,
                     struct http_request *http, struct bytes op_name) {
    struct api_call *call = call_new(s, http);
    if (!call) {
        http_reply(http, 500, "application/x-amz-json-1.1",
                   BYTES("{\"__type\":\"InternalFailure\"}"));
        return;
    }
    int rc = check_content_type(http, &call->err);
    if (rc == 0 && http->auth_rc && !is_auth_error(http->auth_rc))
        rc = check_auth(call); /* the body could not be read */
    if (rc == 0)
        rc = parse_input(call);
    if (rc == 0)
        rc = check_auth(call);
    if (rc == 0)
        rc = find_operation(call, op_name);
    if (rc == 0)
        rc = api_check_params(r, call);
    if (rc == 0)
        rc = call->op->handle(call);
    if (rc != API_PENDING)
        api_finish(call, rc);
}

static void unknown_operation(struct http_request *http, const struct api_service *s,
                              const char *text, struct bytes what) {
    struct err err = {0};
    err_set(&err, ERR_UNKNOWN_OPERATION, text, (int)MIN_OF(what.len, (size_t)200), what.ptr);
    api_reply_json_error(http, s, &err);
}

static void run_target(const struct api_router *r, struct http_request *http, struct bytes target) {
    size_t dot = target.len;
    while (dot > 0 && target.ptr[dot - 1] != '.')
        dot--;
    struct bytes prefix = bytes_slice(target, 0, dot ? dot - 1 : 0);
    const struct api_service *s = find_by_target(r, prefix);
    if (s)
        run_json(r, s, http, bytes_slice(target, dot, target.len));
    else
        unknown_operation(http, NULL, "Tarn has no service for the target %.*s.", target);
}

/* ---- CORS ---- */

static bool is_local_origin(struct bytes origin) {
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    struct bytes scheme = BYTES("://");
    ptrdiff_t at = bytes_find(origin, scheme);
    struct bytes host = at < 0 ? origin : bytes_slice(origin, (size_t)at + 3, origin.len);
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct bytes h = bytes_str(hosts[i]);
        if (bytes_starts_with(host, h) && (host.len == h.len || host.ptr[h.len] == ':'))
            return true;
    }
    return false;
}

/* Signatures are what protects AWS's open CORS. Without credentials configured any web page could
 * forge them, so then only pages of this machine are let in. */
static bool add_cors(struct http_request *http) {
    struct bytes origin = http_header(http, "origin");
    if (origin.len == 0 || !(http->verified || is_local_origin(origin)))
        return false;
    http_reply_header(http, "Access-Control-Allow-Origin", http->verified ? BYTES("*") : origin);
    http_reply_header(http, "Access-Control-Expose-Headers",
                      BYTES("x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,"
                            "x-amzn-ErrorMessage,Date,ETag"));
    return true;
}

static void preflight(struct http_request *http, bool allowed) {
    struct bytes wanted = http_header(http, "access-control-request-headers");
    if (!allowed) {
        http_reply(http, 403, "text/plain",
                   BYTES("This origin is not allowed. Configure credentials to allow others than "
                         "localhost.\n"));
        return;
    }
    http_reply_header(http, "Access-Control-Max-Age", BYTES("172800"));
    http_reply_header(http, "Access-Control-Allow-Methods", BYTES("GET, HEAD, PUT, POST, DELETE"));
    if (wanted.len)
        http_reply_header(http, "Access-Control-Allow-Headers", wanted);
    http_reply(http, 200, NULL, BYTES(""));
}

/* ---- routing ---- */

static bool has_action(struct http_request *http) {
    struct bytes type = http_header(http, "content-type");
    if (!bytes_eq(http->raw_path, BYTES("/")))
        return false;
    if (http_query(http, "Action").ptr)
        return true;
    return bytes_starts_with(type, BYTES("application/x-www-form-urlencoded")) &&
           bytes_find(http->body, BYTES("Action=")) >= 0;
}

static const struct api_service *find_raw(const struct api_router *r, struct http_request *http) {
    struct bytes scope = http->auth.service;
    if (bytes_starts_with(http->raw_path, BYTES("/tarn/")))
        return find_by_name(r, BYTES("tarn"));
    if (http->auth.kind == SIGV4_NONE)
        scope = has_action(http) ? BYTES("sts") : BYTES("s3");
    return find_by_name(r, scope);
}

/* How much of a service's name is letters, digits and '-': all of any real one. */
static size_t plain_length(struct bytes name) {
    size_t n = 0;
    while (n < name.len && n < 64 &&
           ((name.ptr[n] >= 'a' && name.ptr[n] <= 'z') ||
            (name.ptr[n] >= '0' && name.ptr[n] <= '9') || name.ptr[n] == '-'))
        n++;
    return n;
}

/* IAM, CloudFormation and their like speak the query protocol: their clients read XML only. */
static void unknown_service(struct http_request *http) {
    struct bytes name = http->auth.service;
    if (!has_action(http)) {
        unknown_operation(http, NULL, "Tarn has no service named '%.*s'.", name);
        return;
    }
    struct bytes xml =
        arena_fmt(&http->arena,
                  "<ErrorResponse><Error><Type>Sender</Type><Code>UnknownOperationException</Code>"
                  "<Message>Tarn has no service named '%.*s'.</Message></Error>"
                  "<RequestId>%s</RequestId></ErrorResponse>\n",
                  (int)plain_length(name), name.ptr, http->request_id);
    if (xml.ptr)
        http_reply(http, 400, "text/xml", xml);
    else
        http_reply(http, 500, NULL, BYTES(""));
}

void api_router_handle(void *router, struct http_request *http) {
    const struct api_router *r = router;
    struct bytes target = http_header(http, "x-amz-target");
    bool cors = add_cors(http);
    if (bytes_eq(http->method, BYTES("OPTIONS")) && http_header(http, "origin").len) {
        preflight(http, cors);
        return;
    }
    if (target.len && !bytes_starts_with(http->raw_path, BYTES("/tarn/"))) {
        run_target(r, http, target);
        return;
    }
    const struct api_service *s = find_raw(r, http);
    if (s && s->handle_raw)
        s->handle_raw(s->ctx, http);
    else if (s)
        unknown_operation(http, s, "A request for %.*s needs the X-Amz-Target header.",
                          bytes_str(s->name));
    else
        unknown_service(http);
}
