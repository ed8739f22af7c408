/* pool_int.h - inside the work room: jobs, workers, and who may touch them.
 *
 * Everything here belongs to the pool's lock; the supervisor thread holds it except while it waits
 * and while it runs callbacks. */
#ifndef TARN_WORK_POOL_INT_H
#define TARN_WORK_POOL_INT_H

#include "work/pool.h"

#include <pthread.h>
#include <sys/types.h>

#define CANCEL_GRACE_US 50000
#define WORKERS_MAX 64
#define WORKERS_KEPT 8 /* places that only conversions and crawls may take */
#define GROUPS_MAX 1000

struct job {
    uint64_t id;
    struct work_task task; /* json points into message, after the id */
    struct buf message;    /* framed, ready to send */
    int64_t submitted_us, started_us, ended_us;
    int64_t kill_at_us; /* 0: not asked to stop */
    bool cancel_sent, canceled, timed_out;
    /* the answer */
    int rc;
    struct err err;
    struct buf reply; /* whole message, when the worker answered ok */
    bool worker_died;
    struct job *next;
};

struct job_list {
    struct job *head, *tail;
    size_t count;
};

struct group {
    char *name; /* "": one of the three */
    struct work_group_options options;
    uint32_t version; /* of the options */
    struct job_list queue;
};

enum worker_state { WORKER_IDLE, WORKER_BUSY, WORKER_LEAVING, WORKER_DYING };

struct worker_slot {
    bool used;
    enum worker_state state;
    int group;
    uint32_t version; /* of the group's options it was started with */
    pid_t pid;
    int pidfd, fd;
    bool paused;     /* SIGSTOP was sent */
    struct job *job; /* BUSY, and DYING with a job */
    int64_t idle_since_us;
    struct buf in, out;
    size_t out_sent;
};

/* pool_throttle.c's; the supervisor's own. */
struct throttle {
    int64_t window_us, cpu_us; /* start of the window; CPU time of this process then */
    int64_t pressed_until_us, cycle_us;
    bool front_busy;
};

/* A callback to run once the lock is released. */
struct call {
    enum { CALL_STARTED, CALL_PROGRESS, CALL_DONE } kind;
    struct job *job;
    struct work_task task; /* for STARTED and PROGRESS: the job may be gone by then */
    struct buf text;       /* progress message */
    struct call *next;
};

struct work_pool {
    struct work_pool_options options;
    char *exe_path, *data_dir;
    pthread_t thread;
    bool started;
    int epoll_fd, wake_fd;
    pthread_mutex_t lock;
    /* under lock: */
    bool stopping;
    uint64_t next_id, started_total, died_total;
    struct group *groups[GROUPS_MAX];
    int group_count;
    struct throttle throttle;
    int turn; /* the group that is handed out to first next time */
    struct worker_slot workers[WORKERS_MAX];
    struct call *calls, *calls_tail;
};

/* ---- pool_worker.c ---- */
/* Starts a process in the slot; ERR_UNAVAILABLE when none can be started. */
int worker_start(struct work_pool *p, struct worker_slot *w, int group, struct err *e) WARN_UNUSED;
/* Gives an idle worker a job. */
void worker_give(struct work_pool *p, struct worker_slot *w, struct job *j);
/* Sends what is waiting; watches for room when the socket is full. */
void worker_flush(struct work_pool *p, struct worker_slot *w);
/* Queues a message to the worker. */
void worker_send(struct work_pool *p, struct worker_slot *w, struct bytes json_text);
/* Reads what has come; each whole message goes to pool_on_message. */
void worker_read(struct work_pool *p, struct worker_slot *w);
void worker_kill(struct worker_slot *w);
/* Asks an idle worker to leave by closing its socket. */
void worker_dismiss(struct work_pool *p, struct worker_slot *w);
/* Reaps an ended process and frees the slot; returns its wait status. */
int worker_reap(struct work_pool *p, struct worker_slot *w);

/* ---- pool_job.c; all under the pool's lock ---- */
void job_list_push(struct job_list *l, struct job *j);
struct job *job_list_pop(struct job_list *l); /* NULL when empty */
/* False when the job is not in the list. */
bool job_list_remove(struct job_list *l, struct job *j);
/* A copy of the task as a framed message; NULL when memory is short. */
struct job *job_new(const struct work_task *t, uint64_t id) WARN_UNUSED;
void job_free(struct job *j);
/* The job is over: owes its `done`, which frees it. */
void job_done(struct work_pool *p, struct job *j);
/* Notes a callback; NULL when memory is short. */
struct call *pool_add_call(struct work_pool *p, int kind, struct job *j);
/* Runs what is owed with the lock released. */
void pool_run_calls(struct work_pool *p);

/* ---- pool_group.c ---- */
int groups_init(struct work_pool *p, struct err *e) WARN_UNUSED;
void groups_clear(struct work_pool *p);

/* ---- pool_throttle.c ---- */
/* Stops low-priority workers or lets them go; when to call again, INT64_MAX: when something else
 * happens. */
int64_t pool_throttle(struct work_pool *p, int64_t now_us);

/* ---- pool.c ---- */
void pool_on_message(struct work_pool *p, struct worker_slot *w, struct bytes json_text);
int64_t pool_now_us(const struct work_pool *p);
/* Appends length and text. */
void pool_frame(struct buf *out, struct bytes json_text);

#endif
