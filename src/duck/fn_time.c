/* fn_time.c - date_format and date_parse (MySQL's patterns), format_datetime and parse_datetime
 * (Joda's), ISO 8601 (all in time_pattern.c), Unix time, durations. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/time_pattern.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static bool bad_pattern(struct fn_call *c, idx_t i, const char *what, char letter) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s: %%%c", what, letter);
}

FN(date_format) {
    struct time_pattern_result r;
    buf_reset(&c->scratch);
    if (!time_format_mysql(fn_i64(c, 0, i), fn_str(c, 1, i), &c->scratch, &r))
        return bad_pattern(c, i, "Date format specifier not supported", r.letter);
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
    return r.why == TIME_PATTERN_LETTER
               ? bad_pattern(c, i, "Date format specifier not supported", r.letter)
               : invalid_format(c, i, r.at);
}
static bool invalid_pattern(struct fn_call *c, idx_t i) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid pattern: %.*s",
                   BYTES_ARG(fn_str(c, 1, i)));
}

FN(format_datetime) {
    struct time_pattern_result r;
    buf_reset(&c->scratch);
    if (time_format_joda(fn_i64(c, 0, i), fn_str(c, 1, i), &c->scratch, &r))
        return fn_out_scratch(c, i);
    return r.why == TIME_PATTERN_TEXT ? invalid_pattern(c, i)
                                      : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                                                "Illegal pattern component: %c", r.letter);
}
static bool bad_instant(struct fn_call *c, idx_t i, const struct time_pattern_result *r) {
    struct bytes v = fn_str(c, 0, i);
    if (r->why == TIME_PATTERN_ZONE)
        return fn_fail(c, i, "NOT_SUPPORTED",
                       "A time zone other than UTC in a value is not supported: %.*s",
                       (int)MIN_OF(v.len, (size_t)100), v.ptr);
    return invalid_format(c, i, r->at);
}
FN(parse_datetime) {
    struct time_pattern_result r;
    int64_t v;
    if (time_parse_joda(fn_str(c, 0, i), fn_str(c, 1, i), &v, &r))
        return fn_out_i64(c, i, v);
    if (r.why == TIME_PATTERN_TEXT)
        return invalid_pattern(c, i);
    if (r.why == TIME_PATTERN_LETTER)
        return fn_fail(c, i, "NOT_SUPPORTED", "Pattern letter %c is not supported", r.letter);
    return bad_instant(c, i, &r);
}

/* ---- ISO 8601 ---- */
FN(from_iso8601_timestamp) {
    struct time_pattern_result r;
    int64_t v;
    return time_parse_iso8601(fn_str(c, 0, i), &v, &r) ? fn_out_i64(c, i, v)
                                                       : bad_instant(c, i, &r);
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
FN(parse_duration) {
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1},    {"s", 1000},
                 {"m", 6e4},   {"h", 3.6e6}, {"d", 8.64e7}};
    char text[64], unit[8];
    double n;
    struct bytes v = bytes_trim(fn_str(c, 0, i));
    if (v.len < sizeof(text)) {
        memcpy(text, v.ptr ? v.ptr : "", v.len);
        text[v.len] = 0;
        if (sscanf(text, "%lf %7[a-z]", &n, unit) == 2)
            for (size_t k = 0; k < COUNT_OF(units); k++)
                if (strcmp(unit, units[k].unit) == 0)
                    return fn_out_i64(c, i, (int64_t)(n * units[k].ms));
    }
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                   "duration is not a valid data duration string: %.*s",
                   (int)MIN_OF(v.len, (size_t)100), v.ptr);
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

const struct duck_function fn_time_table[] = {
    {"t_date_format", "TIMESTAMP, VARCHAR", "VARCHAR", call_date_format, 0, NULL},
    {"t_date_parse", "VARCHAR, VARCHAR", "TIMESTAMP", call_date_parse, 0, NULL},
    {"t_format_datetime", "TIMESTAMP, VARCHAR", "VARCHAR", call_format_datetime, 0, NULL},
    {"t_parse_datetime", "VARCHAR, VARCHAR", "TIMESTAMPTZ", call_parse_datetime, 0, NULL},
    {"t_from_iso8601_timestamp", "VARCHAR", "TIMESTAMPTZ", call_from_iso8601_timestamp, 0, NULL},
    {"t_from_iso8601_date", "VARCHAR", "DATE", call_from_iso8601_date, 0, NULL},
    {"t_from_unixtime", "DOUBLE", "TIMESTAMPTZ", call_from_unixtime, 0, NULL},
    {"t_parse_duration", "VARCHAR", "BIGINT", call_parse_duration, 0, NULL},
    {"t_human_readable_seconds", "DOUBLE", "VARCHAR", call_human_readable_seconds, 0, NULL},
};
const size_t fn_time_count = COUNT_OF(fn_time_table);
