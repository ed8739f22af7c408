/* json_path_parse.c - a path's text to its tree.
 *
 * The text is cut into tokens first; every '(' learns where its ')' is. That decides the one choice
 * that a token of lookahead cannot: whether "(" starts a predicate in parentheses or a path
 * expression in parentheses that is compared with something, which shows behind the ")". So nothing
 * is parsed twice. Keywords are not reserved: ".type" is a member, ".type()" a method. */
#include "base/mem.h"
#include "duck/json_path_int.h"
#include <ctype.h>

#define MAX_TOKENS 20000
#define MAX_DEPTH 200

enum token_kind { T_END, T_WORD, T_VARIABLE, T_STRING, T_NUMBER, T_SYMBOL };
struct token {
    enum token_kind kind;
    struct bytes text; /* without quotes, still with doubled ones */
    size_t at, close;  /* of '(': index of its ')' */
};
struct path_parser {
    struct json_path *path;
    struct arena *a;
    struct token *tokens;
    size_t count, at;
    int depth, rc;
    struct err *e;
};

static void *fail_at(struct path_parser *p, const char *name, const char *fmt, const char *what,
                     struct bytes text, size_t at) {
    if (!p->rc) {
        p->rc = err_set_named(p->e, ERR_SQL, name, 0, fmt, what, BYTES_ARG(text));
        if (p->e)
            p->e->column = (int)at + 1;
    }
    return NULL;
}
static void *no_memory(struct path_parser *p) {
    if (!p->rc)
        p->rc = err_set(p->e, ERR_NOMEM, NULL);
    return NULL;
}
static const struct token *here(const struct path_parser *p) {
    return &p->tokens[p->at];
}
static void *mismatch(struct path_parser *p, const char *expecting) {
    const struct token *t = here(p);
    if (t->kind == T_END)
        return fail_at(p, "SYNTAX_ERROR", "JSON path: expecting %s at the end%.*s", expecting,
                       BYTES(""), t->at);
    return fail_at(p, "SYNTAX_ERROR", "JSON path: expecting %s instead of '%.*s'", expecting,
                   bytes_slice(t->text, 0, MIN_OF(t->text.len, (size_t)60)), t->at);
}

/* ---- tokens ---- */
static bool word_start(char c) {
    return isalpha((unsigned char)c) || c == '_';
}
static size_t word_end(struct bytes t, size_t at) {
    while (at < t.len && (word_start(t.ptr[at]) || isdigit((unsigned char)t.ptr[at])))
        at++;
    return at;
}
static size_t digits_end(struct bytes t, size_t at) {
    while (at < t.len && isdigit((unsigned char)t.ptr[at]))
        at++;
    return at;
}
static size_t number_end(struct bytes t, size_t at) {
    at = digits_end(t, at);
    if (at < t.len && t.ptr[at] == '.')
        at = digits_end(t, at + 1);
    if (at < t.len && (t.ptr[at] | 32) == 'e') {
        size_t k = at + 1 + (at + 1 < t.len && strchr("+-", t.ptr[at + 1]) && t.ptr[at + 1]);
        if (k < t.len && isdigit((unsigned char)t.ptr[k]))
            at = digits_end(t, k);
    }
    return at;
}
static size_t symbol_size(struct bytes t, size_t at) {
    static const char *const doubles[] = {"..", "==", "<>", "!=", "<=", ">=", "&&", "||"};
    for (size_t i = 0; i < COUNT_OF(doubles); i++)
        if (bytes_starts_with(bytes_slice(t, at, t.len), bytes_str(doubles[i])))
            return 2;
    return t.ptr[at] && strchr(".*[](),?$@+-/%!<>", t.ptr[at]) ? 1 : 0;
}
/* Past the string that starts at `at`; 0 when it does not end. A doubled quote is a quote. */
static size_t string_end(struct bytes t, size_t at) {
    for (size_t i = at + 1; i < t.len; i++) {
        if (t.ptr[i] != '"')
            continue;
        if (i + 1 < t.len && t.ptr[i + 1] == '"')
            i++;
        else
            return i + 1;
    }
    return 0;
}
static size_t next_token(struct bytes t, size_t at, struct token *k) {
    char c = t.ptr[at];
    size_t end;
    if (word_start(c)) {
        k->kind = T_WORD;
        end = word_end(t, at);
    } else if (c == '$' && at + 1 < t.len && word_start(t.ptr[at + 1])) {
        k->kind = T_VARIABLE;
        end = word_end(t, at + 1);
        k->text = bytes_slice(t, at + 1, end);
        return end;
    } else if (isdigit((unsigned char)c) ||
               (c == '.' && at + 1 < t.len && isdigit((unsigned char)t.ptr[at + 1]))) {
        k->kind = T_NUMBER;
        end = number_end(t, at);
    } else if (c == '"') {
        k->kind = T_STRING;
        end = string_end(t, at);
        k->text = bytes_slice(t, at + 1, end ? end - 1 : t.len);
        return end;
    } else {
        k->kind = T_SYMBOL;
        end = at + symbol_size(t, at);
        end = end == at ? 0 : end;
    }
    k->text = bytes_slice(t, at, end ? end : at + 1);
    return end;
}
/* Notes in every '(' where its ')' is; without one, at the end. */
static bool match_parentheses(struct path_parser *p) {
    size_t *open = ARENA_NEW_N(p->a, size_t, p->count + 1), depth = 0;
    if (!open)
        return no_memory(p) != NULL;
    for (size_t i = 0; i < p->count; i++) {
        struct token *t = &p->tokens[i];
        t->close = p->count;
        if (t->kind != T_SYMBOL)
            continue;
        if (t->text.ptr[0] == '(')
            open[depth++] = i;
        else if (t->text.ptr[0] == ')' && depth)
            p->tokens[open[--depth]].close = i;
    }
    return true;
}
static bool tokenize(struct path_parser *p, struct bytes t) {
    p->tokens = ARENA_NEW_N(p->a, struct token, MIN_OF(t.len, (size_t)MAX_TOKENS) + 2);
    if (!p->tokens)
        return no_memory(p) != NULL;
    for (size_t at = 0; at < t.len;) {
        if (strchr(" \r\n\t", t.ptr[at]) && t.ptr[at]) {
            at++;
            continue;
        }
        struct token *k = &p->tokens[p->count];
        if (p->count == MAX_TOKENS)
            return fail_at(p, "SYNTAX_ERROR", "JSON path: %s%.*s", "too long", BYTES(""), at) !=
                   NULL;
        k->at = at;
        size_t end = next_token(t, at, k);
        if (!end)
            return fail_at(p, "SYNTAX_ERROR", "JSON path: %s at '%.*s'", "not understood",
                           bytes_slice(t, at, MIN_OF(at + 20, t.len)), at) != NULL;
        p->count++;
        at = end;
    }
    p->tokens[p->count].at = t.len;
    return match_parentheses(p);
}

static bool is_symbol(const struct token *t, const char *text) {
    return t->kind == T_SYMBOL && bytes_eq_str(t->text, text);
}
static bool is_word(const struct token *t, const char *text) {
    return t->kind == T_WORD && bytes_eq_str(t->text, text);
}
static bool accept(struct path_parser *p, const char *symbol) {
    bool is = is_symbol(here(p), symbol);
    p->at += is;
    return is;
}
static bool accept_word(struct path_parser *p, const char *word) {
    bool is = is_word(here(p), word);
    p->at += is;
    return is;
}
static bool expect(struct path_parser *p, const char *symbol) {
    return accept(p, symbol) || mismatch(p, symbol) != NULL;
}

/* ---- nodes ---- */
static struct path_node *node(struct path_parser *p, enum path_kind kind, struct path_node *left,
                              struct path_node *right) {
    struct path_node *n = ARENA_NEW(p->a, struct path_node);
    if (!n)
        return no_memory(p);
    n->kind = kind;
    n->left = left;
    n->right = right;
    return n;
}
/* A string's text with its doubled quotes undone. */
static struct bytes unquoted(struct path_parser *p, struct bytes t) {
    struct buf b = {0};
    if (!memchr(t.ptr, '"', t.len))
        return t;
    for (size_t i = 0; i < t.len; i++) {
        buf_add_char(&b, t.ptr[i]);
        i += t.ptr[i] == '"';
    }
    struct bytes r = arena_copy(p->a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}
static struct path_node *literal(struct path_parser *p, struct json_tree *value) {
    struct path_node *n = node(p, PATH_LITERAL, NULL, NULL);
    if (!value)
        return no_memory(p);
    if (n)
        n->literal = value;
    return n;
}

static struct path_node *expression(struct path_parser *p);
static struct path_node *predicate(struct path_parser *p);

static bool deeper(struct path_parser *p) {
    if (++p->depth <= MAX_DEPTH)
        return true;
    fail_at(p, "SYNTAX_ERROR", "%s%.*s", "stack overflow while parsing JSON path", BYTES(""),
            here(p)->at);
    return false;
}

/* ---- primaries ---- */
static struct path_node *number(struct path_parser *p, bool minus) {
    const struct token *t = here(p);
    struct json_number n;
    struct bytes text = minus ? arena_fmt(p->a, "-%.*s", BYTES_ARG(t->text)) : t->text;
    if (!json_number_literal(text, &n))
        return fail_at(p, "INVALID_LITERAL", "JSON path: %s '%.*s'", "invalid numeric literal",
                       t->text, t->at);
    p->at++;
    return literal(p, json_tree_number(p->a, &n));
}
static struct path_node *variable(struct path_parser *p) {
    struct json_path *path = p->path;
    struct bytes name = p->tokens[p->at++].text;
    size_t i = 0;
    while (i < path->variable_count && !bytes_eq(path->variables[i], name))
        i++;
    if (i == path->variable_room) {
        size_t room = path->variable_room * 2 + 4;
        struct bytes *grown = ARENA_NEW_N(p->a, struct bytes, room);
        if (!grown)
            return no_memory(p);
        if (i)
            memcpy(grown, path->variables, i * sizeof(*grown));
        path->variables = grown;
        path->variable_room = room;
    }
    if (i == path->variable_count)
        path->variables[path->variable_count++] = name;
    struct path_node *n = node(p, PATH_VARIABLE, NULL, NULL);
    if (n)
        n->variable = i;
    return n;
}
static struct path_node *boolean(struct path_parser *p, bool value) {
    struct json_tree *t = json_tree_new(p->a, JSON_TREE_BOOLEAN);
    if (t)
        t->boolean = value;
    return literal(p, t);
}
static struct path_node *primary(struct path_parser *p) {
    const struct token *t = here(p);
    if (is_symbol(t, "-") && t[1].kind == T_NUMBER) {
        p->at++;
        return number(p, true);
    }
    if (t->kind == T_NUMBER)
        return number(p, false);
    if (t->kind == T_VARIABLE)
        return variable(p);
    if (t->kind == T_STRING) {
        p->at++;
        return literal(p, json_tree_string(p->a, unquoted(p, t->text)));
    }
    if (accept(p, "$"))
        return node(p, PATH_ROOT, NULL, NULL);
    if (accept(p, "@"))
        return node(p, PATH_CURRENT, NULL, NULL);
    if (accept_word(p, "last"))
        return node(p, PATH_LAST, NULL, NULL);
    if (accept_word(p, "null"))
        return literal(p, json_tree_new(p->a, JSON_TREE_NULL));
    if (is_word(t, "true") || is_word(t, "false")) {
        p->at++;
        return boolean(p, is_word(t, "true"));
    }
    if (!accept(p, "("))
        return mismatch(p, "a path");
    struct path_node *n = expression(p);
    return n && expect(p, ")") ? n : NULL;
}

/* ---- accessors ---- */
static struct path_node *subscripts(struct path_parser *p, struct path_node *base) {
    struct path_node *n = node(p, PATH_ARRAY, base, NULL);
    struct path_subscript **tail = n ? &n->subscripts : NULL;
    if (!n)
        return NULL;
    if (accept(p, "*"))
        return expect(p, "]") ? n : NULL;
    do {
        struct path_subscript *s = ARENA_NEW(p->a, struct path_subscript);
        if (!s)
            return no_memory(p);
        if (!(s->from = expression(p)) || (accept_word(p, "to") && !(s->to = expression(p))))
            return NULL;
        *tail = s;
        tail = &s->next;
    } while (accept(p, ","));
    return expect(p, "]") ? n : NULL;
}
static bool method_of(struct bytes name, enum path_kind *ret) {
    static const struct {
        const char *name;
        enum path_kind kind;
    } methods[] = {{"type", PATH_TYPE},        {"size", PATH_SIZE},   {"double", PATH_DOUBLE},
                   {"ceiling", PATH_CEILING},  {"floor", PATH_FLOOR}, {"abs", PATH_ABS},
                   {"keyvalue", PATH_KEYVALUE}};
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (bytes_eq_str(name, methods[i].name)) {
            *ret = methods[i].kind;
            return true;
        }
    return false;
}
static struct path_node *member(struct path_parser *p, struct path_node *base, bool descent) {
    const struct token *t = here(p);
    enum path_kind method;
    struct path_node *n = node(p, descent ? PATH_DESCENT : PATH_MEMBER, base, NULL);
    if (!n)
        return NULL;
    if (!descent && accept(p, "*")) {
        n->any = true;
        return n;
    }
    if (t->kind != T_WORD && t->kind != T_STRING)
        return mismatch(p, "a member's name");
    p->at++;
    n->name = t->kind == T_STRING ? unquoted(p, t->text) : t->text;
    if (t->kind == T_STRING || descent || !is_symbol(here(p), "("))
        return n;
    if (bytes_eq_str(n->name, "datetime"))
        return fail_at(p, "NOT_SUPPORTED", "%s%.*s",
                       "datetime method in JSON path is not yet supported", BYTES(""), t->at);
    if (!method_of(n->name, &method))
        return mismatch(p, "no '('");
    n->kind = method;
    p->at++;
    return expect(p, ")") ? n : NULL;
}
static struct path_node *filter(struct path_parser *p, struct path_node *base) {
    if (!expect(p, "("))
        return NULL;
    struct path_node *condition = predicate(p);
    return condition && expect(p, ")") ? node(p, PATH_FILTER, base, condition) : NULL;
}
static struct path_node *accessors(struct path_parser *p) {
    struct path_node *n = primary(p);
    for (int links = 0; n; links++) {
        if (links > 1000)
            return mismatch(p, "fewer accessors");
        if (accept(p, "."))
            n = member(p, n, false);
        else if (accept(p, ".."))
            n = member(p, n, true);
        else if (accept(p, "["))
            n = subscripts(p, n);
        else if (accept(p, "?"))
            n = filter(p, n);
        else
            break;
    }
    return n;
}

/* ---- arithmetic ---- */
static struct path_node *with_op(struct path_node *n, int op) {
    if (n)
        n->op = op;
    return n;
}
static struct path_node *unary(struct path_parser *p) {
    const struct token *t = here(p);
    bool sign = is_symbol(t, "+") || (is_symbol(t, "-") && t[1].kind != T_NUMBER);
    if (!sign)
        return accessors(p);
    if (!deeper(p))
        return NULL;
    p->at++;
    struct path_node *x = unary(p);
    p->depth--;
    return x ? with_op(node(p, PATH_UNARY, x, NULL), t->text.ptr[0]) : NULL;
}
static struct path_node *operators(struct path_parser *p, const char *ops,
                                   struct path_node *(*operand)(struct path_parser *)) {
    struct path_node *l = operand(p);
    for (int links = 0; l; links++) {
        const struct token *t = here(p);
        if (t->kind != T_SYMBOL || t->text.len != 1 || !strchr(ops, t->text.ptr[0]))
            return l;
        if (links > 1000)
            return mismatch(p, "fewer operators");
        p->at++;
        struct path_node *r = operand(p);
        l = r ? with_op(node(p, PATH_BINARY, l, r), t->text.ptr[0]) : NULL;
    }
    return l;
}
static struct path_node *product(struct path_parser *p) {
    return operators(p, "*/%", unary);
}
static struct path_node *expression(struct path_parser *p) {
    if (!deeper(p))
        return NULL;
    struct path_node *n = operators(p, "+-", product);
    p->depth--;
    return n;
}

/* ---- predicates ---- */
static bool comparison_of(const struct token *t, int *ret) {
    static const char *const signs[] = {"==", "<>", "<", ">", "<=", ">="};
    if (is_symbol(t, "!=")) {
        *ret = PATH_NE;
        return true;
    }
    for (int i = 0; i < (int)COUNT_OF(signs); i++)
        if (is_symbol(t, signs[i])) {
            *ret = i;
            return true;
        }
    return false;
}
/* What may follow a path expression inside a predicate, but no predicate. */
static bool continues_path(const struct token *t) {
    int op;
    return comparison_of(t, &op) || is_word(t, "like_regex") || is_word(t, "starts") ||
           (t->kind == T_SYMBOL && t->text.len == 1 && strchr(".[?*/%+-", t->text.ptr[0])) ||
           is_symbol(t, "..");
}
static struct path_node *starts_with(struct path_parser *p, struct path_node *whole) {
    if (!accept_word(p, "with"))
        return mismatch(p, "with");
    if (here(p)->kind != T_STRING && here(p)->kind != T_VARIABLE)
        return mismatch(p, "a string");
    struct path_node *initial = primary(p);
    return initial ? node(p, PATH_STARTS, whole, initial) : NULL;
}
static struct path_node *like_regex(struct path_parser *p, struct path_node *whole) {
    struct bytes pattern, flags = {0};
    if (here(p)->kind != T_STRING)
        return mismatch(p, "a string");
    pattern = unquoted(p, p->tokens[p->at++].text);
    if (accept_word(p, "flag")) {
        if (here(p)->kind != T_STRING)
            return mismatch(p, "a string");
        flags = unquoted(p, p->tokens[p->at++].text);
    }
    struct path_node *n = node(p, PATH_REGEX, whole, NULL);
    if (!n)
        return NULL;
    p->rc = path_compile_regex(p->path, n, pattern, flags, p->e);
    return p->rc ? NULL : n;
}
static struct path_node *comparison(struct path_parser *p) {
    int op;
    struct path_node *l = expression(p);
    if (!l)
        return NULL;
    if (accept_word(p, "like_regex"))
        return like_regex(p, l);
    if (accept_word(p, "starts"))
        return starts_with(p, l);
    if (!comparison_of(here(p), &op))
        return mismatch(p, "a comparison");
    p->at++;
    struct path_node *r = expression(p);
    return r ? with_op(node(p, PATH_COMPARE, l, r), op) : NULL;
}
/* exists(path) or (predicate) */
static struct path_node *delimited(struct path_parser *p) {
    struct path_node *n;
    if (is_word(here(p), "exists")) {
        p->at++;
        if (!expect(p, "("))
            return NULL;
        n = expression(p);
        return n && expect(p, ")") ? node(p, PATH_EXISTS, n, NULL) : NULL;
    }
    if (!expect(p, "("))
        return NULL;
    n = predicate(p);
    return n && expect(p, ")") ? n : NULL;
}
static struct path_node *predicate_primary(struct path_parser *p) {
    const struct token *t = here(p);
    if (accept(p, "!")) {
        struct path_node *n = delimited(p);
        return n ? node(p, PATH_NOT, n, NULL) : NULL;
    }
    bool group =
        is_symbol(t, "(") && t->close < p->count && !continues_path(&p->tokens[t->close + 1]);
    if (!group && !(is_word(t, "exists") && is_symbol(t + 1, "(")))
        return comparison(p);
    struct path_node *n = delimited(p);
    if (n && group && accept_word(p, "is"))
        return accept_word(p, "unknown") ? node(p, PATH_UNKNOWN, n, NULL) : mismatch(p, "unknown");
    return n;
}
static struct path_node *conjunction(struct path_parser *p) {
    struct path_node *l = predicate_primary(p);
    for (int links = 0; l && accept(p, "&&"); links++) {
        struct path_node *r = links > 1000 ? mismatch(p, "fewer terms") : predicate_primary(p);
        l = r ? node(p, PATH_AND, l, r) : NULL;
    }
    return l;
}
static struct path_node *predicate(struct path_parser *p) {
    if (!deeper(p))
        return NULL;
    struct path_node *l = conjunction(p);
    for (int links = 0; l && accept(p, "||"); links++) {
        struct path_node *r = links > 1000 ? mismatch(p, "fewer terms") : conjunction(p);
        l = r ? node(p, PATH_OR, l, r) : NULL;
    }
    p->depth--;
    return l;
}

static void parse(struct path_parser *p) {
    if (accept_word(p, "strict"))
        p->path->strict = true;
    else if (!accept_word(p, "lax")) {
        mismatch(p, "lax or strict");
        return;
    }
    p->path->root = expression(p);
    if (p->path->root && here(p)->kind != T_END)
        mismatch(p, "the end");
}

int json_path_compile(struct bytes text, struct json_path **ret, struct err *e) {
    struct json_path *path = mem_calloc(1, sizeof(*path));
    if (!path)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&path->arena, (size_t)16 << 20);
    struct path_parser p = {.path = path, .a = &path->arena, .e = e};
    struct bytes own = arena_copy(p.a, text);
    if (!own.ptr && text.len)
        no_memory(&p);
    else if (tokenize(&p, own))
        parse(&p);
    if (p.a->failed && !p.rc)
        no_memory(&p);
    if (p.rc)
        json_path_free(&path);
    else
        *ret = path;
    return p.rc;
}

void json_path_free(struct json_path **p) {
    if (!*p)
        return;
    for (struct path_node *n = (*p)->regexes; n; n = n->next_regex) {
        pcre2_code_free(n->regex);
        pcre2_match_data_free(n->match);
    }
    arena_clear(&(*p)->arena);
    mem_free(*p);
    *p = NULL;
}

size_t json_path_variables(const struct json_path *p, const struct bytes **ret_names) {
    *ret_names = p->variables;
    return p->variable_count;
}
