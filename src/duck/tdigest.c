/* tdigest.c - t-digest by merging.
 *
 * Values are appended as centroids of their weight. When there is no more room all are sorted and
 * neighbours are merged into one as long as its weight stays below a bound that is small towards
 * both ends, q (1 - q): extreme quantiles stay exact. Passes alternate their direction, to spread
 * what rounding does. A quantile is interpolated between neighbouring means; single values are
 * exact. */
#include "duck/tdigest.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>

#define COMPRESSION 100

void tdigest_init(struct tdigest *t) {
    *t = (struct tdigest){.compression = COMPRESSION, .min = INFINITY, .max = -INFINITY};
}

void tdigest_clear(struct tdigest *t) {
    mem_free(t->centroids);
    tdigest_init(t);
}

static size_t most_centroids(const struct tdigest *t) {
    return (size_t)(6 * (2 * t->compression + 10));
}

static int by_mean(const void *x, const void *y) {
    const struct centroid *a = x, *b = y;
    return a->mean < b->mean ? -1 : a->mean > b->mean;
}

static void reverse(struct tdigest *t) {
    for (size_t i = 0, j = t->count; i + 1 < j; i++) {
        struct centroid c = t->centroids[i];
        t->centroids[i] = t->centroids[--j];
        t->centroids[j] = c;
    }
}

static double widest(double quantile, double normalizer) {
    return quantile * (1 - quantile) / normalizer;
}

static void merge_neighbours(struct tdigest *t, double compression) {
    if (!t->count)
        return;
    qsort(t->centroids, t->count, sizeof(*t->centroids), by_mean);
    if (t->backwards)
        reverse(t);
    double normalizer = compression / (4 * log(t->total / compression) + 24);
    double before = 0, bound = widest(0, normalizer);
    size_t last = 0;
    for (size_t i = 1; i < t->count; i++) {
        struct centroid *c = &t->centroids[last], x = t->centroids[i];
        double weight = c->weight + x.weight, quantile = MIN_OF((before + weight) / t->total, 1);
        if (weight <= t->total * MIN_OF(bound, widest(quantile, normalizer))) {
            c->mean += (x.mean - c->mean) * x.weight / weight;
            c->weight = weight;
            continue;
        }
        before += c->weight;
        bound = widest(before / t->total, normalizer);
        t->centroids[++last] = x;
    }
    t->count = last + 1;
    if (t->backwards)
        reverse(t);
    t->backwards = !t->backwards;
}

static bool grow(struct tdigest *t, size_t room) {
    struct centroid *grown = mem_realloc(t->centroids, room * sizeof(*grown));
    if (!grown)
        return false;
    t->centroids = grown;
    t->room = room;
    return true;
}

bool tdigest_add(struct tdigest *t, double value, double weight) {
    if (t->count == t->room) {
        size_t most = most_centroids(t);
        if (t->room < most) {
            if (!grow(t, MIN_OF(MAX_OF(t->room * 2, (size_t)8), most)))
                return false;
        } else {
            merge_neighbours(t, 2 * t->compression);
            if (t->count == t->room && !grow(t, t->room * 2))
                return false;
        }
    }
    t->centroids[t->count++] = (struct centroid){value, weight};
    t->total += weight;
    t->min = MIN_OF(t->min, value);
    t->max = MAX_OF(t->max, value);
    t->unmerged = true;
    return true;
}

bool tdigest_merge(struct tdigest *t, const struct tdigest *other) {
    if (t->count + other->count > t->room) {
        merge_neighbours(t, 2 * t->compression);
        if (t->count + other->count > t->room && !grow(t, t->count + other->count))
            return false;
    }
    if (other->count)
        memcpy(t->centroids + t->count, other->centroids, other->count * sizeof(*t->centroids));
    t->count += other->count;
    t->total += other->total;
    t->min = MIN_OF(t->min, other->min);
    t->max = MAX_OF(t->max, other->max);
    t->unmerged = true;
    return true;
}

static double between(double x, double x0, double y0, double x1, double y1) {
    return y0 + (x - x0) / (x1 - x0) * (y1 - y0);
}

/* Between centroids i and i + 1; `offset` values behind the middle of i, whose distance is `width`.
 */
static double inside(const struct tdigest *t, size_t i, double offset, double width) {
    const struct centroid *a = &t->centroids[i], *b = a + 1;
    if (a->weight == 1 && offset < 0.5)
        return a->mean;
    if (b->weight == 1 && offset >= a->weight / 2)
        return b->mean;
    if (a->weight == 1) {
        offset -= 0.5;
        width = b->weight / 2;
    } else if (b->weight == 1) {
        width = a->weight / 2;
    }
    return between(offset, 0, a->mean, width, b->mean);
}

double tdigest_value(struct tdigest *t, double quantile) {
    if (!t->count)
        return NAN;
    if (t->unmerged)
        merge_neighbours(t, 2 * t->compression);
    t->unmerged = false;
    if (t->count == 1)
        return t->centroids[0].mean;
    struct centroid first = t->centroids[0], last = t->centroids[t->count - 1];
    double at = quantile * t->total;
    if (at < 1)
        return t->min;
    if (at < first.weight / 2)
        return between(at, 1, t->min, first.weight / 2, first.mean);
    if (at <= t->total - 1 && t->total - at <= last.weight / 2 && last.weight / 2 > 1)
        return between(t->total - at, 1, t->max, last.weight / 2, last.mean);
    if (at >= t->total - 1)
        return t->max;
    double so_far = first.weight / 2;
    for (size_t i = 0; i + 1 < t->count; i++) {
        double width = (t->centroids[i].weight + t->centroids[i + 1].weight) / 2;
        if (so_far + width > at)
            return inside(t, i, at - so_far, width);
        so_far += width;
    }
    if (last.weight / 2 > 1)
        return between(t->total - at, 1, t->max, last.weight / 2, last.mean);
    return t->max;
}

double tdigest_quantile(struct tdigest *t, double value) {
    if (!t->count)
        return NAN;
    if (t->unmerged)
        merge_neighbours(t, 2 * t->compression);
    t->unmerged = false;
    if (value < t->min)
        return 0;
    if (value >= t->max)
        return 1;
    double before = 0, mean = t->min, middle = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct centroid *c = &t->centroids[i];
        double at = before + c->weight / 2;
        if (value < c->mean)
            return between(value, mean, middle, c->mean, at) / t->total;
        before += c->weight;
        mean = c->mean;
        middle = at;
    }
    return between(value, mean, middle, t->max, t->total) / t->total;
}

void tdigest_scale(struct tdigest *t, double factor) {
    for (size_t i = 0; i < t->count; i++)
        t->centroids[i].weight *= factor;
    t->total *= factor;
}

/* ---- serialized: little endian ---- */
static void add_double(struct buf *out, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    for (int k = 0; k < 8; k++)
        buf_add_char(out, (char)(bits >> 8 * k & 0xff));
}

void tdigest_write(struct tdigest *t, struct buf *out) {
    merge_neighbours(t, t->compression);
    buf_add_char(out, 0);
    add_double(out, t->min);
    add_double(out, t->max);
    add_double(out, t->compression);
    add_double(out, t->total);
    for (int k = 0; k < 4; k++)
        buf_add_char(out, (char)(t->count >> 8 * k & 0xff));
    for (size_t i = 0; i < t->count; i++)
        add_double(out, t->centroids[i].mean);
    for (size_t i = 0; i < t->count; i++)
        add_double(out, t->centroids[i].weight);
}

static double double_at(struct bytes t, size_t at) {
    uint64_t bits = 0;
    double v;
    for (size_t k = 8; k-- > 0;)
        bits = bits << 8 | (unsigned char)t.ptr[at + k];
    memcpy(&v, &bits, sizeof(v));
    return v;
}

bool tdigest_read(struct tdigest *t, struct bytes text) {
    tdigest_init(t);
    if (text.len < 37 || text.ptr[0] != 0)
        return false;
    size_t n = 0;
    for (size_t k = 4; k-- > 0;)
        n = n << 8 | (unsigned char)text.ptr[33 + k];
    t->min = double_at(text, 1);
    t->max = double_at(text, 9);
    t->compression = double_at(text, 17);
    t->total = double_at(text, 25);
    if (text.len != 37 + 16 * n || !(t->compression >= 10 && t->compression <= 10000) ||
        !grow(t, n ? n : 1))
        return false;
    for (; t->count < n; t->count++)
        t->centroids[t->count] = (struct centroid){double_at(text, 37 + 8 * t->count),
                                                   double_at(text, 37 + 8 * (n + t->count))};
    return true;
}
