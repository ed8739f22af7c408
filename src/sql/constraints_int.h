/* constraints_int.h - between the files that bring conditions to scans (constraints.c,
 * constraints_join.c, constraints_constant.c), that change them on the way (constraints_copy.c),
 * and that make them constraints and predicates (constraints_scan.c, constraints_read.c). */
#ifndef TARN_SQL_CONSTRAINTS_INT_H
#define TARN_SQL_CONSTRAINTS_INT_H

#include "sql/predicate_int.h"

struct finder {
    struct arena *a;
    struct sql_plan *plan;
    bool failed;   /* the arena is full */
    size_t budget; /* nodes that may still be looked at or made */
    struct reference *references;
};

/* Conditions that are all true of every row a relation must give. */
struct conjuncts {
    struct bound **items;
    size_t count, room;
};

/* What a reference to a WITH query is given, until all are known. */
struct reference {
    const struct bound_with *with;
    const struct bound_rel *rel;
    struct conjuncts given;
    struct reference *next;
};

/* ---- constraints_copy.c ---- */
bool is_op(const struct bound *x, const char *sql);
bool is_and(const struct bound *x);
bool is_or(const struct bound *x);
/* AND is taken apart, what is there already is left out. */
bool conjuncts_add(struct finder *f, struct conjuncts *c, struct bound *x);
/* What x being true implies about expressions whose columns all pass `keep`: x with its other parts
 * left out; NULL when nothing is left. */
struct bound *weaken(struct finder *f, struct bound *x,
                     bool (*keep)(void *ctx, const struct bound *column), void *ctx);
/* It has no subqueries, aggregates, lambdas. */
bool is_plain(struct finder *f, struct bound *x);
struct replacing {
    struct finder *f;
    const struct bound_rel *rel;
    size_t column; /* SIZE_MAX: all of rel */
    struct bound *with;
    /* or, for all columns of rel */
    struct bound *(*by)(struct replacing *r, const struct bound *column);
    const struct bound_query *query;
    const struct sql_type *const *types;
    /* instead of columns scalar subqueries; NULL: it stays */
    struct bound *(*by_scalar)(struct replacing *r, struct bound *x);
};
/* NULL when the budget or the arena is used up. */
struct bound *replace(struct replacing *r, struct bound *x);
/* x as a whole, with its condition's number. */
struct bound *replaced(struct replacing *r, struct bound *x);
/* A relation that only stands for a query's outputs. */
struct bound_rel *new_pseudo(struct finder *f, struct bound_query *q);
struct bound *new_column(struct finder *f, struct bound_rel *r, size_t column, struct sql_pos pos);
/* x AND y .., x OR y .. */
struct bound *joined(struct finder *f, bool any, struct bound **items, size_t count);

/* ---- constraints_constant.c ---- */
/* For "x IN (query of constants)" the list. */
void add_constant_in(struct finder *f, struct conjuncts *c, struct bound *x);
/* x with its scalar subqueries of one constant row as these constants. */
struct bound *with_scalars(struct finder *f, struct bound *x);
/* For a joined relation of constants what follows for the other relations. */
void add_constant_part(struct finder *f, struct conjuncts *c, struct bound_rel *r);

/* ---- constraints_join.c ---- */
void add_conditions(struct finder *f, struct conjuncts *c, struct bound *x);
/* What every row of a relation satisfies that matters; an outer join may put NULLs in its place. */
struct fact {
    const struct bound_rel *rel;
    struct conjuncts given;
    struct fact *next;
};
/* `c` holds on r's rows; columns of other relations may occur in it. Adds to *facts those of its
 * relations. */
void walk_rel(struct finder *f, struct bound_rel *r, const struct conjuncts *c,
              struct fact **facts);
/* Subqueries in ON conditions. */
void walk_ons(struct finder *f, struct bound_rel *r);

/* ---- constraints.c ---- */
/* `c` holds of q's outputs, as columns of r. */
void walk_query(struct finder *f, struct bound_query *q, const struct bound_rel *r,
                const struct conjuncts *c);
/* Subqueries in x; ctx is the finder. */
bool walk_expr(void *ctx, struct bound *x);

/* ---- constraints_scan.c ---- */
struct reader {
    struct finder *f;
    struct bound_rel *rel;
    struct sql_scan *scan;
    size_t condition;
    bool whole;       /* everything read so far is said by constraints on partition columns */
    bool *is_bounded; /* per column: floating point that cannot be NaN */
    int depth;        /* of read_hull */
    bool was_skipped; /* a lower bound that may come with an upper one */
};
/* Turns conditions on a scan's columns into its constraints and predicates. */
void scan_absorb(struct finder *f, struct bound_rel *scan, const struct conjuncts *c);
void add_constraint(struct reader *r, size_t column, enum sql_constraint_op op,
                    const struct bytes *values, size_t count);
void give(struct reader *r, size_t column, enum sql_constraint_op op, struct bytes value);
/* No row passes. */
void give_nothing(struct reader *r);
bool is_real(const struct reader *r, size_t column);

/* ---- constraints_read.c ---- */
/* False when x says nothing of single columns. */
bool read_condition(struct reader *r, struct bound *x);
/* The scan's column under casts that keep order. */
bool column_under(const struct reader *r, const struct bound *x, size_t *ret);
/* "column op v"; false when v cannot be moved to the column's type. */
bool give_value(struct reader *r, size_t column, const struct sql_value *v,
                enum sql_constraint_op op);

/* ---- constraints_range.c ---- */
/* "f(column) op v" where f cuts time into parts: year, date_trunc, CAST to date. */
bool read_part_of_time(struct reader *r, const struct bound *x, const struct sql_value *v,
                       enum sql_constraint_op op);
/* The range around those that an OR's arguments give for a column. */
bool read_hull(struct reader *r, struct bound *x);

#endif
