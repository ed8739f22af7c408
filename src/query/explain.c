/* explain.c - what a query would read, without running it.
 *
 * The statement is planned as it would be for running, up to its task, and the plan is written down
 * (explain_write.c). Calls that must not wait get a thread of their own; the service counts those
 * under way and is not closed before they have ended. */
#include "query/explain.h"
#include "base/mem.h"
#include "query/query_int.h"
#include "query/refresh.h"

#define EXPLAINERS 8 /* at once */

/* Errors of SQL say their name and place in the text. */
static int explained(int rc, struct err *e) {
    struct err why = *e;
    char text[sizeof why.text + 100];
    if (rc != ERR_SQL)
        return rc;
    record_reason(&why, text, sizeof text);
    return err_set_named(e, ERR_SQL, why.name, 0, "%.900s", text);
}

static int check_kind(struct bytes sql, struct err *e) {
    struct arena a;
    struct sql_statement *s = NULL;
    arena_init(&a, 0);
    int rc = sql_parse(&a, sql, &s, e);
    if (!rc && sql_statement_kind(s) != SQL_SELECT)
        rc = err_set(e, ERR_INVALID_REQUEST,
                     "Only a query can be explained: SELECT, WITH, VALUES or TABLE.");
    arena_clear(&a);
    return rc;
}

static int explain(struct query_service *q, struct bytes sql, struct bytes database,
                   struct buf *out, struct err *e) {
    struct exec what = {.id = "explain",
                        .sql = sql,
                        .database = database.len ? database : BYTES("default"),
                        .catalog_name = BYTES("AwsDataCatalog"),
                        .submitted_ms = clock_wall_ms(q->d.clock)};
    struct plan *p = NULL;
    int rc = check_kind(sql, e);
    if (!rc)
        rc = plan_look(q, &what, &p, e);
    if (!rc)
        rc = explain_write(p, sql, out, e);
    plan_free(&p);
    return rc;
}

/* ---- who may ---- */
static int enter(struct query_service *q, struct err *e) {
    pthread_mutex_lock(&q->lock);
    bool ok = !q->closing && q->explaining < EXPLAINERS;
    q->explaining += ok;
    pthread_mutex_unlock(&q->lock);
    return ok ? 0
              : err_set(e, ERR_UNAVAILABLE, "%d plans are being explained; try again.", EXPLAINERS);
}
static void leave(struct query_service *q) {
    pthread_mutex_lock(&q->lock);
    q->explaining--;
    pthread_cond_broadcast(&q->drained);
    pthread_mutex_unlock(&q->lock);
}

static int known_workgroup(struct query_service *q, struct bytes workgroup, struct err *e) {
    struct arena a;
    struct bytes json;
    arena_init(&a, 0);
    int rc = workgroup.len ? query_workgroup_get(q, &a, workgroup, &json, e) : 0;
    arena_clear(&a);
    return rc;
}

int query_explain(struct query_service *q, struct bytes sql, struct bytes database,
                  struct bytes workgroup, struct buf *out, struct err *e) {
    struct err why = {0};
    int rc = enter(q, e);
    if (rc)
        return rc;
    rc = known_workgroup(q, workgroup, &why);
    rc = rc ? rc : explain(q, sql, database, out, &why);
    leave(q);
    rc = explained(rc, &why);
    if (rc && e)
        *e = why;
    return rc;
}

struct later {
    struct query_service *q;
    struct arena a;
    struct bytes sql, database, workgroup, table;
    int (*run)(struct later *l, struct buf *out, struct err *e);
    query_explained *done;
    void *ctx;
};

static int run_explain(struct later *l, struct buf *out, struct err *e) {
    int rc = known_workgroup(l->q, l->workgroup, e);
    return rc ? rc : explain(l->q, l->sql, l->database, out, e);
}

static int run_refresh(struct later *l, struct buf *out, struct err *e) {
    struct query_refreshed r;
    struct jsonw w = jsonw_to(out);
    int rc = query_refresh_facts(l->q, l->database, l->table, &r, e);
    if (rc)
        return rc;
    jsonw_object(&w);
    jsonw_kv_u64(&w, "files", r.files);
    jsonw_kv_u64(&w, "read", r.read);
    jsonw_kv_i64(&w, "rows", r.rows);
    jsonw_kv_u64(&w, "bytes", r.bytes);
    jsonw_end_object(&w);
    return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static void *run_later(void *arg) {
    struct later *l = arg;
    struct buf json = {0};
    struct err e = {0};
    int rc = explained(l->run(l, &json, &e), &e);
    l->done(l->ctx, rc, buf_bytes(&json), &e);
    buf_clear(&json);
    leave(l->q);
    arena_clear(&l->a);
    mem_free(l);
    return NULL;
}

static int start_later(struct later *l, struct err *e) {
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &attr, run_later, l);
    pthread_attr_destroy(&attr);
    return failed ? err_set(e, ERR_UNAVAILABLE, "No thread for the plan could be started.") : 0;
}

static int later(const struct later *what, struct err *e) {
    struct later *l = mem_calloc(1, sizeof *l);
    if (!l)
        return err_set(e, ERR_NOMEM, NULL);
    *l = *what;
    arena_init(&l->a, 0);
    l->sql = arena_copy(&l->a, what->sql);
    l->database = arena_copy(&l->a, what->database);
    l->workgroup = arena_copy(&l->a, what->workgroup);
    l->table = arena_copy(&l->a, what->table);
    int rc = l->a.failed ? err_set(e, ERR_NOMEM, NULL) : enter(l->q, e);
    if (!rc) {
        rc = start_later(l, e);
        if (!rc)
            return 0;
        leave(l->q);
    }
    arena_clear(&l->a);
    mem_free(l);
    return rc;
}

int query_explain_later(struct query_service *q, struct bytes sql, struct bytes database,
                        struct bytes workgroup, query_explained *done, void *ctx, struct err *e) {
    struct later what = {.q = q,
                         .sql = sql,
                         .database = database,
                         .workgroup = workgroup,
                         .run = run_explain,
                         .done = done,
                         .ctx = ctx};
    return later(&what, e);
}

int query_refresh_later(struct query_service *q, struct bytes database, struct bytes table,
                        query_explained *done, void *ctx, struct err *e) {
    struct later what = {
        .q = q, .database = database, .table = table, .run = run_refresh, .done = done, .ctx = ctx};
    return later(&what, e);
}
