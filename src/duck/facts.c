/* facts.c - what planning needs to know of a Parquet file, read from its footer by the engine.
 *
 * Bytes are compressed column chunks, summed over row groups and over the leaves of a nested
 * column. Nulls, least and greatest value are given for flat columns whose every row group has
 * them. */
#include "duck/facts.h"

#include "base/mem.h"
#include "duck/duck_int.h"
#include "duck/functions.h"

/* Integers as BIGINT, all else as VARCHAR; one row per top-level column. */
static const char columns_sql[] =
    "SELECT split_part(path_in_schema, ', ', 1) AS name, "
    "CAST(sum(total_compressed_size) AS BIGINT), "
    "CASE WHEN count(DISTINCT path_in_schema) = 1 AND count(stats_null_count) = count(*) "
    "THEN CAST(sum(stats_null_count) AS BIGINT) END, "
    "CASE WHEN count(*) = 1 THEN any_value(stats_min_value) END, "
    "CASE WHEN count(*) = 1 THEN any_value(stats_max_value) END "
    "FROM parquet_metadata(";
static const char file_sql[] =
    "SELECT CAST(num_rows AS BIGINT), CAST(num_row_groups AS BIGINT) FROM parquet_file_metadata(";

static bool is_null(duckdb_vector v, idx_t row) {
    uint64_t *validity = duckdb_vector_get_validity(v);
    return validity && !(validity[row / 64] >> (row % 64) & 1);
}

static struct bytes text_at(duckdb_data_chunk chunk, idx_t column, idx_t row) {
    duckdb_vector v = duckdb_data_chunk_get_vector(chunk, column);
    return is_null(v, row) ? (struct bytes){.ptr = NULL}
                           : duck_string(&((duckdb_string_t *)duckdb_vector_get_data(v))[row]);
}

static bool integer_at(duckdb_data_chunk chunk, idx_t column, idx_t row, int64_t *ret) {
    duckdb_vector v = duckdb_data_chunk_get_vector(chunk, column);
    if (is_null(v, row)) {
        return false;
    }
    *ret = ((int64_t *)duckdb_vector_get_data(v))[row];
    return true;
}

static void write_column(duckdb_data_chunk chunk, idx_t row, struct jsonw *w) {
    int64_t n = 0;
    struct bytes min = text_at(chunk, 3, row), max = text_at(chunk, 4, row);
    jsonw_name_bytes(w, text_at(chunk, 0, row));
    jsonw_object(w);
    if (integer_at(chunk, 1, row, &n)) {
        jsonw_kv_i64(w, "bytes", n);
    }
    if (integer_at(chunk, 2, row, &n)) {
        jsonw_kv_i64(w, "nulls", n);
    }
    if (min.ptr && max.ptr && min.len <= 256 && max.len <= 256) {
        jsonw_kv_str(w, "min", min);
        jsonw_kv_str(w, "max", max);
    }
    jsonw_end_object(w);
}

static int run(struct duck *d, const char *head, struct bytes path, const char *tail,
               duckdb_result *ret, struct err *e) {
    struct buf sql = {0};
    buf_add_str(&sql, head);
    buf_add_sql_string(&sql, path);
    buf_add_str(&sql, tail);
    const char *text = buf_cstr(&sql);
    int rc = text ? session_query(d, text, ret, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&sql);
    return rc;
}

static int read_counts(struct duck *d, struct bytes path, int64_t *rows, int64_t *groups,
                       struct err *e) {
    duckdb_result result;
    int rc = run(d, file_sql, path, ")", &result, e);
    if (rc) {
        return rc;
    }
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
    if (!chunk || duckdb_data_chunk_get_size(chunk) != 1 || !integer_at(chunk, 0, 0, rows) ||
        !integer_at(chunk, 1, 0, groups)) {
        rc = err_set(e, ERR_INTERNAL, "The footer of '%.*s' cannot be read.", BYTES_ARG(path));
    }
    if (chunk) {
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return rc;
}

int facts_read(struct duck *d, struct bytes path, struct buf *out, int64_t *ret_rows,
               struct err *e) {
    int64_t groups = 0;
    duckdb_result result;
    int rc = read_counts(d, path, ret_rows, &groups, e);
    rc = rc ? rc : run(d, columns_sql, path, ") GROUP BY name ORDER BY min(column_id)", &result, e);
    if (rc) {
        return rc;
    }
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_i64(&w, "row_groups", groups);
    jsonw_name(&w, "columns");
    jsonw_object(&w);
    for (duckdb_data_chunk chunk; (chunk = duckdb_fetch_chunk(result));) {
        for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
            write_column(chunk, row, &w);
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    duckdb_destroy_result(&result);
    return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* A file that cannot be read has no facts; the others still do. */
static void write_file(struct duck *d, struct bytes path, struct jsonw *w) {
    struct buf facts = {0};
    struct err e = {0};
    int64_t rows = 0;
    int rc = facts_read(d, path, &facts, &rows, &e);
    jsonw_object(w);
    jsonw_kv_str(w, "path", path);
    if (rc) {
        jsonw_kv_cstr(w, "error", e.text);
    } else {
        jsonw_kv_i64(w, "rows", rows);
        jsonw_kv_raw(w, "facts", buf_bytes(&facts));
    }
    jsonw_end_object(w);
    buf_clear(&facts);
}

int duck_run_facts(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) {
    int rc = session_begin(d, task, e);
    if (rc) {
        return rc;
    }
    struct jsonw w = jsonw_to(ok_out);
    jsonw_object(&w);
    jsonw_name(&w, "files");
    jsonw_array(&w);
    JSON_FOR_EACH(path, json_get(task, "paths")) {
        write_file(d, path->text, &w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    session_end(d);
    return d->stopped ? err_set(e, ERR_CANCELED, NULL) : 0;
}
