/* scheduler.c - starts crawlers when their schedules say so.
 *
 * One timer per crawler whose schedule is on: its next moment. The thread looks twice a second, so
 * that a turned clock is seen, and starts what is due. A crawler that still runs is left alone; a
 * moment that passed while no server ran is not made up for. */
#include "base/log.h"
#include "base/mem.h"
#include "base/schedule.h"
#include "crawl/crawl_int.h"

#include <time.h>

#define TICK_MS 500

void crawl_timer_remove(struct crawl_service *s, struct bytes name) {
    for (size_t i = 0; i < s->timer_count; i++) {
        if (!bytes_eq(s->timers[i].name, name))
            continue;
        mem_free((char *)(uintptr_t)s->timers[i].name.ptr);
        s->timers[i] = s->timers[--s->timer_count];
        return;
    }
}

int crawl_timer_set(struct crawl_service *s, const struct crawler *cr, struct err *e) {
    struct schedule schedule;
    crawl_timer_remove(s, cr->name);
    if (!cr->scheduled || !cr->schedule.len)
        return 0;
    int rc = schedule_parse(cr->schedule, &schedule, e);
    if (rc)
        return rc;
    char *name = mem_strndup(cr->name.ptr, cr->name.len);
    struct crawl_timer *grown =
        name ? mem_realloc(s->timers, (s->timer_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        mem_free(name);
        return err_set(e, ERR_NOMEM, NULL);
    }
    s->timers = grown;
    s->timers[s->timer_count++] =
        (struct crawl_timer){.name = bytes_of(name, cr->name.len),
                             .next_ms = schedule_next(&schedule, clock_wall_ms(s->d.clock))};
    return 0;
}

/* Starts the crawler and finds its next moment. The timers may move: the name is copied. */
static void fire(struct crawl_service *s, struct bytes timer_name) {
    struct arena a;
    struct crawler cr;
    struct err e = {0};
    arena_init(&a, 0);
    struct bytes name = arena_copy(&a, timer_name);
    int rc = name.ptr ? crawl_start_locked(s, name, &e) : err_set(&e, ERR_NOMEM, NULL);
    if (rc)
        log_write(LOG_WARN, "crawl", "crawler %.*s was not started on schedule: %s",
                  BYTES_ARG(name), e.text);
    rc = crawler_load(s->d.catalog, &a, name, &cr, &e);
    rc = rc ? rc : crawl_timer_set(s, &cr, &e);
    if (rc) {
        log_write(LOG_ERROR, "crawl", "the schedule of crawler %.*s is lost: %s", BYTES_ARG(name),
                  e.text);
        crawl_timer_remove(s, name);
    }
    arena_clear(&a);
}

static void look(struct crawl_service *s) {
    int64_t now = clock_wall_ms(s->d.clock);
    for (size_t i = 0; i < s->timer_count;) {
        int64_t next = s->timers[i].next_ms;
        if (next < 0 || next > now) {
            i++;
            continue;
        }
        fire(s, s->timers[i].name);
        i = 0; /* the list has changed; each timer fires once per look, for its next is later */
    }
}

void *crawl_scheduler(void *service) {
    struct crawl_service *s = service;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        struct timespec until;
        look(s);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&s->tick, &s->lock, &until);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}
