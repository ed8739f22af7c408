/* analyze_op.c - operators: which types they take, what they give, what DuckDB does instead.
 *
 * Integers stay integers (division truncates and is checked), decimals follow Trino's precision
 * rules, intervals are numbers of milliseconds or months, and text never meets a number. */
#include "sql/analyze_int.h"

void *cannot_apply(struct ctx *c, const char *op, const struct bound *l, const struct bound *r,
                   struct sql_pos pos) {
    return fail(c->z, pos, "TYPE_MISMATCH", "Cannot apply operator: %.*s %s %.*s",
                BYTES_ARG(type_text(c->z, l->type)), op, BYTES_ARG(type_text(c->z, r->type)));
}

static struct bound *call2(struct ctx *c, const char *sql, const struct sql_type *type,
                           struct sql_pos pos, struct bound *l, struct bound *r) {
    struct bound *args[] = {l, r};
    return bound_call(c->z->a, sql, type, pos, args, 2);
}

/* ---- integers ---- */
static bool is_safe_divisor(const struct bound *x) {
    while (x->kind == BX_CAST)
        x = x->args[0];
    int64_t v;
    return x->kind == BX_LITERAL && sql_type_is_integer(x->type) && bytes_to_i64(x->value, &v) &&
           v != 0 && v != -1;
}

static const char *integer_sql(enum sql_op op, const struct bound *divisor) {
    switch (op) {
    case SQL_OP_PLUS:
        return "($1 + $2)";
    case SQL_OP_MINUS:
        return "($1 - $2)";
    case SQL_OP_MULTIPLY:
        return "($1 * $2)";
    case SQL_OP_DIVIDE:
        return is_safe_divisor(divisor)
                   ? "($1 // $2)"
                   : "CAST(t_div(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) AS $R)";
    default:
        return is_safe_divisor(divisor)
                   ? "($1 % $2)"
                   : "CAST(t_mod(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) AS $R)";
    }
}

static struct bound *integer_op(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                                const struct sql_type *t, struct sql_pos pos) {
    const char *sql = integer_sql(op, r);
    return call2(c, sql, t, pos, bound_cast(c->z->a, l, t), bound_cast(c->z->a, r, t));
}

/* ---- decimals ---- */
struct digits {
    int p, s;
};
static struct digits digits_of(const struct sql_type *t) {
    if (t->kind == ST_DECIMAL)
        return (struct digits){t->precision, t->scale};
    return (struct digits){sql_type_integer_digits(t->kind), 0};
}
static const struct sql_type *own_decimal(struct analyzer *z, const struct bound *x) {
    struct digits d = digits_of(x->type);
    return sql_type_decimal(z->a, d.p, d.s);
}

static const struct sql_type *decimal_result(struct analyzer *z, enum sql_op op, struct digits x,
                                             struct digits y) {
    int s = MAX_OF(x.s, y.s), whole = MAX_OF(x.p - x.s, y.p - y.s);
    switch (op) {
    case SQL_OP_MULTIPLY:
        return x.s + y.s > 38 ? NULL : sql_type_decimal(z->a, MIN_OF(38, x.p + y.p), x.s + y.s);
    case SQL_OP_DIVIDE:
        return sql_type_decimal(z->a, MIN_OF(38, x.p + y.s + MAX_OF(y.s - x.s, 0)), s);
    case SQL_OP_MODULUS:
        return sql_type_decimal(z->a, MIN_OF(38, MIN_OF(y.p - y.s, x.p - x.s) + s), s);
    default:
        return sql_type_decimal(z->a, MIN_OF(38, whole + s + 1), s);
    }
}

static struct bound *decimal_op(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                                struct sql_pos pos) {
    struct analyzer *z = c->z;
    struct digits x = digits_of(l->type), y = digits_of(r->type);
    const struct sql_type *t = decimal_result(z, op, x, y);
    if (!t)
        return fail(z, pos, "TYPE_MISMATCH", "DECIMAL scale must be in range [0, precision (38)]");
    const struct sql_type *lt = own_decimal(z, l), *rt = own_decimal(z, r);
    const char *sql = op == SQL_OP_MULTIPLY ? "CAST($1 * $2 AS $R)"
                      : op == SQL_OP_DIVIDE ? "CAST(t_decdiv_$SR($1, $2) AS $R)"
                                            : "CAST(t_decmod_$SR($1, $2) AS $R)";
    if (op == SQL_OP_PLUS || op == SQL_OP_MINUS) {
        int s = MAX_OF(x.s, y.s);
        lt = rt = sql_type_decimal(z->a, MIN_OF(38, MAX_OF(x.p - x.s, y.p - y.s) + s), s);
        sql = op == SQL_OP_PLUS ? "CAST($1 + $2 AS $R)" : "CAST($1 - $2 AS $R)";
        if (t->precision > 18 && lt->precision <= 18) /* DuckDB would stay in 64 bits */
            lt = rt = t;
    } else if (op == SQL_OP_MULTIPLY && x.p + y.p > 32 && x.p <= 18 && y.p <= 18) {
        lt = sql_type_decimal(z->a, 19, x.s);
    }
    return call2(c, sql, t, pos, bound_cast(z->a, l, lt), bound_cast(z->a, r, rt));
}

/* ---- numbers ---- */
static struct bound *float_op(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                              const struct sql_type *t, struct sql_pos pos) {
    static const char *const sql[] = {"($1 + $2)", "($1 - $2)", "($1 * $2)", "($1 / $2)"};
    const char *text = op == SQL_OP_MODULUS ? "CAST(t_fmod($1, $2) AS $R)" : sql[op];
    return call2(c, text, t, pos, bound_cast(c->z->a, l, t), bound_cast(c->z->a, r, t));
}

static struct bound *number_op(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                               struct sql_pos pos) {
    const struct sql_type *t = sql_type_common(c->z->a, l->type, r->type);
    if (!t)
        return NULL;
    if (t->kind == ST_UNKNOWN)
        return bound_null(c->z->a, sql_type_of(ST_INTEGER), pos);
    if (t->kind == ST_DECIMAL)
        return decimal_op(c, op, l, r, pos);
    return sql_type_is_integer(t) ? integer_op(c, op, l, r, t, pos) : float_op(c, op, l, r, t, pos);
}

static bool is_moment(const struct sql_type *t) {
    return t->kind >= ST_DATE && t->kind <= ST_TIMESTAMP_TZ;
}

struct bound *bind_arithmetic(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                              struct sql_pos pos) {
    if (l->type->kind == ST_UNKNOWN && r->type->kind != ST_UNKNOWN && !is_moment(r->type))
        l = bound_cast(c->z->a, l, r->type);
    if (r->type->kind == ST_UNKNOWN && l->type->kind != ST_UNKNOWN && !is_moment(l->type))
        r = bound_cast(c->z->a, r, l->type);
    if (!l || !r)
        return NULL;
    bool numbers = (sql_type_is_numeric(l->type) || l->type->kind == ST_UNKNOWN) &&
                   (sql_type_is_numeric(r->type) || r->type->kind == ST_UNKNOWN);
    if (numbers)
        return number_op(c, op, l, r, pos);
    if (is_time_arithmetic(l, r))
        return bind_time_arithmetic(c, op, l, r, pos);
    return cannot_apply(c, sql_op_text(op), l, r, pos);
}

struct bound *bind_negation(struct ctx *c, struct bound *x, struct sql_pos pos) {
    if (!sql_type_is_numeric(x->type) && x->type->kind != ST_INTERVAL_DAY &&
        x->type->kind != ST_INTERVAL_YEAR)
        return fail(c->z, pos, "TYPE_MISMATCH", "Cannot negate %.*s",
                    BYTES_ARG(type_text(c->z, x->type)));
    return bound_call(c->z->a, "(- $1)", x->type, pos, &x, 1);
}

/* ---- comparison ---- */
struct bound *row_field(struct ctx *c, struct bound *row, size_t i) {
    if (row->kind == BX_ROW)
        return row->args[i];
    struct bound *x = bound_call(c->z->a, NULL, row->type->children[i], row->pos, &row, 1);
    if (x) {
        x->kind = BX_FIELD;
        x->column = i;
    }
    return x;
}

static struct bound *equal(struct ctx *c, struct bound *l, struct bound *r, struct sql_pos pos);

/* Rows are equal when all fields are: three-valued, as AND is. */
static struct bound *equal_rows(struct ctx *c, struct bound *l, struct bound *r,
                                struct sql_pos pos) {
    struct bound *all = NULL;
    for (size_t i = 0; i < l->type->child_count; i++) {
        struct bound *x = row_field(c, l, i), *y = row_field(c, r, i);
        struct bound *eq = x && y ? equal(c, x, y, pos) : NULL;
        if (!eq)
            return NULL;
        all = all ? call2(c, "($1 AND $2)", sql_type_of(ST_BOOLEAN), pos, all, eq) : eq;
        if (all && i)
            all->op = BO_AND;
    }
    return all;
}

/* DuckDB holds NaN for equal to itself and above all numbers; Trino's comparisons with it are
 * false. "no larger than infinity" says the same as "no NaN", in a form that choosing files and row
 * groups understands. */
static bool may_be_nan(const struct bound *x) {
    while (x->kind == BX_CAST)
        x = x->args[0];
    if (x->kind == BX_LITERAL)
        return x->value.ptr && bytes_eq_nocase(x->value, BYTES("nan"));
    return x->type->kind == ST_DOUBLE || x->type->kind == ST_REAL;
}
static bool is_constant(const struct bound *x) {
    while (x->kind == BX_CAST)
        x = x->args[0];
    return x->kind == BX_LITERAL && !x->is_null;
}
static bool is_floating(const struct sql_type *t) {
    return t->kind == ST_DOUBLE || t->kind == ST_REAL;
}
#define INF_REAL "CAST('inf' AS FLOAT)"
#define INF_DOUBLE "CAST('inf' AS DOUBLE)"
/* $1 op $2, where a NaN of `guarded` would make DuckDB say true. The other may be NULL. */
#define GUARD(op, guarded, other, inf)                                                             \
    "($1 " op " $2 AND (" guarded " <= " inf " OR " other " IS NULL))"
#define GUARD_CONSTANT(op, guarded, inf) "($1 " op " $2 AND " guarded " <= " inf ")"
static const char *guarded_sql(enum sql_op op, bool real, bool constant) {
#define ROW(op, guarded, other)                                                                    \
    {                                                                                              \
        {GUARD(op, guarded, other, INF_DOUBLE), GUARD_CONSTANT(op, guarded, INF_DOUBLE)}, {        \
            GUARD(op, guarded, other, INF_REAL), GUARD_CONSTANT(op, guarded, INF_REAL)             \
        }                                                                                          \
    }
    static const char *const sql[][2][2] = {
        [SQL_OP_EQ] = ROW("=", "$1", "$2"),  [SQL_OP_GT] = ROW(">", "$1", "$2"),
        [SQL_OP_GE] = ROW(">=", "$1", "$2"), [SQL_OP_LT] = ROW("<", "$2", "$1"),
        [SQL_OP_LE] = ROW("<=", "$2", "$1"),
    };
#undef ROW
    return sql[op][real][constant];
}
/* The text of a comparison of floating point, NULL when DuckDB's own is right. */
static const char *nan_sql(enum sql_op op, const struct bound *l, const struct bound *r) {
    bool flipped = op == SQL_OP_LT || op == SQL_OP_LE;
    const struct bound *guarded = flipped ? r : l, *other = flipped ? l : r;
    if (!is_floating(l->type) || !may_be_nan(guarded) || (op == SQL_OP_EQ && !may_be_nan(other)))
        return NULL;
    bool columns = op == SQL_OP_EQ && l->kind == BX_COLUMN && r->kind == BX_COLUMN; /* a join */
    return guarded_sql(op, l->type->kind == ST_REAL, columns || is_constant(other));
}

static struct bound *equal(struct ctx *c, struct bound *l, struct bound *r, struct sql_pos pos) {
    const struct sql_type *b = sql_type_of(ST_BOOLEAN);
    struct bound *x;
    switch (l->type->kind) {
    case ST_ROW:
        return equal_rows(c, l, r, pos);
    case ST_ARRAY:
    case ST_MAP:
        return call2(c, "t_eq($1, $2)", b, pos, l, r);
    default:
        x = call2(c, "($1 = $2)", b, pos, l, r);
        if (x && nan_sql(SQL_OP_EQ, l, r))
            x->sql = nan_sql(SQL_OP_EQ, l, r);
        if (x)
            x->op = BO_EQ;
        return x;
    }
}

static struct bound *ordered(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                             struct sql_pos pos) {
    static const struct {
        const char *sql, *nested, *padded;
        enum bound_op op;
    } ops[] = {
        [SQL_OP_LT] = {"($1 < $2)", "(t_compare($1, $2) < 0)", "(t_pad($1, $L1) < t_pad($2, $L1))",
                       BO_LT},
        [SQL_OP_LE] = {"($1 <= $2)", "(t_compare($1, $2) <= 0)",
                       "(t_pad($1, $L1) <= t_pad($2, $L1))", BO_LE},
        [SQL_OP_GT] = {"($1 > $2)", "(t_compare($1, $2) > 0)", "(t_pad($1, $L1) > t_pad($2, $L1))",
                       BO_GT},
        [SQL_OP_GE] = {"($1 >= $2)", "(t_compare($1, $2) >= 0)",
                       "(t_pad($1, $L1) >= t_pad($2, $L1))", BO_GE},
    };
    if (!sql_type_is_orderable(l->type))
        return cannot_apply(c, sql_op_text(op), l, r, pos);
    if (l->type->child_count)
        return call2(c, ops[op].nested, sql_type_of(ST_BOOLEAN), pos, l, r);
    if (l->type->kind == ST_CHAR) /* blanks behind it count, above control characters */
        return call2(c, ops[op].padded, sql_type_of(ST_BOOLEAN), pos, l, r);
    const char *nan = nan_sql(op, l, r);
    struct bound *x = call2(c, nan ? nan : ops[op].sql, sql_type_of(ST_BOOLEAN), pos, l, r);
    if (x)
        x->op = ops[op].op;
    return x;
}

/* The type to compare in. NULL literals take the other side's. */
static bool meet(struct ctx *c, const char *op, struct bound **l, struct bound **r,
                 struct sql_pos pos) {
    *l = same_instant(c, *l);
    *r = same_instant(c, *r);
    const struct sql_type *t = *l && *r ? sql_type_common(c->z->a, (*l)->type, (*r)->type) : NULL;
    if (!t) {
        if (*l && *r)
            cannot_apply(c, op, *l, *r, pos);
        return false;
    }
    *l = same_clock(c, bound_cast(c->z->a, *l, t));
    *r = same_clock(c, bound_cast(c->z->a, *r, t));
    return *l && *r;
}

struct bound *bind_comparison(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                              struct sql_pos pos) {
    if (!meet(c, sql_op_text(op), &l, &r, pos))
        return NULL;
    if ((op == SQL_OP_EQ || op == SQL_OP_NE) && !sql_type_is_comparable(l->type))
        return cannot_apply(c, "=", l, r, pos);
    if (op == SQL_OP_EQ)
        return equal(c, l, r, pos);
    if (op != SQL_OP_NE)
        return ordered(c, op, l, r, pos);
    struct bound *x = equal(c, l, r, pos);
    if (x && x->op == BO_EQ) {
        x->op = BO_NONE;
        x->sql =
            nan_sql(SQL_OP_EQ, l, r) ? "($1 <> $2 OR (isnan($1) AND isnan($2)))" : "($1 <> $2)";
        return x;
    }
    return x ? bind_not(c, x) : NULL;
}

struct bound *bind_not(struct ctx *c, struct bound *x) {
    return bound_call(c->z->a, "(NOT $1)", sql_type_of(ST_BOOLEAN), x->pos, &x, 1);
}

/* ---- IN, BETWEEN ---- */
static struct bound *in_nested(struct ctx *c, struct bound *const *xs, size_t count,
                               struct sql_pos pos) {
    struct bound *any = NULL;
    for (size_t i = 1; i < count; i++) {
        struct bound *eq = equal(c, xs[0], xs[i], pos);
        if (!eq)
            return NULL;
        any = any ? call2(c, "($1 OR $2)", sql_type_of(ST_BOOLEAN), pos, any, eq) : eq;
    }
    return any;
}

struct bound *bind_in_list(struct ctx *c, const struct sql_expr *e) {
    struct analyzer *z = c->z;
    size_t n = e->in.list.count + 1;
    struct bound **xs = ARENA_NEW_N(z->a, struct bound *, n);
    if (!xs || !(xs[0] = same_instant(c, bind_expr(c, e->in.value))))
        return NULL;
    const struct sql_type *t = xs[0]->type;
    for (size_t i = 1; i < n; i++) {
        if (!(xs[i] = same_instant(c, bind_expr(c, e->in.list.items[i - 1]))))
            return NULL;
        const struct sql_type *both = sql_type_common(z->a, t, xs[i]->type);
        if (!both)
            return fail(z, xs[i]->pos, "TYPE_MISMATCH",
                        "IN value and list items must be the same type: %.*s",
                        BYTES_ARG(type_text(z, t)));
        t = both;
    }
    for (size_t i = 0; i < n; i++)
        if (!(xs[i] = same_clock(c, bound_cast(z->a, xs[i], t))))
            return NULL;
    bool each = t->child_count != 0;
    for (size_t i = 1; i < n; i++)
        each |= nan_sql(SQL_OP_EQ, xs[0], xs[i]) != NULL;
    struct bound *x =
        each ? in_nested(c, xs, n, e->pos)
             : bound_call(z->a, "($1 IN ($2*))", sql_type_of(ST_BOOLEAN), e->pos, xs, n);
    if (x && !each)
        x->op = BO_IN;
    return x && e->in.negated ? bind_not(c, x) : x;
}

struct bound *bind_between(struct ctx *c, const struct sql_expr *e) {
    struct analyzer *z = c->z;
    struct bound *xs[3] = {same_instant(c, bind_expr(c, e->between.value))};
    if (!xs[0] || !(xs[1] = same_instant(c, bind_expr(c, e->between.low))) ||
        !(xs[2] = same_instant(c, bind_expr(c, e->between.high))))
        return NULL;
    const struct sql_type *t = sql_type_common(z->a, xs[0]->type, xs[1]->type);
    t = t ? sql_type_common(z->a, t, xs[2]->type) : NULL;
    if (!t)
        return fail(z, e->pos, "TYPE_MISMATCH", "Cannot check if %.*s is BETWEEN %.*s and %.*s",
                    BYTES_ARG(type_text(z, xs[0]->type)), BYTES_ARG(type_text(z, xs[1]->type)),
                    BYTES_ARG(type_text(z, xs[2]->type)));
    if (!sql_type_is_orderable(t))
        return fail(z, e->pos, "TYPE_MISMATCH", "Cannot check if %.*s is BETWEEN %.*s and %.*s",
                    BYTES_ARG(type_text(z, xs[0]->type)), BYTES_ARG(type_text(z, xs[1]->type)),
                    BYTES_ARG(type_text(z, xs[2]->type)));
    for (int i = 0; i < 3; i++)
        if (!(xs[i] = same_clock(c, bound_cast(z->a, xs[i], t))))
            return NULL;
    if (nan_sql(SQL_OP_LE, xs[0], xs[2]) || t->kind == ST_CHAR) {
        struct bound *low = ordered(c, SQL_OP_GE, xs[0], xs[1], e->pos);
        struct bound *high = ordered(c, SQL_OP_LE, xs[0], xs[2], e->pos);
        struct bound *both =
            low && high ? call2(c, "($1 AND $2)", sql_type_of(ST_BOOLEAN), e->pos, low, high)
                        : NULL;
        return both && e->between.negated ? bind_not(c, both) : both;
    }
    struct bound *x =
        bound_call(z->a,
                   t->child_count ? "(t_compare($1, $2) >= 0 AND t_compare($1, $3) <= 0)"
                                  : "($1 BETWEEN $2 AND $3)",
                   sql_type_of(ST_BOOLEAN), e->pos, xs, 3);
    if (x && !t->child_count)
        x->op = BO_BETWEEN;
    return x && e->between.negated ? bind_not(c, x) : x;
}

/* ---- || and [] ---- */
struct bound *bind_concat(struct ctx *c, struct bound *l, struct bound *r, struct sql_pos pos) {
    struct arena *a = c->z->a;
    struct bound *args[] = {l, r};
    const struct sql_type *lt = l->type, *rt = r->type;
    for (int side = 0; side < 2; side++) { /* array || element, element || array */
        const struct sql_type *array = side ? rt : lt, *one = side ? lt : rt;
        if (array->kind != ST_ARRAY || one->kind == ST_UNKNOWN ||
            (one->kind == ST_ARRAY && sql_type_common(a, array, one)))
            continue;
        const struct sql_type *t = sql_type_common(a, array->children[0], one);
        if (!t && one->kind == ST_ARRAY)
            continue;
        if (!t)
            return cannot_apply(c, "||", l, r, pos);
        t = sql_type_array(a, t);
        args[!side] =
            t ? bound_call(a, "[$1]", sql_type_array(a, one), pos, &args[!side], 1) : NULL;
        if (!args[!side])
            return NULL;
        args[0] = bound_cast(a, args[0], t);
        args[1] = bound_cast(a, args[1], t);
    }
    return args[0] && args[1] ? call_function(c, "concat", args, 2, pos) : NULL;
}

static struct bound *row_subscript(struct ctx *c, const struct sql_expr *e, struct bound *base,
                                   struct bound *index) {
    int64_t i;
    if (index->kind != BX_LITERAL || !sql_type_is_integer(index->type) ||
        !bytes_to_i64(index->value, &i))
        return fail(c->z, e->pos, "TYPE_MISMATCH",
                    "Subscript expression on ROW requires a constant index");
    if (i < 1 || (size_t)i > base->type->child_count)
        return fail(c->z, e->pos, "INVALID_FUNCTION_ARGUMENT", "ROW index out of bounds: %lld",
                    (long long)i);
    return row_field(c, base, (size_t)i - 1);
}

struct bound *bind_subscript(struct ctx *c, const struct sql_expr *e) {
    struct bound *base = bind_expr(c, e->binary.left);
    struct bound *index = base ? bind_expr(c, e->binary.right) : NULL;
    if (!index)
        return NULL;
    const struct sql_type *t = base->type;
    if (t->kind == ST_ROW)
        return row_subscript(c, e, base, index);
    if (t->kind != ST_ARRAY && t->kind != ST_MAP)
        return fail(c->z, e->pos, "TYPE_MISMATCH", "Cannot use %.*s as a subscript base",
                    BYTES_ARG(type_text(c->z, t)));
    const struct sql_type *want = t->kind == ST_ARRAY ? sql_type_of(ST_BIGINT) : t->children[0];
    if (!sql_type_can_coerce(index->type, want))
        return fail(c->z, e->pos, "TYPE_MISMATCH", "Cannot use %.*s for subscript of %.*s",
                    BYTES_ARG(type_text(c->z, index->type)), BYTES_ARG(type_text(c->z, t)));
    index = bound_cast(c->z->a, index, want);
    return t->kind == ST_ARRAY
               ? call2(c, "($1)[t_array_index($2, CAST(len($1) AS BIGINT))]", t->children[0],
                       e->pos, base, index)
               : call2(c,
                       "list_extract(map_extract($1, $2), t_map_key(CAST(len(map_extract($1, $2)) "
                       "AS BIGINT), CAST($2 AS VARCHAR)))",
                       t->children[1], e->pos, base, index);
}
