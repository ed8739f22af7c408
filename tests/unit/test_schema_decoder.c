/* test_schema_decoder.c - every case on every instruction set the machine has.
 *
 * Each record lies once right before an unmapped page and once right after one, so that a read
 * outside of it is a crash, and is decoded twice: the first time teaches the prediction. */
#include "base/json.h"
#include "base/rand.h"
#include "schema_vecs.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#include <cmocka.h>

static const enum decoder_isa all_isas[] = {DECODER_ISA_PORTABLE, DECODER_ISA_AVX2,
                                            DECODER_ISA_NEON};

/* ---- memory between unmapped pages ---- */
#define FENCED ((size_t)64 << 10)
static char *fenced_new(void) {
    char *p = mmap(NULL, FENCED + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + 4096, FENCED, PROT_READ | PROT_WRITE), 0);
    return p + 4096;
}
static void fenced_free(char *p) {
    munmap(p - 4096, FENCED + 8192);
}

static void check_with(const char *columns, struct bytes json, const char *want,
                       struct decoder_options o) {
    char *fence = fenced_new();
    assert_true(json.len <= FENCED);
    for (size_t i = 0; i < COUNT_OF(all_isas); i++) {
        struct vecs_table t;
        o.isa = all_isas[i];
        if (vecs_table_open(&t, columns, 70, o)) {
            for (size_t k = 0; k < 4; k++) {
                char *place = k % 2 ? fence : fence + FENCED - json.len;
                memcpy(place, json.ptr, json.len);
                struct buf out = {0};
                struct decoder_fault f;
                (void)vecs_decode(&t, bytes_of(place, json.len), k * 17, &out, &f);
                if (!bytes_eq_str(buf_bytes(&out), want)) {
                    fail_msg("%s, %s, round %zu: %.*s\n gave %s\n want %s", columns,
                             decoder_isa_name(t.decoder), k, BYTES_ARG(json), buf_cstr(&out), want);
                }
                buf_clear(&out);
            }
        }
        vecs_table_close(&t);
    }
    fenced_free(fence);
}

static void check(const char *columns, const char *json, const char *want) {
    check_with(columns, bytes_str(json), want, (struct decoder_options){0});
}

/* ---- kinds ---- */
struct value_case {
    const char *json, *want;
};
static void check_values(const char *type, const struct value_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char columns[128], json[512], bare[512];
        snprintf(columns, sizeof(columns), "struct<v:%s>", type);
        snprintf(json, sizeof(json), "{\"v\":%s,\"padding\":\"0123456789012345678901234567890\"}",
                 cases[i].json);
        snprintf(bare, sizeof(bare), "{\"v\":%s}", cases[i].json);
        check(columns, json, cases[i].want);
        check(columns, bare, cases[i].want);
    }
}
#define CHECK_VALUES(type, ...)                                                                    \
    do {                                                                                           \
        static const struct value_case cases_[] = {__VA_ARGS__};                                   \
        check_values(type, cases_, COUNT_OF(cases_));                                              \
    } while (0)
#define BAD "!BAD_TYPE@5 v"

static void test_integers(void **state) {
    CHECK_VALUES("tinyint", {"0", "0"}, {"-0", "0"}, {"127", "127"}, {"-128", "-128"}, {"128", BAD},
                 {"-129", BAD}, {"300", BAD}, {"null", "null"}, {"\"12\"", "12"});
    CHECK_VALUES("smallint", {"32767", "32767"}, {"-32768", "-32768"}, {"32768", BAD});
    CHECK_VALUES("int", {"2147483647", "2147483647"}, {"-2147483648", "-2147483648"},
                 {"2147483648", BAD}, {"1e3", "1000"}, {"5.0", "5"}, {"5.5", BAD}, {"0.5", BAD},
                 {"1.5e1", "15"}, {"15e-1", BAD}, {"150e-1", "15"}, {"\"+7\"", "7"},
                 {"\"007\"", "7"}, {"\"-07\"", "-7"}, {"\"\"", BAD}, {"\"-\"", BAD},
                 {"\"1 \"", BAD}, {"\"+-1\"", BAD}, {"\"x\"", BAD}, {"true", BAD}, {"[1]", BAD},
                 {"{}", BAD}, {"0e99999999999", "0"}, {"1e99999999999", BAD}, {"0.0000", "0"});
    CHECK_VALUES("bigint", {"9223372036854775807", "9223372036854775807"},
                 {"-9223372036854775808", "-9223372036854775808"}, {"9223372036854775808", BAD},
                 {"-9223372036854775809", BAD}, {"12345678", "12345678"},
                 {"123456789", "123456789"}, {"1234567890123456", "1234567890123456"},
                 {"1234567890123456789", "1234567890123456789"}, {"99999999999999999999", BAD},
                 {"9223372036854775807.0", "9223372036854775807"}, {"1234567890123456789.5", BAD},
                 {"12345678901234567890e-1", "1234567890123456789"},
                 {"1e18", "1000000000000000000"}, {"1e19", BAD});
}

static void test_doubles(void **state) {
    CHECK_VALUES("double", {"0", "0"}, {"-0.0", "-0"}, {"1.5", "1.5"}, {"-2.25e2", "-225"},
                 {"1e308", "1e+308"}, {"1e309", BAD}, {"1e-400", "0"},
                 {"5e-324", "4.9406564584124654e-324"}, {"0.1", "0.10000000000000001"},
                 {"9007199254740993", "9007199254740992"},
                 {"9007199254740993.0000000000000000000000001", "9007199254740994"},
                 {"123456789012345678901234567890", "1.2345678901234568e+29"}, {"\"3.5\"", "3.5"},
                 {"\"NaN\"", "nan"}, {"\"-Infinity\"", "-inf"}, {"\"inf\"", BAD}, {"\"0x10\"", BAD},
                 {"true", BAD});
    CHECK_VALUES("float", {"0.1", "0.100000001"}, {"3.5e38", BAD},
                 {"3.4028235e38", "3.40282347e+38"}, {"16777217", "16777216"}, {"1e-50", "0"},
                 {"1e45", BAD},
                 /* Rounded to double first, this would land on a tie and go the wrong way. */
                 {"1.00000017881393432617187499", "1.00000012"});
}

static void test_decimals(void **state) {
    CHECK_VALUES("decimal(4,2)", {"1", "100e-2"}, {"-1.5", "-150e-2"}, {"99.99", "9999e-2"},
                 {"99.995", BAD}, {"99.994", "9999e-2"}, {"100", BAD}, {"0.005", "1e-2"},
                 {"0.0049999", "0e-2"}, {"-0.005", "-1e-2"}, {"1e1", "1000e-2"},
                 {"\"1.25\"", "125e-2"}, {"1e-30", "0e-2"}, {"1e999999999", BAD},
                 {"0e999999999", "0e-2"}, {"\"x\"", BAD});
    CHECK_VALUES("decimal(9,0)", {"999999999", "999999999e-0"}, {"1000000000", BAD},
                 {"2.5", "3e-0"});
    CHECK_VALUES("decimal(18,3)", {"123456789012345.678", "123456789012345678e-3"});
    CHECK_VALUES(
        "decimal(38,0)",
        {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999e-0"},
        {"100000000000000000000000000000000000000", BAD},
        {"-99999999999999999999999999999999999999", "-99999999999999999999999999999999999999e-0"},
        {"99999999999999999999999999999999999999.5", BAD},
        {"1e37", "10000000000000000000000000000000000000e-0"});
    CHECK_VALUES("decimal(38,38)", {"0.5", "50000000000000000000000000000000000000e-38"});
}

static void test_strings(void **state) {
    CHECK_VALUES(
        "string", {"\"\"", "\"\""}, {"\"abc\"", "\"abc\""},
        {"\"twelve bytes\"", "\"twelve bytes\""}, {"\"thirteen bytes\"", "\"thirteen bytes\""},
        {"\"a string of more than thirty-two bytes, twice around\"",
         "\"a string of more than thirty-two bytes, twice around\""},
        {"\"q\\\"b\\\\s\\/b\\bf\\fn\\nr\\rt\\t\"", "\"q\"b\\s/b\\x08f\\x0Cn\\x0Ar\\x0Dt\\x09\""},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"",
         "\"A\\xC3\\xA9\\xE2\\x82\\xAC\\xF0\\x9F\\x98\\x80\""},
        {"\"\\u0000\"", "\"\\x00\""}, {"\"\xc3\xa9\"", "\"\\xC3\\xA9\""}, {"12.50", "\"12.50\""},
        {"true", "\"true\""}, {"null", "null"}, {"{\"a\": [1, 2]}", "\"{\"a\": [1, 2]}\""},
        {"[]", "\"[]\""},
        {"\"a long string with one \\u0065scape in its middle\"",
         "\"a long string with one escape in its middle\""});
    CHECK_VALUES("varchar(3)", {"\"abcd\"", "\"abc\""}, {"\"ab\"", "\"ab\""},
                 {"\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"", "\"\\xC3\\xA9\\xC3\\xA9\\xC3\\xA9\""},
                 {"12345", "\"123\""});
    CHECK_VALUES("char(2)", {"\"abc\"", "\"ab\""});
    CHECK_VALUES("binary", {"\"AAEC\"", "\"AAEC\""});
}

static void test_bad_strings(void **state) {
    CHECK_VALUES("string", {"\"\\x\"", "!MALFORMED@6 v"});
    static const struct value_case cases[] = {
        {"\"\\u12\"", "!MALFORMED@6 v"},
        {"\"\\ud800\"", "!MALFORMED@6 v"},
        {"\"\\udc00\"", "!MALFORMED@6 v"},
        {"\"\\ud800\\u0041\"", "!MALFORMED@6 v"},
        {"\"a\tb\"", "!MALFORMED@7 v"},
        {"\"\\t\nb\"", "!MALFORMED@8 v"},
        {"\"\x80\"", "!MALFORMED@6 v"},
        {"\"ok \xc3\"", "!MALFORMED@9 v"},
        {"\"\xc0\xaf\"", "!MALFORMED@6 v"},
        {"\"\xed\xa0\x80\"", "!MALFORMED@6 v"},
        {"\"\xe0\x80\x80\"", "!MALFORMED@6 v"},
        {"\"\xf4\x90\x80\x80\"", "!MALFORMED@6 v"},
        {"\"\xf8\x88\x80\x80\x80\"", "!MALFORMED@6 v"},
        {"\"\\n\xff\"", "!MALFORMED@8 v"},
        {"\"\xf0\x9f\x98\"", "!MALFORMED@6 v"},
    };
    check_values("string", cases, COUNT_OF(cases));
}

static void test_booleans(void **state) {
    CHECK_VALUES("boolean", {"true", "true"}, {"false", "false"}, {"\"TRUE\"", "true"},
                 {"\"false\"", "false"}, {"\"yes\"", BAD}, {"1", BAD}, {"truth", "!MALFORMED@5 v"},
                 {"trueish", "!MALFORMED@9"});
}

static void test_times(void **state) {
    CHECK_VALUES(
        "timestamp", {"\"2020-01-23T20:38:42.151Z\"", "1579811922151000"},
        {"\"2020-01-23 20:38:42\"", "1579811922000000"},
        {"\"2020-01-23T20:38:42.123456789Z\"", "1579811922123456"},
        {"\"2020-01-23T20:38:42.1234567890Z\"", BAD},
        {"\"2020-01-23T20:38:42+01:00\"", "1579808322000000"},
        {"\"2020-01-23 20:38:42 -0130\"", "1579817322000000"},
        {"\"2020-01-23T20:38:42+01\"", "1579808322000000"},
        {"\"2020-01-23T20:38Z\"", "1579811880000000"}, {"\"2020-01-23\"", "1579737600000000"},
        {"\"2020-1-3 01:02:03.5\"", "1578013323500000"}, {"\"1969-12-31T23:59:59.999Z\"", "-1000"},
        {"\"0001-01-01T00:00:00Z\"", "-62135596800000000"},
        {"\"9999-12-31T23:59:59.999999Z\"", "253402300799999999"},
        {"\"2020-02-29\"", "1582934400000000"}, {"\"2021-02-29\"", BAD},
        {"\"2000-02-29T00:00:00Z\"", "951782400000000"}, {"\"1900-02-29T00:00:00Z\"", BAD},
        {"\"2020-13-01T00:00:00Z\"", BAD}, {"\"2020-00-01T00:00:00Z\"", BAD},
        {"\"2020-01-23T24:00:00Z\"", BAD}, {"\"2020-01-23T20:60:00Z\"", BAD},
        {"\"2020-01-23T20:38:42.Z\"", "1579811922000000"}, {"\"2020-01-23X20:38:42Z\"", BAD},
        {"\"2020-01-23T20:38:42Zz\"", BAD}, {"\"0000-01-01T00:00:00Z\"", BAD},
        {"\"yesterday\"", BAD}, {"\"\"", BAD}, {"1518033528", "1518033528000000"},
        {"1518033528123", "1518033528123000"}, {"1518033528.123", "1518033528123000"},
        {"\"1518033528\"", "1518033528000000"}, {"-1", "-1000000"},
        {"1518033528123.5", "1518033528123500"}, {"0", "0"}, {"1e30", BAD},
        {"999999999999999999", BAD}, {"true", BAD},
        {"\"\\u0032020-01-23T20:38:42Z\"", "1579811922000000"});
    CHECK_VALUES("date", {"\"1970-01-01\"", "0"}, {"\"2020-01-23\"", "18284"},
                 {"\"1969-12-31\"", "-1"}, {"\"2020-1-3\"", "18264"}, {"\"2020-02-30\"", BAD},
                 {"5", BAD}, {"\"x\"", BAD}, {"null", "null"});
}

static void test_nested(void **state) {
    CHECK_VALUES("array<int>", {"[]", "[]"}, {"[1,2,3]", "[1,2,3]"}, {"[ 1 , null ]", "[1,null]"},
                 {"null", "null"}, {"[1,]", "!MALFORMED@8 v"}, {"[1 2]", "!MALFORMED@8 v"},
                 {"[1,\"x\"]", "!BAD_TYPE@8 v"}, {"{}", BAD}, {"1", BAD});
    CHECK_VALUES("array<array<string>>",
                 {"[[\"a\"],[],null,[\"b\",\"c\"]]", "[[\"a\"],[],null,[\"b\",\"c\"]]"});
    CHECK_VALUES(
        "array<struct<x:int,y:array<int>>>",
        {"[{\"x\":1,\"y\":[1]},{\"y\":[2,3]},{},null]", "[{1,[1]},{null,[2,3]},{null,null},null]"});
    CHECK_VALUES("struct<a:int,b:struct<c:string>>",
                 {"{\"a\":1,\"b\":{\"c\":\"x\"}}", "{1,{\"x\"}}"}, {"{}", "{null,null}"},
                 {"{\"B\":{}}", "{null,{null}}"}, {"null", "null"}, {"[]", BAD},
                 {"{\"a\":1,\"a\":2,\"b\":{\"c\":\"x\"},\"b\":{}}", "{2,{null}}"});
    CHECK_VALUES("map<string,int>", {"{}", "{}"}, {"{\"a\":1,\"B\":null}", "{\"a\":1,\"B\":null}"},
                 {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
                 {"{\"a\":x}", "!MALFORMED@10 v"}, {"{\"a\"}", "!MALFORMED@9 v"}, {"[1]", BAD},
                 {"{\"a\":1,}", "!MALFORMED@12 v"}, {"{\"\\u0061\":1,\"a\":2}", "{\"a\":2}"});
    CHECK_VALUES("map<int,array<int>>", {"{\"1\":[1],\"2\":[2,3],\"01\":[4]}", "{1:[4],2:[2,3]}"},
                 {"{\"x\":[1]}", "!BAD_TYPE@6 v"});
    CHECK_VALUES("map<string,map<string,string>>",
                 {"{\"a\":{\"x\":\"1\",\"x\":\"2\"},\"b\":{\"x\":\"3\"}}",
                  "{\"a\":{\"x\":\"2\"},\"b\":{\"x\":\"3\"}}"});
}

static void test_big_map(void **state) {
    struct buf json = {0}, want = {0};
    buf_add_str(&json, "{\"v\":{");
    for (int i = 0; i < 3000; i++) {
        buf_add_fmt(&json, "%s\"k%d\":%d", i ? "," : "", i % 1000, i);
    }
    buf_add_str(&json, "}}");
    for (int i = 0; i < 1000; i++) {
        buf_add_fmt(&want, "%s\"k%d\":%d", i ? "," : "{", i, i + 2000);
    }
    buf_add_str(&want, "}");
    check("struct<v:map<string,int>>", buf_cstr(&json), buf_cstr(&want));
    buf_clear(&json);
    buf_clear(&want);
}

/* ---- objects ---- */
static void test_members(void **state) {
    const char *c = "struct<a:int,b:string,c:int>";
    check(c, "{\"a\":1,\"b\":\"x\",\"c\":2}", "1,\"x\",2");
    check(c, " { \"c\" : 2 , \"a\" : 1 } ", "1,null,2");
    check(c, "{\"A\":1,\"B\":\"x\",\"C\":2}", "1,\"x\",2");
    check(c, "{}", "null,null,null");
    check(c, "{\"a\":1,\"a\":null}", "null,null,null");
    check(c, "{\"a\":null,\"A\":3}", "3,null,null");
    check(c, "{\"\\u0061\":1}", "1,null,null");
    check(c,
          "{\"x\":[{\"a\":5}],"
          "\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\":"
          "true,\"a\":1,\"z\":null,\"b\":\"x\"}",
          "1,\"x\",null");
    check(c, "", "");
    check(c, " \t\r\n", "");
    check(c, "{\"a\":1}{\"a\":2}\n{\"c\":3}", "1,null,null | 2,null,null | null,null,3");
    check(c, "{\"a\":1}{\"b\":1", "!MALFORMED@13");
    check(c, "{\"a\":1},{\"a\":2}", "!MALFORMED@7");
    check(c, "{\"a\":1}x", "!MALFORMED@7");
    check(c, "[{\"a\":1}]", "!NOT_OBJECT@0");
    check(c, "{\"a\":1} 12", "!NOT_OBJECT@8");
    check(c, "\"text\"", "!NOT_OBJECT@0");
    check(c, "null", "!NOT_OBJECT@0");
    check(c, "[1,", "!MALFORMED@3");
    check(c, "nul", "!MALFORMED@3");
    check(c, "{", "!MALFORMED@1");
    check(c, "{\"a\"", "!MALFORMED@4");
    check(c, "{\"a\":", "!MALFORMED@5 a");
    check(c, "{\"a\":1", "!MALFORMED@6");
    check(c, "{\"a\":1,", "!MALFORMED@7");
    check(c, "{\"a\":1,}", "!MALFORMED@7");
    check(c, "{,}", "!MALFORMED@1");
    check(c, "{a:1}", "!MALFORMED@1");
    check(c, "{\"a\":1 \"b\":2}", "!MALFORMED@7");
    check(c, "{\"a\" 1}", "!MALFORMED@5");
    check(c, "{\"a\":01}", "!MALFORMED@6 a");
    check(c, "{\"a\":-}", "!MALFORMED@6 a");
    check(c, "{\"a\":+1}", "!MALFORMED@5 a");
    check(c, "\xef\xbb\xbf{\"a\":1}", "!MALFORMED@0");
}

static void test_options(void **state) {
    struct decoder_options o = {.case_sensitive = true};
    check_with("struct<a:int,b:int>", BYTES("{\"A\":1,\"b\":2}"), "null,2", o);
    o = (struct decoder_options){.dots_to_underscores = true};
    check_with("struct<a_b:int,s:struct<c_d:int>>", BYTES("{\"A.b\":1,\"s\":{\"c.d\":2}}"), "1,{2}",
               o);
    struct decoder_column keys[2] = {{.json_key = BYTES("Timestamp")}, {.type = NULL}};
    o = (struct decoder_options){.columns = keys};
    check_with("struct<ts:int,b:int>", BYTES("{\"ts\":1,\"timestamp\":2,\"b\":3}"), "2,3", o);
    struct decoder_column same[2] = {{.json_key = BYTES("b")}, {.type = NULL}};
    struct vecs_table t;
    assert_false(
        vecs_table_open(&t, "struct<a:int,b:int>", 1, (struct decoder_options){.columns = same}));
    vecs_table_close(&t);
}

static void check_any_order(const char *columns, const struct value_case *rows, size_t n) {
    struct rand_seeded r = {.state = 7};
    for (size_t i = 0; i < COUNT_OF(all_isas); i++) {
        struct vecs_table t;
        if (vecs_table_open(&t, columns, 64, (struct decoder_options){.isa = all_isas[i]})) {
            for (int k = 0; k < 4000; k++) {
                const struct value_case *c = &rows[rand_below(&r, n)];
                char padded[128];
                snprintf(padded, sizeof(padded), "%s%*s", c->json, k % 2 ? 40 : 0, "");
                struct buf out = {0};
                struct decoder_fault f;
                (void)vecs_decode(&t, bytes_str(padded), (size_t)k % 60, &out, &f);
                assert_string_equal(buf_cstr(&out), c->want);
                buf_clear(&out);
            }
        }
        vecs_table_close(&t);
    }
}

/* Members that come and go, change order and spelling: the prediction is always being wrong. */
static void test_prediction(void **state) {
    static const struct value_case rows[] = {
        {"{\"a\":1,\"b\":2,\"c\":3}", "1,2,3"},
        {"{\"a\":1,\"c\":3}", "1,null,3"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "1,2,3"},
        {"{\"c\":3,\"b\":2,\"a\":1}", "1,2,3"},
        {"{\"a\": 1, \"b\": 2, \"c\": 3}", "1,2,3"},
        {"{\"b\":2}", "null,2,null"},
        {"{\"a\":1,\"x\":7,\"b\":2,\"c\":3}", "1,2,3"},
        {"{\"a\":1,\"y\":7,\"b\":2,\"c\":3}", "1,2,3"},
        {"{\"ab\":1,\"b\":2,\"c\":3}", "null,2,3"},
        {"{\"a\":1\n,\"b\":2\n,\"c\":3\n}", "1,2,3"},
        {"{}", "null,null,null"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "1,2,3"},
        {"{,\"a\":1}", "!MALFORMED@1"},
        {"{\"a\":1,,\"b\":2}", "!MALFORMED@7"},
        {"{\"a\":1\"b\":2}", "!MALFORMED@6"},
        {"{\"a\":1,\"b\":2,\"c\":3,\"a\":4}", "4,2,3"},
    };
    check_any_order("struct<a:int,b:int,c:int>", rows, COUNT_OF(rows));
}

/* Unread members whose values come again, or nearly so: only the very same text may be believed. */
static void test_skipped_values(void **state) {
    static const struct value_case rows[] = {
        {"{\"a\":1,\"x\":12,\"y\":{\"k\":[1,2]}}", "1"},
        {"{\"a\":1,\"x\":12,\"y\":{\"k\":[1,2]}}", "1"},
        {"{\"a\":1,\"x\":123,\"y\":{\"k\":[1,2]}}", "1"},
        {"{\"a\":1,\"x\":12.,\"y\":1}", "!MALFORMED@14"},
        {"{\"a\":1,\"x\":12 3,\"y\":1}", "!MALFORMED@14"},
        {"{\"a\":1,\"x\":12]", "!MALFORMED@13"},
        {"{\"a\":1,\"x\":12,\"y\":{\"k\":[1,2]},\"x\":\"12\"}", "1"},
        {"{\"a\":1,\"y\":{\"k\":[1,2]}}", "1"},
        {"{\"a\":1,\"y\":{\"k\":[1,2}}", "!MALFORMED@20"},
        {"{\"a\":1,\"x\":true,\"y\":\"\"}", "1"},
        {"{\"a\":1,\"x\":truee,\"y\":\"\"}", "!MALFORMED@15"},
    };
    check_any_order("struct<a:int>", rows, COUNT_OF(rows));
}

static void test_many_columns(void **state) {
    struct buf columns = {0}, json = {0}, want = {0};
    buf_add_str(&columns, "struct<");
    for (int i = 0; i < 200; i++) {
        buf_add_fmt(&columns, "%sc%d:int", i ? "," : "", i);
        if (i % 3 == 0) {
            buf_add_fmt(&json, "%s\"c%d\":%d", i ? "," : "{", i, i);
        }
        buf_add_fmt(&want, i % 3 ? "%snull" : "%s%d", i ? "," : "", i);
    }
    buf_add_char(&columns, '>');
    buf_add_char(&json, '}');
    check(buf_cstr(&columns), buf_cstr(&json), buf_cstr(&want));
    buf_clear(&columns);
    buf_clear(&json);
    buf_clear(&want);
}

/* ---- what JSON is: each text as a string column's value and as an unknown member's ---- */
static void test_grammar(void **state) {
    static const char *good[] = {
        "0",
        "-0",
        "-1",
        "1.0",
        "1e5",
        "1E+5",
        "1e-5",
        "0.1e1",
        "123456789012345678901234567890",
        "true",
        "false",
        "\"\"",
        "\"a\"",
        "[]",
        "[ ]",
        "[1]",
        "[1,2]",
        "[[]]",
        "[[],[]]",
        "[1, \n2\t]",
        "{}",
        "{ }",
        "{\"a\":1}",
        "{ \"a\" : 1 , \"b\" : { } }",
        "{\"a\":1,\"a\":2}",
        "\"\\u0000\\uFFFF\"",
        "\"\xf4\x8f\xbf\xbf\"",
        "\"\x7f\"",
        "\"\xef\xbf\xbe\"",
        "[\"\\\\\"]",
        "[null,true,false,0,\"\",[],{}]",
        "{\"\":0}",
        "1e400",
        "-1e-400",
    };
    static const char *bad[] = {
        "",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1.e1",
        "1e",
        "1e+",
        "0x1",
        "1a",
        "NaN",
        "Infinity",
        "-Infinity",
        "tru",
        "True",
        "nulll",
        "[",
        "]",
        "[1",
        "[1,",
        "[,1]",
        "[1,,2]",
        "[1,]",
        "[1 2]",
        "[1}",
        "{]",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{'a':1}",
        "{a:1}",
        "'a'",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\a\"",
        "\"\\u\"",
        "\"\\u00g0\"",
        "\"\\uD800\"",
        "\"\\uDFFF\"",
        "\"\\uD800\\n\"",
        "\"\x1f\"",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xe2\x82\"",
        "\"\xed\xbf\xbf\"",
        "\"\xc1\xbf\"",
        "/*c*/1",
        "1//c",
        "[\"a\",\n4\n,1,",
        "\x0c",
        "\xc2\xa0"
        "1",
        "1,2",
        "{}}",
        "[]]",
        "[1]]",
        "\"a\"b",
    };
    for (size_t pass = 0; pass < 2; pass++) {
        size_t n = pass == 0 ? COUNT_OF(good) : COUNT_OF(bad);
        for (size_t i = 0; i < n; i++) {
            const char *text = pass == 0 ? good[i] : bad[i];
            for (int unknown = 0; unknown < 2; unknown++) {
                char json[256];
                snprintf(json, sizeof(json), "{\"%s\":%s%s", unknown ? "other" : "v", text,
                         i % 2 ? "}" : ",\"padding\":\"0123456789012345678901234567890\"}");
                for (size_t k = 0; k < COUNT_OF(all_isas); k++) {
                    struct vecs_table t;
                    struct buf out = {0};
                    struct decoder_fault f;
                    if (vecs_table_open(&t, "struct<v:string>", 4,
                                        (struct decoder_options){.isa = all_isas[k]})) {
                        ptrdiff_t rows = vecs_decode(&t, bytes_str(json), 0, &out, &f);
                        if ((rows == 1) != (pass == 0) ||
                            (rows < 0 && f.reason != DECODER_MALFORMED)) {
                            fail_msg("%s: %s", json, buf_cstr(&out));
                        }
                    }
                    buf_clear(&out);
                    vecs_table_close(&t);
                }
            }
        }
    }
}

/* ---- bad records between good ones ---- */
static void fill_deep(struct buf *b, int levels) {
    buf_add_str(b, "{\"x\":");
    for (int i = 0; i < levels; i++) {
        buf_add_char(b, '[');
    }
    for (int i = 0; i < levels; i++) {
        buf_add_char(b, ']');
    }
    buf_add_char(b, '}');
}

static void check_between(struct vecs_table *t, struct bytes bad, enum decoder_reason want) {
    struct buf out = {0};
    struct decoder_fault f;
    size_t list = t->vecs[2].children[0].size;
    assert_int_equal(decoder_record(t->decoder, bad, t->vecs, 1, t->rows, &f), -1);
    assert_int_equal(f.reason, want);
    assert_true(f.offset <= bad.len);
    assert_true(strlen(f.text) > 10 && f.text[strlen(f.text) - 1] == '.');
    assert_int_equal(t->vecs[2].children[0].size, list);
    assert_int_equal(vecs_decode(t, BYTES("{\"id\":2,\"tags\":[\"p\",\"q\"]}"), 1, &out, &f), 1);
    assert_string_equal(buf_cstr(&out), "2,null,[\"p\",\"q\"]");
    buf_reset(&out);
    vecs_dump_rows(t, 0, 1, &out);
    assert_string_equal(buf_cstr(&out), "1,\"na\\x0Ame\",[\"a tag of some length\"]");
    buf_clear(&out);
}

static void test_bad_neighbours(void **state) {
    struct buf deep = {0}, fits = {0}, line = {0};
    fill_deep(&deep, 100);
    fill_deep(&fits, 99);
    buf_add_str(&line, "{\"tags\":[\"x\\n\"],\"name\":\"");
    while (line.len < 1 << 20) {
        buf_add_char(&line, 'x');
    }
    for (size_t i = 0; i < COUNT_OF(all_isas); i++) {
        struct vecs_table t;
        if (vecs_table_open(&t, "struct<id:int,name:string,tags:array<string>>", 8,
                            (struct decoder_options){.isa = all_isas[i]})) {
            struct decoder_fault f;
            static const char first[] =
                "{\"id\":1,\"name\":\"na\\nme\",\"tags\":[\"a tag of some length\"]}";
            assert_int_equal(decoder_record(t.decoder, bytes_str(first), t.vecs, 0, 8, &f), 1);
            check_between(&t, BYTES("not json"), DECODER_MALFORMED);
            check_between(&t, BYTES("{\"tags\":[\"a\",\"b\"],\"id\":\"x\"}"), DECODER_BAD_TYPE);
            check_between(&t, BYTES("{\"id\":1}{\"tags\":[\"a\"]}{\"id\":[]}"), DECODER_BAD_TYPE);
            check_between(&t, BYTES("{\"tags\":[\"a\\n\",\"caf\xc3"), DECODER_MALFORMED);
            check_between(&t, BYTES("{\"tags\":[\"a\\n\",\"caf\xc3\"]}"), DECODER_MALFORMED);
            check_between(&t, buf_bytes(&line), DECODER_MALFORMED);
            check_between(&t, BYTES("[{\"id\":1}]"), DECODER_NOT_OBJECT);
            check_between(&t, buf_bytes(&deep), DECODER_TOO_DEEP);
            assert_int_equal(decoder_record(t.decoder, buf_bytes(&fits), t.vecs, 1, 8, &f), 1);
        }
        vecs_table_close(&t);
    }
    buf_clear(&deep);
    buf_clear(&fits);
    buf_clear(&line);
}

static void test_long_line(void **state) {
    struct buf line = {0};
    buf_add_str(&line, "{\"name\":\"");
    size_t from = line.len;
    while (line.len < 1 << 20) {
        buf_add_str(&line, "x");
    }
    size_t len = line.len - from;
    buf_add_str(&line, "\"}");
    for (size_t i = 0; i < COUNT_OF(all_isas); i++) {
        struct vecs_table t;
        if (vecs_table_open(&t, "struct<name:string>", 8,
                            (struct decoder_options){.isa = all_isas[i]})) {
            struct decoder_fault f;
            assert_int_equal(decoder_record(t.decoder, buf_bytes(&line), t.vecs, 0, 8, &f), 1);
            const struct decoder_string *s = t.vecs[0].data;
            assert_int_equal(s->len, len);
            assert_ptr_equal(s->ref.ptr, line.ptr + from);
        }
        vecs_table_close(&t);
    }
    buf_clear(&line);
}

static void test_fault_texts(void **state) {
    static const struct value_case cases[] = {
        {"{\"price\":\"abc\"}",
         "Column 'price': The value abc does not fit the type decimal(5,2)."},
        {"{\"price\":1", "The record is cut off at byte 10; ',' or '}' is missing."},
        {"{\"price\":1;}", "Expected ',' or '}' at byte 10 but found ';}'."},
        {"[1]", "A record must be a JSON object; this is an array."},
    };
    struct vecs_table t;
    assert_true(vecs_table_open(&t, "struct<price:decimal(5,2)>", 1, (struct decoder_options){0}));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decoder_fault f;
        assert_int_equal(decoder_record(t.decoder, bytes_str(cases[i].json), t.vecs, 0, 1, &f), -1);
        assert_string_equal(f.text, cases[i].want);
    }
    vecs_table_close(&t);
}

/* ---- chunks ---- */
static void test_chunk_full(void **state) {
    struct vecs_table t;
    struct decoder_fault f;
    struct bytes record = BYTES("{\"a\":[1]} {\"a\":[2]}{\"a\":[3,4]}  ");
    assert_true(vecs_table_open(&t, "struct<a:array<int>>", 3, (struct decoder_options){0}));
    assert_int_equal(decoder_record(t.decoder, record, t.vecs, 0, 2, &f), -1);
    assert_int_equal(f.reason, DECODER_CHUNK_FULL);
    assert_int_equal(f.offset, 19);
    assert_int_equal(t.vecs[0].children[0].size, 0);
    assert_int_equal(decoder_record(t.decoder, record, t.vecs, 0, 3, &f), 3);
    size_t offset = 0;
    t.vecs[0].children[0].size = 0;
    assert_int_equal(decoder_record_part(t.decoder, record, &offset, t.vecs, 0, 2, &f), 2);
    assert_int_equal(offset, 19);
    assert_int_equal(decoder_record_part(t.decoder, record, &offset, t.vecs, 0, 2, &f), 1);
    assert_int_equal(offset, record.len);
    struct buf out = {0};
    vecs_dump_rows(&t, 0, 1, &out);
    assert_string_equal(buf_cstr(&out), "[3,4]");
    buf_clear(&out);
    vecs_table_close(&t);
}

static void test_unescaped_memory(void **state) {
    int64_t live = mem_test_live_blocks();
    struct vecs_table t;
    struct decoder_fault f;
    struct buf huge = {0}, out = {0};
    buf_add_str(&huge, "{\"a\":\"\\n");
    for (int i = 0; i < 200000; i++) {
        buf_add_char(&huge, 'y');
    }
    buf_add_str(&huge, "\"}");
    assert_true(vecs_table_open(&t, "struct<a:string>", 8, (struct decoder_options){0}));
    for (int round = 0; round < 3; round++) {
        struct bytes keep = BYTES("{\"a\":\"keep\\tthis string\"}");
        assert_int_equal(decoder_record(t.decoder, keep, t.vecs, 0, 8, &f), 1);
        assert_int_equal(decoder_record(t.decoder, buf_bytes(&huge), t.vecs, 1, 8, &f), 1);
        assert_int_equal(decoder_record(t.decoder, BYTES("{\"a\":\"\\n\"}{"), t.vecs, 2, 8, &f),
                         -1);
        assert_int_equal(((struct decoder_string *)t.vecs[0].data)[1].len, 200001);
        buf_reset(&out);
        vecs_dump_rows(&t, 0, 1, &out);
        assert_string_equal(buf_cstr(&out), "\"keep\\x09this string\"");
        decoder_reset_strings(t.decoder);
    }
    buf_clear(&huge);
    buf_clear(&out);
    vecs_table_close(&t);
    assert_int_equal(mem_test_live_blocks(), live);
}

static void test_no_memory(void **state) {
    int64_t live = mem_test_live_blocks();
    struct buf json = {0};
    buf_add_str(&json, "{\"a\":\"\\n\",\"m\":{");
    for (int i = 0; i < 100; i++) {
        buf_add_fmt(&json, "%s\"k%d\":1", i ? "," : "", i);
    }
    buf_add_str(&json, "}}");
    struct vecs_table t;
    bool done = false;
    for (int64_t nth = 1; !done; nth++) {
        struct decoder_fault f;
        assert_true(nth < 100);
        assert_true(vecs_table_open(&t, "struct<a:string,m:map<string,int>>", 2,
                                    (struct decoder_options){0}));
        mem_test_fail_nth(nth);
        ptrdiff_t rows = decoder_record(t.decoder, buf_bytes(&json), t.vecs, 0, 2, &f);
        mem_test_fail_nth(0);
        done = rows == 1;
        assert_true(done || f.reason == DECODER_NO_MEMORY);
        assert_int_equal(decoder_record(t.decoder, buf_bytes(&json), t.vecs, 0, 2, &f), 1);
        vecs_table_close(&t);
    }
    buf_clear(&json);
    assert_int_equal(mem_test_live_blocks(), live);
}

static void test_new_no_memory(void **state) {
    int64_t live = mem_test_live_blocks();
    for (int64_t nth = 1;; nth++) {
        struct arena a;
        arena_init(&a, 0);
        const struct type *t;
        assert_int_equal(type_parse(&a, BYTES("struct<x:array<map<string,int>>>"), &t, NULL), 0);
        struct decoder_column c = {.name = BYTES("a"), .type = t};
        struct decoder_options o = {.columns = &c, .column_count = 1};
        struct decoder *d = NULL;
        mem_test_fail_nth(nth);
        int rc = decoder_new(&a, &o, &d, NULL);
        mem_test_fail_nth(0);
        assert_true(rc == 0 || (rc == ERR_NOMEM && !d));
        decoder_free(&d);
        arena_clear(&a);
        assert_int_equal(mem_test_live_blocks(), live);
        if (rc == 0) {
            return;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),       cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_decimals),       cmocka_unit_test(test_strings),
        cmocka_unit_test(test_bad_strings),    cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_times),          cmocka_unit_test(test_nested),
        cmocka_unit_test(test_big_map),        cmocka_unit_test(test_members),
        cmocka_unit_test(test_options),        cmocka_unit_test(test_prediction),
        cmocka_unit_test(test_skipped_values), cmocka_unit_test(test_many_columns),
        cmocka_unit_test(test_grammar),        cmocka_unit_test(test_bad_neighbours),
        cmocka_unit_test(test_long_line),      cmocka_unit_test(test_fault_texts),
        cmocka_unit_test(test_chunk_full),     cmocka_unit_test(test_unescaped_memory),
        cmocka_unit_test(test_no_memory),      cmocka_unit_test(test_new_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
