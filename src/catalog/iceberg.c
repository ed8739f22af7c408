/* iceberg.c - a new table's document, and the files that documents are kept in. */
#include "base/rand.h"
#include "base/vfs.h"
#include "catalog/iceberg_int.h"

#include <stdio.h>

#define FIRST_PARTITION_FIELD 1000
#define DOCUMENT_MAX MIB(64)

/* ---- a new table ---- */
static int make_schema(struct arena *a, const struct iceberg_new *in, struct iceberg_schema *s,
                       struct err *e) {
    s->fields = ARENA_NEW_N(a, struct iceberg_field, in->column_count + 1);
    int rc = s->fields ? 0 : err_set(e, ERR_NOMEM, NULL);
    s->last_id = (int64_t)in->column_count;
    for (size_t i = 0; !rc && i < in->column_count; i++) {
        struct iceberg_field *f = &s->fields[s->count];
        *f = (struct iceberg_field){
            .id = (int64_t)i + 1, .name = in->columns[i].name, .comment = in->columns[i].comment};
        rc = iceberg_type(a, in->columns[i].type, &s->last_id, &f->type, e);
        if (!rc && iceberg_find(s, f->name))
            rc = err_set(e, ERR_INVALID_INPUT, "Duplicate column name: %.*s", BYTES_ARG(f->name));
        s->count += !rc;
    }
    return rc;
}

/* "dt_day", "id_bucket", "category" */
static void write_key(struct jsonw *w, const struct iceberg_key *k, const struct iceberg_field *f,
                      int64_t id) {
    char transform[80], name[300];
    bool counted = bytes_eq_str(k->transform, "bucket") || bytes_eq_str(k->transform, "truncate");
    if (counted)
        snprintf(transform, sizeof transform, "%.*s[%lld]", (int)MIN_OF(k->transform.len, 40),
                 k->transform.ptr, (long long)k->argument);
    else
        snprintf(transform, sizeof transform, "%.*s",
                 (int)MIN_OF(k->transform.len ? k->transform.len : 8, 40),
                 k->transform.len ? k->transform.ptr : "identity");
    bool truncates = bytes_eq_str(k->transform, "truncate");
    snprintf(name, sizeof name, "%.*s%s%.*s", (int)MIN_OF(f->name.len, 255), f->name.ptr,
             k->transform.len ? "_" : "", truncates ? 5 : (int)MIN_OF(k->transform.len, 20),
             truncates          ? "trunc"
             : k->transform.len ? k->transform.ptr
                                : "");
    jsonw_object(w);
    jsonw_kv_cstr(w, "name", name);
    jsonw_kv_cstr(w, "transform", transform);
    jsonw_kv_i64(w, "source-id", f->id);
    jsonw_kv_i64(w, "field-id", id);
    jsonw_end_object(w);
}

static int check_keys(const struct iceberg_new *in, const struct iceberg_schema *s, struct err *e) {
    static const char *const transforms[] = {"",     "year",   "month",    "day",
                                             "hour", "bucket", "truncate", "void"};
    for (size_t i = 0; i < in->key_count; i++) {
        const struct iceberg_key *k = &in->keys[i];
        bool known = false;
        for (size_t t = 0; t < COUNT_OF(transforms); t++)
            known |= bytes_eq_str(k->transform, transforms[t]);
        bool counted =
            bytes_eq_str(k->transform, "bucket") || bytes_eq_str(k->transform, "truncate");
        if (!known)
            return err_set(e, ERR_INVALID_INPUT, "Unknown transform %.*s", BYTES_ARG(k->transform));
        if (counted && (k->argument < 1 || k->argument > INT32_MAX))
            return err_set(e, ERR_INVALID_INPUT, "%.*s needs a number from 1",
                           BYTES_ARG(k->transform));
        if (!iceberg_find(s, k->column))
            return err_set(e, ERR_INVALID_INPUT, "Cannot find source column: %.*s",
                           BYTES_ARG(k->column));
    }
    return 0;
}

static void write_specs(struct jsonw *w, const struct iceberg_new *in,
                        const struct iceberg_schema *s) {
    jsonw_kv_i64(w, "default-spec-id", 0);
    jsonw_name(w, "partition-specs");
    jsonw_array(w);
    jsonw_object(w);
    jsonw_kv_i64(w, "spec-id", 0);
    jsonw_name(w, "fields");
    jsonw_array(w);
    for (size_t i = 0; i < in->key_count; i++)
        write_key(w, &in->keys[i], iceberg_find(s, in->keys[i].column),
                  FIRST_PARTITION_FIELD + (int64_t)i);
    jsonw_end_array(w);
    jsonw_end_object(w);
    jsonw_end_array(w);
    jsonw_kv_i64(w, "last-partition-id", FIRST_PARTITION_FIELD - 1 + (int64_t)in->key_count);
}

static void write_properties(struct jsonw *w, const struct iceberg_new *in) {
    jsonw_name(w, "properties");
    jsonw_object(w);
    for (size_t i = 0; i < in->property_count; i++) {
        bool last = true;
        for (size_t j = i + 1; j < in->property_count; j++)
            last &= !bytes_eq(in->properties[j].key, in->properties[i].key);
        if (!last || !in->properties[i].value.ptr)
            continue;
        jsonw_name_bytes(w, in->properties[i].key);
        jsonw_str(w, in->properties[i].value);
    }
    jsonw_end_object(w);
}

static void write_document(struct jsonw *w, const struct iceberg_new *in,
                           const struct iceberg_schema *s) {
    char uuid[UUID_TEXT_LEN + 1];
    uuid_make(uuid);
    jsonw_object(w);
    jsonw_kv_i64(w, "format-version", 2);
    jsonw_kv_cstr(w, "table-uuid", uuid);
    jsonw_kv_str(w, "location", in->location);
    jsonw_kv_i64(w, "last-sequence-number", 0);
    jsonw_kv_i64(w, "last-updated-ms", in->now_ms);
    jsonw_kv_i64(w, "last-column-id", s->last_id);
    jsonw_kv_i64(w, "current-schema-id", 0);
    jsonw_name(w, "schemas");
    jsonw_array(w);
    iceberg_write_schema(w, s, 0);
    jsonw_end_array(w);
    write_specs(w, in, s);
    jsonw_kv_i64(w, "default-sort-order-id", 0);
    jsonw_kv_raw(w, "sort-orders", BYTES("[{\"order-id\":0,\"fields\":[]}]"));
    write_properties(w, in);
    jsonw_kv_i64(w, "current-snapshot-id", -1);
    jsonw_kv_raw(w, "refs", BYTES("{}"));
    jsonw_kv_raw(w, "snapshots", BYTES("[]"));
    jsonw_kv_raw(w, "statistics", BYTES("[]"));
    jsonw_kv_raw(w, "snapshot-log", BYTES("[]"));
    jsonw_kv_raw(w, "metadata-log", BYTES("[]"));
    jsonw_end_object(w);
}

int iceberg_make(struct arena *a, const struct iceberg_new *in, struct iceberg_document *ret,
                 struct err *e) {
    struct iceberg_schema s = {0};
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    int rc = make_schema(a, in, &s, e);
    rc = rc ? rc : check_keys(in, &s, e);
    rc = rc ? rc : iceberg_glue_columns(a, &s, &ret->columns, e);
    if (!rc) {
        write_document(&w, in, &s);
        ret->json = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
        rc = ret->json.ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    buf_clear(&out);
    return rc;
}

/* ---- files ---- */
/* ".../metadata/00012-<uuid>.metadata.json" -> 12; -1 without a number. */
static long version_of(struct bytes uri) {
    struct bytes rest = uri, name = uri;
    long n = 0;
    size_t i = 0;
    while (rest.ptr)
        rest = bytes_cut(rest, '/', &name);
    if (name.len && name.ptr[0] == 'v')
        i = 1;
    for (size_t digits = 0; i < name.len && name.ptr[i] >= '0' && name.ptr[i] <= '9'; i++)
        if (++digits < 9)
            n = n * 10 + (name.ptr[i] - '0');
    return i == 0 ? -1 : n;
}

int iceberg_write(struct store *s, struct arena *a, struct bytes location, struct bytes old_uri,
                  struct bytes json, struct bytes *ret_uri, struct err *e) {
    struct store_put_options o = {.content_type = BYTES("application/json")};
    struct bytes bucket, key;
    char uuid[UUID_TEXT_LEN + 1];
    uuid_make(uuid);
    *ret_uri = arena_fmt(a, "%.*s/metadata/%05ld-%s.metadata.json", BYTES_ARG(location),
                         old_uri.len ? version_of(old_uri) + 1 : 0, uuid);
    if (!ret_uri->ptr)
        return err_set(e, ERR_NOMEM, NULL);
    if (!store_split_uri(*ret_uri, &bucket, &key))
        return err_set(e, ERR_INVALID_INPUT, "%.*s is not an S3 location", BYTES_ARG(location));
    return store_put_bytes(s, bucket, key, json, &o, e);
}

int iceberg_read(struct store *s, struct arena *a, struct bytes uri, struct bytes *ret,
                 struct err *e) {
    struct vfs *v = vfs_system();
    struct bytes bucket, key;
    struct store_meta meta;
    int fd = -1;
    if (!store_split_uri(uri, &bucket, &key))
        return err_set(e, ERR_INVALID_INPUT, "metadata_location is no S3 URI: %.*s",
                       BYTES_ARG(uri));
    int rc = store_get(s, a, bucket, key, &meta, &fd, e);
    if (rc)
        return rc;
    char *text =
        meta.size_bytes <= DOCUMENT_MAX ? arena_alloc(a, (size_t)meta.size_bytes + 1) : NULL;
    if (!text)
        rc = err_set(e, ERR_NOMEM, NULL);
    else if (vfs_pread_all(v, fd, text, (size_t)meta.size_bytes, 0))
        rc = err_set(e, ERR_IO, "%.*s cannot be read", BYTES_ARG(uri));
    else
        *ret = bytes_of(text, (size_t)meta.size_bytes);
    v->ops->close(v, fd);
    return rc;
}

struct purge {
    struct arena arena;
    struct bytes *keys;
    size_t count, room;
};

static int collect(void *ctx, const struct store_entry *entry) {
    struct purge *p = ctx;
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        struct bytes *more = ARENA_NEW_N(&p->arena, struct bytes, p->room);
        if (!more)
            return ERR_NOMEM;
        if (p->count)
            memcpy(more, p->keys, p->count * sizeof *more);
        p->keys = more;
    }
    p->keys[p->count] = arena_copy(&p->arena, entry->key);
    return p->keys[p->count++].ptr ? 0 : ERR_NOMEM;
}

static int purge_prefix(struct store *s, struct bytes bucket, struct bytes prefix, struct err *e) {
    struct purge p = {0};
    struct store_list_options o = {.bucket = bucket, .prefix = prefix};
    bool more = false;
    arena_init(&p.arena, 0);
    int rc = store_list(s, &o, collect, &p, &more, e);
    if (rc == ERR_NOMEM)
        rc = err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < p.count; i++)
        rc = store_delete(s, bucket, p.keys[i], e);
    arena_clear(&p.arena);
    return rc;
}

int iceberg_purge(struct store *s, struct bytes location, struct err *e) {
    struct bytes bucket, key;
    struct arena a;
    if (!store_split_uri(location, &bucket, &key))
        return err_set(e, ERR_INVALID_INPUT, "%.*s is not an S3 location", BYTES_ARG(location));
    while (key.len && key.ptr[key.len - 1] == '/')
        key.len--;
    arena_init(&a, 0);
    struct bytes prefix = arena_fmt(&a, "%.*s/", BYTES_ARG(key));
    int rc = prefix.ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (!rc && key.len) {
        rc = purge_prefix(s, bucket, prefix, e);
    } else if (!rc) {
        rc = purge_prefix(s, bucket, BYTES("metadata/"), e);
        rc = rc ? rc : purge_prefix(s, bucket, BYTES("data/"), e);
    }
    arena_clear(&a);
    return rc;
}
