/* glue_tag.c - tags of databases, tables and crawlers, by ARN.
 *
 * An ARN's account and region are not compared: one server is one account, and which one it plays
 * is the client's choice. What follows them names the resource, which must exist. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include "catalog/tags.h"

static int no_resource(struct api_call *call, struct bytes arn) {
    return err_set(&call->err, ERR_ENTITY_NOT_FOUND, "Resource %.*s not found.", BYTES_ARG(arn));
}

/* Whether it is there, by its kind. */
static int check_resource(struct api_call *call, struct bytes arn, struct bytes resource) {
    struct bytes kind, first, rest = bytes_cut(resource, '/', &kind);
    struct catalog *c = glue_catalog(call);
    struct catalog_database d;
    struct catalog_table t;
    struct catalog_doc crawler;
    if (bytes_eq_str(kind, "database"))
        return catalog_database_get(c, call->arena, rest, &d, &call->err);
    if (bytes_eq_str(kind, "table")) {
        rest = bytes_cut(rest, '/', &first);
        return catalog_table_get(c, call->arena, first, rest, &t, &call->err);
    }
    if (bytes_eq_str(kind, "crawler") && rest.len &&
        catalog_doc_get(c, call->arena, CRAWLER_KIND, rest, &crawler, &call->err) == 0)
        return 0;
    return no_resource(call, arn);
}

/* The text after "arn:aws:glue:region:account:"; names of databases and tables in lower case. */
static int read_resource(struct api_call *call, struct bytes *ret) {
    struct bytes arn = json_get_str(call->in, "ResourceArn"), rest = arn, part;
    for (int i = 0; i < 5; i++)
        rest = bytes_cut(rest, ':', &part);
    if (!bytes_starts_with(rest, BYTES("crawler/")))
        rest = glue_lower(call, rest);
    *ret = rest;
    return rest.len ? check_resource(call, arn, rest) : no_resource(call, arn);
}

int glue_tags_store(struct api_call *call, struct bytes resource, const struct json *map) {
    size_t n = map ? map->count : 0, i = 0;
    struct catalog_tag *tags = ARENA_NEW_N(call->arena, struct catalog_tag, n + 1);
    if (!tags)
        return glue_out_of_memory(call);
    JSON_FOR_EACH(m, map)
    tags[i++] = (struct catalog_tag){m->name, m->text};
    return n ? catalog_tags_add(glue_catalog(call), resource, tags, n, &call->err) : 0;
}

int glue_tags_check(struct api_call *call, const struct json *map, const char *path) {
    return map ? glue_check(map, path, &glue_shape_tags, &call->err) : 0;
}

int glue_tag_resource(struct api_call *call) {
    const struct json *map = json_get(call->in, "TagsToAdd");
    struct bytes resource = {0};
    int rc = glue_tags_check(call, map, "tagsToAdd");
    if (!rc)
        rc = read_resource(call, &resource);
    return rc ? rc : glue_tags_store(call, resource, map);
}

int glue_untag_resource(struct api_call *call) {
    const struct json *list = json_get(call->in, "TagsToRemove");
    const struct bytes *keys;
    struct bytes resource = {0};
    size_t n;
    int rc = glue_check(list, "tagsToRemove", &glue_shape_tag_keys, &call->err);
    if (!rc)
        rc = read_resource(call, &resource);
    if (!rc)
        rc = glue_strings(call, list, &keys, &n);
    return rc ? rc : catalog_tags_remove(glue_catalog(call), resource, keys, n, &call->err);
}

int glue_get_tags(struct api_call *call) {
    struct bytes resource = {0};
    struct catalog_tag *tags;
    size_t n;
    int rc = read_resource(call, &resource);
    if (!rc)
        rc = catalog_tags_list(glue_catalog(call), call->arena, resource, &tags, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Tags");
    jsonw_object(&call->out);
    for (size_t i = 0; i < n; i++) {
        jsonw_name_bytes(&call->out, tags[i].key);
        jsonw_str(&call->out, tags[i].value);
    }
    jsonw_end_object(&call->out);
    jsonw_end_object(&call->out);
    return 0;
}
