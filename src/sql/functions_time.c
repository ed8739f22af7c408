/* functions_time.c - dates, times, intervals.
 *
 * $l1 is argument 1 as what its clock shows, $i1 its instant, $z1 and $w1 it packed with and
 * without a zone (emit_template.c); $P1 its precision. */
#include "sql/functions.h"

#define F(name, signature, sql)                                                                    \
    { name, signature, sql, SQL_FN_SCALAR }
/* a field of a date, a timestamp and a timestamp with time zone */
#define FIELD(name, fn)                                                                            \
    F(name, "date->bigint", "CAST(" fn "($1) AS BIGINT)"),                                         \
        F(name, "timestamp(p)->bigint", "CAST(" fn "($l1) AS BIGINT)"),                            \
        F(name, "timestamptz(p)->bigint", "CAST(" fn "($l1) AS BIGINT)")
/* a field of day-time */
#define CLOCK(name, sql, divisor, modulus)                                                         \
    F(name, "timestamp(p)->bigint", "CAST(" sql "($l1) AS BIGINT)"),                               \
        F(name, "timestamptz(p)->bigint", "CAST(" sql "($l1) AS BIGINT)"),                         \
        F(name, "time(p)->bigint", "($1 // " divisor "000000000 % " modulus ")"),                  \
        F(name, "timetz(p)->bigint", "($l1 // " divisor "000000000 % " modulus ")"),               \
        F(name, "idays->bigint", "(($1 // " divisor ") % " modulus ")")
#define TRUNC(type) F("date_trunc", "varchar," type "->" type, "@date_trunc")
#define ADD(type) F("date_add", "varchar,bigint," type "->" type, "@date_add")
#define DIFF(type) F("date_diff", "varchar," type "," type "->bigint", "@date_diff")

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
    F("millisecond", "timestamp(p)->bigint", "(epoch_ms($l1) % 1000 + 1000) % 1000"),
    F("millisecond", "timestamptz(p)->bigint", "(epoch_ms($l1) % 1000 + 1000) % 1000"),
    F("millisecond", "time(p)->bigint", "($1 // 1000000000 % 1000)"),
    F("millisecond", "timetz(p)->bigint", "($l1 // 1000000000 % 1000)"),
    F("millisecond", "idays->bigint", "($1 % 1000)"),
    F("timezone_hour", "timestamptz(p)->bigint", "(t_zoned_offset($z1) // 3600)"),
    F("timezone_hour", "timetz(p)->bigint", "(t_timetz_minutes($1) // 60)"),
    F("timezone_minute", "timestamptz(p)->bigint", "(t_zoned_offset($z1) // 60 % 60)"),
    F("timezone_minute", "timetz(p)->bigint", "(t_timetz_minutes($1) % 60)"),
    F("timezone", "timestamptz(p)->varchar", "t_zoned_zone($z1)"),
    F("timezone", "timetz(p)->varchar", "t_timetz_zone($1)"),
    F("current_timezone", "->varchar", "'UTC'"),
    F("last_day_of_month", "date->date", "last_day($1)"),
    F("last_day_of_month", "timestamp(p)->date", "last_day($l1)"),
    F("last_day_of_month", "timestamptz(p)->date", "last_day($l1)"),
    TRUNC("date"),
    TRUNC("timestamp(p)"),
    TRUNC("timestamptz(p)"),
    TRUNC("time(p)"),
    TRUNC("timetz(p)"),
    ADD("date"),
    ADD("timestamp(p)"),
    ADD("timestamptz(p)"),
    ADD("time(p)"),
    ADD("timetz(p)"),
    DIFF("date"),
    DIFF("timestamp(p)"),
    DIFF("timestamptz(p)"),
    DIFF("time(p)"),
    DIFF("timetz(p)"),
    F("date_format", "timestamp(p),varchar->varchar", "t_date_format($l1, $2)"),
    F("date_format", "timestamptz(p),varchar->varchar", "t_date_format($l1, $2)"),
    F("date_parse", "varchar,varchar->timestamp", "t_date_parse($*)"),
    F("format_datetime", "timestamp(p),varchar->varchar", "t_format_datetime($l1, $2)"),
    F("format_datetime", "timestamptz(p),varchar->varchar", "t_format_zoned($z1, $2)"),
    F("parse_datetime", "varchar,varchar->zoned", "t_parse_datetime($*)"),
    F("date", "varchar->date", "t_cast_date($1)"),
    F("date", "timestamp(p)->date", "CAST($l1 AS DATE)"),
    F("date", "timestamptz(p)->date", "CAST($l1 AS DATE)"),
    F("from_unixtime", "double->timestamptz", "t_from_unixtime($1)"),
    F("from_unixtime", "double,varchar->zoned", "t_at_zone(t_zoned_of(t_from_unixtime($1)), $2)"),
    F("from_unixtime", "double,bigint,bigint->zoned", "t_zoned_unixtime($*)"),
    F("from_unixtime_nanos", "bigint->nanos", "t_unix_nanos(CAST($1 AS HUGEINT))"),
    F("from_unixtime_nanos", "decimal(p,s)->nanos", "t_unix_nanos(CAST($1 AS HUGEINT))"),
    F("to_unixtime", "timestamp(p)->double", "epoch($l1)"),
    F("to_unixtime", "timestamptz(p)->double", "epoch($i1)"),
    F("from_iso8601_timestamp", "varchar->zoned", "t_from_iso8601_timestamp($1)"),
    F("from_iso8601_timestamp_nanos", "varchar->nanos", "t_from_iso8601_timestamp_nanos($1)"),
    F("from_iso8601_date", "varchar->date", "t_from_iso8601_date($1)"),
    F("to_iso8601", "date->varchar", "t_date_text($1)"),
    F("to_iso8601", "timestamp(p)->varchar", "t_wide_iso8601($w1, $P1)"),
    F("to_iso8601", "timestamptz(p)->varchar", "t_zoned_iso8601($z1, $P1)"),
    F("at_timezone", "timestamptz(p),varchar->zoned(p)", "t_at_zone($z1, $2)"),
    F("at_timezone", "timestamptz(p),idays->zoned(p)", "t_at_offset($z1, $2)"),
    F("with_timezone", "timestamp(p),varchar->zoned(p)", "t_zoned($w1, $2)"),
    F("to_milliseconds", "idays->bigint", "$1"),
    F("parse_duration", "varchar->idays", "t_parse_duration($1)"),
    F("human_readable_seconds", "double->varchar", "t_human_readable_seconds($1)"),
};
const size_t sql_fn_time_count = COUNT_OF(sql_fn_time);
