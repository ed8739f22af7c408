/* test_trino.c - Trino's values as Athena shows them; a Trino that is not there. */
#include "trino/trino.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static struct bytes shown(struct arena *a, const char *type, const char *value) {
    struct json *t = NULL, *v = NULL;
    struct buf out = {0};
    assert_int_equal(json_parse(a, bytes_str(type), &t, NULL), 0);
    assert_int_equal(json_parse(a, bytes_str(value), &v, NULL), 0);
    trino_value(v, t, &out);
    struct bytes text = arena_copy(a, buf_bytes(&out));
    buf_clear(&out);
    return text;
}

#define PLAIN(t) "{\"rawType\":\"" t "\",\"arguments\":[]}"
#define TYPE(t) "{\"kind\":\"TYPE\",\"value\":" t "}"

static void values_are_shown_as_athena_does(void **state) {
    static const struct {
        const char *type, *value, *want;
    } rows[] = {
        {PLAIN("bigint"), "-9223372036854775808", "-9223372036854775808"},
        {PLAIN("boolean"), "true", "true"},
        {PLAIN("double"), "1.0E10", "1.0E10"},
        {PLAIN("double"), "\"NaN\"", "NaN"},
        {PLAIN("varchar"), "\"a\\u00fc\\\"b\"", "aü\"b"},
        {PLAIN("varbinary"), "\"AAEC/w==\"", "00 01 02 ff"},
        {PLAIN("varbinary"), "\"\"", ""},
        {PLAIN("timestamp"), "\"2020-01-01 00:00:00.000\"", "2020-01-01 00:00:00.000"},
        {"{\"rawType\":\"array\",\"arguments\":[" TYPE(PLAIN("varbinary")) "]}", "[\"/w==\",null]",
         "[ff, null]"},
        {"{\"rawType\":\"array\",\"arguments\":[" TYPE(PLAIN("integer")) "]}", "[]", "[]"},
        {"{\"rawType\":\"map\",\"arguments\":[" TYPE(PLAIN("varchar")) "," TYPE(
             PLAIN("integer")) "]}",
         "{\"a\":1,\"b\":null}", "{a=1, b=null}"},
        {"{\"rawType\":\"row\",\"arguments\":[{\"kind\":\"NAMED_TYPE\",\"value\":{\"fieldName\":{"
         "\"name\":"
         "\"x\"},\"typeSignature\":" PLAIN("integer") "}},{\"kind\":\"NAMED_TYPE\",\"value\":{"
                                                      "\"typeSignature\":" PLAIN("varchar") "}}]}",
         "[1,\"y\"]", "{x=1, field1=y}"},
    };
    struct arena a;
    (void)state;
    arena_init(&a, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes got = shown(&a, rows[i].type, rows[i].value);
        if (!bytes_eq_str(got, rows[i].want))
            fail_msg("%s: %.*s, not %s", rows[i].value, BYTES_ARG(got), rows[i].want);
    }
    arena_clear(&a);
}

static void a_missing_server_is_named(void **state) {
    struct arena a;
    struct json *task = NULL;
    struct buf ok = {0};
    struct err e = {0};
    atomic_bool stop = false;
    (void)state;
    arena_init(&a, 0);
    assert_int_equal(json_parse(&a,
                                BYTES("{\"url\":\"http://127.0.0.1:1\",\"catalog\":\"c\","
                                      "\"schema\":\"s\",\"user\":\"u\",\"source\":\"t\",\"sql\":"
                                      "\"select 1\",\"output\":\"/tmp/x\",\"tmp\":"
                                      "\"/tmp/tarn-test-trino\"}"),
                                &task, &e),
                     0);
    assert_int_equal(trino_run_query(&a, task, &stop, &ok, &e), ERR_UNAVAILABLE);
    assert_non_null(strstr(e.text, "http://127.0.0.1:1"));
    assert_int_not_equal(access("/tmp/tarn-test-trino", F_OK), 0);
    stop = true;
    assert_int_equal(trino_run_query(&a, task, &stop, &ok, &e), ERR_CANCELED);
    buf_clear(&ok);
    arena_clear(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_shown_as_athena_does),
        cmocka_unit_test(a_missing_server_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
