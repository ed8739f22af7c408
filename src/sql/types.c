/* types.c - building, spelling and reading Trino types.
 *
 * Simple types are static; parametric ones are made in the arena. The reader is a small recursive
 * descent over SQL's own spelling, so that casts, signatures and tests share it. */
#include "sql/types.h"
#include <stdio.h>
#include <stdlib.h>

#define SIMPLE(k) [k] = {.kind = (k)}
static const struct sql_type simple_types[] = {
    SIMPLE(ST_UNKNOWN),
    SIMPLE(ST_BOOLEAN),
    SIMPLE(ST_TINYINT),
    SIMPLE(ST_SMALLINT),
    SIMPLE(ST_INTEGER),
    SIMPLE(ST_BIGINT),
    [ST_DECIMAL] = {.kind = ST_DECIMAL, .precision = 38},
    SIMPLE(ST_REAL),
    SIMPLE(ST_DOUBLE),
    [ST_VARCHAR] = {.kind = ST_VARCHAR, .length = SQL_UNBOUNDED},
    [ST_CHAR] = {.kind = ST_CHAR, .length = 1},
    SIMPLE(ST_VARBINARY),
    SIMPLE(ST_DATE),
    [ST_TIME] = {.kind = ST_TIME, .precision = 3},
    [ST_TIME_TZ] = {.kind = ST_TIME_TZ, .precision = 3},
    [ST_TIMESTAMP] = {.kind = ST_TIMESTAMP, .precision = 3},
    [ST_TIMESTAMP_TZ] = {.kind = ST_TIMESTAMP_TZ, .precision = 3},
    SIMPLE(ST_INTERVAL_DAY),
    SIMPLE(ST_INTERVAL_YEAR),
    SIMPLE(ST_JSON),
    SIMPLE(ST_UUID),
    SIMPLE(ST_IPADDRESS),
    SIMPLE(ST_IPPREFIX),
    SIMPLE(ST_HLL),
    SIMPLE(ST_P4HLL),
    SIMPLE(ST_TDIGEST),
};

const struct sql_type *sql_type_of(enum sql_type_tag kind) {
    assert(kind < COUNT_OF(simple_types));
    return &simple_types[kind];
}

static struct sql_type *type_new(struct arena *a, enum sql_type_tag kind, size_t children) {
    struct sql_type *t = ARENA_NEW(a, struct sql_type);
    if (!t)
        return NULL;
    t->kind = kind;
    t->child_count = children;
    if (children && !(t->children = ARENA_NEW_N(a, const struct sql_type *, children)))
        return NULL;
    return t;
}

const struct sql_type *sql_type_decimal(struct arena *a, int precision, int scale) {
    struct sql_type *t = type_new(a, ST_DECIMAL, 0);
    if (t) {
        t->precision = precision;
        t->scale = scale;
    }
    return t;
}

static const struct sql_type *type_of_length(struct arena *a, enum sql_type_tag kind, int length) {
    struct sql_type *t = type_new(a, kind, 0);
    if (t)
        t->length = length;
    return t;
}

const struct sql_type *sql_type_varchar(struct arena *a, int length) {
    return length == SQL_UNBOUNDED ? sql_type_of(ST_VARCHAR)
                                   : type_of_length(a, ST_VARCHAR, length);
}
const struct sql_type *sql_type_char(struct arena *a, int length) {
    return type_of_length(a, ST_CHAR, length);
}

const struct sql_type *sql_type_time(struct arena *a, enum sql_type_tag kind, int precision) {
    struct sql_type *t = type_new(a, kind, 0);
    if (t)
        t->precision = precision;
    return t;
}

const struct sql_type *sql_type_tz(struct arena *a, int precision, bool zoned) {
    struct sql_type *t = type_new(a, ST_TIMESTAMP_TZ, 0);
    if (t) {
        t->precision = precision;
        t->zoned = zoned || precision > 6;
    }
    return t;
}

const struct sql_type *sql_type_array(struct arena *a, const struct sql_type *element) {
    struct sql_type *t = type_new(a, ST_ARRAY, 1);
    if (t)
        t->children[0] = element;
    return t;
}

const struct sql_type *sql_type_map(struct arena *a, const struct sql_type *key,
                                    const struct sql_type *value) {
    struct sql_type *t = type_new(a, ST_MAP, 2);
    if (t) {
        t->children[0] = key;
        t->children[1] = value;
    }
    return t;
}

const struct sql_type *sql_type_row(struct arena *a, const struct sql_type *const *fields,
                                    const struct bytes *names, size_t count) {
    struct sql_type *t = type_new(a, ST_ROW, count);
    struct bytes *copy = t ? ARENA_NEW_N(a, struct bytes, count ? count : 1) : NULL;
    if (!copy)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        t->children[i] = fields[i];
        if (names)
            copy[i] = names[i];
    }
    t->names = copy;
    return t;
}

/* ---- from the catalogue ---- */
static const enum sql_type_tag hive_kinds[] = {
    [TYPE_BOOLEAN] = ST_BOOLEAN,     [TYPE_TINYINT] = ST_TINYINT,
    [TYPE_SMALLINT] = ST_SMALLINT,   [TYPE_INT] = ST_INTEGER,
    [TYPE_BIGINT] = ST_BIGINT,       [TYPE_FLOAT] = ST_REAL,
    [TYPE_DOUBLE] = ST_DOUBLE,       [TYPE_DECIMAL] = ST_DECIMAL,
    [TYPE_STRING] = ST_VARCHAR,      [TYPE_VARCHAR] = ST_VARCHAR,
    [TYPE_CHAR] = ST_CHAR,           [TYPE_BINARY] = ST_VARBINARY,
    [TYPE_TIMESTAMP] = ST_TIMESTAMP, [TYPE_DATE] = ST_DATE,
    [TYPE_ARRAY] = ST_ARRAY,         [TYPE_MAP] = ST_MAP,
    [TYPE_STRUCT] = ST_ROW,
};

static const struct sql_type *nested_from_hive(struct arena *a, const struct type *t) {
    struct sql_type *r = type_new(a, hive_kinds[t->kind], t->child_count);
    if (!r)
        return NULL;
    for (size_t i = 0; i < t->child_count; i++)
        if (!(r->children[i] = sql_type_from_hive(a, t->children[i])))
            return NULL;
    r->names = t->names;
    return r;
}

const struct sql_type *sql_type_from_hive(struct arena *a, const struct type *t) {
    switch (t->kind) {
    case TYPE_DECIMAL:
        return sql_type_decimal(a, t->precision, t->scale);
    case TYPE_VARCHAR:
        return sql_type_varchar(a, t->length);
    case TYPE_CHAR:
        return sql_type_char(a, t->length);
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_STRUCT:
        return nested_from_hive(a, t);
    default:
        return sql_type_of(hive_kinds[t->kind]);
    }
}

/* ---- properties ---- */
bool sql_type_equal(const struct sql_type *a, const struct sql_type *b) {
    if (a == b)
        return true;
    if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
        a->length != b->length || a->child_count != b->child_count || a->zoned != b->zoned)
        return false;
    for (size_t i = 0; i < a->child_count; i++) {
        if (!sql_type_equal(a->children[i], b->children[i]))
            return false;
        if (a->kind == ST_ROW && !bytes_eq_nocase(a->names[i], b->names[i]))
            return false;
    }
    return true;
}

bool sql_type_is_integer(const struct sql_type *t) {
    return t->kind >= ST_TINYINT && t->kind <= ST_BIGINT;
}
bool sql_type_is_numeric(const struct sql_type *t) {
    return t->kind >= ST_TINYINT && t->kind <= ST_DOUBLE;
}
bool sql_type_is_text(const struct sql_type *t) {
    return t->kind == ST_VARCHAR || t->kind == ST_CHAR;
}

static bool all_children(const struct sql_type *t, bool (*has)(const struct sql_type *)) {
    for (size_t i = 0; i < t->child_count; i++)
        if (!has(t->children[i]))
            return false;
    return true;
}

static bool is_sketch(const struct sql_type *t) {
    return t->kind == ST_HLL || t->kind == ST_P4HLL || t->kind == ST_TDIGEST;
}

bool sql_type_is_orderable(const struct sql_type *t) {
    if (t->kind == ST_JSON || t->kind == ST_MAP || is_sketch(t))
        return false;
    return all_children(t, sql_type_is_orderable);
}
bool sql_type_is_comparable(const struct sql_type *t) {
    return !is_sketch(t) && all_children(t, sql_type_is_comparable);
}

/* ---- spelling ---- */
static const char *const kind_names[] = {
    [ST_UNKNOWN] = "unknown",
    [ST_BOOLEAN] = "boolean",
    [ST_TINYINT] = "tinyint",
    [ST_SMALLINT] = "smallint",
    [ST_INTEGER] = "integer",
    [ST_BIGINT] = "bigint",
    [ST_DECIMAL] = "decimal",
    [ST_REAL] = "real",
    [ST_DOUBLE] = "double",
    [ST_VARCHAR] = "varchar",
    [ST_CHAR] = "char",
    [ST_VARBINARY] = "varbinary",
    [ST_DATE] = "date",
    [ST_TIME] = "time",
    [ST_TIME_TZ] = "time with time zone",
    [ST_TIMESTAMP] = "timestamp",
    [ST_TIMESTAMP_TZ] = "timestamp with time zone",
    [ST_INTERVAL_DAY] = "interval day to second",
    [ST_INTERVAL_YEAR] = "interval year to month",
    [ST_JSON] = "json",
    [ST_UUID] = "uuid",
    [ST_IPADDRESS] = "ipaddress",
    [ST_IPPREFIX] = "ipprefix",
    [ST_HLL] = "HyperLogLog",
    [ST_P4HLL] = "P4HyperLogLog",
    [ST_TDIGEST] = "tdigest",
    [ST_ARRAY] = "array",
    [ST_MAP] = "map",
    [ST_ROW] = "row",
};

static void format_children(const struct sql_type *t, struct buf *out) {
    buf_add_str(out, kind_names[t->kind]);
    buf_add_char(out, '(');
    for (size_t i = 0; i < t->child_count; i++) {
        if (i)
            buf_add_str(out, ", ");
        if (t->kind == ST_ROW && t->names[i].len) {
            buf_add(out, t->names[i]);
            buf_add_char(out, ' ');
        }
        sql_type_format(t->children[i], out);
    }
    buf_add_char(out, ')');
}

void sql_type_format(const struct sql_type *t, struct buf *out) {
    switch (t->kind) {
    case ST_DECIMAL:
        buf_add_fmt(out, "decimal(%d,%d)", t->precision, t->scale);
        return;
    case ST_CHAR:
        buf_add_fmt(out, "char(%d)", t->length);
        return;
    case ST_VARCHAR:
        buf_add_str(out, "varchar");
        if (t->length != SQL_UNBOUNDED)
            buf_add_fmt(out, "(%d)", t->length);
        return;
    case ST_TIME:
    case ST_TIME_TZ:
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        buf_add_fmt(out, "%s(%d)%s", t->kind <= ST_TIME_TZ ? "time" : "timestamp", t->precision,
                    t->kind == ST_TIMESTAMP_TZ || t->kind == ST_TIME_TZ ? " with time zone" : "");
        return;
    default:
        if (t->child_count)
            format_children(t, out);
        else
            buf_add_str(out, kind_names[t->kind]);
    }
}

struct bytes sql_type_text(struct arena *a, const struct sql_type *t) {
    struct buf b = {0};
    sql_type_format(t, &b);
    struct bytes r = arena_copy(a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

struct bytes sql_type_field(struct arena *a, const struct sql_type *row, size_t index) {
    if (!row->names[index].len)
        return arena_fmt(a, "field%zu", index);
    for (size_t i = 0; i < index; i++) /* DuckDB wants distinct names */
        if (bytes_eq_nocase(row->names[i], row->names[index]))
            return arena_fmt(a, "field%zu", index);
    return row->names[index];
}

static void add_quoted(struct buf *out, struct bytes name) {
    buf_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, name.ptr[i]);
    }
    buf_add_char(out, '"');
}

static void format_struct(const struct sql_type *t, struct buf *out) {
    struct arena a;
    arena_init(&a, 0);
    buf_add_str(out, "STRUCT(");
    for (size_t i = 0; i < t->child_count; i++) {
        if (i)
            buf_add_str(out, ", ");
        add_quoted(out, sql_type_field(&a, t, i));
        buf_add_char(out, ' ');
        sql_type_format_duckdb(t->children[i], out);
    }
    buf_add_char(out, ')');
    arena_clear(&a);
}

void sql_type_format_duckdb(const struct sql_type *t, struct buf *out) {
    static const char *const names[] = {
        [ST_UNKNOWN] = "INTEGER",
        [ST_BOOLEAN] = "BOOLEAN",
        [ST_TINYINT] = "TINYINT",
        [ST_SMALLINT] = "SMALLINT",
        [ST_INTEGER] = "INTEGER",
        [ST_BIGINT] = "BIGINT",
        [ST_REAL] = "FLOAT",
        [ST_DOUBLE] = "DOUBLE",
        [ST_VARCHAR] = "VARCHAR",
        [ST_CHAR] = "VARCHAR",
        [ST_VARBINARY] = "BLOB",
        [ST_DATE] = "DATE",
        [ST_TIME] = "BIGINT",
        [ST_TIME_TZ] = "HUGEINT",
        [ST_TIMESTAMP] = "TIMESTAMP",
        [ST_TIMESTAMP_TZ] = "TIMESTAMPTZ",
        [ST_INTERVAL_DAY] = "BIGINT",
        [ST_INTERVAL_YEAR] = "INTEGER",
        [ST_JSON] = "VARCHAR",
        [ST_UUID] = "UUID",
        [ST_IPADDRESS] = "BLOB",
        [ST_IPPREFIX] = "BLOB",
        [ST_HLL] = "BLOB",
        [ST_P4HLL] = "BLOB",
        [ST_TDIGEST] = "BLOB",
    };
    switch (t->kind) {
    case ST_DECIMAL:
        buf_add_fmt(out, "DECIMAL(%d,%d)", t->precision, t->scale);
        return;
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        buf_add_str(out, t->zoned || t->precision > 6 ? "HUGEINT" : names[t->kind]);
        return;
    case ST_ARRAY:
        sql_type_format_duckdb(t->children[0], out);
        buf_add_str(out, "[]");
        return;
    case ST_MAP:
        buf_add_str(out, "MAP(");
        sql_type_format_duckdb(t->children[0], out);
        buf_add_str(out, ", ");
        sql_type_format_duckdb(t->children[1], out);
        buf_add_char(out, ')');
        return;
    case ST_ROW:
        format_struct(t, out);
        return;
    default:
        buf_add_str(out, names[t->kind]);
    }
}

/* ---- ColumnInfo ---- */
const char *sql_type_athena_name(const struct sql_type *t) {
    return t->kind == ST_REAL ? "float" : kind_names[t->kind];
}

void sql_type_athena_size(const struct sql_type *t, int *ret_precision, int *ret_scale) {
    static const int sizes[] = {
        [ST_TINYINT] = 3,         [ST_SMALLINT] = 5,  [ST_INTEGER] = 10,     [ST_BIGINT] = 19,
        [ST_REAL] = 17,           [ST_DOUBLE] = 17,   [ST_TIME] = 3,         [ST_TIME_TZ] = 3,
        [ST_VARBINARY] = 1 << 30, [ST_TIMESTAMP] = 3, [ST_TIMESTAMP_TZ] = 3, [ST_ROW] = 0,
    };
    *ret_scale = t->kind == ST_DECIMAL ? t->scale : 0;
    if (t->kind == ST_DECIMAL)
        *ret_precision = t->precision;
    else if (sql_type_is_text(t))
        *ret_precision = t->length;
    else
        *ret_precision = sizes[t->kind];
}
