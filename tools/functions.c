/* functions.c - prints docs/functions.md: the names in the SQL function table, by kind. */
#include "sql/functions.h"

#include <stdio.h>
#include <stdlib.h>

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_kind(enum sql_fn_kind kind, const char *title) {
    static const char *names[4096];
    size_t n = 0, different = 0;
    for (size_t i = 0; i < sql_fn_count() && n < COUNT_OF(names); i++)
        if (sql_fn_at(i)->kind == kind)
            names[n++] = sql_fn_at(i)->name;
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++)
        different += i == 0 || strcmp(names[i], names[i - 1]) != 0;
    printf("\n## %s (%zu)\n\n", title, different);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            printf("%s`%s`", i ? ", " : "", names[i]);
    printf("\n");
}

int main(void) {
    printf("# SQL functions\n\n"
           "Made by `make docs` from the function table (`src/sql/functions_*.c`); do not edit. "
           "Signatures are\nTrino's. Any other name answers FUNCTION_NOT_FOUND. Besides these, "
           "the grammar has CAST, TRY_CAST, TRY,\nCASE, NULLIF, EXTRACT, POSITION, "
           "SUBSTRING .. FROM, TRIM .. FROM and GROUPING; see [sql.md](sql.md).\n");
    print_kind(SQL_FN_SCALAR, "Scalar");
    print_kind(SQL_FN_AGGREGATE, "Aggregate");
    print_kind(SQL_FN_WINDOW, "Window only");
    return 0;
}
