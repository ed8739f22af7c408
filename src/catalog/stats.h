/* stats.h - column statistics of tables and partitions, as clients computed and sent them.
 *
 * Kept as JSON by (table, partition, column) and deleted with the table or the partition. Names are
 * compared as given; callers lower-case them first. Thread-safe; results are in the caller's arena.
 * Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-column-statistics.html */
#ifndef TARN_CATALOG_STATS_H
#define TARN_CATALOG_STATS_H

#include "catalog/catalog.h"

struct catalog_column_stats {
    struct bytes column;
    struct bytes json; /* ColumnStatistics object as sent */
};
/* Whose statistics: partition_id 0 is the table itself. */
struct catalog_stats_owner {
    int64_t table_id, partition_id;
};
/* Creates or replaces, all in one transaction. ERR_ENTITY_NOT_FOUND when the owner is gone. */
int catalog_stats_put(struct catalog *c, struct catalog_stats_owner owner,
                      const struct catalog_column_stats *items, size_t count,
                      struct err *e) WARN_UNUSED;
/* All columns that have statistics, in name order. */
int catalog_stats_list(struct catalog *c, struct arena *a, struct catalog_stats_owner owner,
                       struct catalog_column_stats **ret, size_t *ret_count,
                       struct err *e) WARN_UNUSED;
/* ERR_ENTITY_NOT_FOUND when the column has none. */
int catalog_stats_delete(struct catalog *c, struct catalog_stats_owner owner, struct bytes column,
                         struct err *e) WARN_UNUSED;

#endif
