/* tdigest.h - t-digest: quantiles of a stream of numbers, as Trino's tdigest. Free of DuckDB.
 *
 * The serialized form is Trino's. Source: https://trino.io/docs/current/functions/tdigest.html and
 * T. Dunning, O. Ertl, "Computing Extremely Accurate Quantiles Using t-Digests" */
#ifndef TARN_DUCK_TDIGEST_H
#define TARN_DUCK_TDIGEST_H

#include "base/bytes.h"

struct centroid {
    double mean, weight;
};
struct tdigest {
    double compression, min, max, total;
    struct centroid *centroids;
    size_t count, room;
    bool unmerged, backwards;
};

void tdigest_init(struct tdigest *t);
void tdigest_clear(struct tdigest *t);
/* Both are finite. False when memory is short. */
bool tdigest_add(struct tdigest *t, double value, double weight) WARN_UNUSED;
bool tdigest_merge(struct tdigest *t, const struct tdigest *other) WARN_UNUSED;
/* quantile in [0, 1]; NaN when it is empty. Merges first, so that it changes the digest's form. */
double tdigest_value(struct tdigest *t, double quantile);
/* The share of the values up to this one; NaN when it is empty. */
double tdigest_quantile(struct tdigest *t, double value);
void tdigest_scale(struct tdigest *t, double factor);
void tdigest_write(struct tdigest *t, struct buf *out);
/* False when malformed or memory is short; clear in any case. */
bool tdigest_read(struct tdigest *t, struct bytes text) WARN_UNUSED;

#endif
