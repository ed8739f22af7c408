/* rand.c - identifiers from the kernel's generator; splitmix64 for repeatable test data. */
#include "base/rand.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(void *out, size_t len) {
    char *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno != EINTR) {
            abort(); /* no entropy source at all: identifiers would repeat */
        }
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
}

void uuid_make(char out[UUID_TEXT_LEN + 1]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[16];
    rand_bytes(raw, sizeof(raw));
    raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40); /* version 4 */
    raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80); /* RFC 9562 variant */
    char *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = digits[raw[i] >> 4];
        *at++ = digits[raw[i] & 15];
    }
    *at = '\0';
}

uint64_t rand_next(struct rand_seeded *r) {
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t rand_below(struct rand_seeded *r, uint64_t bound) {
    assert(bound > 0);
    uint64_t skip = (0 - bound) % bound; /* values below it would favour small results */
    uint64_t x = rand_next(r);
    while (x < skip) {
        x = rand_next(r);
    }
    return x % bound;
}

double rand_unit(struct rand_seeded *r) {
    return (double)(rand_next(r) >> 11) * 0x1p-53;
}
