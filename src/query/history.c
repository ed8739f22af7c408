/* history.c - executions are kept for 45 days, as Athena keeps them. One thread, started with the
 * service: it reads the last week's results into the cache of reusable ones, then looks once an
 * hour for executions that are older, and deletes them a few at a time. */
#include "base/log.h"
#include "query/query_int.h"
#include <time.h>

#define KEPT_MS (45LL * 86400000)
#define REUSABLE_MS (7LL * 86400000) /* the most that MaxAgeInMinutes may say */
#define PERIOD_S 3600
#define PIECE 100

struct cursor { /* of a listing, newest first */
    int64_t sort;
    char key[64];
    size_t key_len;
};

static int next_piece(struct query_service *q, struct arena *a, struct cursor *c,
                      struct catalog_doc **ret, size_t *ret_count, struct err *e) {
    int rc = catalog_doc_list(q->d.catalog, a, QUERY_KIND, true, c->sort,
                              bytes_of(c->key, c->key_len), PIECE, ret, ret_count, e);
    if (!rc && *ret_count) {
        const struct catalog_doc *last = &(*ret)[*ret_count - 1];
        c->sort = last->sort;
        c->key_len = MIN_OF(last->key.len, sizeof c->key);
        memcpy(c->key, last->key.ptr, c->key_len);
    }
    return rc;
}

static bool closing(struct query_service *q) {
    pthread_mutex_lock(&q->lock);
    bool r = q->closing;
    pthread_mutex_unlock(&q->lock);
    return r;
}

static void load_reusable(struct query_service *q) {
    struct cursor c = {.sort = INT64_MAX};
    int64_t oldest = clock_wall_ms(q->d.clock) - REUSABLE_MS;
    size_t n = 1;
    while (n > 0 && c.sort > oldest && !closing(q)) {
        struct catalog_doc *d;
        struct arena a;
        struct err e;
        arena_init(&a, 0);
        if (next_piece(q, &a, &c, &d, &n, &e))
            n = 0;
        for (size_t i = 0; i < n; i++) {
            struct json *root;
            if (!json_parse(&a, d[i].json, &root, &e))
                reuse_keep_stored(q, root);
        }
        arena_clear(&a);
    }
}

size_t history_purge(struct query_service *q) {
    size_t n = 1, purged = 0;
    while (n > 0 && !closing(q)) {
        struct cursor c = {.sort = clock_wall_ms(q->d.clock) - KEPT_MS};
        struct catalog_doc *d;
        struct arena a;
        struct err e;
        arena_init(&a, 0);
        if (next_piece(q, &a, &c, &d, &n, &e))
            n = 0;
        for (size_t i = 0; i < n; i++) {
            int rc = catalog_doc_delete(q->d.catalog, QUERY_KIND, d[i].key, &e);
            if (rc && rc != ERR_RESOURCE_NOT_FOUND) {
                log_write(LOG_WARN, "query", "an old execution was not deleted: %s", e.text);
                n = 0;
            } else {
                purged++;
            }
        }
        arena_clear(&a);
    }
    return purged;
}

void *history_main(void *service) {
    struct query_service *q = service;
    load_reusable(q);
    for (;;) {
        size_t purged = history_purge(q);
        struct timespec until;
        if (purged)
            log_write(LOG_INFO, "query", "%zu executions older than 45 days deleted", purged);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += PERIOD_S;
        pthread_mutex_lock(&q->lock);
        int rc = 0;
        while (!q->closing && !rc)
            rc = pthread_cond_timedwait(&q->history_due, &q->lock, &until);
        bool stop = q->closing;
        pthread_mutex_unlock(&q->lock);
        if (stop)
            return NULL;
    }
}
