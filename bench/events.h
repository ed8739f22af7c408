/* events.h - the synthetic events that the benchmarks share: 482 bytes of compact JSON. Same seed,
 * same events.
 *
 *     flat     an advertising event of twelve members, each a column; half of it is an address
 *     nested   a shop's event as trackers send it: identifiers, page, device, campaign, tags; the
 *              table takes ten of its members, as a schema usually does
 *
 * Identifiers are random; addresses are those of 2,000 pages. */
#ifndef TARN_BENCH_EVENTS_H
#define TARN_BENCH_EVENTS_H

#include "base/rand.h"
#include <stdio.h>

#define EVENT_BYTES 482
/* A buffer for one event; the unpadded text is never longer. */
#define EVENT_ROOM (EVENT_BYTES + 400)
#define EVENT_PAGES 2000

struct event_column {
    const char *name, *hive_type, *duckdb_type;
    size_t width; /* bytes per row in a flat vector */
};
static const struct event_column event_columns[] = {
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
static inline unsigned long long event_bits(struct rand_seeded *r, int bits) {
    return rand_next(r) >> (64 - bits);
}

/* "2020-07-14T16:05:27.364Z" with NUL. */
static inline void event_time(char out[96], struct rand_seeded *r) {
    snprintf(out, 96, "2020-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)rand_below(r, 12) + 1,
             (int)rand_below(r, 28) + 1, (int)rand_below(r, 24), (int)rand_below(r, 60),
             (int)rand_below(r, 60), (int)rand_below(r, 1000));
}

/* Fills an event up to `bytes`: the rest of a page's address, then `tail`. */
static inline void event_finish(char *out, size_t used, size_t bytes, const char *tail,
                                struct rand_seeded *r) {
    struct rand_seeded page = {.state = rand_below(r, EVENT_PAGES)};
    size_t tail_len = strlen(tail);
    while (used < bytes - tail_len) {
        out[used++] = (char)('a' + rand_below(&page, 26));
    }
    memcpy(out + used, tail, tail_len);
}

/* Writes one flat event of exactly `bytes` (at least 440), no NUL that counts; `out` has EVENT_ROOM
 * bytes. */
static inline void event_make(char *out, size_t bytes, struct rand_seeded *r) {
    static const char *const countries[] = {"DE", "US", "FR", "JP", "BR", "NL"};
    char time[96];
    event_time(time, r);
    int n = snprintf(
        out, EVENT_ROOM,
        "{\"session_id\":\"%016llx-%08llx\",\"id\":\"%016llx\",\"event_time\":\"%s\","
        "\"advertiser\":\"advertiser-%llu\",\"campaign_id\":%llu,\"price\":%llu.%02llu,"
        "\"position\":%llu,\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
        "Chrome/%llu.0\",\"country\":\"%s\",\"visible\":%s,\"user_id\":%llu,"
        "\"url\":\"https://shop.example/item/",
        event_bits(r, 64), event_bits(r, 32), event_bits(r, 64), time, event_below(r, 500),
        event_below(r, 100000), event_below(r, 50), event_below(r, 100), event_below(r, 20),
        event_below(r, 40) + 80, countries[rand_below(r, 6)], rand_below(r, 2) ? "true" : "false",
        event_below(r, 10000000000));
    event_finish(out, (size_t)n, bytes, "\"}", r);
}

static const struct event_column event_nested_columns[] = {
    {"event_id", "string", "VARCHAR", 16},
    {"type", "string", "VARCHAR", 16},
    {"event_time", "timestamp", "TIMESTAMP", 8},
    {"session_id", "string", "VARCHAR", 16},
    {"user_id", "bigint", "BIGINT", 8},
    {"advertiser_id", "int", "INTEGER", 4},
    {"price", "double", "DOUBLE", 8},
    {"position", "smallint", "SMALLINT", 2},
    {"visible", "boolean", "BOOLEAN", 1},
    {"country", "string", "VARCHAR", 16},
};
#define EVENT_NESTED_COLUMNS COUNT_OF(event_nested_columns)

/* The same for a nested event. */
static inline void event_make_nested(char *out, size_t bytes, struct rand_seeded *r) {
    static const char *const types[] = {"view", "click", "add", "buy"};
    static const char *const countries[] = {"DE", "US", "FR", "JP", "BR", "NL"};
    char time[96];
    event_time(time, r);
    int n = snprintf(
        out, EVENT_ROOM,
        "{\"event_id\":\"%016llx%08llx\",\"type\":\"%s\",\"event_time\":\"%s\","
        "\"session_id\":\"%016llx%08llx\",\"user_id\":%llu,\"advertiser_id\":%llu,"
        "\"price\":%llu.%02llu,\"position\":%llu,\"visible\":%s,\"country\":\"%s\","
        "\"device\":{\"os\":\"Android\",\"browser\":\"Chrome\",\"screen\":{\"w\":%d,\"h\":844}},"
        "\"utm\":{\"source\":\"newsletter\",\"medium\":\"email\"},\"ip\":\"192.0.2.%llu\","
        "\"lang\":\"de-DE\",\"tags\":[\"a\",\"b\"],\"page\":{\"path\":\"/item/",
        event_bits(r, 64), event_bits(r, 32), types[rand_below(r, 4)], time, event_bits(r, 64),
        event_bits(r, 32), event_below(r, 10000000000), event_below(r, 500), event_below(r, 50),
        event_below(r, 100), event_below(r, 20), rand_below(r, 2) ? "true" : "false",
        countries[rand_below(r, 6)], rand_below(r, 2) ? 390 : 412, event_below(r, 256));
    event_finish(out, (size_t)n, bytes, "\"}}", r);
}

#endif
