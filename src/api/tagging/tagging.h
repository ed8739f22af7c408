/* tagging.h - the Resource Groups Tagging API over the catalogue's tags.
 * Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/ */
#ifndef TARN_API_TAGGING_TAGGING_H
#define TARN_API_TAGGING_TAGGING_H

#include "api/api.h"
#include "catalog/catalog.h"

/* NULL when memory is short. The catalogue must outlive it. */
const struct api_service *tagging_service_new(struct catalog *c) WARN_UNUSED;
void tagging_service_free(const struct api_service **s);

extern const struct api_op tagging_operations[];

#endif
