/* bound.h - the typed tree: what the analyzer makes and the emitter writes out. Inside sql only.
 *
 * Every expression has a Trino type, every implicit coercion is a BX_CAST, every name is a
 * reference to a relation's column. Nodes live in the statement's arena. Relations have a number
 * that is unique in the statement: relation 3 is "r3" in the emitted text, its columns "c0", "c1",
 * ... unless it is a scan, whose columns keep their catalogue names. A correlated reference needs
 * nothing more than that. */
#ifndef TARN_SQL_BOUND_H
#define TARN_SQL_BOUND_H

#include "sql/functions.h"
#include "sql/tree.h"

struct bound_query;
struct bound_rel;
struct bound_select;

enum bound_kind {
    BX_LITERAL,    /* text, value */
    BX_COLUMN,     /* rel, column */
    BX_PARAM,      /* column: number of a lambda's parameter */
    BX_CALL,       /* sql over args */
    BX_CAST,       /* args[0] to type; is_try */
    BX_CASE,       /* args: condition, result, ..., and the ELSE */
    BX_ROW,        /* args */
    BX_FIELD,      /* args[0], column: index of the field */
    BX_LAMBDA,     /* params, args[0] the body */
    BX_AGG,        /* sql over args, distinct, order, filter; with over: in a window */
    BX_SCALAR,     /* query */
    BX_EXISTS,     /* query */
    BX_IN_QUERY,   /* args[0] in query; negated */
    BX_QUANTIFIED, /* args[0] compare sql ALL|ANY query */
    BX_GROUPING    /* args: grouping expressions */
};
/* What the constraint finder understands. */
enum bound_op { BO_NONE, BO_AND, BO_OR, BO_EQ, BO_LT, BO_LE, BO_GT, BO_GE, BO_IN, BO_BETWEEN };

struct bound_sort {
    struct bound *x;
    int ordinal; /* > 0: output column; x is then that output */
    bool descending, nulls_first;
};
struct bound_sorts {
    struct bound_sort *items;
    size_t count;
};
struct bound_bound {
    enum sql_bound_kind kind;
    struct bound *value;
};
struct bound_window {
    struct bound **partition;
    size_t partition_count;
    struct bound_sorts order;
    bool has_frame;
    struct sql_pos order_pos, frame_pos;
    const struct sql_window *source; /* the parts of its own, as written */
    enum sql_frame_mode mode;
    struct bound_bound start, end;
};

struct bound {
    enum bound_kind kind;
    enum bound_op op;
    const struct sql_type *type;
    struct sql_pos pos;
    const struct sql_expr *origin; /* what it was bound from, for explaining; NULL: made up */
    const char *sql;               /* template of functions.h */
    struct bound **args;
    size_t arg_count;
    struct bytes text;  /* BX_LITERAL: DuckDB's text */
    struct bytes value; /* BX_LITERAL: the value as plain text, ptr NULL when it has none (NULL) */
    struct bound_rel *rel;
    size_t column;
    bool negated, distinct, is_try, ignore_nulls, all, is_null;
    bool is_exact; /* BX_CAST in constraints: keeps the value of every row that matters */
    const size_t *params;
    size_t param_count;
    bool is_listed;           /* BX_FIELD: among its column's fields */
    struct bound *next_field; /* BX_FIELD */
    size_t condition;         /* 1 + index into the plan's conditions; 0: none */
    struct bound_sorts order;
    struct bound *filter;
    struct bound_window *over;
    struct bound_query *query;
};

enum rel_kind { REL_SCAN, REL_QUERY, REL_CTE, REL_JOIN, REL_UNNEST };
struct bound_rel {
    enum rel_kind kind;
    int id;
    struct bound_select *owner; /* whose FROM it is in */
    size_t column_count;
    const struct sql_type **types; /* per column */
    bool *used;                    /* per column: something reads it */
    /* REL_SCAN */
    bool *whole;           /* per column: something reads more than fields of it */
    struct bound **fields; /* per column: the fields that are read, by next_field */
    size_t scan;
    const struct sql_table_info *table;
    /* REL_QUERY (lateral or not), REL_CTE */
    struct bound_query *query;
    bool lateral;
    struct bound_with *with;
    /* REL_JOIN: its columns are its sides' */
    enum sql_join_kind join;
    struct bound_rel *left, *right;
    struct bound *on;
    /* REL_UNNEST */
    struct bound **args;
    size_t arg_count;
    bool with_ordinality;
    enum sql_sample sample;
    struct bound *sample_percent;
};

struct bound_set { /* one grouping set: indexes into groups */
    size_t *items;
    size_t count;
};
struct bound_select {
    bool distinct, aggregated, has_sets;
    struct bound **items;
    size_t item_count;
    struct bound_rel *from; /* NULL: none */
    struct bound *where, *having;
    struct bound **groups;
    size_t group_count;
    struct bound_set *sets;
    size_t set_count;
};

struct bound_with {
    int id; /* "w3" */
    struct bytes name;
    struct bound_query *query;
    struct bytes *names; /* of its columns, NULL: the query's */
    bool recursive;      /* query is base UNION step */
    size_t references;
};

enum bound_body { BQ_SELECT, BQ_SET, BQ_VALUES };
struct bound_query {
    enum bound_body body;
    struct bound_with **with;
    size_t with_count;
    /* outputs */
    struct bytes *names; /* empty: no name */
    const struct sql_type **types;
    size_t column_count;
    bool *used; /* per output: something reads it */
    /* bodies */
    struct bound_select *select;
    enum sql_set_op set_op;
    bool set_all;
    struct bound_query *left, *right; /* BQ_SET */
    struct bound **rows;              /* BQ_VALUES: row_count * column_count */
    size_t row_count;
    struct bound_sorts order;
    int64_t limit, offset; /* -1: none */
    bool with_ties, marked, walked;
};

struct sql_plan {
    struct bound_query *query;
    const struct sql_write *write; /* NULL: a query */
    struct sql_scan *scans;
    struct bound_rel **scan_rels;
    size_t scan_count, scan_room;
    struct sql_out_column *columns;
    size_t column_count;
    struct sql_condition *conditions;
    size_t condition_count, condition_room;
    int next_id;
    int64_t now_ms;
};

/* ---- bound.c ---- */
struct bound *bound_new(struct arena *a, enum bound_kind kind, const struct sql_type *type,
                        struct sql_pos pos);
struct bound *bound_call(struct arena *a, const char *sql, const struct sql_type *type,
                         struct sql_pos pos, struct bound *const *args, size_t count);
/* x itself when it has the type already. */
struct bound *bound_cast(struct arena *a, struct bound *x, const struct sql_type *to);
struct bound *bound_literal(struct arena *a, const struct sql_type *type, struct sql_pos pos,
                            struct bytes duck_text, struct bytes value);
struct bound *bound_null(struct arena *a, const struct sql_type *type, struct sql_pos pos);
/* The same expression over the same columns. */
bool bound_equal(const struct bound *x, const struct bound *y);
/* Calls for each direct child expression (also of filter, order, window); stops when `each` is
 * false, and returns that. Subqueries are not entered. */
bool bound_each(struct bound *x, bool (*each)(void *ctx, struct bound *child), void *ctx);
/* Whether each evaluation gives the same value: no random number, uuid or shuffle within. */
bool bound_is_steady(struct bound *x);
/* The same as bound_each for every expression of a query itself: outputs, conditions, groups,
 * orders, those of its relations and of the queries in FROM, WITH and on both sides of a set
 * operation. */
bool bound_walk_query(struct bound_query *q, bool (*each)(void *ctx, struct bound *x), void *ctx);
/* A DuckDB string literal. */
struct bytes bound_quote(struct arena *a, struct bytes text);

/* Marks the columns that are read, top down (prune.c). */
void bound_mark_used(struct bound_query *root);
/* What is read of each scan's columns, after that. False when memory is short. */
bool bound_find_fields(struct arena *a, struct sql_plan *p);
/* Fills the scans' constraints (constraints.c). */
int bound_find_constraints(struct arena *a, struct sql_plan *p, struct err *e) WARN_UNUSED;

#endif
