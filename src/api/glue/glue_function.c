/* glue_function.c - user-defined functions: kept for Hive, Spark and Trino, which keep theirs here;
 * Tarn's own SQL does not call them. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include "catalog/functions.h"

static int read_input(struct api_call *call, struct bytes *ret_name, struct bytes *ret_json) {
    const struct json *in = json_get(call->in, "FunctionInput");
    int rc = glue_check(in, "functionInput", &glue_shape_function, &call->err);
    if (rc)
        return rc;
    *ret_name = glue_name(call, in, "FunctionName");
    *ret_json = glue_stored(call, in, (struct bytes){0});
    return call->arena->failed ? glue_out_of_memory(call) : 0;
}

int glue_create_user_defined_function(struct api_call *call) {
    const struct json *member;
    struct bytes name, json;
    int rc = glue_need(call, json_get(call->in, "FunctionInput"), "FunctionName",
                       "functionInput.functionName", &member);
    if (!rc)
        rc = read_input(call, &name, &json);
    return rc ? rc
              : catalog_function_create(glue_catalog(call),
                                        glue_name(call, call->in, "DatabaseName"), name, json,
                                        &call->err);
}

int glue_update_user_defined_function(struct api_call *call) {
    struct bytes name = glue_name(call, call->in, "FunctionName"), new_name, json;
    int rc = read_input(call, &new_name, &json);
    if (!rc && new_name.len && !bytes_eq(name, new_name))
        rc = err_set(&call->err, ERR_INVALID_INPUT,
                     "FunctionInput.FunctionName must be %.*s: to rename a function, create the "
                     "new one and delete the old one.",
                     BYTES_ARG(name));
    return rc ? rc
              : catalog_function_update(glue_catalog(call),
                                        glue_name(call, call->in, "DatabaseName"), name, json,
                                        &call->err);
}

int glue_delete_user_defined_function(struct api_call *call) {
    return catalog_function_delete(glue_catalog(call), glue_name(call, call->in, "DatabaseName"),
                                   glue_name(call, call->in, "FunctionName"), &call->err);
}

static int write_function(struct api_call *call, const struct catalog_function *f) {
    static const char *const skip[] = {"FunctionName", "ResourceUris", NULL};
    struct jsonw *w = &call->out;
    struct json *in;
    int rc = json_parse(call->arena, f->json, &in, &call->err);
    if (rc)
        return rc;
    const struct json *uris = json_get(in, "ResourceUris");
    jsonw_object(w);
    jsonw_kv_str(w, "FunctionName", f->name);
    jsonw_kv_str(w, "DatabaseName", f->database);
    glue_write_members(w, in, skip);
    jsonw_name(w, "ResourceUris");
    if (uris)
        jsonw_tree(w, uris);
    else
        jsonw_raw(w, BYTES("[]"));
    jsonw_kv_time_ms(w, "CreateTime", f->create_ms);
    jsonw_kv_cstr(w, "CatalogId", API_ACCOUNT_ID);
    jsonw_end_object(w);
    return 0;
}

int glue_get_user_defined_function(struct api_call *call) {
    struct catalog_function f;
    int rc = catalog_function_get(glue_catalog(call), call->arena,
                                  glue_name(call, call->in, "DatabaseName"),
                                  glue_name(call, call->in, "FunctionName"), &f, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "UserDefinedFunction");
    rc = write_function(call, &f);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- listing ---- */
static bool has_type(struct api_call *call, const struct catalog_function *f, struct bytes type) {
    struct json *in;
    if (type.len == 0)
        return true;
    return !json_parse(call->arena, f->json, &in, &call->err) &&
           bytes_eq(json_get_str(in, "FunctionType"), type);
}

/* Batches of the catalogue until the page is full and one more is known; *p ends after the last
 * function written. */
static int write_page(struct api_call *call, const struct glue_pattern *pattern,
                      struct catalog_function_page *p, bool *ret_more) {
    struct bytes type = json_get_str(call->in, "FunctionType");
    size_t max = p->max - 1, written = 0, n = p->max;
    int rc = 0;
    struct catalog_function_page next = *p;
    *ret_more = false;
    while (!rc && !*ret_more && n == p->max) {
        struct catalog_function *v;
        rc = catalog_function_list(glue_catalog(call), call->arena, &next, &v, &n, &call->err);
        for (size_t i = 0; !rc && i < n; i++) {
            next.after_database = v[i].database;
            next.after_name = v[i].name;
            if (!glue_pattern_pass(pattern, v[i].name) || !has_type(call, &v[i], type))
                continue;
            *ret_more = written++ == max;
            if (*ret_more)
                break;
            rc = write_function(call, &v[i]);
            *p = next;
        }
    }
    return rc;
}

#define TOKEN_KIND "glue:GetUserDefinedFunctions"
static int write_list(struct api_call *call, const struct glue_pattern *pattern) {
    struct catalog_function_page p = {.database = glue_name(call, call->in, "DatabaseName"),
                                      .max = glue_max_results(call, 100) + 1};
    struct bytes token;
    bool more = false;
    int rc = glue_token(call, TOKEN_KIND, &token);
    if (rc)
        return rc;
    if (token.len)
        p.after_name = bytes_cut(token, '\n', &p.after_database);
    jsonw_object(&call->out);
    jsonw_name(&call->out, "UserDefinedFunctions");
    jsonw_array(&call->out);
    rc = write_page(call, pattern, &p, &more);
    jsonw_end_array(&call->out);
    if (more)
        glue_write_token(call, TOKEN_KIND,
                         arena_fmt(call->arena, "%.*s\n%.*s", BYTES_ARG(p.after_database),
                                   BYTES_ARG(p.after_name)));
    jsonw_end_object(&call->out);
    return rc;
}

int glue_get_user_defined_functions(struct api_call *call) {
    struct glue_pattern *pattern;
    int rc = glue_pattern_new(call, json_get_str(call->in, "Pattern"), "Pattern", &pattern);
    if (!rc)
        rc = write_list(call, pattern);
    glue_pattern_free(&pattern);
    return rc;
}
