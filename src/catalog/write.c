/* write.c - the commit of a statement that wrote files: table, partitions and facts at once.
 *
 *     intent (a document that names the files)  ->  files get their names  ->  commit
 *
 * The intent goes in the same transaction, so that after a crash either it is there, and the files
 * are removed, or everything is. */
#include "catalog/catalog_int.h"

static int end_intent(struct catalog *c, const struct catalog_write *w, struct err *e) {
    if (!w->intent_key.ptr)
        return 0;
    int rc = cat_run(&c->writer, e, "DELETE FROM doc WHERE kind=?1 AND key=?2", "tt",
                     bytes_str(w->intent_kind), w->intent_key);
    if (!rc && sqlite3_changes(c->writer.db) == 0)
        rc = err_set(e, ERR_RESOURCE_NOT_FOUND, "The intent %.*s is gone.",
                     BYTES_ARG(w->intent_key));
    return rc;
}

/* The table of that name is the one that was planned for. */
static int find_table(struct catalog *c, const struct catalog_write *w, int64_t *ret_id,
                      struct err *e) {
    int64_t version;
    int rc = cat_table_find(&c->writer, w->database, w->name, ret_id, &version, e);
    if (!rc && *ret_id != w->table_id)
        rc = err_set(e, ERR_ENTITY_NOT_FOUND, "Table %.*s was replaced meanwhile.",
                     BYTES_ARG(w->name));
    return rc;
}

static int apply(struct catalog *c, const struct catalog_write *w, struct err *e) {
    int64_t table_id = 0, partition_id;
    int rc = end_intent(c, w, e);
    if (!rc && w->name.len)
        rc = w->table_json.ptr
                 ? cat_table_insert(c, w->database, w->name, w->table_json, &table_id, e)
                 : find_table(c, w, &table_id, e);
    for (size_t i = 0; !rc && i < w->partition_count; i++) {
        const struct catalog_partition *p = &w->partitions[i];
        rc =
            cat_partition_ensure(c, table_id, p->values, p->value_count, p->json, &partition_id, e);
    }
    for (size_t i = 0; !rc && i < w->file_count; i++)
        rc = cat_file_write(&c->writer, &w->files[i], e);
    return rc;
}

int catalog_write_commit(struct catalog *c, const struct catalog_write *w, struct err *e) {
    int rc = cat_write_begin(c, e);
    return rc ? rc : cat_write_end(c, apply(c, w, e), e);
}
