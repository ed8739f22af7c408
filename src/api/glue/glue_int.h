/* glue_int.h - shared by the handlers of the Glue service. */
#ifndef TARN_API_GLUE_INT_H
#define TARN_API_GLUE_INT_H

#include "api/glue/expression.h"
#include "api/glue/glue.h"
#include "base/mem.h"

/* ctx of the service. */
struct glue_queue;
struct glue_service {
    struct api_service api;
    struct catalog *catalog;
    struct crawl_service *crawl;
    struct store *store;
    struct glue_queue *writer, *searcher;
};
static inline struct catalog *glue_catalog(const struct api_call *call) {
    const struct glue_service *s = call->service->ctx;
    return s->catalog;
}
static inline struct store *glue_store(const struct api_call *call) {
    const struct glue_service *s = call->service->ctx;
    return s->store;
}
static inline struct crawl_service *glue_crawl(const struct api_call *call) {
    const struct glue_service *s = call->service->ctx;
    return s->crawl;
}

/* ---- glue_iceberg.c ---- the TableInput of a table whose metadata file it writes. */
int glue_iceberg_input(struct api_call *call, struct bytes *json) WARN_UNUSED;

/* ---- glue_queue.c ---- */
int glue_queue_new(struct glue_queue **ret) WARN_UNUSED;
/* Ends after what is queued. */
void glue_queue_free(struct glue_queue **w);
/* Run the handler, and finish the call, on the thread of changes or on that of searches:
 * API_PENDING. */
int glue_later(struct api_call *call, api_handler handle);
int glue_aside(struct api_call *call, api_handler handle);

/* ---- glue.c: reading requests, writing common shapes ---- */
/* Member `name` of `in`, lower-cased (Glue keeps database and table names so). */
struct bytes glue_name(struct api_call *call, const struct json *in, const char *name);
/* `text` in lower case; the empty view when memory is short. */
struct bytes glue_lower(struct api_call *call, struct bytes text);
/* 0 and the member, or ValidationException as AWS words it, naming `path`. */
int glue_need(struct api_call *call, const struct json *in, const char *name, const char *path,
              const struct json **ret) WARN_UNUSED;
/* A required list of strings. */
int glue_strings(struct api_call *call, const struct json *list, const struct bytes **ret,
                 size_t *ret_count) WARN_UNUSED;
/* MaxResults of the request, at most and by default `max`. */
size_t glue_max_results(const struct api_call *call, size_t max);
/* The text in NextToken, "" at the start; ERR_INVALID_INPUT for a foreign token. */
int glue_token(struct api_call *call, const char *kind, struct bytes *ret) WARN_UNUSED;
void glue_write_token(struct api_call *call, const char *kind, struct bytes text);
/* Writes the members of a stored object except those in `skip` (ended by NULL). */
void glue_write_members(struct jsonw *w, const struct json *stored, const char *const *skip);
/* A StorageDescriptor with the members that clients rely on filled in; no_columns: with none. */
void glue_write_storage(struct jsonw *w, const struct json *stored, bool no_columns);
/* {"ErrorCode","ErrorMessage"} under the name ErrorDetail. */
void glue_write_error_detail(struct jsonw *w, const struct err *e);
int glue_out_of_memory(struct api_call *call);
/* Request objects as stored: the tree written again, with "Name" replaced when `name` is given. */
struct bytes glue_stored(struct api_call *call, const struct json *in, struct bytes name);

/* ---- glue_pattern.c ---- */
/* A pattern over names; NULL (for an empty text) passes every name. `member` is named in errors. */
struct glue_pattern;
int glue_pattern_new(struct api_call *call, struct bytes text, const char *member,
                     struct glue_pattern **ret) WARN_UNUSED;
void glue_pattern_free(struct glue_pattern **p);
bool glue_pattern_pass(const struct glue_pattern *p, struct bytes name);

/* ---- glue_tag.c, glue_index.c: parts of the requests that create ---- */
int glue_tags_check(struct api_call *call, const struct json *map, const char *path) WARN_UNUSED;
/* `resource` as in catalog/tags.h; map may be NULL. */
int glue_tags_store(struct api_call *call, struct bytes resource,
                    const struct json *map) WARN_UNUSED;
/* PartitionIndexes of CreateTable: checked against the TableInput, then made. */
int glue_check_indexes(struct api_call *call, const struct json *table_in) WARN_UNUSED;
int glue_create_indexes(struct api_call *call, int64_t table_id) WARN_UNUSED;

/* ---- glue_table.c, glue_version.c ---- */
/* The table of DatabaseName and TableName, and its stored TableInput. */
int glue_find_table(struct api_call *call, struct catalog_table *ret,
                    const struct json **ret_in) WARN_UNUSED;
int glue_write_table(struct api_call *call, const struct catalog_table *t) WARN_UNUSED;
/* A version's number, or ERR_INVALID_INPUT. */
int glue_version(struct bytes text, int64_t *ret, struct err *e) WARN_UNUSED;

/* ---- operations ---- */
int glue_create_database(struct api_call *call);
int glue_get_database(struct api_call *call);
int glue_get_databases(struct api_call *call);
int glue_update_database(struct api_call *call);
int glue_delete_database(struct api_call *call);
int glue_create_table(struct api_call *call);
int glue_get_table(struct api_call *call);
int glue_get_tables(struct api_call *call);
int glue_get_table_version(struct api_call *call);
int glue_get_table_versions(struct api_call *call);
int glue_delete_table_version(struct api_call *call);
int glue_batch_delete_table_version(struct api_call *call);
int glue_update_table(struct api_call *call);
int glue_delete_table(struct api_call *call);
int glue_batch_delete_table(struct api_call *call);
int glue_create_partition(struct api_call *call);
int glue_batch_create_partition(struct api_call *call);
int glue_get_partition(struct api_call *call);
int glue_get_partitions(struct api_call *call);
int glue_batch_get_partition(struct api_call *call);
int glue_update_partition(struct api_call *call);
int glue_batch_update_partition(struct api_call *call);
int glue_delete_partition(struct api_call *call);
int glue_batch_delete_partition(struct api_call *call);
/* of a table or, under the names that end with ForPartition, of a partition */
int glue_get_column_statistics(struct api_call *call);
int glue_update_column_statistics(struct api_call *call);
int glue_delete_column_statistics(struct api_call *call);
int glue_create_partition_index(struct api_call *call);
int glue_get_partition_indexes(struct api_call *call);
int glue_delete_partition_index(struct api_call *call);
int glue_create_user_defined_function(struct api_call *call);
int glue_get_user_defined_function(struct api_call *call);
int glue_get_user_defined_functions(struct api_call *call);
int glue_update_user_defined_function(struct api_call *call);
int glue_delete_user_defined_function(struct api_call *call);
int glue_tag_resource(struct api_call *call);
int glue_untag_resource(struct api_call *call);
int glue_get_tags(struct api_call *call);
int glue_search_tables(struct api_call *call);
int glue_get_import_status(struct api_call *call);
int glue_get_encryption_settings(struct api_call *call);
int glue_put_encryption_settings(struct api_call *call);
int glue_put_resource_policy(struct api_call *call);
int glue_get_resource_policy(struct api_call *call);
int glue_get_resource_policies(struct api_call *call);
int glue_delete_resource_policy(struct api_call *call);

#endif
