/* refresh.h - reads the footers of a table's files anew, whatever is known of them: what ANALYZE
 * does elsewhere. Plans do not need it, since they ask for what they miss and see when a file
 * changed; a crawler calls it so that the first query does not wait. */
#ifndef TARN_QUERY_REFRESH_H
#define TARN_QUERY_REFRESH_H

#include "query/explain.h"

struct query_refreshed {
    uint64_t files, read; /* Parquet files of the table; those whose footer could be read */
    int64_t rows;         /* of these */
    uint64_t bytes;       /* of all, whole */
};
/* Reads in batches by a worker, and waits for it. A table that is not Parquet has no footers: 0
 * files. ERR_ENTITY_NOT_FOUND; ERR_SQL for tables that no query could read. */
int query_refresh_facts(struct query_service *q, struct bytes database, struct bytes table,
                        struct query_refreshed *ret, struct err *e) WARN_UNUSED;
/* As query_explain_later; the object is {"files":n,"read":n,"rows":n,"bytes":n}. */
int query_refresh_later(struct query_service *q, struct bytes database, struct bytes table,
                        query_explained *done, void *ctx, struct err *e) WARN_UNUSED;

#endif
