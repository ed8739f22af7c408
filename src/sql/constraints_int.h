/* constraints_int.h - between constraints.c, which brings conditions to scans, and
 * constraints_scan.c, which makes them constraints and predicates. */
#ifndef TARN_SQL_CONSTRAINTS_INT_H
#define TARN_SQL_CONSTRAINTS_INT_H

#include "sql/predicate_int.h"

struct reference;

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
bool conjuncts_add(struct finder *f, struct conjuncts *c, struct bound *x);

/* What x being true implies about expressions whose columns all pass `keep`: x with its other parts
 * left out; NULL when nothing is left. */
struct bound *weaken(struct finder *f, struct bound *x,
                     bool (*keep)(void *ctx, const struct bound *column), void *ctx);
/* Turns conditions on a scan's columns into its constraints and predicates. */
void scan_absorb(struct finder *f, struct bound_rel *scan, const struct conjuncts *c);

#endif
