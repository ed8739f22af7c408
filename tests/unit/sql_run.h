/* sql_run.h - for tests: Athena SQL through parse, analyze, emit and a real DuckDB, to text.
 *
 * run() gives the first row's columns joined by '|', NULL as "NULL", more rows joined by '\n'; an
 * error is "!NAME: text". The catalogue is a fixed fake: see tables[]. */
#ifndef TESTS_SQL_RUN_H
#define TESTS_SQL_RUN_H

#include "duck/functions.h"
#include "sql/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct sql_run {
    struct arena a;
    duckdb_database db;
    duckdb_connection con;
    struct buf sql, out;
};

struct fake_table {
    const char *name;    /* in database "db" */
    const char *columns; /* "name type, ..."; after ";" the partition columns */
    const char *rows;    /* DuckDB relation; NULL: an empty one */
};
extern const struct fake_table fake_tables[];
extern const size_t fake_table_count;

static const struct sql_table_info *fake_info(struct arena *a, const struct fake_table *f) {
    struct sql_table_info *t = ARENA_NEW(a, struct sql_table_info);
    struct sql_table_column *c = ARENA_NEW_N(a, struct sql_table_column, 64);
    bool partition = false;
    size_t n = 0;
    for (const char *at = f->columns; *at;) {
        const char *name = at, *type = strchr(at, ' '), *end = type;
        for (int depth = 0; *end && (depth || (*end != ',' && *end != ';')); end++)
            depth += strchr("(<", *end) ? 1 : strchr(")>", *end) ? -1 : 0;
        c[n].name = bytes_of(name, (size_t)(type - name));
        struct err e;
        assert_int_equal(
            type_parse(a, bytes_of(type + 1, (size_t)(end - type - 1)), &c[n].type, &e), 0);
        c[n++].is_partition = partition;
        partition |= *end == ';';
        at = end + (*end != 0);
        at += strspn(at, " ");
    }
    *t = (struct sql_table_info){.database = BYTES("db"),
                                 .name = bytes_str(f->name),
                                 .columns = c,
                                 .column_count = n,
                                 .opaque = (void *)f};
    return t;
}

static int fake_find(void *ctx, struct arena *a, struct bytes database, struct bytes table,
                     const struct sql_table_info **ret, struct err *e) {
    (void)ctx;
    if (!bytes_eq_str(database, "db"))
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "no database");
    for (size_t i = 0; i < fake_table_count; i++)
        if (bytes_eq_str(table, fake_tables[i].name)) {
            *ret = fake_info(a, &fake_tables[i]);
            return 0;
        }
    return err_set(e, ERR_ENTITY_NOT_FOUND, "no table");
}

/* 2024-03-15 13:07:08.123 UTC, a Friday */
#define FAKE_NOW_MS INT64_C(1710508028123)

static struct sql_env fake_env(void) {
    return (struct sql_env){
        .default_database = BYTES("db"), .now_ms = FAKE_NOW_MS, .find_table = fake_find};
}

static inline struct bytes fake_relation(struct arena *a, const struct sql_scan *s) {
    const struct fake_table *f = s->table->opaque;
    if (f->rows)
        return bytes_str(f->rows);
    struct buf b = {0};
    buf_add_str(&b, "(SELECT ");
    for (size_t i = 0; i < s->table->column_count; i++) {
        buf_add_str(&b, i ? ", CAST(NULL AS " : "CAST(NULL AS ");
        type_format_duckdb(s->table->columns[i].type, &b);
        buf_add_fmt(&b, ") AS \"%.*s\"", BYTES_ARG(s->table->columns[i].name));
    }
    buf_add_str(&b, " WHERE false)");
    struct bytes r = arena_copy(a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

/* Parse and analyze; the error is in *e. */
static int fake_plan(struct arena *a, const char *text, struct sql_plan **ret, struct err *e) {
    struct sql_statement *s;
    struct sql_env env = fake_env();
    int rc = sql_parse(a, bytes_str(text), &s, e);
    return rc ? rc : sql_analyze(a, s, &env, ret, e);
}

static inline int fake_emit(struct arena *a, const struct sql_plan *p, struct buf *out,
                            struct err *e) {
    size_t n;
    const struct sql_scan *scans = sql_plan_scans(p, &n);
    struct bytes *relations = ARENA_NEW_N(a, struct bytes, n + 1);
    for (size_t i = 0; i < n; i++)
        relations[i] = fake_relation(a, &scans[i]);
    return sql_emit(a, p, relations, out, e);
}

static void must_query(struct sql_run *r, const char *sql) {
    duckdb_result result;
    if (duckdb_query(r->con, sql, &result) != DuckDBSuccess)
        fail_msg("%s: %s", sql, duckdb_result_error(&result));
    duckdb_destroy_result(&result);
}

static int sql_run_open(void **state) {
    static struct sql_run r;
    struct err e;
    if (duck_lib_load(&e))
        fail_msg("%s", e.text);
    assert_int_equal(duckdb_open_ext(NULL, &r.db, NULL, NULL), DuckDBSuccess);
    assert_int_equal(duckdb_connect(r.db, &r.con), DuckDBSuccess);
    if (duck_register_functions(r.con, &e))
        fail_msg("%s", e.text);
    must_query(&r, "SET TimeZone = 'UTC'");
    must_query(&r, "SET threads = 1");
    *state = &r;
    return 0;
}

static int sql_run_close(void **state) {
    struct sql_run *r = *state;
    duckdb_disconnect(&r->con);
    duckdb_close(&r->db);
    arena_clear(&r->a);
    buf_clear(&r->sql);
    buf_clear(&r->out);
    return 0;
}

static void add_chunk(struct sql_run *r, duckdb_data_chunk chunk) {
    idx_t columns = duckdb_data_chunk_get_column_count(chunk);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
        buf_add_str(&r->out, r->out.len ? "\n" : "");
        for (idx_t c = 0; c < columns; c++) {
            duckdb_vector v = duckdb_data_chunk_get_vector(chunk, c);
            uint64_t *valid = duckdb_vector_get_validity(v);
            buf_add_str(&r->out, c ? "|" : "");
            if (valid && !duckdb_validity_row_is_valid(valid, i))
                buf_add_str(&r->out, "NULL");
            else
                buf_add(&r->out, duck_string((duckdb_string_t *)duckdb_vector_get_data(v) + i));
        }
    }
}

/* DuckDB's error without its class. */
static const char *engine_error(struct sql_run *r, duckdb_result *result) {
    const char *text = duckdb_result_error(result), *ours = "Invalid Input Error: ";
    buf_reset(&r->out);
    buf_add_fmt(&r->out, "!%s",
                strncmp(text, ours, strlen(ours)) == 0 ? text + strlen(ours) : text);
    return buf_cstr(&r->out);
}

static inline const char *run(struct sql_run *r, const char *text) {
    struct sql_plan *p;
    struct err e = {0};
    size_t n;
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    buf_reset(&r->sql);
    buf_reset(&r->out);
    if (fake_plan(&r->a, text, &p, &e)) {
        buf_add_fmt(&r->out, "!%s: %s", e.name, e.text);
        return buf_cstr(&r->out);
    }
    sql_plan_columns(p, &n);
    buf_add_str(&r->sql, "SELECT ");
    for (size_t i = 0; i < n; i++)
        buf_add_fmt(&r->sql, "%sCAST(x.c%zu AS VARCHAR)", i ? ", " : "", i);
    buf_add_str(&r->sql, " FROM (");
    if (fake_emit(&r->a, p, &r->sql, &e)) {
        buf_add_fmt(&r->out, "!%s: %s", e.name, e.text);
        return buf_cstr(&r->out);
    }
    buf_add_str(&r->sql, ") AS x");
    duckdb_result result;
    if (duckdb_query(r->con, buf_cstr(&r->sql), &result) != DuckDBSuccess) {
        const char *t = engine_error(r, &result);
        duckdb_destroy_result(&result);
        return t;
    }
    for (duckdb_data_chunk chunk; (chunk = duckdb_fetch_chunk(result));
         duckdb_destroy_data_chunk(&chunk))
        add_chunk(r, chunk);
    duckdb_destroy_result(&result);
    return buf_cstr(&r->out);
}

struct sql_case {
    const char *sql, *want;
};
/* Runs every case and reports all that differ before failing. An expected text that ends in '*'
 * matches as a prefix. */
static inline void run_cases(struct sql_run *r, const struct sql_case *cases, size_t count,
                             bool expressions) {
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        char text[4096];
        snprintf(text, sizeof(text), expressions ? "SELECT %s" : "%s", cases[i].sql);
        const char *got = run(r, text), *want = cases[i].want;
        size_t n = strlen(want);
        bool ok = n && want[n - 1] == '*' ? strncmp(got, want, n - 1) == 0 : strcmp(got, want) == 0;
        if (ok)
            continue;
        bad++;
        print_message("%s\n  got  %s\n  want %s\n", cases[i].sql, got, want);
        if (getenv("SQL_SHOW"))
            print_message("  text %s\n", buf_cstr(&r->sql) ? buf_cstr(&r->sql) : "");
    }
    if (bad)
        fail_msg("%zu of %zu cases differ", bad, count);
}

#endif
