/* constraints_scan.c - conditions on one scan's columns as constraints (read from them by
 * constraints_read.c) and predicates.
 *
 * What of a condition concerns partition columns alone and is not said wholly by constraints
 * becomes a predicate.
 *
 * The engine sorts NaN above all numbers, so NaN rows satisfy > and >=; minimum and maximum do not
 * know them. A lower bound on a floating point column is therefore only given when the same
 * conditions also bound it from above, which NaN does not pass. */
#include "sql/constraints_int.h"

#define MAX_COMPARED 500 /* to find what is there already */

/* ---- adding to the scan ---- */
/* A list with room for one more; it doubles whenever its length is a power of two. */
static void *grown(struct reader *r, const void *list, size_t count, size_t size) {
    if (count & (count - 1))
        return (void *)list;
    char *p = arena_alloc(r->f->a, (count ? count * 2 : 1) * size);
    if (!p)
        r->f->failed = true;
    else if (count)
        memcpy(p, list, count * size);
    return p;
}

static bool same_constraint(const struct sql_constraint *x, struct bytes column,
                            enum sql_constraint_op op, const struct bytes *values, size_t count) {
    if (x->op != op || x->value_count != count || !bytes_eq(x->column, column))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!bytes_eq(x->values[i], values[i]))
            return false;
    return true;
}

void add_constraint(struct reader *r, size_t column, enum sql_constraint_op op,
                    const struct bytes *values, size_t count) {
    const struct sql_table_column *c = &r->rel->table->columns[column];
    struct sql_scan *s = r->scan;
    for (size_t i = 0; i < MIN_OF(s->constraint_count, (size_t)MAX_COMPARED); i++)
        if (same_constraint(&s->constraints[i], c->name, op, values, count))
            return;
    struct sql_constraint *all = grown(r, s->constraints, s->constraint_count, sizeof(*all));
    if (!all)
        return;
    all[s->constraint_count++] = (struct sql_constraint){.column = c->name,
                                                         .op = op,
                                                         .values = values,
                                                         .value_count = count,
                                                         .is_partition = c->is_partition,
                                                         .condition = r->condition};
    s->constraints = all;
}

bool is_real(const struct reader *r, size_t column) {
    enum type_kind k = r->rel->table->columns[column].type->kind;
    return k == TYPE_DOUBLE || k == TYPE_FLOAT;
}

void give(struct reader *r, size_t column, enum sql_constraint_op op, struct bytes value) {
    bool lower = op == SQL_GT || op == SQL_GE;
    struct bytes *v = ARENA_NEW_N(r->f->a, struct bytes, 1);
    r->whole &= r->rel->table->columns[column].is_partition;
    if (!v || !value.ptr) {
        r->f->failed |= !v || r->f->a->failed;
        r->whole = false;
        return;
    }
    if (is_real(r, column) && lower && !r->is_bounded[column]) {
        r->was_skipped = true;
        r->whole = false;
        return;
    }
    if (is_real(r, column) && !lower)
        r->is_bounded[column] = true;
    *v = value;
    add_constraint(r, column, op, v, 1);
}

/* No row passes. Said of the first partition column, or the first column. */
void give_nothing(struct reader *r) {
    const struct sql_table_info *t = r->rel->table;
    size_t column = 0;
    while (column < t->column_count && !t->columns[column].is_partition)
        column++;
    if (t->column_count)
        add_constraint(r, column < t->column_count ? column : 0, SQL_NONE_MATCH, NULL, 0);
}

/* ---- predicates ---- */
static bool is_partition(void *ctx, const struct bound *column) {
    const struct reader *r = ctx;
    return column->rel == r->rel && r->rel->table->columns[column->column].is_partition;
}

struct used {
    bool *columns;
    size_t count;
};
static bool note_column(void *ctx, struct bound *x) {
    struct used *u = ctx;
    if (x->kind == BX_COLUMN && !u->columns[x->column]) {
        u->columns[x->column] = true;
        u->count++;
    }
    return bound_each(x, note_column, ctx);
}

static bool fill_columns(struct reader *r, struct bound *x, struct sql_predicate *p) {
    size_t n = r->rel->table->column_count;
    struct used u = {ARENA_NEW_N(r->f->a, bool, n + 1), 0};
    if (!u.columns)
        return false;
    note_column(&u, x);
    size_t *columns = ARENA_NEW_N(r->f->a, size_t, u.count + 1);
    for (size_t i = 0; columns && i < n; i++)
        if (u.columns[i])
            columns[p->column_count++] = i;
    p->columns = columns;
    return columns != NULL;
}

static void add_predicate(struct reader *r, struct bound *x) {
    struct sql_predicate p = {.condition = r->condition};
    struct sql_scan *s = r->scan;
    p.x = predicate_compile(r->f->a, x);
    if (!p.x || !fill_columns(r, x, &p)) {
        r->f->failed = true;
        return;
    }
    if (!p.x->is_decidable || !p.column_count)
        return;
    for (size_t i = 0; i < MIN_OF(s->predicate_count, (size_t)MAX_COMPARED); i++)
        if (predicate_same(s->predicates[i].x, p.x))
            return;
    struct sql_predicate *all = grown(r, s->predicates, s->predicate_count, sizeof(*all));
    if (!all)
        return;
    all[s->predicate_count++] = p;
    s->predicates = all;
}

static bool own_column(void *ctx, const struct bound *column) {
    return column->rel == ctx;
}

static void absorb_one(struct reader *r, struct bound *x, bool again) {
    struct sql_value v;
    r->condition = x->condition ? x->condition - 1 : 0;
    r->whole = true;
    if (predicate_constant(r->f->a, x, &v)) {
        if (v.is_null || !v.truth)
            give_nothing(r);
        return;
    }
    bool read = read_condition(r, x);
    if (again || (read && r->whole))
        return;
    struct bound *w = weaken(r->f, x, is_partition, r);
    if (w)
        add_predicate(r, w);
}

void scan_absorb(struct finder *f, struct bound_rel *scan, const struct conjuncts *c) {
    struct reader r = {.f = f, .rel = scan, .scan = &f->plan->scans[scan->scan]};
    r.is_bounded = ARENA_NEW_N(f->a, bool, scan->table->column_count + 1);
    if (!r.is_bounded) {
        f->failed = true;
        return;
    }
    /* the second time, lower bounds know of the upper ones */
    for (int round = 0; round < (r.was_skipped ? 2 : 1); round++)
        for (size_t i = 0; i < c->count && !f->failed; i++) {
            struct bound *x = weaken(f, c->items[i], own_column, scan);
            if (x)
                absorb_one(&r, x, round == 1);
        }
}
