/* aggregates.h - Tarn's own aggregate functions, one row at a time; inside duck only.
 *
 * A file has a table of struct duck_aggregate; aggregates.c lists the tables and registers them. */
#ifndef TARN_DUCK_AGGREGATES_H
#define TARN_DUCK_AGGREGATES_H

#include "duck/value.h"

#define AGG_MAX_ARGS 4

/* What a step of an aggregate sees. Rows with a NULL argument never come here. */
struct agg_call {
    duckdb_function_info info;
    struct value args[AGG_MAX_ARGS];
    idx_t arg_count;
    duckdb_vector out;
    idx_t list_size; /* elements of a list or map result so far */
    struct buf scratch;
};
struct duck_aggregate {
    const char *name, *args, *returns; /* types as in functions.h */
    size_t size;                       /* of a state, which starts zeroed */
    bool (*add)(struct agg_call *c, void *state, idx_t row);
    bool (*combine)(struct agg_call *c, void *into, const void *from);
    bool (*finish)(struct agg_call *c, void *state, idx_t row); /* writes row of c->out */
    void (*clear)(void *state);                                 /* may be NULL */
};

/* Fails the query with Trino's error; returns false, as the steps do. */
bool agg_fail(struct agg_call *c, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool agg_no_memory(struct agg_call *c);
/* Results; each returns true. */
bool agg_out_null(struct agg_call *c, idx_t row);
bool agg_out_f64(struct agg_call *c, idx_t row, double v);
bool agg_out_i64(struct agg_call *c, idx_t row, int64_t v);
bool agg_out_bytes(struct agg_call *c, idx_t row, struct bytes v);

static inline double agg_f64(const struct agg_call *c, size_t arg, idx_t row) {
    return ((const double *)c->args[arg].data)[row];
}
static inline int64_t agg_i64(const struct agg_call *c, size_t arg, idx_t row) {
    return ((const int64_t *)c->args[arg].data)[row];
}
static inline int32_t agg_i32(const struct agg_call *c, size_t arg, idx_t row) {
    return ((const int32_t *)c->args[arg].data)[row];
}
static inline struct bytes agg_str(const struct agg_call *c, size_t arg, idx_t row) {
    return duck_string((const duckdb_string_t *)c->args[arg].data + row);
}

int duck_register_aggregates(duckdb_connection con, struct err *e) WARN_UNUSED;

#endif
