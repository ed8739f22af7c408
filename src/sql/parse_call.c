/* parse_call.c - function calls, and the forms that are calls with words instead of commas. */
#include "sql/parse_int.h"

/* ALL before a value is noise; before an operator or the end of a value it is a name. */
static bool at_all_quantifier(const struct parser *p, bool star_follows) {
    enum lex_kind next = peek(p, 1);
    if (tok(p)->kind != LEX_ALL)
        return false;
    if (next == LEX_STAR)
        return star_follows;
    return next == LEX_CASE || next == LEX_CAST || next == LEX_NULL || next == LEX_TRUE ||
           next == LEX_FALSE || (next >= LEX_STRING_LITERAL && next <= LEX_DOUBLE_NUMBER) ||
           (lex_is_identifier(next) && next != LEX_AT);
}

bool parse_quantifier(struct parser *p, bool star_follows, bool *ret_distinct) {
    *ret_distinct = parser_accept(p, LEX_DISTINCT);
    if (*ret_distinct)
        return true;
    if (at_all_quantifier(p, star_follows)) {
        parser_advance(p);
        return true;
    }
    parser_want(p, LEX_ALL);
    return false;
}

static bool parse_args(struct parser *p, struct sql_call *call) {
    parser_want(p, LEX_RPAREN);
    if (parser_accept(p, LEX_STAR)) {
        call->star = true;
        return parser_expect(p, LEX_RPAREN);
    }
    bool quantified = parse_quantifier(p, false, &call->distinct);
    bool empty = !quantified && (tok(p)->kind == LEX_RPAREN || parser_at_kind(p, LEX_ORDER));
    if (!empty && !parse_expressions(p, &call->args))
        return false;
    if (parser_accept(p, LEX_ORDER) &&
        (!parser_expect(p, LEX_BY) || !parse_sort(p, &call->order_by)))
        return false;
    return parser_expect(p, LEX_RPAREN);
}

bool parse_filter(struct parser *p, struct sql_call *call) {
    if (tok(p)->kind != LEX_FILTER || peek(p, 1) != LEX_LPAREN)
        return true;
    parser_advance(p);
    parser_advance(p);
    if (!parser_expect(p, LEX_WHERE))
        return false;
    call->filter = parse_expression(p);
    return call->filter && parser_expect(p, LEX_RPAREN);
}

static bool parse_null_treatment(struct parser *p, struct sql_call *call) {
    enum lex_kind k = tok(p)->kind;
    if ((k != LEX_IGNORE && k != LEX_RESPECT) || peek(p, 1) != LEX_NULLS)
        return true;
    call->null_treatment = k == LEX_IGNORE ? SQL_NULLS_IGNORE : SQL_NULLS_RESPECT;
    parser_advance(p);
    parser_advance(p);
    return parser_at_kind(p, LEX_OVER) || parser_mismatch(p);
}

/* if, nullif, coalesce, try: Trino counts their arguments while parsing. */
static bool check_arity(struct parser *p, const struct sql_call *call, struct sql_pos pos) {
    static const struct {
        const char *name;
        size_t least, most;
    } fixed[] = {{"if", 2, 3}, {"nullif", 2, 2}, {"try", 1, 1}};
    if (call->name.count != 1)
        return true;
    struct bytes name = call->name.parts[0].text;
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        if (bytes_eq_nocase(name, bytes_str(fixed[i].name)) &&
            (call->args.count < fixed[i].least || call->args.count > fixed[i].most))
            return parser_fail_at(p, pos, SYNTAX, "Invalid number of arguments for '%s' function",
                                  fixed[i].name);
    if (bytes_eq_nocase(name, BYTES("coalesce")) && call->args.count < 2)
        return parser_fail_at(p, pos, SYNTAX,
                              "The 'coalesce' function must have at least two arguments");
    return true;
}

struct sql_expr *parse_call(struct parser *p, struct sql_path name, struct sql_pos pos) {
    struct sql_expr *e = parser_expr(p, SQL_E_CALL, pos);
    struct sql_call *call = NODE(p, struct sql_call);
    if (!e || !call)
        return NULL;
    e->call = call;
    call->name = name;
    parser_advance(p);
    if (!parse_args(p, call) || !check_arity(p, call, pos) || !parse_filter(p, call) ||
        !parse_null_treatment(p, call) || !parse_over(p, call))
        return NULL;
    return e;
}

/* ---- listagg(x [, ','] [ON OVERFLOW ..]) WITHIN GROUP (ORDER BY ..) ---- */

static bool parse_overflow(struct parser *p, struct sql_call *call) {
    if (!parser_expect(p, LEX_OVERFLOW))
        return false;
    if (parser_accept(p, LEX_ERROR)) {
        call->overflow = SQL_OVERFLOW_ERROR;
        return true;
    }
    if (!parser_expect(p, LEX_TRUNCATE))
        return false;
    call->overflow = SQL_OVERFLOW_TRUNCATE;
    if (parser_at_kind(p, LEX_STRING_LITERAL) || tok(p)->kind == LEX_UNICODE_STRING) {
        call->overflow_filler = parse_literal(p);
        if (!call->overflow_filler)
            return false;
    }
    call->overflow_with_count = parser_accept(p, LEX_WITH);
    return (call->overflow_with_count || parser_expect(p, LEX_WITHOUT)) &&
           parser_expect(p, LEX_COUNT);
}

static bool parse_listagg_args(struct parser *p, struct sql_call *call) {
    parse_quantifier(p, false, &call->distinct);
    struct sql_expr *value = parse_expression(p);
    if (!value || !LIST_ADD(p, call->args.items, call->args.count, value))
        return false;
    if (parser_accept(p, LEX_COMMA)) {
        if (tok(p)->kind != LEX_UNICODE_STRING && !parser_at_kind(p, LEX_STRING_LITERAL))
            return parser_mismatch(p);
        struct sql_expr *separator = parse_literal(p);
        if (!separator || !LIST_ADD(p, call->args.items, call->args.count, separator))
            return false;
    }
    if (parser_accept(p, LEX_ON) && !parse_overflow(p, call))
        return false;
    return parser_expect(p, LEX_RPAREN);
}

struct sql_expr *parse_listagg(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_CALL, pos_here(p));
    struct sql_call *call = NODE(p, struct sql_call);
    struct sql_ident name = {.text = tok(p)->text, .pos = pos_here(p)};
    if (!e || !call || !LIST_ADD(p, call->name.parts, call->name.count, name))
        return NULL;
    e->call = call;
    parser_advance(p);
    if (!parser_expect(p, LEX_LPAREN) || !parse_listagg_args(p, call) ||
        !parser_expect(p, LEX_WITHIN) || !parser_expect(p, LEX_GROUP) ||
        !parser_expect(p, LEX_LPAREN) || !parser_expect(p, LEX_ORDER) ||
        !parser_expect(p, LEX_BY) || !parse_sort(p, &call->within_group) ||
        !parser_expect(p, LEX_RPAREN))
        return NULL;
    return parse_filter(p, call) && parse_over(p, call) ? e : NULL;
}

/* ---- SUBSTRING(a FROM b), POSITION(a IN b), TRIM(..), NORMALIZE(..), EXTRACT(..) ---- */

static struct sql_expr *call_new(struct parser *p, const char *name, struct sql_pos pos) {
    struct sql_expr *e = parser_expr(p, SQL_E_CALL, pos);
    struct sql_call *call = NODE(p, struct sql_call);
    struct sql_ident ident = {.text = bytes_str(name), .pos = pos};
    if (!e || !call || !LIST_ADD(p, call->name.parts, call->name.count, ident))
        return NULL;
    e->call = call;
    return e;
}

static bool add_call_arg(struct parser *p, struct sql_expr *call, struct sql_expr *arg) {
    return arg && LIST_ADD(p, call->call->args.items, call->call->args.count, arg);
}

static struct sql_expr *parse_substring(struct parser *p) {
    struct sql_expr *e = call_new(p, "substring", pos_here(p));
    parser_advance(p);
    parser_advance(p);
    if (!e || !add_call_arg(p, e, parse_value(p)) || !parser_expect(p, LEX_FROM) ||
        !add_call_arg(p, e, parse_value(p)))
        return NULL;
    if (parser_accept(p, LEX_FOR) && !add_call_arg(p, e, parse_value(p)))
        return NULL;
    return parser_expect(p, LEX_RPAREN) ? e : NULL;
}

static struct sql_expr *parse_position(struct parser *p) {
    struct sql_expr *e = call_new(p, "strpos", pos_here(p));
    parser_advance(p);
    parser_advance(p);
    struct sql_expr *needle = parse_value(p);
    if (!e || !needle || !parser_expect(p, LEX_IN) || !add_call_arg(p, e, parse_value(p)) ||
        !add_call_arg(p, e, needle))
        return NULL;
    return parser_expect(p, LEX_RPAREN) ? e : NULL;
}

/* [LEADING|TRAILING|BOTH] [characters] FROM source: the cursor is after '('. */
static bool parse_trim_from(struct parser *p, struct sql_expr *e) {
    enum lex_kind k = tok(p)->kind;
    if (k == LEX_LEADING || k == LEX_TRAILING || k == LEX_BOTH) {
        e->call->name.parts[0].text = k == LEX_LEADING    ? BYTES("ltrim")
                                      : k == LEX_TRAILING ? BYTES("rtrim")
                                                          : BYTES("trim");
        parser_advance(p);
    }
    struct sql_expr *characters = NULL;
    if (!parser_at_kind(p, LEX_FROM) && !(characters = parse_value(p)))
        return false;
    return parser_expect(p, LEX_FROM) && add_call_arg(p, e, parse_value(p)) &&
           (!characters || add_call_arg(p, e, characters));
}

static struct sql_expr *parse_trim(struct parser *p) {
    struct sql_expr *e = call_new(p, "trim", pos_here(p));
    parser_advance(p);
    size_t open = p->at;
    if (!e || !parser_expect(p, LEX_LPAREN))
        return NULL;
    if (find_in_parens(p, open, LEX_FROM, LEX_DISTINCT))
        return parse_trim_from(p, e) && parser_expect(p, LEX_RPAREN) ? e : NULL;
    if (!add_call_arg(p, e, parse_value(p)) ||
        (parser_accept(p, LEX_COMMA) && !add_call_arg(p, e, parse_value(p))))
        return NULL;
    parser_want(p, LEX_FROM);
    return parser_expect(p, LEX_RPAREN) ? e : NULL;
}

static struct sql_expr *parse_normalize(struct parser *p) {
    struct sql_expr *e = call_new(p, "normalize", pos_here(p));
    parser_advance(p);
    if (!e || !parser_expect(p, LEX_LPAREN) || !add_call_arg(p, e, parse_value(p)))
        return NULL;
    struct sql_expr *form = parser_expr(p, SQL_E_STRING, pos_here(p));
    if (!form)
        return NULL;
    form->text = BYTES("NFC");
    if (parser_accept(p, LEX_COMMA)) {
        form->pos = pos_here(p);
        form->text = bytes_slice(bytes_str(lex_label(tok(p)->kind)), 1, 1 + tok(p)->text.len);
        if (!parser_accept(p, LEX_NFC) && !parser_accept(p, LEX_NFD) &&
            !parser_accept(p, LEX_NFKC) && !parser_expect(p, LEX_NFKD))
            return NULL;
    }
    return add_call_arg(p, e, form) && parser_expect(p, LEX_RPAREN) ? e : NULL;
}

static struct sql_expr *parse_extract(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_EXTRACT, pos_here(p));
    struct sql_ident field;
    parser_advance(p);
    if (!e || !parser_expect(p, LEX_LPAREN) || !parse_ident(p, &field) ||
        !parser_expect(p, LEX_FROM))
        return NULL;
    char *name = arena_strndup(p->arena, field.text.ptr, field.text.len);
    if (!name) {
        p->rc = err_set(p->err, ERR_NOMEM, NULL);
        return NULL;
    }
    for (size_t i = 0; i < field.text.len; i++)
        name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    e->extract.field = bytes_of(name, field.text.len);
    e->extract.field_pos = field.pos;
    e->extract.value = parse_value(p);
    return e->extract.value && parser_expect(p, LEX_RPAREN) ? e : NULL;
}

struct sql_expr *parse_special_call(struct parser *p) {
    bool bracket = peek(p, 1) == LEX_LPAREN;
    switch (tok(p)->kind) {
    case LEX_TRIM:
        return parse_trim(p);
    case LEX_NORMALIZE:
        return parse_normalize(p);
    case LEX_EXTRACT:
        return parse_extract(p);
    case LEX_SUBSTRING:
        return bracket && find_in_parens(p, p->at + 1, LEX_FROM, LEX_DISTINCT) ? parse_substring(p)
                                                                               : NULL;
    case LEX_POSITION:
        return bracket && find_in_parens(p, p->at + 1, LEX_IN, LEX_NOT) ? parse_position(p) : NULL;
    default:
        return NULL;
    }
}
