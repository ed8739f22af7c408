/* kinesis_get.c - GetShardIterator and GetRecords.
 *
 * An iterator is a token around (stream, its epoch, shard, LSN, issue time). The records of all
 * shards share one log, so GetRecords walks the log from the LSN and keeps those of its shard. One
 * call walks a bounded stretch: enough for Limit records when keys spread evenly, never more than
 * SCAN_MAX records. When the stretch ends first the reply has few or no records and a
 * NextShardIterator behind the stretch, as AWS's own may. The stretch is pinned by a view and read
 * through a reader, which maps only the segments it touches. */
#include "api/kinesis/kinesis_int.h"
#include "slog/reader.h"
#include "slog/sequence.h"

#define SCAN_MAX 200000

/* ---- GetShardIterator ---- */

static int iterator_shard(struct api_call *call, const struct kinesis_stream *s, uint32_t *ret) {
    struct bytes id = json_get_str(call->in, "ShardId");
    if (!shard_id_parse(id, ret) || *ret >= s->shards)
        return err_set(&call->err, ERR_RESOURCE_NOT_FOUND,
                       "Shard %.*s in stream %s under account %s does not exist", BYTES_ARG(id),
                       s->name, API_ACCOUNT_ID);
    return 0;
}

/* LSN of StartingSequenceNumber, plus one for AFTER. */
static int from_sequence(struct api_call *call, const struct kinesis_stream *s, uint32_t shard,
                         bool after, uint64_t *ret) {
    struct bytes text = json_get_str(call->in, "StartingSequenceNumber");
    uint64_t epoch, lsn;
    uint32_t of_shard;
    if (!text.ptr)
        return err_set(
            &call->err, ERR_INVALID_ARGUMENT,
            "Must either specify timestamp or startingSequenceNumber: this iterator type "
            "needs StartingSequenceNumber.");
    if (bytes_eq_str(text, "0")) {
        *ret = 0;
        return 0;
    }
    if (!slog_sequence_parse(text, &epoch, &of_shard, &lsn) || epoch != (uint64_t)s->created_ms)
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "StartingSequenceNumber %.*s is not one of stream %s.",
                       BYTES_ARG(bytes_slice(text, 0, 129)), s->name);
    if (of_shard != shard)
        return err_set(
            &call->err, ERR_INVALID_ARGUMENT,
            "Invalid StartingSequenceNumber. It encodes shardId-%012u, while it was used "
            "in a call to a shard with shardId-%012u",
            of_shard, shard);
    *ret = after ? lsn + 1 : lsn;
    return 0;
}

static int from_timestamp(struct api_call *call, const struct kinesis_service *k,
                          const struct kinesis_stream *s, uint64_t *ret) {
    const struct json *at = json_get(call->in, "Timestamp");
    if (!at || at->kind != JSON_NUMBER)
        return err_set(
            &call->err, ERR_INVALID_ARGUMENT,
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP.");
    double at_ms = json_get_f64(call->in, "Timestamp", 0) * 1000.0;
    int64_t now = clock_wall_ms(k->clock);
    if (!(at_ms <= (double)now))
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "The timestampInMillis parameter cannot be greater than the "
                       "currentTimestampInMillis. timestampInMillis: %.0f, "
                       "currentTimestampInMillis: %lld",
                       at_ms, (long long)now);
    int64_t ms = at_ms < 0 ? 0 : (int64_t)(at_ms + 0.5);
    return slog_find_time(s->log, ms, ret, &call->err);
}

/* The stream's lock is held. */
static int iterator_lsn(struct api_call *call, const struct kinesis_service *k,
                        const struct kinesis_stream *s, uint32_t shard, uint64_t *ret) {
    struct bytes type = json_get_str(call->in, "ShardIteratorType");
    struct slog_bounds bounds;
    slog_get_bounds(s->log, &bounds);
    if (bytes_eq_str(type, "AT_SEQUENCE_NUMBER"))
        return from_sequence(call, s, shard, false, ret);
    if (bytes_eq_str(type, "AFTER_SEQUENCE_NUMBER"))
        return from_sequence(call, s, shard, true, ret);
    if (bytes_eq_str(type, "AT_TIMESTAMP"))
        return from_timestamp(call, k, s, ret);
    if (bytes_eq_str(type, "LATEST"))
        *ret = bounds.next_lsn;
    else if (bytes_eq_str(type, "TRIM_HORIZON"))
        *ret = 0;
    else
        return err_set(&call->err, ERR_VALIDATION,
                       "ShardIteratorType must be AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, "
                       "TRIM_HORIZON, LATEST or AT_TIMESTAMP.");
    return 0;
}

static struct bytes iterator_token(struct api_call *call, struct shard_iterator *it) {
    it->issued_ms = clock_wall_ms(kinesis_of(call)->clock);
    return api_token_encode(call->arena, "kinesis-iterator", shard_iterator_text(call->arena, it));
}

int kinesis_get_shard_iterator(struct api_call *call) {
    struct kinesis_service *k = kinesis_of(call);
    struct kinesis_stream *s;
    struct shard_iterator it = {0};
    pthread_rwlock_rdlock(&k->lock);
    int rc = kinesis_find(k, call, &s, &call->err);
    if (!rc)
        rc = iterator_shard(call, s, &it.shard);
    if (!rc)
        rc = iterator_lsn(call, k, s, it.shard, &it.lsn);
    if (!rc) {
        it.stream = arena_copy(call->arena, bytes_str(s->name));
        it.epoch_ms = s->created_ms;
    }
    pthread_rwlock_unlock(&k->lock);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_str(&call->out, "ShardIterator", iterator_token(call, &it));
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- GetRecords ---- */

struct get {
    struct api_call *call;
    struct shard_iterator it;
    struct slog_view *view; /* NULL: nothing after the iterator */
    uint64_t next_lsn;      /* the log's end when the call began */
    int64_t limit;
    int64_t seen_ms; /* arrival of the last record walked */
    uint64_t bytes;
    char seq[SLOG_SEQUENCE_LEN + 1];
};

static int read_iterator(struct get *g) {
    struct api_call *call = g->call;
    struct bytes token = json_get_str(call->in, "ShardIterator"), text;
    int64_t now = clock_wall_ms(kinesis_of(call)->clock);
    if (!api_token_decode(call->arena, "kinesis-iterator", token, &text) ||
        !shard_iterator_parse(text, &g->it))
        return err_set(&call->err, ERR_INVALID_ARGUMENT, "Invalid ShardIterator.");
    if (now - g->it.issued_ms > KINESIS_TOKEN_TTL_MS)
        return err_set(&call->err, ERR_EXPIRED_ITERATOR,
                       "Iterator expired. It was issued %lld seconds ago and is valid for 300; get "
                       "another with GetShardIterator.",
                       (long long)((now - g->it.issued_ms) / 1000));
    g->limit = json_get_i64(call->in, "Limit", KINESIS_GET_MAX_RECORDS);
    return 0;
}

/* Pins the stretch of the log that this call walks. */
static int pin_stretch(struct get *g) {
    struct kinesis_service *k = kinesis_of(g->call);
    struct slog_bounds bounds;
    int rc = 0;
    pthread_rwlock_rdlock(&k->lock);
    const struct kinesis_stream *s = kinesis_find_name(k, g->it.stream);
    if (!s || s->created_ms != g->it.epoch_ms) {
        rc = err_set(&g->call->err, ERR_RESOURCE_NOT_FOUND,
                     "Stream %.*s under account %s not found.", BYTES_ARG(g->it.stream),
                     API_ACCOUNT_ID);
    } else {
        slog_get_bounds(s->log, &bounds);
        g->next_lsn = bounds.next_lsn;
        g->it.lsn = MAX_OF(g->it.lsn, bounds.first_lsn);
        uint64_t stretch = MIN_OF((uint64_t)g->limit * s->shards, (uint64_t)SCAN_MAX);
        uint64_t end = MIN_OF(g->it.lsn + stretch, bounds.next_lsn);
        if (g->it.lsn < end)
            rc = slog_view_new(s->log, g->it.lsn, end, &g->view, &g->call->err);
    }
    pthread_rwlock_unlock(&k->lock);
    return rc;
}

static void write_digits(char *end, uint64_t v) {
    for (int i = 0; i < 20; i++, v /= 10)
        *--end = (char)('0' + v % 10);
}

static void write_record(struct get *g, const struct slog_record *r) {
    struct jsonw *w = &g->call->out;
    write_digits(g->seq + SLOG_SEQUENCE_LEN, r->lsn);
    jsonw_object(w);
    jsonw_kv_str(w, "SequenceNumber", bytes_of(g->seq, SLOG_SEQUENCE_LEN));
    jsonw_kv_time_ms(w, "ApproximateArrivalTimestamp", r->arrival_ms);
    jsonw_name(w, "Data");
    jsonw_base64(w, r->data);
    jsonw_kv_str(w, "PartitionKey", r->partition_key);
    jsonw_end_object(w);
}

/* Walks the stretch; it.lsn ends one past the last record looked at. */
static int write_records(struct get *g) {
    struct err *e = &g->call->err;
    struct slog_reader *reader;
    struct slog_record r;
    int64_t count = 0;
    int rc = slog_reader_new_view(g->view, &reader, e);
    if (rc)
        return rc;
    while (count < g->limit && (rc = slog_reader_next(reader, &r, e)) == 1) {
        uint64_t size = r.data.len + r.partition_key.len;
        if (r.shard == g->it.shard && count && g->bytes + size > KINESIS_GET_MAX_BYTES)
            break;
        g->it.lsn = r.lsn + 1;
        g->seen_ms = r.arrival_ms;
        if (r.shard != g->it.shard)
            continue;
        write_record(g, &r);
        g->bytes += size;
        count++;
    }
    slog_reader_free(&reader);
    return rc < 0 ? rc : 0;
}

static int64_t millis_behind(const struct get *g) {
    if (g->it.lsn >= g->next_lsn)
        return 0;
    int64_t behind = clock_wall_ms(kinesis_of(g->call)->clock) - g->seen_ms;
    return MAX_OF(behind, 0);
}

int kinesis_get_records(struct api_call *call) {
    struct get g = {.call = call};
    struct jsonw *w = &call->out;
    int rc = read_iterator(&g);
    if (!rc)
        rc = pin_stretch(&g);
    if (rc)
        return rc;
    slog_sequence_text((uint64_t)g.it.epoch_ms, g.it.shard, 0, g.seq);
    jsonw_object(w);
    jsonw_name(w, "Records");
    jsonw_array(w);
    if (g.view)
        rc = write_records(&g);
    slog_view_free(&g.view);
    if (rc)
        return rc;
    jsonw_end_array(w);
    jsonw_kv_str(w, "NextShardIterator", iterator_token(call, &g.it));
    jsonw_kv_i64(w, "MillisBehindLatest", millis_behind(&g));
    jsonw_end_object(w);
    return 0;
}
