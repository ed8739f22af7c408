/* plan_tree.h - the plan of a query as a tree of operators, for EXPLAIN.
 *
 * The operators are Trino's and say what the statement asks for, in the order in which it is
 * applied; the engine below chooses join orders and methods of its own. All in the arena. */
#ifndef TARN_SQL_PLAN_TREE_H
#define TARN_SQL_PLAN_TREE_H

#include "sql/sql.h"

#define PLAN_NO_SCAN SIZE_MAX

struct sql_plan_symbol {
    struct bytes name, type;
};
struct sql_plan_node {
    int id;                          /* from 1, in the order of the text form */
    const char *name;                /* "ScanFilter" */
    struct sql_property *descriptor; /* table = .., filterPredicate = .. */
    size_t descriptor_count;
    struct sql_plan_symbol *outputs;
    size_t output_count;
    struct bytes *details; /* "total := sum(x)" */
    size_t detail_count;
    struct sql_plan_node **children;
    size_t child_count;
    size_t scan; /* index into sql_plan_scans, or PLAN_NO_SCAN */
};
/* NOT_SUPPORTED for a plan of more than ten thousand operators. */
int sql_plan_tree(struct arena *a, const struct sql_plan *p, struct sql_plan_node **ret,
                  struct err *e) WARN_UNUSED;

#endif
