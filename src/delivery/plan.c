/* plan.c - what one object will be: its keys, its partition, and the worker's task.
 *
 * A plan is JSON and is stored in the intent before anything is written, so that a redo after a
 * crash writes the same rows to the same key, whatever has changed in the meantime:
 *
 *     {"first_ms", "bucket", "key", "error_key", "table_id",
 *      "partition": {"values": [..], "json": {PartitionInput}} | absent,
 *      "task": {members of the convert task that do not depend on this process}}
 *
 * All timestamps in it are one instant: the arrival of the object's oldest record. */
#include "base/rand.h"
#include "delivery/delivery_int.h"
#include "schema/prefix.h"

#define ROW_GROUP_ROWS 122880
#define NAME_TIME "yyyy-MM-dd-HH-mm-ss"

/* ---- the Glue table ---- */

static struct bytes table_param(const struct delivery_target *t, struct arena *a,
                                struct bytes name) {
    const char *text = arena_cstr(a, name);
    return text ? json_get_str(json_get(t->json, "Parameters"), text) : (struct bytes){0};
}

/* Names of the partition columns and, when the prefix says them, their patterns. */
static int read_keys(struct arena *a, const struct delivery_config *cfg, struct delivery_target *t,
                     struct err *e) {
    const struct json *keys = json_get(t->json, "PartitionKeys");
    size_t n = keys ? keys->count : 0, i = 0;
    struct bytes *names = ARENA_NEW_N(a, struct bytes, n + 1);
    struct bytes *params = ARENA_NEW_N(a, struct bytes, n + 1);
    struct bytes *patterns = ARENA_NEW_N(a, struct bytes, n + 1);
    if (!names || !params || !patterns)
        return err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(key, keys) {
        names[i] = json_get_str(key, "Name");
        params[i] = table_param(t, a, arena_fmt(a, "tarn.partition.%.*s", BYTES_ARG(names[i])));
        i++;
    }
    t->keys = names;
    t->key_count = n;
    if (n && prefix_partition_patterns(a, cfg->prefix, names, params, n, patterns))
        t->patterns = patterns;
    return 0;
}

int delivery_target_get(struct catalog *c, struct arena *a, const struct delivery_config *cfg,
                        struct delivery_target *ret, struct err *e) {
    struct delivery_target t = {0};
    struct json *j;
    int rc = catalog_table_get(c, a, cfg->database, cfg->table, &t.table, e);
    if (!rc)
        rc = json_parse(a, t.table.json, &j, e);
    if (rc)
        return rc;
    t.json = j;
    t.storage = json_get(j, "StorageDescriptor");
    const struct json *columns = json_get(t.storage, "Columns");
    if (!columns || columns->count == 0)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "Table %.*s.%.*s has no columns; format conversion needs a schema.",
                       BYTES_ARG(cfg->database), BYTES_ARG(cfg->table));
    rc = read_keys(a, cfg, &t, e);
    if (!rc)
        *ret = t;
    return rc;
}

int64_t delivery_boundary(const struct delivery_config *cfg, const struct delivery_target *t,
                          int64_t ms) {
    int64_t next = prefix_next_change(cfg->prefix, ms);
    for (size_t i = 0; t && t->patterns && i < t->key_count; i++) {
        struct buf expr = {0};
        buf_add_fmt(&expr, "!{timestamp:%.*s}", BYTES_ARG(t->patterns[i]));
        if (buf_ok(&expr))
            next = MIN_OF(next, prefix_next_change(buf_bytes(&expr), ms));
        buf_clear(&expr);
    }
    return next;
}

/* ---- keys ---- */

struct keys {
    struct bytes folder; /* evaluated prefix */
    struct bytes key, error_key;
};

static int make_keys(struct arena *a, const struct delivery_config *cfg, int64_t ms,
                     struct keys *ret, struct err *e) {
    struct buf folder = {0}, error_folder = {0}, time = {0};
    char uuid[UUID_TEXT_LEN + 1];
    const char *kind = cfg->convert ? "format-conversion-failed" : "processing-failed";
    uuid_make(uuid);
    int rc = prefix_evaluate(cfg->prefix, ms, NULL, &folder, e);
    if (!rc)
        rc = prefix_evaluate(cfg->error_prefix, ms, kind, &error_folder, e);
    if (!rc)
        rc = prefix_format_time(BYTES(NAME_TIME), ms, &time, e);
    if (!rc) {
        struct bytes name = json_get_str(cfg->doc, "name");
        struct bytes base = arena_fmt(a, "%.*s-%lld-%.*s-%s", BYTES_ARG(name),
                                      (long long)cfg->version, BYTES_ARG(buf_bytes(&time)), uuid);
        ret->folder = arena_copy(a, buf_bytes(&folder));
        ret->key = arena_fmt(a, "%.*s%.*s%.*s", BYTES_ARG(ret->folder), BYTES_ARG(base),
                             BYTES_ARG(cfg->extension));
        ret->error_key =
            arena_fmt(a, "%.*s%.*s", BYTES_ARG(buf_bytes(&error_folder)), BYTES_ARG(base));
        if (a->failed || folder.failed || error_folder.failed || time.failed)
            rc = err_set(e, ERR_NOMEM, NULL);
    }
    buf_clear(&folder);
    buf_clear(&error_folder);
    buf_clear(&time);
    return rc;
}

/* ---- the task ---- */

static void write_columns(struct jsonw *w, const struct delivery_config *cfg,
                          const struct delivery_target *t, struct arena *a) {
    jsonw_name(w, "columns");
    jsonw_array(w);
    JSON_FOR_EACH(column, json_get(t->storage, "Columns")) {
        struct bytes name = json_get_str(column, "Name");
        const char *text = arena_cstr(a, name);
        struct bytes key = text ? json_get_str(cfg->key_mappings, text) : (struct bytes){0};
        jsonw_object(w);
        jsonw_kv_str(w, "name", name);
        jsonw_kv_str(w, "hive_type", json_get_str(column, "Type"));
        if (key.ptr)
            jsonw_kv_str(w, "json_key", key);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

/* What AWS tells of the table in each error document. */
static void write_error_context(struct jsonw *w, const struct delivery_config *cfg,
                                const struct delivery_target *t, struct arena *a) {
    jsonw_name(w, "error_context");
    jsonw_object(w);
    jsonw_name(w, "dataCatalogTable");
    jsonw_object(w);
    jsonw_kv_cstr(w, "catalogId", "000000000000");
    jsonw_kv_str(w, "databaseName", cfg->database);
    jsonw_kv_str(w, "tableName", cfg->table);
    jsonw_kv_str(w, "region", cfg->region);
    jsonw_kv_str(w, "versionId", arena_fmt(a, "%lld", (long long)t->table.version_id));
    jsonw_kv_str(w, "catalogArn",
                 arena_fmt(a, "arn:aws:glue:%.*s:000000000000:catalog", BYTES_ARG(cfg->region)));
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static bool has_floating(const struct type *t) {
    for (size_t i = 0; i < t->child_count; i++)
        if (has_floating(t->children[i]))
            return true;
    return t->kind == TYPE_FLOAT || t->kind == TYPE_DOUBLE;
}

/* Version 2 has delta encodings, smaller and faster, which all engines read. But the writer then
 * gives floating numbers that make no dictionary BYTE_STREAM_SPLIT, which Trino up to now refuses.
 */
static int parquet_version(const struct delivery_config *cfg, const struct delivery_target *t,
                           struct arena *a) {
    const struct type *type;
    struct err ignored;
    if (cfg->parquet_version)
        return cfg->parquet_version;
    JSON_FOR_EACH(column, json_get(t->storage, "Columns"))
    if (type_parse(a, json_get_str(column, "Type"), &type, &ignored) == 0 && has_floating(type))
        return 1;
    return 2;
}

static void write_parquet(struct jsonw *w, const struct delivery_config *cfg,
                          const struct delivery_target *t, struct arena *a) {
    struct bytes compression = table_param(t, a, BYTES("tarn.compression"));
    int64_t rows;
    if (!bytes_to_i64(table_param(t, a, BYTES("tarn.row_group_rows")), &rows) || rows < 2048)
        rows = ROW_GROUP_ROWS;
    jsonw_kv_cstr(w, "format", "parquet");
    jsonw_kv_str(w, "compression", compression.len ? compression : cfg->compression);
    jsonw_kv_i64(w, "row_group_rows", rows);
    jsonw_kv_i64(w, "parquet_version", parquet_version(cfg, t, a));
    jsonw_kv_bool(w, "case_sensitive", cfg->case_sensitive);
    jsonw_kv_bool(w, "dots_to_underscores", cfg->dots_to_underscores);
    write_columns(w, cfg, t, a);
    write_error_context(w, cfg, t, a);
}

static void write_task(struct jsonw *w, const struct delivery_config *cfg,
                       const struct delivery_target *t, struct arena *a) {
    jsonw_name(w, "task");
    jsonw_object(w);
    jsonw_kv_cstr(w, "kind", "convert");
    jsonw_kv_i64(w, "stream_epoch_ms", cfg->source_epoch_ms);
    if (t) {
        write_parquet(w, cfg, t, a);
    } else {
        jsonw_kv_cstr(w, "format", "raw");
        jsonw_kv_str(w, "delimiter", cfg->delimiter);
        jsonw_kv_str(w, "compression", cfg->compression);
    }
    jsonw_end_object(w);
}

/* ---- the partition ---- */

/* The table's storage descriptor at another place. */
static void write_storage(struct jsonw *w, const struct json *storage, struct bytes location) {
    jsonw_name(w, "StorageDescriptor");
    jsonw_object(w);
    JSON_FOR_EACH(member, storage) {
        if (bytes_eq_str(member->name, "Location"))
            continue;
        jsonw_name_bytes(w, member->name);
        jsonw_tree(w, member);
    }
    jsonw_kv_str(w, "Location", location);
    jsonw_end_object(w);
}

static int write_values(struct jsonw *w, const struct delivery_target *t, int64_t ms,
                        struct err *e) {
    int rc = 0;
    jsonw_array(w);
    for (size_t i = 0; !rc && i < t->key_count; i++) {
        struct buf value = {0};
        rc = prefix_format_time(t->patterns[i], ms, &value, e);
        if (!rc)
            jsonw_str(w, buf_bytes(&value));
        buf_clear(&value);
    }
    jsonw_end_array(w);
    return rc;
}

/* The folder is the evaluated prefix up to its last slash. */
static int write_partition(struct jsonw *w, struct arena *a, const struct delivery_config *cfg,
                           const struct delivery_target *t, struct bytes prefix, int64_t ms,
                           struct err *e) {
    while (prefix.len && prefix.ptr[prefix.len - 1] != '/')
        prefix.len--;
    struct bytes location =
        arena_fmt(a, "s3://%.*s/%.*s", BYTES_ARG(cfg->bucket), BYTES_ARG(prefix));
    jsonw_name(w, "partition");
    jsonw_object(w);
    jsonw_name(w, "values");
    int rc = write_values(w, t, ms, e);
    jsonw_name(w, "json");
    jsonw_object(w);
    jsonw_name(w, "Values");
    if (!rc)
        rc = write_values(w, t, ms, e);
    write_storage(w, t->storage, location);
    jsonw_kv_raw(w, "Parameters", BYTES("{}"));
    jsonw_end_object(w);
    jsonw_end_object(w);
    return rc;
}

int delivery_plan_make(struct arena *a, const struct delivery_config *cfg,
                       const struct delivery_target *t, const struct delivery_buffer *b,
                       struct delivery_plan *ret, struct err *e) {
    struct keys keys;
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    int rc = make_keys(a, cfg, b->first_ms, &keys, e);
    if (rc)
        return rc;
    jsonw_object(&w);
    jsonw_kv_i64(&w, "first_ms", b->first_ms);
    jsonw_kv_str(&w, "bucket", cfg->bucket);
    jsonw_kv_str(&w, "key", keys.key);
    jsonw_kv_str(&w, "error_key", keys.error_key);
    jsonw_kv_i64(&w, "table_id", t ? t->table.id : 0);
    jsonw_kv_bool(&w, "listed", t && (t->key_count == 0 || t->patterns));
    if (t && t->patterns)
        rc = write_partition(&w, a, cfg, t, keys.folder, b->first_ms, e);
    write_task(&w, cfg, t, a);
    jsonw_end_object(&w);
    ret->json = arena_copy(a, buf_bytes(&out));
    ret->uri = arena_fmt(a, "s3://%.*s/%.*s", BYTES_ARG(cfg->bucket), BYTES_ARG(keys.key));
    ret->error_uri =
        arena_fmt(a, "s3://%.*s/%.*s", BYTES_ARG(cfg->bucket), BYTES_ARG(keys.error_key));
    if (!rc && (out.failed || a->failed))
        rc = err_set(e, ERR_NOMEM, NULL);
    buf_clear(&out);
    return rc;
}
