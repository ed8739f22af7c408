/* time_pattern_joda.c - Joda's patterns ("yyyy-MM-dd HH:mm:ss.SSS ZZ") and ISO 8601.
 *
 * A pattern is runs of one letter and text between them; how long a run is says how many digits, or
 * whether a name is short. A letter that we do not know is an error, never text. */
#include "duck/time_pattern_int.h"
#include "duck/time_text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

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

/* ---- printing ---- */
static bool print_number(struct buf *out, char letter, int n, const struct moment *m) {
    const struct clock_fields *f = &m->f;
    int v;
    switch (letter) {
    case 'x':
        v = m->week_year;
        break;
    case 'w':
        v = m->week;
        break;
    case 'd':
        v = f->day;
        break;
    case 'D':
        v = f->day_of_year;
        break;
    case 'e':
        v = f->iso_weekday;
        break;
    case 'H':
        v = f->hour;
        break;
    case 'k':
        v = f->hour ? f->hour : 24;
        break;
    case 'h':
        v = hour12(f->hour);
        break;
    case 'K':
        v = f->hour % 12;
        break;
    case 'm':
        v = f->minute;
        break;
    case 's':
        v = f->second;
        break;
    case 'C':
        v = f->year / 100;
        break;
    default:
        return false;
    }
    buf_add_fmt(out, "%0*d", n, v);
    return true;
}

static void print_millis(struct buf *out, int n, int millis) {
    char t[8];
    snprintf(t, sizeof(t), "%03d", millis);
    for (int k = 0; k < n; k++)
        buf_add_char(out, k < 3 ? t[k] : '0');
}

/* z: the zone's name, which is known of fixed offsets; Z: +0130; ZZ: +01:30; ZZZ: Asia/Oral */
static bool print_zone(struct buf *out, char letter, int n, const struct time_pattern_zone *z) {
    if (!z || (letter == 'z' && !time_zone_is_fixed(z->zone)))
        return false;
    if (letter == 'z' && z->zone == TIME_ZONE_UTC && n > 3) {
        buf_add_str(out, "Coordinated Universal Time");
        return true;
    }
    if (letter == 'z' || n >= 3) {
        time_zone_add_name(z->zone, out);
        return true;
    }
    int m = abs(z->offset) / 60;
    buf_add_fmt(out, "%c%02d%s%02d", z->offset < 0 ? '-' : '+', m / 60, n == 2 ? ":" : "", m % 60);
    return true;
}

static bool print(struct buf *out, char letter, int n, const struct moment *m,
                  const struct time_pattern_zone *z) {
    const struct clock_fields *f = &m->f;
    switch (letter) {
    case 'y':
    case 'Y':
        if (n == 2)
            buf_add_fmt(out, "%02d", (f->year % 100 + 100) % 100);
        else
            buf_add_fmt(out, "%0*d", n, f->year);
        return true;
    case 'M':
        if (n >= 3)
            buf_add_fmt(out, n == 3 ? "%.3s" : "%s", pattern_months[f->month - 1]);
        else
            buf_add_fmt(out, "%0*d", n, f->month);
        return true;
    case 'E':
        buf_add_fmt(out, n <= 3 ? "%.3s" : "%s", pattern_days[f->iso_weekday - 1]);
        return true;
    case 'a':
        buf_add_str(out, f->hour < 12 ? "AM" : "PM");
        return true;
    case 'S':
        print_millis(out, n, f->millis);
        return true;
    case 'z':
    case 'Z':
        return print_zone(out, letter, n, z);
    case 'G':
        buf_add_str(out, f->year > 0 ? "AD" : "BC");
        return true;
    default:
        return print_number(out, letter, n, m);
    }
}

bool time_format_joda(int64_t micros, const struct time_pattern_zone *zone, struct bytes p,
                      struct buf *out, struct time_pattern_result *r) {
    struct moment m = moment_of(time_text_round(micros, 3));
    struct bytes text = {0};
    char letter;
    int n;
    for (size_t at = 0; at < p.len;) {
        if (!next_run(p, &at, &letter, &n, &text))
            return refuse(r, TIME_PATTERN_TEXT, 0, 0);
        if (n == 0)
            buf_add(out, text);
        else if (!print(out, letter, n, &m, zone))
            return refuse(r, TIME_PATTERN_LETTER, letter, 0);
    }
    return true;
}

/* ---- reading ---- */
/* Asia/Oral, UTC, +05:00 */
static bool take_zone(struct parsing *p) {
    size_t end = p->at;
    while (end < p->v.len &&
           (isalnum((unsigned char)p->v.ptr[end]) || strchr("/_+-:", p->v.ptr[end])))
        end++;
    for (; end > p->at; end--)
        if (time_zone_find(bytes_slice(p->v, p->at, end), &p->zone)) {
            p->at = end;
            return true;
        }
    return false;
}

static bool take_joda(struct parsing *p, char letter, int n) {
    int64_t hour;
    switch (letter) {
    case 'y':
    case 'Y':
        if (!take_signed(p, n == 2 ? 2 : n == 4 ? 4 : 9, &p->year))
            return false;
        if (n == 2)
            p->year += p->year < 46 ? 2000 : 1900;
        return true;
    case 'x':
        return take_signed(p, n == 4 ? 4 : 9, &p->week_year);
    case 'w':
        return take_number(p, 2, &p->week);
    case 'e':
        return take_number(p, 1, &p->weekday);
    case 'M':
        return n >= 3 ? take_name(p, pattern_months, 12, &p->month) : take_number(p, 2, &p->month);
    case 'd':
        return take_number(p, 2, &p->day);
    case 'D':
        return take_number(p, 3, &p->day_of_year);
    case 'E':
        return take_name(p, pattern_days, 7, &p->weekday);
    case 'a':
        return take_half(p);
    case 'H':
        return take_number(p, 2, &p->hour);
    case 'k':
        if (!take_number(p, 2, &hour) || hour < 1 || hour > 24)
            return false;
        p->hour = hour % 24;
        return true;
    case 'h':
        p->half = true;
        return take_number(p, 2, &p->hour);
    case 'm':
        return take_number(p, 2, &p->minute);
    case 's':
        return take_number(p, 2, &p->second);
    case 'S':
        return take_fraction(p, n);
    default:
        return n >= 3 ? take_zone(p) : take_offset(p);
    }
}

static bool finish(struct parsing *p, struct time_pattern_instant *ret,
                   struct time_pattern_result *r) {
    int64_t day, micros;
    if (!assemble(p, &day, &micros))
        return refuse(r, TIME_PATTERN_VALUE, 0, p->at);
    ret->micros = day * PATTERN_DAY_MICROS + micros;
    ret->picos = (int)(p->picos % 1000000);
    ret->zone = p->zone;
    return true;
}

bool time_parse_joda(struct bytes v, struct bytes f, struct time_pattern_instant *ret,
                     struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    struct bytes text = {0};
    char letter;
    int n;
    for (size_t at = 0; at < f.len;) {
        if (!next_run(f, &at, &letter, &n, &text))
            return refuse(r, TIME_PATTERN_TEXT, 0, 0);
        if (n && !strchr("yYxwMdDeEaHkhmsSZ", letter))
            return refuse(r, TIME_PATTERN_LETTER, letter, 0);
        if (n ? !take_joda(&p, letter, n) : !take_text(&p, text.ptr, text.len))
            return refuse(r, TIME_PATTERN_VALUE, 0, p.at);
    }
    return finish(&p, ret, r);
}

/* ---- ISO 8601 ---- */
/* 2020, 2020-05, 2020-05-10, 2020-131, 2020-W19-7 */
static bool iso_date(struct parsing *p) {
    int64_t n;
    if (!take_signed(p, 9, &p->year))
        return false;
    if (!take_text(p, "-", 1))
        return true;
    if (take_text(p, "W", 1)) {
        p->week_year = p->year;
        return take_number(p, 2, &p->week) &&
               (!take_text(p, "-", 1) || take_number(p, 1, &p->weekday));
    }
    size_t from = p->at;
    if (!take_number(p, 3, &n))
        return false;
    if (p->at - from == 3) {
        p->day_of_year = n;
        return n > 0;
    }
    p->month = n;
    return !take_text(p, "-", 1) || take_number(p, 2, &p->day);
}

/* 12, 12:34, 12:34:56, each with a fraction of its last unit */
static bool iso_clock(struct parsing *p) {
    int64_t unit = 3600;
    if (!take_number(p, 2, &p->hour))
        return false;
    if (take_text(p, ":", 1)) {
        unit = 60;
        if (!take_number(p, 2, &p->minute))
            return false;
        if (take_text(p, ":", 1)) {
            unit = 1;
            if (!take_number(p, 2, &p->second))
                return false;
        }
    }
    if (!take_text(p, ".", 1) && !take_text(p, ",", 1))
        return true;
    if (!take_fraction(p, 12))
        return false;
    int64_t rest = p->picos / 1000 * unit; /* nanoseconds of the unit's fraction */
    if (unit > 1) {
        p->minute += rest / 60000000000;
        p->second = rest / 1000000000 % 60;
        p->picos = rest % 1000000000 * 1000;
    }
    while (p->at < p->v.len && isdigit((unsigned char)p->v.ptr[p->at]))
        p->at++;
    return true;
}

bool time_parse_iso8601(struct bytes v, struct time_pattern_instant *ret,
                        struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    bool ok = (v.len && v.ptr[0] == 'T') || iso_date(&p);
    if (ok && take_text(&p, "T", 1) && p.at < p.v.len) {
        ok = !isdigit((unsigned char)p.v.ptr[p.at]) || iso_clock(&p);
        if (ok && p.at < p.v.len)
            ok = take_offset(&p);
    }
    return ok ? finish(&p, ret, r) : refuse(r, TIME_PATTERN_VALUE, 0, p.at);
}

bool time_parse_iso8601_date(struct bytes v, int64_t *ret_days, struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    int64_t micros;
    if (!iso_date(&p) || !assemble(&p, ret_days, &micros))
        return refuse(r, TIME_PATTERN_VALUE, 0, p.at);
    return true;
}
