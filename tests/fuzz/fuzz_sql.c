/* fuzz_sql.c - any text parses or fails with a sentence; what parses prints to a text that parses
 * again and prints the same (queries). Parameters take any value, or refuse it. */
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

/* What a statement brings for its parameters is bound, or refused with a sentence; a bound tree
 * prints to a text without parameters. */
static void check_bound(struct arena *a, struct sql_statement *s, struct bytes text) {
    struct sql_prepared p;
    struct err e = {0};
    struct bytes values[8];
    size_t n = MIN_OF(s->parameter_count, COUNT_OF(values));
    if (sql_statement_prepared(a, s, &p, &e))
        return;
    if (p.text.len && sql_parse(a, p.text, &s, &e) == 0 &&
        sql_bind_parameters(a, s, p.using, p.using_count, &e) && (!e.name[0] || !e.text[0]))
        abort();
    for (size_t i = 0; i < n; i++) /* pieces of the text itself */
        values[i] = bytes_slice(text, i * text.len / 8, (i + 1) * text.len / 8);
    e = (struct err){0};
    if (n && n == s->parameter_count && sql_bind_parameters(a, s, values, n, &e) &&
        (!e.name[0] || !e.text[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct err e = {0};
    struct sql_statement *s = NULL;
    arena_init(&a, 0);
    a.each_malloc = true;
    int rc = sql_parse(&a, bytes_of(data, size), &s, &e);
    if (rc == 0) {
        check_stable(&a, s);
        check_bound(&a, s, bytes_of(data, size));
    } else if (rc != 0 && (rc != ERR_SQL || !e.name[0] || !e.text[0]))
        abort();
    struct sql_type_name *t = NULL;
    if (sql_parse_type(&a, bytes_of(data, size), &t, NULL) == 0 && !t)
        abort();
    arena_clear(&a);
    return 0;
}
