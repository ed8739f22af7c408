/* Partitions whose common part is stored once: every byte comes back, and it is stored once. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define FILLER "\"InputFormat\":\"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat\","

struct fixture {
    char dir[64], path[96];
    struct clock_manual clock;
    struct catalog *c;
    int64_t table;
    struct arena a;
    struct err e;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/tarn-shape-XXXXXX");
    if (!f || !mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/catalog.db", f->dir);
    clock_manual_init(&f->clock, 1000);
    arena_init(&f->a, 0);
    *state = f;
    struct catalog_table t;
    if (catalog_open(f->path, &f->clock.base, &f->c, &f->e) ||
        catalog_database_create(f->c, BYTES("d"), BYTES("{}"), &f->e) ||
        catalog_table_create(f->c, BYTES("d"), BYTES("t"), BYTES("{}"), &f->e) ||
        catalog_table_get(f->c, &f->a, BYTES("d"), BYTES("t"), &t, &f->e))
        return -1;
    f->table = t.id;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char cmd[96];
    catalog_close(&f->c);
    arena_clear(&f->a);
    snprintf(cmd, sizeof cmd, "rm -rf %s", f->dir);
    int rc = system(cmd);
    free(f);
    return rc;
}

/* One number, as another program sees the file. */
static int64_t ask(const struct fixture *f, const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static struct bytes read_json(struct fixture *f, struct bytes value) {
    struct catalog_partition p;
    assert_int_equal(catalog_partition_get(f->c, &f->a, f->table, &value, 1, &p, &f->e), 0);
    return p.json;
}

static void add(struct fixture *f, struct bytes value, struct bytes json) {
    assert_int_equal(catalog_partition_create(f->c, f->table, &value, 1, json, &f->e), 0);
}

static struct bytes usual(struct fixture *f, int i) {
    return arena_fmt(&f->a,
                     "{\"Values\":[\"v%d\"],\"StorageDescriptor\":{" FILLER
                     "\"Location\":\"s3://b/t/v%d/\"},\"Parameters\":{\"rows\":\"%d\"}}",
                     i, i, i);
}

static void every_byte_comes_back(void **state) {
    struct fixture *f = *state;
    static const char *const odd[] = {
        "{\"StorageDescriptor\":{" FILLER "\"Location\":\"s3://b/\\u0070/\"},\"Values\":[\"o0\"]}",
        "{ \"Parameters\" : {\"a\": \"b\"}, \"StorageDescriptor\":{\"Location\":\"\"," FILLER
        "\"x\":1}}",
        "{\"Values\":[ \"o2\" ],\"StorageDescriptor\":{" FILLER "\"Location\":\"a\\\"b\\\\\"}}",
        "{\"Values\":[\"other\"],\"StorageDescriptor\":{" FILLER "\"Location\":null}}",
        "{\"Parameters\":[\"long enough that it would be shared if it were an object, but it "
        "is a list\"],\"StorageDescriptor\":{\"Location\":\"l\"}}",
        "{\"Parameters\":{\"p\":\"1\"},\"Parameters\":{},\"Values\":[],\"StorageDescriptor\":"
        "{" FILLER "\"Location\":\"l\",\"Location\":\"m\"}}",
        "{}",
        "not json, which older rows may be"};
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        struct bytes value = arena_fmt(&f->a, "o%zu", i);
        add(f, value, bytes_str(odd[i]));
        assert_true(bytes_eq_str(read_json(f, value), odd[i]));
    }
    struct catalog_partition *all;
    size_t n;
    assert_int_equal(
        catalog_partition_list(f->c, &f->a, f->table, NULL, BYTES(""), 0, &all, &n, NULL, &f->e),
        0);
    for (size_t i = 0; i < n; i++)
        assert_true(bytes_eq(all[i].json, read_json(f, all[i].values[0])));
}

static void common_parts_are_stored_once(void **state) {
    struct fixture *f = *state;
    struct catalog_partition items[50], *all;
    struct bytes values[50];
    int rcs[50];
    size_t n;
    for (int i = 0; i < 50; i++) {
        values[i] = arena_fmt(&f->a, "v%d", i);
        items[i] =
            (struct catalog_partition){.values = &values[i], .value_count = 1, .json = usual(f, i)};
    }
    assert_int_equal(catalog_partition_create_many(f->c, f->table, items, 50, rcs, &f->e), 0);
    assert_int_equal(ask(f, "SELECT count(*) FROM partition_shape"), 1);
    assert_int_equal(ask(f, "SELECT max(length(json)) FROM glue_partition"),
                     strlen("{\"rows\":\"49\"}"));
    assert_int_equal(
        catalog_partition_list(f->c, &f->a, f->table, NULL, BYTES(""), 0, &all, &n, NULL, &f->e),
        0);
    assert_int_equal(n, 50);
    for (size_t i = 0; i < n; i++)
        assert_true(bytes_eq(all[i].json, usual(f, atoi(all[i].values[0].ptr + 1))));
    assert_true(bytes_eq_str(all[0].location, "s3://b/t/v0/"));
    assert_int_equal(catalog_table_delete(f->c, BYTES("d"), BYTES("t"), &f->e), 0);
    assert_int_equal(ask(f, "SELECT count(*) FROM partition_shape"), 0);
}

static void changes_keep_to_it(void **state) {
    struct fixture *f = *state;
    struct bytes from = BYTES("v1"), to = BYTES("v2");
    struct catalog_partition old = {.values = &from, .value_count = 1, .json = usual(f, 1)};
    struct catalog_partition new = {.values = &to, .value_count = 1, .json = usual(f, 2)};
    add(f, from, old.json);
    assert_int_equal(
        catalog_partition_update(f->c, f->table, &from, &from, 1, BYTES("{\"a\":1}"), &f->e), 0);
    assert_true(bytes_eq_str(read_json(f, from), "{\"a\":1}"));
    assert_int_equal(catalog_partition_swap_many(f->c, f->table, &old, &new, 1, &f->e),
                     ERR_CONCURRENT_MODIFICATION);
    assert_int_equal(catalog_partition_update(f->c, f->table, &from, &from, 1, old.json, &f->e), 0);
    assert_int_equal(catalog_partition_swap_many(f->c, f->table, &old, &new, 1, &f->e), 0);
    assert_true(bytes_eq(read_json(f, to), new.json));
}

/* Past the limit of templates objects are kept whole. */
static void each_its_own(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        struct bytes value = arena_fmt(&f->a, "w%d", i);
        add(f, value,
            arena_fmt(&f->a, "{\"StorageDescriptor\":{" FILLER "\"NumberOfBuckets\":%d}}", i));
    }
    assert_int_equal(ask(f, "SELECT count(*) FROM partition_shape"), 64);
    assert_int_equal(ask(f, "SELECT count(*) FROM glue_partition WHERE shape_id=0"), 36);
    for (int i = 0; i < 100; i++)
        assert_true(bytes_eq(
            read_json(f, arena_fmt(&f->a, "w%d", i)),
            arena_fmt(&f->a, "{\"StorageDescriptor\":{" FILLER "\"NumberOfBuckets\":%d}}", i)));
}

static void short_of_memory(void **state) {
    struct fixture *f = *state;
    struct bytes value = BYTES("v7"), json = usual(f, 7);
    int rc = ERR_NOMEM;
    for (int nth = 1; rc; nth++) {
        struct catalog_partition p;
        struct arena a;
        arena_init(&a, 0);
        mem_test_fail_nth(nth);
        rc = catalog_partition_create(f->c, f->table, &value, 1, json, &f->e);
        if (rc == ERR_ALREADY_EXISTS)
            rc = 0;
        if (!rc)
            rc = catalog_partition_get(f->c, &a, f->table, &value, 1, &p, &f->e);
        mem_test_fail_nth(0);
        assert_true(rc == 0 || rc == ERR_NOMEM);
        if (!rc)
            assert_true(bytes_eq(p.json, json));
        arena_clear(&a);
        assert_true(nth < 1000);
    }
    assert_true(bytes_eq(read_json(f, value), json));
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(every_byte_comes_back),
                                       TEST(common_parts_are_stored_once), TEST(changes_keep_to_it),
                                       TEST(each_its_own), TEST(short_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
