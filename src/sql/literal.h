/* literal.h - dates, times and intervals as text. Pure functions; inside sql only.
 *
 * Times are microseconds: of a day, or since 1970-01-01 00:00:00 of a wall clock. */
#ifndef TARN_SQL_LITERAL_H
#define TARN_SQL_LITERAL_H

#include "base/arena.h"
#include "sql/tree.h"

struct literal_time {
    int64_t micros;
    int digits;        /* fraction digits as written */
    struct bytes zone; /* as written; empty: none */
};
bool literal_parse_date(struct bytes text, int64_t *ret_days) WARN_UNUSED;
/* "12:34[:56[.789]]" */
bool literal_parse_clock(struct bytes text, struct literal_time *ret) WARN_UNUSED;
/* "2020-1-2[ 3:04[:05[.678]]][ zone]" */
bool literal_parse_timestamp(struct bytes text, struct literal_time *ret) WARN_UNUSED;
/* "+02:00" and the like to minutes; UTC, Z and GMT are 0. False for a named zone. */
bool literal_zone_offset(struct bytes zone, int64_t *ret_minutes) WARN_UNUSED;
/* An offset in range, or a name spelled like one of the time zone database. */
bool literal_zone_known(struct bytes zone);
bool literal_parse_months(struct bytes text, enum sql_unit from, enum sql_unit to,
                          int64_t *ret) WARN_UNUSED;
bool literal_parse_millis(struct bytes text, enum sql_unit from, enum sql_unit to, int64_t unit_ms,
                          int64_t *ret) WARN_UNUSED;
int64_t literal_floor_days(int64_t micros);
struct bytes literal_date_text(struct arena *a, int64_t days);
struct bytes literal_clock_text(struct arena *a, int64_t micros, int digits);
struct bytes literal_timestamp_text(struct arena *a, int64_t micros, int digits);

#endif
