/* constraints_constant.c - relations and queries whose values are constants: VALUES, SELECT without
 * FROM, and what is made of them. x IN (such a query), and joins with one, say which values x has.
 * Only a superset of the values is needed, so that filters of the query are not looked at. */
#include "sql/constraints_int.h"

/* ---- queries of constants ---- */
struct constants {
    struct finder *f;
    struct bound *items[1024];
    size_t count;
    bool single; /* the same in every row */
    int depth;
};

static struct bound_query *query_of(const struct bound_rel *r) {
    if (r->kind == REL_CTE)
        return r->with->recursive ? NULL : r->with->query;
    return r->kind == REL_QUERY ? r->query : NULL;
}

static bool add_constant(struct constants *k, struct bound *x, const struct sql_type *type) {
    struct sql_value v;
    struct bound *y = bound_cast(k->f->a, x, type);
    if (!y || k->count == COUNT_OF(k->items) || !predicate_constant(k->f->a, y, &v))
        return false;
    k->single &= k->count == 0;
    k->items[k->count++] = y;
    return true;
}

/* At least all values that the output takes: what filters rows is not looked at. */
static bool constants_of(struct constants *k, const struct bound_query *q, size_t column,
                         const struct sql_type *type) {
    bool ok = ++k->depth < 50;
    if (q->body == BQ_VALUES) {
        for (size_t i = 0; ok && i < q->row_count; i++)
            ok = add_constant(k, q->rows[i * q->column_count + column], type);
    } else if (q->body == BQ_SET) {
        ok = ok && sql_type_equal(q->left->types[column], q->types[column]) &&
             sql_type_equal(q->right->types[column], q->types[column]) &&
             constants_of(k, q->left, column, type) &&
             (q->set_op != SQL_UNION || constants_of(k, q->right, column, type));
    } else if (q->select->has_sets) {
        ok = false;
    } else {
        const struct bound *x = q->select->items[column];
        const struct bound_query *inner =
            ok && x->kind == BX_COLUMN && q->select->from == x->rel ? query_of(x->rel) : NULL;
        ok = ok && (inner ? constants_of(k, inner, x->column, type)
                          : add_constant(k, q->select->items[column], type));
    }
    k->depth--;
    return ok;
}

static struct bound *in_constants(struct finder *f, struct bound *value, const struct constants *k,
                                  size_t condition) {
    struct bound **args = ARENA_NEW_N(f->a, struct bound *, k->count + 1);
    if (!args) {
        f->failed = true;
        return NULL;
    }
    args[0] = value;
    memcpy(args + 1, k->items, k->count * sizeof(*args));
    struct bound *x =
        bound_call(f->a, "($1 IN ($2*))", sql_type_of(ST_BOOLEAN), value->pos, args, k->count + 1);
    if (!x) {
        f->failed = true;
        return NULL;
    }
    x->op = BO_IN;
    x->condition = condition;
    return x;
}

/* x IN (query of constants) */
void add_constant_in(struct finder *f, struct conjuncts *c, struct bound *x) {
    struct constants *k = ARENA_NEW(f->a, struct constants);
    if (!k) {
        f->failed = true;
        return;
    }
    k->f = f;
    if (!constants_of(k, x->query, 0, x->args[0]->type) || !k->count)
        return;
    struct bound *y = in_constants(f, x->args[0], k, x->condition);
    if (y)
        conjuncts_add(f, c, y);
}

/* y = f(column): y is one of the values of f. */
static void add_one_of(struct finder *f, struct conjuncts *c, struct bound *x, int side,
                       const struct bound_rel *r, size_t column, const struct constants *k) {
    struct constants *values = is_plain(f, x) ? ARENA_NEW(f->a, struct constants) : NULL;
    for (size_t i = 0; values && i < k->count; i++) {
        struct replacing p = {.f = f, .rel = r, .column = column, .with = k->items[i]};
        struct bound *y = replace(&p, x->args[side]);
        if (!y || y == x->args[side])
            return;
        values->items[values->count++] = y;
    }
    struct bound *y = values ? in_constants(f, x->args[!side], values, x->condition) : NULL;
    if (y)
        conjuncts_add(f, c, y);
}

/* A joined relation of constants: each of its columns in the conditions is its constant, or for
 * "y = column" one of them. */
static void add_constant_column(struct finder *f, struct conjuncts *c, struct bound_rel *r,
                                size_t column, struct constants *k) {
    size_t count = c->count;
    for (size_t i = 0; i < count && !f->failed; i++) {
        struct bound *x = c->items[i];
        if (k->single && is_plain(f, x)) {
            struct replacing p = {.f = f, .rel = r, .column = column, .with = k->items[0]};
            struct bound *y = replaced(&p, x);
            if (y && y != x)
                conjuncts_add(f, c, y);
        } else if (!k->single && x->op == BO_EQ && x->kind == BX_CALL && x->arg_count == 2) {
            for (int side = 0; side < 2; side++)
                add_one_of(f, c, x, side, r, column, k);
        }
    }
}

/* ---- scalar subqueries ---- */
static bool is_one_row(const struct bound_query *q, int depth) {
    if (q->limit >= 0 || q->offset > 0 || depth > 50)
        return false;
    if (q->body == BQ_VALUES)
        return q->row_count == 1;
    const struct bound_select *s = q->select;
    if (q->body != BQ_SELECT || s->where || s->having || s->aggregated)
        return false;
    const struct bound_query *inner = s->from && !s->from->sample ? query_of(s->from) : NULL;
    return !s->from || (inner && is_one_row(inner, depth + 1));
}

static struct bound *by_scalar(struct replacing *r, struct bound *x) {
    struct constants *k = is_one_row(x->query, 0) ? ARENA_NEW(r->f->a, struct constants) : NULL;
    if (!k)
        return x;
    k->f = r->f;
    return constants_of(k, x->query, 0, x->type) && k->count == 1 ? k->items[0] : x;
}

struct bound *with_scalars(struct finder *f, struct bound *x) {
    struct replacing r = {.f = f, .by_scalar = by_scalar};
    struct bound *y = replaced(&r, x);
    return y ? y : x;
}

/* ---- relations ---- */
struct mention {
    const struct bound_rel *rel;
    size_t column;
    bool found;
};
static bool find_mention(void *ctx, struct bound *x) {
    struct mention *m = ctx;
    m->found |= x->kind == BX_COLUMN && x->rel == m->rel && x->column == m->column;
    return !m->found && bound_each(x, find_mention, ctx);
}
static bool says_of(const struct conjuncts *c, const struct bound_rel *r, size_t column) {
    struct mention m = {r, column, false};
    for (size_t i = 0; i < c->count && !m.found; i++)
        find_mention(&m, c->items[i]);
    return m.found;
}

void add_constant_part(struct finder *f, struct conjuncts *c, struct bound_rel *r) {
    struct bound_query *q = query_of(r);
    struct constants *k = q && !r->sample ? ARENA_NEW(f->a, struct constants) : NULL;
    for (size_t i = 0; k && i < r->column_count && i < 64; i++) {
        k->f = f;
        k->count = 0;
        k->single = true;
        if (says_of(c, r, i) && constants_of(k, q, i, r->types[i]) && k->count)
            add_constant_column(f, c, r, i, k);
    }
}
