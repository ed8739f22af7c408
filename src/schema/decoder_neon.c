/* decoder_neon.c - the walk with 16-byte vectors, for arm64.
 *
 * NEON has no movemask; narrowing each 16-bit lane by four bits leaves a nibble per byte, which
 * does as well. As with AVX2, near the end the record's last 16 bytes are loaded and shifted down.
 */
#if defined(__aarch64__)
#include <arm_neon.h>

#include "schema/decoder_int.h"

static inline uint64_t nibbles(uint8x16_t v) {
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(v), 4)), 0);
}

static inline const char *scan_string(const char *p, const char *end, uint64_t *high) {
    const char *last = end - 16;
    uint64_t seen = 0;
    for (;;) {
        const char *q = p < last ? p : last;
        size_t skip = (size_t)(p - q);
        if (skip >= 16) {
            *high |= seen;
            return end;
        }
        uint8x16_t v = vld1q_u8((const uint8_t *)q);
        uint8x16_t found =
            vorrq_u8(vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\'))),
                     vcltq_u8(v, vdupq_n_u8(0x20)));
        uint64_t m = nibbles(found) >> (4 * skip);
        uint64_t h = nibbles(vcgeq_u8(v, vdupq_n_u8(0x80))) >> (4 * skip);
        if (m) {
            *high |= seen | (h & (m ^ (m - 1)));
            return p + (__builtin_ctzll(m) >> 2);
        }
        seen |= h;
        if (q == last) {
            *high |= seen;
            return end;
        }
        p += 16;
    }
}

static inline bool key_matches(const struct slot *s, const char *p, const char *end) {
    size_t len = s->len;
    if (len == 0 || (size_t)(end - p) < len) {
        return false;
    }
    if (len < 16) {
        return memcmp(p, s->text, len) == 0;
    }
    uint8x16_t same = vdupq_n_u8(0xFF);
    for (size_t i = 0; i + 16 < len; i += 16) {
        same = vandq_u8(same, vceqq_u8(vld1q_u8((const uint8_t *)p + i),
                                       vld1q_u8((const uint8_t *)s->text + i)));
    }
    same = vandq_u8(same, vceqq_u8(vld1q_u8((const uint8_t *)p + len - 16),
                                   vld1q_u8((const uint8_t *)s->text + len - 16)));
    return nibbles(same) == UINT64_MAX;
}

#include "schema/decoder_walk.h"

const char *decoder_walk_neon(struct run *r, const char *p, struct decoder_vec *v, size_t row) {
    return walk_document(r, p, v, row);
}
#else
typedef int decoder_neon_is_for_arm64;
#endif
