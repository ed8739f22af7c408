/* time_text.c - reads and writes dates and times the way Trino spells them. */
#include "duck/time_text.h"
#include "base/clock.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define DAY_MICROS INT64_C(86400000000)

struct cursor {
    struct bytes t;
    size_t at;
};

static bool more(const struct cursor *c) {
    return c->at < c->t.len;
}
static bool take(struct cursor *c, char ch) {
    if (!more(c) || c->t.ptr[c->at] != ch)
        return false;
    c->at++;
    return true;
}
/* Between min and max digits. */
static bool number(struct cursor *c, size_t min, size_t max, int64_t *ret) {
    size_t n = 0;
    *ret = 0;
    while (n < max && more(c) && isdigit((unsigned char)c->t.ptr[c->at])) {
        *ret = *ret * 10 + (c->t.ptr[c->at++] - '0');
        n++;
    }
    return n >= min;
}

int time_text_days_in_month(int64_t y, int64_t m) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return days[m - 1] + (m == 2 && leap);
}

static int sign_of(struct cursor *c) {
    if (take(c, '-'))
        return -1;
    (void)take(c, '+');
    return 1;
}

static bool date_part(struct cursor *c, size_t year_digits, int64_t *ret_days) {
    int64_t y, m, d;
    int sign = sign_of(c);
    if (!number(c, year_digits, 7, &y) || !take(c, '-') || !number(c, 1, 2, &m) || !take(c, '-') ||
        !number(c, 1, 2, &d))
        return false;
    y *= sign;
    if (m < 1 || m > 12 || d < 1 || d > time_text_days_in_month(y, m))
        return false;
    *ret_days = clock_days_from_civil((int)y, (int)m, (int)d);
    return *ret_days >= INT32_MIN && *ret_days <= INT32_MAX;
}

static bool fraction_part(struct cursor *c, struct time_text *ret) {
    int64_t scale = PICOS_SECOND / 10, f = 0;
    int n = 0;
    for (; more(c) && isdigit((unsigned char)c->t.ptr[c->at]); c->at++, n++) {
        int digit = c->t.ptr[c->at] - '0';
        f += digit * scale;
        scale /= 10;
        if (n == 12)
            ret->up = digit >= 5;
    }
    ret->micros += f / PICOS_MICRO;
    ret->picos = (int)(f % PICOS_MICRO);
    ret->digits = n;
    return n > 0 && n <= 18;
}

static bool clock_part(struct cursor *c, struct time_text *ret) {
    int64_t h, m, s = 0;
    if (!number(c, 1, 2, &h) || !take(c, ':') || !number(c, 1, 2, &m))
        return false;
    bool seconds = take(c, ':');
    if (seconds && !number(c, 1, 2, &s))
        return false;
    if (h > 23 || m > 59 || s > 59)
        return false;
    ret->micros += ((h * 60 + m) * 60 + s) * 1000000;
    return !seconds || !take(c, '.') || fraction_part(c, ret);
}

bool time_text_parse_date(struct bytes text, int64_t *ret_days) {
    struct cursor c = {bytes_trim(text), 0};
    return date_part(&c, 1, ret_days) && !more(&c);
}

bool time_text_parse_clock(struct bytes text, struct time_text *ret) {
    struct cursor c = {text, 0};
    int64_t h, m;
    *ret = (struct time_text){0};
    if (!clock_part(&c, ret))
        return false;
    ret->zone = bytes_trim(bytes_slice(c.t, c.at, c.t.len));
    if (!ret->zone.len)
        return !more(&c);
    struct cursor z = {ret->zone, 0};
    return (take(&z, '+') || take(&z, '-')) && number(&z, 2, 2, &h) && take(&z, ':') &&
           number(&z, 2, 2, &m) && !more(&z) && m < 60 && h * 60 + m <= TIME_ZONE_MAX_MINUTES;
}

bool time_text_parse_timestamp(struct bytes text, struct time_text *ret) {
    struct cursor c = {bytes_trim(text), 0};
    int64_t days, day_micros;
    *ret = (struct time_text){0};
    if (!date_part(&c, 4, &days))
        return false;
    if (more(&c) && !take(&c, ' '))
        return false;
    if (more(&c) && isdigit((unsigned char)c.t.ptr[c.at]) && !clock_part(&c, ret))
        return false;
    ret->zone = bytes_trim(bytes_slice(c.t, c.at, c.t.len));
    return !__builtin_mul_overflow(days, DAY_MICROS, &day_micros) &&
           !__builtin_add_overflow(ret->micros, day_micros, &ret->micros);
}

picos128 time_text_picos(const struct time_text *t, int digits) {
    picos128 v = (picos128)t->micros * PICOS_MICRO + t->picos;
    return digits == 12 ? v + t->up : picos_round(v, digits);
}

bool time_text_zone_offset(struct bytes zone, int64_t *ret_minutes) {
    unsigned z;
    if (!time_zone_find(zone, &z) || !time_zone_is_fixed(z))
        return false;
    *ret_minutes = z == TIME_ZONE_UTC ? 0 : (int)z - TIME_ZONE_OFFSET_BIAS;
    return true;
}

bool time_text_zone_known(struct bytes zone) {
    unsigned z;
    return time_zone_find(zone, &z);
}

/* ---- writing ---- */
int64_t time_text_floor_days(int64_t micros) {
    return micros / DAY_MICROS - (micros % DAY_MICROS < 0);
}

void time_text_add_date(int64_t days, struct buf *out) {
    struct clock_fields f;
    clock_split_ms(days * 86400000, &f);
    buf_add_fmt(out, f.year < 0 ? "%05d-%02d-%02d" : "%04d-%02d-%02d", f.year, f.month, f.day);
}

void time_text_add_clock(int64_t picos, int digits, struct buf *out) {
    char t[24];
    int64_t s = picos / PICOS_SECOND, f = picos % PICOS_SECOND;
    int n = snprintf(t, sizeof(t), "%02d:%02d:%02d.%012" PRId64, (int)(s / 3600 % 24),
                     (int)(s / 60 % 60), (int)(s % 60), f);
    buf_add(out, bytes_of(t, (size_t)(digits ? n - 12 + digits : n - 13)));
}

void time_text_add_day(int64_t days, struct buf *out) {
    if (days > 2932896) /* 9999-12-31 */
        buf_add_char(out, '+');
    time_text_add_date(days, out);
}

void time_text_add_timestamp(picos128 picos, int digits, char between, struct buf *out) {
    int64_t days = (int64_t)floor_div128(picos, PICOS_DAY);
    time_text_add_day(days, out);
    buf_add_char(out, between);
    time_text_add_clock((int64_t)(picos - (picos128)days * PICOS_DAY), digits, out);
}

static struct bytes in_arena(struct arena *a, struct buf *b) {
    struct bytes r = buf_ok(b) ? arena_copy(a, buf_bytes(b)) : (struct bytes){0};
    buf_clear(b);
    return r;
}

struct bytes time_text_date(struct arena *a, int64_t days) {
    struct buf b = {0};
    time_text_add_date(days, &b);
    return in_arena(a, &b);
}

struct bytes time_text_timestamp(struct arena *a, int64_t micros, int digits) {
    struct buf b = {0};
    time_text_add_timestamp((picos128)micros * PICOS_MICRO, digits, ' ', &b);
    return in_arena(a, &b);
}

int64_t time_text_round(int64_t micros, int digits) {
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (digits > 6)
        return micros;
    int64_t unit = units[digits], rest = ((micros % unit) + unit) % unit;
    return rest * 2 >= unit ? micros - rest + unit : micros - rest;
}
