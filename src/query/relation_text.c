/* relation_text.c - scans of text: LazySimple, OpenCSV, regular expressions, grok and lines of
 * JSON.
 *
 * The worker's table function tarn_text (duck/text_scan.h) reads the files. Here the SerDe's
 * properties become its description: separators and escapes as bytes, grok patterns as one regular
 * expression, JSON names by column. What it gives is selected under the table's names beside the
 * values of partitions and hidden columns. */
#include "base/mem.h"
#include "duck/text_grok.h"
#include "query/query_int.h"

int plan_text_select(struct plan_scan *s, struct buf *out, plan_text_expr expr, struct err *e) {
    const struct plan_table *t = s->table;
    bool comma = false;
    int rc = 0;
    buf_add_str(out, "SELECT ");
    for (size_t i = 0; !rc && i < t->info.column_count; i++) {
        if (!s->scan->column_used[i])
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

/* ---- properties ---- of the SerDe, else of the table */
static struct bytes property(const struct plan_table *t, const char *name, const char *otherwise) {
    struct bytes v = plan_param(t->serde_params, name);
    if (!v.ptr)
        v = plan_param(t->params, name);
    return v.ptr ? v : bytes_str(otherwise);
}

static bool is_true(const struct plan_table *t, const char *name, bool otherwise) {
    struct bytes v = bytes_trim(property(t, name, ""));
    return v.len ? bytes_eq_nocase(v, BYTES("true")) : otherwise;
}

static int64_t line_count(const struct plan_table *t, const char *name) {
    int64_t n = 0;
    struct bytes v = plan_param(t->params, name);
    if (!v.len)
        v = plan_param(t->serde_params, name);
    return v.len && bytes_to_i64(bytes_trim(v), &n) && n > 0 ? n : 0;
}

/* Hive's separators: a number is a byte's value, else the first byte counts. */
static char separator(struct bytes v, char otherwise) {
    int64_t n;
    if (!v.len)
        return otherwise;
    return bytes_to_i64(v, &n) && n >= -128 && n <= 127 ? (char)n : v.ptr[0];
}

static void write_char(struct jsonw *w, const char *name, char c) {
    jsonw_kv_str(w, name, bytes_of(&c, 1));
}

static void write_timestamp_formats(struct jsonw *w, const struct plan_table *t) {
    struct bytes rest = property(t, "timestamp.formats", ""), one;
    jsonw_name(w, "timestamp_formats");
    jsonw_array(w);
    while (rest.len) {
        rest = bytes_cut(rest, ',', &one);
        if (one.len)
            jsonw_str(w, one);
    }
    jsonw_end_array(w);
}

/* ---- each SerDe's ---- */
static void write_lazy(struct jsonw *w, const struct plan_table *t) {
    char separators[3];
    struct bytes field = property(t, "field.delim", ""),
                 items = property(t, "collection.delim", "");
    if (!field.len)
        field = property(t, "serialization.format", "");
    if (!items.len) /* as Hive once spelt it */
        items = property(t, "colelction.delim", "");
    separators[0] = separator(field, 1);
    separators[1] = separator(items, 2);
    separators[2] = separator(property(t, "mapkey.delim", ""), 3);
    struct bytes escape = property(t, "escape.delim", "");
    jsonw_kv_cstr(w, "format", "lazy");
    jsonw_kv_str(w, "separators", bytes_of(separators, sizeof separators));
    if (escape.len)
        write_char(w, "escape", separator(escape, '\\'));
    jsonw_kv_str(w, "null", property(t, "serialization.null.format", "\\N"));
    jsonw_kv_bool(w, "last_takes_rest", is_true(t, "serialization.last.column.takes.rest", false));
}

static void write_csv(struct jsonw *w, const struct plan_table *t) {
    struct bytes by = property(t, "separatorChar", ","), quote = property(t, "quoteChar", "\""),
                 escape = property(t, "escapeChar", "\\");
    jsonw_kv_cstr(w, "format", "csv");
    write_char(w, "csv_separator", by.len ? by.ptr[0] : ',');
    if (quote.len && quote.ptr[0])
        write_char(w, "csv_quote", quote.ptr[0]);
    if (escape.len && escape.ptr[0] && !(quote.len && quote.ptr[0] == escape.ptr[0]))
        write_char(w, "csv_escape", escape.ptr[0]);
}

static int no_property(const struct plan_table *t, const char *name, struct err *e) {
    return err_set_named(e, ERR_SQL, "HIVE_INVALID_METADATA", 0,
                         "Table '%.*s.%.*s' does not have serde property \"%s\"!",
                         BYTES_ARG(t->info.database), BYTES_ARG(t->info.name), name);
}

static int write_regex(struct jsonw *w, const struct plan_table *t, struct err *e) {
    struct bytes regex = property(t, "input.regex", "");
    if (!regex.len)
        return no_property(t, "input.regex", e);
    jsonw_kv_cstr(w, "format", "regex");
    jsonw_kv_str(w, "regex", regex);
    jsonw_kv_bool(w, "ignore_case", is_true(t, "input.regex.case.insensitive", false));
    return 0;
}

static int write_grok(struct plan *p, struct jsonw *w, const struct plan_table *t,
                      struct grok *ret_grok, struct err *e) {
    struct bytes format = property(t, "input.format", "");
    if (!format.len)
        return no_property(t, "input.format", e);
    int rc =
        grok_compile(&p->arena, format, property(t, "input.grokCustomPatterns", ""), ret_grok, e);
    if (rc)
        return rc;
    jsonw_kv_cstr(w, "format", "regex");
    jsonw_kv_str(w, "regex", ret_grok->regex);
    jsonw_kv_bool(w, "search", true);
    return 0;
}

static void write_json(struct jsonw *w, const struct plan_table *t) {
    bool openx = !bytes_ends_with(t->serde_class, BYTES(".hcatalog.data.JsonSerDe")) &&
                 !bytes_ends_with(t->serde_class, BYTES(".hive.serde2.JsonSerDe"));
    jsonw_kv_cstr(w, "format", "json");
    jsonw_kv_bool(w, "openx", openx);
    jsonw_kv_bool(w, "ignore_malformed",
                  is_true(t, openx ? "ignore.malformed.json" : "hive.serde2.json.ignore.malformed",
                          is_true(t, "ignore.malformed.json", false)));
    jsonw_kv_bool(w, "case_sensitive", openx && !is_true(t, "case.insensitive", true));
    jsonw_kv_bool(w, "dots_in_keys", openx && is_true(t, "dots.in.keys", false));
}

/* ---- the description ---- */
static struct bytes json_key(struct plan *p, const struct plan_table *t, struct bytes name) {
    char *mapping = arena_cstr(&p->arena, arena_fmt(&p->arena, "mapping.%.*s", BYTES_ARG(name)));
    struct bytes mapped = mapping ? plan_param(t->serde_params, mapping) : BYTES("");
    return mapped.len ? mapped : name;
}

static void write_column(struct plan *p, struct jsonw *w, const struct plan_table *t, size_t i,
                         const struct grok *g) {
    struct bytes name = t->info.columns[i].name;
    struct buf type = {0};
    type_format(plan_column_type(t, i), &type);
    jsonw_object(w);
    jsonw_kv_i64(w, "field", (int64_t)i);
    jsonw_kv_str(w, "hive_type", buf_bytes(&type));
    if (t->format == FORMAT_JSON)
        jsonw_kv_str(w, "key", json_key(p, t, name));
    if (t->format == FORMAT_GROK)
        jsonw_kv_str(w, "key", grok_group(g, name));
    jsonw_end_object(w);
    p->arena.failed |= !buf_ok(&type);
    buf_clear(&type);
}

static void write_files(struct jsonw *w, const struct plan_scan *s) {
    jsonw_name(w, "files");
    jsonw_array(w);
    for (size_t i = 0; i < s->file_count; i++)
        jsonw_str(w, bytes_str(s->files[i].path));
    jsonw_end_array(w);
    jsonw_name(w, "sizes");
    jsonw_array(w);
    for (size_t i = 0; i < s->file_count; i++)
        jsonw_u64(w, s->files[i].size_bytes);
    jsonw_end_array(w);
}

static int write_format(struct plan *p, struct jsonw *w, const struct plan_table *t, struct grok *g,
                        struct err *e) {
    switch (t->format) {
    case FORMAT_JSON:
        write_json(w, t);
        return 0;
    case FORMAT_CSV:
        write_csv(w, t);
        return 0;
    case FORMAT_REGEX:
        return write_regex(w, t, e);
    case FORMAT_GROK:
        return write_grok(p, w, t, g, e);
    default:
        write_lazy(w, t);
        return 0;
    }
}

static int describe(struct plan *p, struct plan_scan *s, struct buf *out, struct err *e) {
    const struct plan_table *t = s->table;
    struct jsonw w = jsonw_to(out);
    struct grok g = {.count = 0};
    jsonw_object(&w);
    int rc = write_format(p, &w, t, &g, e);
    if (rc)
        return rc;
    jsonw_kv_i64(&w, "fields", (int64_t)t->data_count);
    jsonw_kv_i64(&w, "header", line_count(t, "skip.header.line.count"));
    jsonw_kv_i64(&w, "footer", line_count(t, "skip.footer.line.count"));
    write_timestamp_formats(&w, t);
    write_files(&w, s);
    jsonw_name(&w, "columns");
    jsonw_array(&w);
    for (size_t i = 0; i < t->data_count; i++)
        if (s->scan->column_used[i])
            write_column(p, &w, t, i, &g);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    return buf_ok(out) && !p->arena.failed ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* ---- the relation ---- */
static int unsupported(const struct plan_table *t, size_t i, struct err *e) {
    struct buf type = {0};
    type_format(plan_column_type(t, i), &type);
    int rc =
        err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                      "Column '%.*s' of the text table '%.*s.%.*s' has type %.*s, which its SerDe "
                      "does not read",
                      BYTES_ARG(t->info.columns[i].name), BYTES_ARG(t->info.database),
                      BYTES_ARG(t->info.name), (int)type.len, type.ptr ? type.ptr : "");
    buf_clear(&type);
    return rc;
}

static int text_expr(struct plan_scan *s, size_t i, struct buf *out, struct err *e) {
    bool nests = s->table->format == FORMAT_LAZY_TEXT || s->table->format == FORMAT_JSON;
    if (!nests && plan_column_type(s->table, i)->child_count)
        return unsupported(s->table, i, e);
    buf_add_fmt(out, "\"c%zu\"", i);
    return 0;
}

int plan_text_lines(struct plan *p, struct plan_scan *s, struct buf *out, struct err *e) {
    struct plan_text *text = ARENA_NEW(&p->arena, struct plan_text);
    struct buf json = {0};
    int rc = text ? describe(p, s, &json, e) : err_set(e, ERR_NOMEM, NULL);
    if (!rc) {
        text->json = arena_copy(&p->arena, buf_bytes(&json));
        struct plan_text **end = &p->texts;
        while (*end)
            end = &(*end)->next;
        *end = text;
        rc = plan_text_select(s, out, text_expr, e);
        buf_add_fmt(out, " FROM tarn_text(%zu)", p->text_count++);
    }
    buf_clear(&json);
    return rc;
}

int plan_text_relation(struct plan *p, struct plan_scan *s, struct buf *out, struct err *e) {
    if (s->table->data_count == 0)
        return err_set_named(e, ERR_SQL, "HIVE_INVALID_METADATA", 0,
                             "Table '%.*s.%.*s' has no columns", BYTES_ARG(s->table->info.database),
                             BYTES_ARG(s->table->info.name));
    return s->table->format == FORMAT_JSON ? plan_json_relation(p, s, out, e)
                                           : plan_text_lines(p, s, out, e);
}
