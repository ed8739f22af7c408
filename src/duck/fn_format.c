/* fn_format.c - format(): java.util.Formatter's common conversions.
 *
 * Arguments come as text behind a letter that tells their kind: b boolean, i integer, n decimal,
 * d double, r real, s text, z null. Known: %s %S %d %,d %05d %x %X %o %c %b %f
 * %.2f %,.2f %e %% %n, with width, the flags - 0 , + blank ( and explicit indexes (%1$s). Anything
 * else is refused by name. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct spec {
    bool left, zero, comma, plus, blank, paren;
    int index, width, precision;
    char conversion;
};

static bool parse_spec(struct bytes f, size_t *at, struct spec *s) {
    *s = (struct spec){.precision = -1};
    size_t p = *at, digits = p;
    while (digits < f.len && isdigit((unsigned char)f.ptr[digits]))
        digits++;
    if (digits > p && digits < f.len && f.ptr[digits] == '$') {
        s->index = atoi(f.ptr + p);
        p = digits + 1;
    }
    for (bool more = true; more && p < f.len; p += more) {
        switch (f.ptr[p]) {
        case '-':
            s->left = true;
            break;
        case '0':
            s->zero = true;
            break;
        case ',':
            s->comma = true;
            break;
        case '+':
            s->plus = true;
            break;
        case ' ':
            s->blank = true;
            break;
        case '(':
            s->paren = true;
            break;
        default:
            more = false;
        }
    }
    for (; p < f.len && isdigit((unsigned char)f.ptr[p]) && s->width < 10000; p++)
        s->width = s->width * 10 + (f.ptr[p] - '0');
    if (p < f.len && f.ptr[p] == '.')
        for (p++, s->precision = 0;
             p < f.len && isdigit((unsigned char)f.ptr[p]) && s->precision < 1000; p++)
            s->precision = s->precision * 10 + (f.ptr[p] - '0');
    if (p >= f.len)
        return false;
    s->conversion = f.ptr[p++];
    *at = p;
    return true;
}

static void add_padded(struct buf *out, struct bytes v, const struct spec *s, bool zeros) {
    size_t n = fn_utf8_count(v), room = s->width > (int)n ? (size_t)s->width - n : 0;
    if (!s->left && zeros && v.len && strchr("-+ (", v.ptr[0])) {
        buf_add_char(out, v.ptr[0]);
        v = bytes_slice(v, 1, v.len);
    }
    for (size_t k = 0; !s->left && k < room; k++)
        buf_add_char(out, zeros ? '0' : ' ');
    buf_add(out, v);
    for (size_t k = 0; s->left && k < room; k++)
        buf_add_char(out, ' ');
}

/* "-1234567.5" with the flags' commas and signs. */
static void add_number(struct buf *out, const char *text, const struct spec *s) {
    struct buf b = {0};
    bool minus = *text == '-';
    text += minus;
    size_t whole = strcspn(text, ".");
    buf_add_str(&b, minus ? (s->paren ? "(" : "-") : s->plus ? "+" : s->blank ? " " : "");
    for (size_t k = 0; k < whole; k++) {
        if (s->comma && k && (whole - k) % 3 == 0)
            buf_add_char(&b, ',');
        buf_add_char(&b, text[k]);
    }
    buf_add_str(&b, text + whole);
    if (minus && s->paren)
        buf_add_char(&b, ')');
    add_padded(out, buf_bytes(&b), s, s->zero);
    buf_clear(&b);
}

/* A decimal's text rounded half up to some places. */
static void round_text(const char *text, int places, char *out, size_t size) {
    char d[200];
    size_t n = 0, point = strcspn(text + (*text == '-'), ".");
    const char *p = text + (*text == '-');
    d[n++] = '0';
    for (size_t k = 0; k < point; k++)
        d[n++] = p[k];
    const char *f = p[point] ? p + point + 1 : "";
    size_t have = strlen(f);
    for (int k = 0; k < places && n < 180; k++)
        d[n++] = (size_t)k < have ? f[k] : '0';
    bool up = (size_t)places < have && f[places] >= '5';
    for (size_t k = n; up && k-- > 0;) {
        up = d[k] == '9';
        d[k] = up ? '0' : (char)(d[k] + 1);
    }
    size_t first = d[0] == '0' && n - (size_t)places > 1 ? 1 : 0, w = n - (size_t)places;
    snprintf(out, size, "%s%.*s%s%.*s", *text == '-' ? "-" : "", (int)(w - first), d + first,
             places ? "." : "", places, d + w);
}

static bool add_fixed(struct buf *out, char kind, const char *text, const struct spec *s) {
    char t[700], plain[400];
    int places = s->precision < 0 ? 6 : MIN_OF(s->precision, 150);
    if (kind == 'n') {
        round_text(text, places, t, sizeof(t));
    } else {
        double v = strtod(text, NULL);
        if (strcmp(text, "NaN") == 0 || strstr(text, "Infinity")) {
            add_padded(out, bytes_str(text), s, false);
            return true;
        }
        if (fabs(v) > 1e60)
            return false;
        /* Java rounds the shortest decimal form half up, C the binary value */
        char shortest[40];
        for (int n = 15; n <= 17; n++) {
            snprintf(shortest, sizeof(shortest), "%.*g", n, v);
            if (strtod(shortest, NULL) == v)
                break;
        }
        if (strchr(shortest, 'e')) {
            snprintf(t, sizeof(t), "%.*f", places, v);
        } else {
            snprintf(plain, sizeof(plain), "%s", shortest);
            round_text(plain, places, t, sizeof(t));
        }
    }
    add_number(out, t, s);
    return true;
}

static bool add_exponent(struct buf *out, const char *text, const struct spec *s) {
    char t[64];
    snprintf(t, sizeof(t), "%.*e", s->precision < 0 ? 6 : MIN_OF(s->precision, 30),
             strtod(text, NULL));
    add_padded(out, bytes_str(t), s, s->zero);
    return true;
}

static bool add_text(struct buf *out, char kind, struct bytes v, const struct spec *s) {
    char t[64], java[40];
    if (kind == 'd' || kind == 'r') {
        snprintf(t, sizeof(t), "%.*s", (int)MIN_OF(v.len, sizeof(t) - 1), v.ptr);
        fn_java_double(strtod(t, NULL), kind == 'r', java);
        v = bytes_str(java);
    }
    if (s->precision >= 0)
        v = bytes_slice(v, 0, fn_utf8_offset(v, (size_t)s->precision));
    if (s->conversion != 'S') {
        add_padded(out, v, s, false);
        return true;
    }
    struct buf b = {0};
    for (size_t k = 0; k < v.len; k++)
        buf_add_char(&b, (char)toupper((unsigned char)v.ptr[k]));
    add_padded(out, buf_bytes(&b), s, false);
    buf_clear(&b);
    return true;
}

static bool add_radix(struct buf *out, const char *text, const struct spec *s) {
    char t[40];
    long long v = strtoll(text, NULL, 10);
    snprintf(t, sizeof(t),
             s->conversion == 'o'   ? "%llo"
             : s->conversion == 'x' ? "%llx"
                                    : "%llX",
             (unsigned long long)v);
    add_padded(out, bytes_str(t), s, s->zero);
    return true;
}

static bool add_value(struct buf *out, struct bytes tagged, const struct spec *s) {
    char kind = tagged.ptr[0], text[160];
    struct bytes v = bytes_slice(tagged, 1, tagged.len);
    if (kind == 'z')
        return add_text(out, 's', s->conversion == 'b' ? BYTES("false") : BYTES("null"), s);
    snprintf(text, sizeof(text), "%.*s", (int)MIN_OF(v.len, sizeof(text) - 1), v.ptr);
    switch (s->conversion) {
    case 's':
    case 'S':
        return add_text(out, kind, v, s);
    case 'd':
        if (kind != 'i')
            return false;
        add_number(out, text, s);
        return true;
    case 'x':
    case 'X':
    case 'o':
        return kind == 'i' && add_radix(out, text, s);
    case 'b':
        add_padded(out, kind == 'b' ? v : BYTES("true"), s, false);
        return true;
    case 'f':
        return (kind == 'd' || kind == 'r' || kind == 'n') && add_fixed(out, kind, text, s);
    case 'e':
        return (kind == 'd' || kind == 'r') && add_exponent(out, text, s);
    default:
        return false;
    }
}

FN(format) {
    struct bytes f = fn_str(c, 0, i);
    size_t next = 1;
    buf_reset(&c->scratch);
    for (size_t at = 0; at < f.len;) {
        struct spec s;
        if (f.ptr[at] != '%') {
            buf_add_char(&c->scratch, f.ptr[at++]);
            continue;
        }
        at++;
        if (!parse_spec(f, &at, &s))
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid format string: %.*s",
                           BYTES_ARG(f));
        if (s.conversion == '%' || s.conversion == 'n') {
            buf_add_char(&c->scratch, s.conversion == 'n' ? '\n' : '%');
            continue;
        }
        size_t arg = s.index ? (size_t)s.index : next++;
        if (arg >= c->arg_count)
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid format string: %.*s",
                           BYTES_ARG(f));
        if (!add_value(&c->scratch, fn_str(c, arg, i), &s))
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                           "Invalid format string: %.*s (conversion %c)", BYTES_ARG(f),
                           s.conversion);
    }
    return fn_out_scratch(c, i);
}

const struct duck_function fn_format_table[] = {
    {"t_format", "VARCHAR, VARCHAR...", "VARCHAR", call_format, 0, NULL},
};
const size_t fn_format_count = COUNT_OF(fn_format_table);
