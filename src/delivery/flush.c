/* flush.c - one object's way: intent, task, commit.
 *
 *     begin    plan, then the intent in the catalogue (durable)        nothing written yet
 *     submit   pin the log range, hand the convert task to a worker    object at its key, unseen
 *     commit   partition + file + checkpoint - intent, one transaction object seen
 *
 * Killed between any two of these, the next process finds the intent and resumes with submit. A
 * worker that dies leaves at most a temporary file. An intent that cannot succeed any more (its
 * table or source is gone) is abandoned: what it may have written is deleted first, so that nobody
 * ever lists an object whose records will be delivered again under another key. */
#include "base/log.h"
#include "base/mem.h"
#include "delivery/delivery_int.h"
#include "slog/slog.h"

static int job_new(struct delivery_stream *s, struct delivery_flush_job **ret, struct err *e) {
    struct delivery_flush_job *job = mem_calloc(1, sizeof(*job));
    if (!job)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&job->arena, 0);
    job->stream = s;
    *ret = job;
    return 0;
}

static void job_free(struct delivery_flush_job *job) {
    slog_view_free(&job->view);
    buf_clear(&job->result.facts);
    arena_clear(&job->arena);
    mem_free(job);
}

void delivery_job_free(struct delivery_stream *s) {
    if (s->job)
        job_free(s->job);
    s->job = NULL;
}

static int job_load(struct delivery_flush_job *job, const struct catalog_intent *in,
                    struct err *e) {
    struct arena *a = &job->arena;
    struct json *plan;
    struct bytes text = arena_copy(a, in->json);
    job->intent_id = in->id;
    job->from_lsn = in->from_lsn;
    job->to_lsn = in->to_lsn;
    job->uri = arena_copy(a, in->uri);
    job->error_uri = arena_copy(a, in->error_uri);
    if (a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = json_parse(a, text, &plan, e);
    if (!rc)
        job->plan = plan;
    return rc;
}

/* ---- begin ---- */

static int write_intent(struct delivery_stream *s, struct delivery_flush_job *job, struct err *e) {
    struct catalog *c = s->service->deps.catalog;
    struct arena *a = &job->arena;
    struct delivery_target target;
    struct delivery_plan plan;
    int64_t created;
    int rc = store_bucket_check(s->service->deps.store, s->config->bucket, &created, e);
    if (!rc && s->config->convert)
        rc = delivery_target_get(c, a, s->config, &target, e);
    if (!rc)
        rc = delivery_plan_make(a, s->config, s->config->convert ? &target : NULL, &s->buffer,
                                &plan, e);
    if (rc)
        return rc;
    struct catalog_intent in = {.delivery = s->name,
                                .from_lsn = s->checkpoint,
                                .to_lsn = s->buffer.to_lsn,
                                .uri = plan.uri,
                                .error_uri = plan.error_uri,
                                .json = plan.json};
    rc = catalog_intent_begin(c, &in, &in.id, e);
    return rc ? rc : job_load(job, &in, e);
}

int delivery_job_begin(struct delivery_stream *s, struct err *e) {
    struct delivery_flush_job *job = NULL;
    assert(!s->job && s->buffer.records);
    int rc = job_new(s, &job, e);
    if (rc)
        return rc;
    rc = write_intent(s, job, e);
    if (rc && job->intent_id) {
        struct err ignored;
        (void)!catalog_intent_abandon(s->service->deps.catalog, job->intent_id, &ignored);
    }
    if (rc)
        job_free(job);
    else
        s->job = job;
    return rc;
}

int delivery_job_resume(struct delivery_stream *s, const struct catalog_intent *in, struct err *e) {
    struct delivery_flush_job *job = NULL;
    assert(!s->job);
    int rc = job_new(s, &job, e);
    if (!rc)
        rc = job_load(job, in, e);
    if (rc && job)
        job_free(job);
    else if (!rc)
        s->job = job;
    return rc;
}

/* ---- submit ---- */

static void take_answer(struct delivery_result *r, const struct work_result *w) {
    r->rc = w->rc;
    r->worker_died = w->worker_died;
    if (w->rc) {
        r->err = w->err;
        return;
    }
    const struct json *facts = json_get(w->ok, "facts");
    r->rows = json_get_i64(w->ok, "rows", 0);
    r->bad = json_get_i64(w->ok, "bad", 0);
    r->bytes = (uint64_t)json_get_i64(w->ok, "bytes", 0);
    r->error_bytes = (uint64_t)json_get_i64(w->ok, "error_bytes", 0);
    buf_reset(&r->facts);
    buf_add(&r->facts, facts ? facts->text : BYTES("{}"));
    if (r->facts.failed)
        r->rc = err_set(&r->err, ERR_NOMEM, NULL);
}

/* The supervisor's thread. */
static void task_done(void *ctx, const struct work_result *w) {
    struct delivery_flush_job *job = ctx;
    struct delivery_service *d = job->stream->service;
    pthread_mutex_lock(&d->wake);
    take_answer(&job->result, w);
    job->result.ready = true;
    d->kicked = true;
    pthread_cond_signal(&d->woken);
    pthread_mutex_unlock(&d->wake);
}

/* The folder that holds `path`, made when missing. */
static int make_parent(struct delivery_service *d, const char *path, struct err *e) {
    struct buf folder = {0};
    const char *slash = strrchr(path, '/');
    buf_add(&folder, bytes_of(path, (size_t)(slash - path)));
    const char *text = buf_cstr(&folder);
    int rc = text ? vfs_mkdirs(d->deps.vfs, text, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&folder);
    return rc;
}

struct paths {
    const char *output, *error_output;
};

static int find_paths(struct delivery_flush_job *job, struct paths *ret, struct err *e) {
    struct delivery_service *d = job->stream->service;
    struct bytes bucket = json_get_str(job->plan, "bucket");
    int64_t created;
    int rc = store_bucket_check(d->deps.store, bucket, &created, e);
    if (!rc)
        rc = store_path(d->deps.store, &job->arena, bucket, json_get_str(job->plan, "key"),
                        &ret->output, e);
    if (!rc)
        rc = store_path(d->deps.store, &job->arena, bucket, json_get_str(job->plan, "error_key"),
                        &ret->error_output, e);
    if (!rc)
        rc = make_parent(d, ret->output, e);
    if (rc)
        return rc;
    if (!job->tmp) {
        job->tmp = store_tmp_path(d->deps.store, &job->arena, ".delivery");
        job->error_tmp = store_tmp_path(d->deps.store, &job->arena, ".errors");
    }
    return job->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static void write_message(struct delivery_flush_job *job, const struct paths *p, struct buf *out) {
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    JSON_FOR_EACH(member, json_get(job->plan, "task")) {
        jsonw_name_bytes(&w, member->name);
        jsonw_tree(&w, member);
    }
    jsonw_kv_cstr(&w, "output", p->output);
    jsonw_kv_cstr(&w, "tmp", job->tmp);
    jsonw_kv_cstr(&w, "error_output", p->error_output);
    jsonw_kv_cstr(&w, "error_tmp", job->error_tmp);
    struct buf view = {0};
    slog_view_write_json(job->view, &view);
    jsonw_kv_raw(&w, "log", buf_bytes(&view));
    out->failed = out->failed || view.failed;
    buf_clear(&view);
    jsonw_end_object(&w);
}

static int pin(struct delivery_stream *s, struct err *e) {
    struct delivery_flush_job *job = s->job;
    struct slog_log *log = slog_find(s->service->deps.slog, s->log_name);
    if (job->view)
        return 0;
    if (!log)
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "The source stream's log %s does not exist.",
                       s->log_name);
    return slog_view_new(log, job->from_lsn, job->to_lsn, &job->view, e);
}

int delivery_job_submit(struct delivery_stream *s, struct err *e) {
    struct delivery_flush_job *job = s->job;
    struct paths paths;
    struct buf message = {0};
    int rc = pin(s, e);
    if (!rc)
        rc = find_paths(job, &paths, e);
    if (rc)
        return rc;
    write_message(job, &paths, &message);
    job->result.ready = false;
    job->result.rc = 0;
    struct work_task task = {
        .group = WORK_CONVERT, .json = buf_bytes(&message), .done = task_done, .ctx = job};
    rc = buf_ok(&message) ? work_submit(s->service->deps.pool, &task, &job->task_id, e)
                          : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&message);
    return rc;
}

bool delivery_job_ready(struct delivery_stream *s) {
    pthread_mutex_lock(&s->service->wake);
    bool ready = s->job->result.ready;
    pthread_mutex_unlock(&s->service->wake);
    return ready;
}

/* ---- commit and abandon ---- */

static int partition_values(struct arena *a, const struct json *list, const struct bytes **ret,
                            size_t *ret_count, struct err *e) {
    size_t n = list ? list->count : 0, i = 0;
    struct bytes *values = ARENA_NEW_N(a, struct bytes, n + 1);
    if (!values)
        return err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(value, list)
    values[i++] = value->text;
    *ret = n ? values : NULL;
    *ret_count = n;
    return 0;
}

int delivery_job_commit(struct delivery_stream *s, struct err *e) {
    struct delivery_flush_job *job = s->job;
    const struct delivery_result *r = &job->result;
    const struct json *partition = json_get(job->plan, "partition");
    const struct json *partition_json = json_get(partition, "json");
    struct catalog_file file = {.uri = job->uri,
                                .rows = r->rows,
                                .size_bytes = r->bytes,
                                .facts_json = buf_bytes(&r->facts),
                                .from_lsn = job->from_lsn,
                                .to_lsn = job->to_lsn};
    bool listed = r->bytes > 0 && json_get_bool(job->plan, "listed", false);
    struct catalog_intent_commit commit = {.intent_id = job->intent_id,
                                           .table_id = json_get_i64(job->plan, "table_id", 0),
                                           .files = &file,
                                           .file_count = listed ? 1 : 0};
    int rc = 0;
    if (listed && partition) {
        rc = partition_values(&job->arena, json_get(partition, "values"), &commit.partition_values,
                              &commit.partition_value_count, e);
        commit.partition_json = partition_json ? partition_json->text : BYTES("{}");
    }
    return rc ? rc : catalog_intent_commit(s->service->deps.catalog, &commit, e);
}

static int drop_object(struct store *store, struct bytes uri, struct err *e) {
    struct bytes bucket, key;
    if (!store_split_uri(uri, &bucket, &key) || key.len == 0)
        return 0;
    int rc = store_delete(store, bucket, key, e);
    /* A bucket that is gone holds no object. */
    return rc == ERR_S3 && e && bytes_eq_str(bytes_str(e->name), "NoSuchBucket") ? 0 : rc;
}

int delivery_intent_drop(struct delivery_service *d, const struct catalog_intent *in,
                         struct err *e) {
    struct err mine = {0};
    e = e ? e : &mine;
    int rc = drop_object(d->deps.store, in->uri, e);
    if (!rc)
        rc = drop_object(d->deps.store, in->error_uri, e);
    return rc ? rc : catalog_intent_abandon(d->deps.catalog, in->id, e);
}

int delivery_job_abandon(struct delivery_stream *s, struct err *e) {
    struct delivery_flush_job *job = s->job;
    struct catalog_intent in = {.id = job->intent_id, .uri = job->uri, .error_uri = job->error_uri};
    int rc = delivery_intent_drop(s->service, &in, e);
    if (rc)
        return rc;
    if (job->tmp) { /* a dead worker's */
        struct vfs *vfs = s->service->deps.vfs;
        (void)vfs->ops->unlink(vfs, job->tmp);
        (void)vfs->ops->unlink(vfs, job->error_tmp);
    }
    delivery_job_free(s);
    return 0;
}
