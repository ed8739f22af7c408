/* tarn.c - a small router over paths; each answer is one JSON object. */
#include "api/tarn/tarn.h"

#include "base/mem.h"

#include <stdio.h>
#include <unistd.h>

struct tarn_service {
    struct api_service service;
    struct tarn_deps deps;
    int64_t start_ms;
};

static void reply_buf(struct http_request *r, int status, struct buf *out) {
    struct bytes body = buf_ok(out) ? arena_copy(&r->arena, buf_bytes(out)) : (struct bytes){0};
    buf_clear(out);
    http_reply(r, body.ptr ? status : 500, "application/json", body);
}

static void reply_error(struct http_request *r, const struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "error", e->name);
    jsonw_kv_cstr(&w, "message", e->text);
    jsonw_end_object(&w);
    reply_buf(r, e->status ? e->status : 500, &out);
}

/* ---- status ---- */
static uint64_t resident_bytes(void) {
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%lu %lu", &size, &resident) != 2) {
        resident = 0;
    }
    if (f) {
        fclose(f);
    }
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void write_workers(const struct tarn_service *s, struct jsonw *w) {
    struct work_stats stats;
    work_get_stats(s->deps.pool, &stats);
    jsonw_name(w, "workers");
    jsonw_object(w);
    jsonw_kv_i64(w, "query", stats.workers[WORK_QUERY]);
    jsonw_kv_i64(w, "query_busy", stats.busy[WORK_QUERY]);
    jsonw_kv_u64(w, "query_queued", stats.queued[WORK_QUERY]);
    jsonw_kv_i64(w, "convert", stats.workers[WORK_CONVERT]);
    jsonw_kv_i64(w, "convert_busy", stats.busy[WORK_CONVERT]);
    jsonw_kv_u64(w, "convert_queued", stats.queued[WORK_CONVERT]);
    jsonw_kv_u64(w, "started_total", stats.started_total);
    jsonw_kv_u64(w, "died_total", stats.died_total);
    jsonw_name(w, "pids");
    jsonw_array(w);
    for (int i = 0; i < stats.pid_count; i++) {
        jsonw_i64(w, stats.pids[i]);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static void write_deliveries(const struct tarn_service *s, struct arena *a, struct jsonw *w) {
    struct catalog_doc *docs = NULL;
    size_t count = 0;
    jsonw_name(w, "deliveries");
    jsonw_array(w);
    if (catalog_doc_list(s->deps.catalog, a, "firehose", false, INT64_MAX, (struct bytes){0}, 10000,
                         &docs, &count, NULL) == 0) {
        for (size_t i = 0; i < count; i++) {
            struct bytes json;
            if (delivery_status(s->deps.delivery, a, docs[i].key, &json, NULL) == 0) {
                jsonw_raw(w, json);
            }
        }
    }
    jsonw_end_array(w);
}

static void status(struct tarn_service *s, struct http_request *r) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "version", s->deps.version);
    jsonw_kv_cstr(&w, "data_dir", s->deps.data_dir);
    jsonw_kv_i64(&w, "pid", getpid());
    jsonw_kv_i64(&w, "uptime_s", (clock_wall_ms(s->deps.clock) - s->start_ms) / 1000);
    jsonw_kv_u64(&w, "rss_bytes", resident_bytes());
    write_workers(s, &w);
    write_deliveries(s, &r->arena, &w);
    jsonw_end_object(&w);
    reply_buf(r, 200, &out);
}

/* ---- workgroups, metrics ---- */
static void workgroups(struct tarn_service *s, struct http_request *r) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    jsonw_name(&w, "workgroups");
    query_workgroups_write(s->deps.query, &w);
    jsonw_end_object(&w);
    reply_buf(r, 200, &out);
}

static void metrics(struct tarn_service *s, struct http_request *r) {
    struct buf out = {0};
    query_metrics_write(s->deps.query, &out);
    struct bytes body = buf_ok(&out) ? arena_copy(&r->arena, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    http_reply(r, body.ptr ? 200 : 500, "text/plain; version=0.0.4", body);
}

/* ---- wait ---- */
static void waited(void *ctx) {
    http_reply(ctx, 200, "application/json", BYTES("{}"));
}

static void wait_query(struct tarn_service *s, struct http_request *r) {
    struct err e = {0};
    int64_t ms = 0;
    struct bytes text = http_query(r, "ms");
    if (!bytes_to_i64(text, &ms) || ms < 0 || ms > 60000) {
        ms = 1000;
    }
    if (query_wait(s->deps.query, http_query(r, "id"), ms, waited, r, &e)) {
        reply_error(r, &e);
    }
}

/* ---- flush ---- */
static void flushed(void *ctx, int rc, const struct err *e) {
    if (rc) {
        reply_error(ctx, e);
    } else {
        http_reply(ctx, 200, "application/json", BYTES("{}"));
    }
}

static void flush(struct tarn_service *s, struct http_request *r) {
    struct err e = {0};
    if (delivery_flush(s->deps.delivery, http_query(r, "delivery"), flushed, r, &e)) {
        reply_error(r, &e);
    }
}

/* ---- plan ---- */
static void planned(void *ctx, int rc, struct bytes json, const struct err *e) {
    struct http_request *r = ctx;
    struct bytes body = rc ? (struct bytes){0} : arena_copy(&r->arena, json);
    struct err none = {0};
    if (!rc && !body.ptr) {
        rc = err_set(&none, ERR_NOMEM, NULL);
        e = &none;
    }
    if (rc) {
        reply_error(r, e);
    } else {
        http_reply(r, 200, "application/json", body);
    }
}

/* {"sql": .., "database": .., "workgroup": ..} */
static void plan(struct tarn_service *s, struct http_request *r) {
    struct err e = {0};
    struct json *in = NULL;
    int rc = json_parse(&r->arena, r->body, &in, &e);
    struct bytes sql = json_get_str(in, "sql");
    if (!rc && !sql.len) {
        rc = err_set(&e, ERR_INVALID_REQUEST,
                     "The body must be {\"sql\": \"select ..\", \"database\": \"..\"}.");
    }
    rc = rc ? rc
            : query_explain_later(s->deps.query, sql, json_get_str(in, "database"),
                                  json_get_str(in, "workgroup"), planned, r, &e);
    if (rc) {
        reply_error(r, &e);
    }
}

/* {"database": .., "table": ..} */
static void refresh(struct tarn_service *s, struct http_request *r) {
    struct err e = {0};
    struct json *in = NULL;
    int rc = json_parse(&r->arena, r->body, &in, &e);
    struct bytes database = json_get_str(in, "database"), table = json_get_str(in, "table");
    if (!rc && (!database.len || !table.len)) {
        rc = err_set(&e, ERR_INVALID_REQUEST,
                     "The body must be {\"database\": \"..\", \"table\": \"..\"}.");
    }
    rc = rc ? rc : query_refresh_later(s->deps.query, database, table, planned, r, &e);
    if (rc) {
        reply_error(r, &e);
    }
}

static const struct route {
    const char *method, *path;
    void (*handle)(struct tarn_service *s, struct http_request *r);
} routes[] = {{"GET", "/tarn/v1/status", status},   {"GET", "/tarn/v1/workgroups", workgroups},
              {"GET", "/tarn/v1/metrics", metrics}, {"GET", "/tarn/v1/wait", wait_query},
              {"POST", "/tarn/v1/flush", flush},    {"POST", "/tarn/v1/plan", plan},
              {"POST", "/tarn/v1/refresh", refresh}};

static void handle(void *ctx, struct http_request *r) {
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        if (bytes_eq_str(r->raw_path, routes[i].path) &&
            bytes_eq_str(r->method, routes[i].method)) {
            routes[i].handle(ctx, r);
            return;
        }
    }
    struct err e = {0};
    err_set_named(&e, ERR_UNKNOWN_OPERATION, "NotFound", 404,
                  "There is no %.*s %.*s; see docs/command.md.", BYTES_ARG(r->method),
                  BYTES_ARG(r->raw_path));
    reply_error(r, &e);
}

const struct api_service *tarn_service_new(const struct tarn_deps *deps) {
    struct tarn_service *s = mem_calloc(1, sizeof *s);
    if (!s) {
        return NULL;
    }
    s->deps = *deps;
    s->start_ms = clock_wall_ms(deps->clock);
    s->service = (struct api_service){.name = "tarn", .ctx = s, .handle_raw = handle};
    return &s->service;
}

void tarn_service_free(const struct api_service **s) {
    if (*s) {
        mem_free((void *)(*s)->ctx);
        *s = NULL;
    }
}
