/* fn_cast.c - text to values, strictly as Trino reads it.
 *
 * Every function has a t_try_ twin that gives NULL instead of INVALID_CAST_ARGUMENT. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/time_text.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool cannot(struct fn_call *c, idx_t i, const char *type) {
    struct bytes v = fn_str(c, 0, i);
    return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast '%.*s' to %s",
                   (int)MIN_OF(v.len, (size_t)400), v.ptr, type);
}

/* ---- numbers ---- */
static bool parse_integer(struct bytes v, int64_t min, int64_t max, int64_t *ret) {
    if (v.len > 1 && v.ptr[0] == '+' && isdigit((unsigned char)v.ptr[1]))
        v = bytes_slice(v, 1, v.len);
    return bytes_to_i64(v, ret) && *ret >= min && *ret <= max;
}
FN(bigint) {
    int64_t v;
    return parse_integer(fn_str(c, 0, i), INT64_MIN, INT64_MAX, &v) ? fn_out_i64(c, i, v)
                                                                    : cannot(c, i, "BIGINT");
}
FN(integer) {
    int64_t v;
    return parse_integer(fn_str(c, 0, i), INT32_MIN, INT32_MAX, &v) ? fn_out_i32(c, i, (int32_t)v)
                                                                    : cannot(c, i, "INT");
}
FN(smallint) {
    int64_t v;
    if (!parse_integer(fn_str(c, 0, i), INT16_MIN, INT16_MAX, &v))
        return cannot(c, i, "SMALLINT");
    ((int16_t *)c->out_data)[i] = (int16_t)v;
    return true;
}
FN(tinyint) {
    int64_t v;
    if (!parse_integer(fn_str(c, 0, i), INT8_MIN, INT8_MAX, &v))
        return cannot(c, i, "TINYINT");
    ((int8_t *)c->out_data)[i] = (int8_t)v;
    return true;
}

/* Java's Double.parseDouble, without its hexadecimal form. */
static bool parse_double(struct bytes v, double *ret) {
    char text[400], *end;
    v = bytes_trim(v);
    if (v.len > 1 && strchr("dDfF", v.ptr[v.len - 1]) && isdigit((unsigned char)v.ptr[v.len - 2]))
        v.len--;
    if (v.len == 0 || v.len >= sizeof(text))
        return false;
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    const char *body = text + (text[0] == '-' || text[0] == '+');
    if (isalpha((unsigned char)*body) && strcmp(body, "NaN") != 0 && strcmp(body, "Infinity") != 0)
        return false;
    if (body[0] == '0' && (body[1] == 'x' || body[1] == 'X'))
        return false;
    *ret = strtod(text, &end);
    return *end == 0 && end != text && !isspace((unsigned char)text[0]);
}
FN(double) {
    double v;
    return parse_double(fn_str(c, 0, i), &v) ? fn_out_f64(c, i, v) : cannot(c, i, "DOUBLE");
}
FN(real) {
    double v;
    if (!parse_double(fn_str(c, 0, i), &v))
        return cannot(c, i, "REAL");
    ((float *)c->out_data)[i] = (float)v;
    return true;
}
FN(boolean) {
    static const char *const yes[] = {"t", "true", "1"}, *const no[] = {"f", "false", "0"};
    struct bytes v = fn_str(c, 0, i);
    for (int k = 0; k < 3; k++) {
        if (bytes_eq_nocase(v, bytes_str(yes[k])))
            return fn_out_bool(c, i, true);
        if (bytes_eq_nocase(v, bytes_str(no[k])))
            return fn_out_bool(c, i, false);
    }
    return cannot(c, i, "BOOLEAN");
}

/* ---- decimals: canonical text "-12.50" that DuckDB then reads exactly ---- */
struct digits {
    char d[120];
    int count, exponent; /* 0.ddd * 10^exponent */
    bool minus;
};

static bool parse_decimal(struct bytes v, struct digits *r) {
    size_t at = 0;
    bool any = false, point = false;
    *r = (struct digits){0};
    v = bytes_trim(v);
    if (v.len && (v.ptr[0] == '-' || v.ptr[0] == '+'))
        r->minus = v.ptr[at++] == '-';
    for (; at < v.len && (isdigit((unsigned char)v.ptr[at]) || (v.ptr[at] == '.' && !point));
         at++) {
        if (v.ptr[at] == '.') {
            point = true;
            continue;
        }
        any = true;
        if (r->count == 0 && v.ptr[at] == '0') {
            r->exponent -= point;
            continue;
        }
        if (r->count == (int)sizeof(r->d))
            return false;
        r->d[r->count++] = v.ptr[at];
        r->exponent += !point;
    }
    if (any && at < v.len && (v.ptr[at] == 'e' || v.ptr[at] == 'E')) {
        int64_t e;
        struct bytes rest = bytes_slice(v, at + 1, v.len);
        if (!parse_integer(rest, -1000, 1000, &e))
            return false;
        r->exponent += (int)e;
        at = v.len;
    }
    return any && at == v.len;
}

/* Rounds half up to `scale` places; false when the whole part needs more than p - s digits. */
static bool fit_decimal(struct digits *r, int p, int s, struct buf *out) {
    int keep = r->exponent + s; /* digits that stay */
    bool up = keep >= 0 && keep < r->count && r->d[keep] >= '5';
    char all[170];
    int n = 0;
    all[n++] = '0'; /* room for a carry */
    for (int i = 0; i < keep && n < 160; i++)
        all[n++] = i < r->count ? r->d[i] : '0';
    if (keep > 159)
        return r->count == 0;
    for (int i = n - 1; up && i >= 0; i--) {
        up = all[i] == '9';
        all[i] = up ? '0' : (char)(all[i] + 1);
    }
    int first = 0;
    while (first < n && all[first] == '0')
        first++;
    if (n - first > p)
        return false;
    int whole = n - s;
    buf_add_str(out, r->minus && first < n ? "-" : "");
    for (int i = MIN_OF(first, MAX_OF(whole - 1, 0)); i < whole; i++)
        buf_add_char(out, all[i]);
    if (whole <= 0)
        buf_add_char(out, '0');
    buf_add_str(out, s ? "." : "");
    for (int i = 0; i < s; i++) {
        int at = whole + i;
        buf_add_char(out, at >= 0 && at < n ? all[at] : '0');
    }
    return true;
}
FN(decimal) {
    struct digits r;
    struct bytes v = fn_str(c, 0, i);
    int p = fn_i32(c, 1, i), s = fn_i32(c, 2, i);
    buf_reset(&c->scratch);
    if (!parse_decimal(v, &r) || !fit_decimal(&r, p, s, &c->scratch))
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT",
                       "Cannot cast VARCHAR '%.*s' to DECIMAL(%d, %d)",
                       (int)MIN_OF(v.len, (size_t)400), v.ptr, p, s);
    return fn_out_scratch(c, i);
}

/* ---- dates and times ---- */
static bool not_a(struct fn_call *c, idx_t i, const char *type) {
    struct bytes v = fn_str(c, 0, i);
    return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Value cannot be cast to %s: %.*s", type,
                   (int)MIN_OF(v.len, (size_t)400), v.ptr);
}
FN(date) {
    int64_t days;
    return time_text_parse_date(fn_str(c, 0, i), &days) ? fn_out_i32(c, i, (int32_t)days)
                                                        : not_a(c, i, "date");
}
static int64_t rounded(const struct time_text *t, int digits) {
    int64_t unit = 1;
    for (int k = digits; k < 6; k++)
        unit *= 10;
    int64_t rest = ((t->micros % unit) + unit) % unit;
    return rest * 2 >= unit && rest ? t->micros - rest + unit : t->micros - rest;
}
FN(timestamp) {
    struct time_text t;
    if (!time_text_parse_timestamp(fn_str(c, 0, i), &t) || t.zone.len)
        return not_a(c, i, "timestamp");
    return fn_out_i64(c, i, rounded(&t, fn_i32(c, 1, i)));
}
FN(timestamptz) {
    struct time_text t;
    int64_t minutes = 0;
    if (!time_text_parse_timestamp(fn_str(c, 0, i), &t) ||
        (t.zone.len && !time_text_zone_known(t.zone)))
        return not_a(c, i, "timestamp with time zone");
    if (t.zone.len && (!time_text_zone_offset(t.zone, &minutes) || minutes))
        return fn_fail(c, i, "NOT_SUPPORTED",
                       "A time zone other than UTC in a value is not supported: %.*s",
                       BYTES_ARG(t.zone));
    return fn_out_i64(c, i, rounded(&t, fn_i32(c, 1, i)));
}

#define CAST(name, args, type)                                                                     \
    {"t_cast_" #name, args, type, call_##name, 0, NULL}, {                                         \
        "t_try_cast_" #name, args, type, call_##name, 0, FN_TRY                                    \
    }

const struct duck_function fn_cast_table[] = {
    CAST(bigint, "VARCHAR", "BIGINT"),
    CAST(integer, "VARCHAR", "INTEGER"),
    CAST(smallint, "VARCHAR", "SMALLINT"),
    CAST(tinyint, "VARCHAR", "TINYINT"),
    CAST(double, "VARCHAR", "DOUBLE"),
    CAST(real, "VARCHAR", "FLOAT"),
    CAST(boolean, "VARCHAR", "BOOLEAN"),
    CAST(decimal, "VARCHAR, INTEGER, INTEGER", "VARCHAR"),
    CAST(date, "VARCHAR", "DATE"),
    CAST(timestamp, "VARCHAR, INTEGER", "TIMESTAMP"),
    CAST(timestamptz, "VARCHAR, INTEGER", "TIMESTAMPTZ"),
};
const size_t fn_cast_count = COUNT_OF(fn_cast_table);
