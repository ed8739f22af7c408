/* fuzz_sql.c - any text parses or fails with a sentence; what parses prints to a text that parses
 * again and prints the same (queries). */
#include "base/mem.h"
#include "sql/tree.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct sql_statement *s, struct buf *out) {
    buf_reset(out);
    sql_print_statement(s, out);
    if (!buf_ok(out))
        abort();
}

static void check_stable(struct arena *a, const struct sql_statement *s) {
    struct buf first = {0}, second = {0};
    struct sql_statement *again = NULL;
    struct err e = {0};
    print(s, &first);
    if (sql_parse(a, buf_bytes(&first), &again, &e) != 0) {
        /* canonical parentheses may go one past the limit of nesting; nothing else may fail */
        if (!strstr(e.text, "nested too deep"))
            abort();
    } else {
        print(again, &second);
        if (!bytes_eq(buf_bytes(&first), buf_bytes(&second)))
            abort();
    }
    buf_clear(&first);
    buf_clear(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct err e = {0};
    struct sql_statement *s = NULL;
    arena_init(&a, 0);
    a.each_malloc = true;
    int rc = sql_parse(&a, bytes_of(data, size), &s, &e);
    if (rc == 0)
        check_stable(&a, s);
    else if (rc != 0 && (rc != ERR_SQL || !e.name[0] || !e.text[0]))
        abort();
    struct sql_type_name *t = NULL;
    if (sql_parse_type(&a, bytes_of(data, size), &t, NULL) == 0 && !t)
        abort();
    arena_clear(&a);
    return 0;
}
