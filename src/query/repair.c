/* repair.c - MSCK REPAIR TABLE: folders named k=v below the table become partitions.
 *
 * One listing per folder, key by key; folders of other names are passed over. Partitions without a
 * folder are named, and stay: Athena's MSCK only adds. Names are compared as they are, so only
 * lower-case folders count. Hive's report, each line only when there is something to say:
 *
 *     Partitions not in metastore:<tab>t:dt=1<tab>t:dt=2
 *     Partitions missing from filesystem:<tab>t:dt=0
 *     Repair: Added partition to metastore t:dt=1
 */
#include "base/encode.h"
#include "query/query_int.h"

#define BATCH_PARTITIONS 1000

struct repair {
    struct query_service *q;
    struct arena *a;    /* names of folders and their values */
    struct arena batch; /* what the catalogue takes of them, until it has it */
    const struct alter_table *t;
    struct bytes bucket;
    const struct bytes *keys;
    struct bytes *values; /* of the folders that the walk is in */
    struct catalog_partition items[BATCH_PARTITIONS];
    struct bytes names[BATCH_PARTITIONS]; /* k=v/k=v */
    size_t count;
    struct buf found, missing, added; /* Hive's three kinds of lines */
};

/* Sub-folders of one folder. */
struct folders {
    struct arena *a;
    struct bytes *names; /* whole prefixes, ending in / */
    size_t count, room;
};
static int each_folder(void *ctx, const struct store_entry *entry) {
    struct folders *f = ctx;
    if (!entry->is_prefix)
        return 0;
    if (f->count == f->room) {
        size_t room = f->room ? 2 * f->room : 16;
        struct bytes *names = ARENA_NEW_N(f->a, struct bytes, room);
        if (!names)
            return ERR_NOMEM;
        if (f->count)
            memcpy(names, f->names, f->count * sizeof *names);
        f->names = names;
        f->room = room;
    }
    f->names[f->count] = arena_copy(f->a, entry->key);
    return f->names[f->count++].ptr ? 0 : ERR_NOMEM;
}

/* The value in "…/key=value/"; false for a folder of another name. */
static bool folder_value(struct arena *a, struct bytes prefix, size_t parent_len, struct bytes key,
                         struct bytes *ret) {
    struct bytes name = bytes_slice(prefix, parent_len, prefix.len - 1);
    if (name.len <= key.len + 1 || !bytes_starts_with(name, key) || name.ptr[key.len] != '=')
        return false;
    return uri_decode(a, bytes_slice(name, key.len + 1, name.len), false, ret);
}

/* Adds the batch; those that were new are named in the lines. */
static int flush(struct repair *r, struct err *e) {
    int rcs[BATCH_PARTITIONS];
    if (r->count == 0)
        return 0;
    int rc =
        catalog_partition_create_many(r->q->d.catalog, r->t->table.id, r->items, r->count, rcs, e);
    for (size_t i = 0; !rc && i < r->count; i++) {
        if (rcs[i])
            continue;
        buf_add_fmt(&r->found, "\t%.*s:%.*s", BYTES_ARG(r->t->table.name), BYTES_ARG(r->names[i]));
        buf_add_fmt(&r->added, "Repair: Added partition to metastore %.*s:%.*s\n",
                    BYTES_ARG(r->t->table.name), BYTES_ARG(r->names[i]));
    }
    r->count = 0;
    arena_clear(&r->batch);
    return rc;
}

/* k=v/k=v */
static void add_name(struct buf *out, const struct bytes *keys, const struct bytes *values,
                     size_t count) {
    for (size_t i = 0; i < count; i++)
        buf_add_fmt(out, "%s%.*s=%.*s", i ? "/" : "", BYTES_ARG(keys[i]), BYTES_ARG(values[i]));
}

static int add_partition(struct repair *r, struct bytes prefix, struct err *e) {
    size_t n = r->t->key_count;
    struct bytes *values = ARENA_NEW_N(&r->batch, struct bytes, n + 1);
    struct bytes location =
        arena_fmt(&r->batch, "s3://%.*s/%.*s", BYTES_ARG(r->bucket), BYTES_ARG(prefix));
    struct buf name = {0};
    if (!values || !location.ptr)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < n; i++)
        values[i] = r->values[i];
    add_name(&name, r->keys, values, n);
    r->names[r->count] =
        buf_ok(&name) ? arena_copy(&r->batch, buf_bytes(&name)) : (struct bytes){0};
    buf_clear(&name);
    if (!r->names[r->count].ptr)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = alter_partition(&r->batch, r->t, values, location, &r->items[r->count], e);
    if (rc)
        return rc;
    r->count++;
    return r->count == BATCH_PARTITIONS ? flush(r, e) : 0;
}

/* The folders below `prefix`, whose name says the value of key `depth`. */
static int walk(struct repair *r, struct bytes prefix, size_t depth, struct err *e) {
    struct folders f = {.a = r->a};
    struct store_list_options o = {
        .bucket = r->bucket, .prefix = prefix, .delimiter = BYTES("/"), .skip_hidden = true};
    bool truncated;
    if (depth == r->t->key_count)
        return add_partition(r, prefix, e);
    int rc = store_list(r->q->d.store, &o, each_folder, &f, &truncated, e);
    if (rc == ERR_NOMEM)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < f.count; i++)
        if (folder_value(r->a, f.names[i], prefix.len, r->keys[depth], &r->values[depth]))
            rc = walk(r, f.names[i], depth + 1, e);
    return rc;
}

static int read_keys(struct repair *r, struct err *e) {
    struct bytes *keys = ARENA_NEW_N(r->a, struct bytes, r->t->key_count + 1);
    size_t k = 0;
    r->values = ARENA_NEW_N(r->a, struct bytes, r->t->key_count + 1);
    if (!keys || !r->values)
        return err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(key, r->t->keys) {
        keys[k++] = json_get_str(key, "Name");
    }
    r->keys = keys;
    return 0;
}

/* ---- what has no folder ---- */
static int any_entry(void *ctx, const struct store_entry *entry) {
    bool *found = ctx;
    *found = true;
    return 0;
}

/* Whether an object lies under the location. */
static int exists(struct query_service *q, struct arena *a, struct bytes location, bool *ret,
                  struct err *e) {
    struct store_list_options o = {.max_entries = 1};
    bool truncated;
    *ret = false;
    if (!store_split_uri(location, &o.bucket, &o.prefix))
        return 0;
    if (o.prefix.len && !bytes_ends_with(o.prefix, BYTES("/")))
        o.prefix = arena_fmt(a, "%.*s/", BYTES_ARG(o.prefix));
    int rc = store_list(q->d.store, &o, any_entry, ret, &truncated, e);
    return rc == ERR_S3 ? 0 : rc; /* no such bucket */
}

static int check_page(struct repair *r, struct bytes from, struct bytes *ret_next, struct err *e) {
    struct catalog_partition *page = NULL;
    struct bytes next = {0};
    size_t n = 0;
    int rc = catalog_partition_list(r->q->d.catalog, &r->batch, r->t->table.id, NULL, from,
                                    BATCH_PARTITIONS, &page, &n, &next, e);
    for (size_t i = 0; !rc && i < n; i++) {
        bool there = true;
        if (page[i].location.len)
            rc = exists(r->q, &r->batch, page[i].location, &there, e);
        if (rc || there)
            continue;
        buf_add_fmt(&r->missing, "\t%.*s:", BYTES_ARG(r->t->table.name));
        add_name(&r->missing, r->keys, page[i].values,
                 MIN_OF(page[i].value_count, r->t->key_count));
    }
    *ret_next = next.len ? arena_copy(r->a, next) : BYTES("");
    arena_clear(&r->batch);
    return rc;
}

static int check_registered(struct repair *r, struct err *e) {
    struct bytes from = BYTES("");
    int rc;
    do {
        rc = check_page(r, from, &from, e);
    } while (!rc && from.len);
    return rc;
}

/* ---- the whole ---- */
static void report(struct repair *r, struct buf *out) {
    if (r->found.len)
        buf_add_fmt(out, "Partitions not in metastore:%.*s\n", BYTES_ARG(buf_bytes(&r->found)));
    if (r->missing.len)
        buf_add_fmt(out, "Partitions missing from filesystem:%.*s\n",
                    BYTES_ARG(buf_bytes(&r->missing)));
    buf_add(out, buf_bytes(&r->added));
}

static int repair(struct repair *r, struct buf *out, struct err *e) {
    struct bytes location = json_get_str(r->t->storage, "Location"), prefix;
    bool there = false;
    int rc = read_keys(r, e);
    rc = rc ? rc : exists(r->q, r->a, location, &there, e);
    if (!rc && !store_split_uri(location, &r->bucket, &prefix))
        rc = ddl_hive_error(e, DDL_TASK "MetaException(message:%.*s is not an S3 location)",
                            BYTES_ARG(location));
    if (rc)
        return rc;
    if (!there) {
        buf_add_fmt(out, "Tables missing on filesystem:\t%.*s\n", BYTES_ARG(r->t->table.name));
        return 0;
    }
    if (r->t->key_count == 0)
        return 0;
    if (prefix.len && !bytes_ends_with(prefix, BYTES("/")))
        prefix = arena_fmt(r->a, "%.*s/", BYTES_ARG(prefix));
    rc = walk(r, prefix, 0, e);
    rc = rc ? rc : flush(r, e);
    rc = rc ? rc : check_registered(r, e);
    if (!rc)
        report(r, out);
    if (!rc && (r->found.failed || r->missing.failed || r->added.failed || !buf_ok(out)))
        rc = err_set(e, ERR_NOMEM, NULL);
    return rc;
}

int repair_run(struct query_service *q, struct arena *a, const struct sql_ddl *d,
               struct bytes database, struct buf *out, struct err *e) {
    struct alter_table t = {0};
    struct err why = {0};
    int rc = catalog_table_get(q->d.catalog, a, database, d->name.table, &t.table, &why);
    if (rc == ERR_ENTITY_NOT_FOUND) { /* a finding, not a failure */
        buf_add_fmt(out, "Tables not in metastore:\t%.*s\n", BYTES_ARG(d->name.table));
        return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    rc = alter_load(q, a, database, d->name.table, &t, e);
    if (rc)
        return rc;
    struct repair *r = ARENA_NEW(a, struct repair);
    if (!r)
        return err_set(e, ERR_NOMEM, NULL);
    r->q = q;
    r->a = a;
    r->t = &t;
    arena_init(&r->batch, 0);
    rc = repair(r, out, e);
    arena_clear(&r->batch);
    buf_clear(&r->found);
    buf_clear(&r->missing);
    buf_clear(&r->added);
    return rc;
}
