/* server.c - wiring, and nothing else: which room gets which other rooms.
 *
 * data/tarn.lock      held while a server runs on the directory
 * data/catalog.db     catalogue           data/objects/   object store
 * data/streams/       stream logs         data/tmp/       files not finished yet; emptied at start
 * data/uploads/       S3 multipart uploads under way */
#include "cmd/server.h"

#include "api/api.h"
#include "api/athena/athena.h"
#include "api/firehose/firehose.h"
#include "api/glue/glue.h"
#include "api/kinesis/kinesis.h"
#include "api/s3/s3.h"
#include "api/sts/sts.h"
#include "api/tagging/tagging.h"
#include "api/tarn/tarn.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define RESULTS_BUCKET "aws-athena-query-results-" API_ACCOUNT_ID "-" API_REGION_DEFAULT
#define SERVICE_COUNT 8

struct server {
    char data_dir[PATH_MAX];
    char exe[PATH_MAX];
    int lock_fd;
    struct clock *clock;
    struct store *store;
    struct catalog *catalog;
    struct slog *slog;
    struct work_pool *pool;
    struct delivery_service *delivery;
    _Atomic(struct delivery_service *) hook; /* what slog's commit thread wakes; NULL at first */
    struct query_service *query;
    struct crawl_service *crawl;
    struct kinesis_service *kinesis;
    struct firehose_service *firehose;
    struct s3_service *s3;
    const struct api_service *glue, *athena, *tagging, *tarn;
    struct api_router *router;
    struct sigv4_keys keys;
    struct http_server *http;
};

int server_port(const struct server *s) {
    return http_port(s->http);
}

const char *server_data_dir(const struct server *s) {
    return s->data_dir;
}

/* ---- the data directory ---- */
static int path_in(const struct server *s, const char *name, char out[PATH_MAX], struct err *e) {
    int n = snprintf(out, PATH_MAX, "%s/%s", s->data_dir, name);
    return n < PATH_MAX ? 0 : err_set(e, ERR_USAGE, "The data directory's path is too long.");
}

static int open_data_dir(struct server *s, const char *dir, struct err *e) {
    char path[PATH_MAX];
    int rc = vfs_mkdirs(vfs_system(), dir, e);
    if (rc) {
        return rc;
    }
    if (!realpath(dir, s->data_dir)) {
        return err_set_errno(e, ERR_USAGE, errno, "The data directory '%s' cannot be used", dir);
    }
    rc = path_in(s, "tarn.lock", path, e);
    if (rc) {
        return rc;
    }
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (s->lock_fd < 0) {
        return err_set_errno(e, ERR_USAGE, errno, "'%s' cannot be written", path);
    }
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB)) {
        return err_set(e, ERR_USAGE, "Another server uses the data directory '%s'; stop it first.",
                       s->data_dir);
    }
    return 0;
}

/* ---- rooms ---- */
static int open_store(struct server *s, struct err *e) {
    char root[PATH_MAX], tmp[PATH_MAX];
    int rc = path_in(s, "objects", root, e);
    rc = rc ? rc : path_in(s, "tmp", tmp, e);
    rc = rc ? rc : vfs_mkdirs(vfs_system(), tmp, e);
    struct store_options o = {vfs_system(), s->clock, root, tmp};
    rc = rc ? rc : store_open(&o, &s->store, e);
    rc = rc ? rc : store_clean_tmp(s->store, e);
    if (!rc && store_bucket_check(s->store, BYTES(RESULTS_BUCKET), NULL, NULL)) {
        rc = store_bucket_create(s->store, BYTES(RESULTS_BUCKET), e);
    }
    return rc;
}

static void on_committed(void *ctx, struct slog_log *log, uint64_t last_lsn) {
    struct server *s = ctx;
    struct delivery_service *d = atomic_load(&s->hook);
    if (d) {
        delivery_committed(d, log, last_lsn);
    }
}

static int open_logs(struct server *s, struct err *e) {
    char dir[PATH_MAX];
    int rc = path_in(s, "streams", dir, e);
    struct slog_options o = {.vfs = vfs_system(),
                             .clock = s->clock,
                             .dir = dir,
                             .committed = on_committed,
                             .committed_ctx = s};
    return rc ? rc : slog_open(&o, &s->slog, e);
}

static int open_catalog(struct server *s, struct err *e) {
    char path[PATH_MAX];
    int rc = path_in(s, "catalog.db", path, e);
    return rc ? rc : catalog_open(path, s->clock, &s->catalog, e);
}

static int open_pool(struct server *s, const struct server_options *o, struct err *e) {
    ssize_t n = readlink("/proc/self/exe", s->exe, sizeof s->exe - 1);
    if (n < 0) {
        return err_set_errno(e, ERR_IO, errno, "The program's own path cannot be read");
    }
    s->exe[n] = 0;
    struct work_pool_options w = {.clock = s->clock,
                                  .exe_path = s->exe,
                                  .data_dir = s->data_dir,
                                  .idle_ms = o->worker_idle_s * 1000};
    w.group[WORK_QUERY].max_workers = (int)o->query_workers;
    w.group[WORK_QUERY].memory_mb = (int)o->query_memory_mb;
    w.group[WORK_QUERY].threads = (int)o->query_threads;
    w.group[WORK_CRAWL].max_workers = 1;
    w.group[WORK_CRAWL].memory_mb = 1024;
    return work_pool_open(&w, &s->pool, e);
}

static int open_delivery(struct server *s, struct err *e) {
    struct delivery_deps d = {vfs_system(), s->clock, s->catalog, s->store, s->slog, s->pool};
    int rc = delivery_open(&d, &s->delivery, e);
    if (!rc) {
        atomic_store(&s->hook, s->delivery);
    }
    return rc;
}

static int open_query(struct server *s, struct err *e) {
    struct query_deps d = {s->clock, s->catalog, s->store,
                           s->slog,  s->pool,    "s3://" RESULTS_BUCKET "/"};
    return query_open(&d, &s->query, e);
}

static int open_crawl(struct server *s, struct err *e) {
    struct crawl_deps d = {s->clock, s->catalog, s->store, s->pool};
    return crawl_open(&d, &s->crawl, e);
}

/* An object changed: what planning knew of the file is void. */
static void on_object_changed(void *ctx, struct bytes bucket, struct bytes key) {
    struct server *s = ctx;
    struct buf uri = {0};
    struct err e = {0};
    buf_add_fmt(&uri, "s3://%.*s/%.*s", BYTES_ARG(bucket), BYTES_ARG(key));
    if (buf_ok(&uri) && catalog_file_forget(s->catalog, buf_bytes(&uri), &e) &&
        e.code != ERR_RESOURCE_NOT_FOUND) {
        log_write(LOG_WARN, "cmd", "facts of %s were not forgotten: %s", buf_cstr(&uri), e.text);
    }
    buf_clear(&uri);
}

static int open_s3(struct server *s, struct err *e) {
    char uploads[PATH_MAX];
    int rc = path_in(s, "uploads", uploads, e);
    rc = rc ? rc : vfs_mkdirs(vfs_system(), uploads, e);
    struct s3_deps d = {.store = s->store,
                        .vfs = vfs_system(),
                        .clock = s->clock,
                        .uploads_dir = uploads,
                        .changed = on_object_changed,
                        .changed_ctx = s};
    return rc ? rc : s3_service_new(&d, &s->s3, e);
}

static int open_services(struct server *s, struct err *e) {
    struct kinesis_deps kd = {s->slog, s->catalog, s->clock};
    struct firehose_deps fd = {s->slog, s->catalog, s->clock, s->delivery};
    struct tarn_deps td = {s->clock,    s->catalog,   s->pool,    s->query,
                           s->delivery, TARN_VERSION, s->data_dir};
    int rc = kinesis_service_new(&kd, &s->kinesis, e);
    rc = rc ? rc : firehose_service_new(&fd, &s->firehose, e);
    rc = rc ? rc : open_s3(s, e);
    if (rc) {
        return rc;
    }
    s->glue = glue_service_new(s->catalog, s->crawl, s->store);
    s->athena = athena_service_new(s->query, s->catalog);
    s->tagging = tagging_service_new(s->catalog);
    s->tarn = tarn_service_new(&td);
    if (!s->glue || !s->athena || !s->tagging || !s->tarn) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    const struct api_service *all[SERVICE_COUNT] = {kinesis_api(s->kinesis),
                                                    firehose_api(s->firehose),
                                                    s->glue,
                                                    s->athena,
                                                    sts_api(),
                                                    s->tagging,
                                                    s->tarn,
                                                    s3_api(s->s3)};
    return api_router_new(all, SERVICE_COUNT, &s->router, e);
}

static int set_keys(struct server *s, const struct server_options *o, struct err *e) {
    if (!o->access_key && !o->secret_key) {
        return 0;
    }
    if (!o->access_key || !o->secret_key) {
        return err_set(e, ERR_USAGE, "Give both the access key and the secret key, or neither.");
    }
    s->keys.items = mem_calloc(1, sizeof *s->keys.items);
    if (!s->keys.items) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    s->keys.items[0].access_key = bytes_str(o->access_key);
    s->keys.items[0].secret_key = bytes_str(o->secret_key);
    s->keys.count = 1;
    return 0;
}

static int open_http(struct server *s, const struct server_options *o, struct err *e) {
    char tmp[PATH_MAX];
    int rc = path_in(s, "tmp", tmp, e);
    rc = rc ? rc : set_keys(s, o, e);
    struct http_options h = {.clock = s->clock,
                             .bind = o->bind,
                             .port = (int)o->port,
                             .tmp_dir = tmp,
                             .keys = s->keys.count ? &s->keys : NULL,
                             .handle = api_router_handle,
                             .ctx = s->router};
    return rc ? rc : http_open(&h, &s->http, e);
}

int server_open(const struct server_options *o, struct server **ret, struct err *e) {
    struct server *s = mem_calloc(1, sizeof *s);
    if (!s) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    s->lock_fd = -1;
    s->clock = clock_system();
    int rc = open_data_dir(s, o->data_dir, e);
    rc = rc ? rc : open_store(s, e);
    rc = rc ? rc : open_catalog(s, e);
    rc = rc ? rc : open_logs(s, e);
    rc = rc ? rc : open_pool(s, o, e);
    rc = rc ? rc : open_delivery(s, e);
    rc = rc ? rc : open_query(s, e);
    rc = rc ? rc : open_crawl(s, e);
    rc = rc ? rc : open_services(s, e);
    rc = rc ? rc : open_http(s, o, e);
    if (rc) {
        server_close(&s);
        return rc;
    }
    *ret = s;
    return 0;
}

void server_tick(struct server *s) {
    kinesis_apply_retention(s->kinesis, delivery_floor, s->delivery);
}

void server_close(struct server **ps) {
    struct server *s = *ps;
    if (!s) {
        return;
    }
    http_close(&s->http);
    crawl_close(&s->crawl);
    query_close(&s->query);
    atomic_store(&s->hook, NULL);
    delivery_close(&s->delivery);
    work_pool_close(&s->pool);
    slog_close(&s->slog);
    api_router_free(&s->router);
    kinesis_service_free(&s->kinesis);
    firehose_service_free(&s->firehose);
    glue_service_free(&s->glue);
    athena_service_free(&s->athena);
    tagging_service_free(&s->tagging);
    s3_service_free(&s->s3);
    tarn_service_free(&s->tarn);
    catalog_close(&s->catalog);
    store_close(&s->store);
    mem_free(s->keys.items);
    if (s->lock_fd >= 0) {
        close(s->lock_fd);
    }
    mem_free(s);
    *ps = NULL;
}
