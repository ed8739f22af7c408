/* Arrays, maps, rows and lambdas with Trino's documented results, through the whole front end. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {{"one", "x int", NULL}};
const size_t fake_table_count = 1;

static void test_collections(void **state) {
    static const struct sql_case cases[] = {
        {"array[1,2] < array[1,3]", "true"},
        {"array[1,null] < array[1,3]", "NULL"},
        {"array[1,null] = array[1,3]", "NULL"},
        {"array[nan()] = array[nan()]", "false"},
        {"map(array[1,2],array[3,4]) = map(array[2,1],array[4,3])", "true"},
        {"(1,2) < (1,3)", "true"},
        {"(1,array[2]) = (1,array[null])", "NULL"},
        {"array_distinct(array[1,null,1,null,2])", "[1, NULL, 2]"},
        {"array_union(array[1,null,2],array[null,3])", "[1, NULL, 2, 3]"},
        {"array_intersect(array['a','b','c'],array['c','b'])", "[b, c]"},
        {"array_except(array['a','b','a','c'],array['c','b'])", "[a]"},
        {"array_remove(array[1,2,null,1],1)", "[2, NULL]"},
        {"array_max(array[1e0,nan(),2])", "2.0"},
        {"array_min(array['b','a'])", "a"},
        {"array_sort(array[3,null,1])", "[1, 3, NULL]"},
        {"array_sort(array[3,1,2,10,5], (x,y) -> if(x<y,1,if(x>y,-1,0)))", "[10, 5, 3, 2, 1]"},
        {"array_sort(array['a','abcd','abc',null], (x,y) -> case when x is null then 1 when y is "
         "null then -1 when length(x)<length(y) then -1 when length(x)=length(y) then 0 else 1 "
         "end)",
         "[a, abc, abcd, NULL]"},
        {"combinations(array['bar','foo','baz','foo'],2)",
         "[[bar, foo], [bar, baz], [foo, baz], [bar, foo], [foo, foo], [baz, foo]]"},
        {"combinations(array['bar','foo','baz','foo'],0)", "[[]]"},
        {"ngrams(array['a','b','c'],2)", "[[a, b], [b, c]]"},
        {"ngrams(array['a','b','c'],0)", "!INVALID_FUNCTION_ARGUMENT: N must be positive"},
        {"repeat('x',3)", "[x, x, x]"},
        {"repeat(1,-1)", "!INVALID_FUNCTION_ARGUMENT: count argument of repeat function must be "
                         "greater than or equal to 0"},
        {"sequence(date '2020-01-31', date '2020-05-31', interval '1' month)",
         "[2020-01-31, 2020-02-29, 2020-03-31, 2020-04-30, 2020-05-31]"},
        {"sequence(timestamp '2020-01-31 00:00:00', timestamp '2020-01-31 05:00:00', interval '2' "
         "hour)",
         "['2020-01-31 00:00:00', '2020-01-31 02:00:00', '2020-01-31 04:00:00']"},
        {"sequence(timestamp '2020-01-31 00:00:00', timestamp '2020-01-31 05:00:00', interval '-2' "
         "hour)",
         "!INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start "
         "value if step is greater than zero otherwise stop should be less than or equal to start"},
        {"map_from_entries(array[(1,'x'),(2,'y')])", "{1=x, 2=y}"},
        {"map_from_entries(array[(1,'x'),(1,'y')])",
         "!INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed"},
        {"map_from_entries(array[(1,'x'),null])",
         "!INVALID_FUNCTION_ARGUMENT: map entry cannot be null"},
        {"multimap_from_entries(array[(1,'x'),(2,'y'),(1,'z')])", "{1=[x, z], 2=[y]}"},
        {"map_zip_with(map(array['a','b'],array[1,2]), map(array['b','c'],array[3,4]), (k,x,y) -> "
         "(k,x,y))",
         "{a={'field0': a, 'field1': 1, 'field2': NULL}, b={'field0': b, 'field1': 2, 'field2': "
         "3}, c={'field0': c, 'field1': NULL, 'field2': 4}}"},
        {"map_concat(map(array['a','b'],array[1,2]), map(array['b','c'],array[3,4]))",
         "{b=3, c=4, a=1}"},
        {"array_histogram(array[1,2,1,null])", "{1=2, 2=1}"},
        {"zip(array[1,2],array['a'],array[3,4,5],array[true])",
         "[{'field0': 1, 'field1': a, 'field2': 3, 'field3': true}, {'field0': 2, 'field1': NULL, "
         "'field2': 4, 'field3': NULL}, {'field0': NULL, 'field1': NULL, 'field2': 5, 'field3': "
         "NULL}]"},
        {"zip_with(array[1,2],cast(null as array(integer)),(x,y)->x)", "NULL"},
        {"cosine_similarity(array[1,2],array[2,1])", "0.8"},
        {"dot_product(array[1,2],array[2,1])", "4.0"},
        {"euclidean_distance(array[1,2],array[2,1])", "1.4142135623730951"},
        {"cosine_similarity(map(array['a'],array[1e0]),map(array['a'],array[2e0]))", "1.0"},
        {"contains(array[array[1],array[2]],array[2])", "true"},
        {"contains_sequence(array[1,2,3],array[2,3])", "true"},
        {"arrays_overlap(array[1,null],array[2])", "NULL"},
        {"array_position(array[1,2,null],2)", "2"},
        {"array_position(array[array[null]],array[1])",
         "!NOT_SUPPORTED: array_position does not support arrays with elements that are null or "
         "contain null"},
        {"map(array[1,1],array[2,3])",
         "!INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed"},
        {"map(array[array[null]],array[2])",
         "!INVALID_FUNCTION_ARGUMENT: map key cannot be indeterminate"},
        {"array[1,2] between array[1] and array[3]", "true"},
        {"(1,2) in ((1,2),(3,4))", "true"},
        {"array[1] is distinct from array[1]", "false"},
        {"reduce(array[5,20,50],0,(s,x)->s+x,s->s)", "75"},
        {"transform(array[1,2],x->transform(array[10],y->x+y))", "[[11], [12]]"},
        {"array_distinct(array[array[1],array[1],array[null]])", "[[1], [NULL]]"},
        {"array_distinct(array[1.5,2.5,1.5])", "[1.5, 2.5]"},
        {"array_sort(array[date '2020-01-02',date '2020-01-01'])", "[2020-01-01, 2020-01-02]"},
        {"flatten(array[array[1,2],null,array[3]])", "[1, 2, 3]"},
        {"array_first(array[4,5,6], e -> e % 3 = 0)", "6"},
        {"array_except(ARRAY[], ARRAY[NULL])", "[]"},
        {"array_histogram(ARRAY[])", "{}"},
        {"array_sort(ARRAY[ROW(1, NULL), ROW(1, 2)])",
         "[{'field0': 1, 'field1': 2}, {'field0': 1, 'field1': NULL}]"},
        {"row(1, CAST(NULL AS INTEGER)) < row(1, 2)", "NULL"},
    };
    run_cases(*state, cases, COUNT_OF(cases), true);
}

static void test_queries(void **state) {
    static const struct sql_case cases[] = {
        {"select map_agg(k,v), multimap_agg(k,v), histogram(k) from (values "
         "(1,'a'),(2,'b'),(1,'c'),(null,'d')) t(k,v)",
         "{1=a, 2=b}|{1=[a, c], 2=[b]}|{1=2, 2=1}"},
        {"select map_union(m) from (values map(array[1],array[2]),map(array[1,3],array[4,5]),null) "
         "t(m)",
         "{1=2, 3=5}"},
        {"select map_agg(k,v) from (values (1,'a')) t(k,v) where k > 1", "NULL"},
        {"select sum(cardinality(array_distinct(a))), count_if(a = b) from (select "
         "transform(sequence(1, x), y -> y % 5) a, slice(sequence(1,10), 1, x) b from "
         "unnest(sequence(1,9)) t(x))",
         "35|4"},
        {"select count(*) from (select array_agg(x) a from unnest(sequence(1,9000)) t(x) group by "
         "x % 3000) where array_sort(a) = a and cardinality(array_distinct(a))=3",
         "3000"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collections),
        cmocka_unit_test(test_queries),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
