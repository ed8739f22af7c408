/* lex_decode.c - what is inside the quotes: doubled quotes, U& escapes, X'..' bytes, Hive's
 * backslashes. A decoded text is never longer than its source, so one buffer of the source's length
 * always suffices. */
#include "sql/lex.h"

struct bytes lex_unquote(struct arena *a, struct bytes text, char quote) {
    struct bytes inner = bytes_slice(text, 1, text.len - 1);
    if (bytes_find_char(inner, quote) < 0)
        return inner.ptr ? inner : BYTES("");
    char *out = arena_alloc(a, inner.len + 1);
    if (!out)
        return (struct bytes){0};
    size_t n = 0;
    for (size_t i = 0; i < inner.len; i++) {
        out[n++] = inner.ptr[i];
        if (inner.ptr[i] == quote)
            i++;
    }
    return bytes_of(out, n);
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `digits` hex digits at the start of `text`; -1 when they are not there. */
static int64_t hex_number(struct bytes text, size_t digits) {
    if (text.len < digits)
        return -1;
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        int h = hex_value(text.ptr[i]);
        if (h < 0)
            return -1;
        value = value * 16 + h;
    }
    return value;
}

static size_t put_utf8(char *out, int64_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* One escape after its escape character: \XXXX, \+XXXXXX or the character doubled. */
static const char *unicode_escape(struct bytes rest, char escape, size_t *ret_used,
                                  int64_t *ret_char) {
    if (rest.len && rest.ptr[0] == escape) {
        *ret_used = 1;
        *ret_char = (unsigned char)escape;
        return NULL;
    }
    bool is_long = rest.len && rest.ptr[0] == '+';
    size_t digits = is_long ? 6 : 4;
    int64_t c = hex_number(bytes_slice(rest, is_long, rest.len), digits);
    if (c < 0)
        return rest.len < digits + is_long ? "Incomplete escape sequence"
                                           : "Invalid hexadecimal digit";
    if (c > 0x10FFFF)
        return "Invalid escaped character";
    if (c >= 0xD800 && c <= 0xDFFF)
        return "Invalid escaped character: escaped character is a surrogate. Use '\\+123456' "
               "instead";
    *ret_used = digits + is_long;
    *ret_char = c;
    return NULL;
}

const char *lex_decode_unicode(struct arena *a, struct bytes text, char escape, struct bytes *ret) {
    struct bytes in = lex_unquote(a, bytes_slice(text, 2, text.len), '\'');
    char *out = arena_alloc(a, text.len);
    if (!out || !in.ptr)
        return "memory is short";
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] != escape) {
            out[n++] = in.ptr[i];
            continue;
        }
        size_t used = 0;
        int64_t c = 0;
        const char *wrong = unicode_escape(bytes_slice(in, i + 1, in.len), escape, &used, &c);
        if (wrong)
            return wrong;
        n += put_utf8(out + n, c);
        i += used;
    }
    *ret = bytes_of(out, n);
    return NULL;
}

const char *lex_decode_binary(struct arena *a, struct bytes text, struct bytes *ret) {
    struct bytes in = bytes_slice(text, 2, text.len - 1);
    char *out = arena_alloc(a, in.len / 2 + 1);
    if (!out)
        return "memory is short";
    size_t digits = 0;
    for (size_t i = 0; i < in.len; i++) {
        char c = in.ptr[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            continue;
        int h = hex_value(c);
        if (h < 0)
            return "Binary literal can only contain hexadecimal digits";
        if (digits % 2 == 0)
            out[digits / 2] = (char)(h << 4);
        else
            out[digits / 2] = (char)(out[digits / 2] | h);
        digits++;
    }
    if (digits % 2)
        return "Binary literal must contain an even number of digits";
    *ret = bytes_of(out, digits / 2);
    return NULL;
}

/* The character that \x stands for in Hive; -1: the backslash stays. */
static int hive_escape(char c) {
    switch (c) {
    case '0':
        return 0;
    case '\'':
    case '"':
    case '\\':
        return c;
    case 'b':
        return '\b';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'Z':
        return 0x1A;
    default:
        return -1;
    }
}

/* \001: three octal digits, the first 0 or 1. */
static int octal_escape(struct bytes rest) {
    if (rest.len < 3 || rest.ptr[0] < '0' || rest.ptr[0] > '1')
        return -1;
    int value = 0;
    for (size_t i = 0; i < 3; i++) {
        if (rest.ptr[i] < '0' || rest.ptr[i] > '7')
            return -1;
        value = value * 8 + (rest.ptr[i] - '0');
    }
    return value;
}

/* Writes what the escape after a backslash means; returns the bytes it used of `rest`. */
static size_t put_hive_escape(struct bytes rest, char *out, size_t *n) {
    int64_t code =
        rest.len && rest.ptr[0] == 'u' ? hex_number(bytes_slice(rest, 1, rest.len), 4) : -1;
    if (code >= 0) {
        *n += put_utf8(out + *n, code);
        return 5;
    }
    code = octal_escape(rest);
    if (code >= 0) {
        *n += put_utf8(out + *n, code);
        return 3;
    }
    int c = rest.len ? hive_escape(rest.ptr[0]) : -1;
    if (c < 0) { /* also \% and \_, which LIKE patterns keep */
        out[(*n)++] = '\\';
        return 0;
    }
    out[(*n)++] = (char)c;
    return 1;
}

struct bytes lex_unescape_hive(struct arena *a, struct bytes text) {
    char *out = arena_alloc(a, text.len + 1);
    if (!out)
        return (struct bytes){0};
    size_t n = 0;
    char quote = 0; /* 0: between strings */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!quote)
            quote = c;
        else if (c == quote)
            quote = 0;
        else if (c == '\\')
            i += put_hive_escape(bytes_slice(text, i + 1, text.len), out, &n);
        else
            out[n++] = c;
    }
    return bytes_of(out, n);
}
