/* remote.h - queries that a Trino runs; inside the query room. */
#ifndef TARN_QUERY_REMOTE_H
#define TARN_QUERY_REMOTE_H

#include "query/query_int.h"

/* For a cancel to reach the Trino. */
#define REMOTE_GRACE_MS 2000
/* A plan whose task is for a Trino; free with plan_free. */
int remote_plan(struct query_service *q, const struct exec *x, struct plan **ret,
                struct err *e) WARN_UNUSED;
/* The ColumnInfo array of what such a task answered, in the arena; empty on no memory. */
struct bytes remote_columns(struct arena *a, const struct json *ok);

#endif
