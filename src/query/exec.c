/* exec.c - how an execution gets from QUEUED to its end.
 *
 *     query_start -> workgroup's queue (admit.c) -> planner thread: exec_run
 *                                |- DDL, SHOW: runs here, writes <id>.txt -> exec_finish
 *                                '- SELECT: plan -> work_submit -> pool's thread: task_done
 *                                                       ^               |- ok, error -> exec_finish
 *                                                       |               '- worker died, first time
 *                                                       '------ queue again (a new plan) <-'
 *
 * An exec has a reference while it is on the live list and one while a thread drives it; fields
 * that others look at change only under the service's lock. */
#include "base/log.h"
#include "base/mem.h"
#include "base/vfs.h"
#include "query/remote.h"
#include "query/write_int.h"

static const char *const state_names[] = {"QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"};

static bool legal(enum exec_state from, enum exec_state to) {
    switch (from) {
    case EXEC_QUEUED:
        return to == EXEC_RUNNING || to == EXEC_FAILED || to == EXEC_CANCELLED;
    case EXEC_RUNNING:
        return true;
    default:
        return false;
    }
}

static void move(struct exec *x, enum exec_state to) { /* under lock */
    if (!legal(x->state, to))
        log_write(LOG_ERROR, "query", "%s: %s after %s", x->id, state_names[to],
                  state_names[x->state]);
    assert(legal(x->state, to));
    x->state = to;
}

/* ---- lists and references, under lock ---- */
struct exec *exec_find(struct query_service *q, struct bytes id) {
    for (struct exec *x = q->live; x; x = x->next)
        if (bytes_eq_str(id, x->id))
            return x;
    return NULL;
}

void exec_unref(struct exec *x) {
    pthread_cond_broadcast(&x->service->drained);
    if (--x->refs == 0)
        exec_free(x);
}

void exec_free(struct exec *x) {
    plan_free(&x->plan);
    arena_clear(&x->arena);
    mem_free(x);
}

static void unlink_live(struct exec *x) {
    struct query_service *q = x->service;
    for (struct exec **p = &q->live; *p; p = &(*p)->next)
        if (*p == x) {
            *p = x->next;
            break;
        }
}

/* ---- the end ---- */
static void store_metadata(struct exec *x) {
    struct err e = {0};
    if (metadata_write(x->service, bytes_str(x->id), x->output_uri, x->columns_json, &e))
        log_write(LOG_WARN, "query", "%s: metadata not written: %s", x->id, e.text);
}

static bool persist(struct exec *x, const struct buf *json) {
    struct err e = {0};
    if (buf_ok(json) && !catalog_doc_put(x->service->d.catalog, QUERY_KIND, bytes_str(x->id),
                                         x->submitted_ms, buf_bytes(json), -1, &e))
        return true;
    log_write(LOG_ERROR, "query", "%s: its end could not be stored: %s", x->id, e.text);
    return false;
}

/* The first one to come may end it. */
static bool claim_end(struct exec *x) {
    pthread_mutex_lock(&x->service->lock);
    bool ours = !x->ended;
    x->ended = true;
    pthread_mutex_unlock(&x->service->lock);
    return ours;
}

/* The record of its end. It is shown as running until that is durable. */
static void write_end(struct exec *x, enum exec_state state, const struct err *e,
                      struct buf *json) {
    struct query_service *q = x->service;
    pthread_mutex_lock(&q->lock);
    if (e)
        x->err = *e;
    x->completed_ms = clock_wall_ms(q->d.clock);
    x->total_us = clock_mono_us(q->d.clock) - x->submitted_us;
    enum exec_state before = x->state;
    move(x, state);
    record_write(x, json);
    x->state = before;
    pthread_mutex_unlock(&q->lock);
}

void exec_conclude(struct exec *x, enum exec_state state, const struct err *e) {
    struct query_service *q = x->service;
    struct buf json = {0};
    if (!claim_end(x))
        return;
    if (state == EXEC_SUCCEEDED && !x->reused)
        store_metadata(x);
    write_end(x, state, e, &json);
    bool persisted = persist(x, &json);
    buf_clear(&json);
    if (state == EXEC_SUCCEEDED)
        reuse_keep(x);
    pthread_mutex_lock(&q->lock);
    move(x, state);
    admit_release(x);
    admit_count(x);
    struct waiter *w = wait_take(q, x->id, 0);
    pthread_cond_broadcast(&q->drained);
    if (persisted) { /* else it is told from memory until the process ends */
        unlink_live(x);
        exec_unref(x);
    }
    pthread_mutex_unlock(&q->lock);
    wait_fire(w);
}

void exec_finish(struct exec *x, enum exec_state state, const struct err *e) {
    plan_free(&x->plan);
    exec_conclude(x, state, e);
}

/* ---- SELECT: the worker's answer ---- */
static void task_started(void *ctx) {
    struct exec *x = ctx;
    struct query_service *q = x->service;
    pthread_mutex_lock(&q->lock);
    x->queue_us = clock_mono_us(q->d.clock) - x->submitted_us - x->plan_us;
    pthread_mutex_unlock(&q->lock);
}

/* What the client reads instead of the pool's words. */
static void explain(const struct exec *x, const struct work_result *r, struct err *e) {
    *e = r->err;
    if (r->worker_died)
        err_set_named(e, ERR_SQL, "GENERIC_INTERNAL_ERROR", 0,
                      "The worker process that ran the query ended twice (%.300s); the query may "
                      "need more memory than its limit. Retry with fewer rows or columns.",
                      r->err.text);
    else if (r->rc == ERR_TIMEOUT)
        err_set_named(e, ERR_SQL, "EXCEEDED_TIME_LIMIT", 0,
                      "Query exceeded the maximum run time of %lld s of workgroup %.*s "
                      "(tarn.timeout_s).",
                      (long long)x->limits.timeout_s, BYTES_ARG(x->workgroup));
    else if (r->rc == ERR_NOMEM || strcmp(r->err.name, "EXCEEDED_LOCAL_MEMORY_LIMIT") == 0)
        err_set_named(
            e, ERR_SQL, "EXCEEDED_LOCAL_MEMORY_LIMIT", 0,
            "Query exhausted resources at this scale factor: workgroup %.*s gives a query "
            "%lld MB of memory and %lld MB of disk (tarn.memory_mb, tarn.spill_mb). "
            "%.300s",
            BYTES_ARG(x->workgroup), (long long)x->limits.memory_mb, (long long)x->limits.spill_mb,
            r->err.text);
}

static bool try_again(struct exec *x, const struct work_result *r) {
    struct query_service *q = x->service;
    bool again = false;
    if (!r->worker_died || x->attempt > 1)
        return false;
    plan_free(&x->plan);
    pthread_mutex_lock(&q->lock);
    if (!x->cancel && !x->ended && !q->closing) {
        move(x, EXEC_QUEUED);
        x->task_id = 0;
        admit_release(x);
        admit_again(x);
        again = true;
    }
    pthread_mutex_unlock(&q->lock);
    if (again)
        log_write(LOG_WARN, "query", "%s: its worker died, starting it again", x->id);
    return again;
}

static void release(struct exec *x) {
    struct query_service *q = x->service;
    pthread_mutex_lock(&q->lock);
    exec_unref(x);
    pthread_mutex_unlock(&q->lock);
}

/* Under lock. */
static bool keep_columns(struct exec *x, struct bytes json) {
    struct bytes copy = arena_copy(&x->arena, json);
    if (!copy.ptr)
        return false;
    x->columns_json = copy;
    return true;
}

static int write_text(struct exec *x, struct bytes text, struct err *e) {
    struct bytes bucket, key;
    struct store_put_options o = {.content_type = BYTES("text/plain")};
    if (!store_split_uri(x->output_uri, &bucket, &key))
        return err_set(e, ERR_INTERNAL, "The output location is not an S3 URI.");
    return store_put_bytes(x->service->d.store, bucket, key, text, &o, e);
}

/* EXPLAIN ANALYZE: the plan with what was measured is the result. */
static int finish_analyze(struct exec *x, const struct json *ok, struct err *e) {
    struct query_service *q = x->service;
    struct buf out = {0};
    struct arena a;
    struct bytes columns = BYTES("[]");
    arena_init(&a, 0);
    int rc = explain_analyzed(x, &a, ok, &out, &columns, e);
    if (!rc)
        rc = write_text(x, buf_bytes(&out), e);
    pthread_mutex_lock(&q->lock);
    if (!rc && !keep_columns(x, columns))
        rc = err_set(e, ERR_NOMEM, NULL);
    pthread_mutex_unlock(&q->lock);
    buf_clear(&out);
    arena_clear(&a);
    return rc;
}

static uint64_t input_rows(const struct plan *p) {
    uint64_t sum = 0;
    for (size_t i = 0; i < p->scan_count; i++)
        for (size_t k = 0; k < p->scans[i].file_count; k++) {
            int64_t n = plan_file_rows(&p->scans[i].files[k]);
            sum += n > 0 ? (uint64_t)n : 0;
        }
    return sum;
}

static void task_done(void *ctx, const struct work_result *r) {
    struct exec *x = ctx;
    struct query_service *q = x->service;
    struct err e = {0};
    pthread_mutex_lock(&q->lock);
    x->engine_us = json_get_i64(r->ok, "engine_us", r->run_us);
    x->scanned_bytes = x->plan->remote ? (uint64_t)json_get_i64(r->ok, "scanned_bytes", 0)
                                       : x->plan->scanned_bytes;
    x->billed_bytes = plan_billed_bytes(x->plan, x->scanned_bytes);
    x->output_rows = (uint64_t)json_get_i64(r->ok, "rows", 0);
    x->output_bytes = (uint64_t)json_get_i64(r->ok, "output_bytes", 0);
    x->input_rows = input_rows(x->plan);
    struct bytes columns =
        x->plan->remote ? remote_columns(&x->plan->arena, r->ok) : x->plan->columns_json;
    bool kept = r->rc || x->is_analyze || keep_columns(x, columns);
    bool cancelled = x->cancel && r->rc;
    pthread_mutex_unlock(&q->lock);
    if (!r->rc && kept && x->plan->write) {
        write_submit(x, r->ok);
        return;
    }
    if (r->rc && !x->plan->write) /* a worker that was killed could not clean up */
        (void)vfs_system()->ops->unlink(vfs_system(), x->plan->tmp);
    if (!kept) {
        err_set(&e, ERR_NOMEM, NULL);
        exec_finish(x, EXEC_FAILED, &e);
    } else if (r->rc == 0 && x->is_analyze && finish_analyze(x, r->ok, &e)) {
        exec_finish(x, EXEC_FAILED, &e);
    } else if (r->rc == 0) {
        exec_finish(x, EXEC_SUCCEEDED, NULL);
    } else if (cancelled || r->rc == ERR_CANCELED) {
        exec_finish(x, EXEC_CANCELLED, NULL);
    } else if (!try_again(x, r)) {
        explain(x, r, &e);
        exec_finish(x, EXEC_FAILED, &e);
    }
    release(x);
}

/* ---- the planner's side ---- */
static int submit(struct exec *x, struct err *e) {
    struct query_service *q = x->service;
    struct work_task t = {.group = admit_pool_group(x->group),
                          .json = x->plan->task_json,
                          .timeout_ms = x->limits.timeout_s * 1000,
                          .grace_ms = x->plan->remote ? REMOTE_GRACE_MS : 0,
                          .started = task_started,
                          .done = task_done,
                          .ctx = x};
    uint64_t id = 0;
    pthread_mutex_lock(&q->lock);
    bool ended = x->ended;
    x->refs += !ended; /* the task's, dropped by task_done */
    pthread_mutex_unlock(&q->lock);
    if (ended) /* stopped while it was planned */
        return 0;
    int rc = work_submit(q->d.pool, &t, &id, e);
    pthread_mutex_lock(&q->lock);
    if (rc)
        exec_unref(x);
    else
        x->task_id = id;
    bool cancel = !rc && x->cancel;
    pthread_mutex_unlock(&q->lock);
    if (cancel)
        work_cancel(q->d.pool, id);
    return rc;
}

static int run_ddl(struct exec *x, struct err *e) {
    struct query_service *q = x->service;
    struct buf out = {0};
    struct arena a;
    struct bytes columns = BYTES("[]");
    int64_t start_us = clock_mono_us(q->d.clock);
    arena_init(&a, 0);
    int rc = ddl_run(q, &a, x, &out, &columns, e);
    if (!rc)
        rc = write_text(x, buf_bytes(&out), e);
    pthread_mutex_lock(&q->lock);
    if (!rc && !keep_columns(x, columns))
        rc = err_set(e, ERR_NOMEM, NULL);
    x->engine_us = clock_mono_us(q->d.clock) - start_us;
    pthread_mutex_unlock(&q->lock);
    buf_clear(&out);
    arena_clear(&a);
    return rc;
}

static int stand_on(struct exec *x) {
    log_write(LOG_DEBUG, "query", "%s: an earlier result is reused", x->id);
    exec_finish(x, EXEC_SUCCEEDED, NULL);
    return 0;
}

/* A write without rows: nothing runs, and the table is made. */
static int commit_nothing(struct exec *x) {
    struct query_service *q = x->service;
    pthread_mutex_lock(&q->lock);
    x->columns_json = x->plan->columns_json; /* a constant */
    x->refs++;                               /* the commit's */
    pthread_mutex_unlock(&q->lock);
    write_submit(x, NULL);
    return 0;
}

static int run_select(struct exec *x, struct err *e) {
    struct query_service *q = x->service;
    int64_t start_us = clock_mono_us(q->d.clock);
    if (x->attempt++ == 0 && x->is_select && reuse_by_age(x))
        return stand_on(x);
    bool remote = x->is_select && x->limits.engine == ENGINE_TRINO;
    int rc = remote ? remote_plan(q, x, &x->plan, e) : plan_make(q, x, &x->plan, e);
    pthread_mutex_lock(&q->lock);
    x->plan_us = clock_mono_us(q->d.clock) - start_us;
    pthread_mutex_unlock(&q->lock);
    if (rc || (x->plan->write && !x->plan->write->folder))
        return rc ? rc : commit_nothing(x);
    if (x->is_select && x->plan->has_fingerprint && reuse_by_data(x, x->plan->fingerprint))
        return stand_on(x);
    return submit(x, e);
}

static void exec_run(struct exec *x) {
    struct query_service *q = x->service;
    struct err e = {0};
    pthread_mutex_lock(&q->lock);
    bool ended = x->ended, cancel = x->cancel && !ended;
    if (!cancel && !ended) {
        move(x, EXEC_RUNNING);
        x->queue_us = clock_mono_us(q->d.clock) - x->submitted_us;
    }
    pthread_mutex_unlock(&q->lock);
    if (cancel)
        exec_finish(x, EXEC_CANCELLED, NULL);
    if (cancel || ended)
        return;
    int rc = x->needs_slot ? run_select(x, &e) : run_ddl(x, &e);
    if (rc)
        exec_finish(x, EXEC_FAILED, &e);
    else if (!x->needs_slot)
        exec_finish(x, EXEC_SUCCEEDED, NULL);
}

void *exec_planner_main(void *service) {
    struct query_service *q = service;
    pthread_mutex_lock(&q->lock);
    for (;;) {
        struct exec *x = admit_next(q);
        if (x) {
            pthread_mutex_unlock(&q->lock);
            exec_run(x);
            pthread_mutex_lock(&q->lock);
            admit_planned(x);
            exec_unref(x);
        } else if (q->closing) {
            break;
        } else {
            pthread_cond_wait(&q->work, &q->lock);
        }
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}
