/* projection_range.c - the properties of integer and date projections: range, interval, interval
 * unit, digits and format.
 *
 * A range is two bounds and a comma. A bound of a date may hold commas itself ("MMM d, yyyy"), so
 * each comma is tried until both sides are bounds. A bound is a date in the column's format, or NOW
 * with an offset, which becomes an instant only when partitions are selected. */
#include "catalog/projection_int.h"

/* Long enough to hold in 64 bits, longer than the calendar here. */
#define AMOUNT_MAX INT64_C(1000000000)

static int refuse_range(const struct projection_source *s, const struct projection_column *c,
                        struct bytes range, const char *form) {
    return projection_refuse(s, "For input string: \"%.*s\"; projection.%.*s.range must be %s",
                             (int)MIN_OF(range.len, (size_t)200), range.ptr, BYTES_ARG(c->key.name),
                             form);
}

static int get_range(const struct projection_source *s, const struct projection_column *c,
                     const char *form, struct bytes *ret) {
    *ret = projection_property(s, c->key.name, "range");
    if (ret->ptr)
        return 0;
    return projection_refuse(s, "projection.%.*s.range is missing; set it to %s",
                             BYTES_ARG(c->key.name), form);
}

/* ---- integers ---- */

/* Java's Long.parseLong with blanks around: a sign, leading zeroes. */
static bool parse_integer(struct bytes text, int64_t *ret) {
    text = bytes_trim(text);
    if (text.len > 1 && text.ptr[0] == '+' && text.ptr[1] != '-')
        text = bytes_slice(text, 1, text.len);
    return bytes_to_i64(text, ret);
}

static bool fits(const struct type *t, int64_t v) {
    switch (t->kind) {
    case TYPE_TINYINT:
        return v >= INT8_MIN && v <= INT8_MAX;
    case TYPE_SMALLINT:
        return v >= INT16_MIN && v <= INT16_MAX;
    case TYPE_INT:
        return v >= INT32_MIN && v <= INT32_MAX;
    default:
        return true;
    }
}

int projection_read_integer(const struct projection_source *s, struct projection_column *c) {
    static const char form[] = "two whole numbers separated by a comma, such as 0,23";
    struct bytes range, low, high;
    int64_t digits = 0;
    int rc = get_range(s, c, form, &range);
    if (rc)
        return rc;
    high = bytes_cut(range, ',', &low);
    if (!high.ptr || !parse_integer(low, &c->low) || !parse_integer(high, &c->high))
        return refuse_range(s, c, range, form);
    if (c->low > c->high)
        return refuse_range(s, c, range, "its lowest value, a comma, its highest value");
    if (!fits(c->key.type, c->low) || !fits(c->key.type, c->high))
        return refuse_range(s, c, range, "within the column's type");
    rc = projection_read_count(s, c->key.name, "interval", INT64_MAX, 1, &c->interval);
    rc = rc ? rc : projection_read_count(s, c->key.name, "digits", 100, 0, &digits);
    c->digits = (int)digits;
    return rc;
}

/* ---- dates ---- */
static const struct unit {
    const char *name;
    struct date_step step;
} units[] = {{"YEAR", {12, 0}},
             {"MONTH", {1, 0}},
             {"WEEK", {0, 7 * PROJECTION_DAY_MS}},
             {"DAY", {0, PROJECTION_DAY_MS}},
             {"HOUR", {0, 3600000}},
             {"MINUTE", {0, 60000}},
             {"SECOND", {0, 1000}},
             {"MILLISECOND", {0, 1}}};
#define UNITS_NOW (COUNT_OF(units) - 1) /* NOW has no milliseconds */

static bool take_blanks(struct bytes *v) {
    while (v->len && strchr(" \t\r\n\f\v", v->ptr[0]))
        *v = bytes_slice(*v, 1, v->len);
    return true;
}
static bool take_word(struct bytes *v, const char *word) {
    if (!bytes_starts_with(*v, bytes_str(word)))
        return false;
    *v = bytes_slice(*v, strlen(word), v->len);
    return true;
}

static bool take_amount(struct bytes *v, int64_t *ret) {
    size_t n = 0;
    *ret = 0;
    for (; n < v->len && v->ptr[n] >= '0' && v->ptr[n] <= '9'; n++)
        *ret = MIN_OF(*ret * 10 + (v->ptr[n] - '0'), AMOUNT_MAX);
    *v = bytes_slice(*v, n, v->len);
    return n > 0;
}

static bool take_now_unit(struct bytes *v, struct date_step *ret) {
    for (size_t i = 0; i < UNITS_NOW; i++)
        if (take_word(v, units[i].name)) {
            take_word(v, "S");
            *ret = units[i].step;
            return true;
        }
    return false;
}

/* NOW, or NOW-3YEARS, with blanks between. */
static bool parse_now(struct bytes v, struct date_bound *ret) {
    *ret = (struct date_bound){.is_now = true};
    take_blanks(&v);
    if (!take_word(&v, "NOW"))
        return false;
    take_blanks(&v);
    if (v.len == 0)
        return true;
    bool minus = take_word(&v, "-");
    if (!minus && !take_word(&v, "+"))
        return false;
    take_blanks(&v);
    if (!take_amount(&v, &ret->amount))
        return false;
    take_blanks(&v);
    if (!take_now_unit(&v, &ret->step))
        return false;
    take_blanks(&v);
    ret->amount = minus ? -ret->amount : ret->amount;
    return v.len == 0;
}

static bool parse_bound(const struct projection_column *c, struct bytes v, struct date_bound *ret) {
    if (parse_now(v, ret))
        return true;
    *ret = (struct date_bound){0};
    return projection_date_parse(&c->format, v, &ret->amount);
}

static int read_bounds(const struct projection_source *s, struct projection_column *c) {
    static const char form[] =
        "two dates in the column's format, or NOW with an offset as in NOW-3YEARS, separated by a "
        "comma";
    struct bytes range;
    int rc = get_range(s, c, form, &range);
    if (rc)
        return rc;
    bool found = false;
    for (size_t i = 0; i < range.len && !found; i++)
        found = range.ptr[i] == ',' && parse_bound(c, bytes_slice(range, 0, i), &c->from) &&
                parse_bound(c, bytes_slice(range, i + 1, range.len), &c->to);
    if (!found)
        return refuse_range(s, c, range, form);
    if (!c->from.is_now && !c->to.is_now && c->from.amount > c->to.amount)
        return refuse_range(s, c, range, "its first date, a comma, its last date");
    return 0;
}

static const struct unit *find_unit(struct bytes v) {
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        size_t n = strlen(units[i].name);
        if (bytes_eq_nocase(bytes_slice(v, 0, n), bytes_str(units[i].name)) &&
            (v.len == n || bytes_eq_nocase(bytes_slice(v, n, v.len), BYTES("s"))))
            return &units[i];
    }
    return NULL;
}

/* A step that visits every unit which the format can show is a step of one such unit. */
static struct date_step effective(struct date_step step, struct date_step grain) {
    int64_t shortest = grain.months == 12 ? 365 : 28; /* days of a month or year */
    if (grain.months && step.months)
        return step.months <= grain.months ? grain : step;
    if (grain.months)
        return step.ms <= shortest * PROJECTION_DAY_MS ? grain : step;
    return step.ms && step.ms <= grain.ms ? grain : step;
}

/* Optional for formats that show single months or days: then it is one of them. */
static int read_step(const struct projection_source *s, struct projection_column *c) {
    struct bytes name = c->key.name, unit = projection_property(s, name, "interval.unit");
    struct date_step grain = c->format.grain;
    bool by_default = grain.months == 1 || grain.ms == PROJECTION_DAY_MS;
    const struct unit *u = find_unit(bytes_trim(unit));
    int64_t n;
    if (!by_default && (!unit.ptr || !projection_property(s, name, "interval").ptr))
        return projection_refuse(s,
                                 "projection.%.*s.interval and projection.%.*s.interval.unit are "
                                 "required, as the format does not end with days or months",
                                 BYTES_ARG(name), BYTES_ARG(name));
    if (unit.ptr && !u)
        return projection_refuse(s,
                                 "projection.%.*s.interval.unit '%.*s' is not known; use YEARS, "
                                 "MONTHS, WEEKS, DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS",
                                 BYTES_ARG(name), (int)MIN_OF(unit.len, (size_t)100), unit.ptr);
    int rc = projection_read_count(s, name, "interval", INT64_MAX, 1, &n);
    if (rc)
        return rc;
    struct date_step step = u ? u->step : grain;
    n = MIN_OF(n, step.months ? AMOUNT_MAX : INT64_MAX / 4 / step.ms);
    step.months *= n;
    step.ms *= n;
    c->step = effective(step, grain);
    return 0;
}

int projection_read_date(const struct projection_source *s, struct projection_column *c) {
    struct bytes format = projection_property(s, c->key.name, "format");
    if (!format.ptr)
        return projection_refuse(s,
                                 "projection.%.*s.format is missing; set it to a date format such "
                                 "as yyyy-MM-dd",
                                 BYTES_ARG(c->key.name));
    int rc = projection_date_compile(s->a, format, &c->format, s->e);
    if (rc) {
        err_prefix(s->e, "projection.%.*s.format of table %.*s.%.*s", BYTES_ARG(c->key.name),
                   BYTES_ARG(s->table->database), BYTES_ARG(s->table->name));
        return rc;
    }
    rc = read_bounds(s, c);
    return rc ? rc : read_step(s, c);
}
