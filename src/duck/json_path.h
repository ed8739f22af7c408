/* json_path.h - the path language of SQL/JSON: 'lax $.a[0 to 2].b ? (@.c > 5).size()'.
 *
 * A path is compiled once and evaluated over many documents. Pure of DuckDB: the analyzer compiles
 * paths to refuse bad ones. Compiled paths may be evaluated by one thread at a time.
 * Source: https://trino.io/docs/current/functions/json.html#json-path-language */
#ifndef TARN_DUCK_JSON_PATH_H
#define TARN_DUCK_JSON_PATH_H

#include "base/err.h"
#include "duck/json_tree.h"

struct json_path;

/* ERR_SQL SYNTAX_ERROR, INVALID_PATH or NOT_SUPPORTED with e->column the 1-based byte in the path
 * (no position in the text). The caller frees with json_path_free; `text` is copied. */
int json_path_compile(struct bytes text, struct json_path **ret, struct err *e) WARN_UNUSED;
void json_path_free(struct json_path **p);
/* Names of the variables it uses ($name), valid as long as the path. */
size_t json_path_variables(const struct json_path *p, const struct bytes **ret_names);

struct json_path_variable {
    struct bytes name;
    struct json_tree *value; /* NULL: an empty sequence */
};
struct json_items {
    struct json_tree **items;
    size_t count, room;
};
/* The sequence of items, in the arena, which also holds the input. False with a reason in `why`
 * ("structural error: ..") when evaluation fails; when memory is short a->failed is set. */
bool json_path_evaluate(const struct json_path *p, struct arena *a, struct json_tree *input,
                        const struct json_path_variable *variables, size_t variable_count,
                        struct json_items *ret, struct err *why) WARN_UNUSED;

#endif
