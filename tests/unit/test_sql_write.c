/* CREATE TABLE AS, INSERT and UNLOAD analyzed: columns, types, properties, coercions, errors, and
 * the text for the engine. Nothing is run. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"t", "id int, name varchar(3), price decimal(10,2), r float", NULL},
    {"p", "id bigint, s string; d date, k string", NULL},
    {"n", "a array<varchar(2)>, b array<string>, c char(2), i tinyint", NULL},
};
const size_t fake_table_count = COUNT_OF(fake_tables);

/* "column type, ..| keys | format compression level delimiter location buckets", or the error. */
static const char *described(struct arena *a, const char *text) {
    struct sql_plan *p;
    struct err e = {0};
    struct buf out = {0};
    if (fake_plan(a, text, &p, &e))
        return arena_cstr(a, arena_fmt(a, "!%s: %s", e.name, e.text));
    const struct sql_write *w = sql_plan_write(p);
    static const char *const formats[] = {"parquet", "json", "text"};
    assert_non_null(w);
    for (size_t i = 0; i < w->column_count; i++) {
        buf_add_fmt(&out, "%s%.*s ", i ? ", " : "", BYTES_ARG(w->columns[i].name));
        type_format(w->columns[i].type, &out);
    }
    buf_add_fmt(&out, " | %zu | %s %.*s %d %d %.*s %d", w->key_count, formats[w->format],
                BYTES_ARG(w->compression), w->compression_level, w->field_delimiter,
                BYTES_ARG(w->location), w->bucket_count);
    struct bytes r = arena_copy(a, buf_bytes(&out));
    buf_clear(&out);
    return arena_cstr(a, r);
}

static void check(const struct sql_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct arena a;
        arena_init(&a, 0);
        const char *got = described(&a, cases[i].sql), *want = cases[i].want;
        size_t len = strlen(want);
        bool prefix = len && want[len - 1] == '*';
        if (prefix ? strncmp(got, want, len - 1) != 0 : strcmp(got, want) != 0)
            fail_msg("%s\n got  %s\n want %s", cases[i].sql, got, want);
        arena_clear(&a);
    }
}

static void test_tables(void **state) {
    static const struct sql_case cases[] = {
        {"create table x as select 1 a, 'ab' b, '' c, cast(null as varchar) d",
         "a int, b varchar(2), c varchar(1), d string | 0 | parquet gzip 0 0  0"},
        {"create table x (q, w) as select real '1' a, decimal '1.5' b",
         "q float, w decimal(2,1) | 0 | parquet gzip 0 0  0"},
        {"create table x as select array[cast(row(1, 'a') as row(F bigint, g char(2)))] A",
         "a array<struct<f:bigint,g:char(2)>> | 0 | parquet gzip 0 0  0"},
        {"create table x with (format='textfile', field_delimiter=U&'\\0009', "
         "partitioned_by=array['B'],"
         "write_compression='none', external_location='s3://b/' || 'k/') as select 1 a, 2 b",
         "a int, b int | 1 | text uncompressed 0 9 s3://b/k/ 0"},
        {"create table x with (parquet_compression='ZSTD', compression_level=1 + 2) as select 1 a",
         "a int | 0 | parquet zstd 3 0  0"},
        {"create table x with (bucketed_by=array['a'], bucket_count=5) as select 1 a",
         "!NOT_SUPPORTED: line 1:22: Buckets *"},
        {"create table if not exists t as select 1", " | 0 | parquet  0 0  0"},
        {"unload (select 1 a) to 's3://b/k' with (format='JSON', compression='gzip')",
         "a int | 0 | json gzip 0 0 s3://b/k 0"},
        {"insert into p select 1, 'x', date '2020-01-01', 'k'",
         "id bigint, s string, d date, k string | 2 | parquet  0 0  0"},
    };
    check(cases, COUNT_OF(cases));
}

static void test_properties(void **state) {
    static const struct sql_case cases[] = {
        {"create table x with (a=1) as select 1 a",
         "!INVALID_TABLE_PROPERTY: line 1:22: Catalog 'awsdatacatalog' table property 'a' does not "
         "exist"},
        {"unload (select 1 a) to 's3://b/k' with (write_compression='gzip')",
         "!INVALID_TABLE_PROPERTY: line 1:41: Unload property 'write_compression' does not exist"},
        {"create table x with (format=1) as select 1 a",
         "!INVALID_TABLE_PROPERTY: line 1:22: Invalid value for catalog 'awsdatacatalog' table "
         "property 'format': Cannot convert [1] to varchar"},
        {"create table x with (format=nope) as select 1 a",
         "!INVALID_TABLE_PROPERTY: line 1:22: Invalid value for catalog 'awsdatacatalog' table "
         "property 'format': Cannot convert [nope] to varchar"},
        {"create table x with (partitioned_by='a') as select 1 a, 2 b",
         "!INVALID_TABLE_PROPERTY: line 1:22: Invalid value *"},
        {"create table x with (format=cast(null as varchar)) as select 1 a",
         "!INVALID_TABLE_PROPERTY: line 1:22: Invalid null value *"},
        {"create table x with (bucketed_by=array['a']) as select 1 a",
         "!INVALID_TABLE_PROPERTY: line 1:22: bucketed_by and bucket_count must be specified "
         "together"},
        {"create table x with (bucketed_by=array['z'], bucket_count=2) as select 1 a",
         "!INVALID_TABLE_PROPERTY: line 1:22: Bucketing columns [z] not present in schema"},
        {"create table x with (partitioned_by=array['a','z']) as select 1 a, 2 b",
         "!INVALID_TABLE_PROPERTY: line 1:22: Partition columns [z] not present in schema"},
        {"create table x with (partitioned_by=array['b','a']) as select 0 z, 1 a, 2 b",
         "!HIVE_COLUMN_ORDER_MISMATCH: line 1:22: Partition keys must be the last columns in the "
         "table and in the same order as the table properties: [b, a]"},
        {"create table x with (compression_level=3) as select 1 a", "!INVALID_TABLE_PROPERTY: *"},
        {"create table x with (field_delimiter=',') as select 1 a", "!INVALID_TABLE_PROPERTY: *"},
        {"create table x with (format='json', write_compression='snappy') as select 1 a",
         "!NOT_SUPPORTED: *"},
        {"create table x with (location='s3://b/k') as select 1 a", "!INVALID_TABLE_PROPERTY: *"},
        {"create table x with (format=split_part('a', 'b', random(3))) as select 1 a",
         "!NOT_SUPPORTED: *"},
        {"create table x with (is_external=false) as select 1 a", "!NOT_SUPPORTED: *"},
    };
    check(cases, COUNT_OF(cases));
}

static void test_coercion(void **state) {
    static const struct sql_case cases[] = {
        {"insert into t values (1e0, 'a', 1, decimal '2.5')", "id int, *"},
        {"insert into t (r, id) values (bigint '1', 2)", "id int, *"},
        {"insert into t (id) values (null)", "id int, *"},
        {"insert into t values (1, 2, 3, 4)",
         "!TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [integer, "
         "varchar(3), decimal(10,2), real], Query: [integer, integer, integer, integer]"},
        {"insert into t (id) values ('1')",
         "!TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [integer], "
         "Query: [varchar(1)]"},
        {"insert into n values (array['abc'], array['abc'], 'ab', 1)", "!TYPE_MISMATCH: *"},
        {"insert into n values (array['ab'], array['abc'], 'abcd', 1000)", "a array<*"},
        {"insert into p (d, k) values (timestamp '2020-01-01 00:00:00', 'x')", "id bigint, *"},
        {"insert into p (d) values ('2020-01-01')", "!TYPE_MISMATCH: *"},
        {"insert into nope select * from nope2", "!TABLE_NOT_FOUND: line 1:32: *"},
        {"insert into nope select 1", "!TABLE_NOT_FOUND: line 1:1: *"},
    };
    check(cases, COUNT_OF(cases));
}

static void emits(const char *text, const char *want) {
    struct arena a;
    struct sql_plan *p;
    struct err e = {0};
    struct buf out = {0};
    arena_init(&a, 0);
    if (fake_plan(&a, text, &p, &e) || fake_emit(&a, p, &out, &e))
        fail_msg("%s: %s", text, e.text);
    if (!bytes_eq_str(buf_bytes(&out), want))
        fail_msg("%s\n got  %.*s\n want %s", text, (int)out.len, out.ptr, want);
    buf_clear(&out);
    arena_clear(&a);
}

/* Outputs in the order of the columns, cast, and not made text. */
static void test_emission(void **state) {
    emits("create table x as select cast('a' as char(3)) c",
          "SELECT r1.c0 AS c0 FROM (SELECT rtrim(left(CAST('a' AS VARCHAR), 3), ' ') AS c0) AS r1");
    emits("insert into t (name, id) select 'abcd', bigint '7'",
          "SELECT CAST(r1.c1 AS INTEGER) AS c0, t_fit_text(r1.c0, CAST(CAST('3' AS INTEGER) AS "
          "BIGINT), CAST('varchar(4)' AS VARCHAR), CAST('varchar(3)' AS VARCHAR)) AS c1, CAST(NULL "
          "AS DECIMAL(10,2)) AS c2, CAST(NULL AS FLOAT) AS c3 FROM (SELECT CAST('abcd' AS VARCHAR) "
          "AS c0, CAST('7' AS BIGINT) AS c1) AS r1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_coercion),
        cmocka_unit_test(test_emission),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
