/* predicate_time.c - functions of dates and times over values.
 *
 * Only UTC: a type with a time zone of its own is left to the engine. Patterns are read by the
 * functions the engine itself calls (duck/time_pattern.h). Months are added as the engine adds
 * them: a day that the month does not have becomes its last. */
#include "base/clock.h"
#include "duck/time_pattern.h"
#include "duck/time_text.h"
#include "duck/time_unit.h"
#include "sql/predicate_int.h"
#include <math.h>

#define DAY_MICROS INT64_C(86400000000)
#define DAY_MS INT64_C(86400000)

/* ---- values as moments ---- */
struct moment {
    struct clock_fields f;
    int64_t days, micros; /* of the day */
};
static bool is_utc(const struct sql_type *t) {
    return t->kind == ST_DATE ||
           ((t->kind == ST_TIMESTAMP || t->kind == ST_TIMESTAMP_TZ) && t->precision <= 6);
}
static bool moment_of(const struct sql_value *v, struct moment *ret) {
    if (!is_utc(v->type))
        return false;
    bool date = v->type->kind == ST_DATE;
    ret->days = date ? v->whole : time_text_floor_days(v->whole);
    ret->micros = date ? 0 : v->whole - ret->days * DAY_MICROS;
    clock_split_ms(ret->days * DAY_MS + ret->micros / 1000, &ret->f);
    return true;
}
static picos128 whole_millis(const struct moment *m) {
    return (picos128)m->days * PICOS_DAY + m->micros / 1000 * (picos128)PICOS_MILLI;
}
/* A day and a time of it in a type. */
static enum eval made(const struct sql_type *t, int64_t days, int64_t micros,
                      struct sql_value *ret) {
    if (!is_utc(t) || days > 4000000 || days < -4000000)
        return EVAL_UNKNOWN;
    return value_whole(t, t->kind == ST_DATE ? days : days * DAY_MICROS + micros, ret);
}

/* ---- fields ---- */
static int iso_week(const struct clock_fields *f, int *ret_year) {
    int64_t thursday = clock_days_from_civil(f->year, f->month, f->day) + 4 - f->iso_weekday;
    struct clock_fields t;
    clock_split_ms(thursday * DAY_MS, &t);
    *ret_year = t.year;
    return (t.day_of_year - 1) / 7 + 1;
}

static int64_t field_of(const char *name, const struct moment *m) {
    const struct clock_fields *f = &m->f;
    int year, week = iso_week(f, &year);
    if (strncmp(name, "dayofyear(", 10) == 0)
        return f->day_of_year;
    if (strncmp(name, "day(", 4) == 0)
        return f->day;
    if (strncmp(name, "isodow(", 7) == 0)
        return f->iso_weekday;
    if (strncmp(name, "isoyear(", 8) == 0)
        return year;
    if (strncmp(name, "week(", 5) == 0)
        return week;
    if (strncmp(name, "month(", 6) == 0)
        return f->month;
    if (strncmp(name, "quarter(", 8) == 0)
        return (f->month + 2) / 3;
    if (strncmp(name, "hour(", 5) == 0)
        return m->micros / 3600000000;
    if (strncmp(name, "minute(", 7) == 0)
        return m->micros / 60000000 % 60;
    if (strncmp(name, "second(", 7) == 0)
        return m->micros / 1000000 % 60;
    return f->year;
}
/* CAST(field($1) AS BIGINT) */
static enum eval fn_field(struct evaluation *ev, const struct sql_node *x,
                          const struct sql_value *args, struct sql_value *ret) {
    struct moment m;
    (void)ev;
    if (!moment_of(&args[0], &m))
        return EVAL_UNKNOWN;
    return value_whole(x->type, field_of(x->fn->sql + strlen("CAST("), &m), ret);
}
static enum eval fn_millisecond(struct evaluation *ev, const struct sql_node *x,
                                const struct sql_value *args, struct sql_value *ret) {
    struct moment m;
    (void)ev;
    return moment_of(&args[0], &m) ? value_whole(x->type, m.micros / 1000 % 1000, ret)
                                   : EVAL_UNKNOWN;
}
static enum eval fn_last_day(struct evaluation *ev, const struct sql_node *x,
                             const struct sql_value *args, struct sql_value *ret) {
    struct moment m;
    (void)ev;
    if (!moment_of(&args[0], &m))
        return EVAL_UNKNOWN;
    int n = time_text_days_in_month(m.f.year, m.f.month);
    return made(x->type, m.days - m.f.day + n, 0, ret);
}

/* ---- units ---- */
enum unit { MILLISECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, YEAR, NO_UNIT };
static const int64_t unit_micros[] = {1000,       1000000,    60000000,
                                      3600000000, DAY_MICROS, 7 * DAY_MICROS};
static enum unit unit_of(struct bytes name, const struct sql_type *t) {
    static const char *const names[] = {"millisecond", "second", "minute",  "hour", "day",
                                        "week",        "month",  "quarter", "year"};
    for (int u = MILLISECOND; u < NO_UNIT; u++)
        if (bytes_eq_nocase(name, bytes_str(names[u])))
            return t->kind == ST_DATE && u < DAY ? NO_UNIT : (enum unit)u;
    return NO_UNIT;
}

bool time_part(struct bytes name, int64_t micros, int64_t *ret_from, int64_t *ret_to) {
    struct moment m;
    struct sql_value v = {.type = sql_type_of(ST_TIMESTAMP), .whole = micros};
    enum unit u = unit_of(name, v.type);
    if (u == NO_UNIT || !moment_of(&v, &m))
        return false;
    const struct clock_fields *f = &m.f;
    int month = u == MONTH ? f->month : u == QUARTER ? (f->month - 1) / 3 * 3 + 1 : 1;
    int months = u == MONTH ? 1 : u == QUARTER ? 3 : 12, after = month + months;
    int64_t day = u == WEEK ? m.days - f->iso_weekday + 1 : m.days;
    if (u <= WEEK) {
        *ret_from = u < DAY ? micros - m.micros % unit_micros[u] : day * DAY_MICROS;
        *ret_to = *ret_from + unit_micros[u];
        return true;
    }
    *ret_from = clock_days_from_civil(f->year, month, 1) * DAY_MICROS;
    *ret_to = clock_days_from_civil(f->year + (after > 12), after > 12 ? after - 12 : after, 1) *
              DAY_MICROS;
    return true;
}

static enum eval fn_trunc(struct evaluation *ev, const struct sql_node *x,
                          const struct sql_value *args, struct sql_value *ret) {
    bool date = args[1].type->kind == ST_DATE;
    int64_t from, to;
    (void)ev;
    if (!is_utc(args[1].type) || unit_of(args[0].text, args[1].type) == NO_UNIT ||
        !time_part(args[0].text, date ? args[1].whole * DAY_MICROS : args[1].whole, &from, &to))
        return EVAL_UNKNOWN;
    return value_whole(x->type, date ? from / DAY_MICROS : from, ret);
}

static enum eval plus_months(const struct sql_value *v, int64_t n, const struct sql_type *t,
                             struct sql_value *ret) {
    struct moment m;
    if (!moment_of(v, &m) || n > 120000 || n < -120000)
        return EVAL_UNKNOWN;
    int64_t month = (int64_t)m.f.year * 12 + m.f.month - 1 + n;
    if (month < 12 || month >= 10000 * 12)
        return EVAL_UNKNOWN;
    int year = (int)(month / 12), of_year = (int)(month % 12) + 1;
    int day = MIN_OF(m.f.day, time_text_days_in_month(year, of_year));
    return made(t, clock_days_from_civil(year, of_year, day), m.micros, ret);
}

static enum eval plus_micros(const struct sql_value *v, int64_t n, const struct sql_type *t,
                             struct sql_value *ret) {
    int64_t r;
    if (!is_utc(v->type) || !is_utc(t) || v->type->kind == ST_DATE || t->kind == ST_DATE ||
        __builtin_add_overflow(v->whole, n, &r))
        return EVAL_UNKNOWN;
    return value_whole(t, r, ret);
}

static enum eval fn_add(struct evaluation *ev, const struct sql_node *x,
                        const struct sql_value *args, struct sql_value *ret) {
    struct moment m;
    enum unit u = unit_of(args[0].text, args[2].type);
    int64_t n = args[1].whole;
    (void)ev;
    if (u == NO_UNIT || !moment_of(&args[2], &m) || n > 1000000000 || n < -1000000000)
        return EVAL_UNKNOWN;
    if (u >= MONTH)
        return plus_months(&args[2], n * (u == MONTH ? 1 : u == QUARTER ? 3 : 12), x->type, ret);
    if (u >= DAY)
        return made(x->type, m.days + n * (u == WEEK ? 7 : 1), m.micros, ret);
    return plus_micros(&args[2], n * unit_micros[u], x->type, ret);
}

/* Whole units from a to b, towards zero. */
static enum eval fn_diff(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret) {
    struct moment a, b;
    enum time_unit u;
    enum unit known = unit_of(args[0].text, args[1].type);
    (void)ev;
    if (known == NO_UNIT || !time_unit_find(args[0].text, &u) || !moment_of(&args[1], &a) ||
        !moment_of(&args[2], &b))
        return EVAL_UNKNOWN;
    return value_whole(x->type, time_unit_diff(u, whole_millis(&a), whole_millis(&b)), ret);
}

/* ---- intervals ---- */
static enum eval fn_plus_days(struct evaluation *ev, const struct sql_node *x,
                              const struct sql_value *args, struct sql_value *ret) {
    int64_t ms = args[1].whole, days = ms / DAY_MS;
    (void)ev;
    if (ms % DAY_MS != 0)
        return EVAL_FAILED;
    if (days > 4000000 || days < -4000000)
        return EVAL_UNKNOWN;
    return value_whole(x->type, x->fn->sql[4] == '-' ? args[0].whole - days : args[0].whole + days,
                       ret);
}
static enum eval fn_plus_months(struct evaluation *ev, const struct sql_node *x,
                                const struct sql_value *args, struct sql_value *ret) {
    bool back = strstr(x->fn->sql, " - ") || strstr(x->fn->sql, "back");
    (void)ev;
    return plus_months(&args[0], back ? -args[1].whole : args[1].whole, x->type, ret);
}
static enum eval fn_plus_millis(struct evaluation *ev, const struct sql_node *x,
                                const struct sql_value *args, struct sql_value *ret) {
    int64_t micros;
    (void)ev;
    if (__builtin_mul_overflow(args[1].whole, (x->fn->sql[4] == '-' ? -1000 : 1000), &micros))
        return EVAL_UNKNOWN;
    return plus_micros(&args[0], micros, x->type, ret);
}
/* $1 - $2 in milliseconds */
static enum eval fn_between_dates(struct evaluation *ev, const struct sql_node *x,
                                  const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    return value_whole(x->type, (args[0].whole - args[1].whole) * DAY_MS, ret);
}
static int64_t floor_millis(int64_t micros) {
    return micros / 1000 - (micros % 1000 < 0);
}
static enum eval fn_between_times(struct evaluation *ev, const struct sql_node *x,
                                  const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    if (args[0].whole < 0 || args[1].whole < 0)
        return EVAL_UNKNOWN;
    return value_whole(x->type, floor_millis(args[0].whole) - floor_millis(args[1].whole), ret);
}

/* An interval times a whole number. */
static enum eval fn_times(struct evaluation *ev, const struct sql_node *x,
                          const struct sql_value *args, struct sql_value *ret) {
    int64_t v;
    (void)ev;
    return __builtin_mul_overflow(args[0].whole, args[1].whole, &v) ? EVAL_UNKNOWN
                                                                    : value_whole(x->type, v, ret);
}

/* ---- as text ---- */
static enum eval formatted(struct evaluation *ev, const struct sql_node *x,
                           const struct sql_value *args, bool joda, struct sql_value *ret) {
    struct time_pattern_result why;
    struct time_pattern_zone utc = {.zone = TIME_ZONE_UTC};
    bool zoned = args[0].type->kind == ST_TIMESTAMP_TZ;
    struct buf b = {0};
    if (!is_utc(args[0].type))
        return EVAL_UNKNOWN;
    bool ok = joda ? time_format_joda(args[0].whole, zoned ? &utc : NULL, args[1].text, &b, &why)
                   : time_format_mysql(args[0].whole, args[1].text, &b, &why);
    struct bytes text = ok ? arena_copy(ev->a, buf_bytes(&b)) : (struct bytes){0};
    enum eval rc = !ok ? EVAL_FAILED : buf_ok(&b) ? value_text_of(x, text, ret) : EVAL_UNKNOWN;
    buf_clear(&b);
    return rc;
}
static enum eval fn_date_format(struct evaluation *ev, const struct sql_node *x,
                                const struct sql_value *args, struct sql_value *ret) {
    return formatted(ev, x, args, false, ret);
}
static enum eval fn_format_datetime(struct evaluation *ev, const struct sql_node *x,
                                    const struct sql_value *args, struct sql_value *ret) {
    return formatted(ev, x, args, true, ret);
}
static enum eval fn_date_parse(struct evaluation *ev, const struct sql_node *x,
                               const struct sql_value *args, struct sql_value *ret) {
    struct time_pattern_result why;
    int64_t v;
    (void)ev;
    return time_parse_mysql(args[0].text, args[1].text, &v, &why) ? value_whole(x->type, v, ret)
                                                                  : EVAL_FAILED;
}
static enum eval fn_parse_datetime(struct evaluation *ev, const struct sql_node *x,
                                   const struct sql_value *args, struct sql_value *ret) {
    struct time_pattern_result why;
    struct time_pattern_instant v;
    (void)ev;
    if (!time_parse_joda(args[0].text, args[1].text, &v, &why))
        return EVAL_FAILED;
    return v.zone == TIME_ZONE_UTC ? value_whole(x->type, v.micros, ret) : EVAL_UNKNOWN;
}
static enum eval fn_iso_timestamp(struct evaluation *ev, const struct sql_node *x,
                                  const struct sql_value *args, struct sql_value *ret) {
    struct time_pattern_result why;
    struct time_pattern_instant v;
    (void)ev;
    if (!time_parse_iso8601(args[0].text, &v, &why))
        return EVAL_FAILED;
    return v.zone == TIME_ZONE_UTC ? value_whole(x->type, v.micros / 1000 * 1000, ret)
                                   : EVAL_UNKNOWN;
}
static enum eval fn_iso_date(struct evaluation *ev, const struct sql_node *x,
                             const struct sql_value *args, struct sql_value *ret) {
    struct time_pattern_result why;
    int64_t days;
    (void)ev;
    return time_parse_iso8601_date(args[0].text, &days, &why) ? value_whole(x->type, days, ret)
                                                              : EVAL_FAILED;
}

/* ---- Unix time ---- */
static enum eval fn_from_unixtime(struct evaluation *ev, const struct sql_node *x,
                                  const struct sql_value *args, struct sql_value *ret) {
    double v = args[0].real * 1000;
    (void)ev;
    if (!isfinite(v) || fabs(v) > 9e15 || !is_utc(x->type))
        return EVAL_UNKNOWN;
    return value_whole(x->type, (int64_t)floor(v + 0.5) * 1000, ret);
}
static enum eval fn_to_unixtime(struct evaluation *ev, const struct sql_node *x,
                                const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    if (args[0].whole % 1000000 != 0)
        return EVAL_UNKNOWN;
    return value_real(x->type, (double)(args[0].whole / 1000000), ret);
}

/* ---- casts by name ---- */
static enum eval fn_cast(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret) {
    return value_cast(ev->a, &args[0], x->type, false, ret);
}

#define STRICT(sql, name)                                                                          \
    { sql, fn_##name, NULL, NULL }
#define FIELD(name)                                                                                \
    STRICT("CAST(" name "($1) AS BIGINT)", field), STRICT("CAST(" name "($l1) AS BIGINT)", field)

const struct eval_fn eval_times[] = {
    FIELD("day"),
    FIELD("isodow"),
    FIELD("dayofyear"),
    FIELD("week"),
    FIELD("month"),
    FIELD("quarter"),
    FIELD("year"),
    FIELD("isoyear"),
    FIELD("hour"),
    FIELD("minute"),
    FIELD("second"),
    STRICT("(epoch_ms($l1) % 1000 + 1000) % 1000", millisecond),
    STRICT("last_day($1)", last_day),
    STRICT("last_day($l1)", last_day),
    STRICT("@date_trunc", trunc),
    STRICT("@date_add", add),
    STRICT("@date_diff", diff),
    STRICT("($1 + t_whole_days($2))", plus_days),
    STRICT("($1 - t_whole_days($2))", plus_days),
    STRICT("CAST($1 + to_months($2) AS DATE)", plus_months),
    STRICT("CAST($1 - to_months($2) AS DATE)", plus_months),
    STRICT("($1 + to_months($2))", plus_months),
    STRICT("($1 - to_months($2))", plus_months),
    STRICT("@shift_months", plus_months),
    STRICT("@shift_back_months", plus_months),
    STRICT("($1 + to_milliseconds($2))", plus_millis),
    STRICT("($1 - to_milliseconds($2))", plus_millis),
    STRICT("(CAST($1 - $2 AS BIGINT) * 86400000)", between_dates),
    STRICT("(epoch_ms($1) - epoch_ms($2))", between_times),
    STRICT("t_idays_times($1, $2)", times),
    STRICT("t_iyears_times($1, $2)", times),
    STRICT("t_date_format($l1, $2)", date_format),
    STRICT("t_format_datetime($l1, $2)", format_datetime),
    STRICT("t_format_zoned($z1, $2)", format_datetime),
    STRICT("t_date_parse($*)", date_parse),
    STRICT("t_parse_datetime($*)", parse_datetime),
    STRICT("t_from_iso8601_timestamp($1)", iso_timestamp),
    STRICT("t_from_iso8601_date($1)", iso_date),
    STRICT("t_from_unixtime($1)", from_unixtime),
    STRICT("epoch($l1)", to_unixtime),
    STRICT("epoch($i1)", to_unixtime),
    STRICT("t_cast_date($1)", cast),
    STRICT("CAST($1 AS DATE)", cast),
    STRICT("CAST($l1 AS DATE)", cast),
    STRICT("CAST($1 AS VARCHAR)", cast),
};
const size_t eval_time_count = COUNT_OF(eval_times);
