/* emit.c - the typed tree as DuckDB text: queries.
 *
 * Every relation has its own alias, every query's outputs are c0, c1, ...; outputs that nothing
 * reads are NULL. What DuckDB would infer (types, order of NULLs, names) is written out. */
#include "sql/emit_int.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void emit_refuse(struct emitter *em, const struct bound *x, const char *fmt, ...) {
    char text[400];
    va_list ap;
    if (em->rc)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    em->rc = err_set_named(em->e, ERR_SQL, "NOT_SUPPORTED", 0, "line %d:%d: %s", x->pos.line,
                           x->pos.column, text);
    if (em->e) {
        em->e->line = x->pos.line;
        em->e->column = x->pos.column;
    }
}

static bool full(struct emitter *em) {
    if (em->rc)
        return true;
    if (em->out->len - em->start > EMIT_MAX_BYTES)
        em->rc = err_set_named(em->e, ERR_SQL, "QUERY_TEXT_TOO_LARGE", 0,
                               "The statement becomes too large; simplify it.");
    return em->rc != 0;
}

void put(struct emitter *em, const char *text) {
    if (!full(em))
        buf_add_str(em->out, text);
}
void put_bytes(struct emitter *em, struct bytes text) {
    if (!full(em))
        buf_add(em->out, text);
}
void putf(struct emitter *em, const char *fmt, ...) {
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    assert(n >= 0 && (size_t)n < sizeof(text));
    put(em, text);
}
void put_ident(struct emitter *em, struct bytes name) {
    put(em, "\"");
    for (size_t i = 0; i < name.len; i++)
        put_bytes(em, name.ptr[i] == '"' ? BYTES("\"\"") : bytes_slice(name, i, i + 1));
    put(em, "\"");
}
void put_type(struct emitter *em, const struct sql_type *t) {
    if (!full(em))
        sql_type_format_duckdb(t, em->out);
}

/* ---- SELECT ---- */
static void emit_items(struct emitter *em, const struct bound_query *q) {
    for (size_t i = 0; i < q->column_count; i++) {
        put(em, i ? ", " : "");
        if (q->used[i]) {
            emit_distinct(em, q->select->items[i], q->select->distinct);
        } else {
            put(em, "CAST(NULL AS ");
            put_type(em, q->types[i]);
            put(em, ")");
        }
        putf(em, " AS c%zu", i);
    }
    if (!q->column_count)
        put(em, "NULL AS c0");
}

static void emit_groups(struct emitter *em, const struct bound_select *s) {
    if (!s->sets)
        return;
    if (!s->has_sets && s->group_count) {
        put(em, " GROUP BY ");
        for (size_t i = 0; i < s->group_count; i++) {
            put(em, i ? ", " : "");
            emit_group(em, s->groups[i]);
        }
        return;
    }
    put(em, " GROUP BY GROUPING SETS (");
    for (size_t i = 0; i < s->set_count; i++) {
        put(em, i ? ", (" : "(");
        for (size_t j = 0; j < s->sets[i].count; j++) {
            put(em, j ? ", " : "");
            emit_group(em, s->groups[s->sets[i].items[j]]);
        }
        put(em, ")");
    }
    put(em, ")");
}

static void emit_ties(struct emitter *em, const struct bound_query *q) {
    put(em, " QUALIFY rank() OVER (ORDER BY ");
    emit_sorts(em, &q->order, false);
    putf(em, ") <= %" PRId64, q->limit);
}

static void emit_source(struct emitter *em, const struct bound_select *s) {
    em->grouped = NULL;
    if (s->from) {
        put(em, " FROM ");
        emit_relation(em, s->from);
    }
    if (s->where) {
        put(em, " WHERE ");
        emit_expr(em, s->where);
    }
    em->grouped = emit_keyed(s);
    emit_groups(em, s);
}

/* The groups, in a subquery; what follows is over its columns. */
static void emit_grouped_source(struct emitter *em, struct layer *l, const struct bound_select *s) {
    put(em, " FROM (");
    em->layer = emit_layer_around(l);
    em->grouped = emit_keyed(s);
    emit_layer_columns(em, l);
    emit_source(em, s);
    em->grouped = NULL;
    em->layer = l;
    put(em, ") AS ");
    emit_layer_name(em, l);
}

/* Leaves em->layer for ORDER BY. */
static void emit_select(struct emitter *em, const struct bound_query *q) {
    const struct bound_select *s = q->select, *outer = em->grouped, *around = em->around;
    struct layer *l = emit_layer_of(em, q);
    em->around = outer ? outer : around;
    em->grouped = l ? NULL : emit_keyed(s);
    em->layer = l ? l : em->layer;
    if (!s->distinct || !emit_distinct_on(em, q))
        put(em, s->distinct ? "SELECT DISTINCT " : "SELECT ");
    emit_items(em, q);
    if (l)
        emit_grouped_source(em, l, s);
    else
        emit_source(em, s);
    if (s->having) {
        put(em, l ? " WHERE " : " HAVING ");
        emit_expr(em, s->having);
    }
    if (q->with_ties)
        emit_ties(em, q);
    em->grouped = outer;
    em->around = around;
}

/* ---- set operations, VALUES ---- */
void emit_side(struct emitter *em, const struct bound_query *q, const struct sql_type *const *types,
               bool all) {
    bool same = true;
    for (size_t i = 0; i < q->column_count; i++)
        same &= sql_type_equal(q->types[i], types[i]) && (all || types[i]->kind != ST_MAP);
    put(em, "(");
    if (!same) {
        put(em, "SELECT ");
        for (size_t i = 0; i < q->column_count; i++) {
            struct bound at = {.pos = {1, 1}};
            bool sorted = !all && types[i]->kind == ST_MAP;
            put(em, i ? ", " : "");
            put(em, sorted ? "t_map_sorted(" : "");
            emit_cast(em, &at, arena_fmt(em->a, "s.c%zu", i), q->types[i], types[i], false);
            put(em, sorted ? ")" : "");
            putf(em, " AS c%zu", i);
        }
        put(em, " FROM (");
    }
    emit_query(em, q);
    put(em, same ? ")" : ") AS s)");
}

static void emit_set(struct emitter *em, const struct bound_query *q) {
    static const char *const ops[] = {" UNION ", " INTERSECT ", " EXCEPT "};
    if (emit_set_on(em, q))
        return;
    emit_side(em, q->left, q->types, q->set_all);
    put(em, ops[q->set_op]);
    put(em, q->set_all ? "ALL " : "");
    emit_side(em, q->right, q->types, q->set_all);
}

static void emit_values(struct emitter *em, const struct bound_query *q) {
    put(em, "SELECT * FROM (VALUES ");
    for (size_t i = 0; i < q->row_count; i++) {
        put(em, i ? ", (" : "(");
        emit_list(em, q->rows, i * q->column_count, (i + 1) * q->column_count, ", ");
        put(em, ")");
    }
    put(em, ") AS v(");
    for (size_t i = 0; i < q->column_count; i++)
        putf(em, i ? ", c%zu" : "c%zu", i);
    put(em, ")");
}

/* ---- the whole ---- */
void emit_query(struct emitter *em, const struct bound_query *q) {
    struct layer *layer = em->layer;
    if (em->rc)
        return;
    emit_with(em, q);
    if (q->body == BQ_SELECT)
        emit_select(em, q);
    else if (q->body == BQ_SET)
        emit_set(em, q);
    else
        emit_values(em, q);
    if (q->order.count) {
        const struct bound_select *outer = em->grouped;
        em->grouped = q->body == BQ_SELECT && em->layer == layer ? emit_keyed(q->select) : NULL;
        put(em, " ORDER BY ");
        emit_sorts(em, &q->order, true);
        em->grouped = outer;
    }
    em->layer = layer;
    if (q->limit >= 0 && !q->with_ties)
        putf(em, " LIMIT %" PRId64, q->limit);
    if (q->offset > 0)
        putf(em, " OFFSET %" PRId64, q->offset);
}

/* ---- outputs ---- */
/* What leaves the engine: text where DuckDB's value is not Trino's (intervals, times, zones, more
 * than milliseconds, char). */
static bool is_shown_as_text(const struct sql_type *t) {
    switch (t->kind) {
    case ST_INTERVAL_DAY:
    case ST_INTERVAL_YEAR:
    case ST_CHAR:
    case ST_IPADDRESS:
    case ST_IPPREFIX:
    case ST_TIME:
    case ST_TIME_TZ:
        return true;
    case ST_TIMESTAMP:
    case ST_TIMESTAMP_TZ:
        return t->zoned || t->precision > 3;
    default:
        return false;
    }
}

static bool needs_text(const struct sql_type *t) {
    bool needs = is_shown_as_text(t);
    for (size_t i = 0; i < t->child_count; i++)
        needs |= needs_text(t->children[i]);
    return needs;
}

/* The type with each leaf that is shown as text changed: to varchar, or (is_source) to at least the
 * milliseconds that Athena shows of any timestamp. */
static const struct sql_type *shown_type(struct emitter *em, const struct sql_type *t,
                                         bool is_source) {
    if (!needs_text(t))
        return t;
    if (!t->child_count && !is_source)
        return sql_type_of(ST_VARCHAR);
    struct sql_type *r = ARENA_NEW(em->a, struct sql_type);
    if (!r)
        return t;
    *r = *t;
    if (t->kind == ST_TIMESTAMP_TZ)
        r->precision = MAX_OF(t->precision, 3);
    if (t->child_count &&
        !(r->children = ARENA_NEW_N(em->a, const struct sql_type *, t->child_count)))
        return t;
    for (size_t i = 0; i < t->child_count; i++)
        r->children[i] = shown_type(em, t->children[i], is_source);
    return r;
}

static void emit_outputs(struct emitter *em) {
    const struct bound_query *q = em->plan->query;
    bool plain = true;
    for (size_t i = 0; i < q->column_count; i++)
        plain &= !needs_text(q->types[i]);
    if (plain || em->plan->write) {
        emit_query(em, q);
        return;
    }
    put(em, "SELECT ");
    for (size_t i = 0; i < q->column_count; i++) {
        struct bytes c = arena_fmt(em->a, "o.c%zu", i);
        struct bound at = {.pos = {1, 1}};
        put(em, i ? ", " : "");
        if (needs_text(q->types[i]))
            emit_cast(em, &at, c, shown_type(em, q->types[i], true),
                      shown_type(em, q->types[i], false), false);
        else
            put_bytes(em, c);
        putf(em, " AS c%zu", i);
    }
    put(em, " FROM (");
    emit_query(em, q);
    put(em, ") AS o");
}

int sql_emit(struct arena *a, const struct sql_plan *p, const struct bytes *relations,
             struct buf *out, struct err *e) {
    struct emitter em = {
        .a = a, .plan = p, .relations = relations, .out = out, .e = e, .start = out->len};
    emit_outputs(&em);
    if (em.rc)
        return em.rc;
    return buf_ok(out) && !a->failed ? 0 : err_set(e, ERR_NOMEM, NULL);
}
