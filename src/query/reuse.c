/* reuse.c - earlier results for the same question.
 *
 * A result is noted under two digests: of its question (workgroup, catalogue, database, text,
 * parameters), for reuse by age, and of what its plan read (engine text with every file, each
 * file's size and time of change, the logs' ranges), for reuse by data version. The notes are a
 * table in memory, the newest ones kept; they are made again from the catalogue after a restart,
 * those of data versions excepted. */
#include "query/reuse.h"
#include "base/hash.h"
#include "base/mem.h"
#include "query/query_int.h"

#define NOTES 8192 /* places, a power of two */
#define PROBES 8

struct note {
    uint8_t digest[REUSE_DIGEST];
    char id[37];
    int64_t completed_ms; /* 0: free */
};
struct reuse_cache {
    pthread_mutex_t lock;
    struct note notes[NOTES];
};

int reuse_new(struct reuse_cache **ret, struct err *e) {
    struct reuse_cache *c = mem_calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_NOMEM, NULL);
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return 0;
}

void reuse_free(struct reuse_cache **c) {
    if (*c)
        pthread_mutex_destroy(&(*c)->lock);
    mem_free(*c);
    *c = NULL;
}

/* ---- notes ---- */
static size_t place(const uint8_t digest[REUSE_DIGEST], size_t probe) {
    uint64_t h;
    memcpy(&h, digest, sizeof h);
    return (size_t)(h + probe) % NOTES;
}

bool reuse_find(struct reuse_cache *c, const uint8_t digest[REUSE_DIGEST], int64_t oldest_ms,
                char ret_id[37]) {
    bool found = false;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < PROBES && !found; i++) {
        const struct note *n = &c->notes[place(digest, i)];
        found = n->completed_ms && n->completed_ms >= oldest_ms &&
                memcmp(n->digest, digest, REUSE_DIGEST) == 0;
        if (found)
            memcpy(ret_id, n->id, 37);
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

/* The same question's note, else the oldest among the places it may have. */
void reuse_note(struct reuse_cache *c, const uint8_t digest[REUSE_DIGEST], const char *id,
                int64_t completed_ms) {
    struct note *best = NULL;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < PROBES; i++) {
        struct note *n = &c->notes[place(digest, i)];
        bool same = n->completed_ms && memcmp(n->digest, digest, REUSE_DIGEST) == 0;
        if (same || !best || n->completed_ms < best->completed_ms)
            best = n;
        if (same)
            break;
    }
    if (best->completed_ms <= completed_ms || memcmp(best->digest, digest, REUSE_DIGEST) != 0) {
        memcpy(best->digest, digest, REUSE_DIGEST);
        memcpy(best->id, id, 37);
        best->completed_ms = completed_ms;
    }
    pthread_mutex_unlock(&c->lock);
}

/* ---- digests ---- */
static void add_part(struct buf *out, struct bytes part) {
    buf_add_fmt(out, "%zu:", part.len);
    buf_add(out, part);
}

static bool digest_of(struct buf *text, uint8_t ret[REUSE_DIGEST]) {
    bool ok = buf_ok(text);
    if (ok)
        sha256(buf_bytes(text), ret);
    buf_clear(text);
    return ok;
}

static bool key_of(struct bytes workgroup, struct bytes catalog_name, struct bytes database,
                   struct bytes sql, struct bytes parameters, uint8_t ret[REUSE_DIGEST]) {
    struct buf text = {0};
    add_part(&text, workgroup);
    add_part(&text, catalog_name);
    add_part(&text, database);
    add_part(&text, sql);
    add_part(&text, parameters);
    return digest_of(&text, ret);
}

static struct bytes parameters_text(const struct exec *x, struct buf *out) {
    for (size_t i = 0; i < x->parameter_count; i++)
        add_part(out, x->parameters[i]);
    return buf_bytes(out);
}

int reuse_key(const struct exec *x, uint8_t ret[REUSE_DIGEST], struct err *e) {
    struct buf parameters = {0};
    bool ok = key_of(x->workgroup, x->catalog_name, x->database, x->run_sql,
                     parameters_text(x, &parameters), ret) &&
              buf_ok(&parameters);
    buf_clear(&parameters);
    return ok ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static bool has_word(struct bytes text, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.len; i++)
        if (bytes_eq_nocase(bytes_slice(text, i, i + n), bytes_str(word)))
            return true;
    return false;
}

/* Functions and clauses with another answer each time. That a name is inside a longer one or a text
 * only costs a reuse. */
static bool is_volatile(struct bytes text) {
    static const char *const words[] = {"rand",         "uuid",      "now(",
                                        "current_",     "shuffle",   "tablesample",
                                        "using sample", "localtime", "today("};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (has_word(text, words[i]))
            return true;
    return false;
}

static void add_scan(struct buf *out, const struct plan_scan *s) {
    for (size_t i = 0; i < s->file_count; i++) {
        add_part(out, s->files[i].uri);
        buf_add_fmt(out, "%llu,%lld;", (unsigned long long)s->files[i].size_bytes,
                    (long long)s->files[i].mtime_ns);
    }
    for (size_t i = 0; i < s->tail_count; i++)
        add_part(out, s->tails[i].view_json);
}

bool reuse_fingerprint(const struct plan *p, struct bytes source_sql, struct bytes engine_sql,
                       uint8_t ret[REUSE_DIGEST]) {
    struct buf text = {0};
    if (is_volatile(source_sql) || is_volatile(engine_sql))
        return false;
    add_part(&text, engine_sql);
    add_part(&text, p->columns_json);
    for (size_t i = 0; i < p->scan_count; i++)
        add_scan(&text, &p->scans[i]);
    return digest_of(&text, ret);
}

/* ---- standing on an earlier result ---- */
static bool result_is_there(struct query_service *q, struct arena *a, struct bytes uri) {
    struct bytes bucket, key;
    struct store_meta meta;
    struct err e;
    return store_split_uri(uri, &bucket, &key) &&
           store_head(q->d.store, a, bucket, key, &meta, &e) == 0;
}

static bool adopt(struct exec *x, struct bytes uri, struct bytes columns_json) {
    bool ok;
    pthread_mutex_lock(&x->service->lock);
    struct bytes new_uri = arena_copy(&x->arena, uri);
    struct bytes columns = arena_copy(&x->arena, columns_json);
    ok = new_uri.ptr && columns.ptr;
    if (ok) {
        x->output_uri = new_uri;
        x->columns_json = columns;
        x->reused = true;
    }
    pthread_mutex_unlock(&x->service->lock);
    return ok;
}

static bool take(struct exec *x, const char *id) {
    struct query_service *q = x->service;
    struct catalog_doc d;
    struct json *root = NULL;
    struct arena a;
    struct err e;
    arena_init(&a, 0);
    bool ok = catalog_doc_get(q->d.catalog, &a, QUERY_KIND, bytes_str(id), &d, &e) == 0 &&
              json_parse(&a, d.json, &root, &e) == 0;
    const struct json *qe = json_get(root, "QueryExecution"), *columns = json_get(root, "Columns");
    struct bytes uri = json_get_str(json_get(qe, "ResultConfiguration"), "OutputLocation");
    ok = ok && columns && uri.len && result_is_there(q, &a, uri) && adopt(x, uri, columns->text);
    arena_clear(&a);
    return ok;
}

bool reuse_by_age(struct exec *x) {
    uint8_t key[REUSE_DIGEST];
    char id[37];
    struct err e;
    if (!x->reuse_minutes || reuse_key(x, key, &e))
        return false;
    int64_t oldest = x->submitted_ms - x->reuse_minutes * 60000;
    return reuse_find(x->service->reuse, key, oldest, id) && take(x, id);
}

bool reuse_by_data(struct exec *x, const uint8_t fingerprint[REUSE_DIGEST]) {
    char id[37];
    memcpy(x->fingerprint, fingerprint, REUSE_DIGEST);
    x->has_fingerprint = true;
    return reuse_find(x->service->reuse, fingerprint, 0, id) && take(x, id);
}

void reuse_keep(struct exec *x) {
    uint8_t key[REUSE_DIGEST];
    struct err e;
    if (!x->is_select || x->reused)
        return;
    if (!reuse_key(x, key, &e))
        reuse_note(x->service->reuse, key, x->id, x->completed_ms);
    if (x->has_fingerprint)
        reuse_note(x->service->reuse, x->fingerprint, x->id, x->completed_ms);
}

void reuse_keep_stored(struct query_service *q, const struct json *root) {
    const struct json *qe = json_get(root, "QueryExecution"), *status = json_get(qe, "Status");
    const struct json *context = json_get(qe, "QueryExecutionContext");
    struct bytes id = json_get_str(qe, "QueryExecutionId");
    struct bytes kind = json_get_str(qe, "SubstatementType");
    const struct json *reused = json_get(json_get(qe, "Statistics"), "ResultReuseInformation");
    uint8_t key[REUSE_DIGEST];
    char text[37] = {0};
    if (id.len != 36 || !bytes_eq_str(json_get_str(status, "State"), "SUCCEEDED") ||
        !bytes_eq_str(kind, "SELECT") || json_get_bool(reused, "ReusedPreviousResult", false) ||
        json_get(qe, "ExecutionParameters"))
        return;
    memcpy(text, id.ptr, 36);
    if (key_of(json_get_str(qe, "WorkGroup"), json_get_str(context, "Catalog"),
               json_get_str(context, "Database"), json_get_str(qe, "Query"), BYTES(""), key))
        reuse_note(q->reuse, key, text,
                   (int64_t)(json_get_f64(status, "CompletionDateTime", 0) * 1000));
}
