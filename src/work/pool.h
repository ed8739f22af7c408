/* pool.h - worker processes: started on demand, kept warm, retired when idle, replaced when dead.
 *
 * One supervisor thread owns all workers (epoll over their sockets and pidfds). A worker runs one
 * task at a time and belongs to one group, whose limits it was started with. Three groups are
 * always there (queries of the primary workgroup, conversions, crawls); others, one for each
 * further workgroup, are defined on demand. Groups share nothing but the machine, where nice values
 * decide. Thread-safe. */
#ifndef TARN_WORK_POOL_H
#define TARN_WORK_POOL_H

#include "base/clock.h"
#include "base/json.h"
#include "work/task.h"

enum work_group { WORK_QUERY, WORK_CONVERT, WORK_CRAWL, WORK_GROUPS };

struct work_group_options {
    int max_workers;  /* 0: 2 */
    int threads;      /* DuckDB threads per worker; 0: number of CPUs (1 but for queries) */
    int memory_mb;    /* DuckDB memory limit and address-space guard; 0: 2048 */
    int spill_mb;     /* of a worker's spill files; 0: 4 times its memory, at least 4096 */
    int nice;         /* 0..19 */
    size_t max_queue; /* tasks waiting; 0: 1000 */
};

struct work_pool_options {
    struct clock *clock;
    const char *exe_path; /* this program; run as: exe worker --fd N --data DIR */
    const char *data_dir; /* absolute */
    int64_t idle_ms;      /* a worker with nothing to do leaves after this; 0: 60 s */
    struct work_group_options group[WORK_GROUPS];
};

struct work_pool;
int work_pool_open(const struct work_pool_options *o, struct work_pool **ret,
                   struct err *e) WARN_UNUSED;
/* Kills workers, fails waiting tasks with ERR_CANCELED, joins the thread. */
void work_pool_close(struct work_pool **p);

/* The group of that name with these options (zeros: the defaults above), made when it is new. When
 * its options change, workers that have others leave as soon as they are idle. Groups live as long
 * as the pool. ERR_LIMIT_EXCEEDED beyond 1000. */
int work_group_define(struct work_pool *p, struct bytes name, const struct work_group_options *o,
                      int *ret_group, struct err *e) WARN_UNUSED;
/* Changes one of the three. */
void work_group_set(struct work_pool *p, enum work_group group, const struct work_group_options *o);
void work_group_get(struct work_pool *p, int group, struct work_group_options *ret);

struct work_result {
    int rc;                /* 0, or ERR_* */
    struct err err;        /* when rc != 0 */
    const struct json *ok; /* the "ok" object; valid during the callback */
    bool worker_died;      /* the task may be tried again */
    int64_t queued_us, run_us;
};
struct work_task {
    int group;          /* enum work_group, or of work_group_define */
    struct bytes json;  /* the message without "id"; copied */
    int64_t timeout_ms; /* from the start of running; 0: none. Past it the worker is killed */
    int64_t grace_ms;   /* what a cancelled task may take to end by itself; 0: 50 */
    void (*started)(void *ctx);                               /* may be NULL */
    void (*progress)(void *ctx, const struct json *progress); /* may be NULL */
    void (*done)(void *ctx, const struct work_result *r);     /* supervisor thread, exactly once */
    void *ctx;
};
/* ERR_UNAVAILABLE when the queue is full (done not called). */
int work_submit(struct work_pool *p, const struct work_task *t, uint64_t *ret_id,
                struct err *e) WARN_UNUSED;
/* Asks the worker to stop; kills it if it has not within 50 ms. done gets ERR_CANCELED. Unknown
 * or finished ids are ignored. */
void work_cancel(struct work_pool *p, uint64_t id);

struct work_stats { /* WORK_QUERY: of all workgroups */
    int workers[WORK_GROUPS], busy[WORK_GROUPS];
    size_t queued[WORK_GROUPS];
    uint64_t started_total, died_total;
    int pids[64];
    int pid_count;
};
void work_get_stats(struct work_pool *p, struct work_stats *ret);

/* The worker's main: `tarn worker --fd N --data DIR --threads N --memory-mb N --spill-mb N --nice
 * N`. Returns an exit code. Leaves when the socket closes (prctl PDEATHSIG covers a killed front).
 */
int worker_main(int argc, char **argv);

#endif
