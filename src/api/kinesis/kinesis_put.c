/* kinesis_put.c - PutRecord and PutRecords, the hot path.
 *
 * A request's records are checked and their payloads decoded from base64 into one block of the
 * request's arena; everything else points into the request body. The reply is laid out before the
 * append is queued, because only one thing is not known yet: the log sequence numbers. They are
 * consecutive, sit at fixed places, and are written in when the commit thread calls back:
 *
 *     {"SequenceNumber":"49<epoch 13><shard 21><lsn 20>","ShardId":"shardId-000000000000"},...
 *                                              ^^^^^^^^ `done` writes these 20 digits
 *
 * So the commit thread spends some nanoseconds per record, and the put costs one arena block for
 * the reply. */
#include "api/kinesis/kinesis_int.h"
#include "base/encode.h"
#include "slog/sequence.h"

#define LSN_DIGITS 20
#define SHARD_DIGITS 10 /* of a uint32_t; the places before them stay zero */
#define ENTRY_HEAD "{\"SequenceNumber\":\""
#define ENTRY_MID "\",\"ShardId\":\""
#define ENTRY_TAIL "\"}"
#define ENTRY_LEN                                                                                  \
    (sizeof(ENTRY_HEAD) - 1 + SLOG_SEQUENCE_LEN + sizeof(ENTRY_MID) - 1 + SHARD_ID_LEN +           \
     sizeof(ENTRY_TAIL) - 1)
#define LSN_AT (sizeof(ENTRY_HEAD) - 1 + SLOG_SEQUENCE_LEN - LSN_DIGITS)
#define REPLY_HEAD "{\"FailedRecordCount\":0,\"Records\":["
#define REPLY_TAIL "]}"

struct put {
    struct slog_append append;
    struct api_call *call;
    struct slog_record_in *records;
    size_t count;
    struct bytes *hash_keys; /* per record; ptr NULL: the partition key decides */
    char *entries;           /* first reply entry, count * (ENTRY_LEN + comma) */
};

/* ---- reading the request ---- */

static int read_record(struct put *p, const struct json *in, size_t i, size_t *decoded_max) {
    struct err *e = &p->call->err;
    struct bytes data = {0}, key = {0}, hash = {0};
    JSON_FOR_EACH(member, in) { /* one pass; json_get would make three */
        if (member->kind != JSON_STRING)
            continue;
        if (bytes_eq_str(member->name, "Data"))
            data = bytes_of(member->text.ptr ? member->text.ptr : "", member->text.len);
        else if (bytes_eq_str(member->name, "PartitionKey"))
            key = member->text;
        else if (bytes_eq_str(member->name, "ExplicitHashKey"))
            hash = member->text;
    }
    if (!data.ptr)
        return err_set(
            e, ERR_VALIDATION,
            "1 validation error detected: Value null at 'records.%zu.member.data' failed "
            "to satisfy constraint: Member must not be null",
            i + 1);
    if (key.len == 0 ||
        (key.len > KINESIS_KEY_MAX_CHARS && utf8_count(key) > KINESIS_KEY_MAX_CHARS))
        return err_set(e, ERR_VALIDATION,
                       "1 validation error detected: Value at 'records.%zu.member.partitionKey' "
                       "failed to satisfy constraint: Member must have length between 1 and 256",
                       i + 1);
    p->records[i].partition_key = key;
    p->records[i].data = data; /* still base64 */
    p->hash_keys[i] = hash;
    *decoded_max += base64_decoded_max(data.len);
    return 0;
}

/* base64 to bytes, all records into one block; checks AWS's size limits. */
static int decode_records(struct put *p, size_t decoded_max) {
    struct err *e = &p->call->err;
    uint64_t total = 0;
    char *at = arena_alloc(p->call->arena, decoded_max + 1);
    if (!at)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < p->count; i++) {
        struct slog_record_in *r = &p->records[i];
        ptrdiff_t len = base64_decode(r->data, at);
        if (len < 0)
            return err_set(e, ERR_SERIALIZATION, "Data of record %zu is not valid base64.", i + 1);
        uint64_t size = (uint64_t)len + r->partition_key.len;
        if (size > KINESIS_RECORD_MAX)
            return err_set(e, ERR_VALIDATION,
                           "1 validation error detected: Value at 'records.%zu.member.data' failed "
                           "to satisfy constraint: Member must have length less than or equal to "
                           "1048576",
                           i + 1);
        total += size;
        r->data = bytes_of(at, (size_t)len);
        at += len;
    }
    if (total > KINESIS_PUT_MAX_BYTES)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "Records size exceeds 10 MiB limit; send them in several requests.");
    return 0;
}

static int choose_shards(struct put *p, uint32_t shards) {
    for (size_t i = 0; i < p->count; i++) {
        u128 hash;
        if (!p->hash_keys[i].ptr)
            p->records[i].shard = shard_of_key(p->records[i].partition_key, shards);
        else if (hash_key_parse(p->hash_keys[i], &hash))
            p->records[i].shard = shard_of_hash(hash, shards);
        else
            return err_set(&p->call->err, ERR_INVALID_ARGUMENT,
                           "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, "
                           "2^128-1]. Specified value was %.*s",
                           BYTES_ARG(bytes_slice(p->hash_keys[i], 0, 128)));
    }
    return 0;
}

/* ---- the reply ---- */

static char *put_text(char *at, const char *text, size_t len) {
    memcpy(at, text, len);
    return at + len;
}

static char *write_entry(char *at, const struct kinesis_stream *s, uint32_t shard) {
    char seq[SLOG_SEQUENCE_LEN + 1], id[SHARD_ID_LEN + 1];
    slog_sequence_text((uint64_t)s->created_ms, shard, 0, seq);
    shard_id_format(shard, id);
    at = put_text(at, ENTRY_HEAD, sizeof(ENTRY_HEAD) - 1);
    at = put_text(at, seq, SLOG_SEQUENCE_LEN);
    at = put_text(at, ENTRY_MID, sizeof(ENTRY_MID) - 1);
    at = put_text(at, id, SHARD_ID_LEN);
    return put_text(at, ENTRY_TAIL, sizeof(ENTRY_TAIL) - 1);
}

/* Zero-padded decimal, ending at `end`. */
static void write_digits(char *end, uint64_t v, size_t count) {
    for (size_t i = 0; i < count; i++, v /= 10)
        *--end = (char)('0' + v % 10);
}

/* A copy of the entry at `like`, of another shard. */
static char *copy_entry(char *at, const char *like, uint32_t shard) {
    char *end = put_text(at, like, ENTRY_LEN);
    write_digits(at + LSN_AT, shard, SHARD_DIGITS);
    write_digits(end - (sizeof(ENTRY_TAIL) - 1), shard, SHARD_DIGITS);
    return end;
}

/* Entries with LSN 0, in the reply buffer. */
static int lay_out_reply(struct put *p, const struct kinesis_stream *s, bool batch) {
    struct buf *out = &p->call->out_buf;
    size_t need = p->count * (ENTRY_LEN + 1) + sizeof(REPLY_HEAD) + sizeof(REPLY_TAIL);
    char *start = buf_reserve(out, need), *at = start;
    if (!start)
        return err_set(&p->call->err, ERR_NOMEM, NULL);
    if (batch)
        at = put_text(at, REPLY_HEAD, sizeof(REPLY_HEAD) - 1);
    p->entries = at;
    for (size_t i = 0; i < p->count; i++) {
        at = i ? copy_entry(at, p->entries, p->records[i].shard)
               : write_entry(at, s, p->records[i].shard);
        if (i + 1 < p->count)
            *at++ = ',';
    }
    if (batch)
        at = put_text(at, REPLY_TAIL, sizeof(REPLY_TAIL) - 1);
    out->len += (size_t)(at - start);
    return 0;
}

/* Commit thread. */
static void put_done(struct slog_append *a) {
    struct put *p = a->ctx;
    struct api_call *call = p->call;
    int rc = a->rc;
    if (rc == ERR_RESOURCE_NOT_FOUND)
        (void)err_set(&call->err, rc, "The stream was deleted.");
    else if (rc)
        (void)err_set(&call->err, rc, NULL);
    for (size_t i = 0; !rc && i < p->count; i++)
        write_digits(p->entries + i * (ENTRY_LEN + 1) + LSN_AT + LSN_DIGITS, a->first_lsn + i,
                     LSN_DIGITS);
    api_finish(call, rc);
}

/* ---- both operations ---- */

static int put_new(struct api_call *call, size_t count, struct put **ret) {
    struct put *p = ARENA_NEW(call->arena, struct put);
    if (p) {
        p->records = ARENA_NEW_N(call->arena, struct slog_record_in, count);
        p->hash_keys = ARENA_NEW_N(call->arena, struct bytes, count);
    }
    if (!p || !p->records || !p->hash_keys)
        return err_set(&call->err, ERR_NOMEM, NULL);
    p->call = call;
    p->count = count;
    *ret = p;
    return 0;
}

static int put_queue(struct put *p, bool batch) {
    struct api_call *call = p->call;
    struct kinesis_service *k = kinesis_of(call);
    struct kinesis_stream *s;
    pthread_rwlock_rdlock(&k->lock);
    int rc = kinesis_find(k, call, &s, &call->err);
    if (!rc)
        rc = choose_shards(p, s->shards);
    if (!rc)
        rc = lay_out_reply(p, s, batch);
    if (!rc) {
        p->append = (struct slog_append){
            .records = p->records, .count = p->count, .done = put_done, .ctx = p};
        rc = slog_append(s->log, &p->append, &call->err);
        if (rc == ERR_UNAVAILABLE)
            rc = err_set(&call->err, ERR_THROUGHPUT,
                         "Rate exceeded: the server's queue is full. Slow down and retry.");
    }
    pthread_rwlock_unlock(&k->lock);
    return rc ? rc : API_PENDING;
}

int kinesis_put_records(struct api_call *call) {
    const struct json *list = json_get(call->in, "Records");
    struct put *p = NULL;
    size_t decoded_max = 0, i = 0;
    if (!list || list->kind != JSON_ARRAY || list->count == 0 ||
        list->count > KINESIS_PUT_MAX_RECORDS)
        return err_set(&call->err, ERR_VALIDATION,
                       "1 validation error detected: Value at 'records' failed to satisfy "
                       "constraint: Member must have length between 1 and 500");
    int rc = put_new(call, list->count, &p);
    JSON_FOR_EACH(item, list) {
        if (!rc)
            rc = read_record(p, item, i++, &decoded_max);
    }
    if (!rc)
        rc = decode_records(p, decoded_max);
    return rc ? rc : put_queue(p, true);
}

int kinesis_put_record(struct api_call *call) {
    struct put *p = NULL;
    size_t decoded_max = 0;
    int rc = put_new(call, 1, &p);
    if (!rc)
        rc = read_record(p, call->in, 0, &decoded_max);
    if (!rc)
        rc = decode_records(p, decoded_max);
    return rc ? rc : put_queue(p, false);
}
