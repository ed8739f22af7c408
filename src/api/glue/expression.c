/* expression.c - GetPartitions' filter: recursive descent into a small tree, then three-valued
 * evaluation as SQL has it.
 *
 *     or   := and { OR and }        and := not { AND not }       not := [NOT] test
 *     test := '(' or ')'
 *           | key ( op literal | [NOT] IN '(' literal, ... ')' | [NOT] BETWEEN literal AND literal
 *                 | [NOT] LIKE literal | IS [NOT] NULL )
 *
 * A literal is 'text' ('' for a quote), a bare word or a number, and must be a value of the key's
 * type. Keys, literals, AND and OR may stand in parentheses of their own, as AWS lets them. The
 * value
 * __HIVE_DEFAULT_PARTITION__ is NULL to IS NULL but an ordinary text to comparisons, since clients
 * compare with it by name. */
#include "api/glue/expression.h"
#include "api/glue/expression_literal.h"
#include "catalog/value.h"

enum node_kind { NODE_OR, NODE_AND, NODE_NOT, NODE_COMPARE, NODE_IN, NODE_LIKE, NODE_IS_NULL };
enum node_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct expression {
    enum node_kind kind;
    enum node_op op;
    size_t key;
    const struct type *type;
    struct bytes *literals;
    size_t literal_count;
    const struct expression *left, *right;
};

enum token_kind { TOK_END, TOK_WORD, TOK_STRING, TOK_OP, TOK_OPEN, TOK_CLOSE, TOK_COMMA, TOK_BAD };
struct token {
    enum token_kind kind;
    struct bytes text;
    enum node_op op;
};
struct parser {
    struct arena *a;
    struct bytes whole, rest;
    struct token tok;
    const struct expression_key *keys;
    size_t key_count;
    int depth;
    bool refused; /* e says why: not only "unsupported" */
    struct err *e;
};

/* ---- tokens ---- */
static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+' || c == ':' || c == '$' || (unsigned char)c >= 0x80;
}

static struct token quoted(struct parser *p, char quote) {
    struct buf out = {0};
    struct token t = {.kind = TOK_BAD};
    size_t i = 1;
    for (; i < p->rest.len; i++) {
        if (p->rest.ptr[i] == quote) {
            if (i + 1 >= p->rest.len || p->rest.ptr[i + 1] != quote)
                break;
            i++;
        }
        buf_add_char(&out, p->rest.ptr[i]);
    }
    if (i < p->rest.len) {
        t.kind = quote == '\'' ? TOK_STRING : TOK_WORD;
        t.text = arena_copy(p->a, buf_bytes(&out));
        p->rest = bytes_slice(p->rest, i + 1, p->rest.len);
    }
    buf_clear(&out);
    return t;
}

static struct token operator_token(struct parser *p) {
    static const struct {
        const char *text;
        enum node_op op;
    } ops[] = {{"<>", OP_NE}, {"!=", OP_NE}, {"<=", OP_LE}, {">=", OP_GE},
               {"=", OP_EQ},  {"<", OP_LT},  {">", OP_GT}};
    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (bytes_starts_with(p->rest, bytes_str(ops[i].text))) {
            p->rest = bytes_slice(p->rest, strlen(ops[i].text), p->rest.len);
            return (struct token){.kind = TOK_OP, .op = ops[i].op};
        }
    return (struct token){.kind = TOK_BAD};
}

static struct token scan(struct parser *p) {
    p->rest = bytes_trim(p->rest);
    if (p->rest.len == 0)
        return (struct token){.kind = TOK_END};
    char c = p->rest.ptr[0];
    if (c == '\'' || c == '"' || c == '`')
        return quoted(p, c);
    if (c == '(' || c == ')' || c == ',') {
        p->rest = bytes_slice(p->rest, 1, p->rest.len);
        return (struct token){.kind = c == '(' ? TOK_OPEN : c == ')' ? TOK_CLOSE : TOK_COMMA};
    }
    if (!is_word(c))
        return operator_token(p);
    size_t n = 1;
    while (n < p->rest.len && is_word(p->rest.ptr[n]))
        n++;
    struct token t = {.kind = TOK_WORD, .text = bytes_slice(p->rest, 0, n)};
    p->rest = bytes_slice(p->rest, n, p->rest.len);
    return t;
}
static void next(struct parser *p) {
    p->tok = scan(p);
}
static bool take_word(struct parser *p, const char *word) {
    if (p->tok.kind != TOK_WORD || !bytes_eq_nocase(p->tok.text, bytes_str(word)))
        return false;
    next(p);
    return true;
}

/* ---- grammar: each returns NULL with p->e filled ---- */
static struct expression *bad(struct parser *p) {
    if (!p->refused)
        err_set(p->e, ERR_INVALID_INPUT, "Unsupported expression '%.*s'.", BYTES_ARG(p->whole));
    return NULL;
}
static struct expression *node(struct parser *p, enum node_kind kind, const struct expression *left,
                               const struct expression *right) {
    struct expression *x = ARENA_NEW(p->a, struct expression);
    if (!x) {
        err_set(p->e, ERR_NOMEM, NULL);
        return NULL;
    }
    x->kind = kind;
    x->left = left;
    x->right = right;
    return x;
}

/* ---- parentheses around one thing ---- */
static size_t take_opens(struct parser *p) {
    size_t n = 0;
    for (; p->tok.kind == TOK_OPEN; n++)
        next(p);
    return n;
}
static bool take_closes(struct parser *p, size_t n) {
    for (; n && p->tok.kind == TOK_CLOSE; n--)
        next(p);
    return n == 0;
}

/* `word`, or "(word)": tried on a copy, since a group may begin here instead. */
static bool take_joint(struct parser *p, const char *word) {
    struct parser ahead = *p;
    size_t n = take_opens(&ahead);
    if (!take_word(&ahead, word) || !take_closes(&ahead, n))
        return false;
    *p = ahead;
    return true;
}

/* The name of a key, in as many parentheses as close right behind it. */
static bool take_key(struct parser *p, struct bytes *ret) {
    struct parser ahead = *p;
    size_t n = take_opens(&ahead);
    if (ahead.tok.kind != TOK_WORD)
        return false;
    *ret = ahead.tok.text;
    next(&ahead);
    if (!take_closes(&ahead, n))
        return false;
    *p = ahead;
    return true;
}

static bool take_literal(struct parser *p, struct expression *x) {
    size_t opens = take_opens(p);
    if (p->tok.kind != TOK_STRING && p->tok.kind != TOK_WORD)
        return false;
    if (x->kind != NODE_LIKE && expression_check_literal(x->type, p->tok.text, p->e)) {
        p->refused = true;
        return false;
    }
    struct bytes *grown = ARENA_NEW_N(p->a, struct bytes, x->literal_count + 1);
    if (!grown)
        return false;
    if (x->literal_count)
        memcpy(grown, x->literals, x->literal_count * sizeof *grown);
    grown[x->literal_count++] = p->tok.text;
    x->literals = grown;
    next(p);
    return take_closes(p, opens);
}

static struct expression *parse_or(struct parser *p);

static struct expression *parse_in(struct parser *p, struct expression *x) {
    x->kind = NODE_IN;
    if (p->tok.kind != TOK_OPEN)
        return bad(p);
    do {
        next(p);
        if (!take_literal(p, x))
            return bad(p);
    } while (p->tok.kind == TOK_COMMA);
    if (p->tok.kind != TOK_CLOSE)
        return bad(p);
    next(p);
    return x;
}

static struct expression *parse_between(struct parser *p, struct expression *low) {
    struct expression *high = node(p, NODE_COMPARE, NULL, NULL);
    if (!high)
        return NULL;
    low->kind = NODE_COMPARE;
    low->op = OP_GE;
    high->op = OP_LE;
    high->key = low->key;
    high->type = low->type;
    if (!take_literal(p, low) || !take_word(p, "and") || !take_literal(p, high))
        return bad(p);
    return node(p, NODE_AND, low, high);
}

static struct expression *parse_compare(struct parser *p, struct expression *x) {
    x->kind = NODE_COMPARE;
    x->op = p->tok.op;
    if (p->tok.kind != TOK_OP)
        return bad(p);
    next(p);
    return take_literal(p, x) ? x : bad(p);
}

static struct expression *parse_is(struct parser *p, struct expression *x) {
    bool negate = take_word(p, "not");
    x->kind = NODE_IS_NULL;
    if (!take_word(p, "null"))
        return bad(p);
    return negate ? node(p, NODE_NOT, x, NULL) : x;
}

static struct expression *parse_test_of(struct parser *p, struct expression *x) {
    if (take_word(p, "is"))
        return parse_is(p, x);
    bool negate = take_word(p, "not");
    struct expression *r;
    if (take_word(p, "in"))
        r = parse_in(p, x);
    else if (take_word(p, "between"))
        r = parse_between(p, x);
    else if (take_word(p, "like")) {
        x->kind = NODE_LIKE;
        p->refused = expression_check_like(x->type, p->e) != 0;
        r = !p->refused && take_literal(p, x) ? x : bad(p);
    } else
        r = negate ? bad(p) : parse_compare(p, x);
    return r && negate ? node(p, NODE_NOT, r, NULL) : r;
}

static struct expression *parse_group(struct parser *p) {
    next(p);
    struct expression *x = parse_or(p);
    if (!x)
        return NULL;
    if (p->tok.kind != TOK_CLOSE)
        return bad(p);
    next(p);
    return x;
}

static struct expression *parse_test(struct parser *p) {
    struct bytes name;
    if (!take_key(p, &name))
        return p->tok.kind == TOK_OPEN ? parse_group(p) : bad(p);
    struct expression *x = node(p, NODE_COMPARE, NULL, NULL);
    if (!x)
        return NULL;
    while (x->key < p->key_count && !bytes_eq_nocase(p->keys[x->key].name, name))
        x->key++;
    if (x->key == p->key_count) {
        p->refused = true;
        err_set(p->e, ERR_INVALID_INPUT, "Invalid partition expression!");
        return NULL;
    }
    x->type = p->keys[x->key].type;
    return parse_test_of(p, x);
}

static struct expression *parse_not(struct parser *p) {
    if (++p->depth > 200)
        return bad(p);
    struct expression *x;
    if (take_word(p, "not")) {
        x = parse_not(p);
        x = x ? node(p, NODE_NOT, x, NULL) : NULL;
    } else {
        x = parse_test(p);
    }
    p->depth--;
    return x;
}

static struct expression *parse_and(struct parser *p) {
    struct expression *x = parse_not(p);
    while (x && take_joint(p, "and")) {
        struct expression *y = parse_not(p);
        x = y ? node(p, NODE_AND, x, y) : NULL;
    }
    return x;
}

static struct expression *parse_or(struct parser *p) {
    struct expression *x = parse_and(p);
    while (x && take_joint(p, "or")) {
        struct expression *y = parse_and(p);
        x = y ? node(p, NODE_OR, x, y) : NULL;
    }
    return x;
}

int expression_parse(struct arena *a, struct bytes text, const struct expression_key *keys,
                     size_t key_count, const struct expression **ret, struct err *e) {
    struct err own = {0};
    struct parser p = {.a = a,
                       .whole = text,
                       .rest = text,
                       .keys = keys,
                       .key_count = key_count,
                       .e = e ? e : &own};
    next(&p);
    struct expression *x = parse_or(&p);
    if (x && p.tok.kind != TOK_END)
        x = bad(&p);
    if (a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    *ret = x;
    return x ? 0 : p.e->code;
}

/* ---- evaluation: 1 true, 0 false, -1 unknown ---- */
static int compare(const struct expression *x, struct bytes v) {
    int o;
    if (!catalog_value_compare(x->type, v, x->literals[0], &o))
        return bytes_eq(v, x->literals[0]) ? x->op == OP_EQ : x->op == OP_NE;
    switch (x->op) {
    case OP_EQ:
        return o == 0;
    case OP_NE:
        return o != 0;
    case OP_LT:
        return o < 0;
    case OP_LE:
        return o <= 0;
    case OP_GT:
        return o > 0;
    case OP_GE:
        return o >= 0;
    }
    return 0;
}

static int in_list(const struct expression *x, struct bytes v) {
    int o;
    for (size_t i = 0; i < x->literal_count; i++)
        if (catalog_value_compare(x->type, v, x->literals[i], &o) ? o == 0
                                                                  : bytes_eq(v, x->literals[i]))
            return 1;
    return 0;
}

/* SQL LIKE over bytes with % and _, greedy with one point to come back to. */
static bool like(struct bytes v, struct bytes pattern) {
    size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;
    while (i < v.len) {
        if (j < pattern.len && pattern.ptr[j] == '%') {
            star = j++;
            mark = i;
        } else if (j < pattern.len && (pattern.ptr[j] == '_' || pattern.ptr[j] == v.ptr[i])) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            j = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (j < pattern.len && pattern.ptr[j] == '%')
        j++;
    return j == pattern.len;
}

/* `whole`: a value that is not there is NULL; otherwise it may be any. */
static int evaluate(const struct expression *x, const struct bytes *values, size_t count,
                    bool whole) {
    int l, r;
    switch (x->kind) {
    case NODE_NOT:
        l = evaluate(x->left, values, count, whole);
        return l < 0 ? l : !l;
    case NODE_AND:
        l = evaluate(x->left, values, count, whole);
        r = l ? evaluate(x->right, values, count, whole) : 0;
        return l < 0 && r ? -1 : r;
    case NODE_OR:
        l = evaluate(x->left, values, count, whole);
        r = l == 1 ? 1 : evaluate(x->right, values, count, whole);
        return l < 0 && !r ? -1 : r;
    case NODE_IS_NULL:
        if (x->key >= count && !whole)
            return -1;
        return x->key >= count || bytes_eq_str(values[x->key], CATALOG_NULL_PARTITION);
    default:
        break;
    }
    if (x->key >= count)
        return -1;
    return x->kind == NODE_IN     ? in_list(x, values[x->key])
           : x->kind == NODE_LIKE ? like(values[x->key], x->literals[0])
                                  : compare(x, values[x->key]);
}

bool expression_match(const struct expression *x, const struct bytes *values, size_t value_count) {
    return evaluate(x, values, value_count, true) == 1;
}

/* ---- as a filter ---- */
struct filtered {
    const struct expression *x;
    size_t key_count;
};

static bool keeps(void *ctx, const struct bytes *values, size_t count) {
    const struct filtered *f = ctx;
    if (count < f->key_count)
        return evaluate(f->x, values, count, false) != 0;
    return expression_match(f->x, values, count);
}

static enum filter_op filter_op(const struct expression *x) {
    static const enum filter_op ops[] = {[OP_EQ] = FILTER_EQ,
                                         [OP_LT] = FILTER_LT,
                                         [OP_LE] = FILTER_LE,
                                         [OP_GT] = FILTER_GT,
                                         [OP_GE] = FILTER_GE};
    return x->kind == NODE_IN ? FILTER_IN : ops[x->op];
}

static bool is_test(const struct expression *x) {
    return x->kind == NODE_IN || (x->kind == NODE_COMPARE && x->op != OP_NE);
}

/* Conjuncts on each key; `tests` NULL: only counts. */
static size_t collect(const struct expression *x, size_t key, struct filter_test *tests) {
    if (x->kind == NODE_AND) {
        size_t n = collect(x->left, key, tests);
        return n + collect(x->right, key, tests ? tests + n : NULL);
    }
    if (x->key != key || !is_test(x))
        return 0;
    if (tests)
        *tests = (struct filter_test){filter_op(x), x->literals, x->literal_count};
    return 1;
}

int expression_filter(struct arena *a, const struct expression *x,
                      const struct expression_key *keys, size_t key_count,
                      struct partition_filter *ret, struct err *e) {
    struct filter_key *out = ARENA_NEW_N(a, struct filter_key, key_count + 1);
    struct filtered *ctx = ARENA_NEW(a, struct filtered);
    if (!out || !ctx)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < key_count; i++) {
        out[i] = (struct filter_key){.type = keys[i].type, .null_is_text = true};
        struct filter_test *tests = ARENA_NEW_N(a, struct filter_test, collect(x, i, NULL) + 1);
        if (!tests)
            return err_set(e, ERR_NOMEM, NULL);
        out[i].test_count = collect(x, i, tests);
        out[i].tests = tests;
    }
    *ctx = (struct filtered){x, key_count};
    *ret = (struct partition_filter){out, key_count, keeps, ctx};
    return 0;
}
