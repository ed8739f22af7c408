/* predicate_value.c - typed values: from a partition's text, from a literal, compared, as text.
 *
 * A partition's text is read only in the form that no two readers could take differently: "07" is
 * the integer 7, but " 7", "7.0" and "1e1" are left to the engine. Times outside of the years 1 to
 * 9999 and floating point that is not finite are left to it as well. */
#include "base/clock.h"
#include "catalog/value.h"
#include "duck/text_value.h"
#include "duck/time_text.h"
#include "sql/predicate_int.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#define FIRST_DAY INT64_C(-719162) /* 0001-01-01 */
#define LAST_DAY INT64_C(2932896)  /* 9999-12-31 */
#define DAY_MICROS INT64_C(86400000000)

bool text_is_ascii(struct bytes v) {
    for (size_t i = 0; i < v.len; i++)
        if (!v.ptr[i] || (unsigned char)v.ptr[i] >= 0x80)
            return false;
    return true;
}

static bool is_utf8(struct bytes v) {
    utf8proc_int32_t cp;
    for (size_t at = 0; at < v.len;) {
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)v.ptr + at,
                                              (utf8proc_ssize_t)(v.len - at), &cp);
        if (n <= 0 || !cp)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* ---- making ---- */
static bool in_range(const struct sql_type *t, int64_t v) {
    switch (t->kind) {
    case ST_TINYINT:
        return v >= INT8_MIN && v <= INT8_MAX;
    case ST_SMALLINT:
        return v >= INT16_MIN && v <= INT16_MAX;
    case ST_INTEGER:
    case ST_INTERVAL_YEAR:
        return v >= INT32_MIN && v <= INT32_MAX;
    case ST_DATE:
        return v >= FIRST_DAY && v <= LAST_DAY;
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        return v >= FIRST_DAY * DAY_MICROS && v < (LAST_DAY + 1) * DAY_MICROS;
    default:
        return true;
    }
}

enum eval value_whole(const struct sql_type *t, int64_t v, struct sql_value *ret) {
    *ret = (struct sql_value){.type = t, .whole = v};
    return in_range(t, v) ? EVAL_OK : sql_type_is_integer(t) ? EVAL_FAILED : EVAL_UNKNOWN;
}

enum eval value_real(const struct sql_type *t, double v, struct sql_value *ret) {
    *ret = (struct sql_value){.type = t, .real = v};
    return isfinite(v) ? EVAL_OK : EVAL_UNKNOWN;
}

enum eval value_digits(const struct sql_type *t, __int128 v, struct sql_value *ret) {
    __int128 end = value_pow10(t->precision);
    *ret = (struct sql_value){.type = t, .digits = v};
    return v < end && v > -end ? EVAL_OK : EVAL_FAILED;
}

/* ---- text of a fixed form ---- */
static bool take(struct bytes *v, char c) {
    if (!v->len || v->ptr[0] != c)
        return false;
    *v = bytes_slice(*v, 1, v->len);
    return true;
}
static size_t digits_at(struct bytes v) {
    size_t n = 0;
    while (n < v.len && isdigit((unsigned char)v.ptr[n]))
        n++;
    return n;
}

static bool is_integer_text(struct bytes v) {
    take(&v, '-');
    return v.len && v.len < 40 && digits_at(v) == v.len;
}

/* -12.50 */
static bool is_decimal_text(struct bytes v, size_t *ret_whole, size_t *ret_scale) {
    take(&v, '-');
    *ret_scale = 0;
    *ret_whole = digits_at(v);
    if (!*ret_whole)
        return false;
    v = bytes_slice(v, *ret_whole, v.len);
    if (!v.len)
        return true;
    if (!take(&v, '.'))
        return false;
    *ret_scale = digits_at(v);
    return *ret_scale && *ret_scale == v.len;
}

static enum eval read_whole(const struct sql_type *t, struct bytes v, struct sql_value *ret) {
    int64_t n;
    if (!is_integer_text(v) || !bytes_to_i64(v, &n))
        return EVAL_UNKNOWN;
    return value_whole(t, n, ret) == EVAL_OK ? EVAL_OK : EVAL_UNKNOWN;
}

static enum eval read_decimal(const struct sql_type *t, struct bytes v, struct sql_value *ret) {
    size_t whole, scale;
    if (!is_decimal_text(v, &whole, &scale) || whole + scale > 38 || scale > (size_t)t->scale)
        return EVAL_UNKNOWN;
    __int128 n = 0;
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] != '-' && v.ptr[i] != '.')
            n = n * 10 + (v.ptr[i] - '0');
    if (whole > (size_t)(38 - t->scale))
        return EVAL_UNKNOWN;
    n *= value_pow10(t->scale - (int)scale);
    return value_digits(t, v.ptr[0] == '-' ? -n : n, ret) == EVAL_OK ? EVAL_OK : EVAL_UNKNOWN;
}

/* Digits, a point, an exponent: what every reader of numbers takes alike. */
static bool is_real_text(struct bytes v) {
    take(&v, '-');
    size_t whole = digits_at(v);
    v = bytes_slice(v, whole, v.len);
    if (!whole)
        return false;
    if (take(&v, '.')) {
        size_t n = digits_at(v);
        v = bytes_slice(v, n, v.len);
        if (!n)
            return false;
    }
    if (take(&v, 'e') || take(&v, 'E')) {
        if (!take(&v, '-'))
            take(&v, '+');
        size_t n = digits_at(v);
        return n && n < 4 && n == v.len;
    }
    return v.len == 0;
}

static enum eval read_real(const struct sql_type *t, struct bytes v, struct sql_value *ret) {
    char text[64];
    if (v.len >= sizeof(text) || !is_real_text(v))
        return EVAL_UNKNOWN;
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    return value_real(t, t->kind == ST_REAL ? (double)strtof(text, NULL) : strtod(text, NULL), ret);
}

/* 2024-01-02 */
static bool is_date_text(struct bytes v) {
    return v.len == 10 && digits_at(v) == 4 && v.ptr[4] == '-' && v.ptr[7] == '-';
}

static enum eval read_date(const struct sql_type *t, struct bytes v, struct sql_value *ret) {
    int64_t days;
    if (!is_date_text(v) || !time_text_parse_date(v, &days))
        return EVAL_UNKNOWN;
    return value_whole(t, days, ret);
}

/* 2024-01-02[ 03:04:05[.678901]] */
static enum eval read_timestamp(const struct sql_type *t, struct bytes v, struct sql_value *ret) {
    struct time_text p;
    bool form = is_date_text(bytes_slice(v, 0, 10)) &&
                (v.len == 10 || (v.len >= 19 && v.len <= 26 && v.len != 20 && v.ptr[10] == ' ' &&
                                 v.ptr[13] == ':' && v.ptr[16] == ':'));
    if (!form || !time_text_parse_timestamp(v, &p) || p.zone.len)
        return EVAL_UNKNOWN;
    return value_whole(t, p.micros, ret);
}

static enum eval read_boolean(const struct sql_type *t, struct bytes v, struct sql_value *ret) {
    bool yes = bytes_eq_nocase(v, BYTES("true"));
    *ret = (struct sql_value){.type = t, .truth = yes};
    return yes || bytes_eq_nocase(v, BYTES("false")) ? EVAL_OK : EVAL_UNKNOWN;
}

static enum eval read_text(const struct sql_type *t, struct bytes v, struct sql_value *ret) {
    if (!is_utf8(v))
        return EVAL_UNKNOWN;
    while (t->kind == ST_CHAR && v.len && v.ptr[v.len - 1] == ' ')
        v.len--;
    *ret = (struct sql_value){.type = t, .text = v};
    return EVAL_OK;
}

enum eval value_of_partition(struct evaluation *ev, const struct type *hive,
                             const struct sql_type *type, struct bytes text,
                             struct sql_value *ret) {
    (void)ev;
    if (bytes_eq_str(text, CATALOG_NULL_PARTITION)) {
        *ret = (struct sql_value){.type = type, .is_null = true};
        return EVAL_OK;
    }
    switch (hive->kind) {
    case TYPE_BOOLEAN:
        return read_boolean(type, text, ret);
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        return read_whole(type, text, ret);
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return read_real(type, text, ret);
    case TYPE_DECIMAL:
        return read_decimal(type, text, ret);
    case TYPE_STRING:
    case TYPE_VARCHAR:
    case TYPE_CHAR:
        return read_text(type, text, ret);
    case TYPE_TIMESTAMP:
        return read_timestamp(type, text, ret);
    case TYPE_DATE:
        return read_date(type, text, ret);
    default:
        return EVAL_UNKNOWN;
    }
}

/* ---- literals ---- */
enum eval value_of_literal(const struct bound *x, struct sql_value *ret) {
    const struct sql_type *t = x->type;
    struct bytes v = x->value;
    int64_t n;
    if (x->is_null) {
        *ret = (struct sql_value){.type = t, .is_null = true};
        return EVAL_OK;
    }
    if (!v.ptr)
        return EVAL_UNKNOWN;
    switch (t->kind) {
    case ST_BOOLEAN:
        return read_boolean(t, v, ret);
    case ST_TINYINT:
    case ST_SMALLINT:
    case ST_INTEGER:
    case ST_BIGINT:
    case ST_INTERVAL_DAY:
    case ST_INTERVAL_YEAR:
        return bytes_to_i64(v, &n) ? value_whole(t, n, ret) : EVAL_UNKNOWN;
    case ST_REAL:
    case ST_DOUBLE:
        return read_real(t, v, ret);
    case ST_DECIMAL:
        if (take(&v, '+'))
            return read_decimal(t, v, ret);
        return read_decimal(t, v, ret);
    case ST_VARCHAR:
        return read_text(t, v, ret);
    case ST_DATE:
        return read_date(t, v, ret);
    case ST_TIMESTAMP:
        return read_timestamp(t, v, ret);
    case ST_TIMESTAMP_TZ:
        return t->zoned ? EVAL_UNKNOWN : read_timestamp(t, v, ret);
    default:
        return EVAL_UNKNOWN;
    }
}

/* ---- comparing ---- */
static int order_of(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

bool value_compare(const struct sql_value *a, const struct sql_value *b, int *ret_order) {
    if (a->type->kind != b->type->kind)
        return false;
    switch (a->type->kind) {
    case ST_BOOLEAN:
        *ret_order = order_of(a->truth, b->truth);
        return true;
    case ST_TINYINT:
    case ST_SMALLINT:
    case ST_INTEGER:
    case ST_BIGINT:
    case ST_DATE:
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
    case ST_INTERVAL_DAY:
    case ST_INTERVAL_YEAR:
        *ret_order = order_of(a->whole, b->whole);
        return true;
    case ST_REAL:
    case ST_DOUBLE:
        *ret_order = (a->real > b->real) - (a->real < b->real);
        return true;
    case ST_DECIMAL:
        *ret_order = (a->digits > b->digits) - (a->digits < b->digits);
        return a->type->scale == b->type->scale;
    case ST_VARCHAR:
    case ST_CHAR:
        *ret_order = bytes_cmp(a->text, b->text);
        return true;
    default:
        return false;
    }
}

/* ---- writing ---- */
static struct bytes decimal_text(struct arena *a, const struct sql_value *v) {
    char t[48];
    size_t at = sizeof(t);
    unsigned __int128 u =
        v->digits < 0 ? -(unsigned __int128)v->digits : (unsigned __int128)v->digits;
    int scale = v->type->scale;
    for (int i = 0; u || i <= scale; i++) {
        if (i == scale && scale)
            t[--at] = '.';
        t[--at] = (char)('0' + (int)(u % 10));
        u /= 10;
    }
    if (v->digits < 0)
        t[--at] = '-';
    return arena_copy(a, bytes_of(t + at, sizeof(t) - at));
}

static struct bytes timestamp_text(struct arena *a, int64_t micros) {
    int digits = micros % 1000000 == 0 ? 0 : micros % 1000 == 0 ? 3 : 6;
    return time_text_timestamp(a, micros, digits);
}

struct bytes value_text(struct arena *a, const struct sql_value *v) {
    if (v->is_null)
        return (struct bytes){0};
    switch (v->type->kind) {
    case ST_BOOLEAN:
        return v->truth ? BYTES("true") : BYTES("false");
    case ST_TINYINT:
    case ST_SMALLINT:
    case ST_INTEGER:
    case ST_BIGINT:
    case ST_INTERVAL_DAY:
    case ST_INTERVAL_YEAR:
        return arena_fmt(a, "%" PRId64, v->whole);
    case ST_REAL:
    case ST_DOUBLE:
        return arena_fmt(a, "%.17g", v->real);
    case ST_DECIMAL:
        return decimal_text(a, v);
    case ST_VARCHAR:
        return v->text.ptr ? v->text : BYTES("");
    case ST_DATE:
        return time_text_date(a, v->whole);
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        return timestamp_text(a, v->whole);
    default:
        return (struct bytes){0};
    }
}
