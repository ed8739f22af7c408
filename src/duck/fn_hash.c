/* fn_hash.c - hashes that are not digests: MurmurHash3 and SpookyHash V2, both little-endian.
 *
 * Murmur3 is the 128-bit x64 form with seed 0: two 64-bit lanes, each fed one half of every 16-byte
 * block, then the tail, then mixed with the length. Spooky takes texts under 192 bytes through four
 * 64-bit variables, 32 bytes at a time, and longer ones through twelve, 96 bytes at a time.
 * Sources: https://github.com/aappleby/smhasher/wiki/MurmurHash3 and
 * https://burtleburtle.net/bob/hash/spooky.html (both in the public domain). */
#include "duck/fn_call.h"
#include "duck/fn_int.h"

static uint64_t rotl(uint64_t v, int n) {
    return v << n | v >> (64 - n);
}
static uint64_t read64(const unsigned char *p) {
    uint64_t v = 0;
    for (int k = 7; k >= 0; k--)
        v = v << 8 | p[k];
    return v;
}
static void put_little(unsigned char *out, uint64_t v) {
    for (int k = 0; k < 8; k++)
        out[k] = (unsigned char)(v >> (8 * k));
}
static bool out_big(struct fn_call *c, idx_t i, uint64_t v, int bytes) {
    unsigned char out[8];
    for (int k = 0; k < bytes; k++)
        out[k] = (unsigned char)(v >> (8 * (bytes - 1 - k)));
    return fn_out_str(c, i, bytes_of(out, (size_t)bytes));
}

/* ---- murmur3 ---- */
#define C1 UINT64_C(0x87c37b91114253d5)
#define C2 UINT64_C(0x4cf5ad432745937f)
static uint64_t murmur_mix1(uint64_t k) {
    return rotl(k * C1, 31) * C2;
}
static uint64_t murmur_mix2(uint64_t k) {
    return rotl(k * C2, 33) * C1;
}
static uint64_t murmur_final(uint64_t k) {
    k = (k ^ k >> 33) * UINT64_C(0xff51afd7ed558ccd);
    k = (k ^ k >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return k ^ k >> 33;
}
static void murmur(struct bytes v, uint64_t h[2]) {
    const unsigned char *p = (const unsigned char *)v.ptr;
    unsigned char tail[16] = {0};
    size_t n = v.len;
    h[0] = h[1] = 0;
    for (; n >= 16; n -= 16, p += 16) {
        h[0] = rotl(h[0] ^ murmur_mix1(read64(p)), 27) + h[1];
        h[0] = h[0] * 5 + 0x52dce729;
        h[1] = rotl(h[1] ^ murmur_mix2(read64(p + 8)), 31) + h[0];
        h[1] = h[1] * 5 + 0x38495ab5;
    }
    if (n) {
        memcpy(tail, p, n);
        h[1] ^= murmur_mix2(read64(tail + 8)); /* of zeros: 0 */
        h[0] ^= murmur_mix1(read64(tail));
    }
    h[0] ^= v.len;
    h[1] ^= v.len;
    h[0] += h[1];
    h[1] += h[0];
    h[0] = murmur_final(h[0]);
    h[1] = murmur_final(h[1]);
    h[0] += h[1];
    h[1] += h[0];
}
FN(murmur3) {
    uint64_t h[2];
    unsigned char out[16];
    murmur(fn_str(c, 0, i), h);
    put_little(out, h[0]);
    put_little(out + 8, h[1]);
    return fn_out_str(c, i, bytes_of(out, 16));
}

/* ---- spooky ---- */
#define SPOOKY UINT64_C(0xdeadbeefdeadbeef)
#define SHORT_LIMIT 192
#define BLOCK 96

static void short_mix(uint64_t h[4]) {
    static const int turns[12] = {50, 52, 30, 41, 54, 48, 38, 37, 62, 34, 5, 36};
    for (int k = 0; k < 12; k++) {
        int a = (k + 2) & 3, b = (k + 3) & 3, d = k & 3;
        h[a] = rotl(h[a], turns[k]) + h[b];
        h[d] ^= h[a];
    }
}
static void short_end(uint64_t h[4]) {
    static const int turns[11] = {15, 52, 26, 51, 28, 9, 47, 54, 32, 25, 63};
    for (int k = 0; k < 11; k++) {
        int a = (k + 3) & 3, b = (k + 2) & 3;
        h[a] ^= h[b];
        h[b] = rotl(h[b], turns[k]);
        h[a] += h[b];
    }
}
/* The last up to 15 bytes, into h[2] and h[3]. */
static void short_rest(uint64_t h[4], const unsigned char *p, size_t n) {
    unsigned char rest[16] = {0};
    if (n == 0) {
        h[2] += SPOOKY;
        h[3] += SPOOKY;
        return;
    }
    memcpy(rest, p, n);
    h[2] += read64(rest);
    h[3] += read64(rest + 8);
}
static uint64_t spooky_short(struct bytes v) {
    const unsigned char *p = (const unsigned char *)v.ptr;
    size_t n = v.len;
    uint64_t h[4] = {0, 0, SPOOKY, SPOOKY};
    for (; n >= 32; n -= 32, p += 32) {
        h[2] += read64(p);
        h[3] += read64(p + 8);
        short_mix(h);
        h[0] += read64(p + 16);
        h[1] += read64(p + 24);
    }
    if (n >= 16) {
        h[2] += read64(p);
        h[3] += read64(p + 8);
        short_mix(h);
        n -= 16;
        p += 16;
    }
    h[3] += (uint64_t)v.len << 56;
    short_rest(h, p, n);
    short_end(h);
    return h[0];
}

static void long_mix(uint64_t s[12], const unsigned char *p) {
    static const int turns[12] = {11, 32, 43, 31, 17, 28, 39, 57, 55, 54, 22, 46};
    for (int k = 0; k < 12; k++) {
        s[k] += read64(p + 8 * k);
        s[(k + 2) % 12] ^= s[(k + 10) % 12];
        s[(k + 11) % 12] ^= s[k];
        s[k] = rotl(s[k], turns[k]);
        s[(k + 11) % 12] += s[(k + 1) % 12];
    }
}
static void long_end(uint64_t s[12]) {
    static const int turns[12] = {44, 15, 34, 21, 38, 33, 10, 13, 38, 53, 42, 54};
    for (int k = 0; k < 12; k++) {
        s[(k + 11) % 12] += s[(k + 1) % 12];
        s[(k + 2) % 12] ^= s[(k + 11) % 12];
        s[(k + 1) % 12] = rotl(s[(k + 1) % 12], turns[k]);
    }
}
static uint64_t spooky_long(struct bytes v) {
    const unsigned char *p = (const unsigned char *)v.ptr;
    unsigned char rest[BLOCK] = {0};
    uint64_t s[12];
    size_t n = v.len;
    for (int k = 0; k < 12; k++)
        s[k] = k % 3 == 2 ? SPOOKY : 0;
    for (; n >= BLOCK; n -= BLOCK, p += BLOCK)
        long_mix(s, p);
    memcpy(rest, p, n);
    rest[BLOCK - 1] = (unsigned char)n;
    for (int k = 0; k < 12; k++)
        s[k] += read64(rest + 8 * k);
    for (int k = 0; k < 3; k++)
        long_end(s);
    return s[0];
}
static uint64_t spooky(struct bytes v) {
    return v.len < SHORT_LIMIT ? spooky_short(v) : spooky_long(v);
}
FN(spooky64) {
    return out_big(c, i, spooky(fn_str(c, 0, i)), 8);
}
FN(spooky32) {
    return out_big(c, i, spooky(fn_str(c, 0, i)) & UINT32_MAX, 4);
}

/* ---- numbers as bytes, most significant first ---- */
static uint64_t read_big(struct bytes v) {
    uint64_t r = 0;
    for (size_t k = 0; k < v.len; k++)
        r = r << 8 | (unsigned char)v.ptr[k];
    return r;
}
FN(to_big_endian_64) {
    return out_big(c, i, (uint64_t)fn_i64(c, 0, i), 8);
}
FN(to_big_endian_32) {
    return out_big(c, i, (uint32_t)fn_i32(c, 0, i), 4);
}
FN(from_big_endian_64) {
    struct bytes v = fn_str(c, 0, i);
    return v.len == 8 ? fn_out_i64(c, i, (int64_t)read_big(v))
                      : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                                "expected 8-byte input, but got instead: %zu", v.len);
}
FN(from_big_endian_32) {
    struct bytes v = fn_str(c, 0, i);
    return v.len == 4 ? fn_out_i32(c, i, (int32_t)read_big(v))
                      : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                                "expected 4-byte input, but got instead: %zu", v.len);
}
/* Every NaN is written as Java's one. */
FN(to_ieee754_64) {
    double d = fn_f64(c, 0, i);
    uint64_t v = UINT64_C(0x7ff8000000000000);
    if (d == d)
        memcpy(&v, &d, sizeof(v));
    return out_big(c, i, v, 8);
}
FN(to_ieee754_32) {
    float f = ((const float *)c->args[0])[i];
    uint32_t v = 0x7fc00000;
    if (f == f)
        memcpy(&v, &f, sizeof(v));
    return out_big(c, i, v, 4);
}
FN(from_ieee754_64) {
    struct bytes v = fn_str(c, 0, i);
    if (v.len != 8)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Input floating-point value must be exactly 8 bytes long");
    uint64_t bits = read_big(v);
    double d;
    memcpy(&d, &bits, sizeof(d));
    return fn_out_f64(c, i, d);
}
FN(from_ieee754_32) {
    struct bytes v = fn_str(c, 0, i);
    if (v.len != 4)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Input floating-point value must be exactly 4 bytes long");
    uint32_t bits = (uint32_t)read_big(v);
    memcpy((float *)c->out_data + i, &bits, sizeof(bits));
    return true;
}

const struct duck_function fn_hash_table[] = {
    {"t_murmur3", "BLOB", "BLOB", call_murmur3, 0, NULL},
    {"t_spooky64", "BLOB", "BLOB", call_spooky64, 0, NULL},
    {"t_spooky32", "BLOB", "BLOB", call_spooky32, 0, NULL},
    {"t_to_big_endian_64", "BIGINT", "BLOB", call_to_big_endian_64, 0, NULL},
    {"t_to_big_endian_32", "INTEGER", "BLOB", call_to_big_endian_32, 0, NULL},
    {"t_from_big_endian_64", "BLOB", "BIGINT", call_from_big_endian_64, 0, NULL},
    {"t_from_big_endian_32", "BLOB", "INTEGER", call_from_big_endian_32, 0, NULL},
    {"t_to_ieee754_64", "DOUBLE", "BLOB", call_to_ieee754_64, 0, NULL},
    {"t_to_ieee754_32", "FLOAT", "BLOB", call_to_ieee754_32, 0, NULL},
    {"t_from_ieee754_64", "BLOB", "DOUBLE", call_from_ieee754_64, 0, NULL},
    {"t_from_ieee754_32", "BLOB", "FLOAT", call_from_ieee754_32, 0, NULL},
};
const size_t fn_hash_count = COUNT_OF(fn_hash_table);
