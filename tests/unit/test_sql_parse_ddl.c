/* test_sql_parse_ddl.c - what DDL leaves in struct sql_ddl. */
#include "sql/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state) {
    arena_init(&arena, 0);
    return 0;
}
static int tear_down(void **state) {
    arena_clear(&arena);
    return 0;
}

static const struct sql_ddl *parse(const char *text) {
    struct sql_statement *s = NULL;
    struct err e = {0};
    if (sql_parse(&arena, bytes_str(text), &s, &e) != 0)
        fail_msg("%s: %s", text, e.text);
    return sql_statement_ddl(s);
}

static void assert_bytes(struct bytes got, const char *want) {
    if (!bytes_eq_str(got, want))
        fail_msg("got '%.*s', want '%s'", BYTES_ARG(got), want);
}

static const char *property(const struct sql_property *list, size_t count, const char *key) {
    for (size_t i = 0; i < count; i++)
        if (bytes_eq_str(list[i].key, key))
            return arena_cstr(&arena, list[i].value);
    return NULL;
}

static void test_create_table(void **state) {
    const struct sql_ddl *d =
        parse("CREATE EXTERNAL TABLE IF NOT EXISTS Web.Hits (\n"
              "  `User Id` BIGINT COMMENT 'who',\n"
              "  Tags ARRAY<STRING>, s struct<a:INT,b:map<string,double>>)\n"
              "COMMENT 'hits'\n"
              "PARTITIONED BY (dt STRING)\n"
              "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' NULL DEFINED AS '-'\n"
              "STORED AS TEXTFILE\n"
              "LOCATION 's3://bucket/hits/'\n"
              "TBLPROPERTIES ('skip.header.line.count'='1');");
    assert_bytes(d->name.database, "web");
    assert_bytes(d->name.table, "hits");
    assert_true(d->if_not_exists && d->external);
    assert_int_equal(d->column_count, 3);
    assert_bytes(d->columns[0].name, "user id");
    assert_bytes(d->columns[0].type_text, "bigint");
    assert_bytes(d->columns[0].comment, "who");
    assert_bytes(d->columns[1].type_text, "array<string>");
    assert_bytes(d->columns[2].type_text, "struct<a:int,b:map<string,double>>");
    assert_int_equal(d->partition_column_count, 1);
    assert_bytes(d->comment, "hits");
    assert_bytes(d->location, "s3://bucket/hits/");
    assert_bytes(d->serde_class, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe");
    assert_string_equal(property(d->serde_properties, d->serde_property_count, "field.delim"),
                        "\t");
    assert_string_equal(
        property(d->serde_properties, d->serde_property_count, "serialization.null.format"), "-");
    assert_string_equal(
        property(d->table_properties, d->table_property_count, "skip.header.line.count"), "1");
}

/* STORED AS does not replace the SerDe that ROW FORMAT names, wherever it stands. */
static void test_serde_wins(void **state) {
    static const char *const texts[] = {"CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'x.Y' "
                                        "STORED AS PARQUET LOCATION 's3://b'",
                                        "CREATE EXTERNAL TABLE t (a int) STORED AS PARQUET ROW "
                                        "FORMAT SERDE 'x.Y' LOCATION 's3://b'"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const struct sql_ddl *d = parse(texts[i]);
        assert_bytes(d->serde_class, "x.Y");
        assert_bytes(d->input_format,
                     "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat");
    }
}

static void test_strings(void **state) {
    const struct sql_ddl *d = parse("CREATE DATABASE d COMMENT \"it's \\\"\\u0041\\\\d\\%\\001\" "
                                    "LOCATION 's3://b/''c'");
    assert_bytes(d->comment, "it's \"A\\d\\%\001");
    assert_bytes(d->location, "s3://b/c"); /* adjacent strings are one */
}

static void test_names(void **state) {
    const struct sql_ddl *d = parse("DROP TABLE IF EXISTS `Db.T`");
    assert_true(d->if_exists);
    assert_bytes(d->name.database, "db");
    assert_bytes(d->name.table, "t");
    d = parse("DROP TABLE t");
    assert_int_equal(d->name.database.len, 0);
    d = parse("SHOW COLUMNS FROM T IN D");
    assert_bytes(d->name.database, "d");
    assert_bytes(d->name.table, "t");
    d = parse("SHOW TABLES IN D LIKE 'a|b*'");
    assert_bytes(d->name.database, "d");
    assert_bytes(d->like_pattern, "a|b*");
    d = parse("DESCRIBE FORMATTED d.t");
    assert_true(d->formatted && !d->extended);
    d = parse("drop schema x cascade");
    assert_true(d->cascade);
    assert_bytes(d->name.database, "x");
}

static void test_alter(void **state) {
    const struct sql_ddl *d =
        parse("ALTER TABLE D.t PARTITION (Dt='1') RENAME TO PARTITION (dt='2')");
    assert_int_equal(d->partition_count, 2);
    assert_bytes(d->partitions[0].values[0].key, "dt");
    assert_bytes(d->partitions[1].values[0].value, "2");
    d = parse("ALTER TABLE t CHANGE COLUMN A b INTEGER AFTER C");
    assert_bytes(d->column, "a");
    assert_bytes(d->columns[0].type_text, "int");
    assert_bytes(d->after, "c");
    assert_null(d->columns[0].comment.ptr);
    d = parse("ALTER TABLE d.t RENAME TO u");
    assert_bytes(d->name.database, "d");
    assert_bytes(d->new_name.table, "u");
    assert_int_equal(d->new_name.database.len, 0);
    d = parse("ALTER TABLE t\n DROP COLUMN c");
    assert_int_equal(d->line, 2);
    assert_int_equal(d->position, 6);
    d = parse("SHOW TBLPROPERTIES t");
    assert_null(d->property.ptr);
    d = parse("DESCRIBE t a.B.'$ELEM$'");
    assert_int_equal(d->path_count, 3);
    assert_bytes(d->path[1], "b");
    assert_bytes(d->path[2], "$elem$");
}

static void test_error_place(void **state) {
    struct err e = {0};
    struct sql_statement *s = NULL;
    int rc = sql_parse(&arena, BYTES("CREATE EXTERNAL TABLE t (\n  a foo)"), &s, &e);
    assert_int_equal(rc, ERR_SQL);
    assert_string_equal(e.name, "SYNTAX_ERROR");
    assert_int_equal(e.line, 2);
    assert_int_equal(e.column, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_serde_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_strings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_error_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
