/* pool_throttle.c - workers that stand back: a low-priority group's long tasks while others want
 * the machine.
 *
 *     higher group busy, or the front      ____|^^^^^^^^^^^^^^^^^^^^^^^|_______
 *     low group's worker                   ####|#.........#.........#..|#######   # runs   .
 * stopped
 *
 * Nice values share out the CPUs, but not caches, memory bandwidth, the other half of a core or the
 * disk; and a process that waits for the disk every millisecond, as ingestion does, leaves gaps
 * that a niced one fills at its cost. So a task of a low group that has run for a while is stopped
 * for nine tenths of the time as long as a worker of a higher group runs something or the front
 * itself uses a good part of a CPU. Short tasks are not touched, nor is anything when nobody else
 * is there. */
#include "work/pool_int.h"

#include <signal.h>
#include <time.h>

#define LOW_NICE 10
#define UNTOUCHED_US 300000
#define CYCLE_US 100000
#define RUN_US 10000
#define WINDOW_US 50000
#define LINGER_US 50000
#define BUSY_SHARE 4 /* the front is busy when it uses more than this part (1/n) of a CPU */

static bool is_low(const struct work_pool *p, const struct worker_slot *w) {
    return p->groups[w->group]->options.nice >= LOW_NICE;
}

/* When the worker's task will have run long enough; INT64_MAX: it is not to be stopped. */
static int64_t touch_at(const struct work_pool *p, const struct worker_slot *w) {
    bool runs = w->used && w->state == WORKER_BUSY && w->job && is_low(p, w);
    return runs && !w->job->canceled ? w->job->started_us + UNTOUCHED_US : INT64_MAX;
}

static bool others_busy(const struct work_pool *p) {
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        const struct worker_slot *w = &p->workers[i];
        if (w->used && w->state == WORKER_BUSY && !is_low(p, w)) {
            return true;
        }
    }
    return false;
}

static int64_t process_cpu_us(void) {
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Whether this process used a good part of a CPU in the last window. */
static bool front_busy(struct work_pool *p, int64_t now) {
    struct throttle *t = &p->throttle;
    int64_t elapsed = now - t->window_us;
    if (elapsed >= WINDOW_US) {
        int64_t cpu = process_cpu_us();
        t->front_busy = elapsed < 4 * WINDOW_US && (cpu - t->cpu_us) * BUSY_SHARE > elapsed;
        t->window_us = now;
        t->cpu_us = cpu;
    }
    return t->front_busy;
}

static void set_paused(struct worker_slot *w, bool paused) {
    if (w->paused != paused) {
        w->paused = paused;
        kill(w->pid, paused ? SIGSTOP : SIGCONT);
    }
}

int64_t pool_throttle(struct work_pool *p, int64_t now) {
    struct throttle *t = &p->throttle;
    int64_t due = INT64_MAX;
    bool any = false;
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        int64_t at = touch_at(p, &p->workers[i]);
        any |= at <= now;
        due = MIN_OF(due, at > now ? at : INT64_MAX);
    }
    if (any && (others_busy(p) || front_busy(p, now))) {
        t->cycle_us = now >= t->pressed_until_us ? now - RUN_US : t->cycle_us;
        t->pressed_until_us = now + LINGER_US;
    }
    int64_t at = (now - t->cycle_us) % CYCLE_US;
    bool stop = any && now < t->pressed_until_us && at >= RUN_US;
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        struct worker_slot *w = &p->workers[i];
        if (w->used) {
            set_paused(w, stop && touch_at(p, w) <= now);
        }
    }
    if (any) {
        int64_t turn = now < t->pressed_until_us ? (stop ? CYCLE_US - at : RUN_US - at) : WINDOW_US;
        due = MIN_OF(due, now + MIN_OF(turn, WINDOW_US));
    }
    return due;
}
