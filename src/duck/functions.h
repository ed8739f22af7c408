/* functions.h - how Tarn's own SQL functions and macros get into a DuckDB connection.
 *
 * A fn_*.c file has a table of struct duck_function; fn_register.c lists the tables. Rows of one
 * table that follow each other with the same name become one overload set. */
#ifndef TARN_DUCK_FUNCTIONS_H
#define TARN_DUCK_FUNCTIONS_H

#include "base/bytes.h"
#include "duck/lib.h"

/* Registers every C function, then the macros. */
int duck_register_functions(duckdb_connection con, struct err *e) WARN_UNUSED;

enum duck_function_flags {
    DUCK_FN_NULLS = 1,    /* is called for NULL arguments; else see duck_fn_nulls */
    DUCK_FN_VOLATILE = 2, /* each call may give another result */
};
struct duck_function {
    const char *name;
    /* DuckDB type texts separated by commas, such as "BIGINT, VARCHAR[]"; a last "T..." is any
     * number of T. Known: BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT FLOAT DOUBLE VARCHAR BLOB
     * DATE TIME TIMESTAMP TIMESTAMPTZ INTERVAL UUID ANY DECIMAL(p,s), T[], MAP(K,V),
     * STRUCT(name T, ...). */
    const char *args;
    const char *returns; /* a type as above; ANY is not possible */
    duckdb_scalar_function_t call;
    unsigned flags;    /* enum duck_function_flags */
    const void *extra; /* constant, for duckdb_scalar_function_get_extra_info; may be NULL */
};
int duck_register_table(duckdb_connection con, const struct duck_function *table, size_t count,
                        struct err *e) WARN_UNUSED;
/* Reads one type text; the caller destroys the type. NULL when malformed (a programmer's error). */
duckdb_logical_type duck_type_from_text(const char *text) WARN_UNUSED;

/* Raises Trino's error: the query fails with `name`, the text without it. Return afterwards. */
void duck_raise(duckdb_function_info info, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* DuckDB calls a function for rows with NULL arguments as well. This makes the result NULL wherever
 * any argument is and returns the result's validity words, or NULL when no row is NULL. A function
 * skips row i when duck_fn_is_null(validity, i). */
uint64_t *duck_fn_nulls(duckdb_data_chunk in, duckdb_vector out);
static inline bool duck_fn_is_null(const uint64_t *validity, idx_t row) {
    return validity && !(validity[row / 64] >> (row % 64) & 1);
}
/* The bytes of a string or blob element. Valid as long as the vector. */
static inline struct bytes duck_string(const duckdb_string_t *s) {
    return s->value.inlined.length <= 12
               ? (struct bytes){s->value.inlined.inlined, s->value.inlined.length}
               : (struct bytes){s->value.pointer.ptr, s->value.pointer.length};
}

#endif
