/* functions_time.c - dates, times, intervals.
 *
 * $l1 is argument 1, a timestamp with time zone, as local time in its zone; $z1 the zone's name;
 * $P1 its precision. */
#include "sql/functions.h"

#define F(name, signature, sql)                                                                    \
    { name, signature, sql, SQL_FN_SCALAR }
/* a field of a date, a timestamp and a timestamp with time zone */
#define FIELD(name, fn)                                                                            \
    F(name, "date->bigint", "CAST(" fn "($1) AS BIGINT)"),                                         \
        F(name, "timestamp(p)->bigint", "CAST(" fn "($1) AS BIGINT)"),                             \
        F(name, "timestamptz(p)->bigint", "CAST(" fn "($l1) AS BIGINT)")
/* a field of day-time */
#define CLOCK(name, sql, divisor, modulus)                                                         \
    F(name, "timestamp(p)->bigint", "CAST(" sql "($1) AS BIGINT)"),                                \
        F(name, "timestamptz(p)->bigint", "CAST(" sql "($l1) AS BIGINT)"),                         \
        F(name, "time(p)->bigint", "CAST(" sql "($1) AS BIGINT)"),                                 \
        F(name, "idays->bigint", "(($1 // " divisor ") % " modulus ")")

const struct sql_fn sql_fn_time[] = {
    FIELD("day", "day"),
    F("day", "idays->bigint", "($1 // 86400000)"),
    FIELD("day_of_month", "day"),
    FIELD("day_of_week", "isodow"),
    FIELD("dow", "isodow"),
    FIELD("day_of_year", "dayofyear"),
    FIELD("doy", "dayofyear"),
    FIELD("week", "week"),
    FIELD("week_of_year", "week"),
    FIELD("month", "month"),
    F("month", "iyears->bigint", "CAST($1 % 12 AS BIGINT)"),
    FIELD("quarter", "quarter"),
    FIELD("year", "year"),
    F("year", "iyears->bigint", "CAST($1 // 12 AS BIGINT)"),
    FIELD("year_of_week", "isoyear"),
    FIELD("yow", "isoyear"),
    CLOCK("hour", "hour", "3600000", "24"),
    CLOCK("minute", "minute", "60000", "60"),
    CLOCK("second", "second", "1000", "60"),
    F("millisecond", "timestamp(p)->bigint", "(epoch_ms($1) % 1000 + 1000) % 1000"),
    F("millisecond", "timestamptz(p)->bigint", "(epoch_ms($1) % 1000 + 1000) % 1000"),
    F("millisecond", "idays->bigint", "($1 % 1000)"),
    F("timezone_hour", "timestamptz(p)->bigint", "@timezone_hour"),
    F("timezone_minute", "timestamptz(p)->bigint", "@timezone_minute"),
    F("last_day_of_month", "date->date", "last_day($1)"),
    F("last_day_of_month", "timestamp(p)->date", "last_day($1)"),
    F("last_day_of_month", "timestamptz(p)->date", "last_day($l1)"),
    F("date_trunc", "varchar,date->date", "@date_trunc"),
    F("date_trunc", "varchar,timestamp(p)->timestamp(p)", "@date_trunc"),
    F("date_trunc", "varchar,timestamptz(p)->timestamptz(p)", "@date_trunc"),
    F("date_trunc", "varchar,time(p)->time(p)", "@date_trunc"),
    F("date_add", "varchar,bigint,date->date", "@date_add"),
    F("date_add", "varchar,bigint,timestamp(p)->timestamp(p)", "@date_add"),
    F("date_add", "varchar,bigint,timestamptz(p)->timestamptz(p)", "@date_add"),
    F("date_diff", "varchar,date,date->bigint", "@date_diff"),
    F("date_diff", "varchar,timestamp(p),timestamp(p)->bigint", "@date_diff"),
    F("date_diff", "varchar,timestamptz(p),timestamptz(p)->bigint", "@date_diff"),
    F("date_format", "timestamp(p),varchar->varchar", "t_date_format($1, $2)"),
    F("date_format", "timestamptz(p),varchar->varchar", "t_date_format($l1, $2)"),
    F("date_parse", "varchar,varchar->timestamp", "t_date_parse($*)"),
    F("format_datetime", "timestamp(p),varchar->varchar", "t_format_datetime($1, $2)"),
    F("format_datetime", "timestamptz(p),varchar->varchar", "@format_datetime_tz"),
    F("parse_datetime", "varchar,varchar->timestamptz", "t_parse_datetime($*)"),
    F("date", "varchar->date", "t_cast_date($1)"),
    F("date", "timestamp(p)->date", "CAST($1 AS DATE)"),
    F("date", "timestamptz(p)->date", "CAST($l1 AS DATE)"),
    F("from_unixtime", "double->timestamptz", "t_from_unixtime($1)"),
    F("from_unixtime", "double,varchar->timestamptz", "@from_unixtime_zone"),
    F("from_unixtime_nanos", "bigint->timestamptz", "@refuse"),
    F("to_unixtime", "timestamp(p)->double", "epoch($1)"),
    F("to_unixtime", "timestamptz(p)->double", "epoch($1)"),
    F("from_iso8601_timestamp", "varchar->timestamptz", "t_from_iso8601_timestamp($1)"),
    F("from_iso8601_date", "varchar->date", "t_from_iso8601_date($1)"),
    F("to_iso8601", "date->varchar", "CAST($1 AS VARCHAR)"),
    F("to_iso8601", "timestamp(p)->varchar", "t_iso8601($1, CAST($P1 AS INTEGER))"),
    F("to_iso8601", "timestamptz(p)->varchar", "@to_iso8601_tz"),
    F("at_timezone", "timestamptz(p),varchar->timestamptz(p)", "@at_timezone"),
    F("with_timezone", "timestamp(p),varchar->timestamptz(p)", "@with_timezone"),
    F("to_milliseconds", "idays->bigint", "$1"),
    F("parse_duration", "varchar->idays", "t_parse_duration($1)"),
    F("human_readable_seconds", "double->varchar", "t_human_readable_seconds($1)"),
};
const size_t sql_fn_time_count = COUNT_OF(sql_fn_time);
