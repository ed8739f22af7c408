/* glue_int.h - shared by the handlers of the Glue service. */
#ifndef TARN_API_GLUE_INT_H
#define TARN_API_GLUE_INT_H

#include "api/glue/expression.h"
#include "api/glue/glue.h"
#include "base/mem.h"

static inline struct catalog *glue_catalog(const struct api_call *call) {
    return call->service->ctx;
}

/* ---- glue.c: reading requests, writing common shapes ---- */
/* Member `name` of `in`, lower-cased (Glue keeps database and table names so). */
struct bytes glue_name(struct api_call *call, const struct json *in, const char *name);
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
/* A StorageDescriptor with the members that clients rely on filled in. */
void glue_write_storage(struct jsonw *w, const struct json *stored);
/* {"ErrorCode","ErrorMessage"} under the name ErrorDetail. */
void glue_write_error_detail(struct jsonw *w, const struct err *e);
int glue_out_of_memory(struct api_call *call);
/* Request objects as stored: the tree written again, with "Name" replaced when `name` is given. */
struct bytes glue_stored(struct api_call *call, const struct json *in, struct bytes name);

/* ---- glue_table.c, glue_version.c ---- */
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

#endif
