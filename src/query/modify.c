/* modify.c - UPDATE, DELETE, MERGE, OPTIMIZE and VACUUM: statements of Iceberg tables alone.
 *
 * The table is looked up as Trino does, so that a name that is wrong is told before what cannot be
 * done to it. Rows of Iceberg tables are not changed yet. */
#include "query/query_int.h"

static int no_table(const struct sql_view_statement *v, struct err *e) {
    return err_set_named(e, ERR_SQL, "TABLE_NOT_FOUND", 0,
                         "line %d:%d: Table 'awsdatacatalog.%.*s.%.*s' does not exist", v->line,
                         v->column, BYTES_ARG(v->name.database), BYTES_ARG(v->name.table));
}

static int find(struct query_service *q, struct arena *a, const struct sql_view_statement *v,
                struct json **ret, struct err *e) {
    struct catalog_database database;
    struct catalog_table t;
    int rc = catalog_database_get(q->d.catalog, a, v->name.database, &database, e);
    if (rc == ERR_ENTITY_NOT_FOUND && !bytes_eq_str(v->name.database, "default"))
        return err_set_named(e, ERR_SQL, "SCHEMA_NOT_FOUND", 0,
                             "line %d:%d: Schema '%.*s' does not exist", v->line, v->column,
                             BYTES_ARG(v->name.database));
    if (!rc)
        rc = catalog_table_get(q->d.catalog, a, v->name.database, v->name.table, &t, e);
    if (rc == ERR_ENTITY_NOT_FOUND)
        return no_table(v, e);
    return rc ? rc : json_parse(a, t.json, ret, e);
}

static int refuse(enum sql_kind kind, const struct json *in, const struct sql_view_statement *v,
                  struct err *e) {
    bool rows = kind == SQL_UPDATE || kind == SQL_DELETE || kind == SQL_MERGE;
    if (view_is(in))
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0, "line 1:1: %s is not supported",
                             kind == SQL_UPDATE   ? "Updating through views"
                             : kind == SQL_DELETE ? "Deleting from views"
                             : kind == SQL_MERGE  ? "Merging into views"
                                                  : "This statement on views");
    if (iceberg_is(in))
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "'%.*s.%.*s' is an Iceberg table, whose rows cannot be changed yet",
                             BYTES_ARG(v->name.database), BYTES_ARG(v->name.table));
    if (rows)
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "Modifying Hive table rows is only supported for transactional "
                             "tables");
    return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0, "%s is only supported for Iceberg tables",
                         kind == SQL_OPTIMIZE ? "OPTIMIZE" : "VACUUM");
}

int modify_run(struct query_service *q, struct arena *a, const struct exec *x,
               const struct sql_statement *s, struct err *e) {
    struct sql_view_statement v;
    struct json *in = NULL;
    int rc = sql_statement_target(a, s, x->database, &v, e);
    rc = rc ? rc : find(q, a, &v, &in, e);
    return rc ? rc : refuse(sql_statement_kind(s), in, &v, e);
}
