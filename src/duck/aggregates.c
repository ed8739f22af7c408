/* aggregates.c - registers aggregates and calls them row by row.
 *
 * DuckDB keeps a state per group, of a size that is known beforehand; ours hold pointers to what
 * they grow, which `clear` frees. States are combined when threads meet and when a window's frame
 * is put together, so that `combine` leaves its source as it is. */
#include "duck/aggregates.h"
#include <stdarg.h>
#include <stdio.h>

extern const struct duck_aggregate agg_sketch_table[], agg_numeric_table[];
extern const size_t agg_sketch_count, agg_numeric_count;

bool agg_fail(struct agg_call *c, const char *name, const char *fmt, ...) {
    char text[700];
    int len = snprintf(text, sizeof(text), "%s: ", name);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, ap);
    va_end(ap);
    duckdb_aggregate_function_set_error(c->info, text);
    return false;
}

bool agg_no_memory(struct agg_call *c) {
    return agg_fail(c, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
}

bool agg_out_null(struct agg_call *c, idx_t row) {
    duckdb_vector_ensure_validity_writable(c->out);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(c->out), row);
    return true;
}
bool agg_out_f64(struct agg_call *c, idx_t row, double v) {
    ((double *)duckdb_vector_get_data(c->out))[row] = v;
    return true;
}
bool agg_out_i64(struct agg_call *c, idx_t row, int64_t v) {
    ((int64_t *)duckdb_vector_get_data(c->out))[row] = v;
    return true;
}
bool agg_out_bytes(struct agg_call *c, idx_t row, struct bytes v) {
    duckdb_vector_assign_string_element_len(c->out, row, v.ptr ? v.ptr : "", v.len);
    return true;
}

/* ---- DuckDB's side ---- */
static const struct duck_aggregate *row_of(duckdb_function_info info) {
    return duckdb_aggregate_function_get_extra_info(info);
}

static idx_t state_size(duckdb_function_info info) {
    return row_of(info)->size + sizeof(void *);
}

/* The table's row goes in front of the state, because destroying gets no info. */
static void *state_of(duckdb_aggregate_state s) {
    return (char *)s + sizeof(void *);
}

static void state_init(duckdb_function_info info, duckdb_aggregate_state s) {
    const struct duck_aggregate *row = row_of(info);
    memcpy(s, &row, sizeof(row));
    memset(state_of(s), 0, row->size);
}

static bool any_null(const struct agg_call *c, idx_t row) {
    for (idx_t a = 0; a < c->arg_count; a++)
        if (value_is_null(&c->args[a], row))
            return true;
    return false;
}

static void update(duckdb_function_info info, duckdb_data_chunk in,
                   duckdb_aggregate_state *states) {
    const struct duck_aggregate *f = row_of(info);
    struct agg_call c = {.info = info};
    idx_t rows = duckdb_data_chunk_get_size(in), columns = duckdb_data_chunk_get_column_count(in);
    bool ok = columns <= AGG_MAX_ARGS;
    for (; ok && c.arg_count < columns; c.arg_count += ok)
        ok = value_open(&c.args[c.arg_count], duckdb_data_chunk_get_vector(in, c.arg_count), rows);
    if (!ok)
        (void)agg_no_memory(&c);
    for (idx_t i = 0; ok && i < rows; i++)
        ok = any_null(&c, i) || f->add(&c, state_of(states[i]), i);
    while (c.arg_count)
        value_close(&c.args[--c.arg_count]);
    buf_clear(&c.scratch);
}

static void combine(duckdb_function_info info, duckdb_aggregate_state *from,
                    duckdb_aggregate_state *into, idx_t count) {
    struct agg_call c = {.info = info};
    for (idx_t i = 0; i < count; i++)
        if (!row_of(info)->combine(&c, state_of(into[i]), state_of(from[i])))
            return;
}

static void finalize(duckdb_function_info info, duckdb_aggregate_state *states, duckdb_vector out,
                     idx_t count, idx_t offset) {
    struct agg_call c = {.info = info, .out = out};
    duckdb_logical_type t = duckdb_vector_get_column_type(out);
    duckdb_type kind = duckdb_get_type_id(t);
    duckdb_destroy_logical_type(&t);
    if (kind == DUCKDB_TYPE_LIST || kind == DUCKDB_TYPE_MAP)
        c.list_size = duckdb_list_vector_get_size(out);
    for (idx_t i = 0; i < count; i++)
        if (!row_of(info)->finish(&c, state_of(states[i]), offset + i))
            break;
    buf_clear(&c.scratch);
}

static void destroy(duckdb_aggregate_state *states, idx_t count) {
    for (idx_t i = 0; i < count; i++) {
        const struct duck_aggregate *row;
        memcpy(&row, states[i], sizeof(row));
        if (row->clear)
            row->clear(state_of(states[i]));
    }
}

/* ---- registration ---- */
static bool add_arguments(duckdb_aggregate_function f, const char *args) {
    while (*args) {
        char text[64];
        size_t n = strcspn(args, ",");
        snprintf(text, sizeof(text), "%.*s", (int)n, args);
        duckdb_logical_type t = duck_type_from_text(text);
        if (!t)
            return false;
        duckdb_aggregate_function_add_parameter(f, t);
        duckdb_destroy_logical_type(&t);
        args += n + (args[n] == ',');
        args += strspn(args, " ");
    }
    return true;
}

static int register_one(duckdb_connection con, const struct duck_aggregate *row, struct err *e) {
    duckdb_aggregate_function f = duckdb_create_aggregate_function();
    duckdb_logical_type returns = duck_type_from_text(row->returns);
    bool ok = returns && add_arguments(f, row->args);
    assert(ok && "a table of aggregates has a malformed type");
    if (ok) {
        duckdb_aggregate_function_set_name(f, row->name);
        duckdb_aggregate_function_set_return_type(f, returns);
        duckdb_aggregate_function_set_functions(f, state_size, state_init, update, combine,
                                                finalize);
        duckdb_aggregate_function_set_destructor(f, destroy);
        duckdb_aggregate_function_set_extra_info(f, (void *)row, NULL);
        ok = duckdb_register_aggregate_function(con, f) == DuckDBSuccess;
    }
    duckdb_destroy_logical_type(&returns);
    duckdb_destroy_aggregate_function(&f);
    return ok ? 0 : err_set(e, ERR_INTERNAL, "DuckDB refuses the aggregate %s.", row->name);
}

int duck_register_aggregates(duckdb_connection con, struct err *e) {
    static const struct {
        const struct duck_aggregate *rows;
        const size_t *count;
    } tables[] = {{agg_sketch_table, &agg_sketch_count}, {agg_numeric_table, &agg_numeric_count}};
    for (size_t t = 0; t < COUNT_OF(tables); t++)
        for (size_t i = 0; i < *tables[t].count; i++) {
            int rc = register_one(con, &tables[t].rows[i], e);
            if (rc)
                return rc;
        }
    return 0;
}
