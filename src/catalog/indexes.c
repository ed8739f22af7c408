/* indexes.c - partition indexes: at most three rows per table. The rules (unique name, unique keys,
 * the limit) are checked over those rows in the transaction that adds one. */
#include "catalog/indexes.h"
#include "catalog/catalog_int.h"

static int list(struct cat_conn *k, struct arena *a, int64_t table_id, struct catalog_index **ret,
                size_t *ret_count, struct err *e) {
    struct catalog_index *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc =
        cat_stmt(k, &st, e,
                 "SELECT name,key_names FROM glue_partition_index WHERE table_id=?1 ORDER BY name",
                 "i", table_id);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            v[n++] = (struct catalog_index){cat_col(a, st, 0), cat_col(a, st, 1)};
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

static int check_new(const struct catalog_index *have, size_t n, const struct catalog_index *index,
                     struct err *e) {
    for (size_t i = 0; i < n; i++) {
        if (bytes_eq(have[i].name, index->name))
            return err_set(e, ERR_ALREADY_EXISTS, "Index with the given name already exists.");
        if (bytes_eq(have[i].keys_json, index->keys_json))
            return err_set(e, ERR_ALREADY_EXISTS, "Index with the given keys already exists.");
    }
    if (n < CATALOG_INDEX_MAX)
        return 0;
    return err_set_named(e, ERR_LIMIT_EXCEEDED, "ResourceNumberLimitExceededException", 400,
                         "A table can have at most %d partition indexes; delete one first.",
                         CATALOG_INDEX_MAX);
}

static int create(struct cat_conn *k, struct arena *a, int64_t table_id,
                  const struct catalog_index *index, struct err *e) {
    struct catalog_index *have;
    size_t n;
    int rc = list(k, a, table_id, &have, &n, e);
    if (!rc)
        rc = check_new(have, n, index, e);
    if (!rc)
        rc = cat_run(k, e,
                     "INSERT INTO glue_partition_index "
                     "SELECT id,?2,?3 FROM glue_table WHERE id=?1",
                     "itt", table_id, index->name, index->keys_json);
    if (!rc && sqlite3_changes(k->db) == 0)
        rc = err_set(e, ERR_ENTITY_NOT_FOUND, "Table not found.");
    return rc;
}

int catalog_index_create(struct catalog *c, int64_t table_id, const struct catalog_index *index,
                         struct err *e) {
    struct arena a;
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    rc = cat_write_end(c, create(&c->writer, &a, table_id, index, e), e);
    arena_clear(&a);
    return rc;
}

int catalog_index_delete(struct catalog *c, int64_t table_id, struct bytes name, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "DELETE FROM glue_partition_index WHERE table_id=?1 AND name=?2",
                 "it", table_id, name);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = err_set(e, ERR_ENTITY_NOT_FOUND, "Index with the given name does not exist: %.*s.",
                     BYTES_ARG(name));
    return cat_write_end(c, rc, e);
}

int catalog_index_list(struct catalog *c, struct arena *a, int64_t table_id,
                       struct catalog_index **ret, size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, list(k, a, table_id, ret, ret_count, e));
}
