/* pool.c - queues, and the supervisor that matches tasks with workers.
 *
 * The supervisor sleeps in epoll over: a wake-up eventfd, each worker's socket, each worker's
 * pidfd. After every wake-up it (1) reads answers and deaths, (2) looks at deadlines, (3) hands
 * waiting tasks to idle workers, starting new ones up to the group's limit, (4) releases the lock
 * and runs callbacks. Only it changes workers; other threads only add to queues and mark jobs as
 * cancelled. */
#include "work/pool.h"

#include "base/log.h"
#include "base/mem.h"
#include "work/pool_int.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAKE_TAG UINT64_MAX

int64_t pool_now_us(const struct work_pool *p) {
    return clock_mono_us(p->options.clock);
}

void pool_frame(struct buf *out, struct bytes json_text) {
    for (int i = 0; i < 4; i++) {
        buf_add_char(out, (char)(json_text.len >> (8 * i)));
    }
    buf_add(out, json_text);
}

static void wake(struct work_pool *p) {
    uint64_t one = 1;
    if (write(p->wake_fd, &one, sizeof one) < 0 && errno != EAGAIN) {
        log_write(LOG_ERROR, "work", "the supervisor could not be woken");
    }
}

/* ---- answers ---- */
static void take_error(struct job *j, const struct json *error) {
    int code = (int)json_get_i64(error, "code", ERR_INTERNAL);
    char name[64];
    snprintf(name, sizeof name, "%.*s", BYTES_ARG(json_get_str(error, "name")));
    j->rc = err_set_named(&j->err, code < 0 && code > -ERR_COUNT ? code : ERR_INTERNAL, name, 0,
                          "%.*s", BYTES_ARG(json_get_str(error, "text")));
    j->err.line = (int)json_get_i64(error, "line", 0);
    j->err.column = (int)json_get_i64(error, "column", 0);
    if (j->canceled) {
        j->rc = err_set(&j->err, ERR_CANCELED, NULL);
    }
}

static void finish_on(struct work_pool *p, struct worker_slot *w, struct bytes text,
                      const struct json *error) {
    struct job *j = w->job;
    w->job = NULL;
    if (w->state == WORKER_BUSY) {
        w->state = WORKER_IDLE;
    }
    w->idle_since_us = pool_now_us(p);
    if (error) {
        take_error(j, error);
    } else {
        buf_add(&j->reply, text);
        j->rc = buf_ok(&j->reply) ? 0 : err_set(&j->err, ERR_NOMEM, NULL);
    }
    job_done(p, j);
}

void pool_on_message(struct work_pool *p, struct worker_slot *w, struct bytes text) {
    struct arena a;
    struct json *tree = NULL;
    arena_init(&a, 0);
    bool ours = json_parse(&a, text, &tree, NULL) == 0 && w->job &&
                (uint64_t)json_get_i64(tree, "id", 0) == w->job->id;
    if (ours && json_get(tree, "progress")) {
        struct call *c = w->job->task.progress ? pool_add_call(p, CALL_PROGRESS, w->job) : NULL;
        if (c) {
            buf_add(&c->text, text);
        }
    } else if (ours) {
        finish_on(p, w, text, json_get(tree, "error"));
    } else if (!tree || !w->job) {
        log_write(LOG_WARN, "work", "worker %d sent a message that was not expected", (int)w->pid);
    }
    arena_clear(&a);
}

/* ---- deaths ---- */
static void describe_death(const struct worker_slot *w, struct job *j, int status) {
    char how[80];
    if (WIFSIGNALED(status)) {
        snprintf(how, sizeof how, "was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    } else {
        snprintf(how, sizeof how, "ended with code %d", WEXITSTATUS(status));
    }
    j->worker_died = true;
    if (j->timed_out) {
        j->worker_died = false;
        j->rc = err_set(&j->err, ERR_TIMEOUT, NULL);
    } else if (j->canceled) {
        j->worker_died = false;
        j->rc = err_set(&j->err, ERR_CANCELED, NULL);
    } else {
        j->rc = err_set(&j->err, ERR_INTERNAL, "The worker process %d %s while it ran the task.",
                        (int)w->pid, how);
    }
}

static void on_death(struct work_pool *p, struct worker_slot *w) {
    worker_read(p, w); /* an answer may have come before the end */
    struct worker_slot copy = *w;
    bool expected = w->state == WORKER_LEAVING;
    w->job = NULL;
    int status = worker_reap(p, w);
    if (!expected) {
        p->died_total++;
        log_write(LOG_WARN, "work", "worker %d died (status %#x)%s", (int)copy.pid,
                  (unsigned)status, copy.job ? " with a task" : "");
    }
    if (copy.job) {
        describe_death(&copy, copy.job, status);
        job_done(p, copy.job);
    }
}

/* ---- deadlines ---- */
static void send_cancel(struct work_pool *p, struct worker_slot *w, int64_t now) {
    char text[48];
    int n = snprintf(text, sizeof text, "{\"cancel\":%llu}", (unsigned long long)w->job->id);
    w->job->cancel_sent = true;
    int64_t grace_ms = w->job->task.grace_ms;
    w->job->kill_at_us = now + (grace_ms ? grace_ms * 1000 : CANCEL_GRACE_US);
    worker_send(p, w, bytes_of(text, (size_t)n));
}

static void check_worker(struct work_pool *p, struct worker_slot *w, int64_t now) {
    struct job *j = w->job;
    if (w->state == WORKER_IDLE && (now - w->idle_since_us >= p->options.idle_ms * 1000 ||
                                    w->version != p->groups[w->group]->version)) {
        worker_dismiss(p, w);
        return;
    }
    if (w->state != WORKER_BUSY) {
        return;
    }
    int64_t timeout_us = j->task.timeout_ms * 1000;
    if (timeout_us && now - j->started_us >= timeout_us) {
        j->timed_out = true;
        worker_kill(w);
    } else if (j->canceled && !j->cancel_sent) {
        send_cancel(p, w, now);
    } else if (j->kill_at_us && now >= j->kill_at_us) {
        worker_kill(w);
    }
}

/* Microseconds until something is due; -1 when nothing is. */
static int64_t next_deadline(const struct work_pool *p, int64_t now) {
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        const struct worker_slot *w = &p->workers[i];
        if (!w->used) {
            continue;
        }
        if (w->state == WORKER_IDLE) {
            due = MIN_OF(due, w->idle_since_us + p->options.idle_ms * 1000);
        } else if (w->state == WORKER_BUSY) {
            due = w->job->task.timeout_ms
                      ? MIN_OF(due, w->job->started_us + w->job->task.timeout_ms * 1000)
                      : due;
            due = w->job->kill_at_us ? MIN_OF(due, w->job->kill_at_us) : due;
        }
    }
    return due == INT64_MAX ? -1 : MAX_OF(due - now, 0);
}

/* ---- hand-out ---- */
static struct worker_slot *find_idle(struct work_pool *p, int g) {
    struct worker_slot *best = NULL;
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        struct worker_slot *w = &p->workers[i];
        if (w->used && w->group == g && w->state == WORKER_IDLE && w->fd >= 0 &&
            (!best || w->idle_since_us > best->idle_since_us)) {
            best = w; /* the warmest; the others may idle out */
        }
    }
    return best;
}

static int count_workers(const struct work_pool *p, int g) {
    int n = 0;
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        n +=
            p->workers[i].used && p->workers[i].group == g && p->workers[i].state != WORKER_LEAVING;
    }
    return n;
}

/* A free place for a worker of the group; when there is none, the one that has been idle longest
 * is sent away and NULL returned: its end wakes the supervisor. */
static struct worker_slot *find_place(struct work_pool *p, int g) {
    bool any = g == WORK_CONVERT || g == WORK_CRAWL;
    size_t end = any ? WORKERS_MAX : WORKERS_MAX - WORKERS_KEPT;
    struct worker_slot *idle = NULL;
    for (size_t i = 0; i < end; i++) {
        struct worker_slot *w = &p->workers[i];
        if (!w->used) {
            return w;
        }
        if (w->state == WORKER_IDLE && (!idle || w->idle_since_us < idle->idle_since_us)) {
            idle = w;
        }
    }
    if (idle) {
        worker_dismiss(p, idle);
    }
    return NULL;
}

static void give(struct work_pool *p, struct worker_slot *w, struct job *j) {
    j->started_us = pool_now_us(p);
    if (j->task.started) {
        pool_add_call(p, CALL_STARTED, j); /* a note that cannot be kept is left out */
    }
    worker_give(p, w, j);
}

/* Gives out the group's first task; false when it has to wait. */
static bool hand_out_one(struct work_pool *p, int g) {
    struct group *group = p->groups[g];
    struct err e = {0};
    struct worker_slot *w = find_idle(p, g);
    if (w) {
        give(p, w, job_list_pop(&group->queue));
        return true;
    }
    if (count_workers(p, g) >= group->options.max_workers || !(w = find_place(p, g))) {
        return false;
    }
    struct job *j = job_list_pop(&group->queue);
    if (worker_start(p, w, g, &e)) {
        j->rc = e.code;
        j->err = e;
        job_done(p, j);
    } else {
        give(p, w, j);
    }
    return true;
}

static void drop_canceled(struct work_pool *p, struct job_list *l) {
    for (struct job *j = l->head, *next; j; j = next) {
        next = j->next;
        if (j->canceled && job_list_remove(l, j)) {
            j->rc = err_set(&j->err, ERR_CANCELED, NULL);
            job_done(p, j);
        }
    }
}

/* Round by round, one task a group, so that none takes all places. */
static void hand_out(struct work_pool *p) {
    bool more = true;
    for (int g = 0; g < p->group_count; g++) {
        drop_canceled(p, &p->groups[g]->queue);
    }
    while (more) {
        more = false;
        for (int i = 0; i < p->group_count; i++) {
            int g = (p->turn + i) % p->group_count;
            more |= p->groups[g]->queue.head && hand_out_one(p, g);
        }
        p->turn = (p->turn + 1) % p->group_count;
    }
}

/* ---- the supervisor ---- */
static void on_event(struct work_pool *p, const struct epoll_event *ev) {
    if (ev->data.u64 == WAKE_TAG) {
        uint64_t ignored;
        if (read(p->wake_fd, &ignored, sizeof ignored) < 0 && errno != EAGAIN) {
            log_write(LOG_ERROR, "work", "the wake-up descriptor failed");
        }
        return;
    }
    struct worker_slot *w = &p->workers[ev->data.u64 / 2];
    if (!w->used) {
        return;
    }
    if (ev->data.u64 % 2) {
        on_death(p, w);
        return;
    }
    if (ev->events & EPOLLOUT) {
        worker_flush(p, w);
    }
    if (ev->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        worker_read(p, w);
    }
}

static void *supervise(void *arg) {
    struct work_pool *p = arg;
    struct epoll_event events[32];
    int64_t throttle_at = INT64_MAX;
    pthread_mutex_lock(&p->lock);
    while (!p->stopping) {
        int64_t start = pool_now_us(p), wait_us = next_deadline(p, start);
        if (throttle_at != INT64_MAX) {
            int64_t turn_us = MAX_OF(throttle_at - start, 0);
            wait_us = wait_us < 0 ? turn_us : MIN_OF(wait_us, turn_us);
        }
        int wait_ms = wait_us < 0 ? -1 : (int)MIN_OF((wait_us + 999) / 1000, 60000);
        pthread_mutex_unlock(&p->lock);
        int n = epoll_wait(p->epoll_fd, events, (int)COUNT_OF(events), wait_ms);
        pthread_mutex_lock(&p->lock);
        for (int i = 0; i < n; i++) {
            on_event(p, &events[i]);
        }
        int64_t now = pool_now_us(p);
        for (size_t i = 0; i < WORKERS_MAX; i++) {
            if (p->workers[i].used) {
                check_worker(p, &p->workers[i], now);
            }
        }
        hand_out(p);
        throttle_at = pool_throttle(p, pool_now_us(p));
        pool_run_calls(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- public ---- */
static int open_fds(struct work_pool *p, struct err *e) {
    p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = WAKE_TAG};
    if (p->epoll_fd < 0 || p->wake_fd < 0 ||
        epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->wake_fd, &ev)) {
        return err_set_errno(e, ERR_IO, errno, "The worker supervisor could not be set up");
    }
    return 0;
}

int work_pool_open(const struct work_pool_options *o, struct work_pool **ret, struct err *e) {
    struct work_pool *p = mem_calloc(1, sizeof *p);
    if (!p) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    p->options = *o;
    p->epoll_fd = p->wake_fd = -1;
    p->next_id = 1;
    p->options.idle_ms = o->idle_ms ? o->idle_ms : 60000;
    pthread_mutex_init(&p->lock, NULL);
    p->exe_path = mem_strndup(o->exe_path, strlen(o->exe_path));
    p->data_dir = mem_strndup(o->data_dir, strlen(o->data_dir));
    int rc = p->exe_path && p->data_dir ? open_fds(p, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc : groups_init(p, e);
    if (!rc && pthread_create(&p->thread, NULL, supervise, p)) {
        rc = err_set(e, ERR_NOMEM, "The supervisor thread could not be started.");
    }
    p->started = !rc;
    if (rc) {
        work_pool_close(&p);
        return rc;
    }
    *ret = p;
    return 0;
}

static void end_everything(struct work_pool *p) {
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        struct worker_slot *w = &p->workers[i];
        if (!w->used) {
            continue;
        }
        struct job *j = w->job;
        w->job = NULL;
        kill(w->pid, SIGKILL);
        worker_reap(p, w);
        if (j) {
            job_list_push(&p->groups[j->task.group]->queue, j);
        }
    }
    for (int g = 0; g < p->group_count; g++) {
        for (struct job *j; (j = job_list_pop(&p->groups[g]->queue));) {
            j->rc = err_set(&j->err, ERR_CANCELED, "The server is stopping.");
            job_done(p, j);
        }
    }
}

void work_pool_close(struct work_pool **pp) {
    struct work_pool *p = *pp;
    if (!p) {
        return;
    }
    if (p->started) {
        pthread_mutex_lock(&p->lock);
        p->stopping = true;
        pthread_mutex_unlock(&p->lock);
        wake(p);
        pthread_join(p->thread, NULL);
        pthread_mutex_lock(&p->lock);
        end_everything(p);
        pool_run_calls(p);
        pthread_mutex_unlock(&p->lock);
    }
    if (p->epoll_fd >= 0) {
        close(p->epoll_fd);
    }
    if (p->wake_fd >= 0) {
        close(p->wake_fd);
    }
    groups_clear(p);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->exe_path);
    mem_free(p->data_dir);
    mem_free(p);
    *pp = NULL;
}

int work_submit(struct work_pool *p, const struct work_task *t, uint64_t *ret_id, struct err *e) {
    pthread_mutex_lock(&p->lock);
    assert(t->group >= 0 && t->group < p->group_count && t->done);
    struct job_list *q = &p->groups[t->group]->queue;
    if (p->stopping || q->count >= p->groups[t->group]->options.max_queue) {
        bool stopping = p->stopping;
        pthread_mutex_unlock(&p->lock);
        return err_set(e, ERR_UNAVAILABLE,
                       stopping ? "The server is stopping."
                                : "Too many tasks are waiting; retry later.");
    }
    struct job *j = job_new(t, p->next_id);
    if (!j) {
        pthread_mutex_unlock(&p->lock);
        return err_set(e, ERR_NOMEM, NULL);
    }
    p->next_id++;
    j->submitted_us = pool_now_us(p);
    if (ret_id) {
        *ret_id = j->id;
    }
    job_list_push(q, j);
    pthread_mutex_unlock(&p->lock);
    wake(p);
    return 0;
}

void work_cancel(struct work_pool *p, uint64_t id) {
    pthread_mutex_lock(&p->lock);
    for (int g = 0; g < p->group_count; g++) {
        for (struct job *j = p->groups[g]->queue.head; j; j = j->next) {
            j->canceled |= j->id == id;
        }
    }
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        if (p->workers[i].used && p->workers[i].job && p->workers[i].job->id == id) {
            p->workers[i].job->canceled = true;
        }
    }
    pthread_mutex_unlock(&p->lock);
    wake(p);
}

static int class_of(int group) {
    return group < WORK_GROUPS ? group : WORK_QUERY;
}

void work_get_stats(struct work_pool *p, struct work_stats *ret) {
    struct work_stats s = {.pid_count = 0};
    pthread_mutex_lock(&p->lock);
    for (int g = 0; g < p->group_count; g++) {
        s.queued[class_of(g)] += p->groups[g]->queue.count;
    }
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        const struct worker_slot *w = &p->workers[i];
        if (w->used && w->state != WORKER_LEAVING) {
            s.workers[class_of(w->group)]++;
            s.busy[class_of(w->group)] += w->state == WORKER_BUSY;
            s.pids[s.pid_count++] = (int)w->pid;
        }
    }
    s.started_total = p->started_total;
    s.died_total = p->died_total;
    pthread_mutex_unlock(&p->lock);
    *ret = s;
}
