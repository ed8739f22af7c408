/* text_store.c - texts as values in DuckDB's vectors, with Hive's leniency: what is no value of the
 * type is NULL. */
#include "base/encode.h"
#include "base/mem.h"
#include "duck/text_edit.h"
#include "duck/text_scan.h"
#include "duck/text_value.h"
#include "duck/time_pattern.h"
#include "duck/time_text.h"
#include <ctype.h>

typedef __int128 i128;

void text_store_null(const struct type *t, struct decoder_vec *v, size_t row) {
    v->validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    if (t->kind == TYPE_ARRAY || t->kind == TYPE_MAP)
        ((struct decoder_list *)v->data)[row] =
            (struct decoder_list){.offset = v->children[0].size, .length = 0};
    for (size_t i = 0; t->kind == TYPE_STRUCT && i < t->child_count; i++)
        text_store_null(t->children[i], &v->children[i], row);
}

bool text_grow(struct decoder_vec *list, size_t *ret_place) {
    struct decoder_vec *child = &list->children[0];
    if (child->size >= child->capacity && child->grow(child, child->size + 1))
        return false;
    *ret_place = child->size++;
    return true;
}

/* ---- integers ---- */
void text_store_integer(const struct type *t, int64_t n, struct decoder_vec *v, size_t row) {
    bool fits = t->kind == TYPE_TINYINT    ? n >= INT8_MIN && n <= INT8_MAX
                : t->kind == TYPE_SMALLINT ? n >= INT16_MIN && n <= INT16_MAX
                : t->kind == TYPE_INT      ? n >= INT32_MIN && n <= INT32_MAX
                                           : true;
    if (!fits) {
        text_store_null(t, v, row);
        return;
    }
    if (t->kind == TYPE_TINYINT)
        ((int8_t *)v->data)[row] = (int8_t)n;
    else if (t->kind == TYPE_SMALLINT)
        ((int16_t *)v->data)[row] = (int16_t)n;
    else if (t->kind == TYPE_INT)
        ((int32_t *)v->data)[row] = (int32_t)n;
    else
        ((int64_t *)v->data)[row] = n;
    text_set_valid(v, row);
}

/* The digits before a point; those after it must be digits. */
static struct bytes whole_part(struct bytes text, bool *ret_good) {
    ptrdiff_t point = bytes_find_char(text, '.');
    *ret_good = true;
    if (point < 0)
        return text;
    for (size_t i = (size_t)point + 1; i < text.len; i++)
        *ret_good &= isdigit((unsigned char)text.ptr[i]) != 0;
    return bytes_slice(text, 0, (size_t)point);
}

static void store_integer(const struct type *t, struct bytes text, struct decoder_vec *v,
                          size_t row) {
    int64_t n = 0;
    bool good;
    struct bytes whole = whole_part(text, &good);
    if (good && text_to_integer(whole, INT64_MIN, INT64_MAX, &n))
        text_store_integer(t, n, v, row);
    else
        text_store_null(t, v, row);
}

/* ---- decimals ---- */
static void put_decimal(const struct type *t, i128 n, struct decoder_vec *v, size_t row) {
    if (t->precision <= 4)
        ((int16_t *)v->data)[row] = (int16_t)n;
    else if (t->precision <= 9)
        ((int32_t *)v->data)[row] = (int32_t)n;
    else if (t->precision <= 18)
        ((int64_t *)v->data)[row] = (int64_t)n;
    else
        ((i128 *)v->data)[row] = n;
    text_set_valid(v, row);
}

static void store_decimal(struct text_local *l, const struct type *t, struct bytes text,
                          struct decoder_vec *v, size_t row) {
    i128 n = 0;
    buf_reset(&l->other);
    if (!text_to_decimal(text, t->precision, t->scale, &l->other)) {
        text_store_null(t, v, row);
        return;
    }
    struct bytes digits = buf_bytes(&l->other);
    for (size_t i = 0; i < digits.len; i++)
        if (isdigit((unsigned char)digits.ptr[i]))
            n = n * 10 + (digits.ptr[i] - '0');
    put_decimal(t, digits.len && digits.ptr[0] == '-' ? -n : n, v, row);
}

/* ---- times ---- */
void text_store_time(struct decoder_vec *v, size_t row, int64_t micros) {
    ((int64_t *)v->data)[row] = micros;
    text_set_valid(v, row);
}

bool text_parse_date(struct bytes text, int64_t *ret_days) {
    struct bytes day = bytes_trim(text);
    ptrdiff_t blank = bytes_find_char(day, ' ');
    if (blank >= 0)
        day = bytes_slice(day, 0, (size_t)blank);
    return time_text_parse_date(day, ret_days);
}

static bool by_formats(const struct text_scan *s, struct bytes text, int64_t *ret) {
    struct time_pattern_result why;
    struct time_pattern_instant at;
    for (size_t i = 0; i < s->timestamp_format_count; i++) {
        struct bytes format = s->timestamp_formats[i];
        int64_t ms;
        if (bytes_eq_nocase(format, BYTES("millis"))) {
            if (bytes_to_i64(text, &ms)) {
                *ret = ms * 1000;
                return true;
            }
        } else if (time_parse_joda(text, format, &at, &why) && at.zone == TIME_ZONE_UTC) {
            *ret = at.micros;
            return true;
        }
    }
    return false;
}

bool text_parse_timestamp(const struct text_scan *s, struct bytes text, int64_t *ret_micros) {
    struct time_text t;
    struct bytes v = bytes_trim(text);
    if (by_formats(s, v, ret_micros))
        return true;
    if (!time_text_parse_timestamp(v, &t) || t.zone.len)
        return false;
    *ret_micros = t.micros;
    return true;
}

/* ---- texts ---- */
static struct bytes first_chars(struct bytes text, size_t count) {
    size_t i = 0;
    while (i < text.len && count) {
        i++;
        while (i < text.len && ((unsigned char)text.ptr[i] & 0xC0) == 0x80)
            i++;
        count--;
    }
    return bytes_slice(text, 0, i);
}

/* What is not UTF-8 becomes U+FFFD, byte by byte. */
static bool assign_repaired(struct decoder_vec *v, size_t row, struct bytes text) {
    struct buf b = {0};
    for (size_t i = 0; i < text.len;) {
        size_t n = 1;
        while (n < 4 && i + n <= text.len && !utf8_valid(bytes_of(text.ptr + i, n)))
            n++;
        bool good = i + n <= text.len && utf8_valid(bytes_of(text.ptr + i, n));
        if (good)
            buf_add(&b, bytes_of(text.ptr + i, n));
        else
            buf_add_str(&b, "\xef\xbf\xbd");
        i += good ? n : 1;
    }
    bool ok = buf_ok(&b);
    if (ok)
        duckdb_vector_assign_string_element_len(v->owner, row, b.ptr ? b.ptr : "", b.len);
    buf_clear(&b);
    return ok;
}

bool text_store_string(const struct type *t, struct bytes text, struct decoder_vec *v, size_t row) {
    if (t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR)
        text = first_chars(text, (size_t)t->length);
    while (t->kind == TYPE_CHAR && text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    text_set_valid(v, row);
    if (t->kind != TYPE_BINARY && !utf8_valid(text))
        return assign_repaired(v, row, text);
    struct decoder_string *to = (struct decoder_string *)v->data + row;
    if (text.len > sizeof to->inlined) {
        duckdb_vector_assign_string_element_len(v->owner, row, text.ptr, text.len);
        return true;
    }
    *to = (struct decoder_string){.len = (uint32_t)text.len};
    if (text.len)
        memcpy(to->inlined, text.ptr, text.len);
    return true;
}

/* Base 64, or the bytes themselves. */
static bool store_binary(struct text_local *l, const struct type *t, struct bytes text,
                         struct decoder_vec *v, size_t row) {
    buf_reset(&l->other);
    char *room = buf_reserve(&l->other, base64_decoded_max(text.len) + 1);
    if (!room)
        return false;
    ptrdiff_t n = base64_decode(text, room);
    return text_store_string(t, n >= 0 ? bytes_of(room, (size_t)n) : text, v, row);
}

static void store_boolean(const struct type *t, struct bytes text, struct decoder_vec *v,
                          size_t row) {
    bool yes = bytes_eq_nocase(text, BYTES("true"));
    if (!yes && !bytes_eq_nocase(text, BYTES("false"))) {
        text_store_null(t, v, row);
        return;
    }
    ((uint8_t *)v->data)[row] = yes;
    text_set_valid(v, row);
}

static void store_floating(const struct type *t, struct bytes text, struct decoder_vec *v,
                           size_t row) {
    struct bytes trimmed = bytes_trim(text);
    bool good = t->kind == TYPE_FLOAT ? text_to_real(trimmed, (float *)v->data + row)
                                      : text_to_double(trimmed, (double *)v->data + row);
    if (good)
        text_set_valid(v, row);
    else
        text_store_null(t, v, row);
}

bool text_store(struct text_local *l, const struct type *t, struct bytes text,
                struct decoder_vec *v, size_t row) {
    int64_t n;
    switch (t->kind) {
    case TYPE_STRING:
    case TYPE_VARCHAR:
    case TYPE_CHAR:
        return text_store_string(t, text, v, row);
    case TYPE_BINARY:
        return store_binary(l, t, text, v, row);
    case TYPE_BOOLEAN:
        store_boolean(t, text, v, row);
        return true;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        store_floating(t, text, v, row);
        return true;
    case TYPE_DECIMAL:
        store_decimal(l, t, text, v, row);
        return true;
    case TYPE_TIMESTAMP:
        if (text_parse_timestamp(l->scan, text, &n))
            text_store_time(v, row, n);
        else
            text_store_null(t, v, row);
        return true;
    case TYPE_DATE:
        if (text_parse_date(text, &n) && n >= INT32_MIN && n <= INT32_MAX) {
            ((int32_t *)v->data)[row] = (int32_t)n;
            text_set_valid(v, row);
        } else {
            text_store_null(t, v, row);
        }
        return true;
    default:
        store_integer(t, text, v, row);
        return true;
    }
}
