/* fn_sketch.c - Trino's 64-bit hashes of values, and what is read out of sketches. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/hll.h"
#include "duck/tdigest.h"
#include "duck/value.h"
#include <math.h>

/* ---- hashes ---- */
static uint64_t hash_long(int64_t v) {
    char b[8];
    for (int k = 0; k < 8; k++)
        b[k] = (char)((uint64_t)v >> 8 * k & 0xff);
    return duck_xx64(bytes_of(b, 8));
}

static uint64_t hash_float(const struct value *v, idx_t i) {
    if (v->kind == DUCKDB_TYPE_FLOAT) {
        float f = ((const float *)v->data)[i];
        int32_t bits;
        f = isnan(f) ? (float)NAN : f + 0.0f;
        memcpy(&bits, &f, sizeof(bits));
        return hash_long(bits);
    }
    double d = ((const double *)v->data)[i];
    int64_t bits;
    d = isnan(d) ? (double)NAN : d + 0.0;
    memcpy(&bits, &d, sizeof(bits));
    return hash_long(bits);
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static uint64_t hash_leaf(const struct value *v, idx_t i) {
    switch (v->kind) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
        return hash_long(((const int8_t *)v->data)[i]);
    case DUCKDB_TYPE_SMALLINT:
        return hash_long(((const int16_t *)v->data)[i]);
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
        return hash_long(((const int32_t *)v->data)[i]);
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
        return hash_float(v, i);
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UUID:
        return hash_long(((const duckdb_hugeint *)v->data)[i].upper) ^
               hash_long((int64_t)((const duckdb_hugeint *)v->data)[i].lower);
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
        return duck_xx64(duck_string((const duckdb_string_t *)v->data + i));
    case DUCKDB_TYPE_TIMESTAMP_TZ: /* hashed in milliseconds */
        return hash_long(floor_div(((const int64_t *)v->data)[i], 1000));
    case DUCKDB_TYPE_TIME: /* in picoseconds */
        return hash_long(((const int64_t *)v->data)[i] * 1000000);
    default:
        return hash_long(((const int64_t *)v->data)[i]);
    }
}

static uint64_t hash_value(const struct value *v, idx_t i) {
    uint64_t h = v->kind == DUCKDB_TYPE_STRUCT ? 1 : 0;
    if (value_is_null(v, i))
        return 0;
    if (v->kind == DUCKDB_TYPE_STRUCT) {
        for (size_t k = 0; k < v->child_count; k++)
            h = 31 * h + hash_value(&v->children[k], i);
        return h;
    }
    if (v->kind != DUCKDB_TYPE_LIST && v->kind != DUCKDB_TYPE_MAP)
        return hash_leaf(v, i);
    duckdb_list_entry e = value_list(v, i);
    const struct value *items = value_items(v);
    for (idx_t k = e.offset; k < e.offset + e.length; k++)
        h = v->kind == DUCKDB_TYPE_LIST
                ? 31 * h + hash_value(items, k)
                : h + (hash_value(&items->children[0], k) ^ hash_value(&items->children[1], k));
    return h;
}

FN(hash) {
    const struct value *v = fn_values(c);
    return v && fn_out_i64(c, i, (int64_t)hash_value(&v[0], i));
}

/* ---- HyperLogLog ---- */
FN(hll_bits) {
    int bits = hll_bits(fn_f64(c, 0, i));
    return bits ? fn_out_i32(c, i, bits)
                : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                          "Standard error must be in [0.0040625, 0.26]: %.17g", fn_f64(c, 0, i));
}

FN(hll_cardinality) {
    struct hll h;
    bool ok = hll_read(&h, fn_str(c, 0, i));
    int64_t n = ok ? hll_cardinality(&h) : 0;
    hll_clear(&h);
    return ok ? fn_out_i64(c, i, n)
              : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Cannot deserialize HyperLogLog");
}

FN(hll_empty) {
    struct hll h;
    hll_init(&h, fn_i32(c, 0, i));
    c->scratch.len = 0;
    hll_write(&h, &c->scratch);
    return fn_out_scratch(c, i);
}

/* ---- t-digest ---- */
static bool open_digest(struct fn_call *c, idx_t i, struct tdigest *t) {
    if (tdigest_read(t, fn_str(c, 0, i)))
        return true;
    tdigest_clear(t);
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Cannot deserialize tdigest");
}

FN(tdigest_value) {
    struct tdigest t;
    double q = fn_f64(c, 1, i);
    if (!(q >= 0 && q <= 1))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "quantiles should be in [0, 1] range");
    if (!open_digest(c, i, &t))
        return false;
    double v = tdigest_value(&t, q);
    tdigest_clear(&t);
    return fn_out_f64(c, i, v);
}

FN(tdigest_quantile) {
    struct tdigest t;
    if (!open_digest(c, i, &t))
        return false;
    double v = tdigest_quantile(&t, fn_f64(c, 1, i));
    tdigest_clear(&t);
    return fn_out_f64(c, i, v);
}

FN(tdigest_scale) {
    struct tdigest t;
    double factor = fn_f64(c, 1, i);
    if (!(factor > 0))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Scale factor should be positive");
    if (!open_digest(c, i, &t))
        return false;
    tdigest_scale(&t, factor);
    c->scratch.len = 0;
    tdigest_write(&t, &c->scratch);
    tdigest_clear(&t);
    return fn_out_scratch(c, i);
}

const struct duck_function fn_sketch_table[] = {
    {"t_hash", "ANY", "BIGINT", call_hash, 0, NULL},
    {"t_hll_bits", "DOUBLE", "INTEGER", call_hll_bits, 0, NULL},
    {"t_hll_cardinality", "BLOB", "BIGINT", call_hll_cardinality, 0, NULL},
    {"t_hll_empty", "INTEGER", "BLOB", call_hll_empty, 0, NULL},
    {"t_tdigest_value", "BLOB, DOUBLE", "DOUBLE", call_tdigest_value, 0, NULL},
    {"t_tdigest_quantile", "BLOB, DOUBLE", "DOUBLE", call_tdigest_quantile, 0, NULL},
    {"t_tdigest_scale", "BLOB, DOUBLE", "BLOB", call_tdigest_scale, 0, NULL},
};
const size_t fn_sketch_count = COUNT_OF(fn_sketch_table);
