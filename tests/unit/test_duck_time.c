/* Times of all precisions, with and without time zone, through the whole front end. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"events", "ts timestamp, zone string, text string",
     "(SELECT * FROM (VALUES (TIMESTAMP '2020-07-01 12:00:00.5', 'Asia/Tokyo', "
     "'2020-07-01T00:00:00+02:00'), (TIMESTAMP '2020-01-01 00:00:00', '+05:30', "
     "'2020-07-01T00:00:00Z'), (NULL, NULL, NULL)) AS v(ts, zone, text))"}};
const size_t fake_table_count = 1;

static void test_precision(void **state) {
    static const struct sql_case cases[] = {
        {"timestamp '2020-05-01 12:34:56.123456789012'", "2020-05-01 12:34:56.123456789012"},
        {"typeof(timestamp '2020-05-01 12:34:56.1234567')", "timestamp(7)"},
        {"cast(timestamp '2020-05-01 12:34:56.999999999999' as timestamp(0))",
         "2020-05-01 12:34:57"},
        {"cast(timestamp '2020-05-01 12:34:56.1234567' as timestamp(6))",
         "2020-05-01 12:34:56.123457"},
        {"cast(timestamp '1969-12-31 23:59:59.9999999' as timestamp(6))",
         "1970-01-01 00:00:00.000000"},
        {"cast(timestamp '2020-05-01 12:34:56' as timestamp(9))", "2020-05-01 12:34:56.000000000"},
        {"cast('2020-05-01 12:34:56.5555555555' as timestamp(7))", "2020-05-01 12:34:56.5555556"},
        {"cast(timestamp '2020-05-01 12:34:56.123456789' as varchar)",
         "2020-05-01 12:34:56.123456789"},
        {"cast(timestamp '-12001-05-01 12:34:56' as varchar)", "-12001-05-01 12:34:56"},
        {"cast(timestamp '12001-05-01 12:34:56' as varchar)", "+12001-05-01 12:34:56"},
        {"cast(timestamp '1960-05-01 23:34:56.1234567' as date)", "1960-05-01"},
        {"timestamp '2020-05-01 12:34:56.1234567' < timestamp '2020-05-01 12:34:56.1234568'",
         "true"},
        {"timestamp '2020-05-01 12:34:56' = timestamp '2020-05-01 12:34:56.0000000'", "true"},
        {"timestamp '2020-05-01 12:34:56.1234567' + interval '1.001' second",
         "2020-05-01 12:34:57.1244567"},
        {"timestamp '2020-01-31 12:34:56.1234567' + interval '1' month",
         "2020-02-29 12:34:56.1234567"},
        {"timestamp '2020-05-01 00:00:01.9999' - timestamp '2020-05-01 00:00:00.1111'",
         "0 00:00:01.889"},
        {"date_trunc('minute', timestamp '2020-05-01 12:34:56.1234567')",
         "2020-05-01 12:34:00.0000000"},
        {"date_add('month', 1, timestamp '2020-01-31 00:00:00.0000001')",
         "2020-02-29 00:00:00.0000001"},
        {"date_add('millisecond', 1, timestamp '2020-05-10 12:34:56.5')", "2020-05-10 12:34:56.5"},
        {"date_diff('second', timestamp '2020-05-01 00:00:00.9999999', timestamp '2020-05-01 "
         "00:00:02')",
         "1"},
        {"date_diff('month', date '2020-01-31', date '2020-02-29')", "1"},
        {"date_diff('month', date '2020-01-30', date '2020-02-28')", "0"},
        {"date_diff('year', date '2020-02-29', date '2021-02-28')", "1"},
        {"extract(second from timestamp '2020-05-01 12:34:56.1234567')", "56"},
        {"to_iso8601(timestamp '2020-05-01 12:34:56.1234567')", "2020-05-01T12:34:56.1234567"},
        {"format('%s', timestamp '2020-05-01 12:34:00.1')", "2020-05-01T12:34:00.100"},
        {"array[timestamp '2020-05-01 12:34:56.1234567']", "['2020-05-01 12:34:56.1234567']"},
        {"date '-0044-03-15'", "0045-03-15 (BC)"},
        {"cast(date '-0044-03-15' as varchar)", "-0044-03-15"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_time(void **state) {
    static const struct sql_case cases[] = {
        {"time '01:02:03.123456789012'", "01:02:03.123456789012"},
        {"cast('23:59:59.9999999999999' as time(3))", "!INVALID_CAST_ARGUMENT: *"},
        {"cast('23:59:59.999999999999' as time(3))", "00:00:00.000"},
        {"cast(timestamp '2020-05-01 12:34:56.1234567' as time(7))", "12:34:56.1234567"},
        {"time '23:00:00' + interval '2' hour", "01:00:00.000"},
        {"time '01:00:00' - interval '2' hour", "23:00:00.000"},
        {"time '03:04:05' - time '02:04:05.5'", "0 00:59:59.500"},
        {"date_trunc('hour', time '12:34:56')", "12:00:00"},
        {"date_trunc('day', time '12:34:56')",
         "!INVALID_FUNCTION_ARGUMENT: line 1:8: 'day' is not a valid TIME field"},
        {"date_add('hour', 25, time '12:34:56')", "13:34:56"},
        {"date_diff('minute', time '12:34:56', time '10:34:57')", "-119"},
        {"hour(time '12:34:56.789')", "12"},
        {"millisecond(time '12:34:56.789')", "789"},
        {"time '12:34:56' < time '12:34:56.0000001'", "true"},
        {"time '12:34:56.123+05:45'", "12:34:56.123+05:45"},
        {"typeof(time '12:34:56.123+05:45')", "time(3) with time zone"},
        {"time '12:00:00+02:00' = time '10:00:00+00:00'", "true"},
        {"time '12:00:00+02:00' is distinct from time '10:00:00+00:00'", "false"},
        {"time '12:00:00+02:00' in (time '10:00:00+00:00')", "true"},
        {"time '12:00:00+02:00' at time zone '-08:00'", "02:00:00-08:00"},
        {"time '12:00:00' at time zone interval '2' hour", "14:00:00+02:00"},
        {"cast(time '12:34:56.5+05:45' as time(0))", "12:34:57"},
        {"cast(timestamp '2020-07-01 12:00:00 America/New_York' as time(0) with time zone)",
         "12:00:00-04:00"},
        {"extract(timezone_minute from time '12:34:56-05:45')", "-45"},
        {"cast(timestamp '2020-03-08 03:23:45 America/Los_Angeles' as time(0) with time zone)",
         "03:23:45-08:00"},
        {"timezone(time '12:34:56-05:45')", "-05:45"},
        {"cast('12:34:56.789 +01:00' as time(3) with time zone)", "12:34:56.789+01:00"},
        {"current_time = cast(current_timestamp as time(3) with time zone)", "true"},
        {"localtime(0)", "13:07:08"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_zones(void **state) {
    static const struct sql_case cases[] = {
        {"timestamp '2020-07-01 12:00:00 America/New_York'",
         "2020-07-01 12:00:00.000 America/New_York"},
        {"timestamp '2020-07-01 12:00:00.123456789 +05:45'",
         "2020-07-01 12:00:00.123456789 +05:45"},
        {"timestamp '2020-07-01 12:00:00 Etc/GMT+5'", "2020-07-01 12:00:00.000 -05:00"},
        {"timestamp '1500-05-10 12:34:56 Asia/Kathmandu'",
         "1500-05-10 12:34:56.000 Asia/Kathmandu"},
        {"timestamp '2100-07-01 12:00:00 Europe/Berlin' at time zone 'UTC'",
         "2100-07-01 10:00:00.000 UTC"},
        {"timestamp '2100-01-01 12:00:00 Australia/Sydney' at time zone 'UTC'",
         "2100-01-01 01:00:00.000 UTC"},
        /* 25 October 2020, 03:00 is 02:00 again */
        {"timestamp '2020-10-25 02:30:00 Europe/Berlin' at time zone 'UTC'",
         "2020-10-25 00:30:00.000 UTC"},
        {"with_timezone(timestamp '2020-03-29 02:30:00', 'Europe/Berlin')",
         "2020-03-29 03:30:00.000 Europe/Berlin"},
        {"date_add('day', 1, timestamp '2020-03-28 12:00:00 Europe/Berlin') at time zone 'UTC'",
         "2020-03-29 10:00:00.000 UTC"},
        {"date_add('hour', 24, timestamp '2020-03-28 12:00:00 Europe/Berlin')",
         "2020-03-29 13:00:00.000 Europe/Berlin"},
        {"date_trunc('day', timestamp '2020-07-01 12:00:00 Asia/Kathmandu')",
         "2020-07-01 00:00:00.000 Asia/Kathmandu"},
        {"date_diff('day', timestamp '2020-03-28 12:00:00 Europe/Berlin', timestamp '2020-03-29 "
         "12:00:00 Europe/Berlin')",
         "1"},
        {"timestamp '2020-07-01 12:00:00 America/New_York' + interval '1' month",
         "2020-08-01 12:00:00.000 America/New_York"},
        {"timestamp '2020-07-01 12:00:00 America/New_York' - timestamp '2020-07-01 12:00:00 UTC'",
         "0 04:00:00.000"},
        {"timestamp '2020-07-01 12:00:00 America/New_York' = timestamp '2020-07-01 16:00:00 UTC'",
         "true"},
        {"timestamp '2020-07-01 12:00:00.0000001 +01:00' < timestamp '2020-07-01 11:00:00.0000002 "
         "UTC'",
         "true"},
        {"timestamp '2020-07-01 12:00:00 +01:00' is distinct from timestamp '2020-07-01 11:00:00 "
         "UTC'",
         "false"},
        {"greatest(timestamp '2020-07-01 12:00:00 +01:00', timestamp '2020-07-01 12:00:00 UTC')",
         "2020-07-01 12:00:00.000 UTC"},
        {"cast(timestamp '2020-07-01 12:00:00 America/New_York' as timestamp)",
         "2020-07-01 12:00:00"},
        {"cast(timestamp '2020-07-01 23:00:00 America/New_York' as date)", "2020-07-01"},
        {"cast('2020-07-01 12:00:00 Asia/Tokyo' as timestamp(0) with time zone)",
         "2020-07-01 12:00:00.000 Asia/Tokyo"},
        {"cast('2020-07-01 12:00:00' as timestamp with time zone)", "2020-07-01 12:00:00.000 UTC"},
        {"try_cast('2020-07-01 12:00:00 Asia/Atlantis' as timestamp with time zone)", "NULL"},
        {"hour(timestamp '2020-07-01 12:00:00 Asia/Tokyo' at time zone 'America/New_York')", "23"},
        {"timezone_hour(timestamp '2020-07-01 12:00:00 Asia/Kathmandu')", "5"},
        {"timezone_minute(timestamp '2020-07-01 12:00:00 Asia/Kathmandu')", "45"},
        {"timezone(timestamp '2020-07-01 12:00:00 Asia/Kathmandu')", "Asia/Kathmandu"},
        {"to_iso8601(timestamp '2020-07-01 12:00:00.1 Asia/Kathmandu')",
         "2020-07-01T12:00:00.1+05:45"},
        {"to_unixtime(timestamp '1970-01-01 01:00:01 +01:00')", "1.0"},
        {"format_datetime(timestamp '2020-07-01 12:00:00 Asia/Kathmandu', 'HH:mm Z ZZ ZZZ')",
         "12:00 +0545 +05:45 Asia/Kathmandu"},
        {"parse_datetime('2020-07-01 12:00 +0130', 'yyyy-MM-dd HH:mm Z')",
         "2020-07-01 12:00:00.000 +01:30"},
        {"parse_datetime('2020-07-01 12:00 Asia/Oral', 'yyyy-MM-dd HH:mm ZZZ')",
         "2020-07-01 12:00:00.000 Asia/Oral"},
        {"from_iso8601_timestamp('2020-W19-7T12:34:56.123+05:45')",
         "2020-05-10 12:34:56.123 +05:45"},
        {"from_iso8601_timestamp_nanos('2020-05-10T12:34:56.123456789Z')",
         "2020-05-10 12:34:56.123456789 UTC"},
        {"from_iso8601_date('2020-131')", "2020-05-10"},
        {"from_unixtime(7200, 'Asia/Tokyo')", "1970-01-01 11:00:00.000 Asia/Tokyo"},
        {"from_unixtime(7200, -1, -30)", "1970-01-01 00:30:00.000 -01:30"},
        {"from_unixtime_nanos(1234567890123456789)", "2009-02-13 23:31:30.123456789 UTC"},
        {"from_unixtime_nanos(decimal '1.5')", "1970-01-01 00:00:00.000000002 UTC"},
        {"at_timezone(timestamp '2020-07-01 12:00:00 UTC', 'Asia/Nowhere')",
         "!INVALID_FUNCTION_ARGUMENT: 'Asia/Nowhere' is not a valid time zone"},
        {"format('%s', timestamp '2020-07-01 12:00:00 Asia/Kathmandu')",
         "2020-07-01T12:00+05:45[Asia/Kathmandu]"},
        {"row(timestamp '2020-07-01 12:00:00 Asia/Tokyo', time '01:02:03')",
         "{'field0': '2020-07-01 12:00:00.000 Asia/Tokyo', 'field1': '01:02:03'}"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_columns(void **state) {
    static const struct sql_case cases[] = {
        {"select with_timezone(ts, zone) from events order by ts",
         "2020-01-01 00:00:00.000 +05:30\n2020-07-01 12:00:00.500 Asia/Tokyo\nNULL"},
        {"select count(*) from events where ts > timestamp '2020-07-01 14:00:00 Europe/Berlin'",
         "1"},
        {"select count(*) from events where from_iso8601_timestamp(text) = timestamp "
         "'2020-06-30 22:00:00 UTC'",
         "1"},
        {"select max(ts at time zone 'Asia/Tokyo') from events",
         "2020-07-01 21:00:00.500 Asia/Tokyo"},
        {"select cast(ts as timestamp(9)) from events where ts is not null order by 1 limit 1",
         "2020-01-01 00:00:00.000000000"},
        {"select date_trunc(u, ts) from events, (values 'month', 'year') v(u) where day(ts) = 1 "
         "and month(ts) = 7 order by 1",
         "2020-01-01 00:00:00\n2020-07-01 00:00:00"},
        {"select current_timezone()", "UTC"},
        {"select count(*) from events where ts between timestamp '2020-07-01 00:00:00 +00:00' and "
         "timestamp '2020-07-02 00:00:00 +00:00'",
         "1"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_intervals(void **state) {
    static const struct sql_case cases[] = {
        {"interval '12 10:45' day to second", "12 10:45:00.000"},
        {"interval '12' day to minute", "12 00:00:00.000"},
        {"interval '-12 10' day to hour", "-12 10:00:00.000"},
        {"interval '124-30' year to month", "126-6"},
        {"interval '124' year to month", "124-0"},
        {"interval '2' day * 1.5", "3 00:00:00.000"},
        {"interval '6' month / 4", "0-1"},
        {"interval '6' second / 0", "!INVALID_FUNCTION_ARGUMENT: Cannot divide by double 0.0"},
        {"interval '6' second * nan()",
         "!INVALID_FUNCTION_ARGUMENT: Cannot multiply by double NaN"},
        {"interval '2' month * 2000000000",
         "!NUMERIC_VALUE_OUT_OF_RANGE: interval year to month multiplication overflow: 2 * "
         "2000000000"},
        {"array[interval '1' day]", "['1 00:00:00.000']"},
        {"parse_duration('3.81 d')", "3 19:26:24.000"},
        {"parse_duration('1f')", "!INVALID_FUNCTION_ARGUMENT: Unknown time unit: f"},
        {"date_format(date '2020-01-01', '%D')",
         "!INVALID_FUNCTION_ARGUMENT: %D not supported in date format string"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precision), cmocka_unit_test(test_time),
        cmocka_unit_test(test_zones),     cmocka_unit_test(test_columns),
        cmocka_unit_test(test_intervals),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
