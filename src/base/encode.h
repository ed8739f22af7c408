/* encode.h - base64 (RFC 4648 standard alphabet), hex, URI percent-encoding, UTF-8 checks. SIMD
 * where the machine has it (chosen at run time), with a portable twin. */
#ifndef TARN_BASE_ENCODE_H
#define TARN_BASE_ENCODE_H

#include "base/arena.h"

/* Upper bounds for output sizes. */
static inline size_t base64_encoded_len(size_t n) {
    return (n + 2) / 3 * 4;
}
static inline size_t base64_decoded_max(size_t n) {
    return n / 4 * 3 + 3;
}
/* Writes base64_encoded_len(in.len) bytes (no NUL) and returns that count. */
size_t base64_encode(struct bytes in, char *out);
/* Strict: correct padding required, no blanks. Returns the length, or -1 when malformed. `out` has
 * base64_decoded_max(in.len) bytes and may not overlap `in`. */
ptrdiff_t base64_decode(struct bytes in, char *out) WARN_UNUSED;
void buf_add_base64(struct buf *b, struct bytes in);

/* Lower-case hex; `out` has 2 * n bytes, no NUL. */
void hex_encode(struct bytes in, char *out);
ptrdiff_t hex_decode(struct bytes in, char *out) WARN_UNUSED;

/* RFC 3986 as AWS wants it: unreserved stay, all else %XX upper case; '/' kept when keep_slash. */
void buf_add_uri(struct buf *b, struct bytes in, bool keep_slash);
/* Decodes %XX (and '+' as blank when plus_is_blank) into the arena; false when malformed. */
bool uri_decode(struct arena *a, struct bytes in, bool plus_is_blank,
                struct bytes *ret) WARN_UNUSED;

/* True when the whole view is valid UTF-8 (no surrogates, no overlong forms). */
bool utf8_valid(struct bytes in);

#endif
