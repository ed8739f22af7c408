/* scheduler.c - one thread that steps every stream.
 *
 * It sleeps until the earliest moment a stream has named, a kick (an answer of a worker, a call),
 * or the first commit to any log since its last pass. Commits come thousands of times a second; the
 * hook only sets a flag, and signals when the flag was clear. Passes that commits cause are at
 * least PASS_GAP apart, so the cost under load is a few dozen passes a second, each of which
 * measures only what is new. */
#include "base/log.h"
#include "base/mem.h"
#include "delivery/delivery_int.h"
#include <time.h>

#define PASS_GAP_US 25000
#define TICK_US 60000000

void delivery_kick(struct delivery_service *d) {
    pthread_mutex_lock(&d->wake);
    d->kicked = true;
    pthread_cond_signal(&d->woken);
    pthread_mutex_unlock(&d->wake);
}

/* The commit thread, for every log. */
void delivery_committed(void *service, struct slog_log *log, uint64_t last_lsn) {
    struct delivery_service *d = service;
    if (atomic_load_explicit(&d->commits, memory_order_relaxed) ||
        atomic_exchange(&d->commits, true))
        return;
    pthread_mutex_lock(&d->wake);
    pthread_cond_signal(&d->woken);
    pthread_mutex_unlock(&d->wake);
}

void delivery_unlock(struct delivery_service *d) {
    struct delivery_waiter *w = d->finished;
    d->finished = NULL;
    pthread_mutex_unlock(&d->state);
    while (w) {
        struct delivery_waiter *next = w->next;
        w->done(w->ctx, w->rc, w->rc ? &w->err : NULL);
        mem_free(w);
        w = next;
    }
}

/* Removes the streams that have ended; the others are stepped. Returns when to look again. */
static int64_t pass(struct delivery_service *d, int64_t now_us) {
    int64_t next_us = INT64_MAX;
    pthread_mutex_lock(&d->state);
    for (struct delivery_stream **at = &d->streams; *at;) {
        struct delivery_stream *s = *at;
        if (s->deleting && delivery_stream_end(s)) {
            *at = s->next;
            delivery_stream_free(s);
            pthread_cond_broadcast(&d->deleted);
            continue;
        }
        if (!s->deleting) {
            int64_t again = delivery_stream_step(s, now_us);
            next_us = MIN_OF(next_us, again);
        }
        at = &s->next;
    }
    delivery_unlock(d);
    return next_us;
}

/* Once a minute: direct logs are trimmed to the checkpoint of a minute ago. */
static void trim_logs(struct delivery_service *d) {
    pthread_mutex_lock(&d->state);
    for (struct delivery_stream *s = d->streams; s; s = s->next) {
        struct slog_log *log = s->config->direct ? slog_find(d->deps.slog, s->log_name) : NULL;
        struct err e = {0};
        if (log && slog_trim(log, s->floor_lsn, &e))
            log_write(LOG_WARN, "delivery", "trimming the log of %s: %s", s->name.ptr, e.text);
        s->floor_lsn = s->checkpoint;
    }
    delivery_unlock(d);
    if (d->tick)
        d->tick(d->tick_ctx);
}

static void wait_us(struct delivery_service *d, int64_t us) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += us / 1000000;
    until.tv_nsec += us % 1000000 * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&d->woken, &d->wake, &until);
}

/* Sleeps until there is something to do; false when the service stops. */
static bool sleep_until(struct delivery_service *d, int64_t pass_us, int64_t next_us) {
    pthread_mutex_lock(&d->wake);
    while (!d->stopping && !d->kicked) {
        int64_t now = clock_mono_us(d->deps.clock);
        int64_t until = MIN_OF(next_us, d->tick_us);
        if (atomic_load(&d->commits))
            until = MIN_OF(until, pass_us + PASS_GAP_US);
        if (now >= until)
            break;
        wait_us(d, until - now);
    }
    d->kicked = false;
    bool go_on = !d->stopping;
    pthread_mutex_unlock(&d->wake);
    return go_on;
}

void *delivery_scheduler(void *service) {
    struct delivery_service *d = service;
    int64_t next_us, now;
    d->tick_us = clock_mono_us(d->deps.clock) + TICK_US;
    do {
        now = clock_mono_us(d->deps.clock);
        if (now >= d->tick_us) {
            d->tick_us = now + TICK_US;
            trim_logs(d);
        }
        atomic_store(&d->commits, false);
        next_us = pass(d, now);
    } while (sleep_until(d, now, next_us));
    return NULL;
}
