/* emit_cast.c - CAST as Trino does it.
 *
 * DuckDB's own cast is used only where both agree on every value. Text is read strictly by C
 * functions (t_cast_*, and t_try_cast_* that give NULL), numbers round half away from zero, rows
 * are matched by position. */
#include "sql/emit_int.h"

static void call(struct emitter *em, const char *fn, struct bytes value) {
    put(em, fn);
    put(em, "(");
    put_bytes(em, value);
    put(em, ")");
}

static void native(struct emitter *em, struct bytes value, const struct sql_type *to, bool is_try) {
    put(em, is_try ? "TRY_CAST(" : "CAST(");
    put_bytes(em, value);
    put(em, " AS ");
    put_type(em, to);
    put(em, ")");
}

static struct bytes wrapped(struct emitter *em, const char *before, struct bytes value,
                            const char *after) {
    return arena_fmt(em->a, "%s%.*s%s", before, BYTES_ARG(value), after);
}

/* ---- from text ---- */
static void from_text(struct emitter *em, const struct bound *at, struct bytes v,
                      const struct sql_type *to, bool is_try) {
    const char *prefix = is_try ? "t_try_cast_" : "t_cast_";
    switch (to->kind) {
    case ST_DECIMAL:
        putf(em, "CAST(%sdecimal(", prefix);
        put_bytes(em, v);
        putf(em, ", %d, %d) AS DECIMAL(%d,%d))", to->precision, to->scale, to->precision,
             to->scale);
        return;
    case ST_DATE:
    case ST_TIME:
    case ST_TIME_TZ:
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        emit_time_from_text(em, v, to, is_try);
        return;
    case ST_UUID:
        native(em, v, to, is_try);
        return;
    case ST_VARBINARY:
        if (at->kind == BX_CAST && at->args[0]->type->kind == ST_CHAR)
            v = arena_fmt(em->a, "t_pad(%.*s, %d)", BYTES_ARG(v), at->args[0]->type->length);
        call(em, "encode", v);
        return;
    default:
        break;
    }
    static const char *const names[] = {
        [ST_BOOLEAN] = "boolean", [ST_TINYINT] = "tinyint", [ST_SMALLINT] = "smallint",
        [ST_INTEGER] = "integer", [ST_BIGINT] = "bigint",   [ST_REAL] = "real",
        [ST_DOUBLE] = "double",
    };
    assert(to->kind < COUNT_OF(names) && names[to->kind]);
    putf(em, "%s%s(", prefix, names[to->kind]);
    put_bytes(em, v);
    put(em, ")");
}

/* ---- to text ---- */
static void number_to_text(struct emitter *em, struct bytes v, const struct sql_type *from) {
    if (from->kind == ST_DOUBLE)
        call(em, "t_double_text", v);
    else if (from->kind == ST_REAL)
        call(em, "t_real_text", v);
    else if (from->kind == ST_DECIMAL && from->precision == from->scale && from->precision < 38)
        native(em,
               arena_fmt(em->a, "CAST(%.*s AS DECIMAL(%d,%d))", BYTES_ARG(v), from->precision + 1,
                         from->scale),
               sql_type_of(ST_VARCHAR), false);
    else
        native(em, v, sql_type_of(ST_VARCHAR), false);
}

static void plain_to_text(struct emitter *em, struct bytes v, const struct sql_type *from) {
    switch (from->kind) {
    case ST_DATE:
    case ST_TIME:
    case ST_TIME_TZ:
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        emit_time_to_text(em, v, from);
        return;
    case ST_INTERVAL_DAY:
        call(em, "t_interval_day_text", v);
        return;
    case ST_INTERVAL_YEAR:
        call(em, "t_interval_year_text", v);
        return;
    case ST_CHAR:
        put(em, "rpad(");
        put_bytes(em, v);
        putf(em, ", %d, ' ')", from->length);
        return;
    case ST_VARCHAR:
        put_bytes(em, v);
        return;
    default:
        number_to_text(em, v, from);
    }
}

static void to_text(struct emitter *em, struct bytes v, const struct sql_type *from,
                    const struct sql_type *to, bool is_try) {
    bool text = sql_type_is_text(from);
    if (from->kind == ST_JSON) {
        bool fits = to->length == SQL_UNBOUNDED;
        put(em, fits ? "" : is_try ? "t_try_json_fits(" : "t_json_fits(");
        put(em, is_try ? "t_try_json_to_varchar(" : "t_json_to_varchar(");
        put_bytes(em, v);
        put(em, fits ? ")" : "), ");
        if (!fits) {
            put_bytes(em, v);
            putf(em, ", %d)", to->length);
        }
        return;
    }
    if (to->kind == ST_CHAR) {
        put(em, "rtrim(left(");
        plain_to_text(em, v, from->kind == ST_CHAR ? sql_type_of(ST_VARCHAR) : from);
        putf(em, ", %d), ' ')", to->length);
    } else if (to->length == SQL_UNBOUNDED || (text && to->length >= from->length)) {
        plain_to_text(em, v, from);
    } else if (text) {
        put(em, "left(");
        plain_to_text(em, v, from);
        putf(em, ", %d)", to->length);
    } else {
        put(em, is_try ? "t_try_fit(" : "t_fit(");
        plain_to_text(em, v, from);
        putf(em, ", %d)", to->length);
    }
}

/* ---- numbers ---- */
static void floating_cast(struct emitter *em, struct bytes v, const struct sql_type *to,
                          bool is_try) {
    static const char *const names[] = {[ST_TINYINT] = "tinyint",
                                        [ST_SMALLINT] = "smallint",
                                        [ST_INTEGER] = "integer",
                                        [ST_BIGINT] = "bigint"};
    const char *prefix = is_try ? "t_try_float_to_" : "t_float_to_";
    if (to->kind == ST_DECIMAL) {
        putf(em, "CAST(%sdecimal(", prefix);
        put_bytes(em, v);
        putf(em, ", %d, %d) AS DECIMAL(%d,%d))", to->precision, to->scale, to->precision,
             to->scale);
        return;
    }
    putf(em, "%s%s(", prefix, names[to->kind]);
    put_bytes(em, v);
    put(em, ")");
}

/* DuckDB divides in doubles, which is exact up to 15 digits; beyond, the text is read. */
static void decimal_to_floating(struct emitter *em, struct bytes v, const struct sql_type *from,
                                const struct sql_type *to) {
    bool text = from->precision > 15;
    bool direct = to->kind == ST_REAL && from->precision > 18;
    struct bytes wide =
        text ? wrapped(em, direct ? "t_cast_real(CAST(" : "t_cast_double(CAST(", v, " AS VARCHAR))")
             : wrapped(em, "CAST(", v, " AS DOUBLE)");
    if (to->kind == ST_REAL && !direct)
        call(em, "t_double_to_real", wide);
    else
        put_bytes(em, wide);
}

static void number_cast(struct emitter *em, struct bytes v, const struct sql_type *from,
                        const struct sql_type *to, bool is_try) {
    bool floating = from->kind == ST_DOUBLE || from->kind == ST_REAL;
    if (floating && (sql_type_is_integer(to) || to->kind == ST_DECIMAL)) {
        floating_cast(em, v, to, is_try);
        return;
    }
    if (from->kind == ST_DOUBLE && to->kind == ST_REAL) {
        call(em, "t_double_to_real", v);
        return;
    }
    if (from->kind == ST_DECIMAL && (to->kind == ST_DOUBLE || to->kind == ST_REAL)) {
        decimal_to_floating(em, v, from, to);
        return;
    }
    /* greatest() of the one value: DuckDB takes a TRY_CAST away that it finds in a comparison with
     * a constant, and with it the NULL */
    put(em, is_try ? "greatest(" : "");
    native(em, v, to, is_try);
    put(em, is_try ? ")" : "");
}

/* ---- nested ---- */
static void nested_begin(struct emitter *em, struct bytes v) {
    put(em, "CASE WHEN ");
    put_bytes(em, v);
    put(em, " IS NULL THEN NULL ELSE ");
}

static void cast_row(struct emitter *em, const struct bound *at, struct bytes v,
                     const struct sql_type *from, const struct sql_type *to, bool is_try) {
    nested_begin(em, v);
    put(em, "struct_pack(");
    for (size_t i = 0; i < to->child_count; i++) {
        struct bytes name = bound_quote(em->a, sql_type_field(em->a, from, i));
        struct bytes field =
            arena_fmt(em->a, "struct_extract(%.*s, %.*s)", BYTES_ARG(v), BYTES_ARG(name));
        put(em, i ? ", " : "");
        put_ident(em, sql_type_field(em->a, to, i));
        put(em, " := ");
        emit_cast(em, at, field, from->children[i], to->children[i], is_try);
    }
    put(em, ") END");
}

static void cast_list(struct emitter *em, const struct bound *at, struct bytes list,
                      const struct sql_type *from, const struct sql_type *to, bool is_try) {
    if (sql_type_equal(from, to)) {
        put_bytes(em, list);
        return;
    }
    int id = em->next_lambda++;
    put(em, "list_transform(");
    put_bytes(em, list);
    putf(em, ", lambda k%d: ", id);
    emit_cast(em, at, arena_fmt(em->a, "k%d", id), from, to, is_try);
    put(em, ")");
}

static void cast_map(struct emitter *em, const struct bound *at, struct bytes v,
                     const struct sql_type *from, const struct sql_type *to, bool is_try) {
    bool same_keys = sql_type_equal(from->children[0], to->children[0]);
    nested_begin(em, v);
    put(em, same_keys ? "MAP(" : is_try ? "t_try_cast_map(" : "t_cast_map(");
    cast_list(em, at, wrapped(em, "map_keys(", v, ")"), from->children[0], to->children[0], is_try);
    put(em, ", ");
    cast_list(em, at, wrapped(em, "map_values(", v, ")"), from->children[1], to->children[1],
              is_try);
    put(em, ") END");
}

static void cast_unknown(struct emitter *em, const struct sql_type *to) {
    put(em, "CAST(NULL AS ");
    put_type(em, to);
    put(em, ")");
}

void emit_cast(struct emitter *em, const struct bound *at, struct bytes v,
               const struct sql_type *from, const struct sql_type *to, bool is_try) {
    if (em->rc)
        return;
    if (sql_type_equal(from, to))
        put_bytes(em, v);
    else if (from->kind == ST_UNKNOWN)
        cast_unknown(em, to);
    else if (emit_cast_special(em, v, from, to, is_try))
        return;
    else if (to->kind == ST_JSON)
        emit_to_json(em, at, v, from);
    else if (from->kind == ST_JSON && !sql_type_is_text(to))
        emit_from_json(em, at, v, to, is_try);
    else if (to->kind == ST_ROW)
        cast_row(em, at, v, from, to, is_try);
    else if (to->kind == ST_ARRAY)
        cast_list(em, at, v, from->children[0], to->children[0], is_try);
    else if (to->kind == ST_MAP)
        cast_map(em, at, v, from, to, is_try);
    else if (sql_type_is_text(to))
        to_text(em, v, from, to, is_try);
    else if (from->kind == ST_CHAR) /* its trailing blanks count for no other type */
        from_text(em, at, v, to, is_try);
    else if (from->kind == ST_VARCHAR)
        from_text(em, at, v, to, is_try);
    else if (from->kind >= ST_DATE && from->kind <= ST_TIMESTAMP_TZ)
        emit_time_cast(em, v, from, to);
    else if (sql_type_is_numeric(from))
        number_cast(em, v, from, to, is_try);
    else if (from->kind == ST_BOOLEAN && to->kind == ST_DECIMAL)
        native(em, wrapped(em, "CAST(", v, " AS INTEGER)"), to, is_try);
    else
        native(em, v, to, is_try);
}
