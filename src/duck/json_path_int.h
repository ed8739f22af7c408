/* json_path_int.h - a compiled path, between its parser and its evaluator. */
#ifndef TARN_DUCK_JSON_PATH_INT_H
#define TARN_DUCK_JSON_PATH_INT_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "duck/json_path.h"
#include <pcre2.h>

enum path_kind {
    /* items */
    PATH_ROOT,     /* $ */
    PATH_VARIABLE, /* $name: index into variables */
    PATH_LAST,
    PATH_CURRENT, /* @ */
    PATH_LITERAL,
    PATH_MEMBER,  /* left.name; name absent: .* */
    PATH_DESCENT, /* left..name */
    PATH_ARRAY,   /* left[subscripts]; none: [*] */
    PATH_FILTER,  /* left ? (right) */
    PATH_TYPE,
    PATH_SIZE,
    PATH_DOUBLE,
    PATH_CEILING,
    PATH_FLOOR,
    PATH_ABS,
    PATH_KEYVALUE,
    PATH_UNARY,  /* op left */
    PATH_BINARY, /* left op right */
    /* predicates */
    PATH_COMPARE, /* left op right */
    PATH_AND,
    PATH_OR,
    PATH_NOT,
    PATH_EXISTS,
    PATH_UNKNOWN, /* (left) is unknown */
    PATH_STARTS,  /* left starts with right */
    PATH_REGEX    /* left like_regex */
};
enum path_compare { PATH_EQ, PATH_NE, PATH_LT, PATH_GT, PATH_LE, PATH_GE };

struct path_subscript {
    struct path_node *from, *to; /* to NULL: one index */
    struct path_subscript *next;
};
struct path_node {
    enum path_kind kind;
    int op; /* '+', '-', '*', '/', '%', or enum path_compare */
    struct path_node *left, *right;
    bool any; /* MEMBER: .* */
    struct bytes name;
    size_t variable;
    struct json_tree *literal;
    struct path_subscript *subscripts;
    pcre2_code *regex;
    pcre2_match_data *match;
    struct path_node *next_regex; /* for freeing */
};
struct json_path {
    struct arena arena;
    bool strict;
    struct path_node *root, *regexes;
    struct bytes *variables;
    size_t variable_count, variable_room;
};

/* Sets node->regex from a like_regex pattern and its flags. */
int path_compile_regex(struct json_path *p, struct path_node *node, struct bytes pattern,
                       struct bytes flags, struct err *e) WARN_UNUSED;

#endif
