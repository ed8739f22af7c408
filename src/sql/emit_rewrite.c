/* emit_rewrite.c - the "@name" rows of the function table that are neither time nor lambda. */
#include "sql/emit_int.h"

static void logic(struct emitter *em, const struct bound *x, const char *word) {
    put(em, "(");
    emit_list(em, x->args, 0, x->arg_count, word);
    put(em, ")");
}

/* NULL when any argument is. */
static void strict(struct emitter *em, const struct bound *x, const char *fn) {
    put(em, "CASE WHEN ");
    emit_list(em, x->args, 0, x->arg_count, " IS NULL OR ");
    put(em, " IS NULL THEN NULL ELSE ");
    put(em, fn);
    put(em, "(");
    emit_list(em, x->args, 0, x->arg_count, ", ");
    put(em, ") END");
}

static void concat(struct emitter *em, const struct bound *x) {
    if (x->arg_count < 2) {
        if (!em->rc)
            em->rc = err_set_named(em->e, ERR_SQL, "INVALID_FUNCTION_ARGUMENT", 0,
                                   "line %d:%d: There must be two or more concatenation arguments",
                                   x->pos.line, x->pos.column);
        return;
    }
    logic(em, x, " || ");
}

static void concat_arrays(struct emitter *em, const struct bound *x) {
    put(em, "CASE WHEN ");
    emit_list(em, x->args, 0, x->arg_count, " IS NULL OR ");
    put(em, " IS NULL THEN NULL ELSE ");
    for (size_t i = 1; i < x->arg_count; i++)
        put(em, "list_concat(");
    emit_expr(em, x->args[0]);
    for (size_t i = 1; i < x->arg_count; i++) {
        put(em, ", ");
        emit_expr(em, x->args[i]);
        put(em, ")");
    }
    put(em, " END");
}

/* round(decimal, n) and truncate(decimal, n): DuckDB's own for a literal n, else a C function. */
static void round_decimal(struct emitter *em, const struct bound *x, const char *fn) {
    const struct bound *n = x->args[1];
    int64_t digits;
    while (n->kind == BX_CAST)
        n = n->args[0];
    bool literal = n->kind == BX_LITERAL && bytes_to_i64(n->value, &digits) && digits >= -38;
    bool whole = literal && digits >= x->args[0]->type->scale;
    put(em, "CAST(");
    if (!literal)
        putf(em, "t_dec%s_%d(", fn, x->type->scale);
    else if (!whole)
        putf(em, "%s(", fn);
    emit_expr(em, x->args[0]);
    if (!literal) {
        put(em, ", ");
        emit_expr(em, x->args[1]);
        put(em, ")");
    } else if (!whole) {
        putf(em, ", %d)", (int)digits);
    }
    put(em, " AS ");
    put_type(em, x->type);
    put(em, ")");
}

static void type_of(struct emitter *em, const struct bound *x) {
    put_bytes(em, bound_quote(em->a, sql_type_text(em->a, x->args[0]->type)));
}

/* format('%s %d', ..): each argument as text behind a letter that tells its kind; NULL is "z". */
static void format_value(struct emitter *em, const struct bound *x) {
    const struct sql_type *t = x->type;
    const char *kind = t->kind == ST_BOOLEAN    ? "b"
                       : sql_type_is_integer(t) ? "i"
                       : t->kind == ST_DECIMAL  ? "n"
                       : t->kind == ST_DOUBLE   ? "d"
                       : t->kind == ST_REAL     ? "r"
                                                : "s";
    if (!sql_type_can_cast(t, sql_type_of(ST_VARCHAR))) {
        emit_refuse(em, x, "format() of this type is not supported");
        return;
    }
    putf(em, "coalesce('%s' || ", kind);
    if (t->kind == ST_TIME || t->kind == ST_TIMESTAMP || t->kind == ST_TIMESTAMP_TZ)
        emit_java_text(em, t, emit_text(em, x));
    else
        emit_cast(em, x, emit_text(em, x), t, sql_type_of(ST_VARCHAR), false);
    put(em, ", 'z')");
}

static void format(struct emitter *em, const struct bound *x) {
    put(em, "t_format(");
    emit_expr(em, x->args[0]);
    for (size_t i = 1; i < x->arg_count; i++) {
        put(em, ", ");
        format_value(em, x->args[i]);
    }
    put(em, ")");
}

void emit_rewrite(struct emitter *em, const struct bound *x) {
    const char *name = x->sql;
    if (strcmp(name, "@and") == 0)
        logic(em, x, " AND ");
    else if (strcmp(name, "@or") == 0)
        logic(em, x, " OR ");
    else if (strcmp(name, "@greatest") == 0)
        strict(em, x,
               x->type->kind == ST_DOUBLE || x->type->kind == ST_REAL ? "t_greatest" : "greatest");
    else if (strcmp(name, "@least") == 0)
        strict(em, x, "least");
    else if (strcmp(name, "@concat") == 0)
        concat(em, x);
    else if (strcmp(name, "@concat_arrays") == 0)
        concat_arrays(em, x);
    else if (strcmp(name, "@round_decimal") == 0)
        round_decimal(em, x, "round");
    else if (strcmp(name, "@truncate_decimal") == 0)
        round_decimal(em, x, "trunc");
    else if (strcmp(name, "@typeof") == 0)
        type_of(em, x);
    else if (strcmp(name, "@format") == 0)
        format(em, x);
    else if (strcmp(name, "@json_item") == 0)
        emit_json_item(em, x->args[0]);
    else if (!emit_rewrite_time(em, x) && !emit_rewrite_lambda(em, x))
        emit_refuse(em, x, "This function is not supported for these types");
}
