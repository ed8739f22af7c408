/* convert.c - a range of a log to one object, and what does not fit to another.
 *
 *     parquet   COPY (SELECT * FROM tarn_log(0)) TO tmp: decoded chunks stream into the writer,
 * memory stays flat; bad records go to the error file as they are met raw       the records one
 * after the other, with a delimiter and gzip if asked for
 *
 * Both files are sealed (synced, renamed) only when both are whole, the error file first: running
 * the task again writes the same two keys. */
#include "base/clock.h"
#include "base/mem.h"
#include "duck/baddoc.h"
#include "duck/duck_int.h"
#include "duck/facts.h"
#include "duck/output.h"

#include <zlib.h>

struct convert {
    struct duck *duck;
    struct arena *arena;
    const struct json *task;
    struct err *e;
    struct output good, bad;
    struct baddoc_context context;
    struct buf document;
    int64_t rows, bad_rows;
    uint64_t bytes;
    struct buf facts;
};

static const char *member(struct convert *c, const char *name) {
    struct bytes text = json_get_str(c->task, name);
    return text.ptr ? arena_cstr(c->arena, text) : NULL;
}

static int open_task(struct convert *c) {
    c->good = (struct output){.tmp = member(c, "tmp"), .final = member(c, "output")};
    c->bad = (struct output){.tmp = member(c, "error_tmp"), .final = member(c, "error_output")};
    c->context = (struct baddoc_context){.stream_epoch_ms =
                                             (uint64_t)json_get_i64(c->task, "stream_epoch_ms", 0),
                                         .now_ms = clock_wall_ms(clock_system()),
                                         .error_context = json_get(c->task, "error_context")};
    bool whole = c->good.tmp && c->good.final && c->bad.tmp && c->bad.final;
    return whole ? 0 : err_set(c->e, ERR_INVALID_INPUT, "A convert task needs its four paths.");
}

/* ---- parquet ---- */
static int on_bad(void *ctx, const struct slog_record *r, const struct decoder_fault *f,
                  struct err *e) {
    struct convert *c = ctx;
    buf_reset(&c->document);
    baddoc_write(&c->context, r, f, &c->document);
    c->bad_rows++;
    return buf_ok(&c->document) ? output_write(&c->bad, buf_bytes(&c->document), e)
                                : err_set(e, ERR_NOMEM, NULL);
}

static const char *compression_of(struct bytes name) {
    static const char *const known[] = {"snappy", "gzip", "zstd", "uncompressed"};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (bytes_eq_nocase(name, bytes_str(known[i]))) {
            return known[i];
        }
    }
    return NULL;
}

static int write_copy(struct convert *c, struct buf *sql) {
    const char *compression = compression_of(json_get_str(c->task, "compression"));
    if (!compression) {
        return err_set(c->e, ERR_INVALID_INPUT, "Parquet has no compression '%.*s' here.",
                       BYTES_ARG(json_get_str(c->task, "compression")));
    }
    buf_add_str(sql, "COPY (SELECT * FROM tarn_log(0)) TO ");
    buf_add_sql_string(sql, bytes_str(c->good.tmp));
    buf_add_fmt(sql, " (FORMAT parquet, COMPRESSION %s, ROW_GROUP_SIZE %lld, PARQUET_VERSION v2",
                compression, (long long)json_get_i64(c->task, "row_group_rows", 122880));
    if (strcmp(compression, "zstd") == 0) {
        buf_add_str(sql, ", COMPRESSION_LEVEL 1");
    }
    buf_add_char(sql, ')');
    return buf_cstr(sql) ? 0 : err_set(c->e, ERR_NOMEM, NULL);
}

static int count_of(duckdb_result *result, int64_t *ret, struct err *e) {
    duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
    bool there = chunk && duckdb_data_chunk_get_size(chunk) == 1;
    if (there) {
        *ret = *(int64_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    }
    if (chunk) {
        duckdb_destroy_data_chunk(&chunk);
    }
    return there ? 0 : err_set(e, ERR_INTERNAL, "The engine did not say how many rows it wrote.");
}

static int copy_rows(struct convert *c) {
    struct buf sql = {0};
    duckdb_result result;
    int rc = write_copy(c, &sql);
    rc = rc ? rc : session_query(c->duck, sql.ptr, &result, c->e);
    buf_clear(&sql);
    if (rc) {
        return rc;
    }
    rc = count_of(&result, &c->rows, c->e);
    duckdb_destroy_result(&result);
    int scan_rc = rc ? 0 : logscan_set_error(c->duck->scans, c->e);
    return rc ? rc : scan_rc;
}

static int keep_parquet(struct convert *c) {
    struct vfs *v = vfs_system();
    struct vfs_stat st;
    int64_t counted = 0;
    if (c->rows == 0) {
        (void)v->ops->unlink(v, c->good.tmp);
        return 0;
    }
    int rc = facts_read(c->duck, bytes_str(c->good.tmp), &c->facts, &counted, c->e);
    if (!rc && counted != c->rows) {
        rc = err_set(c->e, ERR_CORRUPT, "The Parquet file has %lld rows instead of %lld.",
                     (long long)counted, (long long)c->rows);
    }
    int io = rc ? 0 : v->ops->stat(v, c->good.tmp, &st);
    if (io) {
        rc = err_set_errno(c->e, ERR_IO, -io, "The Parquet file is gone");
    }
    c->bytes = rc ? 0 : st.size_bytes;
    rc = rc ? rc : output_finish(&c->bad, c->e);
    return rc ? rc : output_seal(c->good.tmp, c->good.final, c->e);
}

static int in_session(struct convert *c) {
    int rc = session_begin(c->duck, c->task, c->e);
    if (rc) {
        return rc;
    }
    rc = copy_rows(c);
    rc = rc ? rc : keep_parquet(c);
    rc = rc || c->rows ? rc : output_finish(&c->bad, c->e);
    session_end(c->duck);
    if (rc) {
        (void)vfs_system()->ops->unlink(vfs_system(), c->good.tmp);
    }
    return rc;
}

static int run_parquet(struct convert *c) {
    struct logscan scan;
    struct logscan_set set;
    int rc = logscan_from_json(c->arena, c->task, &scan, c->e);
    if (rc) {
        return rc;
    }
    scan.flat_memory = true;
    scan.bad = on_bad;
    scan.bad_ctx = c;
    logscan_set_init(&set, &scan, 1, &c->duck->stopped);
    c->duck->scans = &set;
    rc = in_session(c);
    c->duck->scans = NULL;
    logscan_set_clear(&set);
    return rc;
}

/* ---- raw ---- */
struct gzip {
    z_stream z;
    bool on;
};

static int deflate_into(struct convert *c, struct gzip *g, struct bytes data, int mode) {
    char out[65536];
    g->z.next_in = (Bytef *)(uintptr_t)data.ptr;
    g->z.avail_in = (uInt)data.len;
    do {
        g->z.next_out = (Bytef *)out;
        g->z.avail_out = sizeof out;
        if (deflate(&g->z, mode) == Z_STREAM_ERROR) {
            return err_set(c->e, ERR_INTERNAL, "gzip failed.");
        }
        int rc = output_write(&c->good, bytes_of(out, sizeof out - g->z.avail_out), c->e);
        if (rc) {
            return rc;
        }
    } while (g->z.avail_out == 0);
    return 0;
}

static int put_raw(struct convert *c, struct gzip *g, struct bytes data) {
    return g->on ? deflate_into(c, g, data, Z_NO_FLUSH) : output_write(&c->good, data, c->e);
}

static int copy_raw(struct convert *c, struct gzip *g, struct slog_reader *reader) {
    struct bytes delimiter = json_get_str(c->task, "delimiter");
    struct slog_record record;
    int more;
    while ((more = slog_reader_next(reader, &record, c->e)) > 0) {
        int rc = put_raw(c, g, record.data);
        rc = rc || !delimiter.len ? rc : put_raw(c, g, delimiter);
        if (rc) {
            return rc;
        }
        c->rows++;
        if (c->duck->stopped) {
            return err_set(c->e, ERR_CANCELED, NULL);
        }
    }
    if (more == 0 && g->on && c->rows > 0) {
        return deflate_into(c, g, (struct bytes){0}, Z_FINISH);
    }
    return more;
}

static int run_raw(struct convert *c) {
    struct slog_reader *reader = NULL;
    struct gzip g = {.on = bytes_eq_nocase(json_get_str(c->task, "compression"), BYTES("gzip"))};
    const struct json *view = json_get(c->task, "log");
    int rc = view ? slog_reader_new_json(view, &reader, c->e)
                  : err_set(c->e, ERR_INVALID_INPUT, "The task names no log.");
    if (!rc && g.on && deflateInit2(&g.z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        g.on = false;
        rc = err_set(c->e, ERR_NOMEM, NULL);
    }
    rc = rc ? rc : copy_raw(c, &g, reader);
    rc = rc ? rc : output_finish(&c->good, c->e);
    if (g.on) {
        deflateEnd(&g.z);
    }
    slog_reader_free(&reader);
    c->bytes = c->good.size;
    buf_add_str(&c->facts, "{}");
    return rc;
}

/* ---- the task ---- */
static void write_ok(const struct convert *c, struct buf *out) {
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_i64(&w, "rows", c->rows);
    jsonw_kv_i64(&w, "bad", c->bad_rows);
    jsonw_kv_u64(&w, "bytes", c->bytes);
    jsonw_kv_u64(&w, "error_bytes", c->bad.size);
    if (c->facts.len) {
        jsonw_kv_raw(&w, "facts", buf_bytes(&c->facts));
    }
    jsonw_end_object(&w);
}

int duck_run_convert(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                     struct err *e) {
    struct convert c = {.duck = d, .arena = a, .task = task, .e = e};
    int rc = open_task(&c);
    if (!rc) {
        rc = bytes_eq_str(json_get_str(task, "format"), "raw") ? run_raw(&c) : run_parquet(&c);
    }
    if (!rc) {
        write_ok(&c, ok_out);
    }
    output_clear(&c.good);
    output_clear(&c.bad);
    buf_clear(&c.document);
    buf_clear(&c.facts);
    return rc;
}
