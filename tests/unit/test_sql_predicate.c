/* Evaluation without the engine gives the engine's values: random expressions over the partition
 * values of some rows, both ways. */
#include "sql_random.h"

static void gen(struct buf *b, char kind, int depth);

/* Writes a pattern whose letters are kinds of expression: s i d t n e o. */
static void write_pattern(struct buf *b, const char *pattern, int depth) {
    for (; *pattern; pattern++) {
        if (*pattern != '$')
            buf_add_char(b, *pattern);
        else
            gen(b, *++pattern, depth - 1);
    }
}

static const char *leaf_of(char kind) {
    switch (kind) {
    case 's':
        return ONE_OF("s", "s", "w", "s", "'a'", "'2024-01-02'", "'12'", "''", "'%Y-%m-%d'", "w");
    case 'i':
        return ONE_OF("i", "b", "i", "b", "1", "7", "-2", "31", "100000", "0");
    case 'd':
        return ONE_OF("d", "d", "date '2024-02-29'", "current_date");
    case 't':
        return ONE_OF("ts", "ts", "timestamp '2024-01-31 10:20:30.5'", "cast(d as timestamp)",
                      "localtimestamp", "current_timestamp");
    case 'n':
        return ONE_OF("f", "f", "e", "e", "1.5", "2e0", "-0.25", "cast(i as double)", "1e-1",
                      "cast(f as real)");
    default:
        return ONE_OF("ok", "ok", "true", "s is null", "i = 7");
    }
}

static const char *const text_forms[] = {"lower($s)",
                                         "upper($s)",
                                         "trim($s)",
                                         "ltrim($s)",
                                         "rtrim($s)",
                                         "substr($s, $i)",
                                         "substr($s, 1, 4)",
                                         "substr($s, $i, $i)",
                                         "replace($s, '-', '/')",
                                         "replace($s, $s)",
                                         "reverse($s)",
                                         "lpad($s, 6, '0')",
                                         "rpad($s, 3, 'xy')",
                                         "split_part($s, '-', 2)",
                                         "split_part($s, '/', 1)",
                                         "($s || $s)",
                                         "concat($s, '-', $s)",
                                         "cast($i as varchar)",
                                         "cast($d as varchar)",
                                         "cast($t as varchar)",
                                         "cast($n as varchar)",
                                         "cast($o as varchar)",
                                         "coalesce($s, $s)",
                                         "nullif($s, $s)",
                                         "if($o, $s, $s)",
                                         "case when $o then $s else $s end",
                                         "date_format($t, '%Y-%m-%d %H:%i:%s')",
                                         "date_format($d, '%d.%c.%y')",
                                         "greatest($s, $s)",
                                         "date_format($t, '%Y%m')",
                                         "format_datetime($t, 'yyyy-MM-dd HH')",
                                         "cast($s as varchar(3))",
                                         "lpad(cast($i as varchar), 2, '0')",
                                         "case $i when 7 then 'seven' when 1 then $s end",
                                         "to_iso8601($d)",
                                         "regexp_extract($s, '[0-9]+')",
                                         "regexp_extract($s, '([a-z]+)(\\d)?', 2)",
                                         "regexp_extract($s, '(\\d+)-(\\d+)', 1)",
                                         "cast($s as char(4))",
                                         "cast($e as varchar)"};
static const char *const integer_forms[] = {"($i + $i)",
                                            "($i - $i)",
                                            "($i * 3)",
                                            "($i / 7)",
                                            "($i % 5)",
                                            "($i / $i)",
                                            "mod($i, 10)",
                                            "(-i)",
                                            "abs($i)",
                                            "length($s)",
                                            "strpos($s, '-')",
                                            "cast($s as integer)",
                                            "try_cast($s as integer)",
                                            "try_cast($s as bigint)",
                                            "year($d)",
                                            "month($t)",
                                            "day($d)",
                                            "hour($t)",
                                            "minute($t)",
                                            "second($t)",
                                            "day_of_week($d)",
                                            "day_of_year($t)",
                                            "week($d)",
                                            "year_of_week($d)",
                                            "quarter($d)",
                                            "date_diff('day', $d, $d)",
                                            "date_diff('hour', $t, $t)",
                                            "date_diff('month', $d, $d)",
                                            "date_diff('week', $t, $t)",
                                            "coalesce($i, 5)",
                                            "cast($n as integer)",
                                            "cast($n as bigint)",
                                            "cast($o as integer)",
                                            "greatest($i, $i)",
                                            "least($i, 3)",
                                            "cast($i as smallint)",
                                            "try_cast($i as tinyint)",
                                            "millisecond($t)",
                                            "case when $o then $i end",
                                            "position('a' in $s)",
                                            "round($i)",
                                            "date_diff('year', $t, $t)",
                                            "cast($e as integer)"};
static const char *const date_forms[] = {"date_add('day', $i, $d)",
                                         "date_add('month', -3, $d)",
                                         "date_add('week', 2, $d)",
                                         "($d + interval '3' day)",
                                         "($d - interval '1' month)",
                                         "($d + interval '2' year)",
                                         "date_trunc('month', $d)",
                                         "date_trunc('week', $d)",
                                         "date_trunc('year', $d)",
                                         "date_trunc('quarter', $d)",
                                         "last_day_of_month($d)",
                                         "cast($t as date)",
                                         "date($t)",
                                         "try_cast($s as date)",
                                         "date($s)",
                                         "cast(substr($s, 1, 10) as date)",
                                         "coalesce($d, $d)",
                                         "date_add('year', 1, $d)",
                                         "date_add('quarter', 1, $d)",
                                         "last_day_of_month($t)",
                                         "from_iso8601_date($s)",
                                         "greatest($d, $d)",
                                         "nullif($d, $d)"};
static const char *const time_forms[] = {"date_trunc('hour', $t)",
                                         "date_trunc('day', $t)",
                                         "date_trunc('month', $t)",
                                         "date_add('hour', $i, $t)",
                                         "date_add('day', -1, $t)",
                                         "date_add('month', 1, $t)",
                                         "($t + interval '90' minute)",
                                         "($t - interval '1' day)",
                                         "($t - interval '1' month)",
                                         "cast($d as timestamp)",
                                         "date_parse($s, '%Y-%m-%d')",
                                         "date_parse($s, '%Y%m%d')",
                                         "try_cast($s as timestamp)",
                                         "cast($t as timestamp(0))",
                                         "coalesce($t, $t)",
                                         "cast($t as timestamp)",
                                         "from_unixtime($i)",
                                         "date_trunc('second', $t)",
                                         "date_add('minute', 5, $t)",
                                         "cast($d as timestamp with time zone)",
                                         "parse_datetime($s, 'yyyy-MM-dd')",
                                         "cast($s as timestamp)",
                                         "date_trunc('minute', $t)"};
static const char *const number_forms[] = {"($n + $n)",
                                           "($n - $n)",
                                           "($n * $n)",
                                           "($n / 2e0)",
                                           "(f * f)",
                                           "abs($n)",
                                           "(-$n)",
                                           "cast($i as double)",
                                           "cast($n as decimal(10,2))",
                                           "try_cast($s as double)",
                                           "(e + e)",
                                           "(e - 1.25)",
                                           "(e * e)",
                                           "cast($e as decimal(12,4))",
                                           "cast($e as decimal(4,1))",
                                           "try_cast($s as decimal(6,2))",
                                           "cast($n as double)",
                                           "cast($i as decimal(20,1))",
                                           "cast($i as real)",
                                           "coalesce($n, 1)",
                                           "to_unixtime($t)",
                                           "mod(f, 3e0)",
                                           "cast($n as real)"};
static const char *const truth_forms[] = {"$s = $s",
                                          "$s < $s",
                                          "$s >= '2024-01-02'",
                                          "$i = $i",
                                          "$i > $i",
                                          "$i <= 7",
                                          "$d = $d",
                                          "$d >= $d",
                                          "$t < $t",
                                          "$t >= $d",
                                          "$n < $n",
                                          "$n <> $n",
                                          "$s like '%a%'",
                                          "$s like '2024-__-%'",
                                          "$s like $s",
                                          "$s like 'a\\%%' escape '\\'",
                                          "$s is null",
                                          "$i is not null",
                                          "$d is null",
                                          "($o and $o)",
                                          "($o or $o)",
                                          "not $o",
                                          "($o and $o and $o)",
                                          "$i between $i and $i",
                                          "$s between '1' and $s",
                                          "$s in ('a', $s, '12')",
                                          "$i in (1, 7, 31)",
                                          "$s not in ('', 'a')",
                                          "$s is distinct from $s",
                                          "$i is not distinct from $i",
                                          "$o = $o",
                                          "starts_with($s, '2024')",
                                          "regexp_like($s, '^2024-0[12]')",
                                          "regexp_like($s, '[a-c]$')",
                                          "regexp_like($s, $s)",
                                          "regexp_like($s, '(a+)+$')",
                                          "regexp_like($s, '^.\\d*$')",
                                          "ends_with($s, 'b')",
                                          "coalesce($o, false)",
                                          "if($o, $o)",
                                          "$d <> $d",
                                          "$n = 1.5",
                                          "ok",
                                          "try_cast($s as boolean)",
                                          "($s, $i) = ('a', 7)",
                                          "$n between e and f",
                                          "$d in (date "
                                          "'2024-01-02', $d)",
                                          "$n >= 0",
                                          "case when $o then $o else $o end",
                                          "not ($o or $o)"};

static void gen(struct buf *b, char kind, int depth) {
    if (kind == 'e') {
        buf_add_str(b, "e");
        return;
    }
    if (depth <= 0 || (kind != 'o' && pick(3) == 0)) {
        buf_add_str(b, leaf_of(kind));
        return;
    }
    write_pattern(b,
                  kind == 's'   ? FORM(text_forms)
                  : kind == 'i' ? FORM(integer_forms)
                  : kind == 'd' ? FORM(date_forms)
                  : kind == 't' ? FORM(time_forms)
                  : kind == 'n' ? FORM(number_forms)
                                : FORM(truth_forms),
                  depth);
}

/* ---- values ---- */
/* Both sides in one spelling. */
static bool same_value(const struct sql_value *v, struct bytes text, struct arena *a) {
    if (v->is_null || bytes_eq_str(text, "NULL"))
        return v->is_null && bytes_eq_str(text, "NULL");
    if (v->type->kind == ST_REAL)
        return strtof(arena_cstr(a, text), NULL) == (float)v->real;
    if (v->type->kind == ST_DOUBLE)
        return strtod(arena_cstr(a, text), NULL) == v->real;
    bool minus = bytes_starts_with(text, BYTES("-."));
    if (v->type->kind == ST_DECIMAL && (minus || bytes_starts_with(text, BYTES("."))))
        text = arena_fmt(a, minus ? "-0%.*s" : "0%.*s", (int)text.len - minus, text.ptr + minus);
    struct bytes mine = v->type->kind == ST_CHAR ? v->text : value_text(a, v);
    while (v->type->kind == ST_CHAR && text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    if (v->type->kind == ST_TIMESTAMP || v->type->kind == ST_TIMESTAMP_TZ) {
        if (bytes_ends_with(text, BYTES("+00")))
            text.len -= 3;
        if (bytes_ends_with(text, BYTES(" UTC")))
            text.len -= 4;
        for (struct bytes *t = &text; t; t = t == &text ? &mine : NULL) {
            bool point = bytes_find_char(*t, '.') >= 0;
            while (point && t->len && t->ptr[t->len - 1] == '0')
                t->len--;
            if (t->len && t->ptr[t->len - 1] == '.')
                t->len--;
        }
    }
    return bytes_eq(mine, text);
}

static size_t told;

static void compare_row(struct sql_run *r, const struct sql_plan *p, const char *text, size_t row) {
    size_t n;
    const struct sql_scan *s = sql_plan_scans(p, &n);
    const struct sql_node *node = predicate_compile(&r->a, p->query->select->items[0]);
    struct bytes values[COLUMNS];
    bool kept[ROWS] = {false};
    struct evaluation ev = {.a = &r->a, .values = values};
    struct sql_value v;
    assert_non_null(node);
    texts_of(s[0].table, row, values);
    kept[row] = true;
    enum eval rc = predicate_eval(&ev, node, &v);
    if (rc != EVAL_OK) /* what fails here the engine's optimizer may have left out */
        return;
    struct bytes rel = relation(&r->a, s[0].table, kept);
    bool lazy = strstr(text, " and ") || strstr(text, " or ");
    if (!run_text(r, p, &rel)) {
        if (!lazy)
            complain(text, row, "fails in the engine", value_text(&r->a, &v), BYTES("an error"));
    } else if (!same_value(&v, buf_bytes(&r->out), &r->a)) {
        complain(text, row, "differs", v.is_null ? BYTES("NULL") : value_text(&r->a, &v),
                 buf_bytes(&r->out));
    }
    told++;
}

/* All rows at once; one by one when that differs or fails. */
static void compare_all(struct sql_run *r, const char *text) {
    struct sql_plan *p;
    struct err e = {0};
    struct buf sql = {0};
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    buf_add_fmt(&sql, "select %s from p", text);
    struct bytes kept_sql = arena_copy(&r->a, buf_bytes(&sql));
    buf_clear(&sql);
    if (fake_plan(&r->a, arena_cstr(&r->a, kept_sql), &p, &e)) {
        if (e.code != ERR_SQL)
            fail_msg("%s: %s", text, e.text);
        return;
    }
    size_t n;
    const struct sql_scan *s = sql_plan_scans(p, &n);
    const struct sql_node *node = predicate_compile(&r->a, p->query->select->items[0]);
    bool all[ROWS], fine;
    memset(all, true, sizeof(all));
    struct bytes rel = relation(&r->a, s[0].table, all), rest, line;
    fine = run_text(r, p, &rel);
    rest = buf_bytes(&r->out);
    for (size_t i = 0; fine && i < ROWS; i++) {
        struct bytes values[COLUMNS];
        struct evaluation ev = {.a = &r->a, .values = values};
        struct sql_value v;
        rest = bytes_cut(rest, '\n', &line);
        texts_of(s[0].table, i, values);
        enum eval rc = predicate_eval(&ev, node, &v);
        fine = rc || same_value(&v, line, &r->a);
        told += fine && rc == EVAL_OK;
    }
    for (size_t i = 0; !fine && i < ROWS; i++)
        compare_row(r, p, text, i);
}

static void test_values(void **state) {
    static const char kinds[] = "sidtnoo";
    start_random(88172645463325253u);
    told = 0;
    struct buf b = {0};
    int n = rounds(700);
    for (int i = 0; i < n; i++) {
        buf_reset(&b);
        gen(&b, kinds[(size_t)i % (sizeof(kinds) - 1)], 1 + (int)pick(3));
        compare_all(*state, buf_cstr(&b));
    }
    buf_clear(&b);
    print_message("%d expressions: %zu values\n", n, told);
    if (bad)
        fail_msg("%zu values differ", bad);
    assert_true(told > (size_t)n * ROWS * 6 / 10);
}

/* One partition of p: the value of a column, the others not known. */
static int test_one(struct sql_run *r, const char *condition, const char *column,
                    const char *value) {
    char text[500];
    struct sql_plan *p;
    struct err e = {0};
    size_t n;
    struct bytes values[COLUMNS] = {{0}};
    arena_clear(&r->a);
    arena_init(&r->a, 0);
    snprintf(text, sizeof(text), "select id from p where (%s) = true", condition);
    if (fake_plan(&r->a, text, &p, &e))
        fail_msg("%s: %s", text, e.text);
    const struct sql_scan *s = sql_plan_scans(p, &n);
    if (s[0].predicate_count != 1)
        fail_msg("%s: %zu predicates", text, s[0].predicate_count);
    for (size_t c = 0; c < s[0].table->column_count; c++)
        if (bytes_eq_str(s[0].table->columns[c].name, column))
            values[c] = bytes_str(value);
    return sql_predicate_test(&s[0].predicates[0], &r->a, values);
}

static void test_texts(void **state) {
    static const struct {
        const char *condition, *column, *value;
        int want;
    } cases[] = {
        /* texts that are surely the value, and texts that the engine is left with */
        {"i = 7", "i", "07", 1},
        {"i = 7", "i", "-7", 0},
        {"i = 7", "i", " 7", -1},
        {"i = 7", "i", "7.0", -1},
        {"i = 7", "i", "", -1},
        {"i = 7", "i", "3000000000", -1},
        {"b = 3000000000", "b", "3000000000", 1},
        {"d = date '2024-01-05'", "d", "2024-01-05", 1},
        {"d = date '2024-01-05'", "d", "2024-1-5", -1},
        {"d = date '2024-01-05'", "d", "2024-02-30", -1},
        {"d < date '2024-01-05'", "d", "99999-01-01", -1},
        {"ts = timestamp '2024-01-05 00:00:00'", "ts", "2024-01-05", 1},
        {"ts < timestamp '2024-01-05 00:00:00.001'", "ts", "2024-01-05 00:00:00.000999", 1},
        {"ts < timestamp '2024-01-05 00:00:00'", "ts", "2024-01-05T00:00:00", -1},
        {"e = 1.5", "e", "1.50", 1},
        {"e = 1.5", "e", "1.500", -1},
        {"e = 1.5", "e", "12345.5", -1},
        {"f = 0.1e0", "f", "1e-1", 1},
        {"f = 0.1e0", "f", "nan", -1},
        {"ok or s = 'zz'", "ok", "TRUE", 1},
        {"ok or i < 3", "ok", "1", -1},
        {"s = 'a'", "s", "a", 1},
        {"s = 'a'", "s", "\xFF", -1},
        /* NULL */
        {"i = 7", "i", CATALOG_NULL_PARTITION, 0},
        {"i is null", "i", CATALOG_NULL_PARTITION, 1},
        {"i is null", "i", "x", -1},
        {"(i = 7) is null", "i", CATALOG_NULL_PARTITION, 1},
        {"i not in (1, null)", "i", "2", 0},
        {"(i not in (1, null)) is null", "i", "2", 1},
        {"not (i = 7 and null)", "i", "8", 1},
        {"not (i = 7 and null)", "i", "7", 0},
        /* failing is the engine's */
        {"cast(s as integer) = 7", "s", "x", -1},
        {"try_cast(s as integer) = 7", "s", "x", 0},
        {"7 / i = 1", "i", "0", -1},
        {"i + 2147483647 > 0", "i", "1", -1},
        {"cast(s as date) > d", "s", "x", -1},
        /* what is not known may not matter */
        {"i = 7 and s = 'a'", "i", "8", 0},
        {"i = 7 and s = 'a'", "i", "7", -1},
        {"i = 7 or s = 'a'", "i", "7", 1},
        {"i = 7 or s = 'a'", "i", "8", -1},
        {"i = 7 and rand() < 2", "i", "8", 0},
        {"if(i = 7, 'x', s) = 'x'", "i", "7", 1},
        {"coalesce(i, length(s)) = 7", "i", "7", 1},
    };
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        int got = test_one(*state, cases[k].condition, cases[k].column, cases[k].value);
        if (got != cases[k].want)
            fail_msg("%s with %s = '%s': %d, not %d", cases[k].condition, cases[k].column,
                     cases[k].value, got, cases[k].want);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
