/* glue_classifier.c - classifiers. */
#include "api/glue/glue_crawler.h"

int glue_create_classifier(struct api_call *call) {
    return crawl_classifier_create(glue_crawl(call), call->in, &call->err);
}
int glue_update_classifier(struct api_call *call) {
    return crawl_classifier_update(glue_crawl(call), call->in, &call->err);
}
int glue_delete_classifier(struct api_call *call) {
    return crawl_classifier_delete(glue_crawl(call), json_get_str(call->in, "Name"), &call->err);
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
    int rc = crawl_classifier_get(glue_crawl(call), call->arena, json_get_str(call->in, "Name"),
                                  &doc, &call->err);
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
