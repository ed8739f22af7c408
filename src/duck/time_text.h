/* time_text.h - dates and times as Trino spells them. Pure functions, without DuckDB: the SQL front
 * end reads literals with them, the C functions read columns.
 *
 * Times are microseconds: of a day, or since 1970-01-01 00:00:00 of a wall clock. */
#ifndef TARN_DUCK_TIME_TEXT_H
#define TARN_DUCK_TIME_TEXT_H

#include "base/arena.h"

struct time_text {
    int64_t micros;
    int digits;        /* fraction digits as written */
    struct bytes zone; /* as written; empty: none */
};
bool time_text_parse_date(struct bytes text, int64_t *ret_days) WARN_UNUSED;
/* "12:34[:56[.789]]" */
bool time_text_parse_clock(struct bytes text, struct time_text *ret) WARN_UNUSED;
/* "2020-1-2[ 3:04[:05[.678]]][ zone]" */
bool time_text_parse_timestamp(struct bytes text, struct time_text *ret) WARN_UNUSED;
/* "+02:00" and the like to minutes; UTC, Z and GMT are 0. False for a named zone. */
bool time_text_zone_offset(struct bytes zone, int64_t *ret_minutes) WARN_UNUSED;
/* An offset in range, or a name spelled like one of the time zone database. */
bool time_text_zone_known(struct bytes zone);
/* Days in a month of the proleptic Gregorian calendar; month 1-12. */
int time_text_days_in_month(int64_t year, int64_t month);
int64_t time_text_floor_days(int64_t micros);
/* Half up to `digits` (0-6) of a second. */
int64_t time_text_round(int64_t micros, int digits);
struct bytes time_text_date(struct arena *a, int64_t days);
struct bytes time_text_clock(struct arena *a, int64_t micros, int digits);
struct bytes time_text_timestamp(struct arena *a, int64_t micros, int digits);

#endif
