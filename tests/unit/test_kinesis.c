/* Hash ranges, shard names and iterators of the Kinesis room. */
#include "api/kinesis/kinesis_int.h"
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static u128 u128_of(const char *text) {
    u128 v;
    assert_true(hash_key_parse(bytes_str(text), &v));
    return v;
}

static void ranges_tile_the_key_space(void **state) {
    static const uint32_t counts[] = {1, 2, 3, 4, 7, 1000, KINESIS_MAX_SHARDS};
    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        uint32_t n = counts[c];
        u128 lo, hi, expect = 0;
        for (uint32_t i = 0; i < n; i++) {
            shard_range(i, n, &lo, &hi);
            assert_true(lo == expect);
            assert_int_equal(shard_of_hash(lo, n), i);
            assert_int_equal(shard_of_hash(hi, n), i);
            expect = hi + 1;
        }
        assert_true(hi == ~(u128)0);
    }
}

/* The values that AWS shows for streams of two and three shards. */
static void ranges_are_those_of_aws(void **state) {
    u128 lo, hi;
    char text[40];
    shard_range(0, 2, &lo, &hi);
    hash_key_format(hi, text);
    assert_string_equal(text, "170141183460469231731687303715884105727");
    shard_range(1, 3, &lo, &hi);
    hash_key_format(lo, text);
    assert_string_equal(text, "113427455640312821154458202477256070485");
    hash_key_format(hi, text);
    assert_string_equal(text, "226854911280625642308916404954512140969");
    shard_range(2, 3, &lo, &hi);
    hash_key_format(hi, text);
    assert_string_equal(text, "340282366920938463463374607431768211455");
}

static void hash_keys_parse_strictly(void **state) {
    static const char *const bad[] = {"",
                                      "-1",
                                      "01",
                                      "1a",
                                      " 1",
                                      "340282366920938463463374607431768211456",
                                      "999999999999999999999999999999999999999",
                                      "1000000000000000000000000000000000000000"};
    u128 v;
    char text[40];
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(hash_key_parse(bytes_str(bad[i]), &v));
    assert_true(u128_of("0") == 0);
    assert_true(u128_of("340282366920938463463374607431768211455") == ~(u128)0);
    hash_key_format(u128_of("18446744073709551616"), text);
    assert_string_equal(text, "18446744073709551616");
}

/* md5("a") = 0cc1..., md5("b") = 92eb...: first and second half of the key space. */
static void keys_go_by_their_md5(void **state) {
    assert_int_equal(shard_of_key(BYTES("a"), 2), 0);
    assert_int_equal(shard_of_key(BYTES("b"), 2), 1);
    assert_int_equal(shard_of_key(BYTES("b"), 16), 9);
    assert_int_equal(shard_of_key(BYTES("b"), 1), 0);
}

static void shard_names_round_trip(void **state) {
    char id[SHARD_ID_LEN + 1];
    uint32_t shard;
    shard_id_format(0, id);
    assert_string_equal(id, "shardId-000000000000");
    shard_id_format(4294967295u, id);
    assert_string_equal(id, "shardId-004294967295");
    assert_true(shard_id_parse(bytes_str(id), &shard));
    assert_int_equal(shard, 4294967295u);
    assert_false(shard_id_parse(BYTES("shardId-"), &shard));
    assert_false(shard_id_parse(BYTES("shard-000000000000"), &shard));
    assert_false(shard_id_parse(BYTES("shardId-999999999999"), &shard));
}

static void iterators_round_trip(void **state) {
    struct arena a;
    arena_init(&a, 0);
    struct shard_iterator in = {BYTES("a.stream-1.2"), 1579811922151, 3, UINT64_MAX, 1579811922999};
    struct shard_iterator out;
    struct bytes text = shard_iterator_text(&a, &in);
    assert_true(shard_iterator_parse(text, &out));
    assert_true(bytes_eq(out.stream, in.stream));
    assert_int_equal(out.epoch_ms, in.epoch_ms);
    assert_int_equal(out.shard, in.shard);
    assert_true(out.lsn == in.lsn);
    assert_int_equal(out.issued_ms, in.issued_ms);
    static const char *const bad[] = {
        "", "1.2.3.4", "1.2.3.4.", "x.2.3.4.s", "1.4294967296.3.4.s", "1.2.-3.4.s", "1.2.3.4.s/t"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(shard_iterator_parse(bytes_str(bad[i]), &out));
    arena_clear(&a);
}

static void characters_are_counted_not_bytes(void **state) {
    assert_int_equal(utf8_count(BYTES("abc")), 3);
    assert_int_equal(utf8_count(BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")), 3);
}

static void names_are_checked(void **state) {
    char long_name[130];
    memset(long_name, 'a', sizeof(long_name));
    assert_true(kinesis_name_ok(bytes_of(long_name, 128)));
    assert_false(kinesis_name_ok(bytes_of(long_name, 129)));
    assert_false(kinesis_name_ok(BYTES("")));
    assert_false(kinesis_name_ok(BYTES("a/b")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_tile_the_key_space),
        cmocka_unit_test(ranges_are_those_of_aws),
        cmocka_unit_test(hash_keys_parse_strictly),
        cmocka_unit_test(keys_go_by_their_md5),
        cmocka_unit_test(shard_names_round_trip),
        cmocka_unit_test(iterators_round_trip),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(names_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
