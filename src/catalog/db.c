/* db.c - connections, transactions and statements over SQLite.
 *
 * The database is in WAL mode: readers see the last commit as of their BEGIN and never wait for the
 * writer, and the writer never waits for them. All writes go through one connection behind a lock,
 * so SQLITE_BUSY cannot come from our own threads; busy_timeout covers other processes that look at
 * the file. A write transaction is
 *
 *     cat_write_begin -> statements -> cat_write_end(rc)     commit with synchronous=FULL, or
 * rollback
 *
 * and a read one is cat_read_begin -> statements -> cat_read_end. Statements are string literals,
 * prepared once per connection and found again by the literal's address. */
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog_int.h"

static int fail(sqlite3 *db, const char *doing, struct err *e) {
    int x = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
    const char *msg = db ? sqlite3_errmsg(db) : "out of memory";
    switch (x & 0xff) {
    case SQLITE_NOMEM:
        return err_set(e, ERR_NOMEM, NULL);
    case SQLITE_CONSTRAINT:
        return err_set(e, ERR_ALREADY_EXISTS, NULL);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        log_write(LOG_ERROR, "catalog", "%s: %s", doing, msg);
        return err_set(e, ERR_UNAVAILABLE, "The catalogue is locked by another program; retry.");
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        log_write(LOG_ERROR, "catalog", "%s: %s", doing, msg);
        return err_set(e, ERR_IO, "The catalogue could not be read or written (%s).", msg);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        log_write(LOG_ERROR, "catalog", "%s: %s", doing, msg);
        return err_set(e, ERR_CORRUPT, "The catalogue is damaged (%s); restore catalog.db.", msg);
    default:
        log_write(LOG_ERROR, "catalog", "%s: %s (%d)", doing, msg, x);
        return err_set(e, ERR_INTERNAL, "The catalogue failed: %s.", msg);
    }
}

static int exec(sqlite3 *db, const char *sql, struct err *e) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, sql, e);
}

int cat_conn_open(struct cat_conn *k, const char *path, bool writer, struct err *e) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_CREATE : 0);
    int rc = 0;
    if (sqlite3_open_v2(path, &k->db, flags, NULL) != SQLITE_OK)
        rc = fail(k->db, path, e);
    if (!rc) {
        sqlite3_extended_result_codes(k->db, 1);
        sqlite3_busy_timeout(k->db, 10000);
        if (writer)
            rc = exec(k->db, "PRAGMA journal_mode=WAL", e);
    }
    if (!rc)
        rc = exec(k->db,
                  "PRAGMA synchronous=FULL; PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY;"
                  "PRAGMA journal_size_limit=8388608; PRAGMA wal_autocheckpoint=1000;"
                  "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF",
                  e);
    if (!rc && !writer)
        rc = exec(k->db, "PRAGMA query_only=ON", e);
    if (rc)
        cat_conn_close(k);
    return rc;
}

void cat_conn_close(struct cat_conn *k) {
    for (size_t i = 0; i < k->cached; i++)
        sqlite3_finalize(k->cache[i].st);
    k->cached = 0;
    sqlite3_close(k->db);
    k->db = NULL;
}

/* ---- statements ---- */
static int prepare(struct cat_conn *k, const char *sql, sqlite3_stmt **ret, struct err *e) {
    for (size_t i = 0; i < k->cached; i++)
        if (k->cache[i].sql == sql) {
            *ret = k->cache[i].st;
            return 0;
        }
    assert(k->cached < CAT_STMTS);
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v3(k->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
        return fail(k->db, sql, e);
    k->cache[k->cached].sql = sql;
    k->cache[k->cached++].st = st;
    *ret = st;
    return 0;
}

static int bind_all(sqlite3_stmt *st, const char *types, va_list ap) {
    int rc = SQLITE_OK;
    for (int i = 1; *types && rc == SQLITE_OK; i++, types++) {
        if (*types == 'i') {
            rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
            continue;
        }
        struct bytes v = va_arg(ap, struct bytes);
        const char *p = v.ptr ? v.ptr : "";
        rc = *types == 't' ? sqlite3_bind_text64(st, i, p, v.len, SQLITE_STATIC, SQLITE_UTF8)
                           : sqlite3_bind_blob64(st, i, p, v.len, SQLITE_STATIC);
    }
    return rc;
}

static int stmt_va(struct cat_conn *k, sqlite3_stmt **ret, struct err *e, const char *sql,
                   const char *types, va_list ap) {
    sqlite3_stmt *st = NULL;
    int rc = prepare(k, sql, &st, e);
    if (rc)
        return rc;
    if (bind_all(st, types, ap) != SQLITE_OK)
        return fail(k->db, sql, e);
    *ret = st;
    return 0;
}

int cat_stmt(struct cat_conn *k, sqlite3_stmt **ret, struct err *e, const char *sql,
             const char *types, ...) {
    va_list ap;
    va_start(ap, types);
    int rc = stmt_va(k, ret, e, sql, types, ap);
    va_end(ap);
    return rc;
}

int cat_step(sqlite3_stmt *st, struct err *e) {
    int x = sqlite3_step(st);
    if (x == SQLITE_ROW)
        return 1;
    int rc = x == SQLITE_DONE ? 0 : fail(sqlite3_db_handle(st), sqlite3_sql(st), e);
    cat_reset(st);
    return rc;
}

void cat_reset(sqlite3_stmt *st) {
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
}

int cat_run(struct cat_conn *k, struct err *e, const char *sql, const char *types, ...) {
    sqlite3_stmt *st = NULL;
    va_list ap;
    va_start(ap, types);
    int rc = stmt_va(k, &st, e, sql, types, ap);
    va_end(ap);
    if (rc)
        return rc;
    rc = cat_step(st, e);
    if (rc == 1) {
        cat_reset(st);
        rc = 0;
    }
    return rc;
}

struct bytes cat_col(struct arena *a, sqlite3_stmt *st, int i) {
    const void *p = sqlite3_column_blob(st, i);
    return arena_copy(a, bytes_of(p ? p : "", p ? (size_t)sqlite3_column_bytes(st, i) : 0));
}

void *cat_grow(struct arena *a, void *items, size_t count, size_t *cap, size_t item_size) {
    if (count < *cap)
        return items;
    size_t n = *cap ? *cap * 2 : 16;
    char *grown = arena_alloc(a, n * item_size);
    if (!grown)
        return NULL;
    if (count)
        memcpy(grown, items, count * item_size);
    *cap = n;
    return grown;
}

/* ---- transactions ---- */
int cat_write_begin(struct catalog *c, struct err *e) {
    pthread_mutex_lock(&c->write_lock);
    int rc = cat_run(&c->writer, e, "BEGIN IMMEDIATE", "");
    if (rc)
        pthread_mutex_unlock(&c->write_lock);
    return rc;
}

int cat_write_end(struct catalog *c, int rc, struct err *e) {
    struct cat_conn *k = &c->writer;
    if (!rc)
        rc = cat_run(k, e, "UPDATE meta SET value=value+1 WHERE name='version'", "");
    if (!rc)
        rc = cat_run(k, e, "COMMIT", "");
    if (!rc) {
        c->version++;
    } else if (!sqlite3_get_autocommit(k->db)) {
        struct err ignored;
        if (cat_run(k, &ignored, "ROLLBACK", ""))
            log_write(LOG_ERROR, "catalog", "rollback: %s", ignored.text);
    }
    pthread_mutex_unlock(&c->write_lock);
    return rc;
}

static struct cat_conn *take_reader(struct catalog *c) {
    struct cat_conn *k = NULL;
    pthread_mutex_lock(&c->pool_lock);
    while (!k) {
        for (size_t i = 0; i < CAT_READERS && !k; i++)
            if (!c->readers[i].taken)
                k = &c->readers[i];
        if (!k)
            pthread_cond_wait(&c->pool_freed, &c->pool_lock);
    }
    k->taken = true;
    pthread_mutex_unlock(&c->pool_lock);
    return k;
}

static void give_reader(struct catalog *c, struct cat_conn *k) {
    pthread_mutex_lock(&c->pool_lock);
    k->taken = false;
    pthread_cond_signal(&c->pool_freed);
    pthread_mutex_unlock(&c->pool_lock);
}

int cat_read_begin(struct catalog *c, struct cat_conn **ret, struct err *e) {
    struct cat_conn *k = take_reader(c);
    int rc = k->db ? 0 : cat_conn_open(k, c->path, false, e);
    if (!rc)
        rc = cat_run(k, e, "BEGIN", "");
    if (rc)
        give_reader(c, k);
    else
        *ret = k;
    return rc;
}

int cat_read_end(struct catalog *c, struct cat_conn *k, int rc) {
    struct err ignored;
    if (cat_run(k, &ignored, "COMMIT", ""))
        cat_conn_close(k); /* opened anew by the next one who takes it */
    give_reader(c, k);
    return rc;
}
