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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recursion),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
