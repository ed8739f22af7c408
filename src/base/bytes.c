/* bytes.c - views and the growing buffer.
 *
 * A buffer doubles, so that n appends cost O(n); the first failure sticks, which lets writers check
 * once at the end instead of after each append. */
#include "base/bytes.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool bytes_eq_nocase(struct bytes a, struct bytes b) {
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

int bytes_cmp(struct bytes a, struct bytes b) {
    size_t common = MIN_OF(a.len, b.len);
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

bool bytes_starts_with(struct bytes a, struct bytes prefix) {
    return a.len >= prefix.len && bytes_eq(bytes_of(a.ptr, prefix.len), prefix);
}

bool bytes_ends_with(struct bytes a, struct bytes suffix) {
    return a.len >= suffix.len &&
           (suffix.len == 0 || bytes_eq(bytes_of(a.ptr + a.len - suffix.len, suffix.len), suffix));
}

ptrdiff_t bytes_find_char(struct bytes a, char c) {
    const char *at = a.len ? memchr(a.ptr, c, a.len) : NULL;
    return at ? at - a.ptr : -1;
}

ptrdiff_t bytes_find(struct bytes a, struct bytes needle) {
    if (needle.len == 0) {
        return 0;
    }
    const char *at = a.len ? memmem(a.ptr, a.len, needle.ptr, needle.len) : NULL;
    return at ? at - a.ptr : -1;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct bytes bytes_trim(struct bytes a) {
    while (a.len > 0 && is_blank(a.ptr[0])) {
        a.ptr++;
        a.len--;
    }
    while (a.len > 0 && is_blank(a.ptr[a.len - 1])) {
        a.len--;
    }
    return a;
}

struct bytes bytes_slice(struct bytes a, size_t from, size_t to) {
    to = MIN_OF(to, a.len);
    from = MIN_OF(from, to);
    return (struct bytes){.ptr = a.ptr ? a.ptr + from : NULL, .len = to - from};
}

struct bytes bytes_cut(struct bytes a, char sep, struct bytes *ret_head) {
    ptrdiff_t at = bytes_find_char(a, sep);
    if (at < 0) {
        *ret_head = a;
        return (struct bytes){0};
    }
    *ret_head = bytes_of(a.ptr, (size_t)at);
    return bytes_of(a.ptr + at + 1, a.len - (size_t)at - 1);
}

bool bytes_to_u64(struct bytes a, uint64_t *ret) {
    uint64_t value = 0;
    if (a.len == 0) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] < '0' || a.ptr[i] > '9') {
            return false;
        }
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(a.ptr[i] - '0'), &value)) {
            return false;
        }
    }
    *ret = value;
    return true;
}

bool bytes_to_i64(struct bytes a, int64_t *ret) {
    bool negative = a.len > 0 && a.ptr[0] == '-';
    uint64_t magnitude;
    if (!bytes_to_u64(negative ? bytes_slice(a, 1, a.len) : a, &magnitude)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* ---- buf ---- */

void buf_clear(struct buf *b) {
    mem_free(b->ptr);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b) {
    b->len = 0;
    b->failed = false;
}

static bool buf_grow(struct buf *b, size_t need) {
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need) {
        cap = cap > SIZE_MAX / 4 ? need : cap * 2;
    }
    char *moved = mem_realloc(b->ptr, cap);
    if (!moved) {
        return false;
    }
    b->ptr = moved;
    b->cap = cap;
    return true;
}

char *buf_reserve(struct buf *b, size_t extra) {
    if (b->failed) {
        return NULL;
    }
    if (extra > b->cap - b->len || !b->ptr) {
        bool fits = extra <= SIZE_MAX / 2 && b->len <= SIZE_MAX / 2 - extra;
        if (!fits || !buf_grow(b, b->len + extra)) {
            b->failed = true;
            return NULL;
        }
    }
    return b->ptr + b->len;
}

void buf_add(struct buf *b, struct bytes v) {
    char *at = buf_reserve(b, v.len);
    if (at && v.len > 0) {
        memcpy(at, v.ptr, v.len);
        b->len += v.len;
    }
}

void buf_add_str(struct buf *b, const char *str) {
    buf_add(b, bytes_str(str));
}

void buf_add_char(struct buf *b, char c) {
    char *at = buf_reserve(b, 1);
    if (at) {
        *at = c;
        b->len++;
    }
}

void buf_add_fmt(struct buf *b, const char *fmt, ...) {
    va_list ap;
    char *at = buf_reserve(b, 64);
    if (!at) {
        return;
    }
    va_start(ap, fmt);
    int len = vsnprintf(at, b->cap - b->len, fmt, ap);
    va_end(ap);
    if (len >= 0 && (size_t)len >= b->cap - b->len) {
        at = buf_reserve(b, (size_t)len + 1);
        if (!at) {
            return;
        }
        va_start(ap, fmt);
        len = vsnprintf(at, (size_t)len + 1, fmt, ap);
        va_end(ap);
    }
    if (len < 0) {
        b->failed = true;
        return;
    }
    b->len += (size_t)len;
}

const char *buf_cstr(struct buf *b) {
    char *at = buf_reserve(b, 1);
    if (!at) {
        return NULL;
    }
    *at = '\0';
    return b->ptr;
}
