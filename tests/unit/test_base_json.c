/* test_base_json.c - the JSON reader and writer. */
#include "base/json.h"
#include "base/mem.h"
#include "base/rand.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int parse(struct arena *a, struct bytes text, struct json **ret) {
    struct err e;
    int rc = json_parse(a, text, ret, &e);
    assert_true(rc == 0 || rc == ERR_SERIALIZATION || rc == ERR_NOMEM);
    return rc;
}

static void expect(const char *text, bool good) {
    struct arena a;
    struct json *j;
    arena_init(&a, 0);
    size_t len = strlen(text);
    char *exact = malloc(len ? len : 1); /* so that a sanitizer sees any byte read too far */
    memcpy(exact, text, len);
    if ((parse(&a, bytes_of(exact, len), &j) == 0) != good) {
        fail_msg("%s should be %s", text, good ? "accepted" : "refused");
    }
    free(exact);
    arena_clear(&a);
}

static void test_accepts(void **state) {
    static const char *texts[] = {
        "0",
        "-0",
        "1.5",
        "-1e9",
        "1E+2",
        "1e-2",
        "0.0e0",
        "123456789012345678901234567890",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\x7f\"",
        "\"\xe2\x82\xac\"",
        "[]",
        "[ ]",
        "{}",
        " { \"a\" : [ 1 , 2 ] , \"a\":null } \n",
        "true",
        "false",
        "null",
        "[[],{}]",
        "{\"\":0}",
        "\"a string that is longer than one SIMD block \\n\"",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        expect(texts[i], true);
    }
}

static void test_refuses(void **state) {
    static const char *texts[] = {
        "",
        " ",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "--1",
        "\"",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\n\"",
        "\"a\tb\"",
        "'a'",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"long enough for a block \xe2\x82\"",
        "\"\\n\xff\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "[1}",
        "{\"a\":1]",
        "tru",
        "truex",
        "nul",
        "1 2",
        "{} x",
        "[]]",
        "/**/1",
        "\xef\xbb\xbf{}",
        "\"an unterminated string of many bytes",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        expect(texts[i], false);
    }
}

static void test_depth(void **state) {
    char text[1000];
    for (int depth = 199; depth <= 201; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        expect(text, depth <= 200);
    }
    memset(text, '[', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    expect(text, false);
}

static void test_values(void **state) {
    struct arena a;
    struct json *j;
    const struct bytes text =
        BYTES("{\"s\":\"a\\u00e4\\ud83d\\ude00\\n!\",\"plain\":\"view\",\"n\":null,\"i\":5.0,"
              "\"e\":0.5e1,\"f\":-1.25,\"b\":true,\"a\":[1,{\"x\":2},\"y\"],\"d\":1,\"d\":2}");
    arena_init(&a, 0);
    assert_int_equal(parse(&a, text, &j), 0);
    assert_int_equal(j->count, 10);
    assert_true(bytes_eq(j->text, text));
    assert_true(bytes_eq_str(json_get_str(j, "s"), "a\xc3\xa4\xf0\x9f\x98\x80\n!"));
    struct bytes plain = json_get_str(j, "plain");
    assert_true(plain.ptr > text.ptr && plain.ptr < text.ptr + text.len);
    assert_null(json_get(j, "n"));
    assert_non_null(json_get_raw(j, "n"));
    assert_null(json_get(NULL, "n"));
    assert_int_equal(json_get_i64(j, "i", -1), 5);
    assert_int_equal(json_get_i64(j, "e", -1), 5);
    assert_int_equal(json_get_i64(j, "f", -1), -1);
    assert_true(json_get_f64(j, "f", 0) == -1.25);
    assert_true(json_get_bool(j, "b", false));
    assert_int_equal(json_get_i64(j, "d", 0), 2);
    const struct json *list = json_get(j, "a");
    assert_int_equal(list->count, 3);
    assert_true(bytes_eq_str(list->text, "[1,{\"x\":2},\"y\"]"));
    assert_int_equal(json_get_i64(json_at(list, 1), "x", 0), 2);
    assert_null(json_at(list, 3));
    assert_null(json_get_str(j, "i").ptr);
    arena_clear(&a);
}

static bool to_i64(const char *text, int64_t *ret) {
    struct json j = {.kind = JSON_NUMBER, .text = bytes_str(text)};
    return json_to_i64(&j, ret);
}

static void test_integers(void **state) {
    int64_t v;
    assert_true(to_i64("9223372036854775807.0", &v) && v == INT64_MAX);
    assert_true(to_i64("-9223372036854775808", &v) && v == INT64_MIN);
    assert_true(to_i64("-922337203685477580.8e1", &v) && v == INT64_MIN);
    assert_true(to_i64("9007199254740993e0", &v) && v == 9007199254740993);
    assert_true(to_i64("100e-2", &v) && v == 1);
    assert_true(to_i64("0e999999999999", &v) && v == 0);
    assert_true(to_i64("-0.0", &v) && v == 0);
    assert_true(to_i64("12.50e1", &v) && v == 125);
    assert_false(to_i64("9223372036854775808", &v));
    assert_false(to_i64("1.5", &v));
    assert_false(to_i64("1e19", &v));
    assert_false(to_i64("1e999999999999", &v));
    assert_false(to_i64("1e-1", &v));
}

static void test_error_names_the_byte(void **state) {
    struct arena a;
    struct json *j;
    struct err e;
    arena_init(&a, 0);
    assert_int_equal(json_parse(&a, BYTES("{\"a\":tru}"), &j, &e), ERR_SERIALIZATION);
    assert_string_equal(e.name, "SerializationException");
    assert_non_null(strstr(e.text, "byte 5"));
    arena_clear(&a);
}

static void test_nth_allocation(void **state) {
    int64_t live = mem_test_live_blocks();
    struct buf text = {0};
    buf_add_str(&text, "[0");
    for (int i = 0; i < 300; i++) {
        buf_add_str(&text, ",{\"key\":\"\\u0041 value\",\"list\":[1,2,3]}");
    }
    buf_add_str(&text, "]");
    for (int nth = 1;; nth++) {
        struct arena a;
        struct json *j;
        arena_init(&a, 0);
        mem_test_fail_nth(nth);
        int rc = parse(&a, buf_bytes(&text), &j);
        mem_test_fail_nth(0);
        arena_clear(&a);
        if (rc == 0) {
            assert_true(nth > 3);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
    buf_clear(&text);
    assert_int_equal(mem_test_live_blocks(), live);
}

static void test_writer(void **state) {
    struct buf b = {0};
    struct jsonw w = jsonw_to(&b);
    jsonw_object(&w);
    jsonw_kv_str(&w, "s", BYTES("q\" b\\ n\n c\x01 \xe2\x82\xac bad\xff\xe2\x82"));
    jsonw_kv_cstr(&w, "none", NULL);
    jsonw_kv_i64(&w, "min", INT64_MIN);
    jsonw_kv_u64(&w, "max", UINT64_MAX);
    jsonw_kv_bool(&w, "t", true);
    jsonw_kv_time_ms(&w, "when", 1579811922051);
    jsonw_name(&w, "list");
    jsonw_array(&w);
    jsonw_f64(&w, 0.1);
    jsonw_f64(&w, NAN);
    jsonw_base64(&w, BYTES("foob"));
    jsonw_object(&w);
    jsonw_end_object(&w);
    jsonw_array(&w);
    jsonw_end_array(&w);
    jsonw_raw(&w, BYTES("[1]"));
    jsonw_end_array(&w);
    jsonw_kv_raw(&w, "raw", BYTES("{}"));
    jsonw_end_object(&w);
    assert_string_equal(buf_cstr(&b),
                        "{\"s\":\"q\\\" b\\\\ n\\n c\\u0001 \xe2\x82\xac bad"
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"none\":null,"
                        "\"min\":-9223372036854775808,\"max\":18446744073709551615,\"t\":true,"
                        "\"when\":1579811922.051,\"list\":[0.1,null,\"Zm9vYg==\",{},[],[1]],"
                        "\"raw\":{}}");
    struct arena a;
    struct json *j;
    struct buf again = {0};
    struct jsonw w2 = jsonw_to(&again);
    arena_init(&a, 0);
    assert_int_equal(parse(&a, buf_bytes(&b), &j), 0);
    jsonw_tree(&w2, j);
    assert_true(bytes_eq(buf_bytes(&b), buf_bytes(&again)));
    arena_clear(&a);
    buf_clear(&again);
    buf_clear(&b);
}

static void expect_f64(double v, const char *want) {
    struct buf b = {0};
    struct jsonw w = jsonw_to(&b);
    jsonw_f64(&w, v);
    if (want) {
        assert_string_equal(buf_cstr(&b), want);
    }
    assert_true(strtod(buf_cstr(&b), NULL) == v);
    buf_clear(&b);
}

static void test_doubles(void **state) {
    expect_f64(5, "5");
    expect_f64(0.3, "0.3");
    expect_f64(0.1 + 0.2, "0.30000000000000004");
    expect_f64(5e-324, "5e-324");
    expect_f64(1e22, "1e+22");
    expect_f64(1.7976931348623157e308, "1.7976931348623157e+308");
    expect_f64(-0.0, "-0");
    struct rand_seeded r = {.state = 4};
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rand_next(&r);
        double v;
        memcpy(&v, &bits, 8);
        if (isfinite(v)) {
            expect_f64(v, NULL);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_depth),          cmocka_unit_test(test_values),
        cmocka_unit_test(test_integers),       cmocka_unit_test(test_error_names_the_byte),
        cmocka_unit_test(test_nth_allocation), cmocka_unit_test(test_writer),
        cmocka_unit_test(test_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
