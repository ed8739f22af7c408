/* sigv4.c - reads who signed a request and how, without checking it (sigv4_check.c does).
 *
 * Two forms carry the same facts:
 *
 *   Authorization: AWS4-HMAC-SHA256 Credential=AK/20240131/us-east-1/s3/aws4_request,
 *                  SignedHeaders=host;x-amz-date, Signature=<64 hex>
 *   ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20240131%2F...&X-Amz-Date=...
 *                  &X-Amz-Expires=...&X-Amz-SignedHeaders=host&X-Amz-Signature=<64 hex>
 *
 * AWS lists all that is missing in one sentence after the other; so does collect_missing. */
#include "http/sigv4.h"
#include "base/encode.h"
#include "http/sigv4_int.h"

struct bytes sigv4_find_header(const struct sigv4_request *r, const char *name) {
    struct bytes wanted = bytes_str(name);
    for (size_t i = 0; i < r->header_count; i++)
        if (bytes_eq_nocase(r->headers[i].name, wanted))
            return bytes_trim(r->headers[i].value);
    return (struct bytes){0};
}

struct bytes sigv4_find_query(struct arena *a, struct bytes raw_query, const char *name) {
    struct bytes rest = raw_query, pair;
    while (rest.ptr) {
        rest = bytes_cut(rest, '&', &pair);
        struct bytes key, value = bytes_cut(pair, '=', &key);
        struct bytes decoded;
        if (!bytes_eq_str(key, name))
            continue;
        if (!value.ptr)
            return BYTES("");
        return uri_decode(a, value, true, &decoded) ? decoded : value;
    }
    return (struct bytes){0};
}

/* "AK/date/region/service/aws4_request"; the access key may hold slashes, so cut from the end. */
static bool split_credential(struct bytes credential, struct sigv4_auth *ret) {
    struct bytes part[5];
    size_t end = credential.len;
    for (int i = 4; i > 0; i--) {
        size_t start = end;
        while (start > 0 && credential.ptr[start - 1] != '/')
            start--;
        if (start == 0)
            return false;
        part[i] = bytes_slice(credential, start, end);
        end = start - 1;
    }
    part[0] = bytes_slice(credential, 0, end);
    if (!bytes_eq(part[4], BYTES("aws4_request")) || part[0].len == 0 || part[1].len != 8 ||
        part[3].len == 0)
        return false;
    ret->access_key = part[0];
    ret->date = part[1];
    ret->region = part[2];
    ret->service = part[3];
    return true;
}

static void add_missing(struct buf *text, const char *what, struct bytes value, const char *form) {
    if (value.len > 0)
        return;
    if (text->len > 0)
        buf_add_char(text, ' ');
    buf_add_fmt(text, form, what);
}

static int incomplete(struct err *e, struct buf *text) {
    const char *s = buf_cstr(text);
    int rc = err_set(e, ERR_INCOMPLETE_SIGNATURE, "%s", s ? s : "The signature is incomplete.");
    buf_clear(text);
    return rc;
}

static int bad_credential(struct err *e, struct bytes credential) {
    return err_set(e, ERR_INCOMPLETE_SIGNATURE,
                   "Credential must have exactly 5 slash-delimited elements, e.g. "
                   "keyid/date/region/service/term, got '%.*s'",
                   (int)MIN_OF(credential.len, (size_t)200), credential.ptr);
}

#define ALGORITHM "AWS4-HMAC-SHA256"
static const char missing_in_header[] = "Authorization header requires '%s' parameter.";
static const char missing_in_query[] = "AWS query-string parameters must include '%s'.";

static int parse_header(const struct sigv4_request *r, struct bytes authorization,
                        struct sigv4_auth *ret, struct err *e) {
    struct bytes algorithm, rest = bytes_cut(bytes_trim(authorization), ' ', &algorithm), pair;
    if (!bytes_eq(algorithm, BYTES(ALGORITHM)))
        return err_set(e, ERR_INCOMPLETE_SIGNATURE,
                       "Unsupported AWS 'algorithm': '%.*s'. Sign with " ALGORITHM ".",
                       (int)MIN_OF(algorithm.len, (size_t)100), algorithm.ptr);
    struct sigv4_auth auth = {.kind = SIGV4_HEADER};
    struct bytes credential = {0};
    while (rest.ptr) {
        rest = bytes_cut(rest, ',', &pair);
        struct bytes name, value = bytes_cut(bytes_trim(pair), '=', &name);
        if (bytes_eq(name, BYTES("Credential")))
            credential = value;
        else if (bytes_eq(name, BYTES("SignedHeaders")))
            auth.signed_headers = value;
        else if (bytes_eq(name, BYTES("Signature")))
            auth.signature = value;
    }
    auth.amz_date = sigv4_find_header(r, "x-amz-date");
    auth.payload_hash = sigv4_find_header(r, "x-amz-content-sha256");
    struct bytes date = auth.amz_date.len ? auth.amz_date : sigv4_find_header(r, "date");
    struct buf text = {0};
    add_missing(&text, "Credential", credential, missing_in_header);
    add_missing(&text, "Signature", auth.signature, missing_in_header);
    add_missing(&text, "SignedHeaders", auth.signed_headers, missing_in_header);
    add_missing(&text, "X-Amz-Date' or a 'Date", date,
                "Authorization header requires existence of either a '%s' header.");
    if (text.len > 0) {
        buf_add_fmt(&text, " Authorization=%.*s", BYTES_ARG(algorithm));
        return incomplete(e, &text);
    }
    if (!split_credential(credential, &auth))
        return bad_credential(e, credential);
    *ret = auth;
    return 0;
}

static int parse_query(struct arena *a, const struct sigv4_request *r, struct bytes algorithm,
                       struct sigv4_auth *ret, struct err *e) {
    if (!bytes_eq(algorithm, BYTES(ALGORITHM)))
        return err_set(e, ERR_INCOMPLETE_SIGNATURE,
                       "Unsupported AWS 'algorithm': '%.*s'. Sign with " ALGORITHM ".",
                       (int)MIN_OF(algorithm.len, (size_t)100), algorithm.ptr);
    struct bytes q = r->raw_query;
    struct sigv4_auth auth = {.kind = SIGV4_PRESIGNED};
    struct bytes credential = sigv4_find_query(a, q, "X-Amz-Credential");
    struct bytes expires = sigv4_find_query(a, q, "X-Amz-Expires");
    auth.signature = sigv4_find_query(a, q, "X-Amz-Signature");
    auth.signed_headers = sigv4_find_query(a, q, "X-Amz-SignedHeaders");
    auth.amz_date = sigv4_find_query(a, q, "X-Amz-Date");
    auth.payload_hash = sigv4_find_query(a, q, "X-Amz-Content-Sha256");
    struct buf text = {0};
    add_missing(&text, "X-Amz-Credential", credential, missing_in_query);
    add_missing(&text, "X-Amz-Signature", auth.signature, missing_in_query);
    add_missing(&text, "X-Amz-SignedHeaders", auth.signed_headers, missing_in_query);
    add_missing(&text, "X-Amz-Date", auth.amz_date, missing_in_query);
    if (text.len > 0) {
        buf_add_str(&text, " Re-examine the query-string parameters.");
        return incomplete(e, &text);
    }
    if (!split_credential(credential, &auth))
        return bad_credential(e, credential);
    if (expires.len > 0 && (!bytes_to_i64(expires, &auth.expires_s) || auth.expires_s < 0 ||
                            auth.expires_s > SIGV4_MAX_EXPIRES_S))
        return err_set(e, ERR_INCOMPLETE_SIGNATURE,
                       "X-Amz-Expires must be a number of seconds between 0 and 604800.");
    *ret = auth;
    return 0;
}

/* boto3 still presigns for us-east-1 with Signature Version 2. Recognised so that servers without
 * credentials serve such addresses; sigv4_verify refuses them with a sentence. */
static bool parse_version_2(struct arena *a, const struct sigv4_request *r,
                            struct sigv4_auth *ret) {
    struct bytes key = sigv4_find_query(a, r->raw_query, "AWSAccessKeyId");
    struct bytes signature = sigv4_find_query(a, r->raw_query, "Signature");
    if (!key.len || !signature.len || !sigv4_find_query(a, r->raw_query, "Expires").len)
        return false;
    *ret = (struct sigv4_auth){.kind = SIGV4_PRESIGNED,
                               .access_key = key,
                               .signature = signature,
                               .region = BYTES("us-east-1"),
                               .service = BYTES("s3")};
    return true;
}

int sigv4_parse(struct arena *a, const struct sigv4_request *r, struct sigv4_auth *ret,
                struct err *e) {
    struct bytes header = sigv4_find_header(r, "authorization");
    struct bytes algorithm = sigv4_find_query(a, r->raw_query, "X-Amz-Algorithm");
    if (header.ptr && algorithm.ptr)
        return err_set(e, ERR_INVALID_SIGNATURE,
                       "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' "
                       "as HTTP header.");
    if (header.ptr)
        return parse_header(r, header, ret, e);
    if (algorithm.ptr)
        return parse_query(a, r, algorithm, ret, e);
    if (!parse_version_2(a, r, ret))
        *ret = (struct sigv4_auth){.kind = SIGV4_NONE};
    return 0;
}
