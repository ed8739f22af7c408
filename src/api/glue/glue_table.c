/* glue_table.c - tables. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include "base/log.h"
#include <stdio.h>

int glue_find_table(struct api_call *call, struct catalog_table *ret, const struct json **ret_in) {
    struct json *in = NULL;
    int rc = catalog_table_get(glue_catalog(call), call->arena,
                               glue_name(call, call->in, "DatabaseName"),
                               glue_name(call, call->in, "TableName"), ret, &call->err);
    if (!rc)
        rc = json_parse(call->arena, ret->json, &in, &call->err);
    *ret_in = in;
    return rc;
}

static int read_input(struct api_call *call, struct bytes *ret_name, struct bytes *ret_json) {
    const struct json *in = json_get(call->in, "TableInput");
    int rc = glue_check(in, "table", &glue_shape_table, &call->err);
    if (rc)
        return rc;
    *ret_name = glue_name(call, in, "Name");
    *ret_json = glue_stored(call, in, *ret_name);
    return call->arena->failed ? glue_out_of_memory(call) : 0;
}

/* What Tarn cannot do with a table is refused by name, never dropped in silence. */
static int check_supported(struct api_call *call, const char *member) {
    if (!json_get(call->in, member))
        return 0;
    return err_set(&call->err, ERR_NOT_IMPLEMENTED,
                   "Tarn does not implement %s yet: write the Iceberg metadata with a client such "
                   "as PyIceberg and name it in Parameters.metadata_location.",
                   member);
}

/* A table whose indexes could not be made is not left behind. */
static int add_indexes(struct api_call *call, struct bytes database, struct bytes name) {
    struct catalog_table t;
    struct err ignored;
    if (!json_get(call->in, "PartitionIndexes"))
        return 0;
    int rc = catalog_table_get(glue_catalog(call), call->arena, database, name, &t, &call->err);
    if (!rc)
        rc = glue_create_indexes(call, t.id);
    if (rc && catalog_table_delete(glue_catalog(call), database, name, &ignored))
        log_write(LOG_ERROR, "glue", "%s", ignored.text);
    return rc;
}

int glue_create_table(struct api_call *call) {
    struct bytes database = glue_name(call, call->in, "DatabaseName"), name = {0}, json = {0};
    struct catalog_database there;
    struct catalog_table taken;
    struct err none;
    int rc = read_input(call, &name, &json);
    if (!rc)
        rc = glue_check_indexes(call, json_get(call->in, "TableInput"));
    if (!rc && json_get(call->in, "OpenTableFormatInput")) {
        rc = catalog_database_get(glue_catalog(call), call->arena, database, &there, &call->err);
        if (!rc &&
            catalog_table_get(glue_catalog(call), call->arena, database, name, &taken, &none))
            rc = glue_iceberg_input(call, &json);
    }
    if (!rc)
        rc = catalog_table_create(glue_catalog(call), database, name, json, &call->err);
    return rc ? rc : add_indexes(call, database, name);
}

int glue_write_table(struct api_call *call, const struct catalog_table *t) {
    static const char *const skip[] = {"Name", "StorageDescriptor", "Parameters", "PartitionKeys",
                                       NULL};
    struct jsonw *w = &call->out;
    struct json *in;
    char version[24];
    int rc = json_parse(call->arena, t->json, &in, &call->err);
    if (rc)
        return rc;
    snprintf(version, sizeof version, "%lld", (long long)t->version_id);
    jsonw_object(w);
    jsonw_kv_str(w, "Name", t->name);
    jsonw_kv_str(w, "DatabaseName", t->database);
    glue_write_members(w, in, skip);
    glue_write_storage(w, json_get(in, "StorageDescriptor"), false);
    const struct json *keys = json_get(in, "PartitionKeys"), *p = json_get(in, "Parameters");
    jsonw_name(w, "PartitionKeys");
    if (keys)
        jsonw_tree(w, keys);
    else
        jsonw_raw(w, BYTES("[]"));
    jsonw_name(w, "Parameters");
    if (p)
        jsonw_tree(w, p);
    else
        jsonw_raw(w, BYTES("{}"));
    if (!json_get(in, "Retention"))
        jsonw_kv_i64(w, "Retention", 0);
    jsonw_kv_time_ms(w, "CreateTime", t->create_ms);
    jsonw_kv_time_ms(w, "UpdateTime", t->update_ms);
    jsonw_kv_cstr(w, "CreatedBy", "arn:aws:iam::" API_ACCOUNT_ID ":root");
    jsonw_kv_bool(w, "IsRegisteredWithLakeFormation", false);
    jsonw_kv_cstr(w, "CatalogId", API_ACCOUNT_ID);
    jsonw_kv_cstr(w, "VersionId", version);
    jsonw_end_object(w);
    return 0;
}

int glue_get_table(struct api_call *call) {
    struct catalog_table t;
    int rc = catalog_table_get(glue_catalog(call), call->arena,
                               glue_name(call, call->in, "DatabaseName"),
                               glue_name(call, call->in, "Name"), &t, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Table");
    rc = glue_write_table(call, &t);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- GetTables ---- */
/* AttributesToGet: NAME alone, or with TABLE_TYPE, leaves the rest out. */
struct attributes {
    bool all, type;
};
static struct attributes read_attributes(struct api_call *call) {
    const struct json *list = json_get(call->in, "AttributesToGet");
    struct attributes a = {.all = !list || list->count == 0};
    JSON_FOR_EACH(item, list) {
        a.type |= bytes_eq_str(item->text, "TABLE_TYPE");
        a.all |= !bytes_eq_str(item->text, "TABLE_TYPE") && !bytes_eq_str(item->text, "NAME");
    }
    return a;
}

static int write_attributes(struct api_call *call, const struct attributes *a,
                            const struct catalog_table *t) {
    struct json *in;
    if (a->all)
        return glue_write_table(call, t);
    int rc = json_parse(call->arena, t->json, &in, &call->err);
    if (rc)
        return rc;
    struct bytes type = json_get_str(in, "TableType");
    jsonw_object(&call->out);
    jsonw_kv_str(&call->out, "Name", t->name);
    jsonw_kv_str(&call->out, "DatabaseName", t->database);
    jsonw_kv_cstr(&call->out, "CatalogId", API_ACCOUNT_ID);
    if (a->type && type.len)
        jsonw_kv_str(&call->out, "TableType", type);
    jsonw_end_object(&call->out);
    return 0;
}

/* Fills a page of `max` passing tables; asks the catalogue for more until it has one too many. */
static int write_tables(struct api_call *call, const struct glue_pattern *p, struct bytes after) {
    struct bytes database = glue_name(call, call->in, "DatabaseName"), last = after;
    struct attributes attributes = read_attributes(call);
    size_t max = glue_max_results(call, 100), written = 0, n = max + 1;
    int rc = 0;
    bool more = false;
    while (!rc && !more && n > max) {
        struct catalog_table *t;
        rc = catalog_table_list(glue_catalog(call), call->arena, database, after, max + 1, &t, &n,
                                &call->err);
        for (size_t i = 0; !rc && !more && i < n; i++) {
            after = t[i].name;
            if (!glue_pattern_pass(p, t[i].name))
                continue;
            more = written == max;
            if (more)
                break;
            rc = write_attributes(call, &attributes, &t[i]);
            last = t[i].name;
            written++;
        }
    }
    jsonw_end_array(&call->out);
    if (more)
        glue_write_token(call, "glue:GetTables", last);
    return rc;
}

static int get_tables(struct api_call *call) {
    struct glue_pattern *p = NULL;
    struct bytes after;
    int rc = glue_token(call, "glue:GetTables", &after);
    if (!rc)
        rc = glue_pattern_new(call, json_get_str(call->in, "Expression"), "Expression", &p);
    if (!rc) {
        jsonw_object(&call->out);
        jsonw_name(&call->out, "TableList");
        jsonw_array(&call->out);
        rc = write_tables(call, p, after);
        jsonw_end_object(&call->out);
    }
    glue_pattern_free(&p);
    return rc;
}

/* A pattern may walk many tables to fill a page. */
int glue_get_tables(struct api_call *call) {
    return json_get_str(call->in, "Expression").len ? glue_aside(call, get_tables)
                                                    : get_tables(call);
}

/* ---- changes ---- */
int glue_update_table(struct api_call *call) {
    struct bytes name, json, version = json_get_str(call->in, "VersionId");
    int64_t expected = -1;
    int rc = check_supported(call, "UpdateOpenTableFormatInput");
    if (!rc)
        rc = read_input(call, &name, &json);
    if (!rc && version.len)
        rc = glue_version(version, &expected, &call->err);
    if (rc)
        return rc;
    return catalog_table_update(glue_catalog(call), glue_name(call, call->in, "DatabaseName"), name,
                                json, expected, json_get_bool(call->in, "SkipArchive", false),
                                &call->err);
}

int glue_delete_table(struct api_call *call) {
    return catalog_table_delete(glue_catalog(call), glue_name(call, call->in, "DatabaseName"),
                                glue_name(call, call->in, "Name"), &call->err);
}

static bool is_database_missing(struct api_call *call, struct bytes database) {
    struct catalog_database d;
    return catalog_database_get(glue_catalog(call), call->arena, database, &d, &call->err) != 0;
}

int glue_batch_delete_table(struct api_call *call) {
    struct bytes database = glue_name(call, call->in, "DatabaseName");
    const struct bytes *names;
    size_t n;
    int rc = glue_strings(call, json_get(call->in, "TablesToDelete"), &names, &n);
    if (rc)
        return rc;
    if (is_database_missing(call, database))
        return call->err.code;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Errors");
    jsonw_array(&call->out);
    for (size_t i = 0; i < n; i++) {
        struct err e;
        if (!catalog_table_delete(glue_catalog(call), database, glue_lower(call, names[i]), &e))
            continue;
        jsonw_object(&call->out);
        jsonw_kv_str(&call->out, "TableName", names[i]);
        glue_write_error_detail(&call->out, &e);
        jsonw_end_object(&call->out);
    }
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return 0;
}
