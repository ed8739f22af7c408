/* time_text.h - dates and times as Trino spells them. Pure functions, without DuckDB: the SQL front
 * end reads literals with them, the C functions read columns.
 *
 * Times are microseconds or picoseconds: of a day, or since 1970-01-01 00:00:00 of a wall clock. */
#ifndef TARN_DUCK_TIME_TEXT_H
#define TARN_DUCK_TIME_TEXT_H

#include "base/arena.h"
#include "duck/time_value.h"

struct time_text {
    int64_t micros;
    int picos;         /* of the microsecond: 0 to 999999 */
    bool up;           /* digits behind the picoseconds round up */
    int digits;        /* fraction digits as written, up to 18 */
    struct bytes zone; /* as written; empty: none */
};
/* "[+-]2020-1-2", days from INT32_MIN to INT32_MAX */
bool time_text_parse_date(struct bytes text, int64_t *ret_days) WARN_UNUSED;
/* "12:34[:56[.789]][[ ]+01:00]"; the zone is then an offset in range */
bool time_text_parse_clock(struct bytes text, struct time_text *ret) WARN_UNUSED;
/* "[+-]2020-1-2[ 3:04[:05[.678]]][ zone]" */
bool time_text_parse_timestamp(struct bytes text, struct time_text *ret) WARN_UNUSED;
/* The value in picoseconds, half up to `digits` (0-12) of a second. */
picos128 time_text_picos(const struct time_text *t, int digits);
/* "+02:00" and the like to minutes; names of UTC are 0. False for any other named zone. */
bool time_text_zone_offset(struct bytes zone, int64_t *ret_minutes) WARN_UNUSED;
/* An offset in range, or a name of the time zone database. */
bool time_text_zone_known(struct bytes zone);
/* Days in a month of the proleptic Gregorian calendar; month 1-12. */
int time_text_days_in_month(int64_t year, int64_t month);
int64_t time_text_floor_days(int64_t micros);
/* Half up to `digits` (0-6) of a second. */
int64_t time_text_round(int64_t micros, int digits);
/* Appended: the date as DATE has it ("12001-02-03"), as TIMESTAMP has it ("+12001-02-03"), the time
 * of a day, both ("+12001-02-03 04:05:06"). Digits behind `digits` (0-12) are dropped. */
void time_text_add_date(int64_t days, struct buf *out);
void time_text_add_day(int64_t days, struct buf *out);
void time_text_add_clock(int64_t picos, int digits, struct buf *out);
void time_text_add_timestamp(picos128 picos, int digits, char between, struct buf *out);
/* The same in the arena, of microseconds and up to 6 digits. */
struct bytes time_text_date(struct arena *a, int64_t days);
struct bytes time_text_timestamp(struct arena *a, int64_t micros, int digits);

#endif
