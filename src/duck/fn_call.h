/* fn_call.h - C functions written one row at a time.
 *
 * FN(name) { ... } defines the body for row i of call c and the chunk function call_name around it.
 * Rows where any argument is NULL are NULL and never reach the body. The body returns false after
 * fn_fail; a function registered with FN_TRY as `extra` gives NULL there instead. */
#ifndef TARN_DUCK_FN_CALL_H
#define TARN_DUCK_FN_CALL_H

#include "duck/functions.h"
#include "duck/text_edit.h"
#include "duck/text_value.h"

#define FN_MAX_ARGS 260

struct fn_call {
    duckdb_function_info info;
    duckdb_vector out;
    void *out_data;
    uint64_t *validity;      /* of the result; NULL: all valid so far */
    void *args[FN_MAX_ARGS]; /* data of each argument */
    duckdb_vector vectors[FN_MAX_ARGS];
    idx_t arg_count, rows;
    bool is_try;
    struct buf scratch; /* the body's own; kept between rows */
    void *state;        /* the body's own, freed with state_free after the chunk */
    void (*state_free)(void *state);
    idx_t list_size; /* elements written to a list result so far */
};
typedef bool (*fn_row)(struct fn_call *c, idx_t i);
void fn_each(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out, fn_row row);

#define FN(name)                                                                                   \
    static bool row_##name(struct fn_call *c, idx_t i);                                            \
    static void call_##name(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {  \
        fn_each(info, in, out, row_##name);                                                        \
    }                                                                                              \
    static bool row_##name(struct fn_call *c, idx_t i)

/* The `extra` of a function that gives NULL instead of an error. */
extern const char fn_try_marker;
#define FN_TRY (&fn_try_marker)

static inline struct bytes fn_str(struct fn_call *c, size_t arg, idx_t i) {
    return duck_string((const duckdb_string_t *)c->args[arg] + i);
}
static inline int64_t fn_i64(struct fn_call *c, size_t arg, idx_t i) {
    return ((const int64_t *)c->args[arg])[i];
}
static inline int32_t fn_i32(struct fn_call *c, size_t arg, idx_t i) {
    return ((const int32_t *)c->args[arg])[i];
}
static inline double fn_f64(struct fn_call *c, size_t arg, idx_t i) {
    return ((const double *)c->args[arg])[i];
}
static inline bool fn_bool(struct fn_call *c, size_t arg, idx_t i) {
    return ((const bool *)c->args[arg])[i];
}
/* Results; each returns true. */
bool fn_out_str(struct fn_call *c, idx_t i, struct bytes v);
bool fn_out_null(struct fn_call *c, idx_t i);
static inline bool fn_out_i64(struct fn_call *c, idx_t i, int64_t v) {
    ((int64_t *)c->out_data)[i] = v;
    return true;
}
static inline bool fn_out_i32(struct fn_call *c, idx_t i, int32_t v) {
    ((int32_t *)c->out_data)[i] = v;
    return true;
}
static inline bool fn_out_f64(struct fn_call *c, idx_t i, double v) {
    ((double *)c->out_data)[i] = v;
    return true;
}
static inline bool fn_out_bool(struct fn_call *c, idx_t i, bool v) {
    ((bool *)c->out_data)[i] = v;
    return true;
}
/* The scratch buffer as the result; fails the query when it ran out of memory. */
bool fn_out_scratch(struct fn_call *c, idx_t i);
/* A list of text: begin, add, end, within one row. */
void fn_list_begin(struct fn_call *c, idx_t i);
void fn_list_add(struct fn_call *c, struct bytes v);
void fn_list_add_null(struct fn_call *c);
bool fn_list_end(struct fn_call *c, idx_t i);

/* Trino's error `name`; NULL for a FN_TRY function, which is why the result must be returned. */
bool fn_fail(struct fn_call *c, idx_t i, const char *name, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
