/* functions.c - registers tables of C scalar functions.
 *
 * Types are written as text in the tables and read here by a small recursive parser, so that a
 * function's row looks like its SQL signature. Neighbouring rows of one name are collected into an
 * overload set, because DuckDB wants all overloads of a name in one registration. */
#include "duck/functions.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    duckdb_type type;
} simple_types[] = {
    {"BOOLEAN", DUCKDB_TYPE_BOOLEAN},
    {"TINYINT", DUCKDB_TYPE_TINYINT},
    {"SMALLINT", DUCKDB_TYPE_SMALLINT},
    {"INTEGER", DUCKDB_TYPE_INTEGER},
    {"BIGINT", DUCKDB_TYPE_BIGINT},
    {"HUGEINT", DUCKDB_TYPE_HUGEINT},
    {"FLOAT", DUCKDB_TYPE_FLOAT},
    {"DOUBLE", DUCKDB_TYPE_DOUBLE},
    {"VARCHAR", DUCKDB_TYPE_VARCHAR},
    {"BLOB", DUCKDB_TYPE_BLOB},
    {"DATE", DUCKDB_TYPE_DATE},
    {"TIME", DUCKDB_TYPE_TIME},
    {"TIMESTAMP", DUCKDB_TYPE_TIMESTAMP},
    {"TIMESTAMPTZ", DUCKDB_TYPE_TIMESTAMP_TZ},
    {"INTERVAL", DUCKDB_TYPE_INTERVAL},
    {"UUID", DUCKDB_TYPE_UUID},
    {"ANY", DUCKDB_TYPE_ANY},
};

#define MAX_STRUCT_FIELDS 16

/* A place in a type text. */
struct cursor {
    const char *at;
};
static void skip_blanks(struct cursor *c) {
    while (*c->at == ' ')
        c->at++;
}
static bool accept(struct cursor *c, char ch) {
    skip_blanks(c);
    if (*c->at != ch)
        return false;
    c->at++;
    return true;
}
static struct bytes read_word(struct cursor *c) {
    skip_blanks(c);
    const char *start = c->at;
    while (isalnum((unsigned char)*c->at) || *c->at == '_')
        c->at++;
    return bytes_of(start, (size_t)(c->at - start));
}
static duckdb_logical_type read_type(struct cursor *c);

static duckdb_logical_type read_decimal(struct cursor *c) {
    if (!accept(c, '('))
        return NULL;
    long width = strtol(c->at, (char **)&c->at, 10);
    long scale = accept(c, ',') ? strtol(c->at, (char **)&c->at, 10) : 0;
    return accept(c, ')') ? duckdb_create_decimal_type((uint8_t)width, (uint8_t)scale) : NULL;
}
static duckdb_logical_type read_map(struct cursor *c) {
    duckdb_logical_type key = NULL, value = NULL, map = NULL;
    if (accept(c, '('))
        key = read_type(c);
    if (key && accept(c, ','))
        value = read_type(c);
    if (value && accept(c, ')'))
        map = duckdb_create_map_type(key, value);
    duckdb_destroy_logical_type(&key);
    duckdb_destroy_logical_type(&value);
    return map;
}
static duckdb_logical_type read_struct(struct cursor *c) {
    duckdb_logical_type types[MAX_STRUCT_FIELDS] = {0}, made = NULL;
    char names[MAX_STRUCT_FIELDS][64];
    const char *name_ptrs[MAX_STRUCT_FIELDS];
    idx_t count = 0;
    bool more = accept(c, '(');
    while (more && count < MAX_STRUCT_FIELDS) {
        struct bytes name = read_word(c);
        snprintf(names[count], sizeof(names[count]), "%.*s", BYTES_ARG(name));
        name_ptrs[count] = names[count];
        types[count] = read_type(c);
        if (!types[count])
            break;
        count++;
        more = accept(c, ',');
    }
    if (count > 0 && !more && accept(c, ')'))
        made = duckdb_create_struct_type(types, name_ptrs, count);
    for (idx_t i = 0; i < count; i++)
        duckdb_destroy_logical_type(&types[i]);
    return made;
}
static duckdb_logical_type read_named(struct cursor *c) {
    struct bytes word = read_word(c);
    if (bytes_eq_str(word, "DECIMAL"))
        return read_decimal(c);
    if (bytes_eq_str(word, "MAP"))
        return read_map(c);
    if (bytes_eq_str(word, "STRUCT"))
        return read_struct(c);
    for (size_t i = 0; i < COUNT_OF(simple_types); i++)
        if (bytes_eq_str(word, simple_types[i].name))
            return duckdb_create_logical_type(simple_types[i].type);
    return NULL;
}
static duckdb_logical_type read_type(struct cursor *c) {
    duckdb_logical_type t = read_named(c);
    while (t && accept(c, '[')) {
        duckdb_logical_type child = t;
        t = accept(c, ']') ? duckdb_create_list_type(child) : NULL;
        duckdb_destroy_logical_type(&child);
    }
    return t;
}
duckdb_logical_type duck_type_from_text(const char *text) {
    struct cursor c = {text};
    duckdb_logical_type t = read_type(&c);
    skip_blanks(&c);
    if (t && *c.at)
        duckdb_destroy_logical_type(&t);
    return t;
}

static bool add_arguments(duckdb_scalar_function f, const char *args) {
    struct cursor c = {args ? args : ""};
    skip_blanks(&c);
    while (*c.at) {
        duckdb_logical_type t = read_type(&c);
        if (!t)
            return false;
        if (accept(&c, '.')) {
            c.at += strspn(c.at, ".");
            duckdb_scalar_function_set_varargs(f, t);
        } else {
            duckdb_scalar_function_add_parameter(f, t);
        }
        duckdb_destroy_logical_type(&t);
        if (!accept(&c, ',')) {
            skip_blanks(&c);
            return *c.at == 0;
        }
    }
    return true;
}
static duckdb_scalar_function make_function(const struct duck_function *row) {
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_logical_type returns = duck_type_from_text(row->returns);
    bool ok = returns && add_arguments(f, row->args);
    assert(ok && "a function table has a malformed type");
    if (ok) {
        duckdb_scalar_function_set_name(f, row->name);
        duckdb_scalar_function_set_return_type(f, returns);
        duckdb_scalar_function_set_function(f, row->call);
        if (row->flags & DUCK_FN_NULLS)
            duckdb_scalar_function_set_special_handling(f);
        if (row->flags & DUCK_FN_VOLATILE)
            duckdb_scalar_function_set_volatile(f);
        if (row->extra)
            duckdb_scalar_function_set_extra_info(f, (void *)row->extra, NULL);
    }
    duckdb_destroy_logical_type(&returns);
    return f;
}
/* Rows [first, last) share a name. */
static int register_overloads(duckdb_connection con, const struct duck_function *first,
                              const struct duck_function *last, struct err *e) {
    duckdb_scalar_function_set set = duckdb_create_scalar_function_set(first->name);
    bool ok = true;
    for (const struct duck_function *row = first; row < last; row++) {
        duckdb_scalar_function f = make_function(row);
        ok &= duckdb_add_scalar_function_to_set(set, f) == DuckDBSuccess;
        duckdb_destroy_scalar_function(&f);
    }
    ok = ok && duckdb_register_scalar_function_set(con, set) == DuckDBSuccess;
    duckdb_destroy_scalar_function_set(&set);
    return ok ? 0 : err_set(e, ERR_INTERNAL, "DuckDB refuses the function %s.", first->name);
}
int duck_register_table(duckdb_connection con, const struct duck_function *table, size_t count,
                        struct err *e) {
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && strcmp(table[end].name, table[i].name) == 0)
            end++;
        int rc = register_overloads(con, &table[i], &table[end], e);
        if (rc)
            return rc;
        i = end;
    }
    return 0;
}

void duck_raise(duckdb_function_info info, const char *name, const char *fmt, ...) {
    char text[900];
    int len = snprintf(text, sizeof(text), "%s: ", name);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, ap);
    va_end(ap);
    duckdb_scalar_function_set_error(info, text);
}

uint64_t *duck_fn_nulls(duckdb_data_chunk in, duckdb_vector out) {
    idx_t columns = duckdb_data_chunk_get_column_count(in);
    size_t words = (duckdb_data_chunk_get_size(in) + 63) / 64;
    uint64_t *result = NULL;
    for (idx_t c = 0; c < columns; c++) {
        const uint64_t *v = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(in, c));
        if (!v)
            continue;
        if (!result) {
            duckdb_vector_ensure_validity_writable(out);
            result = duckdb_vector_get_validity(out);
        }
        for (size_t w = 0; w < words; w++)
            result[w] &= v[w];
    }
    return result;
}
