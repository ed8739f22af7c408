/* fn_cast_number.c - floating point to other numbers, as Trino rounds and refuses.
 *
 * Whole numbers are rounded half away from zero. A decimal is made from the shortest text that
 * reads back to the value (1.005 becomes 1.01, though the double lies below it). Each function
 * takes a double or a real and has a t_try_ twin that gives NULL instead of an error. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <math.h>

/* What was given: the argument's own type is known by the function's extra pointer. */
struct given {
    double value;
    bool is_real;
};
static const char double_marker = 1, real_marker = 2, try_double_marker = 3, try_real_marker = 4;

static struct given given(struct fn_call *c, idx_t i) {
    const void *extra = duckdb_scalar_function_get_extra_info(c->info);
    bool is_real = extra == &real_marker || extra == &try_real_marker;
    c->is_try = extra == &try_double_marker || extra == &try_real_marker;
    return (struct given){is_real ? ((const float *)c->args[0])[i] : fn_f64(c, 0, i), is_real};
}
static bool whole(struct fn_call *c, idx_t i, int bits, const char *type, int64_t *ret,
                  bool *ret_ok) {
    struct given g = given(c, i);
    double limit = ldexp(1, bits - 1), r = round(g.value);
    char t[40];
    *ret_ok = false;
    if (isnan(r))
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast %s NaN to %s",
                       g.is_real ? "real" : "double", type);
    fn_java_double(g.value, g.is_real, t);
    if (r < -limit || r >= limit)
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "Out of range for %s: %s", type, t);
    *ret = (int64_t)r;
    return *ret_ok = true;
}
#define WHOLE(name, ctype, bits)                                                                   \
    FN(name) {                                                                                     \
        int64_t v = 0;                                                                             \
        bool ok, r = whole(c, i, bits, #name, &v, &ok);                                            \
        if (ok)                                                                                    \
            ((ctype *)c->out_data)[i] = (ctype)v;                                                  \
        return r;                                                                                  \
    }
WHOLE(tinyint, int8_t, 8)
WHOLE(smallint, int16_t, 16)
WHOLE(integer, int32_t, 32)
WHOLE(bigint, int64_t, 64)

/* Canonical text that DuckDB then reads exactly. */
FN(decimal) {
    struct given g = given(c, i);
    int p = fn_i32(c, 1, i), s = fn_i32(c, 2, i);
    char t[40];
    fn_java_double(g.value, g.is_real, t);
    buf_reset(&c->scratch);
    if (isfinite(g.value) && text_to_decimal(bytes_str(t), p, s, &c->scratch))
        return fn_out_scratch(c, i);
    return fn_fail(c, i, isnan(g.value) ? "INVALID_CAST_ARGUMENT" : "NUMERIC_VALUE_OUT_OF_RANGE",
                   "Cannot cast %s '%s' to DECIMAL(%d, %d)", g.is_real ? "REAL" : "DOUBLE", t, p,
                   s);
}
/* A double beyond a real's range is infinite. */
FN(real) {
    ((float *)c->out_data)[i] = (float)fn_f64(c, 0, i);
    return true;
}

#define FLOATING(name, rest, type)                                                                 \
    {"t_float_to_" #name, "DOUBLE" rest, type, call_##name, 0, &double_marker},                    \
        {"t_float_to_" #name, "FLOAT" rest, type, call_##name, 0, &real_marker},                   \
        {"t_try_float_to_" #name, "DOUBLE" rest, type, call_##name, 0, &try_double_marker}, {      \
        "t_try_float_to_" #name, "FLOAT" rest, type, call_##name, 0, &try_real_marker              \
    }

const struct duck_function fn_cast_number_table[] = {
    FLOATING(tinyint, "", "TINYINT"),
    FLOATING(smallint, "", "SMALLINT"),
    FLOATING(integer, "", "INTEGER"),
    FLOATING(bigint, "", "BIGINT"),
    FLOATING(decimal, ", INTEGER, INTEGER", "VARCHAR"),
    {"t_double_to_real", "DOUBLE", "FLOAT", call_real, 0, NULL},
};
const size_t fn_cast_number_count = COUNT_OF(fn_cast_number_table);
