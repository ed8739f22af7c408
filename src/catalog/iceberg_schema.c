/* iceberg_schema.c - columns of Iceberg tables: types to and from Hive's, ids.
 *
 * Ids are given level by level, as Iceberg's own library does: all fields of a struct first, then
 * what they contain. */
#include "catalog/iceberg_int.h"

#include <stdio.h>

static const struct {
    enum type_kind kind;
    const char *iceberg, *hive;
} primitives[] = {
    {TYPE_BOOLEAN, "boolean", "boolean"}, {TYPE_INT, "int", "int"},
    {TYPE_BIGINT, "long", "bigint"},      {TYPE_FLOAT, "float", "float"},
    {TYPE_DOUBLE, "double", "double"},    {TYPE_STRING, "string", "string"},
    {TYPE_BINARY, "binary", "binary"},    {TYPE_TIMESTAMP, "timestamp", "timestamp"},
    {TYPE_DATE, "date", "date"},
};

/* ---- from Hive ---- */
static int write_type(struct jsonw *w, const struct type *t, int64_t *last_id, struct err *e);

static int write_list(struct jsonw *w, const struct type *t, int64_t *last_id, struct err *e) {
    jsonw_object(w);
    jsonw_kv_cstr(w, "type", "list");
    jsonw_kv_i64(w, "element-id", ++*last_id);
    jsonw_name(w, "element");
    int rc = write_type(w, t->children[0], last_id, e);
    jsonw_kv_bool(w, "element-required", false);
    jsonw_end_object(w);
    return rc;
}

static int write_map(struct jsonw *w, const struct type *t, int64_t *last_id, struct err *e) {
    int64_t key = ++*last_id, value = ++*last_id;
    jsonw_object(w);
    jsonw_kv_cstr(w, "type", "map");
    jsonw_kv_i64(w, "key-id", key);
    jsonw_name(w, "key");
    int rc = write_type(w, t->children[0], last_id, e);
    jsonw_kv_i64(w, "value-id", value);
    jsonw_name(w, "value");
    rc = rc ? rc : write_type(w, t->children[1], last_id, e);
    jsonw_kv_bool(w, "value-required", false);
    jsonw_end_object(w);
    return rc;
}

static int write_struct(struct jsonw *w, const struct type *t, int64_t *last_id, struct err *e) {
    int64_t first = *last_id + 1;
    int rc = 0;
    *last_id += (int64_t)t->child_count;
    jsonw_object(w);
    jsonw_kv_cstr(w, "type", "struct");
    jsonw_name(w, "fields");
    jsonw_array(w);
    for (size_t i = 0; !rc && i < t->child_count; i++) {
        jsonw_object(w);
        jsonw_kv_i64(w, "id", first + (int64_t)i);
        jsonw_kv_str(w, "name", t->names[i]);
        jsonw_kv_bool(w, "required", false);
        jsonw_name(w, "type");
        rc = write_type(w, t->children[i], last_id, e);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    return rc;
}

static int write_type(struct jsonw *w, const struct type *t, int64_t *last_id, struct err *e) {
    char text[40];
    for (size_t i = 0; i < COUNT_OF(primitives); i++)
        if (primitives[i].kind == t->kind) {
            jsonw_cstr(w, primitives[i].iceberg);
            return 0;
        }
    switch (t->kind) {
    case TYPE_DECIMAL:
        snprintf(text, sizeof text, "decimal(%d, %d)", t->precision, t->scale);
        jsonw_cstr(w, text);
        return 0;
    case TYPE_ARRAY:
        return write_list(w, t, last_id, e);
    case TYPE_MAP:
        return write_map(w, t, last_id, e);
    case TYPE_STRUCT:
        return write_struct(w, t, last_id, e);
    default:
        return err_set(e, ERR_INVALID_INPUT,
                       "Iceberg has no tinyint, smallint, char and varchar; use int and string");
    }
}

int iceberg_type(struct arena *a, struct bytes hive, int64_t *last_id, struct bytes *ret,
                 struct err *e) {
    const struct type *t = NULL;
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    int rc = type_parse(a, hive, &t, e);
    rc = rc ? rc : write_type(&w, t, last_id, e);
    if (!rc)
        *ret = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return rc ? rc : ret->ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* ---- to Hive ---- */
static void primitive_to_hive(struct bytes name, struct buf *out) {
    for (size_t i = 0; i < COUNT_OF(primitives); i++)
        if (bytes_eq_str(name, primitives[i].iceberg)) {
            buf_add_str(out, primitives[i].hive);
            return;
        }
    if (bytes_eq_str(name, "timestamptz")) {
        buf_add_str(out, "timestamp");
    } else if (bytes_eq_str(name, "uuid") || bytes_eq_str(name, "time")) {
        buf_add_str(out, "string");
    } else if (bytes_starts_with(name, BYTES("fixed"))) {
        buf_add_str(out, "binary");
    } else {
        for (size_t i = 0; i < name.len; i++) /* decimal(10, 2) */
            if (name.ptr[i] != ' ')
                buf_add_char(out, name.ptr[i]);
    }
}

void iceberg_hive_type(const struct json *type, struct buf *out) {
    if (!type)
        return;
    struct bytes kind = type->kind == JSON_OBJECT ? json_get_str(type, "type") : BYTES("");
    if (type->kind == JSON_STRING) {
        primitive_to_hive(type->text, out);
    } else if (bytes_eq_str(kind, "list")) {
        buf_add_str(out, "array<");
        iceberg_hive_type(json_get(type, "element"), out);
        buf_add_char(out, '>');
    } else if (bytes_eq_str(kind, "map")) {
        buf_add_str(out, "map<");
        iceberg_hive_type(json_get(type, "key"), out);
        buf_add_char(out, ',');
        iceberg_hive_type(json_get(type, "value"), out);
        buf_add_char(out, '>');
    } else {
        size_t n = 0;
        buf_add_str(out, "struct<");
        JSON_FOR_EACH(f, json_get(type, "fields")) {
            buf_add_str(out, n++ ? "," : "");
            buf_add(out, json_get_str(f, "name"));
            buf_add_char(out, ':');
            iceberg_hive_type(json_get(f, "type"), out);
        }
        buf_add_char(out, '>');
    }
}

/* ---- promotion ---- */
static bool decimal_of(struct bytes type, int *precision, int *scale) {
    char text[40];
    snprintf(text, sizeof text, "%.*s", BYTES_ARG(type));
    return sscanf(text, "\"decimal(%d, %d)\"", precision, scale) == 2 ||
           sscanf(text, "\"decimal(%d,%d)\"", precision, scale) == 2;
}

bool iceberg_promotes(struct bytes from, struct bytes to) {
    int p = 0, s = 0, more = 0, same = 0;
    if (bytes_eq(from, to) || (bytes_eq_str(from, "\"int\"") && bytes_eq_str(to, "\"long\"")) ||
        (bytes_eq_str(from, "\"float\"") && bytes_eq_str(to, "\"double\"")))
        return true;
    return decimal_of(from, &p, &s) && decimal_of(to, &more, &same) && more >= p && same == s;
}

/* ---- schemas ---- */
static void write_field(struct jsonw *w, const struct iceberg_field *f) {
    jsonw_object(w);
    jsonw_kv_i64(w, "id", f->id);
    jsonw_kv_str(w, "name", f->name);
    jsonw_kv_bool(w, "required", f->required);
    jsonw_kv_raw(w, "type", f->type);
    if (f->comment.len)
        jsonw_kv_str(w, "doc", f->comment);
    jsonw_end_object(w);
}

void iceberg_write_schema(struct jsonw *w, const struct iceberg_schema *s, int64_t schema_id) {
    jsonw_object(w);
    jsonw_kv_cstr(w, "type", "struct");
    jsonw_kv_i64(w, "schema-id", schema_id);
    jsonw_name(w, "fields");
    jsonw_array(w);
    for (size_t i = 0; i < s->count; i++)
        write_field(w, &s->fields[i]);
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static int write_glue_column(struct arena *a, struct jsonw *w, const struct iceberg_field *f,
                             struct err *e) {
    struct json *type = NULL;
    struct buf hive = {0};
    char id[24];
    int rc = json_parse(a, f->type, &type, e);
    if (rc)
        return rc;
    snprintf(id, sizeof id, "%lld", (long long)f->id);
    iceberg_hive_type(type, &hive);
    jsonw_object(w);
    jsonw_kv_str(w, "Name", f->name);
    jsonw_kv_str(w, "Type", buf_bytes(&hive));
    if (f->comment.len)
        jsonw_kv_str(w, "Comment", f->comment);
    jsonw_name(w, "Parameters");
    jsonw_object(w);
    jsonw_kv_cstr(w, "iceberg.field.current", "true");
    jsonw_kv_cstr(w, "iceberg.field.id", id);
    jsonw_kv_cstr(w, "iceberg.field.optional", f->required ? "false" : "true");
    jsonw_end_object(w);
    jsonw_end_object(w);
    rc = buf_ok(&hive) ? 0 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&hive);
    return rc;
}

int iceberg_glue_columns(struct arena *a, const struct iceberg_schema *s, struct bytes *ret,
                         struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    int rc = 0;
    jsonw_array(&w);
    for (size_t i = 0; !rc && i < s->count; i++)
        rc = write_glue_column(a, &w, &s->fields[i], e);
    jsonw_end_array(&w);
    if (!rc)
        *ret = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return rc ? rc : ret->ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
}

struct iceberg_field *iceberg_find(const struct iceberg_schema *s, struct bytes name) {
    for (size_t i = 0; i < s->count; i++)
        if (bytes_eq_nocase(s->fields[i].name, name))
            return &s->fields[i];
    return NULL;
}
