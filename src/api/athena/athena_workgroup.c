/* athena_workgroup.c - workgroups as the API shows them. */
#include "api/athena/athena_int.h"

int athena_create_workgroup(struct api_call *call) {
    const struct json *tags = json_get(call->in, "Tags");
    struct bytes resource =
        arena_fmt(call->arena, "workgroup/%.*s", BYTES_ARG(json_get_str(call->in, "Name")));
    int rc = athena_tags_check(call, tags);
    if (!rc)
        rc = query_workgroup_create(athena_of(call)->query, call->in, &call->err);
    return rc ? rc : athena_tags_store(call, resource, tags);
}

int athena_get_workgroup(struct api_call *call) {
    struct bytes json;
    int rc = query_workgroup_get(athena_of(call)->query, call->arena,
                                 json_get_str(call->in, "WorkGroup"), &json, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_raw(&call->out, "WorkGroup", json);
    jsonw_end_object(&call->out);
    return 0;
}

int athena_update_workgroup(struct api_call *call) {
    return query_workgroup_update(athena_of(call)->query, call->in, &call->err);
}

int athena_delete_workgroup(struct api_call *call) {
    struct bytes name = json_get_str(call->in, "WorkGroup");
    struct bytes resource = arena_fmt(call->arena, "workgroup/%.*s", BYTES_ARG(name));
    int rc =
        query_workgroup_delete(athena_of(call)->query, name,
                               json_get_bool(call->in, "RecursiveDeleteOption", false), &call->err);
    return rc ? rc : athena_tags_forget(call, resource);
}

/* WorkGroupSummary: the object without most of its configuration. */
static int write_summary(struct api_call *call, struct bytes json, struct bytes *ret_name) {
    struct jsonw *w = &call->out;
    struct json *in;
    int rc = json_parse(call->arena, json, &in, &call->err);
    if (rc)
        return rc;
    jsonw_object(w);
    JSON_FOR_EACH(m, in) {
        if (bytes_eq_str(m->name, "Configuration"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_name(w, "EngineVersion");
    jsonw_tree(w, json_get(json_get(in, "Configuration"), "EngineVersion"));
    jsonw_end_object(w);
    *ret_name = json_get_str(in, "Name");
    return 0;
}

int athena_list_workgroups(struct api_call *call) {
    struct bytes after, *jsons, last = {0};
    size_t n, max = athena_max_results(call, 50);
    int rc = athena_token(call, "athena:ListWorkGroups", &after);
    if (!rc)
        rc = query_workgroup_list(athena_of(call)->query, call->arena, after, max + 1, &jsons, &n,
                                  &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "WorkGroups");
    jsonw_array(&call->out);
    for (size_t i = 0; !rc && i < n && i < max; i++)
        rc = write_summary(call, jsons[i], &last);
    jsonw_end_array(&call->out);
    if (n > max)
        athena_write_token(call, "athena:ListWorkGroups", last);
    jsonw_end_object(&call->out);
    return rc;
}
