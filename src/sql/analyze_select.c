/* analyze_select.c - one SELECT: its items, groups, filters and order.
 *
 * FROM, WHERE, GROUP BY, the items, HAVING, ORDER BY are bound in that order; only ORDER BY sees
 * the items' names. In a grouped query every column outside an aggregate must be (part of) a
 * grouping expression; expressions are compared in their typed form. */
#include "sql/analyze_int.h"

#define MAX_SETS 4096

struct building {
    struct ctx *c;
    struct sql_query *q; /* for ORDER BY and limits; NULL: none */
    struct sql_select *s;
    struct scope *source;
    struct bound_select *select;
    struct sql_pos pos; /* of the word SELECT */
    struct bound **items;
    struct bytes *names;
    const struct sql_expr **sources; /* what an item was written as; NULL: a star */
    size_t count, room;
};

static bool add_item(struct building *b, struct bound *x, struct bytes name,
                     const struct sql_expr *source) {
    struct arena *a = b->c->z->a;
    if (!x)
        return false;
    if (b->count == b->room) {
        size_t room = b->room ? b->room * 2 : 16;
        struct bound **items = ARENA_NEW_N(a, struct bound *, room);
        struct bytes *names = ARENA_NEW_N(a, struct bytes, room);
        const struct sql_expr **sources = ARENA_NEW_N(a, const struct sql_expr *, room);
        if (!items || !names || !sources)
            return false;
        if (b->count) {
            memcpy(items, b->items, b->count * sizeof(*items));
            memcpy(names, b->names, b->count * sizeof(*names));
            memcpy(sources, b->sources, b->count * sizeof(*sources));
        }
        b->items = items;
        b->names = names;
        b->sources = sources;
        b->room = room;
    }
    b->items[b->count] = x;
    b->names[b->count] = name;
    b->sources[b->count++] = source;
    return true;
}

static bool add_star(struct building *b, const struct sql_select_item *item) {
    struct star star = {.pos = b->pos};
    if (!bind_star(b->c, item, b->s->from != NULL, &star))
        return false;
    for (size_t i = 0; i < star.count; i++)
        if (!add_item(b, star.items[i], star.names[i], NULL))
            return false;
    return true;
}

static bool bind_items(struct building *b) {
    for (size_t i = 0; i < b->s->item_count; i++) {
        const struct sql_select_item *item = &b->s->items[i];
        if (item->star) {
            if (!add_star(b, item))
                return false;
            continue;
        }
        struct bytes name = item->alias.text;
        const struct sql_expr *e = item->expr;
        if (!name.ptr && e->kind == SQL_E_COLUMN)
            name = e->path.parts[e->path.count - 1].text;
        else if (!name.ptr && e->kind == SQL_E_FIELD)
            name = e->field.name.text;
        if (!add_item(b, bind_expr(b->c, item->expr), name, e))
            return false;
    }
    return true;
}

/* ---- GROUP BY ---- */
static bool ordinal_of(struct building *b, const struct sql_expr *e, const char *clause,
                       size_t *ret) {
    *ret = 0;
    if (e->kind != SQL_E_INTEGER)
        return true;
    if (e->integer < 1 || (uint64_t)e->integer > b->count)
        return fail(b->c->z, e->pos, "INVALID_COLUMN_REFERENCE",
                    "%s position %lld is not in select list", clause, (long long)e->integer),
               false;
    *ret = (size_t)e->integer;
    return true;
}

static bool has_aggregate(void *found, struct bound *x) {
    if (x->kind == BX_AGG || x->kind == BX_GROUPING) {
        *(bool *)found = true;
        return false;
    }
    return bound_each(x, has_aggregate, found);
}

/* CUBE, ROLLUP and GROUPING SETS take columns alone. */
static struct bound *bind_group_column(struct building *b, struct sql_expr *e) {
    struct bound *x = bind_expr(b->c, e);
    if (x && (x->kind != BX_COLUMN || (e->kind != SQL_E_COLUMN && e->kind != SQL_E_FIELD)))
        return fail(b->c->z, e->pos, "INVALID_COLUMN_REFERENCE",
                    "GROUP BY expression must be a column reference: %.*s",
                    BYTES_ARG(expr_text(b->c->z, e)));
    return x;
}

static struct bound *bind_group(struct building *b, struct sql_expr *e, bool in_sets) {
    size_t ordinal;
    if (in_sets)
        return bind_group_column(b, e);
    if (!ordinal_of(b, e, "GROUP BY", &ordinal))
        return NULL;
    struct ctx c = *b->c;
    enter_clause(&c, "GROUP BY clause", e);
    if (!ordinal)
        return bind_expr(&c, e);
    struct bound *x = b->items[ordinal - 1];
    bool found = false;
    has_aggregate(&found, x);
    if (found)
        return fail(b->c->z, e->pos, "EXPRESSION_NOT_SCALAR",
                    "GROUP BY clause cannot contain aggregations, window functions or grouping "
                    "operations: [%.*s]",
                    BYTES_ARG(b->sources[ordinal - 1] ? expr_text(b->c->z, b->sources[ordinal - 1])
                                                      : BYTES("*")));
    return x;
}

/* Its place among the groups; equal expressions share one. */
static bool group_index(struct building *b, struct sql_expr *e, bool in_sets, size_t *ret) {
    struct bound_select *s = b->select;
    struct bound *x = bind_group(b, e, in_sets);
    if (!x)
        return false;
    if (!sql_type_is_comparable(x->type))
        return fail(b->c->z, b->pos, "TYPE_MISMATCH",
                    "%.*s is not comparable, and therefore cannot be used in GROUP BY",
                    BYTES_ARG(type_text(b->c->z, x->type))),
               false;
    for (size_t i = 0; i < s->group_count; i++)
        if (bound_equal(s->groups[i], x)) {
            *ret = i;
            return true;
        }
    if (s->group_count == 512)
        return fail(b->c->z, e->pos, "NOT_SUPPORTED", "GROUP BY has too many expressions"), false;
    s->groups[s->group_count] = x;
    *ret = s->group_count++;
    return true;
}

struct sets {
    struct bound_set *items;
    size_t count;
};

static bool set_of(struct building *b, const struct sql_exprs *list, bool in_sets,
                   struct bound_set *ret) {
    ret->items = ARENA_NEW_N(b->c->z->a, size_t, list->count + 1);
    ret->count = list->count;
    for (size_t i = 0; ret->items && i < list->count; i++)
        if (!group_index(b, list->items[i], in_sets, &ret->items[i]))
            return false;
    return ret->items != NULL;
}

static bool join_sets(struct arena *a, const struct bound_set *x, const struct bound_set *y,
                      struct bound_set *ret) {
    ret->items = ARENA_NEW_N(a, size_t, x->count + y->count + 1);
    if (!ret->items)
        return false;
    ret->count = 0;
    for (size_t i = 0; i < x->count + y->count; i++) {
        size_t v = i < x->count ? x->items[i] : y->items[i - x->count];
        bool seen = false;
        for (size_t j = 0; j < ret->count; j++)
            seen |= ret->items[j] == v;
        if (!seen)
            ret->items[ret->count++] = v;
    }
    return true;
}

/* One element's sets: ROLLUP gives the prefixes, CUBE the subsets. */
static bool element_sets(struct building *b, const struct sql_group_item *g, struct sets *ret) {
    struct arena *a = b->c->z->a;
    size_t n = g->set_count;
    if (g->kind == SQL_GROUP_CUBE && n > 12)
        return fail(b->c->z, g->pos, "TOO_MANY_GROUPING_SETS",
                    "GROUP BY has too many grouping sets"),
               false;
    struct bound_set *base = ARENA_NEW_N(a, struct bound_set, n + 1);
    for (size_t i = 0; base && i < n; i++)
        if (!set_of(b, &g->sets[i], g->kind != SQL_GROUP_SIMPLE, &base[i]))
            return false;
    ret->count = g->kind == SQL_GROUP_ROLLUP ? n + 1
                 : g->kind == SQL_GROUP_CUBE ? (size_t)1 << n
                                             : n;
    ret->items = ARENA_NEW_N(a, struct bound_set, ret->count + 1);
    if (!base || !ret->items)
        return false;
    for (size_t i = 0; i < ret->count; i++) {
        struct bound_set *s = &ret->items[i];
        if (g->kind == SQL_GROUP_SIMPLE || g->kind == SQL_GROUP_SETS) {
            *s = base[i];
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            struct bound_set grown;
            bool take = g->kind == SQL_GROUP_ROLLUP ? j < n - i : !(i >> j & 1);
            if (!take)
                continue;
            if (!join_sets(a, s, &base[j], &grown))
                return false;
            *s = grown;
        }
    }
    return true;
}

static bool cross_sets(struct building *b, struct sets *all, const struct sets *with,
                       struct sql_pos pos) {
    struct sets r = {.count = all->count * with->count};
    if (r.count > MAX_SETS)
        return fail(b->c->z, pos, "TOO_MANY_GROUPING_SETS", "GROUP BY has too many grouping sets"),
               false;
    r.items = ARENA_NEW_N(b->c->z->a, struct bound_set, r.count + 1);
    for (size_t i = 0; r.items && i < r.count; i++)
        if (!join_sets(b->c->z->a, &all->items[i / with->count], &with->items[i % with->count],
                       &r.items[i]))
            return false;
    *all = r;
    return r.items != NULL;
}

static bool same_set(const struct bound_set *x, const struct bound_set *y) {
    if (x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++) {
        bool found = false;
        for (size_t j = 0; j < y->count; j++)
            found |= x->items[i] == y->items[j];
        if (!found)
            return false;
    }
    return true;
}

static void drop_repeated(struct sets *all) {
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < kept; j++)
            seen |= same_set(&all->items[i], &all->items[j]);
        if (!seen)
            all->items[kept++] = all->items[i];
    }
    all->count = kept;
}

static bool bind_groups(struct building *b) {
    struct bound_select *s = b->select;
    struct bound_set none = {0};
    struct sets all = {&none, 1};
    if (!b->s->has_group_by)
        return true;
    s->aggregated = true;
    if (!(s->groups = ARENA_NEW_N(b->c->z->a, struct bound *, 512)))
        return false;
    for (size_t i = 0; i < b->s->group_count; i++) {
        struct sets one;
        if (!element_sets(b, &b->s->groups[i], &one) ||
            !cross_sets(b, &all, &one, b->s->groups[i].pos))
            return false;
        s->has_sets |= b->s->groups[i].kind != SQL_GROUP_SIMPLE;
    }
    if (b->s->group_distinct)
        drop_repeated(&all);
    s->sets = all.items;
    s->set_count = all.count;
    return true;
}

/* ---- ORDER BY ---- */
static bool bind_order_item(struct building *b, struct ctx *c, const struct sql_sort_item *item,
                            struct bound_sort *ret) {
    size_t ordinal;
    if (!ordinal_of(b, item->expr, "ORDER BY", &ordinal))
        return false;
    c->scope->is_used = false;
    struct bound *x = ordinal ? b->items[ordinal - 1] : bind_expr(c, item->expr);
    if (!x)
        return false;
    for (size_t i = 0; !ordinal && i < b->count; i++)
        if (bound_equal(x, b->items[i]))
            ordinal = i + 1;
    /* an expression over an output is no expression of the select list */
    bool mixed = c->scope->is_used && item->expr->kind != SQL_E_COLUMN;
    if (!sql_type_is_orderable(x->type))
        return fail(b->c->z, x->pos, "TYPE_MISMATCH",
                    "Type %.*s is not orderable, and therefore cannot be used in ORDER BY",
                    BYTES_ARG(type_text(b->c->z, x->type))),
               false;
    if (b->s->distinct && (!ordinal || mixed))
        return fail(b->c->z, b->pos, "EXPRESSION_NOT_IN_DISTINCT",
                    "For SELECT DISTINCT, ORDER BY expressions must appear in select list"),
               false;
    if (b->s->distinct && item->expr->kind == SQL_E_CALL && !bound_is_steady(x))
        return fail(b->c->z, item->expr->pos, "EXPRESSION_NOT_IN_DISTINCT",
                    "Non deterministic ORDER BY expression is not supported with SELECT DISTINCT"),
               false;
    ret->x = x;
    ret->ordinal = (int)ordinal;
    ret->descending = item->descending;
    ret->nulls_first = item->nulls == SQL_NULLS_FIRST;
    return true;
}

static bool bind_order(struct building *b, struct bound_query *r) {
    size_t n = b->q ? b->q->order_by.count : 0;
    struct scope out = {.parent = b->c->scope, .is_output = true};
    struct ctx c = *b->c;
    c.scope = &out;
    out.fields = ARENA_NEW_N(c.z->a, struct scope_field, b->count + 1);
    r->order.items = ARENA_NEW_N(c.z->a, struct bound_sort, n + 1);
    if (!out.fields || !r->order.items)
        return false;
    for (size_t i = 0; i < b->count; i++)
        if (b->names[i].len)
            out.fields[out.count++] =
                (struct scope_field){.name = b->names[i], .value = b->items[i]};
    for (size_t i = 0; i < n; i++)
        if (!bind_order_item(b, &c, &b->q->order_by.items[i], &r->order.items[i]))
            return false;
    r->order.count = n;
    return true;
}

/* ---- checks of the whole ---- */
static bool check_distinct(struct building *b) {
    for (size_t i = 0; b->s->distinct && i < b->count; i++)
        if (!sql_type_is_comparable(b->items[i]->type))
            return fail(b->c->z, b->pos, "TYPE_MISMATCH",
                        "DISTINCT can only be applied to comparable types (actual: %.*s)",
                        BYTES_ARG(type_text(b->c->z, b->items[i]->type))),
                   false;
    return true;
}

static bool check_all_groupings(struct building *b, const struct bound_query *r) {
    for (size_t i = 0; i < b->count; i++)
        if (!check_groupings(b->c->z, b->select, b->items[i], b->pos))
            return false;
    for (size_t i = 0; i < r->order.count; i++)
        if (!check_groupings(b->c->z, b->select, r->order.items[i].x, b->pos))
            return false;
    return !b->select->having || check_groupings(b->c->z, b->select, b->select->having, b->pos);
}

static bool check_groups(struct building *b, const struct bound_query *r) {
    struct analyzer *z = b->c->z;
    if (!check_all_groupings(b, r))
        return false;
    for (size_t i = 0; i < b->count; i++)
        if (!check_grouped(z, b->select, b->items[i], b->sources[i]))
            return false;
    if (b->select->having && !check_grouped(z, b->select, b->select->having, b->s->having))
        return false;
    for (size_t i = 0; i < b->c->window_count; i++)
        if (!check_grouped_window(z, b->select, b->c->windows[i].window, true))
            return false;
    for (size_t i = 0; i < r->order.count; i++)
        if (!r->order.items[i].ordinal &&
            !check_grouped(z, b->select, r->order.items[i].x, b->q->order_by.items[i].expr))
            return false;
    return true;
}

/* ---- the whole ---- */
static void set_owner(struct bound_rel *r, struct bound_select *s) {
    r->owner = s;
    if (r->kind != REL_JOIN)
        return;
    set_owner(r->left, s);
    set_owner(r->right, s);
}

static bool bind_source(struct building *b, struct ctx *outer) {
    if (!b->s->from)
        return true;
    struct ctx c = *outer;
    c.select = NULL;
    b->select->from = bind_relation(&c, b->s->from, b->source);
    b->source->parent = outer->scope;
    if (!b->select->from)
        return false;
    set_owner(b->select->from, b->select);
    return true;
}

static bool bind_filters(struct building *b) {
    if (!b->s->where)
        return true;
    struct ctx c = *b->c;
    enter_clause(&c, "WHERE clause", b->s->where);
    b->select->where = bind_boolean(&c, b->s->where, "WHERE clause");
    return b->select->where && note_conditions(&c, b->s->where, b->select->where);
}

static bool bind_having(struct building *b) {
    if (!b->s->having)
        return true;
    b->select->aggregated = true;
    struct ctx c = *b->c;
    c.no_windows = "HAVING clause cannot contain window functions or row pattern measures";
    b->select->having = bind_boolean(&c, b->s->having, "HAVING clause");
    return b->select->having && note_conditions(&c, b->s->having, b->select->having);
}

static struct bound_query *finish(struct building *b) {
    struct bound_query *r = new_query(b->c->z, BQ_SELECT, b->count);
    if (!r)
        return NULL;
    r->select = b->select;
    b->select->items = b->items;
    b->select->item_count = b->count;
    b->select->distinct = b->s->distinct;
    for (size_t i = 0; i < b->count; i++) {
        r->names[i] = b->names[i];
        r->types[i] = b->items[i]->type;
    }
    if (!check_distinct(b) || !bind_order(b, r) || !check_groups(b, r))
        return NULL;
    return b->q && !bind_limits(b->c, b->q, r) ? NULL : r;
}

struct bound_query *bind_select(struct ctx *outer, struct sql_query *q, struct sql_select *s,
                                struct sql_pos pos) {
    struct scope source = {.parent = outer->scope};
    struct ctx c = *outer;
    struct building b = {.c = &c, .q = q, .s = s, .source = &source, .pos = pos};
    if (!(b.select = ARENA_NEW(c.z->a, struct bound_select)))
        return NULL;
    c.scope = &source;
    c.select = b.select;
    leave_clauses(&c);
    c.window_count = 0;
    if (!bind_source(&b, outer) || !bind_named_windows(&c, s->windows, s->window_count) ||
        !bind_filters(&b) || !bind_items(&b) || !bind_groups(&b) || !bind_having(&b))
        return NULL;
    return finish(&b);
}
