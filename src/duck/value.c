/* value.c - equality, order and hashes of nested values.
 *
 * A vector is opened into a small tree that mirrors its type: data, validity and children of each
 * level. Everything then recurses over two such trees side by side. Lists refer to rows of their
 * child by offset and length; a struct's fields have the struct's own row. */
#include "duck/value.h"
#include "base/mem.h"
#include <math.h>

/* ---- opening ---- */
static duckdb_type physical(duckdb_logical_type t) {
    duckdb_type kind = duckdb_get_type_id(t);
    return kind == DUCKDB_TYPE_DECIMAL ? duckdb_decimal_internal_type(t) : kind;
}

static bool open_flat(struct value *v, duckdb_vector vector);

static bool open_children(struct value *v, duckdb_vector vector, size_t count) {
    v->children = mem_calloc(count ? count : 1, sizeof(*v->children));
    if (!v->children)
        return false;
    for (; v->child_count < count; v->child_count++) {
        duckdb_vector child = v->kind == DUCKDB_TYPE_STRUCT
                                  ? duckdb_struct_vector_get_child(vector, v->child_count)
                                  : duckdb_list_vector_get_child(vector);
        if (!open_flat(&v->children[v->child_count], child))
            return false;
    }
    return true;
}

static bool open_flat(struct value *v, duckdb_vector vector) {
    duckdb_logical_type t = duckdb_vector_get_column_type(vector);
    *v = (struct value){.kind = physical(t)};
    if (v->kind != DUCKDB_TYPE_SQLNULL) { /* which has no data, only NULLs */
        v->data = duckdb_vector_get_data(vector);
        v->validity = duckdb_vector_get_validity(vector);
    }
    bool ok = true;
    if (v->kind == DUCKDB_TYPE_STRUCT)
        ok = open_children(v, vector, duckdb_struct_type_child_count(t));
    else if (v->kind == DUCKDB_TYPE_LIST || v->kind == DUCKDB_TYPE_MAP)
        ok = open_children(v, vector, 1);
    duckdb_destroy_logical_type(&t);
    if (!ok)
        value_close(v);
    return ok;
}

/* A copy whose every level is flat: DuckDB flattens only the top of what it hands to a function. */
static duckdb_vector copy_flat(duckdb_vector vector, duckdb_logical_type t, idx_t rows) {
    duckdb_vector copy = duckdb_create_vector(t, rows ? rows : 1);
    duckdb_selection_vector all = duckdb_create_selection_vector(rows ? rows : 1);
    if (copy && all) {
        sel_t *at = duckdb_selection_vector_get_data_ptr(all);
        for (idx_t i = 0; i < rows; i++)
            at[i] = (sel_t)i;
        duckdb_vector_copy_sel(vector, copy, all, rows, 0, 0);
    }
    if (all)
        duckdb_destroy_selection_vector(all);
    return copy;
}

bool value_open(struct value *v, duckdb_vector vector, idx_t rows) {
    duckdb_logical_type t = duckdb_vector_get_column_type(vector);
    duckdb_type kind = duckdb_get_type_id(t);
    bool nested = kind == DUCKDB_TYPE_STRUCT || kind == DUCKDB_TYPE_LIST || kind == DUCKDB_TYPE_MAP;
    duckdb_vector copy = nested ? copy_flat(vector, t, rows) : NULL;
    duckdb_destroy_logical_type(&t);
    *v = (struct value){0};
    if (nested && !copy)
        return false;
    bool ok = open_flat(v, nested ? copy : vector);
    v->copy = copy;
    if (!ok)
        value_close(v);
    return ok;
}

void value_close(struct value *v) {
    if (v->copy)
        duckdb_destroy_vector(&v->copy);
    for (size_t i = 0; i < v->child_count; i++)
        value_close(&v->children[i]);
    mem_free(v->children);
    *v = (struct value){0};
}

/* ---- of a call ---- */
struct opened {
    size_t count;
    struct value values[4];
};

static void free_opened(void *state) {
    struct opened *o = state;
    while (o->count)
        value_close(&o->values[--o->count]);
    mem_free(o);
}

static bool open_arguments(struct fn_call *c, struct opened *o) {
    for (idx_t a = 0; a < c->arg_count && o->count < COUNT_OF(o->values); a++) {
        if (!value_open(&o->values[a], c->vectors[a], c->rows))
            return false;
        o->count++;
    }
    return true;
}

const struct value *fn_values(struct fn_call *c) {
    if (c->state)
        return ((struct opened *)c->state)->values;
    struct opened *o = mem_calloc(1, sizeof(*o));
    if (!o || !open_arguments(c, o)) {
        if (o)
            free_opened(o);
        duck_raise(c->info, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
        return NULL;
    }
    c->state = o;
    c->state_free = free_opened;
    return o->values;
}

/* ---- leaves ---- */
#define ORDER(x, y) ((x) < (y) ? -1 : (x) > (y))

static int order_huge(duckdb_hugeint x, duckdb_hugeint y) {
    return x.upper != y.upper ? ORDER(x.upper, y.upper) : ORDER(x.lower, y.lower);
}
static int order_text(struct bytes x, struct bytes y) {
    size_t n = MIN_OF(x.len, y.len);
    int c = n ? memcmp(x.ptr, y.ptr, n) : 0;
    return c ? c : ORDER(x.len, y.len);
}
/* NaN is above everything. */
static int order_double(double x, double y) {
    if (isnan(x) || isnan(y))
        return (int)isnan(x) - (int)isnan(y);
    return ORDER(x, y);
}

#define AT(type, v, row) (((const type *)(v)->data)[row])
static int order_leaf(const struct value *a, idx_t i, const struct value *b, idx_t j) {
    switch (a->kind) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
        return ORDER(AT(int8_t, a, i), AT(int8_t, b, j));
    case DUCKDB_TYPE_SMALLINT:
        return ORDER(AT(int16_t, a, i), AT(int16_t, b, j));
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
        return ORDER(AT(int32_t, a, i), AT(int32_t, b, j));
    case DUCKDB_TYPE_FLOAT:
        return order_double(AT(float, a, i), AT(float, b, j));
    case DUCKDB_TYPE_DOUBLE:
        return order_double(AT(double, a, i), AT(double, b, j));
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UUID:
        return order_huge(AT(duckdb_hugeint, a, i), AT(duckdb_hugeint, b, j));
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
        return order_text(duck_string(&AT(duckdb_string_t, a, i)),
                          duck_string(&AT(duckdb_string_t, b, j)));
    default: /* BIGINT, TIME, TIMESTAMP and their kin */
        return ORDER(AT(int64_t, a, i), AT(int64_t, b, j));
    }
}

bool value_is_nan(const struct value *v, idx_t row) {
    if (value_is_null(v, row))
        return false;
    if (v->kind == DUCKDB_TYPE_DOUBLE)
        return isnan(AT(double, v, row));
    return v->kind == DUCKDB_TYPE_FLOAT && isnan(AT(float, v, row));
}

/* ---- equality ---- */
static enum value_truth both(enum value_truth x, enum value_truth y) {
    if (x == VALUE_FALSE || y == VALUE_FALSE)
        return VALUE_FALSE;
    return x == VALUE_TRUE ? y : x;
}

static enum value_truth equal_lists(const struct value *a, duckdb_list_entry x,
                                    const struct value *b, duckdb_list_entry y) {
    enum value_truth r = x.length == y.length ? VALUE_TRUE : VALUE_FALSE;
    for (idx_t k = 0; r != VALUE_FALSE && k < x.length; k++)
        r = both(r, value_equal(a, x.offset + k, b, y.offset + k));
    return r;
}

/* The row of `key` among a map's entries [e], or -1. */
static int64_t find_key(const struct value *keys, duckdb_list_entry e, const struct value *key,
                        idx_t row) {
    for (idx_t k = 0; k < e.length; k++)
        if (value_same(keys, e.offset + k, key, row))
            return (int64_t)(e.offset + k);
    return -1;
}

static enum value_truth equal_maps(const struct value *a, duckdb_list_entry x,
                                   const struct value *b, duckdb_list_entry y) {
    enum value_truth r = x.length == y.length ? VALUE_TRUE : VALUE_FALSE;
    for (idx_t k = 0; r != VALUE_FALSE && k < x.length; k++) {
        int64_t at = find_key(&b->children[0], y, &a->children[0], x.offset + k);
        r = at < 0
                ? VALUE_FALSE
                : both(r, value_equal(&a->children[1], x.offset + k, &b->children[1], (idx_t)at));
    }
    return r;
}

enum value_truth value_equal(const struct value *a, idx_t i, const struct value *b, idx_t j) {
    if (value_is_null(a, i) || value_is_null(b, j))
        return VALUE_UNKNOWN;
    enum value_truth r = VALUE_TRUE;
    switch (a->kind) {
    case DUCKDB_TYPE_LIST:
        return equal_lists(value_items(a), value_list(a, i), value_items(b), value_list(b, j));
    case DUCKDB_TYPE_MAP:
        return equal_maps(value_items(a), value_list(a, i), value_items(b), value_list(b, j));
    case DUCKDB_TYPE_STRUCT:
        for (size_t k = 0; r != VALUE_FALSE && k < a->child_count; k++)
            r = both(r, value_equal(&a->children[k], i, &b->children[k], j));
        return r;
    default:
        return !value_is_nan(a, i) && order_leaf(a, i, b, j) == 0 ? VALUE_TRUE : VALUE_FALSE;
    }
}

static bool same_lists(const struct value *a, duckdb_list_entry x, const struct value *b,
                       duckdb_list_entry y) {
    for (idx_t k = 0; x.length == y.length && k < x.length; k++)
        if (!value_same(a, x.offset + k, b, y.offset + k))
            return false;
    return x.length == y.length;
}

static bool same_maps(const struct value *a, duckdb_list_entry x, const struct value *b,
                      duckdb_list_entry y) {
    for (idx_t k = 0; x.length == y.length && k < x.length; k++) {
        int64_t at = find_key(&b->children[0], y, &a->children[0], x.offset + k);
        if (at < 0 || !value_same(&a->children[1], x.offset + k, &b->children[1], (idx_t)at))
            return false;
    }
    return x.length == y.length;
}

bool value_same(const struct value *a, idx_t i, const struct value *b, idx_t j) {
    if (value_is_null(a, i) || value_is_null(b, j))
        return value_is_null(a, i) && value_is_null(b, j);
    switch (a->kind) {
    case DUCKDB_TYPE_LIST:
        return same_lists(value_items(a), value_list(a, i), value_items(b), value_list(b, j));
    case DUCKDB_TYPE_MAP:
        return same_maps(value_items(a), value_list(a, i), value_items(b), value_list(b, j));
    case DUCKDB_TYPE_STRUCT:
        for (size_t k = 0; k < a->child_count; k++)
            if (!value_same(&a->children[k], i, &b->children[k], j))
                return false;
        return true;
    default:
        return order_leaf(a, i, b, j) == 0;
    }
}

/* ---- order ---- */
int value_order(const struct value *a, idx_t i, const struct value *b, idx_t j, bool *ret_null) {
    int c = 0;
    bool left = value_is_null(a, i), right = value_is_null(b, j);
    if (left || right) {
        *ret_null = true;
        return (int)left - (int)right;
    }
    if (a->kind == DUCKDB_TYPE_STRUCT) {
        for (size_t k = 0; !c && k < a->child_count; k++)
            c = value_order(&a->children[k], i, &b->children[k], j, ret_null);
        return c;
    }
    if (a->kind != DUCKDB_TYPE_LIST)
        return order_leaf(a, i, b, j);
    duckdb_list_entry x = value_list(a, i), y = value_list(b, j);
    for (idx_t k = 0; !c && k < MIN_OF(x.length, y.length); k++)
        c = value_order(value_items(a), x.offset + k, value_items(b), y.offset + k, ret_null);
    return c ? c : ORDER(x.length, y.length);
}

bool value_is_indeterminate(const struct value *v, idx_t row) {
    if (value_is_null(v, row))
        return true;
    if (v->kind == DUCKDB_TYPE_STRUCT) {
        for (size_t k = 0; k < v->child_count; k++)
            if (value_is_indeterminate(&v->children[k], row))
                return true;
        return false;
    }
    if (v->kind != DUCKDB_TYPE_LIST && v->kind != DUCKDB_TYPE_MAP)
        return false;
    duckdb_list_entry e = value_list(v, row);
    for (idx_t k = 0; k < e.length; k++)
        if (value_is_indeterminate(value_items(v), e.offset + k))
            return true;
    return false;
}

/* ---- hashes ---- */
static uint64_t mix(uint64_t x) {
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static uint64_t hash_text(struct bytes t) {
    uint64_t h = t.len, word;
    size_t i = 0;
    for (; i + 8 <= t.len; i += 8) {
        memcpy(&word, t.ptr + i, 8);
        h = mix(h ^ word);
    }
    word = 0;
    if (i < t.len)
        memcpy(&word, t.ptr + i, t.len - i);
    return mix(h ^ word);
}

static uint64_t hash_double(double d) {
    uint64_t bits;
    d = isnan(d) ? (double)NAN : d + 0.0; /* one NaN, one zero */
    memcpy(&bits, &d, sizeof(bits));
    return mix(bits);
}

static uint64_t hash_leaf(const struct value *v, idx_t row) {
    switch (v->kind) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
        return mix((uint64_t)AT(int8_t, v, row));
    case DUCKDB_TYPE_SMALLINT:
        return mix((uint64_t)AT(int16_t, v, row));
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
        return mix((uint64_t)AT(int32_t, v, row));
    case DUCKDB_TYPE_FLOAT:
        return hash_double(AT(float, v, row));
    case DUCKDB_TYPE_DOUBLE:
        return hash_double(AT(double, v, row));
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UUID:
        return mix(AT(duckdb_hugeint, v, row).lower ^
                   mix((uint64_t)AT(duckdb_hugeint, v, row).upper));
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
        return hash_text(duck_string(&AT(duckdb_string_t, v, row)));
    default:
        return mix((uint64_t)AT(int64_t, v, row));
    }
}

uint64_t value_hash(const struct value *v, idx_t row) {
    uint64_t h = 0;
    if (value_is_null(v, row))
        return 0x9e3779b9;
    if (v->kind == DUCKDB_TYPE_STRUCT) {
        for (size_t k = 0; k < v->child_count; k++)
            h = mix(h + value_hash(&v->children[k], row));
        return h;
    }
    if (v->kind != DUCKDB_TYPE_LIST && v->kind != DUCKDB_TYPE_MAP)
        return hash_leaf(v, row);
    duckdb_list_entry e = value_list(v, row);
    for (idx_t k = 0; k < e.length; k++) {
        uint64_t item = value_hash(value_items(v), e.offset + k);
        h = v->kind == DUCKDB_TYPE_MAP ? h + item : mix(h + item); /* a map has no order */
    }
    return mix(h + e.length);
}

/* ---- sets: open addressing ---- */
bool value_set_init(struct value_set *s, size_t count) {
    *s = (struct value_set){.room = 8};
    while (s->room < count * 2)
        s->room *= 2;
    s->values = mem_calloc(s->room, sizeof(*s->values));
    s->rows = mem_calloc(s->room, sizeof(*s->rows));
    s->numbers = mem_calloc(s->room, sizeof(*s->numbers));
    if (s->values && s->rows && s->numbers)
        return true;
    value_set_clear(s);
    return false;
}

void value_set_clear(struct value_set *s) {
    mem_free(s->values);
    mem_free(s->rows);
    mem_free(s->numbers);
    *s = (struct value_set){0};
}

static size_t find_slot(const struct value_set *s, const struct value *v, idx_t row) {
    size_t at = value_hash(v, row) & (s->room - 1);
    while (s->values[at] && !value_same(s->values[at], s->rows[at], v, row))
        at = (at + 1) & (s->room - 1);
    return at;
}

bool value_set_add(struct value_set *s, const struct value *v, idx_t row, size_t *ret_number) {
    size_t at = find_slot(s, v, row);
    bool is_new = !s->values[at];
    if (is_new) {
        s->values[at] = v;
        s->rows[at] = row;
        s->numbers[at] = s->count++;
    }
    if (ret_number)
        *ret_number = s->numbers[at];
    return is_new;
}

bool value_set_has(const struct value_set *s, const struct value *v, idx_t row) {
    return s->values[find_slot(s, v, row)] != NULL;
}
