/* Triggers of the delivery room: size, interval, boundary, asked; measured from a real log. */
#include "base/mem.h"
#include "delivery/delivery_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define T0 (INT64_C(439000) * HOUR) /* a whole hour */

static const struct delivery_limits limits = {1000, 60000};

static struct slog_extent extent(uint64_t from, uint64_t to, uint64_t bytes, int64_t first,
                                 int64_t last) {
    return (struct slog_extent){.from_lsn = from,
                                .to_lsn = to,
                                .records = to - from,
                                .data_bytes = bytes,
                                .first_arrival_ms = first,
                                .last_arrival_ms = last};
}

static void an_empty_buffer_is_never_due(void **state) {
    struct delivery_buffer b;
    int64_t due;
    delivery_buffer_start(&b, 7);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0, 100, &due), DELIVER_NOT_YET);
    assert_true(due == INT64_MAX);
}

static void age_makes_due(void **state) {
    struct delivery_buffer b;
    int64_t due;
    struct slog_extent x = extent(1, 3, 100, T0, T0 + 10);
    delivery_buffer_start(&b, 1);
    delivery_buffer_add(&b, &x, &limits);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0 + 59999, 0, &due), DELIVER_NOT_YET);
    assert_true(due == T0 + 60000);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0 + 60000, 0, &due), DELIVER_INTERVAL);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0, 1, &due), DELIVER_NOT_YET);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0, 2, &due), DELIVER_ASKED);
}

static void zero_interval_waits_a_second(void **state) {
    struct delivery_limits zero = {1000, 0};
    struct delivery_buffer b;
    int64_t due;
    struct slog_extent x = extent(1, 2, 1, T0, T0);
    delivery_buffer_start(&b, 1);
    delivery_buffer_add(&b, &x, &zero);
    assert_int_equal(delivery_buffer_due(&b, &zero, T0 + 999, 0, &due), DELIVER_NOT_YET);
    assert_int_equal(delivery_buffer_due(&b, &zero, T0 + 1000, 0, &due), DELIVER_INTERVAL);
}

static void size_makes_due_and_is_not_exceeded(void **state) {
    struct delivery_buffer b;
    int64_t due;
    struct slog_extent x = extent(1, 3, 900, T0, T0), y = extent(3, 5, 200, T0 + 1, T0 + 1);
    delivery_buffer_start(&b, 1);
    delivery_buffer_add(&b, &x, &limits);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0, 0, &due), DELIVER_NOT_YET);
    delivery_buffer_add(&b, &y, &limits);
    assert_int_equal(b.to_lsn, 3);
    assert_int_equal(b.bytes, 900);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0, 0, &due), DELIVER_SIZE);
}

static void one_big_append_is_taken_whole(void **state) {
    struct delivery_buffer b;
    int64_t due;
    struct slog_extent x = extent(1, 2, 5000, T0, T0);
    delivery_buffer_start(&b, 1);
    delivery_buffer_add(&b, &x, &limits);
    assert_int_equal(b.to_lsn, 2);
    assert_int_equal(delivery_buffer_due(&b, &limits, T0, 0, &due), DELIVER_SIZE);
}

/* ---- with a log ---- */

struct fixture {
    char dir[64];
    struct clock_manual clock;
    struct slog *slog;
    struct slog_log *log;
};

static int open_log(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    struct err e = {0};
    snprintf(f->dir, sizeof(f->dir), "/tmp/tarn-buffer-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    clock_manual_init(&f->clock, T0 + HOUR - 2000);
    struct slog_options o = {.vfs = vfs_system(), .clock = &f->clock.base, .dir = f->dir};
    assert_int_equal(slog_open(&o, &f->slog, &e), 0);
    assert_int_equal(slog_create(f->slog, "kinesis-a", &f->log, &e), 0);
    *state = f;
    return 0;
}

static int close_log(void **state) {
    struct fixture *f = *state;
    char command[100];
    slog_close(&f->slog);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    int rc = system(command);
    free(f);
    return rc;
}

static void put(struct fixture *f, size_t records, size_t bytes) {
    static char data[4096];
    struct slog_record_in in[8];
    struct err e = {0};
    for (size_t i = 0; i < records; i++)
        in[i] = (struct slog_record_in){.partition_key = BYTES("k"), .data = bytes_of(data, bytes)};
    assert_int_equal(slog_append_wait(f->log, in, records, NULL, NULL, &e), 0);
}

static int64_t next_hour(void *ctx, int64_t ms) {
    return ms / HOUR * HOUR + HOUR;
}

static void fill(struct fixture *f, struct delivery_buffer *b) {
    struct err e = {0};
    assert_int_equal(delivery_buffer_fill(b, f->log, &limits, next_hour, NULL, &e), 0);
}

static void a_buffer_grows_append_by_append(void **state) {
    struct fixture *f = *state;
    struct delivery_buffer b;
    delivery_buffer_start(&b, 1);
    fill(f, &b);
    assert_int_equal(b.records, 0);
    put(f, 2, 100);
    fill(f, &b);
    assert_int_equal(b.records, 2);
    assert_int_equal(b.bytes, 200);
    put(f, 3, 100);
    put(f, 1, 100);
    fill(f, &b);
    assert_int_equal(b.records, 6);
    assert_int_equal(b.to_lsn, 7);
    assert_false(b.full);
    put(f, 2, 300); /* 600 + 600 > 1000: an append is not split */
    put(f, 1, 1);
    fill(f, &b);
    assert_int_equal(b.to_lsn, 7);
    assert_true(b.full);
    delivery_buffer_start(&b, 7);
    fill(f, &b);
    assert_int_equal(b.to_lsn, 10);
}

static void an_object_does_not_span_the_hour(void **state) {
    struct fixture *f = *state;
    struct delivery_buffer b;
    int64_t due;
    put(f, 1, 10);
    f->clock.now_ms += 1999;
    put(f, 2, 10);
    f->clock.now_ms += 1; /* the next hour */
    put(f, 4, 10);
    delivery_buffer_start(&b, 1);
    fill(f, &b);
    assert_int_equal(b.to_lsn, 4);
    assert_true(b.at_boundary);
    assert_int_equal(delivery_buffer_due(&b, &limits, f->clock.now_ms, 0, &due), DELIVER_BOUNDARY);
    delivery_buffer_start(&b, 4);
    fill(f, &b);
    assert_int_equal(b.records, 4);
    assert_false(b.at_boundary);
    assert_true(b.first_ms == T0 + HOUR);
}

static void the_boundary_is_seen_later_too(void **state) {
    struct fixture *f = *state;
    struct delivery_buffer b;
    delivery_buffer_start(&b, 1);
    put(f, 1, 10);
    fill(f, &b);
    f->clock.now_ms += HOUR;
    put(f, 1, 10);
    fill(f, &b);
    assert_int_equal(b.to_lsn, 2);
    assert_true(b.at_boundary);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_never_due),
        cmocka_unit_test(age_makes_due),
        cmocka_unit_test(zero_interval_waits_a_second),
        cmocka_unit_test(size_makes_due_and_is_not_exceeded),
        cmocka_unit_test(one_big_append_is_taken_whole),
        cmocka_unit_test_setup_teardown(a_buffer_grows_append_by_append, open_log, close_log),
        cmocka_unit_test_setup_teardown(an_object_does_not_span_the_hour, open_log, close_log),
        cmocka_unit_test_setup_teardown(the_boundary_is_seen_later_too, open_log, close_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
