/* show.c - SHOW and DESCRIBE: lines of text in the shapes that Athena's clients read. A result row
 * is a line with one cell; SHOW COLUMNS pads names to 20 characters, DESCRIBE has name, type and
 * comment padded to 20 each and separated by tabs, then a section on partition columns. */
#include "query/query_int.h"

static struct bytes string_columns(struct arena *a, const char *const *names, size_t n) {
    struct sql_out_column c[4];
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

static int show_tables(struct query_service *q, struct arena *a, struct bytes database,
                       struct bytes pattern, struct buf *out, struct err *e) {
    struct bytes after = BYTES("");
    size_t n = 1;
    while (n > 0) {
        struct catalog_table *t;
        int rc = catalog_table_list(q->d.catalog, a, database, after, 500, &t, &n, e);
        if (rc == ERR_ENTITY_NOT_FOUND)
            return bytes_eq_str(database, "default") ? 0 : no_database(database, e);
        if (rc)
            return rc;
        for (size_t i = 0; i < n; i++)
            if (like(t[i].name, pattern))
                add_line(out, t[i].name);
        if (n)
            after = t[n - 1].name;
    }
    return 0;
}

/* ---- one table ---- */
struct shown {
    struct catalog_table table;
    const struct json *columns, *keys, *in;
    bool from_deserializer;
};

static int load(struct query_service *q, struct arena *a, struct bytes database, struct bytes name,
                struct shown *ret, struct err *e) {
    struct json *in = NULL;
    int rc = catalog_table_get(q->d.catalog, a, database, name, &ret->table, e);
    if (rc == ERR_ENTITY_NOT_FOUND)
        return not_found(database, name, e);
    if (!rc)
        rc = json_parse(a, ret->table.json, &in, e);
    if (rc)
        return rc;
    const struct json *sd = json_get(in, "StorageDescriptor");
    struct bytes serde = json_get_str(json_get(sd, "SerdeInfo"), "SerializationLibrary");
    ret->in = in;
    ret->columns = json_get(sd, "Columns");
    ret->keys = json_get(in, "PartitionKeys");
    ret->from_deserializer =
        bytes_ends_with(serde, BYTES("JsonSerDe")) || bytes_ends_with(serde, BYTES("RegexSerDe"));
    return 0;
}

static void add_padded(struct buf *out, struct bytes v) {
    buf_add(out, v);
    for (size_t i = v.len; i < 20; i++)
        buf_add_char(out, ' ');
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
        add_padded(out, json_get_str(c, "Name"));
        buf_add_char(out, '\n');
    }
}

static void describe_columns(const struct shown *t, const struct json *columns, struct buf *out) {
    JSON_FOR_EACH(c, columns) {
        struct bytes comment = json_get_str(c, "Comment");
        if (!comment.len && t->from_deserializer && columns == t->columns)
            comment = BYTES("from deserializer");
        add_padded(out, json_get_str(c, "Name"));
        buf_add_char(out, '\t');
        add_padded(out, json_get_str(c, "Type"));
        buf_add_char(out, '\t');
        add_padded(out, comment);
        buf_add_char(out, '\n');
    }
}

#define EMPTY_LINE "\t \t \n"
static void describe_detail(const char *name, struct bytes value, struct buf *out) {
    add_padded(out, bytes_str(name));
    buf_add_char(out, '\t');
    add_padded(out, value);
    buf_add_str(out, "\t \n");
}

static void describe_extended(const struct shown *t, struct buf *out) {
    const struct json *sd = json_get(t->in, "StorageDescriptor");
    char created[32];
    clock_format_iso(t->table.create_ms, created);
    buf_add_str(out, EMPTY_LINE "# Detailed Table Information\t \t \n");
    describe_detail("Database:", t->table.database, out);
    describe_detail("Owner:", json_get_str(t->in, "Owner"), out);
    describe_detail("CreateTime:", bytes_str(created), out);
    describe_detail("Location:", json_get_str(sd, "Location"), out);
    describe_detail("Table Type:", json_get_str(t->in, "TableType"), out);
    buf_add_str(out, EMPTY_LINE "# Storage Information\t \t \n");
    describe_detail(
        "SerDe Library:", json_get_str(json_get(sd, "SerdeInfo"), "SerializationLibrary"), out);
    describe_detail("InputFormat:", json_get_str(sd, "InputFormat"), out);
    describe_detail("OutputFormat:", json_get_str(sd, "OutputFormat"), out);
}

static void describe(const struct shown *t, bool extended, struct buf *out) {
    describe_columns(t, t->columns, out);
    describe_columns(t, t->keys, out);
    if (t->keys && t->keys->count) {
        buf_add_str(out, EMPTY_LINE "# Partition Information\t \t \n# col_name            \t"
                                    "data_type           \tcomment             \n" EMPTY_LINE);
        describe_columns(t, t->keys, out);
    }
    if (extended)
        describe_extended(t, out);
}

/* ---- the whole ---- */
static int show_table(struct query_service *q, struct arena *a, enum sql_kind kind,
                      const struct sql_ddl *d, struct bytes database, struct buf *out,
                      struct bytes *ret_columns_json, struct err *e) {
    static const char *const described[] = {"col_name", "data_type", "comment"};
    struct shown t = {0};
    int rc = load(q, a, database, d->name.table, &t, e);
    if (rc)
        return rc;
    if (kind == SQL_SHOW_PARTITIONS) {
        *ret_columns_json = string_columns(a, (const char *const[]){"partition"}, 1);
        return show_partitions(q, a, &t, out, e);
    }
    if (kind == SQL_SHOW_COLUMNS) {
        *ret_columns_json = string_columns(a, (const char *const[]){"field"}, 1);
        show_columns(t.columns, out);
        show_columns(t.keys, out);
        return 0;
    }
    *ret_columns_json = string_columns(a, described, 3);
    describe(&t, d->extended, out);
    return 0;
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
        rc = show_tables(q, a, database, ddl->like_pattern, out, e);
    } else {
        rc = show_table(q, a, kind, ddl, database, out, ret_columns_json, e);
    }
    if (!rc && (!buf_ok(out) || a->failed))
        rc = err_set(e, ERR_NOMEM, NULL);
    return rc;
}
