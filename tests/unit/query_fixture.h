/* The query room on its own: real catalogue, store and log; a worker pool and an analyzer that the
 * test scripts. The pool's tasks run in threads of the test, the analyzer hands the planner one
 * scan of table "t". Included by one test program each. */
#include "base/log.h"
#include "base/mem.h"
#include "query/query_int.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define UNUSED __attribute__((unused))

/* ---- a scripted analyzer ---- */
struct sql_plan {
    struct sql_scan scan;
    size_t scan_count;
    struct sql_out_column columns[2];
};
static struct {
    bool used[16];
    struct sql_constraint constraints[4];
    size_t constraint_count;
    bool reads_table;
} script;

int sql_analyze(struct arena *a, struct sql_statement *s, const struct sql_env *env,
                struct sql_plan **ret, struct err *e) {
    struct sql_plan *p = ARENA_NEW(a, struct sql_plan);
    const struct sql_table_info *t;
    if (!p)
        return err_set(e, ERR_NOMEM, NULL);
    p->columns[0] = (struct sql_out_column){.name = BYTES("_col0"),
                                            .type = BYTES("bigint"),
                                            .full_type = BYTES("bigint"),
                                            .precision = 19};
    p->columns[1] = (struct sql_out_column){
        .name = BYTES("b"), .type = BYTES("varchar"), .full_type = BYTES("varchar")};
    if (script.reads_table) {
        int rc = env->find_table(env->ctx, a, BYTES("d"), BYTES("t"), &t, e);
        if (rc)
            return rc;
        p->scan = (struct sql_scan){.table = t,
                                    .column_used = script.used,
                                    .constraints = script.constraints,
                                    .constraint_count = script.constraint_count};
        p->scan_count = 1;
    }
    *ret = p;
    return 0;
}
const struct sql_scan *sql_plan_scans(const struct sql_plan *p, size_t *n) {
    *n = p->scan_count;
    return &p->scan;
}
const struct sql_out_column *sql_plan_columns(const struct sql_plan *p, size_t *n) {
    *n = 2;
    return p->columns;
}
const struct sql_write *sql_plan_write(const struct sql_plan *p) {
    (void)p;
    return NULL;
}
int sql_emit(struct arena *a, const struct sql_plan *p, const struct bytes *relations,
             struct buf *out, struct err *e) {
    for (size_t i = 0; i < p->scan_count; i++)
        buf_add(out, relations[i]);
    return 0;
}

/* No views here. */
int sql_analyze_view(struct arena *a, struct sql_statement *s, const struct sql_env *env,
                     struct sql_view_shape *ret, struct err *e) {
    return err_set(e, ERR_INTERNAL, "There is no analyzer of views.");
}
int sql_statement_view(struct arena *a, const struct sql_statement *s,
                       struct bytes default_database, struct sql_view_statement *ret,
                       struct err *e) {
    return err_set(e, ERR_INTERNAL, "There is no analyzer of views.");
}
struct bytes sql_type_of_hive(struct arena *a, const struct type *t) {
    return BYTES("varchar");
}

/* ---- a scripted pool ---- */
enum act { ACT_OK, ACT_DIE, ACT_DIE_ONCE, ACT_ERROR, ACT_HANG };
static struct {
    _Atomic int act;
    _Atomic int submitted;
    _Atomic uint64_t cancelled;
    _Atomic int threads;
    const char *csv;
    int slots; /* of a workgroup; 0: 16 */
    char task[65536];
} pool;

struct job {
    struct work_task t;
    uint64_t id;
    char *json;
    size_t len;
};

UNUSED static void finish_ok(struct job *j) {
    struct arena a;
    struct json *task, *ok;
    arena_init(&a, 0);
    if (json_parse(&a, bytes_of(j->json, j->len), &task, NULL) ||
        json_parse(&a, BYTES("{\"rows\":1,\"engine_us\":5000}"), &ok, NULL)) {
        struct work_result none = {.rc = err_set(&none.err, ERR_NOMEM, NULL)};
        j->t.done(j->t.ctx, &none);
        arena_clear(&a);
        return;
    }
    char path[256];
    snprintf(path, sizeof path, "%.*s", BYTES_ARG(json_get_str(task, "output")));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(pool.csv ? pool.csv : "\"_col0\",\"b\"\n", f);
    fclose(f);
    struct work_result r = {.ok = ok};
    j->t.done(j->t.ctx, &r);
    arena_clear(&a);
}

UNUSED static void *run_job(void *ctx) {
    struct job *j = ctx;
    struct work_result r = {0};
    int act = pool.act;
    while (act == ACT_HANG && pool.cancelled != j->id)
        usleep(1000);
    if (act == ACT_DIE_ONCE)
        pool.act = ACT_OK;
    if (act == ACT_OK) {
        finish_ok(j);
    } else {
        r.worker_died = act == ACT_DIE || act == ACT_DIE_ONCE;
        r.rc = act == ACT_HANG ? err_set(&r.err, ERR_CANCELED, NULL)
               : act == ACT_ERROR
                   ? err_set_named(&r.err, ERR_SQL, "DIVISION_BY_ZERO", 0, "Division by zero")
                   : err_set(&r.err, ERR_INTERNAL, "killed by signal 9");
        j->t.done(j->t.ctx, &r);
    }
    mem_free(j->json);
    free(j);
    pool.threads--;
    return NULL;
}

int work_submit(struct work_pool *p, const struct work_task *t, uint64_t *ret_id, struct err *e) {
    struct job *j = calloc(1, sizeof *j);
    pthread_t th;
    j->t = *t;
    j->json = mem_strndup(t->json.ptr, t->json.len);
    if (!j->json) {
        free(j);
        return err_set(e, ERR_NOMEM, NULL);
    }
    j->len = t->json.len;
    j->id = (uint64_t)++pool.submitted;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    snprintf(pool.task, sizeof pool.task, "%.*s", BYTES_ARG(t->json));
    pthread_mutex_unlock(&lock);
    pool.threads++;
    *ret_id = j->id;
    pthread_create(&th, NULL, run_job, j);
    pthread_detach(th);
    return 0;
}
int work_group_define(struct work_pool *p, struct bytes name, const struct work_group_options *o,
                      int *ret_group, struct err *e) {
    *ret_group = WORK_GROUPS;
    return 0;
}

void work_group_set(struct work_pool *p, enum work_group group,
                    const struct work_group_options *o) {
}

void work_group_get(struct work_pool *p, int group, struct work_group_options *ret) {
    *ret = (struct work_group_options){.max_workers = pool.slots ? pool.slots : 16,
                                       .threads = 1,
                                       .memory_mb = 512,
                                       .spill_mb = 512,
                                       .max_queue = 1000};
}

void work_cancel(struct work_pool *p, uint64_t id) {
    pool.cancelled = id;
}

/* ---- fixture ---- */
struct fixture {
    char dir[64];
    struct vfs_faulty files; /* the store's; counts */
    struct catalog *catalog;
    struct store *store;
    struct slog *slog;
    struct query_service *q;
    struct arena a;
    struct err e;
};

UNUSED static void open_query(struct fixture *f) {
    struct query_deps d = {.clock = clock_system(),
                           .catalog = f->catalog,
                           .store = f->store,
                           .slog = f->slog,
                           .default_location = "s3://results/q/"};
    if (query_open(&d, &f->q, &f->e))
        fail_msg("%s", f->e.text);
}

UNUSED static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    char path[128], root[128], tmp[128];
    strcpy(f->dir, "/tmp/tarn-query-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    arena_init(&f->a, 0);
    snprintf(path, sizeof path, "%s/catalog.db", f->dir);
    snprintf(root, sizeof root, "%s/objects", f->dir);
    snprintf(tmp, sizeof tmp, "%s/tmp", f->dir);
    vfs_faulty_init(&f->files, vfs_system());
    struct store_options so = {
        .vfs = &f->files.base, .clock = clock_system(), .root_dir = root, .tmp_dir = tmp};
    char streams[128];
    snprintf(streams, sizeof streams, "%s/streams", f->dir);
    struct slog_options lo = {.vfs = vfs_system(), .clock = clock_system(), .dir = streams};
    memset(&script, 0, sizeof script);
    pool.act = ACT_OK;
    pool.submitted = 0;
    pool.cancelled = 0;
    pool.csv = NULL;
    if (catalog_open(path, clock_system(), &f->catalog, &f->e) ||
        store_open(&so, &f->store, &f->e) || slog_open(&lo, &f->slog, &f->e))
        fail_msg("%s", f->e.text);
    open_query(f);
    *state = f;
    return 0;
}

UNUSED static int teardown(void **state) {
    struct fixture *f = *state;
    char cmd[96];
    query_close(&f->q);
    while (pool.threads)
        usleep(1000);
    slog_close(&f->slog);
    store_close(&f->store);
    catalog_close(&f->catalog);
    arena_clear(&f->a);
    snprintf(cmd, sizeof cmd, "rm -rf %s", f->dir);
    int rc = system(cmd);
    free(f);
    return rc;
}

UNUSED static void signal_done(void *ctx) {
    *(_Atomic bool *)ctx = true;
}

UNUSED static void start(struct fixture *f, const char *sql, char id[37]) {
    struct query_start in = {.sql = bytes_str(sql)};
    if (query_start(f->q, &in, id, &f->e))
        fail_msg("%s: %s", sql, f->e.text);
}

UNUSED static const struct json *describe(struct fixture *f, const char *id) {
    struct bytes text;
    struct json *j = NULL;
    assert_int_equal(query_describe(f->q, &f->a, bytes_str(id), &text, &f->e), 0);
    assert_int_equal(json_parse(&f->a, text, &j, &f->e), 0);
    return j;
}

UNUSED static const struct json *finish(struct fixture *f, const char *id) {
    _Atomic bool done = false;
    assert_int_equal(query_wait(f->q, bytes_str(id), 20000, signal_done, (void *)&done, &f->e), 0);
    while (!done)
        usleep(500);
    return describe(f, id);
}

UNUSED static void assert_state(const struct json *qe, const char *state, const char *reason) {
    const struct json *status = json_get(qe, "Status");
    struct bytes got = json_get_str(status, "State");
    struct bytes why = json_get_str(status, "StateChangeReason");
    if (!bytes_eq_str(got, state) || (reason && bytes_find(why, bytes_str(reason)) < 0))
        fail_msg("state %.*s: %.*s", BYTES_ARG(got), BYTES_ARG(why));
}

UNUSED static const struct json *run(struct fixture *f, const char *sql, char id[37]) {
    start(f, sql, id);
    return finish(f, id);
}

UNUSED static const struct json *page(struct fixture *f, const char *id, size_t max,
                                      struct bytes token) {
    struct buf out = {0};
    struct json *j = NULL;
    if (query_results(f->q, &f->a, bytes_str(id), max, token, &out, &f->e))
        fail_msg("%s", f->e.text);
    assert_int_equal(json_parse(&f->a, arena_copy(&f->a, buf_bytes(&out)), &j, &f->e), 0);
    buf_clear(&out);
    return j;
}

UNUSED static struct bytes cell(const struct json *p, size_t row, size_t column) {
    const struct json *r = json_at(json_get(json_get(p, "ResultSet"), "Rows"), row);
    return json_get_str(json_at(json_get(r, "Data"), column), "VarCharValue");
}
