/* sniff_types.c - Hive type text of an engine type, as Glue's crawlers spell it.
 *
 * Hive has no unsigned integers, times of day, intervals or UUIDs: they become the next wider
 * integer or a string. In text formats the engine finds dates and times by their looks; there Glue
 * says string, because a SerDe takes only one of the many spellings. */
#include "duck/sniff_int.h"

#include <string.h>

static const char *simple_type(duckdb_type id, bool text) {
    switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
        return "boolean";
    case DUCKDB_TYPE_TINYINT:
        return text ? "bigint" : "tinyint";
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_UTINYINT:
        return text ? "bigint" : "smallint";
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_USMALLINT:
        return text ? "bigint" : "int";
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UINTEGER:
        return "bigint";
    case DUCKDB_TYPE_UBIGINT:
        return text ? "bigint" : "decimal(20,0)";
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
        return text ? "bigint" : "decimal(38,0)";
    case DUCKDB_TYPE_FLOAT:
        return text ? "double" : "float";
    case DUCKDB_TYPE_DOUBLE:
        return "double";
    case DUCKDB_TYPE_BLOB:
        return "binary";
    case DUCKDB_TYPE_DATE:
        return text ? "string" : "date";
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        return text ? "string" : "timestamp";
    default:
        return "string";
    }
}

/* Struct field names are lower-case in Hive; those with its own signs are backquoted. */
static void add_field_name(struct bytes name, struct buf *out) {
    bool quote = !name.len;
    for (size_t i = 0; i < name.len; i++)
        quote |= strchr(":,<>()` \t\r\n", name.ptr[i]) != NULL;
    if (quote)
        buf_add_char(out, '`');
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '`')
            buf_add_char(out, '`');
        buf_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
    if (quote)
        buf_add_char(out, '`');
}

static bool seen_before(duckdb_logical_type t, idx_t field, struct bytes name) {
    bool seen = !name.len;
    for (idx_t i = 0; i < field && !seen; i++) {
        char *other = duckdb_struct_type_child_name(t, i);
        seen = bytes_eq_nocase(bytes_str(other), name);
        duckdb_free(other);
    }
    return seen;
}

/* Fields whose names differ only in case keep the first. */
static void add_struct(duckdb_logical_type t, bool text, struct buf *out) {
    idx_t n = duckdb_struct_type_child_count(t);
    bool any = false;
    for (idx_t i = 0; i < n; i++) {
        char *name = duckdb_struct_type_child_name(t, i);
        if (!seen_before(t, i, bytes_str(name))) {
            duckdb_logical_type child = duckdb_struct_type_child_type(t, i);
            buf_add_str(out, any ? "," : "struct<");
            any = true;
            add_field_name(bytes_str(name), out);
            buf_add_char(out, ':');
            sniff_hive_type(child, text, out);
            duckdb_destroy_logical_type(&child);
        }
        duckdb_free(name);
    }
    buf_add_str(out, any ? ">" : "string");
}

static void add_child(const char *head, duckdb_logical_type child, bool text, const char *tail,
                      struct buf *out) {
    buf_add_str(out, head);
    sniff_hive_type(child, text, out);
    buf_add_str(out, tail);
    duckdb_destroy_logical_type(&child);
}

void sniff_hive_type(duckdb_logical_type t, bool text, struct buf *out) {
    switch (duckdb_get_type_id(t)) {
    case DUCKDB_TYPE_DECIMAL:
        if (text)
            buf_add_str(out, "double");
        else
            buf_add_fmt(out, "decimal(%d,%d)", duckdb_decimal_width(t), duckdb_decimal_scale(t));
        break;
    case DUCKDB_TYPE_LIST:
        add_child("array<", duckdb_list_type_child_type(t), text, ">", out);
        break;
    case DUCKDB_TYPE_ARRAY:
        add_child("array<", duckdb_array_type_child_type(t), text, ">", out);
        break;
    case DUCKDB_TYPE_MAP:
        add_child("map<", duckdb_map_type_key_type(t), text, ",", out);
        add_child("", duckdb_map_type_value_type(t), text, ">", out);
        break;
    case DUCKDB_TYPE_STRUCT:
        add_struct(t, text, out);
        break;
    default:
        buf_add_str(out, simple_type(duckdb_get_type_id(t), text));
    }
}
