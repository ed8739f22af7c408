/* time_pattern.c - what all patterns share: a time's fields, and reading them back.
 *
 * A reader fills in fields as it meets them, in any order; assemble() makes a day of the year,
 * month and day, of the day of the year, or of the week, whichever was given. */
#include "duck/time_pattern_int.h"
#include "duck/time_text.h"
#include <ctype.h>

const char *const pattern_months[12] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
const char *const pattern_days[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};

/* ---- printing ---- */
struct moment moment_of(int64_t v) {
    struct moment m;
    struct clock_fields thursday;
    clock_split_ms(v / 1000 - (v % 1000 < 0), &m.f);
    int64_t days = clock_days_from_civil(m.f.year, m.f.month, m.f.day);
    clock_split_ms((days + 4 - m.f.iso_weekday) * 86400000, &thursday);
    m.week_year = thursday.year;
    m.week = (thursday.day_of_year - 1) / 7 + 1;
    return m;
}

int hour12(int h) {
    return h % 12 == 0 ? 12 : h % 12;
}

bool refuse(struct time_pattern_result *r, enum time_pattern_why why, char letter, size_t at) {
    *r = (struct time_pattern_result){why, letter, at};
    return false;
}

/* ---- reading ---- */
struct parsing parsing_of(struct bytes v) {
    return (struct parsing){
        .v = v, .year = 1970, .month = 1, .day = 1, .week_year = INT64_MIN, .pm = -1};
}

bool take_number(struct parsing *p, int max, int64_t *ret) {
    int n = 0;
    *ret = 0;
    while (n < max && p->at < p->v.len && isdigit((unsigned char)p->v.ptr[p->at])) {
        *ret = *ret * 10 + (p->v.ptr[p->at++] - '0');
        n++;
    }
    return n > 0;
}

bool take_signed(struct parsing *p, int max, int64_t *ret) {
    bool minus = take_text(p, "-", 1);
    if (!minus)
        (void)take_text(p, "+", 1);
    if (!take_number(p, max, ret))
        return false;
    *ret = minus ? -*ret : *ret;
    return true;
}

bool take_fraction(struct parsing *p, int max) {
    int64_t scale = PICOS_SECOND / 10;
    int n = 0;
    p->picos = 0;
    for (; n < max && p->at < p->v.len && isdigit((unsigned char)p->v.ptr[p->at]); n++, p->at++) {
        p->picos += (p->v.ptr[p->at] - '0') * scale;
        scale /= 10;
    }
    return n > 0;
}

bool take_text(struct parsing *p, const char *t, size_t n) {
    if (p->v.len - p->at < n || !bytes_eq_nocase(bytes_of(p->v.ptr + p->at, n), bytes_of(t, n)))
        return false;
    p->at += n;
    return true;
}

bool take_name(struct parsing *p, const char *const *names, int count, int64_t *ret) {
    for (int full = 1; full >= 0; full--)
        for (int k = 0; k < count; k++)
            if (take_text(p, names[k], full ? strlen(names[k]) : 3)) {
                *ret = k + 1;
                return true;
            }
    return false;
}

bool take_half(struct parsing *p) {
    p->half = true;
    if (take_text(p, "AM", 2))
        p->pm = 0;
    else if (take_text(p, "PM", 2))
        p->pm = 1;
    else
        return false;
    return true;
}

bool take_offset(struct parsing *p) {
    int64_t h, m = 0;
    p->zone = TIME_ZONE_UTC;
    if (take_text(p, "Z", 1))
        return true;
    bool minus = take_text(p, "-", 1);
    if ((!minus && !take_text(p, "+", 1)) || !take_number(p, 2, &h))
        return false;
    if (take_text(p, ":", 1) ? !take_number(p, 2, &m) : (take_number(p, 2, &m), false))
        return false;
    if (m > 59 || h * 60 + m > TIME_ZONE_MAX_MINUTES)
        return false;
    p->zone = time_zone_of_minutes((int)(h * 60 + m) * (minus ? -1 : 1));
    return true;
}

/* Monday of the first ISO week, then on. */
static bool day_of_week(const struct parsing *p, int64_t *ret) {
    int64_t year = p->week_year == INT64_MIN ? p->year : p->week_year;
    int64_t week = p->week ? p->week : 1, weekday = p->weekday ? p->weekday : 1;
    if (year < -290000 || year > 290000 || week < 1 || week > 53 || weekday > 7)
        return false;
    int64_t fourth = clock_days_from_civil((int)year, 1, 4);
    int64_t monday = fourth - (((fourth + 3) % 7 + 7) % 7);
    struct moment m = moment_of((monday + (week - 1) * 7) * PATTERN_DAY_MICROS);
    *ret = monday + (week - 1) * 7 + weekday - 1;
    return m.week == week;
}

static bool day_of(const struct parsing *p, int64_t *ret) {
    if (p->week || p->week_year != INT64_MIN)
        return day_of_week(p, ret);
    if (p->year < -290000 || p->year > 290000)
        return false;
    if (p->day_of_year) {
        *ret = clock_days_from_civil((int)p->year, 1, 1) + p->day_of_year - 1;
        return p->day_of_year <= 337 + time_text_days_in_month(p->year, 2);
    }
    if (p->month < 1 || p->month > 12 || p->day < 1 ||
        p->day > time_text_days_in_month(p->year, p->month))
        return false;
    *ret = clock_days_from_civil((int)p->year, (int)p->month, (int)p->day);
    return true;
}

bool assemble(struct parsing *p, int64_t *ret_days, int64_t *ret_micros) {
    if (p->at != p->v.len || (p->half && (p->hour < 1 || p->hour > 12)))
        return false;
    if (p->half)
        p->hour = p->hour % 12 + (p->pm == 1 ? 12 : 0);
    if (p->hour > 23 || p->minute > 59 || p->second > 59 || !day_of(p, ret_days))
        return false;
    *ret_micros = ((p->hour * 60 + p->minute) * 60 + p->second) * 1000000 + p->picos / PICOS_MICRO;
    return true;
}
