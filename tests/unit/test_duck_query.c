/* test_duck_query.c - queries in a real DuckDB: Athena's text, log tails, errors, interrupts. */
#include "duck_fixture.h"
#include <pthread.h>

static int open_fixture(void **state) {
    struct duck_fixture *f = mem_alloc(sizeof(*f));
    assert_non_null(f);
    duck_fixture_open(f, 2);
    *state = f;
    return 0;
}
static int close_fixture(void **state) {
    duck_fixture_close(*state);
    mem_free(*state);
    return 0;
}

/* ---- text ---- */
static void every_type_has_athenas_text(void **state) {
    static const struct {
        const char *sql, *text;
    } cases[] = {
        {"true", "true"},
        {"CAST(-128 AS TINYINT)", "-128"},
        {"CAST(-9223372036854775808 AS BIGINT)", "-9223372036854775808"},
        {"CAST('170141183460469231731687303715884105727' AS HUGEINT)",
         "170141183460469231731687303715884105727"},
        {"CAST(-0.05 AS DECIMAL(4,2))", "-0.05"},
        {"CAST(12 AS DECIMAL(18,3))", "12.000"},
        {"CAST('-1234567890123456789012345678.0123456789' AS DECIMAL(38,10))",
         "-1234567890123456789012345678.0123456789"},
        {"CAST(1 AS DOUBLE)", "1.0"},
        {"CAST(0.1 AS DOUBLE)", "0.1"},
        {"CAST(123456.789 AS DOUBLE)", "123456.789"},
        {"CAST('1e7' AS DOUBLE)", "1.0E7"},
        {"CAST('9999999' AS DOUBLE)", "9999999.0"},
        {"CAST('0.001' AS DOUBLE)", "0.001"},
        {"CAST('0.0001' AS DOUBLE)", "1.0E-4"},
        {"CAST('-1.7976931348623157e308' AS DOUBLE)", "-1.7976931348623157E308"},
        {"CAST('4.9e-324' AS DOUBLE)", "4.9E-324"},
        {"CAST('0.30000000000000004' AS DOUBLE)", "0.30000000000000004"},
        {"CAST('nan' AS DOUBLE)", "NaN"},
        {"CAST('-inf' AS DOUBLE)", "-Infinity"},
        {"CAST(0.1 AS FLOAT)", "0.1"},
        {"CAST(16777216 AS FLOAT)", "1.6777216E7"},
        {"CAST('1e-45' AS FLOAT)", "1.4E-45"},
        {"'plain'", "plain"},
        {"CAST('\\x00\\xFFa' AS BLOB)", "00 ff 61"},
        {"DATE '2020-02-29'", "2020-02-29"},
        {"TIME '01:02:03.4567'", "01:02:03.457"},
        {"TIMESTAMP '1969-12-31 23:59:59.9996'", "1970-01-01 00:00:00.000"},
        {"TIMESTAMP '2017-01-01 00:00:00'", "2017-01-01 00:00:00.000"},
        {"TIMESTAMPTZ '2017-01-01 02:00:00+02'", "2017-01-01 00:00:00.000 UTC"},
        {"INTERVAL '50' HOUR", "2 02:00:00.000"},
        {"CAST('12151fd2-7586-11e9-8f9e-2a86e4085a59' AS UUID)",
         "12151fd2-7586-11e9-8f9e-2a86e4085a59"},
        {"CAST('{\"a\":[1,2]}' AS JSON)", "{\"a\":[1,2]}"},
        {"[1, NULL, 3]", "[1, null, 3]"},
        {"CAST([] AS INTEGER[])", "[]"},
        {"MAP {'k': 1, 'l': NULL}", "{k=1, l=null}"},
        {"{'a': 1, 'b': [DATE '2020-01-01'], 'c': {'d': 'x'}}", "{a=1, b=[2020-01-01], c={d=x}}"},
        {"row(1, 'x')", "{field0=1, field1=x}"},
        {"[MAP {1: {'x': 1.5}}]", "[{1={x=1.5}}]"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char sql[200], expected[200];
        (void)snprintf(sql, sizeof(sql), "SELECT %s", cases[i].sql);
        (void)snprintf(expected, sizeof(expected), "%s\n", cases[i].text);
        expect_rows(*state, NULL, sql, 1, expected);
    }
}
static void csv_tells_null_from_empty(void **state) {
    struct duck_fixture *f = *state;
    assert_int_equal(
        run_query(f, "SELECT NULL, '', 'say \"hi\", ok\nbye', 1", 4, "csv", NULL, NULL), 0);
    struct buf got = read_all(f->result);
    assert_string_equal(buf_cstr(&got),
                        "\"c0\",\"c1\",\"c2\",\"c3\"\n,\"\",\"say \"\"hi\"\", ok\nbye\",\"1\"\n");
    assert_int_equal(json_get_i64(f->ok, "output_bytes", -1), (int64_t)got.len);
    assert_int_equal(json_get_i64(f->ok, "rows", -1), 1);
    buf_clear(&got);
}
static void order_survives_streaming(void **state) {
    expect_rows(*state, NULL,
                "SELECT min(i = n), count(*) FROM (SELECT i, row_number() OVER () - 1 AS n FROM "
                "(SELECT i FROM range(300000) t(i) ORDER BY i))",
                2, "true\t300000\n");
}

/* ---- errors ---- */
static void engine_errors_get_trinos_names(void **state) {
    expect_error(*state, NULL, "SELECT CAST(x AS INTEGER) FROM (VALUES ('a')) t(x)",
                 "INVALID_CAST_ARGUMENT", "Cannot cast 'a' to INT");
    expect_error(*state, NULL,
                 "SELECT x + 1 FROM (VALUES (CAST(9223372036854775807 AS BIGINT))) t(x)",
                 "NUMERIC_VALUE_OUT_OF_RANGE", "bigint addition overflow: 9223372036854775807 + 1");
    expect_error(*state, NULL, "SELECT CAST(x AS TINYINT) FROM (VALUES (1000)) t(x)",
                 "NUMERIC_VALUE_OUT_OF_RANGE", "Out of range for tinyint: 1000");
    expect_error(*state, NULL, "SELECT CAST(x AS DECIMAL(4,0)) FROM (VALUES (12345.6)) t(x)",
                 "NUMERIC_VALUE_OUT_OF_RANGE", "Cannot cast '12345.6' to DECIMAL(4, 0)");
    expect_error(*state, NULL, "SELECT CAST(x AS DECIMAL(38,37)) FROM (VALUES (10)) t(x)",
                 "NUMERIC_VALUE_OUT_OF_RANGE", "Cannot cast '10' to DECIMAL(38, 37)");
    expect_error(*state, NULL, "SELECT CAST(x AS TINYINT) FROM (VALUES (1280.5)) t(x)",
                 "NUMERIC_VALUE_OUT_OF_RANGE", NULL);
    expect_error(*state, NULL, "SELECT (SELECT i FROM range(2) t(i))", "SUBQUERY_MULTIPLE_ROWS",
                 "Scalar sub-query has returned multiple rows");
    expect_error(*state, NULL, "SELECT * FROM read_parquet('/nowhere/x.parquet')",
                 "HIVE_CANNOT_OPEN_SPLIT", NULL);
    expect_error(*state, NULL, "SELECT * FROM nothing", "GENERIC_INTERNAL_ERROR", NULL);
}
/* The error comes after thousands of rows were written already. */
static void a_late_error_leaves_no_file(void **state) {
    expect_error(*state, NULL,
                 "SELECT CAST(CASE WHEN i = 900000 THEN 'x' ELSE '1' END AS INTEGER) "
                 "FROM range(1000000) t(i)",
                 "INVALID_CAST_ARGUMENT", "Cannot cast 'x' to INT");
}
static void memory_limits_are_named_and_end_with_the_task(void **state) {
    struct duck_fixture *f = *state;
    const char *sql =
        "SELECT count(*) FROM (SELECT i, count(*) FROM range(3000000) t(i) GROUP BY i)";
    assert_true(run_query(f, sql, 1, "txt", NULL, "{\"memory_mb\":20}") < 0);
    assert_string_equal(f->err.name, "EXCEEDED_LOCAL_MEMORY_LIMIT");
    expect_rows(f, NULL, sql, 1, "3000000\n");
}

/* ---- interrupts ---- */
static void *interrupt_soon(void *duck) {
    usleep(150000);
    duck_interrupt(duck);
    return NULL;
}
static void an_interrupt_stops_a_running_query(void **state) {
    struct duck_fixture *f = *state;
    pthread_t t;
    int64_t start = clock_mono_us(clock_system());
    assert_int_equal(pthread_create(&t, NULL, interrupt_soon, f->duck), 0);
    expect_error(f, NULL, "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)",
                 "CanceledException", NULL);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_true(clock_mono_us(clock_system()) - start < 5000000);
    assert_int_equal(f->err.code, ERR_CANCELED);
    duck_reset(f->duck);
    expect_rows(f, NULL, "SELECT 1", 1, "1\n");
}

/* ---- log tails ---- */
#define VIEW_COLUMNS                                                                               \
    "\"columns\":[{\"name\":\"id\",\"hive_type\":\"bigint\"},"                                     \
    "{\"name\":\"text\",\"hive_type\":\"string\"},"                                                \
    "{\"name\":\"tags\",\"hive_type\":\"array<string>\"},"                                         \
    "{\"name\":\"attrs\",\"hive_type\":\"map<string,struct<n:int,l:array<int>>>\"}],"              \
    "\"partitions\":[{\"name\":\"inserted_at\",\"pattern\":\"yyyy/MM/dd/HH\"}]"

static const char *make_view(struct duck_fixture *f, char *out, size_t cap) {
    look(f);
    (void)snprintf(out, cap, "[{\"name\":\"tail \\\"1\\\"\",\"log\":%.*s," VIEW_COLUMNS "}]",
                   (int)f->view_json.len, f->view_json.ptr);
    return out;
}
#define TAIL "\"tail \"\"1\"\"\"()"
#define HOUR_1 INT64_C(1579811922151) /* 2020-01-23 20:38:42.151 */
#define HOUR_2 (HOUR_1 + 3600000)

static void a_tail_is_a_table(void **state) {
    struct duck_fixture *f = *state;
    char view[4000];
    put(f, HOUR_1,
        BYTES("{\"id\":1,\"text\":\"short\",\"tags\":[\"a\",null,\"long \\u00e9 text with "
              "an escape\"]}"));
    put(f, HOUR_1, BYTES("{\"ID\":\"2\",\"attrs\":{\"k\":{\"n\":1,\"l\":[1,2]},\"m\":null}}"));
    put(f, HOUR_2, BYTES("{\"id\":3}{\"id\":4,\"text\":\"\"}\n"));
    make_view(f, view, sizeof(view));
    expect_rows(f, view, "SELECT * FROM " TAIL " ORDER BY id", 5,
                "1\tshort\t[a, null, long é text with an escape]\t\t2020/01/23/20\n"
                "2\t\t\t{k={n=1, l=[1, 2]}, m=null}\t2020/01/23/20\n"
                "3\t\t\t\t2020/01/23/21\n"
                "4\t\t\t\t2020/01/23/21\n");
    expect_rows(f, view, "SELECT inserted_at, count(*) FROM " TAIL " GROUP BY 1 ORDER BY 1", 2,
                "2020/01/23/20\t2\n2020/01/23/21\t2\n");
    expect_rows(f, view,
                "SELECT a.id, b.text FROM " TAIL " a JOIN " TAIL " b ON a.id = b.id + 1 ORDER BY 1",
                2, "2\tshort\n3\t\n4\t\n");
}
/* What a delivery will refuse is no row before it either, whatever columns the query uses. */
static void bad_records_are_no_rows_under_any_projection(void **state) {
    struct duck_fixture *f = *state;
    char view[4000];
    put(f, HOUR_1, BYTES("{\"id\":1,\"text\":\"good\"}"));
    put(f, HOUR_1, BYTES("{\"id\":\"no number\",\"text\":\"wrong id\"}"));
    put(f, HOUR_1, BYTES("not json"));
    put(f, HOUR_1, BYTES("{\"id\":2}{\"id\":3,\"tags\":7}"));
    put(f, HOUR_1, BYTES("[1]"));
    put(f, HOUR_1, BYTES("{\"id\":4,\"text\":\"\xff\"}"));
    put(f, HOUR_1, BYTES("{\"id\":5}"));
    make_view(f, view, sizeof(view));
    expect_rows(f, view, "SELECT count(*) FROM " TAIL, 1, "2\n");
    expect_rows(f, view, "SELECT text FROM " TAIL " WHERE text IS NOT NULL", 1, "good\n");
    expect_rows(f, view, "SELECT sum(id) FROM " TAIL, 1, "6\n");
    expect_rows(f, view, "SELECT inserted_at, attrs FROM " TAIL, 2,
                "2020/01/23/20\t\n2020/01/23/20\t\n");
}
static void an_empty_tail_is_an_empty_table(void **state) {
    char view[4000];
    expect_rows(*state, make_view(*state, view, sizeof(view)),
                "SELECT count(*), max(id) FROM " TAIL, 2, "0\t\n");
}

/* Strings point into decoder memory and the mapping; operators that keep rows must still see them
 * when 40,000 more rows have been decoded by several threads. */
static void strings_live_as_long_as_the_query(void **state) {
    struct duck_fixture *f = *state;
    char view[4000];
    struct buf data = {0};
    for (int append = 0; append < 200; append++) {
        buf_reset(&data);
        for (int i = 0; i < 200; i++) {
            int id = append * 200 + i;
            buf_add_fmt(&data,
                        "{\"id\":%d,\"text\":\"escaped\\tand long enough %d\",\"tags\":[\"%d\","
                        "\"\\\"quoted and long %d\"]}",
                        id, id, id, id);
        }
        put(f, HOUR_1, buf_bytes(&data));
    }
    buf_clear(&data);
    make_view(f, view, sizeof(view));
    const char *same = "text = 'escaped' || chr(9) || 'and long enough ' || id "
                       "AND tags = [CAST(id AS VARCHAR), '\"quoted and long ' || id]";
    char sql[1000];
    (void)snprintf(sql, sizeof(sql), "SELECT count(*), min(%s) FROM " TAIL, same);
    expect_rows(f, view, sql, 2, "40000\ttrue\n");
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*), min(%s) FROM (SELECT * FROM " TAIL
                   " ORDER BY text, tags LIMIT 30000)",
                   same);
    expect_rows(f, view, sql, 2, "30000\ttrue\n");
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*), min(%s) FROM (SELECT any_value(text) AS text, max(tags) AS "
                   "tags, id FROM " TAIL " GROUP BY id)",
                   same);
    expect_rows(f, view, sql, 2, "40000\ttrue\n");
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*), min(%s) FROM (SELECT a.id, a.text, b.tags FROM " TAIL
                   " a JOIN " TAIL " b USING (text))",
                   same);
    expect_rows(f, view, sql, 2, "40000\ttrue\n");
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*), min(%s) FROM (SELECT id - 1 AS id, lag(text) OVER (ORDER BY "
                   "id) AS text, lag(tags) OVER (ORDER BY id) AS tags FROM " TAIL ")",
                   same);
    expect_rows(f, view, sql, 2, "40000\ttrue\n");
    assert_int_equal(run_query(f, "SELECT id, text FROM " TAIL, 2, "txt", view, NULL), 0);
    assert_int_equal(json_get_i64(f->ok, "rows", -1), 40000);
}
/* More documents in one record than a chunk holds: all of them, or none when one is bad. */
static void a_record_wider_than_a_chunk(void **state) {
    struct duck_fixture *f = *state;
    char view[4000];
    struct buf good = {0}, bad = {0};
    for (int i = 0; i < 10000; i++) {
        buf_add_fmt(&good, "{\"id\":%d,\"text\":\"} \\\" {\",\"tags\":[\"%d\"]} ", i, i);
        buf_add_fmt(&bad, "{\"id\":%d}", i);
    }
    buf_add_str(&bad, "{\"id\":true}");
    put(f, HOUR_1, BYTES("{\"id\":-1}"));
    put(f, HOUR_1, buf_bytes(&bad));
    put(f, HOUR_2, buf_bytes(&good));
    put(f, HOUR_1, BYTES("{\"id\":-2}"));
    buf_clear(&good);
    buf_clear(&bad);
    make_view(f, view, sizeof(view));
    expect_rows(f, view,
                "SELECT count(*), count(DISTINCT id), sum(id), count(*) FILTER (tags[1] = "
                "CAST(id AS VARCHAR)), count(text), count(DISTINCT inserted_at) FROM " TAIL,
                6, "10002\t10002\t49994997\t10000\t10000\t2\n");
}
/* Lists outgrow the engine's first reservation, inside structs and maps as well. */
static void long_lists_grow(void **state) {
    struct duck_fixture *f = *state;
    char view[4000];
    struct buf data = {0};
    for (int record = 0; record < 3; record++) {
        buf_reset(&data);
        buf_add_fmt(&data, "{\"id\":%d,\"tags\":[", record);
        for (int i = 0; i < 9000; i++) {
            buf_add_fmt(&data, "%s\"tag %d\"", i ? "," : "", i);
        }
        buf_add_str(&data, "],\"attrs\":{");
        for (int i = 0; i < 3000; i++) {
            buf_add_fmt(&data, "%s\"key %d\":{\"n\":%d,\"l\":[%d,null,%d]}", i ? "," : "", i, i, i,
                        i + 1);
        }
        buf_add_str(&data, "}}");
        put(f, HOUR_1, buf_bytes(&data));
    }
    buf_clear(&data);
    make_view(f, view, sizeof(view));
    expect_rows(f, view,
                "SELECT id, len(tags), tags[9000], cardinality(attrs), attrs['key 2999'] FROM " TAIL
                " ORDER BY id",
                5,
                "0\t9000\ttag 8999\t3000\t{n=2999, l=[2999, null, 3000]}\n"
                "1\t9000\ttag 8999\t3000\t{n=2999, l=[2999, null, 3000]}\n"
                "2\t9000\ttag 8999\t3000\t{n=2999, l=[2999, null, 3000]}\n");
    expect_rows(f, view,
                "SELECT sum(list_sum(list_transform(map_values(attrs), lambda s: s.n + s.l[1] + "
                "s.l[3]))) FROM " TAIL,
                1, "40495500\n");
}
static void a_damaged_log_fails_the_query(void **state) {
    struct duck_fixture *f = *state;
    char view[4000];
    put(f, HOUR_1, BYTES("{\"id\":1,\"text\":\"some text that will be damaged\"}"));
    make_view(f, view, sizeof(view));
    struct arena a;
    struct json *tree;
    arena_init(&a, 0);
    assert_int_equal(json_parse(&a, buf_bytes(&f->view_json), &tree, &f->err), 0);
    const char *path = arena_cstr(&a, json_get_str(json_at(json_get(tree, "parts"), 0), "path"));
    struct buf file = read_all(path);
    ptrdiff_t at = bytes_find(buf_bytes(&file), BYTES("damaged"));
    assert_true(at > 0);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "D", 1, at), 1);
    close(fd);
    buf_clear(&file);
    arena_clear(&a);
    assert_true(run_query(f, "SELECT count(*) FROM " TAIL, 1, "csv", view, NULL) < 0);
    assert_int_equal(f->err.code, ERR_CORRUPT);
    assert_false(file_exists(f->result));
    expect_rows(f, NULL, "SELECT 1", 1, "1\n");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        T(every_type_has_athenas_text),
        T(csv_tells_null_from_empty),
        T(order_survives_streaming),
        T(engine_errors_get_trinos_names),
        T(a_late_error_leaves_no_file),
        T(memory_limits_are_named_and_end_with_the_task),
        T(an_interrupt_stops_a_running_query),
        T(a_tail_is_a_table),
        T(bad_records_are_no_rows_under_any_projection),
        T(an_empty_tail_is_an_empty_table),
        T(strings_live_as_long_as_the_query),
        T(a_record_wider_than_a_chunk),
        T(long_lists_grow),
        T(a_damaged_log_fails_the_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
