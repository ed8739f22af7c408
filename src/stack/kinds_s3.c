/* kinds_s3.c - buckets and data files as resources.
 *
 * An object is up to date when its ETag is the MD5 of the local file. Destroying a bucket removes
 * what this warehouse keeps in it (table locations and error prefixes), then the bucket if nothing
 * else is left. */
#include "base/encode.h"
#include "base/hash.h"
#include "base/vfs.h"
#include "stack/plan_int.h"
#include "store/store.h"

#include <stdio.h>

static const char *object_path(struct arena *a, struct bytes bucket, struct bytes key,
                               const char *query) {
    struct buf out = {0};
    buf_add_char(&out, '/');
    buf_add_uri(&out, bucket, false);
    if (key.len) {
        buf_add_char(&out, '/');
        buf_add_uri(&out, key, true);
    }
    buf_add_str(&out, query);
    const char *text = buf_cstr(&out);
    char *copy = text ? arena_strndup(a, text, out.len) : NULL;
    buf_clear(&out);
    return copy;
}

/* One S3 request; `ok404` lets a missing thing pass with status 404. */
static int request(struct stack_plan *p, const char *method, const char *path, struct bytes body,
                   bool ok404, struct client_response *ret, struct err *e) {
    struct client_request r = {.method = method, .service = "s3", .path = path, .body = body};
    int rc = path ? client_raw(p->client, p->arena, &r, ret, e) : err_set(e, ERR_NOMEM, NULL);
    if (rc || ret->status / 100 == 2 || (ok404 && ret->status == 404)) {
        return rc;
    }
    return err_set_named(e, ERR_S3, "InvalidRequest", ret->status, "S3 answered %d: %.*s",
                         ret->status, (int)MIN_OF(ret->body.len, 400u), ret->body.ptr);
}

/* ---- buckets ---- */
static int inspect_bucket(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct client_response out;
    const char *path = object_path(p->arena, r->bucket, (struct bytes){0}, "");
    int rc = request(p, "HEAD", path, (struct bytes){0}, true, &out, e);
    r->action = !rc && out.status == 404 ? STACK_CREATE : STACK_NONE;
    return rc;
}

static int apply_bucket(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct client_response out;
    const char *path = object_path(p->arena, r->bucket, (struct bytes){0}, "");
    return request(p, "PUT", path, (struct bytes){0}, false, &out, e);
}

/* The next <Key>..</Key> of a listing; keys are asked for with encoding-type=url. */
static bool next_key(struct arena *a, struct bytes *xml, struct bytes *ret) {
    ptrdiff_t start = bytes_find(*xml, BYTES("<Key>"));
    if (start < 0) {
        return false;
    }
    struct bytes rest = bytes_slice(*xml, (size_t)start + 5, xml->len);
    ptrdiff_t end = bytes_find(rest, BYTES("</Key>"));
    if (end < 0) {
        return false;
    }
    *xml = bytes_slice(rest, (size_t)end, rest.len);
    return uri_decode(a, bytes_slice(rest, 0, (size_t)end), true, ret);
}

static int delete_prefix(struct stack_plan *p, struct bytes bucket, struct bytes prefix,
                         struct err *e) {
    struct buf query = {0};
    buf_add_str(&query, "?encoding-type=url&list-type=2&prefix=");
    buf_add_uri(&query, prefix, false);
    const char *path = buf_cstr(&query)
                           ? object_path(p->arena, bucket, (struct bytes){0}, buf_cstr(&query))
                           : NULL;
    buf_clear(&query);
    for (;;) {
        struct client_response out, gone;
        int rc = request(p, "GET", path, (struct bytes){0}, true, &out, e);
        struct bytes xml = out.body, key;
        size_t seen = 0;
        for (; !rc && out.status == 200 && next_key(p->arena, &xml, &key); seen++) {
            rc = request(p, "DELETE", object_path(p->arena, bucket, key, ""), (struct bytes){0},
                         true, &gone, e);
        }
        if (rc || seen == 0) {
            return rc;
        }
    }
}

static int destroy_bucket(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct warehouse *w = p->warehouse;
    int rc = 0;
    for (size_t i = 0; !rc && i < w->table_count; i++) {
        struct bytes bucket, prefix;
        if (!store_split_uri(w->tables[i].location, &bucket, &prefix) ||
            !bytes_eq(bucket, r->bucket)) {
            continue;
        }
        rc = delete_prefix(p, bucket, prefix, e);
        rc = rc ? rc : delete_prefix(p, bucket, stack_error_prefix(p->arena, &w->tables[i]), e);
    }
    struct client_response out;
    struct client_request drop = {.method = "DELETE",
                                  .service = "s3",
                                  .path = object_path(p->arena, r->bucket, (struct bytes){0}, "")};
    return rc ? rc
              : client_raw(p->client, p->arena, &drop, &out, e); /* 409: others' objects stay */
}
const struct stack_kind stack_kind_bucket = {"bucket", true, inspect_bucket, apply_bucket,
                                             destroy_bucket};

/* ---- objects ---- */
static int file_md5(const char *path, char out[33], struct err *e) {
    struct buf content = {0};
    int rc = vfs_read_file(vfs_system(), path, SIZE_MAX / 2, &content, e);
    uint8_t digest[MD5_LEN];
    if (!rc) {
        md5(buf_bytes(&content), digest);
        hex_encode(bytes_of(digest, sizeof digest), out);
        out[32] = 0;
    }
    buf_clear(&content);
    return rc;
}

static int inspect_object(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    char want[33];
    struct client_response out;
    int rc = file_md5(r->path, want, e);
    rc = rc ? rc
            : request(p, "HEAD", object_path(p->arena, r->bucket, r->key, ""), (struct bytes){0},
                      true, &out, e);
    if (rc) {
        return rc;
    }
    r->action = out.status == 404             ? STACK_CREATE
                : strcmp(out.etag, want) == 0 ? STACK_NONE
                                              : STACK_UPDATE;
    r->reason = BYTES("the file's content differs");
    return 0;
}

static int apply_object(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct buf content = {0};
    struct client_response out;
    int rc = vfs_read_file(vfs_system(), r->path, SIZE_MAX / 2, &content, e);
    rc = rc ? rc
            : request(p, "PUT", object_path(p->arena, r->bucket, r->key, ""), buf_bytes(&content),
                      false, &out, e);
    buf_clear(&content);
    return rc;
}

static int destroy_object(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct client_response out;
    return request(p, "DELETE", object_path(p->arena, r->bucket, r->key, ""), (struct bytes){0},
                   true, &out, e);
}
const struct stack_kind stack_kind_object = {"object", true, inspect_object, apply_object,
                                             destroy_object};
