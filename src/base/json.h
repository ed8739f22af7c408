/* json.h - a reader into a tree (API bodies, catalogue documents, task messages) and a writer.
 *
 * The reader is for requests and documents, not for the event path (that is schema/decoder.h).
 * RFC 8259 strictly: no comments, no trailing commas, valid UTF-8, depth at most 200. Duplicate
 * names: the last wins for lookups. Strings without escapes are views into the input, which must
 * outlive the tree; others are in the arena. */
#ifndef TARN_BASE_JSON_H
#define TARN_BASE_JSON_H

#include "base/arena.h"
#include "base/err.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_kind kind;
    struct bytes text;  /* string: decoded; number: its text; array, object: the source text */
    struct bytes name;  /* member name when the parent is an object */
    struct json *first; /* array, object: first child */
    struct json *next;  /* sibling */
    size_t count;       /* children */
};

/* The whole input is one value with blanks around. ERR_SERIALIZATION with the byte offset in the
 * text when malformed; ERR_NOMEM. */
int json_parse(struct arena *a, struct bytes in, struct json **ret, struct err *e) WARN_UNUSED;

/* Member of an object by exact name; NULL when absent, null, or `j` is NULL or no object. */
const struct json *json_get(const struct json *j, const char *name);
/* As json_get but JSON null is returned too. */
const struct json *json_get_raw(const struct json *j, const char *name);
/* Nth element of an array; NULL beyond. Linear. */
const struct json *json_at(const struct json *j, size_t index);
/* Text of a string member; the empty view (ptr NULL) when absent or no string. */
struct bytes json_get_str(const struct json *j, const char *name);
/* Integer member (whole numbers, also as 5.0 or 5e0); `otherwise` when absent or no integer. */
int64_t json_get_i64(const struct json *j, const char *name, int64_t otherwise);
double json_get_f64(const struct json *j, const char *name, double otherwise);
bool json_get_bool(const struct json *j, const char *name, bool otherwise);
bool json_to_i64(const struct json *j, int64_t *ret) WARN_UNUSED;

#define JSON_FOR_EACH(child, parent)                                                               \
    for (const struct json *child = (parent) ? (parent)->first : NULL; child; child = child->next)

/* ---- writer: into a buf, commas and escaping done; failures show in buf_ok. ---- */
struct jsonw {
    struct buf *out;
    bool need_comma;
};
static inline struct jsonw jsonw_to(struct buf *out) {
    return (struct jsonw){.out = out};
}
void jsonw_object(struct jsonw *w);
void jsonw_end_object(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_end_array(struct jsonw *w);
/* Name of the next member. */
void jsonw_name(struct jsonw *w, const char *name);
void jsonw_name_bytes(struct jsonw *w, struct bytes name);
/* Values. Invalid UTF-8 in a string is written as U+FFFD. */
void jsonw_str(struct jsonw *w, struct bytes v);
void jsonw_cstr(struct jsonw *w, const char *v); /* NULL writes null */
void jsonw_base64(struct jsonw *w, struct bytes v);
void jsonw_i64(struct jsonw *w, int64_t v);
void jsonw_u64(struct jsonw *w, uint64_t v);
void jsonw_f64(struct jsonw *w, double v); /* shortest text that reads back; NaN writes null */
void jsonw_time_ms(struct jsonw *w, int64_t ms); /* AWS JSON timestamp: seconds with 3 decimals */
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
/* A value that is JSON text already. */
void jsonw_raw(struct jsonw *w, struct bytes json_text);
/* A tree again, compact. */
void jsonw_tree(struct jsonw *w, const struct json *j);
/* name + value in one call. */
void jsonw_kv_str(struct jsonw *w, const char *name, struct bytes v);
void jsonw_kv_cstr(struct jsonw *w, const char *name, const char *v);
void jsonw_kv_i64(struct jsonw *w, const char *name, int64_t v);
void jsonw_kv_u64(struct jsonw *w, const char *name, uint64_t v);
void jsonw_kv_bool(struct jsonw *w, const char *name, bool v);
void jsonw_kv_time_ms(struct jsonw *w, const char *name, int64_t ms);
void jsonw_kv_raw(struct jsonw *w, const char *name, struct bytes json_text);

#endif
