/* analyze_star.c - *, t.* and row.* in a select list.
 *
 * t.* is looked for from the nearest scope outwards: relations by their names first, then columns
 * that are rows. */
#include "sql/analyze_int.h"

static bool add(struct ctx *c, struct star *s, size_t room, struct bound *x, struct bytes name) {
    if (!s->items) {
        s->items = ARENA_NEW_N(c->z->a, struct bound *, room + 1);
        s->names = ARENA_NEW_N(c->z->a, struct bytes, room + 1);
    }
    if (!x || !s->items || !s->names)
        return false;
    s->items[s->count] = x;
    s->names[s->count++] = name;
    return true;
}

static bool qualifies(const struct scope_field *f, const struct sql_path *p) {
    size_t n = p->count;
    if (!f->table.len || !bytes_eq_nocase(f->table, p->parts[n - 1].text))
        return false;
    return n < 2 || bytes_eq_nocase(f->database, p->parts[n - 2].text);
}

/* The fields of a scope that the path names (all without a path); false after an error. */
static bool add_fields(struct ctx *c, const struct sql_select_item *item, struct scope *from,
                       const struct sql_path *path, struct star *ret) {
    for (size_t i = 0; i < from->count; i++) {
        struct scope_field *f = &from->fields[i];
        if (f->hidden || f->unlisted || (path && !qualifies(f, path)))
            continue;
        if (from != c->scope && !f->name.len)
            return fail(c->z, ret->pos, "NOT_SUPPORTED",
                        "SELECT * from outer scope table not supported with anonymous columns"),
                   false;
        struct bound *x = ARENA_NEW(c->z->a, struct bound);
        if (!x)
            return false;
        *x = *f->value;
        x->pos = item->pos;
        if (!add(c, ret, from->count, x, f->name))
            return false;
    }
    return true;
}

static bool add_row(struct ctx *c, const struct sql_select_item *item, struct star *ret) {
    struct bound *row = bind_expr(c, item->expr);
    if (!row)
        return false;
    if (row->type->kind != ST_ROW)
        return fail(c->z, ret->pos, "TYPE_MISMATCH", "expected expression of type Row"), false;
    for (size_t i = 0; i < row->type->child_count; i++)
        if (!add(c, ret, row->type->child_count, row_field(c, row, i), row->type->names[i]))
            return false;
    return true;
}

/* Is the path, or its beginning, a row among the columns of this scope? */
static bool names_column(struct ctx *c, const struct scope *s, const struct sql_path *path) {
    for (size_t i = 0; i < s->count; i++)
        for (size_t n = MIN_OF(path->count, (size_t)4); n > 0; n--)
            if (s->fields[i].value->type->kind == ST_ROW &&
                scope_field_matches(&s->fields[i], path->parts, n, c->z->env->default_database))
                return true;
    return false;
}

static bool add_path(struct ctx *c, const struct sql_select_item *item, struct star *ret) {
    const struct sql_path *path = &item->expr->path;
    for (struct scope *s = c->scope; s; s = s->parent) {
        if (s->is_output)
            continue;
        if (!add_fields(c, item, s, path, ret))
            return false;
        if (ret->count)
            return true;
        if (names_column(c, s, path))
            return add_row(c, item, ret);
    }
    struct bytes text = path->parts[0].text;
    for (size_t i = 1; i < path->count; i++)
        text = arena_fmt(c->z->a, "%.*s.%.*s", BYTES_ARG(text), BYTES_ARG(path->parts[i].text));
    fail(c->z, item->pos, "TABLE_NOT_FOUND", "Unable to resolve reference %.*s", BYTES_ARG(text));
    return false;
}

static bool rename_all(struct ctx *c, const struct sql_select_item *item, struct star *s) {
    size_t n = item->star_aliases.count;
    if (n && n != s->count)
        return fail(c->z, item->star_aliases.items[0].pos, "MISMATCHED_COLUMN_ALIASES",
                    "Column alias list has %zu entries but relation has %zu columns", n, s->count),
               false;
    for (size_t i = 0; i < n; i++)
        s->names[i] = item->star_aliases.items[i].text;
    return true;
}

bool bind_star(struct ctx *c, const struct sql_select_item *item, bool has_from, struct star *ret) {
    if (item->expr) {
        bool path = item->expr->kind == SQL_E_COLUMN;
        return (path ? add_path(c, item, ret) : add_row(c, item, ret)) && rename_all(c, item, ret);
    }
    if (!add_fields(c, item, c->scope, NULL, ret))
        return false;
    if (!ret->count)
        fail(c->z, item->pos, "COLUMN_NOT_FOUND",
             has_from ? "SELECT * not allowed from relation that has no columns"
                      : "SELECT * not allowed in queries without FROM clause");
    return ret->count > 0;
}
