/* time_unit.c - units of time.
 *
 * Up to weeks a unit is a number of picoseconds; weeks begin on Monday, which 1970-01-05 was.
 * Months and longer are counted on the calendar: a month has passed when the same day and time of
 * it is reached, or the last day of a month that lacks the day. */
#include "duck/time_unit.h"
#include "base/clock.h"
#include "duck/time_text.h"

static const picos128 lengths[] = {PICOS_MILLI, PICOS_SECOND, PICOS_MINUTE,
                                   PICOS_HOUR,  PICOS_DAY,    7 * (picos128)PICOS_DAY};
static const int months[] = {[TIME_MONTH] = 1, [TIME_QUARTER] = 3, [TIME_YEAR] = 12};

bool time_unit_find(struct bytes name, enum time_unit *ret) {
    static const char *const names[] = {"millisecond", "second", "minute",  "hour", "day",
                                        "week",        "month",  "quarter", "year"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (bytes_eq_nocase(name, bytes_str(names[i]))) {
            *ret = (enum time_unit)i;
            return true;
        }
    return false;
}

struct parts {
    int64_t year;
    int month, day, day_of_year;
    picos128 rest; /* of the day */
};
static struct parts parts_of(picos128 v) {
    struct clock_fields f;
    int64_t days = (int64_t)floor_div128(v, PICOS_DAY);
    clock_split_ms(days * 86400000, &f);
    return (struct parts){f.year, f.month, f.day, f.day_of_year, v - days * (picos128)PICOS_DAY};
}
static picos128 join(int64_t year, int month, int day, picos128 rest) {
    return (picos128)clock_days_from_civil((int)year, month, day) * PICOS_DAY + rest;
}

picos128 time_unit_trunc(enum time_unit u, picos128 v) {
    if (u == TIME_WEEK) {
        picos128 monday = 4 * (picos128)PICOS_DAY;
        return floor_div128(v - monday, lengths[u]) * lengths[u] + monday;
    }
    if (u < TIME_WEEK)
        return floor_div128(v, lengths[u]) * lengths[u];
    struct parts p = parts_of(v);
    int month = u == TIME_MONTH ? p.month : u == TIME_QUARTER ? (p.month - 1) / 3 * 3 + 1 : 1;
    return join(p.year, month, 1, 0);
}

bool time_unit_add(enum time_unit u, int64_t n, picos128 v, picos128 *ret) {
    if (u <= TIME_WEEK) {
        *ret = v + n * lengths[u];
        return picos_fit(*ret);
    }
    struct parts p = parts_of(v);
    picos128 month = (picos128)p.year * 12 + p.month - 1 + (picos128)n * months[u];
    picos128 year = floor_div128(month, 12);
    if (year < -292000 || year > 294000)
        return false;
    int of_year = (int)(month - year * 12) + 1;
    int day = MIN_OF(p.day, time_text_days_in_month((int64_t)year, of_year));
    *ret = join((int64_t)year, of_year, day, p.rest);
    return true;
}

static bool is_leap(int64_t year) {
    return time_text_days_in_month(year, 2) == 29;
}

/* From a to b, a <= b. */
static int64_t months_between(struct parts a, struct parts b) {
    int64_t n = (b.year - a.year) * 12 + b.month - a.month;
    int day = a.day;
    if (b.day == time_text_days_in_month(b.year, b.month) && day > b.day)
        day = b.day;
    return b.day < day || (b.day == day && b.rest < a.rest) ? n - 1 : n;
}

static int64_t years_between(struct parts a, struct parts b) {
    int x = a.day_of_year, y = b.day_of_year; /* 60: 29 February or 1 March */
    if (x >= 60) {
        if (is_leap(a.year) && !is_leap(b.year))
            x--;
        else if (!is_leap(a.year) && y >= 60 && is_leap(b.year))
            y--;
    }
    int64_t n = b.year - a.year;
    return y < x || (y == x && b.rest < a.rest) ? n - 1 : n;
}

int64_t time_unit_diff(enum time_unit u, picos128 a, picos128 b) {
    if (u <= TIME_WEEK)
        return (int64_t)((b - a) / lengths[u]);
    if (a > b)
        return -time_unit_diff(u, b, a);
    struct parts x = parts_of(a), y = parts_of(b);
    return u == TIME_YEAR ? years_between(x, y) : months_between(x, y) / months[u];
}
