/* athena_tag.c - tags of workgroups, data catalogues and capacity reservations, by ARN. Account and
 * region of an ARN are not compared: one server is one account, and which one it plays is the
 * client's choice. Tags named "tarn.*" on a workgroup are its limits (docs/workgroups.md), so their
 * values are checked here.
 * Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_TagResource.html */
#include "api/athena/athena_int.h"
#include "catalog/tags.h"

/* Glue's tags are stored beside these under names without the prefix. */
static struct bytes stored_name(struct api_call *call, struct bytes resource) {
    return arena_fmt(call->arena, "athena:%.*s", BYTES_ARG(resource));
}

int athena_tags_check(struct api_call *call, const struct json *list) {
    JSON_FOR_EACH(t, list) {
        struct bytes key = json_get_str(t, "Key");
        int rc = key.len && key.len <= 128
                     ? query_limit_check(key, json_get_str(t, "Value"), &call->err)
                     : err_set(&call->err, ERR_INVALID_REQUEST,
                               "A tag has a Key of 1 to 128 characters.");
        if (rc)
            return rc;
    }
    return 0;
}

int athena_tags_store(struct api_call *call, struct bytes resource, const struct json *list) {
    size_t n = list ? list->count : 0, i = 0;
    struct catalog_tag *tags = ARENA_NEW_N(call->arena, struct catalog_tag, n + 1);
    if (!tags || call->arena->failed)
        return err_set(&call->err, ERR_NOMEM, NULL);
    JSON_FOR_EACH(t, list) {
        struct bytes value = json_get_str(t, "Value");
        tags[i++] = (struct catalog_tag){json_get_str(t, "Key"), value.ptr ? value : BYTES("")};
    }
    if (!n)
        return 0;
    int rc = catalog_tags_add(athena_of(call)->catalog, stored_name(call, resource), tags, n,
                              &call->err);
    return rc == ERR_LIMIT_EXCEEDED
               ? err_set(&call->err, ERR_INVALID_REQUEST, "A resource has at most 50 tags.")
               : rc;
}

int athena_tags_forget(struct api_call *call, struct bytes resource) {
    return catalog_tags_forget(athena_of(call)->catalog, stored_name(call, resource), &call->err);
}

static int no_resource(struct api_call *call, struct bytes arn) {
    return err_set(&call->err, ERR_INVALID_REQUEST, "Athena Resource, %.*s Does Not Exist",
                   BYTES_ARG(arn));
}

/* "workgroup/name" of an ARN of something that exists. */
static int read_resource(struct api_call *call, struct bytes *ret) {
    static const struct {
        const char *prefix, *kind;
    } kinds[] = {{"workgroup/", QUERY_WORKGROUP_KIND},
                 {"datacatalog/", QUERY_DATA_CATALOG_KIND},
                 {"capacity-reservation/", ATHENA_CAPACITY_KIND}};
    struct bytes arn = json_get_str(call->in, "ResourceARN"), rest = arn, part;
    for (int i = 0; i < 5; i++)
        rest = bytes_cut(rest, ':', &part);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct catalog_doc d;
        struct json *tree;
        struct bytes prefix = bytes_str(kinds[i].prefix);
        if (!bytes_starts_with(rest, prefix))
            continue;
        int rc =
            athena_doc_get(call, kinds[i].kind, bytes_slice(rest, prefix.len, rest.len), &d, &tree);
        if (!rc)
            *ret = rest;
        return rc == ERR_RESOURCE_NOT_FOUND ? no_resource(call, arn) : rc;
    }
    return no_resource(call, arn);
}

int athena_tag_resource(struct api_call *call) {
    struct bytes resource;
    int rc = athena_tags_check(call, json_get(call->in, "Tags"));
    if (!rc)
        rc = read_resource(call, &resource);
    return rc ? rc : athena_tags_store(call, resource, json_get(call->in, "Tags"));
}

int athena_untag_resource(struct api_call *call) {
    const struct json *list = json_get(call->in, "TagKeys");
    struct bytes resource, *keys = ARENA_NEW_N(call->arena, struct bytes, list ? list->count : 1);
    size_t n = 0;
    int rc = keys ? read_resource(call, &resource) : err_set(&call->err, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    JSON_FOR_EACH(k, list)
    keys[n++] = k->text;
    return catalog_tags_remove(athena_of(call)->catalog, stored_name(call, resource), keys, n,
                               &call->err);
}

int athena_list_tags(struct api_call *call) {
    struct bytes resource;
    struct catalog_tag *tags;
    struct jsonw *w = &call->out;
    size_t n;
    int rc = read_resource(call, &resource);
    if (!rc)
        rc = catalog_tags_list(athena_of(call)->catalog, call->arena, stored_name(call, resource),
                               &tags, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(w);
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
