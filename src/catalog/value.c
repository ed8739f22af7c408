/* value.c - typed comparison of partition values.
 *
 * Integers and dates become one 64-bit number, timestamps seconds and nanoseconds, floating values
 * a double; decimals are compared digit by digit so that no precision is lost. */
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

/* Seconds since 1970 and nanoseconds; a date alone is its midnight. */
struct moment {
    int64_t seconds, nanos;
};
static bool to_timestamp(struct bytes v, struct moment *ret) {
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
        if (take_char(&v, '.') && !take_digits(&v, 9, &f, &digits))
            return false;
        while (digits && digits++ < 9)
            f *= 10;
        while (v.len && v.ptr[0] >= '0' && v.ptr[0] <= '9')
            v = bytes_slice(v, 1, v.len);
        take_char(&v, 'Z');
    }
    *ret = (struct moment){((days * 24 + h) * 60 + m) * 60 + s, f};
    return v.len == 0;
}

static bool compare_timestamps(struct bytes a, struct bytes b, int *ret) {
    struct moment x, y;
    if (!to_timestamp(a, &x) || !to_timestamp(b, &y))
        return false;
    *ret = order_of(x.seconds, y.seconds);
    if (!*ret)
        *ret = order_of(x.nanos, y.nanos);
    return true;
}

/* ---- decimals: 0.d1d2d3.. times 10^scale, d1 not 0, in up to two pieces of the text ---- */
struct decimal_text {
    bool negative, zero;
    struct bytes digits[2];
    int64_t scale;
};

static bool all_digits(struct bytes v) {
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] < '0' || v.ptr[i] > '9')
            return false;
    return true;
}

/* Cuts "e5" off the end. */
static bool take_exponent(struct bytes *v, int64_t *ret) {
    *ret = 0;
    for (size_t i = 0; i < v->len; i++) {
        if (v->ptr[i] != 'e' && v->ptr[i] != 'E')
            continue;
        struct bytes text = bytes_slice(*v, i + 1, v->len);
        take_char(&text, '+');
        *v = bytes_slice(*v, 0, i);
        return text.len <= 6 && bytes_to_i64(text, ret);
    }
    return true;
}

static bool to_decimal(struct bytes v, struct decimal_text *ret) {
    struct bytes whole, fraction;
    *ret = (struct decimal_text){.negative = take_char(&v, '-')};
    if (!ret->negative)
        take_char(&v, '+');
    if (!take_exponent(&v, &ret->scale))
        return false;
    fraction = bytes_cut(v, '.', &whole);
    if (whole.len + fraction.len == 0 || !all_digits(whole) || !all_digits(fraction))
        return false;
    while (take_char(&whole, '0'))
        ;
    ret->scale += (int64_t)whole.len;
    while (fraction.len && fraction.ptr[fraction.len - 1] == '0')
        fraction.len--;
    while (whole.len == 0 && take_char(&fraction, '0'))
        ret->scale--;
    ret->zero = whole.len + fraction.len == 0;
    ret->negative &= !ret->zero;
    ret->digits[0] = whole;
    ret->digits[1] = fraction;
    return true;
}

/* Beyond the end there are zeros. */
static int digit_at(const struct decimal_text *d, size_t i) {
    if (i < d->digits[0].len)
        return d->digits[0].ptr[i] - '0';
    i -= d->digits[0].len;
    return i < d->digits[1].len ? d->digits[1].ptr[i] - '0' : 0;
}

static int compare_magnitudes(const struct decimal_text *x, const struct decimal_text *y) {
    if (x->zero || y->zero)
        return (int)y->zero - (int)x->zero;
    int o = order_of(x->scale, y->scale);
    size_t n = MAX_OF(x->digits[0].len + x->digits[1].len, y->digits[0].len + y->digits[1].len);
    for (size_t i = 0; !o && i < n; i++)
        o = digit_at(x, i) - digit_at(y, i);
    return o;
}

static bool compare_decimals(struct bytes a, struct bytes b, int *ret) {
    struct decimal_text x, y;
    if (!to_decimal(a, &x) || !to_decimal(b, &y))
        return false;
    if (x.negative != y.negative)
        *ret = x.negative ? -1 : 1;
    else
        *ret = x.negative ? -compare_magnitudes(&x, &y) : compare_magnitudes(&x, &y);
    return true;
}

static bool to_number(const struct type *t, struct bytes v, int64_t *ret) {
    switch (t->kind) {
    case TYPE_BOOLEAN:
        *ret = bytes_eq_nocase(v, BYTES("true"));
        return *ret || bytes_eq_nocase(v, BYTES("false"));
    case TYPE_DATE:
        return take_date(&v, ret);
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
        if (!to_number(t, a, &x) || !to_number(t, b, &y))
            return false;
        *ret_order = order_of(x, y);
        return true;
    case TYPE_TIMESTAMP:
        return compare_timestamps(a, b, ret_order);
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
