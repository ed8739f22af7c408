/* predicate_op.c - logic, comparisons, arithmetic and conditional functions over values.
 *
 * AND and OR look at their arguments from the left, as the engine does: false (true) decides even
 * when another argument is not worked out here, but not when one before it fails. */
#include "sql/predicate_int.h"
#include <math.h>
#include <stdlib.h>

/* ---- logic ---- */
static enum eval logic(struct evaluation *ev, const struct sql_node *x, bool decides,
                       struct sql_value *ret) {
    bool null = false, unknown = false;
    struct sql_value v;
    for (size_t i = 0; i < x->arg_count; i++) {
        enum eval rc = predicate_eval(ev, x->args[i], &v);
        if (rc == EVAL_FAILED)
            return EVAL_FAILED;
        if (rc == EVAL_OK && !v.is_null && v.truth == decides)
            return value_truth(x, decides, ret);
        unknown |= rc == EVAL_UNKNOWN;
        null |= rc == EVAL_OK && v.is_null;
    }
    if (unknown)
        return EVAL_UNKNOWN;
    return null ? value_null(x, ret) : value_truth(x, !decides, ret);
}
static enum eval sp_and(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    return logic(ev, x, false, ret);
}
static enum eval sp_or(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    return logic(ev, x, true, ret);
}
static enum eval fn_not(struct evaluation *ev, const struct sql_node *x,
                        const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    return value_truth(x, !args[0].truth, ret);
}

/* ---- NULL ---- */
static enum eval sp_is_null(struct evaluation *ev, const struct sql_node *x,
                            struct sql_value *ret) {
    struct sql_value v;
    enum eval rc = predicate_eval(ev, x->args[0], &v);
    return rc ? rc : value_truth(x, v.is_null, ret);
}
static enum eval sp_is_not_null(struct evaluation *ev, const struct sql_node *x,
                                struct sql_value *ret) {
    struct sql_value v;
    enum eval rc = predicate_eval(ev, x->args[0], &v);
    return rc ? rc : value_truth(x, !v.is_null, ret);
}

static enum eval distinct(struct evaluation *ev, const struct sql_node *x, bool same,
                          struct sql_value *ret) {
    struct sql_value a, b;
    int o;
    enum eval rc = predicate_eval(ev, x->args[0], &a);
    if (!rc)
        rc = predicate_eval(ev, x->args[1], &b);
    if (rc)
        return rc;
    if (a.is_null || b.is_null)
        return value_truth(x, (a.is_null && b.is_null) == same, ret);
    return value_compare(&a, &b, &o) ? value_truth(x, (o == 0) == same, ret) : EVAL_UNKNOWN;
}
static enum eval sp_distinct(struct evaluation *ev, const struct sql_node *x,
                             struct sql_value *ret) {
    return distinct(ev, x, false, ret);
}
static enum eval sp_not_distinct(struct evaluation *ev, const struct sql_node *x,
                                 struct sql_value *ret) {
    return distinct(ev, x, true, ret);
}

static enum eval sp_coalesce(struct evaluation *ev, const struct sql_node *x,
                             struct sql_value *ret) {
    for (size_t i = 0; i < x->arg_count; i++) {
        enum eval rc = predicate_eval(ev, x->args[i], ret);
        if (rc || !ret->is_null)
            return rc;
    }
    return value_null(x, ret);
}

static enum eval sp_nullif(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    struct sql_value b = {0};
    int o;
    enum eval rc = predicate_eval(ev, x->args[0], ret);
    if (!rc)
        rc = predicate_eval(ev, x->args[1], &b);
    if (rc || ret->is_null || b.is_null)
        return rc;
    if (!value_compare(ret, &b, &o))
        return EVAL_UNKNOWN;
    return o ? EVAL_OK : value_null(x, ret);
}

/* Conditions and results by turns, then the ELSE. */
static enum eval sp_case(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    struct sql_value c;
    for (size_t i = 0; i + 1 < x->arg_count; i += 2) {
        enum eval rc = predicate_eval(ev, x->args[i], &c);
        if (rc)
            return rc;
        if (!c.is_null && c.truth)
            return predicate_eval(ev, x->args[i + 1], ret);
    }
    return x->arg_count % 2 ? predicate_eval(ev, x->args[x->arg_count - 1], ret)
                            : value_null(x, ret);
}

/* ---- comparison ---- */
#define COMPARE(name, test)                                                                        \
    static enum eval fn_##name(struct evaluation *ev, const struct sql_node *x,                    \
                               const struct sql_value *args, struct sql_value *ret) {              \
        int o;                                                                                     \
        (void)ev;                                                                                  \
        return value_compare(&args[0], &args[1], &o) ? value_truth(x, test, ret) : EVAL_UNKNOWN;   \
    }
COMPARE(eq, o == 0)
COMPARE(ne, o != 0)
COMPARE(lt, o < 0)
COMPARE(le, o <= 0)
COMPARE(gt, o > 0)
COMPARE(ge, o >= 0)

/* The engine works out all items, also behind one that is equal. */
static enum eval sp_in(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    struct sql_value v, item;
    bool null = false, found = false;
    int o;
    enum eval rc = predicate_eval(ev, x->args[0], &v);
    for (size_t i = 1; !rc && i < x->arg_count; i++) {
        if (found && x->args[i]->kind == NODE_VALUE)
            continue;
        rc = predicate_eval(ev, x->args[i], &item);
        if (rc || found)
            continue;
        if (v.is_null || item.is_null)
            null = true;
        else if (!value_compare(&v, &item, &o))
            rc = EVAL_UNKNOWN;
        else
            found = o == 0;
    }
    if (rc)
        return rc;
    return null && !found ? value_null(x, ret) : value_truth(x, found, ret);
}

/* value >= low AND value <= high */
static enum eval sp_between(struct evaluation *ev, const struct sql_node *x,
                            struct sql_value *ret) {
    struct sql_value v[3];
    bool null = false;
    int o;
    for (int i = 0; i < 3; i++) {
        enum eval rc = predicate_eval(ev, x->args[i], &v[i]);
        if (rc)
            return rc;
    }
    for (int i = 1; i < 3; i++) {
        if (v[0].is_null || v[i].is_null) {
            null = true;
            continue;
        }
        if (!value_compare(&v[0], &v[i], &o))
            return EVAL_UNKNOWN;
        if (i == 1 ? o < 0 : o > 0)
            return value_truth(x, false, ret);
    }
    return null ? value_null(x, ret) : value_truth(x, true, ret);
}

static enum eval extreme(struct evaluation *ev, const struct sql_node *x, int sign,
                         struct sql_value *ret) {
    struct sql_value v;
    int o;
    enum eval rc = predicate_eval(ev, x->args[0], ret);
    bool null = !rc && ret->is_null;
    for (size_t i = 1; !rc && i < x->arg_count; i++) {
        rc = predicate_eval(ev, x->args[i], &v);
        null |= !rc && v.is_null;
        if (rc || null)
            continue;
        if (!value_compare(&v, ret, &o))
            return EVAL_UNKNOWN;
        if (o * sign > 0)
            *ret = v;
    }
    return rc ? rc : null ? value_null(x, ret) : EVAL_OK;
}
static enum eval sp_greatest(struct evaluation *ev, const struct sql_node *x,
                             struct sql_value *ret) {
    return extreme(ev, x, 1, ret);
}
static enum eval sp_least(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    return extreme(ev, x, -1, ret);
}

/* ---- arithmetic ---- */
enum arithmetic { PLUS, MINUS, TIMES, DIVIDE, MODULUS };

static enum eval whole_op(enum arithmetic op, int64_t a, int64_t b, const struct sql_type *t,
                          struct sql_value *ret) {
    int64_t r;
    bool over = op == PLUS    ? __builtin_add_overflow(a, b, &r)
                : op == MINUS ? __builtin_sub_overflow(a, b, &r)
                              : __builtin_mul_overflow(a, b, &r);
    if (over)
        return EVAL_FAILED;
    return value_whole(t, r, ret);
}

static enum eval real_op(enum arithmetic op, double a, double b, const struct sql_type *t,
                         struct sql_value *ret) {
    double r = op == PLUS ? a + b : op == MINUS ? a - b : op == TIMES ? a * b : a / b;
    if (t->kind == ST_REAL) {
        float x = (float)a, y = (float)b;
        r = (double)(op == PLUS ? x + y : op == MINUS ? x - y : op == TIMES ? x * y : x / y);
    }
    return value_real(t, r, ret);
}

static enum eval number_op(enum arithmetic op, const struct sql_node *x,
                           const struct sql_value *args, struct sql_value *ret) {
    const struct sql_type *l = args[0].type, *r = args[1].type;
    bool whole =
        sql_type_is_integer(l) || l->kind == ST_INTERVAL_DAY || l->kind == ST_INTERVAL_YEAR;
    if (l->kind != r->kind || l->kind != x->type->kind)
        return EVAL_UNKNOWN;
    if (whole && op != DIVIDE)
        return whole_op(op, args[0].whole, args[1].whole, x->type, ret);
    if (l->kind == ST_REAL || l->kind == ST_DOUBLE)
        return real_op(op, args[0].real, args[1].real, x->type, ret);
    return EVAL_UNKNOWN;
}
/* DECIMAL + - of one scale, *; also an interval times an integer. */
static enum eval decimal_op(enum arithmetic op, const struct sql_node *x,
                            const struct sql_value *args, struct sql_value *ret) {
    const struct sql_type *l = args[0].type, *r = args[1].type;
    __int128 n;
    if (op == TIMES && l->kind == x->type->kind && r->kind == ST_BIGINT)
        return whole_op(op, args[0].whole, args[1].whole, x->type, ret);
    if (l->kind != ST_DECIMAL || r->kind != ST_DECIMAL || x->type->kind != ST_DECIMAL)
        return EVAL_UNKNOWN;
    if (op == TIMES ? l->precision + r->precision > 38 || l->scale + r->scale != x->type->scale
                    : l->scale != r->scale || l->scale != x->type->scale || l->precision > 37)
        return EVAL_UNKNOWN;
    bool over = op == PLUS    ? __builtin_add_overflow(args[0].digits, args[1].digits, &n)
                : op == MINUS ? __builtin_sub_overflow(args[0].digits, args[1].digits, &n)
                              : __builtin_mul_overflow(args[0].digits, args[1].digits, &n);
    /* the engine stays with 64 bits when both sides fit them */
    __int128 limit = value_pow10(l->precision <= 18 && r->precision <= 18 ? 18 : 38);
    return over || n >= limit || n <= -limit ? EVAL_UNKNOWN : value_digits(x->type, n, ret);
}
#define ARITHMETIC(name, fn, op)                                                                   \
    static enum eval fn_##name(struct evaluation *ev, const struct sql_node *x,                    \
                               const struct sql_value *args, struct sql_value *ret) {              \
        (void)ev;                                                                                  \
        return fn(op, x, args, ret);                                                               \
    }
ARITHMETIC(plus, number_op, PLUS)
ARITHMETIC(minus, number_op, MINUS)
ARITHMETIC(times, number_op, TIMES)
ARITHMETIC(divide, number_op, DIVIDE)
ARITHMETIC(decimal_plus, decimal_op, PLUS)
ARITHMETIC(decimal_minus, decimal_op, MINUS)
ARITHMETIC(decimal_times, decimal_op, TIMES)

/* Whole division: towards zero; the remainder has the dividend's sign. */
static enum eval whole_division(enum arithmetic op, const struct sql_node *x,
                                const struct sql_value *args, struct sql_value *ret) {
    int64_t a = args[0].whole, b = args[1].whole;
    if (!sql_type_is_integer(args[0].type) || !sql_type_is_integer(args[1].type))
        return EVAL_UNKNOWN;
    if (b == 0)
        return EVAL_FAILED;
    if (b == -1)
        return op == MODULUS ? value_whole(x->type, 0, ret) : whole_op(TIMES, a, -1, x->type, ret);
    return value_whole(x->type, op == MODULUS ? a % b : a / b, ret);
}
ARITHMETIC(quotient, whole_division, DIVIDE)
ARITHMETIC(remainder, whole_division, MODULUS)

static enum eval fn_negate(struct evaluation *ev, const struct sql_node *x,
                           const struct sql_value *args, struct sql_value *ret) {
    enum sql_type_tag k = args[0].type->kind;
    (void)ev;
    if (k == ST_REAL || k == ST_DOUBLE)
        return value_real(x->type, -args[0].real, ret);
    if (k == ST_DECIMAL)
        return value_digits(x->type, -args[0].digits, ret);
    return whole_op(MINUS, 0, args[0].whole, x->type, ret);
}
static enum eval fn_abs(struct evaluation *ev, const struct sql_node *x,
                        const struct sql_value *args, struct sql_value *ret) {
    enum sql_type_tag k = args[0].type->kind;
    bool minus = k == ST_REAL || k == ST_DOUBLE ? signbit(args[0].real) != 0
                 : k == ST_DECIMAL              ? args[0].digits < 0
                                                : args[0].whole < 0;
    *ret = args[0];
    return minus ? fn_negate(ev, x, args, ret) : EVAL_OK;
}
static enum eval fn_same(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    *ret = args[0];
    ret->type = x->type;
    return EVAL_OK;
}
static enum eval fn_fmod(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    return x->type->kind == ST_DOUBLE ? value_real(x->type, fmod(args[0].real, args[1].real), ret)
                                      : EVAL_UNKNOWN;
}

#define STRICT(sql, name)                                                                          \
    { sql, fn_##name, NULL, NULL }
#define SPECIAL(sql, name)                                                                         \
    { sql, NULL, sp_##name, NULL }

const struct eval_fn eval_ops[] = {
    STRICT("($1 = $2)", eq),
    STRICT("($1 < $2)", lt),
    STRICT("($1 <= $2)", le),
    STRICT("($1 > $2)", gt),
    STRICT("($1 >= $2)", ge),
    STRICT("($1 <> $2)", ne),
    SPECIAL("@and", and),
    SPECIAL("($1 AND $2)", and),
    SPECIAL("@or", or),
    SPECIAL("($1 OR $2)", or),
    STRICT("(NOT $1)", not ),
    SPECIAL("($1 IN ($2*))", in),
    SPECIAL("($1 BETWEEN $2 AND $3)", between),
    SPECIAL("($1 IS NULL)", is_null),
    SPECIAL("($1 IS NOT NULL)", is_not_null),
    SPECIAL("($1 IS DISTINCT FROM $2)", distinct),
    SPECIAL("($1 IS NOT DISTINCT FROM $2)", not_distinct),
    SPECIAL("coalesce($*)", coalesce),
    SPECIAL("nullif($1, $2)", nullif),
    SPECIAL("@case", case),
    SPECIAL("CASE WHEN $1 THEN $2 END", case),
    SPECIAL("CASE WHEN $1 THEN $2 ELSE $3 END", case),
    SPECIAL("@greatest", greatest),
    SPECIAL("@least", least),
    STRICT("($1 + $2)", plus),
    STRICT("($1 - $2)", minus),
    STRICT("($1 * $2)", times),
    STRICT("($1 / $2)", divide),
    STRICT("CAST($1 + $2 AS $R)", decimal_plus),
    STRICT("CAST($1 - $2 AS $R)", decimal_minus),
    STRICT("CAST($1 * $2 AS $R)", decimal_times),
    STRICT("($1 // $2)", quotient),
    STRICT("($1 % $2)", remainder),
    STRICT("CAST(t_div(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) AS $R)", quotient),
    STRICT("CAST(t_mod(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) AS $R)", remainder),
    STRICT("CAST(t_fmod($1, $2) AS $R)", fmod),
    STRICT("(- $1)", negate),
    STRICT("abs($1)", abs),
    STRICT("$1", same),
};
const size_t eval_op_count = COUNT_OF(eval_ops);
