/* iceberg_int.h - schemas, between the files that make and change documents. */
#ifndef TARN_CATALOG_ICEBERG_INT_H
#define TARN_CATALOG_ICEBERG_INT_H

#include "catalog/iceberg.h"
#include "schema/types.h"

struct iceberg_field {
    int64_t id;
    struct bytes name, comment; /* comment ptr NULL: none */
    struct bytes type;          /* JSON: "long", {"type":"list",..} */
    bool required;
};
struct iceberg_schema {
    struct iceberg_field *fields;
    size_t count, room;
    int64_t last_id;
};

/* ---- iceberg_schema.c ---- */
/* The type as JSON; ids of what it contains follow *last_id. */
int iceberg_type(struct arena *a, struct bytes hive, int64_t *last_id, struct bytes *ret,
                 struct err *e) WARN_UNUSED;
/* Hive's spelling of a type in a document, appended. */
void iceberg_hive_type(const struct json *type, struct buf *out);
/* Whether values of one type can be read as the other: int as long, float as double, decimals of
 * more digits. */
bool iceberg_promotes(struct bytes from, struct bytes to);
void iceberg_write_schema(struct jsonw *w, const struct iceberg_schema *s, int64_t schema_id);
/* As Glue's columns. */
int iceberg_glue_columns(struct arena *a, const struct iceberg_schema *s, struct bytes *ret,
                         struct err *e) WARN_UNUSED;
struct iceberg_field *iceberg_find(const struct iceberg_schema *s, struct bytes name);

#endif
