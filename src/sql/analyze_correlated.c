/* analyze_correlated.c - which correlated subqueries Trino can take apart.
 *
 * Trino plans a correlated subquery as a join, by rules that know certain shapes; all others are
 * NOT_SUPPORTED there, and so here. The shapes, in the order of a query's steps:
 *
 *   FROM       tables, joins and lists without correlation; one nested query of these shapes
 *   WHERE      any conjuncts; those with correlation hand up the inner columns they read, and an
 *              equation of an inner column with the outside makes that column a constant per row
 *   GROUP BY   every column handed up is a group or a constant
 *   aggregate  over all rows only at the top of a scalar, lateral or EXISTS query
 *   SELECT     no correlation, except above a single row
 *   LIMIT      on constants, or of equations alone
 *
 * UNNEST of outer columns and subqueries inside conditions have rules of their own and are let
 * through. */
#include "sql/analyze_int.h"

#define MAX_COLUMNS 64

struct shape {
    enum correlated_kind kind;
    struct bound_query *root; /* what is inside it is not the outside */
    bool unsure;              /* holds something with rules of its own */
    bool single;              /* at most one row for each row outside */
    const struct bound *handed[MAX_COLUMNS], *constant[MAX_COLUMNS];
    size_t handed_count, constant_count;
};

/* ---- inside or outside ---- */
struct rel_search {
    const struct bound_rel *wanted;
    bool found;
};
static bool query_holds(struct bound_query *q, const struct bound_rel *r);

static bool expr_holds(void *ctx, struct bound *x) {
    struct rel_search *s = ctx;
    if (x->query && query_holds(x->query, s->wanted)) {
        s->found = true;
        return false;
    }
    return bound_each(x, expr_holds, ctx);
}
static bool rel_holds(const struct bound_rel *tree, const struct bound_rel *r) {
    if (tree == r)
        return true;
    if (tree->kind == REL_JOIN)
        return rel_holds(tree->left, r) || rel_holds(tree->right, r);
    return tree->kind == REL_QUERY && query_holds(tree->query, r);
}
static bool from_holds(struct bound_query *q, const struct bound_rel *r) {
    if (q->body == BQ_SET)
        return from_holds(q->left, r) || from_holds(q->right, r);
    if (q->body == BQ_SELECT && q->select->from && rel_holds(q->select->from, r))
        return true;
    for (size_t i = 0; i < q->with_count; i++)
        if (query_holds(q->with[i]->query, r))
            return true;
    return false;
}
static bool query_holds(struct bound_query *q, const struct bound_rel *r) {
    struct rel_search s = {.wanted = r};
    if (from_holds(q, r))
        return true;
    bound_walk_query(q, expr_holds, &s);
    return s.found;
}

static bool is_inner(void *ctx, struct bound *x) {
    struct bound_query *root = ctx;
    if (x->kind == BX_COLUMN && !query_holds(root, x->rel))
        return false;
    if (x->query && !bound_walk_query(x->query, is_inner, ctx))
        return false;
    return bound_each(x, is_inner, ctx);
}
static bool reaches_out(struct shape *s, struct bound *x) {
    return !is_inner(s->root, x);
}
static bool query_reaches_out(struct shape *s, struct bound_query *q) {
    return !bound_walk_query(q, is_inner, s->root);
}

/* ---- columns handed up ---- */
/* A column of a query in FROM is the column that it selects. */
static const struct bound *base_of(const struct bound *x) {
    while (x->kind == BX_COLUMN && x->rel->kind == REL_QUERY && x->rel->query->body == BQ_SELECT) {
        const struct bound *item = x->rel->query->select->items[x->column];
        if (item->kind != BX_COLUMN)
            break;
        x = item;
    }
    return x;
}
static bool is_listed(const struct bound *const *list, size_t count, const struct bound *x) {
    for (size_t i = 0; i < count; i++)
        if (bound_equal(list[i], x))
            return true;
    return false;
}
static bool hand_up(void *ctx, struct bound *x) {
    struct shape *s = ctx;
    s->unsure |= x->query != NULL;
    if (x->kind == BX_COLUMN && !reaches_out(s, x)) {
        const struct bound *b = base_of(x);
        if (!is_listed(s->handed, s->handed_count, b)) {
            if (s->handed_count == MAX_COLUMNS)
                s->unsure = true;
            else
                s->handed[s->handed_count++] = b;
        }
    }
    return bound_each(x, hand_up, ctx);
}
/* Different values stay different. */
static bool is_injective(const struct sql_type *from, const struct sql_type *to) {
    if (to->kind == ST_DOUBLE)
        return from->kind <= ST_INTEGER || from->kind == ST_REAL || from->kind == ST_DOUBLE;
    if (to->kind == ST_REAL)
        return from->kind <= ST_SMALLINT || from->kind == ST_REAL;
    return sql_type_can_coerce(from, to);
}
static void note_equation(struct shape *s, const struct bound *x) {
    for (size_t i = 0; x->op == BO_EQ && i < 2; i++) {
        struct bound *column = x->args[i];
        if (column->kind == BX_CAST && is_injective(column->args[0]->type, column->type))
            column = column->args[0];
        if (column->kind == BX_COLUMN && !reaches_out(s, column) &&
            reaches_out(s, x->args[1 - i]) && s->constant_count < MAX_COLUMNS)
            s->constant[s->constant_count++] = base_of(column);
    }
}
static void take_condition(struct shape *s, struct bound *x) {
    if (x->op == BO_AND) {
        for (size_t i = 0; i < x->arg_count; i++)
            take_condition(s, x->args[i]);
        return;
    }
    if (!reaches_out(s, x))
        return;
    hand_up(s, x);
    note_equation(s, x);
}
/* All that is handed up is a constant, or one of xs. */
static bool handed_within(const struct shape *s, struct bound *const *xs, size_t count) {
    for (size_t i = 0; i < s->handed_count; i++) {
        bool found = is_listed(s->constant, s->constant_count, s->handed[i]);
        for (size_t j = 0; !found && j < count; j++)
            found = bound_equal(base_of(xs[j]), s->handed[i]);
        if (!found)
            return false;
    }
    return true;
}

/* ---- steps ---- */
static bool take_query(struct shape *s, struct bound_query *q, bool top);

static bool has_lateral(const struct bound_rel *r) {
    if (r->kind == REL_JOIN)
        return has_lateral(r->left) || has_lateral(r->right);
    return r->kind == REL_UNNEST || r->lateral;
}
static bool rel_reaches_out(struct shape *s, struct bound_rel *r) {
    if (r->kind == REL_JOIN)
        return (r->on && reaches_out(s, r->on)) || rel_reaches_out(s, r->left) ||
               rel_reaches_out(s, r->right);
    for (size_t i = 0; i < r->arg_count; i++)
        if (reaches_out(s, r->args[i]))
            return true;
    return r->kind == REL_QUERY && query_reaches_out(s, r->query);
}
static bool take_from(struct shape *s, struct bound_rel *r, bool top) {
    if (!r || !rel_reaches_out(s, r))
        return true;
    if (r->kind == REL_QUERY)
        return take_query(s, r->query, top);
    s->unsure |= has_lateral(r);
    return s->unsure;
}

static bool windowed(void *ctx, struct bound *x) {
    if (x->over)
        *(bool *)ctx = true;
    return bound_each(x, windowed, ctx);
}
static bool items_reach_out(struct shape *s, struct bound_query *q) {
    for (size_t i = 0; i < q->column_count; i++)
        if (reaches_out(s, q->select->items[i]))
            return true;
    return false;
}

static bool is_global(const struct bound_select *s) {
    if (!s->aggregated || !s->sets)
        return s->aggregated;
    for (size_t i = 0; i < s->set_count; i++)
        if (!s->sets[i].count)
            return true;
    return false;
}
static bool gives_one_row(const struct bound_query *q);
static bool one_row_source(const struct bound_select *s) {
    return !s->from || (s->from->kind == REL_QUERY && gives_one_row(s->from->query));
}
static bool is_true(const struct bound *x) {
    return x->kind == BX_LITERAL && !x->is_null && bytes_eq_nocase(x->value, BYTES("true"));
}
static bool gives_one_row(const struct bound_query *q) {
    if (q->limit == 0 || q->offset > 0)
        return false;
    if (q->body == BQ_VALUES)
        return q->row_count == 1;
    return q->body == BQ_SELECT && !q->select->aggregated && one_row_source(q->select) &&
           (!q->select->where || is_true(q->select->where));
}

/* LIMIT and what DISTINCT keeps, over items that do not reach out. */
static bool take_limit(struct shape *s, struct bound_query *q) {
    if (q->limit == 0 || (q->limit < 0 && q->offset <= 0))
        return true;
    if (q->offset > 0 || q->with_ties || s->kind == CORRELATED_IN)
        return false;
    for (size_t i = 0; i < q->order.count; i++)
        if (reaches_out(s, q->order.items[i].x))
            return false;
    if (s->single || !s->handed_count)
        return true;
    if (!handed_within(s, NULL, 0))
        return false;
    if (q->limit > 1 || q->order.count || s->kind == CORRELATED_EXISTS)
        return true;
    for (size_t i = 0; i < q->column_count; i++)
        if (!is_listed(s->constant, s->constant_count, base_of(q->select->items[i])))
            return false;
    return true;
}

static bool take_groups(struct shape *s, const struct bound_select *sel, bool top) {
    bool freely = top && s->kind == CORRELATED_LATERAL;
    if (s->kind == CORRELATED_IN)
        return false;
    for (size_t i = 0; i < sel->group_count; i++)
        if (reaches_out(s, sel->groups[i]))
            return false;
    bool constant = sel->group_count > 0;
    for (size_t i = 0; i < sel->group_count; i++)
        constant &= is_listed(s->constant, s->constant_count, base_of(sel->groups[i]));
    s->single |= constant;
    return freely || handed_within(s, sel->groups, sel->group_count);
}

static bool take_select(struct shape *s, struct bound_query *q, bool top) {
    struct bound_select *sel = q->select;
    bool over = false, exists = top && s->kind == CORRELATED_EXISTS;
    bool limited = q->limit >= 0 || q->offset > 0;
    if (top && s->kind != CORRELATED_IN && (q->limit == 0 || gives_one_row(q)))
        return true;
    s->single |= one_row_source(sel);
    if (exists && is_global(sel) && !sel->having)
        return true;
    bool passes = !sel->aggregated && !sel->where && !limited && !sel->distinct;
    if (!take_from(s, sel->from, top && passes))
        return false;
    if (sel->where)
        take_condition(s, sel->where);
    for (size_t i = 0; i < q->column_count; i++)
        windowed(&over, sel->items[i]);
    if (over)
        return exists && !limited;
    if (is_global(sel))
        return top && !sel->having && s->kind != CORRELATED_IN && sel->group_count == 0;
    if (sel->aggregated && !take_groups(s, sel, top))
        return false;
    if (sel->having && reaches_out(s, sel->having))
        take_condition(s, sel->having);
    if (!exists && items_reach_out(s, q))
        return false;
    if (sel->distinct && !exists && s->kind == CORRELATED_SCALAR &&
        !handed_within(s, sel->items, q->column_count))
        return false;
    return take_limit(s, q);
}

static bool take_query(struct shape *s, struct bound_query *q, bool top) {
    if (!query_reaches_out(s, q))
        return true;
    for (size_t i = 0; i < q->with_count; i++)
        if (query_reaches_out(s, q->with[i]->query))
            return false;
    if (q->body == BQ_SELECT)
        return take_select(s, q, top);
    return q->body == BQ_VALUES && top && s->kind != CORRELATED_IN && q->row_count == 1;
}

bool check_correlated(struct analyzer *z, struct bound_query *q, enum correlated_kind kind,
                      struct sql_pos pos) {
    struct shape *s = ARENA_NEW(z->a, struct shape);
    if (!s)
        return false;
    s->kind = kind;
    s->root = q;
    if (take_query(s, q, kind != CORRELATED_COMPARED) || s->unsure)
        return true;
    fail(z, pos, "NOT_SUPPORTED", "Given correlated subquery is not supported");
    return false;
}
