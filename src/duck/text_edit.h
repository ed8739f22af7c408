/* text_edit.h - text functions as Trino has them, by code points. Pure functions, without DuckDB:
 * the C functions of the engine and the planner's predicates share them. Text is valid UTF-8. */
#ifndef TARN_DUCK_TEXT_EDIT_H
#define TARN_DUCK_TEXT_EDIT_H

#include "base/bytes.h"

/* Bytes of the character that starts with this byte. */
static inline size_t fn_utf8_size(char first) {
    unsigned char b = (unsigned char)first;
    return b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
}
size_t fn_utf8_count(struct bytes v);
/* Byte offset of the nth character (0-based); the length when there are fewer. */
size_t fn_utf8_offset(struct bytes v, size_t n);
/* The code point at a byte offset, and its size; -1 when it is none. */
int32_t text_decode(struct bytes v, size_t at, size_t *ret_size);
void text_add(struct buf *b, int32_t code_point);

void text_upper(struct bytes v, struct buf *out);
struct bytes text_trim_left(struct bytes v);
struct bytes text_trim_right(struct bytes v);
/* 1-based; a negative start counts from the end. */
struct bytes text_substr(struct bytes v, int64_t start, int64_t length);
struct bytes text_bytes_substr(struct bytes v, int64_t start, int64_t length);
/* Of the nth occurrence (not 0; negative: from the end), 1-based; 0: there is none. */
int64_t text_position(struct bytes v, struct bytes what, int64_t nth);
void text_replace(struct bytes v, struct bytes what, struct bytes with, struct buf *out);
void text_reverse(struct bytes v, struct buf *out);
/* False with a reason (static) when the size or the padding is none. */
bool text_pad(struct bytes v, int64_t size, struct bytes with, bool left, struct buf *out,
              const char **ret_why) WARN_UNUSED;
/* False when there are fewer parts; want is 1 or more. */
bool text_split_part(struct bytes v, struct bytes by, int64_t want, struct bytes *ret) WARN_UNUSED;

#endif
