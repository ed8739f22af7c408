/* json_tree.c - builds and writes trees of JSON values, with json_scan.h as the tokenizer. */
#include "duck/json_tree.h"
#include "duck/json_scan.h"
#include "duck/text_value.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

struct json_tree *json_tree_new(struct arena *a, enum json_tree_kind kind) {
    struct json_tree *t = ARENA_NEW(a, struct json_tree);
    if (t)
        t->kind = kind;
    return t;
}
struct json_tree *json_tree_string(struct arena *a, struct bytes text) {
    struct json_tree *t = json_tree_new(a, JSON_TREE_STRING);
    if (t)
        t->text = text;
    return t;
}
struct json_tree *json_tree_number(struct arena *a, const struct json_number *n) {
    struct json_tree *t = json_tree_new(a, JSON_TREE_NUMBER);
    if (t)
        t->number = *n;
    return t;
}

struct json_tree *json_tree_member(const struct json_tree *object, struct bytes name) {
    for (struct json_tree *m = object->first; m; m = m->next)
        if (bytes_eq(m->name, name))
            return m;
    return NULL;
}
static void append(struct json_tree *parent, struct json_tree *child) {
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}
void json_tree_add(struct json_tree *parent, struct json_tree *child) {
    struct json_tree *old =
        parent->kind == JSON_TREE_OBJECT ? json_tree_member(parent, child->name) : NULL;
    if (!old) {
        append(parent, child);
        return;
    }
    struct json_tree *next = old->next;
    *old = *child; /* its place in the order stays */
    old->next = next;
}

/* ---- reading ---- */
static bool whole_text(struct bytes v) {
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] == '.' || (v.ptr[i] | 32) == 'e')
            return false;
    return true;
}
static struct json_tree *read_number(struct arena *a, struct bytes v) {
    struct json_tree *t = json_tree_new(a, JSON_TREE_NUMBER);
    int64_t n;
    if (!t)
        return NULL;
    if (!whole_text(v)) {
        char *text = arena_cstr(a, v);
        t->number = json_number_of_double(text ? strtod(text, NULL) : 0);
        return text ? t : NULL;
    }
    if (bytes_to_i64(v, &n)) {
        t->number = json_number_integer(n, n >= INT32_MIN && n <= INT32_MAX ? 32 : 64);
        return t;
    }
    t->number.kind = JSON_NUMBER_HUGE;
    t->text = v;
    return t;
}
static bool decoded(struct arena *a, struct bytes raw, struct bytes *ret) {
    struct buf b = {0};
    *ret = raw;
    if (!memchr(raw.ptr, '\\', raw.len))
        return true;
    bool ok = json_unescape(raw, &b);
    *ret = arena_copy(a, buf_bytes(&b));
    ok = ok && buf_ok(&b) && (ret->ptr || !b.len);
    buf_clear(&b);
    return ok;
}
static struct json_tree *read_value(struct arena *a, struct json_scan *s, int depth);

static struct json_tree *read_children(struct arena *a, struct json_scan *s, char kind, int depth) {
    struct json_tree *t = json_tree_new(a, kind == '{' ? JSON_TREE_OBJECT : JSON_TREE_ARRAY),
                     *child;
    struct bytes name;
    bool bad = false;
    for (bool in = t && json_scan_enter(s, &bad); in; in = json_scan_next(s, &bad)) {
        struct bytes raw = {0};
        if (kind == '{' && (!json_scan_name(s, &raw) || !decoded(a, raw, &name)))
            return NULL;
        if (!(child = read_value(a, s, depth + 1)))
            return NULL;
        if (kind == '{')
            child->name = name;
        json_tree_add(t, child);
    }
    return bad ? NULL : t;
}
static struct json_tree *read_value(struct arena *a, struct json_scan *s, int depth) {
    char kind = json_scan_kind(s);
    struct bytes v;
    struct json_tree *t;
    if (kind == '{' || kind == '[')
        return depth >= JSON_SCAN_DEPTH ? NULL : read_children(a, s, kind, depth);
    if (!kind || !json_scan_value(s, &v))
        return NULL;
    switch (kind) {
    case '"':
        t = json_tree_new(a, JSON_TREE_STRING);
        return t && decoded(a, bytes_slice(v, 1, v.len - 1), &t->text) ? t : NULL;
    case '0':
        return read_number(a, v);
    case 'n':
        return json_tree_new(a, JSON_TREE_NULL);
    default:
        if ((t = json_tree_new(a, JSON_TREE_BOOLEAN)))
            t->boolean = kind == 't';
        return t;
    }
}
bool json_tree_parse(struct arena *a, struct bytes text, struct json_tree **ret) {
    struct json_scan s = {text, 0};
    *ret = read_value(a, &s, 0);
    return *ret != NULL;
}

/* ---- writing ---- */
/* As BigDecimal writes it: without an exponent unless the value is far below one. */
static void write_decimal(const struct json_number *n, struct buf *out) {
    char t[45];
    int exponent = dec128_digits(n->value) - 1 - n->scale;
    if (exponent >= -6) {
        dec128_text(n->value, n->scale, t);
        buf_add_str(out, t);
        return;
    }
    dec128_text(n->value, dec128_digits(n->value) - 1, t);
    buf_add_fmt(out, "%sE%d", t, exponent);
}
void json_number_write(const struct json_number *n, struct buf *out) {
    char t[45];
    if (n->kind == JSON_NUMBER_DECIMAL) {
        write_decimal(n, out);
    } else if (n->kind == JSON_NUMBER_DOUBLE) {
        fn_java_double(n->real, n->is_real, t);
        buf_add_fmt(out, isfinite(n->real) ? "%s" : "\"%s\"", t);
    } else {
        dec128_text(n->value, 0, t);
        buf_add_str(out, t);
    }
}
static void write_children(const struct json_tree *t, struct buf *out) {
    bool object = t->kind == JSON_TREE_OBJECT;
    buf_add_char(out, object ? '{' : '[');
    for (const struct json_tree *c = t->first; c; c = c->next) {
        if (c != t->first)
            buf_add_char(out, ',');
        if (object) {
            json_quote(c->name, out);
            buf_add_char(out, ':');
        }
        json_tree_write(c, out);
    }
    buf_add_char(out, object ? '}' : ']');
}
void json_tree_write(const struct json_tree *t, struct buf *out) {
    switch (t->kind) {
    case JSON_TREE_NULL:
        buf_add_str(out, "null");
        return;
    case JSON_TREE_BOOLEAN:
        buf_add_str(out, t->boolean ? "true" : "false");
        return;
    case JSON_TREE_STRING:
        json_quote(t->text, out);
        return;
    case JSON_TREE_NUMBER:
        if (t->number.kind == JSON_NUMBER_HUGE)
            buf_add(out, t->text);
        else
            json_number_write(&t->number, out);
        return;
    default:
        write_children(t, out);
    }
}
