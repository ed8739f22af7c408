/* analyze_window.c - ORDER BY lists and OVER clauses. */
#include "sql/analyze_int.h"

bool bind_sorts(struct ctx *c, const struct sql_sort *s, struct bound_sorts *ret) {
    ret->items = ARENA_NEW_N(c->z->a, struct bound_sort, s->count ? s->count : 1);
    if (!ret->items)
        return false;
    for (size_t i = 0; i < s->count; i++) {
        struct bound *x = bind_expr(c, s->items[i].expr);
        if (!x)
            return false;
        if (!sql_type_is_orderable(x->type)) {
            fail(c->z, x->pos, "TYPE_MISMATCH",
                 "Type %.*s is not orderable, and therefore cannot be used in ORDER BY",
                 BYTES_ARG(type_text(c->z, x->type)));
            return false;
        }
        ret->items[i].x = x;
        ret->items[i].descending = s->items[i].descending;
        ret->items[i].nulls_first = s->items[i].nulls == SQL_NULLS_FIRST;
    }
    ret->count = s->count;
    return true;
}

static bool bind_bound(struct ctx *c, const struct sql_frame *f, const struct sql_bound *b,
                       const struct bound_window *w, struct bound_bound *ret) {
    ret->kind = b->kind;
    if (!b->value)
        return true;
    struct bound *x = bind_expr(c, b->value);
    if (!x)
        return false;
    if (f->mode != SQL_FRAME_RANGE) {
        if (!sql_type_is_integer(x->type)) {
            fail(c->z, x->pos, "TYPE_MISMATCH",
                 "Window frame %s value type must be exact numeric type with scale 0 (actual %.*s)",
                 "offset", BYTES_ARG(type_text(c->z, x->type)));
            return false;
        }
        ret->value = bound_cast(c->z->a, x, sql_type_of(ST_BIGINT));
        return ret->value != NULL;
    }
    if (w->order.count != 1) {
        fail(c->z, b->pos, w->order.count ? "INVALID_ORDER_BY" : "MISSING_ORDER_BY",
             "Window frame of type RANGE PRECEDING or FOLLOWING requires %s sort item in ORDER BY",
             "single");
        return false;
    }
    ret->value = x;
    return true;
}

static bool bind_frame(struct ctx *c, const struct sql_frame *f, struct bound_window *w) {
    w->has_frame = true;
    w->mode = f->mode;
    if (!bind_bound(c, f, &f->start, w, &w->start))
        return false;
    if (f->has_end)
        return bind_bound(c, f, &f->end, w, &w->end);
    w->end.kind = SQL_BOUND_CURRENT_ROW;
    return true;
}

static const struct sql_window *named_window(struct ctx *c, const struct sql_ident *name) {
    for (size_t i = 0; i < c->window_count; i++)
        if (bytes_eq_nocase(c->windows[i].name.text, name->text))
            return c->windows[i].window;
    return fail(c->z, name->pos, "INVALID_WINDOW_REFERENCE", "Cannot resolve WINDOW name %.*s",
                BYTES_ARG(name->text));
}

static bool fill_window(struct ctx *c, const struct sql_window *w, struct bound_window *ret,
                        int depth) {
    if (w->base.text.ptr) {
        const struct sql_window *base = named_window(c, &w->base);
        if (!base || depth > 50 || !fill_window(c, base, ret, depth + 1))
            return false;
    }
    if (w->partition_by.count) {
        ret->partition = bind_list(c, &w->partition_by);
        ret->partition_count = w->partition_by.count;
        if (!ret->partition)
            return false;
    }
    if (w->order_by.count && !bind_sorts(c, &w->order_by, &ret->order))
        return false;
    return !w->frame || bind_frame(c, w->frame, ret);
}

struct bound_window *bind_window(struct ctx *c, const struct sql_window *w) {
    struct bound_window *r = ARENA_NEW(c->z->a, struct bound_window);
    return r && fill_window(c, w, r, 0) ? r : NULL;
}
