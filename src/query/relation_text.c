/* relation_text.c - scans of LazySimple and OpenCSV files; JSON is in relation_json.c.
 *
 * LazySimple has no quoting and forgives too few and too many fields, which no CSV reader does:
 * each line is read as one value (the delimiter is a code point that never occurs), cut at the
 * field delimiter, and the pieces are cast; what does not fit is NULL, as in Hive.
 *
 * OpenCSV: read_csv with every column as text, then casts; dates are days and timestamps
 * milliseconds since 1970, as that SerDe has it. */
#include "base/mem.h"
#include "query/query_int.h"

#define NEVER "\xf4\x8f\xbf\xbf"        /* U+10FFFF, a noncharacter */
#define NEVER_EITHER "\xf4\x8f\xbf\xbe" /* U+10FFFE */
#define LINES "max_line_size=16777216"

static struct bytes property(const struct plan_table *t, const char *name, const char *otherwise) {
    struct bytes v = plan_param(t->serde_params, name);
    return v.ptr ? v : bytes_str(otherwise);
}

static int64_t header_lines(const struct plan_table *t) {
    int64_t n = 0;
    struct bytes v = plan_param(t->params, "skip.header.line.count");
    if (!v.len)
        v = plan_param(t->serde_params, "skip.header.line.count");
    return v.len && bytes_to_i64(bytes_trim(v), &n) && n > 0 ? n : 0;
}

static bool used(const struct plan_scan *s, size_t i) {
    return s->scan->column_used[i];
}

int plan_text_select(struct plan_scan *s, struct buf *out, plan_text_expr expr, struct err *e) {
    const struct plan_table *t = s->table;
    bool comma = false;
    int rc = 0;
    buf_add_str(out, "SELECT ");
    for (size_t i = 0; !rc && i < t->info.column_count; i++) {
        if (!used(s, i))
            continue;
        if (comma)
            buf_add_char(out, ',');
        comma = true;
        if (i < t->data_count) {
            rc = expr(s, i, out, e);
        } else if (t->info.columns[i].is_hidden) {
            hidden_files_expr(out, s, t->info.columns[i].name);
        } else {
            buf_add_str(out, "CAST(");
            sqltext_partition(out, s, i - t->data_count);
            buf_add_str(out, " AS ");
            type_format_duckdb(plan_column_type(t, i), out);
            buf_add_char(out, ')');
        }
        buf_add_str(out, " AS ");
        sqltext_ident(out, t->info.columns[i].name);
    }
    if (!comma)
        buf_add_str(out, "1 AS \"_\"");
    return rc;
}

/* ---- LazySimple ---- */
static int unsupported(struct plan_scan *s, size_t i, struct err *e) {
    struct buf type = {0};
    type_format(plan_column_type(s->table, i), &type);
    int rc =
        err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                      "Column '%.*s' of the text table '%.*s.%.*s' has type %.*s, which cannot "
                      "be read from text yet",
                      BYTES_ARG(s->table->info.columns[i].name), BYTES_ARG(s->table->info.database),
                      BYTES_ARG(s->table->info.name), (int)type.len, type.ptr ? type.ptr : "");
    buf_clear(&type);
    return rc;
}

static bool is_text(const struct type *t) {
    return t->kind == TYPE_STRING || t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR;
}

static void lazy_list(struct plan_scan *s, const struct type *element, const char *value,
                      struct buf *out) {
    buf_add_fmt(out, "list_transform(string_split(%s,", value);
    sqltext_string(out, property(s->table, "collection.delim", "\002"));
    buf_add_str(out, "),lambda x: TRY_CAST(x AS ");
    type_format_duckdb(element, out);
    buf_add_str(out, "))");
}

static int lazy_expr(struct plan_scan *s, size_t i, struct buf *out, struct err *e) {
    const struct type *type = plan_column_type(s->table, i);
    struct bytes escape = property(s->table, "escape.delim", "");
    struct buf v = {0};
    int rc = 0;
    buf_add_str(&v, "NULLIF(");
    if (escape.len)
        buf_add_str(&v, "replace(");
    buf_add_fmt(&v, "f[%zu]", i + 1);
    if (escape.len) {
        buf_add_str(&v, ",'" NEVER_EITHER "',");
        sqltext_string(&v, property(s->table, "field.delim", "\001"));
        buf_add_char(&v, ')');
    }
    buf_add_char(&v, ',');
    sqltext_string(&v, property(s->table, "serialization.null.format", "\\N"));
    buf_add_char(&v, ')');
    const char *value = buf_cstr(&v);
    if (!value) {
        rc = err_set(e, ERR_NOMEM, NULL);
    } else if (is_text(type)) {
        buf_add_str(out, value);
    } else if (type->kind == TYPE_BOOLEAN) {
        buf_add_fmt(out, "CASE lower(%s) WHEN 'true' THEN true WHEN 'false' THEN false END", value);
    } else if (type->kind == TYPE_BINARY) {
        buf_add_fmt(out, "TRY(from_base64(%s))", value);
    } else if (type->kind == TYPE_ARRAY && type->children[0]->child_count == 0) {
        lazy_list(s, type->children[0], value, out);
    } else if (type->child_count) {
        rc = unsupported(s, i, e);
    } else {
        buf_add_fmt(out, "TRY_CAST(%s AS ", value);
        type_format_duckdb(type, out);
        buf_add_char(out, ')');
    }
    buf_clear(&v);
    return rc;
}

static int lazy_relation(struct plan_scan *s, struct buf *out, struct err *e) {
    const struct plan_table *t = s->table;
    struct bytes delim = property(t, "field.delim", "\001"),
                 escape = property(t, "escape.delim", "");
    int rc = plan_text_select(s, out, lazy_expr, e);
    buf_add_str(out, " FROM (SELECT file_index,string_split(");
    if (escape.len) {
        buf_add_str(out, "replace(line,");
        struct buf pair = {0};
        buf_add(&pair, escape);
        buf_add(&pair, delim);
        sqltext_string(out, buf_bytes(&pair));
        buf_clear(&pair);
        buf_add_str(out, ",'" NEVER_EITHER "')");
    } else {
        buf_add_str(out, "line");
    }
    buf_add_char(out, ',');
    sqltext_string(out, delim);
    buf_add_str(out, ") AS f FROM read_csv(");
    sqltext_files(out, s->files, s->file_count);
    buf_add_fmt(out,
                ",columns={'line':'VARCHAR'},delim='" NEVER "',quote='',escape='',header=false,"
                "auto_detect=false,strict_mode=false," LINES ",nullstr='" NEVER_EITHER
                "',skip=%lld))",
                (long long)header_lines(t));
    return rc;
}

/* ---- OpenCSV ---- */
static int csv_expr(struct plan_scan *s, size_t i, struct buf *out, struct err *e) {
    const struct type *type = plan_column_type(s->table, i);
    if (type->child_count)
        return unsupported(s, i, e);
    if (is_text(type)) {
        buf_add_fmt(out, "\"c%zu\"", i);
    } else if (type->kind == TYPE_DATE) {
        buf_add_fmt(out,
                    "CASE WHEN TRY_CAST(\"c%zu\" AS INTEGER) IS NULL THEN CAST(NULLIF(\"c%zu\",'') "
                    "AS DATE) ELSE DATE '1970-01-01'+TRY_CAST(\"c%zu\" AS INTEGER) END",
                    i, i, i);
    } else if (type->kind == TYPE_TIMESTAMP) {
        buf_add_fmt(out,
                    "CASE WHEN TRY_CAST(\"c%zu\" AS BIGINT) IS NULL THEN CAST(NULLIF(\"c%zu\",'') "
                    "AS TIMESTAMP) ELSE epoch_ms(TRY_CAST(\"c%zu\" AS BIGINT)) END",
                    i, i, i);
    } else {
        buf_add_fmt(out, "CAST(NULLIF(\"c%zu\",'') AS ", i);
        type_format_duckdb(type, out);
        buf_add_char(out, ')');
    }
    return 0;
}

static int csv_relation(struct plan_scan *s, struct buf *out, struct err *e) {
    const struct plan_table *t = s->table;
    struct bytes quote = property(t, "quoteChar", "\"");
    int rc = plan_text_select(s, out, csv_expr, e);
    buf_add_str(out, " FROM read_csv(");
    sqltext_files(out, s->files, s->file_count);
    buf_add_str(out, ",columns={");
    for (size_t i = 0; i < t->data_count; i++)
        buf_add_fmt(out, "%s'c%zu':'VARCHAR'", i ? "," : "", i);
    buf_add_str(out, "},delim=");
    sqltext_string(out, property(t, "separatorChar", ","));
    buf_add_str(out, ",quote=");
    sqltext_string(out, quote);
    buf_add_str(out, ",escape=");
    struct bytes escape = plan_param(t->serde_params, "escapeChar");
    sqltext_string(out, escape.len && !bytes_eq_str(escape, "\\") ? escape : quote);
    buf_add_fmt(
        out,
        ",header=false,auto_detect=false,null_padding=true,strict_mode=false,nullstr='" NEVER
        "'," LINES ",skip=%lld)",
        (long long)header_lines(t));
    return rc;
}

int plan_text_relation(struct plan *p, struct plan_scan *s, struct buf *out, struct err *e) {
    if (s->table->data_count == 0)
        return err_set_named(e, ERR_SQL, "HIVE_INVALID_METADATA", 0,
                             "Table '%.*s.%.*s' has no columns", BYTES_ARG(s->table->info.database),
                             BYTES_ARG(s->table->info.name));
    if (s->table->format == FORMAT_JSON)
        return plan_json_relation(p, s, out, e);
    return s->table->format == FORMAT_CSV ? csv_relation(s, out, e) : lazy_relation(s, out, e);
}
