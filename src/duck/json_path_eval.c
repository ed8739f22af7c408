/* json_path_eval.c - evaluates compiled paths.
 *
 * Every node gives a sequence of items. Lax mode unwraps arrays where an accessor or method wants
 * something else and takes missing members for nothing; strict mode fails there. A predicate is
 * true, false or unknown: an error inside it makes it unknown, never the path fail. */
#include "duck/json_path_int.h"
#include "duck/text_value.h"
#include <stdarg.h>
#include <stdio.h>

struct evaluation {
    const struct json_path *path;
    struct arena *a;
    struct json_tree *input;
    const struct json_path_variable *variables;
    size_t variable_count;
    int object_id;
    struct err *why;
};
/* Where @ and last point. */
struct place {
    struct json_tree *current;
    int64_t last; /* -1: outside of a subscript */
};
enum truth { NO, YES, UNKNOWN };

static bool fails(struct evaluation *v, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool fails(struct evaluation *v, const char *fmt, ...) {
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void)err_set_named(v->why, ERR_SQL, "PATH_EVALUATION_ERROR", 0, "path evaluation failed: %s",
                        text);
    return false;
}
static bool add(struct evaluation *v, struct json_items *out, struct json_tree *item) {
    if (item && out->count == out->room) {
        size_t room = out->room ? out->room * 2 : 4;
        struct json_tree **grown = ARENA_NEW_N(v->a, struct json_tree *, room);
        if (!grown)
            return false;
        if (out->count)
            memcpy(grown, out->items, out->count * sizeof(struct json_tree *));
        out->items = grown;
        out->room = room;
    }
    if (item)
        out->items[out->count++] = item;
    return item != NULL;
}

static const char *node_type(const struct json_tree *t) {
    static const char *const names[] = {"NULL", "BOOLEAN", "NUMBER", "STRING", "ARRAY", "OBJECT"};
    return names[t->kind];
}
static bool wrong_type(struct evaluation *v, const char *expected, const struct json_tree *t) {
    return fails(v, "invalid item type. Expected: %s, actual: %s", expected, node_type(t));
}
/* Arrays one level down, in lax mode. */
static bool unwrap(struct evaluation *v, struct json_items *x) {
    struct json_items out = {0};
    bool any = false;
    for (size_t i = 0; i < x->count; i++)
        any |= x->items[i]->kind == JSON_TREE_ARRAY;
    if (v->path->strict || !any)
        return true;
    for (size_t i = 0; i < x->count; i++) {
        if (x->items[i]->kind != JSON_TREE_ARRAY) {
            if (!add(v, &out, x->items[i]))
                return false;
            continue;
        }
        for (struct json_tree *e = x->items[i]->first; e; e = e->next)
            if (!add(v, &out, e))
                return false;
    }
    *x = out;
    return true;
}

static bool eval(struct evaluation *v, const struct path_node *n, const struct place *at,
                 struct json_items *out);
static enum truth decide(struct evaluation *v, const struct path_node *n, const struct place *at);

/* ---- accessors ---- */
static bool eval_member(struct evaluation *v, const struct path_node *n, struct json_items *in,
                        struct json_items *out) {
    for (size_t i = 0; i < in->count; i++) {
        struct json_tree *t = in->items[i];
        if (t->kind != JSON_TREE_OBJECT) {
            if (v->path->strict)
                return wrong_type(v, "OBJECT", t);
            continue;
        }
        if (n->any) {
            for (struct json_tree *m = t->first; m; m = m->next)
                if (!add(v, out, m))
                    return false;
            continue;
        }
        struct json_tree *m = json_tree_member(t, n->name);
        if (!m && v->path->strict)
            return fails(v, "structural error: missing member '%.*s' in JSON object",
                         (int)MIN_OF(n->name.len, (size_t)100), n->name.ptr);
        if (m && !add(v, out, m))
            return false;
    }
    return true;
}
static bool descend(struct evaluation *v, const struct path_node *n, struct json_tree *t,
                    struct json_items *out) {
    struct json_tree *m = t->kind == JSON_TREE_OBJECT ? json_tree_member(t, n->name) : NULL;
    if (m && !add(v, out, m))
        return false;
    for (struct json_tree *c = t->first; c; c = c->next)
        if (!descend(v, n, c, out))
            return false;
    return true;
}
static bool index_of(struct evaluation *v, const struct path_node *n, const struct place *at,
                     const char *which, int64_t *ret) {
    struct json_items x = {0};
    if (!eval(v, n, at, &x))
        return false;
    if (x.count != 1)
        return fails(v, "array subscript '%s' value must be singleton numeric", which);
    if (x.items[0]->kind != JSON_TREE_NUMBER)
        return wrong_type(v, "NUMBER", x.items[0]);
    return json_number_index(&x.items[0]->number, ret) ||
           fails(v, "cannot convert an array subscript to long");
}
static struct json_tree *element(struct json_tree *array, int64_t i) {
    struct json_tree *e = array->first;
    while (i-- > 0 && e)
        e = e->next;
    return e;
}
static bool eval_subscript(struct evaluation *v, const struct path_subscript *s,
                           const struct place *outside, struct json_tree *array,
                           struct json_items *out) {
    int64_t count = array->kind == JSON_TREE_ARRAY ? (int64_t)array->count : 1, from, to;
    struct place at = {outside->current, count - 1};
    if (!index_of(v, s->from, &at, "from", &from))
        return false;
    to = from;
    if (s->to && !index_of(v, s->to, &at, "to", &to))
        return false;
    if (v->path->strict && (from < 0 || from >= count || to < 0 || to >= count || from > to))
        return fails(v,
                     "structural error: invalid array subscript: [%lld, %lld] for array of size "
                     "%lld",
                     (long long)from, (long long)to, (long long)count);
    from = MAX_OF(from, (int64_t)0);
    to = MIN_OF(to, count - 1);
    if (from > to)
        return true;
    if (array->kind != JSON_TREE_ARRAY)
        return add(v, out, array);
    for (struct json_tree *e = element(array, from); e && from <= to; e = e->next, from++)
        if (!add(v, out, e))
            return false;
    return true;
}
static bool eval_array(struct evaluation *v, const struct path_node *n, const struct place *at,
                       struct json_items *in, struct json_items *out) {
    for (size_t i = 0; i < in->count; i++) {
        struct json_tree *t = in->items[i];
        bool array = t->kind == JSON_TREE_ARRAY;
        if (!array && v->path->strict)
            return wrong_type(v, "ARRAY", t);
        if (!n->subscripts) { /* [*] */
            if (!array && !add(v, out, t))
                return false;
            for (struct json_tree *e = array ? t->first : NULL; e; e = e->next)
                if (!add(v, out, e))
                    return false;
            continue;
        }
        if (array && !t->count) {
            if (v->path->strict)
                return fails(v, "structural error: invalid array subscript for empty array");
            continue;
        }
        for (const struct path_subscript *s = n->subscripts; s; s = s->next)
            if (!eval_subscript(v, s, at, t, out))
                return false;
    }
    return true;
}
static bool eval_filter(struct evaluation *v, const struct path_node *n, const struct place *at,
                        struct json_items *in, struct json_items *out) {
    for (size_t i = 0; i < in->count; i++) {
        struct place inside = {in->items[i], at->last};
        enum truth truth = decide(v, n->right, &inside);
        if (v->a->failed || (truth == YES && !add(v, out, in->items[i])))
            return false;
    }
    return true;
}

/* ---- methods and arithmetic ---- */
static struct json_tree *text_item(struct evaluation *v, const char *text) {
    return json_tree_string(v->a, bytes_str(text));
}
static struct json_tree *integer_item(struct evaluation *v, int64_t n) {
    struct json_number k = json_number_integer(n, 32);
    return json_tree_number(v->a, &k);
}
static bool add_number(struct evaluation *v, struct json_items *out, const struct json_number *n) {
    return add(v, out, json_tree_number(v->a, n));
}
static bool numeric(struct evaluation *v, const struct json_tree *t, struct json_number *ret) {
    if (t->kind != JSON_TREE_NUMBER)
        return wrong_type(v, "NUMBER", t);
    *ret = t->number;
    return t->number.kind != JSON_NUMBER_HUGE || fails(v, "value too big");
}
static bool eval_numeric(struct evaluation *v, const struct path_node *n, struct json_items *in,
                         struct json_items *out) {
    for (size_t i = 0; i < in->count; i++) {
        struct json_number x, r;
        if (!numeric(v, in->items[i], &x))
            return false;
        r = x;
        bool ok = n->kind == PATH_ABS       ? json_number_abs(&x, &r)
                  : n->kind == PATH_CEILING ? json_number_whole(&x, true, &r)
                  : n->kind == PATH_FLOOR   ? json_number_whole(&x, false, &r)
                  : n->op == '-'            ? json_number_negate(&x, &r)
                                            : true;
        if (!ok)
            return fails(v, "numeric value out of range");
        if (!add_number(v, out, &r))
            return false;
    }
    return true;
}
static bool eval_double(struct evaluation *v, struct json_items *in, struct json_items *out) {
    for (size_t i = 0; i < in->count; i++) {
        struct json_tree *t = in->items[i];
        double d = 0;
        if (t->kind == JSON_TREE_NUMBER && t->number.kind != JSON_NUMBER_HUGE)
            d = json_number_double(&t->number);
        else if (t->kind != JSON_TREE_STRING)
            return wrong_type(v, "NUMBER or TEXT", t);
        else if (!text_to_double(t->text, &d))
            return fails(v, "Cannot cast '%.*s' to DOUBLE", (int)MIN_OF(t->text.len, (size_t)100),
                         t->text.ptr);
        struct json_number n = json_number_of_double(d);
        if (!add_number(v, out, &n))
            return false;
    }
    return true;
}
static bool eval_size(struct evaluation *v, struct json_items *in, struct json_items *out) {
    for (size_t i = 0; i < in->count; i++) {
        struct json_tree *t = in->items[i];
        bool array = t->kind == JSON_TREE_ARRAY;
        if (!array && v->path->strict)
            return wrong_type(v, "ARRAY", t);
        if (!add(v, out, integer_item(v, array ? (int64_t)t->count : 1)))
            return false;
    }
    return true;
}
static bool eval_type(struct evaluation *v, struct json_items *in, struct json_items *out) {
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    for (size_t i = 0; i < in->count; i++)
        if (!add(v, out, text_item(v, names[in->items[i]->kind])))
            return false;
    return true;
}
static bool named(struct json_tree *object, const char *name, struct json_tree *value) {
    if (!value)
        return false;
    value->name = bytes_str(name);
    json_tree_add(object, value);
    return true;
}
static bool eval_keyvalue(struct evaluation *v, struct json_items *in, struct json_items *out) {
    for (size_t i = 0; i < in->count; i++) {
        struct json_tree *t = in->items[i];
        if (t->kind != JSON_TREE_OBJECT)
            return wrong_type(v, "OBJECT", t);
        for (struct json_tree *m = t->first; m; m = m->next) {
            struct json_tree *pair = json_tree_new(v->a, JSON_TREE_OBJECT);
            struct json_tree *copy = json_tree_new(v->a, m->kind);
            if (!pair || !copy)
                return false;
            *copy = *m;
            if (!named(pair, "name", json_tree_string(v->a, m->name)) ||
                !named(pair, "value", copy) || !named(pair, "id", integer_item(v, v->object_id)) ||
                !add(v, out, pair))
                return false;
        }
        v->object_id++;
    }
    return true;
}
static bool one_number(struct evaluation *v, const struct path_node *n, const struct place *at,
                       struct json_number *ret) {
    struct json_items x = {0};
    if (!eval(v, n, at, &x) || !unwrap(v, &x))
        return false;
    if (x.count != 1)
        return fails(v, "arithmetic binary expression requires singleton operands");
    return numeric(v, x.items[0], ret);
}
static bool eval_binary(struct evaluation *v, const struct path_node *n, const struct place *at,
                        struct json_items *out) {
    struct json_number l, r, result;
    if (!one_number(v, n->left, at, &l) || !one_number(v, n->right, at, &r))
        return false;
    if (!json_number_binary((char)n->op, &l, &r, &result))
        return fails(v, "numeric value out of range or division by zero");
    return add_number(v, out, &result);
}

/* ---- every node ---- */
static bool eval_variable(struct evaluation *v, const struct path_node *n, struct json_items *out) {
    struct bytes name = v->path->variables[n->variable];
    for (size_t i = 0; i < v->variable_count; i++)
        if (bytes_eq(v->variables[i].name, name))
            return !v->variables[i].value || add(v, out, v->variables[i].value);
    return fails(v, "no value passed for parameter %.*s", BYTES_ARG(name));
}
static bool eval_leaf(struct evaluation *v, const struct path_node *n, const struct place *at,
                      struct json_items *out) {
    switch (n->kind) {
    case PATH_ROOT:
        return add(v, out, v->input);
    case PATH_VARIABLE:
        return eval_variable(v, n, out);
    case PATH_CURRENT:
        return at->current ? add(v, out, at->current) : fails(v, "@ outside of a filter");
    case PATH_LAST:
        return at->last >= 0 ? add(v, out, integer_item(v, at->last))
                             : fails(v, "last outside of a subscript");
    default:
        return add(v, out, n->literal);
    }
}
static bool apply(struct evaluation *v, const struct path_node *n, const struct place *at,
                  struct json_items *in, struct json_items *out) {
    bool whole = n->kind == PATH_ARRAY || n->kind == PATH_SIZE || n->kind == PATH_TYPE ||
                 n->kind == PATH_DESCENT;
    if (!whole && !unwrap(v, in))
        return false;
    switch (n->kind) {
    case PATH_MEMBER:
        return eval_member(v, n, in, out);
    case PATH_DESCENT:
        for (size_t i = 0; i < in->count; i++)
            if (!descend(v, n, in->items[i], out))
                return false;
        return true;
    case PATH_ARRAY:
        return eval_array(v, n, at, in, out);
    case PATH_FILTER:
        return eval_filter(v, n, at, in, out);
    case PATH_TYPE:
        return eval_type(v, in, out);
    case PATH_SIZE:
        return eval_size(v, in, out);
    case PATH_DOUBLE:
        return eval_double(v, in, out);
    case PATH_KEYVALUE:
        return eval_keyvalue(v, in, out);
    default:
        return eval_numeric(v, n, in, out);
    }
}
static bool eval(struct evaluation *v, const struct path_node *n, const struct place *at,
                 struct json_items *out) {
    struct json_items in = {0};
    if (n->kind <= PATH_LITERAL)
        return eval_leaf(v, n, at, out);
    if (n->kind == PATH_BINARY)
        return eval_binary(v, n, at, out);
    return eval(v, n->left, at, &in) && apply(v, n, at, &in, out);
}

/* ---- predicates ---- */
static enum truth compare_scalars(int op, const struct json_tree *l, const struct json_tree *r) {
    int c;
    if (l->kind != r->kind)
        return UNKNOWN;
    if (l->kind == JSON_TREE_NUMBER) {
        if (l->number.kind == JSON_NUMBER_HUGE || r->number.kind == JSON_NUMBER_HUGE)
            return UNKNOWN;
        c = json_number_compare(&l->number, &r->number);
        if (c == 2)
            return op == PATH_NE ? YES : NO;
    } else if (l->kind == JSON_TREE_STRING) {
        c = bytes_cmp(l->text, r->text);
    } else {
        c = (int)l->boolean - (int)r->boolean;
    }
    bool yes = op == PATH_EQ   ? c == 0
               : op == PATH_NE ? c != 0
               : op == PATH_LT ? c < 0
               : op == PATH_GT ? c > 0
               : op == PATH_LE ? c <= 0
                               : c >= 0;
    return yes ? YES : NO;
}
struct categories {
    bool null, scalar, other;
};
static bool is_scalar(const struct json_tree *t) {
    return t->kind != JSON_TREE_NULL && t->kind < JSON_TREE_ARRAY;
}
static struct categories categories_of(const struct json_items *x) {
    struct categories c = {0};
    for (size_t i = 0; i < x->count; i++) {
        c.null |= x->items[i]->kind == JSON_TREE_NULL;
        c.scalar |= is_scalar(x->items[i]);
        c.other |= x->items[i]->kind >= JSON_TREE_ARRAY;
    }
    return c;
}
static bool has_huge(const struct json_items *x) {
    for (size_t i = 0; i < x->count; i++)
        if (x->items[i]->kind == JSON_TREE_NUMBER && x->items[i]->number.kind == JSON_NUMBER_HUGE)
            return true;
    return false;
}
static enum truth compare_pairs(struct evaluation *v, int op, const struct json_items *l,
                                const struct json_items *r, bool found) {
    if (has_huge(l) || has_huge(r))
        return UNKNOWN;
    for (size_t i = 0; i < l->count; i++)
        for (size_t k = 0; k < r->count; k++) {
            if (!is_scalar(l->items[i]) || !is_scalar(r->items[k]))
                continue;
            enum truth t = compare_scalars(op, l->items[i], r->items[k]);
            if (t == UNKNOWN)
                return UNKNOWN;
            found |= t == YES;
            if (found && !v->path->strict)
                return YES;
        }
    return found ? YES : NO;
}
static enum truth decide_compare(struct evaluation *v, const struct path_node *n,
                                 const struct place *at) {
    struct json_items l = {0}, r = {0};
    if (!eval(v, n->left, at, &l) || !eval(v, n->right, at, &r) || !unwrap(v, &l) || !unwrap(v, &r))
        return UNKNOWN;
    if (!l.count || !r.count)
        return NO;
    struct categories x = categories_of(&l), y = categories_of(&r);
    if ((x.other && (y.other || y.scalar)) || (x.scalar && y.other))
        return UNKNOWN;
    bool found = n->op == PATH_EQ && x.null && y.null;
    if (n->op == PATH_NE)
        found = (x.null && (y.scalar || y.other)) || (y.null && (x.scalar || x.other));
    if ((found && !v->path->strict) || !x.scalar || !y.scalar)
        return found ? YES : NO;
    return compare_pairs(v, n->op, &l, &r, found);
}

static enum truth text_matches(const struct path_node *n, struct bytes text, struct bytes prefix) {
    if (n->kind == PATH_STARTS)
        return bytes_starts_with(text, prefix) ? YES : NO;
    int rc = pcre2_match(n->regex, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, n->match,
                         NULL);
    return rc >= 0 ? YES : rc == PCRE2_ERROR_NOMATCH ? NO : UNKNOWN;
}
/* starts with, like_regex: over every item of the left, which must be text. */
static enum truth decide_text(struct evaluation *v, const struct path_node *n,
                              const struct place *at) {
    struct json_items l = {0}, r = {0};
    struct bytes prefix = {0};
    bool found = false;
    if (!eval(v, n->left, at, &l))
        return UNKNOWN;
    if (n->kind == PATH_STARTS) {
        if (!eval(v, n->right, at, &r) || r.count != 1 || r.items[0]->kind != JSON_TREE_STRING)
            return UNKNOWN;
        prefix = r.items[0]->text;
    }
    if (!unwrap(v, &l))
        return UNKNOWN;
    for (size_t i = 0; i < l.count; i++) {
        if (l.items[i]->kind != JSON_TREE_STRING)
            return UNKNOWN;
        enum truth t = text_matches(n, l.items[i]->text, prefix);
        if (t == UNKNOWN)
            return UNKNOWN;
        found |= t == YES;
        if (found && !v->path->strict)
            return YES;
    }
    return found ? YES : NO;
}
static enum truth decide_exists(struct evaluation *v, const struct path_node *n,
                                const struct place *at) {
    struct json_items x = {0};
    return !eval(v, n->left, at, &x) ? UNKNOWN : x.count ? YES : NO;
}
static enum truth decide(struct evaluation *v, const struct path_node *n, const struct place *at) {
    enum truth l, r;
    switch (n->kind) {
    case PATH_AND:
    case PATH_OR: {
        enum truth decisive = n->kind == PATH_AND ? NO : YES;
        if ((l = decide(v, n->left, at)) == decisive || (r = decide(v, n->right, at)) == decisive)
            return decisive;
        return l == UNKNOWN || r == UNKNOWN ? UNKNOWN : n->kind == PATH_AND ? YES : NO;
    }
    case PATH_NOT:
        l = decide(v, n->left, at);
        return l == UNKNOWN ? UNKNOWN : l == YES ? NO : YES;
    case PATH_UNKNOWN:
        return decide(v, n->left, at) == UNKNOWN ? YES : NO;
    case PATH_EXISTS:
        return decide_exists(v, n, at);
    case PATH_COMPARE:
        return decide_compare(v, n, at);
    default:
        return decide_text(v, n, at);
    }
}

bool json_path_evaluate(const struct json_path *p, struct arena *a, struct json_tree *input,
                        const struct json_path_variable *variables, size_t variable_count,
                        struct json_items *ret, struct err *why) {
    struct evaluation v = {.path = p,
                           .a = a,
                           .input = input,
                           .variables = variables,
                           .variable_count = variable_count,
                           .why = why};
    struct place at = {NULL, -1};
    *ret = (struct json_items){0};
    return eval(&v, p->root, &at, ret) && !a->failed;
}
