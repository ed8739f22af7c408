/* query.c - one SELECT to one result file, at constant memory.
 *
 *     views      temporary macros  "name"() -> tarn_log(i)
 *     sql        prepared, run as a stream of chunks
 *     chunk      formatted as text into a buffer, written out at 256 KiB
 *     end        fdatasync, rename into place
 *
 * The temporary file is removed on any failure, so a result is whole or absent. */
#include "base/clock.h"
#include "base/vfs.h"
#include "duck/duck_int.h"
#include "duck/format.h"

#include <fcntl.h>

#define WRITE_CHUNK (256u << 10)

struct result_file {
    struct vfs *vfs;
    const char *output, *tmp; /* NULL: nothing is written */
    int fd;
    uint64_t size;
    struct buf buffer, field;
    bool is_txt;
};

struct query {
    struct duck *duck;
    struct arena *arena;
    const struct json *task;
    struct err *e;
    struct logscan_set scans;
    duckdb_prepared_statement statement;
    duckdb_pending_result pending;
    duckdb_result result;
    bool has_result;
    struct format **formats;
    size_t column_count;
    struct result_file file;
    uint64_t rows;
};

/* ---- the file ---- */
static int file_open(struct query *q) {
    struct result_file *f = &q->file;
    f->vfs = vfs_system();
    f->fd = -1;
    f->output = arena_cstr(q->arena, json_get_str(q->task, "output"));
    f->tmp = arena_cstr(q->arena, json_get_str(q->task, "tmp"));
    f->is_txt = bytes_eq_str(json_get_str(q->task, "format"), "txt");
    if (!json_get(q->task, "output")) {
        f->output = NULL;
        return 0;
    }
    if (!f->output || !f->tmp) {
        return err_set(q->e, ERR_NOMEM, NULL);
    }
    f->fd = f->vfs->ops->open(f->vfs, f->tmp, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    return f->fd < 0 ? err_set_errno(q->e, ERR_IO, -f->fd, "The result file cannot be made") : 0;
}

static int file_flush(struct query *q) {
    struct result_file *f = &q->file;
    if (!buf_ok(&f->buffer) || !buf_ok(&f->field)) {
        return err_set(q->e, ERR_NOMEM, NULL);
    }
    if (f->fd >= 0) {
        int rc = vfs_pwrite_all(f->vfs, f->fd, f->buffer.ptr, f->buffer.len, f->size);
        if (rc) {
            return err_set_errno(q->e, ERR_IO, -rc, "The result file cannot be written");
        }
    }
    f->size += f->buffer.len;
    buf_reset(&f->buffer);
    return 0;
}

static int file_finish(struct query *q) {
    struct result_file *f = &q->file;
    int rc = file_flush(q);
    if (rc || f->fd < 0) {
        return rc;
    }
    int io = f->vfs->ops->fdatasync(f->vfs, f->fd);
    io = io ? io : f->vfs->ops->rename(f->vfs, f->tmp, f->output);
    return io ? err_set_errno(q->e, ERR_IO, -io, "The result file cannot be put in place") : 0;
}

static void file_close(struct query *q, bool failed) {
    struct result_file *f = &q->file;
    if (f->fd >= 0) {
        f->vfs->ops->close(f->vfs, f->fd);
        if (failed) {
            (void)f->vfs->ops->unlink(f->vfs, f->tmp);
        }
    }
    buf_clear(&f->buffer);
    buf_clear(&f->field);
}

/* ---- rows as text ---- */
static void add_quoted(struct buf *out, struct bytes v) {
    buf_add_char(out, '"');
    for (struct bytes rest = v; rest.len;) {
        ptrdiff_t quote = bytes_find_char(rest, '"');
        size_t n = quote < 0 ? rest.len : (size_t)quote + 1;
        buf_add(out, bytes_of(rest.ptr, n));
        if (quote >= 0) {
            buf_add_char(out, '"');
        }
        rest = bytes_slice(rest, n, rest.len);
    }
    buf_add_char(out, '"');
}

static void add_header(struct query *q) {
    size_t i = 0;
    JSON_FOR_EACH(column, json_get(q->task, "columns")) {
        if (i++) {
            buf_add_char(&q->file.buffer, ',');
        }
        add_quoted(&q->file.buffer, json_get_str(column, "name"));
    }
    buf_add_char(&q->file.buffer, '\n');
}

static void add_row(struct query *q, idx_t row) {
    struct result_file *f = &q->file;
    for (size_t i = 0; i < q->column_count; i++) {
        if (i) {
            buf_add_char(&f->buffer, f->is_txt ? '\t' : ',');
        }
        if (format_is_null(q->formats[i], row)) {
            continue;
        }
        if (f->is_txt) {
            format_value(q->formats[i], row, &f->buffer);
            continue;
        }
        buf_reset(&f->field);
        format_value(q->formats[i], row, &f->field);
        add_quoted(&f->buffer, buf_bytes(&f->field));
    }
    buf_add_char(&f->buffer, '\n');
}

static int write_chunk(struct query *q, duckdb_data_chunk chunk) {
    idx_t rows = duckdb_data_chunk_get_size(chunk);
    for (size_t i = 0; i < q->column_count; i++) {
        format_bind(q->formats[i], duckdb_data_chunk_get_vector(chunk, i));
    }
    for (idx_t row = 0; row < rows; row++) {
        add_row(q, row);
        if (q->file.buffer.len >= WRITE_CHUNK || !buf_ok(&q->file.buffer)) {
            int rc = file_flush(q);
            if (rc) {
                return rc;
            }
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
static int read_scans(struct query *q) {
    const struct json *views = json_get(q->task, "views");
    size_t count = views ? views->count : 0, i = 0;
    struct logscan *scans = ARENA_NEW_N(q->arena, struct logscan, count + 1);
    if (!scans) {
        return err_set(q->e, ERR_NOMEM, NULL);
    }
    JSON_FOR_EACH(view, views) {
        int rc = logscan_from_json(q->arena, view, &scans[i], q->e);
        if (rc) {
            return rc;
        }
        scans[i++].max_threads = (int)q->duck->options.threads;
    }
    logscan_set_init(&q->scans, scans, count, &q->duck->stopped);
    q->duck->scans = &q->scans;
    return 0;
}

static int make_views(struct query *q) {
    size_t i = 0;
    int rc = 0;
    JSON_FOR_EACH(view, json_get(q->task, "views")) {
        struct buf sql = {0};
        buf_add_str(&sql, "CREATE TEMP MACRO ");
        buf_add_identifier(&sql, json_get_str(view, "name"));
        buf_add_fmt(&sql, "() AS TABLE SELECT * FROM tarn_log(%zu)", i++);
        const char *text = buf_cstr(&sql);
        rc = rc ? rc : text ? session_exec(q->duck, text, q->e) : err_set(q->e, ERR_NOMEM, NULL);
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
    int rc = make_views(q);
    rc = rc ? rc : run_statement(q);
    rc = rc ? rc : make_formats(q);
    rc = rc ? rc : file_open(q);
    if (!rc && !q->file.is_txt) {
        add_header(q);
    }
    rc = rc ? rc : write_rows(q);
    return rc ? rc : file_finish(q);
}

static void query_clear(struct query *q, bool failed) {
    file_close(q, failed);
    if (q->has_result) {
        duckdb_destroy_result(&q->result);
    }
    duckdb_destroy_pending(&q->pending);
    duckdb_destroy_prepare(&q->statement);
}

int duck_run_query(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) {
    struct query q = {.duck = d, .arena = a, .task = task, .e = e, .file = {.fd = -1}};
    int64_t start = clock_mono_us(clock_system());
    int rc = read_scans(&q);
    if (rc) {
        d->scans = NULL;
        return rc;
    }
    rc = session_begin(d, task, e);
    if (!rc) {
        rc = run(&q);
        query_clear(&q, rc != 0);
        session_end(d);
    }
    d->scans = NULL;
    logscan_set_clear(&q.scans);
    if (!rc) {
        struct jsonw w = jsonw_to(ok_out);
        jsonw_object(&w);
        jsonw_kv_u64(&w, "rows", q.rows);
        jsonw_kv_u64(&w, "output_bytes", q.file.size);
        jsonw_kv_i64(&w, "engine_us", clock_mono_us(clock_system()) - start);
        jsonw_end_object(&w);
    }
    return rc;
}
