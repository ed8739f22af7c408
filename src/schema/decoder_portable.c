/* decoder_portable.c - the walk with plain 64-bit words, eight bytes at a time.
 *
 * The classic tests for "some byte is zero" and "some byte is small" may flag a byte above the
 * first that is really there, never below it, so the lowest flag is exact. */
#include "schema/decoder_int.h"

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* The first quote, backslash or control character from p on, or end. *high gets top bits of bytes
 * before it. */
static inline const char *scan_string(const char *p, const char *end, uint64_t *high) {
    uint64_t seen = 0;
    for (; end - p >= 8; p += 8) {
        uint64_t v = load64(p);
        uint64_t quote = v ^ (ONES * '"'), slash = v ^ (ONES * '\\');
        uint64_t found =
            ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | ((v - ONES * 0x20) & ~v);
        found &= TOPS;
        if (found) {
            unsigned n = (unsigned)__builtin_ctzll(found) >> 3;
            *high |= seen | (v & TOPS & ((UINT64_C(1) << (8 * n)) - 1));
            return p + n;
        }
        seen |= v & TOPS;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) {
        seen |= (unsigned char)*p++ & 0x80;
    }
    *high |= seen;
    return p;
}

static inline bool key_matches(const struct slot *s, const char *p, const char *end) {
    size_t len = s->len;
    if (len == 0 || (size_t)(end - p) < len) {
        return false;
    }
    if (len < 8 || len > 32) {
        return memcmp(p, s->text, len) == 0;
    }
    uint64_t diff = 0;
    for (size_t i = 0; i + 8 < len; i += 8) {
        diff |= load64(p + i) ^ load64(s->text + i);
    }
    diff |= load64(p + len - 8) ^ load64(s->text + len - 8);
    return diff == 0;
}

#include "schema/decoder_walk.h"

const char *decoder_walk_portable(struct run *r, const char *p, struct decoder_vec *v, size_t row) {
    return walk_document(r, p, v, row);
}
