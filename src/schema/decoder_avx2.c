/* decoder_avx2.c - the walk with 32-byte vectors, for x86-64 with AVX2 and BMI2.
 *
 * No load leaves the record: where fewer than 32 bytes are left, the last 32 of the record are
 * loaded instead and the mask is shifted down. That is why records shorter than 32 bytes take the
 * portable walk. */
#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))),                \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif

#include "schema/decoder_int.h"

static inline const char *scan_string(const char *p, const char *end, uint64_t *high) {
    const char *last = end - 32;
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
    const __m256i control = _mm256_set1_epi8(0x1F);
    uint64_t seen = 0;
    for (;;) {
        const char *q = p < last ? p : last;
        unsigned shift = (unsigned)(p - q);
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)q);
        __m256i found = _mm256_or_si256(
            _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, slash)),
            _mm256_cmpeq_epi8(_mm256_min_epu8(v, control), v));
        uint64_t m = (uint64_t)(uint32_t)_mm256_movemask_epi8(found) >> shift;
        uint64_t h = (uint64_t)(uint32_t)_mm256_movemask_epi8(v) >> shift;
        if (m) {
            *high |= seen | (h & (m ^ (m - 1)));
            return p + __builtin_ctzll(m);
        }
        seen |= h;
        if (q == last) {
            *high |= seen;
            return end;
        }
        p += 32;
    }
}

static inline bool key_matches(const struct slot *s, const char *p, const char *end) {
    if (s->len - 1u < 32u && end - p >= 32) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)s->text);
        uint32_t same = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b));
        return (~same & s->mask) == 0;
    }
    return s->len != 0 && (size_t)(end - p) >= s->len && memcmp(p, s->text, s->len) == 0;
}

#include "schema/decoder_walk.h"

const char *decoder_walk_avx2(struct run *r, const char *p, struct decoder_vec *v, size_t row) {
    return walk_document(r, p, v, row);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int decoder_avx2_is_for_x86_64;
#endif
