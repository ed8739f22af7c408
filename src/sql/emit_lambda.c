/* emit_lambda.c - functions over lists and maps whose DuckDB form takes the lambda apart.
 *
 * DuckDB's lambdas see one list; a map or two lists are zipped into one list of structs first, and
 * the lambda's parameters become fields of its element. reduce keeps its state in a struct beside
 * the element, because DuckDB's list_reduce wants both of one type. */
#include "sql/emit_int.h"

/* The lambda's body with its parameters replaced by these texts. */
static void body3(struct emitter *em, const struct bound *lambda, struct bytes first,
                  struct bytes second, struct bytes third) {
    struct bytes texts[] = {first, second, third};
    if (em->subst_count + lambda->param_count > COUNT_OF(em->subst)) {
        emit_refuse(em, lambda, "Lambdas are nested too deeply");
        return;
    }
    for (size_t i = 0; i < lambda->param_count; i++) {
        em->subst[em->subst_count].param = lambda->params[i];
        em->subst[em->subst_count++].text = texts[i];
    }
    emit_expr(em, lambda->args[0]);
    em->subst_count -= lambda->param_count;
}

static void body(struct emitter *em, const struct bound *lambda, struct bytes first,
                 struct bytes second) {
    body3(em, lambda, first, second, (struct bytes){0});
}

static void unless_null(struct emitter *em, struct bytes v) {
    put(em, "CASE WHEN ");
    put_bytes(em, v);
    put(em, " IS NULL THEN NULL ELSE ");
}

static void null_of(struct emitter *em, const struct sql_type *t) {
    put(em, "CAST(NULL AS ");
    put_type(em, t);
    put(em, ")");
}

/* Over a list of t from a start of type s; `last` may be NULL. */
static void reduce_list(struct emitter *em, struct bytes list, struct bytes start,
                        const struct sql_type *t, const struct sql_type *s,
                        const struct bound *step, const struct bound *last) {
    int e = em->next_lambda++, p = em->next_lambda++, c = em->next_lambda++, r = em->next_lambda++;
    unless_null(em, list);
    put(em, "list_transform([list_reduce(list_prepend(struct_pack(s := ");
    put_bytes(em, start);
    put(em, ", x := ");
    null_of(em, t);
    put(em, "), list_transform(");
    put_bytes(em, list);
    putf(em, ", lambda k%d: struct_pack(s := ", e);
    null_of(em, s);
    putf(em, ", x := k%d))), lambda k%d, k%d: struct_pack(s := ", e, p, c);
    body(em, step, arena_fmt(em->a, "k%d.s", p), arena_fmt(em->a, "k%d.x", c));
    put(em, ", x := ");
    null_of(em, t);
    putf(em, ")).s], lambda k%d: ", r);
    if (last)
        body(em, last, arena_fmt(em->a, "k%d", r), (struct bytes){0});
    else
        putf(em, "k%d", r);
    put(em, ")[1] END");
}

static void reduce(struct emitter *em, const struct bound *x) {
    reduce_list(em, emit_text(em, x->args[0]), emit_text(em, x->args[1]),
                x->args[0]->type->children[0], x->args[1]->type, x->args[2], x->args[3]);
}

/* The values that are there, as a list; NULL when there is none. The states of parts need not be
 * combined, since the list is whole. */
static void reduce_agg(struct emitter *em, const struct bound *x) {
    struct bound values = *x, start = *x;
    int e = em->next_lambda++;
    values.sql = "{list($1)}";
    start.sql = "{any_value($2)}";
    start.distinct = false;
    start.order.count = 0;
    struct bytes list = arena_fmt(em->a, "list_filter(%.*s, lambda k%d: k%d IS NOT NULL)",
                                  BYTES_ARG(emit_text(em, &values)), e, e);
    put(em, "CASE WHEN len(");
    put_bytes(em, list);
    put(em, ") > 0 THEN ");
    reduce_list(em, list, emit_text(em, &start), x->args[0]->type, x->args[1]->type, x->args[2],
                NULL);
    put(em, " END");
}

static void unless_any_null(struct emitter *em, const struct bound *x, size_t count) {
    put(em, "CASE WHEN ");
    emit_list(em, x->args, 0, count, " IS NULL OR ");
    put(em, " IS NULL THEN NULL ELSE ");
}

static void zip_with(struct emitter *em, const struct bound *x) {
    int e = em->next_lambda++;
    unless_any_null(em, x, 2);
    put(em, "list_transform(list_zip(");
    emit_list(em, x->args, 0, 2, ", ");
    putf(em, "), lambda k%d: ", e);
    body(em, x->args[2], arena_fmt(em->a, "k%d[1]", e), arena_fmt(em->a, "k%d[2]", e));
    put(em, ") END");
}

static void zip(struct emitter *em, const struct bound *x) {
    int e = em->next_lambda++;
    unless_any_null(em, x, x->arg_count);
    put(em, "list_transform(list_zip(");
    emit_list(em, x->args, 0, x->arg_count, ", ");
    putf(em, "), lambda k%d: struct_pack(", e);
    for (size_t i = 0; i < x->arg_count; i++)
        putf(em, i ? ", field%zu := k%d[%zu]" : "field%zu := k%d[%zu]", i, e, i + 1);
    put(em, ")) END");
}

static void map_filter(struct emitter *em, const struct bound *x) {
    int e = em->next_lambda++;
    struct bytes m = emit_text(em, x->args[0]);
    unless_null(em, m);
    put(em, "map_from_entries(list_filter(map_entries(");
    put_bytes(em, m);
    putf(em, "), lambda k%d: ", e);
    body(em, x->args[1], arena_fmt(em->a, "k%d.key", e), arena_fmt(em->a, "k%d.value", e));
    put(em, ")) END");
}

static void transform_map(struct emitter *em, const struct bound *x, bool keys) {
    int e = em->next_lambda++;
    struct bytes m = emit_text(em, x->args[0]);
    unless_null(em, m);
    put(em, keys ? "t_map(" : "t_map(map_keys(");
    if (!keys) {
        put_bytes(em, m);
        put(em, "), ");
    }
    put(em, "list_transform(map_entries(");
    put_bytes(em, m);
    putf(em, "), lambda k%d: ", e);
    body(em, x->args[1], arena_fmt(em->a, "k%d.key", e), arena_fmt(em->a, "k%d.value", e));
    put(em, ")");
    if (keys) {
        put(em, ", map_values(");
        put_bytes(em, m);
        put(em, ")");
    }
    put(em, ") END");
}

static void map_entries(struct emitter *em, const struct bound *x) {
    int e = em->next_lambda++;
    put(em, "list_transform(map_entries(");
    emit_expr(em, x->args[0]);
    putf(em, "), lambda k%d: struct_pack(field0 := k%d.key, field1 := k%d.value))", e, e, e);
}

/* array(row(K, V)): its fields are field0 and field1 */
static void from_entries(struct emitter *em, const struct bound *x, const char *make) {
    struct bytes l = emit_text(em, x->args[0]);
    int k = em->next_lambda++, v = em->next_lambda++;
    put(em, "CASE WHEN t_entries_check(");
    put_bytes(em, l);
    putf(em, ") THEN %s(list_transform(", make);
    put_bytes(em, l);
    putf(em, ", lambda k%d: k%d.field0), list_transform(", k, k);
    put_bytes(em, l);
    putf(em, ", lambda k%d: k%d.field1)) END", v, v);
}

/* The last map of a key wins. */
static void map_concat(struct emitter *em, const struct bound *x) {
    unless_any_null(em, x, x->arg_count);
    put(em, "t_map_concat(");
    for (size_t i = x->arg_count; i-- > 0;) {
        put(em, i ? "list_concat(map_entries(" : "map_entries(");
        emit_expr(em, x->args[i]);
        put(em, i ? "), " : ")");
    }
    for (size_t i = 1; i < x->arg_count; i++)
        put(em, ")");
    put(em, ") END");
}

static void map_zip_with(struct emitter *em, const struct bound *x) {
    struct bytes a = emit_text(em, x->args[0]), b = emit_text(em, x->args[1]);
    struct bytes keys = arena_fmt(em->a,
                                  "t_array_distinct(list_concat(map_keys(%.*s), "
                                  "map_keys(%.*s)))",
                                  BYTES_ARG(a), BYTES_ARG(b));
    int e = em->next_lambda++;
    unless_any_null(em, x, 2);
    put(em, "MAP(");
    put_bytes(em, keys);
    put(em, ", list_transform(");
    put_bytes(em, keys);
    putf(em, ", lambda k%d: ", e);
    body3(em, x->args[2], arena_fmt(em->a, "k%d", e),
          arena_fmt(em->a, "map_extract_value(%.*s, k%d)", BYTES_ARG(a), e),
          arena_fmt(em->a, "map_extract_value(%.*s, k%d)", BYTES_ARG(b), e));
    put(em, ")) END");
}

/* The comparator's say on every pair, then a merge sort over that matrix. */
static void array_sort_by(struct emitter *em, const struct bound *x) {
    struct bytes l = emit_text(em, x->args[0]);
    struct bytes size = arena_fmt(em->a, "t_sort_size(CAST(len(%.*s) AS BIGINT))", BYTES_ARG(l));
    int p = em->next_lambda++, q = em->next_lambda++;
    unless_null(em, l);
    put(em, "t_pick(");
    put_bytes(em, l);
    put(em, ", t_ix_sort_by(flatten(list_transform(list_slice(");
    put_bytes(em, l);
    put(em, ", 1, ");
    put_bytes(em, size);
    putf(em, "), lambda k%d: list_transform(", p);
    put_bytes(em, l);
    putf(em, ", lambda k%d: CAST(", q);
    body(em, x->args[1], arena_fmt(em->a, "k%d", p), arena_fmt(em->a, "k%d", q));
    put(em, " AS INTEGER)))), ");
    put_bytes(em, size);
    put(em, ")) END");
}

static void array_join(struct emitter *em, const struct bound *x) {
    struct bytes list = emit_text(em, x->args[0]), sep = emit_text(em, x->args[1]);
    const struct sql_type *t = x->args[0]->type->children[0];
    if (!sql_type_can_cast(t, sql_type_of(ST_VARCHAR)) || t->child_count) {
        if (!em->rc)
            em->rc = err_set_named(em->e, ERR_SQL, "OPERATOR_NOT_FOUND", 0,
                                   "line %d:%d: Cannot cast %.*s to varchar", x->pos.line,
                                   x->pos.column, BYTES_ARG(sql_type_text(em->a, t)));
        return;
    }
    int e = em->next_lambda++;
    put(em, "CASE WHEN ");
    put_bytes(em, list);
    put(em, " IS NULL OR ");
    put_bytes(em, sep);
    put(em, " IS NULL THEN NULL ELSE coalesce(array_to_string(list_transform(");
    put_bytes(em, list);
    putf(em, x->arg_count > 2 ? ", lambda k%d: coalesce(" : ", lambda k%d: ", e);
    emit_cast(em, x, arena_fmt(em->a, "k%d", e), t, sql_type_of(ST_VARCHAR), false);
    if (x->arg_count > 2) {
        put(em, ", ");
        emit_expr(em, x->args[2]);
        put(em, ")");
    }
    put(em, "), ");
    put_bytes(em, sep);
    put(em, "), '') END");
}

bool emit_rewrite_lambda(struct emitter *em, const struct bound *x) {
    const char *name = x->sql;
    if (strcmp(name, "@reduce") == 0)
        reduce(em, x);
    else if (strcmp(name, "@reduce_agg") == 0)
        reduce_agg(em, x);
    else if (strcmp(name, "@zip_with") == 0)
        zip_with(em, x);
    else if (strcmp(name, "@zip") == 0)
        zip(em, x);
    else if (strcmp(name, "@map_filter") == 0)
        map_filter(em, x);
    else if (strcmp(name, "@transform_keys") == 0)
        transform_map(em, x, true);
    else if (strcmp(name, "@transform_values") == 0)
        transform_map(em, x, false);
    else if (strcmp(name, "@map_entries") == 0)
        map_entries(em, x);
    else if (strcmp(name, "@map_concat") == 0)
        map_concat(em, x);
    else if (strcmp(name, "@map_zip_with") == 0)
        map_zip_with(em, x);
    else if (strcmp(name, "@map_from_entries") == 0)
        from_entries(em, x, "t_map");
    else if (strcmp(name, "@multimap_from_entries") == 0)
        from_entries(em, x, "t_map_groups");
    else if (strcmp(name, "@array_sort_by") == 0)
        array_sort_by(em, x);
    else if (strcmp(name, "@array_join") == 0)
        array_join(em, x);
    else
        return false;
    return true;
}
