/* analyze_literal.c - literals, types as written, and the constants of a statement.
 *
 * Dates and times are read here, strictly as Trino reads them, so that DuckDB only ever sees a
 * canonical text. A literal keeps its value as plain text beside DuckDB's, for the planner. */
#include "base/clock.h"
#include "base/json.h"
#include "duck/text_value.h"
#include "sql/analyze_int.h"
#include "sql/literal.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

static struct bound *cast_literal(struct analyzer *z, const struct sql_type *t, struct sql_pos pos,
                                  struct bytes text) {
    struct buf b = {0};
    buf_add_str(&b, "CAST(");
    buf_add(&b, bound_quote(z->a, text));
    buf_add_str(&b, " AS ");
    sql_type_format_duckdb(t, &b);
    buf_add_char(&b, ')');
    struct bytes duck = arena_copy(z->a, buf_bytes(&b));
    buf_clear(&b);
    return bound_literal(z->a, t, pos, duck, text);
}

static size_t count_characters(struct bytes text) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

struct bound *string_literal(struct analyzer *z, struct bytes text, struct sql_pos pos) {
    const struct sql_type *t = sql_type_varchar(z->a, (int)count_characters(text));
    if (!t)
        return NULL;
    return cast_literal(z, t, pos, text.ptr ? text : BYTES(""));
}

struct bound *integer_literal(struct analyzer *z, int64_t v, struct sql_pos pos) {
    bool small = v >= INT32_MIN && v <= INT32_MAX;
    struct bytes text = arena_fmt(z->a, "%" PRId64, v);
    return cast_literal(z, sql_type_of(small ? ST_INTEGER : ST_BIGINT), pos, text);
}

/* Digits of "-12.50": precision and scale as Trino counts them (leading zeros do not). */
static bool decimal_shape(struct bytes text, int *ret_precision, int *ret_scale) {
    size_t i = 0, whole = 0, fraction = 0;
    if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+'))
        i++;
    size_t digits_from = i;
    while (i < text.len && text.ptr[i] == '0')
        i++;
    for (; i < text.len && isdigit((unsigned char)text.ptr[i]); i++)
        whole++;
    size_t digits = i - digits_from;
    if (i < text.len && text.ptr[i] == '.')
        for (i++; i < text.len && isdigit((unsigned char)text.ptr[i]); i++)
            fraction++;
    *ret_precision = (int)MAX_OF(whole + fraction, (size_t)1);
    *ret_scale = (int)fraction;
    return i == text.len && digits + fraction > 0;
}

static struct bound *decimal_literal(struct analyzer *z, struct bytes text, struct sql_pos pos) {
    int p, s;
    if (!decimal_shape(text, &p, &s) || p > 38)
        return fail(z, pos, "INVALID_LITERAL", "'%.*s' is not a valid DECIMAL literal",
                    BYTES_ARG(text));
    const struct sql_type *t = sql_type_decimal(z->a, p, s);
    return t ? cast_literal(z, t, pos, text) : NULL;
}

static struct bound *binary_literal(struct analyzer *z, struct bytes text, struct sql_pos pos) {
    struct buf b = {0};
    for (size_t i = 0; i < text.len; i++)
        buf_add_fmt(&b, "\\x%02X", (unsigned char)text.ptr[i]);
    struct bound *x =
        cast_literal(z, sql_type_of(ST_VARBINARY), pos, arena_copy(z->a, buf_bytes(&b)));
    buf_clear(&b);
    return x;
}

/* ---- dates and times ---- */
static struct bound *date_literal(struct analyzer *z, int64_t days, struct sql_pos pos) {
    return cast_literal(z, sql_type_of(ST_DATE), pos, time_text_date(z->a, days));
}

static struct bound *timestamp_literal(struct analyzer *z, const struct time_text *v,
                                       struct sql_pos pos) {
    struct bytes text = time_text_timestamp(z->a, v->micros, v->digits);
    if (!v->zone.len) {
        const struct sql_type *t = sql_type_time(z->a, ST_TIMESTAMP, v->digits);
        return t ? cast_literal(z, t, pos, text) : NULL;
    }
    const struct sql_type *t = sql_type_tz(z->a, v->digits, v->zone);
    struct bytes duck;
    int64_t offset;
    if (time_text_zone_offset(v->zone, &offset)) {
        struct bytes utc = time_text_timestamp(z->a, v->micros - offset * 60000000, v->digits);
        duck = arena_fmt(z->a, "CAST('%.*s+00' AS TIMESTAMPTZ)", BYTES_ARG(utc));
    } else {
        duck = arena_fmt(z->a, "timezone('%.*s', CAST('%.*s' AS TIMESTAMP))", BYTES_ARG(v->zone),
                         BYTES_ARG(text));
    }
    return bound_literal(z->a, t, pos, duck, text);
}

static struct bound *bad_literal(struct analyzer *z, struct sql_pos pos, struct bytes text,
                                 const char *type) {
    return fail(z, pos, "INVALID_LITERAL", "'%.*s' is not a valid %s literal", BYTES_ARG(text),
                type);
}

static struct bound *typed_time(struct analyzer *z, const struct sql_expr *e,
                                const struct sql_type *t) {
    struct time_text v;
    struct bytes text = e->typed.text;
    if (t->kind == ST_DATE) {
        int64_t days;
        if (!time_text_parse_date(text, &days))
            return bad_literal(z, e->pos, text, "DATE");
        return date_literal(z, days, e->pos);
    }
    if (t->kind == ST_TIME) {
        if (!time_text_parse_clock(text, &v))
            return bad_literal(z, e->pos, text, "TIME");
        if (v.digits > 6)
            return fail(z, e->pos, "NOT_SUPPORTED", "Precision of time above 6 is not supported");
        const struct sql_type *p = sql_type_time(z->a, ST_TIME, v.digits);
        return p ? cast_literal(z, p, e->pos, time_text_clock(z->a, v.micros, v.digits)) : NULL;
    }
    if (!time_text_parse_timestamp(text, &v))
        return bad_literal(z, e->pos, text, "TIMESTAMP");
    if (v.digits > 6)
        return fail(z, e->pos, "NOT_SUPPORTED",
                    "Precision of timestamp above 6 is not supported: %d", v.digits);
    if (v.zone.len && !time_text_zone_known(v.zone))
        return bad_literal(z, e->pos, text, "TIMESTAMP");
    return timestamp_literal(z, &v, e->pos);
}

/* ---- intervals ---- */
static const int64_t unit_ms[] = {
    [SQL_DAY] = 86400000, [SQL_HOUR] = 3600000,   [SQL_MINUTE] = 60000,
    [SQL_SECOND] = 1000,  [SQL_WEEK] = 604800000,
};

static struct bound *interval_literal(struct analyzer *z, const struct sql_expr *e) {
    int64_t v;
    bool months = e->interval.from == SQL_YEAR || e->interval.from == SQL_MONTH;
    bool ok = months ? literal_parse_months(e->interval.text, e->interval.from, e->interval.to, &v)
                     : literal_parse_millis(e->interval.text, e->interval.from, e->interval.to,
                                            unit_ms[e->interval.from], &v);
    if (!ok)
        return fail(z, e->pos, "INVALID_LITERAL", "'%.*s' is not a valid INTERVAL literal",
                    BYTES_ARG(e->interval.text));
    if (e->interval.negative)
        v = -v;
    if (months && (v > INT32_MAX || v < INT32_MIN))
        return fail(z, e->pos, "INVALID_LITERAL", "'%.*s' is not a valid INTERVAL literal",
                    BYTES_ARG(e->interval.text));
    return cast_literal(z, sql_type_of(months ? ST_INTERVAL_YEAR : ST_INTERVAL_DAY), e->pos,
                        arena_fmt(z->a, "%" PRId64, v));
}

/* ---- typed literals ---- */
static const char *integer_name(enum sql_type_tag kind) {
    return kind == ST_TINYINT    ? "TINYINT"
           : kind == ST_SMALLINT ? "SMALLINT"
           : kind == ST_INTEGER  ? "INTEGER"
                                 : "BIGINT";
}

static struct bound *typed_integer(struct analyzer *z, const struct sql_expr *e,
                                   const struct sql_type *t) {
    static const int bits[] = {
        [ST_TINYINT] = 8, [ST_SMALLINT] = 16, [ST_INTEGER] = 32, [ST_BIGINT] = 64};
    int64_t v, max = INT64_MAX >> (64 - bits[t->kind]);
    struct bytes text = bytes_trim(e->typed.text);
    if (text.len > 1 && text.ptr[0] == '+' && isdigit((unsigned char)text.ptr[1]))
        text = bytes_slice(text, 1, text.len);
    if (!bytes_to_i64(text, &v) || v > max || v < -max - 1)
        return bad_literal(z, e->pos, e->typed.text, integer_name(t->kind));
    return cast_literal(z, t, e->pos, arena_fmt(z->a, "%" PRId64, v));
}

static struct bound *typed_double(struct analyzer *z, const struct sql_expr *e,
                                  const struct sql_type *t) {
    double v;
    if (!text_to_double(e->typed.text, &v))
        return bad_literal(z, e->pos, e->typed.text, t->kind == ST_REAL ? "REAL" : "DOUBLE");
    return cast_literal(z, t, e->pos, arena_fmt(z->a, "%.17g", v));
}

static bool is_boolean_text(struct bytes text) {
    static const char *const words[] = {"t", "true", "1", "f", "false", "0"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (bytes_eq_nocase(text, bytes_str(words[i])))
            return true;
    return false;
}

static struct bound *typed_other(struct analyzer *z, const struct sql_expr *e,
                                 const struct sql_type *t) {
    struct bound *x = string_literal(z, e->typed.text, e->pos);
    if (!x)
        return NULL;
    if (t->kind == ST_CHAR) /* CHAR 'abc' is as long as its text */
        t = sql_type_char(z->a, (int)MAX_OF(count_characters(e->typed.text), 1u));
    if (t->kind == ST_JSON) {
        struct json *tree;
        if (json_parse(z->a, e->typed.text, &tree, NULL))
            return bad_literal(z, e->pos, e->typed.text, "JSON");
        return bound_call(z->a, "t_json_parse($1)", t, e->pos, &x, 1);
    }
    if (t->kind == ST_BOOLEAN && !is_boolean_text(e->typed.text))
        return bad_literal(z, e->pos, e->typed.text, "BOOLEAN");
    if (!sql_type_can_cast(x->type, t))
        return fail(z, e->pos, "INVALID_LITERAL", "'%.*s' is not a valid %.*s literal",
                    BYTES_ARG(e->typed.text), BYTES_ARG(type_text(z, t)));
    return bound_cast(z->a, x, t);
}

static struct bound *typed_literal(struct analyzer *z, const struct sql_expr *e) {
    const struct sql_type *t = resolve_type(z, e->typed.type);
    if (!t)
        return NULL;
    if (sql_type_is_integer(t))
        return typed_integer(z, e, t);
    switch (t->kind) {
    case ST_DATE:
    case ST_TIME:
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        return typed_time(z, e, t);
    case ST_DECIMAL:
        return decimal_literal(z, e->typed.text, e->pos);
    case ST_REAL:
    case ST_DOUBLE:
        return typed_double(z, e, t);
    default:
        return typed_other(z, e, t);
    }
}

struct bound *bind_literal(struct ctx *c, const struct sql_expr *e) {
    struct analyzer *z = c->z;
    switch (e->kind) {
    case SQL_E_NULL:
        return bound_null(z->a, sql_type_of(ST_UNKNOWN), e->pos);
    case SQL_E_BOOLEAN:
        return bound_literal(z->a, sql_type_of(ST_BOOLEAN), e->pos,
                             e->boolean ? BYTES("true") : BYTES("false"),
                             e->boolean ? BYTES("true") : BYTES("false"));
    case SQL_E_INTEGER:
        return integer_literal(z, e->integer, e->pos);
    case SQL_E_DECIMAL:
        return decimal_literal(z, e->text, e->pos);
    case SQL_E_DOUBLE:
        return cast_literal(z, sql_type_of(ST_DOUBLE), e->pos, e->text);
    case SQL_E_STRING:
        return string_literal(z, e->text, e->pos);
    case SQL_E_BINARY:
        return binary_literal(z, e->text, e->pos);
    case SQL_E_TYPED_LITERAL:
        return typed_literal(z, e);
    default:
        return interval_literal(z, e);
    }
}

struct bound *bind_current(struct ctx *c, const struct sql_expr *e) {
    struct analyzer *z = c->z;
    struct time_text v = {.micros = z->env->now_ms * 1000};
    v.digits = e->current.precision < 0 ? 3 : e->current.precision;
    if (v.digits > 6)
        return fail(z, e->pos, "NOT_SUPPORTED", "Precision above 6 is not supported: %d", v.digits);
    switch (e->current.what) {
    case SQL_CURRENT_DATE:
        return date_literal(z, time_text_floor_days(v.micros), e->pos);
    case SQL_CURRENT_TIMESTAMP:
        v.zone = BYTES("UTC");
        return timestamp_literal(z, &v, e->pos);
    case SQL_LOCALTIMESTAMP:
        return timestamp_literal(z, &v, e->pos);
    case SQL_CURRENT_CATALOG:
        return string_literal(z, BYTES("awsdatacatalog"), e->pos);
    case SQL_CURRENT_SCHEMA:
        return string_literal(z, z->env->default_database, e->pos);
    default:
        return fail(z, e->pos, "NOT_SUPPORTED", "%.*s is not supported",
                    BYTES_ARG(expr_text(z, e)));
    }
}

const struct sql_type *resolve_type(struct analyzer *z, const struct sql_type_name *t) {
    struct buf b = {0};
    struct err e = {0};
    const struct sql_type *r = NULL;
    sql_print_type(t, &b);
    struct bytes text = arena_copy(z->a, buf_bytes(&b));
    buf_clear(&b);
    if (sql_type_parse(z->a, text, &r, &e))
        return fail_at(z, t->pos, &e);
    return r;
}
