/* filter.h - which partitions are wanted: per key a conjunction of tests on its value, and a check
 * over the first values of a partition, so that whole branches of the value order are passed over
 * without being read. Pure; a filter keeps too much rather than too little, and whoever reads the
 * rows applies the whole predicate. */
#ifndef TARN_CATALOG_FILTER_H
#define TARN_CATALOG_FILTER_H

#include "catalog/value.h"

enum filter_op { FILTER_EQ, FILTER_LT, FILTER_LE, FILTER_GT, FILTER_GE, FILTER_IN, FILTER_NONE };

/* One test: the value compares so with one of `values` (one, or several for FILTER_IN), by the
 * key's type. FILTER_NONE: no value passes. NULL (CATALOG_NULL_PARTITION) passes no test unless
 * `null_is_text`, as Glue's expressions compare it. */
struct filter_test {
    enum filter_op op;
    const struct bytes *values;
    size_t value_count;
};
struct filter_key {
    const struct type *type;
    const struct filter_test *tests; /* all must hold; none: every value, NULL too */
    size_t test_count;
    bool null_is_text;
};
struct partition_filter {
    const struct filter_key *keys; /* in the order of the table's partition keys */
    size_t key_count;
    /* False when no partition whose first `count` values are `values` is wanted (0 < count <=
     * key_count; called with more values only after it held for fewer). NULL: no such check. */
    bool (*keeps)(void *ctx, const struct bytes *values, size_t count);
    void *ctx;
};

/* Whether `v` passes the key's tests. A value that is no value of the key's type passes: its order
 * is unknown and the engine decides. */
bool filter_key_keeps(const struct filter_key *k, struct bytes v);
/* Tests and check together, on a whole partition. NULL filter: true. */
bool filter_keeps(const struct partition_filter *f, const struct bytes *values, size_t count);
/* The smallest text >= *v by bytes that can pass, in *v; false when there is none. Only keys of
 * type string, varchar and char seek; for others *v stays and the answer is true. */
bool filter_key_seek(const struct filter_key *k, struct bytes *v);

#endif
