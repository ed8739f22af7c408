/* lex.c - one cursor over the text, one function per family of tokens, longest match first.
 *
 * The cursor counts lines and columns as Trino does: columns in code points, lines at '\n'. Tokens
 * go into an array that doubles in the arena. Each '(' learns its ')' on the way, with a stack
 * threaded through the open parentheses' own `partner` fields, so that the parser can look past a
 * bracket in constant time instead of trying and backing off. */
#include "sql/lex.h"
#include "sql/lex_int.h"

int lexer_grow(struct lexer *x) {
    size_t cap = x->cap ? x->cap * 2 : 128;
    struct lex_token *items = ARENA_NEW_N(x->arena, struct lex_token, cap);
    if (!items)
        return ERR_NOMEM;
    if (x->out.count)
        memcpy(items, x->out.items, x->out.count * sizeof(*items));
    x->out.items = items;
    x->cap = cap;
    return 0;
}

struct sql_pos lexer_pos(const struct lexer *x) {
    return (struct sql_pos){.line = x->line, .column = x->column};
}

/* Moves over `n` bytes, counting. */
void lexer_skip(struct lexer *x, size_t n) {
    for (size_t i = 0; i < n && x->at < x->text.len; i++) {
        unsigned char c = (unsigned char)x->text.ptr[x->at++];
        if (c == '\n') {
            x->line++;
            x->column = 1;
        } else if ((c & 0xC0) != 0x80) {
            x->column++;
        }
    }
}

/* Length of the comment at the cursor; 0 when there is none or it is never closed. */
static size_t bracketed_comment_len(struct lexer *x) {
    if (lexer_peek(x, 0) != '/' || lexer_peek(x, 1) != '*' || x->comment_unclosed)
        return 0;
    for (size_t i = 2; lexer_peek(x, i + 1) >= 0; i++)
        if (lexer_peek(x, i) == '*' && lexer_peek(x, i + 1) == '/')
            return i + 2;
    x->comment_unclosed = true;
    return 0;
}

void lexer_skip_blanks(struct lexer *x) {
    for (;;) {
        int c = lexer_peek(x, 0);
        size_t comment = bracketed_comment_len(x);
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            lexer_skip(x, 1);
        } else if (c == '-' && lexer_peek(x, 1) == '-') {
            while (lexer_peek(x, 0) >= 0 && lexer_peek(x, 0) != '\n')
                lexer_skip(x, 1);
        } else if (comment) {
            lexer_skip(x, comment);
        } else {
            return;
        }
    }
}

static void match_parens(struct lexer *x, uint32_t index) {
    struct lex_token *t = &x->out.items[index];
    if (t->kind == LEX_LPAREN) {
        t->partner = x->open;
        x->open = index;
    } else if (t->kind == LEX_RPAREN && x->open != LEXER_NONE) {
        struct lex_token *opener = &x->out.items[x->open];
        x->open = opener->partner;
        opener->partner = index;
    }
}

int lexer_add(struct lexer *x, enum lex_kind kind, size_t len) {
    if (x->out.count == x->cap && lexer_grow(x) != 0)
        return ERR_NOMEM;
    x->out.items[x->out.count] = (struct lex_token){
        .kind = kind,
        .pos = lexer_pos(x),
        .text = bytes_of(x->text.ptr + x->at, len),
    };
    match_parens(x, (uint32_t)x->out.count);
    x->out.count++;
    lexer_skip(x, len);
    return 0;
}

int lexer_finish(struct lexer *x, struct lex_tokens *ret) {
    if (lexer_add(x, LEX_EOF, 0) != 0)
        return ERR_NOMEM;
    uint32_t end = (uint32_t)x->out.count - 1;
    while (x->open != LEXER_NONE) {
        struct lex_token *opener = &x->out.items[x->open];
        x->open = opener->partner;
        opener->partner = end;
    }
    *ret = x->out;
    return 0;
}

/* Length of a token in quotes that starts at `from`, doubled quotes inside; 0 when never closed. */
size_t lexer_quoted_len(const struct lexer *x, size_t from, char quote) {
    for (size_t i = from + 1; lexer_peek(x, i) >= 0; i++) {
        if (lexer_peek(x, i) != quote)
            continue;
        if (lexer_peek(x, i + 1) != quote)
            return i + 1;
        i++;
    }
    return 0;
}

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}
bool lexer_is_letter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool lexer_is_word(int c) {
    return lexer_is_letter(c) || is_digit(c) || c == '_';
}
static bool is_hex(int c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool is_octal(int c) {
    return c >= '0' && c <= '7';
}
static bool is_bit(int c) {
    return c == '0' || c == '1';
}

/* Digits with single underscores between them: 1_000. */
static size_t digits_len(const struct lexer *x, size_t from, bool (*is)(int)) {
    size_t i = from;
    while (is(lexer_peek(x, i)) ||
           (i > from && lexer_peek(x, i) == '_' && is(lexer_peek(x, i + 1))))
        i++;
    return i - from;
}

static size_t radix_len(const struct lexer *x) {
    if (lexer_peek(x, 0) != '0')
        return 0;
    int c = lexer_peek(x, 1) | 0x20;
    bool (*is)(int) = c == 'x' ? is_hex : c == 'o' ? is_octal : c == 'b' ? is_bit : NULL;
    if (!is)
        return 0;
    size_t from = lexer_peek(x, 2) == '_' ? 3 : 2;
    size_t n = digits_len(x, from, is);
    return n ? from + n : 0;
}

static size_t exponent_len(const struct lexer *x, size_t from) {
    if ((lexer_peek(x, from) | 0x20) != 'e')
        return 0;
    size_t i = from + 1;
    if (lexer_peek(x, i) == '+' || lexer_peek(x, i) == '-')
        i++;
    size_t start = i;
    while (is_digit(lexer_peek(x, i)))
        i++;
    return i > start ? i - from : 0;
}

static int lex_number(struct lexer *x) {
    size_t n = radix_len(x);
    enum lex_kind kind = LEX_INTEGER;
    if (!n) {
        n = digits_len(x, 0, is_digit);
        if (lexer_peek(x, n) == '.') {
            kind = LEX_DECIMAL;
            n += 1 + digits_len(x, n + 1, is_digit);
        }
        size_t exponent = exponent_len(x, n);
        if (exponent) {
            kind = LEX_DOUBLE_NUMBER;
            n += exponent;
        }
    }
    size_t word = 0;
    while (lexer_is_word(lexer_peek(x, word)))
        word++;
    if (word > n)
        return lexer_add(x, LEX_DIGIT_IDENT, word);
    return lexer_add(x, kind, n);
}

static int lex_name(struct lexer *x) {
    size_t n = 1;
    while (lexer_is_word(lexer_peek(x, n)))
        n++;
    return lexer_add(x, lex_word(bytes_of(x->text.ptr + x->at, n)), n);
}

/* X'..' and U&'..': 0 in *ret_len when it is neither. */
static enum lex_kind prefixed_string(const struct lexer *x, size_t *ret_len) {
    int c = lexer_peek(x, 0) | 0x20;
    *ret_len = 0;
    if (c == 'x' && lexer_peek(x, 1) == '\'') {
        *ret_len = lexer_quoted_len(x, 1, '\'');
        return LEX_BINARY_LITERAL;
    }
    if (c == 'u' && lexer_peek(x, 1) == '&' && lexer_peek(x, 2) == '\'')
        *ret_len = lexer_quoted_len(x, 2, '\'');
    return LEX_UNICODE_STRING;
}

static int lex_quoted(struct lexer *x, char quote, enum lex_kind kind) {
    size_t n = lexer_quoted_len(x, 0, quote);
    return n ? lexer_add(x, kind, n) : lexer_add(x, LEX_UNRECOGNIZED, 1);
}

static enum lex_kind symbol_kind(const struct lexer *x, size_t *ret_len) {
    static const struct {
        char text[3];
        enum lex_kind kind;
    } two[] = {{"<>", LEX_NE},     {"!=", LEX_NE},    {"<=", LEX_LE},          {">=", LEX_GE},
               {"||", LEX_CONCAT}, {"->", LEX_ARROW}, {"=>", LEX_DOUBLE_ARROW}};
    for (size_t i = 0; i < COUNT_OF(two); i++)
        if (lexer_peek(x, 0) == two[i].text[0] && lexer_peek(x, 1) == two[i].text[1]) {
            *ret_len = 2;
            return two[i].kind;
        }
    *ret_len = 1;
    return lexer_symbol(lexer_peek(x, 0));
}

enum lex_kind lexer_symbol(int c) {
    static const char chars[] = "=<>+-*/%?;,.:()[]";
    static const enum lex_kind kinds[] = {
        LEX_EQ,    LEX_LT,      LEX_GT,       LEX_PLUS,      LEX_MINUS,   LEX_STAR,
        LEX_SLASH, LEX_PERCENT, LEX_QUESTION, LEX_SEMICOLON, LEX_COMMA,   LEX_DOT,
        LEX_COLON, LEX_LPAREN,  LEX_RPAREN,   LEX_LBRACKET,  LEX_RBRACKET};
    const char *hit = c > 0 ? strchr(chars, c) : NULL;
    return hit ? kinds[hit - chars] : LEX_UNRECOGNIZED;
}

size_t lexer_char_len(const struct lexer *x) {
    size_t n = 1;
    while (lexer_peek(x, n) >= 0 && (lexer_peek(x, n) & 0xC0) == 0x80)
        n++;
    return n;
}

static int lex_one(struct lexer *x) {
    int c = lexer_peek(x, 0);
    size_t len;
    enum lex_kind kind = prefixed_string(x, &len);
    if (len)
        return lexer_add(x, kind, len);
    if (lexer_is_letter(c) || c == '_')
        return lex_name(x);
    if (is_digit(c) || (c == '.' && is_digit(lexer_peek(x, 1))))
        return lex_number(x);
    if (c == '\'')
        return lex_quoted(x, '\'', LEX_STRING_LITERAL);
    if (c == '"')
        return lex_quoted(x, '"', LEX_QUOTED);
    if (c == '`')
        return lex_quoted(x, '`', LEX_BACKQUOTED);
    kind = symbol_kind(x, &len);
    return lexer_add(x, kind, kind == LEX_UNRECOGNIZED ? lexer_char_len(x) : len);
}

int lex_trino(struct arena *a, struct bytes text, struct lex_tokens *ret, struct err *e) {
    struct lexer x = lexer_over(a, text);
    for (lexer_skip_blanks(&x); x.at < text.len; lexer_skip_blanks(&x))
        if (lex_one(&x) != 0)
            return err_set(e, ERR_NOMEM, NULL);
    if (lexer_finish(&x, ret) != 0)
        return err_set(e, ERR_NOMEM, NULL);
    return 0;
}
