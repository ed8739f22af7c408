/* delivery.h - Firehose: buffers by size and time over a stream log, delivered exactly once.
 *
 * Nothing is buffered in memory: a delivery's buffer is the part of its log after the checkpoint.
 * One scheduler thread wakes on commits and timers, measures each delivery, and starts at most one
 * flush per delivery at a time: intent in the catalogue, convert task in a worker, commit. A flush
 * takes whole appends of one value of the timestamp prefix. Unfinished intents are redone at open.
 * Sources: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html and s3-prefixes. */
#ifndef TARN_DELIVERY_DELIVERY_H
#define TARN_DELIVERY_DELIVERY_H

#include "base/clock.h"
#include "catalog/catalog.h"
#include "slog/slog.h"
#include "store/store.h"
#include "work/pool.h"

struct delivery_service;
struct delivery_deps {
    struct vfs *vfs;
    struct clock *clock;
    struct catalog *catalog;
    struct store *store;
    struct slog *slog;
    struct work_pool *pool;
};
int delivery_open(const struct delivery_deps *d, struct delivery_service **ret,
                  struct err *e) WARN_UNUSED;
/* Lets the flush under way finish or be redone next time; does not force one. */
void delivery_close(struct delivery_service **d);
/* slog's committed hook (ctx = service): cheap, wakes the scheduler. */
void delivery_committed(void *service, struct slog_log *log, uint64_t last_lsn);

/* A delivery stream's document (kind "firehose"), as the API layer builds it, is
 * {"name","log","direct":bool,"stream_arn"?, "created_ms","version", "destination":{... the
 * ExtendedS3DestinationConfiguration ...}}. Create validates prefixes and the Glue schema, creates
 * the log when direct, and sets the feed when format conversion is on. A Kinesis source starts at
 * the stream's next record. ERR_RESOURCE_IN_USE, ERR_INVALID_ARGUMENT, ERR_RESOURCE_NOT_FOUND. */
int delivery_create(struct delivery_service *d, struct bytes name, struct bytes doc_json,
                    struct err *e) WARN_UNUSED;
/* Stops; records not delivered yet are dropped with a direct log (AWS does). */
int delivery_delete(struct delivery_service *d, struct bytes name, struct err *e) WARN_UNUSED;
/* Delivers what is there now without waiting for size or time; runs `done` when all of it is
 * committed or failed. `name` empty: every delivery. For /tarn/v1/flush and the demo. */
int delivery_flush(struct delivery_service *d, struct bytes name,
                   void (*done)(void *ctx, int rc, const struct err *e), void *ctx,
                   struct err *e) WARN_UNUSED;
/* {"name","checkpoint","next_lsn","pending_records","pending_bytes","last_error",..} as JSON. */
int delivery_status(struct delivery_service *d, struct arena *a, struct bytes name,
                    struct bytes *ret_json, struct err *e) WARN_UNUSED;

#endif
