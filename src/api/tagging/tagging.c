/* tagging.c - GetResources. Tags are stored by what follows account and region in an ARN, with the
 * service before it unless that is Glue: "athena:workgroup/w", "table/d/t". Without a list of ARNs
 * a page is a range of those names; filters only leave out, so a page may be short. */
#include "api/tagging/tagging.h"
#include "base/mem.h"
#include "catalog/tags.h"

#define TOKEN_KIND "tagging:GetResources"

struct tagging {
    struct api_service service;
    struct catalog *catalog;
};

static struct catalog *catalog_of(const struct api_call *call) {
    return ((struct tagging *)call->service->ctx)->catalog;
}

/* ---- names ---- */
static struct bytes stored_name(struct api_call *call, struct bytes arn) {
    struct bytes rest = arn, part, service = {0};
    for (int i = 0; i < 5; i++) {
        rest = bytes_cut(rest, ':', &part);
        service = i == 2 ? part : service;
    }
    return bytes_eq_str(service, "glue")
               ? rest
               : arena_fmt(call->arena, "%.*s:%.*s", BYTES_ARG(service), BYTES_ARG(rest));
}

static struct bytes arn_of(struct api_call *call, struct bytes name) {
    struct bytes service, rest = bytes_cut(name, ':', &service);
    return rest.len ? api_arn(call, arena_cstr(call->arena, service), "%.*s", BYTES_ARG(rest))
                    : api_arn(call, "glue", "%.*s", BYTES_ARG(name));
}

/* ---- filters ---- */
static bool has(const struct json *list, struct bytes text) {
    JSON_FOR_EACH(v, list)
    if (bytes_eq(v->text, text))
        return true;
    return false;
}

static bool tag_passes(const struct json *filter, const struct catalog_tag *tags, size_t n) {
    const struct json *values = json_get(filter, "Values");
    for (size_t i = 0; i < n; i++)
        if (bytes_eq(tags[i].key, json_get_str(filter, "Key")))
            return !values || values->count == 0 || has(values, tags[i].value);
    return false;
}

/* "athena" or "athena:workgroup". */
static bool type_passes(struct api_call *call, struct bytes arn) {
    const struct json *wanted = json_get(call->in, "ResourceTypeFilters");
    struct bytes rest = arn, part, service = {0}, kind;
    for (int i = 0; i < 5; i++) {
        rest = bytes_cut(rest, ':', &part);
        service = i == 2 ? part : service;
    }
    (void)bytes_cut(rest, '/', &kind);
    struct bytes both = arena_fmt(call->arena, "%.*s:%.*s", BYTES_ARG(service), BYTES_ARG(kind));
    return !wanted || wanted->count == 0 || has(wanted, service) || has(wanted, both);
}

static bool passes(struct api_call *call, struct bytes arn, const struct catalog_tag *tags,
                   size_t n) {
    JSON_FOR_EACH(filter, json_get(call->in, "TagFilters"))
    if (!tag_passes(filter, tags, n))
        return false;
    return type_passes(call, arn);
}

/* ---- writing ---- */
static int write_resource(struct api_call *call, struct bytes arn, struct bytes name) {
    struct jsonw *w = &call->out;
    struct catalog_tag *tags;
    size_t n;
    int rc = catalog_tags_list(catalog_of(call), call->arena, name, &tags, &n, &call->err);
    if (rc || n == 0 || !passes(call, arn, tags, n))
        return rc;
    jsonw_object(w);
    jsonw_kv_str(w, "ResourceARN", arn);
    jsonw_name(w, "Tags");
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "Key", tags[i].key);
        jsonw_kv_str(w, "Value", tags[i].value);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    return 0;
}

static int write_listed(struct api_call *call, const struct json *arns) {
    int rc = 0;
    JSON_FOR_EACH(arn, arns)
    rc = rc ? rc : write_resource(call, arn->text, stored_name(call, arn->text));
    return rc;
}

static int write_page(struct api_call *call, struct bytes after, struct bytes *ret_next) {
    size_t max = (size_t)json_get_i64(call->in, "ResourcesPerPage", 50), n;
    struct bytes *names;
    int rc = catalog_tags_resources(catalog_of(call), call->arena, after, max + 1, &names, &n,
                                    &call->err);
    for (size_t i = 0; !rc && i < n && i < max; i++)
        rc = write_resource(call, arn_of(call, names[i]), names[i]);
    *ret_next =
        !rc && n > max ? api_token_encode(call->arena, TOKEN_KIND, names[max - 1]) : BYTES("");
    return rc;
}

static int get_resources(struct api_call *call) {
    const struct json *arns = json_get(call->in, "ResourceARNList");
    struct bytes token = json_get_str(call->in, "PaginationToken"), after = {0}, next = BYTES("");
    if (token.len && !api_token_decode(call->arena, TOKEN_KIND, token, &after))
        return err_set_named(&call->err, ERR_EXPIRED_TOKEN, "PaginationTokenExpiredException", 400,
                             "The pagination token is not one of ours; start again without.");
    jsonw_object(&call->out);
    jsonw_name(&call->out, "ResourceTagMappingList");
    jsonw_array(&call->out);
    int rc = arns && arns->count ? write_listed(call, arns) : write_page(call, after, &next);
    jsonw_end_array(&call->out);
    jsonw_kv_str(&call->out, "PaginationToken", next);
    jsonw_end_object(&call->out);
    return rc;
}

static const struct api_param p_get_resources[] = {
    {"ResourceARNList", API_LIST, false, 0, 0, NULL},
    {"TagFilters", API_LIST, false, 0, 0, NULL},
    {"ResourceTypeFilters", API_LIST, false, 0, 0, NULL},
    {"ResourcesPerPage", API_INTEGER, false, 1, 100, NULL},
    {"PaginationToken", API_STRING, false, 0, 2048, NULL},
    {0}};

const struct api_op tagging_operations[] = {{"GetResources", get_resources, p_get_resources,
                                             "tag:GetResources",
                                             "Lists tagged resources of Athena and Glue."},
                                            {0}};

const struct api_service *tagging_service_new(struct catalog *c) {
    struct tagging *s = mem_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->catalog = c;
    s->service = (struct api_service){.name = "tagging",
                                      .target_prefix = "ResourceGroupsTaggingAPI_20170126",
                                      .protocol = API_JSON_1_1,
                                      .ops = tagging_operations,
                                      .ctx = s};
    return &s->service;
}

void tagging_service_free(const struct api_service **s) {
    if (*s)
        mem_free((*s)->ctx);
    *s = NULL;
}
