/* Scalar functions of numbers, bytes and text with Trino's documented results, through the whole
 * front end: those that are C functions of ours because DuckDB has none or another one. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {{"one", "x int", NULL}};
const size_t fake_table_count = 1;

static void test_hashes(void **state) {
    static const struct sql_case cases[] = {
        {"to_hex(murmur3(to_utf8('')))", "00000000000000000000000000000000"},
        {"to_hex(murmur3(to_utf8('hashme')))", "93192FE805BE23041C8318F67EC4F2BC"},
        {"to_hex(spooky_hash_v2_32(to_utf8('')))", "6BF50919"},
        {"to_hex(spooky_hash_v2_32(to_utf8('hello')))", "D382E6CA"},
        {"to_hex(spooky_hash_v2_64(to_utf8('hello')))", "3768826AD382E6CA"},
        {"to_hex(spooky_hash_v2_64(to_utf8(substr(rpad('', 400, '0123456789'), 1, 191))))",
         "A8AB2BAF06AA8DF5"},
        {"to_hex(spooky_hash_v2_64(to_utf8(substr(rpad('', 400, '0123456789'), 1, 192))))",
         "87B8EF8209C1202F"},
        {"to_hex(spooky_hash_v2_64(to_utf8(rpad('', 400, '0123456789'))))", "3489D345271C46CC"},
        {"to_hex(xxhash64(to_utf8('hashme')))", "F9D96E0E1165E892"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_encodings(void **state) {
    static const struct sql_case cases[] = {
        {"to_base32(to_utf8('hello world'))", "NBSWY3DPEB3W64TMMQ======"},
        {"from_utf8(from_base32('NBSWY3DPEB3W64TMMQ======'))", "hello world"},
        {"from_utf8(from_base32('NBSWY3DPEB3W64TMMQ'))", "hello world"},
        {"from_base32('M1')", "!INVALID_FUNCTION_ARGUMENT: Unrecognized character: 1"},
        {"from_base32('ME=====A')", "!INVALID_FUNCTION_ARGUMENT: Unrecognized character: ="},
        {"from_base32('M')", "!INVALID_FUNCTION_ARGUMENT: Invalid input length 1"},
        {"to_base64url(from_hex('FBEFBE'))", "----"},
        {"to_base64url(from_hex('FF'))", "_w=="},
        {"to_hex(from_base64url('_w=='))", "FF"},
        {"to_hex(from_base64('/w'))", "FF"},
        {"from_base64('YQ=')", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"from_base64('-w==')", "!INVALID_FUNCTION_ARGUMENT: Illegal base64 character"},
        {"from_utf8(from_base64(to_utf8('YWJj')))", "abc"},
        {"to_hex(from_hex(to_utf8('617a6F')))", "617A6F"},
        {"from_hex('f/')", "!INVALID_FUNCTION_ARGUMENT: not a hexadecimal digit: \"/\" = 47"},
        {"from_hex('fff')", "!INVALID_FUNCTION_ARGUMENT: invalid input length 3"},
        {"from_utf8(from_hex('58BF'), '#')", "X#"},
        {"from_utf8(from_hex('58DF'), 35)", "X#"},
        {"from_utf8(from_hex('58E282'), '#')", "X#"},
        {"from_utf8(from_hex('58BF'), '')", "X"},
        {"from_utf8(from_hex('58'), 'foo')", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"from_utf8(from_hex('58'), 1114112)",
         "!INVALID_FUNCTION_ARGUMENT: Invalid replacement character"},
        {"to_hex(to_big_endian_64(-9223372036854775807))", "8000000000000001"},
        {"to_hex(to_big_endian_32(1))", "00000001"},
        {"from_big_endian_64(from_hex('7FFFFFFFFFFFFFFF'))", "9223372036854775807"},
        {"from_big_endian_32(from_hex('80000001'))", "-2147483647"},
        {"from_big_endian_64(from_hex(''))",
         "!INVALID_FUNCTION_ARGUMENT: expected 8-byte input, but got instead: 0"},
        {"from_big_endian_32(from_hex('00'))",
         "!INVALID_FUNCTION_ARGUMENT: expected 4-byte input, but got instead: 1"},
        {"to_hex(to_ieee754_32(cast(3.14 as real)))", "4048F5C3"},
        {"to_hex(to_ieee754_32(cast(nan() as real)))", "7FC00000"},
        {"to_hex(to_ieee754_64(3.1415926))", "400921FB4D12D84A"},
        {"from_ieee754_32(to_ieee754_32(cast(3.14 as real)))", "3.14"},
        {"from_ieee754_64(from_hex('3FF0000000000000'))", "1.0"},
        {"from_ieee754_64(from_hex('3F'))", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"from_ieee754_32(from_hex('3F'))", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"to_hex(lpad(from_hex('1234'), 5, from_hex('7F8A')))", "7F8A7F1234"},
        {"to_hex(rpad(from_hex('1234'), 5, from_hex('7F8A')))", "12347F8A7F"},
        {"to_hex(rpad(from_hex('1234'), 1, from_hex('7F')))", "12"},
        {"lpad(from_hex('12'), -1, from_hex('7F'))", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"lpad(from_hex('12'), 3, from_hex(''))",
         "!INVALID_FUNCTION_ARGUMENT: Padding bytes must not be empty"},
        {"from_utf8(reverse(to_utf8('hello')))", "olleh"},
        {"length(cast('abc' as varbinary))", "3"},
        {"from_utf8(substring(to_utf8('Quadratically'), 5, 3))", "rat"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_statistics(void **state) {
    static const struct sql_case cases[] = {
        {"round(inverse_normal_cdf(0, 1, 0.3), 12)", "-0.524400512708"},
        {"round(inverse_normal_cdf(0, 1, 0.0001), 12)", "-3.719016485456"},
        {"round(inverse_normal_cdf(10, 9, 0.9), 12)", "21.533964089901"},
        {"inverse_normal_cdf(0, 1, 1)", "!INVALID_FUNCTION_ARGUMENT: p must be 0 > p > 1"},
        {"inverse_normal_cdf(0, 0, 0.1)",
         "!INVALID_FUNCTION_ARGUMENT: standardDeviation must be > 0"},
        {"round(normal_cdf(0, 1, 1.96), 12)", "0.975002104852"},
        {"normal_cdf(0, 0, 0.1)", "!INVALID_FUNCTION_ARGUMENT: standardDeviation must be > 0"},
        {"round(beta_cdf(3, 3.6, 0.3), 12)", "0.217648099977"},
        {"round(beta_cdf(3, 3.6, 0.9), 12)", "0.997250288161"},
        {"beta_cdf(3, 3.6, 1)", "1.0"},
        {"beta_cdf(3, 3.6, 1.5)", "!INVALID_FUNCTION_ARGUMENT: value must be 0 >= v >= 1"},
        {"beta_cdf(0, 3.6, 0.5)", "!INVALID_FUNCTION_ARGUMENT: a, b must be > 0"},
        {"round(inverse_beta_cdf(3, 3.6, 0.3), 14)", "0.34696754854406"},
        {"round(inverse_beta_cdf(3, 3.6, 0.95), 14)", "0.76002724631002"},
        {"inverse_beta_cdf(3, 3.6, 0)", "0.0"},
        {"inverse_beta_cdf(3, 3.6, 1.1)", "!INVALID_FUNCTION_ARGUMENT: p must be 0 >= p >= 1"},
        {"round(t_cdf(10, 1), 12)", "0.968274482569"},
        {"round(t_cdf(-1.98, 2), 12)", "0.093126251922"},
        {"t_cdf(0, 1)", "0.5"},
        {"t_cdf(0, 0)", "!INVALID_FUNCTION_ARGUMENT: degrees of freedom must be *"},
        {"round(t_pdf(1, 10), 12)", "0.230361989229"},
        {"round(wilson_interval_lower(1250, 1310, 1.96e0), 12)", "0.94148837254"},
        {"round(wilson_interval_upper(1250, 1310, 1.96e0), 12)", "0.964252471714"},
        {"wilson_interval_lower(-1, 5, 1e0)", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"wilson_interval_lower(6, 5, 1e0)", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"wilson_interval_upper(1, 0, 1e0)", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"wilson_interval_upper(1, 5, -1e0)", "!INVALID_FUNCTION_ARGUMENT: *"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_measures(void **state) {
    static const struct sql_case cases[] = {
        {"width_bucket(3.14e0, array[0e0, 2e0, 4e0])", "2"},
        {"width_bucket(infinity(), array[0e0, 2e0, 4e0])", "3"},
        {"width_bucket(-1, array[0e0, 1.2e0, 3.3e0])", "0"},
        {"width_bucket(1e0, array[])", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"width_bucket(nan(), array[1e0])", "!INVALID_FUNCTION_ARGUMENT: Operand cannot be NaN"},
        {"width_bucket(3e0, array[4e0, 1e0])", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"width_bucket(3e0, array[1e0, infinity()])",
         "!INVALID_FUNCTION_ARGUMENT: Bin value must be finite, got Infinity"},
        {"width_bucket(3.14e0, 0, 4, 3)", "3"},
        {"width_bucket(3.14e0, 4, 0, 3)", "1"},
        {"width_bucket(3.14e0, 0, infinity(), 3)",
         "!INVALID_FUNCTION_ARGUMENT: second bound must be finite"},
        {"random(1)", "0"},
        {"rand(5, 6)", "5"},
        {"typeof(random(tinyint '3', tinyint '5'))", "tinyint"},
        {"random(0)", "!INVALID_FUNCTION_ARGUMENT: bound must be positive"},
        {"random(5, 5)", "!INVALID_FUNCTION_ARGUMENT: start value must be less than stop value"},
        {"random(-9223372036854775807, 9223372036854775807) is null", "false"},
        {"format_number(smallint '12399')", "12.4K"},
        {"format_number(-999999)", "-1000K"},
        {"format_number(999)", "999"},
        {"format_number(1125)", "1.13K"},
        {"format_number(0)", "0"},
        {"format_number(double '1234.5')", "1.23K"},
        {"format_number(decimal '1239999999.9')", "1.24B"},
        {"format_number(-9223372036854775808)", "-9223.37Q"},
        {"parse_data_size('2.23kB')", "2283"},
        {"parse_data_size('7ZB')", "8264141345021879123968"},
        {"parse_data_size('0.5B')", "0"},
        {"parse_data_size('1.2.3B')", "!INVALID_FUNCTION_ARGUMENT: Invalid data size: '1.2.3B'"},
        {"parse_data_size('1KB')", "!INVALID_FUNCTION_ARGUMENT: Invalid data size: '1KB'"},
        {"parse_data_size('99999999999999YB')",
         "!NUMERIC_VALUE_OUT_OF_RANGE: Value out of range: '99999999999999YB' "
         "('120892581961461708544797985370825293824B')"},
        {"round(cosine_similarity(map(array['a', 'b'], array[1e0, 2e0]), map(array['c', 'b'], "
         "array[1e0, 3e0])), 12)",
         "0.848528137424"},
        {"cosine_similarity(map(array['a'], array[null]), map(array['a'], array[1e0]))", "NULL"},
        {"cosine_distance(map(array['a'], array[2e0]), map(array['b'], array[1e0]))", "1.0"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_measures),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
