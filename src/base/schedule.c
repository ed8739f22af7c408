/* schedule.c - reads schedule expressions and finds their next moment.
 *
 * A cron field becomes a set of bits. The next moment is found from the large unit to the small
 * one: walk the days after `after` (at most until the last year), ask of each whether year, month
 * and day fit, and take the first hour and minute of a fitting day that is late enough. A day that
 * does not fit costs a few comparisons, a month or year that does not fit is skipped whole. */
#include "base/schedule.h"

#define DAY_MS INT64_C(86400000)

/* ---- one field ---- */
struct field {
    const char *name;
    int min, max;
    const char *const *words; /* for min, min + 1, ...; NULL: none */
};
static const char *const month_words[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                          "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const day_words[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL};
enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR, FIELDS };
static const struct field fields[FIELDS] = {
    {"minutes", 0, 59, NULL},         {"hours", 0, 23, NULL},
    {"day-of-month", 1, 31, NULL},    {"month", 1, 12, month_words},
    {"day-of-week", 1, 7, day_words}, {"year", SCHEDULE_YEAR_FIRST, SCHEDULE_YEAR_LAST, NULL}};

static int bad_field(const struct field *f, struct bytes text, struct err *e) {
    return err_set(
        e, ERR_INVALID_INPUT,
        "The schedule's %s field '%.*s' is not valid; values are %d to %d, with , - * ? / "
        "L W # where AWS allows them.",
        f->name, BYTES_ARG(text), f->min, f->max);
}

static bool read_value(const struct field *f, struct bytes text, int *ret) {
    int64_t n;
    for (int i = 0; f->words && f->words[i]; i++) {
        if (bytes_eq_nocase(text, bytes_str(f->words[i]))) {
            *ret = f->min + i;
            return true;
        }
    }
    if (!text.len || text.ptr[0] == '-' || !bytes_to_i64(text, &n) || n < f->min || n > f->max)
        return false;
    *ret = (int)n;
    return true;
}

/* "*", "a", "a-b", each with "/step". A range may wrap when the field has words (FRI-MON). */
static bool read_range(const struct field *f, struct bytes item, int *from, int *to, int *step) {
    struct bytes range, low, every = bytes_cut(item, '/', &range);
    int64_t n = 1;
    if (every.ptr && (!bytes_to_i64(every, &n) || n < 1 || n > f->max))
        return false;
    *step = (int)n;
    if (bytes_eq_str(range, "*")) {
        *from = f->min;
        *to = f->max;
        return true;
    }
    struct bytes high = bytes_cut(range, '-', &low);
    if (!read_value(f, low, from))
        return false;
    *to = every.ptr ? f->max : *from;
    return !high.ptr || (read_value(f, high, to) && (*from <= *to || f->words));
}

static void add_range(const struct field *f, int from, int to, int step, uint8_t *bits) {
    int span = (to - from + (to < from ? f->max - f->min + 1 : 0));
    for (int i = 0; i <= span; i += step) {
        int v = from + i > f->max ? from + i - (f->max - f->min + 1) : from + i;
        v -= f->min;
        bits[v / 8] |= (uint8_t)(1 << v % 8);
    }
}

/* Sets a bit per value, counted from the field's least. */
static int read_list(const struct field *f, struct bytes text, uint8_t *bits, struct err *e) {
    struct bytes rest = text, item;
    int from, to, step;
    while (rest.ptr) {
        rest = bytes_cut(rest, ',', &item);
        if (!read_range(f, item, &from, &to, &step))
            return bad_field(f, text, e);
        add_range(f, from, to, step, bits);
    }
    return 0;
}

static uint64_t bits_value(const uint8_t *bits, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)bits[i] << (8 * i);
    return v;
}

/* ---- the two day fields ---- */
static int read_days(struct schedule *s, struct bytes text, struct err *e) {
    const struct field *f = &fields[DAY];
    uint8_t bits[4] = {0};
    int n;
    if (bytes_eq_str(text, "?")) {
        s->any_day = true;
        return 0;
    }
    s->last_day = bytes_eq_nocase(text, BYTES("L"));
    s->last_weekday = bytes_eq_nocase(text, BYTES("LW"));
    if (s->last_day || s->last_weekday)
        return 0;
    if (text.len > 1 && (text.ptr[text.len - 1] | 0x20) == 'w') {
        if (!read_value(f, bytes_slice(text, 0, text.len - 1), &n))
            return bad_field(f, text, e);
        s->near_days = UINT32_C(1) << n;
        return 0;
    }
    int rc = read_list(f, text, bits, e);
    s->days = (uint32_t)(bits_value(bits, 4) << 1);
    return rc;
}

static int read_weekdays(struct schedule *s, struct bytes text, struct err *e) {
    const struct field *f = &fields[WEEKDAY];
    uint8_t bits[1] = {0};
    struct bytes day, nth = bytes_cut(text, '#', &day);
    int64_t n;
    int v;
    if (nth.ptr) {
        if (!read_value(f, day, &v) || !bytes_to_i64(nth, &n) || n < 1 || n > 5)
            return bad_field(f, text, e);
        s->nth_weekday = v;
        s->nth = (int)n;
        return 0;
    }
    if (bytes_eq_nocase(text, BYTES("L"))) {
        s->weekdays = 1 << 7;
        return 0;
    }
    if (text.len > 1 && (text.ptr[text.len - 1] | 0x20) == 'l') {
        if (!read_value(f, bytes_slice(text, 0, text.len - 1), &v))
            return bad_field(f, text, e);
        s->last_of = (uint8_t)(1 << v);
        return 0;
    }
    int rc = read_list(f, text, bits, e);
    s->weekdays = (uint8_t)(bits[0] << 1);
    return rc;
}

/* ---- the three expressions ---- */
static int read_cron(struct bytes text, struct schedule *s, struct err *e) {
    struct bytes word[FIELDS], rest = bytes_trim(text);
    uint8_t minutes[8] = {0}, hours[3] = {0}, months[2] = {0};
    size_t n = 0;
    for (; rest.len && n < FIELDS; n++) {
        rest = bytes_cut(rest, ' ', &word[n]);
        rest = bytes_trim(rest);
    }
    if (n != FIELDS || rest.len)
        return err_set(e, ERR_INVALID_INPUT,
                       "cron() needs six fields: minutes hours day-of-month month day-of-week "
                       "year.");
    bool any_weekday = bytes_eq_str(word[WEEKDAY], "?");
    if (any_weekday == bytes_eq_str(word[DAY], "?"))
        return err_set(e, ERR_INVALID_INPUT,
                       "One of cron()'s day-of-month and day-of-week must be '?', the other not.");
    int rc = read_list(&fields[MINUTE], word[MINUTE], minutes, e);
    rc = rc ? rc : read_list(&fields[HOUR], word[HOUR], hours, e);
    rc = rc ? rc : read_days(s, word[DAY], e);
    rc = rc ? rc : read_list(&fields[MONTH], word[MONTH], months, e);
    rc = rc || any_weekday ? rc : read_weekdays(s, word[WEEKDAY], e);
    rc = rc ? rc : read_list(&fields[YEAR], word[YEAR], s->years, e);
    s->minutes = bits_value(minutes, 8);
    s->hours = (uint32_t)bits_value(hours, 3);
    s->months = (uint32_t)bits_value(months, 2) << 1;
    return rc;
}

static int read_rate(struct bytes text, struct schedule *s, struct err *e) {
    static const struct {
        const char *one, *many;
        int64_t ms;
    } units[] = {{"minute", "minutes", 60000}, {"hour", "hours", 3600000}, {"day", "days", DAY_MS}};
    struct bytes number, unit = bytes_cut(bytes_trim(text), ' ', &number);
    int64_t n;
    if (bytes_to_i64(number, &n) && n > 0 && n < 1000000) {
        unit = bytes_trim(unit);
        for (size_t i = 0; i < COUNT_OF(units); i++) {
            if (bytes_eq_str(unit, n == 1 ? units[i].one : units[i].many)) {
                s->period_ms = n * units[i].ms;
                return 0;
            }
        }
    }
    return err_set(e, ERR_INVALID_INPUT,
                   "rate() needs a positive number and a unit, such as rate(5 minutes) or "
                   "rate(1 hour).");
}

static bool read_digits(struct bytes text, size_t at, size_t len, int *ret) {
    int64_t n;
    struct bytes part = bytes_slice(text, at, at + len);
    if (part.len != len || part.ptr[0] == '-' || !bytes_to_i64(part, &n))
        return false;
    *ret = (int)n;
    return true;
}

static int read_at(struct bytes text, struct schedule *s, struct err *e) {
    struct clock_fields f = {0}, back;
    if (text.len == 19 && text.ptr[4] == '-' && text.ptr[7] == '-' && text.ptr[10] == 'T' &&
        text.ptr[13] == ':' && text.ptr[16] == ':' && read_digits(text, 0, 4, &f.year) &&
        read_digits(text, 5, 2, &f.month) && read_digits(text, 8, 2, &f.day) &&
        read_digits(text, 11, 2, &f.hour) && read_digits(text, 14, 2, &f.minute) &&
        read_digits(text, 17, 2, &f.second) && f.year >= SCHEDULE_YEAR_FIRST && f.month >= 1 &&
        f.month <= 12 && f.hour < 24 && f.minute < 60 && f.second < 60) {
        s->at_ms = clock_join_ms(&f);
        clock_split_ms(s->at_ms, &back);
        if (back.day == f.day && back.month == f.month)
            return 0;
    }
    return err_set(e, ERR_INVALID_INPUT, "at() needs a moment such as at(2030-01-31T23:59:00).");
}

int schedule_parse(struct bytes text, struct schedule *ret, struct err *e) {
    static const struct {
        struct bytes head;
        enum schedule_kind kind;
        int (*read)(struct bytes text, struct schedule *s, struct err *e);
    } kinds[] = {{BYTES("cron("), SCHEDULE_CRON, read_cron},
                 {BYTES("rate("), SCHEDULE_RATE, read_rate},
                 {BYTES("at("), SCHEDULE_AT, read_at}};
    text = bytes_trim(text);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!bytes_starts_with(text, kinds[i].head) || !bytes_ends_with(text, BYTES(")")))
            continue;
        struct schedule s = {.kind = kinds[i].kind};
        int rc = kinds[i].read(bytes_slice(text, kinds[i].head.len, text.len - 1), &s, e);
        if (!rc)
            *ret = s;
        return rc;
    }
    return err_set(e, ERR_INVALID_INPUT,
                   "A schedule is written cron(15 12 * * ? *), rate(1 hour) or "
                   "at(2030-01-31T23:59:00).");
}

/* ---- the next moment ---- */
static bool year_fits(const struct schedule *s, int year) {
    int i = year - SCHEDULE_YEAR_FIRST;
    return s->years[i / 8] >> i % 8 & 1;
}

static int days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* 1 Sunday ... 7 Saturday. */
static int weekday_of(int year, int month, int day) {
    int64_t d = clock_days_from_civil(year, month, day) + 4; /* 1970-01-01 was a Thursday */
    return (int)((d % 7 + 7) % 7) + 1;
}

/* The weekday nearest to `day` in its own month. */
static int nearest_weekday(int year, int month, int day) {
    int last = days_in(year, month);
    day = MIN_OF(day, last);
    int w = weekday_of(year, month, day);
    if (w == 7)
        return day > 1 ? day - 1 : day + 2;
    if (w == 1)
        return day < last ? day + 1 : day - 2;
    return day;
}

static bool day_fits(const struct schedule *s, const struct clock_fields *f) {
    int last = days_in(f->year, f->month);
    if (s->any_day) {
        int w = weekday_of(f->year, f->month, f->day);
        if (s->nth)
            return w == s->nth_weekday && (f->day - 1) / 7 + 1 == s->nth;
        return (s->weekdays >> w & 1) || ((s->last_of >> w & 1) && f->day + 7 > last);
    }
    if (s->last_day)
        return f->day == last;
    if (s->last_weekday)
        return f->day == nearest_weekday(f->year, f->month, last);
    for (int d = 1; s->near_days && d <= 31; d++)
        if (s->near_days >> d & 1 && d <= last && f->day == nearest_weekday(f->year, f->month, d))
            return true;
    return s->days >> f->day & 1;
}

/* The first fitting minute of the day at or after `from` minutes; -1: none. */
static int minute_in_day(const struct schedule *s, int from) {
    for (int m = from; m < 24 * 60; m++)
        if (s->hours >> m / 60 & 1 && s->minutes >> m % 60 & 1)
            return m;
    return -1;
}

static int64_t cron_next(const struct schedule *s, int64_t after_ms) {
    int64_t start = after_ms - after_ms % 60000 + 60000; /* the next whole minute */
    int64_t day = start / DAY_MS;
    int from = (int)(start % DAY_MS / 60000);
    for (;;) {
        struct clock_fields f;
        clock_split_ms(day * DAY_MS, &f);
        if (f.year > SCHEDULE_YEAR_LAST)
            return -1;
        if (!year_fits(s, f.year)) {
            day = clock_days_from_civil(f.year + 1, 1, 1);
        } else if (!(s->months >> f.month & 1)) {
            day += days_in(f.year, f.month) - f.day + 1;
        } else {
            int m = day_fits(s, &f) ? minute_in_day(s, from) : -1;
            if (m >= 0)
                return day * DAY_MS + m * INT64_C(60000);
            day++;
        }
        from = 0;
    }
}

int64_t schedule_next(const struct schedule *s, int64_t after_ms) {
    if (after_ms < 0)
        after_ms = 0;
    if (s->kind == SCHEDULE_RATE)
        return after_ms - after_ms % s->period_ms + s->period_ms;
    if (s->kind == SCHEDULE_AT)
        return s->at_ms > after_ms ? s->at_ms : -1;
    return cron_next(s, after_ms);
}
