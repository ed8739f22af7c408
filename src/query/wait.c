/* wait.c - long polls: callbacks that run when a query has ended or their time is over. One timer
 * thread sleeps until the nearest deadline. */
#include "base/mem.h"
#include "query/query_int.h"
#include <time.h>

struct waiter *wait_take(struct query_service *q, const char *id, int64_t now_us) {
    struct waiter *taken = NULL;
    for (struct waiter **p = &q->waiters; *p;) {
        struct waiter *w = *p;
        bool match = !id || (*id ? strcmp(w->id, id) == 0 : w->deadline_us <= now_us);
        if (!match) {
            p = &w->next;
            continue;
        }
        *p = w->next;
        w->next = taken;
        taken = w;
    }
    return taken;
}

void wait_fire(struct waiter *w) {
    while (w) {
        struct waiter *next = w->next;
        w->done(w->ctx);
        mem_free(w);
        w = next;
    }
}

static int64_t nearest(const struct query_service *q) {
    int64_t at = INT64_MAX;
    for (const struct waiter *w = q->waiters; w; w = w->next)
        at = MIN_OF(at, w->deadline_us);
    return at;
}

/* The condition's own clock, since the service's may be a test's. */
static void sleep_us(struct query_service *q, int64_t us) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    int64_t ns = ts.tv_nsec + us % 1000000 * 1000;
    ts.tv_sec += us / 1000000 + ns / 1000000000;
    ts.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&q->timers, &q->lock, &ts);
}

void *wait_timer_main(void *service) {
    struct query_service *q = service;
    pthread_mutex_lock(&q->lock);
    while (!q->closing) {
        int64_t now = clock_mono_us(q->d.clock), at = nearest(q);
        if (at <= now) {
            struct waiter *w = wait_take(q, "", now);
            pthread_mutex_unlock(&q->lock);
            wait_fire(w);
            pthread_mutex_lock(&q->lock);
        } else if (at == INT64_MAX) {
            pthread_cond_wait(&q->timers, &q->lock);
        } else {
            sleep_us(q, at - now);
        }
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

int query_wait(struct query_service *q, struct bytes id, int64_t wait_ms, void (*done)(void *ctx),
               void *ctx, struct err *e) {
    struct waiter *w = mem_calloc(1, sizeof *w);
    if (!w)
        return err_set(e, ERR_NOMEM, NULL);
    w->done = done;
    w->ctx = ctx;
    w->deadline_us = clock_mono_us(q->d.clock) + MIN_OF(MAX_OF(wait_ms, 0), 600000) * 1000;
    pthread_mutex_lock(&q->lock);
    struct exec *x = exec_find(q, id);
    if (x && x->state <= EXEC_RUNNING && !q->closing) {
        memcpy(w->id, x->id, sizeof w->id);
        w->next = q->waiters;
        q->waiters = w;
        w = NULL;
        pthread_cond_signal(&q->timers);
    }
    pthread_mutex_unlock(&q->lock);
    wait_fire(w);
    return 0;
}
