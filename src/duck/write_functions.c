/* write_functions.c - rows as lines of text files, and the number of a row's partition.
 *
 * The engine's COPY writes lines (as a CSV of one column, without quotes) and files by partition,
 * with its compression and its threads; these two functions give it what to write and where.
 * Partitions are numbered as they are met: the number names the engine's folder, and the names that
 * Hive gives folders are the front's business. */
#include "duck/functions.h"
#include "duck/write_int.h"

#include <stdio.h>
#include <string.h>

#define NULL_VALUE "__HIVE_DEFAULT_PARTITION__"

/* ---- the arguments of a call ---- */
struct columns {
    struct arena arena;
    struct cell **cells;
    size_t count;
    idx_t rows;
    duckdb_function_info info;
};

static bool columns_init(struct columns *x, duckdb_function_info info, duckdb_data_chunk in) {
    struct err e = {0};
    int rc = 0;
    arena_init(&x->arena, 0);
    x->info = info;
    x->count = duckdb_data_chunk_get_column_count(in);
    x->rows = duckdb_data_chunk_get_size(in);
    x->cells = ARENA_NEW_N(&x->arena, struct cell *, x->count + 1);
    if (!x->cells)
        rc = err_set(&e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < x->count; i++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(in, i);
        duckdb_logical_type type = duckdb_vector_get_column_type(v);
        rc = cell_new(&x->arena, type, &x->cells[i], &e);
        duckdb_destroy_logical_type(&type);
        if (!rc)
            cell_bind(x->cells[i], v);
    }
    if (rc)
        duck_raise(info, e.name, "%s", e.text);
    return rc == 0;
}

static struct write_state *state_of(duckdb_function_info info) {
    struct write_state **current = duckdb_scalar_function_get_extra_info(info);
    if (!*current)
        duck_raise(info, "GENERIC_INTERNAL_ERROR", "No task writes files.");
    return *current;
}

/* ---- tarn_line ---- */
static void add_json_line(const struct columns *x, const struct write_style *s, idx_t row,
                          struct buf *line) {
    buf_add_char(line, '{');
    for (size_t i = 0; i < x->count; i++) {
        if (i)
            buf_add_char(line, ',');
        write_json_text(s->names[i], line);
        buf_add_char(line, ':');
        cell_json(x->cells[i], row, line);
    }
    buf_add_char(line, '}');
}

static void add_text_line(const struct columns *x, const struct write_style *s, idx_t row,
                          struct buf *line) {
    for (size_t i = 0; i < x->count; i++) {
        if (i)
            buf_add_char(line, s->separators[0]);
        if (cell_is_null(x->cells[i], row))
            buf_add(line, s->null_text);
        else
            cell_text(x->cells[i], row, s, 1, line);
    }
}

static void call_line(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    const struct write_state *state = state_of(info);
    struct columns x;
    struct buf line = {0};
    if (!state)
        return;
    if (columns_init(&x, info, in)) {
        for (idx_t row = 0; row < x.rows; row++) {
            buf_reset(&line);
            if (state->style.is_json)
                add_json_line(&x, &state->style, row, &line);
            else
                add_text_line(&x, &state->style, row, &line);
            duckdb_vector_assign_string_element_len(out, row, line.ptr ? line.ptr : "", line.len);
        }
        if (!buf_ok(&line))
            duck_raise(info, "EXCEEDED_LOCAL_MEMORY_LIMIT", "A row is too large to be written.");
    }
    buf_clear(&line);
    arena_clear(&x.arena);
}

/* ---- tarn_partition ---- */
static bool is_printable(struct bytes v) {
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] < 0x20 || v.ptr[i] > 0x7e)
            return false;
    return true;
}

/* The value as it stands in the catalogue. */
static bool add_value(const struct columns *x, const struct cell *c, idx_t row, struct buf *out) {
    static const struct write_style plain = {.null_text = {NULL_VALUE, sizeof NULL_VALUE - 1}};
    size_t start = out->len;
    if (!cell_is_null(c, row))
        cell_text(c, row, &plain, 1, out);
    struct bytes v = bytes_slice(buf_bytes(out), start, out->len);
    if (!is_printable(v)) {
        duck_raise(x->info, "HIVE_INVALID_PARTITION_VALUE",
                   "Hive partition keys can only contain printable ASCII characters (0x20 - 0x7E). "
                   "Invalid value: %.*s",
                   (int)MIN_OF(v.len, 200), v.ptr);
        return false;
    }
    if (out->len == start)
        buf_add_str(out, NULL_VALUE);
    buf_add_char(out, '\0');
    return true;
}

static int64_t bucket_of(const struct write_state *s, const struct columns *x, idx_t row) {
    uint32_t hash = 0;
    for (size_t i = 0; i < s->bucket_columns; i++)
        hash = hash * 31 + (uint32_t)cell_hash(x->cells[i], row);
    return s->bucket_columns ? (int64_t)(hash & INT32_MAX) % s->bucket_count : 0;
}

/* "bucket\0value\0value\0" */
static bool make_key(const struct write_state *s, const struct columns *x, idx_t row,
                     struct buf *key) {
    buf_reset(key);
    buf_add_fmt(key, "%lld", (long long)bucket_of(s, x, row));
    buf_add_char(key, '\0');
    for (size_t i = s->bucket_columns; i < x->count; i++)
        if (!add_value(x, x->cells[i], row, key))
            return false;
    return buf_ok(key);
}

static bool grow(struct write_state *s) { /* under lock */
    size_t room = s->partition_room ? s->partition_room * 2 : 16;
    struct write_partition *more = ARENA_NEW_N(&s->memory, struct write_partition, room);
    if (!more)
        return false;
    if (s->partition_count)
        memcpy(more, s->partitions, s->partition_count * sizeof *more);
    s->partitions = more;
    s->partition_room = room;
    return true;
}

static int64_t add_partition(struct write_state *s, struct bytes key,
                             uint64_t hash) { /* under lock */
    struct write_partition p = {.key = arena_copy(&s->memory, key), .hash = hash};
    struct bytes *values = ARENA_NEW_N(&s->memory, struct bytes, s->key_count + 1);
    struct bytes rest = p.key, part;
    if (!p.key.ptr || !values || (s->partition_count == s->partition_room && !grow(s)))
        return -1;
    rest = bytes_cut(rest, '\0', &part);
    if (!bytes_to_i64(part, &p.bucket))
        return -1;
    for (size_t i = 0; i < s->key_count; i++)
        rest = bytes_cut(rest, '\0', &values[i]);
    p.values = values;
    s->partitions[s->partition_count] = p;
    return (int64_t)s->partition_count++;
}

/* -1 when memory is short, -2 when there would be too many. */
static int64_t find_partition(struct write_state *s, struct bytes key) {
    int64_t found = -2;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; found == -2 && i < s->partition_count; i++)
        if (s->partitions[i].hash == hash && bytes_eq(s->partitions[i].key, key))
            found = (int64_t)i;
    if (found == -2 && s->partition_count < s->max_partitions)
        found = add_partition(s, key, hash);
    pthread_mutex_unlock(&s->lock);
    return found;
}

static bool number_rows(struct write_state *s, const struct columns *x, int64_t *out) {
    struct buf key = {0}, last = {0};
    int64_t number = 0;
    bool ok = true;
    for (idx_t row = 0; ok && row < x->rows; row++) {
        ok = make_key(s, x, row, &key);
        if (ok && (!row || !bytes_eq(buf_bytes(&key), buf_bytes(&last)))) {
            number = find_partition(s, buf_bytes(&key));
            buf_reset(&last);
            buf_add(&last, buf_bytes(&key));
        }
        out[row] = number;
        ok = ok && number >= 0;
    }
    if (!ok && number == -2)
        duck_raise(x->info, "HIVE_TOO_MANY_OPEN_PARTITIONS",
                   "Exceeded limit of %zu open writers for partitions/buckets", s->max_partitions);
    else if (!ok && (number == -1 || !buf_ok(&key)))
        duck_raise(x->info, "EXCEEDED_LOCAL_MEMORY_LIMIT", "The partitions take too much memory.");
    buf_clear(&key);
    buf_clear(&last);
    return ok;
}

static void call_partition(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    struct write_state *s = state_of(info);
    struct columns x;
    if (!s)
        return;
    if (columns_init(&x, info, in))
        (void)number_rows(s, &x, duckdb_vector_get_data(out));
    arena_clear(&x.arena);
}

/* ---- registration ---- */
static bool add_function(duckdb_connection con, const char *name, duckdb_type returns,
                         duckdb_scalar_function_t call, struct write_state **current) {
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_logical_type result = duckdb_create_logical_type(returns);
    duckdb_scalar_function_set_name(f, name);
    duckdb_scalar_function_set_varargs(f, any);
    duckdb_scalar_function_set_return_type(f, result);
    duckdb_scalar_function_set_special_handling(f);
    duckdb_scalar_function_set_volatile(f);
    duckdb_scalar_function_set_extra_info(f, (void *)current, NULL);
    duckdb_scalar_function_set_function(f, call);
    bool ok = duckdb_register_scalar_function(con, f) == DuckDBSuccess;
    duckdb_destroy_logical_type(&any);
    duckdb_destroy_logical_type(&result);
    duckdb_destroy_scalar_function(&f);
    return ok;
}

int write_register(duckdb_connection con, struct write_state **current, struct err *e) {
    if (!add_function(con, "tarn_line", DUCKDB_TYPE_VARCHAR, call_line, current) ||
        !add_function(con, "tarn_partition", DUCKDB_TYPE_BIGINT, call_partition, current))
        return err_set(e, ERR_INTERNAL, "DuckDB refuses the functions of writes.");
    return 0;
}
