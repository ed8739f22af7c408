/* glue_queue.c - operations that change the catalogue, and those that walk all of it, run on a
 * thread of their own each.
 *
 * A change ends with an fdatasync under the catalogue's one writer lock. Run on the http threads, a
 * few changes under way would hold all of them and every read would wait for the disk; here they
 * queue up instead:
 *
 *     http thread:   parse, check -> glue_later: into the queue, API_PENDING -> next request
 *     writer thread: take the oldest -> handler -> api_finish
 *
 * A search over thousands of tables would hold an http thread as long; it has a second such queue.
 * Nothing is lost by one thread, since changes are one after the other in any case. A queued call
 * lives in its request's arena; there are never more than there are connections. */
#include "api/glue/glue_int.h"
#include <pthread.h>

struct pending {
    struct api_call *call;
    api_handler handle;
    struct pending *next;
};
struct glue_queue {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct pending *first, **last; /* oldest first */
    bool stopping;
};

/* NULL when stopping and nothing is left. */
static struct pending *take(struct glue_queue *w) {
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping)
        pthread_cond_wait(&w->wake, &w->lock);
    struct pending *p = w->first;
    if (p && !(w->first = p->next))
        w->last = &w->first;
    pthread_mutex_unlock(&w->lock);
    return p;
}

static void *run(void *arg) {
    struct pending *p;
    while ((p = take(arg))) {
        struct api_call *call = p->call; /* p is gone once the call is finished */
        api_finish(call, p->handle(call));
    }
    return NULL;
}

int glue_queue_new(struct glue_queue **ret) {
    struct glue_queue *w = mem_calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    w->last = &w->first;
    if (pthread_create(&w->thread, NULL, run, w)) {
        pthread_cond_destroy(&w->wake);
        pthread_mutex_destroy(&w->lock);
        mem_free(w);
        return ERR_NOMEM;
    }
    *ret = w;
    return 0;
}

void glue_queue_free(struct glue_queue **pw) {
    struct glue_queue *w = *pw;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
    *pw = NULL;
}

static int queue(struct glue_queue *w, struct api_call *call, api_handler handle) {
    struct pending *p = ARENA_NEW(call->arena, struct pending);
    if (!p)
        return glue_out_of_memory(call);
    *p = (struct pending){call, handle, NULL};
    pthread_mutex_lock(&w->lock);
    *w->last = p;
    w->last = &p->next;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    return API_PENDING;
}

int glue_later(struct api_call *call, api_handler handle) {
    const struct glue_service *s = call->service->ctx;
    return queue(s->writer, call, handle);
}

int glue_aside(struct api_call *call, api_handler handle) {
    const struct glue_service *s = call->service->ctx;
    return queue(s->searcher, call, handle);
}
