/* prefix_time.c - Java date patterns, English names, UTC.
 *
 * A pattern is a row of items: a run of one letter (its count is the width), a quoted text, or any
 * other character, which stands for itself. next_item cuts one off; formatting and the question how
 * often the text changes both walk the items. A table gives each letter its widest run and grain.
 */
#include "schema/prefix_int.h"

static const char month_names[12][10] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
static const char day_names[7][10] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};

static const struct letter {
    char c;
    int max_count;
    enum prefix_grain grain;
} letters[] = {
    {'y', 9, GRAIN_YEAR}, {'u', 9, GRAIN_YEAR},   {'M', 4, GRAIN_MONTH},  {'L', 4, GRAIN_MONTH},
    {'d', 2, GRAIN_DAY},  {'D', 3, GRAIN_DAY},    {'e', 4, GRAIN_DAY},    {'E', 4, GRAIN_DAY},
    {'a', 1, GRAIN_HOUR}, {'H', 2, GRAIN_HOUR},   {'h', 2, GRAIN_HOUR},   {'K', 2, GRAIN_HOUR},
    {'k', 2, GRAIN_HOUR}, {'m', 2, GRAIN_MINUTE}, {'s', 2, GRAIN_SECOND}, {'S', 9, GRAIN_MILLI},
};

struct item {
    const struct letter *letter; /* NULL: `text` as it is */
    int count;
    struct bytes text;
    bool quoted; /* '' inside text stands for one quote */
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const struct letter *find_letter(char c) {
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        if (letters[i].c == c) {
            return &letters[i];
        }
    }
    return NULL;
}

/* rest starts with a quote: the text up to its closing quote. */
static int quoted_item(struct bytes *rest, struct item *ret, struct err *e) {
    size_t i = 1;
    while (i < rest->len) {
        if (rest->ptr[i] != '\'') {
            i++;
        } else if (i + 1 < rest->len && rest->ptr[i + 1] == '\'') {
            i += 2;
        } else {
            break;
        }
    }
    if (i >= rest->len) {
        return err_set(e, ERR_INVALID_ARGUMENT, "A quote in the timestamp pattern is not closed.");
    }
    /* Two quotes and nothing between them stand for one quote. */
    ret->text = i == 1 ? bytes_slice(*rest, 0, 1) : bytes_slice(*rest, 1, i);
    ret->quoted = i > 1;
    *rest = bytes_slice(*rest, i + 1, rest->len);
    return 1;
}

/* 1 and an item, 0 at the end, or an error. */
static int next_item(struct bytes *rest, struct item *ret, struct err *e) {
    *ret = (struct item){0};
    if (rest->len == 0) {
        return 0;
    }
    char c = rest->ptr[0];
    if (c == '\'') {
        return quoted_item(rest, ret, e);
    }
    size_t n = 1;
    if (is_letter(c)) {
        while (n < rest->len && rest->ptr[n] == c) {
            n++;
        }
        ret->letter = find_letter(c);
        ret->count = (int)n;
        if (!ret->letter || n > (size_t)ret->letter->max_count) {
            return err_set(e, ERR_INVALID_ARGUMENT,
                           "'%.*s' in the timestamp pattern is not supported; use y M d H h m s S "
                           "D E e a, and quotes around text.",
                           (int)MIN_OF(n, (size_t)32), rest->ptr);
        }
    } else if (strchr("[]{}#", c)) {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "'%c' is reserved in a timestamp pattern; put it in quotes.", c);
    }
    ret->text = bytes_slice(*rest, 0, n);
    *rest = bytes_slice(*rest, n, rest->len);
    return 1;
}

static void add_text(struct buf *out, const struct item *it) {
    for (size_t i = 0; i < it->text.len; i++) {
        buf_add_char(out, it->text.ptr[i]);
        i += it->quoted && it->text.ptr[i] == '\'';
    }
}

static void add_name(struct buf *out, const char *name, int count) {
    buf_add(out, bytes_of(name, count == 3 ? 3 : strlen(name)));
}

static void add_fraction(struct buf *out, int millis, int count) {
    char digits[16];
    digits[0] = (char)('0' + millis / 100);
    digits[1] = (char)('0' + millis / 10 % 10);
    digits[2] = (char)('0' + millis % 10);
    memset(digits + 3, '0', 6);
    buf_add(out, bytes_of(digits, (size_t)count));
}

static void add_weekday(struct buf *out, char letter, int iso, int count) {
    if (letter == 'e' && count < 3) {
        buf_add_fmt(out, "%0*d", count, iso % 7 + 1); /* US weeks begin on Sunday */
    } else {
        add_name(out, day_names[iso - 1], count == 4 ? 4 : 3);
    }
}

static int number_of(char letter, const struct clock_fields *f) {
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
    case 'h':
        return (f->hour + 11) % 12 + 1;
    case 'K':
        return f->hour % 12;
    case 'k':
        return (f->hour + 23) % 24 + 1;
    case 'm':
        return f->minute;
    default:
        return f->second;
    }
}

static void add_letter(struct buf *out, const struct item *it, const struct clock_fields *f) {
    char c = it->letter->c;
    if (c == 'y' || c == 'u') {
        buf_add_fmt(out, "%0*d", it->count, it->count == 2 ? f->year % 100 : f->year);
    } else if ((c == 'M' || c == 'L') && it->count >= 3) {
        add_name(out, month_names[f->month - 1], it->count);
    } else if (c == 'E' || c == 'e') {
        add_weekday(out, c, f->iso_weekday, it->count);
    } else if (c == 'a') {
        buf_add_str(out, f->hour < 12 ? "AM" : "PM");
    } else if (c == 'S') {
        add_fraction(out, f->millis, it->count);
    } else {
        buf_add_fmt(out, "%0*d", it->count, number_of(c, f));
    }
}

int prefix_format_time(struct bytes pattern, int64_t ms, struct buf *out, struct err *e) {
    struct clock_fields f;
    clock_split_ms(ms, &f);
    struct item it;
    int rc;
    while ((rc = next_item(&pattern, &it, e)) > 0) {
        if (it.letter) {
            add_letter(out, &it, &f);
        } else {
            add_text(out, &it);
        }
    }
    if (rc == 0 && !buf_ok(out)) {
        rc = err_set(e, ERR_NOMEM, NULL);
    }
    return rc;
}

enum prefix_grain prefix_time_grain(struct bytes pattern) {
    enum prefix_grain g = GRAIN_NEVER;
    struct item it;
    while (next_item(&pattern, &it, NULL) > 0) {
        if (it.letter && it.letter->grain > g) {
            g = it.letter->grain;
        }
    }
    return g;
}

static int64_t next_multiple(int64_t ms, int64_t unit) {
    int64_t start = ms / unit * unit;
    if (start > ms) {
        start -= unit; /* before 1970 */
    }
    return start + unit;
}

int64_t prefix_grain_next(enum prefix_grain g, int64_t ms) {
    static const int64_t units[] = {[GRAIN_DAY] = 86400000,
                                    [GRAIN_HOUR] = 3600000,
                                    [GRAIN_MINUTE] = 60000,
                                    [GRAIN_SECOND] = 1000,
                                    [GRAIN_MILLI] = 1};
    if (g == GRAIN_NEVER) {
        return INT64_MAX;
    }
    if (g >= GRAIN_DAY) {
        return next_multiple(ms, units[g]);
    }
    struct clock_fields f;
    clock_split_ms(ms, &f);
    int month = g == GRAIN_YEAR ? 13 : f.month + 1;
    int year = f.year + (month > 12);
    return clock_days_from_civil(year, month > 12 ? 1 : month, 1) * 86400000;
}
