/* test_base.c - bytes, arena, err, clock, encode, hash, rand. */
#include "base/arena.h"
#include "base/base_int.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rand.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_bytes(struct bytes got, const char *want) {
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr, want, got.len);
}

static void test_views(void **state) {
    struct bytes head, rest = BYTES("a,,b,");
    const char *want[] = {"a", "", "b", ""};
    size_t n = 0;
    while (rest.ptr) {
        rest = bytes_cut(rest, ',', &head);
        assert_bytes(head, want[n++]);
    }
    assert_int_equal(n, 4);
    assert_true(bytes_eq_nocase(BYTES("X-Amz"), BYTES("x-aMZ")));
    assert_false(bytes_eq_nocase(BYTES("@"), BYTES("`")));
    assert_true(bytes_cmp(BYTES("ab"), BYTES("abc")) < 0);
    assert_true(bytes_cmp(BYTES("\xff"), BYTES("a")) > 0);
    assert_bytes(bytes_trim(BYTES(" \t x y\r\n")), "x y");
    assert_bytes(bytes_slice(BYTES("hello"), 3, 99), "lo");
    assert_int_equal(bytes_find(BYTES("haystack"), BYTES("stack")), 3);
    assert_int_equal(bytes_find(BYTES("hay"), BYTES("stack")), -1);
    assert_true(bytes_ends_with(BYTES("a.gz"), BYTES(".gz")));
    assert_false(bytes_starts_with(BYTES("a"), BYTES("ab")));
}

static void test_integers(void **state) {
    int64_t i;
    uint64_t u;
    assert_true(bytes_to_i64(BYTES("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(bytes_to_i64(BYTES("9223372036854775807"), &i) && i == INT64_MAX);
    assert_false(bytes_to_i64(BYTES("9223372036854775808"), &i));
    assert_false(bytes_to_i64(BYTES("-9223372036854775809"), &i));
    assert_false(bytes_to_i64(BYTES("-"), &i));
    assert_false(bytes_to_i64(BYTES("+1"), &i));
    assert_true(bytes_to_u64(BYTES("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(bytes_to_u64(BYTES("18446744073709551616"), &u));
    assert_false(bytes_to_u64(BYTES(""), &u));
    assert_false(bytes_to_u64(BYTES("1 "), &u));
}

static void fill_buf(struct buf *b) {
    for (int i = 0; i < 100; i++) {
        buf_add_fmt(b, "%d:%s;", i,
                    "a rather long text that will not fit into the first sixty-four");
        buf_add_char(b, 'x');
    }
}

static void test_buf_sticks_at_failure(void **state) {
    int64_t live = mem_test_live_blocks();
    struct buf whole = {0};
    fill_buf(&whole);
    assert_true(buf_ok(&whole));
    for (int nth = 1;; nth++) {
        struct buf b = {0};
        mem_test_fail_nth(nth);
        fill_buf(&b);
        mem_test_fail_nth(0);
        bool fine = buf_ok(&b);
        if (fine) {
            assert_true(bytes_eq(buf_bytes(&b), buf_bytes(&whole)));
            assert_string_equal(buf_cstr(&b), buf_cstr(&whole));
        } else {
            assert_null(buf_cstr(&b));
            assert_true(b.len == 0 || memcmp(b.ptr, whole.ptr, b.len) == 0);
        }
        buf_clear(&b);
        if (fine) {
            assert_true(nth > 4);
            break;
        }
    }
    buf_clear(&whole);
    assert_int_equal(mem_test_live_blocks(), live);
}

static void use_arena(bool each_malloc) {
    struct arena a;
    arena_init(&a, 1 << 20);
    a.each_malloc = each_malloc;
    char *kept[2000];
    for (int i = 0; i < 2000; i++) {
        size_t len = (size_t)(i * 37 % 400);
        kept[i] = arena_alloc(&a, len + 4);
        assert_non_null(kept[i]);
        assert_int_equal((uintptr_t)kept[i] % 16, 0);
        memset(kept[i], i & 127, len + 4);
    }
    for (int i = 0; i < 2000; i++) {
        size_t len = (size_t)(i * 37 % 400);
        assert_int_equal(kept[i][0], i & 127);
        assert_int_equal(kept[i][len + 3], i & 127);
    }
    assert_false(a.failed);
    assert_null(arena_alloc(&a, 1 << 20));
    assert_true(a.failed);
    assert_bytes(arena_fmt(&a, "%s-%d", "x", 7), "x-7");
    arena_clear(&a);
    assert_int_equal(a.used, 0);
    assert_string_equal(arena_cstr(&a, BYTES("again")), "again");
    arena_clear(&a);
}

static void test_arena(void **state) {
    int64_t live = mem_test_live_blocks();
    use_arena(false);
    use_arena(true);
    assert_int_equal(mem_test_live_blocks(), live);
}

static void test_err(void **state) {
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_RESOURCE_NOT_FOUND, "Stream %s is not here.", "x"),
                     ERR_RESOURCE_NOT_FOUND);
    assert_string_equal(e.name, "ResourceNotFoundException");
    assert_int_equal(e.status, 400);
    err_prefix(&e, "line %d", 3);
    assert_string_equal(e.text, "line 3: Stream x is not here.");
    err_set_named(&e, ERR_S3, "NoSuchKey", 404, "%s", e.text);
    assert_string_equal(e.name, "NoSuchKey");
    assert_int_equal(e.status, 404);
    assert_string_equal(e.text, "line 3: Stream x is not here.");
    err_set_errno(&e, ERR_IO, 28, "Cannot write %s", "f");
    assert_string_equal(e.text, "Cannot write f: No space left on device");
    for (int i = 0; i < 300; i++) {
        err_prefix(&e, "again");
    }
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    assert_int_equal(err_set(NULL, ERR_NOMEM, NULL), ERR_NOMEM);
}

static void test_calendar(void **state) {
    char text[40];
    clock_format_iso(1579811922151, text);
    assert_string_equal(text, "2020-01-23T20:38:42.151Z");
    clock_format_http(1579811922151, text);
    assert_string_equal(text, "Thu, 23 Jan 2020 20:38:42 GMT");
    clock_format_iso(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    for (int64_t ms = -70000000000000; ms < 70000000000000; ms += 12345678912) {
        struct clock_fields f;
        clock_split_ms(ms, &f);
        assert_int_equal(clock_join_ms(&f), ms);
        assert_in_range(f.month, 1, 12);
        assert_in_range(f.day, 1, 31);
        assert_in_range(f.iso_weekday, 1, 7);
    }
    struct clock_fields leap;
    clock_split_ms(clock_days_from_civil(2000, 12, 31) * 86400000, &leap);
    assert_int_equal(leap.day_of_year, 366);
    assert_int_equal(leap.iso_weekday, 7);
}

static void test_manual_clock(void **state) {
    struct clock_manual m;
    clock_manual_init(&m, 5000);
    assert_int_equal(clock_wall_ms(&m.base), 5000);
    m.now_ms += 7;
    assert_int_equal(clock_mono_us(&m.base), 5007000);
}

static void write_shift(const char *path, const char *text) {
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static int64_t shift_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return clock_wall_ms(clock_system()) - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* First of all tests: clock_system() has not looked at the environment yet. */
static void test_clock_file(void **state) {
    char path[] = "/tmp/tarn-clock-XXXXXX";
    close(mkstemp(path));
    setenv("TARN_CLOCK_FILE", path, 1);
    write_shift(path, "3600000\n");
    assert_in_range(shift_now(), 3600000 - 50, 3600000 + 50);
    write_shift(path, "-86400000");
    assert_in_range(-shift_now(), 86400000 - 50, 86400000 + 50);
    unlink(path);
    assert_in_range(-shift_now(), 86400000 - 50, 86400000 + 50);
}

/* RFC 4648 section 10 and every length around the SIMD block sizes. */
static void test_base64(void **state) {
    struct rand_seeded r = {.state = 1};
    static char raw[400], text[600], text2[600], back[600];
    assert_int_equal(base64_encode(BYTES("foobar"), text), 8);
    assert_memory_equal(text, "Zm9vYmFy", 8);
    for (size_t len = 0; len < sizeof(raw); len++) {
        for (size_t i = 0; i < len; i++) {
            raw[i] = (char)rand_next(&r);
        }
        size_t n = base64_encode(bytes_of(raw, len), text);
        assert_int_equal(n, base64_encoded_len(len));
        assert_int_equal(base64_encode_portable(bytes_of(raw, len), text2), n);
        assert_memory_equal(text, text2, n);
        char *exact = malloc(base64_decoded_max(n));
        assert_int_equal(base64_decode(bytes_of(text, n), exact), len);
        assert_memory_equal(exact, raw, len);
        free(exact);
    }
    (void)back;
}

/* Each byte value at each place: both decoders agree on what is malformed. */
static void test_base64_malformed(void **state) {
    char text[128], out[128], out2[128];
    for (size_t at = 0; at < sizeof(text); at++) {
        for (int c = 0; c < 256; c++) {
            memset(text, 'Q', sizeof(text));
            text[at] = (char)c;
            ptrdiff_t got = base64_decode(bytes_of(text, sizeof(text)), out);
            ptrdiff_t want = base64_decode_portable(bytes_of(text, sizeof(text)), out2);
            bool letter = (c | 32) >= 'a' && (c | 32) <= 'z' && c < 128;
            bool legal = letter || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
                         (c == '=' && at == sizeof(text) - 1);
            assert_int_equal(got, want);
            assert_int_equal(got >= 0, legal);
            if (legal) {
                assert_memory_equal(out, out2, (size_t)got);
            }
        }
    }
    assert_int_equal(base64_decode(BYTES("Zg="), out), -1);
    assert_int_equal(base64_decode(BYTES("Z==="), out), -1);
    assert_int_equal(base64_decode(BYTES("Zg==Zg=="), out), -1);
    assert_int_equal(base64_decode(BYTES("Zm9v\n"), out), -1);
    assert_int_equal(base64_decode(BYTES("Zm8="), out), 2);
}

static void test_text_encodings(void **state) {
    struct arena a;
    struct buf b = {0};
    struct bytes back;
    char out[16];
    arena_init(&a, 0);
    hex_encode(BYTES("\x01\xfe"), out);
    assert_memory_equal(out, "01fe", 4);
    assert_int_equal(hex_decode(BYTES("01Fe"), out), 2);
    assert_memory_equal(out, "\x01\xfe", 2);
    assert_int_equal(hex_decode(BYTES("0g"), out), -1);
    assert_int_equal(hex_decode(BYTES("012"), out), -1);
    buf_add_uri(&b, BYTES("a b/\xc3\xa4~"), true);
    assert_bytes(buf_bytes(&b), "a%20b/%C3%A4~");
    assert_true(uri_decode(&a, buf_bytes(&b), false, &back));
    assert_bytes(back, "a b/\xc3\xa4~");
    assert_true(uri_decode(&a, BYTES("a+b"), true, &back));
    assert_bytes(back, "a b");
    assert_false(uri_decode(&a, BYTES("%4"), false, &back));
    assert_false(uri_decode(&a, BYTES("%zz"), false, &back));
    buf_clear(&b);
    arena_clear(&a);
}

static void test_utf8(void **state) {
    static const char *good[] = {"",
                                 "abc",
                                 "\xc2\x80",
                                 "\xe0\xa0\x80",
                                 "\xed\x9f\xbf",
                                 "\xee\x80\x80",
                                 "\xf0\x90\x80\x80",
                                 "\xf4\x8f\xbf\xbf",
                                 "long ascii before \xe2\x82\xac and after it"};
    static const char *bad[] = {"\x80",
                                "\xc0\x80",
                                "\xc1\xbf",
                                "\xc2",
                                "\xe0\x9f\xbf",
                                "\xed\xa0\x80",
                                "\xf0\x8f\xbf\xbf",
                                "\xf4\x90\x80\x80",
                                "\xf5\x80\x80\x80",
                                "\xe2\x82",
                                "\xe2\x28\xa1",
                                "12345678\xff",
                                "\xf0\x9f\x98"};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(utf8_valid(bytes_str(good[i])));
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(utf8_valid(bytes_str(bad[i])));
    }
}

static void assert_hex(const uint8_t *got, size_t len, const char *want) {
    char text[80];
    hex_encode(bytes_of(got, len), text);
    assert_memory_equal(text, want, len * 2);
}

static void test_checksums(void **state) {
    struct rand_seeded r = {.state = 2};
    static char data[10000];
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32_ieee(0, "123456789", 9), 0xcbf43926);
    assert_true(crc64_nvme(0, "123456789", 9) == UINT64_C(0xae8b14860a799888));
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)rand_next(&r);
    }
    for (size_t cut = 0; cut <= sizeof(data); cut += 131) {
        size_t rest = sizeof(data) - cut;
        assert_int_equal(crc32c(crc32c(0, data, cut), data + cut, rest),
                         crc32c_portable(0, data, sizeof(data)));
        assert_int_equal(crc32_ieee(crc32_ieee(0, data, cut), data + cut, rest),
                         crc32_ieee(0, data, sizeof(data)));
        assert_true(crc64_nvme(crc64_nvme(0, data, cut), data + cut, rest) ==
                    crc64_nvme(0, data, sizeof(data)));
    }
}

static void test_digests(void **state) {
    uint8_t out[32];
    sha256(BYTES("abc"), out);
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    md5(BYTES(""), out);
    assert_hex(out, 16, "d41d8cd98f00b204e9800998ecf8427e");
    /* RFC 4231, cases 2 and 6 */
    hmac_sha256(BYTES("Jefe"), BYTES("what do ya want for nothing?"), out);
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    char key[131];
    memset(key, 0xaa, sizeof(key));
    hmac_sha256(bytes_of(key, sizeof(key)),
                BYTES("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    struct digest *d = digest_new(DIGEST_SHA1);
    for (int round = 0; round < 2; round++) {
        digest_update(d, BYTES("a"));
        digest_update(d, BYTES("bc"));
        assert_int_equal(digest_finish(d, out), 20);
        assert_hex(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
    digest_free(&d);
    assert_null(d);
    assert_true(hash64(BYTES("a")) != hash64(BYTES("b")));
    assert_true(hash64(bytes_of("\0", 1)) != hash64(bytes_of("\0\0", 2)));
}

static void test_rand(void **state) {
    char a[UUID_TEXT_LEN + 1], b[UUID_TEXT_LEN + 1];
    uuid_make(a);
    uuid_make(b);
    assert_int_equal(strlen(a), UUID_TEXT_LEN);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
    assert_string_not_equal(a, b);
    struct rand_seeded r = {.state = 3}, again = {.state = 3};
    for (int i = 0; i < 1000; i++) {
        assert_true(rand_next(&r) == rand_next(&again));
        assert_in_range(rand_below(&r, 7), 0, 6);
        (void)rand_below(&again, 7);
        double unit = rand_unit(&r);
        assert_true(unit >= 0 && unit < 1);
        (void)rand_unit(&again);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_file),     cmocka_unit_test(test_views),
        cmocka_unit_test(test_integers),       cmocka_unit_test(test_buf_sticks_at_failure),
        cmocka_unit_test(test_arena),          cmocka_unit_test(test_err),
        cmocka_unit_test(test_calendar),       cmocka_unit_test(test_manual_clock),
        cmocka_unit_test(test_base64),         cmocka_unit_test(test_base64_malformed),
        cmocka_unit_test(test_text_encodings), cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_checksums),      cmocka_unit_test(test_digests),
        cmocka_unit_test(test_rand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
