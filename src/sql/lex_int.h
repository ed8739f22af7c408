/* lex_int.h - the cursor that both lexers move. */
#ifndef TARN_SQL_LEX_INT_H
#define TARN_SQL_LEX_INT_H

#include "sql/lex.h"

#define LEXER_NONE UINT32_MAX

struct lexer {
    struct arena *arena;
    struct bytes text;
    size_t at;
    int line, column;
    struct lex_tokens out;
    size_t cap;
    uint32_t open; /* the innermost open '(', LEXER_NONE: none */
    /* What was once not closed is not closed later either: no second search to the end. */
    bool comment_unclosed, single_unclosed, double_unclosed;
};

static inline struct lexer lexer_over(struct arena *a, struct bytes text) {
    return (struct lexer){.arena = a, .text = text, .line = 1, .column = 1, .open = LEXER_NONE};
}
/* The byte `ahead` of the cursor; -1 past the end. */
static inline int lexer_peek(const struct lexer *x, size_t ahead) {
    return x->at + ahead < x->text.len ? (unsigned char)x->text.ptr[x->at + ahead] : -1;
}
int lexer_grow(struct lexer *x);
struct sql_pos lexer_pos(const struct lexer *x);
void lexer_skip(struct lexer *x, size_t n);
void lexer_skip_blanks(struct lexer *x);
/* Adds the next `len` bytes as a token and moves over them; ERR_NOMEM. */
int lexer_add(struct lexer *x, enum lex_kind kind, size_t len) WARN_UNUSED;
int lexer_finish(struct lexer *x, struct lex_tokens *ret) WARN_UNUSED;
size_t lexer_quoted_len(const struct lexer *x, size_t from, char quote);
bool lexer_is_letter(int c);
bool lexer_is_word(int c);
enum lex_kind lexer_symbol(int c);
/* Bytes of the UTF-8 character at the cursor. */
size_t lexer_char_len(const struct lexer *x);

#endif
