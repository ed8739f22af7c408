/* parse_relation.c - FROM: tables, subqueries, UNNEST, joins, samples and aliases.
 *
 *     relation = sampled { CROSS JOIN sampled | NATURAL kind JOIN sampled | kind JOIN relation
 * ON|USING } sampled  = primary [ [AS] alias [(columns)] ] [ TABLESAMPLE kind (percent) ]
 *
 * The right side of an ON join is a whole relation, so `a JOIN b JOIN c ON x ON y` nests to the
 * right; the usual `a JOIN b ON x JOIN c ON y` ends the right side at ON and loops. */
#include "sql/parse_int.h"

/* Could LIMIT or OFFSET before this token only be the clause, if a malformed one? */
static bool counts_rows(enum lex_kind next) {
    return next == LEX_QUESTION || next == LEX_ALL || next == LEX_MINUS || next == LEX_PLUS ||
           next == LEX_IDENT || (next >= LEX_STRING_LITERAL && next <= LEX_DOUBLE_NUMBER);
}

/* LIMIT, OFFSET, FETCH, WINDOW and TABLESAMPLE are not reserved: each could be an alias. They are
 * clauses when what follows fits no alias. */
bool at_clause_word(const struct parser *p) {
    enum lex_kind next = peek(p, 1);
    switch (tok(p)->kind) {
    case LEX_LIMIT:
    case LEX_OFFSET:
        return counts_rows(next);
    case LEX_FETCH:
        return next == LEX_FIRST || next == LEX_NEXT;
    case LEX_WINDOW:
        return lex_is_identifier(next) && peek(p, 2) == LEX_AS;
    case LEX_TABLESAMPLE:
        return next == LEX_BERNOULLI || next == LEX_SYSTEM || next == LEX_IDENT;
    case LEX_MATCH_RECOGNIZE:
        return next == LEX_LPAREN;
    default:
        return false;
    }
}

static struct sql_relation *relation_new(struct parser *p, enum sql_relation_kind kind,
                                         struct sql_pos pos) {
    struct sql_relation *r = NODE(p, struct sql_relation);
    if (r) {
        r->kind = kind;
        r->pos = pos;
    }
    return r;
}

/* FOR TIMESTAMP AS OF x, FOR VERSION AS OF x */
static bool parse_as_of(struct parser *p, struct sql_relation *r) {
    if (!parser_accept(p, LEX_FOR))
        return true;
    r->table.as_of_kind = SQL_AS_OF_TIMESTAMP;
    if (!parser_accept(p, LEX_TIMESTAMP)) {
        r->table.as_of_kind = SQL_AS_OF_VERSION;
        if (!parser_expect(p, LEX_VERSION))
            return false;
    }
    if (!parser_expect(p, LEX_AS) || !parser_expect(p, LEX_OF))
        return false;
    r->table.as_of = parse_value(p);
    return r->table.as_of != NULL;
}

static struct sql_relation *parse_table(struct parser *p) {
    struct sql_relation *r = relation_new(p, SQL_R_TABLE, pos_here(p));
    return r && parse_path(p, &r->table.name) && parse_as_of(p, r) ? r : NULL;
}

static struct sql_relation *parse_subquery_relation(struct parser *p, bool lateral) {
    struct sql_relation *r = relation_new(p, SQL_R_SUBQUERY, pos_here(p));
    if (!r)
        return NULL;
    if (lateral)
        parser_advance(p);
    r->subquery.lateral = lateral;
    r->subquery.query = parse_query_in_parens(p);
    return r->subquery.query ? r : NULL;
}

static struct sql_relation *parse_unnest(struct parser *p) {
    struct sql_relation *r = relation_new(p, SQL_R_UNNEST, pos_here(p));
    parser_advance(p);
    if (!r || !parser_expect(p, LEX_LPAREN) || !parse_expressions(p, &r->unnest.args) ||
        !parser_expect(p, LEX_RPAREN))
        return NULL;
    r->unnest.with_ordinality = parser_accept(p, LEX_WITH);
    return !r->unnest.with_ordinality || parser_expect(p, LEX_ORDINALITY) ? r : NULL;
}

static bool parse_function_arg(struct parser *p, struct sql_call *call, size_t *named) {
    struct sql_ident name = {0};
    if (lex_is_identifier(tok(p)->kind) && peek(p, 1) == LEX_DOUBLE_ARROW) {
        if (!parse_ident(p, &name))
            return false;
        parser_advance(p);
    }
    if (tok(p)->kind == LEX_TABLE)
        return parser_unsupported(p, pos_here(p), "A table as the argument of a table function");
    struct sql_expr *value = parse_expression(p);
    return value && LIST_ADD(p, call->args.items, call->args.count, value) &&
           LIST_ADD(p, call->arg_names, *named, name);
}

/* TABLE(f(a, b => 1)) */
static struct sql_relation *parse_table_function(struct parser *p) {
    struct sql_relation *r = relation_new(p, SQL_R_FUNCTION, pos_here(p));
    struct sql_call *call = NODE(p, struct sql_call);
    size_t named = 0;
    parser_advance(p);
    if (!r || !call || !parser_expect(p, LEX_LPAREN) || !parse_path(p, &call->name) ||
        !parser_expect(p, LEX_LPAREN))
        return NULL;
    r->call = call;
    if (!parser_accept(p, LEX_RPAREN)) {
        do {
            if (!parse_function_arg(p, call, &named))
                return NULL;
        } while (parser_accept(p, LEX_COMMA));
        if (!parser_expect(p, LEX_RPAREN))
            return NULL;
    }
    return parser_expect(p, LEX_RPAREN) ? r : NULL;
}

static struct sql_relation *parse_paren_relation(struct parser *p) {
    struct sql_relation *r = relation_new(p, SQL_R_PAREN, pos_here(p));
    parser_advance(p);
    parser_want(p, LEX_RULE_QUERY);
    if (!r || !(r->paren = parse_relation(p)))
        return NULL;
    return parser_expect(p, LEX_RPAREN) ? r : NULL;
}

static struct sql_relation *parse_relation_primary(struct parser *p) {
    bool bracket = peek(p, 1) == LEX_LPAREN;
    switch (tok(p)->kind) {
    case LEX_LPAREN:
        return is_query_paren(p, p->at) ? parse_subquery_relation(p, false)
                                        : parse_paren_relation(p);
    case LEX_UNNEST:
        return parse_unnest(p);
    case LEX_TABLE:
        return parse_table_function(p);
    case LEX_JSON_TABLE:
        parser_unsupported(p, pos_here(p), "JSON_TABLE");
        return NULL;
    case LEX_LATERAL:
        if (bracket)
            return parse_subquery_relation(p, true);
        break;
    default:
        break;
    }
    parser_want(p, LEX_LPAREN);
    parser_want(p, LEX_JSON_TABLE);
    parser_want(p, LEX_LATERAL);
    parser_want(p, LEX_TABLE);
    parser_want(p, LEX_UNNEST);
    return parse_table(p);
}

static bool parse_alias(struct parser *p, struct sql_relation *r) {
    if (!parser_accept(p, LEX_AS) && (!lex_is_identifier(tok(p)->kind) || at_clause_word(p))) {
        parser_want(p, LEX_IDENT);
        return true;
    }
    if (!parse_ident(p, &r->alias))
        return false;
    return !parser_at_kind(p, LEX_LPAREN) || parse_idents_in_parens(p, &r->column_aliases);
}

static bool parse_sample(struct parser *p, struct sql_relation *r) {
    if (!parser_accept(p, LEX_TABLESAMPLE))
        return true;
    r->sample = parser_accept(p, LEX_BERNOULLI) ? SQL_SAMPLE_BERNOULLI : SQL_SAMPLE_SYSTEM;
    if (r->sample == SQL_SAMPLE_SYSTEM && !parser_expect(p, LEX_SYSTEM))
        return false;
    if (!parser_expect(p, LEX_LPAREN) || !(r->sample_percent = parse_expression(p)))
        return false;
    return parser_expect(p, LEX_RPAREN);
}

static struct sql_relation *parse_sampled(struct parser *p) {
    struct sql_relation *r = parse_relation_primary(p);
    if (!r || !parse_alias(p, r))
        return NULL;
    if (parser_at_kind(p, LEX_MATCH_RECOGNIZE)) {
        parser_unsupported(p, pos_here(p), "MATCH_RECOGNIZE");
        return NULL;
    }
    return parse_sample(p, r) ? r : NULL;
}

/* [INNER] JOIN, LEFT [OUTER] JOIN, ...: true when the words of a join were consumed. */
static bool accept_join(struct parser *p, enum sql_join_kind *ret) {
    bool outer = true;
    if (parser_accept(p, LEX_LEFT))
        *ret = SQL_JOIN_LEFT;
    else if (parser_accept(p, LEX_RIGHT))
        *ret = SQL_JOIN_RIGHT;
    else if (parser_accept(p, LEX_FULL))
        *ret = SQL_JOIN_FULL;
    else {
        outer = false;
        *ret = SQL_JOIN_INNER;
        if (!parser_accept(p, LEX_INNER))
            return parser_accept(p, LEX_JOIN);
    }
    if (outer)
        parser_accept(p, LEX_OUTER);
    return parser_expect(p, LEX_JOIN);
}

static bool parse_criteria(struct parser *p, struct sql_relation *join) {
    if (parser_accept(p, LEX_ON)) {
        join->join.on = parse_expression(p);
        return join->join.on != NULL;
    }
    return parser_expect(p, LEX_USING) && parse_idents_in_parens(p, &join->join.using);
}

/* One more join onto `left`; `left` itself when there is none. */
static struct sql_relation *parse_join(struct parser *p, struct sql_relation *left) {
    enum sql_join_kind kind = SQL_JOIN_CROSS;
    bool cross = parser_accept(p, LEX_CROSS);
    bool natural = !cross && parser_accept(p, LEX_NATURAL);
    if (cross && !parser_expect(p, LEX_JOIN))
        return NULL;
    if (!cross && !accept_join(p, &kind)) {
        if (natural)
            parser_mismatch(p);
        return p->rc ? NULL : left;
    }
    struct sql_relation *r = relation_new(p, SQL_R_JOIN, left->pos);
    if (!r)
        return NULL;
    r->join.kind = kind;
    r->join.natural = natural;
    r->join.left = left;
    r->join.right = cross || natural ? parse_sampled(p) : parse_relation(p);
    if (!r->join.right)
        return NULL;
    return cross || natural || parse_criteria(p, r) ? r : NULL;
}

struct sql_relation *parse_relation(struct parser *p) {
    if (!parser_enter(p))
        return NULL;
    int saved = parser_chain_begin(p), links = 0;
    struct sql_relation *r = parse_sampled(p);
    for (;;) {
        struct sql_relation *joined = r ? parse_join(p, r) : NULL;
        if (!joined || joined == r) {
            r = joined;
            break;
        }
        r = parser_chain_link(p, &links) ? joined : NULL;
    }
    parser_chain_end(p, saved, links);
    parser_leave(p);
    return r;
}
