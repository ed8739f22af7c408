/* decimal128.c - 38-digit arithmetic.
 *
 * A quotient is worked out as digits: the integer part, then one decimal digit at a time, so that
 * nothing wider than 128 bits is needed. */
#include "duck/decimal128.h"

udec128 dec128_max(void) {
    udec128 v = 1;
    for (int i = 0; i < 38; i++)
        v *= 10;
    return v - 1;
}

static udec128 magnitude(dec128 v) {
    return v < 0 ? -(udec128)v : (udec128)v;
}

bool dec128_fits(dec128 v) {
    return magnitude(v) <= dec128_max();
}

bool dec128_scale_up(dec128 v, int digits, dec128 *ret) {
    for (; digits > 0 && v; digits--)
        if (__builtin_mul_overflow(v, 10, &v))
            return false;
    *ret = v;
    return dec128_fits(v);
}

bool dec128_multiply(dec128 a, dec128 b, dec128 *ret) {
    return !__builtin_mul_overflow(a, b, ret) && dec128_fits(*ret);
}

/* One more digit of r / d: r becomes the next remainder. r < d < 2^127. */
static unsigned next_digit(udec128 *r, udec128 d) {
    udec128 sum = 0;
    unsigned digit = 0;
    for (int k = 0; k < 10; k++) {
        sum += *r;
        if (sum >= d) {
            sum -= d;
            digit++;
        }
    }
    *r = sum;
    return digit;
}

bool dec128_divide(dec128 a, dec128 b, int shift, dec128 *ret) {
    bool minus = (a < 0) != (b < 0);
    udec128 n = magnitude(a), d = magnitude(b), max = dec128_max();
    for (; shift < 0; shift++) { /* more digits below than wanted: divide by more */
        if (d > max / 10) {
            *ret = 0;
            return true;
        }
        d *= 10;
    }
    udec128 q = n / d, r = n % d;
    for (; shift > 0; shift--) {
        unsigned digit = next_digit(&r, d);
        if (q > (max - digit) / 10)
            return false;
        q = q * 10 + digit;
    }
    if (r >= d - r)
        q++;
    if (q > max)
        return false;
    *ret = minus ? -(dec128)q : (dec128)q;
    return true;
}

int dec128_digits(dec128 v) {
    udec128 u = magnitude(v);
    int n = 1;
    for (; u >= 10; u /= 10)
        n++;
    return n;
}

void dec128_text(dec128 v, int scale, char out[45]) {
    char t[44];
    size_t at = sizeof(t);
    udec128 u = magnitude(v);
    t[--at] = 0;
    for (int k = 0; u || k <= scale; k++, u /= 10) {
        if (scale && k == scale)
            t[--at] = '.';
        t[--at] = (char)('0' + (int)(u % 10));
    }
    if (v < 0)
        t[--at] = '-';
    memcpy(out, t + at, sizeof(t) - at);
}
