/* emit_key.c - what tells values apart where they are grouped, partitioned or made distinct.
 *
 * DuckDB compares bits. Two of Trino's types need more than that:
 *   a map            is put in an order of its own; that is also what the group shows
 *   a time with its  is compared by instant (t_zoned_utc), also within arrays and rows; the group
 *   own zone         shows one of its values, zone and all; so are rows and arrays of maps */
#include "sql/emit_int.h"

static bool needs_key(const struct sql_type *t) {
    bool needs = t->zoned || t->kind == ST_TIME_TZ || t->kind == ST_MAP;
    for (size_t i = 0; i < t->child_count; i++)
        needs |= needs_key(t->children[i]);
    return needs;
}
bool emit_has_zone(const struct sql_type *t) {
    return t->kind != ST_MAP && needs_key(t);
}

static void row_key(struct emitter *em, const struct sql_type *t, struct bytes value) {
    put(em, "CASE WHEN ");
    put_bytes(em, value);
    put(em, " IS NOT NULL THEN struct_pack(");
    for (size_t i = 0; i < t->child_count; i++) {
        struct bytes name = sql_type_field(em->a, t, i), quoted = bound_quote(em->a, name);
        putf(em, i ? ", k%zu := " : "k%zu := ", i);
        emit_key(
            em, t->children[i],
            arena_fmt(em->a, "struct_extract(%.*s, %.*s)", BYTES_ARG(value), BYTES_ARG(quoted)));
    }
    put(em, ") END");
}

void emit_key(struct emitter *em, const struct sql_type *t, struct bytes value) {
    if (t->kind == ST_MAP) {
        emit_call(em, "t_map_sorted", value);
    } else if (!emit_has_zone(t)) {
        put_bytes(em, value);
    } else if (t->kind == ST_ROW) {
        row_key(em, t, value);
    } else if (t->kind == ST_ARRAY) {
        int n = em->next_lambda++;
        put(em, "list_transform(");
        put_bytes(em, value);
        putf(em, ", lambda k%d: ", n);
        emit_key(em, t->children[0], arena_fmt(em->a, "k%d", n));
        put(em, ")");
    } else {
        emit_call(em, "t_zoned_utc", value);
    }
}

void emit_expr_key(struct emitter *em, const struct bound *x) {
    if (emit_has_zone(x->type) || x->type->kind == ST_MAP)
        emit_key(em, x->type, emit_text(em, x));
    else
        emit_expr(em, x);
}

const struct bound_select *emit_keyed(const struct bound_select *s) {
    for (size_t i = 0; s && i < s->group_count; i++)
        if (s->groups[i]->type->kind == ST_MAP || emit_has_zone(s->groups[i]->type))
            return s;
    return NULL;
}

void emit_group(struct emitter *em, const struct bound *x) {
    const struct bound_select *grouped = em->grouped;
    em->grouped = NULL;
    emit_expr_key(em, x);
    em->grouped = grouped;
}

bool emit_grouped(struct emitter *em, const struct bound *x) {
    const struct bound_select *s = em->grouped;
    size_t i = 0;
    while (i < s->group_count && !bound_equal(s->groups[i], x))
        i++;
    if (i == s->group_count)
        return false;
    if (!emit_has_zone(x->type)) {
        emit_group(em, x);
        return true;
    }
    put(em, "CASE WHEN ");
    emit_group(em, x);
    em->grouped = NULL;
    put(em, " IS NOT NULL THEN any_value(");
    emit_expr(em, x);
    put(em, ") END");
    em->grouped = s;
    return true;
}

/* ---- DISTINCT, set operations ---- */
bool emit_distinct_on(struct emitter *em, const struct bound_query *q) {
    bool any = false;
    for (size_t i = 0; i < q->column_count; i++)
        any |= q->used[i] && emit_has_zone(q->types[i]);
    if (!any)
        return false;
    put(em, "SELECT DISTINCT ON (");
    for (size_t i = 0; i < q->column_count; i++) {
        put(em, i ? ", " : "");
        if (q->used[i] && emit_has_zone(q->types[i]))
            emit_expr_key(em, q->select->items[i]);
        else
            putf(em, "%zu", i + 1);
    }
    put(em, ") ");
    return true;
}

static void put_keys(struct emitter *em, const struct bound_query *q, const char *alias) {
    for (size_t i = 0; i < q->column_count; i++) {
        put(em, i ? ", " : "");
        emit_key(em, q->types[i], arena_fmt(em->a, "%s.c%zu", alias, i));
    }
}

/* Rows of the left side that some (or no) row of the right side is like. */
static void emit_matches(struct emitter *em, const struct bound_query *q) {
    put(em, "FROM ");
    emit_side(em, q->left, q->types, false);
    put(em, q->set_op == SQL_EXCEPT ? " AS u WHERE NOT EXISTS (SELECT 1 FROM "
                                    : " AS u WHERE EXISTS (SELECT 1 FROM ");
    emit_side(em, q->right, q->types, false);
    put(em, " AS v WHERE ");
    for (size_t i = 0; i < q->column_count; i++) {
        put(em, i ? " AND " : "");
        emit_key(em, q->types[i], arena_fmt(em->a, "u.c%zu", i));
        put(em, " IS NOT DISTINCT FROM ");
        emit_key(em, q->types[i], arena_fmt(em->a, "v.c%zu", i));
    }
    put(em, ")");
}

bool emit_set_on(struct emitter *em, const struct bound_query *q) {
    bool any = false;
    for (size_t i = 0; i < q->column_count; i++)
        any |= emit_has_zone(q->types[i]);
    if (!any || q->set_all)
        return false;
    put(em, "SELECT DISTINCT ON (");
    put_keys(em, q, "u");
    put(em, ") ");
    for (size_t i = 0; i < q->column_count; i++)
        putf(em, i ? ", u.c%zu AS c%zu" : "u.c%zu AS c%zu", i, i);
    if (q->set_op != SQL_UNION) {
        put(em, " ");
        emit_matches(em, q);
        return true;
    }
    put(em, " FROM (");
    emit_side(em, q->left, q->types, false);
    put(em, " UNION ALL ");
    emit_side(em, q->right, q->types, false);
    put(em, ") AS u");
    return true;
}
