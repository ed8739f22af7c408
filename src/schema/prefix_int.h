/* prefix_int.h - shared by prefix.c (expressions) and prefix_time.c (date patterns). */
#ifndef TARN_SCHEMA_PREFIX_INT_H
#define TARN_SCHEMA_PREFIX_INT_H

#include "schema/prefix.h"

/* How often a pattern's text changes, finest last. */
enum prefix_grain {
    GRAIN_NEVER,
    GRAIN_YEAR,
    GRAIN_MONTH,
    GRAIN_DAY,
    GRAIN_HOUR,
    GRAIN_MINUTE,
    GRAIN_SECOND,
    GRAIN_MILLI
};
/* The finest letter of a valid pattern. */
enum prefix_grain prefix_time_grain(struct bytes pattern);
/* The start of the next year, month, ... after `ms`; INT64_MAX for GRAIN_NEVER. */
int64_t prefix_grain_next(enum prefix_grain g, int64_t ms);

#endif
