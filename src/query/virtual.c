/* virtual.c - rows that the plan writes, as DuckDB text; and "table$partitions".
 *
 * A column is one string literal, its values joined by a code point that never occurs, which the
 * engine splits and unnests beside the other columns: it parses in time linear in the text, which a
 * list of a hundred thousand literals does not.
 *
 *     (SELECT CAST(nullif(c0,'<null>') AS VARCHAR) AS "a", ..
 *      FROM (SELECT unnest(string_split('x<sep>y', '<sep>')) AS c0, ..)) */
#include "query/virtual.h"

#define SEPARATOR "\xf4\x8f\xbf\xbf" /* U+10FFFF, a noncharacter */
#define NULL_TEXT "\xf4\x8f\xbf\xbe" /* U+10FFFE */

int virtual_begin(struct plan *p, struct plan_scan *s, struct virtual_rows *ret, struct err *e) {
    *ret = (struct virtual_rows){.scan = s};
    ret->columns = ARENA_NEW_N(&p->arena, struct buf, s->table->info.column_count + 1);
    return ret->columns ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* The two code points themselves become U+FFFD. */
static void add_value(struct buf *out, struct bytes v) {
    for (struct bytes rest = v; rest.len;) {
        ptrdiff_t at = bytes_find(rest, BYTES("\xf4\x8f\xbf"));
        size_t n = at < 0 ? rest.len : (size_t)at;
        buf_add(out, bytes_slice(rest, 0, n));
        rest = bytes_slice(rest, n, rest.len);
        if (rest.len) {
            buf_add_str(out, "\xef\xbf\xbd");
            rest = bytes_slice(rest, 4, rest.len);
        }
    }
}

void virtual_add(struct virtual_rows *r, const struct bytes *values) {
    for (size_t i = 0; i < r->scan->table->info.column_count; i++) {
        struct buf *out = &r->columns[i];
        if (!r->scan->scan->column_used[i])
            continue;
        if (r->count)
            buf_add_str(out, SEPARATOR);
        if (values[i].ptr)
            add_value(out, values[i]);
        else
            buf_add_str(out, NULL_TEXT);
    }
    r->count++;
}

static void add_column(struct buf *out, const struct sql_table_column *c, size_t i, bool none) {
    if (none)
        buf_add_str(out, "CAST(NULL AS ");
    else
        buf_add_fmt(out, "CAST(nullif(c%zu,'" NULL_TEXT "') AS ", i);
    type_format_duckdb(c->type, out);
    buf_add_str(out, ") AS ");
    sqltext_ident(out, c->name);
}

static void write_relation(const struct virtual_rows *r, struct buf *out) {
    const struct plan_table *t = r->scan->table;
    const char *between = "SELECT ";
    for (size_t i = 0; i < t->info.column_count; i++) {
        if (!r->scan->scan->column_used[i])
            continue;
        buf_add_str(out, between);
        add_column(out, &t->info.columns[i], i, r->count == 0);
        between = ",";
    }
    if (between[0] != ',' || !r->count) {
        buf_add_fmt(out, "%s FROM range(%zu)", between[0] != ',' ? "SELECT 1 AS \"_\"" : "",
                    r->count);
        return;
    }
    between = " FROM (SELECT ";
    for (size_t i = 0; i < t->info.column_count; i++) {
        if (!r->scan->scan->column_used[i])
            continue;
        buf_add_fmt(out, "%sunnest(string_split(", between);
        sqltext_string(out, buf_bytes(&r->columns[i]));
        buf_add_fmt(out, ",'" SEPARATOR "')) AS c%zu", i);
        between = ",";
    }
    buf_add_char(out, ')');
}

int virtual_end(struct plan *p, struct virtual_rows *r, int rc, struct err *e) {
    struct buf text = {0};
    bool ok = true;
    for (size_t i = 0; r->columns && i < r->scan->table->info.column_count; i++)
        ok &= buf_ok(&r->columns[i]);
    if (!rc && ok)
        write_relation(r, &text);
    if (!rc)
        r->scan->rows_text = arena_copy(&p->arena, buf_bytes(&text));
    if (!rc && (!ok || !buf_ok(&text) || p->arena.failed))
        rc = err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; r->columns && i < r->scan->table->info.column_count; i++)
        buf_clear(&r->columns[i]);
    buf_clear(&text);
    return rc;
}

int virtual_wanted(struct plan *p, const struct plan_scan *s, const char *column,
                   struct bytes **ret, size_t *ret_count, bool *ret_any, struct err *e) {
    *ret = NULL;
    *ret_count = 0;
    *ret_any = true;
    for (size_t i = 0; i < s->scan->constraint_count; i++) {
        const struct sql_constraint *c = &s->scan->constraints[i];
        if (c->op == SQL_NONE_MATCH)
            *ret_any = false;
        if (!bytes_eq_str(c->column, column) || (c->op != SQL_EQ && c->op != SQL_IN))
            continue;
        *ret = ARENA_NEW_N(&p->arena, struct bytes, c->value_count + 1);
        if (!*ret)
            return err_set(e, ERR_NOMEM, NULL);
        memcpy(*ret, c->values, c->value_count * sizeof **ret);
        *ret_count = c->value_count;
        *ret_any = false;
    }
    return 0;
}

/* ---- "table$partitions" ---- one row for each partition that the scan's conditions leave */
static int fill_partitions(struct plan *p, struct plan_scan *s, struct err *e) {
    struct virtual_rows rows;
    size_t n = s->table->key_count;
    struct bytes *values = ARENA_NEW_N(&p->arena, struct bytes, n + 1);
    int rc = virtual_begin(p, s, &rows, e);
    if (!rc && !values)
        rc = err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < s->partition_count; i++) {
        for (size_t k = 0; k < n; k++) {
            bool there = k < s->partitions[i].value_count &&
                         !bytes_eq_str(s->partitions[i].values[k], CATALOG_NULL_PARTITION);
            values[k] = there ? s->partitions[i].values[k] : (struct bytes){0};
        }
        virtual_add(&rows, values);
    }
    return virtual_end(p, &rows, rc, e);
}

int partitions_table(struct plan *p, struct plan_table *base, struct plan_table **ret,
                     struct err *e) {
    struct plan_table *t = ARENA_NEW(&p->arena, struct plan_table);
    if (!t)
        return err_set(e, ERR_NOMEM, NULL);
    if (base->info.view || !base->key_count)
        return err_set(e, ERR_ENTITY_NOT_FOUND, "Table not found.");
    *t = *base;
    t->next = NULL;
    t->feeds = NULL;
    t->feed_count = t->data_count = t->hidden_count = 0;
    t->format = FORMAT_VIRTUAL;
    t->fill = fill_partitions;
    t->info.name = arena_fmt(&p->arena, "%.*s$partitions", BYTES_ARG(base->info.name));
    t->info.columns = base->info.columns + base->data_count;
    t->info.column_count = base->key_count;
    t->info.opaque = t;
    *ret = t;
    return p->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
