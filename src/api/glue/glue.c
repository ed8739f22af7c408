/* glue.c - the Glue service's operation table, and what its handlers share.
 *
 * The catalogue keeps the input objects as sent (DatabaseInput, TableInput, PartitionInput); an
 * answer is the stored object with the members that Glue adds (DatabaseName, CreateTime, CatalogId,
 * VersionId, ...) and the defaults that clients rely on. */
#include "api/glue/glue_int.h"

/* ---- requests ---- */
struct bytes glue_name(struct api_call *call, const struct json *in, const char *name) {
    struct bytes v = arena_copy(call->arena, json_get_str(in, name));
    char *p = (char *)v.ptr;
    for (size_t i = 0; p && i < v.len; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
    return v;
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

void glue_write_storage(struct jsonw *w, const struct json *stored) {
    static const char *const none[] = {NULL};
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
    glue_write_members(w, stored, none);
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (!json_get(stored, defaults[i].name))
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

/* ---- operations that answer "none" until their issue ---- */
static int answer(struct api_call *call, const char *json) {
    buf_add_str(&call->out_buf, json);
    return 0;
}
static int get_user_defined_functions(struct api_call *call) {
    return answer(call, "{\"UserDefinedFunctions\":[]}");
}
static int get_column_statistics(struct api_call *call) {
    return answer(call, "{\"ColumnStatisticsList\":[],\"Errors\":[]}");
}
static int get_partition_indexes(struct api_call *call) {
    return answer(call, "{\"PartitionIndexDescriptorList\":[]}");
}
static int get_tags(struct api_call *call) {
    return answer(call, "{\"Tags\":{}}");
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

static const struct api_param p_name[] = {NAME("Name"), END};
static const struct api_param p_database_input[] = {STRUCT("DatabaseInput"), END};
static const struct api_param p_update_database[] = {NAME("Name"), STRUCT("DatabaseInput"), END};
static const struct api_param p_page[] = {TOKEN, MAX(100), END};
static const struct api_param p_table_input[] = {NAME("DatabaseName"), STRUCT("TableInput"), END};
static const struct api_param p_table[] = {NAME("DatabaseName"), NAME("Name"), END};
static const struct api_param p_tables[] = {
    NAME("DatabaseName"), {"Expression", API_STRING, false, 0, 2048, NULL}, TOKEN, MAX(100), END};
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
static const struct api_param p_partitions[] = {NAME("DatabaseName"),
                                                NAME("TableName"),
                                                {"Expression", API_STRING, false, 0, 2048, NULL},
                                                TOKEN,
                                                MAX(1000),
                                                {"Segment", API_STRUCT, false, 0, 0, NULL},
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

#define OP(n, handler, params, text)                                                               \
    { #n, handler, params, "glue:" #n, text }
const struct api_op glue_operations[] = {
    OP(CreateDatabase, glue_create_database, p_database_input, "Creates a database."),
    OP(GetDatabase, glue_get_database, p_name, "Describes a database."),
    OP(GetDatabases, glue_get_databases, p_page, "Lists databases in name order."),
    OP(UpdateDatabase, glue_update_database, p_update_database, "Replaces a database's settings."),
    OP(DeleteDatabase, glue_delete_database, p_name, "Deletes a database with its tables."),
    OP(CreateTable, glue_create_table, p_table_input, "Creates a table."),
    OP(GetTable, glue_get_table, p_table, "Describes a table."),
    OP(GetTables, glue_get_tables, p_tables, "Lists a database's tables, by regular expression."),
    OP(GetTableVersions, glue_get_table_versions, p_versions,
       "Lists a table's versions, newest first."),
    OP(GetTableVersion, glue_get_table_version, p_get_version,
       "Describes a table as it was, or as it is."),
    OP(DeleteTableVersion, glue_delete_table_version, p_delete_version,
       "Forgets an older version of a table."),
    OP(BatchDeleteTableVersion, glue_batch_delete_table_version, p_delete_versions,
       "Forgets older versions of a table."),
    OP(UpdateTable, glue_update_table, p_table_input,
       "Replaces a table's definition; VersionId makes it optimistic, SkipArchive keeps no "
       "version."),
    OP(DeleteTable, glue_delete_table, p_table, "Deletes a table with its partitions."),
    OP(BatchDeleteTable, glue_batch_delete_table, p_delete_tables, "Deletes tables."),
    OP(CreatePartition, glue_create_partition, p_partition_input, "Registers a partition."),
    OP(BatchCreatePartition, glue_batch_create_partition, p_partition_inputs,
       "Registers up to 100 partitions."),
    OP(GetPartition, glue_get_partition, p_values, "Describes a partition."),
    OP(GetPartitions, glue_get_partitions, p_partitions,
       "Lists partitions by expression, in segments."),
    OP(BatchGetPartition, glue_batch_get_partition, p_to_get, "Describes partitions by values."),
    OP(UpdatePartition, glue_update_partition, p_update_partition, "Replaces a partition."),
    OP(BatchUpdatePartition, glue_batch_update_partition, p_entries, "Replaces partitions."),
    OP(DeletePartition, glue_delete_partition, p_values, "Deletes a partition."),
    OP(BatchDeletePartition, glue_batch_delete_partition, p_to_delete, "Deletes partitions."),
    OP(GetUserDefinedFunctions, get_user_defined_functions, NULL, "Answers an empty list."),
    OP(GetColumnStatisticsForTable, get_column_statistics, NULL, "Answers an empty list."),
    OP(GetColumnStatisticsForPartition, get_column_statistics, NULL, "Answers an empty list."),
    OP(GetPartitionIndexes, get_partition_indexes, NULL, "Answers an empty list."),
    OP(GetTags, get_tags, NULL, "Answers no tags."),
    {0}};

const struct api_service *glue_service_new(struct catalog *c) {
    struct api_service *s = mem_calloc(1, sizeof *s);
    if (s)
        *s = (struct api_service){.name = "glue",
                                  .target_prefix = "AWSGlue",
                                  .protocol = API_JSON_1_1,
                                  .ops = glue_operations,
                                  .ctx = c};
    return s;
}

void glue_service_free(const struct api_service **s) {
    mem_free((void *)*s);
    *s = NULL;
}
