/* test_api.c - tokens and names; the router and the parameter checks are tested over the wire in
 * tests/aws/test_protocol.py. */
#include "api/api.h"
#include "api/known.h"
#include "api/s3/s3_int.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_tokens(void **state) {
    struct arena a;
    struct bytes back;
    arena_init(&a, 0);
    for (size_t n = 0; n < 40; n++) {
        struct bytes text = bytes_of("a\xff/key with | and more bytes than most keys", n);
        struct bytes token = api_token_encode(&a, "kind", text);
        for (size_t i = 0; i < token.len; i++)
            assert_null(strchr("+/= ", token.ptr[i]));
        assert_true(api_token_decode(&a, "kind", token, &back));
        assert_true(bytes_eq(back, text));
        assert_false(api_token_decode(&a, "other", token, &back));
        char *spoiled = arena_cstr(&a, token);
        spoiled[token.len / 2] = spoiled[token.len / 2] == 'A' ? 'B' : 'A';
        assert_false(api_token_decode(&a, "kind", bytes_of(spoiled, token.len), &back));
        assert_false(api_token_decode(&a, "kind", bytes_of(token.ptr, token.len - 1), &back));
    }
    assert_false(api_token_decode(&a, "kind", BYTES(""), &back));
    arena_clear(&a);
}

static void test_known(void **state) {
    assert_true(api_known_has(api_known_names("kinesis"), BYTES("SubscribeToShard")));
    assert_true(api_known_has(api_known_names("athena"), BYTES("StartQueryExecution")));
    assert_false(api_known_has(api_known_names("glue"), BYTES("getTables")));
    assert_null(api_known_names("ec2"));
    assert_false(api_known_has(NULL, BYTES("x")));
}

/* ---- S3's pure parts ---- */

static void test_ranges(void **state) {
    const struct {
        const char *text;
        uint64_t size;
        int status;
        uint64_t from, to;
    } cases[] = {
        {"bytes=0-0", 10, 206, 0, 1},   {"bytes=2-", 10, 206, 2, 10},
        {"bytes=-3", 10, 206, 7, 10},   {"bytes=-30", 10, 206, 0, 10},
        {"bytes=5-99", 10, 206, 5, 10}, {"bytes=0-18446744073709551615", 10, 206, 0, 10},
        {"bytes=10-", 10, 416, 0, 0},   {"bytes=-0", 10, 416, 0, 0},
        {"bytes=-1", 0, 416, 0, 0},     {"bytes=0-", 0, 416, 0, 0},
        {"bytes=3-2", 10, 0, 0, 0},     {"bytes=1-2,4-5", 10, 0, 0, 0},
        {"items=0-1", 10, 0, 0, 0},     {"bytes=x-", 10, 0, 0, 0},
        {"bytes=", 10, 0, 0, 0},        {"", 10, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t from = 0, to = 0;
        int got = s3_parse_range(bytes_str(cases[i].text), cases[i].size, &from, &to);
        if (got != cases[i].status || (got == 206 && (from != cases[i].from || to != cases[i].to)))
            fail_msg("%s of %d: %d %d-%d", cases[i].text, (int)cases[i].size, got, (int)from,
                     (int)to);
    }
}

static void test_xml(void **state) {
    struct arena a;
    arena_init(&a, 0);
    struct xml_reader r = {
        .arena = &a,
        .rest = BYTES("<?xml version='1.0'?><!-- x --><a xmlns='u' b=\"c\"><n:k>1 &lt;&#x41;&#252;"
                      "&amp;</n:k><e/></a>\n")};
    assert_int_equal(xml_next(&r), XML_OPEN);
    assert_true(bytes_eq(r.value, BYTES("a")));
    assert_int_equal(xml_next(&r), XML_OPEN);
    assert_true(bytes_eq(r.value, BYTES("k")));
    assert_int_equal(xml_next(&r), XML_TEXT);
    assert_true(bytes_eq(r.value, BYTES("1 <A\xc3\xbc&")));
    assert_int_equal(xml_next(&r), XML_CLOSE);
    assert_int_equal(xml_next(&r), XML_OPEN);
    assert_int_equal(xml_next(&r), XML_CLOSE);
    assert_int_equal(xml_next(&r), XML_CLOSE);
    assert_int_equal(xml_next(&r), XML_END);
    arena_clear(&a);
}

static void test_bad_xml(void **state) {
    static const char *const bad[] = {
        "<a>", "</a>",        "<a>&x;</a>",  "<!DOCTYPE a><a/>", "text", "<a>&#0;</a>",
        "<a",  "<a>&amp</a>", "<a>\xff</a>", "<a>&#xD800;</a>",  "<>"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct xml_reader r = {.arena = &a, .rest = bytes_str(bad[i])};
        enum xml_event ev;
        while ((ev = xml_next(&r)) != XML_END && ev != XML_BAD)
            ;
        if (ev != XML_BAD)
            fail_msg("accepted: %s", bad[i]);
        arena_clear(&a);
    }
}

static void test_dates(void **state) {
    int64_t ms;
    assert_true(s3_parse_http_date(BYTES("Thu, 23 Jan 2020 20:38:42 GMT"), &ms));
    assert_int_equal(ms, 1579811922000);
    assert_false(s3_parse_http_date(BYTES("yesterday"), &ms));
    assert_false(s3_parse_http_date((struct bytes){0}, &ms));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),  cmocka_unit_test(test_known),
        cmocka_unit_test(test_ranges),  cmocka_unit_test(test_xml),
        cmocka_unit_test(test_bad_xml), cmocka_unit_test(test_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
