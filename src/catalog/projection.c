/* projection.c - a table's projection properties, checked and compiled.
 *
 * Each partition column has its properties projection.<column>.*; a column without a type is
 * reported with all others that lack one, as Athena does. The location of a partition is compiled
 * to pieces, a literal and then a column's text: those of storage.location.template, or Hive's
 * <location>/k=v/ below the table's own. */
#include "catalog/projection_int.h"
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "projection."
#define ENABLED "projection.enabled"
#define TEMPLATE "storage.location.template"

bool projection_enabled(const struct json *params) {
    return bytes_eq_nocase(json_get_str(params, ENABLED), BYTES("true"));
}

struct bytes projection_property(const struct projection_source *s, struct bytes column,
                                 const char *suffix) {
    struct bytes ret = {0}, tail = bytes_str(suffix);
    size_t head = sizeof PREFIX - 1;
    JSON_FOR_EACH(m, s->table->params) {
        struct bytes n = m->name;
        if (m->kind == JSON_STRING && n.len == head + column.len + 1 + tail.len &&
            bytes_starts_with(n, BYTES(PREFIX)) && n.ptr[head + column.len] == '.' &&
            bytes_eq(bytes_slice(n, head, head + column.len), column) && bytes_ends_with(n, tail))
            ret = m->text;
    }
    return ret;
}

int projection_refuse(const struct projection_source *s, const char *fmt, ...) {
    char text[800];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set_named(s->e, ERR_SQL, "INVALID_TABLE_PROPERTY", 0, "%s (table %.*s.%.*s)", text,
                         BYTES_ARG(s->table->database), BYTES_ARG(s->table->name));
}

int projection_read_count(const struct projection_source *s, struct bytes column,
                          const char *suffix, int64_t max, int64_t otherwise, int64_t *ret) {
    struct bytes v = projection_property(s, column, suffix);
    *ret = otherwise;
    if (!v.ptr)
        return 0;
    if (!bytes_to_i64(bytes_trim(v), ret))
        return projection_refuse(s,
                                 "For input string: \"%.*s\"; projection.%.*s.%s must be a whole "
                                 "number",
                                 (int)MIN_OF(v.len, (size_t)100), v.ptr, BYTES_ARG(column), suffix);
    if (*ret < 1 || *ret > max)
        return projection_refuse(s, "projection.%.*s.%s must be from 1 to %lld", BYTES_ARG(column),
                                 suffix, (long long)max);
    return 0;
}

/* ---- types of columns ---- */
static bool is_text(const struct type *t) {
    return t->kind == TYPE_STRING || t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR;
}
static bool is_integer(const struct type *t) {
    return t->kind == TYPE_TINYINT || t->kind == TYPE_SMALLINT || t->kind == TYPE_INT ||
           t->kind == TYPE_BIGINT;
}

static const char *const kind_names[] = {"enum", "integer", "date", "injected"};

static int check_type(const struct projection_source *s, const struct projection_column *c) {
    const struct type *t = c->key.type;
    bool date = t->kind == TYPE_DATE || t->kind == TYPE_TIMESTAMP;
    bool fits = c->is_text || (c->kind == PROJECTION_INTEGER && is_integer(t)) ||
                (c->kind == PROJECTION_DATE && date) ||
                (c->kind == PROJECTION_ENUM && (is_integer(t) || date));
    struct buf name = {0};
    if (fits)
        return 0;
    type_format(t, &name);
    int rc = projection_refuse(s,
                               "Column %.*s of type %s cannot have projection type %s; make it a "
                               "string column",
                               BYTES_ARG(c->key.name), buf_ok(&name) ? buf_cstr(&name) : "",
                               kind_names[c->kind]);
    buf_clear(&name);
    return rc;
}

static int read_kind(const struct projection_source *s, struct projection_column *c) {
    struct bytes v = projection_property(s, c->key.name, "type");
    for (size_t i = 0; i < COUNT_OF(kind_names); i++)
        if (bytes_eq_nocase(bytes_trim(v), bytes_str(kind_names[i]))) {
            c->kind = (enum projection_kind)i;
            return 0;
        }
    return projection_refuse(s,
                             "projection.%.*s.type '%.*s' is not known; use enum, integer, date or "
                             "injected",
                             BYTES_ARG(c->key.name), (int)MIN_OF(v.len, (size_t)100), v.ptr);
}

/* ---- enum ---- */

/* Sorted twin of the list, to find values that are there twice in one pass. */
static int by_text_then_place(const void *x, const void *y) {
    const struct bytes *a = x, *b = y;
    int o = bytes_cmp(*a, *b);
    return o ? o : (a->ptr > b->ptr) - (a->ptr < b->ptr);
}

static int drop_repeated(const struct projection_source *s, struct bytes *values, size_t *count) {
    size_t n = 0;
    struct bytes *sorted = ARENA_NEW_N(s->a, struct bytes, *count);
    if (!sorted)
        return err_set(s->e, ERR_NOMEM, NULL);
    memcpy(sorted, values, *count * sizeof *values);
    qsort(sorted, *count, sizeof *sorted, by_text_then_place);
    for (size_t i = 0; i < *count; i++) {
        const struct bytes *at =
            bsearch(&values[i], sorted, *count, sizeof *sorted, by_text_then_place);
        if (at == sorted || !bytes_eq(at[-1], values[i]))
            values[n++] = values[i];
    }
    *count = n;
    return 0;
}

/* Blanks belong to a value; an empty one is none. */
static int read_enum(const struct projection_source *s, struct projection_column *c) {
    struct bytes v = projection_property(s, c->key.name, "values"), rest = v, one;
    size_t n = 1, count = 0;
    for (size_t i = 0; i < v.len; i++)
        n += v.ptr[i] == ',';
    struct bytes *values = ARENA_NEW_N(s->a, struct bytes, n);
    if (!values)
        return err_set(s->e, ERR_NOMEM, NULL);
    while (rest.ptr) {
        int order;
        rest = bytes_cut(rest, ',', &one);
        if (one.len == 0)
            continue;
        if (!catalog_value_compare(c->key.type, one, one, &order))
            return projection_refuse(s,
                                     "For input string: \"%.*s\"; projection.%.*s.values must be "
                                     "values of the column's type",
                                     (int)MIN_OF(one.len, (size_t)100), one.ptr,
                                     BYTES_ARG(c->key.name));
        values[count++] = one;
    }
    if (count == 0)
        return projection_refuse(s,
                                 "projection.%.*s.values is missing; an enum projection needs its "
                                 "values, separated by commas",
                                 BYTES_ARG(c->key.name));
    c->values = values;
    c->value_count = count;
    return drop_repeated(s, values, &c->value_count);
}

/* ---- columns ---- */
static int read_column(const struct projection_source *s, struct projection_column *c) {
    int rc = read_kind(s, c);
    c->is_text = is_text(c->key.type);
    rc = rc ? rc : check_type(s, c);
    if (rc)
        return rc;
    switch (c->kind) {
    case PROJECTION_ENUM:
        return read_enum(s, c);
    case PROJECTION_INTEGER:
        return projection_read_integer(s, c);
    case PROJECTION_DATE:
        return projection_read_date(s, c);
    case PROJECTION_INJECTED:
        break;
    }
    return 0;
}

static int check_configured(const struct projection_source *s) {
    struct buf missing = {0};
    const struct projection_table *t = s->table;
    int rc = 0;
    for (size_t i = 0; i < t->key_count; i++)
        if (!projection_property(s, t->keys[i].name, "type").ptr)
            buf_add_fmt(&missing, "%s%.*s", missing.len ? ", " : "", BYTES_ARG(t->keys[i].name));
    if (!buf_ok(&missing))
        rc = err_set(s->e, ERR_NOMEM, NULL);
    else if (missing.len)
        rc = err_set_named(s->e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                           "Table %.*s.%.*s is configured for partition projection, but the "
                           "following partition columns are missing projection configuration: "
                           "[%s] (table %.*s.%.*s)",
                           BYTES_ARG(t->database), BYTES_ARG(t->name), buf_cstr(&missing),
                           BYTES_ARG(t->database), BYTES_ARG(t->name));
    buf_clear(&missing);
    return rc;
}

/* ---- locations ---- */
static size_t find_key(const struct projection_table *t, struct bytes name) {
    for (size_t i = 0; i < t->key_count; i++)
        if (bytes_eq(t->keys[i].name, name))
            return i;
    return SIZE_MAX;
}

static int check_template(const struct projection_source *s, const struct projection *p) {
    for (size_t k = 0; k < p->column_count; k++) {
        bool used = false;
        for (size_t i = 0; i < p->piece_count; i++)
            used |= p->pieces[i].key == k;
        if (!used)
            return projection_refuse(s,
                                     TEMPLATE " must contain ${%.*s}: each partition column needs "
                                              "its place in the location",
                                     BYTES_ARG(p->columns[k].key.name));
    }
    return 0;
}

/* Text and ${column}, again and again; the last text ends with a slash. */
static int compile_template(const struct projection_source *s, struct bytes text,
                            struct projection *p) {
    struct projection_piece *pieces = ARENA_NEW_N(s->a, struct projection_piece, text.len / 3 + 2);
    ptrdiff_t at, end;
    if (!pieces)
        return err_set(s->e, ERR_NOMEM, NULL);
    while ((at = bytes_find(text, BYTES("${"))) >= 0) {
        struct bytes rest = bytes_slice(text, (size_t)at + 2, text.len);
        end = bytes_find_char(rest, '}');
        struct bytes name = bytes_slice(rest, 0, (size_t)MAX_OF(end, 0));
        if (end < 0)
            return projection_refuse(s, TEMPLATE " has a ${ without its }");
        size_t key = find_key(s->table, name);
        if (key == SIZE_MAX)
            return projection_refuse(s, TEMPLATE " has ${%.*s}, which is no partition column",
                                     (int)MIN_OF(name.len, (size_t)100), name.ptr);
        pieces[p->piece_count++] = (struct projection_piece){bytes_slice(text, 0, (size_t)at), key};
        text = bytes_slice(rest, (size_t)end + 1, rest.len);
    }
    if (!bytes_ends_with(text, BYTES("/")))
        text = arena_fmt(s->a, "%.*s/", BYTES_ARG(text));
    pieces[p->piece_count++] = (struct projection_piece){text, SIZE_MAX};
    p->pieces = pieces;
    return text.ptr ? check_template(s, p) : err_set(s->e, ERR_NOMEM, NULL);
}

/* <location>/k1= v1 /k2= v2 / */
static int compile_default(const struct projection_source *s, struct projection *p) {
    const struct projection_table *t = s->table;
    struct projection_piece *pieces = ARENA_NEW_N(s->a, struct projection_piece, t->key_count + 1);
    struct bytes folder = t->location;
    if (!pieces)
        return err_set(s->e, ERR_NOMEM, NULL);
    while (bytes_ends_with(folder, BYTES("/")))
        folder.len--;
    for (size_t i = 0; i < t->key_count; i++) {
        struct bytes head = i ? BYTES("") : folder;
        pieces[i].literal =
            arena_fmt(s->a, "%.*s/%.*s=", BYTES_ARG(head), BYTES_ARG(t->keys[i].name));
        pieces[i].key = i;
        if (!pieces[i].literal.ptr)
            return err_set(s->e, ERR_NOMEM, NULL);
    }
    pieces[t->key_count] = (struct projection_piece){BYTES("/"), SIZE_MAX};
    p->pieces = pieces;
    p->piece_count = t->key_count + 1;
    p->escapes = true;
    return 0;
}

int projection_open(struct arena *a, const struct projection_table *t,
                    const struct projection **ret, struct err *e) {
    struct projection_source s = {.a = a, .table = t, .e = e};
    struct projection *p = ARENA_NEW(a, struct projection);
    struct projection_column *columns = ARENA_NEW_N(a, struct projection_column, t->key_count + 1);
    struct bytes template = json_get_str(t->params, TEMPLATE);
    int rc = p && columns ? check_configured(&s) : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < t->key_count; i++) {
        columns[i].key = t->keys[i];
        rc = read_column(&s, &columns[i]);
    }
    if (rc)
        return rc;
    *p = (struct projection){.database = t->database, .name = t->name, .columns = columns};
    p->column_count = t->key_count;
    rc = template.ptr ? compile_template(&s, template, p) : compile_default(&s, p);
    if (!rc)
        *ret = p;
    return rc;
}
