/* pool_job.c - jobs in their queues, and the callbacks that are owed.
 *
 * Callbacks are noted under the pool's lock and run after it is released, in the order in which
 * they came up, so that a callback may call the pool again. */
#include "base/mem.h"
#include "work/pool_int.h"

/* ---- jobs ---- */
void job_list_push(struct job_list *l, struct job *j) {
    j->next = NULL;
    if (l->tail) {
        l->tail->next = j;
    } else {
        l->head = j;
    }
    l->tail = j;
    l->count++;
}

struct job *job_list_pop(struct job_list *l) {
    struct job *j = l->head;
    if (j) {
        l->head = j->next;
        l->tail = l->head ? l->tail : NULL;
        l->count--;
    }
    return j;
}

bool job_list_remove(struct job_list *l, struct job *j) {
    struct job *before = NULL;
    for (struct job *at = l->head; at; before = at, at = at->next) {
        if (at != j) {
            continue;
        }
        if (before) {
            before->next = j->next;
        } else {
            l->head = j->next;
        }
        l->tail = l->tail == j ? before : l->tail;
        l->count--;
        return true;
    }
    return false;
}

void job_free(struct job *j) {
    buf_clear(&j->message);
    buf_clear(&j->reply);
    mem_free(j);
}

/* {"id":n, then the task's members. */
struct job *job_new(const struct work_task *t, uint64_t id) {
    struct job *j = mem_calloc(1, sizeof *j);
    struct buf text = {0};
    assert(t->json.len >= 2 && t->json.ptr[0] == '{');
    buf_add_fmt(&text, "{\"id\":%llu%s", (unsigned long long)id, t->json.len > 2 ? "," : "");
    buf_add(&text, bytes_slice(t->json, 1, t->json.len));
    if (j) {
        pool_frame(&j->message, buf_bytes(&text));
    }
    bool ok = j && buf_ok(&text) && buf_ok(&j->message);
    buf_clear(&text);
    if (!ok) {
        if (j) {
            job_free(j);
        }
        return NULL;
    }
    j->id = id;
    j->task = *t;
    j->task.json = (struct bytes){0};
    return j;
}

/* ---- callbacks, collected under the lock ---- */
struct call *pool_add_call(struct work_pool *p, int kind, struct job *j) {
    struct call *c = mem_calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->kind = kind;
    c->job = j;
    c->task = j->task;
    if (p->calls_tail) {
        p->calls_tail->next = c;
    } else {
        p->calls = c;
    }
    p->calls_tail = c;
    return c;
}

static void run_done(struct job *j) {
    struct arena a;
    struct json *reply = NULL;
    arena_init(&a, 0);
    struct work_result r = {.rc = j->rc,
                            .err = j->err,
                            .worker_died = j->worker_died,
                            .queued_us =
                                (j->started_us ? j->started_us : j->ended_us) - j->submitted_us,
                            .run_us = j->started_us ? j->ended_us - j->started_us : 0};
    if (!r.rc) {
        r.rc = json_parse(&a, buf_bytes(&j->reply), &reply, &r.err);
        r.ok = json_get(reply, "ok");
        if (!r.rc && !r.ok) {
            r.rc = err_set(&r.err, ERR_INTERNAL, "A worker's answer had no result.");
        }
    }
    j->task.done(j->task.ctx, &r);
    arena_clear(&a);
    job_free(j);
}

static void run_call(struct call *c) {
    if (c->kind == CALL_DONE) {
        run_done(c->job);
    } else if (c->kind == CALL_STARTED) {
        c->task.started(c->task.ctx);
    } else {
        struct arena a;
        struct json *tree;
        arena_init(&a, 0);
        if (json_parse(&a, buf_bytes(&c->text), &tree, NULL) == 0) {
            c->task.progress(c->task.ctx, json_get(tree, "progress"));
        }
        arena_clear(&a);
    }
    buf_clear(&c->text);
    mem_free(c);
}

/* Takes the lock's calls and runs them without it. */
void pool_run_calls(struct work_pool *p) {
    struct call *c = p->calls;
    p->calls = p->calls_tail = NULL;
    pthread_mutex_unlock(&p->lock);
    while (c) {
        struct call *next = c->next;
        run_call(c);
        c = next;
    }
    pthread_mutex_lock(&p->lock);
}

void job_done(struct work_pool *p, struct job *j) {
    j->ended_us = pool_now_us(p);
    if (!pool_add_call(p, CALL_DONE,
                       j)) { /* no memory for a note: call right here, without the lock */
        pthread_mutex_unlock(&p->lock);
        run_done(j);
        pthread_mutex_lock(&p->lock);
    }
}
