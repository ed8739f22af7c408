/* facts.c - what a Parquet file's footer says: rows, row groups, and per column its compressed
 * bytes, nulls, least and greatest value.
 *
 * The engine's parquet_metadata has one row per leaf and row group; leaves of one nested column are
 * summed, and have no least value. Numbers are compared as numbers, all else as text (ISO times
 * sort so). One row group without statistics leaves the whole column without. */
#include "duck/convert_int.h"

static struct bytes text_at(duckdb_data_chunk chunk, idx_t column, idx_t row) {
    duckdb_vector v = duckdb_data_chunk_get_vector(chunk, column);
    uint64_t *validity = duckdb_vector_get_validity(v);
    if (validity && !duckdb_validity_row_is_valid(validity, row))
        return (struct bytes){0};
    duckdb_string_t *s = (duckdb_string_t *)duckdb_vector_get_data(v) + row;
    uint32_t len = s->value.inlined.length;
    return bytes_of(len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len);
}
static bool number_at(duckdb_data_chunk chunk, idx_t column, idx_t row, int64_t *ret) {
    duckdb_vector v = duckdb_data_chunk_get_vector(chunk, column);
    uint64_t *validity = duckdb_vector_get_validity(v);
    if (validity && !duckdb_validity_row_is_valid(validity, row))
        return false;
    *ret = ((int64_t *)duckdb_vector_get_data(v))[row];
    return true;
}

/* before + 'path' + after, run. */
static int ask(struct duck *d, const char *before, const char *path, const char *after,
               duckdb_result *ret, struct err *e) {
    struct buf sql = {0};
    buf_add_str(&sql, before);
    buf_add_sql_string(&sql, bytes_str(path));
    buf_add_str(&sql, after);
    const char *text = buf_cstr(&sql);
    int rc = text ? session_query(d, text, ret, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&sql);
    return rc;
}
static int read_counts(struct duck *d, const char *path, int64_t *rows, int64_t *groups,
                       struct err *e) {
    duckdb_result result;
    int rc = ask(d, "SELECT num_rows::BIGINT, num_row_groups::BIGINT FROM parquet_file_metadata(",
                 path, ")", &result, e);
    if (rc)
        return rc;
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
    if (!chunk || !duckdb_data_chunk_get_size(chunk) || !number_at(chunk, 0, 0, rows) ||
        !number_at(chunk, 1, 0, groups))
        rc = err_set(e, ERR_CORRUPT, "%s has no Parquet footer.", path);
    if (chunk)
        duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&result);
    return rc;
}

static void write_column(struct jsonw *w, duckdb_data_chunk chunk, idx_t row) {
    int64_t n;
    jsonw_name_bytes(w, text_at(chunk, 0, row));
    jsonw_object(w);
    if (number_at(chunk, 1, row, &n))
        jsonw_kv_i64(w, "bytes", n);
    struct bytes least = text_at(chunk, 3, row), most = text_at(chunk, 4, row);
    if (least.ptr && most.ptr) {
        jsonw_kv_str(w, "min", least);
        jsonw_kv_str(w, "max", most);
    }
    if (number_at(chunk, 2, row, &n))
        jsonw_kv_i64(w, "nulls", n);
    jsonw_end_object(w);
}
static void write_columns(struct jsonw *w, duckdb_result result) {
    duckdb_data_chunk chunk;
    while ((chunk = duckdb_fetch_chunk(result)) != NULL) {
        idx_t rows = duckdb_data_chunk_get_size(chunk);
        for (idx_t i = 0; i < rows; i++)
            write_column(w, chunk, i);
        duckdb_destroy_data_chunk(&chunk);
    }
}
#define EXTREME(pick, value)                                                                       \
    "CASE WHEN NOT flat OR NOT stats OR kind = 'FIXED_LEN_BYTE_ARRAY' THEN NULL"                   \
    " WHEN kind IN ('INT32', 'INT64') AND exact THEN arg_" pick "(" value ", try_cast(" value      \
    " AS DECIMAL(38,18))) WHEN kind IN ('FLOAT', 'DOUBLE') THEN arg_" pick "(" value               \
    ", try_cast(" value " AS DOUBLE)) ELSE " pick "(" value ") END"

int facts_write(struct duck *d, const char *path, struct buf *out, int64_t *ret_rows,
                struct err *e) {
    duckdb_result result;
    int64_t groups = 0;
    int rc = read_counts(d, path, ret_rows, &groups, e);
    if (!rc)
        rc = ask(d,
                 "WITH m AS (SELECT split_part(path_in_schema, ', ', 1) AS n, column_id AS c,"
                 " path_in_schema AS p, type AS t, total_compressed_size AS b,"
                 " stats_null_count AS z, num_values AS v, stats_min_value AS lo,"
                 " stats_max_value AS hi FROM parquet_metadata(",
                 path,
                 ")), s AS (SELECT n, bool_and(p = n) AS flat, any_value(t) AS kind,"
                 " bool_and((lo IS NOT NULL AND hi IS NOT NULL) OR coalesce(z = v, false))"
                 " AS stats,"
                 " bool_and(lo IS NULL OR try_cast(lo AS DECIMAL(38,18)) IS NOT NULL) AS exact"
                 " FROM m GROUP BY n)"
                 " SELECT n, sum(b)::BIGINT,"
                 " CASE WHEN flat AND count(z) = count(*) THEN sum(z)::BIGINT END,"
                 " " EXTREME("min", "lo") "::VARCHAR, " EXTREME(
                     "max", "hi") "::VARCHAR"
                                  " FROM m JOIN s USING (n) GROUP BY n, flat, kind, stats, exact "
                                  "ORDER BY min(c)",
                 &result, e);
    if (rc)
        return rc;
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_i64(&w, "row_groups", groups);
    jsonw_name(&w, "columns");
    jsonw_object(&w);
    write_columns(&w, result);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    duckdb_destroy_result(&result);
    return out->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

/* A file that is no Parquet is left out of the answer: facts are a help, not a need. */
static int write_file(struct duck *d, struct jsonw *w, const char *path, struct err *e) {
    struct buf facts = {0};
    int64_t rows = 0;
    int rc = facts_write(d, path, &facts, &rows, e);
    if (!rc) {
        jsonw_object(w);
        jsonw_kv_cstr(w, "path", path);
        jsonw_kv_i64(w, "rows", rows);
        jsonw_kv_raw(w, "facts", buf_bytes(&facts));
        jsonw_end_object(w);
    }
    buf_clear(&facts);
    return rc == ERR_NOMEM || rc == ERR_CANCELED || d->stopped ? rc : 0;
}
int duck_run_facts(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) {
    int rc = session_begin(d, task, e);
    if (rc)
        return rc;
    struct jsonw w = jsonw_to(ok_out);
    jsonw_object(&w);
    jsonw_name(&w, "files");
    jsonw_array(&w);
    JSON_FOR_EACH(j, json_get(task, "paths")) {
        const char *path = arena_strndup(a, j->text.ptr, j->text.len);
        rc = path ? write_file(d, &w, path, e) : err_set(e, ERR_NOMEM, NULL);
        if (rc)
            break;
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    session_end(d);
    return rc ? rc : ok_out->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
