/* fn_query.c - what a query checks while it runs. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"

/* Reached by a row: the recursion has not come to an end. */
FN(recursion_limit) {
    duck_raise(c->info, "NOT_SUPPORTED",
               "Recursion depth limit exceeded (%d). Use 'max_recursion_depth' session property to "
               "modify the limit.",
               (int)fn_i32(c, 1, i));
    return false;
}

/* The distance of a window frame's end, in rows or groups. */
static void call_frame_offset(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    duckdb_vector v = duckdb_data_chunk_get_vector(in, 0);
    const int64_t *n = duckdb_vector_get_data(v);
    uint64_t *valid = duckdb_vector_get_validity(v);
    int64_t *r = duckdb_vector_get_data(out);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(in); i++) {
        if ((valid && !duckdb_validity_row_is_valid(valid, i)) || n[i] < 0) {
            duck_raise(info, "INVALID_WINDOW_FRAME",
                       "Window frame offset must not be negative or null");
            return;
        }
        r[i] = n[i];
    }
}

static void call_frame_range(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    duckdb_vector v = duckdb_data_chunk_get_vector(in, 0);
    const bool *ok = duckdb_vector_get_data(v);
    uint64_t *valid = duckdb_vector_get_validity(v);
    bool *r = duckdb_vector_get_data(out);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(in); i++) {
        if ((valid && !duckdb_validity_row_is_valid(valid, i)) || !ok[i]) {
            duck_raise(info, "INVALID_WINDOW_FRAME",
                       "Window frame offset value must not be negative or null");
            return;
        }
        r[i] = true;
    }
}

const struct duck_function fn_query_table[] = {
    {"t_frame_offset", "BIGINT", "BIGINT", call_frame_offset, DUCK_FN_NULLS, NULL},
    {"t_frame_range", "BOOLEAN", "BOOLEAN", call_frame_range, DUCK_FN_NULLS, NULL},
    {"t_recursion_limit", "BIGINT, INTEGER", "BOOLEAN", call_recursion_limit, DUCK_FN_VOLATILE,
     NULL},
};
const size_t fn_query_count = COUNT_OF(fn_query_table);
