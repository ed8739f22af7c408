/* text_lazy.c - LazySimpleSerDe and OpenCSVSerde.
 *
 * LazySimple cuts a line at separators, one more of them for each level of nesting: fields at the
 * first, elements of arrays and structs at the second, keys from values of maps at the third and so
 * on. Fields too few are NULL, too many are left out. The escape character takes the next one as it
 * is.
 *
 * OpenCSV knows texts only; other types are made of them: dates as days since 1970 or yyyy-mm-dd,
 * timestamps as milliseconds or yyyy-mm-dd hh:mm:ss. What is no such value is HIVE_BAD_DATA, an
 * empty text NULL. */
#include "duck/text_scan.h"
#include "duck/text_value.h"
#include <ctype.h>

/* ---- LazySimple ---- */
static bool lazy_value(struct text_local *l, const struct type *t, struct bytes text, int level,
                       struct decoder_vec *v, size_t row);

static bool is_null_text(const struct text_local *l, struct bytes text) {
    return bytes_eq(text, l->scan->null_text);
}

/* Cuts off the part before the next separator; false when there is no more. */
static bool cut(const struct text_scan *s, struct bytes *rest, char separator, struct bytes *ret) {
    size_t i = 0;
    if (!rest->ptr)
        return false;
    for (; i < rest->len && rest->ptr[i] != separator; i++)
        if (s->has_escape && rest->ptr[i] == s->escape)
            i++;
    i = MIN_OF(i, rest->len);
    *ret = bytes_slice(*rest, 0, i);
    *rest = i < rest->len ? bytes_slice(*rest, i + 1, rest->len) : (struct bytes){0};
    return true;
}

static struct bytes unescaped(struct text_local *l, struct bytes text) {
    const struct text_scan *s = l->scan;
    if (!s->has_escape || bytes_find_char(text, s->escape) < 0)
        return text;
    buf_reset(&l->text);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == s->escape && i + 1 < text.len) {
            c = text.ptr[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        buf_add_char(&l->text, c);
    }
    return buf_bytes(&l->text);
}

static bool lazy_element(struct text_local *l, const struct type *t, struct bytes text, int level,
                         struct decoder_vec *v, size_t row) {
    if (!is_null_text(l, text))
        return lazy_value(l, t, text, level, v, row);
    text_store_null(t, v, row);
    return true;
}

static bool lazy_array(struct text_local *l, const struct type *t, struct bytes text, int level,
                       struct decoder_vec *v, size_t row) {
    struct decoder_list list = {.offset = v->children[0].size};
    struct bytes one;
    if (!text.len)
        text = (struct bytes){0};
    while (cut(l->scan, &text, l->scan->separators[level], &one)) {
        size_t place;
        if (!text_grow(v, &place) ||
            !lazy_element(l, t->children[0], one, level + 1, &v->children[0], place))
            return false;
    }
    /* elements of inner lists lie elsewhere: these follow each other */
    list.length = v->children[0].size - list.offset;
    ((struct decoder_list *)v->data)[row] = list;
    text_set_valid(v, row);
    return true;
}

/* Of equal keys the first counts. */
static bool is_repeated(struct bytes const *keys, size_t count, struct bytes key) {
    for (size_t i = 0; i < count; i++)
        if (bytes_eq(keys[i], key))
            return true;
    return false;
}

#define MAP_KEYS 64 /* that are compared */

static bool lazy_map(struct text_local *l, const struct type *t, struct bytes text, int level,
                     struct decoder_vec *v, size_t row) {
    struct decoder_list list = {.offset = v->children[0].size};
    struct bytes one, keys[MAP_KEYS];
    size_t n = 0;
    if (!text.len)
        text = (struct bytes){0};
    while (cut(l->scan, &text, l->scan->separators[level], &one)) {
        struct bytes key;
        size_t place;
        bool has_key = cut(l->scan, &one, l->scan->separators[level + 1], &key);
        if (!has_key || is_null_text(l, key) || is_repeated(keys, MIN_OF(n, MAP_KEYS), key))
            continue;
        if (!text_grow(v, &place))
            return false;
        struct decoder_vec *entry = &v->children[0];
        text_set_valid(entry, place);
        if (!lazy_value(l, t->children[0], key, level + 2, &entry->children[0], place))
            return false;
        if (!one.ptr)
            text_store_null(t->children[1], &v->children[0].children[1], place);
        else if (!lazy_element(l, t->children[1], one, level + 2, &v->children[0].children[1],
                               place))
            return false;
        if (n < MAP_KEYS)
            keys[n] = key;
        n++;
    }
    list.length = v->children[0].size - list.offset;
    ((struct decoder_list *)v->data)[row] = list;
    text_set_valid(v, row);
    return true;
}

static bool lazy_struct(struct text_local *l, const struct type *t, struct bytes text, int level,
                        struct decoder_vec *v, size_t row) {
    struct bytes one;
    size_t i = 0;
    text_set_valid(v, row);
    for (; i < t->child_count && cut(l->scan, &text, l->scan->separators[level], &one); i++)
        if (!lazy_element(l, t->children[i], one, level + 1, &v->children[i], row))
            return false;
    for (; i < t->child_count; i++)
        text_store_null(t->children[i], &v->children[i], row);
    return true;
}

static bool lazy_value(struct text_local *l, const struct type *t, struct bytes text, int level,
                       struct decoder_vec *v, size_t row) {
    if (t->child_count && level + 2 >= TEXT_SEPARATORS) {
        text_store_null(t, v, row);
        return true;
    }
    if (t->kind == TYPE_ARRAY)
        return lazy_array(l, t, text, level, v, row);
    if (t->kind == TYPE_MAP)
        return lazy_map(l, t, text, level, v, row);
    if (t->kind == TYPE_STRUCT)
        return lazy_struct(l, t, text, level, v, row);
    return text_store(l, t, unescaped(l, text), v, row);
}

static int lazy_row(struct text_local *l, struct bytes line, size_t row, struct err *e) {
    const struct text_scan *s = l->scan;
    struct bytes one;
    size_t field = 0;
    if (!line.ptr)
        line = BYTES("");
    for (size_t i = 0; i < s->column_count; i++)
        if (l->wanted[i])
            text_store_null(s->columns[i].type, &l->vecs[i], row);
    while (field < s->field_count && line.ptr) {
        if (s->last_takes_rest && field + 1 == s->field_count) {
            one = line;
            line = (struct bytes){0};
        } else if (!cut(s, &line, s->separators[0], &one)) {
            break;
        }
        size_t c = l->column_of[field++];
        if (c < s->column_count && l->wanted[c] &&
            !lazy_element(l, s->columns[c].type, one, 1, &l->vecs[c], row))
            return err_set(e, ERR_NOMEM, NULL);
    }
    return 0;
}

const struct text_format text_format_lazy = {.name = "lazy", .row = lazy_row};

/* ---- OpenCSV ---- */
static int csv_bad(const struct text_column *c, struct bytes text, struct err *e) {
    struct bytes shown = bytes_slice(text, 0, MIN_OF(text.len, (size_t)200));
    return err_set_named(e, ERR_SQL, "HIVE_BAD_DATA", 0,
                         "Error parsing field value '%.*s' for field %zu: For input string: "
                         "\"%.*s\"",
                         BYTES_ARG(shown), c->field, BYTES_ARG(shown));
}

static bool is_valid(const struct decoder_vec *v, size_t row) {
    return v->validity[row >> 6] >> (row & 63) & 1;
}

static int csv_store(struct text_local *l, size_t c, struct bytes text, size_t row, struct err *e) {
    const struct text_column *column = &l->scan->columns[c];
    const struct type *t = column->type;
    struct decoder_vec *v = &l->vecs[c];
    bool is_text = t->kind == TYPE_STRING || t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR;
    int64_t n;
    if (!is_text && !text.len) {
        text_store_null(t, v, row);
        return 0;
    }
    if (t->kind == TYPE_DATE && text_to_integer(text, INT32_MIN, INT32_MAX, &n)) {
        ((int32_t *)v->data)[row] = (int32_t)n;
        text_set_valid(v, row);
        return 0;
    }
    if (t->kind == TYPE_TIMESTAMP &&
        text_to_integer(text, INT64_MIN / 1000, INT64_MAX / 1000, &n)) {
        text_store_time(v, row, n * 1000);
        return 0;
    }
    if (!text_store(l, t, text, v, row))
        return err_set(e, ERR_NOMEM, NULL);
    return is_valid(v, row) ? 0 : csv_bad(column, text, e);
}

static int csv_field(struct text_local *l, size_t field, size_t row, struct err *e) {
    size_t c = field < l->scan->field_count ? l->column_of[field] : l->scan->column_count;
    if (!buf_ok(&l->text))
        return err_set(e, ERR_NOMEM, NULL);
    if (c == l->scan->column_count || !l->wanted[c])
        return 0;
    struct bytes text = buf_bytes(&l->text);
    return csv_store(l, c, text.ptr ? text : BYTES(""), row, e);
}

static bool all_blank(const struct buf *b) {
    for (size_t i = 0; i < b->len; i++)
        if (!isspace((unsigned char)b->ptr[i]))
            return false;
    return b->len > 0;
}

struct csv {
    struct bytes line;
    size_t at;
    bool in_quotes, in_field;
};

static int peek(const struct csv *p) {
    return p->at + 1 < p->line.len ? (unsigned char)p->line.ptr[p->at + 1] : -1;
}

/* A quote that opens or closes, or one in the middle of a text, which is kept. */
static void csv_quote(struct text_local *l, struct csv *p) {
    const struct text_scan *s = l->scan;
    if ((p->in_quotes || p->in_field) && peek(p) == (unsigned char)s->csv_quote) {
        buf_add_char(&l->text, p->line.ptr[++p->at]);
    } else {
        bool inside = p->at > 2 && p->line.ptr[p->at - 1] != s->csv_separator && peek(p) >= 0 &&
                      peek(p) != (unsigned char)s->csv_separator;
        if (inside && all_blank(&l->text))
            buf_reset(&l->text);
        else if (inside)
            buf_add_char(&l->text, s->csv_quote);
        p->in_quotes = !p->in_quotes;
    }
    p->in_field = !p->in_field;
}

static void csv_escape(struct text_local *l, struct csv *p) {
    int next = peek(p);
    if ((p->in_quotes || p->in_field) && next >= 0 &&
        (next == (unsigned char)l->scan->csv_quote || next == (unsigned char)l->scan->csv_escape))
        buf_add_char(&l->text, p->line.ptr[++p->at]);
}

static int csv_row(struct text_local *l, struct bytes line, size_t row, struct err *e) {
    const struct text_scan *s = l->scan;
    struct csv p = {.line = line};
    size_t field = 0;
    int rc = 0;
    buf_reset(&l->text);
    for (size_t i = 0; i < s->column_count; i++)
        if (l->wanted[i])
            text_store_null(s->columns[i].type, &l->vecs[i], row);
    for (; !rc && p.at < line.len && field < s->field_count; p.at++) {
        char c = line.ptr[p.at];
        if (s->csv_escape && c == s->csv_escape) {
            csv_escape(l, &p);
        } else if (s->csv_quote && c == s->csv_quote) {
            csv_quote(l, &p);
        } else if (c == s->csv_separator && !p.in_quotes) {
            rc = csv_field(l, field++, row, e);
            buf_reset(&l->text);
            p.in_field = false;
        } else {
            buf_add_char(&l->text, c);
            p.in_field = true;
        }
    }
    /* a last text that is not ended does not count */
    return rc || !line.len || p.in_quotes || field >= s->field_count ? rc
                                                                     : csv_field(l, field, row, e);
}

const struct text_format text_format_csv = {.name = "csv", .row = csv_row};
