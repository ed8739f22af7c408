/* firehose_put.c - PutRecord and PutRecordBatch for direct-put streams.
 *
 * As in the Kinesis room: payloads are decoded into one arena block, the reply is laid out before
 * the append is queued, and the commit thread only writes the log sequence numbers into it. A
 * record's id is its sequence number (slog/sequence.h, shard 0, the stream's creation as epoch).
 *     {"RecordId":"49<epoch 13><shard 21><lsn 20>"} */
#include "api/firehose/firehose_int.h"
#include "base/encode.h"
#include "slog/sequence.h"

#define LSN_DIGITS 20
#define ENTRY_HEAD "{\"RecordId\":\""
#define BATCH_TAIL "\"}"
#define SINGLE_TAIL "\",\"Encrypted\":false}"
#define REPLY_HEAD "{\"FailedPutCount\":0,\"Encrypted\":false,\"RequestResponses\":["
#define HEAD_LEN (sizeof(ENTRY_HEAD) - 1)
#define ENTRY_LEN (HEAD_LEN + SLOG_SEQUENCE_LEN + sizeof(BATCH_TAIL) - 1)

struct put {
    struct slog_append append;
    struct api_call *call;
    struct slog_record_in *records;
    size_t count;
    size_t entries_at; /* offset of the first entry in the reply */
};

/* ---- reading ---- */

static int decode_record(struct put *p, size_t i, char *at, uint64_t *total) {
    struct err *e = &p->call->err;
    struct slog_record_in *r = &p->records[i];
    ptrdiff_t len = base64_decode(r->data, at);
    if (len < 0)
        return err_set(e, ERR_SERIALIZATION, "Data of record %zu is not valid base64.", i + 1);
    if ((uint64_t)len > FIREHOSE_RECORD_MAX)
        return err_set(e, ERR_VALIDATION,
                       "1 validation error detected: Value at 'records.%zu.member.data' failed to "
                       "satisfy constraint: Member must have length less than or equal to 1024000",
                       i + 1);
    r->data = bytes_of(at, (size_t)len);
    *total += (uint64_t)len;
    return 0;
}

static int decode_records(struct put *p) {
    struct err *e = &p->call->err;
    size_t room = 1;
    uint64_t total = 0;
    for (size_t i = 0; i < p->count; i++)
        room += base64_decoded_max(p->records[i].data.len);
    char *at = arena_alloc(p->call->arena, room);
    if (!at)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < p->count; i++) {
        int rc = decode_record(p, i, at, &total);
        if (rc)
            return rc;
        at += p->records[i].data.len;
    }
    if (total > FIREHOSE_BATCH_BYTES)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "Records size exceeds 4 MB limit; send them in several requests.");
    return 0;
}

static int read_record(struct put *p, size_t i, const struct json *record) {
    const struct json *data = json_get(record, "Data");
    if (!data || data->kind != JSON_STRING)
        return err_set(
            &p->call->err, ERR_VALIDATION,
            "1 validation error detected: Value null at 'records.%zu.member.data' failed "
            "to satisfy constraint: Member must not be null",
            i + 1);
    p->records[i].data = bytes_of(data->text.ptr ? data->text.ptr : "", data->text.len);
    return 0;
}

/* ---- the reply ---- */

static int lay_out_reply(struct put *p, int64_t epoch_ms, bool batch) {
    struct buf *out = &p->call->out_buf;
    char seq[SLOG_SEQUENCE_LEN + 1];
    slog_sequence_text((uint64_t)epoch_ms, 0, 0, seq);
    if (batch)
        buf_add_str(out, REPLY_HEAD);
    p->entries_at = out->len;
    for (size_t i = 0; i < p->count; i++) {
        if (i)
            buf_add_char(out, ',');
        buf_add(out, BYTES(ENTRY_HEAD));
        buf_add(out, bytes_of(seq, SLOG_SEQUENCE_LEN));
        buf_add(out, batch ? BYTES(BATCH_TAIL) : BYTES(SINGLE_TAIL));
    }
    if (batch)
        buf_add_str(out, "]}");
    return buf_ok(out) ? 0 : err_set(&p->call->err, ERR_NOMEM, NULL);
}

static void write_lsn(char *end, uint64_t lsn) {
    for (; lsn; lsn /= 10)
        *--end = (char)('0' + lsn % 10);
}

/* Commit thread. */
static void put_done(struct slog_append *a) {
    struct put *p = a->ctx;
    struct api_call *call = p->call;
    int rc = a->rc;
    if (rc == ERR_RESOURCE_NOT_FOUND)
        (void)err_set(&call->err, rc, "The delivery stream was deleted.");
    else if (rc)
        (void)err_set(&call->err, rc, NULL);
    char *end = call->out_buf.ptr + p->entries_at + HEAD_LEN + SLOG_SEQUENCE_LEN;
    for (size_t i = 0; !rc && i < p->count; i++)
        write_lsn(end + i * (ENTRY_LEN + 1), a->first_lsn + i);
    api_finish(call, rc);
}

/* ---- both operations ---- */

static int put_new(struct api_call *call, size_t count, struct put **ret) {
    struct put *p = ARENA_NEW(call->arena, struct put);
    if (p)
        p->records = ARENA_NEW_N(call->arena, struct slog_record_in, count);
    if (!p || !p->records)
        return err_set(&call->err, ERR_NOMEM, NULL);
    p->call = call;
    p->count = count;
    *ret = p;
    return 0;
}

static int put_queue(struct put *p, bool batch) {
    struct api_call *call = p->call;
    struct firehose_service *f = firehose_of(call);
    struct bytes name = json_get_str(call->in, "DeliveryStreamName");
    pthread_rwlock_rdlock(&f->lock);
    const struct firehose_stream *s = firehose_find(f, name);
    int rc = 0;
    if (!s)
        rc = firehose_not_found(name, &call->err);
    else if (!s->direct || !s->log)
        rc = err_set(&call->err, ERR_INVALID_ARGUMENT,
                     "This operation is not permitted on KinesisStreamAsSource delivery stream "
                     "type.");
    if (!rc)
        rc = lay_out_reply(p, s->created_ms, batch);
    if (!rc) {
        p->append = (struct slog_append){
            .records = p->records, .count = p->count, .done = put_done, .ctx = p};
        rc = slog_append(s->log, &p->append, &call->err);
    }
    pthread_rwlock_unlock(&f->lock);
    return rc ? rc : API_PENDING;
}

int firehose_put_record(struct api_call *call) {
    struct put *p = NULL;
    int rc = put_new(call, 1, &p);
    if (!rc)
        rc = read_record(p, 0, json_get(call->in, "Record"));
    if (!rc)
        rc = decode_records(p);
    return rc ? rc : put_queue(p, false);
}

int firehose_put_record_batch(struct api_call *call) {
    const struct json *list = json_get(call->in, "Records");
    struct put *p = NULL;
    size_t i = 0;
    if (!list || list->kind != JSON_ARRAY || list->count == 0 ||
        list->count > FIREHOSE_BATCH_RECORDS)
        return err_set(&call->err, ERR_VALIDATION,
                       "1 validation error detected: Value at 'records' failed to satisfy "
                       "constraint: Member must have length between 1 and 500");
    int rc = put_new(call, list->count, &p);
    JSON_FOR_EACH(item, list) {
        if (!rc)
            rc = read_record(p, i++, item);
    }
    if (!rc)
        rc = decode_records(p);
    return rc ? rc : put_queue(p, true);
}
