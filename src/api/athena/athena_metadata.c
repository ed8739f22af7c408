/* athena_metadata.c - databases and tables as Athena's metadata operations show them. There is one
 * data catalogue, AwsDataCatalog. */
#include "api/athena/athena_int.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static int not_found(struct api_call *call, const struct err *why) {
    return err_set_named(&call->err, ERR_RESOURCE_NOT_FOUND, "MetadataException", 400, "%s",
                         why->text);
}

/* A member as Glue keeps names: in lower case. */
static struct bytes name_of(struct api_call *call, const char *member) {
    struct bytes v = arena_copy(call->arena, json_get_str(call->in, member));
    for (size_t i = 0; v.ptr && i < v.len; i++)
        if (v.ptr[i] >= 'A' && v.ptr[i] <= 'Z')
            ((char *)v.ptr)[i] = (char)(v.ptr[i] + 32);
    return v;
}

/* ---- databases ---- */
static int write_database(struct api_call *call, const struct catalog_database *d) {
    struct jsonw *w = &call->out;
    struct json *in;
    int rc = json_parse(call->arena, d->json, &in, &call->err);
    if (rc)
        return rc;
    const struct json *parameters = json_get(in, "Parameters");
    struct bytes description = json_get_str(in, "Description");
    jsonw_object(w);
    jsonw_kv_str(w, "Name", d->name);
    if (description.len)
        jsonw_kv_str(w, "Description", description);
    jsonw_name(w, "Parameters");
    if (parameters)
        jsonw_tree(w, parameters);
    else
        jsonw_raw(w, BYTES("{}"));
    jsonw_end_object(w);
    return 0;
}

int athena_list_databases(struct api_call *call) {
    struct catalog_database *d;
    struct bytes after = {0};
    size_t n, max = athena_max_results(call, 50);
    query_make_default_database(athena_of(call)->query);
    int rc = athena_check_catalog(call, "CatalogName");
    if (!rc)
        rc = athena_token(call, "athena:ListDatabases", &after);
    if (!rc)
        rc = catalog_database_list(athena_of(call)->catalog, call->arena, after, max + 1, &d, &n,
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
        athena_write_token(call, "athena:ListDatabases", d[max - 1].name);
    jsonw_end_object(&call->out);
    return rc;
}

int athena_get_database(struct api_call *call) {
    struct catalog_database d;
    struct err why;
    query_make_default_database(athena_of(call)->query);
    int rc = athena_check_catalog(call, "CatalogName");
    if (rc)
        return rc;
    rc = catalog_database_get(athena_of(call)->catalog, call->arena, name_of(call, "DatabaseName"),
                              &d, &why);
    if (rc)
        return not_found(call, &why);
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Database");
    rc = write_database(call, &d);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- tables ---- */
static void write_columns(struct jsonw *w, const char *name, const struct json *columns) {
    jsonw_name(w, name);
    jsonw_array(w);
    JSON_FOR_EACH(c, columns) {
        struct bytes comment = json_get_str(c, "Comment");
        jsonw_object(w);
        jsonw_kv_str(w, "Name", json_get_str(c, "Name"));
        jsonw_kv_str(w, "Type", json_get_str(c, "Type"));
        if (comment.len)
            jsonw_kv_str(w, "Comment", comment);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_parameters(struct jsonw *w, const struct json *in) {
    static const struct {
        const char *name, *member;
    } extra[] = {
        {"inputformat", "InputFormat"}, {"location", "Location"}, {"outputformat", "OutputFormat"}};
    const struct json *sd = json_get(in, "StorageDescriptor");
    struct bytes serde = json_get_str(json_get(sd, "SerdeInfo"), "SerializationLibrary");
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    JSON_FOR_EACH(p, json_get(in, "Parameters")) {
        jsonw_name_bytes(w, p->name);
        jsonw_tree(w, p);
    }
    for (size_t i = 0; i < COUNT_OF(extra); i++)
        if (json_get(sd, extra[i].member))
            jsonw_kv_str(w, extra[i].name, json_get_str(sd, extra[i].member));
    if (serde.len)
        jsonw_kv_str(w, "serde.serialization.lib", serde);
    jsonw_end_object(w);
}

static int write_table(struct api_call *call, const struct catalog_table *t) {
    struct jsonw *w = &call->out;
    struct json *in;
    int rc = json_parse(call->arena, t->json, &in, &call->err);
    if (rc)
        return rc;
    struct bytes type = json_get_str(in, "TableType");
    jsonw_object(w);
    jsonw_kv_str(w, "Name", t->name);
    jsonw_kv_time_ms(w, "CreateTime", t->create_ms);
    jsonw_kv_time_ms(w, "LastAccessTime", t->update_ms);
    if (type.len)
        jsonw_kv_str(w, "TableType", type);
    write_columns(w, "Columns", json_get(json_get(in, "StorageDescriptor"), "Columns"));
    write_columns(w, "PartitionKeys", json_get(in, "PartitionKeys"));
    write_parameters(w, in);
    jsonw_end_object(w);
    return 0;
}

int athena_get_table_metadata(struct api_call *call) {
    struct catalog_table t;
    struct err why;
    int rc = athena_check_catalog(call, "CatalogName");
    if (rc)
        return rc;
    rc = catalog_table_get(athena_of(call)->catalog, call->arena, name_of(call, "DatabaseName"),
                           name_of(call, "TableName"), &t, &why);
    if (rc)
        return not_found(call, &why);
    jsonw_object(&call->out);
    jsonw_name(&call->out, "TableMetadata");
    rc = write_table(call, &t);
    jsonw_end_object(&call->out);
    return rc;
}

/* Whether a name matches the request's Expression (a regular expression; empty: every name). */
static bool matches(const pcre2_code *code, pcre2_match_data *data, struct bytes name) {
    return !code || pcre2_match(code, (PCRE2_SPTR)name.ptr, name.len, 0, 0, data, NULL) >= 0;
}

static int write_tables(struct api_call *call, const pcre2_code *code, pcre2_match_data *data,
                        struct bytes after) {
    struct bytes database = name_of(call, "DatabaseName"), last = after;
    size_t max = athena_max_results(call, 50), written = 0, n = max + 1;
    struct err why;
    bool more = false;
    int rc = 0;
    while (!rc && !more && n > max) {
        struct catalog_table *t;
        if (catalog_table_list(athena_of(call)->catalog, call->arena, database, after, max + 1, &t,
                               &n, &why))
            return not_found(call, &why);
        for (size_t i = 0; !rc && !more && i < n; i++) {
            after = t[i].name;
            if (!matches(code, data, t[i].name))
                continue;
            more = written == max;
            if (more)
                break;
            rc = write_table(call, &t[i]);
            last = t[i].name;
            written++;
        }
    }
    jsonw_end_array(&call->out);
    if (more)
        athena_write_token(call, "athena:ListTableMetadata", last);
    return rc;
}

int athena_list_table_metadata(struct api_call *call) {
    struct bytes x = json_get_str(call->in, "Expression"), after;
    pcre2_code *code = NULL;
    pcre2_match_data *data = NULL;
    int why, rc = athena_check_catalog(call, "CatalogName");
    PCRE2_SIZE at;
    if (!rc)
        rc = athena_token(call, "athena:ListTableMetadata", &after);
    if (!rc && x.len) {
        code = pcre2_compile((PCRE2_SPTR)x.ptr, x.len,
                             PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS | PCRE2_UTF, &why,
                             &at, NULL);
        data = code ? pcre2_match_data_create_from_pattern(code, NULL) : NULL;
        if (!data)
            rc = err_set(&call->err, ERR_INVALID_REQUEST,
                         "Expression is not a valid regular expression.");
    }
    if (!rc) {
        jsonw_object(&call->out);
        jsonw_name(&call->out, "TableMetadataList");
        jsonw_array(&call->out);
        rc = write_tables(call, code, data, after);
        jsonw_end_object(&call->out);
    }
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return rc;
}
