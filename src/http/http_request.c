/* http_request.c - from a connection's head to a request: headers, query, signature, body plan. */
#include "base/encode.h"
#include "http/http_int.h"
#include "http/sigv4_int.h"
#include <microhttpd.h>

/* ---- headers ---- */

struct collect {
    struct http_state *st;
    size_t count;
};

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                    size_t name_len, const char *value, size_t value_len) {
    ((struct collect *)cls)->count++;
    return MHD_YES;
}

/* Copies, so that a request outlives its connection. */
static enum MHD_Result copy_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   size_t name_len, const char *value, size_t value_len) {
    struct collect *c = cls;
    struct http_state *st = c->st;
    struct sigv4_header *h = &st->headers[st->header_count];
    h->name = arena_copy(&st->r.arena, bytes_of(name, name_len));
    h->value = arena_copy(&st->r.arena, bytes_of(value ? value : "", value ? value_len : 0));
    if (st->r.arena.failed)
        return MHD_NO;
    st->header_count++;
    return MHD_YES;
}

static int copy_headers(struct http_state *st, struct err *e) {
    struct collect c = {.st = st};
    MHD_get_connection_values_n(st->conn, MHD_HEADER_KIND, count_header, &c);
    st->headers = ARENA_NEW_N(&st->r.arena, struct sigv4_header, c.count + 1);
    if (st->headers)
        MHD_get_connection_values_n(st->conn, MHD_HEADER_KIND, copy_header, &c);
    return st->r.arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

struct bytes http_header(const struct http_request *r, const char *name) {
    const struct http_state *st = http_state_of(r);
    struct bytes wanted = bytes_str(name);
    for (size_t i = 0; i < st->header_count; i++)
        if (bytes_eq_nocase(st->headers[i].name, wanted))
            return st->headers[i].value;
    for (size_t i = 0; i < st->body.trailer_count; i++)
        if (bytes_eq_nocase(st->body.trailers[i].name, wanted))
            return st->body.trailers[i].value;
    return (struct bytes){0};
}

const struct sigv4_header *http_headers(const struct http_request *r, size_t *ret_count) {
    const struct http_state *st = http_state_of(r);
    *ret_count = st->header_count;
    return st->headers;
}

/* ---- query ---- */

static struct bytes decode_or_raw(struct arena *a, struct bytes raw) {
    struct bytes decoded;
    if (!raw.ptr || raw.len == 0)
        return BYTES("");
    return uri_decode(a, raw, true, &decoded) ? decoded : raw;
}

static void parse_query(struct http_state *st) {
    struct bytes rest = st->r.raw_query, item;
    size_t max = 1;
    for (size_t i = 0; i < rest.len; i++)
        max += rest.ptr[i] == '&';
    st->query = ARENA_NEW_N(&st->r.arena, struct sigv4_header, max);
    while (st->query && rest.ptr) {
        rest = bytes_cut(rest, '&', &item);
        if (item.len == 0)
            continue;
        struct bytes name, value = bytes_cut(item, '=', &name);
        st->query[st->query_count].name = decode_or_raw(&st->r.arena, name);
        st->query[st->query_count++].value = decode_or_raw(&st->r.arena, value);
    }
}

struct bytes http_query(struct http_request *r, const char *name) {
    struct http_state *st = http_state_of(r);
    if (!st->query)
        parse_query(st);
    for (size_t i = 0; i < st->query_count; i++)
        if (bytes_eq_str(st->query[i].name, name))
            return st->query[i].value;
    return (struct bytes){0};
}

/* ---- start ---- */

static struct sigv4_request signed_view(struct http_state *st) {
    return (struct sigv4_request){.method = st->r.method,
                                  .raw_path = st->r.raw_path,
                                  .raw_query = st->r.raw_query,
                                  .headers = st->headers,
                                  .header_count = st->header_count};
}

static bool header_u64(struct http_request *r, const char *name, uint64_t *ret) {
    struct bytes v = http_header(r, name);
    return v.ptr && bytes_to_u64(bytes_trim(v), ret);
}

static bool is_hex64(struct bytes v) {
    char raw[32];
    return v.len == 64 && hex_decode(v, raw) == 32;
}

/* Which filters this request's body needs. */
static void plan_body(struct http_state *st, struct body_options *o) {
    struct http_request *r = &st->r;
    const struct http_options *so = &st->server->o;
    struct bytes hash = r->auth.payload_hash, encoding = http_header(r, "content-encoding");
    /* Without a signature S3 answers AccessDenied whatever the body holds. */
    bool s3 = r->auth.kind != SIGV4_NONE && sigv4_is_s3(r->auth.service);
    *o = (struct body_options){.arena = &r->arena,
                               .decoded_bytes = UINT64_MAX,
                               .max_bytes = so->max_body_bytes,
                               .spool_over_bytes = so->spool_over_bytes,
                               .tmp_dir = so->tmp_dir,
                               .want_md5 = s3,
                               .gunzip = !s3 && bytes_eq_nocase(encoding, BYTES("gzip"))};
    if (!header_u64(r, "content-length", &o->expected_bytes))
        o->expected_bytes = 0;
    /* A presigned URL says nothing of the payload; its header still does. */
    o->aws_chunked =
        bytes_starts_with(hash, BYTES("STREAMING-")) ||
        bytes_starts_with(http_header(r, "x-amz-content-sha256"), BYTES("STREAMING-")) ||
        bytes_starts_with(encoding, BYTES("aws-chunked"));
    if (o->aws_chunked && !header_u64(r, "x-amz-decoded-content-length", &o->decoded_bytes))
        o->decoded_bytes = UINT64_MAX;
    bool streaming = bytes_starts_with(hash, BYTES("STREAMING-"));
    o->want_sha256 = !streaming && (s3 ? is_hex64(hash) : so->keys != NULL);
    if (so->keys && bytes_starts_with(hash, BYTES("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")) &&
        sigv4_chunks_init(&st->chunks, so->keys, &r->auth))
        o->chunk_keys = &st->chunks;
}

static int too_large(struct err *e, uint64_t limit) {
    return err_set(e, ERR_TOO_LARGE, "The request body is larger than the limit of %llu bytes.",
                   (unsigned long long)limit);
}

int http_request_start(struct http_state *st, const char *method, struct err *e) {
    struct http_request *r = &st->r;
    struct body_options o;
    r->received_ms = clock_wall_ms(st->server->o.clock);
    uuid_make(r->request_id);
    r->method = arena_copy(&r->arena, bytes_str(method));
    r->verified = st->server->o.keys != NULL;
    int rc = copy_headers(st, e);
    if (rc)
        return rc;
    struct sigv4_request view = signed_view(st);
    r->auth_rc = sigv4_parse(&r->arena, &view, &r->auth, &r->auth_err);
    plan_body(st, &o);
    if (o.expected_bytes > o.max_bytes + o.max_bytes / 8) /* room for aws-chunked framing */
        return too_large(e, o.max_bytes);
    return body_init(&st->body, &o, e);
}

/* ---- finish ---- */

static void show_body(struct http_state *st) {
    struct http_request *r = &st->r;
    st->body_shown = true;
    r->body_bytes = st->body.bytes;
    r->body_fd = st->body.fd;
    r->body_path = st->body.path;
    r->body = st->body.fd >= 0 ? (struct bytes){0} : buf_bytes(&st->body.memory);
    memcpy(r->body_md5, st->body.md5, MD5_LEN);
}

/* Unverified S3 bodies are still compared with the hash that came with them. */
static int check_body_hash(struct http_state *st, struct err *e) {
    struct bytes given = st->r.auth.payload_hash, made = bytes_str(st->body.sha256_hex);
    if (made.len == 0 || !is_hex64(given) || bytes_eq_nocase(given, made))
        return 0;
    return err_set_named(e, ERR_S3, "XAmzContentSHA256Mismatch", 400,
                         "The provided 'x-amz-content-sha256' header does not match what was "
                         "computed.");
}

void http_request_finish(struct http_state *st) {
    struct http_request *r = &st->r;
    if (st->body_rc == 0)
        st->body_rc = body_finish(&st->body, &r->auth_err);
    show_body(st);
    if (st->body_rc) {
        r->auth_rc = st->body_rc;
        return;
    }
    if (r->auth_rc || r->auth.kind == SIGV4_NONE)
        return;
    struct sigv4_request view = signed_view(st);
    view.payload_sha256_hex = bytes_str(st->body.sha256_hex);
    if (st->server->o.keys)
        r->auth_rc = sigv4_verify(&r->arena, st->server->o.keys, &view, &r->auth, r->received_ms,
                                  &r->auth_err);
    else
        r->auth_rc = check_body_hash(st, &r->auth_err);
}
