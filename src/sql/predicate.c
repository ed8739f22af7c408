/* predicate.c - compiles typed expressions for evaluation outside the engine, and evaluates them.
 *
 * Compiling looks each call's template up in the tables of predicate_op.c, predicate_text.c and
 * predicate_time.c, and replaces what has no columns by its value. A node that cannot be evaluated
 * stays as NODE_UNKNOWN: AND and OR may still have an answer without it. Three-valued logic is
 * kept; on top of it an evaluation may be unknown (not worked out here) or failed (the engine would
 * fail), which both mean that the engine decides. */
#include "sql/predicate_int.h"
#include <stdlib.h>

static const struct eval_fn *find_in(const struct eval_fn *table, size_t count, const char *sql) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].sql, sql) == 0)
            return &table[i];
    return NULL;
}

static const struct eval_fn *find_fn(const char *sql) {
    const struct eval_fn *f = find_in(eval_ops, eval_op_count, sql);
    if (!f)
        f = find_in(eval_texts, eval_text_count, sql);
    return f ? f : find_in(eval_times, eval_time_count, sql);
}

/* ---- evaluating ---- */
static enum eval call_strict(struct evaluation *ev, const struct sql_node *x,
                             struct sql_value *ret) {
    struct sql_value args[8];
    bool null = false;
    if (x->arg_count > COUNT_OF(args))
        return EVAL_UNKNOWN;
    for (size_t i = 0; i < x->arg_count; i++) {
        enum eval rc = predicate_eval(ev, x->args[i], &args[i]);
        if (rc)
            return rc;
        null |= args[i].is_null;
    }
    return null ? value_null(x, ret) : x->fn->call(ev, x, args, ret);
}

enum eval predicate_eval(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    struct sql_value v;
    enum eval rc;
    switch (x->kind) {
    case NODE_VALUE:
        *ret = x->value;
        return EVAL_OK;
    case NODE_COLUMN:
        return ev->values && ev->values[x->column].ptr
                   ? value_of_partition(ev, x->hive, x->type, ev->values[x->column], ret)
                   : EVAL_UNKNOWN;
    case NODE_CAST:
        rc = predicate_eval(ev, x->args[0], &v);
        return rc ? rc : value_cast(ev->a, &v, x->type, x->is_try, ret);
    case NODE_CALL:
        return x->fn->special ? x->fn->special(ev, x, ret) : call_strict(ev, x, ret);
    default:
        return EVAL_UNKNOWN;
    }
}

/* ---- compiling ---- */
static const struct eval_fn *fn_of(const struct bound *x) {
    if (x->kind == BX_CALL)
        return x->sql && !x->filter && !x->over ? find_fn(x->sql) : NULL;
    return x->kind == BX_CASE ? find_fn("@case") : NULL;
}

/* AND needs one side that can be false, OR needs all, everything else needs all. */
static bool is_decidable(const struct sql_node *x) {
    bool any = false, all = true;
    for (size_t i = 0; i < x->arg_count; i++) {
        any |= x->args[i]->is_decidable;
        all &= x->args[i]->is_decidable;
    }
    if (x->kind == NODE_UNKNOWN)
        return false;
    return x->kind == NODE_CALL && strcmp(x->fn->sql, "@and") == 0 ? any : all;
}

static void fold_node(struct arena *a, struct sql_node *n) {
    struct evaluation ev = {.a = a};
    for (size_t i = 0; i < n->arg_count; i++)
        if (n->args[i]->kind != NODE_VALUE)
            return;
    if (n->kind != NODE_CALL && n->kind != NODE_CAST)
        return;
    struct sql_value v;
    if (predicate_eval(&ev, n, &v) == EVAL_OK) {
        n->kind = NODE_VALUE;
        n->value = v;
    }
}

static void compile_leaf(const struct bound *x, struct sql_node *n) {
    if (x->kind == BX_LITERAL && value_of_literal(x, &n->value) == EVAL_OK) {
        n->kind = NODE_VALUE;
    } else if (x->kind == BX_COLUMN && x->rel->kind == REL_SCAN) {
        n->kind = NODE_COLUMN;
        n->column = x->column;
        n->hive = x->rel->table->columns[x->column].type;
    }
    n->is_decidable = n->kind != NODE_UNKNOWN;
}

const struct sql_node *predicate_compile(struct arena *a, const struct bound *x) {
    struct sql_node *n = ARENA_NEW(a, struct sql_node);
    if (!n)
        return NULL;
    n->kind = NODE_UNKNOWN;
    n->type = x->type;
    n->fn = fn_of(x);
    if (!n->fn && x->kind != BX_CAST) {
        compile_leaf(x, n);
        return n;
    }
    n->kind = x->kind == BX_CAST ? NODE_CAST : NODE_CALL;
    n->is_try = x->is_try;
    n->args = ARENA_NEW_N(a, const struct sql_node *, x->arg_count + 1);
    for (; n->args && n->arg_count < x->arg_count; n->arg_count++)
        if (!(n->args[n->arg_count] = predicate_compile(a, x->args[n->arg_count])))
            return NULL;
    if (!n->args)
        return NULL;
    if (n->kind == NODE_CALL && n->fn->prepare && !n->fn->prepare(a, n))
        n->kind = NODE_UNKNOWN;
    n->is_decidable = is_decidable(n);
    fold_node(a, n);
    return n;
}

bool predicate_constant(struct arena *a, const struct bound *x, struct sql_value *ret) {
    const struct sql_node *n = predicate_compile(a, x);
    if (!n || n->kind != NODE_VALUE)
        return false;
    *ret = n->value;
    return true;
}

static bool same_value(const struct sql_value *a, const struct sql_value *b) {
    int o;
    if (!sql_type_equal(a->type, b->type) || a->is_null || b->is_null)
        return a->is_null && b->is_null && sql_type_equal(a->type, b->type);
    return value_compare(a, b, &o) && o == 0;
}

bool predicate_same(const struct sql_node *x, const struct sql_node *y) {
    if (x->kind != y->kind || x->fn != y->fn || x->arg_count != y->arg_count ||
        x->column != y->column || x->is_try != y->is_try || x->kind == NODE_UNKNOWN ||
        !sql_type_equal(x->type, y->type))
        return false;
    if (x->kind == NODE_VALUE)
        return same_value(&x->value, &y->value);
    if (x->kind == NODE_CALL && strcmp(x->fn->sql, "($1 = $2)") == 0 &&
        predicate_same(x->args[0], y->args[1]) && predicate_same(x->args[1], y->args[0]))
        return true;
    for (size_t i = 0; i < x->arg_count; i++)
        if (!predicate_same(x->args[i], y->args[i]))
            return false;
    return true;
}

/* ---- the public face ---- */
int sql_predicate_test(const struct sql_predicate *p, struct arena *scratch,
                       const struct bytes *values) {
    struct evaluation ev = {.a = scratch, .values = values};
    struct sql_value v;
    if (predicate_eval(&ev, p->x, &v) != EVAL_OK || scratch->failed)
        return -1;
    return !v.is_null && v.truth;
}
