/* ask.c - StartQueryExecution, wait, GetQueryResults page by page.
 *
 * Waiting uses the server's long poll /tarn/v1/wait, so a short query costs one round trip; against
 * an endpoint without it (AWS itself) the state is polled with growing pauses. */
#include "cmd/ask.h"

#include <stdio.h>
#include <time.h>

struct run {
    struct client *client;
    const struct ask_options *options;
    struct arena arena; /* of the whole run */
    struct bytes id;
    struct err *e;
};

static int start(struct run *r, struct bytes sql) {
    struct buf body = {0};
    struct jsonw j = jsonw_to(&body);
    jsonw_object(&j);
    jsonw_kv_str(&j, "QueryString", sql);
    if (r->options->database.len) {
        jsonw_name(&j, "QueryExecutionContext");
        jsonw_object(&j);
        jsonw_kv_str(&j, "Database", r->options->database);
        jsonw_end_object(&j);
    }
    if (r->options->workgroup.len) {
        jsonw_kv_str(&j, "WorkGroup", r->options->workgroup);
    }
    jsonw_end_object(&j);
    const struct json *reply;
    int rc = client_call(r->client, &r->arena, "athena", "StartQueryExecution", buf_bytes(&body),
                         &reply, r->e);
    buf_clear(&body);
    if (!rc) {
        r->id = json_get_str(reply, "QueryExecutionId");
    }
    return rc;
}

static int call_with_id(struct run *r, struct arena *a, const char *operation,
                        const struct json **ret) {
    struct bytes body = arena_fmt(a, "{\"QueryExecutionId\":\"%.*s\"}", BYTES_ARG(r->id));
    return body.ptr ? client_call(r->client, a, "athena", operation, body, ret, r->e)
                    : err_set(r->e, ERR_NOMEM, NULL);
}

/* True when the server's long poll answered; false: poll by hand. */
static bool long_poll(struct run *r, struct arena *a) {
    struct bytes path = arena_fmt(a, "/tarn/v1/wait?id=%.*s&ms=500", BYTES_ARG(r->id));
    struct client_request req = {.method = "GET", .path = path.ptr};
    struct client_response out;
    return path.ptr && client_raw(r->client, a, &req, &out, NULL) == 0 && out.status == 200;
}

static bool is_interrupted(const struct run *r) {
    return r->options->interrupted && *r->options->interrupted;
}

static bool state_is_final(struct bytes state) {
    return bytes_eq_str(state, "SUCCEEDED") || bytes_eq_str(state, "FAILED") ||
           bytes_eq_str(state, "CANCELLED");
}

/* Waits for a final state; *ret is the QueryExecution object in the run's arena. */
static int wait_for(struct run *r, const struct json **ret) {
    long pause_ms = 5;
    bool stopped = false;
    for (;;) {
        struct arena a;
        arena_init(&a, 0);
        if (!long_poll(r, &a)) {
            nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000}, NULL);
            pause_ms = MIN_OF(pause_ms * 2, 500);
        }
        const struct json *ignored;
        if (is_interrupted(r) && !stopped) {
            stopped = true;
            int rc = call_with_id(r, &a, "StopQueryExecution", &ignored);
            (void)rc; /* the state says how it went */
        }
        arena_clear(&a);
        const struct json *reply;
        int rc = call_with_id(r, &r->arena, "GetQueryExecution", &reply);
        if (rc) {
            return rc;
        }
        *ret = json_get(reply, "QueryExecution");
        if (state_is_final(json_get_str(json_get(*ret, "Status"), "State"))) {
            return 0;
        }
    }
}

static int check_state(struct run *r, const struct json *execution) {
    const struct json *status = json_get(execution, "Status");
    struct bytes state = json_get_str(status, "State");
    if (bytes_eq_str(state, "SUCCEEDED")) {
        return 0;
    }
    if (bytes_eq_str(state, "CANCELLED")) {
        return err_set(r->e, ERR_CANCELED, "The query was cancelled.");
    }
    return err_set_named(r->e, ERR_SQL, "Query failed", 400, "%.*s",
                         BYTES_ARG(json_get_str(status, "StateChangeReason")));
}

static int send_columns(struct run *r, const struct json *page, const struct ask_sink *sink,
                        size_t *ret_count) {
    const struct json *info =
        json_get(json_get(json_get(page, "ResultSet"), "ResultSetMetadata"), "ColumnInfo");
    size_t count = info ? info->count : 0, i = 0;
    struct ask_column *columns = ARENA_NEW_N(&r->arena, struct ask_column, count + 1);
    if (!columns) {
        return err_set(r->e, ERR_NOMEM, NULL);
    }
    JSON_FOR_EACH(c, info) {
        columns[i].name = arena_copy(&r->arena, json_get_str(c, "Name"));
        columns[i++].type = arena_copy(&r->arena, json_get_str(c, "Type"));
    }
    *ret_count = count;
    return count ? sink->columns(sink->ctx, columns, count) : 0;
}

/* DESCRIBE answers with one padded cell of tab-separated fields per row, as Hive does. */
static size_t split_fields(struct ask_cell *cells, size_t columns) {
    struct bytes rest = cells[0].text;
    size_t n = 0;
    while (rest.ptr && n < columns) {
        struct bytes field;
        rest = bytes_cut(rest, '\t', &field);
        cells[n++] = (struct ask_cell){.text = bytes_trim(field)};
    }
    return n;
}

static int send_rows(struct run *r, struct arena *a, const struct json *page, size_t columns,
                     bool skip_first, const struct ask_sink *sink, uint64_t *rows) {
    struct ask_cell *cells = ARENA_NEW_N(a, struct ask_cell, columns + 1);
    if (!cells) {
        return err_set(r->e, ERR_NOMEM, NULL);
    }
    JSON_FOR_EACH(row, json_get(json_get(page, "ResultSet"), "Rows")) {
        size_t i = 0;
        if (skip_first) {
            skip_first = false;
            continue;
        }
        JSON_FOR_EACH(cell, json_get(row, "Data")) {
            if (i < columns) {
                struct bytes text = json_get_str(cell, "VarCharValue");
                cells[i++] = (struct ask_cell){text, json_get(cell, "VarCharValue") == NULL};
            }
        }
        if (i == 1 && columns > 1 && !cells[0].is_null) {
            i = split_fields(cells, columns);
        }
        for (; i < columns; i++) {
            cells[i] = (struct ask_cell){.text = BYTES("")};
        }
        int rc = sink->row(sink->ctx, cells, i);
        if (rc) {
            return rc;
        }
        ++*rows;
    }
    return 0;
}

static int fetch(struct run *r, bool has_header, const struct ask_sink *sink, uint64_t *rows) {
    struct buf token = {0};
    size_t columns = 0;
    int rc = 0;
    for (bool first = true; !rc && (first || token.len); first = false) {
        struct arena a;
        arena_init(&a, 0);
        struct bytes body = arena_fmt(
            &a, "{\"QueryExecutionId\":\"%.*s\",\"MaxResults\":1000%s%.*s%s}", BYTES_ARG(r->id),
            token.len ? ",\"NextToken\":\"" : "", BYTES_ARG(token), token.len ? "\"" : "");
        const struct json *page = NULL;
        rc = client_call(r->client, &a, "athena", "GetQueryResults", body, &page, r->e);
        if (!rc && first) {
            rc = send_columns(r, page, sink, &columns);
        }
        rc = rc ? rc : send_rows(r, &a, page, columns, first && has_header, sink, rows);
        buf_reset(&token);
        buf_add(&token, json_get_str(page, "NextToken"));
        arena_clear(&a);
    }
    buf_clear(&token);
    return rc;
}

int ask_run(struct client *c, const struct ask_options *o, struct bytes sql,
            const struct ask_sink *sink, struct ask_stats *ret, struct err *e) {
    struct run r = {.client = c, .options = o, .e = e};
    struct ask_stats stats = {0};
    const struct json *execution = NULL;
    arena_init(&r.arena, 0);
    int rc = start(&r, sql);
    rc = rc ? rc : wait_for(&r, &execution);
    rc = rc ? rc : check_state(&r, execution);
    if (!rc) {
        const struct json *s = json_get(execution, "Statistics");
        stats.total_ms = json_get_i64(s, "TotalExecutionTimeInMillis", 0);
        stats.engine_ms = json_get_i64(s, "EngineExecutionTimeInMillis", 0);
        stats.bytes_scanned = (uint64_t)json_get_i64(s, "DataScannedInBytes", 0);
        bool has_header = bytes_eq_str(json_get_str(execution, "StatementType"), "DML");
        rc = fetch(&r, has_header, sink, &stats.rows);
    }
    arena_clear(&r.arena);
    if (!rc) {
        *ret = stats;
    }
    return rc;
}

void ask_format_bytes(uint64_t bytes, char out[32]) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double v = (double)bytes;
    size_t u = 0;
    while (v >= 1000 && u + 1 < COUNT_OF(units)) {
        v /= 1000;
        u++;
    }
    snprintf(out, 32, u == 0 ? "%.0f %s" : "%.1f %s", v, units[u]);
}
