/* hll.h - HyperLogLog as Trino counts with it: the same hashes give the same estimate.
 *
 * Few values are kept as 26 bits of hash each; beyond a size as 2^bits registers. The serialized
 * form is the one that Trino and Presto write, so sketches stored by them can be read. Free of
 * DuckDB. Source: https://trino.io/docs/current/functions/hyperloglog.html and S. Heule et al.,
 * "HyperLogLog in Practice", EDBT 2013 */
#ifndef TARN_DUCK_HLL_H
#define TARN_DUCK_HLL_H

#include "base/bytes.h"

struct hll {
    int bits;                 /* of a register's index: 4 to 16; 0: not begun */
    uint32_t *entries;        /* sparse: 26 bits of hash, 6 of the zeros behind; sorted */
    uint32_t count, room;     /* of entries */
    unsigned char *registers; /* dense, 2^bits; NULL: sparse */
};

/* The bits for a standard error; 0 when it is out of range [0.0040625, 0.26]. */
int hll_bits(double error);
void hll_init(struct hll *h, int bits);
void hll_clear(struct hll *h);
/* False when memory is short. */
bool hll_add(struct hll *h, uint64_t hash) WARN_UNUSED;
/* False when memory is short. Both have the same bits. */
bool hll_merge(struct hll *h, const struct hll *other) WARN_UNUSED;
int64_t hll_cardinality(const struct hll *h);
void hll_write(const struct hll *h, struct buf *out);
/* False when malformed or memory is short; clear in any case. */
bool hll_read(struct hll *h, struct bytes text) WARN_UNUSED;

#endif
