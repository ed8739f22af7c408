/* table.c - TableInput and PartitionInput as Glue's crawlers write them.
 *
 * A table that exists is brought up to date: what the crawler knows (columns, formats, its own
 * parameters) replaces what was there, everything else stays as a user left it. With
 * MergeNewColumns the columns and the SerDe that are there stay, and new columns follow. */
#include "crawl/crawl_int.h"

#include <stdio.h>

#define TEXT_INPUT "org.apache.hadoop.mapred.TextInputFormat"
#define TEXT_OUTPUT "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
#define PARQUET "org.apache.hadoop.hive.ql.io.parquet."

static bool is(const struct crawl_schema *s, const char *classification) {
    return bytes_eq_str(s->classification, classification);
}

/* ---- parameters ---- */
struct stats {
    int64_t files, bytes, rows;
};
static void text_kv(struct jsonw *w, const char *name, int64_t n) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    jsonw_kv_cstr(w, name, text);
}
static void write_own_parameters(struct jsonw *w, struct crawl_context *c,
                                 const struct crawl_target *target, const struct crawl_schema *s,
                                 const struct stats *n) {
    jsonw_kv_cstr(w, "CrawlerSchemaDeserializerVersion", "1.0");
    jsonw_kv_cstr(w, "CrawlerSchemaSerializerVersion", "1.0");
    jsonw_kv_str(w, "UPDATED_BY_CRAWLER", c->config->name);
    jsonw_kv_str(w, "classification", s->classification);
    jsonw_kv_str(w, "compressionType", s->compression);
    jsonw_kv_cstr(w, "typeOfData", "file");
    if (is(s, "csv")) {
        jsonw_kv_cstr(w, "areColumnsQuoted", s->quote.len ? "true" : "false");
        jsonw_kv_cstr(w, "columnsOrdered", "true");
        jsonw_kv_str(w, "delimiter", s->delimiter);
        if (s->skip)
            text_kv(w, "skip.header.line.count", s->skip);
    }
    if (target->exclusion_list && target->exclusion_list->count)
        jsonw_kv_str(w, "exclusions", target->exclusion_list->text);
    text_kv(w, "objectCount", n->files);
    text_kv(w, "recordCount", n->rows);
    text_kv(w, "sizeKey", n->bytes);
    text_kv(w, "averageRecordSize", n->rows > 0 ? MAX_OF(n->bytes / n->rows, 1) : 0);
}
static bool is_own_parameter(struct bytes name) {
    static const char *const own[] = {"CrawlerSchemaDeserializerVersion",
                                      "CrawlerSchemaSerializerVersion",
                                      "UPDATED_BY_CRAWLER",
                                      "classification",
                                      "compressionType",
                                      "typeOfData",
                                      "areColumnsQuoted",
                                      "columnsOrdered",
                                      "delimiter",
                                      "skip.header.line.count",
                                      "exclusions",
                                      "objectCount",
                                      "recordCount",
                                      "sizeKey",
                                      "averageRecordSize",
                                      "DEPRECATED_BY_CRAWLER"};
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (bytes_eq_str(name, own[i]))
            return true;
    return false;
}
static void write_parameters(struct jsonw *w, struct crawl_context *c,
                             const struct crawl_target *target, const struct crawl_schema *s,
                             const struct stats *n, const struct json *old) {
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    JSON_FOR_EACH(p, old) {
        if (is_own_parameter(p->name))
            continue;
        jsonw_name_bytes(w, p->name);
        jsonw_tree(w, p);
    }
    write_own_parameters(w, c, target, s, n);
    jsonw_end_object(w);
}

/* ---- columns ---- */
static const struct json *old_column(const struct json *old, struct bytes name) {
    JSON_FOR_EACH(c, old)
    if (bytes_eq_nocase(json_get_str(c, "Name"), name))
        return c;
    return NULL;
}
static void write_column(struct jsonw *w, const struct crawl_column *c, const struct json *old) {
    struct buf type = {0};
    type_format(c->type, &type);
    jsonw_object(w);
    jsonw_kv_str(w, "Name", c->name);
    jsonw_kv_str(w, "Type", buf_bytes(&type));
    if (json_get(old, "Comment"))
        jsonw_kv_str(w, "Comment", json_get_str(old, "Comment"));
    jsonw_end_object(w);
    w->out->failed |= !buf_ok(&type);
    buf_clear(&type);
}
static void write_columns(struct jsonw *w, const struct crawl_schema *s, const struct json *old,
                          bool keep_old) {
    jsonw_name(w, "Columns");
    jsonw_array(w);
    JSON_FOR_EACH(c, keep_old ? old : NULL)
    jsonw_tree(w, c);
    for (size_t i = 0; i < s->column_count; i++) {
        const struct json *before = old_column(old, s->columns[i].name);
        if (!before || !keep_old)
            write_column(w, &s->columns[i], before);
    }
    jsonw_end_array(w);
}

/* ---- formats ---- */
static void write_json_serde(struct jsonw *w, const struct crawl_schema *s) {
    struct buf paths = {0}, mapping = {0};
    for (size_t i = 0; i < s->column_count; i++) {
        buf_add_str(&paths, i ? "," : "");
        buf_add(&paths, s->columns[i].key);
    }
    jsonw_kv_str(w, "paths", buf_bytes(&paths));
    for (size_t i = 0; i < s->column_count; i++) {
        const struct crawl_column *c = &s->columns[i];
        if (bytes_eq(c->key, c->name))
            continue;
        buf_reset(&mapping);
        buf_add_fmt(&mapping, "mapping.%.*s", BYTES_ARG(c->name));
        jsonw_name_bytes(w, buf_bytes(&mapping));
        jsonw_str(w, c->key);
    }
    w->out->failed |= !buf_ok(&paths) || !buf_ok(&mapping);
    buf_clear(&paths);
    buf_clear(&mapping);
}
static void write_serde(struct jsonw *w, const struct crawl_schema *s) {
    bool quoted = is(s, "csv") && s->quote.len;
    jsonw_name(w, "SerdeInfo");
    jsonw_object(w);
    jsonw_kv_cstr(w, "SerializationLibrary",
                  is(s, "parquet") ? PARQUET "serde.ParquetHiveSerDe"
                  : is(s, "json")  ? "org.openx.data.jsonserde.JsonSerDe"
                  : quoted         ? "org.apache.hadoop.hive.serde2.OpenCSVSerde"
                                   : "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe");
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    if (is(s, "parquet"))
        jsonw_kv_cstr(w, "serialization.format", "1");
    else if (is(s, "json"))
        write_json_serde(w, s);
    else if (quoted) {
        jsonw_kv_str(w, "separatorChar", s->delimiter);
        jsonw_kv_str(w, "quoteChar", s->quote);
    } else if (is(s, "csv"))
        jsonw_kv_str(w, "field.delim", s->delimiter);
    jsonw_end_object(w);
    jsonw_end_object(w);
}
static void write_formats(struct jsonw *w, const struct crawl_schema *s) {
    bool parquet = is(s, "parquet");
    if (!schema_is_known(s))
        return;
    jsonw_kv_cstr(w, "InputFormat", parquet ? PARQUET "MapredParquetInputFormat" : TEXT_INPUT);
    jsonw_kv_cstr(w, "OutputFormat", parquet ? PARQUET "MapredParquetOutputFormat" : TEXT_OUTPUT);
    jsonw_kv_bool(w, "Compressed", !bytes_eq_str(s->compression, "none"));
    write_serde(w, s);
}

/* ---- storage descriptors ---- */
static bool is_own_storage(struct bytes name, bool keep_serde) {
    static const char *const own[] = {"Columns",      "Location",   "Parameters", "InputFormat",
                                      "OutputFormat", "Compressed", "SerdeInfo"};
    for (size_t i = 0; i < (keep_serde ? 3 : COUNT_OF(own)); i++)
        if (bytes_eq_str(name, own[i]))
            return true;
    return false;
}
static void write_storage(struct jsonw *w, struct crawl_context *c,
                          const struct crawl_target *target, const struct crawl_schema *s,
                          struct bytes location, const struct stats *n, const struct json *old) {
    const struct json *serde = json_get(old, "SerdeInfo");
    bool keep = c->config->merge_new_columns && old,
         keep_serde = keep && json_get_str(serde, "SerializationLibrary").len;
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    write_columns(w, s, json_get(old, "Columns"), keep);
    jsonw_kv_str(w, "Location", location);
    if (!keep_serde)
        write_formats(w, s);
    JSON_FOR_EACH(m, old) {
        if (is_own_storage(m->name, keep_serde))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    if (!old) {
        jsonw_kv_i64(w, "NumberOfBuckets", -1);
        jsonw_kv_raw(w, "BucketColumns", BYTES("[]"));
        jsonw_kv_raw(w, "SortColumns", BYTES("[]"));
        jsonw_kv_bool(w, "StoredAsSubDirectories", false);
    }
    write_parameters(w, c, target, s, n, json_get(old, "Parameters"));
    jsonw_end_object(w);
}

static void write_keys(struct jsonw *w, const struct crawl_table *t, const struct json *old) {
    jsonw_name(w, "PartitionKeys");
    if (old) {
        jsonw_tree(w, old);
        return;
    }
    jsonw_array(w);
    for (size_t i = 0; i < t->key_count; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "Name", t->keys[i]);
        jsonw_kv_cstr(w, "Type", "string");
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

int crawl_table_input(struct crawl_context *c, const struct crawl_target *target,
                      const struct crawl_table *t, struct bytes name, const struct json *old,
                      struct buf *out) {
    static const char *const own[] = {"Name", "PartitionKeys", "Parameters", "StorageDescriptor"};
    struct jsonw w = jsonw_to(out);
    struct stats n = {t->files, t->bytes, t->rows};
    const struct json *sd = json_get(old, "StorageDescriptor");
    jsonw_object(&w);
    jsonw_kv_str(&w, "Name", name);
    JSON_FOR_EACH(m, old) {
        bool mine = false;
        for (size_t i = 0; i < COUNT_OF(own); i++)
            mine |= bytes_eq_str(m->name, own[i]);
        if (mine)
            continue;
        jsonw_name_bytes(&w, m->name);
        jsonw_tree(&w, m);
    }
    if (!old) {
        jsonw_kv_cstr(&w, "Owner", "owner");
        jsonw_kv_i64(&w, "Retention", 0);
        jsonw_kv_cstr(&w, "TableType", "EXTERNAL_TABLE");
    }
    write_keys(&w, t, json_get(old, "PartitionKeys"));
    write_parameters(&w, c, target, t->schema, &n, json_get(old, "Parameters"));
    write_storage(&w, c, target, t->schema,
                  target->table.ptr ? json_get_str(sd, "Location") : t->location, &n, sd);
    jsonw_end_object(&w);
    return buf_ok(out) ? 0 : err_set(c->e, ERR_NOMEM, NULL);
}

/* ---- partitions ---- */
static void write_inherited(struct jsonw *w, const struct json *sd, struct bytes location) {
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    JSON_FOR_EACH(m, sd) {
        if (bytes_eq_str(m->name, "Location") || bytes_eq_str(m->name, "Parameters"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_kv_str(w, "Location", location);
    jsonw_end_object(w);
}

int crawl_partition_input(struct crawl_context *c, const struct crawl_table *t,
                          const struct crawl_partition *p, const struct json *table_input,
                          struct buf *out) {
    static const struct crawl_target no_target = {0};
    struct jsonw w = jsonw_to(out);
    struct stats n = {p->files, p->bytes, p->rows};
    jsonw_object(&w);
    jsonw_name(&w, "Values");
    jsonw_array(&w);
    for (size_t i = 0; i < t->key_count; i++)
        jsonw_str(&w, p->values[i]);
    jsonw_end_array(&w);
    if (c->config->inherit || c->config->merge_new_columns)
        write_inherited(&w, json_get(table_input, "StorageDescriptor"), p->location);
    else
        write_storage(&w, c, &no_target, p->schema, p->location, &n, NULL);
    write_parameters(&w, c, &no_target, p->schema, &n, NULL);
    jsonw_end_object(&w);
    return buf_ok(out) ? 0 : err_set(c->e, ERR_NOMEM, NULL);
}
