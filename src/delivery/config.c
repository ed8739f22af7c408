/* config.c - what a delivery stream's document says, checked once and kept parsed.
 *
 * The destination is AWS's ExtendedS3DestinationConfiguration (an S3DestinationConfiguration is a
 * part of it). Everything here is a view into the document, which lives in the config's arena. */
#include "base/mem.h"
#include "delivery/delivery_int.h"
#include "schema/prefix.h"

#define BUCKET_ARN "arn:aws:s3:::"

static bool is(struct bytes text, const char *word) {
    return bytes_eq_str(text, word);
}

static struct bytes or_else(struct bytes text, const char *otherwise) {
    return text.ptr ? text : bytes_str(otherwise);
}

/* The AppendDelimiterToRecord processor's Delimiter; "\\n" is written for a line feed. */
static struct bytes delimiter_of(struct arena *a, const struct json *dest) {
    const struct json *processing = json_get(dest, "ProcessingConfiguration");
    if (!json_get_bool(processing, "Enabled", false))
        return BYTES("");
    JSON_FOR_EACH(p, json_get(processing, "Processors")) {
        if (!is(json_get_str(p, "Type"), "AppendDelimiterToRecord"))
            continue;
        JSON_FOR_EACH(param, json_get(p, "Parameters")) {
            struct bytes value = json_get_str(param, "ParameterValue");
            if (is(json_get_str(param, "ParameterName"), "Delimiter"))
                return is(value, "\\n") ? BYTES("\n") : arena_copy(a, value);
        }
        return BYTES("\n");
    }
    return BYTES("");
}

static int read_raw(struct delivery_config *c, const struct json *dest, struct err *e) {
    struct bytes format = or_else(json_get_str(dest, "CompressionFormat"), "UNCOMPRESSED");
    c->delimiter = delimiter_of(&c->arena, dest);
    if (is(format, "UNCOMPRESSED")) {
        c->compression = BYTES("uncompressed");
        c->extension = BYTES("");
    } else if (is(format, "GZIP")) {
        c->compression = BYTES("gzip");
        c->extension = BYTES(".gz");
    } else {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "CompressionFormat %.*s is not supported; use UNCOMPRESSED or GZIP.",
                       BYTES_ARG(format));
    }
    return 0;
}

static int read_deserializer(struct delivery_config *c, const struct json *conversion,
                             struct err *e) {
    const struct json *in = json_get(conversion, "InputFormatConfiguration");
    const struct json *des = json_get(in, "Deserializer");
    const struct json *openx = json_get(des, "OpenXJsonSerDe");
    const struct json *hive = json_get(des, "HiveJsonSerDe");
    if (openx && hive)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "Deserializer must have one of OpenXJsonSerDe and HiveJsonSerDe.");
    const struct json *formats = json_get(hive, "TimestampFormats");
    if (formats && formats->count)
        return err_set(
            e, ERR_INVALID_ARGUMENT,
            "HiveJsonSerDe.TimestampFormats is not supported; leave it out, ISO 8601 and "
            "epoch times are recognised.");
    c->case_sensitive = !json_get_bool(openx, "CaseInsensitive", true);
    c->dots_to_underscores = json_get_bool(openx, "ConvertDotsInJsonKeysToUnderscores", false);
    c->key_mappings = json_get(openx, "ColumnToJsonKeyMappings");
    return 0;
}

static int read_version(struct delivery_config *c, struct bytes word, struct err *e) {
    c->parquet_version = is(word, "V1") ? 1 : is(word, "V2") ? 2 : 0;
    if (word.len && !c->parquet_version)
        return err_set(e, ERR_INVALID_ARGUMENT, "ParquetSerDe.WriterVersion must be V1 or V2.");
    return 0;
}

static int read_serializer(struct delivery_config *c, const struct json *conversion,
                           struct err *e) {
    const struct json *out = json_get(conversion, "OutputFormatConfiguration");
    const struct json *ser = json_get(out, "Serializer");
    if (json_get(ser, "OrcSerDe"))
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "OrcSerDe is not supported: Tarn writes Parquet. Use ParquetSerDe.");
    struct bytes word =
        or_else(json_get_str(json_get(ser, "ParquetSerDe"), "Compression"), "SNAPPY");
    if (is(word, "SNAPPY"))
        c->compression = BYTES("snappy");
    else if (is(word, "GZIP"))
        c->compression = BYTES("gzip");
    else if (is(word, "UNCOMPRESSED"))
        c->compression = BYTES("uncompressed");
    else
        return err_set(
            e, ERR_INVALID_ARGUMENT,
            "ParquetSerDe.Compression must be SNAPPY, GZIP or UNCOMPRESSED. For ZSTD set "
            "the table parameter tarn.compression to zstd.");
    c->extension = BYTES(".parquet");
    return read_version(c, json_get_str(json_get(ser, "ParquetSerDe"), "WriterVersion"), e);
}

static int read_conversion(struct delivery_config *c, const struct json *conversion,
                           struct err *e) {
    const struct json *schema = json_get(conversion, "SchemaConfiguration");
    c->database = json_get_str(schema, "DatabaseName");
    c->table = json_get_str(schema, "TableName");
    c->region = or_else(json_get_str(schema, "Region"), "us-east-1");
    if (c->database.len == 0 || c->table.len == 0)
        return err_set(
            e, ERR_INVALID_ARGUMENT,
            "SchemaConfiguration needs DatabaseName and TableName when format conversion "
            "is enabled.");
    int rc = read_deserializer(c, conversion, e);
    return rc ? rc : read_serializer(c, conversion, e);
}

static int read_prefixes(struct delivery_config *c, const struct json *dest, struct err *e) {
    struct bytes error_prefix = json_get_str(dest, "ErrorOutputPrefix");
    c->prefix = or_else(json_get_str(dest, "Prefix"), "");
    if (error_prefix.len == 0 && bytes_find(c->prefix, BYTES("!{")) >= 0)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "ErrorOutputPrefix must be given when Prefix has expressions.");
    c->error_prefix = error_prefix.len ? error_prefix : c->prefix;
    int rc = prefix_check(c->prefix, false, e);
    if (rc) {
        err_prefix(e, "Prefix");
        return rc;
    }
    rc = prefix_check(c->error_prefix, true, e);
    if (rc)
        err_prefix(e, "ErrorOutputPrefix");
    return rc;
}

static int read_destination(struct delivery_config *c, const struct json *dest, struct err *e) {
    struct bytes arn = json_get_str(dest, "BucketARN");
    const struct json *conversion = json_get(dest, "DataFormatConversionConfiguration");
    if (!bytes_starts_with(arn, BYTES(BUCKET_ARN)) || arn.len == strlen(BUCKET_ARN))
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "BucketARN must look like arn:aws:s3:::bucket-name.");
    c->bucket = bytes_slice(arn, strlen(BUCKET_ARN), arn.len);
    c->convert = conversion && json_get_bool(conversion, "Enabled", true);
    const struct json *hints = json_get(dest, "BufferingHints");
    int64_t mib = json_get_i64(hints, "SizeInMBs", c->convert ? 128 : 5);
    c->size_bytes = MIB(mib < 1 ? 1 : MIN_OF(mib, 1024));
    c->interval_ms = json_get_i64(hints, "IntervalInSeconds", 300) * 1000;
    int rc = read_prefixes(c, dest, e);
    if (!rc)
        rc = c->convert ? read_conversion(c, conversion, e) : read_raw(c, dest, e);
    if (!rc && json_get_str(dest, "FileExtension").len)
        c->extension = json_get_str(dest, "FileExtension");
    return rc;
}

static struct bytes stream_of_arn(struct bytes arn) {
    ptrdiff_t at = bytes_find(arn, BYTES(":stream/"));
    return at < 0 ? BYTES("") : bytes_slice(arn, (size_t)at + strlen(":stream/"), arn.len);
}

static int read_doc(struct delivery_config *c, struct bytes doc_json, struct err *e) {
    struct bytes text = arena_copy(&c->arena, doc_json);
    struct json *doc;
    if (!text.ptr)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = json_parse(&c->arena, text, &doc, e);
    if (rc)
        return rc;
    c->doc = doc;
    c->direct = json_get_bool(doc, "direct", false);
    c->stream_name = c->direct ? BYTES("") : stream_of_arn(json_get_str(doc, "stream_arn"));
    c->version = json_get_i64(doc, "version", 1);
    c->created_ms = json_get_i64(doc, "created_ms", 0);
    c->source_epoch_ms = json_get_i64(doc, "source_created_ms", c->direct ? c->created_ms : 0);
    return read_destination(c, json_get(doc, "destination"), e);
}

int delivery_config_new(struct bytes doc_json, struct delivery_config **ret, struct err *e) {
    struct delivery_config *c = mem_calloc(1, sizeof(*c));
    if (!c)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&c->arena, 0);
    int rc = read_doc(c, doc_json, e);
    if (rc) {
        delivery_config_free(&c);
        return rc;
    }
    *ret = c;
    return 0;
}

void delivery_config_free(struct delivery_config **cp) {
    struct delivery_config *c = *cp;
    if (!c)
        return;
    arena_clear(&c->arena);
    mem_free(c);
    *cp = NULL;
}
