/* test_slog.c - the stream log when nothing goes wrong, and under several threads. */
#include "slog_fixture.h"
#include <pthread.h>

static void test_append_and_read(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_record rec;
    struct slog_view *v;
    struct err e;
    uint64_t lsn;
    char want[100];
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "clicks", &l, &e), 0);
    assert_int_equal(slog_create(f.slog, "clicks", &l, &e), ERR_RESOURCE_IN_USE);
    assert_ptr_equal(slog_find(f.slog, "clicks"), l);
    for (uint64_t a = 0; a < 20; a++) {
        f.clock.now_ms = 1000 + (int64_t)a * 10;
        assert_int_equal(put_append(l, a, 3, 50, &lsn), 0);
        assert_int_equal(lsn, a * 3 + 1);
    }
    for (int round = 0; round < 2; round++) { /* again after a restart */
        struct slog_reader *r = open_reader(l, 5, 50, &v);
        for (int again = 0; again < 2; again++) {
            for (uint64_t n = 5; n < 50; n++) {
                assert_int_equal(slog_reader_next(r, &rec, &e), 1);
                assert_int_equal(rec.lsn, n);
                assert_int_equal(rec.shard, (n - 1) % 3);
                assert_int_equal(rec.arrival_ms, 1000 + (n - 1) / 3 * 10);
                assert_true(bytes_eq_str(rec.partition_key, "key"));
                assert_true(bytes_eq(rec.data, make_data(want, 100, (n - 1) / 3, (n - 1) % 3, 50)));
            }
            assert_int_equal(slog_reader_next(r, &rec, &e), 0);
            assert_int_equal(slog_reader_next(r, &rec, &e), 0);
            slog_reader_rewind(r);
        }
        slog_reader_free(&r);
        slog_view_free(&v);
        slog_close(&f.slog);
        fixture_open(&f);
        l = slog_find(f.slog, "clicks");
        assert_non_null(l);
    }
    f.clock.now_ms = 1; /* the wall clock went back; arrival does not */
    assert_int_equal(put_append(l, 20, 1, 10, &lsn), 0);
    assert_int_equal(lsn, 61);
    struct slog_bounds b;
    slog_get_bounds(l, &b);
    assert_int_equal(b.first_lsn, 1);
    assert_int_equal(b.next_lsn, 62);
    assert_int_equal(b.last_arrival_ms, 1190);
    fixture_clear(&f);
}

static void check_all(struct slog_log *l, uint64_t first_append, uint64_t appends, size_t count,
                      size_t len) {
    struct slog_view *v;
    struct slog_record rec;
    struct err e;
    static char want[70000];
    struct slog_reader *r = open_reader(l, 0, UINT64_MAX, &v);
    for (uint64_t a = first_append; a < appends; a++) {
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(slog_reader_next(r, &rec, &e), 1);
            assert_int_equal(rec.lsn, a * count + i + 1);
            assert_true(bytes_eq(rec.data, make_data(want, sizeof(want), a, i, len)));
        }
    }
    assert_int_equal(slog_reader_next(r, &rec, &e), 0);
    slog_reader_free(&r);
    slog_view_free(&v);
}

static int count_files(const char *dir) {
    char command[200];
    int n = -1;
    (void)snprintf(command, sizeof(command), "ls '%s' | wc -l", dir);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

/* Many segments, one append that is larger than any, trim with and without a pin. */
static void test_segments_roll_and_recycle(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_bounds b;
    struct slog_view *v;
    struct err e;
    char path[200];
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    for (uint64_t a = 0; a < 60; a++) {
        assert_int_equal(put_append(l, a, 20, 2000, NULL), 0);
    }
    check_all(l, 0, 60, 20, 2000);
    (void)snprintf(path, sizeof(path), "%s/s", f.dir);
    assert_true(count_files(path) >= 9);
    assert_int_equal(slog_view_new(l, 500, 501, &v, &e), 0);
    assert_int_equal(slog_trim(l, 1000, &e), 0);
    slog_get_bounds(l, &b);
    assert_true(b.first_lsn > 300 && b.first_lsn <= 500);
    struct slog_reader *r;
    struct slog_record rec;
    assert_int_equal(slog_reader_new_view(v, &r, &e), 0);
    assert_int_equal(slog_reader_next(r, &rec, &e), 1);
    assert_int_equal(rec.lsn, 500);
    slog_reader_free(&r);
    slog_view_free(&v);
    assert_int_equal(slog_trim(l, 1000, &e), 0);
    slog_get_bounds(l, &b);
    assert_true(b.first_lsn > 800 && b.first_lsn <= 1000);
    assert_int_equal(slog_trim(l, UINT64_MAX, &e), 0);
    slog_get_bounds(l, &b);
    assert_int_equal(b.next_lsn, 1201);
    uint64_t first = (b.first_lsn - 1) / 20;
    for (uint64_t a = 60; a < 120; a++) { /* into recycled files, full of stale frames */
        assert_int_equal(put_append(l, a, 20, 2000, NULL), 0);
    }
    check_all(l, first, 120, 20, 2000);
    slog_close(&f.slog);
    fixture_open(&f);
    l = slog_find(f.slog, "s");
    check_all(l, first, 120, 20, 2000);
    assert_int_equal(put_append(l, 120, 20, 60000, NULL), 0); /* 1.2 MB */
    assert_int_equal(put_append(l, 121, 20, 10, NULL), 0);
    slog_close(&f.slog);
    fixture_open(&f);
    slog_get_bounds(slog_find(f.slog, "s"), &b);
    assert_int_equal(b.next_lsn, 122 * 20 + 1);
    fixture_clear(&f);
}

/* A log whose records were all trimmed does not give their LSNs out again. */
static void test_lsn_survives_trim(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_bounds b;
    struct err e;
    fixture_init(&f);
    f.options.segment_bytes = KIB(64);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    for (uint64_t a = 0; a < 20; a++) {
        assert_int_equal(put_append(l, a, 1, 30000, NULL), 0);
        assert_int_equal(slog_trim(l, UINT64_MAX, &e), 0);
        if (a % 5 == 0) {
            slog_close(&f.slog);
            fixture_open(&f);
            l = slog_find(f.slog, "s");
        }
        slog_get_bounds(l, &b);
        assert_int_equal(b.next_lsn, a + 2);
    }
    fixture_clear(&f);
}

static void test_find_time_and_measure(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_extent x;
    struct err e;
    uint64_t lsn;
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    assert_int_equal(slog_find_time(l, 0, &lsn, &e), 0);
    assert_int_equal(lsn, 1);
    assert_int_equal(slog_measure(l, 1, INT64_MAX, 100, &x, &e), 0);
    assert_int_equal(x.records, 0);
    for (uint64_t a = 0; a < 300; a++) { /* 2 records of 1500 bytes every 10 ms: 900 KB */
        f.clock.now_ms = 1000 + (int64_t)a * 10;
        assert_int_equal(put_append(l, a, 2, 1500, NULL), 0);
    }
    for (int64_t ms = 900; ms < 4100; ms += 7) {
        uint64_t want = ms <= 1000 ? 1 : (uint64_t)(ms - 1000 + 9) / 10 * 2 + 1;
        assert_int_equal(slog_find_time(l, ms, &lsn, &e), 0);
        assert_int_equal(lsn, MIN_OF(want, 601));
    }
    assert_int_equal(slog_measure(l, 1, INT64_MAX, UINT64_MAX, &x, &e), 0);
    assert_int_equal(x.records, 600);
    assert_int_equal(x.data_bytes, 600 * 1500);
    assert_int_equal(x.to_lsn, 601);
    assert_int_equal(x.first_arrival_ms, 1000);
    assert_int_equal(x.last_arrival_ms, 3990);
    assert_false(x.stopped_by_time || x.stopped_by_bytes);
    assert_int_equal(slog_measure(l, 201, 2500, UINT64_MAX, &x, &e), 0);
    assert_int_equal(x.from_lsn, 201);
    assert_int_equal(x.to_lsn, 301);
    assert_true(x.stopped_by_time);
    assert_int_equal(slog_measure(l, 11, INT64_MAX, 10000, &x, &e), 0);
    assert_int_equal(x.records, 6); /* three appends of 3000 */
    assert_true(x.stopped_by_bytes);
    assert_int_equal(slog_measure(l, 11, INT64_MAX, 1, &x, &e), 0);
    assert_int_equal(x.records, 2); /* at least one append */
    assert_int_equal(slog_measure(l, 601, INT64_MAX, 1, &x, &e), 0);
    assert_int_equal(x.records, 0);
    assert_int_equal(x.from_lsn, 601);
    fixture_clear(&f);
}

/* ---- many appends that share frames ---- */

struct burst {
    struct slog_append append;
    struct slog_record_in record;
    char data[100];
    _Atomic int *left;
};

static void burst_done(struct slog_append *a) {
    struct burst *b = a->ctx;
    assert_int_equal(a->rc, 0);
    (*b->left)--;
}

static void test_measure_inside_shared_frames(void **state) {
    enum { N = 2000 };
    struct fixture f;
    struct slog_log *l;
    struct slog_extent x;
    struct err e;
    _Atomic int left = N;
    struct burst *all = mem_calloc(N, sizeof(*all));
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    for (uint64_t i = 0; i < N; i++) {
        struct burst *b = &all[i];
        b->left = &left;
        b->record.data = make_data(b->data, sizeof(b->data), i, 0, 100);
        b->append =
            (struct slog_append){.records = &b->record, .count = 1, .done = burst_done, .ctx = b};
        assert_int_equal(slog_append(l, &b->append, &e), 0);
    }
    while (left > 0) {
        usleep(1000);
    }
    for (uint64_t i = 0; i < N; i++) {
        assert_int_equal(all[i].append.first_lsn, i + 1);
    }
    for (uint64_t from = 1; from < N - 20; from += 97) {
        assert_int_equal(slog_measure(l, from, INT64_MAX, 1050, &x, &e), 0);
        assert_int_equal(x.from_lsn, from);
        assert_int_equal(x.records, 10);
        assert_int_equal(x.to_lsn, from + 10);
    }
    check_all(l, 0, N, 1, 100);
    mem_free(all);
    fixture_clear(&f);
}

/* ---- views ---- */

static void test_view_json_in_another_process(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_view *v;
    struct slog_reader *r;
    struct slog_record rec;
    struct arena a;
    struct json *j;
    struct buf text = {0};
    struct err e;
    fixture_init(&f);
    fixture_open(&f);
    arena_init(&a, 0);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    for (uint64_t n = 0; n < 40; n++) {
        assert_int_equal(put_append(l, n, 5, 3000, NULL), 0);
    }
    assert_int_equal(slog_view_new(l, 10, 190, &v, &e), 0);
    slog_view_write_json(v, &text);
    assert_int_equal(slog_delete(f.slog, "s", &e), 0); /* the view keeps the files */
    assert_null(slog_find(f.slog, "s"));
    assert_int_equal(json_parse(&a, buf_bytes(&text), &j, &e), 0);
    assert_int_equal(slog_reader_new_json(j, &r, &e), 0);
    for (uint64_t n = 10; n < 190; n++) {
        assert_int_equal(slog_reader_next(r, &rec, &e), 1);
        assert_int_equal(rec.lsn, n);
    }
    assert_int_equal(slog_reader_next(r, &rec, &e), 0);
    slog_reader_free(&r);
    assert_int_equal(json_parse(&a, BYTES("{\"from\":1,\"to\":2,\"parts\":[{}]}"), &j, &e), 0);
    assert_int_equal(slog_reader_new_json(j, &r, &e), ERR_CORRUPT);
    slog_view_free(&v);
    buf_clear(&text);
    arena_clear(&a);
    fixture_clear(&f);
}

static void test_delete_and_create_again(void **state) {
    struct fixture f;
    struct slog_log *l, *again;
    struct slog_view *v;
    struct slog_bounds b;
    struct err e;
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, ".x", &l, &e), 0);
    assert_int_equal(put_append(l, 0, 1, 10, NULL), 0);
    assert_int_equal(slog_view_new(l, 1, 2, &v, &e), 0);
    assert_int_equal(slog_delete(f.slog, ".x", &e), 0);
    assert_int_equal(slog_delete(f.slog, ".x", &e), ERR_RESOURCE_NOT_FOUND);
    assert_int_equal(put_append(l, 1, 1, 10, NULL), ERR_RESOURCE_NOT_FOUND);
    assert_int_equal(slog_create(f.slog, ".x", &again, &e), 0);
    assert_int_equal(put_append(again, 7, 2, 10, NULL), 0);
    struct slog_reader *r;
    struct slog_record rec;
    assert_int_equal(slog_reader_new_view(v, &r, &e), 0);
    assert_int_equal(slog_reader_next(r, &rec, &e), 1);
    slog_reader_free(&r);
    slog_view_free(&v);
    for (int round = 0; round < 2; round++) {
        slog_close(&f.slog);
        assert_int_equal(count_files(f.dir), 2); /* =pool and the new one */
        fixture_open(&f);
        slog_get_bounds(slog_find(f.slog, ".x"), &b);
        assert_int_equal(b.next_lsn, 3);
    }
    assert_int_equal(slog_delete(f.slog, ".x", &e), 0);
    slog_close(&f.slog);
    assert_int_equal(count_files(f.dir), 1);
    fixture_open(&f);
    assert_null(slog_find(f.slog, ".x"));
    fixture_clear(&f);
}

static void test_bad_arguments(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct err e;
    char key[1025] = {0};
    struct slog_record_in r = {.partition_key = bytes_of(key, sizeof(key))};
    struct slog_append a = {.records = &r, .count = 1};
    fixture_init(&f);
    f.options.queue_bytes = 1000;
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "a/b", &l, &e), ERR_INVALID_ARGUMENT);
    assert_int_equal(slog_create(f.slog, "", &l, &e), ERR_INVALID_ARGUMENT);
    assert_int_equal(slog_create(f.slog, "a", &l, &e), 0);
    assert_int_equal(slog_append(l, &a, &e), ERR_INVALID_ARGUMENT);
    a.count = 0;
    assert_int_equal(slog_append(l, &a, &e), ERR_INVALID_ARGUMENT);
    fixture_clear(&f);
}

static void hold_commit(void *ctx, struct slog_log *log, uint64_t last_lsn) {
    pthread_mutex_lock(ctx);
    pthread_mutex_unlock(ctx);
}

static void count_done(struct slog_append *a) {
    (*(_Atomic int *)a->ctx)--;
}

static void test_full_queue_is_refused(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct err e;
    static char data[600];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct slog_record_in r = {.data = bytes_of(data, sizeof(data))};
    _Atomic int left = 2;
    struct slog_append a = {.records = &r, .count = 1, .done = count_done, .ctx = &left}, b = a;
    struct slog_append refused = a;
    fixture_init(&f);
    f.options.queue_bytes = 1000;
    f.options.committed = hold_commit;
    f.options.committed_ctx = &gate;
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "a", &l, &e), 0);
    pthread_mutex_lock(&gate);
    assert_int_equal(slog_append(l, &a, &e), 0);
    struct slog_bounds bounds = {0};
    while (bounds.next_lsn != 2) { /* written, its callback held up in the hook */
        usleep(1000);
        slog_get_bounds(l, &bounds);
    }
    assert_int_equal(slog_append(l, &b, &e), 0);
    assert_int_equal(slog_append(l, &refused, &e), ERR_UNAVAILABLE);
    assert_int_equal(left, 2);
    pthread_mutex_unlock(&gate);
    slog_close(&f.slog); /* commits what is queued */
    assert_int_equal(left, 0);
    assert_int_equal(b.rc, 0);
    fixture_clear(&f);
}

static void test_delete_fails_queued_appends(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_bounds bounds = {0};
    struct err e;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct slog_record_in r = {.data = BYTES("data")};
    _Atomic int left = 2;
    struct slog_append a = {.records = &r, .count = 1, .done = count_done, .ctx = &left}, b = a;
    fixture_init(&f);
    f.options.committed = hold_commit;
    f.options.committed_ctx = &gate;
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "a", &l, &e), 0);
    pthread_mutex_lock(&gate);
    assert_int_equal(slog_append(l, &a, &e), 0);
    while (bounds.next_lsn != 2) {
        usleep(1000);
        slog_get_bounds(l, &bounds);
    }
    assert_int_equal(slog_append(l, &b, &e), 0);
    assert_int_equal(slog_delete(f.slog, "a", &e), 0);
    assert_int_equal(left, 2);
    pthread_mutex_unlock(&gate);
    slog_close(&f.slog);
    assert_int_equal(left, 0);
    assert_int_equal(a.rc, 0);
    assert_int_equal(b.rc, ERR_RESOURCE_NOT_FOUND);
    assert_int_equal(count_files(f.dir), 1);
    fixture_clear(&f);
}

/* ---- threads ---- */

struct writer {
    struct slog_log *log;
    uint64_t id;
    int appends;
    _Atomic bool *stop;
};

static void *write_many(void *arg) {
    struct writer *w = arg;
    for (int i = 0; i < w->appends; i++) {
        uint64_t lsn;
        if (put_append(w->log, w->id * 1000000 + (uint64_t)i, 5, 300, &lsn) != 0) {
            abort();
        }
    }
    return NULL;
}

static void *trim_and_look(void *arg) {
    struct writer *w = arg;
    struct err e;
    while (!*w->stop) {
        struct slog_bounds b;
        struct slog_extent x;
        uint64_t lsn;
        slog_get_bounds(w->log, &b);
        if (slog_measure(w->log, b.first_lsn, INT64_MAX, 100000, &x, &e) != 0 ||
            slog_find_time(w->log, 1000, &lsn, &e) != 0 ||
            slog_trim(w->log, b.next_lsn > 2000 ? b.next_lsn - 2000 : 0, &e) != 0) {
            abort();
        }
    }
    return NULL;
}

static void test_threads(void **state) {
    enum { WRITERS = 6 };
    struct fixture f;
    struct slog_log *logs[2];
    struct err e;
    pthread_t threads[WRITERS + 1];
    struct writer writers[WRITERS + 1];
    _Atomic bool stop = false;
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "a", &logs[0], &e), 0);
    assert_int_equal(slog_create(f.slog, "b", &logs[1], &e), 0);
    for (uint64_t i = 0; i <= WRITERS; i++) {
        writers[i] = (struct writer){.log = logs[i % 2], .id = i, .appends = 150, .stop = &stop};
        assert_int_equal(pthread_create(&threads[i], NULL, i < WRITERS ? write_many : trim_and_look,
                                        &writers[i]),
                         0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    stop = true;
    pthread_join(threads[WRITERS], NULL);
    for (int i = 0; i < 2; i++) {
        struct slog_bounds b;
        slog_get_bounds(logs[i], &b);
        assert_int_equal(b.next_lsn, WRITERS / 2 * 150 * 5 + 1);
    }
    fixture_clear(&f);
}

static void test_no_leaks(void **state) {
    assert_int_equal(mem_test_live_blocks(), 0);
}

int main(void) {
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_and_read),
        cmocka_unit_test(test_segments_roll_and_recycle),
        cmocka_unit_test(test_lsn_survives_trim),
        cmocka_unit_test(test_find_time_and_measure),
        cmocka_unit_test(test_measure_inside_shared_frames),
        cmocka_unit_test(test_view_json_in_another_process),
        cmocka_unit_test(test_delete_and_create_again),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_full_queue_is_refused),
        cmocka_unit_test(test_delete_fails_queued_appends),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_no_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
