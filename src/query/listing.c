/* listing.c - the files a scan reads, known before the engine starts.
 *
 * Files that a delivery committed come from the plan's view. Everything else comes from the store's
 * listing of each partition's location (the table's, when it has no partitions), hidden names left
 * out. For a table that a stream feeds the listing only adds foreign objects: an object of an
 * intent that the view does not hold as committed is still the log tail's. Such an object may
 * belong to an intent begun after the view was read, so what the listing found is checked against
 * a second view, opened after the listing: whoever wrote the object had stored the intent before.
 */
#include "base/mem.h"
#include "query/query_int.h"
#include <stdlib.h>

struct lister {
    struct plan *p;
    struct plan_scan *s;
    struct bytes bucket;
    const struct catalog_partition *partition;
    size_t committed;             /* how many of the scan's committed files were taken */
    struct bytes absent, present; /* folders of the bucket, ended by '/' */
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
static int add_delivered(struct plan *p, struct plan_scan *s, const struct catalog_file *file,
                         const struct catalog_partition *partition, struct err *e) {
    struct plan_file *f = add_file(p, s, file->uri);
    if (!f)
        return err_set(e, ERR_NOMEM, NULL);
    f->size_bytes = file->size_bytes;
    f->rows = file->rows;
    f->partition = partition;
    f->delivered = true;
    return resolve(p, f, e);
}

static bool belongs(const struct catalog_delivered_file *d, const struct catalog_partition *part) {
    if (!part)
        return d->partition_id == 0;
    return part->id ? d->partition_id == part->id : bytes_starts_with(d->file.uri, part->location);
}

/* The scan's committed files come in the order of its partitions. */
static int add_committed(struct lister *l, const struct catalog_partition *part) {
    const struct plan_scan *s = l->s;
    int rc = 0;
    while (!rc && l->committed < s->delivered_count) {
        const struct catalog_delivered_file *d = &s->delivered[l->committed];
        bool mine = belongs(d, part);
        if (!mine && part)
            break;
        l->committed++;
        rc = mine ? add_delivered(l->p, l->s, &d->file, part, l->e) : 0;
    }
    return rc;
}

/* ---- foreign files ---- */
/* Error records of the delivery, when its error prefix is below the table's location. */
static bool is_error_object(const struct lister *l, struct bytes key) {
    return l->s->table->feed_count && (bytes_find(key, BYTES("format-conversion-failed/")) >= 0 ||
                                       bytes_find(key, BYTES("processing-failed/")) >= 0);
}

static int add_object(struct lister *l, const struct store_object *o) {
    if (o->size_bytes == 0 || is_error_object(l, o->key))
        return 0;
    struct bytes uri =
        arena_fmt(&l->p->arena, "s3://%.*s/%.*s", BYTES_ARG(l->bucket), BYTES_ARG(o->key));
    struct plan_file *f = l->p->arena.failed ? NULL : add_file(l->p, l->s, uri);
    if (!f)
        return err_set(l->e, ERR_NOMEM, NULL);
    f->path = o->path;
    f->size_bytes = o->size_bytes;
    f->mtime_ns = o->mtime_ns;
    f->partition = l->partition;
    return 0;
}

static int no_bucket(struct lister *l, struct bytes location) {
    return err_set_named(l->e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                         "The location %.*s of table '%.*s.%.*s' cannot be listed: its bucket does "
                         "not exist",
                         BYTES_ARG(location), BYTES_ARG(l->s->table->info.database),
                         BYTES_ARG(l->s->table->info.name));
}

/* The plan's files are views of it. */
static int keep_listing(struct plan *p, const struct store_listing *listing, struct err *e) {
    if (p->listing_count == p->listing_cap) {
        size_t cap = p->listing_cap ? p->listing_cap * 2 : 16;
        const struct store_listing **grown = mem_realloc(p->listings, cap * sizeof *grown);
        if (!grown) {
            store_listing_release(p->service->d.store, &listing);
            return err_set(e, ERR_NOMEM, NULL);
        }
        p->listings = grown;
        p->listing_cap = cap;
    }
    p->listings[p->listing_count++] = listing;
    return 0;
}

/* Projected partitions are many and mostly not there: the highest folder that is missing answers
 * for all below it. */
static void note_absent(struct lister *l, struct bytes key) {
    struct store *store = l->p->service->d.store;
    struct bytes folder = key;
    if (key.len == 0 || store_has_folder(store, l->bucket, bytes_slice(key, 0, key.len - 1)))
        return;
    while (folder.len) {
        struct bytes up = bytes_slice(folder, 0, folder.len - 1);
        while (up.len && up.ptr[up.len - 1] != '/')
            up.len--;
        if (up.len == 0 || bytes_eq(up, l->present) ||
            store_has_folder(l->p->service->d.store, l->bucket, bytes_slice(up, 0, up.len - 1))) {
            l->present = up;
            break;
        }
        folder = up;
    }
    l->absent = folder;
}

/* A table's location may be one object, as Glue's crawlers write it for files that are not alike.
 */
static int list_object(struct lister *l, struct bytes location) {
    struct store *store = l->p->service->d.store;
    struct store_object o = {0};
    struct store_meta meta;
    struct bytes bucket;
    if (l->partition || !store_split_uri(location, &bucket, &o.key) || !o.key.len ||
        bytes_ends_with(o.key, BYTES("/")) ||
        store_head(store, &l->p->arena, bucket, o.key, &meta, NULL))
        return 0;
    o.size_bytes = meta.size_bytes;
    o.mtime_ns = meta.mtime_ms * 1000000;
    int rc = store_path(store, &l->p->arena, bucket, o.key, &o.path, l->e);
    return rc ? rc : add_object(l, &o);
}

static int list_location(struct lister *l, struct bytes location) {
    struct bytes key, bucket = l->bucket;
    struct err why;
    const struct store_listing *listing = NULL;
    if (!store_split_uri(location, &l->bucket, &key))
        return err_set_named(l->e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                             "The location '%.*s' of table '%.*s.%.*s' is not an S3 URI",
                             BYTES_ARG(location), BYTES_ARG(l->s->table->info.database),
                             BYTES_ARG(l->s->table->info.name));
    if (key.len && !bytes_ends_with(key, BYTES("/")))
        key = arena_fmt(&l->p->arena, "%.*s/", BYTES_ARG(key));
    if (!bytes_eq(bucket, l->bucket))
        l->absent = l->present = BYTES("");
    if (l->absent.len && bytes_starts_with(key, l->absent))
        return 0;
    int rc = store_listing_get(l->p->service->d.store, l->bucket, key, &listing, &why);
    if (rc && strcmp(why.name, "NoSuchBucket") == 0)
        return no_bucket(l, location);
    if (rc && l->e)
        *l->e = why;
    /* Most folders of a projected table are missing: nothing to hold. */
    if (!rc && listing->count == 0) {
        store_listing_release(l->p->service->d.store, &listing);
        note_absent(l, key);
        return list_object(l, location);
    }
    if (!rc)
        rc = keep_listing(l->p, listing, l->e);
    for (size_t i = 0; !rc && i < listing->count; i++)
        rc = add_object(l, &listing->objects[i]);
    return rc;
}

/* ---- dropping what is not foreign ---- */
static int drop_owned(struct catalog_view *v, struct plan_scan *s, struct err *e) {
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; !rc && i < s->file_count; i++) {
        struct plan_file *f = &s->files[i];
        bool owned = false;
        if (!f->delivered)
            rc = catalog_view_owns(v, f->uri, &owned, e);
        if (!owned)
            s->files[kept++] = *f;
    }
    s->file_count = kept;
    return rc;
}

/* Listed files that are committed ones of the first view are there already. */
static int drop_repeated(struct plan *p, struct plan_scan *s, struct err *e) {
    struct bytes *known = ARENA_NEW_N(&p->arena, struct bytes, s->delivered_count + 1);
    size_t kept = 0;
    if (!known)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < s->delivered_count; i++)
        known[i] = s->delivered[i].file.uri;
    qsort(known, s->delivered_count, sizeof *known, uri_order);
    for (size_t i = 0; i < s->file_count; i++) {
        struct plan_file *f = &s->files[i];
        if (f->delivered || !bsearch(&f->uri, known, s->delivered_count, sizeof *known, uri_order))
            s->files[kept++] = *f;
    }
    s->file_count = kept;
    return 0;
}

static bool has_foreign(const struct plan_scan *s) {
    for (size_t i = 0; i < s->file_count; i++)
        if (!s->files[i].delivered)
            return true;
    return false;
}

static int leave_foreign(struct plan *p, struct plan_scan *s, struct err *e) {
    struct catalog_view *later = NULL;
    int rc = drop_repeated(p, s, e);
    if (rc || !has_foreign(s))
        return rc;
    rc = catalog_view_open(p->service->d.catalog, &later, e);
    if (!rc)
        rc = drop_owned(later, s, e);
    catalog_view_close(&later);
    return rc;
}

/* ---- the whole ---- */
static int list_partition(struct lister *l, const struct catalog_partition *part) {
    struct bytes location = part && part->location.len ? part->location : l->s->table->location;
    l->partition = part;
    int rc = add_committed(l, part);
    if (rc || (part && part->location.len == 0))
        return rc;
    return list_location(l, location);
}

int plan_list_files(struct plan *p, struct plan_scan *s, struct err *e) {
    struct lister l = {.p = p, .s = s, .e = e};
    int rc = s->table->key_count == 0 ? list_partition(&l, NULL) : 0;
    for (size_t i = 0; !rc && i < s->partition_count; i++)
        rc = list_partition(&l, &s->partitions[i]);
    if (!rc && (s->table->feed_count || s->delivered_count))
        rc = leave_foreign(p, s, e);
    plan_hide_writes(p, s);
    return rc;
}
