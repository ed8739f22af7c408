/* parameters.c - values for the ? of a statement.
 *
 * The parser keeps a list of the nodes that the text's ? became. Each value is parsed by itself, as
 * a constant expression, and takes the place of its node in the tree: so a value is never more than
 * one expression, whatever its text says, and no text is put together. All of its tokens get the
 * position of the ?, which is where errors then point. */
#include "sql/parse_int.h"

/* How deep a value may nest: its levels come on top of the statement's. */
#define VALUE_DEPTH 100

static int wrong_count(size_t expected, size_t found, struct err *e) {
    int rc = err_set_named(e, ERR_SQL, "INVALID_PARAMETER_USAGE", 0,
                           "line 1:1: Incorrect number of parameters: expected %zu but found %zu",
                           expected, found);
    if (e)
        e->line = e->column = 1;
    return rc;
}

static void place_tokens(struct parser *p, struct sql_pos pos) {
    struct lex_token *tokens = (struct lex_token *)p->tokens; /* made for this parser */
    for (size_t i = 0; i < p->count; i++)
        tokens[i].pos = pos;
}

static int bind_one(struct arena *a, struct sql_expr *node, struct bytes text, struct err *e) {
    struct parser p;
    struct sql_pos pos = node->pos;
    struct bytes source = node->source;
    int rc = parser_init(&p, a, text, e);
    if (rc)
        return rc;
    place_tokens(&p, pos);
    p.constants = true;
    p.depth = PARSE_MAX_DEPTH - VALUE_DEPTH;
    struct sql_expr *value = parse_expression(&p);
    if (!value || !parser_expect(&p, LEX_EOF))
        return p.rc;
    if (p.parameter_count)
        return wrong_count(p.parameter_count, 0, e);
    *node = *value;
    node->source = source;
    return 0;
}

int sql_bind_parameters(struct arena *a, struct sql_statement *s, const struct bytes *values,
                        size_t count, struct err *e) {
    if (s->kind == SQL_PREPARE && count == 0)
        return 0;
    if (s->parameter_count != count)
        return wrong_count(s->parameter_count, count, e);
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++)
        rc = bind_one(a, s->parameters[i], values[i], e);
    return rc;
}

int sql_statement_prepared(struct arena *a, const struct sql_statement *s, struct sql_prepared *ret,
                           struct err *e) {
    const struct sql_dml *d = s->dml;
    struct bytes *using = ARENA_NEW_N(a, struct bytes, d ? d->using.count + 1 : 1);
    if (!using)
        return err_set(e, ERR_NOMEM, NULL);
    *ret = (struct sql_prepared){.using = using};
    if (!d)
        return 0;
    ret->name = d->name.text;
    ret->text = s->kind == SQL_PREPARE && d->inner ? d->inner->text : d->immediate;
    ret->kind = d->inner ? d->inner->kind : s->kind;
    for (size_t i = 0; i < d->using.count; i++)
        using[ret->using_count++] = d->using.items[i]->source;
    return 0;
}
