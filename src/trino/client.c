/* client.c - Trino's client protocol.
 *
 *     POST /v1/statement   -> page -- nextUri --> GET -> page -- nextUri --> .. -> page without one
 *
 * A page has the columns once they are known, perhaps rows, perhaps the error. 503 and 502 mean:
 * ask again. A statement that nobody wants any longer is ended by DELETE of its next page. Each
 * page is read into an arena of its own, so memory is one page's. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/row_file.h"
#include "trino/trino.h"

#include <curl/curl.h>
#include <time.h>

#define STOP_POLL_MS 10 /* how often a waiting request looks whether it is still wanted */
#define CANCEL_MS 1000
#define BUSY_TRIES 50
#define BUSY_PAUSE_MS 100

struct run {
    struct arena *arena; /* the task's */
    const struct json *task;
    const atomic_bool *stop;
    struct err *e;
    CURL *curl;
    CURLM *multi; /* for waiting with an eye on `stop` */
    struct curl_slist *headers;
    struct buf body;
    struct buf next; /* URI of the next page; empty at the end */
    const struct json *columns;
    struct row_file file;
    uint64_t rows, scanned_bytes;
};

/* ---- requests ---- */
static size_t take_body(char *data, size_t size, size_t count, void *ctx) {
    struct buf *body = ctx;
    buf_add(body, bytes_of(data, size * count));
    return buf_ok(body) ? size * count : 0;
}

static bool add_header(struct run *r, const char *name, const char *member) {
    struct bytes value = json_get_str(r->task, member);
    struct bytes line = arena_fmt(r->arena, "%s: %.*s", name, BYTES_ARG(value));
    struct curl_slist *more = line.ptr ? curl_slist_append(r->headers, line.ptr) : NULL;
    if (more)
        r->headers = more;
    return more != NULL;
}

static int prepare(struct run *r) {
    r->curl = curl_easy_init();
    r->multi = curl_multi_init();
    if (!r->curl || !r->multi || !add_header(r, "X-Trino-User", "user") ||
        !add_header(r, "X-Trino-Catalog", "catalog") ||
        !add_header(r, "X-Trino-Schema", "schema") || !add_header(r, "X-Trino-Source", "source"))
        return err_set(r->e, ERR_NOMEM, NULL);
    curl_easy_setopt(r->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, r->headers);
    curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, &r->body);
    curl_easy_setopt(r->curl, CURLOPT_CONNECTTIMEOUT, 10L);
    return 0;
}

static void pause_ms(long ms) {
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* As curl_easy_perform, until it ends or `stop` is set. */
static CURLcode perform(struct run *r, const atomic_bool *stop) {
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    int running = 1, left;
    if (curl_multi_add_handle(r->multi, r->curl))
        return CURLE_OUT_OF_MEMORY;
    while (running && !atomic_load(stop))
        if (curl_multi_perform(r->multi, &running) ||
            (running && curl_multi_poll(r->multi, NULL, 0, STOP_POLL_MS, NULL)))
            break;
    for (CURLMsg *m; (m = curl_multi_info_read(r->multi, &left));)
        if (m->msg == CURLMSG_DONE)
            result = m->data.result;
    curl_multi_remove_handle(r->multi, r->curl);
    return result;
}

/* The status of one request; its body is in r->body. `statement` NULL: GET. */
static int request_once(struct run *r, const char *url, const struct bytes *statement,
                        long *ret_status) {
    char why[CURL_ERROR_SIZE] = "";
    buf_reset(&r->body);
    curl_easy_setopt(r->curl, CURLOPT_URL, url);
    curl_easy_setopt(r->curl, CURLOPT_ERRORBUFFER, why);
    if (statement) {
        curl_easy_setopt(r->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)statement->len);
        curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, statement->ptr);
    } else {
        curl_easy_setopt(r->curl, CURLOPT_HTTPGET, 1L);
    }
    CURLcode rc = perform(r, r->stop);
    curl_easy_setopt(r->curl, CURLOPT_ERRORBUFFER, NULL);
    if (rc == CURLE_ABORTED_BY_CALLBACK || atomic_load(r->stop))
        return err_set(r->e, ERR_CANCELED, NULL);
    if (!buf_ok(&r->body))
        return err_set(r->e, ERR_NOMEM, NULL);
    if (rc)
        return err_set(r->e, ERR_UNAVAILABLE,
                       "The workgroup's Trino does not answer at %s (%s). Start it or change the "
                       "workgroup's tarn.trino_url.",
                       url, *why ? why : curl_easy_strerror(rc));
    curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return 0;
}

static int request(struct run *r, const char *url, const struct bytes *statement) {
    long status = 0;
    for (int i = 0; i < BUSY_TRIES; i++) {
        int rc = request_once(r, url, statement, &status);
        if (rc)
            return rc;
        if (status != 503 && status != 502)
            break;
        pause_ms(BUSY_PAUSE_MS);
    }
    if (status == 200)
        return 0;
    return err_set(r->e, ERR_UNAVAILABLE, "The workgroup's Trino answered %ld: %.*s", status,
                   (int)MIN_OF(r->body.len, (size_t)300), r->body.ptr);
}

/* ---- pages ---- */
static int statement_error(struct run *r, const struct json *error) {
    struct bytes name = json_get_str(error, "errorName"), text = json_get_str(error, "message");
    const struct json *at = json_get(error, "errorLocation");
    err_set_named(r->e, ERR_SQL, arena_cstr(r->arena, name), 0, "%.*s",
                  BYTES_ARG(bytes_slice(text, 0, 800)));
    if (r->e) {
        r->e->line = (int)json_get_i64(at, "lineNumber", 0);
        r->e->column = (int)json_get_i64(at, "columnNumber", 0);
    }
    return ERR_SQL;
}

static int keep_columns(struct run *r, const struct json *columns) {
    struct bytes text = arena_copy(r->arena, columns->text);
    struct json *kept = NULL;
    int rc = text.ptr ? json_parse(r->arena, text, &kept, r->e) : err_set(r->e, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    r->columns = kept;
    JSON_FOR_EACH(column, r->columns)
    row_file_add(&r->file, json_get_str(column, "name"));
    return row_file_end_row(&r->file, r->e);
}

static int write_row(struct run *r, const struct json *row) {
    const struct json *column = r->columns->first;
    JSON_FOR_EACH(value, row) {
        if (!column)
            return err_set(r->e, ERR_INTERNAL, "Trino gave more values than columns.");
        if (value->kind == JSON_NULL) {
            row_file_add_null(&r->file);
        } else {
            trino_value(value, json_get(column, "typeSignature"), row_file_field(&r->file));
            row_file_end_field(&r->file);
        }
        column = column->next;
    }
    r->rows++;
    return row_file_end_row(&r->file, r->e);
}

static int take_page(struct run *r, const struct json *page) {
    const struct json *columns = json_get(page, "columns"), *error = json_get(page, "error");
    struct bytes next = json_get_str(page, "nextUri");
    int rc = 0;
    buf_reset(&r->next);
    buf_add(&r->next, next);
    r->scanned_bytes = (uint64_t)json_get_i64(json_get(page, "stats"), "physicalInputBytes",
                                              (int64_t)r->scanned_bytes);
    if (error)
        return statement_error(r, error);
    if (columns && !r->columns)
        rc = keep_columns(r, columns);
    if (r->columns)
        JSON_FOR_EACH(row, json_get(page, "data")) {
            if (rc)
                return rc;
            rc = write_row(r, row);
        }
    return rc;
}

static int read_page(struct run *r, const char *url, const struct bytes *statement) {
    struct arena a;
    struct json *page = NULL;
    arena_init(&a, 0);
    int rc = request(r, url, statement);
    if (!rc)
        rc = json_parse(&a, buf_bytes(&r->body), &page, r->e);
    if (!rc)
        rc = take_page(r, page);
    arena_clear(&a);
    return rc;
}

static void cancel(struct run *r) {
    const atomic_bool never = false;
    const char *url = r->next.len ? buf_cstr(&r->next) : NULL;
    if (!url)
        return;
    curl_easy_setopt(r->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(r->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
    curl_easy_setopt(r->curl, CURLOPT_TIMEOUT_MS, (long)CANCEL_MS);
    curl_easy_setopt(r->curl, CURLOPT_URL, url);
    (void)perform(r, &never);
}

static int run(struct run *r) {
    struct bytes url =
        arena_fmt(r->arena, "%.*s/v1/statement", BYTES_ARG(json_get_str(r->task, "url")));
    struct bytes sql = json_get_str(r->task, "sql");
    const char *output = arena_cstr(r->arena, json_get_str(r->task, "output"));
    const char *tmp = arena_cstr(r->arena, json_get_str(r->task, "tmp"));
    if (!url.ptr || !output || !tmp)
        return err_set(r->e, ERR_NOMEM, NULL);
    int rc = prepare(r);
    if (!rc)
        rc = row_file_open(&r->file, output, tmp, false, r->e);
    if (!rc)
        rc = read_page(r, url.ptr, &sql);
    while (!rc && r->next.len) {
        const char *next = buf_cstr(&r->next);
        rc = next ? read_page(r, next, NULL) : err_set(r->e, ERR_NOMEM, NULL);
    }
    if (rc)
        cancel(r);
    return rc ? rc : row_file_finish(&r->file, r->e);
}

int trino_run_query(struct arena *a, const struct json *task, const atomic_bool *stop,
                    struct buf *ok_out, struct err *e) {
    struct run r = {.arena = a, .task = task, .stop = stop, .e = e, .file = {.fd = -1}};
    int64_t start = clock_mono_us(clock_system());
    int rc = run(&r);
    if (!rc) {
        struct jsonw w = jsonw_to(ok_out);
        jsonw_object(&w);
        jsonw_kv_u64(&w, "rows", r.rows);
        jsonw_kv_u64(&w, "output_bytes", r.file.size);
        jsonw_kv_u64(&w, "scanned_bytes", r.scanned_bytes);
        jsonw_kv_i64(&w, "engine_us", clock_mono_us(clock_system()) - start);
        jsonw_name(&w, "columns");
        jsonw_array(&w);
        JSON_FOR_EACH(column, r.columns) {
            jsonw_object(&w);
            jsonw_kv_str(&w, "name", json_get_str(column, "name"));
            jsonw_kv_str(&w, "type", json_get_str(column, "type"));
            jsonw_end_object(&w);
        }
        jsonw_end_array(&w);
        jsonw_end_object(&w);
    }
    row_file_close(&r.file);
    curl_slist_free_all(r.headers);
    curl_easy_cleanup(r.curl);
    curl_multi_cleanup(r.multi);
    buf_clear(&r.body);
    buf_clear(&r.next);
    return rc;
}
