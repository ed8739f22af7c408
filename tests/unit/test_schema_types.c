/* test_schema_types.c - Hive type text, and Firehose prefixes. */
#include "schema/prefix.h"
#include "schema/types.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_buf(struct buf *b, const char *want) {
    assert_string_equal(buf_cstr(b), want);
    buf_clear(b);
}

static void test_types(void **state) {
    static const struct {
        const char *text, *hive, *duckdb;
    } cases[] = {
        {"INT", "int", "INTEGER"},
        {" integer ", "int", "INTEGER"},
        {"boolean", "boolean", "BOOLEAN"},
        {"binary", "binary", "BLOB"},
        {"decimal", "decimal(10,0)", "DECIMAL(10,0)"},
        {"decimal(5)", "decimal(5,0)", "DECIMAL(5,0)"},
        {"Decimal( 38 , 38 )", "decimal(38,38)", "DECIMAL(38,38)"},
        {"varchar(10)", "varchar(10)", "VARCHAR"},
        {"char(255)", "char(255)", "VARCHAR"},
        {"timestamp", "timestamp", "TIMESTAMP"},
        {"array<date>", "array<date>", "DATE[]"},
        {"map<string,array<int>>", "map<string,array<int>>", "MAP(VARCHAR, INTEGER[])"},
        {"struct<A:int,b:struct<c:double>>", "struct<a:int,b:struct<c:double>>",
         "STRUCT(\"a\" INTEGER, \"b\" STRUCT(\"c\" DOUBLE))"},
        {"struct< `x y` : int, `q``\"`:float>", "struct<`x y`:int,`q``\"`:float>",
         "STRUCT(\"x y\" INTEGER, \"q`\"\"\" FLOAT)"},
        {"struct<a-b.c$:tinyint,\xc3\xa9:smallint>", "struct<a-b.c$:tinyint,\xc3\xa9:smallint>",
         "STRUCT(\"a-b.c$\" TINYINT, \"\xc3\xa9\" SMALLINT)"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        const struct type *t, *again;
        assert_int_equal(type_parse(&a, bytes_str(cases[i].text), &t, NULL), 0);
        struct buf out = {0};
        type_format(t, &out);
        assert_int_equal(type_parse(&a, buf_bytes(&out), &again, NULL), 0);
        assert_true(type_equal(t, again));
        assert_buf(&out, cases[i].hive);
        type_format_duckdb(t, &out);
        assert_buf(&out, cases[i].duckdb);
        arena_clear(&a);
    }
}

static void test_bad_types(void **state) {
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "expected a type at character 1"},
        {"strin", "not a Hive type at character 1"},
        {"array<>", "expected a type at character 7"},
        {"array<int", "expected '>' at character 10"},
        {"array<int>>", "unexpected text after the type at character 11"},
        {"map<int>", "expected ','"},
        {"map<array<int>,int>", "key must be a simple type"},
        {"decimal(39,0)", "1 <= p <= 38"},
        {"decimal(5,6)", "0 <= s <= p"},
        {"decimal(99999999999,0)", "character"},
        {"varchar", "need a length"},
        {"varchar(0)", "length must be"},
        {"char(256)", "length must be"},
        {"struct<>", "field name"},
        {"struct<a int>", "expected ':'"},
        {"struct<a:int,A:int>", "used twice"},
        {"struct<`a:int>", "not closed"},
        {"uniontype<int>", "not a Hive type"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct err e = {0};
        arena_init(&a, 0);
        const struct type *t = NULL;
        assert_int_equal(type_parse(&a, bytes_str(cases[i].text), &t, &e), ERR_INVALID_INPUT);
        assert_null(t);
        if (!strstr(e.text, cases[i].part)) {
            fail_msg("%s: %s", cases[i].text, e.text);
        }
        arena_clear(&a);
    }
}

static void test_deep_types(void **state) {
    struct buf text = {0};
    struct arena a;
    arena_init(&a, 0);
    const struct type *t;
    for (int i = 0; i < 60; i++) {
        buf_add_str(&text, "array<");
    }
    buf_add_str(&text, "int");
    for (int i = 0; i < 60; i++) {
        buf_add_char(&text, '>');
    }
    assert_int_equal(type_parse(&a, buf_bytes(&text), &t, NULL), 0);
    buf_reset(&text);
    for (int i = 0; i < 100000; i++) {
        buf_add_str(&text, "array<");
    }
    assert_int_equal(type_parse(&a, buf_bytes(&text), &t, NULL), ERR_INVALID_INPUT);
    buf_clear(&text);
    arena_clear(&a);
}

/* 2018-08-27T10:30:05.678Z, a Monday, day 239 of the year. */
#define NOW INT64_C(1535365805678)

static void test_java_dates(void **state) {
    static const struct {
        const char *pattern, *want;
    } cases[] = {
        {"yyyy/MM/dd/HH", "2018/08/27/10"},
        {"y-M-d H:m:s", "2018-8-27 10:30:5"},
        {"yy uuuu", "18 2018"},
        {"yyyyy", "02018"},
        {"MMM MMMM", "Aug August"},
        {"DDD E EEEE e ee eee", "239 Mon Monday 2 02 Mon"},
        {"S SSS SSSSSS", "6 678 678000"},
        {"hh a K k", "10 AM 10 10"},
        {"'dt='yyyy''MM", "dt=2018'08"},
        {"''''", "'"},
        {"'it''s'", "it's"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = {0};
        assert_int_equal(prefix_format_time(bytes_str(cases[i].pattern), NOW, &out, NULL), 0);
        assert_buf(&out, cases[i].want);
    }
    static const char *bad[] = {"YYYY", "dddd", "x", "'open", "yyyy[MM]", "MM#"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct buf out = {0};
        struct err e = {0};
        assert_int_equal(prefix_format_time(bytes_str(bad[i]), NOW, &out, &e),
                         ERR_INVALID_ARGUMENT);
        assert_true(strlen(e.text) > 20);
        buf_clear(&out);
    }
}

/* Noon and midnight are where the hour letters differ. */
static void test_half_days(void **state) {
    struct buf out = {0};
    assert_int_equal(prefix_format_time(BYTES("H h K k a"), 0, &out, NULL), 0);
    assert_buf(&out, "0 12 0 24 AM");
    assert_int_equal(prefix_format_time(BYTES("H h K k a"), 43200000, &out, NULL), 0);
    assert_buf(&out, "12 12 0 12 PM");
}

static void test_evaluate(void **state) {
    static const struct {
        const char *prefix, *error, *want;
    } cases[] = {
        {"", NULL, "2018/08/27/10/"},
        {"myFirehosePrefix", NULL, "myFirehosePrefix2018/08/27/10/"},
        {"p/", NULL, "p/2018/08/27/10/"},
        {"p/y=!{timestamp:yyyy}/m=!{timestamp:MM}/", NULL, "p/y=2018/m=08/"},
        {"a!{timestamp:'/fixed/'}", NULL, "a/fixed/"},
        {"errors/", "format-conversion-failed", "errors/format-conversion-failed/2018/08/27/10/"},
        {"", "processing-failed", "processing-failed/2018/08/27/10/"},
        {"e/!{firehose:error-output-type}/", "processing-failed", "e/processing-failed/"},
        {"e/!{firehose:error-output-type}/!{timestamp:yyyy}/x/", "processing-failed",
         "e/processing-failed/2018/x/"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = {0};
        assert_int_equal(
            prefix_evaluate(bytes_str(cases[i].prefix), NOW, cases[i].error, &out, NULL), 0);
        assert_buf(&out, cases[i].want);
    }
    struct buf one = {0}, two = {0};
    struct bytes random = BYTES("r/!{firehose:random-string}/!{timestamp:yyyy}/");
    assert_int_equal(prefix_evaluate(random, NOW, NULL, &one, NULL), 0);
    assert_int_equal(prefix_evaluate(random, NOW, NULL, &two, NULL), 0);
    assert_int_equal(one.len, strlen("r/01234567890/2018/"));
    assert_false(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
    buf_clear(&one);
    buf_clear(&two);
}

static void test_check(void **state) {
    static const struct {
        const char *prefix;
        bool error, ok;
    } cases[] = {
        {"", false, true},
        {"plain/", true, true},
        {"a/!{timestamp:yyyy}/", false, true},
        {"a/!{timestamp:yyyy}/", true, false},
        {"a/!{firehose:error-output-type}/!{timestamp:yyyy}/", true, true},
        {"a/!{firehose:error-output-type}/", false, false},
        {"!{partitionKeyFromQuery:id}/", false, true},
        {"!{partitionKeyFromLambda:id}/!{firehose:error-output-type}", true, false},
        {"a/!{timestamp:yyyy", false, false},
        {"a/!{timestamp:}", false, false},
        {"a/!{timestamp:YYYY}", false, false},
        {"a/!{nothing:x}", false, false},
        {"a/!{firehose:nothing}", false, false},
        {"a/!{timestamp}", false, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int rc = prefix_check(bytes_str(cases[i].prefix), cases[i].error, NULL);
        if (rc != (cases[i].ok ? 0 : ERR_INVALID_ARGUMENT)) {
            fail_msg("%s: %d", cases[i].prefix, rc);
        }
    }
}

static int64_t at(int y, int mo, int d, int h, int mi, int s) {
    struct clock_fields f = {
        .year = y, .month = mo, .day = d, .hour = h, .minute = mi, .second = s};
    return clock_join_ms(&f);
}

static void test_next_change(void **state) {
    assert_int_equal(prefix_next_change(BYTES(""), NOW), at(2018, 8, 27, 11, 0, 0));
    assert_int_equal(prefix_next_change(BYTES("x/"), at(2018, 8, 27, 11, 0, 0)),
                     at(2018, 8, 27, 12, 0, 0));
    assert_int_equal(prefix_next_change(BYTES("!{timestamp:yyyy}!{timestamp:mm}"), NOW),
                     at(2018, 8, 27, 10, 31, 0));
    assert_int_equal(prefix_next_change(BYTES("!{timestamp:ss}"), NOW), at(2018, 8, 27, 10, 30, 6));
    assert_int_equal(prefix_next_change(BYTES("!{timestamp:SSS}"), NOW), NOW + 1);
    assert_int_equal(prefix_next_change(BYTES("!{timestamp:E}"), NOW), at(2018, 8, 28, 0, 0, 0));
    assert_int_equal(prefix_next_change(BYTES("!{timestamp:MM}"), at(2018, 12, 31, 23, 0, 0)),
                     at(2019, 1, 1, 0, 0, 0));
    assert_int_equal(prefix_next_change(BYTES("!{timestamp:yyyy}"), NOW), at(2019, 1, 1, 0, 0, 0));
    assert_true(prefix_next_change(BYTES("!{timestamp:'x'}"), NOW) == INT64_MAX);
    assert_int_equal(prefix_next_change(BYTES("!{timestamp:HH}"), -1), 0);
}

/* The promise that makes a row keep its partition: the text is the same until the next change. */
static void test_change_is_exact(void **state) {
    static const char *prefixes[] = {"", "a/!{timestamp:yyyy/MM/dd}/", "!{timestamp:MM}/",
                                     "!{timestamp:yyyy-DDD-HH-mm}/"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        struct bytes p = bytes_str(prefixes[i]);
        int64_t ms = NOW;
        for (int k = 0; k < 30; k++) {
            struct buf now = {0}, last = {0}, next = {0};
            int64_t change = prefix_next_change(p, ms);
            assert_int_equal(prefix_evaluate(p, ms, NULL, &now, NULL), 0);
            assert_int_equal(prefix_evaluate(p, change - 1, NULL, &last, NULL), 0);
            assert_int_equal(prefix_evaluate(p, change, NULL, &next, NULL), 0);
            assert_true(bytes_eq(buf_bytes(&now), buf_bytes(&last)));
            assert_false(bytes_eq(buf_bytes(&now), buf_bytes(&next)));
            buf_clear(&now);
            buf_clear(&last);
            buf_clear(&next);
            ms = change;
        }
    }
}

static void test_partition_patterns(void **state) {
    static const struct {
        const char *prefix, *columns[5], *params[5], *want[5];
    } cases[] = {
        {"", {"inserted_at"}, {0}, {"yyyy/MM/dd/HH"}},
        {"events/", {"inserted_at"}, {0}, {"yyyy/MM/dd/HH"}},
        {"events/", {"y", "m", "d", "h"}, {0}, {"yyyy", "MM", "dd", "HH"}},
        {"events/!{timestamp:yyyy/MM/dd}/", {"dt"}, {0}, {"yyyy/MM/dd"}},
        {"events/!{timestamp:yyyy/MM/dd/}", {"dt"}, {0}, {"yyyy/MM/dd"}},
        {"e/!{timestamp:yyyy}/!{timestamp:MM}/", {"a", "b"}, {0}, {"yyyy", "MM"}},
        {"e/dt=!{timestamp:yyyy-MM-dd}/", {"dt"}, {0}, {"yyyy-MM-dd"}},
        {"e/DT=!{timestamp:yyyy}-!{timestamp:MM}/h=!{timestamp:HH}/",
         {"h", "dt"},
         {0},
         {"HH", "yyyy'-'MM"}},
        {"region=eu's/dt=!{timestamp:yyyy}/", {"region", "dt"}, {0}, {"'eu''s'", "yyyy"}},
        {"e/!{timestamp:yyyy/MM}/", {"dt"}, {"yyyy-MM"}, {"yyyy-MM"}},
        {"e/!{timestamp:yyyy/MM}/x/", {"dt"}, {0}, {"yyyy/MM"}},
        /* None of these fits. */
        {"e/!{timestamp:yyyy/MM}/", {"a", "b", "c"}, {0}, {0}},
        {"e/!{timestamp:yyyy/MM}", {"dt"}, {0}, {0}},
        {"e/y=!{timestamp:yyyy}/m=!{timestamp:MM}/", {"dt"}, {0}, {0}},
        {"e/y=!{timestamp:yyyy}/!{timestamp:MM}/", {"y", "m"}, {0}, {0}},
        {"dt=!{firehose:random-string}/!{timestamp:yyyy}!{timestamp:yyyy}/", {"dt"}, {0}, {0}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct bytes columns[5], params[5], got[5];
        size_t n = 0;
        for (; n < 5 && cases[i].columns[n]; n++) {
            columns[n] = bytes_str(cases[i].columns[n]);
            params[n] = bytes_str(cases[i].params[n]);
        }
        bool ok =
            prefix_partition_patterns(&a, bytes_str(cases[i].prefix), columns, params, n, got);
        assert_int_equal(ok, cases[i].want[0] != NULL);
        for (size_t k = 0; k < n; k++) {
            if (!bytes_eq_str(got[k], cases[i].want[k] ? cases[i].want[k] : "")) {
                fail_msg("%s: %.*s", cases[i].prefix, BYTES_ARG(got[k]));
            }
        }
        arena_clear(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),           cmocka_unit_test(test_bad_types),
        cmocka_unit_test(test_deep_types),      cmocka_unit_test(test_java_dates),
        cmocka_unit_test(test_half_days),       cmocka_unit_test(test_evaluate),
        cmocka_unit_test(test_check),           cmocka_unit_test(test_next_change),
        cmocka_unit_test(test_change_is_exact), cmocka_unit_test(test_partition_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
