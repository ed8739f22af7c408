/* partitions.c - partitions, identified by their values: created, changed, looked up and removed.
 * Listing is partition_select.c's. */
#include "catalog/catalog_int.h"

static struct bytes location_of(struct arena *a, struct bytes json) {
    struct json *root;
    struct err ignored;
    if (json_parse(a, json, &root, &ignored))
        return BYTES("");
    return json_get_str(json_get(root, "StorageDescriptor"), "Location");
}

static int insert(struct catalog *c, int64_t table_id, struct bytes vals, struct bytes json,
                  struct err *e) {
    struct arena a;
    arena_init(&a, 0);
    struct bytes location = location_of(&a, json);
    int rc = a.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    if (!rc)
        rc = cat_run(&c->writer, e,
                     "INSERT INTO glue_partition(table_id,vals,json,location,create_ms) "
                     "VALUES(?1,?2,?3,?4,?5)",
                     "ibtti", table_id, vals, json, location, clock_wall_ms(c->clock));
    arena_clear(&a);
    return rc;
}

/* 1 and the id, or 0. */
static int find(struct cat_conn *k, int64_t table_id, struct bytes vals, int64_t *ret_id,
                struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT id FROM glue_partition WHERE table_id=?1 AND vals=?2",
                      "ib", table_id, vals);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1) {
        *ret_id = sqlite3_column_int64(st, 0);
        cat_reset(st);
    }
    return rc;
}

static int ensure(struct catalog *c, int64_t table_id, struct bytes vals, struct bytes json,
                  int64_t *ret_id, struct err *e) {
    int rc = find(&c->writer, table_id, vals, ret_id, e);
    if (rc)
        return rc < 0 ? rc : 0;
    rc = insert(c, table_id, vals, json, e);
    if (!rc)
        *ret_id = sqlite3_last_insert_rowid(c->writer.db);
    return rc;
}

int cat_partition_ensure(struct catalog *c, int64_t table_id, const struct bytes *values,
                         size_t value_count, struct bytes json, int64_t *ret_id, struct err *e) {
    struct buf vals = {0};
    int rc = cat_values_encode(values, value_count, &vals, e);
    if (!rc)
        rc = ensure(c, table_id, buf_bytes(&vals), json, ret_id, e);
    buf_clear(&vals);
    return rc;
}

static int need_table(struct cat_conn *k, int64_t id, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT 1 FROM glue_table WHERE id=?1", "i", id);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1) {
        cat_reset(st);
        return 0;
    }
    return rc ? rc : err_set(e, ERR_ENTITY_NOT_FOUND, "Table not found.");
}

int catalog_partition_create(struct catalog *c, int64_t table_id, const struct bytes *values,
                             size_t value_count, struct bytes json, struct err *e) {
    struct buf vals = {0};
    int rc = cat_values_encode(values, value_count, &vals, e);
    if (!rc)
        rc = cat_write_begin(c, e);
    if (!rc) {
        rc = need_table(&c->writer, table_id, e);
        if (!rc)
            rc = insert(c, table_id, buf_bytes(&vals), json, e);
        if (rc == ERR_ALREADY_EXISTS)
            rc = err_set(e, rc, "Partition already exists.");
        rc = cat_write_end(c, rc, e);
    }
    buf_clear(&vals);
    return rc;
}

static int create_many(struct catalog *c, int64_t table_id, const struct catalog_partition *items,
                       size_t count, int *ret_rcs, struct err *e) {
    struct buf vals = {0};
    int rc = need_table(&c->writer, table_id, e);
    for (size_t i = 0; !rc && i < count; i++) {
        buf_reset(&vals);
        rc = cat_values_encode(items[i].values, items[i].value_count, &vals, e);
        if (!rc)
            rc = insert(c, table_id, buf_bytes(&vals), items[i].json, e);
        ret_rcs[i] = rc;
        if (rc == ERR_ALREADY_EXISTS)
            rc = 0;
    }
    buf_clear(&vals);
    return rc;
}

int catalog_partition_create_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, create_many(c, table_id, items, count, ret_rcs, e), e);
}

static int no_partition(struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Cannot find partition.");
}

static int update(struct catalog *c, int64_t table_id, struct bytes vals, struct bytes new_vals,
                  struct bytes json, struct err *e) {
    struct arena a;
    arena_init(&a, 0);
    struct bytes location = location_of(&a, json);
    int rc = a.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    if (!rc)
        rc = cat_run(&c->writer, e,
                     "UPDATE glue_partition SET vals=?3,json=?4,location=?5 "
                     "WHERE table_id=?1 AND vals=?2",
                     "ibbtt", table_id, vals, new_vals, json, location);
    arena_clear(&a);
    if (rc == ERR_ALREADY_EXISTS)
        rc = err_set(e, rc, "Partition already exists.");
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = no_partition(e);
    return rc;
}

int catalog_partition_update(struct catalog *c, int64_t table_id, const struct bytes *values,
                             const struct bytes *new_values, size_t value_count, struct bytes json,
                             struct err *e) {
    struct buf vals = {0}, new_vals = {0};
    int rc = cat_values_encode(values, value_count, &vals, e);
    if (!rc)
        rc = cat_values_encode(new_values, value_count, &new_vals, e);
    if (!rc)
        rc = cat_write_begin(c, e);
    if (!rc)
        rc = cat_write_end(c, update(c, table_id, buf_bytes(&vals), buf_bytes(&new_vals), json, e),
                           e);
    buf_clear(&vals);
    buf_clear(&new_vals);
    return rc;
}

static int update_many(struct catalog *c, int64_t table_id, const struct catalog_partition *old,
                       const struct catalog_partition *items, size_t count, int *ret_rcs,
                       struct err *e) {
    struct buf vals = {0}, new_vals = {0};
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        buf_reset(&vals);
        buf_reset(&new_vals);
        rc = cat_values_encode(old[i].values, old[i].value_count, &vals, e);
        if (!rc)
            rc = cat_values_encode(items[i].values, items[i].value_count, &new_vals, e);
        if (!rc)
            rc = update(c, table_id, buf_bytes(&vals), buf_bytes(&new_vals), items[i].json, e);
        ret_rcs[i] = rc;
        if (rc == ERR_ENTITY_NOT_FOUND || rc == ERR_ALREADY_EXISTS)
            rc = 0;
    }
    buf_clear(&vals);
    buf_clear(&new_vals);
    return rc;
}

int catalog_partition_update_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *old,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, update_many(c, table_id, old, items, count, ret_rcs, e), e);
}

static int swap(struct catalog *c, int64_t table_id, struct bytes vals, struct bytes expected_json,
                struct bytes new_vals, struct bytes json, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(&c->writer, &st, e,
                      "SELECT 1 FROM glue_partition WHERE table_id=?1 AND vals=?2 AND json=?3",
                      "ibt", table_id, vals, expected_json);
    rc = rc ? rc : cat_step(st, e);
    if (rc == 0)
        return err_set(e, ERR_CONCURRENT_MODIFICATION,
                       "Update partition failed due to concurrent modifications.");
    if (rc < 0)
        return rc;
    cat_reset(st);
    return update(c, table_id, vals, new_vals, json, e);
}

static int swap_many(struct catalog *c, int64_t table_id, const struct catalog_partition *old,
                     const struct catalog_partition *items, size_t count, struct err *e) {
    struct buf vals = {0}, new_vals = {0};
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        buf_reset(&vals);
        buf_reset(&new_vals);
        rc = cat_values_encode(old[i].values, old[i].value_count, &vals, e);
        if (!rc)
            rc = cat_values_encode(items[i].values, items[i].value_count, &new_vals, e);
        if (!rc)
            rc = swap(c, table_id, buf_bytes(&vals), old[i].json, buf_bytes(&new_vals),
                      items[i].json, e);
    }
    buf_clear(&vals);
    buf_clear(&new_vals);
    return rc;
}

int catalog_partition_swap_many(struct catalog *c, int64_t table_id,
                                const struct catalog_partition *old,
                                const struct catalog_partition *items, size_t count,
                                struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, swap_many(c, table_id, old, items, count, e), e);
}

/* Its delivered files become ordinary ones: found by a listing when the partition is added again.
 */
static int remove_partition(struct cat_conn *k, int64_t table_id, struct bytes vals,
                            struct err *e) {
    int64_t id = 0;
    int rc = find(k, table_id, vals, &id, e);
    if (rc <= 0)
        return rc < 0 ? rc : no_partition(e);
    rc = cat_run(k, e, "DELETE FROM delivered WHERE partition_id=?1 AND partition_id<>0", "i", id);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM glue_partition WHERE id=?1", "i", id);
    return rc;
}

int catalog_partition_delete(struct catalog *c, int64_t table_id, const struct bytes *values,
                             size_t value_count, struct err *e) {
    struct buf vals = {0};
    int rc = cat_values_encode(values, value_count, &vals, e);
    if (!rc)
        rc = cat_write_begin(c, e);
    if (!rc)
        rc = cat_write_end(c, remove_partition(&c->writer, table_id, buf_bytes(&vals), e), e);
    buf_clear(&vals);
    return rc;
}

static int remove_many(struct catalog *c, int64_t table_id, const struct catalog_partition *items,
                       size_t count, int *ret_rcs, struct err *e) {
    struct buf vals = {0};
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        buf_reset(&vals);
        rc = cat_values_encode(items[i].values, items[i].value_count, &vals, e);
        if (!rc)
            rc = remove_partition(&c->writer, table_id, buf_bytes(&vals), e);
        if (ret_rcs)
            ret_rcs[i] = rc;
        if (rc == ERR_ENTITY_NOT_FOUND)
            rc = 0;
    }
    buf_clear(&vals);
    return rc;
}

int catalog_partition_delete_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, remove_many(c, table_id, items, count, ret_rcs, e), e);
}

#define PARTITION_COLUMNS "id,vals,json,location,create_ms"
static int from_row(struct arena *a, sqlite3_stmt *st, struct catalog_partition *ret,
                    struct err *e) {
    const char *blob = sqlite3_column_blob(st, 1);
    size_t len = (size_t)sqlite3_column_bytes(st, 1);
    ret->id = sqlite3_column_int64(st, 0);
    ret->json = cat_col(a, st, 2);
    ret->location = cat_col(a, st, 3);
    ret->create_ms = sqlite3_column_int64(st, 4);
    return cat_values_copy(a, bytes_of(blob ? blob : "", len), ret, e);
}

static int get(struct cat_conn *k, struct arena *a, int64_t table_id, struct bytes vals,
               struct catalog_partition *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(
        k, &st, e, "SELECT " PARTITION_COLUMNS " FROM glue_partition WHERE table_id=?1 AND vals=?2",
        "ib", table_id, vals);
    if (!rc)
        rc = cat_step(st, e);
    if (rc <= 0)
        return rc < 0 ? rc : no_partition(e);
    rc = from_row(a, st, ret, e);
    cat_reset(st);
    return rc;
}

int catalog_partition_get(struct catalog *c, struct arena *a, int64_t table_id,
                          const struct bytes *values, size_t value_count,
                          struct catalog_partition *ret, struct err *e) {
    struct buf vals = {0};
    struct cat_conn *k = NULL;
    int rc = cat_values_encode(values, value_count, &vals, e);
    if (!rc)
        rc = cat_read_begin(c, &k, e);
    if (!rc)
        rc = cat_read_end(c, k, get(k, a, table_id, buf_bytes(&vals), ret, e));
    buf_clear(&vals);
    return rc;
}
