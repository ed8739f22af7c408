/* constraints_copy.c - conditions as expressions: kept in part, negated, with other columns. */
#include "sql/constraints_int.h"

#define MAX_COMPARED 500 /* to find what is there already */

/* ---- walking ---- */
struct columns {
    struct finder *f;
    bool (*keep)(void *ctx, const struct bound *column);
    void *ctx;
    bool bad;
};
static bool check_columns(void *ctx, struct bound *x) {
    struct columns *c = ctx;
    if (!c->f->budget) {
        c->bad = true;
        return false;
    }
    c->f->budget--;
    if (x->query || x->kind == BX_AGG || x->kind == BX_GROUPING || x->kind == BX_PARAM ||
        (x->kind == BX_COLUMN && !c->keep(c->ctx, x))) {
        c->bad = true;
        return false;
    }
    return bound_each(x, check_columns, ctx);
}

static bool keeps_all(struct finder *f, struct bound *x,
                      bool (*keep)(void *ctx, const struct bound *column), void *ctx) {
    struct columns c = {f, keep, ctx, false};
    check_columns(&c, x);
    return !c.bad;
}

bool is_op(const struct bound *x, const char *sql) {
    return x->kind == BX_CALL && x->sql && strcmp(x->sql, sql) == 0;
}
bool is_and(const struct bound *x) {
    return x->kind == BX_CALL && x->op == BO_AND;
}
bool is_or(const struct bound *x) {
    return x->kind == BX_CALL && (x->op == BO_OR || is_op(x, "($1 OR $2)"));
}

struct bound *weaken(struct finder *f, struct bound *x,
                     bool (*keep)(void *ctx, const struct bound *column), void *ctx) {
    bool any = is_or(x);
    if (!any && !is_and(x))
        return keeps_all(f, x, keep, ctx) ? x : NULL;
    struct bound **kept = ARENA_NEW_N(f->a, struct bound *, x->arg_count + 1);
    size_t n = 0;
    bool same = true;
    for (size_t i = 0; kept && i < x->arg_count; i++) {
        struct bound *w = weaken(f, x->args[i], keep, ctx);
        if (!w && any)
            return NULL;
        same &= w == x->args[i];
        if (w)
            kept[n++] = w;
    }
    if (!kept) {
        f->failed = true;
        return NULL;
    }
    if (!n || same)
        return n ? x : NULL;
    struct bound *r = n == 1 && !any ? kept[0] : ARENA_NEW(f->a, struct bound);
    if (!r) {
        f->failed = true;
        return NULL;
    }
    if (r != kept[0]) {
        *r = *x;
        r->sql = any ? "@or" : "@and";
        r->args = kept;
        r->arg_count = n;
    } else if (!r->condition) {
        struct bound *copy = ARENA_NEW(f->a, struct bound);
        if (!copy) {
            f->failed = true;
            return NULL;
        }
        *copy = *r;
        copy->condition = x->condition;
        r = copy;
    }
    return r;
}

/* NOT (a OR b) is NOT a, NOT b. */
static void add_negated(struct finder *f, struct conjuncts *c, struct bound *x, struct bound * or) {
    for (size_t i = 0; i < or->arg_count; i++) {
        struct bound *n = bound_call(f->a, x->sql, x->type, x->pos, & or->args[i], 1);
        if (!n) {
            f->failed = true;
            return;
        }
        n->condition = x->condition;
        if (!conjuncts_add(f, c, n))
            return;
    }
}

bool conjuncts_add(struct finder *f, struct conjuncts *c, struct bound *x) {
    if (is_and(x)) {
        for (size_t i = 0; i < x->arg_count; i++) {
            if (!x->args[i]->condition)
                x->args[i]->condition = x->condition;
            if (!conjuncts_add(f, c, x->args[i]))
                return false;
        }
        return true;
    }
    if (is_op(x, "(NOT $1)") && is_or(x->args[0])) {
        add_negated(f, c, x, x->args[0]);
        return !f->failed;
    }
    for (size_t i = 0; i < MIN_OF(c->count, (size_t)MAX_COMPARED); i++)
        if (bound_equal(c->items[i], x))
            return true;
    if (c->count == c->room) {
        size_t room = c->room ? c->room * 2 : 8;
        struct bound **grown = ARENA_NEW_N(f->a, struct bound *, room);
        if (!grown) {
            f->failed = true;
            return false;
        }
        if (c->count)
            memcpy(grown, c->items, c->count * sizeof(*grown));
        c->items = grown;
        c->room = room;
    }
    c->items[c->count++] = x;
    return true;
}

/* ---- copies with other columns ---- */
/* There and back: the value itself. */
static struct bound *collapsed(struct bound *x) {
    struct bound *inner = x->kind == BX_CAST ? x->args[0] : x;
    return x->kind == BX_CAST && inner->kind == BX_CAST && inner->is_exact &&
                   sql_type_equal(inner->args[0]->type, x->type)
               ? inner->args[0]
               : x;
}

struct bound *replace(struct replacing *r, struct bound *x) {
    struct bound *copy = NULL;
    if (!r->f->budget || r->f->failed)
        return NULL;
    r->f->budget--;
    if (x->kind == BX_SCALAR && r->by_scalar)
        return r->by_scalar(r, x);
    if (x->kind == BX_COLUMN) {
        if ((x->rel != r->rel && r->rel) || r->by_scalar)
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
struct bound *replaced(struct replacing *r, struct bound *x) {
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
bool is_plain(struct finder *f, struct bound *x) {
    return weaken(f, x, any_column, NULL) == x;
}

struct bound_rel *new_pseudo(struct finder *f, struct bound_query *q) {
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

struct bound *new_column(struct finder *f, struct bound_rel *r, size_t column, struct sql_pos pos) {
    struct bound *x = bound_new(f->a, BX_COLUMN, r->types[column], pos);
    if (!x) {
        f->failed = true;
        return NULL;
    }
    x->rel = r;
    x->column = column;
    return x;
}

struct bound *joined(struct finder *f, bool any, struct bound **items, size_t count) {
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
