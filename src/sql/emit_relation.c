/* emit_relation.c - FROM: scans, subqueries, joins, UNNEST. */
#include "sql/emit_int.h"

/* UNNEST becomes a lateral SELECT of unnest() calls, which DuckDB zips with NULLs as Trino does; a
 * row's fields and a map's keys and values are taken apart around and inside it. */
static void unnest_inner(struct emitter *em, const struct bound_rel *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->arg_count; i++) {
        struct bytes v = emit_text(em, r->args[i]);
        put(em, i ? ", " : "");
        if (r->args[i]->type->kind == ST_MAP) {
            put(em, "unnest(map_keys(");
            put_bytes(em, v);
            putf(em, ")) AS u%zu, unnest(map_values(", n++);
            put_bytes(em, v);
            putf(em, ")) AS u%zu", n++);
        } else {
            put(em, "unnest(");
            put_bytes(em, v);
            putf(em, ") AS u%zu", n++);
        }
    }
    if (!r->with_ordinality)
        return;
    put(em, ", unnest(range(1, CAST(1 + greatest(");
    for (size_t i = 0; i < r->arg_count; i++) {
        put(em, i ? ", coalesce(" : "coalesce(");
        put(em, r->args[i]->type->kind == ST_MAP ? "cardinality(" : "len(");
        emit_expr(em, r->args[i]);
        put(em, "), 0)");
    }
    put(em, ") AS BIGINT))) AS ord");
}

static void unnest_outer(struct emitter *em, const struct bound_rel *r) {
    size_t column = 0, inner = 0;
    for (size_t i = 0; i < r->arg_count; i++) {
        const struct sql_type *t = r->args[i]->type;
        const struct sql_type *row =
            t->kind == ST_ARRAY && t->children[0]->kind == ST_ROW ? t->children[0] : NULL;
        for (size_t j = 0; row && j < row->child_count; j++) {
            putf(em, column ? ", struct_extract(u%zu, " : "struct_extract(u%zu, ", inner);
            put_bytes(em, bound_quote(em->a, sql_type_field(em->a, row, j)));
            putf(em, ") AS c%zu", column++);
        }
        inner += row ? 1 : 0;
        for (size_t j = 0; !row && j < (t->kind == ST_MAP ? 2u : 1u); j++, column++)
            putf(em, column ? ", u%zu AS c%zu" : "u%zu AS c%zu", inner++, column);
    }
    if (r->with_ordinality)
        putf(em, ", ord AS c%zu", column);
}

static void emit_unnest(struct emitter *em, const struct bound_rel *r) {
    put(em, "(SELECT ");
    unnest_outer(em, r);
    put(em, " FROM (SELECT ");
    unnest_inner(em, r);
    putf(em, ") AS u) AS r%d", r->id);
}

static void emit_sample(struct emitter *em, const struct bound_rel *r) {
    if (r->sample == SQL_SAMPLE_NONE)
        return;
    put(em, r->sample == SQL_SAMPLE_BERNOULLI ? " TABLESAMPLE BERNOULLI(" : " TABLESAMPLE SYSTEM(");
    put_bytes(em, r->sample_percent->value);
    put(em, " PERCENT)");
}

static bool is_lateral(const struct bound_rel *r) {
    return r->lateral && (r->kind == REL_UNNEST || r->kind == REL_QUERY);
}

/* The engine's left join with a lateral query gives NULL for constants beside an aggregate of no
 * rows. So a row of nothing is joined with the query inside, and that laterally; the condition is a
 * filter of the query. */
static void emit_left_lateral(struct emitter *em, const struct bound_rel *r) {
    int id = r->right->id;
    emit_relation(em, r->left);
    putf(em, " CROSS JOIN LATERAL (SELECT r%d.* FROM (SELECT 1) AS one LEFT JOIN ", id);
    putf(em, "(SELECT r%d.* FROM ", id);
    emit_relation(em, r->right);
    put(em, " WHERE ");
    emit_expr(em, r->on);
    putf(em, ") AS r%d ON (true)) AS r%d", id, id);
}

static void emit_join(struct emitter *em, const struct bound_rel *r) {
    if (r->join == SQL_JOIN_LEFT && r->right->kind == REL_QUERY && r->right->lateral && r->on) {
        emit_left_lateral(em, r);
        return;
    }
    static const char *const names[] = {
        [SQL_JOIN_CROSS] = " CROSS JOIN ", [SQL_JOIN_IMPLICIT] = " CROSS JOIN ",
        [SQL_JOIN_INNER] = " JOIN ",       [SQL_JOIN_LEFT] = " LEFT JOIN ",
        [SQL_JOIN_RIGHT] = " RIGHT JOIN ", [SQL_JOIN_FULL] = " FULL JOIN ",
    };
    bool conditional = r->join > SQL_JOIN_IMPLICIT;
    emit_hoist(em, r);
    emit_relation(em, r->left);
    put(em, names[r->join]);
    if (is_lateral(r->right))
        put(em, "LATERAL ");
    bool nested = r->right->kind == REL_JOIN;
    put(em, nested ? "(" : "");
    emit_relation(em, r->right);
    put(em, nested ? ")" : "");
    if (!conditional)
        return;
    put(em, " ON ");
    if (r->on)
        emit_expr(em, r->on);
    else
        put(em, "true");
}

static void emit_leaf(struct emitter *em, const struct bound_rel *r);

void emit_relation(struct emitter *em, const struct bound_rel *r) {
    if (em->rc)
        return;
    if (r->kind == REL_JOIN) {
        emit_join(em, r);
        return;
    }
    bool holds = em->hoisted && emit_hoists_begin(em, r);
    emit_leaf(em, r);
    if (holds)
        putf(em, ") AS r%d", r->id);
}

static void emit_leaf(struct emitter *em, const struct bound_rel *r) {
    switch (r->kind) {
    case REL_SCAN:
        put_bytes(em, em->relations[r->scan]);
        putf(em, " AS r%d", r->id);
        break;
    case REL_CTE:
        emit_with_name(em, r->with);
        putf(em, " AS r%d", r->id);
        break;
    case REL_QUERY:
        put(em, "(");
        emit_query(em, r->query);
        putf(em, ") AS r%d", r->id);
        break;
    default:
        emit_unnest(em, r);
        return;
    }
    emit_sample(em, r);
}
