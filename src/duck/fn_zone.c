/* fn_zone.c - timestamps with a time zone: packed, shifted between zones, taken apart.
 *
 * A value is an instant and a zone in one HUGEINT (time_value.h). What was read of the time zone
 * database is kept for the chunk's rows. */
#include "duck/fn_zone.h"
#include <limits.h>

/* ---- shared ---- */
static void free_zones(void *state) {
    struct time_zones *z = state;
    time_zones_free(&z);
}

static struct time_zones *zones_of(struct fn_call *c) {
    if (!c->state) {
        c->state = time_zones_new();
        c->state_free = free_zones;
    }
    return c->state;
}

static bool no_zone(struct fn_call *c, idx_t i, unsigned zone) {
    struct buf b = {0};
    time_zone_add_name(zone, &b);
    const char *name = buf_cstr(&b);
    bool r = fn_fail(c, i, "NOT_SUPPORTED",
                     "This machine's time zone database (package tzdata) lacks %s",
                     name ? name : "a zone");
    buf_clear(&b);
    return r;
}

bool fn_zone_named(struct fn_call *c, idx_t i, struct bytes name, unsigned *ret) {
    return time_zone_find(name, ret) ||
           fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "'%.*s' is not a valid time zone",
                   (int)MIN_OF(name.len, (size_t)100), name.ptr);
}

bool fn_zone_offset(struct fn_call *c, idx_t i, unsigned zone, picos128 instant, int *ret) {
    struct time_zones *z = zones_of(c);
    return (z && time_zone_offset(z, zone, (int64_t)floor_div128(instant, PICOS_SECOND), ret)) ||
           no_zone(c, i, zone);
}

bool fn_zone_local(struct fn_call *c, idx_t i, picos128 v, picos128 *ret) {
    int offset;
    picos128 instant = zoned_instant(v);
    *ret = instant;
    if (zoned_zone(v) == TIME_ZONE_UTC)
        return true;
    if (!fn_zone_offset(c, i, zoned_zone(v), instant, &offset))
        return false;
    *ret = instant + (picos128)offset * PICOS_SECOND;
    return true;
}

bool fn_zone_instant(struct fn_call *c, idx_t i, unsigned zone, picos128 local, int preferred,
                     picos128 *ret) {
    int offset;
    struct time_zones *z = zones_of(c);
    *ret = 0;
    if (!z || !time_zone_local_offset(z, zone, (int64_t)floor_div128(local, PICOS_SECOND),
                                      preferred, &offset, NULL))
        return no_zone(c, i, zone);
    *ret = local - (picos128)offset * PICOS_SECOND;
    return true;
}

bool fn_out_zoned(struct fn_call *c, idx_t i, picos128 instant, unsigned zone) {
    if (!picos_fit(instant))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Timestamp with time zone out of range");
    return fn_out_i128(c, i, zoned_pack(instant, zone));
}

bool fn_out_micros(struct fn_call *c, idx_t i, picos128 v) {
    if (!picos_fit(v))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Timestamp out of range");
    return fn_out_i64(c, i, (int64_t)floor_div128(v, PICOS_MICRO));
}

/* ---- making ---- */
/* (wall clock in picoseconds, zone) */
FN(zoned) {
    unsigned zone;
    picos128 instant;
    return fn_zone_named(c, i, fn_str(c, 1, i), &zone) &&
           fn_zone_instant(c, i, zone, fn_i128(c, 0, i), INT_MIN, &instant) &&
           fn_out_zoned(c, i, instant, zone);
}
/* of a TIMESTAMPTZ, which is in UTC */
FN(zoned_of) {
    return fn_out_zoned(c, i, (picos128)fn_i64(c, 0, i) * PICOS_MICRO, TIME_ZONE_UTC);
}
FN(at_zone) {
    unsigned zone;
    return fn_zone_named(c, i, fn_str(c, 1, i), &zone) &&
           fn_out_zoned(c, i, zoned_instant(fn_i128(c, 0, i)), zone);
}
/* The zone as an interval: whole minutes. */
FN(at_offset) {
    int64_t ms = fn_i64(c, 1, i), minutes = ms / 60000;
    if (ms % 60000 != 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Invalid time zone offset interval: interval contains seconds");
    if (minutes > TIME_ZONE_MAX_MINUTES || minutes < -TIME_ZONE_MAX_MINUTES)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid offset minutes %lld",
                       (long long)minutes);
    return fn_out_zoned(c, i, zoned_instant(fn_i128(c, 0, i)), time_zone_of_minutes((int)minutes));
}
/* (seconds since 1970, hours, minutes) */
FN(zoned_unixtime) {
    double v = fn_f64(c, 0, i) * 1000;
    int64_t h = fn_i64(c, 1, i), m = fn_i64(c, 2, i), minutes;
    if (!(v < 9e15 && v > -9e15))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Millis overflow: %.0f", v);
    if (__builtin_mul_overflow(h, 60, &minutes) || __builtin_add_overflow(minutes, m, &minutes) ||
        minutes > TIME_ZONE_MAX_MINUTES || minutes < -TIME_ZONE_MAX_MINUTES)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid offset minutes");
    double ms = __builtin_floor(v + 0.5);
    return fn_out_zoned(c, i, (picos128)(int64_t)ms * PICOS_MILLI,
                        time_zone_of_minutes((int)minutes));
}
FN(cast_zoned) {
    struct time_text t;
    unsigned zone = TIME_ZONE_UTC;
    picos128 instant;
    struct bytes v = fn_str(c, 0, i);
    if (!time_text_parse_timestamp(v, &t) || (t.zone.len && !time_zone_find(t.zone, &zone)))
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT",
                       "Value cannot be cast to timestamp with time zone: %.*s",
                       (int)MIN_OF(v.len, (size_t)400), v.ptr);
    return fn_zone_instant(c, i, zone, time_text_picos(&t, fn_i32(c, 1, i)), INT_MIN, &instant) &&
           fn_out_zoned(c, i, instant, zone);
}

/* ---- taking apart ---- */
FN(zoned_local) {
    picos128 local;
    return fn_zone_local(c, i, fn_i128(c, 0, i), &local) && fn_out_i128(c, i, local);
}
FN(zoned_micros) {
    picos128 local;
    return fn_zone_local(c, i, fn_i128(c, 0, i), &local) && fn_out_micros(c, i, local);
}
FN(zoned_instant) {
    return fn_out_micros(c, i, zoned_instant(fn_i128(c, 0, i)));
}
FN(zoned_utc) {
    return fn_out_i128(c, i, zoned_pack(zoned_instant(fn_i128(c, 0, i)), TIME_ZONE_UTC));
}
FN(zoned_round) {
    picos128 v = fn_i128(c, 0, i);
    return fn_out_zoned(c, i, picos_round(zoned_instant(v), fn_i32(c, 1, i)), zoned_zone(v));
}
FN(zoned_zone) {
    buf_reset(&c->scratch);
    time_zone_add_name(zoned_zone(fn_i128(c, 0, i)), &c->scratch);
    return fn_out_scratch(c, i);
}
/* Seconds east, as hours and minutes of the hour */
FN(zoned_offset) {
    int offset;
    picos128 v = fn_i128(c, 0, i);
    return fn_zone_offset(c, i, zoned_zone(v), zoned_instant(v), &offset) &&
           fn_out_i64(c, i, offset);
}
FN(zoned_text) {
    picos128 local, v = fn_i128(c, 0, i);
    if (!fn_zone_local(c, i, v, &local))
        return false;
    buf_reset(&c->scratch);
    time_text_add_timestamp(local, fn_i32(c, 1, i), ' ', &c->scratch);
    buf_add_char(&c->scratch, ' ');
    time_zone_add_name(zoned_zone(v), &c->scratch);
    return fn_out_scratch(c, i);
}
/* 2020-05-01T12:34:56.1+05:45, Z for UTC */
static bool add_iso(struct fn_call *c, idx_t i, int digits) {
    int offset;
    picos128 v = fn_i128(c, 0, i), instant = zoned_instant(v);
    if (!fn_zone_offset(c, i, zoned_zone(v), instant, &offset))
        return false;
    buf_reset(&c->scratch);
    time_text_add_timestamp(instant + (picos128)offset * PICOS_SECOND, digits, 'T', &c->scratch);
    int m = offset / 60, size = m < 0 ? -m : m;
    if (m)
        buf_add_fmt(&c->scratch, "%c%02d:%02d", m < 0 ? '-' : '+', size / 60, size % 60);
    else
        buf_add_char(&c->scratch, 'Z');
    return true;
}
FN(zoned_iso8601) {
    return add_iso(c, i, fn_i32(c, 1, i)) && fn_out_scratch(c, i);
}

FN(zoned_days) {
    picos128 local;
    return fn_zone_local(c, i, fn_i128(c, 0, i), &local) &&
           fn_out_i32(c, i, (int32_t)floor_div128(local, PICOS_DAY));
}

const struct duck_function fn_zone_table[] = {
    {"t_zoned", "HUGEINT, VARCHAR", "HUGEINT", call_zoned, 0, NULL},
    {"t_zoned_of", "TIMESTAMPTZ", "HUGEINT", call_zoned_of, 0, NULL},
    {"t_at_zone", "HUGEINT, VARCHAR", "HUGEINT", call_at_zone, 0, NULL},
    {"t_at_offset", "HUGEINT, BIGINT", "HUGEINT", call_at_offset, 0, NULL},
    {"t_zoned_unixtime", "DOUBLE, BIGINT, BIGINT", "HUGEINT", call_zoned_unixtime, 0, NULL},
    {"t_cast_zoned", "VARCHAR, INTEGER", "HUGEINT", call_cast_zoned, 0, NULL},
    {"t_try_cast_zoned", "VARCHAR, INTEGER", "HUGEINT", call_cast_zoned, 0, FN_TRY},
    {"t_zoned_local", "HUGEINT", "HUGEINT", call_zoned_local, 0, NULL},
    {"t_zoned_micros", "HUGEINT", "TIMESTAMP", call_zoned_micros, 0, NULL},
    {"t_zoned_instant", "HUGEINT", "TIMESTAMPTZ", call_zoned_instant, 0, NULL},
    {"t_zoned_utc", "HUGEINT", "HUGEINT", call_zoned_utc, 0, NULL},
    {"t_zoned_round", "HUGEINT, INTEGER", "HUGEINT", call_zoned_round, 0, NULL},
    {"t_zoned_zone", "HUGEINT", "VARCHAR", call_zoned_zone, 0, NULL},
    {"t_zoned_offset", "HUGEINT", "BIGINT", call_zoned_offset, 0, NULL},
    {"t_zoned_days", "HUGEINT", "DATE", call_zoned_days, 0, NULL},
    {"t_zoned_text", "HUGEINT, INTEGER", "VARCHAR", call_zoned_text, 0, NULL},
    {"t_zoned_iso8601", "HUGEINT, INTEGER", "VARCHAR", call_zoned_iso8601, 0, NULL},
};
const size_t fn_zone_count = COUNT_OF(fn_zone_table);
