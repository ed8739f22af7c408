/* glue_database.c - databases. */
#include "api/glue/glue_int.h"

int glue_create_database(struct api_call *call) {
    const struct json *in = json_get(call->in, "DatabaseInput"), *name_member;
    int rc = glue_need(call, in, "Name", "databaseInput.name", &name_member);
    if (rc)
        return rc;
    struct bytes name = glue_name(call, in, "Name");
    struct bytes stored = glue_stored(call, in, name);
    if (call->arena->failed)
        return glue_out_of_memory(call);
    if (name.len < 1 || name.len > 255)
        return err_set(&call->err, ERR_VALIDATION,
                       "1 validation error detected: Value at 'databaseInput.name' failed to "
                       "satisfy constraint: Member must have length between 1 and 255");
    return catalog_database_create(glue_catalog(call), name, stored, &call->err);
}

static int write_database(struct api_call *call, const struct catalog_database *d) {
    static const char *const skip[] = {"Name", "Parameters", "CreateTableDefaultPermissions", NULL};
    struct jsonw *w = &call->out;
    struct json *in;
    int rc = json_parse(call->arena, d->json, &in, &call->err);
    if (rc)
        return rc;
    const struct json *parameters = json_get(in, "Parameters");
    jsonw_object(w);
    jsonw_kv_str(w, "Name", d->name);
    glue_write_members(w, in, skip);
    jsonw_name(w, "Parameters");
    if (parameters)
        jsonw_tree(w, parameters);
    else
        jsonw_raw(w, BYTES("{}"));
    jsonw_kv_raw(w, "CreateTableDefaultPermissions",
                 BYTES("[{\"Principal\":{\"DataLakePrincipalIdentifier\":\"IAM_ALLOWED_PRINCIPALS\""
                       "},\"Permissions\":[\"ALL\"]}]"));
    jsonw_kv_time_ms(w, "CreateTime", d->create_ms);
    jsonw_kv_cstr(w, "CatalogId", API_ACCOUNT_ID);
    jsonw_end_object(w);
    return 0;
}

int glue_get_database(struct api_call *call) {
    struct catalog_database d;
    int rc = catalog_database_get(glue_catalog(call), call->arena,
                                  glue_name(call, call->in, "Name"), &d, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Database");
    rc = write_database(call, &d);
    jsonw_end_object(&call->out);
    return rc;
}

int glue_get_databases(struct api_call *call) {
    struct catalog_database *d;
    struct bytes after;
    size_t n, max = glue_max_results(call, 100);
    int rc = glue_token(call, "glue:GetDatabases", &after);
    if (!rc)
        rc = catalog_database_list(glue_catalog(call), call->arena, after, max + 1, &d, &n,
                                   &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "DatabaseList");
    jsonw_array(&call->out);
    for (size_t i = 0; !rc && i < n && i < max; i++)
        rc = write_database(call, &d[i]);
    jsonw_end_array(&call->out);
    if (n > max)
        glue_write_token(call, "glue:GetDatabases", d[max - 1].name);
    jsonw_end_object(&call->out);
    return rc;
}

int glue_update_database(struct api_call *call) {
    struct bytes name = glue_name(call, call->in, "Name");
    struct bytes stored = glue_stored(call, json_get(call->in, "DatabaseInput"), name);
    if (call->arena->failed)
        return glue_out_of_memory(call);
    return catalog_database_update(glue_catalog(call), name, stored, &call->err);
}

int glue_delete_database(struct api_call *call) {
    return catalog_database_delete(glue_catalog(call), glue_name(call, call->in, "Name"),
                                   &call->err);
}
