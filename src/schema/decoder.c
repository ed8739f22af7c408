/* decoder.c - the decoder's life, the loop over a record's documents, and faults.
 *
 * The work is elsewhere: the plan (decoder_plan.c) is the schema compiled; the walk
 * (decoder_walk.h) is compiled once per instruction set and chosen here when the decoder is made.
 * A record is all or nothing: list sizes and string memory are marked before its first document and
 * put back when a later one fails. */
#include "schema/decoder_plan.h"
#include <stdarg.h>
#include <stdio.h>

#define RECORD_MAX ((size_t)1 << 30)
#define DEPTH_DEFAULT 100
#define DEPTH_MAX 1000

static void set_walk(struct decoder *d, walk_fn walk, size_t min_len, const char *name) {
    d->walk = walk;
    d->walk_short = decoder_walk_portable;
    d->min_len = min_len;
    d->isa = name;
}

static int choose_isa(struct decoder *d, enum decoder_isa isa, struct err *e) {
    bool any = isa == DECODER_ISA_AUTO;
#if defined(__x86_64__)
    bool fits = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2");
    if ((any || isa == DECODER_ISA_AVX2) && fits) {
        set_walk(d, decoder_walk_avx2, 32, "avx2");
        return 0;
    }
#elif defined(__aarch64__)
    if (any || isa == DECODER_ISA_NEON) {
        set_walk(d, decoder_walk_neon, 16, "neon");
        return 0;
    }
#endif
    if (!any && isa != DECODER_ISA_PORTABLE) {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "This machine does not have the instruction set asked for.");
    }
    set_walk(d, decoder_walk_portable, 0, "portable");
    return 0;
}

int decoder_new(struct arena *a, const struct decoder_options *o, struct decoder **ret,
                struct err *e) {
    struct decoder *d = mem_calloc(1, sizeof(*d));
    if (!d) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    d->max_depth = MIN_OF(o->max_depth ? o->max_depth : (size_t)DEPTH_DEFAULT, (size_t)DEPTH_MAX);
    d->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    int rc = d->c_locale ? choose_isa(d, o->isa, e) : err_set(e, ERR_NOMEM, NULL);
    if (rc == 0) {
        rc = decoder_plan_build(d, a, o, e);
    }
    if (rc == 0) {
        *ret = d;
    } else {
        decoder_free(&d);
    }
    return rc;
}

void decoder_free(struct decoder **d) {
    struct decoder *it = *d;
    if (it) {
        *d = NULL;
        decoder_plan_clear(it->root.nodes, it->root.nodes ? it->root.count : 0);
        decoder_strings_rewind(it, (struct string_mark){0});
        if (it->c_locale) {
            freelocale(it->c_locale);
        }
        mem_free(it);
    }
}

const char *decoder_isa_name(const struct decoder *d) {
    return d->isa;
}

/* ---- faults ---- */

const char *decoder_fail(struct run *r, enum decoder_reason reason, const char *at, const char *fmt,
                         ...) {
    r->fault->reason = reason;
    r->fault->offset = (size_t)(at - r->begin);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(r->fault->text, sizeof(r->fault->text), fmt, ap);
    va_end(ap);
    return NULL;
}

/* At most 40 bytes of `text`, printable ASCII only. */
static const char *snippet(struct bytes text, char out[48]) {
    size_t n = MIN_OF(text.len, (size_t)40);
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)(text.ptr[i] >= 0x20 && text.ptr[i] < 0x7F ? text.ptr[i] : '?');
    }
    memcpy(out + n, text.len > n ? "..." : "", text.len > n ? 4 : 1);
    return out;
}

const char *decoder_fail_syntax(struct run *r, const char *at, const char *wanted) {
    if (at >= r->end) {
        return decoder_fail(r, DECODER_MALFORMED, r->end,
                            "The record is cut off at byte %zu; %s is missing.",
                            (size_t)(r->end - r->begin), wanted);
    }
    char seen[48];
    return decoder_fail(r, DECODER_MALFORMED, at, "Expected %s at byte %zu but found '%s'.", wanted,
                        (size_t)(at - r->begin),
                        snippet(bytes_of(at, MIN_OF((size_t)(r->end - at), (size_t)12)), seen));
}

const char *decoder_fail_type(struct run *r, const char *at, struct bytes text,
                              const struct node *n) {
    char seen[48];
    struct buf type = {0};
    type_format(n->type, &type);
    (void)decoder_fail(r, DECODER_BAD_TYPE, at, "The value %s does not fit the type %.*s.",
                       snippet(text, seen), (int)MIN_OF(type.len, (size_t)120),
                       type.ptr ? type.ptr : "");
    buf_clear(&type);
    return NULL;
}

/* "Column 'x': " before the text, now that the column is known. */
static void name_column(struct decoder_fault *f) {
    if (f->column.len == 0) {
        return;
    }
    char text[sizeof(f->text)];
    memcpy(text, f->text, sizeof(text));
    (void)snprintf(f->text, sizeof(f->text), "Column '%.*s': %.180s",
                   (int)MIN_OF(f->column.len, (size_t)60), f->column.ptr, text);
}

/* ---- records ---- */

static const char *next_document(const struct run *r, const char *p) {
    while (p < r->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

/* Decodes documents from p on. Returns where it stopped: the end, or the first document for which
 * there is no room; NULL on a fault. */
static const char *walk_documents(struct run *r, const char *p, struct decoder_vec *vecs,
                                  size_t *row, size_t max_rows) {
    walk_fn walk = (size_t)(r->end - r->begin) < r->d->min_len ? r->d->walk_short : r->d->walk;
    p = next_document(r, p);
    while (p && p < r->end && *row < max_rows) {
        p = walk(r, p, vecs, *row);
        *row += p != NULL;
        p = p ? next_document(r, p) : NULL;
    }
    return p;
}

ptrdiff_t decoder_record_part(struct decoder *d, struct bytes record, size_t *offset,
                              struct decoder_vec *vecs, size_t first_row, size_t max_rows,
                              struct decoder_fault *fault) {
    if (record.len == 0) {
        return 0;
    }
    struct run r = {.d = d, .begin = record.ptr, .end = record.ptr + record.len, .fault = fault};
    struct string_mark mark = {d->strings, d->strings ? d->strings->used : 0};
    assert(*offset <= record.len);
    fault->column = (struct bytes){0};
    if (record.len > RECORD_MAX) {
        (void)decoder_fail(&r, DECODER_MALFORMED, r.begin, "The record is larger than 1 GiB.");
        return -1;
    }
    if (d->has_list) {
        decoder_plan_save(d->root.nodes, vecs, d->root.count);
    }
    size_t row = first_row;
    const char *p = walk_documents(&r, r.begin + *offset, vecs, &row, max_rows);
    if (!p) {
        name_column(fault);
        decoder_strings_rewind(d, mark);
        if (d->has_list) {
            decoder_plan_rewind(d->root.nodes, vecs, d->root.count);
        }
        return -1;
    }
    *offset = (size_t)(p - r.begin);
    return (ptrdiff_t)(row - first_row);
}

ptrdiff_t decoder_record(struct decoder *d, struct bytes record, struct decoder_vec *vecs,
                         size_t first_row, size_t max_rows, struct decoder_fault *fault) {
    size_t offset = 0;
    struct string_mark mark = {d->strings, d->strings ? d->strings->used : 0};
    ptrdiff_t rows = decoder_record_part(d, record, &offset, vecs, first_row, max_rows, fault);
    if (rows >= 0 && offset < record.len) {
        struct run r = {.d = d, .begin = record.ptr, .fault = fault};
        (void)decoder_fail(&r, DECODER_CHUNK_FULL, record.ptr + offset,
                           "The record holds more documents than there is room for.");
        decoder_strings_rewind(d, mark);
        if (d->has_list) {
            decoder_plan_rewind(d->root.nodes, vecs, d->root.count);
        }
        rows = -1;
    }
    return rows;
}
