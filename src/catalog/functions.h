/* functions.h - user-defined functions, which the catalogue keeps for Hive, Spark and Trino.
 *
 * Deleted with their database. Names are compared as given; callers lower-case them first.
 * Thread-safe; results are in the caller's arena.
 * Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-functions.html */
#ifndef TARN_CATALOG_FUNCTIONS_H
#define TARN_CATALOG_FUNCTIONS_H

#include "catalog/catalog.h"

struct catalog_function {
    struct bytes database, name;
    struct bytes json; /* UserDefinedFunctionInput object as sent */
    int64_t create_ms;
};
/* ERR_ALREADY_EXISTS; ERR_ENTITY_NOT_FOUND when the database is missing. */
int catalog_function_create(struct catalog *c, struct bytes database, struct bytes name,
                            struct bytes json, struct err *e) WARN_UNUSED;
/* These three: ERR_ENTITY_NOT_FOUND. */
int catalog_function_update(struct catalog *c, struct bytes database, struct bytes name,
                            struct bytes json, struct err *e) WARN_UNUSED;
int catalog_function_delete(struct catalog *c, struct bytes database, struct bytes name,
                            struct err *e) WARN_UNUSED;
int catalog_function_get(struct catalog *c, struct arena *a, struct bytes database,
                         struct bytes name, struct catalog_function *ret,
                         struct err *e) WARN_UNUSED;
/* Those after (after_database, after_name), in that order, at most max; `database` empty: of all
 * databases. ERR_ENTITY_NOT_FOUND when the named database is missing. */
struct catalog_function_page {
    struct bytes database;
    struct bytes after_database, after_name;
    size_t max;
};
int catalog_function_list(struct catalog *c, struct arena *a,
                          const struct catalog_function_page *page, struct catalog_function **ret,
                          size_t *ret_count, struct err *e) WARN_UNUSED;

#endif
