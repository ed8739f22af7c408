/* time_pattern.c - times by pattern.
 *
 * All work on local microseconds since 1970; what a pattern letter means that we do not know is an
 * error, never text. */
#include "duck/time_pattern.h"
#include "base/clock.h"
#include "duck/time_text.h"
#include <ctype.h>
#include <stdio.h>

#define DAY_MICROS INT64_C(86400000000)

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                   "Friday", "Saturday", "Sunday"};

struct moment {
    struct clock_fields f;
    int micros; /* of the second */
};
static struct moment moment_of(int64_t v) {
    struct moment m;
    int64_t ms = v / 1000 - (v % 1000 < 0);
    clock_split_ms(ms, &m.f);
    m.micros = m.f.millis * 1000 + (int)(v - ms * 1000);
    return m;
}

/* ISO week and its year, from day of year and weekday. */
static int iso_week(const struct clock_fields *f, int *ret_year) {
    int week = (f->day_of_year - f->iso_weekday + 10) / 7;
    *ret_year = f->year;
    if (week < 1) {
        struct clock_fields p = {.year = f->year - 1, .month = 12, .day = 31};
        clock_split_ms(clock_join_ms(&p), &p);
        *ret_year = f->year - 1;
        return (p.day_of_year - p.iso_weekday + 10) / 7;
    }
    struct clock_fields n = {.year = f->year + 1, .month = 1, .day = 1};
    clock_split_ms(clock_join_ms(&n), &n);
    if (week == 53 && n.iso_weekday <= 4) {
        *ret_year = f->year + 1;
        return 1;
    }
    return week;
}

static int hour12(int h) {
    return h % 12 == 0 ? 12 : h % 12;
}

/* ---- date_format ---- */
static bool add_mysql(struct buf *b, char spec, const struct moment *m) {
    const struct clock_fields *f = &m->f;
    int week_year;
    switch (spec) {
    case 'a':
        buf_add_fmt(b, "%.3s", days[f->iso_weekday - 1]);
        return true;
    case 'b':
        buf_add_fmt(b, "%.3s", months[f->month - 1]);
        return true;
    case 'c':
        buf_add_fmt(b, "%d", f->month);
        return true;
    case 'd':
        buf_add_fmt(b, "%02d", f->day);
        return true;
    case 'e':
        buf_add_fmt(b, "%d", f->day);
        return true;
    case 'f':
        buf_add_fmt(b, "%06d", m->micros);
        return true;
    case 'H':
        buf_add_fmt(b, "%02d", f->hour);
        return true;
    case 'h':
    case 'I':
        buf_add_fmt(b, "%02d", hour12(f->hour));
        return true;
    case 'i':
        buf_add_fmt(b, "%02d", f->minute);
        return true;
    case 'j':
        buf_add_fmt(b, "%03d", f->day_of_year);
        return true;
    case 'k':
        buf_add_fmt(b, "%d", f->hour);
        return true;
    case 'l':
        buf_add_fmt(b, "%d", hour12(f->hour));
        return true;
    case 'M':
        buf_add_str(b, months[f->month - 1]);
        return true;
    case 'm':
        buf_add_fmt(b, "%02d", f->month);
        return true;
    case 'p':
        buf_add_str(b, f->hour < 12 ? "AM" : "PM");
        return true;
    case 'r':
        buf_add_fmt(b, "%02d:%02d:%02d %s", hour12(f->hour), f->minute, f->second,
                    f->hour < 12 ? "AM" : "PM");
        return true;
    case 'S':
    case 's':
        buf_add_fmt(b, "%02d", f->second);
        return true;
    case 'T':
        buf_add_fmt(b, "%02d:%02d:%02d", f->hour, f->minute, f->second);
        return true;
    case 'v':
        buf_add_fmt(b, "%02d", iso_week(f, &week_year));
        return true;
    case 'x':
        iso_week(f, &week_year);
        buf_add_fmt(b, "%04d", week_year);
        return true;
    case 'W':
        buf_add_str(b, days[f->iso_weekday - 1]);
        return true;
    case 'Y':
        buf_add_fmt(b, "%04d", f->year);
        return true;
    case 'y':
        buf_add_fmt(b, "%02d", ((f->year % 100) + 100) % 100);
        return true;
    case 'D':
    case 'U':
    case 'u':
    case 'V':
    case 'w':
    case 'X':
        return false;
    default: /* MySQL: an unknown letter stands for itself */
        buf_add_char(b, spec);
        return true;
    }
}
static bool refuse(struct time_pattern_result *r, enum time_pattern_why why, char letter,
                   size_t at) {
    *r = (struct time_pattern_result){why, letter, at};
    return false;
}

bool time_format_mysql(int64_t micros, struct bytes p, struct buf *out,
                       struct time_pattern_result *r) {
    struct moment m = moment_of(micros);
    for (size_t k = 0; k < p.len; k++) {
        if (p.ptr[k] != '%' || k + 1 == p.len)
            buf_add_char(out, p.ptr[k]);
        else if (!add_mysql(out, p.ptr[++k], &m))
            return refuse(r, TIME_PATTERN_LETTER, p.ptr[k], 0);
    }
    return true;
}

/* ---- parsing ---- */
struct parsing {
    struct bytes v;
    size_t at;
    int64_t year, month, day, hour, minute, second, micros, day_of_year;
    int pm;         /* -1 unsaid */
    bool half;      /* the hour is of 12 */
    int64_t offset; /* minutes */
};
static bool take_number(struct parsing *p, int max, int64_t *ret) {
    int n = 0;
    *ret = 0;
    while (n < max && p->at < p->v.len && isdigit((unsigned char)p->v.ptr[p->at])) {
        *ret = *ret * 10 + (p->v.ptr[p->at++] - '0');
        n++;
    }
    return n > 0;
}
static bool take_fraction(struct parsing *p, int max) {
    int64_t scale = 100000;
    int n = 0;
    p->micros = 0;
    for (; n < max && p->at < p->v.len && isdigit((unsigned char)p->v.ptr[p->at]); n++, p->at++) {
        p->micros += (p->v.ptr[p->at] - '0') * scale;
        scale /= 10;
    }
    return n > 0;
}
static bool take_text(struct parsing *p, const char *t, size_t n) {
    if (p->v.len - p->at < n || !bytes_eq_nocase(bytes_of(p->v.ptr + p->at, n), bytes_of(t, n)))
        return false;
    p->at += n;
    return true;
}
static bool take_name(struct parsing *p, const char *const *names, int count, int64_t *ret) {
    for (int full = 1; full >= 0; full--)
        for (int k = 0; k < count; k++)
            if (take_text(p, names[k], full ? strlen(names[k]) : 3)) {
                *ret = k + 1;
                return true;
            }
    return false;
}
static bool take_half(struct parsing *p) {
    p->half = true;
    if (take_text(p, "AM", 2))
        p->pm = 0;
    else if (take_text(p, "PM", 2))
        p->pm = 1;
    else
        return false;
    return true;
}
static bool take_mysql(struct parsing *p, char spec) {
    int64_t ignored;
    switch (spec) {
    case 'a':
    case 'W':
        return take_name(p, days, 7, &ignored);
    case 'b':
    case 'M':
        return take_name(p, months, 12, &p->month);
    case 'c':
    case 'm':
        return take_number(p, 2, &p->month);
    case 'd':
    case 'e':
        return take_number(p, 2, &p->day);
    case 'f':
        return take_fraction(p, 9);
    case 'H':
    case 'k':
        return take_number(p, 2, &p->hour);
    case 'h':
    case 'I':
    case 'l':
        p->half = true;
        return take_number(p, 2, &p->hour);
    case 'i':
        return take_number(p, 2, &p->minute);
    case 'j':
        return take_number(p, 3, &p->day_of_year);
    case 'p':
        return take_half(p);
    case 's':
    case 'S':
        return take_number(p, 2, &p->second);
    case 'T':
        return take_mysql(p, 'H') && take_text(p, ":", 1) && take_mysql(p, 'i') &&
               take_text(p, ":", 1) && take_mysql(p, 's');
    case 'r':
        return take_mysql(p, 'I') && take_text(p, ":", 1) && take_mysql(p, 'i') &&
               take_text(p, ":", 1) && take_mysql(p, 's') && take_text(p, " ", 1) && take_half(p);
    case 'Y':
        return take_number(p, 4, &p->year);
    case 'y':
        if (!take_number(p, 2, &p->year))
            return false;
        p->year += p->year < 70 ? 2000 : 1900;
        return true;
    case '%':
        return take_text(p, "%", 1);
    default:
        return false;
    }
}
static bool assemble(struct parsing *p, int64_t *ret) {
    if (p->half && (p->hour < 1 || p->hour > 12))
        return false;
    if (p->half)
        p->hour = p->hour % 12 + (p->pm == 1 ? 12 : 0);
    if (p->month < 1 || p->month > 12 || p->day < 1 ||
        p->day > time_text_days_in_month(p->year, p->month) || p->hour > 23 || p->minute > 59 ||
        p->second > 59)
        return false;
    int64_t d = clock_days_from_civil((int)p->year, (int)p->month, (int)p->day);
    if (p->day_of_year)
        d = clock_days_from_civil((int)p->year, 1, 1) + p->day_of_year - 1;
    *ret = d * DAY_MICROS + ((p->hour * 60 + p->minute - p->offset) * 60 + p->second) * 1000000 +
           p->micros;
    return true;
}
static struct parsing parsing_of(struct bytes v) {
    return (struct parsing){.v = v, .year = 1970, .month = 1, .day = 1, .pm = -1};
}
/* Down to milliseconds. */
static int64_t whole_millis(int64_t v) {
    return (v / 1000 - (v % 1000 < 0)) * 1000;
}

bool time_parse_mysql(struct bytes v, struct bytes f, int64_t *ret, struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    int64_t micros;
    for (size_t k = 0; k < f.len; k++) {
        bool spec = f.ptr[k] == '%' && k + 1 < f.len;
        if (spec && strchr("DUuVwX", f.ptr[k + 1]))
            return refuse(r, TIME_PATTERN_LETTER, f.ptr[k + 1], 0);
        if (spec ? !take_mysql(&p, f.ptr[++k]) : !take_text(&p, f.ptr + k, 1))
            return refuse(r, TIME_PATTERN_VALUE, 0, p.at);
    }
    if (p.at != p.v.len || !assemble(&p, &micros))
        return refuse(r, TIME_PATTERN_VALUE, 0, p.at);
    *ret = whole_millis(micros);
    return true;
}

/* ---- Joda patterns: runs of one letter ---- */
static bool add_joda(struct buf *b, char letter, int n, const struct moment *m) {
    const struct clock_fields *f = &m->f;
    int year, week = iso_week(f, &year);
    switch (letter) {
    case 'y':
    case 'Y':
        if (n == 2)
            buf_add_fmt(b, "%02d", ((f->year % 100) + 100) % 100);
        else
            buf_add_fmt(b, "%0*d", n, f->year);
        return true;
    case 'x':
        buf_add_fmt(b, "%0*d", n, year);
        return true;
    case 'w':
        buf_add_fmt(b, "%0*d", n, week);
        return true;
    case 'M':
        if (n >= 3)
            buf_add_fmt(b, n == 3 ? "%.3s" : "%s", months[f->month - 1]);
        else
            buf_add_fmt(b, "%0*d", n, f->month);
        return true;
    case 'd':
        buf_add_fmt(b, "%0*d", n, f->day);
        return true;
    case 'D':
        buf_add_fmt(b, "%0*d", n, f->day_of_year);
        return true;
    case 'e':
        buf_add_fmt(b, "%0*d", n, f->iso_weekday);
        return true;
    case 'E':
        buf_add_fmt(b, n <= 3 ? "%.3s" : "%s", days[f->iso_weekday - 1]);
        return true;
    case 'a':
        buf_add_str(b, f->hour < 12 ? "AM" : "PM");
        return true;
    case 'H':
        buf_add_fmt(b, "%0*d", n, f->hour);
        return true;
    case 'k':
        buf_add_fmt(b, "%0*d", n, f->hour ? f->hour : 24);
        return true;
    case 'h':
        buf_add_fmt(b, "%0*d", n, hour12(f->hour));
        return true;
    case 'K':
        buf_add_fmt(b, "%0*d", n, f->hour % 12);
        return true;
    case 'm':
        buf_add_fmt(b, "%0*d", n, f->minute);
        return true;
    case 's':
        buf_add_fmt(b, "%0*d", n, f->second);
        return true;
    case 'S': {
        char t[16];
        snprintf(t, sizeof(t), "%06d", m->micros / 1000 * 1000);
        for (int k = 0; k < n; k++)
            buf_add_char(b, k < 6 ? t[k] : '0');
        return true;
    }
    case 'z':
        buf_add_str(b, "UTC");
        return true;
    case 'Z':
        buf_add_str(b, n == 1 ? "+0000" : n == 2 ? "+00:00" : "UTC");
        return true;
    case 'G':
        buf_add_str(b, "AD");
        return true;
    default:
        return false;
    }
}
/* The next run of a pattern: a letter repeated, or literal text. '' is a quote. */
static bool next_run(struct bytes p, size_t *at, char *letter, int *count, struct bytes *text) {
    *letter = p.ptr[*at];
    size_t from = *at;
    if (isalpha((unsigned char)*letter)) {
        while (*at < p.len && p.ptr[*at] == *letter)
            ++*at;
        *count = (int)(*at - from);
        return *count <= 20;
    }
    *count = 0;
    if (*letter != '\'') {
        *text = bytes_slice(p, from, ++*at);
        return true;
    }
    size_t end = from + 1;
    while (end < p.len && p.ptr[end] != '\'')
        end++;
    if (end == p.len)
        return false;
    *text = end == from + 1 ? BYTES("'") : bytes_slice(p, from + 1, end);
    *at = end + 1;
    return true;
}
bool time_format_joda(int64_t micros, struct bytes p, struct buf *out,
                      struct time_pattern_result *r) {
    struct moment m = moment_of(micros);
    struct bytes text = {0};
    char letter;
    int n;
    for (size_t at = 0; at < p.len;) {
        if (!next_run(p, &at, &letter, &n, &text))
            return refuse(r, TIME_PATTERN_TEXT, 0, 0);
        if (n == 0)
            buf_add(out, text);
        else if (!add_joda(out, letter, n, &m))
            return refuse(r, TIME_PATTERN_LETTER, letter, 0);
    }
    return true;
}

static bool take_offset(struct parsing *p) {
    int64_t h, m = 0;
    if (take_text(p, "Z", 1) || take_text(p, "UTC", 3))
        return true;
    bool minus = take_text(p, "-", 1);
    if ((!minus && !take_text(p, "+", 1)) || !take_number(p, 2, &h))
        return false;
    (void)take_text(p, ":", 1);
    (void)take_number(p, 2, &m);
    p->offset = (h * 60 + m) * (minus ? -1 : 1);
    return true;
}
static bool take_joda(struct parsing *p, char letter, int n) {
    int64_t ignored;
    switch (letter) {
    case 'y':
    case 'Y':
        if (!take_number(p, n == 2 ? 2 : n == 4 ? 4 : 9, &p->year))
            return false;
        if (n == 2)
            p->year += p->year < 50 ? 2000 : 1900;
        return true;
    case 'M':
        return n >= 3 ? take_name(p, months, 12, &p->month) : take_number(p, 2, &p->month);
    case 'd':
        return take_number(p, 2, &p->day);
    case 'D':
        return take_number(p, 3, &p->day_of_year);
    case 'E':
        return take_name(p, days, 7, &ignored);
    case 'a':
        return take_half(p);
    case 'H':
        return take_number(p, 2, &p->hour);
    case 'h':
        p->half = true;
        return take_number(p, 2, &p->hour);
    case 'm':
        return take_number(p, 2, &p->minute);
    case 's':
        return take_number(p, 2, &p->second);
    case 'S':
        return take_fraction(p, n);
    case 'Z':
        return take_offset(p);
    default:
        return false;
    }
}
static bool instant(struct parsing *p, int64_t *ret, struct time_pattern_result *r) {
    int64_t v;
    if (p->at != p->v.len || !assemble(p, &v))
        return refuse(r, TIME_PATTERN_VALUE, 0, p->at);
    if (p->offset)
        return refuse(r, TIME_PATTERN_ZONE, 0, 0);
    *ret = whole_millis(v);
    return true;
}

bool time_parse_joda(struct bytes v, struct bytes f, int64_t *ret, struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    struct bytes text = {0};
    char letter;
    int n;
    for (size_t at = 0; at < f.len;) {
        if (!next_run(f, &at, &letter, &n, &text))
            return refuse(r, TIME_PATTERN_TEXT, 0, 0);
        if (n && !strchr("yYMdDEaHhmsSZ", letter))
            return refuse(r, TIME_PATTERN_LETTER, letter, 0);
        if (n ? !take_joda(&p, letter, n) : !take_text(&p, text.ptr, text.len))
            return refuse(r, TIME_PATTERN_VALUE, 0, p.at);
    }
    return instant(&p, ret, r);
}

/* ---- ISO 8601 ---- */
static bool iso_date(struct parsing *p) {
    if (!take_number(p, 4, &p->year))
        return false;
    if (take_text(p, "-", 1))
        return take_number(p, 2, &p->month) &&
               (!take_text(p, "-", 1) || take_number(p, 2, &p->day));
    return true;
}
bool time_parse_iso8601(struct bytes v, int64_t *ret, struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    bool ok = iso_date(&p);
    if (ok && take_text(&p, "T", 1) && p.at < p.v.len) {
        ok = take_number(&p, 2, &p.hour);
        if (ok && take_text(&p, ":", 1))
            ok = take_number(&p, 2, &p.minute);
        if (ok && take_text(&p, ":", 1))
            ok = take_number(&p, 2, &p.second);
        if (ok && (take_text(&p, ".", 1) || take_text(&p, ",", 1)))
            ok = take_fraction(&p, 9);
        if (ok && p.at < p.v.len)
            ok = take_offset(&p);
    }
    return ok ? instant(&p, ret, r) : refuse(r, TIME_PATTERN_VALUE, 0, p.at);
}

bool time_parse_iso8601_date(struct bytes v, int64_t *ret_days, struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    int64_t micros;
    if (!iso_date(&p) || p.at != p.v.len || !assemble(&p, &micros))
        return refuse(r, TIME_PATTERN_VALUE, 0, p.at);
    *ret_days = time_text_floor_days(micros);
    return true;
}
