/* constraints.c - what every row of a scan must satisfy on its partition columns.
 *
 * Conjuncts of WHERE, HAVING (on groups) and join conditions of the form column-op-constant are
 * followed to the scan their column comes from, through subqueries whose rows they do not change:
 * no LIMIT, no window functions, and a grouped query only on a group. All constraints reject NULL,
 * so that one found above an outer join may prune either side. Nothing here decides a result: the
 * engine still applies the whole predicate. */
#include "sql/bound.h"
#include "sql/fold.h"

struct finder {
    struct arena *a;
    struct sql_plan *plan;
    bool failed;
};
struct fact {
    enum sql_constraint_op op;
    struct sql_const *values;
    size_t count;
};

static bool has_window(void *found, struct bound *x) {
    if (x->kind == BX_AGG && x->over) {
        *(bool *)found = true;
        return false;
    }
    return bound_each(x, has_window, found);
}

/* ---- adding to a scan ---- */
static bool text_for(struct finder *f, const struct type *t, const struct sql_const *v,
                     struct bytes *ret) {
    *ret = v->text;
    switch (t->kind) {
    case TYPE_STRING:
    case TYPE_VARCHAR:
        return v->type->kind == ST_VARCHAR;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        return sql_type_is_integer(v->type);
    case TYPE_DATE:
        return v->type->kind == ST_DATE;
    default:
        return false;
    }
}

static void add(struct finder *f, struct bound_rel *r, size_t column, const struct fact *fact) {
    const struct sql_table_column *c = &r->table->columns[column];
    struct sql_scan *scan = &f->plan->scans[r->scan];
    struct bytes *values = ARENA_NEW_N(f->a, struct bytes, fact->count + 1);
    struct sql_constraint *grown =
        ARENA_NEW_N(f->a, struct sql_constraint, scan->constraint_count + 1);
    if (!c->is_partition)
        return;
    if (!values || !grown) {
        f->failed = true;
        return;
    }
    for (size_t i = 0; i < fact->count; i++)
        if (!text_for(f, c->type, &fact->values[i], &values[i]))
            return;
    if (scan->constraint_count)
        memcpy(grown, scan->constraints, scan->constraint_count * sizeof(*grown));
    grown[scan->constraint_count++] = (struct sql_constraint){.column = c->name,
                                                              .op = fact->op,
                                                              .values = values,
                                                              .value_count = fact->count,
                                                              .is_partition = c->is_partition};
    scan->constraints = grown;
}

static void follow(struct finder *f, struct bound *x, const struct fact *fact);

static bool passes(const struct bound_query *q, const struct bound *item) {
    bool windows = false;
    for (size_t i = 0; i < q->select->item_count; i++)
        has_window(&windows, q->select->items[i]);
    for (size_t i = 0; i < q->order.count; i++)
        has_window(&windows, q->order.items[i].x);
    if (windows)
        return false;
    if (!q->select->aggregated)
        return true;
    for (size_t i = 0; !q->select->has_sets && i < q->select->group_count; i++)
        if (bound_equal(item, q->select->groups[i]))
            return true;
    return false;
}

static void follow_output(struct finder *f, struct bound_query *q, size_t column,
                          const struct fact *fact) {
    if (q->limit >= 0 || q->offset >= 0)
        return;
    if (q->body == BQ_SET) {
        follow_output(f, q->left, column, fact);
        follow_output(f, q->right, column, fact);
    } else if (q->body == BQ_SELECT && passes(q, q->select->items[column])) {
        follow(f, q->select->items[column], fact);
    }
}

/* Casts that keep order and equality. */
static bool harmless_cast(const struct bound *x) {
    const struct sql_type *from = x->args[0]->type, *to = x->type;
    if (sql_type_is_integer(from) && sql_type_is_integer(to))
        return from->kind <= to->kind;
    return from->kind == ST_VARCHAR && to->kind == ST_VARCHAR && to->length >= from->length;
}

static void follow(struct finder *f, struct bound *x, const struct fact *fact) {
    while (x->kind == BX_CAST && harmless_cast(x))
        x = x->args[0];
    if (x->kind != BX_COLUMN)
        return;
    struct bound_rel *r = x->rel;
    if (r->kind == REL_SCAN && !r->sample)
        add(f, r, x->column, fact);
    else if (r->kind == REL_QUERY && !r->sample)
        follow_output(f, r->query, x->column, fact);
    else if (r->kind == REL_CTE && !r->sample && r->with->references == 1 && !r->with->recursive)
        follow_output(f, r->with->query, x->column, fact);
}

/* ---- reading predicates ---- */
static const struct bound *column_under(const struct bound *x) {
    while (x->kind == BX_CAST && harmless_cast(x))
        x = x->args[0];
    return x->kind == BX_COLUMN ? x : NULL;
}

static enum sql_constraint_op op_of(enum bound_op op, bool swapped) {
    switch (op) {
    case BO_LT:
        return swapped ? SQL_GT : SQL_LT;
    case BO_LE:
        return swapped ? SQL_GE : SQL_LE;
    case BO_GT:
        return swapped ? SQL_LT : SQL_GT;
    case BO_GE:
        return swapped ? SQL_LE : SQL_GE;
    default:
        return SQL_EQ;
    }
}

static void one_value(struct finder *f, struct bound *column, struct bound *value,
                      enum sql_constraint_op op) {
    struct sql_const v;
    if (!column_under(column) || !sql_fold(f->a, value, &v))
        return;
    struct fact fact = {op, &v, 1};
    follow(f, column, &fact);
}

/* A list of equalities on one column: (column IN ..) or a chain of OR. */
static bool collect_equal(struct finder *f, struct bound *x, struct bound **column,
                          struct sql_const *values, size_t *count, size_t max) {
    if (x->op == BO_OR) {
        for (size_t i = 0; i < x->arg_count; i++)
            if (!collect_equal(f, x->args[i], column, values, count, max))
                return false;
        return true;
    }
    if (x->op != BO_EQ && x->op != BO_IN)
        return false;
    bool swapped = x->op == BO_EQ && !column_under(x->args[0]);
    struct bound *c = x->args[swapped ? 1 : 0];
    if (!column_under(c) || (*column && !bound_equal(column_under(c), column_under(*column))))
        return false;
    *column = c;
    for (size_t i = 0; i < x->arg_count; i++) {
        if (x->args[i] == c)
            continue;
        if (*count == max || !sql_fold(f->a, x->args[i], &values[*count]))
            return false;
        ++*count;
    }
    return true;
}

static void read_list(struct finder *f, struct bound *x) {
    enum { MAX = 4096 };
    struct sql_const *values = ARENA_NEW_N(f->a, struct sql_const, MAX);
    struct bound *column = NULL;
    size_t count = 0;
    if (!values) {
        f->failed = true;
        return;
    }
    if (!collect_equal(f, x, &column, values, &count, MAX) || !column)
        return;
    struct fact fact = {SQL_IN, values, count};
    follow(f, column, &fact);
}

static void read_predicate(struct finder *f, struct bound *x) {
    switch (x->op) {
    case BO_AND:
        for (size_t i = 0; i < x->arg_count; i++)
            read_predicate(f, x->args[i]);
        return;
    case BO_EQ:
    case BO_LT:
    case BO_LE:
    case BO_GT:
    case BO_GE:
        one_value(f, x->args[0], x->args[1], op_of(x->op, false));
        one_value(f, x->args[1], x->args[0], op_of(x->op, true));
        return;
    case BO_BETWEEN:
        one_value(f, x->args[0], x->args[1], SQL_GE);
        one_value(f, x->args[0], x->args[2], SQL_LE);
        return;
    case BO_IN:
    case BO_OR:
        read_list(f, x);
        return;
    default:
        return;
    }
}

/* ---- walking the query ---- */
static bool contains(const struct bound_rel *tree, const struct bound_rel *r) {
    if (tree == r)
        return true;
    return tree->kind == REL_JOIN && (contains(tree->left, r) || contains(tree->right, r));
}

static void read_side(struct finder *f, struct bound *x, const struct bound_rel *side) {
    if (x->op == BO_AND) {
        for (size_t i = 0; i < x->arg_count; i++)
            read_side(f, x->args[i], side);
        return;
    }
    for (size_t i = 0; i < x->arg_count; i++) {
        const struct bound *c = column_under(x->args[i]);
        if (c && !contains(side, c->rel))
            return;
    }
    read_predicate(f, x);
}

static void walk_query(struct finder *f, struct bound_query *q);

static void walk_rel(struct finder *f, struct bound_rel *r) {
    if (r->kind == REL_QUERY)
        walk_query(f, r->query);
    if (r->kind != REL_JOIN)
        return;
    walk_rel(f, r->left);
    walk_rel(f, r->right);
    if (!r->on)
        return;
    if (r->join == SQL_JOIN_INNER)
        read_predicate(f, r->on);
    else if (r->join == SQL_JOIN_LEFT)
        read_side(f, r->on, r->right);
    else if (r->join == SQL_JOIN_RIGHT)
        read_side(f, r->on, r->left);
}

static bool walk_expr(void *ctx, struct bound *x) {
    if (x->query)
        walk_query(ctx, x->query);
    return bound_each(x, walk_expr, ctx);
}

static void walk_query(struct finder *f, struct bound_query *q) {
    for (size_t i = 0; i < q->with_count; i++)
        walk_query(f, q->with[i]->query);
    if (q->body == BQ_SET) {
        walk_query(f, q->left);
        walk_query(f, q->right);
    }
    if (q->body != BQ_SELECT)
        return;
    struct bound_select *s = q->select;
    if (s->from)
        walk_rel(f, s->from);
    if (s->where) {
        read_predicate(f, s->where);
        walk_expr(f, s->where);
    }
    if (s->having)
        walk_expr(f, s->having);
    for (size_t i = 0; i < s->item_count; i++)
        walk_expr(f, s->items[i]);
}

int bound_find_constraints(struct arena *a, struct sql_plan *p, struct err *e) {
    struct finder f = {.a = a, .plan = p};
    walk_query(&f, p->query);
    return f.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
