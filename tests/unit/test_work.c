/* test_work.c - the pool with real worker processes of the program that was just built. */
#include "duck_fixture.h"
#include "work/pool.h"
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>

#define WAIT_MS 20000

/* ---- fixture: a pool, and tasks that can be waited for ---- */
struct work_fixture {
    char dir[64];
    char exe[PATH_MAX + 16];
    struct work_pool_options options;
    struct work_pool *pool;
};
/* Static in every test: the pool still owes a callback to one whose test has failed. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int started, progressed, done;
    struct work_result result;
    int64_t rows;
};

/* build/unit/test_work runs build/tarn. */
static void find_program(char *out, size_t cap) {
    ssize_t n = readlink("/proc/self/exe", out, cap - 16);
    assert_true(n > 0);
    out[n] = 0;
    *strrchr(out, '/') = 0;
    strcpy(strrchr(out, '/'), "/tarn");
    assert_int_equal(access(out, X_OK), 0);
}
static void open_pool(struct work_fixture *f) {
    struct err e;
    if (work_pool_open(&f->options, &f->pool, &e)) {
        fail_msg("pool: %s", e.text);
    }
}
static int setup(void **state) {
    struct work_fixture *f = mem_calloc(1, sizeof(*f));
    assert_non_null(f);
    log_set_level(LOG_ERROR);
    strcpy(f->dir, "/tmp/tarn-work-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    find_program(f->exe, sizeof(f->exe));
    shell("mkdir '%s/tmp'", f->dir);
    f->options =
        (struct work_pool_options){.clock = clock_system(), .exe_path = f->exe, .data_dir = f->dir};
    for (int g = 0; g < WORK_GROUPS; g++) {
        f->options.group[g].max_workers = 1;
        f->options.group[g].threads = 1;
        f->options.group[g].memory_mb = 512;
    }
    *state = f;
    return 0;
}
static int teardown(void **state) {
    struct work_fixture *f = *state;
    work_pool_close(&f->pool);
    shell("rm -rf '%s'", f->dir);
    mem_free(f);
    return 0;
}

static void waiter_init(struct waiter *w) {
    memset(w, 0, sizeof(*w));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
}
static void on_started(void *ctx) {
    struct waiter *w = ctx;
    pthread_mutex_lock(&w->lock);
    w->started++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}
static void on_progress(void *ctx, const struct json *progress) {
    struct waiter *w = ctx;
    pthread_mutex_lock(&w->lock);
    w->progressed++;
    pthread_mutex_unlock(&w->lock);
}
static void on_done(void *ctx, const struct work_result *r) {
    struct waiter *w = ctx;
    pthread_mutex_lock(&w->lock);
    w->result = *r;
    w->result.ok = NULL;
    w->rows = json_get_i64(r->ok, "rows", -1);
    w->done++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}
/* Waits until *count is at least 1. */
static void wait_for(struct waiter *w, const int *count) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    pthread_mutex_lock(&w->lock);
    int rc = 0;
    while (!*count && !rc) {
        rc = pthread_cond_timedwait(&w->changed, &w->lock, &until);
    }
    pthread_mutex_unlock(&w->lock);
    assert_int_equal(rc, 0);
}
static int submit(struct work_fixture *f, struct waiter *w, int group, const char *json,
                  int64_t timeout_ms, uint64_t *ret_id) {
    struct err e;
    struct work_task t = {.group = group,
                          .json = bytes_str(json),
                          .timeout_ms = timeout_ms,
                          .started = on_started,
                          .progress = on_progress,
                          .done = on_done,
                          .ctx = w};
    waiter_init(w);
    int rc = work_submit(f->pool, &t, ret_id, &e);
    return rc;
}
static void run_task(struct work_fixture *f, struct waiter *w, const char *json) {
    uint64_t id;
    assert_int_equal(submit(f, w, WORK_QUERY, json, 0, &id), 0);
    wait_for(w, &w->done);
}
static void expect_ok(struct work_fixture *f, const char *json) {
    static struct waiter w;
    run_task(f, &w, json);
    if (w.result.rc) {
        fail_msg("task: %s", w.result.err.text);
    }
    assert_int_equal(w.done, 1);
}
static pid_t only_worker(struct work_fixture *f) {
    struct work_stats s;
    work_get_stats(f->pool, &s);
    assert_int_equal(s.pid_count, 1);
    return s.pids[0];
}
static struct work_stats stats(struct work_fixture *f) {
    struct work_stats s;
    work_get_stats(f->pool, &s);
    return s;
}
static void sleep_ms(int ms) {
    usleep((useconds_t)ms * 1000);
}

#define PING "{\"kind\":\"ping\"}"
#define SELECT(sql) "{\"kind\":\"query\",\"sql\":\"" sql "\",\"columns\":[{\"name\":\"c\"}]}"
/* Hours of work for the engine. */
#define ENDLESS SELECT("SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)")

/* ---- life ---- */
static void tasks_run_on_one_warm_worker(void **state) {
    struct work_fixture *f = *state;
    open_pool(f);
    assert_int_equal(stats(f).pid_count, 0); /* none before the first task */
    expect_ok(f, PING);
    pid_t pid = only_worker(f);
    expect_ok(f, SELECT("SELECT 1"));
    static struct waiter w;
    run_task(f, &w, SELECT("SELECT i FROM range(5000) t(i)"));
    assert_int_equal(w.rows, 5000);
    assert_int_equal(w.started, 1);
    assert_true(w.progressed > 0);
    assert_int_equal(only_worker(f), pid);
    assert_int_equal(stats(f).started_total, 1);
}
static void errors_come_back_whole(void **state) {
    struct work_fixture *f = *state;
    static struct waiter w;
    open_pool(f);
    run_task(f, &w, SELECT("SELECT CAST(x AS INTEGER) FROM (VALUES ('a')) t(x)"));
    assert_int_equal(w.result.rc, ERR_SQL);
    assert_string_equal(w.result.err.name, "INVALID_CAST_ARGUMENT");
    assert_string_equal(w.result.err.text, "Cannot cast 'a' to INT");
    assert_false(w.result.worker_died);
    run_task(f, &w, "{\"kind\":\"dance\"}");
    assert_int_equal(w.result.rc, ERR_INTERNAL);
    assert_int_equal(stats(f).started_total, 1);
}

static long resident_kb(pid_t pid) {
    char path[64], line[200];
    long kb = -1;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    while (fgets(line, sizeof(line), in)) {
        if (sscanf(line, "VmRSS: %ld", &kb) == 1) {
            break;
        }
    }
    fclose(in);
    return kb;
}
static void count_kinds(pid_t pid, int *ret_all, int *ret_sockets) {
    char path[300], target[200];
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    assert_non_null(d);
    *ret_all = *ret_sockets = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%.100s", (int)pid, entry->d_name);
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        if (n > 0) {
            target[n] = 0;
            *ret_all += 1;
            *ret_sockets += strncmp(target, "socket:", 7) == 0;
        }
    }
    closedir(d);
}
static void a_hundred_tasks_do_not_grow_a_worker(void **state) {
    struct work_fixture *f = *state;
    const char *task = SELECT("SELECT max(h) FROM (SELECT hash(i) % 1000 AS g, max(i || 'text') AS "
                              "h FROM range(200000) t(i) GROUP BY 1)");
    int fds_before, fds_after, sockets;
    open_pool(f);
    for (int i = 0; i < 20; i++) {
        expect_ok(f, task);
    }
    pid_t pid = only_worker(f);
    long before = resident_kb(pid);
    count_kinds(pid, &fds_before, &sockets);
    for (int i = 0; i < 100; i++) {
        expect_ok(f, task);
    }
    count_kinds(pid, &fds_after, &sockets);
    assert_int_equal(only_worker(f), pid);
    assert_int_equal(fds_after, fds_before);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they keep freed memory */
    assert_in_range(resident_kb(pid), 1, before + 8 * 1024);
#else
    assert_true(before > 0);
#endif
}
/* A worker sees its own socket and nothing else of the front, nor of other workers. */
static void workers_inherit_nothing(void **state) {
    struct work_fixture *f = *state;
    static struct waiter slow;
    uint64_t id;
    int all, sockets, ours_before, ours_after, ignored;
    f->options.group[WORK_QUERY].max_workers = 2;
    count_kinds(getpid(), &ours_before, &ignored);
    open_pool(f);
    assert_int_equal(submit(f, &slow, WORK_QUERY, ENDLESS, 0, &id), 0);
    wait_for(&slow, &slow.started);
    expect_ok(f, PING);
    struct work_stats s = stats(f);
    assert_int_equal(s.workers[WORK_QUERY], 2);
    for (int i = 0; i < s.pid_count; i++) {
        count_kinds(s.pids[i], &all, &sockets);
        assert_int_equal(sockets, 1);
    }
    work_pool_close(&f->pool);
    assert_int_equal(slow.result.rc, ERR_CANCELED);
    count_kinds(getpid(), &ours_after, &ignored);
    assert_int_equal(ours_after, ours_before);
}
static void idle_workers_leave(void **state) {
    struct work_fixture *f = *state;
    f->options.idle_ms = 300;
    open_pool(f);
    expect_ok(f, SELECT("SELECT 1"));
    pid_t pid = only_worker(f);
    for (int waited = 0; stats(f).pid_count && waited < WAIT_MS; waited += 50) {
        sleep_ms(50);
    }
    assert_int_equal(stats(f).pid_count, 0);
    for (int waited = 0; kill(pid, 0) == 0 && waited < WAIT_MS; waited += 50) {
        sleep_ms(50);
    }
    assert_int_equal(kill(pid, 0), -1); /* gone and reaped */
    assert_int_equal(stats(f).died_total, 0);
    expect_ok(f, SELECT("SELECT 1"));
    assert_int_equal(stats(f).started_total, 2);
}

/* ---- deaths ---- */
static void a_killed_worker_fails_its_task_only(void **state) {
    struct work_fixture *f = *state;
    static struct waiter w, next;
    uint64_t id;
    open_pool(f);
    assert_int_equal(submit(f, &w, WORK_QUERY, ENDLESS, 0, &id), 0);
    wait_for(&w, &w.started);
    assert_int_equal(submit(f, &next, WORK_QUERY, PING, 0, &id), 0); /* waits behind it */
    sleep_ms(200);
    assert_int_equal(kill(only_worker(f), SIGKILL), 0);
    wait_for(&w, &w.done);
    assert_int_equal(w.result.rc, ERR_INTERNAL);
    assert_true(w.result.worker_died);
    assert_non_null(strstr(w.result.err.text, "signal 9 (Killed)"));
    wait_for(&next, &next.done);
    assert_int_equal(next.result.rc, 0);
    assert_int_equal(stats(f).died_total, 1);
    assert_int_equal(w.done, 1);
}
static void an_idle_worker_that_dies_is_replaced(void **state) {
    struct work_fixture *f = *state;
    open_pool(f);
    expect_ok(f, PING);
    pid_t pid = only_worker(f);
    assert_int_equal(kill(pid, SIGKILL), 0);
    for (int waited = 0; stats(f).pid_count && waited < WAIT_MS; waited += 10) {
        sleep_ms(10);
    }
    expect_ok(f, PING);
    assert_int_not_equal(only_worker(f), pid);
}
static void a_program_that_is_missing_or_leaves_at_once(void **state) {
    struct work_fixture *f = *state;
    static const char *const programs[] = {"/nowhere/tarn", "/bin/false"};
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        static struct waiter w;
        f->options.exe_path = programs[i];
        open_pool(f);
        run_task(f, &w, PING);
        assert_true(w.result.rc < 0);
        assert_true(strlen(w.result.err.text) > 10);
        work_pool_close(&f->pool);
    }
}

/* ---- stops ---- */
static void a_cancel_stops_a_running_task(void **state) {
    struct work_fixture *f = *state;
    static struct waiter w;
    uint64_t id;
    open_pool(f);
    expect_ok(f, SELECT("SELECT 1"));
    assert_int_equal(submit(f, &w, WORK_QUERY, ENDLESS, 0, &id), 0);
    wait_for(&w, &w.started);
    sleep_ms(200);
    int64_t start = clock_mono_us(clock_system());
    work_cancel(f->pool, id);
    wait_for(&w, &w.done);
    assert_true(clock_mono_us(clock_system()) - start < 2000000);
    assert_int_equal(w.result.rc, ERR_CANCELED);
    assert_false(w.result.worker_died);
    work_cancel(f->pool, id); /* finished: ignored */
    work_cancel(f->pool, 9999);
    expect_ok(f, SELECT("SELECT 1"));
}
/* A worker that does not listen (it is stopped) is killed after its grace. */
static void a_cancel_kills_who_does_not_listen(void **state) {
    struct work_fixture *f = *state;
    static struct waiter w;
    uint64_t id;
    open_pool(f);
    assert_int_equal(submit(f, &w, WORK_QUERY, ENDLESS, 0, &id), 0);
    wait_for(&w, &w.started);
    pid_t pid = only_worker(f);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    work_cancel(f->pool, id);
    wait_for(&w, &w.done);
    assert_int_equal(w.result.rc, ERR_CANCELED);
    assert_false(w.result.worker_died);
    assert_int_equal(kill(pid, 0), -1);
    expect_ok(f, PING);
}
static void a_waiting_task_can_be_canceled(void **state) {
    struct work_fixture *f = *state;
    static struct waiter running, waiting;
    uint64_t running_id, waiting_id;
    open_pool(f);
    assert_int_equal(submit(f, &running, WORK_QUERY, ENDLESS, 0, &running_id), 0);
    assert_int_equal(submit(f, &waiting, WORK_QUERY, PING, 0, &waiting_id), 0);
    wait_for(&running, &running.started);
    work_cancel(f->pool, waiting_id);
    wait_for(&waiting, &waiting.done);
    assert_int_equal(waiting.result.rc, ERR_CANCELED);
    assert_int_equal(waiting.started, 0);
    assert_int_equal(running.done, 0);
    work_pool_close(&f->pool); /* while the waiters live */
    assert_int_equal(running.done, 1);
}
static void a_timeout_ends_the_task(void **state) {
    struct work_fixture *f = *state;
    static struct waiter w;
    uint64_t id;
    open_pool(f);
    assert_int_equal(submit(f, &w, WORK_QUERY, ENDLESS, 300, &id), 0);
    wait_for(&w, &w.done);
    assert_int_equal(w.result.rc, ERR_TIMEOUT);
    assert_false(w.result.worker_died);
    assert_in_range(w.result.run_us, 300000, 3000000);
    expect_ok(f, PING);
}

/* ---- queues ---- */
static void a_full_queue_refuses(void **state) {
    struct work_fixture *f = *state;
    static struct waiter running, waiting[2], refused;
    uint64_t id;
    f->options.group[WORK_QUERY].max_queue = 2;
    open_pool(f);
    assert_int_equal(submit(f, &running, WORK_QUERY, ENDLESS, 0, &id), 0);
    wait_for(&running, &running.started);
    assert_int_equal(submit(f, &waiting[0], WORK_QUERY, PING, 0, &id), 0);
    assert_int_equal(submit(f, &waiting[1], WORK_QUERY, PING, 0, &id), 0);
    assert_int_equal(submit(f, &refused, WORK_QUERY, PING, 0, &id), ERR_UNAVAILABLE);
    assert_int_equal(stats(f).queued[WORK_QUERY], 2);
    work_pool_close(&f->pool);
    assert_int_equal(running.done, 1);
    assert_int_equal(running.result.rc, ERR_CANCELED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(waiting[i].done, 1);
        assert_int_equal(waiting[i].result.rc, ERR_CANCELED);
    }
    assert_int_equal(refused.done, 0);
}
static void groups_do_not_starve_each_other(void **state) {
    struct work_fixture *f = *state;
    static struct waiter endless, other;
    uint64_t id;
    open_pool(f);
    assert_int_equal(submit(f, &endless, WORK_QUERY, ENDLESS, 0, &id), 0);
    wait_for(&endless, &endless.started);
    assert_int_equal(submit(f, &other, WORK_CONVERT, PING, 0, &id), 0);
    wait_for(&other, &other.done);
    assert_int_equal(other.result.rc, 0);
    assert_int_equal(endless.done, 0);
    work_pool_close(&f->pool);
    assert_int_equal(endless.done, 1);
}
static int define(struct work_fixture *f, const char *name, struct work_group_options o) {
    struct err e;
    int group = -1;
    assert_int_equal(work_group_define(f->pool, bytes_str(name), &o, &group, &e), 0);
    return group;
}
/* nice value of a process: the 19th field of its stat. */
static int nice_of(pid_t pid) {
    char path[64], text[600];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t n = fread(text, 1, sizeof(text) - 1, in);
    fclose(in);
    text[n] = 0;
    const char *at = strrchr(text, ')');
    for (int field = 2; field < 19; field++) {
        at = strchr(at + 1, ' ');
    }
    return atoi(at + 1);
}
static void groups_by_name_have_their_own_workers(void **state) {
    struct work_fixture *f = *state;
    struct work_group_options o = {.max_workers = 1, .threads = 1, .memory_mb = 256, .nice = 7};
    static struct waiter endless, other;
    uint64_t id;
    open_pool(f);
    int a = define(f, "a", o), b = define(f, "b", o);
    assert_true(a >= WORK_GROUPS && a != b);
    assert_int_equal(define(f, "a", o), a);
    assert_int_equal(submit(f, &endless, a, ENDLESS, 0, &id), 0);
    wait_for(&endless, &endless.started);
    for (int waited = 0; nice_of(only_worker(f)) != 7 && waited < WAIT_MS; waited += 10) {
        sleep_ms(10); /* it has just been started */
    }
    assert_int_equal(nice_of(only_worker(f)), 7);
    assert_int_equal(submit(f, &other, b, PING, 0, &id), 0);
    wait_for(&other, &other.done);
    assert_int_equal(other.result.rc, 0);
    assert_int_equal(stats(f).workers[WORK_QUERY], 2);
    work_pool_close(&f->pool);
    assert_int_equal(endless.done, 1);
}
static void new_options_make_new_workers(void **state) {
    struct work_fixture *f = *state;
    struct work_group_options o = {.max_workers = 1, .threads = 1, .memory_mb = 256}, got;
    static struct waiter w;
    uint64_t id;
    open_pool(f);
    int g = define(f, "g", o);
    assert_int_equal(submit(f, &w, g, PING, 0, &id), 0);
    wait_for(&w, &w.done);
    pid_t pid = only_worker(f);
    o.max_workers = 2;
    o.max_queue = 5;
    assert_int_equal(define(f, "g", o), g);
    assert_int_equal(submit(f, &w, g, PING, 0, &id), 0);
    wait_for(&w, &w.done);
    assert_int_equal(only_worker(f), pid); /* it has what the options say */
    o.nice = 3;
    assert_int_equal(define(f, "g", o), g);
    assert_int_equal(submit(f, &w, g, PING, 0, &id), 0);
    wait_for(&w, &w.done);
    assert_int_equal(w.result.rc, 0);
    assert_int_not_equal(only_worker(f), pid);
    work_group_get(f->pool, g, &got);
    assert_int_equal(got.nice, 3);
    assert_int_equal(got.max_queue, 5);
}
/* More groups than there are places: those that are idle make room. */
static void places_go_to_who_needs_them(void **state) {
    struct work_fixture *f = *state;
    struct work_group_options o = {.max_workers = 1, .threads = 1, .memory_mb = 64};
    static struct waiter w[80];
    uint64_t id;
    open_pool(f);
    for (int i = 0; i < 80; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "g%d", i);
        assert_int_equal(submit(f, &w[i], define(f, name, o), PING, 0, &id), 0);
    }
    for (int i = 0; i < 80; i++) {
        wait_for(&w[i], &w[i].done);
        assert_int_equal(w[i].result.rc, 0);
    }
    assert_true(stats(f).pid_count < 64);
}
/* State letter of a process: 'T' when it is stopped. */
static char state_of(pid_t pid) {
    char path[64], text[600];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t n = fread(text, 1, sizeof(text) - 1, in);
    fclose(in);
    text[n] = 0;
    return strrchr(text, ')')[2];
}
/* Times of 100 that the process was seen stopped, during a second. */
static int seen_stopped(pid_t pid) {
    int n = 0;
    for (int i = 0; i < 100; i++) {
        n += state_of(pid) == 'T';
        sleep_ms(10);
    }
    return n;
}
static void low_groups_stand_back_while_others_are_busy(void **state) {
    struct work_fixture *f = *state;
    struct work_group_options o = {.max_workers = 1, .threads = 1, .memory_mb = 256, .nice = 15};
    static struct waiter low, high;
    uint64_t low_id, high_id;
    open_pool(f);
    assert_int_equal(submit(f, &low, define(f, "low", o), ENDLESS, 0, &low_id), 0);
    wait_for(&low, &low.started);
    pid_t pid = only_worker(f);
    sleep_ms(400);
    assert_in_range(seen_stopped(pid), 0, 5); /* nobody else is there */
    assert_int_equal(submit(f, &high, WORK_QUERY, ENDLESS, 0, &high_id), 0);
    wait_for(&high, &high.started);
    assert_in_range(seen_stopped(pid), 60, 100); /* it runs for one look in ten, seldom two */
    work_cancel(f->pool, high_id);
    wait_for(&high, &high.done);
    sleep_ms(100);
    assert_in_range(seen_stopped(pid), 0, 5);
    assert_int_equal(submit(f, &high, WORK_QUERY, ENDLESS, 0, &high_id), 0);
    wait_for(&high, &high.started);
    int64_t start = clock_mono_us(clock_system());
    work_cancel(f->pool, low_id); /* stopped or not */
    wait_for(&low, &low.done);
    assert_true(clock_mono_us(clock_system()) - start < 1000000);
    assert_int_equal(low.result.rc, ERR_CANCELED);
    work_pool_close(&f->pool);
}
/* A message of megabytes goes through both ways of a socket that holds less. */
static void large_messages_pass(void **state) {
    struct work_fixture *f = *state;
    struct buf task = {0};
    static struct waiter w;
    open_pool(f);
    buf_add_str(&task, "{\"kind\":\"facts\",\"paths\":[");
    for (int i = 0; i < 20000; i++) {
        buf_add_fmt(&task, "%s\"/nowhere/%0100d.parquet\"", i ? "," : "", i);
    }
    buf_add_str(&task, "],\"padding\":\"");
    for (int i = 0; i < 20000; i++) {
        buf_add_fmt(&task, "%0100d", i);
    }
    buf_add_str(&task, "\"}");
    run_task(f, &w, buf_cstr(&task));
    if (w.result.rc) {
        fail_msg("%s", w.result.err.text);
    }
    buf_clear(&task);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(tasks_run_on_one_warm_worker),
        T(errors_come_back_whole),
        T(a_hundred_tasks_do_not_grow_a_worker),
        T(workers_inherit_nothing),
        T(idle_workers_leave),
        T(a_killed_worker_fails_its_task_only),
        T(an_idle_worker_that_dies_is_replaced),
        T(a_program_that_is_missing_or_leaves_at_once),
        T(a_cancel_stops_a_running_task),
        T(a_cancel_kills_who_does_not_listen),
        T(a_waiting_task_can_be_canceled),
        T(a_timeout_ends_the_task),
        T(a_full_queue_refuses),
        T(groups_do_not_starve_each_other),
        T(groups_by_name_have_their_own_workers),
        T(new_options_make_new_workers),
        T(places_go_to_who_needs_them),
        T(low_groups_stand_back_while_others_are_busy),
        T(large_messages_pass),
    };
    assert_int_equal(setenv("TARN_LOG", "error", 1), 0); /* the workers' */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
