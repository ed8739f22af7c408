/* limits.c - a workgroup's limits from its tags.
 *
 *     defaults -> capacity reservation that serves the workgroup -> tags "tarn.*"
 *
 * The primary workgroup's defaults are what the server was started with; other workgroups have the
 * same but for their priority, which is low: what nobody configured cannot starve the primary one.
 */
#include "query/limits.h"
#include "base/mem.h"
#include "catalog/tags.h"
#include "query/query_int.h"
#include <stddef.h>

#define TRINO_URL_MAX 255
#define TRINO_CATALOG_MAX 127

/* In place of words: the value is a text of at most `max` bytes. */
static const char is_text[] = "";

static const struct limit {
    const char *tag;
    size_t offset;
    int64_t min, max;
    const char *words; /* NULL: a number; else the values 0, 1, .. by name */
} table[] = {
    {"tarn.engine", offsetof(struct limits, engine), 0, 1, "tarn trino"},
    {"tarn.trino_url", offsetof(struct limits, trino_url), 0, TRINO_URL_MAX, is_text},
    {"tarn.trino_catalog", offsetof(struct limits, trino_catalog), 0, TRINO_CATALOG_MAX, is_text},
    {"tarn.concurrency", offsetof(struct limits, concurrency), 1, 32, NULL},
    {"tarn.queue", offsetof(struct limits, queue), 0, 100000, NULL},
    {"tarn.memory_mb", offsetof(struct limits, memory_mb), 64, 1 << 24, NULL},
    {"tarn.threads", offsetof(struct limits, threads), 1, 256, NULL},
    {"tarn.spill_mb", offsetof(struct limits, spill_mb), 1, 1 << 30, NULL},
    {"tarn.timeout_s", offsetof(struct limits, timeout_s), 1, 7 * 86400, NULL},
    {"tarn.priority", offsetof(struct limits, priority), 0, 2, "high normal low"},
    {"tarn.require_partition_filter", offsetof(struct limits, require_partition_filter), 0, 1,
     "false true"},
    {"tarn.reuse", offsetof(struct limits, reuse), 0, 1, "off data"},
};

static const struct limit *find(struct bytes tag) {
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (bytes_eq_str(tag, table[i].tag))
            return &table[i];
    return NULL;
}

/* ---- one value ---- */
static bool read_word(const char *words, struct bytes text, int64_t *ret) {
    struct bytes rest = bytes_str(words), word;
    for (int64_t i = 0; rest.len; i++) {
        rest = bytes_cut(rest, ' ', &word);
        *ret = i;
        if (bytes_eq_nocase(word, text))
            return true;
    }
    return false;
}

static bool read_value(const struct limit *l, struct bytes text, int64_t *ret) {
    if (l->words == is_text)
        return text.len <= (size_t)l->max && !memchr(text.ptr, 0, text.len);
    if (l->words)
        return read_word(l->words, text, ret);
    return bytes_to_i64(text, ret) && *ret >= l->min && *ret <= l->max;
}

int query_limit_check(struct bytes tag, struct bytes value, struct err *e) {
    int64_t n;
    const struct limit *l = find(tag);
    if (!bytes_starts_with(tag, BYTES("tarn.")))
        return 0;
    if (!l)
        return err_set(e, ERR_INVALID_REQUEST,
                       "There is no workgroup setting %.*s; docs/workgroups.md lists them.",
                       BYTES_ARG(tag));
    if (read_value(l, value, &n))
        return 0;
    if (l->words == is_text)
        return err_set(e, ERR_INVALID_REQUEST, "The tag %s has at most %lld characters.", l->tag,
                       (long long)l->max);
    if (l->words)
        return err_set(e, ERR_INVALID_REQUEST, "The tag %s must be one of: %s (not '%.*s').",
                       l->tag, l->words, BYTES_ARG(value));
    return err_set(e, ERR_INVALID_REQUEST, "The tag %s must be a number from %lld to %lld.", l->tag,
                   (long long)l->min, (long long)l->max);
}

/* ---- a workgroup's ---- */
static void set_defaults(struct query_service *q, struct bytes workgroup, struct limits *l) {
    struct work_group_options o;
    work_group_get(q->d.pool, WORK_QUERY, &o);
    *l = (struct limits){.concurrency = o.max_workers,
                         .queue = (int64_t)o.max_queue,
                         .memory_mb = o.memory_mb,
                         .threads = o.threads,
                         .spill_mb = o.spill_mb,
                         .timeout_s = QUERY_TIMEOUT_MS / 1000,
                         .trino_url = "http://127.0.0.1:8080",
                         .trino_catalog = "awsdatacatalog",
                         .priority =
                             bytes_eq_str(workgroup, "primary") ? PRIORITY_NORMAL : PRIORITY_LOW};
}

static bool serves(const struct json *reservation, struct bytes workgroup) {
    JSON_FOR_EACH(assignment, json_get(reservation, "Assignments_")) {
        JSON_FOR_EACH(name, json_get(assignment, "WorkGroupNames"))
        if (bytes_eq(name->text, workgroup))
            return bytes_eq_str(json_get_str(reservation, "Status"), "ACTIVE");
    }
    return false;
}

static int apply_reservations(struct query_service *q, struct arena *a, struct bytes workgroup,
                              struct limits *l, struct err *e) {
    struct catalog_doc *d = NULL;
    size_t n = 0;
    int rc =
        catalog_doc_list(q->d.catalog, a, QUERY_CAPACITY_KIND, false, 0, BYTES(""), 100, &d, &n, e);
    for (size_t i = 0; !rc && i < n; i++) {
        struct json *tree;
        rc = json_parse(a, d[i].json, &tree, e);
        if (rc || !serves(tree, workgroup))
            continue;
        l->priority = PRIORITY_HIGH;
        l->concurrency =
            MIN_OF(MAX_OF(json_get_i64(tree, "TargetDpus", 4) / 4, l->concurrency), 32);
    }
    return rc;
}

static void set_value(struct limits *l, const struct limit *limit, struct bytes text, int64_t v) {
    char *at = (char *)l + limit->offset;
    if (limit->words != is_text) {
        memcpy(at, &v, sizeof v);
    } else {
        memcpy(at, text.ptr, text.len);
        at[text.len] = 0;
    }
}

int limits_load(struct query_service *q, struct arena *a, struct bytes workgroup,
                struct limits *ret, struct err *e) {
    struct bytes resource = arena_fmt(a, "athena:workgroup/%.*s", BYTES_ARG(workgroup));
    struct catalog_tag *tags = NULL;
    struct limits l;
    size_t n = 0;
    set_defaults(q, workgroup, &l);
    int rc = a->failed ? err_set(e, ERR_NOMEM, NULL) : apply_reservations(q, a, workgroup, &l, e);
    if (!rc)
        rc = catalog_tags_list(q->d.catalog, a, resource, &tags, &n, e);
    for (size_t i = 0; !rc && i < n; i++) {
        const struct limit *limit = find(tags[i].key);
        int64_t v;
        if (limit && read_value(limit, tags[i].value, &v))
            set_value(&l, limit, tags[i].value, v);
    }
    if (!rc)
        *ret = l;
    return rc;
}

void limits_write(const struct limits *l, struct jsonw *w) {
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (table[i].words == is_text) {
            jsonw_kv_cstr(w, table[i].tag + 5, (const char *)l + table[i].offset);
            continue;
        }
        int64_t v = *(const int64_t *)((const char *)l + table[i].offset);
        struct bytes rest = bytes_str(table[i].words ? table[i].words : ""), word = {0};
        for (int64_t k = 0; table[i].words && k <= v; k++)
            rest = bytes_cut(rest, ' ', &word);
        if (table[i].words)
            jsonw_kv_str(w, table[i].tag + 5, word);
        else
            jsonw_kv_i64(w, table[i].tag + 5, v);
    }
    jsonw_kv_i64(w, "bytes_scanned_cutoff", l->cutoff_bytes);
}
