/* Statements give the same rows when their scans leave out what constraints and predicates say they
 * may: random joins, subqueries and conditions, with all rows and with those that are kept. */
#include "sql_random.h"

/* ---- statements ---- */
static bool satisfies(const struct type *t, struct bytes v, enum sql_constraint_op op,
                      struct bytes bound) {
    int o;
    if (!catalog_value_compare(t, v, bound, &o))
        return t->kind != TYPE_DOUBLE; /* NaN satisfies none */
    return op == SQL_LT   ? o < 0
           : op == SQL_LE ? o <= 0
           : op == SQL_GT ? o > 0
           : op == SQL_GE ? o >= 0
                          : o == 0;
}

static bool passes(const struct sql_scan *s, const struct bytes *values, struct arena *a) {
    for (size_t i = 0; i < s->constraint_count; i++) {
        const struct sql_constraint *k = &s->constraints[i];
        size_t c = 0;
        bool any = false;
        while (!bytes_eq(s->table->columns[c].name, k->column))
            c++;
        for (size_t j = 0; j < k->value_count; j++)
            any |= satisfies(s->table->columns[c].type, values[c], k->op, k->values[j]);
        if (!any || bytes_eq_str(values[c], CATALOG_NULL_PARTITION))
            return false;
    }
    for (size_t i = 0; i < s->predicate_count; i++)
        if (sql_predicate_test(&s->predicates[i], a, values) == 0)
            return false;
    return true;
}

static int by_text(const void *x, const void *y) {
    return bytes_cmp(*(const struct bytes *)x, *(const struct bytes *)y);
}
static struct bytes sorted(struct arena *a, struct bytes text) {
    struct bytes all[4096], line;
    size_t n = 0;
    struct buf b = {0};
    for (struct bytes rest = text; rest.ptr && n < COUNT_OF(all);) {
        rest = bytes_cut(rest, '\n', &line);
        all[n++] = line;
    }
    qsort(all, n, sizeof(*all), by_text);
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, all[i]);
        buf_add_char(&b, '\n');
    }
    struct bytes r = arena_copy(a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

static size_t left_out, ran;
static void compare_statement(struct sql_run *r, const char *text) {
    struct sql_plan *p;
    struct err e = {0};
    size_t n;
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    if (fake_plan(&r->a, text, &p, &e)) {
        if (e.code != ERR_SQL || strcmp(e.name, "SYNTAX_ERROR") == 0)
            fail_msg("%s: %s", text, e.text);
        return;
    }
    const struct sql_scan *s = sql_plan_scans(p, &n);
    struct bytes whole[16], pruned[16];
    bool all[ROWS], kept[ROWS];
    size_t dropped = 0;
    memset(all, true, sizeof(all));
    for (size_t i = 0; i < n; i++) {
        whole[i] = relation(&r->a, s[i].table, all);
        for (size_t row = 0; row < rows_of(s[i].table).count; row++) {
            struct bytes values[COLUMNS];
            texts_of(s[i].table, row, values);
            kept[row] = passes(&s[i], values, &r->a);
            dropped += !kept[row];
        }
        pruned[i] = relation(&r->a, s[i].table, kept);
    }
    if (!run_text(r, p, whole))
        return;
    struct bytes want = sorted(&r->a, buf_bytes(&r->out));
    if (!run_text(r, p, pruned)) /* in another order, it may come to an overflow first */
        return;
    struct bytes got = sorted(&r->a, buf_bytes(&r->out));
    if (!bytes_eq(want, got))
        complain(text, 0, "statement differs", got, want);
    left_out += dropped;
    ran++;
}

/* Conditions: %1 and %2 are two relations' names. */
static const char *const p_conditions[] = {"%.s = '2024-01-02'",
                                           "%.i > 3",
                                           "%.d >= date '2024-01-01'",
                                           "%.s like '2024%'",
                                           "%.s is null",
                                           "%.s is not null",
                                           "%.s <> '12'",
                                           "%.i in (7, 31, 12)",
                                           "%.i between 0 and 12",
                                           "year(%.d) = 2024",
                                           "%.i % 2 = 1",
                                           "(%.s = '12' or %.i = 7)",
                                           "(%.i < 0 or %.i > 30)",
                                           "not %.i = 7",
                                           "coalesce(%.s, 'z') = 'z'",
                                           "substr(%.s, 1, 4) = '2024'",
                                           "(%.i = 7 and %.s = '2024-01-02' or %.i = 12)",
                                           "%.d + interval '1' day > date '2024-02-01'",
                                           "cast(%.i as varchar) || '-' = '7-'",
                                           "%.s in (values '12', '2024-01-02')",
                                           "%.i > 1.5",
                                           "%.s in (select s from q where i > 0)",
                                           "%.s not in (select s from q where s is not null)",
                                           "%.i = (select max(i) from q)",
                                           "exists (select 1 from q where q.s = %.s and q.i = 7)",
                                           "%.s = any (select 'a%b')",
                                           "(%.s is null or %.i = 7)",
                                           "%.i <= 7",
                                           "%.s like '12'",
                                           "%.s like '2024-0_-%'",
                                           "%.s like 'a!%b' escape '!'",
                                           "%.s is not distinct from '12'",
                                           "starts_with(%.s, '2024-0')"};
static const char *const data_conditions[] = {
    "%.id > 3",
    "%.x > 1",
    "%.x < 5",
    "%.x between 1 and 8",
    "%.name = 'ann'",
    "%.name like 'a%'",
    "%.x = 2",
    "%.ok",
    "not %.ok",
    "%.e >= 1.5",
    "%.ts >= timestamp '2024-01-01 00:00:00'",
    "%.f < 2",
    "%.b = 31",
    "%.id in (1, 2, 3)",
    "%.x <> 3",
    "cast(%.ts as date) = date "
    "'2024-01-02'",
    "%.e = 3.14",
    "%.f > 1 and %.f < 50",
    "%.w >= 'a'",
    "%.b > 4e0",
    "year(%.ts) >= 2024",
    "year(%.d) = 2024",
    "date_trunc('month', %.d) > date '2024-01-15'",
    "date_trunc('hour', %.ts) <= timestamp '2024-02-29 23:59:59'",
    "(%.id < 3 or %.id = 7)",
    "(%.x between 1 and 3 or %.x = 8)",
    "(%.f < 0 or %.f between 2 and 6)",
    "cast(%.ts as date) between date '2024-01-01' and date '2024-02-29'"};
static const char *const join_conditions[] = {"a.s = z.s",
                                              "a.i = z.i",
                                              "a.d = z.d",
                                              "a.s = z.s and a.i = z.i",
                                              "a.id = z.k",
                                              "a.s = z.s and z.i > 3",
                                              "a.i = z.i and a.s = '2024-01-02'",
                                              "a.d = z.d and z.s is not null",
                                              "a.d = z.d and (a.i = 12 or z.i = 12)",
                                              "cast(a.d as varchar) = z.s",
                                              "a.i = z.i and a.d = z.d",
                                              "a.id = z.k and z.s in (select s from q)",
                                              "a.s < z.s"};

static void add_condition(struct buf *b, const char *form, const char *name) {
    for (; *form; form++)
        if (form[0] == '%' && form[1] == '.') {
            buf_add_str(b, name);
        } else {
            buf_add_char(b, *form);
        }
}
static void add_where(struct buf *b, const char *name, bool data) {
    bool p = pick(3) == 0 && data;
    if (pick(6) == 0)
        buf_add_str(b, "not ");
    buf_add_str(b, "(");
    add_condition(b, p ? FORM(data_conditions) : FORM(p_conditions), name);
    if (pick(4) == 0) {
        buf_add_str(b, pick(2) ? " and " : " or ");
        add_condition(b, FORM(p_conditions), name);
    }
    buf_add_str(b, ")");
}

static void add_source(struct buf *b, const char *name) {
    static const char *const sources[] = {
        "p",
        "p",
        "p",
        "(select * from p where i > 0)",
        "(select distinct s, i, d, id, x, name, ok, "
        "e, ts, f, b, w from p)",
        "(select * from p order by id limit 5)",
        "(select s, i, d, max(id) id, max(x) x, max(name) name, bool_or(ok) ok, max(e) e, max(ts) "
        "ts, max(f) f, max(b) b, max(w) w from p group by s, i, d)",
        "(select s, i, d, max(id) id, max(x) x, max(name) name, bool_or(ok) ok, max(e) e, max(ts) "
        "ts, max(f) f, max(b) b, max(w) w from p group by rollup (s, i, d))",
        "(select s, i, d, count(*) over (partition by s) id, x, name, ok, e, ts, f, b, w from p)",
        "(select s, i, d, count(*) over (partition by s, i order by d) id, rank() over (partition "
        "by i order by id) x, name, ok, e, ts, f, b, w from p)",
        "(select s, i, d, id, x, name, ok, e, ts, f, b, w from p where id < 9 union all select s, "
        "i, d, k, 0.5, note, true, 1, null, 2, 3, 'q' from q)",
        "(select s, i, d, id, x, name, ok, e, ts, f, b, w from p except select s, i, d, k, 1.5, "
        "'ann', true, 1.5, timestamp '2024-01-02 03:04:05', 1.5, 10, 'ab' from q)",
        "(select coalesce(s, 'none') s, i + 1 i, d, id, x, name, ok, e, ts, f, b, w from p)",
        "c",
        "c",
        "c2"};
    buf_add_fmt(b, "%s %s", FORM(sources), name);
}

/* One condition above one thing that conditions may not pass. */
static void add_narrow(struct buf *b) {
    static const char *const nulls[] = {"%.s is null",
                                        "coalesce(%.s, 'z') = 'z'",
                                        "(%.s is null or %.i = 7)",
                                        "%.i is distinct from 7",
                                        "%.d is null",
                                        "not coalesce(%.i = 7, false)",
                                        "coalesce(%.d, date '2024-01-02') = date '2024-01-02'",
                                        "%.i = 7",
                                        "%.i > 3",
                                        "%.s = '2024-01-02'"};
    static const char *const queries[] = {
        "select a.id, z.k, z.s, z.i from p a left join q z on a.s = z.s where ",
        "select a.id, z.k, z.s, z.i from q z right join p a on a.i = z.i where ",
        "select a.id, z.k, z.s, z.i from p a full join q z on a.s = z.s where ",
        "select a.id, z.k from p a left join (q x join q z on x.k = z.k) on a.s = z.s where ",
        "select a.id, z.k from p a left join q z on a.s = z.s and ",
        "select a.k, z.id from p z left join q a on a.s = z.s and ",
        "select a.k, z.id from q a right join p z on a.s = z.s and ",
        "select a.k, z.id, y.id from p z left join q a on a.s = z.s left join p y on y.d = a.d "
        "where ",
        "select a.k, z.id, y.id from (p z left join q a on a.s = z.s) join p y on y.i = a.i where ",
        "select a.k, z.id, y.id from (p z full join q a on a.s = z.s) left join p y on y.i = a.i "
        "where ",
        "select a.k, z.id, y.id from (p y right join q a on a.i = y.i) right join p z on a.s = "
        "z.s where ",
        "select a.k, z.id, y.id from p z left join (q a join p y on y.i = a.i) on y.s = z.s where ",
        "select a.k, z.id from p z full join q a on a.s = z.s and ",
        "select a.k, z.id from p z full join q a on a.s = z.s where ",
        "select a.k, z.id from (p z left join q a on a.s = z.s) full join p y on y.i = z.i where ",
        "select * from (select s, i, d, count(*) n from p group by rollup (s, i, d)) z where ",
        "select * from (select s, i, d, count(*) n from p group by cube (s, i), d) z where ",
        "select * from (select s, i, d, count(*) over (partition by s) n from p) z where ",
        "select * from (select s, i, d, sum(id) over (partition by s, i) n, count(*) over "
        "(partition "
        "by d, s) m from p) z where ",
        "select * from (select s, i, d from p order by id limit 6) z where ",
        "select * from (select s, i, d from p order by id offset 4) z where ",
        "with c as (select * from p) select z.id, y.id from c z left join c y on z.i = y.i where ",
        "with c as (select * from p) select z.id, y.id from c y left join c z on z.i = y.i where ",
        "select max(z.s), max(z.i) from q z having "};
    buf_add_str(b, FORM(queries));
    if (bytes_ends_with(buf_bytes(b), BYTES("having ")))
        buf_add_str(b, "max(z.i) is null or max(z.i) > 7");
    else
        add_condition(b, FORM(nulls), "z");
}

static void add_statement(struct buf *b) {
    static const char *const joins[] = {"join", "left join", "right join", "full join", "join"};
    if (pick(2)) {
        add_narrow(b);
        return;
    }
    bool join = pick(2), twice = pick(4) == 0;
    buf_add_str(b, "with c as (select * from p where id <> 8), c2 as (select * from c where s is "
                   "not null) select a.s, a.i, a.d, a.id");
    buf_add_str(b, join ? ", z.s, z.i, z.k from " : " from ");
    add_source(b, "a");
    if (join) {
        buf_add_fmt(b, " %s %s z on ", FORM(joins),
                    ONE_OF("q", "q", "(select * from q where i > 0)",
                           "(select * from q order by k limit 4)",
                           "(select x.* from q x left join q y on x.s = y.s and y.i = 12)"));
        buf_add_str(b, FORM(join_conditions));
    }
    buf_add_str(b, " where ");
    add_where(b, "a", true);
    if (join && pick(2)) {
        buf_add_str(b, pick(4) ? " and " : " or ");
        add_where(b, "z", false);
    }
    if (pick(2)) {
        buf_add_str(b, pick(4) ? " and " : " or ");
        add_where(b, "a", true);
    }
    if (twice) {
        buf_add_fmt(b, " and %sexists (select 1 from c y where y.i = a.i and ",
                    pick(2) ? "" : "not ");
        add_where(b, "y", true);
        buf_add_str(b, ")");
    }
}

static void test_statements(void **state) {
    start_random(7046029254386353131u);
    left_out = ran = 0;
    struct buf b = {0};
    int n = rounds(500);
    for (int i = 0; i < n; i++) {
        buf_reset(&b);
        add_statement(&b);
        compare_statement(*state, buf_cstr(&b));
    }
    buf_clear(&b);
    print_message("%zu of %d statements ran, %zu rows left out\n", ran, n, left_out);
    if (bad)
        fail_msg("%zu statements differ", bad);
    assert_true(ran > (size_t)n * 8 / 10 && left_out > (size_t)n * 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
