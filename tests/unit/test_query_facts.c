/* Facts of files: both forms of facts_json, values of every type, the cache's order and bounds. */
#include "base/mem.h"
#include "query/facts_int.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct file_facts *parse(const char *json) {
    struct file_facts *f = NULL;
    struct err e = {0};
    if (facts_parse(bytes_str(json), 7, &f, &e))
        fail_msg("%s", e.text);
    return f;
}

static void row_groups_are_read(void **state) {
    (void)state;
    struct file_facts *f = parse(
        "{\"rows\":[3,4],\"columns\":{"
        "\"id\":{\"type\":\"BIGINT\",\"bytes\":[10,20],\"min\":[\"-5\",null],\"max\":[\"9\",null],"
        "\"nulls\":[0,4],\"bloom\":true},"
        "\"Name\":{\"type\":\"VARCHAR\",\"bytes\":[1,2],\"min\":[\"a\",\"c\\u00e9\"],\"max\":["
        "\"b\",\"d\"]},"
        "\"s.a\":{\"type\":\"BLOB\",\"bytes\":[5,6],\"min\":[\"x\",\"x\"],\"max\":[\"x\",\"x\"]},"
        "\"n\":{\"type\":\"INTEGER\",\"bytes\":[5,6],\"nulls\":[null,2]}}}");
    size_t hint = 0;
    bool nested;
    assert_true(f->detailed && f->rows == 7 && f->group_count == 2 && f->leaf_count == 4);
    assert_int_equal(f->group_rows[1], 4);
    const struct facts_leaf *id = facts_leaf_of(f, BYTES("ID"), &hint, &nested);
    assert_true(id && id->bloom && id->kind == FACTS_INTEGER && id->bytes[1] == 20);
    assert_true(id->ranges[0].known && id->ranges[0].min.i == -5 && id->ranges[0].max.i == 9);
    assert_true(!id->ranges[1].known && id->ranges[1].nulls == 4);
    const struct facts_leaf *name = facts_leaf_of(f, BYTES("name"), &hint, &nested);
    assert_true(name && bytes_eq_str(name->ranges[1].min.s, "c\xc3\xa9"));
    assert_int_equal(name->ranges[1].nulls, -1);
    assert_true(facts_leaf_of(f, BYTES("Name"), &hint, &nested) == name);
    assert_null(facts_leaf_of(f, BYTES("s"), &hint, &nested));
    assert_true(nested);
    assert_null(facts_leaf_of(f, BYTES("gone"), &hint, &nested));
    assert_false(nested);
    assert_false(f->leaves[2].ranges[0].known); /* bytes have no order here */
    assert_true(f->leaves[3].ranges[0].nulls == -1 && f->leaves[3].ranges[1].nulls == 2);
    mem_free(f);
}

static void the_older_form_is_one_row_group(void **state) {
    (void)state;
    struct file_facts *f =
        parse("{\"row_groups\":3,\"columns\":{\"id\":{\"bytes\":100,\"min\":\"1\",\"max\":\"2\","
              "\"nulls\":0}}}");
    assert_true(!f->detailed && f->group_count == 1 && f->group_rows[0] == 7);
    assert_true(f->leaves[0].bytes[0] == 100 && !f->leaves[0].ranges);
    mem_free(f);
    f = parse("{}");
    assert_true(!f->detailed && f->leaf_count == 0);
    mem_free(f);
    f = parse("{\"rows\":[],\"columns\":{}}");
    assert_true(f->detailed && f->group_count == 0);
    mem_free(f);
}

static void bad_facts_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{", "{\"rows\":[1],\"columns\":{\"a\":{\"type\":\"INTEGER\",\"bytes\":[1,2]}}}",
        "{\"rows\":[1],\"columns\":{\"a\":{\"type\":\"INTEGER\"}}}"};
    struct file_facts *f;
    struct err e;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_not_equal(facts_parse(bytes_str(bad[i]), 0, &f, &e), 0);
}

static void check(enum facts_kind kind, int scale, const char *text, bool ok, int64_t want) {
    union facts_value v = {0};
    if (facts_value_of(kind, scale, bytes_str(text), &v) != ok || (ok && v.i != want))
        fail_msg("%s: %lld", text, (long long)v.i);
}
static void values(void **state) {
    (void)state;
    check(FACTS_INTEGER, 0, "-9223372036854775808", true, INT64_MIN);
    check(FACTS_INTEGER, 0, "18446744073709551615", false, 0);
    check(FACTS_DECIMAL, 2, "-12.50", true, -1250);
    check(FACTS_DECIMAL, 2, "0.05", true, 5);
    check(FACTS_DECIMAL, 0, "12", true, 12);
    check(FACTS_DECIMAL, 2, "12.5", false, 0);
    check(FACTS_DECIMAL, 4, "999999999999999.9999", false, 0);
    check(FACTS_DATE, 0, "1969-12-31", true, -1);
    check(FACTS_DATE, 0, "0045-03-15 (BC)", false, 0);
    check(FACTS_DATE, 0, "infinity", false, 0);
    check(FACTS_TIMESTAMP, 0, "1970-01-01 00:00:01.5", true, 1500000);
    check(FACTS_TIMESTAMP, 0, "1970-01-01 00:00:00.123456789", true, 123456);
    check(FACTS_TIMESTAMP, 0, "1969-12-31 23:59:59.999999+00", true, -1);
    check(FACTS_TIMESTAMP, 0, "1970-01-01 00:00:00+01", false, 0);
    check(FACTS_BOOLEAN, 0, "false", true, 0);
    check(FACTS_BOOLEAN, 0, "0", false, 0);
    union facts_value v;
    assert_true(facts_value_of(FACTS_FLOATING, FACTS_SINGLE, BYTES("0.1"), &v) && v.d == 0.1f);
    assert_true(facts_value_of(FACTS_FLOATING, 0, BYTES("-inf"), &v) && v.d < -1e308);
    assert_false(facts_value_of(FACTS_FLOATING, 0, BYTES("nan"), &v));
}

/* ---- the cache ---- */
static const char small[] = "{\"rows\":[1],\"columns\":{\"a\":{\"type\":\"DATE\",\"bytes\":[1]}}}";

static void put(struct facts_cache *c, int i, int64_t mtime) {
    char uri[32];
    snprintf(uri, sizeof uri, "s3://b/%d", i);
    facts_cache_release(c, facts_cache_put(c, bytes_str(uri), 10, mtime, parse(small)));
}
static bool has(struct facts_cache *c, int i, uint64_t size, int64_t mtime) {
    char uri[32];
    snprintf(uri, sizeof uri, "s3://b/%d", i);
    const struct file_facts *f = facts_cache_get(c, bytes_str(uri), size, mtime);
    if (f)
        facts_cache_release(c, f);
    return f != NULL;
}

static void entries_hold_while_the_file_does(void **state) {
    (void)state;
    struct facts_cache *c;
    struct err e;
    assert_int_equal(facts_cache_new(MIB(1), &c, &e), 0);
    put(c, 1, 5);
    assert_true(has(c, 1, 10, 5));
    assert_false(has(c, 2, 10, 5));
    assert_false(has(c, 1, 10, 6));
    assert_false(has(c, 1, 10, 5)); /* dropped: another file stands there now */
    put(c, 1, 5);
    assert_false(has(c, 1, 11, 5));
    put(c, 1, 5);
    put(c, 1, 6);
    assert_true(has(c, 1, 10, 6));
    facts_cache_free(&c);
}

static void memory_is_bounded(void **state) {
    (void)state;
    struct facts_cache *c;
    struct err e;
    int64_t blocks = mem_test_live_blocks();
    assert_int_equal(facts_cache_new(KIB(64), &c, &e), 0);
    put(c, 0, 1);
    const struct file_facts *held = facts_cache_get(c, BYTES("s3://b/0"), 10, 1);
    put(c, 1, 1);
    for (int i = 2; i < 3000; i++) {
        put(c, i, 1);
        assert_true(has(c, 1, 10, 1)); /* used all the time, so it stays */
    }
    assert_true(facts_cache_bytes(c) <= KIB(64) + 16 * KIB(8));
    assert_false(has(c, 0, 10, 1));
    assert_true(has(c, 2999, 10, 1));
    assert_int_equal(held->group_rows[0], 1); /* dropped, but lent out */
    facts_cache_release(c, held);
    facts_cache_free(&c);
    assert_int_equal(mem_test_live_blocks(), blocks);
}

static void failing_allocations(void **state) {
    (void)state;
    int64_t blocks = mem_test_live_blocks();
    for (int n = 1; n < 12; n++) {
        struct facts_cache *c = NULL;
        struct file_facts *f = NULL;
        struct err e;
        mem_test_fail_nth(n);
        if (!facts_cache_new(MIB(1), &c, &e)) {
            if (!facts_parse(bytes_str(small), 1, &f, &e))
                facts_cache_release(c, facts_cache_put(c, BYTES("s3://b/x"), 1, 1, f));
            facts_cache_free(&c);
        }
        mem_test_fail_nth(0);
        assert_int_equal(mem_test_live_blocks(), blocks);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_groups_are_read),
        cmocka_unit_test(the_older_form_is_one_row_group),
        cmocka_unit_test(bad_facts_are_refused),
        cmocka_unit_test(values),
        cmocka_unit_test(entries_hold_while_the_file_does),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
