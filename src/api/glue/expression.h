/* expression.h - the filter of GetPartitions: = <> != < <= > >= IN BETWEEN LIKE IS NULL NOT AND OR
 * over partition keys, compared by the key's type. Pure functions.
 * Source: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html */
#ifndef TARN_API_GLUE_EXPRESSION_H
#define TARN_API_GLUE_EXPRESSION_H

#include "base/arena.h"
#include "base/err.h"
#include "catalog/filter.h"

struct expression_key {
    struct bytes name;
    const struct type *type;
};
struct expression;
/* Keys and text must outlive the expression. ERR_INVALID_INPUT for bad syntax or unknown keys. */
int expression_parse(struct arena *a, struct bytes text, const struct expression_key *keys,
                     size_t key_count, const struct expression **ret, struct err *e) WARN_UNUSED;
/* `values` in the order of the keys; missing ones count as NULL. */
bool expression_match(const struct expression *x, const struct bytes *values, size_t value_count);

/* The same as a filter of the catalogue, exact on whole partitions: tests for the conditions that
 * every match satisfies, and the whole expression worked out on the values known so far. Views of x
 * and keys, in the arena. ERR_NOMEM. */
int expression_filter(struct arena *a, const struct expression *x,
                      const struct expression_key *keys, size_t key_count,
                      struct partition_filter *ret, struct err *e) WARN_UNUSED;

#endif
