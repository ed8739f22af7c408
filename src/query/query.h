/* query.h - Athena's service: workgroups, executions, planning, results.
 *
 * An execution goes QUEUED -> RUNNING -> SUCCEEDED | FAILED | CANCELLED and is kept in the
 * catalogue (documents of kind "athena_query"). SELECTs are planned in the front and run by a
 * worker that writes <location>/<id>.csv; DDL and SHOW run in the front and write <id>.txt.
 * Thread-safe; results live in the caller's arena. */
#ifndef TARN_QUERY_QUERY_H
#define TARN_QUERY_QUERY_H

#include "base/clock.h"
#include "catalog/catalog.h"
#include "slog/slog.h"
#include "store/store.h"
#include "work/pool.h"

struct query_service;
struct query_deps {
    struct clock *clock;
    struct catalog *catalog;
    struct store *store;
    struct slog *slog;
    struct work_pool *pool;
    const char *default_location; /* "s3://bucket/prefix/" for the primary workgroup */
};
/* Fails executions that were running when the last process ended. */
int query_open(const struct query_deps *d, struct query_service **ret, struct err *e) WARN_UNUSED;
/* Cancels what runs. */
void query_close(struct query_service **q);

struct query_start {
    struct bytes sql;
    struct bytes database; /* "" : default */
    struct bytes catalog_name;
    const struct json *results;     /* the request's ResultConfiguration, or NULL */
    int64_t reuse_minutes;          /* a result may be so old; 0: none is reused */
    struct bytes workgroup;         /* "" : primary */
    struct bytes client_token;      /* idempotence; "" : none */
    const struct bytes *parameters; /* values of the statement's ?: SQL expressions as text */
    size_t parameter_count;
    struct bytes user; /* who asks, for fairness and cost: an access key; "" : nobody */
};
/* ERR_INVALID_REQUEST for parse errors, unknown workgroup, missing output location;
 * TooManyRequestsException when the workgroup's queue is full. */
int query_start(struct query_service *q, const struct query_start *in, char ret_id[37],
                struct err *e) WARN_UNUSED;
/* The QueryExecution object as JSON (also while running). */
int query_describe(struct query_service *q, struct arena *a, struct bytes id,
                   struct bytes *ret_json, struct err *e) WARN_UNUSED;
/* Whether it is under way and runs in the front (DDL, SHOW): it will end in a moment. */
bool query_is_brief(struct query_service *q, struct bytes id);
/* The QueryRuntimeStatistics object. */
int query_runtime_statistics(struct query_service *q, struct arena *a, struct bytes id,
                             struct bytes *ret_json, struct err *e) WARN_UNUSED;
/* Cancelling a finished query succeeds and changes nothing. */
int query_stop(struct query_service *q, struct bytes id, struct err *e) WARN_UNUSED;
/* Newest first; *ret_next empty at the end. */
int query_list(struct query_service *q, struct arena *a, struct bytes workgroup, size_t max,
               struct bytes token, struct bytes **ret_ids, size_t *ret_count,
               struct bytes *ret_next, struct err *e) WARN_UNUSED;
/* One page as the GetQueryResults response body. */
int query_results(struct query_service *q, struct arena *a, struct bytes id, size_t max_rows,
                  struct bytes token, struct buf *out, struct err *e) WARN_UNUSED;
/* Runs `done` (any thread, perhaps at once) when the query has reached a final state or wait_ms is
 * over: long poll for the command line; not part of AWS's API. Not run on an error. */
int query_wait(struct query_service *q, struct bytes id, int64_t wait_ms, void (*done)(void *ctx),
               void *ctx, struct err *e) WARN_UNUSED;

/* A token's id: a UUID made of its digest. */
void query_id_from_token(struct bytes token, char ret[37]);
/* Athena's Glue has a database "default" as soon as Athena is used. */
void query_make_default_database(struct query_service *q);

/* ---- workgroups ---- documents, each the WorkGroup object as JSON; "primary" is always there.
 * `request` is the API's request object. ERR_INVALID_REQUEST. */
int query_workgroup_create(struct query_service *q, const struct json *request,
                           struct err *e) WARN_UNUSED;
int query_workgroup_update(struct query_service *q, const struct json *request,
                           struct err *e) WARN_UNUSED;
int query_workgroup_get(struct query_service *q, struct arena *a, struct bytes name,
                        struct bytes *ret_json, struct err *e) WARN_UNUSED;
/* `recursive`: with its executions, named queries and prepared statements; else it must have none.
 */
int query_workgroup_delete(struct query_service *q, struct bytes name, bool recursive,
                           struct err *e) WARN_UNUSED;
/* Name order, names > after, at most max; views of the JSON objects. */
int query_workgroup_list(struct query_service *q, struct arena *a, struct bytes after, size_t max,
                         struct bytes **ret_jsons, size_t *ret_count, struct err *e) WARN_UNUSED;
/* Whether a tag is a setting of workgroups ("tarn.*", docs/workgroups.md) with a value that it can
 * have; other tags are. ERR_INVALID_REQUEST. */
int query_limit_check(struct bytes tag, struct bytes value, struct err *e) WARN_UNUSED;
/* What workgroups run, have run and cost since the start: a JSON array; metrics as Prometheus reads
 * them, appended. */
void query_workgroups_write(struct query_service *q, struct jsonw *w);
void query_metrics_write(struct query_service *q, struct buf *out);

/* Kinds of documents that hang on workgroups. */
#define QUERY_WORKGROUP_KIND "athena_workgroup"
#define QUERY_NAMED_KIND "athena_named_query"
#define QUERY_PREPARED_KIND "athena_prepared"
#define QUERY_DATA_CATALOG_KIND "athena_data_catalog"
#define QUERY_CAPACITY_KIND "athena_capacity"

#endif
