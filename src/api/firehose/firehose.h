/* firehose.h - Amazon Data Firehose's API over the delivery room.
 *
 * A delivery stream is a catalogue document of kind "firehose" (see delivery/delivery.h). Direct
 * puts go to the log "firehose-NAME" and answer when durable; the delivery room does the rest.
 * Source: https://docs.aws.amazon.com/firehose/latest/APIReference/Welcome.html */
#ifndef TARN_API_FIREHOSE_FIREHOSE_H
#define TARN_API_FIREHOSE_FIREHOSE_H

#include "api/api.h"
#include "delivery/delivery.h"

struct firehose_deps {
    struct slog *slog;
    struct catalog *catalog;
    struct clock *clock;
    struct delivery_service *delivery;
};

struct firehose_service;
/* Call after delivery_open. The deps must outlive the service. */
int firehose_service_new(const struct firehose_deps *deps, struct firehose_service **ret,
                         struct err *e) WARN_UNUSED;
/* No call may be under way. */
void firehose_service_free(struct firehose_service **f);
/* The operation table, owned by the service. */
const struct api_service *firehose_api(const struct firehose_service *f);

/* The operation table, ended by name NULL; tools/operations.c documents it. */
extern const struct api_op firehose_operations[];

#endif
