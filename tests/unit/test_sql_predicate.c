/* Evaluation without the engine against the engine: random expressions over partition values give
 * the same values, and random statements give the same rows when their scans leave out what
 * constraints and predicates say they may. */
#include "catalog/value.h"
#include "sql/predicate_int.h"
#include "sql_run.h"

const struct fake_table fake_tables[] = {
    {"p",
     "id int, x double, name string; s string, w varchar(5), i int, b bigint, d date, e "
     "decimal(6,2), ok boolean, ts timestamp, f double",
     NULL},
    {"q", "k int, note string; s string, i bigint, d date", NULL},
};
const size_t fake_table_count = COUNT_OF(fake_tables);

/* ---- rows: values as text, "~" for NULL ---- */
#define ROWS 14
#define COLUMNS 12
static const char *const p_rows[ROWS][COLUMNS] = {
    {"1", "1.5", "ann", "2024-01-02", "ab", "7", "10", "2024-01-02", "1.50", "true",
     "2024-01-02 03:04:05", "1.5"},
    {"2", "nan", "bob", "2024-02-29", "x_y", "-3", "4000000000", "2024-02-29", "-0.05", "false",
     "2024-02-29 23:59:59.999", "-2"},
    {"3", "-1", "~", "a%b", "", "12", "-1", "1999-12-31", "0", "true", "1999-12-31 00:00:00", "0"},
    {"4", "~", "dan", "", "zz", "2147483647", "9223372036854775807", "0001-01-01", "9999.99",
     "false", "2023-07-15 12:30:00.5", "1e10"},
    {"5", "0", "eve", "~", "~", "~", "~", "~", "~", "~", "~", "~"},
    {"6", "2", "Ann", "12", "07", "07", "007", "2024-12-31", "12", "TRUE", "2024-12-31 10:00:00",
     "12.25"},
    {"7", "3", "b", "2023-12-31 10:11:12", "abcde", "31", "31", "2023-12-31", "3.14", "false",
     "2023-12-31 10:11:12.123456", "0.1"},
    {"8", "1e300", "", "20240315", "ABC", "-2147483648", "-9223372036854775808", "2024-03-15",
     "-9999.99", "true", "1969-12-31 23:59:59.5", "-0.5"},
    {"9", "5", "z", "12", "true", "1", "1", "2000-02-29", "1", "true", "2000-02-29 01:00:00", "1"},
    {"10", "6", "y", "-5", "\xC3\xA9", "7", "2", "2024-01-31", "0.01", "false",
     "2024-01-31 00:00:00", "2.5"},
    {"11", "7", "x", "h\xC3\xA9llo", " a ", "100", "100", "1970-01-01", "100", "true",
     "1970-01-01 00:00:00", "100"},
    {"12", "8", "w", "2024-01-02", "1e2", "5", "5", "9999-12-31", "5.5", "false",
     "9999-12-31 23:59:59", "5.5"},
    {"13", "9", "v", "2024/03/15", "a/b/c", "7", "12", "2024-01-02", "2.5", "true",
     "2024-03-01 06:07:08", "1e-3"},
    {"14", "10", "u", "  b ", "\\%", "9", "9", "1900-03-01", "-2.5", "false",
     "1900-03-01 06:07:08.25", "-7"},
};
static const char *const q_rows[ROWS][COLUMNS] = {
    {"1", "n1", "2024-01-02", "7", "2024-01-02"},   {"2", "~", "2024-02-29", "-3", "2024-02-29"},
    {"3", "n3", "a%b", "0", "1999-12-31"},          {"4", "n4", "~", "~", "~"},
    {"5", "ann", "12", "4000000000", "2024-12-31"}, {"6", "bob", "2024-03-15", "12", "2024-03-15"},
    {"7", "n7", "2024-01-02", "12", "2024-03-15"},  {"8", "n8", "", "31", "2023-12-31"},
};

struct rows {
    const char *const (*values)[COLUMNS];
    size_t count;
};
static struct rows rows_of(const struct sql_table_info *t) {
    bool p = bytes_eq_str(t->name, "p");
    return (struct rows){p ? p_rows : q_rows, p ? ROWS : 8};
}

/* The relation of the rows that are kept. */
static struct bytes relation(struct arena *a, const struct sql_table_info *t, const bool *kept) {
    struct rows r = rows_of(t);
    struct buf b = {0};
    bool any = false;
    buf_add_str(&b, "(SELECT ");
    for (size_t c = 0; c < t->column_count; c++) {
        buf_add_fmt(&b, "%sCAST(v%zu AS ", c ? ", " : "", c);
        type_format_duckdb(t->columns[c].type, &b);
        buf_add_fmt(&b, ") AS \"%.*s\"", BYTES_ARG(t->columns[c].name));
    }
    buf_add_str(&b, " FROM (VALUES ");
    for (size_t i = 0; i <= r.count; i++) {
        if (i < r.count && !kept[i])
            continue;
        buf_add_str(&b, any ? ", (" : "(");
        any = true;
        for (size_t c = 0; c < t->column_count; c++) {
            const char *v = i < r.count ? r.values[i][c] : "~";
            buf_add_str(&b, c ? ", " : "");
            if (strcmp(v, "~") == 0)
                buf_add_str(&b, "CAST(NULL AS VARCHAR)");
            else
                buf_add(&b, bound_quote(a, bytes_str(v)));
        }
        buf_add_fmt(&b, ", %d)", i < r.count);
    }
    buf_add_str(&b, ") AS v(");
    for (size_t c = 0; c < t->column_count; c++)
        buf_add_fmt(&b, "v%zu, ", c);
    buf_add_str(&b, "here) WHERE here = 1)");
    struct bytes text = arena_copy(a, buf_bytes(&b));
    buf_clear(&b);
    return text;
}

static void texts_of(const struct sql_table_info *t, size_t row, struct bytes *ret) {
    struct rows r = rows_of(t);
    for (size_t c = 0; c < t->column_count; c++) {
        const char *v = r.values[row][c];
        ret[c] = strcmp(v, "~") == 0 ? BYTES(CATALOG_NULL_PARTITION) : bytes_str(v);
    }
}

/* ---- running engine text ---- */
static bool run_text(struct sql_run *r, const struct sql_plan *p, const struct bytes *relations) {
    size_t n;
    struct err e = {0};
    sql_plan_columns(p, &n);
    buf_reset(&r->sql);
    buf_reset(&r->out);
    buf_add_str(&r->sql, "SELECT ");
    for (size_t i = 0; i < n; i++)
        buf_add_fmt(&r->sql, "%sCAST(x.c%zu AS VARCHAR)", i ? ", " : "", i);
    buf_add_str(&r->sql, " FROM (");
    if (sql_emit(&r->a, p, relations, &r->sql, &e))
        return false;
    buf_add_str(&r->sql, ") AS x");
    duckdb_result result;
    bool ok = duckdb_query(r->con, buf_cstr(&r->sql), &result) == DuckDBSuccess;
    if (getenv("SQL_SHOW") && !ok)
        print_message("  %s\n", duckdb_result_error(&result));
    for (duckdb_data_chunk chunk; ok && (chunk = duckdb_fetch_chunk(result));
         duckdb_destroy_data_chunk(&chunk))
        add_chunk(r, chunk);
    duckdb_destroy_result(&result);
    return ok;
}

/* ---- random texts ---- */
static uint64_t seed;
static uint32_t pick(uint32_t n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}
#define ONE_OF(...)                                                                                \
    (((const char *const[]){                                                                       \
        __VA_ARGS__})[pick(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))])

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

#define FORM(list) list[pick(COUNT_OF(list))]
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

static size_t told, bad;
static void complain(const char *text, size_t row, const char *why, struct bytes mine,
                     struct bytes theirs) {
    if (bad++ < 30)
        print_message("row %zu %s: %s\n  here   %.*s\n  engine %.*s\n", row, why, text,
                      BYTES_ARG(mine), BYTES_ARG(theirs));
}

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

static int rounds(int usual) {
    return getenv("SQL_ROUNDS") ? atoi(getenv("SQL_ROUNDS")) : usual;
}

static void test_values(void **state) {
    static const char kinds[] = "sidtnoo";
    seed = getenv("SQL_SEED") ? strtoull(getenv("SQL_SEED"), NULL, 10) * 2 + 1 : 88172645463325253u;
    told = bad = 0;
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
                                           "%.i <= 7"};
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
    seed =
        getenv("SQL_SEED") ? strtoull(getenv("SQL_SEED"), NULL, 10) * 2 + 1 : 7046029254386353131u;
    left_out = ran = bad = 0;
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
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_statements),
    };
    return cmocka_run_group_tests(tests, sql_run_open, sql_run_close);
}
