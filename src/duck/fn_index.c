/* fn_index.c - which elements of an array, in which order: lists of positions.
 *
 * A C function has one return type, so it cannot return elements of any type; it returns their
 * positions from 1, and DuckDB's list_select fetches them: list_select(a, t_ix_distinct(a)).
 * Grouping keys gives a list of such lists, one per key in order of appearance. */
#include "base/mem.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/value.h"

static bool no_memory(struct fn_call *c, idx_t i) {
    return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
}

/* ---- BIGINT[] results ---- */
/* Room for n more positions of row i. */
static int64_t *begin_positions(struct fn_call *c, idx_t i, size_t n) {
    fn_list_begin(c, i);
    duckdb_list_vector_reserve(c->out, c->list_size + n);
    return (int64_t *)duckdb_vector_get_data(duckdb_list_vector_get_child(c->out)) + c->list_size;
}
static bool end_positions(struct fn_call *c, idx_t i, size_t n) {
    c->list_size += n;
    duckdb_list_vector_set_size(c->out, c->list_size);
    return fn_list_end(c, i);
}

/* The first of each; without NULLs when `skip_nulls`. */
static bool distinct(struct fn_call *c, idx_t i, bool skip_nulls) {
    const struct value *v = fn_values(c);
    struct value_set s;
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    const struct value *items = value_items(&v[0]);
    int64_t *out = begin_positions(c, i, e.length);
    size_t n = 0;
    if (!value_set_init(&s, e.length))
        return no_memory(c, i);
    for (idx_t k = 0; k < e.length; k++)
        if (!(skip_nulls && value_is_null(items, e.offset + k)) &&
            value_set_add(&s, items, e.offset + k, NULL))
            out[n++] = (int64_t)k + 1;
    value_set_clear(&s);
    return end_positions(c, i, n);
}
FN(distinct) {
    return distinct(c, i, false);
}
FN(keys) {
    return distinct(c, i, true);
}

/* The first of each of a's elements that b has, or has not. */
static bool against(struct fn_call *c, idx_t i, bool wanted) {
    const struct value *v = fn_values(c);
    struct value_set theirs, seen = {0};
    if (!v)
        return false;
    duckdb_list_entry x = value_list(&v[0], i), y = value_list(&v[1], i);
    const struct value *a = value_items(&v[0]), *b = value_items(&v[1]);
    int64_t *out = begin_positions(c, i, x.length);
    size_t n = 0;
    bool ok = value_set_init(&theirs, y.length) && value_set_init(&seen, x.length);
    for (idx_t k = 0; ok && k < y.length; k++)
        (void)value_set_add(&theirs, b, y.offset + k, NULL);
    for (idx_t k = 0; ok && k < x.length; k++)
        if (value_set_has(&theirs, a, x.offset + k) == wanted &&
            value_set_add(&seen, a, x.offset + k, NULL))
            out[n++] = (int64_t)k + 1;
    value_set_clear(&theirs);
    value_set_clear(&seen);
    return ok ? end_positions(c, i, n) : no_memory(c, i);
}
FN(intersect) {
    return against(c, i, true);
}
FN(except) {
    return against(c, i, false);
}

FN(remove) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    int64_t *out = begin_positions(c, i, e.length);
    size_t n = 0;
    for (idx_t k = 0; k < e.length; k++) {
        enum value_truth t = VALUE_FALSE;
        if (!value_is_null(value_items(&v[0]), e.offset + k))
            t = value_equal(value_items(&v[0]), e.offset + k, &v[1], i);
        if (t == VALUE_UNKNOWN)
            return fn_fail(c, i, "NOT_SUPPORTED",
                           "array_remove does not support arrays with elements that are null or "
                           "contain null");
        if (t == VALUE_FALSE)
            out[n++] = (int64_t)k + 1;
    }
    return end_positions(c, i, n);
}

/* ---- sorting: merges, so that equals keep their order ---- */
struct sorter {
    const struct value *items;
    idx_t offset;
    const int32_t *matrix; /* of a comparator: [x * count + y] */
    size_t count;
    bool null;
};

static int sort_order(struct sorter *s, int64_t x, int64_t y) {
    if (s->matrix)
        return s->matrix[(size_t)(x - 1) * s->count + (size_t)(y - 1)];
    idx_t i = s->offset + (idx_t)x - 1, j = s->offset + (idx_t)y - 1;
    bool left = value_is_null(s->items, i), right = value_is_null(s->items, j);
    if (left || right)
        return (int)left - (int)right;
    return value_order(s->items, i, s->items, j, &s->null);
}

static void merge_sort(struct sorter *s, int64_t *at, int64_t *room, size_t n) {
    if (n < 2)
        return;
    size_t half = n / 2, i = 0, j = half, k = 0;
    merge_sort(s, at, room, half);
    merge_sort(s, at + half, room, n - half);
    while (i < half && j < n)
        room[k++] = sort_order(s, at[i], at[j]) <= 0 ? at[i++] : at[j++];
    while (i < half)
        room[k++] = at[i++];
    while (j < n)
        room[k++] = at[j++];
    memcpy(at, room, n * sizeof(*at));
}

static bool sort_positions(struct fn_call *c, idx_t i, struct sorter *s) {
    int64_t *out = begin_positions(c, i, s->count);
    int64_t *room = mem_alloc((s->count + 1) * sizeof(*room));
    if (!room)
        return no_memory(c, i);
    for (size_t k = 0; k < s->count; k++)
        out[k] = (int64_t)k + 1;
    merge_sort(s, out, room, s->count);
    mem_free(room);
    return end_positions(c, i, s->count);
}

FN(sort) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    struct sorter s = {.items = value_items(&v[0]), .offset = e.offset, .count = e.length};
    return sort_positions(c, i, &s);
}

/* What a comparator says of each pair of elements: t_ix_sort_by(results, how many elements). */
FN(sort_by) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    const struct value *items = value_items(&v[0]);
    struct sorter s = {.matrix = (const int32_t *)items->data + e.offset,
                       .count = (size_t)fn_i64(c, 1, i)};
    for (idx_t k = 0; k < e.length; k++)
        if (value_is_null(items, e.offset + k) || s.matrix[k] < -1 || s.matrix[k] > 1)
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                           "Lambda comparator must return either -1, 0, or 1");
    return sort_positions(c, i, &s);
}
/* So many pairs are compared at most. */
FN(sort_size) {
    int64_t n = fn_i64(c, 0, i);
    return n <= 4000 ? fn_out_i64(c, i, n)
                     : fn_fail(c, i, "NOT_SUPPORTED",
                               "array_sort with a comparator takes at most 4000 elements, not %lld",
                               (long long)n);
}

/* ---- the least and greatest: NULL when an element is, NaN only when there is nothing else ---- */
static bool extreme(struct fn_call *c, idx_t i, int sign) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    const struct value *items = value_items(&v[0]);
    bool null = e.length == 0, within;
    idx_t best = 0;
    for (idx_t k = 0; !null && k < e.length; k++) {
        null = value_is_null(items, e.offset + k);
        if (null || !k || value_is_nan(items, e.offset + k))
            continue;
        if (value_is_nan(items, e.offset + best) ||
            sign * value_order(items, e.offset + k, items, e.offset + best, &within) > 0)
            best = k;
    }
    return null ? fn_out_null(c, i) : fn_out_i64(c, i, (int64_t)best + 1);
}
FN(max) {
    return extreme(c, i, 1);
}
FN(min) {
    return extreme(c, i, -1);
}

/* ---- groups ---- */
/* How often each distinct element (not NULL) is there, in order of appearance. */
FN(counts) {
    const struct value *v = fn_values(c);
    struct value_set s;
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    int64_t *out = begin_positions(c, i, e.length);
    if (!value_set_init(&s, e.length))
        return no_memory(c, i);
    for (idx_t k = 0; k < e.length; k++) {
        size_t number;
        if (value_is_null(value_items(&v[0]), e.offset + k))
            continue;
        if (value_set_add(&s, value_items(&v[0]), e.offset + k, &number))
            out[number] = 0;
        out[number]++;
    }
    size_t n = s.count;
    value_set_clear(&s);
    return end_positions(c, i, n);
}

/* BIGINT[][]: writes one inner list of n positions, which the caller fills. */
struct nested {
    duckdb_vector inner;
    size_t lists, items;
};
static int64_t *add_inner(struct fn_call *c, struct nested *o, size_t n) {
    duckdb_list_vector_reserve(c->out, o->lists + 1);
    duckdb_list_vector_set_size(c->out, o->lists + 1);
    duckdb_list_vector_reserve(o->inner, o->items + n);
    duckdb_list_vector_set_size(o->inner, o->items + n);
    ((duckdb_list_entry *)duckdb_vector_get_data(o->inner))[o->lists++] =
        (duckdb_list_entry){o->items, n};
    o->items += n;
    return (int64_t *)duckdb_vector_get_data(duckdb_list_vector_get_child(o->inner)) + o->items - n;
}
static struct nested begin_nested(struct fn_call *c, idx_t i) {
    fn_list_begin(c, i);
    duckdb_vector inner = duckdb_list_vector_get_child(c->out);
    return (struct nested){inner, c->list_size, duckdb_list_vector_get_size(inner)};
}
static bool end_nested(struct fn_call *c, idx_t i, const struct nested *o) {
    c->list_size = o->lists;
    return fn_list_end(c, i);
}

/* The positions of each distinct element that is not NULL. */
static bool write_groups(struct fn_call *c, idx_t i, struct value_set *s, size_t *sizes,
                         size_t *numbers) {
    const struct value *v = fn_values(c);
    duckdb_list_entry e = value_list(&v[0], i);
    for (idx_t k = 0; k < e.length; k++) {
        numbers[k] = SIZE_MAX;
        if (value_is_null(value_items(&v[0]), e.offset + k))
            continue;
        (void)value_set_add(s, value_items(&v[0]), e.offset + k, &numbers[k]);
        sizes[numbers[k]]++;
    }
    struct nested o = begin_nested(c, i);
    size_t first = o.items;
    for (size_t g = 0; g < s->count; g++)
        (void)add_inner(c, &o, sizes[g]);
    int64_t *data = duckdb_vector_get_data(duckdb_list_vector_get_child(o.inner));
    size_t at = first;
    for (size_t g = 0; g < s->count; g++) { /* sizes become places */
        size_t n = sizes[g];
        sizes[g] = at;
        at += n;
    }
    for (idx_t k = 0; k < e.length; k++)
        if (numbers[k] != SIZE_MAX)
            data[sizes[numbers[k]]++] = (int64_t)k + 1;
    return end_nested(c, i, &o);
}

FN(groups) {
    const struct value *v = fn_values(c);
    struct value_set s;
    if (!v)
        return false;
    size_t n = value_list(&v[0], i).length;
    size_t *room = mem_calloc(2 * n + 1, sizeof(*room));
    bool ok = room && value_set_init(&s, n);
    if (ok) {
        ok = write_groups(c, i, &s, room, room + n);
        value_set_clear(&s);
    } else {
        ok = no_memory(c, i);
    }
    mem_free(room);
    return ok;
}

#define MAX_COMBINATION 5
#define MAX_COMBINED 100000

static int64_t count_combinations(int64_t n, int64_t k) {
    int64_t r = 1;
    for (int64_t m = 1; m <= k && r <= MAX_COMBINED; m++)
        r = r * (n - k + m) / m;
    return r;
}

/* All choices of k of n positions, the last of each rising slowest. */
FN(combinations) {
    int64_t n = fn_i64(c, 0, i), k = fn_i32(c, 1, i), ids[MAX_COMBINATION];
    if (k < 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "combination size must not be negative: %lld", (long long)k);
    if (k > MAX_COMBINATION)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "combination size must not exceed %d: %lld", MAX_COMBINATION, (long long)k);
    int64_t count = k <= n ? count_combinations(n, k) : 0;
    if (count * k > MAX_COMBINED)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "combinations exceed max size");
    struct nested o = begin_nested(c, i);
    for (int64_t m = 0; m < k; m++)
        ids[m] = m + 1;
    for (int64_t made = 0; made < count; made++) {
        memcpy(add_inner(c, &o, (size_t)k), ids, (size_t)k * sizeof(*ids));
        int64_t m = 0;
        while (m + 1 < k && ids[m] + 1 == ids[m + 1]) {
            ids[m] = m + 1;
            m++;
        }
        if (k)
            ids[m]++;
    }
    return end_nested(c, i, &o);
}

FN(ngram_size) {
    return fn_i32(c, 0, i) > 0 ? fn_out_i32(c, i, fn_i32(c, 0, i))
                               : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "N must be positive");
}

FN(repeat_count) {
    int64_t n = fn_i64(c, 0, i);
    if (n > 10000)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "count argument of repeat function must be less than or equal to 10000");
    if (n < 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "count argument of repeat function must be greater than or equal to 0");
    return fn_out_i64(c, i, n);
}

/* ---- arguments of window functions ---- */
/* t_offset(offset, least) */
static void call_offset(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    duckdb_vector from = duckdb_data_chunk_get_vector(in, 0);
    const int64_t *v = duckdb_vector_get_data(from);
    const int64_t *least = duckdb_vector_get_data(duckdb_data_chunk_get_vector(in, 1));
    const uint64_t *validity = duckdb_vector_get_validity(from);
    int64_t *r = duckdb_vector_get_data(out);
    for (idx_t i = 0, n = duckdb_data_chunk_get_size(in); i < n; i++) {
        if (duck_fn_is_null(validity, i)) {
            duck_raise(info, "INVALID_FUNCTION_ARGUMENT", "Offset must not be null");
            return;
        }
        if (v[i] < least[i]) {
            duck_raise(info, "INVALID_FUNCTION_ARGUMENT", "Offset must be at least %lld",
                       (long long)least[i]);
            return;
        }
        r[i] = v[i];
    }
}
FN(buckets) {
    return fn_i64(c, 0, i) > 0
               ? fn_out_i64(c, i, fn_i64(c, 0, i))
               : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Buckets must be greater than 0");
}

/* ---- listagg ---- */
#define LISTAGG_BYTES ((size_t)1 << 20)

FN(listagg_fits) {
    struct bytes v = fn_str(c, 0, i);
    return v.len <= LISTAGG_BYTES ? fn_out_str(c, i, v)
                                  : fn_fail(c, i, "EXCEEDED_FUNCTION_MEMORY_LIMIT",
                                            "Concatenated string is too large");
}

/* t_listagg(values, separator, filler, with count): as much as fits. */
FN(listagg) {
    const struct value *v = fn_values(c);
    if (!v)
        return false;
    duckdb_list_entry e = value_list(&v[0], i);
    const struct value *items = value_items(&v[0]);
    struct bytes between = fn_str(c, 1, i);
    size_t there = 0, done = 0;
    c->scratch.len = 0;
    for (idx_t k = e.offset; k < e.offset + e.length; k++)
        there += !value_is_null(items, k);
    for (idx_t k = e.offset; k < e.offset + e.length; k++) {
        struct bytes one;
        if (value_is_null(items, k))
            continue;
        one = duck_string((const duckdb_string_t *)items->data + k);
        if (c->scratch.len + (done ? between.len : 0) + one.len > LISTAGG_BYTES)
            break;
        if (done++)
            buf_add(&c->scratch, between);
        buf_add(&c->scratch, one);
    }
    if (!there)
        return fn_out_null(c, i);
    if (done < there) {
        if (done)
            buf_add(&c->scratch, between);
        buf_add(&c->scratch, fn_str(c, 2, i));
        if (fn_bool(c, 3, i))
            buf_add_fmt(&c->scratch, "(%zu)", there - done);
    }
    return fn_out_scratch(c, i);
}

/* How many steps of `step` lie from a to b: t_sequence_length(a, b, distance, step). */
FN(sequence_length) {
    int64_t from = fn_i64(c, 0, i), to = fn_i64(c, 1, i), step = fn_i64(c, 3, i);
    if (step == 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "step must not be zero");
    if ((step > 0) != (to >= from) && to != from)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "sequence stop value should be greater than or equal to start value if step "
                       "is greater than zero otherwise stop should be less than or equal to start");
    int64_t n = fn_i64(c, 2, i) / step + 1;
    if (n > 10000)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "result of sequence function must not have more than 10000 entries");
    return fn_out_i64(c, i, n);
}

/* A random order of so many positions: xorshift from a seed. */
FN(shuffle) {
    size_t n = (size_t)fn_i64(c, 0, i);
    int64_t *out = begin_positions(c, i, n);
    for (size_t k = 0; k < n; k++)
        out[k] = (int64_t)k + 1;
    uint64_t x = (uint64_t)fn_i64(c, 1, i) | 1;
    for (size_t k = n; k > 1; k--) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        size_t j = x % k;
        int64_t t = out[k - 1];
        out[k - 1] = out[j];
        out[j] = t;
    }
    return end_positions(c, i, n);
}

const struct duck_function fn_index_table[] = {
    {"t_ix_distinct", "ANY", "BIGINT[]", call_distinct, 0, NULL},
    {"t_ix_keys", "ANY", "BIGINT[]", call_keys, 0, NULL},
    {"t_ix_intersect", "ANY, ANY", "BIGINT[]", call_intersect, 0, NULL},
    {"t_ix_except", "ANY, ANY", "BIGINT[]", call_except, 0, NULL},
    {"t_ix_remove", "ANY, ANY", "BIGINT[]", call_remove, 0, NULL},
    {"t_ix_sort", "ANY", "BIGINT[]", call_sort, 0, NULL},
    {"t_ix_sort_by", "INTEGER[], BIGINT", "BIGINT[]", call_sort_by, 0, NULL},
    {"t_sort_size", "BIGINT", "BIGINT", call_sort_size, 0, NULL},
    {"t_ix_max", "ANY", "BIGINT", call_max, 0, NULL},
    {"t_ix_min", "ANY", "BIGINT", call_min, 0, NULL},
    {"t_counts", "ANY", "BIGINT[]", call_counts, 0, NULL},
    {"t_ix_groups", "ANY", "BIGINT[][]", call_groups, 0, NULL},
    {"t_ix_combinations", "BIGINT, INTEGER", "BIGINT[][]", call_combinations, 0, NULL},
    {"t_offset", "BIGINT, BIGINT", "BIGINT", call_offset, DUCK_FN_NULLS, NULL},
    {"t_buckets", "BIGINT", "BIGINT", call_buckets, 0, NULL},
    {"t_listagg_fits", "VARCHAR", "VARCHAR", call_listagg_fits, 0, NULL},
    {"t_listagg", "VARCHAR[], VARCHAR, VARCHAR, BOOLEAN", "VARCHAR", call_listagg, 0, NULL},
    {"t_ngram_size", "INTEGER", "INTEGER", call_ngram_size, 0, NULL},
    {"t_repeat_count", "BIGINT", "BIGINT", call_repeat_count, 0, NULL},
    {"t_sequence_length", "BIGINT, BIGINT, BIGINT, BIGINT", "BIGINT", call_sequence_length, 0,
     NULL},
    {"t_ix_shuffle", "BIGINT, BIGINT", "BIGINT[]", call_shuffle, 0, NULL},
};
const size_t fn_index_count = COUNT_OF(fn_index_table);
