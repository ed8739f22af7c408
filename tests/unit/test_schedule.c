/* Schedule expressions: the moments they name, and the texts that are refused. */
#include "base/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(int year, int month, int day, int hour, int minute) {
    struct clock_fields f = {
        .year = year, .month = month, .day = day, .hour = hour, .minute = minute};
    return clock_join_ms(&f);
}

static void expect_next(const char *text, int64_t after, int64_t want) {
    struct schedule s;
    struct err e = {0};
    char got[32], wanted[32];
    assert_int_equal(schedule_parse(bytes_str(text), &s, &e), 0);
    int64_t next = schedule_next(&s, after);
    clock_format_iso(next, got);
    clock_format_iso(want, wanted);
    if (next != want)
        fail_msg("%s: %s, not %s", text, got, wanted);
}

static void cron_moments(void **state) {
    int64_t t = at(2024, 2, 28, 12, 15);
    expect_next("cron(15 12 * * ? *)", t, at(2024, 2, 29, 12, 15));
    expect_next("cron(15 12 * * ? *)", t - 1, t);
    expect_next("cron(0/15 * * * ? *)", t, at(2024, 2, 28, 12, 30));
    expect_next("cron(0/15 * * * ? *)", t + 60000 * 44, at(2024, 2, 28, 13, 0));
    expect_next("cron(0 8 1 * ? *)", t, at(2024, 3, 1, 8, 0));
    expect_next("cron(0 18 ? * MON-FRI *)", at(2024, 3, 1, 18, 0), at(2024, 3, 4, 18, 0));
    expect_next("cron(0 0 ? * FRI-MON *)", at(2024, 3, 4, 0, 0), at(2024, 3, 8, 0, 0));
    expect_next("cron(0 10 29 2 ? *)", at(2025, 1, 1, 0, 0), at(2028, 2, 29, 10, 0));
    expect_next("cron(5,10 1,2 ? JAN,JUN SUN 2025-2026)", at(2025, 1, 26, 2, 10),
                at(2025, 6, 1, 1, 5));
}

static void days_by_rule(void **state) {
    expect_next("cron(0 0 L * ? *)", at(2024, 2, 1, 0, 0), at(2024, 2, 29, 0, 0));
    expect_next("cron(0 0 LW * ? *)", at(2024, 3, 1, 0, 0), at(2024, 3, 29, 0, 0));
    expect_next("cron(0 0 15W * ? *)", at(2024, 6, 1, 0, 0), at(2024, 6, 14, 0, 0));
    expect_next("cron(0 0 1W * ? *)", at(2024, 5, 31, 0, 0), at(2024, 6, 3, 0, 0));
    expect_next("cron(0 0 ? * 6#3 *)", at(2024, 3, 1, 0, 0), at(2024, 3, 15, 0, 0));
    expect_next("cron(0 0 ? * 6L *)", at(2024, 3, 1, 0, 0), at(2024, 3, 29, 0, 0));
    expect_next("cron(0 0 ? * L *)", at(2024, 3, 3, 0, 0), at(2024, 3, 9, 0, 0));
}

static void rates_and_moments(void **state) {
    int64_t t = at(2024, 2, 28, 12, 15);
    expect_next("rate(5 minutes)", t + 1, at(2024, 2, 28, 12, 20));
    expect_next("rate(1 hour)", t, at(2024, 2, 28, 13, 0));
    expect_next("rate(2 days)", 0, INT64_C(2) * 86400000);
    expect_next("at(2030-01-31T23:59:00)", t, at(2030, 1, 31, 23, 59));
}

static void never_again(void **state) {
    struct schedule s;
    struct err e;
    assert_int_equal(schedule_parse(BYTES("cron(0 0 1 1 ? 2020)"), &s, &e), 0);
    assert_int_equal(schedule_next(&s, at(2021, 1, 1, 0, 0)), -1);
    assert_int_equal(schedule_parse(BYTES("cron(0 0 31 2 ? *)"), &s, &e), 0);
    assert_int_equal(schedule_next(&s, at(2021, 1, 1, 0, 0)), -1);
    assert_int_equal(schedule_parse(BYTES("at(2020-01-01T00:00:00)"), &s, &e), 0);
    assert_int_equal(schedule_next(&s, at(2021, 1, 1, 0, 0)), -1);
}

static void refused(void **state) {
    static const char *const texts[] = {
        "",
        "cron",
        "cron()",
        "every day",
        "cron(* * * * ?)",
        "cron(* * * * ? * *)",
        "cron(* * * * * *)",
        "cron(* * ? * ? *)",
        "cron(60 * * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0 0 32W * ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * 2#6 *)",
        "cron(10-5 0 * * ? *)",
        "cron(*/0 0 * * ? *)",
        "cron(, 0 * * ? *)",
        "cron(0 0 * FOO ? *)",
        "cron(0 0 * * ? 1969)",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 weeks)",
        "rate(5)",
        "at(2030-02-31T00:00:00)",
        "at(tomorrow)",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct schedule s;
        struct err e = {0};
        if (schedule_parse(bytes_str(texts[i]), &s, &e) != ERR_INVALID_INPUT)
            fail_msg("'%s' was taken", texts[i]);
        assert_true(strlen(e.text) > 20);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cron_moments),      cmocka_unit_test(days_by_rule),
        cmocka_unit_test(rates_and_moments), cmocka_unit_test(never_again),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
