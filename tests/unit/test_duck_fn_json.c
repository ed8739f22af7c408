/* SQL/JSON with Trino's documented results, through the whole front end. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {{"one", "x int", NULL}};
const size_t fake_table_count = 1;

static void test_paths(void **state) {
    static const struct sql_case cases[] = {
        {"json_exists('{\"a\":1}', 'lax $.b')", "false"},
        {"json_exists('[1,2,3]', 'lax $[last]')", "true"},
        {"json_exists('{\"b\":{\"a\":1}}', 'strict $.b.a ? (@ == 1)')", "true"},
        {"json_query('[1,2,3,4]', 'lax $[1 to last - 1]' with wrapper)", "[2,3]"},
        {"json_query('[1,2,3,4]', 'lax $[0,2,0]' with wrapper)", "[1,3,1]"},
        {"json_query('{\"a\":{\"b\":1},\"c\":{\"b\":2}}', 'lax $..b' with wrapper)", "[1,2]"},
        {"json_query('{\"a\":1,\"b\":[2]}', 'lax $.*' with wrapper)", "[1,[2]]"},
        {"json_query('[{\"a\":1},{\"a\":2},{\"b\":3}]', 'lax $ ? (exists(@.a) && @.a > 1)')",
         "{\"a\":2}"},
        {"json_query('[{\"a\":1},{\"a\":2},{\"b\":3}]', 'lax $[*] ? (!(@.a > 1))' with wrapper)",
         "[{\"a\":1},{\"b\":3}]"},
        {"json_query('[{\"a\":\"x\"},{\"a\":2}]', 'lax $[*] ? ((@.a > 1) is unknown)' with "
         "wrapper)",
         "[{\"a\":\"x\"}]"},
        {"json_query('[1,5,9]', 'lax $[*] ? ((@) > 2 && ((@ + 1) < 9 || @ == 9))' with wrapper)",
         "[5,9]"},
        {"json_query('[1,\"a\",null,true]', 'lax $[*] ? (@ <> null)' with wrapper)",
         "[1,\"a\",true]"},
        {"json_query('{\"a\":{\"x\":1,\"y\":2}}', 'lax $.a.keyvalue()' with array wrapper)",
         "[{\"name\":\"x\",\"value\":1,\"id\":0},{\"name\":\"y\",\"value\":2,\"id\":0}]"},
        {"json_value('{\"type\":{\"a\":1}}', 'lax $.type.a')", "1"},
        {"json_value('{\"a b\":1}', 'lax $.\"a b\"')", "1"},
        {"json_value('\"b\"', 'lax $.type()')", "string"},
        {"json_value('1', 'lax \"a\"\"b\"')", "a\"b"},
        {"json_value('[1,2,3]', 'lax $.size()' returning integer)", "3"},
        {"json_value('[1.2]', 'lax $.ceiling()')", "2.0E0"},
        {"json_value('-1.5', 'lax $.abs().floor()')", "1.0E0"},
        {"json_value('\"1e1\"', 'lax $.double()')", "1.0E1"},
        {"json_value('5', 'lax -$ + 2 * 3 % 4')", "-3"},
        {"json_value('5', 'lax ($ + 2) / 2')", "3"},
        {"json_value('5', 'lax $ / 2.0')", "2.5"},
        {"json_value('5', 'lax 1.25 * 1.5')", "1.875"},
        {"json_value('5', 'lax $ / 0' error on error)", "!PATH_EVALUATION_ERROR: *"},
        {"json_value('\"ab\"', 'lax $ ? (@ starts with \"a\")')", "ab"},
        {"json_value('\"a\"', 'lax $ ? (@ like_regex \"A\" flag \"i\")')", "a"},
        {"json_value('9223372036854775807','lax $ + 1' error on error)",
         "!PATH_EVALUATION_ERROR: *"},
        {"json_value('[]','strict $[0]' error on error)",
         "!PATH_EVALUATION_ERROR: path evaluation failed: structural error: invalid array "
         "subscript for empty array"},
        {"json_exists('{\"a\":1}', 'strict $.b' error on error)",
         "!PATH_EVALUATION_ERROR: path evaluation failed: structural error: missing member 'b' in "
         "JSON object"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_bad_paths(void **state) {
    static const struct sql_case cases[] = {
        {"json_value('1', 'foo $')", "!SYNTAX_ERROR: line 1:25: *"},
        {"json_value('1', 'lax $.foo(')", "!SYNTAX_ERROR: *"},
        {"json_value('1', 'lax $ ?')", "!SYNTAX_ERROR: *"},
        {"json_value('1', 'lax $[1 to]')", "!SYNTAX_ERROR: *"},
        {"json_value('1', 'lax $ ? (@ = 1)')", "!SYNTAX_ERROR: *"},
        {"json_value('1', 'lax \"abc')", "!SYNTAX_ERROR: *"},
        {"json_value('1', 'lax $.datetime()')",
         "!NOT_SUPPORTED: line 1:24: datetime method in JSON path is not yet supported"},
        {"json_value('1', 'lax $' as name)",
         "!INVALID_PATH: line 1:35: JSON path name is not allowed in JSON_VALUE function"},
        {"json_value('1', 'lax $x' passing 5 as x)",
         "!INVALID_PATH: line 1:24: no value passed for parameter x. Try quoting \"x\" in the "
         "PASSING clause to match case"},
        {"json_value('1', 'lax $x' passing 5 as \"x\", 6 as \"x\")",
         "!DUPLICATE_PARAMETER_NAME: *"},
        {"json_exists('1', 'lax $ ? (@ like_regex \"[\")')", "!INVALID_PATH: *"},
        {"json_exists('1', 'lax $ ? (@ like_regex \"(?=x)\")')",
         "!INVALID_PATH: line 1:25: invalid like_regex pattern in JSON path: lookahead *"},
        {"json_exists('1', 'lax $ ? (@ like_regex \"x*+\")')",
         "!INVALID_PATH: line 1:25: invalid like_regex pattern in JSON path: possessive *"},
        {"json_exists('1', 'lax $ ? (@ like_regex \"x\" flag \"ii\")')",
         "!INVALID_PATH: line 1:25: invalid like_regex flags in JSON path: duplicate *"},
        {"json_value(json '1', 'lax $')", "!TYPE_MISMATCH: line 1:19: Cannot read input of type "
                                          "json as JSON using formatting JSON"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_outcomes(void **state) {
    static const struct sql_case cases[] = {
        {"json_value('{\"a\":1.5}', 'lax $.a')", "1.5E0"},
        {"json_value('{\"a\":1.5}', 'lax $.a' returning decimal(5,2))", "1.50"},
        {"json_value('{\"a\":\"2020-01-02\"}', 'lax $.a' returning date)", "2020-01-02"},
        {"json_value('{\"a\":\"12\"}', 'lax $.a' returning tinyint)", "12"},
        {"json_value('{\"a\":\"x\"}', 'lax $.a' returning tinyint)", "NULL"},
        {"json_value('{\"a\":\"x\"}', 'lax $.a' returning tinyint error on error)",
         "!JSON_VALUE_RESULT_ERROR: *"},
        {"json_value('[1]', 'lax $.a' returning real default 1 on empty)", "1.0"},
        {"json_value('[1, 2]', 'lax $[*]' default 'many' on error)", "many"},
        {"json_value('[1', 'lax $' default 'bad' on error)", "bad"},
        {"json_value('[1', 'lax $' error on error)", "!JSON_INPUT_CONVERSION_ERROR: *"},
        {"json_value('[]', 'lax $[1]' returning integer default 1 / x on empty default 9 on error)"
         " from (values 0) t(x)",
         "9"},
        {"json_value('[]', 'lax $[1]' returning integer default 1 / x on empty error on error)"
         " from (values 0) t(x)",
         "!DIVISION_BY_ZERO: Division by zero"},
        {"json_value('12345678901234567890', 'lax $' returning bigint error on error)",
         "!JSON_VALUE_RESULT_ERROR: cannot extract SQL scalar from JSON: JSON path found an item "
         "that cannot be converted to an SQL value"},
        {"json_value(null, 'lax $')", "NULL"},
        {"json_value('null', 'lax $' default 'x' on empty)", "NULL"},
        {"json_value('\"abc\"', 'lax $' returning varchar(2))", "ab"},
        {"json_value('1', 'lax $' default (select 1) on empty)", "!UNSUPPORTED_SUBQUERY: *"},
        {"json_query('{\"a\":\"x\"}', 'lax $.a' omit quotes)", "x"},
        {"json_query('{\"a\":\"x\"}', 'lax $.a')", "\"x\""},
        {"json_query('[1,2]', 'lax $' with conditional wrapper)", "[1,2]"},
        {"json_query('[1,2]', 'lax $[0]' with conditional wrapper)", "[1]"},
        {"json_query('[1,2]', 'lax $' with wrapper)", "[[1,2]]"},
        {"json_query('[1,2]', 'lax $[*]' error on error)",
         "!JSON_OUTPUT_CONVERSION_ERROR: conversion from JSON failed: JSON path found multiple "
         "items"},
        {"json_query('{\"a\":1', 'lax $')", "NULL"},
        {"json_query('{\"a\":1}', 'lax $.b' empty array on empty)", "[]"},
        {"json_query('{\"a\":1}', 'strict $.b' empty object on error)", "{}"},
        {"json_query('\"b\\u0001\\u00e9\\\"/\"', 'lax $')", "\"b\\u0001é\\\"/\""},
        {"json_query('{\"a\":1,\"b\":2,\"a\":3}', 'lax $')", "{\"a\":3,\"b\":2}"},
        {"json_exists('{', 'lax $')", "false"},
        {"json_exists('{', 'lax $' true on error)", "true"},
        {"json_exists('{', 'lax $' unknown on error)", "NULL"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_passing_and_building(void **state) {
    static const struct sql_case cases[] = {
        {"json_value('1', 'lax $X + 1' passing 5 as x returning integer)", "6"},
        {"json_value('1', 'lax $x' passing null as \"x\")", "NULL"},
        {"json_value('1', 'lax $x' passing 1.50 as \"x\")", "1.50"},
        {"json_query('1', 'lax $x.a' passing '{\"a\":[1]}' format json as \"x\")", "[1]"},
        {"json_exists('1', 'lax $x' passing cast(null as varchar) format json as \"x\")", "false"},
        {"json_exists('2', 'strict $ ? (@ > $low && @ < $high)' passing 0e0 as \"low\", 4.000 as "
         "\"high\")",
         "true"},
        {"json_object()", "{}"},
        {"json_object('key_1' : 1, 'key_2' : 2)", "{\"key_2\":2,\"key_1\":1}"},
        {"json_object('a' : json_array(1,'x'), 'k' value '{\"b\" : 1}' format json)",
         "{\"a\":[1,\"x\"],\"k\":{\"b\":1}}"},
        {"json_object('a' : 1.50, 'b' : real '1.5', 'c' : date '2020-01-01')",
         "{\"a\":1.50,\"b\":1.5,\"c\":\"2020-01-01\"}"},
        {"json_object('a' : null)", "{\"a\":null}"},
        {"json_object('a' : null absent on null)", "{}"},
        {"json_object('a' : 1, 'a' : 2)",
         "!NOT_SUPPORTED: cannot construct a JSON object with duplicate key"},
        {"json_object(cast(null as varchar) : 1)", "!INVALID_FUNCTION_ARGUMENT: null value *"},
        {"json_object(1 : 1)", "!INVALID_FUNCTION_ARGUMENT: line 1:20: Invalid type of JSON object "
                               "key: integer"},
        {"json_array(1, null, 'a' null on null)", "[1,null,\"a\"]"},
        {"json_array(1, null, 1e0)", "[1,1.0]"},
        {"json_array('[' format json)", "!JSON_INPUT_CONVERSION_ERROR: *"},
        {"to_hex(json_array(1 returning varbinary format json encoding utf16))", "5B0031005D00"},
        {"json_value(from_hex('5B0031005D00') format json encoding utf16, 'lax $[0]')", "1"},
        {"json_value(to_utf8('[7]') format json, 'lax $[0]')", "7"},
        {"json_array(1 returning bigint)", "!TYPE_MISMATCH: *"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bad_paths),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_passing_and_building),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
