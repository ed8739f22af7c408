/* analyze_literal.c - literals, types as written, and the constants of a statement.
 *
 * DuckDB only ever sees a canonical text. A literal keeps its value as plain text beside DuckDB's,
 * for the planner. Dates, times and intervals: analyze_literal_time.c. */
#include "base/json.h"
#include "duck/text_value.h"
#include "sql/analyze_int.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

struct bound *cast_literal(struct analyzer *z, const struct sql_type *t, struct sql_pos pos,
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
    case ST_TIME_TZ:
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
