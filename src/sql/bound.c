/* bound.c - making, comparing and walking typed expressions. */
#include "sql/bound.h"

struct bound *bound_new(struct arena *a, enum bound_kind kind, const struct sql_type *type,
                        struct sql_pos pos) {
    struct bound *x = ARENA_NEW(a, struct bound);
    if (x) {
        x->kind = kind;
        x->type = type;
        x->pos = pos;
    }
    return x;
}

struct bound *bound_call(struct arena *a, const char *sql, const struct sql_type *type,
                         struct sql_pos pos, struct bound *const *args, size_t count) {
    struct bound *x = type ? bound_new(a, BX_CALL, type, pos) : NULL;
    if (!x || !(x->args = ARENA_NEW_N(a, struct bound *, count ? count : 1)))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!(x->args[i] = args[i]))
            return NULL;
    x->sql = sql;
    x->arg_count = count;
    return x;
}

struct bound *bound_cast(struct arena *a, struct bound *x, const struct sql_type *to) {
    if (!x || !to || sql_type_equal(x->type, to))
        return x;
    if (x->kind == BX_LITERAL && x->is_null)
        return bound_null(a, to, x->pos);
    struct bound *c = bound_new(a, BX_CAST, to, x->pos);
    if (!c || !(c->args = ARENA_NEW_N(a, struct bound *, 1)))
        return NULL;
    c->args[0] = x;
    c->arg_count = 1;
    return c;
}

struct bound *bound_literal(struct arena *a, const struct sql_type *type, struct sql_pos pos,
                            struct bytes duck_text, struct bytes value) {
    struct bound *x = type ? bound_new(a, BX_LITERAL, type, pos) : NULL;
    if (x) {
        x->text = duck_text;
        x->value = value;
    }
    return x;
}

struct bound *bound_null(struct arena *a, const struct sql_type *type, struct sql_pos pos) {
    struct bound *x = bound_new(a, BX_LITERAL, type, pos);
    if (x)
        x->is_null = true;
    return x;
}

struct bytes bound_quote(struct arena *a, struct bytes text) {
    struct buf b = {0};
    bool nul = text.len && memchr(text.ptr, 0, text.len); /* a statement's text cannot hold it */
    buf_add_str(&b, nul ? "('" : "'");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_add_char(&b, '\'');
        if (text.ptr[i])
            buf_add_char(&b, text.ptr[i]);
        else
            buf_add_str(&b, "' || chr(0) || '");
    }
    buf_add_str(&b, nul ? "')" : "'");
    struct bytes r = arena_copy(a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

static bool sorts_equal(const struct bound_sorts *x, const struct bound_sorts *y) {
    if (x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (x->items[i].descending != y->items[i].descending ||
            x->items[i].nulls_first != y->items[i].nulls_first ||
            !bound_equal(x->items[i].x, y->items[i].x))
            return false;
    return true;
}

static bool both_or_none(const struct bound *x, const struct bound *y) {
    if (!x || !y)
        return x == y;
    return bound_equal(x, y);
}

static bool bounds_equal(const struct bound_bound *x, const struct bound_bound *y) {
    return x->kind == y->kind && both_or_none(x->value, y->value);
}

static bool windows_equal(const struct bound_window *x, const struct bound_window *y) {
    if (!x || !y)
        return x == y;
    if (x->partition_count != y->partition_count || x->has_frame != y->has_frame ||
        !sorts_equal(&x->order, &y->order))
        return false;
    for (size_t i = 0; i < x->partition_count; i++)
        if (!bound_equal(x->partition[i], y->partition[i]))
            return false;
    return !x->has_frame || (x->mode == y->mode && bounds_equal(&x->start, &y->start) &&
                             bounds_equal(&x->end, &y->end));
}

static bool same_head(const struct bound *x, const struct bound *y) {
    return x->kind == y->kind && x->op == y->op && x->rel == y->rel && x->column == y->column &&
           x->negated == y->negated && x->distinct == y->distinct && x->is_try == y->is_try &&
           x->ignore_nulls == y->ignore_nulls && x->all == y->all && x->is_null == y->is_null &&
           x->arg_count == y->arg_count && x->query == y->query && bytes_eq(x->text, y->text) &&
           (x->sql == y->sql || (x->sql && y->sql && strcmp(x->sql, y->sql) == 0));
}

bool bound_equal(const struct bound *x, const struct bound *y) {
    if (x == y)
        return true;
    if (!same_head(x, y) || !sql_type_equal(x->type, y->type) || x->kind == BX_LAMBDA)
        return false;
    for (size_t i = 0; i < x->arg_count; i++)
        if (!bound_equal(x->args[i], y->args[i]))
            return false;
    return both_or_none(x->filter, y->filter) && sorts_equal(&x->order, &y->order) &&
           windows_equal(x->over, y->over);
}

static bool each_sort(struct bound_sorts *s, bool (*each)(void *, struct bound *), void *ctx) {
    for (size_t i = 0; i < s->count; i++)
        if (!each(ctx, s->items[i].x))
            return false;
    return true;
}

bool bound_each(struct bound *x, bool (*each)(void *ctx, struct bound *child), void *ctx) {
    for (size_t i = 0; i < x->arg_count; i++)
        if (!each(ctx, x->args[i]))
            return false;
    if ((x->filter && !each(ctx, x->filter)) || !each_sort(&x->order, each, ctx))
        return false;
    if (!x->over)
        return true;
    for (size_t i = 0; i < x->over->partition_count; i++)
        if (!each(ctx, x->over->partition[i]))
            return false;
    if (!each_sort(&x->over->order, each, ctx))
        return false;
    if (!x->over->has_frame)
        return true;
    return (!x->over->start.value || each(ctx, x->over->start.value)) &&
           (!x->over->end.value || each(ctx, x->over->end.value));
}

/* ---- queries ---- */
static bool walk_list(struct bound **xs, size_t count, bool (*each)(void *, struct bound *),
                      void *ctx) {
    for (size_t i = 0; i < count; i++)
        if (!each(ctx, xs[i]))
            return false;
    return true;
}

static bool walk_rel(struct bound_rel *r, bool (*each)(void *, struct bound *), void *ctx) {
    if (r->kind == REL_QUERY && !bound_walk_query(r->query, each, ctx))
        return false;
    if (r->kind == REL_JOIN && (!walk_rel(r->left, each, ctx) || !walk_rel(r->right, each, ctx)))
        return false;
    return (!r->on || each(ctx, r->on)) && walk_list(r->args, r->arg_count, each, ctx);
}

static bool walk_select(struct bound_select *s, bool (*each)(void *, struct bound *), void *ctx) {
    return (!s->from || walk_rel(s->from, each, ctx)) &&
           walk_list(s->items, s->item_count, each, ctx) && (!s->where || each(ctx, s->where)) &&
           walk_list(s->groups, s->group_count, each, ctx) && (!s->having || each(ctx, s->having));
}

bool bound_walk_query(struct bound_query *q, bool (*each)(void *ctx, struct bound *x), void *ctx) {
    for (size_t i = 0; i < q->with_count; i++)
        if (!bound_walk_query(q->with[i]->query, each, ctx))
            return false;
    if (q->body == BQ_SELECT && !walk_select(q->select, each, ctx))
        return false;
    if (q->body == BQ_SET &&
        (!bound_walk_query(q->left, each, ctx) || !bound_walk_query(q->right, each, ctx)))
        return false;
    if (q->body == BQ_VALUES && !walk_list(q->rows, q->row_count * q->column_count, each, ctx))
        return false;
    return each_sort(&q->order, each, ctx);
}

static bool each_steady(void *ctx, struct bound *x) {
    (void)ctx;
    return bound_is_steady(x);
}

bool bound_is_steady(struct bound *x) {
    static const char *const calls[] = {"random(", "uuid()", "t_shuffle("};
    for (size_t i = 0; x->sql && i < COUNT_OF(calls); i++)
        if (strstr(x->sql, calls[i]))
            return false;
    return bound_each(x, each_steady, NULL);
}
