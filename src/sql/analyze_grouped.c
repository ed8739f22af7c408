/* analyze_grouped.c - expressions of a grouped query: groups, aggregates, and what is made of them.
 *
 * Expressions are compared in their typed form. A column of the query's own FROM must be (part of)
 * a group, also inside a subquery; columns of outer queries are constants. */
#include "sql/analyze_int.h"

struct grouped_check {
    struct analyzer *z;
    struct bound_select *s;
    bool in_query;
};

static bool is_group(const struct bound_select *s, const struct bound *x) {
    for (size_t i = 0; i < s->group_count; i++)
        if (bound_equal(x, s->groups[i]))
            return true;
    return false;
}

static bool is_grouped(void *ctx, struct bound *x);

static bool query_is_grouped(struct grouped_check *g, struct bound_query *q) {
    struct grouped_check inner = *g;
    inner.in_query = true;
    return bound_walk_query(q, is_grouped, &inner);
}

static bool is_grouped(void *ctx, struct bound *x) {
    struct grouped_check *g = ctx;
    if (!g->in_query && is_group(g->s, x))
        return true;
    if (x->kind == BX_AGG && !x->over && !g->in_query)
        return true;
    if (x->kind == BX_GROUPING && !g->in_query)
        return true;
    if (x->kind == BX_COLUMN && x->rel->owner == g->s) {
        if (!g->in_query || is_group(g->s, x))
            return g->in_query;
        fail(g->z, x->pos, "EXPRESSION_NOT_AGGREGATE",
             "Subquery uses '%.*s' which must appear in GROUP BY clause",
             BYTES_ARG(name_at(g->z, x->pos)));
        return false;
    }
    if (x->over && !g->in_query && !check_grouped_window(g->z, g->s, x->over, false))
        return false;
    if (x->query && !query_is_grouped(g, x->query))
        return false;
    if (!x->over)
        return bound_each(x, is_grouped, ctx);
    for (size_t i = 0; i < x->arg_count; i++)
        if (!is_grouped(ctx, x->args[i]))
            return false;
    return true;
}

bool check_grouped(struct analyzer *z, struct bound_select *s, struct bound *x,
                   const struct sql_expr *source) {
    struct grouped_check g = {.z = z, .s = s};
    if (!s->aggregated || is_grouped(&g, x))
        return true;
    if (!source && x->kind == BX_COLUMN) {
        struct bytes name =
            x->rel->kind == REL_SCAN ? x->rel->table->columns[x->column].name : (struct bytes){0};
        if (name.len)
            fail(z, x->pos, "EXPRESSION_NOT_AGGREGATE", "Column '%.*s' not in GROUP BY clause",
                 BYTES_ARG(name));
        else
            fail(z, x->pos, "EXPRESSION_NOT_AGGREGATE", "Column %zu not in GROUP BY clause",
                 x->column + 1);
        return false;
    }
    fail(z, source ? source->pos : x->pos, "EXPRESSION_NOT_AGGREGATE",
         "'%.*s' must be an aggregate expression or appear in GROUP BY clause",
         BYTES_ARG(source ? expr_text(z, source) : BYTES("*")));
    return false;
}

static bool check_part(struct analyzer *z, struct bound_select *s, struct bound *x,
                       const struct sql_expr *source, const char *what) {
    struct grouped_check g = {.z = z, .s = s};
    if (is_grouped(&g, x))
        return true;
    fail(z, source->pos, "EXPRESSION_NOT_AGGREGATE",
         "%s'%.*s' must be an aggregate expression or appear in GROUP BY clause", what,
         BYTES_ARG(expr_text(z, source)));
    return false;
}

/* The expression under a frame's check. */
static bool check_frame(struct analyzer *z, struct bound_select *s, const struct bound_bound *b,
                        const struct sql_bound *source, const char *end) {
    struct grouped_check g = {.z = z, .s = s};
    if (!b->value || is_grouped(&g, b->value))
        return true;
    fail(z, source->value->pos, "EXPRESSION_NOT_AGGREGATE",
         "Window frame %s must be an aggregate expression or appear in GROUP BY clause", end);
    return false;
}

bool check_grouped_window(struct analyzer *z, struct bound_select *s, const struct bound_window *w,
                          bool is_named) {
    const struct sql_window *source = w->source;
    if (!s->aggregated || !source || source->only_name)
        return true;
    for (size_t i = 0; i < source->partition_by.count; i++)
        if (!check_part(z, s, w->partition[i], source->partition_by.items[i],
                        is_named ? "" : "PARTITION BY expression "))
            return false;
    for (size_t i = 0; i < source->order_by.count; i++)
        if (!check_part(z, s, w->order.items[i].x, source->order_by.items[i].expr,
                        is_named ? "" : "ORDER BY expression "))
            return false;
    return !source->frame || (check_frame(z, s, &w->start, &source->frame->start, "start") &&
                              check_frame(z, s, &w->end, &source->frame->end, "end"));
}

/* ---- GROUPING() ---- */
struct grouping_check {
    struct analyzer *z;
    struct bound_select *s;
    struct sql_pos select_pos;
};

static bool check_grouping(void *ctx, struct bound *x) {
    struct grouping_check *g = ctx;
    if (x->kind != BX_GROUPING)
        return bound_each(x, check_grouping, ctx);
    if (!g->s->sets)
        return fail(g->z, g->select_pos, "MISSING_GROUP_BY",
                    "A GROUPING() operation can only be used with a corresponding GROUPING "
                    "SET/CUBE/ROLLUP/GROUP BY clause"),
               false;
    for (size_t i = 0; i < x->arg_count; i++)
        if (x->args[i]->kind != BX_COLUMN || !is_group(g->s, x->args[i]))
            return fail(g->z, x->pos, "INVALID_ARGUMENTS",
                        "The arguments to GROUPING() must be expressions referenced by the GROUP "
                        "BY at the associated query level. Mismatch due to %.*s.",
                        BYTES_ARG(name_at(g->z, x->args[i]->pos))),
                   false;
    return true;
}

bool check_groupings(struct analyzer *z, struct bound_select *s, struct bound *x,
                     struct sql_pos select_pos) {
    struct grouping_check g = {z, s, select_pos};
    return check_grouping(&g, x);
}
