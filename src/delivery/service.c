/* service.c - the room's public face: open, create, delete, flush, status.
 *
 * The catalogue holds all that matters: documents, checkpoints, intents. What is here in memory can
 * be made again from it at any time, and is, at open. */
#include "base/log.h"
#include "base/mem.h"
#include "delivery/delivery_int.h"
#include <stdio.h>

/* ---- streams in memory ---- */

struct delivery_stream *delivery_find(struct delivery_service *d, struct bytes name) {
    for (struct delivery_stream *s = d->streams; s; s = s->next) {
        if (bytes_eq(s->name, name))
            return s;
    }
    return NULL;
}

void delivery_stream_free(struct delivery_stream *s) {
    if (!s)
        return;
    assert(!s->asks);
    delivery_job_free(s);
    delivery_config_free(&s->config);
    mem_free((char *)(uintptr_t)s->name.ptr);
    mem_free(s);
}

static int stream_new(struct delivery_service *d, struct bytes name, struct bytes doc_json,
                      struct delivery_stream **ret, struct err *e) {
    struct delivery_stream *s = mem_calloc(1, sizeof(*s));
    char *copy = mem_strndup(name.ptr, name.len);
    int rc = s && copy ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (!rc) {
        s->service = d;
        s->due_ms = INT64_MAX;
        rc = delivery_config_new(doc_json, &s->config, e);
    }
    if (rc) {
        mem_free(copy);
        mem_free(s);
        return rc;
    }
    s->name = bytes_of(copy, name.len);
    struct bytes log = json_get_str(s->config->doc, "log");
    snprintf(s->log_name, sizeof(s->log_name), "%.*s", BYTES_ARG(log));
    *ret = s;
    return 0;
}

static void set_checkpoint(struct delivery_stream *s, uint64_t lsn) {
    s->checkpoint = lsn;
    s->floor_lsn = lsn;
    delivery_buffer_start(&s->buffer, lsn);
}

static void link_stream(struct delivery_service *d, struct delivery_stream *s) {
    s->serial = ++d->last_serial;
    s->next = d->streams;
    d->streams = s;
}

/* ---- open ---- */

static int find_checkpoint(struct delivery_stream *s, struct err *e) {
    struct delivery_service *d = s->service;
    struct slog_bounds bounds = {.next_lsn = 1};
    struct slog_log *log = slog_find(d->deps.slog, s->log_name);
    uint64_t lsn;
    int rc = 0;
    if (!log && s->config->direct) {
        log_write(LOG_WARN, "delivery", "%s has no log; it starts empty", s->name.ptr);
        rc = slog_create(d->deps.slog, s->log_name, &log, e);
    }
    if (!rc && log)
        slog_get_bounds(log, &bounds);
    if (!rc)
        rc = catalog_checkpoint_get(d->deps.catalog, s->name, bounds.next_lsn, &lsn, e);
    if (!rc)
        set_checkpoint(s, lsn);
    return rc;
}

/* A document that cannot be read any more leaves its stream out, loudly; nothing of it is lost. */
static int load_doc(struct delivery_service *d, const struct catalog_doc *doc, struct err *e) {
    struct delivery_stream *s;
    int rc = stream_new(d, doc->key, doc->json, &s, e);
    if (rc == ERR_NOMEM)
        return rc;
    if (rc) {
        log_write(LOG_ERROR, "delivery", "%.*s is not delivered: %s", BYTES_ARG(doc->key),
                  e ? e->text : "");
        return 0;
    }
    rc = find_checkpoint(s, e);
    if (rc) {
        delivery_stream_free(s);
        return rc;
    }
    link_stream(d, s);
    return 0;
}

static int load_docs(struct delivery_service *d, struct arena *a, struct err *e) {
    struct catalog_doc *docs;
    struct bytes after = BYTES("");
    size_t n = 0;
    int rc;
    do {
        rc = catalog_doc_list(d->deps.catalog, a, DELIVERY_DOC_KIND, false, INT64_MAX, after, 100,
                              &docs, &n, e);
        for (size_t i = 0; !rc && i < n; i++) {
            rc = load_doc(d, &docs[i], e);
            after = docs[i].key;
        }
    } while (!rc && n == 100);
    return rc;
}

static int resume_intent(struct delivery_service *d, struct arena *a,
                         const struct catalog_intent *in, struct err *e) {
    struct delivery_stream *s = delivery_find(d, in->delivery);
    struct catalog_doc doc;
    if (!s) {
        int rc = catalog_doc_get(d->deps.catalog, a, DELIVERY_DOC_KIND, in->delivery, &doc, e);
        return rc == ERR_RESOURCE_NOT_FOUND ? delivery_intent_drop(d, in, e) : rc;
    }
    if (s->job) /* cannot be: one flush at a time */
        return delivery_intent_drop(d, in, e);
    log_write(LOG_INFO, "delivery", "%s: writing %.*s again", s->name.ptr, BYTES_ARG(in->uri));
    int rc = delivery_job_resume(s, in, e);
    if (!rc)
        s->state = FLOW_CONVERT_DUE;
    return rc;
}

static int load_all(struct delivery_service *d, struct err *e) {
    struct catalog_intent *intents = NULL;
    size_t n = 0;
    struct arena a;
    arena_init(&a, 0);
    int rc = load_docs(d, &a, e);
    if (!rc)
        rc = catalog_intent_list(d->deps.catalog, &a, &intents, &n, e);
    for (size_t i = 0; !rc && i < n; i++)
        rc = resume_intent(d, &a, &intents[i], e);
    arena_clear(&a);
    return rc;
}

static void init_locks(struct delivery_service *d) {
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_mutex_init(&d->state, NULL);
    pthread_mutex_init(&d->wake, NULL);
    pthread_cond_init(&d->deleted, NULL);
    pthread_cond_init(&d->woken, &mono);
    pthread_condattr_destroy(&mono);
}

int delivery_open(const struct delivery_deps *deps, struct delivery_service **ret, struct err *e) {
    struct delivery_service *d = mem_calloc(1, sizeof(*d));
    if (!d)
        return err_set(e, ERR_NOMEM, NULL);
    d->deps = *deps;
    init_locks(d);
    int rc = load_all(d, e);
    if (!rc && pthread_create(&d->thread, NULL, delivery_scheduler, d) != 0)
        rc = err_set(e, ERR_NOMEM, "The delivery thread cannot be started.");
    d->thread_started = !rc;
    if (rc)
        delivery_close(&d);
    else
        *ret = d;
    return rc;
}

/* ---- close ---- */

/* Tasks under way would call back into memory that goes now: cancel them and wait. */
static void settle(struct delivery_stream *s) {
    struct delivery_service *d = s->service;
    if (s->state != FLOW_CONVERTING)
        return;
    work_cancel(d->deps.pool, s->job->task_id);
    pthread_mutex_lock(&d->wake);
    while (!s->job->result.ready)
        pthread_cond_wait(&d->woken, &d->wake);
    pthread_mutex_unlock(&d->wake);
}

void delivery_close(struct delivery_service **dp) {
    struct delivery_service *d = *dp;
    struct err stopped = {0};
    if (!d)
        return;
    pthread_mutex_lock(&d->wake);
    d->stopping = true;
    pthread_cond_signal(&d->woken);
    pthread_mutex_unlock(&d->wake);
    if (d->thread_started)
        pthread_join(d->thread, NULL);
    (void)err_set(&stopped, ERR_CANCELED, "The server is stopping.");
    pthread_mutex_lock(&d->state);
    for (struct delivery_stream *s = d->streams; s; s = s->next) {
        settle(s);
        delivery_release_asks(s, UINT64_MAX, ERR_CANCELED, &stopped);
    }
    delivery_unlock(d);
    while (d->streams) {
        struct delivery_stream *s = d->streams;
        d->streams = s->next;
        delivery_stream_free(s);
    }
    pthread_cond_destroy(&d->deleted);
    pthread_cond_destroy(&d->woken);
    pthread_mutex_destroy(&d->state);
    pthread_mutex_destroy(&d->wake);
    mem_free(d);
    *dp = NULL;
}

/* ---- create and update ---- */

/* The Glue table must be there when the delivery is made; later it may go and come. */
static int check_table(struct delivery_service *d, const struct delivery_config *cfg,
                       struct err *e) {
    struct delivery_target target;
    struct arena a;
    if (!cfg->convert)
        return 0;
    arena_init(&a, 0);
    int rc = delivery_target_get(d->deps.catalog, &a, cfg, &target, e);
    arena_clear(&a);
    if (rc == ERR_ENTITY_NOT_FOUND || rc == ERR_RESOURCE_NOT_FOUND)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "Table %.*s.%.*s does not exist in the Glue catalogue; create it first.",
                       BYTES_ARG(cfg->database), BYTES_ARG(cfg->table));
    return rc;
}

static int start_log(struct delivery_service *d, struct delivery_stream *s, struct slog_log **ret,
                     struct err *e) {
    struct slog_log *log = slog_find(d->deps.slog, s->log_name);
    if (!s->config->direct) {
        *ret = log;
        return log ? 0
                   : err_set(e, ERR_RESOURCE_NOT_FOUND, "The source stream %.*s does not exist.",
                             BYTES_ARG(s->config->stream_name));
    }
    if (log) { /* left by a crash; its delivery was never made or is deleted */
        int rc = slog_delete(d->deps.slog, s->log_name, e);
        if (rc)
            return rc;
    }
    return slog_create(d->deps.slog, s->log_name, ret, e);
}

static void undo_create(struct delivery_service *d, struct delivery_stream *s) {
    struct err e = {0};
    if (catalog_delivery_forget(d->deps.catalog, s->name, &e))
        log_write(LOG_WARN, "delivery", "undoing the creation of %s: %s", s->name.ptr, e.text);
    if (s->config->direct && slog_delete(d->deps.slog, s->log_name, &e))
        log_write(LOG_WARN, "delivery", "undoing the creation of %s: %s", s->name.ptr, e.text);
}

/* The document is written last: without it, nothing else counts. */
static int store_stream(struct delivery_service *d, struct delivery_stream *s,
                        struct bytes doc_json, struct err *e) {
    const struct delivery_config *cfg = s->config;
    struct slog_log *log = NULL;
    struct slog_bounds bounds;
    uint64_t lsn = 0;
    int rc = start_log(d, s, &log, e);
    if (rc)
        return rc;
    slog_get_bounds(log, &bounds);
    rc = catalog_delivery_forget(d->deps.catalog, s->name, e);
    if (!rc)
        rc = catalog_checkpoint_get(d->deps.catalog, s->name, bounds.next_lsn, &lsn, e);
    if (!rc && cfg->convert)
        rc = catalog_feed_set(d->deps.catalog, s->name, cfg->database, cfg->table, e);
    if (!rc)
        rc = catalog_doc_create(d->deps.catalog, DELIVERY_DOC_KIND, s->name, cfg->created_ms,
                                doc_json, e);
    if (rc)
        undo_create(d, s);
    else
        set_checkpoint(s, lsn);
    return rc;
}

int delivery_create(struct delivery_service *d, struct bytes name, struct bytes doc_json,
                    struct err *e) {
    struct delivery_stream *s = NULL;
    int rc = stream_new(d, name, doc_json, &s, e);
    if (!rc)
        rc = check_table(d, s->config, e);
    if (rc) {
        delivery_stream_free(s);
        return rc;
    }
    pthread_mutex_lock(&d->state);
    if (delivery_find(d, name))
        rc = err_set(e, ERR_RESOURCE_IN_USE,
                     "Firehose %.*s under accountId 000000000000 already "
                     "exists",
                     BYTES_ARG(name));
    if (!rc)
        rc = store_stream(d, s, doc_json, e);
    if (!rc)
        link_stream(d, s);
    delivery_unlock(d);
    if (rc)
        delivery_stream_free(s);
    else
        delivery_kick(d);
    return rc;
}

static int not_found(struct bytes name, struct err *e) {
    return err_set(e, ERR_RESOURCE_NOT_FOUND, "Firehose %.*s under account 000000000000 not found.",
                   BYTES_ARG(name));
}

static int swap_config(struct delivery_service *d, struct delivery_stream *s,
                       struct delivery_config **cfg, struct bytes doc_json, struct err *e) {
    struct delivery_config *c = *cfg;
    int rc = catalog_doc_put(d->deps.catalog, DELIVERY_DOC_KIND, s->name, c->created_ms, doc_json,
                             -1, e);
    if (!rc && c->convert)
        rc = catalog_feed_set(d->deps.catalog, s->name, c->database, c->table, e);
    if (rc)
        return rc;
    *cfg = s->config;
    s->config = c;
    delivery_buffer_start(&s->buffer, s->checkpoint); /* the boundary may be another */
    return 0;
}

int delivery_update(struct delivery_service *d, struct bytes name, struct bytes doc_json,
                    struct err *e) {
    struct delivery_config *cfg = NULL;
    int rc = delivery_config_new(doc_json, &cfg, e);
    if (!rc)
        rc = check_table(d, cfg, e);
    if (!rc) {
        pthread_mutex_lock(&d->state);
        struct delivery_stream *s = delivery_find(d, name);
        if (!s || s->deleting)
            rc = not_found(name, e);
        else
            rc = swap_config(d, s, &cfg, doc_json, e);
        delivery_unlock(d);
    }
    delivery_config_free(&cfg);
    if (!rc)
        delivery_kick(d);
    return rc;
}

int delivery_delete(struct delivery_service *d, struct bytes name, struct err *e) {
    pthread_mutex_lock(&d->state);
    struct delivery_stream *s = delivery_find(d, name);
    int rc = s && !s->deleting ? 0 : not_found(name, e);
    if (!rc) {
        uint64_t serial = s->serial;
        s->deleting = true;
        delivery_kick(d);
        while (s && s->serial == serial) { /* the scheduler ends and frees it */
            pthread_cond_wait(&d->deleted, &d->state);
            s = delivery_find(d, name);
        }
    }
    delivery_unlock(d);
    return rc;
}

/* ---- flush and status ---- */

static int ask(struct delivery_stream *s, struct delivery_waiter *w) {
    struct slog_log *log = slog_find(s->service->deps.slog, s->log_name);
    struct slog_bounds bounds = {0};
    struct delivery_ask *a = mem_calloc(1, sizeof(*a));
    if (!a)
        return ERR_NOMEM;
    if (log)
        slog_get_bounds(log, &bounds);
    a->waiter = w;
    a->to_lsn = bounds.next_lsn;
    a->next = s->asks;
    s->asks = a;
    s->retry_us = 0;
    w->pending++;
    return 0;
}

/* Puts a wish on each stream named; the waiter itself counts as one until all are placed. */
static int ask_all(struct delivery_service *d, struct bytes name, struct delivery_waiter *w,
                   struct err *e) {
    bool found = name.len == 0;
    for (struct delivery_stream *s = d->streams; s; s = s->next) {
        if ((name.len && !bytes_eq(s->name, name)) || s->deleting)
            continue;
        found = true;
        if (ask(s, w))
            w->rc = err_set(&w->err, ERR_NOMEM, NULL);
    }
    return found ? 0 : not_found(name, e);
}

int delivery_flush(struct delivery_service *d, struct bytes name,
                   void (*done)(void *ctx, int rc, const struct err *e), void *ctx, struct err *e) {
    struct delivery_waiter *w = mem_calloc(1, sizeof(*w));
    if (!w)
        return err_set(e, ERR_NOMEM, NULL);
    w->done = done;
    w->ctx = ctx;
    pthread_mutex_lock(&d->state);
    int rc = ask_all(d, name, w, e);
    if (rc) {
        mem_free(w);
    } else if (w->pending == 0) { /* no stream at all; the scheduler calls */
        w->next = d->finished;
        d->finished = w;
    }
    pthread_mutex_unlock(&d->state);
    if (!rc)
        delivery_kick(d);
    return rc;
}

static const char *state_name(const struct delivery_stream *s) {
    static const char *const names[] = {"BUFFERING", "CONVERT_DUE", "CONVERTING", "COMMIT_DUE"};
    return s->last_error.code ? "ERROR" : names[s->state];
}

static void write_status(struct delivery_stream *s, struct jsonw *w) {
    struct slog_log *log = slog_find(s->service->deps.slog, s->log_name);
    struct slog_bounds bounds = {.next_lsn = s->checkpoint};
    if (log)
        slog_get_bounds(log, &bounds);
    jsonw_object(w);
    jsonw_kv_str(w, "name", s->name);
    jsonw_kv_cstr(w, "log", s->log_name);
    jsonw_kv_cstr(w, "state", state_name(s));
    jsonw_kv_u64(w, "checkpoint", s->checkpoint);
    jsonw_kv_u64(w, "next_lsn", bounds.next_lsn);
    jsonw_kv_u64(w, "pending_records",
                 bounds.next_lsn > s->checkpoint ? bounds.next_lsn - s->checkpoint : 0);
    jsonw_kv_u64(w, "pending_bytes", s->buffer.bytes);
    jsonw_kv_i64(w, "delivered_records", s->delivered_records);
    jsonw_kv_i64(w, "bad_records", s->bad_records);
    if (s->delivered_ms)
        jsonw_kv_i64(w, "delivered_ms", s->delivered_ms);
    if (s->last_error.code)
        jsonw_kv_cstr(w, "last_error", s->last_error.text);
    jsonw_end_object(w);
}

int delivery_status(struct delivery_service *d, struct arena *a, struct bytes name,
                    struct bytes *ret_json, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    pthread_mutex_lock(&d->state);
    struct delivery_stream *s = delivery_find(d, name);
    int rc = s ? 0 : not_found(name, e);
    if (!rc)
        write_status(s, &w);
    pthread_mutex_unlock(&d->state);
    struct bytes json = arena_copy(a, buf_bytes(&out));
    if (!rc && (out.failed || a->failed))
        rc = err_set(e, ERR_NOMEM, NULL);
    if (!rc)
        *ret_json = json;
    buf_clear(&out);
    return rc;
}

uint64_t delivery_floor(void *service, const char *log_name) {
    struct delivery_service *d = service;
    uint64_t floor = UINT64_MAX;
    pthread_mutex_lock(&d->state);
    for (struct delivery_stream *s = d->streams; s; s = s->next) {
        if (strcmp(s->log_name, log_name) == 0)
            floor = MIN_OF(floor, s->floor_lsn);
    }
    pthread_mutex_unlock(&d->state);
    return floor;
}

void delivery_set_tick(struct delivery_service *d, void (*tick)(void *ctx), void *ctx) {
    pthread_mutex_lock(&d->state);
    d->tick_ctx = ctx;
    d->tick = tick;
    pthread_mutex_unlock(&d->state);
}
