/* constraints_join.c - conditions brought through FROM: to the sides of joins, along equalities. */
#include "sql/constraints_int.h"

#define MAX_CLOSED 400 /* conditions to derive others from */

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

/* a = b of columns: what is said of one holds for the other, in its type. */
static void follow_columns(struct finder *f, struct conjuncts *c, size_t max) {
    struct bound *eq[64][2], *a, *b;
    size_t n = 0;
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

/* column = expression, the column's value being the expression's in the column's type */
static bool is_definition(struct finder *f, struct bound *x, struct bound **column,
                          struct bound **is) {
    if (x->kind != BX_CALL || x->op != BO_EQ || x->arg_count != 2)
        return false;
    int side = column_in(x->args[0]) ? 0 : 1;
    *column = column_in(x->args[side]);
    *is = x->args[!side];
    return *column && is_exact((*is)->type) && !column_in(*is) && is_plain(f, *is);
}

/* a = expression (a constant too): what is said of a holds for the expression. */
static void follow_definitions(struct finder *f, struct conjuncts *c, size_t max) {
    struct bound *column, *is;
    size_t count = c->count;
    for (size_t k = 0, used = 0; k < count && used < 64 && !f->failed; k++) {
        if (!is_definition(f, c->items[k], &column, &is))
            continue;
        used++;
        for (size_t i = 0; i < count && c->count < max && !f->failed; i++)
            if (i != k && is_plain(f, c->items[i]))
                derive(f, c, c->items[i], column, is);
    }
}

static void close_equalities(struct finder *f, struct conjuncts *c) {
    size_t max = c->count * 4 + 64;
    if (c->count > MAX_CLOSED)
        return;
    for (int round = 0; round < 2; round++) {
        follow_columns(f, c, max);
        follow_definitions(f, c, max);
    }
}

/* ---- joins ---- */
static void add_condition(struct finder *f, struct conjuncts *c, struct bound *x) {
    if (x)
        x = with_scalars(f, x);
    if (x && x->kind == BX_IN_QUERY && !x->negated)
        add_constant_in(f, c, x);
    if (x)
        conjuncts_add(f, c, x);
}
void add_conditions(struct finder *f, struct conjuncts *c, struct bound *x) {
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

/* Whether some equality of the conditions needs a value of r. */
static bool needs_value(const struct conjuncts *c, const struct bound_rel *r) {
    for (size_t i = 0; i < c->count; i++) {
        const struct bound *x = c->items[i];
        if (x->kind != BX_CALL || x->op != BO_EQ || x->arg_count != 2)
            continue;
        for (int side = 0; side < 2; side++) {
            const struct bound *column = column_in(x->args[side]);
            if (column && column->rel == r)
                return true;
        }
    }
    return false;
}

/* Facts about relations below outer joins, where the conditions rule out that an outer join made
 * their columns NULL. */
static void use_facts(struct finder *f, struct conjuncts *c, const struct fact *facts) {
    for (const struct fact *x = facts; x && !f->failed; x = x->next) {
        bool known = needs_value(c, x->rel);
        for (size_t i = 0; known && i < x->given.count; i++)
            conjuncts_add(f, c, x->given.items[i]);
    }
}

static void walk_outer_join(struct finder *f, struct bound_rel *r, int before,
                            const struct conjuncts *c, struct fact **facts) {
    bool keeps_left = r->join == SQL_JOIN_LEFT, keeps_right = r->join == SQL_JOIN_RIGHT;
    struct side left = {r->left, r->right->id}, right = {r->right, before};
    struct side kept = keeps_right ? right : left, other = keeps_right ? left : right;
    struct conjuncts to_kept = {0}, to_other = {0}, on = {0};
    if (keeps_left || keeps_right)
        add_side(f, c, kept, &to_kept);
    else
        add_nullable_side(f, c, kept, &to_kept);
    add_nullable_side(f, c, other, &to_other);
    walk_rel(f, (struct bound_rel *)kept.rel, &to_kept, facts);
    if (keeps_left || keeps_right) {
        add_conditions(f, &on, r->on);
        for (size_t i = 0; i < to_kept.count; i++)
            conjuncts_add(f, &on, to_kept.items[i]);
        use_facts(f, &on, *facts);
        close_equalities(f, &on);
        add_side(f, &on, other, &to_other);
    }
    walk_rel(f, (struct bound_rel *)other.rel, &to_other, facts);
}

/* ---- relations ---- */
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

void walk_ons(struct finder *f, struct bound_rel *r) {
    if (r->kind != REL_JOIN)
        return;
    walk_ons(f, r->left);
    walk_ons(f, r->right);
    if (r->on)
        walk_expr(f, r->on);
}

static void note_fact(struct finder *f, const struct bound_rel *r, const struct conjuncts *own,
                      struct fact **facts) {
    struct fact *n = own->count ? ARENA_NEW(f->a, struct fact) : NULL;
    f->failed |= own->count && !n;
    if (n) {
        *n = (struct fact){r, *own, *facts};
        *facts = n;
    }
}

static void walk_part(struct finder *f, const struct part *p, const struct conjuncts *all,
                      struct fact **facts) {
    struct conjuncts own = {0};
    add_side(f, all, (struct side){p->rel, p->before}, &own);
    if (p->rel->kind == REL_JOIN) {
        walk_outer_join(f, p->rel, p->before, &own, facts);
        return;
    }
    note_fact(f, p->rel, &own, facts);
    walk_leaf(f, p->rel, &own);
}

/* Outer joins first: what their sides are given may hold for the other relations too. */
void walk_rel(struct finder *f, struct bound_rel *r, const struct conjuncts *c,
              struct fact **facts) {
    struct conjuncts all = {0};
    struct parts p = {0};
    for (size_t i = 0; i < c->count; i++)
        add_condition(f, &all, c->items[i]);
    flatten(f, r, 0, &p, &all);
    for (size_t i = 0; i < p.count && !f->failed; i++)
        add_constant_part(f, &all, p.items[i].rel);
    close_equalities(f, &all);
    for (size_t i = 0; i < p.count && !f->failed; i++)
        if (p.items[i].rel->kind == REL_JOIN)
            walk_part(f, &p.items[i], &all, facts);
    size_t before = all.count;
    use_facts(f, &all, *facts);
    if (all.count > before)
        close_equalities(f, &all);
    for (size_t i = 0; i < all.count && !f->failed; i++)
        if (all.items[i]->kind == BX_IN_QUERY && !all.items[i]->negated)
            walk_in_query(f, all.items[i], &all);
    for (size_t i = 0; i < p.count && !f->failed; i++)
        if (p.items[i].rel->kind != REL_JOIN)
            walk_part(f, &p.items[i], &all, facts);
}
