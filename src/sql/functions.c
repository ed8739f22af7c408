/* functions.c - finds a function's rows and matches arguments against their signatures.
 *
 * Matching walks the signature's text beside the actual types. Two rounds over the overloads: in
 * the first every argument must have exactly the written type, in the second it may coerce. Within
 * one overload a letter is bound to the common type of all arguments that stand for it; then each
 * argument must coerce to the signature with its letters filled in. Lambdas come last: their
 * parameters' types follow from the letters bound so far, their body's type binds the result's. */
#include "sql/functions.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct sql_fn sql_fn_math[], sql_fn_string[], sql_fn_time[], sql_fn_nested[],
    sql_fn_json[], sql_fn_aggregate[];
extern const size_t sql_fn_math_count, sql_fn_string_count, sql_fn_time_count, sql_fn_nested_count,
    sql_fn_json_count, sql_fn_aggregate_count;

static const struct {
    const struct sql_fn *rows;
    const size_t *count;
} tables[] = {
    {sql_fn_math, &sql_fn_math_count}, {sql_fn_string, &sql_fn_string_count},
    {sql_fn_time, &sql_fn_time_count}, {sql_fn_nested, &sql_fn_nested_count},
    {sql_fn_json, &sql_fn_json_count}, {sql_fn_aggregate, &sql_fn_aggregate_count},
};

size_t sql_fn_count(void) {
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        n += *tables[i].count;
    return n;
}

const struct sql_fn *sql_fn_at(size_t index) {
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        if (index < *tables[i].count)
            return &tables[i].rows[index];
        index -= *tables[i].count;
    }
    return NULL;
}

const struct sql_fn *sql_fn_find(struct bytes name, size_t *ret_count) {
    for (size_t t = 0; t < COUNT_OF(tables); t++) {
        const struct sql_fn *rows = tables[t].rows;
        size_t n = *tables[t].count;
        for (size_t i = 0; i < n; i++) {
            if (!bytes_eq_nocase(name, bytes_str(rows[i].name)))
                continue;
            size_t end = i + 1;
            while (end < n && strcmp(rows[end].name, rows[i].name) == 0)
                end++;
            *ret_count = end - i;
            return &rows[i];
        }
    }
    *ret_count = 0;
    return NULL;
}

/* ---- signatures ---- */
struct binding {
    struct arena *a;
    const struct sql_type *letters[26];
    int length;           /* varchar(x) */
    int precision, scale; /* decimal(p,s) */
    int time_precision;   /* timestamp(p), timestamptz(p), time(p) */
    bool zoned;           /* timestamptz(p) */
    bool exact;
};

struct pattern {
    const char *at;
};

static bool is_letter(const char *p) {
    return isupper((unsigned char)p[0]) && !isalnum((unsigned char)p[1]);
}

static bool letter_allows(char letter, const struct sql_type *t) {
    if (t->kind == ST_UNKNOWN)
        return true;
    switch (letter) {
    case 'N':
        return sql_type_is_numeric(t);
    case 'I':
        return sql_type_is_integer(t);
    case 'O':
        return sql_type_is_orderable(t);
    case 'C':
        return sql_type_is_comparable(t);
    default:
        return true;
    }
}

static struct bytes pattern_word(struct pattern *p) {
    const char *from = p->at;
    while (isalnum((unsigned char)*p->at) || *p->at == '_')
        p->at++;
    return bytes_of(from, (size_t)(p->at - from));
}

/* Past one parameter, parentheses balanced; stops at ',' '-' '.' or ')' of the outside. */
static void skip_param(struct pattern *p) {
    int depth = 0;
    for (; *p->at; p->at++) {
        if (*p->at == '(')
            depth++;
        else if (*p->at == ')' && depth-- == 0)
            return;
        else if (depth == 0 && (*p->at == ',' || *p->at == '-' || *p->at == '.'))
            return;
    }
}

static bool bind_letter(struct binding *b, char letter, const struct sql_type *t) {
    const struct sql_type **slot = &b->letters[letter - 'A'];
    if (!letter_allows(letter, t))
        return false;
    if (!*slot)
        *slot = t;
    else if (b->exact)
        return sql_type_equal(*slot, t);
    else
        *slot = sql_type_common(b->a, *slot, t);
    return *slot != NULL;
}

static bool collect(struct binding *b, struct pattern *p, const struct sql_type *t);

static bool collect_children(struct binding *b, struct pattern *p, const struct sql_type *t,
                             enum sql_type_tag kind) {
    p->at++; /* ( */
    if (t->kind != kind) {
        skip_param(p);
        if (*p->at == ',')
            p->at++, skip_param(p);
        p->at++;
        return t->kind == ST_UNKNOWN && !b->exact;
    }
    for (size_t i = 0; i < t->child_count; i++) {
        if (i && p->at[-1] == ')') /* a row of more fields */
            return false;
        if (!collect(b, p, t->children[i]))
            return false;
        p->at++; /* , or ) */
    }
    return p->at[-1] == ')';
}

static bool is_word(struct bytes w, const char *s) {
    return bytes_eq(w, bytes_str(s));
}

static int decimal_digits(const struct sql_type *t) {
    return t->kind == ST_DECIMAL ? t->precision : sql_type_integer_digits(t->kind);
}

static bool collect_decimal(struct binding *b, const struct sql_type *t) {
    if (t->kind == ST_UNKNOWN && !b->exact) {
        b->precision = MAX_OF(b->precision, 1);
        return true;
    }
    if (t->kind != ST_DECIMAL && (b->exact || !sql_type_is_integer(t)))
        return false;
    int s = t->kind == ST_DECIMAL ? t->scale : 0, p = decimal_digits(t);
    int whole = MAX_OF(b->precision - b->scale, p - s);
    b->scale = MAX_OF(b->scale, s);
    b->precision = MIN_OF(38, whole + b->scale);
    return true;
}

static bool collect_time(struct binding *b, const struct sql_type *t, enum sql_type_tag kind) {
    bool clock = kind == ST_TIME || kind == ST_TIME_TZ;
    bool near = t->kind == kind || t->kind == ST_UNKNOWN || (!clock && t->kind == ST_DATE) ||
                (kind == ST_TIMESTAMP_TZ && t->kind == ST_TIMESTAMP) ||
                (kind == ST_TIME_TZ && t->kind == ST_TIME);
    if (t->kind != kind && (b->exact || !near))
        return false;
    if (t->kind != ST_DATE && t->precision > b->time_precision)
        b->time_precision = t->precision;
    b->zoned |= t->zoned;
    return true;
}

static bool collect_carried(struct binding *b, struct bytes w, const struct sql_type *t,
                            bool *ret_known) {
    *ret_known = true;
    if (is_word(w, "varchar")) {
        if (t->kind == ST_UNKNOWN && !b->exact)
            return true;
        if (t->kind != ST_VARCHAR && (b->exact || t->kind != ST_CHAR))
            return false;
        b->length = MAX_OF(b->length, t->length);
        return true;
    }
    if (is_word(w, "decimal"))
        return collect_decimal(b, t);
    if (is_word(w, "timestamp"))
        return collect_time(b, t, ST_TIMESTAMP);
    if (is_word(w, "timestamptz"))
        return collect_time(b, t, ST_TIMESTAMP_TZ);
    if (is_word(w, "time"))
        return collect_time(b, t, ST_TIME);
    if (is_word(w, "timetz"))
        return collect_time(b, t, ST_TIME_TZ);
    *ret_known = false;
    return false;
}

static const struct sql_type *plain_type(struct bytes w) {
    static const struct {
        const char *name;
        enum sql_type_tag kind;
    } names[] = {
        {"boolean", ST_BOOLEAN},     {"tinyint", ST_TINYINT},     {"smallint", ST_SMALLINT},
        {"integer", ST_INTEGER},     {"bigint", ST_BIGINT},       {"real", ST_REAL},
        {"double", ST_DOUBLE},       {"varchar", ST_VARCHAR},     {"varbinary", ST_VARBINARY},
        {"date", ST_DATE},           {"json", ST_JSON},           {"uuid", ST_UUID},
        {"ipaddress", ST_IPADDRESS}, {"ipprefix", ST_IPPREFIX},   {"hll", ST_HLL},
        {"tdigest", ST_TDIGEST},     {"idays", ST_INTERVAL_DAY},  {"iyears", ST_INTERVAL_YEAR},
        {"unknown", ST_UNKNOWN},     {"timestamp", ST_TIMESTAMP}, {"timestamptz", ST_TIMESTAMP_TZ},
        {"time", ST_TIME},           {"timetz", ST_TIME_TZ},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (is_word(w, names[i].name))
            return sql_type_of(names[i].kind);
    return NULL;
}

/* Binds what one argument tells about the letters; false when it cannot stand there. */
static bool collect(struct binding *b, struct pattern *p, const struct sql_type *t) {
    if (is_letter(p->at))
        return bind_letter(b, *p->at++, t);
    struct bytes w = pattern_word(p);
    if (is_word(w, "array"))
        return collect_children(b, p, t, ST_ARRAY);
    if (is_word(w, "map"))
        return collect_children(b, p, t, ST_MAP);
    if (is_word(w, "row"))
        return collect_children(b, p, t, ST_ROW);
    bool known, ok = collect_carried(b, w, t, &known);
    if (*p->at == '(') {
        while (*p->at != ')')
            p->at++;
        p->at++;
    }
    if (known)
        return ok;
    if (is_word(w, "any"))
        return true;
    const struct sql_type *want = plain_type(w);
    assert(want && "a signature names an unknown type");
    return b->exact ? sql_type_equal(t, want) : sql_type_can_coerce(t, want);
}

static const struct sql_type *fill(struct binding *b, struct pattern *p);

static const struct sql_type *fill_nested(struct binding *b, struct pattern *p, bool is_map) {
    p->at++;
    const struct sql_type *k = fill(b, p);
    const struct sql_type *v = NULL;
    if (is_map) {
        p->at++;
        v = fill(b, p);
    }
    p->at++;
    if (!k || (is_map && !v))
        return NULL;
    return is_map ? sql_type_map(b->a, k, v) : sql_type_array(b->a, k);
}

static const struct sql_type *fill_row(struct binding *b, struct pattern *p) {
    const struct sql_type *f[8];
    size_t n = 0;
    do {
        p->at++;
        if (n == COUNT_OF(f) || !(f[n++] = fill(b, p)))
            return NULL;
    } while (*p->at == ',');
    p->at++;
    return sql_type_row(b->a, f, NULL, n);
}

/* The type that a parameter or result stands for, letters filled in; NULL when one is unbound. */
static const struct sql_type *fill(struct binding *b, struct pattern *p) {
    if (is_letter(p->at)) {
        const struct sql_type *t = b->letters[*p->at++ - 'A'];
        return t ? t : sql_type_of(ST_UNKNOWN);
    }
    struct bytes w = pattern_word(p);
    bool carried = *p->at == '(';
    if (is_word(w, "array") || is_word(w, "map"))
        return fill_nested(b, p, is_word(w, "map"));
    if (is_word(w, "row") && carried)
        return fill_row(b, p);
    if (carried) {
        while (*p->at != ')')
            p->at++;
        p->at++;
    }
    if (is_word(w, "varchar"))
        return sql_type_varchar(b->a, carried ? b->length : SQL_UNBOUNDED);
    if (is_word(w, "decimal"))
        return sql_type_decimal(b->a, b->precision, b->scale);
    if (is_word(w, "timestamptz"))
        return sql_type_tz(b->a, carried ? b->time_precision : 3, carried && b->zoned);
    if (is_word(w, "zoned"))
        return sql_type_tz(b->a, carried ? b->time_precision : 3, true);
    if (is_word(w, "nanos"))
        return sql_type_tz(b->a, 9, true);
    if (carried && is_word(w, "timetz"))
        return sql_type_time(b->a, ST_TIME_TZ, b->time_precision);
    if (carried && is_word(w, "timestamp"))
        return sql_type_time(b->a, ST_TIMESTAMP, b->time_precision);
    if (carried && is_word(w, "time"))
        return sql_type_time(b->a, ST_TIME, b->time_precision);
    return plain_type(w);
}

/* ---- results that need arithmetic ---- */
static const struct sql_type *computed_result(struct binding *b, const char *name) {
    int p = b->precision, s = b->scale;
    if (strcmp(name, "@whole") == 0) /* ceiling, floor, round */
        return sql_type_decimal(b->a, MIN_OF(38, p - s + MIN_OF(s, 1)), 0);
    if (strcmp(name, "@round") == 0)
        return sql_type_decimal(b->a, MIN_OF(38, p + 1), s);
    if (strcmp(name, "@truncate") == 0)
        return sql_type_decimal(b->a, MAX_OF(p - s, 1), 0);
    if (strcmp(name, "@sign") == 0)
        return sql_type_decimal(b->a, 1, 0);
    if (strcmp(name, "@sum") == 0)
        return sql_type_decimal(b->a, 38, s);
    assert(!"a signature names an unknown result");
    return NULL;
}

/* ---- one overload ---- */
struct attempt {
    struct arena *a;
    const struct sql_fn_arg *args;
    size_t count;
    const struct sql_fn_lambda *lambda;
    struct binding b;
};

static bool starts(const char *s, const char *with) {
    return strncmp(s, with, strlen(with)) == 0;
}

/* Calls with each parameter's pattern in turn; the last one repeats when it ends in "...". */
static const char *next_param(const char *at) {
    struct pattern p = {at};
    skip_param(&p);
    if (starts(p.at, "..."))
        return at;
    return *p.at == ',' ? p.at + 1 : p.at;
}

static bool at_end(const char *at) {
    return *at == 0 || starts(at, "->");
}

static bool collect_all(struct attempt *t, const char *sig) {
    const char *at = sig;
    size_t i = 0;
    bool repeated = false;
    for (; i < t->count && !at_end(at); i++) {
        struct pattern p = {at};
        bool is_lambda = starts(at, "lambda(");
        if (is_lambda != (t->args[i].type == NULL))
            return false;
        if (!is_lambda && !collect(&t->b, &p, t->args[i].type))
            return false;
        const char *next = next_param(at);
        repeated = next == at;
        at = next;
    }
    return i == t->count && (at_end(at) || repeated);
}

static int type_lambda(struct attempt *t, size_t index, const char *at, struct err *e,
                       bool *ret_ok) {
    const struct sql_type *params[8], *body;
    size_t n = 0, want = t->args[index].lambda_params;
    struct pattern p = {at + strlen("lambda")};
    *ret_ok = false;
    while (n < want && n < COUNT_OF(params) && *p.at != ')') {
        p.at++;
        params[n++] = fill(&t->b, &p);
        if (!params[n - 1])
            return err_set(e, ERR_NOMEM, NULL);
    }
    if (n != want || *p.at != ',')
        return 0;
    p.at++;
    if (*p.at == 0 || strchr(p.at, ')') == NULL)
        return 0;
    int rc = t->lambda->type_body(t->lambda->ctx, index, params, n, &body, e);
    if (rc)
        return rc;
    *ret_ok = collect(&t->b, &p, body) && *p.at == ')';
    return 0;
}

static int type_lambdas(struct attempt *t, const char *sig, struct err *e, bool *ret_ok) {
    const char *at = sig;
    *ret_ok = true;
    for (size_t i = 0; i < t->count && *ret_ok; i++, at = next_param(at)) {
        int rc = t->args[i].type ? 0 : type_lambda(t, i, at, e, ret_ok);
        if (rc)
            return rc;
    }
    return 0;
}

static bool fill_all(struct attempt *t, const struct sql_fn *fn, struct sql_fn_match *m) {
    const char *at = fn->signature;
    for (size_t i = 0; i < t->count; i++, at = next_param(at)) {
        struct pattern p = {at};
        m->params[i] = NULL;
        if (!t->args[i].type)
            continue;
        m->params[i] = starts(at, "any") ? NULL : fill(&t->b, &p);
        if (starts(at, "any"))
            m->params[i] = t->args[i].type;
        if (!m->params[i])
            return false;
        if (!sql_type_can_coerce(t->args[i].type, m->params[i]))
            return false;
    }
    const char *result = strrchr(fn->signature, '>') + 1;
    struct pattern p = {result};
    m->fn = fn;
    m->result = *result == '@' ? computed_result(&t->b, result) : fill(&t->b, &p);
    return m->result != NULL;
}

static int try_overload(struct attempt *t, const struct sql_fn *fn, bool exact,
                        struct sql_fn_match *m, struct err *e, bool *ret_ok) {
    t->b = (struct binding){.a = t->a, .exact = exact};
    *ret_ok = collect_all(t, fn->signature);
    if (!*ret_ok)
        return 0;
    int rc = type_lambdas(t, fn->signature, e, ret_ok);
    if (!rc && *ret_ok)
        *ret_ok = fill_all(t, fn, m);
    return rc;
}

static int no_overload(const struct sql_fn *rows, size_t row_count, const struct sql_fn_arg *args,
                       size_t count, struct err *e) {
    struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        buf_add_str(&b, i ? ", " : "");
        if (args[i].type)
            sql_type_format(args[i].type, &b);
        else
            buf_add_str(&b, "<function>");
    }
    buf_add_fmt(&b, ") for function %s. Expected: ", rows[0].name);
    for (size_t i = 0; i < row_count; i++) {
        const char *sig = rows[i].signature, *end = strstr(sig, "->");
        while (strstr(end + 2, "->"))
            end = strstr(end + 2, "->");
        buf_add_fmt(&b, "%s%s(", i ? ", " : "", rows[i].name);
        for (const char *c = sig; c < end; c++) {
            buf_add_char(&b, *c);
            if (*c == ',')
                buf_add_char(&b, ' ');
        }
        buf_add_char(&b, ')');
    }
    const char *text = buf_cstr(&b);
    int rc = err_set_named(e, ERR_SQL, "FUNCTION_NOT_FOUND", 0, "Unexpected parameters (%s",
                           text ? text : "");
    buf_clear(&b);
    return rc;
}

int sql_fn_resolve(struct arena *a, const struct sql_fn *rows, size_t row_count,
                   const struct sql_fn_arg *args, size_t arg_count,
                   const struct sql_fn_lambda *lambda, struct sql_fn_match *ret, struct err *e) {
    struct attempt t = {.a = a, .args = args, .count = arg_count, .lambda = lambda};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < row_count; i++) {
            bool ok;
            int rc = try_overload(&t, &rows[i], round == 0, ret, e, &ok);
            if (rc)
                return rc;
            if (ok)
                return 0;
        }
    if (a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    return no_overload(rows, row_count, args, arg_count, e);
}
