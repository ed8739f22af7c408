/* schema_vecs.h - test twin of an engine: column vectors on the heap, and rows back as text.
 *
 * Text of a row: values with commas between; strings in quotes (other bytes as \xNN), lists [a,b],
 * structs {a,b}, maps {k:v}, null. A fault is "!REASON@offset column". */
#ifndef TARN_TESTS_SCHEMA_VECS_H
#define TARN_TESTS_SCHEMA_VECS_H

#include "base/mem.h"
#include "schema/decoder.h"
#include <stdlib.h>

static inline size_t vecs_width(const struct type *t) {
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
    case TYPE_BIGINT:
    case TYPE_DOUBLE:
    case TYPE_TIMESTAMP:
        return 8;
    case TYPE_DECIMAL:
        return t->precision <= 4 ? 2 : t->precision <= 9 ? 4 : t->precision <= 18 ? 8 : 16;
    case TYPE_STRUCT:
        return 0;
    default:
        return 16;
    }
}

static inline void *vecs_resize(void *old, size_t from, size_t to) {
    char *p = realloc(old, to + 1);
    if (!p) {
        abort();
    }
    memset(p + from, 0xA5, to - from); /* whoever reads what was not written shows up */
    return p;
}

static inline void vecs_reserve(struct decoder_vec *v, size_t rows) {
    const struct type *t = v->owner;
    size_t width = vecs_width(t), old = v->capacity;
    if (t->kind == TYPE_STRUCT) {
        for (size_t i = 0; i < v->child_count; i++) {
            vecs_reserve(&v->children[i], rows);
        }
    } else {
        v->data = vecs_resize(v->data, width * old, width * rows);
    }
    v->validity = vecs_resize(v->validity, (old + 63) / 64 * 8, (rows + 63) / 64 * 8);
    v->capacity = rows;
}

static inline int vecs_grow(struct decoder_vec *v, size_t need) {
    vecs_reserve(v, need + need / 2 + 1);
    return 0;
}

static inline void vecs_init(struct decoder_vec *v, const struct type *t, size_t rows);

static inline void vecs_init_entry(struct decoder_vec *entry, const struct type *t) {
    /* A map's child is a struct of key and value. */
    struct type *pair = calloc(1, sizeof(*pair));
    *pair = *t;
    pair->kind = TYPE_STRUCT;
    vecs_init(entry, pair, 0);
}

static inline void vecs_init(struct decoder_vec *v, const struct type *t, size_t rows) {
    *v = (struct decoder_vec){.owner = (void *)t, .grow = vecs_grow};
    bool list = t->kind == TYPE_ARRAY || t->kind == TYPE_MAP;
    v->child_count = list ? 1 : t->child_count;
    v->children = calloc(v->child_count + 1, sizeof(*v->children));
    if (t->kind == TYPE_MAP) {
        vecs_init_entry(&v->children[0], t);
    } else {
        for (size_t i = 0; i < v->child_count; i++) {
            vecs_init(&v->children[i], t->children[i], 0);
        }
    }
    vecs_reserve(v, rows);
}

static inline void vecs_clear(struct decoder_vec *v) {
    const struct type *t = v->owner;
    for (size_t i = 0; i < v->child_count; i++) {
        vecs_clear(&v->children[i]);
    }
    if (t->kind == TYPE_MAP) {
        free(v->children[0].owner);
    }
    free(v->children);
    free(v->data);
    free(v->validity);
}

static inline void vecs_dump(const struct decoder_vec *v, const struct type *t, size_t row,
                             struct buf *out);

static inline void vecs_dump_string(const struct decoder_string *s, struct buf *out) {
    const char *p = s->len <= 12 ? s->inlined : s->ref.ptr;
    buf_add_char(out, '"');
    for (size_t i = 0; i < s->len; i++) {
        if (p[i] >= 0x20 && p[i] < 0x7F) {
            buf_add_char(out, p[i]);
        } else {
            buf_add_fmt(out, "\\x%02X", (unsigned char)p[i]);
        }
    }
    buf_add_char(out, '"');
    /* The engine compares all 16 bytes: padding must be zero, prefixes true. */
    for (size_t i = s->len; s->len <= 12 && i < 12; i++) {
        if (s->inlined[i] != 0) {
            buf_add_str(out, "<PADDING>");
        }
    }
    if (s->len > 12 && memcmp(s->ref.prefix, p, 4) != 0) {
        buf_add_str(out, "<PREFIX>");
    }
}

static inline void vecs_dump_decimal(const struct decoder_vec *v, const struct type *t, size_t row,
                                     struct buf *out) {
    __int128 x = 0;
    size_t width = vecs_width(t);
    memcpy(&x, (const char *)v->data + row * width, width);
    x = width < 16 ? (__int128)((unsigned __int128)x << (128 - 8 * width)) >> (128 - 8 * width) : x;
    char digits[48];
    size_t n = sizeof(digits);
    bool negative = x < 0;
    unsigned __int128 u = negative ? -(unsigned __int128)x : (unsigned __int128)x;
    do {
        digits[--n] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u);
    buf_add_str(out, negative ? "-" : "");
    buf_add(out, bytes_of(digits + n, sizeof(digits) - n));
    buf_add_fmt(out, "e-%d", t->scale);
}

static inline void vecs_dump_nested(const struct decoder_vec *v, const struct type *t, size_t row,
                                    struct buf *out) {
    if (t->kind == TYPE_STRUCT) {
        for (size_t i = 0; i < t->child_count; i++) {
            buf_add_char(out, i == 0 ? '{' : ',');
            vecs_dump(&v->children[i], t->children[i], row, out);
        }
        buf_add_char(out, '}');
        return;
    }
    const struct decoder_list *l = (const struct decoder_list *)v->data + row;
    buf_add_char(out, t->kind == TYPE_ARRAY ? '[' : '{');
    for (size_t i = l->offset; i < l->offset + l->length; i++) {
        buf_add_str(out, i > l->offset ? "," : "");
        if (t->kind == TYPE_ARRAY) {
            vecs_dump(&v->children[0], t->children[0], i, out);
        } else {
            vecs_dump(&v->children[0].children[0], t->children[0], i, out);
            buf_add_char(out, ':');
            vecs_dump(&v->children[0].children[1], t->children[1], i, out);
        }
    }
    buf_add_char(out, t->kind == TYPE_ARRAY ? ']' : '}');
}

static inline void vecs_dump_simple(const struct decoder_vec *v, const struct type *t, size_t row,
                                    struct buf *out) {
    switch (t->kind) {
    case TYPE_BOOLEAN:
        buf_add_str(out, ((uint8_t *)v->data)[row] == 1   ? "true"
                         : ((uint8_t *)v->data)[row] == 0 ? "false"
                                                          : "<BOOLEAN>");
        return;
    case TYPE_TINYINT:
        buf_add_fmt(out, "%d", ((int8_t *)v->data)[row]);
        return;
    case TYPE_SMALLINT:
        buf_add_fmt(out, "%d", ((int16_t *)v->data)[row]);
        return;
    case TYPE_INT:
    case TYPE_DATE:
        buf_add_fmt(out, "%d", ((int32_t *)v->data)[row]);
        return;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        buf_add_fmt(out, "%lld", (long long)((int64_t *)v->data)[row]);
        return;
    case TYPE_FLOAT:
        buf_add_fmt(out, "%.9g", (double)((float *)v->data)[row]);
        return;
    case TYPE_DOUBLE:
        buf_add_fmt(out, "%.17g", ((double *)v->data)[row]);
        return;
    case TYPE_DECIMAL:
        vecs_dump_decimal(v, t, row, out);
        return;
    default:
        vecs_dump_string((const struct decoder_string *)v->data + row, out);
    }
}

static inline void vecs_dump(const struct decoder_vec *v, const struct type *t, size_t row,
                             struct buf *out) {
    if (!(v->validity[row / 64] >> (row % 64) & 1)) {
        buf_add_str(out, "null");
    } else if (t->kind >= TYPE_ARRAY) {
        vecs_dump_nested(v, t, row, out);
    } else {
        vecs_dump_simple(v, t, row, out);
    }
}

/* ---- a table: a decoder and its vectors, from "struct<...>" ---- */

struct vecs_table {
    struct arena arena;
    const struct type *type;
    struct decoder *decoder;
    struct decoder_vec *vecs;
    size_t rows;
};

static inline bool vecs_table_open(struct vecs_table *t, const char *columns, size_t rows,
                                   struct decoder_options o) {
    arena_init(&t->arena, 0);
    t->decoder = NULL;
    t->rows = rows;
    if (type_parse(&t->arena, bytes_str(columns), &t->type, NULL) != 0) {
        abort();
    }
    size_t n = t->type->child_count;
    struct decoder_column *c = ARENA_NEW_N(&t->arena, struct decoder_column, n);
    t->vecs = calloc(n, sizeof(*t->vecs));
    for (size_t i = 0; i < n; i++) {
        c[i].name = t->type->names[i];
        c[i].type = t->type->children[i];
        vecs_init(&t->vecs[i], c[i].type, rows);
    }
    if (o.columns) {
        for (size_t i = 0; i < n; i++) {
            c[i].json_key = o.columns[i].json_key;
        }
    }
    o.columns = c;
    o.column_count = n;
    return decoder_new(&t->arena, &o, &t->decoder, NULL) == 0;
}

static inline void vecs_table_close(struct vecs_table *t) {
    for (size_t i = 0; i < t->type->child_count; i++) {
        vecs_clear(&t->vecs[i]);
    }
    free(t->vecs);
    decoder_free(&t->decoder);
    arena_clear(&t->arena);
}

static inline void vecs_dump_fault(const struct decoder_fault *f, struct buf *out) {
    static const char *reasons[] = {"OK",       "MALFORMED", "NOT_OBJECT", "BAD_TYPE",
                                    "TOO_DEEP", "NO_MEMORY", "CHUNK_FULL"};
    buf_add_fmt(out, "!%s@%zu", reasons[f->reason], f->offset);
    if (f->column.len) {
        buf_add_fmt(out, " %.*s", BYTES_ARG(f->column));
    }
}

static inline void vecs_dump_rows(const struct vecs_table *t, size_t from, size_t to,
                                  struct buf *out) {
    for (size_t row = from; row < to; row++) {
        buf_add_str(out, row > from ? " | " : "");
        for (size_t i = 0; i < t->type->child_count; i++) {
            buf_add_str(out, i > 0 ? "," : "");
            vecs_dump(&t->vecs[i], t->type->children[i], row, out);
        }
    }
}

/* Decodes at `row`, appends the rows or the fault. Returns the number of rows or -1. */
static inline ptrdiff_t vecs_decode(struct vecs_table *t, struct bytes record, size_t row,
                                    struct buf *out, struct decoder_fault *f) {
    ptrdiff_t n = decoder_record(t->decoder, record, t->vecs, row, t->rows, f);
    if (n < 0) {
        vecs_dump_fault(f, out);
    } else {
        vecs_dump_rows(t, row, row + (size_t)n, out);
    }
    return n;
}

#endif
