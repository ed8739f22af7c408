/* format.c - a tree of formatters that mirrors the type, bound to the vectors of each chunk.
 *
 *     array(row(a bigint))      format LIST -> child STRUCT -> child BIGINT
 *
 * Binding walks the tree once per chunk, so that formatting a value is a switch on the type and a
 * load. Numbers are written by hand where a query may return millions of them. */
#include "duck/format.h"

#include "base/clock.h"
#include "base/encode.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct format {
    duckdb_type type; /* DECIMAL: of the storage */
    int scale;        /* decimal */
    bool is_decimal;
    bool year_to_month;       /* interval */
    struct format **children; /* list 1, map 2 (key, value), struct n */
    char **names;             /* struct; NULL for unnamed fields */
    size_t child_count;
    /* bound: */
    void *data;
    uint64_t *validity;
};

/* ---- making ---- */
static int not_supported(struct err *e, const char *what) {
    return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                         "A result column of the engine's type %s has no text form.", what);
}

static int add_child(struct arena *a, struct format *f, size_t i, duckdb_logical_type type,
                     struct err *e) {
    int rc = format_new(a, type, (struct bytes){0}, &f->children[i], e);
    duckdb_destroy_logical_type(&type);
    return rc;
}

static int make_struct(struct arena *a, struct format *f, duckdb_logical_type type, struct err *e) {
    f->child_count = duckdb_struct_type_child_count(type);
    f->children = ARENA_NEW_N(a, struct format *, f->child_count + 1);
    f->names = ARENA_NEW_N(a, char *, f->child_count + 1);
    if (!f->children || !f->names) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    int rc = 0;
    for (size_t i = 0; !rc && i < f->child_count; i++) {
        char *name = duckdb_struct_type_child_name(type, i);
        f->names[i] = name && *name ? arena_strndup(a, name, strlen(name)) : NULL;
        duckdb_free(name);
        rc = add_child(a, f, i, duckdb_struct_type_child_type(type, i), e);
    }
    return rc;
}

static int make_nested(struct arena *a, struct format *f, duckdb_logical_type type, struct err *e) {
    if (f->type == DUCKDB_TYPE_STRUCT) {
        return make_struct(a, f, type, e);
    }
    f->child_count = f->type == DUCKDB_TYPE_MAP ? 2 : 1;
    f->children = ARENA_NEW_N(a, struct format *, 2);
    if (!f->children) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    if (f->type == DUCKDB_TYPE_LIST) {
        return add_child(a, f, 0, duckdb_list_type_child_type(type), e);
    }
    int rc = add_child(a, f, 0, duckdb_map_type_key_type(type), e);
    return rc ? rc : add_child(a, f, 1, duckdb_map_type_value_type(type), e);
}

static bool has_text(duckdb_type type) {
    static const duckdb_type known[] = {
        DUCKDB_TYPE_SQLNULL,      DUCKDB_TYPE_BOOLEAN,      DUCKDB_TYPE_TINYINT,
        DUCKDB_TYPE_SMALLINT,     DUCKDB_TYPE_INTEGER,      DUCKDB_TYPE_BIGINT,
        DUCKDB_TYPE_HUGEINT,      DUCKDB_TYPE_UTINYINT,     DUCKDB_TYPE_USMALLINT,
        DUCKDB_TYPE_UINTEGER,     DUCKDB_TYPE_UBIGINT,      DUCKDB_TYPE_FLOAT,
        DUCKDB_TYPE_DOUBLE,       DUCKDB_TYPE_VARCHAR,      DUCKDB_TYPE_BLOB,
        DUCKDB_TYPE_DATE,         DUCKDB_TYPE_TIME,         DUCKDB_TYPE_TIMESTAMP,
        DUCKDB_TYPE_TIMESTAMP_TZ, DUCKDB_TYPE_INTERVAL,     DUCKDB_TYPE_UUID,
        DUCKDB_TYPE_TIMESTAMP_MS, DUCKDB_TYPE_TIMESTAMP_NS, DUCKDB_TYPE_TIMESTAMP_S};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (known[i] == type) {
            return true;
        }
    }
    return false;
}

int format_new(struct arena *a, duckdb_logical_type type, struct bytes trino_type,
               struct format **ret, struct err *e) {
    struct format *f = ARENA_NEW(a, struct format);
    if (!f) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    int rc = 0;
    f->type = duckdb_get_type_id(type);
    f->year_to_month = bytes_eq_str(trino_type, "interval year to month");
    if (f->type == DUCKDB_TYPE_DECIMAL) {
        f->is_decimal = true;
        f->scale = duckdb_decimal_scale(type);
        f->type = duckdb_decimal_internal_type(type);
    } else if (f->type == DUCKDB_TYPE_LIST || f->type == DUCKDB_TYPE_MAP ||
               f->type == DUCKDB_TYPE_STRUCT) {
        rc = make_nested(a, f, type, e);
    } else if (!has_text(f->type)) {
        char number[24];
        snprintf(number, sizeof number, "%d", (int)f->type);
        rc = not_supported(e, number);
    }
    *ret = f;
    return rc;
}

void format_bind(struct format *f, duckdb_vector vector) {
    f->data = duckdb_vector_get_data(vector);
    f->validity = duckdb_vector_get_validity(vector);
    if (f->type == DUCKDB_TYPE_STRUCT) {
        for (size_t i = 0; i < f->child_count; i++) {
            format_bind(f->children[i], duckdb_struct_vector_get_child(vector, i));
        }
    } else if (f->type == DUCKDB_TYPE_LIST) {
        format_bind(f->children[0], duckdb_list_vector_get_child(vector));
    } else if (f->type == DUCKDB_TYPE_MAP) {
        duckdb_vector entries = duckdb_list_vector_get_child(vector);
        format_bind(f->children[0], duckdb_struct_vector_get_child(entries, 0));
        format_bind(f->children[1], duckdb_struct_vector_get_child(entries, 1));
    }
}

bool format_is_null(const struct format *f, idx_t row) {
    return f->type == DUCKDB_TYPE_SQLNULL ||
           (f->validity && !(f->validity[row / 64] >> (row % 64) & 1));
}

/* ---- numbers ---- */
static void add_u128(unsigned __int128 v, bool negative, int scale, struct buf *out) {
    char text[48];
    int at = sizeof text, digits = 0;
    do {
        if (scale > 0 && digits == scale) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + (int)(v % 10));
        v /= 10;
        digits++;
    } while (v || digits <= scale);
    if (negative) {
        text[--at] = '-';
    }
    buf_add(out, bytes_of(text + at, sizeof text - (size_t)at));
}

static void add_integer(__int128 v, int scale, struct buf *out) {
    bool negative = v < 0;
    add_u128(negative ? -(unsigned __int128)v : (unsigned __int128)v, negative, scale, out);
}

/* `text` is "d.ddde±xx": its digits without trailing zeros, as Java lays them out. */
static void add_java_number(const char *text, struct buf *out) {
    char digits[24];
    int n = 0, exponent = atoi(strchr(text, 'e') + 1);
    for (const char *p = text; *p != 'e'; p++) {
        if (*p == '-') {
            buf_add_char(out, '-');
        } else if (*p != '.') {
            digits[n++] = *p;
        }
    }
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    bool plain = exponent >= -3 && exponent < 7;
    int point = plain ? exponent + 1 : 1; /* digits before the point */
    if (point <= 0) {
        buf_add_str(out, "0.");
        for (int i = point; i < 0; i++) {
            buf_add_char(out, '0');
        }
        buf_add(out, bytes_of(digits, (size_t)n));
        return;
    }
    for (int i = 0; i < point || i < n; i++) {
        if (i == point) {
            buf_add_char(out, '.');
        }
        buf_add_char(out, i < n ? digits[i] : '0');
    }
    if (n <= point) {
        buf_add_str(out, ".0");
    }
    if (!plain) {
        buf_add_fmt(out, "E%d", exponent);
    }
}

static bool add_special(double v, struct buf *out) {
    if (isnan(v)) {
        buf_add_str(out, "NaN");
    } else if (isinf(v)) {
        buf_add_str(out, v < 0 ? "-Infinity" : "Infinity");
    } else if (v == 0) {
        buf_add_str(out, signbit(v) ? "-0.0" : "0.0");
    } else {
        return false;
    }
    return true;
}

void format_double(double v, struct buf *out) {
    char text[40];
    if (add_special(v, out)) {
        return;
    }
    /* Fifteen digits survive a double; near zero fewer do, and Java shows two at least. */
    for (int precision = fabs(v) < DBL_MIN ? 1 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    add_java_number(text, out);
}

void format_float(float v, struct buf *out) {
    char text[40];
    if (add_special(v, out)) {
        return;
    }
    for (int precision = fabsf(v) < FLT_MIN ? 1 : 5; precision <= 8; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, (double)v);
        if (strtof(text, NULL) == v) {
            break;
        }
    }
    add_java_number(text, out);
}

/* ---- times ---- */
static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static void add_date(int64_t days, struct buf *out) {
    struct clock_fields f;
    clock_split_ms(days * 86400000, &f);
    buf_add_fmt(out, f.year < 0 ? "%05d-%02d-%02d" : "%04d-%02d-%02d", f.year, f.month, f.day);
}

static void add_time_of_day(int64_t ms, struct buf *out) {
    buf_add_fmt(out, "%02d:%02d:%02d.%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                (int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* Athena's timestamps have milliseconds: rounded half up. */
static void add_timestamp(int64_t micros, struct buf *out) {
    if (micros == INT64_MAX || micros == -INT64_MAX) {
        buf_add_str(out, micros > 0 ? "infinity" : "-infinity");
        return;
    }
    int64_t ms = floor_div(micros + 500, 1000), days = floor_div(ms, 86400000);
    add_date(days, out);
    buf_add_char(out, ' ');
    add_time_of_day(ms - days * 86400000, out);
}

static void add_interval(const struct format *f, const duckdb_interval *v, struct buf *out) {
    if (f->year_to_month) {
        int months = v->months < 0 ? -v->months : v->months;
        buf_add_fmt(out, "%s%d-%d", v->months < 0 ? "-" : "", months / 12, months % 12);
        return;
    }
    int64_t ms =
        (int64_t)v->days * 86400000 + v->micros / 1000 + (int64_t)v->months * 30 * 86400000;
    int64_t size = ms < 0 ? -ms : ms;
    buf_add_fmt(out, "%s%" PRId64 " ", ms < 0 ? "-" : "", size / 86400000);
    add_time_of_day(size % 86400000, out);
}

static void add_uuid(const duckdb_hugeint *v, struct buf *out) {
    uint64_t high = (uint64_t)v->upper ^ (UINT64_C(1) << 63), low = v->lower;
    buf_add_fmt(out, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(high >> 32),
                (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFFF), (unsigned)(low >> 48),
                low & UINT64_C(0xFFFFFFFFFFFF));
}

/* ---- text and bytes ---- */
static struct bytes string_at(const struct format *f, idx_t row) {
    const duckdb_string_t *s = &((const duckdb_string_t *)f->data)[row];
    uint32_t len = s->value.inlined.length;
    return bytes_of(len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len);
}

static void add_binary(struct bytes v, struct buf *out) {
    for (size_t i = 0; i < v.len; i++) {
        char hex[2];
        hex_encode(bytes_of(v.ptr + i, 1), hex);
        if (i) {
            buf_add_char(out, ' ');
        }
        buf_add(out, bytes_of(hex, 2));
    }
}

/* ---- nested ---- */
static void add_element(const struct format *f, idx_t row, struct buf *out) {
    if (format_is_null(f, row)) {
        buf_add_str(out, "null");
    } else {
        format_value(f, row, out);
    }
}

static void add_list(const struct format *f, idx_t row, struct buf *out) {
    const duckdb_list_entry *entry = &((const duckdb_list_entry *)f->data)[row];
    buf_add_char(out, f->type == DUCKDB_TYPE_MAP ? '{' : '[');
    for (idx_t i = 0; i < entry->length; i++) {
        buf_add_str(out, i ? ", " : "");
        add_element(f->children[0], entry->offset + i, out);
        if (f->type == DUCKDB_TYPE_MAP) {
            buf_add_char(out, '=');
            add_element(f->children[1], entry->offset + i, out);
        }
    }
    buf_add_char(out, f->type == DUCKDB_TYPE_MAP ? '}' : ']');
}

static void add_struct(const struct format *f, idx_t row, struct buf *out) {
    buf_add_char(out, '{');
    for (size_t i = 0; i < f->child_count; i++) {
        buf_add_str(out, i ? ", " : "");
        if (f->names[i]) {
            buf_add_fmt(out, "%s=", f->names[i]);
        } else {
            buf_add_fmt(out, "field%zu=", i);
        }
        add_element(f->children[i], row, out);
    }
    buf_add_char(out, '}');
}

/* ---- one value ---- */
static bool integer_at(const struct format *f, idx_t row, __int128 *ret) {
    switch (f->type) {
    case DUCKDB_TYPE_TINYINT:
        *ret = ((const int8_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_SMALLINT:
        *ret = ((const int16_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_INTEGER:
        *ret = ((const int32_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_BIGINT:
        *ret = ((const int64_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_UTINYINT:
        *ret = ((const uint8_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_USMALLINT:
        *ret = ((const uint16_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_UINTEGER:
        *ret = ((const uint32_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_UBIGINT:
        *ret = ((const uint64_t *)f->data)[row];
        return true;
    case DUCKDB_TYPE_HUGEINT: {
        const duckdb_hugeint *v = &((const duckdb_hugeint *)f->data)[row];
        *ret = (__int128)((unsigned __int128)(uint64_t)v->upper << 64 | v->lower);
        return true;
    }
    default:
        return false;
    }
}

static bool add_time_value(const struct format *f, idx_t row, struct buf *out) {
    int64_t v = f->type == DUCKDB_TYPE_DATE ? 0 : ((const int64_t *)f->data)[row];
    switch (f->type) {
    case DUCKDB_TYPE_DATE:
        add_date(((const int32_t *)f->data)[row], out);
        return true;
    case DUCKDB_TYPE_TIME:
        add_time_of_day((v + 500) / 1000 % 86400000, out);
        return true;
    case DUCKDB_TYPE_TIMESTAMP:
        add_timestamp(v, out);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        add_timestamp(v, out);
        buf_add_str(out, " UTC");
        return true;
    case DUCKDB_TYPE_TIMESTAMP_S:
        add_timestamp(v * 1000000, out);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_MS:
        add_timestamp(v * 1000, out);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_NS:
        add_timestamp(floor_div(v, 1000), out);
        return true;
    default:
        return false;
    }
}

void format_value(const struct format *f, idx_t row, struct buf *out) {
    __int128 integer;
    switch (f->type) {
    case DUCKDB_TYPE_BOOLEAN:
        buf_add_str(out, ((const bool *)f->data)[row] ? "true" : "false");
        return;
    case DUCKDB_TYPE_VARCHAR:
        buf_add(out, string_at(f, row));
        return;
    case DUCKDB_TYPE_BLOB:
        add_binary(string_at(f, row), out);
        return;
    case DUCKDB_TYPE_DOUBLE:
        format_double(((const double *)f->data)[row], out);
        return;
    case DUCKDB_TYPE_FLOAT:
        format_float(((const float *)f->data)[row], out);
        return;
    case DUCKDB_TYPE_INTERVAL:
        add_interval(f, &((const duckdb_interval *)f->data)[row], out);
        return;
    case DUCKDB_TYPE_UUID:
        add_uuid(&((const duckdb_hugeint *)f->data)[row], out);
        return;
    case DUCKDB_TYPE_STRUCT:
        add_struct(f, row, out);
        return;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP:
        add_list(f, row, out);
        return;
    default:
        break;
    }
    if (integer_at(f, row, &integer)) {
        add_integer(integer, f->is_decimal ? f->scale : 0, out);
    } else if (!add_time_value(f, row, out)) {
        assert(!"a type that format_new let through");
    }
}
