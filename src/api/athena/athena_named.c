/* athena_named.c - named queries: texts that a workgroup keeps under an id.
 * Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_NamedQuery.html */
#include "api/athena/athena_int.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/rand.h"

static int not_found(struct api_call *call, struct bytes id) {
    return err_set(&call->err, ERR_INVALID_REQUEST, "NamedQuery %.*s was not found", BYTES_ARG(id));
}

static int load(struct api_call *call, struct bytes id, struct catalog_doc *d, struct json **tree) {
    int rc = athena_doc_get(call, ATHENA_NAMED_KIND, id, d, tree);
    return rc == ERR_RESOURCE_NOT_FOUND ? not_found(call, id) : rc;
}

static void write_query(struct jsonw *w, struct bytes id, struct bytes name,
                        struct bytes description, const struct json *rest) {
    struct bytes group = json_get_str(rest, "WorkGroup");
    jsonw_object(w);
    jsonw_kv_str(w, "Name", name);
    if (description.len)
        jsonw_kv_str(w, "Description", description);
    jsonw_kv_str(w, "Database", json_get_str(rest, "Database"));
    jsonw_kv_str(w, "QueryString", json_get_str(rest, "QueryString"));
    jsonw_kv_str(w, "NamedQueryId", id);
    jsonw_kv_str(w, "WorkGroup", group.len ? group : BYTES("primary"));
    jsonw_end_object(w);
}

/* ---- create ---- */
static bool same(const struct json *stored, const struct json *in) {
    struct bytes group = json_get_str(in, "WorkGroup");
    return bytes_eq(json_get_str(stored, "Name"), json_get_str(in, "Name")) &&
           bytes_eq(json_get_str(stored, "Database"), json_get_str(in, "Database")) &&
           bytes_eq(json_get_str(stored, "QueryString"), json_get_str(in, "QueryString")) &&
           bytes_eq(json_get_str(stored, "WorkGroup"), group.len ? group : BYTES("primary"));
}

/* A token is its query's id, so that a repeated call finds what the first one made. */
static int repeated(struct api_call *call, struct bytes id) {
    struct catalog_doc d;
    struct json *stored;
    int rc = load(call, id, &d, &stored);
    if (!rc && !same(stored, call->in))
        rc = err_set(&call->err, ERR_INVALID_REQUEST, "Idempotent parameters do not match");
    return rc;
}

int athena_create_named_query(struct api_call *call) {
    struct bytes token = json_get_str(call->in, "ClientRequestToken"), group_json;
    struct bytes group = json_get_str(call->in, "WorkGroup");
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    char id[37];
    if (token.len)
        query_id_from_token(token, id);
    else
        uuid_make(id);
    int rc = query_workgroup_get(athena_of(call)->query, call->arena,
                                 group.len ? group : BYTES("primary"), &group_json, &call->err);
    if (rc)
        return rc;
    write_query(&w, bytes_str(id), json_get_str(call->in, "Name"),
                json_get_str(call->in, "Description"), call->in);
    rc = athena_doc_create(call, ATHENA_NAMED_KIND, bytes_str(id), &json);
    if (rc == ERR_ALREADY_EXISTS && token.len)
        rc = repeated(call, bytes_str(id));
    buf_clear(&json);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_cstr(&call->out, "NamedQueryId", id);
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- read ---- */
int athena_get_named_query(struct api_call *call) {
    struct catalog_doc d;
    struct json *tree;
    int rc = load(call, json_get_str(call->in, "NamedQueryId"), &d, &tree);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_raw(&call->out, "NamedQuery", d.json);
    jsonw_end_object(&call->out);
    return 0;
}

static void write_unprocessed(struct jsonw *w, struct bytes id, const struct err *why) {
    jsonw_object(w);
    jsonw_kv_str(w, "NamedQueryId", id);
    jsonw_kv_cstr(w, "ErrorCode", why->name);
    jsonw_kv_cstr(w, "ErrorMessage", why->text);
    jsonw_end_object(w);
}

int athena_batch_get_named_query(struct api_call *call) {
    struct jsonw *w = &call->out, missing_w;
    struct buf missing = {0};
    missing_w = jsonw_to(&missing);
    jsonw_array(&missing_w);
    jsonw_object(w);
    jsonw_name(w, "NamedQueries");
    jsonw_array(w);
    JSON_FOR_EACH(id, json_get(call->in, "NamedQueryIds")) {
        struct catalog_doc d;
        struct json *tree;
        if (load(call, id->text, &d, &tree))
            write_unprocessed(&missing_w, id->text, &call->err);
        else
            jsonw_raw(w, d.json);
    }
    jsonw_end_array(w);
    jsonw_end_array(&missing_w);
    jsonw_kv_raw(w, "UnprocessedNamedQueryIds", buf_bytes(&missing));
    jsonw_end_object(w);
    bool ok = buf_ok(&missing);
    buf_clear(&missing);
    return ok ? 0 : err_set(&call->err, ERR_NOMEM, NULL);
}

static bool of_workgroup(const void *ctx, const struct json *tree) {
    return bytes_eq(json_get_str(tree, "WorkGroup"), *(const struct bytes *)ctx);
}

static void write_id(struct jsonw *w, const struct json *tree) {
    jsonw_str(w, json_get_str(tree, "NamedQueryId"));
}

int athena_list_named_queries(struct api_call *call) {
    struct bytes group = json_get_str(call->in, "WorkGroup");
    group = group.len ? group : BYTES("primary");
    jsonw_object(&call->out);
    jsonw_name(&call->out, "NamedQueryIds");
    jsonw_array(&call->out);
    int rc = athena_doc_page(call, ATHENA_NAMED_KIND, "athena:ListNamedQueries",
                             athena_max_results(call, 50), of_workgroup, &group, write_id);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- change ---- */
int athena_update_named_query(struct api_call *call) {
    struct catalog_doc d;
    struct json *old;
    struct buf json = {0}, rest = {0};
    struct jsonw w = jsonw_to(&json), r = jsonw_to(&rest);
    struct json *merged;
    int rc = load(call, json_get_str(call->in, "NamedQueryId"), &d, &old);
    if (rc)
        return rc;
    jsonw_object(&r);
    jsonw_kv_str(&r, "Database", json_get_str(old, "Database"));
    jsonw_kv_str(&r, "QueryString", json_get_str(call->in, "QueryString"));
    jsonw_kv_str(&r, "WorkGroup", json_get_str(old, "WorkGroup"));
    jsonw_end_object(&r);
    rc = buf_ok(&rest) ? json_parse(call->arena, buf_bytes(&rest), &merged, &call->err)
                       : err_set(&call->err, ERR_NOMEM, NULL);
    if (!rc) {
        struct bytes text = json_get_str(call->in, "Description");
        write_query(&w, d.key, json_get_str(call->in, "Name"),
                    text.ptr ? text : json_get_str(old, "Description"), merged);
        rc = athena_doc_replace(call, ATHENA_NAMED_KIND, &d, &json);
    }
    buf_clear(&json);
    buf_clear(&rest);
    return rc;
}

int athena_delete_named_query(struct api_call *call) {
    struct bytes id = json_get_str(call->in, "NamedQueryId");
    int rc = catalog_doc_delete(athena_of(call)->catalog, ATHENA_NAMED_KIND, id, &call->err);
    return rc == ERR_RESOURCE_NOT_FOUND ? not_found(call, id) : rc;
}
