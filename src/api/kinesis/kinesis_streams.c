/* kinesis_streams.c - create, delete, describe and list streams; tags and retention.
 *
 * A document: {"name","shards","mode","created_ms","retention_hours","tags":{..}}. Tags are read
 * from and written to the catalogue only; a lost race answers ConcurrentModification and the client
 * tries again. */
#include "api/kinesis/kinesis_int.h"
#include "base/log.h"
#include "base/mem.h"
#include "slog/sequence.h"
#include <stdio.h>

/* ---- documents ---- */

struct bytes kinesis_doc_json(struct arena *a, const struct kinesis_stream *s,
                              const struct json *tags) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "name", s->name);
    jsonw_kv_u64(&w, "shards", s->shards);
    jsonw_kv_cstr(&w, "mode", s->on_demand ? "ON_DEMAND" : "PROVISIONED");
    jsonw_kv_i64(&w, "created_ms", s->created_ms);
    jsonw_kv_i64(&w, "retention_hours", s->retention_hours);
    jsonw_name(&w, "tags");
    if (tags)
        jsonw_tree(&w, tags);
    else
        jsonw_raw(&w, BYTES("{}"));
    jsonw_end_object(&w);
    struct bytes ret = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return ret;
}

static int find_or_make_log(struct kinesis_service *k, struct kinesis_stream *s, struct err *e) {
    s->log = slog_find(k->slog, s->log_name);
    if (s->log)
        return 0;
    log_write(LOG_WARN, "kinesis", "stream %s has no log; it starts empty", s->name);
    return slog_create(k->slog, s->log_name, &s->log, e);
}

int kinesis_stream_load(struct kinesis_service *k, const struct catalog_doc *doc, struct arena *a,
                        struct kinesis_stream **ret, struct err *e) {
    struct json *j;
    int rc = json_parse(a, doc->json, &j, e);
    if (rc)
        return rc;
    if (!kinesis_name_ok(doc->key))
        return err_set(e, ERR_CORRUPT, "The catalogue holds a stream with an impossible name.");
    struct kinesis_stream *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    snprintf(s->name, sizeof(s->name), "%.*s", BYTES_ARG(doc->key));
    snprintf(s->log_name, sizeof(s->log_name), "kinesis-%s", s->name);
    int64_t shards = json_get_i64(j, "shards", 1);
    s->shards = shards >= 1 && shards <= KINESIS_MAX_SHARDS ? (uint32_t)shards : 1;
    s->on_demand = bytes_eq_str(json_get_str(j, "mode"), "ON_DEMAND");
    s->created_ms = json_get_i64(j, "created_ms", 0);
    s->retention_hours = json_get_i64(j, "retention_hours", KINESIS_RETENTION_MIN);
    rc = find_or_make_log(k, s, e);
    if (rc) {
        mem_free(s);
        return rc;
    }
    *ret = s;
    return 0;
}

/* ---- create ---- */

static int check_tags(const struct json *tags, struct err *e) {
    if (tags && (tags->kind != JSON_OBJECT || tags->count > 200))
        return err_set(e, ERR_INVALID_ARGUMENT, "Tags must be a map of at most 200 names.");
    JSON_FOR_EACH(tag, tags) {
        if (tag->kind != JSON_STRING || tag->name.len == 0 || tag->name.len > 512 ||
            tag->text.len > 1024)
            return err_set(e, ERR_INVALID_ARGUMENT,
                           "A tag has a name of 1 to 128 characters and a text of at most 256.");
    }
    return 0;
}

static int read_shape(struct api_call *call, struct kinesis_stream *s) {
    const struct json *mode_details = json_get(call->in, "StreamModeDetails");
    struct bytes mode = json_get_str(mode_details, "StreamMode");
    int64_t shards = json_get_i64(call->in, "ShardCount", 0);
    s->on_demand = bytes_eq_str(mode, "ON_DEMAND");
    if (mode_details && !s->on_demand && !bytes_eq_str(mode, "PROVISIONED"))
        return err_set(&call->err, ERR_VALIDATION, "StreamMode must be PROVISIONED or ON_DEMAND.");
    if (s->on_demand && shards)
        return err_set(&call->err, ERR_VALIDATION,
                       "ShardCount must not be given for a stream in ON_DEMAND mode.");
    if (s->on_demand)
        shards = KINESIS_ON_DEMAND_SHARDS;
    if (shards < 1)
        return err_set(&call->err, ERR_VALIDATION,
                       "ShardCount of at least 1 is required in PROVISIONED mode.");
    if (shards > KINESIS_MAX_SHARDS)
        return err_set(&call->err, ERR_LIMIT_EXCEEDED, "A stream may have at most %d shards.",
                       KINESIS_MAX_SHARDS);
    s->shards = (uint32_t)shards;
    return check_tags(json_get(call->in, "Tags"), &call->err);
}

/* The log of a new stream. One that is there without a document was left by a crash. */
static int make_log(struct kinesis_service *k, struct kinesis_stream *s, struct err *e) {
    if (slog_find(k->slog, s->log_name)) {
        int rc = slog_delete(k->slog, s->log_name, e);
        if (rc)
            return rc;
    }
    return slog_create(k->slog, s->log_name, &s->log, e);
}

static void drop_log(struct kinesis_service *k, const char *log_name) {
    struct err e = {0};
    if (slog_delete(k->slog, log_name, &e))
        log_write(LOG_ERROR, "kinesis", "deleting log %s: %s", log_name, e.text);
}

static int store_stream(struct kinesis_service *k, struct kinesis_stream *s,
                        struct api_call *call) {
    int rc = make_log(k, s, &call->err);
    if (rc)
        return rc;
    struct bytes json = kinesis_doc_json(call->arena, s, json_get(call->in, "Tags"));
    rc = json.ptr ? catalog_doc_create(k->catalog, KINESIS_DOC_KIND, bytes_str(s->name),
                                       s->created_ms, json, &call->err)
                  : err_set(&call->err, ERR_NOMEM, NULL);
    if (!rc && (rc = kinesis_insert(k, s, &call->err))) {
        struct err ignored;
        (void)!catalog_doc_delete(k->catalog, KINESIS_DOC_KIND, bytes_str(s->name), &ignored);
    }
    if (rc)
        drop_log(k, s->log_name);
    return rc;
}

int kinesis_create_stream(struct api_call *call) {
    struct kinesis_service *k = kinesis_of(call);
    struct bytes name = json_get_str(call->in, "StreamName");
    if (!kinesis_name_ok(name))
        return err_set(&call->err, ERR_VALIDATION,
                       "StreamName must be 1 to 128 letters, digits, '_', '.' or '-'.");
    struct kinesis_stream *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return err_set(&call->err, ERR_NOMEM, NULL);
    snprintf(s->name, sizeof(s->name), "%.*s", BYTES_ARG(name));
    snprintf(s->log_name, sizeof(s->log_name), "kinesis-%s", s->name);
    s->created_ms = clock_wall_ms(k->clock);
    s->retention_hours = KINESIS_RETENTION_MIN;
    int rc = read_shape(call, s);
    pthread_rwlock_wrlock(&k->lock);
    if (!rc && kinesis_find_name(k, name))
        rc = err_set(&call->err, ERR_RESOURCE_IN_USE, "Stream %s under account %s already exists.",
                     s->name, API_ACCOUNT_ID);
    if (!rc)
        rc = store_stream(k, s, call);
    pthread_rwlock_unlock(&k->lock);
    if (rc)
        mem_free(s);
    return rc;
}

int kinesis_delete_stream(struct api_call *call) {
    struct kinesis_service *k = kinesis_of(call);
    struct kinesis_stream *s;
    pthread_rwlock_wrlock(&k->lock);
    int rc = kinesis_find(k, call, &s, &call->err);
    if (!rc)
        rc = catalog_doc_delete(k->catalog, KINESIS_DOC_KIND, bytes_str(s->name), &call->err);
    if (!rc) {
        drop_log(k, s->log_name);
        kinesis_remove(k, s);
    }
    pthread_rwlock_unlock(&k->lock);
    return rc;
}

/* ---- describe and list ---- */

static void write_mode(struct jsonw *w, const struct kinesis_stream *s) {
    jsonw_name(w, "StreamModeDetails");
    jsonw_object(w);
    jsonw_kv_cstr(w, "StreamMode", s->on_demand ? "ON_DEMAND" : "PROVISIONED");
    jsonw_end_object(w);
}

static void write_summary_members(struct api_call *call, const struct kinesis_stream *s) {
    struct jsonw *w = &call->out;
    jsonw_kv_cstr(w, "StreamName", s->name);
    jsonw_kv_str(w, "StreamARN", api_arn(call, "kinesis", "stream/%s", s->name));
    jsonw_kv_cstr(w, "StreamStatus", "ACTIVE");
    write_mode(w, s);
    jsonw_kv_i64(w, "RetentionPeriodHours", s->retention_hours);
    jsonw_kv_time_ms(w, "StreamCreationTimestamp", s->created_ms);
    jsonw_kv_raw(w, "EnhancedMonitoring", BYTES("[{\"ShardLevelMetrics\":[]}]"));
    jsonw_kv_cstr(w, "EncryptionType", "NONE");
}

static void write_shard(struct jsonw *w, const struct kinesis_stream *s, uint32_t shard) {
    char id[SHARD_ID_LEN + 1], first[40], last[40], seq[SLOG_SEQUENCE_LEN + 1];
    u128 lo, hi;
    shard_range(shard, s->shards, &lo, &hi);
    shard_id_format(shard, id);
    hash_key_format(lo, first);
    hash_key_format(hi, last);
    slog_sequence_text((uint64_t)s->created_ms, shard, 0, seq);
    jsonw_object(w);
    jsonw_kv_cstr(w, "ShardId", id);
    jsonw_name(w, "HashKeyRange");
    jsonw_object(w);
    jsonw_kv_cstr(w, "StartingHashKey", first);
    jsonw_kv_cstr(w, "EndingHashKey", last);
    jsonw_end_object(w);
    jsonw_name(w, "SequenceNumberRange");
    jsonw_object(w);
    jsonw_kv_cstr(w, "StartingSequenceNumber", seq);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

/* "Shards": [first, first + max); returns the shard after the last one written. */
static uint32_t write_shards(struct jsonw *w, const struct kinesis_stream *s, uint64_t first,
                             uint64_t max) {
    uint64_t end = MIN_OF((uint64_t)s->shards, first + max);
    jsonw_name(w, "Shards");
    jsonw_array(w);
    for (uint64_t i = first; i < end; i++)
        write_shard(w, s, (uint32_t)i);
    jsonw_end_array(w);
    return (uint32_t)end;
}

/* The shard after `member`'s, 0 when it is absent. */
static int start_after(struct api_call *call, const struct json *in, const char *member,
                       uint64_t *ret) {
    struct bytes id = json_get_str(in, member);
    uint32_t shard;
    if (id.ptr && !shard_id_parse(id, &shard))
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "%s must be a shard's name such as shardId-000000000000.", member);
    *ret = id.ptr ? (uint64_t)shard + 1 : 0;
    return 0;
}

int kinesis_describe_stream(struct api_call *call) {
    struct kinesis_stream s;
    uint64_t first;
    int rc = kinesis_copy(kinesis_of(call), call, &s, &call->err);
    if (!rc)
        rc = start_after(call, call->in, "ExclusiveStartShardId", &first);
    if (rc)
        return rc;
    uint64_t limit = (uint64_t)json_get_i64(call->in, "Limit", 100);
    struct jsonw *w = &call->out;
    jsonw_object(w);
    jsonw_name(w, "StreamDescription");
    jsonw_object(w);
    write_summary_members(call, &s);
    uint64_t end = write_shards(w, &s, first, limit);
    jsonw_kv_bool(w, "HasMoreShards", end < s.shards && first < s.shards);
    jsonw_end_object(w);
    jsonw_end_object(w);
    return 0;
}

int kinesis_describe_stream_summary(struct api_call *call) {
    struct kinesis_stream s;
    int rc = kinesis_copy(kinesis_of(call), call, &s, &call->err);
    if (rc)
        return rc;
    struct jsonw *w = &call->out;
    jsonw_object(w);
    jsonw_name(w, "StreamDescriptionSummary");
    jsonw_object(w);
    write_summary_members(call, &s);
    jsonw_kv_u64(w, "OpenShardCount", s.shards);
    jsonw_kv_i64(w, "ConsumerCount", 0);
    jsonw_kv_i64(w, "MaxRecordSizeInKiB", (int64_t)(KINESIS_RECORD_MAX / KIB(1)));
    jsonw_end_object(w);
    jsonw_end_object(w);
    return 0;
}

/* Index of the first stream after `name`; the caller holds the lock. */
static size_t first_after(const struct kinesis_service *k, struct bytes name) {
    size_t i = 0;
    while (i < k->count && bytes_cmp(bytes_str(k->streams[i]->name), name) <= 0)
        i++;
    return i;
}

static void write_stream_page(struct api_call *call, const struct kinesis_service *k, size_t from,
                              size_t to) {
    struct jsonw *w = &call->out;
    jsonw_name(w, "StreamNames");
    jsonw_array(w);
    for (size_t i = from; i < to; i++)
        jsonw_cstr(w, k->streams[i]->name);
    jsonw_end_array(w);
    jsonw_kv_bool(w, "HasMoreStreams", to < k->count);
    if (to < k->count && to > from)
        jsonw_kv_str(
            w, "NextToken",
            api_token_encode(call->arena, "kinesis-streams", bytes_str(k->streams[to - 1]->name)));
    jsonw_name(w, "StreamSummaries");
    jsonw_array(w);
    for (size_t i = from; i < to; i++) {
        const struct kinesis_stream *s = k->streams[i];
        jsonw_object(w);
        jsonw_kv_cstr(w, "StreamName", s->name);
        jsonw_kv_str(w, "StreamARN", api_arn(call, "kinesis", "stream/%s", s->name));
        jsonw_kv_cstr(w, "StreamStatus", "ACTIVE");
        write_mode(w, s);
        jsonw_kv_time_ms(w, "StreamCreationTimestamp", s->created_ms);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

int kinesis_list_streams(struct api_call *call) {
    struct kinesis_service *k = kinesis_of(call);
    struct bytes after = json_get_str(call->in, "ExclusiveStartStreamName");
    struct bytes token = json_get_str(call->in, "NextToken");
    if (token.ptr && !api_token_decode(call->arena, "kinesis-streams", token, &after))
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "NextToken is not one that ListStreams returned.");
    uint64_t limit = (uint64_t)json_get_i64(call->in, "Limit", 100);
    jsonw_object(&call->out);
    pthread_rwlock_rdlock(&k->lock);
    size_t from = first_after(k, after);
    write_stream_page(call, k, from, (size_t)MIN_OF((uint64_t)k->count, from + limit));
    pthread_rwlock_unlock(&k->lock);
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- ListShards: the token is "issued_ms.next_shard.epoch.stream" like an iterator ---- */

static int resume_list(struct api_call *call, struct bytes token, struct kinesis_stream *ret,
                       uint64_t *ret_first) {
    struct kinesis_service *k = kinesis_of(call);
    struct bytes text;
    struct shard_iterator it;
    if (json_get_str(call->in, "StreamName").ptr || json_get_str(call->in, "StreamARN").ptr)
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "NextToken and StreamName cannot be provided together.");
    if (!api_token_decode(call->arena, "kinesis-shards", token, &text) ||
        !shard_iterator_parse(text, &it))
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "NextToken is not one that ListShards returned.");
    if (clock_wall_ms(k->clock) - it.issued_ms > KINESIS_TOKEN_TTL_MS)
        return err_set(&call->err, ERR_EXPIRED_TOKEN, NULL);
    pthread_rwlock_rdlock(&k->lock);
    const struct kinesis_stream *s = kinesis_find_name(k, it.stream);
    bool same = s && s->created_ms == it.epoch_ms;
    if (same)
        *ret = *s;
    pthread_rwlock_unlock(&k->lock);
    *ret_first = it.shard;
    return same ? 0
                : err_set(&call->err, ERR_RESOURCE_NOT_FOUND,
                          "Stream %.*s under account %s not found.", BYTES_ARG(it.stream),
                          API_ACCOUNT_ID);
}

/* All shards are open from the stream's creation on, so every filter by time matches all. */
static int begin_list(struct api_call *call, struct kinesis_stream *ret, uint64_t *ret_first) {
    const struct json *filter = json_get(call->in, "ShardFilter");
    struct bytes type = json_get_str(filter, "Type");
    static const char *const types[] = {"AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON",
                                        "AT_LATEST",      "AT_TIMESTAMP",    "FROM_TIMESTAMP"};
    bool known = !filter;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        known = known || bytes_eq_str(type, types[i]);
    if (!known)
        return err_set(&call->err, ERR_INVALID_ARGUMENT, "ShardFilter.Type is missing or unknown.");
    if (bytes_eq_str(type, "AFTER_SHARD_ID") && !json_get_str(filter, "ShardId").ptr)
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "ShardFilter of type AFTER_SHARD_ID needs a ShardId.");
    int rc = kinesis_copy(kinesis_of(call), call, ret, &call->err);
    if (rc)
        return rc;
    if (bytes_eq_str(type, "AFTER_SHARD_ID"))
        return start_after(call, filter, "ShardId", ret_first);
    return start_after(call, call->in, "ExclusiveStartShardId", ret_first);
}

int kinesis_list_shards(struct api_call *call) {
    struct bytes token = json_get_str(call->in, "NextToken");
    struct kinesis_stream s;
    uint64_t first;
    int rc = token.ptr ? resume_list(call, token, &s, &first) : begin_list(call, &s, &first);
    if (rc)
        return rc;
    uint64_t limit = (uint64_t)json_get_i64(call->in, "MaxResults", 1000);
    jsonw_object(&call->out);
    uint32_t end = write_shards(&call->out, &s, first, limit);
    if (end < s.shards && first < s.shards) {
        struct shard_iterator it = {bytes_str(s.name), s.created_ms, end, 0,
                                    clock_wall_ms(kinesis_of(call)->clock)};
        struct bytes text = shard_iterator_text(call->arena, &it);
        jsonw_kv_str(&call->out, "NextToken",
                     api_token_encode(call->arena, "kinesis-shards", text));
    }
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- tags and retention ---- */

/* A stream's document, its tags, and the stream's hot fields. */
struct edit {
    struct kinesis_stream stream;
    struct catalog_doc doc;
    const struct json *tags;
};

static int edit_begin(struct api_call *call, struct edit *ed) {
    struct kinesis_service *k = kinesis_of(call);
    struct json *j;
    int rc = kinesis_copy(k, call, &ed->stream, &call->err);
    if (!rc)
        rc = catalog_doc_get(k->catalog, call->arena, KINESIS_DOC_KIND, bytes_str(ed->stream.name),
                             &ed->doc, &call->err);
    if (!rc)
        rc = json_parse(call->arena, ed->doc.json, &j, &call->err);
    if (!rc)
        ed->tags = json_get(j, "tags");
    return rc;
}

static int edit_commit(struct api_call *call, const struct edit *ed, const struct json *tags) {
    struct bytes json = kinesis_doc_json(call->arena, &ed->stream, tags);
    if (!json.ptr)
        return err_set(&call->err, ERR_NOMEM, NULL);
    return catalog_doc_put(kinesis_of(call)->catalog, KINESIS_DOC_KIND, bytes_str(ed->stream.name),
                           ed->doc.sort, json, ed->doc.version, &call->err);
}

static bool list_has(const struct json *list, struct bytes text) {
    JSON_FOR_EACH(item, list) {
        if (item->kind == JSON_STRING && bytes_eq(item->text, text))
            return true;
    }
    return false;
}

static bool map_has(const struct json *map, struct bytes name) {
    JSON_FOR_EACH(item, map) {
        if (bytes_eq(item->name, name))
            return true;
    }
    return false;
}

/* Old tags except those in `without` (a list or a map), then those of `with`. */
static int put_tags(struct api_call *call, const struct edit *ed, const struct json *without,
                    const struct json *with) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    struct json *merged = NULL;
    jsonw_object(&w);
    JSON_FOR_EACH(tag, ed->tags) {
        if (!list_has(without, tag->name) && !map_has(with, tag->name)) {
            jsonw_name_bytes(&w, tag->name);
            jsonw_str(&w, tag->text);
        }
    }
    JSON_FOR_EACH(tag, with) {
        jsonw_name_bytes(&w, tag->name);
        jsonw_str(&w, tag->text);
    }
    jsonw_end_object(&w);
    int rc = buf_ok(&out) ? json_parse(call->arena, buf_bytes(&out), &merged, &call->err)
                          : err_set(&call->err, ERR_NOMEM, NULL);
    if (!rc)
        rc = check_tags(merged, &call->err);
    if (!rc)
        rc = edit_commit(call, ed, merged);
    buf_clear(&out);
    return rc;
}

int kinesis_add_tags(struct api_call *call) {
    struct edit ed;
    const struct json *tags = json_get(call->in, "Tags");
    int rc = check_tags(tags, &call->err);
    if (!rc)
        rc = edit_begin(call, &ed);
    return rc ? rc : put_tags(call, &ed, NULL, tags);
}

int kinesis_remove_tags(struct api_call *call) {
    struct edit ed;
    int rc = edit_begin(call, &ed);
    return rc ? rc : put_tags(call, &ed, json_get(call->in, "TagKeys"), NULL);
}

int kinesis_list_tags(struct api_call *call) {
    struct edit ed;
    int rc = edit_begin(call, &ed);
    if (rc)
        return rc;
    struct bytes after = json_get_str(call->in, "ExclusiveStartTagKey");
    int64_t left = json_get_i64(call->in, "Limit", 50);
    bool more = false, passed = !after.ptr;
    struct jsonw *w = &call->out;
    jsonw_object(w);
    jsonw_name(w, "Tags");
    jsonw_array(w);
    JSON_FOR_EACH(tag, ed.tags) {
        if (passed && left-- > 0) {
            jsonw_object(w);
            jsonw_kv_str(w, "Key", tag->name);
            jsonw_kv_str(w, "Value", tag->text);
            jsonw_end_object(w);
        } else if (passed) {
            more = true;
        }
        passed = passed || bytes_eq(tag->name, after);
    }
    jsonw_end_array(w);
    jsonw_kv_bool(w, "HasMoreTags", more);
    jsonw_end_object(w);
    return 0;
}

/* AWS's limits, in its words. */
static int check_retention(struct api_call *call, const struct kinesis_stream *s, int64_t hours,
                           bool increase) {
    bool less = hours<KINESIS_RETENTION_MIN, more = hours> KINESIS_RETENTION_MAX;
    if (less || more)
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "%s allowed retention period is %d hours. Requested retention period "
                       "(%lld hours) is too %s.",
                       less ? "Minimum" : "Maximum",
                       less ? KINESIS_RETENTION_MIN : KINESIS_RETENTION_MAX, (long long)hours,
                       less ? "short" : "long");
    if (increase ? hours >= s->retention_hours : hours <= s->retention_hours)
        return 0;
    return err_set(&call->err, ERR_INVALID_ARGUMENT,
                   "Requested retention period (%lld hours) for stream %s can not be %s than "
                   "existing retention period (%lld hours). Use %sRetentionPeriod API.",
                   (long long)hours, s->name, increase ? "shorter" : "longer",
                   (long long)s->retention_hours, increase ? "Decrease" : "Increase");
}

static int set_retention(struct api_call *call, bool increase) {
    struct kinesis_service *k = kinesis_of(call);
    struct edit ed;
    int64_t hours = json_get_i64(call->in, "RetentionPeriodHours", 0);
    int rc = edit_begin(call, &ed);
    if (rc)
        return rc;
    rc = check_retention(call, &ed.stream, hours, increase);
    if (rc)
        return rc;
    ed.stream.retention_hours = hours;
    rc = edit_commit(call, &ed, ed.tags);
    if (rc)
        return rc;
    pthread_rwlock_wrlock(&k->lock);
    struct kinesis_stream *s = kinesis_find_name(k, bytes_str(ed.stream.name));
    if (s && s->created_ms == ed.stream.created_ms)
        s->retention_hours = hours;
    pthread_rwlock_unlock(&k->lock);
    return 0;
}

int kinesis_increase_retention(struct api_call *call) {
    return set_retention(call, true);
}

int kinesis_decrease_retention(struct api_call *call) {
    return set_retention(call, false);
}
