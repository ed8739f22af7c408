/* catalog.c - opening the database: migrations, the version, closing.
 *
 * PRAGMA user_version holds how many migrations have been applied. Each pending one runs in its own
 * transaction together with the new user_version, so a crash between two leaves a state from which
 * the next open goes on. */
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog_int.h"
#include "catalog/migrations.h"
#include <stdio.h>

static int read_number(struct cat_conn *k, const char *sql, int64_t *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, sql, "");
    if (rc)
        return rc;
    rc = cat_step(st, e);
    if (rc == 1) {
        *ret = sqlite3_column_int64(st, 0);
        cat_reset(st);
        return 0;
    }
    return rc ? rc : err_set(e, ERR_CORRUPT, "The catalogue has no answer to %s.", sql);
}

static int apply(struct cat_conn *k, int64_t number, struct err *e) {
    char end[80];
    snprintf(end, sizeof end, "PRAGMA user_version=%lld; COMMIT", (long long)number);
    char *why = NULL;
    int x = sqlite3_exec(k->db, "BEGIN IMMEDIATE", NULL, NULL, &why);
    if (x == SQLITE_OK)
        x = sqlite3_exec(k->db, catalog_migrations[number - 1], NULL, NULL, &why);
    if (x == SQLITE_OK)
        x = sqlite3_exec(k->db, end, NULL, NULL, &why);
    int rc = 0;
    if (x != SQLITE_OK) {
        rc = err_set(e, x == SQLITE_NOMEM ? ERR_NOMEM : ERR_IO,
                     "Catalogue migration %lld failed: %s.", (long long)number,
                     why ? why : sqlite3_errstr(x));
        if (!sqlite3_get_autocommit(k->db))
            sqlite3_exec(k->db, "ROLLBACK", NULL, NULL, NULL);
    }
    sqlite3_free(why);
    return rc;
}

static int migrate(struct cat_conn *k, struct err *e) {
    int64_t have = 0, known = 0;
    while (catalog_migrations[known])
        known++;
    int rc = read_number(k, "PRAGMA user_version", &have, e);
    if (!rc && have > known)
        rc = err_set(e, ERR_CORRUPT,
                     "catalog.db was written by a newer Tarn (schema %lld, this one knows %lld); "
                     "start that version.",
                     (long long)have, (long long)known);
    for (int64_t n = have + 1; !rc && n <= known; n++)
        rc = apply(k, n, e);
    return rc;
}

int catalog_open(const char *path, struct clock *clock, struct catalog **ret, struct err *e) {
    struct catalog *c = mem_calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_NOMEM, NULL);
    pthread_mutex_init(&c->write_lock, NULL);
    pthread_mutex_init(&c->pool_lock, NULL);
    pthread_cond_init(&c->pool_freed, NULL);
    c->clock = clock;
    c->path = mem_strndup(path, strlen(path));
    int rc = c->path ? cat_conn_open(&c->writer, path, true, e) : err_set(e, ERR_NOMEM, NULL);
    if (!rc)
        rc = migrate(&c->writer, e);
    int64_t version = 0;
    if (!rc)
        rc = read_number(&c->writer, "SELECT value FROM meta WHERE name='version'", &version, e);
    c->version = (uint64_t)version;
    if (rc)
        catalog_close(&c);
    else
        *ret = c;
    return rc;
}

void catalog_close(struct catalog **pc) {
    struct catalog *c = *pc;
    if (!c)
        return;
    for (size_t i = 0; i < CAT_READERS; i++) {
        assert(!c->readers[i].taken);
        cat_conn_close(&c->readers[i]);
    }
    cat_conn_close(&c->writer);
    pthread_cond_destroy(&c->pool_freed);
    pthread_mutex_destroy(&c->pool_lock);
    pthread_mutex_destroy(&c->write_lock);
    mem_free(c->path);
    mem_free(c);
    *pc = NULL;
}

uint64_t catalog_version(struct catalog *c) {
    return c->version;
}

struct clock *catalog_clock(struct catalog *c) {
    return c->clock;
}
