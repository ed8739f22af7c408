/* write_commit.c - files that a worker wrote become part of a table.
 *
 *     answer -> a name for each file -> intent stored -> renames -> manifest
 *            -> one commit: table or partitions, facts, end of the intent -> the execution's end
 *
 * Until the commit nothing is visible: a failure removes what got a name and the intent; a crash
 * leaves the intent, and the next start removes its files. One thread does this for all writes, so
 * that neither planners nor the pool's supervisor wait for the disk. */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "query/write_int.h"
#include <stdio.h>

struct write_service {
    struct query_service *q;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct exec *first, *last; /* under lock; by next_queued */
    bool closing;              /* under lock */
};

struct out_file {
    const struct json *said; /* the worker's */
    const char *tmp, *path;
    struct bytes uri;
    struct catalog_file facts;
};
struct commit {
    struct query_service *q;
    struct exec *x;
    struct plan *p;
    struct plan_write *w;
    struct arena *a;
    struct err *e;
    struct alter_table table; /* as the catalogue has it, or will */
    struct bytes table_json;  /* CREATE TABLE AS */
    struct out_file *files;
    size_t file_count, named; /* how many have their names */
    struct write_place *places;
    size_t place_count;
    uint64_t rows;
    bool has_intent, pending;
};

/* ---- names ---- */
/* 20261121_134501_00012_abcde_<uuid>, as Athena names files. */
static struct bytes new_name(struct commit *c, size_t index, const struct json *file) {
    struct clock_fields f;
    char uuid[37], letters[6];
    uint8_t random[5];
    const char *text = c->w->form.format == SQL_WRITE_PARQUET         ? ""
                       : bytes_eq_str(c->w->form.compression, "gzip") ? ".gz"
                       : bytes_eq_str(c->w->form.compression, "zstd") ? ".zst"
                                                                      : "";
    clock_split_ms(c->x->submitted_ms, &f);
    uuid_make(uuid);
    rand_bytes(random, sizeof random);
    for (size_t i = 0; i < 5; i++)
        letters[i] = "abcdefghijkmnpqrstuvwxyz23456789"[random[i] % 32];
    letters[5] = 0;
    if (c->w->sql->bucket_column_count)
        snprintf(uuid, sizeof uuid, "bucket-%05d", (int)json_get_i64(file, "bucket", 0));
    return arena_fmt(c->a, "%04d%02d%02d_%02d%02d%02d_%05zu_%s_%s%s", f.year, f.month, f.day,
                     f.hour, f.minute, f.second, index, letters, uuid, text);
}

static int read_values(struct commit *c, const struct json *file, const struct bytes **ret) {
    const struct json *list = json_get(file, "values");
    struct bytes *values = ARENA_NEW_N(c->a, struct bytes, c->w->sql->key_count + 1);
    size_t n = 0;
    if (!values)
        return err_set(c->e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(v, list) {
        if (n < c->w->sql->key_count)
            values[n++] = v->text;
    }
    *ret = c->w->sql->key_count ? values : NULL;
    if (n == c->w->sql->key_count)
        return 0;
    return err_set(c->e, ERR_INTERNAL, "The worker gave a file without its partition.");
}

static bool same_values(const struct bytes *x, const struct bytes *y, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!bytes_eq(x[i], y[i]))
            return false;
    return true;
}

static int find_place(struct commit *c, const struct bytes *values, struct write_place **ret) {
    size_t keys = values ? c->w->sql->key_count : 0;
    for (size_t i = 0; i < c->place_count; i++)
        if (same_values(c->places[i].values, values, keys)) {
            *ret = &c->places[i];
            return 0;
        }
    *ret = &c->places[c->place_count++];
    return write_place(c->q, c->p, &c->table, values, *ret, c->e);
}

static int name_file(struct commit *c, const struct json *said) {
    struct out_file *f = &c->files[c->file_count];
    const struct bytes *values = NULL;
    struct write_place *place = NULL;
    struct bytes bucket, key;
    int rc = read_values(c, said, &values);
    if (!rc)
        rc = find_place(c, values, &place);
    if (rc)
        return rc;
    f->said = said;
    f->tmp = arena_cstr(c->a, json_get_str(said, "path"));
    f->uri = arena_fmt(c->a, "%.*s%.*s", BYTES_ARG(place->folder),
                       BYTES_ARG(new_name(c, c->file_count, said)));
    if (c->a->failed)
        return err_set(c->e, ERR_NOMEM, NULL);
    if (!store_split_uri(f->uri, &bucket, &key))
        return err_set(c->e, ERR_INTERNAL, "%.*s is not an S3 URI.", BYTES_ARG(f->uri));
    rc = store_path(c->q->d.store, c->a, bucket, key, &f->path, c->e);
    c->file_count += rc == 0;
    return rc;
}

/* A new table's folder looks to write_place as if the table were there. */
static int load_table(struct commit *c) {
    struct json *in = NULL;
    if (c->w->sql->kind == SQL_INSERT)
        return alter_load(c->q, c->a, c->w->sql->database, c->w->sql->table, &c->table, c->e);
    c->table_json = write_table_json(c->a, c->w, clock_wall_ms(c->q->d.clock));
    if (!c->table_json.ptr)
        return err_set(c->e, ERR_NOMEM, NULL);
    int rc = json_parse(c->a, c->table_json, &in, c->e);
    c->table.in = in;
    c->table.keys = json_get(in, "PartitionKeys");
    c->table.storage = json_get(in, "StorageDescriptor");
    c->table.key_count = c->w->sql->key_count;
    return rc;
}

static int name_files(struct commit *c) {
    const struct json *files = json_get(c->w->answer, "files");
    size_t n = files ? files->count : 0;
    int rc = 0;
    c->files = ARENA_NEW_N(c->a, struct out_file, n + 1);
    c->places = ARENA_NEW_N(c->a, struct write_place, n + 1);
    if (!c->files || !c->places)
        return err_set(c->e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(f, files) {
        rc = rc ? rc : name_file(c, f);
    }
    return rc;
}

/* ---- intent ---- */
static int store_intent(struct commit *c) {
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    if (!c->file_count)
        return 0;
    jsonw_object(&w);
    jsonw_name(&w, "uris");
    jsonw_array(&w);
    for (size_t i = 0; i < c->file_count; i++)
        jsonw_str(&w, c->files[i].uri);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    int rc = buf_ok(&json) ? catalog_doc_create(c->q->d.catalog, WRITE_KIND, bytes_str(c->x->id),
                                                c->x->submitted_ms, buf_bytes(&json), c->e)
                           : err_set(c->e, ERR_NOMEM, NULL);
    buf_clear(&json);
    c->has_intent = rc == 0;
    return rc;
}

static int enter_pending(struct commit *c) {
    struct bytes *uris = ARENA_NEW_N(c->a, struct bytes, c->file_count + 1);
    if (!c->has_intent)
        return 0;
    if (!uris)
        return err_set(c->e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < c->file_count; i++)
        uris[i] = c->files[i].uri;
    int rc = write_pending_add(c->q->pending, c->x->id, uris, c->file_count,
                               catalog_version(c->q->d.catalog), c->e);
    c->pending = rc == 0;
    return rc;
}

/* ---- the files get their names ---- */
static int place_file(struct commit *c, const struct out_file *f) {
    struct vfs *v = vfs_system();
    const char *slash = strrchr(f->path, '/');
    char *folder = arena_strndup(c->a, f->path, (size_t)(slash - f->path));
    if (!folder)
        return err_set(c->e, ERR_NOMEM, NULL);
    int rc = vfs_mkdirs(v, folder, c->e);
    if (rc)
        return rc;
    int io = v->ops->rename(v, f->tmp, f->path);
    return io ? err_set_errno(c->e, ERR_IO, -io, "The file %.*s cannot be put in place",
                              BYTES_ARG(f->uri))
              : 0;
}

static int sync_folders(struct commit *c) {
    const char *last = NULL;
    for (size_t i = 0; i < c->file_count; i++) {
        const char *path = c->files[i].path, *slash = strrchr(path, '/');
        if (last && strncmp(last, path, (size_t)(slash - path) + 1) == 0)
            continue;
        int io = vfs_sync_parent(vfs_system(), path);
        if (io)
            return err_set_errno(c->e, ERR_IO, -io, "The folder of %s cannot be synced", path);
        last = path;
    }
    return 0;
}

static int place_files(struct commit *c) {
    int rc = 0;
    for (; !rc && c->named < c->file_count; c->named += rc == 0)
        rc = place_file(c, &c->files[c->named]);
    return rc ? rc : sync_folders(c);
}

/* ---- facts of Parquet files ---- */
static const struct json *facts_of(struct commit *c, struct bytes path) {
    JSON_FOR_EACH(f, json_get(c->w->answer, "facts")) {
        if (bytes_eq(json_get_str(f, "path"), path))
            return f;
    }
    return NULL;
}

static int collect_facts(struct commit *c, struct catalog_file **ret, size_t *ret_count) {
    struct catalog_file *all = ARENA_NEW_N(c->a, struct catalog_file, c->file_count + 1);
    struct vfs *v = vfs_system();
    size_t n = 0;
    if (!all)
        return err_set(c->e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < c->file_count; i++) {
        const struct json *f = facts_of(c, json_get_str(c->files[i].said, "path"));
        struct vfs_stat st;
        if (!f || v->ops->stat(v, c->files[i].path, &st))
            continue;
        const struct json *facts = json_get(f, "facts");
        all[n++] = (struct catalog_file){.uri = c->files[i].uri,
                                         .rows = json_get_i64(f, "rows", 0),
                                         .size_bytes = st.size_bytes,
                                         .mtime_ns = st.mtime_ns,
                                         .facts_json = facts->text};
    }
    *ret = all;
    *ret_count = n;
    return 0;
}

/* ---- the commit ---- */
static int new_partitions(struct commit *c, struct catalog_partition **ret, size_t *ret_count) {
    struct catalog_partition *all = ARENA_NEW_N(c->a, struct catalog_partition, c->place_count + 1);
    int rc = all ? 0 : err_set(c->e, ERR_NOMEM, NULL);
    size_t n = 0;
    for (size_t i = 0; !rc && i < c->place_count; i++)
        if (c->places[i].is_new)
            rc = alter_partition(c->a, &c->table, c->places[i].values, c->places[i].folder,
                                 &all[n++], c->e);
    *ret = all;
    *ret_count = n;
    return rc;
}

static int make_default_database(struct commit *c) {
    int rc = catalog_database_create(c->q->d.catalog, BYTES("default"),
                                     BYTES("{\"Name\":\"default\"}"), c->e);
    return rc == ERR_ALREADY_EXISTS ? 0 : rc;
}

static int commit_catalog(struct commit *c) {
    const struct sql_write *s = c->w->sql;
    struct catalog_partition *partitions = NULL;
    struct catalog_file *files = NULL;
    struct catalog_write m = {.intent_kind = WRITE_KIND,
                              .database = s->database,
                              .name = s->table,
                              .table_id = c->table.table.id};
    bool unload = s->kind == SQL_UNLOAD;
    if (s->kind == SQL_CREATE_TABLE_AS)
        m.table_json = c->table_json;
    if (c->has_intent)
        m.intent_key = bytes_str(c->x->id);
    int rc = unload ? 0 : new_partitions(c, &partitions, &m.partition_count);
    if (!rc)
        rc = collect_facts(c, &files, &m.file_count);
    m.partitions = partitions;
    m.files = files;
    if (!rc)
        rc = catalog_write_commit(c->q->d.catalog, &m, c->e);
    if (rc == ERR_ENTITY_NOT_FOUND && m.table_json.ptr && bytes_eq_str(s->database, "default") &&
        !make_default_database(c))
        rc = catalog_write_commit(c->q->d.catalog, &m, c->e);
    return rc;
}

static int manifest(struct commit *c) {
    struct bytes bucket, key, uri = c->x->manifest_uri;
    struct store_put_options o = {.content_type = BYTES("text/csv")};
    struct buf text = {0};
    for (size_t i = 0; i < c->file_count; i++) {
        buf_add(&text, c->files[i].uri);
        buf_add_char(&text, '\n');
    }
    if (!store_split_uri(uri, &bucket, &key)) {
        buf_clear(&text);
        return err_set(c->e, ERR_INTERNAL, "The output location is not an S3 URI.");
    }
    int rc = buf_ok(&text) ? store_put_bytes(c->q->d.store, bucket, key, buf_bytes(&text), &o, c->e)
                           : err_set(c->e, ERR_NOMEM, NULL);
    buf_clear(&text);
    return rc;
}

/* ---- when it fails ---- */
static void remove_object(struct query_service *q, struct bytes uri) {
    struct bytes bucket, key;
    struct err e = {0};
    if (store_split_uri(uri, &bucket, &key) && store_delete(q->d.store, bucket, key, &e))
        log_write(LOG_ERROR, "query", "%.*s of a failed write stays: %s", BYTES_ARG(uri), e.text);
}

static void undo(struct commit *c) {
    struct err e = {0};
    for (size_t i = 0; i < c->named; i++)
        remove_object(c->q, c->files[i].uri);
    if (c->has_intent && catalog_doc_delete(c->q->d.catalog, WRITE_KIND, bytes_str(c->x->id), &e))
        log_write(LOG_ERROR, "query", "%s: its intent stays: %s", c->x->id, e.text);
    remove_object(c->q, c->x->manifest_uri);
}

/* What the catalogue says, in Athena's words. */
static int explain(struct commit *c, int rc) {
    const struct sql_write *s = c->w->sql;
    if (rc == ERR_ALREADY_EXISTS && s->kind == SQL_CREATE_TABLE_AS)
        return err_set_named(c->e, ERR_SQL, "TABLE_ALREADY_EXISTS", 0,
                             "line 1:1: Destination table 'awsdatacatalog.%.*s.%.*s' already "
                             "exists",
                             BYTES_ARG(s->database), BYTES_ARG(s->table));
    if (rc == ERR_ENTITY_NOT_FOUND)
        return err_set_named(c->e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                             "Table '%.*s.%.*s' or its database was dropped or replaced while the "
                             "statement ran; nothing was written",
                             BYTES_ARG(s->database), BYTES_ARG(s->table));
    return rc;
}

/* ---- one write ---- */
static int run(struct commit *c) {
    if (c->w->sql->exists)
        return manifest(c);
    int rc = load_table(c);
    if (!rc)
        rc = name_files(c);
    if (!rc)
        rc = store_intent(c);
    if (!rc)
        rc = enter_pending(c);
    if (!rc)
        rc = place_files(c);
    if (!rc)
        rc = manifest(c);
    if (!rc)
        rc = commit_catalog(c);
    if (rc) {
        rc = explain(c, rc);
        undo(c);
    }
    if (c->pending)
        write_pending_end(c->q->pending, c->x->id, clock_mono_us(c->q->d.clock));
    return rc;
}

static void finish(struct exec *x) {
    struct query_service *q = x->service;
    struct err e = {0};
    struct commit c = {
        .q = q, .x = x, .p = x->plan, .w = x->plan->write, .a = &x->plan->arena, .e = &e};
    pthread_mutex_lock(&q->lock);
    bool cancel = x->cancel;
    pthread_mutex_unlock(&q->lock);
    int rc = cancel ? 0 : run(&c);
    if (!cancel && !rc) {
        pthread_mutex_lock(&q->lock);
        x->update_count = (uint64_t)json_get_i64(c.w->answer, "rows", 0);
        pthread_mutex_unlock(&q->lock);
    }
    exec_finish(x, cancel ? EXEC_CANCELLED : rc ? EXEC_FAILED : EXEC_SUCCEEDED, rc ? &e : NULL);
    pthread_mutex_lock(&q->lock);
    exec_unref(x);
    pthread_mutex_unlock(&q->lock);
}

/* ---- the thread ---- */
static void *commit_main(void *arg) {
    struct write_service *s = arg;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        struct exec *x = s->first;
        if (x) {
            s->first = x->next_queued;
            if (!s->first)
                s->last = NULL;
            pthread_mutex_unlock(&s->lock);
            finish(x);
            pthread_mutex_lock(&s->lock);
        } else if (s->closing) {
            break;
        } else {
            pthread_cond_wait(&s->work, &s->lock);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void keep_answer(struct exec *x, const struct json *answer) {
    struct plan *p = x->plan;
    struct buf text = {0};
    struct jsonw w = jsonw_to(&text);
    struct json *copy = NULL;
    jsonw_tree(&w, answer);
    struct bytes kept = buf_ok(&text) ? arena_copy(&p->arena, buf_bytes(&text)) : BYTES("");
    buf_clear(&text);
    if (kept.ptr && json_parse(&p->arena, kept, &copy, NULL) == 0)
        p->write->answer = copy;
}

void write_submit(struct exec *x, const struct json *answer) {
    struct write_service *s = x->service->writes;
    if (answer)
        keep_answer(x, answer);
    if (answer && !x->plan->write->answer) {
        struct err e = {0};
        err_set(&e, ERR_NOMEM, NULL);
        exec_finish(x, EXEC_FAILED, &e);
        pthread_mutex_lock(&x->service->lock);
        exec_unref(x);
        pthread_mutex_unlock(&x->service->lock);
        return;
    }
    pthread_mutex_lock(&s->lock);
    x->next_queued = NULL;
    if (s->last)
        s->last->next_queued = x;
    else
        s->first = x;
    s->last = x;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
}

/* ---- after a crash ---- */
static int recover_one(struct query_service *q, struct arena *a, const struct catalog_doc *d,
                       struct err *e) {
    struct json *root = NULL;
    int rc = json_parse(a, d->json, &root, e);
    if (rc)
        return rc;
    log_write(LOG_WARN, "query", "%.*s: removing the files of a write that was interrupted",
              BYTES_ARG(d->key));
    JSON_FOR_EACH(u, json_get(root, "uris")) {
        remove_object(q, u->text);
    }
    return catalog_doc_delete(q->d.catalog, WRITE_KIND, d->key, e);
}

static int recover(struct query_service *q, struct err *e) {
    size_t n = 1;
    int rc = 0;
    while (!rc && n) {
        struct catalog_doc *docs;
        struct arena a;
        arena_init(&a, 0);
        rc = catalog_doc_list(q->d.catalog, &a, WRITE_KIND, false, INT64_MAX, BYTES(""), 100, &docs,
                              &n, e);
        for (size_t i = 0; !rc && i < n; i++)
            rc = recover_one(q, &a, &docs[i], e);
        arena_clear(&a);
    }
    return rc;
}

int write_open(struct query_service *q, struct err *e) {
    struct write_service *s;
    int rc = recover(q, e);
    if (rc)
        return rc;
    q->pending = write_pending_new();
    s = q->pending ? mem_calloc(1, sizeof *s) : NULL;
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    s->q = q;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    if (pthread_create(&s->thread, NULL, commit_main, s)) {
        pthread_cond_destroy(&s->work);
        pthread_mutex_destroy(&s->lock);
        mem_free(s);
        return err_set(e, ERR_UNAVAILABLE, "The thread that commits writes could not be started.");
    }
    q->writes = s;
    return 0;
}

void write_close(struct query_service *q) {
    struct write_service *s = q->writes;
    if (s) {
        pthread_mutex_lock(&s->lock);
        s->closing = true;
        pthread_cond_signal(&s->work);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
        pthread_cond_destroy(&s->work);
        pthread_mutex_destroy(&s->lock);
        mem_free(s);
        q->writes = NULL;
    }
    write_pending_free(&q->pending);
}
