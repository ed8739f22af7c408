/* write_table.c - the table that CREATE TABLE AS makes, as Glue keeps it. */
#include "query/write_int.h"
#include <stdio.h>

static const struct {
    const char *input, *output, *serde;
} storages[] = {
    [SQL_WRITE_PARQUET] = {"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                           "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                           "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
    [SQL_WRITE_JSON] = {"org.apache.hadoop.mapred.TextInputFormat",
                        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                        "org.apache.hive.hcatalog.data.JsonSerDe"},
    [SQL_WRITE_TEXT] = {"org.apache.hadoop.mapred.TextInputFormat",
                        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"},
};

static void add_columns(struct jsonw *w, const char *name, const struct sql_table_column *c,
                        size_t n) {
    struct buf type = {0};
    jsonw_name(w, name);
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        buf_reset(&type);
        type_format(c[i].type, &type);
        jsonw_object(w);
        jsonw_kv_str(w, "Name", c[i].name);
        jsonw_kv_str(w, "Type", buf_bytes(&type));
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    w->out->failed |= !buf_ok(&type);
    buf_clear(&type);
}

static void add_buckets(struct jsonw *w, const struct sql_write *s) {
    jsonw_kv_i64(w, "NumberOfBuckets", s->bucket_column_count ? s->bucket_count : -1);
    jsonw_name(w, "BucketColumns");
    jsonw_array(w);
    for (size_t i = 0; i < s->bucket_column_count; i++)
        jsonw_str(w, s->columns[s->buckets[i]].name);
    jsonw_end_array(w);
    jsonw_kv_raw(w, "SortColumns", BYTES("[]"));
}

static void add_serde(struct jsonw *w, const struct sql_write *s) {
    jsonw_name(w, "SerdeInfo");
    jsonw_object(w);
    jsonw_kv_cstr(w, "SerializationLibrary", storages[s->format].serde);
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    if (s->field_delimiter) {
        jsonw_kv_str(w, "field.delim", bytes_of(&s->field_delimiter, 1));
        jsonw_kv_str(w, "serialization.format", bytes_of(&s->field_delimiter, 1));
    } else {
        jsonw_kv_cstr(w, "serialization.format", "1");
    }
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void add_storage(struct jsonw *w, const struct plan_write *p) {
    const struct sql_write *s = p->sql;
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    add_columns(w, "Columns", s->columns, s->column_count - s->key_count);
    jsonw_kv_str(w, "Location", p->location);
    jsonw_kv_cstr(w, "InputFormat", storages[s->format].input);
    jsonw_kv_cstr(w, "OutputFormat", storages[s->format].output);
    jsonw_kv_bool(w, "Compressed", false);
    add_buckets(w, s);
    add_serde(w, s);
    jsonw_kv_raw(w, "Parameters", BYTES("{}"));
    jsonw_kv_bool(w, "StoredAsSubDirectories", false);
    jsonw_end_object(w);
}

static void add_parameters(struct jsonw *w, const struct sql_write *s, int64_t now_ms) {
    char text[24];
    size_t n = 0;
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    jsonw_kv_cstr(w, "EXTERNAL", "TRUE");
    jsonw_kv_cstr(w, "has_encrypted_data", "false");
    for (; n < s->compression.len && n + 1 < sizeof text; n++)
        text[n] = (char)(s->compression.ptr[n] & ~0x20);
    text[n] = 0;
    jsonw_kv_cstr(w, s->format == SQL_WRITE_PARQUET ? "parquet.compression" : "write.compression",
                  text);
    if (s->compression_level) {
        snprintf(text, sizeof text, "%d", s->compression_level);
        jsonw_kv_cstr(w, "compression_level", text);
    }
    if (s->comment.ptr)
        jsonw_kv_str(w, "comment", s->comment);
    snprintf(text, sizeof text, "%lld", (long long)(now_ms / 1000));
    jsonw_kv_cstr(w, "transient_lastDdlTime", text);
    jsonw_end_object(w);
}

struct bytes write_table_json(struct arena *a, const struct plan_write *p, int64_t now_ms) {
    const struct sql_write *s = p->sql;
    struct buf json = {0};
    struct bytes ret = {0};
    struct jsonw w = jsonw_to(&json);
    jsonw_object(&w);
    jsonw_kv_str(&w, "Name", s->table);
    jsonw_kv_cstr(&w, "Owner", "hadoop");
    if (s->comment.ptr)
        jsonw_kv_str(&w, "Description", s->comment);
    jsonw_kv_cstr(&w, "TableType", "EXTERNAL_TABLE");
    jsonw_kv_i64(&w, "Retention", 0);
    add_storage(&w, p);
    add_columns(&w, "PartitionKeys", s->columns + s->column_count - s->key_count, s->key_count);
    add_parameters(&w, s, now_ms);
    jsonw_end_object(&w);
    if (buf_ok(&json))
        ret = arena_copy(a, buf_bytes(&json));
    buf_clear(&json);
    return ret;
}
