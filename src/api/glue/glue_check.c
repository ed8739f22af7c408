/* glue_check.c - walks a value along a shape and collects what AWS would object to.
 *
 * The way down is a list of steps on the stack (".storageDescriptor", ".columns", ".3.member"),
 * which is written out only for what is objected to. A wrong type ends the walk with a
 * SerializationException; everything else is collected, up to ten violations, as AWS does. */
#include "api/glue/glue_check.h"
#include <ctype.h>
#include <stdio.h>

#define MAX_SHOWN 10
#define LINE_PATTERN "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*"
#define TEXT_PATTERN "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"

struct step {
    const struct step *up;
    const char *name; /* of the root: the path as it is; NULL: of a list */
    size_t index;     /* in a list, from 1 */
};
struct walk {
    struct buf text;
    int count;
    struct err *e;
};

/* ---- reporting ---- */
static void write_path(struct buf *out, const struct step *s) {
    if (s->up)
        write_path(out, s->up);
    if (!s->up)
        buf_add_str(out, s->name);
    else if (s->name)
        buf_add_fmt(out, ".%c%s", tolower((unsigned char)s->name[0]), s->name + 1);
    else
        buf_add_fmt(out, ".%zu.member", s->index);
}

static void violation(struct walk *w, const struct step *at, const struct json *v, const char *fmt,
                      ...) PRINTF_LIKE(4, 5);
static void violation(struct walk *w, const struct step *at, const struct json *v, const char *fmt,
                      ...) {
    char must[400];
    va_list ap;
    if (w->count++ >= MAX_SHOWN)
        return;
    va_start(ap, fmt);
    vsnprintf(must, sizeof must, fmt, ap);
    va_end(ap);
    buf_add_str(&w->text, w->count > 1 ? "; Value " : "Value ");
    if (v) {
        size_t shown = MIN_OF(v->text.len, (size_t)256);
        while (shown < v->text.len && shown && ((unsigned char)v->text.ptr[shown] & 0xC0) == 0x80)
            shown--; /* not through a UTF-8 sequence */
        buf_add_char(&w->text, '\'');
        buf_add(&w->text, bytes_slice(v->text, 0, shown));
        buf_add_str(&w->text, shown < v->text.len ? "...'" : "'");
    } else {
        buf_add_str(&w->text, "null");
    }
    buf_add_str(&w->text, " at '");
    write_path(&w->text, at);
    buf_add_fmt(&w->text, "' failed to satisfy constraint: %s", must);
}

static int wrong_type(struct walk *w, const struct step *at, const struct json *v,
                      const struct glue_shape *s) {
    static const char *const expected[] = {
        [GLUE_LINE] = "a String",  [GLUE_TEXT] = "a String",     [GLUE_STRING] = "a String",
        [GLUE_ENUM] = "a String",  [GLUE_INT] = "an Integer",    [GLUE_NUMBER] = "a Double",
        [GLUE_BOOL] = "a Boolean", [GLUE_TIME] = "a Timestamp",  [GLUE_LIST] = "a List",
        [GLUE_MAP] = "a Map",      [GLUE_STRUCT] = "a Structure"};
    const char *kind = v->kind == JSON_STRING   ? "STRING_VALUE"
                       : v->kind == JSON_NUMBER ? "NUMBER_VALUE"
                       : v->kind == JSON_ARRAY  ? "A list"
                       : v->kind == JSON_OBJECT ? "A structure or map"
                       : v->kind == JSON_TRUE   ? "TRUE_VALUE"
                                                : "FALSE_VALUE";
    struct buf path = {0};
    write_path(&path, at);
    int rc = err_set(w->e, ERR_SERIALIZATION, "%s can not be converted to %s (%.*s)", kind,
                     expected[s->kind], BYTES_ARG(buf_bytes(&path)));
    buf_clear(&path);
    return rc;
}

/* ---- one value ---- */
static bool kind_fits(const struct json *v, enum glue_kind kind) {
    int64_t n;
    switch (kind) {
    case GLUE_LINE:
    case GLUE_TEXT:
    case GLUE_STRING:
    case GLUE_ENUM:
        return v->kind == JSON_STRING;
    case GLUE_INT:
        return json_to_i64(v, &n);
    case GLUE_NUMBER:
        return v->kind == JSON_NUMBER;
    case GLUE_BOOL:
        return v->kind == JSON_TRUE || v->kind == JSON_FALSE;
    case GLUE_TIME:
        return v->kind == JSON_NUMBER || v->kind == JSON_STRING;
    case GLUE_LIST:
        return v->kind == JSON_ARRAY;
    case GLUE_MAP:
    case GLUE_STRUCT:
        return v->kind == JSON_OBJECT;
    }
    return false;
}

static int64_t count_chars(struct bytes text) {
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

static int64_t measure(const struct json *v) {
    int64_t n = 0;
    if (v->kind == JSON_STRING)
        return count_chars(v->text);
    if (v->kind == JSON_NUMBER)
        return json_to_i64(v, &n) ? n : v->text.len && v->text.ptr[0] == '-' ? -1 : 1;
    return (int64_t)v->count;
}

static bool has_control(struct bytes text, bool line_ends) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 && c != '\t' && !(line_ends && (c == '\n' || c == '\r')))
            return true;
    }
    return false;
}

static bool in_values(const char *values, struct bytes text) {
    struct bytes rest = bytes_str(values), head;
    while (rest.ptr) {
        rest = bytes_cut(rest, '|', &head);
        if (bytes_eq(head, text))
            return true;
    }
    return false;
}

static void enum_violation(struct walk *w, const struct step *at, const struct json *v,
                           const char *values) {
    char list[320];
    size_t n = 0;
    for (; *values && n < sizeof list - 3; values++) {
        list[n++] = *values == '|' ? ',' : *values;
        if (*values == '|')
            list[n++] = ' ';
    }
    list[n] = 0;
    violation(w, at, v, "Member must satisfy enum value set: [%s]", list);
}

static void check_scalar(struct walk *w, const struct step *at, const struct json *v,
                         const struct glue_shape *s) {
    const char *what = v->kind == JSON_NUMBER ? "value" : "length";
    int64_t n = s->min || s->max ? measure(v) : 0;
    if (s->kind == GLUE_LINE && has_control(v->text, false))
        violation(w, at, v, "Member must satisfy regular expression pattern: " LINE_PATTERN);
    if (s->kind == GLUE_TEXT && has_control(v->text, true))
        violation(w, at, v, "Member must satisfy regular expression pattern: " TEXT_PATTERN);
    if (s->kind == GLUE_ENUM && !in_values(s->values, v->text))
        enum_violation(w, at, v, s->values);
    if (n < s->min)
        violation(w, at, v, "Member must have %s greater than or equal to %lld", what,
                  (long long)s->min);
    else if (n > s->max)
        violation(w, at, v, "Member must have %s less than or equal to %lld", what,
                  (long long)s->max);
}

/* ---- going down ---- */
static int walk(struct walk *w, const struct step *at, const struct json *v,
                const struct glue_shape *s);

static int walk_struct(struct walk *w, const struct step *at, const struct json *v,
                       const struct glue_shape *of) {
    struct step s = {.up = at};
    int rc = 0;
    for (; !rc && of && of->name; of++) {
        s.name = of->name;
        rc = walk(w, &s, json_get(v, of->name), of);
    }
    return rc;
}

static int walk_list(struct walk *w, const struct step *at, const struct json *v,
                     const struct glue_shape *of) {
    struct step s = {.up = at};
    int rc = 0;
    JSON_FOR_EACH(item, v) {
        s.index++;
        rc = walk(w, &s, item->kind == JSON_NULL ? NULL : item, of);
        if (rc)
            break;
    }
    return rc;
}

static int walk_map(struct walk *w, const struct step *at, const struct json *v,
                    const struct glue_shape *of) {
    JSON_FOR_EACH(item, v) {
        int64_t n = count_chars(item->name);
        if (n < of[0].min || n > of[0].max)
            violation(w, at, v,
                      "Map keys must satisfy constraint: [Member must have length less than or "
                      "equal to %lld, Member must have length greater than or equal to %lld]",
                      (long long)of[0].max, (long long)of[0].min);
        if (item->kind == JSON_NULL)
            continue;
        if (!kind_fits(item, of[1].kind))
            return wrong_type(w, at, item, &of[1]);
        if (of[1].max && count_chars(item->text) > of[1].max)
            violation(w, at, v,
                      "Map value must satisfy constraint: [Member must have length less than or "
                      "equal to %lld]",
                      (long long)of[1].max);
    }
    return 0;
}

static int walk(struct walk *w, const struct step *at, const struct json *v,
                const struct glue_shape *s) {
    if (!v) {
        if (s->required)
            violation(w, at, v, "Member must not be null");
        return 0;
    }
    if (!kind_fits(v, s->kind))
        return wrong_type(w, at, v, s);
    check_scalar(w, at, v, s);
    if (!s->of)
        return 0;
    return s->kind == GLUE_STRUCT ? walk_struct(w, at, v, s->of)
           : s->kind == GLUE_LIST ? walk_list(w, at, v, s->of)
                                  : walk_map(w, at, v, s->of);
}

int glue_check(const struct json *value, const char *path, const struct glue_shape *shape,
               struct err *e) {
    struct step root = {.name = path};
    struct walk w = {.e = e};
    int rc = walk(&w, &root, value, shape);
    if (!rc && !buf_ok(&w.text))
        rc = err_set(e, ERR_NOMEM, NULL);
    if (!rc && w.count) {
        int shown = MIN_OF(w.count, MAX_SHOWN);
        const char *text = buf_cstr(&w.text);
        rc = err_set(e, ERR_VALIDATION, "%d validation error%s detected: %s", shown,
                     shown == 1 ? "" : "s", text ? text : "");
    }
    buf_clear(&w.text);
    return rc;
}
