/* analyze_expr.c - one expression of the tree to its typed form. */
#include "sql/analyze_int.h"

const struct sql_type *common_of(struct analyzer *z, struct bound *const *xs, size_t count) {
    const struct sql_type *t = sql_type_of(ST_UNKNOWN);
    for (size_t i = 0; t && i < count; i++)
        t = sql_type_common(z->a, t, xs[i]->type);
    return t;
}

struct bound **bind_list(struct ctx *c, const struct sql_exprs *list) {
    struct bound **xs = ARENA_NEW_N(c->z->a, struct bound *, list->count ? list->count : 1);
    for (size_t i = 0; xs && i < list->count; i++)
        if (!(xs[i] = bind_expr(c, list->items[i])))
            return NULL;
    return xs;
}

struct bound *bind_boolean(struct ctx *c, struct sql_expr *e, const char *what) {
    struct bound *x = bind_expr(c, e);
    if (!x)
        return NULL;
    if (x->type->kind != ST_BOOLEAN && x->type->kind != ST_UNKNOWN)
        return fail(c->z, x->pos, "TYPE_MISMATCH",
                    "%s must evaluate to a boolean: actual type %.*s", what,
                    BYTES_ARG(type_text(c->z, x->type)));
    return bound_cast(c->z->a, x, sql_type_of(ST_BOOLEAN));
}

static struct bound *call_boolean(struct ctx *c, const char *sql, struct sql_pos pos,
                                  struct bound *const *args, size_t count) {
    return bound_call(c->z->a, sql, sql_type_of(ST_BOOLEAN), pos, args, count);
}

static struct bound *bind_logic(struct ctx *c, const struct sql_expr *e) {
    bool is_and = e->kind == SQL_E_AND;
    size_t n = e->list.count;
    struct bound **xs = ARENA_NEW_N(c->z->a, struct bound *, n);
    for (size_t i = 0; xs && i < n; i++)
        if (!(xs[i] = bind_boolean(c, e->list.items[i], "Logical expression term")))
            return NULL;
    if (!xs)
        return NULL;
    struct bound *x = call_boolean(c, is_and ? "@and" : "@or", e->pos, xs, n);
    if (x)
        x->op = is_and ? BO_AND : BO_OR;
    return x;
}

static struct bound *bind_binary(struct ctx *c, const struct sql_expr *e) {
    struct bound *l = bind_expr(c, e->binary.left);
    struct bound *r = l ? bind_expr(c, e->binary.right) : NULL;
    if (!r)
        return NULL;
    if (e->binary.op == SQL_OP_CONCAT)
        return bind_concat(c, l, r, e->pos);
    return e->binary.op < SQL_OP_CONCAT ? bind_arithmetic(c, e->binary.op, l, r, e->pos)
                                        : bind_comparison(c, e->binary.op, l, r, e->pos);
}

static struct bound *bind_unary(struct ctx *c, const struct sql_expr *e) {
    struct bound *x = bind_expr(c, e->binary.left);
    if (!x)
        return NULL;
    if (e->binary.op == SQL_OP_MINUS)
        return bind_negation(c, x, e->pos);
    if (!sql_type_is_numeric(x->type))
        return fail(c->z, e->pos, "TYPE_MISMATCH",
                    "Unary '+' operator cannot by applied to %.*s type",
                    BYTES_ARG(type_text(c->z, x->type)));
    return x;
}

static struct bound *as_varchar(struct ctx *c, struct bound *x, const char *what) {
    if (!x)
        return NULL;
    if (!sql_type_is_text(x->type) && x->type->kind != ST_UNKNOWN)
        return fail(c->z, x->pos, "TYPE_MISMATCH",
                    "%s must evaluate to a varchar: actual type %.*s", what,
                    BYTES_ARG(type_text(c->z, x->type)));
    return bound_cast(c->z->a, x, sql_type_of(ST_VARCHAR));
}

/* The pattern and escape are written in the statement and are good: DuckDB may have them. */
static bool good_escape(const struct bound *pattern, const struct bound *escape) {
    while (pattern->kind == BX_CAST)
        pattern = pattern->args[0];
    while (escape->kind == BX_CAST)
        escape = escape->args[0];
    if (pattern->kind != BX_LITERAL || escape->kind != BX_LITERAL || !pattern->value.ptr ||
        escape->value.len != 1)
        return false;
    struct bytes p = pattern->value;
    char e = escape->value.ptr[0];
    for (size_t i = 0; i < p.len; i++)
        if (p.ptr[i] == e &&
            (++i == p.len || (p.ptr[i] != '%' && p.ptr[i] != '_' && p.ptr[i] != e)))
            return false;
    return true;
}

static struct bound *bind_like(struct ctx *c, const struct sql_expr *e) {
    struct bound *xs[3] = {
        as_varchar(c, bind_expr(c, e->like.value), "Left side of LIKE expression")};
    if (!xs[0] ||
        !(xs[1] = as_varchar(c, bind_expr(c, e->like.pattern), "Pattern for LIKE expression")))
        return NULL;
    size_t n = 2;
    if (e->like.escape &&
        !(xs[n++] = as_varchar(c, bind_expr(c, e->like.escape), "Escape for LIKE expression")))
        return NULL;
    struct bound *x =
        call_boolean(c,
                     n == 2                      ? "($1 LIKE $2)"
                     : good_escape(xs[1], xs[2]) ? "($1 LIKE $2 ESCAPE $3)"
                                                 : "($1 LIKE t_like_pattern($2, $3) ESCAPE $3)",
                     e->pos, xs, n);
    return x && e->like.negated ? bind_not(c, x) : x;
}

static struct bound *bind_distinct(struct ctx *c, const struct sql_expr *e) {
    struct bound *xs[2] = {bind_expr(c, e->distinct.left)};
    if (!xs[0] || !(xs[1] = bind_expr(c, e->distinct.right)))
        return NULL;
    xs[0] = same_instant(c, xs[0]);
    xs[1] = same_instant(c, xs[1]);
    if (!xs[0] || !xs[1])
        return NULL;
    const struct sql_type *t = common_of(c->z, xs, 2);
    if (!t)
        return fail(
            c->z, e->pos, "TYPE_MISMATCH", "Cannot apply operator: %.*s IS DISTINCT FROM %.*s",
            BYTES_ARG(type_text(c->z, xs[0]->type)), BYTES_ARG(type_text(c->z, xs[1]->type)));
    xs[0] = same_clock(c, bound_cast(c->z->a, xs[0], t));
    xs[1] = same_clock(c, bound_cast(c->z->a, xs[1], t));
    if (!sql_type_is_comparable(t))
        return fail(
            c->z, e->pos, "TYPE_MISMATCH", "Cannot apply operator: %.*s IS DISTINCT FROM %.*s",
            BYTES_ARG(type_text(c->z, xs[0]->type)), BYTES_ARG(type_text(c->z, xs[1]->type)));
    const char *same = t->child_count ? "t_same($1, $2)" : "($1 IS NOT DISTINCT FROM $2)";
    const char *other = t->child_count ? "(NOT t_same($1, $2))" : "($1 IS DISTINCT FROM $2)";
    return call_boolean(c, e->distinct.negated ? same : other, e->pos, xs, 2);
}

/* ---- CASE ---- */
static struct bound *case_condition(struct ctx *c, struct bound *operand, struct sql_expr *e) {
    if (!operand)
        return bind_boolean(c, e, "CASE WHEN clause");
    struct bound *x = bind_expr(c, e);
    if (!x)
        return NULL;
    if (!sql_type_common(c->z->a, operand->type, x->type))
        return fail(c->z, x->pos, "TYPE_MISMATCH",
                    "CASE operand type does not match WHEN clause operand type: %.*s vs %.*s",
                    BYTES_ARG(type_text(c->z, operand->type)), BYTES_ARG(type_text(c->z, x->type)));
    return bind_comparison(c, SQL_OP_EQ, operand, x, x->pos);
}

static struct bound *bind_case(struct ctx *c, const struct sql_expr *e) {
    struct analyzer *z = c->z;
    size_t n = e->casing.when_count, count = 2 * n + 1;
    struct bound *operand = e->casing.operand ? bind_expr(c, e->casing.operand) : NULL;
    struct bound *x = bound_new(z->a, BX_CASE, NULL, e->pos);
    if (!x || (e->casing.operand && !operand) ||
        !(x->args = ARENA_NEW_N(z->a, struct bound *, count)))
        return NULL;
    const struct sql_type *t = sql_type_of(ST_UNKNOWN);
    for (size_t i = 0; i <= n; i++) {
        struct sql_expr *result = i < n ? e->casing.whens[i].result : e->casing.otherwise;
        if (i < n && !(x->args[2 * i] = case_condition(c, operand, e->casing.whens[i].condition)))
            return NULL;
        struct bound *r =
            result ? bind_expr(c, result) : bound_null(z->a, sql_type_of(ST_UNKNOWN), e->pos);
        if (!r)
            return NULL;
        x->args[i < n ? 2 * i + 1 : 2 * n] = r;
        const struct sql_type *both = sql_type_common(z->a, t, r->type);
        if (!both)
            return fail(z, r->pos, "TYPE_MISMATCH",
                        "All CASE results must be the same type or coercible to a common type. "
                        "Cannot find common type between %.*s and %.*s, all types (without "
                        "duplicates): [%.*s, %.*s]",
                        BYTES_ARG(type_text(z, t)), BYTES_ARG(type_text(z, r->type)),
                        BYTES_ARG(type_text(z, t)), BYTES_ARG(type_text(z, r->type)));
        t = both;
    }
    for (size_t i = 0; i <= n; i++) {
        struct bound **r = &x->args[i < n ? 2 * i + 1 : 2 * n];
        if (!(*r = bound_cast(z->a, *r, t)))
            return NULL;
    }
    x->arg_count = count;
    x->type = t;
    return x;
}

/* ---- CAST ---- */
static struct bound *bind_cast(struct ctx *c, const struct sql_expr *e) {
    struct bound *x = bind_expr(c, e->cast.value);
    const struct sql_type *t = x ? resolve_type(c->z, e->cast.type) : NULL;
    if (!t)
        return NULL;
    if (t->kind == ST_UNKNOWN)
        return fail(c->z, e->pos, "TYPE_MISMATCH", "Unknown type: unknown");
    /* text may name a zone, all else is in the session's: UTC */
    if (t->kind == ST_TIMESTAMP_TZ && !x->type->zoned && !sql_type_is_text(x->type) &&
        x->type->kind != ST_TIME_TZ && !(t = sql_type_tz(c->z->a, t->precision, false)))
        return NULL;
    if (!sql_type_can_cast(x->type, t))
        return fail(c->z, e->pos, "TYPE_MISMATCH", "Cannot cast %.*s to %.*s",
                    BYTES_ARG(type_text(c->z, x->type)), BYTES_ARG(type_text(c->z, t)));
    struct bound *r = bound_cast(c->z->a, x, t);
    if (r && r->kind == BX_CAST && r != x)
        r->is_try = e->cast.is_try;
    if (r == x && x->kind == BX_COLUMN) { /* a cast has no name of its own: keep it apart */
        r = ARENA_NEW(c->z->a, struct bound);
        if (r)
            *r = *x;
    }
    return r;
}

/* ---- constructors ---- */
static struct bound *bind_array(struct ctx *c, const struct sql_expr *e) {
    struct bound **xs = bind_list(c, &e->list);
    const struct sql_type *t = xs ? common_of(c->z, xs, e->list.count) : NULL;
    if (!xs)
        return NULL;
    if (!t)
        return fail(c->z, e->pos, "TYPE_MISMATCH",
                    "All ARRAY elements must be the same type or coercible to a common type");
    for (size_t i = 0; i < e->list.count; i++)
        if (!(xs[i] = bound_cast(c->z->a, xs[i], t)))
            return NULL;
    return bound_call(c->z->a, e->list.count ? "[$*]" : "CAST([] AS $R)",
                      sql_type_array(c->z->a, t), e->pos, xs, e->list.count);
}

static struct bound *bind_row(struct ctx *c, const struct sql_expr *e) {
    size_t n = e->row.items.count;
    struct bound **xs = bind_list(c, &e->row.items);
    const struct sql_type **types = ARENA_NEW_N(c->z->a, const struct sql_type *, n ? n : 1);
    struct bytes *names = ARENA_NEW_N(c->z->a, struct bytes, n ? n : 1);
    if (!xs || !types || !names)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        types[i] = xs[i]->type;
        if (e->row.names)
            names[i] = e->row.names[i].text;
    }
    const struct sql_type *t = sql_type_row(c->z->a, types, names, n);
    struct bound *x = bound_call(c->z->a, NULL, t, e->pos, xs, n);
    if (x)
        x->kind = BX_ROW;
    return x;
}

static struct bound *bind_field(struct ctx *c, const struct sql_expr *e) {
    struct bound *base = bind_expr(c, e->field.base);
    if (!base)
        return NULL;
    if (base->type->kind != ST_ROW)
        return fail(c->z, e->pos, "TYPE_MISMATCH", "Expression %.*s is not of type ROW",
                    BYTES_ARG(expr_text(c->z, e->field.base)));
    struct bound *x = make_field(c, base, e->field.name.text, e->field.name.pos);
    if (x)
        x->pos = e->pos;
    if (!x && !c->z->a->failed)
        return fail(c->z, e->pos, "COLUMN_NOT_FOUND",
                    "Column '%.*s' cannot be resolved or requester is not authorized to access "
                    "requested resources",
                    BYTES_ARG(e->field.name.text));
    return x;
}

static struct bound *bind_grouping(struct ctx *c, const struct sql_expr *e) {
    struct bound **xs = bind_list(c, &e->list);
    if (!xs)
        return NULL;
    if (c->no_aggregates)
        return fail(c->z, c->clause_pos, "EXPRESSION_NOT_SCALAR",
                    "%s cannot contain aggregations, window functions or grouping operations: "
                    "[%.*s]",
                    c->no_aggregates, BYTES_ARG(expr_text(c->z, e)));
    bool wide = e->list.count > 31;
    struct bound *x = bound_call(c->z->a, NULL, sql_type_of(wide ? ST_BIGINT : ST_INTEGER), e->pos,
                                 xs, e->list.count);
    if (x)
        x->kind = BX_GROUPING;
    return x;
}

static struct bound *refuse(struct ctx *c, const struct sql_expr *e, const char *what) {
    return fail(c->z, e->pos, "NOT_SUPPORTED", "%s is not supported", what);
}

static struct bound *bind_is_null(struct ctx *c, const struct sql_expr *e) {
    struct bound *x = bind_expr(c, e->is.value);
    return x ? call_boolean(c, e->is.negated ? "($1 IS NOT NULL)" : "($1 IS NULL)", e->pos, &x, 1)
             : NULL;
}

static struct bound *bind_kind(struct ctx *c, struct sql_expr *e) {
    struct bound *x;
    switch (e->kind) {
    case SQL_E_COLUMN:
        return scope_resolve(c, &e->path, e->pos);
    case SQL_E_FIELD:
        return bind_field(c, e);
    case SQL_E_UNARY:
        return bind_unary(c, e);
    case SQL_E_BINARY_OP:
        return bind_binary(c, e);
    case SQL_E_NOT:
        x = bind_boolean(c, e->child, "Value of logical NOT expression");
        return x ? bind_not(c, x) : NULL;
    case SQL_E_AND:
    case SQL_E_OR:
        return bind_logic(c, e);
    case SQL_E_BETWEEN:
        return bind_between(c, e);
    case SQL_E_IN_LIST:
        return bind_in_list(c, e);
    case SQL_E_IN_QUERY:
        return bind_in_query(c, e);
    case SQL_E_LIKE:
        return bind_like(c, e);
    case SQL_E_IS_NULL:
        return bind_is_null(c, e);
    case SQL_E_DISTINCT:
        return bind_distinct(c, e);
    case SQL_E_EXISTS:
        return bind_exists(c, e);
    case SQL_E_QUANTIFIED:
        return bind_quantified(c, e);
    case SQL_E_SUBQUERY:
        return bind_scalar(c, e);
    case SQL_E_AT_TIME_ZONE:
        return bind_at_time_zone(c, e);
    case SQL_E_SUBSCRIPT:
        return bind_subscript(c, e);
    case SQL_E_CASE:
        return bind_case(c, e);
    case SQL_E_CAST:
        return bind_cast(c, e);
    case SQL_E_CALL:
        return bind_call(c, e);
    case SQL_E_EXTRACT:
        return bind_extract(c, e);
    case SQL_E_ROW:
        return bind_row(c, e);
    case SQL_E_ARRAY:
        return bind_array(c, e);
    case SQL_E_CURRENT:
        return bind_current(c, e);
    case SQL_E_GROUPING:
        return bind_grouping(c, e);
    case SQL_E_LAMBDA:
        return fail(c->z, e->pos, "TYPE_MISMATCH",
                    "Lambda expression should always be used inside a function");
    case SQL_E_PARAMETER:
        return refuse(c, e, "A query parameter (?)");
    case SQL_E_AT_LOCAL:
        return refuse(c, e, "AT LOCAL");
    case SQL_E_JSON:
        return bind_json(c, e);
    default:
        return bind_literal(c, e);
    }
}

struct bound *bind_expr(struct ctx *c, struct sql_expr *e) {
    if (++c->z->depth > ANALYZE_MAX_DEPTH)
        return fail(c->z, e->pos, "STACK_OVERFLOW",
                    "statement is too large (stack overflow during analysis)");
    struct bound *x = bind_kind(c, e);
    if (x && !x->origin)
        x->origin = e;
    c->z->depth--;
    return x;
}
