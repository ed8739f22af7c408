/* athena_doc.c - what named queries, data catalogues and capacity reservations share: each is a
 * small document in the catalogue, made once, read by key, listed in pages in key order. */
#include "api/athena/athena_int.h"

int athena_doc_create(struct api_call *call, const char *kind, struct bytes key,
                      const struct buf *json) {
    if (!buf_ok(json))
        return err_set(&call->err, ERR_NOMEM, NULL);
    struct catalog *c = athena_of(call)->catalog;
    return catalog_doc_create(c, kind, key, clock_wall_ms(catalog_clock(c)), buf_bytes(json),
                              &call->err);
}

int athena_doc_replace(struct api_call *call, const char *kind, const struct catalog_doc *old,
                       const struct buf *json) {
    if (!buf_ok(json))
        return err_set(&call->err, ERR_NOMEM, NULL);
    return catalog_doc_put(athena_of(call)->catalog, kind, old->key, old->sort, buf_bytes(json),
                           old->version, &call->err);
}

int athena_doc_get(struct api_call *call, const char *kind, struct bytes key,
                   struct catalog_doc *ret, struct json **ret_tree) {
    int rc = catalog_doc_get(athena_of(call)->catalog, call->arena, kind, key, ret, &call->err);
    return rc ? rc : json_parse(call->arena, ret->json, ret_tree, &call->err);
}

int athena_doc_page(struct api_call *call, const char *kind, const char *token_kind, size_t max,
                    athena_doc_filter wanted, const void *ctx, athena_doc_write write) {
    struct bytes after = {0};
    size_t n = 1, written = 0;
    bool more = false;
    int rc = athena_token(call, token_kind, &after);
    struct bytes last = after;
    while (!rc && n > 0 && !more) {
        struct catalog_doc *d;
        rc = catalog_doc_list(athena_of(call)->catalog, call->arena, kind, false, INT64_MAX, after,
                              max + 1, &d, &n, &call->err);
        for (size_t i = 0; !rc && i < n && !more; i++) {
            struct json *tree;
            after = d[i].key;
            rc = json_parse(call->arena, d[i].json, &tree, &call->err);
            if (rc || (wanted && !wanted(ctx, tree)))
                continue;
            more = written == max;
            if (!more) {
                write(&call->out, tree);
                last = after;
                written++;
            }
        }
    }
    jsonw_end_array(&call->out);
    if (!rc && more)
        athena_write_token(call, token_kind, last);
    return rc;
}
