/* test_duck_convert.c - a log's range becomes a Parquet or raw object and error documents. */
#include "base/arena.h"
#include "base/encode.h"
#include "duck/duck_int.h"
#include "slog/sequence.h"
#include "slog_fixture.h"
#include <zlib.h>

#define EPOCH 1700000000000u

struct convert {
    struct fixture f;
    struct slog_log *log;
    struct duck *duck;
    struct arena arena;
    char out[128], tmp[128], errors[128], errors_tmp[128], temp_dir[128];
};

static int setup(void **state) {
    struct convert *c = mem_calloc(1, sizeof(*c));
    struct err e;
    assert_non_null(c);
    fixture_init(&c->f);
    c->f.clock.now_ms = 1706000000123;
    fixture_open(&c->f);
    assert_int_equal(slog_create(c->f.slog, "s", &c->log, &e), 0);
    arena_init(&c->arena, 0);
    snprintf(c->out, sizeof(c->out), "%s/bucket/a/b/x.parquet", c->f.root);
    snprintf(c->errors, sizeof(c->errors), "%s/bucket/errors/y", c->f.root);
    snprintf(c->tmp, sizeof(c->tmp), "%s/tmp/it's.tmp", c->f.root);
    snprintf(c->errors_tmp, sizeof(c->errors_tmp), "%s/tmp/e.tmp", c->f.root);
    snprintf(c->temp_dir, sizeof(c->temp_dir), "%s/spill", c->f.root);
    shell("mkdir -p %s/tmp", c->f.root);
    struct duck_options o = {.threads = 1, .memory_mb = 512, .temp_dir = c->temp_dir};
    if (duck_open(&o, &c->duck, &e))
        fail_msg("duck_open: %s", e.text);
    *state = c;
    return 0;
}
static int teardown(void **state) {
    struct convert *c = *state;
    duck_close(&c->duck);
    arena_clear(&c->arena);
    fixture_clear(&c->f);
    mem_free(c);
    return 0;
}

static void append(struct convert *c, struct bytes data, uint32_t shard) {
    struct slog_record_in in = {.partition_key = BYTES("k"), .data = data, .shard = shard};
    struct err e;
    assert_int_equal(slog_append_wait(c->log, &in, 1, NULL, NULL, &e), 0);
}
static void append_str(struct convert *c, const char *data) {
    append(c, bytes_str(data), 0);
}

/* Runs convert over [from, to) with the other members of the task given as text. */
static int run_range(struct convert *c, uint64_t from, uint64_t to, const char *members,
                     struct json **ret, struct err *e) {
    struct slog_view *view = NULL;
    struct buf text = {0}, ok = {0}, log = {0};
    struct json *task;
    assert_int_equal(slog_view_new(c->log, from, to, &view, e), 0);
    slog_view_write_json(view, &log);
    buf_add_fmt(&text,
                "{\"kind\":\"convert\",\"output\":\"%s\",\"tmp\":\"%s\",\"error_output\":\"%s\","
                "\"error_tmp\":\"%s\",\"stream_epoch_ms\":%llu,%s,\"log\":",
                c->out, c->tmp, c->errors, c->errors_tmp, (unsigned long long)EPOCH, members);
    buf_add(&text, buf_bytes(&log));
    buf_add_char(&text, '}');
    assert_int_equal(json_parse(&c->arena, arena_copy(&c->arena, buf_bytes(&text)), &task, e), 0);
    int rc = duck_run_convert(c->duck, &c->arena, task, &ok, e);
    if (!rc)
        assert_int_equal(json_parse(&c->arena, arena_copy(&c->arena, buf_bytes(&ok)), ret, e), 0);
    buf_clear(&text);
    buf_clear(&ok);
    buf_clear(&log);
    slog_view_free(&view);
    assert_int_not_equal(access(c->tmp, F_OK), 0);
    assert_int_not_equal(access(c->errors_tmp, F_OK), 0);
    return rc;
}
static struct json *run(struct convert *c, uint64_t to, const char *members) {
    struct json *ok = NULL;
    struct err e;
    if (run_range(c, 1, to, members, &ok, &e))
        fail_msg("convert: %s", e.text);
    return ok;
}

static struct bytes read_back(struct convert *c, const char *path) {
    struct buf text = {0};
    struct err e;
    assert_int_equal(vfs_read_file(vfs_system(), path, MIB(64), &text, &e), 0);
    struct bytes copy = arena_copy(&c->arena, buf_bytes(&text));
    buf_clear(&text);
    return copy;
}
/* The value of one expression over the object, as text. */
static void expect(struct convert *c, const char *expression, const char *value) {
    char sql[600];
    duckdb_result r;
    struct err e;
    snprintf(sql, sizeof(sql), "SELECT (%s)::VARCHAR FROM read_parquet('%s')", expression, c->out);
    assert_int_equal(session_begin(c->duck, NULL, &e), 0);
    if (session_query(c->duck, sql, &r, &e))
        fail_msg("%s: %s", sql, e.text);
    duckdb_data_chunk chunk = duckdb_fetch_chunk(r);
    duckdb_string_t *s = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    uint32_t len = s->value.inlined.length;
    const char *ptr = len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr;
    if (!bytes_eq_str(bytes_of(ptr, len), value))
        fail_msg("%s is %.*s, not %s", expression, (int)len, ptr, value);
    duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&r);
    session_end(c->duck);
}

#define COLUMNS                                                                                    \
    "\"format\":\"parquet\",\"compression\":\"zstd\",\"row_group_rows\":2048,\"columns\":["        \
    "{\"name\":\"id\",\"hive_type\":\"bigint\"},{\"name\":\"na\\\"me\",\"hive_type\":\"string\","  \
    "\"json_key\":\"name\"},"                                                                      \
    "{\"name\":\"price\",\"hive_type\":\"decimal(10,2)\"},"                                        \
    "{\"name\":\"at\",\"hive_type\":\"timestamp\"},"                                               \
    "{\"name\":\"tags\",\"hive_type\":\"array<struct<k:string,v:int>>\"},"                         \
    "{\"name\":\"m\",\"hive_type\":\"map<string,double>\"}],"                                      \
    "\"error_context\":{\"dataCatalogTable\":{\"tableName\":\"t\"}}"

static void good(struct convert *c, int i) {
    char text[400];
    snprintf(text, sizeof(text),
             "{\"id\":%d,\"name\":\"a name that is not inlined \\u00e9 %d\",\"price\":%d.25,"
             "\"at\":\"2024-01-0%d 00:00:00\",\"tags\":[{\"k\":\"x\",\"v\":%d},{\"k\":\"y\"}],"
             "\"m\":{\"p\":%d.5}}",
             i, i, i, i % 9 + 1, i, i);
    append_str(c, text);
}
static int64_t fact(const struct json *ok, const char *column, const char *name) {
    const struct json *groups =
        json_get(json_get(json_get(json_get(ok, "facts"), "columns"), column), name);
    int64_t sum = groups ? 0 : -1, n;
    JSON_FOR_EACH(j, groups)
    sum += json_to_i64(j, &n) ? n : 1000000000;
    return sum;
}
static struct bytes fact_text(const struct json *ok, const char *column, const char *name) {
    const struct json *groups =
        json_get(json_get(json_get(json_get(ok, "facts"), "columns"), column), name);
    const struct json *j = groups ? groups->first : NULL;
    for (; j && j->next && strcmp(name, "max") == 0; j = j->next)
        ;
    return j ? j->text : (struct bytes){0};
}

static void check_document(struct convert *c, struct bytes line, const char *code, const char *data,
                           const char *column, uint64_t lsn, uint32_t shard) {
    struct json *j;
    struct err e;
    char sequence[SLOG_SEQUENCE_LEN + 1], raw[256];
    assert_int_equal(json_parse(&c->arena, line, &j, &e), 0);
    assert_int_equal(json_get_i64(j, "attemptsMade", -1), 1);
    assert_int_equal(json_get_i64(j, "arrivalTimestamp", -1), 1706000000123);
    assert_true(json_get_i64(j, "attemptEndingTimestamp", -1) > 1600000000000);
    assert_true(bytes_eq_str(json_get_str(j, "lastErrorCode"), code));
    assert_true(json_get_str(j, "lastErrorMessage").len > 0);
    ptrdiff_t n = base64_decode(json_get_str(j, "rawData"), raw);
    assert_true(n >= 0 && bytes_eq_str(bytes_of(raw, (size_t)n), data));
    slog_sequence_text(EPOCH, shard, lsn, sequence);
    assert_true(bytes_eq_str(json_get_str(j, "sequenceNumber"), sequence));
    assert_non_null(json_get_raw(j, "subSequenceNumber"));
    assert_true(bytes_eq_str(json_get_str(j, "column"), column) ||
                (!*column && !json_get(j, "column")));
    assert_true(bytes_eq_str(json_get_str(json_get(j, "dataCatalogTable"), "tableName"), "t"));
}

static void test_good_and_bad(void **state) {
    struct convert *c = *state;
    for (int i = 1; i <= 10; i++)
        good(c, i);
    append(c, BYTES("{\"id\":oops"), 3);
    append_str(c, "[1,2]");
    append_str(c, "{\"id\":\"ten\"}");
    append_str(c, "{\"tags\":[{\"k\":\"x\",\"v\":{}}]}");
    append_str(c, "{\"id\":11}{\"id\":12}");
    struct json *ok = run(c, 16, COLUMNS);
    assert_int_equal(json_get_i64(ok, "rows", -1), 12);
    assert_int_equal(json_get_i64(ok, "bad", -1), 4);
    struct bytes file = read_back(c, c->out), docs = read_back(c, c->errors), line;
    assert_int_equal(json_get_i64(ok, "bytes", -1), file.len);
    assert_int_equal(json_get_i64(ok, "error_bytes", -1), docs.len);
    const char *malformed = "DataFormatConversion.MalformedData";
    docs = bytes_cut(docs, '\n', &line);
    check_document(c, line, "DataFormatConversion.ParseError", "{\"id\":oops", "id", 11, 3);
    docs = bytes_cut(docs, '\n', &line);
    check_document(c, line, malformed, "[1,2]", "", 12, 0);
    docs = bytes_cut(docs, '\n', &line);
    check_document(c, line, malformed, "{\"id\":\"ten\"}", "id", 13, 0);
    docs = bytes_cut(docs, '\n', &line);
    check_document(c, line, malformed, "{\"tags\":[{\"k\":\"x\",\"v\":{}}]}", "tags", 14, 0);
    assert_int_equal(docs.len, 0);
    expect(c, "count(*)", "12");
    expect(c, "sum(id)", "78");
    expect(c, "max(price)", "10.25");
    expect(c, "first(\"na\"\"me\" ORDER BY id)", "a name that is not inlined \xc3\xa9 1");
    expect(c, "sum(tags[1].v)", "55");
    expect(c, "count(*) FILTER (tags[2].v IS NULL AND tags[2].k = 'y')", "10");
    expect(c, "sum(m['p'])", "60.0");
    expect(c, "typeof(first(tags))", "STRUCT(k VARCHAR, v INTEGER)[]");
}

static void test_facts(void **state) {
    struct convert *c = *state;
    enum { ROWS = 5000 };
    struct json *ok, *task, *answer;
    struct buf text = {0}, out = {0};
    struct err e;
    for (int i = 1; i <= ROWS; i++)
        buf_add_fmt(&text, "{\"id\":%d,\"price\":%s,\"at\":\"2024-01-01 00:00:0%d\",\"tags\":[]}",
                    i,
                    i == 7  ? "null"
                    : i % 2 ? "9.50"
                            : "10.25",
                    i % 10);
    append(c, buf_bytes(&text), 0); /* one record, more documents than a chunk holds */
    ok = run(c, 2, COLUMNS);
    assert_int_equal(json_get_i64(ok, "rows", -1), ROWS);
    assert_int_equal(json_get(json_get(ok, "facts"), "rows")->count, 3);
    assert_int_equal(fact(ok, "id", "nulls"), 0);
    assert_int_equal(fact(ok, "price", "nulls"), 1);
    assert_true(fact(ok, "id", "bytes") > 0 && fact(ok, "tags.list.element.k", "bytes") > 0);
    assert_true(bytes_eq_str(fact_text(ok, "id", "min"), "1"));
    assert_true(bytes_eq_str(fact_text(ok, "id", "max"), "5000"));
    assert_true(bytes_eq_str(fact_text(ok, "price", "min"), "9.50"));
    assert_true(bytes_eq_str(fact_text(ok, "price", "max"), "10.25"));
    assert_true(bytes_starts_with(fact_text(ok, "at", "min"), BYTES("2024-01-01 00:00:00")));
    assert_true(bytes_starts_with(fact_text(ok, "at", "max"), BYTES("2024-01-01 00:00:09")));
    assert_int_equal(fact(ok, "tags", "nulls"), -1);
    assert_int_equal(fact(ok, "na\"me", "nulls"), ROWS);
    /* The same of a file by its path; what is no Parquet is left out. */
    buf_reset(&text);
    buf_add_fmt(&text, "{\"kind\":\"facts\",\"paths\":[\"/dev/null\",\"%s\"]}", c->out);
    assert_int_equal(json_parse(&c->arena, buf_bytes(&text), &task, &e), 0);
    assert_int_equal(duck_run_facts(c->duck, &c->arena, task, &out, &e), 0);
    assert_int_equal(json_parse(&c->arena, buf_bytes(&out), &answer, &e), 0);
    const struct json *files = json_get(answer, "files");
    assert_int_equal(files->count, 1);
    assert_int_equal(json_get_i64(files->first, "rows", -1), ROWS);
    assert_true(bytes_eq_str(json_get_str(files->first, "path"), c->out));
    assert_int_equal(fact(files->first, "id", "bytes"), fact(ok, "id", "bytes"));
    buf_clear(&text);
    buf_clear(&out);
}

static void test_nothing_good_or_bad(void **state) {
    struct convert *c = *state;
    append_str(c, "no json");
    good(c, 1);
    struct json *ok = run(c, 2, COLUMNS);
    assert_int_equal(json_get_i64(ok, "rows", -1), 0);
    assert_int_equal(json_get_i64(ok, "bytes", -1), 0);
    assert_int_equal(json_get_i64(ok, "bad", -1), 1);
    assert_int_not_equal(access(c->out, F_OK), 0);
    assert_int_equal(access(c->errors, F_OK), 0);
    assert_int_equal(unlink(c->errors), 0);
    struct err e;
    assert_int_equal(run_range(c, 2, 3, COLUMNS, &ok, &e), 0);
    assert_int_equal(json_get_i64(ok, "rows", -1), 1);
    assert_int_equal(json_get_i64(ok, "error_bytes", -1), 0);
    assert_int_not_equal(access(c->errors, F_OK), 0);
    assert_int_equal(unlink(c->out), 0);
    assert_int_equal(run_range(c, 3, 3, COLUMNS, &ok, &e), 0);
    assert_int_equal(json_get_i64(ok, "rows", -1), 0);
    assert_int_not_equal(access(c->out, F_OK), 0);
    assert_int_not_equal(access(c->errors, F_OK), 0);
}

/* The same task again puts the same bytes at the same key. */
static void test_again(void **state) {
    struct convert *c = *state;
    for (int i = 1; i <= 10; i++)
        good(c, i);
    append_str(c, "[]");
    struct json *first = run(c, 12, COLUMNS);
    struct bytes before = read_back(c, c->out);
    struct json *second = run(c, 12, COLUMNS);
    assert_true(bytes_eq(before, read_back(c, c->out)));
    assert_int_equal(json_get_str(first, "etag").len, 32);
    assert_true(bytes_eq(json_get_str(first, "etag"), json_get_str(second, "etag")));
    char attribute[512];
    ssize_t n = vfs_system()->ops->getxattr(vfs_system(), c->out, "user.tarn", attribute,
                                            sizeof(attribute));
    if (n == -ENOTSUP)
        return;
    assert_true(n > 0);
    assert_true(bytes_find(bytes_of(attribute, (size_t)n), json_get_str(first, "etag")) >= 0);
}

static void test_raw(void **state) {
    struct convert *c = *state;
    append_str(c, "one");
    append_str(c, "{not json}");
    append_str(c, "");
    append_str(c, "three");
    const char *want = "one\n{not json}\n\nthree\n";
    struct json *ok = run(c, 5, "\"format\":\"raw\",\"delimiter\":\"\\n\"");
    assert_int_equal(json_get_i64(ok, "rows", -1), 4);
    assert_true(bytes_eq_str(read_back(c, c->out), want));
    assert_int_equal(json_get_i64(ok, "bytes", -1), strlen(want));
    ok = run(c, 5, "\"format\":\"raw\",\"delimiter\":\"\",\"compression\":\"UNCOMPRESSED\"");
    assert_true(bytes_eq_str(read_back(c, c->out), "one{not json}three"));
    ok = run(c, 5, "\"format\":\"raw\",\"delimiter\":\"\\n\",\"compression\":\"GZIP\"");
    char plain[100];
    gzFile z = gzopen(c->out, "rb");
    assert_int_equal(gzdirect(z), 0);
    int n = gzread(z, plain, sizeof(plain));
    gzclose(z);
    assert_true(n > 0 && bytes_eq_str(bytes_of(plain, (size_t)n), want));
    unlink(c->out);
    struct err e;
    assert_int_equal(run_range(c, 5, 5, "\"format\":\"raw\",\"compression\":\"gzip\"", &ok, &e), 0);
    assert_int_equal(json_get_i64(ok, "bytes", -1), 0);
    assert_int_not_equal(access(c->out, F_OK), 0);
}

static void test_refusals(void **state) {
    struct convert *c = *state;
    struct json *ok;
    struct err e;
    good(c, 1);
    assert_int_not_equal(run_range(c, 1, 2, "\"format\":\"orc\"", &ok, &e), 0);
    assert_int_not_equal(run_range(c, 1, 2, "\"format\":\"raw\",\"compression\":\"rar\"", &ok, &e),
                         0);
    duck_interrupt(c->duck);
    assert_int_equal(run_range(c, 1, 2, COLUMNS, &ok, &e), ERR_CANCELED);
    assert_int_equal(run_range(c, 1, 2, "\"format\":\"raw\"", &ok, &e), ERR_CANCELED);
    assert_int_not_equal(access(c->out, F_OK), 0);
    duck_reset(c->duck);
    assert_int_equal(json_get_i64(run(c, 2, COLUMNS), "rows", -1), 1);
}

/* A large range through gzip and many error documents: every flush on the way. */
static void test_large(void **state) {
    struct convert *c = *state;
    char *line = mem_alloc(KIB(100));
    for (int i = 0; i < 30; i++) {
        for (size_t k = 0; k < KIB(100); k++)
            line[k] = (char)('a' + (k * k * 31 + k / 7 + (size_t)i * k) % 23);
        append(c, bytes_of(line, KIB(100)), 0);
    }
    mem_free(line);
    struct json *ok = run(c, 31, COLUMNS);
    assert_int_equal(json_get_i64(ok, "bad", -1), 30);
    struct bytes docs = read_back(c, c->errors), one;
    int lines = 0;
    while (docs.len) {
        struct json *j;
        struct err e;
        docs = bytes_cut(docs, '\n', &one);
        assert_int_equal(json_parse(&c->arena, one, &j, &e), 0);
        lines++;
    }
    assert_int_equal(lines, 30);
    run(c, 31, "\"format\":\"raw\",\"compression\":\"gzip\"");
    char *plain = mem_alloc(MIB(4));
    gzFile z = gzopen(c->out, "rb");
    assert_int_equal(gzread(z, plain, MIB(4)), 30 * KIB(100));
    gzclose(z);
    mem_free(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good_and_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(test_facts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_good_or_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
