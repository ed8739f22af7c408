/* Aggregates, sketches, addresses and uuids with Trino's documented results, through the whole
 * front end. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {{"one", "x int", NULL}};
const size_t fake_table_count = 1;

static void test_special_types(void **state) {
    static const struct sql_case cases[] = {
        {"IPADDRESS '10.0.0.0'", "10.0.0.0"},
        {"IPADDRESS '64:ff9b::10.0.0.0'", "64:ff9b::a00:0"},
        {"cast(IPADDRESS '2001:0db8:0000:0000:0000:ff00:0042:8329' as varchar)",
         "2001:db8::ff00:42:8329"},
        {"cast(IPADDRESS '2001:db8:0:0:1:0:0:1' as varchar)", "2001:db8::1:0:0:1"},
        {"cast(IPADDRESS '::' as varchar)", "::"},
        {"cast(IPADDRESS '::1' as varchar)", "::1"},
        {"cast(IPADDRESS '1::' as varchar)", "1::"},
        {"cast(IPADDRESS '::ffff:102:304' as varbinary)",
         "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\xFF\\xFF\\x01\\x02\\x03\\x04"},
        {"cast(x'00000000000000000000FFFF01020304' as ipaddress)", "1.2.3.4"},
        {"contains('64:ff9b::10.0.0.0/-1', IPADDRESS '64:ff9b::10.0.0.0')",
         "!INVALID_FUNCTION_ARGUMENT: Invalid prefix length"},
        {"contains('10.0.0.0/8', IPADDRESS '10.255.255.255')", "true"},
        {"contains('2620:109:c006:104::/250', IPADDRESS '::')",
         "!INVALID_FUNCTION_ARGUMENT: Invalid CIDR"},
        {"ip_prefix(ipaddress '192.168.255.255', 9)", "192.128.0.0/9"},
        {"is_subnet_of(ipprefix '192.168.3.131/26', ipaddress '192.168.3.144')", "true"},
        {"cast('1.2.3' as ipaddress)",
         "!INVALID_CAST_ARGUMENT: Cannot cast value to IPADDRESS: 1.2.3"},
        {"try_cast('1.2.3' as ipaddress)", "NULL"},
        {"cast(uuid '12151fd2-7586-11e9-8f9e-2a86e4085a59' as varbinary)",
         "\\x12\\x15\\x1F\\xD2u\\x86\\x11\\xE9\\x8F\\x9E*\\x86\\xE4\\x08ZY"},
        {"cast(x'12151fd2758611e98f9e2a86e4085a59' as uuid)",
         "12151fd2-7586-11e9-8f9e-2a86e4085a59"},
        {"cast('1-2' as uuid)", "!INVALID_CAST_ARGUMENT: Invalid UUID string length: 3"},
        {"apply(5, x -> x + 1)", "6"},
        {"(cast('abc' as char(4))) > (cast(U&'abc\\0000' as char(4)))", "true"},
        {"cast(row(1, 2) as json)", "{\"\":1,\"\":2}"},
        {"cast(array[array[1,2],null] as json)", "[[1,2],null]"},
        {"cast(cast(null as array(bigint)) as json)", "NULL"},
        {"REAL '3.4028235e+38f'", "3.4028235e+38"},
        {"cast(char 'abc' as varbinary)", "abc"},
        {"cast(cast('abc' as char(5)) as varbinary)", "abc  "},
        {"array[array[1]]||array[2]", "[[1], [2]]"},
        {"array[1]||array[2]", "[1, 2]"},
        {"array[2]||array[array[1]]", "[[2], [1]]"},
        {"array[1.5]||1", "[1.5, 1.0]"},
        {"cast(map(array[1, 2], array[6, 9]) as map(boolean, bigint))",
         "!INVALID_CAST_ARGUMENT: duplicate keys"},
        {"map(array[1,2],array[3,4]) is distinct from map(array[2,1],array[4,3])", "false"},
        {"array_join(array[array[1]], '-')",
         "!OPERATOR_NOT_FOUND: line 1:8: Cannot cast array(integer) to varchar"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_aggregates(void **state) {
    static const struct sql_case cases[] = {
        {"select approx_distinct(x), approx_distinct(x, 0.1), cardinality(approx_set(x)), "
         "approx_distinct(cast(x as varchar)) from unnest(sequence(1,9000)) t(x)",
         "9127|9537|9105|9067"},
        {"select approx_distinct(x), approx_distinct(x,0.01) from unnest(sequence(1,2000)) t(x)",
         "1972|2000"},
        {"select approx_distinct(x) from (values 1,null,1,2) t(x)", "2"},
        {"select approx_percentile(x,0.5), approx_percentile(x, array[0.1,0.9]), "
         "approx_percentile(x, 3, 0.5), approx_percentile(cast(x as double),0.25) from "
         "unnest(sequence(1,100)) t(x)",
         "51|[11, 91]|51|26.0"},
        {"select approx_percentile(x,0.5) from (values 1,2,3,4) t(x)", "3"},
        {"select value_at_quantile(tdigest_agg(d), 0.75e0) FROM (VALUES -0.1e0, -0.2e0, -0.3e0, "
         "-0.4e0) T(d)",
         "-0.1"},
        {"select values_at_quantiles(tdigest_agg(d), ARRAY[0.0001e0, 0.75e0, 0.85e0]) FROM (VALUES "
         "0.1e0, 0.1e0, 0.1e0, 0.1e0, 10e0) T(d)",
         "[0.1, 0.1, 10.0]"},
        {"select numeric_histogram(2, x) from (values 1e0,2e0,10e0,11e0) t(x)",
         "{1.5=2.0, 10.5=2.0}"},
        {"select checksum(x) from (values 1,2,null) t(x)", "\\xEAQ\\xBC{8\\xD9\\x08\\xD5"},
        {"select entropy(x), skewness(x), kurtosis(x) from (values 1,2,3,10) t(x)",
         "1.5016144718101814|1.0182337649086284|3.227999999999999"},
        {"select approx_most_frequent(2, x, 15) FROM (values 'A', 'B', 'A', 'C', 'A', 'B', 'C', "
         "'D', 'E') t(x)",
         "{A=3, B=2}"},
        {"select cardinality(merge(s)) from (select approx_set(x) s from unnest(sequence(1,100)) "
         "t(x) group by x % 3)",
         "100"},
        {"select x % 2, approx_distinct(x) from unnest(sequence(1,100)) t(x) group by 1 order by 1",
         "0|50\n1|50"},
        {"select approx_distinct(x) over (order by x) from (values 1,2,3,3) t(x)", "1\n2\n3\n3"},
        {"select set_union(a) from (values array[1,2],array[2,3]) t(a)", "[1, 2, 3]"},
        {"select x, reduce_agg(y, 1, (a, b) -> a * b, (a, b) -> a * b) FROM (VALUES (1, 5), (1, "
         "6), (1, 7), (2, 8), (2, 9), (3, 10)) t(x,y) group by x order by x",
         "1|210\n2|72\n3|10"},
        {"select reduce_agg(value, 0, (a, b) -> a + b, (a, b) -> a + b) OVER () FROM (VALUES 1, 2, "
         "3, 4) t(value)",
         "10\n10\n10\n10"},
        {"select listagg(distinct v, ',') within group (order by v) from (values 'a','b','a') t(v)",
         "a,b"},
        {"select listagg(v, ',') within group (order by v) from (values 'a','b','a') t(v)",
         "a,a,b"},
        {"select listagg(v, ',' on overflow truncate) within group (order by v desc) from (values "
         "'a','b',null) t(v)",
         "!SYNTAX_ERROR: line 1:43: mismatched input ')'. Expecting: 'WITH', 'WITHOUT', <string>"},
        {"select a, array_agg(c order by c desc) over (partition by a order by b), count(distinct "
         "c) over (partition by a) from (values (1,1,1),(1,2,2),(1,3,1),(2,1,5)) t(a,b,c)",
         "1|[1]|2\n1|[2, 1]|2\n1|[2, 1, 1]|2\n2|[5]|1"},
        {"select array_agg(distinct c order by c desc) over (order by b) from (values "
         "(1,1),(2,2),(3,1)) t(b,c)",
         "[1]\n[2, 1]\n[2, 1]"},
        {"select first_value(x) ignore nulls over (order by y), lag(x,1) ignore nulls over (order "
         "by y) from (values (null,1),(2,2),(null,3),(4,4)) t(x,y)",
         "NULL|NULL\n2|NULL\n2|2\n2|2"},
        {"select max_by(x, y, 2), min_by(x, y, 5) from (values ('a', 1), (null, 3), ('c', 2)) t(x, "
         "y)",
         "[NULL, c]|[a, c, NULL]"},
        {"select corr(x,y), regr_slope(x,y), regr_intercept(x,y), regr_count(x,y), regr_sxx(x,y), "
         "regr_avgx(x,y) from (values (1e0,1e0),(1e0,1e0),(null,2e0)) t(x,y)",
         "NULL|NULL|NULL|2|0.0|1.0"},
        {"select skewness(x), kurtosis(x) from (values 1e0,1e0,1e0,1e0,1e0) t(x)", "nan|nan"},
        {"select array_agg(distinct x) from (values 1,3,2,1,null,null) t(x)", "[1, 3, 2, NULL]"},
        {"select nth_value(x,0) over (order by x) from (values 1,2,3) t(x)",
         "!INVALID_FUNCTION_ARGUMENT: Offset must be at least 1"},
        {"select lag(x,-1) over (order by x) from (values 1,2,3) t(x)",
         "!INVALID_FUNCTION_ARGUMENT: Offset must be at least 0"},
        {"select lag(x,null) over (order by x) from (values 1,2,3) t(x)",
         "!INVALID_FUNCTION_ARGUMENT: Offset must not be null"},
        {"select lag(x,2) over (order by x), lead(x,x) over (order by x) from (values 1,2,3) t(x)",
         "NULL|2\nNULL|NULL\n1|NULL"},
        {"select ntile(0) over (order by x) from (values 1,2,3) t(x)",
         "!INVALID_FUNCTION_ARGUMENT: Buckets must be greater than 0"},
        {"select max(x) over (order by y) from (values (1e0,1), (nan(),2), (2e0,3)) t(x,y)",
         "1.0\n1.0\n2.0"},
        {"select max(x), min(x) from (values 1e0, nan(), 2e0) t(x)", "2.0|1.0"},
        {"select min(x, 2), max(x, 2), max(x, 5) from (values nan(), 5.5e0, 3.3e0, null) t(x)",
         "[3.3, 5.5]|[5.5, 3.3]|[5.5, 3.3, nan]"},
        {"select max(x, 2) from (values real '5.5', cast(nan() as real), real '3.5') t(x)",
         "[5.5, 3.5]"},
        {"select min_by(x, y), max_by(x, y), max_by(x, y, 2) from (values ('a', nan()), ('b', "
         "5.5e0), ('c', 3.3e0), ('d', null)) t(x, y)",
         "c|b|[b, c]"},
        {"select max_by(x, y, 2), max(y, 1), max(x, 1) from (values ('a', 1), ('b', 2)) t(x, y)",
         "[b, a]|[2]|[b]"},
        {"select max_by(x, y), max_by(x, z) from (values (null, 2e0, nan()), (1, 1e0, nan())) t(x, "
         "y, z)",
         "NULL|NULL"},
        {"select max_by(x, y), max_by(x, z) from (values ('a', 9007199254740993, 1.5), ('b', "
         "9007199254740992, 1.4)) t(x, y, z)",
         "a|a"},
        {"select max(x, 1), min(x, 1), max_by(x, x, 1), max(d, 2) from (values (9007199254740993, "
         "1.5), (9007199254740992, 1.4)) t(x, d)",
         "[9007199254740993]|[9007199254740992]|[9007199254740993]|[1.5, 1.4]"},
        {"select max(x, 0) from (values 1) t(x)",
         "!INVALID_FUNCTION_ARGUMENT: second argument of max_n must be positive"},
        {"select min_by(x, x, -1) from (values 1) t(x)",
         "!INVALID_FUNCTION_ARGUMENT: third argument of min_by must be a positive integer"},
        {"select max_by(x, x, 10001) from (values 1) t(x)",
         "!INVALID_FUNCTION_ARGUMENT: third argument of max_by must be less than or equal to "
         "10000; found 10001"},
        {"select transform(array[1], x -> random()) = transform(array[1], x -> random()), "
         "cardinality(filter(array[1, 2], x -> random() < 2))",
         "false|2"},
        {"select n from (select 1 from (values 1) where rand() = 5) t(a) right join lateral "
         "(values 'x') r(n) on true",
         "x"},
        {"select stddev(x), var_pop(x), stddev_samp(y), stddev_pop(y), variance(z) from (values "
         "(infinity(), nan(), 1e0), (1e0, null, 3e0)) t(x, y, z)",
         "nan|nan|NULL|nan|2.0"},
        {"select count(distinct a), count(a) from (values map(array[1,2],array[3,4]), "
         "map(array[2,1],array[4,3])) t(a)",
         "1|2"},
        {"select a, count(*) from (values map(array[1,2],array[3,4]), map(array[2,1],array[4,3])) "
         "t(a) group by a",
         "{1=3, 2=4}|2"},
        {"select a[1], cardinality(a), count(*) from (values map(array[1,2],array[3,4]), "
         "map(array[2,1],array[4,3]), null) t(a) group by a order by 3",
         "NULL|NULL|1\n3|2|2"},
        {"select distinct a from (values map(array[1,2],array[3,4]), map(array[2,1],array[4,3])) "
         "t(a)",
         "{1=3, 2=4}"},
        {"select a from (values map(array[1,2],array[3,4])) t(a) union select "
         "map(array[2,1],array[4,3])",
         "{1=3, 2=4}"},
        {"select a, b, count(*) from (values (map(array[1,2],array[3,4]),1), "
         "(map(array[2,1],array[4,3]),1)) t(a,b) group by grouping sets ((a,b),(b)) having max(b) "
         "= 1 order by 3, 2",
         "{1=3, 2=4}|1|2\nNULL|1|2"},
        {"select x, count(*) from (values 1,2,1) t(x) group by x order by x", "1|2\n2|1"},
        {"select map_agg(k, v)[1] from (values (1,2)) t(k,v)", "2"},
        {"select m, array_agg(distinct m) from (values map(array[1],array[2])) t(m) group by m",
         "{1=2}|[{1=2}]"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special_types),
        cmocka_unit_test(test_aggregates),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
