/* explain_int.h - shared by the files that write plans for EXPLAIN. */
#ifndef TARN_QUERY_EXPLAIN_INT_H
#define TARN_QUERY_EXPLAIN_INT_H

#include "query/query_int.h"
#include "sql/plan_tree.h"
#include <stdio.h>

struct explain {
    struct sql_explain what;
    struct plan *plan;
    struct sql_plan_node *root;
    /* EXPLAIN ANALYZE */
    const struct exec *exec;
    const struct json *ok; /* the worker's answer */
};
struct explain_scan {
    int64_t rows; /* -1: not known */
    uint64_t bytes;
};
struct explain_scan explain_measure(const struct plan_scan *s);

/* ---- explain_text.c ---- */
void explain_text(const struct explain *x, struct buf *out);
/* What a scan reads and by which constraints: strings into `w`, or lines with a prefix into the
 * text form. */
struct explain_lines {
    struct buf *out;
    struct bytes prefix;
};
void explain_scan_details(const struct explain *x, const struct sql_plan_node *n, struct jsonw *w,
                          struct explain_lines *lines);
void explain_write_statistics(struct jsonw *w, const struct explain *x);

/* ---- explain_io.c ---- */
int explain_io(const struct explain *x, struct buf *out, struct err *e) WARN_UNUSED;
/* {"outputRowCount":..}: "NaN" where nothing is known, as Trino writes it. */
void explain_write_estimate(struct jsonw *w, bool known, int64_t rows, uint64_t bytes);

#endif
