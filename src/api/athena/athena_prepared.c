/* athena_prepared.c - prepared statements as the API shows them. */
#include "api/athena/athena_int.h"
#include "query/prepared.h"

#define IN(call, name) json_get_str((call)->in, name)

int athena_create_prepared(struct api_call *call) {
    return query_prepared_create(athena_of(call)->query, IN(call, "WorkGroup"),
                                 IN(call, "StatementName"), IN(call, "QueryStatement"),
                                 IN(call, "Description"), &call->err);
}

int athena_update_prepared(struct api_call *call) {
    return query_prepared_update(athena_of(call)->query, IN(call, "WorkGroup"),
                                 IN(call, "StatementName"), IN(call, "QueryStatement"),
                                 IN(call, "Description"), &call->err);
}

int athena_delete_prepared(struct api_call *call) {
    return query_prepared_delete(athena_of(call)->query, IN(call, "WorkGroup"),
                                 IN(call, "StatementName"), &call->err);
}

static int find(struct api_call *call, struct bytes name, struct bytes *ret_json, struct err *e) {
    return query_prepared_get(athena_of(call)->query, call->arena, IN(call, "WorkGroup"), name,
                              ret_json, e);
}

int athena_get_prepared(struct api_call *call) {
    struct bytes json;
    int rc = find(call, IN(call, "StatementName"), &json, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_raw(&call->out, "PreparedStatement", json);
    jsonw_end_object(&call->out);
    return 0;
}

static void write_missing(struct api_call *call, const struct json *names) {
    struct jsonw *w = &call->out;
    struct bytes json;
    struct err e;
    JSON_FOR_EACH(name, names) {
        if (!find(call, name->text, &json, &e))
            continue;
        jsonw_object(w);
        jsonw_kv_str(w, "StatementName", name->text);
        jsonw_kv_cstr(w, "ErrorCode",
                      e.code == ERR_RESOURCE_NOT_FOUND ? "STATEMENT_NOT_FOUND" : e.name);
        jsonw_kv_cstr(w, "ErrorMessage", e.text);
        jsonw_end_object(w);
    }
}

int athena_batch_get_prepared(struct api_call *call) {
    struct jsonw *w = &call->out;
    const struct json *names = json_get(call->in, "PreparedStatementNames");
    struct bytes json;
    struct err e;
    int rc = query_workgroup_get(athena_of(call)->query, call->arena, IN(call, "WorkGroup"), &json,
                                 &call->err);
    if (rc)
        return rc;
    jsonw_object(w);
    jsonw_name(w, "PreparedStatements");
    jsonw_array(w);
    JSON_FOR_EACH(name, names) {
        if (!find(call, name->text, &json, &e))
            jsonw_raw(w, json);
    }
    jsonw_end_array(w);
    jsonw_name(w, "UnprocessedPreparedStatementNames");
    jsonw_array(w);
    write_missing(call, names);
    jsonw_end_array(w);
    jsonw_end_object(w);
    return 0;
}

static int write_summary(struct api_call *call, struct bytes json, struct bytes *ret_name) {
    struct json *in;
    int rc = json_parse(call->arena, json, &in, &call->err);
    if (rc)
        return rc;
    *ret_name = json_get_str(in, "StatementName");
    jsonw_object(&call->out);
    jsonw_kv_str(&call->out, "StatementName", *ret_name);
    jsonw_name(&call->out, "LastModifiedTime");
    jsonw_tree(&call->out, json_get(in, "LastModifiedTime"));
    jsonw_end_object(&call->out);
    return 0;
}

int athena_list_prepared(struct api_call *call) {
    struct bytes after, *jsons, last = {0};
    size_t n, max = athena_max_results(call, 50);
    int rc = athena_token(call, "athena:ListPreparedStatements", &after);
    if (!rc)
        rc = query_prepared_list(athena_of(call)->query, call->arena, IN(call, "WorkGroup"), after,
                                 max + 1, &jsons, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "PreparedStatements");
    jsonw_array(&call->out);
    for (size_t i = 0; !rc && i < n && i < max; i++)
        rc = write_summary(call, jsons[i], &last);
    jsonw_end_array(&call->out);
    if (n > max)
        athena_write_token(call, "athena:ListPreparedStatements", last);
    jsonw_end_object(&call->out);
    return rc;
}
