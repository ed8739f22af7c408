/* analyze_recursion.c - WITH RECURSIVE: what it may look like, and its types.
 *
 *     WITH RECURSIVE t (n) AS (base UNION [ALL] step)
 *
 * The base gives the columns' types; the step, which reads t once and in its FROM clause, is
 * coerced to them. Trino runs such a query by writing the step out ten times over and failing when
 * an eleventh gives rows; emit.c does the same, so that no query can run away. Where t may stand is
 * decided on the text's tree before any name is looked up. */
#include "sql/analyze_int.h"
#include "sql/tree_walk.h"

struct reference_search {
    struct bytes name;
    struct sql_pos first, second;
    size_t count;
};

static bool note_reference(struct reference_search *s, const struct sql_path *path,
                           struct sql_pos pos) {
    if (path->count != 1 || !bytes_eq_nocase(path->parts[0].text, s->name))
        return true;
    if (s->count++ == 0)
        s->first = pos;
    else if (s->count == 2)
        s->second = pos;
    return true;
}
static bool relation_refers(void *ctx, struct sql_relation *r) {
    return r->kind != SQL_R_TABLE || note_reference(ctx, &r->table.name, r->pos);
}
static bool body_refers(void *ctx, struct sql_body *b) {
    return b->kind != SQL_B_TABLE || note_reference(ctx, &b->table, b->pos);
}
/* A query that names a table of its own so hides the outer one, everywhere inside it. */
static bool query_hides(void *ctx, struct sql_query *q) {
    struct reference_search *s = ctx;
    for (size_t i = 0; i < q->with_count; i++)
        if (bytes_eq_nocase(q->with[i].name.text, s->name))
            return false;
    return true;
}
static struct tree_walk search_walk(struct reference_search *s) {
    return (struct tree_walk){
        .ctx = s, .relation = relation_refers, .query = query_hides, .body = body_refers};
}
static struct reference_search references_in_body(struct sql_body *b, struct bytes name) {
    struct reference_search s = {.name = name};
    struct tree_walk w = search_walk(&s);
    tree_walk_body(&w, b);
    return s;
}
static struct reference_search references_in(struct sql_relation *r, struct bytes name) {
    struct reference_search s = {.name = name};
    struct tree_walk w = search_walk(&s);
    tree_walk_relation(&w, r);
    return s;
}

static bool misplaced(struct analyzer *z, struct sql_pos pos, const char *where) {
    fail(z, pos, "INVALID_RECURSIVE_REFERENCE", "recursive reference %s", where);
    return false;
}

/* ---- WITH RECURSIVE inside it ---- */
struct nested {
    struct sql_pos pos;
    bool found;
};
static bool query_nests(void *ctx, struct sql_query *q) {
    struct nested *n = ctx;
    if (!n->found && q->recursive) {
        n->found = true;
        n->pos = q->pos;
    }
    return !n->found;
}
static bool check_nested(struct analyzer *z, const struct sql_with *w) {
    struct nested n = {0};
    struct tree_walk walk = {.ctx = &n, .query = query_nests};
    tree_walk_query(&walk, w->query);
    if (n.found)
        fail(z, n.pos, "NESTED_RECURSIVE", "nested recursive WITH query");
    return !n.found;
}

/* ---- FROM of the step: outer joins, INTERSECT ALL and EXCEPT must not see it ---- */
struct from_check {
    struct analyzer *z;
    struct bytes name;
};
static bool check_join(void *ctx, struct sql_relation *r) {
    struct from_check *c = ctx;
    if (r->kind != SQL_R_JOIN || r->join.kind < SQL_JOIN_LEFT)
        return !c->z->rc;
    static const char *const left[] = {[SQL_JOIN_RIGHT] = "in left source of RIGHT join",
                                       [SQL_JOIN_FULL] = "in left source of FULL join"};
    static const char *const right[] = {[SQL_JOIN_LEFT] = "in right source of LEFT join",
                                        [SQL_JOIN_FULL] = "in right source of FULL join"};
    struct reference_search l = references_in(r->join.left, c->name);
    struct reference_search s = references_in(r->join.right, c->name);
    if (l.count && r->join.kind != SQL_JOIN_LEFT)
        return misplaced(c->z, l.first, left[r->join.kind]);
    if (s.count && r->join.kind != SQL_JOIN_RIGHT)
        return misplaced(c->z, s.first, right[r->join.kind]);
    return true;
}
static bool check_set(void *ctx, struct sql_body *b) {
    struct from_check *c = ctx;
    if (b->kind != SQL_B_SET || b->set.op == SQL_UNION)
        return !c->z->rc;
    struct reference_search l = references_in_body(b->set.left, c->name);
    struct reference_search r = references_in_body(b->set.right, c->name);
    if (b->set.op == SQL_INTERSECT)
        return !b->set.all || !(l.count + r.count) ||
               misplaced(c->z, l.count ? l.first : r.first, "in INTERSECT ALL");
    if (r.count)
        return misplaced(c->z, r.first,
                         b->set.all ? "in right relation of EXCEPT ALL"
                                    : "in right relation of EXCEPT DISTINCT");
    return !b->set.all || !l.count || misplaced(c->z, l.first, "in left relation of EXCEPT ALL");
}

/* The step without its parentheses; NULL after an error. */
static struct sql_body *bare_step(struct analyzer *z, struct sql_body *step) {
    while (step->kind == SQL_B_QUERY) {
        if (step->query->limit || step->query->limit_all)
            return fail(z, step->query->limit ? step->query->limit->pos : step->pos,
                        "INVALID_LIMIT_CLAUSE",
                        "FETCH FIRST / LIMIT clause in the step relation of recursion");
        step = step->query->body;
    }
    return step;
}

static bool check_clauses(struct analyzer *z, const struct sql_with *w) {
    const struct sql_query *q = w->query;
    if (q->with_count)
        fail(z, q->with[0].pos, "NOT_SUPPORTED", "immediate WITH clause in recursive query");
    else if (q->order_by.count)
        fail(z, q->order_by.items[0].pos, "NOT_SUPPORTED",
             "immediate ORDER BY clause in recursive query");
    else if (q->offset)
        fail(z, q->offset->pos, "NOT_SUPPORTED", "immediate OFFSET clause in recursive query");
    else if (q->limit || q->limit_all)
        fail(z, q->limit ? q->limit->pos : q->pos, "INVALID_LIMIT_CLAUSE",
             "immediate FETCH FIRST / LIMIT clause in recursive query");
    return !z->rc;
}

/* Is it base UNION step, with t in the step? *ret_recursive; false after an error. */
static bool check_shape(struct analyzer *z, const struct sql_with *w, bool *ret_recursive) {
    struct sql_body *b = w->query->body;
    struct bytes name = w->name.text;
    *ret_recursive = false;
    if (b->kind != SQL_B_SET || b->set.op != SQL_UNION)
        return true;
    struct reference_search base = references_in_body(b->set.left, name);
    struct reference_search in_step = references_in_body(b->set.right, name);
    if (base.count)
        return fail(z, base.first, "INVALID_RECURSIVE_REFERENCE",
                    "WITH table name is referenced in the base relation of recursion"),
               false;
    if (in_step.count > 1)
        return fail(z, in_step.second, "INVALID_RECURSIVE_REFERENCE",
                    "multiple recursive references in the step relation of recursion"),
               false;
    if (!in_step.count)
        return true;
    struct sql_body *step = bare_step(z, b->set.right);
    if (!step)
        return false;
    struct sql_relation *from = step->kind == SQL_B_SELECT ? step->select->from : NULL;
    if (!from || !references_in(from, name).count)
        return misplaced(z, in_step.first,
                         "outside of FROM clause of the step relation of recursion");
    if (!check_clauses(z, w))
        return false;
    struct from_check c = {z, name};
    struct tree_walk joins = {.ctx = &c, .relation = check_join};
    struct tree_walk sets = {.ctx = &c, .body = check_set};
    tree_walk_relation(&joins, from);
    tree_walk_relation(&sets, from);
    *ret_recursive = true;
    return !z->rc;
}

bool check_recursion(struct analyzer *z, const struct sql_with *w, bool *ret_recursive) {
    if (!w->columns.count)
        return fail(z, w->pos, "MISSING_COLUMN_ALIASES",
                    "missing column aliases in recursive WITH query"),
               false;
    if (!check_nested(z, w) || !check_shape(z, w, ret_recursive))
        return false;
    if (*ret_recursive)
        return true;
    struct reference_search s = {.name = w->name.text};
    struct tree_walk walk = search_walk(&s);
    tree_walk_query(&walk, w->query);
    return !s.count || misplaced(z, s.first, "not allowed in this context");
}

/* ---- types ---- */
struct bound_query *recursive_union(struct analyzer *z, const struct sql_body *b,
                                    struct bound_query *base, struct bound_query *step) {
    struct bound_query *q = new_query(z, BQ_SET, base->column_count);
    struct sql_pos pos = b->set.right->pos;
    if (!q)
        return NULL;
    if (step->column_count != base->column_count)
        return fail(
            z, pos, "TYPE_MISMATCH",
            "base and step relations of recursion have different number of fields: %zu, %zu",
            base->column_count, step->column_count);
    for (size_t i = 0; i < base->column_count; i++) {
        q->names[i] = base->names[i];
        q->types[i] = base->types[i];
        if (!sql_type_can_coerce(step->types[i], base->types[i]))
            return fail(z, pos, "TYPE_MISMATCH",
                        "recursion step relation output type (%.*s) is not coercible to recursion "
                        "base relation output type (%.*s) at column %zu",
                        BYTES_ARG(type_text(z, step->types[i])),
                        BYTES_ARG(type_text(z, base->types[i])), i + 1);
    }
    q->set_op = SQL_UNION;
    q->set_all = b->set.all;
    q->left = base;
    q->right = step;
    return q;
}
