/* facts.c - what a Parquet file's footer says, row group by row group: rows, and for each leaf
 * column its type, compressed bytes, least and greatest value and nulls.
 *
 *     {"rows":[2000,1500],
 *      "columns":{"id":{"type":"BIGINT","bytes":[811,640],"min":["1","2001"],"max":["2000","3500"],
 *                       "nulls":[0,0]},
 *                 "s.a":{...}}}
 *
 * One statement over the engine's parquet_metadata and parquet_schema serves many files, and writes
 * the arrays itself. A least or greatest text of more than 64 characters is cut, the greatest
 * one's end replaced by the last code point there is, so that both still bound the values. The
 * older statistics without `_value` in their name are used for signed numbers alone: for text their
 * order is not known. Files that do not end as Parquet does are left out beforehand; when a footer
 * is damaged the statement fails for all, and is run for each half of them. */
#include "duck/convert_int.h"
#include <fcntl.h>

static struct bytes text_at(duckdb_data_chunk chunk, idx_t column, idx_t row) {
    duckdb_vector v = duckdb_data_chunk_get_vector(chunk, column);
    uint64_t *validity = duckdb_vector_get_validity(v);
    if (validity && !duckdb_validity_row_is_valid(validity, row))
        return (struct bytes){0};
    duckdb_string_t *s = (duckdb_string_t *)duckdb_vector_get_data(v) + row;
    uint32_t len = s->value.inlined.length;
    return bytes_of(len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len);
}
static int64_t number_at(duckdb_data_chunk chunk, idx_t column, idx_t row) {
    duckdb_vector v = duckdb_data_chunk_get_vector(chunk, column);
    uint64_t *validity = duckdb_vector_get_validity(v);
    if (validity && !duckdb_validity_row_is_valid(validity, row))
        return 0;
    return ((int64_t *)duckdb_vector_get_data(v))[row];
}

/* ---- the statement ---- */
/* A path that the engine's globbing takes literally. */
static void add_path(struct buf *out, struct bytes path) {
    struct buf literal = {0};
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c == '*' || c == '?' || c == '[')
            buf_add_fmt(&literal, "[%c]", c);
        else
            buf_add_char(&literal, c);
    }
    buf_add_sql_string(out, buf_bytes(&literal));
    out->failed |= literal.failed;
    buf_clear(&literal);
}
static void add_paths(struct buf *out, const struct bytes *paths, size_t n, bool as_globs) {
    buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_char(out, ',');
        if (as_globs)
            add_path(out, paths[i]);
        else
            buf_add_sql_string(out, paths[i]);
    }
    buf_add_char(out, ']');
}

/* file, its rows; rows per group; leaf, type, bytes, min, max, nulls, bloom. */
static void add_statement(struct buf *out, const struct bytes *paths, size_t n) {
    buf_add_str(out, "WITH f AS (SELECT unnest(");
    add_paths(out, paths, n, false);
    buf_add_str(
        out, "::VARCHAR[]) AS f), t AS (SELECT file_name AS f, duckdb_type AS t, row_number() OVER"
             " (PARTITION BY file_name ORDER BY column_id) - 1 AS c FROM parquet_schema(");
    add_paths(out, paths, n, true);
    buf_add_str(out,
                ") WHERE duckdb_type IS NOT NULL), m AS (SELECT file_name AS f, column_id AS c,"
                " row_group_id AS g, row_group_num_rows AS r, path_in_schema AS p,"
                " total_compressed_size AS b, stats_null_count AS z, bloom_filter_offset AS bf,"
                " CASE WHEN type = 'BYTE_ARRAY' THEN stats_min_value"
                " ELSE coalesce(stats_min_value, stats_min) END AS lo,"
                " CASE WHEN type = 'BYTE_ARRAY' THEN stats_max_value"
                " ELSE coalesce(stats_max_value, stats_max) END AS hi"
                " FROM parquet_metadata(");
    add_paths(out, paths, n, true);
    buf_add_str(
        out, "))"
             " SELECT f.f, coalesce(sum(r), 0)::BIGINT, to_json(list(r ORDER BY g))::VARCHAR,"
             " replace(any_value(p), ', ', '.'), coalesce(any_value(t.t), ''),"
             " to_json(list(b ORDER BY g))::VARCHAR,"
             " CASE WHEN count(lo) > 0 AND count(hi) > 0 THEN"
             " to_json(list(left(lo, 64) ORDER BY g))::VARCHAR END,"
             " CASE WHEN count(lo) > 0 AND count(hi) > 0 THEN"
             " to_json(list(CASE WHEN length(hi) > 64 THEN left(hi, 64) || chr(1114111) ELSE hi END"
             " ORDER BY g))::VARCHAR END,"
             " CASE WHEN count(z) > 0 THEN to_json(list(z ORDER BY g))::VARCHAR END,"
             " count(bf)::BIGINT"
             " FROM f LEFT JOIN m ON m.f = f.f LEFT JOIN t ON t.f = m.f AND t.c = m.c"
             " GROUP BY f.f, m.c ORDER BY f.f, m.c");
}
enum { FILE_NAME, FILE_ROWS, GROUP_ROWS, LEAF, TYPE, BYTES_LIST, MIN, MAX, NULLS, BLOOMS };

/* ---- its rows as JSON ---- */
struct facts_writer {
    struct jsonw *w;
    bool alone; /* one file: no object around its facts */
    struct buf file;
    int64_t rows;
    size_t files;
};
static void end_file(struct facts_writer *x) {
    if (!x->files)
        return;
    jsonw_end_object(x->w);
    jsonw_end_object(x->w);
    if (!x->alone)
        jsonw_end_object(x->w);
}
static void start_file(struct facts_writer *x, duckdb_data_chunk chunk, idx_t row) {
    struct bytes groups = text_at(chunk, GROUP_ROWS, row);
    bool empty = !text_at(chunk, LEAF, row).ptr;
    end_file(x);
    x->files++;
    x->rows = number_at(chunk, FILE_ROWS, row);
    buf_reset(&x->file);
    buf_add(&x->file, text_at(chunk, FILE_NAME, row));
    if (!x->alone) {
        jsonw_object(x->w);
        jsonw_kv_str(x->w, "path", buf_bytes(&x->file));
        jsonw_kv_i64(x->w, "rows", x->rows);
        jsonw_name(x->w, "facts");
    }
    jsonw_object(x->w);
    jsonw_kv_raw(x->w, "rows", empty ? BYTES("[]") : groups);
    jsonw_name(x->w, "columns");
    jsonw_object(x->w);
}
static void add_list(struct jsonw *w, const char *name, struct bytes list) {
    if (list.ptr)
        jsonw_kv_raw(w, name, list);
}
static void add_row(struct facts_writer *x, duckdb_data_chunk chunk, idx_t row) {
    struct bytes leaf = text_at(chunk, LEAF, row);
    if (!x->files || !bytes_eq(text_at(chunk, FILE_NAME, row), buf_bytes(&x->file)))
        start_file(x, chunk, row);
    if (!leaf.ptr)
        return;
    jsonw_name_bytes(x->w, leaf);
    jsonw_object(x->w);
    jsonw_kv_str(x->w, "type", text_at(chunk, TYPE, row));
    add_list(x->w, "bytes", text_at(chunk, BYTES_LIST, row));
    add_list(x->w, "min", text_at(chunk, MIN, row));
    add_list(x->w, "max", text_at(chunk, MAX, row));
    add_list(x->w, "nulls", text_at(chunk, NULLS, row));
    if (number_at(chunk, BLOOMS, row))
        jsonw_kv_bool(x->w, "bloom", true);
    jsonw_end_object(x->w);
}

static int run(struct duck *d, struct facts_writer *x, const struct bytes *paths, size_t n,
               struct err *e) {
    duckdb_result result;
    duckdb_data_chunk chunk;
    struct buf sql = {0};
    add_statement(&sql, paths, n);
    const char *text = buf_cstr(&sql);
    int rc = text ? session_query(d, text, &result, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&sql);
    if (rc)
        return rc;
    while ((chunk = duckdb_fetch_chunk(result)) != NULL) {
        idx_t rows = duckdb_data_chunk_get_size(chunk);
        for (idx_t i = 0; i < rows; i++)
            add_row(x, chunk, i);
        duckdb_destroy_data_chunk(&chunk);
    }
    end_file(x);
    duckdb_destroy_result(&result);
    rc = x->file.failed || x->w->out->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    buf_clear(&x->file);
    return rc;
}

int facts_write(struct duck *d, const char *path, struct buf *out, int64_t *ret_rows,
                struct err *e) {
    struct jsonw w = jsonw_to(out);
    struct facts_writer x = {.w = &w, .alone = true};
    struct bytes one = bytes_str(path);
    int rc = run(d, &x, &one, 1, e);
    if (!rc && x.files != 1)
        rc = err_set(e, ERR_CORRUPT, "%s has no Parquet footer.", path);
    if (!rc)
        *ret_rows = x.rows;
    return rc;
}

/* ---- the task ---- */
/* A file that is no Parquet is left out of the answer: facts are a help, not a need. */
int facts_write_files(struct duck *d, struct jsonw *w, const struct bytes *paths, size_t n,
                      struct err *e) {
    struct facts_writer x = {.w = w};
    int rc = n ? run(d, &x, paths, n, e) : 0;
    if (rc == 0 || rc == ERR_NOMEM || rc == ERR_CANCELED || d->stopped)
        return rc;
    rc = n > 1 ? facts_write_files(d, w, paths, n / 2, e) : 0;
    return rc || n < 2 ? rc : facts_write_files(d, w, paths + n / 2, n - n / 2, e);
}

static bool ends_as_parquet(const char *path) {
    struct vfs *v = vfs_system();
    struct vfs_stat st;
    char end[4] = "";
    if (v->ops->stat(v, path, &st) || st.size_bytes < 12)
        return false;
    int fd = v->ops->open(v, path, O_RDONLY, 0);
    if (fd < 0)
        return false;
    ssize_t n = v->ops->pread(v, fd, end, sizeof end, st.size_bytes - sizeof end);
    (void)v->ops->close(v, fd);
    return n == (ssize_t)sizeof end && memcmp(end, "PAR1", sizeof end) == 0;
}

int duck_run_facts(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) {
    const struct json *list = json_get(task, "paths");
    struct bytes *paths = ARENA_NEW_N(a, struct bytes, (list ? list->count : 0) + 1);
    size_t n = 0;
    int rc = paths ? session_begin(d, task, e) : err_set(e, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    JSON_FOR_EACH(j, list) {
        const char *path = arena_cstr(a, j->text);
        if (path && ends_as_parquet(path))
            paths[n++] = j->text;
    }
    if (a->failed)
        rc = err_set(e, ERR_NOMEM, NULL);
    struct jsonw w = jsonw_to(ok_out);
    jsonw_object(&w);
    jsonw_name(&w, "files");
    jsonw_array(&w);
    /* of the files as they are now: rows are left out by what is said here */
    if (!rc)
        rc = session_exec(d, "SET SESSION parquet_metadata_cache = false", e);
    if (!rc)
        rc = facts_write_files(d, &w, paths, n, e);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    session_end(d);
    return rc ? rc : ok_out->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
