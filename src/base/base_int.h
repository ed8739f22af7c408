/* base_int.h - inside base only: portable twins for tests, and helpers shared by encode and json.
 */
#ifndef TARN_BASE_BASE_INT_H
#define TARN_BASE_BASE_INT_H

#include "base/bytes.h"

/* Length (1-4) of the valid UTF-8 sequence at `p`, 0 when it is malformed or cut off. */
size_t utf8_sequence_len(const uint8_t *p, size_t avail);

/* The portable forms, whatever the CPU can do. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);
size_t base64_encode_portable(struct bytes in, char *out);
ptrdiff_t base64_decode_portable(struct bytes in, char *out) WARN_UNUSED;

/* Bulk base64: the SIMD code does as many whole groups as it can and says how many input bytes it
 * took; the portable code does the rest. Decoding stops before the first doubtful group. */
size_t base64_encode_bulk(const uint8_t *in, size_t len, char *out);
size_t base64_decode_bulk(const uint8_t *in, size_t len, char *out);

#endif
