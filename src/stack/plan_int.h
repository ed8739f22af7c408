/* plan_int.h - inside the stack room: a kind of resource is a table of functions. */
#ifndef TARN_STACK_PLAN_INT_H
#define TARN_STACK_PLAN_INT_H

#include "stack/plan.h"

struct stack_kind {
    const char *name;
    bool is_data; /* removed only with delete_data */
    /* Sets r->action and r->reason. */
    int (*inspect)(struct stack_plan *p, struct stack_resource *r, struct err *e);
    int (*apply)(struct stack_plan *p, struct stack_resource *r, struct err *e);
    int (*destroy)(struct stack_plan *p, struct stack_resource *r, struct err *e);
};

extern const struct stack_kind stack_kind_bucket, stack_kind_database, stack_kind_stream,
    stack_kind_table, stack_kind_object, stack_kind_delivery;

/* True when everything in `want` is in `have` with the same value; members that only `have` has do
 * not count. On a difference *ret_where names the member (a view into `want`). */
bool stack_tree_covers(const struct json *have, const struct json *want, struct bytes *ret_where);

/* Glue's TableInput for a table, as JSON text. */
int stack_table_input(struct arena *a, const struct warehouse *w, const struct warehouse_table *t,
                      struct bytes *ret, struct err *e) WARN_UNUSED;
/* Firehose's ExtendedS3DestinationConfiguration. */
int stack_destination(struct arena *a, const struct warehouse *w, const struct warehouse_table *t,
                      struct bytes *ret, struct err *e) WARN_UNUSED;
/* "errors/db/table/": where bad records of a streaming table go, within the table's bucket. */
struct bytes stack_error_prefix(struct arena *a, const struct warehouse_table *t);

#endif
