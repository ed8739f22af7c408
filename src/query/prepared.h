/* prepared.h - prepared statements of workgroups.
 *
 * Documents of kind "athena_prepared", by workgroup and name: the API's PreparedStatement object as
 * JSON. The text is kept as it was given; it is parsed when it is executed.
 * Source: https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html */
#ifndef TARN_QUERY_PREPARED_H
#define TARN_QUERY_PREPARED_H

#include "query/query.h"

/* ERR_INVALID_REQUEST: no such workgroup, a bad name, one statement too many, the name is taken. */
int query_prepared_create(struct query_service *q, struct bytes workgroup, struct bytes name,
                          struct bytes sql, struct bytes description, struct err *e) WARN_UNUSED;
/* ERR_RESOURCE_NOT_FOUND. The description stays when none is given (ptr NULL). */
int query_prepared_update(struct query_service *q, struct bytes workgroup, struct bytes name,
                          struct bytes sql, struct bytes description, struct err *e) WARN_UNUSED;
int query_prepared_get(struct query_service *q, struct arena *a, struct bytes workgroup,
                       struct bytes name, struct bytes *ret_json, struct err *e) WARN_UNUSED;
int query_prepared_delete(struct query_service *q, struct bytes workgroup, struct bytes name,
                          struct err *e) WARN_UNUSED;
/* Name order, names > after, at most max. */
int query_prepared_list(struct query_service *q, struct arena *a, struct bytes workgroup,
                        struct bytes after, size_t max, struct bytes **ret_jsons, size_t *ret_count,
                        struct err *e) WARN_UNUSED;

#endif
