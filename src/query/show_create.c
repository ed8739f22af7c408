/* show_create.c - SHOW CREATE TABLE: Hive's text, clause by clause, blanks at line ends included.
 *
 *     CREATE EXTERNAL TABLE `db.t`(
 *       `id` bigint COMMENT 'the key',.
 *       `s` string)
 *     PARTITIONED BY (.
 *       `dt` string)
 *     ROW FORMAT SERDE.
 *       'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'.
 *     STORED AS INPUTFORMAT.
 *       '..'.
 *     OUTPUTFORMAT.
 *       '..'
 *     LOCATION
 *       's3://bucket/t'
 *     TBLPROPERTIES (
 *       'k'='v')
 *
 * (a dot at a line's end stands for a blank). The text makes the same table again. LazySimpleSerDe
 * with delimiters is written DELIMITED, as Hive does; serialization.format is written only when it
 * is not what CREATE TABLE gives by itself. */
#include "query/show_int.h"

/* In single quotes, with Hive's escapes. */
static void add_string(struct buf *out, struct bytes v) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < v.len; i++) {
        unsigned char c = (unsigned char)v.ptr[i];
        if (c == '\'' || c == '"' || c == '\\')
            buf_add_fmt(out, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            buf_add_fmt(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (c < 0x20)
            buf_add_fmt(out, "\\u%04X", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '\'');
}

/* A comment may have double quotes as they are. */
static void add_comment(struct buf *out, struct bytes v) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < v.len; i++) {
        char c = v.ptr[i];
        if (c == '\n')
            buf_add_str(out, "\\n");
        else if (c == '\'' || c == '\\')
            buf_add_fmt(out, "\\%c", c);
        else
            buf_add_char(out, c);
    }
    buf_add_char(out, '\'');
}

static void add_name(struct buf *out, struct bytes v) {
    buf_add_char(out, '`');
    for (size_t i = 0; i < v.len; i++) {
        buf_add_char(out, v.ptr[i]);
        if (v.ptr[i] == '`')
            buf_add_char(out, '`');
    }
    buf_add_char(out, '`');
}

static void add_columns(struct buf *out, const struct json *columns, bool from_deserializer) {
    const char *between = "";
    JSON_FOR_EACH(c, columns) {
        struct bytes comment = json_get_str(c, "Comment");
        if (!comment.len && from_deserializer)
            comment = BYTES("from deserializer");
        buf_add_fmt(out, "%s  ", between);
        add_name(out, json_get_str(c, "Name"));
        buf_add_fmt(out, " %.*s", BYTES_ARG(json_get_str(c, "Type")));
        if (comment.len) {
            buf_add_str(out, " COMMENT ");
            add_comment(out, comment);
        }
        between = ", \n";
    }
}

static void add_buckets(struct buf *out, const struct json *sd) {
    const struct json *columns = json_get(sd, "BucketColumns"), *sort = json_get(sd, "SortColumns");
    const char *between = "CLUSTERED BY ( \n  ";
    if (!columns || !columns->count)
        return;
    JSON_FOR_EACH(c, columns) {
        buf_add_str(out, between);
        add_name(out, c->text);
        between = ", \n  ";
    }
    buf_add_str(out, ") \n");
    between = "SORTED BY ( \n  ";
    JSON_FOR_EACH(c, sort) {
        buf_add_str(out, between);
        add_name(out, json_get_str(c, "Column"));
        buf_add_str(out, json_get_i64(c, "SortOrder", 1) ? " ASC" : " DESC");
        between = ", \n  ";
    }
    buf_add_str(out, sort && sort->count ? ") \n" : "");
    buf_add_fmt(out, "INTO %lld BUCKETS\n", (long long)json_get_i64(sd, "NumberOfBuckets", -1));
}

/* ---- ROW FORMAT ---- */
static const struct {
    const char *key, *words;
} delimiters[] = {
    {"field.delim", "FIELDS TERMINATED BY"},
    {"collection.delim", "COLLECTION ITEMS TERMINATED BY"},
    {"mapkey.delim", "MAP KEYS TERMINATED BY"},
    {"line.delim", "LINES TERMINATED BY"},
    {"serialization.null.format", "NULL DEFINED AS"},
};

static bool is_delimiter(struct bytes key) {
    for (size_t i = 0; i < COUNT_OF(delimiters); i++)
        if (bytes_eq_str(key, delimiters[i].key))
            return true;
    return false;
}

static bool add_delimiters(struct buf *out, const struct json *params) {
    bool any = false;
    for (size_t i = 0; i < COUNT_OF(delimiters); i++) {
        struct bytes v = json_get_str(params, delimiters[i].key);
        if (!v.ptr)
            continue;
        buf_add_str(out, any ? "" : "ROW FORMAT DELIMITED \n");
        buf_add_fmt(out, "  %s ", delimiters[i].words);
        add_string(out, v);
        buf_add_str(out, " \n");
        any = true;
    }
    return any;
}

static bool is_default_format(const struct json *params, bool delimited, struct bytes value) {
    struct bytes field = json_get_str(params, "field.delim");
    return delimited && field.ptr ? bytes_eq(value, field) : bytes_eq_str(value, "1");
}

/* ('k'='v', ..) of those not written otherwise; nothing when none is left. */
static void add_serde_properties(struct buf *out, const struct sql_property *p, size_t n,
                                 const struct json *params, bool delimited) {
    const char *between = "WITH SERDEPROPERTIES ( \n  ";
    for (size_t i = 0; i < n; i++) {
        bool format = bytes_eq_str(p[i].key, "serialization.format");
        if ((delimited && is_delimiter(p[i].key)) ||
            (format && is_default_format(params, delimited, p[i].value)))
            continue;
        buf_add_str(out, between);
        add_string(out, p[i].key);
        buf_add_char(out, '=');
        add_string(out, p[i].value);
        between = ", \n  ";
    }
    buf_add_str(out, between[0] == ',' ? ") \n" : "");
}

static bool add_row_format(struct arena *a, struct buf *out, const struct json *sd) {
    const struct json *info = json_get(sd, "SerdeInfo"), *params = json_get(info, "Parameters");
    struct bytes serde = json_get_str(info, "SerializationLibrary");
    size_t n = 0;
    const struct sql_property *p = show_sorted(a, params, &n);
    bool delimited =
        bytes_ends_with(serde, BYTES(".LazySimpleSerDe")) && add_delimiters(out, params);
    if (!p)
        return false;
    if (!delimited && serde.len) {
        buf_add_str(out, "ROW FORMAT SERDE \n  ");
        add_string(out, serde);
        buf_add_str(out, " \n");
    }
    add_serde_properties(out, p, n, params, delimited);
    return true;
}

static void add_formats(struct buf *out, const struct json *sd) {
    struct bytes input = json_get_str(sd, "InputFormat"), output = json_get_str(sd, "OutputFormat");
    if (!input.len || !output.len)
        return;
    buf_add_str(out, "STORED AS INPUTFORMAT \n  ");
    add_string(out, input);
    buf_add_str(out, " \nOUTPUTFORMAT \n  ");
    add_string(out, output);
    buf_add_char(out, '\n');
}

/* ---- the rest ---- */
static struct bytes table_comment(const struct shown *t) {
    struct bytes comment = json_get_str(t->params, "comment");
    return comment.len ? comment : json_get_str(t->in, "Description");
}

/* EXTERNAL and the comment are said elsewhere. */
static void add_table_properties(struct buf *out, const struct sql_property *p, size_t n) {
    const char *between = "TBLPROPERTIES (\n  ";
    for (size_t i = 0; i < n; i++) {
        if (bytes_eq_str(p[i].key, "EXTERNAL") || bytes_eq_str(p[i].key, "comment"))
            continue;
        buf_add_str(out, between);
        add_string(out, p[i].key);
        buf_add_char(out, '=');
        add_string(out, p[i].value);
        between = ", \n  ";
    }
    buf_add_str(out, between[0] == ',' ? ")\n" : "");
}

/* Qualified as the statement has it. */
static void add_head(struct buf *out, const struct shown *t, const struct sql_ddl *d) {
    bool external = bytes_eq_nocase(json_get_str(t->params, "EXTERNAL"), BYTES("TRUE")) ||
                    bytes_eq_str(json_get_str(t->in, "TableType"), "EXTERNAL_TABLE");
    bool qualified = d->name.database.len > 0;
    buf_add_fmt(out, "CREATE %sTABLE `%.*s%s%.*s`", external ? "EXTERNAL " : "",
                BYTES_ARG(qualified ? t->table.database : BYTES("")), qualified ? "." : "",
                BYTES_ARG(t->table.name));
}

int show_create(struct arena *a, const struct shown *t, const struct sql_ddl *d, struct buf *out,
                struct err *e) {
    size_t n = 0;
    const struct sql_property *p = show_sorted(a, t->params, &n);
    struct bytes comment = table_comment(t), location = json_get_str(t->storage, "Location");
    if (bytes_eq_str(json_get_str(t->in, "TableType"), "VIRTUAL_VIEW"))
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "SHOW CREATE TABLE of a view is not supported");
    add_head(out, t, d);
    buf_add_str(out, t->columns && t->columns->count ? "(\n" : "\n");
    add_columns(out, t->columns, t->from_deserializer);
    buf_add_str(out, t->columns && t->columns->count ? ")\n" : "");
    if (comment.len) {
        buf_add_str(out, "COMMENT ");
        add_comment(out, comment);
        buf_add_char(out, '\n');
    }
    if (t->keys && t->keys->count) {
        buf_add_str(out, "PARTITIONED BY ( \n");
        add_columns(out, t->keys, false);
        buf_add_str(out, ")\n");
    }
    add_buckets(out, t->storage);
    if (!p || !add_row_format(a, out, t->storage))
        return err_set(e, ERR_NOMEM, NULL);
    add_formats(out, t->storage);
    if (location.len) {
        buf_add_str(out, "LOCATION\n  ");
        add_string(out, location);
        buf_add_char(out, '\n');
    }
    add_table_properties(out, p, n);
    return 0;
}
