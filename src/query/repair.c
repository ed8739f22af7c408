/* repair.c - MSCK REPAIR TABLE: folders named k=v below the table become partitions.
 *
 * One listing per folder, key by key; folders of other names are passed over. Nothing is removed:
 * Athena's MSCK only adds. Names are compared as they are, so only lower-case folders count. */
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
    struct buf found, added; /* Hive's two kinds of lines */
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

static int add_partition(struct repair *r, struct bytes prefix, struct err *e) {
    size_t n = r->t->key_count;
    struct bytes *values = ARENA_NEW_N(&r->batch, struct bytes, n + 1);
    struct bytes location =
        arena_fmt(&r->batch, "s3://%.*s/%.*s", BYTES_ARG(r->bucket), BYTES_ARG(prefix));
    struct buf name = {0};
    if (!values || !location.ptr)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < n; i++) {
        values[i] = r->values[i];
        buf_add_fmt(&name, "%s%.*s=%.*s", i ? "/" : "", BYTES_ARG(r->keys[i]),
                    BYTES_ARG(values[i]));
    }
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

static int repair(struct repair *r, struct buf *out, struct err *e) {
    struct bytes location = json_get_str(r->t->storage, "Location"), prefix;
    int rc = read_keys(r, e);
    if (rc)
        return rc;
    if (!store_split_uri(location, &r->bucket, &prefix))
        return ddl_hive_error(e, DDL_TASK "MetaException(message:%.*s is not an S3 location)",
                              BYTES_ARG(location));
    if (prefix.len && !bytes_ends_with(prefix, BYTES("/")))
        prefix = arena_fmt(r->a, "%.*s/", BYTES_ARG(prefix));
    rc = walk(r, prefix, 0, e);
    rc = rc ? rc : flush(r, e);
    if (!rc && r->found.len) {
        buf_add_str(out, "Partitions not in metastore:");
        buf_add(out, buf_bytes(&r->found));
        buf_add_char(out, '\n');
        buf_add(out, buf_bytes(&r->added));
    }
    if (!rc && (r->found.failed || r->added.failed || !buf_ok(out)))
        rc = err_set(e, ERR_NOMEM, NULL);
    return rc;
}

int repair_run(struct query_service *q, struct arena *a, const struct sql_ddl *d,
               struct bytes database, struct buf *out, struct err *e) {
    struct alter_table t = {0};
    int rc = alter_load(q, a, database, d->name.table, &t, e);
    if (rc)
        return rc;
    if (t.key_count == 0)
        return ddl_hive_error(e, DDL_TASK "Table %.*s is not a partitioned table",
                              BYTES_ARG(t.table.name));
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
    buf_clear(&r->added);
    return rc;
}
