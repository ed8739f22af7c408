/* fn_register.c - the list of all function tables. */
#include "duck/fn_int.h"

static const struct {
    const struct duck_function *table;
    const size_t *count;
} tables[] = {
    {fn_math_table, &fn_math_count},
};

int duck_register_functions(duckdb_connection con, struct err *e) {
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        int rc = duck_register_table(con, tables[i].table, *tables[i].count, e);
        if (rc)
            return rc;
    }
    return 0;
}
