/* s3_get.c - GetObject and HeadObject: conditions, one byte range, the file sent by the kernel. */
#include "api/s3/s3_int.h"

/* "5-9", "5-" or "-5" after "bytes=". Anything else is ignored, as in S3: the whole object. */
int s3_parse_range(struct bytes text, uint64_t size, uint64_t *from, uint64_t *to) {
    struct bytes prefix = BYTES("bytes="), first, last;
    uint64_t a, b;
    if (!bytes_starts_with(text, prefix) || bytes_find_char(text, ',') >= 0)
        return 0;
    last = bytes_cut(bytes_slice(text, prefix.len, text.len), '-', &first);
    if (!last.ptr)
        return 0;
    if (first.len == 0) {
        if (!bytes_to_u64(last, &b))
            return 0;
        *from = size - MIN_OF(b, size);
        *to = size;
        return b == 0 || size == 0 ? 416 : 206;
    }
    if (!bytes_to_u64(first, &a) || (last.len && (!bytes_to_u64(last, &b) || b < a)))
        return 0;
    if (a >= size)
        return 416;
    *from = a;
    *to = last.len && b < size - 1 ? b + 1 : size;
    return 206;
}

/* response-content-type and its kin replace what is stored. */
static const char *send_overrides(struct s3_call *c, const char *content_type) {
    static const char *const names[] = {"cache-control", "content-disposition", "content-encoding",
                                        "content-language", "expires"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct bytes query = arena_fmt(c->arena, "response-%s", names[i]);
        struct bytes v = query.ptr ? http_query(c->http, query.ptr) : (struct bytes){0};
        if (v.len)
            http_reply_header(c->http, names[i], v);
    }
    struct bytes type = http_query(c->http, "response-content-type");
    return type.len ? arena_cstr(c->arena, type) : content_type;
}

static int refuse(struct s3_call *c, const struct store_meta *m, int status) {
    if (status == 412)
        return s3_error(c, "PreconditionFailed", 412,
                        "At least one of the pre-conditions you specified did not hold");
    if (status == 416) {
        struct bytes range = arena_fmt(c->arena, "bytes */%llu", (unsigned long long)m->size_bytes);
        http_reply_header(c->http, "Content-Range", range);
        c->unsatisfied_range = arena_cstr(c->arena, http_header(c->http, "range"));
        c->actual_size_bytes = m->size_bytes;
        return s3_error(c, "InvalidRange", 416, "The requested range is not satisfiable");
    }
    s3_header_etag(c, m->etag);
    s3_reply_empty(c, 304);
    return 0;
}

/* Takes over fd. */
static int send_object(struct s3_call *c, const struct store_meta *m, int fd) {
    uint64_t from = 0, to = m->size_bytes;
    int status = s3_check_conditions(c, "", m);
    int range = status ? 0 : s3_parse_range(http_header(c->http, "range"), to, &from, &to);
    if (status || range == 416) {
        c->s->deps.vfs->ops->close(c->s->deps.vfs, fd);
        return refuse(c, m, status ? status : 416);
    }
    if (range == 206) {
        struct bytes text =
            arena_fmt(c->arena, "bytes %llu-%llu/%llu", (unsigned long long)from,
                      (unsigned long long)to - 1, (unsigned long long)m->size_bytes);
        http_reply_header(c->http, "Content-Range", text);
    }
    const char *type = m->content_type.len ? arena_cstr(c->arena, m->content_type) : NULL;
    http_reply_header(c->http, "Accept-Ranges", BYTES("bytes"));
    http_reply_header(c->http, "x-amz-request-id", bytes_str(c->http->request_id));
    s3_meta_send(c, m, range != 206);
    type = send_overrides(c, type ? type : "binary/octet-stream");
    http_reply_file(c->http, range == 206 ? 206 : 200, type, fd, from, to - from);
    return 0;
}

int s3_get_object(struct s3_call *c) {
    struct store_meta meta;
    int fd;
    int rc = store_get(c->s->deps.store, c->arena, c->bucket, c->key, &meta, &fd, &c->err);
    return rc ? rc : send_object(c, &meta, fd);
}
