/* http_chunked.c - the aws-chunked content encoding, signed and unsigned, with trailers.
 *
 *   hex-size[;chunk-signature=<64 hex>] CRLF data CRLF ... 0[;chunk-signature=...] CRLF
 *   [name:value CRLF]... [x-amz-trailer-signature:<64 hex> CRLF] CRLF
 *
 * Reads lines byte by byte into a small buffer and passes data through without copying. Lines end
 * with LF; a CR before it is dropped. Trailers become headers of the request. Source:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
#include "base/encode.h"
#include "base/mem.h"
#include "http/http_int.h"

enum state { AT_SIZE, IN_DATA, AFTER_DATA, IN_TRAILER };

struct chunked {
    struct body_filter base;
    struct body *body;
    struct arena *arena;
    enum state state;
    uint64_t left; /* of the chunk's data */
    size_t line_len;
    char line[1024];
    char signature[65]; /* of the chunk under way */
    bool check, trailer_signed;
    struct sigv4_chunks keys;
    struct digest *sha;         /* of the chunk's data */
    struct digest *trailer_sha; /* of the trailer lines */
};

static int bad(struct err *e, const char *why) {
    return err_set_named(e, ERR_S3, "InvalidChunkSizeError", 400,
                         "The aws-chunked body is malformed: %s.", why);
}

static int bad_signature(struct err *e) {
    return err_set_named(e, ERR_S3, "SignatureDoesNotMatch", 403,
                         "The chunk signature we calculated does not match the one you provided.");
}

/* The chunk's data is complete: its signature must fit. */
static int check_chunk(struct chunked *c, struct err *e) {
    uint8_t digest[32];
    if (!c->check)
        return 0;
    digest_finish(c->sha, digest);
    return sigv4_chunks_check(&c->keys, digest, false, bytes_str(c->signature)) ? 0
                                                                                : bad_signature(e);
}

static bool parse_size(struct bytes text, uint64_t *ret) {
    uint64_t n = 0;
    if (text.len == 0 || text.len > 15)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], low = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            n = n * 16 + (uint64_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            n = n * 16 + (uint64_t)(low - 'a' + 10);
        else
            return false;
    }
    *ret = n;
    return true;
}

static int size_line(struct chunked *c, struct bytes line, struct err *e) {
    struct bytes size, extension = bytes_cut(line, ';', &size);
    if (!parse_size(bytes_trim(size), &c->left))
        return bad(e, "a chunk's size is not a hexadecimal number");
    struct bytes prefix = BYTES("chunk-signature=");
    c->signature[0] = 0;
    if (bytes_starts_with(extension, prefix) && extension.len == prefix.len + 64) {
        memcpy(c->signature, extension.ptr + prefix.len, 64);
        c->signature[64] = 0;
    }
    c->state = c->left ? IN_DATA : IN_TRAILER;
    return c->left ? 0 : check_chunk(c, e);
}

static int check_trailer(struct chunked *c, struct bytes signature, struct err *e) {
    uint8_t digest[32];
    c->trailer_signed = true;
    if (!c->check)
        return 0;
    digest_finish(c->trailer_sha, digest);
    return sigv4_chunks_check(&c->keys, digest, true, signature) ? 0 : bad_signature(e);
}

static int trailer_line(struct chunked *c, struct bytes line, struct err *e) {
    struct bytes name, value = bytes_cut(line, ':', &name);
    if (line.len == 0)
        return 0;
    if (!value.ptr)
        return bad(e, "a trailer has no colon");
    value = bytes_trim(value);
    if (bytes_eq_nocase(name, BYTES("x-amz-trailer-signature")))
        return check_trailer(c, value, e);
    if (c->body->trailer_count == HTTP_MAX_TRAILERS)
        return bad(e, "it has more than 8 trailers");
    struct sigv4_header *t = &c->body->trailers[c->body->trailer_count++];
    t->name = arena_copy(c->arena, name);
    t->value = arena_copy(c->arena, value);
    if (c->check) {
        digest_update(c->trailer_sha, name);
        digest_update(c->trailer_sha, BYTES(":"));
        digest_update(c->trailer_sha, value);
        digest_update(c->trailer_sha, BYTES("\n"));
    }
    return c->arena->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static int end_line(struct chunked *c, struct err *e) {
    struct bytes line = bytes_of(c->line, c->line_len);
    c->line_len = 0;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (c->state == AT_SIZE)
        return size_line(c, line, e);
    if (c->state == IN_TRAILER)
        return trailer_line(c, line, e);
    if (line.len > 0)
        return bad(e, "a chunk is longer than its size says");
    c->state = AT_SIZE;
    return 0;
}

/* Takes up to and including the next LF; returns how many bytes it took. */
static int take_line(struct chunked *c, struct bytes data, size_t *ret_taken, struct err *e) {
    ptrdiff_t at = bytes_find_char(data, '\n');
    size_t part = at < 0 ? data.len : (size_t)at;
    if (c->line_len + part > sizeof(c->line))
        return bad(e, "a line is longer than 1024 bytes");
    memcpy(c->line + c->line_len, data.ptr, part);
    c->line_len += part;
    *ret_taken = at < 0 ? part : part + 1;
    return at < 0 ? 0 : end_line(c, e);
}

static int take_data(struct chunked *c, struct bytes data, size_t *ret_taken, struct err *e) {
    struct bytes part = bytes_slice(data, 0, MIN_OF(c->left, data.len));
    if (c->check)
        digest_update(c->sha, part);
    int rc = body_pass(&c->base, part, e);
    if (rc)
        return rc;
    *ret_taken = part.len;
    c->left -= part.len;
    if (c->left > 0)
        return 0;
    c->state = AFTER_DATA;
    return check_chunk(c, e);
}

static int chunked_write(struct body_filter *f, struct bytes data, struct err *e) {
    struct chunked *c = (struct chunked *)f;
    int rc = 0;
    while (data.len > 0 && rc == 0) {
        size_t taken = 0;
        rc = c->state == IN_DATA ? take_data(c, data, &taken, e) : take_line(c, data, &taken, e);
        data = bytes_slice(data, taken, data.len);
    }
    return rc;
}

static int chunked_finish(struct body_filter *f, struct err *e) {
    struct chunked *c = (struct chunked *)f;
    int rc = c->state == IN_TRAILER ? end_line(c, e) : 0;
    if (rc)
        return rc;
    if (c->state != IN_TRAILER)
        return err_set_named(e, ERR_S3, "IncompleteBody", 400,
                             "The aws-chunked body ends before its last chunk.");
    if (c->check && c->body->trailer_count > 0 && !c->trailer_signed)
        return bad_signature(e);
    return body_pass_finish(f, e);
}

static void chunked_clear(struct body_filter *f) {
    struct chunked *c = (struct chunked *)f;
    digest_free(&c->sha);
    digest_free(&c->trailer_sha);
}

struct body_filter *body_chunked_new(struct body *b, const struct body_options *o,
                                     struct body_filter *next) {
    struct chunked *c = ARENA_NEW(o->arena, struct chunked);
    if (!c)
        return NULL;
    c->base = (struct body_filter){chunked_write, chunked_finish, chunked_clear, next};
    c->body = b;
    c->arena = o->arena;
    b->first = &c->base;
    if (!o->chunk_keys)
        return &c->base;
    c->check = true;
    c->keys = *o->chunk_keys;
    c->sha = digest_new(DIGEST_SHA256);
    c->trailer_sha = digest_new(DIGEST_SHA256);
    return c->sha && c->trailer_sha ? &c->base : NULL;
}
