/* types.h - Trino's types as Athena engine version 3 shows them, and its coercion lattice.
 *
 * Types are immutable and live in an arena or are static; pointers stay valid as long as the arena.
 * How DuckDB holds them (so that emission and result formatting agree):
 *   char(n)                  VARCHAR without trailing blanks
 *   interval day to second   BIGINT milliseconds
 *   interval year to month   INTEGER months
 *   json                     VARCHAR of compact JSON text
 *   timestamp(p)             TIMESTAMP; for p > 6 HUGEINT of picoseconds
 *   .. with time zone        TIMESTAMPTZ when `zoned` is false: then it is in UTC; else HUGEINT of
 *                            instant and zone (duck/time_value.h); p > 6 is always zoned
 *   time(p)                  BIGINT picoseconds of the day; with time zone HUGEINT (time_value.h)
 *   row                      STRUCT; a field without a name is "field0", "field1", ... by position
 *   unknown                  INTEGER NULL
 *   ipaddress, ipprefix      BLOB of 16 and 17 bytes (duck/fn_special.c)
 *   HyperLogLog, tdigest     BLOB, serialized as Trino does (duck/hll.h, duck/tdigest.h)
 * Source: https://trino.io/docs/current/language/types.html */
#ifndef TARN_SQL_TYPES_H
#define TARN_SQL_TYPES_H

#include "base/arena.h"
#include "base/err.h"
#include "schema/types.h"

enum sql_type_tag {
    ST_UNKNOWN,
    ST_BOOLEAN,
    ST_TINYINT,
    ST_SMALLINT,
    ST_INTEGER,
    ST_BIGINT,
    ST_DECIMAL,
    ST_REAL,
    ST_DOUBLE,
    ST_VARCHAR,
    ST_CHAR,
    ST_VARBINARY,
    ST_DATE,
    ST_TIME,
    ST_TIME_TZ,
    ST_TIMESTAMP,
    ST_TIMESTAMP_TZ,
    ST_INTERVAL_DAY,
    ST_INTERVAL_YEAR,
    ST_JSON,
    ST_UUID,
    ST_IPADDRESS,
    ST_IPPREFIX,
    ST_HLL,
    ST_P4HLL,
    ST_TDIGEST,
    ST_ARRAY,
    ST_MAP,
    ST_ROW
};

#define SQL_UNBOUNDED 2147483647

struct sql_type {
    enum sql_type_tag kind;
    int precision;      /* decimal; fraction digits of time and timestamp */
    int scale;          /* decimal */
    int length;         /* varchar (SQL_UNBOUNDED: none), char */
    bool zoned;         /* timestamp with time zone: each value has its own zone */
    size_t child_count; /* array 1, map 2, row n */
    const struct sql_type **children;
    const struct bytes *names; /* row: an empty view for a field without a name */
};

/* Static types. varchar is unbounded, timestamps have precision 3. */
const struct sql_type *sql_type_of(enum sql_type_tag kind);
/* NULL when the arena is full. */
const struct sql_type *sql_type_decimal(struct arena *a, int precision, int scale);
const struct sql_type *sql_type_varchar(struct arena *a, int length);
const struct sql_type *sql_type_char(struct arena *a, int length);
const struct sql_type *sql_type_time(struct arena *a, enum sql_type_tag kind, int precision);
/* Timestamp with time zone; zoned for every precision above 6. */
const struct sql_type *sql_type_tz(struct arena *a, int precision, bool zoned);
const struct sql_type *sql_type_array(struct arena *a, const struct sql_type *element);
const struct sql_type *sql_type_map(struct arena *a, const struct sql_type *key,
                                    const struct sql_type *value);
/* Copies the two lists' heads (not the names' text). names may be NULL. */
const struct sql_type *sql_type_row(struct arena *a, const struct sql_type *const *fields,
                                    const struct bytes *names, size_t count);

/* Trino's type of a catalogue column; NULL when the arena is full. */
const struct sql_type *sql_type_from_hive(struct arena *a, const struct type *t);
/* A type as SQL spells it: "decimal(10,2)", "array(row(a integer))". ERR_SQL TYPE_MISMATCH
 * "Unknown type: x" (no position), or NOT_SUPPORTED for a type that Tarn cannot hold. */
int sql_type_parse(struct arena *a, struct bytes text, const struct sql_type **ret,
                   struct err *e) WARN_UNUSED;

bool sql_type_equal(const struct sql_type *a, const struct sql_type *b);
bool sql_type_is_integer(const struct sql_type *t);
bool sql_type_is_numeric(const struct sql_type *t); /* integers, decimal, real, double */
bool sql_type_is_text(const struct sql_type *t);    /* varchar, char */
bool sql_type_is_orderable(const struct sql_type *t);
bool sql_type_is_comparable(const struct sql_type *t);
/* Trino's spelling, appended: "varchar(3)", "timestamp(3) with time zone". */
void sql_type_format(const struct sql_type *t, struct buf *out);
/* The same, in the arena. */
struct bytes sql_type_text(struct arena *a, const struct sql_type *t);
/* DuckDB's type that holds it. */
void sql_type_format_duckdb(const struct sql_type *t, struct buf *out);
/* Name of a row's field `index` in DuckDB's STRUCT. */
struct bytes sql_type_field(struct arena *a, const struct sql_type *row, size_t index);

/* ---- Athena's ColumnInfo ---- */
const char *sql_type_athena_name(const struct sql_type *t);
void sql_type_athena_size(const struct sql_type *t, int *ret_precision, int *ret_scale);

/* ---- coercion (coerce.c) ---- */
/* A value of `from` may stand where `to` is wanted, without loss, implicitly. */
bool sql_type_can_coerce(const struct sql_type *from, const struct sql_type *to);
/* The narrowest type both coerce to; NULL when there is none (or the arena is full). */
const struct sql_type *sql_type_common(struct arena *a, const struct sql_type *x,
                                       const struct sql_type *y);
/* CAST(x AS to) exists. */
bool sql_type_can_cast(const struct sql_type *from, const struct sql_type *to);
/* The decimal that holds every value of an integer type. */
int sql_type_integer_digits(enum sql_type_tag kind);

#endif
