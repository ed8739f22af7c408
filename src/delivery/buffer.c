/* buffer.c - how much of a log is waiting, and when it is due. No memory holds records: a buffer is
 * a range of log sequence numbers with its count, bytes and first and last arrival.
 *
 *     checkpoint                      to_lsn              next_lsn
 *         |------- measured ------------|---- not looked at ----|
 *
 * Each pass measures only what came after to_lsn, so every append is measured once. The first
 * append fixes the boundary: the instant at which the object's prefix changes. An object never
 * holds an append that arrived at or after it. */
#include "delivery/delivery_int.h"

void delivery_buffer_start(struct delivery_buffer *b, uint64_t from_lsn) {
    *b = (struct delivery_buffer){
        .from_lsn = from_lsn, .to_lsn = from_lsn, .boundary_ms = INT64_MAX};
}

void delivery_buffer_add(struct delivery_buffer *b, const struct slog_extent *x,
                         const struct delivery_limits *l) {
    assert(x->records == 0 || x->from_lsn >= b->to_lsn);
    if (x->stopped_by_time && x->records == 0) {
        b->at_boundary = true;
        return;
    }
    if (x->records == 0)
        return;
    /* slog_measure gives at least one append, even one that does not fit. */
    if (b->records && b->bytes + x->data_bytes > l->size_bytes) {
        b->full = true;
        return;
    }
    if (b->records == 0) {
        b->first_ms = x->first_arrival_ms;
        b->from_lsn = x->from_lsn; /* raised when retention has overtaken the checkpoint */
    }
    b->to_lsn = x->to_lsn;
    b->records += x->records;
    b->bytes += x->data_bytes;
    b->last_ms = x->last_arrival_ms;
    b->at_boundary = x->stopped_by_time;
    b->full = x->stopped_by_bytes || b->bytes >= l->size_bytes;
}

enum delivery_reason delivery_buffer_due(const struct delivery_buffer *b,
                                         const struct delivery_limits *l, int64_t now_ms,
                                         uint64_t asked_lsn, int64_t *ret_due_ms) {
    *ret_due_ms = INT64_MAX;
    if (b->records == 0)
        return DELIVER_NOT_YET;
    *ret_due_ms = b->first_ms + MAX_OF(l->interval_ms, (int64_t)DELIVERY_MIN_INTERVAL_MS);
    if (b->full || b->bytes >= l->size_bytes)
        return DELIVER_SIZE;
    if (b->at_boundary)
        return DELIVER_BOUNDARY;
    if (asked_lsn > b->from_lsn)
        return DELIVER_ASKED;
    return now_ms >= *ret_due_ms ? DELIVER_INTERVAL : DELIVER_NOT_YET;
}

/* The first append alone, for its arrival. */
static int fill_first(struct delivery_buffer *b, struct slog_log *log,
                      const struct delivery_limits *l,
                      int64_t (*boundary_after)(void *ctx, int64_t ms), void *ctx, struct err *e) {
    struct slog_extent x = {0};
    int rc = slog_measure(log, b->to_lsn, INT64_MAX, 1, &x, e);
    if (rc || x.records == 0)
        return rc;
    x.stopped_by_bytes = false; /* stopped by our 1, not by the limit */
    delivery_buffer_add(b, &x, l);
    b->boundary_ms = boundary_after(ctx, b->first_ms);
    return 0;
}

int delivery_buffer_fill(struct delivery_buffer *b, struct slog_log *log,
                         const struct delivery_limits *l,
                         int64_t (*boundary_after)(void *ctx, int64_t ms), void *ctx,
                         struct err *e) {
    struct slog_bounds bounds;
    slog_get_bounds(log, &bounds);
    if (b->full || b->at_boundary || bounds.next_lsn <= b->to_lsn)
        return 0;
    if (b->records == 0) {
        int rc = fill_first(b, log, l, boundary_after, ctx, e);
        if (rc || b->records == 0 || b->full || bounds.next_lsn <= b->to_lsn)
            return rc;
    }
    struct slog_extent x = {0};
    int rc = slog_measure(log, b->to_lsn, b->boundary_ms, l->size_bytes - b->bytes, &x, e);
    if (!rc)
        delivery_buffer_add(b, &x, l);
    return rc;
}
