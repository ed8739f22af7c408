/* versions.c - what a table was before each update. The current version is the table itself; only
 * the older ones are rows of glue_table_version, written by the update that replaced them. */
#include "catalog/catalog_int.h"

static int no_version(struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Version not found.");
}

int cat_version_archive(struct cat_conn *k, int64_t table_id, struct err *e) {
    return cat_run(k, e,
                   "INSERT INTO glue_table_version SELECT id,version_id,json,update_ms "
                   "FROM glue_table WHERE id=?1",
                   "i", table_id);
}

/* `table` holds the current version and becomes the older one of the row. */
static void version_from_row(struct arena *a, sqlite3_stmt *st, struct catalog_table *table) {
    table->version_id = sqlite3_column_int64(st, 0);
    table->json = cat_col(a, st, 1);
    table->update_ms = sqlite3_column_int64(st, 2);
}

static int version_read(struct cat_conn *k, struct arena *a, int64_t version,
                        struct catalog_table *table, struct err *e) {
    sqlite3_stmt *st = NULL;
    if (version == table->version_id)
        return 0;
    int rc = cat_stmt(k, &st, e,
                      "SELECT version_id,json,update_ms FROM glue_table_version "
                      "WHERE table_id=?1 AND version_id=?2",
                      "ii", table->id, version);
    if (!rc)
        rc = cat_step(st, e);
    if (rc <= 0)
        return rc < 0 ? rc : no_version(e);
    version_from_row(a, st, table);
    cat_reset(st);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int catalog_table_version_get(struct catalog *c, struct arena *a, struct bytes database,
                              struct bytes name, int64_t version, struct catalog_table *ret,
                              struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    if (rc)
        return rc;
    rc = cat_table_read(k, a, database, name, ret, e);
    if (!rc)
        rc = version_read(k, a, version, ret, e);
    return cat_read_end(c, k, rc);
}

static int version_list(struct cat_conn *k, struct arena *a, const struct catalog_table *current,
                        int64_t before, size_t max, struct catalog_table **ret, size_t *ret_count,
                        struct err *e) {
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    struct catalog_table *v = cat_grow(a, NULL, n, &cap, sizeof *v);
    if (v && current->version_id < before && max)
        v[n++] = *current;
    int rc = cat_stmt(k, &st, e,
                      "SELECT version_id,json,update_ms FROM glue_table_version "
                      "WHERE table_id=?1 AND version_id<?2 ORDER BY version_id DESC LIMIT ?3",
                      "iii", current->id, before, (int64_t)(max - n));
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v) {
            v[n] = *current;
            version_from_row(a, st, &v[n++]);
        }
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_table_version_list(struct catalog *c, struct arena *a, struct bytes database,
                               struct bytes name, int64_t before, size_t max,
                               struct catalog_table **ret, size_t *ret_count, struct err *e) {
    struct catalog_table current;
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    if (rc)
        return rc;
    rc = cat_table_read(k, a, database, name, &current, e);
    if (!rc)
        rc = version_list(k, a, &current, before, max, ret, ret_count, e);
    return cat_read_end(c, k, rc);
}

static int version_delete(struct cat_conn *k, struct bytes database, struct bytes name,
                          int64_t version, struct err *e) {
    int64_t id = 0, current = 0;
    int rc = cat_table_find(k, database, name, &id, &current, e);
    if (rc)
        return rc;
    if (version == current)
        return err_set(e, ERR_INVALID_INPUT,
                       "Version %lld is the table's current version and cannot be deleted.",
                       (long long)version);
    rc = cat_run(k, e, "DELETE FROM glue_table_version WHERE table_id=?1 AND version_id=?2", "ii",
                 id, version);
    return !rc && sqlite3_changes(k->db) == 0 ? no_version(e) : rc;
}

int catalog_table_version_delete(struct catalog *c, struct bytes database, struct bytes name,
                                 int64_t version, struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, version_delete(&c->writer, database, name, version, e), e);
}
