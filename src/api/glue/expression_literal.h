/* expression_literal.h - whether a literal of GetPartitions' filter is a value of its key's type.
 * Pure functions. */
#ifndef TARN_API_GLUE_EXPRESSION_LITERAL_H
#define TARN_API_GLUE_EXPRESSION_LITERAL_H

#include "base/err.h"
#include "schema/types.h"

/* ERR_INVALID_INPUT in AWS's words. __HIVE_DEFAULT_PARTITION__ is a literal of every type. */
int expression_check_literal(const struct type *t, struct bytes literal, struct err *e) WARN_UNUSED;
/* ERR_INVALID_INPUT for a type that has no patterns. */
int expression_check_like(const struct type *t, struct err *e) WARN_UNUSED;

#endif
