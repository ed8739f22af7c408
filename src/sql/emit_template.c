/* emit_template.c - fills in the templates of functions.h.
 *
 *   $1..$9  an argument          $*  all, with commas      $2*  from the second on
 *   $R      result's type        $SR its scale             $P1  precision of argument 1's type
 *   $L1     length of argument 1's type
 *   $l1     argument 1, a time of any type, as what its clock shows (emit_local)
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

static void emit_over(struct emitter *em, const struct bound_window *w) {
    put(em, " OVER (");
    if (w->partition_count) {
        put(em, "PARTITION BY ");
        emit_list(em, w->partition, 0, w->partition_count, ", ");
    }
    if (w->order.count) {
        put(em, w->partition_count ? " ORDER BY " : "ORDER BY ");
        emit_sorts(em, &w->order, false);
    }
    if (w->has_frame)
        emit_frame(em, w);
    put(em, ")");
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
    bool instant = *at == 'i';
    if (local || precision || length || zoned || wide || instant)
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
    else if (*at == '*')
        emit_list(em, x->args, i, x->arg_count, ", "), at++;
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
