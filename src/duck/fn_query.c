/* fn_query.c - what a query checks while it runs. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"

/* Reached by a row: the recursion has not come to an end. */
FN(recursion_limit) {
    duck_raise(c->info, "NOT_SUPPORTED",
               "Recursion depth limit exceeded (%d). Use 'max_recursion_depth' session property to "
               "modify the limit.",
               (int)fn_i32(c, 0, i));
    return false;
}

const struct duck_function fn_query_table[] = {
    {"t_recursion_limit", "INTEGER", "BOOLEAN", call_recursion_limit, DUCK_FN_VOLATILE, NULL},
};
const size_t fn_query_count = COUNT_OF(fn_query_table);
