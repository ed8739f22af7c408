/* analyze_json.c - SQL/JSON: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY.
 *
 * Each becomes a C function over text: the input, the path, an options text (option letters, the
 * wanted type's numbers, the parameters' names) and one tagged text per parameter, key or member.
 * The path is compiled here once, so that a bad one is refused with its position. A DEFAULT of
 * JSON_VALUE is an expression of its own: a CASE over the outcome chooses it. */
#include "duck/json_path.h"
#include "sql/analyze_int.h"
#include <ctype.h>

#define SEPARATOR "\x1f"

static struct bound *text_of(struct ctx *c, struct bytes text, struct sql_pos pos) {
    struct bound *x = string_literal(c->z, text, pos);
    return x ? bound_cast(c->z->a, x, sql_type_of(ST_VARCHAR)) : NULL;
}
static struct bound *call(struct ctx *c, const char *sql, enum sql_type_tag kind,
                          struct sql_pos pos, struct bound *const *args, size_t count) {
    return bound_call(c->z->a, sql, sql_type_of(kind), pos, args, count);
}

/* ---- input and parameters ---- */
static const char *format_name(enum sql_json_format f) {
    static const char *const names[] = {"JSON", "JSON", "UTF8", "UTF16", "UTF32"};
    return names[f];
}
/* A value that is JSON text, as varchar. */
static struct bound *json_text(struct ctx *c, struct bound *x, enum sql_json_format format) {
    bool coded = format >= SQL_FORMAT_UTF8, binary = x->type->kind == ST_VARBINARY;
    if (x->type->kind == ST_UNKNOWN || (sql_type_is_text(x->type) && !coded))
        return bound_cast(c->z->a, x, sql_type_of(ST_VARCHAR));
    if (!binary)
        return fail(c->z, x->pos, "TYPE_MISMATCH",
                    "Cannot read input of type %.*s as JSON using formatting %s",
                    BYTES_ARG(type_text(c->z, x->type)), format_name(format));
    return call(c,
                format == SQL_FORMAT_UTF16   ? "t_text_from_utf($1, 16)"
                : format == SQL_FORMAT_UTF32 ? "t_text_from_utf($1, 32)"
                                             : "t_from_utf8($1)",
                ST_VARCHAR, x->pos, &x, 1);
}
static bool returns_json(const struct sql_expr *e) {
    return e->kind == SQL_E_JSON &&
           (e->json->function == SQL_JSON_QUERY || e->json->function == SQL_JSON_OBJECT ||
            e->json->function == SQL_JSON_ARRAY);
}
static bool is_time(const struct sql_type *t) {
    return t->kind >= ST_DATE && t->kind <= ST_TIMESTAMP_TZ;
}
/* A parameter or member as tagged text, never NULL. */
static struct bound *tagged(struct ctx *c, struct sql_expr *e, enum sql_json_format format,
                            bool passing) {
    struct bound *x = bind_expr(c, e);
    if (!x)
        return NULL;
    if (format || returns_json(e)) {
        x = json_text(c, x, format);
        return x ? call(c, passing ? "coalesce('j' || $1, 'e')" : "coalesce('j' || $1, 'z')",
                        ST_VARCHAR, e->pos, &x, 1)
                 : NULL;
    }
    if (passing && (is_time(x->type) || x->type->kind == ST_VARBINARY))
        return fail(c->z, e->pos, "NOT_SUPPORTED", "Unsupported type of JSON path parameter: %.*s",
                    BYTES_ARG(type_text(c->z, x->type)));
    if (!sql_type_can_cast(x->type, sql_type_of(ST_VARCHAR)))
        return fail(c->z, e->pos, "NOT_SUPPORTED", "Unsupported type of a JSON value: %.*s",
                    BYTES_ARG(type_text(c->z, x->type)));
    return call(c, "@json_item", ST_VARCHAR, e->pos, &x, 1);
}

static struct bytes canonical(struct ctx *c, const struct sql_ident *name) {
    char *text = arena_strndup(c->z->a, name->text.ptr, name->text.len);
    for (size_t i = 0; text && !name->quoted && i < name->text.len; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    return bytes_of(text ? text : "", text ? name->text.len : 0);
}

/* ---- the path ---- */
static bool variable_is_passed(struct ctx *c, const struct sql_json_expr *j, struct bytes name) {
    bool similar = false;
    for (size_t i = 0; i < j->passing.count; i++) {
        struct bytes passed = canonical(c, &j->names[i]);
        if (bytes_eq(passed, name))
            return true;
        similar |= bytes_eq_nocase(passed, name);
    }
    if (similar)
        fail(c->z, j->path_pos, "INVALID_PATH",
             "no value passed for parameter %.*s. Try quoting \"%.*s\" in the PASSING clause to "
             "match case",
             BYTES_ARG(name), BYTES_ARG(name));
    else
        fail(c->z, j->path_pos, "INVALID_PATH", "no value passed for parameter %.*s",
             BYTES_ARG(name));
    return false;
}
static bool check_path(struct ctx *c, const struct sql_json_expr *j) {
    struct json_path *path = NULL;
    struct err e = {0};
    const struct bytes *names;
    if (json_path_compile(j->path, &path, &e)) {
        struct sql_pos pos = j->path_pos;
        if (strcmp(e.name, "SYNTAX_ERROR") == 0)
            pos.column += e.column;
        fail_at(c->z, pos, &e);
        return false;
    }
    bool ok = true;
    size_t n = json_path_variables(path, &names);
    for (size_t i = 0; ok && i < n; i++)
        ok = variable_is_passed(c, j, names[i]);
    json_path_free(&path);
    return ok;
}

/* ---- invocations ---- */
struct invocation {
    struct bound **args; /* input, path, options, parameters */
    size_t count;
    struct bytes names; /* of the parameters, each with SEPARATOR before it */
};
static bool unique_names(struct ctx *c, const struct sql_json_expr *j) {
    for (size_t i = 0; i < j->passing.count; i++)
        for (size_t k = 0; k < i; k++)
            if (bytes_eq(canonical(c, &j->names[i]), canonical(c, &j->names[k]))) {
                fail(c->z, j->names[i].pos, "DUPLICATE_PARAMETER_NAME",
                     "%.*s JSON path parameter is specified more than once",
                     BYTES_ARG(canonical(c, &j->names[i])));
                return false;
            }
    return true;
}
static bool bind_invocation(struct ctx *c, const struct sql_json_expr *j, const char *function,
                            struct invocation *ret) {
    struct arena *a = c->z->a;
    if (j->path_name.text.ptr) {
        fail(c->z, j->path_name.pos, "INVALID_PATH", "JSON path name is not allowed in %s function",
             function);
        return false;
    }
    struct bound *input = bind_expr(c, j->input);
    ret->args = ARENA_NEW_N(a, struct bound *, j->passing.count + 3);
    if (!input || !ret->args || !(ret->args[0] = json_text(c, input, j->input_format)) ||
        !unique_names(c, j))
        return false;
    ret->count = 3;
    ret->names = BYTES("");
    for (size_t i = 0; i < j->passing.count; i++) {
        struct bound *x = tagged(c, j->passing.items[i], j->passing_formats[i], true);
        if (!x)
            return false;
        ret->args[ret->count++] = x;
        ret->names = arena_fmt(a, "%.*s" SEPARATOR "%.*s", BYTES_ARG(ret->names),
                               BYTES_ARG(canonical(c, &j->names[i])));
    }
    return check_path(c, j) && (ret->args[1] = text_of(c, j->path, j->path_pos)) != NULL;
}
static struct bound *invoke(struct ctx *c, const struct invocation *v, const char *sql,
                            const struct sql_type *type, const char *options, struct sql_pos pos) {
    struct arena *a = c->z->a;
    struct bound **args = ARENA_NEW_N(a, struct bound *, v->count);
    if (!args)
        return NULL;
    memcpy(args, v->args, v->count * sizeof(struct bound *));
    args[2] = text_of(c, arena_fmt(a, "%s%.*s", options, BYTES_ARG(v->names)), pos);
    return args[2] ? bound_call(a, sql, type, pos, args, v->count) : NULL;
}

static char letter_of(enum sql_json_behavior b) {
    static const char letters[] = "nnedaotfu";
    return letters[b];
}

static struct bound *bind_json_exists(struct ctx *c, const struct sql_expr *e) {
    const struct sql_json_expr *j = e->json;
    struct invocation v = {0};
    char options[8] = "nf0k";
    options[1] = j->on_error == SQL_JSON_UNSAID ? 'f' : letter_of(j->on_error);
    return bind_invocation(c, j, "JSON_EXISTS", &v)
               ? invoke(c, &v, "t_json_exists($*)", sql_type_of(ST_BOOLEAN), options, e->pos)
               : NULL;
}

/* ---- results that are JSON text ---- */
static struct bound *output(struct ctx *c, const struct sql_json_expr *j, struct bound *x) {
    const struct sql_type *t =
        j->returning ? resolve_type(c->z, j->returning) : sql_type_of(ST_VARCHAR);
    bool coded = j->returning_format >= SQL_FORMAT_UTF8;
    if (!x || !t)
        return NULL;
    if (sql_type_is_text(t) && !coded)
        return bound_cast(c->z->a, x, t);
    if (t->kind != ST_VARBINARY)
        return fail(c->z, x->pos, "TYPE_MISMATCH",
                    "Cannot output JSON value as %.*s using formatting %s",
                    BYTES_ARG(type_text(c->z, t)), format_name(j->returning_format));
    const char *sql = j->returning_format == SQL_FORMAT_UTF16   ? "t_text_to_utf($1, 16)"
                      : j->returning_format == SQL_FORMAT_UTF32 ? "t_text_to_utf($1, 32)"
                                                                : "encode($1)";
    return call(c, sql, ST_VARBINARY, x->pos, &x, 1);
}
static struct bound *bind_json_query(struct ctx *c, const struct sql_expr *e) {
    const struct sql_json_expr *j = e->json;
    struct invocation v = {0};
    char options[8] = {letter_of(j->on_empty), letter_of(j->on_error), "00cu"[j->wrapper],
                       j -> quotes == 2 ? 'o' : 'k', 0};
    if (j->wrapper >= SQL_WRAPPER_CONDITIONAL && j->quotes)
        return fail(c->z, e->pos, "INVALID_FUNCTION_ARGUMENT",
                    "%s QUOTES behavior specified with WITH %s ARRAY WRAPPER behavior",
                    j->quotes == 1 ? "KEEP" : "OMIT",
                    j->wrapper == SQL_WRAPPER_CONDITIONAL ? "CONDITIONAL" : "UNCONDITIONAL");
    if (!bind_invocation(c, j, "JSON_QUERY", &v))
        return NULL;
    return output(c, j,
                  invoke(c, &v, "t_json_query($*)", sql_type_of(ST_VARCHAR), options, e->pos));
}

/* ---- JSON_VALUE ---- */
/* How the C functions name the type: a letter, with numbers behind it. NULL: it cannot be. */
static const char *value_function(struct ctx *c, const struct sql_type *t, struct bytes *ret_type,
                                  struct sql_pos pos) {
    static const struct {
        enum sql_type_tag kind;
        const char *letter, *sql;
    } kinds[] = {
        {ST_BOOLEAN, "b", "t_json_value_boolean($*)"},
        {ST_TINYINT, "t", "t_json_value_tinyint($*)"},
        {ST_SMALLINT, "y", "t_json_value_smallint($*)"},
        {ST_INTEGER, "i", "t_json_value_integer($*)"},
        {ST_BIGINT, "l", "t_json_value_bigint($*)"},
        {ST_REAL, "r", "t_json_value_real($*)"},
        {ST_DOUBLE, "d", "t_json_value_double($*)"},
        {ST_DECIMAL, "n", "CAST(t_json_value_text($*) AS $R)"},
        {ST_VARCHAR, "s", "t_json_value_text($*)"},
        {ST_CHAR, "s", "rtrim(t_json_value_text($*), ' ')"},
        {ST_DATE, "D", "t_json_value_date($*)"},
        {ST_TIMESTAMP, "T", "t_json_value_timestamp($*)"},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].kind == t->kind && (t->kind != ST_TIMESTAMP || t->precision <= 6)) {
            int first = sql_type_is_text(t) ? t->length : t->precision;
            *ret_type = arena_fmt(c->z->a, "%s%d,%d", kinds[i].letter, first, t->scale);
            return kinds[i].sql;
        }
    if (is_time(t))
        return fail(c->z, pos, "NOT_SUPPORTED", "JSON_VALUE returning %.*s is not supported",
                    BYTES_ARG(type_text(c->z, t)));
    return fail(c->z, pos, "TYPE_MISMATCH", "Invalid return type of function JSON_VALUE: %.*s",
                BYTES_ARG(type_text(c->z, t)));
}
struct value_call {
    struct invocation v;
    const char *sql;
    const struct sql_type *type;
    struct bytes type_text;
    struct sql_pos pos;
};
static struct bound *value_call(struct ctx *c, const struct value_call *k, const char *sql,
                                const struct sql_type *type, char empty, char error) {
    struct bytes options = arena_fmt(c->z->a, "%c%c0k%.*s", empty, error, BYTES_ARG(k->type_text));
    return options.ptr ? invoke(c, &k->v, sql, type, options.ptr, k->pos) : NULL;
}
static struct bound *outcome_is(struct ctx *c, const struct value_call *k, int outcome) {
    const char *sql[] = {"(t_json_value_outcome($*) = 0)", "(t_json_value_outcome($*) = 1)",
                         "(t_json_value_outcome($*) = 2)"};
    return value_call(c, k, sql[outcome], sql_type_of(ST_BOOLEAN), 'n', 'n');
}
static struct bound *case_of(struct ctx *c, const struct sql_type *t, struct sql_pos pos,
                             struct bound **args, size_t count) {
    struct bound *x = bound_new(c->z->a, BX_CASE, t, pos);
    for (size_t i = 0; i < count; i++)
        if (!args[i])
            return NULL;
    if (!x || !(x->args = ARENA_NEW_N(c->z->a, struct bound *, count)))
        return NULL;
    memcpy(x->args, args, count * sizeof(struct bound *));
    x->arg_count = count;
    return x;
}
static bool has_query(void *found, struct bound *x) {
    *(bool *)found |= x->query != NULL;
    return bound_each(x, has_query, found);
}
static struct bound *default_of(struct ctx *c, struct sql_expr *e, const struct sql_type *t,
                                const char *when) {
    struct bound *x = bind_expr(c, e);
    bool query = false;
    if (!x)
        return NULL;
    (void)has_query(&query, x);
    if (query)
        return fail(c->z, e->pos, "UNSUPPORTED_SUBQUERY",
                    "Subqueries are not supported in JSON_VALUE default expressions");
    if (!sql_type_can_cast(x->type, t))
        return fail(c->z, e->pos, "TYPE_MISMATCH",
                    "Function JSON_VALUE default ON %s result must evaluate to a %.*s (actual: "
                    "%.*s)",
                    when, BYTES_ARG(type_text(c->z, t)), BYTES_ARG(type_text(c->z, x->type)));
    return bound_cast(c->z->a, x, t);
}
/* What JSON_VALUE gives ON ERROR. */
static struct bound *on_error(struct ctx *c, const struct value_call *k,
                              const struct sql_json_expr *j) {
    if (j->on_error == SQL_JSON_DEFAULT)
        return default_of(c, j->error_default, k->type, "ERROR");
    if (j->on_error == SQL_JSON_ERROR)
        return value_call(c, k, k->sql, k->type, 'e', 'e');
    return bound_null(c->z->a, k->type, k->pos);
}
/* ON EMPTY: an error of its default is handled as ON ERROR says. */
static struct bound *on_empty(struct ctx *c, const struct value_call *k,
                              const struct sql_json_expr *j) {
    if (j->on_empty != SQL_JSON_DEFAULT)
        return j->on_empty == SQL_JSON_ERROR ? value_call(c, k, k->sql, k->type, 'e', 'e')
                                             : bound_null(c->z->a, k->type, k->pos);
    struct bound *x = default_of(c, j->empty_default, k->type, "EMPTY");
    if (!x || x->kind == BX_LITERAL || x->kind == BX_COLUMN || j->on_error == SQL_JSON_ERROR)
        return x;
    /* A list of the one value tells NULL from an error. Twice the same TRY: the engine may evaluate
     * what is common to two expressions outside of a TRY that holds only one of them. */
    struct bound *args[3];
    args[0] = call(c, "(TRY([$1]) IS NULL)", ST_BOOLEAN, k->pos, &x, 1);
    args[1] = on_error(c, k, j);
    args[2] = bound_call(c->z->a, "(TRY([$1]))[1]", k->type, k->pos, &x, 1);
    return case_of(c, k->type, k->pos, args, 3);
}
static struct bound *bind_json_value(struct ctx *c, const struct sql_expr *e) {
    const struct sql_json_expr *j = e->json;
    struct value_call k = {.pos = e->pos};
    k.type = j->returning ? resolve_type(c->z, j->returning) : sql_type_of(ST_VARCHAR);
    if (!k.type || !(k.sql = value_function(c, k.type, &k.type_text, e->pos)) ||
        !bind_invocation(c, j, "JSON_VALUE", &k.v))
        return NULL;
    if (j->on_empty != SQL_JSON_DEFAULT && j->on_error != SQL_JSON_DEFAULT)
        return value_call(c, &k, k.sql, k.type, letter_of(j->on_empty), letter_of(j->on_error));
    struct bound *args[7];
    args[0] = outcome_is(c, &k, 0);
    args[1] = value_call(c, &k, k.sql, k.type, 'n', 'n');
    args[2] = outcome_is(c, &k, 1);
    args[3] = on_empty(c, &k, j);
    args[4] = outcome_is(c, &k, 2);
    args[5] = on_error(c, &k, j);
    args[6] = bound_null(c->z->a, k.type, e->pos);
    return case_of(c, k.type, e->pos, args, 7);
}

/* ---- constructors ---- */
static struct bound *bind_members(struct ctx *c, const struct sql_expr *e, bool object) {
    const struct sql_json_expr *j = e->json;
    size_t n = j->values.count, count = 0;
    struct bound **args = ARENA_NEW_N(c->z->a, struct bound *, 2 * n + 1);
    char options[8] = {j->null_on_null ? 'n' : 'a', j->unique_keys ? 'u' : '-', 0};
    if (!args || !(args[count++] = text_of(c, bytes_str(options), e->pos)))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct bound *key = object ? bind_expr(c, j->keys.items[i]) : NULL;
        if (object && !key)
            return NULL;
        if (key && !sql_type_is_text(key->type))
            return fail(c->z, key->pos, "INVALID_FUNCTION_ARGUMENT",
                        "Invalid type of JSON object key: %.*s",
                        BYTES_ARG(type_text(c->z, key->type)));
        if (key && !(args[count++] = call(c, "@json_item", ST_VARCHAR, key->pos, &key, 1)))
            return NULL;
        if (j->unique_keys && j->formats[i])
            return fail(c->z, j->values.items[i]->pos, "NOT_SUPPORTED",
                        "WITH UNIQUE KEYS behavior is not supported for JSON_OBJECT function when "
                        "input expression has FORMAT");
        if (!(args[count++] = tagged(c, j->values.items[i], j->formats[i], false)))
            return NULL;
    }
    return output(c, j,
                  call(c, object ? "t_json_object($*)" : "t_json_array($*)", ST_VARCHAR, e->pos,
                       args, count));
}

struct bound *bind_json(struct ctx *c, const struct sql_expr *e) {
    switch (e->json->function) {
    case SQL_JSON_EXISTS:
        return bind_json_exists(c, e);
    case SQL_JSON_VALUE:
        return bind_json_value(c, e);
    case SQL_JSON_QUERY:
        return bind_json_query(c, e);
    default:
        return bind_members(c, e, e->json->function == SQL_JSON_OBJECT);
    }
}
