/* emit_hoist.c - subqueries in the condition of an outer join.
 *
 * The engine takes none there. A subquery that reads columns of one relation of the join, or of
 * none, is worked out beside that relation's rows instead, and the condition reads the result:
 *
 *     t LEFT JOIN u ON t.x IN (q)   =   (SELECT *, x IN (q) AS q1 FROM t) AS t LEFT JOIN u ON t.q1
 *
 * The relation's rows must reach the join as they are, not extended with NULLs on the way. */
#include "sql/emit_int.h"

struct finding {
    struct emitter *em;
    const struct bound_rel *join;
    const struct bound_rel *found; /* the one leaf that is read */
    bool many;
};

static bool is_leaf_of(const struct bound_rel *tree, const struct bound_rel *leaf) {
    if (tree->kind == REL_JOIN)
        return is_leaf_of(tree->left, leaf) || is_leaf_of(tree->right, leaf);
    return tree == leaf;
}

static bool note_rels(void *ctx, struct bound *x) {
    struct finding *f = ctx;
    if (x->kind == BX_COLUMN && is_leaf_of(f->join, x->rel)) {
        f->many |= f->found && f->found != x->rel;
        f->found = x->rel;
    }
    if (x->query)
        bound_walk_query(x->query, note_rels, ctx);
    return bound_each(x, note_rels, ctx);
}

static bool can_hold(const struct bound_rel *r) {
    return (r->kind == REL_SCAN || r->kind == REL_CTE || r->kind == REL_QUERY) && !r->lateral;
}

/* A leaf whose rows reach `tree` as they are: `wanted`, or any when that is NULL. */
static const struct bound_rel *reach(const struct bound_rel *tree, const struct bound_rel *wanted) {
    if (tree->kind != REL_JOIN)
        return (!wanted || tree == wanted) && can_hold(tree) ? tree : NULL;
    bool keeps_left = tree->join != SQL_JOIN_RIGHT && tree->join != SQL_JOIN_FULL;
    bool keeps_right = tree->join != SQL_JOIN_LEFT && tree->join != SQL_JOIN_FULL;
    const struct bound_rel *r = keeps_left ? reach(tree->left, wanted) : NULL;
    return r || !keeps_right ? r : reach(tree->right, wanted);
}

static bool hoist(void *ctx, struct bound *x) {
    struct finding *f = ctx;
    if (!x->query)
        return bound_each(x, hoist, ctx);
    struct finding one = {.em = f->em, .join = f->join};
    note_rels(&one, x);
    const struct bound_rel *at = one.many ? NULL : reach(f->join->left, one.found);
    if (!at && !one.many)
        at = reach(f->join->right, one.found);
    struct hoisted *h = at ? ARENA_NEW(f->em->a, struct hoisted) : NULL;
    if (!h) {
        emit_refuse(f->em, x, "This subquery in the condition of an outer join is not supported");
        return false;
    }
    *h = (struct hoisted){x, at, ++f->em->next_hoisted, false, f->em->hoisted};
    f->em->hoisted = h;
    return true;
}

void emit_hoist(struct emitter *em, const struct bound_rel *join) {
    struct finding f = {.em = em, .join = join};
    if (join->on && join->join >= SQL_JOIN_LEFT)
        hoist(&f, join->on);
}

bool emit_hoisted(struct emitter *em, const struct bound *x) {
    for (const struct hoisted *h = em->hoisted; h; h = h->next)
        if (h->x == x && !h->writing) {
            putf(em, "r%d.q%d", h->rel->id, h->number);
            return true;
        }
    return false;
}

bool emit_hoists_begin(struct emitter *em, const struct bound_rel *r) {
    bool any = false;
    for (struct hoisted *h = em->hoisted; h; h = h->next) {
        if (h->rel != r || h->writing)
            continue;
        put(em, any ? ", " : "(SELECT *, ");
        h->writing = true;
        emit_expr(em, h->x);
        h->writing = false;
        putf(em, " AS q%d", h->number);
        any = true;
    }
    put(em, any ? " FROM " : "");
    return any;
}
