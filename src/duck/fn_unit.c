/* fn_unit.c - date_trunc, date_add, date_diff by a unit's name, for every type of time.
 *
 * A type is a way to read a value as picoseconds of a wall clock and to write them back; with a
 * time zone units shorter than a day are counted on the instant. */
#include "duck/fn_zone.h"
#include "duck/time_unit.h"
#include <limits.h>

static bool unit_of(struct fn_call *c, idx_t i, const char *type, enum time_unit least,
                    enum time_unit most, enum time_unit *ret) {
    struct bytes name = fn_str(c, 0, i);
    return (time_unit_find(name, ret) && *ret >= least && *ret <= most) ||
           fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "'%.*s' is not a valid %s field",
                   (int)MIN_OF(name.len, (size_t)100), name.ptr, type);
}
static bool unit_of_date(struct fn_call *c, idx_t i, enum time_unit *ret) {
    return unit_of(c, i, "DATE", TIME_DAY, TIME_YEAR, ret);
}
static bool unit_of_timestamp(struct fn_call *c, idx_t i, enum time_unit *ret) {
    return unit_of(c, i, "TIMESTAMP", TIME_MILLISECOND, TIME_YEAR, ret);
}
static bool unit_of_clock(struct fn_call *c, idx_t i, enum time_unit *ret) {
    return unit_of(c, i, "TIME", TIME_MILLISECOND, TIME_HOUR, ret);
}

/* ---- date_trunc(unit, v) ---- */
FN(trunc_date) {
    enum time_unit u;
    if (!unit_of_date(c, i, &u))
        return false;
    picos128 v = time_unit_trunc(u, (picos128)fn_i32(c, 1, i) * PICOS_DAY);
    return fn_out_i32(c, i, (int32_t)floor_div128(v, PICOS_DAY));
}
FN(trunc_micros) {
    enum time_unit u;
    return unit_of_timestamp(c, i, &u) &&
           fn_out_micros(c, i, time_unit_trunc(u, (picos128)fn_i64(c, 1, i) * PICOS_MICRO));
}
FN(trunc_wide) {
    enum time_unit u;
    return unit_of_timestamp(c, i, &u) && fn_out_i128(c, i, time_unit_trunc(u, fn_i128(c, 1, i)));
}
FN(trunc_zoned) {
    enum time_unit u;
    int offset;
    picos128 v = fn_i128(c, 1, i), instant = zoned_instant(v), r;
    unsigned zone = zoned_zone(v);
    if (!unit_of_timestamp(c, i, &u) || !fn_zone_offset(c, i, zone, instant, &offset))
        return false;
    picos128 east = (picos128)offset * PICOS_SECOND;
    picos128 local = time_unit_trunc(u, instant + east);
    if (time_unit_is_clock(u))
        return fn_out_zoned(c, i, local - east, zone);
    return fn_zone_instant(c, i, zone, local, offset, &r) && fn_out_zoned(c, i, r, zone);
}
FN(trunc_clock) {
    enum time_unit u;
    return unit_of_clock(c, i, &u) &&
           fn_out_i64(c, i, (int64_t)time_unit_trunc(u, fn_i64(c, 1, i)));
}
FN(trunc_timetz) {
    enum time_unit u;
    picos128 v = fn_i128(c, 1, i);
    return unit_of_clock(c, i, &u) &&
           fn_out_i128(
               c, i, timetz_pack((int64_t)time_unit_trunc(u, timetz_local(v)), timetz_minutes(v)));
}

/* ---- date_add(unit, n, v[, precision]) ---- */
static bool out_of_range(struct fn_call *c, idx_t i) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "The time to be made is out of range");
}
FN(add_date) {
    enum time_unit u;
    picos128 v;
    if (!unit_of_date(c, i, &u))
        return false;
    if (!time_unit_add(u, fn_i64(c, 1, i), (picos128)fn_i32(c, 2, i) * PICOS_DAY, &v))
        return out_of_range(c, i);
    return fn_out_i32(c, i, (int32_t)floor_div128(v, PICOS_DAY));
}
static bool added(struct fn_call *c, idx_t i, picos128 v, picos128 *ret) {
    enum time_unit u;
    if (!unit_of_timestamp(c, i, &u))
        return false;
    if (!time_unit_add(u, fn_i64(c, 1, i), v, ret))
        return out_of_range(c, i);
    if (u == TIME_MILLISECOND)
        *ret = picos_round(*ret, MAX_OF(fn_i32(c, 3, i), 0));
    return true;
}
FN(add_micros) {
    picos128 v;
    return added(c, i, (picos128)fn_i64(c, 2, i) * PICOS_MICRO, &v) && fn_out_micros(c, i, v);
}
FN(add_wide) {
    picos128 v;
    return added(c, i, fn_i128(c, 2, i), &v) && fn_out_i128(c, i, v);
}
FN(add_zoned) {
    enum time_unit u;
    int offset;
    picos128 v = fn_i128(c, 2, i), instant = zoned_instant(v), r;
    unsigned zone = zoned_zone(v);
    if (!unit_of_timestamp(c, i, &u))
        return false;
    if (time_unit_is_clock(u))
        return added(c, i, instant, &r) && fn_out_zoned(c, i, r, zone);
    if (!fn_zone_offset(c, i, zone, instant, &offset))
        return false;
    return added(c, i, instant + (picos128)offset * PICOS_SECOND, &r) &&
           fn_zone_instant(c, i, zone, r, offset, &r) && fn_out_zoned(c, i, r, zone);
}
/* Picoseconds of n units, around midnight */
static bool clock_step(struct fn_call *c, idx_t i, picos128 *ret) {
    enum time_unit u;
    if (!unit_of_clock(c, i, &u))
        return false;
    picos128 per;
    if (!time_unit_add(u, 1, 0, &per))
        return false;
    *ret = floor_mod128(fn_i64(c, 1, i) * per, PICOS_DAY);
    return true;
}
FN(add_clock) {
    picos128 step;
    return clock_step(c, i, &step) &&
           fn_out_i64(c, i,
                      floor_mod128(picos_round(floor_mod128(fn_i64(c, 2, i) + step, PICOS_DAY),
                                               fn_i32(c, 3, i)),
                                   PICOS_DAY));
}
FN(add_timetz) {
    picos128 step, v = fn_i128(c, 2, i);
    if (!clock_step(c, i, &step))
        return false;
    picos128 clock = picos_round(floor_mod128(timetz_local(v) + step, PICOS_DAY), fn_i32(c, 3, i));
    return fn_out_i128(c, i, timetz_pack(floor_mod128(clock, PICOS_DAY), timetz_minutes(v)));
}

/* ---- date_diff(unit, a, b) ---- */
/* Trino counts whole milliseconds. */
static picos128 millis(picos128 v) {
    return floor_div128(v, PICOS_MILLI) * PICOS_MILLI;
}
FN(diff_date) {
    enum time_unit u;
    return unit_of_date(c, i, &u) &&
           fn_out_i64(c, i,
                      time_unit_diff(u, (picos128)fn_i32(c, 1, i) * PICOS_DAY,
                                     (picos128)fn_i32(c, 2, i) * PICOS_DAY));
}
FN(diff_micros) {
    enum time_unit u;
    return unit_of_timestamp(c, i, &u) &&
           fn_out_i64(c, i,
                      time_unit_diff(u, millis((picos128)fn_i64(c, 1, i) * PICOS_MICRO),
                                     millis((picos128)fn_i64(c, 2, i) * PICOS_MICRO)));
}
FN(diff_wide) {
    enum time_unit u;
    return unit_of_timestamp(c, i, &u) &&
           fn_out_i64(c, i, time_unit_diff(u, millis(fn_i128(c, 1, i)), millis(fn_i128(c, 2, i))));
}
/* In the zone of the first */
FN(diff_zoned) {
    enum time_unit u;
    picos128 v[2];
    unsigned zone = zoned_zone(fn_i128(c, 1, i));
    if (!unit_of_timestamp(c, i, &u))
        return false;
    for (int k = 0; k < 2; k++) {
        int offset = 0;
        v[k] = millis(zoned_instant(fn_i128(c, (size_t)k + 1, i)));
        if (!time_unit_is_clock(u) && !fn_zone_offset(c, i, zone, v[k], &offset))
            return false;
        v[k] += (picos128)offset * PICOS_SECOND;
    }
    return fn_out_i64(c, i, time_unit_diff(u, v[0], v[1]));
}
FN(diff_clock) {
    enum time_unit u;
    return unit_of_clock(c, i, &u) &&
           fn_out_i64(c, i, time_unit_diff(u, fn_i64(c, 1, i), fn_i64(c, 2, i)));
}
FN(diff_timetz) {
    enum time_unit u;
    return unit_of_clock(c, i, &u) &&
           fn_out_i64(c, i,
                      time_unit_diff(u, floor_div128(fn_i128(c, 1, i), ZONE_ROOM),
                                     floor_div128(fn_i128(c, 2, i), ZONE_ROOM)));
}

#define UNIT(form, type)                                                                           \
    {"t_trunc_" #form, "VARCHAR, " type, type, call_trunc_##form, 0, NULL},                        \
        {"t_add_" #form, "VARCHAR, BIGINT, " type ", INTEGER", type, call_add_##form, 0, NULL}, {  \
        "t_diff_" #form, "VARCHAR, " type ", " type, "BIGINT", call_diff_##form, 0, NULL           \
    }

const struct duck_function fn_unit_table[] = {
    UNIT(date, "DATE"),     UNIT(micros, "TIMESTAMP"), UNIT(wide, "HUGEINT"),
    UNIT(zoned, "HUGEINT"), UNIT(clock, "BIGINT"),     UNIT(timetz, "HUGEINT"),
};
const size_t fn_unit_count = COUNT_OF(fn_unit_table);
