/* parse_statement.c - a statement of Trino's grammar: queries, what writes tables (parse_write.c),
 * views, prepared statements and EXPLAIN. A statement may hold another (EXPLAIN, PREPARE). */
#include "sql/parse_int.h"

#define FIRST_WORDS                                                                                \
    "'ALTER', 'ANALYZE', 'CALL', 'COMMENT', 'COMMIT', 'CREATE', 'DEALLOCATE', 'DELETE', 'DENY', "  \
    "'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'GRANT', 'INSERT', 'MERGE', 'PREPARE', "    \
    "'REFRESH', 'RESET', 'REVOKE', 'ROLLBACK', 'SET', 'SHOW', 'START', 'TRUNCATE', 'UNLOAD', "     \
    "'UPDATE', 'USE', 'USING', 'WITH', <query>"

static bool parse_select(struct parser *p, struct sql_statement *s) {
    enum lex_kind k = tok(p)->kind;
    if (!starts_query(k) && k != LEX_LPAREN)
        return parser_fail_at(
            p, pos_here(p), SYNTAX, "mismatched input '%.*s'. Expecting: " FIRST_WORDS,
            BYTES_ARG(k == LEX_EOF ? BYTES("<EOF>") : bytes_slice(tok(p)->text, 0, 200)));
    s->kind = SQL_SELECT;
    s->query = parse_query(p);
    return s->query != NULL;
}

/* From the token `first` up to here. */
static struct bytes text_since(const struct parser *p, size_t first) {
    const struct lex_token *last = &p->tokens[p->at - 1];
    const char *start = p->tokens[first].text.ptr;
    return bytes_of(start, (size_t)(last->text.ptr + last->text.len - start));
}

/* ---- views ---- */
/* CREATE [OR REPLACE] VIEW v [COMMENT '..'] [SECURITY DEFINER|INVOKER] AS query */
static bool parse_security(struct parser *p, struct sql_dml *d) {
    struct sql_ident who;
    if (!parser_accept(p, LEX_SECURITY))
        return true;
    if (!parse_ident(p, &who))
        return false;
    d->invoker = bytes_eq_nocase(who.text, BYTES("invoker"));
    if (d->invoker || bytes_eq_nocase(who.text, BYTES("definer")))
        return true;
    return parser_fail_at(p, who.pos, SYNTAX,
                          "mismatched input '%.*s'. Expecting: 'DEFINER', 'INVOKER'",
                          BYTES_ARG(who.text));
}

static bool parse_create_view(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    s->kind = SQL_CREATE_VIEW;
    parser_advance(p); /* CREATE */
    if (parser_accept(p, LEX_OR)) {
        d->or_replace = true;
        if (!parser_expect(p, LEX_REPLACE))
            return false;
    }
    if (!parser_expect(p, LEX_VIEW))
        return false;
    d->table_pos = pos_here(p);
    if (!parse_path(p, &d->table))
        return false;
    if (parser_at_kind(p, LEX_LPAREN) && !parse_idents_in_parens(p, &d->columns))
        return false;
    if (parser_accept(p, LEX_COMMENT) && !parse_string(p, &d->comment))
        return false;
    if (!parse_security(p, d) || !parser_expect(p, LEX_AS))
        return false;
    size_t first = p->at;
    if (!(s->query = parse_query(p)))
        return false;
    d->query_text = text_since(p, first);
    return true;
}

static bool parse_view_name(struct parser *p, struct sql_dml *d) {
    if (!parser_expect(p, LEX_VIEW))
        return false;
    if (parser_accept(p, LEX_IF)) {
        d->if_exists = true;
        if (!parser_expect(p, LEX_EXISTS))
            return false;
    }
    d->table_pos = pos_here(p);
    return parse_path(p, &d->table);
}

static bool parse_drop_view(struct parser *p, struct sql_statement *s) {
    s->kind = SQL_DROP_VIEW;
    parser_advance(p); /* DROP */
    return parse_view_name(p, s->dml);
}

static bool parse_show_create_view(struct parser *p, struct sql_statement *s) {
    s->kind = SQL_SHOW_CREATE_VIEW;
    parser_advance(p); /* SHOW */
    parser_advance(p); /* CREATE */
    if (!parser_expect(p, LEX_VIEW))
        return false;
    s->dml->table_pos = pos_here(p);
    return parse_path(p, &s->dml->table);
}

/* ---- statements within statements ---- */
static bool parse_inner(struct parser *p, struct sql_statement *s) {
    size_t first = p->at;
    struct sql_statement *inner = NODE(p, struct sql_statement);
    if (!inner || !parser_enter(p))
        return false;
    inner->pos = pos_here(p);
    bool ok = parse_statement(p, inner);
    parser_leave(p);
    if (!ok)
        return false;
    inner->text = text_since(p, first);
    s->dml->inner = inner;
    return true;
}

/* PREPARE name FROM statement */
static bool parse_prepare(struct parser *p, struct sql_statement *s) {
    s->kind = SQL_PREPARE;
    parser_advance(p);
    return parse_ident(p, &s->dml->name) && parser_expect(p, LEX_FROM) && parse_inner(p, s);
}

/* EXECUTE name [USING a, ..]; EXECUTE IMMEDIATE '..' [USING a, ..] */
static bool parse_execute(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    parser_advance(p);
    if (tok(p)->kind == LEX_IMMEDIATE &&
        (peek(p, 1) == LEX_STRING_LITERAL || peek(p, 1) == LEX_UNICODE_STRING)) {
        s->kind = SQL_EXECUTE_IMMEDIATE;
        parser_advance(p);
        if (!parse_string(p, &d->immediate))
            return false;
    } else {
        s->kind = SQL_EXECUTE;
        if (!parse_ident(p, &d->name))
            return false;
    }
    return !parser_accept(p, LEX_USING) || parse_expressions(p, &d->using);
}

static bool parse_deallocate(struct parser *p, struct sql_statement *s) {
    s->kind = SQL_DEALLOCATE;
    parser_advance(p);
    return parser_expect(p, LEX_PREPARE) && parse_ident(p, &s->dml->name);
}

/* EXPLAIN [ANALYZE [VERBOSE]] [(FORMAT x, TYPE y)] statement */
static bool word_among(const char *const *words, size_t count, struct bytes word, int *ret) {
    for (size_t i = 0; i < count; i++)
        if (bytes_eq_nocase(word, bytes_str(words[i]))) {
            *ret = (int)i;
            return true;
        }
    return false;
}

static bool parse_explain_option(struct parser *p, struct sql_dml *d) {
    static const char *const types[] = {"DISTRIBUTED", "LOGICAL", "VALIDATE", "IO"};
    static const char *const formats[] = {"TEXT", "GRAPHVIZ", "JSON"};
    struct sql_ident value;
    int found = 0;
    bool is_type = parser_accept(p, LEX_TYPE);
    if ((!is_type && !parser_expect(p, LEX_FORMAT)) || !parse_ident(p, &value))
        return false;
    bool known = is_type ? word_among(types, COUNT_OF(types), value.text, &found)
                         : word_among(formats, COUNT_OF(formats), value.text, &found);
    if (!known)
        return parser_fail_at(
            p, value.pos, SYNTAX, "mismatched input '%.*s'. Expecting: %s", BYTES_ARG(value.text),
            is_type ? "'DISTRIBUTED', 'IO', 'LOGICAL', 'VALIDATE'" : "'GRAPHVIZ', 'JSON', 'TEXT'");
    if (is_type)
        d->type = (enum sql_explain_type)found;
    else
        d->format = (enum sql_explain_format)found;
    return true;
}

static bool parse_explain(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    s->kind = SQL_EXPLAIN;
    parser_advance(p);
    d->analyze = parser_accept(p, LEX_ANALYZE);
    d->verbose = d->analyze && parser_accept(p, LEX_VERBOSE);
    /* (FORMAT ..) or a query in parentheses */
    if (tok(p)->kind == LEX_LPAREN && (peek(p, 1) == LEX_FORMAT || peek(p, 1) == LEX_TYPE)) {
        do {
            parser_advance(p); /* ( or , */
            if (!parse_explain_option(p, d))
                return false;
        } while (tok(p)->kind == LEX_COMMA);
        if (!parser_expect(p, LEX_RPAREN))
            return false;
    }
    return parse_inner(p, s);
}

/* ---- which statement ---- */
static bool parse_create(struct parser *p, struct sql_statement *s) {
    return peek(p, 1) == LEX_TABLE ? parse_create_table_as(p, s) : parse_create_view(p, s);
}

static const struct {
    enum lex_kind first;
    bool (*parse)(struct parser *p, struct sql_statement *s);
} statements[] = {
    {LEX_INSERT, parse_insert},         {LEX_UNLOAD, parse_unload},
    {LEX_CREATE, parse_create},         {LEX_DROP, parse_drop_view},
    {LEX_PREPARE, parse_prepare},       {LEX_EXECUTE, parse_execute},
    {LEX_DEALLOCATE, parse_deallocate}, {LEX_EXPLAIN, parse_explain},
    {LEX_UPDATE, parse_update},         {LEX_DELETE, parse_delete},
    {LEX_MERGE, parse_merge},           {LEX_OPTIMIZE, parse_optimize},
    {LEX_VACUUM, parse_vacuum},
};

bool parse_statement(struct parser *p, struct sql_statement *s) {
    bool shows_view = bytes_eq_nocase(tok(p)->text, BYTES("show")) && peek(p, 1) == LEX_CREATE &&
                      peek(p, 2) == LEX_VIEW;
    for (size_t i = 0; i < COUNT_OF(statements) || shows_view; i++) {
        if (!shows_view && tok(p)->kind != statements[i].first)
            continue;
        s->dml = NODE(p, struct sql_dml);
        if (!s->dml)
            return false;
        return shows_view ? parse_show_create_view(p, s) : statements[i].parse(p, s);
    }
    return parse_select(p, s);
}
