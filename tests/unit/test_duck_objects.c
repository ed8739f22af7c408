/* test_duck_objects.c - what a range of records becomes: typed rows, error documents, facts, raw.
 */
#include "base/encode.h"
#include "duck_fixture.h"
#include "slog/sequence.h"
#include <zlib.h>

static int open_fixture(void **state) {
    struct duck_fixture *f = mem_alloc(sizeof(*f));
    assert_non_null(f);
    duck_fixture_open(f, 1);
    *state = f;
    return 0;
}
static int close_fixture(void **state) {
    duck_fixture_close(*state);
    mem_free(*state);
    return 0;
}

#define EPOCH UINT64_C(1579800000000)
#define ARRIVAL INT64_C(1579811922151)
#define PARQUET                                                                                    \
    "\"format\":\"parquet\",\"compression\":\"snappy\",\"row_group_rows\":2048,"                   \
    "\"error_context\":{\"dataCatalogTable\":{\"tableName\":\"t\"}},"                              \
    "\"columns\":[{\"name\":\"id\",\"hive_type\":\"bigint\"},"                                     \
    "{\"name\":\"amount\",\"hive_type\":\"decimal(10,2)\"},"                                       \
    "{\"name\":\"at\",\"hive_type\":\"timestamp\"},"                                               \
    "{\"name\":\"text\",\"hive_type\":\"string\",\"json_key\":\"Message\"},"                       \
    "{\"name\":\"nested\",\"hive_type\":\"struct<a:array<string>,m:map<string,int>>\"}]"

/* Runs a convert task over all that was put. */
static int convert(struct duck_fixture *f, const char *members) {
    struct buf t = {0};
    look(f);
    buf_add_fmt(&t,
                "{\"stream_epoch_ms\":%llu,\"output\":\"%s\",\"tmp\":\"%s\",\"error_output\":\"%s\""
                ",\"error_tmp\":\"%s\",\"log\":%.*s,%s}",
                (unsigned long long)EPOCH, f->result, f->tmp, f->bad, f->bad_tmp,
                (int)f->view_json.len, f->view_json.ptr, members);
    int rc = run_text(f, duck_run_convert, buf_bytes(&t));
    buf_clear(&t);
    return rc;
}
static void convert_ok(struct duck_fixture *f, const char *members) {
    if (convert(f, members)) {
        fail_msg("convert: %s", f->err.text);
    }
    assert_false(file_exists(f->tmp));
    assert_false(file_exists(f->bad_tmp));
}
static void expect_counts(struct duck_fixture *f, int64_t rows, int64_t bad) {
    assert_int_equal(json_get_i64(f->ok, "rows", -1), rows);
    assert_int_equal(json_get_i64(f->ok, "bad", -1), bad);
    assert_int_equal(file_exists(f->result), rows > 0);
    assert_int_equal(file_exists(f->bad), bad > 0);
    assert_int_equal(json_get_i64(f->ok, "bytes", -1) > 0, rows > 0);
    assert_int_equal(json_get_i64(f->ok, "error_bytes", -1) > 0, bad > 0);
}
/* Queries the Parquet file just written: it is moved away first, as a query's result takes its
 * place. `columns` result columns of SELECT ... FROM the file. */
static void expect_file(struct duck_fixture *f, const char *select, size_t columns,
                        const char *expected) {
    char sql[700], moved[160];
    (void)snprintf(moved, sizeof(moved), "%s.parquet", f->result);
    if (file_exists(f->result)) {
        assert_int_equal(rename(f->result, moved), 0);
    }
    (void)snprintf(sql, sizeof(sql), "SELECT %s FROM read_parquet('%s')", select, moved);
    expect_rows(f, NULL, sql, columns, expected);
    assert_int_equal(rename(moved, f->result), 0);
}

static void good_records_become_typed_rows(void **state) {
    struct duck_fixture *f = *state;
    put(f, ARRIVAL,
        BYTES("{\"id\":1,\"amount\":12.345,\"at\":\"2020-01-23T20:38:42.151Z\","
              "\"message\":\"caf\\u00e9 au lait, s'il vous pla\\u00eet\",\"extra\":1}"));
    put(f, ARRIVAL,
        BYTES("{\"id\":2,\"nested\":{\"a\":[\"x\",null],\"m\":{\"k\":5}}}\n"
              "{\"id\":3,\"amount\":\"-0.5\",\"at\":1579811922}"));
    convert_ok(f, PARQUET);
    expect_counts(f, 3, 0);
    expect_file(f, "*", 5,
                "1\t12.35\t2020-01-23 20:38:42.151\tcafé au lait, s'il vous plaît\t\n"
                "2\t\t\t\t{a=[x, null], m={k=5}}\n"
                "3\t-0.50\t2020-01-23 20:38:42.000\t\t\n");
}

static void check_document(struct duck_fixture *f, struct bytes line, uint64_t lsn,
                           struct bytes data, const char *code, const char *column) {
    struct arena a;
    struct json *doc;
    char raw[256], sequence[SLOG_SEQUENCE_LEN + 1];
    arena_init(&a, 0);
    assert_int_equal(json_parse(&a, line, &doc, &f->err), 0);
    assert_int_equal(json_get_i64(doc, "attemptsMade", 0), 1);
    assert_int_equal(json_get_i64(doc, "arrivalTimestamp", 0), ARRIVAL + (int64_t)lsn);
    assert_true(bytes_eq_str(json_get_str(doc, "lastErrorCode"), code));
    assert_true(json_get_str(doc, "lastErrorMessage").len > 10);
    assert_true(json_get_i64(doc, "attemptEndingTimestamp", 0) > ARRIVAL);
    assert_non_null(json_get_raw(doc, "subSequenceNumber"));
    struct bytes text = json_get_str(doc, "rawData");
    assert_true(base64_decoded_max(text.len) <= sizeof(raw));
    ptrdiff_t n = base64_decode(text, raw);
    assert_true(n >= 0 && bytes_eq(bytes_of(raw, (size_t)n), data));
    slog_sequence_text(EPOCH, 3, lsn, sequence);
    assert_true(bytes_eq_str(json_get_str(doc, "sequenceNumber"), sequence));
    if (!bytes_eq_str(json_get_str(doc, "column"), column)) {
        fail_msg("column %s of %.*s", column, BYTES_ARG(line));
    }
    assert_true(bytes_eq_str(json_get_str(json_get(doc, "dataCatalogTable"), "tableName"), "t"));
    arena_clear(&a);
}
static void bad_records_become_error_documents(void **state) {
    struct duck_fixture *f = *state;
    static const struct {
        struct bytes data;
        const char *code, *column; /* code NULL: good */
    } records[] = {
        {{"{\"id\":1}", 8}, NULL, ""},
        {{"{\"id\":", 6}, "DataFormatConversion.ParseError", "id"},
        {{"{\"id\":\"x\"}", 10}, "DataFormatConversion.MalformedData", "id"},
        {{"[{\"id\":1}]", 10}, "DataFormatConversion.MalformedData", ""},
        {{"{\"id\":2}", 8}, NULL, ""},
        {{"{\"message\":\"\xc3\"}", 15}, "DataFormatConversion.ParseError", "text"},
        {{"{\"id\":7}{\"at\":\"soon\"}", 21}, "DataFormatConversion.MalformedData", "at"},
        {{"{\"nested\":{\"m\":{\"k\":[]}}}", 25}, "DataFormatConversion.MalformedData", "nested"},
    };
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        put(f, ARRIVAL + (int64_t)i + 1, records[i].data);
    }
    convert_ok(f, PARQUET);
    expect_counts(f, 2, 6);
    expect_file(f, "sum(id)", 1, "3\n");
    struct buf documents = read_all(f->bad);
    assert_int_equal(json_get_i64(f->ok, "rows", 0), 1); /* the query's own answer */
    struct bytes rest = buf_bytes(&documents), line;
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        if (!records[i].code) {
            continue;
        }
        rest = bytes_cut(rest, '\n', &line);
        check_document(f, line, i + 1, records[i].data, records[i].code, records[i].column);
    }
    assert_int_equal(rest.len, 0);
    buf_clear(&documents);
}
static void all_bad_writes_no_object(void **state) {
    struct duck_fixture *f = *state;
    put(f, ARRIVAL, BYTES("x"));
    put(f, ARRIVAL, BYTES(" "));
    convert_ok(f, PARQUET);
    expect_counts(f, 0, 1);
}
static void an_empty_range_writes_nothing(void **state) {
    convert_ok(*state, PARQUET);
    expect_counts(*state, 0, 0);
}
/* After a crash a delivery runs the same task again: same keys, same content. */
static void running_again_replaces_both_files(void **state) {
    struct duck_fixture *f = *state;
    put(f, ARRIVAL, BYTES("{\"id\":1}"));
    put(f, ARRIVAL, BYTES("bad"));
    convert_ok(f, PARQUET);
    struct buf first = read_all(f->result);
    FILE *torn = fopen(f->tmp, "w"); /* what a killed worker leaves */
    assert_non_null(torn);
    assert_true(fputs("half a file", torn) >= 0);
    fclose(torn);
    convert_ok(f, PARQUET);
    struct buf second = read_all(f->result);
    assert_true(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
    buf_clear(&first);
    buf_clear(&second);
}
/* The sum over the row groups. */
static int64_t sum_of(const struct json *columns, const char *column, const char *name) {
    const struct json *groups = json_get(json_get(columns, column), name);
    int64_t sum = groups ? 0 : -1, n;
    JSON_FOR_EACH(j, groups)
    sum += json_to_i64(j, &n) ? n : 1000000000;
    return sum;
}
static void many_row_groups_and_their_facts(void **state) {
    struct duck_fixture *f = *state;
    struct buf data = {0};
    for (int i = 0; i < 10000; i++) {
        buf_reset(&data);
        buf_add_fmt(&data, "{\"id\":%d%s,\"amount\":%d.25}", i - 50,
                    i % 4 ? ",\"message\":\"some text\"" : "", i % 7);
        put(f, ARRIVAL, buf_bytes(&data));
    }
    buf_clear(&data);
    convert_ok(f, PARQUET);
    expect_counts(f, 10000, 0);
    const struct json *facts = json_get(f->ok, "facts"), *columns = json_get(facts, "columns");
    assert_true(json_get(facts, "rows")->count > 1);
    assert_int_equal(sum_of(columns, "text", "nulls"), 2500);
    assert_int_equal(sum_of(columns, "id", "nulls"), 0);
    assert_true(sum_of(columns, "id", "bytes") > 0);
    assert_true(sum_of(columns, "nested.a.list.element", "bytes") > 0);
    expect_file(f, "count(*), min(id), max(id), sum(amount), min(id = file_row_number - 50)", 5,
                "10000\t-50\t9949\t32494.00\ttrue\n");
}
static void one_row_group_tells_bounds(void **state) {
    struct duck_fixture *f = *state;
    char task[300];
    put(f, ARRIVAL, BYTES("{\"id\":-7,\"message\":\"b\"}{\"id\":12,\"message\":\"a\"}"));
    convert_ok(f, PARQUET);
    (void)snprintf(task, sizeof(task), "{\"paths\":[\"%s\",\"/nowhere/x\"]}", f->result);
    assert_int_equal(run_text(f, duck_run_facts, bytes_str(task)), 0);
    const struct json *files = json_get(f->ok, "files"), *file = json_at(files, 0);
    const struct json *columns = json_get(json_get(file, "facts"), "columns");
    assert_int_equal(json_get_i64(file, "rows", -1), 2);
    static const char *const wanted[][3] = {
        {"id", "min", "-7"}, {"id", "max", "12"}, {"text", "min", "a"}, {"text", "max", "b"}};
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const struct json *list = json_get(json_get(columns, wanted[i][0]), wanted[i][1]);
        assert_int_equal(list->count, 1);
        assert_true(bytes_eq_str(list->first->text, wanted[i][2]));
    }
    assert_int_equal(files->count, 1); /* what cannot be read is left out */
}
static void compressions(void **state) {
    struct duck_fixture *f = *state;
    put(f, ARRIVAL, BYTES("{\"id\":1}"));
    static const char *const names[] = {"zstd", "GZIP", "uncompressed", "Snappy"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char members[200];
        (void)snprintf(members, sizeof(members),
                       "\"format\":\"parquet\",\"compression\":\"%s\",\"columns\":[{\"name\":"
                       "\"id\",\"hive_type\":\"int\"}]",
                       names[i]);
        convert_ok(f, members);
        expect_file(f, "id", 1, "1\n");
    }
    assert_true(convert(f, "\"format\":\"parquet\",\"compression\":\"lzo'; DROP\",\"columns\":[]") <
                0);
}
static void an_interrupted_conversion_leaves_nothing(void **state) {
    struct duck_fixture *f = *state;
    put(f, ARRIVAL, BYTES("{\"id\":1}"));
    put(f, ARRIVAL, BYTES("bad"));
    duck_interrupt(f->duck);
    assert_int_equal(convert(f, PARQUET), ERR_CANCELED);
    assert_false(file_exists(f->result) || file_exists(f->tmp));
    assert_false(file_exists(f->bad) || file_exists(f->bad_tmp));
    duck_reset(f->duck);
    convert_ok(f, PARQUET);
    expect_counts(f, 1, 1);
}
static void a_folder_in_the_way_fails_cleanly(void **state) {
    struct duck_fixture *f = *state;
    put(f, ARRIVAL, BYTES("{\"id\":1}"));
    shell("mkdir -p '%s/x'", f->result);
    assert_true(convert(f, PARQUET) < 0);
    assert_false(file_exists(f->tmp));
    shell("rm -r '%s'", f->result);
    convert_ok(f, PARQUET);
}

/* ---- raw ---- */
static void raw_records_are_joined(void **state) {
    struct duck_fixture *f = *state;
    put(f, ARRIVAL, BYTES("one"));
    put(f, ARRIVAL, BYTES("not json \xff"));
    convert_ok(f, "\"format\":\"raw\",\"compression\":\"uncompressed\"");
    expect_counts(f, 2, 0);
    struct buf got = read_all(f->result);
    assert_string_equal(buf_cstr(&got), "onenot json \xff");
    buf_clear(&got);
    convert_ok(f, "\"format\":\"raw\",\"delimiter\":\"\\n\"");
    got = read_all(f->result);
    assert_string_equal(buf_cstr(&got), "one\nnot json \xff\n");
    buf_clear(&got);
}
static void raw_gzip_unpacks(void **state) {
    struct duck_fixture *f = *state;
    size_t size = 900000;
    char *data = mem_alloc(size), *back = mem_alloc(2 * size);
    assert_true(data && back);
    struct rand_seeded r = {7};
    for (size_t i = 0; i < size; i++) {
        data[i] = (char)rand_next(&r); /* does not compress: many output buffers */
    }
    put(f, ARRIVAL, bytes_of(data, size));
    put(f, ARRIVAL, BYTES("end"));
    convert_ok(f, "\"format\":\"raw\",\"compression\":\"GZIP\"");
    gzFile in = gzopen(f->result, "rb");
    assert_non_null(in);
    assert_int_equal(gzread(in, back, (unsigned)(2 * size)), (int)size + 3);
    gzclose(in);
    assert_memory_equal(back, data, size);
    assert_memory_equal(back + size, "end", 3);
    mem_free(data);
    mem_free(back);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        T(good_records_become_typed_rows),
        T(bad_records_become_error_documents),
        T(all_bad_writes_no_object),
        T(an_empty_range_writes_nothing),
        T(running_again_replaces_both_files),
        T(many_row_groups_and_their_facts),
        T(one_row_group_tells_bounds),
        T(compressions),
        T(an_interrupted_conversion_leaves_nothing),
        T(a_folder_in_the_way_fails_cleanly),
        T(raw_records_are_joined),
        T(raw_gzip_unpacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
