/* firehose_destination.c - AWS's rules for an S3 destination, and its defaults.
 *
 * A destination is stored as the client sent it plus the defaults that DescribeDeliveryStream
 * shows. What the delivery room checks when it parses the document (prefixes, serializers, the
 * table) is not checked again here. */
#include "api/firehose/firehose_int.h"

static bool converts(const struct json *dest) {
    const struct json *conversion = json_get(dest, "DataFormatConversionConfiguration");
    return conversion && json_get_bool(conversion, "Enabled", true);
}

static int check_hints(const struct json *dest, struct err *e) {
    const struct json *hints = json_get(dest, "BufferingHints");
    const struct json *size = json_get(hints, "SizeInMBs");
    const struct json *interval = json_get(hints, "IntervalInSeconds");
    int64_t mib, seconds;
    if (!size != !interval)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "BufferingHints needs both SizeInMBs and IntervalInSeconds, or neither.");
    if (!size)
        return 0;
    if (!json_to_i64(size, &mib) || mib < 1 || mib > 128)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "BufferingHints.SizeInMBs must be a whole number from 1 to 128.");
    if (!json_to_i64(interval, &seconds) || seconds < 0 || seconds > 900)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "BufferingHints.IntervalInSeconds must be a whole number from 0 to 900.");
    if (converts(dest) && mib < 64)
        return err_set(
            e, ERR_INVALID_ARGUMENT,
            "BufferingHints.SizeInMBs must be at least 64 when data format conversion is "
            "enabled; for quick delivery make IntervalInSeconds small.");
    return 0;
}

static int check_processing(const struct json *dest, struct err *e) {
    const struct json *processing = json_get(dest, "ProcessingConfiguration");
    if (!json_get_bool(processing, "Enabled", false))
        return 0;
    JSON_FOR_EACH(p, json_get(processing, "Processors")) {
        struct bytes type = json_get_str(p, "Type");
        if (!bytes_eq_str(type, "AppendDelimiterToRecord"))
            return err_set(e, ERR_INVALID_ARGUMENT,
                           "Processor type %.*s is not supported; Tarn has "
                           "AppendDelimiterToRecord.",
                           BYTES_ARG(type));
    }
    return 0;
}

/* Features that are refused by name: silence would lose data. */
static int check_unsupported(const struct json *dest, struct err *e) {
    if (json_get_bool(json_get(dest, "DynamicPartitioningConfiguration"), "Enabled", false))
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "DynamicPartitioningConfiguration is not supported yet; leave it out.");
    if (bytes_eq_str(json_get_str(dest, "S3BackupMode"), "Enabled"))
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "S3BackupMode Enabled is not supported yet; use Disabled.");
    struct bytes zone = json_get_str(dest, "CustomTimeZone");
    if (zone.len && !bytes_eq_str(zone, "UTC"))
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "CustomTimeZone %.*s is not supported yet; prefixes are in UTC.",
                       BYTES_ARG(zone));
    return 0;
}

static int check_extension(struct bytes ext, struct err *e) {
    if (!ext.len)
        return 0;
    bool ok = ext.len <= 128 && ext.ptr[0] == '.' && ext.len > 1;
    for (size_t i = 0; ok && i < ext.len; i++) {
        char c = ext.ptr[i];
        ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             (c && strchr(".!-_*'()", c) != NULL);
    }
    return ok ? 0
              : err_set(e, ERR_INVALID_ARGUMENT,
                        "FileExtension must be a dot and then a-z, 0-9 or one of !-_.*'().");
}

int destination_check(const struct json *dest, struct err *e) {
    if (!dest || dest->kind != JSON_OBJECT)
        return err_set(e, ERR_INVALID_ARGUMENT, "The destination's configuration is missing.");
    if (!json_get_str(dest, "BucketARN").len)
        return err_set(e, ERR_INVALID_ARGUMENT, "The destination needs a BucketARN.");
    struct bytes format = json_get_str(dest, "CompressionFormat");
    if (converts(dest) && format.len && !bytes_eq_str(format, "UNCOMPRESSED"))
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "CompressionFormat must be UNCOMPRESSED when data format conversion is "
                       "enabled; Parquet compresses its own columns.");
    int rc = check_hints(dest, e);
    if (!rc)
        rc = check_processing(dest, e);
    if (!rc)
        rc = check_unsupported(dest, e);
    return rc ? rc : check_extension(json_get_str(dest, "FileExtension"), e);
}

static void write_default(struct jsonw *w, const struct json *base, const struct json *changes,
                          const char *name, struct bytes json_text) {
    if (!json_get(base, name) && !json_get(changes, name))
        jsonw_kv_raw(w, name, json_text);
}

static bool has_member(const struct json *object, struct bytes name) {
    JSON_FOR_EACH(m, object) {
        if (bytes_eq(m->name, name) && m->kind != JSON_NULL)
            return true;
    }
    return false;
}

void destination_write(struct jsonw *w, const struct json *base, const struct json *changes) {
    jsonw_object(w);
    JSON_FOR_EACH(m, base) {
        if (m->kind == JSON_NULL || has_member(changes, m->name))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    JSON_FOR_EACH(m, changes) {
        if (m->kind == JSON_NULL)
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    bool convert = converts(changes) || converts(base);
    write_default(w, base, changes, "BufferingHints",
                  convert ? BYTES("{\"SizeInMBs\":128,\"IntervalInSeconds\":300}")
                          : BYTES("{\"SizeInMBs\":5,\"IntervalInSeconds\":300}"));
    write_default(w, base, changes, "CompressionFormat", BYTES("\"UNCOMPRESSED\""));
    write_default(w, base, changes, "EncryptionConfiguration",
                  BYTES("{\"NoEncryptionConfig\":\"NoEncryption\"}"));
    write_default(w, base, changes, "CloudWatchLoggingOptions", BYTES("{\"Enabled\":false}"));
    write_default(w, base, changes, "S3BackupMode", BYTES("\"Disabled\""));
    jsonw_end_object(w);
}
