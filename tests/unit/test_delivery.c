/* The delivery room against a real log, catalogue and object store. Only the worker pool is a twin:
 * it writes the records of the task's range as lines, or dies, fails or waits as a test tells it.
 */
#include "base/mem.h"
#include "delivery/delivery_int.h"
#include "slog/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define T0 (INT64_C(439000) * HOUR)
#define T0_FOLDER "2020/01/30/16/"

/* ---- the pool's twin (stands in for work/pool.c at link time) ---- */

enum behaviour { WORK, DIE, FAIL, HOLD };
struct job {
    char *json;
    void (*done)(void *ctx, const struct work_result *r);
    void *ctx;
};
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    enum behaviour next[8]; /* of the coming tasks; WORK when used up */
    size_t next_count, submitted;
    char outputs[16][600]; /* of each task, in order */
    bool canceled;
    int running;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void write_lines(const struct json *task, int64_t *rows, struct bytes *out_bytes,
                        struct arena *a) {
    char path[600], tmp[600];
    struct slog_reader *reader;
    struct slog_record r;
    struct err e = {0};
    snprintf(path, sizeof(path), "%.*s", BYTES_ARG(json_get_str(task, "output")));
    snprintf(tmp, sizeof(tmp), "%.*s", BYTES_ARG(json_get_str(task, "tmp")));
    FILE *f = fopen(tmp, "w");
    assert_non_null(f);
    assert_int_equal(slog_reader_new_json(json_get(task, "log"), &reader, &e), 0);
    while (slog_reader_next(reader, &r, &e) == 1) {
        fprintf(f, "%.*s\n", BYTES_ARG(r.data));
        ++*rows;
    }
    slog_reader_free(&reader);
    long size = ftell(f);
    fclose(f);
    assert_int_equal(rename(tmp, path), 0);
    *out_bytes = arena_fmt(a,
                           "{\"rows\":%lld,\"bad\":0,\"bytes\":%ld,\"error_bytes\":0,"
                           "\"facts\":{\"row_groups\":1}}",
                           (long long)*rows, size);
}

static void hold(void) {
    pthread_mutex_lock(&pool.lock);
    while (!pool.canceled)
        pthread_cond_wait(&pool.moved, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

static void run(struct job *job, enum behaviour how) {
    struct arena a;
    struct json *task, *ok;
    struct bytes text;
    struct work_result r = {0};
    int64_t rows = 0;
    arena_init(&a, 0);
    assert_int_equal(json_parse(&a, bytes_str(job->json), &task, NULL), 0);
    if (how == WORK) {
        write_lines(task, &rows, &text, &a);
        assert_int_equal(json_parse(&a, text, &ok, NULL), 0);
        r.ok = ok;
    } else if (how == DIE) {
        r.rc = err_set(&r.err, ERR_INTERNAL, "The worker died.");
        r.worker_died = true;
    } else if (how == FAIL) {
        r.rc = err_set(&r.err, ERR_INVALID_INPUT, "Column x has an impossible type.");
    } else {
        hold();
        r.rc = err_set(&r.err, ERR_CANCELED, NULL);
    }
    job->done(job->ctx, &r);
    arena_clear(&a);
}

static void *worker(void *arg) {
    struct job *job = arg;
    pthread_mutex_lock(&pool.lock);
    size_t i = pool.submitted - 1;
    enum behaviour how = i < pool.next_count ? pool.next[i] : WORK;
    pthread_mutex_unlock(&pool.lock);
    run(job, how);
    free(job->json);
    free(job);
    pthread_mutex_lock(&pool.lock);
    pool.running--;
    pthread_cond_broadcast(&pool.moved);
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

int work_submit(struct work_pool *p, const struct work_task *t, uint64_t *ret_id, struct err *e) {
    struct job *job = calloc(1, sizeof(*job));
    struct arena a;
    struct json *task;
    pthread_t thread;
    job->json = strndup(t->json.ptr, t->json.len);
    job->done = t->done;
    job->ctx = t->ctx;
    arena_init(&a, 0);
    assert_int_equal(t->group, WORK_CONVERT);
    assert_int_equal(json_parse(&a, t->json, &task, NULL), 0);
    pthread_mutex_lock(&pool.lock);
    snprintf(pool.outputs[pool.submitted++ % 16], 600, "%.*s",
             BYTES_ARG(json_get_str(task, "output")));
    pool.running++;
    pthread_mutex_unlock(&pool.lock);
    arena_clear(&a);
    *ret_id = pool.submitted;
    assert_int_equal(pthread_create(&thread, NULL, worker, job), 0);
    pthread_detach(thread);
    return 0;
}

void work_cancel(struct work_pool *p, uint64_t id) {
    pthread_mutex_lock(&pool.lock);
    pool.canceled = true;
    pthread_cond_broadcast(&pool.moved);
    pthread_mutex_unlock(&pool.lock);
}

static void plan_work(size_t count, ...) {
    va_list ap;
    va_start(ap, count);
    pthread_mutex_lock(&pool.lock);
    for (size_t i = 0; i < count; i++)
        pool.next[i] = va_arg(ap, int);
    pool.next_count = count;
    pool.submitted = 0;
    pool.canceled = false;
    pthread_mutex_unlock(&pool.lock);
    va_end(ap);
}

static size_t tasks(void) {
    pthread_mutex_lock(&pool.lock);
    size_t n = pool.submitted;
    pthread_mutex_unlock(&pool.lock);
    return n;
}

/* ---- a clock that another thread may turn ---- */

struct turned {
    struct clock base;
    _Atomic int64_t now_ms;
};
static int64_t turned_wall(struct clock *c) {
    return ((struct turned *)c)->now_ms;
}
static int64_t turned_mono(struct clock *c) {
    return ((struct turned *)c)->now_ms * 1000;
}
static const struct clock_ops turned_ops = {turned_wall, turned_mono};

/* ---- fixture ---- */

struct fixture {
    char dir[64];
    struct turned clock;
    struct catalog *catalog;
    struct store *store;
    struct slog *slog;
    struct delivery_service *delivery;
    struct arena arena;
};

#define TABLE                                                                                      \
    "{\"Name\":\"t\",\"StorageDescriptor\":{\"Columns\":[{\"Name\":\"id\",\"Type\":\"string\"}],"  \
    "\"Location\":\"s3://lake/t/\"},\"PartitionKeys\":[{\"Name\":\"inserted_at\","                 \
    "\"Type\":\"string\"}]}"
#define DESTINATION(prefix)                                                                        \
    "{\"BucketARN\":\"arn:aws:s3:::lake\",\"Prefix\":\"" prefix "\",\"ErrorOutputPrefix\":"        \
    "\"bad/\",\"BufferingHints\":{\"SizeInMBs\":64,\"IntervalInSeconds\":60},"                     \
    "\"DataFormatConversionConfiguration\":{\"SchemaConfiguration\":{\"DatabaseName\":\"d\","      \
    "\"TableName\":\"t\"}}}"
#define DIRECT                                                                                     \
    "{\"name\":\"f\",\"log\":\"firehose-f\",\"direct\":true,\"created_ms\":1,\"version\":3,"       \
    "\"destination\":" DESTINATION("t/") "}"

static void open_delivery(struct fixture *f) {
    struct err e = {0};
    struct delivery_deps deps = {.vfs = vfs_system(),
                                 .clock = &f->clock.base,
                                 .catalog = f->catalog,
                                 .store = f->store,
                                 .slog = f->slog};
    assert_int_equal(delivery_open(&deps, &f->delivery, &e), 0);
}

static void make_table(struct fixture *f) {
    struct err e = {0};
    assert_int_equal(catalog_table_create(f->catalog, BYTES("d"), BYTES("t"), BYTES(TABLE), &e), 0);
}

static void open_rooms(struct fixture *f) {
    char path[128], objects[100], tmp[100];
    struct err e = {0};
    snprintf(objects, sizeof(objects), "%s/objects", f->dir);
    snprintf(tmp, sizeof(tmp), "%s/tmp", f->dir);
    snprintf(path, sizeof(path), "%s/catalog.db", f->dir);
    assert_int_equal(catalog_open(path, &f->clock.base, &f->catalog, &e), 0);
    struct store_options so = {vfs_system(), &f->clock.base, objects, tmp};
    assert_int_equal(store_open(&so, &f->store, &e), 0);
    snprintf(path, sizeof(path), "%s/streams", f->dir);
    struct slog_options lo = {.vfs = vfs_system(), .clock = &f->clock.base, .dir = path};
    assert_int_equal(slog_open(&lo, &f->slog, &e), 0);
    assert_int_equal(store_bucket_create(f->store, BYTES("lake"), &e), 0);
    assert_int_equal(catalog_database_create(f->catalog, BYTES("d"), BYTES("{\"Name\":\"d\"}"), &e),
                     0);
    make_table(f);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    f->clock.base.ops = &turned_ops;
    f->clock.now_ms = T0 + 1000;
    snprintf(f->dir, sizeof(f->dir), "/tmp/tarn-delivery-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    arena_init(&f->arena, 0);
    plan_work(0);
    open_rooms(f);
    open_delivery(f);
    *state = f;
    return 0;
}

static void wait_idle(void) {
    pthread_mutex_lock(&pool.lock);
    while (pool.running)
        pthread_cond_wait(&pool.moved, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char command[100];
    delivery_close(&f->delivery);
    wait_idle();
    slog_close(&f->slog);
    store_close(&f->store);
    catalog_close(&f->catalog);
    arena_clear(&f->arena);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    int rc = system(command);
    free(f);
    return rc;
}

static void create(struct fixture *f, struct bytes doc) {
    struct err e = {0};
    int rc = delivery_create(f->delivery, BYTES("f"), doc, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(rc, 0);
}

static void put(struct fixture *f, const char *log_name, size_t records) {
    struct slog_record_in in = {.partition_key = BYTES("k"), .data = BYTES("{\"id\":\"1\"}")};
    struct slog_log *log = slog_find(f->slog, log_name);
    struct err e = {0};
    assert_non_null(log);
    for (size_t i = 0; i < records; i++)
        assert_int_equal(slog_append_wait(log, &in, 1, NULL, NULL, &e), 0);
}

struct flushed {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    int rc;
};
static void on_flushed(void *ctx, int rc, const struct err *e) {
    struct flushed *x = ctx;
    pthread_mutex_lock(&x->lock);
    x->done = true;
    x->rc = rc;
    pthread_cond_signal(&x->cond);
    pthread_mutex_unlock(&x->lock);
}
static int flush(struct fixture *f) {
    struct flushed x = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};
    struct err e = {0};
    assert_int_equal(delivery_flush(f->delivery, BYTES("f"), on_flushed, &x, &e), 0);
    pthread_mutex_lock(&x.lock);
    while (!x.done)
        pthread_cond_wait(&x.cond, &x.lock);
    pthread_mutex_unlock(&x.lock);
    return x.rc;
}

static const struct json *status(struct fixture *f) {
    struct bytes text;
    struct json *j;
    struct err e = {0};
    assert_int_equal(delivery_status(f->delivery, &f->arena, BYTES("f"), &text, &e), 0);
    assert_int_equal(json_parse(&f->arena, text, &j, &e), 0);
    return j;
}

/* Turns the clock on until the checkpoint is there. */
static void reach(struct fixture *f, int64_t checkpoint, int64_t step_ms) {
    for (int i = 0; i < 2000; i++) {
        if (json_get_i64(status(f), "checkpoint", 0) >= checkpoint)
            break;
        f->clock.now_ms += step_ms;
        delivery_kick(f->delivery);
        usleep(2000);
    }
    assert_int_equal(json_get_i64(status(f), "checkpoint", 0), checkpoint);
}

static struct catalog_snapshot snapshot(struct fixture *f) {
    struct catalog_snapshot s;
    struct err e = {0};
    assert_int_equal(catalog_snapshot_read(f->catalog, &f->arena, BYTES("d"), BYTES("t"), &s, &e),
                     0);
    return s;
}

static size_t intents(struct fixture *f) {
    struct catalog_intent *list;
    size_t n;
    struct err e = {0};
    assert_int_equal(catalog_intent_list(f->catalog, &f->arena, &list, &n, &e), 0);
    return n;
}

/* Objects in the bucket below a prefix. */
static int count_entry(void *ctx, const struct store_entry *entry) {
    ++*(size_t *)ctx;
    return 0;
}
static size_t objects(struct fixture *f, const char *prefix) {
    struct store_list_options o = {.bucket = BYTES("lake"), .prefix = bytes_str(prefix)};
    size_t n = 0;
    bool truncated;
    struct err e = {0};
    assert_int_equal(store_list(f->store, &o, count_entry, &n, &truncated, &e), 0);
    return n;
}

/* ---- tests ---- */

static void a_flush_commits_file_partition_and_checkpoint(void **state) {
    struct fixture *f = *state;
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 10);
    assert_int_equal(flush(f), 0);
    struct catalog_snapshot s = snapshot(f);
    assert_int_equal(s.feed_count, 1);
    assert_int_equal(s.feeds[0].checkpoint, 11);
    assert_int_equal(s.file_count, 1);
    assert_int_equal(s.files[0].file.rows, 10);
    assert_int_equal(s.files[0].file.from_lsn, 1);
    assert_int_equal(s.files[0].file.to_lsn, 11);
    assert_true(bytes_starts_with(s.files[0].file.uri,
                                  BYTES("s3://lake/t/" T0_FOLDER "f-3-2020-01-30-16-00-01-")));
    assert_true(bytes_ends_with(s.files[0].file.uri, BYTES(".parquet")));
    assert_int_equal(s.partition_count, 1);
    assert_int_equal(s.files[0].partition_id, s.partitions[0].id);
    assert_true(bytes_eq_str(s.partitions[0].values[0], "2020/01/30/16"));
    assert_true(bytes_eq_str(s.partitions[0].location, "s3://lake/t/" T0_FOLDER));
    assert_int_equal(intents(f), 0);
    assert_int_equal(objects(f, "t/" T0_FOLDER), 1);
}

static void flushing_nothing_answers(void **state) {
    struct fixture *f = *state;
    create(f, BYTES(DIRECT));
    assert_int_equal(flush(f), 0);
    assert_int_equal(tasks(), 0);
}

static void age_delivers(void **state) {
    struct fixture *f = *state;
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 3);
    f->clock.now_ms += 59000;
    delivery_kick(f->delivery);
    usleep(30000);
    assert_int_equal(tasks(), 0);
    reach(f, 4, 500);
    assert_int_equal(tasks(), 1);
}

static void an_hour_has_its_own_object(void **state) {
    struct fixture *f = *state;
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 2);
    f->clock.now_ms = T0 + HOUR;
    put(f, "firehose-f", 3);
    assert_int_equal(flush(f), 0);
    struct catalog_snapshot s = snapshot(f);
    assert_int_equal(s.partition_count, 2);
    assert_int_equal(s.file_count, 2);
    assert_int_equal(s.files[0].file.rows + s.files[1].file.rows, 5);
    assert_true(s.files[0].partition_id != s.files[1].partition_id);
}

static void a_dead_worker_costs_a_retry_to_the_same_key(void **state) {
    struct fixture *f = *state;
    plan_work(2, DIE, DIE);
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 4);
    f->clock.now_ms += 60000;
    delivery_kick(f->delivery);
    reach(f, 5, 100);
    assert_int_equal(tasks(), 3);
    assert_string_equal(pool.outputs[0], pool.outputs[1]);
    assert_string_equal(pool.outputs[0], pool.outputs[2]);
    assert_int_equal(snapshot(f).file_count, 1);
    assert_null(json_get(status(f), "last_error"));
}

static void a_deadly_range_is_planned_anew_and_smaller(void **state) {
    struct fixture *f = *state;
    plan_work(3, DIE, DIE, DIE);
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 4);
    f->clock.now_ms += 60000;
    delivery_kick(f->delivery);
    reach(f, 5, 100);
    assert_string_not_equal(pool.outputs[2], pool.outputs[3]);
    assert_int_equal(f->delivery->streams->shrink, 1);
    assert_int_equal(intents(f), 0);
    assert_int_equal(snapshot(f).file_count, 1);
}

static void a_failing_task_is_told_and_tried_again(void **state) {
    struct fixture *f = *state;
    plan_work(1, FAIL);
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 4);
    assert_int_equal(flush(f), ERR_INVALID_INPUT);
    const struct json *now = status(f);
    assert_true(bytes_eq_str(json_get_str(now, "state"), "ERROR"));
    assert_true(bytes_find(json_get_str(now, "last_error"), BYTES("impossible type")) >= 0);
    assert_int_equal(json_get_i64(now, "pending_records", 0), 4);
    assert_int_equal(intents(f), 0);
    assert_int_equal(flush(f), 0);
    assert_int_equal(snapshot(f).files[0].file.rows, 4);
    assert_true(bytes_eq_str(json_get_str(status(f), "state"), "BUFFERING"));
}

static void an_unfinished_intent_is_redone_to_its_key(void **state) {
    struct fixture *f = *state;
    plan_work(1, HOLD);
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 4);
    f->clock.now_ms += 60000;
    delivery_kick(f->delivery);
    while (tasks() == 0)
        usleep(1000);
    delivery_close(&f->delivery);
    wait_idle();
    assert_int_equal(intents(f), 1);
    put(f, "firehose-f", 2); /* not part of the intent */
    open_delivery(f);
    reach(f, 5, 100);
    assert_string_equal(pool.outputs[0], pool.outputs[1]);
    struct catalog_snapshot s = snapshot(f);
    assert_int_equal(s.file_count, 1);
    assert_int_equal(s.files[0].file.rows, 4);
    assert_int_equal(flush(f), 0);
    assert_int_equal(snapshot(f).file_count, 2);
}

static void a_missing_table_waits_and_loses_nothing(void **state) {
    struct fixture *f = *state;
    struct err e = {0};
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 4);
    assert_int_equal(catalog_table_delete(f->catalog, BYTES("d"), BYTES("t"), &e), 0);
    assert_int_equal(flush(f), ERR_ENTITY_NOT_FOUND);
    put(f, "firehose-f", 1);
    make_table(f);
    assert_int_equal(flush(f), 0);
    assert_int_equal(snapshot(f).files[0].file.rows, 5);
}

static void creation_is_checked(void **state) {
    struct fixture *f = *state;
    struct err e = {0};
    create(f, BYTES(DIRECT));
    assert_int_equal(delivery_create(f->delivery, BYTES("f"), BYTES(DIRECT), &e),
                     ERR_RESOURCE_IN_USE);
    struct bytes bad_prefix = BYTES("{\"name\":\"g\",\"log\":\"firehose-g\",\"direct\":true,"
                                    "\"destination\":" DESTINATION("t/!{timestmp:HH}/") "}");
    assert_int_equal(delivery_create(f->delivery, BYTES("g"), bad_prefix, &e),
                     ERR_INVALID_ARGUMENT);
    struct bytes no_stream =
        BYTES("{\"name\":\"g\",\"log\":\"kinesis-s\",\"direct\":false,\"stream_arn\":"
              "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\",\"destination\":" DESTINATION(
                  "t/") "}");
    assert_int_equal(delivery_create(f->delivery, BYTES("g"), no_stream, &e),
                     ERR_RESOURCE_NOT_FOUND);
    assert_int_equal(catalog_table_delete(f->catalog, BYTES("d"), BYTES("t"), &e), 0);
    assert_int_equal(delivery_create(f->delivery, BYTES("g"), BYTES(DIRECT), &e),
                     ERR_INVALID_ARGUMENT);
}

static void a_kinesis_source_starts_at_the_next_record(void **state) {
    struct fixture *f = *state;
    struct slog_log *log;
    struct err e = {0};
    assert_int_equal(slog_create(f->slog, "kinesis-s", &log, &e), 0);
    put(f, "kinesis-s", 5);
    create(f,
           BYTES("{\"name\":\"f\",\"log\":\"kinesis-s\",\"direct\":false,\"stream_arn\":"
                 "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\",\"destination\":" DESTINATION(
                     "t/") "}"));
    put(f, "kinesis-s", 2);
    assert_int_equal(flush(f), 0);
    assert_int_equal(snapshot(f).files[0].file.rows, 2);
    assert_true(delivery_floor(f->delivery, "kinesis-other") == UINT64_MAX);
    assert_true(delivery_floor(f->delivery, "kinesis-s") == 6); /* a minute's grace */
    assert_int_equal(delivery_delete(f->delivery, BYTES("f"), &e), 0);
    assert_non_null(slog_find(f->slog, "kinesis-s"));
    assert_true(delivery_floor(f->delivery, "kinesis-s") == UINT64_MAX);
}

static void deletion_leaves_no_trace_for_the_next(void **state) {
    struct fixture *f = *state;
    struct err e = {0};
    plan_work(1, HOLD);
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 4);
    f->clock.now_ms += 60000;
    delivery_kick(f->delivery);
    while (tasks() == 0)
        usleep(1000);
    assert_int_equal(delivery_delete(f->delivery, BYTES("f"), &e), 0);
    assert_int_equal(delivery_delete(f->delivery, BYTES("f"), &e), ERR_RESOURCE_NOT_FOUND);
    assert_null(slog_find(f->slog, "firehose-f"));
    assert_int_equal(intents(f), 0);
    assert_int_equal(objects(f, ""), 0);
    assert_int_equal(snapshot(f).feed_count, 0);
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 1);
    assert_int_equal(flush(f), 0);
    assert_int_equal(snapshot(f).files[0].file.rows, 1);
}

static void an_update_takes_effect_with_the_next_object(void **state) {
    struct fixture *f = *state;
    struct err e = {0};
    create(f, BYTES(DIRECT));
    put(f, "firehose-f", 1);
    assert_int_equal(
        delivery_update(f->delivery, BYTES("f"),
                        BYTES("{\"name\":\"f\",\"log\":\"firehose-f\",\"direct\":true,"
                              "\"created_ms\":1,\"version\":4,\"destination\":" DESTINATION(
                                  "u/inserted_at=!{timestamp:yyyy-MM-dd}/") "}"),
                        &e),
        0);
    assert_int_equal(flush(f), 0);
    struct catalog_snapshot s = snapshot(f);
    assert_true(
        bytes_starts_with(s.files[0].file.uri, BYTES("s3://lake/u/inserted_at=2020-01-30/f-4-")));
    assert_true(bytes_eq_str(s.partitions[0].values[0], "2020-01-30"));
}

static void a_source_made_again_is_not_mistaken(void **state) {
    struct fixture *f = *state;
    struct slog_log *log;
    struct err e = {0};
    assert_int_equal(slog_create(f->slog, "kinesis-s", &log, &e), 0);
    assert_int_equal(catalog_doc_create(f->catalog, "kinesis_stream", BYTES("s"), 0,
                                        BYTES("{\"created_ms\":7}"), &e),
                     0);
    create(f, BYTES("{\"name\":\"f\",\"log\":\"kinesis-s\",\"direct\":false,\"stream_arn\":"
                    "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\","
                    "\"source_created_ms\":7,\"destination\":" DESTINATION("t/") "}"));
    assert_int_equal(slog_delete(f->slog, "kinesis-s", &e), 0);
    assert_int_equal(slog_create(f->slog, "kinesis-s", &log, &e), 0);
    assert_int_equal(catalog_doc_put(f->catalog, "kinesis_stream", BYTES("s"), 0,
                                     BYTES("{\"created_ms\":8}"), -1, &e),
                     0);
    put(f, "kinesis-s", 3);
    assert_int_equal(flush(f), ERR_RESOURCE_NOT_FOUND);
    assert_int_equal(tasks(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_flush_commits_file_partition_and_checkpoint),
        T(flushing_nothing_answers),
        T(age_delivers),
        T(an_hour_has_its_own_object),
        T(a_dead_worker_costs_a_retry_to_the_same_key),
        T(a_deadly_range_is_planned_anew_and_smaller),
        T(a_failing_task_is_told_and_tried_again),
        T(an_unfinished_intent_is_redone_to_its_key),
        T(a_missing_table_waits_and_loses_nothing),
        T(creation_is_checked),
        T(a_kinesis_source_starts_at_the_next_record),
        T(deletion_leaves_no_trace_for_the_next),
        T(an_update_takes_effect_with_the_next_object),
        T(a_source_made_again_is_not_mistaken),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
