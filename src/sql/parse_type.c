/* parse_type.c - type names: array(T), map(K, V), row(f T), decimal(p, s), timestamp(3) with time
 * zone, T ARRAY and the older array<T>, map<K, V>. */
#include "sql/parse_int.h"

static struct bytes lower(struct parser *p, struct bytes text) {
    char *out = arena_strndup(p->arena, text.ptr, text.len);
    if (!out) {
        p->rc = err_set(p->err, ERR_NOMEM, NULL);
        return (struct bytes){0};
    }
    for (size_t i = 0; i < text.len; i++)
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = (char)(out[i] + 32);
    return bytes_of(out, text.len);
}

static bool add_arg(struct parser *p, struct sql_type_name *t, struct sql_type_name *arg) {
    return arg && LIST_ADD(p, t->args, t->arg_count, arg);
}

/* A row's field has a name when an identifier is followed by what can only be a type. */
static bool at_named_field(const struct parser *p) {
    enum lex_kind first = tok(p)->kind, second = peek(p, 1);
    if (!lex_is_identifier(first) || !lex_is_identifier(second))
        return false;
    if (second == LEX_ARRAY) /* `bigint array` is a type, `x array(bigint)` a field */
        return peek(p, 2) == LEX_LPAREN || peek(p, 2) == LEX_LT;
    bool is_type = (first == LEX_DOUBLE && second == LEX_PRECISION) ||
                   (first == LEX_TIMESTAMP && second == LEX_WITHOUT) ||
                   (first == LEX_TIME && second == LEX_WITHOUT) ||
                   (first == LEX_INTERVAL && peek(p, 2) != LEX_COMMA && peek(p, 2) != LEX_RPAREN);
    return !is_type;
}

static bool parse_row_fields(struct parser *p, struct sql_type_name *t) {
    size_t named = 0;
    do {
        struct sql_ident name = {0};
        if (at_named_field(p) && !parse_ident(p, &name))
            return false;
        if (!LIST_ADD(p, t->fields, named, name) || !add_arg(p, t, parse_type(p)))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return parser_expect(p, LEX_RPAREN);
}

static bool parse_zone_suffix(struct parser *p, struct sql_type_name *t) {
    bool with = parser_accept(p, LEX_WITH);
    if (!with && !parser_accept(p, LEX_WITHOUT))
        return true;
    t->with_time_zone = with;
    return parser_expect(p, LEX_TIME) && parser_expect(p, LEX_ZONE);
}

static bool parse_time(struct parser *p, struct sql_type_name *t) {
    t->kind = tok(p)->kind == LEX_TIME ? SQL_T_TIME : SQL_T_TIMESTAMP;
    parser_advance(p);
    if (parser_accept(p, LEX_LPAREN)) {
        t->number_count = 1;
        if (!parse_small_int(p, &t->numbers[0]) || !parser_expect(p, LEX_RPAREN))
            return false;
    }
    /* TIMESTAMP WITH ORDINALITY and the like never follow a type: one word suffices */
    return parse_zone_suffix(p, t);
}

/* decimal(10, 2), varchar(3), array(T): numbers or types. */
static bool parse_params(struct parser *p, struct sql_type_name *t) {
    do {
        if (!parser_at_kind(p, LEX_INTEGER)) {
            if (!add_arg(p, t, parse_type(p)))
                return false;
            continue;
        }
        struct sql_pos pos = pos_here(p);
        int64_t number;
        if (!parse_small_int(p, &number))
            return false;
        if (t->number_count == SQL_TYPE_NUMBERS)
            return parser_fail_at(p, pos, SYNTAX, "a type takes at most %d numbers",
                                  SQL_TYPE_NUMBERS);
        t->numbers[t->number_count++] = number;
    } while (parser_accept(p, LEX_COMMA));
    return parser_expect(p, LEX_RPAREN);
}

/* array<T>, map<K, V>: the cursor is after '<'. */
static bool parse_angle_params(struct parser *p, struct sql_type_name *t) {
    if (!add_arg(p, t, parse_type(p)))
        return false;
    if (t->kind == SQL_T_MAP && (!parser_expect(p, LEX_COMMA) || !add_arg(p, t, parse_type(p))))
        return false;
    return parser_expect(p, LEX_GT);
}

static bool parse_generic(struct parser *p, struct sql_type_name *t) {
    struct sql_ident name;
    bool is_double = tok(p)->kind == LEX_DOUBLE;
    if (!parse_ident(p, &name))
        return false;
    t->name = lower(p, name.text);
    if (!t->name.ptr || (is_double && parser_accept(p, LEX_PRECISION)))
        return t->name.ptr != NULL;
    bool is_array = bytes_eq_str(t->name, "array"), is_map = bytes_eq_str(t->name, "map");
    t->kind = is_array ? SQL_T_ARRAY : is_map ? SQL_T_MAP : SQL_T_NAMED;
    if ((is_array || is_map) && parser_accept(p, LEX_LT))
        return parse_angle_params(p, t);
    if (parser_accept(p, LEX_LPAREN) && !parse_params(p, t))
        return false;
    bool fits =
        t->kind == SQL_T_NAMED || (t->arg_count == (is_array ? 1u : 2u) && t->number_count == 0);
    if (!fits || (t->kind == SQL_T_NAMED && t->arg_count))
        t->kind = SQL_T_GENERIC;
    return true;
}

static bool parse_base_type(struct parser *p, struct sql_type_name *t) {
    switch (tok(p)->kind) {
    case LEX_ROW:
        if (peek(p, 1) != LEX_LPAREN)
            return parse_generic(p, t);
        parser_advance(p);
        parser_advance(p);
        t->kind = SQL_T_ROW;
        t->name = BYTES("row");
        return parse_row_fields(p, t);
    case LEX_INTERVAL:
        parser_advance(p);
        t->kind = SQL_T_INTERVAL;
        t->name = BYTES("interval");
        return parse_unit_range(p, &t->from, &t->to);
    case LEX_TIME:
        t->name = BYTES("time");
        return parse_time(p, t);
    case LEX_TIMESTAMP:
        t->name = BYTES("timestamp");
        return parse_time(p, t);
    default:
        return parse_generic(p, t);
    }
}

/* T ARRAY, T ARRAY[3]: the cursor is after ARRAY. */
static struct sql_type_name *wrap_array(struct parser *p, struct sql_type_name *element) {
    struct sql_type_name *t = NODE(p, struct sql_type_name);
    int64_t ignored;
    if (!t)
        return NULL;
    t->kind = SQL_T_ARRAY;
    t->pos = element->pos;
    t->name = BYTES("array");
    if (parser_accept(p, LEX_LBRACKET) &&
        (!parse_small_int(p, &ignored) || !parser_expect(p, LEX_RBRACKET)))
        return NULL;
    return add_arg(p, t, element) ? t : NULL;
}

struct sql_type_name *parse_type(struct parser *p) {
    if (!parser_enter(p))
        return NULL;
    parser_enter_rule(p, LEX_RULE_TYPE);
    struct sql_type_name *t = NODE(p, struct sql_type_name);
    if (t)
        t->pos = pos_here(p);
    if (!t || !parse_base_type(p, t))
        return NULL;
    int saved = parser_chain_begin(p), links = 0;
    while (t && parser_accept(p, LEX_ARRAY))
        t = parser_chain_link(p, &links) ? wrap_array(p, t) : NULL;
    parser_chain_end(p, saved, links);
    parser_leave(p);
    return t;
}
