/* scope.c - what a name means.
 *
 * A path a.b.c is tried with its longest prefix first: as catalogue.database.table.column,
 * database.table.column, table.column, column; what is left over are fields of a row. Fields of the
 * nearest scope win; a scope where two fields match is ambiguous. */
#include "sql/analyze_int.h"

static bool ident_is(const struct sql_ident *i, struct bytes name) {
    return name.len && bytes_eq_nocase(i->text, name);
}

bool scope_field_matches(const struct scope_field *f, const struct sql_ident *parts, size_t count,
                         struct bytes default_database) {
    if (f->hidden || !ident_is(&parts[count - 1], f->name))
        return false;
    if (count == 1)
        return true;
    if (!ident_is(&parts[count - 2], f->table))
        return false;
    if (count >= 3 && !ident_is(&parts[count - 3], f->database))
        return false;
    return count < 4 || (count == 4 && bytes_eq_nocase(parts[0].text, BYTES("awsdatacatalog")));
}

/* The one field that the first `count` parts name; *ret_found counts them. */
static struct bound *find_in(struct ctx *c, struct scope *s, const struct sql_ident *parts,
                             size_t count, size_t *ret_found) {
    struct bound *value = NULL;
    *ret_found = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (!scope_field_matches(&s->fields[i], parts, count, c->z->env->default_database))
            continue;
        value = s->fields[i].value;
        ++*ret_found;
    }
    return value;
}

struct bound *make_field(struct ctx *c, struct bound *row, struct bytes name, struct sql_pos pos) {
    const struct sql_type *t = row->type;
    size_t found = 0;
    for (size_t i = 0; i < t->child_count; i++)
        found += t->names[i].len && bytes_eq_nocase(t->names[i], name);
    if (found > 1)
        return fail(c->z, pos, "AMBIGUOUS_NAME", "Ambiguous row field reference: %.*s",
                    BYTES_ARG(name));
    for (size_t i = 0; i < t->child_count; i++) {
        if (!t->names[i].len || !bytes_eq_nocase(t->names[i], name))
            continue;
        struct bound *x = bound_call(c->z->a, NULL, t->children[i], pos, &row, 1);
        if (x) {
            x->kind = BX_FIELD;
            x->column = i;
        }
        return x;
    }
    return NULL;
}

static struct bytes path_text(struct analyzer *z, const struct sql_path *p) {
    struct bytes t = p->parts[0].text;
    for (size_t i = 1; i < p->count; i++)
        t = arena_fmt(z->a, "%.*s.%.*s", BYTES_ARG(t), BYTES_ARG(p->parts[i].text));
    return t;
}

static struct bound *unknown_column(struct ctx *c, const struct sql_path *path,
                                    struct sql_pos pos) {
    struct bytes t = path_text(c->z, path);
    return fail(c->z, pos, "COLUMN_NOT_FOUND",
                "Column '%.*s' cannot be resolved or requester is not authorized to access "
                "requested resources",
                BYTES_ARG(t));
}

/* The rest of a path: fields of rows. */
static struct bound *take_fields(struct ctx *c, struct bound *x, const struct sql_path *path,
                                 size_t from, struct sql_pos pos) {
    for (size_t i = from; x && i < path->count; i++) {
        if (x->type->kind != ST_ROW)
            return fail(c->z, pos, "TYPE_MISMATCH", "Expression %.*s is not of type ROW",
                        BYTES_ARG(path->parts[i - 1].text));
        x = make_field(c, x, path->parts[i].text, pos);
    }
    return x || c->z->rc ? x : unknown_column(c, path, pos);
}

/* The node is shared between uses; positions are those of the use. */
static struct bound *at(struct analyzer *z, struct bound *x, struct sql_pos pos) {
    if (x->kind != BX_COLUMN && x->kind != BX_PARAM)
        return x;
    struct bound *copy = ARENA_NEW(z->a, struct bound);
    if (copy) {
        *copy = *x;
        copy->pos = pos;
    }
    return copy;
}

struct bound *scope_resolve(struct ctx *c, const struct sql_path *path, struct sql_pos pos) {
    bool sealed = false, inside = false;
    for (struct scope *s = c->scope; s;
         sealed |= s->sealed, inside |= !s->is_lambda, s = s->parent) {
        for (size_t n = MIN_OF(path->count, (size_t)4); n > 0; n--) {
            size_t found;
            struct bound *x = find_in(c, s, path->parts, n, &found);
            if (found > 1)
                return fail(c->z, pos, "AMBIGUOUS_NAME", "Column '%.*s' is ambiguous",
                            BYTES_ARG(path_text(c->z, path)));
            if (!found)
                continue;
            if (sealed || (s->sealed && inside))
                return fail(c->z, pos, "NOT_SUPPORTED",
                            "Reference to column '%.*s' from outer scope not allowed in this "
                            "context",
                            BYTES_ARG(path_text(c->z, path)));
            if (s->closed)
                return fail(c->z, pos, "INVALID_COLUMN_REFERENCE", "%s", s->closed);
            if (s->is_output && s->barred)
                return fail(c->z, pos, "COLUMN_NOT_FOUND",
                            "Invalid reference to output projection attribute from ORDER BY "
                            "aggregation");
            s->is_used = true;
            x = at(c->z, x, pos);
            return x ? take_fields(c, x, path, n, pos) : NULL;
        }
    }
    return unknown_column(c, path, pos);
}
