/* plan.h - what a warehouse file asks for against what the server has: plan, apply, destroy.
 *
 * A plan is a list of resources in the order in which they can be made (buckets, databases,
 * streams, tables, objects, deliveries); destroying goes backwards. Everything goes through the
 * public AWS API of the client's endpoint. Applying a plan whose actions are all NONE changes
 * nothing. */
#ifndef TARN_STACK_PLAN_H
#define TARN_STACK_PLAN_H

#include "http/client.h"
#include "stack/warehouse.h"

enum stack_action { STACK_NONE, STACK_CREATE, STACK_UPDATE };

struct stack_resource;
struct stack_plan {
    struct arena *arena;
    struct client *client;
    const struct warehouse *warehouse;
    struct stack_resource *resources;
    size_t count;
    size_t changes; /* resources whose action is not NONE */
};

struct stack_kind;
struct stack_resource {
    const struct stack_kind *kind;
    struct bytes name;   /* what people see: "default.impressions" */
    struct bytes reason; /* for UPDATE: what differs */
    enum stack_action action;
    const struct warehouse_table *table;       /* or NULL */
    const struct warehouse_database *database; /* or NULL */
    struct bytes bucket, key;                  /* buckets and objects */
    const char *path;                          /* objects: the local file */
};

/* "bucket", "database", "stream", "table", "object", "delivery stream". */
const char *stack_kind_name(const struct stack_resource *r);

/* Asks the server about every resource. The plan and its texts live in `a`. Errors: a missing data
 * file (ERR_USAGE), a change that cannot be made in place (ERR_USAGE, says what to do), and the
 * client's. */
int stack_plan_make(struct arena *a, struct client *c, const struct warehouse *w,
                    struct stack_plan *ret, struct err *e) WARN_UNUSED;

/* Reports each step before it is taken. */
typedef void (*stack_report)(void *ctx, const struct stack_resource *r, const char *verb);
int stack_apply(struct stack_plan *p, stack_report report, void *ctx, struct err *e) WARN_UNUSED;

/* Delivers what the streams still hold, then removes streams, deliveries, tables and databases that
 * are left empty. Objects and buckets stay unless delete_data. Missing resources are skipped. */
int stack_destroy(struct stack_plan *p, bool delete_data, stack_report report, void *ctx,
                  struct err *e) WARN_UNUSED;

#endif
