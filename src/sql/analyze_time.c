/* analyze_time.c - operators over dates, times and intervals, EXTRACT, AT TIME ZONE.
 *
 * Intervals are numbers of milliseconds or months. What DuckDB does by itself stays its own (dates
 * and timestamps of up to six digits in UTC); packed values (duck/time_value.h) are shifted as
 * integers or by C functions. */
#include "duck/time_text.h"
#include "sql/analyze_int.h"

static struct bound *call2(struct ctx *c, const char *sql, const struct sql_type *type,
                           struct sql_pos pos, struct bound *l, struct bound *r) {
    struct bound *args[] = {l, r};
    return bound_call(c->z->a, sql, type, pos, args, 2);
}

static bool is_clock(const struct sql_type *t) {
    return t->kind == ST_TIME || t->kind == ST_TIME_TZ;
}
static bool is_instant(const struct sql_type *t) {
    return t->kind >= ST_DATE && t->kind <= ST_TIMESTAMP_TZ;
}
static bool is_interval(const struct sql_type *t) {
    return t->kind == ST_INTERVAL_DAY || t->kind == ST_INTERVAL_YEAR;
}
bool is_packed(const struct sql_type *t) {
    return t->zoned || (t->kind == ST_TIMESTAMP && t->precision > 6);
}

/* ---- plus and minus ---- */
static const struct sql_type *shifted_type(struct analyzer *z, const struct sql_type *t,
                                           const struct sql_type *interval) {
    /* a millisecond interval needs three digits to land on */
    if (interval->kind != ST_INTERVAL_DAY || t->precision >= 3 || t->kind == ST_DATE)
        return t;
    if (t->kind == ST_TIMESTAMP_TZ)
        return sql_type_tz(z->a, 3, t->zoned);
    return sql_type_time(z->a, t->kind, 3);
}

static const char *shift_months(const struct sql_type *t, bool back) {
    if (is_clock(t))
        return NULL;
    if (t->kind == ST_DATE)
        return back ? "CAST($1 - to_months($2) AS DATE)" : "CAST($1 + to_months($2) AS DATE)";
    if (t->zoned)
        return back ? "t_add_zoned('month', CAST(- $2 AS BIGINT), $1, 12)"
                    : "t_add_zoned('month', CAST($2 AS BIGINT), $1, 12)";
    if (is_packed(t))
        return back ? "t_add_wide('month', CAST(- $2 AS BIGINT), $1, 12)"
                    : "t_add_wide('month', CAST($2 AS BIGINT), $1, 12)";
    if (t->kind == ST_TIMESTAMP_TZ)
        return back ? "@shift_back_months" : "@shift_months";
    return back ? "($1 - to_months($2))" : "($1 + to_months($2))";
}

static const char *shift_millis(const struct sql_type *t, bool back) {
    if (t->kind == ST_DATE)
        return back ? "($1 - t_whole_days($2))" : "($1 + t_whole_days($2))";
    if (t->kind == ST_TIME)
        return back ? "t_clock_add($1, $2, -1)" : "t_clock_add($1, $2, 1)";
    if (t->kind == ST_TIME_TZ)
        return back ? "t_timetz_add($1, $2, -1)" : "t_timetz_add($1, $2, 1)";
    if (t->zoned)
        return back ? "($1 - CAST($2 AS HUGEINT) * 4096000000000)"
                    : "($1 + CAST($2 AS HUGEINT) * 4096000000000)";
    if (is_packed(t))
        return back ? "($1 - CAST($2 AS HUGEINT) * 1000000000)"
                    : "($1 + CAST($2 AS HUGEINT) * 1000000000)";
    return back ? "($1 - to_milliseconds($2))" : "($1 + to_milliseconds($2))";
}

static struct bound *shift(struct ctx *c, struct bound *x, struct bound *interval, bool back,
                           struct sql_pos pos) {
    const struct sql_type *t = shifted_type(c->z, x->type, interval->type);
    if (!t)
        return NULL;
    bool months = interval->type->kind == ST_INTERVAL_YEAR;
    const char *sql = months ? shift_months(t, back) : shift_millis(t, back);
    if (!sql)
        return cannot_apply(c, back ? "-" : "+", x, interval, pos);
    return call2(c, sql, t, pos, bound_cast(c->z->a, x, t), interval);
}

/* ---- intervals ---- */
static struct bound *scaled_interval(struct ctx *c, enum sql_op op, struct bound *interval,
                                     struct bound *n, struct sql_pos pos) {
    const struct sql_type *t = interval->type;
    bool whole = sql_type_is_integer(n->type) && op == SQL_OP_MULTIPLY;
    bool years = t->kind == ST_INTERVAL_YEAR;
    const char *sql = op == SQL_OP_DIVIDE ? (years ? "t_iyears_div($1, $2)" : "t_idays_div($1, $2)")
                      : whole ? (years ? "t_iyears_times($1, $2)" : "t_idays_times($1, $2)")
                              : (years ? "t_iyears_mul($1, $2)" : "t_idays_mul($1, $2)");
    return call2(c, sql, t, pos, interval,
                 bound_cast(c->z->a, n, sql_type_of(whole ? ST_BIGINT : ST_DOUBLE)));
}

static struct bound *interval_op(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                                 struct sql_pos pos) {
    if (op == SQL_OP_MULTIPLY && is_interval(l->type) && sql_type_is_numeric(r->type))
        return scaled_interval(c, op, l, r, pos);
    if (op == SQL_OP_MULTIPLY && is_interval(r->type) && sql_type_is_numeric(l->type))
        return scaled_interval(c, op, r, l, pos);
    if (op == SQL_OP_DIVIDE && is_interval(l->type) && sql_type_is_numeric(r->type))
        return scaled_interval(c, op, l, r, pos);
    if (l->type->kind == r->type->kind && (op == SQL_OP_PLUS || op == SQL_OP_MINUS))
        return call2(c, op == SQL_OP_PLUS ? "($1 + $2)" : "($1 - $2)", l->type, pos, l, r);
    return cannot_apply(c, sql_op_text(op), l, r, pos);
}

/* ---- differences, in milliseconds ---- */
static const char *difference_sql(const struct sql_type *t) {
    switch (t->kind) {
    case ST_DATE:
        return "(CAST($1 - $2 AS BIGINT) * 86400000)";
    case ST_TIME:
        return "t_clock_ms($1, $2)";
    case ST_TIME_TZ:
        return "t_timetz_ms($1, $2)";
    case ST_TIMESTAMP_TZ:
    case ST_TIMESTAMP:
        if (t->precision > 6)
            return t->zoned ? "t_zoned_ms($1, $2)" : "t_wide_ms($1, $2)";
        return t->precision > 3 ? "t_micros_ms($l1, $l2)" : "(epoch_ms($1) - epoch_ms($2))";
    default:
        return NULL;
    }
}

static struct bound *difference(struct ctx *c, struct bound *l, struct bound *r,
                                struct sql_pos pos) {
    l = same_instant(c, l);
    r = same_instant(c, r);
    const struct sql_type *t = l && r ? sql_type_common(c->z->a, l->type, r->type) : NULL;
    if (!t)
        return l && r ? cannot_apply(c, "-", l, r, pos) : NULL;
    return call2(c, difference_sql(t), sql_type_of(ST_INTERVAL_DAY), pos, bound_cast(c->z->a, l, t),
                 bound_cast(c->z->a, r, t));
}

bool is_time_arithmetic(const struct bound *l, const struct bound *r) {
    return is_instant(l->type) || is_instant(r->type) || is_interval(l->type) ||
           is_interval(r->type);
}

struct bound *bind_time_arithmetic(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                                   struct sql_pos pos) {
    bool sum = op == SQL_OP_PLUS || op == SQL_OP_MINUS;
    if (sum && is_instant(l->type) && is_interval(r->type))
        return shift(c, l, r, op == SQL_OP_MINUS, pos);
    if (op == SQL_OP_PLUS && is_interval(l->type) && is_instant(r->type))
        return shift(c, r, l, false, pos);
    if (op == SQL_OP_MINUS && is_instant(l->type) && is_instant(r->type))
        return difference(c, l, r, pos);
    return interval_op(c, op, l, r, pos);
}

/* ---- comparing ---- */
/* The type with members of arrays, maps and rows that have a zone in UTC. */
static const struct sql_type *in_utc(struct arena *a, const struct sql_type *t) {
    if (t->zoned && t->precision <= 6)
        return sql_type_tz(a, t->precision, false);
    struct sql_type *r = NULL;
    for (size_t i = 0; i < t->child_count; i++) {
        const struct sql_type *child = in_utc(a, t->children[i]);
        if (!child)
            return NULL;
        if (child == t->children[i])
            continue;
        if (!r) {
            if (!(r = ARENA_NEW(a, struct sql_type)))
                return NULL;
            *r = *t;
            if (!(r->children = ARENA_NEW_N(a, const struct sql_type *, t->child_count)))
                return NULL;
            memcpy(r->children, t->children, t->child_count * sizeof(*r->children));
        }
        r->children[i] = child;
    }
    return r ? r : t;
}

struct bound *same_instant(struct ctx *c, struct bound *x) {
    if (x && x->type->child_count)
        return bound_cast(c->z->a, x, in_utc(c->z->a, x->type));
    if (!x || !x->type->zoned)
        return x;
    if (x->type->precision > 6)
        return bound_call(c->z->a, "t_zoned_utc($1)", x->type, x->pos, &x, 1);
    const struct sql_type *utc = sql_type_tz(c->z->a, x->type->precision, false);
    struct time_text v;
    if (utc && x->kind == BX_LITERAL && x->value.ptr && time_text_parse_timestamp(x->value, &v))
        return bound_literal(
            c->z->a, utc, x->pos,
            arena_fmt(c->z->a, "CAST('%.*s+00' AS TIMESTAMPTZ)", BYTES_ARG(x->value)), x->value);
    return bound_cast(c->z->a, x, utc);
}

struct bound *same_clock(struct ctx *c, struct bound *x) {
    if (!x || x->type->kind != ST_TIME_TZ)
        return x;
    return bound_call(c->z->a, "($1 // 4096)", x->type, x->pos, &x, 1);
}

/* ---- EXTRACT, AT TIME ZONE ---- */
struct bound *bind_extract(struct ctx *c, const struct sql_expr *e) {
    static const char *const fields[] = {"year",
                                         "quarter",
                                         "month",
                                         "week",
                                         "day",
                                         "day_of_month",
                                         "day_of_week",
                                         "dow",
                                         "day_of_year",
                                         "doy",
                                         "year_of_week",
                                         "yow",
                                         "hour",
                                         "minute",
                                         "second",
                                         "timezone_hour",
                                         "timezone_minute"};
    struct bound *x = bind_expr(c, e->extract.value);
    if (!x)
        return NULL;
    if (!is_instant(x->type) && !is_interval(x->type) && x->type->kind != ST_UNKNOWN)
        return fail(c->z, e->pos, "TYPE_MISMATCH",
                    "Type of argument to extract must be DATE, TIME, TIMESTAMP, or INTERVAL "
                    "(actual %.*s)",
                    BYTES_ARG(type_text(c->z, x->type)));
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!bytes_eq_nocase(e->extract.field, bytes_str(fields[i])))
            continue;
        bool of_zone = strncmp(fields[i], "timezone", 8) == 0, of_day = i < 12;
        const struct sql_type *t = x->type;
        if ((of_zone && t->kind != ST_TIME_TZ && t->kind != ST_TIMESTAMP_TZ) ||
            (of_day && is_clock(t)) || (!of_day && t->kind == ST_DATE))
            return fail(c->z, e->pos, "TYPE_MISMATCH", "Cannot extract %s from %.*s", fields[i],
                        BYTES_ARG(type_text(c->z, t)));
        return call_function(c, fields[i], &x, 1, e->pos);
    }
    return fail(c->z, e->pos, "SYNTAX_ERROR", "Invalid EXTRACT field: %.*s",
                BYTES_ARG(e->extract.field));
}

struct bound *bind_at_time_zone(struct ctx *c, const struct sql_expr *e) {
    struct bound *xs[3] = {bind_expr(c, e->binary.left)};
    if (!xs[0] || !(xs[1] = bind_expr(c, e->binary.right)))
        return NULL;
    if (!is_clock(xs[0]->type) && xs[0]->type->kind != ST_TIMESTAMP &&
        xs[0]->type->kind != ST_TIMESTAMP_TZ && xs[0]->type->kind != ST_UNKNOWN)
        return fail(c->z, e->binary.left->pos, "TYPE_MISMATCH",
                    "Type of value must be a time or timestamp with or without time zone (actual "
                    "%.*s)",
                    BYTES_ARG(type_text(c->z, xs[0]->type)));
    if (!is_clock(xs[0]->type))
        return call_function(c, "at_timezone", xs, 2, e->pos);
    const struct sql_type *t = sql_type_time(c->z->a, ST_TIME_TZ, xs[0]->type->precision);
    if (!t || !(xs[0] = bound_cast(c->z->a, xs[0], t)))
        return NULL;
    if (xs[1]->type->kind == ST_INTERVAL_DAY)
        return bound_call(c->z->a, "t_timetz_at_offset($1, $2)", t, e->pos, xs, 2);
    xs[2] = integer_literal(c->z, c->z->env->now_ms / 1000, e->pos);
    xs[1] = bound_cast(c->z->a, xs[1], sql_type_of(ST_VARCHAR));
    return bound_call(c->z->a, "t_timetz_at_zone($1, $2, CAST($3 AS BIGINT))", t, e->pos, xs, 3);
}
