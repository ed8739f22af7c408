/* stream.c - one delivery stream's step: the state machine of delivery_int.h.
 *
 * A step does what can be done now and says when to look again. Failures never stop a stream: they
 * set last_error and a time to try again, 0.2 s doubling to 30 s. A worker's death keeps the intent
 * (the same rows will go to the same key); after three in a row the object is made smaller, since
 * a task that always kills its worker is most likely too big for its memory. Failures of the plan
 * (table, bucket, source) give up the intent, so that the next try plans anew. */
#include "base/log.h"
#include "base/mem.h"
#include "delivery/delivery_int.h"

#define RETRY_FIRST_US 200000
#define RETRY_MAX_US 30000000
#define QUEUE_FULL_US 200000
#define DEATHS_PER_PLAN 3
#define SHRINK_MAX 10
#define NEVER INT64_MAX

/* ---- asks: who waits for a flush ---- */

static void release(struct delivery_service *d, struct delivery_waiter *w, int rc,
                    const struct err *e) {
    if (rc && !w->rc) {
        w->rc = rc;
        if (e)
            w->err = *e;
    }
    assert(w->pending > 0);
    if (--w->pending == 0) {
        w->next = d->finished;
        d->finished = w;
    }
}

void delivery_release_asks(struct delivery_stream *s, uint64_t lsn, int rc, const struct err *e) {
    struct delivery_ask **at = &s->asks;
    while (*at) {
        struct delivery_ask *ask = *at;
        if (ask->to_lsn > lsn) {
            at = &ask->next;
            continue;
        }
        *at = ask->next;
        release(s->service, ask->waiter, rc, e);
        mem_free(ask);
    }
}

static uint64_t asked_lsn(const struct delivery_stream *s) {
    uint64_t lsn = 0;
    for (const struct delivery_ask *ask = s->asks; ask; ask = ask->next)
        lsn = MAX_OF(lsn, ask->to_lsn);
    return lsn;
}

/* ---- failures ---- */

static void back_off(struct delivery_stream *s, int64_t now_us) {
    int64_t wait = (int64_t)RETRY_FIRST_US << MIN_OF(s->failures, 8);
    s->failures++;
    s->retry_us = now_us + MIN_OF(wait, (int64_t)RETRY_MAX_US);
}

static void note_error(struct delivery_stream *s, int64_t now_us, int rc, const struct err *e) {
    if (s->last_error.code != rc || strcmp(s->last_error.text, e->text) != 0)
        log_write(LOG_WARN, "delivery", "%s: %s (trying again)", s->name.ptr, e->text);
    s->last_error = *e;
    s->last_error.code = rc;
    back_off(s, now_us);
    delivery_release_asks(s, UINT64_MAX, rc, e);
}

/* Gives up the intent; when even that fails it is tried again as it is. */
static void replan(struct delivery_stream *s, int64_t now_us) {
    struct err e = {0};
    int rc = delivery_job_abandon(s, &e);
    if (rc) {
        note_error(s, now_us, rc, &e);
        s->state = FLOW_CONVERT_DUE;
        return;
    }
    delivery_buffer_start(&s->buffer, s->checkpoint);
    s->state = FLOW_BUFFERING;
}

/* ---- BUFFERING ---- */

static int64_t boundary_after(void *ctx, int64_t ms) {
    struct delivery_stream *s = ctx;
    struct delivery_target target, *t = NULL;
    struct arena a;
    arena_init(&a, 0);
    if (s->config->convert &&
        delivery_target_get(s->service->deps.catalog, &a, s->config, &target, NULL) == 0)
        t = &target;
    int64_t next = delivery_boundary(s->config, t, ms);
    arena_clear(&a);
    return next;
}

/* A stream deleted and made again under its name is another one: its records start at 1. */
static int check_source(struct delivery_stream *s, struct slog_log *log, struct err *e) {
    struct slog_bounds bounds;
    struct catalog_doc doc;
    struct json *j = NULL;
    struct arena a;
    slog_get_bounds(log, &bounds);
    bool same = bounds.next_lsn >= s->checkpoint;
    arena_init(&a, 0);
    if (!s->config->direct && s->config->source_epoch_ms &&
        catalog_doc_get(s->service->deps.catalog, &a, "kinesis_stream", s->config->stream_name,
                        &doc, NULL) == 0 &&
        json_parse(&a, doc.json, &j, NULL) == 0)
        same = same && json_get_i64(j, "created_ms", 0) == s->config->source_epoch_ms;
    arena_clear(&a);
    return same ? 0
                : err_set(e, ERR_RESOURCE_NOT_FOUND,
                          "The source stream was deleted and created again; delete and create this "
                          "delivery stream to read the new one.");
}

static int fill(struct delivery_stream *s, const struct delivery_limits *l, struct err *e) {
    struct slog_log *log = slog_find(s->service->deps.slog, s->log_name);
    if (!log)
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "The source stream's log %s does not exist.",
                       s->log_name);
    bool was_empty = s->buffer.records == 0;
    int rc = delivery_buffer_fill(&s->buffer, log, l, boundary_after, s, e);
    if (!rc && was_empty && s->buffer.records)
        rc = check_source(s, log, e);
    if (rc)
        delivery_buffer_start(&s->buffer, s->checkpoint);
    return rc;
}

static void step_buffering(struct delivery_stream *s, int64_t now_us) {
    struct delivery_limits l = {s->config->size_bytes >> s->shrink, s->config->interval_ms};
    struct err e = {0};
    s->due_ms = NEVER;
    if (now_us < s->retry_us)
        return;
    int rc = fill(s, &l, &e);
    if (!rc && s->buffer.records == 0) {
        delivery_release_asks(s, UINT64_MAX, 0, NULL); /* nothing is there */
        return;
    }
    int64_t now_ms = clock_wall_ms(s->service->deps.clock);
    if (!rc && !delivery_buffer_due(&s->buffer, &l, now_ms, asked_lsn(s), &s->due_ms))
        return;
    if (!rc)
        rc = delivery_job_begin(s, &e);
    if (rc)
        note_error(s, now_us, rc, &e);
    else
        s->state = FLOW_CONVERT_DUE;
}

/* ---- CONVERT_DUE ---- */

static void step_convert_due(struct delivery_stream *s, int64_t now_us) {
    struct err e = {0};
    if (now_us < s->retry_us)
        return;
    int rc = delivery_job_submit(s, &e);
    if (!rc) {
        s->state = FLOW_CONVERTING;
    } else if (rc == ERR_UNAVAILABLE) {
        s->retry_us = now_us + QUEUE_FULL_US;
    } else {
        note_error(s, now_us, rc, &e);
        replan(s, now_us);
    }
}

/* ---- CONVERTING ---- */

static void worker_died(struct delivery_stream *s, int64_t now_us) {
    struct delivery_flush_job *job = s->job;
    log_write(LOG_WARN, "delivery", "%s: the worker died while it wrote %.*s; trying again",
              s->name.ptr, BYTES_ARG(job->uri));
    s->state = FLOW_CONVERT_DUE;
    back_off(s, now_us);
    if (++job->deaths < DEATHS_PER_PLAN)
        return;
    s->shrink = MIN_OF(s->shrink + 1, SHRINK_MAX);
    replan(s, now_us);
}

static void step_converting(struct delivery_stream *s, int64_t now_us) {
    struct delivery_flush_job *job = s->job;
    if (!delivery_job_ready(s))
        return;
    struct delivery_result *r = &job->result;
    if (!r->rc) {
        s->state = FLOW_COMMIT_DUE;
        s->retry_us = 0;
    } else if (r->worker_died) {
        worker_died(s, now_us);
    } else if (r->rc == ERR_CANCELED || r->rc == ERR_UNAVAILABLE) {
        s->state = FLOW_CONVERT_DUE;
        back_off(s, now_us);
    } else {
        note_error(s, now_us, r->rc, &r->err);
        replan(s, now_us);
    }
}

/* ---- COMMIT_DUE ---- */

static void committed(struct delivery_stream *s) {
    struct delivery_flush_job *job = s->job;
    s->checkpoint = job->to_lsn;
    s->delivered_ms = clock_wall_ms(s->service->deps.clock);
    s->delivered_records += job->result.rows;
    s->bad_records += job->result.bad;
    s->failures = 0;
    s->last_error = (struct err){0};
    delivery_job_free(s);
    delivery_buffer_start(&s->buffer, s->checkpoint);
    s->state = FLOW_BUFFERING;
    delivery_release_asks(s, s->checkpoint, 0, NULL);
}

static void step_commit_due(struct delivery_stream *s, int64_t now_us) {
    struct err e = {0};
    if (now_us < s->retry_us)
        return;
    int rc = delivery_job_commit(s, &e);
    if (rc)
        note_error(s, now_us, rc, &e);
    else
        committed(s);
}

/* ---- the step ---- */

static void step_once(struct delivery_stream *s, int64_t now_us) {
    switch (s->state) {
    case FLOW_BUFFERING:
        step_buffering(s, now_us);
        break;
    case FLOW_CONVERT_DUE:
        step_convert_due(s, now_us);
        break;
    case FLOW_CONVERTING:
        step_converting(s, now_us);
        break;
    case FLOW_COMMIT_DUE:
        step_commit_due(s, now_us);
        break;
    }
    assert((s->job != NULL) == (s->state != FLOW_BUFFERING));
}

/* When to look again. The wall clock may be turned, so no wait for it is longer than half a second.
 */
static int64_t look_again(const struct delivery_stream *s, int64_t now_us) {
    if (s->state == FLOW_CONVERTING)
        return NEVER;
    if (s->retry_us > now_us)
        return s->retry_us;
    if (s->state != FLOW_BUFFERING)
        return now_us;
    if (s->due_ms == NEVER)
        return NEVER;
    int64_t wait_ms = s->due_ms - clock_wall_ms(s->service->deps.clock);
    wait_ms = wait_ms < 1 ? 1 : wait_ms;
    return now_us + MIN_OF(wait_ms, (int64_t)500) * 1000;
}

int64_t delivery_stream_step(struct delivery_stream *s, int64_t now_us) {
    for (;;) {
        enum delivery_state before = s->state;
        uint64_t checkpoint = s->checkpoint;
        step_once(s, now_us);
        if (s->state == before && s->checkpoint == checkpoint)
            return look_again(s, now_us);
    }
}

/* ---- the end of a stream ---- */

static void drop(struct delivery_stream *s, const char *what, int rc, const struct err *e) {
    if (rc && rc != ERR_RESOURCE_NOT_FOUND)
        log_write(LOG_ERROR, "delivery", "deleting %s (%s): %s", s->name.ptr, what, e->text);
}

bool delivery_stream_end(struct delivery_stream *s) {
    struct delivery_service *d = s->service;
    struct err e = {0};
    if (s->state == FLOW_CONVERTING && !delivery_job_ready(s)) {
        work_cancel(d->deps.pool, s->job->task_id);
        return false;
    }
    /* The document goes first: what a crash leaves behind has no owner and is cleared at open or at
     * the next creation under the name. */
    drop(s, "document", catalog_doc_delete(d->deps.catalog, DELIVERY_DOC_KIND, s->name, &e), &e);
    if (s->job)
        drop(s, "object", delivery_job_abandon(s, &e), &e);
    delivery_job_free(s);
    drop(s, "checkpoint", catalog_delivery_forget(d->deps.catalog, s->name, &e), &e);
    if (s->config->direct)
        drop(s, "log", slog_delete(d->deps.slog, s->log_name, &e), &e);
    (void)err_set(&e, ERR_RESOURCE_NOT_FOUND, "The delivery stream was deleted.");
    delivery_release_asks(s, UINT64_MAX, e.code, &e);
    return true;
}
