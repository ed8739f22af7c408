/* kinesis_service.c - the streams by name, and the operation table.
 *
 * The catalogue document is the truth; this room keeps of each stream the few fields that every put
 * and get needs, in an array sorted by name under a read-write lock. Puts hold the read lock while
 * they queue their append: DeleteStream takes the write lock, so a log never goes away under one.
 *
 * Order of writes: CreateStream makes the log, then the document; DeleteStream drops the document,
 * then the log. A log without a document is therefore left over and holds nothing acknowledged. */
#include "api/kinesis/kinesis_int.h"
#include "base/log.h"
#include "base/mem.h"
#include <stdio.h>

#define STREAM_REF                                                                                 \
    {"StreamName", API_STRING, false, 1, 128, "[a-zA-Z0-9_.-]+"}, {                                \
        "StreamARN", API_STRING, false, 1, 2048, NULL                                              \
    }
#define END_PARAMS                                                                                 \
    { 0 }

static const struct api_param p_create[] = {
    {"StreamName", API_STRING, true, 1, 128, "[a-zA-Z0-9_.-]+"},
    {"ShardCount", API_INTEGER, false, 1, INT32_MAX, NULL},
    {"StreamModeDetails", API_STRUCT, false, 0, 0, NULL},
    {"Tags", API_MAP, false, 0, 0, NULL},
    END_PARAMS};
static const struct api_param p_stream[] = {STREAM_REF, END_PARAMS};
static const struct api_param p_describe[] = {
    STREAM_REF,
    {"Limit", API_INTEGER, false, 1, 10000, NULL},
    {"ExclusiveStartShardId", API_STRING, false, 1, 128, "[a-zA-Z0-9_.-]+"},
    END_PARAMS};
static const struct api_param p_list[] = {
    {"Limit", API_INTEGER, false, 1, 10000, NULL},
    {"ExclusiveStartStreamName", API_STRING, false, 1, 128, "[a-zA-Z0-9_.-]+"},
    {"NextToken", API_STRING, false, 1, 1048576, NULL},
    END_PARAMS};
static const struct api_param p_shards[] = {
    STREAM_REF,
    {"NextToken", API_STRING, false, 1, 1048576, NULL},
    {"ExclusiveStartShardId", API_STRING, false, 1, 128, "[a-zA-Z0-9_.-]+"},
    {"MaxResults", API_INTEGER, false, 1, 10000, NULL},
    {"StreamCreationTimestamp", API_TIMESTAMP, false, 0, 0, NULL},
    {"ShardFilter", API_STRUCT, false, 0, 0, NULL},
    END_PARAMS};
static const struct api_param p_put[] = {
    STREAM_REF,
    {"Data", API_BLOB, true, 0, 0, NULL},
    {"PartitionKey", API_STRING, true, 1, 256, NULL},
    {"ExplicitHashKey", API_STRING, false, 0, 0, "0|([1-9]\\d{0,38})"},
    {"SequenceNumberForOrdering", API_STRING, false, 0, 0, "0|([1-9]\\d{0,128})"},
    END_PARAMS};
static const struct api_param p_puts[] = {
    STREAM_REF, {"Records", API_LIST, true, 1, KINESIS_PUT_MAX_RECORDS, NULL}, END_PARAMS};
static const struct api_param p_iterator[] = {
    STREAM_REF,
    {"ShardId", API_STRING, true, 1, 128, "[a-zA-Z0-9_.-]+"},
    {"ShardIteratorType", API_STRING, true, 0, 0,
     "AT_SEQUENCE_NUMBER|AFTER_SEQUENCE_NUMBER|TRIM_HORIZON|LATEST|AT_TIMESTAMP"},
    {"StartingSequenceNumber", API_STRING, false, 0, 0, "0|([1-9]\\d{0,128})"},
    {"Timestamp", API_TIMESTAMP, false, 0, 0, NULL},
    END_PARAMS};
static const struct api_param p_get[] = {
    {"ShardIterator", API_STRING, true, 1, 512, NULL},
    {"Limit", API_INTEGER, false, 1, KINESIS_GET_MAX_RECORDS, NULL},
    {"StreamARN", API_STRING, false, 1, 2048, NULL},
    END_PARAMS};
static const struct api_param p_tags[] = {
    STREAM_REF, {"Tags", API_MAP, true, 0, 0, NULL}, END_PARAMS};
static const struct api_param p_untag[] = {
    STREAM_REF, {"TagKeys", API_LIST, true, 1, 50, NULL}, END_PARAMS};
static const struct api_param p_list_tags[] = {
    STREAM_REF,
    {"ExclusiveStartTagKey", API_STRING, false, 1, 128, NULL},
    {"Limit", API_INTEGER, false, 1, 50, NULL},
    END_PARAMS};
static const struct api_param p_retention[] = {
    STREAM_REF, {"RetentionPeriodHours", API_INTEGER, true, 0, 0, NULL}, END_PARAMS};

const struct api_op kinesis_operations[] = {
    {"PutRecords", kinesis_put_records, p_puts, "kinesis:PutRecords",
     "Appends up to 500 records; answers when they are durable."},
    {"PutRecord", kinesis_put_record, p_put, "kinesis:PutRecord",
     "Appends one record; answers when it is durable."},
    {"GetRecords", kinesis_get_records, p_get, "kinesis:GetRecords",
     "Reads a shard from an iterator."},
    {"GetShardIterator", kinesis_get_shard_iterator, p_iterator, "kinesis:GetShardIterator",
     "A position in a shard, valid for five minutes."},
    {"CreateStream", kinesis_create_stream, p_create, "kinesis:CreateStream",
     "Creates a stream; it is ACTIVE at once."},
    {"DeleteStream", kinesis_delete_stream, p_stream, "kinesis:DeleteStream",
     "Deletes a stream and its records."},
    {"DescribeStream", kinesis_describe_stream, p_describe, "kinesis:DescribeStream",
     "A stream with its shards."},
    {"DescribeStreamSummary", kinesis_describe_stream_summary, p_stream,
     "kinesis:DescribeStreamSummary", "A stream without its shards."},
    {"ListStreams", kinesis_list_streams, p_list, "kinesis:ListStreams", "Streams by name."},
    {"ListShards", kinesis_list_shards, p_shards, "kinesis:ListShards", "A stream's shards."},
    {"AddTagsToStream", kinesis_add_tags, p_tags, "kinesis:AddTagsToStream", "Stores tags."},
    {"RemoveTagsFromStream", kinesis_remove_tags, p_untag, "kinesis:RemoveTagsFromStream",
     "Removes tags."},
    {"ListTagsForStream", kinesis_list_tags, p_list_tags, "kinesis:ListTagsForStream",
     "A stream's tags."},
    {"IncreaseStreamRetentionPeriod", kinesis_increase_retention, p_retention,
     "kinesis:IncreaseStreamRetentionPeriod", "Keeps records longer, up to 8760 hours."},
    {"DecreaseStreamRetentionPeriod", kinesis_decrease_retention, p_retention,
     "kinesis:DecreaseStreamRetentionPeriod", "Keeps records shorter, down to 24 hours."},
    {0}};

static const char *const kinesis_known[] = {"DeleteResourcePolicy",
                                            "DeregisterStreamConsumer",
                                            "DescribeAccountSettings",
                                            "DescribeLimits",
                                            "DescribeStreamConsumer",
                                            "DisableEnhancedMonitoring",
                                            "EnableEnhancedMonitoring",
                                            "GetResourcePolicy",
                                            "ListStreamConsumers",
                                            "ListTagsForResource",
                                            "MergeShards",
                                            "PutResourcePolicy",
                                            "RegisterStreamConsumer",
                                            "SplitShard",
                                            "StartStreamEncryption",
                                            "StopStreamEncryption",
                                            "SubscribeToShard",
                                            "TagResource",
                                            "UntagResource",
                                            "UpdateAccountSettings",
                                            "UpdateMaxRecordSize",
                                            "UpdateShardCount",
                                            "UpdateStreamMode",
                                            "UpdateStreamWarmThroughput",
                                            NULL};

struct kinesis_service *kinesis_of(const struct api_call *call) {
    return call->service->ctx;
}

/* ---- the sorted array ---- */

/* Index of the first stream whose name is not less than `name`. */
static size_t lower_bound(const struct kinesis_service *k, struct bytes name) {
    size_t lo = 0, hi = k->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (bytes_cmp(bytes_str(k->streams[mid]->name), name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct kinesis_stream *kinesis_find_name(struct kinesis_service *k, struct bytes name) {
    size_t i = lower_bound(k, name);
    if (i < k->count && bytes_eq_str(name, k->streams[i]->name))
        return k->streams[i];
    return NULL;
}

int kinesis_insert(struct kinesis_service *k, struct kinesis_stream *s, struct err *e) {
    if (k->count == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 16;
        struct kinesis_stream **grown = mem_realloc(k->streams, cap * sizeof(*grown));
        if (!grown)
            return err_set(e, ERR_NOMEM, NULL);
        k->streams = grown;
        k->cap = cap;
    }
    size_t i = lower_bound(k, bytes_str(s->name));
    memmove(&k->streams[i + 1], &k->streams[i], (k->count - i) * sizeof(*k->streams));
    k->streams[i] = s;
    k->count++;
    return 0;
}

void kinesis_remove(struct kinesis_service *k, const struct kinesis_stream *s) {
    size_t i = lower_bound(k, bytes_str(s->name));
    assert(i < k->count && k->streams[i] == s);
    mem_free(k->streams[i]);
    k->count--;
    memmove(&k->streams[i], &k->streams[i + 1], (k->count - i) * sizeof(*k->streams));
}

/* ---- StreamName or StreamARN ---- */

/* The name at the end of arn:aws:kinesis:region:account:stream/name. */
static bool name_of_arn(struct bytes arn, struct bytes *ret) {
    struct bytes part, rest = arn;
    if (!bytes_starts_with(arn, BYTES("arn:")))
        return false;
    for (int i = 0; i < 5 && rest.ptr; i++) {
        rest = bytes_cut(rest, ':', &part);
        if (i == 2 && !bytes_eq_str(part, "kinesis"))
            return false;
    }
    if (!rest.ptr || !bytes_starts_with(rest, BYTES("stream/")))
        return false;
    rest = bytes_slice(rest, strlen("stream/"), rest.len);
    rest = bytes_cut(rest, '/', &part); /* a consumer's ARN goes on after the name */
    *ret = part;
    return kinesis_name_ok(part);
}

int kinesis_call_name(const struct api_call *call, struct bytes *ret, struct err *e) {
    struct bytes name = json_get_str(call->in, "StreamName");
    struct bytes arn = json_get_str(call->in, "StreamARN");
    struct bytes arn_name;
    if (arn.ptr && !name_of_arn(arn, &arn_name))
        return err_set(
            e, ERR_INVALID_ARGUMENT,
            "StreamARN must look like arn:aws:kinesis:<region>:<account>:stream/<name>.");
    if (arn.ptr && name.ptr && !bytes_eq(arn_name, name))
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "StreamName and StreamARN name different streams; give one of them.");
    if (!arn.ptr && !name.ptr)
        return err_set(e, ERR_INVALID_ARGUMENT, "Give StreamName or StreamARN.");
    *ret = arn.ptr ? arn_name : name;
    return 0;
}

int kinesis_find(struct kinesis_service *k, const struct api_call *call,
                 struct kinesis_stream **ret, struct err *e) {
    struct bytes name;
    int rc = kinesis_call_name(call, &name, e);
    if (rc)
        return rc;
    struct kinesis_stream *s = kinesis_find_name(k, name);
    if (!s)
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "Stream %.*s under account %s not found.",
                       BYTES_ARG(name), API_ACCOUNT_ID);
    *ret = s;
    return 0;
}

int kinesis_copy(struct kinesis_service *k, const struct api_call *call, struct kinesis_stream *ret,
                 struct err *e) {
    struct kinesis_stream *s;
    pthread_rwlock_rdlock(&k->lock);
    int rc = kinesis_find(k, call, &s, e);
    if (!rc)
        *ret = *s;
    pthread_rwlock_unlock(&k->lock);
    return rc;
}

/* ---- start and end ---- */

static int load_page(struct kinesis_service *k, struct arena *a, struct bytes *after, size_t *ret_n,
                     struct err *e) {
    struct catalog_doc *docs;
    int rc = catalog_doc_list(k->catalog, a, KINESIS_DOC_KIND, false, INT64_MAX, *after, 1000,
                              &docs, ret_n, e);
    for (size_t i = 0; !rc && i < *ret_n; i++) {
        struct kinesis_stream *s;
        rc = kinesis_stream_load(k, &docs[i], a, &s, e);
        if (!rc && (rc = kinesis_insert(k, s, e)))
            mem_free(s);
        *after = docs[i].key;
    }
    return rc;
}

static int load_all(struct kinesis_service *k, struct err *e) {
    struct arena a;
    struct bytes after = BYTES("");
    size_t n = 0;
    int rc;
    arena_init(&a, 0);
    do
        rc = load_page(k, &a, &after, &n, e);
    while (!rc && n == 1000);
    arena_clear(&a);
    return rc;
}

int kinesis_service_new(const struct kinesis_deps *deps, struct kinesis_service **ret,
                        struct err *e) {
    struct kinesis_service *k = mem_calloc(1, sizeof(*k));
    if (!k)
        return err_set(e, ERR_NOMEM, NULL);
    k->slog = deps->slog;
    k->catalog = deps->catalog;
    k->clock = deps->clock;
    k->api = (struct api_service){.name = "kinesis",
                                  .target_prefix = "Kinesis_20131202",
                                  .protocol = API_JSON_1_1,
                                  .ops = kinesis_operations,
                                  .known = kinesis_known,
                                  .ctx = k};
    pthread_rwlock_init(&k->lock, NULL);
    int rc = load_all(k, e);
    if (rc) {
        kinesis_service_free(&k);
        return rc;
    }
    *ret = k;
    return 0;
}

void kinesis_service_free(struct kinesis_service **kp) {
    struct kinesis_service *k = *kp;
    if (!k)
        return;
    for (size_t i = 0; i < k->count; i++)
        mem_free(k->streams[i]);
    mem_free(k->streams);
    pthread_rwlock_destroy(&k->lock);
    mem_free(k);
    *kp = NULL;
}

const struct api_service *kinesis_api(const struct kinesis_service *k) {
    return &k->api;
}

/* ---- retention ---- */

static void trim_stream(struct kinesis_service *k, const struct kinesis_stream *s, uint64_t floor) {
    struct err e = {0};
    uint64_t lsn;
    int64_t oldest = clock_wall_ms(k->clock) - s->retention_hours * 3600 * 1000;
    int rc = slog_find_time(s->log, oldest, &lsn, &e);
    if (!rc)
        rc = slog_trim(s->log, MIN_OF(lsn, floor), &e);
    if (rc)
        log_write(LOG_WARN, "kinesis", "retention of stream %s: %s", s->name, e.text);
}

void kinesis_apply_retention(struct kinesis_service *k,
                             uint64_t (*floor)(void *ctx, const char *log_name), void *ctx) {
    pthread_rwlock_rdlock(&k->lock);
    for (size_t i = 0; i < k->count; i++)
        trim_stream(k, k->streams[i], floor(ctx, k->streams[i]->log_name));
    pthread_rwlock_unlock(&k->lock);
}
