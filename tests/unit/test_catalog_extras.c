/* What hangs on databases, tables and partitions: it goes with them, survives a restart, keeps its
 * limits, and is whole or not there when memory is short. */
#include "base/log.h"
#include "base/mem.h"
#include "catalog/functions.h"
#include "catalog/indexes.h"
#include "catalog/stats.h"
#include "catalog/tags.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

struct fixture {
    char dir[64], path[96];
    struct clock_manual clock;
    struct catalog *c;
    struct arena a;
    struct err e;
    int64_t table;
};

static int64_t make_table(struct fixture *f) {
    struct catalog_table t;
    assert_int_equal(catalog_table_create(f->c, BYTES("d"), BYTES("t"), BYTES("{}"), &f->e), 0);
    assert_int_equal(catalog_table_get(f->c, &f->a, BYTES("d"), BYTES("t"), &t, &f->e), 0);
    return t.id;
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    strcpy(f->dir, "/tmp/tarn-extras-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/catalog.db", f->dir);
    clock_manual_init(&f->clock, 1000);
    arena_init(&f->a, 0);
    *state = f;
    if (catalog_open(f->path, &f->clock.base, &f->c, &f->e) ||
        catalog_database_create(f->c, BYTES("d"), BYTES("{}"), &f->e))
        return -1;
    f->table = make_table(f);
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

static void reopen(struct fixture *f) {
    catalog_close(&f->c);
    assert_int_equal(catalog_open(f->path, &f->clock.base, &f->c, &f->e), 0);
}

/* ---- statistics ---- */
static size_t count_stats(struct fixture *f, int64_t table, int64_t partition) {
    struct catalog_column_stats *v;
    size_t n = 0;
    assert_int_equal(catalog_stats_list(f->c, &f->a, (struct catalog_stats_owner){table, partition},
                                        &v, &n, &f->e),
                     0);
    return n;
}

static int put_stats(struct fixture *f, int64_t partition) {
    const struct catalog_column_stats two[] = {{BYTES("b"), BYTES("{\"n\":1}")},
                                               {BYTES("a"), BYTES("{\"n\":2}")}};
    return catalog_stats_put(f->c, (struct catalog_stats_owner){f->table, partition}, two, 2,
                             &f->e);
}

static void statistics_go_with_their_owner(void **state) {
    struct fixture *f = *state;
    struct bytes value = BYTES("v");
    struct catalog_partition p;
    struct catalog_stats_owner of_table = {f->table, 0};
    assert_int_equal(catalog_partition_create(f->c, f->table, &value, 1, BYTES("{}"), &f->e), 0);
    assert_int_equal(catalog_partition_get(f->c, &f->a, f->table, &value, 1, &p, &f->e), 0);
    assert_int_equal(put_stats(f, 0), 0);
    assert_int_equal(put_stats(f, p.id), 0);
    assert_int_equal(put_stats(f, p.id), 0); /* replaces */
    reopen(f);
    assert_int_equal(count_stats(f, f->table, 0), 2);
    assert_int_equal(count_stats(f, f->table, p.id), 2);
    assert_int_equal(catalog_stats_delete(f->c, of_table, BYTES("a"), &f->e), 0);
    assert_int_equal(catalog_stats_delete(f->c, of_table, BYTES("a"), &f->e), ERR_ENTITY_NOT_FOUND);
    assert_int_equal(count_stats(f, f->table, 0), 1);

    assert_int_equal(catalog_partition_delete(f->c, f->table, &value, 1, &f->e), 0);
    assert_int_equal(count_stats(f, f->table, p.id), 0);
    assert_int_equal(put_stats(f, p.id), ERR_ENTITY_NOT_FOUND);
    assert_int_equal(catalog_table_delete(f->c, BYTES("d"), BYTES("t"), &f->e), 0);
    assert_int_equal(count_stats(f, f->table, 0), 0);
    assert_int_equal(put_stats(f, 0), ERR_ENTITY_NOT_FOUND);
}

/* ---- indexes ---- */
static int make_index(struct fixture *f, const char *name, const char *keys) {
    struct catalog_index i = {bytes_str(name), bytes_str(keys)};
    return catalog_index_create(f->c, f->table, &i, &f->e);
}

static void indexes_keep_their_rules(void **state) {
    struct fixture *f = *state;
    struct catalog_index *v;
    size_t n;
    assert_int_equal(make_index(f, "b", "[\"x\"]"), 0);
    assert_int_equal(make_index(f, "b", "[\"y\"]"), ERR_ALREADY_EXISTS);
    assert_int_equal(make_index(f, "c", "[\"x\"]"), ERR_ALREADY_EXISTS);
    assert_int_equal(make_index(f, "a", "[\"y\"]"), 0);
    assert_int_equal(make_index(f, "c", "[\"z\"]"), 0);
    assert_int_equal(make_index(f, "d", "[\"w\"]"), ERR_LIMIT_EXCEEDED);
    assert_string_equal(f->e.name, "ResourceNumberLimitExceededException");
    assert_int_equal(catalog_index_list(f->c, &f->a, f->table, &v, &n, &f->e), 0);
    assert_int_equal(n, 3);
    assert_true(bytes_eq_str(v[0].name, "a") && bytes_eq_str(v[2].keys_json, "[\"z\"]"));
    assert_int_equal(catalog_index_delete(f->c, f->table, BYTES("none"), &f->e),
                     ERR_ENTITY_NOT_FOUND);
    assert_int_equal(catalog_database_delete(f->c, BYTES("d"), &f->e), 0);
    assert_int_equal(catalog_index_list(f->c, &f->a, f->table, &v, &n, &f->e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(make_index(f, "e", "[\"x\"]"), ERR_ENTITY_NOT_FOUND);
}

/* ---- functions ---- */
static void functions_list_over_databases(void **state) {
    struct fixture *f = *state;
    struct catalog_function_page page = {.max = 3};
    struct catalog_function *v;
    size_t n, total = 0;
    assert_int_equal(catalog_database_create(f->c, BYTES("e"), BYTES("{}"), &f->e), 0);
    for (int i = 0; i < 10; i++) {
        struct bytes name = arena_fmt(&f->a, "f%d", i);
        assert_int_equal(catalog_function_create(f->c, i % 2 ? BYTES("d") : BYTES("e"), name,
                                                 BYTES("{}"), &f->e),
                         0);
    }
    do {
        assert_int_equal(catalog_function_list(f->c, &f->a, &page, &v, &n, &f->e), 0);
        for (size_t i = 0; i < n; i++) {
            assert_true(bytes_eq_str(v[i].database, total + i < 5 ? "d" : "e"));
            assert_true(bytes_cmp(page.after_database, v[i].database) < 0 ||
                        bytes_cmp(page.after_name, v[i].name) < 0);
            page.after_database = v[i].database;
            page.after_name = v[i].name;
        }
        total += n;
    } while (n);
    assert_int_equal(total, 10);
    assert_int_equal(catalog_database_delete(f->c, BYTES("e"), &f->e), 0);
    page = (struct catalog_function_page){.max = 100};
    assert_int_equal(catalog_function_list(f->c, &f->a, &page, &v, &n, &f->e), 0);
    assert_int_equal(n, 5);
    page.database = BYTES("e");
    assert_int_equal(catalog_function_list(f->c, &f->a, &page, &v, &n, &f->e),
                     ERR_ENTITY_NOT_FOUND);
}

/* ---- tags ---- */
static size_t count_tags(struct fixture *f, const char *resource) {
    struct catalog_tag *v;
    size_t n = 0;
    assert_int_equal(catalog_tags_list(f->c, &f->a, bytes_str(resource), &v, &n, &f->e), 0);
    return n;
}

static void tags_have_a_limit(void **state) {
    struct fixture *f = *state;
    struct catalog_tag tags[CATALOG_TAGS_MAX + 1];
    struct bytes resource = BYTES("table/d/t");
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        tags[i] = (struct catalog_tag){arena_fmt(&f->a, "k%zu", i), BYTES("v")};
    assert_int_equal(catalog_tags_add(f->c, resource, tags, COUNT_OF(tags), &f->e),
                     ERR_LIMIT_EXCEEDED);
    assert_int_equal(count_tags(f, "table/d/t"), 0); /* all or none */
    assert_int_equal(catalog_tags_add(f->c, resource, tags, CATALOG_TAGS_MAX, &f->e), 0);
    assert_int_equal(catalog_tags_add(f->c, resource, tags, 5, &f->e), 0); /* no new keys */
    assert_int_equal(catalog_tags_add(f->c, BYTES("crawler/c"), tags, 2, &f->e), 0);
    assert_int_equal(catalog_tags_remove(f->c, resource, &tags[0].key, 1, &f->e), 0);
    assert_int_equal(count_tags(f, "table/d/t"), CATALOG_TAGS_MAX - 1);
    assert_int_equal(catalog_table_delete(f->c, BYTES("d"), BYTES("t"), &f->e), 0);
    assert_int_equal(count_tags(f, "table/d/t"), 0);
    assert_int_equal(count_tags(f, "crawler/c"), 2);
    assert_int_equal(catalog_tags_forget(f->c, BYTES("crawler/c"), &f->e), 0);
    assert_int_equal(count_tags(f, "crawler/c"), 0);
}

/* ---- memory ---- */
static void short_of_memory(void **state) {
    struct fixture *f = *state;
    int rc = ERR_NOMEM;
    for (int nth = 1; rc; nth++) {
        struct catalog_column_stats *v;
        struct arena a;
        size_t n = 0;
        arena_init(&a, 0);
        mem_test_fail_nth(nth);
        rc = put_stats(f, 0);
        if (!rc)
            rc = catalog_stats_list(f->c, &a, (struct catalog_stats_owner){f->table, 0}, &v, &n,
                                    &f->e);
        if (!rc)
            rc = make_index(f, "i", "[\"k\"]");
        if (!rc)
            rc = catalog_index_delete(f->c, f->table, BYTES("i"), &f->e);
        mem_test_fail_nth(0);
        assert_true(rc == 0 || rc == ERR_NOMEM);
        arena_clear(&a);
        assert_true(nth < 1000);
    }
    assert_int_equal(count_stats(f, f->table, 0), 2);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(statistics_go_with_their_owner), TEST(indexes_keep_their_rules),
        TEST(functions_list_over_databases), TEST(tags_have_a_limit), TEST(short_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
