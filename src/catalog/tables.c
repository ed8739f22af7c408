/* tables.c - databases and tables. Each change is one transaction; removing a database or a table
 * takes what hangs on it (versions, partitions, lists of delivered files) along. Error texts are
 * Glue's. */
#include "catalog/catalog_int.h"

static int no_database(struct bytes name, struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Database %.*s not found.", BYTES_ARG(name));
}
static int no_table(struct bytes name, struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Table %.*s not found.", BYTES_ARG(name));
}

/* 1 or 0: whether the database exists. */
static int has_database(struct cat_conn *k, struct bytes name, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT 1 FROM glue_database WHERE name=?1", "t", name);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1)
        cat_reset(st);
    return rc;
}

static int need_database(struct cat_conn *k, struct bytes name, struct err *e) {
    int rc = has_database(k, name, e);
    return rc < 0 ? rc : rc ? 0 : no_database(name, e);
}

/* ---- databases ---- */
int catalog_database_create(struct catalog *c, struct bytes name, struct bytes json,
                            struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "INSERT INTO glue_database VALUES(?1,?2,?3)", "tti", name, json,
                 clock_wall_ms(c->clock));
    if (rc == ERR_ALREADY_EXISTS)
        rc = err_set(e, rc, "Database already exists.");
    return cat_write_end(c, rc, e);
}

int catalog_database_update(struct catalog *c, struct bytes name, struct bytes json,
                            struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "UPDATE glue_database SET json=?2 WHERE name=?1", "tt", name, json);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = no_database(name, e);
    return cat_write_end(c, rc, e);
}

static int swap_database(struct cat_conn *k, struct bytes name, struct bytes expected_json,
                         struct bytes json, struct err *e) {
    int rc = need_database(k, name, e);
    rc = rc ? rc
            : cat_run(k, e, "UPDATE glue_database SET json=?3 WHERE name=?1 AND json=?2", "ttt",
                      name, expected_json, json);
    if (!rc && sqlite3_changes(k->db) == 0)
        rc = err_set(e, ERR_CONCURRENT_MODIFICATION,
                     "Update database failed due to concurrent modifications.");
    return rc;
}

int catalog_database_swap(struct catalog *c, struct bytes name, struct bytes expected_json,
                          struct bytes json, struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, swap_database(&c->writer, name, expected_json, json, e), e);
}

/* In pieces: what undoes one statement is kept in memory while it runs. */
#define DELETE_PIECE 5000
static int delete_partitions(struct cat_conn *k, int64_t table_id, struct err *e) {
    int rc;
    do
        rc = cat_run(k, e,
                     "DELETE FROM glue_partition WHERE id IN "
                     "(SELECT id FROM glue_partition WHERE table_id=?1 LIMIT ?2)",
                     "ii", table_id, (int64_t)DELETE_PIECE);
    while (!rc && sqlite3_changes(k->db) == DELETE_PIECE);
    return rc;
}

static int delete_partitions_of_database(struct cat_conn *k, struct bytes name, struct err *e) {
    int rc;
    do
        rc = cat_run(k, e,
                     "DELETE FROM glue_partition WHERE id IN "
                     "(SELECT p.id FROM glue_table t JOIN glue_partition p ON p.table_id=t.id "
                     "WHERE t.database=?1 LIMIT ?2)",
                     "ti", name, (int64_t)DELETE_PIECE);
    while (!rc && sqlite3_changes(k->db) == DELETE_PIECE);
    return rc;
}

static int delete_database(struct cat_conn *k, struct bytes name, struct err *e) {
    int rc = delete_partitions_of_database(k, name, e);
    if (!rc)
        rc = cat_run(k, e,
                     "DELETE FROM delivered WHERE table_id IN "
                     "(SELECT id FROM glue_table WHERE database=?1)",
                     "t", name);
    if (!rc)
        rc = cat_run(k, e,
                     "DELETE FROM glue_table_version WHERE table_id IN "
                     "(SELECT id FROM glue_table WHERE database=?1)",
                     "t", name);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM glue_table WHERE database=?1", "t", name);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM glue_database WHERE name=?1", "t", name);
    if (!rc && sqlite3_changes(k->db) == 0)
        rc = no_database(name, e);
    return rc;
}

int catalog_database_delete(struct catalog *c, struct bytes name, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    return cat_write_end(c, delete_database(&c->writer, name, e), e);
}

static void database_from_row(struct arena *a, sqlite3_stmt *st, struct catalog_database *ret) {
    ret->name = cat_col(a, st, 0);
    ret->json = cat_col(a, st, 1);
    ret->create_ms = sqlite3_column_int64(st, 2);
}

static int database_read(struct cat_conn *k, struct arena *a, struct bytes name,
                         struct catalog_database *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT name,json,create_ms FROM glue_database WHERE name=?1", "t",
                      name);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 0)
        return no_database(name, e);
    if (rc < 0)
        return rc;
    database_from_row(a, st, ret);
    cat_reset(st);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int catalog_database_get(struct catalog *c, struct arena *a, struct bytes name,
                         struct catalog_database *ret, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, database_read(k, a, name, ret, e));
}

static int database_list(struct cat_conn *k, struct arena *a, struct bytes after, size_t max,
                         struct catalog_database **ret, size_t *ret_count, struct err *e) {
    struct catalog_database *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT name,json,create_ms FROM glue_database WHERE name>?1 ORDER BY name "
                      "LIMIT ?2",
                      "ti", after, (int64_t)max);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            database_from_row(a, st, &v[n++]);
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_database_list(struct catalog *c, struct arena *a, struct bytes after, size_t max,
                          struct catalog_database **ret, size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, database_list(k, a, after, max, ret, ret_count, e));
}

/* ---- tables ---- */
int cat_table_insert(struct catalog *c, struct bytes database, struct bytes name, struct bytes json,
                     int64_t *ret_id, struct err *e) {
    int rc = need_database(&c->writer, database, e);
    int64_t now = clock_wall_ms(c->clock);
    if (!rc)
        rc = cat_run(&c->writer, e,
                     "INSERT INTO glue_table(database,name,json,version_id,create_ms,update_ms) "
                     "VALUES(?1,?2,?3,0,?4,?4)",
                     "ttti", database, name, json, now);
    if (rc == ERR_ALREADY_EXISTS)
        return err_set(e, rc, "Table already exists.");
    if (!rc)
        *ret_id = sqlite3_last_insert_rowid(c->writer.db);
    return rc;
}

int catalog_table_create(struct catalog *c, struct bytes database, struct bytes name,
                         struct bytes json, struct err *e) {
    int64_t id;
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_table_insert(c, database, name, json, &id, e);
    return cat_write_end(c, rc, e);
}

#define TABLE_COLUMNS "id,database,name,json,version_id,create_ms,update_ms"
static void table_from_row(struct arena *a, sqlite3_stmt *st, struct catalog_table *ret) {
    ret->id = sqlite3_column_int64(st, 0);
    ret->database = cat_col(a, st, 1);
    ret->name = cat_col(a, st, 2);
    ret->json = cat_col(a, st, 3);
    ret->version_id = sqlite3_column_int64(st, 4);
    ret->create_ms = sqlite3_column_int64(st, 5);
    ret->update_ms = sqlite3_column_int64(st, 6);
}

int cat_table_read(struct cat_conn *k, struct arena *a, struct bytes database, struct bytes name,
                   struct catalog_table *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT " TABLE_COLUMNS " FROM glue_table WHERE database=?1 AND name=?2",
                      "tt", database, name);
    if (!rc)
        rc = cat_step(st, e);
    if (rc < 0)
        return rc;
    if (rc == 0) {
        rc = need_database(k, database, e);
        return rc ? rc : no_table(name, e);
    }
    table_from_row(a, st, ret);
    cat_reset(st);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int cat_table_find(struct cat_conn *k, struct bytes database, struct bytes name, int64_t *ret_id,
                   int64_t *ret_version, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc =
        cat_stmt(k, &st, e, "SELECT id,version_id FROM glue_table WHERE database=?1 AND name=?2",
                 "tt", database, name);
    if (!rc)
        rc = cat_step(st, e);
    if (rc < 0)
        return rc;
    if (rc == 0) {
        rc = need_database(k, database, e);
        return rc ? rc : no_table(name, e);
    }
    *ret_id = sqlite3_column_int64(st, 0);
    *ret_version = sqlite3_column_int64(st, 1);
    cat_reset(st);
    return 0;
}

static int update_table(struct catalog *c, struct bytes database, struct bytes name,
                        struct bytes json, int64_t expected_version, bool skip_archive,
                        struct err *e) {
    int64_t id = 0, version = 0;
    int rc = cat_table_find(&c->writer, database, name, &id, &version, e);
    if (!rc && expected_version >= 0 && expected_version != version)
        rc = err_set(e, ERR_CONCURRENT_MODIFICATION,
                     "Update table failed due to concurrent modifications.");
    if (!rc && !skip_archive)
        rc = cat_version_archive(&c->writer, id, e);
    if (rc)
        return rc;
    return cat_run(&c->writer, e,
                   "UPDATE glue_table SET json=?2,version_id=version_id+1,update_ms=?3 WHERE id=?1",
                   "iti", id, json, clock_wall_ms(c->clock));
}

int catalog_table_update(struct catalog *c, struct bytes database, struct bytes name,
                         struct bytes json, int64_t expected_version, bool skip_archive,
                         struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = update_table(c, database, name, json, expected_version, skip_archive, e);
    return cat_write_end(c, rc, e);
}

static int delete_table(struct cat_conn *k, struct bytes database, struct bytes name,
                        struct err *e) {
    int64_t id = 0, version = 0;
    int rc = cat_table_find(k, database, name, &id, &version, e);
    if (!rc)
        rc = delete_partitions(k, id, e);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM delivered WHERE table_id=?1", "i", id);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM glue_table_version WHERE table_id=?1", "i", id);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM glue_table WHERE id=?1", "i", id);
    return rc;
}

int catalog_table_delete(struct catalog *c, struct bytes database, struct bytes name,
                         struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    return cat_write_end(c, delete_table(&c->writer, database, name, e), e);
}

int catalog_table_get(struct catalog *c, struct arena *a, struct bytes database, struct bytes name,
                      struct catalog_table *ret, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, cat_table_read(k, a, database, name, ret, e));
}

static int table_list(struct cat_conn *k, struct arena *a, struct bytes database,
                      struct bytes after, size_t max, struct catalog_table **ret, size_t *ret_count,
                      struct err *e) {
    struct catalog_table *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = need_database(k, database, e);
    if (!rc)
        rc = cat_stmt(k, &st, e,
                      "SELECT " TABLE_COLUMNS
                      " FROM glue_table WHERE database=?1 AND name>?2 ORDER BY name LIMIT ?3",
                      "tti", database, after, (int64_t)max);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            table_from_row(a, st, &v[n++]);
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_table_list(struct catalog *c, struct arena *a, struct bytes database,
                       struct bytes after, size_t max, struct catalog_table **ret,
                       size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, table_list(k, a, database, after, max, ret, ret_count, e));
}
