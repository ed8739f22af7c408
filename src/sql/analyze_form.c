/* analyze_form.c - which clauses a call may have: DISTINCT, FILTER, ORDER BY, OVER, null treatment.
 *
 * Decided by the kind of the function and by where the call stands. Aggregates nest in nothing but
 * window functions; window functions nest in nothing. */
#include "sql/analyze_int.h"

static bool refuse(struct ctx *c, const struct sql_expr *e, const char *name, const char *text) {
    fail(c->z, e->pos, name, "%s", text);
    return false;
}

bool may_aggregate(struct ctx *c, const struct sql_expr *e, bool windowed) {
    if (c->no_aggregates) {
        fail(c->z, c->clause_pos, "EXPRESSION_NOT_SCALAR",
             "%s cannot contain aggregations, window functions or grouping operations: [%.*s]",
             c->no_aggregates, BYTES_ARG(expr_text(c->z, e)));
        return false;
    }
    if (c->no_windows && windowed)
        return refuse(c, e, "NESTED_WINDOW", c->no_windows);
    if (c->in_aggregate) {
        fail(c->z, c->aggregate_pos, windowed ? "NESTED_WINDOW" : "NESTED_AGGREGATION",
             "Cannot nest %s inside aggregation '%s': [%.*s]",
             windowed ? "window functions or row pattern measures" : "aggregations",
             c->in_aggregate, BYTES_ARG(expr_text(c->z, e)));
        return false;
    }
    if (!c->select)
        return refuse(c, e, "EXPRESSION_NOT_SCALAR", "Aggregations are not allowed here");
    return true;
}

static bool check_scalar(struct ctx *c, const struct sql_expr *e) {
    const struct sql_call *k = e->call;
    if (k->over)
        return refuse(c, e, "FUNCTION_NOT_WINDOW", "Not a window function");
    if (k->distinct)
        return refuse(c, e, "FUNCTION_NOT_AGGREGATE",
                      "DISTINCT is not supported for non-aggregation functions");
    if (k->filter)
        return refuse(c, e, "FUNCTION_NOT_AGGREGATE",
                      "Filter is only valid for aggregation functions");
    if (k->order_by.count)
        return refuse(c, e, "FUNCTION_NOT_AGGREGATE",
                      "ORDER BY is only valid for aggregation functions");
    return true;
}

bool check_form(struct ctx *c, const struct sql_expr *e, const struct sql_fn *fn) {
    const struct sql_call *k = e->call;
    if (!fn)
        return true;
    if (fn->kind == SQL_FN_SCALAR)
        return check_scalar(c, e);
    if (fn->kind == SQL_FN_WINDOW && !k->over) {
        fail(c->z, e->pos, "MISSING_OVER", "Window function %s requires an OVER clause", fn->name);
        return false;
    }
    if (k->over && k->filter)
        return refuse(c, e, "NOT_SUPPORTED", "FILTER is not yet supported for window functions");
    if (fn->kind == SQL_FN_WINDOW && k->distinct)
        return refuse(c, e, "NOT_SUPPORTED",
                      "Only aggregation window functions with DISTINCT are supported");
    if (fn->kind == SQL_FN_WINDOW && k->order_by.count)
        return refuse(c, e, "NOT_SUPPORTED",
                      "Only aggregation window functions with ORDER BY are supported");
    return true;
}

static bool is_one_of(const char *name, const char *const *list) {
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

bool check_windowed(struct ctx *c, const struct sql_expr *e, const struct sql_fn *fn,
                    const struct bound_window *w) {
    static const char *const ordered[] = {"lag", "lead", NULL};
    static const char *const unframed[] = {"lead",      "lag",        "row_number",
                                           "rank",      "dense_rank", "percent_rank",
                                           "cume_dist", "ntile",      NULL};
    static const char *const values[] = {"first_value", "last_value", "nth_value",
                                         "lag",         "lead",       NULL};
    if (is_one_of(fn->name, ordered) && !w->order.count)
        return fail(c->z, e->call->over->pos, "MISSING_ORDER_BY",
                    "%s function requires an ORDER BY window clause", fn->name),
               false;
    if (is_one_of(fn->name, unframed) && w->has_frame)
        return fail(c->z, w->frame_pos, "INVALID_WINDOW_FRAME",
                    "Cannot specify window frame for %s function", fn->name),
               false;
    if (e->call->null_treatment != SQL_NULLS_UNSAID && !is_one_of(fn->name, values))
        return fail(c->z, e->pos, "NULL_TREATMENT_NOT_ALLOWED",
                    "Cannot specify null treatment clause for %s function", fn->name),
               false;
    return true;
}
