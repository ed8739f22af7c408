/* lex.h - text to tokens, for the two dialects Athena takes: Trino's (queries) and Hive's (DDL).
 *
 * A whole statement is lexed at once into an array that ends with LEX_EOF; comments and blanks are
 * dropped. Lexing never fails on bad text: what is no token becomes LEX_UNKNOWN (one character) and
 * the parser reports it where it stands. Words are tokens of their own only where a grammar asks
 * for them; unreserved words also serve as identifiers. */
#ifndef TARN_SQL_LEX_H
#define TARN_SQL_LEX_H

#include "sql/tree.h"

/* X(WORD, reserved): sorted. Reserved as in Trino's grammar. */
#define LEX_WORDS(X)                                                                               \
    X(ABSENT, 0)                                                                                   \
    X(ALL, 0)                                                                                      \
    X(ALTER, 1)                                                                                    \
    X(ANALYZE, 0)                                                                                  \
    X(AND, 1)                                                                                      \
    X(ANY, 0)                                                                                      \
    X(ARRAY, 0)                                                                                    \
    X(AS, 1)                                                                                       \
    X(ASC, 0)                                                                                      \
    X(AT, 0)                                                                                       \
    X(BERNOULLI, 0)                                                                                \
    X(BETWEEN, 1)                                                                                  \
    X(BOTH, 0)                                                                                     \
    X(BY, 1)                                                                                       \
    X(CASE, 1)                                                                                     \
    X(CAST, 1)                                                                                     \
    X(COMMENT, 0)                                                                                  \
    X(CONDITIONAL, 0)                                                                              \
    X(CONSTRAINT, 1)                                                                               \
    X(CORRESPONDING, 0)                                                                            \
    X(COUNT, 0)                                                                                    \
    X(CREATE, 1)                                                                                   \
    X(CROSS, 1)                                                                                    \
    X(CUBE, 1)                                                                                     \
    X(CURRENT, 0)                                                                                  \
    X(CURRENT_CATALOG, 1)                                                                          \
    X(CURRENT_DATE, 1)                                                                             \
    X(CURRENT_PATH, 1)                                                                             \
    X(CURRENT_ROLE, 1)                                                                             \
    X(CURRENT_SCHEMA, 1)                                                                           \
    X(CURRENT_TIME, 1)                                                                             \
    X(CURRENT_TIMESTAMP, 1)                                                                        \
    X(CURRENT_USER, 1)                                                                             \
    X(DATA, 0)                                                                                     \
    X(DAY, 0)                                                                                      \
    X(DEALLOCATE, 1)                                                                               \
    X(DEFAULT, 0)                                                                                  \
    X(DELETE, 1)                                                                                   \
    X(DESC, 0)                                                                                     \
    X(DESCRIBE, 1)                                                                                 \
    X(DISTINCT, 1)                                                                                 \
    X(DOUBLE, 0)                                                                                   \
    X(DROP, 1)                                                                                     \
    X(ELSE, 1)                                                                                     \
    X(EMPTY, 0)                                                                                    \
    X(ENCODING, 0)                                                                                 \
    X(END, 1)                                                                                      \
    X(ERROR, 0)                                                                                    \
    X(ESCAPE, 1)                                                                                   \
    X(EXCEPT, 1)                                                                                   \
    X(EXECUTE, 1)                                                                                  \
    X(EXISTS, 1)                                                                                   \
    X(EXPLAIN, 0)                                                                                  \
    X(EXTRACT, 1)                                                                                  \
    X(FALSE, 1)                                                                                    \
    X(FETCH, 0)                                                                                    \
    X(FILTER, 0)                                                                                   \
    X(FIRST, 0)                                                                                    \
    X(FOLLOWING, 0)                                                                                \
    X(FOR, 1)                                                                                      \
    X(FORMAT, 0)                                                                                   \
    X(FROM, 1)                                                                                     \
    X(FULL, 1)                                                                                     \
    X(GROUP, 1)                                                                                    \
    X(GROUPING, 1)                                                                                 \
    X(GROUPS, 0)                                                                                   \
    X(HAVING, 1)                                                                                   \
    X(HOUR, 0)                                                                                     \
    X(IF, 0)                                                                                       \
    X(IGNORE, 0)                                                                                   \
    X(IMMEDIATE, 0)                                                                                \
    X(IN, 1)                                                                                       \
    X(INNER, 1)                                                                                    \
    X(INSERT, 1)                                                                                   \
    X(INTERSECT, 1)                                                                                \
    X(INTERVAL, 0)                                                                                 \
    X(INTO, 1)                                                                                     \
    X(IS, 1)                                                                                       \
    X(JOIN, 1)                                                                                     \
    X(JSON, 0)                                                                                     \
    X(JSON_ARRAY, 1)                                                                               \
    X(JSON_EXISTS, 1)                                                                              \
    X(JSON_OBJECT, 1)                                                                              \
    X(JSON_QUERY, 1)                                                                               \
    X(JSON_TABLE, 1)                                                                               \
    X(JSON_VALUE, 1)                                                                               \
    X(KEEP, 0)                                                                                     \
    X(KEY, 0)                                                                                      \
    X(KEYS, 0)                                                                                     \
    X(LAST, 0)                                                                                     \
    X(LATERAL, 0)                                                                                  \
    X(LEADING, 0)                                                                                  \
    X(LEFT, 1)                                                                                     \
    X(LIKE, 1)                                                                                     \
    X(LIMIT, 0)                                                                                    \
    X(LISTAGG, 1)                                                                                  \
    X(LOCAL, 0)                                                                                    \
    X(LOCALTIME, 1)                                                                                \
    X(LOCALTIMESTAMP, 1)                                                                           \
    X(MAP, 0)                                                                                      \
    X(MATCHED, 0)                                                                                  \
    X(MATCH_RECOGNIZE, 0)                                                                          \
    X(MEASURES, 0)                                                                                 \
    X(MERGE, 0)                                                                                    \
    X(MINUTE, 0)                                                                                   \
    X(MONTH, 0)                                                                                    \
    X(NATURAL, 1)                                                                                  \
    X(NEXT, 0)                                                                                     \
    X(NFC, 0)                                                                                      \
    X(NFD, 0)                                                                                      \
    X(NFKC, 0)                                                                                     \
    X(NFKD, 0)                                                                                     \
    X(NO, 0)                                                                                       \
    X(NORMALIZE, 1)                                                                                \
    X(NOT, 1)                                                                                      \
    X(NULL, 1)                                                                                     \
    X(NULLS, 0)                                                                                    \
    X(OBJECT, 0)                                                                                   \
    X(OF, 0)                                                                                       \
    X(OFFSET, 0)                                                                                   \
    X(OMIT, 0)                                                                                     \
    X(ON, 1)                                                                                       \
    X(ONLY, 0)                                                                                     \
    X(OPTIMIZE, 0)                                                                                 \
    X(OR, 1)                                                                                       \
    X(ORDER, 1)                                                                                    \
    X(ORDINALITY, 0)                                                                               \
    X(OUTER, 1)                                                                                    \
    X(OVER, 0)                                                                                     \
    X(OVERFLOW, 0)                                                                                 \
    X(PARTITION, 0)                                                                                \
    X(PASSING, 0)                                                                                  \
    X(POSITION, 0)                                                                                 \
    X(PRECEDING, 0)                                                                                \
    X(PRECISION, 0)                                                                                \
    X(PREPARE, 1)                                                                                  \
    X(QUOTES, 0)                                                                                   \
    X(RANGE, 0)                                                                                    \
    X(RECURSIVE, 1)                                                                                \
    X(REPLACE, 0)                                                                                  \
    X(RESPECT, 0)                                                                                  \
    X(RETURNING, 0)                                                                                \
    X(REWRITE, 0)                                                                                  \
    X(RIGHT, 1)                                                                                    \
    X(ROLLUP, 1)                                                                                   \
    X(ROW, 0)                                                                                      \
    X(ROWS, 0)                                                                                     \
    X(SCALAR, 0)                                                                                   \
    X(SECOND, 0)                                                                                   \
    X(SECURITY, 0)                                                                                 \
    X(SELECT, 1)                                                                                   \
    X(SET, 0)                                                                                      \
    X(SETS, 0)                                                                                     \
    X(SOME, 0)                                                                                     \
    X(STRING, 0)                                                                                   \
    X(SUBSTRING, 0)                                                                                \
    X(SYSTEM, 0)                                                                                   \
    X(TABLE, 1)                                                                                    \
    X(TABLESAMPLE, 0)                                                                              \
    X(THEN, 1)                                                                                     \
    X(TIES, 0)                                                                                     \
    X(TIME, 0)                                                                                     \
    X(TIMESTAMP, 0)                                                                                \
    X(TO, 0)                                                                                       \
    X(TRAILING, 0)                                                                                 \
    X(TRIM, 1)                                                                                     \
    X(TRUE, 1)                                                                                     \
    X(TRUNCATE, 0)                                                                                 \
    X(TRY_CAST, 0)                                                                                 \
    X(TYPE, 0)                                                                                     \
    X(UESCAPE, 1)                                                                                  \
    X(UNBOUNDED, 0)                                                                                \
    X(UNCONDITIONAL, 0)                                                                            \
    X(UNION, 1)                                                                                    \
    X(UNIQUE, 0)                                                                                   \
    X(UNKNOWN, 0)                                                                                  \
    X(UNLOAD, 0)                                                                                   \
    X(UNNEST, 1)                                                                                   \
    X(UPDATE, 0)                                                                                   \
    X(USING, 1)                                                                                    \
    X(UTF16, 0)                                                                                    \
    X(UTF32, 0)                                                                                    \
    X(UTF8, 0)                                                                                     \
    X(VACUUM, 0)                                                                                   \
    X(VALUE, 0)                                                                                    \
    X(VALUES, 1)                                                                                   \
    X(VERBOSE, 0)                                                                                  \
    X(VERSION, 0)                                                                                  \
    X(VIEW, 0)                                                                                     \
    X(WHEN, 1)                                                                                     \
    X(WHERE, 1)                                                                                    \
    X(WINDOW, 0)                                                                                   \
    X(WITH, 1)                                                                                     \
    X(WITHIN, 0)                                                                                   \
    X(WITHOUT, 0)                                                                                  \
    X(WRAPPER, 0)                                                                                  \
    X(YEAR, 0)                                                                                     \
    X(ZONE, 0)
/* X(NAME, label): how "Expecting" lists it. The last five are grammar rules, never tokens. */
#define LEX_SYMBOLS(X)                                                                             \
    X(EOF, "<EOF>")                                                                                \
    X(IDENT, "<identifier>")                                                                       \
    X(QUOTED, "<identifier>")                                                                      \
    X(BACKQUOTED, "<identifier>")                                                                  \
    X(DIGIT_IDENT, "<identifier>")                                                                 \
    X(STRING_LITERAL, "<string>")                                                                  \
    X(UNICODE_STRING, "<string>")                                                                  \
    X(BINARY_LITERAL, "<expression>")                                                              \
    X(INTEGER, "<integer>")                                                                        \
    X(DECIMAL, "<expression>")                                                                     \
    X(DOUBLE_NUMBER, "<expression>")                                                               \
    X(EQ, "'='")                                                                                   \
    X(NE, "'<>'")                                                                                  \
    X(LT, "'<'")                                                                                   \
    X(LE, "'<='")                                                                                  \
    X(GT, "'>'")                                                                                   \
    X(GE, "'>='")                                                                                  \
    X(PLUS, "'+'")                                                                                 \
    X(MINUS, "'-'")                                                                                \
    X(STAR, "'*'")                                                                                 \
    X(SLASH, "'/'")                                                                                \
    X(PERCENT, "'%'")                                                                              \
    X(CONCAT, "'||'")                                                                              \
    X(QUESTION, "'?'")                                                                             \
    X(SEMICOLON, "';'")                                                                            \
    X(COMMA, "','")                                                                                \
    X(DOT, "'.'")                                                                                  \
    X(COLON, "':'")                                                                                \
    X(LPAREN, "'('")                                                                               \
    X(RPAREN, "')'")                                                                               \
    X(LBRACKET, "'['")                                                                             \
    X(RBRACKET, "']'")                                                                             \
    X(ARROW, "'->'")                                                                               \
    X(DOUBLE_ARROW, "'=>'")                                                                        \
    X(UNRECOGNIZED, "<unknown>")                                                                   \
    X(RULE_EXPRESSION, "<expression>")                                                             \
    X(RULE_PREDICATE, "<predicate>")                                                               \
    X(RULE_QUERY, "<query>")                                                                       \
    X(RULE_TYPE, "<type>")                                                                         \
    X(RULE_STRING, "<string>")

enum lex_kind {
#define X(name, label) LEX_##name,
    LEX_SYMBOLS(X)
#undef X
#define X(word, reserved) LEX_##word,
        LEX_WORDS(X)
#undef X
            LEX_KINDS
};

struct lex_token {
    enum lex_kind kind;
    struct sql_pos pos;
    struct bytes text; /* as written */
    uint32_t partner;  /* '(': the index of its ')', or of the EOF when there is none */
};
struct lex_tokens {
    struct lex_token *items;
    size_t count; /* the EOF included */
};

/* Both keep views into `text`. ERR_NOMEM only. */
int lex_trino(struct arena *a, struct bytes text, struct lex_tokens *ret,
              struct err *e) WARN_UNUSED;
/* Hive: `..` is BACKQUOTED; '..' and ".." with backslashes are STRING_LITERAL; words are IDENT
 * (they may start with a digit); `||`, `->` and the like fall into single characters. */
int lex_hive(struct arena *a, struct bytes text, struct lex_tokens *ret, struct err *e) WARN_UNUSED;

/* How "Expecting" names a token kind: 'SELECT' with quotes, <identifier>. */
const char *lex_label(enum lex_kind kind);
/* May this token stand where an identifier is asked for (also those refused with their own text)?
 */
bool lex_is_identifier(enum lex_kind kind);
/* LEX_IDENT when `word` is no word of the grammar. */
enum lex_kind lex_word(struct bytes word);
bool lex_is_reserved(enum lex_kind kind);

/* 'it''s' to it's; the quotes are part of `text`. ptr NULL on no memory. */
struct bytes lex_unquote(struct arena *a, struct bytes text, char quote);
/* Hive's '..' or "..": \n \t \\ \' \" \001 \u0041; adjacent strings are one. */
struct bytes lex_unescape_hive(struct arena *a, struct bytes text);
/* U&'..' with its escape character. NULL, or what is wrong. */
const char *lex_decode_unicode(struct arena *a, struct bytes text, char escape, struct bytes *ret);
/* X'..': NULL, or what is wrong. */
const char *lex_decode_binary(struct arena *a, struct bytes text, struct bytes *ret);

#endif
