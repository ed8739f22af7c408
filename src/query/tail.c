/* tail.c - the log after a feed's checkpoint, as one more part of a scan.
 *
 *     files of the snapshot | records from the snapshot's checkpoint to the log's end
 *
 * The order makes each row be seen once: the snapshot is read first, the log's end afterwards, and
 * the view starts at the snapshot's checkpoint even when a delivery has committed in between. That
 * delivery may also have let the log be trimmed: the view is pinned first and the log's first
 * record looked at then; when it lies past the checkpoint the plan is stale and made anew.
 *
 * Partition columns of the tail are the record's arrival time in the pattern that the delivery
 * registers partitions with (schema/prefix.h). A constraint that no arrival time of the tail can
 * satisfy leaves the tail out. */
#include "base/log.h"
#include "base/mem.h"
#include "query/query_int.h"
#include "schema/prefix.h"

#define MAX_STEPS 10000

struct feed {
    const struct catalog_feed *feed;
    const struct json *destination;
    struct slog_log *log;
    struct bytes *patterns; /* per partition column */
    struct slog_extent extent;
};

/* False when the feed has no readable tail: its document, log or partition pattern is missing. */
static int feed_open(struct plan *p, struct plan_scan *s, const struct catalog_feed *feed,
                     struct feed *ret, bool *ret_there, struct err *e) {
    struct catalog_doc doc;
    struct json *root = NULL;
    *ret = (struct feed){.feed = feed};
    *ret_there = false;
    int rc = catalog_doc_get(p->service->d.catalog, &p->arena, "firehose", feed->delivery, &doc, e);
    if (rc)
        return rc == ERR_RESOURCE_NOT_FOUND ? 0 : rc;
    rc = json_parse(&p->arena, doc.json, &root, e);
    char *log = rc ? NULL : arena_cstr(&p->arena, json_get_str(root, "log"));
    if (rc || !log)
        return rc ? rc : err_set(e, ERR_NOMEM, NULL);
    const struct json *d = json_get(root, "destination");
    const struct json *inner = json_get(d, "ExtendedS3DestinationConfiguration");
    ret->destination = inner ? inner : d;
    ret->log = slog_find(p->service->d.slog, log);
    *ret_there = ret->log && feed->checkpoint > 0;
    return 0;
}

static int find_patterns(struct plan *p, struct plan_scan *s, struct feed *f, bool *ret_found,
                         struct err *e) {
    const struct plan_table *t = s->table;
    size_t n = t->key_count;
    struct bytes *names = ARENA_NEW_N(&p->arena, struct bytes, n + 1);
    struct bytes *params = ARENA_NEW_N(&p->arena, struct bytes, n + 1);
    f->patterns = ARENA_NEW_N(&p->arena, struct bytes, n + 1);
    *ret_found = n == 0;
    if (!names || !params || !f->patterns)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < n; i++) {
        names[i] = t->info.columns[t->data_count + i].name;
        char *key =
            arena_cstr(&p->arena, arena_fmt(&p->arena, "tarn.partition.%.*s", BYTES_ARG(names[i])));
        params[i] = key ? plan_param(t->params, key) : BYTES("");
    }
    if (n)
        *ret_found = prefix_partition_patterns(&p->arena, json_get_str(f->destination, "Prefix"),
                                               names, params, n, f->patterns);
    return p->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

/* ---- pruning by arrival time ---- */
static int values_at(struct plan *p, const struct feed *f, size_t n, int64_t ms,
                     struct bytes *ret_values, int64_t *ret_next, struct err *e) {
    struct buf text = {0};
    int rc = 0;
    *ret_next = INT64_MAX;
    for (size_t i = 0; !rc && i < n; i++) {
        buf_reset(&text);
        rc = prefix_format_time(f->patterns[i], ms, &text, e);
        ret_values[i] = arena_copy(&p->arena, buf_bytes(&text));
        buf_reset(&text);
        buf_add_fmt(&text, "!{timestamp:%.*s}", BYTES_ARG(f->patterns[i]));
        int64_t next = prefix_next_change(buf_bytes(&text), ms);
        *ret_next = MIN_OF(*ret_next, next);
    }
    buf_clear(&text);
    return rc;
}

/* Whether some arrival time from the tail's first to its last record can satisfy the constraints.
 */
static int tail_wanted(struct plan *p, const struct plan_scan *s, const struct feed *f,
                       bool *ret_wanted, struct err *e) {
    size_t n = s->table->key_count;
    struct bytes *values = ARENA_NEW_N(&p->arena, struct bytes, n + 1);
    int64_t ms = f->extent.first_arrival_ms;
    int rc = values ? 0 : err_set(e, ERR_NOMEM, NULL);
    struct plan_prune prune = {0};
    *ret_wanted = n == 0 || !plan_prunes(s);
    if (!rc)
        rc = plan_prune_begin(p, s, &prune, e);
    for (int step = 0; !rc && !*ret_wanted && ms <= f->extent.last_arrival_ms; step++) {
        int64_t next;
        rc = values_at(p, f, n, ms, values, &next, e);
        *ret_wanted = !rc && (step >= MAX_STEPS || filter_keeps(&prune.filter, values, n));
        if (next <= ms)
            break;
        ms = next;
    }
    plan_prune_end(&prune);
    return rc;
}

/* ---- the view ---- */
static const struct json *openx(const struct json *destination) {
    const struct json *c = json_get(destination, "DataFormatConversionConfiguration");
    c = json_get(json_get(c, "InputFormatConfiguration"), "Deserializer");
    return json_get(c, "OpenXJsonSerDe");
}

static void write_columns(struct jsonw *w, struct plan *p, const struct plan_table *t,
                          const struct json *mappings) {
    jsonw_name(w, "columns");
    jsonw_array(w);
    for (size_t i = 0; i < t->data_count; i++) {
        struct buf type = {0};
        char *name = arena_cstr(&p->arena, t->info.columns[i].name);
        struct bytes key = name ? json_get_str(mappings, name) : BYTES("");
        type_format(t->info.columns[i].type, &type);
        p->arena.failed |= !buf_ok(&type);
        jsonw_object(w);
        jsonw_kv_str(w, "name", t->info.columns[i].name);
        jsonw_kv_str(w, "hive_type", buf_bytes(&type));
        if (key.len)
            jsonw_kv_str(w, "json_key", key);
        jsonw_end_object(w);
        buf_clear(&type);
    }
    jsonw_end_array(w);
}

static void write_view(struct jsonw *w, struct plan *p, const struct plan_table *t,
                       const struct feed *f, struct bytes name, const struct slog_view *view) {
    const struct json *serde = openx(f->destination);
    struct buf log = {0};
    slog_view_write_json(view, &log);
    jsonw_object(w);
    jsonw_kv_str(w, "name", name);
    jsonw_kv_raw(w, "log", buf_bytes(&log));
    write_columns(w, p, t, json_get(serde, "ColumnToJsonKeyMappings"));
    jsonw_kv_bool(w, "case_sensitive", !json_get_bool(serde, "CaseInsensitive", true));
    jsonw_kv_bool(w, "dots_to_underscores",
                  json_get_bool(serde, "ConvertDotsInJsonKeysToUnderscores", false));
    jsonw_name(w, "partitions");
    jsonw_array(w);
    for (size_t i = 0; i < t->key_count; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "name", t->info.columns[t->data_count + i].name);
        jsonw_kv_str(w, "pattern", f->patterns[i]);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    p->arena.failed |= !buf_ok(&log);
    buf_clear(&log);
}

static int keep_view(struct plan *p, struct slog_view *view, struct err *e) {
    if (p->view_count == p->view_cap) {
        size_t cap = p->view_cap ? p->view_cap * 2 : 4;
        struct slog_view **grown = mem_realloc(p->views, cap * sizeof *grown);
        if (!grown) {
            slog_view_free(&view);
            return err_set(e, ERR_NOMEM, NULL);
        }
        p->views = grown;
        p->view_cap = cap;
    }
    p->views[p->view_count++] = view;
    return 0;
}

static int add_view(struct plan *p, struct plan_scan *s, struct feed *f, bool *ret_stale,
                    struct err *e) {
    struct slog_view *view = NULL;
    struct slog_bounds bounds;
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    int rc = slog_view_new(f->log, f->extent.from_lsn, f->extent.to_lsn, &view, e);
    if (!rc)
        rc = keep_view(p, view, e);
    if (rc)
        return rc;
    slog_get_bounds(f->log, &bounds);
    *ret_stale |= bounds.first_lsn > f->feed->checkpoint;
    struct plan_tail *tail = &s->tails[s->tail_count++];
    tail->name = arena_fmt(&p->arena, "tail_%.8s%.4s_%zu", p->id, p->id + 9, p->view_count);
    write_view(&w, p, s->table, f, tail->name, view);
    tail->view_json = arena_copy(&p->arena, buf_bytes(&json));
    tail->path = arena_fmt(&p->arena, "tarn://firehose/%.*s", BYTES_ARG(f->feed->delivery));
    tail->data_bytes = f->extent.data_bytes;
    rc = buf_ok(&json) && !p->arena.failed ? 0 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&json);
    return rc;
}

static int add_feed(struct plan *p, struct plan_scan *s, const struct catalog_feed *feed,
                    bool *ret_stale, struct err *e) {
    struct feed f;
    bool there, wanted = false;
    int rc = feed_open(p, s, feed, &f, &there, e);
    if (!rc && there)
        rc = find_patterns(p, s, &f, &there, e);
    if (rc || !there)
        return rc;
    struct slog_bounds bounds;
    slog_get_bounds(f.log, &bounds);
    *ret_stale |= bounds.first_lsn > feed->checkpoint;
    if (feed->checkpoint >= bounds.next_lsn)
        return 0;
    rc = slog_measure(f.log, feed->checkpoint, INT64_MAX, UINT64_MAX, &f.extent, e);
    if (!rc && f.extent.records)
        rc = tail_wanted(p, s, &f, &wanted, e);
    return rc || !wanted ? rc : add_view(p, s, &f, ret_stale, e);
}

int plan_add_tails(struct plan *p, struct plan_scan *s, bool *ret_stale, struct err *e) {
    const struct plan_table *t = s->table;
    if (bytes_eq_nocase(plan_param(t->params, "tarn.tail"), BYTES("false")))
        return 0;
    s->tails = ARENA_NEW_N(&p->arena, struct plan_tail, t->feed_count + 1);
    int rc = s->tails ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < t->feed_count; i++)
        rc = add_feed(p, s, &t->feeds[i], ret_stale, e);
    return rc;
}
