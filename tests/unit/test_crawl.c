/* The crawl room without workers: exclude patterns, schemas compared and merged, folders grouped
 * into tables, definitions checked. Folder trees are written as lines. */
#include "base/log.h"
#include "base/mem.h"
#include "crawl/crawl_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- patterns ---- */
static void patterns(void **state) {
    static const struct {
        const char *pattern, *path;
        bool match;
    } cases[] = {
        {"*.csv", "a.csv", true},
        {"*.csv", "d/a.csv", false},
        {"*.*", "a.b", true},
        {"*.*", "ab", false},
        {"**.csv", "d/e/a.csv", true},
        {"d/**", "d/e/a.csv", true},
        {"d/**", "dd/a.csv", false},
        {"**/x/**", "a/b/x/c", true},
        {"**/x/**", "a/b/y/c", false},
        {"?.csv", "a.csv", true},
        {"?.csv", "ab.csv", false},
        {"a?b", "a/b", false},
        {"[a-c]*", "b1", true},
        {"[a-c]*", "d1", false},
        {"[!a-c]*", "d1", true},
        {"[abc-]", "-", true},
        {"2020/*/*.json", "2020/01/a.json", true},
        {"2020/*/*.json", "2020/01/02/a.json", false},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbYbZd", false},
        {"**", "a/b/c", true},
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"[a", "[a", true},
        {"**a**b*c", "x/a/y/b1c", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (glob_match(bytes_str(cases[i].pattern), bytes_str(cases[i].path)) != cases[i].match)
            fail_msg("%s on %s", cases[i].pattern, cases[i].path);
}

static void alternatives(void **state) {
    struct arena a;
    struct bytes *items = NULL;
    size_t n = 0;
    struct err e;
    arena_init(&a, 0);
    assert_int_equal(glob_expand(&a, BYTES("*.{csv,json}{,.gz}"), &items, &n, &e), 0);
    assert_int_equal(n, 4);
    assert_true(bytes_eq_str(items[0], "*.csv"));
    assert_true(bytes_eq_str(items[3], "*.json.gz"));
    assert_int_equal(glob_expand(&a, BYTES("a{b"), &items, &n, &e), ERR_INVALID_INPUT);
    assert_int_equal(glob_expand(&a, BYTES("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"),
                                 &items, &n, &e),
                     ERR_INVALID_INPUT);
    arena_clear(&a);
}

/* ---- schemas ---- written "json: a bigint, b string" or "csv/gzip: ..." */
static struct crawl_schema *schema(struct arena *a, const char *text) {
    struct bytes columns, head, kind, compression, one;
    columns = bytes_trim(bytes_cut(bytes_str(text), ':', &head));
    compression = bytes_cut(head, '/', &kind);
    struct crawl_schema *s = ARENA_NEW(a, struct crawl_schema);
    assert_non_null(s);
    *s = (struct crawl_schema){.classification = kind,
                               .compression = compression.ptr ? compression : BYTES("none"),
                               .delimiter = BYTES(",")};
    s->columns = ARENA_NEW_N(a, struct crawl_column, 64);
    while (columns.len) {
        columns = bytes_trim(bytes_cut(columns, ';', &one));
        struct bytes name, type = bytes_cut(bytes_trim(one), ' ', &name);
        struct crawl_column *c = &s->columns[s->column_count++];
        *c = (struct crawl_column){.name = name, .key = name};
        assert_int_equal(type_parse(a, type, &c->type, NULL), 0);
    }
    return s;
}
static const char *print(struct arena *a, const struct crawl_schema *s) {
    struct buf out = {0};
    for (size_t i = 0; i < s->column_count; i++) {
        buf_add_fmt(&out, "%s%.*s ", i ? "; " : "", BYTES_ARG(s->columns[i].name));
        type_format(s->columns[i].type, &out);
    }
    char *text = arena_cstr(a, buf_bytes(&out));
    buf_clear(&out);
    return text;
}

static void merging(void **state) {
    static const char *const cases[][3] = {
        {"json: a bigint", "json: a double; b string", "a double; b string"},
        {"json: a bigint", "json: a string", "a string"},
        {"json: a struct<x:bigint>", "json: a struct<y:string,x:double>",
         "a struct<x:double,y:string>"},
        {"json: a array<bigint>", "json: a array<double>", "a array<double>"},
        {"json: a array<bigint>", "json: a struct<x:bigint>", "a string"},
        {"parquet: a int; d date", "parquet: a bigint; d timestamp", "a bigint; d timestamp"},
        {"parquet: a decimal(10,2)", "parquet: a decimal(12,4)", "a decimal(12,4)"},
        {"parquet: a decimal(38,2)", "parquet: a int", "a double"},
        {"parquet: m map<string,int>", "parquet: m map<string,bigint>", "m map<string,bigint>"},
    };
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct crawl_schema *m =
            schema_merge(&a, schema(&a, cases[i][0]), schema(&a, cases[i][1]));
        assert_string_equal(print(&a, m), cases[i][2]);
    }
    struct crawl_schema *x = schema(&a, "json: a bigint; b string");
    assert_ptr_equal(schema_merge(&a, x, schema(&a, "json: b string")), x);
    arena_clear(&a);
}

static void similarity(void **state) {
    static const struct {
        const char *x, *y;
        bool strict, lenient;
    } cases[] = {
        {"json: a int; b int", "json: a int; b int", true, true},
        {"json: a int; b int; c int", "json: a int; b int; d int", false, false},
        {"json: a int", "json: a int; b int", false, true},
        {"json: a bigint", "json: a double", true, true},
        {"json: a array<int>", "json: a int", false, false},
        {"json: a int", "parquet: a int", false, false},
        {"json: a int", "json/gzip: a int", false, false},
        {"csv: a int; b int", "csv: b int; a int", false, false},
        {"csv: a int; b int; c int", "csv: a int; b int; c int; d int", true, true},
        {"UNKNOWN:", "UNKNOWN:", false, false},
    };
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct crawl_schema *x = schema(&a, cases[i].x), *y = schema(&a, cases[i].y);
        if (schema_is_similar(x, y, false) != cases[i].strict ||
            schema_is_similar(x, y, true) != cases[i].lenient)
            fail_msg("%s | %s", cases[i].x, cases[i].y);
    }
    arena_clear(&a);
}

/* ---- grouping ---- */
struct tree {
    struct arena a;
    struct crawl_config config;
    struct crawl_target target;
    struct crawl_folder *root;
};
static void tree_open(struct tree *t) {
    memset(t, 0, sizeof *t);
    arena_init(&t->a, 0);
    t->root = ARENA_NEW(&t->a, struct crawl_folder);
    t->root->name = BYTES("data");
    t->root->uri = BYTES("s3://lake/data/");
}
/* A folder below data/ ("" itself), with one part per schema. */
static void add(struct tree *t, const char *path, const char *schemas) {
    struct crawl_folder *f = t->root;
    struct bytes rest = bytes_str(path), name;
    while (rest.len) {
        rest = bytes_cut(rest, '/', &name);
        if (!f->last || !bytes_eq(f->last->name, name)) {
            struct crawl_folder *c = ARENA_NEW(&t->a, struct crawl_folder);
            c->name = name;
            c->parent = f;
            c->uri = arena_fmt(&t->a, "%.*s%.*s/", BYTES_ARG(f->uri), BYTES_ARG(name));
            if (f->last)
                f->last->next = c;
            else
                f->first = c;
            f->last = c;
            f->child_count++;
        }
        f = f->last;
    }
    f->parts = ARENA_NEW_N(&t->a, struct crawl_part, 8);
    rest = bytes_str(schemas);
    while (rest.len) {
        struct bytes one;
        rest = bytes_cut(rest, '+', &one);
        struct crawl_part *p = &f->parts[f->part_count++];
        *p = (struct crawl_part){
            .schema = schema(&t->a, arena_cstr(&t->a, one)), .files = 1, .bytes = 100, .rows = 10};
        p->file = arena_fmt(&t->a, "f%zu.csv", f->part_count);
    }
    f->file_count = (int64_t)f->part_count;
    if (f->part_count == 1)
        f->parts[0].file = BYTES("");
}
/* "name(keys)@location: columns [values]..." per line, in name order as emitted */
static void expect_tables(struct tree *t, const char *want) {
    struct crawl_table *tables = NULL;
    struct err e;
    struct buf out = {0};
    assert_int_equal(crawl_group(&t->a, &t->config, &t->target, t->root, &tables, &e), 0);
    for (; tables; tables = tables->next) {
        buf_add_fmt(&out, "%.*s(", BYTES_ARG(crawl_name(&t->a, tables->folder_name)));
        for (size_t k = 0; k < tables->key_count; k++)
            buf_add_fmt(&out, "%s%.*s", k ? "," : "", BYTES_ARG(tables->keys[k]));
        buf_add_fmt(&out, ")@%.*s: %s", BYTES_ARG(bytes_slice(tables->location, 10, 999)),
                    print(&t->a, tables->schema));
        for (size_t i = 0; i < tables->partition_count; i++) {
            buf_add_str(&out, " [");
            for (size_t k = 0; k < tables->key_count; k++)
                buf_add_fmt(&out, "%s%.*s", k ? "," : "",
                            BYTES_ARG(tables->partitions[i].values[k]));
            buf_add_str(&out, "]");
        }
        buf_add_str(&out, "\n");
    }
    const char *got = buf_cstr(&out);
    if (strcmp(got, want) != 0)
        fail_msg("got:\n%swant:\n%s", got, want);
    buf_clear(&out);
    arena_clear(&t->a);
}

static void hive_partitions(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "Year=2023/month=1", "json: a bigint");
    add(&t, "Year=2023/month=2", "json: a double");
    add(&t, "Year=2024/month=%2F", "json: a bigint; b string");
    expect_tables(&t, "data(year,month)@data/: a double; b string [2023,1] [2023,2] [2024,/]\n");
}

static void unnamed_partitions(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "table1/p1", "json: a bigint");
    add(&t, "table1/p2", "json: a bigint");
    add(&t, "table2/p3", "json: a bigint");
    expect_tables(&t, "data(partition_0,partition_1)@data/: a bigint [table1,p1] [table1,p2] "
                      "[table2,p3]\n");
}

static void different_tables(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "clicks/dt=1", "json: a bigint; b bigint");
    add(&t, "clicks/dt=2", "json: a bigint; b bigint");
    add(&t, "users", "csv: id bigint; name string");
    add(&t, "events-x", "parquet: id bigint");
    expect_tables(&t, "clicks(dt)@data/clicks/: a bigint; b bigint [1] [2]\n"
                      "users()@data/users/: id bigint; name string\n"
                      "events_x()@data/events-x/: id bigint\n");
}

/* AWS's example: two folders that share nothing are two tables, unless combined. */
static void combined(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "year=2017", "json: a int; b int");
    add(&t, "year=2018", "json: c int; d int");
    expect_tables(&t, "year_2017()@data/year=2017/: a int; b int\n"
                      "year_2018()@data/year=2018/: c int; d int\n");
    tree_open(&t);
    t.config.combine = true;
    add(&t, "year=2017", "json: a int; b int");
    add(&t, "year=2018", "json: c int; d int");
    expect_tables(&t, "data(year)@data/: a int; b int; c int; d int [2017] [2018]\n");
}

static void the_majority_is_a_table(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "d=1", "json: a int");
    add(&t, "d=2", "json: a int");
    add(&t, "d=3", "parquet: z int");
    expect_tables(&t, "d_3()@data/d=3/: z int\ndata(d)@data/: a int [1] [2]\n");
}

static void files_and_folders(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "", "json: a int");
    add(&t, "more", "json: a int");
    expect_tables(&t, "data()@data/: a int\n");
    tree_open(&t);
    add(&t, "", "csv: x int; y int+json: a int");
    add(&t, "d=1", "json: a int");
    expect_tables(&t, "f1_csv()@data/f1.csv: x int; y int\nf2_csv()@data/f2.csv: a int\n"
                      "data(d)@data/: a int [1]\n");
}

static void mixed_depths(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "x/y", "json: a int");
    add(&t, "z", "json: a int");
    expect_tables(&t, "x(partition_0)@data/x/: a int [y]\nz()@data/z/: a int\n");
}

static void table_level(void **state) {
    struct tree t;
    tree_open(&t);
    t.config.table_level = 3;
    add(&t, "a/d=1", "json: x int");
    add(&t, "a/d=2", "json: y int");
    add(&t, "b/d=1", "json: x int");
    expect_tables(&t, "a(d)@data/a/: x int; y int [1] [2]\nb(d)@data/b/: x int [1]\n");
}

static void unknown_files(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "images", "UNKNOWN:");
    add(&t, "mixed", "UNKNOWN:+json: a int");
    add(&t, "none/deep/a", "UNKNOWN:");
    add(&t, "none/deep/b", "UNKNOWN:");
    expect_tables(&t, "f2_csv()@data/mixed/f2.csv: a int\nimages()@data/images/: \n"
                      "none()@data/none/: \n");
    tree_open(&t);
    add(&t, "", "UNKNOWN:");
    add(&t, "d=1", "json: a int");
    add(&t, "d=2", "UNKNOWN:");
    add(&t, "d=3", "json: a int");
    expect_tables(&t, "data(d)@data/: a int [1] [3]\n");
    tree_open(&t);
    add(&t, "x/y", "UNKNOWN:");
    expect_tables(&t, "data()@data/: \n");
}

static void keys_hide_columns(void **state) {
    struct tree t;
    tree_open(&t);
    add(&t, "d=1", "parquet: d int; v int");
    add(&t, "d=2", "parquet: d int; v int");
    expect_tables(&t, "data(d)@data/: v int [1] [2]\n");
}

/* Each allocation fails once: an error or the whole answer, never a crash. */
static void grouping_without_memory(void **state) {
    setenv("TARN_ARENA_MALLOC", "1", 1); /* every allocation is one of the heap */
    int rc = ERR_NOMEM;
    for (int64_t nth = 1; rc; nth++) {
        struct crawl_table *tables = NULL;
        struct err e;
        struct tree t;
        tree_open(&t);
        add(&t, "a/y=1/m=1", "json: a bigint; s struct<x:int>");
        add(&t, "a/y=1/m=2", "json: a double; s struct<y:int>; b array<int>");
        add(&t, "a/y=2/m=1", "json: a bigint; b array<double>");
        add(&t, "b", "csv: x int+json: a int");
        add(&t, "c", "UNKNOWN:");
        mem_test_fail_nth(nth);
        rc = crawl_group(&t.a, &t.config, &t.target, t.root, &tables, &e);
        mem_test_fail_nth(0);
        assert_true(rc == 0 || rc == ERR_NOMEM);
        assert_true(rc || (tables && nth > 20));
        arena_clear(&t.a);
    }
    unsetenv("TARN_ARENA_MALLOC");
}

/* ---- definitions ---- */
static int check(const char *text, struct crawl_config *c, struct arena *a, struct err *e) {
    struct json *j;
    arena_init(a, 0);
    assert_int_equal(json_parse(a, bytes_str(text), &j, e), 0);
    return crawl_config_read(a, j, c, e);
}
#define S3 "\"DatabaseName\":\"D\",\"Targets\":{\"S3Targets\":[{\"Path\":\"s3://b/x\"}]}"
static void definitions(void **state) {
    static const char *const bad[] = {
        "{\"DatabaseName\":\"d\",\"Targets\":{\"S3Targets\":[{\"Path\":\"/b/x\"}]}}",
        "{\"DatabaseName\":\"d\",\"Targets\":{\"S3Targets\":[{}]}}",
        "{\"DatabaseName\":\"d\",\"Targets\":{\"JdbcTargets\":[{\"Path\":\"x\"}]}}",
        "{\"DatabaseName\":\"d\",\"Targets\":{\"S3Targets\":[{\"Path\":\"s3://b\",\"SampleSize\":"
        "250}]}}",
        "{" S3 ",\"SchemaChangePolicy\":{\"DeleteBehavior\":\"NONE\"}}",
        "{" S3 ",\"RecrawlPolicy\":{\"RecrawlBehavior\":\"CRAWL_NEW_FOLDERS_ONLY\"}}",
        "{" S3 ",\"RecrawlPolicy\":{\"RecrawlBehavior\":\"CRAWL_EVENT_MODE\"}}",
        "{" S3 ",\"Configuration\":\"[]\"}",
        "{" S3 ",\"Configuration\":\"{\\\"Version\\\":2}\"}",
        "{" S3 ",\"Configuration\":\"{\\\"Version\\\":1.0,\\\"Grouping\\\":{"
        "\\\"TableLevelConfiguration\\\":0}}\"}",
    };
    struct crawl_config c;
    struct arena a;
    struct err e;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (check(bad[i], &c, &a, &e) != ERR_INVALID_INPUT)
            fail_msg("%s was taken", bad[i]);
        arena_clear(&a);
    }
    assert_int_equal(check("{" S3
                           ",\"Configuration\":\"{\\\"Version\\\":1.0,\\\"CrawlerOutput\\\":{"
                           "\\\"Partitions\\\":{\\\"AddOrUpdateBehavior\\\":\\\"InheritFromTable"
                           "\\\"}}}\"}",
                           &c, &a, &e),
                     0);
    assert_true(c.inherit && !c.merge_new_columns && !c.combine && !c.update_log);
    assert_int_equal(c.on_delete, DELETE_DEPRECATE);
    assert_true(bytes_eq_str(c.database, "d"));
    assert_true(bytes_eq_str(c.targets[0].prefix, "x/") && bytes_eq_str(c.targets[0].file, "x"));
    assert_int_equal(crawl_config_ready(&c, &e), 0);
    arena_clear(&a);
    assert_int_equal(check("{\"DatabaseName\":\"d\",\"Targets\":{}}", &c, &a, &e), 0);
    assert_int_equal(crawl_config_ready(&c, &e), ERR_INVALID_INPUT);
    arena_clear(&a);
    assert_int_equal(check("{\"Targets\":{\"S3Targets\":[{\"Path\":\"s3://b/x\"}]}}", &c, &a, &e),
                     0);
    assert_int_equal(crawl_config_ready(&c, &e), ERR_INVALID_INPUT);
    arena_clear(&a);
}

/* ---- memory ---- */
struct memory_fixture {
    char dir[64], path[128];
    struct clock_manual clock;
    struct catalog *catalog;
};
static void memory_open(struct memory_fixture *f) {
    struct err e;
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/test_crawl.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/catalog.db", f->dir);
    clock_manual_init(&f->clock, 1000);
    assert_int_equal(catalog_open(f->path, &f->clock.base, &f->catalog, &e), 0);
}
static void memory_close(struct memory_fixture *f) {
    char command[128];
    catalog_close(&f->catalog);
    (void)snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
}

static void memory_is_kept(void **state) {
    struct memory_fixture f;
    struct tree t;
    struct crawl_memory m = {.arena = &t.a, .signature = 7}, back;
    struct err e;
    tree_open(&t);
    memory_open(&f);
    add(&t, "d=1", "csv: a bigint; b string");
    add(&t, "d=2", "UNKNOWN:+json: a struct<`x y`:int>");
    t.root->first->digest = UINT64_MAX;
    assert_int_equal(crawl_remember_table(&m, BYTES("db"), BYTES("t"), BYTES("s3://lake/data/")),
                     0);
    assert_int_equal(crawl_memory_save(f.catalog, BYTES("c"), &m, &t.root, 1, false, &e), 0);
    assert_int_equal(crawl_memory_load(f.catalog, &t.a, BYTES("c"), 7, &back, &e), 0);
    assert_int_equal(back.seen_count, 2);
    assert_int_equal(back.table_count, 1);
    const struct crawl_seen *s = crawl_memory_find(&back, BYTES("s3://lake/data/d=1/"));
    assert_non_null(s);
    assert_true(s->digest == UINT64_MAX && s->part_count == 1 && s->parts[0].rows == 10);
    assert_string_equal(print(&t.a, s->parts[0].schema), "a bigint; b string");
    s = crawl_memory_find(&back, BYTES("s3://lake/data/d=2/"));
    assert_non_null(s);
    assert_string_equal(print(&t.a, s->parts[1].schema), "a struct<`x y`:int>");
    assert_true(bytes_eq_str(s->parts[1].file, "f2.csv"));
    assert_null(crawl_memory_find(&back, BYTES("s3://lake/data/")));
    /* other settings: the tables are known, the folders are asked again */
    assert_int_equal(crawl_memory_load(f.catalog, &t.a, BYTES("c"), 8, &back, &e), 0);
    assert_true(back.seen_count == 0 && back.table_count == 1);
    /* folders that are gone stay when only new ones are crawled */
    struct crawl_folder *second = t.root->first->next;
    t.root->first = second;
    assert_int_equal(crawl_memory_load(f.catalog, &t.a, BYTES("c"), 7, &m, &e), 0);
    assert_int_equal(crawl_memory_save(f.catalog, BYTES("c"), &m, &t.root, 1, true, &e), 0);
    assert_int_equal(crawl_memory_load(f.catalog, &t.a, BYTES("c"), 7, &back, &e), 0);
    assert_int_equal(back.seen_count, 2);
    memory_close(&f);
    arena_clear(&t.a);
}

static void damaged_memory_is_forgotten(void **state) {
    static const char *const texts[] = {
        "{\"signature\":\"7\",\"schemas\":[],\"folders\":[[\"u\",\"1\",[[0,1,1,1]]]]}",
        "{\"signature\":\"7\",\"folders\":[[\"u\",\"x\",[]]]}", "[]", "{"};
    struct memory_fixture f;
    struct crawl_memory back;
    struct arena a;
    struct err e;
    memory_open(&f);
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        arena_init(&a, 0);
        assert_int_equal(catalog_doc_put(f.catalog, CRAWLER_STATE_KIND, BYTES("c"), 0,
                                         bytes_str(texts[i]), -1, &e),
                         0);
        assert_int_equal(crawl_memory_load(f.catalog, &a, BYTES("c"), 7, &back, &e), 0);
        assert_int_equal(back.seen_count, 0);
        arena_clear(&a);
    }
    memory_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(merging),
        cmocka_unit_test(similarity),
        cmocka_unit_test(hive_partitions),
        cmocka_unit_test(unnamed_partitions),
        cmocka_unit_test(different_tables),
        cmocka_unit_test(combined),
        cmocka_unit_test(the_majority_is_a_table),
        cmocka_unit_test(files_and_folders),
        cmocka_unit_test(mixed_depths),
        cmocka_unit_test(table_level),
        cmocka_unit_test(unknown_files),
        cmocka_unit_test(keys_hide_columns),
        cmocka_unit_test(grouping_without_memory),
        cmocka_unit_test(definitions),
        cmocka_unit_test(memory_is_kept),
        cmocka_unit_test(damaged_memory_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
