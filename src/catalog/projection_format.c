/* projection_format.c - Java date patterns: compiled, and what is wrong with them.
 *
 * A pattern becomes a row of items: a run of one letter, a literal, or the brackets of an optional
 * section. A walk over the items then finds which fields of the chain year, month, day, hour,
 * minute, second, fraction the texts show. A field without all coarser ones stands for no instant
 * (Java cannot parse such a text either), so it is refused; the finest one is the format's grain.
 * When the fields come coarse to fine, each with a fixed number of digits, the texts sort as the
 * dates do: the format is ordered, and ranges of texts are ranges of dates. */
#include "catalog/projection_int.h"
#include <stdio.h>
#include <stdlib.h>

enum field { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FRACTION, FIELDS };
static const char *const field_names[FIELDS] = {"year",   "month",  "day",     "hour",
                                                "minute", "second", "fraction"};

static const struct letter {
    char c;
    int max_count;
    const char *refused; /* what to do instead; NULL: the letter is known */
} letters[] = {
    {'y', 9, NULL},
    {'u', 9, NULL},
    {'M', 4, NULL},
    {'L', 4, NULL},
    {'d', 2, NULL},
    {'D', 3, NULL},
    {'H', 2, NULL},
    {'k', 2, NULL},
    {'h', 2, NULL},
    {'K', 2, NULL},
    {'a', 1, NULL},
    {'m', 2, NULL},
    {'s', 2, NULL},
    {'S', 9, NULL},
    {'n', 9, NULL},
    {'E', 4, NULL},
    {'Y', 0, "it is the year of a week; use yyyy for the calendar year"},
    {'w', 0, "use days with interval.unit WEEKS"},
    {'W', 0, "use days with interval.unit WEEKS"},
    {'Q', 0, "use an enum or integer projection for quarters"},
    {'q', 0, "use an enum or integer projection for quarters"},
    {'X', 0, "all dates are UTC; write 'Z' in quotes"},
    {'Z', 0, "all dates are UTC; write 'Z' in quotes"},
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const struct letter *find_letter(char c) {
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (letters[i].c == c)
            return &letters[i];
    return NULL;
}

PRINTF_LIKE(3, 4)
static int refuse(struct err *e, struct bytes pattern, const char *fmt, ...) {
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set_named(e, ERR_SQL, "INVALID_TABLE_PROPERTY", 0, "Date format '%.*s': %s",
                         (int)MIN_OF(pattern.len, (size_t)PROJECTION_PATTERN_MAX), pattern.ptr,
                         text);
}

/* ---- items ---- */
struct compiler {
    struct arena *a;
    struct bytes pattern;
    size_t at;
    struct date_item *items;
    size_t count;
    size_t open[PROJECTION_PATTERN_MAX]; /* optional sections not closed yet */
    size_t open_count;
    struct err *e;
};

static void add_item(struct compiler *c, char letter, int count, struct bytes text) {
    c->items[c->count++] = (struct date_item){.letter = letter, .count = count, .text = text};
}

/* Index of the quote that closes the one at `from`; '' inside stands for one. 0: none. */
static size_t closing_quote(struct bytes p, size_t from) {
    for (size_t i = from + 1; i < p.len; i++)
        if (p.ptr[i] == '\'') {
            if (i == from + 1 || i + 1 == p.len || p.ptr[i + 1] != '\'')
                return i;
            i++;
        }
    return 0;
}

/* 'text'; '' is a quote. */
static int take_quoted(struct compiler *c) {
    size_t n = 0, end = closing_quote(c->pattern, c->at);
    char *text = arena_alloc(c->a, c->pattern.len);
    if (!text)
        return err_set(c->e, ERR_NOMEM, NULL);
    if (!end)
        return refuse(c->e, c->pattern, "a quote is not closed");
    for (size_t i = c->at + 1; i < end; i++) {
        text[n++] = c->pattern.ptr[i];
        i += c->pattern.ptr[i] == '\'';
    }
    add_item(c, 0, 0, n ? bytes_of(text, n) : BYTES("'"));
    c->at = end + 1;
    return 0;
}

static int take_letter(struct compiler *c) {
    const char *from = c->pattern.ptr + c->at;
    const struct letter *l = find_letter(*from);
    size_t n = 1;
    while (c->at + n < c->pattern.len && from[n] == *from)
        n++;
    if (!l)
        return refuse(c->e, c->pattern,
                      "the letter %c is not supported; use y u M L d D H k h K m s S n a E, and "
                      "quotes around text",
                      *from);
    if (l->refused)
        return refuse(c->e, c->pattern, "the letter %c is not supported: %s", *from, l->refused);
    if (n > (size_t)l->max_count)
        return refuse(c->e, c->pattern, "too many letters %c, at most %d", *from, l->max_count);
    add_item(c, *from, (int)n, (struct bytes){0});
    c->at += n;
    return 0;
}

static int take_bracket(struct compiler *c, char bracket) {
    c->at++;
    if (bracket == '[') {
        c->open[c->open_count++] = c->count;
    } else if (c->open_count == 0) {
        return refuse(c->e, c->pattern, "a ] without its [");
    } else {
        size_t open = c->open[--c->open_count];
        c->items[open].count = (int)(c->count - open);
    }
    add_item(c, bracket, 0, (struct bytes){0});
    return 0;
}

static void take_other(struct compiler *c) {
    add_item(c, 0, 0, bytes_slice(c->pattern, c->at, c->at + 1));
    c->at++;
}

static int take_items(struct compiler *c) {
    int rc = 0;
    while (!rc && c->at < c->pattern.len) {
        char letter = c->pattern.ptr[c->at];
        if (letter == '\'')
            rc = take_quoted(c);
        else if (is_letter(letter))
            rc = take_letter(c);
        else if (letter == '[' || letter == ']')
            rc = take_bracket(c, letter);
        else if (strchr("{}#", letter))
            rc = refuse(c->e, c->pattern, "%c is reserved; put it in quotes", letter);
        else
            take_other(c);
    }
    if (!rc && c->open_count)
        rc = refuse(c->e, c->pattern, "a [ without its ]");
    return rc;
}

/* ---- fields ---- */
struct shown {
    bool field[FIELDS];
    bool half_hour, half_day; /* h or K; a */
    int fraction_digits;
    size_t next; /* the field that an ordered format shows next */
    bool ordered, bare_year;
};

/* The field of a letter; FIELDS for weekday and half day, which name none alone. */
static enum field field_of(char letter) {
    switch (letter) {
    case 'y':
    case 'u':
        return YEAR;
    case 'M':
    case 'L':
        return MONTH;
    case 'd':
    case 'D':
        return DAY;
    case 'H':
    case 'k':
    case 'h':
    case 'K':
        return HOUR;
    case 'm':
        return MINUTE;
    case 's':
        return SECOND;
    case 'S':
    case 'n':
        return FRACTION;
    default:
        return FIELDS;
    }
}

static bool is_fixed_number(const struct date_item *it) {
    switch (it->letter) {
    case 'y':
    case 'u':
    case 'S':
        return true;
    case 'M':
    case 'L':
    case 'd':
    case 'H':
    case 'm':
    case 's':
        return it->count == 2;
    case 'D':
        return it->count == 3;
    default:
        return false;
    }
}

static void see_order(struct shown *s, const struct date_item *it, enum field f) {
    bool day_of_year = it->letter == 'D';
    if (f == FIELDS)
        s->ordered = s->ordered && it->letter == 'E' && s->next > DAY;
    else if (!is_fixed_number(it))
        s->ordered = false;
    else if (f >= s->next) {
        s->ordered = s->ordered && f == s->next + (day_of_year && s->next == MONTH);
        s->next = f + 1;
    }
}

static void see(struct shown *s, const struct date_item *it) {
    enum field f = field_of(it->letter);
    see_order(s, it, f);
    s->half_day |= it->letter == 'a';
    if (f == FIELDS)
        return;
    if (it->letter == 'h' || it->letter == 'K') {
        s->half_hour = true;
        return;
    }
    s->field[f] = true;
    s->bare_year |= f == YEAR && (it->count == 1 || it->count == 3);
    s->field[MONTH] |= it->letter == 'D';
    if (f == FRACTION)
        s->fraction_digits = it->letter == 'n' ? 9 : MAX_OF(s->fraction_digits, it->count);
}

static struct date_step grain_of(enum field finest, int digits) {
    static const struct date_step grains[FRACTION] = {{12, 0},
                                                      {1, 0},
                                                      {0, PROJECTION_DAY_MS},
                                                      {0, INT64_C(3600000)},
                                                      {0, INT64_C(60000)},
                                                      {0, INT64_C(1000)}};
    if (finest < FRACTION)
        return grains[finest];
    return (struct date_step){0, digits == 1 ? 100 : digits == 2 ? 10 : 1};
}

static int check_fields(struct bytes pattern, struct shown *s, struct date_format *f,
                        struct err *e) {
    enum field finest = YEAR;
    if (s->half_hour && !s->half_day && !s->field[HOUR])
        return refuse(e, pattern, "h and K need the half of the day; add a, or use HH");
    if (s->half_day && !s->half_hour && !s->field[HOUR])
        return refuse(e, pattern, "a needs an hour; add hh, or use HH");
    s->field[HOUR] |= s->half_hour;
    for (size_t i = 0; i < FIELDS; i++)
        if (s->field[i])
            finest = (enum field)i;
    for (size_t i = 0; i <= finest; i++)
        if (!s->field[i])
            return refuse(e, pattern, "it shows no %s, so its texts stand for no date",
                          field_names[i]);
    f->grain = grain_of(finest, s->fraction_digits);
    f->ordered = s->ordered;
    f->bare_year = s->bare_year;
    return 0;
}

int projection_date_compile(struct arena *a, struct bytes pattern, struct date_format *ret,
                            struct err *e) {
    struct shown shown = {.ordered = true};
    if (pattern.len == 0 || pattern.len > PROJECTION_PATTERN_MAX)
        return refuse(e, pattern, "a format has 1 to %d characters", PROJECTION_PATTERN_MAX);
    struct compiler c = {.a = a, .pattern = pattern, .e = e};
    c.items = ARENA_NEW_N(a, struct date_item, pattern.len);
    int rc = c.items ? take_items(&c) : err_set(e, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    for (size_t i = 0; i < c.count; i++)
        if (c.items[i].letter && !strchr("[]", c.items[i].letter))
            see(&shown, &c.items[i]);
    *ret = (struct date_format){.items = c.items, .count = c.count};
    return check_fields(pattern, &shown, ret, e);
}
