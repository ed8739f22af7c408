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

static void walk_query(struct finder *f, struct bound_query *q, const struct bound_rel *r,
                       const struct conjuncts *c);
static bool walk_expr(void *ctx, struct bound *x);
static void walk_rel(struct finder *f, struct bound_rel *r, const struct conjuncts *c);

/* ---- copies with other columns ---- */
struct replacing {
    struct finder *f;
    const struct bound_rel *rel;
    size_t column; /* SIZE_MAX: all of rel */
    struct bound *with;
    /* or, for all columns of rel */
    struct bound *(*by)(struct replacing *r, const struct bound *column);
    const struct bound_query *query;
    const struct sql_type *const *types;
};

/* There and back: the value itself. */
static struct bound *collapsed(struct bound *x) {
    struct bound *inner = x->kind == BX_CAST ? x->args[0] : x;
    return x->kind == BX_CAST && inner->kind == BX_CAST && inner->is_exact &&
                   sql_type_equal(inner->args[0]->type, x->type)
               ? inner->args[0]
               : x;
}

static struct bound *replace(struct replacing *r, struct bound *x) {
    struct bound *copy = NULL;
    if (!r->f->budget || r->f->failed)
        return NULL;
    r->f->budget--;
    if (x->kind == BX_COLUMN) {
        if (x->rel != r->rel && r->rel)
            return x;
        if (r->by)
            return r->by(r, x);
        return x->column == r->column ? r->with : x;
    }
    for (size_t i = 0; i < x->arg_count; i++) {
        struct bound *y = replace(r, x->args[i]);
        if (!y)
            return NULL;
        if (y == x->args[i])
            continue;
        if (!copy) {
            copy = ARENA_NEW(r->f->a, struct bound);
            struct bound **args = ARENA_NEW_N(r->f->a, struct bound *, x->arg_count);
            if (!copy || !args) {
                r->f->failed = true;
                return NULL;
            }
            memcpy(args, x->args, x->arg_count * sizeof(*args));
            *copy = *x;
            copy->args = args;
        }
        copy->args[i] = y;
    }
    return copy ? collapsed(copy) : x;
}

/* x as a whole, with its condition's number. */
static struct bound *replaced(struct replacing *r, struct bound *x) {
    struct bound *y = replace(r, x);
    if (!y || y->condition || !x->condition)
        return y;
    struct bound *copy = ARENA_NEW(r->f->a, struct bound);
    if (!copy) {
        r->f->failed = true;
        return NULL;
    }
    *copy = *y;
    copy->condition = x->condition;
    return copy;
}

static bool any_column(void *ctx, const struct bound *column) {
    (void)ctx;
    (void)column;
    return true;
}
static bool is_plain(struct finder *f, struct bound *x) {
    return weaken(f, x, any_column, NULL) == x;
}

static struct bound_rel *new_pseudo(struct finder *f, struct bound_query *q) {
    struct bound_rel *r = ARENA_NEW(f->a, struct bound_rel);
    if (!r) {
        f->failed = true;
        return NULL;
    }
    r->kind = REL_QUERY;
    r->id = -1;
    r->query = q;
    r->column_count = q->column_count;
    r->types = q->types;
    return r;
}

static struct bound *new_column(struct finder *f, struct bound_rel *r, size_t column,
                                struct sql_pos pos) {
    struct bound *x = bound_new(f->a, BX_COLUMN, r->types[column], pos);
    if (!x) {
        f->failed = true;
        return NULL;
    }
    x->rel = r;
    x->column = column;
    return x;
}

static struct bound *joined(struct finder *f, bool any, struct bound **items, size_t count) {
    struct bound *x = bound_call(f->a, any ? "@or" : "@and", sql_type_of(ST_BOOLEAN), items[0]->pos,
                                 items, count);
    if (!x) {
        f->failed = true;
        return NULL;
    }
    x->op = any ? BO_OR : BO_AND;
    x->condition = items[0]->condition;
    return x;
}

/* ---- sides of joins ---- */
/* Ids grow from left to right, a join's before its sides'. */
struct side {
    const struct bound_rel *rel;
    int before; /* ids are below; 0: no end */
};
static bool in_side(void *ctx, const struct bound *column) {
    const struct side *s = ctx;
    if (s->rel->kind != REL_JOIN)
        return column->rel == s->rel;
    return column->rel->id > s->rel->id && (!s->before || column->rel->id < s->before);
}

static void add_side(struct finder *f, const struct conjuncts *from, struct side s,
                     struct conjuncts *to) {
    for (size_t i = 0; i < from->count && !f->failed; i++) {
        struct bound *w = weaken(f, from->items[i], in_side, &s);
        if (w)
            conjuncts_add(f, to, w);
    }
}

static struct bound *by_null(struct replacing *r, const struct bound *column) {
    return bound_null(r->f->a, column->type, column->pos);
}
/* Not true when all columns are NULL. */
static bool rejects_null(struct finder *f, struct bound *x) {
    struct replacing r = {.f = f, .by = by_null};
    struct bound *y = replace(&r, x);
    struct sql_value v;
    return y && predicate_constant(f->a, y, &v) && (v.is_null || !v.truth);
}

static void add_nullable_side(struct finder *f, const struct conjuncts *from, struct side s,
                              struct conjuncts *to) {
    for (size_t i = 0; i < from->count && !f->failed; i++) {
        struct bound *w = weaken(f, from->items[i], in_side, &s);
        if (w && rejects_null(f, w))
            conjuncts_add(f, to, w);
    }
}

/* ---- equalities ---- */
/* Types whose equal values are the same in every respect. */
static bool is_exact(const struct sql_type *t) {
    return sql_type_is_integer(t) || t->kind == ST_VARCHAR || t->kind == ST_DATE ||
           t->kind == ST_BOOLEAN || t->kind == ST_TIMESTAMP;
}
static struct bound *column_in(struct bound *x) {
    while (x->kind == BX_CAST && is_exact(x->type) && x->args[0]->type->kind <= x->type->kind &&
           is_exact(x->args[0]->type) && sql_type_can_coerce(x->args[0]->type, x->type))
        x = x->args[0];
    return x->kind == BX_COLUMN && is_exact(x->type) ? x : NULL;
}
static bool is_equality(struct bound *x, struct bound **a, struct bound **b) {
    if (x->kind != BX_CALL || x->op != BO_EQ || x->arg_count != 2)
        return false;
    *a = column_in(x->args[0]);
    *b = column_in(x->args[1]);
    return *a && *b;
}

static void derive(struct finder *f, struct conjuncts *c, struct bound *x, struct bound *from,
                   struct bound *to) {
    struct bound *with = bound_cast(f->a, to, from->type);
    if (with && with != to)
        with->is_exact = true;
    struct replacing r = {.f = f, .rel = from->rel, .column = from->column, .with = with};
    struct bound *y = with ? replaced(&r, x) : NULL;
    f->failed |= !with;
    if (y && y != x)
        conjuncts_add(f, c, y);
}

/* Adds what follows by equalities of columns. a = b holds, so that a condition on a holds for b in
 * a's type as well. */
static void close_equalities(struct finder *f, struct conjuncts *c) {
    struct bound *eq[64][2], *a, *b;
    size_t n = 0, max = c->count * 4 + 64;
    for (size_t i = 0; i < c->count && n < COUNT_OF(eq); i++)
        if (is_equality(c->items[i], &a, &b) && (a->rel != b->rel || a->column != b->column)) {
            eq[n][0] = a;
            eq[n++][1] = b;
        }
    for (size_t i = 0; n && i < c->count && c->count < max && !f->failed; i++) {
        struct bound *x = c->items[i];
        if (is_equality(x, &a, &b) || !is_plain(f, x))
            continue;
        for (size_t k = 0; k < n; k++) {
            derive(f, c, x, eq[k][0], eq[k][1]);
            derive(f, c, x, eq[k][1], eq[k][0]);
        }
    }
}

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
static void add_constant_in(struct finder *f, struct conjuncts *c, struct bound *x) {
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

static bool says_of(struct finder *f, const struct conjuncts *c, const struct bound_rel *r,
                    size_t column);

static void add_constant_part(struct finder *f, struct conjuncts *c, struct bound_rel *r) {
    struct bound_query *q = query_of(r);
    struct constants *k = q && !r->sample ? ARENA_NEW(f->a, struct constants) : NULL;
    for (size_t i = 0; k && i < r->column_count && i < 64; i++) {
        k->f = f;
        k->count = 0;
        k->single = true;
        if (says_of(f, c, r, i) && constants_of(k, q, i, r->types[i]) && k->count)
            add_constant_column(f, c, r, i, k);
    }
}

/* ---- joins ---- */
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
static bool says_of(struct finder *f, const struct conjuncts *c, const struct bound_rel *r,
                    size_t column) {
    struct mention m = {r, column, false};
    for (size_t i = 0; i < c->count && !m.found; i++)
        find_mention(&m, c->items[i]);
    (void)f;
    return m.found;
}

static void add_condition(struct finder *f, struct conjuncts *c, struct bound *x) {
    if (x && x->kind == BX_IN_QUERY && !x->negated)
        add_constant_in(f, c, x);
    if (x)
        conjuncts_add(f, c, x);
}
static void add_conditions(struct finder *f, struct conjuncts *c, struct bound *x) {
    struct conjuncts split = {0};
    if (x && conjuncts_add(f, &split, x))
        for (size_t i = 0; i < split.count; i++)
            add_condition(f, c, split.items[i]);
}

struct part {
    struct bound_rel *rel;
    int before;
};
struct parts {
    struct part *items;
    size_t count, room;
};

static bool is_inner(const struct bound_rel *r) {
    return r->kind == REL_JOIN && r->join != SQL_JOIN_LEFT && r->join != SQL_JOIN_RIGHT &&
           r->join != SQL_JOIN_FULL;
}

/* What inner joins join, with their ON conditions. */
static void flatten(struct finder *f, struct bound_rel *r, int before, struct parts *p,
                    struct conjuncts *c) {
    if (is_inner(r)) {
        flatten(f, r->left, r->right->id, p, c);
        flatten(f, r->right, before, p, c);
        add_conditions(f, c, r->on);
        return;
    }
    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : 8;
        struct part *grown = ARENA_NEW_N(f->a, struct part, room);
        if (!grown) {
            f->failed = true;
            return;
        }
        if (p->count)
            memcpy(grown, p->items, p->count * sizeof(*grown));
        p->items = grown;
        p->room = room;
    }
    p->items[p->count++] = (struct part){r, before};
}

/* x IN (query): the query need only give values that pass what is said of x. */
static void walk_in_query(struct finder *f, struct bound *x, const struct conjuncts *c) {
    struct bound *column = column_in(x->args[0]);
    struct conjuncts given = {0};
    struct bound_rel *r = new_pseudo(f, x->query);
    if (!r || x->query->walked || !column || !is_exact(x->query->types[0]))
        return;
    struct bound *with = new_column(f, r, 0, x->pos);
    struct bound *plain = with;
    with = with ? bound_cast(f->a, with, column->type) : NULL;
    f->failed |= !with;
    if (with && with != plain)
        with->is_exact = true;
    for (size_t i = 0; i < c->count && !f->failed; i++) {
        struct bound *y = c->items[i];
        struct replacing p = {.f = f, .rel = column->rel, .column = column->column, .with = with};
        struct bound *z = y != x && is_plain(f, y) ? replaced(&p, y) : NULL;
        if (z && z != y)
            conjuncts_add(f, &given, z);
    }
    walk_query(f, x->query, r, &given);
}

static void walk_outer_join(struct finder *f, struct bound_rel *r, int before,
                            const struct conjuncts *c) {
    struct side left = {r->left, r->right->id}, right = {r->right, before};
    struct conjuncts to_left = {0}, to_right = {0}, on = {0};
    bool keeps_left = r->join == SQL_JOIN_LEFT, keeps_right = r->join == SQL_JOIN_RIGHT;
    if (keeps_left)
        add_side(f, c, left, &to_left);
    else
        add_nullable_side(f, c, left, &to_left);
    if (keeps_right)
        add_side(f, c, right, &to_right);
    else
        add_nullable_side(f, c, right, &to_right);
    if (keeps_left || keeps_right) {
        const struct conjuncts *kept = keeps_left ? &to_left : &to_right;
        add_conditions(f, &on, r->on);
        for (size_t i = 0; i < kept->count; i++)
            conjuncts_add(f, &on, kept->items[i]);
        close_equalities(f, &on);
        add_side(f, &on, keeps_left ? right : left, keeps_left ? &to_right : &to_left);
    }
    walk_rel(f, r->left, &to_left);
    walk_rel(f, r->right, &to_right);
}

/* ---- relations ---- */
/* What a reference to a WITH query is given, until all are known. */
struct reference {
    const struct bound_with *with;
    const struct bound_rel *rel;
    struct conjuncts given;
    struct reference *next;
};

static void note_reference(struct finder *f, const struct bound_rel *r, const struct conjuncts *c) {
    struct reference *n = ARENA_NEW(f->a, struct reference);
    if (!n) {
        f->failed = true;
        return;
    }
    *n = (struct reference){r->with, r, {0}, f->references};
    for (size_t i = 0; !r->sample && i < c->count; i++)
        conjuncts_add(f, &n->given, c->items[i]);
    f->references = n;
}

static void walk_leaf(struct finder *f, struct bound_rel *r, const struct conjuncts *c) {
    static const struct conjuncts none = {0};
    if (r->kind == REL_SCAN && !r->sample)
        scan_absorb(f, r, c);
    else if (r->kind == REL_QUERY)
        walk_query(f, r->query, r, r->sample ? &none : c);
    else if (r->kind == REL_CTE)
        note_reference(f, r, c);
    for (size_t i = 0; i < r->arg_count; i++)
        walk_expr(f, r->args[i]);
}

static void walk_ons(struct finder *f, struct bound_rel *r) {
    if (r->kind != REL_JOIN)
        return;
    walk_ons(f, r->left);
    walk_ons(f, r->right);
    if (r->on)
        walk_expr(f, r->on);
}

/* `c` holds on r's rows; columns of other relations may occur in it. */
static void walk_rel(struct finder *f, struct bound_rel *r, const struct conjuncts *c) {
    struct conjuncts all = {0};
    struct parts p = {0};
    for (size_t i = 0; i < c->count; i++)
        add_condition(f, &all, c->items[i]);
    flatten(f, r, 0, &p, &all);
    for (size_t i = 0; i < p.count && !f->failed; i++)
        add_constant_part(f, &all, p.items[i].rel);
    close_equalities(f, &all);
    for (size_t i = 0; i < all.count && !f->failed; i++)
        if (all.items[i]->kind == BX_IN_QUERY && !all.items[i]->negated)
            walk_in_query(f, all.items[i], &all);
    for (size_t i = 0; i < p.count && !f->failed; i++) {
        struct bound_rel *part = p.items[i].rel;
        struct conjuncts own = {0};
        add_side(f, &all, (struct side){part, p.items[i].before}, &own);
        if (part->kind == REL_JOIN)
            walk_outer_join(f, part, p.items[i].before, &own);
        else
            walk_leaf(f, part, &own);
    }
}

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
        walk_rel(f, s->from, &c);
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

static bool walk_expr(void *ctx, struct bound *x) {
    static const struct conjuncts none = {0};
    if (x->query)
        walk_query(ctx, x->query, NULL, &none);
    return bound_each(x, walk_expr, ctx);
}

/* `c` holds of q's outputs, as columns of r. */
static void walk_query(struct finder *f, struct bound_query *q, const struct bound_rel *r,
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
