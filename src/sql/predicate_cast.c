/* predicate_cast.c - CAST and TRY_CAST of values, as emit_cast.c writes them for the engine.
 *
 * Text is read by the very functions the engine calls (duck/text_value.h, duck/time_text.h); pairs
 * of types whose cast the engine does on its own are here only where the outcome is beyond doubt.
 */
#include "duck/text_value.h"
#include "duck/time_text.h"
#include "sql/predicate_int.h"
#include <inttypes.h>
#include <math.h>

#define DAY_MICROS INT64_C(86400000000)

__int128 value_pow10(int n) {
    __int128 v = 1;
    while (n-- > 0)
        v *= 10;
    return v;
}

static size_t characters(struct bytes v) {
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++)
        n += ((unsigned char)v.ptr[i] & 0xC0) != 0x80;
    return n;
}

/* ---- from text ---- */
static void integer_range(enum sql_type_tag kind, int64_t *min, int64_t *max) {
    int bits = kind == ST_TINYINT ? 8 : kind == ST_SMALLINT ? 16 : kind == ST_INTEGER ? 32 : 64;
    *max = INT64_MAX >> (64 - bits);
    *min = -*max - 1;
}

static enum eval text_to_digits(struct bytes v, const struct sql_type *to, struct sql_value *ret) {
    struct buf b = {0};
    enum eval rc = EVAL_FAILED;
    if (text_to_decimal(v, to->precision, to->scale, &b)) {
        __int128 n = 0;
        bool minus = b.len && b.ptr[0] == '-';
        for (size_t i = minus; i < b.len; i++)
            if (b.ptr[i] != '.')
                n = n * 10 + (b.ptr[i] - '0');
        rc = buf_ok(&b) ? value_digits(to, minus ? -n : n, ret) : EVAL_UNKNOWN;
    }
    buf_clear(&b);
    return rc;
}

static enum eval text_to_timestamp(struct bytes v, const struct sql_type *to,
                                   struct sql_value *ret) {
    struct time_text t;
    int64_t minutes;
    if (to->precision > 6)
        return EVAL_UNKNOWN;
    if (!time_text_parse_timestamp(v, &t))
        return EVAL_FAILED;
    if (t.zone.len && (!time_text_zone_offset(t.zone, &minutes) || minutes))
        return EVAL_UNKNOWN;
    return value_whole(to, (int64_t)floor_div128(time_text_picos(&t, to->precision), PICOS_MICRO),
                       ret);
}

static enum eval from_text(struct bytes v, const struct sql_type *to, struct sql_value *ret) {
    int64_t min, max, n;
    double d;
    bool b;
    switch (to->kind) {
    case ST_BOOLEAN:
        if (!text_to_boolean(v, &b))
            return EVAL_FAILED;
        *ret = (struct sql_value){.type = to, .truth = b};
        return EVAL_OK;
    case ST_TINYINT:
    case ST_SMALLINT:
    case ST_INTEGER:
    case ST_BIGINT:
        integer_range(to->kind, &min, &max);
        return text_to_integer(v, min, max, &n) ? value_whole(to, n, ret) : EVAL_FAILED;
    case ST_REAL:
        return text_to_double(v, &d) ? value_real(to, (double)(float)d, ret) : EVAL_FAILED;
    case ST_DOUBLE:
        return text_to_double(v, &d) ? value_real(to, d, ret) : EVAL_FAILED;
    case ST_DECIMAL:
        return text_to_digits(v, to, ret);
    case ST_DATE:
        return time_text_parse_date(v, &n) ? value_whole(to, n, ret) : EVAL_FAILED;
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        return text_to_timestamp(v, to, ret);
    default:
        return EVAL_UNKNOWN;
    }
}

/* ---- to text ---- */
static struct bytes plain_text(struct arena *a, const struct sql_value *v) {
    char t[40];
    switch (v->type->kind) {
    case ST_DOUBLE:
        fn_scientific(v->real, t);
        return arena_copy(a, bytes_str(t));
    case ST_REAL:
        text_of_real(v->real, t);
        return arena_copy(a, bytes_str(t));
    case ST_DECIMAL:
        return v->type->precision == 38 && v->type->scale == 38 ? (struct bytes){0}
                                                                : value_text(a, v);
    case ST_TIMESTAMP:
        return time_text_timestamp(a, time_text_round(v->whole, v->type->precision),
                                   v->type->precision);
    case ST_TIMESTAMP_TZ: {
        struct bytes local = time_text_timestamp(a, time_text_round(v->whole, v->type->precision),
                                                 v->type->precision);
        return arena_fmt(a, "%.*s UTC", BYTES_ARG(local));
    }
    case ST_INTERVAL_DAY:
    case ST_INTERVAL_YEAR:
    case ST_CHAR:
        return (struct bytes){0};
    default:
        return value_text(a, v);
    }
}

/* The first characters of a text. */
static bool text_left(struct bytes v, int length, struct bytes *ret) {
    *ret = v;
    if (v.len <= (size_t)length)
        return true;
    *ret = bytes_slice(v, 0, (size_t)length);
    return text_is_ascii(v);
}

static enum eval to_text(struct arena *a, const struct sql_value *v, const struct sql_type *to,
                         struct sql_value *ret) {
    bool text = sql_type_is_text(v->type);
    struct bytes t = text ? v->text : plain_text(a, v);
    if (!text && !t.ptr)
        return EVAL_UNKNOWN;
    if (v->type->kind == ST_CHAR && to->kind == ST_VARCHAR)
        return EVAL_UNKNOWN; /* padded */
    if (to->kind == ST_CHAR) {
        if (!text_left(t, to->length, &t))
            return EVAL_UNKNOWN;
        while (t.len && t.ptr[t.len - 1] == ' ')
            t.len--;
    } else if (text && to->length != SQL_UNBOUNDED && !text_left(t, to->length, &t)) {
        return EVAL_UNKNOWN;
    } else if (!text && to->length != SQL_UNBOUNDED && characters(t) > (size_t)to->length) {
        return EVAL_FAILED;
    }
    *ret = (struct sql_value){.type = to, .text = t};
    return EVAL_OK;
}

/* ---- numbers ---- */
static enum eval digits_to(const struct sql_value *v, const struct sql_type *to,
                           struct sql_value *ret) {
    __int128 n = v->digits, unit;
    int down = v->type->scale - (to->kind == ST_DECIMAL ? to->scale : 0);
    if (to->kind == ST_DOUBLE) {
        __int128 limit = (__int128)1 << 53;
        return n <= limit && n >= -limit && v->type->scale <= 22
                   ? value_real(to, (double)(int64_t)n / (double)value_pow10(v->type->scale), ret)
                   : EVAL_UNKNOWN;
    }
    if (to->kind == ST_REAL || to->kind == ST_BOOLEAN)
        return EVAL_UNKNOWN;
    if (down > 0) {
        unit = value_pow10(down);
        __int128 rest = n % unit;
        n = n / unit + (rest * 2 >= unit ? 1 : rest * 2 <= -unit ? -1 : 0);
    } else {
        unit = value_pow10(-down);
        if (__builtin_mul_overflow(n, unit, &n))
            return EVAL_FAILED;
    }
    if (to->kind == ST_DECIMAL)
        return value_digits(to, n, ret);
    return n > INT64_MAX || n < INT64_MIN ? EVAL_FAILED : value_whole(to, (int64_t)n, ret);
}

static enum eval whole_to(int64_t n, const struct sql_type *to, struct sql_value *ret) {
    if (sql_type_is_integer(to))
        return value_whole(to, n, ret);
    if (to->kind == ST_DOUBLE)
        return value_real(to, (double)n, ret);
    if (to->kind == ST_REAL)
        return value_real(to, (double)(float)n, ret);
    if (to->kind == ST_BOOLEAN) {
        *ret = (struct sql_value){.type = to, .truth = n != 0};
        return EVAL_OK;
    }
    __int128 d;
    if (to->kind != ST_DECIMAL)
        return EVAL_UNKNOWN;
    if (__builtin_mul_overflow((__int128)n, value_pow10(to->scale), &d))
        return EVAL_FAILED;
    return value_digits(to, d, ret);
}

static enum eval real_to(const struct sql_value *v, const struct sql_type *to,
                         struct sql_value *ret) {
    if (to->kind == ST_DOUBLE)
        return value_real(to, v->real, ret);
    if (to->kind == ST_REAL)
        return value_real(to, (double)(float)v->real, ret);
    if (!sql_type_is_integer(to))
        return EVAL_UNKNOWN;
    double n = round(v->real);
    return n >= -9e18 && n <= 9e18 ? value_whole(to, (int64_t)n, ret) : EVAL_UNKNOWN;
}

/* ---- times: only UTC ---- */
static bool is_time(const struct sql_type *t) {
    return t->kind == ST_DATE ||
           ((t->kind == ST_TIMESTAMP || t->kind == ST_TIMESTAMP_TZ) && t->precision <= 6);
}

static enum eval time_to(const struct sql_value *v, const struct sql_type *to,
                         struct sql_value *ret) {
    bool from_date = v->type->kind == ST_DATE;
    if (to->kind == ST_DATE)
        return value_whole(to, from_date ? v->whole : time_text_floor_days(v->whole), ret);
    int64_t micros = from_date ? v->whole * DAY_MICROS : v->whole;
    bool rounds = !from_date && to->precision < v->type->precision;
    return value_whole(to, rounds ? time_text_round(micros, to->precision) : micros, ret);
}

static enum eval cast_value(struct arena *a, const struct sql_value *v, const struct sql_type *to,
                            struct sql_value *ret) {
    enum sql_type_tag from = v->type->kind;
    if (sql_type_equal(v->type, to)) {
        *ret = *v;
        return EVAL_OK;
    }
    if (sql_type_is_text(to))
        return to_text(a, v, to, ret);
    if (sql_type_is_text(v->type))
        return from_text(v->text, to, ret);
    if (is_time(v->type) && is_time(to))
        return time_to(v, to, ret);
    if (from == ST_BOOLEAN)
        return to->kind != ST_DECIMAL ? whole_to(v->truth, to, ret) : EVAL_UNKNOWN;
    if (sql_type_is_integer(v->type))
        return whole_to(v->whole, to, ret);
    if (from == ST_DECIMAL)
        return digits_to(v, to, ret);
    if (from == ST_REAL || from == ST_DOUBLE)
        return real_to(v, to, ret);
    return EVAL_UNKNOWN;
}

enum eval value_cast(struct arena *a, const struct sql_value *v, const struct sql_type *to,
                     bool is_try, struct sql_value *ret) {
    if (v->is_null) {
        *ret = (struct sql_value){.type = to, .is_null = true};
        return EVAL_OK;
    }
    enum eval rc = cast_value(a, v, to, ret);
    if (rc == EVAL_FAILED && is_try) {
        *ret = (struct sql_value){.type = to, .is_null = true};
        rc = EVAL_OK;
    }
    ret->type = to;
    return rc;
}
