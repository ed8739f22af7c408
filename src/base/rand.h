/* rand.h - identifiers and seeded numbers. */
#ifndef TARN_BASE_RAND_H
#define TARN_BASE_RAND_H

#include "base/compiler.h"

#define UUID_TEXT_LEN 36
/* A random lower-case version 4 UUID with NUL, from the kernel's generator. Thread-safe. */
void uuid_make(char out[UUID_TEXT_LEN + 1]);
/* Fills from getrandom(2). */
void rand_bytes(void *out, size_t len);

/* A small seeded generator (splitmix64) for test data: same seed, same numbers. */
struct rand_seeded {
    uint64_t state;
};
uint64_t rand_next(struct rand_seeded *r);
/* Uniform in [0, bound). */
uint64_t rand_below(struct rand_seeded *r, uint64_t bound);
/* Uniform in [0, 1). */
double rand_unit(struct rand_seeded *r);

#endif
