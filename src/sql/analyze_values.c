/* analyze_values.c - VALUES.
 *
 * Each row is an expression: ROW(a, b) or (a, b) gives its items, any other row value its fields,
 * everything else is a row of one column. Columns take the common type of all rows, and their names
 * where all rows have the same ones. */
#include "sql/analyze_int.h"

static struct bound *bind_row_value(struct ctx *c, struct sql_expr *e) {
    struct ctx inner = *c;
    enter_clause(&inner, "VALUES", e);
    struct bound *x = bind_expr(&inner, e);
    if (!x || x->type->kind == ST_ROW)
        return x;
    const struct sql_type *t = sql_type_row(c->z->a, &x->type, NULL, 1);
    struct bound *row = t ? bound_call(c->z->a, NULL, t, x->pos, &x, 1) : NULL;
    if (row)
        row->kind = BX_ROW;
    return row;
}

static const struct sql_type *common_row(struct ctx *c, struct bound *const *rows, size_t n,
                                         struct sql_pos pos) {
    struct analyzer *z = c->z;
    const struct sql_type *first = rows[0]->type, *t = first;
    for (size_t i = 1; i < n; i++) {
        const struct sql_type *x = rows[i]->type;
        if (x->child_count != first->child_count)
            return fail(z, pos, "TYPE_MISMATCH", "Values rows have mismatched sizes: %zu vs %zu",
                        first->child_count, x->child_count);
        const struct sql_type *both = sql_type_common(z->a, x, t);
        if (!both)
            return fail(z, pos, "TYPE_MISMATCH", "Values rows have mismatched types: %.*s vs %.*s",
                        BYTES_ARG(type_text(z, first)), BYTES_ARG(type_text(z, x)));
        t = both;
    }
    return t;
}

static bool fill(struct ctx *c, struct bound_query *q, struct bound *const *rows,
                 const struct sql_type *t) {
    for (size_t j = 0; j < q->column_count; j++) {
        q->types[j] = t->children[j];
        q->names[j] = t->names[j];
    }
    for (size_t i = 0; i < q->row_count; i++)
        for (size_t j = 0; j < q->column_count; j++) {
            struct bound *x = row_field(c, rows[i], j);
            if (!x || !(x = bound_cast(c->z->a, x, q->types[j])))
                return false;
            q->rows[i * q->column_count + j] = x;
        }
    return true;
}

struct bound_query *bind_values(struct ctx *outer, const struct sql_body *b) {
    struct ctx c = *outer;
    size_t n = b->values.count;
    struct bound **rows = ARENA_NEW_N(c.z->a, struct bound *, n + 1);
    c.select = NULL;
    for (size_t i = 0; rows && i < n; i++)
        if (!(rows[i] = bind_row_value(&c, b->values.items[i])))
            return NULL;
    const struct sql_type *t = rows ? common_row(&c, rows, n, b->pos) : NULL;
    struct bound_query *q = t ? new_query(c.z, BQ_VALUES, t->child_count) : NULL;
    if (!q || !(q->rows = ARENA_NEW_N(c.z->a, struct bound *, n * t->child_count + 1)))
        return NULL;
    q->row_count = n;
    return fill(&c, q, rows, t) ? q : NULL;
}
