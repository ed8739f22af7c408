/* fn_binary.c - digests and encodings of varbinary. */
#include "base/hash.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <utf8proc.h>

static bool digest(struct fn_call *c, idx_t i, const EVP_MD *md) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct bytes v = fn_str(c, 0, i);
    if (!EVP_Digest(v.len ? v.ptr : "", v.len, out, &n, md, NULL))
        return fn_fail(c, i, "GENERIC_INTERNAL_ERROR", "The digest failed");
    return fn_out_str(c, i, bytes_of(out, n));
}
static bool keyed(struct fn_call *c, idx_t i, const EVP_MD *md) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct bytes v = fn_str(c, 0, i), key = fn_str(c, 1, i);
    if (!HMAC(md, key.len ? key.ptr : "", (int)key.len, (const unsigned char *)(v.len ? v.ptr : ""),
              v.len, out, &n))
        return fn_fail(c, i, "GENERIC_INTERNAL_ERROR", "The digest failed");
    return fn_out_str(c, i, bytes_of(out, n));
}
#define DIGEST(name)                                                                               \
    FN(name) {                                                                                     \
        return digest(c, i, EVP_##name());                                                         \
    }                                                                                              \
    FN(hmac_##name) {                                                                              \
        return keyed(c, i, EVP_##name());                                                          \
    }
DIGEST(md5)
DIGEST(sha1)
DIGEST(sha256)
DIGEST(sha512)

FN(crc32) {
    struct bytes v = fn_str(c, 0, i);
    return fn_out_i64(c, i, crc32_ieee(0, v.ptr, v.len));
}

/* XXH64, seed 0; the result is its big-endian bytes. */
#define P1 UINT64_C(11400714785074694791)
#define P2 UINT64_C(14029467366897019727)
#define P3 UINT64_C(1609587929392839161)
#define P4 UINT64_C(9650029242287828579)
#define P5 UINT64_C(2870177450012600261)
static uint64_t rotl(uint64_t v, int n) {
    return v << n | v >> (64 - n);
}
static uint64_t read64(const unsigned char *p) {
    uint64_t v = 0;
    for (int k = 7; k >= 0; k--)
        v = v << 8 | p[k];
    return v;
}
static uint64_t xx_round(uint64_t acc, uint64_t in) {
    return rotl(acc + in * P2, 31) * P1;
}
static uint64_t xx_merge(uint64_t h, uint64_t v) {
    return (h ^ xx_round(0, v)) * P1 + P4;
}
static uint64_t xx_long(const unsigned char **p, size_t *n) {
    uint64_t v[4] = {P1 + P2, P2, 0, -P1};
    for (; *n >= 32; *n -= 32, *p += 32)
        for (int k = 0; k < 4; k++)
            v[k] = xx_round(v[k], read64(*p + 8 * k));
    uint64_t h = rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) + rotl(v[3], 18);
    for (int k = 0; k < 4; k++)
        h = xx_merge(h, v[k]);
    return h;
}
static uint64_t xx64(struct bytes v) {
    const unsigned char *p = (const unsigned char *)v.ptr;
    size_t n = v.len;
    uint64_t h = n >= 32 ? xx_long(&p, &n) : P5;
    h += v.len;
    for (; n >= 8; n -= 8, p += 8)
        h = rotl(h ^ xx_round(0, read64(p)), 27) * P1 + P4;
    if (n >= 4) {
        uint64_t w =
            (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
        h = rotl(h ^ w * P1, 23) * P2 + P3;
        n -= 4;
        p += 4;
    }
    for (; n; n--, p++)
        h = rotl(h ^ *p * P5, 11) * P1;
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P3;
    return h ^ h >> 32;
}
FN(xxhash64) {
    uint64_t h = xx64(fn_str(c, 0, i));
    unsigned char out[8];
    for (int k = 0; k < 8; k++)
        out[k] = (unsigned char)(h >> (56 - 8 * k));
    return fn_out_str(c, i, bytes_of(out, 8));
}

FN(from_utf8) {
    struct bytes v = fn_str(c, 0, i);
    buf_reset(&c->scratch);
    for (size_t at = 0; at < v.len;) {
        utf8proc_int32_t cp;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)v.ptr + at,
                                              (utf8proc_ssize_t)(v.len - at), &cp);
        buf_add(&c->scratch, n > 0 ? bytes_slice(v, at, at + (size_t)n) : BYTES("\xEF\xBF\xBD"));
        at += n > 0 ? (size_t)n : 1;
    }
    return fn_out_scratch(c, i);
}
static int hex(char ch) {
    return isdigit((unsigned char)ch) ? ch - '0' : (ch | 32) - 'a' + 10;
}
FN(from_hex) {
    struct bytes v = fn_str(c, 0, i);
    bool ok = v.len % 2 == 0;
    buf_reset(&c->scratch);
    for (size_t k = 0; ok && k < v.len; k += 2) {
        ok = isxdigit((unsigned char)v.ptr[k]) && isxdigit((unsigned char)v.ptr[k + 1]);
        if (ok)
            buf_add_char(&c->scratch, (char)(hex(v.ptr[k]) * 16 + hex(v.ptr[k + 1])));
    }
    return ok ? fn_out_scratch(c, i)
              : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid input for from_hex: %.*s",
                        (int)MIN_OF(v.len, (size_t)100), v.ptr);
}
static int base64_value(char ch) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = ch ? strchr(digits, ch) : NULL;
    return p ? (int)(p - digits) : -1;
}
FN(from_base64) {
    struct bytes v = fn_str(c, 0, i);
    unsigned bits = 0, have = 0;
    while (v.len && v.ptr[v.len - 1] == '=')
        v.len--;
    bool ok = v.len % 4 != 1;
    buf_reset(&c->scratch);
    for (size_t k = 0; ok && k < v.len; k++) {
        int d = base64_value(v.ptr[k]);
        ok = d >= 0;
        bits = bits << 6 | (unsigned)(d & 63);
        have += 6;
        if (ok && have >= 8) {
            have -= 8;
            buf_add_char(&c->scratch, (char)(bits >> have & 255));
        }
    }
    return ok ? fn_out_scratch(c, i)
              : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Illegal base64 character");
}

#define ROW(name)                                                                                  \
    { "t_" #name, "BLOB", "BLOB", call_##name, 0, NULL }
#define HROW(name)                                                                                 \
    { "t_hmac_" #name, "BLOB, BLOB", "BLOB", call_hmac_##name, 0, NULL }
const struct duck_function fn_binary_table[] = {
    ROW(md5),
    ROW(sha1),
    ROW(sha256),
    ROW(sha512),
    HROW(md5),
    HROW(sha1),
    HROW(sha256),
    HROW(sha512),
    ROW(xxhash64),
    {"t_crc32", "BLOB", "BIGINT", call_crc32, 0, NULL},
    {"t_from_utf8", "BLOB", "VARCHAR", call_from_utf8, 0, NULL},
    {"t_from_hex", "VARCHAR", "BLOB", call_from_hex, 0, NULL},
    {"t_from_base64", "VARCHAR", "BLOB", call_from_base64, 0, NULL},
};
const size_t fn_binary_count = COUNT_OF(fn_binary_table);
