/* test_sql_parse.c - the parser against golden texts, and what texts cannot show. */
#include "base/mem.h"
#include "base/vfs.h"
#include "sql/lex.h"
#include "sql/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct buf file;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    *state = f;
    return 0;
}
static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_clear(&f->arena);
    buf_clear(&f->file);
    free(f);
    return 0;
}

static struct bytes read_golden(struct fixture *f, const char *path) {
    struct err e = {0};
    if (vfs_read_file(vfs_system(), path, 1 << 20, &f->file, &e) != 0)
        fail_msg("%s (run the tests from the repository's root)", e.text);
    return buf_bytes(&f->file);
}

/* Replaces each `from` by `to`. */
static struct bytes replaced(struct arena *a, struct bytes text, struct bytes from,
                             struct bytes to) {
    char *out = arena_alloc(a, text.len * to.len + 1);
    size_t n = 0;
    assert_non_null(out);
    for (size_t i = 0; i < text.len;) {
        bool hit = bytes_starts_with(bytes_slice(text, i, text.len), from);
        struct bytes put = hit ? to : bytes_slice(text, i, i + 1);
        memcpy(out + n, put.ptr, put.len);
        n += put.len;
        i += hit ? from.len : 1;
    }
    return bytes_of(out, n);
}

#define LINE_BREAK BYTES("\xE2\x86\xB5")

/* What a golden file holds as a statement's second line. */
static struct bytes outcome(struct arena *a, struct bytes text) {
    struct err e = {0};
    struct sql_statement *s = NULL;
    if (sql_parse(a, text, &s, &e) != 0) {
        assert_int_equal(e.code, ERR_SQL);
        return arena_fmt(a, "! %s %s", e.name, e.text);
    }
    struct buf out = {0};
    sql_print_statement(s, &out);
    assert_true(buf_ok(&out));
    struct bytes printed = arena_copy(a, buf_bytes(&out));
    buf_clear(&out);
    if (bytes_eq(printed, text))
        return BYTES("=");
    return arena_fmt(a, "= %.*s", BYTES_ARG(replaced(a, printed, BYTES("\n"), LINE_BREAK)));
}

/* The canonical text of a statement's canonical text is itself. */
static void assert_stable(struct arena *a, struct bytes text) {
    struct err e = {0};
    struct sql_statement *s = NULL;
    if (sql_parse(a, text, &s, &e) != 0)
        fail_msg("%.*s: %s", BYTES_ARG(text), e.text);
    struct buf out = {0};
    sql_print_statement(s, &out);
    struct bytes again = outcome(a, buf_bytes(&out));
    if (!bytes_eq_str(again, "="))
        fail_msg("%.*s\nprints\n%.*s\nwhich gives\n%.*s", BYTES_ARG(text),
                 BYTES_ARG(buf_bytes(&out)), BYTES_ARG(again));
    buf_clear(&out);
}

static size_t check_records(struct fixture *f, const char *path, bool accepted) {
    struct bytes rest = read_golden(f, path), line, want, blank;
    size_t n = 0;
    while (rest.ptr && rest.len) {
        rest = bytes_cut(rest, '\n', &line);
        rest = bytes_cut(rest, '\n', &want);
        rest = bytes_cut(rest, '\n', &blank);
        assert_int_equal(blank.len, 0);
        struct bytes sql = replaced(&f->arena, line, LINE_BREAK, BYTES("\n"));
        struct bytes got = outcome(&f->arena, sql);
        if (!bytes_eq(got, want))
            fail_msg("%.*s\ngot  %.*s\nwant %.*s", BYTES_ARG(line), BYTES_ARG(got),
                     BYTES_ARG(want));
        if (accepted)
            assert_stable(&f->arena, sql);
        n++;
    }
    return n;
}

static void test_accepted(void **state) {
    assert_true(check_records(*state, "tests/golden/sql/accept.txt", true) > 90);
}
static void test_rejected(void **state) {
    assert_true(check_records(*state, "tests/golden/sql/reject.txt", false) > 90);
}

static void test_tpch(void **state) {
    struct fixture *f = *state;
    struct bytes rest = read_golden(f, "tests/golden/sql/tpch.sql");
    size_t n = 0;
    for (ptrdiff_t end; (end = bytes_find(rest, BYTES("\n;\n"))) >= 0; n++) {
        assert_stable(&f->arena, bytes_slice(rest, 0, (size_t)end));
        rest = bytes_slice(rest, (size_t)end + 3, rest.len);
    }
    assert_int_equal(n, 22);
}

/* ---- trees ---- */

static struct sql_expr *parse_expr(struct arena *a, const char *text) {
    struct err e = {0};
    struct sql_expr *expr = NULL;
    if (sql_parse_expr(a, bytes_str(text), &expr, &e) != 0)
        fail_msg("%s: %s", text, e.text);
    return expr;
}

static void assert_pos(struct sql_pos pos, int line, int column) {
    assert_int_equal(pos.line, line);
    assert_int_equal(pos.column, column);
}

static void test_positions(void **state) {
    struct fixture *f = *state;
    /* an operator's own place, a form's first token; columns count characters, not bytes */
    struct sql_expr *e = parse_expr(&f->arena, "'üü' ||\n  b");
    assert_int_equal(e->kind, SQL_E_BINARY_OP);
    assert_pos(e->pos, 1, 6);
    assert_pos(e->binary.right->pos, 2, 3);
    e = parse_expr(&f->arena, "a = 1 AND b NOT IN (2)");
    assert_int_equal(e->kind, SQL_E_AND);
    assert_pos(e->pos, 1, 1);
    assert_pos(e->list.items[0]->pos, 1, 3);
    assert_pos(e->list.items[1]->pos, 1, 13);
    e = parse_expr(&f->arena, "/* c */ f(x).y[1]");
    assert_int_equal(e->kind, SQL_E_SUBSCRIPT);
    assert_pos(e->pos, 1, 9);
    assert_pos(e->binary.left->field.name.pos, 1, 14);
}

static void test_shapes(void **state) {
    struct arena *a = &((struct fixture *)*state)->arena;
    struct sql_expr *e = parse_expr(a, "a OR b OR (c OR d)");
    assert_int_equal(e->list.count, 3);
    assert_int_equal(e->list.items[2]->kind, SQL_E_OR);
    e = parse_expr(a, "- 9223372036854775808");
    assert_int_equal(e->kind, SQL_E_INTEGER);
    assert_true(e->integer == INT64_MIN);
    e = parse_expr(a, "1 - 1");
    assert_int_equal(e->kind, SQL_E_BINARY_OP);
    e = parse_expr(a, "-a.\"B c\"");
    assert_int_equal(e->kind, SQL_E_UNARY);
    assert_int_equal(e->binary.left->path.count, 2);
    assert_true(e->binary.left->path.parts[1].quoted);
    assert_true(bytes_eq_str(e->binary.left->path.parts[1].text, "B c"));
    e = parse_expr(a, "DECIMAL '1.5'");
    assert_true(bytes_eq_str(e->typed.type->name, "decimal"));
    e = parse_expr(a, "a + ? * ?");
    assert_int_equal(e->binary.right->binary.right->parameter_index, 1);
    e = parse_expr(a, "current_timestamp");
    assert_int_equal(e->current.precision, -1);
}

static void test_types(void **state) {
    struct arena *a = &((struct fixture *)*state)->arena;
    struct err e = {0};
    struct sql_type_name *t = NULL;
    const char *text = "map(varchar(5), array(row(a timestamp(3) with time zone, decimal(9, 2))))";
    assert_int_equal(sql_parse_type(a, bytes_str(text), &t, &e), 0);
    assert_int_equal(t->kind, SQL_T_MAP);
    assert_int_equal(t->args[0]->numbers[0], 5);
    struct sql_type_name *row = t->args[1]->args[0];
    assert_int_equal(row->kind, SQL_T_ROW);
    assert_true(bytes_eq_str(row->fields[0].text, "a"));
    assert_null(row->fields[1].text.ptr);
    assert_true(row->args[0]->with_time_zone);
    assert_int_equal(row->args[1]->numbers[1], 2);
    assert_int_equal(sql_parse_type(a, BYTES("array(int"), &t, &e), ERR_SQL);
    assert_int_equal(e.line, 1);
    assert_int_equal(e.column, 10);
}

/* ---- limits ---- */

/* `before` and `after` around "1", n times. */
static int parse_nested(struct arena *a, const char *before, const char *after, size_t n,
                        struct err *e) {
    struct buf text = {0};
    struct sql_expr *expr = NULL;
    for (size_t i = 0; i < n; i++)
        buf_add_str(&text, before);
    buf_add_char(&text, '1');
    for (size_t i = 0; i < n; i++)
        buf_add_str(&text, after);
    int rc = sql_parse_expr(a, arena_copy(a, buf_bytes(&text)), &expr, e);
    if (rc == 0) { /* what parses can be printed */
        buf_reset(&text);
        sql_print_expr(expr, &text);
        assert_true(buf_ok(&text));
    }
    buf_clear(&text);
    return rc;
}

static void test_nesting(void **state) {
    static const struct {
        const char *before, *after;
    } shapes[] = {{"(", ")"},
                  {"f(", ")"},
                  {"NOT ", ""},
                  {"- ", ""},
                  {"", " + 1"},
                  {"", " || 1"},
                  {"1 + (", ")"},
                  {"(SELECT ", ")"},
                  {"x -> ", ""},
                  {"CASE WHEN ", " THEN 1 END"},
                  {"a[", "]"},
                  {"", "[1]"},
                  {"(SELECT 1 FROM (SELECT ", "))"},
                  {"EXISTS (VALUES ", ")"},
                  {"ARRAY[", "]"},
                  {"CAST(", " AS array(int))"},
                  {"(1, ", ")"},
                  {"sum(1) OVER (ORDER BY ", ")"}};
    struct arena *a = &((struct fixture *)*state)->arena;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        struct err e = {0};
        assert_int_equal(parse_nested(a, shapes[i].before, shapes[i].after, 60, &e), 0);
        assert_int_equal(parse_nested(a, shapes[i].before, shapes[i].after, 20000, &e), ERR_SQL);
        assert_string_equal(e.name, "SYNTAX_ERROR");
        assert_non_null(strstr(e.text, "split it with WITH"));
    }
    /* a thousand ANDs are one flat list */
    struct err e = {0};
    assert_int_equal(parse_nested(a, "", " AND x", 20000, &e), 0);
}

static void test_out_of_memory(void **state) {
    static const char *const texts[] = {
        "WITH a AS (SELECT b, f(c ORDER BY d) OVER (ORDER BY e) FROM t, u JOIN v USING (x)) "
        "SELECT CASE WHEN a THEN CAST('it''s' AS row(a int)) END FROM a GROUP BY ROLLUP (a, b)",
        "CREATE EXTERNAL TABLE t (a struct<b:int>) PARTITIONED BY (p string) STORED AS ORC "
        "LOCATION 's3://b/' TBLPROPERTIES ('a'='\\n')",
        "SELECT * FROM a WHERE )"};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t limit = 16; limit < 60000; limit += 1024) {
            struct arena a;
            struct err e = {0};
            struct sql_statement *s = NULL;
            arena_init(&a, limit);
            int rc = sql_parse(&a, bytes_str(texts[i]), &s, &e);
            assert_true(rc == ERR_NOMEM || rc == (i < 2 ? 0 : ERR_SQL));
            arena_clear(&a);
        }
}

/* ---- tokens ---- */

static void test_words(void **state) {
    assert_int_equal(lex_word(BYTES("select")), LEX_SELECT);
    assert_int_equal(lex_word(BYTES("ABSENT")), LEX_ABSENT);
    assert_int_equal(lex_word(BYTES("Zone")), LEX_ZONE);
    assert_int_equal(lex_word(BYTES("selec")), LEX_IDENT);
    assert_true(lex_is_reserved(LEX_SELECT));
    assert_false(lex_is_reserved(LEX_LIMIT));
    /* the table is sorted: every word finds itself */
    for (int k = LEX_ABSENT; k < LEX_KINDS; k++) {
        struct bytes label = bytes_str(lex_label((enum lex_kind)k));
        assert_int_equal(lex_word(bytes_slice(label, 1, label.len - 1)), k);
    }
}

static void test_statement_types(void **state) {
    static const struct {
        const char *text, *type, *substatement;
        enum sql_kind kind;
    } rows[] = {
        {"SELECT 1", "DML", "SELECT", SQL_SELECT},
        {"VALUES 1", "DML", "SELECT", SQL_SELECT},
        {"create table t as select 1 a", "DDL", "CREATE_TABLE_AS_SELECT", SQL_CREATE_TABLE_AS},
        {"insert into t values 1", "DML", "INSERT", SQL_INSERT},
        {"unload (select 1) to 's3://b/'", "DML", "UNLOAD", SQL_UNLOAD},
        {"create or replace view v as select 1 a", "DDL", "CREATE_VIEW", SQL_CREATE_VIEW},
        {"explain select 1", "UTILITY", "EXPLAIN", SQL_EXPLAIN},
        {"create schema x", "DDL", "CREATE_DATABASE", SQL_CREATE_DATABASE},
        {"drop table x", "DDL", "DROP_TABLE", SQL_DROP_TABLE},
        {"show tables", "UTILITY", "SHOW_TABLES", SQL_SHOW_TABLES},
        {"desc x", "UTILITY", "DESCRIBE_TABLE", SQL_DESCRIBE}};
    struct arena *a = &((struct fixture *)*state)->arena;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sql_statement *s = NULL;
        assert_int_equal(sql_parse(a, bytes_str(rows[i].text), &s, NULL), 0);
        assert_int_equal(sql_statement_kind(s), rows[i].kind);
        assert_string_equal(sql_statement_type(s), rows[i].type);
        assert_string_equal(sql_substatement_type(s), rows[i].substatement);
        assert_int_equal(sql_statement_ddl(s) == NULL, rows[i].kind < SQL_CREATE_DATABASE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rejected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tpch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_positions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nesting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_statement_types, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
