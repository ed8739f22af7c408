/* api_reply.c - ends calls: the reply or the error in the service's protocol; ARNs and tokens. */
#include "api/api_int.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rand.h"
#include <stdio.h>

static const char *content_type(const struct api_service *s) {
    return s && s->protocol == API_JSON_1_0 ? "application/x-amz-json-1.0"
                                            : "application/x-amz-json-1.1";
}

/* Their SDKs read "Message" in some operations. */
static bool wants_capital_message(const struct api_service *s) {
    return s && (strcmp(s->name, "athena") == 0 || strcmp(s->name, "glue") == 0);
}

/* Kinesis clients log this second identifier. */
static void add_id_2(struct http_request *http, const struct api_service *s) {
    uint8_t raw[24];
    char text[32];
    if (!s || strcmp(s->name, "kinesis") != 0)
        return;
    rand_bytes(raw, sizeof(raw));
    http_reply_header(http, "x-amz-id-2",
                      bytes_of(text, base64_encode(bytes_of(raw, sizeof(raw)), text)));
}

void api_reply_json_error(struct http_request *http, const struct api_service *service,
                          const struct err *err) {
    const char *name = err->name[0] ? err->name : err_name(err->code);
    int status = err->status ? err->status : err_status(err->code);
    struct buf body = {0};
    struct jsonw w = jsonw_to(&body);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "__type", name);
    jsonw_kv_cstr(&w, "message", err->text);
    if (wants_capital_message(service))
        jsonw_kv_cstr(&w, "Message", err->text);
    jsonw_end_object(&w);
    if (status >= 500)
        log_write(status == 501 ? LOG_DEBUG : LOG_ERROR, "api", "%s %s: %s", http->request_id, name,
                  err->text);
    http_reply_header(http, "x-amzn-ErrorType", bytes_str(name));
    add_id_2(http, service);
    http_reply_buf(http, status, content_type(service), &body);
}

void api_finish(struct api_call *call, int rc) {
    if (rc == 0 && !buf_ok(&call->out_buf))
        rc = err_set(&call->err, ERR_NOMEM, NULL);
    if (rc) {
        assert(rc < 0);
        if (call->err.code == 0)
            err_set(&call->err, rc, NULL);
        buf_clear(&call->out_buf);
        api_reply_json_error(call->http, call->service, &call->err);
        return;
    }
    add_id_2(call->http, call->service);
    if (call->out_buf.len == 0) {
        buf_clear(&call->out_buf); /* what was taken back may have left room */
        http_reply(call->http, 200, content_type(call->service), BYTES("{}"));
    } else {
        http_reply_buf(call->http, 200, content_type(call->service), &call->out_buf);
    }
}

struct bytes api_arn(struct api_call *call, const char *service, const char *resource_fmt, ...) {
    va_list ap;
    va_start(ap, resource_fmt);
    struct bytes resource = arena_vfmt(call->arena, resource_fmt, ap);
    va_end(ap);
    return arena_fmt(call->arena, "arn:aws:%s:%.*s:" API_ACCOUNT_ID ":%.*s", service,
                     BYTES_ARG(call->region), BYTES_ARG(resource));
}

/* ---- tokens: base64url without padding of "<crc32c hex>kind|text" ---- */

struct bytes api_token_encode(struct arena *a, const char *kind, struct bytes text) {
    struct bytes plain = arena_fmt(a, "%s|%.*s", kind, BYTES_ARG(text));
    struct bytes sealed =
        arena_fmt(a, "%08x%.*s", crc32c(0, plain.ptr, plain.len), BYTES_ARG(plain));
    char *out = arena_alloc(a, base64_encoded_len(sealed.len) + 1);
    if (!out || !sealed.ptr)
        return (struct bytes){0};
    size_t n = base64_encode(sealed, out);
    while (n > 0 && out[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    out[n] = 0;
    return bytes_of(out, n);
}

bool api_token_decode(struct arena *a, const char *kind, struct bytes token, struct bytes *ret) {
    size_t padded = (token.len + 3) / 4 * 4;
    char *text = arena_alloc(a, padded + 1), *plain = arena_alloc(a, base64_decoded_max(padded));
    char crc[9];
    if (!text || !plain || token.len == 0)
        return false;
    for (size_t i = 0; i < padded; i++) {
        char c = i < token.len ? token.ptr[i] : '=';
        text[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    ptrdiff_t n = base64_decode(bytes_of(text, padded), plain);
    size_t kind_len = strlen(kind);
    if (n < (ptrdiff_t)(8 + kind_len + 1) || memcmp(plain + 8, kind, kind_len) != 0 ||
        plain[8 + kind_len] != '|')
        return false;
    snprintf(crc, sizeof(crc), "%08x", crc32c(0, plain + 8, (size_t)n - 8));
    if (memcmp(crc, plain, 8) != 0)
        return false;
    *ret = bytes_of(plain + 8 + kind_len + 1, (size_t)n - 8 - kind_len - 1);
    return true;
}
