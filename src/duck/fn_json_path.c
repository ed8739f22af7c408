/* fn_json_path.c - the functions of SQL/JSON over compiled paths.
 *
 * Arguments: the input, the path, an options text and one tagged text per parameter. Options are
 *   0  ON EMPTY   n null, e error, a empty array, o empty object
 *   1  ON ERROR   the same; of JSON_EXISTS t true, f false, u unknown, e error
 *   2  wrapper    0 none, c conditional, u unconditional
 *   3  quotes     k keep, o omit
 *   4  the type JSON_VALUE returns, with two numbers: "n10,2" decimal, "s30,0" varchar(30)
 *   then the parameters' names, a 0x1F before each.
 * A tagged text is a letter and a value's text: b boolean, t y i l integers, n decimal, r real,
 * d double, s text, j JSON, z null, e nothing at all. Path and options are constants of a query:
 * what the last row compiled is kept. */
#include "base/mem.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/json_path.h"
#include "duck/json_scan.h"
#include "duck/time_text.h"
#include <math.h>
#include <stdlib.h>

#define MAX_VARIABLES 200
#define ROW_MEMORY ((size_t)256 << 20)

struct state {
    struct buf text, options;
    struct json_path *path;
    struct json_path_variable variables[MAX_VARIABLES];
    size_t variable_count;
    char type;
    int first, second;
    struct arena a; /* of one row */
    struct err why;
};

static void state_free(void *state) {
    struct state *s = state;
    json_path_free(&s->path);
    buf_clear(&s->text);
    buf_clear(&s->options);
    arena_clear(&s->a);
    mem_free(s);
}
static bool no_memory(struct fn_call *c, idx_t i) {
    return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
}

/* The options behind the first four letters: "n10,2", names. */
static void read_options(struct state *s) {
    struct bytes o = buf_bytes(&s->options);
    size_t at = 4;
    char *end;
    s->variable_count = 0;
    s->type = o.len > 4 ? o.ptr[4] : 0;
    if (s->type && s->type != '\x1f') {
        s->first = (int)strtol(o.ptr + 5, &end, 10);
        s->second = *end == ',' ? atoi(end + 1) : 0;
    }
    while (at < o.len) {
        ptrdiff_t next = bytes_find_char(bytes_slice(o, at, o.len), '\x1f');
        if (next < 0 || s->variable_count == MAX_VARIABLES)
            return;
        size_t from = at + (size_t)next + 1;
        ptrdiff_t to = bytes_find_char(bytes_slice(o, from, o.len), '\x1f');
        at = to < 0 ? o.len : from + (size_t)to;
        s->variables[s->variable_count++].name = bytes_slice(o, from, at);
    }
}
/* The state for this row's path and options; NULL after an error. */
static struct state *prepare(struct fn_call *c, idx_t i) {
    struct bytes path = fn_str(c, 1, i), options = fn_str(c, 2, i);
    struct state *s = c->state;
    if (!s) {
        if (!(s = mem_calloc(1, sizeof(*s)))) {
            no_memory(c, i);
            return NULL;
        }
        arena_init(&s->a, ROW_MEMORY);
        c->state = s;
        c->state_free = state_free;
    }
    if (s->path && bytes_eq(buf_bytes(&s->text), path) && bytes_eq(buf_bytes(&s->options), options))
        return s;
    json_path_free(&s->path);
    buf_reset(&s->text);
    buf_reset(&s->options);
    buf_add(&s->text, path);
    buf_add(&s->options, options);
    if (!buf_cstr(&s->options) || !buf_ok(&s->text)) {
        no_memory(c, i);
        return NULL;
    }
    read_options(s);
    if (json_path_compile(path, &s->path, &s->why)) {
        fn_fail(c, i, s->why.name, "%s", s->why.text);
        return NULL;
    }
    return s;
}
static char option(const struct state *s, size_t k) {
    return buf_bytes(&s->options).ptr[k];
}

/* ---- tagged values ---- */
static struct json_tree *number_of(struct arena *a, char tag, struct bytes v) {
    struct json_number n;
    char *text = arena_cstr(a, v);
    if (!text)
        return NULL;
    if (tag == 'd' || tag == 'r') {
        n = json_number_of_double(tag == 'r' ? (double)strtof(text, NULL) : strtod(text, NULL));
        n.is_real = tag == 'r';
    } else if (tag == 'n') {
        if (!json_number_literal(v, &n))
            return NULL;
        if (n.kind == JSON_NUMBER_INTEGER) { /* a decimal without a fraction */
            n.kind = JSON_NUMBER_DECIMAL;
            n.precision = dec128_digits(n.value);
        }
    } else {
        n = json_number_integer(strtoll(text, NULL, 10), tag == 't'   ? 8
                                                         : tag == 'y' ? 16
                                                         : tag == 'i' ? 32
                                                                      : 64);
    }
    return json_tree_number(a, &n);
}
/* *ret NULL: no value at all (tag e). False: malformed JSON, or no memory. */
static bool untag(struct arena *a, struct bytes tagged, struct json_tree **ret) {
    char tag = tagged.len ? tagged.ptr[0] : 'z';
    struct bytes v = bytes_slice(tagged, MIN_OF(tagged.len, (size_t)1), tagged.len);
    *ret = NULL;
    switch (tag) {
    case 'e':
        return true;
    case 'j':
        return json_tree_parse(a, v, ret);
    case 'z':
        *ret = json_tree_new(a, JSON_TREE_NULL);
        break;
    case 's':
        *ret = json_tree_string(a, v);
        break;
    case 'b':
        if ((*ret = json_tree_new(a, JSON_TREE_BOOLEAN)))
            (*ret)->boolean = bytes_eq(v, BYTES("true"));
        break;
    default:
        *ret = number_of(a, tag, v);
    }
    return *ret != NULL;
}

/* ---- evaluation ---- */
static bool why(struct state *s, const char *name, const char *text) {
    (void)err_set_named(&s->why, ERR_SQL, name, 0, "%s", text);
    return false;
}
/* The items of this row; false with s->why when the input is malformed or the path fails. */
static bool evaluate(struct fn_call *c, idx_t i, struct state *s, struct json_items *ret) {
    struct json_tree *input;
    arena_clear(&s->a);
    arena_init(&s->a, ROW_MEMORY);
    if (!json_tree_parse(&s->a, fn_str(c, 0, i), &input))
        return why(s, "JSON_INPUT_CONVERSION_ERROR",
                   "conversion to JSON failed: malformed input argument");
    for (size_t k = 0; k < s->variable_count && k + 3 < c->arg_count; k++)
        if (!untag(&s->a, fn_str(c, k + 3, i), &s->variables[k].value))
            return why(s, "JSON_INPUT_CONVERSION_ERROR",
                       "conversion to JSON failed: malformed JSON path parameter");
    return json_path_evaluate(s->path, &s->a, input, s->variables, s->variable_count, ret, &s->why);
}
static bool raise(struct fn_call *c, idx_t i, const struct state *s) {
    return fn_fail(c, i, s->why.name, "%s", s->why.text);
}

FN(json_exists) {
    struct state *s = prepare(c, i);
    struct json_items items;
    if (!s)
        return false;
    bool ok = evaluate(c, i, s, &items);
    if (s->a.failed)
        return no_memory(c, i);
    if (ok)
        return fn_out_bool(c, i, items.count > 0);
    switch (option(s, 1)) {
    case 'e':
        return raise(c, i, s);
    case 'u':
        return fn_out_null(c, i);
    default:
        return fn_out_bool(c, i, option(s, 1) == 't');
    }
}

/* ---- JSON_QUERY ---- */
static bool special(struct fn_call *c, idx_t i, const struct state *s, char behavior) {
    switch (behavior) {
    case 'e':
        return raise(c, i, s);
    case 'a':
        return fn_out_str(c, i, BYTES("[]"));
    case 'o':
        return fn_out_str(c, i, BYTES("{}"));
    default:
        return fn_out_null(c, i);
    }
}
static void write_array(const struct json_items *items, struct buf *out) {
    buf_add_char(out, '[');
    for (size_t k = 0; k < items->count; k++) {
        buf_add_str(out, k ? "," : "");
        json_tree_write(items->items[k], out);
    }
    buf_add_char(out, ']');
}
FN(json_query) {
    struct state *s = prepare(c, i);
    struct json_items items;
    if (!s)
        return false;
    bool ok = evaluate(c, i, s, &items);
    if (s->a.failed)
        return no_memory(c, i);
    if (!ok)
        return special(c, i, s, option(s, 1));
    if (!items.count) {
        why(s, "JSON_OUTPUT_CONVERSION_ERROR",
            "conversion from JSON failed: JSON path found no items");
        return special(c, i, s, option(s, 0));
    }
    bool nested = items.count == 1 && items.items[0]->kind >= JSON_TREE_ARRAY;
    buf_reset(&c->scratch);
    if (option(s, 2) == 'u' || (option(s, 2) == 'c' && !nested)) {
        write_array(&items, &c->scratch);
        return fn_out_scratch(c, i);
    }
    if (items.count > 1) {
        why(s, "JSON_OUTPUT_CONVERSION_ERROR",
            "conversion from JSON failed: JSON path found multiple items");
        return special(c, i, s, option(s, 1));
    }
    if (items.items[0]->kind == JSON_TREE_STRING && option(s, 3) == 'o')
        return fn_out_str(c, i, items.items[0]->text);
    json_tree_write(items.items[0], &c->scratch);
    return fn_out_scratch(c, i);
}

/* ---- JSON_VALUE: an item as the wanted type, as CAST does it ---- */
enum outcome { FOUND, EMPTY, FAILED, NOTHING };

static bool to_text(const struct json_tree *t, struct state *s, struct buf *out) {
    char number[40];
    struct bytes v;
    if (t->kind == JSON_TREE_STRING) {
        buf_add(out, bytes_slice(t->text, 0, fn_utf8_offset(t->text, (size_t)s->first)));
        return true;
    }
    size_t before = buf_bytes(out).len;
    if (t->kind == JSON_TREE_BOOLEAN)
        buf_add_str(out, t->boolean ? "true" : "false");
    else if (t->number.kind == JSON_NUMBER_DOUBLE) {
        if (t->number.is_real)
            text_of_real(t->number.real, number);
        else
            fn_scientific(t->number.real, number);
        buf_add_str(out, number);
    } else {
        json_number_write(&t->number, out);
    }
    v = buf_bytes(out);
    return v.len - before <= (size_t)s->first;
}
static bool to_whole(const struct json_tree *t, int bits, int64_t *ret) {
    int64_t max = INT64_MAX >> (64 - bits);
    if (t->kind == JSON_TREE_STRING)
        return text_to_integer(t->text, -max - 1, max, ret);
    if (t->kind == JSON_TREE_BOOLEAN) {
        *ret = t->boolean;
        return true;
    }
    return json_number_index(&t->number, ret) && *ret <= max && *ret >= -max - 1;
}
static bool to_double(const struct json_tree *t, double *ret) {
    if (t->kind == JSON_TREE_STRING)
        return text_to_double(t->text, ret);
    *ret = t->kind == JSON_TREE_BOOLEAN ? t->boolean : json_number_double(&t->number);
    return true;
}
static bool to_real(const struct json_tree *t, float *ret) {
    double d;
    if (t->kind == JSON_TREE_STRING)
        return text_to_real(t->text, ret);
    if (!to_double(t, &d))
        return false;
    *ret = (float)d;
    return true;
}
static bool to_boolean(const struct json_tree *t, bool *ret) {
    if (t->kind == JSON_TREE_STRING)
        return text_to_boolean(t->text, ret);
    *ret = t->kind == JSON_TREE_BOOLEAN           ? t->boolean
           : t->number.kind == JSON_NUMBER_DOUBLE ? t->number.real != 0
                                                  : t->number.value != 0;
    return true;
}
static bool to_decimal(const struct json_tree *t, const struct state *s, struct buf *out) {
    char number[45];
    struct bytes text = t->text;
    if (t->kind == JSON_TREE_BOOLEAN) {
        text = bytes_str(t->boolean ? "1" : "0");
    } else if (t->kind == JSON_TREE_NUMBER) {
        if (t->number.kind == JSON_NUMBER_DOUBLE)
            fn_java_double(t->number.real, t->number.is_real, number);
        else
            dec128_text(t->number.value,
                        t->number.kind == JSON_NUMBER_DECIMAL ? t->number.scale : 0, number);
        text = bytes_str(number);
    }
    return text_to_decimal(text, s->first, s->second, out);
}
static bool to_date(const struct json_tree *t, int64_t *ret) {
    return t->kind == JSON_TREE_STRING && time_text_parse_date(t->text, ret);
}
static bool to_timestamp(const struct json_tree *t, const struct state *s, int64_t *ret) {
    struct time_text v;
    if (t->kind != JSON_TREE_STRING || !time_text_parse_timestamp(t->text, &v) || v.zone.len)
        return false;
    *ret = time_text_round(v.micros, s->first);
    return true;
}

/* One converted value. */
struct value {
    int64_t whole;
    double wide;
    float real;
    bool boolean;
};
static bool convert(const struct json_tree *t, struct state *s, struct value *v, struct buf *out) {
    switch (s->type) {
    case 'b':
        return to_boolean(t, &v->boolean);
    case 't':
        return to_whole(t, 8, &v->whole);
    case 'y':
        return to_whole(t, 16, &v->whole);
    case 'i':
        return to_whole(t, 32, &v->whole);
    case 'l':
        return to_whole(t, 64, &v->whole);
    case 'r':
        return to_real(t, &v->real);
    case 'd':
        return to_double(t, &v->wide);
    case 'n':
        return to_decimal(t, s, out);
    case 'D':
        return to_date(t, &v->whole);
    case 'T':
        return to_timestamp(t, s, &v->whole);
    default:
        return to_text(t, s, out);
    }
}
#define CANNOT "cannot extract SQL scalar from JSON: "
static enum outcome value_of(struct fn_call *c, idx_t i, struct state *s, struct value *v) {
    struct json_items items;
    if (!evaluate(c, i, s, &items))
        return FAILED;
    if (!items.count) {
        why(s, "JSON_VALUE_RESULT_ERROR", CANNOT "JSON path found no items");
        return EMPTY;
    }
    if (items.count > 1) {
        why(s, "JSON_VALUE_RESULT_ERROR", CANNOT "JSON path found multiple items");
        return FAILED;
    }
    const struct json_tree *t = items.items[0];
    if (t->kind == JSON_TREE_NULL)
        return NOTHING;
    if (t->kind >= JSON_TREE_ARRAY ||
        (t->kind == JSON_TREE_NUMBER && t->number.kind == JSON_NUMBER_HUGE)) {
        why(s, "JSON_VALUE_RESULT_ERROR",
            CANNOT "JSON path found an item that cannot be converted to an SQL value");
        return FAILED;
    }
    buf_reset(&c->scratch);
    if (convert(t, s, v, &c->scratch))
        return FOUND;
    why(s, "JSON_VALUE_RESULT_ERROR",
        CANNOT "Cannot cast value to declared return type of function JSON_VALUE");
    return FAILED;
}
FN(json_value_outcome) {
    struct state *s = prepare(c, i);
    struct value v;
    if (!s)
        return false;
    enum outcome o = value_of(c, i, s, &v);
    return s->a.failed ? no_memory(c, i) : fn_out_i32(c, i, (int32_t)o);
}
/* True when *ret is a value to write; else the row is done and *ret_ok the body's result. */
static bool has_value(struct fn_call *c, idx_t i, struct value *ret, bool *ret_ok) {
    struct state *s = prepare(c, i);
    *ret_ok = false;
    if (!s)
        return false;
    enum outcome o = value_of(c, i, s, ret);
    if (s->a.failed)
        *ret_ok = no_memory(c, i);
    else if ((o == EMPTY && option(s, 0) == 'e') || (o == FAILED && option(s, 1) == 'e'))
        *ret_ok = raise(c, i, s);
    else if (o != FOUND)
        *ret_ok = fn_out_null(c, i);
    return o == FOUND && !s->a.failed;
}
#define VALUE(name, ctype, member)                                                                 \
    FN(json_value_##name) {                                                                        \
        struct value v = {0};                                                                      \
        bool ok;                                                                                   \
        if (!has_value(c, i, &v, &ok))                                                             \
            return ok;                                                                             \
        ((ctype *)c->out_data)[i] = (ctype)v.member;                                               \
        return true;                                                                               \
    }
VALUE(boolean, bool, boolean)
VALUE(tinyint, int8_t, whole)
VALUE(smallint, int16_t, whole)
VALUE(integer, int32_t, whole)
VALUE(bigint, int64_t, whole)
VALUE(real, float, real)
VALUE(double, double, wide)
VALUE(date, int32_t, whole)
VALUE(timestamp, int64_t, whole)
FN(json_value_text) {
    struct value v = {0};
    bool ok;
    return has_value(c, i, &v, &ok) ? fn_out_scratch(c, i) : ok;
}

/* ---- constructors: options 0 (n NULL ON NULL, a ABSENT), 1 (u unique) ---- */
struct row_arena {
    struct arena a;
};
static void row_arena_free(void *state) {
    arena_clear(&((struct row_arena *)state)->a);
    mem_free(state);
}
static struct arena *row_arena(struct fn_call *c) {
    struct row_arena *r = c->state;
    if (r) {
        arena_clear(&r->a);
    } else if (!(c->state = r = mem_calloc(1, sizeof(*r)))) {
        return NULL;
    }
    c->state_free = row_arena_free;
    arena_init(&r->a, ROW_MEMORY);
    return &r->a;
}
static bool malformed(struct fn_call *c, idx_t i) {
    return fn_fail(c, i, "JSON_INPUT_CONVERSION_ERROR",
                   "conversion to JSON failed: malformed input argument");
}
FN(json_array) {
    struct arena *a = row_arena(c);
    struct json_tree *t;
    bool first = true;
    if (!a)
        return no_memory(c, i);
    buf_reset(&c->scratch);
    buf_add_char(&c->scratch, '[');
    for (size_t k = 1; k < c->arg_count; k++) {
        if (!untag(a, fn_str(c, k, i), &t))
            return a->failed ? no_memory(c, i) : malformed(c, i);
        if (fn_str(c, k, i).ptr[0] == 'z' && fn_str(c, 0, i).ptr[0] == 'a')
            continue;
        buf_add_str(&c->scratch, first ? "" : ",");
        json_tree_write(t, &c->scratch);
        first = false;
    }
    buf_add_char(&c->scratch, ']');
    return fn_out_scratch(c, i);
}

/* Java's String.hashCode over UTF-16, spread as HashMap does: members come in its order. */
static uint32_t java_hash(struct bytes v) {
    uint32_t h = 0;
    for (size_t at = 0, n; at < v.len; at += n) {
        int32_t cp = text_decode(v, at, &n);
        if (cp >= 0x10000) {
            h = h * 31 + (uint32_t)(0xD800 + ((cp - 0x10000) >> 10));
            cp = 0xDC00 + ((cp - 0x10000) & 0x3FF);
        }
        h = h * 31 + (uint32_t)cp;
    }
    return h ^ h >> 16;
}
static void write_members(const struct json_tree *object, struct buf *out) {
    uint32_t room = 16;
    bool first = true;
    while (object->count * 4 > room * 3)
        room *= 2;
    buf_add_char(out, '{');
    for (uint32_t bucket = 0; bucket < room; bucket++)
        for (const struct json_tree *m = object->first; m; m = m->next) {
            if ((java_hash(m->name) & (room - 1)) != bucket)
                continue;
            buf_add_str(out, first ? "" : ",");
            json_quote(m->name, out);
            buf_add_char(out, ':');
            json_tree_write(m, out);
            first = false;
        }
    buf_add_char(out, '}');
}
FN(json_object) {
    struct arena *a = row_arena(c);
    struct json_tree *object = a ? json_tree_new(a, JSON_TREE_OBJECT) : NULL, *t;
    char nulls = fn_str(c, 0, i).ptr[0], unique = fn_str(c, 0, i).ptr[1];
    if (!object)
        return no_memory(c, i);
    for (size_t k = 1; k + 1 < c->arg_count; k += 2) {
        struct bytes key = fn_str(c, k, i), v = fn_str(c, k + 1, i);
        if (key.ptr[0] == 'z')
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                           "null value passed for JSON object key to JSON_OBJECT function");
        if (!untag(a, v, &t))
            return a->failed ? no_memory(c, i) : malformed(c, i);
        if (v.ptr[0] == 'z' && nulls == 'a')
            continue;
        t->name = bytes_slice(key, 1, key.len);
        if (json_tree_member(object, t->name))
            return unique == 'u' ? fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                                           "duplicate key passed to JSON_OBJECT function")
                                 : fn_fail(c, i, "NOT_SUPPORTED",
                                           "cannot construct a JSON object with duplicate key");
        json_tree_add(object, t);
    }
    buf_reset(&c->scratch);
    write_members(object, &c->scratch);
    return fn_out_scratch(c, i);
}

/* ---- UTF-16 and UTF-32, little-endian ---- */
FN(text_from_utf) {
    struct bytes v = fn_str(c, 0, i);
    size_t unit = (size_t)fn_i32(c, 1, i) / 8;
    buf_reset(&c->scratch);
    for (size_t at = 0; at < v.len; at += unit) {
        uint32_t cp = 0, low = 0;
        for (size_t k = 0; k < unit && at + k < v.len; k++)
            cp |= (uint32_t)(unsigned char)v.ptr[at + k] << (8 * k);
        if (unit == 2 && cp >= 0xD800 && cp < 0xDC00 && at + 3 < v.len) {
            low = (uint32_t)(unsigned char)v.ptr[at + 2] | (uint32_t)(unsigned char)v.ptr[at + 3]
                                                               << 8;
            if (low >= 0xDC00 && low < 0xE000) {
                cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
                at += 2;
            }
        }
        bool good = at + unit <= v.len && cp <= 0x10FFFF && !(cp >= 0xD800 && cp < 0xE000);
        text_add(&c->scratch, good ? (int32_t)cp : 0xFFFD);
    }
    return fn_out_scratch(c, i);
}
static void add_unit(struct buf *out, uint32_t v, size_t bytes) {
    for (size_t k = 0; k < bytes; k++)
        buf_add_char(out, (char)(v >> (8 * k)));
}
FN(text_to_utf) {
    struct bytes v = fn_str(c, 0, i);
    size_t unit = (size_t)fn_i32(c, 1, i) / 8;
    buf_reset(&c->scratch);
    for (size_t at = 0, n; at < v.len; at += n) {
        uint32_t cp = (uint32_t)text_decode(v, at, &n);
        if (unit == 2 && cp >= 0x10000) {
            add_unit(&c->scratch, 0xD800 + ((cp - 0x10000) >> 10), 2);
            cp = 0xDC00 + ((cp - 0x10000) & 0x3FF);
        }
        add_unit(&c->scratch, cp, unit);
    }
    return fn_out_scratch(c, i);
}

#define INVOKED "VARCHAR, VARCHAR, VARCHAR, VARCHAR..."
#define V(name, type)                                                                              \
    { "t_json_value_" #name, INVOKED, type, call_json_value_##name, 0, NULL }
const struct duck_function fn_json_path_table[] = {
    {"t_json_exists", INVOKED, "BOOLEAN", call_json_exists, 0, NULL},
    {"t_json_query", INVOKED, "VARCHAR", call_json_query, 0, NULL},
    V(outcome, "INTEGER"),
    V(boolean, "BOOLEAN"),
    V(tinyint, "TINYINT"),
    V(smallint, "SMALLINT"),
    V(integer, "INTEGER"),
    V(bigint, "BIGINT"),
    V(real, "FLOAT"),
    V(double, "DOUBLE"),
    V(text, "VARCHAR"),
    V(date, "DATE"),
    V(timestamp, "TIMESTAMP"),
    {"t_json_object", "VARCHAR, VARCHAR...", "VARCHAR", call_json_object, 0, NULL},
    {"t_json_array", "VARCHAR, VARCHAR...", "VARCHAR", call_json_array, 0, NULL},
    {"t_text_from_utf", "BLOB, INTEGER", "VARCHAR", call_text_from_utf, 0, NULL},
    {"t_text_to_utf", "VARCHAR, INTEGER", "BLOB", call_text_to_utf, 0, NULL},
};
const size_t fn_json_path_count = COUNT_OF(fn_json_path_table);
