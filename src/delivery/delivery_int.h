/* delivery_int.h - inside the delivery room.
 *
 * Two locks. `state` guards the streams and is held by the scheduler through a pass, also across
 * catalogue writes. `wake` is tiny: it guards what the commit thread and the workers' supervisor
 * touch, and is never held across anything slow. Order: state, then wake. */
#ifndef TARN_DELIVERY_DELIVERY_INT_H
#define TARN_DELIVERY_DELIVERY_INT_H

#include "delivery/delivery.h"
#include <pthread.h>
#include <stdatomic.h>

#define DELIVERY_DOC_KIND "firehose"
#define DELIVERY_LOG_NAME_MAX 200
#define DELIVERY_MIN_INTERVAL_MS 1000 /* IntervalInSeconds 0: as soon as possible */

/* ---- configuration: a parsed document (config.c) ---- */
struct delivery_config {
    struct arena arena;
    const struct json *doc;
    bool direct;
    bool convert;             /* JSON to Parquet through a Glue table; else raw */
    struct bytes stream_name; /* Kinesis source; "" when direct */
    struct bytes bucket, prefix, error_prefix;
    struct bytes database, table;
    struct bytes compression; /* worker's word: snappy, gzip, uncompressed, zstd */
    int parquet_version;      /* 1 or 2; 0: as the table's columns allow */
    struct bytes extension;
    struct bytes delimiter; /* after each raw record; may be "" */
    struct bytes region;
    bool case_sensitive, dots_to_underscores;
    const struct json *key_mappings; /* column name to JSON key; may be NULL */
    uint64_t size_bytes;             /* buffer */
    int64_t interval_ms;
    int64_t version;
    int64_t created_ms;
    int64_t source_epoch_ms; /* creation of the source stream, 0: unknown */
};
/* ERR_INVALID_ARGUMENT with what is wrong. *ret is heap. */
int delivery_config_new(struct bytes doc_json, struct delivery_config **ret,
                        struct err *e) WARN_UNUSED;
void delivery_config_free(struct delivery_config **c);

/* ---- buffer: the part of a log after the checkpoint (buffer.c) ---- */
struct delivery_limits {
    uint64_t size_bytes;
    int64_t interval_ms;
};
struct delivery_buffer {
    uint64_t from_lsn, to_lsn; /* measured so far: [from, to) */
    uint64_t records, bytes;
    int64_t first_ms, last_ms; /* arrivals */
    int64_t boundary_ms;       /* records that arrive from here on belong to another object */
    bool full;                 /* the next append would exceed the size */
    bool at_boundary;          /* the next append arrived at or after boundary_ms */
};
enum delivery_reason {
    DELIVER_NOT_YET,
    DELIVER_SIZE,
    DELIVER_BOUNDARY,
    DELIVER_INTERVAL,
    DELIVER_ASKED
};
void delivery_buffer_start(struct delivery_buffer *b, uint64_t from_lsn);
/* Adds what slog_measure found after `to_lsn`. */
void delivery_buffer_add(struct delivery_buffer *b, const struct slog_extent *x,
                         const struct delivery_limits *l);
/* Pure: whether the buffer is due, and when it will be for its age (INT64_MAX: never). */
enum delivery_reason delivery_buffer_due(const struct delivery_buffer *b,
                                         const struct delivery_limits *l, int64_t now_ms,
                                         uint64_t asked_lsn, int64_t *ret_due_ms);
/* Measures the log from where the buffer ends. `boundary_after(ctx, ms)` gives the first instant
 * after the first record's arrival at which an object's prefix changes. */
int delivery_buffer_fill(struct delivery_buffer *b, struct slog_log *log,
                         const struct delivery_limits *l,
                         int64_t (*boundary_after)(void *ctx, int64_t ms), void *ctx,
                         struct err *e) WARN_UNUSED;

/* ---- plan: what one object will be (plan.c) ---- */
struct delivery_plan {
    struct bytes uri, error_uri;
    struct bytes json; /* kept in the intent: all that is needed to write the same object again */
};
struct delivery_target { /* the Glue table of a converting delivery */
    struct catalog_table table;
    const struct json *json;
    const struct json *storage; /* StorageDescriptor */
    size_t key_count;
    const struct bytes *keys;     /* partition columns */
    const struct bytes *patterns; /* their Java date patterns; NULL: none registered */
};
/* ERR_ENTITY_NOT_FOUND, ERR_INVALID_ARGUMENT. */
int delivery_target_get(struct catalog *c, struct arena *a, const struct delivery_config *cfg,
                        struct delivery_target *ret, struct err *e) WARN_UNUSED;
/* `t` is NULL for raw delivery. */
int delivery_plan_make(struct arena *a, const struct delivery_config *cfg,
                       const struct delivery_target *t, const struct delivery_buffer *b,
                       struct delivery_plan *ret, struct err *e) WARN_UNUSED;
/* First change after `ms` of the prefix or of a partition pattern. */
int64_t delivery_boundary(const struct delivery_config *cfg, const struct delivery_target *t,
                          int64_t ms);

/* ---- a flush: one intent on its way (flush.c) ---- */
struct delivery_stream;
struct delivery_result { /* of the worker's task; guarded by wake */
    bool ready;
    int rc;
    struct err err;
    bool worker_died;
    int64_t rows, bad;
    uint64_t bytes, error_bytes;
    struct buf facts;
};
struct delivery_flush_job {
    struct arena arena;
    struct delivery_stream *stream;
    int64_t intent_id;
    uint64_t from_lsn, to_lsn;
    struct bytes uri, error_uri;
    const struct json *plan;
    struct slog_view *view;
    const char *tmp, *error_tmp; /* this process's; NULL before the first try */
    uint64_t task_id;
    int deaths;
    struct delivery_result result;
};

/* Moves of a stream: BUFFERING -> CONVERT_DUE -> CONVERTING -> COMMIT_DUE -> BUFFERING.
 * CONVERTING goes back to CONVERT_DUE when the worker died (same intent, same keys) and to
 * BUFFERING when the task cannot succeed as planned (the intent is abandoned). */
enum delivery_state { FLOW_BUFFERING, FLOW_CONVERT_DUE, FLOW_CONVERTING, FLOW_COMMIT_DUE };

struct delivery_waiter { /* one delivery_flush call */
    void (*done)(void *ctx, int rc, const struct err *e);
    void *ctx;
    size_t pending; /* streams */
    int rc;
    struct err err;
    struct delivery_waiter *next; /* in the list of those to call */
};
struct delivery_ask { /* a waiter's wish of one stream */
    struct delivery_waiter *waiter;
    uint64_t to_lsn;
    struct delivery_ask *next;
};

struct delivery_stream {
    struct delivery_service *service;
    struct bytes name; /* heap, NUL-terminated */
    char log_name[DELIVERY_LOG_NAME_MAX];
    struct delivery_config *config;
    enum delivery_state state;
    uint64_t checkpoint;
    uint64_t floor_lsn; /* the checkpoint of a minute ago */
    struct delivery_buffer buffer;
    struct delivery_flush_job *job;
    int64_t retry_us;      /* monotonic; nothing is tried before it */
    int64_t due_ms;        /* wall; the buffer's age runs out; INT64_MAX: empty */
    int failures;          /* in a row */
    int shrink;            /* objects are 2^-shrink of the size: tasks that kill their worker */
    struct err last_error; /* code 0: none */
    int64_t delivered_ms, delivered_records, bad_records;
    struct delivery_ask *asks;
    bool deleting;
    uint64_t serial; /* tells a stream from a later one of the same name */
    struct delivery_stream *next;
};

struct delivery_service {
    struct delivery_deps deps;
    pthread_t thread;
    bool thread_started;

    pthread_mutex_t state;
    pthread_cond_t deleted; /* with state */
    struct delivery_stream *streams;
    uint64_t last_serial;
    struct delivery_waiter *finished; /* to be called once state is released */

    pthread_mutex_t wake;
    pthread_cond_t woken;
    bool kicked;          /* wake: something happened that the scheduler should look at now */
    bool stopping;        /* wake */
    _Atomic bool commits; /* some log has grown since the last pass */

    void (*tick)(void *ctx);
    void *tick_ctx;
    int64_t tick_us;
};

/* flush.c: state held. */
int delivery_job_begin(struct delivery_stream *s, struct err *e) WARN_UNUSED;
int delivery_job_resume(struct delivery_stream *s, const struct catalog_intent *in,
                        struct err *e) WARN_UNUSED;
int delivery_job_submit(struct delivery_stream *s, struct err *e) WARN_UNUSED;
/* True and the result taken when the worker has answered. */
bool delivery_job_ready(struct delivery_stream *s);
int delivery_job_commit(struct delivery_stream *s, struct err *e) WARN_UNUSED;
/* Removes what the job wrote, then its intent. On failure the intent stays. */
int delivery_job_abandon(struct delivery_stream *s, struct err *e) WARN_UNUSED;
/* Frees; the task must not run. */
void delivery_job_free(struct delivery_stream *s);
/* Removes the objects of an intent whose delivery is gone, then the intent. */
int delivery_intent_drop(struct delivery_service *d, const struct catalog_intent *in,
                         struct err *e) WARN_UNUSED;

/* stream.c: one stream's step; state held. Returns when to look again (monotonic us). */
int64_t delivery_stream_step(struct delivery_stream *s, int64_t now_us);
/* Ends a stream being deleted; false while its task still runs. */
bool delivery_stream_end(struct delivery_stream *s);
void delivery_release_asks(struct delivery_stream *s, uint64_t lsn, int rc, const struct err *e);

/* scheduler.c */
void *delivery_scheduler(void *service);
void delivery_kick(struct delivery_service *d);
/* Unlocks state and calls the finished waiters. */
void delivery_unlock(struct delivery_service *d);

/* service.c */
struct delivery_stream *delivery_find(struct delivery_service *d, struct bytes name);
void delivery_stream_free(struct delivery_stream *s);

#endif
