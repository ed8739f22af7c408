/* The worker's sniff task: what one file is a table of. Inputs are written as text (some through
 * the engine or zlib), the answer is compared as one line per file. */
#include "duck_fixture.h"

#include <zlib.h>

struct sniff_fixture {
    struct duck_fixture f;
    struct buf task;
    size_t files;
    const char *csv; /* the task's classifiers */
};

static int open_fixture(void **state) {
    struct sniff_fixture *s = calloc(1, sizeof *s);
    assert_non_null(s);
    duck_fixture_open(&s->f, 1);
    *state = s;
    return 0;
}
static int close_fixture(void **state) {
    struct sniff_fixture *s = *state;
    buf_clear(&s->task);
    duck_fixture_close(&s->f);
    free(s);
    return 0;
}

static void file_path(struct sniff_fixture *s, const char *name, char path[256]) {
    snprintf(path, 256, "%s/%s", s->f.log_fixture.root, name);
}
static void write_bytes(struct sniff_fixture *s, const char *name, struct bytes content) {
    char path[256];
    file_path(s, name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
    fclose(file);
}
static void write_gz(struct sniff_fixture *s, const char *name, const char *text) {
    char path[256];
    file_path(s, name, path);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    gzclose(file);
}
static void write_sql(struct sniff_fixture *s, const char *name, const char *query,
                      const char *options) {
    char path[256], sql[2048];
    file_path(s, name, path);
    snprintf(sql, sizeof sql, "{\"sql\":\"COPY (%s) TO '%s' (%s)\",\"columns\":[]}", query, path,
             options);
    int rc = run_text(&s->f, duck_run_query, bytes_str(sql));
    (void)rc; /* COPY answers a count, which the task does not expect */
}

/* classification[/compression] rows [delimiter quote skip:] key type, ... */
static struct bytes sniff(struct sniff_fixture *s, const char *name) {
    char path[256];
    struct buf out = {0};
    struct vfs_stat st;
    file_path(s, name, path);
    assert_int_equal(vfs_system()->ops->stat(vfs_system(), path, &st), 0);
    buf_reset(&s->task);
    buf_add_fmt(&s->task, "{\"files\":[{\"path\":\"%s\",\"name\":\"%s\",\"size\":%llu}]", path,
                name, (unsigned long long)st.size_bytes);
    buf_add_fmt(&s->task, ",\"csv\":%s}", s->csv ? s->csv : "[]");
    if (run_text(&s->f, duck_run_sniff, buf_bytes(&s->task)))
        fail_msg("sniff: %s", s->f.err.text);
    const struct json *file = json_at(json_get(s->f.ok, "files"), 0);
    buf_add(&out, json_get_str(file, "classification"));
    if (!bytes_eq_str(json_get_str(file, "compression"), "none"))
        buf_add_fmt(&out, "/%.*s", BYTES_ARG(json_get_str(file, "compression")));
    if (json_get(file, "why"))
        buf_add_fmt(&out, " %.*s", BYTES_ARG(json_get_str(file, "why")));
    else
        buf_add_fmt(&out, " %lld", (long long)json_get_i64(file, "rows", -1));
    if (json_get(file, "delimiter"))
        buf_add_fmt(&out, " %.*s%.*s%lld", BYTES_ARG(json_get_str(file, "delimiter")),
                    BYTES_ARG(json_get_str(file, "quote")),
                    (long long)json_get_i64(file, "skip", -1));
    JSON_FOR_EACH(c, json_get(file, "columns"))
    buf_add_fmt(&out, "|%.*s %.*s", BYTES_ARG(json_get_str(c, "key")),
                BYTES_ARG(json_get_str(c, "type")));
    struct bytes text = arena_copy(&s->f.arena, buf_bytes(&out));
    buf_clear(&out);
    return text;
}
static void expect(struct sniff_fixture *s, const char *name, const char *want) {
    struct bytes got = sniff(s, name);
    if (!bytes_eq_str(got, want))
        fail_msg("%s: %.*s\n not %s", name, BYTES_ARG(got), want);
}
static void expect_text(struct sniff_fixture *s, const char *name, const char *text,
                        const char *want) {
    write_bytes(s, name, bytes_str(text));
    expect(s, name, want);
}

static void parquet(void **state) {
    write_sql(*state, "a.parquet",
              "SELECT 1::INTEGER AS \\\"Id\\\", 2::BIGINT AS b, 1.5::DECIMAL(9,2) AS d, "
              "TIMESTAMP '2020-01-01' AS t, DATE '2020-01-01' AS day, {'A': 1::INTEGER, 'l': "
              "['x']} AS s, MAP {'k': 1.5::DOUBLE} AS m, true AS f, 1::UTINYINT AS u FROM range(7)",
              "FORMAT parquet");
    expect(*state, "a.parquet",
           "parquet 7|Id int|b bigint|d decimal(9,2)|t timestamp|day date|s "
           "struct<a:int,l:array<string>>|m map<string,double>|f boolean|u smallint");
    write_bytes(*state, "cut.parquet", BYTES("PAR1 and nothing else"));
    assert_true(bytes_starts_with(sniff(*state, "cut.parquet"), BYTES("UNKNOWN ")));
}

static void json(void **state) {
    expect_text(*state, "lines.json",
                "{\"Id\":1,\"v\":1.5,\"when\":\"2020-01-01\",\"in\":{\"A b\":[1,2]}}\n{\"Id\":2,"
                "\"ok\":true}\n",
                "json 2|Id bigint|v double|when string|in struct<`a b`:array<bigint>>|ok boolean");
    expect_text(*state, "array.json", "[{\"a\":1},\n {\"a\":-2,\"b\":\"x\"}]",
                "json 2|a bigint|b string");
    expect_text(*state, "pretty.json", "{\n  \"a\": {\n    \"b\": null\n  }\n}\n",
                "json 1|a "
                "struct<b:"
                "string>");
    expect_text(*state, "signs.json", "{\"a\":1}\n{\"a\":-1}\n", "json 2|a bigint");
    expect_text(*state, "wide.json", "{\"a\":9223372036854775808}\n{\"a\":-1}\n",
                "json 2|a decimal(38,0)");
    expect_text(*state, "values.json", "[1,2,3]",
                "UNKNOWN a JSON array of values that are no objects");
    assert_true(bytes_starts_with(
        (write_bytes(*state, "bad.json", BYTES("{\"a\": oops}")), sniff(*state, "bad.json")),
        BYTES("UNKNOWN ")));
    write_gz(*state, "lines.json.gz", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    expect(*state, "lines.json.gz", "json/gzip 3|a bigint");
}

static void csv(void **state) {
    expect_text(*state, "a.csv", "id,Name,score,day\n1,x,1.5,2020-01-01\n2,y,2,2020-01-02\n",
                "csv 2 ,1|id bigint|Name string|score double|day string");
    expect_text(*state, "bare.csv", "1,2.5\n3,4.5\n", "csv 2 ,0|col0 bigint|col1 double");
    expect_text(*state, "quoted.csv", "a,b\n\"x, y\",1\n\"z\",2\n", "csv 2 ,\"1|a string|b bigint");
    expect_text(*state, "a.tsv", "a\tb\n1\t2\n", "csv 1 \t1|a bigint|b bigint");
    expect_text(*state, "pipe.txt", "a|b\n1|true\n2|false\n", "csv 2 |1|a bigint|b boolean");
    expect_text(*state, "flags.csv", "a,b\nt,1\nf,2\n", "csv 2 ,1|a string|b bigint");
    expect_text(*state, "ragged.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n",
                "csv 3 ,1|a bigint|b bigint|c bigint");
    expect_text(*state, "preamble.csv", "# made by x\n# in 2020\nid,name\n1,x\n2,y\n",
                "csv 2 ,3|id bigint|name string");
    expect_text(*state, "lone.csv", "1,2,3,4\n", "UNKNOWN text without columns");
    expect_text(*state, "prose.txt", "Hello there\nno table here\n",
                "UNKNOWN text without columns");
    write_gz(*state, "a.csv.gz", "a,b\n1,2\n");
    expect(*state, "a.csv.gz", "csv/gzip 1 ,1|a bigint|b bigint");
    write_gz(*state, "a.csv", "a,b\n1,2\n");
    assert_true(bytes_starts_with(sniff(*state, "a.csv"), BYTES("UNKNOWN compressed or not")));
}

static void csv_classifiers(void **state) {
    struct sniff_fixture *s = *state;
    s->csv = "[{\"delimiter\":\";\",\"header\":\"ABSENT\",\"names\":[\"first\",\"second\"]}]";
    expect_text(s, "semi.txt", "1;2,5\n3;4,5\n", "csv 2 ;0|first bigint|second string");
    s->csv = "[{\"delimiter\":\",\",\"header\":\"PRESENT\"}]";
    expect_text(s, "words.csv", "a,b\nx,y\n", "csv 1 ,1|a string|b string");
    s->csv = "[{\"delimiter\":\"|\",\"single\":true,\"header\":\"PRESENT\"}]";
    expect_text(s, "one.txt", "a\n1\n2\n", "csv 2 |1|a bigint");
}

static void what_is_no_table(void **state) {
    static const struct {
        struct bytes content;
        const char *why;
    } files[] = {{BYTES("\x89PNG\r\n\x1a\n\0\0"), "UNKNOWN neither Parquet nor UTF-8 text"},
                 {BYTES("Obj\1rest"), "UNKNOWN an Avro file; Avro is not crawled yet"},
                 {BYTES("<html></html>"), "UNKNOWN XML or HTML, which is not crawled yet"},
                 {BYTES("caf\xe9,1\n"), "UNKNOWN neither Parquet nor UTF-8 text"},
                 {BYTES(" \n"), "UNKNOWN an empty file"},
                 {BYTES(""), "UNKNOWN an empty file"}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        write_bytes(*state, "file", files[i].content);
        expect(*state, "file", files[i].why);
    }
}

static void zstd(void **state) {
    write_sql(*state, "a.csv.zst", "SELECT i AS a, i * 2 AS b FROM range(50) t(i)",
              "FORMAT csv, HEADER, COMPRESSION zstd");
    struct bytes got = sniff(*state, "a.csv.zst");
    assert_true(bytes_starts_with(got, BYTES("csv/zstd ")));
    assert_true(bytes_ends_with(got, BYTES("|a bigint|b bigint")));
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {T(parquet),          T(json), T(csv), T(csv_classifiers),
                                       T(what_is_no_table), T(zstd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
