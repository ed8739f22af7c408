/* format.h - values of DuckDB's vectors as the text that Athena shows.
 *
 * A formatter is made once per result column and walks the vector's type: true/false, plain
 * integers, decimals at full scale, doubles as Java prints them, timestamps with three digits,
 * varbinary as hex bytes, arrays [1, 2], maps {k=v}, rows {a=1}, nested NULL as null. Source:
 * https://docs.aws.amazon.com/athena/latest/ug/querying.html (result files) */
#ifndef TARN_DUCK_FORMAT_H
#define TARN_DUCK_FORMAT_H

#include "base/arena.h"
#include "base/err.h"
#include "duck/lib.h"

struct format;
/* `trino_type` decides what the engine's type leaves open (the two kinds of interval). The tree
 * lives in the arena. ERR_SQL NOT_SUPPORTED for a type that has no text. */
int format_new(struct arena *a, duckdb_logical_type type, struct bytes trino_type,
               struct format **ret, struct err *e) WARN_UNUSED;
/* Points the formatter at the column's vector of a new chunk. */
void format_bind(struct format *f, duckdb_vector vector);
bool format_is_null(const struct format *f, idx_t row);
/* Appends the text of a value that is not NULL. */
void format_value(const struct format *f, idx_t row, struct buf *out);

/* Java's Double.toString and Float.toString. */
void format_double(double v, struct buf *out);
void format_float(float v, struct buf *out);

#endif
