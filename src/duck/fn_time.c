/* fn_time.c - date_format and date_parse (MySQL's patterns), format_datetime and parse_datetime
 * (Joda's), ISO 8601 (all in time_pattern*.c), Unix time, durations, scaled intervals. */
#include "duck/fn_zone.h"
#include "duck/time_pattern.h"
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool bad_pattern(struct fn_call *c, idx_t i, char letter) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%%%c not supported in date format string",
                   letter);
}

FN(date_format) {
    struct time_pattern_result r;
    buf_reset(&c->scratch);
    if (!time_format_mysql(fn_i64(c, 0, i), fn_str(c, 1, i), &c->scratch, &r))
        return bad_pattern(c, i, r.letter);
    return fn_out_scratch(c, i);
}

static bool invalid_format(struct fn_call *c, idx_t i, size_t at) {
    struct bytes v = fn_str(c, 0, i), rest = bytes_slice(v, at, v.len);
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                   at < v.len ? "Invalid format: \"%.*s\" is malformed at \"%.*s\""
                              : "Invalid format: \"%.*s\" is too short%.*s",
                   (int)MIN_OF(v.len, (size_t)200), v.ptr, (int)MIN_OF(rest.len, (size_t)200),
                   rest.ptr);
}
FN(date_parse) {
    struct time_pattern_result r;
    int64_t v;
    if (time_parse_mysql(fn_str(c, 0, i), fn_str(c, 1, i), &v, &r))
        return fn_out_i64(c, i, v);
    return r.why == TIME_PATTERN_LETTER ? bad_pattern(c, i, r.letter) : invalid_format(c, i, r.at);
}

/* ---- Joda's patterns ---- */
static bool bad_joda(struct fn_call *c, idx_t i, const struct time_pattern_result *r) {
    if (r->why == TIME_PATTERN_VALUE)
        return invalid_format(c, i, r->at);
    if (r->why == TIME_PATTERN_TEXT)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid pattern: %.*s",
                       BYTES_ARG(fn_str(c, 1, i)));
    if (strchr("zZ", r->letter))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "The time zone of this value cannot be shown as '%c'", r->letter);
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Illegal pattern component: %c", r->letter);
}
FN(format_datetime) {
    struct time_pattern_result r;
    buf_reset(&c->scratch);
    if (!time_format_joda(fn_i64(c, 0, i), NULL, fn_str(c, 1, i), &c->scratch, &r))
        return bad_joda(c, i, &r);
    return fn_out_scratch(c, i);
}
FN(format_zoned) {
    struct time_pattern_result r;
    picos128 v = fn_i128(c, 0, i), instant = zoned_instant(v);
    struct time_pattern_zone zone = {.zone = zoned_zone(v)};
    if (!fn_zone_offset(c, i, zone.zone, instant, &zone.offset))
        return false;
    int64_t local = (int64_t)floor_div128(instant, PICOS_MICRO) + zone.offset * INT64_C(1000000);
    buf_reset(&c->scratch);
    if (!time_format_joda(local, &zone, fn_str(c, 1, i), &c->scratch, &r))
        return bad_joda(c, i, &r);
    return fn_out_scratch(c, i);
}
static bool out_instant(struct fn_call *c, idx_t i, const struct time_pattern_instant *v,
                        int digits) {
    picos128 local = (picos128)v->micros * PICOS_MICRO + v->picos, instant;
    int64_t unit = digits == 3 ? PICOS_MILLI : 1000;
    local = floor_div128(local, unit) * unit;
    return fn_zone_instant(c, i, v->zone, local, INT_MIN, &instant) &&
           fn_out_zoned(c, i, instant, v->zone);
}
FN(parse_datetime) {
    struct time_pattern_result r;
    struct time_pattern_instant v;
    return time_parse_joda(fn_str(c, 0, i), fn_str(c, 1, i), &v, &r) ? out_instant(c, i, &v, 3)
                                                                     : bad_joda(c, i, &r);
}

/* ---- ISO 8601 ---- */
FN(from_iso8601_timestamp) {
    struct time_pattern_result r;
    struct time_pattern_instant v;
    return time_parse_iso8601(fn_str(c, 0, i), &v, &r) ? out_instant(c, i, &v, 3)
                                                       : invalid_format(c, i, r.at);
}
FN(from_iso8601_timestamp_nanos) {
    struct time_pattern_result r;
    struct time_pattern_instant v;
    return time_parse_iso8601(fn_str(c, 0, i), &v, &r) ? out_instant(c, i, &v, 9)
                                                       : invalid_format(c, i, r.at);
}
FN(from_iso8601_date) {
    struct time_pattern_result r;
    int64_t days;
    return time_parse_iso8601_date(fn_str(c, 0, i), &days, &r) ? fn_out_i32(c, i, (int32_t)days)
                                                               : invalid_format(c, i, r.at);
}

/* ---- Unix time, durations ---- */
FN(from_unixtime) {
    double v = fn_f64(c, 0, i) * 1000;
    if (!isfinite(v) || fabs(v) > 9e15)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Unix time is out of range");
    return fn_out_i64(c, i, (int64_t)floor(v + 0.5) * 1000);
}
FN(unix_nanos) {
    picos128 v = fn_i128(c, 0, i);
    if (v > INT64_MAX * (picos128)1000000 || v < INT64_MIN * (picos128)1000000)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "long overflow");
    return fn_out_zoned(c, i, v * 1000, TIME_ZONE_UTC);
}
/* "3.81 d": digits, an optional fraction, blanks, a unit */
static bool duration_parts(struct bytes v, double *ret, char unit[4]) {
    char text[64];
    int n = 0;
    if (v.len >= sizeof(text) || !v.len || v.ptr[0] < '0' || v.ptr[0] > '9')
        return false;
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    size_t digits = strspn(text, "0123456789"), end = digits;
    if (text[end] == '.')
        end += 1 + strspn(text + end + 1, "0123456789");
    if (end == digits + 1)
        return false;
    *ret = strtod(text, NULL);
    return sscanf(text + end, " %3[a-zA-Z]%n", unit, &n) == 1 && end + (size_t)n == v.len;
}
FN(parse_duration) {
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1},    {"s", 1000},
                 {"m", 6e4},   {"h", 3.6e6}, {"d", 8.64e7}};
    char unit[4];
    double n;
    struct bytes v = fn_str(c, 0, i);
    if (!duration_parts(v, &n, unit))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "duration is not a valid data duration string: %.*s",
                       (int)MIN_OF(v.len, (size_t)100), v.ptr);
    for (size_t k = 0; k < COUNT_OF(units); k++)
        if (strcmp(unit, units[k].unit) == 0) {
            double ms = floor(n * units[k].ms + 0.5);
            return ms < 9.2e18
                       ? fn_out_i64(c, i, (int64_t)ms)
                       : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Duration is out of range");
        }
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Unknown time unit: %s", unit);
}
FN(human_readable_seconds) {
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"week", 604800}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
    double v = fn_f64(c, 0, i);
    if (!isfinite(v))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid argument found: %s",
                       isnan(v) ? "NaN"
                       : v > 0  ? "Infinity"
                                : "-Infinity");
    int64_t s = (int64_t)fabs(round(v));
    buf_reset(&c->scratch);
    for (size_t k = 0; k < COUNT_OF(units); k++) {
        int64_t n = s / units[k].seconds;
        s %= units[k].seconds;
        if (n)
            buf_add_fmt(&c->scratch, "%s%" PRId64 " %s%s", c->scratch.len ? ", " : "", n,
                        units[k].name, n > 1 ? "s" : "");
    }
    if (!c->scratch.len)
        buf_add_str(&c->scratch, "0 seconds");
    return fn_out_scratch(c, i);
}

/* ---- intervals, scaled ---- */
static bool out_days(struct fn_call *c, idx_t i, double v) {
    return fn_out_i64(c, i,
                      v >= 9223372036854775807.0    ? INT64_MAX
                      : v <= -9223372036854775808.0 ? INT64_MIN
                                                    : (int64_t)v);
}
static bool out_months(struct fn_call *c, idx_t i, double v) {
    if (v >= 2147483648.0 || v <= -2147483649.0)
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "interval year to month overflow");
    return fn_out_i32(c, i, (int32_t)v);
}
static bool factor(struct fn_call *c, idx_t i) {
    return !isnan(fn_f64(c, 1, i)) ||
           fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Cannot multiply by double NaN");
}
static bool divisor(struct fn_call *c, idx_t i) {
    double v = fn_f64(c, 1, i);
    return (!isnan(v) && v != 0) ||
           fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                   isnan(v) ? "Cannot divide by double NaN" : "Cannot divide by double 0.0");
}
FN(idays_mul) {
    return factor(c, i) && out_days(c, i, (double)fn_i64(c, 0, i) * fn_f64(c, 1, i));
}
FN(idays_div) {
    return divisor(c, i) && out_days(c, i, (double)fn_i64(c, 0, i) / fn_f64(c, 1, i));
}
FN(iyears_mul) {
    return factor(c, i) && out_months(c, i, (double)fn_i32(c, 0, i) * fn_f64(c, 1, i));
}
FN(iyears_div) {
    return divisor(c, i) && out_months(c, i, (double)fn_i32(c, 0, i) / fn_f64(c, 1, i));
}
FN(idays_times) {
    int64_t v, a = fn_i64(c, 0, i), b = fn_i64(c, 1, i);
    if (__builtin_mul_overflow(a, b, &v))
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE",
                       "interval day to second multiplication overflow: %" PRId64 " * %" PRId64, a,
                       b);
    return fn_out_i64(c, i, v);
}
FN(iyears_times) {
    int64_t v, a = fn_i32(c, 0, i), b = fn_i64(c, 1, i);
    if (__builtin_mul_overflow(a, b, &v) || v > INT32_MAX || v < INT32_MIN)
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE",
                       "interval year to month multiplication overflow: %" PRId64 " * %" PRId64, a,
                       b);
    return fn_out_i32(c, i, (int32_t)v);
}

const struct duck_function fn_time_table[] = {
    {"t_date_format", "TIMESTAMP, VARCHAR", "VARCHAR", call_date_format, 0, NULL},
    {"t_date_parse", "VARCHAR, VARCHAR", "TIMESTAMP", call_date_parse, 0, NULL},
    {"t_format_datetime", "TIMESTAMP, VARCHAR", "VARCHAR", call_format_datetime, 0, NULL},
    {"t_format_zoned", "HUGEINT, VARCHAR", "VARCHAR", call_format_zoned, 0, NULL},
    {"t_parse_datetime", "VARCHAR, VARCHAR", "HUGEINT", call_parse_datetime, 0, NULL},
    {"t_from_iso8601_timestamp", "VARCHAR", "HUGEINT", call_from_iso8601_timestamp, 0, NULL},
    {"t_from_iso8601_timestamp_nanos", "VARCHAR", "HUGEINT", call_from_iso8601_timestamp_nanos, 0,
     NULL},
    {"t_unix_nanos", "HUGEINT", "HUGEINT", call_unix_nanos, 0, NULL},
    {"t_from_iso8601_date", "VARCHAR", "DATE", call_from_iso8601_date, 0, NULL},
    {"t_from_unixtime", "DOUBLE", "TIMESTAMPTZ", call_from_unixtime, 0, NULL},
    {"t_parse_duration", "VARCHAR", "BIGINT", call_parse_duration, 0, NULL},
    {"t_human_readable_seconds", "DOUBLE", "VARCHAR", call_human_readable_seconds, 0, NULL},
    {"t_idays_mul", "BIGINT, DOUBLE", "BIGINT", call_idays_mul, 0, NULL},
    {"t_idays_div", "BIGINT, DOUBLE", "BIGINT", call_idays_div, 0, NULL},
    {"t_iyears_mul", "INTEGER, DOUBLE", "INTEGER", call_iyears_mul, 0, NULL},
    {"t_iyears_div", "INTEGER, DOUBLE", "INTEGER", call_iyears_div, 0, NULL},
    {"t_idays_times", "BIGINT, BIGINT", "BIGINT", call_idays_times, 0, NULL},
    {"t_iyears_times", "INTEGER, BIGINT", "INTEGER", call_iyears_times, 0, NULL},
};
const size_t fn_time_count = COUNT_OF(fn_time_table);
