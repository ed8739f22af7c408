/* facts.c - what is known of a scan's Parquet files without opening them.
 *
 *     the front's cache -> the catalogue -> a worker reads the footer, in batches
 *
 * Delivered files bring their facts; those of foreign files are asked of a worker once. In the
 * cache and the catalogue they hold while the file's size and modification time are the same. A
 * file that changed within the clock's grain could change again unnoticed: what was learned of it
 * serves this plan and is not kept. Row groups are chosen by what is kept here, so facts that do
 * not hold would lose rows. */
#include "base/log.h"
#include "base/mem.h"
#include "query/query_int.h"
#include <stdlib.h>

#define FACTS_BATCH 128
#define GRAIN_NS ((int64_t)100 * 1000 * 1000)

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

static int ask(struct query_service *s, struct arena *a, struct bytes task, struct json **ret,
               struct err *e) {
    struct request q = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .a = a};
    struct work_task t = {
        .group = WORK_CONVERT, .json = task, .timeout_ms = 60000, .done = answered, .ctx = &q};
    uint64_t id;
    int rc = work_submit(s->d.pool, &t, &id, e);
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
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : json_parse(a, q.ok, ret, e);
}

static struct bytes task_of(struct arena *a, struct plan_file *const *files, size_t n) {
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
    struct bytes task = arena_copy(a, buf_bytes(&out));
    a->failed |= !buf_ok(&out);
    buf_clear(&out);
    return task;
}

/* ---- facts that the plan holds ---- */
static int hold(struct plan *p, struct plan_file *f, const struct file_facts *facts,
                struct err *e) {
    if (p->facts_count == p->facts_cap) {
        size_t cap = p->facts_cap ? p->facts_cap * 2 : 64;
        const struct file_facts **grown = mem_realloc(p->facts, cap * sizeof *grown);
        if (!grown) {
            facts_cache_release(p->service->facts, facts);
            return err_set(e, ERR_NOMEM, NULL);
        }
        p->facts = grown;
        p->facts_cap = cap;
    }
    p->facts[p->facts_count++] = facts;
    f->facts = facts;
    f->rows = facts->rows;
    return 0;
}

void plan_drop_facts(struct plan *p) {
    for (size_t i = 0; i < p->facts_count; i++)
        facts_cache_release(p->service->facts, p->facts[i]);
    mem_free(p->facts);
    p->facts = NULL;
    p->facts_count = p->facts_cap = 0;
}

static int64_t validator(const struct plan_file *f) {
    return f->delivered ? 0 : f->mtime_ns;
}
static bool is_settled(const struct plan_file *f) {
    return f->delivered ||
           f->mtime_ns / 1000000 + GRAIN_NS / 1000000 < clock_wall_ms(clock_system());
}

/* Parses, keeps when it will still hold, and gives it to the plan. */
static int learn(struct plan *p, struct plan_file *f, struct bytes json, int64_t rows,
                 struct err *e) {
    struct file_facts *parsed = NULL;
    int rc = facts_parse(json, rows, &parsed, e);
    if (rc)
        return rc;
    /* of files that cannot be trusted yet, an entry that no look-up will match */
    bool kept = is_settled(f) && parsed->detailed;
    return hold(p, f,
                facts_cache_put(p->service->facts, f->uri, kept ? f->size_bytes : UINT64_MAX,
                                validator(f), parsed),
                e);
}

/* ---- the worker's answers ---- */
static int path_order(const void *a, const void *b) {
    const struct plan_file *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}
static int path_find(const void *key, const void *item) {
    const struct plan_file *const *f = item;
    return bytes_cmp(*(const struct bytes *)key, bytes_str((*f)->path));
}

static int take_answers(struct plan *p, struct arena *a, struct plan_file **files, size_t n,
                        const struct json *answers, struct err *e) {
    struct catalog_file *known = ARENA_NEW_N(a, struct catalog_file, n);
    struct err why = {0};
    size_t count = 0;
    int rc = known ? 0 : err_set(e, ERR_NOMEM, NULL);
    qsort(files, n, sizeof *files, path_order);
    JSON_FOR_EACH(answer, rc ? NULL : answers) {
        struct bytes path = json_get_str(answer, "path");
        struct plan_file **f = bsearch(&path, files, n, sizeof *files, path_find);
        const struct json *facts = json_get(answer, "facts");
        int64_t rows = json_get_i64(answer, "rows", 0);
        if (!f || !facts || count == n)
            continue;
        rc = learn(p, *f, facts->text, rows, e);
        if (rc)
            return rc;
        if (!is_settled(*f))
            continue;
        known[count++] = (struct catalog_file){.uri = (*f)->uri,
                                               .rows = rows,
                                               .size_bytes = (*f)->size_bytes,
                                               .mtime_ns = validator(*f),
                                               .facts_json = facts->text,
                                               .from_lsn = (*f)->from_lsn,
                                               .to_lsn = (*f)->to_lsn};
    }
    if (count && catalog_file_put_many(p->service->d.catalog, known, count, &why))
        log_write(LOG_WARN, "query", "facts not kept: %s", why.text);
    return rc;
}

/* Facts are a help, not a need: a file they cannot be had for is read all the same. */
static int ask_batch(struct plan *p, struct plan_file **files, size_t n, struct err *e) {
    struct arena a;
    struct json *ok = NULL;
    struct err why = {0};
    arena_init(&a, 0);
    struct bytes task = task_of(&a, files, n);
    int rc = a.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    if (!rc && ask(p->service, &a, task, &ok, &why))
        log_write(LOG_INFO, "query", "no facts of %zu files: %s", n, why.text);
    else if (!rc)
        rc = take_answers(p, &a, files, n, json_get(ok, "files"), e);
    arena_clear(&a);
    return rc;
}

/* ---- the catalogue's ---- */
static bool holds(const struct plan_file *f, const struct catalog_file *known) {
    return known->uri.len && known->facts_json.len && known->size_bytes == f->size_bytes &&
           (f->delivered || known->mtime_ns == f->mtime_ns);
}

/* Leaves in `files` those whose row groups are still not known; returns how many. */
static int read_stored(struct plan *p, struct plan_file **files, size_t n, size_t *ret_left,
                       struct err *e) {
    struct arena a;
    arena_init(&a, 0);
    struct bytes *uris = ARENA_NEW_N(&a, struct bytes, n);
    struct catalog_file *known = ARENA_NEW_N(&a, struct catalog_file, n);
    int rc = uris && known ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < n; i++)
        uris[i] = files[i]->uri;
    if (!rc)
        rc = catalog_file_get_many(p->service->d.catalog, &a, uris, n, known, e);
    *ret_left = 0;
    for (size_t i = 0; !rc && i < n; i++) {
        struct plan_file *f = files[i];
        f->from_lsn = known[i].from_lsn;
        f->to_lsn = known[i].to_lsn;
        if (holds(f, &known[i]))
            rc = learn(p, f, known[i].facts_json, known[i].rows, e);
        if (!f->facts || !f->facts->detailed)
            files[(*ret_left)++] = f;
    }
    arena_clear(&a);
    return rc;
}

/* Both in batches, so that memory for texts stays small. */
static int find_out(struct plan *p, struct plan_file **files, size_t n, struct err *e) {
    size_t unknown = 0, left;
    int rc = 0;
    for (size_t i = 0; !rc && i < n; i += FACTS_BATCH) {
        size_t count = MIN_OF(FACTS_BATCH, n - i);
        rc = read_stored(p, files + i, count, &left, e);
        memmove(files + unknown, files + i, left * sizeof *files);
        unknown += left;
    }
    for (size_t i = 0; !rc && i < unknown; i += FACTS_BATCH)
        rc = ask_batch(p, files + i, MIN_OF(FACTS_BATCH, unknown - i), e);
    return rc;
}

static int fill(struct plan *p, struct plan_scan *s, struct err *e) {
    struct plan_file **unknown = ARENA_NEW_N(&p->arena, struct plan_file *, s->file_count + 1);
    size_t n = 0;
    int rc = unknown ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < s->file_count; i++) {
        struct plan_file *f = &s->files[i];
        const struct file_facts *known =
            facts_cache_get(p->service->facts, f->uri, f->size_bytes, validator(f));
        if (known)
            rc = hold(p, f, known, e);
        else
            unknown[n++] = f;
    }
    return rc || !n ? rc : find_out(p, unknown, n, e);
}

int plan_read_facts(struct plan *p, struct plan_scan *s, struct err *e) {
    struct plan_file **files = ARENA_NEW_N(&p->arena, struct plan_file *, s->file_count + 1);
    size_t left;
    int rc = files ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < s->file_count; i++)
        files[i] = &s->files[i];
    for (size_t i = 0; !rc && i < s->file_count; i += FACTS_BATCH) {
        size_t n = MIN_OF(FACTS_BATCH, s->file_count - i);
        struct plan_file *batch[FACTS_BATCH]; /* read_stored takes out what is known */
        memcpy(batch, files + i, n * sizeof *batch);
        rc = read_stored(p, batch, n, &left, e);
        for (size_t j = 0; j < n; j++)
            files[i + j]->facts = NULL;
        rc = rc ? rc : ask_batch(p, files + i, n, e);
    }
    return rc;
}

int plan_fill_facts(struct plan *p, struct plan_scan *s, struct err *e) {
    int rc = fill(p, s, e);
    if (!rc && by_index_is(s->table))
        rc = by_index_rename(p, s, e);
    if (!rc)
        rc = plan_choose_row_groups(p, s, e);
    if (!rc)
        rc = plan_check_types(p, s, e);
    return rc ? rc : plan_choose_leaves(p, s, e);
}
