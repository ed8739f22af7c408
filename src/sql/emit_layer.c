/* emit_layer.c - an aggregated SELECT in two layers, for expressions that DuckDB cannot evaluate
 * over groups.
 *
 * DuckDB's TRY takes no aggregates and loses grouped columns. So a query whose outputs, HAVING or
 * ORDER BY have a TRY groups in a subquery, whose columns are the groups g0, g1, ... and the
 * aggregates a0, a1, ...; all else is written over those:
 *
 *   SELECT TRY(10 / y1.a0) FROM (SELECT k AS g0, sum(v) AS a0 FROM t GROUP BY k) AS y1 */
#include "sql/emit_int.h"

struct layer {
    const struct bound_select *select;
    int id;
    struct bound **aggregates;
    size_t count, room;
    bool has_try;
    struct arena *a;
    struct layer *around;
};

static size_t group_of(const struct bound_select *s, const struct bound *x) {
    size_t i = 0;
    while (i < s->group_count && !bound_equal(s->groups[i], x))
        i++;
    return i;
}

static size_t aggregate_of(const struct layer *l, const struct bound *x) {
    size_t i = 0;
    while (i < l->count && !bound_equal(l->aggregates[i], x))
        i++;
    return i;
}

static bool is_aggregate(const struct bound *x) {
    return (x->kind == BX_AGG && !x->over) || x->kind == BX_GROUPING;
}

static bool collect(void *ctx, struct bound *x) {
    struct layer *l = ctx;
    if (group_of(l->select, x) < l->select->group_count)
        return true;
    if (!is_aggregate(x)) {
        l->has_try |= x->sql && strstr(x->sql, "TRY(");
        return bound_each(x, collect, l);
    }
    if (aggregate_of(l, x) < l->count)
        return true;
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 8;
        struct bound **more = ARENA_NEW_N(l->a, struct bound *, room);
        if (!more)
            return false;
        if (l->count)
            memcpy(more, l->aggregates, l->count * sizeof(*more));
        l->aggregates = more;
        l->room = room;
    }
    l->aggregates[l->count++] = x;
    return true;
}

struct layer *emit_layer_of(struct emitter *em, const struct bound_query *q) {
    const struct bound_select *s = q->select;
    struct layer l = {.select = s, .a = em->a, .around = em->layer};
    bool ok = true;
    for (size_t i = 0; ok && i < q->column_count; i++)
        ok = !q->used[i] || collect(&l, s->items[i]);
    ok = ok && (!s->having || collect(&l, s->having));
    for (size_t i = 0; ok && i < q->order.count; i++)
        ok = collect(&l, q->order.items[i].x);
    struct layer *r =
        ok && l.has_try && (s->sets || l.count) ? ARENA_NEW(em->a, struct layer) : NULL;
    if (r) {
        *r = l;
        r->id = em->next_lambda++;
    }
    return r;
}

void emit_layer_columns(struct emitter *em, const struct layer *l) {
    put(em, "SELECT ");
    for (size_t i = 0; i < l->select->group_count; i++) {
        emit_expr(em, l->select->groups[i]);
        putf(em, " AS g%zu, ", i);
    }
    for (size_t i = 0; i < l->count; i++) {
        emit_expr(em, l->aggregates[i]);
        putf(em, " AS a%zu, ", i);
    }
    put(em, "1 AS one");
}

void emit_layer_name(struct emitter *em, const struct layer *l) {
    putf(em, "y%d", l->id);
}

struct layer *emit_layer_around(const struct layer *l) {
    return l->around;
}

bool emit_layered(struct emitter *em, const struct bound *x) {
    if (x->kind == BX_LITERAL || x->kind == BX_PARAM)
        return false;
    for (const struct layer *l = em->layer; l; l = l->around) {
        size_t g = group_of(l->select, x);
        size_t a = is_aggregate(x) ? aggregate_of(l, x) : l->count;
        if (g == l->select->group_count && a == l->count)
            continue;
        if (g < l->select->group_count)
            putf(em, "y%d.g%zu", l->id, g);
        else
            putf(em, "y%d.a%zu", l->id, a);
        return true;
    }
    return false;
}
