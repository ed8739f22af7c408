/* alter.c - ALTER TABLE and ALTER DATABASE, in the front against the catalogue.
 *
 * ADD makes all of a statement's partitions in one transaction or none; DROP takes every partition
 * that has the given values (a spec need not name all columns) in one; data stays where it is.
 * Everything else is read, changed and written back under the condition that it is still as it was
 * read, and done again when it is not: of two ALTERs at the same time neither loses its change. */
#include "query/query_int.h"

#define ATTEMPTS 100
#define PAGE_PARTITIONS 10000

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
    ret->in = in;
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
void alter_default_location(struct buf *out, const struct alter_table *t,
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

/* values[i] of every key; refuses a spec that leaves one out. */
static int all_keys(struct arena *a, const struct alter_table *t,
                    const struct sql_partition_spec *p, struct bytes **ret, struct err *e) {
    struct bytes *values = ARENA_NEW_N(a, struct bytes, t->key_count + 1);
    size_t named = 0;
    int rc = values ? match_keys(a, t, p, values, &named, e) : err_set(e, ERR_NOMEM, NULL);
    if (!rc && named < t->key_count)
        rc = ddl_hive_error(e,
                            "SemanticException partition spec %.*s doesn't contain all (%zu) "
                            "partition columns",
                            BYTES_ARG(spec_text(a, p)), t->key_count);
    *ret = values;
    return rc;
}

int alter_check_location(struct bytes location, struct err *e) {
    struct bytes bucket, key;
    if (store_split_uri(location, &bucket, &key) && bucket.len)
        return 0;
    if (bytes_find(location, BYTES("://")) < 0)
        return ddl_hive_error(e,
                              DDL_TASK "%.*s  is not absolute or has no scheme information.  "
                                       "Please specify a complete absolute uri with scheme "
                                       "information.",
                              BYTES_ARG(location));
    return ddl_hive_error(e,
                          DDL_TASK "MetaException(message:%.*s is not an S3 location; use "
                                   "s3://bucket/folder/)",
                          BYTES_ARG(location));
}

static int make_partition(struct arena *a, const struct alter_table *t,
                          const struct sql_partition_spec *p, struct catalog_partition *ret,
                          struct err *e) {
    struct bytes *values = NULL, location = p->location;
    struct buf text = {0};
    int rc = all_keys(a, t, p, &values, e);
    if (!rc && location.ptr)
        rc = alter_check_location(location, e);
    if (rc)
        return rc;
    if (!location.ptr) {
        alter_default_location(&text, t, values);
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

/* ---- partitions that have a spec's values ---- */
struct matches {
    struct catalog_partition *items;
    size_t count, room;
};

static bool add_match(struct arena *a, struct matches *m, const struct catalog_partition *p,
                      bool with_json) {
    if (m->count == m->room) {
        size_t room = m->room ? 2 * m->room : 16;
        struct catalog_partition *items = ARENA_NEW_N(a, struct catalog_partition, room);
        if (!items)
            return false;
        if (m->count)
            memcpy(items, m->items, m->count * sizeof *items);
        m->items = items;
        m->room = room;
    }
    struct catalog_partition *to = &m->items[m->count++];
    struct bytes *values = ARENA_NEW_N(a, struct bytes, p->value_count + 1);
    for (size_t i = 0; values && i < p->value_count; i++)
        values[i] = arena_copy(a, p->values[i]);
    *to = (struct catalog_partition){
        .id = p->id, .values = values, .value_count = p->value_count, .create_ms = p->create_ms};
    if (with_json)
        to->json = arena_copy(a, p->json);
    return !a->failed;
}

/* Page by page, so that only what is kept stays in memory. */
static int find_pages(struct query_service *q, struct arena *a, int64_t table_id,
                      const struct partition_filter *f, bool with_json, struct matches *m,
                      struct err *e) {
    struct bytes from = BYTES("");
    int rc = 0;
    do {
        struct catalog_partition *page = NULL;
        struct arena scratch;
        size_t n = 0;
        struct bytes next = {0};
        arena_init(&scratch, 0);
        rc = catalog_partition_list(q->d.catalog, &scratch, table_id, f, from, PAGE_PARTITIONS,
                                    &page, &n, &next, e);
        for (size_t i = 0; !rc && i < n; i++)
            if (!add_match(a, m, &page[i], with_json))
                rc = err_set(e, ERR_NOMEM, NULL);
        from = next.len ? arena_copy(a, next) : BYTES("");
        arena_clear(&scratch);
    } while (!rc && from.len);
    return rc;
}

/* Text is compared as it is: '05' and '5' are two partitions. */
static struct partition_filter spec_filter(struct arena *a, const struct bytes *values,
                                           size_t key_count) {
    static const struct type text = {.kind = TYPE_STRING};
    struct filter_key *keys = ARENA_NEW_N(a, struct filter_key, key_count + 1);
    struct filter_test *tests = ARENA_NEW_N(a, struct filter_test, key_count + 1);
    for (size_t i = 0; keys && tests && i < key_count; i++) {
        keys[i] = (struct filter_key){.type = &text, .tests = &tests[i], .null_is_text = true};
        keys[i].test_count = values[i].ptr != NULL;
        tests[i] = (struct filter_test){.op = FILTER_EQ, .values = &values[i], .value_count = 1};
    }
    return (struct partition_filter){.keys = keys, .key_count = keys && tests ? key_count : 0};
}

static int not_found(struct arena *a, const struct sql_partition_spec *p, struct err *e) {
    return ddl_hive_error(e, "SemanticException [Error 10006]: Partition not found %.*s",
                          BYTES_ARG(spec_text(a, p)));
}

/* Appends to `m`; *ret_named: how many keys the spec names. */
static int find(struct query_service *q, struct arena *a, const struct alter_table *t,
                const struct sql_partition_spec *p, bool with_json, struct matches *m,
                size_t *ret_named, struct err *e) {
    struct bytes *values = ARENA_NEW_N(a, struct bytes, t->key_count + 1);
    int rc = values ? match_keys(a, t, p, values, ret_named, e) : err_set(e, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    struct partition_filter f = spec_filter(a, values, t->key_count);
    return a->failed ? err_set(e, ERR_NOMEM, NULL)
                     : find_pages(q, a, t->table.id, &f, with_json, m, e);
}

int alter_find(struct query_service *q, struct arena *a, const struct alter_table *t,
               const struct sql_partition_spec *p, bool whole, struct catalog_partition **ret,
               size_t *ret_count, struct err *e) {
    struct matches m = {0};
    size_t named = 0;
    int rc = find(q, a, t, p, true, &m, &named, e);
    if (!rc && whole && named < t->key_count)
        rc = ddl_hive_error(e, "SemanticException [Error 10299]: Alter table partition type "
                               "ALTERLOCATION does not allow partial partition spec");
    if (!rc && m.count == 0)
        rc = not_found(a, p, e);
    *ret = m.items;
    *ret_count = m.count;
    return rc;
}

/* ---- DROP ---- */
static int drop_partitions(struct query_service *q, struct arena *a, const struct alter_table *t,
                           const struct sql_ddl *d, struct err *e) {
    struct matches m = {0};
    int rc = 0;
    for (size_t i = 0; !rc && i < d->partition_count; i++) {
        size_t before = m.count, named;
        rc = find(q, a, t, &d->partitions[i], false, &m, &named, e);
        if (!rc && m.count == before && !d->if_exists)
            rc = not_found(a, &d->partitions[i], e);
    }
    return rc ? rc
              : catalog_partition_delete_many(q->d.catalog, t->table.id, m.items, m.count, NULL, e);
}

/* ---- RENAME ---- */

/* [2020-01-01, 05] */
static struct bytes list_text(struct arena *a, const struct bytes *values, size_t count) {
    struct buf text = {0};
    for (size_t i = 0; i < count; i++)
        buf_add_fmt(&text, "%s%.*s", i ? ", " : "", BYTES_ARG(values[i]));
    struct bytes ret = buf_ok(&text) ? arena_copy(a, buf_bytes(&text)) : BYTES("");
    buf_clear(&text);
    return ret;
}

/* The PartitionInput with other values; its location stays. */
static int revalue(struct arena *a, const struct catalog_partition *old, struct bytes *values,
                   struct catalog_partition *ret, struct err *e) {
    struct json *in = NULL;
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    int rc = json_parse(a, old->json, &in, e);
    if (rc)
        return rc;
    jsonw_object(&w);
    jsonw_name(&w, "Values");
    jsonw_array(&w);
    for (size_t i = 0; i < old->value_count; i++)
        jsonw_str(&w, values[i]);
    jsonw_end_array(&w);
    JSON_FOR_EACH(m, in) {
        if (bytes_eq_str(m->name, "Values"))
            continue;
        jsonw_name_bytes(&w, m->name);
        jsonw_tree(&w, m);
    }
    jsonw_end_object(&w);
    *ret = (struct catalog_partition){.values = values, .value_count = old->value_count};
    if (buf_ok(&json))
        ret->json = arena_copy(a, buf_bytes(&json));
    buf_clear(&json);
    return ret->json.ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static int rename_partition(struct query_service *q, struct arena *a, const struct alter_table *t,
                            const struct sql_ddl *d, struct err *e) {
    struct catalog_partition *old = NULL, renamed;
    struct bytes *values = NULL, *unused = NULL;
    size_t n = 0;
    int rc = all_keys(a, t, &d->partitions[0], &unused, e);
    rc = rc ? rc : all_keys(a, t, &d->partitions[1], &values, e);
    rc = rc ? rc : alter_find(q, a, t, &d->partitions[0], true, &old, &n, e);
    rc = rc ? rc : revalue(a, old, values, &renamed, e);
    rc = rc ? rc : catalog_partition_swap_many(q->d.catalog, t->table.id, old, &renamed, 1, e);
    if (rc == ERR_ALREADY_EXISTS)
        rc = ddl_hive_error(e,
                            DDL_TASK "Unable to rename partition. Partition already "
                                     "exists:%.*s.%.*s.[%.*s]",
                            BYTES_ARG(t->table.database), BYTES_ARG(t->table.name),
                            BYTES_ARG(list_text(a, values, t->key_count)));
    return rc;
}

/* ---- the whole ---- */

/* Athena starts these and fails them on tables that are not Iceberg's. */
static int only_iceberg(enum sql_kind kind, const struct sql_ddl *d, struct err *e) {
    if (kind == SQL_DROP_COLUMN)
        return ddl_hive_error(e,
                              "ParseException line %d:%d mismatched input 'COLUMN' expecting "
                              "PARTITION near 'DROP' in drop partition statement",
                              d->line, d->position);
    return err_set_named(e, ERR_SQL, DDL_ENGINE, 0, "Query type not supported by DDL engine.");
}

static int check_table(const struct alter_table *t, struct err *e) {
    if (bytes_eq_str(json_get_str(t->in, "TableType"), "VIRTUAL_VIEW"))
        return ddl_hive_error(e, "SemanticException [Error 10131]: To alter a view you need to use "
                                 "the ALTER VIEW command.");
    return 0;
}

static int once(struct query_service *q, struct arena *a, enum sql_kind kind,
                const struct sql_ddl *d, struct bytes database, struct err *e) {
    struct alter_table t = {0};
    if (kind == SQL_ALTER_DATABASE)
        return alter_database(q, a, d, database, e);
    int rc = alter_load(q, a, database, d->name.table, &t, e);
    rc = rc ? rc : check_table(&t, e);
    if (rc)
        return rc;
    if (iceberg_is(t.in))
        return iceberg_alter(q, a, kind, &t, d, e);
    switch (kind) {
    case SQL_RENAME_TABLE:
    case SQL_DROP_COLUMN:
    case SQL_UNSET_PROPERTIES:
        return only_iceberg(kind, d, e);
    case SQL_ADD_PARTITION:
        return add_partitions(q, a, &t, d, e);
    case SQL_DROP_PARTITION:
        return drop_partitions(q, a, &t, d, e);
    case SQL_RENAME_PARTITION:
        return rename_partition(q, a, &t, d, e);
    default:
        return alter_table_run(q, a, kind, &t, d, e);
    }
}

int alter_run(struct query_service *q, struct arena *a, enum sql_kind kind, const struct sql_ddl *d,
              struct bytes database, struct err *e) {
    int rc = ERR_CONCURRENT_MODIFICATION;
    for (int i = 0; i < ATTEMPTS && rc == ERR_CONCURRENT_MODIFICATION; i++)
        rc = once(q, a, kind, d, database, e);
    return rc;
}
