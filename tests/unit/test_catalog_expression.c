/* GetPartitions' filter and the typed comparison behind it. */
#include "api/glue/expression.h"
#include "catalog/value.h"
#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct expression_key keys[3];
static struct arena arena;

static bool match(const char *text, const char *dt, const char *n, const char *price) {
    const struct expression *x = NULL;
    struct err e;
    struct bytes values[] = {bytes_str(dt), bytes_str(n), bytes_str(price)};
    if (expression_parse(&arena, bytes_str(text), keys, 3, &x, &e))
        fail_msg("%s: %s", text, e.text);
    return expression_match(x, values, 3);
}

static void matches(void **state) {
    assert_true(match("dt = '2020-01-01'", "2020-01-01", "1", "1"));
    assert_false(match("dt <> '2020-01-01'", "2020-01-01", "1", "1"));
    assert_true(match("n > 9 AND n < 11", "x", "010", "1"));
    assert_false(match("n > 9", "x", "9", "1"));
    assert_true(match("((dt = 'a') OR (dt >= 'b' AND dt < 'c'))", "bb", "1", "1"));
    assert_true(match("(dt in ('a', 'it''s')) and (n <> 3)", "it's", "2", "1"));
    assert_true(match("n not in (1,2)", "x", "3", "1"));
    assert_true(match("n between 2 and 4 and NOT dt like 'b%'", "a_", "3", "1"));
    assert_true(match("dt LIKE '2020-%-_1'", "2020-01-21", "3", "1"));
    assert_false(match("dt LIKE '2020-%-_1'", "2020-01-22", "3", "1"));
    assert_true(match("price >= 10.50", "x", "1", "10.5"));
    assert_false(match("price > 10.50", "x", "1", "9.999"));
    assert_true(match("price < 0", "x", "1", "-0.01"));
    assert_true(match("dt is null", CATALOG_NULL_PARTITION, "1", "1"));
    assert_false(match("dt is not null", CATALOG_NULL_PARTITION, "1", "1"));
    assert_true(match("dt = '" CATALOG_NULL_PARTITION "'", CATALOG_NULL_PARTITION, "1", "1"));
    assert_false(match("n < 5", "x", CATALOG_NULL_PARTITION, "1"));
    assert_false(match("n <> '" CATALOG_NULL_PARTITION "'", "x", CATALOG_NULL_PARTITION, "1"));
    assert_true(match("n in (1, '" CATALOG_NULL_PARTITION "')", "x", CATALOG_NULL_PARTITION, "1"));
    assert_true(match("(n) = ((2)) (OR) (((n))) = (3)", "x", "3", "1"));
    assert_true(match("(n = 9 ((and)) (dt) = ('x')) OR (n) in ((1), (3))", "x", "3", "1"));
    assert_false(match("((n) = 2 and (n = 3 or n = 2))", "x", "3", "1"));
    assert_true(match("price between 2 AND 3e10", "x", "1", "2.6"));
    assert_false(match("price between 2 AND 3e10", "x", "1", "3e14"));
}

static void refuses(void **state) {
    static const char *const bad[] = {"dt",
                                      "dt =",
                                      "dt = 'x",
                                      "nope = 1",
                                      "dt = 1 and",
                                      "(dt = 1",
                                      "dt = 1)",
                                      "(n = 1",
                                      "((n) = 1",
                                      "n = (1",
                                      "n = 1 (or n = 2",
                                      "n = 'x'",
                                      "n in (1, 2.5)",
                                      "n like '2'",
                                      "price = '1e'",
                                      "price like '2'",
                                      "price between 1 and x",
                                      "dt ~ 'x'",
                                      "dt in ()",
                                      "dt in (1",
                                      "n is 3",
                                      "n between 1",
                                      "not",
                                      "= 3"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct expression *x;
        struct err e;
        if (expression_parse(&arena, bytes_str(bad[i]), keys, 3, &x, &e) != ERR_INVALID_INPUT)
            fail_msg("accepted: %s", bad[i]);
    }
    struct buf deep = {0};
    struct err e;
    const struct expression *x;
    for (int i = 0; i < 10000; i++)
        buf_add_char(&deep, '(');
    assert_int_equal(expression_parse(&arena, buf_bytes(&deep), keys, 3, &x, &e),
                     ERR_INVALID_INPUT);
    buf_clear(&deep);
}

static void compares(void **state) {
    static const struct {
        const char *type, *a, *b;
        int order; /* 9: no order */
    } cases[] = {
        {"timestamp", "2020-01-01", "2020-01-01 00:00:00.0", 0},
        {"timestamp", "2020-01-01 00:00:00.5", "2020-01-01 00:00:00.25", 1},
        {"timestamp", "2020-01-01 00:00:00.000000001", "2020-01-01 00:00:00", 1},
        {"decimal(5,2)", "3e14", "300000000000000.0", 0},
        {"decimal(5,2)", "0.001e3", "1", 0},
        {"decimal(5,2)", "0.012", "0.1e-1", 1},
        {"decimal(5,2)", "-2e2", "-1e2", -1},
        {"decimal(5,2)", "0", "0.0001", -1},
        {"decimal(5,2)", "1e", "1", 9},
        {"date", "2020-1-5", "2020-01-06", -1},
        {"date", "2020-13-05", "2020-01-06", 9},
        {"decimal(38,2)", "12345678901234567890123456.78", "12345678901234567890123456.79", -1},
        {"decimal(5,2)", "-0.00", "0", 0},
        {"decimal(5,2)", "x", "0", 9},
        {"double", "1e3", "1000.0", 0},
        {"boolean", "TRUE", "false", 1},
        {"bigint", "-5", "3", -1},
        {"int", "", "3", 9},
        {"string", "10", "9", -1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct type *t = NULL;
        struct err e;
        int o = 0;
        assert_int_equal(type_parse(&arena, bytes_str(cases[i].type), &t, &e), 0);
        if (!catalog_value_compare(t, bytes_str(cases[i].a), bytes_str(cases[i].b), &o))
            o = 9;
        if ((o == 9) != (cases[i].order == 9) || (o > 0) != (cases[i].order > 0) ||
            (o < 0) != (cases[i].order < 0))
            fail_msg("%s: %s against %s", cases[i].type, cases[i].a, cases[i].b);
    }
}

/* AWS's words, which clients and people look for. */
static void explains(void **state) {
    static const struct {
        const char *type, *text, *why;
    } cases[] = {
        {"int", "k = 'x'", "\"x\" is not an integer."},
        {"decimal(9,2)", "k = '1.2.3'", "\"1.2.3\" is not a decimal."},
        {"date", "k = '2022-02-29'", "\"2022-02-29\" is not a date."},
        {"timestamp", "k = '2022-02-15 00:00:00.'", "\"2022-02-15 00:00:00.\" is not a timestamp."},
        {"timestamp", "k = '2022-02-15'", "\"2022-02-15\" is not a timestamp."},
        {"bigint", "k LIKE '2%'", "Integral data type doesn't support operation 'LIKE'"},
        {"date", "k LIKE '2%'", "Date data type doesn't support operation 'LIKE'"},
        {"string", "other = 1", "Invalid partition expression!"},
        {"string", "k = ", "Unsupported expression 'k = '."}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct expression_key k = {.name = BYTES("k")};
        const struct expression *x;
        struct err e = {0};
        assert_int_equal(type_parse(&arena, bytes_str(cases[i].type), &k.type, &e), 0);
        assert_int_equal(expression_parse(&arena, bytes_str(cases[i].text), &k, 1, &x, &e),
                         ERR_INVALID_INPUT);
        assert_string_equal(e.text, cases[i].why);
    }
}

int main(void) {
    static const char *const names[] = {"dt", "n", "price"};
    static const char *const types[] = {"string", "int", "decimal(10,2)"};
    arena_init(&arena, 0);
    for (int i = 0; i < 3; i++) {
        keys[i].name = bytes_str(names[i]);
        if (type_parse(&arena, bytes_str(types[i]), &keys[i].type, NULL))
            return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(matches), cmocka_unit_test(refuses),
                                       cmocka_unit_test(compares), cmocka_unit_test(explains)};
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_clear(&arena);
    return rc;
}
