/* parse_primary.c - what operators stand between: names, calls, parentheses, CASE, CAST, ...
 *
 * One token mostly decides. Where it does not, a look at the token behind the matching parenthesis
 * does: `(a, b) -> ..` is a lambda, `((SELECT 1) + 1)` no subquery. Nothing is ever parsed twice.
 */
#include "sql/parse_int.h"

static struct sql_expr *parse_lambda_body(struct parser *p, struct sql_expr *e) {
    if (!e || !parser_expect(p, LEX_ARROW))
        return NULL;
    e->lambda.body = parse_expression(p);
    return e->lambda.body ? e : NULL;
}

/* x -> .. */
static struct sql_expr *parse_short_lambda(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_LAMBDA, pos_here(p));
    struct sql_ident name;
    if (!e || !parse_ident(p, &name) ||
        !LIST_ADD(p, e->lambda.params.items, e->lambda.params.count, name))
        return NULL;
    return parse_lambda_body(p, e);
}

/* (x, y) -> ..; () -> .. */
static struct sql_expr *parse_long_lambda(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_LAMBDA, pos_here(p));
    if (!e)
        return NULL;
    if (peek(p, 1) == LEX_RPAREN) {
        parser_advance(p);
        parser_advance(p);
    } else if (!parse_idents_in_parens(p, &e->lambda.params)) {
        return NULL;
    }
    return parse_lambda_body(p, e);
}

static bool not_constant(struct parser *p, struct sql_pos pos, const char *what);
static struct sql_expr *parse_subquery(struct parser *p, enum sql_expr_kind kind,
                                       struct sql_pos pos) {
    if (!not_constant(p, pos, "a subquery"))
        return NULL;
    struct sql_expr *e = parser_expr(p, kind, pos);
    if (!e)
        return NULL;
    e->query = parse_query_in_parens(p);
    return e->query ? e : NULL;
}

/* (a): a itself; (a, b): a row. */
static struct sql_expr *parse_in_parens(struct parser *p) {
    struct sql_pos pos = pos_here(p);
    parser_advance(p);
    parser_want(p, LEX_RULE_QUERY);
    struct sql_exprs items = {0};
    if (!parse_expressions(p, &items) || !parser_expect(p, LEX_RPAREN))
        return NULL;
    if (items.count == 1)
        return items.items[0];
    struct sql_expr *e = parser_expr(p, SQL_E_ROW, pos);
    if (e)
        e->row.items = items;
    return e;
}

static struct sql_expr *parse_paren(struct parser *p) {
    size_t close = tok(p)->partner;
    if (kind_at(p, close + 1) == LEX_ARROW)
        return parse_long_lambda(p);
    /* ((SELECT 1)) is (SELECT 1) in parentheses, not a query of a query */
    bool doubled = peek(p, 1) == LEX_LPAREN && p->tokens[p->at + 1].partner + 1 == close;
    if (is_query_paren(p, p->at) && !doubled)
        return parse_subquery(p, SQL_E_SUBQUERY, pos_here(p));
    return parse_in_parens(p);
}

/* One field of ROW(..): value [[AS] name]. */
static bool parse_row_item(struct parser *p, struct sql_expr *row, struct sql_ident *ret_name) {
    struct sql_expr *item = parse_expression(p);
    if (!item || !LIST_ADD(p, row->row.items.items, row->row.items.count, item))
        return false;
    *ret_name = (struct sql_ident){0};
    bool named = parser_accept(p, LEX_AS) || lex_is_identifier(tok(p)->kind);
    return !named || parse_ident(p, ret_name);
}

static struct sql_expr *parse_row(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_ROW, pos_here(p));
    size_t count = 0;
    bool any_named = false;
    struct sql_ident *names = NULL;
    parser_advance(p);
    parser_advance(p);
    if (!e)
        return NULL;
    do {
        struct sql_ident name;
        if (!parse_row_item(p, e, &name) || !LIST_ADD(p, names, count, name))
            return NULL;
        any_named = any_named || name.text.ptr;
    } while (parser_accept(p, LEX_COMMA));
    e->row.names = any_named ? names : NULL;
    return parser_expect(p, LEX_RPAREN) ? e : NULL;
}

static struct sql_expr *parse_array(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_ARRAY, pos_here(p));
    parser_advance(p);
    parser_advance(p);
    if (e && parser_accept(p, LEX_RBRACKET))
        return e;
    return e && parse_expressions(p, &e->list) && parser_expect(p, LEX_RBRACKET) ? e : NULL;
}

static struct sql_expr *parse_case(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_CASE, pos_here(p));
    parser_advance(p);
    if (!e)
        return NULL;
    if (!parser_at_kind(p, LEX_WHEN) && !(e->casing.operand = parse_expression(p)))
        return NULL;
    do {
        struct sql_when when = {.pos = pos_here(p)};
        if (!parser_expect(p, LEX_WHEN) || !(when.condition = parse_expression(p)) ||
            !parser_expect(p, LEX_THEN) || !(when.result = parse_expression(p)) ||
            !LIST_ADD(p, e->casing.whens, e->casing.when_count, when))
            return NULL;
    } while (parser_at_kind(p, LEX_WHEN));
    if (parser_accept(p, LEX_ELSE) && !(e->casing.otherwise = parse_expression(p)))
        return NULL;
    return parser_expect(p, LEX_END) ? e : NULL;
}

static struct sql_expr *parse_cast(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_CAST, pos_here(p));
    if (!e)
        return NULL;
    e->cast.is_try = tok(p)->kind == LEX_TRY_CAST;
    parser_advance(p);
    if (!parser_expect(p, LEX_LPAREN) || !(e->cast.value = parse_expression(p)) ||
        !parser_expect(p, LEX_AS) || !(e->cast.type = parse_type(p)))
        return NULL;
    return parser_expect(p, LEX_RPAREN) ? e : NULL;
}

struct sql_expr *parse_parameter(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_PARAMETER, pos_here(p));
    parser_advance(p);
    if (!e)
        return NULL;
    e->parameter_index = (int)p->parameter_count;
    return LIST_ADD(p, p->parameters, p->parameter_count, e) ? e : NULL;
}

static bool not_constant(struct parser *p, struct sql_pos pos, const char *what) {
    return !p->constants || parser_fail_at(p, pos, "EXPRESSION_NOT_CONSTANT",
                                           "Constant expression cannot contain %s", what);
}

static struct sql_expr *parse_exists(struct parser *p) {
    struct sql_pos pos = pos_here(p);
    parser_advance(p);
    return parse_subquery(p, SQL_E_EXISTS, pos);
}

/* grouping(a, t.b) */
static struct sql_expr *parse_grouping(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_GROUPING, pos_here(p));
    parser_advance(p);
    if (!e || !parser_expect(p, LEX_LPAREN))
        return NULL;
    if (parser_accept(p, LEX_RPAREN))
        return e;
    do {
        struct sql_expr *column = parser_expr(p, SQL_E_COLUMN, pos_here(p));
        if (!column || !parse_path(p, &column->path) ||
            !LIST_ADD(p, e->list.items, e->list.count, column))
            return NULL;
    } while (parser_accept(p, LEX_COMMA));
    return parser_expect(p, LEX_RPAREN) ? e : NULL;
}

static bool current_of(enum lex_kind kind, enum sql_current *ret) {
    static const struct {
        enum lex_kind kind;
        enum sql_current what;
    } all[] = {{LEX_CURRENT_DATE, SQL_CURRENT_DATE},
               {LEX_CURRENT_TIME, SQL_CURRENT_TIME},
               {LEX_CURRENT_TIMESTAMP, SQL_CURRENT_TIMESTAMP},
               {LEX_LOCALTIME, SQL_LOCALTIME},
               {LEX_LOCALTIMESTAMP, SQL_LOCALTIMESTAMP},
               {LEX_CURRENT_USER, SQL_CURRENT_USER},
               {LEX_CURRENT_CATALOG, SQL_CURRENT_CATALOG},
               {LEX_CURRENT_SCHEMA, SQL_CURRENT_SCHEMA},
               {LEX_CURRENT_PATH, SQL_CURRENT_PATH}};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i].kind == kind) {
            *ret = all[i].what;
            return true;
        }
    return false;
}

static struct sql_expr *parse_current(struct parser *p, enum sql_current what) {
    struct sql_expr *e = parser_expr(p, SQL_E_CURRENT, pos_here(p));
    if (!e)
        return NULL;
    parser_advance(p);
    e->current.what = what;
    e->current.precision = -1;
    bool takes = what >= SQL_CURRENT_TIME && what <= SQL_LOCALTIMESTAMP;
    if (!takes || !parser_accept(p, LEX_LPAREN))
        return e;
    struct sql_pos pos = pos_here(p);
    int64_t precision;
    if (!parse_small_int(p, &precision) || !parser_expect(p, LEX_RPAREN))
        return NULL;
    if (precision > 12) {
        parser_fail_at(p, pos, "TYPE_MISMATCH",
                       "TIMESTAMP precision must be in range [0, 12]: %lld", (long long)precision);
        return NULL;
    }
    e->current.precision = (int)precision;
    return e;
}

/* a, a.b.c, f(..), a.f(..), x -> ..: stops before `.*`. */
static struct sql_expr *parse_name(struct parser *p) {
    if (peek(p, 1) == LEX_ARROW)
        return parse_short_lambda(p);
    struct sql_pos pos = pos_here(p);
    struct sql_path path = {0};
    for (;;) {
        struct sql_ident part;
        if (!parse_ident(p, &part) || !LIST_ADD(p, path.parts, path.count, part))
            return NULL;
        if (tok(p)->kind != LEX_DOT || peek(p, 1) == LEX_STAR)
            break;
        parser_advance(p);
        parser_want(p, LEX_STAR);
    }
    if (tok(p)->kind == LEX_LPAREN)
        return parse_call(p, path, pos);
    if (!not_constant(p, pos, "column references"))
        return NULL;
    struct sql_expr *e = parser_expr(p, SQL_E_COLUMN, pos);
    if (e)
        e->path = path;
    return e;
}

/* Words that begin a form of their own, reserved or followed by their bracket. */
static struct sql_expr *parse_form(struct parser *p) {
    bool bracket = peek(p, 1) == LEX_LPAREN;
    enum sql_current what;
    switch (tok(p)->kind) {
    case LEX_LPAREN:
        return parse_paren(p);
    case LEX_QUESTION:
        return parse_parameter(p);
    case LEX_CASE:
        return parse_case(p);
    case LEX_CAST:
        return parse_cast(p);
    case LEX_TRY_CAST:
        return bracket ? parse_cast(p) : NULL;
    case LEX_EXISTS:
        return parse_exists(p);
    case LEX_GROUPING:
        return parse_grouping(p);
    case LEX_ROW:
        return bracket ? parse_row(p) : NULL;
    case LEX_ARRAY:
        return peek(p, 1) == LEX_LBRACKET ? parse_array(p) : NULL;
    case LEX_LISTAGG:
        return parse_listagg(p);
    default:
        break;
    }
    if (current_of(tok(p)->kind, &what))
        return parse_current(p, what);
    struct sql_expr *e = parse_special_call(p);
    return e || p->rc ? e : parse_json_call(p);
}

static struct sql_expr *parse_base(struct parser *p) {
    struct sql_expr *e = parse_form(p);
    if (e || p->rc)
        return e;
    if (at_literal(p))
        return parse_literal(p);
    if (lex_is_identifier(tok(p)->kind))
        return parse_name(p);
    parser_want(p, LEX_RULE_EXPRESSION);
    parser_mismatch(p);
    return NULL;
}

static struct sql_expr *parse_subscript(struct parser *p, struct sql_expr *left,
                                        struct sql_pos pos) {
    struct sql_expr *e = parser_expr(p, SQL_E_SUBSCRIPT, pos);
    parser_advance(p);
    if (!e || !parser_enter(p))
        return NULL;
    e->binary.left = left;
    e->binary.right = parse_value(p);
    parser_leave(p);
    return e->binary.right && parser_expect(p, LEX_RBRACKET) ? e : NULL;
}

static struct sql_expr *parse_field(struct parser *p, struct sql_expr *left, struct sql_pos pos) {
    struct sql_ident name;
    parser_advance(p);
    if (!parse_ident(p, &name))
        return NULL;
    if (left->kind == SQL_E_COLUMN) /* (t).x is t.x */
        return LIST_ADD(p, left->path.parts, left->path.count, name) ? left : NULL;
    struct sql_expr *e = parser_expr(p, SQL_E_FIELD, pos);
    if (e) {
        e->field.base = left;
        e->field.name = name;
    }
    return e;
}

struct sql_expr *parse_primary(struct parser *p) {
    struct sql_pos pos = pos_here(p);
    int saved = parser_chain_begin(p), links = 0;
    struct sql_expr *e = parse_base(p);
    while (e) {
        bool subscript = parser_at_kind(p, LEX_LBRACKET);
        if (!subscript && (!parser_at_kind(p, LEX_DOT) || peek(p, 1) == LEX_STAR))
            break;
        if (!parser_chain_link(p, &links))
            return NULL;
        e = subscript ? parse_subscript(p, e, pos) : parse_field(p, e, pos);
    }
    parser_chain_end(p, saved, links);
    return e;
}
