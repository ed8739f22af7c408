/* decoder_time.c - timestamps and dates to microseconds and days since 1970 UTC.
 *
 * The common spelling is 19 fixed places. It is read as words of eight bytes: XOR with the expected
 * pattern turns digits into their values and separators into zero, so one test of the high nibbles
 * checks eight places, and one multiplication joins pairs of digits. Everything else takes a slow
 * reader with one cursor. */
#include "schema/decoder_int.h"

#define US_PER_DAY INT64_C(86400000000)

static const uint8_t month_days[13] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool civil_ok(int y, int m, int d) {
    if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > month_days[m]) {
        return false;
    }
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m != 2 || d < 29 || leap;
}

/* Days since 1970 of a valid date. March starts the year, so the leap day is its last. */
static int64_t days_of(int y, int m, int d) {
    unsigned shifted = (unsigned)(m + 9) % 12; /* March 0 ... February 11 */
    unsigned year = (unsigned)(y - (m <= 2));
    unsigned day = (153 * shifted + 2) / 5 + (unsigned)d - 1;
    return (int64_t)(year * 365 + year / 4 - year / 100 + year / 400 + day) - 719468;
}

/* XORed with its pattern, each byte must be 0-9, and 0 where the pattern has a separator. */
static bool places_ok(uint64_t t, uint64_t separators) {
    return ((t | (t + UINT64_C(0x0606060606060606))) & UINT64_C(0xF0F0F0F0F0F0F0F0)) == 0 &&
           (t & separators) == 0;
}

static int pair(uint64_t t, unsigned at) {
    return (int)(t >> (8 * at) & 0xFF) * 10 + (int)(t >> (8 * at + 8) & 0xFF);
}

/* "yyyy-MM-ddTHH:mm:ss" at p, 19 bytes are there; false when it is not that or not a real time. */
static bool fixed_places(const char *p, int64_t *ret_us) {
    uint64_t a = load64(p) ^ load64("0000-00-");
    uint64_t b = load64(p + 8) ^ load64(p[10] == ' ' ? "00 00:00" : "00T00:00");
    uint64_t c = load64(p + 11) ^ load64("00:00:00");
    if (!places_ok(a, UINT64_C(0xFF0000FF00000000)) ||
        !places_ok(b, UINT64_C(0x0000FF0000FF0000)) ||
        !places_ok(c, UINT64_C(0x0000FF0000FF0000))) {
        return false;
    }
    int y = pair(a, 0) * 100 + pair(a, 2), m = pair(a, 5), d = pair(b, 0);
    int hour = pair(c, 0), minute = pair(c, 3), second = pair(c, 6);
    if (!civil_ok(y, m, d) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *ret_us = days_of(y, m, d) * US_PER_DAY +
              (int64_t)(hour * 3600 + minute * 60 + second) * INT64_C(1000000);
    return true;
}

static bool is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

/* Digits after the point, at most nine; those after the sixth are cut off. */
static const char *scan_fraction(const char *p, const char *end, int64_t *ret_us) {
    int64_t us = 0;
    int n = 0;
    while (p < end && is_digit(*p) && n < 9) {
        us = n < 6 ? us * 10 + (*p - '0') : us;
        n++;
        p++;
    }
    for (int i = n; i < 6; i++) {
        us *= 10;
    }
    *ret_us = us;
    return p;
}

const char *time_scan_fast(const char *p, const char *end, int64_t *ret_us) {
    int64_t us, fraction = 0;
    if (end - p < 32 || !fixed_places(p + 1, &us)) {
        return NULL;
    }
    p += 20;
    if (*p == '.') {
        p = scan_fraction(p + 1, end, &fraction);
    }
    p += *p == 'Z';
    *ret_us = us + fraction;
    return *p == '"' ? p + 1 : NULL;
}

/* ---- the slow reader ---- */

struct reader {
    const char *p, *end;
};

static bool take(struct reader *r, char c) {
    bool ok = r->p < r->end && *r->p == c;
    r->p += ok;
    return ok;
}

/* A number of min to max digits. */
static bool take_digits(struct reader *r, int min, int max, int *ret) {
    int n = 0, v = 0;
    while (n < max && r->p < r->end && is_digit(*r->p)) {
        v = v * 10 + (*r->p++ - '0');
        n++;
    }
    *ret = v;
    return n >= min;
}

static bool take_date(struct reader *r, int64_t *ret_days) {
    int y, m, d;
    if (!take_digits(r, 4, 4, &y) || !take(r, '-') || !take_digits(r, 1, 2, &m) || !take(r, '-') ||
        !take_digits(r, 1, 2, &d) || !civil_ok(y, m, d)) {
        return false;
    }
    *ret_days = days_of(y, m, d);
    return true;
}

/* HH:mm[:ss[.f]] */
static bool take_clock(struct reader *r, int64_t *ret_us) {
    int hour, minute, second = 0;
    int64_t fraction = 0;
    if (!take_digits(r, 2, 2, &hour) || !take(r, ':') || !take_digits(r, 2, 2, &minute)) {
        return false;
    }
    if (take(r, ':')) {
        if (!take_digits(r, 2, 2, &second)) {
            return false;
        }
        if (take(r, '.')) {
            r->p = scan_fraction(r->p, r->end, &fraction);
        }
    }
    *ret_us = (int64_t)(hour * 3600 + minute * 60 + second) * INT64_C(1000000) + fraction;
    return hour < 24 && minute < 60 && second < 60;
}

/* Z, +HH, +HHmm, +HH:mm or nothing. */
static bool take_offset(struct reader *r, int64_t *ret_us) {
    *ret_us = 0;
    if (r->p == r->end || take(r, 'Z') || take(r, 'z')) {
        return true;
    }
    bool west = take(r, '-');
    int hour, minute = 0;
    if ((!west && !take(r, '+')) || !take_digits(r, 2, 2, &hour)) {
        return false;
    }
    bool colon = take(r, ':');
    if ((colon || r->p < r->end) && !take_digits(r, 2, 2, &minute)) {
        return false;
    }
    int64_t us = (int64_t)(hour * 60 + minute) * INT64_C(60000000);
    *ret_us = west ? -us : us;
    return hour <= 18 && minute < 60;
}

bool time_parse(struct bytes text, int64_t *ret_us) {
    struct reader r = {text.ptr, text.ptr + text.len};
    int64_t days, clock = 0, offset = 0;
    if (!take_date(&r, &days)) {
        return false;
    }
    if (r.p < r.end) {
        if (!(take(&r, 'T') || take(&r, ' ') || take(&r, 't')) || !take_clock(&r, &clock)) {
            return false;
        }
        (void)take(&r, ' '); /* "... 20:38:42 +0100" */
        if (!take_offset(&r, &offset)) {
            return false;
        }
    }
    *ret_us = days * US_PER_DAY + clock - offset;
    return r.p == r.end;
}

bool time_parse_date(struct bytes text, int32_t *ret_days) {
    struct reader r = {text.ptr, text.ptr + text.len};
    int64_t days;
    if (!take_date(&r, &days) || r.p != r.end) {
        return false;
    }
    *ret_days = (int32_t)days;
    return true;
}

bool time_from_number(const struct number *n, int64_t *ret_us) {
    i128 v;
    if (!number_to_i128(n, 6, &v)) {
        return false;
    }
    /* From 10^11 on (the year 5138 in seconds, 1973 in milliseconds) a number is milliseconds. */
    const i128 turn = (i128)INT64_C(100000000000) * 1000000;
    if (v >= turn || v <= -turn) {
        v /= 1000;
    }
    /* Years 1 to 9999. */
    if (v < -INT64_C(62135596800000000) || v > INT64_C(253402300799999999)) {
        return false;
    }
    *ret_us = (int64_t)v;
    return true;
}
