/* relation.c - the DuckDB text of one scan: a SELECT over the explicit file list, and one per log
 * tail, joined by UNION ALL. Each yields the scan's used columns, in the table's order, cast to the
 * table's types:
 *
 *     (SELECT CAST("id" AS BIGINT) AS "id",
 *             CAST(['2020/01/01','2020/01/02'][CAST(file_index AS BIGINT) + 1] AS VARCHAR) AS "dt"
 *        FROM read_parquet(['/f1','/f2'], union_by_name = true)
 *      UNION ALL SELECT CAST("id" AS BIGINT) AS "id", CAST("dt" AS VARCHAR) AS "dt" FROM
 * "tail_x"())
 *
 * Files that only some row groups are read of are in a SELECT for each range of rows, with "WHERE
 * file_row_number>=2000 AND file_row_number<4000": the engine skips every row group that lies
 * outside.
 *
 * file_index is the file's place in the list, so a partition value is one look-up in a constant
 * list whatever the folders are called. A column that no file has is NULL. */
#include "catalog/value.h"
#include "query/query_int.h"

/* ---- pieces of SQL text ---- */
void sqltext_ident(struct buf *out, struct bytes name) {
    buf_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, name.ptr[i]);
    }
    buf_add_char(out, '"');
}

void sqltext_string(struct buf *out, struct bytes v) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] == '\'')
            buf_add_char(out, '\'');
        buf_add_char(out, v.ptr[i]);
    }
    buf_add_char(out, '\'');
}

/* A path that the engine's globbing takes literally. */
static void add_path(struct buf *out, const char *path) {
    buf_add_char(out, '\'');
    for (const char *c = path; *c; c++) {
        if (*c == '*' || *c == '?' || *c == '[')
            buf_add_fmt(out, "[%c]", *c);
        else if (*c == '\'')
            buf_add_str(out, "''");
        else
            buf_add_char(out, *c);
    }
    buf_add_char(out, '\'');
}

void sqltext_files(struct buf *out, const struct plan_file *files, size_t n) {
    buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_char(out, ',');
        add_path(out, files[i].path);
    }
    buf_add_char(out, ']');
}

static struct bytes value_of(const struct plan_file *f, size_t key) {
    return f->partition && key < f->partition->value_count ? f->partition->values[key]
                                                           : BYTES(CATALOG_NULL_PARTITION);
}
static void add_value(struct buf *out, struct bytes v) {
    if (bytes_eq_str(v, CATALOG_NULL_PARTITION))
        buf_add_str(out, "NULL");
    else
        sqltext_string(out, v);
}

void sqltext_partition(struct buf *out, const struct plan_scan *s, size_t key) {
    struct bytes first = value_of(&s->files[0], key);
    bool same = true;
    for (size_t i = 1; i < s->file_count && same; i++)
        same = bytes_eq(first, value_of(&s->files[i], key));
    if (same) {
        add_value(out, first);
        return;
    }
    buf_add_char(out, '[');
    for (size_t i = 0; i < s->file_count; i++) {
        if (i)
            buf_add_char(out, ',');
        add_value(out, value_of(&s->files[i], key));
    }
    buf_add_str(out, "][CAST(file_index AS BIGINT)+1]");
}

/* ---- columns ---- */
static bool any_used(const struct plan_scan *s) {
    for (size_t i = 0; i < s->table->info.column_count; i++)
        if (s->scan->column_used[i])
            return true;
    return false;
}

enum source { FROM_FILES, FROM_TAIL, FROM_NOTHING };

static bool has_binary(const struct type *t) {
    for (size_t i = 0; i < t->child_count; i++)
        if (has_binary(t->children[i]))
            return true;
    return t->kind == TYPE_BINARY;
}

/* Whether some file has the column, or none can tell. */
static bool is_present(const struct plan_scan *s, size_t column) {
    bool told = false;
    for (size_t i = 0; i < s->file_count; i++) {
        if (!s->files[i].facts)
            continue;
        told = true;
        if (plan_column_bytes(s, &s->files[i], column) >= 0)
            return true;
    }
    return !told;
}

/* The column's name in the part's files. */
static struct bytes name_in_files(const struct plan_scan *s, size_t column) {
    const struct plan_file *f = &s->files[0];
    return f->columns && column < f->column_count ? f->columns[column]
                                                  : s->table->info.columns[column].name;
}

/* Where a part of a scan comes from: files, a tail, or nowhere. */
struct part {
    const struct plan *plan;
    const struct plan_scan *scan;
    enum source from;
    const struct plan_tail *tail; /* FROM_TAIL */
};

static void add_hidden(struct buf *out, const struct part *part, struct bytes name) {
    if (part->from == FROM_FILES)
        hidden_files_expr(out, part->scan, name);
    else if (part->from == FROM_TAIL)
        hidden_tail_expr(out, part->plan, part->scan, part->tail, name);
    else
        hidden_no_expr(out, name);
    buf_add_str(out, " AS ");
    sqltext_ident(out, name);
}

static void add_column(struct buf *out, const struct part *part, size_t i) {
    const struct plan_scan *s = part->scan;
    const struct plan_table *t = s->table;
    const struct sql_table_column *c = &t->info.columns[i];
    enum source from = part->from;
    if (c->is_hidden) {
        add_hidden(out, part, c->name);
        return;
    }
    buf_add_str(out, "CAST(");
    if (from == FROM_FILES && c->is_partition)
        sqltext_partition(out, s, i - t->data_count);
    else if (from == FROM_NOTHING || (from == FROM_FILES && !is_present(s, i)))
        buf_add_str(out, "NULL");
    else
        sqltext_ident(out, from == FROM_FILES ? name_in_files(s, i) : c->name);
    buf_add_str(out, " AS ");
    type_format_duckdb(c->type, out);
    buf_add_str(out, ") AS ");
    sqltext_ident(out, c->name);
}

static void add_columns(struct buf *out, const struct part *part) {
    const struct plan_scan *s = part->scan;
    bool comma = false;
    buf_add_str(out, "SELECT ");
    if (!any_used(s))
        buf_add_str(out, "1 AS \"_\"");
    for (size_t i = 0; i < s->table->info.column_count; i++) {
        if (!s->scan->column_used[i])
            continue;
        if (comma)
            buf_add_char(out, ',');
        comma = true;
        add_column(out, part, i);
    }
}

/* ---- Parquet ---- */
/* All files written by deliveries under one version of the table have one schema. */
static bool is_uniform(const struct plan_scan *s) {
    if (s->file_count == 1)
        return true;
    for (size_t i = 0; i < s->file_count; i++) {
        if (!s->files[i].delivered || !s->files[i].facts)
            return false;
        for (size_t c = 0; c < s->table->data_count; c++)
            if (s->scan->column_used[c] && plan_column_bytes(s, &s->files[i], c) < 0)
                return false;
    }
    return s->table->table.version_id == 0;
}

/* Of files that are read of the same row range; NULL: whole. */
static void parquet_files(const struct plan_scan *s, const struct row_range *range,
                          struct buf *out) {
    bool binary = false;
    for (size_t i = 0; i < s->table->data_count; i++)
        binary |= has_binary(plan_column_type(s->table, i));
    struct part part = {.scan = s, .from = FROM_FILES};
    add_columns(out, &part);
    buf_add_str(out, " FROM read_parquet(");
    sqltext_files(out, s->files, s->file_count);
    if (!is_uniform(s))
        buf_add_str(out, ",union_by_name=true");
    if (!binary)
        buf_add_str(out, ",binary_as_string=true");
    buf_add_char(out, ')');
    if (range)
        buf_add_fmt(out, " WHERE file_row_number>=%lld AND file_row_number<%lld",
                    (long long)range->from, (long long)range->to);
}

static bool is_read_of(const struct plan_file *f, const struct row_range *range) {
    return range ? plan_has_range(f, range) : f->range_count == 0;
}

/* Files read of the range whose columns have the names that file `leader` gives them; none when an
 * earlier file leads them. */
static size_t take_alike(const struct plan_scan *s, const struct row_range *range, size_t leader,
                         struct plan_file *out) {
    size_t n = 0;
    for (size_t i = 0; i < s->file_count; i++) {
        if (!is_read_of(&s->files[i], range) || !by_index_same(&s->files[i], &s->files[leader]))
            continue;
        if (i < leader)
            return 0;
        out[n++] = s->files[i];
    }
    return n;
}

static int parquet_relation(struct plan *p, const struct plan_scan *s, struct buf *out,
                            struct err *e) {
    struct plan_scan part = *s;
    bool any = false;
    part.files = ARENA_NEW_N(&p->arena, struct plan_file, s->file_count);
    if (!part.files)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t r = 0; r <= s->range_count; r++) {
        const struct row_range *range = r ? &s->ranges[r - 1] : NULL;
        for (size_t i = 0, left = s->file_count; i < s->file_count && left; i++) {
            part.file_count =
                is_read_of(&s->files[i], range) ? take_alike(s, range, i, part.files) : 0;
            if (!part.file_count)
                continue;
            if (any)
                buf_add_str(out, " UNION ALL ");
            parquet_files(&part, range, out);
            any = true;
            left = by_index_is(s->table) ? left : 0;
        }
    }
    return 0;
}

/* ---- the whole ---- */
int plan_relation(struct plan *p, struct plan_scan *s, struct buf *out, struct err *e) {
    int rc = 0;
    buf_add_char(out, '(');
    if (s->table->fill) {
        buf_add(out, s->rows_text);
        buf_add_char(out, ')');
        return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    if (s->file_count && s->table->format == FORMAT_PARQUET)
        rc = parquet_relation(p, s, out, e);
    else if (s->file_count)
        rc = plan_text_relation(p, s, out, e);
    for (size_t i = 0; i < s->tail_count; i++) {
        if (s->file_count || i)
            buf_add_str(out, " UNION ALL ");
        struct part part = {p, s, FROM_TAIL, &s->tails[i]};
        add_columns(out, &part);
        buf_add_str(out, " FROM ");
        sqltext_ident(out, s->tails[i].name);
        buf_add_str(out, "()");
    }
    if (!s->file_count && !s->tail_count) {
        struct part part = {.scan = s, .from = FROM_NOTHING};
        add_columns(out, &part);
        buf_add_str(out, " WHERE false");
    }
    buf_add_char(out, ')');
    return rc ? rc : buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}
