/* emit_expr.c - expressions. */
#include "sql/emit_int.h"

struct bytes emit_text(struct emitter *em, const struct bound *x) {
    struct buf b = {0}, *out = em->out;
    size_t start = em->start;
    em->out = &b;
    em->start = 0;
    emit_expr(em, x);
    em->out = out;
    em->start = start;
    struct bytes r = arena_copy(em->a, buf_bytes(&b));
    if (!buf_ok(&b))
        em->a->failed = true;
    buf_clear(&b);
    return r;
}

void emit_list(struct emitter *em, struct bound *const *xs, size_t from, size_t count,
               const char *between) {
    for (size_t i = from; i < count; i++) {
        put(em, i > from ? between : "");
        emit_expr(em, xs[i]);
    }
}

void emit_sorts(struct emitter *em, const struct bound_sorts *s, bool ordinals) {
    for (size_t i = 0; i < s->count; i++) {
        put(em, i ? ", " : "");
        if (ordinals && s->items[i].ordinal)
            putf(em, "%d", s->items[i].ordinal);
        else
            emit_expr(em, s->items[i].x);
        put(em, s->items[i].descending ? " DESC" : " ASC");
        put(em, s->items[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
}

static void emit_literal(struct emitter *em, const struct bound *x) {
    if (!x->is_null) {
        put_bytes(em, x->text);
        return;
    }
    put(em, "CAST(NULL AS ");
    put_type(em, x->type);
    put(em, ")");
}

static void emit_column(struct emitter *em, const struct bound *x) {
    bool is_char = x->type->kind == ST_CHAR && x->rel->kind == REL_SCAN;
    if (em->around && x->rel->owner == em->around &&
        (emit_has_zone(x->type) || x->type->kind == ST_MAP))
        emit_refuse(em, x, "A subquery over a grouped column with zones or maps is not supported");
    put(em, is_char ? "rtrim(" : "");
    putf(em, "r%d.", x->rel->id);
    if (x->rel->kind == REL_SCAN)
        put_ident(em, x->rel->table->columns[x->column].name);
    else
        putf(em, "c%zu", x->column);
    put(em, is_char ? ", ' ')" : "");
}

static void emit_case(struct emitter *em, const struct bound *x) {
    put(em, "CASE");
    for (size_t i = 0; i + 1 < x->arg_count; i += 2) {
        put(em, " WHEN ");
        emit_expr(em, x->args[i]);
        put(em, " THEN ");
        emit_expr(em, x->args[i + 1]);
    }
    put(em, " ELSE ");
    emit_expr(em, x->args[x->arg_count - 1]);
    put(em, " END");
}

static void emit_row(struct emitter *em, const struct bound *x) {
    put(em, "struct_pack(");
    for (size_t i = 0; i < x->arg_count; i++) {
        put(em, i ? ", " : "");
        put_ident(em, sql_type_field(em->a, x->type, i));
        put(em, " := ");
        emit_expr(em, x->args[i]);
    }
    put(em, ")");
}

static void emit_field(struct emitter *em, const struct bound *x) {
    put(em, "struct_extract(");
    emit_expr(em, x->args[0]);
    put(em, ", ");
    put_bytes(em, bound_quote(em->a, sql_type_field(em->a, x->args[0]->type, x->column)));
    put(em, ")");
}

static void emit_lambda(struct emitter *em, const struct bound *x) {
    put(em, "lambda ");
    for (size_t i = 0; i < x->param_count; i++)
        putf(em, i ? ", l%zu" : "l%zu", x->params[i]);
    put(em, ": ");
    emit_expr(em, x->args[0]);
}

static void emit_param(struct emitter *em, const struct bound *x) {
    for (size_t i = em->subst_count; i-- > 0;)
        if (em->subst[i].param == x->column) {
            put_bytes(em, em->subst[i].text);
            return;
        }
    putf(em, "l%zu", x->column);
}

/* A subquery whose column is wanted in a type. */
static void emit_subquery(struct emitter *em, const struct bound_query *q,
                          const struct sql_type *t) {
    put(em, "(");
    if (!t || sql_type_equal(t, q->types[0])) {
        emit_query(em, q);
    } else {
        struct bound at = {.pos = {1, 1}};
        put(em, "SELECT ");
        emit_cast(em, &at, BYTES("s.c0"), q->types[0], t, false);
        put(em, " AS c0 FROM (");
        emit_query(em, q);
        put(em, ") AS s");
    }
    put(em, ")");
}

static void emit_in_query(struct emitter *em, const struct bound *x) {
    put(em, "(");
    emit_expr(em, x->args[0]);
    put(em, x->negated ? " NOT IN " : " IN ");
    emit_subquery(em, x->query, x->args[0]->type);
    put(em, ")");
}

static void emit_quantified(struct emitter *em, const struct bound *x) {
    put(em, "(");
    emit_expr(em, x->args[0]);
    putf(em, " %s %s ", x->sql, x->all ? "ALL" : "ANY");
    emit_subquery(em, x->query, x->args[0]->type);
    put(em, ")");
}

static void emit_grouping(struct emitter *em, const struct bound *x) {
    put(em, "CAST(GROUPING(");
    for (size_t i = 0; i < x->arg_count; i++) {
        put(em, i ? ", " : "");
        emit_group(em, x->args[i]);
    }
    put(em, ") AS ");
    put_type(em, x->type);
    put(em, ")");
}

void emit_distinct(struct emitter *em, const struct bound *x, bool distinct) {
    bool sorted = distinct && x->type->kind == ST_MAP;
    put(em, sorted ? "t_map_sorted(" : "");
    emit_expr(em, x);
    put(em, sorted ? ")" : "");
}

static void emit_operation(struct emitter *em, const struct bound *x) {
    if (x->sql[0] == '@')
        emit_rewrite(em, x);
    else
        emit_template(em, x);
}

static bool has_unsteady_lambda(const struct bound *x) {
    for (size_t i = 1; x->kind == BX_CALL && i < x->arg_count; i++)
        if (x->args[i]->kind == BX_LAMBDA && !bound_is_steady(x->args[i]))
            return true;
    return false;
}

/* The engine sees what is volatile in arguments, not in lambdas, and evaluates two equal calls
 * once: the argument becomes volatile by a condition that always holds. */
static void emit_unsteady(struct emitter *em, const struct bound *x) {
    struct bound first = {.kind = BX_CALL,
                          .type = x->args[0]->type,
                          .pos = x->pos,
                          .sql = "CASE WHEN random() < 2 THEN $1 END",
                          .args = &x->args[0],
                          .arg_count = 1};
    struct bound call = *x;
    call.args = ARENA_NEW_N(em->a, struct bound *, x->arg_count);
    if (!call.args) {
        em->rc = err_set(em->e, ERR_NOMEM, NULL);
        return;
    }
    memcpy(call.args, x->args, x->arg_count * sizeof *call.args);
    call.args[0] = &first;
    emit_operation(em, &call);
}

void emit_expr(struct emitter *em, const struct bound *x) {
    if (em->rc || (x->query && emit_hoisted(em, x)))
        return;
    if ((em->layer && emit_layered(em, x)) || (em->grouped && emit_grouped(em, x)))
        return;
    switch (x->kind) {
    case BX_LITERAL:
        emit_literal(em, x);
        return;
    case BX_COLUMN:
        emit_column(em, x);
        return;
    case BX_PARAM:
        emit_param(em, x);
        return;
    case BX_CAST:
        emit_cast(em, x, emit_text(em, x->args[0]), x->args[0]->type, x->type, x->is_try);
        return;
    case BX_CASE:
        emit_case(em, x);
        return;
    case BX_ROW:
        emit_row(em, x);
        return;
    case BX_FIELD:
        emit_field(em, x);
        return;
    case BX_LAMBDA:
        emit_lambda(em, x);
        return;
    case BX_SCALAR:
        emit_subquery(em, x->query, NULL);
        return;
    case BX_EXISTS:
        put(em, "EXISTS ");
        emit_subquery(em, x->query, NULL);
        return;
    case BX_IN_QUERY:
        emit_in_query(em, x);
        return;
    case BX_QUANTIFIED:
        emit_quantified(em, x);
        return;
    case BX_GROUPING:
        emit_grouping(em, x);
        return;
    default:
        if (has_unsteady_lambda(x))
            emit_unsteady(em, x);
        else
            emit_operation(em, x);
    }
}
