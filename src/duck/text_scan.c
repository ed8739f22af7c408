/* text_scan.c - the table function tarn_text(i): lines of files as rows.
 *
 *     init        the scan's files become pieces: a file, or 32 MiB of a large plain one
 *     each call   a thread takes a piece, reads lines, lets the format fill rows of the chunk
 *
 * A piece has the lines that start in it. Header lines are passed over at a file's start; footer
 * lines are held back until others follow, so such files are one piece. */
#include "duck/text_scan.h"
#include "base/mem.h"
#include <stdatomic.h>
#include <stdio.h>

#define PIECE_BYTES (INT64_C(32) << 20)
#define MAX_FOOTER 1000

struct piece {
    size_t file;
    int64_t from, to;
};
struct held { /* footer lines not given out yet */
    struct buf *lines;
    size_t count, first;
    struct buf out; /* the line given out last */
};
struct text_run {
    struct text_set *set;
    const struct text_scan *scan;
    idx_t *projected; /* result column of each chunk column */
    idx_t projected_count;
    struct piece *pieces;
    size_t piece_count;
    _Atomic size_t next;
};
struct reader { /* a thread's */
    struct text_local l;
    bool begun, open;
    struct text_lines lines;
    struct piece piece;
    int64_t skip;
    struct held held;
    idx_t *chunk_column; /* of each scan column; NONE */
    idx_t index_column;  /* where file_index goes */
};
#define NONE ((idx_t)-1)

/* ---- the task's description ---- */
static const struct text_format *const formats[] = {&text_format_lazy, &text_format_csv,
                                                    &text_format_regex, &text_format_json};

static int read_files(struct arena *a, const struct json *j, struct text_scan *s, struct err *e) {
    const struct json *paths = json_get(j, "files"), *sizes = json_get(j, "sizes");
    size_t n = paths ? paths->count : 0;
    struct text_file *files = ARENA_NEW_N(a, struct text_file, n + 1);
    const struct json *size = sizes ? sizes->first : NULL;
    if (!files)
        return err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(p, paths) {
        int64_t bytes = 0;
        if (size && bytes_to_i64(size->text, &bytes) && bytes > 0)
            files[s->file_count].size_bytes = (uint64_t)bytes;
        files[s->file_count++].path = arena_cstr(a, p->text);
        size = size ? size->next : NULL;
    }
    s->files = files;
    return 0;
}

static int read_columns(struct arena *a, const struct json *list, struct text_scan *s,
                        struct err *e) {
    struct text_column *columns = ARENA_NEW_N(a, struct text_column, list ? list->count + 1 : 1);
    int rc = columns ? 0 : err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(c, list) {
        struct text_column *to = rc ? NULL : &columns[s->column_count++];
        if (rc)
            break;
        to->field = (size_t)json_get_i64(c, "field", 0);
        to->key = json_get_str(c, "key");
        rc = to->field < s->field_count
                 ? type_parse(a, json_get_str(c, "hive_type"), &to->type, e)
                 : err_set(e, ERR_INVALID_INPUT, "A text's column lies outside of the table.");
    }
    s->columns = columns;
    return rc;
}

static int read_formats(struct arena *a, const struct json *list, struct text_scan *s,
                        struct err *e) {
    struct bytes *all = ARENA_NEW_N(a, struct bytes, list ? list->count + 1 : 1);
    if (!all)
        return err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(f, list) {
        all[s->timestamp_format_count++] = f->text;
    }
    s->timestamp_formats = all;
    return 0;
}

static char one_char(const struct json *j, const char *name) {
    struct bytes v = json_get_str(j, name);
    return v.len ? v.ptr[0] : 0;
}

static void read_options(const struct json *j, struct text_scan *s) {
    struct bytes separators = json_get_str(j, "separators");
    s->header_lines = json_get_i64(j, "header", 0);
    s->footer_lines = MIN_OF(json_get_i64(j, "footer", 0), (int64_t)MAX_FOOTER);
    for (size_t i = 0; i < TEXT_SEPARATORS; i++)
        s->separators[i] = i < separators.len ? separators.ptr[i] : (char)(i + 1);
    s->escape = one_char(j, "escape");
    s->has_escape = json_get_str(j, "escape").len > 0;
    s->last_takes_rest = json_get_bool(j, "last_takes_rest", false);
    s->null_text = json_get_str(j, "null");
    s->csv_separator = one_char(j, "csv_separator");
    s->csv_quote = one_char(j, "csv_quote");
    s->csv_escape = one_char(j, "csv_escape");
    s->regex = json_get_str(j, "regex");
    s->ignore_case = json_get_bool(j, "ignore_case", false);
    s->is_search = json_get_bool(j, "search", false);
    s->is_openx = json_get_bool(j, "openx", false);
    s->ignore_malformed = json_get_bool(j, "ignore_malformed", false);
    s->case_sensitive = json_get_bool(j, "case_sensitive", false);
    s->dots_in_keys = json_get_bool(j, "dots_in_keys", false);
}

int text_scan_from_json(struct arena *a, const struct json *j, struct text_scan *ret,
                        struct err *e) {
    struct bytes name = json_get_str(j, "format");
    *ret = (struct text_scan){.max_threads = 1};
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (bytes_eq_str(name, formats[i]->name))
            ret->format = formats[i];
    if (!ret->format)
        return err_set(e, ERR_INVALID_INPUT, "The task's text has no format.");
    ret->field_count = (size_t)json_get_i64(j, "fields", 0);
    read_options(j, ret);
    int rc = read_files(a, j, ret, e);
    if (!rc)
        rc = read_columns(a, json_get(j, "columns"), ret, e);
    if (!rc)
        rc = read_formats(a, json_get(j, "timestamp_formats"), ret, e);
    return rc || !a->failed ? rc : err_set(e, ERR_NOMEM, NULL);
}

/* ---- bind ---- */
static void add_column(duckdb_bind_info info, const char *name, duckdb_logical_type type) {
    if (type)
        duckdb_bind_add_result_column(info, name, type);
    else
        duckdb_bind_set_error(info, "out of memory");
    duckdb_destroy_logical_type(&type);
}

static void on_bind(duckdb_bind_info info) {
    struct text_set *set = *(struct text_set **)duckdb_bind_get_extra_info(info);
    duckdb_value v = duckdb_bind_get_parameter(info, 0);
    int64_t index = duckdb_get_int64(v);
    duckdb_destroy_value(&v);
    if (!set || index < 0 || (size_t)index >= set->count) {
        duckdb_bind_set_error(info, "tarn_text: the task has no such text");
        return;
    }
    const struct text_scan *s = &set->scans[index];
    add_column(info, "file_index", duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
    for (size_t i = 0; i < s->column_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%zu", s->columns[i].field);
        add_column(info, name, vectors_logical_type(s->columns[i].type));
    }
    duckdb_bind_set_bind_data(info, (void *)s, NULL);
}

/* ---- the pieces ---- */
static size_t pieces_of(const struct text_scan *s, const struct text_file *f) {
    if (s->footer_lines || text_is_compressed(bytes_str(f->path)) ||
        f->size_bytes <= (uint64_t)PIECE_BYTES)
        return 1;
    return (size_t)((f->size_bytes + (uint64_t)PIECE_BYTES - 1) / (uint64_t)PIECE_BYTES);
}

static bool make_pieces(struct text_run *r) {
    const struct text_scan *s = r->scan;
    size_t all = 0;
    for (size_t i = 0; i < s->file_count; i++)
        all += pieces_of(s, &s->files[i]);
    r->pieces = mem_calloc(all + 1, sizeof *r->pieces);
    if (!r->pieces)
        return false;
    for (size_t i = 0; i < s->file_count; i++) {
        size_t n = pieces_of(s, &s->files[i]);
        for (size_t k = 0; k < n; k++)
            r->pieces[r->piece_count++] =
                (struct piece){i, (int64_t)k * PIECE_BYTES,
                               k + 1 < n ? (int64_t)(k + 1) * PIECE_BYTES : INT64_MAX};
    }
    return true;
}

static void run_free(void *p) {
    struct text_run *r = p;
    mem_free(r->pieces);
    mem_free(r->projected);
    mem_free(r);
}

static void on_init(duckdb_init_info info) {
    struct text_run *r = mem_calloc(1, sizeof *r);
    if (!r) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    r->set = *(struct text_set **)duckdb_init_get_extra_info(info);
    r->scan = duckdb_init_get_bind_data(info);
    r->projected_count = duckdb_init_get_column_count(info);
    r->projected = mem_calloc(r->projected_count + 1, sizeof *r->projected);
    if (!r->projected || !make_pieces(r)) {
        run_free(r);
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    for (idx_t i = 0; i < r->projected_count; i++)
        r->projected[i] = duckdb_init_get_column_index(info, i);
    size_t threads = MIN_OF(r->piece_count, (size_t)MAX_OF(r->scan->max_threads, 1));
    duckdb_init_set_max_threads(info, (idx_t)MAX_OF(threads, (size_t)1));
    duckdb_init_set_init_data(info, r, run_free);
}

/* ---- a thread ---- */
static void held_clear(struct held *h, size_t n) {
    for (size_t i = 0; h->lines && i < n; i++)
        buf_clear(&h->lines[i]);
    mem_free(h->lines);
    buf_clear(&h->out);
    *h = (struct held){0};
}

static void reader_free(void *p) {
    struct reader *r = p;
    if (r->open)
        text_lines_close(&r->lines);
    if (r->begun && r->l.scan->format->end)
        r->l.scan->format->end(&r->l);
    if (r->l.scan)
        held_clear(&r->held, (size_t)r->l.scan->footer_lines);
    buf_clear(&r->l.text);
    buf_clear(&r->l.other);
    arena_clear(&r->l.arena);
    mem_free(r);
}

/* The engine does not show the run here: the first call fills the rest. */
static void on_local_init(duckdb_init_info info) {
    struct reader *r = mem_calloc(1, sizeof *r);
    if (!r) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    arena_init(&r->l.arena, 0);
    duckdb_init_set_init_data(info, r, reader_free);
}

static int reader_begin(struct reader *r, const struct text_run *run, struct err *e) {
    const struct text_scan *s = run->scan;
    struct text_local *l = &r->l;
    l->scan = s;
    l->vecs = ARENA_NEW_N(&l->arena, struct decoder_vec, s->column_count + 1);
    l->wanted = ARENA_NEW_N(&l->arena, bool, s->column_count + 1);
    l->column_of = ARENA_NEW_N(&l->arena, size_t, s->field_count + 1);
    r->chunk_column = ARENA_NEW_N(&l->arena, idx_t, s->column_count + 1);
    if (s->footer_lines)
        r->held.lines = mem_calloc((size_t)s->footer_lines, sizeof *r->held.lines);
    if (!l->vecs || !l->wanted || !l->column_of || !r->chunk_column ||
        (s->footer_lines && !r->held.lines))
        return err_set(e, ERR_NOMEM, NULL);
    r->index_column = NONE;
    for (size_t i = 0; i < s->field_count; i++)
        l->column_of[i] = s->column_count;
    for (size_t i = 0; i < s->column_count; i++)
        l->column_of[s->columns[i].field] = i;
    for (idx_t i = 0; i < run->projected_count; i++) {
        if (run->projected[i] == 0)
            r->index_column = i;
        if (run->projected[i] == 0 || run->projected[i] > s->column_count)
            continue;
        r->chunk_column[run->projected[i] - 1] = i;
        l->wanted[run->projected[i] - 1] = true;
    }
    for (size_t i = 0; i < s->column_count; i++)
        if (vectors_new(&l->arena, s->columns[i].type, &l->vecs[i]))
            return err_set(e, ERR_NOMEM, NULL);
    r->begun = true;
    return s->format->begin ? s->format->begin(l, e) : 0;
}

/* ---- lines of the thread's pieces ---- */
static int open_piece(struct reader *r, struct text_run *run, bool *ret_any, struct err *e) {
    size_t i = atomic_fetch_add(&run->next, 1);
    *ret_any = i < run->piece_count;
    if (!*ret_any)
        return 0;
    r->piece = run->pieces[i];
    r->skip = r->piece.from ? 0 : run->scan->header_lines;
    r->held.count = r->held.first = 0;
    int rc = text_lines_open(&r->lines, run->scan->files[r->piece.file].path, r->piece.from, e);
    r->open = true;
    return rc;
}

/* 1 with the next line of the piece that is no header. */
static int next_line(struct reader *r, struct bytes *ret, struct err *e) {
    for (;;) {
        int64_t offset = 0;
        int rc = text_lines_next(&r->lines, ret, &offset, e);
        if (rc <= 0)
            return rc;
        if (offset >= r->piece.to)
            return 0;
        if (r->skip == 0)
            return 1;
        r->skip--;
    }
}

/* The same, with the last lines held back: the line that this one pushes out. */
static int next_held(struct reader *r, struct bytes *ret, struct err *e) {
    struct held *h = &r->held;
    size_t room = (size_t)r->l.scan->footer_lines;
    struct bytes line;
    for (;;) {
        int rc = next_line(r, &line, e);
        if (rc <= 0)
            return rc;
        struct buf *slot = &h->lines[(h->first + h->count) % room];
        if (h->count < room) {
            buf_reset(slot);
            buf_add(slot, line);
            h->count++;
            if (!buf_ok(slot))
                return err_set(e, ERR_NOMEM, NULL);
            continue;
        }
        struct buf spare = h->out;
        h->out = *slot;
        *slot = spare;
        buf_reset(slot);
        buf_add(slot, line);
        h->first = (h->first + 1) % room;
        *ret = h->out.ptr ? buf_bytes(&h->out) : BYTES("");
        return buf_ok(slot) ? 1 : err_set(e, ERR_NOMEM, NULL);
    }
}

static int fill_rows(struct reader *r, struct text_run *run, int64_t *file_of, idx_t *ret_rows,
                     struct err *e) {
    const struct text_scan *s = run->scan;
    idx_t rows = 0, room = duckdb_vector_size();
    while (rows < room) {
        struct bytes line;
        bool any = r->open;
        int rc = any ? 0 : open_piece(r, run, &any, e);
        if (rc || !any)
            return *ret_rows = rows, rc;
        rc = s->footer_lines ? next_held(r, &line, e) : next_line(r, &line, e);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            text_lines_close(&r->lines);
            r->open = false;
            continue;
        }
        rc = s->format->row(&r->l, line, rows, e);
        if (rc < 0)
            return rc;
        if (rc == 0 && file_of)
            file_of[rows] = (int64_t)r->piece.file;
        rows += rc == 0;
    }
    *ret_rows = rows;
    return 0;
}

/* ---- the call ---- */
static void raise(duckdb_function_info info, const struct err *e) {
    char text[1200];
    if (e->code == ERR_SQL)
        snprintf(text, sizeof text, "%s: %s", e->name, e->text);
    else
        snprintf(text, sizeof text, "%s: %s",
                 e->code == ERR_NOMEM ? "EXCEEDED_LOCAL_MEMORY_LIMIT" : "HIVE_CANNOT_OPEN_SPLIT",
                 e->text);
    duckdb_function_set_error(info, text);
}

static void bind_vectors(struct reader *r, duckdb_data_chunk out) {
    for (size_t i = 0; i < r->l.scan->column_count; i++)
        if (r->l.wanted[i])
            vectors_bind(&r->l.vecs[i], duckdb_data_chunk_get_vector(out, r->chunk_column[i]),
                         duckdb_vector_size());
}

static void on_call(duckdb_function_info info, duckdb_data_chunk out) {
    struct text_run *run = duckdb_function_get_init_data(info);
    struct reader *r = duckdb_function_get_local_init_data(info);
    struct err e = {0};
    idx_t rows = 0;
    int rc = *run->set->stopped ? err_set(&e, ERR_CANCELED, "The query was cancelled.") : 0;
    if (!rc && !r->begun)
        rc = reader_begin(r, run, &e);
    if (!rc) {
        bind_vectors(r, out);
        int64_t *file_of =
            r->index_column == NONE
                ? NULL
                : duckdb_vector_get_data(duckdb_data_chunk_get_vector(out, r->index_column));
        rc = fill_rows(r, run, file_of, &rows, &e);
    }
    if (rc) {
        raise(info, &e);
        return;
    }
    for (size_t i = 0; i < r->l.scan->column_count; i++)
        if (r->l.wanted[i])
            vectors_finish(&r->l.vecs[i], r->l.vecs[i].owner);
    duckdb_data_chunk_set_size(out, rows);
}

int text_scan_register(duckdb_connection con, struct text_set **current, struct err *e) {
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_set_name(f, "tarn_text");
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
    return ok ? 0 : err_set(e, ERR_INTERNAL, "DuckDB refuses the function tarn_text.");
}
