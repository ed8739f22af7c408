/* events.h - the synthetic advertising event that the benchmarks share: 482 bytes of compact JSON,
 * twelve columns (strings, integers, a double, a boolean, a timestamp). Same seed, same events. */
#ifndef TARN_BENCH_EVENTS_H
#define TARN_BENCH_EVENTS_H

#include "base/rand.h"
#include <stdio.h>

#define EVENT_BYTES 482
/* A buffer for one event; the unpadded text is never longer. */
#define EVENT_ROOM (EVENT_BYTES + 200)

static const struct event_column {
    const char *name, *hive_type, *duckdb_type;
    size_t width; /* bytes per row in a flat vector */
} event_columns[] = {
    {"session_id", "string", "VARCHAR", 16},
    {"id", "string", "VARCHAR", 16},
    {"event_time", "timestamp", "TIMESTAMP", 8},
    {"advertiser", "string", "VARCHAR", 16},
    {"campaign_id", "int", "INTEGER", 4},
    {"price", "double", "DOUBLE", 8},
    {"position", "smallint", "SMALLINT", 2},
    {"user_agent", "string", "VARCHAR", 16},
    {"url", "string", "VARCHAR", 16},
    {"country", "string", "VARCHAR", 16},
    {"visible", "boolean", "BOOLEAN", 1},
    {"user_id", "bigint", "BIGINT", 8},
};
#define EVENT_COLUMNS COUNT_OF(event_columns)

static inline unsigned long long event_below(struct rand_seeded *r, uint64_t bound) {
    return rand_below(r, bound);
}

/* Writes one event of exactly `bytes` (at least 440), no NUL that counts; `out` has EVENT_ROOM
 * bytes. */
static inline void event_make(char *out, size_t bytes, struct rand_seeded *r) {
    static const char *const countries[] = {"DE", "US", "FR", "JP", "BR", "NL"};
    size_t n = (size_t)snprintf(
        out, EVENT_ROOM,
        "{\"session_id\":\"%016llx-%08llx\",\"id\":\"%016llx\","
        "\"event_time\":\"2020-%02d-%02dT%02d:%02d:%02d.%03dZ\",\"advertiser\":\"advertiser-%llu\","
        "\"campaign_id\":%llu,\"price\":%llu.%02llu,\"position\":%llu,"
        "\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/%llu.0\","
        "\"country\":\"%s\",\"visible\":%s,\"user_id\":%llu,\"url\":\"https://shop.example/item/",
        (unsigned long long)rand_next(r), (unsigned long long)(rand_next(r) >> 32),
        (unsigned long long)rand_next(r), (int)rand_below(r, 12) + 1, (int)rand_below(r, 28) + 1,
        (int)rand_below(r, 24), (int)rand_below(r, 60), (int)rand_below(r, 60),
        (int)rand_below(r, 1000), event_below(r, 500), event_below(r, 100000), event_below(r, 50),
        event_below(r, 100), event_below(r, 20), event_below(r, 40) + 80,
        countries[rand_below(r, 6)], rand_below(r, 2) ? "true" : "false",
        event_below(r, 10000000000));
    while (n < bytes - 2) {
        out[n++] = (char)('a' + rand_below(r, 26));
    }
    out[n++] = '"';
    out[n] = '}';
}

#endif
