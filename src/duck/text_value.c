/* text_value.c - reading numbers as Trino reads them.
 *
 * A decimal is taken apart into digits and an exponent, then written at the wanted scale: no binary
 * floating point is involved. */
#include "duck/text_value.h"
#include <ctype.h>
#include <stdlib.h>

static bool integer(struct bytes v, int64_t min, int64_t max, int64_t *ret) {
    if (v.len > 1 && v.ptr[0] == '+' && isdigit((unsigned char)v.ptr[1]))
        v = bytes_slice(v, 1, v.len);
    return bytes_to_i64(v, ret) && *ret >= min && *ret <= max;
}

bool text_to_integer(struct bytes v, int64_t min, int64_t max, int64_t *ret) {
    return integer(bytes_trim(v), min, max, ret);
}

/* The number's text into `text`, checked as far as strtod is too generous; false: none. */
static bool number_text(struct bytes v, char *text, size_t size) {
    v = bytes_trim(v);
    if (v.len > 1 && strchr("dDfF", v.ptr[v.len - 1]) && isdigit((unsigned char)v.ptr[v.len - 2]))
        v.len--;
    if (v.len == 0 || v.len >= size)
        return false;
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    const char *body = text + (text[0] == '-' || text[0] == '+');
    if (isalpha((unsigned char)*body) && strcmp(body, "NaN") != 0 && strcmp(body, "Infinity") != 0)
        return false;
    return !(body[0] == '0' && (body[1] == 'x' || body[1] == 'X')) &&
           !isspace((unsigned char)text[0]);
}

bool text_to_double(struct bytes v, double *ret) {
    char text[400], *end;
    if (!number_text(v, text, sizeof(text)))
        return false;
    *ret = strtod(text, &end);
    return *end == 0 && end != text;
}

bool text_to_real(struct bytes v, float *ret) {
    char text[400], *end;
    if (!number_text(v, text, sizeof(text)))
        return false;
    *ret = strtof(text, &end);
    return *end == 0 && end != text;
}

bool text_to_boolean(struct bytes v, bool *ret) {
    static const char *const yes[] = {"t", "true", "1"}, *const no[] = {"f", "false", "0"};
    for (int k = 0; k < 3; k++) {
        *ret = bytes_eq_nocase(v, bytes_str(yes[k]));
        if (*ret || bytes_eq_nocase(v, bytes_str(no[k])))
            return true;
    }
    return false;
}

/* ---- decimals ---- */
struct digits {
    char d[120];
    int count, exponent; /* 0.ddd * 10^exponent */
    bool minus;
};

static bool parse_decimal(struct bytes v, struct digits *r) {
    size_t at = 0;
    bool any = false, point = false;
    *r = (struct digits){0};
    v = bytes_trim(v);
    if (v.len && (v.ptr[0] == '-' || v.ptr[0] == '+'))
        r->minus = v.ptr[at++] == '-';
    for (; at < v.len && (isdigit((unsigned char)v.ptr[at]) || (v.ptr[at] == '.' && !point));
         at++) {
        if (v.ptr[at] == '.') {
            point = true;
            continue;
        }
        any = true;
        if (r->count == 0 && v.ptr[at] == '0') {
            r->exponent -= point;
            continue;
        }
        if (r->count == (int)sizeof(r->d))
            return false;
        r->d[r->count++] = v.ptr[at];
        r->exponent += !point;
    }
    if (any && at < v.len && (v.ptr[at] == 'e' || v.ptr[at] == 'E')) {
        int64_t e;
        struct bytes rest = bytes_slice(v, at + 1, v.len);
        if (!integer(rest, -1000, 1000, &e))
            return false;
        r->exponent += (int)e;
        at = v.len;
    }
    return any && at == v.len;
}

/* Rounds half up to `scale` places; false when the whole part needs more than p - s digits. */
static bool fit_decimal(struct digits *r, int p, int s, struct buf *out) {
    int keep = r->exponent + s; /* digits that stay */
    bool up = keep >= 0 && keep < r->count && r->d[keep] >= '5';
    char all[170];
    int n = 0;
    all[n++] = '0'; /* room for a carry */
    for (int i = 0; i < keep && n < 160; i++)
        all[n++] = i < r->count ? r->d[i] : '0';
    if (keep > 159)
        return r->count == 0;
    for (int i = n - 1; up && i >= 0; i--) {
        up = all[i] == '9';
        all[i] = up ? '0' : (char)(all[i] + 1);
    }
    int first = 0;
    while (first < n && all[first] == '0')
        first++;
    if (n - first > p)
        return false;
    int whole = n - s;
    buf_add_str(out, r->minus && first < n ? "-" : "");
    for (int i = MIN_OF(first, MAX_OF(whole - 1, 0)); i < whole; i++)
        buf_add_char(out, all[i]);
    if (whole <= 0)
        buf_add_char(out, '0');
    buf_add_str(out, s ? "." : "");
    for (int i = 0; i < s; i++) {
        int at = whole + i;
        buf_add_char(out, at >= 0 && at < n ? all[at] : '0');
    }
    return true;
}

bool text_to_decimal(struct bytes v, int precision, int scale, struct buf *out) {
    struct digits d;
    return parse_decimal(v, &d) && fit_decimal(&d, precision, scale, out);
}
