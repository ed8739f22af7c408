/* write_cells.c - values as Hive's LazySimpleSerDe and its JSON SerDe spell them.
 *
 * A tree of cells mirrors the type and is bound to the vectors of each chunk. Scalars are the text
 * that results have (format.c), but binary, which is base64 in files. Nested values of text files
 * are parted by one separator per level: array(array(int)) is 1\0032\0023, a map takes two levels.
 */
#include "base/encode.h"
#include "duck/format.h"
#include "duck/functions.h"
#include "duck/write_int.h"

#include <math.h>

struct cell {
    duckdb_type type;
    struct format *scalar; /* NULL: nested or binary */
    struct cell **children;
    struct bytes *names; /* struct */
    size_t child_count;
    bool is_plain_json; /* a number or a boolean: no quotes */
    /* bound: */
    const void *data;
    uint64_t *validity;
};

/* ---- making ---- */
static int add_child(struct arena *a, struct cell *c, size_t i, duckdb_logical_type type,
                     struct err *e) {
    int rc = cell_new(a, type, &c->children[i], e);
    duckdb_destroy_logical_type(&type);
    return rc;
}

static int make_struct(struct arena *a, struct cell *c, duckdb_logical_type type, struct err *e) {
    int rc = 0;
    for (size_t i = 0; !rc && i < c->child_count; i++) {
        char *name = duckdb_struct_type_child_name(type, i);
        c->names[i] = arena_copy(a, bytes_str(name ? name : ""));
        duckdb_free(name);
        rc = add_child(a, c, i, duckdb_struct_type_child_type(type, i), e);
    }
    return rc;
}

static int make_nested(struct arena *a, struct cell *c, duckdb_logical_type type, struct err *e) {
    c->child_count = c->type == DUCKDB_TYPE_STRUCT ? duckdb_struct_type_child_count(type)
                     : c->type == DUCKDB_TYPE_MAP  ? 2
                                                   : 1;
    c->children = ARENA_NEW_N(a, struct cell *, c->child_count + 1);
    c->names = ARENA_NEW_N(a, struct bytes, c->child_count + 1);
    if (!c->children || !c->names)
        return err_set(e, ERR_NOMEM, NULL);
    if (c->type == DUCKDB_TYPE_STRUCT)
        return make_struct(a, c, type, e);
    if (c->type == DUCKDB_TYPE_LIST)
        return add_child(a, c, 0, duckdb_list_type_child_type(type), e);
    int rc = add_child(a, c, 0, duckdb_map_type_key_type(type), e);
    return rc ? rc : add_child(a, c, 1, duckdb_map_type_value_type(type), e);
}

static bool is_nested(duckdb_type t) {
    return t == DUCKDB_TYPE_LIST || t == DUCKDB_TYPE_MAP || t == DUCKDB_TYPE_STRUCT;
}

static bool is_number(duckdb_type t) {
    return t == DUCKDB_TYPE_BOOLEAN || t == DUCKDB_TYPE_TINYINT || t == DUCKDB_TYPE_SMALLINT ||
           t == DUCKDB_TYPE_INTEGER || t == DUCKDB_TYPE_BIGINT || t == DUCKDB_TYPE_FLOAT ||
           t == DUCKDB_TYPE_DOUBLE || t == DUCKDB_TYPE_DECIMAL;
}

int cell_new(struct arena *a, duckdb_logical_type type, struct cell **ret, struct err *e) {
    struct cell *c = ARENA_NEW(a, struct cell);
    if (!c)
        return err_set(e, ERR_NOMEM, NULL);
    *ret = c;
    c->type = duckdb_get_type_id(type);
    c->is_plain_json = is_number(c->type);
    if (is_nested(c->type))
        return make_nested(a, c, type, e);
    return c->type == DUCKDB_TYPE_BLOB ? 0 : format_new(a, type, (struct bytes){0}, &c->scalar, e);
}

void cell_bind(struct cell *c, duckdb_vector vector) {
    c->data = duckdb_vector_get_data(vector);
    c->validity = duckdb_vector_get_validity(vector);
    if (c->scalar) {
        format_bind(c->scalar, vector);
    } else if (c->type == DUCKDB_TYPE_STRUCT) {
        for (size_t i = 0; i < c->child_count; i++)
            cell_bind(c->children[i], duckdb_struct_vector_get_child(vector, i));
    } else if (c->type == DUCKDB_TYPE_LIST) {
        cell_bind(c->children[0], duckdb_list_vector_get_child(vector));
    } else if (c->type == DUCKDB_TYPE_MAP) {
        duckdb_vector entries = duckdb_list_vector_get_child(vector);
        cell_bind(c->children[0], duckdb_struct_vector_get_child(entries, 0));
        cell_bind(c->children[1], duckdb_struct_vector_get_child(entries, 1));
    }
}

bool cell_is_null(const struct cell *c, idx_t row) {
    return c->type == DUCKDB_TYPE_SQLNULL ||
           (c->validity && !(c->validity[row / 64] >> (row % 64) & 1));
}

static struct bytes text_at(const struct cell *c, idx_t row) {
    return duck_string((const duckdb_string_t *)c->data + row);
}

/* ---- Hive's text ---- */
static bool must_escape(const struct write_style *s, char c) {
    if (c == s->escape)
        return true;
    for (size_t i = 0; i < 3; i++)
        if (c == s->separators[i])
            return true;
    return false;
}

static void add_escaped(const struct write_style *s, struct bytes v, struct buf *out) {
    if (!s->escape) {
        buf_add(out, v);
        return;
    }
    for (size_t i = 0; i < v.len; i++) {
        if (must_escape(s, v.ptr[i]))
            buf_add_char(out, s->escape);
        buf_add_char(out, v.ptr[i]);
    }
}

static void add_item(const struct cell *c, idx_t row, const struct write_style *s, size_t depth,
                     struct buf *out) {
    if (cell_is_null(c, row))
        buf_add(out, s->null_text);
    else
        cell_text(c, row, s, depth, out);
}

static char separator(const struct write_style *s, size_t depth) {
    return s->separators[MIN_OF(depth, WRITE_SEPARATORS - 1)];
}

static void list_text(const struct cell *c, idx_t row, const struct write_style *s, size_t depth,
                      struct buf *out) {
    const duckdb_list_entry *l = (const duckdb_list_entry *)c->data + row;
    bool is_map = c->type == DUCKDB_TYPE_MAP;
    for (idx_t i = 0; i < l->length; i++) {
        if (i)
            buf_add_char(out, separator(s, depth));
        add_item(c->children[0], l->offset + i, s, depth + 1 + is_map, out);
        if (is_map) {
            buf_add_char(out, separator(s, depth + 1));
            add_item(c->children[1], l->offset + i, s, depth + 2, out);
        }
    }
}

void cell_text(const struct cell *c, idx_t row, const struct write_style *s, size_t depth,
               struct buf *out) {
    if (c->type == DUCKDB_TYPE_VARCHAR) {
        add_escaped(s, text_at(c, row), out);
    } else if (c->type == DUCKDB_TYPE_BLOB) {
        buf_add_base64(out, text_at(c, row));
    } else if (c->scalar) {
        format_value(c->scalar, row, out);
    } else if (c->type == DUCKDB_TYPE_STRUCT) {
        for (size_t i = 0; i < c->child_count; i++) {
            if (i)
                buf_add_char(out, separator(s, depth));
            add_item(c->children[i], row, s, depth + 1, out);
        }
    } else {
        list_text(c, row, s, depth, out);
    }
}

/* ---- JSON ---- */
void write_json_text(struct bytes v, struct buf *out) {
    struct jsonw w = jsonw_to(out);
    jsonw_str(&w, v);
}

static bool is_finite(const struct cell *c, idx_t row) {
    if (c->type == DUCKDB_TYPE_FLOAT)
        return isfinite(((const float *)c->data)[row]);
    return c->type != DUCKDB_TYPE_DOUBLE || isfinite(((const double *)c->data)[row]);
}

/* Numbers, booleans, and what JSON has no word for: text in quotes. */
static void scalar_json(const struct cell *c, idx_t row, struct buf *out) {
    bool quoted = !c->is_plain_json || !is_finite(c, row);
    if (quoted)
        buf_add_char(out, '"');
    if (c->scalar)
        format_value(c->scalar, row, out);
    else
        buf_add_base64(out, text_at(c, row));
    if (quoted)
        buf_add_char(out, '"');
}

/* The key of a member: JSON has only texts there. */
static void key_json(const struct cell *c, idx_t row, struct buf *out) {
    bool bare = c->is_plain_json && is_finite(c, row);
    if (bare)
        buf_add_char(out, '"');
    cell_json(c, row, out);
    if (bare)
        buf_add_char(out, '"');
}

static void list_json(const struct cell *c, idx_t row, struct buf *out) {
    const duckdb_list_entry *l = (const duckdb_list_entry *)c->data + row;
    bool is_map = c->type == DUCKDB_TYPE_MAP;
    buf_add_char(out, is_map ? '{' : '[');
    for (idx_t i = 0; i < l->length; i++) {
        if (i)
            buf_add_char(out, ',');
        if (is_map) {
            key_json(c->children[0], l->offset + i, out);
            buf_add_char(out, ':');
        }
        cell_json(c->children[is_map], l->offset + i, out);
    }
    buf_add_char(out, is_map ? '}' : ']');
}

void cell_json(const struct cell *c, idx_t row, struct buf *out) {
    if (cell_is_null(c, row)) {
        buf_add_str(out, "null");
    } else if (c->type == DUCKDB_TYPE_VARCHAR) {
        write_json_text(text_at(c, row), out);
    } else if (c->type == DUCKDB_TYPE_STRUCT) {
        for (size_t i = 0; i < c->child_count; i++) {
            buf_add_char(out, i ? ',' : '{');
            write_json_text(c->names[i], out);
            buf_add_char(out, ':');
            cell_json(c->children[i], row, out);
        }
        buf_add_char(out, '}');
    } else if (is_nested(c->type)) {
        list_json(c, row, out);
    } else {
        scalar_json(c, row, out);
    }
}

/* ---- buckets ---- */
static int32_t fold(uint64_t v) {
    return (int32_t)(uint32_t)(v ^ v >> 32);
}

static int32_t text_hash(struct bytes v) {
    uint32_t h = 0;
    for (size_t i = 0; i < v.len; i++)
        h = h * 31 + (uint32_t)(int32_t)(signed char)v.ptr[i];
    return (int32_t)h;
}

int32_t cell_hash(const struct cell *c, idx_t row) {
    uint32_t single;
    uint64_t twice;
    if (cell_is_null(c, row))
        return 0;
    switch (c->type) {
    case DUCKDB_TYPE_BOOLEAN:
        return ((const bool *)c->data)[row];
    case DUCKDB_TYPE_TINYINT:
        return ((const int8_t *)c->data)[row];
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)c->data)[row];
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
        return ((const int32_t *)c->data)[row];
    case DUCKDB_TYPE_BIGINT:
        return fold(((const uint64_t *)c->data)[row]);
    case DUCKDB_TYPE_FLOAT:
        memcpy(&single, (const float *)c->data + row, sizeof single);
        return (int32_t)single;
    case DUCKDB_TYPE_DOUBLE:
        memcpy(&twice, (const double *)c->data + row, sizeof twice);
        return fold(twice);
    default:
        return c->type == DUCKDB_TYPE_VARCHAR ? text_hash(text_at(c, row)) : 0;
    }
}
