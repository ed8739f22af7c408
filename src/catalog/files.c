/* files.c - file facts, and deliveries' intents, commits and checkpoints.
 *
 * A delivery moves a log range to one object exactly once:
 *
 *     intent (range, object)  ->  the object is written  ->  commit: partition + file + checkpoint
 *                                                            + intent gone, in one transaction
 *
 * Whatever instant the process dies at, the next one finds either the intent (and writes the same
 * object again) or the committed state. */
#include "catalog/catalog_int.h"

/* ---- file facts ---- */
int cat_file_write(struct cat_conn *k, const struct catalog_file *f, struct err *e) {
    return cat_run(k, e, "INSERT OR REPLACE INTO file VALUES(?1,?2,?3,?4,?5,?6,?7)", "tiiitii",
                   f->uri, f->rows, (int64_t)f->size_bytes, f->mtime_ns, f->facts_json,
                   (int64_t)f->from_lsn, (int64_t)f->to_lsn);
}

void cat_file_from_row(struct arena *a, sqlite3_stmt *st, int first, struct catalog_file *ret) {
    ret->uri = cat_col(a, st, first);
    ret->rows = sqlite3_column_int64(st, first + 1);
    ret->size_bytes = (uint64_t)sqlite3_column_int64(st, first + 2);
    ret->mtime_ns = sqlite3_column_int64(st, first + 3);
    ret->facts_json = cat_col(a, st, first + 4);
    ret->from_lsn = (uint64_t)sqlite3_column_int64(st, first + 5);
    ret->to_lsn = (uint64_t)sqlite3_column_int64(st, first + 6);
}

int catalog_file_put(struct catalog *c, const struct catalog_file *f, struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, cat_file_write(&c->writer, f, e), e);
}

int catalog_file_put_many(struct catalog *c, const struct catalog_file *f, size_t count,
                          struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && i < count; i++)
        rc = cat_file_write(&c->writer, &f[i], e);
    return cat_write_end(c, rc, e);
}

static int file_get(struct cat_conn *k, struct arena *a, struct bytes uri, struct catalog_file *ret,
                    struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc =
        cat_stmt(k, &st, e, "SELECT " CAT_FILE_COLUMNS " FROM file f WHERE f.uri=?1", "t", uri);
    if (!rc)
        rc = cat_step(st, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "Nothing is known of %.*s.", BYTES_ARG(uri));
    cat_file_from_row(a, st, 0, ret);
    cat_reset(st);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int catalog_file_get(struct catalog *c, struct arena *a, struct bytes uri, struct catalog_file *ret,
                     struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, file_get(k, a, uri, ret, e));
}

static int file_get_many(struct cat_conn *k, struct arena *a, const struct bytes *uris,
                         size_t count, struct catalog_file *ret, struct err *e) {
    for (size_t i = 0; i < count; i++) {
        ret[i] = (struct catalog_file){0};
        int rc = file_get(k, a, uris[i], &ret[i], NULL);
        if (rc && rc != ERR_RESOURCE_NOT_FOUND)
            return err_set(e, rc, "Facts of %.*s could not be read.", BYTES_ARG(uris[i]));
    }
    return 0;
}

int catalog_file_get_many(struct catalog *c, struct arena *a, const struct bytes *uris,
                          size_t count, struct catalog_file *ret, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, file_get_many(k, a, uris, count, ret, e));
}

/* 1 or 0: whether anything is known of the file. */
static int file_known(struct cat_conn *k, struct bytes uri, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT 1 FROM file WHERE uri=?1 UNION ALL "
                      "SELECT 1 FROM delivered WHERE uri=?1",
                      "t", uri);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1)
        cat_reset(st);
    return rc;
}

/* Called for every object that changes, most of which the catalogue has never heard of: those must
 * not cost a commit. */
int catalog_file_forget(struct catalog *c, struct bytes uri, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    if (!rc)
        rc = cat_read_end(c, k, file_known(k, uri, e));
    if (rc <= 0)
        return rc;
    rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "DELETE FROM file WHERE uri=?1", "t", uri);
    if (!rc)
        rc = cat_run(&c->writer, e, "DELETE FROM delivered WHERE uri=?1", "t", uri);
    return cat_write_end(c, rc, e);
}

/* ---- intents ---- */
int catalog_intent_begin(struct catalog *c, const struct catalog_intent *in, int64_t *ret_id,
                         struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e,
                 "INSERT INTO intent(delivery,from_lsn,to_lsn,uri,error_uri,json) "
                 "VALUES(?1,?2,?3,?4,?5,?6)",
                 "tiittt", in->delivery, (int64_t)in->from_lsn, (int64_t)in->to_lsn, in->uri,
                 in->error_uri, in->json);
    int64_t id = sqlite3_last_insert_rowid(c->writer.db);
    rc = cat_write_end(c, rc, e);
    if (!rc)
        *ret_id = id;
    return rc;
}

#define INTENT_COLUMNS "id,delivery,from_lsn,to_lsn,uri,error_uri,json"
static void intent_from_row(struct arena *a, sqlite3_stmt *st, struct catalog_intent *ret) {
    ret->id = sqlite3_column_int64(st, 0);
    ret->delivery = cat_col(a, st, 1);
    ret->from_lsn = (uint64_t)sqlite3_column_int64(st, 2);
    ret->to_lsn = (uint64_t)sqlite3_column_int64(st, 3);
    ret->uri = cat_col(a, st, 4);
    ret->error_uri = cat_col(a, st, 5);
    ret->json = cat_col(a, st, 6);
}

static int intent_list(struct cat_conn *k, struct arena *a, struct catalog_intent **ret,
                       size_t *ret_count, struct err *e) {
    struct catalog_intent *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT " INTENT_COLUMNS " FROM intent ORDER BY id", "");
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            intent_from_row(a, st, &v[n++]);
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_intent_list(struct catalog *c, struct arena *a, struct catalog_intent **ret,
                        size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, intent_list(k, a, ret, ret_count, e));
}

static int intent_gone(int64_t id, struct err *e) {
    return err_set(e, ERR_RESOURCE_NOT_FOUND, "Delivery intent %lld does not exist.",
                   (long long)id);
}

static int intent_find(struct cat_conn *k, struct arena *a, int64_t id, struct catalog_intent *ret,
                       struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT " INTENT_COLUMNS " FROM intent WHERE id=?1", "i", id);
    if (!rc)
        rc = cat_step(st, e);
    if (rc <= 0)
        return rc < 0 ? rc : intent_gone(id, e);
    intent_from_row(a, st, ret);
    cat_reset(st);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

/* 1 or 0: whether the table is (still) there. Its files are ordinary ones when it is not. */
static int table_exists(struct cat_conn *k, int64_t id, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT 1 FROM glue_table WHERE id=?1", "i", id);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1)
        cat_reset(st);
    return rc;
}

static int add_files(struct catalog *c, const struct catalog_intent_commit *m,
                     struct bytes delivery, struct err *e) {
    int64_t partition_id = 0;
    int rc = table_exists(&c->writer, m->table_id, e);
    if (rc < 0)
        return rc;
    bool listed = rc == 1;
    rc = 0;
    if (listed && m->partition_values)
        rc = cat_partition_ensure(c, m->table_id, m->partition_values, m->partition_value_count,
                                  m->partition_json, &partition_id, e);
    for (size_t i = 0; !rc && i < m->file_count; i++) {
        rc = cat_file_write(&c->writer, &m->files[i], e);
        if (!rc && listed)
            rc = cat_run(&c->writer, e, "INSERT OR REPLACE INTO delivered VALUES(?1,?2,?3,?4)",
                         "ttii", m->files[i].uri, delivery, m->table_id, partition_id);
    }
    return rc;
}

static int commit(struct catalog *c, struct arena *a, const struct catalog_intent_commit *m,
                  struct err *e) {
    struct catalog_intent in = {0};
    int rc = intent_find(&c->writer, a, m->intent_id, &in, e);
    if (!rc)
        rc = add_files(c, m, in.delivery, e);
    if (!rc)
        rc = cat_run(&c->writer, e, "INSERT OR REPLACE INTO checkpoint VALUES(?1,?2)", "ti",
                     in.delivery, (int64_t)in.to_lsn);
    if (!rc)
        rc = cat_run(&c->writer, e, "DELETE FROM intent WHERE id=?1", "i", m->intent_id);
    return rc;
}

int catalog_intent_commit(struct catalog *c, const struct catalog_intent_commit *m, struct err *e) {
    struct arena a;
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    rc = cat_write_end(c, commit(c, &a, m, e), e);
    arena_clear(&a);
    return rc;
}

int catalog_intent_abandon(struct catalog *c, int64_t intent_id, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "DELETE FROM intent WHERE id=?1", "i", intent_id);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = intent_gone(intent_id, e);
    return cat_write_end(c, rc, e);
}

/* ---- checkpoints and feeds ---- */
/* 1 and the checkpoint, or 0. */
static int checkpoint_read(struct cat_conn *k, struct bytes delivery, uint64_t *ret,
                           struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc =
        cat_stmt(k, &st, e, "SELECT next_lsn FROM checkpoint WHERE delivery=?1", "t", delivery);
    if (!rc)
        rc = cat_step(st, e);
    if (rc == 1) {
        *ret = (uint64_t)sqlite3_column_int64(st, 0);
        cat_reset(st);
    }
    return rc;
}

static int checkpoint_start(struct catalog *c, struct bytes delivery, uint64_t initial,
                            uint64_t *ret, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "INSERT OR IGNORE INTO checkpoint VALUES(?1,?2)", "ti", delivery,
                 (int64_t)initial);
    if (!rc)
        rc = checkpoint_read(&c->writer, delivery, ret, e);
    return cat_write_end(c, rc < 0 ? rc : 0, e);
}

int catalog_checkpoint_get(struct catalog *c, struct bytes delivery, uint64_t initial,
                           uint64_t *ret, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    if (rc)
        return rc;
    rc = cat_read_end(c, k, checkpoint_read(k, delivery, ret, e));
    if (rc)
        return rc < 0 ? rc : 0;
    return checkpoint_start(c, delivery, initial, ret, e);
}

int catalog_delivery_forget(struct catalog *c, struct bytes delivery, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    struct cat_conn *k = &c->writer;
    rc = cat_run(k, e, "DELETE FROM intent WHERE delivery=?1", "t", delivery);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM delivered WHERE delivery=?1", "t", delivery);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM checkpoint WHERE delivery=?1", "t", delivery);
    if (!rc)
        rc = cat_run(k, e, "DELETE FROM feed WHERE delivery=?1", "t", delivery);
    return cat_write_end(c, rc, e);
}

int catalog_feed_set(struct catalog *c, struct bytes delivery, struct bytes database,
                     struct bytes table, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "INSERT OR REPLACE INTO feed VALUES(?1,?2,?3)", "ttt", delivery,
                 database, table);
    return cat_write_end(c, rc, e);
}
