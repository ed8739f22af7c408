/* slog_commit.c - appends and the one commit thread.
 *
 * Group commit without a timer: while a sync runs, appends queue up; the thread takes them all and
 * the next sync serves them together. One round:
 *
 *   take queues ─▶ per log: lay frames into one buffer, one pwrite ─▶ per log: fdatasync
 *               ─▶ publish positions (under lock) ─▶ hook ─▶ callbacks
 *
 * What fails in a round, fails for that log alone: its position stays, its bytes in the file are
 * zeroed (at once if the disk lets us, in any case before the log accepts more), and its appends
 * get ERR_IO. Appends that do not fit the active segment wait for the next round, which starts a
 * new segment; so a round touches one segment per log. */
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "slog/slog_int.h"
#include <errno.h>
#include <string.h>

#define KEY_MAX_BYTES 1024
#define DATA_MAX_BYTES MIB(10)
#define APPEND_MAX_RECORDS 10000

/* ---- queueing ---- */

static int check_append(struct slog_append *a, struct err *e) {
    uint64_t bytes = 0;
    if (a->count < 1 || a->count > APPEND_MAX_RECORDS) {
        return err_set(e, ERR_INVALID_ARGUMENT, "An append has 1 to %d records.",
                       APPEND_MAX_RECORDS);
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct slog_record_in *r = &a->records[i];
        if (r->partition_key.len > KEY_MAX_BYTES || r->data.len > DATA_MAX_BYTES) {
            return err_set(e, ERR_INVALID_ARGUMENT,
                           "Record %zu is too large: at most 10 MiB of data and 1024 bytes of "
                           "partition key.",
                           i);
        }
        bytes += sizeof(struct record_header) + r->partition_key.len + r->data.len;
    }
    if (bytes > FRAME_MAX_BYTES / 2) {
        return err_set(e, ERR_INVALID_ARGUMENT, "An append holds at most 512 MiB; send less.");
    }
    a->bytes_ = bytes;
    a->next_ = NULL;
    return 0;
}

static void enqueue(struct slog_log *l, struct slog_append *a) {
    struct slog *s = l->slog;
    *l->queue_tail = a;
    l->queue_tail = &a->next_;
    s->queued_bytes += a->bytes_;
    if (!l->queued) {
        l->queued = true;
        l->next_dirty = NULL;
        *s->dirty_tail = l;
        s->dirty_tail = &l->next_dirty;
        pthread_cond_signal(&s->work_cond);
    }
}

int slog_append(struct slog_log *l, struct slog_append *a, struct err *e) {
    struct slog *s = l->slog;
    int rc = check_append(a, e);
    if (rc < 0) {
        return rc;
    }
    pthread_mutex_lock(&s->lock);
    assert(!s->stopping);
    bool deleted = l->deleted;
    bool full = s->queued_bytes > 0 && s->queued_bytes + a->bytes_ > s->queue_limit;
    if (!deleted && !full) {
        enqueue(l, a);
    }
    pthread_mutex_unlock(&s->lock); /* from here on the callback may have freed *a */
    if (deleted) {
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "The stream %s has been deleted.", l->name);
    }
    if (full) {
        return err_set(e, ERR_UNAVAILABLE, "Too much is waiting for the disk; retry later.");
    }
    return 0;
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
};

static void wake_waiter(struct slog_append *a) {
    struct waiter *w = a->ctx;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

int slog_append_wait(struct slog_log *l, const struct slog_record_in *records, size_t count,
                     uint64_t *ret_first_lsn, int64_t *ret_arrival_ms, struct err *e) {
    struct waiter w = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    struct slog_append a = {.records = records, .count = count, .done = wake_waiter, .ctx = &w};
    int rc = slog_append(l, &a, e);
    if (rc < 0) {
        return rc;
    }
    pthread_mutex_lock(&w.lock);
    while (!w.done) {
        pthread_cond_wait(&w.cond, &w.lock);
    }
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.cond);
    if (a.rc < 0) {
        return err_set(e, a.rc, NULL);
    }
    if (ret_first_lsn) {
        *ret_first_lsn = a.first_lsn;
    }
    if (ret_arrival_ms) {
        *ret_arrival_ms = a.arrival_ms;
    }
    return 0;
}

/* ---- laying out frames ---- */

/* The buffer being filled with a log's frames; offsets in it are relative to `base` in the file. */
struct layout {
    struct slog_log *log;
    struct buf *out;
    uint64_t base, limit; /* file offsets */
    size_t frame_at;      /* start of the open frame */
    bool open;
    struct frame_header head;
    uint64_t next_lsn;
    uint32_t prev_crc;
};

static void note_frame(struct slog_log *l, struct seg_index entry) {
    if (l->pending_count == l->pending_cap) {
        size_t cap = l->pending_cap ? l->pending_cap * 2 : 16;
        struct seg_index *grown = mem_realloc(l->pending, cap * sizeof(*grown));
        if (!grown) {
            return;
        }
        l->pending = grown;
        l->pending_cap = cap;
    }
    l->pending[l->pending_count++] = entry;
}

static void frame_open(struct layout *y) {
    struct slog_log *l = y->log;
    y->frame_at = y->out->len;
    y->open = true;
    y->head = (struct frame_header){
        .magic = FRAME_MAGIC,
        .epoch = l->active->epoch,
        .first_lsn = y->next_lsn,
        .committed_lsn = l->next_lsn,
        .arrival_ms = l->round_arrival_ms,
        .prev_crc = y->prev_crc,
    };
    y->out->len += sizeof(y->head); /* room was reserved */
    note_frame(l, (struct seg_index){y->next_lsn, l->round_arrival_ms, y->base + y->frame_at});
}

static void frame_close(struct layout *y) {
    const size_t skip = offsetof(struct frame_header, epoch);
    char *frame = y->out->ptr + y->frame_at;
    size_t length = y->out->len - y->frame_at, padded = (length + 7) & ~(size_t)7;
    memset(frame + length, 0, padded - length);
    y->out->len += padded - length;
    y->head.length = (uint32_t)padded;
    memcpy(frame, &y->head, sizeof(y->head));
    y->head.crc = crc32c(0, frame + skip, padded - skip);
    memcpy(frame, &y->head, sizeof(y->head));
    y->prev_crc = y->head.crc;
    y->open = false;
}

static char *put(char *at, const void *from, size_t len) {
    if (len > 0) {
        memcpy(at, from, len);
    }
    return at + len;
}

static void lay_records(struct layout *y, const struct slog_append *a) {
    char *at = y->out->ptr + y->out->len;
    for (size_t i = 0; i < a->count; i++) {
        const struct slog_record_in *r = &a->records[i];
        struct record_header head = {
            .data_len = (uint32_t)r->data.len,
            .shard = r->shard,
            .key_len = (uint16_t)r->partition_key.len,
            .flags = i == 0 ? RECORD_FIRST_OF_APPEND : 0,
        };
        at = put(at, &head, sizeof(head));
        at = put(at, r->partition_key.ptr, r->partition_key.len);
        at = put(at, r->data.ptr, r->data.len);
        y->head.data_bytes += (uint32_t)r->data.len;
    }
    y->out->len = (size_t)(at - y->out->ptr);
    y->head.count += (uint32_t)a->count;
    y->next_lsn += a->count;
}

/* 1: laid out; 0: no room in this round; negative: no memory. */
static int lay_append(struct layout *y, const struct slog_append *a) {
    uint64_t most = a->bytes_ + sizeof(struct frame_header) + 16; /* padding of two frames */
    uint64_t at = y->base + y->out->len;
    if (most > y->limit - at || (y->out->len > 0 && y->out->len + most > SLOG_COMMIT_BYTES)) {
        return 0;
    }
    if (y->open && y->out->len - y->frame_at + a->bytes_ > FRAME_CLOSE_BYTES) {
        frame_close(y);
    }
    if (!buf_reserve(y->out, most)) {
        return ERR_NOMEM;
    }
    if (!y->open) {
        frame_open(y);
    }
    lay_records(y, a);
    return 1;
}

/* Moves what fits from l->work to l->batch, laid out in s->write_buf. */
static int lay_batch(struct slog_log *l) {
    struct slog *s = l->slog;
    struct seg *seg = l->active;
    struct layout y = {.log = l,
                       .out = &s->write_buf,
                       .base = seg->used,
                       .limit = seg->size,
                       .next_lsn = l->next_lsn,
                       .prev_crc = seg->last_crc};
    struct slog_append **batch_tail = &l->batch;
    int rc = 1;
    buf_reset(y.out);
    l->pending_count = 0;
    l->round_bytes = 0;
    l->batch = NULL;
    while (l->work && (rc = lay_append(&y, l->work)) > 0) {
        struct slog_append *a = l->work;
        a->first_lsn = y.next_lsn - a->count;
        l->work = a->next_;
        a->next_ = NULL;
        *batch_tail = a;
        batch_tail = &a->next_;
        l->round_bytes += a->bytes_;
    }
    if (!l->work) {
        l->work_tail = &l->work;
    }
    if (y.open) {
        frame_close(&y);
    }
    l->round_first_lsn = l->next_lsn;
    l->round_end_lsn = y.next_lsn;
    l->round_end_offset = y.base + y.out->len;
    l->round_crc = y.prev_crc;
    return l->batch ? 0 : (rc < 0 ? -ENOMEM : 0);
}

/* ---- writing ---- */

/* Zeroes what a failed commit left; the header first, without which the rest is unreachable. */
static int clean_dirty(struct slog_log *l) {
    struct vfs *v = l->slog->vfs;
    struct seg *seg = l->active;
    if (l->dirty_end <= seg->used) {
        return 0;
    }
    int rc = slog_zero(v, seg->fd, seg->used, l->dirty_end);
    if (rc == 0) {
        rc = v->ops->fdatasync(v, seg->fd);
    }
    if (rc == 0) {
        l->dirty_end = 0;
    }
    return rc;
}

/* Makes the prepared segment the active one. */
static int roll(struct slog_log *l, uint64_t need) {
    struct slog *s = l->slog;
    int rc = log_prepare(l, need);
    if (rc < 0) {
        return rc;
    }
    int fd = -1;
    pthread_mutex_lock(&s->lock);
    bool pushed = log_push_seg(l, l->prepared);
    if (pushed) {
        fd = l->active->fd;
        l->active->fd = -1;
        l->active = l->prepared;
        l->active->first_lsn = l->active->end_lsn = l->next_lsn;
        l->prepared = NULL;
        s->want_pool = true;
    }
    pthread_mutex_unlock(&s->lock);
    if (fd >= 0) {
        (void)s->vfs->ops->close(s->vfs, fd);
    }
    return pushed ? 0 : -ENOMEM;
}

static int write_batch(struct slog_log *l) {
    struct slog *s = l->slog;
    int rc = clean_dirty(l);
    uint64_t need = l->work->bytes_ + sizeof(struct frame_header) + 16;
    if (rc == 0 && need > l->active->size - l->active->used) {
        rc = roll(l, need + SEG_DATA_START);
    }
    if (rc == 0) {
        rc = lay_batch(l);
    }
    if (rc < 0) {
        return rc;
    }
    struct seg *seg = l->active;
    l->dirty_end = l->round_end_offset;
    return vfs_pwrite_all(s->vfs, seg->fd, s->write_buf.ptr, s->write_buf.len, seg->used);
}

/* A round that failed before its batch was laid out fails all that waits. */
static void fail_work(struct slog_log *l) {
    struct slog_append **tail = &l->batch;
    while (*tail) {
        tail = &(*tail)->next_;
    }
    *tail = l->work;
    l->work = NULL;
    l->work_tail = &l->work;
    l->round_bytes = 0;
    for (struct slog_append *a = l->batch; a; a = a->next_) {
        l->round_bytes += a->bytes_;
    }
}

static bool is_deleted(struct slog_log *l) {
    pthread_mutex_lock(&l->slog->lock);
    bool deleted = l->deleted;
    pthread_mutex_unlock(&l->slog->lock);
    return deleted;
}

static void start_log(struct slog_log *l) {
    struct slog *s = l->slog;
    l->batch = NULL;
    l->round_arrival_ms = MAX_OF(clock_wall_ms(s->clock), l->last_arrival_ms);
    if (is_deleted(l)) {
        l->round_rc = ERR_RESOURCE_NOT_FOUND;
        fail_work(l);
        return;
    }
    int rc = write_batch(l);
    if (rc == -ENOENT && is_deleted(l)) { /* in between, with the segment full */
        l->round_rc = ERR_RESOURCE_NOT_FOUND;
        fail_work(l);
        return;
    }
    l->round_rc = rc == -ENOMEM ? ERR_NOMEM : rc < 0 ? ERR_IO : 0;
    if (rc < 0) {
        log_write(LOG_ERROR, "slog", "commit of %s failed: %s", l->name, strerror(-rc));
        if (!l->batch || rc == -ENOSPC) {
            fail_work(l);
        }
    }
}

static void sync_log(struct slog_log *l) {
    struct vfs *v = l->slog->vfs;
    if (l->round_rc == 0) {
        int rc = v->ops->fdatasync(v, l->active->fd);
        if (rc < 0) {
            log_write(LOG_ERROR, "slog", "fdatasync of %s failed: %s", l->name, strerror(-rc));
            l->round_rc = ERR_IO;
        }
    }
    if (l->round_rc == 0) {
        l->dirty_end = 0;
    } else if (l->round_rc != ERR_RESOURCE_NOT_FOUND) {
        (void)clean_dirty(l); /* else before the next batch */
    }
}

/* ---- publishing ---- */

/* Caller holds lock. */
static void publish(struct slog_log *l) {
    struct seg *seg = l->active;
    l->slog->queued_bytes -= l->round_bytes;
    if (l->round_rc < 0) {
        return;
    }
    if (seg->first_lsn == seg->end_lsn) {
        seg->first_lsn = l->round_first_lsn;
        seg->first_arrival_ms = l->round_arrival_ms;
    }
    for (size_t i = 0; i < l->pending_count; i++) {
        seg_index_add(seg, l->pending[i]);
    }
    seg->used = l->round_end_offset;
    seg->last_crc = l->round_crc;
    seg->end_lsn = l->next_lsn = l->round_end_lsn;
    seg->last_arrival_ms = l->last_arrival_ms = l->round_arrival_ms;
    if (!l->prepared && seg->used > seg->size / 2) {
        slog_kick_filler(l->slog);
    }
}

static void call_back(struct slog_log *l) {
    struct slog *s = l->slog;
    if (l->round_rc == 0 && s->committed) {
        s->committed(s->committed_ctx, l, l->round_end_lsn - 1);
    }
    struct slog_append *a = l->batch;
    l->batch = NULL;
    while (a) {
        struct slog_append *next = a->next_; /* *a is the caller's again after done */
        a->rc = l->round_rc;
        a->first_lsn = l->round_rc == 0 ? a->first_lsn : 0;
        a->arrival_ms = l->round_arrival_ms;
        a->done(a);
        a = next;
    }
}

/* ---- the thread ---- */

/* Adds the logs with new appends to the round. Caller holds lock. */
static void take_queues(struct slog *s, struct slog_log **round) {
    while (s->dirty) {
        struct slog_log *l = s->dirty;
        s->dirty = l->next_dirty;
        l->queued = false;
        if (!l->committing) {
            l->committing = true;
            l->next_round = *round;
            *round = l;
        }
        *l->work_tail = l->queue_head;
        l->work_tail = l->queue_tail;
        l->queue_head = NULL;
        l->queue_tail = &l->queue_head;
    }
    s->dirty_tail = &s->dirty;
}

static void run_round(struct slog *s, struct slog_log *round) {
    for (struct slog_log *l = round; l; l = l->next_round) {
        start_log(l);
    }
    for (struct slog_log *l = round; l; l = l->next_round) {
        sync_log(l);
    }
    pthread_mutex_lock(&s->lock);
    for (struct slog_log *l = round; l; l = l->next_round) {
        publish(l);
    }
    pthread_mutex_unlock(&s->lock);
    for (struct slog_log *l = round; l; l = l->next_round) {
        call_back(l);
    }
}

/* Lets go of the logs that have nothing left. Caller holds lock. */
static void release_idle(struct slog *s, struct slog_log **round) {
    struct slog_log **link = round;
    while (*link) {
        struct slog_log *l = *link;
        if (l->work) {
            link = &l->next_round;
            continue;
        }
        *link = l->next_round;
        l->committing = false;
        if (l->deleted) {
            slog_kick_filler(s);
        }
    }
}

void *slog_commit_main(void *slog) {
    struct slog *s = slog;
    struct slog_log *round = NULL;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->dirty && !round && !s->stopping) {
            pthread_cond_wait(&s->work_cond, &s->lock);
        }
        if (!s->dirty && !round) {
            break;
        }
        take_queues(s, &round);
        pthread_mutex_unlock(&s->lock);
        run_round(s, round);
        pthread_mutex_lock(&s->lock);
        release_idle(s, &round);
        if (!round && !s->dirty && s->write_buf.cap > MIB(1)) {
            buf_clear(&s->write_buf);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}
