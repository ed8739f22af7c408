/* value.h - partition values as text, compared by their column's Hive type. Pure functions. */
#ifndef TARN_CATALOG_VALUE_H
#define TARN_CATALOG_VALUE_H

#include "schema/types.h"

/* How Hive writes NULL as a partition value. */
#define CATALOG_NULL_PARTITION "__HIVE_DEFAULT_PARTITION__"

/* *ret_order is negative, 0 or positive as `a` sorts before, with or after `b`. False when one of
 * them is no value of the type (the order is then unknown). Strings compare by bytes; "07" and "7"
 * are the same integer. */
bool catalog_value_compare(const struct type *t, struct bytes a, struct bytes b,
                           int *ret_order) WARN_UNUSED;

#endif
