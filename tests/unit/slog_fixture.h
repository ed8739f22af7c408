/* slog_fixture.h - a temporary folder, records that can be told from any others, checks. */
#ifndef TARN_TESTS_SLOG_FIXTURE_H
#define TARN_TESTS_SLOG_FIXTURE_H

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "slog/reader.h"
#include "slog/slog.h"
#include "slog/slog_int.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char root[64];
    char dir[80];
    struct clock_manual clock;
    struct vfs_faulty vfs;
    struct slog_options options;
    struct slog *slog;
};

static inline void shell(const char *fmt, ...) {
    char command[600];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    assert_int_equal(system(command), 0);
}

static inline void fixture_init(struct fixture *f) {
    memset(f, 0, sizeof(*f));
    strcpy(f->root, "/tmp/tarn-slog-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/streams", f->root);
    clock_manual_init(&f->clock, 1000);
    vfs_faulty_init(&f->vfs, vfs_system());
    f->options = (struct slog_options){
        .vfs = &f->vfs.base, .clock = &f->clock.base, .dir = f->dir, .segment_bytes = KIB(256)};
}

static inline void fixture_open(struct fixture *f) {
    struct err e;
    if (slog_open(&f->options, &f->slog, &e) < 0) {
        fail_msg("slog_open: %s", e.text);
    }
}

static inline void fixture_clear(struct fixture *f) {
    slog_close(&f->slog);
    shell("rm -rf '%s'", f->root);
}

/* "<append>:<index>:xxxx", of `len` bytes at least. */
static inline struct bytes make_data(char *out, size_t cap, uint64_t append, size_t index,
                                     size_t len) {
    int n = snprintf(out, cap, "%llu:%zu:", (unsigned long long)append, index);
    memset(out + n, 'x', cap - (size_t)n);
    return bytes_of(out, MAX_OF((size_t)n, len));
}

/* One append of `count` records with data made from `append`; 0 or ERR_*. */
static inline int put_append(struct slog_log *l, uint64_t append, size_t count, size_t len,
                             uint64_t *ret_lsn) {
    enum { MAX_COUNT = 64, CAP = 70000 };
    struct slog_record_in records[MAX_COUNT];
    char *data = mem_alloc(count * CAP);
    struct err e;
    assert_non_null(data);
    assert_true(count <= MAX_COUNT && len <= CAP);
    for (size_t i = 0; i < count; i++) {
        records[i] = (struct slog_record_in){
            .partition_key = BYTES("key"),
            .data = make_data(data + i * CAP, CAP, append, i, len),
            .shard = (uint32_t)i,
        };
    }
    int rc = slog_append_wait(l, records, count, ret_lsn, NULL, &e);
    mem_free(data);
    return rc;
}

static inline struct slog_reader *open_reader(struct slog_log *l, uint64_t from, uint64_t to,
                                              struct slog_view **ret_view) {
    struct slog_reader *r;
    struct err e;
    assert_int_equal(slog_view_new(l, from, to, ret_view, &e), 0);
    if (slog_reader_new_view(*ret_view, &r, &e) < 0) {
        fail_msg("reader: %s", e.text);
    }
    return r;
}

#endif
