/* glue_crawler.c - crawlers: definitions, state, start and stop, schedules. */
#include "api/glue/glue_crawler.h"
#include "catalog/tags.h"

#include <stdlib.h>

static struct bytes name_of(struct api_call *call, const char *member) {
    return json_get_str(call->in, member);
}

/* ---- one crawler as Glue answers it ---- */
/* The five old kinds always, the newer ones when there are such. */
static void write_targets(struct jsonw *w, const struct json *targets) {
    static const char *const kinds[] = {"S3Targets", "JdbcTargets", "MongoDBTargets",
                                        "DynamoDBTargets", "CatalogTargets"};
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

static void write_change_policy(struct jsonw *w, const struct json *policy) {
    static const char *const defaults[][2] = {{"UpdateBehavior", "UPDATE_IN_DATABASE"},
                                              {"DeleteBehavior", "DEPRECATE_IN_DATABASE"}};
    jsonw_name(w, "SchemaChangePolicy");
    jsonw_object(w);
    for (size_t i = 0; i < COUNT_OF(defaults); i++) {
        struct bytes given = json_get_str(policy, defaults[i][0]);
        jsonw_kv_str(w, defaults[i][0], given.len ? given : bytes_str(defaults[i][1]));
    }
    jsonw_end_object(w);
}

/* Members that CreateCrawler left out have defaults. */
static void write_definition(struct jsonw *w, const struct json *d) {
    static const char *const skip[] = {"Targets", "SchemaChangePolicy", NULL};
    static const struct {
        const char *name, *json;
    } defaults[] = {{"Classifiers", "[]"},
                    {"RecrawlPolicy", "{\"RecrawlBehavior\":\"CRAWL_EVERYTHING\"}"},
                    {"LineageConfiguration", "{\"CrawlerLineageSettings\":\"DISABLE\"}"},
                    {"LakeFormationConfiguration",
                     "{\"UseLakeFormationCredentials\":false,\"AccountId\":\"\"}"}};
    glue_write_members(w, d, skip);
    write_targets(w, json_get(d, "Targets"));
    write_change_policy(w, json_get(d, "SchemaChangePolicy"));
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (!json_get(d, defaults[i].name))
            jsonw_kv_raw(w, defaults[i].name, bytes_str(defaults[i].json));
}

static const char *last_status(struct bytes status) {
    return bytes_eq_str(status, "COMPLETED") ? "SUCCEEDED"
           : bytes_eq_str(status, "STOPPED") ? "CANCELLED"
                                             : "FAILED";
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
        glue_write_crawl_log(w, c->name, c->last.id);
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
static bool has_tags(struct api_call *call, struct bytes crawler, const struct json *wanted) {
    struct catalog_tag *tags;
    size_t n, found = 0;
    struct bytes resource = arena_fmt(call->arena, "crawler/%.*s", BYTES_ARG(crawler));
    if (!resource.ptr ||
        catalog_tags_list(glue_catalog(call), call->arena, resource, &tags, &n, &call->err))
        return false;
    JSON_FOR_EACH(w, wanted)
    for (size_t i = 0; i < n; i++)
        found += bytes_eq(tags[i].key, w->name) && bytes_eq(tags[i].value, w->text);
    return found == wanted->count;
}
/* With Tags: all that have them, in one answer. */
static int list_tagged(struct api_call *call, const struct json *wanted) {
    struct crawler *c;
    size_t n = 1;
    struct bytes after = BYTES("");
    int rc = 0;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "CrawlerNames");
    jsonw_array(&call->out);
    while (!rc && n) {
        rc = crawl_list(glue_crawl(call), call->arena, after, 1000, &c, &n, &call->err);
        for (size_t i = 0; !rc && i < n; i++) {
            after = c[i].name;
            if (has_tags(call, after, wanted))
                write_name(call, &c[i]);
        }
    }
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return rc;
}
int glue_list_crawlers(struct api_call *call) {
    const struct json *tags = json_get(call->in, "Tags");
    return tags && tags->count
               ? list_tagged(call, tags)
               : write_page(call, "glue:ListCrawlers", "CrawlerNames", 1000, write_name);
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
