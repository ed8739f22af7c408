/* types.h - Hive column types, as the Glue catalogue spells them.
 *
 * boolean tinyint smallint int|integer bigint float double decimal(p,s) string varchar(n) char(n)
 * binary timestamp date array<T> map<K,V> struct<name:T,...>. Names of struct fields may be
 * backquoted; spelling is case-insensitive.
 * Source: https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
#ifndef TARN_SCHEMA_TYPES_H
#define TARN_SCHEMA_TYPES_H

#include "base/arena.h"
#include "base/err.h"

enum type_kind {
    TYPE_BOOLEAN,
    TYPE_TINYINT,
    TYPE_SMALLINT,
    TYPE_INT,
    TYPE_BIGINT,
    TYPE_FLOAT,
    TYPE_DOUBLE,
    TYPE_DECIMAL,
    TYPE_STRING,
    TYPE_VARCHAR,
    TYPE_CHAR,
    TYPE_BINARY,
    TYPE_TIMESTAMP,
    TYPE_DATE,
    TYPE_ARRAY,
    TYPE_MAP,
    TYPE_STRUCT
};

struct type {
    enum type_kind kind;
    int precision, scale; /* decimal; default (10,0) as Hive */
    int length;           /* varchar, char */
    size_t child_count;   /* array 1, map 2 (key, value), struct n */
    const struct type **children;
    const struct bytes *names; /* struct: field names, lower-cased */
};

/* The tree lives in the arena. ERR_INVALID_INPUT naming what is wrong and the place. */
int type_parse(struct arena *a, struct bytes text, const struct type **ret,
               struct err *e) WARN_UNUSED;
/* Canonical Hive spelling, appended. */
void type_format(const struct type *t, struct buf *out);
bool type_equal(const struct type *a, const struct type *b);
/* Parquet/DuckDB type text for a worker: INTEGER, VARCHAR, DECIMAL(p,s), STRUCT("a" INTEGER), ...
 */
void type_format_duckdb(const struct type *t, struct buf *out);

#endif
