/* values.c - numbers, dates and decimals come as they are shown; varbinary comes in base64; arrays
 * and rows are JSON arrays and maps are objects, whose types say what is in them:
 *
 *     {"rawType": "map", "arguments": [{"kind": "TYPE", "value": {key}}, {.., "value": {value}}]}
 *     {"rawType": "row", "arguments": [{"kind": "NAMED_TYPE",
 *                                      "value": {"fieldName": {"name": "a"}, "typeSignature":
 * {}}}]}
 */
#include "base/encode.h"
#include "trino/trino.h"

#define DEPTH_MAX 100

static void add(const struct json *v, const struct json *signature, int depth, struct buf *out);

static const struct json *argument(const struct json *signature, size_t index) {
    return json_get(json_at(json_get(signature, "arguments"), index), "value");
}

static void add_array(const struct json *v, const struct json *signature, int depth,
                      struct buf *out) {
    const struct json *element = argument(signature, 0);
    const char *before = "[";
    JSON_FOR_EACH(item, v) {
        buf_add_str(out, before);
        add(item, element, depth, out);
        before = ", ";
    }
    buf_add_str(out, v->count ? "]" : "[]");
}

/* A key of JSON is text whatever its type; only varbinary is not what Athena shows. */
static void add_key(struct bytes name, const struct json *signature, int depth, struct buf *out) {
    struct json key = {.kind = JSON_STRING, .text = name};
    add(&key, signature, depth, out);
}

static void add_map(const struct json *v, const struct json *signature, int depth,
                    struct buf *out) {
    const char *before = "{";
    JSON_FOR_EACH(item, v) {
        buf_add_str(out, before);
        add_key(item->name, argument(signature, 0), depth, out);
        buf_add_char(out, '=');
        add(item, argument(signature, 1), depth, out);
        before = ", ";
    }
    buf_add_str(out, v->count ? "}" : "{}");
}

static void add_row(const struct json *v, const struct json *signature, int depth,
                    struct buf *out) {
    size_t i = 0;
    JSON_FOR_EACH(item, v) {
        const struct json *field = argument(signature, i);
        struct bytes name = json_get_str(json_get(field, "fieldName"), "name");
        buf_add_str(out, i ? ", " : "{");
        if (name.len)
            buf_add(out, name);
        else
            buf_add_fmt(out, "field%zu", i);
        buf_add_char(out, '=');
        add(item, json_get(field, "typeSignature"), depth, out);
        i++;
    }
    buf_add_str(out, v->count ? "}" : "{}");
}

static void add_binary(struct bytes base64, struct buf *out) {
    static const char digits[] = "0123456789abcdef";
    struct buf raw = {0};
    char *room = buf_reserve(&raw, base64_decoded_max(base64.len));
    ptrdiff_t n = room ? base64_decode(base64, room) : -1;
    for (ptrdiff_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)room[i];
        if (i)
            buf_add_char(out, ' ');
        buf_add_char(out, digits[c >> 4]);
        buf_add_char(out, digits[c & 15]);
    }
    buf_clear(&raw);
}

static void add(const struct json *v, const struct json *signature, int depth, struct buf *out) {
    struct bytes type = json_get_str(signature, "rawType");
    if (v->kind == JSON_NULL || depth > DEPTH_MAX)
        buf_add_str(out, "null");
    else if (v->kind == JSON_ARRAY && bytes_eq_str(type, "row"))
        add_row(v, signature, depth + 1, out);
    else if (v->kind == JSON_ARRAY)
        add_array(v, signature, depth + 1, out);
    else if (v->kind == JSON_OBJECT)
        add_map(v, signature, depth + 1, out);
    else if (v->kind == JSON_TRUE || v->kind == JSON_FALSE)
        buf_add_str(out, v->kind == JSON_TRUE ? "true" : "false");
    else if (bytes_eq_str(type, "varbinary"))
        add_binary(v->text, out);
    else
        buf_add(out, v->text);
}

void trino_value(const struct json *value, const struct json *signature, struct buf *out) {
    add(value, signature, 0, out);
}
