/* time_pattern.h - times as text by pattern: MySQL's ("%Y-%m-%d": date_format, date_parse), Joda's
 * ("yyyy-MM-dd": format_datetime, parse_datetime), ISO 8601. Pure functions, without DuckDB: the C
 * functions of the engine and the planner's predicates share them.
 *
 * Times are microseconds since 1970-01-01 00:00:00 of a wall clock; date_parse gives whole
 * milliseconds. On false *ret_result says why. */
#ifndef TARN_DUCK_TIME_PATTERN_H
#define TARN_DUCK_TIME_PATTERN_H

#include "duck/time_zone.h"

enum time_pattern_why {
    TIME_PATTERN_TEXT,   /* the pattern is malformed */
    TIME_PATTERN_LETTER, /* `letter` of the pattern is not supported */
    TIME_PATTERN_VALUE   /* the value does not fit, from `at` */
};
struct time_pattern_result {
    enum time_pattern_why why;
    char letter;
    size_t at;
};
/* What was read: a wall clock's time and its zone, UTC when the value names none. */
struct time_pattern_instant {
    int64_t micros;
    int picos; /* of the microsecond */
    unsigned zone;
};
/* The zone to print; NULL prints none: its letters are not supported then. */
struct time_pattern_zone {
    unsigned zone;
    int offset; /* seconds east */
};
bool time_format_mysql(int64_t micros, struct bytes pattern, struct buf *out,
                       struct time_pattern_result *ret_result) WARN_UNUSED;
bool time_parse_mysql(struct bytes v, struct bytes pattern, int64_t *ret_micros,
                      struct time_pattern_result *ret_result) WARN_UNUSED;
bool time_format_joda(int64_t micros, const struct time_pattern_zone *zone, struct bytes pattern,
                      struct buf *out, struct time_pattern_result *ret_result) WARN_UNUSED;
bool time_parse_joda(struct bytes v, struct bytes pattern, struct time_pattern_instant *ret,
                     struct time_pattern_result *ret_result) WARN_UNUSED;
bool time_parse_iso8601(struct bytes v, struct time_pattern_instant *ret,
                        struct time_pattern_result *ret_result) WARN_UNUSED;
bool time_parse_iso8601_date(struct bytes v, int64_t *ret_days,
                             struct time_pattern_result *ret_result) WARN_UNUSED;

#endif
