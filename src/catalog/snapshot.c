/* snapshot.c - what a query's plan needs of one table, read in one SQLite transaction.
 *
 * Because files, checkpoints and intents come from the same commit, "files of the snapshot" plus
 * "log from the snapshot's checkpoint" holds each record once: a delivery that commits while the
 * query is planned changes neither. */
#include "catalog/catalog_int.h"

static int read_files(struct cat_conn *k, struct arena *a, struct catalog_snapshot *s,
                      struct err *e) {
    size_t cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT d.partition_id,d.delivery," CAT_FILE_COLUMNS
                      " FROM delivered d JOIN file f ON f.uri=d.uri WHERE d.table_id=?1 "
                      "ORDER BY f.uri",
                      "i", s->table.id);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        s->files = cat_grow(a, s->files, s->file_count, &cap, sizeof *s->files);
        if (s->files) {
            struct catalog_delivered_file *f = &s->files[s->file_count++];
            f->partition_id = sqlite3_column_int64(st, 0);
            f->delivery = cat_col(a, st, 1);
            cat_file_from_row(a, st, 2, &f->file);
        }
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    return rc;
}

static int read_pending(struct cat_conn *k, struct arena *a, struct catalog_feed *f,
                        struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    sqlite3_stmt *st = NULL;
    jsonw_array(&w);
    int rc = cat_stmt(k, &st, e, "SELECT uri FROM intent WHERE delivery=?1", "t", f->delivery);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        const void *p = sqlite3_column_blob(st, 0);
        jsonw_str(&w, bytes_of(p, (size_t)sqlite3_column_bytes(st, 0)));
        rc = 0;
    }
    jsonw_end_array(&w);
    if (!rc) {
        f->pending_uris_json = arena_copy(a, buf_bytes(&out));
        rc = buf_ok(&out) && !a->failed ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    buf_clear(&out);
    return rc;
}

static int read_feeds(struct cat_conn *k, struct arena *a, struct catalog_snapshot *s,
                      struct err *e) {
    size_t cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT f.delivery,c.next_lsn FROM feed f LEFT JOIN checkpoint c ON "
                      "c.delivery=f.delivery WHERE f.database=?1 AND f.tbl=?2 ORDER BY f.delivery",
                      "tt", s->table.database, s->table.name);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        s->feeds = cat_grow(a, s->feeds, s->feed_count, &cap, sizeof *s->feeds);
        if (s->feeds) {
            struct catalog_feed *f = &s->feeds[s->feed_count++];
            f->delivery = cat_col(a, st, 0);
            f->checkpoint = (uint64_t)sqlite3_column_int64(st, 1);
        }
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    for (size_t i = 0; !rc && i < s->feed_count; i++)
        rc = read_pending(k, a, &s->feeds[i], e);
    return rc;
}

static int read_version(struct cat_conn *k, uint64_t *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT value FROM meta WHERE name='version'", "");
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1) {
        *ret = (uint64_t)sqlite3_column_int64(st, 0);
        cat_reset(st);
        rc = 0;
    }
    return rc;
}

static int read_snapshot(struct cat_conn *k, struct arena *a, struct bytes database,
                         struct bytes table, struct catalog_snapshot *s, struct err *e) {
    int rc = cat_table_read(k, a, database, table, &s->table, e);
    if (!rc)
        rc = read_version(k, &s->version, e);
    if (!rc)
        rc = cat_partition_read_all(k, a, s->table.id, &s->partitions, &s->partition_count, e);
    if (!rc)
        rc = read_files(k, a, s, e);
    if (!rc)
        rc = read_feeds(k, a, s, e);
    return rc;
}

int catalog_snapshot_read(struct catalog *c, struct arena *a, struct bytes database,
                          struct bytes table, struct catalog_snapshot *ret, struct err *e) {
    struct catalog_snapshot s = {0};
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    if (rc)
        return rc;
    rc = cat_read_end(c, k, read_snapshot(k, a, database, table, &s, e));
    if (!rc)
        *ret = s;
    return rc;
}
