/* analyze_relation.c - FROM: tables, common tables, subqueries, joins, UNNEST.
 *
 * Each relation gets a number; what it brings into the scope are fields whose values are columns of
 * it. USING and NATURAL put the shared columns first, once, and hide both sides' own. The right
 * side of a join sees the left side's fields when it is UNNEST or LATERAL. */
#include "sql/analyze_int.h"
#include "sql/predicate_int.h"

struct bound_rel *new_rel(struct analyzer *z, enum rel_kind kind, size_t columns) {
    if (too_many_columns(z, columns))
        return NULL;
    struct bound_rel *r = ARENA_NEW(z->a, struct bound_rel);
    size_t n = columns ? columns : 1;
    if (!r || !(r->types = ARENA_NEW_N(z->a, const struct sql_type *, n)) ||
        !(r->used = ARENA_NEW_N(z->a, bool, n)))
        return NULL;
    r->kind = kind;
    r->id = z->next_id++;
    r->column_count = columns;
    return r;
}

struct bound *column_of(struct analyzer *z, struct bound_rel *r, size_t column,
                        struct sql_pos pos) {
    struct bound *x = bound_new(z->a, BX_COLUMN, r->types[column], pos);
    if (x) {
        x->rel = r;
        x->column = column;
    }
    return x;
}

bool fill_scope(struct analyzer *z, struct bound_rel *r, const struct bytes *names,
                struct bytes database, struct bytes table, struct sql_pos pos, struct scope *ret) {
    ret->count = r->column_count;
    ret->fields = ARENA_NEW_N(z->a, struct scope_field, r->column_count + 1);
    for (size_t i = 0; ret->fields && i < r->column_count; i++) {
        struct bound *x = column_of(z, r, i, pos);
        if (!x)
            return false;
        ret->fields[i] = (struct scope_field){
            .database = database, .table = table, .name = names[i], .value = x};
    }
    return ret->fields != NULL;
}

/* ---- tables ---- */
static bool add_scan(struct analyzer *z, struct bound_rel *r) {
    struct sql_plan *p = z->plan;
    if (p->scan_count == p->scan_room) {
        size_t room = p->scan_room ? p->scan_room * 2 : 8;
        struct sql_scan *scans = ARENA_NEW_N(z->a, struct sql_scan, room);
        struct bound_rel **rels = ARENA_NEW_N(z->a, struct bound_rel *, room);
        if (!scans || !rels)
            return false;
        if (p->scan_count) {
            memcpy(scans, p->scans, p->scan_count * sizeof(*scans));
            memcpy(rels, p->scan_rels, p->scan_count * sizeof(*rels));
        }
        p->scans = scans;
        p->scan_rels = rels;
        p->scan_room = room;
    }
    r->scan = p->scan_count++;
    p->scan_rels[r->scan] = r;
    p->scans[r->scan].table = r->table;
    p->scans[r->scan].column_used = r->used;
    return true;
}

static struct bound_rel *scan_of(struct analyzer *z, const struct sql_table_info *t) {
    struct bound_rel *r = new_rel(z, REL_SCAN, t->column_count);
    if (!r || !(r->whole = ARENA_NEW_N(z->a, bool, t->column_count + 1)) ||
        !(r->fields = ARENA_NEW_N(z->a, struct bound *, t->column_count + 1)))
        return NULL;
    r->table = t;
    for (size_t i = 0; i < t->column_count; i++) {
        r->types[i] = t->columns[i].with_zone ? sql_type_of(ST_TIMESTAMP_TZ)
                                              : sql_type_from_hive(z->a, t->columns[i].type);
        if (!r->types[i])
            return NULL;
    }
    return add_scan(z, r) ? r : NULL;
}

/* "db"."information_schema"."tables" is understood too: it is the same for every database. */
static bool known_catalog(struct analyzer *z, const struct sql_path *name) {
    struct bytes first = name->parts[0].text;
    const struct sql_table_info *info;
    if (bytes_eq_nocase(first, BYTES("awsdatacatalog")) || bytes_eq_nocase(first, z->catalog_alias))
        return true;
    return bytes_eq_nocase(name->parts[1].text, BYTES("information_schema")) &&
           z->env->find_table(z->env->ctx, z->a, lower_copy(z, first), BYTES(""), &info, NULL) ==
               ERR_ENTITY_NOT_FOUND;
}

bool split_table_path(struct analyzer *z, const struct sql_path *name, struct sql_pos pos,
                      struct bytes *ret_database, struct bytes *ret_table) {
    *ret_table = lower_copy(z, name->parts[name->count - 1].text);
    *ret_database = name->count > 1 ? lower_copy(z, name->parts[name->count - 2].text)
                                    : z->env->default_database;
    if (name->count > 3 || (name->count == 3 && !known_catalog(z, name)))
        return fail(z, pos, "CATALOG_NOT_FOUND", "Catalog '%.*s' does not exist",
                    BYTES_ARG(lower_copy(z, name->parts[0].text))) != NULL;
    if (!ret_database->len)
        return fail(z, pos, "MISSING_SCHEMA_NAME",
                    "Schema must be specified when session schema is not set") != NULL;
    return true;
}

const struct sql_table_info *find_table(struct analyzer *z, const struct sql_path *name,
                                        struct sql_pos pos) {
    struct err e = {0};
    const struct sql_table_info *info = NULL;
    struct bytes table, database;
    if (!split_table_path(z, name, pos, &database, &table))
        return NULL;
    int rc = z->env->find_table(z->env->ctx, z->a, database, table, &info, &e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return fail(z, pos, "SCHEMA_NOT_FOUND", "Schema '%.*s' does not exist",
                    BYTES_ARG(database));
    if (rc == ERR_ENTITY_NOT_FOUND)
        return fail(z, pos, "TABLE_NOT_FOUND", "Table 'awsdatacatalog.%.*s.%.*s' does not exist",
                    BYTES_ARG(database), BYTES_ARG(table));
    if (rc) {
        if (!z->rc) {
            z->rc = rc;
            if (z->e)
                *z->e = e;
        }
        return NULL;
    }
    return info;
}

static struct bound_rel *cte_of(struct analyzer *z, struct bound_with *w) {
    struct bound_rel *r = new_rel(z, REL_CTE, w->query->column_count);
    if (!r)
        return NULL;
    w->references++;
    r->with = w;
    r->query = w->query;
    memcpy(r->types, w->query->types, r->column_count * sizeof(*r->types));
    return r;
}

static struct cte *find_cte(struct analyzer *z, const struct sql_path *name) {
    if (name->count != 1)
        return NULL;
    for (struct cte *c = z->ctes; c; c = c->next)
        if (bytes_eq_nocase(c->name, name->parts[0].text))
            return c;
    return NULL;
}

bool bind_table_path(struct ctx *c, const struct sql_path *name, struct sql_pos pos,
                     struct bound_rel **ret, struct scope *ret_scope) {
    struct analyzer *z = c->z;
    struct cte *cte = find_cte(z, name);
    struct bytes *names;
    if (cte) {
        *ret = cte_of(z, cte->with);
        names = cte->with->names ? cte->with->names : cte->with->query->names;
        return *ret && fill_scope(z, *ret, names, (struct bytes){0}, cte->name, pos, ret_scope);
    }
    const struct sql_table_info *t = find_table(z, name, pos);
    if (t && t->view)
        return bind_view(c, t, pos, ret, ret_scope);
    *ret = t ? scan_of(z, t) : NULL;
    if (!*ret || !(names = ARENA_NEW_N(z->a, struct bytes, t->column_count + 1)))
        return false;
    for (size_t i = 0; i < t->column_count; i++)
        names[i] = t->columns[i].name;
    if (!fill_scope(z, *ret, names, t->database, t->name, pos, ret_scope))
        return false;
    for (size_t i = 0; i < t->column_count; i++)
        ret_scope->fields[i].unlisted = t->columns[i].is_hidden;
    return true;
}

/* FOR TIMESTAMP AS OF takes a moment in the past, and nothing takes NULL. */
static bool check_as_of(struct ctx *c, const struct sql_relation *r) {
    struct analyzer *z = c->z;
    struct sql_expr *e = r->table.as_of;
    struct scope none = {0};
    struct ctx inner = *c;
    struct sql_value v;
    inner.scope = &none;
    inner.select = NULL;
    struct bound *x = bind_expr(&inner, e);
    if (!x)
        return false;
    bool moment = x->type->kind == ST_DATE || x->type->kind == ST_TIMESTAMP ||
                  x->type->kind == ST_TIMESTAMP_TZ;
    bool timely = r->table.as_of_kind == SQL_AS_OF_TIMESTAMP;
    if (timely && !moment && x->type->kind != ST_UNKNOWN)
        return fail(z, e->pos, "TYPE_MISMATCH",
                    "Type %.*s invalid. Temporal pointers must be of type date, timestamp, or "
                    "timestamp with time zone.",
                    BYTES_ARG(type_text(z, x->type))),
               false;
    bool known = predicate_constant(z->a, x, &v);
    if (x->is_null || (known && v.is_null))
        return fail(z, e->pos, "INVALID_ARGUMENTS", "Pointer value cannot be NULL"), false;
    if (!timely || !known)
        return true;
    int64_t ms = x->type->kind == ST_DATE ? v.whole * 86400000 : v.whole / 1000;
    if (ms >= z->env->now_ms)
        fail(z, e->pos, "INVALID_ARGUMENTS", "Pointer value is not in the past");
    return ms < z->env->now_ms;
}

static struct bound_rel *bind_table(struct ctx *c, struct sql_relation *r, struct scope *ret) {
    struct bound_rel *b = NULL;
    if (r->table.as_of_kind != SQL_AS_OF_NONE && !check_as_of(c, r))
        return NULL;
    if (!bind_table_path(c, &r->table.name, r->pos, &b, ret))
        return NULL;
    if (r->table.as_of_kind != SQL_AS_OF_NONE)
        return fail(c->z, r->pos, "NOT_SUPPORTED",
                    "This connector does not support versioned tables");
    return b;
}

/* ---- subqueries ---- */
struct bound_rel *query_rel(struct analyzer *z, struct bound_query *q) {
    struct bound_rel *r = new_rel(z, REL_QUERY, q->column_count);
    if (!r)
        return NULL;
    r->query = q;
    memcpy(r->types, q->types, q->column_count * sizeof(*r->types));
    return r;
}

static struct bound_rel *bind_subquery(struct ctx *c, struct sql_relation *r, struct scope *ret) {
    struct ctx inner = *c;
    inner.select = NULL;
    leave_clauses(&inner);
    struct bound_query *q = bind_query(&inner, r->subquery.query);
    struct bound_rel *b = q ? query_rel(c->z, q) : NULL;
    if (!b)
        return NULL;
    b->lateral = r->subquery.lateral;
    if (b->lateral && !check_correlated(c->z, q, CORRELATED_LATERAL, r->pos))
        return NULL;
    return fill_scope(c->z, b, q->names, (struct bytes){0}, (struct bytes){0}, r->pos, ret) ? b
                                                                                            : NULL;
}

/* ---- UNNEST ---- */
static bool unnest_columns(struct ctx *c, struct bound **args, size_t count, bool ordinality,
                           const struct sql_type **types, struct bytes *names, size_t *ret) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sql_type *t = args[i]->type;
        if (t->kind == ST_UNKNOWN)
            t = sql_type_array(c->z->a, t);
        if (t->kind != ST_ARRAY && t->kind != ST_MAP) {
            fail(c->z, args[i]->pos, "TYPE_MISMATCH", "Cannot unnest type: %.*s",
                 BYTES_ARG(type_text(c->z, t)));
            return false;
        }
        const struct sql_type *from = t->kind == ST_MAP                ? t
                                      : t->children[0]->kind == ST_ROW ? t->children[0]
                                                                       : t;
        if (n + from->child_count >= 512) {
            fail(c->z, args[i]->pos, "NOT_SUPPORTED", "UNNEST gives more than 512 columns");
            return false;
        }
        for (size_t j = 0; j < from->child_count; j++, n++) {
            types[n] = from->children[j];
            names[n] = from->kind == ST_ROW ? from->names[j] : (struct bytes){0};
        }
    }
    if (ordinality) {
        names[n] = (struct bytes){0};
        types[n++] = sql_type_of(ST_BIGINT);
    }
    *ret = n;
    return true;
}

static struct bound_rel *bind_unnest(struct ctx *c, struct sql_relation *r, struct scope *ret) {
    const struct sql_type *types[513];
    struct bytes names[513];
    size_t n;
    struct ctx inner = *c;
    enter_clause(&inner, "UNNEST", r->unnest.args.items[0]);
    struct bound **args = bind_list(&inner, &r->unnest.args);
    if (!args ||
        !unnest_columns(c, args, r->unnest.args.count, r->unnest.with_ordinality, types, names, &n))
        return NULL;
    struct bound_rel *b = new_rel(c->z, REL_UNNEST, n);
    if (!b)
        return NULL;
    memcpy(b->types, types, n * sizeof(*types));
    b->args = args;
    b->lateral = true;
    b->arg_count = r->unnest.args.count;
    b->with_ordinality = r->unnest.with_ordinality;
    return fill_scope(c->z, b, names, (struct bytes){0}, (struct bytes){0}, r->pos, ret) ? b : NULL;
}

/* ---- joins ---- */
static bool join_scopes(struct analyzer *z, const struct scope *l, const struct scope *r,
                        struct scope *ret) {
    ret->count = l->count + r->count;
    ret->fields = ARENA_NEW_N(z->a, struct scope_field, ret->count + 1);
    if (!ret->fields)
        return false;
    memcpy(ret->fields, l->fields, l->count * sizeof(*l->fields));
    memcpy(ret->fields + l->count, r->fields, r->count * sizeof(*r->fields));
    return true;
}

/* The side's field of that name; NULL with an error unless exactly one. */
static struct scope_field *side_field(struct ctx *c, struct scope *s, struct bytes name,
                                      struct sql_pos pos, const char *side) {
    struct scope_field *found = NULL;
    for (size_t i = 0; i < s->count; i++) {
        if (s->fields[i].hidden || !s->fields[i].name.len ||
            !bytes_eq_nocase(s->fields[i].name, name))
            continue;
        if (found)
            return fail(c->z, pos, "AMBIGUOUS_NAME", "Column '%.*s' is ambiguous", BYTES_ARG(name));
        found = &s->fields[i];
    }
    if (found)
        return found;
    return fail(c->z, pos, "COLUMN_NOT_FOUND", "Column '%.*s' is missing from %s side of join",
                BYTES_ARG(name), side);
}

static struct bound *shared_value(struct ctx *c, enum sql_join_kind kind, struct bound *l,
                                  struct bound *r, struct sql_pos pos) {
    const struct sql_type *t = sql_type_common(c->z->a, l->type, r->type);
    if (!t)
        return fail(c->z, pos, "TYPE_MISMATCH", "Cannot join columns of types %.*s and %.*s",
                    BYTES_ARG(type_text(c->z, l->type)), BYTES_ARG(type_text(c->z, r->type)));
    struct bound *xs[] = {bound_cast(c->z->a, l, t), bound_cast(c->z->a, r, t)};
    if (kind == SQL_JOIN_INNER || kind == SQL_JOIN_LEFT)
        return xs[0];
    if (kind == SQL_JOIN_RIGHT)
        return xs[1];
    return bound_call(c->z->a, "coalesce($*)", t, pos, xs, 2);
}

static bool join_using(struct ctx *c, struct sql_relation *r, struct bound_rel *b,
                       const struct sql_idents *names, struct scope *l, struct scope *right,
                       struct scope *ret) {
    struct analyzer *z = c->z;
    struct scope_field *shared = ARENA_NEW_N(z->a, struct scope_field, names->count + 1);
    struct scope all;
    for (size_t i = 0; shared && i < names->count; i++) {
        struct bytes name = names->items[i].text;
        struct sql_pos pos = names->items[i].pos;
        struct scope_field *x = side_field(c, l, name, pos, "left");
        struct scope_field *y = x ? side_field(c, right, name, pos, "right") : NULL;
        if (!y)
            return false;
        struct bound *eq = bind_comparison(c, SQL_OP_EQ, x->value, y->value, pos);
        struct bound *both[] = {b->on, eq};
        struct bound *v = eq ? shared_value(c, r->join.kind, x->value, y->value, pos) : NULL;
        if (!v || !note_using(c, name, pos, eq))
            return false;
        b->on = i ? bound_call(z->a, "@and", sql_type_of(ST_BOOLEAN), pos, both, 2) : eq;
        if (!b->on)
            return false;
        if (i)
            b->on->op = BO_AND;
        shared[i] = (struct scope_field){.name = x->name, .value = v};
        x->hidden = y->hidden = true;
    }
    if (!shared || !join_scopes(z, l, right, &all))
        return false;
    struct scope head = {.fields = shared, .count = names->count};
    return join_scopes(z, &head, &all, ret);
}

/* The relation behind parentheses, aliases and samples. */
static const struct sql_relation *bare(const struct sql_relation *r) {
    while (r->kind == SQL_R_PAREN)
        r = r->paren;
    return r;
}

static bool sees_left(const struct sql_relation *r) {
    r = bare(r);
    return r->kind == SQL_R_UNNEST || (r->kind == SQL_R_SUBQUERY && r->subquery.lateral);
}

static bool is_on_true(const struct sql_relation *join) {
    return join->join.on && join->join.on->kind == SQL_E_BOOLEAN && join->join.on->boolean;
}

static const char *join_word(enum sql_join_kind kind) {
    static const char *const words[] = {"CROSS", "IMPLICIT", "INNER", "LEFT", "RIGHT", "FULL"};
    return words[kind];
}

/* UNNEST is joined ON TRUE alone; LATERAL in right and full joins too. */
static bool check_lateral(struct ctx *c, const struct sql_relation *r) {
    bool unnest = bare(r->join.right)->kind == SQL_R_UNNEST;
    bool conditional = r->join.kind > SQL_JOIN_IMPLICIT;
    bool outer = r->join.kind == SQL_JOIN_RIGHT || r->join.kind == SQL_JOIN_FULL;
    struct sql_pos pos = r->join.on            ? r->join.on->pos
                         : r->join.using.count ? r->join.using.items[0].pos
                                               : r->pos;
    if (!conditional || is_on_true(r) || (!unnest && !outer))
        return true;
    fail(c->z, pos, "NOT_SUPPORTED",
         "%s JOIN involving %s is only supported with condition ON TRUE", join_word(r->join.kind),
         unnest ? "UNNEST" : "LATERAL relation");
    return false;
}

static bool join_condition(struct ctx *c, struct sql_relation *r, struct bound_rel *b,
                           struct scope *ret) {
    if (!r->join.on)
        return true;
    struct ctx inner = *c;
    struct scope s = *ret;
    s.parent = c->scope;
    s.sealed = r->join.kind >= SQL_JOIN_LEFT;
    inner.scope = &s;
    enter_clause(&inner, "JOIN clause", r->join.on);
    b->on = bind_boolean(&inner, r->join.on, "JOIN ON clause");
    return b->on && note_conditions(&inner, r->join.on, b->on);
}

static bool check_join(struct ctx *c, const struct sql_relation *r) {
    if (r->join.natural)
        fail(c->z, r->pos, "NOT_SUPPORTED", "Natural join not supported");
    for (size_t i = 0; i < r->join.using.count; i++)
        for (size_t j = 0; j < i; j++)
            if (bytes_eq_nocase(r->join.using.items[i].text, r->join.using.items[j].text))
                fail(c->z, r->join.using.items[i].pos, "DUPLICATE_COLUMN_NAME",
                     "Column '%.*s' appears multiple times in USING clause",
                     BYTES_ARG(r->join.using.items[i].text));
    return !c->z->rc;
}

/* The right side, which sees the left one's fields when it is lateral. */
static struct bound_rel *bind_right(struct ctx *c, struct sql_relation *r, struct scope *left,
                                    struct scope *ret) {
    struct ctx inner = *c;
    bool outer = r->join.kind == SQL_JOIN_RIGHT || r->join.kind == SQL_JOIN_FULL;
    if (!sees_left(r->join.right))
        return bind_relation(c, r->join.right, ret);
    if (outer)
        left->closed = r->join.kind == SQL_JOIN_RIGHT
                           ? "LATERAL reference not allowed in RIGHT JOIN"
                           : "LATERAL reference not allowed in FULL JOIN";
    left->parent = c->scope;
    inner.scope = left;
    struct bound_rel *b = bind_relation(&inner, r->join.right, ret);
    left->closed = NULL;
    return b && check_lateral(c, r) ? b : NULL;
}

static struct bound_rel *bind_join(struct ctx *c, struct sql_relation *r, struct scope *ret) {
    struct scope l = {0}, right = {0};
    struct bound_rel *b = new_rel(c->z, REL_JOIN, 0);
    if (!b || !check_join(c, r) || !(b->left = bind_relation(c, r->join.left, &l)) ||
        !(b->right = bind_right(c, r, &l, &right)))
        return NULL;
    b->join = r->join.kind;
    bool outer = b->join == SQL_JOIN_RIGHT || b->join == SQL_JOIN_FULL;
    if (outer && b->right->kind == REL_QUERY)
        b->right->lateral = false; /* it may not see the left side: a query like any */
    /* with UNNEST they keep or drop each left row as inner and left joins do */
    else if (sees_left(r->join.right) && is_on_true(r))
        b->join = b->join == SQL_JOIN_RIGHT  ? SQL_JOIN_INNER
                  : b->join == SQL_JOIN_FULL ? SQL_JOIN_LEFT
                                             : b->join;
    if (r->join.using.count)
        return join_using(c, r, b, &r->join.using, &l, &right, ret) ? b : NULL;
    return join_scopes(c->z, &l, &right, ret) && join_condition(c, r, b, ret) ? b : NULL;
}

/* ---- aliases ---- */
static bool rename_fields(struct ctx *c, const struct sql_relation *r, struct scope *s) {
    size_t n = r->column_aliases.count, shown = 0;
    for (size_t i = 0; i < s->count; i++)
        shown += !s->fields[i].hidden && !s->fields[i].unlisted;
    if (n && n != shown) {
        fail(c->z, r->pos, "MISMATCHED_COLUMN_ALIASES",
             "Column alias list has %zu entries but '%.*s' has %zu columns available", n,
             BYTES_ARG(r->alias.text), shown);
        return false;
    }
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->fields[i].hidden || (n && s->fields[i].unlisted))
            continue;
        struct scope_field f = s->fields[i];
        f.database = (struct bytes){0};
        f.table = r->alias.text;
        if (n)
            f.name = r->column_aliases.items[kept].text;
        s->fields[kept++] = f;
    }
    s->count = kept;
    return true;
}

/* A sample's percentage is a constant from 0 to 100; no columns are in sight. */
static bool bind_percentage(struct ctx *c, struct sql_expr *e, struct bound **ret) {
    struct analyzer *z = c->z;
    struct scope none = {0};
    struct ctx inner = *c;
    struct sql_value v;
    double n;
    inner.scope = &none;
    inner.select = NULL;
    struct bound *x = bind_expr(&inner, e);
    if (!x && z->rc && z->e && bytes_eq_str(bytes_str(z->e->name), "COLUMN_NOT_FOUND")) {
        z->rc = 0;
        return fail(z, e->pos, "EXPRESSION_NOT_CONSTANT",
                    "Sample percentage cannot contain column references"),
               false;
    }
    if (!x)
        return false;
    if (!sql_type_can_coerce(x->type, sql_type_of(ST_DOUBLE)))
        return fail(z, e->pos, "TYPE_MISMATCH", "Sample percentage should be a numeric expression"),
               false;
    struct bound *d = bound_cast(z->a, x, sql_type_of(ST_DOUBLE));
    bool known = d && predicate_constant(z->a, d, &v);
    if (x->is_null || (known && v.is_null))
        return fail(z, e->pos, "INVALID_ARGUMENTS", "Sample percentage cannot be NULL"), false;
    if (!known)
        return fail(z, e->pos, "NOT_SUPPORTED", "Sample percentage must be a number"), false;
    n = v.real;
    if (n < 0 || n > 100)
        return fail(z, e->pos, "NUMERIC_VALUE_OUT_OF_RANGE",
                    "Sample percentage must be %s than or equal to %d", n < 0 ? "greater" : "less",
                    n < 0 ? 0 : 100),
               false;
    *ret = bound_literal(z->a, sql_type_of(ST_DOUBLE), e->pos, (struct bytes){0},
                         arena_fmt(z->a, "%.17g", n));
    return *ret != NULL;
}

static bool bind_sample(struct ctx *c, struct sql_relation *r, struct bound_rel *b) {
    if (r->sample == SQL_SAMPLE_NONE)
        return true;
    if (b->kind == REL_JOIN || b->kind == REL_UNNEST) {
        fail(c->z, r->pos, "NOT_SUPPORTED", "TABLESAMPLE of a join is not supported");
        return false;
    }
    b->sample = r->sample;
    return bind_percentage(c, r->sample_percent, &b->sample_percent);
}

static struct bound_rel *bind_kind(struct ctx *c, struct sql_relation *r, struct scope *ret) {
    switch (r->kind) {
    case SQL_R_TABLE:
        return bind_table(c, r, ret);
    case SQL_R_SUBQUERY:
        return bind_subquery(c, r, ret);
    case SQL_R_JOIN:
        return bind_join(c, r, ret);
    case SQL_R_UNNEST:
        return bind_unnest(c, r, ret);
    case SQL_R_PAREN:
        return bind_relation(c, r->paren, ret);
    default:
        return fail(c->z, r->pos, "NOT_SUPPORTED", "Table functions are not supported");
    }
}

struct bound_rel *bind_relation(struct ctx *c, struct sql_relation *r, struct scope *ret) {
    if (++c->z->depth > ANALYZE_MAX_DEPTH)
        return fail(c->z, r->pos, "STACK_OVERFLOW",
                    "statement is too large (stack overflow during analysis)");
    struct bound_rel *b = bind_kind(c, r, ret);
    c->z->depth--;
    if (!b || !bind_sample(c, r, b))
        return NULL;
    if (r->alias.text.ptr && !rename_fields(c, r, ret))
        return NULL;
    return b;
}
