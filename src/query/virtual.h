/* virtual.h - relations whose rows the plan itself writes: information_schema, "table$partitions".
 *
 * Such a table is a plan_table of FORMAT_VIRTUAL; `fill` writes its rows into the scan while the
 * plan is made, and the scan's relation is a text with all of them. */
#ifndef TARN_QUERY_VIRTUAL_H
#define TARN_QUERY_VIRTUAL_H

#include "query/query_int.h"

/* Rows of a scan, of its used columns only. */
struct virtual_rows {
    struct plan_scan *scan;
    struct buf *columns; /* per column of the table: texts with separators */
    size_t count;
};
int virtual_begin(struct plan *p, struct plan_scan *s, struct virtual_rows *ret,
                  struct err *e) WARN_UNUSED;
/* `values` by column of the table; ptr NULL is NULL. Memory is told of at the end. */
void virtual_add(struct virtual_rows *r, const struct bytes *values);
/* Writes the scan's relation (when `rc`, what came before, is 0) and frees the rows. */
int virtual_end(struct plan *p, struct virtual_rows *r, int rc, struct err *e) WARN_UNUSED;

/* The values that constraints leave for a column: *ret_any when any may be. */
int virtual_wanted(struct plan *p, const struct plan_scan *s, const char *column,
                   struct bytes **ret, size_t *ret_count, bool *ret_any, struct err *e) WARN_UNUSED;

/* information_schema.c; ERR_ENTITY_NOT_FOUND when it has no such table. */
int schema_table(struct plan *p, struct bytes name, struct plan_table **ret,
                 struct err *e) WARN_UNUSED;

/* "base$partitions": `base` as loaded. */
int partitions_table(struct plan *p, struct plan_table *base, struct plan_table **ret,
                     struct err *e) WARN_UNUSED;

#endif
