/* Query shapes end to end: recursion, joins, subqueries, grouping, windows; what Trino refuses. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"t", "id int, name string",
     "(SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, NULL)) AS v(id, name))"},
    {"u", "id int, k string, v bigint",
     "(SELECT * FROM (VALUES (1, 'x', 10::BIGINT), (1, 'y', 20), (2, 'x', 30), (4, 'z', 40)) AS "
     "v(id, k, v))"},
};
const size_t fake_table_count = COUNT_OF(fake_tables);

static void test_recursion(void **state) {
    static const struct sql_case cases[] = {
        {"with recursive r (n) as (values 1 union all select n + 1 from r where n < 11) "
         "select count(*), max(n) from r",
         "11|11"},
        {"with recursive r (n) as (values 1 union all select n + 1 from r where n < 12) "
         "select count(*) from r",
         "!NOT_SUPPORTED: Recursion depth limit exceeded (10). Use 'max_recursion_depth' session "
         "property to modify the limit."},
        {"with recursive r (n) as (values 1 union select 3 - n from r) select * from r",
         "!NOT_SUPPORTED: Recursion depth limit exceeded*"},
        {"with recursive r (n) as (values 1, 1 union select n + 1 from r where n < 3) "
         "select * from r order by n",
         "1\n2\n3"},
        {"with recursive r (n, s) as (values (1, cast('a' as varchar)) union all "
         "select r.n + 1, s || t.name from t join r on t.id = r.n and t.id < 3) "
         "select a.n, b.s from r a join r b on a.n = b.n order by 1",
         "1|a\n2|aa\n3|aab"},
        {"with recursive r (n) as (select 1 union all select n + 1 from (select n from r where n "
         "< 4) x) select sum(n) from r",
         "10"},
        {"with recursive a (n) as (select 5), b (m) as (select n from a union all select m - 1 "
         "from b where m > 0) select count(*) from b",
         "6"},
        {"with recursive r (n) as (select 1 union all select b + 1 from (values 5) x (m) join "
         "lateral "
         "(select n from r where n * 3 < m) y (b) on true where b < 3) select n from r order by 1",
         "1\n2"},
        {"with recursive r as (select 1 union all select 1 from r) select * from r",
         "!MISSING_COLUMN_ALIASES: *"},
        {"with recursive r (n) as (select n from r union all select 1) select * from r",
         "!INVALID_RECURSIVE_REFERENCE: line 1:40: WITH table name is referenced in the base *"},
        {"with recursive r (n) as (select 1 union all select a.n from r a, r b) select * from r",
         "!INVALID_RECURSIVE_REFERENCE: line 1:66: multiple recursive references*"},
        {"with recursive r (n) as (select 1 union all table r) select * from r",
         "!INVALID_RECURSIVE_REFERENCE: *"},
        {"with recursive r (n) as (select 1 union all select 2 where exists (table r)) select * "
         "from r",
         "!INVALID_RECURSIVE_REFERENCE: *"},
        {"with recursive r (n) as (select 1 union all select n from t left join r on true) select "
         "* from r",
         "!INVALID_RECURSIVE_REFERENCE: line 1:71: recursive reference in right source of LEFT "
         "join"},
        {"with recursive r (n) as (select 1 union all select n from (select 1 except table r) x "
         "(n)) select * from r",
         "!INVALID_RECURSIVE_REFERENCE: line 1:76: recursive reference in right relation of EXCEPT "
         "DISTINCT"},
        {"with recursive r (n) as (select 1 union all (select n from r limit 1)) select * from r",
         "!INVALID_LIMIT_CLAUSE: *"},
        {"with recursive r (n) as (select 1 union all select n from r limit 1) select * from r",
         "!INVALID_LIMIT_CLAUSE: *"},
        {"with recursive r (n) as (select 1 intersect select n from r) select * from r",
         "!INVALID_RECURSIVE_REFERENCE: line 1:59: recursive reference not allowed in this "
         "context"},
        {"with recursive r (n) as (with recursive s (m) as (select 1) select m from s) select * "
         "from r",
         "!NESTED_RECURSIVE: *"},
        {"with recursive r (n) as (select 1 union all select n, 2 from r) select * from r",
         "!TYPE_MISMATCH: line 1:45: base and step relations of recursion have different number of "
         "fields: 1, 2"},
        {"with recursive r (n) as (select 1 union all select 'a' from r) select * from r",
         "!TYPE_MISMATCH: line 1:45: recursion step relation output type (varchar(1)) is not "
         "coercible*"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_windows(void **state) {
    static const struct sql_case cases[] = {
        {"select sum(v) over (w rows 1 preceding) from u window w as (order by v)",
         "10\n30\n50\n70"},
        {"select count(*) over (order by v range between 10 preceding and 10 following) from u "
         "order by v",
         "2\n3\n3\n2"},
        {"select count(*) over (order by d range interval '1' day preceding) from (values date "
         "'2020-01-01', date '2020-01-02', date '2020-01-04') x (d) order by 1",
         "1\n1\n2"},
        {"select sum(v) over (order by v rows -1 preceding) from u",
         "!INVALID_WINDOW_FRAME: Window frame offset must not be negative or null"},
        {"select sum(v) over (order by v range cast(null as bigint) preceding) from u",
         "!INVALID_WINDOW_FRAME: Window frame offset value must not be negative or null"},
        {"select 1 from u window w as (order by v), w as ()", "!DUPLICATE_WINDOW_NAME: *"},
        {"select sum(v) over w from u window x as ()", "!INVALID_WINDOW_REFERENCE: line 1:20: *"},
        {"select 1 from u window w as (order by v), x as (w order by k)",
         "!INVALID_ORDER_BY: line 1:51: *"},
        {"select 1 from u window w as (order by v), x as (w partition by k)",
         "!INVALID_PARTITION_BY: *"},
        {"select sum(v) over (rows unbounded following) from u", "!INVALID_WINDOW_FRAME: *"},
        {"select sum(v) over (rows between current row and 1 preceding) from u",
         "!INVALID_WINDOW_FRAME: *"},
        {"select sum(v) over (range 1 preceding) from u", "!MISSING_ORDER_BY: *"},
        {"select sum(v) over (order by k range 1 preceding) from u", "!TYPE_MISMATCH: *"},
        {"select rank() over (order by sum(v) over ()) from u",
         "!NESTED_WINDOW: line 1:30: Cannot nest window functions or row pattern measures inside "
         "window specification"},
        {"select 1 from u having count(*) over () > 1", "!NESTED_WINDOW: *"},
        {"select rank() over (order by v rows 1 preceding) from u", "!INVALID_WINDOW_FRAME: *"},
        {"select lag(v) over () from u", "!MISSING_ORDER_BY: *"},
        {"select sum(v) ignore nulls over () from u", "!NULL_TREATMENT_NOT_ALLOWED: *"},
        {"select k, sum(sum(v)) over (order by k) from u group by k order by 1",
         "x|40\ny|60\nz|100"},
        {"select k from u group by k window w as (order by v)",
         "!EXPRESSION_NOT_AGGREGATE: line 1:50: 'v' must be an aggregate expression or appear in "
         "GROUP BY clause"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_groups(void **state) {
    static const struct sql_case cases[] = {
        {"select grouping(k), count(*) from u group by cube (k) order by 1, 2",
         "0|1\n0|1\n0|2\n1|4"},
        {"select grouping(k) from u", "!MISSING_GROUP_BY: line 1:1: *"},
        {"select grouping(k) from u group by id", "!INVALID_ARGUMENTS: *"},
        {"select 1 from u group by cube (v + 1)", "!INVALID_COLUMN_REFERENCE: *"},
        {"select (select max(t.id) from t where t.id = u.id) from u group by k",
         "!EXPRESSION_NOT_AGGREGATE: line 1:46: Subquery uses 'u.id' which must appear in GROUP BY "
         "clause"},
        {"select id in (select id from t), count(*) from u group by id in (select id from t) order "
         "by 1",
         "false|1\ntrue|3"},
        {"select sum(max(v)) from u", "!NESTED_AGGREGATION: line 1:8: *"},
        {"select id, id from u order by id", "!AMBIGUOUS_NAME: *"},
        {"select distinct id from u order by v",
         "!EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must "
         "appear in select list"},
        {"select v x from u group by v order by max((select x))", "!COLUMN_NOT_FOUND: *"},
        {"select count(*) from u having max(v) > 5", "4"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

/* TRY over groups and aggregates. */
static void test_try(void **state) {
    static const struct sql_case cases[] = {
        {"select try(10 / a), sum(a) from (values 1,0,1) t(a) group by a order by 2",
         "NULL|0\n10|2"},
        {"select try(10 / sum(a)), count(*) from (values 1,0,1) t(a) group by a having try(1 / a) "
         "is null or count(*) > 1 order by try(1 / sum(a)), 2",
         "5|2\nNULL|1"},
        {"select try(1 / a), count(*) from (values 1,0,1) t(a) group by try(1 / a) order by 2",
         "NULL|1\n1|2"},
        {"select try(1 / (sum(a) - 2)) from (values 1,0,1) t(a)", "NULL"},
        {"select distinct try(1 / a), rank() over (order by count(*)) from (values 1,0,1) t(a) "
         "group by a order by 2",
         "NULL|1\n1|2"},
        {"select a, grouping(a), try(1 / a), (select max(y) from (values 1, 5) u(y) where y > a) "
         "from (values 1,0,1) t(a) group by rollup (a) order by 2, 1",
         "0|0|NULL|5\n1|0|1|5\nNULL|1|NULL|NULL"},
        {"select json_value(a, 'lax $.x' returning varchar default b || '!' on empty), count(*) "
         "from (values ('{}', 'q')) t(a, b) group by a, b",
         "q!|1"},
        {"select hour(z), try(1 / day(z)), count(*) from (values timestamp '2020-01-01 05:45 "
         "Asia/Kathmandu', timestamp '2020-01-01 05:45 Asia/Kathmandu') t(z) group by z order by z",
         "5|1|2"},
        {"select (select try(10 / sum(x)) from (values 0) u(x)) from (values 1,0,1) "
         "t(a) where a = 0",
         "NULL"},
        {"select try(1 / sum(a) over ()) from (values 1,0,1) t(a)",
         "!NOT_SUPPORTED: line 1:8: TRY around a window function is not supported"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

/* Times with zones are told apart by instant; the zone of one of them is shown. */
static void test_zones(void **state) {
    static const struct sql_case cases[] = {
        {"select count(*), sum(x) from (values (timestamp '2020-01-01 00:00 UTC', 1), (timestamp "
         "'2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', 3), (null, "
         "4)) t(z, x) group by z order by 2",
         "2|3\n1|3\n1|4"},
        {"select cast(z as varchar), count(*) from (values timestamp '2020-01-01 05:45 "
         "Asia/Kathmandu', timestamp '2020-01-01 06:45 Asia/Kathmandu', timestamp '2020-01-01 "
         "05:45 Asia/Kathmandu') t(z) group by z order by z",
         "2020-01-01 05:45:00 Asia/Kathmandu|2\n2020-01-01 06:45:00 Asia/Kathmandu|1"},
        {"select hour(z at time zone 'UTC'), max(z) = z, grouping(z), count(*) from (values "
         "(timestamp '2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), "
         "(timestamp '2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x) group by rollup (z) having "
         "max(z) is not null order by 1, 4",
         "0|true|0|2\n23|true|0|1\nNULL|NULL|1|4"},
        {"select count(distinct z), approx_distinct(z) from "
         "(values (timestamp '2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 05:45 "
         "Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x)",
         "2|2"},
        {"select cardinality(set_agg(z)), cardinality(array_agg(distinct z)), "
         "cardinality(histogram(z)), cardinality(array_distinct(array_agg(z))), "
         "cardinality(set_union(array[z])) from (values (timestamp '2020-01-01 00:00 UTC', 1), "
         "(timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', "
         "3), (null, 4)) t(z, x)",
         "3|3|2|3|3"},
        {"select contains(a, z), array_position(a, z), array_remove(a, z), array_except(a, "
         "array[z]), cardinality(array_intersect(a, array[z])), cardinality(array_union(a, "
         "array[z])), arrays_overlap(a, array[z]) from (values (array[timestamp '2020-01-01 00:00 "
         "UTC', null], timestamp '2020-01-01 05:45 Asia/Kathmandu')) t(a, z)",
         "true|1|[NULL]|[NULL]|1|2|true"},
        {"select contains(array[time '10:00 +01:00'], time '09:00 +00:00')", "true"},
        {"select sequence(timestamp '1969-12-31 23:59:59.123456789', timestamp '1970-01-01 "
         "00:00:01.2', interval '1' second)",
         "['1969-12-31 23:59:59.123456789', '1970-01-01 00:00:00.123456789', "
         "'1970-01-01 00:00:01.123456789']"},
        {"select cardinality(sequence(timestamp '2020-01-31 00:00:00.0000001', timestamp "
         "'2020-03-31 00:00:01', interval '1' month))",
         "3"},
        {"select count(*) from (select distinct z from (values (timestamp '2020-01-01 00:00 UTC', "
         "1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 "
         "+01:00', 3), (null, 4)) t(z, x))",
         "3"},
        {"select distinct day(z), z at time zone 'UTC' from (values (timestamp '2020-01-01 00:00 "
         "UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 "
         "+01:00', 3), (null, 4)) t(z, x) order by 2 limit 2",
         "1|2020-01-01 00:00:00.000 UTC\n2|2020-01-01 23:00:00.000 UTC"},
        {"select x, count(*) over (partition by z), rank() over (order by z) from (values "
         "(timestamp '2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), "
         "(timestamp '2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x) order by x",
         "1|2|1\n2|2|1\n3|1|3\n4|1|4"},
        {"select z, row_number() over (partition by z order by count(*)) = 1 from (values "
         "(timestamp '2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), "
         "(timestamp '2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x) group by z order by z limit "
         "0",
         ""},
        {"select count(*) from (select z from (values (timestamp '2020-01-01 00:00 UTC', 1), "
         "(timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', "
         "3), (null, 4)) t(z, x) where x = 1 union select z from (values (timestamp '2020-01-01 "
         "00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 "
         "00:00 +01:00', 3), (null, 4)) t(z, x) where x > 1)",
         "3"},
        {"select count(*) from (select z from (values (timestamp '2020-01-01 00:00 UTC', 1), "
         "(timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', "
         "3), (null, 4)) t(z, x) where x = 1 intersect select z from (values (timestamp "
         "'2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp "
         "'2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x) where x > 1)",
         "1"},
        {"select x from (select z from (values (timestamp '2020-01-01 00:00 UTC', 1), (timestamp "
         "'2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', 3), (null, "
         "4)) t(z, x) where x <> 2 except select z from (values (timestamp '2020-01-01 00:00 UTC', "
         "1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 "
         "+01:00', 3), (null, 4)) t(z, x) where x = 2) s(y) join (values (timestamp '2020-01-01 "
         "00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 "
         "00:00 +01:00', 3), (null, 4)) t(z, x) on y = z",
         "3"},
        {"select x from (values (timestamp '2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 "
         "05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x) "
         "where z in (select z from (values (timestamp '2020-01-01 00:00 UTC', 1), (timestamp "
         "'2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', 3), (null, "
         "4)) t(z, x) where x = 2) order by x",
         "1\n2"},
        {"select count(*) from (values (timestamp '2020-01-01 00:00 UTC', 1), (timestamp "
         "'2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', 3), (null, "
         "4)) t(z, x) join (values (timestamp '2020-01-01 01:00 +01:00', 7), (timestamp "
         "'2020-01-01 00:00 UTC', 8)) u(z, y) using (z)",
         "4"},
        {"select count(distinct (z, 1)), count(distinct array[z]) from (values (timestamp "
         "'2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), (timestamp "
         "'2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x)",
         "3|3"},
        {"select r.x, count(*) from (select cast(row(z, 1) as row(z timestamp(3) with time zone, x "
         "integer)) from (values (timestamp '2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 "
         "05:45 Asia/Kathmandu', 2), (timestamp '2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x)) "
         "t(r) group by r order by 2, 1",
         "1|1\n1|1\n1|2"},
        {"select count(*) from (values time '10:00 +01:00', time '09:00 +00:00', time '09:30 "
         "+00:00') t(z) group by z order by 1",
         "1\n2"},
        {"select z, count(*), (select max(x) from (values 1) u(x) where x > hour(z)) from (values "
         "(timestamp '2020-01-01 00:00 UTC', 1), (timestamp '2020-01-01 05:45 Asia/Kathmandu', 2), "
         "(timestamp '2020-01-02 00:00 +01:00', 3), (null, 4)) t(z, x) group by z order by 2, 1 "
         "limit 0",
         "!NOT_SUPPORTED: *"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_subqueries(void **state) {
    static const struct sql_case cases[] = {
        {"select (select 1, 'a')", "{'field0': 1, 'field1': a}"},
        {"select (select 1 a, 'a' b where false)", "{'a': NULL, 'b': NULL}"},
        {"select (1, 'x') in (select id, k from u), (5, 'x') in (select id, k from u)",
         "true|false"},
        {"select (1, null) in (select id, k from u), (5, null) in (select id, k from u)",
         "NULL|false"},
        {"select row(1) in (select id from t), row(3) = all (select id from t)", "true|false"},
        {"select id from t where (id, name) in (values (2, 'b'), (3, 'c'))", "2"},
        {"select 1 in (select id, k from u)",
         "!TYPE_MISMATCH: line 1:10: Value expression and result of subquery must be of the same "
         "type: row(integer) vs row(id integer, k varchar)"},
        {"select (select u.* from (values 1)) from u where v = 20", "{'id': 1, 'k': y, 'v': 20}"},
        {"select zz.* from u", "!TABLE_NOT_FOUND: line 1:8: Unable to resolve reference zz"},
        {"select t.id, u.v from t left join u on t.id = u.id and u.v in (select max(v) from u) "
         "order by 1",
         "1|NULL\n2|NULL\n3|NULL"},
        {"select t.id, u.v from t left join u on t.id = u.id and t.id > (select min(id) from u) "
         "order by 1",
         "1|NULL\n2|30\n3|NULL"},
        {"select t.id, s.m, s.c from t left join lateral (select max(v) m, 7 c from u where u.id > "
         "t.id) s on true order by 1",
         "1|40|7\n2|40|7\n3|40|7"},
        {"select t.id, s.m, s.c from t left join lateral (select max(v) m, 7 c from u where u.id < "
         "t.id) s on true order by 1",
         "1|NULL|7\n2|20|7\n3|30|7"},
        {"select t.id, s.v from t left join lateral (select v from u where u.id = t.id) s on v > "
         "15 "
         "order by 1",
         "1|20\n2|30\n3|NULL"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_joins(void **state) {
    static const struct sql_case cases[] = {
        {"select a, b from (values 1, 2) x (a) right join unnest(array[5]) y (b) on true order by "
         "1",
         "1|5\n2|5"},
        {"select a, b from (values array[5], array[]) x (a) left join unnest(a) y (b) on true "
         "order "
         "by 2",
         "[5]|5\n[]|NULL"},
        {"select * from t natural join u", "!NOT_SUPPORTED: line 1:15: Natural join not supported"},
        {"select * from (values array[1]) x (a) right join unnest(a) on true",
         "!INVALID_COLUMN_REFERENCE: line 1:57: LATERAL reference not allowed in RIGHT JOIN"},
        {"select * from (values array[1]) x (a) left join unnest(a) on false", "!NOT_SUPPORTED: *"},
        {"select * from t join u using (id, id)", "!DUPLICATE_COLUMN_NAME: line 1:35: *"},
        {"select (select count(*) from t left join u x on x.id = y.id) from u y",
         "!NOT_SUPPORTED: line 1:56: Reference to column 'y.id' from outer scope not allowed in "
         "this context"},
        {"select * from t tablesample bernoulli (100) order by 1", "1|a\n2|b\n3|NULL"},
        {"select * from t tablesample bernoulli (101)", "!NUMERIC_VALUE_OUT_OF_RANGE: *"},
        {"select * from t tablesample bernoulli (id)", "!EXPRESSION_NOT_CONSTANT: *"},
        {"values (1, 'a'), if(true, (2, 'b')), null", "!TYPE_MISMATCH: *"},
        {"values (1, 'a'), if(true, (2, 'b'))", "1|a\n2|b"},
        {"with a (x, x) as (select 1, 2) select 1 from a", "!DUPLICATE_COLUMN_NAME: line 1:12: *"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_errors(void **state) {
    static const struct sql_case cases[] = {
        {"select filter(array[1], (x, y) -> true)", "!INVALID_PARAMETER_USAGE: line 1:25: Expected "
                                                    "a lambda that takes 1 argument(s) but got 2"},
        {"select reduce(array[1, 2], 0, (s, x) -> s + x, s -> s)", "3"},
        {"select boolean '2'", "!INVALID_LITERAL: line 1:8: '2' is not a valid BOOLEAN literal"},
        {"select json '{}{'", "!INVALID_LITERAL: line 1:8: '{}{' is not a valid JSON literal"},
        {"select boolean 'T', json '[1]'", "true|[1]"},
        {"select extract(day from 'a')", "!TYPE_MISMATCH: line 1:8: Type of argument to extract *"},
        {"select 'a' at time zone 'UTC'",
         "!TYPE_MISMATCH: line 1:8: Type of value must be a time *"},
        {"select cast(row(1, 2) as row(a bigint, A bigint)).a",
         "!AMBIGUOUS_NAME: line 1:51: Ambiguous row field reference: a"},
        {"select distinct id, id + v from u order by id + v", "!EXPRESSION_NOT_IN_DISTINCT: *"},
        {"select distinct id, id + v from u order by 2, id", "1|11\n1|21\n2|32\n4|44"},
        {"select * from t for timestamp as of 1", "!TYPE_MISMATCH: *"},
        {"select * from t for timestamp as of null", "!INVALID_ARGUMENTS: *"},
        {"select * from t for timestamp as of timestamp '2999-01-01 00:00:00'",
         "!INVALID_ARGUMENTS: *"},
        {"select * from t for version as of 1", "!NOT_SUPPORTED: *"},
        {"select cast(row(1) as row(ABC bigint)), cast(row(1) as row(\"ABC\" bigint))",
         "{'abc': 1}|{'ABC': 1}"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

/* What Trino's planner takes apart, and what it does not. */
static void test_correlation(void **state) {
    static const struct sql_case cases[] = {
        {"select (select max(v) + t.id from u where u.id < t.id) from t order by 1",
         "22\n33\nNULL"},
        {"select (select v from u where u.id = t.id and k = 'x' limit 2) from t order by 1",
         "10\n30\nNULL"},
        {"select (select v from u where u.id = t.id order by v limit 1) from t order by 1",
         "10\n30\nNULL"},
        {"select (select v from u where u.id = t.id limit 1) from t order by 1",
         "!NOT_SUPPORTED: line 1:9: Given correlated subquery is not supported"},
        {"select (select v from u where u.id < t.id limit 2) from t",
         "!NOT_SUPPORTED: line 1:9: Given correlated subquery is not supported"},
        {"select (select t.id + v from u where u.id = t.id and k = 'x') from t",
         "!NOT_SUPPORTED: line 1:9: Given correlated subquery is not supported"},
        {"select (select t.id) from t order by 1", "1\n2\n3"},
        {"select id from t where exists (select t.id + v from u where u.id < t.id) order by 1",
         "2\n3"},
        {"select id from t where id in (select u.id from u where u.v > t.id * 15) order by 1", "1"},
        {"select id from t where id in (select t.id from u)",
         "!NOT_SUPPORTED: line 1:31: Given correlated subquery is not supported"},
        {"select id from t where exists (select 1 from u where u.id < t.id group by k)",
         "!NOT_SUPPORTED: line 1:32: Given correlated subquery is not supported"},
        {"select t.id, s.n from t cross join lateral (select k, count(*) n from u where u.id < "
         "t.id "
         "group by k) s order by 1, 2",
         "2|1\n2|1\n3|1\n3|2"},
        {"select 1 > all (values t.id) from t",
         "!NOT_SUPPORTED: line 1:17: Given correlated subquery is not supported"},
        {"select (select sum(x) from unnest(array[t.id, 2]) y (x)) from t order by 1", "3\n4\n5"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recursion), cmocka_unit_test(test_windows),
        cmocka_unit_test(test_groups),    cmocka_unit_test(test_zones),
        cmocka_unit_test(test_try),       cmocka_unit_test(test_subqueries),
        cmocka_unit_test(test_joins),     cmocka_unit_test(test_correlation),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
