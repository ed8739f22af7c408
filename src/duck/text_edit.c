/* text_edit.c - text by code points, with Trino's edge cases. */
#include "duck/text_edit.h"
#include <utf8proc.h>

size_t fn_utf8_count(struct bytes v) {
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++)
        n += ((unsigned char)v.ptr[i] & 0xC0) != 0x80;
    return n;
}

size_t fn_utf8_offset(struct bytes v, size_t n) {
    size_t at = 0;
    while (n-- > 0 && at < v.len)
        at += fn_utf8_size(v.ptr[at]);
    return MIN_OF(at, v.len);
}

int32_t text_decode(struct bytes v, size_t at, size_t *ret_size) {
    utf8proc_int32_t cp;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)v.ptr + at, (utf8proc_ssize_t)(v.len - at), &cp);
    *ret_size = n > 0 ? (size_t)n : 1;
    return n > 0 ? cp : -1;
}
void text_add(struct buf *b, int32_t cp) {
    utf8proc_uint8_t t[4];
    utf8proc_ssize_t n = utf8proc_encode_char(cp, t);
    buf_add(b, bytes_of(t, (size_t)n));
}

void text_upper(struct bytes v, struct buf *out) {
    for (size_t at = 0, n; at < v.len; at += n) {
        int32_t cp = text_decode(v, at, &n);
        if (cp < 0x80)
            buf_add_char(out, (char)(cp >= 'a' && cp <= 'z' ? cp - 32 : v.ptr[at]));
        else /* one to one, as Java maps code points: sharp s stays */
            text_add(out, cp == 0xDF ? cp : utf8proc_toupper(cp));
    }
}

static bool is_blank(int32_t cp) {
    return (cp >= 9 && cp <= 13) || (cp >= 28 && cp <= 32) || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x2006) || (cp >= 0x2008 && cp <= 0x200A) || cp == 0x2028 ||
           cp == 0x2029 || cp == 0x205F || cp == 0x3000;
}
struct bytes text_trim_left(struct bytes v) {
    size_t at = 0, n;
    while (at < v.len && is_blank(text_decode(v, at, &n)))
        at += n;
    return bytes_slice(v, at, v.len);
}
struct bytes text_trim_right(struct bytes v) {
    while (v.len) {
        size_t at = v.len - 1, n;
        while (at > 0 && ((unsigned char)v.ptr[at] & 0xC0) == 0x80)
            at--;
        if (!is_blank(text_decode(v, at, &n)))
            break;
        v.len = at;
    }
    return v;
}

static struct bytes part(struct bytes v, size_t count, int64_t start, int64_t length,
                         bool characters) {
    if (start == 0 || length <= 0)
        return bytes_slice(v, 0, 0);
    if (start < 0)
        start += (int64_t)count + 1;
    if (start < 1 || (uint64_t)start > count)
        return bytes_slice(v, 0, 0);
    size_t from = (size_t)start - 1;
    size_t n = (uint64_t)length > count - from ? count - from : (size_t)length;
    if (!characters)
        return bytes_slice(v, from, from + n);
    size_t at = fn_utf8_offset(v, from);
    struct bytes rest = bytes_slice(v, at, v.len);
    return bytes_slice(rest, 0, fn_utf8_offset(rest, n));
}

struct bytes text_substr(struct bytes v, int64_t start, int64_t length) {
    return part(v, fn_utf8_count(v), start, length, true);
}
struct bytes text_bytes_substr(struct bytes v, int64_t start, int64_t length) {
    return part(v, v.len, start, length, false);
}

int64_t text_position(struct bytes v, struct bytes what, int64_t nth) {
    int64_t seen = 0;
    if (what.len == 0)
        return 1;
    if (nth > 0) {
        for (size_t at = 0; at + what.len <= v.len; at++)
            if (memcmp(v.ptr + at, what.ptr, what.len) == 0 && ++seen == nth)
                return (int64_t)fn_utf8_count(bytes_slice(v, 0, at)) + 1;
        return 0;
    }
    for (size_t at = v.len >= what.len ? v.len - what.len + 1 : 0; at-- > 0;)
        if (memcmp(v.ptr + at, what.ptr, what.len) == 0 && --seen == nth)
            return (int64_t)fn_utf8_count(bytes_slice(v, 0, at)) + 1;
    return 0;
}

void text_replace(struct bytes v, struct bytes what, struct bytes with, struct buf *out) {
    if (what.len == 0) { /* between all characters, and at both ends */
        buf_add(out, with);
        for (size_t at = 0, n; at < v.len; at += n) {
            n = fn_utf8_size(v.ptr[at]);
            buf_add(out, bytes_slice(v, at, at + n));
            buf_add(out, with);
        }
        return;
    }
    for (ptrdiff_t at; (at = bytes_find(v, what)) >= 0;) {
        buf_add(out, bytes_slice(v, 0, (size_t)at));
        buf_add(out, with);
        v = bytes_slice(v, (size_t)at + what.len, v.len);
    }
    buf_add(out, v);
}

void text_reverse(struct bytes v, struct buf *out) {
    while (v.len) {
        size_t at = v.len - 1;
        while (at > 0 && ((unsigned char)v.ptr[at] & 0xC0) == 0x80)
            at--;
        buf_add(out, bytes_slice(v, at, v.len));
        v.len = at;
    }
}

bool text_pad(struct bytes v, int64_t size, struct bytes with, bool left, struct buf *out,
              const char **ret_why) {
    *ret_why = size < 0 || size > INT32_MAX ? "Target length must be in the range [0..2147483647]"
               : with.len == 0              ? "Padding string must not be empty"
                                            : NULL;
    if (*ret_why)
        return false;
    size_t have = fn_utf8_count(v), want = (size_t)size;
    if (have >= want) {
        buf_add(out, bytes_slice(v, 0, fn_utf8_offset(v, want)));
        return true;
    }
    *ret_why = "Target length is too large";
    if (want > (size_t)1 << 26)
        return false;
    if (!left)
        buf_add(out, v);
    size_t room = want - have, unit = fn_utf8_count(with);
    for (; room >= unit; room -= unit)
        buf_add(out, with);
    buf_add(out, bytes_slice(with, 0, fn_utf8_offset(with, room)));
    if (left)
        buf_add(out, v);
    return true;
}

bool text_split_part(struct bytes v, struct bytes by, int64_t want, struct bytes *ret) {
    if (by.len == 0) { /* every character is a part */
        size_t n = fn_utf8_count(v);
        *ret = part(v, n, want, 1, true);
        return (uint64_t)want <= MAX_OF(n, (size_t)1);
    }
    for (; want > 1; want--) {
        ptrdiff_t at = bytes_find(v, by);
        if (at < 0)
            return false;
        v = bytes_slice(v, (size_t)at + by.len, v.len);
    }
    ptrdiff_t at = bytes_find(v, by);
    *ret = at < 0 ? v : bytes_slice(v, 0, (size_t)at);
    return true;
}
