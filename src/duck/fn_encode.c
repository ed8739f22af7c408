/* fn_encode.c - varbinary as text and back: hexadecimal, base 32, base 64 and its URL form, UTF-8;
 * and bytes padded and reversed.
 *
 * Decoding takes one alphabet for all: a table of 256 values made from its digits. Base 64 is as
 * strict as Java's decoder (padding is optional, but when there is some it must be all), base 32 as
 * strict as Guava's (any number of trailing '=', but no impossible length). */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <ctype.h>
#include <utf8proc.h>

static bool bad(struct fn_call *c, idx_t i, const char *text) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s", text);
}

/* ---- UTF-8 ---- */
/* Bytes of the broken character at `at`: its first and what continues it. */
static size_t broken_size(struct bytes v, size_t at) {
    unsigned char first = (unsigned char)v.ptr[at];
    size_t want = first < 0xC0   ? 1
                  : first < 0xE0 ? 2
                  : first < 0xF0 ? 3
                  : first < 0xF8 ? 4
                  : first < 0xFC ? 5
                                 : 1;
    size_t n = 1;
    while (n < want && at + n < v.len && ((unsigned char)v.ptr[at + n] & 0xC0) == 0x80)
        n++;
    return n;
}
/* Every sequence of bytes that is no character becomes `with`. */
static void replace_invalid(struct bytes v, struct bytes with, struct buf *out) {
    for (size_t at = 0; at < v.len;) {
        utf8proc_int32_t cp;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)v.ptr + at,
                                              (utf8proc_ssize_t)(v.len - at), &cp);
        buf_add(out, n > 0 ? bytes_slice(v, at, at + (size_t)n) : with);
        at += n > 0 ? (size_t)n : broken_size(v, at);
    }
}
FN(from_utf8) {
    buf_reset(&c->scratch);
    replace_invalid(fn_str(c, 0, i), BYTES("\xEF\xBF\xBD"), &c->scratch);
    return fn_out_scratch(c, i);
}
FN(from_utf8_text) {
    struct bytes with = fn_str(c, 1, i);
    if (fn_utf8_count(with) > 1)
        return bad(c, i, "Replacement character string must empty or a single character");
    buf_reset(&c->scratch);
    replace_invalid(fn_str(c, 0, i), with, &c->scratch);
    return fn_out_scratch(c, i);
}
FN(from_utf8_code) {
    int64_t cp = fn_i64(c, 1, i);
    utf8proc_uint8_t t[4];
    if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
        return bad(c, i, "Invalid replacement character");
    struct bytes with = bytes_of(t, (size_t)utf8proc_encode_char((utf8proc_int32_t)cp, t));
    buf_reset(&c->scratch);
    replace_invalid(fn_str(c, 0, i), with, &c->scratch);
    return fn_out_scratch(c, i);
}

/* ---- hexadecimal ---- */
static int hex_value(char ch) {
    return isdigit((unsigned char)ch)    ? ch - '0'
           : isxdigit((unsigned char)ch) ? (ch | 32) - 'a' + 10
                                         : -1;
}
FN(from_hex) {
    struct bytes v = fn_str(c, 0, i);
    if (v.len % 2)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "invalid input length %zu", v.len);
    buf_reset(&c->scratch);
    for (size_t k = 0; k < v.len; k += 2) {
        int high = hex_value(v.ptr[k]), low = hex_value(v.ptr[k + 1]);
        if (high < 0 || low < 0)
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                           "not a hexadecimal digit: \"%c\" = %d", v.ptr[k + (high >= 0)],
                           (unsigned char)v.ptr[k + (high >= 0)]);
        buf_add_char(&c->scratch, (char)(high * 16 + low));
    }
    return fn_out_scratch(c, i);
}

/* ---- base 32 and 64 ---- */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789"
static const char digits64[] = LETTERS SMALL "+/", digits_url[] = LETTERS SMALL "-_",
                  digits32[] = LETTERS "234567";

static int digit_value(const char *digits, char ch) {
    const char *p = ch ? strchr(digits, ch) : NULL;
    return p ? (int)(p - digits) : -1;
}
/* Appends the bytes of the digits; false at a character that is none. */
static bool decode(struct bytes v, const char *digits, unsigned width, struct buf *out) {
    unsigned bits = 0, have = 0;
    for (size_t k = 0; k < v.len; k++) {
        int d = digit_value(digits, v.ptr[k]);
        if (d < 0)
            return false;
        bits = (bits << width | (unsigned)d) & 0xFFFF;
        have += width;
        if (have >= 8) {
            have -= 8;
            buf_add_char(out, (char)(bits >> have & 255));
        }
    }
    return true;
}
static void encode(struct bytes v, const char *digits, unsigned width, size_t group,
                   struct buf *out) {
    unsigned bits = 0, have = 0;
    size_t n = 0;
    for (size_t k = 0; k < v.len; k++) {
        bits = (bits << 8 | (unsigned char)v.ptr[k]) & 0xFFFF;
        for (have += 8; have >= width; n++) {
            have -= width;
            buf_add_char(out, digits[bits >> have & ((1u << width) - 1)]);
        }
    }
    if (have) {
        buf_add_char(out, digits[bits << (width - have) & ((1u << width) - 1)]);
        n++;
    }
    for (; n % group; n++)
        buf_add_char(out, '=');
}

static bool from_base64(struct fn_call *c, idx_t i, const char *digits) {
    struct bytes v = fn_str(c, 0, i);
    size_t pads = 0;
    buf_reset(&c->scratch);
    while (v.len && v.ptr[v.len - 1] == '=') {
        v.len--;
        pads++;
    }
    if (v.len % 4 == 1)
        return bad(c, i, "Last unit does not have enough valid bits");
    if (pads && (v.len + pads) % 4 != 0)
        return bad(c, i, "Input byte array has wrong 4-byte ending unit");
    if (pads > 2)
        return bad(c, i, "Input byte array has incorrect ending byte");
    return decode(v, digits, 6, &c->scratch) ? fn_out_scratch(c, i)
                                             : bad(c, i, "Illegal base64 character");
}
FN(from_base64) {
    return from_base64(c, i, digits64);
}
FN(from_base64url) {
    return from_base64(c, i, digits_url);
}
FN(to_base64url) {
    buf_reset(&c->scratch);
    encode(fn_str(c, 0, i), digits_url, 6, 4, &c->scratch);
    return fn_out_scratch(c, i);
}
FN(to_base32) {
    buf_reset(&c->scratch);
    encode(fn_str(c, 0, i), digits32, 5, 8, &c->scratch);
    return fn_out_scratch(c, i);
}
FN(from_base32) {
    struct bytes v = fn_str(c, 0, i);
    buf_reset(&c->scratch);
    while (v.len && v.ptr[v.len - 1] == '=')
        v.len--;
    if (v.len % 8 == 1 || v.len % 8 == 3 || v.len % 8 == 6)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid input length %zu", v.len);
    for (size_t k = 0; k < v.len; k++)
        if (digit_value(digits32, v.ptr[k]) < 0)
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Unrecognized character: %.*s",
                           (int)MIN_OF(fn_utf8_size(v.ptr[k]), v.len - k), v.ptr + k);
    return decode(v, digits32, 5, &c->scratch) ? fn_out_scratch(c, i)
                                               : bad(c, i, "Unrecognized character");
}

/* ---- bytes ---- */
#define PAD_MAX ((int64_t)1 << 26)
static bool pad(struct fn_call *c, idx_t i, bool left) {
    struct bytes v = fn_str(c, 0, i), with = fn_str(c, 2, i);
    int64_t size = fn_i64(c, 1, i);
    if (size < 0 || size > INT32_MAX)
        return bad(c, i, "Target length must be in the range [0..2147483647]");
    if (with.len == 0)
        return bad(c, i, "Padding bytes must not be empty");
    if (size > PAD_MAX)
        return bad(c, i, "Target length is too large");
    if (v.len >= (size_t)size)
        return fn_out_str(c, i, bytes_slice(v, 0, (size_t)size));
    size_t room = (size_t)size - v.len;
    buf_reset(&c->scratch);
    if (!left)
        buf_add(&c->scratch, v);
    for (; room >= with.len; room -= with.len)
        buf_add(&c->scratch, with);
    buf_add(&c->scratch, bytes_slice(with, 0, room));
    if (left)
        buf_add(&c->scratch, v);
    return fn_out_scratch(c, i);
}
FN(lpad_bytes) {
    return pad(c, i, true);
}
FN(rpad_bytes) {
    return pad(c, i, false);
}
FN(reverse_bytes) {
    struct bytes v = fn_str(c, 0, i);
    buf_reset(&c->scratch);
    for (size_t k = v.len; k-- > 0;)
        buf_add_char(&c->scratch, v.ptr[k]);
    return fn_out_scratch(c, i);
}

#define FROM(name)                                                                                 \
    {"t_" #name, "VARCHAR", "BLOB", call_##name, 0, NULL}, {                                       \
        "t_" #name, "BLOB", "BLOB", call_##name, 0, NULL                                           \
    }
const struct duck_function fn_encode_table[] = {
    {"t_from_utf8", "BLOB", "VARCHAR", call_from_utf8, 0, NULL},
    {"t_from_utf8", "BLOB, VARCHAR", "VARCHAR", call_from_utf8_text, 0, NULL},
    {"t_from_utf8", "BLOB, BIGINT", "VARCHAR", call_from_utf8_code, 0, NULL},
    FROM(from_hex),
    FROM(from_base64),
    FROM(from_base64url),
    FROM(from_base32),
    {"t_to_base64url", "BLOB", "VARCHAR", call_to_base64url, 0, NULL},
    {"t_to_base32", "BLOB", "VARCHAR", call_to_base32, 0, NULL},
    {"t_lpad_bytes", "BLOB, BIGINT, BLOB", "BLOB", call_lpad_bytes, 0, NULL},
    {"t_rpad_bytes", "BLOB, BIGINT, BLOB", "BLOB", call_rpad_bytes, 0, NULL},
    {"t_reverse_bytes", "BLOB", "BLOB", call_reverse_bytes, 0, NULL},
};
const size_t fn_encode_count = COUNT_OF(fn_encode_table);
