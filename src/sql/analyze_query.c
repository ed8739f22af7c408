/* analyze_query.c - WITH, set operations, VALUES, limits. */
#include "sql/analyze_int.h"

bool too_many_columns(struct analyzer *z, size_t columns) {
    if (columns > ANALYZE_MAX_COLUMNS)
        fail(z, z->statement->pos, "NOT_SUPPORTED",
             "A query of more than %d columns is not supported", ANALYZE_MAX_COLUMNS);
    return columns > ANALYZE_MAX_COLUMNS;
}

struct bound_query *new_query(struct analyzer *z, enum bound_body body, size_t columns) {
    if (too_many_columns(z, columns))
        return NULL;
    struct bound_query *q = ARENA_NEW(z->a, struct bound_query);
    size_t n = columns ? columns : 1;
    if (!q || !(q->names = ARENA_NEW_N(z->a, struct bytes, n)) ||
        !(q->types = ARENA_NEW_N(z->a, const struct sql_type *, n)) ||
        !(q->used = ARENA_NEW_N(z->a, bool, n)))
        return NULL;
    q->body = body;
    q->column_count = columns;
    q->limit = q->offset = -1;
    return q;
}

/* ---- limits ---- */
static bool limit_value(struct ctx *c, const struct sql_expr *e, const char *what, int64_t *ret) {
    if (!e)
        return true;
    if (e->kind != SQL_E_INTEGER)
        return fail(c->z, e->pos, "NOT_SUPPORTED", "%s must be a number", what), false;
    if (e->integer < 0)
        return fail(c->z, e->pos, "NUMERIC_VALUE_OUT_OF_RANGE",
                    "%s row count must be greater or equal to 0 (actual value: %lld)", what,
                    (long long)e->integer),
               false;
    *ret = e->integer;
    return true;
}

bool bind_limits(struct ctx *c, struct sql_query *q, struct bound_query *b) {
    if (!limit_value(c, q->offset, "OFFSET", &b->offset) ||
        (!q->limit_all &&
         !limit_value(c, q->limit, q->is_fetch ? "FETCH FIRST" : "LIMIT", &b->limit)))
        return false;
    if (q->is_fetch && b->limit == 0)
        return fail(c->z, q->limit->pos, "NUMERIC_VALUE_OUT_OF_RANGE",
                    "FETCH FIRST row count must be positive (actual value: 0)"),
               false;
    b->with_ties = q->with_ties;
    if (b->with_ties && !b->order.count)
        return fail(c->z, q->pos, "MISSING_ORDER_BY",
                    "FETCH FIRST WITH TIES clause requires ORDER BY"),
               false;
    if (b->with_ties && (b->offset > 0 || b->select->distinct))
        return fail(c->z, q->pos, "NOT_SUPPORTED",
                    "FETCH FIRST WITH TIES with OFFSET or DISTINCT is not supported"),
               false;
    return true;
}

/* ---- a relation as a query: SELECT every column ---- */
static struct bound_query *select_all(struct analyzer *z, struct bound_rel *rel,
                                      const struct scope *s) {
    struct bound_query *q = new_query(z, BQ_SELECT, s->count);
    if (!q || !(q->select = ARENA_NEW(z->a, struct bound_select)) ||
        !(q->select->items = ARENA_NEW_N(z->a, struct bound *, s->count + 1)))
        return NULL;
    q->select->from = rel;
    q->select->item_count = s->count;
    rel->owner = q->select;
    for (size_t i = 0; i < s->count; i++) {
        q->select->items[i] = s->fields[i].value;
        q->names[i] = s->fields[i].name;
        q->types[i] = s->fields[i].value->type;
    }
    return q;
}

static struct bound_query *bind_table_body(struct ctx *c, const struct sql_body *b) {
    struct bound_rel *rel = NULL;
    struct scope s = {0};
    if (!bind_table_path(c, &b->table, b->pos, &rel, &s))
        return NULL;
    size_t listed = 0;
    for (size_t i = 0; i < s.count; i++)
        if (!s.fields[i].unlisted)
            s.fields[listed++] = s.fields[i];
    s.count = listed;
    return select_all(c->z, rel, &s);
}

static struct bound_query *wrap(struct ctx *c, struct bound_query *q, struct scope *s) {
    struct bound_rel *rel = new_rel(c->z, REL_QUERY, q->column_count);
    if (!rel || !(s->fields = ARENA_NEW_N(c->z->a, struct scope_field, q->column_count + 1)))
        return NULL;
    rel->query = q;
    memcpy(rel->types, q->types, q->column_count * sizeof(*rel->types));
    s->count = q->column_count;
    for (size_t i = 0; i < q->column_count; i++) {
        struct bound *x = column_of(c->z, rel, i, (struct sql_pos){1, 1});
        if (!x)
            return NULL;
        s->fields[i] = (struct scope_field){.name = q->names[i], .value = x};
    }
    return select_all(c->z, rel, s);
}

/* ---- set operations ---- */
static const char *set_name(enum sql_set_op op) {
    return op == SQL_UNION ? "UNION" : op == SQL_INTERSECT ? "INTERSECT" : "EXCEPT";
}

static struct bound_query *bind_body(struct ctx *c, struct sql_body *b);

static bool unify_sides(struct ctx *c, const struct sql_body *b, struct bound_query *q) {
    for (size_t i = 0; i < q->column_count; i++) {
        const struct sql_type *l = q->left->types[i], *r = q->right->types[i];
        q->types[i] = sql_type_common(c->z->a, l, r);
        q->names[i] = q->left->names[i];
        if (!q->types[i])
            return fail(c->z, b->pos, "TYPE_MISMATCH",
                        "column %zu in %s query has incompatible types: %.*s, %.*s", i + 1,
                        set_name(b->set.op), BYTES_ARG(type_text(c->z, l)),
                        BYTES_ARG(type_text(c->z, r))),
                   false;
    }
    for (size_t i = 0; (b->set.op != SQL_UNION || !b->set.all) && i < q->column_count; i++)
        if (!sql_type_is_comparable(q->types[i]))
            return fail(c->z, b->pos, "TYPE_MISMATCH",
                        "Type %.*s is not comparable and therefore cannot be used in %s%s",
                        BYTES_ARG(type_text(c->z, q->types[i])), set_name(b->set.op),
                        b->set.op == SQL_UNION ? " DISTINCT" : ""),
                   false;
    return true;
}

static struct bound_query *set_of(struct ctx *c, const struct sql_body *b, struct bound_query *l,
                                  struct bound_query *r) {
    if (b->set.corresponding)
        return fail(c->z, b->pos, "NOT_SUPPORTED", "CORRESPONDING is not supported");
    if (l->column_count != r->column_count)
        return fail(c->z, b->pos, "TYPE_MISMATCH",
                    "%s query has different number of fields: %zu, %zu", set_name(b->set.op),
                    l->column_count, r->column_count);
    struct bound_query *q = new_query(c->z, BQ_SET, l->column_count);
    if (!q)
        return NULL;
    q->set_op = b->set.op;
    q->set_all = b->set.all;
    q->left = l;
    q->right = r;
    return unify_sides(c, b, q) ? q : NULL;
}

static struct bound_query *bind_set(struct ctx *c, struct sql_body *b) {
    struct bound_query *l = bind_body(c, b->set.left);
    struct bound_query *r = l ? bind_body(c, b->set.right) : NULL;
    return r ? set_of(c, b, l, r) : NULL;
}

static struct bound_query *bind_body_kind(struct ctx *c, struct sql_body *b) {
    switch (b->kind) {
    case SQL_B_SELECT:
        return bind_select(c, NULL, b->select, b->pos);
    case SQL_B_SET:
        return bind_set(c, b);
    case SQL_B_VALUES:
        return bind_values(c, b);
    case SQL_B_TABLE:
        return bind_table_body(c, b);
    default:
        return bind_query(c, b->query);
    }
}

static struct bound_query *bind_body(struct ctx *c, struct sql_body *b) {
    if (++c->z->depth > ANALYZE_MAX_DEPTH)
        return fail(c->z, b->pos, "STACK_OVERFLOW",
                    "statement is too large (stack overflow during analysis)");
    struct bound_query *q = bind_body_kind(c, b);
    c->z->depth--;
    return q;
}

/* ---- WITH ---- */
static bool name_columns(struct ctx *c, const struct sql_with *w, struct bound_with *b) {
    size_t n = w->columns.count;
    if (!n)
        return true;
    if (n != b->query->column_count)
        return fail(c->z, w->columns.items[0].pos, "MISMATCHED_COLUMN_ALIASES",
                    "Column alias list has %zu entries but relation has %zu columns", n,
                    b->query->column_count),
               false;
    if (!(b->names = ARENA_NEW_N(c->z->a, struct bytes, n)))
        return false;
    for (size_t i = 0; i < n; i++) {
        b->names[i] = w->columns.items[i].text;
        for (size_t j = 0; j < i; j++)
            if (bytes_eq_nocase(b->names[i], b->names[j]))
                return fail(c->z, w->columns.items[i].pos, "DUPLICATE_COLUMN_NAME",
                            "Column name '%.*s' specified more than once", BYTES_ARG(b->names[i])),
                       false;
    }
    return true;
}

static bool push_cte(struct analyzer *z, struct bytes name, struct bound_with *w) {
    struct cte *c = ARENA_NEW(z->a, struct cte);
    if (!c)
        return false;
    *c = (struct cte){name, w, z->ctes};
    z->ctes = c;
    return true;
}

static bool bind_recursive(struct ctx *c, const struct sql_with *w, struct bound_with *b) {
    struct sql_body *body = w->query->body;
    struct cte *before = c->z->ctes;
    if (!(b->query = bind_body(c, body->set.left)) || !name_columns(c, w, b) ||
        !push_cte(c->z, w->name.text, b))
        return false;
    struct bound_query *base = b->query, *step = bind_body(c, body->set.right);
    c->z->ctes = before;
    b->recursive = true;
    b->query = step ? recursive_union(c->z, body, base, step) : NULL;
    return b->query != NULL;
}

static bool bind_with(struct ctx *c, const struct sql_with *w, bool recursive,
                      struct bound_with **ret) {
    struct bound_with *b = ARENA_NEW(c->z->a, struct bound_with);
    if (!b)
        return false;
    *ret = b;
    b->id = c->z->next_id++;
    b->name = w->name.text;
    bool is_recursive = false;
    if (recursive && !check_recursion(c->z, w, &is_recursive))
        return false;
    if (is_recursive) {
        if (!bind_recursive(c, w, b))
            return false;
    } else if (!(b->query = bind_query(c, w->query)) || !name_columns(c, w, b)) {
        return false;
    }
    return push_cte(c->z, w->name.text, b);
}

static bool bind_withs(struct ctx *c, const struct sql_query *q, struct bound_with **withs) {
    for (size_t i = 0; i < q->with_count; i++) {
        for (size_t j = 0; j < i; j++)
            if (bytes_eq_nocase(q->with[i].name.text, q->with[j].name.text))
                return fail(c->z, q->with[i].pos, "DUPLICATE_NAMED_QUERY",
                            "WITH query name '%.*s' specified more than once",
                            BYTES_ARG(q->with[i].name.text)),
                       false;
        struct ctx inner = *c;
        inner.select = NULL;
        leave_clauses(&inner);
        if (!bind_with(&inner, &q->with[i], q->recursive, &withs[i]))
            return false;
    }
    return true;
}

/* ---- the whole ---- */
static bool has_tail(const struct sql_query *q) {
    return q->order_by.count || q->offset || q->limit;
}

static bool order_wrapped(struct ctx *outer, struct sql_query *q, struct bound_query *b,
                          struct scope *s) {
    struct ctx c = *outer;
    s->parent = outer->scope;
    c.scope = s;
    c.select = NULL;
    b->order.items = ARENA_NEW_N(c.z->a, struct bound_sort, q->order_by.count + 1);
    if (!b->order.items)
        return false;
    for (size_t i = 0; i < q->order_by.count; i++) {
        const struct sql_sort_item *item = &q->order_by.items[i];
        struct bound_sort *r = &b->order.items[i];
        bool ordinal = item->expr->kind == SQL_E_INTEGER;
        enter_clause(&c, "ORDER BY clause", item->expr);
        if (ordinal && (item->expr->integer < 1 || (uint64_t)item->expr->integer > b->column_count))
            return fail(c.z, item->pos, "INVALID_COLUMN_REFERENCE",
                        "ORDER BY position %lld is not in select list",
                        (long long)item->expr->integer),
                   false;
        r->x = ordinal ? b->select->items[item->expr->integer - 1] : bind_expr(&c, item->expr);
        if (!r->x)
            return false;
        r->ordinal = ordinal ? (int)item->expr->integer : 0;
        r->descending = item->descending;
        r->nulls_first = item->nulls == SQL_NULLS_FIRST;
    }
    b->order.count = q->order_by.count;
    return bind_limits(&c, q, b);
}

static struct bound_query *bind_plain(struct ctx *c, struct sql_query *q) {
    if (q->body->kind == SQL_B_SELECT)
        return bind_select(c, q, q->body->select, q->body->pos);
    struct bound_query *b = bind_body(c, q->body);
    if (!b || (!has_tail(q) && !q->with_count))
        return b;
    struct scope s = {0};
    b = wrap(c, b, &s);
    return b && order_wrapped(c, q, b, &s) ? b : NULL;
}

struct bound_query *bind_query(struct ctx *outer, struct sql_query *q) {
    struct analyzer *z = outer->z;
    struct cte *before = z->ctes;
    struct bound_with **withs = ARENA_NEW_N(z->a, struct bound_with *, q->with_count + 1);
    if (!withs)
        return NULL;
    if (++z->depth > ANALYZE_MAX_DEPTH)
        return fail(z, q->pos, "STACK_OVERFLOW",
                    "statement is too large (stack overflow during analysis)");
    struct bound_query *b = bind_withs(outer, q, withs) ? bind_plain(outer, q) : NULL;
    z->depth--;
    z->ctes = before;
    if (!b)
        return NULL;
    if (q->with_count) {
        b->with = withs;
        b->with_count = q->with_count;
    }
    return b;
}
