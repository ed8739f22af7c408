/* Plans: partitions against constraints, files and log tails of a snapshot, failing allocations. */
#include "query_fixture.h"

static const char facts[] =
    "{\"rows\":[10],\"columns\":{\"id\":{\"type\":\"BIGINT\",\"bytes\":[100]},"
    "\"s.a\":{\"type\":\"INTEGER\",\"bytes\":[7]},\"s.b\":{\"type\":\"INTEGER\","
    "\"bytes\":[5]}}}";

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
        catalog_table_update(f->catalog, BYTES("d"), BYTES("t"), bytes_str(off), -1, false, &f->e),
        0);
    run(f, "select 1", id);
    assert_false(has(task_sql(f), "tail_"));
    buf_clear(&hour);
}

/* Twenty thousand projected folders, of which one day's are there: looked for once a missing day.
 */
static void missing_folders_cost_little(void **state) {
    struct fixture *f = *state;
    char id[37];
    const char *json = "{\"Name\":\"t\",\"StorageDescriptor\":{\"Columns\":[{\"Name\":\"id\","
                       "\"Type\":\"bigint\"}],"
                       "\"Location\":\"s3://lake/t/\",\"SerdeInfo\":{\"SerializationLibrary\":"
                       "\"x.ParquetHiveSerDe\"}},\"Parameters\":{\"projection.enabled\":\"true\","
                       "\"projection.day.type\":\"integer\",\"projection.day.range\":\"1,200\","
                       "\"projection.n.type\":\"integer\",\"projection.n.range\":\"1,100\"},"
                       "\"PartitionKeys\":[{\"Name\":\"day\",\"Type\":\"int\"},{\"Name\":\"n\","
                       "\"Type\":\"int\"}]}";
    assert_int_equal(catalog_database_create(f->catalog, BYTES("d"), BYTES("{}"), &f->e), 0);
    assert_int_equal(
        catalog_table_create(f->catalog, BYTES("d"), BYTES("t"), bytes_str(json), &f->e), 0);
    assert_int_equal(store_bucket_create(f->store, BYTES("lake"), &f->e), 0);
    put_object(f, "t/day=7/n=3/f1.parquet", 3);
    put_object(f, "t/day=7/n=4/f2.parquet", 3);
    script.reads_table = script.used[0] = true;
    f->files.count = 0;
    assert_state(run(f, "select 1", id), "SUCCEEDED", NULL);
    assert_true(has(task_sql(f), "f1.parquet") && has(task_sql(f), "f2.parquet"));
    assert_true(f->files.count < 200 * 6 + 100 * 6);
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

int main(void) {
    log_set_level(LOG_ERROR);
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {T(prunes_and_lists), T(reads_tail_once),
                                       T(missing_folders_cost_little), T(names_missing_tables),
                                       T(short_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
