/* athena_int.h - shared by the handlers of the Athena service. */
#ifndef TARN_API_ATHENA_INT_H
#define TARN_API_ATHENA_INT_H

#include "api/athena/athena.h"

#define ATHENA_NAMED_KIND QUERY_NAMED_KIND
#define ATHENA_CAPACITY_KIND QUERY_CAPACITY_KIND

struct athena {
    struct api_service service;
    struct query_service *query;
    struct catalog *catalog;
};

static inline struct athena *athena_of(const struct api_call *call) {
    return call->service->ctx;
}
/* MaxResults of the request, by default and at most `max`. */
size_t athena_max_results(const struct api_call *call, size_t max);
/* The text in NextToken, "" at the start; InvalidRequestException for a foreign token. */
int athena_token(struct api_call *call, const char *kind, struct bytes *ret) WARN_UNUSED;
void athena_write_token(struct api_call *call, const char *kind, struct bytes text);

/* ---- athena_doc.c ---- documents in the catalogue; failures are in call->err */
int athena_doc_create(struct api_call *call, const char *kind, struct bytes key,
                      const struct buf *json) WARN_UNUSED;
/* ERR_CONCURRENT_MODIFICATION when `old` is no longer what is stored. */
int athena_doc_replace(struct api_call *call, const char *kind, const struct catalog_doc *old,
                       const struct buf *json) WARN_UNUSED;
int athena_doc_get(struct api_call *call, const char *kind, struct bytes key,
                   struct catalog_doc *ret, struct json **ret_tree) WARN_UNUSED;
/* One page into the array that is open in call->out, which it closes; writes NextToken after it. */
typedef bool (*athena_doc_filter)(const void *ctx, const struct json *tree);
typedef void (*athena_doc_write)(struct jsonw *w, const struct json *tree);
int athena_doc_page(struct api_call *call, const char *kind, const char *token_kind, size_t max,
                    athena_doc_filter wanted, const void *ctx, athena_doc_write write) WARN_UNUSED;

/* ---- athena_tag.c ---- `list`: [{"Key","Value"}] or NULL; resource: "workgroup/name" */
int athena_tags_check(struct api_call *call, const struct json *list) WARN_UNUSED;
int athena_tags_store(struct api_call *call, struct bytes resource,
                      const struct json *list) WARN_UNUSED;
int athena_tags_forget(struct api_call *call, struct bytes resource) WARN_UNUSED;
int athena_tag_resource(struct api_call *call);
int athena_untag_resource(struct api_call *call);
int athena_list_tags(struct api_call *call);

/* ---- athena_metadata.c ---- */
int athena_list_databases(struct api_call *call);
int athena_get_database(struct api_call *call);
int athena_list_table_metadata(struct api_call *call);
int athena_get_table_metadata(struct api_call *call);

/* ---- athena_prepared.c ---- */
int athena_create_prepared(struct api_call *call);
int athena_get_prepared(struct api_call *call);
int athena_batch_get_prepared(struct api_call *call);
int athena_list_prepared(struct api_call *call);
int athena_update_prepared(struct api_call *call);
int athena_delete_prepared(struct api_call *call);
/* ---- athena_catalog.c ---- */
/* The member names a catalogue whose databases are Glue's. */
int athena_check_catalog(struct api_call *call, const char *member) WARN_UNUSED;
int athena_create_data_catalog(struct api_call *call);
int athena_get_data_catalog(struct api_call *call);
int athena_list_data_catalogs(struct api_call *call);
int athena_update_data_catalog(struct api_call *call);
int athena_delete_data_catalog(struct api_call *call);

/* ---- athena_named.c ---- */
int athena_create_named_query(struct api_call *call);
int athena_get_named_query(struct api_call *call);
int athena_batch_get_named_query(struct api_call *call);
int athena_list_named_queries(struct api_call *call);
int athena_update_named_query(struct api_call *call);
int athena_delete_named_query(struct api_call *call);

/* ---- athena_capacity.c ---- */
int athena_create_capacity(struct api_call *call);
int athena_get_capacity(struct api_call *call);
int athena_list_capacity(struct api_call *call);
int athena_update_capacity(struct api_call *call);
int athena_cancel_capacity(struct api_call *call);
int athena_delete_capacity(struct api_call *call);
int athena_put_assignments(struct api_call *call);
int athena_get_assignments(struct api_call *call);

/* ---- athena_workgroup.c ---- */
int athena_create_workgroup(struct api_call *call);
int athena_get_workgroup(struct api_call *call);
int athena_update_workgroup(struct api_call *call);
int athena_delete_workgroup(struct api_call *call);
int athena_list_workgroups(struct api_call *call);

#endif
