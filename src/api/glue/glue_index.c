/* glue_index.c - partition indexes.
 *
 * AWS needs an index to look partitions up by value and builds it in the background. Tarn's
 * partitions are always in value order, so an index is ACTIVE as soon as it is declared; it is kept
 * for the clients that declare and list it. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include "catalog/indexes.h"

/* Types that AWS lets an index have. */
static bool is_indexable(struct bytes type) {
    static const char *const types[] = {"string",  "int",  "bigint", "smallint",
                                        "tinyint", "long", "date",   "integer"};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (bytes_eq_nocase(type, bytes_str(types[i])))
            return true;
    return type.len == 0 || bytes_starts_with(type, BYTES("char(")) ||
           bytes_starts_with(type, BYTES("varchar("));
}

static const struct json *find_key(const struct json *table_in, struct bytes name) {
    JSON_FOR_EACH(key, json_get(table_in, "PartitionKeys"))
    if (bytes_eq_nocase(json_get_str(key, "Name"), name))
        return key;
    return NULL;
}

static int check_keys(struct api_call *call, const struct json *table_in, const struct json *keys) {
    JSON_FOR_EACH(k, keys) {
        const struct json *key = find_key(table_in, k->text);
        struct bytes type = json_get_str(key, "Type");
        if (!key)
            return err_set(&call->err, ERR_INVALID_INPUT,
                           "Index key %.*s is not a partition key of the table.",
                           BYTES_ARG(k->text));
        if (!is_indexable(type))
            return err_set(&call->err, ERR_INVALID_INPUT,
                           "Partition key %.*s of type %.*s cannot be in an index.",
                           BYTES_ARG(k->text), BYTES_ARG(type));
        for (const struct json *other = k->next; other; other = other->next)
            if (bytes_eq_nocase(other->text, k->text))
                return err_set(&call->err, ERR_INVALID_INPUT, "Index key %.*s is there twice.",
                               BYTES_ARG(k->text));
    }
    return 0;
}

/* The keys as a JSON array, in lower case. */
static struct bytes keys_json(struct api_call *call, const struct json *keys) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_array(&w);
    JSON_FOR_EACH(k, keys)
    jsonw_str(&w, glue_lower(call, k->text));
    jsonw_end_array(&w);
    struct bytes v = buf_ok(&out) ? arena_copy(call->arena, buf_bytes(&out)) : BYTES("");
    buf_clear(&out);
    if (v.len == 0)
        call->arena->failed = true;
    return v;
}

static int create(struct api_call *call, int64_t table_id, const struct json *index) {
    struct catalog_index i = {.name = json_get_str(index, "IndexName"),
                              .keys_json = keys_json(call, json_get(index, "Keys"))};
    if (call->arena->failed)
        return glue_out_of_memory(call);
    return catalog_index_create(glue_catalog(call), table_id, &i, &call->err);
}

int glue_create_partition_index(struct api_call *call) {
    const struct json *index = json_get(call->in, "PartitionIndex"), *table_in;
    struct catalog_table t = {0};
    int rc = glue_check(index, "partitionIndex", &glue_shape_index, &call->err);
    if (!rc)
        rc = glue_find_table(call, &t, &table_in);
    if (!rc)
        rc = check_keys(call, table_in, json_get(index, "Keys"));
    return rc ? rc : create(call, t.id, index);
}

int glue_check_indexes(struct api_call *call, const struct json *table_in) {
    const struct json *list = json_get(call->in, "PartitionIndexes");
    int rc = list ? glue_check(list, "partitionIndexes", &glue_shape_indexes, &call->err) : 0;
    if (!rc && list && list->count > CATALOG_INDEX_MAX)
        rc =
            err_set_named(&call->err, ERR_LIMIT_EXCEEDED, "ResourceNumberLimitExceededException",
                          400, "A table can have at most %d partition indexes.", CATALOG_INDEX_MAX);
    JSON_FOR_EACH(index, list)
    if (!rc)
        rc = check_keys(call, table_in, json_get(index, "Keys"));
    return rc;
}

int glue_create_indexes(struct api_call *call, int64_t table_id) {
    int rc = 0;
    JSON_FOR_EACH(index, json_get(call->in, "PartitionIndexes"))
    if (!rc)
        rc = create(call, table_id, index);
    return rc;
}

int glue_delete_partition_index(struct api_call *call) {
    const struct json *table_in;
    struct catalog_table t = {0};
    int rc = glue_find_table(call, &t, &table_in);
    return rc ? rc
              : catalog_index_delete(glue_catalog(call), t.id, json_get_str(call->in, "IndexName"),
                                     &call->err);
}

static int write_index(struct api_call *call, const struct json *table_in,
                       const struct catalog_index *index) {
    struct jsonw *w = &call->out;
    struct json *keys;
    int rc = json_parse(call->arena, index->keys_json, &keys, &call->err);
    if (rc)
        return rc;
    jsonw_object(w);
    jsonw_kv_str(w, "IndexName", index->name);
    jsonw_name(w, "Keys");
    jsonw_array(w);
    JSON_FOR_EACH(k, keys) {
        struct bytes type = json_get_str(find_key(table_in, k->text), "Type");
        jsonw_object(w);
        jsonw_kv_str(w, "Name", k->text);
        jsonw_kv_str(w, "Type", type.len ? type : BYTES("string"));
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_kv_cstr(w, "IndexStatus", "ACTIVE");
    jsonw_end_object(w);
    return 0;
}

/* At most three: never more than one page. */
int glue_get_partition_indexes(struct api_call *call) {
    const struct json *table_in;
    struct catalog_index *v;
    struct catalog_table t = {0};
    size_t n;
    int rc = glue_find_table(call, &t, &table_in);
    if (!rc)
        rc = catalog_index_list(glue_catalog(call), call->arena, t.id, &v, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "PartitionIndexDescriptorList");
    jsonw_array(&call->out);
    for (size_t i = 0; !rc && i < n; i++)
        rc = write_index(call, table_in, &v[i]);
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return rc;
}
