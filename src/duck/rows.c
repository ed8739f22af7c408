/* rows.c - SELECT to_json(row) over a Parquet file, fetched chunk by chunk as a stream. */
#include "duck/rows.h"

#include "base/mem.h"
#include "duck/duck_int.h"
#include "duck/functions.h"

struct duck_rows {
    struct duck *duck;
    duckdb_connection con;
    duckdb_result result;
    bool has_result;
    duckdb_data_chunk chunk; /* current, or NULL */
    idx_t at, size;
    struct buf sql;
};

static int prepare(struct duck_rows *r, const char *path, struct err *e) {
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    buf_add_str(&r->sql, "SELECT CAST(to_json(t) AS VARCHAR) FROM read_parquet(");
    buf_add_sql_string(&r->sql, bytes_str(path));
    buf_add_str(&r->sql, ") t");
    const char *sql = buf_cstr(&r->sql);
    if (!sql) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    int rc = 0;
    if (duckdb_prepare(r->con, sql, &statement) != DuckDBSuccess) {
        rc = err_set(e, ERR_USAGE, "'%s' cannot be read as Parquet: %s", path,
                     duckdb_prepare_error(statement));
    } else if (duckdb_pending_prepared_streaming(statement, &pending) != DuckDBSuccess ||
               duckdb_execute_pending(pending, &r->result) != DuckDBSuccess) {
        rc = err_set(e, ERR_USAGE, "'%s' cannot be read as Parquet.", path);
    }
    r->has_result = !rc;
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    return rc;
}

int duck_rows_open(struct duck *d, const char *path, struct duck_rows **ret, struct err *e) {
    struct duck_rows *r = mem_calloc(1, sizeof *r);
    if (!r) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    r->duck = d;
    int rc = duckdb_connect(d->db, &r->con) == DuckDBSuccess ? prepare(r, path, e)
                                                             : err_set(e, ERR_NOMEM, NULL);
    if (rc) {
        duck_rows_free(&r);
        return rc;
    }
    *ret = r;
    return 0;
}

int duck_rows_next(struct duck_rows *r, struct bytes *ret, struct err *e) {
    while (r->at >= r->size) {
        if (r->chunk) {
            duckdb_destroy_data_chunk(&r->chunk);
        }
        r->chunk = duckdb_fetch_chunk(r->result);
        if (!r->chunk) {
            const char *why = duckdb_result_error(&r->result);
            return why && *why ? err_set(e, ERR_IO, "The Parquet file failed: %s", why) : 0;
        }
        r->at = 0;
        r->size = duckdb_data_chunk_get_size(r->chunk);
    }
    duckdb_vector vector = duckdb_data_chunk_get_vector(r->chunk, 0);
    duckdb_string_t *text = &((duckdb_string_t *)duckdb_vector_get_data(vector))[r->at++];
    *ret = duck_string(text);
    return 1;
}

void duck_rows_free(struct duck_rows **pr) {
    struct duck_rows *r = *pr;
    if (!r) {
        return;
    }
    if (r->chunk) {
        duckdb_destroy_data_chunk(&r->chunk);
    }
    if (r->has_result) {
        duckdb_destroy_result(&r->result);
    }
    if (r->con) {
        duckdb_disconnect(&r->con);
    }
    buf_clear(&r->sql);
    mem_free(r);
    *pr = NULL;
}
