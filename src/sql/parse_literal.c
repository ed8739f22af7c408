/* parse_literal.c - literals, and the units of intervals. */
#include "sql/parse_int.h"

static bool unit_of(enum lex_kind kind, enum sql_unit *ret) {
    static const struct {
        enum lex_kind kind;
        enum sql_unit unit;
    } units[] = {{LEX_YEAR, SQL_YEAR}, {LEX_MONTH, SQL_MONTH},   {LEX_DAY, SQL_DAY},
                 {LEX_HOUR, SQL_HOUR}, {LEX_MINUTE, SQL_MINUTE}, {LEX_SECOND, SQL_SECOND}};
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (units[i].kind == kind) {
            *ret = units[i].unit;
            return true;
        }
    return false;
}

static bool parse_unit(struct parser *p, enum sql_unit *ret) {
    if (unit_of(tok(p)->kind, ret)) {
        parser_advance(p);
        return true;
    }
    parser_want(p, LEX_YEAR);
    parser_want(p, LEX_MONTH);
    parser_want(p, LEX_DAY);
    parser_want(p, LEX_HOUR);
    parser_want(p, LEX_MINUTE);
    parser_want(p, LEX_SECOND);
    return parser_mismatch(p);
}

bool parse_unit_range(struct parser *p, enum sql_unit *from, enum sql_unit *to) {
    if (!parse_unit(p, from))
        return false;
    *to = *from;
    return !parser_accept(p, LEX_TO) || parse_unit(p, to);
}

bool parse_interval(struct parser *p, struct sql_expr *e) {
    parser_advance(p);
    if (parser_accept(p, LEX_MINUS))
        e->interval.negative = true;
    else
        parser_accept(p, LEX_PLUS);
    return parse_string(p, &e->interval.text) &&
           parse_unit_range(p, &e->interval.from, &e->interval.to);
}

static bool is_string(enum lex_kind kind) {
    return kind == LEX_STRING_LITERAL || kind == LEX_UNICODE_STRING;
}

static bool at_interval(const struct parser *p) {
    if (tok(p)->kind != LEX_INTERVAL)
        return false;
    bool is_signed = peek(p, 1) == LEX_MINUS || peek(p, 1) == LEX_PLUS;
    return is_string(peek(p, is_signed ? 2 : 1));
}

static bool at_typed_literal(const struct parser *p) {
    enum lex_kind k = tok(p)->kind;
    return lex_is_identifier(k) &&
           (is_string(peek(p, 1)) ||
            (k == LEX_DOUBLE && peek(p, 1) == LEX_PRECISION && is_string(peek(p, 2))));
}

bool at_literal(const struct parser *p) {
    switch (tok(p)->kind) {
    case LEX_NULL:
    case LEX_TRUE:
    case LEX_FALSE:
    case LEX_INTEGER:
    case LEX_DECIMAL:
    case LEX_DOUBLE_NUMBER:
    case LEX_MINUS:
    case LEX_STRING_LITERAL:
    case LEX_UNICODE_STRING:
    case LEX_BINARY_LITERAL:
        return true;
    default:
        return at_interval(p) || at_typed_literal(p);
    }
}

/* Digits of an integer in any radix, underscores skipped; the sign is applied to each digit so that
 * the smallest bigint is reachable. */
static bool integer_value(struct bytes text, bool negative, int64_t *ret) {
    int base = 10;
    size_t i = 0;
    if (text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] & 0x40)) {
        int c = text.ptr[1] | 0x20;
        base = c == 'x' ? 16 : c == 'o' ? 8 : 2;
        i = 2;
    }
    int64_t value = 0;
    for (; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '_')
            continue;
        int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

/* "-" and the number without underscores. */
static struct bytes number_text(struct parser *p, struct bytes text, bool negative) {
    char *out = arena_alloc(p->arena, text.len + 1);
    if (!out) {
        p->rc = err_set(p->err, ERR_NOMEM, NULL);
        return (struct bytes){0};
    }
    size_t n = 0;
    if (negative)
        out[n++] = '-';
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '_')
            out[n++] = text.ptr[i];
    return bytes_of(out, n);
}

static bool parse_number(struct parser *p, struct sql_expr *e) {
    struct sql_pos pos = pos_here(p);
    bool negative = parser_accept(p, LEX_MINUS);
    const struct lex_token *t = tok(p);
    parser_advance(p);
    if (t->kind == LEX_INTEGER) {
        e->kind = SQL_E_INTEGER;
        return integer_value(t->text, negative, &e->integer) ||
               parser_fail_at(p, pos, SYNTAX, "Invalid numeric literal: %s%.*s",
                              negative ? "-" : "", BYTES_ARG(t->text));
    }
    e->kind = t->kind == LEX_DECIMAL ? SQL_E_DECIMAL : SQL_E_DOUBLE;
    e->text = number_text(p, t->text, negative);
    return e->text.ptr != NULL;
}

static bool parse_binary_literal(struct parser *p, struct sql_expr *e) {
    e->kind = SQL_E_BINARY;
    const char *wrong = lex_decode_binary(p->arena, tok(p)->text, &e->text);
    if (wrong)
        return parser_fail_at(p, pos_here(p), SYNTAX, "%s", wrong);
    parser_advance(p);
    return true;
}

static bool parse_typed_literal(struct parser *p, struct sql_expr *e) {
    e->kind = SQL_E_TYPED_LITERAL;
    e->typed.type = parse_type(p);
    return e->typed.type && parse_string(p, &e->typed.text);
}

static bool parse_literal_into(struct parser *p, struct sql_expr *e) {
    switch (tok(p)->kind) {
    case LEX_NULL:
        e->kind = SQL_E_NULL;
        parser_advance(p);
        return true;
    case LEX_TRUE:
    case LEX_FALSE:
        e->kind = SQL_E_BOOLEAN;
        e->boolean = tok(p)->kind == LEX_TRUE;
        parser_advance(p);
        return true;
    case LEX_STRING_LITERAL:
    case LEX_UNICODE_STRING:
        e->kind = SQL_E_STRING;
        return parse_string(p, &e->text);
    case LEX_BINARY_LITERAL:
        return parse_binary_literal(p, e);
    case LEX_INTEGER:
    case LEX_DECIMAL:
    case LEX_DOUBLE_NUMBER:
    case LEX_MINUS:
        return parse_number(p, e);
    default:
        e->kind = at_interval(p) ? SQL_E_INTERVAL : SQL_E_TYPED_LITERAL;
        return at_interval(p) ? parse_interval(p, e) : parse_typed_literal(p, e);
    }
}

struct sql_expr *parse_literal(struct parser *p) {
    struct sql_expr *e = parser_expr(p, SQL_E_NULL, pos_here(p));
    return e && parse_literal_into(p, e) ? e : NULL;
}
