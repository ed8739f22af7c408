/* filter.c - tests on partition values. A key's tests are a conjunction; seeking uses only those
 * whose meaning is byte order, so that "the next value that can pass" is one index look-up. */
#include "catalog/filter.h"

static bool satisfies(const struct type *type, struct bytes v, enum filter_op op,
                      struct bytes bound) {
    int o;
    if (!catalog_value_compare(type, v, bound, &o))
        return true;
    switch (op) {
    case FILTER_EQ:
    case FILTER_IN:
        return o == 0;
    case FILTER_LT:
        return o < 0;
    case FILTER_LE:
        return o <= 0;
    case FILTER_GT:
        return o > 0;
    case FILTER_GE:
        return o >= 0;
    case FILTER_NONE:
        return false;
    }
    return true;
}

static bool passes(const struct filter_test *t, const struct type *type, struct bytes v) {
    for (size_t i = 0; i < t->value_count && t->op != FILTER_NONE; i++)
        if (satisfies(type, v, t->op, t->values[i]))
            return true;
    return false;
}

bool filter_key_keeps(const struct filter_key *k, struct bytes v) {
    if (k->test_count && !k->null_is_text && bytes_eq_str(v, CATALOG_NULL_PARTITION))
        return false;
    for (size_t i = 0; i < k->test_count; i++)
        if (!passes(&k->tests[i], k->type, v))
            return false;
    return true;
}

bool filter_keeps(const struct partition_filter *f, const struct bytes *values, size_t count) {
    if (!f)
        return true;
    for (size_t i = 0; i < f->key_count && i < count; i++)
        if (!filter_key_keeps(&f->keys[i], values[i]) ||
            (f->keeps && !f->keeps(f->ctx, values, i + 1)))
            return false;
    return true;
}

/* ---- seeking ---- */
static bool is_text(const struct type *t) {
    return t->kind == TYPE_STRING || t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR;
}

/* The smallest value of the test's list that is >= v. */
static bool seek_list(const struct filter_test *t, struct bytes *v) {
    const struct bytes *best = NULL;
    for (size_t i = 0; i < t->value_count; i++)
        if (bytes_cmp(t->values[i], *v) >= 0 && (!best || bytes_cmp(t->values[i], *best) < 0))
            best = &t->values[i];
    if (best)
        *v = *best;
    return best;
}

static bool seek_test(const struct filter_test *t, struct bytes *v) {
    switch (t->op) {
    case FILTER_EQ:
    case FILTER_IN:
        return seek_list(t, v);
    case FILTER_GT:
    case FILTER_GE:
        if (t->value_count && bytes_cmp(*v, t->values[0]) < 0)
            *v = t->values[0];
        return true;
    case FILTER_LT:
        return t->value_count && bytes_cmp(*v, t->values[0]) < 0;
    case FILTER_LE:
        return t->value_count && bytes_cmp(*v, t->values[0]) <= 0;
    case FILTER_NONE:
        return false;
    }
    return true;
}

/* Each test only moves v up, so one round after the last move is enough to have all agree. */
bool filter_key_seek(const struct filter_key *k, struct bytes *v) {
    struct bytes before;
    if (!is_text(k->type))
        return true;
    do {
        before = *v;
        for (size_t i = 0; i < k->test_count; i++)
            if (!seek_test(&k->tests[i], v))
                return false;
    } while (!bytes_eq(before, *v));
    return true;
}
