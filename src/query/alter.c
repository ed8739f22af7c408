/* alter.c - ALTER TABLE ADD and DROP PARTITION, in the front against the catalogue.
 *
 * ADD makes all of a statement's partitions in one transaction or none. DROP takes every partition
 * that has the given values; a spec need not name all columns. Data stays where it is. */
#include "query/query_int.h"

int alter_load(struct query_service *q, struct arena *a, struct bytes database, struct bytes name,
               struct alter_table *ret, struct err *e) {
    struct json *in = NULL;
    int rc = catalog_table_get(q->d.catalog, a, database, name, &ret->table, e);
    if (rc == ERR_ENTITY_NOT_FOUND)
        return ddl_hive_error(e, "SemanticException [Error 10001]: Table not found %.*s.%.*s",
                              BYTES_ARG(database), BYTES_ARG(name));
    rc = rc ? rc : json_parse(a, ret->table.json, &in, e);
    if (rc)
        return rc;
    ret->keys = json_get(in, "PartitionKeys");
    ret->storage = json_get(in, "StorageDescriptor");
    ret->key_count = ret->keys ? ret->keys->count : 0;
    return 0;
}

/* {dt=2020-01-01, hour=05} */
static struct bytes spec_text(struct arena *a, const struct sql_partition_spec *p) {
    struct buf text = {0};
    for (size_t i = 0; i < p->value_count; i++)
        buf_add_fmt(&text, "%s%.*s=%.*s", i ? ", " : "{", BYTES_ARG(p->values[i].key),
                    BYTES_ARG(p->values[i].value));
    buf_add_char(&text, '}');
    struct bytes ret = buf_ok(&text) ? arena_copy(a, buf_bytes(&text)) : BYTES("");
    buf_clear(&text);
    return ret;
}

/* values[i]: what the spec says of the table's i-th key, ptr NULL when nothing. Refuses columns
 * that are no keys. *ret_named: how many keys it names. */
static int match_keys(struct arena *a, const struct alter_table *t,
                      const struct sql_partition_spec *p, struct bytes *values, size_t *ret_named,
                      struct err *e) {
    size_t k = 0, named = 0;
    JSON_FOR_EACH(key, t->keys) {
        values[k] = (struct bytes){0};
        for (size_t i = 0; i < p->value_count; i++)
            if (bytes_eq_nocase(p->values[i].key, json_get_str(key, "Name")))
                values[k] = p->values[i].value;
        named += values[k++].ptr != NULL;
    }
    *ret_named = named;
    if (t->key_count == 0)
        return ddl_hive_error(
            e, "SemanticException table is not partitioned but partition spec exists: %.*s",
            BYTES_ARG(spec_text(a, p)));
    if (named != p->value_count)
        return ddl_hive_error(e,
                              "ValidationFailureSemanticException Partition spec %.*s contains "
                              "non-partition columns",
                              BYTES_ARG(spec_text(a, p)));
    return 0;
}

/* ---- ADD ---- */

/* Characters that Hive writes as %XX in the name of a partition's folder. */
static bool is_escaped(unsigned char c) {
    return c < 0x20 || c == 0x7F || strchr("\"#%'*/:=?\\{[]^", c) != NULL;
}
static void add_path_name(struct buf *out, struct bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (is_escaped(c))
            buf_add_fmt(out, "%%%02X", c);
        else
            buf_add_char(out, (char)c);
    }
}

/* The table's folder, then k=v/ for each key. */
static void add_default_location(struct buf *out, const struct alter_table *t,
                                 const struct bytes *values) {
    struct bytes folder = json_get_str(t->storage, "Location");
    size_t k = 0;
    buf_add(out, folder);
    if (!bytes_ends_with(folder, BYTES("/")))
        buf_add_char(out, '/');
    JSON_FOR_EACH(key, t->keys) {
        add_path_name(out, json_get_str(key, "Name"));
        buf_add_char(out, '=');
        add_path_name(out, values[k++]);
        buf_add_char(out, '/');
    }
}

static void write_input(struct jsonw *w, const struct alter_table *t, const struct bytes *values,
                        struct bytes location) {
    jsonw_object(w);
    jsonw_name(w, "Values");
    jsonw_array(w);
    for (size_t i = 0; i < t->key_count; i++)
        jsonw_str(w, values[i]);
    jsonw_end_array(w);
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    JSON_FOR_EACH(m, t->storage) {
        if (bytes_eq_str(m->name, "Location"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_kv_str(w, "Location", location);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

int alter_partition(struct arena *a, const struct alter_table *t, const struct bytes *values,
                    struct bytes location, struct catalog_partition *ret, struct err *e) {
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    write_input(&w, t, values, location);
    *ret = (struct catalog_partition){.values = values, .value_count = t->key_count};
    if (buf_ok(&json))
        ret->json = arena_copy(a, buf_bytes(&json));
    buf_clear(&json);
    return ret->json.ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static int make_partition(struct arena *a, const struct alter_table *t,
                          const struct sql_partition_spec *p, struct catalog_partition *ret,
                          struct err *e) {
    struct bytes bucket, key, location = p->location;
    struct bytes *values = ARENA_NEW_N(a, struct bytes, t->key_count + 1);
    struct buf text = {0};
    size_t named;
    int rc = values ? match_keys(a, t, p, values, &named, e) : err_set(e, ERR_NOMEM, NULL);
    if (!rc && named < t->key_count)
        rc = ddl_hive_error(e,
                            "SemanticException partition spec %.*s doesn't contain all (%zu) "
                            "partition columns",
                            BYTES_ARG(spec_text(a, p)), t->key_count);
    if (!rc && location.ptr && (!store_split_uri(location, &bucket, &key) || bucket.len == 0))
        rc = ddl_hive_error(e,
                            DDL_TASK "MetaException(message:%.*s is not an S3 location; use "
                                     "s3://bucket/folder/)",
                            BYTES_ARG(location));
    if (rc)
        return rc;
    if (!location.ptr) {
        add_default_location(&text, t, values);
        location = buf_bytes(&text);
    }
    if (buf_ok(&text))
        rc = alter_partition(a, t, values, location, ret, e);
    else
        rc = err_set(e, ERR_NOMEM, NULL);
    buf_clear(&text);
    return rc;
}

static int already_exists(struct arena *a, const struct sql_partition_spec *p, struct err *e) {
    return ddl_hive_error(e,
                          DDL_TASK "AlreadyExistsException(message:Partition already exists: "
                                   "%.*s)",
                          BYTES_ARG(spec_text(a, p)));
}

static bool is_same(const struct catalog_partition *x, const struct catalog_partition *y) {
    bool same = x->value_count == y->value_count;
    for (size_t i = 0; same && i < x->value_count; i++)
        same = bytes_eq(x->values[i], y->values[i]);
    return same;
}

/* Without IF NOT EXISTS a statement with a known partition, or one given twice, adds none. */
static int check_absent(struct query_service *q, struct arena *a, const struct alter_table *t,
                        const struct sql_ddl *d, const struct catalog_partition *items,
                        struct err *e) {
    for (size_t i = 0; i < d->partition_count; i++) {
        struct catalog_partition found;
        struct err ignored;
        int rc = catalog_partition_get(q->d.catalog, a, t->table.id, items[i].values,
                                       items[i].value_count, &found, &ignored);
        for (size_t j = 0; j < i && rc; j++)
            if (is_same(&items[i], &items[j]))
                rc = 0;
        if (rc == 0)
            return already_exists(a, &d->partitions[i], e);
    }
    return 0;
}

static int add_partitions(struct query_service *q, struct arena *a, const struct alter_table *t,
                          const struct sql_ddl *d, struct err *e) {
    size_t n = d->partition_count;
    struct catalog_partition *items = ARENA_NEW_N(a, struct catalog_partition, n + 1);
    int *rcs = ARENA_NEW_N(a, int, n + 1);
    int rc = items && rcs ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < n; i++)
        rc = make_partition(a, t, &d->partitions[i], &items[i], e);
    if (!rc && !d->if_not_exists)
        rc = check_absent(q, a, t, d, items, e);
    if (!rc)
        rc = catalog_partition_create_many(q->d.catalog, t->table.id, items, n, rcs, e);
    for (size_t i = 0; !rc && i < n && !d->if_not_exists; i++)
        if (rcs[i] == ERR_ALREADY_EXISTS)
            rc = already_exists(a, &d->partitions[i], e);
    return rc;
}

/* ---- DROP ---- */
static bool has_values(const struct catalog_partition *p, const struct bytes *values,
                       size_t count) {
    for (size_t i = 0; i < count && i < p->value_count; i++)
        if (values[i].ptr && !bytes_eq(values[i], p->values[i]))
            return false;
    return true;
}

static int drop_matching(struct query_service *q, struct arena *a, const struct alter_table *t,
                         const struct sql_partition_spec *p, bool if_exists, struct err *e) {
    struct bytes *values = ARENA_NEW_N(a, struct bytes, t->key_count + 1);
    struct catalog_partition *all = NULL;
    size_t n = 0, named, dropped = 0;
    int rc = values ? match_keys(a, t, p, values, &named, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc
            : catalog_partition_list(q->d.catalog, a, t->table.id, NULL, BYTES(""), 0, &all, &n,
                                     NULL, e);
    for (size_t i = 0; !rc && i < n; i++) {
        if (!has_values(&all[i], values, t->key_count))
            continue;
        rc = catalog_partition_delete(q->d.catalog, t->table.id, all[i].values, all[i].value_count,
                                      e);
        dropped++;
    }
    if (!rc && !dropped && !if_exists)
        rc = ddl_hive_error(e, "SemanticException [Error 10006]: Partition not found %.*s",
                            BYTES_ARG(spec_text(a, p)));
    return rc;
}

static int drop_partitions(struct query_service *q, struct arena *a, const struct alter_table *t,
                           const struct sql_ddl *d, struct err *e) {
    int rc = 0;
    for (size_t i = 0; !rc && i < d->partition_count; i++)
        rc = drop_matching(q, a, t, &d->partitions[i], d->if_exists, e);
    return rc;
}

int alter_run(struct query_service *q, struct arena *a, enum sql_kind kind, const struct sql_ddl *d,
              struct bytes database, struct err *e) {
    struct alter_table t = {0};
    int rc = alter_load(q, a, database, d->name.table, &t, e);
    if (rc)
        return rc;
    return kind == SQL_ADD_PARTITION ? add_partitions(q, a, &t, d, e)
                                     : drop_partitions(q, a, &t, d, e);
}
