/* fn_binary.c - digests of varbinary. */
#include "base/hash.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

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
uint64_t duck_xx64(struct bytes v) {
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
    uint64_t h = duck_xx64(fn_str(c, 0, i));
    unsigned char out[8];
    for (int k = 0; k < 8; k++)
        out[k] = (unsigned char)(h >> (56 - 8 * k));
    return fn_out_str(c, i, bytes_of(out, 8));
}

#define ROW(name)                                                                                  \
    { "t_" #name, "BLOB", "BLOB", call_##name, 0, NULL }
#define HROW(name)                                                                                 \
    { "t_hmac_" #name, "BLOB, BLOB", "BLOB", call_hmac_##name, 0, NULL }
const struct duck_function fn_binary_table[] = {
    ROW(md5),      ROW(sha1),
    ROW(sha256),   ROW(sha512),
    HROW(md5),     HROW(sha1),
    HROW(sha256),  HROW(sha512),
    ROW(xxhash64), {"t_crc32", "BLOB", "BIGINT", call_crc32, 0, NULL},
};
const size_t fn_binary_count = COUNT_OF(fn_binary_table);
