/* warehouse.h - warehouse.yaml, checked: databases, static tables, streaming tables, outputs.
 *
 * Unknown keys, wrong types and duplicate tables are errors with line and column. The file's
 * reference is docs/warehouse-file.md. All of a `struct warehouse` lives in the arena it was read
 * into. */
#ifndef TARN_STACK_WAREHOUSE_H
#define TARN_STACK_WAREHOUSE_H

#include "schema/types.h"
#include "stack/yaml.h"

struct warehouse_column {
    struct bytes name; /* lower case */
    struct bytes type_text;
    struct bytes comment;
    const struct yaml *generate; /* how `tarn put --generate` fills it; NULL: by type */
};

enum warehouse_format { WAREHOUSE_PARQUET, WAREHOUSE_CSV, WAREHOUSE_JSON };

struct warehouse_partition { /* arrival-time partition of a streaming table */
    struct bytes column, pattern;
};

struct warehouse_table {
    struct bytes name, database, description;
    struct warehouse_column *columns;
    size_t column_count;
    enum warehouse_format format;
    struct bytes location; /* s3://bucket/prefix/ */
    int line, column;
    bool streaming;
    /* static */
    struct bytes *files; /* paths, relative to the warehouse file's folder unless absolute */
    size_t file_count;
    bool csv_header;
    struct bytes csv_delimiter;
    /* streaming */
    struct bytes stream;   /* Kinesis stream's name */
    struct bytes delivery; /* delivery stream's name */
    int64_t shards;
    int64_t buffer_mb, buffer_s;
    struct bytes compression; /* SNAPPY, GZIP, UNCOMPRESSED, ZSTD */
    struct warehouse_partition partition;
};

struct warehouse_database {
    struct bytes name, description;
};

struct warehouse_output {
    struct bytes name, value;
};

struct warehouse {
    struct bytes name; /* prefix of streams; the folder's name by default */
    struct bytes bucket;
    struct bytes folder; /* of the file, for relative paths */
    struct warehouse_database *databases;
    size_t database_count;
    struct warehouse_table *tables;
    size_t table_count;
    struct warehouse_output *outputs; /* given ones, then stream and location of each table */
    size_t output_count;
};

/* Reads and checks the file at `path`. ERR_USAGE with err.line and err.column (0 when the file
 * cannot be read at all). */
int warehouse_read(struct arena *a, const char *path, struct warehouse **ret,
                   struct err *e) WARN_UNUSED;
/* The same from text; `folder` is where relative files are. For tests and fuzzing. */
int warehouse_parse(struct arena *a, struct bytes text, struct bytes folder, struct warehouse **ret,
                    struct err *e) WARN_UNUSED;
/* By name or database.name; NULL when there is none. */
const struct warehouse_table *warehouse_find_table(const struct warehouse *w, struct bytes name);

#endif
