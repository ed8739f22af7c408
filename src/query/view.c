/* view.c - views as Glue keeps them for Athena, and the statements that make, drop and show them.
 *
 * A view is a table of TableType VIRTUAL_VIEW without files:
 *
 *     ViewOriginalText   / * Presto View: <base64 of a JSON object> * /   (without the blanks)
 *                        {"originalSql":"SELECT ..","catalog":"awsdatacatalog","schema":"db",
 *                         "columns":[{"name":"a","type":"bigint"}]}
 *     ViewExpandedText   / * Presto View * /
 *     Parameters         presto_view=true, comment=Presto View
 *
 * awswrangler, dbt, Terraform and Trino write the same. Any other text is a Hive view: its query is
 * the expanded text (else the original), in which backquotes are double quotes to us, and its
 * columns have Hive's types. The expansion in queries is sql/analyze_view.c's. */
#include "base/encode.h"
#include "base/mem.h"
#include "query/query_int.h"

#define MARK "/* Presto View: "
#define MARK_END " */"
#define MARK_EXPANDED "/* Presto View */"
#define CATALOG "awsdatacatalog"

bool view_is(const struct json *in) {
    return bytes_eq_str(json_get_str(in, "TableType"), "VIRTUAL_VIEW");
}

/* ---- reading ---- */
static int unreadable(struct bytes database, struct bytes name, const char *why, struct err *e) {
    return err_set_named(e, ERR_SQL, "HIVE_INVALID_VIEW_DATA", 0,
                         "View '%.*s.%.*s' cannot be read: %s", BYTES_ARG(database),
                         BYTES_ARG(name), why);
}

static const char *read_columns(struct arena *a, const struct json *list, struct sql_view *v) {
    size_t n = list ? list->count : 0;
    struct sql_view_column *c = ARENA_NEW_N(a, struct sql_view_column, n + 1);
    if (!c)
        return "no memory";
    JSON_FOR_EACH(item, list) {
        struct sql_view_column *to = &c[v->column_count++];
        *to = (struct sql_view_column){json_get_str(item, "name"), json_get_str(item, "type")};
        if (!to->name.len || !to->type.len)
            return "a column has no name or no type";
    }
    v->columns = c;
    return NULL;
}

static const char *read_presto(struct arena *a, struct bytes text, struct sql_view *v) {
    struct bytes data = bytes_slice(text, strlen(MARK), text.len - strlen(MARK_END));
    struct json *o = NULL;
    struct err ignored;
    data = bytes_trim(data);
    char *out = ARENA_NEW_N(a, char, base64_decoded_max(data.len) + 1);
    if (!out)
        return "no memory";
    ptrdiff_t n = base64_decode(data, out);
    if (n < 0)
        return "its text is not base64";
    if (json_parse(a, bytes_of(out, (size_t)n), &o, &ignored) || o->kind != JSON_OBJECT)
        return "its text is not a JSON object";
    v->sql = json_get_str(o, "originalSql");
    v->catalog = json_get_str(o, "catalog");
    v->database = json_get_str(o, "schema");
    return v->sql.len ? read_columns(a, json_get(o, "columns"), v) : "it has no originalSql";
}

/* Hive's identifiers in backquotes are Trino's in double quotes; texts stay as they are. */
static struct bytes from_hive(struct arena *a, struct bytes text) {
    struct bytes r = arena_copy(a, text);
    char inside = 0;
    for (size_t i = 0; r.ptr && i < r.len; i++) {
        char *c = (char *)r.ptr + i;
        if (inside ? *c == inside : *c == '\'' || *c == '"' || *c == '`') {
            inside = inside ? 0 : *c;
            if (*c == '`')
                *c = '"';
        }
    }
    return r;
}

static const char *read_hive_columns(struct arena *a, const struct json *list, struct sql_view *v) {
    struct sql_view_column *c = ARENA_NEW_N(a, struct sql_view_column, list ? list->count + 1 : 1);
    struct err ignored;
    if (!c)
        return "no memory";
    JSON_FOR_EACH(item, list) {
        const struct type *t = NULL;
        struct sql_view_column *to = &c[v->column_count++];
        to->name = json_get_str(item, "Name");
        if (type_parse(a, json_get_str(item, "Type"), &t, &ignored))
            return "a column has a type that is not Hive's";
        to->type = sql_type_of_hive(a, t);
    }
    v->columns = c;
    return NULL;
}

static const char *read_hive(struct arena *a, const struct json *in, struct sql_view *v) {
    struct bytes text = bytes_trim(json_get_str(in, "ViewExpandedText"));
    if (!text.len)
        text = bytes_trim(json_get_str(in, "ViewOriginalText"));
    if (!text.len)
        return "it has no text";
    v->sql = from_hive(a, text);
    return read_hive_columns(a, json_get(json_get(in, "StorageDescriptor"), "Columns"), v);
}

int view_read(struct arena *a, struct bytes database, struct bytes name, const struct json *in,
              const struct sql_view **ret, struct err *e) {
    struct sql_view *v = ARENA_NEW(a, struct sql_view);
    struct bytes text = bytes_trim(json_get_str(in, "ViewOriginalText"));
    if (!v)
        return err_set(e, ERR_NOMEM, NULL);
    bool presto = bytes_starts_with(text, BYTES(MARK)) && bytes_ends_with(text, BYTES(MARK_END)) &&
                  text.len > strlen(MARK MARK_END);
    const char *why = presto ? read_presto(a, text, v) : read_hive(a, in, v);
    if (a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    if (why)
        return unreadable(database, name, why, e);
    if (!v->database.len)
        v->database = database;
    *ret = v;
    return 0;
}

/* ---- writing ---- */
static void write_definition(struct jsonw *w, const struct sql_view_statement *v,
                             struct bytes session_database, const struct sql_view_shape *shape) {
    jsonw_object(w);
    jsonw_kv_str(w, "originalSql", v->query);
    jsonw_kv_cstr(w, "catalog", CATALOG);
    jsonw_kv_str(w, "schema", session_database);
    jsonw_name(w, "columns");
    jsonw_array(w);
    for (size_t i = 0; i < shape->column_count; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "name", shape->columns[i].name);
        jsonw_kv_str(w, "type", shape->columns[i].type);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    if (v->comment.ptr)
        jsonw_kv_str(w, "comment", v->comment);
    if (v->invoker)
        jsonw_kv_bool(w, "runAsInvoker", true);
    jsonw_end_object(w);
}

static void write_storage(struct jsonw *w, const struct sql_view_shape *shape) {
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    jsonw_name(w, "Columns");
    jsonw_array(w);
    for (size_t i = 0; i < shape->column_count; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "Name", shape->columns[i].name);
        jsonw_kv_str(w, "Type", shape->hive_types[i]);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_kv_cstr(w, "Location", "");
    jsonw_kv_bool(w, "Compressed", false);
    jsonw_kv_i64(w, "NumberOfBuckets", 0);
    jsonw_kv_raw(w, "SerdeInfo", BYTES("{}"));
    jsonw_kv_raw(w, "SortColumns", BYTES("[]"));
    jsonw_kv_bool(w, "StoredAsSubDirectories", false);
    jsonw_end_object(w);
}

static void write_view(struct jsonw *w, const struct sql_view_statement *v, struct bytes text,
                       const struct sql_view_shape *shape) {
    jsonw_object(w);
    jsonw_kv_str(w, "Name", v->name.table);
    jsonw_kv_cstr(w, "Owner", "hadoop");
    jsonw_kv_i64(w, "Retention", 0);
    write_storage(w, shape);
    jsonw_kv_raw(w, "PartitionKeys", BYTES("[]"));
    jsonw_kv_str(w, "ViewOriginalText", text);
    jsonw_kv_cstr(w, "ViewExpandedText", MARK_EXPANDED);
    jsonw_kv_cstr(w, "TableType", "VIRTUAL_VIEW");
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    jsonw_kv_str(w, "comment", v->comment.ptr ? v->comment : BYTES("Presto View"));
    jsonw_kv_cstr(w, "presto_view", "true");
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static int view_json(const struct sql_view_statement *v, struct bytes session_database,
                     const struct sql_view_shape *shape, struct buf *out, struct err *e) {
    struct buf definition = {0}, text = {0};
    struct jsonw w = jsonw_to(&definition);
    write_definition(&w, v, session_database, shape);
    buf_add_str(&text, MARK);
    buf_add_base64(&text, buf_bytes(&definition));
    buf_add_str(&text, MARK_END);
    w = jsonw_to(out);
    write_view(&w, v, buf_bytes(&text), shape);
    int rc = buf_ok(&definition) && buf_ok(&text) && buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&definition);
    buf_clear(&text);
    return rc;
}

/* ---- CREATE VIEW ---- */
static int refuse(const struct sql_view_statement *v, const char *error, const char *what,
                  struct err *e) {
    return err_set_named(e, ERR_SQL, error, 0, "line %d:%d: %s '" CATALOG ".%.*s.%.*s'", v->line,
                         v->column, what, BYTES_ARG(v->name.database), BYTES_ARG(v->name.table));
}

/* The stored object of that name; *ret is NULL when there is none. */
static int find(struct query_service *q, struct arena *a, const struct sql_view_statement *v,
                const struct json **ret, struct err *e) {
    struct catalog_table t;
    struct json *in = NULL;
    int rc = bytes_eq_str(v->name.database, SCHEMA_DATABASE)
                 ? schema_table_input(a, v->name.table, &t, e)
                 : catalog_table_get(q->d.catalog, a, v->name.database, v->name.table, &t, e);
    *ret = NULL;
    if (rc == ERR_ENTITY_NOT_FOUND)
        return 0;
    if (!rc)
        rc = json_parse(a, t.json, &in, e);
    *ret = in;
    return rc;
}

static int analyze(struct query_service *q, struct arena *a, const struct exec *x,
                   struct sql_statement *s, struct sql_view_shape *ret, struct err *e) {
    struct plan *p = mem_calloc(1, sizeof *p);
    if (!p)
        return err_set(e, ERR_NOMEM, NULL);
    struct sql_env env = {.default_database = x->database,
                          .now_ms = x->submitted_ms,
                          .ctx = p,
                          .find_table = plan_find_table};
    arena_init(&p->arena, 0);
    p->service = q;
    p->id = x->id;
    p->default_database = x->database;
    int rc = catalog_view_open(q->d.catalog, &p->view, e);
    if (!rc)
        rc = sql_analyze_view(a, s, &env, ret, e);
    plan_free(&p);
    return rc;
}

static int store(struct query_service *q, const struct sql_view_statement *v, bool replace,
                 struct bytes json, struct err *e) {
    struct catalog *c = q->d.catalog;
    if (replace)
        return catalog_table_update(c, v->name.database, v->name.table, json, -1, false, e);
    int rc = catalog_table_create(c, v->name.database, v->name.table, json, e);
    if (rc == ERR_ENTITY_NOT_FOUND && bytes_eq_str(v->name.database, "default")) {
        rc = ddl_create_default(q, e);
        rc = rc ? rc : catalog_table_create(c, v->name.database, v->name.table, json, e);
    }
    if (rc == ERR_ENTITY_NOT_FOUND)
        return err_set_named(e, ERR_SQL, "SCHEMA_NOT_FOUND", 0,
                             "line %d:%d: Schema '%.*s' does not exist", v->line, v->column,
                             BYTES_ARG(v->name.database));
    return rc == ERR_ALREADY_EXISTS ? refuse(v, "TABLE_ALREADY_EXISTS", "View already exists:", e)
                                    : rc;
}

static int create(struct query_service *q, struct arena *a, const struct exec *x,
                  struct sql_statement *s, const struct sql_view_statement *v, struct err *e) {
    struct sql_view_shape shape;
    const struct json *old = NULL;
    struct buf json = {0};
    int rc = find(q, a, v, &old, e);
    if (!rc && old && !view_is(old))
        return refuse(v, "TABLE_ALREADY_EXISTS", "Table already exists:", e);
    if (!rc && old && !v->or_replace)
        return refuse(v, "TABLE_ALREADY_EXISTS", "View already exists:", e);
    if (!rc)
        rc = analyze(q, a, x, s, &shape, e);
    if (!rc)
        rc = view_json(v, x->database, &shape, &json, e);
    if (!rc)
        rc = store(q, v, old != NULL, buf_bytes(&json), e);
    buf_clear(&json);
    return rc;
}

/* ---- DROP VIEW, SHOW CREATE VIEW ---- */
static int no_view(const struct sql_view_statement *v, const char *error, struct err *e) {
    return err_set_named(e, ERR_SQL, error, 0,
                         "line %d:%d: View '" CATALOG ".%.*s.%.*s' does not exist", v->line,
                         v->column, BYTES_ARG(v->name.database), BYTES_ARG(v->name.table));
}

static int drop(struct query_service *q, struct arena *a, const struct sql_view_statement *v,
                struct err *e) {
    const struct json *old = NULL;
    int rc = find(q, a, v, &old, e);
    if (rc)
        return rc;
    if (old && !view_is(old))
        return err_set_named(
            e, ERR_SQL, "GENERIC_USER_ERROR", 0,
            "line %d:%d: View '" CATALOG ".%.*s.%.*s' does not exist, but a table with that name "
            "exists. Did you mean DROP TABLE " CATALOG ".%.*s.%.*s?",
            v->line, v->column, BYTES_ARG(v->name.database), BYTES_ARG(v->name.table),
            BYTES_ARG(v->name.database), BYTES_ARG(v->name.table));
    if (old)
        rc = catalog_table_delete(q->d.catalog, v->name.database, v->name.table, e);
    if (!old || rc == ERR_ENTITY_NOT_FOUND)
        return v->if_exists ? 0 : no_view(v, "GENERIC_USER_ERROR", e);
    return rc;
}

static bool is_simple(struct bytes name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || c == '_' || (i && c >= '0' && c <= '9')))
            return false;
    }
    return name.len > 0;
}

static void add_name(struct buf *out, struct bytes name) {
    if (is_simple(name))
        buf_add(out, name);
    else
        sqltext_ident(out, name);
}

static int show(struct query_service *q, struct arena *a, const struct sql_view_statement *v,
                struct buf *out, struct bytes *ret_columns_json, struct err *e) {
    static const struct sql_out_column column = {.name = {.ptr = "Create View", .len = 11},
                                                 .type = {.ptr = "varchar", .len = 7},
                                                 .precision = 2147483647,
                                                 .case_sensitive = true};
    const struct json *in = NULL;
    const struct sql_view *view = NULL;
    int rc = find(q, a, v, &in, e);
    if (!rc && !in)
        return no_view(v, "TABLE_NOT_FOUND", e);
    if (!rc && !view_is(in))
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "line %d:%d: Relation '" CATALOG ".%.*s.%.*s' is a table, not a view",
                             v->line, v->column, BYTES_ARG(v->name.database),
                             BYTES_ARG(v->name.table));
    if (!rc)
        rc = view_read(a, v->name.database, v->name.table, in, &view, e);
    if (rc)
        return rc;
    buf_add_str(out, "CREATE VIEW " CATALOG ".");
    add_name(out, v->name.database);
    buf_add_char(out, '.');
    add_name(out, v->name.table);
    buf_add_fmt(out, " AS\n%.*s\n", BYTES_ARG(bytes_trim(view->sql)));
    *ret_columns_json = record_columns_json(a, &column, 1);
    return buf_ok(out) && !a->failed ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int view_run(struct query_service *q, struct arena *a, const struct exec *x,
             struct sql_statement *s, struct buf *out, struct bytes *ret_columns_json,
             struct err *e) {
    struct sql_view_statement v;
    int rc = sql_statement_view(a, s, x->database, &v, e);
    *ret_columns_json = BYTES("[]");
    if (rc)
        return rc;
    switch (sql_statement_kind(s)) {
    case SQL_CREATE_VIEW:
        return create(q, a, x, s, &v, e);
    case SQL_DROP_VIEW:
        return drop(q, a, &v, e);
    default:
        return show(q, a, &v, out, ret_columns_json, e);
    }
}
