/* projection.h - Athena's partition projection: partitions computed from a table's properties
 * instead of registered ones. Pure functions; results live in the caller's arena.
 * Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html */
#ifndef TARN_CATALOG_PROJECTION_H
#define TARN_CATALOG_PROJECTION_H

#include "base/json.h"
#include "catalog/catalog.h"
#include "catalog/filter.h"

/* A plan that would enumerate more partitions than this is refused. */
#define PROJECTION_LIMIT 1000000

struct projection_key {
    struct bytes name; /* lower case */
    const struct type *type;
};
struct projection_table {
    struct bytes database, name, location;
    const struct json *params; /* the table's Parameters; NULL: none */
    const struct projection_key *keys;
    size_t key_count;
};
struct projection;

/* Whether projection.enabled is true: registered partitions are then ignored by queries. */
bool projection_enabled(const struct json *params);
/* Checks and compiles the properties; views of `t` must outlive the projection. ERR_SQL named
 * HIVE_METASTORE_ERROR or INVALID_TABLE_PROPERTY with Athena's text and what to set. */
int projection_open(struct arena *a, const struct projection_table *t,
                    const struct projection **ret, struct err *e) WARN_UNUSED;
/* The projected partitions that `f` keeps, as they are at now_ms (NOW in ranges), in the product
 * order of the keys: values and location set, id 0. Its cost grows with what is kept, not with the
 * ranges, for keys that are constrained. *ret_considered is the number of partitions that the
 * ranges describe (injected keys count as 1). ERR_SQL named CONSTRAINT_VIOLATION for an injected
 * key without discrete values, and, naming the unconstrained columns, when more than `limit`
 * candidates would be enumerated. */
int projection_select(const struct projection *p, struct arena *a, const struct partition_filter *f,
                      int64_t now_ms, size_t limit, struct catalog_partition **ret,
                      size_t *ret_count, double *ret_considered, struct err *e) WARN_UNUSED;

#endif
