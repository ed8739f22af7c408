/* firehose_service.c - the delivery streams by name, and the operation table.
 *
 * The catalogue's documents are the truth; this array, sorted by name, is what puts and listings
 * need of them. As in the Kinesis room, puts queue their append under the read lock. */
#include "api/firehose/firehose_int.h"
#include "base/mem.h"
#include <stdio.h>

#define NAME_PARAM                                                                                 \
    { "DeliveryStreamName", API_STRING, true, 1, FIREHOSE_NAME_MAX, "[a-zA-Z0-9_.-]+" }
#define END_PARAMS                                                                                 \
    { 0 }

static const struct api_param p_name[] = {NAME_PARAM, END_PARAMS};
static const struct api_param p_create[] = {
    NAME_PARAM,
    {"DeliveryStreamType", API_STRING, false, 0, 0, "DirectPut|KinesisStreamAsSource"},
    {"KinesisStreamSourceConfiguration", API_STRUCT, false, 0, 0, NULL},
    {"S3DestinationConfiguration", API_STRUCT, false, 0, 0, NULL},
    {"ExtendedS3DestinationConfiguration", API_STRUCT, false, 0, 0, NULL},
    {"Tags", API_LIST, false, 1, 50, NULL},
    END_PARAMS};
static const struct api_param p_list[] = {
    {"Limit", API_INTEGER, false, 1, 10000, NULL},
    {"DeliveryStreamType", API_STRING, false, 0, 0, NULL},
    {"ExclusiveStartDeliveryStreamName", API_STRING, false, 1, 64, "[a-zA-Z0-9_.-]+"},
    END_PARAMS};
static const struct api_param p_put[] = {
    NAME_PARAM, {"Record", API_STRUCT, true, 0, 0, NULL}, END_PARAMS};
static const struct api_param p_batch[] = {
    NAME_PARAM, {"Records", API_LIST, true, 1, FIREHOSE_BATCH_RECORDS, NULL}, END_PARAMS};
static const struct api_param p_update[] = {
    NAME_PARAM,
    {"CurrentDeliveryStreamVersionId", API_STRING, true, 1, 50, "[0-9]+"},
    {"DestinationId", API_STRING, true, 1, 100, "[a-zA-Z0-9-]+"},
    {"S3DestinationUpdate", API_STRUCT, false, 0, 0, NULL},
    {"ExtendedS3DestinationUpdate", API_STRUCT, false, 0, 0, NULL},
    END_PARAMS};
static const struct api_param p_tag[] = {
    NAME_PARAM, {"Tags", API_LIST, true, 1, 50, NULL}, END_PARAMS};
static const struct api_param p_untag[] = {
    NAME_PARAM, {"TagKeys", API_LIST, true, 1, 50, NULL}, END_PARAMS};
static const struct api_param p_list_tags[] = {
    NAME_PARAM,
    {"ExclusiveStartTagKey", API_STRING, false, 1, 128, NULL},
    {"Limit", API_INTEGER, false, 1, 50, NULL},
    END_PARAMS};

const struct api_op firehose_operations[] = {
    {"PutRecordBatch", firehose_put_record_batch, p_batch, "firehose:PutRecordBatch",
     "Appends up to 500 records; answers when they are durable."},
    {"PutRecord", firehose_put_record, p_put, "firehose:PutRecord",
     "Appends one record; answers when it is durable."},
    {"CreateDeliveryStream", firehose_create, p_create, "firehose:CreateDeliveryStream",
     "Creates a delivery stream to S3, from direct puts or a Kinesis stream; ACTIVE at once."},
    {"DescribeDeliveryStream", firehose_describe, p_name, "firehose:DescribeDeliveryStream",
     "A delivery stream with its source and destination."},
    {"DeleteDeliveryStream", firehose_delete, p_name, "firehose:DeleteDeliveryStream",
     "Deletes a delivery stream; delivered objects stay."},
    {"ListDeliveryStreams", firehose_list, p_list, "firehose:ListDeliveryStreams",
     "Delivery streams by name."},
    {"UpdateDestination", firehose_update_destination, p_update, "firehose:UpdateDestination",
     "Changes the destination, from the next object on."},
    {"TagDeliveryStream", firehose_tag, p_tag, "firehose:TagDeliveryStream", "Stores tags."},
    {"UntagDeliveryStream", firehose_untag, p_untag, "firehose:UntagDeliveryStream",
     "Removes tags."},
    {"ListTagsForDeliveryStream", firehose_list_tags, p_list_tags,
     "firehose:ListTagsForDeliveryStream", "A delivery stream's tags."},
    {0}};

static const char *const firehose_known[] = {"StartDeliveryStreamEncryption",
                                             "StopDeliveryStreamEncryption", NULL};

struct firehose_service *firehose_of(const struct api_call *call) {
    return call->service->ctx;
}

int firehose_not_found(struct bytes name, struct err *e) {
    return err_set(e, ERR_RESOURCE_NOT_FOUND, "Firehose %.*s under account %s not found.",
                   BYTES_ARG(name), API_ACCOUNT_ID);
}

/* ---- the sorted array ---- */

static size_t lower_bound(const struct firehose_service *f, struct bytes name) {
    size_t lo = 0, hi = f->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (bytes_cmp(bytes_str(f->streams[mid]->name), name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct firehose_stream *firehose_find(struct firehose_service *f, struct bytes name) {
    size_t i = lower_bound(f, name);
    return i < f->count && bytes_eq_str(name, f->streams[i]->name) ? f->streams[i] : NULL;
}

static int make_room(struct firehose_service *f, struct err *e) {
    if (f->count < f->cap)
        return 0;
    size_t cap = f->cap ? f->cap * 2 : 16;
    struct firehose_stream **grown = mem_realloc(f->streams, cap * sizeof(*grown));
    if (!grown)
        return err_set(e, ERR_NOMEM, NULL);
    f->streams = grown;
    f->cap = cap;
    return 0;
}

int firehose_insert(struct firehose_service *f, struct bytes name, bool direct, int64_t created_ms,
                    struct err *e) {
    char log_name[FIREHOSE_NAME_MAX + 16];
    struct firehose_stream *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    snprintf(s->name, sizeof(s->name), "%.*s", BYTES_ARG(name));
    snprintf(log_name, sizeof(log_name), "firehose-%s", s->name);
    s->direct = direct;
    s->created_ms = created_ms;
    s->log = direct ? slog_find(f->slog, log_name) : NULL;
    pthread_rwlock_wrlock(&f->lock);
    int rc = make_room(f, e);
    if (!rc) {
        size_t i = lower_bound(f, name);
        memmove(&f->streams[i + 1], &f->streams[i], (f->count - i) * sizeof(*f->streams));
        f->streams[i] = s;
        f->count++;
    }
    pthread_rwlock_unlock(&f->lock);
    if (rc)
        mem_free(s);
    return rc;
}

void firehose_remove(struct firehose_service *f, struct bytes name) {
    pthread_rwlock_wrlock(&f->lock);
    struct firehose_stream *s = firehose_find(f, name);
    if (s) {
        size_t i = lower_bound(f, name);
        f->count--;
        memmove(&f->streams[i], &f->streams[i + 1], (f->count - i) * sizeof(*f->streams));
        mem_free(s);
    }
    pthread_rwlock_unlock(&f->lock);
}

/* ---- start and end ---- */

static int load_doc(struct firehose_service *f, struct arena *a, const struct catalog_doc *doc,
                    struct err *e) {
    struct json *j;
    int rc = json_parse(a, doc->json, &j, e);
    if (!rc)
        rc = firehose_insert(f, doc->key, json_get_bool(j, "direct", false),
                             json_get_i64(j, "created_ms", 0), e);
    return rc;
}

static int load_all(struct firehose_service *f, struct err *e) {
    struct arena a;
    struct catalog_doc *docs;
    struct bytes after = BYTES("");
    size_t n = 0;
    int rc;
    arena_init(&a, 0);
    do {
        rc = catalog_doc_list(f->catalog, &a, FIREHOSE_DOC_KIND, false, INT64_MAX, after, 100,
                              &docs, &n, e);
        for (size_t i = 0; !rc && i < n; i++) {
            rc = load_doc(f, &a, &docs[i], e);
            after = docs[i].key;
        }
    } while (!rc && n == 100);
    arena_clear(&a);
    return rc;
}

int firehose_service_new(const struct firehose_deps *deps, struct firehose_service **ret,
                         struct err *e) {
    struct firehose_service *f = mem_calloc(1, sizeof(*f));
    if (!f)
        return err_set(e, ERR_NOMEM, NULL);
    f->slog = deps->slog;
    f->catalog = deps->catalog;
    f->clock = deps->clock;
    f->delivery = deps->delivery;
    f->api = (struct api_service){.name = "firehose",
                                  .target_prefix = "Firehose_20150804",
                                  .protocol = API_JSON_1_1,
                                  .ops = firehose_operations,
                                  .known = firehose_known,
                                  .ctx = f};
    pthread_rwlock_init(&f->lock, NULL);
    pthread_mutex_init(&f->admin, NULL);
    int rc = load_all(f, e);
    if (rc) {
        firehose_service_free(&f);
        return rc;
    }
    *ret = f;
    return 0;
}

void firehose_service_free(struct firehose_service **fp) {
    struct firehose_service *f = *fp;
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        mem_free(f->streams[i]);
    mem_free(f->streams);
    pthread_rwlock_destroy(&f->lock);
    pthread_mutex_destroy(&f->admin);
    mem_free(f);
    *fp = NULL;
}

const struct api_service *firehose_api(const struct firehose_service *f) {
    return &f->api;
}
