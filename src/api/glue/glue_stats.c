/* glue_stats.c - column statistics of tables and partitions.
 *
 * Stored and given back as sent: whoever computed them (Spark, Trino, Hive) is who reads them. An
 * update answers per column; one whose data does not belong to the table's columns, or lacks the
 * member that its Type names, is in Errors and the others are stored. Column names are compared in
 * lower case. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include "catalog/stats.h"

struct owner {
    struct catalog_stats_owner id;
    const struct json *table_in;
};

/* The partition when the operation is one ...ForPartition (it requires PartitionValues). */
static int find_owner(struct api_call *call, struct owner *ret) {
    const struct json *list = json_get(call->in, "PartitionValues");
    const struct bytes *values;
    struct catalog_partition p;
    struct catalog_table t;
    size_t n;
    int rc = glue_find_table(call, &t, &ret->table_in);
    if (rc)
        return rc;
    ret->id = (struct catalog_stats_owner){.table_id = t.id};
    if (!list || !bytes_ends_with(bytes_str(call->op->name), BYTES("ForPartition")))
        return 0;
    rc = glue_strings(call, list, &values, &n);
    if (!rc)
        rc =
            catalog_partition_get(glue_catalog(call), call->arena, t.id, values, n, &p, &call->err);
    if (!rc)
        ret->id.partition_id = p.id;
    return rc;
}

static void write_error(struct jsonw *w, const struct err *e) {
    jsonw_name(w, "Error");
    jsonw_object(w);
    jsonw_kv_cstr(w, "ErrorCode", e->name);
    jsonw_kv_cstr(w, "ErrorMessage", e->text);
    jsonw_end_object(w);
}

/* ---- Get ---- */
static const struct catalog_column_stats *find(const struct catalog_column_stats *v, size_t n,
                                               struct bytes column) {
    for (size_t i = 0; i < n; i++)
        if (bytes_eq(v[i].column, column))
            return &v[i];
    return NULL;
}

/* Once for those that are there, once for those that are not: they are two lists. */
static void write_columns(struct api_call *call, const struct catalog_column_stats *v, size_t n,
                          bool found) {
    jsonw_array(&call->out);
    JSON_FOR_EACH(item, json_get(call->in, "ColumnNames")) {
        const struct catalog_column_stats *s = find(v, n, glue_lower(call, item->text));
        struct err e;
        if (s && found)
            jsonw_raw(&call->out, s->json);
        if (s || found)
            continue;
        err_set(&e, ERR_ENTITY_NOT_FOUND, "Column statistics not found for %.*s.",
                BYTES_ARG(item->text));
        jsonw_object(&call->out);
        jsonw_kv_str(&call->out, "ColumnName", item->text);
        write_error(&call->out, &e);
        jsonw_end_object(&call->out);
    }
    jsonw_end_array(&call->out);
}

int glue_get_column_statistics(struct api_call *call) {
    struct catalog_column_stats *v = NULL;
    struct owner o = {0};
    size_t n = 0;
    int rc = glue_check(json_get(call->in, "ColumnNames"), "columnNames", &glue_shape_column_names,
                        &call->err);
    if (!rc)
        rc = find_owner(call, &o);
    if (!rc)
        rc = catalog_stats_list(glue_catalog(call), call->arena, o.id, &v, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "ColumnStatisticsList");
    write_columns(call, v, n, true);
    jsonw_name(&call->out, "Errors");
    write_columns(call, v, n, false);
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- Update ---- */
static bool has_column(const struct json *columns, struct bytes name) {
    JSON_FOR_EACH(c, columns)
    if (bytes_eq_nocase(json_get_str(c, "Name"), name))
        return true;
    return false;
}

static bool table_has_column(const struct json *in, struct bytes name) {
    return has_column(json_get(json_get(in, "StorageDescriptor"), "Columns"), name) ||
           has_column(json_get(in, "PartitionKeys"), name);
}

/* "LONG" -> StatisticsData has LongColumnStatisticsData. */
static bool has_data(const struct json *data) {
    static const struct {
        const char *type, *member;
    } members[] = {
        {"BOOLEAN", "BooleanColumnStatisticsData"}, {"DATE", "DateColumnStatisticsData"},
        {"DECIMAL", "DecimalColumnStatisticsData"}, {"DOUBLE", "DoubleColumnStatisticsData"},
        {"LONG", "LongColumnStatisticsData"},       {"STRING", "StringColumnStatisticsData"},
        {"BINARY", "BinaryColumnStatisticsData"}};
    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (bytes_eq_str(json_get_str(data, "Type"), members[i].type))
            return json_get(data, members[i].member) != NULL;
    return false;
}

static int check_item(const struct owner *o, const struct json *item, struct err *e) {
    struct bytes name = json_get_str(item, "ColumnName");
    const struct json *data = json_get(item, "StatisticsData");
    if (!table_has_column(o->table_in, name))
        return err_set(e, ERR_ENTITY_NOT_FOUND, "Column %.*s not found.", BYTES_ARG(name));
    if (has_data(data))
        return 0;
    struct bytes type = json_get_str(data, "Type");
    return err_set(e, ERR_INVALID_INPUT,
                   "StatisticsData of column %.*s has Type %.*s and no data of that type.",
                   BYTES_ARG(name), BYTES_ARG(type));
}

static void write_rejected(struct api_call *call, const struct json *item, const struct err *e) {
    jsonw_object(&call->out);
    jsonw_name(&call->out, "ColumnStatistics");
    jsonw_tree(&call->out, item);
    write_error(&call->out, e);
    jsonw_end_object(&call->out);
}

static int store(struct api_call *call, const struct owner *o, const struct json *list) {
    struct catalog_column_stats *v =
        ARENA_NEW_N(call->arena, struct catalog_column_stats, list->count + 1);
    size_t n = 0;
    if (!v)
        return glue_out_of_memory(call);
    JSON_FOR_EACH(item, list) {
        struct err e;
        if (check_item(o, item, &e)) {
            write_rejected(call, item, &e);
            continue;
        }
        v[n].column = glue_lower(call, json_get_str(item, "ColumnName"));
        v[n++].json = glue_stored(call, item, (struct bytes){0});
    }
    if (call->arena->failed)
        return glue_out_of_memory(call);
    return n ? catalog_stats_put(glue_catalog(call), o->id, v, n, &call->err) : 0;
}

int glue_update_column_statistics(struct api_call *call) {
    const struct json *list = json_get(call->in, "ColumnStatisticsList");
    struct owner o = {0};
    int rc = glue_check(list, "columnStatisticsList", &glue_shape_statistics, &call->err);
    if (!rc)
        rc = find_owner(call, &o);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Errors");
    jsonw_array(&call->out);
    rc = store(call, &o, list);
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- Delete ---- */
int glue_delete_column_statistics(struct api_call *call) {
    struct owner o = {0};
    int rc = find_owner(call, &o);
    return rc ? rc
              : catalog_stats_delete(glue_catalog(call), o.id,
                                     glue_name(call, call->in, "ColumnName"), &call->err);
}
