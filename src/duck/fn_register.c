/* fn_register.c - all function tables and macros into a connection. */
#include "duck/aggregates.h"
#include "duck/fn_int.h"
#include "duck/macros.h"

static const struct {
    const struct duck_function *table;
    const size_t *count;
} tables[] = {
#define X(name) {fn_##name##_table, &fn_##name##_count},
    FN_TABLES(X)
#undef X
};

int duck_register_functions(duckdb_connection con, struct err *e) {
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        int rc = duck_register_table(con, tables[i].table, *tables[i].count, e);
        if (rc)
            return rc;
    }
    int rc = duck_register_aggregates(con, e);
    return rc ? rc : duck_register_macros(con, e);
}
