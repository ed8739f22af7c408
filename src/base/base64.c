/* base64.c - base64 in bulk with SIMD, the rest by table.
 *
 * AVX2 encoding: a shuffle puts the 3 bytes of each group into 4 bytes, two multiplications shift
 * the four 6-bit fields into place, and the alphabet is one table of offsets indexed by range.
 * Decoding: two nibble tables, whose AND is non-zero exactly for bytes outside the alphabet; a
 * third gives the offset of the byte's range; two multiply-adds pack 4 x 6 bits into 3 bytes (the
 * method of W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions",
 * 2018). NEON: de-interleaving loads and 64-byte table look-ups. */
#include "base/base_int.h"
#include "base/encode.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value of each base64 character + 1; 0 for all others. */
static const uint8_t value_plus_1[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

#if defined(__x86_64__)

__attribute__((target("avx2"))) static size_t encode_avx2(const uint8_t *in, size_t len,
                                                          char *out) {
    const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0,
                                            2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const __m256i offsets =
        _mm256_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0, 71, -4, -4,
                         -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
    size_t at = 0;
    for (; len - at >= 28; at += 24, out += 32) {
        __m128i low = _mm_loadu_si128((const __m128i *)(in + at));
        __m128i high = _mm_loadu_si128((const __m128i *)(in + at + 12));
        __m256i v = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
        __m256i ac = _mm256_mulhi_epu16(_mm256_and_si256(v, _mm256_set1_epi32(0x0fc0fc00)),
                                        _mm256_set1_epi32(0x04000040));
        __m256i bd = _mm256_mullo_epi16(_mm256_and_si256(v, _mm256_set1_epi32(0x003f03f0)),
                                        _mm256_set1_epi32(0x01000010));
        __m256i index = _mm256_or_si256(ac, bd);
        __m256i range = _mm256_subs_epu8(index, _mm256_set1_epi8(51));
        __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), index);
        range = _mm256_or_si256(range, _mm256_and_si256(upper, _mm256_set1_epi8(13)));
        __m256i text = _mm256_add_epi8(index, _mm256_shuffle_epi8(offsets, range));
        _mm256_storeu_si256((__m256i *)out, text);
    }
    return at;
}

__attribute__((target("avx2"))) static size_t decode_avx2(const uint8_t *in, size_t len,
                                                          char *out) {
    const __m256i bad_low =
        _mm256_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a,
                         0x1b, 0x1b, 0x1b, 0x1a, 0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                         0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
    const __m256i bad_high =
        _mm256_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10,
                         0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
                         0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i roll = _mm256_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0,
                                          0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i pack = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2,
                                          1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i slash = _mm256_set1_epi8(0x2f); /* also serves as nibble mask: bit 7 stays 0 */
    size_t at = 0;
    for (; len - at >= 44; at += 32, out += 24) { /* 32 bytes are stored, 24 are meant */
        __m256i v = _mm256_loadu_si256((const __m256i *)(in + at));
        __m256i high = _mm256_and_si256(_mm256_srli_epi32(v, 4), slash);
        __m256i low = _mm256_and_si256(v, slash);
        if (!_mm256_testz_si256(_mm256_shuffle_epi8(bad_low, low),
                                _mm256_shuffle_epi8(bad_high, high))) {
            break;
        }
        __m256i is_slash = _mm256_cmpeq_epi8(v, slash);
        v = _mm256_add_epi8(v, _mm256_shuffle_epi8(roll, _mm256_add_epi8(is_slash, high)));
        v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
        v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));
        v = _mm256_shuffle_epi8(v, pack);
        v = _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
        _mm256_storeu_si256((__m256i *)out, v);
    }
    return at;
}

size_t base64_encode_bulk(const uint8_t *in, size_t len, char *out) {
    return __builtin_cpu_supports("avx2") ? encode_avx2(in, len, out) : 0;
}

size_t base64_decode_bulk(const uint8_t *in, size_t len, char *out) {
    return __builtin_cpu_supports("avx2") ? decode_avx2(in, len, out) : 0;
}

#elif defined(__aarch64__)

size_t base64_encode_bulk(const uint8_t *in, size_t len, char *out) {
    const uint8x16x4_t letters = vld1q_u8_x4((const uint8_t *)alphabet);
    const uint8x16_t six = vdupq_n_u8(63);
    size_t at = 0;
    for (; len - at >= 48; at += 48, out += 64) {
        uint8x16x3_t v = vld3q_u8(in + at);
        uint8x16x4_t t;
        t.val[0] = vshrq_n_u8(v.val[0], 2);
        t.val[1] = vandq_u8(vsliq_n_u8(vshrq_n_u8(v.val[1], 4), v.val[0], 4), six);
        t.val[2] = vandq_u8(vsliq_n_u8(vshrq_n_u8(v.val[2], 6), v.val[1], 2), six);
        t.val[3] = vandq_u8(v.val[2], six);
        for (int i = 0; i < 4; i++) {
            t.val[i] = vqtbl4q_u8(letters, t.val[i]);
        }
        vst4q_u8((uint8_t *)out, t);
    }
    return at;
}

size_t base64_decode_bulk(const uint8_t *in, size_t len, char *out) {
    const uint8x16x4_t low = vld1q_u8_x4(value_plus_1);       /* characters 0..63 */
    const uint8x16x4_t high = vld1q_u8_x4(value_plus_1 + 64); /* characters 64..127 */
    const uint8x16_t one = vdupq_n_u8(1);
    size_t at = 0;
    for (; len - at >= 64; at += 64, out += 48) {
        uint8x16x4_t v = vld4q_u8(in + at);
        uint8x16_t least = vdupq_n_u8(255);
        for (int i = 0; i < 4; i++) {
            uint8x16_t upper =
                vsubq_u8(v.val[i], vdupq_n_u8(64)); /* wraps out of range when < 64 */
            v.val[i] = vqtbx4q_u8(vqtbl4q_u8(low, v.val[i]), high, upper);
            least = vminq_u8(least, v.val[i]);
            v.val[i] = vsubq_u8(v.val[i], one);
        }
        if (vminvq_u8(least) == 0) {
            break;
        }
        uint8x16x3_t t;
        t.val[0] = vorrq_u8(vshlq_n_u8(v.val[0], 2), vshrq_n_u8(v.val[1], 4));
        t.val[1] = vorrq_u8(vshlq_n_u8(v.val[1], 4), vshrq_n_u8(v.val[2], 2));
        t.val[2] = vorrq_u8(vshlq_n_u8(v.val[2], 6), v.val[3]);
        vst3q_u8((uint8_t *)out, t);
    }
    return at;
}

#else

size_t base64_encode_bulk(const uint8_t *in, size_t len, char *out) {
    return 0;
}

size_t base64_decode_bulk(const uint8_t *in, size_t len, char *out) {
    return 0;
}

#endif

size_t base64_encode_portable(struct bytes in, char *out) {
    const uint8_t *p = (const uint8_t *)in.ptr;
    const char *start = out;
    size_t len = in.len;
    for (; len >= 3; p += 3, len -= 3) {
        uint32_t group = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[group >> 6 & 63];
        *out++ = alphabet[group & 63];
    }
    if (len > 0) {
        uint32_t group = (uint32_t)p[0] << 16 | (len > 1 ? (uint32_t)p[1] << 8 : 0);
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = len > 1 ? alphabet[group >> 6 & 63] : '=';
        *out++ = '=';
    }
    return (size_t)(out - start);
}

/* The last group may end in one or two '='. Returns the bytes written, 0 when malformed. */
static size_t decode_last(const uint8_t *p, char *out) {
    size_t pad = p[3] != '=' ? 0 : (p[2] != '=' ? 1 : 2);
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t v = i < 4 - pad ? value_plus_1[p[i]] : 1;
        if (v == 0) {
            return 0;
        }
        group = group << 6 | (v - 1);
    }
    out[0] = (char)(group >> 16);
    if (pad < 2) {
        out[1] = (char)(group >> 8);
    }
    if (pad < 1) {
        out[2] = (char)group;
    }
    return 3 - pad;
}

ptrdiff_t base64_decode_portable(struct bytes in, char *out) {
    const uint8_t *p = (const uint8_t *)in.ptr;
    const char *start = out;
    if (in.len % 4 != 0) {
        return -1;
    }
    if (in.len == 0) {
        return 0;
    }
    for (size_t left = in.len; left > 4; left -= 4, p += 4) {
        uint32_t a = value_plus_1[p[0]], b = value_plus_1[p[1]];
        uint32_t c = value_plus_1[p[2]], d = value_plus_1[p[3]];
        if (!a || !b || !c || !d) {
            return -1;
        }
        uint32_t group = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
        *out++ = (char)(group >> 16);
        *out++ = (char)(group >> 8);
        *out++ = (char)group;
    }
    size_t last = decode_last(p, out);
    return last ? out + last - start : -1;
}

size_t base64_encode(struct bytes in, char *out) {
    size_t done = base64_encode_bulk((const uint8_t *)in.ptr, in.len, out);
    size_t written = done / 3 * 4;
    return written + base64_encode_portable(bytes_slice(in, done, in.len), out + written);
}

ptrdiff_t base64_decode(struct bytes in, char *out) {
    size_t done = base64_decode_bulk((const uint8_t *)in.ptr, in.len, out);
    size_t written = done / 4 * 3;
    if (done > 0 && done == in.len) {
        return (ptrdiff_t)written;
    }
    ptrdiff_t rest = base64_decode_portable(bytes_slice(in, done, in.len), out + written);
    return rest < 0 ? -1 : (ptrdiff_t)written + rest;
}

void buf_add_base64(struct buf *b, struct bytes in) {
    char *at = buf_reserve(b, base64_encoded_len(in.len));
    if (at) {
        b->len += base64_encode(in, at);
    }
}
