/* glue_database.c - databases. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"

static int read_input(struct api_call *call, struct bytes *ret_name, struct bytes *ret_json) {
    const struct json *in = json_get(call->in, "DatabaseInput");
    int rc = glue_check(in, "databaseInput", &glue_shape_database, &call->err);
    if (rc)
        return rc;
    *ret_name = glue_name(call, in, "Name");
    *ret_json = glue_stored(call, in, *ret_name);
    return call->arena->failed ? glue_out_of_memory(call) : 0;
}

int glue_create_database(struct api_call *call) {
    const struct json *tags = json_get(call->in, "Tags");
    struct bytes name, json;
    int rc = read_input(call, &name, &json);
    if (!rc)
        rc = glue_tags_check(call, tags, "tags");
    if (!rc)
        rc = catalog_database_create(glue_catalog(call), name, json, &call->err);
    if (rc || !tags)
        return rc;
    struct bytes resource = arena_fmt(call->arena, "database/%.*s", BYTES_ARG(name));
    return glue_tags_store(call, resource, tags);
}

static int write_database(struct api_call *call, const struct catalog_database *d) {
    static const char *const skip[] = {"Name", "Parameters", "CreateTableDefaultPermissions", NULL};
    struct jsonw *w = &call->out;
    struct json *in;
    int rc = json_parse(call->arena, d->json, &in, &call->err);
    if (rc)
        return rc;
    const struct json *parameters = json_get(in, "Parameters");
    const struct json *permissions = json_get(in, "CreateTableDefaultPermissions");
    jsonw_object(w);
    jsonw_kv_str(w, "Name", d->name);
    glue_write_members(w, in, skip);
    jsonw_name(w, "Parameters");
    if (parameters)
        jsonw_tree(w, parameters);
    else
        jsonw_raw(w, BYTES("{}"));
    jsonw_name(w, "CreateTableDefaultPermissions");
    if (permissions)
        jsonw_tree(w, permissions);
    else
        jsonw_raw(w, BYTES("[{\"Principal\":{\"DataLakePrincipalIdentifier\":"
                           "\"IAM_ALLOWED_PRINCIPALS\"},\"Permissions\":[\"ALL\"]}]"));
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
    struct bytes name = glue_name(call, call->in, "Name"), new_name, json;
    int rc = read_input(call, &new_name, &json);
    if (!rc && !bytes_eq(name, new_name))
        rc = err_set(&call->err, ERR_INVALID_INPUT,
                     "DatabaseInput.Name must be %.*s: a database cannot be renamed.",
                     BYTES_ARG(name));
    return rc ? rc : catalog_database_update(glue_catalog(call), name, json, &call->err);
}

int glue_delete_database(struct api_call *call) {
    return catalog_database_delete(glue_catalog(call), glue_name(call, call->in, "Name"),
                                   &call->err);
}
