/* service.c - Athena's operations on executions.
 *
 * A started query is first a document (so that its id survives a crash), then a `struct exec` on
 * the live list, driven by a planner thread and the worker pool (exec.c). What is asked about it is
 * answered from the live list while it is there and from the document afterwards. A client token
 * becomes the execution's id, so starting twice with one token finds the first one's document. */
#include "base/encode.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "query/write_int.h"

#define FACTS_CACHE_BYTES MIB(32)

/* ---- open and close ---- */
/* Executions run for 30 minutes at most, so anything older than a day has ended. */
static int fail_stale(struct query_service *q, struct err *e) {
    int64_t sort = INT64_MAX, oldest = clock_wall_ms(q->d.clock) - 86400000;
    struct bytes key = BYTES("");
    size_t n = 1;
    int rc = 0;
    while (!rc && n > 0 && sort > oldest) {
        struct arena a;
        struct catalog_doc *d;
        char last[64];
        arena_init(&a, 0);
        rc = catalog_doc_list(q->d.catalog, &a, QUERY_KIND, true, sort, key, 100, &d, &n, e);
        for (size_t i = 0; !rc && i < n; i++)
            rc = record_fail_stale(q, &a, &d[i], e);
        if (!rc && n > 0) {
            sort = d[n - 1].sort;
            size_t len = MIN_OF(d[n - 1].key.len, sizeof last);
            memcpy(last, d[n - 1].key.ptr, len);
            key = bytes_of(last, len);
        }
        arena_clear(&a);
    }
    return rc;
}

static void destroy(struct query_service *q) {
    pthread_cond_destroy(&q->work);
    pthread_cond_destroy(&q->timers);
    pthread_cond_destroy(&q->drained);
    pthread_cond_destroy(&q->history_due);
    pthread_mutex_destroy(&q->lock);
    facts_cache_free(&q->facts);
    reuse_free(&q->reuse);
    admit_free_all(q);
    mem_free(q->default_location);
    mem_free(q);
}

static int start_threads(struct query_service *q, struct err *e) {
    for (int i = 0; i < QUERY_PLANNERS; i++, q->thread_count++)
        if (pthread_create(&q->planners[i], NULL, exec_planner_main, q))
            return err_set(e, ERR_UNAVAILABLE, "The planner threads could not be started.");
    if (pthread_create(&q->timer, NULL, wait_timer_main, q))
        return err_set(e, ERR_UNAVAILABLE, "The timer thread could not be started.");
    q->timer_started = true;
    if (pthread_create(&q->history, NULL, history_main, q))
        return err_set(e, ERR_UNAVAILABLE, "The history's thread could not be started.");
    q->history_started = true;
    return 0;
}

int query_open(const struct query_deps *d, struct query_service **ret, struct err *e) {
    struct query_service *q = mem_calloc(1, sizeof *q);
    if (!q)
        return err_set(e, ERR_NOMEM, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->work, NULL);
    pthread_cond_init(&q->timers, &attr);
    pthread_cond_init(&q->drained, NULL);
    pthread_cond_init(&q->history_due, &attr);
    pthread_condattr_destroy(&attr);
    q->d = *d;
    q->default_location = mem_strndup(d->default_location, strlen(d->default_location));
    int rc = facts_cache_new(FACTS_CACHE_BYTES, &q->facts, e);
    if (!rc)
        rc = reuse_new(&q->reuse, e);
    if (!rc)
        rc = q->default_location ? workgroup_open(q, e) : err_set(e, ERR_NOMEM, NULL);
    if (!rc)
        rc = fail_stale(q, e);
    if (!rc)
        rc = write_open(q, e);
    if (!rc)
        rc = start_threads(q, e);
    if (rc)
        query_close(&q);
    else
        *ret = q;
    return rc;
}

static void cancel_all(struct query_service *q) {
    uint64_t ids[64];
    size_t n;
    do {
        n = 0;
        pthread_mutex_lock(&q->lock);
        q->closing = true;
        pthread_cond_broadcast(&q->work);
        pthread_cond_broadcast(&q->timers);
        pthread_cond_broadcast(&q->history_due);
        for (struct exec *x = q->live; x && n < COUNT_OF(ids); x = x->next) {
            x->cancel = true;
            if (x->task_id)
                ids[n++] = x->task_id;
            x->task_id = 0;
        }
        pthread_mutex_unlock(&q->lock);
        for (size_t i = 0; i < n; i++)
            work_cancel(q->d.pool, ids[i]);
    } while (n == COUNT_OF(ids));
}

/* Under lock: whether an execution has not reached its end. */
static bool unfinished(const struct query_service *q) {
    for (const struct exec *x = q->live; x; x = x->next)
        if (x->state < EXEC_SUCCEEDED || x->refs > 1)
            return true;
    return false;
}

void query_close(struct query_service **pq) {
    struct query_service *q = *pq;
    if (!q)
        return;
    cancel_all(q);
    for (int i = 0; i < q->thread_count; i++)
        pthread_join(q->planners[i], NULL);
    pthread_mutex_lock(&q->lock);
    while (unfinished(q) || q->explaining)
        pthread_cond_wait(&q->drained, &q->lock);
    while (q->live) {
        struct exec *x = q->live;
        q->live = x->next;
        exec_unref(x);
    }
    pthread_mutex_unlock(&q->lock);
    if (q->timer_started)
        pthread_join(q->timer, NULL);
    if (q->history_started)
        pthread_join(q->history, NULL);
    wait_fire(wait_take(q, NULL, INT64_MAX));
    write_close(q);
    destroy(q);
    *pq = NULL;
}

/* ---- start ---- */
void query_id_from_token(struct bytes token, char id[37]) {
    uint8_t sum[SHA256_LEN];
    char hex[SHA256_LEN * 2];
    sha256(token, sum);
    sum[6] = (uint8_t)((sum[6] & 0x0f) | 0x40);
    sum[8] = (uint8_t)((sum[8] & 0x3f) | 0x80);
    hex_encode(bytes_of(sum, sizeof sum), hex);
    size_t o = 0;
    for (size_t i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            id[o++] = '-';
        id[o++] = hex[i];
    }
    id[o] = 0;
}

static int invalid_sql(struct err *e, const struct err *why) {
    if (why->code != ERR_SQL) {
        if (e)
            *e = *why;
        return why->code;
    }
    struct err copy = *why;
    int rc =
        copy.line && strncmp(copy.text, "line ", 5) != 0 && strncmp(copy.text, "FAILED:", 7) != 0
            ? err_set(e, ERR_INVALID_REQUEST, "line %d:%d: %s", copy.line, copy.column, copy.text)
            : err_set(e, ERR_INVALID_REQUEST, "%s", copy.text);
    return rc;
}

static void set_kind(struct exec *x, enum sql_kind kind) {
    x->is_select = kind == SQL_SELECT;
    x->is_write = kind == SQL_CREATE_TABLE_AS || kind == SQL_INSERT || kind == SQL_UNLOAD;
    x->makes_table = kind == SQL_CREATE_TABLE_AS;
}

static int read_statement(struct exec *x, struct err *e) {
    struct sql_statement *s = NULL;
    struct err why;
    struct arena a;
    arena_init(&a, 0);
    int rc = exec_resolve(x, &a, &s, &why);
    if (rc)
        rc = invalid_sql(e, &why);
    if (!rc) {
        struct sql_explain explain;
        set_kind(x, sql_statement_kind(s));
        x->is_analyze = sql_statement_explain(s, &explain) && explain.analyze;
        x->needs_slot = x->is_select || x->is_analyze || x->is_write;
    }
    arena_clear(&a);
    return rc;
}

static struct bytes or_else(struct bytes v, const char *otherwise) {
    return v.len ? v : bytes_str(otherwise);
}

static struct bytes lower(struct arena *a, struct bytes v) {
    struct bytes r = arena_copy(a, v);
    for (size_t i = 0; r.ptr && i < r.len; i++)
        if (r.ptr[i] >= 'A' && r.ptr[i] <= 'Z')
            ((char *)r.ptr)[i] = (char)(r.ptr[i] + 32);
    return r;
}

static void copy_parameters(struct exec *x, const struct query_start *in) {
    struct bytes *v = ARENA_NEW_N(&x->arena, struct bytes, in->parameter_count + 1);
    for (size_t i = 0; v && i < in->parameter_count; i++)
        v[i] = arena_copy(&x->arena, in->parameters[i]);
    x->parameters = x->given = v;
    x->parameter_count = x->given_count = in->parameter_count;
}

static void name_output(struct exec *x, struct bytes location) {
    const char *end = x->is_select ? ".csv" : x->is_write ? "" : ".txt";
    x->output_uri = arena_fmt(&x->arena, "%.*s%s%s%s", BYTES_ARG(location),
                              x->makes_table ? "tables/" : "", x->id, end);
    if (x->is_write)
        x->manifest_uri = arena_fmt(&x->arena, "%.*s-manifest.csv", BYTES_ARG(x->output_uri));
}

/* What its workgroup says, which may overrule the request, and then what the text is. */
static int settle(struct query_service *q, const struct query_start *in, struct exec *x,
                  struct arena *a, struct err *e) {
    struct workgroup g = {0};
    int rc = workgroup_load(q, a, x->workgroup, in->results, &g, e);
    if (!rc)
        rc = read_statement(x, e);
    if (!rc)
        rc = admit_workgroup(q, x->workgroup, &g.limits, &x->group, e);
    if (rc)
        return rc;
    x->limits = g.limits;
    x->engine = arena_copy(&x->arena, or_else(g.engine, "AUTO"));
    x->results_json = g.results ? arena_copy(&x->arena, g.results->text) : BYTES("");
    name_output(x, g.location);
    return x->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static int fill(struct query_service *q, const struct query_start *in, struct exec *x,
                struct err *e) {
    struct arena a;
    x->service = q;
    x->refs = 1;
    x->has_token = in->client_token.len > 0;
    x->submitted_ms = clock_wall_ms(q->d.clock);
    x->submitted_us = clock_mono_us(q->d.clock);
    x->sql = arena_copy(&x->arena, in->sql);
    x->database = lower(&x->arena, or_else(in->database, "default"));
    x->catalog_name = arena_copy(&x->arena, or_else(in->catalog_name, "AwsDataCatalog"));
    x->workgroup = arena_copy(&x->arena, or_else(in->workgroup, "primary"));
    x->user = arena_copy(&x->arena, in->user);
    x->reuse_minutes = in->reuse_minutes;
    x->columns_json = BYTES("[]");
    copy_parameters(x, in);
    if (x->has_token)
        query_id_from_token(in->client_token, x->id);
    else
        uuid_make(x->id);
    arena_init(&a, 0);
    int rc = x->arena.failed ? err_set(e, ERR_NOMEM, NULL) : settle(q, in, x, &a, e);
    arena_clear(&a);
    return rc;
}

/* The document of the same token's first start: the same query? */
static int check_same(struct query_service *q, const struct exec *x, struct err *e) {
    struct arena a;
    struct catalog_doc d;
    struct json *root = NULL;
    arena_init(&a, 0);
    int rc = catalog_doc_get(q->d.catalog, &a, QUERY_KIND, bytes_str(x->id), &d, e);
    if (!rc)
        rc = json_parse(&a, d.json, &root, e);
    if (!rc) {
        const struct json *qe = json_get(root, "QueryExecution");
        const struct json *context = json_get(qe, "QueryExecutionContext");
        if (!bytes_eq(json_get_str(qe, "Query"), x->sql) ||
            !bytes_eq(json_get_str(context, "Database"), x->database) ||
            !bytes_eq(json_get_str(qe, "WorkGroup"), x->workgroup))
            rc = err_set(e, ERR_INVALID_REQUEST, "Idempotent parameters do not match");
    }
    arena_clear(&a);
    return rc;
}

static int persist(struct query_service *q, struct exec *x, struct err *e) {
    struct buf json = {0};
    record_write(x, &json);
    int rc = buf_ok(&json) ? catalog_doc_create(q->d.catalog, QUERY_KIND, bytes_str(x->id),
                                                x->submitted_ms, buf_bytes(&json), e)
                           : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&json);
    return rc;
}

/* Of one that was refused nothing is left. */
static void forget(struct query_service *q, const struct exec *x) {
    struct err e = {0};
    if (catalog_doc_delete(q->d.catalog, QUERY_KIND, bytes_str(x->id), &e))
        log_write(LOG_WARN, "query", "%s: its record was not deleted: %s", x->id, e.text);
}

static int go_live(struct query_service *q, struct exec *x, struct err *e) {
    pthread_mutex_lock(&q->lock);
    int rc =
        q->closing ? err_set(e, ERR_UNAVAILABLE, "The server is stopping.") : admit_enqueue(x, e);
    if (!rc) {
        x->next = q->live;
        q->live = x;
    }
    pthread_mutex_unlock(&q->lock);
    if (rc)
        forget(q, x);
    return rc;
}

int query_start(struct query_service *q, const struct query_start *in, char ret_id[37],
                struct err *e) {
    struct exec *x = mem_calloc(1, sizeof *x);
    if (!x)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&x->arena, 0);
    int rc = fill(q, in, x, e);
    if (!rc)
        rc = persist(q, x, e);
    bool repeated = rc == ERR_ALREADY_EXISTS && x->has_token;
    if (repeated)
        rc = check_same(q, x, e);
    if (!rc)
        memcpy(ret_id, x->id, sizeof x->id);
    if (!rc && !repeated)
        rc = go_live(q, x, e);
    if (rc || repeated)
        exec_free(x);
    return rc;
}

/* ---- look ---- */
static int not_found(struct bytes id, struct err *e) {
    return err_set(e, ERR_INVALID_REQUEST, "QueryExecution %.*s was not found", BYTES_ARG(id));
}

static int describe_stored(struct query_service *q, struct arena *a, struct bytes id,
                           struct bytes *ret_json, struct err *e) {
    struct catalog_doc d;
    struct json *root = NULL;
    int rc = catalog_doc_get(q->d.catalog, a, QUERY_KIND, id, &d, e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return not_found(id, e);
    if (!rc)
        rc = json_parse(a, d.json, &root, e);
    if (rc)
        return rc;
    const struct json *qe = json_get(root, "QueryExecution");
    *ret_json = qe ? qe->text : BYTES("{}");
    return 0;
}

int query_describe(struct query_service *q, struct arena *a, struct bytes id,
                   struct bytes *ret_json, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    pthread_mutex_lock(&q->lock);
    struct exec *x = exec_find(q, id);
    if (x)
        record_write_execution(x, &w);
    pthread_mutex_unlock(&q->lock);
    if (!x)
        return describe_stored(q, a, id, ret_json, e);
    *ret_json = arena_copy(a, buf_bytes(&out));
    int rc = buf_ok(&out) && !a->failed ? 0 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&out);
    return rc;
}

bool query_is_brief(struct query_service *q, struct bytes id) {
    pthread_mutex_lock(&q->lock);
    const struct exec *x = exec_find(q, id);
    bool r = x && !x->needs_slot && x->state <= EXEC_RUNNING;
    pthread_mutex_unlock(&q->lock);
    return r;
}

int query_runtime_statistics(struct query_service *q, struct arena *a, struct bytes id,
                             struct bytes *ret_json, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    struct catalog_doc d;
    struct json *root = NULL;
    pthread_mutex_lock(&q->lock);
    struct exec *x = exec_find(q, id);
    if (x)
        record_write_runtime(x, &w);
    pthread_mutex_unlock(&q->lock);
    int rc = x ? 0 : catalog_doc_get(q->d.catalog, a, QUERY_KIND, id, &d, e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return not_found(id, e);
    if (!rc && !x)
        rc = json_parse(a, d.json, &root, e);
    const struct json *stored = json_get(root, "Runtime");
    *ret_json = x ? arena_copy(a, buf_bytes(&out)) : stored ? stored->text : BYTES("{}");
    if (!rc && (!buf_ok(&out) || a->failed))
        rc = err_set(e, ERR_NOMEM, NULL);
    buf_clear(&out);
    return rc;
}

/* What waits or is being planned ends here; what a worker runs is interrupted, and ends by the
 * worker's answer or death. Statements that run in the front are too short to be stopped. */
static void stop_live(struct query_service *q, struct exec *x) {
    pthread_mutex_lock(&q->lock);
    bool was_queued = admit_remove(x);
    bool planned = x->needs_slot && !x->is_write; /* a write may be past its planning */
    bool now = !x->ended && !x->task_id && (was_queued || planned);
    pthread_mutex_unlock(&q->lock);
    if (now)
        exec_conclude(x, EXEC_CANCELLED, NULL);
    pthread_mutex_lock(&q->lock);
    if (was_queued)
        exec_unref(x); /* the queue's */
    exec_unref(x);     /* query_stop's */
    pthread_mutex_unlock(&q->lock);
}

int query_stop(struct query_service *q, struct bytes id, struct err *e) {
    struct arena a;
    struct catalog_doc d;
    pthread_mutex_lock(&q->lock);
    struct exec *x = exec_find(q, id);
    uint64_t task = x ? x->task_id : 0;
    if (x) {
        x->cancel = true;
        x->refs++;
    }
    pthread_mutex_unlock(&q->lock);
    if (task)
        work_cancel(q->d.pool, task);
    if (x) {
        stop_live(q, x);
        return 0;
    }
    arena_init(&a, 0);
    int rc = catalog_doc_get(q->d.catalog, &a, QUERY_KIND, id, &d, e);
    arena_clear(&a);
    return rc == ERR_RESOURCE_NOT_FOUND ? not_found(id, e) : rc;
}

/* ---- list: a token is "<sort>:<id>" of the last one seen ---- */
static bool of_workgroup(struct arena *a, struct bytes json, struct bytes workgroup) {
    struct json *root;
    if (json_parse(a, json, &root, NULL))
        return false;
    return bytes_eq(json_get_str(json_get(root, "QueryExecution"), "WorkGroup"), workgroup);
}

static int list_from(struct query_service *q, struct arena *a, struct bytes workgroup, size_t max,
                     int64_t sort, struct bytes key, struct bytes *ids, size_t *count,
                     struct bytes *ret_next, struct err *e) {
    int64_t last_sort = 0;
    size_t n = 1;
    while (n > 0) {
        struct catalog_doc *d;
        int rc = catalog_doc_list(q->d.catalog, a, QUERY_KIND, true, sort, key, max + 1, &d, &n, e);
        if (rc)
            return rc;
        for (size_t i = 0; i < n; i++) {
            if (!of_workgroup(a, d[i].json, workgroup))
                continue;
            if (*count == max) {
                *ret_next =
                    arena_fmt(a, "%lld:%.*s", (long long)last_sort, BYTES_ARG(ids[max - 1]));
                return 0;
            }
            ids[(*count)++] = d[i].key;
            last_sort = d[i].sort;
        }
        if (n > 0) {
            sort = d[n - 1].sort;
            key = d[n - 1].key;
        }
    }
    return 0;
}

int query_list(struct query_service *q, struct arena *a, struct bytes workgroup, size_t max,
               struct bytes token, struct bytes **ret_ids, size_t *ret_count,
               struct bytes *ret_next, struct err *e) {
    int64_t sort = INT64_MAX;
    struct bytes key = BYTES(""), number;
    struct bytes *ids = ARENA_NEW_N(a, struct bytes, max);
    if (!ids)
        return err_set(e, ERR_NOMEM, NULL);
    if (token.len) {
        key = bytes_cut(token, ':', &number);
        if (!bytes_to_i64(number, &sort) || key.len == 0)
            return err_set(e, ERR_INVALID_REQUEST, "Invalid NextToken.");
    }
    *ret_next = BYTES("");
    *ret_count = 0;
    int rc =
        list_from(q, a, or_else(workgroup, "primary"), max, sort, key, ids, ret_count, ret_next, e);
    *ret_ids = ids;
    return rc;
}

/* ---- the default database ---- */
void query_make_default_database(struct query_service *q) {
    struct err e = {0};
    pthread_mutex_lock(&q->lock);
    bool there = q->has_default_database;
    q->has_default_database = true;
    pthread_mutex_unlock(&q->lock);
    if (there)
        return;
    int rc = catalog_database_create(
        q->d.catalog, BYTES("default"),
        BYTES("{\"Name\":\"default\",\"Description\":\"Default database\"}"), &e);
    if (rc && rc != ERR_ALREADY_EXISTS)
        log_write(LOG_WARN, "query", "the default database was not made: %s", e.text);
}
