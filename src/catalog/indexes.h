/* indexes.h - partition indexes: names for lists of a table's partition keys.
 *
 * Tarn finds partitions by value order in any case (partitions.c); an index is kept because clients
 * declare and list them. Deleted with the table. Thread-safe; results are in the caller's arena.
 * Source: https://docs.aws.amazon.com/glue/latest/dg/partition-indexes.html */
#ifndef TARN_CATALOG_INDEXES_H
#define TARN_CATALOG_INDEXES_H

#include "catalog/catalog.h"

#define CATALOG_INDEX_MAX 3 /* per table */

struct catalog_index {
    struct bytes name;
    struct bytes keys_json; /* JSON array of partition key names */
};
/* ERR_ALREADY_EXISTS for a name or a list of keys that the table has; ERR_LIMIT_EXCEEDED (named
 * ResourceNumberLimitExceededException) beyond CATALOG_INDEX_MAX. */
int catalog_index_create(struct catalog *c, int64_t table_id, const struct catalog_index *index,
                         struct err *e) WARN_UNUSED;
/* ERR_ENTITY_NOT_FOUND. */
int catalog_index_delete(struct catalog *c, int64_t table_id, struct bytes name,
                         struct err *e) WARN_UNUSED;
/* In name order. */
int catalog_index_list(struct catalog *c, struct arena *a, int64_t table_id,
                       struct catalog_index **ret, size_t *ret_count, struct err *e) WARN_UNUSED;

#endif
