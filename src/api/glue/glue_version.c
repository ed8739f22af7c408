/* glue_version.c - what a table was before each update. */
#include "api/glue/glue_int.h"
#include <stdio.h>

int glue_version(struct bytes text, int64_t *ret, struct err *e) {
    if (bytes_to_i64(text, ret) && *ret >= 0)
        return 0;
    return err_set(e, ERR_INVALID_INPUT, "VersionId %.*s is not a version.", BYTES_ARG(text));
}

static int write_version(struct api_call *call, const struct catalog_table *t) {
    char version[24];
    snprintf(version, sizeof version, "%lld", (long long)t->version_id);
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Table");
    int rc = glue_write_table(call, t);
    jsonw_kv_cstr(&call->out, "VersionId", version);
    jsonw_end_object(&call->out);
    return rc;
}

/* The table's current version when the request names none. */
int glue_get_table_version(struct api_call *call) {
    struct bytes database = glue_name(call, call->in, "DatabaseName");
    struct bytes name = glue_name(call, call->in, "TableName");
    struct bytes text = json_get_str(call->in, "VersionId");
    struct catalog *c = glue_catalog(call);
    struct catalog_table t;
    int64_t version = 0;
    int rc = text.len ? glue_version(text, &version, &call->err) : 0;
    if (!rc)
        rc = text.len ? catalog_table_version_get(c, call->arena, database, name, version, &t,
                                                  &call->err)
                      : catalog_table_get(c, call->arena, database, name, &t, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "TableVersion");
    rc = write_version(call, &t);
    jsonw_end_object(&call->out);
    return rc;
}

int glue_get_table_versions(struct api_call *call) {
    struct bytes token;
    struct catalog_table *t;
    size_t max = glue_max_results(call, 100), n;
    int64_t before = INT64_MAX;
    int rc = glue_token(call, "glue:GetTableVersions", &token);
    if (!rc && token.len)
        rc = glue_version(token, &before, &call->err);
    if (!rc)
        rc = catalog_table_version_list(
            glue_catalog(call), call->arena, glue_name(call, call->in, "DatabaseName"),
            glue_name(call, call->in, "TableName"), before, max + 1, &t, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "TableVersions");
    jsonw_array(&call->out);
    for (size_t i = 0; i < n && i < max && !rc; i++)
        rc = write_version(call, &t[i]);
    jsonw_end_array(&call->out);
    if (n > max)
        glue_write_token(call, "glue:GetTableVersions",
                         arena_fmt(call->arena, "%lld", (long long)t[max - 1].version_id));
    jsonw_end_object(&call->out);
    return rc;
}

static int delete_version(struct api_call *call, struct bytes text, struct err *e) {
    int64_t version;
    int rc = glue_version(text, &version, e);
    return rc ? rc
              : catalog_table_version_delete(glue_catalog(call),
                                             glue_name(call, call->in, "DatabaseName"),
                                             glue_name(call, call->in, "TableName"), version, e);
}

int glue_delete_table_version(struct api_call *call) {
    return delete_version(call, json_get_str(call->in, "VersionId"), &call->err);
}

int glue_batch_delete_table_version(struct api_call *call) {
    const struct bytes *versions;
    struct catalog_table t;
    size_t n;
    int rc = glue_strings(call, json_get(call->in, "VersionIds"), &versions, &n);
    if (!rc)
        rc = catalog_table_get(glue_catalog(call), call->arena,
                               glue_name(call, call->in, "DatabaseName"),
                               glue_name(call, call->in, "TableName"), &t, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Errors");
    jsonw_array(&call->out);
    for (size_t i = 0; i < n; i++) {
        struct err e;
        if (!delete_version(call, versions[i], &e))
            continue;
        jsonw_object(&call->out);
        jsonw_kv_str(&call->out, "TableName", t.name);
        jsonw_kv_str(&call->out, "VersionId", versions[i]);
        glue_write_error_detail(&call->out, &e);
        jsonw_end_object(&call->out);
    }
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return 0;
}
