/* convert.c - a range of a log becomes one object, and one of error documents.
 *
 *     log ─▶ tarn_log(0) ─▶ COPY ─▶ tmp ──────▶ facts ─▶ seal ─▶ output
 *                  └─ bad ─▶ error_tmp ─────────────────▶ seal ─▶ error_output
 *
 * Nothing stands at its key before it is whole and durable, and doing it all again puts the same
 * rows at the same keys. The error documents are sealed first: when the output is there, so are
 * they. Temporary files are removed on every way out. */
#include "duck/convert_int.h"
#include "store/store.h"

struct paths {
    const char *output, *tmp, *error_output, *error_tmp;
};
struct done {
    int64_t rows;
    uint64_t bytes, error_bytes;
    char etag[80];
    struct buf facts;
};

static int read_path(struct arena *a, const struct json *task, const char *name, const char **ret,
                     struct err *e) {
    struct bytes text = json_get_str(task, name);
    if (!text.len)
        return err_set(e, ERR_INVALID_INPUT, "A convert task needs %s.", name);
    *ret = arena_strndup(a, text.ptr, text.len);
    return *ret ? 0 : err_set(e, ERR_NOMEM, NULL);
}
static int read_paths(struct arena *a, const struct json *task, struct paths *p, struct err *e) {
    int rc = read_path(a, task, "output", &p->output, e);
    if (!rc)
        rc = read_path(a, task, "tmp", &p->tmp, e);
    if (!rc)
        rc = read_path(a, task, "error_output", &p->error_output, e);
    return rc ? rc : read_path(a, task, "error_tmp", &p->error_tmp, e);
}

static const char *codec_of(struct bytes compression) {
    static const char *const known[] = {"zstd", "snappy", "gzip", "uncompressed"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (bytes_eq_nocase(compression, bytes_str(known[i])))
            return known[i];
    return compression.len ? NULL : "snappy";
}
static int run_copy(struct duck *d, const struct json *task, const char *tmp, int64_t *ret_rows,
                    struct err *e) {
    struct bytes compression = json_get_str(task, "compression");
    const char *codec = codec_of(compression);
    duckdb_result result;
    struct buf sql = {0};
    if (!codec)
        return err_set(e, ERR_INVALID_INPUT, "Parquet has no compression %.*s; use ZSTD or SNAPPY.",
                       BYTES_ARG(compression));
    buf_add_str(&sql, "COPY (SELECT * FROM tarn_log(0)) TO ");
    buf_add_sql_string(&sql, bytes_str(tmp));
    buf_add_fmt(&sql,
                " (FORMAT parquet, COMPRESSION %s%s, ROW_GROUP_SIZE %lld, PARQUET_VERSION v%d,"
                " USE_TMP_FILE false)",
                codec, strcmp(codec, "zstd") == 0 ? ", COMPRESSION_LEVEL 1" : "",
                (long long)MAX_OF(json_get_i64(task, "row_group_rows", 122880), 2048),
                json_get_i64(task, "parquet_version", 2) == 1 ? 1 : 2);
    const char *text = buf_cstr(&sql);
    int rc = text ? session_query(d, text, &result, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&sql);
    if (rc)
        return rc;
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
    if (chunk && duckdb_data_chunk_get_size(chunk))
        *ret_rows = *(int64_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    if (chunk)
        duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&result);
    return 0;
}
static int to_parquet(struct duck *d, struct arena *a, const struct json *task, const char *tmp,
                      struct baddocs *bad, struct done *done, struct err *e) {
    struct logscan scan;
    struct logscan_set set;
    int64_t rows;
    int rc = logscan_from_json(a, task, &scan, e);
    if (!rc)
        rc = session_begin(d, task, e);
    if (rc)
        return rc;
    scan.flat_memory = true;
    scan.bad = baddocs_add;
    scan.bad_ctx = bad;
    logscan_set_init(&set, &scan, 1, &d->stopped);
    d->scans = &set;
    rc = run_copy(d, task, tmp, &done->rows, e);
    if (!rc)
        rc = logscan_set_error(&set, e);
    if (!rc)
        rc = outfile_flush(&bad->file, true, e);
    if (!rc && done->rows)
        rc = facts_write(d, tmp, &done->facts, &rows, e);
    session_end(d);
    d->scans = NULL;
    logscan_set_clear(&set);
    return rc;
}
static int to_raw(struct duck *d, const struct json *task, const char *tmp, struct done *done,
                  struct err *e) {
    struct outfile out = {.path = tmp};
    int rc = convert_raw(d, task, &out, &done->rows, e);
    if (!rc && !out.bytes)
        done->rows = 0; /* empty records make no object */
    outfile_close(&out);
    return rc;
}

static int write_both(struct duck *d, struct arena *a, const struct json *task,
                      const struct paths *p, struct baddocs *bad, struct done *done,
                      struct err *e) {
    struct bytes format = json_get_str(task, "format");
    char ignored[80];
    int rc = bytes_eq_str(format, "parquet") ? to_parquet(d, a, task, p->tmp, bad, done, e)
             : bytes_eq_str(format, "raw")
                 ? to_raw(d, task, p->tmp, done, e)
                 : err_set(e, ERR_INVALID_INPUT, "A convert task's format is parquet or raw.");
    if (!rc && bad->count)
        rc =
            store_seal(vfs_system(), p->error_tmp, p->error_output, ignored, &done->error_bytes, e);
    if (!rc && done->rows)
        rc = store_seal(vfs_system(), p->tmp, p->output, done->etag, &done->bytes, e);
    return rc;
}
static void write_ok(struct buf *out, const struct done *done, int64_t bad) {
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_i64(&w, "rows", done->rows);
    jsonw_kv_i64(&w, "bad", bad);
    jsonw_kv_u64(&w, "bytes", done->bytes);
    jsonw_kv_u64(&w, "error_bytes", done->error_bytes);
    jsonw_kv_cstr(&w, "etag", done->etag);
    jsonw_kv_raw(&w, "facts", done->facts.len ? buf_bytes(&done->facts) : BYTES("{}"));
    jsonw_end_object(&w);
}
int duck_run_convert(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                     struct err *e) {
    struct vfs *v = vfs_system();
    struct paths p;
    struct done done = {0};
    int rc = read_paths(a, task, &p, e);
    if (rc)
        return rc;
    struct baddocs bad = {.file = {.path = p.error_tmp},
                          .epoch_ms = (uint64_t)json_get_i64(task, "stream_epoch_ms", 0),
                          .context = json_get(task, "error_context")};
    rc = write_both(d, a, task, &p, &bad, &done, e);
    outfile_close(&bad.file);
    (void)v->ops->unlink(v, p.tmp);
    (void)v->ops->unlink(v, p.error_tmp);
    if (!rc)
        write_ok(ok_out, &done, bad.count);
    buf_clear(&done.facts);
    return rc ? rc : ok_out->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
