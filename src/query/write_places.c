/* write_places.c - which folder the files of a partition go to.
 *
 * A registered partition's own location; a projected one's, when the table's projection has such a
 * partition; else Hive's folder below the table's: k=v/k2=v2/, to be registered with the commit. */
#include "query/write_int.h"

static struct bytes as_folder(struct arena *a, struct bytes location) {
    return arena_fmt(a, "%.*s%s", BYTES_ARG(location),
                     bytes_ends_with(location, BYTES("/")) ? "" : "/");
}

static int not_projected(const struct plan_table *t, const struct bytes *values, struct err *e) {
    struct buf text = {0};
    for (size_t i = 0; i < t->key_count; i++)
        buf_add_fmt(&text, "%s%.*s=%.*s", i ? ", " : "",
                    BYTES_ARG(t->info.columns[t->data_count + i].name), BYTES_ARG(values[i]));
    int rc = err_set_named(e, ERR_SQL, "HIVE_INVALID_PARTITION_VALUE", 0,
                           "The partition (%.*s) is none that the projection of table '%.*s.%.*s' "
                           "describes, so its rows could not be read",
                           (int)text.len, text.ptr ? text.ptr : "", BYTES_ARG(t->info.database),
                           BYTES_ARG(t->info.name));
    buf_clear(&text);
    return rc;
}

static bool is_same(const struct plan_table *t, const struct catalog_partition *p,
                    const struct bytes *values) {
    for (size_t i = 0; i < t->key_count; i++) {
        int order;
        if (bytes_eq(p->values[i], values[i]))
            continue;
        if (!catalog_value_compare(plan_column_type(t, t->data_count + i), p->values[i], values[i],
                                   &order) ||
            order)
            return false;
    }
    return true;
}

static int projected_place(struct plan *p, const struct bytes *values, struct write_place *ret,
                           struct err *e) {
    const struct plan_table *t = p->write->table;
    struct filter_key *keys = ARENA_NEW_N(&p->arena, struct filter_key, t->key_count + 1);
    struct filter_test *tests = ARENA_NEW_N(&p->arena, struct filter_test, t->key_count + 1);
    struct catalog_partition *found = NULL;
    size_t count = 0;
    double considered;
    if (!keys || !tests)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < t->key_count; i++) {
        tests[i] = (struct filter_test){FILTER_EQ, &values[i], 1};
        keys[i] = (struct filter_key){
            .type = plan_column_type(t, t->data_count + i), .tests = &tests[i], .test_count = 1};
    }
    struct partition_filter f = {.keys = keys, .key_count = t->key_count};
    int rc = projection_select(t->projection, &p->arena, &f, p->now_ms, PROJECTION_LIMIT, &found,
                               &count, &considered, e);
    for (size_t i = 0; !rc && i < count; i++)
        if (is_same(t, &found[i], values)) {
            ret->folder = as_folder(&p->arena, found[i].location);
            return 0;
        }
    return rc ? rc : not_projected(t, values, e);
}

static int default_place(struct plan *p, const struct alter_table *t, const struct bytes *values,
                         struct write_place *ret, struct err *e) {
    struct buf text = {0};
    alter_default_location(&text, t, values);
    if (buf_ok(&text))
        ret->folder = arena_copy(&p->arena, buf_bytes(&text));
    buf_clear(&text);
    ret->is_new = true;
    return ret->folder.ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int write_place(struct query_service *q, struct plan *p, const struct alter_table *t,
                const struct bytes *values, struct write_place *ret, struct err *e) {
    struct catalog_partition known;
    struct err why = {0};
    *ret = (struct write_place){.values = values, .folder = p->write->location};
    if (!values)
        return 0;
    if (p->write->table && p->write->table->projection)
        return projected_place(p, values, ret, e);
    int rc = p->write->table ? catalog_partition_get(q->d.catalog, &p->arena, t->table.id, values,
                                                     t->key_count, &known, &why)
                             : ERR_ENTITY_NOT_FOUND;
    if (rc == 0 && known.location.len) {
        ret->folder = as_folder(&p->arena, known.location);
        return p->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    }
    if (rc == 0)
        return err_set_named(e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                             "A partition of the table that the rows belong to has no location");
    if (rc != ERR_ENTITY_NOT_FOUND) {
        if (e)
            *e = why;
        return rc;
    }
    return default_place(p, t, values, ret, e);
}
