/* firehose_int.h - inside the Firehose room. */
#ifndef TARN_API_FIREHOSE_FIREHOSE_INT_H
#define TARN_API_FIREHOSE_FIREHOSE_INT_H

#include "api/firehose/firehose.h"
#include <pthread.h>

#define FIREHOSE_DOC_KIND "firehose"
#define FIREHOSE_NAME_MAX 64
#define FIREHOSE_RECORD_MAX KIB(1000)
#define FIREHOSE_BATCH_RECORDS 500
#define FIREHOSE_BATCH_BYTES MIB(4)
#define FIREHOSE_DESTINATION_ID "destinationId-000000000001"

/* What puts and listings need; the catalogue document has the rest. */
struct firehose_stream {
    char name[FIREHOSE_NAME_MAX + 1];
    bool direct;
    int64_t created_ms;
    struct slog_log *log; /* NULL unless direct */
};

struct firehose_service {
    struct slog *slog;
    struct catalog *catalog;
    struct clock *clock;
    struct delivery_service *delivery;
    struct api_service api;
    pthread_mutex_t admin; /* creation, deletion and changes of documents, one at a time */
    /* Readers hold it across slog_append, so that no append meets a log being deleted. */
    pthread_rwlock_t lock;
    struct firehose_stream **streams; /* by name; guarded by lock */
    size_t count, cap;
};

/* ---- firehose_service.c ---- */
struct firehose_service *firehose_of(const struct api_call *call);
/* NULL when there is none; the caller holds the lock. */
struct firehose_stream *firehose_find(struct firehose_service *f, struct bytes name);
int firehose_not_found(struct bytes name, struct err *e);
/* Takes the write lock. */
int firehose_insert(struct firehose_service *f, struct bytes name, bool direct, int64_t created_ms,
                    struct err *e) WARN_UNUSED;
void firehose_remove(struct firehose_service *f, struct bytes name);

/* ---- firehose_destination.c: pure ---- */
/* ERR_INVALID_ARGUMENT with AWS's rules or a sentence about what is not supported. */
int destination_check(const struct json *dest, struct err *e) WARN_UNUSED;
/* Members of `base` replaced by those of `changes` (may be NULL), then defaults for what is absent.
 */
void destination_write(struct jsonw *w, const struct json *base, const struct json *changes);

/* ---- handlers ---- */
int firehose_create(struct api_call *call);
int firehose_describe(struct api_call *call);
int firehose_delete(struct api_call *call);
int firehose_list(struct api_call *call);
int firehose_update_destination(struct api_call *call);
int firehose_put_record(struct api_call *call);
int firehose_put_record_batch(struct api_call *call);
int firehose_tag(struct api_call *call);
int firehose_untag(struct api_call *call);
int firehose_list_tags(struct api_call *call);

#endif
