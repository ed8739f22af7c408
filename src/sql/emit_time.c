/* emit_time.c - dates and times: units by name, zones, what a value's clock shows.
 *
 * Every type of time has a form, how DuckDB holds it (types.h). Dates, timestamps of up to six
 * digits and timestamps in UTC are left to DuckDB where it counts as Trino does; packed forms and
 * units that are no literals go to the C functions named after the form (duck/fn_unit.c). */
#include "duck/time_unit.h"
#include "sql/emit_int.h"

enum time_form time_form_of(const struct sql_type *t) {
    switch (t->kind) {
    case ST_DATE:
        return FORM_DATE;
    case ST_TIME:
        return FORM_CLOCK;
    case ST_TIME_TZ:
        return FORM_TIMETZ;
    case ST_TIMESTAMP_TZ:
        return t->zoned ? FORM_ZONED : FORM_UTC;
    default:
        return t->precision > 6 ? FORM_WIDE : FORM_MICROS;
    }
}

/* ---- zones ---- */
void emit_call(struct emitter *em, const char *fn, struct bytes value) {
    put(em, fn);
    put(em, "(");
    put_bytes(em, value);
    put(em, ")");
}

void emit_local(struct emitter *em, const struct sql_type *t, struct bytes value) {
    switch (time_form_of(t)) {
    case FORM_UTC:
        put(em, "timezone('UTC', ");
        put_bytes(em, value);
        put(em, ")");
        return;
    case FORM_ZONED:
        emit_call(em, "t_zoned_micros", value);
        return;
    case FORM_WIDE:
        emit_call(em, "t_narrow", value);
        return;
    case FORM_TIMETZ:
        emit_call(em, "t_timetz_local", value);
        return;
    default:
        put_bytes(em, value);
    }
}

void emit_zoned(struct emitter *em, const struct sql_type *t, struct bytes value) {
    if (time_form_of(t) == FORM_UTC)
        emit_call(em, "t_zoned_of", value);
    else
        put_bytes(em, value);
}

void emit_wide(struct emitter *em, const struct sql_type *t, struct bytes value) {
    if (time_form_of(t) == FORM_MICROS)
        emit_call(em, "t_wide", value);
    else
        put_bytes(em, value);
}

void emit_java_text(struct emitter *em, const struct sql_type *t, struct bytes value) {
    put(em, t->kind == ST_TIME        ? "t_java_clock("
            : t->kind == ST_TIMESTAMP ? "t_java_wide("
                                      : "t_java_zoned(");
    if (t->kind == ST_TIMESTAMP_TZ)
        emit_zoned(em, t, value);
    else
        emit_wide(em, t, value);
    put(em, ")");
}

static struct bytes local_text(struct emitter *em, const struct bound *x) {
    struct bytes v = emit_text(em, x);
    return time_form_of(x->type) == FORM_UTC
               ? arena_fmt(em->a, "timezone('UTC', %.*s)", BYTES_ARG(v))
               : v;
}

/* Local time back to what x's type holds. */
static void put_back(struct emitter *em, const struct sql_type *t, struct bytes local) {
    bool utc = time_form_of(t) == FORM_UTC;
    put(em, utc ? "timezone('UTC', " : "");
    put_bytes(em, local);
    put(em, utc ? ")" : "");
}

/* ---- units ---- */
static const struct unit {
    const char *name;
    const char *interval; /* of DuckDB's to_*() */
    int factor;
} units[] = {
    [TIME_MILLISECOND] = {"millisecond", "to_milliseconds", 1},
    [TIME_SECOND] = {"second", "to_seconds", 1},
    [TIME_MINUTE] = {"minute", "to_minutes", 1},
    [TIME_HOUR] = {"hour", "to_hours", 1},
    [TIME_DAY] = {"day", "to_days", 1},
    [TIME_WEEK] = {"week", "to_days", 7},
    [TIME_MONTH] = {"month", "to_months", 1},
    [TIME_QUARTER] = {"quarter", "to_months", 3},
    [TIME_YEAR] = {"year", "to_months", 12},
};

static bool is_clock_form(enum time_form f) {
    return f == FORM_CLOCK || f == FORM_TIMETZ;
}

/* The unit when it is a literal; NULL when it is not, or not valid for the type (an error). */
static const struct unit *unit_of(struct emitter *em, const struct bound *call,
                                  const struct sql_type *t, enum time_unit *ret) {
    const struct bound *x = call->args[0];
    enum time_form form = time_form_of(t);
    while (x->kind == BX_CAST)
        x = x->args[0];
    if (x->kind != BX_LITERAL || !x->value.ptr)
        return NULL;
    if (time_unit_find(x->value, ret) && (form != FORM_DATE || *ret >= TIME_DAY) &&
        (!is_clock_form(form) || *ret <= TIME_HOUR))
        return &units[*ret];
    if (!em->rc)
        em->rc = err_set_named(em->e, ERR_SQL, "INVALID_FUNCTION_ARGUMENT", 0,
                               "line %d:%d: '%.*s' is not a valid %s field", call->pos.line,
                               call->pos.column, BYTES_ARG(x->value),
                               form == FORM_DATE     ? "DATE"
                               : is_clock_form(form) ? "TIME"
                                                     : "TIMESTAMP");
    return NULL;
}

/* t_trunc_wide(unit, v) and the like; `last` is the value's place in the call. */
static void by_function(struct emitter *em, const struct bound *x, const char *what, size_t value) {
    static const char *const forms[] = {
        [FORM_DATE] = "date",    [FORM_MICROS] = "micros", [FORM_WIDE] = "wide",
        [FORM_UTC] = "micros",   [FORM_ZONED] = "zoned",   [FORM_CLOCK] = "clock",
        [FORM_TIMETZ] = "timetz"};
    const struct sql_type *t = x->args[value]->type;
    bool utc = time_form_of(t) == FORM_UTC, back = x->type->kind == ST_TIMESTAMP_TZ;
    put(em, utc && back ? "timezone('UTC', " : "");
    putf(em, "t_%s_%s(", what, forms[time_form_of(t)]);
    for (size_t i = 0; i < x->arg_count; i++) {
        put(em, i ? ", " : "");
        put_bytes(em, i && utc && x->args[i]->type->kind == ST_TIMESTAMP_TZ
                          ? local_text(em, x->args[i])
                          : emit_text(em, x->args[i]));
    }
    if (strcmp(what, "add") == 0)
        putf(em, ", %d", t->precision);
    put(em, utc && back ? "))" : ")");
}

static bool is_native(enum time_form f) {
    return f == FORM_DATE || f == FORM_MICROS || f == FORM_UTC;
}

static void date_trunc(struct emitter *em, const struct bound *x) {
    const struct sql_type *t = x->args[1]->type;
    enum time_unit u;
    const struct unit *unit = unit_of(em, x, t, &u);
    if (!unit || !is_native(time_form_of(t))) {
        by_function(em, x, "trunc", 1);
        return;
    }
    struct bytes v = local_text(em, x->args[1]);
    struct bytes r = arena_fmt(em->a, "date_trunc('%s', %.*s)", unit->name, BYTES_ARG(v));
    if (t->kind == ST_DATE)
        r = arena_fmt(em->a, "CAST(%.*s AS DATE)", BYTES_ARG(r));
    put_back(em, t, r);
}

static void date_add(struct emitter *em, const struct bound *x) {
    const struct sql_type *t = x->args[2]->type;
    enum time_unit u;
    const struct unit *unit = unit_of(em, x, t, &u);
    if (!unit || !is_native(time_form_of(t)) || (u == TIME_MILLISECOND && t->precision < 3)) {
        by_function(em, x, "add", 2);
        return;
    }
    bool of_date = u >= TIME_DAY;
    struct bytes n = emit_text(em, x->args[1]);
    struct bytes v = of_date ? local_text(em, x->args[2]) : emit_text(em, x->args[2]);
    if (of_date)
        n = arena_fmt(em->a, "CAST(%.*s * %d AS INTEGER)", BYTES_ARG(n), unit->factor);
    struct bytes r =
        arena_fmt(em->a, "(%.*s + %s(%.*s))", BYTES_ARG(v), unit->interval, BYTES_ARG(n));
    if (t->kind == ST_DATE)
        r = arena_fmt(em->a, "CAST(%.*s AS DATE)", BYTES_ARG(r));
    if (of_date)
        put_back(em, t, r);
    else
        put_bytes(em, r);
}

static void date_diff(struct emitter *em, const struct bound *x) {
    const struct sql_type *t = x->args[1]->type;
    enum time_unit u;
    const struct unit *unit = unit_of(em, x, t, &u);
    if (!unit || !is_native(time_form_of(t)) || u >= TIME_MONTH || t->precision > 3) {
        by_function(em, x, "diff", 1);
        return;
    }
    putf(em, "date_sub('%s', ", unit->name);
    for (int i = 1; i < 3; i++) {
        put(em, i == 2 ? ", " : "");
        put_bytes(em, local_text(em, x->args[i]));
    }
    put(em, ")");
}

static void shift_months(struct emitter *em, const struct bound *x, const char *op) {
    struct bytes v = local_text(em, x->args[0]), n = emit_text(em, x->args[1]);
    put_back(em, x->args[0]->type,
             arena_fmt(em->a, "(%.*s %s to_months(%.*s))", BYTES_ARG(v), op, BYTES_ARG(n)));
}

/* sequence() of timestamps: "times" or "months". */
static void sequence(struct emitter *em, const struct bound *x, const char *unit) {
    putf(em, "t_sequence_%s%s(", x->type->children[0]->precision > 6 ? "wide_" : "", unit);
    emit_list(em, x->args, 0, x->arg_count, ", ");
    put(em, ")");
}

bool emit_rewrite_time(struct emitter *em, const struct bound *x) {
    const char *name = x->sql;
    if (strcmp(name, "@date_trunc") == 0)
        date_trunc(em, x);
    else if (strcmp(name, "@date_add") == 0)
        date_add(em, x);
    else if (strcmp(name, "@date_diff") == 0)
        date_diff(em, x);
    else if (strcmp(name, "@shift_months") == 0)
        shift_months(em, x, "+");
    else if (strcmp(name, "@shift_back_months") == 0)
        shift_months(em, x, "-");
    else if (strcmp(name, "@sequence_times") == 0)
        sequence(em, x, "times");
    else if (strcmp(name, "@sequence_months") == 0)
        sequence(em, x, "months");
    else
        return false;
    return true;
}
