/* emit_template.c - fills in the templates of functions.h.
 *
 *   $1..$9  an argument          $*  all, with commas      $2*  from the second on
 *   $R      result's type        $SR its scale             $P1  precision of argument 1's type
 *   $L1     length of argument 1's type
 *   $l1     argument 1, a time of any type, as what its clock shows (emit_local)
 *   $k1     what tells it apart: instants without their zones
 *   $o1     what orders it for a greatest value: NaN is least
 *   $i1     its instant              $z1, $w1  argument 1 as FORM_ZONED, as FORM_WIDE
 *   {f(x)}  an aggregate call: DISTINCT and ORDER BY go inside, FILTER and OVER behind */
#include "sql/emit_int.h"
#include <ctype.h>

static void emit_bound(struct emitter *em, const struct bound_bound *b) {
    static const char *const words[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW",
                                        " FOLLOWING", "UNBOUNDED FOLLOWING"};
    if (b->value) {
        put(em, "(");
        emit_expr(em, b->value);
        put(em, ")");
    }
    put(em, words[b->kind]);
}

static void emit_frame(struct emitter *em, const struct bound_window *w) {
    static const char *const modes[] = {" ROWS", " RANGE", " GROUPS"};
    put(em, modes[w->mode]);
    put(em, " BETWEEN ");
    emit_bound(em, &w->start);
    put(em, " AND ");
    emit_bound(em, &w->end);
}

/* Instants are peers whatever their zones. */
static void emit_orders(struct emitter *em, const struct bound_window *w) {
    bool no_range = !w->start.value && !w->end.value;
    for (size_t i = 0; i < w->order.count; i++) {
        struct bound_sorts one = {.items = &w->order.items[i], .count = 1};
        const struct bound *x = one.items->x;
        put(em, i ? ", " : "");
        if (!no_range || !emit_has_zone(x->type)) {
            emit_sorts(em, &one, false);
            continue;
        }
        emit_expr_key(em, x);
        put(em, one.items->descending ? " DESC" : " ASC");
        put(em, one.items->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
}

static void emit_over(struct emitter *em, const struct bound_window *w) {
    put(em, " OVER (");
    if (w->partition_count) {
        put(em, "PARTITION BY ");
        for (size_t i = 0; i < w->partition_count; i++) {
            put(em, i ? ", " : "");
            emit_expr_key(em, w->partition[i]);
        }
    }
    if (w->order.count) {
        put(em, w->partition_count ? " ORDER BY " : "ORDER BY ");
        emit_orders(em, w);
    }
    if (w->has_frame)
        emit_frame(em, w);
    put(em, ")");
}

static bool zones_within(const struct sql_type *t) {
    bool any = t->zoned || t->kind == ST_TIME_TZ;
    for (size_t i = 0; t->kind != ST_MAP && i < t->child_count; i++)
        any |= zones_within(t->children[i]);
    return any;
}

/* DuckDB has NaN above all numbers; the greatest of some is NaN when there is nothing else. */
static void emit_greatest(struct emitter *em, const struct bound *x) {
    struct bytes v = emit_text(em, x);
    if (x->type->kind != ST_REAL && x->type->kind != ST_DOUBLE) {
        put_bytes(em, v);
        return;
    }
    put(em, "CASE WHEN ");
    put_bytes(em, v);
    put(em, " IS NOT NULL THEN struct_pack(n := NOT isnan(");
    put_bytes(em, v);
    put(em, "), v := ");
    put_bytes(em, v);
    put(em, ") END");
}

static const char *emit_hole(struct emitter *em, const struct bound *x, const char *at);

static void emit_span(struct emitter *em, const struct bound *x, const char *at, const char *end) {
    while (at < end && !em->rc) {
        if (*at == '$') {
            at = emit_hole(em, x, at + 1);
            continue;
        }
        const char *next = at;
        while (next < end && *next != '$')
            next++;
        put_bytes(em, bytes_of(at, (size_t)(next - at)));
        at = next;
    }
}

/* `at` is behind '$'; returns behind the hole. */
static const char *emit_hole(struct emitter *em, const struct bound *x, const char *at) {
    if (*at == '*') {
        emit_list(em, x->args, 0, x->arg_count, ", ");
        return at + 1;
    }
    if (*at == 'R') {
        put_type(em, x->type);
        return at + 1;
    }
    if (at[0] == 'S' && at[1] == 'R') {
        putf(em, "%d", x->type->scale);
        return at + 2;
    }
    bool local = *at == 'l', precision = *at == 'P', length = *at == 'L';
    bool zoned = *at == 'z', wide = *at == 'w';
    bool instant = *at == 'i', order = *at == 'o', key = *at == 'k';
    if (local || precision || length || zoned || wide || instant || order || key)
        at++;
    assert(isdigit((unsigned char)*at) && "a template has an unknown hole");
    size_t i = (size_t)(*at++ - '1');
    assert(i < x->arg_count);
    if (precision)
        putf(em, "%d", x->args[i]->type->precision);
    else if (length)
        putf(em, "%d", x->args[i]->type->length);
    else if (local)
        emit_local(em, x->args[i]->type, emit_text(em, x->args[i]));
    else if (zoned)
        emit_zoned(em, x->args[i]->type, emit_text(em, x->args[i]));
    else if (instant && x->args[i]->type->zoned)
        emit_call(em, "t_zoned_instant", emit_text(em, x->args[i]));
    else if (wide)
        emit_wide(em, x->args[i]->type, emit_text(em, x->args[i]));
    else if (key && zones_within(x->args[i]->type))
        emit_expr_key(em, x->args[i]);
    else if (order)
        emit_greatest(em, x->args[i]);
    else if (*at == '*')
        emit_list(em, x->args, i, x->arg_count, ", "), at++;
    else if (em->distinct && x->distinct &&
             (x->type->kind == ST_BIGINT || x->args[i]->type->kind == ST_MAP))
        emit_expr_key(em, x->args[i]);
    else
        emit_expr(em, x->args[i]);
    return at;
}

/* {f(args)}: from behind the brace; returns behind the closing one. */
static const char *emit_aggregate(struct emitter *em, const struct bound *x, const char *at) {
    const char *end = strchr(at, '}'), *open = strchr(at, '(');
    assert(end && open && open < end && end[-1] == ')');
    put_bytes(em, bytes_of(at, (size_t)(open + 1 - at)));
    put(em, x->distinct ? "DISTINCT " : "");
    const struct bound_select *grouped = em->grouped;
    em->grouped = x->over ? grouped : NULL;
    em->distinct = x->distinct;
    emit_span(em, x, open + 1, end - 1);
    em->distinct = false;
    if (x->order.count) {
        put(em, " ORDER BY ");
        emit_sorts(em, &x->order, false);
    }
    put(em, x->ignore_nulls ? " IGNORE NULLS)" : ")");
    if (x->filter) {
        put(em, " FILTER (WHERE ");
        emit_expr(em, x->filter);
        put(em, ")");
    }
    em->grouped = grouped;
    if (x->over)
        emit_over(em, x->over);
    return end + 1;
}

void emit_template(struct emitter *em, const struct bound *x) {
    const char *at = x->sql;
    while (*at && !em->rc) {
        if (x->kind == BX_AGG && *at == '{') {
            at = emit_aggregate(em, x, at + 1);
            continue;
        }
        const char *next = at;
        while (*next && (x->kind != BX_AGG || *next != '{'))
            next++;
        emit_span(em, x, at, next);
        at = next;
    }
}
