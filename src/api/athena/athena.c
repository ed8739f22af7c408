/* athena.c - the Athena service's operation table and its operations on query executions. The work
 * is done by query/; here are the protocol's shapes. */
#include "api/athena/athena_int.h"
#include "base/mem.h"

size_t athena_max_results(const struct api_call *call, size_t max) {
    int64_t n = json_get_i64(call->in, "MaxResults", (int64_t)max);
    return n < 1 || n > (int64_t)max ? max : (size_t)n;
}

int athena_token(struct api_call *call, const char *kind, struct bytes *ret) {
    struct bytes token = json_get_str(call->in, "NextToken");
    *ret = BYTES("");
    if (token.len == 0 || api_token_decode(call->arena, kind, token, ret))
        return 0;
    return err_set(&call->err, ERR_INVALID_REQUEST,
                   "Invalid NextToken: pass the one of the previous answer unchanged.");
}

void athena_write_token(struct api_call *call, const char *kind, struct bytes text) {
    jsonw_kv_str(&call->out, "NextToken", api_token_encode(call->arena, kind, text));
}

/* ---- executions ---- */
/* awswrangler sends "`name`", as a DDL statement would have it; Athena takes both. */
static struct bytes unquoted(struct bytes name) {
    bool quoted = name.len > 2 && name.ptr[0] == '`' && name.ptr[name.len - 1] == '`';
    return quoted ? bytes_slice(name, 1, name.len - 1) : name;
}

static int parameters(struct api_call *call, struct query_start *in) {
    const struct json *list = json_get(call->in, "ExecutionParameters");
    struct bytes *v = ARENA_NEW_N(call->arena, struct bytes, list ? list->count + 1 : 1);
    if (!v)
        return err_set(&call->err, ERR_NOMEM, NULL);
    JSON_FOR_EACH(m, list) {
        if (m->kind != JSON_STRING || m->text.len < 1 || m->text.len > 1024)
            return err_set(&call->err, ERR_INVALID_REQUEST,
                           "Each of the ExecutionParameters is a string of 1 to 1024 characters.");
        v[in->parameter_count++] = m->text;
    }
    in->parameters = v;
    return 0;
}

static int64_t reuse_minutes(const struct json *in) {
    const struct json *by_age =
        json_get(json_get(in, "ResultReuseConfiguration"), "ResultReuseByAgeConfiguration");
    return json_get_bool(by_age, "Enabled", false) ? json_get_i64(by_age, "MaxAgeInMinutes", 60)
                                                   : 0;
}

/* Statements that run in the front end in a moment: the answer waits for it a little, so that what
 * they made is there for the client's next call. */
#define BRIEF_MS 100

static void started(void *ctx) {
    api_finish(ctx, 0);
}

static int start(struct api_call *call) {
    const struct json *context = json_get(call->in, "QueryExecutionContext");
    struct query_start in = {.sql = json_get_str(call->in, "QueryString"),
                             .database = unquoted(json_get_str(context, "Database")),
                             .catalog_name = json_get_str(context, "Catalog"),
                             .results = json_get(call->in, "ResultConfiguration"),
                             .reuse_minutes = reuse_minutes(call->in),
                             .user = call->http->auth.access_key,
                             .workgroup = json_get_str(call->in, "WorkGroup"),
                             .client_token = json_get_str(call->in, "ClientRequestToken")};
    char id[37];
    int rc = parameters(call, &in);
    if (rc)
        return rc;
    query_make_default_database(athena_of(call)->query);
    rc = query_start(athena_of(call)->query, &in, id, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_cstr(&call->out, "QueryExecutionId", id);
    jsonw_end_object(&call->out);
    struct query_service *q = athena_of(call)->query;
    if (!query_is_brief(q, bytes_str(id)))
        return 0;
    struct err e;
    return query_wait(q, bytes_str(id), BRIEF_MS, started, call, &e) ? 0 : API_PENDING;
}

static int get(struct api_call *call) {
    struct bytes json;
    int rc = query_describe(athena_of(call)->query, call->arena,
                            json_get_str(call->in, "QueryExecutionId"), &json, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_raw(&call->out, "QueryExecution", json);
    jsonw_end_object(&call->out);
    return 0;
}

static int batch_get(struct api_call *call) {
    struct jsonw *w = &call->out;
    const struct json *ids = json_get(call->in, "QueryExecutionIds");
    struct bytes json;
    struct err e;
    jsonw_object(w);
    jsonw_name(w, "QueryExecutions");
    jsonw_array(w);
    JSON_FOR_EACH(id, ids) {
        if (!query_describe(athena_of(call)->query, call->arena, id->text, &json, &e))
            jsonw_raw(w, json);
    }
    jsonw_end_array(w);
    jsonw_name(w, "UnprocessedQueryExecutionIds");
    jsonw_array(w);
    JSON_FOR_EACH(id, ids) {
        if (!query_describe(athena_of(call)->query, call->arena, id->text, &json, &e))
            continue;
        jsonw_object(w);
        jsonw_kv_str(w, "QueryExecutionId", id->text);
        jsonw_kv_cstr(w, "ErrorCode", e.name);
        jsonw_kv_cstr(w, "ErrorMessage", e.text);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    return 0;
}

static int stop(struct api_call *call) {
    return query_stop(athena_of(call)->query, json_get_str(call->in, "QueryExecutionId"),
                      &call->err);
}

static int list(struct api_call *call) {
    struct bytes token, next, *ids;
    size_t n;
    int rc = athena_token(call, "athena:ListQueryExecutions", &token);
    if (!rc)
        rc = query_list(athena_of(call)->query, call->arena, json_get_str(call->in, "WorkGroup"),
                        athena_max_results(call, 50), token, &ids, &n, &next, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "QueryExecutionIds");
    jsonw_array(&call->out);
    for (size_t i = 0; i < n; i++)
        jsonw_str(&call->out, ids[i]);
    jsonw_end_array(&call->out);
    if (next.len)
        athena_write_token(call, "athena:ListQueryExecutions", next);
    jsonw_end_object(&call->out);
    return 0;
}

static int results(struct api_call *call) {
    return query_results(athena_of(call)->query, call->arena,
                         json_get_str(call->in, "QueryExecutionId"), athena_max_results(call, 1000),
                         json_get_str(call->in, "NextToken"), &call->out_buf, &call->err);
}

static int runtime_statistics(struct api_call *call) {
    struct bytes json;
    int rc =
        query_runtime_statistics(athena_of(call)->query, call->arena,
                                 json_get_str(call->in, "QueryExecutionId"), &json, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_raw(&call->out, "QueryRuntimeStatistics", json);
    jsonw_end_object(&call->out);
    return 0;
}

static int engine_versions(struct api_call *call) {
    buf_add_str(&call->out_buf, "{\"EngineVersions\":[{\"SelectedEngineVersion\":\"AUTO\","
                                "\"EffectiveEngineVersion\":\"Athena engine version 3\"},"
                                "{\"SelectedEngineVersion\":\"Athena engine version 3\","
                                "\"EffectiveEngineVersion\":\"Athena engine version 3\"}]}");
    return 0;
}

/* ---- the table ---- */
#define ID                                                                                         \
    { "QueryExecutionId", API_STRING, true, 1, 128, NULL }
#define TEXT(n, required, max)                                                                     \
    { n, API_STRING, required, 1, max, NULL }
#define TOKEN                                                                                      \
    { "NextToken", API_STRING, false, 1, 1024, NULL }
#define MAX(n)                                                                                     \
    { "MaxResults", API_INTEGER, false, 1, n, NULL }
#define NAME "[a-zA-Z0-9._-]{1,128}"
#define END                                                                                        \
    { 0 }

static const struct api_param p_start[] = {
    TEXT("QueryString", true, 262144),
    {"ClientRequestToken", API_STRING, false, 32, 128, NULL},
    {"QueryExecutionContext", API_STRUCT, false, 0, 0, NULL},
    {"ResultConfiguration", API_STRUCT, false, 0, 0, NULL},
    TEXT("WorkGroup", false, 128),
    {"ResultReuseConfiguration", API_STRUCT, false, 0, 0, NULL},
    {"ExecutionParameters", API_LIST, false, 1, 16384, NULL},
    END};
static const struct api_param p_id[] = {ID, END};
static const struct api_param p_ids[] = {{"QueryExecutionIds", API_LIST, true, 1, 50, NULL}, END};
static const struct api_param p_list[] = {TOKEN, MAX(50), TEXT("WorkGroup", false, 128), END};
static const struct api_param p_results[] = {ID, TOKEN, MAX(1000), END};
static const struct api_param p_create_workgroup[] = {
    {"Name", API_STRING, true, 1, 128, NAME},
    {"Description", API_STRING, false, 0, 1024, NULL},
    {"Configuration", API_STRUCT, false, 0, 0, NULL},
    {"Tags", API_LIST, false, 0, 0, NULL},
    END};
static const struct api_param p_update_workgroup[] = {
    TEXT("WorkGroup", true, 128),
    {"Description", API_STRING, false, 0, 1024, NULL},
    {"ConfigurationUpdates", API_STRUCT, false, 0, 0, NULL},
    {"State", API_STRING, false, 0, 0, "ENABLED|DISABLED"},
    END};
static const struct api_param p_delete_workgroup[] = {
    TEXT("WorkGroup", true, 128), {"RecursiveDeleteOption", API_BOOLEAN, false, 0, 0, NULL}, END};
static const struct api_param p_workgroup[] = {TEXT("WorkGroup", true, 128), END};
static const struct api_param p_named[] = {TEXT("NamedQueryId", true, 128), END};
static const struct api_param p_create_named[] = {
    TEXT("Name", true, 128),
    {"Description", API_STRING, false, 1, 1024, NULL},
    TEXT("Database", true, 255),
    TEXT("QueryString", true, 262144),
    {"ClientRequestToken", API_STRING, false, 32, 128, NULL},
    TEXT("WorkGroup", false, 128),
    END};
static const struct api_param p_update_named[] = {TEXT("NamedQueryId", true, 128),
                                                  TEXT("Name", true, 128),
                                                  {"Description", API_STRING, false, 0, 1024, NULL},
                                                  TEXT("QueryString", true, 262144),
                                                  END};
static const struct api_param p_named_ids[] = {{"NamedQueryIds", API_LIST, true, 1, 50, NULL}, END};
static const struct api_param p_put_catalog[] = {
    TEXT("Name", true, 256),
    {"Type", API_STRING, true, 0, 0, "LAMBDA|GLUE|HIVE|FEDERATED"},
    {"Description", API_STRING, false, 1, 1024, NULL},
    {"Parameters", API_MAP, false, 0, 0, NULL},
    {"Tags", API_LIST, false, 0, 0, NULL},
    END};
#define ARN                                                                                        \
    { "ResourceARN", API_STRING, true, 1, 1011, NULL }
static const struct api_param p_tag[] = {ARN, {"Tags", API_LIST, true, 0, 0, NULL}, END};
static const struct api_param p_untag[] = {ARN, {"TagKeys", API_LIST, true, 0, 0, NULL}, END};
static const struct api_param p_tags[] = {ARN, TOKEN, END};
#define DPUS                                                                                       \
    { "TargetDpus", API_INTEGER, true, 4, 1000, NULL }
static const struct api_param p_create_capacity[] = {
    DPUS, {"Name", API_STRING, true, 1, 128, NAME}, {"Tags", API_LIST, false, 0, 0, NULL}, END};
static const struct api_param p_update_capacity[] = {DPUS, TEXT("Name", true, 128), END};
static const struct api_param p_capacity[] = {TEXT("Name", true, 128), END};
static const struct api_param p_put_assignments[] = {
    TEXT("CapacityReservationName", true, 128),
    {"CapacityAssignments", API_LIST, true, 0, 0, NULL},
    END};
static const struct api_param p_assignments[] = {TEXT("CapacityReservationName", true, 128), END};
static const struct api_param p_page[] = {TOKEN, MAX(50), END};
static const struct api_param p_catalog[] = {TEXT("Name", true, 256), END};
static const struct api_param p_databases[] = {TEXT("CatalogName", true, 256), TOKEN, MAX(50), END};
static const struct api_param p_database[] = {TEXT("CatalogName", true, 256),
                                              TEXT("DatabaseName", true, 128), END};
static const struct api_param p_tables[] = {TEXT("CatalogName", true, 256),
                                            TEXT("DatabaseName", true, 128),
                                            {"Expression", API_STRING, false, 0, 256, NULL},
                                            TOKEN,
                                            MAX(50),
                                            END};
static const struct api_param p_table[] = {TEXT("CatalogName", true, 256),
                                           TEXT("DatabaseName", true, 128),
                                           TEXT("TableName", true, 128), END};

static const struct api_param p_put_prepared[] = {TEXT("StatementName", true, 256),
                                                  TEXT("WorkGroup", true, 128),
                                                  TEXT("QueryStatement", true, 262144),
                                                  {"Description", API_STRING, false, 1, 1024, NULL},
                                                  END};
static const struct api_param p_prepared[] = {TEXT("StatementName", true, 256),
                                              TEXT("WorkGroup", true, 128), END};
static const struct api_param p_prepareds[] = {
    {"PreparedStatementNames", API_LIST, true, 1, 50, NULL}, TEXT("WorkGroup", true, 128), END};
static const struct api_param p_list_prepared[] = {TEXT("WorkGroup", true, 128), TOKEN, MAX(50),
                                                   END};

#define OP(n, handler, params, text)                                                               \
    { #n, handler, params, "athena:" #n, text }
const struct api_op athena_operations[] = {
    OP(StartQueryExecution, start, p_start, "Starts a query."),
    OP(GetQueryExecution, get, p_id, "Describes a query."),
    OP(BatchGetQueryExecution, batch_get, p_ids, "Describes up to 50 queries."),
    OP(ListQueryExecutions, list, p_list, "Lists a workgroup's queries, newest first."),
    OP(StopQueryExecution, stop, p_id, "Cancels a query."),
    OP(GetQueryResults, results, p_results, "Reads a page of a query's result."),
    OP(CreatePreparedStatement, athena_create_prepared, p_put_prepared,
       "Creates a prepared statement."),
    OP(GetPreparedStatement, athena_get_prepared, p_prepared, "Describes a prepared statement."),
    OP(BatchGetPreparedStatement, athena_batch_get_prepared, p_prepareds,
       "Describes up to 50 prepared statements."),
    OP(ListPreparedStatements, athena_list_prepared, p_list_prepared,
       "Lists a workgroup's prepared statements."),
    OP(UpdatePreparedStatement, athena_update_prepared, p_put_prepared,
       "Changes a prepared statement."),
    OP(DeletePreparedStatement, athena_delete_prepared, p_prepared,
       "Deletes a prepared statement."),
    OP(GetQueryRuntimeStatistics, runtime_statistics, p_id, "Times, rows and bytes of a query."),
    OP(CreateNamedQuery, athena_create_named_query, p_create_named, "Saves a query's text."),
    OP(GetNamedQuery, athena_get_named_query, p_named, "Reads a saved query."),
    OP(BatchGetNamedQuery, athena_batch_get_named_query, p_named_ids,
       "Reads up to 50 saved queries."),
    OP(ListNamedQueries, athena_list_named_queries, p_list, "Lists a workgroup's saved queries."),
    OP(UpdateNamedQuery, athena_update_named_query, p_update_named, "Changes a saved query."),
    OP(DeleteNamedQuery, athena_delete_named_query, p_named, "Deletes a saved query."),
    OP(CreateWorkGroup, athena_create_workgroup, p_create_workgroup, "Creates a workgroup."),
    OP(GetWorkGroup, athena_get_workgroup, p_workgroup, "Describes a workgroup."),
    OP(UpdateWorkGroup, athena_update_workgroup, p_update_workgroup, "Changes a workgroup."),
    OP(DeleteWorkGroup, athena_delete_workgroup, p_delete_workgroup, "Deletes a workgroup."),
    OP(ListWorkGroups, athena_list_workgroups, p_page, "Lists workgroups."),
    OP(ListEngineVersions, engine_versions, p_page, "Lists engine versions."),
    OP(TagResource, athena_tag_resource, p_tag,
       "Tags a workgroup, data catalogue or capacity reservation."),
    OP(UntagResource, athena_untag_resource, p_untag, "Removes tags."),
    OP(ListTagsForResource, athena_list_tags, p_tags, "Lists tags."),
    OP(CreateCapacityReservation, athena_create_capacity, p_create_capacity,
       "Reserves capacity for workgroups."),
    OP(GetCapacityReservation, athena_get_capacity, p_capacity, "Describes a reservation."),
    OP(ListCapacityReservations, athena_list_capacity, p_page, "Lists reservations."),
    OP(UpdateCapacityReservation, athena_update_capacity, p_update_capacity,
       "Changes a reservation's size."),
    OP(CancelCapacityReservation, athena_cancel_capacity, p_capacity, "Ends a reservation."),
    OP(DeleteCapacityReservation, athena_delete_capacity, p_capacity,
       "Deletes a cancelled reservation."),
    OP(PutCapacityAssignmentConfiguration, athena_put_assignments, p_put_assignments,
       "Assigns workgroups to a reservation."),
    OP(GetCapacityAssignmentConfiguration, athena_get_assignments, p_assignments,
       "The workgroups of a reservation."),
    OP(ListDataCatalogs, athena_list_data_catalogs, p_page, "Lists data catalogues."),
    OP(GetDataCatalog, athena_get_data_catalog, p_catalog, "Describes a data catalogue."),
    OP(CreateDataCatalog, athena_create_data_catalog, p_put_catalog, "Creates a data catalogue."),
    OP(UpdateDataCatalog, athena_update_data_catalog, p_put_catalog, "Changes a data catalogue."),
    OP(DeleteDataCatalog, athena_delete_data_catalog, p_catalog, "Deletes a data catalogue."),
    OP(ListDatabases, athena_list_databases, p_databases, "Lists databases."),
    OP(GetDatabase, athena_get_database, p_database, "Describes a database."),
    OP(ListTableMetadata, athena_list_table_metadata, p_tables, "Lists tables with columns."),
    OP(GetTableMetadata, athena_get_table_metadata, p_table, "Describes a table's columns."),
    {0}};

const struct api_service *athena_service_new(struct query_service *q, struct catalog *c) {
    struct athena *s = mem_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->query = q;
    s->catalog = c;
    s->service = (struct api_service){.name = "athena",
                                      .target_prefix = "AmazonAthena",
                                      .protocol = API_JSON_1_1,
                                      .ops = athena_operations,
                                      .invalid = ERR_INVALID_REQUEST,
                                      .ctx = s};
    return &s->service;
}

void athena_service_free(const struct api_service **s) {
    if (*s)
        mem_free((*s)->ctx);
    *s = NULL;
}
