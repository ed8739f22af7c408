/* sql_random.h - for tests: two small tables with rows, engine text over some of their rows, random
 * choices. Include once. SQL_SEED and SQL_ROUNDS in the environment try others and more. */
#ifndef TESTS_SQL_RANDOM_H
#define TESTS_SQL_RANDOM_H

#include "catalog/value.h"
#include "sql/predicate_int.h"
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"p",
     "id int, x double, name string; s string, w varchar(5), i int, b bigint, d date, e "
     "decimal(6,2), ok boolean, ts timestamp, f double",
     NULL},
    {"q", "k int, note string; s string, i bigint, d date", NULL},
};
const size_t fake_table_count = COUNT_OF(fake_tables);

/* ---- rows: values as text, "~" for NULL ---- */
#define ROWS 14
#define COLUMNS 12
static const char *const p_rows[ROWS][COLUMNS] = {
    {"1", "1.5", "ann", "2024-01-02", "ab", "7", "10", "2024-01-02", "1.50", "true",
     "2024-01-02 03:04:05", "1.5"},
    {"2", "nan", "bob", "2024-02-29", "x_y", "-3", "4000000000", "2024-02-29", "-0.05", "false",
     "2024-02-29 23:59:59.999", "-2"},
    {"3", "-1", "~", "a%b", "", "12", "-1", "1999-12-31", "0", "true", "1999-12-31 00:00:00", "0"},
    {"4", "~", "dan", "", "zz", "2147483647", "9223372036854775807", "0001-01-01", "9999.99",
     "false", "2023-07-15 12:30:00.5", "1e10"},
    {"5", "0", "eve", "~", "~", "~", "~", "~", "~", "~", "~", "~"},
    {"6", "2", "Ann", "12", "07", "07", "007", "2024-12-31", "12", "TRUE", "2024-12-31 10:00:00",
     "12.25"},
    {"7", "3", "b", "2023-12-31 10:11:12", "abcde", "31", "31", "2023-12-31", "3.14", "false",
     "2023-12-31 10:11:12.123456", "0.1"},
    {"8", "1e300", "", "20240315", "ABC", "-2147483648", "-9223372036854775808", "2024-03-15",
     "-9999.99", "true", "1969-12-31 23:59:59.5", "-0.5"},
    {"9", "5", "z", "12", "true", "1", "1", "2000-02-29", "1", "true", "2000-02-29 01:00:00", "1"},
    {"10", "6", "y", "-5", "\xC3\xA9", "7", "2", "2024-01-31", "0.01", "false",
     "2024-01-31 00:00:00", "2.5"},
    {"11", "7", "x", "h\xC3\xA9llo", " a ", "100", "100", "1970-01-01", "100", "true",
     "1970-01-01 00:00:00", "100"},
    {"12", "8", "w", "2024-01-02", "1e2", "5", "5", "9999-12-31", "5.5", "false",
     "9999-12-31 23:59:59", "5.5"},
    {"13", "9", "v", "2024/03/15", "a/b/c", "7", "12", "2024-01-02", "2.5", "true",
     "2024-03-01 06:07:08", "1e-3"},
    {"14", "10", "u", "  b ", "\\%", "9", "9", "1900-03-01", "-2.5", "false",
     "1900-03-01 06:07:08.25", "-7"},
};
static const char *const q_rows[ROWS][COLUMNS] = {
    {"1", "n1", "2024-01-02", "7", "2024-01-02"},   {"2", "~", "2024-02-29", "-3", "2024-02-29"},
    {"3", "n3", "a%b", "0", "1999-12-31"},          {"4", "n4", "~", "~", "~"},
    {"5", "ann", "12", "4000000000", "2024-12-31"}, {"6", "bob", "2024-03-15", "12", "2024-03-15"},
    {"7", "n7", "2024-01-02", "12", "2024-03-15"},  {"8", "n8", "", "31", "2023-12-31"},
};

struct rows {
    const char *const (*values)[COLUMNS];
    size_t count;
};
static struct rows rows_of(const struct sql_table_info *t) {
    bool p = bytes_eq_str(t->name, "p");
    return (struct rows){p ? p_rows : q_rows, p ? ROWS : 8};
}

/* The relation of the rows that are kept. */
static struct bytes relation(struct arena *a, const struct sql_table_info *t, const bool *kept) {
    struct rows r = rows_of(t);
    struct buf b = {0};
    bool any = false;
    buf_add_str(&b, "(SELECT ");
    for (size_t c = 0; c < t->column_count; c++) {
        buf_add_fmt(&b, "%sCAST(v%zu AS ", c ? ", " : "", c);
        type_format_duckdb(t->columns[c].type, &b);
        buf_add_fmt(&b, ") AS \"%.*s\"", BYTES_ARG(t->columns[c].name));
    }
    buf_add_str(&b, " FROM (VALUES ");
    for (size_t i = 0; i <= r.count; i++) {
        if (i < r.count && !kept[i])
            continue;
        buf_add_str(&b, any ? ", (" : "(");
        any = true;
        for (size_t c = 0; c < t->column_count; c++) {
            const char *v = i < r.count ? r.values[i][c] : "~";
            buf_add_str(&b, c ? ", " : "");
            if (strcmp(v, "~") == 0)
                buf_add_str(&b, "CAST(NULL AS VARCHAR)");
            else
                buf_add(&b, bound_quote(a, bytes_str(v)));
        }
        buf_add_fmt(&b, ", %d)", i < r.count);
    }
    buf_add_str(&b, ") AS v(");
    for (size_t c = 0; c < t->column_count; c++)
        buf_add_fmt(&b, "v%zu, ", c);
    buf_add_str(&b, "here) WHERE here = 1)");
    struct bytes text = arena_copy(a, buf_bytes(&b));
    buf_clear(&b);
    return text;
}

static void texts_of(const struct sql_table_info *t, size_t row, struct bytes *ret) {
    struct rows r = rows_of(t);
    for (size_t c = 0; c < t->column_count; c++) {
        const char *v = r.values[row][c];
        ret[c] = strcmp(v, "~") == 0 ? BYTES(CATALOG_NULL_PARTITION) : bytes_str(v);
    }
}

/* ---- running engine text ---- */
static bool run_text(struct sql_run *r, const struct sql_plan *p, const struct bytes *relations) {
    size_t n;
    struct err e = {0};
    sql_plan_columns(p, &n);
    buf_reset(&r->sql);
    buf_reset(&r->out);
    buf_add_str(&r->sql, "SELECT ");
    for (size_t i = 0; i < n; i++)
        buf_add_fmt(&r->sql, "%sCAST(x.c%zu AS VARCHAR)", i ? ", " : "", i);
    buf_add_str(&r->sql, " FROM (");
    if (sql_emit(&r->a, p, relations, &r->sql, &e))
        return false;
    buf_add_str(&r->sql, ") AS x");
    duckdb_result result;
    bool ok = duckdb_query(r->con, buf_cstr(&r->sql), &result) == DuckDBSuccess;
    if (getenv("SQL_SHOW") && !ok)
        print_message("  %s\n", duckdb_result_error(&result));
    for (duckdb_data_chunk chunk; ok && (chunk = duckdb_fetch_chunk(result));
         duckdb_destroy_data_chunk(&chunk))
        add_chunk(r, chunk);
    duckdb_destroy_result(&result);
    return ok;
}

/* ---- random texts ---- */
static uint64_t seed;
static uint32_t pick(uint32_t n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}
#define ONE_OF(...)                                                                                \
    (((const char *const[]){                                                                       \
        __VA_ARGS__})[pick(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))])

#define FORM(list) list[pick(COUNT_OF(list))]

static size_t bad;
static void start_random(uint64_t usual) {
    const char *own = getenv("SQL_SEED");
    seed = own ? strtoull(own, NULL, 10) * 2 + 1 : usual;
    bad = 0;
}
static int rounds(int usual) {
    return getenv("SQL_ROUNDS") ? atoi(getenv("SQL_ROUNDS")) : usual;
}

static void complain(const char *text, size_t row, const char *why, struct bytes mine,
                     struct bytes theirs) {
    if (bad++ < 30)
        print_message("row %zu %s: %s\n  here   %.*s\n  engine %.*s\n", row, why, text,
                      BYTES_ARG(mine), BYTES_ARG(theirs));
}

#endif
