/* record.c - a crawler as a document, and the reports of its crawls.
 *
 * The crawler: by name. Its crawls: kind "glue.crawl:<name>", by id, sorted by start. */
#include "crawl/crawl_int.h"

const char *crawl_state_name(enum crawl_state s) {
    static const char *const names[] = {"READY", "RUNNING", "STOPPING"};
    assert((size_t)s < COUNT_OF(names));
    return names[s];
}
int crawl_no_crawler(struct bytes name, struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Crawler entry with name %.*s does not exist",
                   BYTES_ARG(name));
}
const char *crawl_history_kind(struct arena *a, struct bytes crawler) {
    return arena_cstr(a, arena_fmt(a, "glue.crawl:%.*s", BYTES_ARG(crawler)));
}

/* ---- reports ---- */
/* clang-format off */
#define COUNTS(X)                                                                                  \
    X(started_ms) X(ended_ms) X(tables_created) X(tables_updated) X(tables_deleted)                \
    X(partitions_created) X(partitions_updated) X(partitions_deleted) X(files_asked)
/* clang-format on */

static void write_report(struct jsonw *w, const struct crawl_report *r) {
    jsonw_object(w);
    jsonw_kv_str(w, "id", r->id);
    jsonw_kv_str(w, "status", r->status);
    jsonw_kv_str(w, "error", r->error);
#define X(member) jsonw_kv_i64(w, #member, r->member);
    COUNTS(X)
#undef X
    jsonw_end_object(w);
}
static void read_report(const struct json *j, struct crawl_report *r) {
    *r = (struct crawl_report){.id = json_get_str(j, "id"),
                               .status = json_get_str(j, "status"),
                               .error = json_get_str(j, "error")};
#define X(member) r->member = json_get_i64(j, #member, 0);
    COUNTS(X)
#undef X
}

int crawl_report_store(struct catalog *c, struct bytes crawler, const struct crawl_report *r,
                       struct err *e) {
    struct arena a;
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    arena_init(&a, 0);
    const char *kind = crawl_history_kind(&a, crawler);
    write_report(&w, r);
    int rc = kind && buf_ok(&out)
                 ? catalog_doc_put(c, kind, r->id, r->started_ms, buf_bytes(&out), -1, e)
                 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&out);
    arena_clear(&a);
    return rc;
}

int crawl_history(struct crawl_service *s, struct arena *a, struct bytes name, int64_t after_ms,
                  struct bytes after_id, size_t max, struct crawl_report **ret, size_t *ret_count,
                  struct err *e) {
    struct crawler cr;
    struct catalog_doc *docs;
    size_t n;
    const char *kind = crawl_history_kind(a, name);
    int rc = crawler_load(s->d.catalog, a, name, &cr, e);
    if (!rc && !kind)
        rc = err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc
            : catalog_doc_list(s->d.catalog, a, kind, true, after_ms, after_id, max, &docs, &n, e);
    if (rc)
        return rc;
    struct crawl_report *v = ARENA_NEW_N(a, struct crawl_report, n + 1);
    if (!v)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < n && !rc; i++) {
        struct json *j;
        rc = json_parse(a, docs[i].json, &j, e);
        if (!rc)
            read_report(j, &v[i]);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

/* ---- crawlers ---- */
int crawler_read(struct arena *a, const struct catalog_doc *doc, struct crawler *ret,
                 struct err *e) {
    struct json *j;
    int rc = json_parse(a, doc->json, &j, e);
    if (rc)
        return rc;
    struct bytes state = json_get_str(j, "state");
    *ret = (struct crawler){.name = doc->key,
                            .definition = json_get(j, "definition"),
                            .schedule = json_get_str(j, "schedule"),
                            .scheduled = json_get_bool(j, "scheduled", false),
                            .created_ms = json_get_i64(j, "created_ms", 0),
                            .updated_ms = json_get_i64(j, "updated_ms", 0),
                            .version = json_get_i64(j, "version", 1),
                            .doc_version = doc->version};
    for (int i = CRAWL_READY; i <= CRAWL_STOPPING; i++)
        if (bytes_eq_str(state, crawl_state_name((enum crawl_state)i)))
            ret->state = (enum crawl_state)i;
    read_report(json_get(j, "run"), &ret->run);
    read_report(json_get(j, "last"), &ret->last);
    JSON_FOR_EACH(n, json_get(j, "runtimes_ms"))
    if (ret->runtime_count < COUNT_OF(ret->runtimes_ms) &&
        json_to_i64(n, &ret->runtimes_ms[ret->runtime_count]))
        ret->runtime_count++;
    return 0;
}

int crawler_load(struct catalog *c, struct arena *a, struct bytes name, struct crawler *ret,
                 struct err *e) {
    struct catalog_doc doc;
    int rc = catalog_doc_get(c, a, CRAWLER_KIND, name, &doc, e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return crawl_no_crawler(name, e);
    return rc ? rc : crawler_read(a, &doc, ret, e);
}

static void write_crawler(struct jsonw *w, const struct crawler *cr) {
    jsonw_object(w);
    jsonw_name(w, "definition");
    jsonw_tree(w, cr->definition);
    jsonw_kv_str(w, "schedule", cr->schedule);
    jsonw_kv_bool(w, "scheduled", cr->scheduled);
    jsonw_kv_cstr(w, "state", crawl_state_name(cr->state));
    jsonw_kv_i64(w, "created_ms", cr->created_ms);
    jsonw_kv_i64(w, "updated_ms", cr->updated_ms);
    jsonw_kv_i64(w, "version", cr->version);
    jsonw_name(w, "runtimes_ms");
    jsonw_array(w);
    for (size_t i = 0; i < cr->runtime_count; i++)
        jsonw_i64(w, cr->runtimes_ms[i]);
    jsonw_end_array(w);
    if (cr->state != CRAWL_READY) {
        jsonw_name(w, "run");
        write_report(w, &cr->run);
    }
    if (cr->last.status.len) {
        jsonw_name(w, "last");
        write_report(w, &cr->last);
    }
    jsonw_end_object(w);
}

int crawler_store(struct catalog *c, const struct crawler *cr, bool create, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    write_crawler(&w, cr);
    int rc = !buf_ok(&out) ? err_set(e, ERR_NOMEM, NULL)
             : create      ? catalog_doc_create(c, CRAWLER_KIND, cr->name, 0, buf_bytes(&out), e)
                           : catalog_doc_put(c, CRAWLER_KIND, cr->name, 0, buf_bytes(&out), -1, e);
    buf_clear(&out);
    if (rc == ERR_ALREADY_EXISTS)
        return err_set(e, rc, "%.*s already exists", BYTES_ARG(cr->name));
    return rc;
}
