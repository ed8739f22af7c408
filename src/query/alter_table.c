/* alter_table.c - what ALTER changes in the stored objects: columns, locations, properties.
 *
 * A TableInput or PartitionInput is written again member by member; members that the statement does
 * not name, and those of columns that it does not touch, stay as any client sent them. As Hive
 * does, the properties say who changed the object last and when. */
#include "query/query_int.h"
#include <stdio.h>

struct column {
    struct bytes name, type, comment;
    const struct json *was; /* NULL: new */
    bool changed;
};
struct edit {
    const struct column *columns; /* NULL: as they are */
    size_t column_count;
    struct bytes location; /* NULL: as it is */
    const struct sql_property *properties;
    size_t property_count;
    int64_t now_ms; /* 0: no stamps of the change */
};

/* ---- writing ---- */
static void write_rest(struct jsonw *w, const struct json *in, const char *const *but) {
    JSON_FOR_EACH(m, in) {
        bool skip = false;
        for (size_t i = 0; but[i]; i++)
            skip |= bytes_eq_str(m->name, but[i]);
        if (skip)
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
}

static void write_column(struct jsonw *w, const struct column *c) {
    static const char *const written[] = {"Name", "Type", "Comment", NULL};
    if (c->was && !c->changed) {
        jsonw_tree(w, c->was);
        return;
    }
    jsonw_object(w);
    jsonw_kv_str(w, "Name", c->name);
    jsonw_kv_str(w, "Type", c->type);
    if (c->comment.len)
        jsonw_kv_str(w, "Comment", c->comment);
    write_rest(w, c->was, written);
    jsonw_end_object(w);
}

static void write_storage(struct jsonw *w, const struct json *sd, const struct edit *x) {
    static const char *const location[] = {"Location", NULL}, *const columns[] = {"Columns", NULL},
                             *const none[] = {NULL};
    jsonw_object(w);
    if (x->columns) {
        jsonw_name(w, "Columns");
        jsonw_array(w);
        for (size_t i = 0; i < x->column_count; i++)
            write_column(w, &x->columns[i]);
        jsonw_end_array(w);
    }
    if (x->location.ptr)
        jsonw_kv_str(w, "Location", x->location);
    write_rest(w, sd, x->columns ? columns : x->location.ptr ? location : none);
    jsonw_end_object(w);
}

static bool is_stamp(struct bytes key) {
    return bytes_eq_str(key, "last_modified_by") || bytes_eq_str(key, "last_modified_time") ||
           bytes_eq_str(key, "transient_lastDdlTime");
}

static bool is_set(const struct edit *x, struct bytes key) {
    for (size_t i = 0; i < x->property_count; i++)
        if (bytes_eq(x->properties[i].key, key))
            return true;
    return x->now_ms && is_stamp(key);
}

/* The last of equal keys counts. */
static bool is_last(const struct edit *x, size_t i) {
    for (size_t j = i + 1; j < x->property_count; j++)
        if (bytes_eq(x->properties[j].key, x->properties[i].key))
            return false;
    return true;
}

static void write_parameters(struct jsonw *w, const struct json *params, const struct edit *x) {
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)(x->now_ms / 1000));
    jsonw_object(w);
    JSON_FOR_EACH(p, params) {
        if (is_set(x, p->name))
            continue;
        jsonw_name_bytes(w, p->name);
        jsonw_tree(w, p);
    }
    for (size_t i = 0; i < x->property_count; i++) {
        if (!is_last(x, i) || (x->now_ms && is_stamp(x->properties[i].key)))
            continue;
        jsonw_name_bytes(w, x->properties[i].key);
        jsonw_str(w, x->properties[i].value);
    }
    if (x->now_ms) {
        jsonw_kv_cstr(w, "last_modified_by", "hadoop");
        jsonw_kv_cstr(w, "last_modified_time", seconds);
        jsonw_kv_cstr(w, "transient_lastDdlTime", seconds);
    }
    jsonw_end_object(w);
}

static int rewrite(struct arena *a, const struct json *in, const struct edit *x, struct bytes *ret,
                   struct err *e) {
    static const char *const written[] = {"StorageDescriptor", "Parameters", NULL};
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    jsonw_object(&w);
    write_rest(&w, in, written);
    jsonw_name(&w, "StorageDescriptor");
    write_storage(&w, json_get(in, "StorageDescriptor"), x);
    jsonw_name(&w, "Parameters");
    write_parameters(&w, json_get(in, "Parameters"), x);
    jsonw_end_object(&w);
    *ret = buf_ok(&json) ? arena_copy(a, buf_bytes(&json)) : (struct bytes){0};
    buf_clear(&json);
    return ret->ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* ---- columns ---- */
struct columns {
    struct column *items;
    size_t count;
};

static bool read_columns(struct arena *a, const struct json *in, size_t more, struct columns *ret) {
    const struct json *list = json_get(json_get(in, "StorageDescriptor"), "Columns");
    ret->items = ARENA_NEW_N(a, struct column, (list ? list->count : 0) + more + 1);
    ret->count = 0;
    JSON_FOR_EACH(c, list) {
        if (!ret->items)
            break;
        ret->items[ret->count++] = (struct column){.name = json_get_str(c, "Name"),
                                                   .type = json_get_str(c, "Type"),
                                                   .comment = json_get_str(c, "Comment"),
                                                   .was = c};
    }
    return ret->items != NULL;
}

static struct column new_column(const struct sql_column_def *d) {
    return (struct column){.name = d->name, .type = d->type_text, .comment = d->comment};
}

static ptrdiff_t find_column(const struct columns *list, struct bytes name) {
    for (size_t i = 0; i < list->count; i++)
        if (bytes_eq_nocase(list->items[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}

static int add_columns(struct columns *list, const struct sql_ddl *d, struct err *e) {
    for (size_t i = 0; i < d->column_count; i++) {
        if (find_column(list, d->columns[i].name) >= 0)
            return ddl_hive_error(e, DDL_TASK "Duplicate column name: %.*s",
                                  BYTES_ARG(d->columns[i].name));
        list->items[list->count++] = new_column(&d->columns[i]);
    }
    return 0;
}

static int replace_columns(struct columns *list, const struct json *in, const struct alter_table *t,
                           const struct sql_ddl *d, struct err *e) {
    static const char *const serdes[] = {"LazySimpleSerDe", "ParquetHiveSerDe", "ColumnarSerDe",
                                         "DynamicSerDe", "MetadataTypedColumnsetSerDe"};
    struct bytes serde = json_get_str(json_get(json_get(in, "StorageDescriptor"), "SerdeInfo"),
                                      "SerializationLibrary");
    struct bytes rest = serde, name = serde;
    while (rest.ptr)
        rest = bytes_cut(rest, '.', &name);
    bool known = false;
    for (size_t i = 0; i < COUNT_OF(serdes); i++)
        known |= bytes_eq_str(name, serdes[i]);
    if (!known)
        return ddl_hive_error(e,
                              DDL_TASK
                              "Replace columns is not supported for table %.*s.%.*s. SerDe "
                              "may be incompatible.",
                              BYTES_ARG(t->table.database), BYTES_ARG(t->table.name));
    list->count = 0;
    for (size_t i = 0; i < d->column_count; i++)
        list->items[list->count++] = new_column(&d->columns[i]);
    return 0;
}

static int no_column(struct bytes name, struct err *e) {
    return ddl_hive_error(e, DDL_TASK "Invalid column reference %.*s", BYTES_ARG(name));
}

static void move_column(struct columns *list, size_t from, size_t to) {
    struct column c = list->items[from];
    for (; from > to; from--)
        list->items[from] = list->items[from - 1];
    for (; from < to; from++)
        list->items[from] = list->items[from + 1];
    list->items[to] = c;
}

static int change_column(struct columns *list, const struct sql_ddl *d, struct err *e) {
    const struct sql_column_def *def = &d->columns[0];
    ptrdiff_t at = find_column(list, d->column), taken = find_column(list, def->name);
    if (taken >= 0 && taken != at)
        return ddl_hive_error(e, DDL_TASK "Duplicate column name: %.*s", BYTES_ARG(def->name));
    if (at < 0)
        return no_column(d->column, e);
    struct column *c = &list->items[at];
    c->name = def->name;
    c->type = def->type_text;
    if (def->comment.ptr)
        c->comment = def->comment;
    c->changed = true;
    if (d->first)
        move_column(list, (size_t)at, 0);
    if (!d->after.ptr)
        return 0;
    ptrdiff_t after = bytes_eq_nocase(d->after, d->column) ? -1 : find_column(list, d->after);
    if (after < 0)
        return no_column(d->after, e);
    move_column(list, (size_t)at, (size_t)(after < at ? after + 1 : after));
    return 0;
}

/* As Hive checks a whole table before it stores it. */
static int check_names(const struct columns *list, const struct json *keys, struct err *e) {
    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < i; j++)
            if (bytes_eq_nocase(list->items[i].name, list->items[j].name))
                return ddl_hive_error(
                    e, DDL_TASK "Duplicate column name %.*s in the table definition.",
                    BYTES_ARG(list->items[i].name));
    JSON_FOR_EACH(key, keys) {
        struct bytes name = json_get_str(key, "Name");
        if (find_column(list, name) >= 0)
            return ddl_hive_error(
                e, DDL_TASK "Partition column name %.*s conflicts with table columns.",
                BYTES_ARG(name));
    }
    return 0;
}

/* ---- one object ---- */
static int edit_columns(struct arena *a, enum sql_kind kind, const struct alter_table *t,
                        const struct json *in, const struct sql_ddl *d, struct columns *ret,
                        struct err *e) {
    int rc = ddl_check_types(a, d->columns, d->column_count, e);
    if (!rc && !read_columns(a, in, d->column_count, ret))
        rc = err_set(e, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    if (kind == SQL_ADD_COLUMNS)
        rc = add_columns(ret, d, e);
    else if (kind == SQL_REPLACE_COLUMNS)
        rc = replace_columns(ret, in, t, d, e);
    else
        rc = change_column(ret, d, e);
    return rc ? rc : check_names(ret, t->keys, e);
}

/* 'EXTERNAL' = 'FALSE' has no effect in Athena. */
static int edit_properties(struct arena *a, const struct sql_ddl *d, struct edit *x,
                           struct err *e) {
    struct sql_property *list = ARENA_NEW_N(a, struct sql_property, d->table_property_count + 1);
    for (size_t i = 0; list && i < d->table_property_count; i++) {
        const struct sql_property *p = &d->table_properties[i];
        if (!bytes_eq_str(p->key, "EXTERNAL") || bytes_eq_nocase(p->value, BYTES("TRUE")))
            list[x->property_count++] = *p;
    }
    x->properties = list;
    return list ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static int edit_object(struct query_service *q, struct arena *a, enum sql_kind kind,
                       const struct alter_table *t, const struct json *in, const struct sql_ddl *d,
                       struct bytes *ret, struct err *e) {
    struct edit x = {.now_ms = clock_wall_ms(q->d.clock)};
    struct columns columns = {0};
    int rc = 0;
    if (kind == SQL_SET_LOCATION) {
        x.location = d->location;
        rc = alter_check_location(d->location, e);
    } else if (kind == SQL_SET_PROPERTIES) {
        rc = edit_properties(a, d, &x, e);
    } else {
        rc = edit_columns(a, kind, t, in, d, &columns, e);
        x.columns = columns.items;
        x.column_count = columns.count;
    }
    return rc ? rc : rewrite(a, in, &x, ret, e);
}

static int alter_partitions(struct query_service *q, struct arena *a, enum sql_kind kind,
                            const struct alter_table *t, const struct sql_ddl *d, struct err *e) {
    struct catalog_partition *old = NULL;
    size_t n = 0;
    int rc = alter_find(q, a, t, &d->partitions[0], kind == SQL_SET_LOCATION, &old, &n, e);
    struct catalog_partition *items = rc ? NULL : ARENA_NEW_N(a, struct catalog_partition, n + 1);
    if (!rc && !items)
        rc = err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < n; i++) {
        struct json *in = NULL;
        items[i] = old[i];
        rc = json_parse(a, old[i].json, &in, e);
        rc = rc ? rc : edit_object(q, a, kind, t, in, d, &items[i].json, e);
    }
    return rc ? rc : catalog_partition_swap_many(q->d.catalog, t->table.id, old, items, n, e);
}

int alter_table_run(struct query_service *q, struct arena *a, enum sql_kind kind,
                    const struct alter_table *t, const struct sql_ddl *d, struct err *e) {
    struct bytes json = {0};
    if (d->partition_count)
        return alter_partitions(q, a, kind, t, d, e);
    int rc = edit_object(q, a, kind, t, t->in, d, &json, e);
    return rc ? rc
              : catalog_table_update(q->d.catalog, t->table.database, t->table.name, json,
                                     t->table.version_id, false, e);
}

/* ---- ALTER DATABASE SET DBPROPERTIES ---- */
static int merge_database(struct arena *a, const struct json *in, const struct sql_ddl *d,
                          struct bytes *ret, struct err *e) {
    static const char *const written[] = {"Parameters", NULL};
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    struct edit x = {.properties = d->table_properties, .property_count = d->table_property_count};
    jsonw_object(&w);
    write_rest(&w, in, written);
    jsonw_name(&w, "Parameters");
    write_parameters(&w, json_get(in, "Parameters"), &x);
    jsonw_end_object(&w);
    *ret = buf_ok(&json) ? arena_copy(a, buf_bytes(&json)) : (struct bytes){0};
    buf_clear(&json);
    return ret->ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int alter_database(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                   struct bytes name, struct err *e) {
    struct catalog_database database;
    struct json *in = NULL;
    struct bytes json = {0};
    int rc = catalog_database_get(q->d.catalog, a, name, &database, e);
    if (rc == ERR_ENTITY_NOT_FOUND)
        return ddl_hive_error(e, "SemanticException [Error 10072]: Database does not exist: %.*s",
                              BYTES_ARG(name));
    rc = rc ? rc : json_parse(a, database.json, &in, e);
    rc = rc ? rc : merge_database(a, in, d, &json, e);
    return rc ? rc : catalog_database_swap(q->d.catalog, name, database.json, json, e);
}
