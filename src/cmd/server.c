/* server.c - wiring, and nothing else: which room gets which other rooms.
 *
 * data/tarn.lock      held while a server runs on the directory
 * data/catalog.db     catalogue           data/objects/   object store
 * data/streams/       stream logs         data/tmp/       files not finished yet; emptied at start
 */
#include "cmd/server.h"

#include "api/api.h"
#include "api/glue/glue.h"
#include "api/kinesis/kinesis.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define SERVICE_COUNT 2

struct server {
    char data_dir[PATH_MAX];
    int lock_fd;
    struct clock *clock;
    struct catalog *catalog;
    struct slog *slog;
    struct kinesis_service *kinesis;
    const struct api_service *glue;
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
static int open_logs(struct server *s, struct err *e) {
    char dir[PATH_MAX];
    int rc = path_in(s, "streams", dir, e);
    struct slog_options o = {.vfs = vfs_system(), .clock = s->clock, .dir = dir};
    return rc ? rc : slog_open(&o, &s->slog, e);
}

static int open_catalog(struct server *s, struct err *e) {
    char path[PATH_MAX];
    int rc = path_in(s, "catalog.db", path, e);
    return rc ? rc : catalog_open(path, s->clock, &s->catalog, e);
}

static int open_services(struct server *s, struct err *e) {
    struct kinesis_deps kd = {s->slog, s->catalog, s->clock};
    int rc = kinesis_service_new(&kd, &s->kinesis, e);
    if (rc) {
        return rc;
    }
    s->glue = glue_service_new(s->catalog);
    if (!s->glue) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    const struct api_service *all[SERVICE_COUNT] = {kinesis_api(s->kinesis), s->glue};
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
    rc = rc ? rc : vfs_mkdirs(vfs_system(), tmp, e);
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
    rc = rc ? rc : open_catalog(s, e);
    rc = rc ? rc : open_logs(s, e);
    rc = rc ? rc : open_services(s, e);
    rc = rc ? rc : open_http(s, o, e);
    if (rc) {
        server_close(&s);
        return rc;
    }
    *ret = s;
    return 0;
}

/* ---- retention ---- */
struct floor_search {
    struct server *s;
    struct arena arena;
    struct catalog_doc *docs;
    size_t count;
};

/* The first record of a log that some delivery still needs. */
static uint64_t log_floor(void *ctx, const char *log_name) {
    struct floor_search *f = ctx;
    uint64_t floor = UINT64_MAX;
    for (size_t i = 0; i < f->count; i++) {
        struct json *doc;
        uint64_t checkpoint = 0;
        if (json_parse(&f->arena, f->docs[i].json, &doc, NULL) ||
            !bytes_eq_str(json_get_str(doc, "log"), log_name)) {
            continue;
        }
        if (catalog_checkpoint_get(f->s->catalog, f->docs[i].key, 0, &checkpoint, NULL)) {
            return 0;
        }
        floor = MIN_OF(floor, checkpoint);
    }
    return floor;
}

void server_tick(struct server *s) {
    struct floor_search f = {.s = s};
    arena_init(&f.arena, 0);
    if (catalog_doc_list(s->catalog, &f.arena, "firehose", false, INT64_MAX, (struct bytes){0},
                         100000, &f.docs, &f.count, NULL) == 0) {
        kinesis_apply_retention(s->kinesis, log_floor, &f);
    }
    arena_clear(&f.arena);
}

void server_close(struct server **ps) {
    struct server *s = *ps;
    if (!s) {
        return;
    }
    http_close(&s->http);
    slog_close(&s->slog);
    api_router_free(&s->router);
    kinesis_service_free(&s->kinesis);
    glue_service_free(&s->glue);
    catalog_close(&s->catalog);
    mem_free(s->keys.items);
    if (s->lock_fd >= 0) {
        close(s->lock_fd);
    }
    mem_free(s);
    *ps = NULL;
}
