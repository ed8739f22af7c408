/* test_stack.c - the warehouse file: what it accepts, and where it says a mistake is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"
#include "stack/plan_int.h"

static const char good[] = "name: shop\n"
                           "databases:\n"
                           "  sales: {description: money}\n"
                           "static_tables:\n"
                           "  prices:\n"
                           "    database: sales\n"
                           "    columns: {id: int, price: 'decimal(10,2)'}\n"
                           "    format: csv\n"
                           "    files: [prices.csv]\n"
                           "streaming_tables:\n"
                           "  Orders:\n"
                           "    columns:\n"
                           "      id: {type: bigint, comment: number}\n"
                           "      items: array<struct<sku:string,n:int>>\n"
                           "    shards: 3\n"
                           "    buffer: {size_mb: 64, interval_s: 10}\n"
                           "    partition: {column: hour, pattern: yyyy-MM-dd-HH}\n"
                           "outputs:\n"
                           "  greeting: hello\n";

static void reads_a_good_file(void **state) {
    struct arena a;
    struct warehouse *w;
    struct err e = {0};
    arena_init(&a, 0);
    assert_int_equal(warehouse_parse(&a, bytes_str(good), BYTES("/x/folder"), &w, &e), 0);
    assert_true(bytes_eq_str(w->bucket, "shop"));
    assert_int_equal(w->table_count, 2);
    assert_int_equal(w->database_count, 2); /* default comes with the table that uses it */
    const struct warehouse_table *t = warehouse_find_table(w, BYTES("orders"));
    assert_non_null(t);
    assert_true(t->streaming);
    assert_int_equal(t->shards, 3);
    assert_true(bytes_eq_str(t->location, "s3://shop/default/orders/"));
    assert_true(bytes_eq_str(t->stream, "shop-orders"));
    assert_true(bytes_eq_str(t->partition.column, "hour"));
    assert_ptr_equal(warehouse_find_table(w, BYTES("sales.prices")), &w->tables[0]);
    assert_null(warehouse_find_table(w, BYTES("default.prices")));
    assert_int_equal(w->output_count, 3);
    arena_clear(&a);
}

static const struct {
    const char *text;
    int line, column;
    const char *says;
} mistakes[] = {
    {"", 1, 1, "empty"},
    {"- a\n", 1, 1, "must be a mapping"},
    {"name: x\nnmae: y\n", 2, 1, "'nmae' is not a key of a warehouse file"},
    {"name: [x]\n", 1, 7, "'name' must be a single value, not a list"},
    {"name: x\nname: y\n", 2, 1, "given twice"},
    {"streaming_tables:\n  t:\n    columns: {a: int}\n    shards: many\n", 4, 13, "whole number"},
    {"streaming_tables:\n  t:\n    columns: {a: int}\n    shards: 0\n", 4, 13, "from 1 to 10000"},
    {"streaming_tables:\n  t:\n    columns: {a: integr}\n", 3, 18, "integr"},
    {"streaming_tables:\n  t:\n    shards: 1\n", 2, 3, "needs columns"},
    {"streaming_tables:\n  t:\n    columns: {a: int}\n    colour: red\n", 4, 5,
     "'colour' is not a key of a streaming table"},
    {"streaming_tables:\n  t: {columns: {a: int}}\nstatic_tables:\n  t: {columns: {a: int}}\n", 4,
     3, "defined twice"},
    {"streaming_tables:\n  t: {database: d, columns: {a: int}}\n", 2, 3, "not under databases"},
    {"streaming_tables:\n  t: {columns: {inserted_at: int}}\n", 2, 3, "partition column"},
    {"streaming_tables:\n  t: {columns: {a: int}, format: csv}\n", 2, 34, "must be parquet"},
    {"streaming_tables:\n  t: {columns: {a: int}, location: here}\n", 2, 36, "s3://"},
    {"streaming_tables:\n  t: {columns: {a: int}, partition: {pattern: QQ}}\n", 2, 47, ""},
    {"static_tables:\n  t: {columns: {a: int}, header: maybe}\n", 2, 34, "true or false"},
    {"name: &a x\nbucket: *a\n", 2, 9, "Aliases"},
    {"a: {b: [\n", 2, 1, ""},
};

static void points_at_mistakes(void **state) {
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct arena a;
        struct warehouse *w = NULL;
        struct err e = {0};
        arena_init(&a, 0);
        int rc = warehouse_parse(&a, bytes_str(mistakes[i].text), BYTES("/x"), &w, &e);
        if (rc != ERR_USAGE || e.line != mistakes[i].line || e.column != mistakes[i].column ||
            !strstr(e.text, mistakes[i].says)) {
            fail_msg("case %zu: rc %d at %d:%d: %s", i, rc, e.line, e.column, e.text);
        }
        arena_clear(&a);
    }
}

/* Every allocation may fail: an error comes back, nothing leaks, nothing crashes. */
static void survives_short_memory(void **state) {
    int64_t before = mem_test_live_blocks();
    for (int64_t n = 1;; n++) {
        struct arena a;
        struct warehouse *w;
        struct err e = {0};
        arena_init(&a, 0);
        a.each_malloc = true;
        mem_test_fail_nth(n);
        int rc = warehouse_parse(&a, bytes_str(good), BYTES("/x/folder"), &w, &e);
        mem_test_fail_nth(0);
        arena_clear(&a);
        if (rc == 0) {
            assert_true(n > 20);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
    assert_int_equal(mem_test_live_blocks(), before);
}

static bool covers(const char *have, const char *want, struct bytes *where) {
    static struct arena a;
    struct json *h, *w;
    arena_init(&a, 0);
    assert_int_equal(json_parse(&a, bytes_str(have), &h, NULL), 0);
    assert_int_equal(json_parse(&a, bytes_str(want), &w, NULL), 0);
    bool yes = stack_tree_covers(h, w, where);
    char *kept = where->len ? strndup(where->ptr, where->len) : NULL;
    *where = bytes_str(kept);
    arena_clear(&a);
    return yes;
}

static void finds_what_differs(void **state) {
    struct bytes where = {0};
    assert_true(covers("{\"a\":1,\"b\":2,\"more\":[]}", "{\"b\":2,\"a\":1}", &where));
    free((char *)where.ptr);
    where = (struct bytes){0};
    assert_false(covers("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":3}}", &where));
    assert_true(bytes_eq_str(where, "y"));
    free((char *)where.ptr);
    where = (struct bytes){0};
    assert_false(covers("{\"a\":[1,2,3]}", "{\"a\":[1,2]}", &where));
    assert_true(bytes_eq_str(where, "a"));
    free((char *)where.ptr);
    where = (struct bytes){0};
    assert_false(covers("{}", "{\"a\":[]}", &where));
    free((char *)where.ptr);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_good_file),
        cmocka_unit_test(points_at_mistakes),
        cmocka_unit_test(survives_short_memory),
        cmocka_unit_test(finds_what_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
