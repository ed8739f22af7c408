/* glue_crawler.c - crawlers: definitions, state, start and stop, schedules. */
#include "api/glue/glue_crawler.h"
#include "catalog/tags.h"

#include <stdlib.h>

#define LOG_GROUP "/aws-glue/crawlers"

static struct bytes name_of(struct api_call *call, const char *member) {
    return json_get_str(call->in, member);
}

/* ---- one crawler as Glue answers it ---- */
static void write_targets(struct jsonw *w, const struct json *targets) {
    static const char *const kinds[] = {"S3Targets",       "JdbcTargets",    "MongoDBTargets",
                                        "DynamoDBTargets", "CatalogTargets", "DeltaTargets",
                                        "IcebergTargets",  "HudiTargets"};
    jsonw_name(w, "Targets");
    jsonw_object(w);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct json *list = json_get(targets, kinds[i]);
        jsonw_name(w, kinds[i]);
        if (list)
            jsonw_tree(w, list);
        else
            jsonw_raw(w, BYTES("[]"));
    }
    jsonw_end_object(w);
}

/* Members that CreateCrawler left out have defaults. */
static void write_definition(struct jsonw *w, const struct json *d) {
    static const char *const skip[] = {"Targets", NULL};
    static const struct {
        const char *name, *json;
    } defaults[] = {{"Classifiers", "[]"},
                    {"RecrawlPolicy", "{\"RecrawlBehavior\":\"CRAWL_EVERYTHING\"}"},
                    {"SchemaChangePolicy",
                     "{\"UpdateBehavior\":\"UPDATE_IN_DATABASE\",\"DeleteBehavior\":"
                     "\"DEPRECATE_IN_DATABASE\"}"},
                    {"LineageConfiguration", "{\"CrawlerLineageSettings\":\"DISABLE\"}"},
                    {"LakeFormationConfiguration",
                     "{\"UseLakeFormationCredentials\":false,\"AccountId\":\"\"}"}};
    glue_write_members(w, d, skip);
    write_targets(w, json_get(d, "Targets"));
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (!json_get(d, defaults[i].name))
            jsonw_kv_raw(w, defaults[i].name, bytes_str(defaults[i].json));
}

static const char *last_status(struct bytes status) {
    return bytes_eq_str(status, "COMPLETED") ? "SUCCEEDED"
           : bytes_eq_str(status, "STOPPED") ? "CANCELLED"
                                             : "FAILED";
}
static void write_log(struct jsonw *w, struct bytes crawler, struct bytes id) {
    jsonw_kv_cstr(w, "LogGroup", LOG_GROUP);
    jsonw_kv_str(w, "LogStream", crawler);
    jsonw_kv_str(w, "MessagePrefix", id);
}
static void write_crawler(struct api_call *call, const struct crawler *c) {
    struct jsonw *w = &call->out;
    int64_t now = clock_wall_ms(catalog_clock(glue_catalog(call)));
    jsonw_object(w);
    write_definition(w, c->definition);
    jsonw_kv_cstr(w, "State", crawl_state_name(c->state));
    if (c->schedule.len) {
        jsonw_name(w, "Schedule");
        jsonw_object(w);
        jsonw_kv_str(w, "ScheduleExpression", c->schedule);
        jsonw_kv_cstr(w, "State", c->scheduled ? "SCHEDULED" : "NOT_SCHEDULED");
        jsonw_end_object(w);
    }
    jsonw_kv_i64(w, "CrawlElapsedTime",
                 c->state == CRAWL_READY ? 0 : MAX_OF(now - c->run.started_ms, 0));
    jsonw_kv_time_ms(w, "CreationTime", c->created_ms);
    jsonw_kv_time_ms(w, "LastUpdated", c->updated_ms);
    if (c->last.status.len) {
        jsonw_name(w, "LastCrawl");
        jsonw_object(w);
        jsonw_kv_cstr(w, "Status", last_status(c->last.status));
        if (c->last.error.len)
            jsonw_kv_str(w, "ErrorMessage", c->last.error);
        write_log(w, c->name, c->last.id);
        jsonw_kv_time_ms(w, "StartTime", c->last.started_ms);
        jsonw_end_object(w);
    }
    jsonw_kv_i64(w, "Version", c->version);
    jsonw_end_object(w);
}

/* ---- definitions ---- */
int glue_create_crawler(struct api_call *call) {
    const struct json *tags = json_get(call->in, "Tags");
    struct bytes resource =
        arena_fmt(call->arena, "crawler/%.*s", BYTES_ARG(name_of(call, "Name")));
    int rc = glue_tags_check(call, tags, "tags");
    if (!rc && !resource.ptr)
        rc = glue_out_of_memory(call);
    rc = rc ? rc : crawl_create(glue_crawl(call), call->in, &call->err);
    return rc ? rc : glue_tags_store(call, resource, tags);
}
int glue_update_crawler(struct api_call *call) {
    return crawl_update(glue_crawl(call), call->in, &call->err);
}
int glue_delete_crawler(struct api_call *call) {
    struct bytes name = name_of(call, "Name"),
                 resource = arena_fmt(call->arena, "crawler/%.*s", BYTES_ARG(name));
    int rc =
        resource.ptr ? crawl_delete(glue_crawl(call), name, &call->err) : glue_out_of_memory(call);
    return rc ? rc : catalog_tags_forget(glue_catalog(call), resource, &call->err);
}
int glue_get_crawler(struct api_call *call) {
    struct crawler c;
    int rc = crawl_get(glue_crawl(call), call->arena, name_of(call, "Name"), &c, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Crawler");
    write_crawler(call, &c);
    jsonw_end_object(&call->out);
    return 0;
}

/* A page of crawlers, each written by `write`. */
static int write_page(struct api_call *call, const char *token, const char *list, size_t most,
                      void (*write)(struct api_call *call, const struct crawler *c)) {
    struct crawler *c;
    struct bytes after;
    size_t n, max = glue_max_results(call, most);
    int rc = glue_token(call, token, &after);
    if (!rc)
        rc = crawl_list(glue_crawl(call), call->arena, after, max + 1, &c, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, list);
    jsonw_array(&call->out);
    for (size_t i = 0; i < n && i < max; i++)
        write(call, &c[i]);
    jsonw_end_array(&call->out);
    if (n > max)
        glue_write_token(call, token, c[max - 1].name);
    jsonw_end_object(&call->out);
    return 0;
}
int glue_get_crawlers(struct api_call *call) {
    return write_page(call, "glue:GetCrawlers", "Crawlers", 1000, write_crawler);
}
static void write_name(struct api_call *call, const struct crawler *c) {
    jsonw_str(&call->out, c->name);
}
int glue_list_crawlers(struct api_call *call) {
    return write_page(call, "glue:ListCrawlers", "CrawlerNames", 1000, write_name);
}

int glue_batch_get_crawlers(struct api_call *call) {
    const struct bytes *names;
    size_t n;
    struct crawler c;
    struct buf missing = {0};
    struct jsonw m = jsonw_to(&missing);
    int rc = glue_strings(call, json_get(call->in, "CrawlerNames"), &names, &n);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Crawlers");
    jsonw_array(&call->out);
    jsonw_array(&m);
    for (size_t i = 0; i < n && !rc; i++) {
        rc = crawl_get(glue_crawl(call), call->arena, names[i], &c, &call->err);
        if (!rc)
            write_crawler(call, &c);
        if (rc == ERR_ENTITY_NOT_FOUND) {
            jsonw_str(&m, names[i]);
            rc = 0;
        }
    }
    jsonw_end_array(&m);
    jsonw_end_array(&call->out);
    jsonw_kv_raw(&call->out, "CrawlersNotFound", buf_bytes(&missing));
    jsonw_end_object(&call->out);
    call->out_buf.failed |= !buf_ok(&missing);
    buf_clear(&missing);
    return rc;
}

/* ---- start, stop, schedules ---- */
int glue_start_crawler(struct api_call *call) {
    return crawl_start(glue_crawl(call), name_of(call, "Name"), &call->err);
}
int glue_stop_crawler(struct api_call *call) {
    return crawl_stop(glue_crawl(call), name_of(call, "Name"), &call->err);
}
int glue_update_crawler_schedule(struct api_call *call) {
    return crawl_schedule_set(glue_crawl(call), name_of(call, "CrawlerName"),
                              name_of(call, "Schedule"), &call->err);
}
int glue_start_crawler_schedule(struct api_call *call) {
    return crawl_schedule_start(glue_crawl(call), name_of(call, "CrawlerName"), &call->err);
}
int glue_stop_crawler_schedule(struct api_call *call) {
    return crawl_schedule_stop(glue_crawl(call), name_of(call, "CrawlerName"), &call->err);
}

/* ---- metrics ---- */
static int compare_runtimes(const void *x, const void *y) {
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}
static void write_metrics(struct api_call *call, const struct crawler *c) {
    struct jsonw *w = &call->out;
    int64_t sorted[COUNT_OF(c->runtimes_ms)],
        now = clock_wall_ms(catalog_clock(glue_catalog(call)));
    size_t n = c->runtime_count;
    memcpy(sorted, c->runtimes_ms, sizeof sorted);
    qsort(sorted, n, sizeof *sorted, compare_runtimes);
    int64_t median = n ? sorted[n / 2] : 0, last = n ? c->runtimes_ms[n - 1] : 0;
    int64_t left = c->state == CRAWL_READY ? 0 : MAX_OF(median - (now - c->run.started_ms), 0);
    jsonw_object(w);
    jsonw_kv_str(w, "CrawlerName", c->name);
    jsonw_kv_i64(w, "TimeLeftSeconds", left / 1000);
    jsonw_kv_bool(w, "StillEstimating", c->state != CRAWL_READY && !n);
    jsonw_name(w, "LastRuntimeSeconds");
    jsonw_f64(w, (double)last / 1000);
    jsonw_name(w, "MedianRuntimeSeconds");
    jsonw_f64(w, (double)median / 1000);
    jsonw_kv_i64(w, "TablesCreated", c->last.tables_created);
    jsonw_kv_i64(w, "TablesUpdated", c->last.tables_updated);
    jsonw_kv_i64(w, "TablesDeleted", c->last.tables_deleted);
    jsonw_end_object(w);
}
int glue_get_crawler_metrics(struct api_call *call) {
    const struct json *list = json_get(call->in, "CrawlerNameList");
    const struct bytes *names;
    size_t n;
    if (!list || !list->count)
        return write_page(call, "glue:GetCrawlerMetrics", "CrawlerMetricsList", 1000,
                          write_metrics);
    int rc = glue_strings(call, list, &names, &n);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "CrawlerMetricsList");
    jsonw_array(&call->out);
    for (size_t i = 0; i < n && !rc; i++) {
        struct crawler c;
        rc = crawl_get(glue_crawl(call), call->arena, names[i], &c, &call->err);
        if (!rc)
            write_metrics(call, &c);
        rc = rc == ERR_ENTITY_NOT_FOUND ? 0 : rc;
    }
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- crawls ---- */
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
    write_log(w, crawler, r->id);
    jsonw_kv_raw(w, "DPUHour", BYTES("0.0"));
    jsonw_end_object(w);
}

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
static bool filter_holds(const struct json *f, const struct crawl_report *r) {
    struct bytes field = json_get_str(f, "FieldName"), op = json_get_str(f, "FilterOperator"),
                 value = json_get_str(f, "FieldValue");
    int64_t want, have = bytes_eq_str(field, "END_TIME") ? r->ended_ms : r->started_ms;
    if (bytes_eq_str(field, "CRAWL_ID"))
        return compare_holds(op, bytes_cmp(r->id, value));
    if (bytes_eq_str(field, "STATE"))
        return compare_holds(op, bytes_cmp(r->status, value));
    if (!bytes_ends_with(field, BYTES("_TIME")) || !bytes_to_i64(value, &want))
        return false;
    return compare_holds(op, have < want ? -1 : have > want);
}
static bool passes(const struct json *filters, const struct crawl_report *r) {
    JSON_FOR_EACH(f, filters)
    if (!filter_holds(f, r))
        return false;
    return true;
}

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
    struct bytes crawler = name_of(call, "CrawlerName"), id;
    const struct json *filters = json_get(call->in, "Filters");
    struct crawl_report *r;
    size_t n = 1, written = 0, max = glue_max_results(call, 20);
    int64_t ms;
    int rc = read_place(call, &ms, &id);
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
            if (passes(filters, &r[i])) {
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

/* ---- classifiers ---- */
int glue_create_classifier(struct api_call *call) {
    return crawl_classifier_create(glue_crawl(call), call->in, &call->err);
}
int glue_update_classifier(struct api_call *call) {
    return crawl_classifier_update(glue_crawl(call), call->in, &call->err);
}
int glue_delete_classifier(struct api_call *call) {
    return crawl_classifier_delete(glue_crawl(call), name_of(call, "Name"), &call->err);
}
static int write_classifier(struct api_call *call, const struct catalog_doc *doc) {
    static const char *const none[] = {NULL};
    struct json *j;
    struct jsonw *w = &call->out;
    int rc = json_parse(call->arena, doc->json, &j, &call->err);
    if (rc)
        return rc;
    jsonw_object(w);
    jsonw_name_bytes(w, json_get_str(j, "kind"));
    jsonw_object(w);
    glue_write_members(w, json_get(j, "members"), none);
    jsonw_kv_time_ms(w, "CreationTime", json_get_i64(j, "created_ms", 0));
    jsonw_kv_time_ms(w, "LastUpdated", json_get_i64(j, "updated_ms", 0));
    jsonw_kv_i64(w, "Version", json_get_i64(j, "version", 1));
    jsonw_end_object(w);
    jsonw_end_object(w);
    return 0;
}
int glue_get_classifier(struct api_call *call) {
    struct catalog_doc doc;
    int rc = crawl_classifier_get(glue_crawl(call), call->arena, name_of(call, "Name"), &doc,
                                  &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Classifier");
    rc = write_classifier(call, &doc);
    jsonw_end_object(&call->out);
    return rc;
}
int glue_get_classifiers(struct api_call *call) {
    struct catalog_doc *docs;
    struct bytes after;
    size_t n, max = glue_max_results(call, 1000);
    int rc = glue_token(call, "glue:GetClassifiers", &after);
    rc = rc ? rc
            : crawl_classifier_list(glue_crawl(call), call->arena, after, max + 1, &docs, &n,
                                    &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Classifiers");
    jsonw_array(&call->out);
    for (size_t i = 0; !rc && i < n && i < max; i++)
        rc = write_classifier(call, &docs[i]);
    jsonw_end_array(&call->out);
    if (n > max)
        glue_write_token(call, "glue:GetClassifiers", docs[max - 1].key);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- parameters ---- */
#define NAME(n)                                                                                    \
    { n, API_STRING, true, 1, 255, NULL }
#define OPTIONAL(n, type)                                                                          \
    { n, type, false, 0, 0, NULL }
#define MAX(n)                                                                                     \
    { "MaxResults", API_INTEGER, false, 1, n, NULL }
#define TOKEN OPTIONAL("NextToken", API_STRING)
#define END                                                                                        \
    { 0 }
#define DEFINITION(required)                                                                       \
    {"Role", API_STRING, required, 1, 0x7fffffff, NULL}, OPTIONAL("DatabaseName", API_STRING),     \
        {"Description", API_STRING, false, 0, 2048, NULL},                                         \
        {"Targets", API_STRUCT, required, 0, 0, NULL}, OPTIONAL("Schedule", API_STRING),           \
        OPTIONAL("Classifiers", API_LIST), {"TablePrefix", API_STRING, false, 0, 128, NULL},       \
        OPTIONAL("SchemaChangePolicy", API_STRUCT), OPTIONAL("RecrawlPolicy", API_STRUCT),         \
        OPTIONAL("LineageConfiguration", API_STRUCT),                                              \
        OPTIONAL("LakeFormationConfiguration", API_STRUCT), OPTIONAL("Configuration", API_STRING), \
    {                                                                                              \
        "CrawlerSecurityConfiguration", API_STRING, false, 0, 128, NULL                            \
    }

const struct api_param glue_p_create_crawler[] = {
    NAME("Name"), DEFINITION(true), {"Tags", API_MAP, false, 0, 50, NULL}, END};
const struct api_param glue_p_update_crawler[] = {NAME("Name"), DEFINITION(false), END};
const struct api_param glue_p_crawler[] = {NAME("Name"), END};
const struct api_param glue_p_crawler_name[] = {NAME("CrawlerName"), END};
const struct api_param glue_p_crawler_schedule[] = {NAME("CrawlerName"),
                                                    OPTIONAL("Schedule", API_STRING), END};
const struct api_param glue_p_crawlers[] = {TOKEN, MAX(1000), OPTIONAL("Tags", API_MAP), END};
const struct api_param glue_p_batch_crawlers[] = {{"CrawlerNames", API_LIST, true, 0, 100, NULL},
                                                  END};
const struct api_param glue_p_metrics[] = {
    {"CrawlerNameList", API_LIST, false, 0, 100, NULL}, TOKEN, MAX(1000), END};
const struct api_param glue_p_crawls[] = {NAME("CrawlerName"), OPTIONAL("Filters", API_LIST), TOKEN,
                                          MAX(1000), END};
const struct api_param glue_p_classifier[] = {
    OPTIONAL("CsvClassifier", API_STRUCT), OPTIONAL("JsonClassifier", API_STRUCT),
    OPTIONAL("XMLClassifier", API_STRUCT), OPTIONAL("GrokClassifier", API_STRUCT), END};
