/* value.c - typed comparison of partition values.
 *
 * Integers, dates and timestamps become one 64-bit number, floating values a double; decimals are
 * compared digit by digit so that no precision is lost. */
#include "catalog/value.h"
#include "base/clock.h"
#include <stdlib.h>

static int order_of(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static bool to_double(struct bytes v, double *ret) {
    char text[64], *end;
    if (v.len == 0 || v.len >= sizeof text)
        return false;
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    *ret = strtod(text, &end);
    return *end == 0 && *ret == *ret;
}

/* Takes up to `max` digits off the front; false when there is none. */
static bool take_digits(struct bytes *v, int max, int64_t *ret, int *ret_count) {
    int n = 0;
    *ret = 0;
    while (n < max && v->len && v->ptr[0] >= '0' && v->ptr[0] <= '9') {
        *ret = *ret * 10 + (v->ptr[0] - '0');
        *v = bytes_slice(*v, 1, v->len);
        n++;
    }
    if (ret_count)
        *ret_count = n;
    return n > 0;
}
static bool take_char(struct bytes *v, char c) {
    if (v->len == 0 || v->ptr[0] != c)
        return false;
    *v = bytes_slice(*v, 1, v->len);
    return true;
}

static bool take_date(struct bytes *v, int64_t *ret_days) {
    int64_t y, m, d;
    if (!take_digits(v, 4, &y, NULL) || !take_char(v, '-') || !take_digits(v, 2, &m, NULL) ||
        !take_char(v, '-') || !take_digits(v, 2, &d, NULL))
        return false;
    if (m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    *ret_days = clock_days_from_civil((int)y, (int)m, (int)d);
    return true;
}

/* Microseconds since 1970; a date alone is its midnight. */
static bool to_timestamp(struct bytes v, int64_t *ret) {
    int64_t days, h = 0, m = 0, s = 0, f = 0;
    int digits = 0;
    if (!take_date(&v, &days))
        return false;
    if (v.len) {
        if (!take_char(&v, ' ') && !take_char(&v, 'T'))
            return false;
        if (!take_digits(&v, 2, &h, NULL) || !take_char(&v, ':') || !take_digits(&v, 2, &m, NULL))
            return false;
        if (take_char(&v, ':') && !take_digits(&v, 2, &s, NULL))
            return false;
        if (take_char(&v, '.') && !take_digits(&v, 6, &f, &digits))
            return false;
        while (digits && digits++ < 6)
            f *= 10;
        while (v.len && v.ptr[0] >= '0' && v.ptr[0] <= '9')
            v = bytes_slice(v, 1, v.len);
        take_char(&v, 'Z');
    }
    *ret = (((days * 24 + h) * 60 + m) * 60 + s) * 1000000 + f;
    return v.len == 0;
}

/* ---- decimals: sign, digits before the point without leading zeros, digits after ---- */
struct decimal_text {
    bool negative;
    struct bytes whole, fraction;
};

static bool all_digits(struct bytes v) {
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] < '0' || v.ptr[i] > '9')
            return false;
    return true;
}

static bool to_decimal(struct bytes v, struct decimal_text *ret) {
    ret->negative = take_char(&v, '-');
    if (!ret->negative)
        take_char(&v, '+');
    ret->fraction = bytes_cut(v, '.', &ret->whole);
    if (ret->whole.len + ret->fraction.len == 0)
        return false;
    while (ret->whole.len && ret->whole.ptr[0] == '0')
        ret->whole = bytes_slice(ret->whole, 1, ret->whole.len);
    while (ret->fraction.len && ret->fraction.ptr[ret->fraction.len - 1] == '0')
        ret->fraction.len--;
    if (ret->whole.len + ret->fraction.len == 0)
        ret->negative = false;
    return all_digits(ret->whole) && all_digits(ret->fraction);
}

static bool compare_decimals(struct bytes a, struct bytes b, int *ret) {
    struct decimal_text x, y;
    if (!to_decimal(a, &x) || !to_decimal(b, &y))
        return false;
    if (x.negative != y.negative) {
        *ret = x.negative ? -1 : 1;
        return true;
    }
    int o = order_of((int64_t)x.whole.len, (int64_t)y.whole.len);
    if (!o)
        o = bytes_cmp(x.whole, y.whole);
    if (!o)
        o = bytes_cmp(x.fraction, y.fraction);
    *ret = x.negative ? -o : o;
    return true;
}

static bool to_number(const struct type *t, struct bytes v, int64_t *ret) {
    switch (t->kind) {
    case TYPE_BOOLEAN:
        *ret = bytes_eq_nocase(v, BYTES("true"));
        return *ret || bytes_eq_nocase(v, BYTES("false"));
    case TYPE_DATE:
        return take_date(&v, ret);
    case TYPE_TIMESTAMP:
        return to_timestamp(v, ret);
    default:
        return bytes_to_i64(v, ret);
    }
}

bool catalog_value_compare(const struct type *t, struct bytes a, struct bytes b, int *ret_order) {
    int64_t x, y;
    double f, g;
    switch (t->kind) {
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
        if (!to_number(t, a, &x) || !to_number(t, b, &y))
            return false;
        *ret_order = order_of(x, y);
        return true;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        if (!to_double(a, &f) || !to_double(b, &g))
            return false;
        *ret_order = (f > g) - (f < g);
        return true;
    case TYPE_DECIMAL:
        return compare_decimals(a, b, ret_order);
    default:
        *ret_order = bytes_cmp(a, b);
        return true;
    }
}
