/* docs.c - documents: whatever other rooms keep as small JSON by (kind, key), with a version for
 * optimistic updates and a sort number for newest-first listings. */
#include "catalog/catalog_int.h"

int catalog_doc_create(struct catalog *c, const char *kind, struct bytes key, int64_t sort,
                       struct bytes json, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "INSERT INTO doc(kind,key,sort,version,json) VALUES(?1,?2,?3,0,?4)",
                 "ttit", bytes_str(kind), key, sort, json);
    if (rc == ERR_ALREADY_EXISTS)
        rc = err_set(e, rc, "%.*s already exists.", BYTES_ARG(key));
    return cat_write_end(c, rc, e);
}

static int put(struct cat_conn *k, struct bytes kind, struct bytes key, int64_t sort,
               struct bytes json, int64_t expected_version, struct err *e) {
    if (expected_version < 0)
        return cat_run(k, e,
                       "INSERT INTO doc(kind,key,sort,version,json) VALUES(?1,?2,?3,0,?4) "
                       "ON CONFLICT(kind,key) DO UPDATE SET sort=?3,version=version+1,json=?4",
                       "ttit", kind, key, sort, json);
    int rc = cat_run(k, e,
                     "UPDATE doc SET sort=?3,version=version+1,json=?4 "
                     "WHERE kind=?1 AND key=?2 AND version=?5",
                     "ttiti", kind, key, sort, json, expected_version);
    if (!rc && sqlite3_changes(k->db) == 0)
        rc = err_set(e, ERR_CONCURRENT_MODIFICATION,
                     "%.*s was changed by another request; read it again and retry.",
                     BYTES_ARG(key));
    return rc;
}

int catalog_doc_put(struct catalog *c, const char *kind, struct bytes key, int64_t sort,
                    struct bytes json, int64_t expected_version, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = put(&c->writer, bytes_str(kind), key, sort, json, expected_version, e);
    return cat_write_end(c, rc, e);
}

static int missing(struct bytes key, struct err *e) {
    return err_set(e, ERR_RESOURCE_NOT_FOUND, "%.*s not found.", BYTES_ARG(key));
}

static void from_row(struct arena *a, sqlite3_stmt *st, struct catalog_doc *ret) {
    ret->key = cat_col(a, st, 0);
    ret->json = cat_col(a, st, 1);
    ret->sort = sqlite3_column_int64(st, 2);
    ret->version = sqlite3_column_int64(st, 3);
}

static int get(struct cat_conn *k, struct arena *a, struct bytes kind, struct bytes key,
               struct catalog_doc *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT key,json,sort,version FROM doc WHERE kind=?1 AND key=?2",
                      "tt", kind, key);
    if (!rc)
        rc = cat_step(st, e);
    if (rc <= 0)
        return rc < 0 ? rc : missing(key, e);
    from_row(a, st, ret);
    cat_reset(st);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int catalog_doc_get(struct catalog *c, struct arena *a, const char *kind, struct bytes key,
                    struct catalog_doc *ret, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, get(k, a, bytes_str(kind), key, ret, e));
}

int catalog_doc_delete(struct catalog *c, const char *kind, struct bytes key, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "DELETE FROM doc WHERE kind=?1 AND key=?2", "tt", bytes_str(kind),
                 key);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = missing(key, e);
    return cat_write_end(c, rc, e);
}

static int collect(sqlite3_stmt *st, struct arena *a, struct catalog_doc **ret, size_t *ret_count,
                   struct err *e) {
    struct catalog_doc *v = NULL;
    size_t n = 0, cap = 0;
    int rc = 0;
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            from_row(a, st, &v[n++]);
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

static int list(struct cat_conn *k, struct arena *a, struct bytes kind, bool by_sort_desc,
                int64_t after_sort, struct bytes after_key, size_t max, struct catalog_doc **ret,
                size_t *ret_count, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = by_sort_desc
                 ? cat_stmt(k, &st, e,
                            "SELECT key,json,sort,version FROM doc WHERE kind=?1 AND "
                            "(sort<?2 OR (sort=?2 AND key>?3)) ORDER BY sort DESC,key LIMIT ?4",
                            "titi", kind, after_sort, after_key, (int64_t)max)
                 : cat_stmt(k, &st, e,
                            "SELECT key,json,sort,version FROM doc WHERE kind=?1 AND key>?2 "
                            "ORDER BY key LIMIT ?3",
                            "tti", kind, after_key, (int64_t)max);
    return rc ? rc : collect(st, a, ret, ret_count, e);
}

int catalog_doc_list(struct catalog *c, struct arena *a, const char *kind, bool by_sort_desc,
                     int64_t after_sort, struct bytes after_key, size_t max,
                     struct catalog_doc **ret, size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    if (rc)
        return rc;
    rc = list(k, a, bytes_str(kind), by_sort_desc, after_sort, after_key, max, ret, ret_count, e);
    return cat_read_end(c, k, rc);
}
