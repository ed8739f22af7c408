/* facts_parse.c - facts_json as one block of memory that can be searched and compared at once.
 *
 *     [file_facts | rows per group | leaves | bytes, ranges per leaf | names and texts]
 *
 * The block is measured first and filled then. A value that is no value of its type (infinity,
 * years before Christ, integers beyond 64 bits) leaves its row group without least and greatest
 * value. */
#include "base/clock.h"
#include "base/mem.h"
#include "query/facts_int.h"
#include <math.h>
#include <stdlib.h>

/* ---- values ---- */
static bool digits(struct bytes *v, int min, int max, int64_t *ret) {
    int n = 0;
    *ret = 0;
    for (; n < max && v->len && v->ptr[0] >= '0' && v->ptr[0] <= '9'; n++) {
        *ret = *ret * 10 + (v->ptr[0] - '0');
        *v = bytes_slice(*v, 1, v->len);
    }
    return n >= min;
}
static bool skip(struct bytes *v, char c) {
    if (v->len == 0 || v->ptr[0] != c)
        return false;
    *v = bytes_slice(*v, 1, v->len);
    return true;
}
static bool take_date(struct bytes *v, int64_t *ret_days) {
    int64_t y, m, d;
    if (!digits(v, 4, 6, &y) || !skip(v, '-') || !digits(v, 2, 2, &m) || !skip(v, '-') ||
        !digits(v, 2, 2, &d) || m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    *ret_days = clock_days_from_civil((int)y, (int)m, (int)d);
    return true;
}
static bool take_fraction(struct bytes *v, int64_t *ret_us) {
    int64_t scale = 100000, n;
    *ret_us = 0;
    if (!skip(v, '.'))
        return true;
    while (digits(v, 1, 1, &n)) {
        *ret_us += n * scale;
        scale /= 10;
    }
    return true;
}
/* 2024-01-02 03:04:05.678901, a zone of zero at most behind it. */
static bool to_timestamp(struct bytes v, int64_t *ret_us) {
    int64_t days, h, m, s, us;
    if (!take_date(&v, &days) || !skip(&v, ' ') || !digits(&v, 2, 2, &h) || !skip(&v, ':') ||
        !digits(&v, 2, 2, &m) || !skip(&v, ':') || !digits(&v, 2, 2, &s) ||
        !take_fraction(&v, &us) || (v.len && !bytes_eq(v, BYTES("+00"))))
        return false;
    *ret_us = ((days * 24 + h) * 60 + m) * 60 * 1000000 + s * 1000000 + us;
    return true;
}
static bool to_decimal(struct bytes v, int scale, int64_t *ret) {
    bool negative = skip(&v, '-');
    int64_t whole, part = 0;
    if (scale > 18 || v.len > 19 || !digits(&v, 0, 19 - scale, &whole))
        return false;
    int64_t unit = 1;
    for (int i = 0; i < scale; i++)
        unit *= 10;
    if (scale && (!skip(&v, '.') || !digits(&v, scale, scale, &part)))
        return false;
    if (v.len || __builtin_mul_overflow(whole, unit, &whole) ||
        __builtin_add_overflow(whole, part, &whole))
        return false;
    *ret = negative ? -whole : whole;
    return true;
}
/* A float's text is the shortest that reads back as a float. */
static bool to_double(struct bytes v, bool single, double *ret) {
    char text[64], *end;
    if (v.len == 0 || v.len >= sizeof text)
        return false;
    memcpy(text, v.ptr, v.len);
    text[v.len] = 0;
    *ret = single ? (double)strtof(text, &end) : strtod(text, &end);
    return *end == 0 && !isnan(*ret);
}

bool facts_value_of(enum facts_kind kind, int scale, struct bytes text, union facts_value *ret) {
    struct bytes rest = text;
    switch (kind) {
    case FACTS_INTEGER:
        return bytes_to_i64(text, &ret->i);
    case FACTS_DECIMAL:
        return to_decimal(text, scale, &ret->i);
    case FACTS_FLOATING:
        return to_double(text, scale == FACTS_SINGLE, &ret->d);
    case FACTS_BOOLEAN:
        ret->i = bytes_eq_str(text, "true");
        return ret->i || bytes_eq_str(text, "false");
    case FACTS_DATE:
        return take_date(&rest, &ret->i) && rest.len == 0;
    case FACTS_TIMESTAMP:
        return to_timestamp(text, &ret->i);
    case FACTS_TEXT:
        ret->s = text;
        return text.ptr != NULL;
    case FACTS_OTHER:
        break;
    }
    return false;
}

/* The engine's name of a leaf's type. */
static enum facts_kind kind_of(struct bytes type, int *ret_scale) {
    static const struct {
        const char *name;
        enum facts_kind kind;
    } kinds[] = {{"BOOLEAN", FACTS_BOOLEAN},
                 {"TINYINT", FACTS_INTEGER},
                 {"SMALLINT", FACTS_INTEGER},
                 {"INTEGER", FACTS_INTEGER},
                 {"BIGINT", FACTS_INTEGER},
                 {"UTINYINT", FACTS_INTEGER},
                 {"USMALLINT", FACTS_INTEGER},
                 {"UINTEGER", FACTS_INTEGER},
                 {"UBIGINT", FACTS_INTEGER},
                 {"FLOAT", FACTS_FLOATING},
                 {"DOUBLE", FACTS_FLOATING},
                 {"VARCHAR", FACTS_TEXT},
                 {"DATE", FACTS_DATE},
                 {"TIMESTAMP", FACTS_TIMESTAMP},
                 {"TIMESTAMP_S", FACTS_TIMESTAMP},
                 {"TIMESTAMP_MS", FACTS_TIMESTAMP},
                 {"TIMESTAMP_NS", FACTS_TIMESTAMP},
                 {"TIMESTAMP WITH TIME ZONE", FACTS_TIMESTAMP}};
    int64_t precision, scale;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (bytes_eq_str(type, kinds[i].name)) {
            *ret_scale = bytes_eq_str(type, "FLOAT") ? FACTS_SINGLE : 0;
            return kinds[i].kind;
        }
    if (!bytes_starts_with(type, BYTES("DECIMAL(")))
        return FACTS_OTHER;
    type = bytes_slice(type, 8, type.len);
    if (!digits(&type, 1, 2, &precision) || !skip(&type, ',') || !digits(&type, 1, 2, &scale) ||
        precision > 18)
        return FACTS_OTHER;
    *ret_scale = (int)scale;
    return FACTS_DECIMAL;
}

/* ---- the block ---- */
struct block {
    char *at, *end;
};
static void *take(struct block *b, size_t size) {
    void *p = b->at;
    b->at += (size + 7) / 8 * 8;
    assert(b->at <= b->end);
    return p;
}
static struct bytes take_text(struct block *b, struct bytes v) {
    char *p = take(b, v.len);
    if (v.len)
        memcpy(p, v.ptr, v.len);
    return bytes_of(p, v.len);
}

static size_t list_count(const struct json *j) {
    return j && j->kind == JSON_ARRAY ? j->count : 0;
}
static size_t texts_size(const struct json *list) {
    size_t sum = 0;
    JSON_FOR_EACH(j, list)
    sum += j->text.len + 8;
    return sum;
}
static size_t measure(const struct json *columns, size_t groups) {
    size_t sum = sizeof(struct file_facts) + groups * sizeof(int64_t) + 64;
    JSON_FOR_EACH(c, columns) {
        size_t n = MIN_OF(groups, MAX_OF(list_count(json_get(c, "bytes")), 1)); /* else refused */
        bool has_ranges = json_get(c, "min") || json_get(c, "nulls");
        sum += sizeof(struct facts_leaf) + c->name.len + 8 + json_get_str(c, "type").len + 8 +
               n * sizeof(int64_t);
        sum += has_ranges ? n * sizeof(struct facts_range) : 0;
        if (bytes_eq_str(json_get_str(c, "type"), "VARCHAR"))
            sum += texts_size(json_get(c, "min")) + texts_size(json_get(c, "max"));
    }
    return sum;
}

static const struct json *next_of(const struct json *j) {
    return j ? j->next : NULL;
}
static void fill_range(struct block *b, struct facts_leaf *leaf, const struct json *min,
                       const struct json *max, struct facts_range *r) {
    r->known = min && max && min->kind == JSON_STRING && max->kind == JSON_STRING &&
               facts_value_of(leaf->kind, leaf->scale, min->text, &r->min) &&
               facts_value_of(leaf->kind, leaf->scale, max->text, &r->max);
    if (r->known && leaf->kind == FACTS_TEXT) {
        r->min.s = take_text(b, min->text);
        r->max.s = take_text(b, max->text);
    }
    /* what was cut off a moment below the microsecond */
    if (r->known && leaf->kind == FACTS_TIMESTAMP)
        r->max.i++;
}
static void fill_ranges(struct block *b, struct facts_leaf *leaf, const struct json *c,
                        size_t groups) {
    const struct json *min = json_get(c, "min"), *max = json_get(c, "max");
    const struct json *nulls = json_get(c, "nulls");
    if (list_count(min) != groups || list_count(max) != groups)
        min = max = NULL;
    if (list_count(nulls) != groups)
        nulls = NULL;
    if (!min && !nulls)
        return;
    struct facts_range *r = take(b, groups * sizeof *r);
    leaf->ranges = r;
    min = min ? min->first : NULL;
    max = max ? max->first : NULL;
    nulls = nulls ? nulls->first : NULL;
    for (size_t i = 0; i < groups; i++, r++) {
        fill_range(b, leaf, min, max, r);
        if (!nulls || !json_to_i64(nulls, &r->nulls))
            r->nulls = -1;
        min = next_of(min);
        max = next_of(max);
        nulls = next_of(nulls);
    }
}
static void fill_numbers(int64_t *out, const struct json *list, size_t count) {
    const struct json *j = list->first;
    for (size_t i = 0; i < count; i++, j = j->next)
        if (!json_to_i64(j, &out[i]))
            out[i] = 0;
}
static int fill_leaf(struct block *b, struct facts_leaf *leaf, const struct json *c, size_t groups,
                     bool detailed, struct err *e) {
    const struct json *sizes = json_get(c, "bytes");
    if (detailed && list_count(sizes) != groups)
        return err_set(e, ERR_CORRUPT, "Facts of column %.*s are not of %zu row groups.",
                       BYTES_ARG(c->name), groups);
    int64_t *bytes = take(b, groups * sizeof *bytes);
    leaf->bytes = bytes;
    leaf->name = take_text(b, c->name);
    if (!detailed) {
        bytes[0] = json_get_i64(c, "bytes", 0);
        return 0;
    }
    fill_numbers(bytes, sizes, groups);
    leaf->type = take_text(b, json_get_str(c, "type"));
    leaf->kind = kind_of(json_get_str(c, "type"), &leaf->scale);
    leaf->bloom = json_get_bool(c, "bloom", false);
    fill_ranges(b, leaf, c, groups);
    return 0;
}

static int pack(const struct json *in, int64_t rows, struct file_facts **ret, struct err *e) {
    const struct json *group_rows = json_get(in, "rows"), *columns = json_get(in, "columns");
    bool detailed = group_rows && group_rows->kind == JSON_ARRAY;
    size_t groups = detailed ? group_rows->count : 1, size = measure(columns, groups);
    char *memory = mem_calloc(1, size);
    if (!memory)
        return err_set(e, ERR_NOMEM, NULL);
    struct block b = {memory, memory + size};
    struct file_facts *f = take(&b, sizeof *f);
    int64_t *per_group = take(&b, groups * sizeof *per_group);
    struct facts_leaf *leaf = take(&b, (columns ? columns->count : 0) * sizeof *leaf);
    *f = (struct file_facts){.rows = rows,
                             .group_count = groups,
                             .group_rows = per_group,
                             .leaves = leaf,
                             .leaf_count = columns ? columns->count : 0,
                             .detailed = detailed,
                             .size_bytes = size};
    if (detailed)
        fill_numbers(per_group, group_rows, groups);
    else
        per_group[0] = rows;
    int rc = 0;
    JSON_FOR_EACH(c, columns) {
        rc = rc ? rc : fill_leaf(&b, leaf, c, groups, detailed, e);
        leaf++;
    }
    if (rc)
        mem_free(memory);
    else
        *ret = f;
    return rc;
}

int facts_parse(struct bytes facts_json, int64_t rows, struct file_facts **ret, struct err *e) {
    struct arena a;
    struct json *in = NULL;
    arena_init(&a, 0);
    int rc = json_parse(&a, facts_json, &in, e);
    if (!rc)
        rc = pack(in, rows, ret, e);
    arena_clear(&a);
    return rc;
}

/* ---- finding leaves ---- */
bool facts_is_below(struct bytes leaf, struct bytes column) {
    if (leaf.len > column.len && leaf.ptr[column.len] == '.')
        leaf = bytes_slice(leaf, 0, column.len);
    return bytes_eq_nocase(leaf, column);
}

const struct facts_leaf *facts_leaf_of(const struct file_facts *f, struct bytes column,
                                       size_t *hint, bool *ret_nested) {
    *ret_nested = false;
    if (*hint < f->leaf_count && bytes_eq(f->leaves[*hint].name, column))
        return &f->leaves[*hint];
    for (size_t i = 0; i < f->leaf_count; i++) {
        if (!facts_is_below(f->leaves[i].name, column))
            continue;
        if (f->leaves[i].name.len == column.len) {
            *hint = i;
            return &f->leaves[i];
        }
        *ret_nested = true;
    }
    return NULL;
}
