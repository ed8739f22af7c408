/* tags.c - tags: rows by (resource, key). A resource is a name, not a row, so that any kind of
 * resource can have them; triggers remove those of databases and tables. */
#include "catalog/tags.h"
#include "catalog/catalog_int.h"

static int check_count(struct cat_conn *k, struct bytes resource, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT count(*) FROM glue_tag WHERE resource=?1", "t", resource);
    if (!rc)
        rc = cat_step(st, e);
    if (rc != 1)
        return rc;
    int64_t n = sqlite3_column_int64(st, 0);
    cat_reset(st);
    if (n <= CATALOG_TAGS_MAX)
        return 0;
    return err_set_named(e, ERR_LIMIT_EXCEEDED, "ResourceNumberLimitExceededException", 400,
                         "A resource can have at most %d tags; this one would have %lld.",
                         CATALOG_TAGS_MAX, (long long)n);
}

int catalog_tags_add(struct catalog *c, struct bytes resource, const struct catalog_tag *tags,
                     size_t count, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && i < count; i++)
        rc = cat_run(&c->writer, e,
                     "INSERT INTO glue_tag VALUES(?1,?2,?3) "
                     "ON CONFLICT(resource,key) DO UPDATE SET value=?3",
                     "ttt", resource, tags[i].key, tags[i].value);
    if (!rc)
        rc = check_count(&c->writer, resource, e);
    return cat_write_end(c, rc, e);
}

int catalog_tags_remove(struct catalog *c, struct bytes resource, const struct bytes *keys,
                        size_t count, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && i < count; i++)
        rc = cat_run(&c->writer, e, "DELETE FROM glue_tag WHERE resource=?1 AND key=?2", "tt",
                     resource, keys[i]);
    return cat_write_end(c, rc, e);
}

int catalog_tags_forget(struct catalog *c, struct bytes resource, struct err *e) {
    int rc = cat_write_begin(c, e);
    if (rc)
        return rc;
    rc = cat_run(&c->writer, e, "DELETE FROM glue_tag WHERE resource=?1", "t", resource);
    return cat_write_end(c, rc, e);
}

static int list(struct cat_conn *k, struct arena *a, struct bytes resource,
                struct catalog_tag **ret, size_t *ret_count, struct err *e) {
    struct catalog_tag *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e, "SELECT key,value FROM glue_tag WHERE resource=?1 ORDER BY key",
                      "t", resource);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            v[n++] = (struct catalog_tag){cat_col(a, st, 0), cat_col(a, st, 1)};
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_tags_list(struct catalog *c, struct arena *a, struct bytes resource,
                      struct catalog_tag **ret, size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, list(k, a, resource, ret, ret_count, e));
}

static int resources(struct cat_conn *k, struct arena *a, struct bytes after, size_t max,
                     struct bytes **ret, size_t *ret_count, struct err *e) {
    struct bytes *v = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(k, &st, e,
                      "SELECT DISTINCT resource FROM glue_tag WHERE resource>?1 "
                      "ORDER BY resource LIMIT ?2",
                      "ti", after, (int64_t)max);
    while (!rc && (rc = cat_step(st, e)) == 1) {
        v = cat_grow(a, v, n, &cap, sizeof *v);
        if (v)
            v[n++] = cat_col(a, st, 0);
        rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
        if (rc)
            cat_reset(st);
    }
    *ret = v;
    *ret_count = n;
    return rc;
}

int catalog_tags_resources(struct catalog *c, struct arena *a, struct bytes after, size_t max,
                           struct bytes **ret, size_t *ret_count, struct err *e) {
    struct cat_conn *k = NULL;
    after = after.ptr ? after : BYTES("");
    int rc = cat_read_begin(c, &k, e);
    return rc ? rc : cat_read_end(c, k, resources(k, a, after, max, ret, ret_count, e));
}
