/* stats.c - column statistics: rows of glue_column_stats by (table, partition, column), partition 0
 * for the table. Triggers remove them with their owner, so a write must find its owner in its own
 * transaction: otherwise it would leave rows that nothing ever removes. */
#include "catalog/stats.h"
#include "catalog/catalog_int.h"

static int need_owner(struct cat_conn *k, struct catalog_stats_owner o, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = o.partition_id
                 ? cat_stmt(k, &st, e, "SELECT 1 FROM glue_partition WHERE id=?2 AND table_id=?1",
                            "ii", o.table_id, o.partition_id)
                 : cat_stmt(k, &st, e, "SELECT 1 FROM glue_table WHERE id=?1", "i", o.table_id);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1) {
        cat_reset(st);
        return 0;
    }
    return rc ? rc
              : err_set(e, ERR_ENTITY_NOT_FOUND,
                        o.partition_id ? "Cannot find partition." : "Table not found.");
}

int catalog_stats_put(struct catalog *c, struct catalog_stats_owner owner,
                      const struct catalog_column_stats *items, size_t count, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = need_owner(&c->writer, owner, e);
    for (size_t i = 0; !rc && i < count; i++)
        rc = cat_run(&c->writer, e,
                     "INSERT INTO glue_column_stats VALUES(?1,?2,?3,?4) "
                     "ON CONFLICT(table_id,partition_id,name) DO UPDATE SET json=?4",
                     "iitt", owner.table_id, owner.partition_id, items[i].column, items[i].json);
    return cat_write_end(c, rc, e);
}

static int list(struct cat_conn *k, struct arena *a, struct catalog_stats_owner o,
                struct catalog_column_stats **ret, size_t *ret_count, struct err *e) {
    struct catalog_column_stats *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT name,json FROM glue_column_stats WHERE table_id=?1 AND "
                      "partition_id=?2 ORDER BY name",
                      "ii", o.table_id, o.partition_id);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            v[n++] = (struct catalog_column_stats){cat_col(a, st, 0), cat_col(a, st, 1)};
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_stats_list(struct catalog *c, struct arena *a, struct catalog_stats_owner owner,
                       struct catalog_column_stats **ret, size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, list(k, a, owner, ret, ret_count, e));
}

int catalog_stats_delete(struct catalog *c, struct catalog_stats_owner owner, struct bytes column,
                         struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e,
                 "DELETE FROM glue_column_stats WHERE table_id=?1 AND partition_id=?2 AND name=?3",
                 "iit", owner.table_id, owner.partition_id, column);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = err_set(e, ERR_ENTITY_NOT_FOUND, "Column statistics not found for %.*s.",
                     BYTES_ARG(column));
    return cat_write_end(c, rc, e);
}
