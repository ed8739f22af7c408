/* sts.c - who am I: the account and a user ARN, for GET with a query and POST with a form. */
#include "api/sts/sts.h"
#include "api/known.h"
#include "base/encode.h"
#include "base/log.h"

#define XMLNS "https://sts.amazonaws.com/doc/2011-06-15/"

static void reply(struct http_request *http, int status, struct bytes xml) {
    if (xml.ptr)
        http_reply(http, status, "text/xml", xml);
    else
        http_reply(http, 500, NULL, BYTES(""));
}

/* Bytes that are not plain are left out: names and ids need none. */
static struct bytes plain(struct arena *a, struct bytes text) {
    char *out = arena_alloc(a, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= ' ' && !strchr("<>&\"'", text.ptr[i]))
            out[n++] = text.ptr[i];
    return bytes_of(out, n);
}

static void reply_error(struct http_request *http, int status, const char *code,
                        struct bytes text) {
    struct bytes message = plain(&http->arena, text);
    reply(http, status,
          arena_fmt(&http->arena,
                    "<ErrorResponse xmlns=\"" XMLNS "\"><Error><Type>%s</Type><Code>%s</Code>"
                    "<Message>%.*s</Message></Error><RequestId>%s</RequestId></ErrorResponse>\n",
                    status < 500 ? "Sender" : "Receiver", code, BYTES_ARG(message),
                    http->request_id));
}

static void reply_auth_error(struct http_request *http) {
    static const struct {
        int code, status;
        const char *name;
    } names[] = {{ERR_MISSING_AUTH, 403, "MissingAuthenticationToken"},
                 {ERR_INCOMPLETE_SIGNATURE, 400, "IncompleteSignature"},
                 {ERR_INVALID_SIGNATURE, 403, "SignatureDoesNotMatch"},
                 {ERR_UNRECOGNIZED_CLIENT, 403, "InvalidClientTokenId"},
                 {ERR_TOO_LARGE, 413, "RequestEntityTooLarge"}};
    int code = http->auth_rc ? http->auth_rc : ERR_MISSING_AUTH;
    struct bytes text = http->auth_rc ? bytes_str(http->auth_err.text)
                                      : BYTES("Request is missing Authentication Token");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].code == code) {
            reply_error(http, names[i].status, names[i].name, text);
            return;
        }
    reply_error(http, 500, "InternalFailure", text);
}

/* A field of the query or of the form body. */
static struct bytes field(struct http_request *http, const char *name) {
    struct bytes v = http_query(http, name), rest = http->body, pair, key, decoded;
    while (!v.ptr && rest.ptr) {
        rest = bytes_cut(rest, '&', &pair);
        struct bytes value = bytes_cut(pair, '=', &key);
        if (bytes_eq_str(key, name) && value.ptr)
            v = uri_decode(&http->arena, value, true, &decoded) ? decoded : value;
    }
    return v;
}

static void get_caller_identity(struct http_request *http) {
    struct bytes key = plain(&http->arena, http->auth.access_key);
    reply(http, 200,
          arena_fmt(&http->arena,
                    "<GetCallerIdentityResponse xmlns=\"" XMLNS "\"><GetCallerIdentityResult>"
                    "<Arn>arn:aws:iam::" API_ACCOUNT_ID ":root</Arn><UserId>%.*s</UserId>"
                    "<Account>" API_ACCOUNT_ID "</Account></GetCallerIdentityResult>"
                    "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>"
                    "</GetCallerIdentityResponse>\n",
                    BYTES_ARG(key), http->request_id));
}

const struct api_op sts_operations[] = {
    {"GetCallerIdentity", NULL, NULL, "sts:GetCallerIdentity", "The account and the caller's ARN."},
    {0}};

/* These two are what somebody without credentials calls. */
static bool is_unsigned(struct bytes action) {
    return bytes_eq(action, BYTES("AssumeRoleWithSAML")) ||
           bytes_eq(action, BYTES("AssumeRoleWithWebIdentity"));
}

static void handle(void *ctx, struct http_request *http) {
    struct bytes action = field(http, "Action");
    if ((http->auth_rc || http->auth.kind == SIGV4_NONE) && !is_unsigned(action)) {
        reply_auth_error(http);
        return;
    }
    if (bytes_eq_str(action, sts_operations[0].name)) {
        get_caller_identity(http);
        return;
    }
    struct bytes text;
    if (api_known_has(api_known_sts, action)) {
        log_write(LOG_WARN, "sts", "sts.%.*s is not implemented", BYTES_ARG(action));
        text = arena_fmt(&http->arena, "Tarn does not implement sts.%.*s yet.", BYTES_ARG(action));
        reply_error(http, 501, "NotImplementedException", text);
    } else {
        text = arena_fmt(&http->arena, "Could not find operation %.*s for version 2011-06-15",
                         (int)MIN_OF(action.len, (size_t)100), action.ptr);
        reply_error(http, 400, "InvalidAction", text);
    }
}

const struct api_service *sts_api(void) {
    static const struct api_service sts = {
        .name = "sts", .protocol = API_QUERY_XML, .known = api_known_sts, .handle_raw = handle};
    return &sts;
}
