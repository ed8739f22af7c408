/* worker.c - a worker's main: one task after the other, until the socket closes.
 *
 * The main thread runs tasks; a reader thread takes messages off the socket, so that a cancel gets
 * through while a task runs. They share an inbox of one task (the front sends the next only after
 * the answer), the id of the running task and the engine, under one lock. */
#include "base/log.h"
#include "base/mem.h"
#include "duck/duck.h"
#include "trino/trino.h"
#include "work/pool.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct inbox {
    int fd;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    /* under lock: */
    struct buf message;
    bool full, closed;
    int64_t running, canceled; /* task ids; 0: none */
    struct duck *duck;         /* NULL until the first task needs it */
    atomic_bool stop;          /* the running task was cancelled */
};

struct worker {
    struct inbox inbox;
    int64_t task_id; /* the main thread's copy of inbox.running */
    struct duck_options options;
    char temp_dir[4096];
};

/* ---- reader thread ---- */
static void take_cancel(struct inbox *in, int64_t id) {
    pthread_mutex_lock(&in->lock);
    in->canceled = id;
    if (in->running == id) {
        atomic_store(&in->stop, true);
        if (in->duck) {
            duck_interrupt(in->duck);
        }
    }
    pthread_mutex_unlock(&in->lock);
}

static void take_task(struct inbox *in, struct buf *message) {
    pthread_mutex_lock(&in->lock);
    struct buf swap = in->message;
    in->message = *message;
    *message = swap;
    in->full = true;
    pthread_cond_signal(&in->arrived);
    pthread_mutex_unlock(&in->lock);
}

static void close_inbox(struct inbox *in) {
    pthread_mutex_lock(&in->lock);
    in->closed = true;
    if (in->running) {
        _exit(0); /* the front is gone: nobody wants the answer */
    }
    pthread_cond_signal(&in->arrived);
    pthread_mutex_unlock(&in->lock);
}

static void *reader_main(void *arg) {
    struct inbox *in = arg;
    struct buf message = {0};
    struct err e = {0};
    for (;;) {
        struct arena a;
        struct json *tree;
        buf_reset(&message);
        if (task_read(in->fd, &message, &e) <= 0) {
            break;
        }
        arena_init(&a, 0);
        int64_t cancel = json_parse(&a, buf_bytes(&message), &tree, &e) == 0
                             ? json_get_i64(tree, "cancel", 0)
                             : 0;
        arena_clear(&a);
        if (cancel) {
            take_cancel(in, cancel);
        } else {
            take_task(in, &message);
        }
    }
    buf_clear(&message);
    close_inbox(in);
    return NULL;
}

/* ---- main thread ---- */
static void send_progress(void *ctx, uint64_t rows) {
    struct worker *w = ctx;
    char text[96];
    int n = snprintf(text, sizeof text, "{\"id\":%lld,\"progress\":{\"rows\":%llu}}",
                     (long long)w->task_id, (unsigned long long)rows);
    if (task_write(w->inbox.fd, bytes_of(text, (size_t)n), NULL)) {
        log_write(LOG_DEBUG, "work", "progress could not be sent");
    }
}

static int open_engine(struct worker *w, struct err *e) {
    struct duck *duck = NULL;
    if (w->inbox.duck) {
        return 0;
    }
    int rc = duck_open(&w->options, &duck, e);
    pthread_mutex_lock(&w->inbox.lock);
    w->inbox.duck = duck;
    pthread_mutex_unlock(&w->inbox.lock);
    return rc;
}

/* From here on a cancel of this task interrupts the engine; one that came before counts too. */
static bool task_begin(struct worker *w, int64_t id) {
    struct inbox *in = &w->inbox;
    w->task_id = id;
    pthread_mutex_lock(&in->lock);
    in->running = id;
    atomic_store(&in->stop, false);
    if (in->duck) {
        duck_reset(in->duck);
    }
    bool canceled = in->canceled == id;
    pthread_mutex_unlock(&in->lock);
    return !canceled;
}

static void task_end(struct worker *w) {
    pthread_mutex_lock(&w->inbox.lock);
    w->inbox.running = 0;
    pthread_mutex_unlock(&w->inbox.lock);
}

static int run_task(struct worker *w, struct arena *a, const struct json *task, struct buf *ok,
                    struct err *e) {
    static const struct {
        enum task_kind kind;
        int (*run)(struct duck *d, struct arena *a, const struct json *task, struct buf *ok,
                   struct err *e);
    } runners[] = {{TASK_QUERY, duck_run_query},
                   {TASK_WRITE, duck_run_write},
                   {TASK_CONVERT, duck_run_convert},
                   {TASK_FACTS, duck_run_facts},
                   {TASK_SNIFF, duck_run_sniff}};
    struct bytes kind = json_get_str(task, "kind");
    if (bytes_eq_str(kind, task_kind_name(TASK_PING))) {
        buf_add_str(ok, "{}");
        return 0;
    }
    if (bytes_eq_str(kind, task_kind_name(TASK_TRINO))) {
        return trino_run_query(a, task, &w->inbox.stop, ok, e);
    }
    for (size_t i = 0; i < COUNT_OF(runners); i++) {
        if (bytes_eq_str(kind, task_kind_name(runners[i].kind))) {
            return runners[i].run(w->inbox.duck, a, task, ok, e);
        }
    }
    return err_set(e, ERR_INTERNAL, "There is no task kind '%.*s'.", BYTES_ARG(kind));
}

static void write_error(struct jsonw *j, const struct err *e) {
    jsonw_name(j, "error");
    jsonw_object(j);
    jsonw_kv_i64(j, "code", e->code);
    jsonw_kv_cstr(j, "name", e->name);
    jsonw_kv_cstr(j, "text", e->text);
    jsonw_kv_i64(j, "line", e->line);
    jsonw_kv_i64(j, "column", e->column);
    jsonw_end_object(j);
}

static int answer(struct worker *w, int64_t id, int rc, const struct buf *ok, const struct err *e) {
    struct buf out = {0};
    struct jsonw j = jsonw_to(&out);
    jsonw_object(&j);
    jsonw_kv_i64(&j, "id", id);
    if (rc) {
        write_error(&j, e);
    } else {
        jsonw_kv_raw(&j, "ok", buf_bytes(ok));
    }
    jsonw_end_object(&j);
    struct err io = {0};
    int sent = buf_ok(&out) ? task_write(w->inbox.fd, buf_bytes(&out), &io) : ERR_NOMEM;
    buf_clear(&out);
    return sent;
}

static bool needs_engine(const struct json *task) {
    struct bytes kind = json_get_str(task, "kind");
    return !bytes_eq_str(kind, task_kind_name(TASK_PING)) &&
           !bytes_eq_str(kind, task_kind_name(TASK_TRINO));
}

static int handle(struct worker *w, struct bytes message) {
    struct arena a;
    struct json *task = NULL;
    struct buf ok = {0};
    struct err e = {0};
    arena_init(&a, 0);
    int rc = json_parse(&a, message, &task, &e);
    int64_t id = json_get_i64(task, "id", 0);
    rc = rc || !needs_engine(task) ? rc : open_engine(w, &e);
    if (!rc) {
        rc = task_begin(w, id) ? run_task(w, &a, task, &ok, &e) : err_set(&e, ERR_CANCELED, NULL);
        task_end(w);
    }
    if (!rc && !buf_ok(&ok)) {
        rc = err_set(&e, ERR_NOMEM, NULL);
    }
    int sent = answer(w, id, rc, &ok, &e);
    buf_clear(&ok);
    arena_clear(&a);
    malloc_trim(0);
    return sent;
}

/* The next message, or false when the front has closed the socket. */
static bool next_message(struct inbox *in, struct buf *message) {
    pthread_mutex_lock(&in->lock);
    while (!in->full && !in->closed) {
        pthread_cond_wait(&in->arrived, &in->lock);
    }
    bool got = in->full;
    if (got) {
        struct buf swap = in->message;
        in->message = *message;
        *message = swap;
        in->full = false;
    }
    pthread_mutex_unlock(&in->lock);
    return got;
}

/* ---- start ---- */
static void guard_process(int64_t memory_mb) {
    pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent == 1 || getppid() != parent) {
        _exit(0);
    }
    signal(SIGPIPE, SIG_IGN);
    /* The engine keeps its own limit; this stops what escapes it. */
    uint64_t bytes = MIB((uint64_t)memory_mb * 2 + 2048);
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    setrlimit(RLIMIT_DATA, &limit);
#else
    (void)limit;
#endif
}

/* Behind the front and the workers of groups with lower values: of the CPUs, and of the disk where
 * its scheduler heeds it. When the machine is short of memory, the kernel takes a worker first. */
static void step_back(int64_t nice) {
    FILE *f = fopen("/proc/self/oom_score_adj", "we");
    if (f) {
        fprintf(f, "%d\n", nice > 0 ? 600 : 300);
        fclose(f);
    }
    if (nice <= 0) {
        return;
    }
    const int best_effort = 2 << 13, of_this_process = 1;
    (void)setpriority(PRIO_PROCESS, 0, (int)nice); /* else it runs like the others */
    (void)syscall(SYS_ioprio_set, of_this_process, 0, best_effort | (nice >= 10 ? 7 : 5));
}

static bool parse_args(struct worker *w, int argc, char **argv, int64_t *memory_mb, int64_t *nice) {
    int64_t fd = -1, threads = 1, spill_mb = 4096;
    const char *data = NULL;
    *memory_mb = 2048;
    *nice = 0;
    for (int i = 0; i + 1 < argc; i += 2) {
        struct bytes value = bytes_str(argv[i + 1]);
        bool ok = true;
        if (strcmp(argv[i], "--fd") == 0) {
            ok = bytes_to_i64(value, &fd);
        } else if (strcmp(argv[i], "--threads") == 0) {
            ok = bytes_to_i64(value, &threads);
        } else if (strcmp(argv[i], "--memory-mb") == 0) {
            ok = bytes_to_i64(value, memory_mb);
        } else if (strcmp(argv[i], "--spill-mb") == 0) {
            ok = bytes_to_i64(value, &spill_mb);
        } else if (strcmp(argv[i], "--nice") == 0) {
            ok = bytes_to_i64(value, nice);
        } else if (strcmp(argv[i], "--data") == 0) {
            data = argv[i + 1];
        }
        if (!ok) {
            return false;
        }
    }
    if (fd < 0 || !data) {
        return false;
    }
    snprintf(w->temp_dir, sizeof w->temp_dir, "%s/tmp/spill-%d", data, (int)getpid());
    w->inbox.fd = (int)fd;
    w->options = (struct duck_options){.threads = (int)threads,
                                       .memory_mb = (int)*memory_mb,
                                       .spill_mb = (int)spill_mb,
                                       .temp_dir = w->temp_dir,
                                       .progress = send_progress,
                                       .progress_ctx = w};
    return true;
}

int worker_main(int argc, char **argv) {
    static struct worker w; /* outlives the reader thread, which is never joined */
    int64_t memory_mb, nice;
    pthread_t reader;
    if (!parse_args(&w, argc, argv, &memory_mb, &nice)) {
        fprintf(stderr, "tarn worker is started by tarn serve, not by hand.\n");
        return 2;
    }
    guard_process(memory_mb);
    step_back(nice);
    pthread_mutex_init(&w.inbox.lock, NULL);
    pthread_cond_init(&w.inbox.arrived, NULL);
    if (pthread_create(&reader, NULL, reader_main, &w.inbox)) {
        return 1;
    }
    pthread_detach(reader);
    struct buf message = {0};
    while (next_message(&w.inbox, &message)) {
        if (handle(&w, buf_bytes(&message))) {
            break;
        }
        buf_reset(&message);
    }
    buf_clear(&message);
    duck_close(&w.inbox.duck);
    return 0;
}
