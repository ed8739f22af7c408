/* analyze_literal_time.c - literals of dates, times and intervals, and the statement's own time.
 *
 * They are read here, strictly as Trino reads them. A timestamp in a zone other than UTC becomes
 * its instant and zone, packed; its plain value is the instant in UTC. */
#include "base/clock.h"
#include "duck/time_value.h"
#include "sql/analyze_int.h"
#include "sql/literal.h"
#include <inttypes.h>
#include <limits.h>

struct bound *bad_literal(struct analyzer *z, struct sql_pos pos, struct bytes text,
                          const char *type) {
    return fail(z, pos, "INVALID_LITERAL", "'%.*s' is not a valid %s literal", BYTES_ARG(text),
                type);
}

static bool is_plain_year(int64_t days) {
    return days >= -719162 && days <= 2932896; /* 0001-01-01 to 9999-12-31 */
}

static struct bound *date_literal(struct analyzer *z, int64_t days, struct sql_pos pos) {
    if (is_plain_year(days))
        return cast_literal(z, sql_type_of(ST_DATE), pos, time_text_date(z->a, days));
    return bound_literal(
        z->a, sql_type_of(ST_DATE), pos,
        arena_fmt(z->a, "(DATE '1970-01-01' + CAST(%" PRId64 " AS INTEGER))", days),
        (struct bytes){0});
}

/* An integer of any size as DuckDB's HUGEINT. */
static struct bytes hugeint_text(struct arena *a, picos128 v) {
    char t[48];
    size_t at = sizeof(t);
    bool minus = v < 0;
    do {
        int digit = (int)(v % 10);
        t[--at] = (char)('0' + (digit < 0 ? -digit : digit));
        v /= 10;
    } while (v);
    if (minus)
        t[--at] = '-';
    return arena_fmt(a, "CAST('%.*s' AS HUGEINT)", (int)(sizeof(t) - at), t + at);
}

static struct bound *packed_literal(struct analyzer *z, const struct sql_type *t,
                                    struct sql_pos pos, picos128 v, struct bytes value) {
    return t ? bound_literal(z->a, t, pos, hugeint_text(z->a, v), value) : NULL;
}

static struct bound *local_literal(struct analyzer *z, const struct time_text *v,
                                   struct sql_pos pos) {
    const struct sql_type *t = sql_type_time(z->a, ST_TIMESTAMP, v->digits);
    if (v->digits > 6)
        return packed_literal(z, t, pos, time_text_picos(v, 12), (struct bytes){0});
    if (t && is_plain_year(time_text_floor_days(v->micros)))
        return cast_literal(z, t, pos, time_text_timestamp(z->a, v->micros, v->digits));
    return bound_literal(z->a, t, pos, arena_fmt(z->a, "make_timestamp(%" PRId64 ")", v->micros),
                         (struct bytes){0});
}

static struct bound *utc_literal(struct analyzer *z, int64_t micros, int digits,
                                 struct sql_pos pos) {
    struct bytes text = time_text_timestamp(z->a, micros, digits);
    const struct sql_type *t = sql_type_tz(z->a, digits, false);
    return t ? bound_literal(z->a, t, pos,
                             arena_fmt(z->a, "CAST('%.*s+00' AS TIMESTAMPTZ)", BYTES_ARG(text)),
                             text)
             : NULL;
}

/* Seconds east of what a literal's clock shows. */
static bool literal_offset(struct analyzer *z, unsigned zone, const struct time_text *v,
                           struct bytes text, struct sql_pos pos, int *ret) {
    bool skipped;
    int64_t seconds = v->micros / 1000000 - (v->micros % 1000000 < 0);
    struct time_zones *zones = time_zones_new();
    bool known = zones && time_zone_local_offset(zones, zone, seconds, INT_MIN, ret, &skipped);
    time_zones_free(&zones);
    if (!known)
        fail(z, pos, "NOT_SUPPORTED",
             "This machine's time zone database (package tzdata) lacks the zone of '%.*s'",
             BYTES_ARG(text));
    else if (skipped)
        bad_literal(z, pos, text, "TIMESTAMP");
    return known && !skipped;
}

static struct bound *zoned_literal(struct analyzer *z, const struct time_text *v, struct bytes text,
                                   struct sql_pos pos) {
    unsigned zone;
    int offset;
    if (!time_zone_find(v->zone, &zone))
        return bad_literal(z, pos, text, "TIMESTAMP");
    if (zone == TIME_ZONE_UTC && v->digits <= 6 && is_plain_year(time_text_floor_days(v->micros)))
        return utc_literal(z, v->micros, v->digits, pos);
    if (!literal_offset(z, zone, v, text, pos, &offset))
        return NULL;
    picos128 instant = time_text_picos(v, 12) - (picos128)offset * PICOS_SECOND;
    int64_t micros = (int64_t)floor_div128(instant, PICOS_MICRO);
    if (v->digits <= 3 &&
        (micros / 1000 >= INT64_C(1) << 51 || micros / 1000 < -(INT64_C(1) << 51)))
        return bad_literal(z, pos, text, "TIMESTAMP");
    bool plain = v->digits <= 6 && is_plain_year(time_text_floor_days(micros));
    struct bytes value = plain ? time_text_timestamp(z->a, micros, v->digits) : (struct bytes){0};
    return packed_literal(z, sql_type_tz(z->a, v->digits, true), pos, zoned_pack(instant, zone),
                          value);
}

static struct bound *too_precise(struct analyzer *z, struct sql_pos pos, const char *type,
                                 int digits) {
    return fail(z, pos, "NUMERIC_VALUE_OUT_OF_RANGE", "%s precision must be in range [0, 12]: %d",
                type, digits);
}

static struct bound *clock_literal(struct analyzer *z, struct bytes text, struct sql_pos pos) {
    struct time_text v;
    int64_t minutes;
    if (!time_text_parse_clock(text, &v))
        return bad_literal(z, pos, text, "TIME");
    if (v.digits > 12)
        return too_precise(z, pos, v.zone.len ? "TIME WITH TIME ZONE" : "TIME", v.digits);
    int64_t picos = (int64_t)time_text_picos(&v, 12);
    if (v.zone.len)
        return time_text_zone_offset(v.zone, &minutes)
                   ? packed_literal(z, sql_type_time(z->a, ST_TIME_TZ, v.digits), pos,
                                    timetz_pack(picos, (int)minutes), (struct bytes){0})
                   : bad_literal(z, pos, text, "TIME");
    const struct sql_type *t = sql_type_time(z->a, ST_TIME, v.digits);
    return t ? cast_literal(z, t, pos, arena_fmt(z->a, "%" PRId64, picos)) : NULL;
}

struct bound *typed_time(struct analyzer *z, const struct sql_expr *e, const struct sql_type *t) {
    struct time_text v;
    int64_t days;
    struct bytes text = e->typed.text;
    if (t->kind == ST_DATE)
        return time_text_parse_date(text, &days) ? date_literal(z, days, e->pos)
                                                 : bad_literal(z, e->pos, text, "DATE");
    if (t->kind == ST_TIME || t->kind == ST_TIME_TZ)
        return clock_literal(z, text, e->pos);
    if (!time_text_parse_timestamp(text, &v))
        return bad_literal(z, e->pos, text, "TIMESTAMP");
    if (v.digits > 12)
        return too_precise(z, e->pos, v.zone.len ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP",
                           v.digits);
    return v.zone.len ? zoned_literal(z, &v, text, e->pos) : local_literal(z, &v, e->pos);
}

/* ---- intervals ---- */
struct bound *interval_literal(struct analyzer *z, const struct sql_expr *e) {
    static const int64_t unit_ms[] = {
        [SQL_DAY] = 86400000, [SQL_HOUR] = 3600000,   [SQL_MINUTE] = 60000,
        [SQL_SECOND] = 1000,  [SQL_WEEK] = 604800000,
    };
    int64_t v;
    bool months = e->interval.from == SQL_YEAR || e->interval.from == SQL_MONTH;
    bool ok = months ? literal_parse_months(e->interval.text, e->interval.from, e->interval.to, &v)
                     : literal_parse_millis(e->interval.text, e->interval.from, e->interval.to,
                                            unit_ms[e->interval.from], &v);
    if (ok && e->interval.negative)
        v = -v;
    if (!ok || (months && (v > INT32_MAX || v < INT32_MIN)))
        return bad_literal(z, e->pos, e->interval.text, "INTERVAL");
    return cast_literal(z, sql_type_of(months ? ST_INTERVAL_YEAR : ST_INTERVAL_DAY), e->pos,
                        arena_fmt(z->a, "%" PRId64, v));
}

/* ---- now ---- */
static struct bound *bind_now(struct analyzer *z, enum sql_current what, int precision,
                              struct sql_pos pos) {
    int digits = precision < 0 ? 3 : precision;
    int64_t micros = z->env->now_ms * 1000;
    picos128 now = picos_round((picos128)micros * PICOS_MICRO, digits);
    struct time_text v = {.micros = (int64_t)floor_div128(now, PICOS_MICRO), .digits = digits};
    int64_t clock = floor_mod128(now, PICOS_DAY);
    if (digits > 12)
        return too_precise(z, pos, what <= SQL_LOCALTIME ? "TIME" : "TIMESTAMP", digits);
    switch (what) {
    case SQL_CURRENT_DATE:
        return date_literal(z, time_text_floor_days(micros), pos);
    case SQL_CURRENT_TIME:
        return packed_literal(z, sql_type_time(z->a, ST_TIME_TZ, digits), pos,
                              timetz_pack(clock, 0), (struct bytes){0});
    case SQL_LOCALTIME:
        return cast_literal(z, sql_type_time(z->a, ST_TIME, digits), pos,
                            arena_fmt(z->a, "%" PRId64, clock));
    case SQL_CURRENT_TIMESTAMP:
        return digits <= 6 ? utc_literal(z, v.micros, digits, pos)
                           : packed_literal(z, sql_type_tz(z->a, digits, true), pos,
                                            zoned_pack(now, TIME_ZONE_UTC), (struct bytes){0});
    default:
        return local_literal(z, &v, pos);
    }
}

struct bound *bind_current(struct ctx *c, const struct sql_expr *e) {
    struct analyzer *z = c->z;
    switch (e->current.what) {
    case SQL_CURRENT_DATE:
    case SQL_CURRENT_TIME:
    case SQL_CURRENT_TIMESTAMP:
    case SQL_LOCALTIME:
    case SQL_LOCALTIMESTAMP:
        return bind_now(z, e->current.what, e->current.precision, e->pos);
    case SQL_CURRENT_CATALOG:
        return string_literal(z, BYTES("awsdatacatalog"), e->pos);
    case SQL_CURRENT_SCHEMA:
        return string_literal(z, z->env->default_database, e->pos);
    default:
        return fail(z, e->pos, "NOT_SUPPORTED", "%.*s is not supported",
                    BYTES_ARG(expr_text(z, e)));
    }
}
