/* plan.c - from a SELECT's text to a worker's task.
 *
 *     parse -> one view of the catalogue {
 *                 analyze (tables)
 *                 per scan: partitions left by its constraints, their committed files
 *              }
 *           -> per scan: foreign files -> facts, log tails
 *           -> relation text per scan -> DuckDB text -> task message, bytes to read
 *
 * A plan that finds the log trimmed past its view's checkpoint is thrown away and made anew;
 * when that does not help, the log has lost what retention took, and the plan reads what there is.
 */
#include "base/log.h"
#include "base/mem.h"
#include "query/virtual.h"
#include "query/write_int.h"

#define PLAN_TRIES 3
#define SCHEMA SCHEMA_DATABASE
#define PARTITIONS "$partitions"
#define LARGE_PLAN ((size_t)16 << 20) /* bytes: what the heap would keep is given back */

/* ---- tables for the analyzer ---- */
static struct plan_table *find_loaded(struct plan *p, struct bytes database, struct bytes name) {
    for (struct plan_table *t = p->tables; t; t = t->next)
        if (bytes_eq(t->info.database, database) && bytes_eq(t->info.name, name))
            return t;
    return NULL;
}

/* A table, one of information_schema's, or "table$partitions". */
static int load_table(struct plan *p, struct bytes database, struct bytes name,
                      struct plan_table **ret, struct err *e) {
    struct plan_table *base = NULL;
    if (bytes_eq_str(database, SCHEMA))
        return schema_table(p, name, ret, e);
    if (!bytes_ends_with(name, BYTES(PARTITIONS)))
        return plan_table_load(p, &p->arena, database, name, ret, e);
    name = bytes_slice(name, 0, name.len - strlen(PARTITIONS));
    int rc = plan_table_load(p, &p->arena, database, name, &base, e);
    return rc ? rc : partitions_table(p, base, ret, e);
}

int plan_find_table(void *ctx, struct arena *a, struct bytes database, struct bytes name,
                    const struct sql_table_info **ret, struct err *e) {
    struct plan *p = ctx;
    if (database.len == 0)
        database = p->default_database;
    struct plan_table *t = find_loaded(p, database, name);
    if (!t) {
        struct err why;
        bool there = true;
        (void)a;
        int rc = load_table(p, database, name, &t, &why);
        if (rc == ERR_ENTITY_NOT_FOUND && !bytes_eq_str(database, "default") &&
            !bytes_eq_str(database, SCHEMA))
            rc = catalog_view_has_database(p->view, database, &there, &why) ? why.code : rc;
        if (!there)
            return err_set(e, ERR_RESOURCE_NOT_FOUND, "Database %.*s not found.",
                           BYTES_ARG(database));
        if (rc) {
            if (e)
                *e = why;
            return rc;
        }
        t->next = p->tables;
        p->tables = t;
    }
    *ret = &t->info;
    return 0;
}

/* ---- scans ---- */
static int64_t now_us(const struct plan *p) {
    return clock_mono_us(p->service->d.clock);
}

static int plan_scan(struct plan *p, struct plan_scan *s, bool *ret_stale, struct err *e) {
    int64_t start_us = now_us(p);
    if (s->table->fill)
        return s->table->fill(p, s, e);
    int rc = plan_list_files(p, s, e);
    if (!rc && symlink_is(s->table))
        rc = symlink_follow(p, s, e);
    if (!rc)
        rc = hidden_choose_files(p, s, e);
    int64_t listed_us = now_us(p);
    if (!rc && s->table->format == FORMAT_PARQUET)
        rc = plan_fill_facts(p, s, e);
    p->times.files_us += listed_us - start_us;
    p->times.facts_us += now_us(p) - listed_us;
    if (!rc)
        rc = plan_add_tails(p, s, ret_stale, e);
    if (!rc)
        hidden_choose_tails(s);
    if (!rc)
        p->scanned_bytes += plan_scan_bytes(s);
    return rc;
}

/* What comes from the catalogue, while the view is open. */
static int choose(struct plan *p, struct err *e) {
    const struct sql_scan *scans = sql_plan_scans(p->sql, &p->scan_count);
    p->scans = ARENA_NEW_N(&p->arena, struct plan_scan, p->scan_count + 1);
    int rc = p->scans ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < p->scan_count; i++) {
        p->scans[i].scan = &scans[i];
        p->scans[i].table = scans[i].table->opaque;
        rc = plan_choose_partitions(p, &p->scans[i], e);
    }
    return rc;
}

static int plan_scans(struct plan *p, bool *ret_stale, struct err *e) {
    int rc = 0;
    for (size_t i = 0; !rc && i < p->scan_count; i++)
        rc = plan_scan(p, &p->scans[i], ret_stale, e);
    return rc;
}

static int emit(struct plan *p, struct buf *out, struct err *e) {
    struct bytes *relations = ARENA_NEW_N(&p->arena, struct bytes, p->scan_count + 1);
    struct buf text = {0};
    int rc = relations ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < p->scan_count; i++) {
        buf_reset(&text);
        rc = plan_relation(p, &p->scans[i], &text, e);
        relations[i] = arena_copy(&p->arena, buf_bytes(&text));
    }
    buf_clear(&text);
    if (!rc && p->arena.failed)
        rc = err_set(e, ERR_NOMEM, NULL);
    return rc ? rc : sql_emit(&p->arena, p->sql, relations, out, e);
}

/* ---- the task ---- */
int plan_output_paths(struct plan *p, const struct exec *x, const char **ret_output,
                      const char **ret_tmp, struct err *e) {
    struct bytes bucket, key;
    if (!store_split_uri(x->output_uri, &bucket, &key))
        return err_set(e, ERR_INTERNAL, "The output location is not an S3 URI.");
    int rc = store_path(p->service->d.store, &p->arena, bucket, key, ret_output, e);
    if (rc)
        return rc;
    *ret_tmp = store_tmp_path(p->service->d.store, &p->arena, ".csv");
    const char *slash = strrchr(*ret_output, '/');
    char *folder = arena_strndup(&p->arena, *ret_output, (size_t)(slash - *ret_output));
    if (!*ret_tmp || !folder)
        return err_set(e, ERR_NOMEM, NULL);
    return vfs_mkdirs(vfs_system(), folder, e);
}

static void write_out_columns(struct jsonw *w, const struct sql_out_column *c, size_t n) {
    jsonw_name(w, "columns");
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "name", c[i].name);
        jsonw_kv_str(w, "type", c[i].type);
        jsonw_kv_str(w, "trino_type", c[i].full_type);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_views(struct jsonw *w, const struct plan *p) {
    jsonw_name(w, "views");
    jsonw_array(w);
    for (size_t i = 0; i < p->scan_count; i++)
        for (size_t j = 0; j < p->scans[i].tail_count; j++)
            jsonw_raw(w, p->scans[i].tails[j].view_json);
    jsonw_end_array(w);
    jsonw_name(w, "texts");
    jsonw_array(w);
    for (const struct plan_text *t = p->texts; t; t = t->next)
        jsonw_raw(w, t->json);
    jsonw_end_array(w);
}

static int write_task(struct plan *p, const struct exec *x, struct bytes sql, struct buf *out,
                      struct err *e) {
    const char *output = NULL, *tmp = NULL;
    size_t n;
    const struct sql_out_column *columns = sql_plan_columns(p->sql, &n);
    struct jsonw w = jsonw_to(out);
    int rc = p->write ? 0 : plan_output_paths(p, x, &output, &tmp, e);
    if (rc)
        return rc;
    jsonw_object(&w);
    if (p->write) {
        write_task_members(p, sql, &w);
    } else {
        jsonw_kv_cstr(&w, "kind", "query");
        jsonw_kv_str(&w, "sql", sql);
        write_out_columns(&w, columns, n);
        if (p->explain.inner)
            jsonw_kv_bool(&w, "profile", true);
        else
            jsonw_kv_cstr(&w, "output", output);
        jsonw_kv_cstr(&w, "tmp", tmp);
        jsonw_kv_cstr(&w, "format", "csv");
    }
    write_views(&w, p);
    jsonw_name(&w, "limits");
    jsonw_object(&w);
    jsonw_kv_i64(&w, "timeout_ms", x->limits.timeout_s * 1000);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    p->tmp = tmp;
    if (!p->write)
        p->columns_json = record_columns_json(&p->arena, columns, n);
    p->task_json = arena_copy(&p->arena, buf_bytes(out));
    return buf_ok(out) && !p->arena.failed ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* ---- one attempt ---- */
static int check_catalog(struct plan *p, const struct exec *x, struct err *e) {
    struct catalog_doc d;
    struct json *tree;
    struct err why;
    if (bytes_eq_nocase(x->catalog_name, BYTES("awsdatacatalog")))
        return 0;
    int rc = catalog_doc_get(p->service->d.catalog, &p->arena, QUERY_DATA_CATALOG_KIND,
                             x->catalog_name, &d, &why);
    if (!rc)
        rc = json_parse(&p->arena, d.json, &tree, &why);
    if (!rc && bytes_eq_str(json_get_str(tree, "Type"), "GLUE")) /* another name for ours */
        return 0;
    return err_set_named(
        e, ERR_SQL, "CATALOG_NOT_FOUND", 0, "Catalog '%.*s' %s", BYTES_ARG(x->catalog_name),
        rc ? "does not exist" : "cannot be reached: Tarn reads data catalogs of type GLUE");
}

/* What the statement would read. */
static int look(struct plan *p, const struct exec *x, bool *ret_stale, struct err *e) {
    struct sql_env env = {.default_database = p->default_database,
                          .now_ms = x->submitted_ms,
                          .ctx = p,
                          .find_table = plan_find_table};
    struct sql_statement *s = NULL;
    int64_t start_us = now_us(p), analyzed_us;
    int rc = check_catalog(p, x, e);
    if (!rc)
        rc = exec_statement(x, &p->arena, &s, e);
    if (!rc && sql_statement_explain(s, &p->explain)) {
        s = p->explain.inner;
        rc = explain_check(&p->explain, e);
    }
    if (!rc)
        rc = catalog_view_open(p->service->d.catalog, &p->view, e);
    if (!rc)
        rc = plan_note_writes(p, e);
    if (!rc)
        rc = sql_analyze(&p->arena, s, &env, &p->sql, e);
    analyzed_us = now_us(p);
    if (!rc)
        rc = choose(p, e);
    if (!rc && p->limits)
        rc = refuse_unfiltered(p, p->limits, e);
    catalog_view_close(&p->view);
    p->times.analyze_us = analyzed_us - start_us;
    p->times.partitions_us = now_us(p) - analyzed_us;
    if (!rc)
        rc = plan_scans(p, ret_stale, e);
    p->times.total_us = now_us(p) - start_us;
    return rc;
}

static int make_task(struct plan *p, const struct exec *x, struct err *e) {
    struct buf sql = {0}, task = {0};
    int rc = p->limits ? refuse_scan(p, p->limits, e) : 0;
    if (!rc && sql_plan_write(p->sql))
        rc = write_plan(p, x, e);
    if (rc || (p->write && !p->write->folder))
        return rc;
    rc = emit(p, &sql, e);
    if (!rc)
        rc = write_task(p, x, buf_bytes(&sql), &task, e);
    if (!rc && x->limits.reuse == REUSE_DATA)
        p->has_fingerprint = reuse_fingerprint(p, x->run_sql, buf_bytes(&sql), p->fingerprint);
    if (!rc)
        log_write(LOG_DEBUG, "query", "%s: %.*s", x->id, (int)MIN_OF(sql.len, 4000), sql.ptr);
    buf_clear(&sql);
    buf_clear(&task);
    return rc;
}

static int make(struct query_service *q, const struct exec *x, bool with_task, struct plan **ret,
                struct err *e) {
    for (int try = 1;; try++) {
        struct plan *p = mem_calloc(1, sizeof *p);
        bool stale = false;
        if (!p)
            return err_set(e, ERR_NOMEM, NULL);
        arena_init(&p->arena, 0);
        p->service = q;
        p->id = x->id;
        p->default_database = x->database;
        p->now_ms = x->submitted_ms;
        p->limits = with_task ? &x->limits : NULL;
        int rc = look(p, x, &stale, e);
        if (!rc && with_task)
            rc = make_task(p, x, e);
        if (!rc && (!stale || try == PLAN_TRIES)) {
            *ret = p;
            return 0;
        }
        plan_free(&p);
        if (rc)
            return rc;
    }
}

int plan_make(struct query_service *q, const struct exec *x, struct plan **ret, struct err *e) {
    return make(q, x, true, ret, e);
}

int plan_look(struct query_service *q, const struct exec *x, struct plan **ret, struct err *e) {
    return make(q, x, false, ret, e);
}

void plan_free(struct plan **pp) {
    struct plan *p = *pp;
    if (!p)
        return;
    write_discard(p);
    for (size_t i = 0; i < p->view_count; i++)
        slog_view_free(&p->views[i]);
    mem_free(p->views);
    for (size_t i = 0; i < p->listing_count; i++)
        store_listing_release(p->service->d.store, &p->listings[i]);
    mem_free(p->listings);
    plan_drop_facts(p);
    catalog_view_close(&p->view);
    bool large = p->arena.used > LARGE_PLAN;
    arena_clear(&p->arena);
    mem_free(p);
    *pp = NULL;
    if (large)
        mem_trim();
}
