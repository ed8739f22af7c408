/* projection_sequence.c - integer and date ranges as numbered values, and what of them can pass.
 *
 * Value number i is computed, never stored, so a range of any length costs nothing. What a filter
 * keeps is found in three ways:
 *   - one value, or a list of them: each is read back to its number;
 *   - bounds, where values sort as their numbers do: two binary searches over the numbers;
 *   - otherwise every number may pass and is to be tried.
 * Integers as text sort by number only among those of one width and sign, so their sequence is cut
 * at 9|10, 99|100 ..; below zero the texts of one width fall (-1 < -2 as text).
 *      -99 .. -10 | -9 .. -1 | 0 .. 9 | 10 .. 99 | 100 ..
 *         falls       falls     rises    rises */
#include "catalog/projection_int.h"
#include <stdio.h>
#include <stdlib.h>

#define SPANS_MAX 64 /* more than the widths of 64-bit numbers, twice */

/* ---- values by number ---- */
static int64_t number_at(const struct sequence *s, uint64_t at) {
    return (int64_t)((uint64_t)s->from + at * (uint64_t)s->column->interval);
}
static int64_t instant_at(const struct sequence *s, uint64_t at) {
    return projection_date_add(s->from, s->column->step, (int64_t)at);
}

struct bytes sequence_folder(const struct sequence *s, uint64_t at, char out[]) {
    const struct projection_column *c = s->column;
    size_t n;
    if (c->kind == PROJECTION_DATE)
        n = projection_date_print(&c->format, instant_at(s, at), out);
    else
        n = (size_t)snprintf(out, PROJECTION_TEXT_MAX, "%0*lld", MAX_OF(c->digits, 1),
                             (long long)number_at(s, at));
    return bytes_of(out, n);
}

static struct bytes iso_text(int64_t ms, bool with_time, char out[]) {
    struct clock_fields f;
    clock_split_ms(ms, &f);
    int n = snprintf(out, PROJECTION_TEXT_MAX, "%04d-%02d-%02d", f.year, f.month, f.day);
    if (with_time)
        n += snprintf(out + n, PROJECTION_TEXT_MAX - (size_t)n, " %02d:%02d:%02d", f.hour, f.minute,
                      f.second);
    if (with_time && f.millis)
        n += snprintf(out + n, PROJECTION_TEXT_MAX - (size_t)n, ".%03d", f.millis);
    return bytes_of(out, (size_t)n);
}

struct bytes sequence_value(const struct sequence *s, uint64_t at, char out[]) {
    const struct projection_column *c = s->column;
    if (c->is_text)
        return sequence_folder(s, at, out);
    if (c->kind == PROJECTION_DATE)
        return iso_text(instant_at(s, at), c->key.type->kind == TYPE_TIMESTAMP, out);
    int n = snprintf(out, PROJECTION_TEXT_MAX, "%lld", (long long)number_at(s, at));
    return bytes_of(out, (size_t)n);
}

/* ---- opening ---- */

/* The bound now, cut to what the format shows. */
static bool resolve(const struct date_format *f, const struct date_bound *b, int64_t now_ms,
                    int64_t *ret) {
    char text[PROJECTION_TEXT_MAX];
    *ret = b->is_now ? projection_date_add(now_ms, b->step, b->amount) : b->amount;
    if (!b->is_now)
        return true;
    return projection_date_valid(*ret) &&
           projection_date_parse(f, bytes_of(text, projection_date_print(f, *ret, text)), ret);
}

static int64_t months_between(int64_t from, int64_t to) {
    struct clock_fields a, b;
    clock_split_ms(from, &a);
    clock_split_ms(to, &b);
    return ((int64_t)b.year - a.year) * 12 + b.month - a.month;
}

/* Steps from `from` to at most `to`. */
static uint64_t steps_between(const struct sequence *s, int64_t to) {
    struct date_step step = s->column->step;
    if (step.ms)
        return (uint64_t)(to - s->from) / (uint64_t)step.ms;
    int64_t n = months_between(s->from, to) / step.months;
    return (uint64_t)(n > 0 && instant_at(s, (uint64_t)n) > to ? n - 1 : n);
}

int sequence_open(const struct projection *p, const struct projection_column *c, int64_t now_ms,
                  struct sequence *ret, struct err *e) {
    struct sequence s = {.column = c, .from = c->low};
    int64_t to;
    if (c->kind == PROJECTION_INTEGER) {
        s.last = ((uint64_t)c->high - (uint64_t)c->low) / (uint64_t)c->interval;
    } else {
        if (!resolve(&c->format, &c->from, now_ms, &s.from) ||
            !resolve(&c->format, &c->to, now_ms, &to))
            return err_set_named(e, ERR_SQL, "INVALID_TABLE_PROPERTY", 0,
                                 "projection.%.*s.range leaves the years 1 to 9999 (table "
                                 "%.*s.%.*s)",
                                 BYTES_ARG(c->key.name), BYTES_ARG(p->database),
                                 BYTES_ARG(p->name));
        if (s.from > to)
            return err_set_named(e, ERR_SQL, "INVALID_TABLE_PROPERTY", 0,
                                 "projection.%.*s.range ends before it begins; set it to its first "
                                 "date, a comma, its last date (table %.*s.%.*s)",
                                 BYTES_ARG(c->key.name), BYTES_ARG(p->database),
                                 BYTES_ARG(p->name));
        s.last = steps_between(&s, to);
    }
    *ret = s;
    return 0;
}

/* ---- numbers by value ---- */

/* The first number at or after the instant. */
static uint64_t number_of_instant(const struct sequence *s, int64_t ms) {
    struct date_step step = s->column->step;
    if (ms <= s->from)
        return 0;
    if (step.ms)
        return (uint64_t)((ms - s->from - 1) / step.ms) + 1;
    uint64_t n = (uint64_t)(months_between(s->from, ms) / step.months);
    while (instant_at(s, n) < ms)
        n++;
    return n;
}

/* The number whose text is `v`. */
static bool find_text(const struct sequence *s, struct bytes v, uint64_t *ret) {
    const struct projection_column *c = s->column;
    char text[PROJECTION_TEXT_MAX];
    int64_t number;
    if (c->kind == PROJECTION_DATE) {
        if (!projection_date_parse(&c->format, v, &number))
            return false;
        *ret = number_of_instant(s, number);
    } else {
        if (!bytes_to_i64(v, &number) || number < s->from)
            return false;
        *ret = ((uint64_t)number - (uint64_t)s->from) / (uint64_t)c->interval;
    }
    return *ret <= s->last && bytes_eq(sequence_folder(s, *ret, text), v);
}

/* ---- searching ---- */
static bool passes(const struct sequence *s, const struct filter_key *k, uint64_t at) {
    char text[PROJECTION_TEXT_MAX];
    return k->test_count == 0 || filter_key_keeps(k, sequence_value(s, at, text));
}

/* Moves span->first up to the first number that passes; those behind it pass too. */
static bool raise_first(const struct sequence *s, const struct filter_key *k,
                        struct sequence_span *span) {
    uint64_t low = span->first, high = span->last;
    if (!passes(s, k, high))
        return false;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (passes(s, k, mid))
            high = mid;
        else
            low = mid + 1;
    }
    span->first = low;
    return true;
}

/* Moves span->last down to the last number that passes; those before it pass too. */
static bool lower_last(const struct sequence *s, const struct filter_key *k,
                       struct sequence_span *span) {
    uint64_t low = span->first, high = span->last;
    if (!passes(s, k, low))
        return false;
    while (low < high) {
        uint64_t mid = high - (high - low) / 2;
        if (passes(s, k, mid))
            low = mid;
        else
            high = mid - 1;
    }
    span->last = low;
    return true;
}

/* The key's tests that bound from below and from above. */
struct bounds {
    struct filter_key low, high;
};

static bool narrow_span(const struct sequence *s, const struct bounds *b,
                        struct sequence_span *span) {
    const struct filter_key *first = span->falls ? &b->high : &b->low;
    const struct filter_key *last = span->falls ? &b->low : &b->high;
    return raise_first(s, first, span) && lower_last(s, last, span);
}

/* ---- spans ---- */

/* The last number whose text is as wide as that of `v`, with the same sign. */
static int64_t end_of_width(int64_t v, int digits) {
    int64_t end = 9, next;
    int width = 1;
    if (v >= 0) {
        for (; width < digits || end < v; width++) {
            if (__builtin_mul_overflow(end, (int64_t)10, &next) || next > INT64_MAX - 9)
                return INT64_MAX;
            end = next + 9;
        }
        return end;
    }
    /* With its sign, v is wider than `digits` from -10^(digits - 1) down. */
    int64_t begin = -1; /* the highest number of a width: -1, -10, -100 */
    for (width = 2; !__builtin_mul_overflow(begin, (int64_t)10, &next) && next >= v; width++)
        begin = next;
    return width <= digits ? -1 : begin;
}

static size_t cut_integers(const struct sequence *s, struct sequence_span *spans) {
    const struct projection_column *c = s->column;
    size_t n = 0;
    for (uint64_t at = 0; at <= s->last && n < SPANS_MAX; n++) {
        int64_t v = number_at(s, at), end = MIN_OF(end_of_width(v, c->digits), c->high);
        uint64_t last = ((uint64_t)end - (uint64_t)s->from) / (uint64_t)c->interval;
        spans[n] = (struct sequence_span){at, last, v < 0};
        if (last == UINT64_MAX)
            return n + 1;
        at = last + 1;
    }
    return n;
}

static bool is_ordered(const struct sequence *s) {
    const struct date_format *f = &s->column->format;
    int64_t four_digits = clock_days_from_civil(1000, 1, 1) * PROJECTION_DAY_MS;
    return !s->column->is_text || (f->ordered && (!f->bare_year || s->from >= four_digits));
}

static int narrow_bounds(const struct sequence *s, const struct filter_key *k, struct arena *a,
                         struct sequence_span *spans, size_t *ret_count, struct err *e) {
    struct filter_test *tests = ARENA_NEW_N(a, struct filter_test, 2 * k->test_count + 1);
    size_t low = 0, high = k->test_count, n = 1;
    if (!tests)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < k->test_count; i++) {
        enum filter_op op = k->tests[i].op;
        if (op == FILTER_GT || op == FILTER_GE)
            tests[low++] = k->tests[i];
        else if (op == FILTER_LT || op == FILTER_LE)
            tests[high++] = k->tests[i];
    }
    struct bounds b = {.low = *k, .high = *k};
    b.low.tests = tests;
    b.low.test_count = low;
    b.high.tests = tests + k->test_count;
    b.high.test_count = high - k->test_count;
    spans[0] = (struct sequence_span){.last = s->last};
    if (s->column->is_text && s->column->kind == PROJECTION_INTEGER)
        n = cut_integers(s, spans);
    else if (!is_ordered(s))
        b = (struct bounds){0};
    *ret_count = 0;
    for (size_t i = 0; i < n; i++)
        if (narrow_span(s, &b, &spans[i]))
            spans[(*ret_count)++] = spans[i];
    return 0;
}

/* ---- lists ---- */
static bool is_list(const struct filter_key *k, const struct filter_test *t) {
    int order;
    if (t->op != FILTER_EQ && t->op != FILTER_IN)
        return false;
    for (size_t i = 0; i < t->value_count; i++)
        if (!catalog_value_compare(k->type, t->values[i], t->values[i], &order))
            return false;
    return true;
}

static bool find_value(const struct sequence *s, const struct filter_key *k, const struct bytes *v,
                       struct sequence_span *ret) {
    struct filter_test from = {FILTER_GE, v, 1}, to = {FILTER_LE, v, 1};
    struct bounds b = {.low = *k, .high = *k};
    b.low.tests = &from;
    b.high.tests = &to;
    b.low.test_count = b.high.test_count = 1;
    *ret = (struct sequence_span){.last = s->last};
    if (!s->column->is_text)
        return narrow_span(s, &b, ret);
    if (!find_text(s, *v, &ret->first))
        return false;
    ret->last = ret->first;
    return true;
}

static int by_first(const void *x, const void *y) {
    const struct sequence_span *a = x, *b = y;
    return (a->first > b->first) - (a->first < b->first);
}

static size_t merge(struct sequence_span *spans, size_t count) {
    size_t n = 0;
    qsort(spans, count, sizeof *spans, by_first);
    for (size_t i = 0; i < count; i++)
        if (n && spans[i].first <= spans[n - 1].last)
            spans[n - 1].last = MAX_OF(spans[n - 1].last, spans[i].last);
        else
            spans[n++] = spans[i];
    return n;
}

int sequence_narrow(const struct sequence *s, const struct filter_key *k, struct arena *a,
                    struct sequence_span **ret, size_t *ret_count, struct err *e) {
    static const struct filter_key everything = {0};
    const struct filter_test *list = NULL;
    bool none = false;
    size_t n = 0;
    k = k ? k : &everything;
    for (size_t i = 0; i < k->test_count; i++) {
        const struct filter_test *t = &k->tests[i];
        none |= t->op == FILTER_NONE || t->value_count == 0;
        if (is_list(k, t) && (!list || t->value_count < list->value_count))
            list = t;
    }
    *ret_count = 0;
    if (none)
        return 0;
    *ret = ARENA_NEW_N(a, struct sequence_span, list ? list->value_count : SPANS_MAX);
    if (!*ret)
        return err_set(e, ERR_NOMEM, NULL);
    if (!list)
        return narrow_bounds(s, k, a, *ret, ret_count, e);
    for (size_t i = 0; i < list->value_count; i++)
        n += find_value(s, k, &list->values[i], &(*ret)[n]);
    *ret_count = merge(*ret, n);
    return 0;
}
