/* fn_timestamp.c - timestamps with more than six digits, times, times with a time zone: made,
 * rounded, as text. They are integers of picoseconds (time_value.h). */
#include "duck/fn_zone.h"
#include <inttypes.h>

/* ---- timestamp(7..12) ---- */
FN(wide) {
    int64_t v = fn_i64(c, 0, i);
    return fn_out_i128(c, i, (picos128)v * PICOS_MICRO);
}
FN(wide_round) {
    return fn_out_i128(c, i, picos_round(fn_i128(c, 0, i), fn_i32(c, 1, i)));
}
FN(narrow) {
    return fn_out_micros(c, i, fn_i128(c, 0, i));
}
FN(wide_text) {
    buf_reset(&c->scratch);
    time_text_add_timestamp(fn_i128(c, 0, i), fn_i32(c, 1, i), ' ', &c->scratch);
    return fn_out_scratch(c, i);
}
FN(wide_iso8601) {
    buf_reset(&c->scratch);
    time_text_add_timestamp(fn_i128(c, 0, i), fn_i32(c, 1, i), 'T', &c->scratch);
    return fn_out_scratch(c, i);
}
static bool not_a(struct fn_call *c, idx_t i, const char *type) {
    struct bytes v = fn_str(c, 0, i);
    return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Value cannot be cast to %s: %.*s", type,
                   (int)MIN_OF(v.len, (size_t)400), v.ptr);
}
FN(cast_wide) {
    struct time_text t;
    if (!time_text_parse_timestamp(fn_str(c, 0, i), &t) ||
        (t.zone.len && !time_text_zone_known(t.zone)))
        return not_a(c, i, "timestamp");
    return fn_out_i128(c, i, time_text_picos(&t, fn_i32(c, 1, i)));
}
FN(date_text) {
    buf_reset(&c->scratch);
    time_text_add_date(fn_i32(c, 0, i), &c->scratch);
    return fn_out_scratch(c, i);
}

/* ---- time ---- */
static bool out_clock(struct fn_call *c, idx_t i, picos128 v, int digits) {
    return fn_out_i64(c, i, floor_mod128(picos_round(v, digits), PICOS_DAY));
}
FN(clock) {
    return out_clock(c, i, (picos128)fn_i64(c, 0, i) * PICOS_MICRO, fn_i32(c, 1, i));
}
FN(clock_wide) {
    return out_clock(c, i, fn_i128(c, 0, i), fn_i32(c, 1, i));
}
FN(clock_round) {
    return out_clock(c, i, fn_i64(c, 0, i), fn_i32(c, 1, i));
}
FN(clock_text) {
    buf_reset(&c->scratch);
    time_text_add_clock(fn_i64(c, 0, i), fn_i32(c, 1, i), &c->scratch);
    return fn_out_scratch(c, i);
}
FN(cast_clock) {
    struct time_text t;
    if (!time_text_parse_clock(fn_str(c, 0, i), &t) || t.zone.len || t.digits > 12)
        return not_a(c, i, "time");
    return out_clock(c, i, time_text_picos(&t, 12), fn_i32(c, 1, i));
}
/* plus or minus milliseconds, around midnight: (value, milliseconds, sign) */
FN(clock_add) {
    int64_t ms = fn_i64(c, 1, i) % 86400000 * fn_i32(c, 2, i);
    return fn_out_i64(c, i, floor_mod128(fn_i64(c, 0, i) + (picos128)ms * PICOS_MILLI, PICOS_DAY));
}

/* ---- time with time zone ---- */
FN(timetz) {
    return fn_out_i128(c, i, timetz_pack(fn_i64(c, 0, i), fn_i32(c, 1, i)));
}
/* Trino takes the offset in force when it is in UTC what the value's clock shows. */
FN(timetz_of_zoned) {
    picos128 v = fn_i128(c, 0, i), local;
    int offset;
    if (!fn_zone_local(c, i, v, &local) || !fn_zone_offset(c, i, zoned_zone(v), local, &offset))
        return false;
    picos128 clock = floor_mod128(picos_round(local, fn_i32(c, 1, i)), PICOS_DAY);
    return fn_out_i128(c, i, timetz_pack((int64_t)clock, offset / 60));
}
FN(timetz_round) {
    picos128 v = fn_i128(c, 0, i);
    int64_t clock = floor_mod128(picos_round(timetz_local(v), fn_i32(c, 1, i)), PICOS_DAY);
    return fn_out_i128(c, i, timetz_pack(clock, timetz_minutes(v)));
}
FN(timetz_local) {
    return fn_out_i64(c, i, timetz_local(fn_i128(c, 0, i)));
}
FN(timetz_minutes) {
    return fn_out_i64(c, i, timetz_minutes(fn_i128(c, 0, i)));
}
static void add_minutes(struct buf *out, int m) {
    int size = m < 0 ? -m : m;
    buf_add_fmt(out, "%c%02d:%02d", m < 0 ? '-' : '+', size / 60, size % 60);
}
FN(timetz_text) {
    picos128 v = fn_i128(c, 0, i);
    buf_reset(&c->scratch);
    time_text_add_clock(timetz_local(v), fn_i32(c, 1, i), &c->scratch);
    add_minutes(&c->scratch, timetz_minutes(v));
    return fn_out_scratch(c, i);
}
FN(timetz_zone) {
    buf_reset(&c->scratch);
    add_minutes(&c->scratch, timetz_minutes(fn_i128(c, 0, i)));
    return fn_out_scratch(c, i);
}
FN(cast_timetz) {
    struct time_text t;
    int64_t minutes = 0;
    if (!time_text_parse_clock(bytes_trim(fn_str(c, 0, i)), &t) || t.digits > 12 ||
        (t.zone.len && !time_text_zone_offset(t.zone, &minutes)))
        return not_a(c, i, "time with time zone");
    picos128 clock = picos_round(time_text_picos(&t, 12), fn_i32(c, 1, i));
    return fn_out_i128(c, i, timetz_pack(floor_mod128(clock, PICOS_DAY), (int)minutes));
}
/* The same moment of the day at another offset: (value, zone, today as seconds since 1970) */
FN(timetz_at_zone) {
    unsigned zone;
    int offset;
    picos128 v = fn_i128(c, 0, i);
    if (!fn_zone_named(c, i, fn_str(c, 1, i), &zone) ||
        !fn_zone_offset(c, i, zone, (picos128)fn_i64(c, 2, i) * PICOS_SECOND, &offset))
        return false;
    int64_t utc = (int64_t)floor_div128(v, ZONE_ROOM);
    return fn_out_i128(
        c, i,
        timetz_pack(floor_mod128((picos128)utc + offset * PICOS_SECOND, PICOS_DAY), offset / 60));
}
FN(timetz_at_offset) {
    int64_t ms = fn_i64(c, 1, i), minutes = ms / 60000;
    if (ms % 60000 != 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Invalid time zone offset interval: interval contains seconds");
    if (minutes > TIME_ZONE_MAX_MINUTES || minutes < -TIME_ZONE_MAX_MINUTES)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid offset minutes %lld",
                       (long long)minutes);
    int64_t utc = (int64_t)floor_div128(fn_i128(c, 0, i), ZONE_ROOM);
    return fn_out_i128(
        c, i,
        timetz_pack(floor_mod128((picos128)utc + minutes * PICOS_MINUTE, PICOS_DAY), (int)minutes));
}
FN(timetz_add) {
    picos128 v = fn_i128(c, 0, i);
    int64_t ms = fn_i64(c, 1, i) % 86400000 * fn_i32(c, 2, i);
    int64_t clock = floor_mod128(timetz_local(v) + (picos128)ms * PICOS_MILLI, PICOS_DAY);
    return fn_out_i128(c, i, timetz_pack(clock, timetz_minutes(v)));
}
/* On a day (seconds since 1970), in a zone of the value's offset. */
FN(zoned_of_timetz) {
    picos128 v = fn_i128(c, 0, i);
    int m = timetz_minutes(v);
    picos128 local = (picos128)fn_i64(c, 2, i) * PICOS_SECOND + timetz_local(v);
    local = picos_round(local, fn_i32(c, 1, i));
    return fn_out_zoned(c, i, local - m * (picos128)PICOS_MINUTE, time_zone_of_minutes(m));
}

/* ---- as Java's toString shows them: 12:34, 12:34:56.100, 2020-05-10T12:34:56.123456789 ---- */
static void add_java_clock(struct buf *out, int64_t picos) {
    int64_t s = picos / PICOS_SECOND, nanos = picos % PICOS_SECOND / 1000;
    buf_add_fmt(out, "%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60));
    if (s % 60 || nanos)
        buf_add_fmt(out, ":%02d", (int)(s % 60));
    if (nanos % 1000)
        buf_add_fmt(out, ".%09d", (int)nanos);
    else if (nanos % 1000000)
        buf_add_fmt(out, ".%06d", (int)(nanos / 1000));
    else if (nanos)
        buf_add_fmt(out, ".%03d", (int)(nanos / 1000000));
}
static void add_java_timestamp(struct buf *out, picos128 v) {
    v = picos_round(v, 9);
    time_text_add_day((int64_t)floor_div128(v, PICOS_DAY), out);
    buf_add_char(out, 'T');
    add_java_clock(out, floor_mod128(v, PICOS_DAY));
}
FN(java_clock) {
    buf_reset(&c->scratch);
    add_java_clock(&c->scratch, floor_mod128(picos_round(fn_i64(c, 0, i), 9), PICOS_DAY));
    return fn_out_scratch(c, i);
}
FN(java_wide) {
    buf_reset(&c->scratch);
    add_java_timestamp(&c->scratch, fn_i128(c, 0, i));
    return fn_out_scratch(c, i);
}
FN(java_zoned) {
    picos128 v = fn_i128(c, 0, i), local;
    int offset;
    unsigned zone = zoned_zone(v);
    if (!fn_zone_local(c, i, v, &local) || !fn_zone_offset(c, i, zone, zoned_instant(v), &offset))
        return false;
    buf_reset(&c->scratch);
    add_java_timestamp(&c->scratch, local);
    if (offset)
        add_minutes(&c->scratch, offset / 60);
    if (offset % 60)
        buf_add_fmt(&c->scratch, ":%02d", offset < 0 ? -offset % 60 : offset % 60);
    if (!offset)
        buf_add_char(&c->scratch, 'Z');
    if (zone == TIME_ZONE_UTC || !time_zone_is_fixed(zone)) {
        buf_add_char(&c->scratch, '[');
        time_zone_add_name(zone, &c->scratch);
        buf_add_char(&c->scratch, ']');
    }
    return fn_out_scratch(c, i);
}

/* ---- differences ---- */
/* Milliseconds from b to a, half up. */
FN(micros_ms) {
    int64_t d;
    if (__builtin_sub_overflow(fn_i64(c, 0, i), fn_i64(c, 1, i), &d))
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "Interval out of range");
    return fn_out_i64(c, i, time_text_round(d, 3) / 1000);
}
FN(wide_ms) {
    picos128 d =
        floor_div128(fn_i128(c, 0, i), PICOS_MICRO) - floor_div128(fn_i128(c, 1, i), PICOS_MICRO);
    return fn_out_i64(c, i, (int64_t)(picos_round(d * PICOS_MICRO, 3) / PICOS_MILLI));
}
FN(zoned_ms) {
    picos128 d = zoned_instant(fn_i128(c, 0, i)) - zoned_instant(fn_i128(c, 1, i));
    return fn_out_i64(c, i, (int64_t)(picos_round(d, 3) / PICOS_MILLI));
}
FN(clock_ms) {
    picos128 d = (picos128)fn_i64(c, 0, i) - fn_i64(c, 1, i);
    return fn_out_i64(c, i, (int64_t)(picos_round(d, 3) / PICOS_MILLI));
}
FN(timetz_ms) {
    picos128 d =
        floor_div128(fn_i128(c, 0, i), ZONE_ROOM) - floor_div128(fn_i128(c, 1, i), ZONE_ROOM);
    return fn_out_i64(c, i, (int64_t)(picos_round(d, 3) / PICOS_MILLI));
}

const struct duck_function fn_timestamp_table[] = {
    {"t_wide", "TIMESTAMP", "HUGEINT", call_wide, 0, NULL},
    {"t_wide_round", "HUGEINT, INTEGER", "HUGEINT", call_wide_round, 0, NULL},
    {"t_narrow", "HUGEINT", "TIMESTAMP", call_narrow, 0, NULL},
    {"t_wide_text", "HUGEINT, INTEGER", "VARCHAR", call_wide_text, 0, NULL},
    {"t_wide_iso8601", "HUGEINT, INTEGER", "VARCHAR", call_wide_iso8601, 0, NULL},
    {"t_cast_wide", "VARCHAR, INTEGER", "HUGEINT", call_cast_wide, 0, NULL},
    {"t_try_cast_wide", "VARCHAR, INTEGER", "HUGEINT", call_cast_wide, 0, FN_TRY},
    {"t_date_text", "DATE", "VARCHAR", call_date_text, 0, NULL},
    {"t_clock", "TIMESTAMP, INTEGER", "BIGINT", call_clock, 0, NULL},
    {"t_clock_wide", "HUGEINT, INTEGER", "BIGINT", call_clock_wide, 0, NULL},
    {"t_clock_round", "BIGINT, INTEGER", "BIGINT", call_clock_round, 0, NULL},
    {"t_clock_text", "BIGINT, INTEGER", "VARCHAR", call_clock_text, 0, NULL},
    {"t_cast_clock", "VARCHAR, INTEGER", "BIGINT", call_cast_clock, 0, NULL},
    {"t_try_cast_clock", "VARCHAR, INTEGER", "BIGINT", call_cast_clock, 0, FN_TRY},
    {"t_clock_add", "BIGINT, BIGINT, INTEGER", "BIGINT", call_clock_add, 0, NULL},
    {"t_timetz", "BIGINT, INTEGER", "HUGEINT", call_timetz, 0, NULL},
    {"t_timetz_of_zoned", "HUGEINT, INTEGER", "HUGEINT", call_timetz_of_zoned, 0, NULL},
    {"t_timetz_round", "HUGEINT, INTEGER", "HUGEINT", call_timetz_round, 0, NULL},
    {"t_timetz_local", "HUGEINT", "BIGINT", call_timetz_local, 0, NULL},
    {"t_timetz_minutes", "HUGEINT", "BIGINT", call_timetz_minutes, 0, NULL},
    {"t_timetz_text", "HUGEINT, INTEGER", "VARCHAR", call_timetz_text, 0, NULL},
    {"t_timetz_zone", "HUGEINT", "VARCHAR", call_timetz_zone, 0, NULL},
    {"t_cast_timetz", "VARCHAR, INTEGER", "HUGEINT", call_cast_timetz, 0, NULL},
    {"t_try_cast_timetz", "VARCHAR, INTEGER", "HUGEINT", call_cast_timetz, 0, FN_TRY},
    {"t_timetz_at_zone", "HUGEINT, VARCHAR, BIGINT", "HUGEINT", call_timetz_at_zone, 0, NULL},
    {"t_timetz_at_offset", "HUGEINT, BIGINT", "HUGEINT", call_timetz_at_offset, 0, NULL},
    {"t_timetz_add", "HUGEINT, BIGINT, INTEGER", "HUGEINT", call_timetz_add, 0, NULL},
    {"t_zoned_of_timetz", "HUGEINT, INTEGER, BIGINT", "HUGEINT", call_zoned_of_timetz, 0, NULL},
    {"t_java_clock", "BIGINT", "VARCHAR", call_java_clock, 0, NULL},
    {"t_java_wide", "HUGEINT", "VARCHAR", call_java_wide, 0, NULL},
    {"t_java_zoned", "HUGEINT", "VARCHAR", call_java_zoned, 0, NULL},
    {"t_micros_ms", "TIMESTAMP, TIMESTAMP", "BIGINT", call_micros_ms, 0, NULL},
    {"t_wide_ms", "HUGEINT, HUGEINT", "BIGINT", call_wide_ms, 0, NULL},
    {"t_zoned_ms", "HUGEINT, HUGEINT", "BIGINT", call_zoned_ms, 0, NULL},
    {"t_clock_ms", "BIGINT, BIGINT", "BIGINT", call_clock_ms, 0, NULL},
    {"t_timetz_ms", "HUGEINT, HUGEINT", "BIGINT", call_timetz_ms, 0, NULL},
};
const size_t fn_timestamp_count = COUNT_OF(fn_timestamp_table);
