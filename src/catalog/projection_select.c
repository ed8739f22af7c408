/* projection_select.c - from properties and a filter to partitions.
 *
 * Each column first gets the list of its values that pass the filter's tests; for ranges only the
 * spans that can pass are looked at. The partitions are the product of the lists, walked as a tree,
 * first column outermost, with the filter's check at each node, so that a refused prefix costs one
 * call. Columns are counted before they are listed, and a column that keeps nothing ends the work
 * whatever the others hold. */
#include "catalog/projection_int.h"
#include <stdio.h>
#include <stdlib.h>

/* One value of a column, and its text in the location. */
struct candidate {
    struct bytes value, folder;
};
struct chosen {
    struct candidate *items;
    size_t count;
    double estimate;   /* candidates to be looked at */
    struct bytes last; /* ranges: the last folder, not escaped */
    struct sequence sequence;
    struct sequence_span *spans;
    size_t span_count;
};
struct selection {
    const struct projection *p;
    struct arena *a;
    const struct partition_filter *f;
    size_t limit;
    struct chosen *chosen; /* one per column */
    struct catalog_partition *found;
    size_t found_count, found_cap;
    size_t looked_at;
    struct err *e;
};

/* The column's tests; NULL when it has none. */
static const struct filter_key *tests_of(const struct selection *s, size_t column) {
    if (!s->f || column >= s->f->key_count || s->f->keys[column].test_count == 0)
        return NULL;
    return &s->f->keys[column];
}

static int refuse_size(const struct selection *s) {
    struct buf names = {0};
    for (size_t i = 0; i < s->p->column_count; i++)
        if (!tests_of(s, i))
            buf_add_fmt(&names, "%s%.*s", names.len ? ", " : "",
                        BYTES_ARG(s->p->columns[i].key.name));
    const char *text = buf_ok(&names) ? buf_cstr(&names) : "";
    int rc = err_set_named(
        s->e, ERR_SQL, "CONSTRAINT_VIOLATION", 0,
        "Table %.*s.%.*s projects more than %zu partitions for this query; %s%s%s",
        BYTES_ARG(s->p->database), BYTES_ARG(s->p->name), s->limit,
        names.len ? "add conditions on the partition columns " : "narrow its WHERE clause",
        names.len ? text : "", names.len ? " to its WHERE clause" : "");
    buf_clear(&names);
    return rc;
}

/* ---- lists of values ---- */

/* Characters that Hive writes as %XX in the name of a partition's folder. */
static bool is_escaped(unsigned char c) {
    return c < 0x20 || c == 0x7F || strchr("\"#%'*/:=?\\{[]^", c) != NULL;
}

static struct bytes escape(const struct selection *s, struct bytes text) {
    size_t escaped = 0, n = 0;
    for (size_t i = 0; i < text.len; i++)
        escaped += is_escaped((unsigned char)text.ptr[i]);
    if (!s->p->escapes || (escaped == 0 && text.len))
        return text;
    if (text.len == 0)
        return BYTES(CATALOG_NULL_PARTITION);
    char *out = arena_alloc(s->a, text.len + 2 * escaped);
    for (size_t i = 0; i < text.len && out; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool wide = is_escaped(c);
        if (wide)
            out[n++] = '%';
        if (wide)
            out[n++] = "0123456789ABCDEF"[c >> 4];
        out[n++] = wide ? "0123456789ABCDEF"[c & 15] : (char)c;
    }
    return bytes_of(out, out ? n : 0);
}

/* Adds one; `value` and `folder` live as long as the partitions. */
static int add(struct selection *s, struct chosen *c, struct bytes value, struct bytes folder) {
    struct candidate *it = &c->items[c->count];
    *it = (struct candidate){value, escape(s, folder)};
    if (!it->folder.ptr)
        return err_set(s->e, ERR_NOMEM, NULL);
    c->count++;
    return 0;
}

static bool keeps(const struct filter_key *k, struct bytes v) {
    return !k || filter_key_keeps(k, v);
}

static int list_enum(struct selection *s, size_t column, struct chosen *c) {
    const struct projection_column *col = &s->p->columns[column];
    const struct filter_key *k = tests_of(s, column);
    int rc = 0;
    c->items = ARENA_NEW_N(s->a, struct candidate, col->value_count + 1);
    if (!c->items)
        return err_set(s->e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < col->value_count && !rc; i++)
        if (keeps(k, col->values[i]))
            rc = add(s, c, col->values[i], col->values[i]);
    return rc;
}

static int by_text(const void *x, const void *y) {
    return bytes_cmp(*(const struct bytes *)x, *(const struct bytes *)y);
}

static int refuse_injected(const struct selection *s, size_t column) {
    return err_set_named(s->e, ERR_SQL, "CONSTRAINT_VIOLATION", 0,
                         "For the injected projected partition column %.*s, the WHERE clause must "
                         "contain only static equality conditions, and at least one such condition "
                         "must be present.",
                         BYTES_ARG(s->p->columns[column].key.name));
}

/* The values that the query names, sorted; the shortest list that its tests give. */
static int list_injected(struct selection *s, size_t column, struct chosen *c) {
    const struct filter_key *k = tests_of(s, column);
    const struct filter_test *list = NULL;
    int rc = 0;
    for (size_t i = 0; k && i < k->test_count; i++) {
        const struct filter_test *t = &k->tests[i];
        if (t->op == FILTER_NONE)
            return 0;
        if ((t->op == FILTER_EQ || t->op == FILTER_IN) &&
            (!list || t->value_count < list->value_count))
            list = t;
    }
    if (!list)
        return refuse_injected(s, column);
    struct bytes *sorted = ARENA_NEW_N(s->a, struct bytes, list->value_count + 1);
    c->items = ARENA_NEW_N(s->a, struct candidate, list->value_count + 1);
    if (!sorted || !c->items)
        return err_set(s->e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < list->value_count; i++)
        sorted[i] = list->values[i];
    qsort(sorted, list->value_count, sizeof *sorted, by_text);
    for (size_t i = 0; i < list->value_count && !rc; i++) {
        if ((i && bytes_eq(sorted[i], sorted[i - 1])) || !keeps(k, sorted[i]))
            continue;
        struct bytes v = arena_copy(s->a, sorted[i]);
        rc = v.ptr ? add(s, c, v, v) : err_set(s->e, ERR_NOMEM, NULL);
    }
    return rc;
}

static int open_range(struct selection *s, size_t column, struct chosen *c, int64_t now_ms) {
    int rc = sequence_open(s->p, &s->p->columns[column], now_ms, &c->sequence, s->e);
    if (!rc)
        rc = sequence_narrow(&c->sequence, tests_of(s, column), s->a, &c->spans, &c->span_count,
                             s->e);
    for (size_t i = 0; !rc && i < c->span_count; i++)
        c->estimate += (double)(c->spans[i].last - c->spans[i].first) + 1;
    return rc;
}

/* One value of a range. Steps shorter than what the format shows give the same folder again. */
static int add_at(struct selection *s, const struct filter_key *k, struct chosen *c, uint64_t at) {
    char folder[PROJECTION_TEXT_MAX], value[PROJECTION_TEXT_MAX];
    bool is_text = c->sequence.column->is_text;
    struct bytes f = sequence_folder(&c->sequence, at, folder);
    struct bytes v = is_text ? f : sequence_value(&c->sequence, at, value);
    if (!keeps(k, v) || (c->count && bytes_eq(c->last, f)))
        return 0;
    c->last = arena_copy(s->a, f);
    v = is_text ? c->last : arena_copy(s->a, v);
    if (!c->last.ptr || !v.ptr)
        return err_set(s->e, ERR_NOMEM, NULL);
    return add(s, c, v, c->last);
}

static int list_range(struct selection *s, size_t column, struct chosen *c) {
    const struct filter_key *k = tests_of(s, column);
    int rc = 0;
    c->items = ARENA_NEW_N(s->a, struct candidate, (size_t)c->estimate + 1);
    if (!c->items)
        return err_set(s->e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < c->span_count; i++)
        for (uint64_t n = 0; n <= c->spans[i].last - c->spans[i].first && !rc; n++)
            rc = add_at(s, k, c, c->spans[i].first + n);
    return rc;
}

static bool is_range(const struct projection_column *c) {
    return c->kind == PROJECTION_INTEGER || c->kind == PROJECTION_DATE;
}

/* Counts every column, and lists those that are short anyway. *ret_empty: some keeps nothing. */
static int choose(struct selection *s, int64_t now_ms, double *ret_considered, bool *ret_empty) {
    int rc = 0;
    *ret_considered = 1;
    *ret_empty = false;
    for (size_t i = 0; i < s->p->column_count && !rc; i++) {
        struct chosen *c = &s->chosen[i];
        const struct projection_column *col = &s->p->columns[i];
        if (is_range(col)) {
            rc = open_range(s, i, c, now_ms);
            *ret_considered *= (double)c->sequence.last + 1;
        } else {
            rc = col->kind == PROJECTION_ENUM ? list_enum(s, i, c) : list_injected(s, i, c);
            c->estimate = (double)c->count;
            *ret_considered *= col->kind == PROJECTION_ENUM ? (double)col->value_count : 1;
        }
        *ret_empty |= c->estimate == 0;
    }
    return rc;
}

/* Lists the ranges. Without a check on prefixes the size of the product is known then. */
static int list_all(struct selection *s, bool *ret_empty) {
    double product = 1;
    int rc = 0;
    for (size_t i = 0; i < s->p->column_count; i++)
        if (s->chosen[i].estimate > (double)s->limit)
            return refuse_size(s);
    for (size_t i = 0; i < s->p->column_count && !rc; i++) {
        if (is_range(&s->p->columns[i]))
            rc = list_range(s, i, &s->chosen[i]);
        product *= (double)s->chosen[i].count;
    }
    *ret_empty = product == 0;
    if (!rc && product > (double)s->limit && !(s->f && s->f->keeps))
        rc = refuse_size(s);
    return rc;
}

/* ---- the product ---- */
static struct bytes locate(const struct selection *s, const size_t *at) {
    const struct projection *p = s->p;
    size_t len = 0, n = 0;
    for (size_t i = 0; i < p->piece_count; i++) {
        size_t k = p->pieces[i].key;
        len +=
            p->pieces[i].literal.len + (k == SIZE_MAX ? 0 : s->chosen[k].items[at[k]].folder.len);
    }
    char *out = arena_alloc(s->a, len + 1);
    for (size_t i = 0; i < p->piece_count && out; i++) {
        struct bytes literal = p->pieces[i].literal, text = {0};
        if (p->pieces[i].key != SIZE_MAX)
            text = s->chosen[p->pieces[i].key].items[at[p->pieces[i].key]].folder;
        memcpy(out + n, literal.ptr, literal.len);
        n += literal.len;
        if (text.len)
            memcpy(out + n, text.ptr, text.len);
        n += text.len;
    }
    return bytes_of(out, out ? n : 0);
}

static bool grow(struct selection *s) {
    size_t cap = s->found_cap ? s->found_cap * 2 : 64;
    if (s->found_count < s->found_cap)
        return true;
    struct catalog_partition *moved = arena_alloc(s->a, cap * sizeof *moved);
    if (!moved)
        return false;
    if (s->found_count)
        memcpy(moved, s->found, s->found_count * sizeof *moved);
    s->found = moved;
    s->found_cap = cap;
    return true;
}

static int emit(struct selection *s, const size_t *at, const struct bytes *values) {
    size_t n = s->p->column_count;
    struct bytes *own = arena_alloc(s->a, (n + 1) * sizeof *own);
    struct bytes location = locate(s, at);
    if (!own || !location.ptr || !grow(s))
        return err_set(s->e, ERR_NOMEM, NULL);
    if (n)
        memcpy(own, values, n * sizeof *own);
    s->found[s->found_count++] =
        (struct catalog_partition){.values = own, .value_count = n, .location = location};
    return 0;
}

static bool prefix_is_kept(const struct selection *s, const struct bytes *values, size_t count) {
    return !s->f || !s->f->keeps || s->f->keeps(s->f->ctx, values, count);
}

/* at[depth] is the candidate of column `depth`; deeper ones begin anew when it moves on. */
static int walk(struct selection *s, size_t *at, struct bytes *values) {
    size_t depth = 0, columns = s->p->column_count;
    int rc = 0;
    while (!rc) {
        if (at[depth] == s->chosen[depth].count) {
            if (depth == 0)
                break;
            at[depth--] = 0;
            at[depth]++;
            continue;
        }
        values[depth] = s->chosen[depth].items[at[depth]].value;
        bool kept = prefix_is_kept(s, values, depth + 1);
        if (kept && depth + 1 < columns) {
            depth++;
            continue;
        }
        if (++s->looked_at > s->limit)
            return refuse_size(s);
        if (kept)
            rc = emit(s, at, values);
        at[depth]++;
    }
    return rc;
}

static int multiply(struct selection *s) {
    size_t n = s->p->column_count;
    size_t *at = ARENA_NEW_N(s->a, size_t, n + 1);
    struct bytes *values = ARENA_NEW_N(s->a, struct bytes, n + 1);
    if (!at || !values)
        return err_set(s->e, ERR_NOMEM, NULL);
    return n ? walk(s, at, values) : emit(s, at, values);
}

int projection_select(const struct projection *p, struct arena *a, const struct partition_filter *f,
                      int64_t now_ms, size_t limit, struct catalog_partition **ret,
                      size_t *ret_count, double *ret_considered, struct err *e) {
    struct selection s = {.p = p, .a = a, .f = f, .limit = limit, .e = e};
    double considered = 1;
    bool empty = false;
    s.chosen = ARENA_NEW_N(a, struct chosen, p->column_count + 1);
    int rc = s.chosen ? choose(&s, now_ms, &considered, &empty) : err_set(e, ERR_NOMEM, NULL);
    if (!rc && !empty)
        rc = list_all(&s, &empty);
    if (!rc && !empty)
        rc = multiply(&s);
    if (rc)
        return rc;
    *ret = s.found;
    *ret_count = s.found_count;
    *ret_considered = considered;
    return 0;
}
