/* query.c - one SELECT to one result file, at constant memory.
 *
 *     views      temporary macros  "name"() -> tarn_log(i)
 *     sql        prepared, run as a stream of chunks
 *     chunk      formatted as text into the result file (store/row_file.h)
 *     end        fdatasync, rename into place
 *
 * The temporary file is removed on any failure, so a result is whole or absent. */
#include "base/clock.h"
#include "duck/duck_int.h"
#include "duck/format.h"
#include "store/row_file.h"

struct query {
    struct duck *duck;
    struct arena *arena;
    const struct json *task;
    struct err *e;
    struct query_sources sources;
    duckdb_prepared_statement statement;
    duckdb_pending_result pending;
    duckdb_result result;
    bool has_result;
    struct format **formats;
    size_t column_count;
    struct row_file file;
    uint64_t rows;
};

/* ---- rows as text ---- */
static int open_file(struct query *q) {
    const char *output = arena_cstr(q->arena, json_get_str(q->task, "output"));
    const char *tmp = arena_cstr(q->arena, json_get_str(q->task, "tmp"));
    if (!output || !tmp) {
        return err_set(q->e, ERR_NOMEM, NULL);
    }
    return row_file_open(&q->file, json_get(q->task, "output") ? output : NULL, tmp,
                         bytes_eq_str(json_get_str(q->task, "format"), "txt"), q->e);
}

static int write_header(struct query *q) {
    if (q->file.is_txt) {
        return 0;
    }
    JSON_FOR_EACH(column, json_get(q->task, "columns")) {
        row_file_add(&q->file, json_get_str(column, "name"));
    }
    return row_file_end_row(&q->file, q->e);
}

static int write_row(struct query *q, idx_t row) {
    for (size_t i = 0; i < q->column_count; i++) {
        if (format_is_null(q->formats[i], row)) {
            row_file_add_null(&q->file);
        } else {
            format_value(q->formats[i], row, row_file_field(&q->file));
            row_file_end_field(&q->file);
        }
    }
    return row_file_end_row(&q->file, q->e);
}

static int write_chunk(struct query *q, duckdb_data_chunk chunk) {
    idx_t rows = duckdb_data_chunk_get_size(chunk);
    for (size_t i = 0; i < q->column_count; i++) {
        format_bind(q->formats[i], duckdb_data_chunk_get_vector(chunk, i));
    }
    for (idx_t row = 0; row < rows; row++) {
        int rc = write_row(q, row);
        if (rc) {
            return rc;
        }
    }
    q->rows += rows;
    return 0;
}

static int write_rows(struct query *q) {
    for (;;) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(q->result);
        if (!chunk) {
            break;
        }
        int rc = write_chunk(q, chunk);
        duckdb_destroy_data_chunk(&chunk);
        if (rc) {
            return rc;
        }
        if (q->duck->options.progress) {
            q->duck->options.progress(q->duck->options.progress_ctx, q->rows);
        }
    }
    const char *why = duckdb_result_error(&q->result);
    return why && *why ? duck_map_error(q->duck, why, q->e) : 0;
}

/* ---- views ---- */
static int read_texts(struct duck *d, struct arena *a, const struct json *task,
                      struct query_sources *ret, struct err *e) {
    const struct json *texts = json_get(task, "texts");
    size_t count = texts ? texts->count : 0, i = 0;
    struct text_scan *scans = ARENA_NEW_N(a, struct text_scan, count + 1);
    if (!scans) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    JSON_FOR_EACH(text, texts) {
        int rc = text_scan_from_json(a, text, &scans[i], e);
        if (rc) {
            return rc;
        }
        scans[i++].max_threads = (int)d->options.threads;
    }
    ret->texts = (struct text_set){scans, count, &d->stopped};
    d->texts = &ret->texts;
    return 0;
}

int query_read_scans(struct duck *d, struct arena *a, const struct json *task,
                     struct query_sources *ret, struct err *e) {
    const struct json *views = json_get(task, "views");
    size_t count = views ? views->count : 0, i = 0;
    struct logscan *scans = ARENA_NEW_N(a, struct logscan, count + 1);
    if (!scans) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    JSON_FOR_EACH(view, views) {
        int rc = logscan_from_json(a, view, &scans[i], e);
        if (rc) {
            return rc;
        }
        scans[i++].max_threads = (int)d->options.threads;
    }
    logscan_set_init(&ret->scans, scans, count, &d->stopped);
    d->scans = &ret->scans;
    int rc = read_texts(d, a, task, ret, e);
    if (rc)
        query_end_scans(d, ret);
    return rc;
}

void query_end_scans(struct duck *d, struct query_sources *s) {
    if (d->scans == &s->scans) {
        d->scans = NULL;
        d->texts = NULL;
        logscan_set_clear(&s->scans);
    }
}

int query_make_views(struct duck *d, const struct json *task, struct err *e) {
    size_t i = 0;
    int rc = 0;
    JSON_FOR_EACH(view, json_get(task, "views")) {
        struct buf sql = {0};
        buf_add_str(&sql, "CREATE TEMP MACRO ");
        buf_add_identifier(&sql, json_get_str(view, "name"));
        buf_add_fmt(&sql, "() AS TABLE SELECT * FROM tarn_log(%zu)", i++);
        const char *text = buf_cstr(&sql);
        rc = rc ? rc : text ? session_exec(d, text, e) : err_set(e, ERR_NOMEM, NULL);
        buf_clear(&sql);
    }
    return rc;
}

/* ---- the statement ---- */
static int run_statement(struct query *q) {
    const char *sql = arena_cstr(q->arena, json_get_str(q->task, "sql"));
    if (!sql) {
        return err_set(q->e, ERR_NOMEM, NULL);
    }
    if (duckdb_prepare(q->duck->con, sql, &q->statement) != DuckDBSuccess) {
        return duck_map_error(q->duck, duckdb_prepare_error(q->statement), q->e);
    }
    if (duckdb_pending_prepared_streaming(q->statement, &q->pending) != DuckDBSuccess) {
        return duck_map_error(q->duck, duckdb_pending_error(q->pending), q->e);
    }
    q->has_result = true;
    if (duckdb_execute_pending(q->pending, &q->result) != DuckDBSuccess) {
        return duck_map_error(q->duck, duckdb_result_error(&q->result), q->e);
    }
    return 0;
}

static int make_formats(struct query *q) {
    const struct json *column = json_get(q->task, "columns");
    size_t expected = column ? column->count : 0;
    q->column_count = duckdb_column_count(&q->result);
    if (q->column_count != expected) {
        return err_set(q->e, ERR_INTERNAL, "The engine gave %zu columns where %zu were planned.",
                       q->column_count, expected);
    }
    q->formats = ARENA_NEW_N(q->arena, struct format *, q->column_count + 1);
    if (!q->formats) {
        return err_set(q->e, ERR_NOMEM, NULL);
    }
    column = column ? column->first : NULL;
    for (size_t i = 0; i < q->column_count; i++, column = column->next) {
        duckdb_logical_type type = duckdb_column_logical_type(&q->result, i);
        int rc =
            format_new(q->arena, type, json_get_str(column, "trino_type"), &q->formats[i], q->e);
        duckdb_destroy_logical_type(&type);
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int run(struct query *q) {
    int rc = query_make_views(q->duck, q->task, q->e);
    rc = rc ? rc : profile_begin(q->duck, q->task, q->e);
    rc = rc ? rc : run_statement(q);
    rc = rc ? rc : make_formats(q);
    rc = rc ? rc : open_file(q);
    rc = rc ? rc : write_header(q);
    rc = rc ? rc : write_rows(q);
    return rc ? rc : row_file_finish(&q->file, q->e);
}

static void query_clear(struct query *q) {
    row_file_close(&q->file);
    if (q->has_result) {
        duckdb_destroy_result(&q->result);
    }
    duckdb_destroy_pending(&q->pending);
    duckdb_destroy_prepare(&q->statement);
}

int duck_run_query(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) {
    struct query q = {.duck = d, .arena = a, .task = task, .e = e, .file = {.fd = -1}};
    struct buf profile = {0};
    int64_t start = clock_mono_us(clock_system());
    int rc = query_read_scans(d, a, task, &q.sources, e);
    rc = rc ? rc : session_begin(d, task, e);
    if (!rc) {
        rc = run(&q);
        query_clear(&q);
        if (!rc)
            profile_write(d, task, &profile);
        session_end(d);
    }
    query_end_scans(d, &q.sources);
    if (!rc) {
        struct jsonw w = jsonw_to(ok_out);
        jsonw_object(&w);
        jsonw_kv_u64(&w, "rows", q.rows);
        jsonw_kv_u64(&w, "output_bytes", q.file.size);
        jsonw_kv_i64(&w, "engine_us", clock_mono_us(clock_system()) - start);
        if (profile.len)
            jsonw_kv_raw(&w, "profile", buf_bytes(&profile));
        jsonw_end_object(&w);
    }
    buf_clear(&profile);
    return rc;
}
