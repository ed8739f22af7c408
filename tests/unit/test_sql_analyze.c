/* Names, types, errors, scans and constraints of analyzed statements; nothing is run. */
#include "sql/functions.h"
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"t", "id int, name string, price decimal(10,2), d date, ts timestamp", NULL},
    {"u", "id int, k string, v bigint", NULL},
    {"p", "id int, x double, c char(3), f float; dt string, hr int, day date", NULL},
    {"n", "id int, a array<int>, m map<string,int>, r struct<x:int,y:string>", NULL},
};
const size_t fake_table_count = COUNT_OF(fake_tables);

static void test_errors(void **state) {
#define WHERE_IS "' cannot be resolved or requester is not authorized to access requested resources"
    static const struct sql_case cases[] = {
        {"select x from t", "!COLUMN_NOT_FOUND: line 1:8: Column 'x" WHERE_IS},
        {"select t.x from t", "!COLUMN_NOT_FOUND: line 1:8: Column 't.x" WHERE_IS},
        {"select id\nfrom t\nwhere  z = 1", "!COLUMN_NOT_FOUND: line 3:8: Column 'z" WHERE_IS},
        {"select id as a from t where a = 1", "!COLUMN_NOT_FOUND: line 1:29: Column 'a" WHERE_IS},
        {"select * from nope",
         "!TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.nope' does not exist"},
        {"select * from other.t", "!SCHEMA_NOT_FOUND: line 1:15: Schema 'other' does not exist"},
        {"select * from cat.db.t", "!CATALOG_NOT_FOUND: line 1:15: Catalog 'cat' does not exist"},
        {"select foo(1)", "!FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered"},
        {"select length(1)", "!FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for "
                             "function length. Expected: length(varchar), length(varbinary)"},
        {"select id from t where name = 1",
         "!TYPE_MISMATCH: line 1:29: Cannot apply operator: varchar = integer"},
        {"select '1' = 1",
         "!TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) = integer"},
        {"select 1 || 'a'", "!*"},
        {"select d = '2020-01-01' from t",
         "!TYPE_MISMATCH: line 1:10: Cannot apply operator: date = varchar(10)"},
        {"select 'a' + 1",
         "!TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) + integer"},
        {"select id from t where id",
         "!TYPE_MISMATCH: line 1:24: WHERE clause must evaluate to a boolean: actual type integer"},
        {"select not 1", "!TYPE_MISMATCH: *"},
        {"select 1 and true", "!TYPE_MISMATCH: *"},
        {"select coalesce(1, 'a')", "!*"},
        {"select greatest(1, '2')", "!*"},
        {"select case when true then 1 else 'a' end", "!TYPE_MISMATCH: *"},
        {"select 1 in (1, 'a')", "!TYPE_MISMATCH: *"},
        {"select cast(date '2020-01-01' as bigint)",
         "!TYPE_MISMATCH: line 1:8: Cannot cast date to bigint"},
        {"select 1 union select 'a'", "!TYPE_MISMATCH: line 1:10: column 1 in UNION query has "
                                      "incompatible types: integer, varchar(1)"},
        {"select 1 union select 1, 2",
         "!TYPE_MISMATCH: line 1:10: UNION query has different number of fields: 1, 2"},
        {"select id, count(*) from t", "!EXPRESSION_NOT_AGGREGATE: line 1:8: 'id' must be an "
                                       "aggregate expression or appear in GROUP BY clause"},
        {"select name from t group by id", "!EXPRESSION_NOT_AGGREGATE: line 1:8: 'name' must be an "
                                           "aggregate expression or appear in GROUP BY clause"},
        {"select id from t group by id having name = 'a'", "!EXPRESSION_NOT_AGGREGATE: *"},
        {"select id from t group by id order by name", "!EXPRESSION_NOT_AGGREGATE: *"},
        {"select id from t where count(*) > 1",
         "!EXPRESSION_NOT_SCALAR: line 1:33: WHERE clause cannot contain aggregations, window "
         "functions or grouping operations: [*"},
        {"select sum(sum(id)) from t", "!NESTED_AGGREGATION: *"},
        {"select id from t, u", "!AMBIGUOUS_NAME: line 1:8: Column 'id' is ambiguous"},
        {"select distinct id from t order by name",
         "!EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must "
         "appear in select list"},
        {"select id from t order by 2",
         "!INVALID_COLUMN_REFERENCE: line 1:27: ORDER BY position 2 is not in select list"},
        {"select id from t group by 3",
         "!INVALID_COLUMN_REFERENCE: line 1:27: GROUP BY position 3 is not in select list"},
        {"select rank() from t", "!MISSING_OVER: *"},
        {"select concat('a')", "!*"},
        {"select tinyint '12.1'",
         "!INVALID_LITERAL: line 1:8: '12.1' is not a valid TINYINT literal"},
        {"select * from (values (1, 2), (3))", "!TYPE_MISMATCH: *"},
        {"select a.* from t", "!TABLE_NOT_FOUND: *"},
        {"select *", "!COLUMN_NOT_FOUND: *"},
        {"select id from t where id in (select k from u)", "!TYPE_MISMATCH: *"},
        {"select r.z from n", "!COLUMN_NOT_FOUND: *"},
        {"select id.z from n", "!*"},
        {"select a['x'] from n", "!TYPE_MISMATCH: *"},
        {"select id[1] from n", "!TYPE_MISMATCH: *"},
        {"select x -> 1", "!*"},
        {"with a as (select 1), a as (select 2) select * from a", "!DUPLICATE_NAMED_QUERY: *"},
        {"select * from t join u using (zz)", "!COLUMN_NOT_FOUND: line 1:31: Column 'zz' is "
                                              "missing from left side of join"},
        {"select to_hex('a')", "!FUNCTION_NOT_FOUND: *"},
        {"select sum(name) from t", "!FUNCTION_NOT_FOUND: *"},
        {"select max(m) from n", "!FUNCTION_NOT_FOUND: *"},
        {"select * from unnest(1)", "!TYPE_MISMATCH: *"},
        {"select id from t fetch first 1 rows with ties", "!MISSING_ORDER_BY: *"},
        {"select cast(1 as geometry)", "!NOT_SUPPORTED: *"},
        {"select filter(array[1], x -> x > (select 1))", "!NOT_SUPPORTED: *"},
        {"select try((select 1))", "!NOT_SUPPORTED: *"},
        {"select t.id from t join u using (k)", "!COLUMN_NOT_FOUND: *"},
        {"select t.id from t join u using (id)", "!COLUMN_NOT_FOUND: *"},
        {"select timestamp '2020-01-01 00:00:00.1234567'", "2020-01-01 00:00:00.1234567"},
        {"select timestamp '2020-01-01 00:00:00.1234567890123'", "!NUMERIC_VALUE_OUT_OF_RANGE: *"},
        {"select timestamp '2020-03-29 02:30:00 Europe/Berlin'",
         "!INVALID_LITERAL: line 1:8: '2020-03-29 02:30:00 Europe/Berlin' is not a valid TIMESTAMP "
         "literal"},
        {"select timestamp '2020-03-29 02:30:00 Europe/Atlantis'", "!INVALID_LITERAL: *"},
        {"select time '24:00:00'", "!INVALID_LITERAL: *"},
        {"select extract(year from time '12:34:56')", "!TYPE_MISMATCH: *"},
        {"select extract(timezone_hour from timestamp '2020-01-01 00:00:00')", "!TYPE_MISMATCH: *"},
        {"select time '12:00:00' + interval '1' month", "!TYPE_MISMATCH: *"},
    };
    run_cases(*state, cases, COUNT_OF(cases), false);
}

/* name:type(precision,scale) of each output */
static const char *columns(struct sql_run *r, const char *text) {
    struct sql_plan *p;
    struct err e = {0};
    size_t n;
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    buf_reset(&r->out);
    if (fake_plan(&r->a, text, &p, &e)) {
        buf_add_fmt(&r->out, "!%s: %s", e.name, e.text);
        return buf_cstr(&r->out);
    }
    const struct sql_out_column *c = sql_plan_columns(p, &n);
    for (size_t i = 0; i < n; i++)
        buf_add_fmt(&r->out, "%s%.*s:%.*s(%d,%d)", i ? " " : "", BYTES_ARG(c[i].name),
                    BYTES_ARG(c[i].type), c[i].precision, c[i].scale);
    return buf_cstr(&r->out);
}

static void test_columns(void **state) {
    static const struct sql_case cases[] = {
        {"select id, count(*) from t group by id", "id:integer(10,0) _col1:bigint(19,0)"},
        {"select 1, 'abc', 1.5, true, null, 1e0",
         "_col0:integer(10,0) _col1:varchar(3,0) _col2:decimal(2,1) _col3:boolean(0,0) "
         "_col4:unknown(0,0) _col5:double(17,0)"},
        {"select * from p",
         "id:integer(10,0) x:double(17,0) c:char(3,0) f:float(17,0) dt:varchar(2147483647,0) "
         "hr:integer(10,0) day:date(0,0)"},
        {"select sum(id) s, avg(price), sum(price), max(ts) from t",
         "s:bigint(19,0) _col1:decimal(10,2) _col2:decimal(38,2) _col3:timestamp(3,0)"},
        {"select t.id, cast(id as bigint), r.x from n t",
         "id:integer(10,0) _col1:bigint(19,0) x:integer(10,0)"},
        {"select a, m, r from n", "a:array(0,0) m:map(0,0) r:row(0,0)"},
        {"select current_timestamp, x'00', interval '1' day",
         "_col0:timestamp with time zone(3,0) _col1:varbinary(1073741824,0) _col2:interval day to "
         "second(0,0)"},
        {"select id from t union select v from u", "id:bigint(19,0)"},
    };
    size_t bad = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *got = columns(*state, cases[i].sql);
        if (strcmp(got, cases[i].want) == 0)
            continue;
        bad++;
        print_message("%s\n  got  %s\n  want %s\n", cases[i].sql, got, cases[i].want);
    }
    assert_int_equal(bad, 0);
}

/* Each scan: used columns, then constraints. */
static const char *scans(struct sql_run *r, const char *text) {
    static const char *const ops[] = {"=", "<", "<=", ">", ">=", "in", "none"};
    struct sql_plan *p;
    struct err e = {0};
    size_t n;
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    buf_reset(&r->out);
    if (fake_plan(&r->a, text, &p, &e)) {
        buf_add_fmt(&r->out, "!%s: %s", e.name, e.text);
        return buf_cstr(&r->out);
    }
    const struct sql_scan *s = sql_plan_scans(p, &n);
    for (size_t i = 0; i < n; i++) {
        buf_add_fmt(&r->out, "%s%.*s(", i ? " " : "", BYTES_ARG(s[i].table->name));
        for (size_t c = 0, first = 1; c < s[i].table->column_count; c++)
            if (s[i].column_used[c]) {
                buf_add_fmt(&r->out, "%s%.*s", first ? "" : ",",
                            BYTES_ARG(s[i].table->columns[c].name));
                first = 0;
            }
        buf_add_str(&r->out, ")");
        for (size_t k = 0; k < s[i].constraint_count; k++) {
            const struct sql_constraint *q = &s[i].constraints[k];
            buf_add_fmt(&r->out, "[%.*s%s", BYTES_ARG(q->column), ops[q->op]);
            for (size_t v = 0; v < q->value_count; v++)
                buf_add_fmt(&r->out, "%s%.*s", v ? "," : "", BYTES_ARG(q->values[v]));
            buf_add_str(&r->out, "]");
        }
    }
    return buf_cstr(&r->out);
}

static void test_scans(void **state) {
    static const struct sql_case cases[] = {
        {"select count(*) from p", "p()"},
        {"select x from p where dt = '2020'", "p(x,dt)[dt=2020]"},
        {"select x from p where '2020' < dt and hr between 1 and 5 and x > 2",
         "p(x,dt,hr)[dt>2020][hr>=1][hr<=5]"},
        {"select x from p where dt in ('a', 'b')", "p(x,dt)[dtina,b]"},
        {"select x from p where dt = 'a' or dt = 'b'", "p(x,dt)[dtina,b]"},
        {"select x from p where dt = 'a' or x = 1", "p(x,dt)"},
        {"select x from p where not dt = 'a'", "p(x,dt)"},
        {"select x from p where dt <> 'a'", "p(x,dt)"},
        {"select x from p where hr = 3000000000", "p(x,hr)[hr=3000000000]"},
        {"select x from p where hr = 1.5", "p(x,hr)[dtnone]"},
        {"select x from p where day = date '2020-01-02'", "p(x,day)[day=2020-01-02]"},
        {"select x from p where day >= current_date - interval '7' day",
         "p(x,day)[day>=2024-03-08]"},
        {"select x from p where dt = date_format(current_date - interval '1' day, '%Y/%m/%d')",
         "p(x,dt)[dt=2024/03/14]"},
        {"select x from p where dt = cast(date_add('day', -1, current_date) as varchar)",
         "p(x,dt)[dt=2024-03-14]"},
        {"select u.id from u join p on u.id = p.id and p.dt = 'a'", "u(id) p(id,dt)[dt=a]"},
        {"select u.id from u left join p on u.id = p.id and p.dt = 'a'", "u(id) p(id,dt)[dt=a]"},
        {"select p.id from p left join u on u.id = p.id and p.dt = 'a'", "p(id,dt) u(id)"},
        {"select u.id from u left join p on u.id = p.id where p.dt = 'a'", "u(id) p(id,dt)[dt=a]"},
        {"select x from (select x, dt from p) where dt = 'a'", "p(x,dt)[dt=a]"},
        {"select x from (select x, dt from p limit 5) where dt = 'a'", "p(x,dt)"},
        {"select * from (select dt, sum(x) s from p group by dt) where dt = 'a'", "p(x,dt)[dt=a]"},
        {"select * from (select dt, row_number() over (order by x) n from p) where dt = 'a'",
         "p(x,dt)"},
        {"with c as (select * from p) select x from c where dt = 'a'", "p(x,dt)[dt=a]"},
        {"with c as (select * from p) select 1 from c, c d where c.dt = 'a'", "p(dt)"},
        {"select x from (select x, dt from p union all select x, dt from p) where dt = 'a'",
         "p(x,dt)[dt=a] p(x,dt)[dt=a]"},
        {"select id from u where exists (select 1 from p where dt = 'a' and p.id = u.id)",
         "u(id) p(id,dt)[dt=a]"},
        {"select id from (select id, name, price from t)", "t(id)"},
        {"select count(*) from (select distinct name from t)", "t(name)"},
    };
    size_t bad = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *got = scans(*state, cases[i].sql);
        if (strcmp(got, cases[i].want) == 0)
            continue;
        bad++;
        print_message("%s\n  got  %s\n  want %s\n", cases[i].sql, got, cases[i].want);
    }
    assert_int_equal(bad, 0);
}

/* Every row of the function table can be read: its signature matches, or refuses, any one type. */
static void test_signatures(void **state) {
    struct sql_run *r = *state;
    assert_true(sql_fn_count() > 300);
    static const char *const values[] = {"1",
                                         "1.5",
                                         "1e0",
                                         "'a'",
                                         "null",
                                         "date '2020-01-01'",
                                         "array[1]",
                                         "map(array['a'], array[1])",
                                         "row(1, 2)",
                                         "x'00'",
                                         "true",
                                         "interval '1' day",
                                         "current_timestamp"};
    static const char *const names[] = {"abs",          "substr",        "date_trunc", "element_at",
                                        "contains",     "reduce",        "min_by",     "round",
                                        "json_extract", "map_agg",       "greatest",   "concat",
                                        "format",       "from_unixtime", "zip"};
    for (size_t f = 0; f < COUNT_OF(names); f++)
        for (size_t i = 0; i < COUNT_OF(values); i++)
            for (size_t j = 0; j <= COUNT_OF(values); j++) {
                char text[300];
                struct sql_plan *p;
                struct err e = {0};
                snprintf(text, sizeof(text), "select %s(%s%s%s)", names[f], values[i],
                         j < COUNT_OF(values) ? ", " : "", j < COUNT_OF(values) ? values[j] : "");
                arena_clear(&r->a);
                arena_init(&r->a, 0);
                int rc = fake_plan(&r->a, text, &p, &e);
                assert_true(rc == 0 || rc == ERR_SQL);
                assert_true(rc == 0 || e.line == 1);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_scans),
        cmocka_unit_test(test_signatures),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
