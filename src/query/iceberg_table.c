/* iceberg_table.c - CREATE TABLE, ALTER TABLE and DROP TABLE of Iceberg tables.
 *
 * The metadata file is written first, then the catalogue's entry is made or swapped to point at it:
 * whoever loses a race leaves a file that nothing points at. Athena's table properties are a closed
 * list; those that Iceberg has words for are stored under these. */
#include "base/log.h"
#include "catalog/iceberg.h"
#include "query/query_int.h"

bool iceberg_is(const struct json *in) {
    return bytes_eq_nocase(plan_param(json_get(in, "Parameters"), "table_type"), BYTES("iceberg"));
}

static int unfit(const struct err *why, struct err *e) {
    if (why->code == ERR_INVALID_INPUT)
        return ddl_hive_error(e, "SemanticException %s", why->text);
    *e = *why;
    return why->code;
}

/* ---- properties ---- */
static const struct {
    const char *athena, *iceberg; /* NULL: kept as it is */
} known[] = {
    {"format", "write.format.default"},
    {"write_compression", "write.parquet.compression-codec"},
    {"compression_level", "write.parquet.compression-level"},
    {"write_target_data_file_size_bytes", "write.target-file-size-bytes"},
    {"optimize_rewrite_min_data_file_size_bytes", NULL},
    {"optimize_rewrite_max_data_file_size_bytes", NULL},
    {"optimize_rewrite_data_file_threshold", NULL},
    {"optimize_rewrite_delete_file_threshold", NULL},
    {"vacuum_min_snapshots_to_keep", NULL},
    {"vacuum_max_snapshot_age_seconds", NULL},
    {"vacuum_max_metadata_files_to_keep", NULL},
    {"comment", NULL},
};

static const char *property_name(struct bytes key) {
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (bytes_eq_nocase(key, bytes_str(known[i].athena)) ||
            (known[i].iceberg && bytes_eq_str(key, known[i].iceberg)))
            return known[i].iceberg ? known[i].iceberg : known[i].athena;
    return NULL;
}

static int check_value(struct bytes key, struct bytes value, struct err *e) {
    static const char *const formats[] = {"parquet", "orc", "avro"};
    if (!bytes_eq_nocase(key, BYTES("format")))
        return 0;
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (bytes_eq_nocase(value, bytes_str(formats[i])))
            return 0;
    return ddl_hive_error(e, "SemanticException Unsupported file format: %.*s", BYTES_ARG(value));
}

/* `removes`: the values are not there. */
static int read_properties(struct arena *a, const struct sql_ddl *d, bool removes,
                           struct iceberg_property **ret, size_t *ret_count, struct err *e) {
    struct iceberg_property *list =
        ARENA_NEW_N(a, struct iceberg_property, d->table_property_count + 2);
    size_t n = 0;
    for (size_t i = 0; list && i < d->table_property_count; i++) {
        struct bytes key = d->table_properties[i].key, value = d->table_properties[i].value;
        if (bytes_eq_nocase(key, BYTES("table_type")))
            continue;
        const char *name = property_name(key);
        if (!name)
            return ddl_hive_error(e, "SemanticException Unsupported table property key: %.*s",
                                  BYTES_ARG(key));
        if (!removes && check_value(key, value, e))
            return ERR_SQL;
        list[n++] = (struct iceberg_property){bytes_str(name), removes     ? (struct bytes){0}
                                                               : value.ptr ? value
                                                                           : BYTES("")};
    }
    *ret = list;
    *ret_count = n;
    return list ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* ---- columns ---- */
static struct iceberg_column column_of(const struct sql_column_def *c) {
    return (struct iceberg_column){c->name, c->type_text, c->comment};
}

static int read_columns(struct arena *a, const struct sql_ddl *d, struct iceberg_column **ret,
                        struct err *e) {
    struct iceberg_column *list = ARENA_NEW_N(a, struct iceberg_column, d->column_count + 1);
    for (size_t i = 0; list && i < d->column_count; i++)
        list[i] = column_of(&d->columns[i]);
    *ret = list;
    return list ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* ---- CREATE TABLE ---- */
static void write_table(struct jsonw *w, const struct sql_ddl *d, struct bytes location,
                        struct bytes columns, struct bytes uri) {
    jsonw_object(w);
    jsonw_kv_str(w, "Name", d->name.table);
    if (d->comment.len)
        jsonw_kv_str(w, "Description", d->comment);
    jsonw_kv_i64(w, "Retention", 0);
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    jsonw_kv_raw(w, "Columns", columns);
    jsonw_kv_str(w, "Location", location);
    jsonw_kv_bool(w, "Compressed", false);
    jsonw_kv_i64(w, "NumberOfBuckets", 0);
    jsonw_kv_raw(w, "SortColumns", BYTES("[]"));
    jsonw_kv_bool(w, "StoredAsSubDirectories", false);
    jsonw_end_object(w);
    jsonw_kv_raw(w, "PartitionKeys", BYTES("[]"));
    jsonw_kv_cstr(w, "TableType", "EXTERNAL_TABLE");
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    jsonw_kv_cstr(w, "table_type", "ICEBERG");
    jsonw_kv_str(w, "metadata_location", uri);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static int put_table(struct query_service *q, const struct sql_ddl *d, struct bytes database,
                     struct bytes location, struct bytes columns, struct bytes uri, struct err *e) {
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    write_table(&w, d, location, columns, uri);
    int rc = buf_ok(&json)
                 ? catalog_table_create(q->d.catalog, database, d->name.table, buf_bytes(&json), e)
                 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&json);
    return rc;
}

static int make_document(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                         struct bytes location, struct iceberg_document *ret, struct err *e) {
    struct iceberg_new in = {.location = location,
                             .column_count = d->column_count,
                             .key_count = d->transform_count,
                             .now_ms = clock_wall_ms(q->d.clock)};
    struct iceberg_key *keys = ARENA_NEW_N(a, struct iceberg_key, d->transform_count + 1);
    struct iceberg_column *columns = NULL;
    struct iceberg_property *properties = NULL;
    struct err why;
    int rc = keys ? read_columns(a, d, &columns, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc : read_properties(a, d, false, &properties, &in.property_count, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < d->transform_count; i++)
        keys[i] = (struct iceberg_key){d->transforms[i].column, d->transforms[i].name,
                                       d->transforms[i].argument};
    if (d->comment.len)
        properties[in.property_count++] = (struct iceberg_property){BYTES("comment"), d->comment};
    in.columns = columns;
    in.keys = keys;
    in.properties = properties;
    rc = iceberg_make(a, &in, ret, &why);
    return rc ? unfit(&why, e) : 0;
}

/* A table that is there, or a database that is not, is known before a file is written. */
static int check_absent(struct query_service *q, struct arena *a, struct bytes database,
                        struct bytes name, struct err *e) {
    struct catalog_database there;
    struct catalog_table t;
    struct err why;
    int rc = catalog_database_get(q->d.catalog, a, database, &there, e);
    if (!rc && !catalog_table_get(q->d.catalog, a, database, name, &t, &why))
        rc = err_set(e, ERR_ALREADY_EXISTS, NULL);
    return rc;
}

int iceberg_create(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                   struct bytes database, struct err *e) {
    struct bytes location = d->location, uri;
    struct iceberg_document doc;
    if (d->partition_column_count)
        return ddl_hive_error(e, "SemanticException Partition columns of an Iceberg table are "
                                 "columns of the table: name them without a type");
    while (location.len && location.ptr[location.len - 1] == '/')
        location.len--;
    int rc = check_absent(q, a, database, d->name.table, e);
    rc = rc ? rc : make_document(q, a, d, location, &doc, e);
    if (!rc && iceberg_write(q->d.store, a, location, BYTES(""), doc.json, &uri, e))
        rc = ddl_hive_error(e, DDL_TASK "MetaException(message:Got exception: %s)", e->text);
    return rc ? rc : put_table(q, d, database, location, doc.columns, uri, e);
}

/* ---- ALTER TABLE ---- */
static int read_edit(struct arena *a, enum sql_kind kind, const struct sql_ddl *d,
                     struct iceberg_edit *x, struct err *e) {
    struct iceberg_column *columns = NULL;
    struct iceberg_property *properties = NULL;
    int rc = read_columns(a, d, &columns, e);
    if (rc)
        return rc;
    switch (kind) {
    case SQL_ADD_COLUMNS:
        x->add = columns;
        x->add_count = d->column_count;
        return 0;
    case SQL_DROP_COLUMN:
        x->drop = d->column;
        return 0;
    case SQL_CHANGE_COLUMN:
        x->change = d->column;
        x->to = columns[0];
        x->first = d->first;
        x->after = d->after;
        return 0;
    case SQL_SET_PROPERTIES:
    case SQL_UNSET_PROPERTIES:
        rc =
            read_properties(a, d, kind == SQL_UNSET_PROPERTIES, &properties, &x->property_count, e);
        x->properties = properties;
        return rc;
    default:
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "This ALTER TABLE is not supported for Iceberg tables");
    }
}

static void write_parameters(struct jsonw *w, const struct json *params, struct bytes uri,
                             struct bytes old_uri) {
    jsonw_object(w);
    JSON_FOR_EACH(p, params) {
        if (bytes_eq_str(p->name, "metadata_location") ||
            bytes_eq_str(p->name, "previous_metadata_location"))
            continue;
        jsonw_name_bytes(w, p->name);
        jsonw_tree(w, p);
    }
    jsonw_kv_str(w, "metadata_location", uri);
    jsonw_kv_str(w, "previous_metadata_location", old_uri);
    jsonw_end_object(w);
}

/* The TableInput with other columns and another document. */
static struct bytes repoint(struct arena *a, const struct json *in, struct bytes columns,
                            struct bytes uri, struct bytes old_uri) {
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    jsonw_object(&w);
    JSON_FOR_EACH(m, in) {
        jsonw_name_bytes(&w, m->name);
        if (bytes_eq_str(m->name, "Parameters")) {
            write_parameters(&w, m, uri, old_uri);
        } else if (bytes_eq_str(m->name, "StorageDescriptor")) {
            jsonw_object(&w);
            JSON_FOR_EACH(s, m) {
                jsonw_name_bytes(&w, s->name);
                if (bytes_eq_str(s->name, "Columns"))
                    jsonw_raw(&w, columns);
                else
                    jsonw_tree(&w, s);
            }
            jsonw_end_object(&w);
        } else {
            jsonw_tree(&w, m);
        }
    }
    jsonw_end_object(&w);
    struct bytes r = buf_ok(&json) ? arena_copy(a, buf_bytes(&json)) : (struct bytes){0};
    buf_clear(&json);
    return r;
}

static int change(struct query_service *q, struct arena *a, const struct alter_table *t,
                  const struct iceberg_edit *x, struct err *e) {
    struct bytes old_uri = plan_param(json_get(t->in, "Parameters"), "metadata_location");
    struct bytes location = json_get_str(t->storage, "Location"), old, uri;
    struct iceberg_document doc;
    struct err why;
    int rc = iceberg_read(q->d.store, a, old_uri, &old, &why);
    rc = rc ? rc : iceberg_change(a, old, old_uri, x, clock_wall_ms(q->d.clock), &doc, &why);
    if (rc)
        return unfit(&why, e);
    while (location.len && location.ptr[location.len - 1] == '/')
        location.len--;
    rc = iceberg_write(q->d.store, a, location, old_uri, doc.json, &uri, e);
    if (rc)
        return rc;
    struct bytes json = repoint(a, t->in, doc.columns, uri, old_uri);
    return json.ptr ? catalog_table_update(q->d.catalog, t->table.database, t->table.name, json,
                                           t->table.version_id, false, e)
                    : err_set(e, ERR_NOMEM, NULL);
}

/* The data stays where it is. */
static int rename_table(struct query_service *q, const struct alter_table *t,
                        const struct sql_ddl *d, struct err *e) {
    struct bytes database = d->new_name.database.len ? d->new_name.database : t->table.database;
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    jsonw_object(&w);
    JSON_FOR_EACH(m, t->in) {
        jsonw_name_bytes(&w, m->name);
        if (bytes_eq_str(m->name, "Name"))
            jsonw_str(&w, d->new_name.table);
        else
            jsonw_tree(&w, m);
    }
    jsonw_end_object(&w);
    int rc = buf_ok(&json) ? catalog_table_create(q->d.catalog, database, d->new_name.table,
                                                  buf_bytes(&json), e)
                           : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&json);
    if (rc == ERR_ALREADY_EXISTS)
        return ddl_hive_error(e,
                              DDL_TASK "AlreadyExistsException(message:Table %.*s already exists)",
                              BYTES_ARG(d->new_name.table));
    if (rc == ERR_ENTITY_NOT_FOUND)
        return ddl_hive_error(e, "SemanticException [Error 10072]: Database does not exist: %.*s",
                              BYTES_ARG(database));
    return rc ? rc : catalog_table_delete(q->d.catalog, t->table.database, t->table.name, e);
}

int iceberg_alter(struct query_service *q, struct arena *a, enum sql_kind kind,
                  const struct alter_table *t, const struct sql_ddl *d, struct err *e) {
    struct iceberg_edit x = {0};
    if (kind == SQL_RENAME_TABLE)
        return rename_table(q, t, d, e);
    int rc = read_edit(a, kind, d, &x, e);
    return rc ? rc : change(q, a, t, &x, e);
}

int iceberg_drop_data(struct query_service *q, const struct json *in, struct err *e) {
    struct bytes location = json_get_str(json_get(in, "StorageDescriptor"), "Location");
    struct err why;
    if (iceberg_purge(q->d.store, location, &why)) {
        log_write(LOG_WARN, "query", "%.*s: not deleted: %s", BYTES_ARG(location), why.text);
        return err_set_named(e, ERR_SQL, "ICEBERG_FILESYSTEM_ERROR", 0,
                             "The table is dropped, but its data at %.*s could not be deleted: "
                             "%.400s",
                             BYTES_ARG(location), why.text);
    }
    return 0;
}
