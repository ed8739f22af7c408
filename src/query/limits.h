/* limits.h - what a workgroup may use; inside the query room.
 *
 * AWS has a word for the bytes a query may scan (BytesScannedCutoffPerQuery); the rest are tags of
 * the workgroup named "tarn.*", so that every SDK and infrastructure file can set them
 * (docs/workgroups.md lists them). */
#ifndef TARN_QUERY_LIMITS_H
#define TARN_QUERY_LIMITS_H

#include "query/query.h"

enum priority { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW };
enum reuse { REUSE_OFF, REUSE_DATA };
enum engine { ENGINE_TARN, ENGINE_TRINO };

struct limits {
    int64_t concurrency; /* queries that run at once, each in a worker process of its own */
    int64_t queue;       /* queries that may wait */
    int64_t memory_mb, threads, spill_mb; /* of a worker */
    int64_t timeout_s;
    int64_t priority; /* enum priority */
    int64_t require_partition_filter;
    int64_t reuse;        /* enum reuse */
    int64_t cutoff_bytes; /* 0: none */
    int64_t engine;       /* enum engine */
    char trino_url[256], trino_catalog[128];
};

/* Of a workgroup that exists: defaults, its capacity reservation's, its tags. */
int limits_load(struct query_service *q, struct arena *a, struct bytes workgroup,
                struct limits *ret, struct err *e) WARN_UNUSED;
/* As JSON members of the object that is open. */
void limits_write(const struct limits *l, struct jsonw *w);

#endif
