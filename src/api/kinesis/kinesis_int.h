/* kinesis_int.h - inside the Kinesis room. */
#ifndef TARN_API_KINESIS_KINESIS_INT_H
#define TARN_API_KINESIS_KINESIS_INT_H

#include "api/kinesis/kinesis.h"
#include <pthread.h>

#define KINESIS_DOC_KIND "kinesis_stream"
#define KINESIS_NAME_MAX 128
#define KINESIS_MAX_SHARDS 10000
#define KINESIS_ON_DEMAND_SHARDS 4
#define KINESIS_RECORD_MAX MIB(1)
#define KINESIS_PUT_MAX_RECORDS 500
#define KINESIS_PUT_MAX_BYTES MIB(10)
#define KINESIS_KEY_MAX_CHARS 256
#define KINESIS_GET_MAX_RECORDS 10000
#define KINESIS_GET_MAX_BYTES MIB(10)
#define KINESIS_TOKEN_TTL_MS (300 * 1000)
#define KINESIS_RETENTION_MIN 24
#define KINESIS_RETENTION_MAX 8760
#define SHARD_ID_LEN 20 /* shardId-000000000000 */

typedef unsigned __int128 u128;

/* What the hot paths need of a stream; the catalogue document has the rest (tags). */
struct kinesis_stream {
    char name[KINESIS_NAME_MAX + 1];
    char log_name[KINESIS_NAME_MAX + 16];
    uint32_t shards;
    bool on_demand;
    int64_t created_ms; /* also the epoch of its sequence numbers */
    int64_t retention_hours;
    struct slog_log *log;
};

struct kinesis_service {
    struct slog *slog;
    struct catalog *catalog;
    struct clock *clock;
    struct api_service api;
    /* Readers hold it across slog_append, so that no append meets a log being deleted. */
    pthread_rwlock_t lock;
    struct kinesis_stream **streams; /* by name; guarded by lock */
    size_t count, cap;
};

/* ---- kinesis_service.c ---- */
struct kinesis_service *kinesis_of(const struct api_call *call);
/* The stream that StreamName or StreamARN names; the caller holds the lock. */
int kinesis_find(struct kinesis_service *k, const struct api_call *call,
                 struct kinesis_stream **ret, struct err *e) WARN_UNUSED;
/* As kinesis_find, a copy taken under the read lock. `log` in it must not be used. */
int kinesis_copy(struct kinesis_service *k, const struct api_call *call, struct kinesis_stream *ret,
                 struct err *e) WARN_UNUSED;
struct kinesis_stream *kinesis_find_name(struct kinesis_service *k, struct bytes name);
/* Write lock held. Takes ownership of `s` on success. */
int kinesis_insert(struct kinesis_service *k, struct kinesis_stream *s, struct err *e) WARN_UNUSED;
void kinesis_remove(struct kinesis_service *k, const struct kinesis_stream *s);
bool kinesis_name_ok(struct bytes name);
/* The name that StreamName or StreamARN gives. */
int kinesis_call_name(const struct api_call *call, struct bytes *ret, struct err *e) WARN_UNUSED;

/* ---- kinesis_shards.c: pure ---- */
/* Width of a shard's hash range: floor(2^128 / n), n >= 2. */
u128 shard_width(uint32_t shards);
uint32_t shard_of_hash(u128 hash, uint32_t shards);
uint32_t shard_of_key(struct bytes partition_key, uint32_t shards);
void shard_range(uint32_t shard, uint32_t shards, u128 *ret_first, u128 *ret_last);
/* `0|[1-9][0-9]{0,38}` below 2^128. */
bool hash_key_parse(struct bytes text, u128 *ret) WARN_UNUSED;
/* Decimal, NUL-terminated. */
void hash_key_format(u128 v, char out[40]);
void shard_id_format(uint32_t shard, char out[SHARD_ID_LEN + 1]);
bool shard_id_parse(struct bytes text, uint32_t *ret) WARN_UNUSED;
/* Unicode characters in valid UTF-8. */
size_t utf8_count(struct bytes text);

/* ---- iterators: pure ---- */
struct shard_iterator {
    struct bytes stream;
    int64_t epoch_ms;
    uint32_t shard;
    uint64_t lsn; /* next to look at */
    int64_t issued_ms;
};
struct bytes shard_iterator_text(struct arena *a, const struct shard_iterator *it);
bool shard_iterator_parse(struct bytes text, struct shard_iterator *ret) WARN_UNUSED;

/* ---- handlers ---- */
int kinesis_create_stream(struct api_call *call);
int kinesis_delete_stream(struct api_call *call);
int kinesis_describe_stream(struct api_call *call);
int kinesis_describe_stream_summary(struct api_call *call);
int kinesis_list_streams(struct api_call *call);
int kinesis_list_shards(struct api_call *call);
int kinesis_put_record(struct api_call *call);
int kinesis_put_records(struct api_call *call);
int kinesis_get_shard_iterator(struct api_call *call);
int kinesis_get_records(struct api_call *call);
int kinesis_add_tags(struct api_call *call);
int kinesis_remove_tags(struct api_call *call);
int kinesis_list_tags(struct api_call *call);
int kinesis_increase_retention(struct api_call *call);
int kinesis_decrease_retention(struct api_call *call);

/* Write a stream's document and read it back (kinesis_streams.c). */
struct bytes kinesis_doc_json(struct arena *a, const struct kinesis_stream *s,
                              const struct json *tags);
int kinesis_stream_load(struct kinesis_service *k, const struct catalog_doc *doc, struct arena *a,
                        struct kinesis_stream **ret, struct err *e) WARN_UNUSED;

#endif
