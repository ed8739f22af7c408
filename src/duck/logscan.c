/* logscan.c - a stream log's range as rows, decoded straight into DuckDB's vectors.
 *
 *     global init: one run = one reader over the range, shared by its threads
 *     each call:   lock; take a batch of records (views into the mapping); unlock
 *                  decode them into the chunk; bad ones go to the scan's `bad` or nowhere
 *
 * Every column is decoded even when the plan does not use it, so that the rows a query sees are
 * those a delivery will write: a record with one wrong column is no row at all. Columns the plan
 * does not want go to a scratch chunk.
 *
 * A record may hold several JSON documents. When they do not fit the rest of the chunk, the record
 * waits for the next one. A record with more documents than a whole chunk ("wide") is checked
 * document by document first, then handed out document by document: it is all good or all bad. */
#include "duck/logscan.h"
#include "base/mem.h"
#include "schema/prefix.h"
#include <stdio.h>

#define BATCH_RECORDS 512

struct logscan_local;
struct logscan_run {
    struct logscan_run *next;
    struct logscan_set *set;
    const struct logscan *scan;
    idx_t *projected; /* result column of each chunk column */
    idx_t projected_count;
    struct logscan_local *locals;
    pthread_mutex_t lock; /* guards all below */
    struct slog_reader *reader;
    bool at_end;
    int rc;
    struct err err;
};

struct partition_cache {
    int64_t arrival_ms;
    duckdb_string_t value;
};
struct logscan_local {
    struct logscan_local *next;
    struct arena arena;
    struct decoder *decoder;
    struct decoder_vec *vecs; /* one per column */
    duckdb_data_chunk scratch;
    idx_t *chunk_column; /* column or partition -> chunk column, or none */
    struct partition_cache *partitions;
    struct slog_record batch[BATCH_RECORDS];
    size_t batch_at, batch_count;
    struct bytes wide_rest; /* documents of batch[batch_at] not handed out; ptr NULL: not wide */
};
#define NONE ((idx_t)-1)

/* ---- the task's description ---- */
static int read_column(struct arena *a, const struct json *j, struct decoder_column *ret,
                       struct err *e) {
    ret->name = json_get_str(j, "name");
    ret->json_key = json_get_str(j, "json_key");
    struct bytes hive_type = json_get_str(j, "hive_type");
    if (!ret->name.len || !hive_type.len)
        return err_set(e, ERR_INVALID_INPUT, "A task's column needs name and hive_type.");
    int rc = type_parse(a, hive_type, &ret->type, e);
    if (rc)
        err_prefix(e, "column %.*s", BYTES_ARG(ret->name));
    return rc;
}
static int read_columns(struct arena *a, const struct json *list, struct logscan *ret,
                        struct err *e) {
    size_t count = list ? list->count : 0;
    struct decoder_column *columns = ARENA_NEW_N(a, struct decoder_column, count + 1);
    if (!columns)
        return err_set(e, ERR_NOMEM, NULL);
    size_t n = 0;
    JSON_FOR_EACH(j, list) {
        int rc = read_column(a, j, &columns[n++], e);
        if (rc)
            return rc;
    }
    ret->columns = columns;
    ret->column_count = n;
    return 0;
}
int logscan_from_json(struct arena *a, const struct json *j, struct logscan *ret, struct err *e) {
    *ret = (struct logscan){.view = json_get(j, "log"), .max_threads = 1};
    if (!ret->view)
        return err_set(e, ERR_INVALID_INPUT, "The task names no log.");
    ret->case_sensitive = json_get_bool(j, "case_sensitive", false);
    ret->dots_to_underscores = json_get_bool(j, "dots_to_underscores", false);
    int rc = read_columns(a, json_get(j, "columns"), ret, e);
    if (rc)
        return rc;
    const struct json *list = json_get(j, "partitions");
    size_t count = list ? list->count : 0;
    struct logscan_partition *partitions = ARENA_NEW_N(a, struct logscan_partition, count + 1);
    if (!partitions)
        return err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(p, list) {
        partitions[ret->partition_count++] = (struct logscan_partition){
            .name = json_get_str(p, "name"), .pattern = json_get_str(p, "pattern")};
    }
    ret->partitions = partitions;
    return 0;
}

/* ---- lifetimes ---- */
void logscan_set_init(struct logscan_set *s, const struct logscan *scans, size_t count,
                      _Atomic bool *stopped) {
    *s = (struct logscan_set){.scans = scans, .count = count, .stopped = stopped};
    pthread_mutex_init(&s->lock, NULL);
}
static void local_free(struct logscan_local *l) {
    decoder_free(&l->decoder);
    if (l->scratch)
        duckdb_destroy_data_chunk(&l->scratch);
    arena_clear(&l->arena);
    mem_free(l);
}
static void run_free(struct logscan_run *r) {
    while (r->locals) {
        struct logscan_local *l = r->locals;
        r->locals = l->next;
        local_free(l);
    }
    slog_reader_free(&r->reader);
    pthread_mutex_destroy(&r->lock);
    mem_free(r->projected);
    mem_free(r);
}
void logscan_set_clear(struct logscan_set *s) {
    while (s->runs) {
        struct logscan_run *r = s->runs;
        s->runs = r->next;
        run_free(r);
    }
    pthread_mutex_destroy(&s->lock);
}
int logscan_set_error(struct logscan_set *s, struct err *e) {
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    for (struct logscan_run *r = s->runs; r && !rc; r = r->next) {
        pthread_mutex_lock(&r->lock);
        rc = r->rc;
        if (rc && e)
            *e = r->err;
        pthread_mutex_unlock(&r->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

/* ---- bind: names and types ---- */
static const struct logscan *scan_of_bind(duckdb_bind_info info) {
    struct logscan_set *set = *(struct logscan_set **)duckdb_bind_get_extra_info(info);
    duckdb_value v = duckdb_bind_get_parameter(info, 0);
    int64_t index = duckdb_get_int64(v);
    duckdb_destroy_value(&v);
    return set && index >= 0 && (size_t)index < set->count ? &set->scans[index] : NULL;
}
static void add_column(duckdb_bind_info info, struct bytes name, duckdb_logical_type type) {
    char *text = mem_strndup(name.ptr, name.len);
    if (text && type)
        duckdb_bind_add_result_column(info, text, type);
    else
        duckdb_bind_set_error(info, "out of memory");
    duckdb_destroy_logical_type(&type);
    mem_free(text);
}
static void on_bind(duckdb_bind_info info) {
    const struct logscan *scan = scan_of_bind(info);
    if (!scan) {
        duckdb_bind_set_error(info, "tarn_log: the task has no such view");
        return;
    }
    for (size_t i = 0; i < scan->column_count; i++)
        add_column(info, scan->columns[i].name, vectors_logical_type(scan->columns[i].type));
    for (size_t i = 0; i < scan->partition_count; i++)
        add_column(info, scan->partitions[i].name, duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
    if (scan->column_count + scan->partition_count == 0)
        duckdb_bind_set_error(info, "tarn_log: the view has no columns");
    int64_t from = json_get_i64(scan->view, "from", 0), to = json_get_i64(scan->view, "to", 0);
    duckdb_bind_set_cardinality(info, (idx_t)MAX_OF(to - from, 0), false);
    duckdb_bind_set_bind_data(info, (void *)scan, NULL);
}

/* ---- global init: the run ---- */
static struct logscan_run *run_new(duckdb_init_info info, struct logscan_set *set) {
    struct logscan_run *r = mem_calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    pthread_mutex_init(&r->lock, NULL);
    r->set = set;
    r->scan = duckdb_init_get_bind_data(info);
    r->projected_count = duckdb_init_get_column_count(info);
    r->projected = mem_calloc(r->projected_count + 1, sizeof(*r->projected));
    if (!r->projected) {
        run_free(r);
        return NULL;
    }
    for (idx_t i = 0; i < r->projected_count; i++)
        r->projected[i] = duckdb_init_get_column_index(info, i);
    return r;
}
static void on_init(duckdb_init_info info) {
    struct logscan_set *set = *(struct logscan_set **)duckdb_init_get_extra_info(info);
    struct logscan_run *r = run_new(info, set);
    if (!r) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    r->rc = slog_reader_new_json(r->scan->view, &r->reader, &r->err);
    if (r->rc)
        duckdb_init_set_error(info, r->err.text);
    duckdb_init_set_max_threads(info, (idx_t)MAX_OF(r->scan->max_threads, 1));
    duckdb_init_set_init_data(info, r, NULL);
    pthread_mutex_lock(&set->lock);
    r->next = set->runs;
    set->runs = r;
    pthread_mutex_unlock(&set->lock);
}

/* ---- local init: a decoder per thread ---- */
static int run_fail(struct logscan_run *r, int rc, const struct err *e) {
    pthread_mutex_lock(&r->lock);
    if (!r->rc) {
        r->rc = rc;
        r->err = *e;
    }
    pthread_mutex_unlock(&r->lock);
    return rc;
}
static int make_scratch(struct logscan_local *l, const struct logscan *scan) {
    duckdb_logical_type *types =
        ARENA_NEW_N(&l->arena, duckdb_logical_type, scan->column_count + 1);
    bool ok = types != NULL;
    for (size_t i = 0; ok && i < scan->column_count; i++)
        ok = (types[i] = vectors_logical_type(scan->columns[i].type)) != NULL;
    if (ok && scan->column_count)
        l->scratch = duckdb_create_data_chunk(types, scan->column_count);
    for (size_t i = 0; types && i < scan->column_count; i++)
        duckdb_destroy_logical_type(&types[i]);
    return ok && (l->scratch || !scan->column_count) ? 0 : ERR_NOMEM;
}
static int local_fill(struct logscan_local *l, const struct logscan_run *r, struct err *e) {
    const struct logscan *scan = r->scan;
    size_t results = scan->column_count + scan->partition_count;
    l->vecs = ARENA_NEW_N(&l->arena, struct decoder_vec, scan->column_count + 1);
    l->partitions = ARENA_NEW_N(&l->arena, struct partition_cache, scan->partition_count + 1);
    l->chunk_column = ARENA_NEW_N(&l->arena, idx_t, results + 1);
    if (!l->vecs || !l->partitions || !l->chunk_column || make_scratch(l, scan))
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < results; i++)
        l->chunk_column[i] = NONE;
    for (idx_t i = 0; i < r->projected_count; i++)
        if (r->projected[i] < results)
            l->chunk_column[r->projected[i]] = i;
    for (size_t i = 0; i < scan->partition_count; i++)
        l->partitions[i].arrival_ms = INT64_MIN;
    for (size_t i = 0; i < scan->column_count; i++)
        if (vectors_new(&l->arena, scan->columns[i].type, &l->vecs[i]))
            return err_set(e, ERR_NOMEM, NULL);
    struct decoder_options o = {.columns = scan->columns,
                                .column_count = scan->column_count,
                                .case_sensitive = scan->case_sensitive,
                                .dots_to_underscores = scan->dots_to_underscores};
    return decoder_new(&l->arena, &o, &l->decoder, e);
}
static int local_new(struct logscan_run *r, struct logscan_local **ret, struct err *e) {
    struct logscan_local *l = mem_calloc(1, sizeof(*l));
    if (!l)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&l->arena, 0);
    int rc = local_fill(l, r, e);
    if (rc) {
        local_free(l);
        return rc;
    }
    pthread_mutex_lock(&r->lock);
    l->next = r->locals;
    r->locals = l;
    pthread_mutex_unlock(&r->lock);
    *ret = l;
    return 0;
}
/* The engine does not show the run here, so a thread gets an empty place that its first call fills.
 * The engine frees the place, the run owns the local. */
struct local_place {
    struct logscan_local *local;
};
static void on_local_init(duckdb_init_info info) {
    struct local_place *place = mem_calloc(1, sizeof(*place));
    if (!place)
        duckdb_init_set_error(info, "out of memory");
    duckdb_init_set_init_data(info, place, mem_free);
}

/* ---- the call ---- */
/* The next batch into the local; leaves batch_count 0 at the end. */
static int take_batch(struct logscan_run *r, struct logscan_local *l) {
    pthread_mutex_lock(&r->lock);
    int rc = r->rc;
    l->batch_at = l->batch_count = 0;
    while (!rc && !r->at_end && l->batch_count < BATCH_RECORDS) {
        int got = slog_reader_next(r->reader, &l->batch[l->batch_count], &r->err);
        if (got > 0)
            l->batch_count++;
        else if (got == 0)
            r->at_end = true;
        else
            rc = r->rc = got;
    }
    pthread_mutex_unlock(&r->lock);
    return rc;
}
static int report_bad(struct logscan_run *r, const struct slog_record *rec,
                      const struct decoder_fault *fault) {
    if (!r->scan->bad)
        return 0;
    struct err e = {0};
    pthread_mutex_lock(&r->lock);
    int rc = r->scan->bad(r->scan->bad_ctx, rec, fault, &e);
    pthread_mutex_unlock(&r->lock);
    return rc ? run_fail(r, rc, &e) : 0;
}

/* The first JSON document of `in`, by counting braces outside strings; all of it when there is no
 * end. *ret_rest gets what follows. */
static struct bytes first_document(struct bytes in, struct bytes *ret_rest) {
    size_t depth = 0, i = 0;
    bool in_string = false;
    for (; i < in.len; i++) {
        char c = in.ptr[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']') && (depth == 0 || --depth == 0))
            break;
    }
    size_t end = MIN_OF(i + 1, in.len);
    *ret_rest = bytes_of(in.ptr + end, in.len - end);
    return bytes_of(in.ptr, end);
}
static void bind_scratch(struct logscan_local *l, const struct logscan *scan, bool all) {
    for (size_t i = 0; i < scan->column_count; i++)
        if (all || l->chunk_column[i] == NONE)
            vectors_bind(&l->vecs[i], duckdb_data_chunk_get_vector(l->scratch, i),
                         duckdb_vector_size());
}
static void bind_chunk(struct logscan_local *l, const struct logscan *scan, duckdb_data_chunk out) {
    bind_scratch(l, scan, false);
    for (size_t i = 0; i < scan->column_count; i++)
        if (l->chunk_column[i] != NONE)
            vectors_bind(&l->vecs[i], duckdb_data_chunk_get_vector(out, l->chunk_column[i]),
                         duckdb_vector_size());
}
/* Is every document of a wide record good? Decodes them into the scratch chunk. */
static bool check_wide(struct logscan_local *l, const struct logscan *scan, struct bytes data,
                       struct decoder_fault *fault) {
    while (data.len) {
        struct bytes document = first_document(data, &data);
        bind_scratch(l, scan, true);
        if (decoder_record(l->decoder, document, l->vecs, 0, duckdb_vector_size(), fault) < 0)
            return false;
    }
    return true;
}

/* Values of the partition columns for rows [first, first + count). */
static int fill_partition(struct logscan_local *l, const struct logscan *scan, size_t index,
                          int64_t arrival_ms, duckdb_vector out, idx_t first, idx_t count,
                          struct err *e) {
    struct partition_cache *c = &l->partitions[index];
    if (c->arrival_ms != arrival_ms) {
        struct buf text = {0};
        int rc = prefix_format_time(scan->partitions[index].pattern, arrival_ms, &text, e);
        if (!rc && !buf_ok(&text))
            rc = err_set(e, ERR_NOMEM, NULL);
        struct decoder_string s = {.len = (uint32_t)text.len};
        if (!rc && text.len <= 12) {
            memcpy(s.inlined, text.ptr, text.len);
        } else if (!rc) {
            /* The text may be in chunks that live on: the same bytes are kept, others are copied.
             */
            struct decoder_string *old = (struct decoder_string *)&c->value;
            bool same = old->len == text.len && memcmp(old->ref.ptr, text.ptr, text.len) == 0;
            s.ref.ptr = same ? old->ref.ptr : arena_strndup(&l->arena, text.ptr, text.len);
            memcpy(s.ref.prefix, text.ptr, sizeof(s.ref.prefix));
            if (!s.ref.ptr)
                rc = err_set(e, ERR_NOMEM, NULL);
        }
        buf_clear(&text);
        if (rc)
            return rc;
        memcpy(&c->value, &s, sizeof(s));
        c->arrival_ms = arrival_ms;
    }
    duckdb_string_t *rows = duckdb_vector_get_data(out);
    for (idx_t i = 0; i < count; i++)
        rows[first + i] = c->value;
    return 0;
}
static int fill_partitions(struct logscan_local *l, const struct logscan *scan, int64_t arrival_ms,
                           duckdb_data_chunk out, idx_t first, idx_t count, struct err *e) {
    for (size_t i = 0; i < scan->partition_count; i++) {
        idx_t column = l->chunk_column[scan->column_count + i];
        if (column == NONE)
            continue;
        int rc = fill_partition(l, scan, i, arrival_ms, duckdb_data_chunk_get_vector(out, column),
                                first, count, e);
        if (rc)
            return rc;
    }
    return 0;
}

/* What one record gave. */
enum outcome { ROWS, SKIPPED, CHUNK_DONE, FAILED };

/* Decodes the current record (or the next document of a wide one) into rows from `first`. */
static enum outcome decode_current(struct logscan_run *r, struct logscan_local *l,
                                   duckdb_data_chunk out, idx_t first, idx_t *ret_count) {
    struct slog_record *rec = &l->batch[l->batch_at];
    struct decoder_fault fault; /* filled when there is one */
    struct bytes rest = {0}, data = rec->data;
    if (l->wide_rest.ptr)
        data = first_document(l->wide_rest, &rest);
    ptrdiff_t n = decoder_record(l->decoder, data, l->vecs, first, duckdb_vector_size(), &fault);
    if (n < 0 && fault.reason == DECODER_CHUNK_FULL && first > 0)
        return CHUNK_DONE;
    if (n < 0 && fault.reason == DECODER_CHUNK_FULL) {
        bool good = check_wide(l, r->scan, rec->data, &fault);
        bind_chunk(l, r->scan, out);
        if (good) {
            l->wide_rest = rec->data;
            return SKIPPED;
        }
    }
    if (n < 0 && fault.reason == DECODER_NO_MEMORY) {
        struct err e;
        run_fail(r, err_set(&e, ERR_NOMEM, NULL), &e);
        return FAILED;
    }
    if (n < 0) {
        l->batch_at++;
        return report_bad(r, rec, &fault) ? FAILED : SKIPPED;
    }
    l->wide_rest = rest.len ? rest : (struct bytes){0};
    if (!l->wide_rest.ptr)
        l->batch_at++;
    *ret_count = (idx_t)n;
    struct err e;
    int rc = fill_partitions(l, r->scan, rec->arrival_ms, out, first, (idx_t)n, &e);
    if (rc)
        run_fail(r, rc, &e);
    return rc ? FAILED : ROWS;
}
static int fill_chunk(struct logscan_run *r, struct logscan_local *l, duckdb_data_chunk out,
                      idx_t *ret_rows) {
    idx_t rows = 0, count = 0, room = duckdb_vector_size();
    while (rows < room) {
        if (l->batch_at == l->batch_count) {
            int rc = take_batch(r, l);
            if (rc)
                return rc;
            if (l->batch_count == 0)
                break;
        }
        enum outcome o = decode_current(r, l, out, rows, &count);
        if (o == FAILED)
            return r->rc;
        if (o == CHUNK_DONE)
            break;
        if (o == ROWS)
            rows += count;
    }
    *ret_rows = rows;
    return 0;
}
static void on_call(duckdb_function_info info, duckdb_data_chunk out) {
    struct logscan_run *r = duckdb_function_get_init_data(info);
    struct local_place *place = duckdb_function_get_local_init_data(info);
    struct err e;
    idx_t rows = 0;
    int rc = *r->set->stopped ? err_set(&e, ERR_CANCELED, "The query was cancelled.") : 0;
    if (!rc && !place->local)
        rc = local_new(r, &place->local, &e);
    if (rc) {
        run_fail(r, rc, &e);
        duckdb_function_set_error(info, e.text);
        return;
    }
    struct logscan_local *l = place->local;
    if (r->scan->flat_memory)
        decoder_reset_strings(l->decoder);
    bind_chunk(l, r->scan, out);
    if (fill_chunk(r, l, out, &rows)) {
        duckdb_function_set_error(info, "the log could not be read");
        return;
    }
    for (size_t i = 0; i < r->scan->column_count; i++)
        if (l->chunk_column[i] != NONE)
            vectors_finish(&l->vecs[i], l->vecs[i].owner);
    duckdb_data_chunk_set_size(out, rows);
}

int logscan_register(duckdb_connection con, struct logscan_set **current, struct err *e) {
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_set_name(f, "tarn_log");
    duckdb_table_function_add_parameter(f, bigint);
    duckdb_table_function_set_extra_info(f, (void *)current, NULL);
    duckdb_table_function_set_bind(f, on_bind);
    duckdb_table_function_set_init(f, on_init);
    duckdb_table_function_set_local_init(f, on_local_init);
    duckdb_table_function_set_function(f, on_call);
    duckdb_table_function_supports_projection_pushdown(f, true);
    bool ok = duckdb_register_table_function(con, f) == DuckDBSuccess;
    duckdb_destroy_logical_type(&bigint);
    duckdb_destroy_table_function(&f);
    return ok ? 0 : err_set(e, ERR_INTERNAL, "DuckDB refuses the function tarn_log.");
}
