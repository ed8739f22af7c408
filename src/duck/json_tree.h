/* json_tree.h - a JSON document as a tree, and its numbers with SQL's types. Inside duck only.
 *
 * A tree lives in an arena; text is a view into the document or a copy in the arena. An object
 * keeps its members in the order they first came, the last value of equal names. A number is what
 * SQL/JSON makes of it: a whole number is an integer or a bigint, one with a point or exponent a
 * double; path arithmetic and PASSING bring decimals and reals. */
#ifndef TARN_DUCK_JSON_TREE_H
#define TARN_DUCK_JSON_TREE_H

#include "base/arena.h"
#include "duck/decimal128.h"

enum json_tree_kind {
    JSON_TREE_NULL,
    JSON_TREE_BOOLEAN,
    JSON_TREE_NUMBER,
    JSON_TREE_STRING,
    JSON_TREE_ARRAY,
    JSON_TREE_OBJECT
};
enum json_number_kind {
    JSON_NUMBER_INTEGER, /* value; bits 8, 16, 32 or 64 */
    JSON_NUMBER_DECIMAL, /* value, precision, scale */
    JSON_NUMBER_DOUBLE,  /* real; is_real: a float's value */
    JSON_NUMBER_HUGE     /* more than 64 bits: only its text is known */
};
struct json_number {
    enum json_number_kind kind;
    int bits, precision, scale;
    bool is_real;
    dec128 value;
    double real;
};
struct json_tree {
    enum json_tree_kind kind;
    bool boolean;
    struct bytes text; /* string; a huge number */
    struct json_number number;
    struct bytes name; /* as a member */
    struct json_tree *first, *last, *next;
    size_t count; /* elements or members */
};

/* Reads one value; false when malformed (or the arena is full: see a->failed). What follows the
 * value is not looked at. */
bool json_tree_parse(struct arena *a, struct bytes text, struct json_tree **ret) WARN_UNUSED;
struct json_tree *json_tree_new(struct arena *a, enum json_tree_kind kind);
struct json_tree *json_tree_string(struct arena *a, struct bytes text);
struct json_tree *json_tree_number(struct arena *a, const struct json_number *n);
/* Appends an element, or a member by its name (which replaces one of the same name). */
void json_tree_add(struct json_tree *parent, struct json_tree *child);
struct json_tree *json_tree_member(const struct json_tree *object, struct bytes name);
/* Compact text. */
void json_tree_write(const struct json_tree *t, struct buf *out);
/* A number as json text: "1", "1.50", "1.0E10". */
void json_number_write(const struct json_number *n, struct buf *out);

/* ---- arithmetic (json_number.c): Trino's operators; false is a numeric error ---- */
bool json_number_binary(char op, const struct json_number *a, const struct json_number *b,
                        struct json_number *ret) WARN_UNUSED;
bool json_number_negate(const struct json_number *n, struct json_number *ret) WARN_UNUSED;
bool json_number_abs(const struct json_number *n, struct json_number *ret) WARN_UNUSED;
/* floor, or ceiling */
bool json_number_whole(const struct json_number *n, bool up, struct json_number *ret) WARN_UNUSED;
double json_number_double(const struct json_number *n);
/* -1, 0, 1; 2 when they do not compare (NaN). */
int json_number_compare(const struct json_number *a, const struct json_number *b);
/* An index: rounded half away from zero; false when it does not fit. */
bool json_number_index(const struct json_number *n, int64_t *ret) WARN_UNUSED;
struct json_number json_number_integer(int64_t v, int bits);
struct json_number json_number_of_double(double v);
/* "12.50" as decimal(4,2), "12" as integer, "1e1" as double; false when out of range. */
bool json_number_literal(struct bytes text, struct json_number *ret) WARN_UNUSED;

#endif
