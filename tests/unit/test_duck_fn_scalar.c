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

static void test_number_casts(void **state) {
    static const struct sql_case cases[] = {
        {"cast(1.005e0 as decimal(3,2))", "1.01"},
        {"cast(0.1e0 as decimal(38,20))", "0.10000000000000000000"},
        {"cast(real '100.02' as decimal(5,2))", "100.02"},
        {"cast(infinity() as decimal(5,2))",
         "!NUMERIC_VALUE_OUT_OF_RANGE: Cannot cast DOUBLE 'Infinity' to DECIMAL(5, 2)"},
        {"cast(nan() as decimal(5,2))",
         "!INVALID_CAST_ARGUMENT: Cannot cast DOUBLE 'NaN' to DECIMAL(5, 2)"},
        {"cast(real '1e30' as decimal(5,2))",
         "!NUMERIC_VALUE_OUT_OF_RANGE: Cannot cast REAL '1.0E30' to DECIMAL(5, 2)"},
        {"try_cast(1000e0 as decimal(3,1))", "NULL"},
        {"cast(2.5e0 as bigint)", "3"},
        {"cast(-2.5e0 as integer)", "-3"},
        {"cast(real '1.5' as smallint)", "2"},
        {"cast(9.3e18 as bigint)", "!NUMERIC_VALUE_OUT_OF_RANGE: Out of range for bigint: 9.3E18"},
        {"cast(nan() as bigint)", "!INVALID_CAST_ARGUMENT: Cannot cast double NaN to bigint"},
        {"cast(cast(nan() as real) as tinyint)",
         "!INVALID_CAST_ARGUMENT: Cannot cast real NaN to tinyint"},
        {"cast(128e0 as tinyint)", "!NUMERIC_VALUE_OUT_OF_RANGE: Out of range for tinyint: 128.0"},
        {"try_cast(128e0 as tinyint)", "NULL"},
        {"try_cast(infinity() as bigint) = 3", "NULL"},
        {"is_infinite(cast(cast(1e300 as real) as double))", "true"},
        {"cast(1000 as tinyint)", "!*"},
        {"cast(12345.6 as decimal(4,0))", "!*"},
        {"cast(bigint '10' as decimal(38,37))", "!*"},
        {"cast(true as decimal(2,2))", "!*"},
        {"cast(true as decimal(3,2))", "1.00"},
        {"cast(decimal '0.1234567890123456789' as double)", "0.12345678901234568"},
        {"cast(decimal '16777217.0' as real)", "16777216.0"},
        {"cast(real '12345678.9' as varchar)", "1.234568E7"},
        {"cast(real '0.1' as varchar)", "1.0E-1"},
        {"cast(' 1337 ' as bigint)", "1337"},
        {"cast('1 337' as bigint)", "!INVALID_CAST_ARGUMENT: *"},
        {"cast('1e 5' as decimal(10,0))", "!INVALID_CAST_ARGUMENT: *"},
        {"bigint '+754'", "754"},
        {"cast('1.00000017881393432617187499' as real) > 1", "true"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_not_a_number(void **state) {
    static const struct sql_case cases[] = {
        {"nan() = nan()", "false"},
        {"nan() <> nan()", "true"},
        {"nan() > 1", "false"},
        {"nan() >= nan()", "false"},
        {"37.7e0 < nan()", "false"},
        {"37.7e0 <= nan()", "false"},
        {"37.7e0 <> nan()", "true"},
        {"infinity() > 1e300", "true"},
        {"infinity() = infinity()", "true"},
        {"real '1' < cast(nan() as real)", "false"},
        {"nan() > cast(null as double)", "NULL"},
        {"nan() = cast(null as double)", "NULL"},
        {"nan() between nan() and nan()", "false"},
        {"1e0 between 0 and nan()", "false"},
        {"nan() in (nan())", "false"},
        {"nan() in (1e0, nan(), null)", "NULL"},
        {"nan() is not distinct from nan()", "true"},
        {"greatest(nan(), 5, 4)", "5.0"},
        {"greatest(cast(nan() as real), real '3')", "3.0"},
        {"is_nan(greatest(nan(), nan()))", "true"},
        {"least(nan(), 5, 4)", "4.0"},
        {"is_nan(nullif(nan(), nan()))", "true"},
        {"nullif(1.5e0, 1.5e0)", "NULL"},
        {"nullif(1, 1.0)", "NULL"},
        {"nullif(2, 1.5)", "2"},
        {"nullif(1, 'a')", "!TYPE_MISMATCH: line 1:8: Types are not comparable with NULLIF: "
                           "integer vs varchar(1)"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_rounding(void **state) {
    static const struct sql_case cases[] = {
        {"round(double '-123.456', -1000)", "-0.0"},
        {"round(-0.4e0)", "-0.0"},
        {"round(1.5e0, 400)", "1.5"},
        {"round(tinyint '127', -1)", "!*"},
        {"round(5, -18)", "0"},
        {"round(5, -19)", "!NUMERIC_VALUE_OUT_OF_RANGE: *"},
        {"round(decimal '-3.0', cast(null as integer))", "NULL"},
        {"round(125.125, x) from (values 2) t(x)", "125.130"},
        {"round(-125.125, x) from (values -1) t(x)", "-130.000"},
        {"round(125.125, x) from (values -100) t(x)", "0.000"},
        {"truncate(125.129, x) from (values 2) t(x)", "125.120"},
        {"decimal '999999999999999999' + decimal '999999999999999999'", "1999999999999999998"},
        {"decimal '12345678901234567' * decimal '123456789012345670'",
         "1524157875323883455265967556774890"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_text(void **state) {
    static const struct sql_case cases[] = {
        {"word_stem('generally')", "general"},
        {"word_stem('continuerait', 'fr')", "continu"},
        {"word_stem('x', 'xx')", "!INVALID_FUNCTION_ARGUMENT: Unknown stemmer language: xx"},
        {"soundex('Robert')", "R163"},
        {"soundex('Tymczak')", "T522"},
        {"soundex('Pfister')", "P236"},
        {"soundex('jąmes')", "!INVALID_FUNCTION_ARGUMENT: The character is not mapped: Ą "
                             "(index=195)"},
        {"split('a.b.c', '.', 2147483648)", "!INVALID_FUNCTION_ARGUMENT: Limit is too large"},
        {"split_to_map('key==value', ',', '=')", "!INVALID_FUNCTION_ARGUMENT: *"},
        {"split_to_multimap('a=1,b=2,a=3', ',', '=')", "{a=[1, 3], b=[2]}"},
        {"codepoint('hello')", "!FUNCTION_NOT_FOUND: *"},
        {"'a%b' like 'a#%b' escape '#'", "true"},
        {"x like 'a#%b' escape y from (values ('a%b', '#')) t(x, y)", "true"},
        {"'a' like 'a' escape 'ab'",
         "!INVALID_FUNCTION_ARGUMENT: Escape string must be a single character"},
        {"'a' like 'a#b' escape '#'", "!INVALID_FUNCTION_ARGUMENT: Escape character must be *"},
        {"'a' like 'a#' escape '#'", "!INVALID_FUNCTION_ARGUMENT: Escape character must be *"},
        {"bitwise_left_shift(integer '-2147483648', 1)", "0"},
        {"bitwise_left_shift(tinyint '64', 1)", "-128"},
        {"bitwise_right_shift(tinyint '-128', 1)", "64"},
        {"bitwise_right_shift_arithmetic(-8, 1)", "-4"},
        {"bitwise_right_shift(-1, 0)", "-1"},
        {"regexp_replace('new york', '(\\w)(\\w*)', x -> upper(x[1]) || lower(x[2]))", "New York"},
        {"regexp_replace('a1b22', '[0-9]+', x -> '<' || cast(cardinality(x) as varchar) || '>')",
         "a<0>b<0>"},
        {"regexp_replace('abc', '(x)?b', x -> x[1])", "ac"},
        {"regexp_like('a', '[a&&[b]]')", "!NOT_SUPPORTED: *"},
        {"regexp_like('a]', '[]a]+')", "true"},
        {"format('%s %s', null, 'x')", "null x"},
        {"format('%b', null)", "false"},
        {"format('%s', timestamp '2020-05-10 12:34:56.5')", "2020-05-10T12:34:56.500"},
        {"format('%s', timestamp '2020-05-10 12:34:00')", "2020-05-10T12:34"},
        {"format('%s', time '12:34:56')", "12:34:56"},
        {"format('%s', interval '1' day)", "1 00:00:00.000"},
        {"format('%s', real '1.5')", "1.5"},
        {"format(5, 8)", "!TYPE_MISMATCH: line 1:15: Type of first argument to format() must be "
                         "VARCHAR (actual: integer)"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_json_casts(void **state) {
    static const struct sql_case cases[] = {
        {"json_array_get('[\"as\", \"fgs\"]', 1)", "fgs"},
        {"json_array_get('[1, [2]]', 1)", "[2]"},
        {"cast(json '12345678901234567890.0' as bigint)", "!NUMERIC_VALUE_OUT_OF_RANGE: *"},
        {"cast(json '1e309' as integer)", "!NUMERIC_VALUE_OUT_OF_RANGE: *"},
        {"cast(json '123456.0' as smallint)", "!NUMERIC_VALUE_OUT_OF_RANGE: *"},
        {"cast(json '12345678901' as integer)", "!INVALID_CAST_ARGUMENT: *"},
        {"cast(json '127.5' as smallint)", "128"},
        {"cast(json '1e309' as boolean)", "true"},
        {"cast(json '12345678901234567890' as boolean)", "!INVALID_CAST_ARGUMENT: *"},
        {"cast(json '-1e309' as varchar)", "-Infinity"},
        {"cast(json '100000000000000000000000000000000000000000000000000000000000000000000e-68' "
         "as varchar)",
         "1.0E0"},
        {"cast(json '\"test \"' as varchar(4))",
         "!INVALID_CAST_ARGUMENT: Cannot cast '\"test \"' to varchar(4)"},
        {"cast(json '\"test\"' as varchar(4))", "test"},
        {"cast(json '1234567890123456' as decimal(10,3))",
         "!NUMERIC_VALUE_OUT_OF_RANGE: Cannot cast input json to DECIMAL(10,3)"},
        {"cast(json '\"1.25\"' as decimal(10,1))", "1.3"},
        {"cast(json 'true' as decimal(10,1))", "1.0"},
        {"cast(json 'null' as decimal(10,1))", "NULL"},
        {"try_cast(json '\"x\"' as decimal(10,1))", "NULL"},
        {"cast(json '\"x\"' as double)", "!INVALID_CAST_ARGUMENT: *"},
        {"json '{}abc'", "!INVALID_LITERAL: line 1:8: '{}abc' is not a valid JSON literal"},
        {"json ''", "!INVALID_LITERAL: *"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),       cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_statistics),   cmocka_unit_test(test_measures),
        cmocka_unit_test(test_number_casts), cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_rounding),     cmocka_unit_test(test_text),
        cmocka_unit_test(test_json_casts),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
