/* constraints.c - brings the conditions of a statement to its scans.
 *
 * Top down, each relation is given conditions that hold (are true) for every one of its rows that
 * matters for the answer; its other rows may be left unread, since the engine still applies the
 * whole statement. What is handed down, and why that is sound:
 *
 *   SELECT        conjuncts of WHERE, and of HAVING as far as they speak of groups only
 *   inner joins   WHERE and all ON together: a joined row satisfies every one. An equality of two
 *                 columns among them lets each condition on one be said of the other too.
 *   outer joins   The preserved side gets what is said of it from above: its columns reach the
 *                 result unchanged. The other side gets the ON condition, with the conditions on
 *                 the preserved side carried over by equalities in ON: rows without a partner do
 *                 not appear. From above it gets only conditions that NULLs do not satisfy: without
 *                 the row its partner would be joined with NULLs, and then be refused.
 *                 What a side was given holds for its rows also above the join, unless they are
 *                 NULLs; where another condition rules that out, it is carried on by equalities.
 *                 Of a FULL join both sides are the other side, and ON says nothing.
 *   subquery      Columns are replaced by the expressions they stand for. Not past LIMIT or OFFSET;
 *                 past GROUP BY only what is made of groups in every grouping set, past windows
 *                 only what is made of every window's PARTITION BY: whole groups are kept or left
 *                 out. DISTINCT and ORDER BY do not matter.
 *   set operation Both sides: a row of the result equals one of the side's.
 *   WITH          One reference: as a subquery. Several read the same rows: the OR of what all
 *                 references are given, when each is given something. Recursive ones get nothing.
 *   x IN (query)  The query gets what is said of x; x gets the values of a query of constants.
 *   TABLESAMPLE   nothing: a sample of less is another sample. */
#include "sql/constraints_int.h"

#define MAX_NODES ((size_t)2000000)

/* ---- what passes into a query ---- */
struct keys {
    struct bound *const *items;
    size_t count;
    bool over; /* found so far */
};
static bool is_over(void *ctx, struct bound *x) {
    struct keys *k = ctx;
    for (size_t i = 0; i < k->count; i++)
        if (k->items[i] && bound_equal(x, k->items[i]))
            return true;
    if (x->kind == BX_COLUMN || x->kind == BX_AGG || x->kind == BX_GROUPING ||
        x->kind == BX_PARAM || x->query) {
        k->over = false;
        return false;
    }
    return bound_each(x, is_over, ctx);
}
static bool made_of(struct bound *x, struct bound *const *keys, size_t count) {
    struct keys k = {keys, count, true};
    is_over(&k, x);
    return k.over;
}

/* Groups that are in every grouping set; the others are NULL. */
static struct bound **common_groups(struct finder *f, const struct bound_select *s) {
    struct bound **r = ARENA_NEW_N(f->a, struct bound *, s->group_count + 1);
    f->failed |= !r;
    for (size_t g = 0; r && g < s->group_count; g++) {
        bool everywhere = s->set_count > 0;
        for (size_t i = 0; i < s->set_count; i++) {
            bool here = false;
            for (size_t j = 0; j < s->sets[i].count; j++)
                here |= s->sets[i].items[j] == g;
            everywhere &= here;
        }
        r[g] = everywhere ? s->groups[g] : NULL;
    }
    return r;
}

struct window_check {
    struct bound *item;
    bool passes;
};
static bool check_window(void *ctx, struct bound *x) {
    struct window_check *w = ctx;
    if (x->kind == BX_AGG && x->over)
        w->passes &= made_of(w->item, x->over->partition, x->over->partition_count);
    return w->passes && bound_each(x, check_window, ctx);
}

static bool passes(struct finder *f, const struct bound_query *q, struct bound *item) {
    const struct bound_select *s = q->select;
    struct window_check w = {item, true};
    for (size_t i = 0; i < s->item_count && w.passes; i++)
        check_window(&w, s->items[i]);
    for (size_t i = 0; i < q->order.count && w.passes; i++)
        check_window(&w, q->order.items[i].x);
    if (!w.passes || !s->aggregated)
        return w.passes;
    struct bound **groups = s->group_count ? common_groups(f, s) : NULL;
    return groups && made_of(item, groups, s->group_count);
}

static struct bound *by_item(struct replacing *r, const struct bound *column) {
    return r->query->select->items[column->column];
}
static bool passes_in(void *ctx, const struct bound *column) {
    struct replacing *r = ctx;
    return column->rel != r->rel || passes(r->f, r->query, r->query->select->items[column->column]);
}

static struct bound *by_side(struct replacing *r, const struct bound *column) {
    struct bound *x =
        new_column(r->f, (struct bound_rel *)r->with->rel, column->column, column->pos);
    return x ? bound_cast(r->f->a, x, r->types[column->column]) : NULL;
}

/* ---- queries ---- */
static void walk_select(struct finder *f, struct bound_query *q, const struct bound_rel *r,
                        const struct conjuncts *given) {
    struct bound_select *s = q->select;
    struct conjuncts c = {0}, having = {0};
    struct replacing in = {.f = f, .rel = r, .by = by_item, .query = q};
    add_conditions(f, &c, s->where);
    for (size_t i = 0; i < given->count && !f->failed; i++) {
        struct bound *x = weaken(f, given->items[i], passes_in, &in);
        x = x ? replaced(&in, x) : NULL;
        if (x)
            add_conditions(f, &c, x);
    }
    if (s->having && s->group_count && conjuncts_add(f, &having, s->having)) {
        struct bound **groups = common_groups(f, s);
        for (size_t i = 0; groups && i < having.count; i++)
            if (made_of(having.items[i], groups, s->group_count))
                add_conditions(f, &c, having.items[i]);
    }
    if (s->from) {
        struct fact *facts = NULL;
        walk_rel(f, s->from, &c, &facts);
        walk_ons(f, s->from);
    }
    if (s->where)
        walk_expr(f, s->where);
    if (s->having)
        walk_expr(f, s->having);
    for (size_t i = 0; i < s->item_count; i++)
        walk_expr(f, s->items[i]);
    for (size_t i = 0; i < s->group_count; i++)
        walk_expr(f, s->groups[i]);
}

static void walk_side(struct finder *f, const struct bound_query *q, struct bound_query *side,
                      const struct bound_rel *r, const struct conjuncts *given) {
    struct conjuncts c = {0};
    struct bound_rel *pseudo = new_pseudo(f, side);
    struct bound with = {.rel = pseudo};
    struct replacing to = {.f = f, .rel = r, .by = by_side, .with = &with, .types = q->types};
    for (size_t i = 0; pseudo && i < given->count && !f->failed; i++) {
        struct bound *x = is_plain(f, given->items[i]) ? replaced(&to, given->items[i]) : NULL;
        if (x)
            conjuncts_add(f, &c, x);
    }
    walk_query(f, side, pseudo, &c);
}

static bool has_equal(const struct conjuncts *c, const struct bound *x) {
    for (size_t i = 0; i < c->count; i++)
        if (bound_equal(c->items[i], x))
            return true;
    return false;
}

/* What all references are given; then one OR of the rest. */
static void unite(struct finder *f, const struct conjuncts *refs, size_t count,
                  struct conjuncts *ret) {
    struct bound **any = ARENA_NEW_N(f->a, struct bound *, count + 1);
    bool rest = true;
    f->failed |= !any;
    for (size_t i = 0; any && i < count; i++) {
        struct conjuncts own = {0};
        for (size_t k = 0; k < refs[i].count; k++) {
            bool common = true;
            for (size_t j = 0; j < count; j++)
                common &= has_equal(&refs[j], refs[i].items[k]);
            conjuncts_add(f, common ? ret : &own, refs[i].items[k]);
        }
        rest &= own.count > 0;
        if (rest && !f->failed)
            any[i] = own.count > 1 ? joined(f, false, own.items, own.count) : own.items[0];
    }
    if (rest && any && !f->failed) {
        struct bound *x = joined(f, true, any, count);
        if (x)
            conjuncts_add(f, ret, x);
    }
}

static void walk_with(struct finder *f, struct bound_with *w) {
    struct conjuncts c = {0};
    struct bound_rel *pseudo = new_pseudo(f, w->query);
    struct conjuncts *refs = ARENA_NEW_N(f->a, struct conjuncts, w->references + 1);
    size_t n = 0;
    f->failed |= !refs;
    struct bound with = {.rel = pseudo};
    for (struct reference *r = f->references; pseudo && r && !f->failed; r = r->next) {
        if (r->with != w || n == w->references)
            continue;
        struct replacing to = {
            .f = f, .rel = r->rel, .by = by_side, .with = &with, .types = w->query->types};
        for (size_t i = 0; i < r->given.count && !f->failed; i++) {
            struct bound *x =
                is_plain(f, r->given.items[i]) ? replaced(&to, r->given.items[i]) : NULL;
            if (x)
                conjuncts_add(f, &refs[w->references - 1 - n], x);
        }
        n++;
    }
    if (!f->failed && n && n == w->references && !w->recursive) {
        if (n == 1)
            c = refs[0];
        else
            unite(f, refs, n, &c);
    }
    if (!f->failed)
        walk_query(f, w->query, pseudo, &c);
}

bool walk_expr(void *ctx, struct bound *x) {
    static const struct conjuncts none = {0};
    if (x->query)
        walk_query(ctx, x->query, NULL, &none);
    return bound_each(x, walk_expr, ctx);
}

/* `c` holds of q's outputs, as columns of r. */
void walk_query(struct finder *f, struct bound_query *q, const struct bound_rel *r,
                const struct conjuncts *c) {
    static const struct conjuncts none = {0};
    if (q->walked || f->failed)
        return;
    q->walked = true;
    if (q->limit >= 0 || q->offset > 0)
        c = &none;
    if (q->body == BQ_SET) {
        walk_side(f, q, q->left, r, c);
        walk_side(f, q, q->right, r, c);
    } else if (q->body == BQ_SELECT) {
        walk_select(f, q, r, c);
    }
    for (size_t i = 0; q->body == BQ_VALUES && i < q->row_count * q->column_count; i++)
        walk_expr(f, q->rows[i]);
    for (size_t i = 0; i < q->order.count; i++)
        walk_expr(f, q->order.items[i].x);
    for (size_t i = q->with_count; i-- > 0;)
        walk_with(f, q->with[i]);
}

int bound_find_constraints(struct arena *a, struct sql_plan *p, struct err *e) {
    static const struct conjuncts none = {0};
    struct finder f = {.a = a, .plan = p, .budget = MAX_NODES};
    walk_query(&f, p->query, NULL, &none);
    return f.failed || a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
