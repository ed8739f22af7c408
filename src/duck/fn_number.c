/* fn_number.c - numbers: decimal division, rounding, Java's floating point, bits, checked indexes.
 *
 * Decimal division takes any two decimals and gives DECIMAL(38,s); one function per result scale is
 * registered, because a C function's result type is fixed. */
#include "base/mem.h"
#include "duck/decimal128.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef udec128 u128;
typedef dec128 i128;

/* ---- decimals ---- */
struct decimal_arg {
    duckdb_type internal;
    int scale;
};
struct decimal_args {
    struct decimal_arg a, b;
};

static struct decimal_arg describe(duckdb_vector v) {
    duckdb_logical_type t = duckdb_vector_get_column_type(v);
    struct decimal_arg r = {duckdb_decimal_internal_type(t), duckdb_decimal_scale(t)};
    duckdb_destroy_logical_type(&t);
    return r;
}

static i128 read_decimal(const struct fn_call *c, size_t arg, const struct decimal_arg *d,
                         idx_t i) {
    const void *p = c->args[arg];
    switch (d->internal) {
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)p)[i];
    case DUCKDB_TYPE_INTEGER:
        return ((const int32_t *)p)[i];
    case DUCKDB_TYPE_BIGINT:
        return ((const int64_t *)p)[i];
    default: {
        const duckdb_hugeint *h = (const duckdb_hugeint *)p + i;
        return (i128)(((u128)(uint64_t)h->upper << 64) | h->lower);
    }
    }
}

static void free_state(void *state) {
    mem_free(state);
}

static struct decimal_args *decimal_state(struct fn_call *c) {
    if (!c->state) {
        struct decimal_args *s = mem_alloc(sizeof(*s));
        if (!s)
            return NULL;
        *s = (struct decimal_args){describe(c->vectors[0]), describe(c->vectors[1])};
        c->state = s;
        c->state_free = free_state;
    }
    return c->state;
}

static bool out_huge(struct fn_call *c, idx_t i, i128 v) {
    duckdb_hugeint *h = (duckdb_hugeint *)c->out_data + i;
    h->lower = (uint64_t)v;
    h->upper = (int64_t)(v >> 64);
    return true;
}

static int result_scale(struct fn_call *c) {
    return *(const int *)duckdb_scalar_function_get_extra_info(c->info);
}

FN(decdiv) {
    struct decimal_args *s = decimal_state(c);
    i128 a, b, q;
    if (!s)
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    a = read_decimal(c, 0, &s->a, i);
    b = read_decimal(c, 1, &s->b, i);
    if (b == 0)
        return fn_fail(c, i, "DIVISION_BY_ZERO", "Division by zero");
    if (!dec128_divide(a, b, result_scale(c) - s->a.scale + s->b.scale, &q))
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "Decimal overflow");
    return out_huge(c, i, q);
}

/* Brings both to the wider scale; the remainder has the dividend's sign. */
FN(decmod) {
    struct decimal_args *s = decimal_state(c);
    i128 a, b, scaled;
    if (!s)
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    a = read_decimal(c, 0, &s->a, i);
    b = read_decimal(c, 1, &s->b, i);
    if (b == 0)
        return fn_fail(c, i, "DIVISION_BY_ZERO", "Division by zero");
    for (int k = s->a.scale; k < s->b.scale; k++) {
        if (__builtin_mul_overflow(a, 10, &scaled))
            return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "Decimal overflow");
        a = scaled;
    }
    for (int k = s->b.scale; k < s->a.scale; k++) {
        if (__builtin_mul_overflow(b, 10, &scaled))
            return out_huge(c, i, a); /* the divisor is larger than any dividend */
        b = scaled;
    }
    return out_huge(c, i, a % b);
}

/* To n places, a number that is not known before: 10^(scale - n) is the unit to round to. */
static bool decimal_places(struct fn_call *c, idx_t i, bool up) {
    struct decimal_args *s = decimal_state(c);
    if (!s)
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    i128 v = read_decimal(c, 0, &s->a, i), unit = 1;
    int64_t n = fn_i64(c, 1, i);
    if (n >= s->a.scale)
        return out_huge(c, i, v);
    if (n < s->a.scale - 38)
        return out_huge(c, i, 0);
    for (int64_t k = n; k < s->a.scale; k++)
        unit *= 10;
    i128 rest = v % unit, half = unit / 2, r = v - rest;
    if (up && (rest >= half || rest <= -half))
        r += rest > 0 ? unit : -unit;
    if (!dec128_fits(r))
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "decimal overflow");
    return out_huge(c, i, r);
}
FN(decround) {
    return decimal_places(c, i, true);
}
FN(dectrunc) {
    return decimal_places(c, i, false);
}

/* ---- floating point ---- */
static double java_round(double x) {
    return isfinite(x) ? round(x) : x;
}
FN(round) {
    return fn_out_f64(c, i, java_round(fn_f64(c, 0, i)));
}
FN(round_digits) {
    double x = fn_f64(c, 0, i), factor = pow(10, (double)fn_i64(c, 1, i)), sign = x < 0 ? -1 : 1;
    double scaled = fabs(x) * factor;
    if (!isfinite(x))
        return fn_out_f64(c, i, x);
    if (factor == 0) /* the place is above any number */
        return fn_out_f64(c, i, sign * 0.0);
    return fn_out_f64(c, i, isfinite(scaled) ? sign * (round(scaled) / factor) : x);
}
FN(round_integer) {
    int64_t x = fn_i64(c, 0, i), n = fn_i64(c, 1, i), unit = 1;
    if (n >= 0)
        return fn_out_i64(c, i, x);
    for (int64_t k = n; k < 0; k++)
        if (__builtin_mul_overflow(unit, 10, &unit))
            return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE",
                           "decimal overflow: %lld cannot be rounded to %lld digits", (long long)x,
                           (long long)n);
    int64_t rest = x % unit, low = x - rest, half = unit / 2;
    int64_t step = rest >= half ? unit : rest <= -half ? -unit : 0, r;
    if (__builtin_add_overflow(low, step, &r))
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "Out of range for bigint");
    return fn_out_i64(c, i, r);
}
/* NaN only when all are: it counts as the smallest. */
FN(greatest_double) {
    double r = fn_f64(c, 0, i);
    for (size_t a = 1; a < c->arg_count; a++) {
        double v = fn_f64(c, a, i);
        r = isnan(r) || v > r ? v : r;
    }
    return fn_out_f64(c, i, r);
}
FN(greatest_real) {
    float r = ((const float *)c->args[0])[i];
    for (size_t a = 1; a < c->arg_count; a++) {
        float v = ((const float *)c->args[a])[i];
        r = isnan(r) || v > r ? v : r;
    }
    ((float *)c->out_data)[i] = r;
    return true;
}
FN(sign) {
    double x = fn_f64(c, 0, i);
    return fn_out_f64(c, i, x > 0 ? 1 : x < 0 ? -1 : x);
}
FN(power) {
    return fn_out_f64(c, i, pow(fn_f64(c, 0, i), fn_f64(c, 1, i)));
}
FN(fmod) {
    return fn_out_f64(c, i, fmod(fn_f64(c, 0, i), fn_f64(c, 1, i)));
}
/* The C library's may be a digit off for cubes. */
static double exact_cbrt(double x) {
    double r = cbrt(x);
    return r == 0 || !isfinite(r) ? r : r - (r * r * r - x) / (3 * r * r);
}
#define MATH(name, call)                                                                           \
    FN(name) {                                                                                     \
        double v = call(fn_f64(c, 0, i));                                                          \
        return fn_out_f64(c, i, isnan(v) ? NAN : v);                                               \
    }
MATH(sqrt, sqrt)
MATH(cbrt, exact_cbrt)
MATH(exp, exp)
MATH(ln, log)
MATH(log2, log2)
MATH(log10, log10)
MATH(sin, sin)
MATH(cos, cos)
MATH(tan, tan)
MATH(asin, asin)
MATH(acos, acos)
MATH(atan, atan)
MATH(sinh, sinh)
MATH(cosh, cosh)
MATH(tanh, tanh)

/* ---- bases and bits ---- */
FN(from_base) {
    struct bytes v = fn_str(c, 0, i);
    int64_t base = fn_i64(c, 1, i);
    char text[80], *end;
    if (base < 2 || base > 36)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Radix must be between 2 and 36");
    if (v.len == 0 || v.len >= sizeof(text) || v.ptr[0] == ' ')
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Not a valid base-%d number: %.*s",
                       (int)base, BYTES_ARG(v));
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    errno = 0;
    long long r = strtoll(text, &end, (int)base);
    if (*end || errno)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Not a valid base-%d number: %s",
                       (int)base, text);
    return fn_out_i64(c, i, r);
}
FN(to_base) {
    int64_t v = fn_i64(c, 0, i), base = fn_i64(c, 1, i);
    char text[80];
    size_t at = sizeof(text);
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    if (base < 2 || base > 36)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Radix must be between 2 and 36");
    do
        text[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[u % (uint64_t)base];
    while (u /= (uint64_t)base);
    if (v < 0)
        text[--at] = '-';
    return fn_out_str(c, i, bytes_of(text + at, sizeof(text) - at));
}
/* Of a value of some bits: its own width, and what a left shift leaves of it. */
static int64_t narrow(uint64_t v, int bits) {
    return (int64_t)(v << (64 - bits)) >> (64 - bits);
}
FN(shift_left) {
    int64_t n = fn_i64(c, 1, i);
    uint64_t v = (uint64_t)fn_i64(c, 0, i);
    return fn_out_i64(c, i, n >= 64 ? 0 : narrow(v << (n & 63), fn_i32(c, 2, i)));
}
FN(shift_right) {
    int64_t n = fn_i64(c, 1, i), v = fn_i64(c, 0, i);
    uint64_t mask = UINT64_MAX >> (64 - fn_i32(c, 2, i));
    return fn_out_i64(c, i, n >= 64 ? 0 : n == 0 ? v : (int64_t)(((uint64_t)v & mask) >> (n & 63)));
}
FN(shift_right_arith) {
    int64_t v = fn_i64(c, 0, i), n = fn_i64(c, 1, i);
    return fn_out_i64(c, i, n >= 64 ? (v < 0 ? -1 : 0) : v >> (n & 63));
}
FN(bit_count) {
    int64_t v = fn_i64(c, 0, i), bits = fn_i64(c, 1, i);
    if (bits <= 1 || bits > 64)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Bits specified in bit_count must be between 2 and 64, got %lld",
                       (long long)bits);
    if (bits < 64 && (v > ((int64_t)1 << (bits - 1)) - 1 || v < -((int64_t)1 << (bits - 1))))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Number must be representable with the bits specified. %lld cannot be "
                       "represented with %lld bits",
                       (long long)v, (long long)bits);
    uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    return fn_out_i64(c, i, __builtin_popcountll((uint64_t)v & mask));
}

/* ---- checked subscripts ---- */
FN(array_index) {
    int64_t at = fn_i64(c, 0, i), len = fn_i64(c, 1, i);
    if (at == 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "SQL array indices start at 1");
    if (at < 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Array subscript is negative: %lld",
                       (long long)at);
    if (at > len)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Array subscript must be less than or equal to array length: %lld > %lld",
                       (long long)at, (long long)len);
    return fn_out_i64(c, i, at);
}
FN(element_index) {
    if (fn_i64(c, 0, i) == 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "SQL array indices start at 1");
    return fn_out_i64(c, i, fn_i64(c, 0, i));
}
FN(map_key) {
    struct bytes key = fn_str(c, 1, i);
    if (fn_i64(c, 0, i) == 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Key not present in map: %.*s",
                       BYTES_ARG(key));
    return fn_out_i64(c, i, 1);
}
FN(sequence_step) {
    int64_t from = fn_i64(c, 0, i), to = fn_i64(c, 1, i), step = fn_i64(c, 2, i);
    if (step == 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "step must not be zero");
    if ((step > 0) != (to >= from) && to != from)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "sequence stop value should be greater than or equal to start value if step "
                       "is greater than zero otherwise stop should be less than or equal to start");
    if (((i128)to - from) / step + 1 > 10000)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "result of sequence function must not have more than 10000 entries");
    return fn_out_i64(c, i, step);
}

FN(slice_check) {
    if (fn_i64(c, 0, i) == 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "SQL array indices start at 1");
    if (fn_i64(c, 1, i) < 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "length must be greater than or equal to 0");
    return fn_out_bool(c, i, true);
}
FN(trim_check) {
    int64_t n = fn_i64(c, 0, i), len = fn_i64(c, 1, i);
    if (n < 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "size must not be negative: %lld",
                       (long long)n);
    if (n > len)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "size must not exceed array cardinality %lld: %lld", (long long)len,
                       (long long)n);
    return fn_out_i64(c, i, n);
}
static const int scales[39] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                               13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
                               26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38};
#define DEC(s)                                                                                     \
    {"t_decdiv_" #s, "ANY, ANY", "DECIMAL(38," #s ")", call_decdiv, 0, &scales[s]},                \
        {"t_decmod_" #s, "ANY, ANY", "DECIMAL(38," #s ")", call_decmod, 0, &scales[s]},            \
        {"t_decround_" #s, "ANY, BIGINT", "DECIMAL(38," #s ")", call_decround, 0, &scales[s]}, {   \
        "t_dectrunc_" #s, "ANY, BIGINT", "DECIMAL(38," #s ")", call_dectrunc, 0, &scales[s]        \
    }
#define D1(name)                                                                                   \
    { "t_" #name, "DOUBLE", "DOUBLE", call_##name, 0, NULL }

const struct duck_function fn_number_table[] = {
    {"t_greatest", "DOUBLE...", "DOUBLE", call_greatest_double, 0, NULL},
    {"t_greatest", "FLOAT...", "FLOAT", call_greatest_real, 0, NULL},
    DEC(0),
    DEC(1),
    DEC(2),
    DEC(3),
    DEC(4),
    DEC(5),
    DEC(6),
    DEC(7),
    DEC(8),
    DEC(9),
    DEC(10),
    DEC(11),
    DEC(12),
    DEC(13),
    DEC(14),
    DEC(15),
    DEC(16),
    DEC(17),
    DEC(18),
    DEC(19),
    DEC(20),
    DEC(21),
    DEC(22),
    DEC(23),
    DEC(24),
    DEC(25),
    DEC(26),
    DEC(27),
    DEC(28),
    DEC(29),
    DEC(30),
    DEC(31),
    DEC(32),
    DEC(33),
    DEC(34),
    DEC(35),
    DEC(36),
    DEC(37),
    DEC(38),
    {"t_round", "DOUBLE", "DOUBLE", call_round, 0, NULL},
    {"t_round", "DOUBLE, BIGINT", "DOUBLE", call_round_digits, 0, NULL},
    {"t_round", "BIGINT, BIGINT", "BIGINT", call_round_integer, 0, NULL},
    {"t_sign", "DOUBLE", "DOUBLE", call_sign, 0, NULL},
    {"t_power", "DOUBLE, DOUBLE", "DOUBLE", call_power, 0, NULL},
    {"t_fmod", "DOUBLE, DOUBLE", "DOUBLE", call_fmod, 0, NULL},
    D1(sqrt),
    D1(cbrt),
    D1(exp),
    D1(ln),
    D1(log2),
    D1(log10),
    D1(sin),
    D1(cos),
    D1(tan),
    D1(asin),
    D1(acos),
    D1(atan),
    D1(sinh),
    D1(cosh),
    D1(tanh),
    {"t_from_base", "VARCHAR, BIGINT", "BIGINT", call_from_base, 0, NULL},
    {"t_to_base", "BIGINT, BIGINT", "VARCHAR", call_to_base, 0, NULL},
    {"t_shift_left", "BIGINT, BIGINT, INTEGER", "BIGINT", call_shift_left, 0, NULL},
    {"t_shift_right", "BIGINT, BIGINT, INTEGER", "BIGINT", call_shift_right, 0, NULL},
    {"t_shift_right_arith", "BIGINT, BIGINT", "BIGINT", call_shift_right_arith, 0, NULL},
    {"t_bit_count", "BIGINT, BIGINT", "BIGINT", call_bit_count, 0, NULL},
    {"t_array_index", "BIGINT, BIGINT", "BIGINT", call_array_index, 0, NULL},
    {"t_element_index", "BIGINT, BIGINT", "BIGINT", call_element_index, 0, NULL},
    {"t_map_key", "BIGINT, VARCHAR", "BIGINT", call_map_key, 0, NULL},
    {"t_slice_check", "BIGINT, BIGINT", "BOOLEAN", call_slice_check, 0, NULL},
    {"t_trim_check", "BIGINT, BIGINT", "BIGINT", call_trim_check, 0, NULL},
    {"t_sequence_step", "BIGINT, BIGINT, BIGINT", "BIGINT", call_sequence_step, 0, NULL},
};
const size_t fn_number_count = COUNT_OF(fn_number_table);
