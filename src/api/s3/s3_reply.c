/* s3_reply.c - replies and errors in S3's XML, and S3's names for errors of other rooms. */
#include "api/s3/s3_int.h"
#include "base/log.h"
#include <stdarg.h>
#include <stdio.h>

int s3_error(struct s3_call *c, const char *name, int status, const char *fmt, ...) {
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return err_set_named(&c->err, ERR_S3, name, status, "%s", text);
}

/* Errors that carry no S3 name yet. */
static void name_error(struct err *e) {
    static const struct {
        int code;
        const char *name;
        int status;
    } names[] = {
        {ERR_MISSING_AUTH, "AccessDenied", 403},
        {ERR_ACCESS_DENIED, "AccessDenied", 403},
        {ERR_INCOMPLETE_SIGNATURE, "AuthorizationHeaderMalformed", 400},
        {ERR_INVALID_SIGNATURE, "SignatureDoesNotMatch", 403},
        {ERR_UNRECOGNIZED_CLIENT, "InvalidAccessKeyId", 403},
        {ERR_TOO_LARGE, "EntityTooLarge", 400},
        {ERR_UNAVAILABLE, "ServiceUnavailable", 503},
        {ERR_NOT_IMPLEMENTED, "NotImplemented", 501},
    };
    if (e->code == ERR_S3 || strcmp(e->name, err_name(e->code)) != 0)
        return;
    const char *name = "InternalError";
    int status = 500;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].code == e->code) {
            name = names[i].name;
            status = names[i].status;
        }
    snprintf(e->name, sizeof(e->name), "%s", name);
    e->status = status;
}

static void add_ids(struct s3_call *c) {
    http_reply_header(c->http, "x-amz-request-id", bytes_str(c->http->request_id));
    http_reply_header(c->http, "x-amz-id-2", bytes_str(c->http->request_id));
}

void s3_reply_error(struct s3_call *c, int rc) {
    struct err *e = &c->err;
    if (e->code == 0)
        err_set(e, rc, NULL);
    name_error(e);
    if (e->status >= 500 && e->status != 501)
        log_write(LOG_ERROR, "s3", "%s %s: %s", c->http->request_id, e->name, e->text);
    buf_reset(&c->out);
    buf_add_str(&c->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    xml_cstr(&c->out, "Code", e->name);
    xml_cstr(&c->out, "Message", e->text);
    if (c->unsatisfied_range) {
        struct bytes size = arena_fmt(c->arena, "%llu", (unsigned long long)c->actual_size_bytes);
        xml_cstr(&c->out, "RangeRequested", c->unsatisfied_range);
        xml_text(&c->out, "ActualObjectSize", size);
    }
    if (c->bucket.len)
        xml_text(&c->out, "BucketName", c->bucket);
    if (c->key.len)
        xml_text(&c->out, "Key", c->key);
    xml_text(&c->out, "Resource", c->http->raw_path);
    xml_cstr(&c->out, "RequestId", c->http->request_id);
    xml_close(&c->out, "Error");
    s3_reply_xml(c, e->status);
}

void s3_reply_xml(struct s3_call *c, int status) {
    add_ids(c);
    if (buf_ok(&c->out))
        http_reply_buf(c->http, status, "application/xml", &c->out);
    else
        http_reply(c->http, 500, NULL, BYTES(""));
}

void s3_reply_empty(struct s3_call *c, int status) {
    add_ids(c);
    http_reply(c->http, status, NULL, BYTES(""));
}

void s3_header_etag(struct s3_call *c, const char *etag) {
    struct bytes quoted = arena_fmt(c->arena, "\"%s\"", etag);
    if (quoted.ptr)
        http_reply_header(c->http, "ETag", quoted);
}
