/* time_unit.h - units of date_trunc, date_add and date_diff on picoseconds of a wall clock. Pure
 * functions, without DuckDB.
 * Source: https://trino.io/docs/current/functions/datetime.html */
#ifndef TARN_DUCK_TIME_UNIT_H
#define TARN_DUCK_TIME_UNIT_H

#include "duck/time_value.h"

enum time_unit {
    TIME_MILLISECOND,
    TIME_SECOND,
    TIME_MINUTE,
    TIME_HOUR,
    TIME_DAY,
    TIME_WEEK,
    TIME_MONTH,
    TIME_QUARTER,
    TIME_YEAR
};
bool time_unit_find(struct bytes name, enum time_unit *ret) WARN_UNUSED;
/* Of fixed length, counted on the instant and not on the calendar. */
static inline bool time_unit_is_clock(enum time_unit u) {
    return u <= TIME_HOUR;
}
picos128 time_unit_trunc(enum time_unit u, picos128 local);
/* A day that the month does not have becomes its last. False when out of range. */
bool time_unit_add(enum time_unit u, int64_t n, picos128 local, picos128 *ret) WARN_UNUSED;
/* Whole units from a to b, towards zero. */
int64_t time_unit_diff(enum time_unit u, picos128 a, picos128 b);

#endif
