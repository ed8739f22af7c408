/* view.c - what a query's plan needs, read in one SQLite transaction.
 *
 * Because tables, partitions, files, checkpoints and intents come from the same commit, "files of
 * the view" plus "log from the view's checkpoint" holds each record once: a delivery that commits
 * while the query is planned changes neither. */
#include "base/mem.h"
#include "catalog/catalog_int.h"

struct catalog_view {
    struct catalog *c;
    struct cat_conn *k;
    uint64_t version;
};

/* ---- opening ---- */
/* Also what makes the transaction's snapshot begin: it is the first read. */
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

int catalog_view_open(struct catalog *c, struct catalog_view **ret, struct err *e) {
    struct catalog_view *v = mem_calloc(1, sizeof *v);
    if (!v)
        return err_set(e, ERR_NOMEM, NULL);
    v->c = c;
    int rc = cat_read_begin(c, &v->k, e);
    if (!rc)
        rc = read_version(v->k, &v->version, e);
    if (rc)
        catalog_view_close(&v);
    else
        *ret = v;
    return rc;
}

void catalog_view_close(struct catalog_view **pv) {
    struct catalog_view *v = *pv;
    if (!v)
        return;
    if (v->k)
        (void)cat_read_end(v->c, v->k, 0);
    mem_free(v);
    *pv = NULL;
}

uint64_t catalog_view_version(const struct catalog_view *v) {
    return v->version;
}

int catalog_view_has_doc(struct catalog_view *v, const char *kind, struct bytes key, bool *ret,
                         struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(v->k, &st, e, "SELECT 1 FROM doc WHERE kind=?1 AND key=?2", "tt",
                      bytes_str(kind), key);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1)
        cat_reset(st);
    *ret = rc == 1;
    return rc < 0 ? rc : 0;
}

/* ---- tables and partitions ---- */
int catalog_view_has_database(struct catalog_view *v, struct bytes name, bool *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(v->k, &st, e, "SELECT 1 FROM glue_database WHERE name=?1", "t", name);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1)
        cat_reset(st);
    *ret = rc == 1;
    return rc < 0 ? rc : 0;
}

int catalog_view_table(struct catalog_view *v, struct arena *a, struct bytes database,
                       struct bytes name, struct catalog_table *ret, struct err *e) {
    return cat_table_read(v->k, a, database, name, ret, e);
}

static int count_partitions(struct cat_conn *k, int64_t table_id, uint64_t *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT n FROM partition_count WHERE table_id=?1", "i", table_id);
    *ret = 0;
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1) {
        *ret = (uint64_t)sqlite3_column_int64(st, 0);
        cat_reset(st);
        rc = 0;
    }
    return rc;
}

int catalog_view_partitions(struct catalog_view *v, struct arena *a, int64_t table_id,
                            const struct partition_filter *f, struct catalog_partition **ret,
                            size_t *ret_count, uint64_t *ret_considered, struct err *e) {
    struct cat_selection s = {.filter = f};
    int rc = count_partitions(v->k, table_id, ret_considered, e);
    return rc ? rc : cat_partition_select(v->k, a, table_id, &s, ret, ret_count, NULL, e);
}

/* ---- files ---- */
struct file_list {
    struct arena *a;
    struct catalog_delivered_file *items;
    size_t count, cap;
};

#define DELIVERED                                                                                  \
    "SELECT d.partition_id,d.delivery,f.uri,f.row_count,f.size_bytes,f.mtime_ns,'',f.from_lsn,"    \
    "f.to_lsn FROM delivered d JOIN file f ON f.uri=d.uri "

static int collect_files(sqlite3_stmt *st, struct file_list *l, struct err *e) {
    int rc = 0;
    while (!rc && (rc = cat_step(st, e)) == 1) {
        l->items = cat_grow(l->a, l->items, l->count, &l->cap, sizeof *l->items);
        if (l->items) {
            struct catalog_delivered_file *f = &l->items[l->count++];
            f->partition_id = sqlite3_column_int64(st, 0);
            f->delivery = cat_col(l->a, st, 1);
            cat_file_from_row(l->a, st, 2, &f->file);
        }
        rc = l->a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    return rc;
}

static int files_of_table(struct cat_conn *k, int64_t table_id, struct file_list *l,
                          struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, DELIVERED "WHERE d.table_id=?1 ORDER BY f.uri", "i", table_id);
    return rc ? rc : collect_files(st, l, e);
}

/* '0' is the byte after '/'. */
static int files_under(struct cat_conn *k, int64_t table_id, struct bytes location,
                       struct file_list *l, struct err *e) {
    sqlite3_stmt *st = NULL;
    if (bytes_ends_with(location, BYTES("/")))
        location.len--;
    int rc = cat_stmt(k, &st, e,
                      DELIVERED "WHERE d.uri>=?2||'/' AND d.uri<?2||'0' AND d.table_id=?1 "
                                "ORDER BY f.uri",
                      "it", table_id, location);
    return rc ? rc : collect_files(st, l, e);
}

static int files_of_partition(struct cat_conn *k, int64_t id, struct file_list *l, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc =
        cat_stmt(k, &st, e,
                 DELIVERED "WHERE d.partition_id=?1 AND d.partition_id<>0 ORDER BY f.uri", "i", id);
    return rc ? rc : collect_files(st, l, e);
}

int catalog_view_files(struct catalog_view *v, struct arena *a, int64_t table_id,
                       const struct catalog_partition *partitions, size_t partition_count,
                       struct catalog_delivered_file **ret, size_t *ret_count, struct err *e) {
    struct file_list l = {.a = a};
    int rc = partitions ? 0 : files_of_table(v->k, table_id, &l, e);
    for (size_t i = 0; !rc && partitions && i < partition_count; i++)
        rc = partitions[i].id ? files_of_partition(v->k, partitions[i].id, &l, e)
                              : files_under(v->k, table_id, partitions[i].location, &l, e);
    *ret = l.items;
    *ret_count = l.count;
    return rc;
}

int catalog_view_owns(struct catalog_view *v, struct bytes uri, bool *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(v->k, &st, e,
                      "SELECT 1 FROM delivered WHERE uri=?1 UNION ALL "
                      "SELECT 1 FROM intent WHERE uri=?1",
                      "t", uri);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1)
        cat_reset(st);
    *ret = rc == 1;
    return rc < 0 ? rc : 0;
}

/* ---- feeds ---- */
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

int catalog_view_feeds(struct catalog_view *v, struct arena *a, struct bytes database,
                       struct bytes table, struct catalog_feed **ret, size_t *ret_count,
                       struct err *e) {
    struct catalog_feed *feeds = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(v->k, &st, e,
                      "SELECT f.delivery,c.next_lsn FROM feed f LEFT JOIN checkpoint c ON "
                      "c.delivery=f.delivery WHERE f.database=?1 AND f.tbl=?2 ORDER BY f.delivery",
                      "tt", database, table);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        feeds = cat_grow(a, feeds, n, &cap, sizeof *feeds);
        if (feeds) {
            struct catalog_feed *f = &feeds[n++];
            f->delivery = cat_col(a, st, 0);
            f->checkpoint = (uint64_t)sqlite3_column_int64(st, 1);
        }
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    for (size_t i = 0; !rc && i < n; i++)
        rc = read_pending(v->k, a, &feeds[i], e);
    *ret = feeds;
    *ret_count = n;
    return rc;
}

/* ---- all at once ---- */
static int read_snapshot(struct catalog_view *v, struct arena *a, struct bytes database,
                         struct bytes table, struct catalog_snapshot *s, struct err *e) {
    uint64_t considered;
    s->version = v->version;
    int rc = catalog_view_table(v, a, database, table, &s->table, e);
    if (!rc)
        rc = catalog_view_partitions(v, a, s->table.id, NULL, &s->partitions, &s->partition_count,
                                     &considered, e);
    if (!rc)
        rc = catalog_view_files(v, a, s->table.id, NULL, 0, &s->files, &s->file_count, e);
    if (!rc)
        rc = catalog_view_feeds(v, a, database, table, &s->feeds, &s->feed_count, e);
    return rc;
}

int catalog_snapshot_read(struct catalog *c, struct arena *a, struct bytes database,
                          struct bytes table, struct catalog_snapshot *ret, struct err *e) {
    struct catalog_snapshot s = {0};
    struct catalog_view *v = NULL;
    int rc = catalog_view_open(c, &v, e);
    if (!rc)
        rc = read_snapshot(v, a, database, table, &s, e);
    catalog_view_close(&v);
    if (!rc)
        *ret = s;
    return rc;
}
