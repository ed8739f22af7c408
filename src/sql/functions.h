/* functions.h - one table of Trino's functions: signature, kind, and the DuckDB text that means the
 * same.
 *
 * A row's signature is text: "date_diff" takes "varchar,timestamp,timestamp->bigint".
 *   T U K V S   any type, the same wherever the letter stands; O orderable, C comparable, N a
 *               number, I an integer
 *   varchar(x)  any varchar, its length carried to the result; varchar: any varchar
 *   decimal(p,s), timestamp(p), timestamptz(p), time(p), timetz(p)   any such type, carried to the
 *                 result
 *   zoned(p), zoned, nanos   results: timestamptz(p), (3) or (9), each value with its own zone
 *   idays, iyears   the two intervals          lambda(T,U)   a lambda from T to U
 *   X...        one or more X, last in the list; any... of any types
 * A result that starts with '@' is computed by name in functions.c.
 *
 * A row's text is a template (emit_template.c): $1 is the first argument, $* all of them, $R the
 * result's DuckDB type, {sum($1)} an aggregate call, "@name" a rewrite in code.
 * Source of signatures: https://trino.io/docs/current/functions.html */
#ifndef TARN_SQL_FUNCTIONS_H
#define TARN_SQL_FUNCTIONS_H

#include "sql/types.h"

enum sql_fn_kind { SQL_FN_SCALAR, SQL_FN_AGGREGATE, SQL_FN_WINDOW };

struct sql_fn {
    const char *name;
    const char *signature;
    const char *sql;
    enum sql_fn_kind kind;
};

/* The rows named `name` (any case) follow each other; *ret_count 0: there is no such function. */
const struct sql_fn *sql_fn_find(struct bytes name, size_t *ret_count);

#define SQL_FN_MAX_ARGS 127

/* What is known of a call's arguments when it is resolved. */
struct sql_fn_arg {
    const struct sql_type *type; /* NULL: a lambda */
    size_t lambda_params;
};
/* Types a lambda's body once its parameters' types are known; index is the argument's. */
struct sql_fn_lambda {
    void *ctx;
    int (*type_body)(void *ctx, size_t index, const struct sql_type *const *params, size_t count,
                     const struct sql_type **ret, struct err *e);
};
struct sql_fn_match {
    const struct sql_fn *fn;
    const struct sql_type *params[SQL_FN_MAX_ARGS]; /* NULL for a lambda */
    const struct sql_type *result;
};
/* Chooses the overload: an exact one first, else the first in table order that the arguments coerce
 * to. ERR_SQL FUNCTION_NOT_FOUND "Unexpected parameters (..) for function f. Expected: ..", or what
 * type_body says. No positions. */
int sql_fn_resolve(struct arena *a, const struct sql_fn *rows, size_t row_count,
                   const struct sql_fn_arg *args, size_t arg_count,
                   const struct sql_fn_lambda *lambda, struct sql_fn_match *ret,
                   struct err *e) WARN_UNUSED;

/* Every row, for tests and documentation. */
size_t sql_fn_count(void);
const struct sql_fn *sql_fn_at(size_t index);

#endif
