/* literal.c - intervals as text: '1-2' YEAR TO MONTH, '1 02:03:04.5' DAY TO SECOND. */
#include "sql/literal.h"
#include <ctype.h>

struct cursor {
    struct bytes t;
    size_t at;
};

static bool more(const struct cursor *c) {
    return c->at < c->t.len;
}
static bool take(struct cursor *c, char ch) {
    if (!more(c) || c->t.ptr[c->at] != ch)
        return false;
    c->at++;
    return true;
}
/* Between min and max digits. */
static bool number(struct cursor *c, size_t min, size_t max, int64_t *ret) {
    size_t n = 0;
    *ret = 0;
    while (n < max && more(c) && isdigit((unsigned char)c->t.ptr[c->at])) {
        *ret = *ret * 10 + (c->t.ptr[c->at++] - '0');
        n++;
    }
    return n >= min;
}
/* ".789" as milliseconds; further digits are dropped. */
static bool millis_fraction(struct cursor *c, int64_t *ret) {
    int64_t scale = 100;
    int n = 0;
    *ret = 0;
    for (; more(c) && isdigit((unsigned char)c->t.ptr[c->at]); c->at++, n++) {
        *ret += (c->t.ptr[c->at] - '0') * scale;
        scale /= 10;
    }
    return n > 0;
}

bool literal_parse_months(struct bytes text, enum sql_unit from, enum sql_unit to, int64_t *ret) {
    struct cursor c = {bytes_trim(text), 0};
    int64_t first, second = 0;
    bool minus = take(&c, '-');
    if (!minus)
        (void)take(&c, '+');
    if (!number(&c, 1, 9, &first))
        return false;
    if (from == SQL_YEAR && to == SQL_MONTH && more(&c) &&
        (!take(&c, '-') || !number(&c, 1, 9, &second)))
        return false;
    *ret = from == SQL_YEAR ? first * 12 + second : first;
    if (minus)
        *ret = -*ret;
    return !more(&c);
}

/* "1 02:03:04.5" from the unit it starts with to the one it ends with; the last may be missing. */
static bool millis_parts(struct cursor *c, enum sql_unit from, enum sql_unit to, int64_t *ret) {
    static const int64_t ms[] = {86400000, 3600000, 60000, 1000};
    static const char before[] = {0, ' ', ':', ':'};
    int first = (int)from - SQL_DAY, last = (int)to - SQL_DAY;
    int i = first;
    for (; i <= last && (i == first || more(c)); i++) {
        int64_t v;
        if ((i > first && !take(c, before[i])) || !number(c, 1, 12, &v))
            return false;
        if (__builtin_mul_overflow(v, ms[i], &v) || __builtin_add_overflow(*ret, v, ret))
            return false;
    }
    int64_t fraction = 0;
    if (i == 4 && take(c, '.') && !millis_fraction(c, &fraction))
        return false;
    *ret += fraction;
    return !more(c);
}

bool literal_parse_millis(struct bytes text, enum sql_unit from, enum sql_unit to, int64_t unit_ms,
                          int64_t *ret) {
    struct cursor c = {bytes_trim(text), 0};
    bool minus = take(&c, '-');
    if (!minus)
        (void)take(&c, '+');
    *ret = 0;
    if (from == SQL_WEEK) {
        if (!number(&c, 1, 9, ret) || more(&c))
            return false;
        *ret *= unit_ms;
    } else if (!millis_parts(&c, from, to, ret)) {
        return false;
    }
    if (minus)
        *ret = -*ret;
    return true;
}
