/* show.c - SHOW: lines of text in the shapes that Athena's clients read. A result row is a line
 * with one cell; SHOW COLUMNS pads names to 20 characters. SHOW CREATE TABLE and DESCRIBE have
 * files of their own. */
#include "query/show_int.h"
#include <stdlib.h>

static struct bytes string_columns(struct arena *a, const char *const *names, size_t n) {
    struct sql_out_column *c = ARENA_NEW_N(a, struct sql_out_column, n);
    if (!c)
        return BYTES("[]"); /* the arena says so at the end */
    for (size_t i = 0; i < n; i++)
        c[i] = (struct sql_out_column){.name = bytes_str(names[i]), .type = BYTES("string")};
    return record_columns_json(a, c, n);
}

static int not_found(struct bytes database, struct bytes table, struct err *e) {
    return err_set_named(e, ERR_SQL, "GENERIC_USER_ERROR", 0,
                         "FAILED: SemanticException [Error 10001]: Table not found %.*s.%.*s",
                         BYTES_ARG(database), BYTES_ARG(table));
}

static int no_database(struct bytes name, struct err *e) {
    return err_set_named(e, ERR_SQL, "GENERIC_USER_ERROR", 0,
                         "FAILED: SemanticException [Error 10072]: Database does not exist: %.*s",
                         BYTES_ARG(name));
}

/* Hive's pattern: '*' for any characters, '|' between choices, no regard to case. ".*" is the same
 * as '*'. */
static bool like_one(struct bytes v, struct bytes p) {
    while (p.len) {
        if (p.ptr[0] == '.' && p.len > 1 && p.ptr[1] == '*')
            p = bytes_slice(p, 1, p.len);
        if (p.ptr[0] == '*') {
            p = bytes_slice(p, 1, p.len);
            for (size_t i = 0; i <= v.len; i++)
                if (like_one(bytes_slice(v, i, v.len), p))
                    return true;
            return false;
        }
        if (!v.len || !bytes_eq_nocase(bytes_slice(v, 0, 1), bytes_slice(p, 0, 1)))
            return false;
        v = bytes_slice(v, 1, v.len);
        p = bytes_slice(p, 1, p.len);
    }
    return v.len == 0;
}

static bool like(struct bytes v, struct bytes pattern) {
    struct bytes rest = pattern, choice;
    if (pattern.len == 0)
        return true;
    while (rest.ptr) {
        rest = bytes_cut(rest, '|', &choice);
        if (like_one(v, choice))
            return true;
    }
    return false;
}

static void add_line(struct buf *out, struct bytes v) {
    buf_add(out, v);
    buf_add_char(out, '\n');
}

/* ---- lists ---- */
static int show_databases(struct query_service *q, struct arena *a, struct bytes pattern,
                          struct buf *out, struct err *e) {
    struct bytes after = BYTES("");
    size_t n = 1;
    while (n > 0) {
        struct catalog_database *d;
        int rc = catalog_database_list(q->d.catalog, a, after, 500, &d, &n, e);
        if (rc)
            return rc;
        for (size_t i = 0; i < n; i++)
            if (like(d[i].name, pattern))
                add_line(out, d[i].name);
        if (n)
            after = d[n - 1].name;
    }
    return 0;
}

static bool is_view(struct arena *a, struct bytes json) {
    struct json *in = NULL;
    struct err ignored;
    return json_parse(a, json, &in, &ignored) == 0 && view_is(in);
}

static void show_own(struct bytes pattern, bool views_only, struct buf *out) {
    for (size_t i = 0; !views_only && schema_table_name(i); i++)
        if (like(bytes_str(schema_table_name(i)), pattern))
            add_line(out, bytes_str(schema_table_name(i)));
}

static int show_tables(struct query_service *q, struct arena *a, struct bytes database,
                       struct bytes pattern, bool views_only, struct buf *out, struct err *e) {
    struct bytes after = BYTES("");
    size_t n = 1;
    if (bytes_eq_str(database, SCHEMA_DATABASE)) {
        show_own(pattern, views_only, out);
        return 0;
    }
    while (n > 0) {
        struct catalog_table *t;
        int rc = catalog_table_list(q->d.catalog, a, database, after, 500, &t, &n, e);
        if (rc == ERR_ENTITY_NOT_FOUND)
            return bytes_eq_str(database, "default") ? 0 : no_database(database, e);
        if (rc)
            return rc;
        for (size_t i = 0; i < n; i++)
            if (like(t[i].name, pattern) && (!views_only || is_view(a, t[i].json)))
                add_line(out, t[i].name);
        if (n)
            after = t[n - 1].name;
    }
    return 0;
}

/* ---- one table ---- */
static int load(struct query_service *q, struct arena *a, struct bytes database, struct bytes name,
                struct shown *ret, struct err *e) {
    struct json *in = NULL;
    int rc = bytes_eq_str(database, SCHEMA_DATABASE)
                 ? schema_table_input(a, name, &ret->table, e)
                 : catalog_table_get(q->d.catalog, a, database, name, &ret->table, e);
    if (rc == ERR_ENTITY_NOT_FOUND)
        return not_found(database, name, e);
    if (!rc)
        rc = json_parse(a, ret->table.json, &in, e);
    if (rc)
        return rc;
    ret->in = in;
    ret->storage = json_get(in, "StorageDescriptor");
    ret->columns = json_get(ret->storage, "Columns");
    ret->keys = json_get(in, "PartitionKeys");
    ret->params = json_get(in, "Parameters");
    struct bytes serde = json_get_str(json_get(ret->storage, "SerdeInfo"), "SerializationLibrary");
    ret->from_deserializer =
        bytes_ends_with(serde, BYTES("JsonSerDe")) || bytes_ends_with(serde, BYTES("RegexSerDe"));
    return 0;
}

void show_padded(struct buf *out, struct bytes v) {
    buf_add(out, v);
    for (size_t i = v.len; i < 20; i++)
        buf_add_char(out, ' ');
}

static int by_key(const void *x, const void *y) {
    const struct sql_property *a = x, *b = y;
    return bytes_cmp(a->key, b->key);
}

const struct sql_property *show_sorted(struct arena *a, const struct json *object,
                                       size_t *ret_count) {
    size_t n = 0;
    struct sql_property *p =
        ARENA_NEW_N(a, struct sql_property, object && object->count ? object->count : 1);
    JSON_FOR_EACH(m, object) {
        if (p && m->kind == JSON_STRING)
            p[n++] = (struct sql_property){.key = m->name, .value = m->text};
    }
    if (p)
        qsort(p, n, sizeof *p, by_key);
    *ret_count = n;
    return p;
}

static int show_partitions(struct query_service *q, struct arena *a, const struct shown *t,
                           struct buf *out, struct err *e) {
    struct catalog_partition *p;
    size_t n = 0;
    if (!t->keys || t->keys->count == 0)
        return err_set_named(e, ERR_SQL, "GENERIC_USER_ERROR", 0,
                             "FAILED: Execution Error, return code 1 from "
                             "org.apache.hadoop.hive.ql.exec.DDLTask. Table %.*s is not a "
                             "partitioned table",
                             BYTES_ARG(t->table.name));
    struct catalog_view *view = NULL;
    uint64_t all;
    int rc = catalog_view_open(q->d.catalog, &view, e);
    if (!rc)
        rc = catalog_view_partitions(view, a, t->table.id, NULL, &p, &n, &all, e);
    catalog_view_close(&view);
    for (size_t i = 0; !rc && i < n; i++) {
        size_t k = 0;
        JSON_FOR_EACH(key, t->keys) {
            if (k >= p[i].value_count)
                break;
            if (k)
                buf_add_char(out, '/');
            buf_add(out, json_get_str(key, "Name"));
            buf_add_char(out, '=');
            buf_add(out, p[i].values[k++]);
        }
        buf_add_char(out, '\n');
    }
    return rc;
}

static void show_columns(const struct json *columns, struct buf *out) {
    JSON_FOR_EACH(c, columns) {
        show_padded(out, json_get_str(c, "Name"));
        buf_add_char(out, '\n');
    }
}

/* All properties, or the value of one. */
static int show_properties(struct arena *a, const struct shown *t, const struct sql_ddl *d,
                           struct buf *out, struct err *e) {
    size_t n = 0;
    const struct sql_property *p = show_sorted(a, t->params, &n);
    for (size_t i = 0; p && !d->property.ptr && i < n; i++)
        buf_add_fmt(out, "%.*s\t%.*s\n", BYTES_ARG(p[i].key), BYTES_ARG(p[i].value));
    for (size_t i = 0; p && d->property.ptr && i < n; i++)
        if (bytes_eq(p[i].key, d->property)) {
            add_line(out, p[i].value);
            return 0;
        }
    if (p && d->property.ptr)
        buf_add_fmt(out, "Table %.*s.%.*s does not have property: %.*s\n",
                    BYTES_ARG(t->table.database), BYTES_ARG(t->table.name), BYTES_ARG(d->property));
    return p ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static int describe(struct query_service *q, struct arena *a, const struct shown *t,
                    const struct sql_ddl *d, struct buf *out, struct err *e) {
    struct alter_table about = {
        .table = t->table, .in = t->in, .keys = t->keys, .key_count = t->keys ? t->keys->count : 0};
    struct catalog_partition *found = NULL;
    size_t n = 0;
    int rc = 0;
    if (d->partition_count)
        rc = alter_find(q, a, &about, &d->partitions[0], false, &found, &n, e);
    if (!rc && n > 1)
        rc = ddl_hive_error(e, "SemanticException [Error 10006]: Partition not found: the spec "
                               "must name every partition column");
    return rc ? rc : show_describe(a, t, found, d, out, e);
}

/* ---- views: their columns have Trino's types ---- */
static int show_view(struct arena *a, enum sql_kind kind, const struct shown *t,
                     const struct sql_ddl *d, struct buf *out, struct bytes *ret_columns_json,
                     struct err *e) {
    static const char *const described[] = {"col_name", "data_type", "comment"};
    const struct sql_view *v = NULL;
    int rc = view_read(a, t->table.database, t->table.name, t->in, &v, e);
    if (rc)
        return rc;
    if (d->path_count || d->partition_count)
        return ddl_hive_error(e,
                              "SemanticException [Error 10001]: %.*s.%.*s is a view, which has "
                              "columns only",
                              BYTES_ARG(t->table.database), BYTES_ARG(t->table.name));
    bool lists = kind == SQL_SHOW_COLUMNS;
    *ret_columns_json = lists ? string_columns(a, (const char *const[]){"field"}, 1)
                              : string_columns(a, described, COUNT_OF(described));
    for (size_t i = 0; i < v->column_count; i++) {
        if (lists)
            show_padded(out, v->columns[i].name);
        else
            buf_add_fmt(out, "%.*s\t%.*s\t", BYTES_ARG(v->columns[i].name),
                        BYTES_ARG(v->columns[i].type));
        buf_add_char(out, '\n');
    }
    return 0;
}

/* ---- the whole ---- */
static int show_table(struct query_service *q, struct arena *a, enum sql_kind kind,
                      const struct sql_ddl *d, struct bytes database, struct buf *out,
                      struct bytes *ret_columns_json, struct err *e) {
    static const char *const properties[] = {"prpt_name", "prpt_value"};
    struct shown t = {0};
    size_t n = 0;
    int rc = load(q, a, database, d->name.table, &t, e);
    if (rc)
        return rc;
    if (view_is(t.in) && (kind == SQL_SHOW_COLUMNS || kind == SQL_DESCRIBE))
        return show_view(a, kind, &t, d, out, ret_columns_json, e);
    switch (kind) {
    case SQL_SHOW_PARTITIONS:
        *ret_columns_json = string_columns(a, (const char *const[]){"partition"}, 1);
        return show_partitions(q, a, &t, out, e);
    case SQL_SHOW_COLUMNS:
        *ret_columns_json = string_columns(a, (const char *const[]){"field"}, 1);
        show_columns(t.columns, out);
        show_columns(t.keys, out);
        return 0;
    case SQL_SHOW_CREATE_TABLE:
        *ret_columns_json = string_columns(a, (const char *const[]){"createtab_stmt"}, 1);
        return show_create(a, &t, d, out, e);
    case SQL_SHOW_PROPERTIES:
        *ret_columns_json = string_columns(a, properties, d->property.ptr ? 1 : 2);
        return show_properties(a, &t, d, out, e);
    default: {
        const char *const *names = show_describe_columns(d, &n);
        *ret_columns_json = string_columns(a, names, n);
        return describe(q, a, &t, d, out, e);
    }
    }
}

int show_run(struct query_service *q, struct arena *a, enum sql_kind kind,
             const struct sql_ddl *ddl, struct bytes database, struct buf *out,
             struct bytes *ret_columns_json, struct err *e) {
    int rc;
    if (kind == SQL_SHOW_DATABASES) {
        *ret_columns_json = string_columns(a, (const char *const[]){"database_name"}, 1);
        rc = show_databases(q, a, ddl->like_pattern, out, e);
    } else if (kind == SQL_SHOW_TABLES) {
        *ret_columns_json = string_columns(a, (const char *const[]){"tab_name"}, 1);
        rc = show_tables(q, a, database, ddl->like_pattern, false, out, e);
    } else if (kind == SQL_SHOW_VIEWS) {
        *ret_columns_json = string_columns(a, (const char *const[]){"views"}, 1);
        rc = show_tables(q, a, database, ddl->like_pattern, true, out, e);
    } else {
        rc = show_table(q, a, kind, ddl, database, out, ret_columns_json, e);
    }
    if (!rc && (!buf_ok(out) || a->failed))
        rc = err_set(e, ERR_NOMEM, NULL);
    return rc;
}
