/* lex_hive.c - Hive's tokens: what differs from Trino's is quoting, and words that may start with a
 * digit. Angle brackets, colons and dots stay single characters because types use them. */
#include "sql/lex_int.h"

/* Length of a string with backslash escapes that starts at `from`; 0 when never closed. */
static size_t one_string_len(struct lexer *x, size_t from) {
    int quote = lexer_peek(x, from);
    bool *unclosed = quote == '"' ? &x->double_unclosed : &x->single_unclosed;
    for (size_t i = from + 1; !*unclosed && lexer_peek(x, i) >= 0; i++) {
        int c = lexer_peek(x, i);
        if (c == '\\')
            i++;
        else if (c == quote)
            return i + 1 - from;
    }
    *unclosed = true;
    return 0;
}

/* Strings with nothing between them are one: 'a''b' is ab. */
static size_t hive_string_len(struct lexer *x) {
    size_t len = 0;
    while (lexer_peek(x, len) == '\'' || lexer_peek(x, len) == '"') {
        size_t n = one_string_len(x, len);
        if (!n)
            break;
        len += n;
    }
    return len;
}

static int hive_word(struct lexer *x) {
    size_t n = 1;
    bool digits_only = !lexer_is_letter(lexer_peek(x, 0)) && lexer_peek(x, 0) != '_';
    for (; lexer_is_word(lexer_peek(x, n)); n++)
        if (lexer_is_letter(lexer_peek(x, n)) || lexer_peek(x, n) == '_')
            digits_only = false;
    return lexer_add(x, digits_only ? LEX_INTEGER : LEX_IDENT, n);
}

static int hive_one(struct lexer *x) {
    int c = lexer_peek(x, 0);
    if (lexer_is_word(c))
        return hive_word(x);
    size_t len = 0;
    if (c == '\'' || c == '"')
        len = hive_string_len(x);
    else if (c == '`')
        len = lexer_quoted_len(x, 0, '`');
    if (len)
        return lexer_add(x, c == '`' ? LEX_BACKQUOTED : LEX_STRING_LITERAL, len);
    enum lex_kind kind = lexer_symbol(c);
    return lexer_add(x, kind, kind == LEX_UNRECOGNIZED ? lexer_char_len(x) : 1);
}

int lex_hive(struct arena *a, struct bytes text, struct lex_tokens *ret, struct err *e) {
    struct lexer x = lexer_over(a, text);
    for (lexer_skip_blanks(&x); x.at < text.len; lexer_skip_blanks(&x))
        if (hive_one(&x) != 0)
            return err_set(e, ERR_NOMEM, NULL);
    if (lexer_finish(&x, ret) != 0)
        return err_set(e, ERR_NOMEM, NULL);
    return 0;
}
