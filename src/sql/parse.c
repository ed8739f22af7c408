/* parse.c - the parser's cursor and its errors.
 *
 * The grammar is recursive descent over an array of tokens. Wherever the grammar could continue in
 * several ways the parser asks for each in turn; every question that is answered "no" is noted with
 * the token it was asked at. When nothing fits, the notes at that token are what Trino prints after
 * "Expecting". Asking at a later token forgets the notes of earlier ones, so the list is always
 * about the furthest point. */
#include "sql/parse_int.h"
#include <stdlib.h>

int parser_init(struct parser *p, struct arena *a, struct bytes text, struct err *e) {
    struct lex_tokens tokens;
    int rc = lex_trino(a, text, &tokens, e);
    if (rc != 0)
        return rc;
    *p = (struct parser){.arena = a,
                         .err = e,
                         .tokens = tokens.items,
                         .count = tokens.count,
                         .quiet_at = PARSE_NEVER};
    return 0;
}

void parser_advance(struct parser *p) {
    if (p->at + 1 < p->count)
        p->at++;
}

void parser_want(struct parser *p, enum lex_kind kind) {
    if (p->at == p->quiet_at)
        return;
    if (p->wanted_at != p->at) {
        memset(p->wanted, 0, sizeof(p->wanted));
        p->wanted_at = p->at;
    }
    p->wanted[kind] = 1;
}

bool parser_at_kind(struct parser *p, enum lex_kind kind) {
    if (tok(p)->kind == kind)
        return true;
    parser_want(p, kind);
    return false;
}

bool parser_accept(struct parser *p, enum lex_kind kind) {
    if (!parser_at_kind(p, kind))
        return false;
    parser_advance(p);
    return true;
}

bool parser_expect(struct parser *p, enum lex_kind kind) {
    return parser_accept(p, kind) || parser_mismatch(p);
}

void parser_enter_rule(struct parser *p, enum lex_kind rule) {
    parser_want(p, rule);
    p->quiet_at = p->at;
}

static int compare_labels(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "'A', 'B', <expression>": sorted, each once. */
static struct bytes expected_list(struct parser *p) {
    const char *labels[LEX_KINDS] = {0};
    size_t n = 0;
    for (int k = 0; k < LEX_KINDS; k++)
        if (p->wanted_at == p->at && p->wanted[k])
            labels[n++] = lex_label((enum lex_kind)k);
    qsort(labels, n, sizeof(labels[0]), compare_labels);
    struct bytes list = BYTES("");
    for (size_t i = 0; i < n; i++)
        if (i == 0)
            list = bytes_str(labels[i]);
        else if (strcmp(labels[i], labels[i - 1]) != 0)
            list = arena_fmt(p->arena, "%.*s, %s", BYTES_ARG(list), labels[i]);
    return list;
}

bool parser_mismatch(struct parser *p) {
    if (p->rc)
        return false;
    struct bytes list = expected_list(p);
    struct bytes text =
        tok(p)->kind == LEX_EOF ? BYTES("<EOF>") : bytes_slice(tok(p)->text, 0, 200);
    return parser_fail_at(p, pos_here(p), SYNTAX, "mismatched input '%.*s'. Expecting: %.*s",
                          BYTES_ARG(text), BYTES_ARG(list));
}

bool parser_fail_at(struct parser *p, struct sql_pos pos, const char *name, const char *fmt, ...) {
    if (p->rc)
        return false;
    va_list ap;
    va_start(ap, fmt);
    struct bytes text = arena_vfmt(p->arena, fmt, ap);
    va_end(ap);
    if (!text.ptr) {
        p->rc = err_set(p->err, ERR_NOMEM, NULL);
        return false;
    }
    p->rc = err_set_named(p->err, ERR_SQL, name, 0, "line %d:%d: %.*s", pos.line, pos.column,
                          BYTES_ARG(text));
    if (p->err) {
        p->err->line = pos.line;
        p->err->column = pos.column;
    }
    return false;
}

bool parser_unsupported(struct parser *p, struct sql_pos pos, const char *what) {
    return parser_fail_at(p, pos, "NOT_SUPPORTED", "%s is not supported", what);
}

bool parser_enter(struct parser *p) {
    if (p->rc)
        return false;
    if (p->depth >= PARSE_MAX_DEPTH)
        return parser_fail_at(
            p, pos_here(p), SYNTAX,
            "statement is nested too deep: at most %d levels of parentheses, calls and "
            "subqueries; split it with WITH",
            PARSE_MAX_DEPTH);
    p->depth++;
    return true;
}

int parser_chain_begin(struct parser *p) {
    int saved = p->tall;
    p->tall = 0;
    return saved;
}

bool parser_chain_link(struct parser *p, int *links) {
    ++*links;
    if (p->tall + *links <= PARSE_MAX_HEIGHT)
        return true;
    return parser_fail_at(p, pos_here(p), SYNTAX,
                          "statement chains more than %d operators or members; split it with WITH",
                          PARSE_MAX_HEIGHT);
}

void parser_chain_end(struct parser *p, int saved, int links) {
    int mine = p->tall + links;
    p->tall = MAX_OF(saved, mine);
}

void *parser_list_room(struct parser *p, void *items, size_t count, size_t item_size) {
    if (p->rc)
        return NULL;
    bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full)
        return items;
    void *bigger = arena_alloc(p->arena, MAX_OF(count * 2, (size_t)4) * item_size);
    if (!bigger) {
        p->rc = err_set(p->err, ERR_NOMEM, NULL);
        return NULL;
    }
    if (count)
        memcpy(bigger, items, count * item_size);
    return bigger;
}

void *parser_node(struct parser *p, size_t size) {
    void *node = p->rc ? NULL : arena_calloc(p->arena, size);
    if (!node && !p->rc)
        p->rc = err_set(p->err, ERR_NOMEM, NULL);
    return node;
}

struct sql_expr *parser_expr(struct parser *p, enum sql_expr_kind kind, struct sql_pos pos) {
    struct sql_expr *e = NODE(p, struct sql_expr);
    if (e) {
        e->kind = kind;
        e->pos = pos;
    }
    return e;
}

/* ---- names and small literals ---- */

static bool ident_text(struct parser *p, const struct lex_token *t, struct bytes *ret) {
    switch (t->kind) {
    case LEX_BACKQUOTED:
        return parser_fail_at(
            p, t->pos, SYNTAX,
            "backquoted identifiers are not supported; use double quotes to quote "
            "identifiers");
    case LEX_DIGIT_IDENT:
        return parser_fail_at(
            p, t->pos, SYNTAX,
            "identifiers must not start with a digit; surround the identifier with "
            "double quotes");
    case LEX_QUOTED:
        if (t->text.len == 2)
            return parser_fail_at(p, t->pos, SYNTAX,
                                  "Zero-length delimited identifier not allowed");
        *ret = lex_unquote(p->arena, t->text, '"');
        if (!ret->ptr)
            p->rc = err_set(p->err, ERR_NOMEM, NULL);
        return ret->ptr != NULL;
    default:
        *ret = t->text;
        return true;
    }
}

bool parse_ident(struct parser *p, struct sql_ident *ret) {
    const struct lex_token *t = tok(p);
    if (!lex_is_identifier(t->kind)) {
        parser_want(p, LEX_IDENT);
        return parser_mismatch(p);
    }
    ret->pos = t->pos;
    ret->quoted = t->kind == LEX_QUOTED;
    if (!ident_text(p, t, &ret->text))
        return false;
    parser_advance(p);
    return true;
}

bool parse_path(struct parser *p, struct sql_path *ret) {
    *ret = (struct sql_path){0};
    do {
        struct sql_ident part;
        if (!parse_ident(p, &part) || !LIST_ADD(p, ret->parts, ret->count, part))
            return false;
    } while (parser_accept(p, LEX_DOT));
    return true;
}

bool parse_idents_in_parens(struct parser *p, struct sql_idents *ret) {
    if (!parser_expect(p, LEX_LPAREN))
        return false;
    do {
        struct sql_ident ident;
        if (!parse_ident(p, &ident) || !LIST_ADD(p, ret->items, ret->count, ident))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return parser_expect(p, LEX_RPAREN);
}

/* U&'..' [UESCAPE '!'] */
static bool parse_unicode_string(struct parser *p, struct bytes *ret) {
    const struct lex_token *t = tok(p);
    char escape = '\\';
    parser_advance(p);
    if (parser_accept(p, LEX_UESCAPE)) {
        const struct lex_token *u = tok(p);
        if (!parser_expect(p, LEX_STRING_LITERAL))
            return false;
        if (u->text.len == 2)
            return parser_fail_at(p, t->pos, SYNTAX, "Empty Unicode escape character");
        escape = u->text.ptr[1];
        if (u->text.len != 3 || escape <= 0x20 || strchr("+'\"0123456789abcdefABCDEF", escape))
            return parser_fail_at(p, t->pos, SYNTAX, "Invalid Unicode escape character: %.*s",
                                  BYTES_ARG(bytes_slice(u->text, 1, u->text.len - 1)));
    }
    const char *wrong = lex_decode_unicode(p->arena, t->text, escape, ret);
    return !wrong || parser_fail_at(p, t->pos, SYNTAX, "%s", wrong);
}

bool parse_string(struct parser *p, struct bytes *ret) {
    if (tok(p)->kind == LEX_UNICODE_STRING)
        return parse_unicode_string(p, ret);
    if (!parser_at_kind(p, LEX_STRING_LITERAL))
        return parser_mismatch(p);
    *ret = lex_unquote(p->arena, tok(p)->text, '\'');
    if (!ret->ptr) {
        p->rc = err_set(p->err, ERR_NOMEM, NULL);
        return false;
    }
    parser_advance(p);
    return true;
}

bool parse_small_int(struct parser *p, int64_t *ret) {
    const struct lex_token *t = tok(p);
    if (!parser_expect(p, LEX_INTEGER))
        return false;
    return bytes_to_i64(t->text, ret) ||
           parser_fail_at(p, t->pos, SYNTAX, "Invalid numeric literal: %.*s", BYTES_ARG(t->text));
}

/* ---- looking past brackets ---- */

size_t find_in_parens(const struct parser *p, size_t open, enum lex_kind kind,
                      enum lex_kind not_after) {
    size_t close = p->tokens[open].partner;
    for (size_t i = open + 1; i < close; i++) {
        if (p->tokens[i].kind == LEX_LPAREN)
            i = p->tokens[i].partner;
        else if (p->tokens[i].kind == kind &&
                 (not_after == LEX_EOF || p->tokens[i - 1].kind != not_after))
            return i;
    }
    return 0;
}

bool starts_query(enum lex_kind kind) {
    return kind == LEX_SELECT || kind == LEX_WITH || kind == LEX_VALUES || kind == LEX_TABLE;
}

/* ((SELECT 1) UNION ...) is a query, ((SELECT 1) + 1) and ((SELECT 1) AS t JOIN u ...) are not. */
bool is_query_paren(const struct parser *p, size_t open) {
    for (;;) {
        enum lex_kind inner = kind_at(p, open + 1);
        if (inner != LEX_LPAREN)
            return starts_query(inner);
        size_t after = (size_t)p->tokens[open + 1].partner + 1;
        enum lex_kind next = kind_at(p, after);
        bool goes_on = next == LEX_RPAREN || next == LEX_EOF || next == LEX_UNION ||
                       next == LEX_INTERSECT || next == LEX_EXCEPT || next == LEX_ORDER ||
                       next == LEX_LIMIT || next == LEX_OFFSET || next == LEX_FETCH;
        if (!goes_on)
            return false;
        open++;
    }
}
