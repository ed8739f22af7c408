/* test_slog_fault.c - the stream log when files fail, processes die and bytes rot.
 *
 * The promise under test: every acknowledged append is there exactly once, whole and in order; of
 * an append that was not acknowledged there is all or nothing. */
#include "base/hash.h"
#include "slog_fixture.h"
#include <sys/wait.h>

#define APPEND_COUNT 4

/* Parses "<append>:<index>:xxx". */
static void parse_data(struct bytes data, uint64_t *append, uint64_t *index) {
    struct bytes head, rest = bytes_cut(data, ':', &head);
    assert_true(bytes_to_u64(head, append));
    (void)bytes_cut(rest, ':', &head);
    assert_true(bytes_to_u64(head, index));
}

/* Reads all of the log; seen[append] counts how often a whole append was found, in order. */
static void read_seen(struct slog_log *l, int *seen, uint64_t appends) {
    struct slog_view *v;
    struct slog_record rec;
    struct err e;
    struct slog_reader *r = open_reader(l, 0, UINT64_MAX, &v);
    uint64_t append = 0, index = 0, last = 0, expect = 0;
    int more;
    while ((more = slog_reader_next(r, &rec, &e)) == 1) {
        parse_data(rec.data, &append, &index);
        assert_true(append < appends && index == expect);
        assert_true(append >= last); /* a failed append may be retried under its own number only */
        last = append;
        expect = (expect + 1) % APPEND_COUNT;
        seen[append] += expect == 0;
    }
    assert_int_equal(more, 0);
    assert_int_equal(expect, 0);
    slog_reader_free(&r);
    slog_view_free(&v);
}

/* Appends, rolls segments, trims nothing; acked[i] tells which were acknowledged. Stops at nothing.
 */
static void run_appends(struct fixture *f, struct slog_log *l, bool *acked, uint64_t appends) {
    for (uint64_t a = 0; a < appends; a++) {
        f->clock.now_ms++;
        acked[a] = put_append(l, a, APPEND_COUNT, a % 3 == 0 ? 6000 : 100, NULL) == 0;
    }
}

static void check_reopened(struct fixture *f, const bool *acked, uint64_t appends, const char *what,
                           int64_t nth) {
    int seen[64] = {0};
    f->vfs.fail_at = 0;
    slog_close(&f->slog);
    fixture_open(f);
    struct slog_log *l = slog_find(f->slog, "s");
    assert_non_null(l);
    read_seen(l, seen, appends + 1);
    for (uint64_t a = 0; a < appends; a++) {
        if (seen[a] > 1 || (acked[a] && seen[a] != 1)) {
            fail_msg("%s %lld: append %llu acked %d, seen %d", what, (long long)nth,
                     (unsigned long long)a, acked[a], seen[a]);
        }
    }
    assert_int_equal(put_append(l, appends, APPEND_COUNT, 100, NULL), 0); /* it goes on */
}

static int64_t fail_nth_operation(int64_t nth, bool sticky, int fail_errno) {
    enum { APPENDS = 24 };
    struct fixture f;
    struct slog_log *l;
    struct err e;
    bool acked[APPENDS] = {0};
    fixture_init(&f);
    f.options.segment_bytes = KIB(64);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    int64_t start = f.vfs.count;
    f.vfs.sticky = sticky;
    f.vfs.fail_errno = fail_errno;
    f.vfs.fail_at = nth;
    run_appends(&f, l, acked, APPENDS);
    int64_t operations = f.vfs.count - start;
    int lost = 0;
    for (int a = 0; a < APPENDS; a++) {
        lost += !acked[a];
    }
    if (!sticky) {
        assert_true(lost <= 1); /* one failed operation costs at most one commit */
    }
    check_reopened(&f, acked, APPENDS, sticky ? "sticky" : "once", nth);
    fixture_clear(&f);
    return operations;
}

static void test_every_operation_fails_once(void **state) {
    int64_t operations = 1;
    for (int64_t nth = 1; nth <= operations; nth++) {
        operations = fail_nth_operation(nth, false, nth % 2 ? EIO : ENOSPC);
    }
    assert_true(operations > 50);
}

static void test_every_operation_fails_for_good(void **state) {
    for (int64_t nth = 1; nth <= 90; nth++) {
        (void)fail_nth_operation(nth, true, EIO);
    }
}

/* The disk is full for a while, then there is room again. */
static void test_disk_full_and_back(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_bounds b;
    struct err e;
    bool acked[30] = {0};
    fixture_init(&f);
    f.options.segment_bytes = KIB(64);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    f.vfs.fail_errno = ENOSPC;
    for (uint64_t a = 0; a < 30; a++) {
        bool full = a % 10 >= 6;
        f.vfs.sticky = full;
        f.vfs.fail_at = full;
        int rc = put_append(l, a, APPEND_COUNT, a % 2 ? 5000 : 50, NULL);
        f.vfs.sticky = false;
        f.vfs.fail_at = 0;
        assert_int_equal(rc, full ? ERR_IO : 0);
        acked[a] = !full;
    }
    int seen[64] = {0};
    read_seen(l, seen, 30); /* in this process nothing of the failed ones shows */
    for (int a = 0; a < 30; a++) {
        assert_int_equal(seen[a], acked[a]);
    }
    slog_get_bounds(l, &b);
    assert_int_equal(b.next_lsn, 18 * APPEND_COUNT + 1);
    check_reopened(&f, acked, 30, "full", 0);
    fixture_clear(&f);
}

/* Every operation of a restart fails once: it says so or works, and the next restart has it all. */
static void test_open_fails_anywhere(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct err e;
    bool acked[24] = {0};
    fixture_init(&f);
    f.options.segment_bytes = KIB(64);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    run_appends(&f, l, acked, 24);
    slog_close(&f.slog);
    int64_t nth = 0;
    for (bool failed = true; failed;) {
        f.vfs.fail_at = ++nth;
        int rc = slog_open(&f.options, &f.slog, &e);
        failed = f.vfs.fail_at == 0;
        f.vfs.fail_at = 0;
        assert_true(rc == 0 || rc == ERR_IO);
        int seen[64] = {0};
        slog_close(&f.slog);
        fixture_open(&f);
        read_seen(slog_find(f.slog, "s"), seen, 24);
        for (int a = 0; a < 24; a++) {
            assert_int_equal(seen[a], 1);
        }
        slog_close(&f.slog);
    }
    assert_true(nth > 10);
    fixture_clear(&f);
}

static void test_allocations_fail(void **state) {
    struct fixture f;
    struct err e;
    bool opened = false;
    fixture_init(&f);
    for (int64_t nth = 1; !opened; nth++) {
        int64_t live = mem_test_live_blocks();
        mem_test_fail_nth(nth);
        int rc = slog_open(&f.options, &f.slog, &e);
        struct slog_log *l = NULL;
        struct slog_view *v = NULL;
        struct slog_reader *r = NULL;
        rc = rc ? rc : slog_create(f.slog, "s", &l, &e);
        struct slog_record_in in = {.data = BYTES("data")};
        rc = rc ? rc : slog_append_wait(l, &in, 1, NULL, NULL, &e);
        rc = rc ? rc : slog_view_new(l, 1, 2, &v, &e);
        rc = rc ? rc : slog_reader_new_view(v, &r, &e);
        mem_test_fail_nth(0);
        opened = rc == 0;
        assert_true(rc == 0 || rc == ERR_NOMEM);
        slog_reader_free(&r);
        slog_view_free(&v);
        slog_close(&f.slog);
        assert_int_equal(mem_test_live_blocks(), live);
        shell("rm -rf '%s'", f.dir);
    }
    fixture_clear(&f);
}

/* ---- death ---- */

/* A child appends and reports each acknowledged append through a pipe; it is killed in the middle.
 */
static void append_until_killed(struct fixture *f, int out) {
    struct slog_log *l;
    struct err e;
    f->options.vfs = vfs_system();
    if (slog_open(&f->options, &f->slog, &e) != 0) {
        _exit(1);
    }
    l = slog_find(f->slog, "s");
    if (!l && slog_create(f->slog, "s", &l, &e) != 0) {
        _exit(2);
    }
    struct slog_bounds b;
    slog_get_bounds(l, &b);
    for (uint64_t a = (b.next_lsn - 1) / APPEND_COUNT;; a++) {
        if (put_append(l, a, APPEND_COUNT, (a * 977) % 9000, NULL) != 0 ||
            write(out, &a, sizeof(a)) != sizeof(a)) {
            _exit(3);
        }
    }
}

static void test_killed_while_appending(void **state) {
    struct fixture f;
    uint64_t acked = 0, next;
    fixture_init(&f);
    f.options.segment_bytes = KIB(128);
    for (int round = 0; round < 12; round++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            close(pipes[0]);
            append_until_killed(&f, pipes[1]);
        }
        close(pipes[1]);
        usleep(20000 + (useconds_t)round * 3000);
        assert_int_equal(kill(child, SIGKILL), 0);
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &next, sizeof(next)) == sizeof(next)) {
            acked = next + 1;
        }
        close(pipes[0]);
        int *seen = calloc(acked + 2, sizeof(*seen));
        fixture_open(&f);
        struct slog_log *l = slog_find(f.slog, "s");
        if (l) {
            read_seen(l, seen, acked + 1);
        }
        for (uint64_t a = 0; a < acked; a++) {
            assert_int_equal(seen[a], 1);
        }
        slog_close(&f.slog);
        free(seen);
    }
    assert_true(acked > 20);
    fixture_clear(&f);
}

/* As after a power cut: the active file is copied while it is written, then opened. */
static void test_copied_while_appending(void **state) {
    struct fixture f, copy;
    struct slog_log *l;
    struct err e;
    fixture_init(&f);
    f.options.segment_bytes = KIB(128);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    static int seen[400];
    for (uint64_t a = 0; a < 200; a++) {
        assert_int_equal(put_append(l, a, APPEND_COUNT, 500, NULL), 0);
        if (a % 40 == 17) {
            fixture_init(&copy);
            copy.options.segment_bytes = KIB(128);
            shell("cp -r '%s' '%s'", f.dir, copy.dir);
            fixture_open(&copy);
            memset(seen, 0, sizeof(seen));
            read_seen(slog_find(copy.slog, "s"), seen, 200);
            for (uint64_t k = 0; k <= a; k++) {
                assert_int_equal(seen[k], 1);
            }
            fixture_clear(&copy);
        }
    }
    fixture_clear(&f);
}

/* ---- rot ---- */

static void path_of(struct fixture *f, unsigned seq, char out[200]) {
    (void)snprintf(out, 200, "%s/s/%010u.seg", f->dir, seq);
}

/* Appends one by one, so that each has its own frame; returns the offset behind the frames. */
static uint64_t make_log(struct fixture *f, uint64_t appends, size_t len) {
    struct slog_log *l;
    struct err e;
    fixture_open(f);
    assert_int_equal(slog_create(f->slog, "s", &l, &e), 0);
    for (uint64_t a = 0; a < appends; a++) {
        assert_int_equal(put_append(l, a, APPEND_COUNT, len, NULL), 0);
    }
    uint64_t used = l->segs[l->seg_count - 1]->used;
    slog_close(&f->slog);
    return used;
}

static void change_byte(const char *path, uint64_t offset) {
    char c;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &c, 1, (off_t)offset), 1);
    c ^= 0x10;
    assert_int_equal(pwrite(fd, &c, 1, (off_t)offset), 1);
    close(fd);
}

static void test_torn_tail_is_cut(void **state) {
    struct fixture f;
    int seen[8] = {0};
    char path[200];
    fixture_init(&f);
    uint64_t used = make_log(&f, 6, 50);
    path_of(&f, 1, path);
    change_byte(path, used - 100); /* in the last frame */
    for (int round = 0; round < 2; round++) {
        fixture_open(&f);
        memset(seen, 0, sizeof(seen));
        read_seen(slog_find(f.slog, "s"), seen, 8);
        for (int a = 0; a < 6; a++) {
            assert_int_equal(seen[a], a < 5 || round > 0);
        }
        if (round == 0) {
            assert_int_equal(put_append(slog_find(f.slog, "s"), 5, APPEND_COUNT, 50, NULL), 0);
        }
        slog_close(&f.slog);
    }
    fixture_clear(&f);
}

/* A torn commit of several frames: the first is broken, the second is whole on the disk. */
static void test_torn_commit_of_many_frames(void **state) {
    struct fixture f;
    struct frame_header first, second;
    char path[200];
    int seen[8] = {0};
    fixture_init(&f);
    make_log(&f, 2, 50);
    path_of(&f, 1, path);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &first, sizeof(first), 4096), sizeof(first));
    uint64_t at = 4096 + first.length;
    assert_int_equal(pread(fd, &second, sizeof(second), (off_t)at), sizeof(second));
    second.committed_lsn = first.first_lsn; /* as if both were of one commit */
    char *frame = malloc(second.length);
    assert_int_equal(pread(fd, frame, second.length, (off_t)at), second.length);
    memcpy(frame, &second, sizeof(second));
    second.crc = crc32c(0, frame + 8, second.length - 8);
    memcpy(frame, &second, sizeof(second));
    assert_int_equal(pwrite(fd, frame, second.length, (off_t)at), second.length);
    close(fd);
    free(frame);
    change_byte(path, 4096 + 70);
    fixture_open(&f);
    read_seen(slog_find(f.slog, "s"), seen, 8);
    assert_int_equal(seen[0] + seen[1], 0);
    assert_int_equal(put_append(slog_find(f.slog, "s"), 3, APPEND_COUNT, 50, NULL), 0);
    slog_close(&f.slog);
    fixture_open(&f);
    read_seen(slog_find(f.slog, "s"), seen, 8);
    assert_int_equal(seen[3], 1);
    fixture_clear(&f);
}

static void expect_quarantine(unsigned seq, uint64_t offset) {
    enum { APPENDS = 30 };
    struct fixture f;
    struct slog_bounds b;
    char path[200], moved[220];
    int seen[APPENDS + 2] = {0};
    fixture_init(&f);
    f.options.segment_bytes = KIB(64);
    make_log(&f, APPENDS, 3000); /* 12 KB each: five to a segment */
    path_of(&f, seq, path);
    change_byte(path, offset);
    for (int round = 0; round < 2; round++) {
        fixture_open(&f);
        struct slog_log *l = slog_find(f.slog, "s");
        slog_get_bounds(l, &b);
        assert_int_equal(b.next_lsn, (APPENDS + round) * APPEND_COUNT + 1);
        memset(seen, 0, sizeof(seen));
        read_seen(l, seen, APPENDS + 2);
        for (unsigned a = 0; a < APPENDS; a++) {
            assert_int_equal(seen[a], a / 5 + 1 != seq);
        }
        assert_int_equal(put_append(l, APPENDS + (uint64_t)round, APPEND_COUNT, 10, NULL), 0);
        slog_close(&f.slog);
    }
    (void)snprintf(moved, sizeof(moved), "%s.quarantine", path);
    assert_int_equal(access(moved, F_OK), 0);
    assert_int_equal(access(path, F_OK), -1);
    fixture_clear(&f);
}

static void test_damage_is_quarantined(void **state) {
    expect_quarantine(2, 4096 + 500);              /* first frame, valid ones behind it */
    expect_quarantine(3, 30000);                   /* in the middle */
    expect_quarantine(2, 4096 + 12100 * 4 + 2000); /* the last frame, but a segment follows */
    expect_quarantine(4, 20);                      /* the header */
    expect_quarantine(6, 20);                      /* the active segment's header */
    expect_quarantine(6, 4096 + 500);              /* the active segment */
    expect_quarantine(1, 4096 + 500);              /* the oldest */
}

static void test_reader_reports_damage(void **state) {
    struct fixture f;
    struct slog_log *l;
    struct slog_view *v;
    struct slog_record rec;
    struct err e;
    char path[200];
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(slog_create(f.slog, "s", &l, &e), 0);
    for (uint64_t a = 0; a < 3; a++) {
        assert_int_equal(put_append(l, a, 1, 100, NULL), 0);
    }
    path_of(&f, 1, path);
    change_byte(path, l->segs[0]->used - 50);
    struct slog_reader *r = open_reader(l, 1, 4, &v);
    assert_int_equal(slog_reader_next(r, &rec, &e), 1);
    assert_int_equal(slog_reader_next(r, &rec, &e), 1);
    assert_int_equal(slog_reader_next(r, &rec, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.text, path));
    slog_reader_free(&r);
    slog_view_free(&v);
    fixture_clear(&f);
}

int main(void) {
    log_set_level(LOG_ERROR); /* the injected errors show */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_fails_once),
        cmocka_unit_test(test_every_operation_fails_for_good),
        cmocka_unit_test(test_disk_full_and_back),
        cmocka_unit_test(test_open_fails_anywhere),
        cmocka_unit_test(test_allocations_fail),
        cmocka_unit_test(test_killed_while_appending),
        cmocka_unit_test(test_copied_while_appending),
        cmocka_unit_test(test_torn_tail_is_cut),
        cmocka_unit_test(test_torn_commit_of_many_frames),
        cmocka_unit_test(test_damage_is_quarantined),
        cmocka_unit_test(test_reader_reports_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
