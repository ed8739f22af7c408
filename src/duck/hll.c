/* hll.c - HyperLogLog.
 *
 * A hash's first bits choose a register, which keeps the greatest position of the first 1 in the
 * rest. The mean of 2^-register over all registers tells how many hashes there were, with a bias
 * for few. Instead of measured tables the bias is computed: with n hashes in m registers, each gets
 * about Poisson(n / m) of them, so that the expected mean is a sum over the register's values; the
 * estimate is the n whose expected raw estimate is the one found (bisection). */
#include "duck/hll.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>

#define PREFIX_BITS 26
#define VALUE_BITS 6
enum { SPARSE_TAG = 2, DENSE_TAG = 3 };

int hll_bits(double error) {
    if (!(error >= 0.0040625 && error <= 0.26))
        return 0;
    double buckets = ceil(1.0816 / (error * error));
    int bits = 0;
    while ((1 << bits) < buckets)
        bits++;
    return bits < 4 ? 4 : bits;
}

void hll_init(struct hll *h, int bits) {
    *h = (struct hll){.bits = bits};
}

void hll_clear(struct hll *h) {
    mem_free(h->entries);
    mem_free(h->registers);
    *h = (struct hll){0};
}

/* The zeros in front, behind the first `bits`. */
static int zeros_behind(uint64_t hash, int bits) {
    return __builtin_clzll(hash << bits | UINT64_C(1) << (bits - 1));
}

static void raise_register(struct hll *h, uint32_t index, int value) {
    if (h->registers[index] < value)
        h->registers[index] = (unsigned char)value;
}

/* ---- sparse ---- */
static void spread_entry(struct hll *h, uint32_t entry) {
    uint32_t index = entry >> (32 - h->bits), rest = entry << h->bits;
    int known = PREFIX_BITS - h->bits;
    int zeros = rest ? __builtin_clz(rest) : 32;
    if (zeros >= known)
        zeros = known + (int)(entry & ((1 << VALUE_BITS) - 1));
    raise_register(h, index, zeros + 1);
}

static bool make_dense(struct hll *h) {
    h->registers = mem_calloc((size_t)1 << h->bits, 1);
    if (!h->registers)
        return false;
    for (uint32_t i = 0; i < h->count; i++)
        spread_entry(h, h->entries[i]);
    mem_free(h->entries);
    h->entries = NULL;
    h->count = h->room = 0;
    return true;
}

/* Where an entry of this prefix is or belongs. */
static uint32_t entry_place(const struct hll *h, uint32_t prefix) {
    uint32_t low = 0, high = h->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (h->entries[middle] >> VALUE_BITS < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool add_entry(struct hll *h, uint32_t entry) {
    uint32_t prefix = entry >> VALUE_BITS, at = entry_place(h, prefix);
    if (at < h->count && h->entries[at] >> VALUE_BITS == prefix) {
        h->entries[at] = MAX_OF(h->entries[at], entry);
        return true;
    }
    if (h->count == h->room) { /* grows as Trino's does, which decides when it becomes dense */
        uint32_t room = h->room ? h->room + 10 : 1;
        uint32_t *grown = mem_realloc(h->entries, room * sizeof(*grown));
        if (!grown)
            return false;
        h->entries = grown;
        h->room = room;
    }
    memmove(h->entries + at + 1, h->entries + at, (h->count - at) * sizeof(*h->entries));
    h->entries[at] = entry;
    h->count++;
    return true;
}

/* Denser storage would be smaller: Trino's sizes of both in memory. */
static bool is_crowded(const struct hll *h) {
    return 40 + 4 * (size_t)h->room > 88 + ((size_t)1 << h->bits) / 2;
}

bool hll_add(struct hll *h, uint64_t hash) {
    if (h->registers) {
        raise_register(h, (uint32_t)(hash >> (64 - h->bits)), zeros_behind(hash, h->bits) + 1);
        return true;
    }
    uint32_t entry = (uint32_t)(hash >> (64 - PREFIX_BITS)) << VALUE_BITS |
                     (uint32_t)zeros_behind(hash, PREFIX_BITS);
    if (!add_entry(h, entry))
        return false;
    return !is_crowded(h) || make_dense(h);
}

bool hll_merge(struct hll *h, const struct hll *other) {
    if (other->registers && !h->registers && !make_dense(h))
        return false;
    for (uint32_t i = 0; other->registers && i < (uint32_t)1 << h->bits; i++)
        raise_register(h, i, other->registers[i]);
    for (uint32_t i = 0; !other->registers && i < other->count; i++) {
        if (h->registers)
            spread_entry(h, other->entries[i]);
        else if (!add_entry(h, other->entries[i]))
            return false;
    }
    return h->registers || !is_crowded(h) || make_dense(h);
}

/* ---- the estimate ---- */
static double alpha(int bits) {
    if (bits <= 6)
        return bits == 4 ? 0.673 : bits == 5 ? 0.697 : 0.709;
    return 0.7213 / (1 + 1.079 / (1 << bits));
}

/* The raw estimate to be expected of Poisson(n) hashes: E[1/S] of the registers' sum S, to second
 * order. */
static double poisson_raw(int bits, double n) {
    double m = 1 << bits, rate = n / m, mean = 0, square = 0, below = 0;
    for (int k = 0; k <= 64 - bits + 1; k++) {
        double to = exp(-rate * ldexp(1, -k)); /* P(register <= k) */
        double p = to - below;
        mean += p * ldexp(1, -k);
        square += p * ldexp(1, -2 * k);
        below = to;
    }
    double variance = (square - mean * mean) / (m * mean * mean);
    return alpha(bits) * m / mean * (1 + variance);
}

/* The same of exactly n: less what the spread of Poisson(n) adds. */
static double expected_raw(int bits, double n) {
    double h = n / 20, at = poisson_raw(bits, n);
    double second = (poisson_raw(bits, n + h) - 2 * at + poisson_raw(bits, n - h)) / (h * h);
    return at - n / 2 * second;
}

static double without_bias(int bits, double raw) {
    double m = 1 << bits, low = 0, high = 6 * m;
    if (raw > 5 * m)
        return raw;
    while (high - low > 0.01) {
        double middle = (low + high) / 2;
        if (expected_raw(bits, middle) < raw)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int64_t linear(double zero, double total) {
    return llround(total * log(total / zero));
}

int64_t hll_cardinality(const struct hll *h) {
    if (!h->registers)
        return linear((1 << PREFIX_BITS) - (double)h->count, 1 << PREFIX_BITS);
    double m = 1 << h->bits, sum = 0;
    uint32_t zero = 0;
    for (uint32_t i = 0; i < (uint32_t)1 << h->bits; i++) {
        zero += h->registers[i] == 0;
        sum += ldexp(1, -h->registers[i]);
    }
    if (zero > 0.4 * m)
        return linear(zero, m);
    return llround(without_bias(h->bits, alpha(h->bits) * m * m / sum));
}

/* ---- serialized: little endian ---- */
static void add_number(struct buf *out, uint32_t v, int bytes) {
    for (int k = 0; k < bytes; k++)
        buf_add_char(out, (char)(v >> 8 * k & 0xff));
}

static void write_dense(const struct hll *h, struct buf *out) {
    uint32_t n = (uint32_t)1 << h->bits, over = 0;
    int base = 255;
    for (uint32_t i = 0; i < n; i++)
        base = MIN_OF(base, h->registers[i]);
    add_number(out, DENSE_TAG, 1);
    add_number(out, (uint32_t)h->bits, 1);
    add_number(out, (uint32_t)base, 1);
    for (uint32_t i = 0; i < n; i += 2)
        add_number(out,
                   (uint32_t)(MIN_OF(h->registers[i] - base, 15) << 4 |
                              MIN_OF(h->registers[i + 1] - base, 15)),
                   1);
    for (uint32_t i = 0; i < n; i++)
        over += h->registers[i] - base > 15;
    add_number(out, over, 2);
    for (uint32_t i = 0; i < n; i++)
        if (h->registers[i] - base > 15)
            add_number(out, i, 2);
    for (uint32_t i = 0; i < n; i++)
        if (h->registers[i] - base > 15)
            add_number(out, (uint32_t)(h->registers[i] - base - 15), 1);
}

void hll_write(const struct hll *h, struct buf *out) {
    if (h->registers) {
        write_dense(h, out);
        return;
    }
    add_number(out, SPARSE_TAG, 1);
    add_number(out, (uint32_t)h->bits, 1);
    add_number(out, h->count, 2);
    for (uint32_t i = 0; i < h->count; i++)
        add_number(out, h->entries[i], 4);
}

static uint32_t number_at(struct bytes t, size_t at, int bytes) {
    uint32_t v = 0;
    for (int k = bytes - 1; k >= 0; k--)
        v = v << 8 | (unsigned char)t.ptr[at + (size_t)k];
    return v;
}

static bool read_sparse(struct hll *h, struct bytes t) {
    uint32_t n = number_at(t, 2, 2);
    if (t.len != 4 + 4 * (size_t)n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!add_entry(h, number_at(t, 4 + 4 * (size_t)i, 4)))
            return false;
    return true;
}

static bool read_dense(struct hll *h, struct bytes t) {
    uint32_t n = (uint32_t)1 << h->bits;
    size_t over_at = 3 + n / 2;
    if (t.len < over_at + 2 || !make_dense(h))
        return false;
    uint32_t over = number_at(t, over_at, 2);
    if (t.len != over_at + 2 + 3 * (size_t)over)
        return false;
    uint32_t base = number_at(t, 2, 1);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t pair = number_at(t, 3 + i / 2, 1);
        h->registers[i] = (unsigned char)(base + (i % 2 ? pair & 15 : pair >> 4));
    }
    for (uint32_t k = 0; k < over; k++) {
        uint32_t index = number_at(t, over_at + 2 + 2 * (size_t)k, 2);
        if (index >= n)
            return false;
        h->registers[index] = (unsigned char)(h->registers[index] +
                                              number_at(t, over_at + 2 + 2 * (size_t)over + k, 1));
    }
    for (uint32_t i = 0; i < n; i++)
        if (h->registers[i] > 64)
            return false;
    return true;
}

bool hll_read(struct hll *h, struct bytes t) {
    *h = (struct hll){0};
    if (t.len < 4 || (t.ptr[0] != SPARSE_TAG && t.ptr[0] != DENSE_TAG) || t.ptr[1] < 1 ||
        t.ptr[1] > 16)
        return false;
    h->bits = t.ptr[1];
    return t.ptr[0] == SPARSE_TAG ? read_sparse(h, t) : read_dense(h, t);
}
