/* facts.c - what is known of data files without opening them: {"row_groups":n,"columns":{"name":
 * {"bytes":n,...}}}. Delivered files bring theirs; those of foreign Parquet files are asked of a
 * worker once and kept in the catalogue with size and modification time as their validator. */
#include "base/log.h"
#include "query/query_int.h"

#define FACTS_BATCH 500

/* ---- asking a worker, waiting ----
 * The conversion workers' group: its tasks are short, while all query workers may be busy with long
 * queries, and then the planners would wait too. */
struct request {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    int rc;
    struct arena *a;
    struct bytes ok;
    struct err err;
};

static void answered(void *ctx, const struct work_result *r) {
    struct request *q = ctx;
    pthread_mutex_lock(&q->lock);
    q->rc = r->rc;
    q->err = r->err;
    if (!r->rc && r->ok)
        q->ok = arena_copy(q->a, r->ok->text);
    q->done = true;
    pthread_cond_signal(&q->cond);
    pthread_mutex_unlock(&q->lock);
}

static int ask(struct plan *p, struct bytes task, struct json **ret, struct err *e) {
    struct request q = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .a = &p->arena};
    struct work_task t = {
        .group = WORK_CONVERT, .json = task, .timeout_ms = 60000, .done = answered, .ctx = &q};
    uint64_t id;
    int rc = work_submit(p->service->d.pool, &t, &id, e);
    if (rc)
        return rc;
    pthread_mutex_lock(&q.lock);
    while (!q.done)
        pthread_cond_wait(&q.cond, &q.lock);
    pthread_mutex_unlock(&q.lock);
    if (q.rc) {
        if (e)
            *e = q.err;
        return q.rc;
    }
    return json_parse(&p->arena, q.ok, ret, e);
}

static struct bytes task_of(struct plan *p, struct plan_file *const *files, size_t n) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "kind", "facts");
    jsonw_name(&w, "paths");
    jsonw_array(&w);
    for (size_t i = 0; i < n; i++)
        jsonw_cstr(&w, files[i]->path);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    struct bytes task = arena_copy(&p->arena, buf_bytes(&out));
    p->arena.failed |= !buf_ok(&out);
    buf_clear(&out);
    return task;
}

static const struct json *answer_for(const struct json *files, const char *path) {
    JSON_FOR_EACH(f, files) {
        if (bytes_eq_str(json_get_str(f, "path"), path))
            return f;
    }
    return NULL;
}

/* Facts are a help, not a need: a file they cannot be had for is read all the same. */
static int ask_batch(struct plan *p, struct plan_file *const *files, size_t n, struct err *e) {
    struct json *ok = NULL;
    struct err why = {0};
    struct catalog_file *known = ARENA_NEW_N(&p->arena, struct catalog_file, n);
    struct bytes task = task_of(p, files, n);
    size_t count = 0;
    if (!known || p->arena.failed)
        return err_set(e, ERR_NOMEM, NULL);
    if (ask(p, task, &ok, &why)) {
        log_write(LOG_INFO, "query", "no facts of %zu files: %s", n, why.text);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        const struct json *f = answer_for(json_get(ok, "files"), files[i]->path);
        const struct json *facts = json_get(f, "facts");
        if (!facts)
            continue;
        files[i]->facts = facts;
        files[i]->rows = json_get_i64(f, "rows", 0);
        known[count++] = (struct catalog_file){.uri = files[i]->uri,
                                               .rows = files[i]->rows,
                                               .size_bytes = files[i]->size_bytes,
                                               .mtime_ns = files[i]->mtime_ns,
                                               .facts_json = facts->text};
    }
    if (count && catalog_file_put_many(p->service->d.catalog, known, count, &why))
        log_write(LOG_WARN, "query", "facts not kept: %s", why.text);
    return 0;
}

/* 1 when the cached facts of the file are there and still hold. */
static int cached(struct plan *p, struct plan_file *f, struct err *e) {
    struct catalog_file known;
    struct json *facts = NULL;
    int rc = catalog_file_get(p->service->d.catalog, &p->arena, f->uri, &known, e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return 0;
    if (rc)
        return rc;
    bool delivered = known.to_lsn > known.from_lsn && known.mtime_ns == 0;
    if (known.size_bytes != f->size_bytes || (!delivered && known.mtime_ns != f->mtime_ns))
        return 0;
    rc = json_parse(&p->arena, known.facts_json, &facts, e);
    f->facts = facts;
    f->rows = known.rows;
    return rc ? rc : 1;
}

int plan_fill_facts(struct plan *p, struct plan_scan *s, struct err *e) {
    struct plan_file **unknown = ARENA_NEW_N(&p->arena, struct plan_file *, s->file_count + 1);
    size_t n = 0;
    int rc = unknown ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < s->file_count; i++) {
        struct plan_file *f = &s->files[i];
        if (f->facts)
            continue;
        rc = cached(p, f, e);
        if (rc == 0)
            unknown[n++] = f;
        rc = rc < 0 ? rc : 0;
    }
    for (size_t i = 0; !rc && i < n; i += FACTS_BATCH)
        rc = ask_batch(p, unknown + i, MIN_OF(FACTS_BATCH, n - i), e);
    return rc;
}

/* ---- reading facts ---- */
/* A column's leaves are named column.path when it is nested. */
static bool is_of(struct bytes leaf, struct bytes column) {
    if (leaf.len > column.len && leaf.ptr[column.len] == '.')
        leaf = bytes_slice(leaf, 0, column.len);
    return bytes_eq_nocase(leaf, column);
}

int64_t plan_column_bytes(const struct plan_file *f, struct bytes column) {
    int64_t sum = -1;
    JSON_FOR_EACH(leaf, json_get(f->facts, "columns")) {
        if (is_of(leaf->name, column))
            sum = MAX_OF(sum, 0) + json_get_i64(leaf, "bytes", 0);
    }
    return sum;
}

static uint64_t file_bytes(const struct plan_scan *s, const struct plan_file *f) {
    uint64_t sum = 0;
    if (s->table->format != FORMAT_PARQUET || !f->facts)
        return f->size_bytes;
    for (size_t i = 0; i < s->table->data_count; i++) {
        int64_t n =
            s->scan->column_used[i] ? plan_column_bytes(f, s->table->info.columns[i].name) : 0;
        sum += n > 0 ? (uint64_t)n : 0;
    }
    return sum;
}

uint64_t plan_scan_bytes(const struct plan_scan *s) {
    uint64_t sum = 0;
    for (size_t i = 0; i < s->file_count; i++)
        sum += file_bytes(s, &s->files[i]);
    for (size_t i = 0; i < s->tail_count; i++)
        sum += s->tails[i].data_bytes;
    return sum;
}
