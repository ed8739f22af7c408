/* analyze_condition.c - the conjuncts of WHERE, ON and HAVING, as a plan explains them.
 *
 * Each gets a number, which its typed expression carries along to whatever is made of it. */
#include "sql/analyze_int.h"
#include "sql/lex.h"

static bool add(struct analyzer *z, struct bytes text, struct sql_pos pos, struct bound *x) {
    struct sql_plan *p = z->plan;
    if (p->condition_count == p->condition_room) {
        size_t room = p->condition_room ? p->condition_room * 2 : 8;
        struct sql_condition *grown = ARENA_NEW_N(z->a, struct sql_condition, room);
        if (!grown)
            return false;
        if (p->condition_count)
            memcpy(grown, p->conditions, p->condition_count * sizeof(*grown));
        p->conditions = grown;
        p->condition_room = room;
    }
    p->conditions[p->condition_count++] = (struct sql_condition){text, pos.line, pos.column};
    x->condition = p->condition_count;
    return true;
}

/* Where its first token stands: positions of infix nodes are their operator's. */
static struct sql_pos start_of(const struct sql_expr *e) {
    for (;;) {
        switch (e->kind) {
        case SQL_E_BINARY_OP:
        case SQL_E_AT_TIME_ZONE:
        case SQL_E_SUBSCRIPT:
            e = e->binary.left;
            break;
        case SQL_E_BETWEEN:
            e = e->between.value;
            break;
        case SQL_E_IN_LIST:
        case SQL_E_IN_QUERY:
            e = e->in.value;
            break;
        case SQL_E_LIKE:
            e = e->like.value;
            break;
        case SQL_E_IS_NULL:
            e = e->is.value;
            break;
        case SQL_E_DISTINCT:
            e = e->distinct.left;
            break;
        case SQL_E_QUANTIFIED:
            e = e->quantified.value;
            break;
        case SQL_E_FIELD:
            e = e->field.base;
            break;
        default:
            return e->pos;
        }
    }
}

/* As written, any blanks and comments as one blank. */
static struct bytes source_of(struct analyzer *z, const struct sql_expr *e) {
    struct lex_tokens tokens;
    struct buf b = {0};
    if (!e->source.ptr || lex_trino(z->a, e->source, &tokens, NULL))
        return expr_text(z, e);
    for (size_t i = 0; i + 1 < tokens.count; i++) {
        struct bytes t = tokens.items[i].text;
        if (i && tokens.items[i - 1].text.ptr + tokens.items[i - 1].text.len != t.ptr)
            buf_add_char(&b, ' ');
        buf_add(&b, t);
    }
    struct bytes r = arena_copy(z->a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

bool note_conditions(struct ctx *c, const struct sql_expr *e, struct bound *x) {
    if (e->kind == SQL_E_AND && x->op == BO_AND && x->arg_count == e->list.count) {
        for (size_t i = 0; i < x->arg_count; i++)
            if (!note_conditions(c, e->list.items[i], x->args[i]))
                return false;
        return true;
    }
    return add(c->z, source_of(c->z, e), start_of(e), x);
}

bool note_using(struct ctx *c, struct bytes name, struct sql_pos pos, struct bound *x) {
    return add(c->z, arena_fmt(c->z->a, "USING (%.*s)", BYTES_ARG(name)), pos, x);
}

const struct sql_condition *sql_plan_conditions(const struct sql_plan *p, size_t *ret_count) {
    *ret_count = p->condition_count;
    return p->conditions;
}
