/* fn_call.c - the loop around row-at-a-time functions. */
#include "duck/fn_call.h"
#include <stdarg.h>
#include <stdio.h>

const char fn_try_marker = 1;

static void mark_nulls(struct fn_call *c, duckdb_data_chunk in) {
    c->validity = duck_fn_nulls(in, c->out);
}

void fn_each(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out, fn_row row) {
    struct fn_call c = {.info = info, .out = out};
    c.out_data = duckdb_vector_get_data(out);
    c.arg_count = duckdb_data_chunk_get_column_count(in);
    c.rows = duckdb_data_chunk_get_size(in);
    c.is_try = duckdb_scalar_function_get_extra_info(info) == FN_TRY;
    if (c.arg_count > FN_MAX_ARGS) {
        duck_raise(info, "TOO_MANY_ARGUMENTS", "Too many arguments for function call");
        return;
    }
    for (idx_t a = 0; a < c.arg_count; a++) {
        c.vectors[a] = duckdb_data_chunk_get_vector(in, a);
        c.args[a] = duckdb_vector_get_data(c.vectors[a]);
    }
    mark_nulls(&c, in);
    for (idx_t i = 0; i < c.rows; i++)
        if (!duck_fn_is_null(c.validity, i) && !row(&c, i))
            break;
    if (c.state)
        c.state_free(c.state);
    buf_clear(&c.scratch);
}

bool fn_out_str(struct fn_call *c, idx_t i, struct bytes v) {
    duckdb_vector_assign_string_element_len(c->out, i, v.ptr ? v.ptr : "", v.len);
    return true;
}

bool fn_out_null(struct fn_call *c, idx_t i) {
    if (!c->validity) {
        duckdb_vector_ensure_validity_writable(c->out);
        c->validity = duckdb_vector_get_validity(c->out);
    }
    c->validity[i / 64] &= ~((uint64_t)1 << (i % 64));
    return true;
}

bool fn_out_scratch(struct fn_call *c, idx_t i) {
    if (!buf_ok(&c->scratch)) {
        duck_raise(c->info, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
        return false;
    }
    return fn_out_str(c, i, buf_bytes(&c->scratch));
}

bool fn_fail(struct fn_call *c, idx_t i, const char *name, const char *fmt, ...) {
    char text[700];
    va_list ap;
    if (c->is_try)
        return fn_out_null(c, i);
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    duck_raise(c->info, name, "%s", text);
    return false;
}

/* ---- lists ---- */
void fn_list_begin(struct fn_call *c, idx_t i) {
    ((duckdb_list_entry *)c->out_data)[i] = (duckdb_list_entry){c->list_size, 0};
}

static duckdb_vector grown_child(struct fn_call *c) {
    duckdb_list_vector_reserve(c->out, c->list_size + 1);
    duckdb_list_vector_set_size(c->out, c->list_size + 1);
    return duckdb_list_vector_get_child(c->out);
}

void fn_list_add(struct fn_call *c, struct bytes v) {
    duckdb_vector child = grown_child(c);
    duckdb_vector_assign_string_element_len(child, c->list_size++, v.ptr ? v.ptr : "", v.len);
}

void fn_list_add_null(struct fn_call *c) {
    duckdb_vector child = grown_child(c);
    duckdb_vector_ensure_validity_writable(child);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(child), c->list_size++);
}

bool fn_list_end(struct fn_call *c, idx_t i) {
    duckdb_list_entry *e = &((duckdb_list_entry *)c->out_data)[i];
    e->length = c->list_size - e->offset;
    return true;
}
