/* prune.c - which partitions a scan's constraints leave. Constraints are a conjunction of what
 * every wanted row satisfies, so one that a partition's values cannot satisfy drops the partition.
 * Values are compared by the column's Hive type; NULL satisfies no comparison; where the order of
 * two values is unknown the partition stays, and the engine decides. */
#include "catalog/value.h"
#include "query/query_int.h"

static bool satisfies(const struct type *type, struct bytes v, enum sql_constraint_op op,
                      struct bytes bound) {
    int o;
    if (!catalog_value_compare(type, v, bound, &o))
        return true;
    switch (op) {
    case SQL_EQ:
    case SQL_IN:
        return o == 0;
    case SQL_LT:
        return o < 0;
    case SQL_LE:
        return o <= 0;
    case SQL_GT:
        return o > 0;
    case SQL_GE:
        return o >= 0;
    case SQL_NONE_MATCH:
        return false;
    }
    return true;
}

static bool keeps_one(const struct sql_constraint *c, const struct type *type, struct bytes v) {
    if (c->op == SQL_NONE_MATCH || bytes_eq_str(v, CATALOG_NULL_PARTITION))
        return false;
    for (size_t i = 0; i < c->value_count; i++)
        if (satisfies(type, v, c->op, c->values[i]))
            return true;
    return false;
}

bool plan_keeps(const struct plan_scan *s, const struct bytes *values, size_t count) {
    const struct plan_table *t = s->table;
    for (size_t i = 0; i < s->scan->constraint_count; i++) {
        const struct sql_constraint *c = &s->scan->constraints[i];
        size_t key = 0;
        while (key < t->key_count &&
               !bytes_eq_nocase(t->info.columns[t->data_count + key].name, c->column))
            key++;
        if (key >= t->key_count || key >= count)
            continue;
        if (!keeps_one(c, plan_column_type(t, t->data_count + key), values[key]))
            return false;
    }
    return true;
}
