/* inputs.c - the JSON documents that describe a table and a delivery stream to Glue and Firehose.
 */
#include "base/json.h"
#include "stack/plan_int.h"
#include "store/store.h"

#define ROLE_ARN "arn:aws:iam::000000000000:role/tarn"

struct serde {
    const char *library, *input, *output, *classification;
};
static const struct serde serdes[] = {
    [WAREHOUSE_PARQUET] = {"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                           "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                           "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                           "parquet"},
    [WAREHOUSE_CSV] = {"org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                       "org.apache.hadoop.mapred.TextInputFormat",
                       "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat", "csv"},
    [WAREHOUSE_JSON] = {"org.openx.data.jsonserde.JsonSerDe",
                        "org.apache.hadoop.mapred.TextInputFormat",
                        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat", "json"}};

static void write_column(struct jsonw *w, struct bytes name, struct bytes type,
                         struct bytes comment) {
    jsonw_object(w);
    jsonw_kv_str(w, "Name", name);
    jsonw_kv_str(w, "Type", type);
    if (comment.len) {
        jsonw_kv_str(w, "Comment", comment);
    }
    jsonw_end_object(w);
}

static void write_serde(struct jsonw *w, const struct warehouse_table *t) {
    jsonw_name(w, "SerdeInfo");
    jsonw_object(w);
    jsonw_kv_cstr(w, "SerializationLibrary", serdes[t->format].library);
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    if (t->format == WAREHOUSE_CSV) {
        jsonw_kv_str(w, "field.delim", t->csv_delimiter);
    }
    jsonw_kv_cstr(w, "serialization.format", "1");
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_storage(struct jsonw *w, const struct warehouse_table *t) {
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    jsonw_name(w, "Columns");
    jsonw_array(w);
    for (size_t i = 0; i < t->column_count; i++) {
        const struct warehouse_column *c = &t->columns[i];
        write_column(w, c->name, c->type_text, c->comment);
    }
    jsonw_end_array(w);
    jsonw_kv_str(w, "Location", t->location);
    jsonw_kv_cstr(w, "InputFormat", serdes[t->format].input);
    jsonw_kv_cstr(w, "OutputFormat", serdes[t->format].output);
    write_serde(w, t);
    jsonw_end_object(w);
}

static void write_parameters(struct arena *a, struct jsonw *w, const struct warehouse_table *t) {
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    jsonw_kv_cstr(w, "EXTERNAL", "TRUE");
    jsonw_kv_cstr(w, "classification", serdes[t->format].classification);
    if (t->format == WAREHOUSE_CSV && t->csv_header) {
        jsonw_kv_cstr(w, "skip.header.line.count", "1");
    }
    if (t->streaming) {
        struct bytes key = arena_fmt(a, "tarn.partition.%.*s", BYTES_ARG(t->partition.column));
        jsonw_name_bytes(w, key);
        jsonw_str(w, t->partition.pattern);
    }
    jsonw_end_object(w);
}

static int finish(struct arena *a, struct buf *out, struct bytes *ret, struct err *e) {
    struct bytes text = buf_ok(out) ? arena_copy(a, buf_bytes(out)) : (struct bytes){0};
    buf_clear(out);
    if (!text.ptr || a->failed) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    *ret = text;
    return 0;
}

int stack_table_input(struct arena *a, const struct warehouse *w, const struct warehouse_table *t,
                      struct bytes *ret, struct err *e) {
    struct buf out = {0};
    struct jsonw j = jsonw_to(&out);
    jsonw_object(&j);
    jsonw_kv_str(&j, "Name", t->name);
    if (t->description.len) {
        jsonw_kv_str(&j, "Description", t->description);
    }
    jsonw_kv_cstr(&j, "TableType", "EXTERNAL_TABLE");
    write_parameters(a, &j, t);
    write_storage(&j, t);
    jsonw_name(&j, "PartitionKeys");
    jsonw_array(&j);
    if (t->streaming) {
        write_column(&j, t->partition.column, BYTES("string"), (struct bytes){0});
    }
    jsonw_end_array(&j);
    jsonw_end_object(&j);
    return finish(a, &out, ret, e);
}

struct bytes stack_error_prefix(struct arena *a, const struct warehouse_table *t) {
    return arena_fmt(a, "errors/%.*s/%.*s/", BYTES_ARG(t->database), BYTES_ARG(t->name));
}

static void write_conversion(struct jsonw *j, const struct warehouse_table *t) {
    jsonw_name(j, "DataFormatConversionConfiguration");
    jsonw_object(j);
    jsonw_kv_bool(j, "Enabled", true);
    jsonw_kv_raw(j, "InputFormatConfiguration",
                 BYTES("{\"Deserializer\":{\"OpenXJsonSerDe\":{}}}"));
    jsonw_name(j, "OutputFormatConfiguration");
    jsonw_object(j);
    jsonw_name(j, "Serializer");
    jsonw_object(j);
    jsonw_name(j, "ParquetSerDe");
    jsonw_object(j);
    jsonw_kv_str(j, "Compression", t->compression);
    jsonw_end_object(j);
    jsonw_end_object(j);
    jsonw_end_object(j);
    jsonw_name(j, "SchemaConfiguration");
    jsonw_object(j);
    jsonw_kv_str(j, "DatabaseName", t->database);
    jsonw_kv_str(j, "TableName", t->name);
    jsonw_kv_cstr(j, "RoleARN", ROLE_ARN);
    jsonw_end_object(j);
    jsonw_end_object(j);
}

int stack_destination(struct arena *a, const struct warehouse *w, const struct warehouse_table *t,
                      struct bytes *ret, struct err *e) {
    struct bytes bucket, key;
    if (!store_split_uri(t->location, &bucket, &key)) {
        return err_set(e, ERR_USAGE, "'%.*s' is not an s3:// location.", BYTES_ARG(t->location));
    }
    struct buf out = {0};
    struct jsonw j = jsonw_to(&out);
    jsonw_object(&j);
    jsonw_kv_cstr(&j, "RoleARN", ROLE_ARN);
    jsonw_kv_str(&j, "BucketARN", arena_fmt(a, "arn:aws:s3:::%.*s", BYTES_ARG(bucket)));
    jsonw_kv_str(
        &j, "Prefix",
        arena_fmt(a, "%.*s!{timestamp:%.*s}/", BYTES_ARG(key), BYTES_ARG(t->partition.pattern)));
    jsonw_kv_str(&j, "ErrorOutputPrefix",
                 arena_fmt(a, "%.*s!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/",
                           BYTES_ARG(stack_error_prefix(a, t))));
    jsonw_name(&j, "BufferingHints");
    jsonw_object(&j);
    jsonw_kv_i64(&j, "SizeInMBs", t->buffer_mb);
    jsonw_kv_i64(&j, "IntervalInSeconds", t->buffer_s);
    jsonw_end_object(&j);
    jsonw_kv_cstr(&j, "CompressionFormat", "UNCOMPRESSED");
    write_conversion(&j, t);
    jsonw_end_object(&j);
    return finish(a, &out, ret, e);
}
