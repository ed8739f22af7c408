/* Athena SQL queries end to end: what comes out of DuckDB is what Trino answers. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"t", "id int, name string, price decimal(10,2), d date, ts timestamp",
     "(SELECT * FROM (VALUES (1, 'a', 1.50::DECIMAL(10,2), DATE '2020-01-01', TIMESTAMP "
     "'2020-01-01 "
     "10:00:00'), (2, 'b', 2.25, DATE '2020-01-02', TIMESTAMP '2020-01-02 11:30:00'), (3, NULL, "
     "NULL, NULL, NULL)) AS v(id, name, price, d, ts))"},
    {"u", "id int, k string, v bigint",
     "(SELECT * FROM (VALUES (1, 'x', 10::BIGINT), (1, 'y', 20), (2, 'x', 30), (4, 'z', 40)) AS "
     "v(id, k, v))"},
    {"n",
     "id int, a array<int>, m map<string,int>, r struct<x:int,y:string>, ra "
     "array<struct<p:int,q:string>>",
     "(SELECT * FROM (VALUES (1, [1,2,3], MAP {'a': 1, 'b': 2}, {'x': 5, 'y': 'why'}, [{'p': 1, "
     "'q': 'one'}, {'p': 2, 'q': 'two'}]), (2, [], MAP {}, NULL, NULL)) AS v(id, a, m, r, ra))"},
    {"e", "id int, x double, dt string", NULL},
    {"p", "id int, x double; dt string, hr int", NULL},
};
const size_t fake_table_count = COUNT_OF(fake_tables);

static void test_simple(void **state) {
    static const struct sql_case cases[] = {
        {"select 1", "1"},
        {"select 1, 'a', null", "1|a|NULL"},
        {"select * from t order by id", "1|a|1.50|2020-01-01|2020-01-01 10:00:00\n2|b|2.25|"
                                        "2020-01-02|2020-01-02 11:30:00\n3|NULL|NULL|NULL|NULL"},
        {"select T.ID from db.t order by 1 desc", "3\n2\n1"},
        {"select id x from t where name = 'b'", "2"},
        {"select count(*) from t where try_cast(id + 300 as tinyint) > -400", "0"},
        {"select count(*) from t", "3"},
        {"select count(*), count(name), sum(id), sum(price), avg(price), avg(id) from t",
         "3|2|6|3.75|1.88|2.0"},
        {"select id from t order by name desc", "2\n1\n3"},
        {"select id from t order by name asc nulls first", "3\n1\n2"},
        {"select id from t order by id limit 1", "1"},
        {"select id from t order by id offset 1 limit 1", "2"},
        {"select id from t order by id fetch first 2 rows only", "1\n2"},
        {"select k from u order by id fetch first 1 row with ties", "x\ny"},
        {"select distinct id from u order by id", "1\n2\n4"},
        {"values 1, 2, 3", "1\n2\n3"},
        {"select * from (values (1, 'a'), (2, 'b')) as v(x, y) order by x", "1|a\n2|b"},
        {"table u order by v limit 1", "1|x|10"},
        {"select t.* from t where id = 1", "1|a|1.50|2020-01-01|2020-01-01 10:00:00"},
        {"select awsdatacatalog.db.t.id from awsdatacatalog.db.t where id = 1", "1"},
        {"select sum(x) from e", "NULL"},
        {"select count_if(x > 1) from e", "0"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_joins(void **state) {
    static const struct sql_case cases[] = {
        {"select t.id, u.v from t join u on t.id = u.id order by v", "1|10\n1|20\n2|30"},
        {"select t.id, u.v from t left join u on t.id = u.id and u.k = 'x' order by t.id",
         "1|10\n2|30\n3|NULL"},
        {"select t.id, u.id from t full join u on t.id = u.id order by 1, 2",
         "1|1\n1|1\n2|2\n3|NULL\nNULL|4"},
        {"select id, name, k from t join u using (id) order by v", "1|a|x\n1|a|y\n2|b|x"},
        {"select * from t join u using (id) order by v limit 1",
         "1|a|1.50|2020-01-01|2020-01-01 10:00:00|x|10"},
        {"select id from t full join u using (id) order by id", "1\n1\n2\n3\n4"},
        {"select a.id, b.id from t a, t b where a.id < b.id order by 1, 2", "1|2\n1|3\n2|3"},
        {"select t.id from t where exists (select 1 from u where u.id = t.id) order by 1", "1\n2"},
        {"select id from t where id not in (select id from u) order by 1", "3"},
        {"select id, (select max(v) from u where u.id = t.id) from t order by 1",
         "1|20\n2|30\n3|NULL"},
        {"select id from t where id = any (select id from u) order by 1", "1\n2"},
        {"select id from t where id >= all (select id from t)", "3"},
        {"select t.id, x.v from t cross join lateral (select v from u where u.id = t.id) x order "
         "by v",
         "1|10\n1|20\n2|30"},
        {"select (select 1) + 1", "2"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_groups(void **state) {
    static const struct sql_case cases[] = {
        {"select id, count(*), sum(v) from u group by id order by id", "1|2|30\n2|1|30\n4|1|40"},
        {"select k, sum(v) s from u group by 1 order by s desc, k", "x|40\nz|40\ny|20"},
        {"select id % 2, count(*) from u group by id % 2 order by 1", "0|2\n1|2"},
        {"select k from u group by k having sum(v) > 20 order by k", "x\nz"},
        {"select id, k, sum(v), grouping(id, k) from u group by rollup (id, k) order by 4, 1, 2",
         "1|x|10|0\n1|y|20|0\n2|x|30|0\n4|z|40|0\n1|NULL|30|1\n2|NULL|30|1\n4|NULL|40|1\n"
         "NULL|NULL|100|3"},
        {"select k, count(*) from u group by grouping sets ((k), ()) order by 1",
         "x|2\ny|1\nz|1\nNULL|4"},
        {"select id, k, count(*) from u group by cube (id, k) order by 1, 2 limit 3",
         "1|x|1\n1|y|1\n1|NULL|2"},
        {"select count(distinct id), count(*) filter (where v > 15) from u", "3|3"},
        {"select array_agg(v order by v desc) from u", "[40, 30, 20, 10]"},
        {"select max_by(k, v), min_by(k, v) from u", "z|x"},
        {"select listagg(k, ',') within group (order by v) from u", "x,y,x,z"},
        {"select approx_distinct(k) from u", "3"},
        {"select approx_percentile(v, 0.5) from u", "30"},
        {"select bool_and(v > 5), bool_or(v > 35), every(v > 15) from u", "true|true|false"},
        {"select map_agg(k, v) from u where id < 4", "{x=10, y=20}"},
        {"select histogram(k) from u", "{x=2, y=1, z=1}"},
        {"select sum(v) from u group by ()", "100"},
        {"select any_value(k) from u where id = 4", "z"},
        {"select max(v, 2) from u", "[40, 30]"},
        {"select stddev(v), variance(v) from u where id = 1", "7.0710678118654755|50.0"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_windows(void **state) {
    static const struct sql_case cases[] = {
        {"select v, row_number() over (order by v desc) from u order by v",
         "10|4\n20|3\n30|2\n40|1"},
        {"select v, sum(v) over (partition by id order by v) from u order by v",
         "10|10\n20|30\n30|30\n40|40"},
        {"select v, lag(v) over (order by v), lead(v, 2, -1) over (order by v) from u order by v",
         "10|NULL|30\n20|10|40\n30|20|-1\n40|30|-1"},
        {"select v, sum(v) over w from u window w as (order by v rows between 1 preceding and "
         "current "
         "row) order by v",
         "10|10\n20|30\n30|50\n40|70"},
        {"select k, rank() over (order by k), dense_rank() over (order by k) from u order by k, v",
         "x|1|1\nx|1|1\ny|3|2\nz|4|3"},
        {"select k, sum(sum(v)) over (order by k) from u group by k order by k",
         "x|40\ny|60\nz|100"},
        {"select id, first_value(name) ignore nulls over (order by id desc) from t order by id",
         "1|b\n2|b\n3|NULL"},
        {"select v, ntile(2) over (order by v), cume_dist() over (order by v) from u order by v",
         "10|1|0.25\n20|1|0.5\n30|2|0.75\n40|2|1.0"},
        {"select d, count(*) over (order by d range between interval '1' day preceding and current "
         "row) from t where d is not null order by d",
         "2020-01-01|1\n2020-01-02|2"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_sets_and_with(void **state) {
    static const struct sql_case cases[] = {
        {"select 1 union all select 2 order by 1", "1\n2"},
        {"select id from t union select id from u order by 1", "1\n2\n3\n4"},
        {"select id from t intersect select id from u order by 1", "1\n2"},
        {"select id from t except select id from u order by 1", "3"},
        {"select 1 union all select 2.5 order by 1", "1.0\n2.5"},
        {"with a as (select id from t), b(y) as (select id + 1 from a) select y from b order by y",
         "2\n3\n4"},
        {"with recursive r(n) as (values 1 union all select n + 1 from r where n < 4) select "
         "sum(n) "
         "from r",
         "10"},
        {"(select 1 as x) union all (select 2) order by x desc limit 1", "2"},
        {"select * from (select id, count(*) c from u group by id) where c > 1", "1|2"},
        {"select count(*) from (select count(*) c from t)", "1"},
        {"with a as (select 1 x) select * from a x join a y on x.x = y.x", "1|1"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

static void test_unnest(void **state) {
    static const struct sql_case cases[] = {
        {"select id, x from n cross join unnest(a) as z(x) order by x", "1|1\n1|2\n1|3"},
        {"select id, x from n left join unnest(a) as z(x) on true order by id, x",
         "1|1\n1|2\n1|3\n2|NULL"},
        {"select k, v from n cross join unnest(m) as z(k, v) order by k", "a|1\nb|2"},
        {"select p, q from n cross join unnest(ra) as z(p, q) order by p", "1|one\n2|two"},
        {"select x, o from n cross join unnest(a) with ordinality as z(x, o) order by o",
         "1|1\n2|2\n3|3"},
        {"select * from unnest(array[1,2], array['a']) as z(x, y) order by x", "1|a\n2|NULL"},
        {"select r.x, r.y, n.r.x from n where id = 1", "5|why|5"},
        {"select a[2], m['b'], cardinality(a), cardinality(m) from n where id = 1", "2|2|3|2"},
        {"select sum(x) from n, unnest(a) as z(x)", "6"},
        {"select (r).* from n where id = 1", "5|why"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_groups),        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_sets_and_with), cmocka_unit_test(test_unnest),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
