/* decoder_number.c - JSON numbers: the grammar, and exact conversion.
 *
 * number_scan checks the grammar and gathers up to 19 significant digits, eight at a time. Binary
 * floating point is exact in three steps, cheapest first:
 *   1. mantissa and power of ten are both exact doubles: one multiplication or division rounds
 *      once, hence correctly (Clinger);
 *   2. |exp10| <= 27: 5^|exp10| fits 64 bits, so mantissa * 5^e is exact in 128 bits, and
 *      mantissa / 5^e is a 128 by 64 bit division whose remainder says whether anything was left:
 *      round the top 53 (or 24) bits by hand;
 *   3. everything else (over 19 digits, huge exponents): strtod in the C locale.
 * Decimals take the digits one by one up to the scale and round half up, as Hive does. */
#include "schema/decoder_int.h"
#include <math.h>
#include <stdlib.h>

#define EXPONENT_MAX 100000000

static const uint64_t pow10_u64[20] = {1,
                                       10,
                                       100,
                                       1000,
                                       10000,
                                       100000,
                                       1000000,
                                       10000000,
                                       100000000,
                                       1000000000,
                                       10000000000,
                                       100000000000,
                                       1000000000000,
                                       10000000000000,
                                       100000000000000,
                                       1000000000000000,
                                       10000000000000000,
                                       100000000000000000,
                                       1000000000000000000,
                                       10000000000000000000u};

static const uint64_t pow5_u64[28] = {UINT64_C(1),
                                      UINT64_C(5),
                                      UINT64_C(25),
                                      UINT64_C(125),
                                      UINT64_C(625),
                                      UINT64_C(3125),
                                      UINT64_C(15625),
                                      UINT64_C(78125),
                                      UINT64_C(390625),
                                      UINT64_C(1953125),
                                      UINT64_C(9765625),
                                      UINT64_C(48828125),
                                      UINT64_C(244140625),
                                      UINT64_C(1220703125),
                                      UINT64_C(6103515625),
                                      UINT64_C(30517578125),
                                      UINT64_C(152587890625),
                                      UINT64_C(762939453125),
                                      UINT64_C(3814697265625),
                                      UINT64_C(19073486328125),
                                      UINT64_C(95367431640625),
                                      UINT64_C(476837158203125),
                                      UINT64_C(2384185791015625),
                                      UINT64_C(11920928955078125),
                                      UINT64_C(59604644775390625),
                                      UINT64_C(298023223876953125),
                                      UINT64_C(1490116119384765625),
                                      UINT64_C(7450580596923828125)};

static bool is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

/* Digits gathered so far; leading zeros do not count. */
struct gather {
    uint64_t mantissa;
    unsigned digits;
    bool full;
};

static const char *gather_digits(const char *p, const char *end, struct gather *g) {
    while (end - p >= 8 && g->digits <= 11) {
        uint64_t t;
        unsigned n = count_digits8(p, &t);
        if (n == 0) {
            return p;
        }
        g->mantissa = g->mantissa * pow10_u64[n] + join_digits8(t, n);
        g->digits +=
            g->mantissa ? n : 0; /* zeros in front of the first digit may count: harmless */
        p += n;
        if (n < 8) {
            return p;
        }
    }
    while (p < end && is_digit(*p)) {
        if (g->digits >= 19) {
            g->full = true;
        } else {
            g->mantissa = g->mantissa * 10 + (uint64_t)(*p - '0');
            g->digits += g->mantissa != 0;
        }
        p++;
    }
    return p;
}

static const char *scan_exponent(const char *p, const char *end, int *ret) {
    bool negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    const char *from = p;
    int n = 0;
    while (p < end && is_digit(*p)) {
        n = n < EXPONENT_MAX ? n * 10 + (*p - '0') : EXPONENT_MAX;
        p++;
    }
    *ret = negative ? -n : n;
    return p == from ? NULL : p;
}

const char *number_scan(const char *p, const char *end, struct number *ret, const char **bad) {
    struct number n = {.integer = true};
    struct gather g = {0};
    n.negative = p < end && *p == '-';
    p += n.negative;
    n.whole = p;
    p = gather_digits(p, end, &g);
    n.whole_len = (size_t)(p - n.whole);
    if (n.whole_len == 0 || (*n.whole == '0' && n.whole_len > 1)) {
        *bad = n.whole_len == 0 ? p : n.whole + 1;
        return NULL;
    }
    if (p < end && *p == '.') {
        n.integer = false;
        n.fraction = ++p;
        p = gather_digits(p, end, &g);
        n.fraction_len = (size_t)(p - n.fraction);
        if (n.fraction_len == 0) {
            *bad = p;
            return NULL;
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        const char *from = p + 1;
        n.integer = false;
        p = scan_exponent(from, end, &n.exponent);
        if (!p) {
            *bad = from;
            return NULL;
        }
    }
    n.exact = !g.full;
    n.mantissa = g.mantissa;
    /* A fraction can be as long as the record: stay far from overflow. */
    n.exp10 = n.exponent - (int)MIN_OF(n.fraction_len, (size_t)EXPONENT_MAX);
    *ret = n;
    return p;
}

bool number_to_i128(const struct number *n, int scale, i128 *ret) {
    const i128 limit = (i128)pow10_u64[19] * (i128)pow10_u64[19]; /* 10^38 */
    const i128 tenth = limit / 10;
    size_t count = n->whole_len + n->fraction_len, i = 0;
    /* Digits [0, take) of whole+fraction, zeros after their end, are the answer. */
    int64_t take = (int64_t)n->whole_len + n->exponent + scale;
    i128 v = 0;
    bool up = false;
    for (; i < count; i++) {
        int digit = (i < n->whole_len ? n->whole[i] : n->fraction[i - n->whole_len]) - '0';
        if ((int64_t)i >= take) {
            up = (int64_t)i == take && digit >= 5;
            break;
        }
        if (v >= tenth) {
            return false;
        }
        v = v * 10 + digit;
    }
    for (int64_t k = (int64_t)i; v != 0 && k < take; k++) {
        if (v >= tenth) {
            return false;
        }
        v *= 10;
    }
    v += up;
    *ret = n->negative ? -v : v;
    return v < limit;
}

bool number_to_i64(const struct number *n, int64_t *ret) {
    uint64_t magnitude = n->mantissa;
    if (!n->integer || !n->exact) {
        i128 v;
        /* Whole exactly when nothing is left below the point, at any depth. */
        if (!number_to_i128(n, 0, &v) || v > INT64_MAX || v < INT64_MIN) {
            return false;
        }
        for (size_t i = 0; i < n->whole_len + n->fraction_len; i++) {
            char c = i < n->whole_len ? n->whole[i] : n->fraction[i - n->whole_len];
            if (c != '0' && (int64_t)i >= (int64_t)n->whole_len + n->exponent) {
                return false;
            }
        }
        *ret = (int64_t)v;
        return true;
    }
    uint64_t limit = (uint64_t)INT64_MAX + n->negative;
    *ret = (int64_t)(n->negative ? 0 - magnitude : magnitude);
    return magnitude <= limit;
}

/* mantissa * 10^e for |e| <= 27, rounded to `bits` bits, ties to even. */
static double scale_exactly(uint64_t mantissa, int e, int bits) {
    if (mantissa == 0) {
        return 0;
    }
    uint64_t five = pow5_u64[e < 0 ? -e : e];
    u128 v;
    int shift = e; /* the value is v * 2^shift, plus less than one unit when sticky */
    bool sticky = false;
    if (e >= 0) {
        v = (u128)mantissa * five;
    } else {
        int up = __builtin_clzll(mantissa), down = __builtin_clzll(five);
        u128 dividend = (u128)(mantissa << up) << 63;
        uint64_t divisor = five << down;
        v = dividend / divisor;
        sticky = dividend % divisor != 0;
        shift = e - up - 63 + down;
    }
    int len = (uint64_t)(v >> 64) ? 128 - __builtin_clzll((uint64_t)(v >> 64))
                                  : 64 - __builtin_clzll((uint64_t)v);
    int drop = len - bits;
    if (drop > 0) {
        u128 half = (u128)1 << (drop - 1), rest = v & ((half << 1) - 1);
        v >>= drop;
        shift += drop;
        v += rest > half || (rest == half && (sticky || (v & 1)));
    }
    return ldexp((double)(uint64_t)v, shift);
}

/* Copied, because strtod wants a NUL. NaN when memory is short. */
static double parse_in_c_locale(struct bytes text, locale_t c, bool single) {
    char small[256];
    char *copy = text.len < sizeof(small) ? small : mem_alloc(text.len + 1);
    if (!copy) {
        return NAN;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    double v = single ? (double)strtof_l(copy, NULL, c) : strtod_l(copy, NULL, c);
    if (copy != small) {
        mem_free(copy);
    }
    return v;
}

bool number_to_double(const struct number *n, struct bytes text, locale_t c, double *ret) {
    static const double pow10_double[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double v;
    if (n->exact && n->mantissa <= UINT64_C(1) << 53 && n->exp10 >= -22 && n->exp10 <= 22) {
        v = (double)n->mantissa;
        v = n->exp10 < 0 ? v / pow10_double[-n->exp10] : v * pow10_double[n->exp10];
    } else if (n->exact && n->exp10 >= -27 && n->exp10 <= 27) {
        v = scale_exactly(n->mantissa, n->exp10, 53);
    } else {
        *ret = parse_in_c_locale(text, c, false);
        return isfinite(*ret);
    }
    *ret = n->negative ? -v : v;
    return true;
}

bool number_to_float(const struct number *n, struct bytes text, locale_t c, float *ret) {
    double v;
    if (n->exact && n->exp10 >= -27 && n->exp10 <= 27) {
        v = scale_exactly(n->mantissa, n->exp10, 24);
        v = n->negative ? -v : v;
    } else {
        v = parse_in_c_locale(text, c, true);
    }
    if (!(fabs(v) <= 3.40282346638528859812e38)) {
        return false;
    }
    *ret = (float)v;
    return true;
}
