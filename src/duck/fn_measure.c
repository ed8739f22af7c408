/* fn_measure.c - buckets, random numbers, sizes and counts for people, and the angle of two maps.
 *
 * A data size ("1.5MB") is multiplied out in decimal digits, so that no size is too large to be
 * told apart from its neighbour. Random whole numbers come from a generator that the kernel seeds
 * for every chunk. */
#include "base/mem.h"
#include "base/rand.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>

static bool bad(struct fn_call *c, idx_t i, const char *text) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s", text);
}

/* ---- buckets ---- */
FN(width_bucket) {
    double x = fn_f64(c, 0, i), lo = fn_f64(c, 1, i), hi = fn_f64(c, 2, i);
    int64_t n = fn_i64(c, 3, i), r;
    if (n <= 0)
        return bad(c, i, "bucketCount must be greater than 0");
    if (isnan(x))
        return bad(c, i, "operand must not be NaN");
    if (!isfinite(lo))
        return bad(c, i, "first bound must be finite");
    if (!isfinite(hi))
        return bad(c, i, "second bound must be finite");
    if (lo == hi)
        return bad(c, i, "bounds cannot equal each other");
    double low = fmin(lo, hi), high = fmax(lo, hi);
    if (x < low) {
        r = 0;
    } else if (x >= high) {
        char t[40];
        fn_java_double(x, false, t);
        if (n == INT64_MAX)
            return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE",
                           "Bucket for value %s is out of range", t);
        r = n + 1;
    } else {
        double at = (double)n * (x - low) / (high - low) + 1;
        r = at >= 9223372036854775807.0 ? INT64_MAX : (int64_t)at;
    }
    return fn_out_i64(c, i, lo > hi ? n - r + 1 : r);
}
FN(width_bins) {
    double x = fn_f64(c, 0, i);
    const duckdb_list_entry list = ((const duckdb_list_entry *)c->args[1])[i];
    const double *bins =
        (const double *)duckdb_vector_get_data(duckdb_list_vector_get_child(c->vectors[1])) +
        list.offset;
    size_t lower = 0, upper = list.length;
    if (list.length == 0)
        return bad(c, i, "Bins cannot be an empty array");
    if (isnan(x))
        return bad(c, i, "Operand cannot be NaN");
    while (lower < upper) {
        if (bins[lower] > bins[upper - 1])
            return bad(c, i, "Bin values are not sorted in ascending order");
        size_t middle = (lower + upper) / 2;
        char t[40];
        fn_java_double(bins[middle], false, t);
        if (!isfinite(bins[middle]))
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Bin value must be finite, got %s",
                           t);
        if (x < bins[middle])
            upper = middle;
        else
            lower = middle + 1;
    }
    return fn_out_i64(c, i, (int64_t)lower);
}

/* ---- random whole numbers ---- */
static void free_state(void *state) {
    mem_free(state);
}
static struct rand_seeded *generator(struct fn_call *c) {
    if (!c->state) {
        struct rand_seeded *r = mem_alloc(sizeof(*r));
        if (!r)
            return NULL;
        rand_bytes(r, sizeof(*r));
        c->state = r;
        c->state_free = free_state;
    }
    return c->state;
}
static bool random_between(struct fn_call *c, idx_t i, int64_t from, int64_t to) {
    struct rand_seeded *r = generator(c);
    if (!r)
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    uint64_t n = rand_below(r, (uint64_t)to - (uint64_t)from);
    return fn_out_i64(c, i, (int64_t)((uint64_t)from + n));
}
FN(random) {
    int64_t bound = fn_i64(c, 0, i);
    return bound > 0 ? random_between(c, i, 0, bound) : bad(c, i, "bound must be positive");
}
FN(random_between) {
    int64_t from = fn_i64(c, 0, i), to = fn_i64(c, 1, i);
    return from < to ? random_between(c, i, from, to)
                     : bad(c, i, "start value must be less than stop value");
}

/* ---- how many the greatest and least are ---- */
#define MOST_CHOSEN 10000
/* t_chosen(n, 'max_n'): n itself when that function takes it. */
FN(chosen) {
    int64_t n = fn_i64(c, 0, i);
    struct bytes name = fn_str(c, 1, i);
    bool second = bytes_ends_with(name, BYTES("_n"));
    const char *place = second ? "second" : "third";
    if (n <= 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s argument of %.*s must be %s", place,
                       BYTES_ARG(name), second ? "positive" : "a positive integer");
    if (n > MOST_CHOSEN)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "%s argument of %.*s must be less than or equal to %d; found %lld", place,
                       BYTES_ARG(name), MOST_CHOSEN, (long long)n);
    return fn_out_i64(c, i, n);
}

/* ---- for people ---- */
/* v with up to `places` digits behind the point, half away from zero, without zeros at the end. */
static void short_number(double v, int places, char *out, size_t size) {
    static const long double tens[] = {1, 10, 100};
    long double scaled = floorl(fabsl((long double)v) * tens[places] + 0.5L);
    snprintf(out, size, "%s%.*Lf", v < 0 ? "-" : "", places, scaled / tens[places]);
    if (!places)
        return;
    size_t n = strlen(out);
    while (out[n - 1] == '0')
        out[--n] = 0;
    if (out[n - 1] == '.')
        out[n - 1] = 0;
}
static bool format_number(struct fn_call *c, idx_t i, int64_t count) {
    static const char *const units[] = {"", "K", "M", "B", "T", "Q"};
    char t[64];
    double v = (double)count;
    size_t unit = 0;
    for (; unit < 5 && (v >= 1000 || v <= -1000); unit++)
        v /= 1000;
    short_number(v, v < 10 ? 2 : v < 100 ? 1 : 0, t, sizeof(t) - 2);
    strcat(t, units[unit]);
    return fn_out_str(c, i, bytes_str(t));
}
FN(format_number) {
    return format_number(c, i, fn_i64(c, 0, i));
}
FN(format_double) {
    double v = fn_f64(c, 0, i);
    int64_t whole = isnan(v) ? 0 : v >= 0x1p63 ? INT64_MAX : v <= -0x1p63 ? INT64_MIN : (int64_t)v;
    return format_number(c, i, whole);
}

/* ---- data sizes ---- */
#define SIZE_DIGITS 200
struct size {
    unsigned char d[SIZE_DIGITS]; /* least significant first */
    size_t count, fraction;       /* of them behind the point */
};
static bool parse_size(struct bytes v, struct size *s, struct bytes *ret_unit) {
    size_t n = 0;
    bool point = false, any = false;
    *s = (struct size){0};
    while (n < v.len && (isdigit((unsigned char)v.ptr[n]) || v.ptr[n] == '.'))
        n++;
    for (size_t k = n; k-- > 0;) {
        if (v.ptr[k] == '.') {
            if (point)
                return false;
            point = true;
            s->fraction = s->count;
            continue;
        }
        any = true;
        if (s->count == SIZE_DIGITS - 40)
            return false;
        s->d[s->count++] = (unsigned char)(v.ptr[k] - '0');
    }
    *ret_unit = bytes_slice(v, n, v.len);
    return any;
}
static void times_1024(struct size *s) {
    unsigned carry = 0;
    for (size_t k = 0; k < s->count || carry; k++) {
        if (k == s->count)
            s->d[s->count++] = 0;
        carry += s->d[k] * 1024u;
        s->d[k] = (unsigned char)(carry % 10);
        carry /= 10;
    }
}
/* How many times 1024; -1: no unit. */
static int unit_of(struct bytes unit) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    for (int k = 0; k < (int)COUNT_OF(units); k++)
        if (bytes_eq_str(unit, units[k]))
            return k;
    return -1;
}
FN(parse_data_size) {
    struct bytes v = fn_str(c, 0, i), unit;
    struct size s;
    char text[SIZE_DIGITS + 1];
    size_t n = 0;
    int rounds = parse_size(v, &s, &unit) ? unit_of(unit) : -1;
    if (rounds < 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid data size: '%.*s'",
                       (int)MIN_OF(v.len, (size_t)300), v.ptr);
    for (; rounds > 0; rounds--)
        times_1024(&s);
    while (s.count > s.fraction && s.d[s.count - 1] == 0)
        s.count--;
    unsigned __int128 bytes = 0;
    for (size_t k = s.count; k-- > s.fraction; n++) {
        text[n] = (char)('0' + s.d[k]);
        bytes = bytes * 10 + s.d[k];
    }
    text[n] = 0;
    if (n > 38)
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "Value out of range: '%.*s' ('%sB')",
                       (int)MIN_OF(v.len, (size_t)300), v.ptr, text);
    ((duckdb_hugeint *)c->out_data)[i] = (duckdb_hugeint){(uint64_t)bytes, (int64_t)(bytes >> 64)};
    return true;
}

/* ---- maps as vectors ---- */
struct map_row {
    const duckdb_string_t *keys;
    const double *values;
    size_t count;
    double norm;
    bool has_null;
};
static struct map_row read_map(struct fn_call *c, size_t arg, idx_t i) {
    const duckdb_list_entry list = ((const duckdb_list_entry *)c->args[arg])[i];
    duckdb_vector entry = duckdb_list_vector_get_child(c->vectors[arg]);
    duckdb_vector keys = duckdb_struct_vector_get_child(entry, 0);
    duckdb_vector values = duckdb_struct_vector_get_child(entry, 1);
    const uint64_t *valid = duckdb_vector_get_validity(values);
    struct map_row r = {.count = list.length};
    r.keys = (const duckdb_string_t *)duckdb_vector_get_data(keys) + list.offset;
    r.values = (const double *)duckdb_vector_get_data(values) + list.offset;
    for (size_t k = 0; k < r.count; k++) {
        r.has_null |= duck_fn_is_null(valid, list.offset + k);
        r.norm += r.values[k] * r.values[k];
    }
    r.norm = sqrt(r.norm);
    return r;
}
FN(cosine_maps) {
    struct map_row x = read_map(c, 0, i), y = read_map(c, 1, i);
    double dot = 0;
    if (x.has_null || y.has_null)
        return fn_out_null(c, i);
    for (size_t k = 0; k < x.count; k++)
        for (size_t j = 0; j < y.count; j++)
            if (bytes_eq(duck_string(&x.keys[k]), duck_string(&y.keys[j])))
                dot += x.values[k] * y.values[j];
    return fn_out_f64(c, i, dot / (x.norm * y.norm));
}

#define MAPS "MAP(VARCHAR, DOUBLE), MAP(VARCHAR, DOUBLE)"
const struct duck_function fn_measure_table[] = {
    {"t_width_bucket", "DOUBLE, DOUBLE, DOUBLE, BIGINT", "BIGINT", call_width_bucket, 0, NULL},
    {"t_width_bucket", "DOUBLE, DOUBLE[]", "BIGINT", call_width_bins, 0, NULL},
    {"t_random", "BIGINT", "BIGINT", call_random, DUCK_FN_VOLATILE, NULL},
    {"t_random", "BIGINT, BIGINT", "BIGINT", call_random_between, DUCK_FN_VOLATILE, NULL},
    {"t_chosen", "BIGINT, VARCHAR", "BIGINT", call_chosen, 0, NULL},
    {"t_format_number", "BIGINT", "VARCHAR", call_format_number, 0, NULL},
    {"t_format_number", "DOUBLE", "VARCHAR", call_format_double, 0, NULL},
    {"t_parse_data_size", "VARCHAR", "DECIMAL(38,0)", call_parse_data_size, 0, NULL},
    {"t_cosine_maps", MAPS, "DOUBLE", call_cosine_maps, 0, NULL},
};
const size_t fn_measure_count = COUNT_OF(fn_measure_table);
