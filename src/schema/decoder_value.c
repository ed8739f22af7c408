/* decoder_value.c - one number or text into one place of a column, by the column's type.
 *
 * The rules of the SerDe live here: quoted numbers and booleans, ranges, what NULL means for nested
 * columns, and the last of a map's equal keys. */
#include "schema/decoder_int.h"
#include <math.h>

bool decoder_store_int(enum type_kind kind, struct decoder_vec *v, size_t row, int64_t value) {
    switch (kind) {
    case TYPE_TINYINT:
        ((int8_t *)v->data)[row] = (int8_t)value;
        return value == (int8_t)value;
    case TYPE_SMALLINT:
        ((int16_t *)v->data)[row] = (int16_t)value;
        return value == (int16_t)value;
    case TYPE_INT:
        ((int32_t *)v->data)[row] = (int32_t)value;
        return value == (int32_t)value;
    default:
        ((int64_t *)v->data)[row] = value;
        return true;
    }
}

static bool store_decimal(const struct type *t, struct decoder_vec *v, size_t row,
                          const struct number *n) {
    i128 value, limit = 1;
    if (!number_to_i128(n, t->scale, &value)) {
        return false;
    }
    for (int i = 0; i < t->precision; i++) {
        limit *= 10;
    }
    if (value >= limit || value <= -limit) {
        return false;
    }
    if (t->precision <= 4) {
        ((int16_t *)v->data)[row] = (int16_t)value;
    } else if (t->precision <= 9) {
        ((int32_t *)v->data)[row] = (int32_t)value;
    } else if (t->precision <= 18) {
        ((int64_t *)v->data)[row] = (int64_t)value;
    } else {
        memcpy((char *)v->data + row * 16, &value, 16);
    }
    return true;
}

static bool store_number(struct decoder *d, const struct node *n, struct decoder_vec *v, size_t row,
                         const struct number *num, struct bytes text) {
    int64_t i;
    switch (n->kind) {
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        return number_to_i64(num, &i) && decoder_store_int(n->kind, v, row, i);
    case TYPE_FLOAT:
        return number_to_float(num, text, d->c_locale, &((float *)v->data)[row]);
    case TYPE_DOUBLE:
        return number_to_double(num, text, d->c_locale, &((double *)v->data)[row]);
    case TYPE_DECIMAL:
        return store_decimal(n->type, v, row, num);
    case TYPE_TIMESTAMP:
        return time_from_number(num, &((int64_t *)v->data)[row]);
    default:
        return false;
    }
}

const char *decoder_number_value(struct run *r, const char *p, const struct node *n,
                                 struct decoder_vec *v, size_t row) {
    struct number num;
    const char *bad = p, *end = number_scan(p, r->end, &num, &bad);
    if (!end) {
        return decoder_fail_syntax(r, bad, "a digit of a number");
    }
    struct bytes text = bytes_of(p, (size_t)(end - p));
    if (!store_number(r->d, n, v, row, &num, text)) {
        return decoder_fail_type(r, p, text, n);
    }
    vec_set_valid(v, row);
    return end;
}

/* Quoted numbers may have a plus sign and leading zeros. */
static bool text_to_number(struct decoder *d, struct bytes text, const struct node *n,
                           struct decoder_vec *v, size_t row) {
    struct number num;
    bool negative = text.len > 0 && text.ptr[0] == '-';
    size_t at = text.len > 0 && (negative || text.ptr[0] == '+');
    while (at + 1 < text.len && text.ptr[at] == '0' &&
           (unsigned char)(text.ptr[at + 1] - '0') < 10) {
        at++;
    }
    const char *end = text.ptr + text.len, *bad;
    struct bytes body = bytes_slice(text, at, text.len);
    if (body.len == 0 || body.ptr[0] == '-' || number_scan(body.ptr, end, &num, &bad) != end) {
        return false;
    }
    num.negative = negative;
    bool ok = store_number(d, n, v, row, &num, body);
    return ok;
}

static bool special_double(struct bytes text, double *ret) {
    if (bytes_eq_str(text, "NaN")) {
        *ret = NAN;
    } else if (bytes_eq_str(text, "Infinity") || bytes_eq_str(text, "-Infinity")) {
        *ret = text.ptr[0] == '-' ? -INFINITY : INFINITY;
    } else {
        return false;
    }
    return true;
}

static bool text_to_float(struct decoder *d, struct bytes text, const struct node *n,
                          struct decoder_vec *v, size_t row) {
    double special;
    if (!special_double(text, &special)) {
        return text_to_number(d, text, n, v, row);
    }
    if (n->kind == TYPE_FLOAT) {
        ((float *)v->data)[row] = (float)special;
    } else {
        ((double *)v->data)[row] = special;
    }
    return true;
}

static bool text_to_boolean(struct bytes text, struct decoder_vec *v, size_t row) {
    bool yes = bytes_eq_nocase(text, BYTES("true"));
    ((uint8_t *)v->data)[row] = yes;
    return yes || bytes_eq_nocase(text, BYTES("false"));
}

static bool text_to_simple(struct decoder *d, struct bytes text, const struct node *n,
                           struct decoder_vec *v, size_t row) {
    switch (n->kind) {
    case TYPE_STRING:
    case TYPE_BINARY:
        store_string(v, row, text, text.len);
        return true;
    case TYPE_VARCHAR:
    case TYPE_CHAR:
        text = decoder_first_chars(text, (size_t)n->type->length);
        store_string(v, row, text, text.len);
        return true;
    case TYPE_BOOLEAN:
        return text_to_boolean(text, v, row);
    case TYPE_TIMESTAMP:
        return time_parse(text, &((int64_t *)v->data)[row]) || text_to_number(d, text, n, v, row);
    case TYPE_DATE:
        return time_parse_date(text, &((int32_t *)v->data)[row]);
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return text_to_float(d, text, n, v, row);
    default:
        return n->child_count == 0 && text_to_number(d, text, n, v, row);
    }
}

bool decoder_text_value(struct run *r, const char *at, struct bytes text, const struct node *n,
                        struct decoder_vec *v, size_t row) {
    if (!text_to_simple(r->d, text, n, v, row)) {
        (void)decoder_fail_type(r, at, text, n);
        return false;
    }
    vec_set_valid(v, row);
    return true;
}

void decoder_null_value(const struct node *n, struct decoder_vec *v, size_t row) {
    vec_set_null(v, row);
    if (n->kind == TYPE_STRUCT) {
        for (size_t i = 0; i < n->child_count; i++) {
            decoder_null_value(&n->children[i], &v->children[i], row);
        }
    } else if (n->kind == TYPE_ARRAY || n->kind == TYPE_MAP) {
        ((struct decoder_list *)v->data)[row] = (struct decoder_list){v->children[0].size, 0};
    }
}

/* ---- equal keys of one map ---- */

static size_t key_width(const struct type *t) {
    switch (t->kind) {
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
        return 1;
    case TYPE_SMALLINT:
        return 2;
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_DATE:
        return 4;
    case TYPE_DECIMAL:
        return t->precision <= 4 ? 2 : t->precision <= 9 ? 4 : t->precision <= 18 ? 8 : 16;
    default:
        return 8;
    }
}

static struct bytes key_bytes(const struct node *key, const struct decoder_vec *keys, size_t row) {
    if (key->kind >= TYPE_STRING && key->kind <= TYPE_BINARY) {
        const struct decoder_string *s = (const struct decoder_string *)keys->data + row;
        return bytes_of(s->len <= 12 ? s->inlined : s->ref.ptr, s->len);
    }
    size_t width = key_width(key->type);
    return bytes_of((const char *)keys->data + row * width, width);
}

static uint64_t key_hash(struct bytes key) {
    uint64_t h = UINT64_C(0x9E3779B97F4A7C15) ^ key.len;
    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001B3);
    }
    return h ^ h >> 32;
}

/* The place of an equal key, or a free one. */
static uint32_t *table_find(const struct node *map, const struct decoder_vec *keys, size_t first,
                            struct bytes key) {
    const struct map_table *t = &map->seen;
    size_t i = key_hash(key) & (t->size - 1);
    while (t->places[i] != 0 &&
           !bytes_eq(key_bytes(&map->children[0], keys, first + t->places[i] - 1), key)) {
        i = (i + 1) & (t->size - 1);
    }
    return &t->places[i];
}

/* An empty table with room for `count` entries, filled with the entries before `last`. */
static bool table_rebuild(struct node *map, const struct decoder_vec *keys, size_t first,
                          size_t last) {
    size_t size = 64;
    while (size < (last - first + 1) * 4) {
        size *= 2;
    }
    struct map_table *t = &map->seen;
    if (size > t->room) {
        uint32_t *places = mem_realloc(t->places, size * sizeof(*places));
        if (!places) {
            return false;
        }
        t->places = places;
        t->room = size;
    }
    t->size = size;
    memset(t->places, 0, size * sizeof(*t->places));
    for (size_t i = first; i < last; i++) {
        *table_find(map, keys, first, key_bytes(&map->children[0], keys, i)) =
            (uint32_t)(i - first + 1);
    }
    return true;
}

bool decoder_map_place(struct node *map, const struct decoder_vec *keys, size_t first, size_t last,
                       size_t *ret) {
    enum { SMALL = 8 };
    struct bytes key = key_bytes(&map->children[0], keys, last);
    size_t count = last - first;
    *ret = last;
    if (count < SMALL) {
        for (size_t i = first; i < last; i++) {
            if (bytes_eq(key_bytes(&map->children[0], keys, i), key)) {
                *ret = i;
                return true;
            }
        }
        return true;
    }
    if ((count == SMALL || count * 2 >= map->seen.size) && !table_rebuild(map, keys, first, last)) {
        return false;
    }
    uint32_t *place = table_find(map, keys, first, key);
    if (*place != 0) {
        *ret = first + *place - 1;
    } else {
        *place = (uint32_t)(count + 1);
    }
    return true;
}
