/* text_json.c - JSON lines: the OpenX SerDe and Hive's own.
 *
 * A line is gone through once: each member is stored where a column has its name, without regard to
 * case unless told otherwise. When the line turns out to be broken further on, its row becomes one
 * of NULLs again; an error of a value counts only when the whole line is good.
 *
 * OpenX forgives much: any scalar is text, a number may be a quoted one, a value that does not fit
 * is NULL, a scalar for an array is one element, an array for a struct goes by place, a line that
 * is no object or array is a row of NULLs; ignore.malformed.json makes broken lines such rows too.
 * Hive's SerDe refuses what does not fit. Where an object or array stands for a number both do. */
#include "base/encode.h"
#include "duck/json_scan.h"
#include "duck/text_scan.h"
#include "duck/text_value.h"
#include "duck/time_pattern.h"
#include "duck/time_text.h"
#include <ctype.h>

enum stored { STORED, NO_MEMORY, MISFIT };

static enum stored store(struct text_local *l, const struct type *t, struct bytes value,
                         struct decoder_vec *v, size_t row);

/* Of a value that was scanned: it is not empty and has no blanks before it. */
static inline char kind_of(struct bytes value) {
    char c = value.ptr[0];
    return c == '-' || (c >= '0' && c <= '9') ? '0' : c;
}

/* A string's content, or a scalar as it is written. */
static bool scalar_text(struct text_local *l, struct bytes value, struct bytes *ret) {
    *ret = value;
    if (value.ptr[0] != '"')
        return true;
    *ret = bytes_slice(value, 1, value.len - 1);
    if (bytes_find_char(*ret, '\\') < 0)
        return true;
    buf_reset(&l->text);
    if (!json_unescape(*ret, &l->text))
        return false;
    *ret = buf_bytes(&l->text);
    if (!ret->ptr)
        *ret = BYTES("");
    return buf_ok(&l->text);
}

/* An object or array as text, without blanks outside of strings. */
static struct bytes squeezed(struct text_local *l, struct bytes value) {
    bool quoted = false;
    buf_reset(&l->text);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (!quoted && strchr(" \t\r\n", c) && c)
            continue;
        buf_add_char(&l->text, c);
        if (quoted && c == '\\' && i + 1 < value.len)
            buf_add_char(&l->text, value.ptr[++i]);
        else if (c == '"')
            quoted = !quoted;
    }
    return buf_bytes(&l->text);
}

/* ---- numbers and times ---- */
static bool whole_number(struct bytes text, int64_t *ret) {
    int64_t n = 0;
    bool hex = text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] | 32) == 'x';
    bool octal = !hex && text.len > 1 && text.ptr[0] == '0' && isdigit((unsigned char)text.ptr[1]);
    if (!hex && !octal)
        return text_to_integer(text, INT64_MIN, INT64_MAX, ret);
    for (size_t i = hex ? 2 : 1; i < text.len; i++) {
        char c = text.ptr[i];
        int digit = isdigit((unsigned char)c)           ? c - '0'
                    : isxdigit((unsigned char)c) && hex ? (c | 32) - 'a' + 10
                                                        : 99;
        int base = hex ? 16 : 8;
        if (digit >= base || n > (INT64_MAX - digit) / base)
            return false;
        n = n * base + digit;
    }
    *ret = n;
    return true;
}

/* 12.9 and 1.2e1 are 12. */
static bool number_cut(struct text_local *l, struct bytes text, int64_t *ret) {
    if (whole_number(text, ret))
        return true;
    buf_reset(&l->other);
    double d;
    if (!text_to_double(text, &d) || !(d > -9.3e18 && d < 9.3e18))
        return false;
    if (!text_to_decimal(text, 38, 18, &l->other))
        return false;
    struct bytes digits = buf_bytes(&l->other);
    ptrdiff_t point = bytes_find_char(digits, '.');
    digits = bytes_slice(digits, 0, point < 0 ? digits.len : (size_t)point);
    if (bytes_eq_str(digits, "-0"))
        digits = BYTES("0");
    return text_to_integer(digits, INT64_MIN, INT64_MAX, ret);
}

/* At most 15 digits with a point among them: both the digits and the power of ten are exact as
 * doubles, so that one division rounds as strtod does. `text` is a JSON number. */
static bool short_double(struct bytes text, double *ret) {
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool minus = text.ptr[0] == '-';
    size_t places = 0;
    int64_t n = 0;
    if (text.len > 16)
        return false;
    for (size_t i = minus; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.')
            places = text.len - i - 1;
        else if (c >= '0' && c <= '9')
            n = n * 10 + (c - '0');
        else
            return false;
    }
    if (n >= INT64_C(1000000000000000))
        return false;
    double d = (double)n / powers[places];
    *ret = minus ? -d : d;
    return true;
}

/* A JSON number of at most 18 digits, as it is. */
static bool short_integer(struct bytes text, int64_t *ret) {
    bool minus = text.ptr[0] == '-';
    int64_t n = 0;
    if (text.len > 18)
        return false;
    for (size_t i = minus; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        n = n * 10 + (text.ptr[i] - '0');
    }
    *ret = minus ? -n : n;
    return true;
}

/* The common numbers, without a detour; false: store_scalar does it. */
static bool store_short_number(const struct type *t, struct bytes text, struct decoder_vec *v,
                               size_t row) {
    int64_t n;
    switch (t->kind) {
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        if (!short_integer(text, &n))
            return false;
        text_store_integer(t, n, v, row);
        return true;
    case TYPE_DOUBLE:
        if (!short_double(text, (double *)v->data + row))
            return false;
        text_set_valid(v, row);
        return true;
    default:
        return false;
    }
}

static bool zoned_time(struct bytes text, int64_t *ret) {
    struct time_text t;
    char copy[80];
    int64_t minutes;
    if (text.len >= sizeof copy || !text.len)
        return false;
    memcpy(copy, text.ptr, text.len);
    size_t n = text.len;
    for (size_t i = 0; i < n; i++)
        if ((copy[i] | 32) == 't' && i >= 8)
            copy[i] = ' ';
    /* +0100 as +01:00 */
    if (n > 5 && n + 1 < sizeof copy && (copy[n - 5] == '+' || copy[n - 5] == '-') &&
        isdigit((unsigned char)copy[n - 3])) {
        memmove(copy + n - 1, copy + n - 2, 2);
        copy[n - 2] = ':';
        n++;
    }
    if (copy[n - 1] == 'z')
        copy[n - 1] = 'Z';
    if (!time_text_parse_timestamp(bytes_of(copy, n), &t))
        return false;
    if (t.zone.len && !time_text_zone_offset(t.zone, &minutes))
        return false;
    *ret = t.micros - (t.zone.len ? minutes * 60000000 : 0);
    return true;
}

static bool number_time(struct bytes text, int64_t *ret) {
    double d;
    int64_t n;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("-+.0123456789", text.ptr[i]) || !text.ptr[i])
            return false;
    if (bytes_find_char(text, '.') >= 0) {
        if (!text_to_double(text, &d) || d > 9e12 || d < -9e12)
            return false;
        int64_t ms = (int64_t)(d * 1000 + (d < 0 ? -1e-4 : 1e-4));
        *ret = ms * 1000;
        return true;
    }
    if (!text_to_integer(text, INT64_MIN / 1000000, INT64_MAX / 1000000, &n))
        return false;
    *ret = text.len >= 13 ? n * 1000 : n * 1000000;
    return true;
}

static bool openx_time(const struct text_local *l, struct bytes text, int64_t *ret) {
    if (bytes_find_char(text, ':') <= 0)
        return text_parse_timestamp(l->scan, text, ret) && l->scan->timestamp_format_count
                   ? true
                   : number_time(text, ret);
    return text_parse_timestamp(l->scan, text, ret) || zoned_time(text, ret);
}

static enum stored store_scalar(struct text_local *l, const struct type *t, struct bytes text,
                                struct decoder_vec *v, size_t row) {
    int64_t n;
    switch (t->kind) {
    case TYPE_BOOLEAN:
        ((uint8_t *)v->data)[row] = bytes_eq_nocase(text, BYTES("true"));
        text_set_valid(v, row);
        return STORED;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        if (number_cut(l, text, &n))
            text_store_integer(t, n, v, row);
        else
            text_store_null(t, v, row);
        return STORED;
    case TYPE_TIMESTAMP:
        if (openx_time(l, text, &n))
            text_store_time(v, row, n);
        else
            text_store_null(t, v, row);
        return STORED;
    case TYPE_DATE:
        if (text.len > 10 && (text.ptr[10] == 'T' || text.ptr[10] == 't'))
            text = bytes_slice(text, 0, 10);
        else if (whole_number(text, &n) && n >= INT32_MIN && n <= INT32_MAX) {
            ((int32_t *)v->data)[row] = (int32_t)n;
            text_set_valid(v, row);
            return STORED;
        }
        break;
    default:
        break;
    }
    return text_store(l, t, text, v, row) ? STORED : NO_MEMORY;
}

/* Hive's own SerDe: a scalar that does not fit is an error. */
static bool fits(const struct type *t, const struct decoder_vec *v, size_t row) {
    return t->kind == TYPE_DECIMAL || (v->validity[row >> 6] >> (row & 63) & 1);
}

/* ---- nested ---- */
static bool name_is(const struct text_local *l, struct bytes name, struct bytes wanted) {
    return bytes_eq(name, wanted) || (!l->scan->case_sensitive && bytes_eq_nocase(name, wanted));
}

static bool dotted_is(const struct text_local *l, struct bytes name, struct bytes wanted) {
    if (!l->scan->dots_in_keys || name.len != wanted.len || bytes_find_char(name, '.') < 0)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char a = name.ptr[i] == '.' ? '_' : name.ptr[i], b = wanted.ptr[i];
        if (a != b &&
            (l->scan->case_sensitive || tolower((unsigned char)a) != tolower((unsigned char)b)))
            return false;
    }
    return true;
}

/* The name without escapes; `own` is used when it has some. */
static bool plain_name(struct bytes raw, struct buf *own, struct bytes *ret) {
    *ret = raw;
    if (bytes_find_char(raw, '\\') < 0)
        return true;
    buf_reset(own);
    if (!json_unescape(raw, own))
        return false;
    *ret = buf_bytes(own);
    return buf_ok(own);
}

static bool member_name(struct json_scan *s, struct buf *own, struct bytes *ret) {
    return json_scan_name(s, ret) && plain_name(*ret, own, ret);
}

static enum stored store_array(struct text_local *l, const struct type *t, struct bytes value,
                               struct decoder_vec *v, size_t row) {
    struct decoder_list list = {.offset = v->children[0].size};
    struct json_scan s = {.t = value};
    struct bytes one;
    bool bad = false, is_array = kind_of(value) == '[';
    size_t place;
    if (bytes_eq_str(value, "\"\"")) {
        text_store_null(t, v, row);
        return STORED;
    }
    if (!is_array && !l->scan->is_openx)
        return MISFIT;
    for (bool in = !is_array || (json_scan_kind(&s) && json_scan_enter(&s, &bad)); in;
         in = is_array && json_scan_next(&s, &bad)) {
        one = value;
        if ((is_array && !json_scan_value(&s, &one)) || !text_grow(v, &place))
            return NO_MEMORY;
        enum stored r = store(l, t->children[0], one, &v->children[0], place);
        if (r != STORED)
            return r;
    }
    list.length = v->children[0].size - list.offset;
    ((struct decoder_list *)v->data)[row] = list;
    text_set_valid(v, row);
    return STORED;
}

static bool blank_string(struct bytes value) {
    return value.ptr[0] == '"' && bytes_trim(bytes_slice(value, 1, value.len - 1)).len == 0;
}

/* Whether a member with the same name follows: of equal ones the last counts. */
static bool comes_again(struct json_scan s, struct bytes name) {
    struct bytes other, value;
    bool bad = false;
    while (json_scan_next(&s, &bad))
        if (!json_scan_name(&s, &other) || !json_scan_value(&s, &value) || bytes_eq(other, name))
            return !bad && bytes_eq(other, name);
    return false;
}

#define KEYS_COMPARED 32 /* the search for equal keys is quadratic: not for large maps */

static enum stored store_map(struct text_local *l, const struct type *t, struct bytes value,
                             struct decoder_vec *v, size_t row) {
    struct decoder_list list = {.offset = v->children[0].size};
    struct json_scan s = {.t = value};
    struct bytes raw, one, key;
    struct buf own = {0};
    bool bad = false;
    size_t place, n = 0;
    if (kind_of(value) != '{') {
        text_store_null(t, v, row);
        return blank_string(value) ? STORED : MISFIT;
    }
    enum stored r = STORED;
    for (bool in = json_scan_kind(&s) && json_scan_enter(&s, &bad); in && r == STORED;
         in = json_scan_next(&s, &bad)) {
        if (!json_scan_name(&s, &raw) || !json_scan_value(&s, &one))
            break;
        if (n++ < KEYS_COMPARED && comes_again(s, raw))
            continue;
        key = raw;
        buf_reset(&own);
        if (bytes_find_char(raw, '\\') >= 0 && json_unescape(raw, &own))
            key = buf_bytes(&own);
        if (!text_grow(v, &place)) {
            r = NO_MEMORY;
            break;
        }
        text_set_valid(&v->children[0], place);
        r = store_scalar(l, t->children[0], key, &v->children[0].children[0], place);
        if (r == STORED)
            r = store(l, t->children[1], one, &v->children[0].children[1], place);
    }
    buf_clear(&own);
    list.length = v->children[0].size - list.offset;
    ((struct decoder_list *)v->data)[row] = list;
    text_set_valid(v, row);
    return r;
}

static size_t field_of(const struct text_local *l, const struct type *t, struct bytes name) {
    for (size_t i = 0; i < t->child_count; i++)
        if (name_is(l, name, t->names[i]) || dotted_is(l, name, t->names[i]))
            return i;
    return t->child_count;
}

static enum stored store_struct(struct text_local *l, const struct type *t, struct bytes value,
                                struct decoder_vec *v, size_t row) {
    struct json_scan s = {.t = value};
    struct bytes name, one;
    struct buf own = {0};
    bool bad = false;
    char kind = kind_of(value);
    size_t place = 0;
    enum stored r = STORED;
    text_store_null(t, v, row);
    text_set_valid(v, row);
    if (kind != '{' && kind != '[')
        return blank_string(value) && l->scan->is_openx ? STORED : MISFIT;
    for (bool in = json_scan_kind(&s) && json_scan_enter(&s, &bad); in && r == STORED;
         in = json_scan_next(&s, &bad)) {
        if ((kind == '{' && !member_name(&s, &own, &name)) || !json_scan_value(&s, &one))
            break;
        size_t i = kind == '{' ? field_of(l, t, name) : place++;
        if (i < t->child_count)
            r = store(l, t->children[i], one, &v->children[i], row);
    }
    buf_clear(&own);
    return r;
}

static enum stored store(struct text_local *l, const struct type *t, struct bytes value,
                         struct decoder_vec *v, size_t row) {
    char kind = kind_of(value);
    struct bytes text;
    if (kind == 'n') {
        text_store_null(t, v, row);
        return STORED;
    }
    if (t->kind == TYPE_ARRAY)
        return store_array(l, t, value, v, row);
    if (t->kind == TYPE_MAP)
        return store_map(l, t, value, v, row);
    if (t->kind == TYPE_STRUCT)
        return store_struct(l, t, value, v, row);
    bool is_text = t->kind == TYPE_STRING || t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR;
    if (kind == '{' || kind == '[') {
        if (!is_text || !l->scan->is_openx)
            return MISFIT;
        text = squeezed(l, value);
        return buf_ok(&l->text) && text_store(l, t, text, v, row) ? STORED : NO_MEMORY;
    }
    if (!scalar_text(l, value, &text))
        return MISFIT;
    enum stored r = STORED;
    if (kind != '0' || !store_short_number(t, text, v, row))
        r = store_scalar(l, t, text, v, row);
    if (r == STORED && !l->scan->is_openx && !is_text && !fits(t, v, row))
        return MISFIT;
    return r;
}

/* ---- a line ---- */
/* Members mostly come in the order of the line before: the search goes on from the last hit. */
static size_t column_named(const struct text_local *l, struct bytes name, size_t from) {
    size_t n = l->scan->column_count;
    for (size_t k = 0; k < n; k++) {
        size_t i = from + k < n ? from + k : from + k - n;
        if (name.len != l->scan->columns[i].key.len)
            continue;
        if (name_is(l, name, l->scan->columns[i].key) ||
            dotted_is(l, name, l->scan->columns[i].key))
            return i;
    }
    return n;
}

static int misfit(const struct text_column *c, struct bytes value, struct err *e) {
    return err_set_named(e, ERR_SQL, "HIVE_BAD_DATA", 0,
                         "Error parsing field value '%.*s' for field %zu: it does not fit the "
                         "column's type",
                         BYTES_ARG(bytes_slice(value, 0, MIN_OF(value.len, (size_t)200))),
                         c->field);
}

static int store_member(struct text_local *l, size_t i, struct bytes value, size_t row,
                        struct err *e) {
    enum stored r;
    if (i >= l->scan->column_count || !l->wanted[i])
        return 0;
    r = store(l, l->scan->columns[i].type, value, &l->vecs[i], row);
    if (r == NO_MEMORY)
        return err_set(e, ERR_NOMEM, NULL);
    return r == MISFIT ? misfit(&l->scan->columns[i], value, e) : 0;
}

/* The column of the next member of an object, or of the next element of an array. */
static size_t next_column(struct text_local *l, char kind, struct bytes name, size_t *place) {
    if (kind == '[')
        return *place < l->scan->field_count ? l->column_of[(*place)++] : l->scan->column_count;
    size_t i = column_named(l, name, *place);
    if (i < l->scan->column_count)
        *place = i + 1 < l->scan->column_count ? i + 1 : 0;
    return i;
}

/* False when the line is broken. *ret_rc: the first error of a value; the line is read on, as what
 * comes may be broken. A name that cannot be read ends the storing. */
static bool store_members(struct text_local *l, struct json_scan *s, size_t row, int *ret_rc,
                          struct err *e) {
    struct bytes raw = {0}, name = {0}, one;
    struct buf own = {0};
    bool bad = false, known = true;
    char kind = json_scan_kind(s);
    size_t place = 0;
    for (bool in = json_scan_enter(s, &bad); in; in = json_scan_next(s, &bad)) {
        bad = (kind == '{' && !json_scan_name(s, &raw)) || !json_scan_value_in(s, 1, &one);
        if (bad)
            break;
        known = known && (kind == '[' || plain_name(raw, &own, &name));
        if (known && !*ret_rc)
            *ret_rc = store_member(l, next_column(l, kind, name, &place), one, row, e);
    }
    buf_clear(&own);
    return !bad;
}

/* ---- how full the lists are ----
 * l->state has a count per list of the columns, nested ones too, in the order of a walk; NULL when
 * there are none. */
static size_t lists_in(const struct type *t) {
    size_t n = t->kind == TYPE_ARRAY || t->kind == TYPE_MAP;
    for (size_t i = 0; i < t->child_count; i++)
        n += lists_in(t->children[i]);
    return n;
}

static size_t *walk_lists(const struct type *t, struct decoder_vec *v, size_t *mark, bool back) {
    bool is_list = t->kind == TYPE_ARRAY || t->kind == TYPE_MAP;
    struct decoder_vec *children = t->kind == TYPE_MAP ? v->children[0].children : v->children;
    if (is_list && back)
        v->children[0].size = *mark++;
    else if (is_list)
        *mark++ = v->children[0].size;
    for (size_t i = 0; i < t->child_count; i++)
        mark = walk_lists(t->children[i], &children[i], mark, back);
    return mark;
}

static void mark_lists(struct text_local *l, bool back) {
    size_t *mark = l->state;
    for (size_t i = 0; mark && i < l->scan->column_count; i++)
        if (l->wanted[i])
            mark = walk_lists(l->scan->columns[i].type, &l->vecs[i], mark, back);
}

static int json_begin(struct text_local *l, struct err *e) {
    size_t n = 0;
    for (size_t i = 0; i < l->scan->column_count; i++)
        n += lists_in(l->scan->columns[i].type);
    l->state = n ? ARENA_NEW_N(&l->arena, size_t, n) : NULL;
    return n && !l->state ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static void store_nulls(struct text_local *l, size_t row) {
    for (size_t i = 0; i < l->scan->column_count; i++)
        if (l->wanted[i])
            text_store_null(l->scan->columns[i].type, &l->vecs[i], row);
}

static int malformed(struct bytes line, struct err *e) {
    return err_set_named(e, ERR_SQL, "HIVE_CURSOR_ERROR", 0,
                         "Row is not a valid JSON Object - JSONException: %.*s",
                         BYTES_ARG(bytes_slice(line, 0, MIN_OF(line.len, (size_t)200))));
}

static int json_row(struct text_local *l, struct bytes line, size_t row, struct err *e) {
    const struct text_scan *s = l->scan;
    struct bytes text = bytes_trim(line);
    int rc = 0;
    if (bytes_starts_with(text, BYTES("\xef\xbb\xbf")))
        text = bytes_trim(bytes_slice(text, 3, text.len));
    if (!text.len && !s->is_openx)
        return malformed(line, e);
    store_nulls(l, row);
    mark_lists(l, false);
    struct json_scan whole = {.t = text};
    char kind = json_scan_kind(&whole);
    if (kind != '{' && kind != '[' && s->is_openx)
        return 0;
    bool good = (kind == '{' || kind == '[') && store_members(l, &whole, row, &rc, e) &&
                (s->is_openx || json_scan_end(&whole));
    if (good || rc == ERR_NOMEM)
        return rc;
    *e = (struct err){0};
    if (!s->ignore_malformed)
        return malformed(line, e);
    mark_lists(l, true);
    store_nulls(l, row);
    return 0;
}

const struct text_format text_format_json = {.name = "json", .begin = json_begin, .row = json_row};
