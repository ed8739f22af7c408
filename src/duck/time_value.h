/* time_value.h - how times that DuckDB's own types cannot hold are packed into integers, and
 * arithmetic on picoseconds.
 *
 *   timestamp(7..12)            HUGEINT: picoseconds since 1970-01-01 00:00:00 of a wall clock
 *   timestamp with time zone    HUGEINT: picoseconds since 1970 UTC * 4096 + zone (time_zone.h)
 *   time(p)                     BIGINT: picoseconds of the day
 *   time(p) with time zone      HUGEINT: picoseconds of the UTC day * 4096 + minutes east + 2048
 *
 * So all order by instant. */
#ifndef TARN_DUCK_TIME_VALUE_H
#define TARN_DUCK_TIME_VALUE_H

#include "duck/time_zone.h"

typedef __int128 picos128;

#define PICOS_MICRO INT64_C(1000000)
#define PICOS_MILLI INT64_C(1000000000)
#define PICOS_SECOND INT64_C(1000000000000)
#define PICOS_MINUTE (60 * PICOS_SECOND)
#define PICOS_HOUR (3600 * PICOS_SECOND)
#define PICOS_DAY (86400 * PICOS_SECOND)
#define ZONE_ROOM 4096
#define TIMETZ_BIAS 2048

static inline picos128 floor_div128(picos128 a, picos128 b) {
    return a / b - (a % b < 0);
}
static inline int64_t floor_mod128(picos128 a, int64_t b) {
    return (int64_t)(a - floor_div128(a, b) * b);
}
/* Half up to `digits` (0-12) of a second. */
static inline picos128 picos_round(picos128 v, int digits) {
    int64_t unit = 1;
    for (int i = digits; i < 12; i++)
        unit *= 10;
    picos128 down = floor_div128(v, unit) * unit;
    return (v - down) * 2 >= unit ? down + unit : down;
}
static inline picos128 zoned_pack(picos128 instant, unsigned zone) {
    return instant * ZONE_ROOM + zone;
}
static inline picos128 zoned_instant(picos128 v) {
    return floor_div128(v, ZONE_ROOM);
}
static inline unsigned zoned_zone(picos128 v) {
    return (unsigned)floor_mod128(v, ZONE_ROOM);
}
/* Whether the instant lies in the years that Trino can hold. */
static inline bool picos_fit(picos128 v) {
    picos128 micros = floor_div128(v, PICOS_MICRO);
    return micros <= INT64_MAX && micros >= INT64_MIN;
}
static inline picos128 timetz_pack(int64_t local, int minutes) {
    return (picos128)floor_mod128((picos128)local - minutes * PICOS_MINUTE, PICOS_DAY) * ZONE_ROOM +
           minutes + TIMETZ_BIAS;
}
static inline int timetz_minutes(picos128 v) {
    return (int)floor_mod128(v, ZONE_ROOM) - TIMETZ_BIAS;
}
static inline int64_t timetz_local(picos128 v) {
    return floor_mod128(floor_div128(v, ZONE_ROOM) + timetz_minutes(v) * PICOS_MINUTE, PICOS_DAY);
}

#endif
