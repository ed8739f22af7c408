/* athena_catalog.c - data catalogues. AwsDataCatalog is always there; others are documents. One of
 * type GLUE is another name for the same databases (one server is one account); LAMBDA, HIVE and
 * FEDERATED ones are kept and shown, and a query that names one says that its connector cannot be
 * reached.
 * Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_DataCatalog.html */
#include "api/athena/athena_int.h"

#define OWN "AwsDataCatalog"

static bool is_own(struct bytes name) {
    return bytes_eq_nocase(name, BYTES(OWN));
}

static int not_found(struct api_call *call, struct bytes name) {
    return err_set(&call->err, ERR_INVALID_REQUEST, "DataCatalog %.*s was not found",
                   BYTES_ARG(name));
}

static int load(struct api_call *call, struct bytes name, struct catalog_doc *d,
                struct json **tree) {
    int rc = athena_doc_get(call, QUERY_DATA_CATALOG_KIND, name, d, tree);
    return rc == ERR_RESOURCE_NOT_FOUND ? not_found(call, name) : rc;
}

/* For the operations on databases and tables: a catalogue whose databases are Glue's. */
int athena_check_catalog(struct api_call *call, const char *member) {
    struct bytes name = json_get_str(call->in, member);
    struct catalog_doc d;
    struct json *tree;
    if (is_own(name))
        return 0;
    int rc = load(call, name, &d, &tree);
    if (rc || bytes_eq_str(json_get_str(tree, "Type"), "GLUE"))
        return rc;
    return err_set_named(&call->err, ERR_INVALID_REQUEST, "MetadataException", 400,
                         "The connector of data catalog %.*s cannot be reached: Tarn reads "
                         "catalogs of type GLUE.",
                         BYTES_ARG(name));
}

/* ---- create, update, delete ---- */
static int check_type(struct api_call *call) {
    struct bytes type = json_get_str(call->in, "Type");
    const struct json *p = json_get(call->in, "Parameters");
    if (!bytes_eq_str(type, "GLUE") || !p || json_get_str(p, "catalog-id").len)
        return 0;
    return p->count == 0 ? 0
                         : err_set(&call->err, ERR_INVALID_REQUEST,
                                   "A data catalog of type GLUE has the parameter catalog-id.");
}

static int write_catalog(struct api_call *call, struct buf *json, const struct json *old) {
    struct jsonw w = jsonw_to(json);
    struct bytes text = json_get_str(call->in, "Description");
    const struct json *parameters = json_get(call->in, "Parameters");
    text = text.ptr ? text : json_get_str(old, "Description");
    parameters = parameters ? parameters : json_get(old, "Parameters");
    jsonw_object(&w);
    jsonw_kv_str(&w, "Name", json_get_str(call->in, "Name"));
    if (text.len)
        jsonw_kv_str(&w, "Description", text);
    jsonw_kv_str(&w, "Type", json_get_str(call->in, "Type"));
    jsonw_name(&w, "Parameters");
    if (parameters)
        jsonw_tree(&w, parameters);
    else
        jsonw_raw(&w, BYTES("{}"));
    jsonw_end_object(&w);
    return buf_ok(json) ? 0 : err_set(&call->err, ERR_NOMEM, NULL);
}

static void write_reply(struct api_call *call, struct bytes json) {
    jsonw_object(&call->out);
    jsonw_kv_raw(&call->out, "DataCatalog", json);
    jsonw_end_object(&call->out);
}

static int create(struct api_call *call, struct bytes name, struct buf *json) {
    struct bytes resource = arena_fmt(call->arena, "datacatalog/%.*s", BYTES_ARG(name));
    int rc = athena_tags_check(call, json_get(call->in, "Tags"));
    if (!rc)
        rc = write_catalog(call, json, NULL);
    if (!rc)
        rc = athena_doc_create(call, QUERY_DATA_CATALOG_KIND, name, json);
    if (rc == ERR_ALREADY_EXISTS)
        return err_set(&call->err, ERR_INVALID_REQUEST, "DataCatalog already exists");
    return rc ? rc : athena_tags_store(call, resource, json_get(call->in, "Tags"));
}

int athena_create_data_catalog(struct api_call *call) {
    struct bytes name = json_get_str(call->in, "Name");
    struct buf json = {0};
    if (is_own(name))
        return err_set(&call->err, ERR_INVALID_REQUEST, "DataCatalog already exists");
    int rc = check_type(call);
    if (!rc)
        rc = create(call, name, &json);
    if (!rc)
        write_reply(call, buf_bytes(&json));
    buf_clear(&json);
    return rc;
}

int athena_update_data_catalog(struct api_call *call) {
    struct bytes name = json_get_str(call->in, "Name");
    struct buf json = {0};
    struct catalog_doc d;
    struct json *old;
    if (is_own(name))
        return err_set(&call->err, ERR_INVALID_REQUEST, OWN " cannot be changed.");
    int rc = load(call, name, &d, &old);
    if (!rc)
        rc = check_type(call);
    if (!rc)
        rc = write_catalog(call, &json, old);
    if (!rc)
        rc = athena_doc_replace(call, QUERY_DATA_CATALOG_KIND, &d, &json);
    buf_clear(&json);
    return rc;
}

int athena_delete_data_catalog(struct api_call *call) {
    struct bytes name = json_get_str(call->in, "Name");
    struct bytes resource = arena_fmt(call->arena, "datacatalog/%.*s", BYTES_ARG(name));
    struct catalog_doc d;
    struct json *old;
    if (is_own(name))
        return err_set(&call->err, ERR_INVALID_REQUEST, OWN " cannot be deleted.");
    int rc = load(call, name, &d, &old);
    if (!rc)
        rc =
            catalog_doc_delete(athena_of(call)->catalog, QUERY_DATA_CATALOG_KIND, name, &call->err);
    if (!rc)
        rc = athena_tags_forget(call, resource);
    if (!rc)
        write_reply(call, d.json);
    return rc;
}

/* ---- read ---- */
int athena_get_data_catalog(struct api_call *call) {
    struct bytes name = json_get_str(call->in, "Name");
    struct catalog_doc d;
    struct json *tree;
    if (is_own(name)) {
        write_reply(call, BYTES("{\"Name\":\"" OWN "\",\"Type\":\"GLUE\",\"Parameters\":"
                                "{\"catalog-id\":\"" API_ACCOUNT_ID "\"}}"));
        return 0;
    }
    int rc = load(call, name, &d, &tree);
    if (!rc)
        write_reply(call, d.json);
    return rc;
}

static void write_summary(struct jsonw *w, const struct json *tree) {
    jsonw_object(w);
    jsonw_kv_str(w, "CatalogName", json_get_str(tree, "Name"));
    jsonw_kv_str(w, "Type", json_get_str(tree, "Type"));
    jsonw_kv_cstr(w, "Status", "CREATE_COMPLETE");
    jsonw_end_object(w);
}

/* The built-in one comes first and counts as one of the first page. */
int athena_list_data_catalogs(struct api_call *call) {
    size_t max = athena_max_results(call, 50);
    struct bytes token;
    int rc = athena_token(call, "athena:ListDataCatalogs", &token);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "DataCatalogsSummary");
    jsonw_array(&call->out);
    if (!token.len)
        jsonw_raw(&call->out, BYTES("{\"CatalogName\":\"" OWN "\",\"Type\":\"GLUE\"}"));
    max = token.len || max == 1 ? max : max - 1;
    rc = athena_doc_page(call, QUERY_DATA_CATALOG_KIND, "athena:ListDataCatalogs", max, NULL, NULL,
                         write_summary);
    jsonw_end_object(&call->out);
    return rc;
}
