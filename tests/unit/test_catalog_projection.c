/* Partition projection: Athena's documented examples, date patterns both ways, and what a filter
 * costs. A case is the table's keys ("dt:string hour:int"), its properties ("dt.type=enum;..."),
 * tests on the keys ("hour>=3;hour<5") and the answer: values, or locations below s3://b/t. */
#include "base/mem.h"
#include "catalog/projection_int.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define NOW INT64_C(1605788417123) /* 2020-11-19T12:20:17.123Z */

static struct arena arena;

/* ---- cases ---- */
struct setup {
    struct projection_key keys[6];
    struct projection_table table;
    struct filter_key tests[6];
    struct filter_test store[6][8];
    struct partition_filter filter;
    const struct projection *p;
    struct err e;
};

/* "a=b;c=d" as a JSON object; names get "projection." unless they have no dot or are the template.
 */
static const struct json *properties(const char *text) {
    struct buf b = {0};
    struct jsonw w = jsonw_to(&b);
    struct bytes rest = bytes_str(text), one, name;
    struct json *j = NULL;
    jsonw_object(&w);
    while (rest.ptr) {
        rest = bytes_cut(rest, ';', &one);
        if (one.len == 0)
            continue;
        struct bytes value = bytes_cut(one, '=', &name);
        if (bytes_eq_str(name, "template"))
            name = BYTES("storage.location.template");
        else
            name = arena_fmt(&arena, "projection.%.*s", BYTES_ARG(name));
        jsonw_kv_str(&w, arena_cstr(&arena, name), value);
    }
    jsonw_end_object(&w);
    assert_int_equal(json_parse(&arena, arena_copy(&arena, buf_bytes(&b)), &j, NULL), 0);
    buf_clear(&b);
    return j;
}

static void read_keys(struct setup *s, const char *text) {
    struct bytes rest = bytes_str(text), one, name;
    while (rest.ptr) {
        rest = bytes_cut(rest, ' ', &one);
        if (one.len == 0)
            continue;
        struct bytes type = bytes_cut(one, ':', &name);
        struct projection_key *k = &s->keys[s->table.key_count++];
        k->name = name;
        assert_int_equal(type_parse(&arena, type, &k->type, NULL), 0);
    }
}

/* One test: name, operator, value; "name in a,b". */
static void read_test(struct setup *s, struct bytes one) {
    static const struct {
        const char *text;
        enum filter_op op;
    } ops[] = {{" in ", FILTER_IN}, {"<=", FILTER_LE},      {">=", FILTER_GE}, {"<", FILTER_LT},
               {">", FILTER_GT},    {" none", FILTER_NONE}, {"=", FILTER_EQ}};
    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        ptrdiff_t at = bytes_find(one, bytes_str(ops[i].text));
        if (at < 0)
            continue;
        struct bytes name = bytes_slice(one, 0, (size_t)at), rest, v;
        rest = bytes_slice(one, (size_t)at + strlen(ops[i].text), one.len);
        struct bytes *values = ARENA_NEW_N(&arena, struct bytes, one.len + 1);
        size_t n = 0;
        while (rest.ptr) {
            rest = bytes_cut(rest, ops[i].op == FILTER_IN ? ',' : '\1', &v);
            values[n++] = v;
        }
        for (size_t k = 0; k < s->table.key_count; k++)
            if (bytes_eq(s->keys[k].name, name)) {
                s->store[k][s->tests[k].test_count++] =
                    (struct filter_test){ops[i].op, values, ops[i].op == FILTER_NONE ? 0 : n};
                return;
            }
        break;
    }
    fail_msg("bad test %.*s", BYTES_ARG(one));
}

static struct setup *make(const char *keys, const char *props, const char *tests) {
    struct setup *s = ARENA_NEW(&arena, struct setup);
    struct bytes rest = bytes_str(tests), one;
    s->table = (struct projection_table){.database = BYTES("db"),
                                         .name = BYTES("t"),
                                         .location = BYTES("s3://b/t/"),
                                         .params = properties(props),
                                         .keys = s->keys};
    read_keys(s, keys);
    for (size_t k = 0; k < s->table.key_count; k++)
        s->tests[k] = (struct filter_key){.type = s->keys[k].type, .tests = s->store[k]};
    while (rest.ptr && rest.len) {
        rest = bytes_cut(rest, ';', &one);
        read_test(s, one);
    }
    s->filter = (struct partition_filter){.keys = s->tests, .key_count = s->table.key_count};
    return s;
}

static int run(struct setup *s, size_t limit, struct catalog_partition **ret, size_t *n,
               double *considered) {
    int rc = projection_open(&arena, &s->table, &s->p, &s->e);
    return rc ? rc
              : projection_select(s->p, &arena, &s->filter, NOW, limit, ret, n, considered, &s->e);
}

/* "a/01 a/02" */
static struct bytes joined(const struct catalog_partition *p, size_t n, bool locations) {
    struct buf b = {0};
    for (size_t i = 0; i < n; i++) {
        buf_add_str(&b, i ? " " : "");
        if (locations)
            buf_add(&b, bytes_slice(p[i].location, strlen("s3://b/"), p[i].location.len));
        for (size_t k = 0; k < p[i].value_count && !locations; k++)
            buf_add_fmt(&b, "%s%.*s", k ? "|" : "", BYTES_ARG(p[i].values[k]));
    }
    struct bytes ret = arena_copy(&arena, buf_bytes(&b));
    buf_clear(&b);
    return ret;
}

static void expect(const char *keys, const char *props, const char *tests, bool locations,
                   const char *want) {
    struct setup *s = make(keys, props, tests);
    struct catalog_partition *p;
    size_t n;
    double considered;
    if (run(s, PROJECTION_LIMIT, &p, &n, &considered))
        fail_msg("%s [%s]: %s", props, tests, s->e.text);
    struct bytes got = joined(p, n, locations);
    if (!bytes_eq_str(got, want))
        fail_msg("%s [%s]:\n got %.*s\nwant %s", props, tests, BYTES_ARG(got), want);
}
#define VALUES(keys, props, tests, want) expect(keys, props, tests, false, want)
#define FOLDERS(keys, props, tests, want) expect(keys, props, tests, true, want)

static void refused(const char *keys, const char *props, const char *tests, const char *name,
                    const char *part) {
    struct setup *s = make(keys, props, tests);
    struct catalog_partition *p;
    size_t n;
    double considered;
    if (run(s, 1000, &p, &n, &considered) != ERR_SQL)
        fail_msg("%s [%s]: not refused", props, tests);
    assert_string_equal(s->e.name, name);
    if (!strstr(s->e.text, part))
        fail_msg("%s [%s]: %s", props, tests, s->e.text);
}
#define BAD(keys, props, part) refused(keys, props, "", "INVALID_TABLE_PROPERTY", part)

/* ---- enum ---- */
static void enums(void **state) {
    VALUES("c:string", "c.type=enum;c.values=A,B,C", "", "A B C");
    VALUES("c:string", "c.type= Enum ;c.values=A, B ,C d", "", "A  B  C d");
    FOLDERS("c:string", "c.type=enum;c.values= B ,a/b", "", "t/c= B / t/c=a%2Fb/");
    VALUES("c:string", "c.type=ENUM;c.values=B,A,B,,C,A", "", "B A C");
    VALUES("c:string", "c.type=enum;c.values=A,B,C", "c in C,X,A", "A C");
    VALUES("c:string", "c.type=enum;c.values=A,B,C", "c=D", "");
    VALUES("c:string", "c.type=enum;c.values=A,B,C", "c none", "");
    VALUES("c:int", "c.type=enum;c.values=1,02,10", "c>1", "02 10");
    BAD("c:string", "c.type=enum", "projection.c.values is missing");
    BAD("c:string", "c.type=enum;c.values=,,", "projection.c.values is missing");
    BAD("c:int", "c.type=enum;c.values=1,x", "For input string: \"x\"");
    BAD("c:string", "c.type=set", "projection.c.type 'set' is not known");
    BAD("c:array<int>", "c.type=enum;c.values=1", "of type array<int> cannot have projection");
}

/* ---- integer ---- */
static void integers(void **state) {
    VALUES("n:int", "n.type=integer;n.range=1,3;n.interval=2", "", "1 3");
    VALUES("n:string", "n.type=integer;n.range=1,3;n.interval=2;n.digits=2", "", "01 03");
    VALUES("n:int", "n.type=integer;n.range=-1,1", "", "-1 0 1");
    VALUES("n:int", "n.type=Integer;n.range= -001 , +0001 ", "", "-1 0 1");
    FOLDERS("n:int", "n.type=integer;n.range=3,3;n.digits=2", "n=3", "t/n=03/");
    VALUES("n:int", "n.type=integer;n.range=3,3;n.digits=2", "n=03", "3");
    VALUES("n:string", "n.type=integer;n.range=3,3;n.digits=2", "n=3", "");
    VALUES("n:string", "n.type=integer;n.range=3,3;n.digits=2", "n=03", "03");
    VALUES("n:string", "n.type=integer;n.range=-5,-5;n.digits=3", "", "-05");
    VALUES("n:int", "n.type=integer;n.range=0,100;n.interval=10", "n>=35;n<60", "40 50");
    VALUES("n:int", "n.type=integer;n.range=0,100;n.interval=10", "n in 5,10,90,90,200", "10 90");
    VALUES("n:int", "n.type=integer;n.range=0,100;n.interval=10", "n in 10,90;n>50", "90");
    VALUES("n:int", "n.type=integer;n.range=0,9", "n=12", "");
    VALUES("n:int", "n.type=integer;n.range=0,9", "n>8;n<9", "");
    BAD("n:int", "n.type=integer", "projection.n.range is missing");
    BAD("n:int", "n.type=integer;n.range=1-3", "For input string: \"1-3\"");
    BAD("n:int", "n.type=integer;n.range=1,2,3", "For input string");
    BAD("n:int", "n.type=integer;n.range=NOW,3", "For input string");
    BAD("n:int", "n.type=integer;n.range=3,1", "its lowest value");
    BAD("n:tinyint", "n.type=integer;n.range=0,300", "within the column's type");
    BAD("n:int", "n.type=integer;n.range=0,3;n.interval=0", "projection.n.interval must be from 1");
    BAD("n:int", "n.type=integer;n.range=0,3;n.interval=x", "For input string: \"x\"");
    BAD("n:int", "n.type=integer;n.range=0,3;n.digits=0", "projection.n.digits must be from 1");
    BAD("n:date", "n.type=integer;n.range=0,3", "of type date cannot have projection type integer");
}

/* The whole of 64 bits: nothing but the answer is enumerated. */
static void wide_integers(void **state) {
    static const char all[] = "n.type=integer;n.range=-9223372036854775808,9223372036854775807";
    VALUES("n:bigint", all, "n>=9223372036854775806", "9223372036854775806 9223372036854775807");
    VALUES("n:bigint", all, "n<-9223372036854775807", "-9223372036854775808");
    VALUES("n:bigint", all, "n in 7,-7", "-7 7");
    VALUES("n:string", all, "n=-9223372036854775808", "-9223372036854775808");
    VALUES("n:string", all, "n>=999999999999999999", "999999999999999999");
    VALUES("n:string", all, "n=007", "");
    refused("n:string", all, "", "CONSTRAINT_VIOLATION", "the partition columns n to its WHERE");
    refused("n:string", all, "n>5", "CONSTRAINT_VIOLATION", "narrow its WHERE clause");
}

/* Integers as text are chosen by text order: the arithmetic must agree with trying each. */
static void integer_texts(void **state) {
    static const char *const bounds[] = {"",   "0",  "09", "1",   "10", "100", "5",
                                         "99", "-1", "-5", "-10", "-",  "50",  "-050"};
    static const char *const ranges[] = {"-120,120", "0,9", "95,1005", "-7,3"};
    for (size_t r = 0; r < COUNT_OF(ranges); r++)
        for (int digits = 1; digits < 5; digits++)
            for (size_t b = 0; b < COUNT_OF(bounds); b++)
                for (size_t o = 0; o < 4; o++) {
                    static const char *const ops[] = {"<", "<=", ">", ">="};
                    char props[128], test[64];
                    size_t n, all, kept = 0;
                    double c;
                    struct catalog_partition *p, *every;
                    snprintf(props, sizeof props,
                             "n.type=integer;n.range=%s;n.interval=3;n.digits=%d", ranges[r],
                             digits);
                    snprintf(test, sizeof test, "n%s%s", ops[o], bounds[b]);
                    struct setup *s = make("n:string", props, test),
                                 *t = make("n:string", props, "");
                    assert_int_equal(run(s, 10000, &p, &n, &c), 0);
                    assert_int_equal(run(t, 10000, &every, &all, &c), 0);
                    for (size_t i = 0; i < all; i++)
                        if (filter_keeps(&s->filter, every[i].values, 1)) {
                            assert_true(kept < n);
                            assert_true(bytes_eq(every[i].values[0], p[kept].values[0]));
                            kept++;
                        }
                    assert_int_equal(kept, n);
                }
}

/* ---- dates ---- */
#define DT "dt.type=date;dt.format="
#define HOURS ";dt.interval=1;dt.interval.unit=HOURS"

static void dates(void **state) {
    VALUES("dt:string", DT "yyyyMM;dt.range=201701,201706;dt.interval=2;dt.interval.unit=MONTHS",
           "", "201701 201703 201705");
    VALUES("dt:string", DT "yyyy-MM-dd;dt.range=2020-02-27,2020-03-01", "",
           "2020-02-27 2020-02-28 2020-02-29 2020-03-01");
    VALUES("dt:string", DT "yyyy-MM;dt.range=2019-11,2020-02", "",
           "2019-11 2019-12 2020-01 2020-02");
    VALUES("dt:string", DT "yyyy;dt.range=NOW-3YEARS,NOW;dt.interval=1;dt.interval.unit=years", "",
           "2017 2018 2019 2020");
    VALUES("dt:string", DT "yyyy-MM;dt.range= NOW ,NOW + 1 MONTH ", "", "2020-11 2020-12");
    VALUES("dt:string", DT "yyyy-MM-dd;dt.range=NOW-2DAYS,NOW", "",
           "2020-11-17 2020-11-18 2020-11-19");
    VALUES("dt:string", DT "yyyy-MM-dd;dt.range=NOW-2WEEKS,NOW;dt.interval=1;dt.interval.unit=WEEK",
           "", "2020-11-05 2020-11-12 2020-11-19");
    VALUES("dt:string", DT "yyyy/MM/dd/HH;dt.range=NOW-2HOURS,NOW" HOURS, "",
           "2020/11/19/10 2020/11/19/11 2020/11/19/12");
    VALUES("dt:string",
           DT "HH:mm:ss.SSS dd.MM.yyyy;dt.range=12:20:17.120 19.11.2020,NOW;dt.interval=1;"
              "dt.interval.unit=MILLISECONDS",
           "",
           "12:20:17.120 19.11.2020 12:20:17.121 19.11.2020 12:20:17.122 19.11.2020 "
           "12:20:17.123 19.11.2020");
    VALUES("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-31,2020-05-01;dt.interval.unit=MONTHS", "",
           "2020-01-31 2020-02-29 2020-03-31 2020-04-30");
    VALUES("dt:string", DT "MMM d, yyyy;dt.range=Jan 30, 2020,Feb 1, 2020", "",
           "Jan 30, 2020 Jan 31, 2020 Feb 1, 2020");
    VALUES("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-01,2020-01-01", "", "2020-01-01");
}

static void date_types(void **state) {
    static const char d[] = DT "yyyy/MM/dd;dt.range=2020/01/30,2020/02/02";
    FOLDERS("dt:date", d, "dt>2020-01-31", "t/dt=2020%2F02%2F01/ t/dt=2020%2F02%2F02/");
    VALUES("dt:date", d, "dt>=2020-01-31;dt<2020-02-02", "2020-01-31 2020-02-01");
    VALUES("dt:date", d, "dt in 2020-02-01,1999-01-01,2020-01-30", "2020-01-30 2020-02-01");
    VALUES("dt:string", d, "dt=2020-01-31", "");
    VALUES("dt:string", d, "dt=2020/01/31", "2020/01/31");
    VALUES("dt:timestamp", DT "yyyy-MM-dd-HH;dt.range=2020-01-01-22,2020-01-02-01" HOURS,
           "dt>=2020-01-01 23:00:00",
           "2020-01-01 23:00:00 2020-01-02 00:00:00 2020-01-02 01:00:00");
    /* Several folders of one date are several partitions. */
    FOLDERS("dt:date", DT "yyyy-MM-dd-HH;dt.range=2020-01-01-22,2020-01-02-01" HOURS,
            "dt=2020-01-01", "t/dt=2020-01-01-22/ t/dt=2020-01-01-23/");
    BAD("dt:int", DT "yyyy;dt.range=NOW,NOW", "of type int cannot have projection type date");
}

/* Steps shorter than what the format shows never name a folder twice. */
static void coarse_formats(void **state) {
    VALUES("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-01,2020-01-03" HOURS, "",
           "2020-01-01 2020-01-02 2020-01-03");
    VALUES("dt:string", DT "yyyy-MM;dt.range=2020-01,2020-04;dt.interval=30;dt.interval.unit=DAYS",
           "", "2020-01 2020-03");
    VALUES("dt:string", DT "yyyy-MM;dt.range=2020-01,2020-04;dt.interval=30;dt.interval.unit=DAYS",
           "dt in 2020-02,2020-03", "2020-03");
    VALUES("dt:string",
           DT "yyyy-MM-dd;dt.range=2020-01-01,2020-01-05;dt.interval=36;dt.interval.unit=HOURS",
           "dt in 2020-01-02,2020-01-03,2020-01-04", "2020-01-02 2020-01-04");
    VALUES("dt:date", DT "yyyy-MM;dt.range=2020-01,2020-03;dt.interval=30;dt.interval.unit=DAYS",
           "", "2020-01-01 2020-03-01");
    VALUES("dt:string", DT "yyyy;dt.range=2018,2020;dt.interval=1;dt.interval.unit=MONTHS", "",
           "2018 2019 2020");
}

static void date_ranges(void **state) {
    /* Ordered: bounds are searched for, also when they are no dates of the format. */
    static const char big[] = DT "yyyy-MM-dd-HH;dt.range=0001-01-01-00,9999-12-31-23" HOURS;
    VALUES("dt:string", big, "dt>=2020-02-29-22;dt<2020-03", "2020-02-29-22 2020-02-29-23");
    VALUES("dt:string", big, "dt>=9999-12-31-23", "9999-12-31-23");
    VALUES("dt:string", big, "dt=2020-02-30-00", "");
    VALUES("dt:string", big, "dt<0", "");
    VALUES("dt:string", DT "y;dt.range=998,1001;dt.interval=1;dt.interval.unit=YEARS", "dt<=1000",
           "1000");
    VALUES("dt:string", DT "yyyy-D;dt.range=2020-1,2020-366", "dt=2020-60", "2020-60");
    /* Not ordered: texts decide. */
    VALUES("dt:string", DT "dd-MM-yyyy;dt.range=30-01-2020,02-02-2020", "dt>=02;dt<31",
           "30-01-2020 02-02-2020");
    BAD("dt:string", DT "yyyy;dt.range=2020,NOW",
        "interval and projection.dt.interval.unit are req");
    BAD("dt:string", DT "yyyy-MM-dd HH;dt.range=2020-01-01 00,NOW;dt.interval=1", "are required");
    BAD("dt:string", "dt.type=date;dt.range=2020,NOW", "projection.dt.format is missing");
    BAD("dt:string", DT "yyyy-MM-dd", "projection.dt.range is missing");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=2020/01/01,NOW", "For input string");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-01", "For input string");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-01,now", "For input string");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-01,NOW-3", "For input string");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-01,NOW-3MILLISECONDS", "For input string");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=2020-01-02,2020-01-01", "its first date");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=NOW,2020-01-01", "ends before it begins");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=NOW-3000YEARS,NOW", "leaves the years");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=NOW-99999999999999999999DAYS,NOW", "leaves the years");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=NOW,NOW;dt.interval.unit=CENTURIES", "not known");
    BAD("dt:string", DT "yyyy-MM-dd;dt.range=NOW,NOW;dt.interval=-1", "interval must be from 1");
}

/* ---- patterns ---- */
static void prints(const char *pattern, const char *want) {
    struct date_format f;
    struct err e;
    char text[PROJECTION_TEXT_MAX];
    int64_t back, again;
    if (projection_date_compile(&arena, bytes_str(pattern), &f, &e))
        fail_msg("%s: %s", pattern, e.text);
    struct bytes got = bytes_of(text, projection_date_print(&f, NOW, text));
    if (!bytes_eq_str(got, want))
        fail_msg("%s: got %.*s, want %s", pattern, BYTES_ARG(got), want);
    if (!projection_date_parse(&f, got, &back))
        fail_msg("%s: %s is not read back", pattern, want);
    got = bytes_of(text, projection_date_print(&f, back, text));
    assert_true(bytes_eq_str(got, want) && projection_date_parse(&f, got, &again) && again == back);
}

static void patterns(void **state) {
    prints("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "2020-11-19T12:20:17.123Z");
    prints("uuuuMMddHHmmssSSS", "20201119122017123");
    prints("yy/M/d", "20/11/19");
    prints("y.M.d.H.m.s", "2020.11.19.12.20.17");
    prints("yyyyy-LL", "02020-11");
    prints("MMM yyyy", "Nov 2020");
    prints("MMMM yyyy", "November 2020");
    prints("EEE, d MMM yyyy", "Thu, 19 Nov 2020");
    prints("EEEE yyyy MM dd", "Thursday 2020 11 19");
    prints("yyyyDDD", "2020324");
    prints("yyyy-DD", "2020-324");
    prints("yyyy-MM-dd hh a", "2020-11-19 12 PM");
    prints("yyyy-MM-dd KKa", "2020-11-19 00PM");
    prints("yyyy-MM-dd k", "2020-11-19 12");
    prints("yyyy-MM-dd HH'h'''", "2020-11-19 12h'");
    prints("yyyy''MM", "2020'11");
    prints("yyyy'year''s'", "2020year's");
    prints("yyyy-MM-dd HH:mm:ss:n", "2020-11-19 12:20:17:123000000");
    prints("yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "2020-11-19 12:20:17.123000000");
    prints("yyyy-MM-dd HH:mm:ss.S", "2020-11-19 12:20:17.1");
    prints("yyyy-MM-dd[ HH[:mm]]", "2020-11-19 12:20");
    prints("'year='yyyy/'month='MM/'day='dd", "year=2020/month=11/day=19");
    prints("yyyy/yyyy-MM", "2020/2020-11");
}

static void bad_patterns(void **state) {
    static const char *const bad[][2] = {
        {"YYYY-MM-dd", "use yyyy"},    {"yyyy-MM-dd 'T", "quote is not closed"},
        {"yyyy-MM-dd'", "not closed"}, {"MM-dd", "shows no year"},
        {"yyyy-dd", "shows no month"}, {"yyyy-MM HH", "shows no day"},
        {"yyyy-MM-dd mm", "no hour"},  {"yyyy-MM-dd hh", "add a"},
        {"yyyy-MM-dd a", "add hh"},    {"yyyy-MMMMM", "too many letters M, at most 4"},
        {"yyyy-MM-ddX", "UTC"},        {"yyyy-'Q'Q", "quarters"},
        {"yyyy-MM-dd z", "letter z"},  {"yyyy[-MM", "a [ without its ]"},
        {"yyyy]-MM", "a ] without"},   {"yyyy{MM}", "{ is reserved"},
        {"yyyy-ww", "interval.unit"},  {"yyyy-MM-ddd", "too many letters d"},
        {"", "1 to 100 characters"}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct date_format f;
        struct err e;
        assert_int_equal(projection_date_compile(&arena, bytes_str(bad[i][0]), &f, &e), ERR_SQL);
        assert_string_equal(e.name, "INVALID_TABLE_PROPERTY");
        if (!strstr(e.text, bad[i][1]))
            fail_msg("%s: %s", bad[i][0], e.text);
    }
    BAD("dt:string", DT "YYYY;dt.range=2020,2021",
        "projection.dt.format of table db.t: Date format");
}

static void parsing(void **state) {
    static const struct {
        const char *pattern, *text, *iso; /* NULL: no date */
    } cases[] = {
        {"yyyy-MM-dd", "2021-02-31", "2021-02-28T00:00:00.000Z"},
        {"yyyy-MM-dd", "2021-2-3", NULL},
        {"yyyy-MM-dd", "2021-13-01", NULL},
        {"yyyy-MM-dd", "2021-01-01 ", NULL},
        {"yyyy-MM-dd", "0000-01-01", NULL},
        {"yyyyMMdd", "2021010", NULL},
        {"yMMdd", "20210103", "2021-01-03T00:00:00.000Z"},
        {"yyyyMMddH", "202101037", "2021-01-03T07:00:00.000Z"},
        {"yy-MM", "99-05", "2099-05-01T00:00:00.000Z"},
        {"yyyy-DDD", "2021-366", NULL},
        {"yyyy-MM-dd hh a", "2021-01-03 12 AM", "2021-01-03T00:00:00.000Z"},
        {"yyyy-MM-dd hh a", "2021-01-03 01 PM", "2021-01-03T13:00:00.000Z"},
        {"yyyy-MM-dd hh a", "2021-01-03 13 PM", NULL},
        {"yyyy-MM-dd HH", "2021-01-03 24", NULL},
        {"yyyy-MM-dd kk", "2021-01-03 24", "2021-01-03T00:00:00.000Z"},
        {"EEE yyyy-MM-dd", "Sun 2021-01-03", "2021-01-03T00:00:00.000Z"},
        {"EEE yyyy-MM-dd", "Mon 2021-01-03", NULL},
        {"yyyy-MM-dd[ HH[:mm]]", "2021-01-03", "2021-01-03T00:00:00.000Z"},
        {"yyyy-MM-dd[ HH[:mm]]", "2021-01-03 05", "2021-01-03T05:00:00.000Z"},
        {"yyyy-MM-dd HH:mm:ss.SSSSSS", "2021-01-03 00:00:00.123456", NULL},
        {"yyyy/yyyy-MM", "2020/2021-11", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct date_format f;
        char iso[32] = "";
        int64_t ms;
        assert_int_equal(projection_date_compile(&arena, bytes_str(cases[i].pattern), &f, NULL), 0);
        if (projection_date_parse(&f, bytes_str(cases[i].text), &ms))
            clock_format_iso(ms, iso);
        if (strcmp(iso, cases[i].iso ? cases[i].iso : ""))
            fail_msg("%s of %s: %s", cases[i].text, cases[i].pattern, iso);
    }
}

/* Ordered formats sort as dates do; those said not to be are not relied on. */
static void order(void **state) {
    static const struct {
        const char *pattern;
        bool ordered;
    } cases[] = {{"yyyy-MM-dd", true},     {"yyyy/MM/dd/HH", true},   {"yyyyDDDHHmmss", true},
                 {"yyyy-M-d", false},      {"dd-MM-yyyy", false},     {"yyyy-MMM", false},
                 {"yyyy-MM-dd kk", false}, {"yyyy-MM-dd hha", false}, {"yyyy-MM-dd EEE HH", true},
                 {"EEE yyyy-MM-dd", false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct date_format f;
        char a[PROJECTION_TEXT_MAX], b[PROJECTION_TEXT_MAX];
        assert_int_equal(projection_date_compile(&arena, bytes_str(cases[i].pattern), &f, NULL), 0);
        assert_int_equal(f.ordered, cases[i].ordered);
        for (int64_t ms = NOW, n = 0; f.ordered && n < 2000; n++, ms += INT64_C(40000000)) {
            struct bytes x = bytes_of(a, projection_date_print(&f, ms, a));
            struct bytes y = bytes_of(b, projection_date_print(&f, ms + 40000000, b));
            assert_true(bytes_cmp(x, y) <= 0);
        }
    }
}

/* ---- injected, locations, tables ---- */
static void injected(void **state) {
    static const char i[] = "id.type=injected;template=s3://b/x/${id}/";
    FOLDERS("id:string", i, "id=a/b c", "x/a/b c/");
    FOLDERS("id:string", i, "id in b,a,b", "x/a/ x/b/");
    FOLDERS("id:string", i, "id in b,a,c;id>a;id<c", "x/b/");
    VALUES("id:string", i, "id none", "");
    VALUES("id:string", i, "id=a;id=b", "");
    refused("id:string", i, "", "CONSTRAINT_VIOLATION",
            "For the injected projected partition column id, the WHERE clause must contain only "
            "static equality conditions, and at least one such condition must be present.");
    refused("id:string", i, "id>a", "CONSTRAINT_VIOLATION",
            "injected projected partition column id");
    BAD("id:int", "id.type=injected", "of type int cannot have projection type injected");
    FOLDERS("id:string d:int", "id.type=injected;d.type=integer;d.range=1,2", "id=x=y",
            "t/id=x%3Dy/d=1/ t/id=x%3Dy/d=2/");
}

static void templates(void **state) {
    static const char two[] = "a.type=enum;a.values=x,y;n.type=integer;n.range=7,8;n.digits=2;";
    char props[256];
    FOLDERS("a:string n:int", two, "", "t/a=x/n=07/ t/a=x/n=08/ t/a=y/n=07/ t/a=y/n=08/");
    snprintf(props, sizeof props, "%stemplate=s3://b/p/${n}/q${a}-${n}", two);
    FOLDERS("a:string n:int", props, "n=8", "p/08/qx-08/ p/08/qy-08/");
    snprintf(props, sizeof props, "%stemplate=s3://b/${a}/", two);
    BAD("a:string n:int", props, "storage.location.template must contain ${n}");
    snprintf(props, sizeof props, "%stemplate=s3://b/${a}/${n}/${m}/", two);
    BAD("a:string n:int", props, "has ${m}, which is no partition column");
    snprintf(props, sizeof props, "%stemplate=s3://b/${a}/${n", two);
    BAD("a:string n:int", props, "has a ${ without its }");
}

static void tables(void **state) {
    refused("a:string b:string c:string", "b.type=enum;b.values=x;A.type=enum", "",
            "HIVE_METASTORE_ERROR",
            "Table db.t is configured for partition projection, but the following partition "
            "columns are missing projection configuration: [a, c] (table db.t)");
    assert_true(projection_enabled(properties("enabled=TRUE")));
    assert_false(projection_enabled(properties("enabled=yes")));
    assert_false(projection_enabled(properties("")));
    assert_false(projection_enabled(NULL));
    BAD("a:string", "a.type=enum;a.values=x;template=", "must contain ${a}");
}

/* ---- cost ---- */
#define BILLION                                                                                    \
    "attribute_name.type=enum;attribute_name.values=revenue,cost,clicks,views,installs;"           \
    "entity_id_mod.type=integer;entity_id_mod.range=0,9;"                                          \
    "created_date.type=date;created_date.format=yyyy-MM-dd;"                                       \
    "created_date.range=0500-01-01,9999-12-31;"                                                    \
    "hour.type=integer;hour.range=0,23;hour.digits=2"
#define BILLION_KEYS "attribute_name:string entity_id_mod:int created_date:string hour:string"

static bool third_calls(void *ctx, const struct bytes *values, size_t count) {
    ++*(size_t *)ctx;
    return count < 2 || bytes_eq_str(values[1], "3");
}

static void billion(void **state) {
    struct setup *s = make(
        BILLION_KEYS, BILLION,
        "attribute_name=revenue;entity_id_mod=3;created_date>=2020-11-01;created_date<=2020-11-03");
    struct catalog_partition *p;
    size_t n;
    double considered;
    assert_int_equal(run(s, PROJECTION_LIMIT, &p, &n, &considered), 0);
    assert_int_equal(n, 72);
    assert_true(considered > 4e9);
    struct clock *clock = clock_system();
    int64_t best = INT64_MAX;
    for (int i = 0; i < 20; i++) {
        struct arena a;
        arena_init(&a, 0);
        int64_t from = clock_mono_us(clock);
        assert_int_equal(projection_open(&a, &s->table, &s->p, NULL), 0);
        assert_int_equal(projection_select(s->p, &a, &s->filter, NOW, PROJECTION_LIMIT, &p, &n,
                                           &considered, NULL),
                         0);
        best = MIN_OF(best, clock_mono_us(clock) - from);
        assert_true(a.used < KIB(256));
        arena_clear(&a);
    }
    print_message("%.2g partitions described, %zu kept: %lld us\n", considered, n, (long long)best);
}

static void limits(void **state) {
    struct catalog_partition *p;
    size_t n;
    double considered;
    refused(BILLION_KEYS, BILLION, "", "CONSTRAINT_VIOLATION",
            "Table db.t projects more than 1000 partitions for this query; add conditions on the "
            "partition columns attribute_name, entity_id_mod, created_date, hour to its WHERE");
    refused(BILLION_KEYS, BILLION, "attribute_name=cost;created_date<0502", "CONSTRAINT_VIOLATION",
            "entity_id_mod, hour to");
    /* A column that keeps nothing leaves nothing to enumerate. */
    VALUES(BILLION_KEYS, BILLION, "entity_id_mod=12", "");
    struct setup *s =
        make("a:int b:int", "a.type=integer;a.range=0,9;b.type=integer;b.range=0,9", "");
    assert_int_equal(run(s, 100, &p, &n, &considered), 0);
    assert_int_equal(n, 100);
    assert_int_equal(run(s, 99, &p, &n, &considered), ERR_SQL);
}

/* The check on prefixes passes over whole branches. */
static void prefixes(void **state) {
    struct catalog_partition *p;
    size_t n, calls = 0;
    double considered;
    struct setup *s = make(BILLION_KEYS, BILLION, "created_date>=2020;created_date<2020-01-03");
    s->filter.keeps = third_calls;
    s->filter.ctx = &calls;
    assert_int_equal(run(s, PROJECTION_LIMIT, &p, &n, &considered), 0);
    assert_int_equal(n, 5 * 2 * 24);
    assert_int_equal(calls, 5 + 5 * 10 + 5 * 2 + 5 * 2 * 24);
    assert_true(bytes_eq_str(p[0].location, "s3://b/t/attribute_name=revenue/entity_id_mod=3/"
                                            "created_date=2020-01-01/hour=00/"));
    assert_int_equal(run(s, 100, &p, &n, &considered), ERR_SQL);
    assert_non_null(strstr(s->e.text, "attribute_name, entity_id_mod, hour"));
    assert_int_equal(projection_select(s->p, &arena, NULL, NOW, 10, &p, &n, &considered, &s->e),
                     ERR_SQL);
}

/* Every allocation may fail; nothing is lost or read back. */
static void short_of_memory(void **state) {
    int rc = ERR_NOMEM;
    for (int64_t nth = 1; rc == ERR_NOMEM; nth++) {
        struct setup *s = make(BILLION_KEYS, BILLION, "created_date in 2020-01-01,2020-01-02");
        struct arena a;
        struct catalog_partition *p;
        size_t n;
        double considered;
        setenv("TARN_ARENA_MALLOC", "1", 1);
        arena_init(&a, 0);
        unsetenv("TARN_ARENA_MALLOC");
        mem_test_fail_nth(nth);
        rc = projection_open(&a, &s->table, &s->p, &s->e);
        if (!rc)
            rc = projection_select(s->p, &a, &s->filter, NOW, PROJECTION_LIMIT, &p, &n, &considered,
                                   &s->e);
        mem_test_fail_nth(0);
        assert_true(rc == 0 || s->e.code == ERR_NOMEM);
        arena_clear(&a);
    }
    assert_int_equal(rc, 0);
}

static int setup_arena(void **state) {
    arena_init(&arena, 0);
    return 0;
}
static int clear_arena(void **state) {
    arena_clear(&arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_arena, clear_arena)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(enums),    TEST(integers),     TEST(wide_integers),  TEST(integer_texts),
        TEST(dates),    TEST(date_types),   TEST(coarse_formats), TEST(date_ranges),
        TEST(patterns), TEST(bad_patterns), TEST(parsing),        TEST(order),
        TEST(injected), TEST(templates),    TEST(tables),         TEST(billion),
        TEST(limits),   TEST(prefixes),     TEST(short_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
