/* sigv4_check.c - the canonical request, the string to sign, the key chain.
 *
 *   canonical = METHOD \n uri \n query \n name:value\n... \n signed;names \n payload-hash
 *   to_sign   = AWS4-HMAC-SHA256 \n amz-date \n date/region/service/aws4_request \n
 * hex(sha256(canonical)) key       = HMAC(HMAC(HMAC(HMAC("AWS4" secret, date), region), service),
 * "aws4_request") signature = hex(HMAC(key, to_sign))
 *
 * S3 encodes the path once and takes the payload hash from the header; every other service
 * normalises the path, encodes it twice and hashes the body. The presigned form signs its own query
 * without X-Amz-Signature. Source:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#include "base/clock.h"
#include "base/encode.h"
#include "base/hash.h"
#include "http/sigv4_int.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

bool sigv4_is_s3(struct bytes service) {
    return bytes_eq(service, BYTES("s3")) || bytes_eq(service, BYTES("s3express"));
}

/* ---- canonical path ---- */

/* Removes "." and ".." segments and doubled slashes, as AWS does for all but S3. */
static void add_normal_path(struct buf *out, struct bytes path) {
    struct bytes rest = path, segment;
    size_t base = out->len;
    while (rest.ptr) {
        rest = bytes_cut(rest, '/', &segment);
        if (segment.len == 0 || bytes_eq(segment, BYTES(".")))
            continue;
        if (bytes_eq(segment, BYTES(".."))) {
            while (out->len > base && out->ptr[out->len - 1] != '/')
                out->len--;
            if (out->len > base)
                out->len--;
            continue;
        }
        buf_add_char(out, '/');
        buf_add(out, segment);
    }
    if (out->len == base || bytes_ends_with(path, BYTES("/")))
        buf_add_char(out, '/');
}

static void add_canonical_path(struct arena *a, struct buf *out, struct bytes raw_path, bool s3) {
    struct bytes decoded;
    if (raw_path.len == 0) {
        buf_add_char(out, '/');
    } else if (s3) {
        if (uri_decode(a, raw_path, false, &decoded))
            buf_add_uri(out, decoded, true);
        else
            buf_add(out, raw_path);
    } else {
        struct buf normal = {0};
        add_normal_path(&normal, raw_path);
        out->failed |= normal.failed;
        buf_add_uri(out, buf_bytes(&normal), true);
        buf_clear(&normal);
    }
}

/* ---- canonical query ---- */

struct pair {
    struct bytes name, value;
};

static int compare_pairs(const void *x, const void *y) {
    const struct pair *p = x, *q = y;
    int c = bytes_cmp(p->name, q->name);
    return c ? c : bytes_cmp(p->value, q->value);
}

/* Decoded and encoded again, so that every client's spelling becomes AWS's. */
static struct bytes reencode(struct arena *a, struct bytes raw) {
    struct bytes decoded = raw;
    struct buf out = {0};
    if (!uri_decode(a, raw, true, &decoded))
        decoded = raw;
    buf_add_uri(&out, decoded, false);
    struct bytes copy = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    a->failed |= out.failed;
    buf_clear(&out);
    return copy;
}

static void add_canonical_query(struct arena *a, struct buf *out, struct bytes raw_query) {
    size_t max = 1, count = 0;
    for (size_t i = 0; i < raw_query.len; i++)
        max += raw_query.ptr[i] == '&';
    struct pair *pairs = ARENA_NEW_N(a, struct pair, max);
    struct bytes rest = raw_query, item;
    while (pairs && rest.ptr) {
        rest = bytes_cut(rest, '&', &item);
        struct bytes name, value = bytes_cut(item, '=', &name);
        if (item.len == 0 || bytes_eq(name, BYTES("X-Amz-Signature")))
            continue;
        pairs[count++] = (struct pair){reencode(a, name), reencode(a, value)};
    }
    if (count > 1)
        qsort(pairs, count, sizeof(*pairs), compare_pairs);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, '&');
        buf_add(out, pairs[i].name);
        buf_add_char(out, '=');
        buf_add(out, pairs[i].value);
    }
}

/* ---- canonical headers ---- */

/* Trimmed, inner runs of blanks as one. */
static void add_header_value(struct buf *out, struct bytes value) {
    bool blank = false;
    value = bytes_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        bool now = value.ptr[i] == ' ' || value.ptr[i] == '\t';
        if (!now)
            buf_add_char(out, value.ptr[i]);
        else if (!blank)
            buf_add_char(out, ' ');
        blank = now;
    }
}

static void add_header_line(struct buf *out, const struct sigv4_request *r, struct bytes name) {
    bool first = true;
    for (size_t i = 0; i < name.len; i++)
        buf_add_char(out, (char)tolower((unsigned char)name.ptr[i]));
    buf_add_char(out, ':');
    for (size_t i = 0; i < r->header_count; i++) {
        if (!bytes_eq_nocase(r->headers[i].name, name))
            continue;
        if (!first)
            buf_add_char(out, ',');
        add_header_value(out, r->headers[i].value);
        first = false;
    }
    buf_add_char(out, '\n');
}

static void add_canonical_headers(struct buf *out, const struct sigv4_request *r,
                                  struct bytes signed_headers) {
    struct bytes rest = signed_headers, name;
    while (rest.ptr) {
        rest = bytes_cut(rest, ';', &name);
        add_header_line(out, r, name);
    }
}

/* ---- keys and signatures ---- */

struct scope {
    struct bytes date, region, service;
};

static void signing_key(struct arena *a, struct bytes secret, struct scope s, uint8_t key[32]) {
    struct bytes first = arena_fmt(a, "AWS4%.*s", BYTES_ARG(secret));
    hmac_sha256(first, s.date, key);
    hmac_sha256(bytes_of(key, 32), s.region, key);
    hmac_sha256(bytes_of(key, 32), s.service, key);
    hmac_sha256(bytes_of(key, 32), BYTES("aws4_request"), key);
}

static void sign_text(const uint8_t key[32], struct bytes text, char signature[64]) {
    uint8_t mac[32];
    hmac_sha256(bytes_of(key, 32), text, mac);
    hex_encode(bytes_of(mac, 32), signature);
}

/* What a request signs to, given its scope, date, signed headers and payload hash. */
static int compute_signature(struct arena *a, const struct sigv4_request *r, struct scope scope,
                             struct bytes secret, struct bytes amz_date,
                             struct bytes signed_headers, struct bytes payload_hash,
                             char signature[64], struct err *e) {
    struct buf text = {0};
    uint8_t digest[32], key[32];
    char hex[64];
    buf_add(&text, r->method);
    buf_add_char(&text, '\n');
    add_canonical_path(a, &text, r->raw_path, sigv4_is_s3(scope.service));
    buf_add_char(&text, '\n');
    add_canonical_query(a, &text, r->raw_query);
    buf_add_char(&text, '\n');
    add_canonical_headers(&text, r, signed_headers);
    buf_add_fmt(&text, "\n%.*s\n%.*s", BYTES_ARG(signed_headers), BYTES_ARG(payload_hash));
    sha256(buf_bytes(&text), digest);
    hex_encode(bytes_of(digest, 32), hex);
    bool ok = buf_ok(&text);
    buf_clear(&text);
    struct bytes to_sign = arena_fmt(a, "AWS4-HMAC-SHA256\n%.*s\n%.*s/%.*s/%.*s/aws4_request\n%.*s",
                                     BYTES_ARG(amz_date), BYTES_ARG(scope.date),
                                     BYTES_ARG(scope.region), BYTES_ARG(scope.service), 64, hex);
    signing_key(a, secret, scope, key);
    if (!ok || a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    sign_text(key, to_sign, signature);
    return 0;
}

static bool same_signature(struct bytes given, const char want[64]) {
    unsigned char diff = given.len != 64;
    for (size_t i = 0; i < 64 && i < given.len; i++)
        diff |= (unsigned char)(given.ptr[i] ^ want[i]);
    return diff == 0;
}

/* ---- dates ---- */

static bool two_digits(const char *p, int *ret) {
    if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
        return false;
    *ret = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

/* "20240131T235959Z" */
static bool parse_amz_date(struct bytes date, int64_t *ret_ms) {
    struct clock_fields f = {0};
    int century, year;
    if (date.len != 16 || date.ptr[8] != 'T' || date.ptr[15] != 'Z')
        return false;
    if (!two_digits(date.ptr, &century) || !two_digits(date.ptr + 2, &year) ||
        !two_digits(date.ptr + 4, &f.month) || !two_digits(date.ptr + 6, &f.day) ||
        !two_digits(date.ptr + 9, &f.hour) || !two_digits(date.ptr + 11, &f.minute) ||
        !two_digits(date.ptr + 13, &f.second) || f.month < 1 || f.month > 12 || f.day < 1 ||
        f.day > 31)
        return false;
    f.year = century * 100 + year;
    *ret_ms = clock_join_ms(&f);
    return true;
}

static struct bytes amz_date_text(struct arena *a, int64_t ms) {
    struct clock_fields f;
    clock_split_ms(ms, &f);
    return arena_fmt(a, "%04d%02d%02dT%02d%02d%02dZ", f.year, f.month, f.day, f.hour, f.minute,
                     f.second);
}

static int check_date(struct arena *a, const struct sigv4_auth *auth, int64_t now_ms,
                      struct err *e) {
    int64_t signed_ms;
    bool s3 = sigv4_is_s3(auth->service);
    if (!parse_amz_date(auth->amz_date, &signed_ms))
        return err_set(e, ERR_INVALID_SIGNATURE,
                       "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                       "http://en.wikipedia.org/wiki/ISO_8601",
                       (int)MIN_OF(auth->amz_date.len, (size_t)40), auth->amz_date.ptr);
    if (!bytes_starts_with(auth->amz_date, auth->date))
        return err_set(e, ERR_INVALID_SIGNATURE,
                       "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                       "date from HTTP: '%.*s' != '%.8s', from '%.*s'.",
                       BYTES_ARG(auth->date), auth->amz_date.ptr, BYTES_ARG(auth->amz_date));
    int64_t until = signed_ms + SIGV4_SKEW_MS;
    if (auth->kind == SIGV4_PRESIGNED)
        until = signed_ms + (auth->expires_s ? auth->expires_s * 1000 : SIGV4_SKEW_MS);
    if (signed_ms - SIGV4_SKEW_MS <= now_ms && now_ms <= until)
        return 0;
    if (s3 && auth->kind == SIGV4_PRESIGNED && now_ms > until)
        return err_set_named(e, ERR_INVALID_SIGNATURE, "AccessDenied", 403, "Request has expired");
    if (s3)
        return err_set_named(
            e, ERR_INVALID_SIGNATURE, "RequestTimeTooSkewed", 403,
            "The difference between the request time and the current time is too large.");
    struct bytes now = amz_date_text(a, now_ms), limit;
    limit = amz_date_text(a, now_ms < signed_ms ? now_ms + SIGV4_SKEW_MS : now_ms - SIGV4_SKEW_MS);
    return err_set(e, ERR_INVALID_SIGNATURE,
                   "Signature %s: %.*s is now %s than %.*s (%.*s %c 15 min.)",
                   now_ms < signed_ms ? "not yet current" : "expired", BYTES_ARG(auth->amz_date),
                   now_ms < signed_ms ? "later" : "earlier", BYTES_ARG(limit), BYTES_ARG(now),
                   now_ms < signed_ms ? '+' : '-');
}

/* ---- verification ---- */

static bool find_secret(const struct sigv4_keys *keys, struct bytes access_key, struct bytes *ret) {
    for (size_t i = 0; i < keys->count; i++)
        if (bytes_eq(keys->items[i].access_key, access_key)) {
            *ret = keys->items[i].secret_key;
            return true;
        }
    return false;
}

static bool is_hex_hash(struct bytes v) {
    char raw[32];
    return v.len == 64 && hex_decode(v, raw) == 32;
}

/* The hash that the client put under its signature. */
static int choose_payload_hash(const struct sigv4_request *r, const struct sigv4_auth *auth,
                               struct bytes *ret, struct err *e) {
    struct bytes given = auth->payload_hash, body = r->payload_sha256_hex;
    bool s3 = sigv4_is_s3(auth->service);
    if (s3 && auth->kind == SIGV4_PRESIGNED && given.len == 0)
        *ret = BYTES("UNSIGNED-PAYLOAD");
    else if (s3 || body.len == 0)
        *ret = given.len ? given : body.len ? body : BYTES(EMPTY_SHA256);
    else
        *ret = body;
    if (s3 && is_hex_hash(given) && body.len && !bytes_eq_nocase(given, body))
        return err_set_named(
            e, ERR_INVALID_SIGNATURE, "XAmzContentSHA256Mismatch", 400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.");
    return 0;
}

static bool signs_host(struct bytes signed_headers) {
    struct bytes rest = signed_headers, name;
    while (rest.ptr) {
        rest = bytes_cut(rest, ';', &name);
        if (bytes_eq(name, BYTES("host")))
            return true;
    }
    return false;
}

int sigv4_verify(struct arena *a, const struct sigv4_keys *keys, const struct sigv4_request *r,
                 const struct sigv4_auth *auth, int64_t now_ms, struct err *e) {
    struct bytes secret, payload_hash;
    char want[64];
    if (auth->kind == SIGV4_NONE)
        return err_set(e, ERR_MISSING_AUTH, NULL);
    if (auth->amz_date.len == 0 && auth->kind == SIGV4_PRESIGNED)
        return err_set_named(e, ERR_INVALID_SIGNATURE, "InvalidRequest", 400,
                             "The authorization mechanism you have provided is not supported. "
                             "Please use AWS4-HMAC-SHA256 (boto3: signature_version='s3v4').");
    if (!find_secret(keys, auth->access_key, &secret))
        return err_set(e, ERR_UNRECOGNIZED_CLIENT, NULL);
    if (!signs_host(auth->signed_headers))
        return err_set(e, ERR_INVALID_SIGNATURE,
                       "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    int rc = check_date(a, auth, now_ms, e);
    if (rc == 0)
        rc = choose_payload_hash(r, auth, &payload_hash, e);
    struct scope scope = {auth->date, auth->region, auth->service};
    if (rc == 0)
        rc = compute_signature(a, r, scope, secret, auth->amz_date, auth->signed_headers,
                               payload_hash, want, e);
    if (rc == 0 && !same_signature(auth->signature, want))
        rc = err_set(e, ERR_INVALID_SIGNATURE,
                     "The request signature we calculated does not match the signature you "
                     "provided. Check your AWS Secret Access Key and signing method. Consult the "
                     "service documentation for details.");
    return rc;
}

/* ---- signing ---- */

static int compare_header_names(const void *x, const void *y) {
    const struct bytes *p = x, *q = y;
    return bytes_cmp(*p, *q);
}

/* "host;x-amz-date": the names lower-cased, sorted, each once. */
static struct bytes sorted_header_names(struct arena *a, const struct sigv4_request *r) {
    struct bytes *names = ARENA_NEW_N(a, struct bytes, r->header_count + 1);
    struct buf out = {0};
    for (size_t i = 0; names && i < r->header_count; i++) {
        char *low = arena_cstr(a, r->headers[i].name);
        for (char *p = low; p && *p; p++)
            *p = (char)tolower((unsigned char)*p);
        names[i] = bytes_of(low, low ? r->headers[i].name.len : 0);
    }
    if (names && r->header_count > 1)
        qsort(names, r->header_count, sizeof(*names), compare_header_names);
    for (size_t i = 0; names && i < r->header_count; i++) {
        if (i && bytes_eq(names[i], names[i - 1]))
            continue;
        if (i)
            buf_add_char(&out, ';');
        buf_add(&out, names[i]);
    }
    struct bytes copy = arena_copy(a, buf_bytes(&out));
    a->failed |= out.failed;
    buf_clear(&out);
    return copy;
}

int sigv4_sign(struct arena *a, struct bytes access_key, struct bytes secret_key,
               struct bytes region, struct bytes service, const struct sigv4_request *r,
               struct bytes amz_date, struct bytes *ret_authorization, struct err *e) {
    char signature[64];
    struct scope scope = {bytes_slice(amz_date, 0, 8), region, service};
    struct bytes names = sorted_header_names(a, r);
    struct bytes hash = sigv4_find_header(r, "x-amz-content-sha256");
    if (hash.len == 0)
        hash = r->payload_sha256_hex.len ? r->payload_sha256_hex : BYTES(EMPTY_SHA256);
    int rc = compute_signature(a, r, scope, secret_key, amz_date, names, hash, signature, e);
    if (rc)
        return rc;
    struct bytes text = arena_fmt(a,
                                  "AWS4-HMAC-SHA256 Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, "
                                  "SignedHeaders=%.*s, Signature=%.64s",
                                  BYTES_ARG(access_key), BYTES_ARG(scope.date), BYTES_ARG(region),
                                  BYTES_ARG(service), BYTES_ARG(names), signature);
    if (a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    *ret_authorization = text;
    return 0;
}

/* ---- chunks ---- */

bool sigv4_chunks_init(struct sigv4_chunks *c, const struct sigv4_keys *keys,
                       const struct sigv4_auth *auth) {
    struct bytes secret;
    struct arena a;
    if (!find_secret(keys, auth->access_key, &secret) || auth->signature.len != 64 ||
        auth->amz_date.len != 16)
        return false;
    int n = snprintf(c->scope, sizeof(c->scope), "%.*s/%.*s/%.*s/aws4_request",
                     BYTES_ARG(auth->date), BYTES_ARG(auth->region), BYTES_ARG(auth->service));
    if (n < 0 || (size_t)n >= sizeof(c->scope))
        return false;
    memcpy(c->date, auth->amz_date.ptr, 16);
    c->date[16] = 0;
    memcpy(c->previous, auth->signature.ptr, 64);
    c->previous[64] = 0;
    arena_init(&a, 0);
    signing_key(&a, secret, (struct scope){auth->date, auth->region, auth->service}, c->key);
    bool ok = !a.failed;
    arena_clear(&a);
    return ok;
}

bool sigv4_chunks_check(struct sigv4_chunks *c, const uint8_t sha[32], bool trailer,
                        struct bytes signature) {
    char text[512], hex[65] = {0}, want[64];
    hex_encode(bytes_of(sha, 32), hex);
    int n = snprintf(text, sizeof(text), "AWS4-HMAC-SHA256-%s\n%s\n%s\n%s\n%s%s%s",
                     trailer ? "TRAILER" : "PAYLOAD", c->date, c->scope, c->previous,
                     trailer ? "" : EMPTY_SHA256, trailer ? "" : "\n", hex);
    assert(n > 0 && (size_t)n < sizeof(text)); /* all parts are bounded by sigv4_chunks_init */
    sign_text(c->key, bytes_of(text, (size_t)n), want);
    memcpy(c->previous, want, 64);
    return same_signature(signature, want);
}
