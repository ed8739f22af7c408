/* parse_write.c - statements that change tables: CREATE TABLE AS, INSERT, UNLOAD, and those of
 * Iceberg tables: UPDATE, DELETE, MERGE, OPTIMIZE, VACUUM. Each is called at its first word. */
#include "sql/parse_int.h"

static bool parse_table(struct parser *p, struct sql_dml *d) {
    d->table_pos = pos_here(p);
    return parse_path(p, &d->table);
}

bool parse_options(struct parser *p, struct sql_options *ret) {
    if (!parser_expect(p, LEX_LPAREN))
        return false;
    do {
        struct sql_option o = {0};
        if (!parse_ident(p, &o.name) || !parser_expect(p, LEX_EQ) ||
            !(o.value = parse_expression(p)) || !LIST_ADD(p, ret->items, ret->count, o))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return parser_expect(p, LEX_RPAREN);
}

static bool parse_if_not_exists(struct parser *p, struct sql_dml *d) {
    if (!parser_accept(p, LEX_IF))
        return true;
    d->if_not_exists = true;
    return parser_expect(p, LEX_NOT) && parser_expect(p, LEX_EXISTS);
}

/* ---- CREATE TABLE [IF NOT EXISTS] t [(a, b)] [COMMENT '..'] [WITH (..)] AS query [WITH [NO] DATA]
 * ---- */
/* query, (query), and what follows a query in parentheses: UNION, LIMIT .. */
static bool parse_source(struct parser *p, struct sql_statement *s) {
    s->query = parse_query(p);
    return s->query != NULL;
}

static bool parse_with_data(struct parser *p, struct sql_dml *d) {
    if (!parser_accept(p, LEX_WITH))
        return true;
    d->with_no_data = parser_accept(p, LEX_NO);
    return parser_expect(p, LEX_DATA);
}

bool parse_create_table_as(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    s->kind = SQL_CREATE_TABLE_AS;
    parser_advance(p); /* CREATE */
    if (!parser_expect(p, LEX_TABLE) || !parse_if_not_exists(p, d) || !parse_table(p, d))
        return false;
    if (parser_at_kind(p, LEX_LPAREN) && !parse_idents_in_parens(p, &d->columns))
        return false;
    if (parser_accept(p, LEX_COMMENT) && !parse_string(p, &d->comment))
        return false;
    if (parser_accept(p, LEX_WITH) && !parse_options(p, &d->properties))
        return false;
    return parser_expect(p, LEX_AS) && parse_source(p, s) && parse_with_data(p, d);
}

/* ---- INSERT INTO t [(a, b)] query ---- */
bool parse_insert(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    s->kind = SQL_INSERT;
    parser_advance(p);
    if (!parser_expect(p, LEX_INTO) || !parse_table(p, d))
        return false;
    if (parser_at_kind(p, LEX_LPAREN) && !is_query_paren(p, p->at) &&
        !parse_idents_in_parens(p, &d->columns))
        return false;
    return parse_source(p, s);
}

/* ---- UNLOAD (query) TO 's3://..' [WITH (..)] ---- */
bool parse_unload(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    s->kind = SQL_UNLOAD;
    parser_advance(p);
    if (!parser_expect(p, LEX_LPAREN) || !parse_source(p, s) || !parser_expect(p, LEX_RPAREN) ||
        !parser_expect(p, LEX_TO))
        return false;
    d->location_pos = pos_here(p);
    if (!parse_string(p, &d->location))
        return false;
    return !parser_accept(p, LEX_WITH) || parse_options(p, &d->properties);
}

/* ---- UPDATE t SET a = x, .. [WHERE ..] ---- */
static bool parse_assignments(struct parser *p, struct sql_assignment **ret, size_t *ret_count) {
    do {
        struct sql_assignment a = {0};
        if (!parse_ident(p, &a.name) || !parser_expect(p, LEX_EQ) ||
            !(a.value = parse_expression(p)) || !LIST_ADD(p, *ret, *ret_count, a))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}

static bool parse_where(struct parser *p, struct sql_dml *d) {
    return !parser_accept(p, LEX_WHERE) || (d->where = parse_expression(p)) != NULL;
}

bool parse_update(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    s->kind = SQL_UPDATE;
    parser_advance(p);
    return parse_table(p, d) && parser_expect(p, LEX_SET) &&
           parse_assignments(p, &d->assignments, &d->assignment_count) && parse_where(p, d);
}

bool parse_delete(struct parser *p, struct sql_statement *s) {
    s->kind = SQL_DELETE;
    parser_advance(p);
    return parser_expect(p, LEX_FROM) && parse_table(p, s->dml) && parse_where(p, s->dml);
}

/* ---- MERGE INTO t [[AS] a] USING source ON condition WHEN .. ---- */
static bool parse_merge_insert(struct parser *p, struct sql_merge_case *c) {
    c->action = SQL_MERGE_INSERT;
    if (parser_at_kind(p, LEX_LPAREN) && !parse_idents_in_parens(p, &c->columns))
        return false;
    return parser_expect(p, LEX_VALUES) && parser_expect(p, LEX_LPAREN) &&
           parse_expressions(p, &c->values) && parser_expect(p, LEX_RPAREN);
}

static bool parse_merge_action(struct parser *p, struct sql_merge_case *c) {
    if (!c->matched)
        return parser_expect(p, LEX_INSERT) && parse_merge_insert(p, c);
    if (parser_accept(p, LEX_DELETE)) {
        c->action = SQL_MERGE_DELETE;
        return true;
    }
    c->action = SQL_MERGE_UPDATE;
    return parser_expect(p, LEX_UPDATE) && parser_expect(p, LEX_SET) &&
           parse_assignments(p, &c->assignments, &c->assignment_count);
}

static bool parse_merge_case(struct parser *p, struct sql_dml *d) {
    struct sql_merge_case c = {.pos = pos_here(p)};
    if (!parser_expect(p, LEX_WHEN))
        return false;
    c.matched = !parser_accept(p, LEX_NOT);
    if (!parser_expect(p, LEX_MATCHED) ||
        (parser_accept(p, LEX_AND) && !(c.condition = parse_expression(p))))
        return false;
    return parser_expect(p, LEX_THEN) && parse_merge_action(p, &c) &&
           LIST_ADD(p, d->cases, d->case_count, c);
}

bool parse_merge(struct parser *p, struct sql_statement *s) {
    struct sql_dml *d = s->dml;
    s->kind = SQL_MERGE;
    parser_advance(p);
    if (!parser_expect(p, LEX_INTO) || !parse_table(p, d))
        return false;
    if ((parser_accept(p, LEX_AS) || lex_is_identifier(tok(p)->kind)) && !parse_ident(p, &d->alias))
        return false;
    if (!parser_expect(p, LEX_USING) || !(d->source = parse_relation(p)) ||
        !parser_expect(p, LEX_ON) || !(d->on = parse_expression(p)))
        return false;
    do {
        if (!parse_merge_case(p, d))
            return false;
    } while (parser_at_kind(p, LEX_WHEN));
    return true;
}

/* ---- OPTIMIZE t REWRITE DATA USING BIN_PACK [WHERE ..]; VACUUM t ---- */
bool parse_optimize(struct parser *p, struct sql_statement *s) {
    struct sql_ident method;
    s->kind = SQL_OPTIMIZE;
    parser_advance(p);
    if (!parse_table(p, s->dml) || !parser_expect(p, LEX_REWRITE) || !parser_expect(p, LEX_DATA) ||
        !parser_expect(p, LEX_USING) || !parse_ident(p, &method))
        return false;
    if (!bytes_eq_nocase(method.text, BYTES("bin_pack")))
        return parser_fail_at(p, method.pos, SYNTAX,
                              "mismatched input '%.*s'. Expecting: 'BIN_PACK'",
                              BYTES_ARG(method.text));
    return parse_where(p, s->dml);
}

bool parse_vacuum(struct parser *p, struct sql_statement *s) {
    s->kind = SQL_VACUUM;
    parser_advance(p);
    return parse_table(p, s->dml);
}
