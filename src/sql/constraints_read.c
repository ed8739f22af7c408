/* constraints_read.c - what a condition says of single columns, as value sets and ranges.
 *
 * "column op constant", an IN list, an OR of equalities, a BETWEEN, a LIKE with a leading text:
 * also through casts that keep order and equality (int to bigint, to decimal; date to timestamp;
 * ...): the constant is moved to the column's type instead, rounded to the side that loses nothing.
 */
#include "sql/constraints_int.h"
#include <inttypes.h>
#include <math.h>

#define MAX_VALUES 20000
#define DAY_MICROS INT64_C(86400000000)

/* ---- columns under casts that keep order and equality ---- */
static bool keeps_order(const struct sql_type *from, const struct sql_type *to) {
    switch (from->kind) {
    case ST_TINYINT:
    case ST_SMALLINT:
    case ST_INTEGER:
    case ST_BIGINT:
        if (to->kind == ST_DOUBLE)
            return from->kind != ST_BIGINT;
        if (to->kind == ST_REAL)
            return from->kind <= ST_SMALLINT;
        return (sql_type_is_integer(to) || to->kind == ST_DECIMAL) && sql_type_can_coerce(from, to);
    case ST_DECIMAL:
        return to->kind == ST_DECIMAL && sql_type_can_coerce(from, to);
    case ST_REAL:
        return to->kind == ST_DOUBLE;
    case ST_VARCHAR:
        return to->kind == ST_VARCHAR && to->length >= from->length;
    case ST_DATE:
        return (to->kind == ST_TIMESTAMP || to->kind == ST_TIMESTAMP_TZ) && !to->zoned;
    case ST_TIMESTAMP:
        return to->kind == ST_TIMESTAMP_TZ
                   ? !to->zoned
                   : to->kind == ST_TIMESTAMP && to->precision >= from->precision;
    default:
        return false;
    }
}

/* The scan's column under x. */
bool column_under(const struct reader *r, const struct bound *x, size_t *ret) {
    while (x->kind == BX_CAST && (x->is_exact || keeps_order(x->args[0]->type, x->type)))
        x = x->args[0];
    if (x->kind != BX_COLUMN || x->rel != r->rel)
        return false;
    *ret = x->column;
    return true;
}

/* ---- constants in the column's type ---- */
enum moved { CANNOT, NEVER, MOVED };

/* x op v, where v lies at `low` (exact) or above it and below the next value. */
static enum moved move_to(enum sql_constraint_op *op, bool exact) {
    if (exact)
        return MOVED;
    if (*op == SQL_EQ)
        return NEVER;
    *op = *op == SQL_LT || *op == SQL_LE ? SQL_LE : SQL_GT;
    return MOVED;
}

static enum moved move_to_whole(struct reader *r, const struct sql_value *v,
                                enum sql_constraint_op *op, struct bytes *ret) {
    int64_t low = v->whole;
    bool exact = true;
    if (v->type->kind == ST_DECIMAL) {
        __int128 unit = value_pow10(v->type->scale), q = v->digits / unit, rest = v->digits % unit;
        q -= rest < 0;
        if (q > INT64_MAX || q < INT64_MIN)
            return CANNOT;
        low = (int64_t)q;
        exact = rest == 0;
    } else if (v->type->kind == ST_DOUBLE || v->type->kind == ST_REAL) {
        if (fabs(v->real) > 9e15)
            return CANNOT;
        low = (int64_t)floor(v->real);
        exact = (double)low == v->real;
    } else if (!sql_type_is_integer(v->type)) {
        return CANNOT;
    }
    *ret = arena_fmt(r->f->a, "%" PRId64, low);
    return move_to(op, exact);
}

static enum moved move_to_date(struct reader *r, const struct sql_value *v,
                               enum sql_constraint_op *op, struct bytes *ret) {
    struct sql_value day = {.type = sql_type_of(ST_DATE), .whole = v->whole};
    bool exact = true;
    if (v->type->kind == ST_TIMESTAMP || v->type->kind == ST_TIMESTAMP_TZ) {
        int64_t rest = v->whole % DAY_MICROS;
        day.whole = v->whole / DAY_MICROS - (rest < 0);
        exact = rest == 0;
    } else if (v->type->kind != ST_DATE) {
        return CANNOT;
    }
    *ret = value_text(r->f->a, &day);
    return move_to(op, exact);
}

/* The condition "column op v" in the column's own type. */
static enum moved move(struct reader *r, size_t column, const struct sql_value *v,
                       enum sql_constraint_op *op, struct bytes *ret) {
    enum sql_type_tag k = v->type->kind;
    bool same = false;
    if (v->is_null)
        return NEVER;
    switch (r->rel->table->columns[column].type->kind) {
    case TYPE_STRING:
    case TYPE_VARCHAR:
        same = k == ST_VARCHAR;
        break;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        return move_to_whole(r, v, op, ret);
    case TYPE_DECIMAL:
        same = k == ST_DECIMAL || sql_type_is_integer(v->type);
        break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        same = k == ST_REAL || k == ST_DOUBLE;
        break;
    case TYPE_DATE:
        return move_to_date(r, v, op, ret);
    case TYPE_TIMESTAMP:
        same = k == ST_TIMESTAMP || (k == ST_TIMESTAMP_TZ && !v->type->zoned);
        break;
    case TYPE_BOOLEAN:
        same = k == ST_BOOLEAN && *op == SQL_EQ;
        break;
    default:
        break;
    }
    *ret = value_text(r->f->a, v);
    return same ? MOVED : CANNOT;
}

/* ---- comparisons ---- */
static enum sql_constraint_op op_of(enum bound_op op, bool swapped) {
    switch (op) {
    case BO_LT:
        return swapped ? SQL_GT : SQL_LT;
    case BO_LE:
        return swapped ? SQL_GE : SQL_LE;
    case BO_GT:
        return swapped ? SQL_LT : SQL_GT;
    case BO_GE:
        return swapped ? SQL_LE : SQL_GE;
    default:
        return SQL_EQ;
    }
}
static enum sql_constraint_op negated_op(enum sql_constraint_op op) {
    return op == SQL_LT ? SQL_GE : op == SQL_LE ? SQL_GT : op == SQL_GT ? SQL_LE : SQL_LT;
}

bool give_value(struct reader *r, size_t column, const struct sql_value *v,
                enum sql_constraint_op op) {
    struct bytes text;
    switch (move(r, column, v, &op, &text)) {
    case NEVER:
        give_nothing(r);
        return true;
    case MOVED:
        give(r, column, op, text);
        return true;
    default:
        return false;
    }
}

/* False when it says nothing about a column. */
static bool read_one(struct reader *r, const struct bound *x, const struct bound *constant,
                     enum sql_constraint_op op) {
    struct sql_value v;
    size_t column;
    if (!predicate_constant(r->f->a, constant, &v))
        return false;
    return column_under(r, x, &column) ? give_value(r, column, &v, op)
                                       : read_part_of_time(r, x, &v, op);
}

static bool read_compare(struct reader *r, struct bound *x, bool negated) {
    if (x->arg_count != 2 || (negated && x->op == BO_EQ))
        return false;
    for (int side = 0; side < 2; side++) {
        enum sql_constraint_op op = op_of(x->op, side == 1);
        if (read_one(r, x->args[side], x->args[!side], negated ? negated_op(op) : op))
            return true;
    }
    return false;
}

static bool read_between(struct reader *r, struct bound *x) {
    bool low = read_one(r, x->args[0], x->args[1], SQL_GE);
    bool high = read_one(r, x->args[0], x->args[2], SQL_LE);
    r->whole &= low && high;
    return low || high;
}

/* ---- value sets ---- */
struct set {
    size_t column;
    struct bytes *values;
    size_t count, room;
    bool exact; /* x is equivalent to it, not only implies it */
};

static bool set_add(struct reader *r, struct set *s, const struct bound *constant) {
    struct sql_value v;
    struct bytes text;
    enum sql_constraint_op op = SQL_EQ;
    if (!predicate_constant(r->f->a, constant, &v))
        return false;
    enum moved m = move(r, s->column, &v, &op, &text);
    if (m != MOVED || !text.ptr)
        return m == NEVER;
    for (size_t i = 0; i < MIN_OF(s->count, (size_t)256); i++)
        if (bytes_eq(s->values[i], text))
            return true;
    if (s->count == s->room)
        return false;
    s->values[s->count++] = text;
    return true;
}

/* Adds the values of s->column that x being true allows. */
static bool read_set(struct reader *r, const struct bound *x, struct set *s) {
    size_t column, before = s->count;
    if (is_or(x)) {
        for (size_t i = 0; i < x->arg_count; i++)
            if (!read_set(r, x->args[i], s))
                return false;
        return true;
    }
    if (is_and(x)) {
        s->exact = false;
        for (size_t i = 0; i < x->arg_count; i++) {
            if (read_set(r, x->args[i], s))
                return true;
            s->count = before;
        }
        return false;
    }
    if (x->op != BO_EQ && x->op != BO_IN)
        return false;
    size_t side = x->op == BO_EQ && !column_under(r, x->args[0], &column) ? 1 : 0;
    if (!column_under(r, x->args[side], &column) || column != s->column)
        return false;
    for (size_t i = 0; i < x->arg_count; i++)
        if (i != side && !set_add(r, s, x->args[i]))
            return false;
    return true;
}

/* The columns that equalities in x compare. */
static size_t set_columns(struct reader *r, const struct bound *x, size_t *ret, size_t n,
                          size_t max) {
    size_t column;
    if (is_or(x) || is_and(x)) {
        for (size_t i = 0; i < x->arg_count; i++)
            n = set_columns(r, x->args[i], ret, n, max);
        return n;
    }
    for (size_t i = 0; i < MIN_OF(x->arg_count, (size_t)2); i++) {
        if ((x->op != BO_EQ && x->op != BO_IN) || !column_under(r, x->args[i], &column))
            continue;
        bool seen = false;
        for (size_t k = 0; k < n; k++)
            seen |= ret[k] == column;
        if (!seen && n < max)
            ret[n++] = column;
    }
    return n;
}

/* As many values as x may list. */
static size_t list_length(const struct bound *x) {
    size_t n = x->arg_count;
    for (size_t i = 0; (is_or(x) || is_and(x)) && i < x->arg_count; i++)
        n += list_length(x->args[i]);
    return MIN_OF(n, (size_t)MAX_VALUES);
}

static bool read_sets(struct reader *r, const struct bound *x) {
    size_t columns[16], n = set_columns(r, x, columns, 0, COUNT_OF(columns));
    bool exact = false, any = false;
    for (size_t i = 0; i < n; i++) {
        struct set s = {.column = columns[i], .exact = true, .room = list_length(x)};
        s.values = ARENA_NEW_N(r->f->a, struct bytes, s.room + 1);
        if (!s.values) {
            r->f->failed = true;
            return false;
        }
        if (!read_set(r, x, &s))
            continue;
        any = true;
        exact |= s.exact && r->rel->table->columns[s.column].is_partition;
        if (is_real(r, s.column))
            r->is_bounded[s.column] = true;
        if (s.count)
            add_constraint(r, s.column, SQL_IN, s.values, s.count);
        else
            give_nothing(r);
    }
    r->whole &= exact;
    return any;
}

/* ---- text that starts with ---- */
/* The least text above all that start with `prefix`, when its last byte is plain. */
static struct bytes after_prefix(struct arena *a, struct bytes prefix) {
    char *t = arena_strndup(a, prefix.ptr, prefix.len);
    unsigned char last = prefix.len ? (unsigned char)prefix.ptr[prefix.len - 1] : 0xFF;
    if (!t || last >= 0x7E)
        return (struct bytes){0};
    t[prefix.len - 1] = (char)(last + 1);
    return bytes_of(t, prefix.len);
}

static bool give_prefix(struct reader *r, const struct bound *x, struct bytes prefix) {
    size_t column;
    if (!prefix.len || !column_under(r, x, &column))
        return false;
    enum type_kind k = r->rel->table->columns[column].type->kind;
    if (k != TYPE_STRING && k != TYPE_VARCHAR)
        return false;
    give(r, column, SQL_GE, prefix);
    struct bytes after = after_prefix(r->f->a, prefix);
    if (after.ptr)
        give(r, column, SQL_LT, after);
    return true;
}

/* The text before the first wildcard; *ret_all: there is none. False when an escape is not plain.
 */
static bool before_wildcards(struct reader *r, struct bytes pattern, struct bytes escape,
                             struct bytes *ret, bool *ret_all) {
    char *t = arena_strndup(r->f->a, pattern.ptr, pattern.len);
    size_t n = 0, at = 0;
    if (!t || escape.len > 1)
        return false;
    for (; at < pattern.len; at++) {
        char c = pattern.ptr[at];
        if (escape.len && c == escape.ptr[0]) {
            if (++at == pattern.len)
                return false;
        } else if (c == '%' || c == '_') {
            break;
        }
        t[n++] = pattern.ptr[at];
    }
    *ret = bytes_of(t, n);
    *ret_all = at == pattern.len;
    return true;
}

static bool read_like(struct reader *r, const struct bound *x) {
    struct sql_value v, escape = {0};
    struct bytes text;
    size_t column;
    bool all;
    if (!predicate_constant(r->f->a, x->args[1], &v) || v.is_null ||
        (x->arg_count > 2 && (!predicate_constant(r->f->a, x->args[2], &escape) || escape.is_null ||
                              !escape.text.len)) ||
        !before_wildcards(r, v.text, escape.text, &text, &all))
        return false;
    v.text = text;
    if (all && x->arg_count == 2 && column_under(r, x->args[0], &column)) {
        r->whole = true;
        return give_value(r, column, &v, SQL_EQ);
    }
    return give_prefix(r, x->args[0], text);
}

/* LIKE 'a%', starts_with(x, 'a'): a range, and what it leaves open is a predicate's. */
static bool read_prefix(struct reader *r, const struct bound *x) {
    struct sql_value v, n;
    r->whole = false;
    if (is_op(x, "($1 LIKE $2)") || is_op(x, "($1 LIKE $2 ESCAPE $3)"))
        return read_like(r, x);
    if (is_op(x, "starts_with($1, $2)"))
        return predicate_constant(r->f->a, x->args[1], &v) && !v.is_null &&
               give_prefix(r, x->args[0], v.text);
    /* substr(x, 1, n) = 'constant of n characters' */
    const struct bound *call = x->op == BO_EQ ? x->args[0] : NULL;
    while (call && call->kind == BX_CAST && keeps_order(call->args[0]->type, call->type))
        call = call->args[0];
    if (!call || !is_op(call, "t_substr($*)") || call->arg_count != 3 ||
        !predicate_constant(r->f->a, call->args[1], &n) || n.is_null || n.whole != 1 ||
        !predicate_constant(r->f->a, x->args[1], &v) || v.is_null || v.type->kind != ST_VARCHAR)
        return false;
    return give_prefix(r, call->args[0], v.text);
}

/* ---- the conditions ---- */
static bool read_truth(struct reader *r, const struct bound *x, bool truth) {
    if (x->kind != BX_COLUMN || x->rel != r->rel ||
        r->rel->table->columns[x->column].type->kind != TYPE_BOOLEAN)
        return false;
    give(r, x->column, SQL_EQ, truth ? BYTES("true") : BYTES("false"));
    return true;
}

/* IS NOT DISTINCT FROM a constant that is not NULL */
static bool read_same(struct reader *r, const struct bound *x) {
    struct sql_value v;
    for (int side = 0; side < 2; side++)
        if (predicate_constant(r->f->a, x->args[!side], &v) && !v.is_null &&
            read_one(r, x->args[side], x->args[!side], SQL_EQ))
            return true;
    return false;
}

bool read_condition(struct reader *r, struct bound *x) {
    bool negated = is_op(x, "(NOT $1)");
    struct bound *y = negated ? x->args[0] : x;
    if (y->kind == BX_COLUMN)
        return read_truth(r, y, !negated);
    switch (y->op) {
    case BO_EQ:
    case BO_LT:
    case BO_LE:
    case BO_GT:
    case BO_GE:
        if (read_compare(r, y, negated))
            return true;
        break;
    case BO_BETWEEN:
        return !negated && read_between(r, y);
    default:
        break;
    }
    if (negated)
        return false;
    if (is_op(y, "($1 IS NOT DISTINCT FROM $2)") && read_same(r, y))
        return true;
    if (y->op != BO_IN && !is_or(y))
        return read_prefix(r, y);
    bool sets = read_sets(r, y);
    if (sets && r->whole)
        return true;
    return (is_or(y) && read_hull(r, y)) || sets;
}
