/* duck_int.h - inside the duck room. */
#ifndef TARN_DUCK_INT_H
#define TARN_DUCK_INT_H

#include "base/bytes.h"
#include "duck/duck.h"
#include "duck/lib.h"
#include "duck/logscan.h"
#include "duck/text_scan.h"
#include <pthread.h>
#include <stdatomic.h>

#define DUCK_MAGIC 0x6475636bu

struct duck {
    unsigned magic;
    duckdb_database db;
    struct duck_options options;
    int64_t threads, memory_mb; /* in force now */
    struct logscan_set *scans;  /* the running task's; what tarn_log(i) reads */
    struct text_set *texts;     /* the same for tarn_text(i) */
    struct write_state *write;  /* the running task's; what tarn_line writes */
    _Atomic bool stopped;       /* duck_interrupt came; cleared by duck_reset */
    pthread_mutex_t lock;       /* guards con against duck_interrupt */
    duckdb_connection con;      /* the running task's connection, or NULL */
};

/* ---- sessions: each task has a connection of its own, with its settings ---- */
int session_begin(struct duck *d, const struct json *task, struct err *e) WARN_UNUSED;
void session_end(struct duck *d);
/* Runs one statement and drops its result; errors are mapped. */
int session_exec(struct duck *d, const char *sql, struct err *e) WARN_UNUSED;
/* ---- profile.c: asked for by the task ("profile": true); appends nothing when not. ---- */
int profile_begin(struct duck *d, const struct json *task, struct err *e) WARN_UNUSED;
void profile_write(struct duck *d, const struct json *task, struct buf *out);
/* Runs one statement whose (small) result is kept; destroy it with duckdb_destroy_result. */
int session_query(struct duck *d, const char *sql, duckdb_result *ret, struct err *e) WARN_UNUSED;

/* ---- query.c: log tails and text files of a task, also for writes ---- */
/* Reads "views" and "texts" into *ret and makes them the running task's. Afterwards, in any case,
 * query_end_scans. */
struct query_sources {
    struct logscan_set scans;
    struct text_set texts;
};
int query_read_scans(struct duck *d, struct arena *a, const struct json *task,
                     struct query_sources *ret, struct err *e) WARN_UNUSED;
void query_end_scans(struct duck *d, struct query_sources *s);
/* Their macros, in the session. */
int query_make_views(struct duck *d, const struct json *task, struct err *e) WARN_UNUSED;

/* ---- errors.c ---- */
/* Turns an engine error into Trino's name and a sentence; logs the engine's text. Returns the code.
 * The error that a scan of the task stored, or an interrupt, comes first. */
int duck_map_error(struct duck *d, const char *engine_text, struct err *e);

/* ---- text helpers ---- */
void buf_add_sql_string(struct buf *b, struct bytes text); /* 'it''s' */
void buf_add_identifier(struct buf *b, struct bytes name); /* "na""me" */

#endif
