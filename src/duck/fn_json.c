/* fn_json.c - Trino's JSON functions and casts over JSON text. */
#include "base/mem.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/json_scan.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* ---- paths: $.a.b[0]["c d"] ---- */
struct step {
    struct bytes name;
};
struct path {
    struct step steps[64];
    size_t count;
};
static bool plain_letter(char c) {
    unsigned char u = (unsigned char)c;
    return isalnum(u) || u >= 0x80 || (u && strchr("_-:$/@|#", u));
}
static bool quoted_step(struct bytes p, size_t *at, struct bytes *ret) {
    char quote = p.ptr[*at];
    size_t from = ++*at;
    while (*at < p.len && p.ptr[*at] != quote)
        ++*at;
    if (*at + 1 >= p.len || p.ptr[*at + 1] != ']')
        return false;
    *ret = bytes_slice(p, from, *at);
    *at += 2;
    return true;
}
static bool next_step(struct bytes p, size_t *at, struct bytes *ret) {
    char open = p.ptr[(*at)++];
    size_t from = *at;
    if (open != '.' && open != '[')
        return false;
    if (open == '[' && *at < p.len && (p.ptr[*at] == '"' || p.ptr[*at] == '\''))
        return quoted_step(p, at, ret);
    while (*at < p.len && plain_letter(p.ptr[*at]))
        ++*at;
    *ret = bytes_slice(p, from, *at);
    if (open == '[' && (*at >= p.len || p.ptr[(*at)++] != ']'))
        return false;
    return ret->len > 0;
}
static bool parse_path(struct bytes p, struct path *ret) {
    ret->count = 0;
    if (p.len == 0 || p.ptr[0] != '$')
        return false;
    for (size_t at = 1; at < p.len;) {
        if (ret->count == COUNT_OF(ret->steps) || !next_step(p, &at, &ret->steps[ret->count].name))
            return false;
        ret->count++;
    }
    return true;
}

static bool name_is(struct bytes raw, struct bytes want, struct buf *scratch) {
    if (!memchr(raw.ptr, '\\', raw.len))
        return bytes_eq(raw, want);
    buf_reset(scratch);
    return json_unescape(raw, scratch) && bytes_eq(buf_bytes(scratch), want);
}
/* Moves to the member or element; false when there is none (or the text is broken before it). */
static bool descend(struct json_scan *s, struct bytes step, struct buf *scratch) {
    char kind = json_scan_kind(s);
    struct bytes name, v;
    int64_t index = -1, n = 0;
    bool bad;
    if (kind != '{' && kind != '[')
        return false;
    if (kind == '[' && (!bytes_to_i64(step, &index) || index < 0))
        return false;
    for (bool in = json_scan_enter(s, &bad); in; in = json_scan_next(s, &bad), n++) {
        if (kind == '{' && !json_scan_name(s, &name))
            return false;
        if (kind == '{' ? name_is(name, step, scratch) : n == index)
            return json_scan_kind(s) != 0;
        if (!json_scan_value(s, &v))
            return false;
    }
    return false;
}
/* Positions the scan on the path's value. *ret_ok false: an error was raised. */
static bool locate(struct fn_call *c, idx_t i, struct json_scan *s, bool *ret_ok) {
    struct path p;
    struct bytes text = fn_str(c, 1, i);
    *ret_ok = true;
    if (!parse_path(text, &p)) {
        *ret_ok = fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid JSON path: '%.*s'",
                          (int)MIN_OF(text.len, (size_t)200), text.ptr);
        return false;
    }
    *s = (struct json_scan){fn_str(c, 0, i), 0};
    for (size_t k = 0; k < p.count; k++)
        if (!descend(s, p.steps[k].name, &c->scratch))
            return fn_out_null(c, i), false;
    return true;
}

FN(json_extract) {
    struct json_scan s;
    bool ok;
    if (!locate(c, i, &s, &ok))
        return ok;
    buf_reset(&c->scratch);
    return json_compact(&s, &c->scratch, false) ? fn_out_scratch(c, i) : fn_out_null(c, i);
}
/* A scalar as text; objects, arrays and null give NULL. */
static bool out_scalar(struct fn_call *c, idx_t i, struct json_scan *s) {
    struct bytes v;
    char kind = json_scan_kind(s);
    if (!kind || kind == '{' || kind == '[' || kind == 'n' || !json_scan_value(s, &v))
        return fn_out_null(c, i);
    if (kind != '"')
        return fn_out_str(c, i, v);
    v = bytes_slice(v, 1, v.len - 1);
    if (!memchr(v.ptr, '\\', v.len))
        return fn_out_str(c, i, v);
    buf_reset(&c->scratch);
    return json_unescape(v, &c->scratch) ? fn_out_scratch(c, i) : fn_out_null(c, i);
}
FN(json_extract_scalar) {
    struct json_scan s;
    bool ok;
    return locate(c, i, &s, &ok) ? out_scalar(c, i, &s) : ok;
}
FN(json_parse) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    buf_reset(&c->scratch);
    if (json_compact(&s, &c->scratch, true) && json_scan_end(&s))
        return fn_out_scratch(c, i);
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Cannot convert value to JSON: '%.*s'",
                   (int)MIN_OF(s.t.len, (size_t)300), s.t.ptr);
}
/* Members of the value; -1: malformed. */
static int64_t count_members(struct json_scan *s) {
    char kind = json_scan_kind(s);
    struct bytes v;
    int64_t n = 0;
    bool bad = false;
    if (kind != '{' && kind != '[')
        return kind && json_scan_value(s, &v) ? 0 : -1;
    for (bool in = json_scan_enter(s, &bad); in; in = json_scan_next(s, &bad), n++)
        if ((kind == '{' && !json_scan_name(s, &v)) || !json_scan_value(s, &v))
            return -1;
    return bad ? -1 : n;
}
FN(json_size) {
    struct json_scan s;
    bool ok;
    if (!locate(c, i, &s, &ok))
        return ok;
    int64_t n = count_members(&s);
    return n < 0 ? fn_out_null(c, i) : fn_out_i64(c, i, n);
}
FN(json_array_length) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    int64_t n = json_scan_kind(&s) == '[' ? count_members(&s) : -1;
    return n < 0 ? fn_out_null(c, i) : fn_out_i64(c, i, n);
}
FN(json_array_get) {
    struct json_scan s = {fn_str(c, 0, i), 0}, count = s;
    int64_t at = fn_i64(c, 1, i), k = 0;
    struct bytes v;
    bool bad;
    if (json_scan_kind(&s) != '[')
        return fn_out_null(c, i);
    if (at < 0)
        at += count_members(&count);
    for (bool in = at >= 0 && json_scan_enter(&s, &bad); in; in = json_scan_next(&s, &bad), k++) {
        if (k < at && !json_scan_value(&s, &v))
            break;
        if (k < at)
            continue;
        buf_reset(&c->scratch);
        char kind = json_scan_kind(&s);
        if (kind == '"') /* text stays text, without its quotes, as the function has it */
            return out_scalar(c, i, &s);
        return kind != 'n' && json_compact(&s, &c->scratch, false) ? fn_out_scratch(c, i)
                                                                   : fn_out_null(c, i);
    }
    return fn_out_null(c, i);
}

/* ---- json_array_contains ---- */
typedef bool (*same_fn)(struct fn_call *c, idx_t i, struct bytes v);
static bool array_contains(struct fn_call *c, idx_t i, same_fn same) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    struct bytes v;
    bool bad = false;
    if (json_scan_kind(&s) != '[')
        return fn_out_null(c, i);
    for (bool in = json_scan_enter(&s, &bad); in; in = json_scan_next(&s, &bad)) {
        if (!json_scan_value(&s, &v))
            return fn_out_null(c, i);
        if (same(c, i, v))
            return fn_out_bool(c, i, true);
    }
    return bad ? fn_out_null(c, i) : fn_out_bool(c, i, false);
}
static bool same_bigint(struct fn_call *c, idx_t i, struct bytes v) {
    int64_t n;
    return bytes_to_i64(v, &n) && n == fn_i64(c, 1, i);
}
static double number_of(struct bytes v) {
    char t[400], *text = t;
    if (v.len >= sizeof(t) && !(text = mem_alloc(v.len + 1)))
        return NAN;
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    double d = strtod(text, NULL);
    if (text != t)
        mem_free(text);
    return d;
}
static bool same_double(struct fn_call *c, idx_t i, struct bytes v) {
    bool fraction = false;
    for (size_t k = 0; k < v.len; k++)
        fraction |= v.ptr[k] == '.' || (v.ptr[k] | 32) == 'e';
    return v.ptr[0] != '"' && v.ptr[0] != '{' && v.ptr[0] != '[' &&
           !isalpha((unsigned char)*v.ptr) && fraction && number_of(v) == fn_f64(c, 1, i);
}
static bool same_boolean(struct fn_call *c, idx_t i, struct bytes v) {
    return bytes_eq_str(v, fn_bool(c, 1, i) ? "true" : "false");
}
static bool same_varchar(struct fn_call *c, idx_t i, struct bytes v) {
    return v.ptr[0] == '"' && name_is(bytes_slice(v, 1, v.len - 1), fn_str(c, 1, i), &c->scratch);
}
FN(contains_bigint) {
    return array_contains(c, i, same_bigint);
}
FN(contains_double) {
    return array_contains(c, i, same_double);
}
FN(contains_boolean) {
    return array_contains(c, i, same_boolean);
}
FN(contains_varchar) {
    return array_contains(c, i, same_varchar);
}
FN(is_json_scalar) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    struct bytes v;
    char kind = json_scan_kind(&s);
    if (!kind || !json_scan_value(&s, &v) || !json_scan_end(&s))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Invalid JSON value: %.*s",
                       (int)MIN_OF(s.t.len, (size_t)200), s.t.ptr);
    return fn_out_bool(c, i, kind != '{' && kind != '[');
}
FN(json_quote) {
    buf_reset(&c->scratch);
    json_quote(fn_str(c, 0, i), &c->scratch);
    return fn_out_scratch(c, i);
}

/* ---- casts from JSON ---- */
static bool cannot(struct fn_call *c, idx_t i, const char *type) {
    struct bytes v = fn_str(c, 0, i);
    return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast '%.*s' to %s",
                   (int)MIN_OF(v.len, (size_t)300), v.ptr, type);
}
/* The value's kind; strings are decoded into scratch, others are as written. */
static char leaf(struct fn_call *c, idx_t i, struct bytes *ret) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    char kind = json_scan_kind(&s);
    if (bytes_eq_str(s.t, "Infinity") || bytes_eq_str(s.t, "-Infinity")) { /* 1e309, read */
        *ret = s.t;
        return '0';
    }
    if (!kind || !json_scan_value(&s, ret))
        return 0;
    if (kind != '"')
        return kind;
    buf_reset(&c->scratch);
    if (!json_unescape(bytes_slice(*ret, 1, ret->len - 1), &c->scratch))
        return 0;
    *ret = buf_bytes(&c->scratch);
    return kind;
}
static bool is_whole(struct bytes v) {
    for (size_t k = v.len && v.ptr[0] == '-'; k < v.len; k++)
        if (!isdigit((unsigned char)v.ptr[k]))
            return false;
    return v.len > 0;
}
static bool out_of_range(struct fn_call *c, idx_t i, const char *type, struct bytes v) {
    return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE", "Out of range for %s: %.*s", type,
                   (int)MIN_OF(v.len, (size_t)300), v.ptr);
}
FN(to_varchar) {
    struct bytes v;
    char t[40];
    switch (leaf(c, i, &v)) {
    case 'n':
        return fn_out_null(c, i);
    case '"':
    case 't':
    case 'f':
        return fn_out_str(c, i, v);
    case '0':
        if (is_whole(v))
            return fn_out_str(c, i, v);
        fn_scientific(number_of(v), t); /* as CAST(double AS varchar) */
        return fn_out_str(c, i, bytes_str(t));
    default:
        return cannot(c, i, "varchar");
    }
}
static bool to_integer(struct fn_call *c, idx_t i, int64_t min, int64_t max, const char *type,
                       bool *ret_ok, int64_t *ret) {
    struct bytes v;
    double d;
    *ret_ok = false;
    switch (leaf(c, i, &v)) {
    case 'n':
        return fn_out_null(c, i);
    case 't':
        *ret = 1;
        break;
    case 'f':
        *ret = 0;
        break;
    case '0':
    case '"':
        if (bytes_to_i64(v, ret))
            break;
        if (fn_str(c, 0, i).ptr[0] == '"' || is_whole(v))
            return cannot(c, i, type);
        d = round(number_of(v));
        if (!(d >= (double)min && d < (double)max + 1))
            return out_of_range(c, i, type, v);
        *ret = (int64_t)d;
        break;
    default:
        return cannot(c, i, type);
    }
    if (*ret < min || *ret > max)
        return cannot(c, i, type);
    *ret_ok = true;
    return true;
}
#define TO_INTEGER(name, ctype, min, max)                                                          \
    FN(to_##name) {                                                                                \
        bool ok;                                                                                   \
        int64_t v = 0;                                                                             \
        bool r = to_integer(c, i, min, max, #name, &ok, &v);                                       \
        if (ok)                                                                                    \
            ((ctype *)c->out_data)[i] = (ctype)v;                                                  \
        return r;                                                                                  \
    }
TO_INTEGER(tinyint, int8_t, INT8_MIN, INT8_MAX)
TO_INTEGER(smallint, int16_t, INT16_MIN, INT16_MAX)
TO_INTEGER(integer, int32_t, INT32_MIN, INT32_MAX)
TO_INTEGER(bigint, int64_t, INT64_MIN, INT64_MAX)

static bool to_floating(struct fn_call *c, idx_t i, const char *type, bool *ret_ok, double *ret) {
    struct bytes v;
    *ret_ok = false;
    switch (leaf(c, i, &v)) {
    case 'n':
        return fn_out_null(c, i);
    case 't':
        *ret = 1;
        break;
    case 'f':
        *ret = 0;
        break;
    case '0':
    case '"':
        if (!(fn_str(c, 0, i).ptr[0] == '"' ? text_to_double(v, ret) : (*ret = number_of(v), true)))
            return cannot(c, i, type);
        break;
    default:
        return cannot(c, i, type);
    }
    return *ret_ok = true;
}
/* Canonical text that DuckDB then reads exactly. */
FN(to_decimal) {
    struct bytes v, text;
    int p = fn_i32(c, 1, i), s = fn_i32(c, 2, i);
    struct buf out = {0};
    char kind = leaf(c, i, &v);
    if (kind == 'n')
        return fn_out_null(c, i);
    text = kind == 't' ? BYTES("1") : kind == 'f' ? BYTES("0") : v;
    bool ok = kind && kind != '{' && kind != '[' && text_to_decimal(text, p, s, &out);
    bool done = ok && buf_ok(&out) && fn_out_str(c, i, buf_bytes(&out));
    buf_clear(&out);
    if (done)
        return true;
    if (kind == '0')
        return fn_fail(c, i, "NUMERIC_VALUE_OUT_OF_RANGE",
                       "Cannot cast input json to DECIMAL(%d,%d)", p, s);
    v = fn_str(c, 0, i);
    return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast '%.*s' to DECIMAL(%d,%d)",
                   (int)MIN_OF(v.len, (size_t)300), v.ptr, p, s);
}
/* varchar(n): what is longer is no value of it. */
FN(fits) {
    struct bytes text = fn_str(c, 0, i), v = fn_str(c, 1, i);
    int n = fn_i32(c, 2, i);
    if (fn_utf8_count(text) <= (size_t)n)
        return fn_out_str(c, i, text);
    return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast '%.*s' to varchar(%d)",
                   (int)MIN_OF(v.len, (size_t)300), v.ptr, n);
}
FN(to_double) {
    bool ok;
    double v = 0;
    bool r = to_floating(c, i, "double", &ok, &v);
    return ok ? fn_out_f64(c, i, v) : r;
}
FN(to_real) {
    bool ok;
    double v = 0;
    bool r = to_floating(c, i, "real", &ok, &v);
    if (ok)
        ((float *)c->out_data)[i] = (float)v;
    return r;
}
FN(to_boolean) {
    struct bytes v;
    char kind = leaf(c, i, &v);
    if (kind == 'n')
        return fn_out_null(c, i);
    int64_t whole;
    if (kind == '0' && is_whole(v))
        return bytes_to_i64(v, &whole) ? fn_out_bool(c, i, whole != 0) : cannot(c, i, "boolean");
    if (kind == '0')
        return fn_out_bool(c, i, number_of(v) != 0);
    bool yes = bytes_eq_nocase(v, BYTES("true")), no = bytes_eq_nocase(v, BYTES("false"));
    return (kind == 't' || kind == 'f' || kind == '"') && (yes || no) ? fn_out_bool(c, i, yes)
                                                                      : cannot(c, i, "boolean");
}

/* ---- nested casts: a value taken apart ---- */
FN(is_null) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    return fn_out_bool(c, i, json_scan_kind(&s) == 'n');
}
enum parts { ELEMENTS, KEYS, VALUES };
static bool list_parts(struct fn_call *c, idx_t i, enum parts what) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    struct bytes name, v;
    bool bad = false;
    char kind = json_scan_kind(&s);
    if (kind == 'n')
        return fn_out_null(c, i);
    if (kind != (what == ELEMENTS ? '[' : '{'))
        return cannot(c, i, what == ELEMENTS ? "array" : "map");
    fn_list_begin(c, i);
    for (bool in = json_scan_enter(&s, &bad); in; in = json_scan_next(&s, &bad)) {
        if (kind == '{' && !json_scan_name(&s, &name))
            return cannot(c, i, "map");
        if (!json_scan_value(&s, &v))
            return cannot(c, i, "array");
        buf_reset(&c->scratch);
        if (what == KEYS && json_unescape(name, &c->scratch))
            v = buf_bytes(&c->scratch);
        fn_list_add(c, v);
    }
    return fn_list_end(c, i);
}
FN(elements) {
    return list_parts(c, i, ELEMENTS);
}
FN(keys) {
    return list_parts(c, i, KEYS);
}
FN(values) {
    return list_parts(c, i, VALUES);
}
/* A row's field: of an object by name (any case), of an array by position. */
FN(member) {
    struct json_scan s = {fn_str(c, 0, i), 0};
    struct bytes want = fn_str(c, 1, i), name, v, found = {0};
    int32_t k = 0, index = fn_i32(c, 2, i);
    bool bad;
    char kind = json_scan_kind(&s);
    if (kind != '{' && kind != '[')
        return cannot(c, i, "row");
    for (bool in = json_scan_enter(&s, &bad); in; in = json_scan_next(&s, &bad), k++) {
        if (kind == '{' && !json_scan_name(&s, &name))
            return cannot(c, i, "row");
        if (!json_scan_value(&s, &v))
            return cannot(c, i, "row");
        if (kind == '{' ? bytes_eq_nocase(name, want) : k == index)
            found = v;
    }
    return found.ptr ? fn_out_str(c, i, found) : fn_out_null(c, i);
}

#define TO(name, type)                                                                             \
    {"t_json_to_" #name, "VARCHAR", type, call_to_##name, 0, NULL}, {                              \
        "t_try_json_to_" #name, "VARCHAR", type, call_to_##name, 0, FN_TRY                         \
    }
const struct duck_function fn_json_table[] = {
    {"t_json_parse", "VARCHAR", "VARCHAR", call_json_parse, 0, NULL},
    {"t_json_extract", "VARCHAR, VARCHAR", "VARCHAR", call_json_extract, 0, NULL},
    {"t_json_extract_scalar", "VARCHAR, VARCHAR", "VARCHAR", call_json_extract_scalar, 0, NULL},
    {"t_json_size", "VARCHAR, VARCHAR", "BIGINT", call_json_size, 0, NULL},
    {"t_json_array_length", "VARCHAR", "BIGINT", call_json_array_length, 0, NULL},
    {"t_json_array_get", "VARCHAR, BIGINT", "VARCHAR", call_json_array_get, 0, NULL},
    {"t_json_array_contains", "VARCHAR, BIGINT", "BOOLEAN", call_contains_bigint, 0, NULL},
    {"t_json_array_contains", "VARCHAR, DOUBLE", "BOOLEAN", call_contains_double, 0, NULL},
    {"t_json_array_contains", "VARCHAR, BOOLEAN", "BOOLEAN", call_contains_boolean, 0, NULL},
    {"t_json_array_contains", "VARCHAR, VARCHAR", "BOOLEAN", call_contains_varchar, 0, NULL},
    {"t_is_json_scalar", "VARCHAR", "BOOLEAN", call_is_json_scalar, 0, NULL},
    {"t_json_quote", "VARCHAR", "VARCHAR", call_json_quote, 0, NULL},
    TO(varchar, "VARCHAR"),
    TO(tinyint, "TINYINT"),
    TO(smallint, "SMALLINT"),
    TO(integer, "INTEGER"),
    TO(bigint, "BIGINT"),
    TO(double, "DOUBLE"),
    TO(real, "FLOAT"),
    TO(boolean, "BOOLEAN"),
    {"t_json_to_decimal", "VARCHAR, INTEGER, INTEGER", "VARCHAR", call_to_decimal, 0, NULL},
    {"t_try_json_to_decimal", "VARCHAR, INTEGER, INTEGER", "VARCHAR", call_to_decimal, 0, FN_TRY},
    {"t_json_fits", "VARCHAR, VARCHAR, INTEGER", "VARCHAR", call_fits, 0, NULL},
    {"t_try_json_fits", "VARCHAR, VARCHAR, INTEGER", "VARCHAR", call_fits, 0, FN_TRY},
    {"t_json_is_null", "VARCHAR", "BOOLEAN", call_is_null, 0, NULL},
    {"t_json_elements", "VARCHAR", "VARCHAR[]", call_elements, 0, NULL},
    {"t_try_json_elements", "VARCHAR", "VARCHAR[]", call_elements, 0, FN_TRY},
    {"t_json_keys", "VARCHAR", "VARCHAR[]", call_keys, 0, NULL},
    {"t_json_values", "VARCHAR", "VARCHAR[]", call_values, 0, NULL},
    {"t_json_member", "VARCHAR, VARCHAR, INTEGER", "VARCHAR", call_member, 0, NULL},
};
const size_t fn_json_count = COUNT_OF(fn_json_table);
