/* glue_crawl.c - ListCrawls: a crawler's crawls, filtered, newest first. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_crawler.h"

void glue_write_crawl_log(struct jsonw *w, struct bytes crawler, struct bytes id) {
    jsonw_kv_cstr(w, "LogGroup", "/aws-glue/crawlers");
    jsonw_kv_str(w, "LogStream", crawler);
    jsonw_kv_str(w, "MessagePrefix", id);
}

/* {"TABLE":{"ADD":1,..},"PARTITION":{..}}, as a text. */
static void write_summary(struct jsonw *w, const struct crawl_report *r) {
    struct buf text = {0};
    buf_add_fmt(&text,
                "{\"TABLE\":{\"ADD\":%lld,\"UPDATE\":%lld,\"DELETE\":%lld},\"PARTITION\":{\"ADD\":"
                "%lld,\"UPDATE\":%lld,\"DELETE\":%lld},\"FILES_READ\":%lld}",
                (long long)r->tables_created, (long long)r->tables_updated,
                (long long)r->tables_deleted, (long long)r->partitions_created,
                (long long)r->partitions_updated, (long long)r->partitions_deleted,
                (long long)r->files_asked);
    jsonw_kv_str(w, "Summary", buf_bytes(&text));
    w->out->failed |= !buf_ok(&text);
    buf_clear(&text);
}
static void write_crawl(struct api_call *call, struct bytes crawler, const struct crawl_report *r) {
    struct jsonw *w = &call->out;
    jsonw_object(w);
    jsonw_kv_str(w, "CrawlId", r->id);
    jsonw_kv_str(w, "State", r->status);
    jsonw_kv_time_ms(w, "StartTime", r->started_ms);
    if (r->ended_ms) {
        jsonw_kv_time_ms(w, "EndTime", r->ended_ms);
        write_summary(w, r);
    }
    if (r->error.len)
        jsonw_kv_str(w, "ErrorMessage", r->error);
    glue_write_crawl_log(w, crawler, r->id);
    jsonw_kv_raw(w, "DPUHour", BYTES("0.0"));
    jsonw_end_object(w);
}

/* ---- filters ---- */
#define OPERATORS "LT|EQ|GT|NE|LE|GE"
#define FIELDS "START_TIME|END_TIME|STATE|CRAWL_ID|DPU_HOUR"
static const struct glue_shape filter[] = {
    {.name = "FieldName", .kind = GLUE_ENUM, .values = FIELDS},
    {.name = "FilterOperator", .kind = GLUE_ENUM, .values = OPERATORS},
    {.name = "FieldValue", .kind = GLUE_STRING},
    {.name = NULL}};
static const struct glue_shape filters[] = {{.kind = GLUE_STRUCT, .of = filter}};
static const struct glue_shape filter_list = {.kind = GLUE_LIST, .of = filters};

static bool compare_holds(struct bytes op, int order) {
    static const struct {
        const char *name;
        int least, most;
    } ops[] = {{"GT", 1, 1}, {"GE", 0, 1}, {"LT", -1, -1}, {"LE", -1, 0}, {"EQ", 0, 0}};
    if (bytes_eq_str(op, "NE"))
        return order != 0;
    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (bytes_eq_str(op, ops[i].name))
            return order >= ops[i].least && order <= ops[i].most;
    return false;
}

static bool digits_at(struct bytes t, size_t from, size_t len, int *ret) {
    int64_t n;
    struct bytes part = bytes_slice(t, from, from + len);
    if (part.len != len || part.ptr[0] == '-' || !bytes_to_i64(part, &n))
        return false;
    *ret = (int)n;
    return true;
}
/* Milliseconds since 1970, or 2026-01-31T12:00:00[.123456][Z|+00:00]. */
static bool read_time(struct bytes t, int64_t *ret) {
    struct clock_fields f = {0};
    int hours = 0, minutes = 0, fraction = 0;
    size_t at = 19, digits = 0;
    if (bytes_to_i64(t, ret))
        return true;
    if (!digits_at(t, 0, 4, &f.year) || !digits_at(t, 5, 2, &f.month) ||
        !digits_at(t, 8, 2, &f.day) || !digits_at(t, 11, 2, &f.hour) ||
        !digits_at(t, 14, 2, &f.minute) || !digits_at(t, 17, 2, &f.second) || f.month < 1 ||
        f.month > 12 || f.day < 1 || f.day > 31)
        return false;
    if (at < t.len && t.ptr[at] == '.')
        for (at++; at < t.len && t.ptr[at] >= '0' && t.ptr[at] <= '9'; at++, digits++)
            fraction = digits < 3 ? fraction * 10 + (t.ptr[at] - '0') : fraction;
    for (; digits && digits < 3; digits++)
        fraction *= 10;
    int sign = at < t.len && t.ptr[at] == '-' ? -1 : 1;
    if (at < t.len && t.ptr[at] != 'Z' &&
        (!digits_at(t, at + 1, 2, &hours) || !digits_at(t, at + 4, 2, &minutes)))
        return false;
    *ret = clock_join_ms(&f) + fraction - sign * (hours * 60 + minutes) * INT64_C(60000);
    return true;
}

static bool is_time(struct bytes field) {
    return bytes_ends_with(field, BYTES("_TIME"));
}
static bool is_name(struct bytes field) {
    return bytes_eq_str(field, "STATE") || bytes_eq_str(field, "CRAWL_ID");
}
static int check_filters(struct api_call *call, const struct json *list) {
    int rc = list ? glue_check(list, "filters", &filter_list, &call->err) : 0;
    JSON_FOR_EACH(f, rc ? NULL : list) {
        struct bytes field = json_get_str(f, "FieldName"), op = json_get_str(f, "FilterOperator"),
                     value = json_get_str(f, "FieldValue");
        int64_t ms;
        if (!field.ptr || !op.ptr || !value.ptr)
            return err_set(&call->err, ERR_INVALID_INPUT,
                           "Invalid Filter Provided: FieldName: %.*s, FilterOperator: %.*s, "
                           "FieldValue: %.*s",
                           BYTES_ARG(field.ptr ? field : BYTES("null")),
                           BYTES_ARG(op.ptr ? op : BYTES("null")),
                           BYTES_ARG(value.ptr ? value : BYTES("null")));
        if (is_name(field) && !bytes_eq_str(op, "EQ") && !bytes_eq_str(op, "NE"))
            return err_set(&call->err, ERR_INVALID_INPUT,
                           "Only EQ or NE operator is allowed for field : %.*s", BYTES_ARG(field));
        if (is_time(field) && !read_time(value, &ms))
            return err_set(&call->err, ERR_INVALID_INPUT,
                           "FieldValue '%.*s' must be milliseconds since 1970 or an ISO 8601 time.",
                           BYTES_ARG(value));
    }
    return rc;
}
static bool filter_holds(const struct json *f, const struct crawl_report *r) {
    struct bytes field = json_get_str(f, "FieldName"), op = json_get_str(f, "FilterOperator"),
                 value = json_get_str(f, "FieldValue");
    int64_t want, have = bytes_eq_str(field, "END_TIME") ? r->ended_ms : r->started_ms;
    if (is_name(field))
        return compare_holds(op,
                             bytes_cmp(bytes_eq_str(field, "STATE") ? r->status : r->id, value));
    if (!is_time(field)) /* DPU_HOUR: always 0 */
        return compare_holds(op, bytes_eq_str(value, "0") || bytes_eq_str(value, "0.0") ? 0 : -1);
    return have && read_time(value, &want) && compare_holds(op, have < want ? -1 : have > want);
}
static bool passes(const struct json *list, const struct crawl_report *r) {
    JSON_FOR_EACH(f, list)
    if (!filter_holds(f, r))
        return false;
    return true;
}

/* ---- pages ---- */
/* A token is "start id" of the last crawl written. */
static int read_place(struct api_call *call, int64_t *ms, struct bytes *id) {
    struct bytes token, text;
    int rc = glue_token(call, "glue:ListCrawls", &token);
    *ms = INT64_MAX;
    *id = BYTES("");
    if (rc || !token.len)
        return rc;
    *id = bytes_cut(token, ' ', &text);
    return bytes_to_i64(text, ms) ? 0 : err_set(&call->err, ERR_INVALID_INPUT, "Invalid NextToken");
}

int glue_list_crawls(struct api_call *call) {
    struct bytes crawler = json_get_str(call->in, "CrawlerName"), id;
    const struct json *wanted = json_get(call->in, "Filters");
    struct crawl_report *r;
    size_t n = 1, written = 0, max = glue_max_results(call, 20);
    int64_t ms;
    int rc = check_filters(call, wanted);
    rc = rc ? rc : read_place(call, &ms, &id);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Crawls");
    jsonw_array(&call->out);
    while (!rc && n && written < max) {
        rc = crawl_history(glue_crawl(call), call->arena, crawler, ms, id, 100, &r, &n, &call->err);
        for (size_t i = 0; !rc && i < n && written < max; i++) {
            ms = r[i].started_ms;
            id = r[i].id;
            if (passes(wanted, &r[i])) {
                write_crawl(call, crawler, &r[i]);
                written++;
            }
        }
    }
    jsonw_end_array(&call->out);
    if (!rc && written == max) {
        struct bytes at = arena_fmt(call->arena, "%lld %.*s", (long long)ms, BYTES_ARG(id));
        glue_write_token(call, "glue:ListCrawls", at);
    }
    jsonw_end_object(&call->out);
    return rc;
}
