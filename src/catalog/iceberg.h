/* iceberg.h - metadata files of Iceberg tables, format version 2: made, and changed by ALTER.
 *
 * A table is its newest metadata file, a JSON document whose place the catalogue keeps in the
 * parameter metadata_location. A change never touches a file: it writes the next document. Columns
 * have ids that stay theirs through renaming and moving; ids are never given twice.
 * Tarn writes no data files yet: a new table has no snapshot, and those that others wrote stay.
 * Source: https://iceberg.apache.org/spec/ */
#ifndef TARN_CATALOG_ICEBERG_H
#define TARN_CATALOG_ICEBERG_H

#include "base/json.h"
#include "store/store.h"

struct iceberg_column {
    struct bytes name, type, comment; /* type: Hive's spelling; comment ptr NULL: none */
};
struct iceberg_key { /* of the partition specification */
    struct bytes column;
    struct bytes transform; /* "": the value itself; year month day hour bucket truncate void */
    int64_t argument;       /* of bucket and truncate */
};
struct iceberg_property {
    struct bytes key, value; /* value ptr NULL: removed */
};
struct iceberg_new {
    struct bytes location; /* s3://bucket/folder, no '/' at its end */
    const struct iceberg_column *columns;
    size_t column_count;
    const struct iceberg_key *keys;
    size_t key_count;
    const struct iceberg_property *properties;
    size_t property_count;
    int64_t now_ms;
};
/* A document, and its columns as the catalogue shows them: both JSON, in the arena. */
struct iceberg_document {
    struct bytes json;
    struct bytes columns; /* array of Glue's Column, with iceberg.field.* parameters */
};
/* ERR_INVALID_INPUT with a sentence: a type that Iceberg has not, a key without its column. */
int iceberg_make(struct arena *a, const struct iceberg_new *in, struct iceberg_document *ret,
                 struct err *e) WARN_UNUSED;

/* One change; what is not set stays. */
struct iceberg_edit {
    const struct iceberg_column *add;
    size_t add_count;
    struct bytes drop;   /* a column */
    struct bytes change; /* a column that becomes `to` */
    struct iceberg_column to;
    bool first;         /* moved to the front */
    struct bytes after; /* or after this column */
    const struct iceberg_property *properties;
    size_t property_count;
};
/* The document after `old`, whose place is `old_uri`. ERR_INVALID_INPUT with a sentence: no such
 * column, a name that is taken, a type that the old one cannot become, a column that partitions
 * need; ERR_CORRUPT for a document that cannot be read. */
int iceberg_change(struct arena *a, struct bytes old, struct bytes old_uri,
                   const struct iceberg_edit *x, int64_t now_ms, struct iceberg_document *ret,
                   struct err *e) WARN_UNUSED;

/* ---- files ---- */
/* Writes <location>/metadata/NNNNN-<uuid>.metadata.json; NNNNN follows old_uri's ("": 00000). */
int iceberg_write(struct store *s, struct arena *a, struct bytes location, struct bytes old_uri,
                  struct bytes json, struct bytes *ret_uri, struct err *e) WARN_UNUSED;
int iceberg_read(struct store *s, struct arena *a, struct bytes uri, struct bytes *ret,
                 struct err *e) WARN_UNUSED;
/* Deletes every object below the location; of a whole bucket only its metadata/ and data/. */
int iceberg_purge(struct store *s, struct bytes location, struct err *e) WARN_UNUSED;

#endif
