/* analyze_call.c - calls: scalar functions, lambdas, aggregates, window functions. */
#include "sql/analyze_int.h"
#include "sql/literal.h"

struct call {
    struct ctx *c;
    const struct sql_expr *e;
    struct bound **args; /* as bound; lambdas once they are typed */
    struct sql_fn_arg types[SQL_FN_MAX_ARGS];
    size_t count;
};

/* ---- lambdas ---- */
static bool lambda_scope(struct ctx *c, const struct sql_expr *e, const struct sql_type *const *t,
                         size_t *ids, struct scope *s) {
    size_t n = e->lambda.params.count;
    s->parent = c->scope;
    s->is_lambda = true;
    s->count = n;
    s->fields = ARENA_NEW_N(c->z->a, struct scope_field, n ? n : 1);
    for (size_t i = 0; s->fields && i < n; i++) {
        struct bound *p = bound_new(c->z->a, BX_PARAM, t[i], e->pos);
        if (!p)
            return false;
        p->column = ids[i] = (size_t)c->z->next_param++;
        s->fields[i] = (struct scope_field){.name = e->lambda.params.items[i].text, .value = p};
    }
    return s->fields != NULL;
}

static struct bound *bind_lambda(struct ctx *c, const struct sql_expr *e,
                                 const struct sql_type *const *types) {
    struct ctx inner = *c;
    struct scope s = {0};
    size_t *ids = ARENA_NEW_N(c->z->a, size_t, e->lambda.params.count + 1);
    if (!ids || !lambda_scope(c, e, types, ids, &s))
        return NULL;
    inner.scope = &s;
    enter_clause(&inner, "Lambda expression", e->lambda.body);
    inner.in_lambda = true;
    struct bound *body = bind_expr(&inner, e->lambda.body);
    struct bound *x = body ? bound_call(c->z->a, NULL, body->type, e->pos, &body, 1) : NULL;
    if (x) {
        x->kind = BX_LAMBDA;
        x->params = ids;
        x->param_count = e->lambda.params.count;
    }
    return x;
}

static int type_lambda(void *ctx, size_t index, const struct sql_type *const *params, size_t count,
                       const struct sql_type **ret, struct err *e) {
    struct call *k = ctx;
    struct bound *x = bind_lambda(k->c, k->e->call->args.items[index], params);
    if (!x)
        return k->c->z->rc ? k->c->z->rc : err_set(e, ERR_NOMEM, NULL);
    k->args[index] = x;
    *ret = x->type;
    return 0;
}

/* A lambda's body takes the type the signature wants of it. */
static bool coerce_lambda(struct ctx *c, struct bound *lambda, const struct sql_type *t) {
    lambda->args[0] = bound_cast(c->z->a, lambda->args[0], t);
    lambda->type = t;
    return lambda->args[0] != NULL;
}

/* reduce(array, S, (S, T) -> S, S -> R): the state's type is the widest of start and step. */
static bool coerce_lambdas(struct call *k, const struct sql_fn_match *m) {
    if (strcmp(m->fn->name, "reduce") == 0 || strcmp(m->fn->name, "reduce_agg") == 0)
        return coerce_lambda(k->c, k->args[2], m->params[1]);
    if (strstr(m->fn->signature, ",boolean)") && k->args[1]->kind == BX_LAMBDA)
        return coerce_lambda(k->c, k->args[1], sql_type_of(ST_BOOLEAN));
    return true;
}

/* ---- resolution ---- */

/* How many parameters the lambda at `index` of a signature takes; 0: there is none. */
static size_t lambda_width(const char *at, size_t index) {
    int depth = 0;
    for (; *at && index; at++) { /* to the argument */
        depth += (*at == '(') - (*at == ')');
        if (!depth && *at == '-' && at[1] == '>')
            return 0;
        index -= !depth && *at == ',';
    }
    if (strncmp(at, "lambda(", 7) != 0)
        return 0;
    size_t commas = 0; /* its own result comes last */
    depth = 1;
    for (at += 7; *at && depth; at++) {
        depth += (*at == '(') - (*at == ')');
        commas += depth == 1 && *at == ',';
    }
    return commas;
}

/* A lambda that no overload takes for its parameters alone. */
static bool check_lambdas(struct call *k, const struct sql_fn *fn, size_t rows) {
    for (size_t i = 0; i < k->count; i++) {
        size_t want = 0, have = k->types[i].lambda_params;
        bool fits = k->types[i].type != NULL;
        for (size_t r = 0; !fits && r < rows; r++) {
            size_t n = lambda_width(fn[r].signature, i);
            fits = n == have;
            want = n ? n : want;
        }
        if (fits || !want)
            continue;
        fail(k->c->z, k->e->call->args.items[i]->pos, "INVALID_PARAMETER_USAGE",
             "Expected a lambda that takes %zu argument(s) but got %zu", want, have);
        return false;
    }
    return true;
}

/* Two functions whose first argument Trino asks more of than a signature here says. */
static bool check_text_argument(struct call *k, const char *name, struct sql_pos pos, int rc) {
    const struct sql_type *t = k->count ? k->types[0].type : NULL;
    if (!t || k->c->z->rc)
        return true;
    if (rc && strcmp(name, "format") == 0 && !sql_type_is_text(t) && t->kind != ST_UNKNOWN) {
        fail(k->c->z, k->args[0]->pos, "TYPE_MISMATCH",
             "Type of first argument to format() must be VARCHAR (actual: %.*s)",
             BYTES_ARG(type_text(k->c->z, t)));
        return false;
    }
    if (!rc && strcmp(name, "codepoint") == 0 && t->kind == ST_VARCHAR && t->length > 1) {
        fail(k->c->z, pos, "FUNCTION_NOT_FOUND",
             "Unexpected parameters (%.*s) for function codepoint. Expected: codepoint(varchar(1))",
             BYTES_ARG(type_text(k->c->z, t)));
        return false;
    }
    return true;
}

static bool resolve(struct call *k, struct bytes name, struct sql_pos pos, struct sql_fn_match *m) {
    struct analyzer *z = k->c->z;
    struct err e = {0};
    size_t rows;
    const struct sql_fn *fn = sql_fn_find(name, &rows);
    if (!rows) {
        fail(z, pos, "FUNCTION_NOT_FOUND", "Function '%.*s' not registered",
             BYTES_ARG(lower_copy(z, name)));
        return false;
    }
    struct sql_fn_lambda lambda = {.ctx = k, .type_body = type_lambda};
    if (!check_lambdas(k, fn, rows))
        return false;
    int rc = sql_fn_resolve(z->a, fn, rows, k->types, k->count, &lambda, m, &e);
    if (!check_text_argument(k, fn->name, pos, rc))
        return false;
    if (rc && !z->rc)
        fail_at(z, pos, &e);
    if (rc)
        return false;
    for (size_t i = 0; i < k->count; i++)
        if (m->params[i] && !(k->args[i] = bound_cast(z->a, k->args[i], m->params[i])))
            return false;
    return coerce_lambdas(k, m);
}

struct bound *call_function(struct ctx *c, const char *name, struct bound **args, size_t count,
                            struct sql_pos pos) {
    struct call *k = ARENA_NEW(c->z->a, struct call);
    struct sql_fn_match *m = ARENA_NEW(c->z->a, struct sql_fn_match);
    if (!k || !m || !(k->args = ARENA_NEW_N(c->z->a, struct bound *, count + 1)))
        return NULL;
    k->c = c;
    k->count = count;
    for (size_t i = 0; i < count; i++) {
        k->args[i] = args[i];
        k->types[i].type = args[i]->type;
    }
    return resolve(k, bytes_str(name), pos, m)
               ? bound_call(c->z->a, m->fn->sql, m->result, pos, k->args, count)
               : NULL;
}

static bool bind_arguments(struct call *k, struct ctx *inner) {
    const struct sql_exprs *list = &k->e->call->args;
    if (list->count > SQL_FN_MAX_ARGS) {
        fail(k->c->z, k->e->pos, "TOO_MANY_ARGUMENTS", "Too many arguments for function call");
        return false;
    }
    k->count = list->count;
    k->args = ARENA_NEW_N(k->c->z->a, struct bound *, list->count + 1);
    for (size_t i = 0; k->args && i < list->count; i++) {
        if (list->items[i]->kind == SQL_E_LAMBDA) {
            k->types[i].lambda_params = list->items[i]->lambda.params.count;
            continue;
        }
        if (!(k->args[i] = bind_expr(inner, list->items[i])))
            return false;
        k->types[i].type = k->args[i]->type;
    }
    return k->args != NULL;
}

/* ---- aggregates ---- */
static bool bind_aggregate_parts(struct ctx *c, struct ctx *inner, const struct sql_expr *e,
                                 const struct sql_fn *fn, struct bound *x) {
    const struct sql_call *k = e->call;
    const struct sql_sort *order = k->within_group.count ? &k->within_group : &k->order_by;
    x->distinct = k->distinct;
    x->ignore_nulls = k->null_treatment == SQL_NULLS_IGNORE;
    if (!bind_sorts(inner, order, &x->order))
        return false;
    if (k->filter && !(x->filter = bind_boolean(inner, k->filter, "FILTER clause")))
        return false;
    struct ctx around = *c;
    if (k->over &&
        (!(x->over = bind_window(&around, k->over)) || !check_windowed(c, e, fn, x->over)))
        return false;
    if (!k->over)
        c->select->aggregated = true;
    return true;
}

/* listagg(x, separator) .. ON OVERFLOW TRUNCATE filler WITH COUNT: from a list, with the latter two
 * as arguments. */
static bool bind_overflow(struct call *k, struct bound *x) {
    const struct sql_call *call = k->e->call;
    struct arena *a = k->c->z->a;
    if (call->overflow != SQL_OVERFLOW_TRUNCATE)
        return true;
    bool more = call->overflow_with_count;
    struct bound **args = ARENA_NEW_N(a, struct bound *, 4);
    if (!args)
        return false;
    args[0] = x->args[0];
    args[1] = x->arg_count > 1 ? x->args[1] : string_literal(k->c->z, BYTES(""), x->pos);
    args[2] = call->overflow_filler ? bind_expr(k->c, call->overflow_filler)
                                    : string_literal(k->c->z, BYTES("..."), x->pos);
    args[3] = bound_literal(a, sql_type_of(ST_BOOLEAN), x->pos,
                            more ? BYTES("true") : BYTES("false"), (struct bytes){0});
    x->args = args;
    x->arg_count = 4;
    x->sql = "t_listagg({list($1)}, $2, $3, $4)";
    return args[1] && args[2] && args[3];
}

/* DuckDB wants ORDER BY of a DISTINCT aggregate to be its argument, as Trino does. */
static bool check_distinct_order(struct ctx *c, struct bound *x) {
    for (size_t i = 0; x->distinct && i < x->order.count; i++) {
        bool found = false;
        for (size_t j = 0; !found && j < x->arg_count; j++) {
            const struct bound *arg = x->args[j];
            while (arg->kind == BX_CAST && sql_type_is_text(arg->type) &&
                   sql_type_is_text(arg->args[0]->type))
                arg = arg->args[0];
            found = bound_equal(x->order.items[i].x, x->args[j]) ||
                    bound_equal(x->order.items[i].x, arg);
            if (found)
                x->order.items[i].x = x->args[j];
        }
        if (found)
            continue;
        fail(c->z, x->pos, "EXPRESSION_NOT_IN_DISTINCT",
             "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments");
        return false;
    }
    return true;
}

static struct bound *finish_aggregate(struct call *k, struct ctx *inner,
                                      const struct sql_fn_match *m) {
    struct ctx *c = k->c;
    const struct sql_call *call = k->e->call;
    struct bound *x = bound_call(c->z->a, m->fn->sql, m->result, k->e->pos, k->args, k->count);
    if (!x)
        return NULL;
    x->kind = BX_AGG;
    if (!bind_aggregate_parts(c, inner, k->e, m->fn, x) || !check_distinct_order(c, x))
        return NULL;
    if (!bind_overflow(k, x))
        return NULL;
    if (x->distinct && !x->order.count && strcmp(m->fn->name, "array_agg") == 0) {
        x->distinct = false; /* in order of appearance */
        x->sql = "t_pick({list($1)}, t_ix_distinct({list($k1)}))";
    }
    bool listed = strcmp(m->fn->name, "approx_distinct") == 0;
    if (x->distinct && listed)
        x->distinct = false;
    if (call->null_treatment == SQL_NULLS_IGNORE && !call->over)
        return fail(c->z, k->e->pos, "NOT_SUPPORTED", "IGNORE NULLS needs an OVER clause");
    return x;
}

static struct bound *constant_function(struct ctx *c, const struct sql_expr *e) {
    struct bytes name = e->call->name.parts[0].text;
    struct sql_expr now = {.kind = SQL_E_CURRENT, .pos = e->pos};
    now.current.what = SQL_CURRENT_TIMESTAMP;
    now.current.precision = -1;
    if (e->call->args.count || e->call->over || !bytes_eq_nocase(name, BYTES("now")))
        return NULL;
    return bind_current(c, &now);
}

static bool has_query(void *found, struct bound *x) {
    *(bool *)found |= x->query != NULL;
    return bound_each(x, has_query, found);
}

static bool has_window(void *found, struct bound *x) {
    *(bool *)found |= x->over != NULL;
    return bound_each(x, has_window, found);
}

/* The engine cannot catch errors inside a subquery or a window. */
static bool check_try(struct ctx *c, const struct bound *x) {
    bool query = false, window = false;
    if (strcmp(x->sql, "TRY($1)") != 0)
        return true;
    has_query(&query, x->args[0]);
    has_window(&window, x->args[0]);
    if (query || window)
        fail(c->z, x->pos, "NOT_SUPPORTED", "TRY around a %s is not supported",
             query ? "subquery" : "window function");
    return !query && !window;
}

static struct bound *bind_scalar_call(struct call *k, const struct sql_fn_match *m) {
    struct ctx *c = k->c;
    struct bound *x = bound_call(c->z->a, m->fn->sql, m->result, k->e->pos, k->args, k->count);
    return x && check_try(c, x) ? x : NULL;
}

static struct bound *bind_mod(struct ctx *c, const struct sql_expr *e) {
    struct bound **xs = bind_list(c, &e->call->args);
    return xs ? bind_arithmetic(c, SQL_OP_MODULUS, xs[0], xs[1], e->pos) : NULL;
}

/* nullif(a, b) has a's type; a and b are compared in their common one. */
static struct bound *bind_nullif(struct ctx *c, const struct sql_expr *e) {
    struct bound **xs = bind_list(c, &e->call->args);
    if (!xs)
        return NULL;
    const struct sql_type *t = xs[0]->type;
    if (!sql_type_common(c->z->a, t, xs[1]->type))
        return fail(c->z, e->pos, "TYPE_MISMATCH",
                    "Types are not comparable with NULLIF: %.*s vs %.*s",
                    BYTES_ARG(type_text(c->z, t)), BYTES_ARG(type_text(c->z, xs[1]->type)));
    bool plain = sql_type_equal(t, xs[1]->type) && !t->child_count && t->kind != ST_DOUBLE &&
                 t->kind != ST_REAL;
    if (plain || t->kind == ST_UNKNOWN)
        return bound_call(c->z->a, "nullif($1, $2)", t, e->pos, xs, 2);
    struct bound *x = bound_new(c->z->a, BX_CASE, t, e->pos);
    if (!x || !(x->args = ARENA_NEW_N(c->z->a, struct bound *, 3)))
        return NULL;
    x->arg_count = 3;
    x->args[0] = bind_comparison(c, SQL_OP_EQ, xs[0], xs[1], e->pos);
    x->args[1] = bound_null(c->z->a, t, e->pos);
    x->args[2] = xs[0];
    return x->args[0] && x->args[1] ? x : NULL;
}

struct bound *bind_call(struct ctx *c, const struct sql_expr *e) {
    const struct sql_call *call = e->call;
    if (call->name.count != 1)
        return fail(c->z, e->pos, "FUNCTION_NOT_FOUND", "Function '%.*s' not registered",
                    BYTES_ARG(lower_copy(c->z, call->name.parts[call->name.count - 1].text)));
    struct bytes name = call->name.parts[0].text;
    struct bound *now = constant_function(c, e);
    if (now || c->z->rc)
        return now;
    if (bytes_eq_nocase(name, BYTES("mod")) && call->args.count == 2)
        return bind_mod(c, e);
    if (bytes_eq_nocase(name, BYTES("nullif")) && call->args.count == 2)
        return bind_nullif(c, e);
    size_t rows;
    const struct sql_fn *fn = sql_fn_find(name, &rows);
    bool grouped = rows && fn->kind != SQL_FN_SCALAR;
    if (grouped && !may_aggregate(c, e, call->over || fn->kind == SQL_FN_WINDOW))
        return NULL;
    if (!check_form(c, e, rows ? fn : NULL))
        return NULL;
    struct call *k = ARENA_NEW(c->z->a, struct call);
    struct sql_fn_match *m = ARENA_NEW(c->z->a, struct sql_fn_match);
    if (!k || !m)
        return NULL;
    struct ctx inner = *c;
    if (grouped && (call->over || fn->kind == SQL_FN_WINDOW)) {
        inner.no_windows = "Cannot nest window functions or row pattern measures inside window "
                           "function arguments";
    } else if (grouped) {
        inner.in_aggregate = fn->name;
        inner.aggregate_pos = e->pos;
    }
    k->c = c;
    k->e = e;
    bool bars = inner.in_aggregate && c->scope && c->scope->is_output;
    if (bars)
        c->scope->barred = true;
    struct bound *x = NULL;
    if (bind_arguments(k, &inner) && resolve(k, name, e->pos, m))
        x = grouped ? finish_aggregate(k, &inner, m) : bind_scalar_call(k, m);
    if (bars)
        c->scope->barred = false;
    return x;
}
