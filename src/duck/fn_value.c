/* fn_value.c - functions over values of any type whose result is a truth, a number or a position.
 *
 * DuckDB's own comparison of lists and structs has other rules: two-valued, NaN equal to itself,
 * maps by order. What returns an element goes by its position instead (fn_index.c). */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/value.h"
#include <math.h>

static bool out_truth(struct fn_call *c, idx_t i, enum value_truth t) {
    return t == VALUE_UNKNOWN ? fn_out_null(c, i) : fn_out_bool(c, i, t == VALUE_TRUE);
}

FN(eq) {
    const struct value *v = fn_values(c);
    return v && out_truth(c, i, value_equal(&v[0], i, &v[1], i));
}

FN(compare) {
    const struct value *v = fn_values(c);
    bool null = false;
    if (!v)
        return false;
    int r = value_order(&v[0], i, &v[1], i, &null);
    return null ? fn_out_null(c, i) : fn_out_i32(c, i, r);
}

/* IS NOT DISTINCT FROM: called for NULLs as well, never NULL. */
static void call_same(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    struct value a, b = {0};
    bool *r = duckdb_vector_get_data(out);
    idx_t n = duckdb_data_chunk_get_size(in);
    bool ok = value_open(&a, duckdb_data_chunk_get_vector(in, 0), n) &&
              value_open(&b, duckdb_data_chunk_get_vector(in, 1), n);
    for (idx_t i = 0; ok && i < n; i++)
        r[i] = value_same(&a, i, &b, i);
    if (!ok)
        duck_raise(info, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    value_close(&a);
    value_close(&b);
}

/* ---- arrays ---- */
static bool null_within(struct fn_call *c, idx_t i, const char *name) {
    return fn_fail(c, i, "NOT_SUPPORTED",
                   "%s does not support arrays with elements that are null or contain null", name);
}

FN(position) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    for (idx_t k = 0; k < e.length; k++) {
        if (value_is_null(value_items(&v[0]), e.offset + k))
            continue;
        enum value_truth t = value_equal(value_items(&v[0]), e.offset + k, &v[1], i);
        if (t == VALUE_UNKNOWN)
            return null_within(c, i, "array_position");
        if (t == VALUE_TRUE)
            return fn_out_i64(c, i, (int64_t)k + 1);
    }
    return fn_out_i64(c, i, 0);
}

FN(contains) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    bool null = false;
    for (idx_t k = 0; k < e.length; k++) {
        if (value_is_null(value_items(&v[0]), e.offset + k)) {
            null = true;
            continue;
        }
        enum value_truth t = value_equal(value_items(&v[0]), e.offset + k, &v[1], i);
        if (t == VALUE_UNKNOWN)
            return null_within(c, i, "contains");
        if (t == VALUE_TRUE)
            return fn_out_bool(c, i, true);
    }
    return null ? fn_out_null(c, i) : fn_out_bool(c, i, false);
}

static bool sequence_at(const struct value *a, idx_t at, const struct value *b,
                        duckdb_list_entry y) {
    for (idx_t k = 0; k < y.length; k++)
        if (!value_same(a, at + k, b, y.offset + k))
            return false;
    return true;
}

FN(contains_sequence) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry x = value_list(&v[0], i), y = value_list(&v[1], i);
    for (idx_t k = 0; k + y.length <= x.length; k++)
        if (sequence_at(value_items(&v[0]), x.offset + k, value_items(&v[1]), y))
            return fn_out_bool(c, i, true);
    return fn_out_bool(c, i, y.length == 0);
}

static bool any_null(const struct value *v, duckdb_list_entry e) {
    for (idx_t k = 0; k < e.length; k++)
        if (value_is_null(v, e.offset + k))
            return true;
    return false;
}

/* True when they share an element, else NULL when one has a NULL that might be it. */
FN(overlap) {
    const struct value *v = fn_values(c);
    struct value_set s;
    if (!v)
        return false;
    const struct value *a = value_items(&v[0]), *b = value_items(&v[1]);
    duckdb_list_entry x = value_list(&v[0], i), y = value_list(&v[1], i);
    if (!x.length || !y.length)
        return fn_out_bool(c, i, false);
    if (!value_set_init(&s, x.length))
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    for (idx_t k = 0; k < x.length; k++)
        if (!value_is_null(a, x.offset + k))
            (void)value_set_add(&s, a, x.offset + k, NULL);
    bool found = false;
    for (idx_t k = 0; !found && k < y.length; k++)
        found = !value_is_null(b, y.offset + k) && value_set_has(&s, b, y.offset + k);
    value_set_clear(&s);
    if (!found && (any_null(a, x) || any_null(b, y)))
        return fn_out_null(c, i);
    return fn_out_bool(c, i, found);
}

/* ---- maps ---- */
/* Keys of a map in the making, and the number of its values. */
FN(keys_check) {
    const struct value *v = fn_values(c);
    struct value_set s;
    if (!v)
        return false;
    const struct value *keys = value_items(&v[0]);
    duckdb_list_entry e = value_list(&v[0], i);
    if ((int64_t)e.length != fn_i64(c, 1, i))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Key and value arrays must be the same length");
    if (!value_set_init(&s, e.length))
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    const char *why = NULL;
    for (idx_t k = 0; !why && k < e.length; k++) {
        if (value_is_null(keys, e.offset + k))
            why = "map key cannot be null";
        else if (value_is_indeterminate(keys, e.offset + k))
            why = "map key cannot be indeterminate";
        else if (!value_set_add(&s, keys, e.offset + k, NULL))
            why = "Duplicate map keys are not allowed";
    }
    value_set_clear(&s);
    return why ? fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s", why) : fn_out_bool(c, i, true);
}

/* Keys of a map that is cast. */
FN(cast_keys_check) {
    const struct value *v = fn_values(c);
    struct value_set s;
    if (!v)
        return false;
    const struct value *keys = value_items(&v[0]);
    duckdb_list_entry e = value_list(&v[0], i);
    if (!value_set_init(&s, e.length))
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    const char *why = NULL;
    for (idx_t k = e.offset; !why && k < e.offset + e.length; k++)
        why = value_is_null(keys, k)              ? "map key is null"
              : !value_set_add(&s, keys, k, NULL) ? "duplicate keys"
                                                  : NULL;
    value_set_clear(&s);
    return why ? fn_fail(c, i, "INVALID_CAST_ARGUMENT", "%s", why) : fn_out_bool(c, i, true);
}

/* The entries' own NULLs: an array of rows that becomes a map has none. */
FN(entries_check) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    if (any_null(value_items(&v[0]), value_list(&v[0], i)))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "map entry cannot be null");
    if (any_null(&value_items(&v[0])->children[0], value_list(&v[0], i)))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "map key cannot be null");
    return fn_out_bool(c, i, true);
}

/* ---- vectors of doubles ---- */
struct vectors {
    const double *x, *y;
    idx_t count;
};
/* False after an error or when the result is NULL already. */
static bool open_vectors(struct fn_call *c, idx_t i, bool null_result, struct vectors *ret,
                         bool *ret_done) {
    const struct value *v = fn_values(c);
    *ret_done = true;
    if (!v)
        return false;
    duckdb_list_entry a = value_list(&v[0], i), b = value_list(&v[1], i);
    if (a.length != b.length)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "The arguments must have the same length");
    if (null_result && (any_null(value_items(&v[0]), a) || any_null(value_items(&v[1]), b)))
        return fn_out_null(c, i);
    ret->x = (const double *)value_items(&v[0])->data + a.offset;
    ret->y = (const double *)value_items(&v[1])->data + b.offset;
    ret->count = a.length;
    *ret_done = false;
    return true;
}

/* A NULL element counts as nothing, as in Trino's two functions that do not ask. */
static double element(const struct value *v, duckdb_list_entry e, idx_t k) {
    return value_is_null(v, e.offset + k) ? 0 : ((const double *)v->data)[e.offset + k];
}

FN(euclidean) {
    struct vectors p;
    bool done, ok = open_vectors(c, i, false, &p, &done);
    if (done)
        return ok;
    const struct value *v = fn_values(c);
    double sum = 0;
    for (idx_t k = 0; k < p.count; k++) {
        double d = element(value_items(&v[0]), value_list(&v[0], i), k) -
                   element(value_items(&v[1]), value_list(&v[1], i), k);
        sum += d * d;
    }
    return fn_out_f64(c, i, sqrt(sum));
}

FN(dot) {
    struct vectors p;
    bool done, ok = open_vectors(c, i, false, &p, &done);
    if (done)
        return ok;
    const struct value *v = fn_values(c);
    double sum = 0;
    for (idx_t k = 0; k < p.count; k++)
        sum += element(value_items(&v[0]), value_list(&v[0], i), k) *
               element(value_items(&v[1]), value_list(&v[1], i), k);
    return fn_out_f64(c, i, sum);
}

FN(cosine) {
    struct vectors p;
    bool done, ok = open_vectors(c, i, true, &p, &done);
    if (done)
        return ok;
    double x = 0, y = 0, both = 0;
    for (idx_t k = 0; k < p.count; k++) {
        x += p.x[k] * p.x[k];
        y += p.y[k] * p.y[k];
        both += p.x[k] * p.y[k];
    }
    if (x == 0 || y == 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Vector magnitude cannot be zero");
    return fn_out_f64(c, i, both / sqrt(x * y));
}

const struct duck_function fn_value_table[] = {
    {"t_eq", "ANY, ANY", "BOOLEAN", call_eq, 0, NULL},
    {"t_same", "ANY, ANY", "BOOLEAN", call_same, DUCK_FN_NULLS, NULL},
    {"t_compare", "ANY, ANY", "INTEGER", call_compare, 0, NULL},
    {"t_array_position", "ANY, ANY", "BIGINT", call_position, 0, NULL},
    {"t_contains", "ANY, ANY", "BOOLEAN", call_contains, 0, NULL},
    {"t_contains_sequence", "ANY, ANY", "BOOLEAN", call_contains_sequence, 0, NULL},
    {"t_arrays_overlap", "ANY, ANY", "BOOLEAN", call_overlap, 0, NULL},
    {"t_keys_check", "ANY, BIGINT", "BOOLEAN", call_keys_check, 0, NULL},
    {"t_cast_keys_check", "ANY", "BOOLEAN", call_cast_keys_check, 0, NULL},
    {"t_try_cast_keys_check", "ANY", "BOOLEAN", call_cast_keys_check, 0, FN_TRY},
    {"t_entries_check", "ANY", "BOOLEAN", call_entries_check, 0, NULL},
    {"t_euclidean_distance", "DOUBLE[], DOUBLE[]", "DOUBLE", call_euclidean, 0, NULL},
    {"t_dot_product", "DOUBLE[], DOUBLE[]", "DOUBLE", call_dot, 0, NULL},
    {"t_cosine_similarity", "DOUBLE[], DOUBLE[]", "DOUBLE", call_cosine, 0, NULL},
};
const size_t fn_value_count = COUNT_OF(fn_value_table);
