/* Lines of text files and grok patterns, without the engine. */
#include "base/arena.h"
#include "base/mem.h"
#include "base/vfs.h"
#include "duck/text_grok.h"
#include "duck/text_source.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static char folder[] = "/tmp/tarn-text-XXXXXX";

static const char *write_file(const char *name, struct bytes data) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data.ptr, 1, data.len, f), data.len);
    fclose(f);
    return path;
}

/* Lines that start before `to`, joined by '|'. */
static void lines_of(const char *path, int64_t from, int64_t to, struct buf *out) {
    struct text_lines l;
    struct bytes line;
    struct err e = {0};
    int64_t offset = 0;
    int rc;
    assert_int_equal(text_lines_open(&l, path, from, &e), 0);
    while ((rc = text_lines_next(&l, &line, &offset, &e)) > 0 && offset < to) {
        buf_add(out, line);
        buf_add_char(out, '|');
    }
    assert_true(rc >= 0);
    text_lines_close(&l);
}

static void test_line_ends(void **state) {
    (void)state;
    static const struct {
        const char *text, *lines;
    } cases[] = {{"", ""},
                 {"a", "a|"},
                 {"a\n", "a|"},
                 {"a\n\nb", "a||b|"},
                 {"a\r\nb\r\n", "a|b|"},
                 {"a\rb\r", "a|b|"},
                 {"\n\n", "||"},
                 {"\r\r\n", "||"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = {0};
        lines_of(write_file("ends", bytes_str(cases[i].text)), 0, INT64_MAX, &out);
        assert_string_equal(out.len ? buf_cstr(&out) : "", cases[i].lines);
        buf_clear(&out);
    }
}

/* However a file is cut, its pieces have its lines, each once. */
static void test_pieces(void **state) {
    (void)state;
    struct buf text = {0}, whole = {0};
    unsigned seed = 7;
    static const char *const ends[] = {"\n", "\r\n", "\n\n", "\r"};
    for (int i = 0; i < 300; i++) {
        seed = seed * 1103515245u + 12345u;
        buf_add_fmt(&text, "%d%.*s%s", i, (int)(seed >> 16) % 9, "xxxxxxxxx", ends[seed >> 28 & 3]);
    }
    const char *path = write_file("pieces", buf_bytes(&text));
    lines_of(path, 0, INT64_MAX, &whole);
    for (int64_t size = 1; size < 200; size += 7) {
        struct buf parts = {0};
        for (int64_t from = 0; from < (int64_t)text.len; from += size)
            lines_of(path, from, from + size, &parts);
        assert_int_equal(parts.len, whole.len);
        assert_memory_equal(parts.ptr, whole.ptr, whole.len);
        buf_clear(&parts);
    }
    buf_clear(&text);
    buf_clear(&whole);
}

static void test_a_cut_off_gzip_file(void **state) {
    (void)state;
    char packed[512], text[] = "one\ntwo\nthree\n";
    struct bytes line;
    struct err e = {0};
    struct text_lines l;
    int64_t offset;
    z_stream z = {.next_in = (Bytef *)text,
                  .avail_in = sizeof text - 1,
                  .next_out = (Bytef *)packed,
                  .avail_out = sizeof packed};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t len = z.total_out;
    deflateEnd(&z);
    struct buf out = {0};
    lines_of(write_file("a.gz", bytes_of(packed, len)), 0, INT64_MAX, &out);
    assert_string_equal(buf_cstr(&out), "one|two|three|");
    buf_clear(&out);
    for (size_t cut = 1; cut < len; cut++) {
        int rc = text_lines_open(&l, write_file("b.gz", bytes_of(packed, cut)), 0, &e);
        while (rc == 0 && (rc = text_lines_next(&l, &line, &offset, &e)) > 0)
            rc = 0;
        assert_int_equal(rc, ERR_SQL);
        assert_string_equal(e.name, "HIVE_BAD_DATA");
        text_lines_close(&l);
    }
}

static void test_grok(void **state) {
    (void)state;
    struct arena a;
    struct grok g;
    struct err e = {0};
    arena_init(&a, 0);
    assert_int_equal(
        grok_compile(&a, BYTES("%{A:x} %{INT:n:int} %{A}"), BYTES("A a%{B}\r\nB [bc]+\n"), &g, &e),
        0);
    assert_int_equal(g.count, 3);
    assert_string_equal(arena_cstr(&a, g.regex),
                        "(?<g0>a(?:[bc]+)) (?<g1>[+-]?[0-9]+) (?<g2>a(?:[bc]+))");
    assert_true(bytes_eq_str(grok_group(&g, BYTES("N")), "g1"));
    assert_true(bytes_eq_str(grok_group(&g, BYTES("a")), "g2"));
    assert_true(bytes_eq_str(grok_group(&g, BYTES("zz")), "none"));
    static const char *const wrong[] = {"%{NOPE}", "%{A}", "%{}"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(grok_compile(&a, bytes_str(wrong[i]), BYTES("A %{A}"), &g, &e), ERR_SQL);
        assert_string_equal(e.name, "HIVE_INVALID_METADATA");
    }
    arena_clear(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_a_cut_off_gzip_file),
        cmocka_unit_test(test_grok),
    };
    assert(mkdtemp(folder));
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) ? 1 : rc;
}
