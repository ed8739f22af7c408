/* tags.h - tags of the catalogue's resources.
 *
 * A resource is named as in its ARN after account and region: "database/d", "table/d/t",
 * "crawler/c". Tags of databases and tables go with them; whoever deletes another resource calls
 * catalog_tags_forget. Thread-safe; results are in the caller's arena.
 * Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-tags.html */
#ifndef TARN_CATALOG_TAGS_H
#define TARN_CATALOG_TAGS_H

#include "catalog/catalog.h"

#define CATALOG_TAGS_MAX 50 /* per resource */

struct catalog_tag {
    struct bytes key, value;
};
/* Adds or replaces; ERR_LIMIT_EXCEEDED (named ResourceNumberLimitExceededException) when the
 * resource would have more than CATALOG_TAGS_MAX. */
int catalog_tags_add(struct catalog *c, struct bytes resource, const struct catalog_tag *tags,
                     size_t count, struct err *e) WARN_UNUSED;
/* Keys that the resource does not have are none of its errors. */
int catalog_tags_remove(struct catalog *c, struct bytes resource, const struct bytes *keys,
                        size_t count, struct err *e) WARN_UNUSED;
int catalog_tags_forget(struct catalog *c, struct bytes resource, struct err *e) WARN_UNUSED;
/* In key order. */
int catalog_tags_list(struct catalog *c, struct arena *a, struct bytes resource,
                      struct catalog_tag **ret, size_t *ret_count, struct err *e) WARN_UNUSED;
/* Names of resources that have tags, in order, > after, at most max. */
int catalog_tags_resources(struct catalog *c, struct arena *a, struct bytes after, size_t max,
                           struct bytes **ret, size_t *ret_count, struct err *e) WARN_UNUSED;

#endif
