/* analyze_subquery.c - queries within expressions: scalar, EXISTS, IN, quantified comparisons.
 *
 * A query of several columns gives a row. What the engine compares only for single values is
 * written as one aggregation over the query's rows, three-valued as IN and ALL are:
 *
 *     v IN (q)    = (SELECT CASE WHEN bool_or(v = r) THEN true
 *                                WHEN bool_or(v = r IS NULL) THEN NULL ELSE false END FROM (q) r)
 */
#include "sql/analyze_int.h"

static struct bytes query_text(struct analyzer *z, const struct sql_query *q) {
    struct buf b = {0};
    sql_print_query(q, &b);
    struct bytes r = arena_copy(z->a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

/* A query that is written twice in one scope is one query: so GROUP BY knows it again. */
static struct bound_query *inner_query(struct ctx *c, struct sql_query *q, struct sql_pos pos,
                                       enum correlated_kind kind) {
    struct analyzer *z = c->z;
    struct ctx inner = *c;
    if (c->in_lambda)
        return fail(z, pos, "NOT_SUPPORTED", "Lambda expression cannot contain subqueries");
    struct bytes text = query_text(z, q);
    for (struct inner_query *i = z->inner; i; i = i->next)
        if (i->select == c->select && i->scope == c->scope && bytes_eq(i->text, text))
            return i->query;
    leave_clauses(&inner);
    struct inner_query *n = ARENA_NEW(z->a, struct inner_query);
    struct bound_query *b = n ? bind_query(&inner, q) : NULL;
    if (b && !check_correlated(z, b, kind, q->pos))
        return NULL;
    if (b && c->select && c->scope) {
        *n = (struct inner_query){c->select, c->scope, text, b, z->inner};
        z->inner = n;
    }
    return b;
}

static struct bound *over_query(struct ctx *c, enum bound_kind kind, const struct sql_type *t,
                                struct sql_pos pos, struct bound_query *q) {
    struct bound *x = q ? bound_new(c->z->a, kind, t, pos) : NULL;
    if (x)
        x->query = q;
    return x;
}

struct bound *bind_exists(struct ctx *c, const struct sql_expr *e) {
    return over_query(c, BX_EXISTS, sql_type_of(ST_BOOLEAN), e->pos,
                      inner_query(c, e->query, e->pos, CORRELATED_EXISTS));
}

/* ---- queries over queries ---- */

/* SELECT x FROM r */
static struct bound_query *select_one(struct ctx *c, struct bound_rel *r, struct bound *x) {
    struct bound_query *q = x ? new_query(c->z, BQ_SELECT, 1) : NULL;
    if (!q || !(q->select = ARENA_NEW(c->z->a, struct bound_select)) ||
        !(q->select->items = ARENA_NEW_N(c->z->a, struct bound *, 1)))
        return NULL;
    q->select->from = r;
    r->owner = q->select;
    q->select->items[0] = x;
    q->select->item_count = 1;
    q->types[0] = x->type;
    return q;
}

/* The outputs of r as one row. */
static struct bound *row_of(struct ctx *c, struct bound_rel *r, struct sql_pos pos) {
    size_t n = r->column_count;
    struct bound **xs = ARENA_NEW_N(c->z->a, struct bound *, n + 1);
    for (size_t i = 0; xs && i < n; i++)
        if (!(xs[i] = column_of(c->z, r, i, pos)))
            return NULL;
    const struct sql_type *t = xs ? sql_type_row(c->z->a, r->types, r->query->names, n) : NULL;
    struct bound *x = t ? bound_call(c->z->a, NULL, t, pos, xs, n) : NULL;
    if (x)
        x->kind = BX_ROW;
    return x;
}

/* One row of nothing. */
static struct bound_rel *single_row(struct ctx *c, struct sql_pos pos) {
    struct bound_query *q = new_query(c->z, BQ_VALUES, 1);
    if (!q || !(q->rows = ARENA_NEW_N(c->z->a, struct bound *, 1)) ||
        !(q->rows[0] = integer_literal(c->z, 1, pos)))
        return NULL;
    q->types[0] = q->rows[0]->type;
    q->row_count = 1;
    return query_rel(c->z, q);
}

/* SELECT ROW(c0, ..) FROM one LEFT JOIN q ON true: without rows it is a row of NULLs. */
static struct bound_query *row_query(struct ctx *c, struct bound_query *q, struct sql_pos pos) {
    struct bound_rel *r = query_rel(c->z, q), *one = r ? single_row(c, pos) : NULL;
    struct bound_rel *join = one ? new_rel(c->z, REL_JOIN, 0) : NULL;
    struct bound *row = join ? row_of(c, r, pos) : NULL;
    struct bound_query *ret = row ? select_one(c, join, row) : NULL;
    if (!ret)
        return NULL;
    join->join = SQL_JOIN_LEFT;
    join->left = one;
    join->right = r;
    one->owner = r->owner = ret->select;
    return ret;
}

struct bound *bind_scalar(struct ctx *c, const struct sql_expr *e) {
    struct bound_query *q = inner_query(c, e->query, e->pos, CORRELATED_SCALAR);
    if (q && q->column_count != 1)
        q = row_query(c, q, e->pos);
    return q ? over_query(c, BX_SCALAR, q->types[0], e->pos, q) : NULL;
}

/* ---- comparisons ---- */
struct comparing {
    struct ctx *c;
    struct sql_pos pos;
    enum sql_op op;
    bool all;
    struct bound *value;      /* as a row unless NULL */
    const struct sql_type *t; /* the common type, a row */
    struct bound_query *query;
};

static struct bound *as_row(struct ctx *c, struct bound *x) {
    if (x->type->kind == ST_ROW || x->type->kind == ST_UNKNOWN)
        return x;
    const struct sql_type *t = sql_type_row(c->z->a, &x->type, NULL, 1);
    struct bound *row = t ? bound_call(c->z->a, NULL, t, x->pos, &x, 1) : NULL;
    if (row)
        row->kind = BX_ROW;
    return row;
}

static bool find_common(struct comparing *k, struct bound *value) {
    struct ctx *c = k->c;
    struct bound_query *q = k->query;
    const struct sql_type *rows = sql_type_row(c->z->a, q->types, q->names, q->column_count);
    if (!(k->value = as_row(c, value)) || !rows)
        return false;
    k->t = sql_type_common(c->z->a, k->value->type, rows);
    if (!k->t)
        return fail(c->z, k->pos, "TYPE_MISMATCH",
                    "Value expression and result of subquery must be of the same type: %.*s vs "
                    "%.*s",
                    BYTES_ARG(type_text(c->z, k->value->type)), BYTES_ARG(type_text(c->z, rows))),
               false;
    bool is_equality = k->op == SQL_OP_EQ || k->op == SQL_OP_NE;
    if (is_equality ? sql_type_is_comparable(k->t) : sql_type_is_orderable(k->t))
        return true;
    fail(c->z, k->pos, "TYPE_MISMATCH",
         "Type [%.*s] must be %s in order to be used in quantified comparison",
         BYTES_ARG(type_text(c->z, k->t)), is_equality ? "comparable" : "orderable");
    return false;
}

/* One value against one column of a type that the engine compares as Trino does. */
static struct bound *compare_plainly(struct comparing *k, enum bound_kind kind) {
    struct ctx *c = k->c;
    struct bound *v = k->value->kind == BX_ROW ? k->value->args[0] : NULL;
    if (!v && k->value->type->kind == ST_UNKNOWN)
        v = k->value;
    struct bound *x = v ? over_query(c, kind, sql_type_of(ST_BOOLEAN), k->pos, k->query) : NULL;
    if (!x || !(x->args = ARENA_NEW_N(c->z->a, struct bound *, 2)))
        return NULL;
    x->args[0] = bound_cast(c->z->a, v, k->t->children[0]); /* the type to compare in */
    x->arg_count = 1;
    x->sql = sql_op_text(k->op);
    x->all = k->all;
    return x->args[0] ? x : NULL;
}

static bool has_plain_type(const struct sql_type *t) {
    return !t->child_count && !t->zoned && t->kind != ST_TIME_TZ;
}

static struct bound *compare_rows(struct comparing *k) {
    struct ctx *c = k->c;
    static const char *const any = "CASE WHEN {bool_or($1)} THEN true "
                                   "WHEN {bool_or(($1) IS NULL)} THEN NULL ELSE false END";
    static const char *const all = "CASE WHEN NOT {bool_and($1)} THEN false "
                                   "WHEN {bool_or(($1) IS NULL)} THEN NULL ELSE true END";
    struct bound_rel *r = query_rel(c->z, k->query);
    struct bound *row = r ? row_of(c, r, k->pos) : NULL;
    struct bound *value = row ? bound_cast(c->z->a, k->value, k->t) : NULL;
    struct bound *eq = value ? bind_comparison(c, k->op, value, row, k->pos) : NULL;
    struct bound *x =
        eq ? bound_call(c->z->a, k->all ? all : any, sql_type_of(ST_BOOLEAN), k->pos, &eq, 1)
           : NULL;
    if (x)
        x->kind = BX_AGG;
    struct bound_query *q = x ? select_one(c, r, x) : NULL;
    if (q)
        q->select->aggregated = true;
    return q ? over_query(c, BX_SCALAR, sql_type_of(ST_BOOLEAN), k->pos, q) : NULL;
}

static struct bound *compare_query(struct comparing *k, enum bound_kind kind,
                                   struct sql_expr *value, struct sql_query *query) {
    bool is_in = k->op == SQL_OP_EQ ? !k->all : k->op == SQL_OP_NE && k->all;
    struct bound *v = bind_expr(k->c, value);
    k->query =
        v ? inner_query(k->c, query, k->pos, is_in ? CORRELATED_IN : CORRELATED_COMPARED) : NULL;
    if (!k->query || !find_common(k, v))
        return NULL;
    bool single = k->t->child_count == 1 && has_plain_type(k->t->children[0]) &&
                  (k->value->kind == BX_ROW || k->value->type->kind == ST_UNKNOWN);
    return single ? compare_plainly(k, kind) : compare_rows(k);
}

struct bound *bind_in_query(struct ctx *c, const struct sql_expr *e) {
    struct comparing k = {.c = c, .pos = e->pos, .op = SQL_OP_EQ};
    struct bound *x = compare_query(&k, BX_IN_QUERY, e->in.value, e->in.query);
    if (!x || !e->in.negated)
        return x;
    if (x->kind != BX_IN_QUERY)
        return bind_not(c, x);
    x->negated = true;
    return x;
}

struct bound *bind_quantified(struct ctx *c, const struct sql_expr *e) {
    struct comparing k = {.c = c, .pos = e->pos, .op = e->quantified.op, .all = e->quantified.all};
    return compare_query(&k, BX_QUANTIFIED, e->quantified.value, e->quantified.query);
}
