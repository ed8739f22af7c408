/* sender.h - batches of events through PutRecords over a few connections at once.
 *
 * sender_add copies an event into the open batch; a full batch (500 records or 4 MB) is handed to a
 * free connection, and the caller waits when all are busy. Records that the service throttles are
 * sent again. With one connection the order of events is kept. */
#ifndef TARN_CMD_SENDER_H
#define TARN_CMD_SENDER_H

#include "base/bytes.h"
#include "base/err.h"

struct sender;
struct sender_options {
    const char *stream;
    int connections; /* 1..16 */
};
int sender_new(const struct sender_options *o, struct sender **ret, struct err *e) WARN_UNUSED;
/* Fails with the first error that any connection met. */
int sender_add(struct sender *s, struct bytes partition_key, struct bytes data,
               struct err *e) WARN_UNUSED;
/* Hands over the open batch even if it is not full. */
int sender_flush(struct sender *s, struct err *e) WARN_UNUSED;
/* Sends the rest and waits for every acknowledgement. */
int sender_finish(struct sender *s, struct err *e) WARN_UNUSED;
uint64_t sender_acknowledged(struct sender *s);
void sender_free(struct sender **s);

#endif
