/* Partitions chosen by filters: the skipping walk against testing every partition. */
#include "base/log.h"
#include "catalog/catalog.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define KEYS 4

struct fixture {
    char dir[64];
    struct clock_manual clock;
    struct catalog *c;
    int64_t table;
    struct arena a;
    struct err e;
    struct type text, number;
    unsigned seed;
};

static unsigned roll(struct fixture *f, unsigned n) {
    f->seed = f->seed * 1664525u + 1013904223u;
    return (f->seed >> 8) % n;
}

/* Short texts over few bytes, NUL and what escapes look like among them. */
static struct bytes random_value(struct fixture *f, size_t key) {
    static const struct bytes texts[] = {
        BYTES(""),  BYTES("a"),     BYTES("a\0"),     BYTES("a\0\1"),
        BYTES("b"), BYTES("ab"),    BYTES("a\0\xff"), BYTES("__HIVE_DEFAULT_PARTITION__"),
        BYTES("c"), BYTES("\0\2b"), BYTES("2024-01"), BYTES("\xc3\xa9")};
    if (key % 2 == 0)
        return texts[roll(f, COUNT_OF(texts))];
    return arena_fmt(&f->a, roll(f, 2) ? "%02u" : "%u", roll(f, 12));
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    char path[96];
    strcpy(f->dir, "/tmp/tarn-select-XXXXXX");
    if (!f || !mkdtemp(f->dir))
        return -1;
    snprintf(path, sizeof path, "%s/catalog.db", f->dir);
    clock_manual_init(&f->clock, 1000);
    arena_init(&f->a, 0);
    f->text.kind = TYPE_STRING;
    f->number.kind = TYPE_INT;
    f->seed = 7;
    *state = f;
    struct catalog_table t;
    if (catalog_open(path, &f->clock.base, &f->c, &f->e) ||
        catalog_database_create(f->c, BYTES("d"), BYTES("{}"), &f->e) ||
        catalog_table_create(f->c, BYTES("d"), BYTES("t"), BYTES("{}"), &f->e) ||
        catalog_table_create(f->c, BYTES("d"), BYTES("u"), BYTES("{}"), &f->e) ||
        catalog_table_get(f->c, &f->a, BYTES("d"), BYTES("t"), &t, &f->e))
        return -1;
    f->table = t.id;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char cmd[96];
    catalog_close(&f->c);
    arena_clear(&f->a);
    snprintf(cmd, sizeof cmd, "rm -rf %s", f->dir);
    int rc = system(cmd);
    free(f);
    return rc;
}

/* Tables before and after in the index hold partitions too: the walk must not leave its own. */
static void add_partitions(struct fixture *f, size_t n) {
    struct catalog_partition items[100];
    int rcs[100];
    for (size_t done = 0; done < n; done += COUNT_OF(items)) {
        for (size_t i = 0; i < COUNT_OF(items); i++) {
            struct bytes *v = ARENA_NEW_N(&f->a, struct bytes, KEYS);
            for (size_t k = 0; k < KEYS; k++)
                v[k] = random_value(f, k);
            items[i] = (struct catalog_partition){
                .values = v,
                .value_count = KEYS,
                .json = BYTES("{\"StorageDescriptor\":{\"Location\":\"s3://b/x/\"}}")};
        }
        for (int64_t table = f->table; table <= f->table + 1; table++)
            assert_int_equal(
                catalog_partition_create_many(f->c, table, items, COUNT_OF(items), rcs, &f->e), 0);
    }
}

/* ---- filters ---- */
struct checks {
    unsigned modulo; /* drops prefixes whose bytes sum up to a multiple */
    size_t calls;
};
static bool sums(void *ctx, const struct bytes *values, size_t count) {
    struct checks *c = ctx;
    unsigned sum = 0;
    c->calls++;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < values[k].len; i++)
            sum += (unsigned char)values[k].ptr[i];
    return sum % c->modulo != 1;
}

static void random_filter(struct fixture *f, struct filter_key *keys, struct partition_filter *ret,
                          struct checks *checks) {
    for (size_t k = 0; k < KEYS; k++) {
        struct filter_test *tests = ARENA_NEW_N(&f->a, struct filter_test, 3);
        keys[k] = (struct filter_key){.type = k % 2 ? &f->number : &f->text,
                                      .tests = tests,
                                      .test_count = roll(f, 4) ? roll(f, 3) : 0,
                                      .null_is_text = roll(f, 2)};
        for (size_t i = 0; i < keys[k].test_count; i++) {
            struct bytes *values = ARENA_NEW_N(&f->a, struct bytes, 3);
            enum filter_op op = (enum filter_op)roll(f, FILTER_NONE);
            size_t n = op == FILTER_IN ? 1 + roll(f, 3) : 1;
            for (size_t v = 0; v < n; v++)
                values[v] = random_value(f, k);
            tests[i] = (struct filter_test){op, values, n};
        }
    }
    *checks = (struct checks){.modulo = 3};
    *ret = (struct partition_filter){keys, KEYS, roll(f, 3) ? NULL : sums, checks};
}

static bool same(const struct catalog_partition *a, const struct catalog_partition *b) {
    for (size_t k = 0; k < KEYS; k++)
        if (!bytes_eq(a->values[k], b->values[k]))
            return false;
    return a->id == b->id && bytes_eq(a->location, b->location);
}

static void walk_equals_testing_all(void **state) {
    struct fixture *f = *state;
    struct catalog_partition *all, *some;
    size_t n, found, kept_total = 0;
    add_partitions(f, 3000);
    assert_int_equal(
        catalog_partition_list(f->c, &f->a, f->table, NULL, BYTES(""), 0, &all, &n, NULL, &f->e),
        0);
    assert_true(n > 1000);
    for (int round = 0; round < 300; round++) {
        struct filter_key keys[KEYS];
        struct partition_filter filter;
        struct checks checks;
        struct catalog_view *v = NULL;
        uint64_t considered;
        size_t kept = 0;
        random_filter(f, keys, &filter, &checks);
        assert_int_equal(catalog_view_open(f->c, &v, &f->e), 0);
        assert_int_equal(
            catalog_view_partitions(v, &f->a, f->table, &filter, &some, &found, &considered, &f->e),
            0);
        catalog_view_close(&v);
        assert_int_equal(considered, n);
        for (size_t i = 0; i < n; i++) {
            if (!filter_keeps(&filter, all[i].values, KEYS))
                continue;
            assert_true(kept < found);
            assert_true(same(&all[i], &some[kept++]));
        }
        assert_int_equal(kept, found);
        kept_total += kept;
    }
    assert_true(kept_total > 1000);
}

static void pages_hold_each_once(void **state) {
    struct fixture *f = *state;
    struct filter_key keys[KEYS];
    struct partition_filter filter;
    struct checks checks;
    struct catalog_partition *all, *page;
    size_t n, got, at = 0;
    struct bytes from = BYTES("");
    add_partitions(f, 500);
    for (int round = 0; round < 20; round++) {
        random_filter(f, keys, &filter, &checks);
        assert_int_equal(catalog_partition_list(f->c, &f->a, f->table, &filter, BYTES(""), 0, &all,
                                                &n, NULL, &f->e),
                         0);
        at = 0;
        do {
            assert_int_equal(catalog_partition_list(f->c, &f->a, f->table, &filter, from, 7, &page,
                                                    &got, &from, &f->e),
                             0);
            for (size_t i = 0; i < got; i++)
                assert_true(same(&page[i], &all[at++]));
            assert_true(from.len == 0 || got == 7);
        } while (from.len);
        assert_int_equal(at, n);
    }
}

/* A constrained first and last key: as many checks as branches, not as rows. */
static void reads_branches_not_rows(void **state) {
    struct fixture *f = *state;
    static struct bytes values[40][25][KEYS];
    struct catalog_partition items[25], *some;
    int rcs[25];
    size_t found;
    struct catalog_view *v = NULL;
    uint64_t considered;
    for (size_t day = 0; day < 40; day++) {
        for (size_t hour = 0; hour < 25; hour++) {
            struct bytes *x = values[day][hour];
            x[0] = BYTES("2024");
            x[1] = arena_fmt(&f->a, "%02zu", day);
            x[2] = arena_fmt(&f->a, "%02zu", hour);
            x[3] = BYTES("1");
            items[hour] =
                (struct catalog_partition){.values = x, .value_count = KEYS, .json = BYTES("{}")};
        }
        assert_int_equal(catalog_partition_create_many(f->c, f->table, items, 25, rcs, &f->e), 0);
    }
    struct bytes hour = BYTES("07"), day = BYTES("05");
    struct filter_test on_hour = {FILTER_EQ, &hour, 1}, on_day = {FILTER_LT, &day, 1};
    struct filter_key keys[KEYS] = {{.type = &f->text},
                                    {&f->text, &on_day, 1, false},
                                    {&f->text, &on_hour, 1, false},
                                    {.type = &f->number}};
    struct checks checks = {.modulo = 1000000};
    struct partition_filter filter = {keys, KEYS, sums, &checks};
    assert_int_equal(catalog_view_open(f->c, &v, &f->e), 0);
    assert_int_equal(
        catalog_view_partitions(v, &f->a, f->table, &filter, &some, &found, &considered, &f->e), 0);
    catalog_view_close(&v);
    assert_int_equal(found, 5);
    assert_int_equal(considered, 1000);
    assert_true(checks.calls < 60);
}

static void counts_follow_changes(void **state) {
    struct fixture *f = *state;
    struct bytes v[] = {BYTES("a"), BYTES("1"), BYTES("b"), BYTES("2")};
    struct catalog_partition *some;
    size_t found;
    uint64_t considered;
    for (int i = 0; i < 2; i++) {
        struct catalog_view *view = NULL;
        if (i == 0)
            assert_int_equal(catalog_partition_create(f->c, f->table, v, KEYS, BYTES("{}"), &f->e),
                             0);
        else
            assert_int_equal(catalog_partition_delete(f->c, f->table, v, KEYS, &f->e), 0);
        assert_int_equal(catalog_view_open(f->c, &view, &f->e), 0);
        assert_int_equal(
            catalog_view_partitions(view, &f->a, f->table, NULL, &some, &found, &considered, &f->e),
            0);
        catalog_view_close(&view);
        assert_int_equal(considered, 1 - i);
        assert_int_equal(found, 1 - i);
    }
}

int main(void) {
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(walk_equals_testing_all, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_hold_each_once, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_branches_not_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_follow_changes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
