/* slog_int.h - the structures of slog, for its own files.
 *
 * Locks: slog.admin, then slog.lock. `admin` is held by whoever changes which files exist and may
 * be held across disk operations; `lock` guards memory and is never held across one. */
#ifndef TARN_SLOG_SLOG_INT_H
#define TARN_SLOG_SLOG_INT_H

#include "slog/slog.h"
#include "slog/slog_format.h"
#include <pthread.h>

#define SLOG_FIRST_SEGMENT_BYTES MIB(1)
#define SLOG_INDEX_STEP KIB(64)
#define SLOG_POOL_MAX 4
#define SLOG_COMMIT_BYTES MIB(8) /* written per log and commit, unless one append is larger */
#define SLOG_PATH_MAX 4096

struct seg_index {
    uint64_t lsn;
    int64_t arrival_ms;
    uint64_t offset;
};

/* A segment file. Immutable once sealed, but for pins and going. */
struct seg {
    char *path;
    uint64_t seq, epoch, size;
    int fd; /* open for the active and the prepared segment, else -1 */
    /* under lock; written by the commit thread only */
    uint64_t used;               /* end of the durable frames */
    uint64_t first_lsn, end_lsn; /* equal when empty */
    int64_t first_arrival_ms, last_arrival_ms;
    uint32_t last_crc;
    struct seg_index *index; /* sorted; the first frame is implied */
    size_t index_count, index_cap;
    /* under lock */
    int pins;   /* views, and readers in this process */
    bool going; /* trim has chosen it: no new pins */
};

struct slog_log {
    struct slog *slog;
    char *name, *dir;
    uint64_t id;
    struct slog_log *next_log; /* under lock: in slog.logs or slog.deleted */

    /* under lock; changed only with admin held as well (segs, count) or by the commit thread */
    struct seg **segs; /* oldest first; the last is active */
    size_t seg_count, seg_cap;
    struct seg *prepared; /* follows the active one; may be NULL */
    uint64_t next_lsn;
    int64_t last_arrival_ms;
    bool deleted;    /* appends are refused */
    bool committing; /* the commit thread uses the segments */
    int views;       /* slog_views and searches under way */
    struct slog_append *queue_head, **queue_tail;
    bool queued; /* in slog.dirty */
    struct slog_log *next_dirty;

    /* the commit thread's own */
    struct seg *active;       /* the last of segs */
    struct slog_append *work; /* taken, not yet written */
    struct slog_append **work_tail;
    struct slog_append *batch; /* written in this round */
    struct slog_log *next_round;
    int round_rc;
    uint64_t round_end_offset, round_first_lsn, round_end_lsn, round_bytes;
    int64_t round_arrival_ms;
    uint32_t round_crc;
    uint64_t dirty_end; /* a failed commit left bytes in [used, dirty_end) */
    struct seg_index *pending;
    size_t pending_count, pending_cap;
};

struct slog {
    struct vfs *vfs;
    struct clock *clock;
    char *dir;
    uint64_t segment_bytes, queue_limit;
    void (*committed)(void *ctx, struct slog_log *log, uint64_t last_lsn);
    void *committed_ctx;

    pthread_mutex_t admin, lock;
    pthread_cond_t work_cond, filler_cond;
    pthread_t commit_thread, filler_thread;
    bool commit_started, filler_started;

    /* under lock */
    struct slog_log *logs, *deleted;
    struct slog_log *dirty, **dirty_tail; /* logs with queued appends */
    uint64_t queued_bytes;
    bool stopping;    /* nothing is appended any more */
    bool filler_stop; /* the commit thread has ended */
    bool filler_kicked;
    bool want_pool; /* some log has outgrown its first segment */
    char *pool[SLOG_POOL_MAX];
    size_t pool_count;
    uint64_t next_pool_number;

    struct buf write_buf; /* the commit thread's own */
};

/* ---- slog_segment.c ---- */
struct seg *seg_new(const char *path, const struct seg_header *h);
void seg_free(struct slog *s, struct seg **seg);
void seg_unpin(struct slog *s, struct seg *seg);
void seg_index_add(struct seg *seg, struct seg_index entry);
/* Last known frame start whose LSN is <= lsn, or whose arrival is < ms. */
struct seg_index seg_floor_lsn(const struct seg *seg, uint64_t lsn);
struct seg_index seg_floor_time(const struct seg *seg, int64_t ms);
/* A read-only mapping of a whole file; negative errno. */
int seg_map(struct vfs *v, const char *path, struct bytes *ret) WARN_UNUSED;
void seg_unmap(struct bytes *map);
/* Appends to log->segs; false on no memory. Caller holds lock, or the log is not shared yet. */
bool log_push_seg(struct slog_log *l, struct seg *seg) WARN_UNUSED;
/* Makes l->prepared with at least `need` bytes, from the pool or sparse. Takes admin. Negative
 * errno; -ENOENT when the log has been deleted. */
int log_prepare(struct slog_log *l, uint64_t need) WARN_UNUSED;
/* The same under admin; seq, size and zero-filling chosen by the caller. */
int log_make_segment(struct slog_log *l, uint64_t seq, uint64_t size, bool zero_fill,
                     uint64_t base_lsn, struct seg **ret) WARN_UNUSED;
/* Gives a file to the pool or removes it. Caller holds admin. Negative errno. */
int slog_retire_file(struct slog *s, const char *path, uint64_t size) WARN_UNUSED;
/* Zero-fills one file into the pool. Negative errno. */
int slog_fill_pool(struct slog *s) WARN_UNUSED;
int slog_zero(struct vfs *v, int fd, uint64_t from, uint64_t to) WARN_UNUSED;

/* ---- slog_filler.c ---- */
void *slog_filler_main(void *slog);
/* Wakes the filler. Caller holds lock. */
void slog_kick_filler(struct slog *s);
/* Removes a folder and the files in it; a missing one is fine. Negative errno. */
int slog_remove_tree(struct slog *s, const char *dir);

/* ---- slog_commit.c ---- */
void *slog_commit_main(void *slog);

/* ---- slog_recover.c ---- */
/* Fills a log from its folder. *ret_empty: there is nothing in it, its creation was cut short. */
int slog_recover_log(struct slog_log *l, bool *ret_empty, struct err *e) WARN_UNUSED;

/* ---- slog.c ---- */
struct slog_log *slog_log_new(struct slog *s, const char *name, const char *folder);
void slog_log_free(struct slog_log **l);

/* ---- slog_view.c ---- */
struct view_part {
    struct seg *seg;             /* pinned */
    uint64_t first_lsn, end_lsn; /* LSN at offset; one past the last record in range */
    uint64_t offset;
};
struct slog_view {
    struct slog_log *log;
    uint64_t from, to;
    size_t count;
    struct view_part parts[];
};

#endif
