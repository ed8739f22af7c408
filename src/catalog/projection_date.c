/* projection_date.c - dates as texts of a compiled pattern, both ways, and calendar steps.
 *
 * Parsing walks the items and the text together. Each field may be set again only to the same
 * number. A run of digits is shared between adjacent numbers as Java does: the first, if it has no
 * fixed width, leaves to the fixed ones behind it what they need (yyyyMMdd). An optional section
 * that does not match is skipped as if it was not there. What was read is then one instant; fields
 * not shown are the first of their kind, a day beyond its month's end is the month's last. */
#include "catalog/projection_int.h"
#include <strings.h>

static const char month_names[12][10] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
static const char day_names[7][10] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};

/* ---- printing ---- */
static size_t print_number(char *out, int64_t v, int width) {
    char digits[24];
    size_t n = 0, w = (size_t)MAX_OF(width, 1);
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    while (n < w)
        digits[n++] = '0';
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

static size_t print_name(char *out, const char *name, int count) {
    size_t n = count == 4 ? strlen(name) : 3;
    memcpy(out, name, n);
    return n;
}

static size_t print_fraction(char *out, int millis, int count) {
    char digits[16];
    print_number(digits, millis, 3);
    memset(digits + 3, '0', 6);
    memcpy(out, digits, (size_t)count);
    return (size_t)count;
}

static int64_t number_of(char letter, const struct clock_fields *f) {
    switch (letter) {
    case 'M':
    case 'L':
        return f->month;
    case 'd':
        return f->day;
    case 'D':
        return f->day_of_year;
    case 'H':
        return f->hour;
    case 'k':
        return (f->hour + 23) % 24 + 1;
    case 'h':
        return (f->hour + 11) % 12 + 1;
    case 'K':
        return f->hour % 12;
    case 'm':
        return f->minute;
    case 's':
        return f->second;
    default:
        return f->millis * INT64_C(1000000);
    }
}

static size_t print_item(char *out, const struct date_item *it, const struct clock_fields *f) {
    switch (it->letter) {
    case 0:
        memcpy(out, it->text.ptr, it->text.len);
        return it->text.len;
    case '[':
    case ']':
        return 0;
    case 'y':
    case 'u':
        return print_number(out, it->count == 2 ? f->year % 100 : f->year, it->count);
    case 'M':
    case 'L':
        if (it->count > 2)
            return print_name(out, month_names[f->month - 1], it->count);
        break;
    case 'E':
        return print_name(out, day_names[f->iso_weekday - 1], it->count);
    case 'a':
        memcpy(out, f->hour < 12 ? "AM" : "PM", 2);
        return 2;
    case 'S':
        return print_fraction(out, f->millis, it->count);
    default:
        break;
    }
    return print_number(out, number_of(it->letter, f), it->count);
}

size_t projection_date_print(const struct date_format *f, int64_t ms, char out[]) {
    struct clock_fields fields;
    size_t n = 0;
    clock_split_ms(ms, &fields);
    for (size_t i = 0; i < f->count; i++)
        n += print_item(out + n, &f->items[i], &fields);
    return n;
}

/* ---- parsing ---- */
enum part {
    YEAR,
    MONTH,
    DAY,
    DAY_OF_YEAR,
    HOUR,
    HALF_HOUR,
    HALF_DAY,
    MINUTE,
    SECOND,
    NANO,
    WEEKDAY,
    PARTS
};
struct parsed {
    struct bytes rest;
    int64_t part[PARTS]; /* -1: not there */
};

static bool set_part(struct parsed *p, enum part part, int64_t v, int64_t low, int64_t high) {
    if (v < low || v > high || (p->part[part] >= 0 && p->part[part] != v))
        return false;
    p->part[part] = v;
    return true;
}

/* Digits that the item always has; 0 when that varies or it is no number. */
static size_t fixed_width(const struct date_item *it) {
    switch (it->letter) {
    case 'y':
    case 'u':
        return it->count == 2 || it->count >= 4 ? (size_t)it->count : 0;
    case 'S':
        return (size_t)it->count;
    case 'M':
    case 'L':
    case 'd':
    case 'H':
    case 'k':
    case 'h':
    case 'K':
    case 'm':
    case 's':
        return it->count == 2 ? 2 : 0;
    case 'D':
        return it->count == 3 ? 3 : 0;
    default:
        return 0;
    }
}

static size_t widest(const struct date_item *it) {
    switch (it->letter) {
    case 'y':
    case 'u':
        return 4;
    case 'n':
        return 9;
    case 'D':
        return 3;
    default:
        return 2;
    }
}

/* Digits that the fixed numbers directly behind the item need. */
static size_t reserved(const struct date_item *it, const struct date_item *end) {
    size_t n = 0, w;
    while (++it < end && (w = fixed_width(it)) > 0)
        n += w;
    return n;
}

static bool take_number(struct parsed *p, const struct date_item *it, const struct date_item *end,
                        int64_t *ret) {
    size_t run = 0, width = fixed_width(it);
    while (run < p->rest.len && p->rest.ptr[run] >= '0' && p->rest.ptr[run] <= '9')
        run++;
    if (width == 0) {
        size_t keep = reserved(it, end);
        width = MIN_OF(widest(it), run > keep ? run - keep : 0);
        if (width < (size_t)it->count)
            return false;
    }
    if (width > run)
        return false;
    *ret = 0;
    for (size_t i = 0; i < width; i++)
        *ret = *ret * 10 + (p->rest.ptr[i] - '0');
    p->rest = bytes_slice(p->rest, width, p->rest.len);
    return true;
}

static bool take_text(struct parsed *p, struct bytes text) {
    if (!bytes_starts_with(p->rest, text))
        return false;
    p->rest = bytes_slice(p->rest, text.len, p->rest.len);
    return true;
}

static bool take_name(struct parsed *p, const char names[][10], size_t n, int count,
                      enum part part) {
    for (size_t i = 0; i < n; i++)
        if (take_text(p, bytes_of(names[i], count == 4 ? strlen(names[i]) : 3)))
            return set_part(p, part, (int64_t)i + 1, 1, (int64_t)n);
    return false;
}

static bool set_number(struct parsed *p, const struct date_item *it, int64_t v) {
    static const int64_t to_nanos[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                       10000,      1000,      100,      10,      1};
    switch (it->letter) {
    case 'y':
    case 'u':
        return set_part(p, YEAR, it->count == 2 ? 2000 + v : v, 1, 9999);
    case 'M':
    case 'L':
        return set_part(p, MONTH, v, 1, 12);
    case 'd':
        return set_part(p, DAY, v, 1, 31);
    case 'D':
        return set_part(p, DAY_OF_YEAR, v, 1, 366);
    case 'H':
        return set_part(p, HOUR, v, 0, 23);
    case 'k':
        return v >= 1 && set_part(p, HOUR, v % 24, v > 24 ? 24 : 0, 23);
    case 'h':
        return v >= 1 && set_part(p, HALF_HOUR, v % 12, v > 12 ? 12 : 0, 11);
    case 'K':
        return set_part(p, HALF_HOUR, v, 0, 11);
    case 'm':
        return set_part(p, MINUTE, v, 0, 59);
    case 's':
        return set_part(p, SECOND, v, 0, 59);
    case 'S':
        return set_part(p, NANO, v * to_nanos[it->count], 0, 999999999);
    default:
        return set_part(p, NANO, v, 0, 999999999);
    }
}

static bool parse_item(struct parsed *p, const struct date_item *it, const struct date_item *end) {
    int64_t v;
    switch (it->letter) {
    case 0:
        return take_text(p, it->text);
    case 'a':
        if (take_text(p, BYTES("AM")))
            return set_part(p, HALF_DAY, 0, 0, 1);
        return take_text(p, BYTES("PM")) && set_part(p, HALF_DAY, 1, 0, 1);
    case 'E':
        return take_name(p, day_names, COUNT_OF(day_names), it->count, WEEKDAY);
    case 'M':
    case 'L':
        if (it->count > 2)
            return take_name(p, month_names, COUNT_OF(month_names), it->count, MONTH);
        break;
    default:
        break;
    }
    return take_number(p, it, end, &v) && set_number(p, it, v);
}

static bool parse_items(struct parsed *p, const struct date_item *it, const struct date_item *end) {
    for (; it < end; it++) {
        if (it->letter == '[') {
            struct parsed before = *p;
            if (!parse_items(p, it + 1, it + it->count))
                *p = before;
            it += it->count;
        } else if (!parse_item(p, it, end)) {
            return false;
        }
    }
    return true;
}

static bool is_leap(int64_t y) {
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int64_t month_length(int64_t year, int64_t month) {
    static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return lengths[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970; false when day of year and month and day disagree. */
static bool resolve_days(const struct parsed *p, int64_t *ret) {
    int64_t y = p->part[YEAR], m = p->part[MONTH], d = p->part[DAY], n = p->part[DAY_OF_YEAR];
    struct clock_fields f;
    if (y < 0 || (n == 366 && !is_leap(y)))
        return false;
    int64_t first = clock_days_from_civil((int)y, 1, 1);
    if (n > 0) {
        *ret = first + n - 1;
        clock_split_ms(*ret * PROJECTION_DAY_MS, &f);
        return (m < 0 || m == f.month) && (d < 0 || d == f.day);
    }
    m = m < 0 ? 1 : m;
    d = d < 0 ? 1 : d;
    *ret = clock_days_from_civil((int)y, (int)m, (int)MIN_OF(d, month_length(y, m)));
    return true;
}

static bool resolve_hour(const struct parsed *p, int64_t *ret) {
    int64_t h = p->part[HOUR], half = p->part[HALF_HOUR], pm = p->part[HALF_DAY];
    *ret = h >= 0 ? h : MAX_OF(half, (int64_t)0) + 12 * MAX_OF(pm, (int64_t)0);
    return (half < 0 || *ret % 12 == half) && (pm < 0 || *ret / 12 == pm);
}

bool projection_date_parse(const struct date_format *f, struct bytes text, int64_t *ret_ms) {
    struct parsed p = {.rest = text};
    struct clock_fields day;
    int64_t days, hour;
    for (size_t i = 0; i < PARTS; i++)
        p.part[i] = -1;
    if (!parse_items(&p, f->items, f->items + f->count) || p.rest.len)
        return false;
    if (!resolve_days(&p, &days) || !resolve_hour(&p, &hour))
        return false;
    int64_t nano = MAX_OF(p.part[NANO], (int64_t)0);
    clock_split_ms(days * PROJECTION_DAY_MS, &day);
    if (nano % 1000000 || (p.part[WEEKDAY] > 0 && p.part[WEEKDAY] != day.iso_weekday))
        return false;
    int64_t seconds = (hour * 60 + MAX_OF(p.part[MINUTE], (int64_t)0)) * 60;
    seconds += MAX_OF(p.part[SECOND], (int64_t)0);
    *ret_ms = days * PROJECTION_DAY_MS + seconds * 1000 + nano / 1000000;
    return true;
}

/* ---- steps ---- */
#define FAR_MS (INT64_MAX / 4)

bool projection_date_valid(int64_t ms) {
    return ms >= clock_days_from_civil(1, 1, 1) * PROJECTION_DAY_MS &&
           ms < clock_days_from_civil(10000, 1, 1) * PROJECTION_DAY_MS;
}

int64_t projection_date_add(int64_t ms, struct date_step step, int64_t times) {
    struct clock_fields f;
    int64_t by;
    if (step.months == 0)
        return __builtin_mul_overflow(step.ms, times, &by) || by > FAR_MS || by < -FAR_MS
                   ? (times < 0) == (step.ms < 0) ? FAR_MS : -FAR_MS
                   : ms + by;
    if (__builtin_mul_overflow(step.months, times, &by) || by > 240000 || by < -240000)
        return (times < 0) == (step.months < 0) ? FAR_MS : -FAR_MS;
    clock_split_ms(ms, &f);
    int64_t months = (int64_t)f.year * 12 + f.month - 1 + by;
    if (months < 12 || months >= 10000 * 12)
        return months < 12 ? -FAR_MS : FAR_MS;
    f.year = (int)(months / 12);
    f.month = (int)(months % 12) + 1;
    f.day = (int)MIN_OF((int64_t)f.day, month_length(f.year, f.month));
    return clock_join_ms(&f);
}
