/* duck_fixture.h - a folder, a log with records of our choice, a real DuckDB, tasks as text. */
#ifndef TARN_TESTS_DUCK_FIXTURE_H
#define TARN_TESTS_DUCK_FIXTURE_H

#include "duck/duck.h"
#include "slog_fixture.h"

#if defined(__SANITIZE_THREAD__)
/* libduckdb is not built with ThreadSanitizer: how its threads agree cannot be seen. (Not
 * called_from_lib: that hides its locks too, and then the whole engine looks like a race.) */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) {
    return "race:libduckdb\n";
}
#endif

struct duck_fixture {
    struct fixture log_fixture;
    struct slog_log *log;
    struct slog_view *view;
    struct buf view_json;
    struct duck *duck;
    struct arena arena; /* the last task's */
    struct json *ok;    /* the last task's answer */
    struct err err;     /* why the last task failed */
    char result[128], tmp[128], bad[128], bad_tmp[128];
};

/* `threads` is for the engine. */
static inline void duck_fixture_open(struct duck_fixture *f, int threads) {
    memset(f, 0, sizeof(*f));
    log_set_level(LOG_ERROR);
    fixture_init(&f->log_fixture);
    const char *root = f->log_fixture.root;
    (void)snprintf(f->result, sizeof(f->result), "%s/result", root);
    (void)snprintf(f->tmp, sizeof(f->tmp), "%s/result.tmp", root);
    (void)snprintf(f->bad, sizeof(f->bad), "%s/errors/bad", root);
    (void)snprintf(f->bad_tmp, sizeof(f->bad_tmp), "%s/bad.tmp", root);
    fixture_open(&f->log_fixture);
    assert_int_equal(slog_create(f->log_fixture.slog, "events", &f->log, &f->err), 0);
    arena_init(&f->arena, 0);
    struct duck_options o = {.threads = threads, .memory_mb = 512};
    if (duck_open(&o, &f->duck, &f->err)) {
        fail_msg("duck_open: %s", f->err.text);
    }
}
static inline void duck_fixture_close(struct duck_fixture *f) {
    duck_close(&f->duck);
    arena_clear(&f->arena);
    buf_clear(&f->view_json);
    slog_view_free(&f->view);
    fixture_clear(&f->log_fixture);
}

/* One append of one record that arrives at `arrival_ms`. */
static inline void put(struct duck_fixture *f, int64_t arrival_ms, struct bytes data) {
    struct slog_record_in r = {.partition_key = BYTES("k"), .data = data, .shard = 3};
    f->log_fixture.clock.now_ms = arrival_ms;
    assert_int_equal(slog_append_wait(f->log, &r, 1, NULL, NULL, &f->err), 0);
}
/* Everything put so far becomes the range that tasks read. */
static inline void look(struct duck_fixture *f) {
    struct slog_bounds b;
    slog_view_free(&f->view);
    buf_reset(&f->view_json);
    slog_get_bounds(f->log, &b);
    assert_int_equal(slog_view_new(f->log, b.first_lsn, b.next_lsn, &f->view, &f->err), 0);
    slog_view_write_json(f->view, &f->view_json);
}

typedef int (*task_fn)(struct duck *d, struct arena *a, const struct json *task, struct buf *ok,
                       struct err *e);
/* Runs a task given as text; its answer is in f->ok until the next one. */
static inline int run_text(struct duck_fixture *f, task_fn run, struct bytes text) {
    struct json *task;
    struct buf ok = {0};
    arena_clear(&f->arena);
    memset(&f->err, 0, sizeof(f->err));
    f->ok = NULL;
    struct bytes kept = arena_copy(&f->arena, text);
    if (json_parse(&f->arena, kept, &task, &f->err)) {
        fail_msg("task: %s in %.*s", f->err.text, BYTES_ARG(text));
    }
    int rc = run(f->duck, &f->arena, task, &ok, &f->err);
    if (!rc) {
        struct bytes answer = arena_copy(&f->arena, buf_bytes(&ok));
        assert_int_equal(json_parse(&f->arena, answer, &f->ok, &f->err), 0);
    }
    buf_clear(&ok);
    return rc;
}

static inline bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}
/* A file's content; the caller clears it. */
static inline struct buf read_all(const char *path) {
    struct buf out = {0};
    struct err e;
    if (vfs_read_file(vfs_system(), path, MIB(256), &out, &e)) {
        fail_msg("%s", e.text);
    }
    return out;
}

/* A query task: result columns are named c0.. unless the engine gives another count. `views` is a
 * JSON array or NULL. */
static inline int run_query(struct duck_fixture *f, const char *sql, size_t columns,
                            const char *format, const char *views, const char *more) {
    struct buf t = {0};
    struct jsonw w = jsonw_to(&t);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "sql", sql);
    jsonw_kv_cstr(&w, "output", f->result);
    jsonw_kv_cstr(&w, "tmp", f->tmp);
    jsonw_kv_cstr(&w, "format", format);
    if (views) {
        jsonw_kv_raw(&w, "views", bytes_str(views));
    }
    jsonw_name(&w, "columns");
    jsonw_array(&w);
    for (size_t i = 0; i < columns; i++) {
        char name[24];
        (void)snprintf(name, sizeof(name), "c%zu", i);
        jsonw_object(&w);
        jsonw_kv_cstr(&w, "name", name);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    if (more) {
        jsonw_kv_raw(&w, "limits", bytes_str(more));
    }
    jsonw_end_object(&w);
    (void)unlink(f->result);
    int rc = run_text(f, duck_run_query, buf_bytes(&t));
    buf_clear(&t);
    return rc;
}
/* The query's rows, without header, as tab-separated text. */
static inline void expect_rows(struct duck_fixture *f, const char *views, const char *sql,
                               size_t columns, const char *expected) {
    if (run_query(f, sql, columns, "txt", views, NULL)) {
        fail_msg("%s: %s: %s", sql, f->err.name, f->err.text);
    }
    struct buf got = read_all(f->result);
    assert_string_equal(buf_cstr(&got), expected);
    buf_clear(&got);
}
/* The query fails with this name and text, and leaves no file. */
static inline void expect_error(struct duck_fixture *f, const char *views, const char *sql,
                                const char *name, const char *text) {
    assert_true(run_query(f, sql, 1, "csv", views, NULL) < 0);
    assert_string_equal(f->err.name, name);
    if (text) {
        assert_string_equal(f->err.text, text);
    }
    assert_false(file_exists(f->result));
    assert_false(file_exists(f->tmp));
}

#endif
