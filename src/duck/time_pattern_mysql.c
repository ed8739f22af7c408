/* time_pattern_mysql.c - "%Y-%m-%d %H:%i:%s": each letter after a percent sign is one row of a
 * table, with how to print it and how to read it. */
#include "duck/time_pattern_int.h"
#include "duck/time_text.h"

/* ---- printing ---- */
enum printed {
    NUMBER, /* a field, with a number of digits at least */
    DAY_SHORT,
    DAY_NAME,
    MONTH_SHORT,
    MONTH_NAME,
    HALF,
    MICROS,
    CLOCK,
    CLOCK12,
    REFUSED
};
enum field { YEAR, YEAR2, MONTH, DAY, DAY_OF_YEAR, HOUR, HOUR12, MINUTE, SECOND, WEEK, WEEK_YEAR };

static const struct spec {
    enum printed printed;
    enum field field;
    int digits; /* least when printed, most when read */
    int least;
} specs[128] = {
    ['a'] = {DAY_SHORT, 0, 0, 0},        ['b'] = {MONTH_SHORT, 0, 0, 0},
    ['c'] = {NUMBER, MONTH, 2, 1},       ['d'] = {NUMBER, DAY, 2, 2},
    ['e'] = {NUMBER, DAY, 2, 1},         ['f'] = {MICROS, 0, 9, 6},
    ['H'] = {NUMBER, HOUR, 2, 2},        ['h'] = {NUMBER, HOUR12, 2, 2},
    ['I'] = {NUMBER, HOUR12, 2, 2},      ['i'] = {NUMBER, MINUTE, 2, 2},
    ['j'] = {NUMBER, DAY_OF_YEAR, 3, 3}, ['k'] = {NUMBER, HOUR, 2, 1},
    ['l'] = {NUMBER, HOUR12, 2, 1},      ['M'] = {MONTH_NAME, 0, 0, 0},
    ['m'] = {NUMBER, MONTH, 2, 2},       ['p'] = {HALF, 0, 0, 0},
    ['r'] = {CLOCK12, 0, 0, 0},          ['S'] = {NUMBER, SECOND, 2, 2},
    ['s'] = {NUMBER, SECOND, 2, 2},      ['T'] = {CLOCK, 0, 0, 0},
    ['v'] = {NUMBER, WEEK, 2, 2},        ['x'] = {NUMBER, WEEK_YEAR, 4, 4},
    ['W'] = {DAY_NAME, 0, 0, 0},         ['Y'] = {NUMBER, YEAR, 4, 4},
    ['y'] = {NUMBER, YEAR2, 2, 2},       ['D'] = {REFUSED, 0, 0, 0},
    ['U'] = {REFUSED, 0, 0, 0},          ['u'] = {REFUSED, 0, 0, 0},
    ['V'] = {REFUSED, 0, 0, 0},          ['w'] = {REFUSED, 0, 0, 0},
    ['X'] = {REFUSED, 0, 0, 0},
};

/* NULL: the letter stands for itself. */
static const struct spec *spec_of(char letter) {
    unsigned char c = (unsigned char)letter;
    const struct spec *s = c < 128 ? &specs[c] : NULL;
    return s && (s->printed || s->digits) ? s : NULL;
}

static int value_of(enum field field, const struct moment *m) {
    const struct clock_fields *f = &m->f;
    const int values[] = {
        [YEAR] = f->year,
        [YEAR2] = (f->year % 100 + 100) % 100,
        [MONTH] = f->month,
        [DAY] = f->day,
        [DAY_OF_YEAR] = f->day_of_year,
        [HOUR] = f->hour,
        [HOUR12] = hour12(f->hour),
        [MINUTE] = f->minute,
        [SECOND] = f->second,
        [WEEK] = m->week,
        [WEEK_YEAR] = m->week_year,
    };
    return values[field];
}

static void print(struct buf *out, const struct spec *s, const struct moment *m) {
    const struct clock_fields *f = &m->f;
    const char *half = f->hour < 12 ? "AM" : "PM";
    switch (s->printed) {
    case NUMBER:
        buf_add_fmt(out, "%0*d", s->least, value_of(s->field, m));
        return;
    case DAY_SHORT:
        buf_add_fmt(out, "%.3s", pattern_days[f->iso_weekday - 1]);
        return;
    case DAY_NAME:
        buf_add_str(out, pattern_days[f->iso_weekday - 1]);
        return;
    case MONTH_SHORT:
        buf_add_fmt(out, "%.3s", pattern_months[f->month - 1]);
        return;
    case MONTH_NAME:
        buf_add_str(out, pattern_months[f->month - 1]);
        return;
    case HALF:
        buf_add_str(out, half);
        return;
    case MICROS:
        buf_add_fmt(out, "%06d", f->millis * 1000);
        return;
    case CLOCK:
        buf_add_fmt(out, "%02d:%02d:%02d", f->hour, f->minute, f->second);
        return;
    default:
        buf_add_fmt(out, "%02d:%02d:%02d %s", hour12(f->hour), f->minute, f->second, half);
    }
}

bool time_format_mysql(int64_t micros, struct bytes p, struct buf *out,
                       struct time_pattern_result *r) {
    struct moment m = moment_of(time_text_round(micros, 3));
    for (size_t k = 0; k < p.len; k++) {
        if (p.ptr[k] != '%' || k + 1 == p.len) {
            buf_add_char(out, p.ptr[k]);
            continue;
        }
        const struct spec *s = spec_of(p.ptr[++k]);
        if (s && s->printed == REFUSED)
            return refuse(r, TIME_PATTERN_LETTER, p.ptr[k], 0);
        if (s)
            print(out, s, &m);
        else /* MySQL: an unknown letter stands for itself */
            buf_add_char(out, p.ptr[k]);
    }
    return true;
}

/* ---- reading ---- */
static bool read_number(struct parsing *p, const struct spec *s) {
    int64_t *const fields[] = {
        [YEAR] = &p->year,
        [YEAR2] = &p->year,
        [MONTH] = &p->month,
        [DAY] = &p->day,
        [DAY_OF_YEAR] = &p->day_of_year,
        [HOUR] = &p->hour,
        [HOUR12] = &p->hour,
        [MINUTE] = &p->minute,
        [SECOND] = &p->second,
        [WEEK] = &p->week,
        [WEEK_YEAR] = &p->week_year,
    };
    p->half |= s->field == HOUR12;
    if (!take_number(p, s->digits, fields[s->field]))
        return false;
    if (s->field == YEAR2)
        p->year += p->year < 70 ? 2000 : 1900;
    return true;
}

static bool read_pattern(struct parsing *p, struct bytes f, struct time_pattern_result *r);

static bool read_spec(struct parsing *p, const struct spec *s) {
    struct time_pattern_result r;
    int64_t ignored;
    switch (s->printed) {
    case NUMBER:
        return read_number(p, s);
    case DAY_SHORT:
    case DAY_NAME:
        return take_name(p, pattern_days, 7, &ignored);
    case MONTH_SHORT:
    case MONTH_NAME:
        return take_name(p, pattern_months, 12, &p->month);
    case HALF:
        return take_half(p);
    case MICROS:
        return take_fraction(p, s->digits);
    case CLOCK:
        return read_pattern(p, BYTES("%H:%i:%s"), &r);
    default:
        return read_pattern(p, BYTES("%I:%i:%s %p"), &r);
    }
}

static bool read_pattern(struct parsing *p, struct bytes f, struct time_pattern_result *r) {
    for (size_t k = 0; k < f.len; k++) {
        const struct spec *s = NULL;
        if (f.ptr[k] == '%' && k + 1 < f.len)
            s = spec_of(f.ptr[++k]);
        if (s && s->printed == REFUSED)
            return refuse(r, TIME_PATTERN_LETTER, f.ptr[k], 0);
        if (s ? !read_spec(p, s) : !take_text(p, f.ptr + k, 1))
            return refuse(r, TIME_PATTERN_VALUE, 0, p->at);
    }
    return true;
}

bool time_parse_mysql(struct bytes v, struct bytes f, int64_t *ret, struct time_pattern_result *r) {
    struct parsing p = parsing_of(v);
    int64_t day, micros;
    if (!read_pattern(&p, f, r))
        return false;
    if (!assemble(&p, &day, &micros))
        return refuse(r, TIME_PATTERN_VALUE, 0, p.at);
    *ret = day * PATTERN_DAY_MICROS + micros / 1000 * 1000;
    return true;
}
