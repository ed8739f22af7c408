/* bytes.h - borrowed views of memory, by value, and an owned growing buffer.
 *
 * A `struct bytes` never owns; whoever made it says how long it lives. It is not NUL-terminated.
 * A zeroed view is the empty view. */
#ifndef TARN_BASE_BYTES_H
#define TARN_BASE_BYTES_H

#include "base/compiler.h"
#include <string.h>

struct bytes {
    const char *ptr;
    size_t len;
};

/* A view of a string literal. */
#define BYTES(lit) ((struct bytes){.ptr = (lit), .len = sizeof(lit) - 1})

/* For printf's "%.*s". */
#define BYTES_ARG(b) (int)(b).len, (b).ptr

static inline struct bytes bytes_of(const void *ptr, size_t len) {
    return (struct bytes){.ptr = (const char *)ptr, .len = len};
}
static inline struct bytes bytes_str(const char *str) {
    return (struct bytes){.ptr = str, .len = str ? strlen(str) : 0};
}
static inline bool bytes_eq(struct bytes a, struct bytes b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool bytes_eq_str(struct bytes a, const char *str) {
    return bytes_eq(a, bytes_str(str));
}

/* ASCII case-insensitive equality. */
bool bytes_eq_nocase(struct bytes a, struct bytes b);
/* memcmp order, shorter first on a tie. */
int bytes_cmp(struct bytes a, struct bytes b);
bool bytes_starts_with(struct bytes a, struct bytes prefix);
bool bytes_ends_with(struct bytes a, struct bytes suffix);
/* Index of the first `c`, or -1. */
ptrdiff_t bytes_find_char(struct bytes a, char c);
/* Index of the first occurrence of `needle`, or -1. */
ptrdiff_t bytes_find(struct bytes a, struct bytes needle);
/* Without ASCII blanks at both ends. */
struct bytes bytes_trim(struct bytes a);
/* [from, to) clamped to the view. */
struct bytes bytes_slice(struct bytes a, size_t from, size_t to);
/* Splits at the first `sep`: the part before into *ret_head; returns the rest (empty, with ptr
 * NULL, when there is no separator left). Loop: while (rest.ptr) rest = bytes_cut(rest, ',', &h).
 */
struct bytes bytes_cut(struct bytes a, char sep, struct bytes *ret_head);
/* Decimal integers, whole view, optional leading '-'; false when malformed or out of range. */
bool bytes_to_i64(struct bytes a, int64_t *ret) WARN_UNUSED;
bool bytes_to_u64(struct bytes a, uint64_t *ret) WARN_UNUSED;

/* ---- buf: an owned, growing byte buffer. Zero-initialise with {0}; buf_clear frees. ----
 * Appends that run out of memory set `failed`, after which the buffer keeps its content and all
 * further appends do nothing: check buf_ok once at the end. `ptr` moves when the buffer grows. */
struct buf {
    char *ptr;
    size_t len;
    size_t cap;
    bool failed;
};

void buf_clear(struct buf *b);
/* Keeps the memory, forgets the content and the failure. */
void buf_reset(struct buf *b);
static inline bool buf_ok(const struct buf *b) {
    return !b->failed;
}
static inline struct bytes buf_bytes(const struct buf *b) {
    return (struct bytes){.ptr = b->ptr, .len = b->len};
}
/* Room for `extra` more bytes; returns where to write them (then add to len), NULL on no memory. */
char *buf_reserve(struct buf *b, size_t extra);
void buf_add(struct buf *b, struct bytes v);
void buf_add_str(struct buf *b, const char *str);
void buf_add_char(struct buf *b, char c);
void buf_add_fmt(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Appends a NUL that does not count in len and returns the C string, "" when empty; NULL when the
 * buffer has failed. Valid until the next append. */
const char *buf_cstr(struct buf *b);

#endif
