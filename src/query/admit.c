/* admit.c - queues of workgroups, fair between clients, and the slots that a workgroup's queries
 * run in.
 *
 *     workgroup "primary"   queue: a1 b1 a2 a3    slots 2 of 2 taken
 *     workgroup "adhoc"     queue: c1             slots 0 of 1 taken    -> c1 is next
 *
 * Between workgroups the one with the fewest queries under way is served first; one never holds all
 * planner threads. Within a workgroup the queue is in the order of virtual start times: a client's
 * query starts one tick after the same client's previous one, or now (the tick of the query that
 * was served last) when the client was quiet. So one that sends a hundred queries at once delays
 * another client's single one by at most the queries that run. Statements that run in the front
 * need no slot and pass those that wait for one. */
#include "query/admit.h"
#include "base/hash.h"
#include "base/mem.h"
#include "query/query_int.h"
#include <stddef.h>

#define CLIENTS 256
#define USERS 64

struct client {
    uint32_t hash;
    uint64_t tick; /* of its last query */
};

struct user {
    char name[64];
    uint64_t queries, scanned_bytes, billed_bytes;
};

struct admit_group {
    struct admit_group *next;
    char name[132];
    struct limits limits;
    int pool_group;
    /* under the service's lock */
    struct exec *head;
    int64_t queued, running, planning;
    uint64_t tick;
    struct client clients[CLIENTS];
    int client_count;
    /* totals since the start */
    uint64_t ended[5]; /* by enum exec_state */
    uint64_t scanned_bytes, billed_bytes, reused, refused;
    int64_t queue_us, engine_us;
    struct user users[USERS];
    int user_count;
};

int admit_pool_group(const struct admit_group *g) {
    return g->pool_group;
}

/* ---- groups ---- */
static struct admit_group *find(struct query_service *q, struct bytes name) {
    struct admit_group *g = q->groups;
    while (g && !bytes_eq_str(name, g->name))
        g = g->next;
    return g;
}

static int define_workers(struct query_service *q, struct bytes name, const struct limits *l,
                          int *ret_group, struct err *e) {
    static const int nice_of[] = {2, 5, 15};
    struct work_group_options o = {.max_workers = (int)l->concurrency,
                                   .threads = (int)l->threads,
                                   .memory_mb = (int)l->memory_mb,
                                   .spill_mb = (int)l->spill_mb,
                                   .nice = nice_of[l->priority],
                                   .max_queue = 1000};
    *ret_group = WORK_QUERY;
    if (!bytes_eq_str(name, "primary"))
        return work_group_define(q->d.pool, name, &o, ret_group, e);
    work_group_set(q->d.pool, WORK_QUERY, &o);
    return 0;
}

static struct admit_group *group_new(struct bytes name) {
    struct admit_group *g = mem_calloc(1, sizeof *g);
    if (g)
        memcpy(g->name, name.ptr, MIN_OF(name.len, sizeof g->name - 1));
    return g;
}

int admit_workgroup(struct query_service *q, struct bytes name, const struct limits *l,
                    struct admit_group **ret, struct err *e) {
    pthread_mutex_lock(&q->lock);
    struct admit_group *g = find(q, name);
    bool same = g && memcmp(&g->limits, l, sizeof *l) == 0;
    pthread_mutex_unlock(&q->lock);
    *ret = g;
    if (same)
        return 0;
    int pool_group, rc = define_workers(q, name, l, &pool_group, e);
    if (rc)
        return rc;
    pthread_mutex_lock(&q->lock);
    g = find(q, name);
    if (!g && (g = group_new(name))) {
        g->next = q->groups;
        q->groups = g;
    }
    if (g) {
        g->limits = *l;
        g->pool_group = pool_group;
    }
    pthread_cond_broadcast(&q->work); /* there may be more slots */
    pthread_mutex_unlock(&q->lock);
    *ret = g;
    return g ? 0 : err_set(e, ERR_NOMEM, NULL);
}

void admit_free_all(struct query_service *q) {
    while (q->groups) {
        struct admit_group *g = q->groups;
        q->groups = g->next;
        mem_free(g);
    }
}

/* ---- clients ---- */
/* Where the client's last tick is kept; clients whose tick has passed make room. */
static uint64_t *client_tick(struct admit_group *g, uint32_t hash) {
    int n = 0;
    for (int i = 0; i < g->client_count; i++)
        if (g->clients[i].hash == hash || g->clients[i].tick > g->tick)
            g->clients[n++] = g->clients[i];
    g->client_count = n;
    for (int i = 0; i < n; i++)
        if (g->clients[i].hash == hash)
            return &g->clients[i].tick;
    if (n == CLIENTS)
        return NULL;
    g->clients[n] = (struct client){hash, 0};
    g->client_count++;
    return &g->clients[n].tick;
}

static uint64_t next_tick(struct admit_group *g, struct bytes user) {
    uint64_t *last = client_tick(g, crc32c(1, user.ptr, user.len));
    uint64_t tick = MAX_OF(g->tick, last ? *last : 0) + 1;
    if (last)
        *last = tick;
    return tick;
}

/* ---- queues ---- */
static void insert(struct admit_group *g, struct exec *x) {
    struct exec **at = &g->head;
    while (*at && (*at)->tick <= x->tick)
        at = &(*at)->next_queued;
    x->next_queued = *at;
    *at = x;
    g->queued++;
    x->refs++;
    x->in_queue = true;
    pthread_cond_signal(&x->service->work);
}

int admit_enqueue(struct exec *x, struct err *e) {
    struct admit_group *g = x->group;
    bool idle = !x->needs_slot || g->running + g->queued < g->limits.concurrency;
    if (!idle && g->queued >= g->limits.queue) {
        g->refused++;
        return err_set_named(e, ERR_LIMIT_EXCEEDED, "TooManyRequestsException", 400,
                             "You have exceeded the limit for the number of queries you can run "
                             "concurrently: workgroup %s runs %lld and lets %lld wait. Reduce the "
                             "number of concurrent queries and try again.",
                             g->name, (long long)g->limits.concurrency, (long long)g->limits.queue);
    }
    x->tick = next_tick(g, x->user);
    insert(g, x);
    return 0;
}

void admit_again(struct exec *x) {
    x->tick = 0;
    insert(x->group, x);
}

static bool take(struct admit_group *g, struct exec *x) {
    for (struct exec **at = &g->head; *at; at = &(*at)->next_queued) {
        if (*at != x)
            continue;
        *at = x->next_queued;
        x->next_queued = NULL;
        x->in_queue = false;
        g->queued--;
        return true;
    }
    return false;
}

bool admit_remove(struct exec *x) {
    return x->in_queue && take(x->group, x);
}

/* The first of the queue that may go on. */
static struct exec *first_ready(const struct admit_group *g) {
    bool slot = g->running < g->limits.concurrency;
    struct exec *x = g->head;
    while (x && x->needs_slot && !slot && !x->cancel)
        x = x->next_queued;
    return x;
}

struct exec *admit_next(struct query_service *q) {
    struct admit_group *best = NULL;
    struct exec *x = NULL;
    for (struct admit_group *g = q->groups; g; g = g->next) {
        struct exec *ready = g->planning < QUERY_PLANNERS - 1 ? first_ready(g) : NULL;
        if (ready && (!best || g->running + g->planning < best->running + best->planning)) {
            best = g;
            x = ready;
        }
    }
    if (!x)
        return NULL;
    take(best, x);
    best->tick = MAX_OF(best->tick, x->tick);
    best->planning++;
    x->has_slot = x->needs_slot;
    best->running += x->has_slot;
    return x;
}

void admit_planned(struct exec *x) {
    x->group->planning--;
    pthread_cond_signal(&x->service->work);
}

void admit_release(struct exec *x) {
    if (x->has_slot) {
        x->has_slot = false;
        x->group->running--;
        pthread_cond_signal(&x->service->work);
    }
}

/* ---- totals ---- */
static struct user *find_user(struct admit_group *g, struct bytes name) {
    for (int i = 0; i < g->user_count; i++)
        if (bytes_eq_str(name, g->users[i].name))
            return &g->users[i];
    if (g->user_count == USERS) /* the last stands for all further ones */
        return &g->users[USERS - 1];
    struct user *u = &g->users[g->user_count++];
    memcpy(u->name, name.ptr, MIN_OF(name.len, sizeof u->name - 1));
    return u;
}

void admit_count(struct exec *x) {
    struct admit_group *g = x->group;
    struct user *u = find_user(g, x->user.len ? x->user : BYTES("anonymous"));
    g->ended[x->state]++;
    g->reused += x->reused;
    g->queue_us += x->queue_us;
    g->engine_us += x->engine_us;
    g->scanned_bytes += x->scanned_bytes;
    g->billed_bytes += x->billed_bytes;
    u->queries++;
    u->scanned_bytes += x->scanned_bytes;
    u->billed_bytes += x->billed_bytes;
}

static void write_users(const struct admit_group *g, struct jsonw *w) {
    jsonw_name(w, "users");
    jsonw_array(w);
    for (int i = 0; i < g->user_count; i++) {
        const struct user *u = &g->users[i];
        jsonw_object(w);
        jsonw_kv_cstr(w, "user", u->name);
        jsonw_kv_u64(w, "queries", u->queries);
        jsonw_kv_u64(w, "scanned_bytes", u->scanned_bytes);
        jsonw_kv_u64(w, "billed_bytes", u->billed_bytes);
        jsonw_name(w, "price_usd");
        jsonw_f64(w, plan_price_usd(u->billed_bytes));
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_group(const struct admit_group *g, struct jsonw *w) {
    jsonw_object(w);
    jsonw_kv_cstr(w, "workgroup", g->name);
    jsonw_kv_i64(w, "running", g->running);
    jsonw_kv_i64(w, "queued", g->queued);
    jsonw_kv_u64(w, "succeeded", g->ended[EXEC_SUCCEEDED]);
    jsonw_kv_u64(w, "failed", g->ended[EXEC_FAILED]);
    jsonw_kv_u64(w, "cancelled", g->ended[EXEC_CANCELLED]);
    jsonw_kv_u64(w, "reused", g->reused);
    jsonw_kv_u64(w, "refused", g->refused);
    jsonw_kv_i64(w, "queue_ms", g->queue_us / 1000);
    jsonw_kv_i64(w, "engine_ms", g->engine_us / 1000);
    jsonw_kv_u64(w, "scanned_bytes", g->scanned_bytes);
    jsonw_kv_u64(w, "billed_bytes", g->billed_bytes);
    jsonw_name(w, "price_usd");
    jsonw_f64(w, plan_price_usd(g->billed_bytes));
    jsonw_name(w, "limits");
    jsonw_object(w);
    limits_write(&g->limits, w);
    jsonw_end_object(w);
    write_users(g, w);
    jsonw_end_object(w);
}

void query_workgroups_write(struct query_service *q, struct jsonw *w) {
    jsonw_array(w);
    pthread_mutex_lock(&q->lock);
    for (const struct admit_group *g = q->groups; g; g = g->next)
        write_group(g, w);
    pthread_mutex_unlock(&q->lock);
    jsonw_end_array(w);
}

/* ---- metrics: the text format of https://prometheus.io/docs/instrumenting/exposition_formats/ */
static void write_metric(struct query_service *q, struct buf *out, const char *name,
                         const char *type, size_t offset) {
    buf_add_fmt(out, "# TYPE tarn_query_%s %s\n", name, type);
    for (const struct admit_group *g = q->groups; g; g = g->next)
        buf_add_fmt(out, "tarn_query_%s{workgroup=\"%s\"} %llu\n", name, g->name,
                    *(const unsigned long long *)((const char *)g + offset));
}

void query_metrics_write(struct query_service *q, struct buf *out) {
    static const struct {
        const char *name, *type;
        size_t offset;
    } metrics[] = {
        {"running", "gauge", offsetof(struct admit_group, running)},
        {"queued", "gauge", offsetof(struct admit_group, queued)},
        {"succeeded_total", "counter",
         offsetof(struct admit_group, ended) + EXEC_SUCCEEDED * sizeof(uint64_t)},
        {"failed_total", "counter",
         offsetof(struct admit_group, ended) + EXEC_FAILED * sizeof(uint64_t)},
        {"cancelled_total", "counter",
         offsetof(struct admit_group, ended) + EXEC_CANCELLED * sizeof(uint64_t)},
        {"reused_total", "counter", offsetof(struct admit_group, reused)},
        {"refused_total", "counter", offsetof(struct admit_group, refused)},
        {"queue_microseconds_total", "counter", offsetof(struct admit_group, queue_us)},
        {"engine_microseconds_total", "counter", offsetof(struct admit_group, engine_us)},
        {"scanned_bytes_total", "counter", offsetof(struct admit_group, scanned_bytes)},
        {"billed_bytes_total", "counter", offsetof(struct admit_group, billed_bytes)},
    };
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < COUNT_OF(metrics); i++)
        write_metric(q, out, metrics[i].name, metrics[i].type, metrics[i].offset);
    pthread_mutex_unlock(&q->lock);
}
