/* parse_json.c - SQL/JSON: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY. */
#include "sql/parse_int.h"

/* FORMAT JSON [ENCODING UTF8] */
static bool parse_format(struct parser *p, enum sql_json_format *ret) {
    *ret = SQL_FORMAT_UNSAID;
    if (tok(p)->kind != LEX_FORMAT || peek(p, 1) != LEX_JSON)
        return true;
    parser_advance(p);
    parser_advance(p);
    *ret = SQL_FORMAT_JSON;
    if (!parser_accept(p, LEX_ENCODING))
        return true;
    *ret = tok(p)->kind == LEX_UTF8    ? SQL_FORMAT_UTF8
           : tok(p)->kind == LEX_UTF16 ? SQL_FORMAT_UTF16
                                       : SQL_FORMAT_UTF32;
    return parser_accept(p, LEX_UTF8) || parser_accept(p, LEX_UTF16) || parser_expect(p, LEX_UTF32);
}

static bool parse_json_value(struct parser *p, struct sql_expr **ret,
                             enum sql_json_format *ret_format) {
    *ret = parse_expression(p);
    return *ret && parse_format(p, ret_format);
}

static bool parse_passing(struct parser *p, struct sql_json_expr *j) {
    size_t named = 0, formats = 0;
    do {
        struct sql_expr *value;
        struct sql_ident name;
        enum sql_json_format format;
        if (!parse_json_value(p, &value, &format) || !parser_expect(p, LEX_AS) ||
            !parse_ident(p, &name) || !LIST_ADD(p, j->names, named, name) ||
            !LIST_ADD(p, j->passing_formats, formats, format) ||
            !LIST_ADD(p, j->passing.items, j->passing.count, value))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}

/* input [FORMAT JSON], 'path' [AS name] [PASSING ..] */
static bool parse_invocation(struct parser *p, struct sql_json_expr *j) {
    if (!parse_json_value(p, &j->input, &j->input_format) || !parser_expect(p, LEX_COMMA))
        return false;
    j->path_pos = pos_here(p);
    if (!parse_string(p, &j->path))
        return false;
    if (parser_accept(p, LEX_AS) && !parse_ident(p, &j->path_name))
        return false;
    return !parser_accept(p, LEX_PASSING) || parse_passing(p, j);
}

static bool parse_returning(struct parser *p, struct sql_json_expr *j) {
    if (!parser_accept(p, LEX_RETURNING))
        return true;
    j->returning = parse_type(p);
    return j->returning && parse_format(p, &j->returning_format);
}

/* What may stand before ON EMPTY and ON ERROR; JSON_UNSAID when nothing does. */
static bool parse_behavior(struct parser *p, enum sql_json_behavior *ret, struct sql_expr **value) {
    *ret = SQL_JSON_UNSAID;
    if (parser_accept(p, LEX_NULL))
        *ret = SQL_JSON_NULL;
    else if (parser_accept(p, LEX_ERROR))
        *ret = SQL_JSON_ERROR;
    else if (parser_accept(p, LEX_TRUE))
        *ret = SQL_JSON_TRUE;
    else if (parser_accept(p, LEX_FALSE))
        *ret = SQL_JSON_FALSE;
    else if (parser_accept(p, LEX_UNKNOWN))
        *ret = SQL_JSON_UNKNOWN;
    else if (parser_accept(p, LEX_EMPTY)) {
        *ret = parser_accept(p, LEX_ARRAY) ? SQL_JSON_EMPTY_ARRAY : SQL_JSON_EMPTY_OBJECT;
        return *ret == SQL_JSON_EMPTY_ARRAY || parser_expect(p, LEX_OBJECT);
    } else if (parser_accept(p, LEX_DEFAULT)) {
        *ret = SQL_JSON_DEFAULT;
        *value = parse_expression(p);
        return *value != NULL;
    }
    return true;
}

/* [.. ON EMPTY] [.. ON ERROR]; EXISTS takes only the latter. */
static bool parse_behaviors(struct parser *p, struct sql_json_expr *j) {
    for (int round = 0; round < 2; round++) {
        enum sql_json_behavior what;
        struct sql_expr *value = NULL;
        if (!parse_behavior(p, &what, &value))
            return false;
        if (what == SQL_JSON_UNSAID)
            return true;
        if (!parser_expect(p, LEX_ON))
            return false;
        if (round == 0 && j->function != SQL_JSON_EXISTS && parser_accept(p, LEX_EMPTY)) {
            j->on_empty = what;
            j->empty_default = value;
            continue;
        }
        j->on_error = what;
        j->error_default = value;
        return parser_expect(p, LEX_ERROR);
    }
    return true;
}

/* WITHOUT | WITH [CONDITIONAL | UNCONDITIONAL] [ARRAY] WRAPPER; KEEP | OMIT QUOTES */
static bool parse_query_options(struct parser *p, struct sql_json_expr *j) {
    if (parser_accept(p, LEX_WITHOUT)) {
        j->wrapper = SQL_WRAPPER_WITHOUT;
    } else if (parser_accept(p, LEX_WITH)) {
        j->wrapper =
            parser_accept(p, LEX_CONDITIONAL) ? SQL_WRAPPER_CONDITIONAL : SQL_WRAPPER_UNCONDITIONAL;
        parser_accept(p, LEX_UNCONDITIONAL);
    }
    if (j->wrapper != SQL_WRAPPER_UNSAID) {
        parser_accept(p, LEX_ARRAY);
        if (!parser_expect(p, LEX_WRAPPER))
            return false;
    }
    j->quotes = parser_accept(p, LEX_KEEP) ? 1 : parser_accept(p, LEX_OMIT) ? 2 : 0;
    if (!j->quotes)
        return true;
    return parser_expect(p, LEX_QUOTES) &&
           (!parser_accept(p, LEX_ON) ||
            (parser_expect(p, LEX_SCALAR) && parser_expect(p, LEX_STRING)));
}

static bool parse_null_on_null(struct parser *p, bool *ret) {
    enum lex_kind k = tok(p)->kind;
    if ((k != LEX_NULL && k != LEX_ABSENT) || peek(p, 1) != LEX_ON)
        return true;
    *ret = k == LEX_NULL;
    parser_advance(p);
    parser_advance(p);
    return parser_expect(p, LEX_NULL);
}

/* [KEY] k VALUE v, or k : v */
static bool parse_member(struct parser *p, struct sql_json_expr *j) {
    enum sql_json_format format;
    size_t formats = j->values.count;
    struct sql_expr *value;
    enum lex_kind next = peek(p, 1);
    if (tok(p)->kind == LEX_KEY && next != LEX_VALUE && next != LEX_COLON && next != LEX_DOT)
        parser_advance(p);
    struct sql_expr *key = parse_expression(p);
    if (!key || !LIST_ADD(p, j->keys.items, j->keys.count, key))
        return false;
    if (!parser_accept(p, LEX_COLON) && !parser_expect(p, LEX_VALUE))
        return false;
    return parse_json_value(p, &value, &format) && LIST_ADD(p, j->formats, formats, format) &&
           LIST_ADD(p, j->values.items, j->values.count, value);
}

static bool parse_unique(struct parser *p, struct sql_json_expr *j) {
    bool with = parser_accept(p, LEX_WITH);
    if (!with && !parser_accept(p, LEX_WITHOUT))
        return true;
    j->unique_keys = with;
    if (!parser_expect(p, LEX_UNIQUE))
        return false;
    parser_accept(p, LEX_KEYS);
    return true;
}

static bool parse_object(struct parser *p, struct sql_json_expr *j) {
    j->null_on_null = true;
    if (tok(p)->kind != LEX_RPAREN && tok(p)->kind != LEX_RETURNING) {
        do {
            if (!parse_member(p, j))
                return false;
        } while (parser_accept(p, LEX_COMMA));
        if (!parse_null_on_null(p, &j->null_on_null) || !parse_unique(p, j))
            return false;
    }
    return parse_returning(p, j);
}

static bool parse_json_array(struct parser *p, struct sql_json_expr *j) {
    if (tok(p)->kind != LEX_RPAREN && tok(p)->kind != LEX_RETURNING) {
        do {
            struct sql_expr *value;
            enum sql_json_format format;
            size_t formats = j->values.count;
            if (!parse_json_value(p, &value, &format) ||
                !LIST_ADD(p, j->formats, formats, format) ||
                !LIST_ADD(p, j->values.items, j->values.count, value))
                return false;
        } while (parser_accept(p, LEX_COMMA));
        if (!parse_null_on_null(p, &j->null_on_null))
            return false;
    }
    return parse_returning(p, j);
}

static bool parse_json_body(struct parser *p, struct sql_json_expr *j) {
    switch (j->function) {
    case SQL_JSON_OBJECT:
        return parse_object(p, j);
    case SQL_JSON_ARRAY:
        return parse_json_array(p, j);
    case SQL_JSON_EXISTS:
        return parse_invocation(p, j) && parse_behaviors(p, j);
    case SQL_JSON_VALUE:
        return parse_invocation(p, j) && parse_returning(p, j) && parse_behaviors(p, j);
    default:
        return parse_invocation(p, j) && parse_returning(p, j) && parse_query_options(p, j) &&
               parse_behaviors(p, j);
    }
}

static bool json_function_of(enum lex_kind kind, enum sql_json_function *ret) {
    static const enum lex_kind kinds[] = {LEX_JSON_EXISTS, LEX_JSON_VALUE, LEX_JSON_QUERY,
                                          LEX_JSON_OBJECT, LEX_JSON_ARRAY};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i] == kind) {
            *ret = (enum sql_json_function)i;
            return true;
        }
    return false;
}

struct sql_expr *parse_json_call(struct parser *p) {
    enum sql_json_function function;
    if (!json_function_of(tok(p)->kind, &function))
        return NULL;
    struct sql_expr *e = parser_expr(p, SQL_E_JSON, pos_here(p));
    struct sql_json_expr *j = NODE(p, struct sql_json_expr);
    if (!e || !j)
        return NULL;
    j->function = function;
    e->json = j;
    parser_advance(p);
    return parser_expect(p, LEX_LPAREN) && parse_json_body(p, j) && parser_expect(p, LEX_RPAREN)
               ? e
               : NULL;
}
