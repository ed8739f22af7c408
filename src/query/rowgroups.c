/* rowgroups.c - which row groups of its Parquet files a scan reads.
 *
 * No row with a NULL satisfies a constraint, so a row group stays only when for every constraint
 * its column has values other than NULL and some value between the least and the greatest one can
 * satisfy it. Values are compared by the type the table gives the column, and only when the file's
 * own type orders them alike; what is not known keeps the row group.
 *
 * The engine is told which rows those are, as ranges of row numbers (relation.c), and then reads
 * no other row group: what is predicted is what is read. Each range is a relation of its own,
 * shared by all files that are read of it, because the engine skips row groups by a range but not
 * by several ones joined by OR. So that the text stays short there are at most MAX_RANGES ranges in
 * a file (the gaps that save least are read too) and MAX_RELATIONS in a scan. Files beyond that are
 * left to the engine's own use of the statistics.
 */
#include "query/query_int.h"
#include <stdlib.h>

#define MAX_RANGES 8
#define MAX_RELATIONS 64

/* ---- constraints as tests ---- */
struct operand {
    union facts_value v;
    __int128 n; /* of a decimal, times 10^-scale */
    int scale;
};
struct group_test {
    size_t column;
    enum sql_constraint_op op;
    const struct type *type;
    enum facts_kind kind;
    struct operand *operands; /* ascending */
    size_t count;
    size_t hint;
};

static enum facts_kind kind_of(const struct type *t) {
    switch (t->kind) {
    case TYPE_BOOLEAN:
        return FACTS_BOOLEAN;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        return FACTS_INTEGER;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return FACTS_FLOATING;
    case TYPE_DECIMAL:
        return FACTS_DECIMAL;
    case TYPE_STRING:
    case TYPE_VARCHAR:
        return FACTS_TEXT;
    case TYPE_DATE:
        return FACTS_DATE;
    case TYPE_TIMESTAMP:
        return FACTS_TIMESTAMP;
    default:
        return FACTS_OTHER;
    }
}

/* -12.50 with up to 19 digits. */
static bool to_decimal(struct bytes text, struct operand *ret) {
    bool negative = text.len && text.ptr[0] == '-', point = false;
    int digits = 0;
    ret->n = 0;
    ret->scale = 0;
    for (size_t i = negative; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > 19)
            return false;
        ret->n = ret->n * 10 + (c - '0');
        ret->scale += point;
    }
    ret->n = negative ? -ret->n : ret->n;
    return digits > 0 && ret->scale <= 18;
}

static __int128 scaled(__int128 n, int by) {
    while (by-- > 0)
        n *= 10;
    return n;
}

/* Of a file's value (a decimal's with `scale`) and an operand. */
static int order(enum facts_kind kind, union facts_value a, int scale, const struct operand *b) {
    if (kind == FACTS_TEXT)
        return bytes_cmp(a.s, b->v.s);
    if (kind == FACTS_FLOATING)
        return (a.d > b->v.d) - (a.d < b->v.d);
    if (kind == FACTS_DECIMAL) {
        __int128 x = scaled(a.i, b->scale - scale), y = scaled(b->n, scale - b->scale);
        return (x > y) - (x < y);
    }
    return (a.i > b->v.i) - (a.i < b->v.i);
}

static int integer_order(const void *a, const void *b) {
    const struct operand *x = a, *y = b;
    return (x->v.i > y->v.i) - (x->v.i < y->v.i);
}
static int double_order(const void *a, const void *b) {
    const struct operand *x = a, *y = b;
    return (x->v.d > y->v.d) - (x->v.d < y->v.d);
}
static int text_order(const void *a, const void *b) {
    const struct operand *x = a, *y = b;
    return bytes_cmp(x->v.s, y->v.s);
}
static int decimal_order(const void *a, const void *b) {
    const struct operand *x = a, *y = b;
    __int128 n = scaled(x->n, y->scale - x->scale), m = scaled(y->n, x->scale - y->scale);
    return (n > m) - (n < m);
}
static void sort(struct group_test *t) {
    qsort(t->operands, t->count, sizeof *t->operands,
          t->kind == FACTS_TEXT       ? text_order
          : t->kind == FACTS_FLOATING ? double_order
          : t->kind == FACTS_DECIMAL  ? decimal_order
                                      : integer_order);
}

/* False when the constraint cannot be tested here. */
static bool make_test(struct arena *a, const struct plan_scan *s, const struct sql_constraint *c,
                      struct group_test *t) {
    const struct sql_table_info *info = &s->table->info;
    *t = (struct group_test){.op = c->op, .count = c->value_count};
    while (t->column < s->table->data_count &&
           !bytes_eq_nocase(info->columns[t->column].name, c->column))
        t->column++;
    if (c->is_partition || c->op == SQL_NONE_MATCH || t->column == s->table->data_count)
        return false;
    t->type = info->columns[t->column].type;
    t->kind = kind_of(t->type);
    t->operands = ARENA_NEW_N(a, struct operand, c->value_count + 1);
    bool ok = t->kind != FACTS_OTHER && t->operands && c->value_count;
    for (size_t i = 0; ok && i < c->value_count; i++)
        ok = t->kind == FACTS_DECIMAL ? to_decimal(c->values[i], &t->operands[i])
                                      : facts_value_of(t->kind, 0, c->values[i], &t->operands[i].v);
    if (ok && t->count > 1)
        sort(t);
    return ok;
}

/* Whether nothing at all can satisfy a constraint of the scan. */
static bool none_match(const struct plan_scan *s) {
    for (size_t i = 0; i < s->scan->constraint_count; i++)
        if (s->scan->constraints[i].op == SQL_NONE_MATCH)
            return true;
    return false;
}

bool plan_tests_row_groups(const struct plan_scan *s, const struct sql_constraint *c) {
    struct group_test t;
    struct arena a;
    arena_init(&a, 0);
    bool ok = s->table->format == FORMAT_PARQUET && make_test(&a, s, c, &t);
    arena_clear(&a);
    return ok;
}

/* ---- a row group ---- */
static bool comparable(const struct group_test *t, const struct facts_leaf *leaf) {
    if (leaf->kind != t->kind)
        return false;
    return t->kind != FACTS_DECIMAL || leaf->scale <= t->type->scale;
}

/* Whether an operand lies in [min, max]. */
static bool any_within(const struct group_test *t, const struct facts_leaf *leaf,
                       union facts_value min, union facts_value max) {
    size_t low = 0, high = t->count;
    while (low < high) { /* the first operand that is not below min */
        size_t middle = (low + high) / 2;
        if (order(t->kind, min, leaf->scale, &t->operands[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->count && order(t->kind, max, leaf->scale, &t->operands[low]) >= 0;
}

static bool range_matches(const struct group_test *t, const struct facts_leaf *leaf,
                          const struct facts_range *r) {
    union facts_value min = r->min, max = r->max;
    if (t->type->kind == TYPE_FLOAT) { /* as the table's type rounds them */
        min.d = (float)min.d;
        max.d = (float)max.d;
    }
    switch (t->op) {
    case SQL_EQ:
    case SQL_IN:
        return any_within(t, leaf, min, max);
    case SQL_LT:
        return order(t->kind, min, leaf->scale, t->operands) < 0;
    case SQL_LE:
        return order(t->kind, min, leaf->scale, t->operands) <= 0;
    case SQL_GT:
        return order(t->kind, max, leaf->scale, t->operands) > 0;
    case SQL_GE:
        return order(t->kind, max, leaf->scale, t->operands) >= 0;
    case SQL_NONE_MATCH:
        break;
    }
    return true;
}

static bool group_matches(const struct group_test *t, const struct file_facts *f,
                          const struct facts_leaf *leaf, size_t group) {
    const struct facts_range *r = leaf->ranges ? &leaf->ranges[group] : NULL;
    if (!r)
        return true;
    if (r->nulls >= 0 && r->nulls == f->group_rows[group])
        return false;
    return !r->known || !comparable(t, leaf) || range_matches(t, leaf, r);
}

/* ---- a file ---- */
static size_t drop_groups(struct group_test *tests, size_t n, const struct plan_scan *s,
                          const struct file_facts *f, bool *dropped) {
    size_t kept = f->group_count;
    for (size_t i = 0; i < n; i++) {
        bool nested;
        const struct facts_leaf *leaf =
            facts_leaf_of(f, s->table->info.columns[tests[i].column].name, &tests[i].hint, &nested);
        if (!leaf && !nested)
            return 0; /* without the column all its values are NULL */
        for (size_t g = 0; leaf && g < f->group_count; g++) {
            if (dropped[g] || group_matches(&tests[i], f, leaf, g))
                continue;
            dropped[g] = true;
            kept--;
        }
    }
    return kept;
}

static size_t count_ranges(const bool *dropped, size_t groups) {
    size_t n = 0;
    for (size_t g = 0; g < groups; g++)
        n += !dropped[g] && (g == 0 || dropped[g - 1]);
    return n;
}

/* Takes the gap between two ranges that has the fewest rows back in. */
static void fill_gap(const struct file_facts *f, bool *dropped) {
    size_t best = 0, best_end = 0, start = 0;
    int64_t fewest = INT64_MAX, rows = 0;
    bool open = false; /* a range came before */
    for (size_t g = 0; g < f->group_count; g++) {
        if (dropped[g]) {
            start = g == 0 || !dropped[g - 1] ? g : start;
            rows = start == g ? f->group_rows[g] : rows + f->group_rows[g];
            continue;
        }
        if (open && dropped[g - 1] && rows < fewest) {
            fewest = rows;
            best = start;
            best_end = g;
        }
        open = true;
    }
    for (size_t g = best; g < best_end; g++)
        dropped[g] = false;
}

static void fill_ranges(struct plan_file *f) {
    int64_t row = 0;
    size_t n = 0;
    for (size_t g = 0; g < f->facts->group_count; g++) {
        if (!f->dropped[g] && (g == 0 || f->dropped[g - 1]))
            f->ranges[n++].from = row;
        row += f->facts->group_rows[g];
        if (!f->dropped[g])
            f->ranges[n - 1].to = row;
    }
    f->range_count = n;
}

/* ---- relations ---- */
bool plan_has_range(const struct plan_file *f, const struct row_range *r) {
    for (size_t i = 0; i < f->range_count; i++)
        if (f->ranges[i].from == r->from && f->ranges[i].to == r->to)
            return true;
    return false;
}

/* False when there would be too many. */
static bool add_range(struct plan_scan *s, struct row_range r) {
    size_t i = 0;
    while (i < s->range_count && (s->ranges[i].from != r.from || s->ranges[i].to != r.to))
        i++;
    if (i == MAX_RELATIONS)
        return false;
    s->ranges[i] = r;
    s->range_count = MAX_OF(s->range_count, i + 1);
    return true;
}

/* A file with a column of that name cannot be told row numbers. */
static bool has_row_numbers(const struct file_facts *f) {
    for (size_t i = 0; i < f->leaf_count; i++)
        if (facts_is_below(f->leaves[i].name, BYTES("file_row_number")))
            return false;
    return true;
}

static int assign_ranges(struct plan *p, struct plan_scan *s, struct plan_file *f, struct err *e) {
    f->ranges = ARENA_NEW_N(&p->arena, struct row_range, MAX_RANGES);
    if (!s->ranges)
        s->ranges = ARENA_NEW_N(&p->arena, struct row_range, MAX_RELATIONS);
    if (!f->ranges || !s->ranges)
        return err_set(e, ERR_NOMEM, NULL);
    fill_ranges(f);
    for (size_t i = 0; i < f->range_count; i++)
        if (!add_range(s, f->ranges[i]))
            f->range_count = 0;
    return 0;
}

static int choose_of_file(struct plan *p, struct plan_scan *s, struct group_test *tests, size_t n,
                          struct plan_file *f, size_t *ret_kept, struct err *e) {
    size_t groups = f->facts->group_count;
    bool *dropped = ARENA_NEW_N(&p->arena, bool, groups + 1);
    if (!dropped)
        return err_set(e, ERR_NOMEM, NULL);
    size_t kept = drop_groups(tests, n, s, f->facts, dropped);
    *ret_kept = kept;
    if (kept == 0 || kept == groups)
        return 0;
    while (count_ranges(dropped, groups) > MAX_RANGES)
        fill_gap(f->facts, dropped);
    f->dropped = dropped;
    for (size_t g = *ret_kept = 0; g < groups; g++)
        *ret_kept += !dropped[g];
    return has_row_numbers(f->facts) ? assign_ranges(p, s, f, e) : 0;
}

/* ---- the scan ---- */
int plan_choose_row_groups(struct plan *p, struct plan_scan *s, struct err *e) {
    struct group_test *tests =
        ARENA_NEW_N(&p->arena, struct group_test, s->scan->constraint_count + 1);
    size_t n = 0, files = 0;
    int rc = tests ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < s->scan->constraint_count; i++)
        n += make_test(&p->arena, s, &s->scan->constraints[i], &tests[n]);
    bool none = none_match(s);
    for (size_t i = 0; !rc && i < s->file_count; i++) {
        struct plan_file *f = &s->files[i];
        size_t groups = f->facts ? f->facts->group_count : 0, kept = groups;
        bool known = f->facts && f->facts->detailed;
        if (known && n && groups)
            rc = choose_of_file(p, s, tests, n, f, &kept, e);
        s->groups_considered += groups;
        s->groups_kept += none ? 0 : kept;
        if (none || (known && kept == 0))
            continue; /* also a file without rows */
        s->files[files++] = *f;
    }
    if (!rc)
        s->file_count = files;
    return rc;
}

bool plan_keeps_group(const struct plan_file *f, size_t group) {
    return !f->dropped || !f->dropped[group];
}

int64_t plan_file_rows(const struct plan_file *f) {
    int64_t rows = 0;
    for (size_t g = 0; f->facts && g < f->facts->group_count; g++)
        rows += plan_keeps_group(f, g) ? f->facts->group_rows[g] : 0;
    return f->facts ? rows : -1;
}
