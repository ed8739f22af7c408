/* prune.c - which columns are read.
 *
 * From the statement's outputs downwards: a column that an expression reads marks the output of the
 * subquery it comes from, which marks what that output reads. What only an unread output would read
 * stays unmarked; the emitter writes NULL in its place. Filters, groups, joins and orders always
 * count. Of a stored struct of which nothing reads more than fields, those are listed: the engine
 * reads no others. */
#include "sql/bound.h"

static void mark_query(struct bound_query *q);
static void mark_output(struct bound_query *q, size_t column);

static struct bound_query *query_of(const struct bound_rel *r) {
    return r->kind == REL_CTE ? r->with->query : r->query;
}

/* True when x is a field of a stored column, which then is marked. */
static bool mark_field(struct bound *x) {
    struct bound *base = x;
    while (base->kind == BX_FIELD)
        base = base->args[0];
    if (base == x || base->kind != BX_COLUMN || base->rel->kind != REL_SCAN)
        return false;
    base->rel->used[base->column] = true;
    if (!x->is_listed) {
        x->is_listed = true;
        x->next_field = base->rel->fields[base->column];
        base->rel->fields[base->column] = x;
    }
    return true;
}

static bool mark_expr(void *ctx, struct bound *x) {
    if (mark_field(x))
        return true;
    if (x->kind == BX_COLUMN) {
        if (x->rel->kind == REL_SCAN)
            x->rel->whole[x->column] = true;
        if (x->rel->used[x->column])
            return true;
        x->rel->used[x->column] = true;
        if (x->rel->kind == REL_QUERY || x->rel->kind == REL_CTE)
            mark_output(query_of(x->rel), x->column);
        return true;
    }
    if (x->query) {
        mark_query(x->query);
        for (size_t i = 0; x->kind != BX_EXISTS && i < x->query->column_count; i++)
            mark_output(x->query, i);
    }
    return bound_each(x, mark_expr, ctx);
}

static void mark(struct bound *x) {
    if (x)
        mark_expr(NULL, x);
}

static void mark_output(struct bound_query *q, size_t column) {
    if (q->used[column])
        return;
    q->used[column] = true;
    if (q->body == BQ_SELECT)
        mark(q->select->items[column]);
    if (q->body == BQ_SET) {
        mark_output(q->left, column);
        mark_output(q->right, column);
    }
}

static void mark_all(struct bound_query *q) {
    for (size_t i = 0; i < q->column_count; i++)
        mark_output(q, i);
}

static void mark_rel(struct bound_rel *r) {
    if (r->kind == REL_QUERY || r->kind == REL_CTE)
        mark_query(query_of(r));
    if (r->kind == REL_CTE && r->with->recursive)
        mark_all(r->with->query);
    if (r->kind == REL_JOIN) {
        mark_rel(r->left);
        mark_rel(r->right);
        mark(r->on);
    }
    for (size_t i = 0; i < r->arg_count; i++)
        mark(r->args[i]);
}

static void mark_select(struct bound_query *q) {
    struct bound_select *s = q->select;
    if (s->from)
        mark_rel(s->from);
    mark(s->where);
    mark(s->having);
    for (size_t i = 0; i < s->group_count; i++)
        mark(s->groups[i]);
    /* without groups the aggregates themselves make it one row */
    if (s->distinct || (s->aggregated && s->group_count == 0))
        mark_all(q);
    for (size_t i = 0; i < q->order.count; i++)
        if (q->order.items[i].ordinal)
            mark_output(q, (size_t)q->order.items[i].ordinal - 1);
        else
            mark(q->order.items[i].x);
}

static void mark_query(struct bound_query *q) {
    if (q->marked)
        return;
    q->marked = true;
    if (q->body == BQ_SELECT)
        mark_select(q);
    for (size_t i = 0; q->body == BQ_VALUES && i < q->row_count * q->column_count; i++)
        mark(q->rows[i]);
    if (q->body == BQ_SET) {
        mark_query(q->left);
        mark_query(q->right);
        if (q->set_op != SQL_UNION || !q->set_all)
            mark_all(q);
    }
}

void bound_mark_used(struct bound_query *root) {
    mark_query(root);
    mark_all(root);
}

/* ---- fields ---- */
static bool add_use(struct arena *a, const struct bound *x, const struct sql_field_use **list) {
    struct sql_field_use *use = ARENA_NEW(a, struct sql_field_use);
    size_t depth = 0;
    for (const struct bound *y = x; y->kind == BX_FIELD; y = y->args[0])
        depth++;
    size_t *path = ARENA_NEW_N(a, size_t, depth);
    if (!use || !path)
        return false;
    *use = (struct sql_field_use){*list, path, depth};
    for (; x->kind == BX_FIELD; x = x->args[0])
        path[--depth] = x->column;
    *list = use;
    return true;
}

bool bound_find_fields(struct arena *a, struct sql_plan *p) {
    for (size_t i = 0; i < p->scan_count; i++) {
        const struct bound_rel *r = p->scan_rels[i];
        const struct sql_field_use **lists =
            ARENA_NEW_N(a, const struct sql_field_use *, r->column_count + 1);
        if (!lists)
            return false;
        p->scans[i].column_fields = lists;
        for (size_t c = 0; c < r->column_count; c++)
            for (const struct bound *x = r->whole[c] ? NULL : r->fields[c]; x; x = x->next_field)
                if (!add_use(a, x, &lists[c]))
                    return false;
    }
    return true;
}
