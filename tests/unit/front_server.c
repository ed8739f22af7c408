/* front_server.c - the front door alone, for its pytest and its throughput measurement: S3, STS and
 * Kinesis behind a real listener, and POST /tarn/v1/drop, which only takes a body.
 * Use: TARN_BINARY=build/unit/front_server pytest tests/aws/test_s3.py */
#include "api/kinesis/kinesis.h"
#include "api/s3/s3.h"
#include "api/sts/sts.h"
#include "base/mem.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void drop(void *ctx, struct http_request *r) {
    http_reply(r, 200, "text/plain",
               arena_fmt(&r->arena, "%llu\n", (unsigned long long)r->body_bytes));
}

static const char *option(int argc, char **argv, const char *name) {
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

static const char *path_in(struct arena *a, const char *dir, const char *name) {
    return arena_fmt(a, "%s/%s", dir, name).ptr;
}

struct rooms {
    struct arena arena;
    struct store *store;
    struct slog *slog;
    struct catalog *catalog;
    struct kinesis_service *kinesis;
    struct s3_service *s3;
    struct api_service drop;
    struct api_router *router;
    struct http_server *http;
    struct sigv4_keys keys;
};

static int open_all(struct rooms *r, const char *dir, const char *port, struct err *e) {
    struct vfs *vfs = vfs_system();
    struct clock *clock = clock_system();
    struct arena *a = &r->arena;
    struct store_options so = {vfs, clock, path_in(a, dir, "objects"), path_in(a, dir, "tmp")};
    struct slog_options lo = {.vfs = vfs, .clock = clock, .dir = path_in(a, dir, "streams")};
    int rc = store_open(&so, &r->store, e);
    rc = rc ? rc : store_clean_tmp(r->store, e);
    rc = rc ? rc : slog_open(&lo, &r->slog, e);
    rc = rc ? rc : catalog_open(path_in(a, dir, "catalog.db"), clock, &r->catalog, e);
    struct kinesis_deps kd = {r->slog, r->catalog, clock};
    rc = rc ? rc : kinesis_service_new(&kd, &r->kinesis, e);
    struct s3_deps sd = {
        .store = r->store, .vfs = vfs, .clock = clock, .uploads_dir = path_in(a, dir, "uploads")};
    rc = rc ? rc : s3_service_new(&sd, &r->s3, e);
    if (rc)
        return rc;
    r->drop = (struct api_service){.name = "tarn", .handle_raw = drop};
    const struct api_service *all[] = {kinesis_api(r->kinesis), s3_api(r->s3), sts_api(), &r->drop};
    rc = api_router_new(all, COUNT_OF(all), &r->router, e);
    struct http_options ho = {.clock = clock,
                              .port = port ? atoi(port) : 0,
                              .tmp_dir = so.tmp_dir,
                              .spool_over_bytes = MIB(16),
                              .keys = r->keys.count ? &r->keys : NULL,
                              .handle = api_router_handle,
                              .ctx = r->router};
    return rc ? rc : http_open(&ho, &r->http, e);
}

static void close_all(struct rooms *r) {
    http_close(&r->http);
    slog_close(&r->slog);
    api_router_free(&r->router);
    s3_service_free(&r->s3);
    kinesis_service_free(&r->kinesis);
    catalog_close(&r->catalog);
    store_close(&r->store);
    mem_free(r->keys.items);
    arena_clear(&r->arena);
}

int main(int argc, char **argv) {
    struct rooms r = {0};
    struct err e = {0};
    sigset_t set;
    int sig;
    const char *dir = option(argc, argv, "--data"), *key = option(argc, argv, "--access-key");
    const char *secret = option(argc, argv, "--secret-key");
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    arena_init(&r.arena, 0);
    if (key && secret && (r.keys.items = mem_calloc(1, sizeof(*r.keys.items)))) {
        r.keys.items[0].access_key = bytes_str(key);
        r.keys.items[0].secret_key = bytes_str(secret);
        r.keys.count = 1;
    }
    int rc = open_all(&r, dir ? dir : "data", option(argc, argv, "--port"), &e);
    if (rc == 0) {
        printf("serves http://127.0.0.1:%d\n", http_port(r.http));
        fflush(stdout);
        sigwait(&set, &sig);
    } else {
        fprintf(stderr, "%s\n", e.text);
    }
    close_all(&r);
    return rc ? 1 : mem_test_live_blocks() ? 2 : 0;
}
