/* s3_meta.c - an object's headers between requests, store and replies; conditions on them. */
#include "api/s3/s3_int.h"
#include "base/json.h"
#include <time.h>

/* Kept as they came. */
static const char *const kept[] = {"cache-control", "content-disposition", "content-language",
                                   "expires", "x-amz-website-redirect-location"};

struct bytes s3_unquote(struct bytes v) {
    v = bytes_trim(v);
    if (v.len >= 2 && v.ptr[0] == '"' && v.ptr[v.len - 1] == '"')
        return bytes_slice(v, 1, v.len - 1);
    return v;
}

/* ---- request -> store ---- */

/* Content-Encoding without the transport's own aws-chunked. */
static void take_encoding(struct s3_call *c, struct jsonw *w) {
    struct bytes rest = http_header(c->http, "content-encoding"), part;
    struct buf out = {0};
    while (rest.ptr) {
        rest = bytes_cut(rest, ',', &part);
        part = bytes_trim(part);
        if (part.len == 0 || bytes_eq_nocase(part, BYTES("aws-chunked")))
            continue;
        if (out.len > 0)
            buf_add_char(&out, ',');
        buf_add(&out, part);
    }
    if (out.len > 0)
        jsonw_kv_str(w, "content-encoding", buf_bytes(&out));
    w->out->failed |= out.failed;
    buf_clear(&out);
}

static void take_user_metadata(struct s3_call *c, struct jsonw *w) {
    size_t count;
    const struct sigv4_header *h = http_headers(c->http, &count);
    struct bytes prefix = BYTES("x-amz-meta-");
    for (size_t i = 0; i < count; i++) {
        struct bytes name = h[i].name;
        if (name.len <= prefix.len || !bytes_eq_nocase(bytes_slice(name, 0, prefix.len), prefix))
            continue;
        char *low = arena_cstr(c->arena, name);
        for (char *p = low; p && *p; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
        jsonw_kv_str(w, low ? low : "", h[i].value);
    }
}

int s3_meta_take(struct s3_call *c, const struct s3_checksum *k, struct store_put_options *ret) {
    struct buf text = {0};
    struct jsonw w = jsonw_to(&text);
    jsonw_object(&w);
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        struct bytes v = http_header(c->http, kept[i]);
        if (v.len)
            jsonw_kv_str(&w, kept[i], v);
    }
    take_encoding(c, &w);
    take_user_metadata(c, &w);
    for (int i = 0; k && i < S3_ALGORITHMS; i++)
        if (k->wanted[i])
            jsonw_kv_cstr(&w, s3_checksum_header((enum s3_algorithm)i), k->text[i]);
    jsonw_end_object(&w);
    struct bytes copy = text.len > 2 ? arena_copy(c->arena, buf_bytes(&text)) : (struct bytes){0};
    bool ok = buf_ok(&text) && !c->arena->failed;
    buf_clear(&text);
    if (!ok)
        return err_set(&c->err, ERR_NOMEM, NULL);
    ret->content_type = http_header(c->http, "content-type");
    ret->extra_json = copy;
    return 0;
}

/* ---- store -> reply ---- */

static void send_date(struct s3_call *c, const char *name, int64_t wall_ms) {
    char text[40];
    clock_format_http(wall_ms, text);
    http_reply_header(c->http, name, bytes_str(text));
}

void s3_meta_send(struct s3_call *c, const struct store_meta *m, bool checksums) {
    struct json *extra = NULL;
    bool any = false;
    s3_header_etag(c, m->etag);
    send_date(c, "Last-Modified", m->mtime_ms);
    if (!m->extra_json.len || json_parse(c->arena, m->extra_json, &extra, NULL) != 0)
        return;
    checksums =
        checksums && bytes_eq_nocase(http_header(c->http, "x-amz-checksum-mode"), BYTES("enabled"));
    JSON_FOR_EACH(member, extra) {
        bool is_checksum = bytes_starts_with(member->name, BYTES("x-amz-checksum-"));
        char *name = arena_cstr(c->arena, member->name);
        if (!name || member->kind != JSON_STRING || (is_checksum && !checksums))
            continue;
        http_reply_header(c->http, name, member->text);
        any |= is_checksum;
    }
    if (any)
        http_reply_header(c->http, "x-amz-checksum-type", BYTES("FULL_OBJECT"));
}

/* ---- conditions ---- */

bool s3_parse_http_date(struct bytes text, int64_t *ret_ms) {
    char copy[64];
    struct tm tm = {0};
    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    const char *end = strptime(copy, "%a, %d %b %Y %H:%M:%S", &tm);
    if (!end)
        return false;
    struct clock_fields f = {.year = tm.tm_year + 1900,
                             .month = tm.tm_mon + 1,
                             .day = tm.tm_mday,
                             .hour = tm.tm_hour,
                             .minute = tm.tm_min,
                             .second = tm.tm_sec};
    *ret_ms = clock_join_ms(&f);
    return true;
}

/* "*", or a list of quoted tags, possibly weak. */
static bool etag_matches(struct bytes list, const char *etag) {
    struct bytes item;
    while (list.ptr) {
        list = bytes_cut(list, ',', &item);
        item = bytes_trim(item);
        if (bytes_starts_with(item, BYTES("W/")))
            item = bytes_slice(item, 2, item.len);
        if (bytes_eq(item, BYTES("*")) || bytes_eq_str(s3_unquote(item), etag))
            return true;
    }
    return false;
}

static struct bytes condition(struct s3_call *c, const char *prefix, const char *name) {
    struct bytes full = arena_fmt(c->arena, "%s%s", prefix, name);
    return full.ptr ? http_header(c->http, full.ptr) : (struct bytes){0};
}

int s3_check_conditions(struct s3_call *c, const char *prefix, const struct store_meta *m) {
    struct bytes match = condition(c, prefix, "if-match");
    struct bytes none = condition(c, prefix, "if-none-match");
    int64_t date, second = m->mtime_ms / 1000 * 1000;
    if (match.len && !etag_matches(match, m->etag))
        return 412;
    if (!match.len && s3_parse_http_date(condition(c, prefix, "if-unmodified-since"), &date) &&
        second > date)
        return 412;
    int not_modified = prefix[0] ? 412 : 304;
    if (none.len)
        return etag_matches(none, m->etag) ? not_modified : 0;
    if (s3_parse_http_date(condition(c, prefix, "if-modified-since"), &date) && second <= date)
        return not_modified;
    return 0;
}
