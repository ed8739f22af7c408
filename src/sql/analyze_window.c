/* analyze_window.c - ORDER BY lists, OVER clauses and WINDOW definitions.
 *
 * A window may begin with the name of one that is defined before it: it takes over that one's
 * partition and order, and may add an order or a frame, but no partition. Each part is checked
 * where it is written. */
#include "sql/analyze_int.h"
#include <ctype.h>

static bool bind_sort_keys(struct ctx *c, const struct sql_sort *s, struct bound_sorts *ret) {
    ret->items = ARENA_NEW_N(c->z->a, struct bound_sort, s->count ? s->count : 1);
    for (size_t i = 0; ret->items && i < s->count; i++) {
        if (!(ret->items[i].x = bind_expr(c, s->items[i].expr)))
            return false;
        ret->items[i].descending = s->items[i].descending;
        ret->items[i].nulls_first = s->items[i].nulls == SQL_NULLS_FIRST;
    }
    ret->count = s->count;
    return ret->items != NULL;
}

bool bind_sorts(struct ctx *c, const struct sql_sort *s, struct bound_sorts *ret) {
    if (!bind_sort_keys(c, s, ret))
        return false;
    for (size_t i = 0; i < s->count; i++)
        if (!sql_type_is_orderable(ret->items[i].x->type))
            return fail(c->z, ret->items[i].x->pos, "TYPE_MISMATCH",
                        "ORDER BY can only be applied to orderable types (actual: %.*s)",
                        BYTES_ARG(type_text(c->z, ret->items[i].x->type))),
                   false;
    return true;
}

/* ---- frames ---- */
static bool bind_count(struct ctx *c, const struct sql_window *w, const struct sql_bound *b,
                       const char *end, const struct bound_window *r, struct bound_bound *ret) {
    const char *mode = w->frame->mode == SQL_FRAME_ROWS ? "ROWS" : "GROUPS";
    if (w->frame->mode == SQL_FRAME_GROUPS && !r->order.count)
        return fail(c->z, w->pos, "MISSING_ORDER_BY",
                    "Window frame of type GROUPS PRECEDING or FOLLOWING requires ORDER BY"),
               false;
    struct bound *x = bind_expr(c, b->value);
    if (!x)
        return false;
    bool whole = sql_type_is_integer(x->type) || (x->type->kind == ST_DECIMAL && !x->type->scale);
    if (!whole)
        return fail(c->z, b->value->pos, "TYPE_MISMATCH",
                    "Window frame %s %s value type must be exact numeric type with scale 0 (actual "
                    "%.*s)",
                    mode, end, BYTES_ARG(type_text(c->z, x->type))),
               false;
    const char *sql = x->type->kind == ST_DECIMAL ? "t_frame_offset(CAST(greatest(least($1, "
                                                    "9223372036854775807), -1) AS BIGINT))"
                                                  : "t_frame_offset(CAST($1 AS BIGINT))";
    ret->value = bound_call(c->z->a, sql, sql_type_of(ST_BIGINT), x->pos, &x, 1);
    return ret->value != NULL;
}

static bool is_moment(const struct sql_type *t) {
    return t->kind >= ST_DATE && t->kind <= ST_TIMESTAMP_TZ;
}
static bool is_interval(const struct sql_type *t) {
    return t->kind == ST_INTERVAL_DAY || t->kind == ST_INTERVAL_YEAR;
}

static bool offset_fits(const struct sql_type *key, const struct sql_type *offset) {
    if (sql_type_is_numeric(key))
        return sql_type_is_numeric(offset);
    if (is_interval(key))
        return key->kind == offset->kind;
    return is_interval(offset) && (key->kind != ST_TIME || offset->kind == ST_INTERVAL_DAY);
}

/* How far the bound is from the sort key, as the engine adds it; NULL and negative ones fail. */
#define DISTANCE "CASE WHEN t_frame_range($1 >= 0) THEN $1 END"
static const char *range_sql(const struct sql_type *key, const struct sql_type *offset) {
    if (!is_moment(key))
        return DISTANCE;
    if (offset->kind == ST_INTERVAL_YEAR)
        return "to_months(" DISTANCE ")";
    return key->kind == ST_DATE ? "to_days(t_whole_days(" DISTANCE "))"
                                : "to_milliseconds(" DISTANCE ")";
}

static bool bind_range(struct ctx *c, const struct sql_window *w, const struct sql_bound *b,
                       const struct bound_window *r, struct bound_bound *ret) {
    struct analyzer *z = c->z;
    if (!r->order.count)
        return fail(z, w->pos, "MISSING_ORDER_BY",
                    "Window frame of type RANGE PRECEDING or FOLLOWING requires ORDER BY"),
               false;
    if (r->order.count != 1)
        return fail(z, r->order_pos, "INVALID_ORDER_BY",
                    "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item "
                    "in ORDER BY (actual: %zu)",
                    r->order.count),
               false;
    const struct bound *key = r->order.items[0].x;
    if (!sql_type_is_numeric(key->type) && !is_moment(key->type) && !is_interval(key->type))
        return fail(z, key->pos, "TYPE_MISMATCH",
                    "Window frame of type RANGE PRECEDING or FOLLOWING requires that sort item "
                    "type be numeric, datetime or interval (actual: %.*s)",
                    BYTES_ARG(type_text(z, key->type))),
               false;
    struct bound *x = bind_expr(c, b->value);
    if (!x)
        return false;
    if (!offset_fits(key->type, x->type))
        return fail(z, b->value->pos, "TYPE_MISMATCH",
                    "Window frame RANGE value type (%.*s) not compatible with sort item type "
                    "(%.*s)",
                    BYTES_ARG(type_text(z, x->type)), BYTES_ARG(type_text(z, key->type))),
               false;
    if (is_packed(key->type) || key->type->kind == ST_TIME || key->type->kind == ST_TIME_TZ)
        return fail(z, b->value->pos, "NOT_SUPPORTED", "A RANGE over %.*s is not supported",
                    BYTES_ARG(type_text(z, key->type))),
               false;
    ret->value = bound_call(z->a, range_sql(key->type, x->type), x->type, x->pos, &x, 1);
    return ret->value != NULL;
}

static bool bind_bound(struct ctx *c, const struct sql_window *w, const struct sql_bound *b,
                       const char *end, const struct bound_window *r, struct bound_bound *ret) {
    ret->kind = b->kind;
    if (!b->value)
        return true;
    return w->frame->mode == SQL_FRAME_RANGE ? bind_range(c, w, b, r, ret)
                                             : bind_count(c, w, b, end, r, ret);
}

static bool check_ends(struct ctx *c, const struct sql_frame *f) {
    enum sql_bound_kind start = f->start.kind;
    enum sql_bound_kind end = f->has_end ? f->end.kind : SQL_BOUND_CURRENT_ROW;
    const char *wrong = NULL;
    if (start == SQL_BOUND_UNBOUNDED_FOLLOWING)
        wrong = "start cannot be UNBOUNDED FOLLOWING";
    else if (end == SQL_BOUND_UNBOUNDED_PRECEDING)
        wrong = "end cannot be UNBOUNDED PRECEDING";
    else if (start == SQL_BOUND_CURRENT_ROW && end == SQL_BOUND_PRECEDING)
        wrong = "starting from CURRENT ROW cannot end with PRECEDING";
    else if (start == SQL_BOUND_FOLLOWING && end == SQL_BOUND_PRECEDING)
        wrong = "starting from FOLLOWING cannot end with PRECEDING";
    else if (start == SQL_BOUND_FOLLOWING && end == SQL_BOUND_CURRENT_ROW)
        wrong = "starting from FOLLOWING cannot end with CURRENT ROW";
    if (wrong)
        fail(c->z, f->pos, "INVALID_WINDOW_FRAME", "Window frame %s", wrong);
    return !wrong;
}

static bool bind_frame(struct ctx *c, const struct sql_window *w, struct bound_window *r) {
    const struct sql_frame *f = w->frame;
    r->has_frame = true;
    r->frame_pos = f->pos;
    r->mode = f->mode;
    r->end.kind = SQL_BOUND_CURRENT_ROW;
    return check_ends(c, f) && bind_bound(c, w, &f->start, "start", r, &r->start) &&
           (!f->has_end || bind_bound(c, w, &f->end, "end", r, &r->end));
}

/* ---- named windows ---- */

/* Unquoted names are as if in capitals; quoted ones are as they stand. */
static bool same_name(const struct sql_ident *x, const struct sql_ident *y) {
    if (x->text.len != y->text.len)
        return false;
    for (size_t i = 0; i < x->text.len; i++) {
        int a = (unsigned char)x->text.ptr[i], b = (unsigned char)y->text.ptr[i];
        if ((x->quoted ? a : toupper(a)) != (y->quoted ? b : toupper(b)))
            return false;
    }
    return true;
}

static struct bound_window *find_window(struct ctx *c, const struct sql_ident *name) {
    for (size_t i = 0; i < c->window_count; i++)
        if (same_name(&c->windows[i].name, name))
            return c->windows[i].window;
    return NULL;
}

static const char *const nested = "Cannot nest window functions or row pattern measures inside "
                                  "window specification";

/* Takes over what the window that w names has. */
static bool inherit(struct ctx *c, const struct sql_window *w, struct bound_window *r) {
    const struct bound_window *base = find_window(c, &w->base);
    if (!base)
        return fail(c->z, w->base.pos, "INVALID_WINDOW_REFERENCE",
                    "Cannot resolve WINDOW name %.*s", BYTES_ARG(w->base.text)),
               false;
    *r = *base;
    r->source = NULL;
    if (w->only_name)
        return true;
    if (w->partition_by.count)
        return fail(c->z, w->partition_by.items[0]->pos, "INVALID_PARTITION_BY",
                    "WINDOW specification with named WINDOW reference cannot specify PARTITION BY"),
               false;
    if (w->order_by.count && base->order.count)
        return fail(c->z, w->order_by.pos, "INVALID_ORDER_BY",
                    "Cannot specify ORDER BY if referenced named WINDOW specifies ORDER BY"),
               false;
    if (base->has_frame)
        return fail(c->z, w->base.pos, "INVALID_WINDOW_REFERENCE",
                    "Cannot reference named WINDOW containing frame specification"),
               false;
    return true;
}

static bool check_key(struct ctx *c, const struct bound *x, struct sql_pos pos, const char *what) {
    const char *cannot = !sql_type_is_comparable(x->type)  ? "comparable"
                         : !sql_type_is_orderable(x->type) ? "orderable"
                                                           : NULL;
    if (cannot)
        fail(c->z, pos, "TYPE_MISMATCH",
             "%.*s is not %s, and therefore cannot be used in window function %s",
             BYTES_ARG(type_text(c->z, x->type)), cannot, what);
    return !cannot;
}

struct bound_window *bind_window(struct ctx *c, const struct sql_window *w) {
    struct bound_window *r = ARENA_NEW(c->z->a, struct bound_window);
    if (!r || (w->base.text.ptr && !inherit(c, w, r)))
        return NULL;
    struct ctx inner = *c;
    inner.no_windows = nested;
    r->source = w;
    if (w->partition_by.count) {
        if (!(r->partition = bind_list(&inner, &w->partition_by)))
            return NULL;
        r->partition_count = w->partition_by.count;
    }
    for (size_t i = 0; i < w->partition_by.count; i++)
        if (!check_key(c, r->partition[i], w->partition_by.items[i]->pos, "PARTITION BY"))
            return NULL;
    if (w->order_by.count) {
        if (!bind_sort_keys(&inner, &w->order_by, &r->order))
            return NULL;
        r->order_pos = w->order_by.pos;
    }
    for (size_t i = 0; i < w->order_by.count; i++)
        if (!check_key(c, r->order.items[i].x, w->order_by.items[i].pos, "ORDER BY"))
            return NULL;
    return !w->frame || bind_frame(&inner, w, r) ? r : NULL;
}

bool bind_named_windows(struct ctx *c, const struct sql_named_window *windows, size_t count) {
    c->window_count = 0;
    c->windows = ARENA_NEW_N(c->z->a, struct named_window, count + 1);
    for (size_t i = 0; c->windows && i < count; i++) {
        if (find_window(c, &windows[i].name))
            return fail(c->z, windows[i].name.pos, "DUPLICATE_WINDOW_NAME",
                        "WINDOW name '%.*s' specified more than once",
                        BYTES_ARG(windows[i].name.text)),
                   false;
        struct bound_window *w = bind_window(c, windows[i].window);
        if (!w)
            return false;
        c->windows[c->window_count++] = (struct named_window){windows[i].name, w};
    }
    return c->windows != NULL;
}
