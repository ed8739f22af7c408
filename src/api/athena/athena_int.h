/* athena_int.h - shared by the handlers of the Athena service. */
#ifndef TARN_API_ATHENA_INT_H
#define TARN_API_ATHENA_INT_H

#include "api/athena/athena.h"

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

/* ---- metadata.c ---- */
int athena_list_data_catalogs(struct api_call *call);
int athena_get_data_catalog(struct api_call *call);
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

/* ---- athena_workgroup.c ---- */
int athena_create_workgroup(struct api_call *call);
int athena_get_workgroup(struct api_call *call);
int athena_update_workgroup(struct api_call *call);
int athena_delete_workgroup(struct api_call *call);
int athena_list_workgroups(struct api_call *call);

#endif
