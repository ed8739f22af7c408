/* parse_query.c - queries: WITH, SELECT, set operations, VALUES, TABLE, ORDER BY, LIMIT. */
#include "sql/parse_int.h"

/* ---- SELECT ---- */

/* The bare alias of a select item: any unreserved word that does not begin a clause here. */
static bool parse_item_alias(struct parser *p, struct sql_select_item *item) {
    if (!parser_accept(p, LEX_AS) && (!lex_is_identifier(tok(p)->kind) || at_clause_word(p))) {
        parser_want(p, LEX_IDENT);
        return true;
    }
    return parse_ident(p, &item->alias);
}

static bool parse_select_item(struct parser *p, struct sql_select_item *item) {
    item->pos = pos_here(p);
    if (parser_accept(p, LEX_STAR)) {
        item->star = true;
        return true;
    }
    if (!(item->expr = parse_expression(p)))
        return false;
    if (tok(p)->kind != LEX_DOT || peek(p, 1) != LEX_STAR)
        return parse_item_alias(p, item);
    parser_advance(p);
    parser_advance(p);
    item->star = true;
    return !parser_accept(p, LEX_AS) || parse_idents_in_parens(p, &item->star_aliases);
}

static bool parse_select_items(struct parser *p, struct sql_select *s) {
    parse_quantifier(p, true, &s->distinct);
    do {
        struct sql_select_item item = {0};
        if (!parse_select_item(p, &item) || !LIST_ADD(p, s->items, s->item_count, item))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}

/* FROM a, b, c is a chain of implicit cross joins. */
static bool parse_from(struct parser *p, struct sql_select *s) {
    int saved = parser_chain_begin(p), links = 0;
    s->from = parse_relation(p);
    while (s->from && parser_accept(p, LEX_COMMA)) {
        struct sql_relation *join = NODE(p, struct sql_relation);
        if (!join || !parser_chain_link(p, &links))
            return false;
        join->kind = SQL_R_JOIN;
        join->pos = s->from->pos;
        join->join.kind = SQL_JOIN_IMPLICIT;
        join->join.left = s->from;
        join->join.right = parse_relation(p);
        s->from = join->join.right ? join : NULL;
    }
    parser_chain_end(p, saved, links);
    return s->from != NULL;
}

/* ---- GROUP BY ---- */

/* Does an expression go on behind the parenthesis at the cursor? Then it is no grouping set. */
static bool paren_is_operand(const struct parser *p) {
    enum lex_kind after = kind_at(p, (size_t)tok(p)->partner + 1);
    switch (after) {
    case LEX_DOT:
    case LEX_LBRACKET:
    case LEX_ARROW:
    case LEX_AT:
    case LEX_AND:
    case LEX_OR:
    case LEX_NOT:
    case LEX_BETWEEN:
    case LEX_IN:
    case LEX_LIKE:
    case LEX_IS:
        return true;
    default:
        return (after >= LEX_EQ && after <= LEX_CONCAT) || is_query_paren(p, p->at);
    }
}

/* a; (a, b); () */
static bool parse_grouping_set(struct parser *p, struct sql_exprs *set) {
    if (!parser_at_kind(p, LEX_LPAREN) || paren_is_operand(p)) {
        struct sql_expr *e = parse_expression(p);
        return e && LIST_ADD(p, set->items, set->count, e);
    }
    parser_advance(p);
    return parser_accept(p, LEX_RPAREN) ||
           (parse_expressions(p, set) && parser_expect(p, LEX_RPAREN));
}

static bool parse_grouping_sets(struct parser *p, struct sql_group_item *g) {
    if (!parser_expect(p, LEX_LPAREN))
        return false;
    if (g->kind != SQL_GROUP_SETS && parser_accept(p, LEX_RPAREN))
        return true;
    do {
        struct sql_exprs set = {0};
        if (!parse_grouping_set(p, &set) || !LIST_ADD(p, g->sets, g->set_count, set))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return parser_expect(p, LEX_RPAREN);
}

static bool parse_group_item(struct parser *p, struct sql_group_item *g) {
    g->pos = pos_here(p);
    g->kind = SQL_GROUP_ROLLUP;
    if (parser_accept(p, LEX_ROLLUP))
        return parse_grouping_sets(p, g);
    g->kind = SQL_GROUP_CUBE;
    if (parser_accept(p, LEX_CUBE))
        return parse_grouping_sets(p, g);
    g->kind = SQL_GROUP_SETS;
    if (parser_at_kind(p, LEX_GROUPING) && peek(p, 1) == LEX_SETS) {
        parser_advance(p);
        parser_advance(p);
        return parse_grouping_sets(p, g);
    }
    g->kind = SQL_GROUP_SIMPLE;
    struct sql_exprs set = {0};
    return parse_grouping_set(p, &set) && LIST_ADD(p, g->sets, g->set_count, set);
}

/* GROUP BY ALL ROLLUP (..): ALL says nothing; elsewhere it may be a column. */
static bool at_group_all(const struct parser *p) {
    enum lex_kind next = peek(p, 1);
    return tok(p)->kind == LEX_ALL &&
           (next == LEX_ROLLUP || next == LEX_CUBE || next == LEX_GROUPING || next == LEX_LPAREN);
}

static bool parse_group_by(struct parser *p, struct sql_select *s) {
    s->has_group_by = true;
    if (!parse_quantifier(p, false, &s->group_distinct) && at_group_all(p))
        parser_advance(p);
    do {
        struct sql_group_item g = {0};
        if (!parse_group_item(p, &g) || !LIST_ADD(p, s->groups, s->group_count, g))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}

static bool parse_windows(struct parser *p, struct sql_select *s) {
    do {
        struct sql_named_window named = {.window = NODE(p, struct sql_window)};
        if (!named.window || !parse_ident(p, &named.name) || !parser_expect(p, LEX_AS))
            return false;
        named.window->pos = pos_here(p);
        if (!parser_expect(p, LEX_LPAREN) || !parse_window_spec(p, named.window) ||
            !parser_expect(p, LEX_RPAREN) || !LIST_ADD(p, s->windows, s->window_count, named))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}

static bool parse_select_tail(struct parser *p, struct sql_select *s) {
    if (parser_accept(p, LEX_FROM) && !parse_from(p, s))
        return false;
    if (parser_accept(p, LEX_WHERE) && !(s->where = parse_expression(p)))
        return false;
    if (parser_accept(p, LEX_GROUP) && (!parser_expect(p, LEX_BY) || !parse_group_by(p, s)))
        return false;
    if (parser_accept(p, LEX_HAVING) && !(s->having = parse_expression(p)))
        return false;
    return !parser_accept(p, LEX_WINDOW) || parse_windows(p, s);
}

static bool parse_select(struct parser *p, struct sql_body *b) {
    b->kind = SQL_B_SELECT;
    b->select = NODE(p, struct sql_select);
    return b->select && parse_select_items(p, b->select) && parse_select_tail(p, b->select);
}

/* ---- bodies ---- */

static bool parse_body_primary_into(struct parser *p, struct sql_body *b) {
    b->pos = pos_here(p);
    if (parser_accept(p, LEX_SELECT))
        return parse_select(p, b);
    if (parser_accept(p, LEX_VALUES)) {
        b->kind = SQL_B_VALUES;
        return parse_expressions(p, &b->values);
    }
    if (parser_accept(p, LEX_TABLE)) {
        b->kind = SQL_B_TABLE;
        return parse_path(p, &b->table);
    }
    if (!parser_accept(p, LEX_LPAREN))
        return parser_mismatch(p);
    b->kind = SQL_B_QUERY;
    b->query = parse_query_no_with(p);
    return b->query && parser_expect(p, LEX_RPAREN);
}

static struct sql_body *parse_body_primary(struct parser *p) {
    struct sql_body *b = NODE(p, struct sql_body);
    return b && parse_body_primary_into(p, b) ? b : NULL;
}

static struct sql_body *set_new(struct parser *p, struct sql_body *left, enum sql_set_op op) {
    struct sql_body *b = NODE(p, struct sql_body);
    if (!b)
        return NULL;
    b->kind = SQL_B_SET;
    b->pos = p->tokens[p->at - 1].pos;
    b->set.op = op;
    b->set.left = left;
    b->set.all = parser_accept(p, LEX_ALL);
    if (!b->set.all)
        parser_accept(p, LEX_DISTINCT);
    b->set.corresponding = parser_accept(p, LEX_CORRESPONDING);
    return b;
}

static struct sql_body *parse_intersection(struct parser *p) {
    int saved = parser_chain_begin(p), links = 0;
    struct sql_body *left = parse_body_primary(p);
    while (left && parser_accept(p, LEX_INTERSECT)) {
        struct sql_body *b = parser_chain_link(p, &links) ? set_new(p, left, SQL_INTERSECT) : NULL;
        left = b && (b->set.right = parse_body_primary(p)) ? b : NULL;
    }
    parser_chain_end(p, saved, links);
    return left;
}

static struct sql_body *parse_body(struct parser *p) {
    int saved = parser_chain_begin(p), links = 0;
    struct sql_body *left = parse_intersection(p);
    for (;;) {
        bool is_union = left && parser_accept(p, LEX_UNION);
        if (!left || (!is_union && !parser_accept(p, LEX_EXCEPT)))
            break;
        struct sql_body *b = parser_chain_link(p, &links)
                                 ? set_new(p, left, is_union ? SQL_UNION : SQL_EXCEPT)
                                 : NULL;
        left = b && (b->set.right = parse_intersection(p)) ? b : NULL;
    }
    parser_chain_end(p, saved, links);
    return left;
}

/* ---- ORDER BY, OFFSET, LIMIT, FETCH ---- */

static struct sql_expr *parse_row_count(struct parser *p) {
    if (parser_at_kind(p, LEX_QUESTION))
        return parse_parameter(p);
    return parser_at_kind(p, LEX_INTEGER) ? parse_literal(p) : (parser_mismatch(p), NULL);
}

static bool parse_fetch(struct parser *p, struct sql_query *q) {
    q->is_fetch = true;
    if (!parser_accept(p, LEX_FIRST) && !parser_expect(p, LEX_NEXT))
        return false;
    if (tok(p)->kind == LEX_ROW || tok(p)->kind == LEX_ROWS) {
        q->limit = parser_expr(p, SQL_E_INTEGER, pos_here(p));
        if (q->limit)
            q->limit->integer = 1;
    } else {
        parser_want(p, LEX_ROW);
        parser_want(p, LEX_ROWS);
        q->limit = parse_row_count(p);
    }
    if (!q->limit || (!parser_accept(p, LEX_ROW) && !parser_expect(p, LEX_ROWS)))
        return false;
    if (parser_accept(p, LEX_ONLY))
        return true;
    q->with_ties = true;
    return parser_expect(p, LEX_WITH) && parser_expect(p, LEX_TIES);
}

static bool parse_limits(struct parser *p, struct sql_query *q) {
    if (parser_accept(p, LEX_OFFSET)) {
        if (!(q->offset = parse_row_count(p)))
            return false;
        if (!parser_accept(p, LEX_ROW))
            parser_accept(p, LEX_ROWS);
    }
    if (parser_accept(p, LEX_LIMIT)) {
        q->limit_all = parser_accept(p, LEX_ALL);
        return q->limit_all || (q->limit = parse_row_count(p)) != NULL;
    }
    return !parser_accept(p, LEX_FETCH) || parse_fetch(p, q);
}

static bool parse_query_tail(struct parser *p, struct sql_query *q) {
    if (!parser_enter(p) || !(q->body = parse_body(p)))
        return false;
    if (parser_accept(p, LEX_ORDER) && (!parser_expect(p, LEX_BY) || !parse_sort(p, &q->order_by)))
        return false;
    if (!parse_limits(p, q))
        return false;
    parser_leave(p);
    return true;
}

struct sql_query *parse_query_no_with(struct parser *p) {
    struct sql_query *q = NODE(p, struct sql_query);
    if (!q)
        return NULL;
    q->pos = pos_here(p);
    return parse_query_tail(p, q) ? q : NULL;
}

/* ---- WITH ---- */

static bool parse_with(struct parser *p, struct sql_query *q) {
    q->recursive = parser_accept(p, LEX_RECURSIVE);
    do {
        struct sql_with w = {.pos = pos_here(p)};
        if (!parse_ident(p, &w.name))
            return false;
        if (parser_at_kind(p, LEX_LPAREN) && !parse_idents_in_parens(p, &w.columns))
            return false;
        if (!parser_expect(p, LEX_AS) || !(w.query = parse_query_in_parens(p)) ||
            !LIST_ADD(p, q->with, q->with_count, w))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}

struct sql_query *parse_query(struct parser *p) {
    struct sql_query *q = NODE(p, struct sql_query);
    if (!q)
        return NULL;
    parser_enter_rule(p, LEX_RULE_QUERY);
    q->pos = pos_here(p);
    if (parser_accept(p, LEX_WITH) && !parse_with(p, q))
        return NULL;
    return parse_query_tail(p, q) ? q : NULL;
}

struct sql_query *parse_query_in_parens(struct parser *p) {
    if (!parser_expect(p, LEX_LPAREN))
        return NULL;
    struct sql_query *q = parse_query(p);
    return q && parser_expect(p, LEX_RPAREN) ? q : NULL;
}
