/* athena.c - how long an answer takes over the Athena API, measured by a client that costs little.
 *
 * A query is what any SDK does: StartQueryExecution, GetQueryExecution until it has ended (the
 * first at once, then a pause of 1 ms between two), GetQueryResults. All signed, over one kept
 * connection.
 *
 *     query    the time of the whole, for one statement, many times
 *     visible  PutRecord of one event, then `select count(*)` until it counts the event: the time
 *              from the put's start to its acknowledgement, and to the answer that includes it
 *
 * Prints one JSON object. The server is AWS_ENDPOINT_URL.
 *
 * Use: athena query ROUNDS DATABASE SQL
 *      athena visible ROUNDS STREAM DATABASE TABLE */
#include "base/clock.h"
#include "base/mem.h"
#include "events.h"
#include "http/client.h"
#include <stdlib.h>
#include <time.h>

#define WARM_ROUNDS 3
#define PAUSE_NS 1000000
#define PATIENCE_US 20000000

struct samples {
    double *ms;
    size_t count;
};

static int64_t now_us(void) {
    return clock_mono_us(clock_system());
}
static void add(struct samples *s, int64_t from_us) {
    s->ms[s->count++] = (double)(now_us() - from_us) / 1e3;
}

/* ---- one query ---- */

/* Waits until the execution has ended; ERR_SQL with the reason unless it succeeded. */
static int wait_for(struct client *c, struct arena *a, struct bytes id_body, struct err *e) {
    for (;;) {
        const struct json *reply;
        int rc = client_call(c, a, "athena", "GetQueryExecution", id_body, &reply, e);
        if (rc) {
            return rc;
        }
        const struct json *status = json_get(json_get(reply, "QueryExecution"), "Status");
        struct bytes state = json_get_str(status, "State");
        if (bytes_eq_str(state, "SUCCEEDED")) {
            return 0;
        }
        if (!bytes_eq_str(state, "QUEUED") && !bytes_eq_str(state, "RUNNING")) {
            return err_set(e, ERR_SQL, "%.*s",
                           BYTES_ARG(json_get_str(status, "StateChangeReason")));
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
}

/* *ret_rows and *ret_first (row after the header, first cell) live in the arena. */
static int run_query(struct client *c, struct arena *a, const char *database, const char *sql,
                     size_t *ret_rows, struct bytes *ret_first, struct err *e) {
    struct buf body = {0};
    struct jsonw w = jsonw_to(&body);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "QueryString", sql);
    jsonw_name(&w, "QueryExecutionContext");
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "Database", database);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    const struct json *reply = NULL;
    int rc = buf_ok(&body)
                 ? client_call(c, a, "athena", "StartQueryExecution", buf_bytes(&body), &reply, e)
                 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&body);
    if (rc) {
        return rc;
    }
    struct bytes id = arena_fmt(a, "{\"QueryExecutionId\":\"%.*s\"}",
                                BYTES_ARG(json_get_str(reply, "QueryExecutionId")));
    rc = wait_for(c, a, id, e);
    rc = rc ? rc : client_call(c, a, "athena", "GetQueryResults", id, &reply, e);
    if (!rc) {
        const struct json *rows = json_get(json_get(reply, "ResultSet"), "Rows");
        const struct json *cell = json_at(json_get(json_at(rows, 1), "Data"), 0);
        *ret_rows = rows && rows->count ? rows->count - 1 : 0;
        *ret_first = json_get_str(cell, "VarCharValue");
    }
    return rc;
}

/* ---- output ---- */

static int compare_double(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static void print_samples(const char *name, struct samples *s) {
    qsort(s->ms, s->count, sizeof(*s->ms), compare_double);
    printf("\"%s\": {\"p50_ms\": %.3f, \"p99_ms\": %.3f}", name, s->ms[s->count / 2],
           s->ms[s->count * 99 / 100]);
}

/* ---- query ---- */

static int bench_query(struct client *c, size_t rounds, char **argv, struct samples *s,
                       struct err *e) {
    size_t rows = 0;
    for (size_t i = 0; i < WARM_ROUNDS + rounds; i++) {
        struct arena a;
        struct bytes first;
        arena_init(&a, 0);
        int64_t from = now_us();
        int rc = run_query(c, &a, argv[0], argv[1], &rows, &first, e);
        if (i >= WARM_ROUNDS) {
            add(s, from);
        }
        arena_clear(&a);
        if (rc) {
            return rc;
        }
    }
    printf("{\"rounds\": %zu, \"rows\": %zu, ", rounds, rows);
    print_samples("round_trip", s);
    printf("}\n");
    return 0;
}

/* ---- visible ---- */

static int put_event(struct client *c, struct arena *a, const char *stream, struct rand_seeded *r,
                     struct err *e) {
    char event[EVENT_ROOM];
    struct buf body = {0};
    struct jsonw w = jsonw_to(&body);
    const struct json *reply;
    event_make(event, EVENT_BYTES, r);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "StreamName", stream);
    jsonw_kv_cstr(&w, "PartitionKey", "1");
    jsonw_name(&w, "Data");
    jsonw_base64(&w, bytes_of(event, EVENT_BYTES));
    jsonw_end_object(&w);
    int rc = buf_ok(&body) ? client_call(c, a, "kinesis", "PutRecord", buf_bytes(&body), &reply, e)
                           : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&body);
    return rc;
}

static int count_rows(struct client *c, const char *database, const char *table, int64_t *ret,
                      struct err *e) {
    struct arena a;
    struct bytes first;
    size_t rows;
    arena_init(&a, 0);
    struct bytes sql = arena_fmt(&a, "select count(*) from %s", table);
    int rc = run_query(c, &a, database, sql.ptr, &rows, &first, e);
    if (!rc && !bytes_to_i64(first, ret)) {
        rc = err_set(e, ERR_INTERNAL, "The count is no number: %.*s", BYTES_ARG(first));
    }
    arena_clear(&a);
    return rc;
}

/* One event from put to answer; *queries counts the queries that it took. */
static int one_visible(struct client *c, char **argv, struct rand_seeded *r, int64_t expected,
                       struct samples *ack, struct samples *seen, size_t *queries, struct err *e) {
    struct arena a;
    arena_init(&a, 0);
    int64_t from = now_us(), count = -1;
    int rc = put_event(c, &a, argv[0], r, e);
    add(ack, from);
    while (!rc && count != expected) {
        rc = count_rows(c, argv[1], argv[2], &count, e);
        ++*queries;
        if (!rc && (count > expected || now_us() - from > PATIENCE_US)) {
            rc = err_set(e, ERR_INTERNAL, "count(*) is %lld instead of %lld", (long long)count,
                         (long long)expected);
        }
    }
    add(seen, from);
    arena_clear(&a);
    return rc;
}

static int bench_visible(struct client *c, size_t rounds, char **argv, struct samples *ack,
                         struct samples *seen, struct err *e) {
    struct rand_seeded r = {.state = 3};
    int64_t before = 0;
    size_t queries = 0;
    int rc = count_rows(c, argv[1], argv[2], &before, e);
    for (size_t i = 0; i < WARM_ROUNDS + rounds && !rc; i++) {
        if (i == WARM_ROUNDS) {
            ack->count = seen->count = queries = 0;
        }
        rc = one_visible(c, argv, &r, before + (int64_t)i + 1, ack, seen, &queries, e);
    }
    if (!rc) {
        printf("{\"rounds\": %zu, \"rows_before\": %lld, \"queries_per_event\": %.2f, ", rounds,
               (long long)before, (double)queries / (double)rounds);
        print_samples("acknowledged", ack);
        printf(", ");
        print_samples("visible", seen);
        printf("}\n");
    }
    return rc;
}

int main(int argc, char **argv) {
    bool query = argc == 5 && strcmp(argv[1], "query") == 0;
    bool visible = argc == 6 && strcmp(argv[1], "visible") == 0;
    if (!query && !visible) {
        fprintf(stderr, "use: athena query ROUNDS DATABASE SQL\n"
                        "     athena visible ROUNDS STREAM DATABASE TABLE\n");
        return 2;
    }
    size_t rounds = (size_t)MAX_OF(1, MIN_OF(atoi(argv[2]), 100000));
    struct samples s[2] = {{.ms = mem_calloc(rounds + WARM_ROUNDS, sizeof(double))},
                           {.ms = mem_calloc(rounds + WARM_ROUNDS, sizeof(double))}};
    struct client *c = NULL;
    struct err e = {0};
    int rc = s[0].ms && s[1].ms ? client_new(NULL, &c, &e) : err_set(&e, ERR_NOMEM, NULL);
    if (!rc) {
        rc = query ? bench_query(c, rounds, argv + 3, &s[0], &e)
                   : bench_visible(c, rounds, argv + 3, &s[0], &s[1], &e);
    }
    if (rc) {
        fprintf(stderr, "athena: %s\n", e.text);
    }
    client_free(&c);
    mem_free(s[0].ms);
    mem_free(s[1].ms);
    return rc ? 1 : 0;
}
