/* json_number.c - arithmetic of path expressions, with the types SQL's operators would give.
 *
 * Integers stay integers of the wider of both types and overflow as SQL's do; an integer beside a
 * decimal is a decimal(3..19, 0); a double beside anything makes it a double. Decimal results have
 * Trino's precision and scale. */
#include "duck/json_tree.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

struct json_number json_number_integer(int64_t v, int bits) {
    return (struct json_number){.kind = JSON_NUMBER_INTEGER, .bits = bits, .value = v};
}
struct json_number json_number_of_double(double v) {
    return (struct json_number){.kind = JSON_NUMBER_DOUBLE, .real = v};
}

double json_number_double(const struct json_number *n) {
    char t[45];
    if (n->kind == JSON_NUMBER_DOUBLE)
        return n->real;
    if (n->kind == JSON_NUMBER_INTEGER)
        return (double)n->value;
    dec128_text(n->value, n->scale, t);
    return strtod(t, NULL);
}

static bool checked_integer(dec128 v, int bits, struct json_number *ret) {
    dec128 limit = (dec128)1 << (bits - 1);
    if (v < -limit || v >= limit)
        return false;
    *ret = json_number_integer((int64_t)v, bits);
    return true;
}
static bool integers(char op, const struct json_number *a, const struct json_number *b,
                     struct json_number *ret) {
    int bits = MAX_OF(a->bits, b->bits);
    dec128 x = a->value, y = b->value;
    if ((op == '/' || op == '%') && y == 0)
        return false;
    return checked_integer(op == '+'   ? x + y
                           : op == '-' ? x - y
                           : op == '*' ? x * y
                           : op == '/' ? x / y
                                       : x % y,
                           bits, ret);
}

/* ---- decimals ---- */
static struct json_number as_decimal(const struct json_number *n) {
    struct json_number d = *n;
    if (n->kind == JSON_NUMBER_INTEGER) {
        d.kind = JSON_NUMBER_DECIMAL;
        d.precision = n->bits == 8 ? 3 : n->bits == 16 ? 5 : n->bits == 32 ? 10 : 19;
        d.scale = 0;
    }
    return d;
}
static bool out_decimal(dec128 v, int precision, int scale, struct json_number *ret) {
    *ret = (struct json_number){.kind = JSON_NUMBER_DECIMAL,
                                .precision = MIN_OF(38, MAX_OF(precision, 1)),
                                .scale = scale,
                                .value = v};
    return dec128_fits(v);
}
static bool sums(char op, const struct json_number *x, const struct json_number *y,
                 struct json_number *ret) {
    int s = MAX_OF(x->scale, y->scale);
    int p = MAX_OF(x->precision - x->scale, y->precision - y->scale) + s;
    dec128 a, b;
    if (!dec128_scale_up(x->value, s - x->scale, &a) ||
        !dec128_scale_up(y->value, s - y->scale, &b))
        return false;
    if (op != '%')
        return out_decimal(op == '+' ? a + b : a - b, p + 1, s, ret);
    int whole = MIN_OF(x->precision - x->scale, y->precision - y->scale);
    return b != 0 && out_decimal(a % b, whole + s, s, ret);
}
static bool decimals(char op, const struct json_number *x, const struct json_number *y,
                     struct json_number *ret) {
    dec128 v;
    if (op == '*')
        return x->scale + y->scale <= 38 && dec128_multiply(x->value, y->value, &v) &&
               out_decimal(v, x->precision + y->precision, x->scale + y->scale, ret);
    if (op != '/')
        return sums(op, x, y, ret);
    int s = MAX_OF(x->scale, y->scale);
    return y->value != 0 && dec128_divide(x->value, y->value, s - x->scale + y->scale, &v) &&
           out_decimal(v, x->precision + y->scale + MAX_OF(y->scale - x->scale, 0), s, ret);
}

static bool doubles(char op, const struct json_number *a, const struct json_number *b,
                    struct json_number *ret) {
    double x = json_number_double(a), y = json_number_double(b);
    double v = op == '+'   ? x + y
               : op == '-' ? x - y
               : op == '*' ? x * y
               : op == '/' ? x / y
                           : fmod(x, y);
    bool wide = (a->kind == JSON_NUMBER_DOUBLE && !a->is_real) ||
                (b->kind == JSON_NUMBER_DOUBLE && !b->is_real);
    *ret = json_number_of_double(wide ? v : (double)(float)v);
    ret->is_real = !wide;
    return true;
}

bool json_number_binary(char op, const struct json_number *a, const struct json_number *b,
                        struct json_number *ret) {
    if (a->kind == JSON_NUMBER_HUGE || b->kind == JSON_NUMBER_HUGE)
        return false;
    if (a->kind == JSON_NUMBER_DOUBLE || b->kind == JSON_NUMBER_DOUBLE)
        return doubles(op, a, b, ret);
    if (a->kind == JSON_NUMBER_INTEGER && b->kind == JSON_NUMBER_INTEGER)
        return integers(op, a, b, ret);
    struct json_number x = as_decimal(a), y = as_decimal(b);
    return decimals(op, &x, &y, ret);
}

/* ---- one operand ---- */
bool json_number_negate(const struct json_number *n, struct json_number *ret) {
    *ret = *n;
    ret->real = -n->real;
    if (n->kind == JSON_NUMBER_INTEGER)
        return checked_integer(-n->value, n->bits, ret);
    ret->value = -n->value;
    return n->kind != JSON_NUMBER_HUGE;
}
bool json_number_abs(const struct json_number *n, struct json_number *ret) {
    bool minus = n->kind == JSON_NUMBER_DOUBLE ? n->real < 0 : n->value < 0;
    *ret = *n;
    return minus ? json_number_negate(n, ret) : n->kind != JSON_NUMBER_HUGE;
}
bool json_number_whole(const struct json_number *n, bool up, struct json_number *ret) {
    *ret = *n;
    if (n->kind == JSON_NUMBER_DOUBLE)
        ret->real = up ? ceil(n->real) : floor(n->real);
    if (n->kind != JSON_NUMBER_DECIMAL)
        return n->kind != JSON_NUMBER_HUGE;
    dec128 unit = 1;
    if (!dec128_scale_up(1, MIN_OF(n->scale, 37), &unit))
        return false;
    dec128 v = n->scale > 37 ? 0 : n->value / unit;
    if (v * unit != n->value && (n->value > 0) == up)
        v += up ? 1 : -1;
    return out_decimal(v, n->precision - n->scale + MIN_OF(n->scale, 1), 0, ret);
}
bool json_number_index(const struct json_number *n, int64_t *ret) {
    dec128 v = n->value;
    if (n->kind == JSON_NUMBER_HUGE)
        return false;
    if (n->kind == JSON_NUMBER_DOUBLE) {
        double r = round(n->real);
        if (!(fabs(r) < 9.2e18))
            return false;
        v = (dec128)r;
    } else if (n->kind == JSON_NUMBER_DECIMAL) {
        if (!dec128_divide(n->value, 1, -n->scale, &v))
            return false;
    }
    *ret = (int64_t)v;
    return v >= INT64_MIN && v <= INT64_MAX;
}

/* ---- comparison ---- */
static int sign_of(bool less, bool greater) {
    return less ? -1 : greater;
}
int json_number_compare(const struct json_number *a, const struct json_number *b) {
    dec128 x = a->value, y = b->value;
    if (a->kind == JSON_NUMBER_DOUBLE || b->kind == JSON_NUMBER_DOUBLE) {
        double p = json_number_double(a), q = json_number_double(b);
        return isnan(p) || isnan(q) ? 2 : sign_of(p<q, p> q);
    }
    int xs = a->kind == JSON_NUMBER_DECIMAL ? a->scale : 0;
    int ys = b->kind == JSON_NUMBER_DECIMAL ? b->scale : 0, s = MAX_OF(xs, ys);
    bool x_fits = dec128_scale_up(x, s - xs, &x), y_fits = dec128_scale_up(y, s - ys, &y);
    if (!x_fits) /* the one with more whole digits is further from zero */
        return x < 0 ? -1 : 1;
    if (!y_fits)
        return y < 0 ? 1 : -1;
    return sign_of(x<y, x> y);
}

/* ---- literals of paths ---- */
bool json_number_literal(struct bytes text, struct json_number *ret) {
    dec128 v = 0;
    int digits = 0, scale = -1;
    bool minus = text.len && text.ptr[0] == '-';
    for (size_t i = minus; i < text.len; i++) {
        char c = text.ptr[i];
        if ((c | 32) == 'e') {
            char t[64];
            if (text.len >= sizeof(t))
                return false;
            memcpy(t, text.ptr, text.len);
            t[text.len] = 0;
            *ret = json_number_of_double(strtod(t, NULL));
            return true;
        }
        if (c == '.') {
            scale = 0;
            continue;
        }
        digits += v != 0 || c != '0' || scale >= 0;
        scale += scale >= 0;
        if (digits > 38)
            return false;
        v = v * 10 + (c - '0');
    }
    v = minus ? -v : v;
    if (scale >= 0)
        return out_decimal(v, MAX_OF(digits, 1), scale, ret);
    return checked_integer(v, 32, ret) || checked_integer(v, 64, ret);
}
