/* slog_seek.c - finding a time, measuring a delivery.
 *
 * Both pin what they look at, map it, and go from the sparse index's nearest frame header to the
 * next by `length`: 64 KiB of records cost one touched page. Records are walked only in the two
 * frames that a boundary cuts. */
#include "slog/slog_int.h"
#include <errno.h>

static int fail(struct slog_log *l, int rc, struct err *e) {
    if (rc == -EBADMSG) {
        return err_set(e, ERR_CORRUPT,
                       "The log of %s is damaged; restart the server to recover it.", l->name);
    }
    return err_set_errno(e, ERR_IO, -rc, "Cannot read the log of %s", l->name);
}

/* ---- time ---- */

/* The segment that holds the first record at or after `ms`, pinned; caller holds lock. */
static struct seg *pin_by_time(struct slog_log *l, int64_t ms) {
    for (size_t i = 0; i < l->seg_count; i++) {
        struct seg *seg = l->segs[i];
        if (!seg->going && seg->end_lsn > seg->first_lsn && seg->last_arrival_ms >= ms) {
            seg->pins++;
            l->views++;
            return seg;
        }
    }
    return NULL;
}

static int walk_to_time(struct bytes file, uint64_t epoch, uint64_t at, uint64_t used, int64_t ms,
                        uint64_t *ret_lsn) {
    struct frame_header h;
    for (; at < used; at += h.length) {
        if (!frame_peek(file, at, epoch, &h)) {
            return -EBADMSG;
        }
        if (h.arrival_ms >= ms) {
            *ret_lsn = h.first_lsn;
            return 0;
        }
    }
    return -EBADMSG; /* its last frame is not older */
}

int slog_find_time(struct slog_log *l, int64_t ms, uint64_t *ret_lsn, struct err *e) {
    struct slog *s = l->slog;
    struct bytes file;
    struct seg_index start = {0};
    pthread_mutex_lock(&s->lock);
    struct seg *seg = l->deleted ? NULL : pin_by_time(l, ms);
    uint64_t lsn = l->next_lsn, used = seg ? seg->used : 0;
    if (seg) {
        start = seg_floor_time(seg, ms);
    }
    pthread_mutex_unlock(&s->lock);
    int rc = 0;
    if (seg) {
        rc = seg_map(s->vfs, seg->path, &file);
        if (rc == 0) {
            rc = walk_to_time(file, seg->epoch, start.offset, used, ms, &lsn);
            seg_unmap(&file);
        }
        pthread_mutex_lock(&s->lock);
        seg->pins--;
        l->views--;
        if (l->deleted) {
            slog_kick_filler(s);
        }
        pthread_mutex_unlock(&s->lock);
    }
    if (rc < 0) {
        return fail(l, rc, e);
    }
    *ret_lsn = lsn;
    return 0;
}

/* ---- measure ---- */

struct measuring {
    int64_t before_ms;
    uint64_t max_bytes;
    struct slog_extent extent;
};

static void take(struct measuring *m, const struct frame_header *h, uint64_t records,
                 uint64_t bytes) {
    if (m->extent.records == 0) {
        m->extent.first_arrival_ms = h->arrival_ms;
    }
    m->extent.records += records;
    m->extent.data_bytes += bytes;
    m->extent.last_arrival_ms = h->arrival_ms;
}

static bool fits(const struct measuring *m, uint64_t bytes) {
    return m->extent.records == 0 || m->extent.data_bytes + bytes <= m->max_bytes;
}

/* Appends of a frame that a boundary cuts. 1: go on; 0: stopped by bytes; -1: malformed. */
static int measure_records(struct measuring *m, struct bytes file, uint64_t at,
                           const struct frame_header *h) {
    struct record_cursor c = frame_records(file, at, h);
    struct record_view r;
    uint64_t lsn = h->first_lsn, records = 0, bytes = 0; /* of the append being gathered */
    int more;
    do {
        more = record_next(&c, &r);
        bool starts = more == 0 || (r.head.flags & RECORD_FIRST_OF_APPEND);
        if (more < 0) {
            return -1;
        }
        if (starts && records > 0) {
            if (!fits(m, bytes)) {
                m->extent.stopped_by_bytes = true;
                return 0;
            }
            take(m, h, records, bytes);
            m->extent.to_lsn = lsn;
            records = bytes = 0;
        }
        if (more && lsn >= m->extent.from_lsn) {
            records++;
            bytes += r.data.len;
        }
        lsn++;
    } while (more);
    return 1;
}

/* As measure_records. */
static int measure_frame(struct measuring *m, struct bytes file, uint64_t at,
                         const struct frame_header *h) {
    uint64_t end = h->first_lsn + h->count;
    if (end <= m->extent.from_lsn) {
        return 1;
    }
    if (h->arrival_ms >= m->before_ms) {
        m->extent.stopped_by_time = true;
        return 0;
    }
    bool whole = h->first_lsn >= m->extent.from_lsn;
    if (whole && m->extent.data_bytes + h->data_bytes <= m->max_bytes) {
        take(m, h, h->count, h->data_bytes);
        m->extent.to_lsn = end;
        return 1;
    }
    if (!frame_verify(file, at, h)) {
        return -1;
    }
    return measure_records(m, file, at, h);
}

/* 1: go on; 0: stopped; negative errno. */
static int measure_part(struct measuring *m, struct vfs *v, const struct view_part *part) {
    struct frame_header h;
    struct bytes file;
    int more = seg_map(v, part->seg->path, &file);
    if (more < 0) {
        return more;
    }
    uint64_t at = part->offset, lsn = part->first_lsn;
    for (more = 1; more == 1 && lsn < part->end_lsn; at += h.length, lsn += h.count) {
        bool fine = frame_peek(file, at, part->seg->epoch, &h) && h.first_lsn == lsn;
        more = fine ? measure_frame(m, file, at, &h) : -1;
    }
    seg_unmap(&file);
    return more < 0 ? -EBADMSG : more;
}

int slog_measure(struct slog_log *l, uint64_t from_lsn, int64_t before_ms, uint64_t max_bytes,
                 struct slog_extent *ret, struct err *e) {
    struct slog_view *v;
    int rc = slog_view_new(l, from_lsn, UINT64_MAX, &v, e);
    if (rc < 0) {
        return rc;
    }
    struct measuring m = {.before_ms = before_ms, .max_bytes = max_bytes};
    m.extent.from_lsn = m.extent.to_lsn = v->from;
    rc = 1;
    for (size_t i = 0; i < v->count && rc == 1; i++) {
        rc = measure_part(&m, l->slog->vfs, &v->parts[i]);
    }
    slog_view_free(&v);
    if (rc < 0) {
        return fail(l, rc, e);
    }
    *ret = m.extent;
    return 0;
}
