/* The catalogue: entities, documents, exactly-once commits, snapshots, concurrency, faults. */
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
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
};

static void reopen(struct fixture *f) {
    catalog_close(&f->c);
    assert_int_equal(catalog_open(f->path, &f->clock.base, &f->c, &f->e), 0);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/tarn-catalog-XXXXXX");
    if (!f || !mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/catalog.db", f->dir);
    clock_manual_init(&f->clock, 1000);
    arena_init(&f->a, 0);
    *state = f;
    return catalog_open(f->path, &f->clock.base, &f->c, &f->e);
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

static int64_t make_table(struct fixture *f, const char *name) {
    struct catalog_table t;
    int rc = catalog_database_create(f->c, BYTES("d"), BYTES("{}"), &f->e);
    assert_true(rc == 0 || rc == ERR_ALREADY_EXISTS);
    assert_int_equal(catalog_table_create(f->c, BYTES("d"), bytes_str(name), BYTES("{}"), &f->e),
                     0);
    assert_int_equal(catalog_table_get(f->c, &f->a, BYTES("d"), bytes_str(name), &t, &f->e), 0);
    return t.id;
}

static void databases_and_tables(void **state) {
    struct fixture *f = *state;
    struct catalog_database d, *ds;
    struct catalog_table t, *ts;
    size_t n;
    assert_int_equal(catalog_database_create(f->c, BYTES("b"), BYTES("{\"x\":1}"), &f->e), 0);
    assert_int_equal(catalog_database_create(f->c, BYTES("a"), BYTES("{}"), &f->e), 0);
    assert_int_equal(catalog_database_create(f->c, BYTES("a"), BYTES("{}"), &f->e),
                     ERR_ALREADY_EXISTS);
    assert_string_equal(f->e.text, "Database already exists.");
    assert_int_equal(catalog_database_list(f->c, &f->a, BYTES(""), 10, &ds, &n, &f->e), 0);
    assert_int_equal(n, 2);
    assert_true(bytes_eq_str(ds[0].name, "a") && bytes_eq_str(ds[1].json, "{\"x\":1}"));
    assert_int_equal(catalog_database_list(f->c, &f->a, BYTES("a"), 10, &ds, &n, &f->e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(catalog_database_get(f->c, &f->a, BYTES("zz"), &d, &f->e),
                     ERR_ENTITY_NOT_FOUND);
    assert_string_equal(f->e.text, "Database zz not found.");

    assert_int_equal(catalog_table_create(f->c, BYTES("zz"), BYTES("t"), BYTES("{}"), &f->e),
                     ERR_ENTITY_NOT_FOUND);
    assert_int_equal(catalog_table_create(f->c, BYTES("a"), BYTES("t"), BYTES("{}"), &f->e), 0);
    assert_int_equal(catalog_table_create(f->c, BYTES("a"), BYTES("t"), BYTES("{}"), &f->e),
                     ERR_ALREADY_EXISTS);
    f->clock.now_ms = 2000;
    assert_int_equal(
        catalog_table_update(f->c, BYTES("a"), BYTES("t"), BYTES("[1]"), 0, false, &f->e), 0);
    assert_int_equal(
        catalog_table_update(f->c, BYTES("a"), BYTES("t"), BYTES("[2]"), 0, false, &f->e),
        ERR_CONCURRENT_MODIFICATION);
    assert_int_equal(catalog_table_get(f->c, &f->a, BYTES("a"), BYTES("t"), &t, &f->e), 0);
    assert_int_equal(t.version_id, 1);
    assert_int_equal(t.create_ms, 1000);
    assert_int_equal(t.update_ms, 2000);
    assert_true(bytes_eq_str(t.json, "[1]"));
    assert_int_equal(catalog_table_get(f->c, &f->a, BYTES("a"), BYTES("u"), &t, &f->e),
                     ERR_ENTITY_NOT_FOUND);
    assert_string_equal(f->e.text, "Table u not found.");
    assert_int_equal(catalog_table_list(f->c, &f->a, BYTES("a"), BYTES(""), 10, &ts, &n, &f->e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(catalog_database_delete(f->c, BYTES("a"), &f->e), 0);
    assert_int_equal(catalog_table_get(f->c, &f->a, BYTES("a"), BYTES("t"), &t, &f->e),
                     ERR_ENTITY_NOT_FOUND);
    assert_string_equal(f->e.text, "Database a not found.");
}

static void partitions_keep_value_order(void **state) {
    struct fixture *f = *state;
    int64_t id = make_table(f, "t");
    struct bytes v[][2] = {{BYTES("b"), BYTES("1")},
                           {BYTES("a"), BYTES("2")},
                           {BYTES("a\0x"), BYTES("0")},
                           {BYTES("a"), BYTES("10")},
                           {BYTES(""), BYTES("")}};
    const char *json = "{\"StorageDescriptor\":{\"Location\":\"s3://b/\\u0070/\"}}";
    for (size_t i = 0; i < COUNT_OF(v); i++)
        assert_int_equal(catalog_partition_create(f->c, id, v[i], 2, bytes_str(json), &f->e), 0);
    assert_int_equal(catalog_partition_create(f->c, id, v[2], 2, bytes_str(json), &f->e),
                     ERR_ALREADY_EXISTS);
    struct catalog_partition *p, one;
    size_t n;
    assert_int_equal(
        catalog_partition_list(f->c, &f->a, id, NULL, BYTES(""), 0, &p, &n, NULL, &f->e), 0);
    assert_int_equal(n, 5);
    const size_t order[] = {4, 3, 1, 2, 0};
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < 2; j++)
            assert_true(bytes_eq(p[i].values[j], v[order[i]][j]));
    assert_true(bytes_eq_str(p[0].location, "s3://b/p/"));
    struct bytes next;
    assert_int_equal(
        catalog_partition_list(f->c, &f->a, id, NULL, BYTES(""), 3, &p, &n, &next, &f->e), 0);
    assert_int_equal(n, 3);
    assert_true(next.len > 0);
    assert_int_equal(catalog_partition_list(f->c, &f->a, id, NULL, next, 3, &p, &n, &next, &f->e),
                     0);
    assert_int_equal(n, 2);
    assert_int_equal(next.len, 0);
    assert_true(bytes_eq(p[0].values[0], v[2][0]) && bytes_eq(p[1].values[0], v[0][0]));
    assert_int_equal(catalog_partition_update(f->c, id, v[0], v[0], 2, BYTES("{}"), &f->e), 0);
    assert_int_equal(catalog_partition_get(f->c, &f->a, id, v[0], 2, &one, &f->e), 0);
    assert_int_equal(one.location.len, 0);
    struct bytes moved[] = {BYTES("c"), BYTES("1")};
    assert_int_equal(catalog_partition_update(f->c, id, v[0], v[1], 2, BYTES("{}"), &f->e),
                     ERR_ALREADY_EXISTS);
    assert_int_equal(catalog_partition_update(f->c, id, v[0], moved, 2, BYTES("{}"), &f->e), 0);
    assert_int_equal(catalog_partition_get(f->c, &f->a, id, v[0], 2, &one, &f->e),
                     ERR_ENTITY_NOT_FOUND);
    struct catalog_partition many[] = {{.values = v[1], .value_count = 2, .json = BYTES("{}")},
                                       {.values = v[0], .value_count = 2, .json = BYTES("{}")}};
    int rcs[2];
    assert_int_equal(catalog_partition_create_many(f->c, id, many, 2, rcs, &f->e), 0);
    assert_int_equal(rcs[0], ERR_ALREADY_EXISTS);
    assert_int_equal(rcs[1], 0);
    assert_int_equal(catalog_partition_delete(f->c, id, v[0], 2, &f->e), 0);
    assert_int_equal(catalog_partition_get(f->c, &f->a, id, v[0], 2, &one, &f->e),
                     ERR_ENTITY_NOT_FOUND);
    assert_int_equal(catalog_partition_create(f->c, 999, v[0], 2, BYTES("{}"), &f->e),
                     ERR_ENTITY_NOT_FOUND);
}

static void swaps_and_deletes_are_whole(void **state) {
    struct fixture *f = *state;
    int64_t id = make_table(f, "swapped");
    struct bytes a = BYTES("a"), b = BYTES("b"), c = BYTES("c");
    struct catalog_partition old[] = {{.values = &a, .value_count = 1, .json = BYTES("{}")},
                                      {.values = &b, .value_count = 1, .json = BYTES("{}")}};
    struct catalog_partition items[] = {
        {.values = &c, .value_count = 1, .json = BYTES("{\"n\":1}")},
        {.values = &b, .value_count = 1, .json = BYTES("{\"n\":2}")}};
    struct catalog_partition one;
    int rcs[2];
    assert_int_equal(catalog_partition_create_many(f->c, id, old, 2, rcs, &f->e), 0);
    old[1].json = BYTES("{ }"); /* changed since: neither moves */
    assert_int_equal(catalog_partition_swap_many(f->c, id, old, items, 2, &f->e),
                     ERR_CONCURRENT_MODIFICATION);
    assert_int_equal(catalog_partition_get(f->c, &f->a, id, &a, 1, &one, &f->e), 0);
    old[1].json = BYTES("{}");
    items[0].values = &b;
    assert_int_equal(catalog_partition_swap_many(f->c, id, old, items, 2, &f->e),
                     ERR_ALREADY_EXISTS);
    items[0].values = &c;
    assert_int_equal(catalog_partition_swap_many(f->c, id, old, items, 2, &f->e), 0);
    assert_int_equal(catalog_partition_get(f->c, &f->a, id, &c, 1, &one, &f->e), 0);
    assert_true(bytes_eq_str(one.json, "{\"n\":1}"));
    old[1].values = &c;
    assert_int_equal(catalog_partition_delete_many(f->c, id, old, 2, rcs, &f->e), 0);
    assert_int_equal(rcs[0], ERR_ENTITY_NOT_FOUND);
    assert_int_equal(rcs[1], 0);
    assert_int_equal(catalog_database_swap(f->c, BYTES("d"), BYTES("x"), BYTES("{}"), &f->e),
                     ERR_CONCURRENT_MODIFICATION);
}

static void documents(void **state) {
    struct fixture *f = *state;
    struct catalog_doc d, *ds;
    size_t n;
    for (int i = 0; i < 5; i++) {
        struct bytes key = arena_fmt(&f->a, "k%d", i);
        assert_int_equal(catalog_doc_create(f->c, "q", key, i / 2, BYTES("{}"), &f->e), 0);
    }
    assert_int_equal(catalog_doc_create(f->c, "q", BYTES("k0"), 9, BYTES("{}"), &f->e),
                     ERR_ALREADY_EXISTS);
    assert_int_equal(
        catalog_doc_list(f->c, &f->a, "q", true, INT64_MAX, BYTES(""), 3, &ds, &n, &f->e), 0);
    assert_int_equal(n, 3);
    assert_true(bytes_eq_str(ds[0].key, "k4") && bytes_eq_str(ds[1].key, "k2") &&
                bytes_eq_str(ds[2].key, "k3"));
    assert_int_equal(
        catalog_doc_list(f->c, &f->a, "q", true, ds[2].sort, ds[2].key, 9, &ds, &n, &f->e), 0);
    assert_int_equal(n, 2);
    assert_int_equal(catalog_doc_put(f->c, "q", BYTES("k1"), 0, BYTES("[]"), 0, &f->e), 0);
    assert_int_equal(catalog_doc_put(f->c, "q", BYTES("k1"), 0, BYTES("[]"), 0, &f->e),
                     ERR_CONCURRENT_MODIFICATION);
    assert_int_equal(catalog_doc_put(f->c, "q", BYTES("k1"), 0, BYTES("[3]"), -1, &f->e), 0);
    assert_int_equal(catalog_doc_get(f->c, &f->a, "q", BYTES("k1"), &d, &f->e), 0);
    assert_int_equal(d.version, 2);
    assert_int_equal(catalog_doc_delete(f->c, "q", BYTES("k1"), &f->e), 0);
    assert_int_equal(catalog_doc_get(f->c, &f->a, "q", BYTES("k1"), &d, &f->e),
                     ERR_RESOURCE_NOT_FOUND);
}

static int64_t begin_intent(struct fixture *f, uint64_t from, uint64_t to, const char *uri) {
    struct catalog_intent in = {.delivery = BYTES("del"),
                                .from_lsn = from,
                                .to_lsn = to,
                                .uri = bytes_str(uri),
                                .error_uri = BYTES("s3://b/err"),
                                .json = BYTES("{}")};
    int64_t id = 0;
    assert_int_equal(catalog_intent_begin(f->c, &in, &id, &f->e), 0);
    return id;
}

static void delivery_commits_once(void **state) {
    struct fixture *f = *state;
    int64_t table = make_table(f, "t");
    uint64_t at = 0;
    struct catalog_snapshot s;
    struct bytes value = BYTES("2020/01/23/20");
    assert_int_equal(catalog_feed_set(f->c, BYTES("del"), BYTES("d"), BYTES("t"), &f->e), 0);
    assert_int_equal(catalog_checkpoint_get(f->c, BYTES("del"), 7, &at, &f->e), 0);
    assert_int_equal(at, 7);
    int64_t id = begin_intent(f, 7, 20, "s3://b/f1");
    assert_int_equal(catalog_snapshot_read(f->c, &f->a, BYTES("d"), BYTES("t"), &s, &f->e), 0);
    assert_int_equal(s.file_count, 0);
    assert_int_equal(s.feed_count, 1);
    assert_int_equal(s.feeds[0].checkpoint, 7);
    assert_true(bytes_eq_str(s.feeds[0].pending_uris_json, "[\"s3://b/f1\"]"));

    struct catalog_file file = {.uri = BYTES("s3://b/f1"),
                                .rows = 12,
                                .size_bytes = 99,
                                .facts_json = BYTES("{}"),
                                .from_lsn = 7,
                                .to_lsn = 20};
    struct catalog_intent_commit m = {.intent_id = id,
                                      .table_id = table,
                                      .partition_values = &value,
                                      .partition_value_count = 1,
                                      .partition_json = BYTES("{}"),
                                      .files = &file,
                                      .file_count = 1};
    uint64_t version = catalog_version(f->c);
    assert_int_equal(catalog_intent_commit(f->c, &m, &f->e), 0);
    assert_int_equal(catalog_version(f->c), version + 1);
    assert_int_equal(catalog_intent_commit(f->c, &m, &f->e), ERR_RESOURCE_NOT_FOUND);
    reopen(f);
    assert_int_equal(catalog_version(f->c), version + 1);
    assert_int_equal(catalog_snapshot_read(f->c, &f->a, BYTES("d"), BYTES("t"), &s, &f->e), 0);
    assert_int_equal(s.file_count, 1);
    assert_int_equal(s.partition_count, 1);
    assert_int_equal(s.files[0].partition_id, s.partitions[0].id);
    assert_int_equal(s.files[0].file.rows, 12);
    assert_int_equal(s.feeds[0].checkpoint, 20);
    assert_true(bytes_eq_str(s.feeds[0].pending_uris_json, "[]"));

    /* The same partition again; then the partition goes and its files are ordinary ones. */
    file.uri = BYTES("s3://b/f2");
    m.intent_id = begin_intent(f, 20, 30, "s3://b/f2");
    assert_int_equal(catalog_intent_commit(f->c, &m, &f->e), 0);
    assert_int_equal(catalog_snapshot_read(f->c, &f->a, BYTES("d"), BYTES("t"), &s, &f->e), 0);
    assert_int_equal(s.partition_count, 1);
    assert_int_equal(s.file_count, 2);
    assert_int_equal(catalog_partition_delete(f->c, table, &value, 1, &f->e), 0);
    assert_int_equal(catalog_snapshot_read(f->c, &f->a, BYTES("d"), BYTES("t"), &s, &f->e), 0);
    assert_int_equal(s.file_count, 0);
    assert_int_equal(catalog_delivery_forget(f->c, BYTES("del"), &f->e), 0);
    assert_int_equal(catalog_snapshot_read(f->c, &f->a, BYTES("d"), BYTES("t"), &s, &f->e), 0);
    assert_int_equal(s.feed_count, 0);
}

static void commit_after_table_is_gone(void **state) {
    struct fixture *f = *state;
    int64_t table = make_table(f, "t");
    struct bytes value = BYTES("x");
    struct catalog_file file = {.uri = BYTES("s3://b/f"), .facts_json = BYTES("{}")}, got;
    struct catalog_intent_commit m = {.intent_id = begin_intent(f, 1, 5, "s3://b/f"),
                                      .table_id = table,
                                      .partition_values = &value,
                                      .partition_value_count = 1,
                                      .partition_json = BYTES("{}"),
                                      .files = &file,
                                      .file_count = 1};
    assert_int_equal(catalog_table_delete(f->c, BYTES("d"), BYTES("t"), &f->e), 0);
    assert_int_equal(catalog_intent_commit(f->c, &m, &f->e), 0);
    uint64_t at = 0;
    assert_int_equal(catalog_checkpoint_get(f->c, BYTES("del"), 1, &at, &f->e), 0);
    assert_int_equal(at, 5);
    assert_int_equal(catalog_file_get(f->c, &f->a, BYTES("s3://b/f"), &got, &f->e), 0);
    uint64_t version = catalog_version(f->c);
    assert_int_equal(catalog_file_forget(f->c, BYTES("s3://b/other"), &f->e), 0);
    assert_int_equal(catalog_version(f->c), version);
    assert_int_equal(catalog_file_forget(f->c, BYTES("s3://b/f"), &f->e), 0);
    assert_int_equal(catalog_file_get(f->c, &f->a, BYTES("s3://b/f"), &got, &f->e),
                     ERR_RESOURCE_NOT_FOUND);
}

/* A child writes and is killed: what it was told is committed is there. */
static void killed_writer(void **state) {
    struct fixture *f = *state;
    int fd[2];
    catalog_close(&f->c);
    assert_int_equal(pipe(fd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct catalog *c;
        struct err e;
        if (catalog_open(f->path, &f->clock.base, &c, &e))
            _exit(1);
        for (uint32_t i = 0;; i++) {
            char key[16];
            snprintf(key, sizeof key, "%08u", i);
            if (catalog_doc_create(c, "k", bytes_str(key), i, BYTES("{}"), &e) ||
                write(fd[1], &i, sizeof i) != sizeof i)
                _exit(1);
        }
    }
    uint32_t last = 0;
    while (last < 40)
        assert_int_equal(read(fd[0], &last, sizeof last), sizeof last);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd[1]);
    while (read(fd[0], &last, sizeof last) == sizeof last)
        ;
    close(fd[0]);
    assert_int_equal(catalog_open(f->path, &f->clock.base, &f->c, &f->e), 0);
    struct catalog_doc *ds;
    size_t n;
    assert_int_equal(
        catalog_doc_list(f->c, &f->a, "k", false, 0, BYTES(""), 100000, &ds, &n, &f->e), 0);
    assert_true(n >= last + 1 && n <= last + 2);
}

/* Deliveries commit while others read snapshots: file ranges and checkpoint always meet. */
struct racer {
    struct fixture *f;
    _Atomic bool stop;
    _Atomic int bad;
};
static void *read_snapshots(void *ctx) {
    struct racer *r = ctx;
    while (!r->stop) {
        struct arena a;
        struct catalog_snapshot s;
        struct err e;
        arena_init(&a, 0);
        if (catalog_snapshot_read(r->f->c, &a, BYTES("d"), BYTES("t"), &s, &e))
            r->bad++;
        else if (s.feeds[0].checkpoint != s.file_count + 1)
            r->bad++;
        arena_clear(&a);
    }
    return NULL;
}
static void *write_docs(void *ctx) {
    struct racer *r = ctx;
    struct err e;
    while (!r->stop)
        if (catalog_doc_put(r->f->c, "x", BYTES("y"), 0, BYTES("{}"), -1, &e))
            r->bad++;
    return NULL;
}
static void concurrent(void **state) {
    struct fixture *f = *state;
    struct racer r = {.f = f};
    pthread_t th[7];
    int64_t table = make_table(f, "t");
    uint64_t at = 0;
    assert_int_equal(catalog_feed_set(f->c, BYTES("del"), BYTES("d"), BYTES("t"), &f->e), 0);
    assert_int_equal(catalog_checkpoint_get(f->c, BYTES("del"), 1, &at, &f->e), 0);
    for (size_t i = 0; i < COUNT_OF(th); i++)
        pthread_create(&th[i], NULL, i < 5 ? read_snapshots : write_docs, &r);
    for (uint64_t i = 1; i <= 60; i++) {
        struct catalog_file file = {.uri = arena_fmt(&f->a, "s3://b/%03d", (int)i),
                                    .facts_json = BYTES("{}"),
                                    .from_lsn = i,
                                    .to_lsn = i + 1};
        struct bytes value = arena_fmt(&f->a, "%d", (int)i % 7);
        struct catalog_intent_commit m = {.intent_id = begin_intent(f, i, i + 1, "s3://b/p"),
                                          .table_id = table,
                                          .partition_values = &value,
                                          .partition_value_count = 1,
                                          .partition_json = BYTES("{}"),
                                          .files = &file,
                                          .file_count = 1};
        assert_int_equal(catalog_intent_commit(f->c, &m, &f->e), 0);
    }
    r.stop = true;
    for (size_t i = 0; i < COUNT_OF(th); i++)
        pthread_join(th[i], NULL);
    assert_int_equal(r.bad, 0);
}

/* Every allocation of a create-read sequence fails once: an error, no leak, no half state. */
static void short_of_memory(void **state) {
    struct fixture *f = *state;
    int64_t live = mem_test_live_blocks();
    bool failed = true;
    for (int nth = 1; failed; nth++) {
        struct arena a;
        struct catalog_table t;
        struct err e;
        arena_init(&a, 0);
        struct bytes name = arena_fmt(&f->a, "d%d", nth), v = BYTES("v");
        struct catalog_snapshot s;
        mem_test_fail_nth(nth);
        failed = catalog_database_create(f->c, name, BYTES("{}"), &e) ||
                 catalog_table_create(f->c, name, BYTES("t"), BYTES("{}"), &e) ||
                 catalog_table_get(f->c, &a, name, BYTES("t"), &t, &e) ||
                 catalog_partition_create(f->c, t.id, &v, 1, BYTES("{\"a\":[1,{}]}"), &e) ||
                 catalog_snapshot_read(f->c, &a, name, BYTES("t"), &s, &e);
        mem_test_fail_nth(0);
        if (failed)
            assert_int_equal(e.code, ERR_NOMEM);
        else
            assert_int_equal(s.partition_count, 1);
        arena_clear(&a);
        assert_true(nth < 1000);
    }
    struct bytes grown = arena_fmt(&f->a, " ");
    assert_int_equal(grown.len, 1);
    assert_true(mem_test_live_blocks() <= live + 1); /* the fixture's own arena may have grown */
}

int main(void) {
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(databases_and_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(partitions_keep_value_order, setup, teardown),
        cmocka_unit_test_setup_teardown(swaps_and_deletes_are_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(documents, setup, teardown),
        cmocka_unit_test_setup_teardown(delivery_commits_once, setup, teardown),
        cmocka_unit_test_setup_teardown(commit_after_table_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(concurrent, setup, teardown),
        cmocka_unit_test_setup_teardown(short_of_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
