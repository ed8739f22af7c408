/* Executions from start to result pages: states, failures, cancels, tokens, workgroups, DDL. */
#include "catalog/tags.h"
#include "query_fixture.h"

/* ---- tests ---- */
static const struct json *parsed(struct fixture *f, const char *text) {
    struct json *tree;
    assert_int_equal(json_parse(&f->a, bytes_str(text), &tree, &f->e), 0);
    return tree;
}

static void refuses_at_start(void **state) {
    struct fixture *f = *state;
    char id[37];
    struct query_start in = {.sql = BYTES("selekt 1")};
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    assert_true(strncmp(f->e.text, "line 1:1: mismatched input 'selekt'", 35) == 0);
    in.sql = BYTES("select 1");
    in.workgroup = BYTES("nope");
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "WorkGroup does not exist");
    in.workgroup = BYTES("");
    in.results = parsed(f, "{\"OutputLocation\":\"s3://not-there/x\"}");
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "Unable to verify/create output bucket not-there");
    in.results = parsed(f, "{\"OutputLocation\":\"/tmp\"}");
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    struct bytes json;
    assert_int_equal(query_describe(f->q, &f->a, BYTES("nope"), &json, &f->e), ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "QueryExecution nope was not found");
}

static void select_and_pages(void **state) {
    struct fixture *f = *state;
    char id[37];
    pool.csv = "\"_col0\",\"b\"\n\"1\",\"a \"\"q\"\", "
               "b\"\n\"2\",\n\"3\",\"\"\n,\"two\nlines\"\n\"5\",\"end\"\n";
    const struct json *qe = run(f, "select 1", id);
    assert_state(qe, "SUCCEEDED", NULL);
    assert_true(bytes_eq_str(json_get_str(qe, "StatementType"), "DML"));
    assert_int_equal(json_get_i64(json_get(qe, "Statistics"), "EngineExecutionTimeInMillis", 0), 5);
    const struct json *p = page(f, id, 3, BYTES(""));
    assert_true(bytes_eq_str(cell(p, 0, 0), "_col0"));
    assert_true(bytes_eq_str(cell(p, 1, 1), "a \"q\", b"));
    assert_true(bytes_eq_str(cell(p, 2, 0), "2") && cell(p, 2, 1).ptr == NULL);
    const struct json *columns =
        json_get(json_get(json_get(p, "ResultSet"), "ResultSetMetadata"), "ColumnInfo");
    assert_int_equal(columns->count, 2);
    assert_true(bytes_eq_str(json_get_str(json_at(columns, 0), "Type"), "bigint"));
    struct bytes token = json_get_str(p, "NextToken");
    assert_true(token.len > 0);
    p = page(f, id, 1000, token);
    assert_true(cell(p, 0, 1).ptr && cell(p, 0, 1).len == 0);
    assert_true(cell(p, 1, 0).ptr == NULL && bytes_eq_str(cell(p, 1, 1), "two\nlines"));
    assert_true(bytes_eq_str(cell(p, 2, 1), "end"));
    assert_null(json_get(p, "NextToken"));
    struct buf out = {0};
    assert_int_equal(query_results(f->q, &f->a, bytes_str(id), 10,
                                   BYTES("0000000000000003ffffffff"), &out, &f->e),
                     ERR_INVALID_REQUEST);
    buf_clear(&out);
}

/* Pages of a file larger than a read: every row once, in order. */
static void many_pages(void **state) {
    struct fixture *f = *state;
    char id[37];
    struct buf csv = {0};
    buf_add_str(&csv, "\"_col0\",\"b\"\n");
    for (int i = 0; i < 20000; i++)
        buf_add_fmt(&csv, "\"%d\",\"%0*d\"\n", i, 1 + i % 97, 7);
    pool.csv = buf_cstr(&csv);
    run(f, "select 1", id);
    struct bytes token = BYTES("");
    int seen = -1; /* the header */
    do {
        const struct json *p = page(f, id, 777, token);
        JSON_FOR_EACH(row, json_get(json_get(p, "ResultSet"), "Rows")) {
            int64_t n = -1;
            struct bytes v = json_get_str(json_at(json_get(row, "Data"), 0), "VarCharValue");
            if (seen >= 0) {
                assert_true(bytes_to_i64(v, &n));
                assert_int_equal(n, seen);
            }
            seen++;
        }
        token = json_get_str(p, "NextToken");
    } while (token.len);
    assert_int_equal(seen, 20000);
    buf_clear(&csv);
}

static void ddl(void **state) {
    struct fixture *f = *state;
    char id[37];
    assert_state(run(f, "create database d comment 'x'", id), "SUCCEEDED", NULL);
    assert_state(
        run(f, "create database d", id), "FAILED",
        "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
        "AlreadyExistsException(message:Database d already exists)");
    assert_state(run(f, "create database if not exists d", id), "SUCCEEDED", NULL);
    const char *create = "create external table d.T (id bigint comment 'key', s struct<a:int>) "
                         "partitioned by (dt string) stored as parquet location 's3://lake/t/'";
    assert_state(run(f, create, id), "SUCCEEDED", NULL);
    assert_state(run(f, create, id), "FAILED",
                 "AlreadyExistsException(message:Table t already exists)");
    assert_state(run(f, "create external table nope.t (a int) location 's3://lake/t/'", id),
                 "FAILED", "Database does not exist: nope");
    assert_state(run(f, "create external table u (a int) location 's3://lake/u/'", id), "SUCCEEDED",
                 NULL);
    assert_state(run(f, "show tables in d", id), "SUCCEEDED", NULL);
    const struct json *p = page(f, id, 10, BYTES(""));
    assert_true(bytes_eq_str(cell(p, 0, 0), "t"));
    assert_state(run(f, "show columns in d.t", id), "SUCCEEDED", NULL);
    assert_true(bytes_eq_str(cell(page(f, id, 10, BYTES("")), 2, 0), "dt                  "));
    assert_state(run(f, "describe d.t", id), "SUCCEEDED", NULL);
    p = page(f, id, 10, BYTES(""));
    assert_true(bytes_eq_str(cell(p, 0, 0),
                             "id                  \tbigint              \tkey                 "));
    assert_true(bytes_eq_str(cell(p, 4, 0), "# Partition Information\t \t "));
    struct catalog_table t;
    struct bytes v[] = {BYTES("2020-01-01")};
    assert_int_equal(catalog_table_get(f->catalog, &f->a, BYTES("d"), BYTES("t"), &t, &f->e), 0);
    assert_int_equal(catalog_partition_create(f->catalog, t.id, v, 1, BYTES("{}"), &f->e), 0);
    run(f, "show partitions d.t", id);
    assert_true(bytes_eq_str(cell(page(f, id, 10, BYTES("")), 0, 0), "dt=2020-01-01"));
    assert_state(run(f, "drop database d", id), "FAILED",
                 "Database d is not empty. One or more tables exist.");
    assert_state(run(f, "drop table d.t", id), "SUCCEEDED", NULL);
    assert_state(run(f, "drop table d.t", id), "FAILED", "Table not found d.t");
    assert_state(run(f, "drop table if exists d.t", id), "SUCCEEDED", NULL);
    assert_state(run(f, "drop database d cascade", id), "SUCCEEDED", NULL);
}

static void worker_deaths(void **state) {
    struct fixture *f = *state;
    char id[37];
    pool.act = ACT_DIE_ONCE;
    assert_state(run(f, "select 1", id), "SUCCEEDED", NULL);
    assert_int_equal(pool.submitted, 2);
    pool.act = ACT_DIE;
    assert_state(run(f, "select 1", id), "FAILED", "GENERIC_INTERNAL_ERROR: The worker process");
    assert_int_equal(pool.submitted, 4);
    pool.act = ACT_ERROR;
    assert_state(run(f, "select 1", id), "FAILED", "DIVISION_BY_ZERO: Division by zero");
    struct buf out = {0};
    assert_int_equal(query_results(f->q, &f->a, bytes_str(id), 10, BYTES(""), &out, &f->e),
                     ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "Query did not finish successfully. Final query state: FAILED");
    buf_clear(&out);
}

static void cancel_and_wait(void **state) {
    struct fixture *f = *state;
    char id[37];
    _Atomic bool done = false;
    pool.act = ACT_HANG;
    start(f, "select 1", id);
    while (!pool.submitted)
        usleep(500);
    assert_int_equal(query_wait(f->q, bytes_str(id), 30, signal_done, (void *)&done, &f->e), 0);
    while (!done)
        usleep(500);
    assert_state(describe(f, id), "RUNNING", NULL);
    struct buf out = {0};
    assert_int_equal(query_results(f->q, &f->a, bytes_str(id), 10, BYTES(""), &out, &f->e),
                     ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "Query has not yet finished. Current state: RUNNING");
    buf_clear(&out);
    assert_int_equal(query_stop(f->q, bytes_str(id), &f->e), 0);
    assert_state(finish(f, id), "CANCELLED", NULL);
    assert_int_equal(query_stop(f->q, bytes_str(id), &f->e), 0);
    assert_int_equal(query_stop(f->q, BYTES("nope"), &f->e), ERR_INVALID_REQUEST);
}

static void tokens_and_lists(void **state) {
    struct fixture *f = *state;
    char id[37], again[37];
    struct query_start in = {.sql = BYTES("select 1"),
                             .client_token = BYTES("0123456789abcdef0123456789abcdef")};
    assert_int_equal(query_start(f->q, &in, id, &f->e), 0);
    assert_int_equal(query_start(f->q, &in, again, &f->e), 0);
    assert_string_equal(id, again);
    in.sql = BYTES("select 2");
    assert_int_equal(query_start(f->q, &in, again, &f->e), ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "Idempotent parameters do not match");
    finish(f, id);
    char last[37];
    for (int i = 0; i < 6; i++) {
        run(f, "select 1", last);
        usleep(1500);
    }
    struct bytes *ids, next = BYTES("");
    size_t n, total = 0;
    struct bytes first = BYTES("");
    do {
        assert_int_equal(query_list(f->q, &f->a, BYTES(""), 3, next, &ids, &n, &next, &f->e), 0);
        if (!first.len)
            first = ids[0];
        total += n;
    } while (next.len);
    assert_int_equal(total, 7);
    assert_true(bytes_eq_str(first, last));
}

static void restart_fails_what_ran(void **state) {
    struct fixture *f = *state;
    struct bytes doc = BYTES("{\"QueryExecution\":{\"QueryExecutionId\":\"x\",\"Query\":\"select "
                             "1\",\"Status\":{\"State\":\"RUNNING\"},\"WorkGroup\":\"primary\"},"
                             "\"Columns\":[]}");
    assert_int_equal(catalog_doc_create(f->catalog, QUERY_KIND, BYTES("x"),
                                        clock_wall_ms(clock_system()), doc, &f->e),
                     0);
    query_close(&f->q);
    open_query(f);
    assert_state(describe(f, "x"), "FAILED", "The server was stopped while the query ran");
}

static void old_executions_are_purged(void **state) {
    struct fixture *f = *state;
    int64_t now = clock_wall_ms(clock_system()), day = 86400000;
    struct bytes doc = BYTES("{\"QueryExecution\":{\"Status\":{\"State\":\"SUCCEEDED\"}}}");
    struct catalog_doc d;
    char key[16];
    for (int i = 0; i < 230; i++) {
        snprintf(key, sizeof key, "old%d", i);
        assert_int_equal(catalog_doc_create(f->catalog, QUERY_KIND, bytes_str(key),
                                            now - 45 * day - 1000 - i, doc, &f->e),
                         0);
    }
    assert_int_equal(
        catalog_doc_create(f->catalog, QUERY_KIND, BYTES("young"), now - 44 * day, doc, &f->e), 0);
    assert_in_range(history_purge(f->q), 0, 230); /* the service's own thread may have been there */
    query_close(&f->q);                           /* and is through now */
    open_query(f);
    assert_int_equal(history_purge(f->q), 0);
    for (int i = 0; i < 230; i++) {
        snprintf(key, sizeof key, "old%d", i);
        assert_int_equal(catalog_doc_get(f->catalog, &f->a, QUERY_KIND, bytes_str(key), &d, &f->e),
                         ERR_RESOURCE_NOT_FOUND);
    }
    assert_int_equal(catalog_doc_get(f->catalog, &f->a, QUERY_KIND, BYTES("young"), &d, &f->e), 0);
}

static void limits_come_from_tags(void **state) {
    struct fixture *f = *state;
    struct catalog_tag tags[] = {{BYTES("tarn.memory_mb"), BYTES("99")},
                                 {BYTES("tarn.priority"), BYTES("HIGH")},
                                 {BYTES("tarn.queue"), BYTES("nonsense")},
                                 {BYTES("owner"), BYTES("me")}};
    struct limits l;
    assert_int_equal(catalog_tags_add(f->catalog, BYTES("athena:workgroup/wg"), tags, 4, &f->e), 0);
    assert_int_equal(limits_load(f->q, &f->a, BYTES("wg"), &l, &f->e), 0);
    assert_int_equal(l.memory_mb, 99);
    assert_int_equal(l.priority, PRIORITY_HIGH);
    assert_int_equal(l.queue, 1000);
    assert_int_equal(l.threads, 1);
    assert_int_equal(limits_load(f->q, &f->a, BYTES("primary"), &l, &f->e), 0);
    assert_int_equal(l.priority, PRIORITY_NORMAL);
    assert_int_equal(query_limit_check(BYTES("tarn.threads"), BYTES("0"), &f->e),
                     ERR_INVALID_REQUEST);
    assert_int_equal(query_limit_check(BYTES("tarn.threads"), BYTES("4"), &f->e), 0);
    assert_int_equal(query_limit_check(BYTES("tarn.nothing"), BYTES("4"), &f->e),
                     ERR_INVALID_REQUEST);
    assert_int_equal(query_limit_check(BYTES("owner"), BYTES("anything"), &f->e), 0);
}

/* With one slot: what waits is served by turns between users, and can be stopped at once. */
static void queues_are_fair(void **state) {
    struct fixture *f = *state;
    char ids[6][37], other[37], first[37];
    struct query_start in = {.sql = BYTES("select 1"), .user = BYTES("many")};
    pool.slots = 1;
    pool.act = ACT_HANG;
    assert_int_equal(query_start(f->q, &in, first, &f->e), 0);
    while (!pool.submitted)
        usleep(1000);
    for (int i = 0; i < 6; i++)
        assert_int_equal(query_start(f->q, &in, ids[i], &f->e), 0);
    in.user = BYTES("single");
    assert_int_equal(query_start(f->q, &in, other, &f->e), 0);
    assert_state(describe(f, ids[0]), "QUEUED", NULL);
    assert_int_equal(query_stop(f->q, bytes_str(ids[5]), &f->e), 0);
    assert_state(describe(f, ids[5]), "CANCELLED", NULL);
    pool.act = ACT_OK;
    assert_int_equal(query_stop(f->q, bytes_str(first), &f->e), 0);
    const struct json *last = finish(f, ids[4]), *single = finish(f, other);
    finish(f, ids[3]);
    assert_state(last, "SUCCEEDED", NULL);
    int64_t queued_last = json_get_i64(json_get(last, "Statistics"), "QueryQueueTimeInMillis", -1);
    int64_t queued_single =
        json_get_i64(json_get(single, "Statistics"), "QueryQueueTimeInMillis", -1);
    assert_true(queued_single <= queued_last);
    assert_state(finish(f, first), "CANCELLED", NULL);
    pool.slots = 0;
}

static void metadata_holds_the_columns(void **state) {
    struct fixture *f = *state;
    struct buf out = {0};
    struct bytes columns = BYTES("[{\"CatalogName\":\"hive\",\"SchemaName\":\"\",\"TableName\":"
                                 "\"\",\"Name\":\"a\",\"Label\":\"a\",\"Type\":\"varchar\","
                                 "\"Precision\":300,\"Scale\":0,\"CaseSensitive\":true}]");
    static const char expected[] = "\x0a\x02id"
                                   "\x22\x22\x0a\x04hive\x12\x00\x1a\x00\x22\x01"
                                   "a\x2a\x01"
                                   "a\x32\x07varchar\x38\xac\x02\x40\x00\x48\x03\x50\x01";
    assert_int_equal(metadata_format(&f->a, BYTES("id"), columns, &out, &f->e), 0);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.ptr, expected, out.len);
    buf_clear(&out);
}

static void workgroups(void **state) {
    struct fixture *f = *state;
    struct json *request;
    struct bytes json, *list;
    size_t n;
    char id[37];
    assert_int_equal(store_bucket_create(f->store, BYTES("other"), &f->e), 0);
    assert_int_equal(json_parse(&f->a,
                                BYTES("{\"Name\":\"wg\",\"Configuration\":{\"ResultConfiguration\":"
                                      "{\"OutputLocation\":\"s3://other/p\"}}}"),
                                &request, &f->e),
                     0);
    assert_int_equal(query_workgroup_create(f->q, request, &f->e), 0);
    assert_int_equal(query_workgroup_create(f->q, request, &f->e), ERR_INVALID_REQUEST);
    struct query_start in = {.sql = BYTES("select 1"),
                             .workgroup = BYTES("wg"),
                             .results = parsed(f, "{\"OutputLocation\":\"s3://ignored/\"}")};
    assert_int_equal(query_start(f->q, &in, id, &f->e), 0);
    const struct json *qe = finish(f, id);
    assert_true(
        bytes_starts_with(json_get_str(json_get(qe, "ResultConfiguration"), "OutputLocation"),
                          BYTES("s3://other/p/")));
    assert_int_equal(
        json_parse(&f->a,
                   BYTES("{\"WorkGroup\":\"wg\",\"Description\":\"new\",\"State\":\"DISABLED\"}"),
                   &request, &f->e),
        0);
    assert_int_equal(query_workgroup_update(f->q, request, &f->e), 0);
    assert_int_equal(query_workgroup_get(f->q, &f->a, BYTES("wg"), &json, &f->e), 0);
    assert_true(bytes_find(json, BYTES("\"Description\":\"new\"")) > 0);
    assert_true(bytes_find(json, BYTES("s3://other/p")) > 0);
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    assert_int_equal(query_workgroup_list(f->q, &f->a, BYTES(""), 10, &list, &n, &f->e), 0);
    assert_int_equal(n, 2);
    assert_int_equal(query_workgroup_delete(f->q, BYTES("primary"), false, &f->e),
                     ERR_INVALID_REQUEST);
    assert_int_equal(query_workgroup_delete(f->q, BYTES("wg"), true, &f->e), 0);
}

/* Starts, stops and looks from many threads. */
static void *hammer(void *ctx) {
    struct fixture *f = ctx;
    struct err e;
    for (int i = 0; i < 12; i++) {
        struct query_start in = {.sql = i % 3 ? BYTES("select 1") : BYTES("show databases")};
        char id[37];
        struct arena a;
        struct bytes json;
        arena_init(&a, 0);
        _Atomic bool done = false;
        if (query_start(f->q, &in, id, &e) || query_describe(f->q, &a, bytes_str(id), &json, &e) ||
            (i % 4 == 0 && query_stop(f->q, bytes_str(id), &e)) ||
            query_wait(f->q, bytes_str(id), 20000, signal_done, (void *)&done, &e))
            fail_msg("%s", e.text);
        while (!done)
            usleep(300);
        arena_clear(&a);
    }
    return NULL;
}
static void many_threads(void **state) {
    pthread_t th[6];
    for (size_t i = 0; i < COUNT_OF(th); i++)
        pthread_create(&th[i], NULL, hammer, *state);
    for (size_t i = 0; i < COUNT_OF(th); i++)
        pthread_join(th[i], NULL);
}

int main(void) {
    log_set_level(LOG_ERROR);
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {T(refuses_at_start),
                                       T(select_and_pages),
                                       T(many_pages),
                                       T(ddl),
                                       T(worker_deaths),
                                       T(cancel_and_wait),
                                       T(tokens_and_lists),
                                       T(restart_fails_what_ran),
                                       T(old_executions_are_purged),
                                       T(limits_come_from_tags),
                                       T(queues_are_fair),
                                       T(metadata_holds_the_columns),
                                       T(workgroups),
                                       T(many_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
