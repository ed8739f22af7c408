/* Executions, planning and results, with a worker pool and an analyzer that the test scripts: the
 * pool's tasks run in threads of the test, the analyzer hands the planner one scan of table "t". */
#include "base/log.h"
#include "base/mem.h"
#include "query/query_int.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

/* ---- a scripted analyzer ---- */
struct sql_plan {
    struct sql_scan scan;
    size_t scan_count;
    struct sql_out_column columns[2];
};
static struct {
    bool used[8];
    struct sql_constraint constraints[4];
    size_t constraint_count;
    bool reads_table;
} script;

int sql_analyze(struct arena *a, struct sql_statement *s, const struct sql_env *env,
                struct sql_plan **ret, struct err *e) {
    struct sql_plan *p = ARENA_NEW(a, struct sql_plan);
    const struct sql_table_info *t;
    if (!p)
        return err_set(e, ERR_NOMEM, NULL);
    p->columns[0] = (struct sql_out_column){.name = BYTES("_col0"),
                                            .type = BYTES("bigint"),
                                            .full_type = BYTES("bigint"),
                                            .precision = 19};
    p->columns[1] = (struct sql_out_column){
        .name = BYTES("b"), .type = BYTES("varchar"), .full_type = BYTES("varchar")};
    if (script.reads_table) {
        int rc = env->find_table(env->ctx, a, BYTES("d"), BYTES("t"), &t, e);
        if (rc)
            return rc;
        p->scan = (struct sql_scan){.table = t,
                                    .column_used = script.used,
                                    .constraints = script.constraints,
                                    .constraint_count = script.constraint_count};
        p->scan_count = 1;
    }
    *ret = p;
    return 0;
}
const struct sql_scan *sql_plan_scans(const struct sql_plan *p, size_t *n) {
    *n = p->scan_count;
    return &p->scan;
}
const struct sql_out_column *sql_plan_columns(const struct sql_plan *p, size_t *n) {
    *n = 2;
    return p->columns;
}
int sql_emit(struct arena *a, const struct sql_plan *p, const struct bytes *relations,
             struct buf *out, struct err *e) {
    for (size_t i = 0; i < p->scan_count; i++)
        buf_add(out, relations[i]);
    return 0;
}

/* ---- a scripted pool ---- */
enum act { ACT_OK, ACT_DIE, ACT_DIE_ONCE, ACT_ERROR, ACT_HANG };
static struct {
    _Atomic int act;
    _Atomic int submitted;
    _Atomic uint64_t cancelled;
    _Atomic int threads;
    const char *csv;
    char task[65536];
} pool;

struct job {
    struct work_task t;
    uint64_t id;
    char *json;
    size_t len;
};

static void finish_ok(struct job *j) {
    struct arena a;
    struct json *task, *ok;
    arena_init(&a, 0);
    if (json_parse(&a, bytes_of(j->json, j->len), &task, NULL) ||
        json_parse(&a, BYTES("{\"rows\":1,\"engine_us\":5000}"), &ok, NULL)) {
        struct work_result none = {.rc = err_set(&none.err, ERR_NOMEM, NULL)};
        j->t.done(j->t.ctx, &none);
        arena_clear(&a);
        return;
    }
    char path[256];
    snprintf(path, sizeof path, "%.*s", BYTES_ARG(json_get_str(task, "output")));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(pool.csv ? pool.csv : "\"_col0\",\"b\"\n", f);
    fclose(f);
    struct work_result r = {.ok = ok};
    j->t.done(j->t.ctx, &r);
    arena_clear(&a);
}

static void *run_job(void *ctx) {
    struct job *j = ctx;
    struct work_result r = {0};
    int act = pool.act;
    while (act == ACT_HANG && pool.cancelled != j->id)
        usleep(1000);
    if (act == ACT_DIE_ONCE)
        pool.act = ACT_OK;
    if (act == ACT_OK) {
        finish_ok(j);
    } else {
        r.worker_died = act == ACT_DIE || act == ACT_DIE_ONCE;
        r.rc = act == ACT_HANG ? err_set(&r.err, ERR_CANCELED, NULL)
               : act == ACT_ERROR
                   ? err_set_named(&r.err, ERR_SQL, "DIVISION_BY_ZERO", 0, "Division by zero")
                   : err_set(&r.err, ERR_INTERNAL, "killed by signal 9");
        j->t.done(j->t.ctx, &r);
    }
    mem_free(j->json);
    free(j);
    pool.threads--;
    return NULL;
}

int work_submit(struct work_pool *p, const struct work_task *t, uint64_t *ret_id, struct err *e) {
    struct job *j = calloc(1, sizeof *j);
    pthread_t th;
    j->t = *t;
    j->json = mem_strndup(t->json.ptr, t->json.len);
    if (!j->json) {
        free(j);
        return err_set(e, ERR_NOMEM, NULL);
    }
    j->len = t->json.len;
    j->id = (uint64_t)++pool.submitted;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    snprintf(pool.task, sizeof pool.task, "%.*s", BYTES_ARG(t->json));
    pthread_mutex_unlock(&lock);
    pool.threads++;
    *ret_id = j->id;
    pthread_create(&th, NULL, run_job, j);
    pthread_detach(th);
    return 0;
}
void work_cancel(struct work_pool *p, uint64_t id) {
    pool.cancelled = id;
}

/* ---- fixture ---- */
struct fixture {
    char dir[64];
    struct catalog *catalog;
    struct store *store;
    struct slog *slog;
    struct query_service *q;
    struct arena a;
    struct err e;
};

static void open_query(struct fixture *f) {
    struct query_deps d = {.clock = clock_system(),
                           .catalog = f->catalog,
                           .store = f->store,
                           .slog = f->slog,
                           .default_location = "s3://results/q/"};
    if (query_open(&d, &f->q, &f->e))
        fail_msg("%s", f->e.text);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    char path[128], root[128], tmp[128];
    strcpy(f->dir, "/tmp/tarn-query-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    arena_init(&f->a, 0);
    snprintf(path, sizeof path, "%s/catalog.db", f->dir);
    snprintf(root, sizeof root, "%s/objects", f->dir);
    snprintf(tmp, sizeof tmp, "%s/tmp", f->dir);
    struct store_options so = {
        .vfs = vfs_system(), .clock = clock_system(), .root_dir = root, .tmp_dir = tmp};
    char streams[128];
    snprintf(streams, sizeof streams, "%s/streams", f->dir);
    struct slog_options lo = {.vfs = vfs_system(), .clock = clock_system(), .dir = streams};
    memset(&script, 0, sizeof script);
    pool.act = ACT_OK;
    pool.submitted = 0;
    pool.cancelled = 0;
    pool.csv = NULL;
    if (catalog_open(path, clock_system(), &f->catalog, &f->e) ||
        store_open(&so, &f->store, &f->e) || slog_open(&lo, &f->slog, &f->e))
        fail_msg("%s", f->e.text);
    open_query(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char cmd[96];
    query_close(&f->q);
    while (pool.threads)
        usleep(1000);
    slog_close(&f->slog);
    store_close(&f->store);
    catalog_close(&f->catalog);
    arena_clear(&f->a);
    snprintf(cmd, sizeof cmd, "rm -rf %s", f->dir);
    int rc = system(cmd);
    free(f);
    return rc;
}

static void signal_done(void *ctx) {
    *(_Atomic bool *)ctx = true;
}

static void start(struct fixture *f, const char *sql, char id[37]) {
    struct query_start in = {.sql = bytes_str(sql)};
    if (query_start(f->q, &in, id, &f->e))
        fail_msg("%s: %s", sql, f->e.text);
}

static const struct json *describe(struct fixture *f, const char *id) {
    struct bytes text;
    struct json *j = NULL;
    assert_int_equal(query_describe(f->q, &f->a, bytes_str(id), &text, &f->e), 0);
    assert_int_equal(json_parse(&f->a, text, &j, &f->e), 0);
    return j;
}

static const struct json *finish(struct fixture *f, const char *id) {
    _Atomic bool done = false;
    assert_int_equal(query_wait(f->q, bytes_str(id), 20000, signal_done, (void *)&done, &f->e), 0);
    while (!done)
        usleep(500);
    return describe(f, id);
}

static void assert_state(const struct json *qe, const char *state, const char *reason) {
    const struct json *status = json_get(qe, "Status");
    struct bytes got = json_get_str(status, "State");
    struct bytes why = json_get_str(status, "StateChangeReason");
    if (!bytes_eq_str(got, state) || (reason && bytes_find(why, bytes_str(reason)) < 0))
        fail_msg("state %.*s: %.*s", BYTES_ARG(got), BYTES_ARG(why));
}

static const struct json *run(struct fixture *f, const char *sql, char id[37]) {
    start(f, sql, id);
    return finish(f, id);
}

static const struct json *page(struct fixture *f, const char *id, size_t max, struct bytes token) {
    struct buf out = {0};
    struct json *j = NULL;
    if (query_results(f->q, &f->a, bytes_str(id), max, token, &out, &f->e))
        fail_msg("%s", f->e.text);
    assert_int_equal(json_parse(&f->a, arena_copy(&f->a, buf_bytes(&out)), &j, &f->e), 0);
    buf_clear(&out);
    return j;
}

static struct bytes cell(const struct json *p, size_t row, size_t column) {
    const struct json *r = json_at(json_get(json_get(p, "ResultSet"), "Rows"), row);
    return json_get_str(json_at(json_get(r, "Data"), column), "VarCharValue");
}

/* ---- tests ---- */
static void refuses_at_start(void **state) {
    struct fixture *f = *state;
    char id[37];
    struct query_start in = {.sql = BYTES("selekt 1")};
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    assert_true(strncmp(f->e.text, "line 1:1: mismatched input 'selekt'", 35) == 0);
    in.sql = BYTES("select 1");
    in.workgroup = BYTES("nope");
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "WorkGroup nope is not found.");
    in.workgroup = BYTES("");
    in.output_location = BYTES("s3://not-there/x");
    assert_int_equal(query_start(f->q, &in, id, &f->e), ERR_INVALID_REQUEST);
    assert_string_equal(f->e.text, "Unable to verify/create output bucket not-there");
    in.output_location = BYTES("/tmp");
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
                             .output_location = BYTES("s3://ignored/")};
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
    assert_int_equal(query_workgroup_delete(f->q, BYTES("primary"), &f->e), ERR_INVALID_REQUEST);
    assert_int_equal(query_workgroup_delete(f->q, BYTES("wg"), &f->e), 0);
}

/* ---- planning ---- */
static const char facts[] = "{\"row_groups\":1,\"columns\":{\"id\":{\"bytes\":100},\"s.a\":{"
                            "\"bytes\":7},\"s.b\":{\"bytes\":5}}}";

static int64_t make_table(struct fixture *f) {
    const char *json =
        "{\"Name\":\"t\",\"StorageDescriptor\":{\"Columns\":[{\"Name\":\"id\",\"Type\":\"bigint\"},"
        "{\"Name\":\"s\",\"Type\":\"struct<a:int,b:int>\"},{\"Name\":\"late\",\"Type\":\"string\"}]"
        ","
        "\"Location\":\"s3://lake/t/\",\"SerdeInfo\":{\"SerializationLibrary\":"
        "\"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe\"}},"
        "\"PartitionKeys\":[{\"Name\":\"dt\",\"Type\":\"string\"},{\"Name\":\"n\",\"Type\":\"int\"}"
        "]}";
    struct catalog_table t;
    assert_int_equal(catalog_database_create(f->catalog, BYTES("d"), BYTES("{}"), &f->e), 0);
    assert_int_equal(
        catalog_table_create(f->catalog, BYTES("d"), BYTES("t"), bytes_str(json), &f->e), 0);
    assert_int_equal(catalog_table_get(f->catalog, &f->a, BYTES("d"), BYTES("t"), &t, &f->e), 0);
    assert_int_equal(store_bucket_create(f->store, BYTES("lake"), &f->e), 0);
    return t.id;
}

static void put_object(struct fixture *f, const char *key, int64_t foreign_rows) {
    struct bytes uri = arena_fmt(&f->a, "s3://lake/%s", key);
    struct store_put_options o = {0};
    struct store_entry entry;
    (void)entry;
    assert_int_equal(
        store_put_bytes(f->store, BYTES("lake"), bytes_str(key), BYTES("PAR1"), &o, &f->e), 0);
    if (foreign_rows < 0)
        return;
    /* known facts, so that no worker is asked */
    const char *path;
    struct vfs_stat st;
    assert_int_equal(store_path(f->store, &f->a, BYTES("lake"), bytes_str(key), &path, &f->e), 0);
    assert_int_equal(vfs_system()->ops->stat(vfs_system(), path, &st), 0);
    struct catalog_file file = {.uri = uri,
                                .rows = foreign_rows,
                                .size_bytes = 4,
                                .mtime_ns = st.mtime_ns,
                                .facts_json = bytes_str(facts)};
    assert_int_equal(catalog_file_put(f->catalog, &file, &f->e), 0);
}

static void add_partition(struct fixture *f, int64_t table, const char *dt, const char *n) {
    struct bytes v[] = {bytes_str(dt), bytes_str(n)};
    struct bytes json =
        arena_fmt(&f->a, "{\"StorageDescriptor\":{\"Location\":\"s3://lake/t/%s/%s\"}}", dt, n);
    assert_int_equal(catalog_partition_create(f->catalog, table, v, 2, json, &f->e), 0);
}

static struct bytes task_sql(struct fixture *f) {
    struct json *task;
    assert_int_equal(json_parse(&f->a, arena_copy(&f->a, bytes_str(pool.task)), &task, &f->e), 0);
    return json_get_str(task, "sql");
}
static bool has(struct bytes v, const char *part) {
    return bytes_find(v, bytes_str(part)) >= 0;
}

static void prunes_and_lists(void **state) {
    struct fixture *f = *state;
    char id[37];
    int64_t table = make_table(f);
    add_partition(f, table, "a", "7");
    add_partition(f, table, "b", "07");
    add_partition(f, table, "b", "8");
    add_partition(f, table, "__HIVE_DEFAULT_PARTITION__", "7");
    put_object(f, "t/a/7/f1.parquet", 3);
    put_object(f, "t/b/07/sub/f[2].parquet", 3);
    put_object(f, "t/b/07/_hidden.parquet", -1);
    put_object(f, "t/b/8/f3.parquet", 3);
    put_object(f, "t/__HIVE_DEFAULT_PARTITION__/7/f4.parquet", 3);
    script.reads_table = true;
    script.used[0] = script.used[1] = script.used[2] = script.used[3] = true;
    static const struct bytes seven[] = {BYTES("7")};
    script.constraints[0] = (struct sql_constraint){
        .column = BYTES("n"), .op = SQL_EQ, .values = seven, .value_count = 1};
    script.constraint_count = 1;
    const struct json *qe = run(f, "select 1", id);
    assert_state(qe, "SUCCEEDED", NULL);
    assert_int_equal(json_get_i64(json_get(qe, "Statistics"), "DataScannedInBytes", 0), 3 * 112);
    struct bytes sql = task_sql(f);
    assert_true(has(sql, "f1.parquet") && has(sql, "f[[]2].parquet") && has(sql, "f4.parquet"));
    assert_false(has(sql, "f3.parquet") || has(sql, "_hidden"));
    assert_true(
        has(sql, "CAST([NULL,'a','b'][CAST(file_index AS BIGINT)+1] AS VARCHAR) AS \"dt\""));
    assert_true(has(sql, "CAST(NULL AS VARCHAR) AS \"late\""));
    static const struct bytes b[] = {BYTES("b"), BYTES("c")};
    script.constraints[1] =
        (struct sql_constraint){.column = BYTES("dt"), .op = SQL_IN, .values = b, .value_count = 2};
    script.constraint_count = 2;
    run(f, "select 1", id);
    sql = task_sql(f);
    assert_true(has(sql, "f[[]2].parquet") && !has(sql, "f1.parquet") && !has(sql, "f4.parquet"));
    script.constraints[1].op = SQL_NONE_MATCH;
    qe = run(f, "select 1", id);
    assert_true(has(task_sql(f), "WHERE false"));
    assert_int_equal(json_get_i64(json_get(qe, "Statistics"), "DataScannedInBytes", -1), 0);
}

/* A fed table: committed files, the tail from the checkpoint, no object of an unfinished intent. */
static void reads_tail_once(void **state) {
    struct fixture *f = *state;
    char id[37];
    const char *json = "{\"Name\":\"t\",\"StorageDescriptor\":{\"Columns\":[{\"Name\":\"id\","
                       "\"Type\":\"bigint\"}],"
                       "\"Location\":\"s3://lake/t/"
                       "\",\"SerdeInfo\":{\"SerializationLibrary\":\"x.ParquetHiveSerDe\"}},"
                       "\"PartitionKeys\":[{\"Name\":\"inserted_at\",\"Type\":\"string\"}]}";
    struct catalog_table t;
    struct slog_log *log;
    assert_int_equal(store_bucket_create(f->store, BYTES("lake"), &f->e), 0);
    assert_int_equal(catalog_database_create(f->catalog, BYTES("d"), BYTES("{}"), &f->e), 0);
    assert_int_equal(
        catalog_table_create(f->catalog, BYTES("d"), BYTES("t"), bytes_str(json), &f->e), 0);
    assert_int_equal(catalog_table_get(f->catalog, &f->a, BYTES("d"), BYTES("t"), &t, &f->e), 0);
    assert_int_equal(slog_create(f->slog, "events", &log, &f->e), 0);
    assert_int_equal(
        catalog_doc_create(f->catalog, "firehose", BYTES("del"), 0,
                           BYTES("{\"name\":\"del\",\"log\":\"events\",\"destination\":{\"Prefix\":"
                                 "\"t/!{timestamp:yyyy/MM/dd/HH}/\"}}"),
                           &f->e),
        0);
    assert_int_equal(catalog_feed_set(f->catalog, BYTES("del"), BYTES("d"), BYTES("t"), &f->e), 0);
    uint64_t lsn;
    int64_t arrival;
    struct slog_record_in in[] = {{.partition_key = BYTES("k"), .data = BYTES("{\"id\":1}")},
                                  {.partition_key = BYTES("k"), .data = BYTES("{\"id\":2}")}};
    assert_int_equal(catalog_checkpoint_get(f->catalog, BYTES("del"), 1, &lsn, &f->e), 0);
    assert_int_equal(slog_append_wait(log, in, 2, &lsn, &arrival, &f->e), 0);
    assert_int_equal(slog_append_wait(log, in, 2, &lsn, &arrival, &f->e), 0);

    /* an object is there, its intent not committed */
    struct buf hour = {0};
    struct clock_fields at;
    clock_split_ms(arrival, &at);
    buf_add_fmt(&hour, "%04d/%02d/%02d/%02d", at.year, at.month, at.day, at.hour);
    char *key = arena_cstr(&f->a, arena_fmt(&f->a, "t/%.*s/f1.parquet", (int)hour.len, hour.ptr));
    struct bytes uri = arena_fmt(&f->a, "s3://lake/%s", key);
    struct bytes value = arena_copy(&f->a, buf_bytes(&hour));
    struct bytes pjson = arena_fmt(
        &f->a, "{\"StorageDescriptor\":{\"Location\":\"s3://lake/t/%.*s/\"}}", BYTES_ARG(value));
    assert_int_equal(catalog_partition_create(f->catalog, t.id, &value, 1, pjson, &f->e), 0);
    struct catalog_intent intent = {
        .delivery = BYTES("del"), .from_lsn = 1, .to_lsn = 3, .uri = uri, .json = BYTES("{}")};
    int64_t intent_id;
    assert_int_equal(catalog_intent_begin(f->catalog, &intent, &intent_id, &f->e), 0);
    put_object(f, key, -1);
    put_object(f, arena_cstr(&f->a, arena_fmt(&f->a, "t/%.*s/foreign.parquet", BYTES_ARG(value))),
               1);
    script.reads_table = true;
    script.used[0] = script.used[1] = true;
    const struct json *qe = run(f, "select 1", id);
    assert_state(qe, "SUCCEEDED", NULL);
    struct bytes sql = task_sql(f);
    assert_true(has(sql, "foreign.parquet") && !has(sql, "f1.parquet"));
    assert_true(
        has(sql,
            " UNION ALL SELECT CAST(\"id\" AS BIGINT) AS \"id\",CAST(\"inserted_at\" AS VARCHAR)"));
    assert_true(has(bytes_str(pool.task), "\"from\":1,"));
    assert_int_equal(json_get_i64(json_get(qe, "Statistics"), "DataScannedInBytes", 0), 100 + 32);

    /* committed: the file, and the tail after it */
    struct catalog_file file = {.uri = uri,
                                .rows = 2,
                                .size_bytes = 4,
                                .facts_json = bytes_str(facts),
                                .from_lsn = 1,
                                .to_lsn = 3};
    struct catalog_intent_commit m = {.intent_id = intent_id,
                                      .table_id = t.id,
                                      .partition_values = &value,
                                      .partition_value_count = 1,
                                      .partition_json = pjson,
                                      .files = &file,
                                      .file_count = 1};
    assert_int_equal(catalog_intent_commit(f->catalog, &m, &f->e), 0);
    run(f, "select 1", id);
    sql = task_sql(f);
    assert_true(has(sql, "f1.parquet"));
    assert_true(has(bytes_str(pool.task), "\"from\":3,"));

    /* another hour is wanted: neither file nor tail */
    static const struct bytes past[] = {BYTES("1999/01/01/00")};
    script.constraints[0] = (struct sql_constraint){
        .column = BYTES("inserted_at"), .op = SQL_LE, .values = past, .value_count = 1};
    script.constraint_count = 1;
    run(f, "select 1", id);
    assert_true(has(task_sql(f), "WHERE false"));
    script.constraints[0].values = &value;
    script.constraints[0].op = SQL_EQ;
    run(f, "select 1", id);
    assert_true(has(task_sql(f), "tail_") && has(task_sql(f), "f1.parquet"));

    /* switched off */
    char *off = arena_cstr(
        &f->a, arena_fmt(&f->a, "{\"Parameters\":{\"tarn.tail\":\"false\"},%s", json + 1));
    assert_int_equal(
        catalog_table_update(f->catalog, BYTES("d"), BYTES("t"), bytes_str(off), -1, &f->e), 0);
    run(f, "select 1", id);
    assert_false(has(task_sql(f), "tail_"));
    buf_clear(&hour);
}

static void names_missing_tables(void **state) {
    struct fixture *f = *state;
    char id[37];
    script.reads_table = true;
    const struct json *qe = run(f, "select 1", id);
    assert_state(qe, "FAILED", "Database d not found.");
}

static void wait_end(struct fixture *f, const char *id) {
    bool ended = false;
    for (int i = 0; !ended && i < 20000; i++) {
        pthread_mutex_lock(&f->q->lock);
        const struct exec *x = exec_find(f->q, bytes_str(id));
        ended = !x || x->state >= EXEC_SUCCEEDED;
        pthread_mutex_unlock(&f->q->lock);
        usleep(200);
    }
    assert_true(ended);
}

/* Each allocation in turn fails, in whatever thread: the query ends, nothing leaks or hangs. */
static void short_of_memory(void **state) {
    struct fixture *f = *state;
    int64_t table = make_table(f);
    add_partition(f, table, "a", "7");
    put_object(f, "t/a/7/f1.parquet", 3);
    script.reads_table = script.used[0] = script.used[3] = true;
    int succeeded = 0, nth = 1, failed = 0;
    setenv("TARN_ARENA_MALLOC", "1", 1);
    for (; succeeded < 20; nth++) {
        struct query_start in = {.sql = BYTES("select 1")};
        struct err e;
        char id[37];
        mem_test_fail_nth(nth);
        int rc = query_start(f->q, &in, id, &e);
        assert_true(!rc || rc == ERR_NOMEM || rc == ERR_INVALID_REQUEST);
        if (!rc)
            wait_end(f, id);
        mem_test_fail_nth(0);
        bool ok = !rc && bytes_eq_str(json_get_str(json_get(describe(f, id), "Status"), "State"),
                                      "SUCCEEDED");
        succeeded = ok ? succeeded + 1 : 0;
        failed += !ok;
        assert_true(nth < 5000);
    }
    unsetenv("TARN_ARENA_MALLOC");
    assert_true(failed > 100);
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
    const struct CMUnitTest tests[] = {
        T(refuses_at_start), T(select_and_pages), T(many_pages),       T(ddl),
        T(worker_deaths),    T(cancel_and_wait),  T(tokens_and_lists), T(restart_fails_what_ran),
        T(workgroups),       T(prunes_and_lists), T(reads_tail_once),  T(names_missing_tables),
        T(short_of_memory),  T(many_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
