/* value.h - values of any type in DuckDB's vectors, as Trino compares them; inside duck only.
 *
 * A C function whose argument is ANY opens its vector once per chunk and then works on rows of it.
 * Equality is three-valued over arrays, rows and maps; maps are equal in any order; NaN equals
 * nothing, but is one value where values are told apart (DISTINCT, keys). Sorting puts NaN last.
 * Source: https://trino.io/docs/current/language/types.html */
#ifndef TARN_DUCK_VALUE_H
#define TARN_DUCK_VALUE_H

#include "duck/fn_call.h"

struct value {
    duckdb_type kind; /* decimals have their physical type's, HUGEINT for 16 bytes */
    const void *data;
    const uint64_t *validity;
    size_t child_count;     /* list and map: 1 (a map's is a struct of key and value) */
    struct value *children; /* owned */
    duckdb_vector copy;     /* owned; of the outermost, when it is nested */
};

/* The first `rows` of it. False when memory is short. The vector must outlive the value. */
bool value_open(struct value *v, duckdb_vector vector, idx_t rows) WARN_UNUSED;
void value_close(struct value *v);

static inline bool value_is_null(const struct value *v, idx_t row) {
    return v->kind == DUCKDB_TYPE_SQLNULL || duck_fn_is_null(v->validity, row);
}
static inline duckdb_list_entry value_list(const struct value *v, idx_t row) {
    return ((const duckdb_list_entry *)v->data)[row];
}
/* A list's or map's elements. */
static inline const struct value *value_items(const struct value *v) {
    return &v->children[0];
}

enum value_truth { VALUE_FALSE, VALUE_TRUE, VALUE_UNKNOWN };
/* a = b */
enum value_truth value_equal(const struct value *a, idx_t i, const struct value *b, idx_t j);
/* a IS NOT DISTINCT FROM b */
bool value_same(const struct value *a, idx_t i, const struct value *b, idx_t j);
/* Equal for values that are the same. */
uint64_t value_hash(const struct value *v, idx_t row);
/* Below, above or equal, NULL being above everything; *ret_null: a NULL was met, so that < is NULL.
 */
int value_order(const struct value *a, idx_t i, const struct value *b, idx_t j, bool *ret_null);
bool value_is_nan(const struct value *v, idx_t row);
/* NULL, or with a NULL somewhere within. */
bool value_is_indeterminate(const struct value *v, idx_t row);

/* The opened arguments of a call, once per chunk; closed with it. NULL after an error was raised.
 */
const struct value *fn_values(struct fn_call *c);

/* ---- a set of rows ---- */
struct value_set {
    const struct value **values; /* of each slot; NULL: free */
    idx_t *rows;
    size_t *numbers; /* of each slot: how many came before */
    size_t room, count;
};
/* For at most `count` rows. False when memory is short. */
bool value_set_init(struct value_set *s, size_t count) WARN_UNUSED;
void value_set_clear(struct value_set *s);
/* True when it was not there; *ret_number is its number either way (may be NULL). */
bool value_set_add(struct value_set *s, const struct value *v, idx_t row, size_t *ret_number);
bool value_set_has(const struct value_set *s, const struct value *v, idx_t row);

#endif
