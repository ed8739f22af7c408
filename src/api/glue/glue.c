/* glue.c - the Glue service's operation table, and what its handlers share.
 *
 * The catalogue keeps the input objects as sent (DatabaseInput, TableInput, PartitionInput); an
 * answer is the stored object with the members that Glue adds (DatabaseName, CreateTime, CatalogId,
 * VersionId, ...) and the defaults that clients rely on. */
#include "api/glue/glue_crawler.h"
#include "api/glue/glue_int.h"

/* ---- requests ---- */
struct bytes glue_lower(struct api_call *call, struct bytes text) {
    struct bytes v = arena_copy(call->arena, text);
    char *p = (char *)v.ptr;
    for (size_t i = 0; p && i < v.len; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
    return v;
}

struct bytes glue_name(struct api_call *call, const struct json *in, const char *name) {
    return glue_lower(call, json_get_str(in, name));
}

int glue_need(struct api_call *call, const struct json *in, const char *name, const char *path,
              const struct json **ret) {
    *ret = json_get(in, name);
    if (*ret)
        return 0;
    return err_set(&call->err, ERR_VALIDATION,
                   "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                   "Member must not be null",
                   path);
}

int glue_strings(struct api_call *call, const struct json *list, const struct bytes **ret,
                 size_t *ret_count) {
    size_t n = list ? list->count : 0, i = 0;
    struct bytes *v = ARENA_NEW_N(call->arena, struct bytes, n ? n : 1);
    if (!v)
        return glue_out_of_memory(call);
    JSON_FOR_EACH(item, list) {
        if (item->kind != JSON_STRING)
            return err_set(&call->err, ERR_SERIALIZATION, "The list must hold strings only.");
        v[i++] = item->text;
    }
    *ret = v;
    *ret_count = i;
    return 0;
}

size_t glue_max_results(const struct api_call *call, size_t max) {
    int64_t n = json_get_i64(call->in, "MaxResults", (int64_t)max);
    return n < 1 || n > (int64_t)max ? max : (size_t)n;
}

int glue_token(struct api_call *call, const char *kind, struct bytes *ret) {
    struct bytes token = json_get_str(call->in, "NextToken");
    *ret = BYTES("");
    if (token.len == 0 || api_token_decode(call->arena, kind, token, ret))
        return 0;
    return err_set(&call->err, ERR_INVALID_INPUT,
                   "Invalid NextToken: pass the one of the previous answer unchanged.");
}

void glue_write_token(struct api_call *call, const char *kind, struct bytes text) {
    jsonw_kv_str(&call->out, "NextToken", api_token_encode(call->arena, kind, text));
}

int glue_out_of_memory(struct api_call *call) {
    return err_set(&call->err, ERR_NOMEM, NULL);
}

struct bytes glue_stored(struct api_call *call, const struct json *in, struct bytes name) {
    static const char *const skip[] = {"Name", NULL};
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    if (name.ptr)
        jsonw_kv_str(&w, "Name", name);
    glue_write_members(&w, in, name.ptr ? skip : skip + 1);
    jsonw_end_object(&w);
    struct bytes v = buf_ok(&out) ? arena_copy(call->arena, buf_bytes(&out)) : BYTES("");
    buf_clear(&out);
    if (v.len == 0)
        call->arena->failed = true;
    return v;
}

/* ---- answers ---- */
static bool listed(const char *const *names, struct bytes name) {
    for (; *names; names++)
        if (bytes_eq_str(name, *names))
            return true;
    return false;
}

void glue_write_members(struct jsonw *w, const struct json *stored, const char *const *skip) {
    JSON_FOR_EACH(m, stored) {
        if (m->kind == JSON_NULL || listed(skip, m->name))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
}

void glue_write_storage(struct jsonw *w, const struct json *stored, bool no_columns) {
    static const char *const columns[] = {"Columns", NULL};
    static const struct {
        const char *name, *json;
    } defaults[] = {{"Columns", "[]"},        {"BucketColumns", "[]"},
                    {"SortColumns", "[]"},    {"Parameters", "{}"},
                    {"SerdeInfo", "{}"},      {"Compressed", "false"},
                    {"NumberOfBuckets", "0"}, {"StoredAsSubDirectories", "false"}};
    if (!stored)
        return;
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    glue_write_members(w, stored, no_columns ? columns : columns + 1);
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (!json_get(stored, defaults[i].name) || (no_columns && i == 0))
            jsonw_kv_raw(w, defaults[i].name, bytes_str(defaults[i].json));
    jsonw_end_object(w);
}

void glue_write_error_detail(struct jsonw *w, const struct err *e) {
    jsonw_name(w, "ErrorDetail");
    jsonw_object(w);
    jsonw_kv_cstr(w, "ErrorCode", e->name);
    jsonw_kv_cstr(w, "ErrorMessage", e->text);
    jsonw_end_object(w);
}

/* ---- the table ---- */
#define NAME(n)                                                                                    \
    { n, API_STRING, true, 1, 255, NULL }
#define STRUCT(n)                                                                                  \
    { n, API_STRUCT, true, 0, 0, NULL }
#define LIST(n, max)                                                                               \
    { n, API_LIST, true, 0, max, NULL }
#define MAX(n)                                                                                     \
    { "MaxResults", API_INTEGER, false, 1, n, NULL }
#define TOKEN                                                                                      \
    { "NextToken", API_STRING, false, 0, 0, NULL }
#define END                                                                                        \
    { 0 }

#define ARN(required)                                                                              \
    { "ResourceArn", API_STRING, required, 1, 10240, "arn:aws(-(cn|us-gov|iso(-[bef])?))?:glue:.*" }

static const struct api_param p_name[] = {NAME("Name"), END};
static const struct api_param p_database_input[] = {
    STRUCT("DatabaseInput"), {"Tags", API_MAP, false, 0, 50, NULL}, END};
static const struct api_param p_update_database[] = {NAME("Name"), STRUCT("DatabaseInput"), END};
static const struct api_param p_page[] = {
    TOKEN, MAX(100), {"AttributesToGet", API_LIST, false, 0, 0, NULL}, END};
static const struct api_param p_create_table[] = {
    NAME("DatabaseName"),
    STRUCT("TableInput"),
    {"PartitionIndexes", API_LIST, false, 0, 0, NULL},
    {"OpenTableFormatInput", API_STRUCT, false, 0, 0, NULL},
    END};
static const struct api_param p_update_table[] = {
    NAME("DatabaseName"),
    STRUCT("TableInput"),
    {"VersionId", API_STRING, false, 1, 255, NULL},
    {"SkipArchive", API_BOOLEAN, false, 0, 0, NULL},
    {"UpdateOpenTableFormatInput", API_STRUCT, false, 0, 0, NULL},
    END};
static const struct api_param p_table[] = {NAME("DatabaseName"), NAME("Name"), END};
static const struct api_param p_tables[] = {NAME("DatabaseName"),
                                            {"Expression", API_STRING, false, 0, 2048, NULL},
                                            TOKEN,
                                            MAX(100),
                                            {"AttributesToGet", API_LIST, false, 0, 0, NULL},
                                            END};
static const struct api_param p_versions[] = {NAME("DatabaseName"), NAME("TableName"), TOKEN,
                                              MAX(100), END};
static const struct api_param p_get_version[] = {
    NAME("DatabaseName"), NAME("TableName"), {"VersionId", API_STRING, false, 1, 255, NULL}, END};
static const struct api_param p_delete_version[] = {NAME("DatabaseName"), NAME("TableName"),
                                                    NAME("VersionId"), END};
static const struct api_param p_delete_versions[] = {NAME("DatabaseName"), NAME("TableName"),
                                                     LIST("VersionIds", 100), END};
static const struct api_param p_delete_tables[] = {NAME("DatabaseName"),
                                                   LIST("TablesToDelete", 100), END};
static const struct api_param p_partition_input[] = {NAME("DatabaseName"), NAME("TableName"),
                                                     STRUCT("PartitionInput"), END};
static const struct api_param p_partition_inputs[] = {NAME("DatabaseName"), NAME("TableName"),
                                                      LIST("PartitionInputList", 100), END};
static const struct api_param p_values[] = {NAME("DatabaseName"), NAME("TableName"),
                                            LIST("PartitionValues", 0), END};
static const struct api_param p_partitions[] = {
    NAME("DatabaseName"),
    NAME("TableName"),
    {"Expression", API_STRING, false, 0, 2048, NULL},
    TOKEN,
    MAX(1000),
    {"Segment", API_STRUCT, false, 0, 0, NULL},
    {"ExcludeColumnSchema", API_BOOLEAN, false, 0, 0, NULL},
    END};
static const struct api_param p_to_get[] = {NAME("DatabaseName"), NAME("TableName"),
                                            LIST("PartitionsToGet", 1000), END};
static const struct api_param p_update_partition[] = {NAME("DatabaseName"), NAME("TableName"),
                                                      LIST("PartitionValueList", 100),
                                                      STRUCT("PartitionInput"), END};
static const struct api_param p_entries[] = {NAME("DatabaseName"), NAME("TableName"),
                                             LIST("Entries", 100), END};
static const struct api_param p_to_delete[] = {NAME("DatabaseName"), NAME("TableName"),
                                               LIST("PartitionsToDelete", 25), END};
static const struct api_param p_stats[] = {NAME("DatabaseName"), NAME("TableName"),
                                           LIST("ColumnNames", 100), END};
static const struct api_param p_partition_stats[] = {NAME("DatabaseName"), NAME("TableName"),
                                                     LIST("PartitionValues", 0),
                                                     LIST("ColumnNames", 100), END};
static const struct api_param p_update_stats[] = {NAME("DatabaseName"), NAME("TableName"),
                                                  LIST("ColumnStatisticsList", 25), END};
static const struct api_param p_update_partition_stats[] = {NAME("DatabaseName"), NAME("TableName"),
                                                            LIST("PartitionValues", 0),
                                                            LIST("ColumnStatisticsList", 25), END};
static const struct api_param p_delete_stats[] = {NAME("DatabaseName"), NAME("TableName"),
                                                  NAME("ColumnName"), END};
static const struct api_param p_delete_partition_stats[] = {
    NAME("DatabaseName"), NAME("TableName"), LIST("PartitionValues", 0), NAME("ColumnName"), END};
static const struct api_param p_create_index[] = {NAME("DatabaseName"), NAME("TableName"),
                                                  STRUCT("PartitionIndex"), END};
static const struct api_param p_indexes[] = {NAME("DatabaseName"), NAME("TableName"), TOKEN, END};
static const struct api_param p_index[] = {NAME("DatabaseName"), NAME("TableName"),
                                           NAME("IndexName"), END};
static const struct api_param p_create_function[] = {NAME("DatabaseName"), STRUCT("FunctionInput"),
                                                     END};
static const struct api_param p_update_function[] = {NAME("DatabaseName"), NAME("FunctionName"),
                                                     STRUCT("FunctionInput"), END};
static const struct api_param p_function[] = {NAME("DatabaseName"), NAME("FunctionName"), END};
static const struct api_param p_functions[] = {
    {"DatabaseName", API_STRING, false, 1, 255, NULL},
    NAME("Pattern"),
    {"FunctionType", API_STRING, false, 0, 0,
     "REGULAR_FUNCTION|AGGREGATE_FUNCTION|STORED_PROCEDURE"},
    TOKEN,
    MAX(100),
    END};
static const struct api_param p_tag[] = {ARN(true), {"TagsToAdd", API_MAP, true, 0, 50, NULL}, END};
static const struct api_param p_untag[] = {ARN(true), LIST("TagsToRemove", 50), END};
static const struct api_param p_tags[] = {ARN(true), END};
static const struct api_param p_search[] = {{"Filters", API_LIST, false, 0, 0, NULL},
                                            {"SearchText", API_STRING, false, 1, 1024, NULL},
                                            {"SortCriteria", API_LIST, false, 0, 1, NULL},
                                            TOKEN,
                                            MAX(1000),
                                            END};
static const struct api_param p_encryption[] = {STRUCT("DataCatalogEncryptionSettings"), END};
#define CONDITION                                                                                  \
    { "PolicyHashCondition", API_STRING, false, 1, 255, NULL }
static const struct api_param p_put_policy[] = {
    {"PolicyInJson", API_STRING, true, 2, 1 << 20, NULL},
    ARN(false),
    CONDITION,
    {"PolicyExistsCondition", API_STRING, false, 0, 0, "MUST_EXIST|NOT_EXIST|NONE"},
    {"EnableHybrid", API_STRING, false, 0, 0, "TRUE|FALSE"},
    END};
static const struct api_param p_get_policy[] = {ARN(false), END};
static const struct api_param p_policies[] = {TOKEN, MAX(1000), END};
static const struct api_param p_delete_policy[] = {ARN(false), CONDITION, END};

#define OP(n, handler, params, text)                                                               \
    { #n, handler, params, "glue:" #n, text }
/* Changes run on the writer's thread (glue_queue.c). */
#define LATER(handler)                                                                             \
    static int handler##_later(struct api_call *call) {                                            \
        return glue_later(call, handler);                                                          \
    }
LATER(glue_create_database)
LATER(glue_update_database)
LATER(glue_delete_database)
LATER(glue_create_table)
LATER(glue_delete_table_version)
LATER(glue_batch_delete_table_version)
LATER(glue_update_table)
LATER(glue_delete_table)
LATER(glue_batch_delete_table)
LATER(glue_create_partition)
LATER(glue_batch_create_partition)
LATER(glue_update_partition)
LATER(glue_batch_update_partition)
LATER(glue_delete_partition)
LATER(glue_batch_delete_partition)
LATER(glue_update_column_statistics)
LATER(glue_delete_column_statistics)
LATER(glue_create_partition_index)
LATER(glue_delete_partition_index)
LATER(glue_create_user_defined_function)
LATER(glue_update_user_defined_function)
LATER(glue_delete_user_defined_function)
LATER(glue_tag_resource)
LATER(glue_untag_resource)
LATER(glue_put_encryption_settings)
LATER(glue_put_resource_policy)
LATER(glue_delete_resource_policy)
GLUE_CRAWLER_CHANGES(LATER)
#define CHANGE(n, handler, params, text) OP(n, handler##_later, params, text)

const struct api_op glue_operations[] = {
    CHANGE(CreateDatabase, glue_create_database, p_database_input, "Creates a database."),
    OP(GetDatabase, glue_get_database, p_name, "Describes a database."),
    OP(GetDatabases, glue_get_databases, p_page, "Lists databases in name order."),
    CHANGE(UpdateDatabase, glue_update_database, p_update_database,
           "Replaces a database's settings."),
    CHANGE(DeleteDatabase, glue_delete_database, p_name, "Deletes a database with its tables."),
    CHANGE(CreateTable, glue_create_table, p_create_table, "Creates a table."),
    OP(GetTable, glue_get_table, p_table, "Describes a table."),
    OP(GetTables, glue_get_tables, p_tables, "Lists a database's tables, by regular expression."),
    OP(GetTableVersions, glue_get_table_versions, p_versions,
       "Lists a table's versions, newest first."),
    OP(GetTableVersion, glue_get_table_version, p_get_version,
       "Describes a table as it was, or as it is."),
    CHANGE(DeleteTableVersion, glue_delete_table_version, p_delete_version,
           "Forgets an older version of a table."),
    CHANGE(BatchDeleteTableVersion, glue_batch_delete_table_version, p_delete_versions,
           "Forgets older versions of a table."),
    CHANGE(UpdateTable, glue_update_table, p_update_table,
           "Replaces a table's definition; VersionId makes it optimistic, SkipArchive keeps no "
           "version."),
    CHANGE(DeleteTable, glue_delete_table, p_table, "Deletes a table with its partitions."),
    CHANGE(BatchDeleteTable, glue_batch_delete_table, p_delete_tables, "Deletes tables."),
    CHANGE(CreatePartition, glue_create_partition, p_partition_input, "Registers a partition."),
    CHANGE(BatchCreatePartition, glue_batch_create_partition, p_partition_inputs,
           "Registers up to 100 partitions."),
    OP(GetPartition, glue_get_partition, p_values, "Describes a partition."),
    OP(GetPartitions, glue_get_partitions, p_partitions,
       "Lists partitions by expression, in segments."),
    OP(BatchGetPartition, glue_batch_get_partition, p_to_get, "Describes partitions by values."),
    CHANGE(UpdatePartition, glue_update_partition, p_update_partition, "Replaces a partition."),
    CHANGE(BatchUpdatePartition, glue_batch_update_partition, p_entries, "Replaces partitions."),
    CHANGE(DeletePartition, glue_delete_partition, p_values, "Deletes a partition."),
    CHANGE(BatchDeletePartition, glue_batch_delete_partition, p_to_delete, "Deletes partitions."),
    OP(GetColumnStatisticsForTable, glue_get_column_statistics, p_stats,
       "Gives the statistics of a table's columns."),
    CHANGE(UpdateColumnStatisticsForTable, glue_update_column_statistics, p_update_stats,
           "Stores statistics of a table's columns."),
    CHANGE(DeleteColumnStatisticsForTable, glue_delete_column_statistics, p_delete_stats,
           "Forgets a column's statistics."),
    OP(GetColumnStatisticsForPartition, glue_get_column_statistics, p_partition_stats,
       "Gives the statistics of a partition's columns."),
    CHANGE(UpdateColumnStatisticsForPartition, glue_update_column_statistics,
           p_update_partition_stats, "Stores statistics of a partition's columns."),
    CHANGE(DeleteColumnStatisticsForPartition, glue_delete_column_statistics,
           p_delete_partition_stats, "Forgets a column's statistics in a partition."),
    CHANGE(CreatePartitionIndex, glue_create_partition_index, p_create_index,
           "Declares a partition index; it is ACTIVE at once."),
    OP(GetPartitionIndexes, glue_get_partition_indexes, p_indexes,
       "Lists a table's partition indexes."),
    CHANGE(DeletePartitionIndex, glue_delete_partition_index, p_index, "Drops a partition index."),
    CHANGE(CreateUserDefinedFunction, glue_create_user_defined_function, p_create_function,
           "Registers a function for Hive, Spark or Trino."),
    OP(GetUserDefinedFunction, glue_get_user_defined_function, p_function, "Describes a function."),
    OP(GetUserDefinedFunctions, glue_get_user_defined_functions, p_functions,
       "Lists functions by pattern, of one database or all."),
    CHANGE(UpdateUserDefinedFunction, glue_update_user_defined_function, p_update_function,
           "Replaces a function."),
    CHANGE(DeleteUserDefinedFunction, glue_delete_user_defined_function, p_function,
           "Deletes a function."),
    OP(SearchTables, glue_search_tables, p_search,
       "Finds tables of all databases by text and filters."),
    CHANGE(TagResource, glue_tag_resource, p_tag, "Adds tags to a database, table or crawler."),
    CHANGE(UntagResource, glue_untag_resource, p_untag, "Removes tags."),
    OP(GetTags, glue_get_tags, p_tags, "Lists a resource's tags."),
    OP(GetCatalogImportStatus, glue_get_import_status, NULL,
       "Answers that nothing is left to import."),
    OP(GetDataCatalogEncryptionSettings, glue_get_encryption_settings, NULL,
       "Gives the stored encryption settings."),
    CHANGE(PutDataCatalogEncryptionSettings, glue_put_encryption_settings, p_encryption,
           "Stores encryption settings; nothing is encrypted by them."),
    CHANGE(PutResourcePolicy, glue_put_resource_policy, p_put_policy,
           "Stores a resource policy; it is not evaluated."),
    OP(GetResourcePolicy, glue_get_resource_policy, p_get_policy, "Gives a resource policy."),
    OP(GetResourcePolicies, glue_get_resource_policies, p_policies, "Lists resource policies."),
    CHANGE(DeleteResourcePolicy, glue_delete_resource_policy, p_delete_policy,
           "Deletes a resource policy."),
    GLUE_CRAWLER_OPS(OP, CHANGE),
    {0}};

const struct api_service *glue_service_new(struct catalog *c, struct crawl_service *crawl,
                                           struct store *store) {
    struct glue_service *s = mem_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->catalog = c;
    s->crawl = crawl;
    s->store = store;
    s->api = (struct api_service){.name = "glue",
                                  .target_prefix = "AWSGlue",
                                  .protocol = API_JSON_1_1,
                                  .ops = glue_operations,
                                  .ctx = s};
    if (glue_queue_new(&s->writer) || glue_queue_new(&s->searcher)) {
        glue_queue_free(&s->writer);
        mem_free(s);
        return NULL;
    }
    return &s->api;
}

void glue_service_free(const struct api_service **api) {
    if (!*api)
        return;
    struct glue_service *s = (*api)->ctx;
    glue_queue_free(&s->writer);
    glue_queue_free(&s->searcher);
    mem_free(s);
    *api = NULL;
}
