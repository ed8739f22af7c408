/* athena.h - Athena's operations over query/ and the catalogue.
 * Source: https://docs.aws.amazon.com/athena/latest/APIReference/ */
#ifndef TARN_API_ATHENA_ATHENA_H
#define TARN_API_ATHENA_ATHENA_H

#include "api/api.h"
#include "query/query.h"

/* NULL when memory is short. Both must outlive the service. */
const struct api_service *athena_service_new(struct query_service *q,
                                             struct catalog *c) WARN_UNUSED;
void athena_service_free(const struct api_service **s);

/* The operation table, ended by name NULL; tools/operations.c documents it. */
extern const struct api_op athena_operations[];

#endif
