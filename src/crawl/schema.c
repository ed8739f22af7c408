/* schema.c - what files are tables of: reading, comparing and merging schemas.
 *
 * Two schemas are compatible when one reader can read both; similar when they also share 70 % of
 * their columns. Merging keeps the first one's order, appends what is new and widens types that
 * differ: numbers to the wider number, structs field by field, anything else to string, which every
 * value can be read as. */
#include "crawl/crawl_int.h"

#define SIMILAR_PERCENT 70

bool schema_is_known(const struct crawl_schema *s) {
    return !bytes_eq_str(s->classification, "UNKNOWN");
}
static bool is(const struct crawl_schema *s, const char *classification) {
    return bytes_eq_str(s->classification, classification);
}

/* ---- reading ---- */
static struct bytes lower(struct arena *a, struct bytes v) {
    struct bytes r = arena_copy(a, v);
    for (size_t i = 0; r.ptr && i < r.len; i++)
        if (r.ptr[i] >= 'A' && r.ptr[i] <= 'Z')
            ((char *)r.ptr)[i] = (char)(r.ptr[i] + 32);
    return r;
}
static struct crawl_column *find(const struct crawl_schema *s, struct bytes name) {
    for (size_t i = 0; i < s->column_count; i++)
        if (bytes_eq(s->columns[i].name, name))
            return &s->columns[i];
    return NULL;
}
/* CSV columns are positions, so each stays and gets a name of its own; elsewhere a name that
 * differs only in case from an earlier one cannot be read and is left out. */
static bool name_column(struct arena *a, const struct crawl_schema *s, struct crawl_column *c) {
    if (!is(s, "csv"))
        return c->name.len > 0 && c->name.len <= 255 && !find(s, c->name);
    struct bytes plain = c->name = bytes_trim(c->name);
    if (!plain.len)
        c->name = arena_fmt(a, "col%zu", s->column_count);
    for (int i = 1; c->name.ptr && find(s, c->name) && i < 10000; i++)
        c->name = arena_fmt(a, "%.*s_%d", (int)MIN_OF(plain.len, (size_t)250), plain.ptr, i);
    c->name = bytes_slice(c->name, 0, 255);
    return c->name.ptr != NULL;
}

struct crawl_schema *schema_read(struct arena *a, const struct json *j) {
    static const struct type text = {.kind = TYPE_STRING};
    const struct json *columns = json_get(j, "columns");
    struct crawl_schema *s = ARENA_NEW(a, struct crawl_schema);
    if (!s)
        return NULL;
    *s = (struct crawl_schema){.classification = arena_copy(a, json_get_str(j, "classification")),
                               .compression = arena_copy(a, json_get_str(j, "compression")),
                               .delimiter = arena_copy(a, json_get_str(j, "delimiter")),
                               .quote = arena_copy(a, json_get_str(j, "quote")),
                               .skip = json_get_i64(j, "skip", 0)};
    s->columns = ARENA_NEW_N(a, struct crawl_column, (columns ? columns->count : 0) + 1);
    JSON_FOR_EACH(c, columns) {
        struct bytes key = json_get_str(c, "key");
        struct crawl_column column = {.name = lower(a, key), .key = arena_copy(a, key)};
        if (type_parse(a, json_get_str(c, "type"), &column.type, NULL))
            column.type = &text;
        if (!a->failed && name_column(a, s, &column))
            s->columns[s->column_count++] = column;
    }
    return a->failed ? NULL : s;
}

void schema_write(struct jsonw *w, const struct crawl_schema *s) {
    struct buf type = {0};
    jsonw_object(w);
    jsonw_kv_str(w, "classification", s->classification);
    jsonw_kv_str(w, "compression", s->compression);
    if (is(s, "csv")) {
        jsonw_kv_str(w, "delimiter", s->delimiter);
        jsonw_kv_str(w, "quote", s->quote);
        jsonw_kv_i64(w, "skip", s->skip);
    }
    jsonw_name(w, "columns");
    jsonw_array(w);
    for (size_t i = 0; i < s->column_count; i++) {
        buf_reset(&type);
        type_format(s->columns[i].type, &type);
        jsonw_object(w);
        jsonw_kv_str(w, "key", s->columns[i].key);
        jsonw_kv_str(w, "type", buf_bytes(&type));
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    w->out->failed |= !buf_ok(&type);
    buf_clear(&type);
}

/* ---- comparing ---- */
static bool is_number(const struct type *t) {
    return t->kind >= TYPE_TINYINT && t->kind <= TYPE_DECIMAL;
}
static bool is_text(const struct type *t) {
    return t->kind == TYPE_STRING || t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR;
}
static bool types_fit(const struct type *x, const struct type *y) {
    return x->kind == y->kind || (is_number(x) && is_number(y)) || is_text(x) || is_text(y) ||
           (x->kind >= TYPE_TIMESTAMP && y->kind >= TYPE_TIMESTAMP && x->kind <= TYPE_DATE &&
            y->kind <= TYPE_DATE);
}

bool schema_is_compatible(const struct crawl_schema *x, const struct crawl_schema *y) {
    if (!bytes_eq(x->classification, y->classification) ||
        !bytes_eq(x->compression, y->compression) || !schema_is_known(x))
        return false;
    if (!is(x, "csv"))
        return true;
    size_t n = MIN_OF(x->column_count, y->column_count);
    for (size_t i = 0; i < n; i++)
        if (!bytes_eq(x->columns[i].name, y->columns[i].name))
            return false;
    return bytes_eq(x->delimiter, y->delimiter) && x->skip == y->skip;
}

bool schema_is_similar(const struct crawl_schema *x, const struct crawl_schema *y, bool lenient) {
    if (x == y)
        return schema_is_known(x);
    if (!schema_is_compatible(x, y))
        return false;
    size_t shared = 0, least = MIN_OF(x->column_count, y->column_count),
           most = MAX_OF(x->column_count, y->column_count);
    for (size_t i = 0; i < y->column_count; i++) {
        const struct crawl_column *c = find(x, y->columns[i].name);
        shared += c && types_fit(c->type, y->columns[i].type);
    }
    size_t of = lenient ? least : most;
    return shared * 100 >= of * SIMILAR_PERCENT;
}

/* ---- merging types ---- */
static const struct type *simple(struct arena *a, enum type_kind kind) {
    struct type *t = ARENA_NEW(a, struct type);
    if (t)
        t->kind = kind;
    return t;
}
static const struct type *merge_numbers(struct arena *a, const struct type *x,
                                        const struct type *y) {
    if (x->kind == TYPE_DECIMAL && y->kind == TYPE_DECIMAL) {
        struct type *t = ARENA_NEW(a, struct type);
        int whole = MAX_OF(x->precision - x->scale, y->precision - y->scale);
        if (t) {
            t->kind = TYPE_DECIMAL;
            t->scale = MAX_OF(x->scale, y->scale);
            t->precision = MIN_OF(whole + t->scale, 38);
        }
        return t;
    }
    bool whole = x->kind <= TYPE_BIGINT && y->kind <= TYPE_BIGINT;
    return simple(a, whole ? MAX_OF(x->kind, y->kind) : TYPE_DOUBLE);
}
static ptrdiff_t field_at(const struct type *t, struct bytes name) {
    for (size_t i = 0; i < t->child_count; i++)
        if (bytes_eq(t->names[i], name))
            return (ptrdiff_t)i;
    return -1;
}
static const struct type *merge_structs(struct arena *a, const struct type *x,
                                        const struct type *y) {
    size_t max = x->child_count + y->child_count, n = x->child_count;
    struct type *t = ARENA_NEW(a, struct type);
    const struct type **children = ARENA_NEW_N(a, const struct type *, max);
    struct bytes *names = ARENA_NEW_N(a, struct bytes, max);
    if (!t || !children || !names)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        names[i] = x->names[i];
        children[i] = x->children[i];
    }
    for (size_t i = 0; i < y->child_count; i++) {
        ptrdiff_t at = field_at(x, y->names[i]);
        size_t k = at < 0 ? n++ : (size_t)at;
        names[k] = y->names[i];
        children[k] = at < 0 ? y->children[i] : schema_merge_type(a, children[k], y->children[i]);
        if (!children[k])
            return NULL;
    }
    *t = (struct type){.kind = TYPE_STRUCT, .child_count = n, .children = children, .names = names};
    return t;
}
/* array or map: element by element */
static const struct type *merge_children(struct arena *a, const struct type *x,
                                         const struct type *y) {
    struct type *t = ARENA_NEW(a, struct type);
    const struct type **children = ARENA_NEW_N(a, const struct type *, x->child_count);
    if (!t || !children)
        return NULL;
    for (size_t i = 0; i < x->child_count; i++)
        if (!(children[i] = schema_merge_type(a, x->children[i], y->children[i])))
            return NULL;
    *t = (struct type){.kind = x->kind, .child_count = x->child_count, .children = children};
    return t;
}
const struct type *schema_merge_type(struct arena *a, const struct type *x, const struct type *y) {
    if (type_equal(x, y))
        return x;
    if (is_number(x) && is_number(y))
        return merge_numbers(a, x, y);
    if (x->kind == TYPE_STRUCT && y->kind == TYPE_STRUCT)
        return merge_structs(a, x, y);
    if (x->kind == y->kind && (x->kind == TYPE_ARRAY || x->kind == TYPE_MAP))
        return merge_children(a, x, y);
    bool times = (x->kind == TYPE_DATE && y->kind == TYPE_TIMESTAMP) ||
                 (x->kind == TYPE_TIMESTAMP && y->kind == TYPE_DATE);
    return simple(a, times ? TYPE_TIMESTAMP : TYPE_STRING);
}

/* ---- merging schemas ---- */
static bool adds_nothing(const struct crawl_schema *x, const struct crawl_schema *y) {
    if (y->quote.len && !x->quote.len)
        return false;
    for (size_t i = 0; i < y->column_count; i++) {
        const struct crawl_column *c = find(x, y->columns[i].name);
        if (!c || !type_equal(c->type, y->columns[i].type))
            return false;
    }
    return true;
}
const struct crawl_schema *schema_merge(struct arena *a, const struct crawl_schema *x,
                                        const struct crawl_schema *y) {
    if (x == y || adds_nothing(x, y))
        return x;
    struct crawl_schema *s = ARENA_NEW(a, struct crawl_schema);
    if (!s)
        return NULL;
    *s = *x;
    s->quote = x->quote.len ? x->quote : y->quote;
    s->columns = ARENA_NEW_N(a, struct crawl_column, x->column_count + y->column_count + 1);
    if (!s->columns)
        return NULL;
    if (x->column_count)
        memcpy(s->columns, x->columns, x->column_count * sizeof *s->columns);
    for (size_t i = 0; i < y->column_count; i++) {
        struct crawl_column *c = find(s, y->columns[i].name);
        if (!c)
            s->columns[s->column_count++] = y->columns[i];
        else if (!(c->type = schema_merge_type(a, c->type, y->columns[i].type)))
            return NULL;
    }
    return s;
}
