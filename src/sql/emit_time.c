/* emit_time.c - dates and times: units by name, zones by static type. */
#include "sql/emit_int.h"
#include "sql/literal.h"
#include <inttypes.h>

/* ---- zones ---- */
void emit_local(struct emitter *em, const struct sql_type *tz, struct bytes value) {
    int64_t minutes = 0;
    bool fixed = !tz->zone.len || time_text_zone_offset(tz->zone, &minutes);
    put(em, minutes ? "(timezone(" : "timezone(");
    put_bytes(em, fixed ? BYTES("'UTC'") : bound_quote(em->a, tz->zone));
    put(em, ", ");
    put_bytes(em, value);
    put(em, ")");
    if (minutes)
        putf(em, " + to_minutes(%" PRId64 "))", minutes);
}

void emit_instant(struct emitter *em, const struct sql_type *tz, struct bytes local) {
    int64_t minutes = 0;
    bool fixed = !tz->zone.len || time_text_zone_offset(tz->zone, &minutes);
    put(em, "timezone(");
    put_bytes(em, fixed ? BYTES("'UTC'") : bound_quote(em->a, tz->zone));
    put(em, minutes ? ", (" : ", ");
    put_bytes(em, local);
    if (minutes)
        putf(em, ") - to_minutes(%" PRId64 ")", minutes);
    put(em, ")");
}

static struct bytes local_text(struct emitter *em, const struct bound *x) {
    struct buf b = {0}, *out = em->out;
    size_t start = em->start;
    struct bytes v = emit_text(em, x);
    em->out = &b;
    em->start = 0;
    if (x->type->kind == ST_TIMESTAMP_TZ)
        emit_local(em, x->type, v);
    else
        put_bytes(em, v);
    em->out = out;
    em->start = start;
    struct bytes r = arena_copy(em->a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

/* Local time back to what x's type holds. */
static void put_back(struct emitter *em, const struct sql_type *t, struct bytes local) {
    if (t->kind == ST_TIMESTAMP_TZ)
        emit_instant(em, t, local);
    else
        put_bytes(em, local);
}

/* ---- units ---- */
static const struct unit {
    const char *name;
    const char *interval; /* of DuckDB's to_*() */
    int factor;
    bool of_date;
} units[] = {
    {"millisecond", "to_milliseconds", 1, false},
    {"second", "to_seconds", 1, false},
    {"minute", "to_minutes", 1, false},
    {"hour", "to_hours", 1, false},
    {"day", "to_days", 1, true},
    {"week", "to_days", 7, true},
    {"month", "to_months", 1, true},
    {"quarter", "to_months", 3, true},
    {"year", "to_months", 12, true},
};

static const struct unit *unit_of(struct emitter *em, const struct bound *call,
                                  const struct sql_type *t) {
    const struct bound *x = call->args[0];
    while (x->kind == BX_CAST)
        x = x->args[0];
    if (x->kind != BX_LITERAL || !x->value.ptr) {
        emit_refuse(em, call, "The unit must be a literal");
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (bytes_eq_nocase(x->value, bytes_str(units[i].name)) &&
            (units[i].of_date || t->kind != ST_DATE))
            return &units[i];
    if (!em->rc)
        em->rc = err_set_named(em->e, ERR_SQL, "INVALID_FUNCTION_ARGUMENT", 0,
                               "line %d:%d: '%.*s' is not a valid %s field", call->pos.line,
                               call->pos.column, BYTES_ARG(x->value),
                               t->kind == ST_DATE ? "DATE" : "TIMESTAMP");
    return NULL;
}

static void date_trunc(struct emitter *em, const struct bound *x) {
    const struct sql_type *t = x->args[1]->type;
    const struct unit *u = unit_of(em, x, t);
    if (!u)
        return;
    if (t->kind == ST_TIME) {
        emit_refuse(em, x, "date_trunc of time is not supported");
        return;
    }
    struct bytes v = local_text(em, x->args[1]);
    struct bytes r = arena_fmt(em->a, "date_trunc('%s', %.*s)", u->name, BYTES_ARG(v));
    if (t->kind == ST_DATE)
        r = arena_fmt(em->a, "CAST(%.*s AS DATE)", BYTES_ARG(r));
    put_back(em, t, r);
}

static void date_add(struct emitter *em, const struct bound *x) {
    const struct sql_type *t = x->args[2]->type;
    const struct unit *u = unit_of(em, x, t);
    if (!u)
        return;
    struct bytes n = emit_text(em, x->args[1]);
    struct bytes v = u->of_date ? local_text(em, x->args[2]) : emit_text(em, x->args[2]);
    if (u->of_date)
        n = arena_fmt(em->a, "CAST(%.*s * %d AS INTEGER)", BYTES_ARG(n), u->factor);
    struct bytes r = arena_fmt(em->a, "(%.*s + %s(%.*s))", BYTES_ARG(v), u->interval, BYTES_ARG(n));
    if (t->kind == ST_DATE)
        r = arena_fmt(em->a, "CAST(%.*s AS DATE)", BYTES_ARG(r));
    if (u->of_date)
        put_back(em, t, r);
    else
        put_bytes(em, r);
}

static void date_diff(struct emitter *em, const struct bound *x) {
    const struct unit *u = unit_of(em, x, x->args[1]->type);
    if (!u)
        return;
    putf(em, "date_sub('%s', ", u->name);
    for (int i = 1; i < 3; i++) {
        put(em, i == 2 ? ", " : "");
        struct bytes v = emit_text(em, x->args[i]);
        if (x->args[i]->type->kind != ST_TIMESTAMP_TZ)
            put_bytes(em, v);
        else
            emit_local(em, u->of_date ? x->args[i]->type : sql_type_of(ST_TIMESTAMP_TZ), v);
    }
    put(em, ")");
}

static void shift_months(struct emitter *em, const struct bound *x, const char *op) {
    struct bytes v = local_text(em, x->args[0]), n = emit_text(em, x->args[1]);
    put_back(em, x->args[0]->type,
             arena_fmt(em->a, "(%.*s %s to_months(%.*s))", BYTES_ARG(v), op, BYTES_ARG(n)));
}

/* ---- zones as values ---- */
static void zone_part(struct emitter *em, const struct bound *x, const char *unit, int modulus) {
    struct bytes v = emit_text(em, x->args[0]);
    putf(em, "(date_sub('%s', timezone('UTC', ", unit);
    put_bytes(em, v);
    put(em, "), ");
    emit_local(em, x->args[0]->type, v);
    putf(em, modulus ? ") %% %d)" : "))", modulus);
}

static void iso8601_zoned(struct emitter *em, const struct bound *x) {
    const struct sql_type *t = x->args[0]->type;
    int64_t minutes;
    if (t->zone.len && !time_text_zone_offset(t->zone, &minutes)) {
        emit_refuse(em, x, "to_iso8601 in a named time zone is not supported");
        return;
    }
    put(em, "(t_iso8601(");
    put_bytes(em, local_text(em, x->args[0]));
    putf(em, ", %d) || ", t->precision);
    put_bytes(em, bound_quote(em->a, t->zone.len ? t->zone : BYTES("Z")));
    put(em, ")");
}

static void format_zoned(struct emitter *em, const struct bound *x) {
    if (x->args[0]->type->zone.len) {
        emit_refuse(em, x, "format_datetime in another time zone than UTC is not supported");
        return;
    }
    put(em, "t_format_datetime(");
    put_bytes(em, local_text(em, x->args[0]));
    put(em, ", ");
    emit_expr(em, x->args[1]);
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
    else if (strcmp(name, "@timezone_hour") == 0)
        zone_part(em, x, "hour", 0);
    else if (strcmp(name, "@timezone_minute") == 0)
        zone_part(em, x, "minute", 60);
    else if (strcmp(name, "@to_iso8601_tz") == 0)
        iso8601_zoned(em, x);
    else if (strcmp(name, "@format_datetime_tz") == 0)
        format_zoned(em, x);
    else if (strcmp(name, "@at_timezone") == 0)
        emit_expr(em, x->args[0]);
    else if (strcmp(name, "@with_timezone") == 0)
        emit_instant(em, x->type, emit_text(em, x->args[0]));
    else if (strcmp(name, "@from_unixtime_zone") == 0) {
        put(em, "t_from_unixtime(");
        emit_expr(em, x->args[0]);
        put(em, ")");
    } else {
        return false;
    }
    return true;
}
