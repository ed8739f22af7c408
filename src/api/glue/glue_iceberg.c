/* glue_iceberg.c - CreateTable with OpenTableFormatInput: Glue writes an Iceberg table's first
 * metadata file and points the table at it. Partition keys become columns of the table that its
 * specification names as they are. */
#include "api/glue/glue_int.h"
#include "catalog/iceberg.h"

static void take_columns(const struct json *list, struct iceberg_new *n,
                         struct iceberg_column *columns) {
    JSON_FOR_EACH(c, list) {
        columns[n->column_count++] = (struct iceberg_column){
            json_get_str(c, "Name"), json_get_str(c, "Type"), json_get_str(c, "Comment")};
    }
}

static int make(struct api_call *call, const struct json *in, struct bytes location,
                struct iceberg_document *ret) {
    const struct json *own = json_get(json_get(in, "StorageDescriptor"), "Columns");
    const struct json *keys = json_get(in, "PartitionKeys");
    size_t key_count = keys ? keys->count : 0;
    struct iceberg_column *columns =
        ARENA_NEW_N(call->arena, struct iceberg_column, (own ? own->count : 0) + key_count + 1);
    struct iceberg_key *spec = ARENA_NEW_N(call->arena, struct iceberg_key, key_count + 1);
    struct iceberg_new n = {.location = location,
                            .columns = columns,
                            .keys = spec,
                            .now_ms = clock_wall_ms(catalog_clock(glue_catalog(call)))};
    if (!columns || !spec)
        return glue_out_of_memory(call);
    take_columns(own, &n, columns);
    take_columns(keys, &n, columns);
    JSON_FOR_EACH(k, keys)
    spec[n.key_count++] = (struct iceberg_key){.column = json_get_str(k, "Name")};
    return iceberg_make(call->arena, &n, ret, &call->err);
}

static void write_storage(struct jsonw *w, const struct json *in,
                          const struct iceberg_document *d) {
    jsonw_object(w);
    JSON_FOR_EACH(m, in) {
        if (bytes_eq_str(m->name, "Columns"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_kv_raw(w, "Columns", d->columns);
    jsonw_end_object(w);
}

static void write_parameters(struct jsonw *w, const struct json *in, struct bytes uri) {
    jsonw_object(w);
    JSON_FOR_EACH(m, in) {
        if (bytes_eq_str(m->name, "table_type") || bytes_eq_str(m->name, "metadata_location"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_kv_cstr(w, "table_type", "ICEBERG");
    jsonw_kv_str(w, "metadata_location", uri);
    jsonw_end_object(w);
}

static void write_input(struct jsonw *w, const struct json *in, const struct iceberg_document *d,
                        struct bytes uri) {
    static const char *const own[] = {"StorageDescriptor", "Parameters", "PartitionKeys", NULL};
    jsonw_object(w);
    glue_write_members(w, in, own);
    jsonw_name(w, "StorageDescriptor");
    write_storage(w, json_get(in, "StorageDescriptor"), d);
    jsonw_kv_raw(w, "PartitionKeys", BYTES("[]"));
    jsonw_name(w, "Parameters");
    write_parameters(w, json_get(in, "Parameters"), uri);
    jsonw_end_object(w);
}

static int invalid(struct api_call *call, const char *text) {
    return err_set(&call->err, ERR_INVALID_INPUT, "%s", text);
}

int glue_iceberg_input(struct api_call *call, struct bytes *json) {
    const struct json *format =
        json_get(json_get(call->in, "OpenTableFormatInput"), "IcebergInput");
    struct iceberg_document doc;
    struct json *in = NULL;
    struct bytes uri, version = json_get_str(format, "Version");
    if (!format || !bytes_eq_str(json_get_str(format, "MetadataOperation"), "CREATE"))
        return invalid(call,
                       "OpenTableFormatInput needs IcebergInput with MetadataOperation CREATE.");
    if (version.len && !bytes_eq_str(version, "2"))
        return invalid(call, "Tarn writes Iceberg format version 2 only.");
    int rc = json_parse(call->arena, *json, &in, &call->err);
    if (rc)
        return rc;
    struct bytes location = json_get_str(json_get(in, "StorageDescriptor"), "Location");
    while (location.len && location.ptr[location.len - 1] == '/')
        location.len--;
    rc = make(call, in, location, &doc);
    if (!rc && iceberg_write(glue_store(call), call->arena, location, BYTES(""), doc.json, &uri,
                             &call->err)) {
        struct err why = call->err;
        rc = err_set(&call->err, ERR_INVALID_INPUT, "Cannot create Iceberg table at %.*s: %.400s",
                     BYTES_ARG(location), why.text);
    }
    if (rc)
        return rc;
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    write_input(&w, in, &doc, uri);
    *json = buf_ok(&out) ? arena_copy(call->arena, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return json->ptr ? 0 : glue_out_of_memory(call);
}
