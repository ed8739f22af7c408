/* ddl.c - CREATE and DROP, run in the front against the catalogue. Failures speak Hive's words, as
 * Athena passes them on. What a CREATE stores are Glue's input objects, as any client would send.
 */
#include "query/query_int.h"
#include <stdio.h>

int ddl_hive_error(struct err *e, const char *fmt, ...) {
    char text[800];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set_named(e, ERR_SQL, "GENERIC_USER_ERROR", 0, "FAILED: %s", text);
}

static int no_database(struct bytes name, struct err *e) {
    return ddl_hive_error(e, "SemanticException [Error 10072]: Database does not exist: %.*s",
                          BYTES_ARG(name));
}

/* ---- databases ---- */
static void write_database(struct jsonw *w, const struct sql_ddl *d, struct bytes name) {
    jsonw_object(w);
    jsonw_kv_str(w, "Name", name);
    if (d && d->comment.len)
        jsonw_kv_str(w, "Description", d->comment);
    if (d && d->location.len)
        jsonw_kv_str(w, "LocationUri", d->location);
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    for (size_t i = 0; d && i < d->table_property_count; i++) {
        jsonw_name_bytes(w, d->table_properties[i].key);
        jsonw_str(w, d->table_properties[i].value);
    }
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static int put_database(struct query_service *q, const struct sql_ddl *d, struct bytes name,
                        struct err *e) {
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    write_database(&w, d, name);
    int rc = buf_ok(&json) ? catalog_database_create(q->d.catalog, name, buf_bytes(&json), e)
                           : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&json);
    return rc;
}

int ddl_create_default(struct query_service *q, struct err *e) {
    int rc = put_database(q, NULL, BYTES("default"), e);
    return rc == ERR_ALREADY_EXISTS ? 0 : rc;
}

static int create_database(struct query_service *q, const struct sql_ddl *d, struct bytes name,
                           struct err *e) {
    int rc = put_database(q, d, name, e);
    if (rc != ERR_ALREADY_EXISTS)
        return rc;
    return d->if_not_exists
               ? 0
               : ddl_hive_error(e,
                                DDL_TASK "AlreadyExistsException(message:Database %.*s "
                                         "already exists)",
                                BYTES_ARG(name));
}

static int drop_database(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                         struct bytes name, struct err *e) {
    struct catalog_table *tables;
    size_t n = 0;
    int rc = catalog_table_list(q->d.catalog, a, name, BYTES(""), 1, &tables, &n, e);
    if (rc == ERR_ENTITY_NOT_FOUND)
        return d->if_exists ? 0 : no_database(name, e);
    if (!rc && n && !d->cascade)
        return ddl_hive_error(e,
                              DDL_TASK
                              "InvalidOperationException(message:Database %.*s is not empty. "
                              "One or more tables exist.)",
                              BYTES_ARG(name));
    return rc ? rc : catalog_database_delete(q->d.catalog, name, e);
}

/* ---- CREATE TABLE ---- */
/* SHOW CREATE TABLE says "from deserializer" where a column has no comment of its own. */
static void write_columns(struct jsonw *w, const char *name, const struct sql_column_def *c,
                          size_t n) {
    jsonw_name(w, name);
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "Name", c[i].name);
        jsonw_kv_str(w, "Type", c[i].type_text);
        if (c[i].comment.len && !bytes_eq_str(c[i].comment, "from deserializer"))
            jsonw_kv_str(w, "Comment", c[i].comment);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static bool has_property(const struct sql_property *p, size_t n, const char *key) {
    for (size_t i = 0; i < n; i++)
        if (bytes_eq_str(p[i].key, key))
            return true;
    return false;
}

/* Members of an object that is open; the last of equal keys counts. */
static void write_properties(struct jsonw *w, const struct sql_property *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bool last = true;
        for (size_t j = i + 1; j < n; j++)
            last &= !bytes_eq(p[j].key, p[i].key);
        if (!last)
            continue;
        jsonw_name_bytes(w, p[i].key);
        jsonw_str(w, p[i].value);
    }
}

static void write_buckets(struct jsonw *w, const struct sql_ddl *d) {
    jsonw_kv_i64(w, "NumberOfBuckets", d->bucket_column_count ? d->bucket_count : -1);
    jsonw_name(w, "BucketColumns");
    jsonw_array(w);
    for (size_t i = 0; i < d->bucket_column_count; i++)
        jsonw_str(w, d->bucket_columns[i]);
    jsonw_end_array(w);
    jsonw_name(w, "SortColumns");
    jsonw_array(w);
    for (size_t i = 0; i < d->sort_column_count; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "Column", d->sort_columns[i].name);
        jsonw_kv_i64(w, "SortOrder", d->sort_columns[i].descending ? 0 : 1);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_storage(struct jsonw *w, const struct sql_ddl *d) {
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    write_columns(w, "Columns", d->columns, d->column_count);
    jsonw_kv_str(w, "Location", d->location);
    jsonw_kv_str(w, "InputFormat", d->input_format);
    jsonw_kv_str(w, "OutputFormat", d->output_format);
    jsonw_kv_bool(w, "Compressed", false);
    write_buckets(w, d);
    jsonw_name(w, "SerdeInfo");
    jsonw_object(w);
    jsonw_kv_str(w, "SerializationLibrary", d->serde_class);
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    write_properties(w, d->serde_properties, d->serde_property_count);
    if (!has_property(d->serde_properties, d->serde_property_count, "serialization.format"))
        jsonw_kv_cstr(w, "serialization.format", "1");
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_kv_raw(w, "Parameters", BYTES("{}"));
    jsonw_kv_bool(w, "StoredAsSubDirectories", false);
    jsonw_end_object(w);
}

static void write_parameters(struct jsonw *w, const struct sql_ddl *d, int64_t now_ms) {
    const struct sql_property *p = d->table_properties;
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)(now_ms / 1000));
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    write_properties(w, p, d->table_property_count);
    if (!has_property(p, d->table_property_count, "EXTERNAL"))
        jsonw_kv_cstr(w, "EXTERNAL", "TRUE");
    if (!has_property(p, d->table_property_count, "transient_lastDdlTime"))
        jsonw_kv_cstr(w, "transient_lastDdlTime", seconds);
    jsonw_end_object(w);
}

static void write_table(struct jsonw *w, const struct sql_ddl *d, int64_t now_ms) {
    jsonw_object(w);
    jsonw_kv_str(w, "Name", d->name.table);
    if (d->comment.len)
        jsonw_kv_str(w, "Description", d->comment);
    jsonw_kv_cstr(w, "Owner", "hadoop");
    jsonw_kv_i64(w, "Retention", 0);
    write_storage(w, d);
    write_columns(w, "PartitionKeys", d->partition_columns, d->partition_column_count);
    jsonw_kv_cstr(w, "TableType", "EXTERNAL_TABLE");
    write_parameters(w, d, now_ms);
    jsonw_end_object(w);
}

int ddl_check_types(struct arena *a, const struct sql_column_def *c, size_t n, struct err *e) {
    for (size_t i = 0; i < n; i++) {
        const struct type *type;
        struct err why;
        int rc = type_parse(a, c[i].type_text, &type, &why);
        if (rc == ERR_NOMEM)
            return err_set(e, ERR_NOMEM, NULL);
        if (rc)
            return ddl_hive_error(e, "ParseException type of column %.*s: %.400s",
                                  BYTES_ARG(c[i].name), why.text);
    }
    return 0;
}

static int check_columns(struct arena *a, const struct sql_column_def *c, size_t n,
                         const struct sql_column_def *others, size_t other_count, struct err *e) {
    int rc = ddl_check_types(a, c, n, e);
    for (size_t i = 0; !rc && i < n; i++) {
        for (size_t j = 0; !rc && j < i + other_count; j++) {
            struct bytes other = j < i ? c[j].name : others[j - i].name;
            if (bytes_eq_nocase(other, c[i].name))
                rc = ddl_hive_error(e,
                                    j < i
                                        ? "SemanticException [Error 10036]: Duplicate column name: "
                                          "%.*s"
                                        : "SemanticException [Error 10035]: Column repeated in "
                                          "partitioning columns: %.*s",
                                    BYTES_ARG(other));
        }
    }
    return rc;
}

static int check_table(struct arena *a, const struct sql_ddl *d, struct err *e) {
    struct bytes bucket, key;
    int rc = check_columns(a, d->columns, d->column_count, d->columns, 0, e);
    if (!rc)
        rc = check_columns(a, d->partition_columns, d->partition_column_count, d->columns,
                           d->column_count, e);
    if (rc)
        return rc;
    if (d->column_count == 0)
        return ddl_hive_error(e,
                              "SemanticException [Error 10043]: Either list of columns or a custom "
                              "serializer should be specified");
    if (!store_split_uri(d->location, &bucket, &key) || bucket.len == 0)
        return ddl_hive_error(e,
                              DDL_TASK "MetaException(message:%.*s is not an S3 location; use "
                                       "s3://bucket/folder/)",
                              BYTES_ARG(d->location));
    return 0;
}

static int put_table(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                     struct bytes database, struct err *e) {
    if (d->iceberg)
        return iceberg_create(q, a, d, database, e);
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    write_table(&w, d, clock_wall_ms(q->d.clock));
    int rc = buf_ok(&json)
                 ? catalog_table_create(q->d.catalog, database, d->name.table, buf_bytes(&json), e)
                 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&json);
    return rc;
}

static int create_table(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                        struct bytes database, struct err *e) {
    int rc = check_table(a, d, e);
    if (!rc)
        rc = put_table(q, a, d, database, e);
    if (rc == ERR_ENTITY_NOT_FOUND && bytes_eq_str(database, "default")) {
        rc = ddl_create_default(q, e);
        if (!rc)
            rc = put_table(q, a, d, database, e);
    }
    if (rc == ERR_ENTITY_NOT_FOUND)
        return no_database(database, e);
    if (rc != ERR_ALREADY_EXISTS)
        return rc;
    return d->if_not_exists
               ? 0
               : ddl_hive_error(
                     e, DDL_TASK "AlreadyExistsException(message:Table %.*s already exists)",
                     BYTES_ARG(d->name.table));
}

/* The rows of an Iceberg table go with it. */
static int drop_table(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                      struct bytes database, struct err *e) {
    struct catalog_table t;
    struct json *in = NULL;
    int rc = catalog_table_get(q->d.catalog, a, database, d->name.table, &t, e);
    rc = rc ? rc : json_parse(a, t.json, &in, e);
    rc = rc ? rc : catalog_table_delete(q->d.catalog, database, d->name.table, e);
    if (!rc && iceberg_is(in))
        rc = iceberg_drop_data(q, in, e);
    if (rc != ERR_ENTITY_NOT_FOUND)
        return rc;
    return d->if_exists
               ? 0
               : ddl_hive_error(e, "SemanticException [Error 10001]: Table not found %.*s.%.*s",
                                BYTES_ARG(database), BYTES_ARG(d->name.table));
}

int ddl_run(struct query_service *q, struct arena *a, const struct exec *x, struct buf *out,
            struct bytes *ret_columns_json, struct err *e) {
    struct sql_statement *s = NULL;
    int rc = exec_statement(x, a, &s, e);
    if (rc)
        return rc;
    *ret_columns_json = BYTES("[]");
    if (sql_statement_kind(s) == SQL_PREPARE || sql_statement_kind(s) == SQL_DEALLOCATE)
        return prepared_run(q, a, x, s, e);
    if (sql_statement_kind(s) == SQL_EXPLAIN)
        return explain_run(q, a, x, s, out, ret_columns_json, e);
    const struct sql_ddl *d = sql_statement_ddl(s);
    enum sql_kind kind = sql_statement_kind(s);
    if (kind == SQL_CREATE_VIEW || kind == SQL_DROP_VIEW || kind == SQL_SHOW_CREATE_VIEW)
        return view_run(q, a, x, s, out, ret_columns_json, e);
    if (kind >= SQL_UPDATE && kind <= SQL_VACUUM)
        return modify_run(q, a, x, s, e);
    if (!d)
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0, "%s is not supported",
                             sql_substatement_type(s));
    struct bytes database = d->name.database.len ? d->name.database : x->database;
    switch (sql_statement_kind(s)) {
    case SQL_CREATE_DATABASE:
        return create_database(q, d, database, e);
    case SQL_DROP_DATABASE:
        return drop_database(q, a, d, database, e);
    case SQL_CREATE_TABLE:
        return create_table(q, a, d, database, e);
    case SQL_DROP_TABLE:
        return drop_table(q, a, d, database, e);
    case SQL_ALTER_DATABASE:
    case SQL_ADD_PARTITION:
    case SQL_DROP_PARTITION:
    case SQL_RENAME_PARTITION:
    case SQL_ADD_COLUMNS:
    case SQL_REPLACE_COLUMNS:
    case SQL_CHANGE_COLUMN:
    case SQL_SET_LOCATION:
    case SQL_SET_PROPERTIES:
    case SQL_UNSET_PROPERTIES:
    case SQL_RENAME_TABLE:
    case SQL_DROP_COLUMN:
        return alter_run(q, a, sql_statement_kind(s), d, database, e);
    case SQL_REPAIR_TABLE:
        *ret_columns_json = BYTES("[{\"name\":\"result\",\"type\":\"string\"}]");
        return repair_run(q, a, d, database, out, e);
    default:
        return show_run(q, a, sql_statement_kind(s), d, database, out, ret_columns_json, e);
    }
}
