/* fn_cast.c - text to values, strictly as Trino reads it.
 *
 * Every function has a t_try_ twin that gives NULL instead of INVALID_CAST_ARGUMENT. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/text_value.h"
#include "duck/time_text.h"

static bool cannot(struct fn_call *c, idx_t i, const char *type) {
    struct bytes v = fn_str(c, 0, i);
    return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast '%.*s' to %s",
                   (int)MIN_OF(v.len, (size_t)400), v.ptr, type);
}

/* ---- numbers ---- */
FN(bigint) {
    int64_t v;
    return text_to_integer(fn_str(c, 0, i), INT64_MIN, INT64_MAX, &v) ? fn_out_i64(c, i, v)
                                                                      : cannot(c, i, "BIGINT");
}
FN(integer) {
    int64_t v;
    return text_to_integer(fn_str(c, 0, i), INT32_MIN, INT32_MAX, &v) ? fn_out_i32(c, i, (int32_t)v)
                                                                      : cannot(c, i, "INT");
}
FN(smallint) {
    int64_t v;
    if (!text_to_integer(fn_str(c, 0, i), INT16_MIN, INT16_MAX, &v))
        return cannot(c, i, "SMALLINT");
    ((int16_t *)c->out_data)[i] = (int16_t)v;
    return true;
}
FN(tinyint) {
    int64_t v;
    if (!text_to_integer(fn_str(c, 0, i), INT8_MIN, INT8_MAX, &v))
        return cannot(c, i, "TINYINT");
    ((int8_t *)c->out_data)[i] = (int8_t)v;
    return true;
}

FN(double) {
    double v;
    return text_to_double(fn_str(c, 0, i), &v) ? fn_out_f64(c, i, v) : cannot(c, i, "DOUBLE");
}
FN(real) {
    float v;
    if (!text_to_real(fn_str(c, 0, i), &v))
        return cannot(c, i, "REAL");
    ((float *)c->out_data)[i] = v;
    return true;
}
FN(boolean) {
    bool v;
    return text_to_boolean(fn_str(c, 0, i), &v) ? fn_out_bool(c, i, v) : cannot(c, i, "BOOLEAN");
}

/* ---- decimals: canonical text that DuckDB then reads exactly ---- */
FN(decimal) {
    struct bytes v = fn_str(c, 0, i);
    int p = fn_i32(c, 1, i), s = fn_i32(c, 2, i);
    buf_reset(&c->scratch);
    if (!text_to_decimal(v, p, s, &c->scratch))
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
/* A zone is read and ignored. */
FN(timestamp) {
    struct time_text t;
    if (!time_text_parse_timestamp(fn_str(c, 0, i), &t) ||
        (t.zone.len && !time_text_zone_known(t.zone)))
        return not_a(c, i, "timestamp");
    return fn_out_i64(c, i,
                      (int64_t)floor_div128(time_text_picos(&t, fn_i32(c, 1, i)), PICOS_MICRO));
}

#define CAST(name, args, type)                                                                     \
    {"t_cast_" #name, args, type, call_##name, 0, NULL}, {                                         \
        "t_try_cast_" #name, args, type, call_##name, 0, FN_TRY                                    \
    }

const struct duck_function fn_cast_table[] = {
    CAST(bigint, "VARCHAR", "BIGINT"),     CAST(integer, "VARCHAR", "INTEGER"),
    CAST(smallint, "VARCHAR", "SMALLINT"), CAST(tinyint, "VARCHAR", "TINYINT"),
    CAST(double, "VARCHAR", "DOUBLE"),     CAST(real, "VARCHAR", "FLOAT"),
    CAST(boolean, "VARCHAR", "BOOLEAN"),   CAST(decimal, "VARCHAR, INTEGER, INTEGER", "VARCHAR"),
    CAST(date, "VARCHAR", "DATE"),         CAST(timestamp, "VARCHAR, INTEGER", "TIMESTAMP"),
};
const size_t fn_cast_count = COUNT_OF(fn_cast_table);
