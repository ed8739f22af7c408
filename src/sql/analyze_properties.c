/* analyze_properties.c - WITH (name = value, ..) of CREATE TABLE AS and UNLOAD.
 *
 * Values are constant expressions, worked out as Trino does: bound, coerced to the property's type,
 * evaluated. Then the rules between properties: which go with which format, which exclude each
 * other. Texts are Trino's where it has the same property. */
#include "sql/analyze_int.h"
#include "sql/predicate_int.h"

enum property_type { P_TEXT, P_TRUTH, P_WHOLE, P_LIST };
enum { IN_TABLE = 1, IN_UNLOAD = 2, IN_BOTH = 3 };

static const struct property {
    const char *name;
    enum property_type type;
    int where;
} properties[] = {
    {"table_type", P_TEXT, IN_TABLE},
    {"external_location", P_TEXT, IN_TABLE},
    {"is_external", P_TRUTH, IN_TABLE},
    {"location", P_TEXT, IN_TABLE},
    {"format", P_TEXT, IN_BOTH},
    {"field_delimiter", P_TEXT, IN_BOTH},
    {"partitioned_by", P_LIST, IN_BOTH},
    {"partitioning", P_LIST, IN_TABLE},
    {"bucketed_by", P_LIST, IN_TABLE},
    {"bucket_count", P_WHOLE, IN_TABLE},
    {"write_compression", P_TEXT, IN_TABLE},
    {"parquet_compression", P_TEXT, IN_TABLE},
    {"orc_compression", P_TEXT, IN_TABLE},
    {"compression", P_TEXT, IN_UNLOAD},
    {"compression_level", P_WHOLE, IN_BOTH},
    {"optimize_rewrite_min_data_file_size_bytes", P_WHOLE, IN_TABLE},
    {"optimize_rewrite_max_data_file_size_bytes", P_WHOLE, IN_TABLE},
    {"optimize_rewrite_data_file_threshold", P_WHOLE, IN_TABLE},
    {"optimize_rewrite_delete_file_threshold", P_WHOLE, IN_TABLE},
    {"vacuum_min_snapshots_to_keep", P_WHOLE, IN_TABLE},
    {"vacuum_max_snapshot_age_seconds", P_WHOLE, IN_TABLE},
    {"vacuum_max_metadata_files_to_keep", P_WHOLE, IN_TABLE},
    {"write_target_data_file_size_bytes", P_WHOLE, IN_TABLE},
};

/* A property as the statement has it. */
struct given {
    const struct property *p; /* NULL: not given */
    const struct sql_option *option;
    struct bytes text;
    int64_t whole;
    struct write_list list;
};
struct reader {
    struct ctx *c;
    struct given given[COUNT_OF(properties)];
    bool is_unload;
};

#define INVALID "INVALID_TABLE_PROPERTY"

static const char *what_of(const struct reader *r, bool capital) {
    if (r->is_unload)
        return capital ? "Unload property" : "unload property";
    return capital ? "Catalog 'awsdatacatalog' table property"
                   : "catalog 'awsdatacatalog' table property";
}

static bool bad_value(struct reader *r, const struct given *g) {
    static const char *const types[] = {"varchar", "boolean", "integer", "array(varchar)"};
    struct analyzer *z = r->c->z;
    if (z->rc && z->rc != ERR_SQL)
        return false;
    z->rc = 0;
    return fail(z, g->option->name.pos, INVALID,
                "Invalid value for %s '%s': Cannot convert [%.*s] to %s", what_of(r, false),
                g->p->name, BYTES_ARG(expr_text(z, g->option->value)), types[g->p->type]) != NULL;
}

static bool bad_setting(struct reader *r, const struct given *g, const char *why) {
    return fail(r->c->z, g->option->name.pos, INVALID, "Unable to set %s '%s' to [%.*s]: %s",
                what_of(r, false), g->p->name, BYTES_ARG(expr_text(r->c->z, g->option->value)),
                why) != NULL;
}

/* ---- values ---- */
static bool constant(struct reader *r, struct given *g, struct sql_expr *e, enum sql_type_tag type,
                     struct sql_value *ret) {
    struct bound *x = bind_expr(r->c, e);
    if (!x || !sql_type_can_coerce(x->type, sql_type_of(type)))
        return bad_value(r, g);
    if (!predicate_constant(r->c->z->a, x, ret))
        return fail(r->c->z, g->option->name.pos, "NOT_SUPPORTED",
                    "The value of the property '%s' cannot be worked out: %.*s; write a literal",
                    g->p->name, BYTES_ARG(expr_text(r->c->z, g->option->value))) != NULL;
    if (ret->is_null)
        return fail(r->c->z, g->option->name.pos, INVALID,
                    "Invalid null value for %s '%s' from [%.*s]", what_of(r, false), g->p->name,
                    BYTES_ARG(expr_text(r->c->z, g->option->value))) != NULL;
    return true;
}

static bool read_list(struct reader *r, struct given *g) {
    struct sql_expr *e = g->option->value;
    if (e->kind != SQL_E_ARRAY)
        return bad_value(r, g);
    g->list.pos = g->option->name.pos;
    g->list.items = ARENA_NEW_N(r->c->z->a, struct bytes, e->list.count + 1);
    for (size_t i = 0; g->list.items && i < e->list.count; i++) {
        struct sql_value v;
        if (!constant(r, g, e->list.items[i], ST_VARCHAR, &v))
            return false;
        g->list.items[g->list.count++] = lower_copy(r->c->z, v.text);
    }
    return g->list.items != NULL;
}

static bool read_value(struct reader *r, struct given *g) {
    struct sql_value v;
    if (g->p->type == P_LIST)
        return read_list(r, g);
    enum sql_type_tag type = g->p->type == P_TEXT    ? ST_VARCHAR
                             : g->p->type == P_TRUTH ? ST_BOOLEAN
                                                     : ST_BIGINT;
    if (!constant(r, g, g->option->value, type, &v))
        return false;
    if (g->p->type == P_TEXT)
        g->text = v.text;
    else
        g->whole = g->p->type == P_TRUTH ? v.truth : v.whole;
    return true;
}

static bool read_all(struct reader *r, const struct sql_options *options) {
    struct analyzer *z = r->c->z;
    for (size_t i = 0; i < options->count; i++) {
        const struct sql_option *o = &options->items[i];
        struct given *g = NULL;
        for (size_t k = 0; k < COUNT_OF(properties); k++)
            if (bytes_eq_nocase(o->name.text, bytes_str(properties[k].name)) &&
                properties[k].where & (r->is_unload ? IN_UNLOAD : IN_TABLE)) {
                g = &r->given[k];
                if (g->p)
                    return fail(z, o->name.pos, "DUPLICATE_PROPERTY", "Duplicate property: %s",
                                g->p->name) != NULL;
                g->p = &properties[k];
            }
        if (!g)
            return fail(z, o->name.pos, INVALID, "%s '%.*s' does not exist", what_of(r, true),
                        BYTES_ARG(lower_copy(z, o->name.text))) != NULL;
        g->option = o;
        if (!read_value(r, g))
            return false;
    }
    return true;
}

static struct given *given(struct reader *r, const char *name) {
    for (size_t k = 0; k < COUNT_OF(properties); k++)
        if (r->given[k].p && strcmp(properties[k].name, name) == 0)
            return &r->given[k];
    return NULL;
}

/* ---- rules ---- */
static bool refuse(struct reader *r, const struct given *g, const char *fmt, const char *v) {
    return fail(r->c->z, g->option->name.pos, "NOT_SUPPORTED", fmt, v) != NULL;
}

static bool take_table_type(struct reader *r) {
    static const char *const iceberg[] = {"location", "partitioning"};
    const struct given *g = given(r, "table_type");
    if (g && bytes_eq_nocase(g->text, BYTES("iceberg")))
        return fail(r->c->z, g->option->name.pos, "NOT_SUPPORTED",
                    "CREATE TABLE AS cannot make Iceberg tables yet; leave out table_type") != NULL;
    if (g && !bytes_eq_nocase(g->text, BYTES("hive")))
        return bad_setting(r, g, "Valid values: [HIVE, ICEBERG]");
    for (size_t i = 0; i < COUNT_OF(iceberg); i++)
        if ((g = given(r, iceberg[i])))
            return fail(r->c->z, g->option->name.pos, INVALID,
                        "Table property '%s' is only for tables of type ICEBERG",
                        iceberg[i]) != NULL;
    return true;
}

static const char *const format_names[] = {"PARQUET", "JSON", "TEXTFILE"};

static bool take_format(struct reader *r, struct write_properties *ret) {
    static const char *const unwritable[] = {"ORC", "AVRO", "ION"};
    const struct given *g = given(r, "format");
    if (!g)
        return true;
    for (size_t i = 0; i < COUNT_OF(format_names); i++)
        if (bytes_eq_nocase(g->text, bytes_str(format_names[i]))) {
            ret->format = (enum sql_write_format)i;
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(unwritable); i++)
        if (bytes_eq_nocase(g->text, bytes_str(unwritable[i])))
            return refuse(r, g,
                          "Files of format %s cannot be written; use PARQUET, JSON or TEXTFILE",
                          unwritable[i]);
    return bad_setting(r, g, "Valid values: [PARQUET, ORC, AVRO, JSON, TEXTFILE, ION]");
}

/* The one that is given of the properties that name a compression. */
static bool find_compression(struct reader *r, struct given **ret) {
    static const char *const names[] = {"write_compression", "parquet_compression",
                                        "orc_compression", "compression"};
    *ret = NULL;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct given *g = given(r, names[i]);
        if (g && *ret)
            return fail(r->c->z, g->option->name.pos, INVALID,
                        "Table properties %s and %s cannot be specified together", (*ret)->p->name,
                        names[i]) != NULL;
        if (g)
            *ret = g;
    }
    return true;
}

static bool take_compression(struct reader *r, struct write_properties *ret) {
    static const char *const known[] = {"gzip", "zstd", "snappy", "uncompressed", "none"};
    static const char *const unwritable[] = {"bzip2", "deflate", "lz4", "lzo", "zlib", "snappy"};
    struct given *g;
    const char *format = format_names[ret->format];
    ret->compression = BYTES("gzip");
    if (!find_compression(r, &g) || !g)
        return !r->c->z->rc;
    if (strcmp(g->p->name, "orc_compression") == 0 ||
        (strcmp(g->p->name, "parquet_compression") == 0 && ret->format != SQL_WRITE_PARQUET))
        return fail(r->c->z, g->option->name.pos, INVALID,
                    "Cannot specify %s table property for storage format: %s", g->p->name,
                    format) != NULL;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (bytes_eq_nocase(g->text, bytes_str(known[i])) &&
            (strcmp(known[i], "snappy") != 0 || ret->format == SQL_WRITE_PARQUET)) {
            ret->compression =
                strcmp(known[i], "none") == 0 ? BYTES("uncompressed") : bytes_str(known[i]);
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(unwritable); i++)
        if (bytes_eq_nocase(g->text, bytes_str(unwritable[i])))
            return fail(
                       r->c->z, g->option->name.pos, "NOT_SUPPORTED",
                       "Files of format %s cannot be written with compression %s; use GZIP, ZSTD%s "
                       "or NONE",
                       format, unwritable[i],
                       ret->format == SQL_WRITE_PARQUET ? ", SNAPPY" : "") != NULL;
    return bad_setting(r, g, "Valid values: [GZIP, ZSTD, SNAPPY, NONE]");
}

static bool take_level(struct reader *r, struct write_properties *ret) {
    const struct given *g = given(r, "compression_level");
    if (!g)
        return true;
    if (!bytes_eq_str(ret->compression, "zstd"))
        return fail(r->c->z, g->option->name.pos, INVALID,
                    "compression_level can be specified only with ZSTD compression") != NULL;
    if (g->whole < 1 || g->whole > 22)
        return bad_setting(r, g, "Valid values are from 1 to 22");
    ret->compression_level = (int)g->whole;
    return true;
}

static bool take_delimiter(struct reader *r, struct write_properties *ret) {
    const struct given *g = given(r, "field_delimiter");
    if (!g)
        return true;
    if (ret->format != SQL_WRITE_TEXT)
        return fail(r->c->z, g->option->name.pos, INVALID,
                    "Cannot specify field_delimiter table property for storage format: %s",
                    format_names[ret->format]) != NULL;
    if (bytes_eq_str(g->text, "\\t")) {
        ret->field_delimiter = '\t';
        return true;
    }
    if (g->text.len != 1 || g->text.ptr[0] == '\n' || g->text.ptr[0] == 0)
        return fail(r->c->z, g->option->name.pos, INVALID,
                    "field_delimiter must be a single character string, but was: '%.*s'",
                    BYTES_ARG(g->text)) != NULL;
    ret->field_delimiter = g->text.ptr[0];
    return true;
}

static bool take_buckets(struct reader *r, struct write_properties *ret) {
    const struct given *by = given(r, "bucketed_by"), *count = given(r, "bucket_count");
    if (!by && !count)
        return true;
    if (count && count->whole < 0)
        return fail(r->c->z, count->option->name.pos, INVALID,
                    "bucket_count must be greater than zero") != NULL;
    if (!by || !by->list.count || !count || !count->whole)
        return fail(r->c->z, (by ? by : count)->option->name.pos, INVALID,
                    "bucketed_by and bucket_count must be specified together") != NULL;
    ret->bucketed_by = by->list;
    ret->bucket_count = count->whole;
    return true;
}

static bool take_location(struct reader *r, struct write_properties *ret) {
    const struct given *g = given(r, "external_location"), *external = given(r, "is_external");
    if (external && !external->whole)
        return refuse(r, external, "%s",
                      "Tables of type HIVE are external: is_external must be true");
    if (!g)
        return true;
    if (!bytes_starts_with(g->text, BYTES("s3://")) || g->text.len < 6 || g->text.ptr[5] == '/')
        return fail(r->c->z, g->option->name.pos, INVALID,
                    "External location is not a valid file system URI: %.*s",
                    BYTES_ARG(g->text)) != NULL;
    ret->external_location = g->text;
    return true;
}

bool bind_properties(struct ctx *c, const struct sql_statement *s, struct write_properties *ret) {
    struct reader *r = ARENA_NEW(c->z->a, struct reader);
    struct ctx inner = *c;
    if (!r)
        return false;
    inner.no_aggregates = "WITH clause";
    inner.select = NULL;
    r->c = &inner;
    r->is_unload = s->kind == SQL_UNLOAD;
    if (!read_all(r, &s->dml->properties) || !take_table_type(r) || !take_format(r, ret) ||
        !take_compression(r, ret) || !take_level(r, ret) || !take_delimiter(r, ret) ||
        !take_buckets(r, ret) || !take_location(r, ret))
        return false;
    const struct given *g = given(r, "partitioned_by");
    if (g)
        ret->partitioned_by = g->list;
    r->c = NULL;
    return true;
}
