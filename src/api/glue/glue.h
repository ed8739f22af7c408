/* glue.h - the Glue Data Catalog's operations over catalog/.
 * Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog.html */
#ifndef TARN_API_GLUE_GLUE_H
#define TARN_API_GLUE_GLUE_H

#include "api/api.h"
#include "catalog/catalog.h"
#include "crawl/crawl.h"
#include "store/store.h"

/* NULL when memory is short. `c`, `crawl` and `store` must outlive the service. */
const struct api_service *glue_service_new(struct catalog *c, struct crawl_service *crawl,
                                           struct store *store) WARN_UNUSED;
void glue_service_free(const struct api_service **s);

/* The operation table, ended by name NULL; tools/operations.c documents it. */
extern const struct api_op glue_operations[];

#endif
