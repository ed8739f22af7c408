/* agg_sketch.c - aggregates that keep a sketch: HyperLogLog and t-digest. */
#include "base/mem.h"
#include "duck/aggregates.h"
#include "duck/hll.h"
#include "duck/tdigest.h"
#include <math.h>

/* ---- HyperLogLog ---- */
/* (hash, bits of an index) */
static bool hll_step(struct agg_call *c, void *state, idx_t row) {
    struct hll *h = state;
    if (!h->bits)
        hll_init(h, agg_i32(c, 1, row));
    return hll_add(h, (uint64_t)agg_i64(c, 0, row)) || agg_no_memory(c);
}

static bool merge_hll(struct agg_call *c, struct hll *into, const struct hll *from) {
    if (!from->bits)
        return true;
    if (!into->bits)
        hll_init(into, from->bits);
    if (into->bits != from->bits)
        return agg_fail(c, "INVALID_FUNCTION_ARGUMENT",
                        "Cannot merge HLLs with different number of buckets: %d vs %d",
                        1 << into->bits, 1 << from->bits);
    return hll_merge(into, from) || agg_no_memory(c);
}

static bool hll_combine(struct agg_call *c, void *into, const void *from) {
    return merge_hll(c, into, from);
}

static bool hll_merge_step(struct agg_call *c, void *state, idx_t row) {
    struct hll h;
    bool ok = hll_read(&h, agg_str(c, 0, row));
    ok = ok ? merge_hll(c, state, &h)
            : agg_fail(c, "INVALID_FUNCTION_ARGUMENT", "Cannot deserialize HyperLogLog");
    hll_clear(&h);
    return ok;
}

static bool hll_blob(struct agg_call *c, void *state, idx_t row) {
    const struct hll *h = state;
    if (!h->bits)
        return agg_out_null(c, row);
    c->scratch.len = 0;
    hll_write(h, &c->scratch);
    return buf_ok(&c->scratch) ? agg_out_bytes(c, row, buf_bytes(&c->scratch)) : agg_no_memory(c);
}

static bool hll_count(struct agg_call *c, void *state, idx_t row) {
    const struct hll *h = state;
    return agg_out_i64(c, row, h->bits ? hll_cardinality(h) : 0);
}

static void hll_free(void *state) {
    hll_clear(state);
}

/* ---- t-digest ---- */
struct percentile_state {
    struct tdigest digest;
    double *wanted; /* of the last row, which is the same in all */
    size_t count;
};

static bool add_weighted(struct agg_call *c, struct tdigest *t, double value, double weight) {
    if (t->compression == 0)
        tdigest_init(t);
    if (!isfinite(value))
        return agg_fail(c, "INVALID_FUNCTION_ARGUMENT", "value must be finite; was %s",
                        isnan(value) ? "NaN"
                        : value > 0  ? "Infinity"
                                     : "-Infinity");
    return tdigest_add(t, value, weight) || agg_no_memory(c);
}

/* (value, weight) */
static bool tdigest_step(struct agg_call *c, void *state, idx_t row) {
    double weight = agg_f64(c, 1, row);
    if (!(weight >= 1 && isfinite(weight)))
        return agg_fail(c, "INVALID_FUNCTION_ARGUMENT", "weight must be >= 1, was %.17g", weight);
    return add_weighted(c, state, agg_f64(c, 0, row), weight);
}

static bool tdigest_combine(struct agg_call *c, void *into, const void *from) {
    struct tdigest *t = into;
    const struct tdigest *other = from;
    if (other->compression == 0)
        return true;
    if (t->compression == 0)
        tdigest_init(t);
    return tdigest_merge(t, other) || agg_no_memory(c);
}

static bool tdigest_merge_step(struct agg_call *c, void *state, idx_t row) {
    struct tdigest t;
    bool ok = tdigest_read(&t, agg_str(c, 0, row));
    ok = ok ? tdigest_combine(c, state, &t)
            : agg_fail(c, "INVALID_FUNCTION_ARGUMENT", "Cannot deserialize tdigest");
    tdigest_clear(&t);
    return ok;
}

static bool tdigest_blob(struct agg_call *c, void *state, idx_t row) {
    struct tdigest *t = state;
    if (t->compression == 0)
        return agg_out_null(c, row);
    c->scratch.len = 0;
    tdigest_write(t, &c->scratch);
    return buf_ok(&c->scratch) ? agg_out_bytes(c, row, buf_bytes(&c->scratch)) : agg_no_memory(c);
}

static void tdigest_free(void *state) {
    tdigest_clear(state);
}

/* ---- approx_percentile: (value, weight, percentiles) ---- */
static bool want(struct agg_call *c, struct percentile_state *s, const double *p, size_t n) {
    double *room = mem_realloc(s->wanted, (n ? n : 1) * sizeof(*room));
    if (!room)
        return agg_no_memory(c);
    s->wanted = room;
    s->count = n;
    if (n)
        memcpy(room, p, n * sizeof(*p));
    return true;
}

static bool percentile_step(struct agg_call *c, void *state, idx_t row) {
    struct percentile_state *s = state;
    duckdb_list_entry e = value_list(&c->args[2], row);
    const struct value *items = value_items(&c->args[2]);
    double weight = agg_f64(c, 1, row);
    for (idx_t k = 0; k < e.length; k++) {
        double p = ((const double *)items->data)[e.offset + k];
        if (value_is_null(items, e.offset + k))
            return agg_fail(c, "INVALID_FUNCTION_ARGUMENT", "Percentile cannot be null");
        if (!(p >= 0 && p <= 1))
            return agg_fail(c, "INVALID_FUNCTION_ARGUMENT", "Percentile must be between 0 and 1");
    }
    if (!(weight > 0))
        return agg_fail(c, "INVALID_FUNCTION_ARGUMENT", "percentile weight must be > 0");
    if (s->count != e.length || !s->wanted)
        if (!want(c, s, (const double *)items->data + e.offset, e.length))
            return false;
    return add_weighted(c, &s->digest, agg_f64(c, 0, row), weight);
}

static bool percentile_combine(struct agg_call *c, void *into, const void *from) {
    struct percentile_state *s = into;
    const struct percentile_state *other = from;
    if (!other->wanted)
        return true;
    return (s->wanted || want(c, s, other->wanted, other->count)) &&
           tdigest_combine(c, &s->digest, &other->digest);
}

static bool percentile_finish(struct agg_call *c, void *state, idx_t row) {
    struct percentile_state *s = state;
    if (!s->wanted)
        return agg_out_null(c, row);
    duckdb_list_vector_reserve(c->out, c->list_size + s->count);
    duckdb_list_vector_set_size(c->out, c->list_size + s->count);
    double *out = duckdb_vector_get_data(duckdb_list_vector_get_child(c->out));
    ((duckdb_list_entry *)duckdb_vector_get_data(c->out))[row] =
        (duckdb_list_entry){c->list_size, s->count};
    for (size_t k = 0; k < s->count; k++)
        out[c->list_size++] = tdigest_value(&s->digest, s->wanted[k]);
    return true;
}

static void percentile_free(void *state) {
    struct percentile_state *s = state;
    mem_free(s->wanted);
    tdigest_clear(&s->digest);
}

const struct duck_aggregate agg_sketch_table[] = {
    {"t_hll_agg", "BIGINT, INTEGER", "BLOB", sizeof(struct hll), hll_step, hll_combine, hll_blob,
     hll_free},
    {"t_hll_count", "BIGINT, INTEGER", "BIGINT", sizeof(struct hll), hll_step, hll_combine,
     hll_count, hll_free},
    {"t_hll_merge", "BLOB", "BLOB", sizeof(struct hll), hll_merge_step, hll_combine, hll_blob,
     hll_free},
    {"t_tdigest_agg", "DOUBLE, DOUBLE", "BLOB", sizeof(struct tdigest), tdigest_step,
     tdigest_combine, tdigest_blob, tdigest_free},
    {"t_tdigest_merge", "BLOB", "BLOB", sizeof(struct tdigest), tdigest_merge_step, tdigest_combine,
     tdigest_blob, tdigest_free},
    {"t_percentiles", "DOUBLE, DOUBLE, DOUBLE[]", "DOUBLE[]", sizeof(struct percentile_state),
     percentile_step, percentile_combine, percentile_finish, percentile_free},
};
const size_t agg_sketch_count = COUNT_OF(agg_sketch_table);
