/* decoder_int.h - inside the decoder: the compiled schema, and the parts that walkers share.
 *
 * decoder.c builds the plan and owns the decoder; decoder_walk.h is the walk over the text,
 * compiled once per instruction set; decoder_value.c, decoder_number.c, decoder_time.c and
 * decoder_string.c turn texts into values and are the same for all. */
#ifndef TARN_SCHEMA_DECODER_INT_H
#define TARN_SCHEMA_DECODER_INT_H

#include "base/mem.h"
#include "schema/decoder.h"
#include <locale.h>

#define COLD __attribute__((cold, noinline))

typedef __int128 i128;
typedef unsigned __int128 u128;

/* ---- the plan ---- */

#define SLOT_TEXT 64
#define UNKNOWN_SLOTS 32
#define SKIPPED_TEXT 128

/* The last value of a member that no column wants. Text that was checked once need not be walked
 * again when it comes again. A member whose values differ is left alone for a while. */
struct skipped {
    char text[SKIPPED_TEXT];
    uint8_t len;    /* 0: none */
    uint8_t misses; /* in a row */
    uint8_t pause;  /* values to go before the next try */
};

/* One member as it was last spelled: blanks, quoted name, colon, blanks. `next` is what followed.
 */
struct slot {
    char text[SLOT_TEXT];
    uint32_t len;  /* 0: never matches */
    uint32_t mask; /* len low bits; all ones from 32 on */
    int32_t field; /* -1: a member that no column wants */
    struct slot *next;
    struct skipped *skipped; /* NULL for a field's slot */
};

struct shape;
struct map_table {
    uint32_t *places;  /* entry + 1; 0: free */
    size_t size, room; /* in use, a power of two; allocated */
};
struct node {
    enum type_kind kind;
    const struct type *type;
    struct node *children; /* array 1, map 2; struct: the shape's nodes */
    size_t child_count;
    struct shape *shape;
    bool has_list;         /* itself or below */
    size_t saved_size;     /* array, map: the child's size before this record */
    struct map_table seen; /* map: keys of the map being read */
};

/* The members of an object: the record's columns, or a struct's fields. */
struct shape {
    struct node *nodes;
    struct bytes *keys; /* normalised */
    size_t count;
    uint32_t *table; /* field + 1 by hash; 0: free */
    size_t table_mask;
    size_t longest_key;
    struct slot *slots; /* count + UNKNOWN_SLOTS, then the head and the empty slot */
    struct slot *head, *empty;
    uint64_t *seen, *all; /* bit sets of fields */
    size_t words;
};

struct string_block {
    struct string_block *older;
    size_t size, used;
    char data[];
};
struct string_mark {
    struct string_block *block;
    size_t used;
};

struct run;
typedef const char *(*walk_fn)(struct run *r, const char *p, struct decoder_vec *vecs, size_t row);

struct decoder {
    struct shape root;
    const struct bytes *names; /* top-level column names */
    bool has_list;
    size_t max_depth;
    unsigned char norm[256]; /* how a byte of a member name is compared */
    walk_fn walk;            /* one document */
    walk_fn walk_short;      /* for records shorter than min_len */
    size_t min_len;
    const char *isa;
    locale_t c_locale;
    struct string_block *strings;
};

/* One record being decoded. */
struct run {
    struct decoder *d;
    const char *begin, *end;
    struct decoder_fault *fault;
};

const char *decoder_walk_portable(struct run *r, const char *p, struct decoder_vec *v, size_t row);
const char *decoder_walk_avx2(struct run *r, const char *p, struct decoder_vec *v, size_t row);
const char *decoder_walk_neon(struct run *r, const char *p, struct decoder_vec *v, size_t row);

/* ---- faults: each fills r->fault and returns NULL ---- */
const char *decoder_fail(struct run *r, enum decoder_reason reason, const char *at, const char *fmt,
                         ...) PRINTF_LIKE(4, 5) COLD;
/* Something else stands where `wanted` must be; at the end: the record is cut off. */
const char *decoder_fail_syntax(struct run *r, const char *at, const char *wanted) COLD;
/* The well-formed value `text` at `at` does not fit the node's type. */
const char *decoder_fail_type(struct run *r, const char *at, struct bytes text,
                              const struct node *n) COLD;

/* ---- strings (decoder_string.c) ---- */
/* Index of the first byte that is not valid UTF-8, or len. */
size_t decoder_utf8_bad(const char *ptr, size_t len);
/* `from` is after the opening quote, `at` at the first backslash, the bytes between are good.
 * Decodes to the decoder's memory; returns the place after the closing quote. */
const char *decoder_unescape(struct run *r, const char *from, const char *at, struct bytes *ret);
void decoder_strings_rewind(struct decoder *d, struct string_mark mark);
/* The first `count` characters of valid UTF-8. */
struct bytes decoder_first_chars(struct bytes text, size_t count);

/* ---- numbers (decoder_number.c) ---- */
struct number {
    bool negative, integer; /* integer: neither point nor exponent */
    bool exact;             /* mantissa holds all digits: |value| = mantissa * 10^exp10 */
    uint64_t mantissa;
    int exp10;
    const char *whole, *fraction; /* digits before and after the point */
    size_t whole_len, fraction_len;
    int exponent; /* as written, clamped */
};
/* A JSON number at p; returns its end, or NULL with *bad at what is wrong. */
const char *number_scan(const char *p, const char *end, struct number *ret, const char **bad);
bool number_to_i64(const struct number *n, int64_t *ret);
/* |value| * 10^scale, rounded half up, with the sign; false beyond 38 digits. */
bool number_to_i128(const struct number *n, int scale, i128 *ret);
/* False when too large. `text` is the number's own. */
bool number_to_double(const struct number *n, struct bytes text, locale_t c, double *ret);
bool number_to_float(const struct number *n, struct bytes text, locale_t c, float *ret);

/* ---- times (decoder_time.c) ---- */
/* The common spelling "yyyy-MM-ddTHH:mm:ss[.f]Z" with its quotes: returns the place after it, or
 * NULL when it is not that (nothing is decided then). */
const char *time_scan_fast(const char *p, const char *end, int64_t *ret_us);
bool time_parse(struct bytes text, int64_t *ret_us);
bool time_parse_date(struct bytes text, int32_t *ret_days);
/* Epoch seconds, milliseconds or fractional seconds. */
bool time_from_number(const struct number *n, int64_t *ret_us);

/* ---- values (decoder_value.c) ---- */
/* A number for a column of any simple kind but the string kinds; returns its end or NULL. */
const char *decoder_number_value(struct run *r, const char *p, const struct node *n,
                                 struct decoder_vec *v, size_t row);
/* The content of a quoted string, or a map's key, for a column of any simple kind. */
bool decoder_text_value(struct run *r, const char *at, struct bytes text, const struct node *n,
                        struct decoder_vec *v, size_t row);
void decoder_null_value(const struct node *n, struct decoder_vec *v, size_t row);
/* True when the integer fits; stores it. */
bool decoder_store_int(enum type_kind kind, struct decoder_vec *v, size_t row, int64_t value);
/* Where entry `last` of the map that starts at `first` belongs: at an earlier entry with the same
 * key, or where it is. False when out of memory. */
bool decoder_map_place(struct node *map, const struct decoder_vec *keys, size_t first, size_t last,
                       size_t *ret);

/* ---- member names (decoder.c) ---- */
/* The field that a member name feeds, or -1; *ret_hash is its hash. */
int32_t decoder_find_field(const struct decoder *d, const struct shape *s, struct bytes name,
                           uint32_t *ret_hash);

/* ---- small things that must be inline ---- */
static inline void vec_set_valid(struct decoder_vec *v, size_t row) {
    v->validity[row >> 6] |= UINT64_C(1) << (row & 63);
}
static inline void vec_set_null(struct decoder_vec *v, size_t row) {
    v->validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
}
static inline uint64_t load64(const char *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}
static inline uint32_t load32(const char *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}
/* Leading decimal digits of 8 bytes; *ret_digits has each byte's value, higher bytes garbage. */
static inline unsigned count_digits8(const char *p, uint64_t *ret_digits) {
    uint64_t t = load64(p) ^ UINT64_C(0x3030303030303030);
    uint64_t bad = ((t + UINT64_C(0x0606060606060606)) | t) & UINT64_C(0xF0F0F0F0F0F0F0F0);
    *ret_digits = t;
    return bad ? (unsigned)__builtin_ctzll(bad) >> 3 : 8;
}
/* The number that the first n (1-8) digit values make. */
static inline uint64_t join_digits8(uint64_t t, unsigned n) {
    t <<= 64 - 8 * n;
    t = (t * 10 + (t >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    t = (t * 100 + (t >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    return (t * 10000 + (t >> 32)) & UINT64_C(0xFFFFFFFF);
}
/* Writes the 16 bytes; `limit` bytes from text.ptr on may be read. */
static inline void store_string(struct decoder_vec *v, size_t row, struct bytes text,
                                size_t limit) {
    static const uint64_t low[13] = {0,          0xFF,         0xFFFF,         0xFFFFFF,
                                     0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF,
                                     UINT64_MAX, UINT64_MAX,   UINT64_MAX,     UINT64_MAX,
                                     UINT64_MAX};
    static const uint64_t high[13] = {0, 0, 0,    0,      0,        0,         0,
                                      0, 0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF};
    char *out = (char *)v->data + row * sizeof(struct decoder_string);
    uint64_t w[2];
    if (text.len > 12) {
        w[0] = text.len | (uint64_t)load32(text.ptr) << 32;
        w[1] = (uint64_t)(uintptr_t)text.ptr;
    } else if (limit >= 12) {
        uint64_t a = load64(text.ptr) & low[text.len], b = load32(text.ptr + 8) & high[text.len];
        w[0] = text.len | a << 32;
        w[1] = a >> 32 | b << 32;
    } else {
        uint64_t a = 0;
        uint32_t b = 0;
        memcpy(&a, text.ptr, MIN_OF(text.len, (size_t)8));
        if (text.len > 8) {
            memcpy(&b, text.ptr + 8, text.len - 8);
        }
        w[0] = text.len | a << 32;
        w[1] = a >> 32 | (uint64_t)b << 32;
    }
    memcpy(out, w, 16);
    vec_set_valid(v, row);
}

#endif
