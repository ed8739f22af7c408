/* sniffer.c - asks workers what new and changed folders hold.
 *
 * Folders that memory knows with the same digest take what was found then. The sampled files of the
 * others go to workers in batches, one after the other. When a worker dies, the batch is asked file
 * by file; the file it dies of alone is UNKNOWN. A folder whose files are all alike has one part;
 * else each sampled file is a part of its own. */
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "crawl/crawl_int.h"

#define BATCH_FILES 32
#define TASK_TIMEOUT_MS 120000

struct ask {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
    int rc;
    bool died;
    struct err err;
    struct buf ok; /* the answer's text */
};

static void on_done(void *ctx, const struct work_result *r) {
    struct ask *q = ctx;
    pthread_mutex_lock(&q->lock);
    q->rc = r->rc;
    q->err = r->err;
    q->died = r->worker_died || r->rc == ERR_TIMEOUT;
    if (!r->rc) {
        struct jsonw w = jsonw_to(&q->ok);
        jsonw_tree(&w, r->ok);
    }
    q->done = true;
    pthread_cond_signal(&q->answered);
    pthread_mutex_unlock(&q->lock);
}

/* One task, from submission to answer. A stop that comes meanwhile cancels it (crawl_stop). */
static int run_task(struct crawl_context *c, struct bytes message, struct ask *q) {
    struct work_task t = {.group = WORK_CRAWL,
                          .json = message,
                          .timeout_ms = TASK_TIMEOUT_MS,
                          .done = on_done,
                          .ctx = q};
    uint64_t id;
    q->done = false;
    buf_reset(&q->ok);
    int rc = work_submit(c->service->d.pool, &t, &id, c->e);
    if (rc)
        return rc;
    atomic_store(&c->job->task, id);
    if (atomic_load(&c->job->stop))
        work_cancel(c->service->d.pool, id);
    pthread_mutex_lock(&q->lock);
    while (!q->done)
        pthread_cond_wait(&q->answered, &q->lock);
    pthread_mutex_unlock(&q->lock);
    atomic_store(&c->job->task, 0);
    return 0;
}

/* ---- batches ---- */
struct item {
    struct crawl_folder *folder;
    const struct crawl_file *file;
    struct crawl_part *part; /* where the answer goes */
};

static int write_message(struct crawl_context *c, const struct item *items, size_t n,
                         struct buf *out) {
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "kind", "sniff");
    jsonw_kv_raw(&w, "csv", c->csv_rules);
    jsonw_name(&w, "files");
    jsonw_array(&w);
    for (size_t i = 0; i < n; i++) {
        struct bytes bucket, key;
        const char *path;
        struct bytes uri = arena_fmt(c->arena, "%.*s%.*s", BYTES_ARG(items[i].folder->uri),
                                     BYTES_ARG(items[i].file->name));
        if (!uri.ptr || !store_split_uri(uri, &bucket, &key))
            return err_set(c->e, ERR_NOMEM, NULL);
        int rc = store_path(c->service->d.store, c->arena, bucket, key, &path, c->e);
        if (rc)
            return rc;
        jsonw_object(&w);
        jsonw_kv_cstr(&w, "path", path);
        jsonw_kv_str(&w, "name", items[i].file->name);
        jsonw_kv_i64(&w, "size", (int64_t)items[i].file->size_bytes);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    return buf_ok(out) ? 0 : err_set(c->e, ERR_NOMEM, NULL);
}

static int unknown(struct crawl_context *c, struct crawl_part *p, const char *why) {
    static const struct crawl_schema schema = {.classification = {"UNKNOWN", 7},
                                               .compression = {"none", 4}};
    p->schema = &schema;
    p->why = arena_copy(c->arena, bytes_str(why));
    return p->why.ptr ? 0 : err_set(c->e, ERR_NOMEM, NULL);
}

static int take_answer(struct crawl_context *c, const struct item *items, size_t n,
                       struct bytes text) {
    struct json *ok;
    size_t i = 0;
    struct bytes kept = arena_copy(c->arena, text);
    int rc = kept.ptr ? json_parse(c->arena, kept, &ok, c->e) : err_set(c->e, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    JSON_FOR_EACH(j, json_get(ok, "files")) {
        if (i == n)
            break;
        struct crawl_part *p = items[i++].part;
        p->schema = schema_read(c->arena, j);
        p->rows = json_get_i64(j, "rows", 0);
        p->why = json_get_str(j, "why");
        if (!p->schema)
            return err_set(c->e, ERR_NOMEM, NULL);
    }
    return i == n ? 0 : err_set(c->e, ERR_INTERNAL, "A worker answered %zu of %zu files.", i, n);
}

static int run_batch(struct crawl_context *c, const struct item *items, size_t n, struct ask *q) {
    struct buf message = {0};
    int rc = write_message(c, items, n, &message);
    rc = rc ? rc : run_task(c, buf_bytes(&message), q);
    buf_clear(&message);
    if (rc)
        return rc;
    if (atomic_load(&c->job->stop))
        return err_set(c->e, ERR_CANCELED, "The crawl was stopped.");
    if (!q->rc)
        return buf_ok(&q->ok) ? take_answer(c, items, n, buf_bytes(&q->ok))
                              : err_set(c->e, ERR_NOMEM, NULL);
    if (!q->died) {
        *c->e = q->err;
        return q->rc;
    }
    for (size_t i = 0; n > 1 && !rc && i < n; i++)
        rc = run_batch(c, &items[i], 1, q);
    if (n == 1) {
        log_write(LOG_WARN, "crawl", "a worker died of %.*s%.*s", BYTES_ARG(items[0].folder->uri),
                  BYTES_ARG(items[0].file->name));
        rc = unknown(c, items[0].part, "the worker process ended while it read the file");
    }
    return rc;
}

/* ---- parts ---- */
/* Sampled files that are all alike become one part that stands for the whole folder. */
static int fold_parts(struct crawl_context *c, struct crawl_folder *f) {
    const struct crawl_schema *merged = f->parts[0].schema;
    int64_t rows = 0, bytes = 0;
    bool alike = true;
    for (size_t i = 0; i < f->part_count && alike; i++) {
        const struct crawl_schema *s = f->parts[i].schema;
        alike = c->config->combine
                    ? schema_is_compatible(merged, s)
                    : schema_is_similar(merged, s, bytes_eq_str(s->classification, "json"));
        alike |= !schema_is_known(merged) && !schema_is_known(s);
        merged = alike ? schema_merge(c->arena, merged, s) : merged;
        if (!merged)
            return err_set(c->e, ERR_NOMEM, NULL);
        rows += f->parts[i].rows;
        bytes += (int64_t)f->samples[i].size_bytes;
    }
    if (alike) {
        if (f->file_count > (int64_t)f->part_count && bytes > 0)
            rows = (int64_t)((double)rows * (double)f->bytes / (double)bytes);
        f->parts[0] = (struct crawl_part){.schema = merged,
                                          .files = f->file_count,
                                          .bytes = f->bytes,
                                          .rows = rows,
                                          .why = f->parts[0].why};
        f->part_count = 1;
        return 0;
    }
    for (size_t i = 0; i < f->part_count; i++) {
        f->parts[i].files = 1;
        f->parts[i].bytes = (int64_t)f->samples[i].size_bytes;
        f->parts[i].file = f->samples[i].name;
    }
    return 0;
}

static void remember(struct crawl_context *c, struct crawl_folder *root) {
    for (struct crawl_folder *f = root; f; f = crawl_folder_next(root, f)) {
        const struct crawl_seen *seen =
            f->file_count ? crawl_memory_find(&c->memory, f->uri) : NULL;
        f->known = seen != NULL;
        f->fresh =
            f->file_count && (!seen || (seen->digest != f->digest && !c->config->new_folders_only));
        if (seen && !f->fresh) {
            f->parts = seen->parts;
            f->part_count = seen->part_count;
        }
    }
}

static int ask_fresh(struct crawl_context *c, struct crawl_folder *root, struct ask *q) {
    struct item items[BATCH_FILES];
    size_t n = 0;
    int rc = 0;
    for (struct crawl_folder *f = root; f && !rc; f = crawl_folder_next(root, f)) {
        if (!f->fresh)
            continue;
        f->part_count = f->sample_count;
        f->parts = ARENA_NEW_N(c->arena, struct crawl_part, f->part_count + 1);
        if (!f->parts)
            return err_set(c->e, ERR_NOMEM, NULL);
        for (size_t i = 0; i < f->sample_count && !rc; i++) {
            items[n++] = (struct item){f, &f->samples[i], &f->parts[i]};
            c->report->files_asked++;
            if (n == BATCH_FILES) {
                rc = run_batch(c, items, n, q);
                n = 0;
            }
        }
    }
    return rc || !n ? rc : run_batch(c, items, n, q);
}

int crawl_sniff(struct crawl_context *c, const struct crawl_target *t, struct crawl_folder *root) {
    struct ask q = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};
    remember(c, root);
    int rc = ask_fresh(c, root, &q);
    for (struct crawl_folder *f = root; f && !rc; f = crawl_folder_next(root, f))
        if (f->fresh)
            rc = fold_parts(c, f);
    buf_clear(&q.ok);
    pthread_mutex_destroy(&q.lock);
    pthread_cond_destroy(&q.answered);
    return rc;
}
