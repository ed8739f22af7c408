/* fn_math.c - checked integer arithmetic with Trino's errors. */
#include "duck/fn_int.h"

typedef bool (*divide_fn)(int64_t a, int64_t b, int64_t *ret);

static bool quotient(int64_t a, int64_t b, int64_t *ret) {
    if (a == INT64_MIN && b == -1)
        return false;
    *ret = a / b;
    return true;
}
static bool remainder_of(int64_t a, int64_t b, int64_t *ret) {
    *ret = b == -1 ? 0 : a % b;
    return true;
}
static void divide(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out,
                   divide_fn op) {
    const int64_t *a = duckdb_vector_get_data(duckdb_data_chunk_get_vector(in, 0));
    const int64_t *b = duckdb_vector_get_data(duckdb_data_chunk_get_vector(in, 1));
    int64_t *r = duckdb_vector_get_data(out);
    uint64_t *validity = duck_fn_nulls(in, out);
    idx_t rows = duckdb_data_chunk_get_size(in);
    for (idx_t i = 0; i < rows; i++) {
        if (duck_fn_is_null(validity, i))
            continue;
        if (b[i] == 0) {
            duck_raise(info, "DIVISION_BY_ZERO", "Division by zero");
            return;
        }
        if (!op(a[i], b[i], &r[i])) {
            duck_raise(info, "NUMERIC_VALUE_OUT_OF_RANGE", "bigint division overflow: %lld / %lld",
                       (long long)a[i], (long long)b[i]);
            return;
        }
    }
}
static void fn_div(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    divide(info, in, out, quotient);
}
static void fn_mod(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    divide(info, in, out, remainder_of);
}

const struct duck_function fn_math_table[] = {
    {"t_div", "BIGINT, BIGINT", "BIGINT", fn_div, 0, NULL},
    {"t_mod", "BIGINT, BIGINT", "BIGINT", fn_mod, 0, NULL},
};
const size_t fn_math_count = COUNT_OF(fn_math_table);
