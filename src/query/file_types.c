/* file_types.c - whether Parquet files have the types that the table says, before they are read.
 *
 * A file's column may be narrower than the table's: whole numbers as wider or narrower ones that
 * hold them, float as double, numbers as decimals. Everything else (text as a number, a number as
 * text, double as bigint) fails as Athena fails it: HIVE_BAD_DATA, the column, the file's physical
 * type and the table's; the engine alone would convert in silence. Files whose footer is not known
 * are let pass, and those of registered partitions: a partition has columns of its own, from which
 * Athena converts. */
#include "query/query_int.h"

enum family {
    F_BOOLEAN,
    F_WHOLE,
    F_FLOAT,
    F_DOUBLE,
    F_DECIMAL,
    F_TEXT,
    F_DATE,
    F_TIMESTAMP,
    F_OTHER
};
static const struct {
    const char *engine; /* the beginning of the engine's name for a leaf's type */
    enum family family;
    const char *physical; /* Parquet's */
} families[] = {
    {"BOOLEAN", F_BOOLEAN, "BOOLEAN"}, {"TINYINT", F_WHOLE, "INT32"},
    {"SMALLINT", F_WHOLE, "INT32"},    {"INTEGER", F_WHOLE, "INT32"},
    {"BIGINT", F_WHOLE, "INT64"},      {"UTINYINT", F_WHOLE, "INT32"},
    {"USMALLINT", F_WHOLE, "INT32"},   {"UINTEGER", F_WHOLE, "INT32"},
    {"UBIGINT", F_WHOLE, "INT64"},     {"FLOAT", F_FLOAT, "FLOAT"},
    {"DOUBLE", F_DOUBLE, "DOUBLE"},    {"DECIMAL", F_DECIMAL, "FIXED_LEN_BYTE_ARRAY"},
    {"VARCHAR", F_TEXT, "BINARY"},     {"BLOB", F_TEXT, "BINARY"},
    {"DATE", F_DATE, "INT32"},         {"TIMESTAMP", F_TIMESTAMP, "INT64"},
};

static enum family family_of(struct bytes type, const char **ret_physical) {
    *ret_physical = "BINARY";
    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (bytes_starts_with(type, bytes_str(families[i].engine))) {
            *ret_physical = families[i].physical;
            return families[i].family;
        }
    return F_OTHER;
}

static bool fits(enum family f, const struct type *t) {
    switch (t->kind) {
    case TYPE_BOOLEAN:
        return f == F_BOOLEAN;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        return f == F_WHOLE || f == F_DECIMAL;
    case TYPE_FLOAT:
        return f == F_FLOAT;
    case TYPE_DOUBLE:
        return f == F_FLOAT || f == F_DOUBLE;
    case TYPE_DECIMAL:
        return f == F_DECIMAL || f == F_WHOLE;
    case TYPE_STRING:
    case TYPE_VARCHAR:
    case TYPE_CHAR:
    case TYPE_BINARY:
        return f == F_TEXT;
    case TYPE_DATE:
        return f == F_DATE;
    case TYPE_TIMESTAMP:
        return f == F_TIMESTAMP;
    default:
        return false;
    }
}

static int mismatch(struct plan *p, const struct plan_scan *s, size_t column,
                    const struct plan_file *f, const char *physical, struct err *e) {
    struct bytes type = sql_type_of_hive(&p->arena, plan_column_type(s->table, column));
    return err_set_named(e, ERR_SQL, "HIVE_BAD_DATA", 0,
                         "Field %.*s's type %s in parquet file %.*s is incompatible with type "
                         "%.*s defined in table schema",
                         BYTES_ARG(s->table->info.columns[column].name), physical,
                         BYTES_ARG(f->uri), BYTES_ARG(type));
}

static int check_column(struct plan *p, const struct plan_scan *s, size_t column, struct err *e) {
    const struct type *t = plan_column_type(s->table, column);
    struct bytes name = s->table->info.columns[column].name;
    struct bytes good = {0}; /* the last file's type, which was found to fit */
    size_t hint = 0;
    for (size_t i = 0; i < s->file_count; i++) {
        const struct plan_file *f = &s->files[i];
        const char *physical = "GROUP";
        bool nested = false;
        if (f->partition && f->partition->id)
            continue;
        const struct facts_leaf *leaf =
            f->facts ? facts_leaf_of(f->facts, name, &hint, &nested) : NULL;
        if (!leaf && (!nested || t->child_count))
            continue;
        if (leaf && (!leaf->type.len || bytes_eq(leaf->type, good)))
            continue;
        enum family family = leaf ? family_of(leaf->type, &physical) : F_OTHER;
        if (leaf && family == F_OTHER && !t->child_count)
            continue; /* a type that the engine alone knows */
        if (t->child_count || nested || !fits(family, t))
            return mismatch(p, s, column, f, physical, e);
        good = leaf->type;
    }
    return 0;
}

int plan_check_types(struct plan *p, const struct plan_scan *s, struct err *e) {
    int rc = 0;
    for (size_t i = 0; !rc && i < s->table->data_count; i++)
        if (s->scan->column_used[i])
            rc = check_column(p, s, i, e);
    return rc;
}
