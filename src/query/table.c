/* table.c - a catalogue table as the analyzer and the planner see it: columns with their Hive
 * types, the file format its SerDe means, its feeds, and its partition projection. */
#include "query/query_int.h"

struct bytes plan_param(const struct json *params, const char *name) {
    return json_get_str(params, name);
}

static bool has_suffix(struct bytes v, const char *suffix) {
    return bytes_ends_with(v, bytes_str(suffix));
}

static enum table_format format_of(struct bytes serde, struct bytes input_format) {
    if (has_suffix(serde, ".ParquetHiveSerDe") ||
        has_suffix(input_format, ".MapredParquetInputFormat"))
        return FORMAT_PARQUET;
    if (has_suffix(serde, ".JsonSerDe"))
        return FORMAT_JSON;
    if (has_suffix(serde, ".OpenCSVSerde"))
        return FORMAT_CSV;
    if (has_suffix(serde, ".RegexSerDe"))
        return FORMAT_REGEX;
    if (has_suffix(serde, ".GrokSerDe"))
        return FORMAT_GROK;
    if (has_suffix(serde, ".LazySimpleSerDe") || serde.len == 0)
        return FORMAT_LAZY_TEXT;
    return FORMAT_UNKNOWN;
}

static struct bytes lower(struct arena *a, struct bytes v) {
    struct bytes r = arena_copy(a, v);
    for (size_t i = 0; r.ptr && i < r.len; i++)
        if (r.ptr[i] >= 'A' && r.ptr[i] <= 'Z')
            ((char *)r.ptr)[i] = (char)(r.ptr[i] + 32);
    return r;
}

static int bad_column(const struct plan_table *t, struct bytes column, struct err *e) {
    struct err why = *e;
    return err_set_named(
        e, ERR_SQL, "HIVE_INVALID_METADATA", 0,
        "Column '%.*s' of table '%.*s.%.*s' has a type that cannot be read: %.300s",
        BYTES_ARG(column), BYTES_ARG(t->table.database), BYTES_ARG(t->table.name), why.text);
}

static int add_columns(struct arena *a, struct plan_table *t, const struct json *list,
                       bool is_partition, struct sql_table_column *out, struct err *e) {
    struct err own;
    JSON_FOR_EACH(c, list) {
        struct bytes type = json_get_str(c, "Type");
        out->name = lower(a, json_get_str(c, "Name"));
        out->is_partition = is_partition;
        int rc = type_parse(a, type.len ? type : BYTES("string"), &out->type, e ? e : &own);
        if (rc)
            return rc == ERR_NOMEM ? rc : bad_column(t, out->name, e ? e : &own);
        out++;
    }
    return 0;
}

static int read_columns(struct arena *a, struct plan_table *t, struct err *e) {
    const struct json *sd = json_get(t->in, "StorageDescriptor");
    const struct json *data = json_get(sd, "Columns"), *keys = json_get(t->in, "PartitionKeys");
    t->data_count = data ? data->count : 0;
    t->key_count = keys ? keys->count : 0;
    struct sql_table_column *columns =
        ARENA_NEW_N(a, struct sql_table_column, t->data_count + t->key_count + HIDDEN_COLUMNS);
    if (!columns)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = add_columns(a, t, data, false, columns, e);
    if (!rc)
        rc = add_columns(a, t, keys, true, columns + t->data_count, e);
    if (!rc)
        rc = hidden_add(a, t, columns + t->data_count + t->key_count, &t->hidden_count, e);
    t->info =
        (struct sql_table_info){.database = t->table.database,
                                .name = t->table.name,
                                .columns = columns,
                                .column_count = t->data_count + t->key_count + t->hidden_count,
                                .opaque = t};
    return rc;
}

const struct type *plan_column_type(const struct plan_table *t, size_t column) {
    return t->info.columns[column].type;
}

/* For the refusal. */
static const char *known_format(struct bytes serde) {
    static const struct {
        const char *suffix, *words;
    } formats[] = {{".OrcSerde", "ORC files, "},
                   {".AvroSerDe", "Avro files, "},
                   {".IonHiveSerDe", "Ion files, "},
                   {".CloudTrailSerde", "CloudTrail files, "},
                   {".ColumnarSerDe", "RC files, "}};
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (has_suffix(serde, formats[i].suffix))
            return formats[i].words;
    return "";
}

static int refuse_kind(const struct plan_table *t, struct err *e) {
    struct bytes table_type = plan_param(t->params, "table_type");
    if (bytes_eq_nocase(table_type, BYTES("ICEBERG")))
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "'%.*s.%.*s' is an Iceberg table, which is not supported yet",
                             BYTES_ARG(t->info.database), BYTES_ARG(t->info.name));
    if (t->format == FORMAT_UNKNOWN)
        return err_set_named(
            e, ERR_SQL, "HIVE_UNSUPPORTED_FORMAT", 0,
            "Table '%.*s.%.*s' has %sSerDe %.*s, which cannot be read yet; Parquet, "
            "JSON, LazySimpleSerDe, OpenCSVSerde, RegexSerDe and GrokSerDe can",
            BYTES_ARG(t->info.database), BYTES_ARG(t->info.name), known_format(t->serde_class),
            BYTES_ARG(t->serde_class));
    return 0;
}

static int open_projection(struct plan *p, struct plan_table *t, struct err *e) {
    struct projection_key *keys = ARENA_NEW_N(&p->arena, struct projection_key, t->key_count + 1);
    if (!projection_enabled(t->params) || t->key_count == 0)
        return 0;
    if (!keys)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < t->key_count; i++)
        keys[i] = (struct projection_key){t->info.columns[t->data_count + i].name,
                                          plan_column_type(t, t->data_count + i)};
    struct projection_table in = {.database = t->info.database,
                                  .name = t->info.name,
                                  .location = t->location,
                                  .params = t->params,
                                  .keys = keys,
                                  .key_count = t->key_count};
    return projection_open(&p->arena, &in, &t->projection, e);
}

static void read_stored(struct plan_table *t, const struct json *in) {
    const struct json *sd = json_get(in, "StorageDescriptor"), *serde = json_get(sd, "SerdeInfo");
    t->in = in;
    t->params = json_get(in, "Parameters");
    t->serde_params = json_get(serde, "Parameters");
    t->location = json_get_str(sd, "Location");
    t->serde_class = json_get_str(serde, "SerializationLibrary");
    t->input_format = json_get_str(sd, "InputFormat");
    t->format = format_of(t->serde_class, t->input_format);
}

int plan_table_load(struct plan *p, struct arena *a, struct bytes database, struct bytes name,
                    struct plan_table **ret, struct err *e) {
    struct plan_table *t = ARENA_NEW(a, struct plan_table);
    struct json *in = NULL;
    if (!t)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = catalog_view_table(p->view, a, database, name, &t->table, e);
    if (!rc)
        rc = catalog_view_feeds(p->view, a, database, name, &t->feeds, &t->feed_count, e);
    if (!rc)
        rc = json_parse(a, t->table.json, &in, e);
    if (rc)
        return rc;
    read_stored(t, in);
    if (view_is(in)) {
        t->info = (struct sql_table_info){
            .database = t->table.database, .name = t->table.name, .opaque = t};
        *ret = t;
        return view_read(a, t->table.database, t->table.name, in, &t->info.view, e);
    }
    rc = read_columns(a, t, e);
    if (!rc)
        rc = refuse_kind(t, e);
    if (!rc)
        rc = open_projection(p, t, e);
    if (!rc)
        *ret = t;
    return rc;
}
