/* client.c - builds, signs and sends one request at a time over a kept libcurl handle.
 *
 * The signed headers are host, x-amz-date and, for JSON services, x-amz-target; the payload's
 * SHA-256 is in the signature. libcurl adds nothing that is signed, so the canonical request that
 * sigv4_sign sees is what the server receives. */
#include "http/client.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/mem.h"
#include "http/sigv4.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENT_HEADERS_MAX 16

struct client {
    CURL *curl;
    char endpoint[256];
    struct bytes host; /* view of endpoint: "127.0.0.1:4566" */
    struct bytes access_key, secret_key, region;
};

static struct bytes env_or(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return bytes_str(value && *value ? value : otherwise);
}

static int set_endpoint(struct client *c, const char *endpoint, struct err *e) {
    struct bytes url =
        endpoint ? bytes_str(endpoint) : env_or("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
    while (bytes_ends_with(url, BYTES("/"))) {
        url.len--;
    }
    bool http = bytes_starts_with(url, BYTES("http://"));
    if ((!http && !bytes_starts_with(url, BYTES("https://"))) || url.len >= sizeof c->endpoint) {
        return err_set(e, ERR_USAGE, "'%.*s' is not an http or https URL; set AWS_ENDPOINT_URL.",
                       BYTES_ARG(url));
    }
    memcpy(c->endpoint, url.ptr, url.len);
    size_t scheme = http ? 7 : 8;
    c->host = bytes_of(c->endpoint + scheme, url.len - scheme);
    return 0;
}

int client_new(const char *endpoint, struct client **ret, struct err *e) {
    struct client *c = mem_calloc(1, sizeof *c);
    if (!c) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    int rc = set_endpoint(c, endpoint, e);
    c->curl = rc ? NULL : curl_easy_init();
    if (!c->curl) {
        mem_free(c);
        return rc ? rc : err_set(e, ERR_NOMEM, NULL);
    }
    c->access_key = env_or("AWS_ACCESS_KEY_ID", "tarn");
    c->secret_key = env_or("AWS_SECRET_ACCESS_KEY", "tarn");
    c->region = env_or("AWS_REGION",
                       getenv("AWS_DEFAULT_REGION") ? getenv("AWS_DEFAULT_REGION") : "us-east-1");
    *ret = c;
    return 0;
}

void client_free(struct client **c) {
    if (*c) {
        curl_easy_cleanup((*c)->curl);
        mem_free(*c);
        *c = NULL;
    }
}

const char *client_endpoint(const struct client *c) {
    return c->endpoint;
}

struct signing {
    struct sigv4_header headers[CLIENT_HEADERS_MAX];
    size_t count;
    char date[20];
    char payload_hash[64];
};

static void sign_add(struct signing *s, const char *name, struct bytes value) {
    assert(s->count < CLIENT_HEADERS_MAX);
    s->headers[s->count++] = (struct sigv4_header){.name = bytes_str(name), .value = value};
}

static void fill_date(char out[20]) {
    struct clock_fields f;
    clock_split_ms(clock_wall_ms(clock_system()), &f);
    snprintf(out, 20, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)f.year % 10000,
             (unsigned)f.month % 100, (unsigned)f.day % 100, (unsigned)f.hour % 100,
             (unsigned)f.minute % 100, (unsigned)f.second % 100);
}

/* Collects the headers to sign and signs; *ret_auth is the Authorization header's value. */
static int sign(struct client *c, struct arena *a, const struct client_request *r,
                struct signing *s, struct bytes *ret_auth, struct err *e) {
    uint8_t digest[SHA256_LEN];
    sha256(r->body, digest);
    hex_encode(bytes_of(digest, sizeof digest), s->payload_hash);
    fill_date(s->date);
    sign_add(s, "host", c->host);
    sign_add(s, "x-amz-content-sha256", bytes_of(s->payload_hash, 64));
    sign_add(s, "x-amz-date", bytes_str(s->date));
    for (size_t i = 0; i < r->header_count; i++) {
        sign_add(s, r->headers[i].name, bytes_str(r->headers[i].value));
    }
    struct bytes query, path = bytes_str(r->path);
    query = bytes_cut(path, '?', &path);
    struct sigv4_request req = {.method = bytes_str(r->method),
                                .raw_path = path,
                                .raw_query = query,
                                .headers = s->headers,
                                .header_count = s->count,
                                .payload_sha256_hex = bytes_of(s->payload_hash, 64)};
    return sigv4_sign(a, c->access_key, c->secret_key, c->region, bytes_str(r->service), &req,
                      bytes_str(s->date), ret_auth, e);
}

static int add_header(struct arena *a, struct curl_slist **list, struct bytes name,
                      struct bytes value) {
    struct bytes line = arena_fmt(a, "%.*s: %.*s", BYTES_ARG(name), BYTES_ARG(value));
    struct curl_slist *more = line.ptr ? curl_slist_append(*list, line.ptr) : NULL;
    if (!more) {
        return ERR_NOMEM;
    }
    *list = more;
    return 0;
}

static int build_headers(struct client *c, struct arena *a, const struct client_request *r,
                         struct curl_slist **list, struct err *e) {
    int rc = add_header(a, list, BYTES("Expect"), BYTES(""));
    struct signing s = {.count = 0};
    struct bytes auth = {0};
    if (!rc && r->service) {
        rc = sign(c, a, r, &s, &auth, e);
        if (rc) {
            return rc;
        }
        rc = add_header(a, list, BYTES("Authorization"), auth);
        for (size_t i = 1; !rc && i < s.count; i++) { /* 0 is host, libcurl's own */
            rc = add_header(a, list, s.headers[i].name, s.headers[i].value);
        }
    }
    return rc ? err_set(e, rc, NULL) : 0;
}

static size_t on_body(char *ptr, size_t size, size_t n, void *ctx) {
    buf_add(ctx, bytes_of(ptr, size * n));
    return buf_ok(ctx) ? size * n : 0;
}

static size_t on_header(char *ptr, size_t size, size_t n, void *ctx) {
    struct client_response *out = ctx;
    struct bytes name, line = bytes_of(ptr, size * n), value = bytes_cut(line, ':', &name);
    value = bytes_trim(value);
    if (bytes_eq_nocase(name, BYTES("etag")) && value.len >= 2 &&
        value.len - 2 < sizeof out->etag) {
        memcpy(out->etag, value.ptr + 1, value.len - 2);
        out->etag[value.len - 2] = 0;
    }
    return size * n;
}

static void set_options(struct client *c, const struct client_request *r, const char *url,
                        struct curl_slist *headers, struct buf *body, struct client_response *out) {
    CURL *h = c->curl;
    curl_easy_reset(h);
    curl_easy_setopt(h, CURLOPT_URL, url);
    curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, r->method);
    if (strcmp(r->method, "HEAD") == 0) {
        curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
    } else if (r->body.len || strcmp(r->method, "GET") != 0) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, r->body.len ? r->body.ptr : "");
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    }
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)(r->timeout_ms ? r->timeout_ms : 300000));
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, out);
}

static int perform(struct client *c, struct arena *a, struct buf *body, struct client_response *out,
                   struct err *e) {
    CURLcode code = curl_easy_perform(c->curl);
    if (code != CURLE_OK) {
        return err_set(e, ERR_UNAVAILABLE, "No answer from %s (%s); is `tarn serve` running there?",
                       c->endpoint, curl_easy_strerror(code));
    }
    long status = 0;
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    out->status = (int)status;
    out->body = arena_copy(a, buf_bytes(body));
    return body->len && !out->body.ptr ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int client_raw(struct client *c, struct arena *a, const struct client_request *r,
               struct client_response *ret, struct err *e) {
    struct curl_slist *headers = NULL;
    struct buf body = {0};
    struct client_response out = {.status = 0};
    int rc = build_headers(c, a, r, &headers, e);
    struct bytes url = arena_fmt(a, "%s%s", c->endpoint, r->path);
    if (!rc && !url.ptr) {
        rc = err_set(e, ERR_NOMEM, NULL);
    }
    if (!rc) {
        set_options(c, r, url.ptr, headers, &body, &out);
        rc = perform(c, a, &body, &out, e);
    }
    curl_slist_free_all(headers);
    buf_clear(&body);
    if (!rc) {
        *ret = out;
    }
    return rc;
}

static const char *target_prefix(const char *service) {
    static const char *const prefixes[][2] = {{"kinesis", "Kinesis_20131202"},
                                              {"firehose", "Firehose_20150804"},
                                              {"glue", "AWSGlue"},
                                              {"athena", "AmazonAthena"}};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (strcmp(prefixes[i][0], service) == 0) {
            return prefixes[i][1];
        }
    }
    assert(!"a JSON service");
    return "";
}

/* An exception's reply as an error: the name decides whether something is missing. */
static int service_error(const struct json *reply, int status, struct err *e) {
    struct bytes type = json_get_str(reply, "__type"), text = json_get_str(reply, "message");
    ptrdiff_t hash = bytes_find_char(type, '#');
    type = hash >= 0 ? bytes_slice(type, (size_t)hash + 1, type.len) : type;
    if (!text.ptr) {
        text = json_get_str(reply, "Message");
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", BYTES_ARG(type));
    bool missing = bytes_find(type, BYTES("NotFound")) >= 0;
    return err_set_named(e, missing ? ERR_RESOURCE_NOT_FOUND : ERR_INVALID_REQUEST,
                         type.len ? name : "UnknownError", status, "%.*s", BYTES_ARG(text));
}

int client_call(struct client *c, struct arena *a, const char *service, const char *operation,
                struct bytes body, const struct json **ret, struct err *e) {
    struct bytes target = arena_fmt(a, "%s.%s", target_prefix(service), operation);
    if (!target.ptr) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    struct client_header headers[] = {{"content-type", "application/x-amz-json-1.1"},
                                      {"x-amz-target", target.ptr}};
    struct client_request r = {.method = "POST",
                               .service = service,
                               .path = "/",
                               .headers = headers,
                               .header_count = COUNT_OF(headers),
                               .body = body.len ? body : BYTES("{}")};
    struct client_response out;
    int rc = client_raw(c, a, &r, &out, e);
    if (rc) {
        return rc;
    }
    struct json *tree = NULL;
    rc = json_parse(a, out.body.len ? out.body : BYTES("{}"), &tree, e);
    if (rc) {
        err_prefix(e, "%s %s answered %d with a body that is not JSON", service, operation,
                   out.status);
        return rc;
    }
    if (out.status != 200) {
        return service_error(tree, out.status, e);
    }
    *ret = tree;
    return 0;
}
