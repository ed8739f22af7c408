/* explain.h - what a query would read, and why, without running it.
 *
 * The answer is one JSON object; docs/explain.md says what its members mean. It comes from the same
 * plan that the query would get: footers of files that were never read are asked of a worker, as
 * planning does, and nothing else is executed. */
#ifndef TARN_QUERY_EXPLAIN_H
#define TARN_QUERY_EXPLAIN_H

#include "query/query.h"

/* Appends the object to *out. "" for database and workgroup: default, primary. Errors are the
 * query's own (ERR_SQL, whose text says name and place); ERR_INVALID_REQUEST when the statement is
 * no query. Thread-safe; may wait for a worker. */
int query_explain(struct query_service *q, struct bytes sql, struct bytes database,
                  struct bytes workgroup, struct buf *out, struct err *e) WARN_UNUSED;

/* The same on a thread of its own, for callers that must not wait. `done` is called exactly once,
 * on that thread, when 0 was returned; `json` is lent. The texts are copied. ERR_UNAVAILABLE when
 * too many run or the service is closing. */
typedef void query_explained(void *ctx, int rc, struct bytes json, const struct err *e);
int query_explain_later(struct query_service *q, struct bytes sql, struct bytes database,
                        struct bytes workgroup, query_explained *done, void *ctx,
                        struct err *e) WARN_UNUSED;

#endif
