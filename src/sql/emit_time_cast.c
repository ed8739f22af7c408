/* emit_time_cast.c - casts between dates and times of all precisions, and to text.
 *
 *     date       -> timestamp: midnight          timestamp -> with time zone: in UTC, the session's
 *     with zone  -> without: what its clocks show         time -> timestamp: today
 * Digits are rounded half up, of what clocks show; a time that rounds up to midnight is 00:00. */
#include "sql/emit_int.h"
#include <inttypes.h>

static struct bytes fn1(struct emitter *em, const char *fn, struct bytes v) {
    return arena_fmt(em->a, "%s(%.*s)", fn, BYTES_ARG(v));
}
static struct bytes fn_digits(struct emitter *em, const char *fn, struct bytes v, int digits) {
    return arena_fmt(em->a, "%s(%.*s, %d)", fn, BYTES_ARG(v), digits);
}
static bool is_wide(const struct sql_type *t) {
    return t->precision > 6;
}
/* Midnight of the statement's day, seconds since 1970. */
static int64_t today(const struct emitter *em) {
    int64_t ms = em->plan->now_ms;
    return (ms / 86400000 - (ms % 86400000 < 0)) * 86400;
}

/* Between timestamps without a zone. */
static struct bytes rounded(struct emitter *em, struct bytes v, int from, int to) {
    if (from <= 6 && to <= 6)
        return to < from ? fn_digits(em, "t_round_timestamp", v, to) : v;
    if (from <= 6)
        return fn1(em, "t_wide", v);
    if (to < from)
        v = fn_digits(em, "t_wide_round", v, to);
    return to <= 6 ? fn1(em, "t_narrow", v) : v;
}

/* A value as a timestamp without zone of `to` digits. */
static struct bytes to_timestamp(struct emitter *em, struct bytes v, const struct sql_type *from,
                                 int to) {
    switch (time_form_of(from)) {
    case FORM_DATE:
        return rounded(em, arena_fmt(em->a, "CAST(%.*s AS TIMESTAMP)", BYTES_ARG(v)), 0, to);
    case FORM_UTC:
        return rounded(em, arena_fmt(em->a, "timezone('UTC', %.*s)", BYTES_ARG(v)), from->precision,
                       to);
    case FORM_ZONED:
        v = fn1(em, "t_zoned_local", v);
        if (to < from->precision)
            v = fn_digits(em, "t_wide_round", v, to);
        return to <= 6 ? fn1(em, "t_narrow", v) : v;
    case FORM_TIMETZ:
        v = fn1(em, "t_timetz_local", v); /* fall through */
    case FORM_CLOCK:
        v = arena_fmt(em->a,
                      "t_wide_round(CAST(%.*s AS HUGEINT) + CAST(%" PRId64
                      " AS HUGEINT) * 1000000000000, %d)",
                      BYTES_ARG(v), today(em), to);
        return to <= 6 ? fn1(em, "t_narrow", v) : v;
    default:
        return rounded(em, v, from->precision, to);
    }
}

static struct bytes to_zoned(struct emitter *em, struct bytes v, const struct sql_type *from,
                             const struct sql_type *to) {
    enum time_form f = time_form_of(from);
    if (f == FORM_TIMETZ)
        return arena_fmt(em->a, "t_zoned_of_timetz(%.*s, %d, %" PRId64 ")", BYTES_ARG(v),
                         to->precision, today(em));
    if (f == FORM_ZONED)
        return to->precision < from->precision ? fn_digits(em, "t_zoned_round", v, to->precision)
                                               : v;
    if (f == FORM_UTC && to->precision >= from->precision)
        return fn1(em, "t_zoned_of", v);
    v = to_timestamp(em, v, from, to->precision);
    if (!is_wide(to))
        v = fn1(em, "t_wide", v);
    return arena_fmt(em->a, "t_zoned(%.*s, 'UTC')", BYTES_ARG(v));
}

static struct bytes to_utc(struct emitter *em, struct bytes v, const struct sql_type *from,
                           const struct sql_type *to) {
    enum time_form f = time_form_of(from);
    if (f == FORM_ZONED || f == FORM_TIMETZ)
        return fn1(em, "t_zoned_instant", to_zoned(em, v, from, to));
    if (f == FORM_UTC && to->precision >= from->precision)
        return v;
    return arena_fmt(em->a, "timezone('UTC', %.*s)",
                     BYTES_ARG(to_timestamp(em, v, from, to->precision)));
}

static struct bytes to_date(struct emitter *em, struct bytes v, const struct sql_type *from) {
    enum time_form f = time_form_of(from);
    if (f == FORM_ZONED)
        return fn1(em, "t_zoned_days", v);
    if (f == FORM_WIDE) /* not rounded: it is the day it shows */
        v = fn1(em, "t_narrow", v);
    else if (f != FORM_MICROS)
        v = to_timestamp(em, v, from, from->precision);
    return arena_fmt(em->a, "CAST(%.*s AS DATE)", BYTES_ARG(v));
}

static struct bytes to_clock(struct emitter *em, struct bytes v, const struct sql_type *from,
                             int to) {
    switch (time_form_of(from)) {
    case FORM_CLOCK:
        return to < from->precision ? fn_digits(em, "t_clock_round", v, to) : v;
    case FORM_TIMETZ:
        return fn_digits(em, "t_clock_round", fn1(em, "t_timetz_local", v), to);
    case FORM_ZONED:
        return fn_digits(em, "t_clock_wide", fn1(em, "t_zoned_local", v), to);
    case FORM_WIDE:
        return fn_digits(em, "t_clock_wide", v, to);
    case FORM_UTC:
        v = arena_fmt(em->a, "timezone('UTC', %.*s)", BYTES_ARG(v)); /* fall through */
    default:
        return fn_digits(em, "t_clock", v, to);
    }
}

static struct bytes to_timetz(struct emitter *em, struct bytes v, const struct sql_type *from,
                              int to) {
    if (time_form_of(from) == FORM_TIMETZ)
        return fn_digits(em, "t_timetz_round", v, to);
    if (time_form_of(from) == FORM_ZONED)
        return fn_digits(em, "t_timetz_of_zoned", v, to);
    return arena_fmt(em->a, "t_timetz(%.*s, 0)", BYTES_ARG(to_clock(em, v, from, to)));
}

void emit_time_cast(struct emitter *em, struct bytes v, const struct sql_type *from,
                    const struct sql_type *to) {
    switch (time_form_of(to)) {
    case FORM_DATE:
        v = to_date(em, v, from);
        break;
    case FORM_CLOCK:
        v = to_clock(em, v, from, to->precision);
        break;
    case FORM_TIMETZ:
        v = to_timetz(em, v, from, to->precision);
        break;
    case FORM_UTC:
        v = to_utc(em, v, from, to);
        break;
    case FORM_ZONED:
        v = to_zoned(em, v, from, to);
        break;
    default:
        v = to_timestamp(em, v, from, to->precision);
    }
    put_bytes(em, v);
}

/* ---- text ---- */
void emit_time_to_text(struct emitter *em, struct bytes v, const struct sql_type *from) {
    static const char *const fns[] = {
        [FORM_DATE] = "t_date_text",   [FORM_MICROS] = "t_timestamp_text",
        [FORM_WIDE] = "t_wide_text",   [FORM_ZONED] = "t_zoned_text",
        [FORM_CLOCK] = "t_clock_text", [FORM_TIMETZ] = "t_timetz_text",
    };
    enum time_form f = time_form_of(from);
    if (f == FORM_DATE)
        v = fn1(em, fns[f], v);
    else if (f == FORM_UTC)
        v = arena_fmt(em->a, "(t_timestamp_text(timezone('UTC', %.*s), %d) || ' UTC')",
                      BYTES_ARG(v), from->precision);
    else
        v = fn_digits(em, fns[f], v, from->precision);
    put_bytes(em, v);
}

void emit_time_from_text(struct emitter *em, struct bytes v, const struct sql_type *to,
                         bool is_try) {
    static const char *const names[] = {
        [FORM_DATE] = "date",     [FORM_MICROS] = "timestamp", [FORM_WIDE] = "wide",
        [FORM_UTC] = "zoned",     [FORM_ZONED] = "zoned",      [FORM_CLOCK] = "clock",
        [FORM_TIMETZ] = "timetz",
    };
    enum time_form f = time_form_of(to);
    put(em, f == FORM_UTC ? "t_zoned_instant(" : "");
    putf(em, "%s%s(", is_try ? "t_try_cast_" : "t_cast_", names[f]);
    put_bytes(em, v);
    if (f != FORM_DATE)
        putf(em, ", %d", to->precision);
    put(em, f == FORM_UTC ? "))" : ")");
}
