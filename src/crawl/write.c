/* write.c - tables and partitions into the catalogue, as the crawler's policies allow.
 *
 * A table is known by its location: a name that another location has taken gets a hash behind it,
 * as in Glue. Updates are optimistic: a table that someone else changed meanwhile is read again. */
#include "base/encode.h"
#include "base/hash.h"
#include "base/log.h"
#include "crawl/crawl_int.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_PARTITIONS 500
#define UPDATE_TRIES 3

struct tablew { /* one table being written */
    struct crawl_context *c;
    const struct crawl_target *target;
    struct crawl_table *t;
    struct bytes database, name;
    struct catalog_table row; /* as stored */
    struct json *input;
    bool changed; /* columns or formats */
};

static int no_memory(struct crawl_context *c) {
    return err_set(c->e, ERR_NOMEM, NULL);
}
static struct catalog *catalog_of(const struct tablew *x) {
    return x->c->service->d.catalog;
}

/* ---- names ---- */
static struct bytes without_slash(struct bytes v) {
    return bytes_ends_with(v, BYTES("/")) ? bytes_slice(v, 0, v.len - 1) : v;
}
static int read_row(struct tablew *x) {
    int rc = catalog_table_get(catalog_of(x), x->c->arena, x->database, x->name, &x->row, x->c->e);
    x->input = NULL;
    return rc ? rc : json_parse(x->c->arena, x->row.json, &x->input, x->c->e);
}
static bool is_same_place(const struct tablew *x) {
    struct bytes location = json_get_str(json_get(x->input, "StorageDescriptor"), "Location");
    return x->target->table.ptr || bytes_eq(without_slash(location), without_slash(x->t->location));
}
static int hashed_name(struct tablew *x) {
    uint8_t digest[MD5_LEN];
    char hex[2 * MD5_LEN];
    md5(x->t->location, digest);
    hex_encode(bytes_of(digest, sizeof digest), hex);
    x->name = arena_fmt(x->c->arena, "%.*s_%.32s", BYTES_ARG(bytes_slice(x->name, 0, 200)), hex);
    return x->name.ptr ? 0 : no_memory(x->c);
}
/* Finds the table's row, or the name it is to get; *ret_exists. */
static int find_row(struct tablew *x, bool *ret_exists) {
    struct bytes folder = crawl_name(x->c->arena, x->t->folder_name);
    x->database = x->target->table.ptr ? x->target->database : x->c->config->database;
    x->name = x->target->table.ptr
                  ? x->target->table
                  : arena_fmt(x->c->arena, "%.*s%.*s",
                              BYTES_ARG(crawl_name(x->c->arena, x->c->config->table_prefix)),
                              BYTES_ARG(folder));
    if (x->c->arena->failed)
        return no_memory(x->c);
    int rc = read_row(x);
    if (!rc && !is_same_place(x)) {
        rc = hashed_name(x);
        rc = rc ? rc : read_row(x);
    }
    *ret_exists = !rc;
    return rc == ERR_ENTITY_NOT_FOUND ? 0 : rc;
}

/* ---- the table ---- */
static int create(struct tablew *x) {
    struct buf out = {0};
    int rc = crawl_table_input(x->c, x->target, x->t, x->name, NULL, &out);
    rc = rc ? rc
            : catalog_table_create(catalog_of(x), x->database, x->name, buf_bytes(&out), x->c->e);
    buf_clear(&out);
    if (!rc)
        rc = read_row(x);
    if (!rc)
        x->c->report->tables_created++;
    return rc;
}

static bool same_text(const struct json *j, struct bytes text) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_tree(&w, j);
    bool same = buf_ok(&out) && bytes_eq(buf_bytes(&out), text);
    buf_clear(&out);
    return same;
}
/* Whether what a reader sees of the table (not the statistics) differs. */
static bool reads_differently(const struct json *x, const struct json *y) {
    const struct json *a = json_get(x, "StorageDescriptor"), *b = json_get(y, "StorageDescriptor");
    static const char *const members[] = {"Columns", "SerdeInfo", "InputFormat"};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct json *m = json_get(a, members[i]), *n = json_get(b, members[i]);
        struct buf text = {0};
        struct jsonw w = jsonw_to(&text);
        if (m)
            jsonw_tree(&w, m);
        bool same = n ? m && same_text(n, buf_bytes(&text)) : !m;
        buf_clear(&text);
        if (!same)
            return true;
    }
    return false;
}

static int replace(struct tablew *x) {
    struct buf out = {0};
    struct json *input = NULL;
    int rc = crawl_table_input(x->c, x->target, x->t, x->name, x->input, &out);
    struct bytes text = rc ? (struct bytes){0} : arena_copy(x->c->arena, buf_bytes(&out));
    buf_clear(&out);
    if (!rc && !text.ptr)
        rc = no_memory(x->c);
    if (rc || same_text(x->input, text))
        return rc;
    rc = json_parse(x->c->arena, text, &input, x->c->e);
    bool differs = !rc && reads_differently(x->input, input);
    rc = rc ? rc
            : catalog_table_update(catalog_of(x), x->database, x->name, text, x->row.version_id,
                                   !differs, x->c->e);
    if (rc)
        return rc;
    x->changed |= differs;
    x->input = input;
    x->c->report->tables_updated++;
    return 0;
}

static size_t stored_keys(const struct tablew *x) {
    const struct json *keys = json_get(x->input, "PartitionKeys");
    return keys ? keys->count : 0;
}
/* Other partition levels: the partitions that are stored mean nothing any more. */
static int rebuild(struct tablew *x) {
    int rc = catalog_table_delete(catalog_of(x), x->database, x->name, x->c->e);
    rc = rc ? rc : create(x);
    if (!rc) {
        x->c->report->tables_created--;
        x->c->report->tables_updated++;
    }
    return rc;
}
static int update(struct tablew *x) {
    if (x->c->config->update_log)
        return 0;
    if (stored_keys(x) != x->t->key_count && !x->target->table.ptr)
        return rebuild(x);
    int rc = replace(x);
    for (int i = 1; rc == ERR_CONCURRENT_MODIFICATION && i < UPDATE_TRIES; i++) {
        rc = read_row(x);
        rc = rc ? rc : replace(x);
    }
    return rc;
}

/* ---- partitions ---- */
static int write_partition(struct tablew *x, const struct crawl_partition *p,
                           struct catalog_partition *ret) {
    struct buf out = {0};
    int rc = crawl_partition_input(x->c, x->t, p, x->input, &out);
    ret->values = p->values;
    ret->value_count = x->t->key_count;
    ret->json = rc ? (struct bytes){0} : arena_copy(x->c->arena, buf_bytes(&out));
    buf_clear(&out);
    return rc || ret->json.ptr ? rc : no_memory(x->c);
}
static int write_batch(struct tablew *x, const struct crawl_partition *p, size_t n) {
    struct catalog_partition items[BATCH_PARTITIONS] = {{0}};
    int rcs[BATCH_PARTITIONS], rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = write_partition(x, &p[i], &items[i]);
    rc = rc ? rc : catalog_partition_create_many(catalog_of(x), x->row.id, items, n, rcs, x->c->e);
    for (size_t i = 0; i < n && !rc; i++) {
        bool renew = !x->c->config->update_log &&
                     (p[i].folder->fresh || p[i].folder->recursive ||
                      (x->changed && (x->c->config->inherit || x->c->config->merge_new_columns)));
        if (!rcs[i]) {
            x->c->report->partitions_created++;
        } else if (renew) {
            rc =
                catalog_partition_update(catalog_of(x), x->row.id, items[i].values, items[i].values,
                                         items[i].value_count, items[i].json, x->c->e);
            x->c->report->partitions_updated += !rc;
        }
    }
    return rc;
}

static int location_order(const void *a, const void *b) {
    const struct crawl_partition *x = a, *y = b;
    return bytes_cmp(x->location, y->location);
}
/* Of a page of stored partitions, those below the table whose folders are gone. */
static int drop_page(struct tablew *x, const struct catalog_partition *stored, size_t n) {
    struct crawl_partition *found = x->t->partitions, key = {0};
    struct catalog_partition *gone = ARENA_NEW_N(x->c->arena, struct catalog_partition, n + 1);
    size_t count = 0;
    if (!gone)
        return no_memory(x->c);
    for (size_t i = 0; i < n; i++) {
        key.location = stored[i].location;
        if (bytes_starts_with(key.location, x->t->location) &&
            !bsearch(&key, found, x->t->partition_count, sizeof *found, location_order))
            gone[count++] = stored[i];
    }
    if (!count)
        return 0;
    x->c->report->partitions_deleted += (int64_t)count;
    return catalog_partition_delete_many(catalog_of(x), x->row.id, gone, count, NULL, x->c->e);
}
static int drop_missing(struct tablew *x) {
    struct catalog_partition *stored;
    struct bytes from = BYTES("");
    size_t n;
    int rc;
    qsort(x->t->partitions, x->t->partition_count, sizeof *x->t->partitions, location_order);
    do {
        rc = catalog_partition_list(catalog_of(x), x->c->arena, x->row.id, NULL, from,
                                    10 * BATCH_PARTITIONS, &stored, &n, &from, x->c->e);
        rc = rc ? rc : drop_page(x, stored, n);
    } while (!rc && from.len);
    return rc;
}

static int write_partitions(struct tablew *x) {
    const struct crawl_config *c = x->c->config;
    int rc = 0;
    if (!x->t->key_count)
        return 0;
    if (stored_keys(x) != x->t->key_count) {
        log_write(LOG_WARN, "crawl",
                  "%.*s.%.*s has %zu partition keys but its folders %zu levels; partitions are "
                  "not added",
                  BYTES_ARG(x->database), BYTES_ARG(x->name), stored_keys(x), x->t->key_count);
        return 0;
    }
    for (size_t i = 0; i < x->t->partition_count && !rc; i += BATCH_PARTITIONS) {
        if (atomic_load(&x->c->job->stop))
            return err_set(x->c->e, ERR_CANCELED, "The crawl was stopped.");
        rc = write_batch(x, &x->t->partitions[i],
                         MIN_OF(x->t->partition_count - i, (size_t)BATCH_PARTITIONS));
    }
    if (!rc && c->on_delete == DELETE_DROP && !c->new_folders_only)
        rc = drop_missing(x);
    return rc;
}

int crawl_write_table(struct crawl_context *c, const struct crawl_target *target,
                      struct crawl_table *t) {
    struct tablew x = {.c = c, .target = target, .t = t};
    bool exists = false;
    int rc = find_row(&x, &exists);
    rc = rc ? rc : exists ? update(&x) : create(&x);
    rc = rc ? rc : write_partitions(&x);
    if (!rc && !target->table.ptr)
        rc = crawl_remember_table(&c->memory, x.database, x.name, t->location);
    return rc;
}

/* ---- tables whose folders are gone ---- */
static bool is_covered(const struct crawl_config *c, struct bytes location) {
    for (size_t i = 0; i < c->target_count; i++) {
        struct bytes bucket, key;
        if (!c->targets[i].table.ptr && store_split_uri(location, &bucket, &key) &&
            bytes_eq(bucket, c->targets[i].bucket) &&
            (bytes_starts_with(key, c->targets[i].prefix) || bytes_eq(key, c->targets[i].file)))
            return true;
    }
    return false;
}
static bool is_found(const struct crawl_memory *m, const struct crawl_seen_table *t) {
    for (size_t i = 0; i < m->table_count; i++)
        if (bytes_eq(m->tables[i].name, t->name) && bytes_eq(m->tables[i].database, t->database))
            return true;
    return false;
}
static int deprecate(struct crawl_context *c, const struct crawl_seen_table *t) {
    struct catalog *cat = c->service->d.catalog;
    struct catalog_table row;
    struct json *in;
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    char now[24];
    int rc = catalog_table_get(cat, c->arena, t->database, t->name, &row, c->e);
    rc = rc ? rc : json_parse(c->arena, row.json, &in, c->e);
    if (rc || json_get(json_get(in, "Parameters"), "DEPRECATED_BY_CRAWLER"))
        return rc;
    snprintf(now, sizeof now, "%lld", (long long)clock_wall_ms(c->service->d.clock));
    jsonw_object(&w);
    JSON_FOR_EACH(m, in) {
        if (bytes_eq_str(m->name, "Parameters"))
            continue;
        jsonw_name_bytes(&w, m->name);
        jsonw_tree(&w, m);
    }
    jsonw_name(&w, "Parameters");
    jsonw_object(&w);
    JSON_FOR_EACH(p, json_get(in, "Parameters")) {
        jsonw_name_bytes(&w, p->name);
        jsonw_tree(&w, p);
    }
    jsonw_kv_cstr(&w, "DEPRECATED_BY_CRAWLER", now);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    rc = buf_ok(&out) ? catalog_table_update(cat, t->database, t->name, buf_bytes(&out),
                                             row.version_id, true, c->e)
                      : no_memory(c);
    buf_clear(&out);
    c->report->tables_updated += !rc;
    return rc;
}

int crawl_write_missing(struct crawl_context *c, const struct crawl_memory *before) {
    int rc = 0;
    for (size_t i = 0; i < before->table_count && !rc; i++) {
        const struct crawl_seen_table *t = &before->tables[i];
        bool keep = c->config->new_folders_only || !is_covered(c->config, t->location);
        if (is_found(&c->memory, t))
            continue;
        if (!keep && c->config->on_delete == DELETE_DROP) {
            rc = catalog_table_delete(c->service->d.catalog, t->database, t->name, c->e);
            c->report->tables_deleted += !rc;
        } else if (!keep && c->config->on_delete == DELETE_DEPRECATE) {
            rc = deprecate(c, t);
            keep = !rc;
        }
        if (rc == ERR_ENTITY_NOT_FOUND) /* somebody else has dropped it */
            rc = 0;
        if (!rc && keep)
            rc = crawl_remember_table(&c->memory, t->database, t->name, t->location);
    }
    return rc;
}
