/* agg_numeric.c - numeric_histogram and checksum.
 *
 * A histogram keeps at most so many buckets, each a mean value and a weight. Values are collected
 * up to some more; then neighbours are merged, always those two that cost least: the weighted
 * square of their distance. */
#include "base/mem.h"
#include "duck/aggregates.h"
#include <math.h>
#include <stdlib.h>

/* ---- numeric_histogram: (buckets, value, weight) ---- */
struct bucket {
    double value, weight;
};
struct histogram {
    struct bucket *buckets;
    size_t count, room, most;
};
#define ENTRY_BUFFER 100

static int by_value(const void *x, const void *y) {
    const struct bucket *a = x, *b = y;
    return a->value < b->value ? -1 : a->value > b->value;
}

static double penalty(const struct bucket *a, const struct bucket *b) {
    double weight = a->weight + b->weight, distance = a->value - b->value;
    return weight * distance * distance * (a->weight * b->weight / (weight * weight));
}

static void merge_least(struct histogram *h) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < h->count; i++)
        if (penalty(&h->buckets[i], &h->buckets[i + 1]) <
            penalty(&h->buckets[best], &h->buckets[best + 1]))
            best = i;
    struct bucket *a = &h->buckets[best], *b = a + 1;
    double weight = a->weight + b->weight;
    a->value = (a->value * a->weight + b->value * b->weight) / weight;
    a->weight = weight;
    memmove(b, b + 1, (h->count - best - 2) * sizeof(*b));
    h->count--;
}

static void compact(struct histogram *h) {
    if (!h->count)
        return;
    qsort(h->buckets, h->count, sizeof(*h->buckets), by_value);
    size_t last = 0;
    for (size_t i = 1; i < h->count; i++) {
        if (h->buckets[last].value == h->buckets[i].value)
            h->buckets[last].weight += h->buckets[i].weight;
        else
            h->buckets[++last] = h->buckets[i];
    }
    h->count = last + 1;
    while (h->count > h->most)
        merge_least(h);
}

static bool make_room(struct histogram *h, size_t n) {
    if (n <= h->room)
        return true;
    struct bucket *grown = mem_realloc(h->buckets, n * sizeof(*grown));
    if (!grown)
        return false;
    h->buckets = grown;
    h->room = n;
    return true;
}

static bool histogram_step(struct agg_call *c, void *state, idx_t row) {
    struct histogram *h = state;
    int64_t most = agg_i64(c, 0, row);
    if (most < 2)
        return agg_fail(c, "INVALID_FUNCTION_ARGUMENT",
                        "numeric_histogram bucket count must be greater than one");
    if (most > 100000)
        return agg_fail(c, "INVALID_FUNCTION_ARGUMENT",
                        "numeric_histogram bucket count must be less than 100000");
    if (!h->most) {
        h->most = (size_t)most;
        if (!make_room(h, h->most + ENTRY_BUFFER))
            return agg_no_memory(c);
    }
    if (h->count == h->room)
        compact(h);
    h->buckets[h->count++] = (struct bucket){agg_f64(c, 1, row), agg_f64(c, 2, row)};
    return true;
}

static bool histogram_combine(struct agg_call *c, void *into, const void *from) {
    struct histogram *h = into;
    const struct histogram *other = from;
    if (!other->most)
        return true;
    if (!h->most)
        h->most = other->most;
    if (!make_room(h, MAX_OF(h->count + other->count, h->most + ENTRY_BUFFER)))
        return agg_no_memory(c);
    memcpy(h->buckets + h->count, other->buckets, other->count * sizeof(*h->buckets));
    h->count += other->count;
    compact(h);
    return true;
}

static bool histogram_finish(struct agg_call *c, void *state, idx_t row) {
    struct histogram *h = state;
    if (!h->most)
        return agg_out_null(c, row);
    compact(h);
    duckdb_list_vector_reserve(c->out, c->list_size + h->count);
    duckdb_list_vector_set_size(c->out, c->list_size + h->count);
    duckdb_vector entries = duckdb_list_vector_get_child(c->out);
    double *keys = duckdb_vector_get_data(duckdb_struct_vector_get_child(entries, 0));
    double *values = duckdb_vector_get_data(duckdb_struct_vector_get_child(entries, 1));
    ((duckdb_list_entry *)duckdb_vector_get_data(c->out))[row] =
        (duckdb_list_entry){c->list_size, h->count};
    for (size_t i = 0; i < h->count; i++, c->list_size++) {
        keys[c->list_size] = h->buckets[i].value;
        values[c->list_size] = h->buckets[i].weight;
    }
    return true;
}

static void histogram_free(void *state) {
    struct histogram *h = state;
    mem_free(h->buckets);
    *h = (struct histogram){0};
}

/* ---- checksum: (hash) ---- */
struct checksum {
    uint64_t sum;
    bool any;
};

static bool checksum_step(struct agg_call *c, void *state, idx_t row) {
    struct checksum *s = state;
    s->sum += (uint64_t)agg_i64(c, 0, row) * UINT64_C(0x9E3779B185EBCA87);
    s->any = true;
    return true;
}
static bool checksum_combine(struct agg_call *c, void *into, const void *from) {
    struct checksum *s = into;
    const struct checksum *other = from;
    (void)c;
    s->sum += other->sum;
    s->any |= other->any;
    return true;
}
static bool checksum_finish(struct agg_call *c, void *state, idx_t row) {
    const struct checksum *s = state;
    char out[8];
    for (int k = 0; k < 8; k++)
        out[k] = (char)(s->sum >> 8 * k & 0xff);
    return s->any ? agg_out_bytes(c, row, bytes_of(out, 8)) : agg_out_null(c, row);
}

const struct duck_aggregate agg_numeric_table[] = {
    {"t_numeric_histogram", "BIGINT, DOUBLE, DOUBLE", "MAP(DOUBLE, DOUBLE)",
     sizeof(struct histogram), histogram_step, histogram_combine, histogram_finish, histogram_free},
    {"t_checksum", "BIGINT", "BLOB", sizeof(struct checksum), checksum_step, checksum_combine,
     checksum_finish, NULL},
};
const size_t agg_numeric_count = COUNT_OF(agg_numeric_table);
