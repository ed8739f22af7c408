/* write_int.h - statements that write files, for the query room's own code.
 *
 *     plan (write.c) -> task of a worker (write_task.c): files under temporary names
 *       -> intent -> names -> one commit of the catalogue (write_commit.c) -> the execution's end
 *
 * A file of a write is read by no query whose view of the catalogue is older than the commit
 * (write_pending.c), so that a table's new files appear at once although a listing finds them. */
#ifndef TARN_QUERY_WRITE_INT_H
#define TARN_QUERY_WRITE_INT_H

#include "query/query_int.h"

#define WRITE_KIND "athena_write" /* documents: intents, {"uris":[..]} by execution id */
#define WRITE_MAX_PARTITIONS 100

/* How files of the table are written. */
struct write_form {
    enum sql_write_format format;
    struct bytes compression; /* of the task */
    int level;
    struct bytes separators, escape, null_text; /* text */
    struct bytes header;                        /* text: the first line of each file; "" none */
    const struct json *mapping;                 /* SerDe parameters with mapping.<column>; NULL */
};
struct plan_write {
    const struct sql_write *sql;
    const struct plan_table *table; /* INSERT */
    struct bytes location; /* "s3://bucket/folder/" of a new table, of UNLOAD; of the table */
    struct write_form form;
    const char *folder;        /* where the worker writes; NULL: there is no task */
    const struct json *answer; /* the worker's, once there; NULL: no rows */
};

/* ---- write.c ---- */
/* What is written where, checked; p->sql is set. */
int write_plan(struct plan *p, const struct exec *x, struct err *e) WARN_UNUSED;
/* The ColumnInfo array of a statement that writes. */
struct bytes write_columns_json(void);
/* Before the plan is freed: temporary files go. */
void write_discard(struct plan *p);

/* ---- write_task.c ---- `sql` is the emitted text; appends the message without views and limits,
 * in an object that is open. */
void write_task_members(struct plan *p, struct bytes sql, struct jsonw *w);

/* ---- write_table.c: a new table ---- */
/* TableInput in the arena; ptr NULL when memory is short. */
struct bytes write_table_json(struct arena *a, const struct plan_write *w, int64_t now_ms);

/* ---- write_commit.c ---- */
struct write_service;
/* Removes what writes of the last process left half-way, then starts the thread that commits. */
int write_open(struct query_service *q, struct err *e) WARN_UNUSED;
/* After every execution has ended. */
void write_close(struct query_service *q);
/* Takes over the caller's reference of x, whose plan writes: commits, then finishes it. `answer` is
 * the worker's, NULL when there was no task. */
void write_submit(struct exec *x, const struct json *answer);

/* ---- write_places.c: where files go ---- */
struct write_place {
    const struct bytes *values; /* of the partition; NULL: none */
    struct bytes folder;        /* "s3://bucket/folder/" */
    bool is_new;                /* to be registered */
};
/* The folder of a partition, in the plan's arena. */
int write_place(struct query_service *q, struct plan *p, const struct alter_table *t,
                const struct bytes *values, struct write_place *ret, struct err *e) WARN_UNUSED;

/* ---- write_pending.c ---- writes whose files have names but may not be read yet. */
struct write_pending;
struct write_pending *write_pending_new(void);
void write_pending_free(struct write_pending **p);
/* Before the first file gets its name and after the intent is stored: `version` is the catalogue's
 * then. Copies the URIs. ERR_NOMEM. */
int write_pending_add(struct write_pending *p, const char *id, const struct bytes *uris,
                      size_t count, uint64_t version, struct err *e) WARN_UNUSED;
/* Its intent is gone: kept for those that plan by an older view. */
void write_pending_end(struct write_pending *p, const char *id, int64_t now_us);

#endif
