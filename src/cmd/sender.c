/* sender.c - one producer, n connections, a hand-over slot between them.
 *
 * The producer fills `open`; when it is full it swaps it with the buffer of a connection that
 * waits. Each connection thread owns its batch and its client while it sends; all shared fields are
 * under one lock. */
#include "cmd/sender.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "http/client.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define BATCH_RECORDS 500
#define BATCH_BYTES (4u << 20)
#define CONNECTIONS_MAX 16

struct batch {
    struct buf body; /* {"StreamName":..,"Records":[..., without the closing brackets */
    size_t count;
};

struct connection {
    struct sender *sender;
    struct client *client;
    pthread_t thread;
    bool started;
    bool busy; /* has a batch; under lock */
    struct batch batch;
};

struct sender {
    char stream[160];
    struct batch open; /* the producer's */
    struct connection connections[CONNECTIONS_MAX];
    int count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under lock: */
    bool stop;
    int rc; /* first failure */
    struct err err;
    uint64_t acknowledged;
};

static void batch_start(struct sender *s, struct batch *b) {
    buf_reset(&b->body);
    b->count = 0;
    buf_add_fmt(&b->body, "{\"StreamName\":\"%s\",\"Records\":[", s->stream);
}

static void batch_add(struct batch *b, struct bytes key, struct bytes data) {
    buf_add_str(&b->body, b->count ? ",{\"PartitionKey\":" : "{\"PartitionKey\":");
    struct jsonw w = jsonw_to(&b->body);
    jsonw_str(&w, key);
    buf_add_str(&b->body, ",\"Data\":\"");
    buf_add_base64(&b->body, data);
    buf_add_str(&b->body, "\"}");
    b->count++;
}

/* The records of `sent` whose result carries an error code, as a new batch. */
static int collect_failed(struct sender *s, struct arena *a, struct bytes sent,
                          const struct json *results, struct batch *again, struct err *e) {
    struct json *request;
    int rc = json_parse(a, sent, &request, e);
    if (rc) {
        return rc;
    }
    batch_start(s, again);
    const struct json *record = json_get(request, "Records")->first;
    JSON_FOR_EACH(result, results) {
        if (json_get(result, "ErrorCode") && record) {
            buf_add_str(&again->body, again->count ? "," : "");
            buf_add(&again->body, record->text);
            again->count++;
        }
        record = record ? record->next : NULL;
    }
    return buf_ok(&again->body) ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* Sends until every record is acknowledged. */
static int send_batch(struct connection *c, struct err *e) {
    struct batch *b = &c->batch, again = {0};
    int rc = 0;
    for (long pause_ms = 20; !rc && b->count > 0; pause_ms = MIN_OF(pause_ms * 2, 2000)) {
        struct arena a;
        const struct json *reply;
        arena_init(&a, 0);
        buf_add_str(&b->body, "]}");
        rc = buf_ok(&b->body) ? client_call(c->client, &a, "kinesis", "PutRecords",
                                            buf_bytes(&b->body), &reply, e)
                              : err_set(e, ERR_NOMEM, NULL);
        size_t failed = rc ? 0 : (size_t)json_get_i64(reply, "FailedRecordCount", 0);
        if (!rc) {
            pthread_mutex_lock(&c->sender->lock);
            c->sender->acknowledged += b->count - failed;
            pthread_mutex_unlock(&c->sender->lock);
            b->count = 0;
        }
        if (failed) {
            rc = collect_failed(c->sender, &a, buf_bytes(&b->body), json_get(reply, "Records"),
                                &again, e);
            struct batch swap = *b;
            *b = again;
            again = swap;
            nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000 % 1000000000}, NULL);
        }
        arena_clear(&a);
    }
    buf_clear(&again.body);
    return rc;
}

static void *connection_main(void *arg) {
    struct connection *c = arg;
    struct sender *s = c->sender;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!c->busy && !s->stop) {
            pthread_cond_wait(&s->changed, &s->lock);
        }
        if (!c->busy) {
            break;
        }
        pthread_mutex_unlock(&s->lock);
        struct err e = {0};
        int rc = send_batch(c, &e);
        pthread_mutex_lock(&s->lock);
        if (rc && !s->rc) {
            s->rc = rc;
            s->err = e;
        }
        c->busy = false;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static int start_connection(struct sender *s, struct connection *c, struct err *e) {
    c->sender = s;
    int rc = client_new(NULL, &c->client, e);
    if (rc) {
        return rc;
    }
    if (pthread_create(&c->thread, NULL, connection_main, c)) {
        return err_set(e, ERR_NOMEM, "No thread could be started.");
    }
    c->started = true;
    return 0;
}

int sender_new(const struct sender_options *o, struct sender **ret, struct err *e) {
    struct sender *s = mem_calloc(1, sizeof *s);
    if (!s) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    snprintf(s->stream, sizeof s->stream, "%s", o->stream);
    s->count = MAX_OF(1, MIN_OF(o->connections, CONNECTIONS_MAX));
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    batch_start(s, &s->open);
    int rc = 0;
    for (int i = 0; !rc && i < s->count; i++) {
        rc = start_connection(s, &s->connections[i], e);
    }
    if (rc) {
        sender_free(&s);
        return rc;
    }
    *ret = s;
    return 0;
}

static struct connection *find_free(struct sender *s) {
    for (int i = 0; i < s->count; i++) {
        if (!s->connections[i].busy) {
            return &s->connections[i];
        }
    }
    return NULL;
}

static int failure(struct sender *s, struct err *e) {
    if (s->rc && e) {
        *e = s->err;
    }
    return s->rc;
}

int sender_flush(struct sender *s, struct err *e) {
    if (s->open.count == 0) {
        return 0;
    }
    pthread_mutex_lock(&s->lock);
    struct connection *c;
    while (!(c = find_free(s)) && !s->rc) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    int rc = failure(s, e);
    if (!rc) {
        struct batch swap = c->batch;
        c->batch = s->open;
        s->open = swap;
        c->busy = true;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    batch_start(s, &s->open);
    return rc;
}

int sender_add(struct sender *s, struct bytes partition_key, struct bytes data, struct err *e) {
    batch_add(&s->open, partition_key, data);
    if (!buf_ok(&s->open.body)) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    bool full = s->open.count >= BATCH_RECORDS || s->open.body.len >= BATCH_BYTES;
    return full ? sender_flush(s, e) : 0;
}

static bool any_busy(struct sender *s) {
    for (int i = 0; i < s->count; i++) {
        if (s->connections[i].busy) {
            return true;
        }
    }
    return false;
}

int sender_finish(struct sender *s, struct err *e) {
    int rc = sender_flush(s, e);
    pthread_mutex_lock(&s->lock);
    while (any_busy(s)) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    rc = rc ? rc : failure(s, e);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

uint64_t sender_acknowledged(struct sender *s) {
    pthread_mutex_lock(&s->lock);
    uint64_t n = s->acknowledged;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void sender_free(struct sender **ps) {
    struct sender *s = *ps;
    if (!s) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->count; i++) {
        struct connection *c = &s->connections[i];
        if (c->started) {
            pthread_join(c->thread, NULL);
        }
        client_free(&c->client);
        buf_clear(&c->batch.body);
    }
    buf_clear(&s->open.body);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
    *ps = NULL;
}
