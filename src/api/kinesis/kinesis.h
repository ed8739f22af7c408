/* kinesis.h - Kinesis Data Streams over the stream log.
 *
 * Streams are catalogue documents of kind "kinesis_stream"; the records of all shards of stream S
 * are in the log "kinesis-S". A put answers when its log append is durable.
 * Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html */
#ifndef TARN_API_KINESIS_KINESIS_H
#define TARN_API_KINESIS_KINESIS_H

#include "api/api.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "slog/slog.h"

struct kinesis_deps {
    struct slog *slog;
    struct catalog *catalog;
    struct clock *clock;
};

struct kinesis_service;
/* Loads the streams from the catalogue; a stream whose log is missing gets an empty one (warned).
 * The deps must outlive the service. */
int kinesis_service_new(const struct kinesis_deps *deps, struct kinesis_service **ret,
                        struct err *e) WARN_UNUSED;
/* No call may be under way. */
void kinesis_service_free(struct kinesis_service **k);
/* The operation table, owned by the service. */
const struct api_service *kinesis_api(const struct kinesis_service *k);

/* Trims every stream's log to its retention period (24 hours by default), never past
 * floor(ctx, log name): the first LSN that a delivery still needs, UINT64_MAX when none does.
 * Call about once a minute, from any thread. */
void kinesis_apply_retention(struct kinesis_service *k,
                             uint64_t (*floor)(void *ctx, const char *log_name), void *ctx);

/* The operation table, ended by name NULL; tools/operations.c documents it. */
extern const struct api_op kinesis_operations[];

#endif
