/* plan.c - how long the front plans a query: from the SQL text to the worker's task (names, types,
 * partitions, files, facts of their footers, DuckDB text), without HTTP and without running it.
 *
 * Opens the data folder of a server that has stopped as the server does and calls what the server
 * calls. The first plan is reported alone: it lists folders and reads footers that later ones find
 * kept. Prints one JSON object.
 *
 * Use: plan DATA_DIR DATABASE SQL ROUNDS */
#include "base/mem.h"
#include "client.h"
#include "query/query_int.h"
#include <limits.h>
#include <stdio.h>

struct rooms {
    struct store *store;
    struct slog *slog;
    struct catalog *catalog;
    struct work_pool *pool;
    struct query_service *query;
};

static int rooms_open(struct rooms *r, const char *dir, struct err *e) {
    char objects[PATH_MAX], tmp[PATH_MAX], streams[PATH_MAX], db[PATH_MAX];
    struct clock *clock = clock_system();
    snprintf(objects, sizeof(objects), "%s/objects", dir);
    snprintf(tmp, sizeof(tmp), "%s/tmp", dir);
    snprintf(streams, sizeof(streams), "%s/streams", dir);
    snprintf(db, sizeof(db), "%s/catalog.db", dir);
    struct store_options store = {vfs_system(), clock, objects, tmp};
    struct slog_options slog = {.vfs = vfs_system(), .clock = clock, .dir = streams};
    struct work_pool_options pool = {.clock = clock, .exe_path = "/nonexistent", .data_dir = dir};
    int rc = store_open(&store, &r->store, e);
    rc = rc ? rc : slog_open(&slog, &r->slog, e);
    rc = rc ? rc : catalog_open(db, clock, &r->catalog, e);
    rc = rc ? rc : work_pool_open(&pool, &r->pool, e);
    struct query_deps deps = {clock, r->catalog, r->store, r->slog, r->pool, "s3://tarn-results/"};
    return rc ? rc : query_open(&deps, &r->query, e);
}

static void rooms_close(struct rooms *r) {
    if (r->query)
        query_close(&r->query);
    if (r->pool)
        work_pool_close(&r->pool);
    if (r->catalog)
        catalog_close(&r->catalog);
    if (r->slog)
        slog_close(&r->slog);
    if (r->store)
        store_close(&r->store);
}

struct counts {
    size_t partitions, files;
    double considered;
};

static int plan_once(struct rooms *r, const char *database, const char *sql, uint32_t *ret_us,
                     struct counts *ret, struct err *e) {
    struct clock *clock = clock_system();
    struct exec x = {.service = r->query,
                     .id = "00000000-0000-0000-0000-000000000000",
                     .sql = bytes_str(sql),
                     .database = bytes_str(database),
                     .catalog_name = BYTES("AwsDataCatalog"),
                     .output_uri = BYTES("s3://tarn-results/plan.csv"),
                     .is_select = true,
                     .submitted_ms = clock_wall_ms(clock)};
    struct plan *p = NULL;
    int64_t from = clock_mono_us(clock);
    int rc = plan_make(r->query, &x, &p, e);
    *ret_us = (uint32_t)(clock_mono_us(clock) - from);
    if (rc)
        return rc;
    *ret = (struct counts){0};
    for (size_t i = 0; i < p->scan_count; i++) {
        ret->partitions += p->scans[i].partition_count;
        ret->considered += p->scans[i].considered;
        ret->files += p->scans[i].file_count;
    }
    plan_free(&p);
    return 0;
}

static int measure(struct rooms *r, char **argv, size_t rounds, struct err *e) {
    uint32_t first = 0, *us = mem_calloc(rounds, sizeof(*us));
    struct counts n = {0};
    int rc = us ? plan_once(r, argv[2], argv[3], &first, &n, e) : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < rounds; i++)
        rc = plan_once(r, argv[2], argv[3], &us[i], &n, e);
    if (!rc) {
        qsort(us, rounds, sizeof(*us), client_compare_u32);
        printf("{\"first_ms\": %.3f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"partitions\": %zu, "
               "\"files\": %zu, \"considered\": %.0f}\n",
               first / 1e3, us[rounds / 2] / 1e3, us[rounds * 99 / 100] / 1e3, n.partitions,
               n.files, n.considered);
    }
    mem_free(us);
    return rc;
}

int main(int argc, char **argv) {
    struct rooms r = {0};
    struct err e = {0};
    size_t rounds = argc == 5 ? (size_t)atoi(argv[4]) : 0;
    if (rounds < 1) {
        fprintf(stderr, "use: plan DATA_DIR DATABASE SQL ROUNDS\n");
        return 2;
    }
    int rc = rooms_open(&r, argv[1], &e);
    if (!rc)
        rc = measure(&r, argv, rounds, &e);
    if (rc)
        fprintf(stderr, "plan: %s\n", e.text);
    rooms_close(&r);
    return rc ? 1 : 0;
}
