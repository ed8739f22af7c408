/* partitions.c - partitions, identified by their values: created, changed, looked up and removed.
 * Listing is partition_select.c's. */
#include "catalog/catalog_int.h"

/* A row under way: the blob of its values, and the last template of its transaction. */
struct row {
    struct catalog *c;
    int64_t table_id;
    struct buf vals, new_vals;
    struct cat_shape shape;
};

static void row_clear(struct row *r) {
    buf_clear(&r->vals);
    buf_clear(&r->new_vals);
    cat_shape_clear(&r->shape);
}

static int row_encode(struct buf *out, const struct bytes *values, size_t count, struct err *e) {
    buf_reset(out);
    return cat_values_encode(values, count, out, e);
}

/* The row of r->vals. */
static int insert(struct row *r, const struct catalog_partition *p, struct err *e) {
    struct arena a;
    struct cat_shaped s;
    arena_init(&a, 0);
    int rc = cat_shape_take(&r->shape, &r->c->writer, &a, r->table_id, p, &s, e);
    if (!rc)
        rc = cat_run(&r->c->writer, e,
                     "INSERT INTO glue_partition(table_id,vals,json,location,create_ms,shape_id) "
                     "VALUES(?1,?2,?3,?4,?5,?6)",
                     "ibttii", r->table_id, buf_bytes(&r->vals), s.json, s.location,
                     clock_wall_ms(r->c->clock), s.shape_id);
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

static int ensure(struct row *r, const struct catalog_partition *p, int64_t *ret_id,
                  struct err *e) {
    int rc = row_encode(&r->vals, p->values, p->value_count, e);
    if (!rc)
        rc = find(&r->c->writer, r->table_id, buf_bytes(&r->vals), ret_id, e);
    if (rc)
        return rc < 0 ? rc : 0;
    rc = insert(r, p, e);
    if (!rc)
        *ret_id = sqlite3_last_insert_rowid(r->c->writer.db);
    return rc;
}

int cat_partition_ensure(struct catalog *c, int64_t table_id, const struct bytes *values,
                         size_t value_count, struct bytes json, int64_t *ret_id, struct err *e) {
    struct row r = {.c = c, .table_id = table_id};
    struct catalog_partition p = {.values = values, .value_count = value_count, .json = json};
    int rc = ensure(&r, &p, ret_id, e);
    row_clear(&r);
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

static int create_many(struct catalog *c, int64_t table_id, const struct catalog_partition *items,
                       size_t count, int *ret_rcs, struct err *e) {
    struct row r = {.c = c, .table_id = table_id};
    int rc = need_table(&c->writer, table_id, e);
    for (size_t i = 0; !rc && i < count; i++) {
        rc = row_encode(&r.vals, items[i].values, items[i].value_count, e);
        if (!rc)
            rc = insert(&r, &items[i], e);
        ret_rcs[i] = rc;
        if (rc == ERR_ALREADY_EXISTS)
            rc = 0;
    }
    row_clear(&r);
    return rc;
}

int catalog_partition_create_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, create_many(c, table_id, items, count, ret_rcs, e), e);
}

int catalog_partition_create(struct catalog *c, int64_t table_id, const struct bytes *values,
                             size_t value_count, struct bytes json, struct err *e) {
    struct catalog_partition p = {.values = values, .value_count = value_count, .json = json};
    int one = 0;
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = create_many(c, table_id, &p, 1, &one, e);
    if (!rc && one)
        rc = err_set(e, one, "Partition already exists.");
    return cat_write_end(c, rc, e);
}

static int no_partition(struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Cannot find partition.");
}

/* The row of r->vals becomes the one of r->new_vals with p's json. */
static int update(struct row *r, const struct catalog_partition *p, struct err *e) {
    struct arena a;
    struct cat_shaped s;
    arena_init(&a, 0);
    int rc = cat_shape_take(&r->shape, &r->c->writer, &a, r->table_id, p, &s, e);
    if (!rc)
        rc = cat_run(&r->c->writer, e,
                     "UPDATE glue_partition SET vals=?3,json=?4,location=?5,shape_id=?6 "
                     "WHERE table_id=?1 AND vals=?2",
                     "ibbtti", r->table_id, buf_bytes(&r->vals), buf_bytes(&r->new_vals), s.json,
                     s.location, s.shape_id);
    arena_clear(&a);
    if (rc == ERR_ALREADY_EXISTS)
        rc = err_set(e, rc, "Partition already exists.");
    if (!rc && sqlite3_changes(r->c->writer.db) == 0)
        rc = no_partition(e);
    return rc;
}

static int encode_both(struct row *r, const struct catalog_partition *from,
                       const struct catalog_partition *to, struct err *e) {
    int rc = row_encode(&r->vals, from->values, from->value_count, e);
    return rc ? rc : row_encode(&r->new_vals, to->values, to->value_count, e);
}

int catalog_partition_update(struct catalog *c, int64_t table_id, const struct bytes *values,
                             const struct bytes *new_values, size_t value_count, struct bytes json,
                             struct err *e) {
    struct row r = {.c = c, .table_id = table_id};
    struct catalog_partition from = {.values = values, .value_count = value_count};
    struct catalog_partition to = {.values = new_values, .value_count = value_count, .json = json};
    int rc = encode_both(&r, &from, &to, e);
    if (!rc)
        rc = cat_write_begin(c, e);
    if (!rc)
        rc = cat_write_end(c, update(&r, &to, e), e);
    row_clear(&r);
    return rc;
}

static int update_many(struct catalog *c, int64_t table_id, const struct catalog_partition *old,
                       const struct catalog_partition *items, size_t count, int *ret_rcs,
                       struct err *e) {
    struct row r = {.c = c, .table_id = table_id};
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        rc = encode_both(&r, &old[i], &items[i], e);
        if (!rc)
            rc = update(&r, &items[i], e);
        ret_rcs[i] = rc;
        if (rc == ERR_ENTITY_NOT_FOUND || rc == ERR_ALREADY_EXISTS)
            rc = 0;
    }
    row_clear(&r);
    return rc;
}

int catalog_partition_update_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *old,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, update_many(c, table_id, old, items, count, ret_rcs, e), e);
}

/* ---- reading one ---- */
static int from_row(struct cat_conn *k, struct arena *a, sqlite3_stmt *st,
                    struct catalog_partition *ret, struct err *e) {
    struct cat_shape shape = {0};
    const char *blob = sqlite3_column_blob(st, 1);
    size_t len = (size_t)sqlite3_column_bytes(st, 1);
    ret->id = sqlite3_column_int64(st, 0);
    ret->json = cat_col(a, st, 2);
    ret->location = cat_col(a, st, 3);
    ret->create_ms = sqlite3_column_int64(st, 4);
    int rc = cat_values_copy(a, bytes_of(blob ? blob : "", len), ret, e);
    if (!rc)
        rc = cat_shape_give(&shape, k, a, sqlite3_column_int64(st, 5), ret, e);
    cat_shape_clear(&shape);
    return rc;
}

static int get(struct cat_conn *k, struct arena *a, int64_t table_id, struct bytes vals,
               struct catalog_partition *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT id,vals,json,location,create_ms,shape_id FROM glue_partition "
                      "WHERE table_id=?1 AND vals=?2",
                      "ib", table_id, vals);
    if (!rc)
        rc = cat_step(st, e);
    if (rc <= 0)
        return rc < 0 ? rc : no_partition(e);
    rc = from_row(k, a, st, ret, e);
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

/* ---- swapping, removing ---- */
static int swap(struct row *r, const struct catalog_partition *from,
                const struct catalog_partition *to, struct err *e) {
    struct arena a;
    struct catalog_partition now;
    arena_init(&a, 0);
    int rc = encode_both(r, from, to, e);
    if (!rc)
        rc = get(&r->c->writer, &a, r->table_id, buf_bytes(&r->vals), &now, e);
    if (rc == ERR_ENTITY_NOT_FOUND || (!rc && !bytes_eq(now.json, from->json)))
        rc = err_set(e, ERR_CONCURRENT_MODIFICATION,
                     "Update partition failed due to concurrent modifications.");
    arena_clear(&a);
    return rc ? rc : update(r, to, e);
}

static int swap_many(struct catalog *c, int64_t table_id, const struct catalog_partition *old,
                     const struct catalog_partition *items, size_t count, struct err *e) {
    struct row r = {.c = c, .table_id = table_id};
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++)
        rc = swap(&r, &old[i], &items[i], e);
    row_clear(&r);
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
