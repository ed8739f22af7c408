/* write.c - a statement's rows become files, by partition.
 *
 *     sql ──▶ SELECT its columns, number of the partition ──▶ COPY .. PARTITION_BY ──▶ folder/..
 *                    (a line of them, for text and JSON)                                  │
 *                                                              facts, seal ◀──────────────┘
 *
 * The engine computes, compresses and writes with all its threads. Files stay in their temporary
 * folder; the front gives them names when all of them are there. Parquet timestamps are INT64
 * microseconds, not adjusted to UTC: what Athena, Trino, pyarrow and Spark read; INT96, which Hive
 * wrote, is deprecated by the format and has no order that readers could skip row groups by. */
#include "base/clock.h"
#include "duck/convert_int.h"
#include "duck/write_int.h"
#include "store/store.h"

#include <stdio.h>

#define PARTITION_COLUMN "tarn,partition"

struct write_file {
    struct bytes path;
    const struct write_partition *partition; /* NULL: none */
    uint64_t bytes;
    char etag[80];
};
struct write {
    struct duck *duck;
    struct arena *arena;
    const struct json *task;
    struct err *e;
    struct write_state state;
    enum write_format format;
    const char *folder;
    bool parted;
    int64_t rows;
    struct write_file *files;
    size_t file_count;
};

/* ---- the task ---- */
static int read_style(struct write *w) {
    const struct json *columns = json_get(w->task, "columns");
    struct write_style *s = &w->state.style;
    struct bytes separators = json_get_str(w->task, "separators");
    struct bytes escape = json_get_str(w->task, "escape");
    struct bytes *names = ARENA_NEW_N(w->arena, struct bytes, (columns ? columns->count : 0) + 1);
    if (!names)
        return err_set(w->e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(c, columns) {
        struct bytes key = json_get_str(c, "key");
        names[s->name_count++] = key.len ? key : json_get_str(c, "name");
    }
    s->names = names;
    s->is_json = w->format == WRITE_JSON;
    for (size_t i = 0; i < WRITE_SEPARATORS; i++)
        s->separators[i] = i < separators.len ? separators.ptr[i] : (char)(i + 1);
    s->escape = escape.len ? escape.ptr[0] : 0;
    s->null_text = json_get(w->task, "null") ? json_get_str(w->task, "null") : BYTES("\\N");
    return 0;
}

static int read_task(struct write *w) {
    static const char *const formats[] = {"parquet", "json", "text"};
    struct bytes format = json_get_str(w->task, "format");
    const struct json *buckets = json_get(w->task, "buckets");
    const struct json *by = json_get(buckets, "columns");
    size_t known = COUNT_OF(formats);
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (bytes_eq_str(format, formats[i]))
            known = i;
    if (known == COUNT_OF(formats))
        return err_set(w->e, ERR_INVALID_INPUT, "A write task's format is parquet, json or text.");
    w->format = (enum write_format)known;
    w->folder = arena_cstr(w->arena, json_get_str(w->task, "folder"));
    if (!w->folder || !*w->folder)
        return err_set(w->e, ERR_INVALID_INPUT, "A write task needs a folder.");
    w->state.key_count = (size_t)json_get_i64(w->task, "keys", 0);
    w->state.max_partitions = (size_t)json_get_i64(w->task, "max_partitions", 100);
    w->state.bucket_columns = by ? by->count : 0;
    w->state.bucket_count = MAX_OF(json_get_i64(buckets, "count", 1), 1);
    w->parted = w->state.key_count || w->state.bucket_columns;
    return read_style(w);
}

/* ---- the statement ---- */
static void add_cast(struct write *w, struct buf *sql, size_t i, const struct json *c) {
    (void)w;
    buf_add_fmt(sql, "CAST(o.c%zu AS ", i);
    buf_add(sql, json_get_str(c, "type"));
    buf_add_char(sql, ')');
}

static void add_data_columns(struct write *w, struct buf *sql) {
    const struct json *columns = json_get(w->task, "columns");
    size_t i = 0, count = columns ? columns->count : 0;
    bool lines = w->format != WRITE_PARQUET;
    buf_add_str(sql, lines ? "tarn_line(" : "");
    JSON_FOR_EACH(c, columns) {
        if (i + w->state.key_count >= count)
            break;
        buf_add_str(sql, i ? ", " : "");
        add_cast(w, sql, i++, c);
        if (!lines) {
            buf_add_str(sql, " AS ");
            buf_add_identifier(sql, json_get_str(c, "name"));
        }
    }
    if (lines) {
        struct bytes header = json_get_str(w->task, "header");
        buf_add_str(sql, ") AS ");
        buf_add_identifier(sql, header.len ? header : BYTES("line"));
    }
}

/* The column `index` with its cast. */
static void add_column_at(struct write *w, struct buf *sql, size_t index) {
    size_t i = 0;
    JSON_FOR_EACH(c, json_get(w->task, "columns")) {
        if (i++ == index)
            add_cast(w, sql, index, c);
    }
}

static void add_partition(struct write *w, struct buf *sql) {
    const struct json *columns = json_get(w->task, "columns");
    const struct json *by = json_get(json_get(w->task, "buckets"), "columns");
    size_t count = columns ? columns->count : 0;
    bool comma = false;
    buf_add_str(sql, ", tarn_partition(");
    JSON_FOR_EACH(b, by) {
        int64_t index = 0;
        if (!bytes_to_i64(b->text, &index))
            continue;
        buf_add_str(sql, comma ? ", " : "");
        add_column_at(w, sql, (size_t)index);
        comma = true;
    }
    for (size_t i = count - w->state.key_count; i < count; i++) {
        buf_add_str(sql, comma ? ", " : "");
        add_column_at(w, sql, i);
        comma = true;
    }
    buf_add_str(sql, ") AS \"" PARTITION_COLUMN "\"");
}

static void add_options(struct write *w, struct buf *sql) {
    struct bytes compression = json_get_str(w->task, "compression");
    int64_t level = json_get_i64(w->task, "level", 0);
    bool plain = bytes_eq_str(compression, "uncompressed");
    if (w->format == WRITE_PARQUET) {
        buf_add_str(sql, " (FORMAT parquet, PARQUET_VERSION v1, COMPRESSION ");
        buf_add_sql_string(sql, compression);
        if (level)
            buf_add_fmt(sql, ", COMPRESSION_LEVEL %lld", (long long)level);
    } else {
        buf_add_fmt(sql, " (FORMAT csv, HEADER %s, QUOTE '', ESCAPE '', COMPRESSION ",
                    json_get_str(w->task, "header").len ? "true" : "false");
        buf_add_sql_string(sql, plain ? BYTES("none") : compression);
    }
    if (w->parted)
        buf_add_str(sql, ", PARTITION_BY (\"" PARTITION_COLUMN "\")");
    else
        buf_add_str(sql, ", USE_TMP_FILE false");
    buf_add_str(sql, ", RETURN_FILES)");
}

static int add_statement(struct write *w, struct buf *sql) {
    struct buf to = {0};
    buf_add_str(sql, "COPY (SELECT ");
    add_data_columns(w, sql);
    if (w->parted)
        add_partition(w, sql);
    buf_add_str(sql, " FROM (");
    buf_add(sql, json_get_str(w->task, "sql"));
    buf_add_str(sql, ") AS o) TO ");
    buf_add_str(&to, w->folder);
    if (!w->parted)
        buf_add_str(&to, "/data");
    buf_add_sql_string(sql, buf_bytes(&to));
    add_options(w, sql);
    sql->failed |= !buf_ok(&to);
    buf_clear(&to);
    return buf_ok(sql) ? 0 : err_set(w->e, ERR_NOMEM, NULL);
}

/* ---- what the engine wrote ---- */
static int take_file(struct write *w, struct bytes path) {
    struct write_file *f = &w->files[w->file_count];
    ptrdiff_t at = bytes_find(path, BYTES(PARTITION_COLUMN));
    int64_t number = -1;
    f->path = arena_copy(w->arena, path);
    if (!f->path.ptr)
        return err_set(w->e, ERR_NOMEM, NULL);
    if (at < 0)
        at = bytes_find(path, BYTES("tarn%2Cpartition"));
    if (w->parted) {
        struct bytes rest = at < 0 ? path : bytes_slice(path, (size_t)at, path.len), name, value;
        rest = bytes_cut(rest, '/', &name);
        value = bytes_cut(name, '=', &name);
        if (!bytes_to_i64(value, &number) || (size_t)number >= w->state.partition_count)
            return err_set(w->e, ERR_INTERNAL, "The engine wrote the unexpected file %.*s.",
                           BYTES_ARG(path));
        f->partition = &w->state.partitions[number];
    }
    w->file_count++;
    return 0;
}

static struct bytes string_of(duckdb_vector v, idx_t i) {
    const duckdb_string_t *s = (const duckdb_string_t *)duckdb_vector_get_data(v) + i;
    uint32_t len = s->value.inlined.length;
    return bytes_of(len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len);
}

/* One row: count, list of files. */
static int take_result(struct write *w, duckdb_data_chunk chunk) {
    duckdb_vector list = duckdb_data_chunk_get_vector(chunk, 1);
    const duckdb_list_entry *entry = duckdb_vector_get_data(list);
    duckdb_vector names = duckdb_list_vector_get_child(list);
    int rc = 0;
    w->rows = *(const int64_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    w->files = ARENA_NEW_N(w->arena, struct write_file, entry->length + 1);
    if (!w->files)
        return err_set(w->e, ERR_NOMEM, NULL);
    for (idx_t i = 0; !rc && w->rows && i < entry->length; i++)
        rc = take_file(w, string_of(names, entry->offset + i));
    return rc;
}

static int copy(struct write *w) {
    duckdb_result result;
    struct buf sql = {0};
    int rc = add_statement(w, &sql);
    const char *text = rc ? NULL : buf_cstr(&sql);
    if (!rc)
        rc = text ? session_query(w->duck, text, &result, w->e) : err_set(w->e, ERR_NOMEM, NULL);
    buf_clear(&sql);
    if (rc)
        return rc;
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
    if (!chunk || duckdb_data_chunk_get_column_count(chunk) != 2 ||
        duckdb_data_chunk_get_size(chunk) != 1)
        rc = err_set(w->e, ERR_INTERNAL, "The engine did not say what it wrote.");
    else
        rc = take_result(w, chunk);
    if (chunk)
        duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&result);
    return rc;
}

/* ---- durable, with attribute; the name stays a temporary one ---- */
static int seal(struct write *w) {
    int rc = 0;
    for (size_t i = 0; !rc && i < w->file_count; i++) {
        struct write_file *f = &w->files[i];
        const char *from = arena_cstr(w->arena, f->path);
        f->path = arena_fmt(w->arena, "%s/f%zu", w->folder, i);
        const char *to = arena_cstr(w->arena, f->path);
        rc = from && to ? store_seal(vfs_system(), from, to, f->etag, &f->bytes, w->e)
                        : err_set(w->e, ERR_NOMEM, NULL);
    }
    return rc;
}

/* ---- the answer ---- */
static void add_file(struct write *w, struct jsonw *out, const struct write_file *f) {
    jsonw_object(out);
    jsonw_kv_str(out, "path", f->path);
    jsonw_kv_u64(out, "bytes", f->bytes);
    jsonw_kv_cstr(out, "etag", f->etag);
    if (f->partition) {
        jsonw_kv_i64(out, "bucket", f->partition->bucket);
        jsonw_name(out, "values");
        jsonw_array(out);
        for (size_t k = 0; k < w->state.key_count; k++)
            jsonw_str(out, f->partition->values[k]);
        jsonw_end_array(out);
    }
    jsonw_end_object(out);
}

static int add_facts(struct write *w, struct jsonw *out) {
    struct bytes *paths = ARENA_NEW_N(w->arena, struct bytes, w->file_count + 1);
    if (!paths)
        return err_set(w->e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < w->file_count; i++)
        paths[i] = w->files[i].path;
    return facts_write_files(w->duck, out, paths, w->file_count, w->e);
}

static int answer(struct write *w, int64_t start_us, struct buf *ok_out) {
    struct jsonw out = jsonw_to(ok_out);
    int rc = 0;
    jsonw_object(&out);
    jsonw_kv_i64(&out, "rows", w->rows);
    jsonw_name(&out, "files");
    jsonw_array(&out);
    for (size_t i = 0; i < w->file_count; i++)
        add_file(w, &out, &w->files[i]);
    jsonw_end_array(&out);
    jsonw_name(&out, "facts");
    jsonw_array(&out);
    if (w->format == WRITE_PARQUET)
        rc = add_facts(w, &out);
    jsonw_end_array(&out);
    jsonw_kv_i64(&out, "engine_us", clock_mono_us(clock_system()) - start_us);
    jsonw_end_object(&out);
    return rc;
}

/* ---- the whole ---- */
static int run(struct write *w, struct buf *ok_out) {
    int64_t start_us = clock_mono_us(clock_system());
    int rc = vfs_mkdirs(vfs_system(), w->folder, w->e);
    if (!rc)
        rc = query_make_views(w->duck, w->task, w->e);
    if (!rc)
        rc = session_exec(w->duck, "SET SESSION parquet_metadata_cache = false", w->e);
    if (!rc)
        rc = copy(w);
    if (!rc)
        rc = seal(w);
    return rc ? rc : answer(w, start_us, ok_out);
}

int duck_run_write(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) {
    struct write w = {.duck = d, .arena = a, .task = task, .e = e, .state = {.arena = a}};
    struct query_sources scans;
    int rc = read_task(&w);
    if (!rc)
        rc = query_read_scans(d, a, task, &scans, e);
    if (rc)
        return rc;
    pthread_mutex_init(&w.state.lock, NULL);
    arena_init(&w.state.memory, 0);
    d->write = &w.state;
    rc = session_begin(d, task, e);
    if (!rc) {
        rc = run(&w, ok_out);
        session_end(d);
    }
    d->write = NULL;
    query_end_scans(d, &scans);
    pthread_mutex_destroy(&w.state.lock);
    arena_clear(&w.state.memory);
    if (rc)
        vfs_remove_tree(vfs_system(), w.folder);
    return rc;
}
