/* prune.c - a scan's constraints and predicates as a filter of partitions.
 *
 * Constraints become tests on one key. A predicate over several keys is worked out as soon as the
 * last key it reads has a value, so that a whole branch of the value order is dropped at once.
 * What cannot be told keeps the partition: the engine applies every predicate to the rows. */
#include "query/query_int.h"

static size_t key_of(const struct plan_table *t, struct bytes column) {
    size_t key = 0;
    while (key < t->key_count &&
           !bytes_eq_nocase(t->info.columns[t->data_count + key].name, column))
        key++;
    return key;
}

static enum filter_op op_of(enum sql_constraint_op op) {
    switch (op) {
    case SQL_EQ:
        return FILTER_EQ;
    case SQL_LT:
        return FILTER_LT;
    case SQL_LE:
        return FILTER_LE;
    case SQL_GT:
        return FILTER_GT;
    case SQL_GE:
        return FILTER_GE;
    case SQL_IN:
        return FILTER_IN;
    case SQL_NONE_MATCH:
        return FILTER_NONE;
    }
    return FILTER_NONE;
}

bool plan_prunes(const struct plan_scan *s) {
    for (size_t i = 0; i < s->scan->constraint_count; i++)
        if (key_of(s->table, s->scan->constraints[i].column) < s->table->key_count)
            return true;
    return s->scan->predicate_count > 0;
}

/* ---- tests ---- */
static int add_tests(struct plan *p, const struct plan_scan *s, size_t key, struct filter_key *ret,
                     struct err *e) {
    struct filter_test *tests =
        ARENA_NEW_N(&p->arena, struct filter_test, s->scan->constraint_count + 1);
    if (!tests)
        return err_set(e, ERR_NOMEM, NULL);
    ret->type = plan_column_type(s->table, s->table->data_count + key);
    ret->tests = tests;
    for (size_t i = 0; i < s->scan->constraint_count; i++) {
        const struct sql_constraint *c = &s->scan->constraints[i];
        if (key_of(s->table, c->column) == key)
            tests[ret->test_count++] =
                (struct filter_test){op_of(c->op), c->values, c->value_count};
    }
    return 0;
}

/* ---- predicates ---- */
static bool reads_last(const struct sql_predicate *x, size_t column) {
    return x->column_count && x->columns[x->column_count - 1] == column;
}

static bool keeps(void *ctx, const struct bytes *values, size_t count) {
    struct plan_prune *x = ctx;
    size_t first = x->scan->table->data_count;
    x->values[first + count - 1] = values[count - 1];
    for (size_t i = 0; i < x->scan->scan->predicate_count; i++) {
        const struct sql_predicate *pred = &x->scan->scan->predicates[i];
        if (!reads_last(pred, first + count - 1))
            continue;
        for (size_t k = 0; k < count; k++)
            x->values[first + k] = values[k];
        int told = sql_predicate_test(pred, &x->scratch, x->values);
        arena_clear(&x->scratch);
        if (told == 0)
            return false;
    }
    return true;
}

/* ---- the filter ---- */
int plan_prune_begin(struct plan *p, const struct plan_scan *s, struct plan_prune *ret,
                     struct err *e) {
    size_t n = s->table->key_count;
    struct filter_key *keys = ARENA_NEW_N(&p->arena, struct filter_key, n + 1);
    int rc = 0;
    *ret = (struct plan_prune){.scan = s};
    arena_init(&ret->scratch, 0);
    ret->values = ARENA_NEW_N(&p->arena, struct bytes, s->table->info.column_count + 1);
    if (!keys || !ret->values)
        rc = err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < n; i++)
        rc = add_tests(p, s, i, &keys[i], e);
    ret->filter = (struct partition_filter){.keys = keys, .key_count = n};
    if (s->scan->predicate_count) {
        ret->filter.keeps = keeps;
        ret->filter.ctx = ret;
    }
    return rc;
}

void plan_prune_end(struct plan_prune *x) {
    arena_clear(&x->scratch);
}
