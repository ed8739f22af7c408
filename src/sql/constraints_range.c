/* constraints_range.c - ranges of a column from conditions on parts of time and from OR.
 *
 * A function that cuts time into parts (year, date_trunc, CAST to date) never falls: with [low,
 * next) the part that the constant c lies in, and c itself at its start,
 *
 *     f(x) >= c   x >= low        f(x) = c   low <= x < next
 *     f(x) >  c   x >= next       f(x) < c   x < low          f(x) <= c   x < next
 *
 * A constant inside of a part is like one directly behind its start.
 *
 * Of an OR, each argument is read on its own; a bound that all of them have on one side gives the
 * outermost of them for the whole. */
#include "base/clock.h"
#include "catalog/value.h"
#include "sql/constraints_int.h"

#define DAY_MICROS INT64_C(86400000000)
#define MAX_HULL_ARGS 256
#define MAX_HULL_DEPTH 3

/* ---- parts of time ---- */
struct part {
    int64_t low, next; /* microseconds */
    bool at_start;
};

static bool year_part(const struct sql_value *v, struct part *ret) {
    if (!sql_type_is_integer(v->type) || v->whole < 1 || v->whole > 9998)
        return false;
    ret->low = clock_days_from_civil((int)v->whole, 1, 1) * DAY_MICROS;
    ret->next = clock_days_from_civil((int)v->whole + 1, 1, 1) * DAY_MICROS;
    ret->at_start = true;
    return true;
}

/* The part around the constant; *ret_x is what is cut. */
static bool part_of(struct reader *r, const struct bound *x, const struct sql_value *v,
                    const struct bound **ret_x, struct part *ret) {
    struct sql_value unit;
    bool date = v->type->kind == ST_DATE;
    int64_t micros = date ? v->whole * DAY_MICROS : v->whole;
    if ((x->kind == BX_CAST || is_op(x, "CAST($1 AS DATE)") || is_op(x, "CAST($l1 AS DATE)")) &&
        x->type->kind == ST_DATE && date) {
        *ret_x = x->args[0];
        *ret = (struct part){micros, micros + DAY_MICROS, true};
        return true;
    }
    if (is_op(x, "CAST(year($1) AS BIGINT)") || is_op(x, "CAST(year($l1) AS BIGINT)")) {
        *ret_x = x->args[0];
        return year_part(v, ret);
    }
    if (!is_op(x, "@date_trunc") || x->type->zoned || v->type->kind != x->type->kind ||
        !predicate_constant(r->f->a, x->args[0], &unit) || unit.is_null ||
        !time_part(unit.text, micros, &ret->low, &ret->next))
        return false;
    *ret_x = x->args[1];
    ret->at_start = micros == ret->low;
    return true;
}

static bool give_time(struct reader *r, size_t column, enum sql_constraint_op op, int64_t micros) {
    struct sql_value v;
    return value_whole(sql_type_of(ST_TIMESTAMP), micros, &v) == EVAL_OK &&
           give_value(r, column, &v, op);
}

bool read_part_of_time(struct reader *r, const struct bound *x, const struct sql_value *v,
                       enum sql_constraint_op op) {
    struct part p;
    size_t column;
    if (v->is_null || !part_of(r, x, v, &x, &p) || !column_under(r, x, &column))
        return false;
    enum type_kind k = r->rel->table->columns[column].type->kind;
    if (k != TYPE_DATE && k != TYPE_TIMESTAMP)
        return false;
    switch (op) {
    case SQL_GE:
        return give_time(r, column, SQL_GE, p.at_start ? p.low : p.next);
    case SQL_GT:
        return give_time(r, column, SQL_GE, p.next);
    case SQL_LT:
        return give_time(r, column, SQL_LT, p.at_start ? p.low : p.next);
    case SQL_LE:
        return give_time(r, column, SQL_LT, p.next);
    default:
        break;
    }
    if (!p.at_start) {
        give_nothing(r);
        return true;
    }
    bool low = give_time(r, column, SQL_GE, p.low), next = give_time(r, column, SQL_LT, p.next);
    r->whole &= low && next;
    return low || next;
}

/* ---- OR ---- */
/* One side of a range; no value: unbounded. */
struct end {
    struct bytes value;
    bool open;
};
struct range {
    struct end low, high;
};

static bool is_nearer(const struct type *t, int side, const struct end *x, const struct end *y) {
    int o;
    if (!y->value.ptr)
        return true;
    if (!x->value.ptr || !catalog_value_compare(t, x->value, y->value, &o))
        return false;
    return o * side > 0 || (o == 0 && x->open);
}

/* The least (side -1) or greatest of a set. */
static struct end end_of_set(const struct sql_constraint *c, const struct type *t, int side) {
    struct end r = {c->values[0], false};
    for (size_t i = 1; i < c->value_count; i++) {
        int o;
        if (!catalog_value_compare(t, c->values[i], r.value, &o))
            return (struct end){0};
        if (o * side > 0)
            r.value = c->values[i];
    }
    return r;
}

static struct range range_of(const struct sql_scan *s, const struct sql_table_column *column) {
    struct range r = {0};
    for (size_t i = 0; i < s->constraint_count; i++) {
        const struct sql_constraint *c = &s->constraints[i];
        if (!bytes_eq(c->column, column->name) || !c->value_count)
            continue;
        bool set = c->op == SQL_EQ || c->op == SQL_IN;
        struct end low =
            set ? end_of_set(c, column->type, -1) : (struct end){c->values[0], c->op == SQL_GT};
        struct end high =
            set ? end_of_set(c, column->type, 1) : (struct end){c->values[0], c->op == SQL_LT};
        bool bounds_low = set || c->op == SQL_GT || c->op == SQL_GE;
        if (bounds_low && low.value.ptr && is_nearer(column->type, 1, &low, &r.low))
            r.low = low;
        if ((set || !bounds_low) && high.value.ptr && is_nearer(column->type, -1, &high, &r.high))
            r.high = high;
    }
    return r;
}

static bool is_empty(const struct sql_scan *s) {
    for (size_t i = 0; i < s->constraint_count; i++)
        if (s->constraints[i].op == SQL_NONE_MATCH)
            return true;
    return false;
}

/* What one argument of the OR says, as a scan of its own. */
static void read_alone(struct reader *r, struct bound *x, struct sql_scan *ret) {
    struct conjuncts c = {0};
    struct reader alone = *r;
    struct sql_value v;
    *ret = (struct sql_scan){.table = r->rel->table};
    alone.scan = ret;
    alone.depth = r->depth + 1;
    alone.is_bounded = ARENA_NEW_N(r->f->a, bool, r->rel->table->column_count + 1);
    if (!alone.is_bounded || !conjuncts_add(r->f, &c, x)) {
        r->f->failed = true;
        return;
    }
    if (predicate_constant(r->f->a, x, &v) && (v.is_null || !v.truth))
        give_nothing(&alone);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < c.count; i++)
            (void)read_condition(&alone, c.items[i]);
}

/* The wider of two ends; none when one is none. */
static struct end wider(const struct type *t, int side, struct end x, struct end y) {
    int o;
    if (!x.value.ptr || !y.value.ptr || !catalog_value_compare(t, x.value, y.value, &o))
        return (struct end){0};
    if (o == 0)
        return x.open ? y : x;
    return o * side > 0 ? x : y;
}
static void widen(struct range *all, const struct range *one, const struct type *t) {
    all->low = wider(t, -1, all->low, one->low);
    all->high = wider(t, 1, all->high, one->high);
}

static bool give_hull(struct reader *r, const struct sql_scan *args, size_t count, size_t column) {
    const struct sql_table_column *c = &r->rel->table->columns[column];
    struct range all = {0};
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        struct range one = range_of(&args[i], c);
        if (is_empty(&args[i]))
            continue;
        if (any)
            widen(&all, &one, c->type);
        else
            all = one;
        any = true;
    }
    bool high = all.high.value.ptr != NULL, low = all.low.value.ptr != NULL;
    if (high)
        give(r, column, all.high.open ? SQL_LT : SQL_LE, all.high.value);
    if (low)
        give(r, column, all.low.open ? SQL_GT : SQL_GE, all.low.value);
    return high || low;
}

static bool has_set(const struct sql_scan *s, const struct sql_table_column *c, size_t condition) {
    for (size_t i = 0; i < s->constraint_count; i++)
        if (s->constraints[i].op == SQL_IN && s->constraints[i].condition == condition &&
            bytes_eq(s->constraints[i].column, c->name))
            return true;
    return false;
}

bool read_hull(struct reader *r, struct bound *x) {
    bool any = false;
    struct sql_scan *args = x->arg_count <= MAX_HULL_ARGS && r->depth < MAX_HULL_DEPTH
                                ? ARENA_NEW_N(r->f->a, struct sql_scan, x->arg_count + 1)
                                : NULL;
    for (size_t i = 0; args && i < x->arg_count; i++)
        read_alone(r, x->args[i], &args[i]);
    for (size_t c = 0; args && c < r->rel->table->column_count && !r->f->failed; c++)
        if (range_of(&args[0], &r->rel->table->columns[c]).low.value.ptr ||
            range_of(&args[0], &r->rel->table->columns[c]).high.value.ptr || is_empty(&args[0]))
            any |= !has_set(r->scan, &r->rel->table->columns[c], r->condition) &&
                   give_hull(r, args, x->arg_count, c);
    r->whole = false;
    return any;
}
