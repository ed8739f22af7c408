/* functions.c - user-defined functions: rows by (database, name), removed with their database by a
 * trigger; a listing is a walk along the primary key. */
#include "catalog/functions.h"
#include "catalog/catalog_int.h"

static int missing(struct bytes name, struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Function %.*s not found.", BYTES_ARG(name));
}

static int need_database(struct cat_conn *k, struct bytes name, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT 1 FROM glue_database WHERE name=?1", "t", name);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1) {
        cat_reset(st);
        return 0;
    }
    return rc ? rc : err_set(e, ERR_ENTITY_NOT_FOUND, "Database %.*s not found.", BYTES_ARG(name));
}

int catalog_function_create(struct catalog *c, struct bytes database, struct bytes name,
                            struct bytes json, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = need_database(&c->writer, database, e);
    if (!rc)
        rc = cat_run(&c->writer, e, "INSERT INTO glue_function VALUES(?1,?2,?3,?4)", "ttti",
                     database, name, json, clock_wall_ms(c->clock));
    if (rc == ERR_ALREADY_EXISTS)
        rc = err_set(e, rc, "Function already exists.");
    return cat_write_end(c, rc, e);
}

int catalog_function_update(struct catalog *c, struct bytes database, struct bytes name,
                            struct bytes json, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "UPDATE glue_function SET json=?3 WHERE database=?1 AND name=?2",
                 "ttt", database, name, json);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = missing(name, e);
    return cat_write_end(c, rc, e);
}

int catalog_function_delete(struct catalog *c, struct bytes database, struct bytes name,
                            struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "DELETE FROM glue_function WHERE database=?1 AND name=?2", "tt",
                 database, name);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = missing(name, e);
    return cat_write_end(c, rc, e);
}

#define FUNCTION_COLUMNS "database,name,json,create_ms"
static void from_row(struct arena *a, sqlite3_stmt *st, struct catalog_function *ret) {
    ret->database = cat_col(a, st, 0);
    ret->name = cat_col(a, st, 1);
    ret->json = cat_col(a, st, 2);
    ret->create_ms = sqlite3_column_int64(st, 3);
}

static int get(struct cat_conn *k, struct arena *a, struct bytes database, struct bytes name,
               struct catalog_function *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(
        k, &st, e, "SELECT " FUNCTION_COLUMNS " FROM glue_function WHERE database=?1 AND name=?2",
        "tt", database, name);
    if (!rc)
        rc = cat_step(st, e);
    if (rc <= 0)
        return rc < 0 ? rc : missing(name, e);
    from_row(a, st, ret);
    cat_reset(st);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int catalog_function_get(struct catalog *c, struct arena *a, struct bytes database,
                         struct bytes name, struct catalog_function *ret, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, get(k, a, database, name, ret, e));
}

static int open_list(struct cat_conn *k, const struct catalog_function_page *p, sqlite3_stmt **ret,
                     struct err *e) {
    if (p->database.len == 0)
        return cat_stmt(k, ret, e,
                        "SELECT " FUNCTION_COLUMNS " FROM glue_function WHERE "
                        "(database,name)>(?1,?2) ORDER BY database,name LIMIT ?3",
                        "tti", p->after_database, p->after_name, (int64_t)p->max);
    int rc = need_database(k, p->database, e);
    return rc ? rc
              : cat_stmt(k, ret, e,
                         "SELECT " FUNCTION_COLUMNS " FROM glue_function WHERE database=?1 AND "
                         "name>?2 ORDER BY name LIMIT ?3",
                         "tti", p->database, p->after_name, (int64_t)p->max);
}

static int list(struct cat_conn *k, struct arena *a, const struct catalog_function_page *page,
                struct catalog_function **ret, size_t *ret_count, struct err *e) {
    struct catalog_function *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = open_list(k, page, &st, e);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            from_row(a, st, &v[n++]);
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_function_list(struct catalog *c, struct arena *a,
                          const struct catalog_function_page *page, struct catalog_function **ret,
                          size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, list(k, a, page, ret, ret_count, e));
}
