/* slog.h - the stream log: what "acknowledged" means.
 *
 * One log per stream (a Kinesis stream, or a delivery stream with direct put), a folder of segments
 * under <data>/streams/<name>/. Records of all shards of a stream share its log; each record has an
 * LSN: 1, 2, 3, ... without gaps in the order of commit. Segments are zero-filled ahead of use and
 * recycled, so that fdatasync writes no metadata. One commit thread for all logs takes whatever
 * queued up while the last sync ran, writes it, syncs each log it touched once, then calls back.
 * On-disk layout: src/slog/FORMAT.md.
 *
 * Times are milliseconds since 1970 UTC. Arrival time is stamped by the commit thread, is the same
 * for all records of one append, and never goes back within a log. */
#ifndef TARN_SLOG_SLOG_H
#define TARN_SLOG_SLOG_H

#include "base/clock.h"
#include "base/err.h"
#include "base/vfs.h"

struct slog;     /* all logs of one data directory */
struct slog_log; /* one stream's log; valid until slog_close, but after its delete refuses all */

struct slog_options {
    struct vfs *vfs;
    struct clock *clock;
    const char *dir;        /* <data>/streams, created when missing */
    uint64_t segment_bytes; /* 0: 32 MiB (the first segment of a log is 1 MiB) */
    uint64_t queue_bytes;   /* appends waiting beyond this get ERR_UNAVAILABLE; 0: 256 MiB */
    /* Called on the commit thread after each commit, before the callbacks; may be NULL. */
    void (*committed)(void *ctx, struct slog_log *log, uint64_t last_lsn);
    void *committed_ctx;
};

/* Opens and recovers every log found: a torn tail is cut (logged at info); any other bad checksum
 * is reported at error, the segment renamed to *.quarantine and the log opened without it. */
int slog_open(const struct slog_options *o, struct slog **ret, struct err *e) WARN_UNUSED;
/* Commits what is queued, stops the threads, frees. No view may be left. */
void slog_close(struct slog **s);

/* Creates an empty log; `name` is [a-zA-Z0-9_.-]{1,160}. ERR_RESOURCE_IN_USE when it exists. */
int slog_create(struct slog *s, const char *name, struct slog_log **ret, struct err *e) WARN_UNUSED;
/* NULL when there is none. */
struct slog_log *slog_find(struct slog *s, const char *name);
/* Fails queued appends with ERR_RESOURCE_NOT_FOUND, removes files once no view is held. */
int slog_delete(struct slog *s, const char *name, struct err *e) WARN_UNUSED;
const char *slog_log_name(const struct slog_log *l);

/* ---- append ---- */
struct slog_record_in {
    struct bytes partition_key; /* at most 1024 bytes (256 characters) */
    struct bytes data;          /* at most 10 MiB */
    uint32_t shard;             /* shard number within the stream */
};

/* One atomic append: all its records become durable together. The struct and all it points to
 * belong to the caller and must stay untouched until `done` runs (on the commit thread, exactly
 * once, also on failure, never before slog_append returned 0). */
struct slog_append {
    const struct slog_record_in *records;
    size_t count; /* 1 .. 10000 */
    void (*done)(struct slog_append *a);
    void *ctx;
    /* results, valid in done: */
    int rc;             /* 0, ERR_IO (disk full, ...), ERR_NOMEM, ERR_RESOURCE_NOT_FOUND */
    uint64_t first_lsn; /* records have first_lsn .. first_lsn + count - 1 */
    int64_t arrival_ms;
    struct slog_append *next_; /* slog's own */
    uint64_t bytes_;
};
/* ERR_UNAVAILABLE when the queue is full, ERR_INVALID_ARGUMENT beyond the sizes above or 512 MiB in
 * all, ERR_RESOURCE_NOT_FOUND after a delete; done is then not called. Any thread. */
int slog_append(struct slog_log *l, struct slog_append *a, struct err *e) WARN_UNUSED;
/* The same, waiting. For tools and tests. */
int slog_append_wait(struct slog_log *l, const struct slog_record_in *records, size_t count,
                     uint64_t *ret_first_lsn, int64_t *ret_arrival_ms, struct err *e) WARN_UNUSED;

/* ---- where things are ---- */
struct slog_bounds {
    uint64_t first_lsn; /* oldest kept; == next_lsn when empty */
    uint64_t next_lsn;  /* one past the last durable record */
    int64_t last_arrival_ms;
};
void slog_get_bounds(struct slog_log *l, struct slog_bounds *ret);
/* First record that arrived at or after `ms`; next_lsn when none. */
int slog_find_time(struct slog_log *l, int64_t ms, uint64_t *ret_lsn, struct err *e) WARN_UNUSED;

/* What a delivery would take from `from_lsn`: whole appends while they arrived before `before_ms`
 * and the data stays within max_bytes (at least one append). records == 0: nothing there. */
struct slog_extent {
    uint64_t from_lsn, to_lsn; /* [from, to) */
    uint64_t records;
    uint64_t data_bytes;
    int64_t first_arrival_ms, last_arrival_ms;
    bool stopped_by_time; /* the next append arrived at or after before_ms */
    bool stopped_by_bytes;
};
int slog_measure(struct slog_log *l, uint64_t from_lsn, int64_t before_ms, uint64_t max_bytes,
                 struct slog_extent *ret, struct err *e) WARN_UNUSED;

/* Records before `lsn` may go (retention); whole segments only, recycled or removed. A view pins.
 */
int slog_trim(struct slog_log *l, uint64_t lsn, struct err *e) WARN_UNUSED;

/* ---- views: a pinned, immutable range that another process can read ---- */
/* Segments of [from_lsn, to_lsn) stay in place, unrecycled, until slog_view_free. `from` is raised
 * to the oldest kept record. */
struct slog_view;
int slog_view_new(struct slog_log *l, uint64_t from_lsn, uint64_t to_lsn, struct slog_view **ret,
                  struct err *e) WARN_UNUSED;
void slog_view_free(struct slog_view **v);
/* The view as JSON for a worker's task: {"from":..,"to":..,"parts":[{"path":..,"first_lsn":..,
 * "end_lsn":..,"offset":..},..]}; `offset` is the start of the frame that begins with first_lsn, at
 * or before the range. Paths are as slog_options.dir was given. Appends to *out. */
void slog_view_write_json(const struct slog_view *v, struct buf *out);

#endif
