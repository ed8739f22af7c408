/* time_text.c - reads and writes dates and times the way Trino spells them. */
#include "duck/time_text.h"
#include "base/clock.h"
#include <ctype.h>
#include <inttypes.h>

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

static bool date_part(struct cursor *c, int64_t *ret_days) {
    int64_t y, m, d;
    if (!number(c, 4, 5, &y) || !take(c, '-') || !number(c, 1, 2, &m) || !take(c, '-') ||
        !number(c, 1, 2, &d))
        return false;
    if (m < 1 || m > 12 || d < 1 || d > time_text_days_in_month(y, m))
        return false;
    *ret_days = clock_days_from_civil((int)y, (int)m, (int)d);
    return true;
}

static bool fraction_part(struct cursor *c, struct time_text *ret) {
    int64_t scale = 100000, f = 0;
    int n = 0;
    for (; more(c) && isdigit((unsigned char)c->t.ptr[c->at]); c->at++, n++) {
        f += (c->t.ptr[c->at] - '0') * scale;
        scale /= 10;
    }
    ret->micros += f;
    ret->digits = n;
    return n > 0;
}

static bool clock_part(struct cursor *c, struct time_text *ret) {
    int64_t h, m, s = 0;
    if (!number(c, 1, 2, &h) || !take(c, ':') || !number(c, 1, 2, &m))
        return false;
    if (take(c, ':') && !number(c, 1, 2, &s))
        return false;
    if (h > 23 || m > 59 || s > 59)
        return false;
    ret->micros += ((h * 60 + m) * 60 + s) * 1000000;
    return !take(c, '.') || fraction_part(c, ret);
}

bool time_text_parse_date(struct bytes text, int64_t *ret_days) {
    struct cursor c = {bytes_trim(text), 0};
    return date_part(&c, ret_days) && !more(&c);
}

bool time_text_parse_clock(struct bytes text, struct time_text *ret) {
    struct cursor c = {text, 0};
    *ret = (struct time_text){0};
    return clock_part(&c, ret) && !more(&c);
}

bool time_text_parse_timestamp(struct bytes text, struct time_text *ret) {
    struct cursor c = {bytes_trim(text), 0};
    int64_t days;
    *ret = (struct time_text){0};
    if (!date_part(&c, &days))
        return false;
    if (more(&c) && !take(&c, ' '))
        return false;
    if (more(&c) && isdigit((unsigned char)c.t.ptr[c.at]) && !clock_part(&c, ret))
        return false;
    ret->micros += days * DAY_MICROS;
    ret->zone = bytes_trim(bytes_slice(c.t, c.at, c.t.len));
    return true;
}

bool time_text_zone_offset(struct bytes zone, int64_t *ret_minutes) {
    if (bytes_eq_nocase(zone, BYTES("UTC")) || bytes_eq_nocase(zone, BYTES("Z")) ||
        bytes_eq_nocase(zone, BYTES("GMT"))) {
        *ret_minutes = 0;
        return true;
    }
    struct cursor c = {zone, 0};
    int64_t h, m;
    bool minus = take(&c, '-');
    if (!minus && !take(&c, '+'))
        return false;
    if (!number(&c, 2, 2, &h) || !take(&c, ':') || !number(&c, 2, 2, &m) || more(&c) || h > 14 ||
        m > 59)
        return false;
    *ret_minutes = (h * 60 + m) * (minus ? -1 : 1);
    return true;
}

bool time_text_zone_known(struct bytes zone) {
    int64_t minutes;
    if (time_text_zone_offset(zone, &minutes))
        return true;
    if (zone.len < 3 || zone.len > 40 || !isalpha((unsigned char)zone.ptr[0]))
        return false;
    for (size_t i = 0; i < zone.len; i++)
        if (!isalnum((unsigned char)zone.ptr[i]) && !strchr("/_+-", zone.ptr[i]))
            return false;
    return bytes_find_char(zone, '/') > 0;
}

/* ---- writing ---- */
int64_t time_text_floor_days(int64_t micros) {
    return micros / DAY_MICROS - (micros % DAY_MICROS < 0);
}

struct bytes time_text_date(struct arena *a, int64_t days) {
    struct clock_fields f;
    clock_split_ms(days * 86400000, &f);
    return arena_fmt(a, "%04d-%02d-%02d", f.year, f.month, f.day);
}

struct bytes time_text_clock(struct arena *a, int64_t micros, int digits) {
    int64_t s = micros / 1000000, f = micros % 1000000;
    struct bytes t = arena_fmt(a, "%02d:%02d:%02d.%06d", (int)(s / 3600), (int)(s / 60 % 60),
                               (int)(s % 60), (int)f);
    if (t.len)
        t.len -= digits ? (size_t)(6 - digits) : 7;
    return t;
}

struct bytes time_text_timestamp(struct arena *a, int64_t micros, int digits) {
    int64_t days = time_text_floor_days(micros);
    struct bytes d = time_text_date(a, days);
    struct bytes t = time_text_clock(a, micros - days * DAY_MICROS, digits);
    return arena_fmt(a, "%.*s %.*s", BYTES_ARG(d), BYTES_ARG(t));
}

int64_t time_text_round(int64_t micros, int digits) {
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int64_t unit = units[digits], rest = ((micros % unit) + unit) % unit;
    return rest * 2 >= unit ? micros - rest + unit : micros - rest;
}
