/* ddl_format.c - STORED AS: the short name of a file format to Hive's three class names. */
#include "sql/ddl_int.h"

#define HIVE_IO "org.apache.hadoop.hive.ql.io."
#define SERDE2 "org.apache.hadoop.hive.serde2."
#define TEXT_IN "org.apache.hadoop.mapred.TextInputFormat"
#define TEXT_OUT HIVE_IO "HiveIgnoreKeyTextOutputFormat"

static const struct {
    const char *name, *serde, *input, *output;
} formats[] = {
    {"TEXTFILE", SERDE2 "lazy.LazySimpleSerDe", TEXT_IN, TEXT_OUT},
    {"PARQUET", HIVE_IO "parquet.serde.ParquetHiveSerDe",
     HIVE_IO "parquet.MapredParquetInputFormat", HIVE_IO "parquet.MapredParquetOutputFormat"},
    {"ORC", HIVE_IO "orc.OrcSerde", HIVE_IO "orc.OrcInputFormat", HIVE_IO "orc.OrcOutputFormat"},
    {"AVRO", SERDE2 "avro.AvroSerDe", HIVE_IO "avro.AvroContainerInputFormat",
     HIVE_IO "avro.AvroContainerOutputFormat"},
    {"JSONFILE", SERDE2 "JsonSerDe", TEXT_IN, TEXT_OUT},
    {"SEQUENCEFILE", SERDE2 "lazy.LazySimpleSerDe",
     "org.apache.hadoop.mapred.SequenceFileInputFormat", HIVE_IO "HiveSequenceFileOutputFormat"},
    {"RCFILE", SERDE2 "columnar.LazyBinaryColumnarSerDe", HIVE_IO "RCFileInputFormat",
     HIVE_IO "RCFileOutputFormat"},
    {"ION", "com.amazon.ionhiveserde.IonHiveSerDe",
     "com.amazon.ionhiveserde.formats.IonInputFormat",
     "com.amazon.ionhiveserde.formats.IonOutputFormat"},
};

/* A SerDe named by ROW FORMAT stays. */
static void apply(struct ddl *d, size_t i) {
    if (!d->out->serde_class.len)
        d->out->serde_class = bytes_str(formats[i].serde);
    d->out->input_format = bytes_str(formats[i].input);
    d->out->output_format = bytes_str(formats[i].output);
}

bool ddl_stored_as(struct ddl *d, struct bytes name) {
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (bytes_eq_nocase(name, bytes_str(formats[i].name))) {
            apply(d, i);
            return true;
        }
    return ddl_fail(d, "SYNTAX_ERROR",
                    "FAILED: SemanticException Unrecognized file format in STORED AS clause: "
                    "'%.*s'",
                    BYTES_ARG(name));
}

bool ddl_default_format(struct ddl *d) {
    if (!d->out->input_format.len)
        apply(d, 0);
    if (!d->out->serde_class.len)
        d->out->serde_class = bytes_str(formats[0].serde);
    return true;
}
