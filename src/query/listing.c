/* listing.c - the files a scan reads, known before the engine starts.
 *
 * Files that a delivery committed come from the snapshot. Everything else comes from the store's
 * listing of each partition's location (the table's, when it has no partitions), hidden names left
 * out. For a table that a stream feeds the listing only adds foreign objects: an object of an
 * intent that this snapshot does not hold as committed is still the log tail's. Such an object may
 * belong to an intent begun after the snapshot was read, so when the catalogue has changed since,
 * what the listing found is checked against a second snapshot, read after the listing: whoever
 * wrote the object had stored the intent before. */
#include "query/query_int.h"
#include <stdlib.h>

struct lister {
    struct plan *p;
    struct plan_scan *s;
    struct bytes bucket;
    const struct catalog_partition *partition;
    int rc;
    struct err *e;
};

static int uri_order(const void *a, const void *b) {
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static struct plan_file *add_file(struct plan *p, struct plan_scan *s, struct bytes uri) {
    if (s->file_count == s->file_cap) {
        size_t cap = s->file_cap ? s->file_cap * 2 : 16;
        struct plan_file *grown = ARENA_NEW_N(&p->arena, struct plan_file, cap);
        if (!grown)
            return NULL;
        if (s->file_count)
            memcpy(grown, s->files, s->file_count * sizeof *grown);
        s->files = grown;
        s->file_cap = cap;
    }
    struct plan_file *f = &s->files[s->file_count++];
    *f = (struct plan_file){.uri = uri};
    return f;
}

static int resolve(struct plan *p, struct plan_file *f, struct err *e) {
    struct bytes bucket, key;
    if (!store_split_uri(f->uri, &bucket, &key))
        return err_set(e, ERR_INTERNAL, "%.*s is not an S3 URI.", BYTES_ARG(f->uri));
    return store_path(p->service->d.store, &p->arena, bucket, key, &f->path, e);
}

/* ---- committed files ---- */
static int add_delivered(struct plan *p, struct plan_scan *s, int64_t partition_id,
                         const struct catalog_partition *partition, struct err *e) {
    const struct catalog_snapshot *snap = &s->table->snap;
    for (size_t i = 0; i < snap->file_count; i++) {
        const struct catalog_delivered_file *d = &snap->files[i];
        struct json *facts = NULL;
        if (d->partition_id != partition_id)
            continue;
        struct plan_file *f = add_file(p, s, d->file.uri);
        if (!f)
            return err_set(e, ERR_NOMEM, NULL);
        f->size_bytes = d->file.size_bytes;
        f->partition = partition;
        f->delivered = true;
        if (d->file.facts_json.len && json_parse(&p->arena, d->file.facts_json, &facts, e))
            return e ? e->code : ERR_CORRUPT;
        f->facts = facts;
        int rc = resolve(p, f, e);
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- foreign files ---- */
/* Error records of the delivery, when its error prefix is below the table's location. */
static bool is_error_object(const struct lister *l, struct bytes key) {
    return l->s->table->snap.feed_count &&
           (bytes_find(key, BYTES("format-conversion-failed/")) >= 0 ||
            bytes_find(key, BYTES("processing-failed/")) >= 0);
}

static int each_entry(void *ctx, const struct store_entry *entry) {
    struct lister *l = ctx;
    if (entry->is_prefix || entry->size_bytes == 0 || is_error_object(l, entry->key))
        return 0;
    struct bytes uri =
        arena_fmt(&l->p->arena, "s3://%.*s/%.*s", BYTES_ARG(l->bucket), BYTES_ARG(entry->key));
    struct plan_file *f = l->p->arena.failed ? NULL : add_file(l->p, l->s, uri);
    if (!f)
        return l->rc = err_set(l->e, ERR_NOMEM, NULL);
    f->size_bytes = entry->size_bytes;
    f->mtime_ns = entry->mtime_ns;
    f->partition = l->partition;
    return l->rc = resolve(l->p, f, l->e);
}

static int no_bucket(struct lister *l, struct bytes location) {
    return err_set_named(l->e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                         "The location %.*s of table '%.*s.%.*s' cannot be listed: its bucket does "
                         "not exist",
                         BYTES_ARG(location), BYTES_ARG(l->s->table->info.database),
                         BYTES_ARG(l->s->table->info.name));
}

static int list_location(struct lister *l, struct bytes location) {
    struct bytes key;
    struct err why;
    bool truncated;
    if (!store_split_uri(location, &l->bucket, &key))
        return err_set_named(l->e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                             "The location '%.*s' of table '%.*s.%.*s' is not an S3 URI",
                             BYTES_ARG(location), BYTES_ARG(l->s->table->info.database),
                             BYTES_ARG(l->s->table->info.name));
    if (key.len && !bytes_ends_with(key, BYTES("/")))
        key = arena_fmt(&l->p->arena, "%.*s/", BYTES_ARG(key));
    struct store_list_options o = {.bucket = l->bucket, .prefix = key, .skip_hidden = true};
    int rc = store_list(l->p->service->d.store, &o, each_entry, l, &truncated, &why);
    if (rc && !l->rc && strcmp(why.name, "NoSuchBucket") == 0)
        return no_bucket(l, location);
    if (rc && !l->rc && l->e)
        *l->e = why;
    return rc;
}

/* ---- dropping what is not foreign ---- */
struct uri_set {
    struct bytes *items;
    size_t count;
};

static int known_uris(struct plan *p, const struct catalog_snapshot *snap, struct uri_set *ret,
                      struct err *e) {
    size_t n = snap->file_count;
    struct json **pending = ARENA_NEW_N(&p->arena, struct json *, snap->feed_count + 1);
    if (!pending)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < snap->feed_count; i++) {
        int rc = json_parse(&p->arena, snap->feeds[i].pending_uris_json, &pending[i], e);
        if (rc)
            return rc;
        n += pending[i]->count;
    }
    ret->items = ARENA_NEW_N(&p->arena, struct bytes, n + 1);
    if (!ret->items)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < snap->file_count; i++)
        ret->items[ret->count++] = snap->files[i].file.uri;
    for (size_t i = 0; i < snap->feed_count; i++)
        JSON_FOR_EACH(uri, pending[i])
    ret->items[ret->count++] = uri->text;
    qsort(ret->items, ret->count, sizeof *ret->items, uri_order);
    return 0;
}

static void drop_known(struct plan_scan *s, const struct uri_set *set) {
    size_t kept = 0;
    for (size_t i = 0; i < s->file_count; i++) {
        struct plan_file *f = &s->files[i];
        if (!f->delivered &&
            bsearch(&f->uri, set->items, set->count, sizeof *set->items, uri_order))
            continue;
        s->files[kept++] = *f;
    }
    s->file_count = kept;
}

static bool has_foreign(const struct plan_scan *s) {
    for (size_t i = 0; i < s->file_count; i++)
        if (!s->files[i].delivered)
            return true;
    return false;
}

static int leave_foreign(struct plan *p, struct plan_scan *s, struct err *e) {
    const struct catalog_snapshot *snap = &s->table->snap;
    struct catalog *c = p->service->d.catalog;
    struct uri_set set = {0}, later_set = {0};
    struct catalog_snapshot later;
    int rc = known_uris(p, snap, &set, e);
    if (rc)
        return rc;
    drop_known(s, &set);
    if (!has_foreign(s) || catalog_version(c) == snap->version)
        return 0;
    rc = catalog_snapshot_read(c, &p->arena, snap->table.database, snap->table.name, &later, e);
    if (!rc)
        rc = known_uris(p, &later, &later_set, e);
    if (!rc)
        drop_known(s, &later_set);
    return rc;
}

/* ---- the whole ---- */
static int list_partition(struct lister *l, const struct catalog_partition *part) {
    struct bytes location = part && part->location.len ? part->location : l->s->table->location;
    l->partition = part;
    int rc = add_delivered(l->p, l->s, part ? part->id : 0, part, l->e);
    if (rc || (part && part->location.len == 0))
        return rc;
    return list_location(l, location);
}

int plan_list_files(struct plan *p, struct plan_scan *s, struct err *e) {
    const struct catalog_snapshot *snap = &s->table->snap;
    struct lister l = {.p = p, .s = s, .e = e};
    int rc = 0;
    if (s->table->key_count == 0)
        rc = list_partition(&l, NULL);
    for (size_t i = 0; !rc && s->table->key_count && i < snap->partition_count; i++) {
        const struct catalog_partition *part = &snap->partitions[i];
        if (plan_keeps(s, part->values, part->value_count))
            rc = list_partition(&l, part);
    }
    if (!rc && (snap->feed_count || snap->file_count))
        rc = leave_foreign(p, s, e);
    return rc;
}
