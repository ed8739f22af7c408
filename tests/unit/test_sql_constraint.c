/* What each scan of a statement must satisfy: constraints and predicates, and the statement's
 * conditions they come from. Nothing is run. */
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"p",
     "id int, big bigint, x double, f float, name string, price decimal(10,2), ok boolean, ts "
     "timestamp, made date, c char(3); dt string, hr int, day date",
     NULL},
    {"q", "id int, name string, k string; dt string, hr bigint", NULL},
    {"n", "id int, v string, a array<int>", NULL},
};
const size_t fake_table_count = COUNT_OF(fake_tables);

/* Each scan: its table, [constraint], {condition of a predicate}. */
static const char *scans(struct sql_run *r, const char *text) {
    static const char *const ops[] = {"=", "<", "<=", ">", ">=", " in ", " none"};
    struct sql_plan *p;
    struct err e = {0};
    size_t n, conditions;
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    buf_reset(&r->out);
    if (fake_plan(&r->a, text, &p, &e)) {
        buf_add_fmt(&r->out, "!%s: %s", e.name, e.text);
        return buf_cstr(&r->out);
    }
    const struct sql_scan *s = sql_plan_scans(p, &n);
    const struct sql_condition *c = sql_plan_conditions(p, &conditions);
    for (size_t i = 0; i < n; i++) {
        buf_add_fmt(&r->out, "%s%.*s", i ? " " : "", BYTES_ARG(s[i].table->name));
        for (size_t k = 0; k < s[i].constraint_count; k++) {
            const struct sql_constraint *q = &s[i].constraints[k];
            buf_add_fmt(&r->out, "[%.*s%s", BYTES_ARG(q->column), ops[q->op]);
            for (size_t v = 0; v < q->value_count; v++)
                buf_add_fmt(&r->out, "%s%.*s", v ? "," : "", BYTES_ARG(q->values[v]));
            buf_add_str(&r->out, "]");
            assert_true(q->condition < conditions);
        }
        for (size_t k = 0; k < s[i].predicate_count; k++) {
            assert_true(s[i].predicates[k].condition < conditions);
            buf_add_fmt(&r->out, "{%.*s}", BYTES_ARG(c[s[i].predicates[k].condition].text));
        }
    }
    return buf_cstr(&r->out);
}

/* `cases` are conditions on p unless they start with "select" or "with". */
static void check(struct sql_run *r, const struct sql_case *cases, size_t count) {
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        char text[4096], want[4096];
        bool whole =
            strncmp(cases[i].sql, "select", 6) == 0 || strncmp(cases[i].sql, "with", 4) == 0;
        snprintf(text, sizeof(text), "%s%s", whole ? "" : "select id from p where ", cases[i].sql);
        snprintf(want, sizeof(want), "%s%s", whole ? "" : "p", cases[i].want);
        const char *got = scans(r, text);
        if (strcmp(got, want) == 0)
            continue;
        bad++;
        print_message("%s\n  got  %s\n  want %s\n", cases[i].sql, got, want);
    }
    if (bad)
        fail_msg("%zu of %zu cases differ", bad, count);
}

static void test_values(void **state) {
    static const struct sql_case cases[] = {
        /* data columns of every type */
        {"id = 5", "[id=5]"},
        {"big between 3 and 9", "[big>=3][big<=9]"},
        {"name >= 'a' and name < 'b'", "[name>=a][name<b]"},
        {"price > 1.5", "[price>1.50]"},
        {"price > 1", "[price>1.00]"},
        {"price in (1, 2.25)", "[price in 1.00,2.25]"},
        {"ok", "[ok=true]"},
        {"not ok", "[ok=false]"},
        {"ok = false", "[ok=false]"},
        {"ts >= timestamp '2024-01-02 03:04:05.678'", "[ts>=2024-01-02 03:04:05.678]"},
        {"ts > date '2024-01-02'", "[ts>2024-01-02 00:00:00]"},
        {"ts > current_timestamp - interval '1' hour", "[ts>2024-03-15 12:07:08.123]"},
        {"made <= date '2024-01-02'", "[made<=2024-01-02]"},
        /* the constant is moved to the column's type */
        {"id > 1.5", "[id>1]"},
        {"id < 1.5", "[id<=1]"},
        {"id >= 2.0", "[id>=2]"},
        {"id = 1.5", "[dt none]"},
        {"id < 1e10", "[id<10000000000]"},
        {"id < -1.5", "[id<=-2]"},
        {"big < 1e10", ""},
        {"big < 10", "[big<10]"},
        {"made >= timestamp '2024-01-02 10:00:00'", "[made>2024-01-02]"},
        {"made < timestamp '2024-01-02 00:00:00'", "[made<2024-01-02]"},
        {"cast(id as bigint) = 7", "[id=7]"},
        {"cast(id as varchar) = '7'", ""},
        {"c = 'ab'", ""},
        {"id + 1 = 7", ""},
        /* NaN is above all numbers: a lower bound alone says nothing */
        {"x < 2e0", "[x<2]"},
        {"x > 2e0", ""},
        {"x = 2e0", "[x=2]"},
        {"x between 1e0 and 2e0", "[x<=2][x>=1]"},
        {"x > 1e0 and x < 2e0", "[x<2][x>1]"},
        {"not x <= 2e0", ""},
        {"not x > 2e0", "[x<=2]"},
        {"f < 1e-1", "[f<0.10000000000000001]"},
        {"x in (1e0, 2e0)", "[x in 1,2]"},
        /* negation */
        {"not (id < 5 or name = 'b')", "[id>=5]"},
        {"not id = 5", ""},
        {"id <> 5", ""},
        /* nothing can pass */
        {"1 = 2", "[dt none]"},
        {"dt = null", "[dt none]"},
        {"id in (null)", "[dt none]"},
        {"false", "[dt none]"},
        {"true", ""},
        /* sets */
        {"id = 1 or id = 2 or id in (3, 1)", "[id in 1,2,3]"},
        {"(dt = 'a' and id = 1) or (dt = 'b' and id = 2)",
         "[dt in a,b][id in 1,2]{(dt = 'a' and id = 1) or (dt = 'b' and id = 2)}"},
        {"dt = 'a' or id = 1", ""},
        {"dt = 'a' or dt = 'b'", "[dt in a,b]"},
        /* ranges around an OR */
        {"id between 1 and 5 or id between 10 and 15", "[id<=15][id>=1]"},
        {"id < 3 or id = 7 or id in (4, 5)", "[id<=7]"},
        {"id < 3 or id > 7", ""},
        {"id > 3 or (id = 1 and ok)", "[id>=1]"},
        {"id > 3 or 1 = 2", "[id>3]"},
        {"x between 1e0 and 2e0 or x = 5e0", "[x<=5][x>=1]"},
        {"x > 1e0 or x = 5e0", ""},
        {"ts < timestamp '2024-01-01 00:00:00' or ts = date '2024-02-01'",
         "[ts<=2024-02-01 00:00:00]"},
        {"dt > 'b' or dt = 'a'", "[dt>=a]{dt > 'b' or dt = 'a'}"},
        /* parts of time */
        {"cast(ts as date) = date '2024-01-02'",
         "[ts>=2024-01-02 00:00:00][ts<2024-01-03 00:00:00]"},
        {"date(ts) > date '2024-01-02'", "[ts>=2024-01-03 00:00:00]"},
        {"date(ts) <= current_date - interval '1' day", "[ts<2024-03-15 00:00:00]"},
        {"cast(ts as date) between date '2024-01-02' and date '2024-01-05'",
         "[ts>=2024-01-02 00:00:00][ts<2024-01-06 00:00:00]"},
        {"year(ts) >= 2024", "[ts>=2024-01-01 00:00:00]"},
        {"year(made) < 2024", "[made<2024-01-01]"},
        {"date_trunc('month', made) = date '2024-12-01'", "[made>=2024-12-01][made<2025-01-01]"},
        {"date_trunc('month', made) = date '2024-12-02'", "[dt none]"},
        {"date_trunc('month', made) > date '2024-12-02'", "[made>=2025-01-01]"},
        {"date_trunc('week', made) < date '2024-03-15'", "[made<2024-03-18]"},
        {"date_trunc('hour', ts) <= timestamp '2024-01-02 10:30:00'", "[ts<2024-01-02 11:00:00]"},
        {"date_trunc('hour', ts) = cast(made as timestamp)", ""},
        {"month(made) = 2", ""},
        /* beginnings */
        {"name like 'ab%'", "[name>=ab][name<ac]"},
        {"name like 'a_b%' ", "[name>=a][name<b]"},
        {"name like '%b'", ""},
        {"name like 'ab'", "[name=ab]"},
        {"name like ''", "[name=]"},
        {"name like 'a!_b%' escape '!'", "[name>=a_b][name<a_c]"},
        {"dt like 'a!%' escape '!'", "[dt>=a%][dt<a&]{dt like 'a!%' escape '!'}"},
        {"name is not distinct from 'a'", "[name=a]"},
        {"name is not distinct from null", ""},
        {"starts_with(name, 'ab')", "[name>=ab][name<ac]"},
        {"substr(dt, 1, 7) = '2024-01'", "[dt>=2024-01][dt<2024-02]{substr(dt, 1, 7) = '2024-01'}"},
    };
    check(*state, cases, COUNT_OF(cases));
}

static void test_predicates(void **state) {
    static const struct sql_case cases[] = {
        {"dt = '2024'", "[dt=2024]"},
        {"hr = 1.5", "[dt none]"},
        {"dt like '2024-01%'", "[dt>=2024-01][dt<2024-02]{dt like '2024-01%'}"},
        {"dt is null", "{dt is null}"},
        {"dt is not null", "{dt is not null}"},
        {"dt <> 'a'", "{dt <> 'a'}"},
        {"not dt = 'a'", "{not dt = 'a'}"},
        {"dt < 'a' or dt > 'z'", "{dt < 'a' or dt > 'z'}"},
        {"dt not in ('a', 'b')", "{dt not in ('a', 'b')}"},
        {"cast(dt as date) >= current_date - interval '7' day",
         "{cast(dt as date) >= current_date - interval '7' day}"},
        {"dt || cast(hr as varchar) = 'a1'", "{dt || cast(hr as varchar) = 'a1'}"},
        {"hr % 2 = 0", "{hr % 2 = 0}"},
        {"year(day) = 2024 and month(day) in (1, 2)",
         "[day>=2024-01-01][day<2025-01-01]{month(day) in (1, 2)}"},
        {"hr + id = 3", ""},
        {"hr = id", ""},
        {"hr + id = 3 and hr > 2", "[hr>2]"},
        {"rand() < hr", ""},
        {"dt >= date_format(current_date - interval '7' day, '%Y-%m-%d')", "[dt>=2024-03-08]"},
        {"dt >= cast(date_trunc('month', current_date) as varchar)", "[dt>=2024-03-01]"},
        {"day >= date_trunc('month', current_date) - interval '1' month", "[day>=2024-02-01]"},
        {"dt = substr(cast(current_timestamp as varchar), 1, 10)", "[dt=2024-03-15]"},
        {"(dt = 'a' and hr > 3 and id = 1) or (dt = 'b' and hr < 3)",
         "[dt in a,b]{(dt = 'a' and hr > 3 and id = 1) or (dt = 'b' and hr < 3)}"},
        {"case when hr > 3 then dt else 'x' end = 'x'",
         "{case when hr > 3 then dt else 'x' end = 'x'}"},
    };
    check(*state, cases, COUNT_OF(cases));
}

static void test_pushing(void **state) {
    static const struct sql_case cases[] = {
        {"select * from p join q on p.id = q.id and p.dt = q.dt where p.dt = 'a'",
         "p[dt=a] q[dt=a]"},
        {"select * from p, q where p.hr = q.hr and q.hr > 3", "p[hr>3] q[hr>3]"},
        {"select * from p, q, q z where p.dt = q.dt and z.dt = q.dt and z.dt like 'a%'",
         "p[dt>=a][dt<b]{z.dt like 'a%'} q[dt>=a][dt<b]{z.dt like 'a%'} "
         "q[dt>=a][dt<b]{z.dt like 'a%'}"},
        {"select * from p left join q on p.dt = q.dt where p.dt = 'a'", "p[dt=a] q[dt=a]"},
        {"select * from p left join q on p.dt = q.dt and p.dt = 'a'", "p q[dt=a]"},
        {"select * from p left join q on p.id = q.id where q.dt is null", "p q"},
        {"select * from p left join q on p.id = q.id where q.dt is not null",
         "p q{q.dt is not null}"},
        {"select * from p left join q on p.id = q.id where coalesce(q.dt, 'a') = 'a'", "p q"},
        {"select * from p left join q on p.id = q.id where lower(q.dt) = 'a'",
         "p q{lower(q.dt) = 'a'}"},
        {"select * from p left join q on p.id = q.id where p.dt is null", "p{p.dt is null} q"},
        {"select * from p right join q on p.dt = q.dt where q.dt = 'a'", "p[dt=a] q[dt=a]"},
        {"select * from p full join q on p.dt = q.dt where q.dt = 'a'", "p q[dt=a]"},
        {"select * from p full join q on p.dt = q.dt and q.dt = 'a'", "p q"},
        {"select * from p join q using (dt) where dt = 'a'", "p[dt=a] q[dt=a]"},
        {"select * from p full join q using (dt) where dt = 'a'", "p q"},
        {"select * from p where exists (select 1 from q where q.dt = 'a' and q.id = p.id)",
         "p q[dt=a]"},
        {"select * from p where dt in (select dt from q) and dt > 'b'", "p[dt>b] q[dt>b]"},
        {"select * from p where dt not in (select dt from q) and dt > 'b'", "p[dt>b] q"},
        {"select * from p where dt in (values 'a', 'b')", "p[dt in a,b]"},
        {"select * from p where dt in (select 'a' union all select 'b')", "p[dt in a,b]"},
        {"select * from p join (values ('a', 1), ('b', 2)) as v(dt, z) on p.dt = v.dt",
         "p[dt in a,b]"},
        {"with params as (select date '2024-01-01' as since) select * from p cross join params "
         "where day >= since",
         "p[day>=2024-01-01]"},
        {"with params as (select date '2024-01-01' as since) select * from p where day >= (select "
         "since from params) and hr = (values 3)",
         "p[day>=2024-01-01][hr=3]"},
        {"select * from p where dt = (select max(dt) from q)", "p q"},
        {"select * from p join q on p.dt = date_format(cast(q.dt as date), '%Y') where p.dt > 'a'",
         "p[dt>a] q{p.dt > 'a'}"},
        {"select * from p join q on lower(p.dt) = q.dt where p.dt = 'A'",
         "p[dt=A]{lower(p.dt) = q.dt} q[dt=a]"},
        {"select * from p where dt = 'a' and dt = 'b'", "p[dt=a][dt=b][dt none]"},
        {"select * from p left join q on p.dt = q.dt left join q z on q.dt = z.dt where p.dt = 'a'",
         "p[dt=a] q[dt=a] q[dt=a]"},
        {"select * from (p left join q on p.dt = q.dt) join q z on q.dt = z.dt where p.dt = 'a'",
         "p[dt=a] q[dt=a] q[dt=a]"},
        {"select * from (p left join q on p.dt = q.dt) join q z on q.id = z.id or q.dt = z.dt "
         "where p.dt = 'a'",
         "p[dt=a] q[dt=a] q"},
        /* subqueries */
        {"select * from (select dt, id + 1 as y from p) where dt = 'a' and y = 3", "p[dt=a]"},
        {"select * from (select lower(dt) as l from p) where l = 'a'", "p{l = 'a'}"},
        {"select * from (select dt from p limit 3) where dt = 'a'", "p"},
        {"select * from (select distinct dt from p) where dt = 'a'", "p[dt=a]"},
        {"select * from (select dt, count(*) n from p group by dt) where dt = 'a' and n > 1",
         "p[dt=a]"},
        {"select * from (select upper(dt) u, count(*) n from p group by dt) where u = 'A'",
         "p{u = 'A'}"},
        {"select * from (select dt, hr from p group by rollup (dt, hr)) where dt = 'a'", "p"},
        {"select * from (select dt, hr from p group by dt, rollup (hr)) where dt = 'a' and hr = 1",
         "p[dt=a]"},
        {"select dt from p group by dt having dt = 'a' and count(*) > 1", "p[dt=a]"},
        {"select max(dt) from p having max(dt) = 'a'", "p"},
        {"select * from (select dt, rank() over (partition by dt order by id) n from p) where dt = "
         "'a' and n = 1",
         "p[dt=a]"},
        {"select * from (select dt, rank() over (partition by hr order by id) n from p) where dt = "
         "'a'",
         "p"},
        {"select * from (select dt, hr from p union all select dt, hr from q) where dt = 'a' and "
         "hr > 3",
         "p[dt=a][hr>3] q[dt=a][hr>3]"},
        {"select * from (select dt from p except select dt from q) where dt = 'a'",
         "p[dt=a] q[dt=a]"},
        /* WITH */
        {"with c as (select * from p) select * from c where dt = 'a'", "p[dt=a]"},
        {"with c as (select * from p) select * from c a, c b where a.dt = 'a' and b.dt = 'b'",
         "p[dt in a,b]"},
        {"with c as (select * from p) select * from c a, c b where a.dt = 'a'", "p"},
        {"with c as (select * from p) select * from c a join c b on a.dt = b.dt where a.dt = 'a'",
         "p[dt=a]"},
        {"with c as (select * from p), d as (select * from c where hr = 1) select * from d where "
         "dt = 'a'",
         "p[hr=1][dt=a]"},
        {"with recursive c(d) as (select dt from p union all select d || 'x' from c where "
         "length(d) < 5) select * from c where d = 'a'",
         "p"},
        {"select * from p tablesample bernoulli (50) where dt = 'a'", "p"},
        {"select * from p, unnest(array[1, 2]) as z(y) where dt = 'a' and y = 1", "p[dt=a]"},
        {"select * from q cross join lateral (select * from p where p.dt = 'a' and p.id = q.id) z "
         "where z.hr = 3",
         "q p[dt=a][hr=3]"},
        {"select * from p, q where (p.dt = 'a' and q.dt = 'b') or (p.dt = 'c' and q.dt = 'd')",
         "p[dt in a,c] q[dt in b,d]"},
    };
    check(*state, cases, COUNT_OF(cases));
}

static void test_conditions(void **state) {
    struct sql_run *r = *state;
    struct sql_plan *p;
    struct err e = {0};
    size_t n;
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    const char *text = "select p.dt from p join q on p.id=q.id   and (q.dt='x')\n"
                       "where p.dt >   /* since */ '2024' and (p.hr = 1 or p.hr = 2)\n"
                       "group by p.dt having count( * ) > 3";
    assert_int_equal(fake_plan(&r->a, text, &p, &e), 0);
    const struct sql_condition *c = sql_plan_conditions(p, &n);
    static const struct sql_condition want[] = {{BYTES("p.id=q.id"), 1, 30},
                                                {BYTES("q.dt='x'"), 1, 47},
                                                {BYTES("p.dt > '2024'"), 2, 7},
                                                {BYTES("p.hr = 1 or p.hr = 2"), 2, 40},
                                                {BYTES("count( * ) > 3"), 3, 22}};
    assert_int_equal(n, COUNT_OF(want));
    for (size_t i = 0; i < n; i++) {
        char got[100], expected[100];
        snprintf(got, sizeof(got), "%d:%d %.*s", c[i].line, c[i].column, BYTES_ARG(c[i].text));
        snprintf(expected, sizeof(expected), "%d:%d %.*s", want[i].line, want[i].column,
                 BYTES_ARG(want[i].text));
        assert_string_equal(got, expected);
    }
    const struct sql_scan *s = sql_plan_scans(p, &n);
    assert_int_equal(s[0].constraints[0].condition, 2);
    assert_int_equal(s[0].constraints[1].condition, 3);
    assert_int_equal(s[1].constraints[0].condition, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_predicates),
        cmocka_unit_test(test_pushing),
        cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
