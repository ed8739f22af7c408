/* fold.h - values of constant expressions, as text, for the planner. Inside sql only. */
#ifndef TARN_SQL_FOLD_H
#define TARN_SQL_FOLD_H

#include "sql/bound.h"

struct sql_const {
    const struct sql_type *type;
    struct bytes text;
};
/* False when the expression is no constant or one that is not worked out here (not an error). */
bool sql_fold(struct arena *a, const struct bound *x, struct sql_const *ret) WARN_UNUSED;

#endif
