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
/* The flush under way is cancelled and redone at the next open; none is forced. Call before the
 * pool, the log and the catalogue are closed, and after the last append. */
void delivery_close(struct delivery_service **d);
/* slog's committed hook (ctx = service): cheap, wakes the scheduler. */
void delivery_committed(void *service, struct slog_log *log, uint64_t last_lsn);

/* A delivery stream's document (kind "firehose"), as the API layer builds it, is
 * {"name","log","direct":bool,"stream_arn"?, "created_ms","version", "destination":{... the
 * ExtendedS3DestinationConfiguration ...}}; other members are kept. Create validates prefixes and
 * the Glue schema, creates the log when direct, and sets the feed when format conversion is on. A
 * Kinesis source starts at the stream's next record. ERR_RESOURCE_IN_USE, ERR_INVALID_ARGUMENT,
 * ERR_RESOURCE_NOT_FOUND. */
int delivery_create(struct delivery_service *d, struct bytes name, struct bytes doc_json,
                    struct err *e) WARN_UNUSED;
/* Another document for a stream that is there: name, log and direct must be the same. Takes effect
 * with the next object. */
int delivery_update(struct delivery_service *d, struct bytes name, struct bytes doc_json,
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

/* The first LSN of a log that some delivery may still need, with a minute's grace so that a query
 * that has read a checkpoint still finds its tail; UINT64_MAX when no delivery reads the log. */
uint64_t delivery_floor(void *service, const char *log_name);
/* `tick` runs about once a minute on the scheduler's thread, with no lock held. Set once, before
 * traffic: for the retention of the source streams. */
void delivery_set_tick(struct delivery_service *d, void (*tick)(void *ctx), void *ctx);

#endif
