/* lex_words.c - the words of the grammar, found by binary search over their sorted table. */
#include "sql/lex.h"

static const struct {
    const char *label; /* 'SELECT', quotes included */
    uint8_t len;       /* of the word itself */
    bool reserved;
} words[] = {
#define X(word, is_reserved) {"'" #word "'", sizeof(#word) - 1, is_reserved},
    LEX_WORDS(X)
#undef X
};
static const char *const symbol_labels[] = {
#define X(name, label) label,
    LEX_SYMBOLS(X)
#undef X
};
#define FIRST_WORD ((int)COUNT_OF(symbol_labels))

const char *lex_label(enum lex_kind kind) {
    return (int)kind < FIRST_WORD ? symbol_labels[kind] : words[(int)kind - FIRST_WORD].label;
}

static int compare_nocase(struct bytes word, const char *upper, size_t len) {
    for (size_t i = 0; i < word.len && i < len; i++) {
        unsigned char c = (unsigned char)word.ptr[i];
        if (c >= 'a' && c <= 'z')
            c = (unsigned char)(c - 32);
        if (c != (unsigned char)upper[i])
            return c - (unsigned char)upper[i];
    }
    return word.len == len ? 0 : word.len < len ? -1 : 1;
}

enum lex_kind lex_word(struct bytes word) {
    int low = 0, high = (int)COUNT_OF(words) - 1;
    while (low <= high) {
        int mid = (low + high) / 2;
        int cmp = compare_nocase(word, words[mid].label + 1, words[mid].len);
        if (cmp == 0)
            return (enum lex_kind)(FIRST_WORD + mid);
        if (cmp < 0)
            high = mid - 1;
        else
            low = mid + 1;
    }
    return LEX_IDENT;
}

bool lex_is_reserved(enum lex_kind kind) {
    return (int)kind >= FIRST_WORD && words[(int)kind - FIRST_WORD].reserved;
}

bool lex_is_identifier(enum lex_kind kind) {
    if ((int)kind >= FIRST_WORD)
        return !words[(int)kind - FIRST_WORD].reserved;
    return kind == LEX_IDENT || kind == LEX_QUOTED || kind == LEX_BACKQUOTED ||
           kind == LEX_DIGIT_IDENT;
}
