/* parse_expr.c - operators: OR, AND, NOT, one predicate, then arithmetic by precedence climbing.
 *
 *     expression  = or ;  or = and { OR and } ;  and = not { AND not } ;  not = { NOT } predicated
 *     predicated  = value [ comparison | BETWEEN | IN | LIKE | IS ]     (one, they do not chain)
 *     value       = binary operators over unary, from || (loosest) and + - to * / % (tightest)
 *     unary       = { + | - } zoned ;  zoned = primary { AT TIME ZONE .. }
 *
 * Left recursion is a loop; the loop's length counts into the tree's height (parse_int.h). */
#include "sql/parse_int.h"

/* From a token to the cursor, unless parentheses inside have been left out already. */
static void note_source(struct parser *p, struct sql_expr *e, size_t from) {
    if (!e || e->source.ptr || p->at <= from)
        return;
    const struct lex_token *first = &p->tokens[from], *last = &p->tokens[p->at - 1];
    e->source =
        bytes_of(first->text.ptr, (size_t)(last->text.ptr + last->text.len - first->text.ptr));
}

static struct sql_expr *parse_and(struct parser *p);
static struct sql_expr *parse_not(struct parser *p);

struct sql_expr *parse_expression(struct parser *p) {
    if (!parser_enter(p))
        return NULL;
    parser_enter_rule(p, LEX_RULE_EXPRESSION);
    struct sql_pos pos = pos_here(p);
    size_t from = p->at;
    struct sql_expr *e = parse_and(p);
    if (e && parser_accept(p, LEX_OR)) {
        struct sql_expr *all = parser_expr(p, SQL_E_OR, pos);
        if (!all || !LIST_ADD(p, all->list.items, all->list.count, e))
            return NULL;
        do {
            struct sql_expr *next = parse_and(p);
            if (!next || !LIST_ADD(p, all->list.items, all->list.count, next))
                return NULL;
        } while (parser_accept(p, LEX_OR));
        e = all;
    }
    note_source(p, e, from);
    parser_leave(p);
    return e;
}

static struct sql_expr *parse_and(struct parser *p) {
    struct sql_pos pos = pos_here(p);
    size_t from = p->at;
    struct sql_expr *e = parse_not(p);
    if (!e || !parser_at_kind(p, LEX_AND))
        return e;
    note_source(p, e, from);
    parser_advance(p);
    struct sql_expr *all = parser_expr(p, SQL_E_AND, pos);
    if (!all || !LIST_ADD(p, all->list.items, all->list.count, e))
        return NULL;
    do {
        from = p->at;
        struct sql_expr *next = parse_not(p);
        if (!next || !LIST_ADD(p, all->list.items, all->list.count, next))
            return NULL;
        note_source(p, next, from);
    } while (parser_accept(p, LEX_AND));
    return all;
}

/* ---- predicates: the cursor is after the left operand ---- */

static bool comparison_op(enum lex_kind kind, enum sql_op *ret) {
    static const enum sql_op ops[] = {SQL_OP_EQ, SQL_OP_NE, SQL_OP_LT,
                                      SQL_OP_LE, SQL_OP_GT, SQL_OP_GE};
    if (kind < LEX_EQ || kind > LEX_GE)
        return false;
    *ret = ops[kind - LEX_EQ];
    return true;
}

/* = ALL (SELECT ..): the cursor is at ALL, ANY or SOME. */
static struct sql_expr *parse_quantified(struct parser *p, struct sql_expr *left, enum sql_op op,
                                         struct sql_pos pos) {
    struct sql_expr *e = parser_expr(p, SQL_E_QUANTIFIED, pos);
    if (!e)
        return NULL;
    e->quantified.op = op;
    e->quantified.value = left;
    e->quantified.all = tok(p)->kind == LEX_ALL;
    parser_advance(p);
    e->quantified.query = parse_query_in_parens(p);
    return e->quantified.query ? e : NULL;
}

static bool at_quantifier(const struct parser *p) {
    enum lex_kind k = tok(p)->kind;
    return (k == LEX_ALL || k == LEX_ANY || k == LEX_SOME) && peek(p, 1) == LEX_LPAREN &&
           is_query_paren(p, p->at + 1);
}

static struct sql_expr *parse_comparison(struct parser *p, struct sql_expr *left, enum sql_op op) {
    struct sql_pos pos = pos_here(p);
    parser_advance(p);
    if (at_quantifier(p))
        return parse_quantified(p, left, op, pos);
    parser_want(p, LEX_ALL);
    parser_want(p, LEX_ANY);
    parser_want(p, LEX_SOME);
    struct sql_expr *e = parser_expr(p, SQL_E_BINARY_OP, pos);
    if (!e)
        return NULL;
    e->binary.op = op;
    e->binary.left = left;
    e->binary.right = parse_value(p);
    return e->binary.right ? e : NULL;
}

static struct sql_expr *parse_between(struct parser *p, struct sql_expr *left, bool negated,
                                      struct sql_pos pos) {
    struct sql_expr *e = parser_expr(p, SQL_E_BETWEEN, pos);
    if (!e)
        return NULL;
    e->between.value = left;
    e->between.negated = negated;
    e->between.low = parse_value(p);
    if (!e->between.low || !parser_expect(p, LEX_AND))
        return NULL;
    e->between.high = parse_value(p);
    return e->between.high ? e : NULL;
}

static struct sql_expr *parse_in(struct parser *p, struct sql_expr *left, bool negated,
                                 struct sql_pos pos) {
    bool is_query = tok(p)->kind == LEX_LPAREN && is_query_paren(p, p->at);
    if (is_query && peek(p, 1) == LEX_LPAREN) /* IN ((SELECT ..)) is a list of one */
        is_query = kind_at(p, (size_t)p->tokens[p->at + 1].partner + 1) != LEX_RPAREN;
    struct sql_expr *e = parser_expr(p, is_query ? SQL_E_IN_QUERY : SQL_E_IN_LIST, pos);
    if (!e)
        return NULL;
    e->in.value = left;
    e->in.negated = negated;
    if (is_query) {
        e->in.query = parse_query_in_parens(p);
        return e->in.query ? e : NULL;
    }
    if (!parser_expect(p, LEX_LPAREN))
        return NULL;
    parser_want(p, LEX_RULE_QUERY);
    return parse_expressions(p, &e->in.list) && parser_expect(p, LEX_RPAREN) ? e : NULL;
}

static struct sql_expr *parse_like(struct parser *p, struct sql_expr *left, bool negated,
                                   struct sql_pos pos) {
    struct sql_expr *e = parser_expr(p, SQL_E_LIKE, pos);
    if (!e)
        return NULL;
    e->like.value = left;
    e->like.negated = negated;
    e->like.pattern = parse_value(p);
    if (!e->like.pattern)
        return NULL;
    if (parser_accept(p, LEX_ESCAPE)) {
        e->like.escape = parse_value(p);
        if (!e->like.escape)
            return NULL;
    }
    return e;
}

static struct sql_expr *parse_is(struct parser *p, struct sql_expr *left, struct sql_pos pos) {
    bool negated = parser_accept(p, LEX_NOT);
    if (parser_accept(p, LEX_NULL)) {
        struct sql_expr *e = parser_expr(p, SQL_E_IS_NULL, pos);
        if (e) {
            e->is.value = left;
            e->is.negated = negated;
        }
        return e;
    }
    if (!parser_expect(p, LEX_DISTINCT) || !parser_expect(p, LEX_FROM))
        return NULL;
    struct sql_expr *e = parser_expr(p, SQL_E_DISTINCT, pos);
    if (!e)
        return NULL;
    e->distinct.left = left;
    e->distinct.negated = negated;
    e->distinct.right = parse_value(p);
    return e->distinct.right ? e : NULL;
}

/* NOT BETWEEN, NOT IN, NOT LIKE and the same without NOT. */
static struct sql_expr *parse_negatable(struct parser *p, struct sql_expr *left) {
    struct sql_pos pos = pos_here(p);
    bool negated = parser_accept(p, LEX_NOT);
    if (parser_accept(p, LEX_BETWEEN))
        return parse_between(p, left, negated, pos);
    if (parser_accept(p, LEX_IN))
        return parse_in(p, left, negated, pos);
    if (parser_accept(p, LEX_LIKE))
        return parse_like(p, left, negated, pos);
    parser_mismatch(p);
    return NULL;
}

static struct sql_expr *parse_predicate(struct parser *p, struct sql_expr *left) {
    parser_want(p, LEX_RULE_PREDICATE);
    enum sql_op op;
    struct sql_pos pos = pos_here(p);
    switch (tok(p)->kind) {
    case LEX_NOT:
    case LEX_BETWEEN:
    case LEX_IN:
    case LEX_LIKE:
        return parse_negatable(p, left);
    case LEX_IS:
        parser_advance(p);
        return parse_is(p, left, pos);
    default:
        return comparison_op(tok(p)->kind, &op) ? parse_comparison(p, left, op) : left;
    }
}

static struct sql_expr *parse_not(struct parser *p) {
    struct sql_pos pos = pos_here(p);
    if (tok(p)->kind != LEX_NOT) {
        struct sql_expr *left = parse_value(p);
        return left ? parse_predicate(p, left) : NULL;
    }
    if (!parser_enter(p))
        return NULL;
    parser_advance(p);
    struct sql_expr *e = parser_expr(p, SQL_E_NOT, pos);
    if (e)
        e->child = parse_not(p);
    parser_leave(p);
    return e && e->child ? e : NULL;
}

/* ---- arithmetic ---- */

static bool at_number(enum lex_kind kind) {
    return kind == LEX_INTEGER || kind == LEX_DECIMAL || kind == LEX_DOUBLE_NUMBER;
}

/* TIME ZONE 'x' or TIME ZONE INTERVAL ..: the cursor is after AT. */
static struct sql_expr *parse_zone(struct parser *p) {
    if (!parser_expect(p, LEX_TIME) || !parser_expect(p, LEX_ZONE))
        return NULL;
    if (tok(p)->kind == LEX_INTERVAL) {
        struct sql_expr *e = parser_expr(p, SQL_E_INTERVAL, pos_here(p));
        return e && parse_interval(p, e) ? e : NULL;
    }
    parser_want(p, LEX_INTERVAL);
    struct sql_expr *e = parser_expr(p, SQL_E_STRING, pos_here(p));
    return e && parse_string(p, &e->text) ? e : NULL;
}

static struct sql_expr *parse_at(struct parser *p, struct sql_expr *left) {
    struct sql_pos pos = pos_here(p);
    parser_advance(p);
    if (parser_accept(p, LEX_LOCAL)) {
        struct sql_expr *e = parser_expr(p, SQL_E_AT_LOCAL, pos);
        if (e)
            e->child = left;
        return e;
    }
    struct sql_expr *e = parser_expr(p, SQL_E_AT_TIME_ZONE, pos);
    if (!e)
        return NULL;
    e->binary.left = left;
    e->binary.right = parse_zone(p);
    return e->binary.right ? e : NULL;
}

static struct sql_expr *parse_zoned(struct parser *p) {
    int saved = parser_chain_begin(p), links = 0;
    struct sql_expr *e = parse_primary(p);
    while (e) {
        bool is_alias = peek(p, 1) != LEX_TIME && peek(p, 1) != LEX_LOCAL;
        if (!parser_at_kind(p, LEX_AT) || is_alias)
            break;
        if (!parser_chain_link(p, &links))
            return NULL;
        e = parse_at(p, e);
    }
    parser_chain_end(p, saved, links);
    return e;
}

static struct sql_expr *parse_unary(struct parser *p) {
    enum lex_kind k = tok(p)->kind;
    bool is_sign = k == LEX_PLUS || (k == LEX_MINUS && !at_number(peek(p, 1)));
    if (!is_sign)
        return parse_zoned(p);
    if (!parser_enter(p))
        return NULL;
    struct sql_expr *e = parser_expr(p, SQL_E_UNARY, pos_here(p));
    parser_advance(p);
    if (e) {
        e->binary.op = k == LEX_PLUS ? SQL_OP_PLUS : SQL_OP_MINUS;
        e->binary.left = parse_unary(p);
    }
    parser_leave(p);
    return e && e->binary.left ? e : NULL;
}

enum { LOOSEST = 1, TIGHTEST = 3 };
static const struct {
    enum lex_kind kind;
    enum sql_op op;
    int precedence;
} infix[] = {
    {LEX_CONCAT, SQL_OP_CONCAT, 1}, {LEX_PLUS, SQL_OP_PLUS, 2},    {LEX_MINUS, SQL_OP_MINUS, 2},
    {LEX_STAR, SQL_OP_MULTIPLY, 3}, {LEX_SLASH, SQL_OP_DIVIDE, 3}, {LEX_PERCENT, SQL_OP_MODULUS, 3},
};

/* The operator at the cursor, when it binds at least as tightly as asked; -1 otherwise. */
static int infix_at(struct parser *p, int precedence) {
    int found = -1;
    for (size_t i = 0; i < COUNT_OF(infix); i++)
        if (parser_at_kind(p, infix[i].kind) && infix[i].precedence >= precedence)
            found = (int)i;
    return found;
}

static struct sql_expr *parse_binary(struct parser *p, int precedence) {
    int saved = parser_chain_begin(p), links = 0;
    struct sql_expr *left = parse_unary(p);
    for (int i; left && (i = infix_at(p, precedence)) >= 0;) {
        struct sql_expr *e = parser_expr(p, SQL_E_BINARY_OP, pos_here(p));
        if (!e || !parser_chain_link(p, &links))
            return NULL;
        parser_advance(p);
        e->binary.op = infix[i].op;
        e->binary.left = left;
        e->binary.right = infix[i].precedence == TIGHTEST
                              ? parse_unary(p)
                              : parse_binary(p, infix[i].precedence + 1);
        left = e->binary.right ? e : NULL;
    }
    parser_chain_end(p, saved, links);
    return left;
}

struct sql_expr *parse_value(struct parser *p) {
    parser_enter_rule(p, LEX_RULE_EXPRESSION);
    return parse_binary(p, LOOSEST);
}

bool parse_expressions(struct parser *p, struct sql_exprs *ret) {
    do {
        struct sql_expr *e = parse_expression(p);
        if (!e || !LIST_ADD(p, ret->items, ret->count, e))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}
