/* fuzz_projection.c - any table properties project partitions or are refused by name; what a filter
 * keeps is what it keeps of the whole list. Properties "test.<key>" ("<5", "=x", "~a,b" for IN) are
 * the filter. */
#include "catalog/projection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS 4
#define LIMIT 3000
#define NOW INT64_C(1605788417123)

static void check(bool ok) {
    if (!ok)
        __builtin_trap();
}

static bool read_test(struct arena *a, struct bytes text, struct filter_test *t) {
    static const enum filter_op ops[] = {FILTER_EQ, FILTER_LT, FILTER_LE,
                                         FILTER_GT, FILTER_GE, FILTER_IN};
    struct bytes *values = ARENA_NEW_N(a, struct bytes, text.len + 1), one;
    ptrdiff_t op = text.len ? bytes_find_char(BYTES("=<{>}~"), text.ptr[0]) : -1;
    size_t n = 0;
    if (op < 0 || !values)
        return false;
    struct bytes rest = bytes_slice(text, 1, text.len);
    if (ops[op] != FILTER_IN)
        values[n++] = rest;
    while (ops[op] == FILTER_IN && rest.ptr) {
        rest = bytes_cut(rest, ',', &one);
        values[n++] = one;
    }
    *t = (struct filter_test){ops[op], values, n};
    return true;
}

static void check_error(const struct err *e) {
    check(e->text[0] &&
          (!strcmp(e->name, "INVALID_TABLE_PROPERTY") || !strcmp(e->name, "HIVE_METASTORE_ERROR") ||
           !strcmp(e->name, "CONSTRAINT_VIOLATION") || e->code == ERR_NOMEM));
}

/* The kept ones are those of the whole list that pass, in its order. */
static void compare(const struct projection *p, struct arena *a, const struct partition_filter *f) {
    struct catalog_partition *kept, *all;
    size_t n, total, at = 0;
    double considered;
    struct err e;
    if (projection_select(p, a, f, NOW, LIMIT, &kept, &n, &considered, &e)) {
        check_error(&e);
        return;
    }
    check(n <= LIMIT);
    for (size_t i = 0; i < n; i++)
        check(filter_keeps(f, kept[i].values, KEYS) &&
              bytes_ends_with(kept[i].location, BYTES("/")));
    if (projection_select(p, a, NULL, NOW, LIMIT, &all, &total, &considered, &e)) {
        check_error(&e);
        return;
    }
    check(considered >= (double)total);
    for (size_t i = 0; i < total; i++) {
        if (!filter_keeps(f, all[i].values, KEYS))
            continue;
        check(at < n && bytes_eq(kept[at].location, all[i].location));
        at++;
    }
    check(at == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const types[KEYS] = {"string", "int", "date", "timestamp"};
    static const char *const tests[KEYS] = {"test.a", "test.b", "test.c", "test.d"};
    struct projection_key keys[KEYS] = {
        {.name = BYTES("a")}, {.name = BYTES("b")}, {.name = BYTES("c")}, {.name = BYTES("d")}};
    struct filter_key filters[KEYS] = {0};
    struct filter_test store[KEYS];
    struct partition_filter f = {.keys = filters, .key_count = KEYS};
    const struct projection *p;
    struct json *params;
    struct arena a;
    struct err e;
    arena_init(&a, MIB(256));
    if (json_parse(&a, bytes_of(data, size), &params, NULL))
        goto out;
    for (size_t i = 0; i < KEYS; i++) {
        struct bytes type = json_get_str(params, tests[i]);
        type = bytes_starts_with(type, BYTES("s")) ? BYTES("string") : bytes_str(types[i]);
        if (type_parse(&a, type, &keys[i].type, NULL))
            goto out;
        filters[i] = (struct filter_key){.type = keys[i].type, .tests = &store[i]};
        struct bytes test = json_get_str(params, tests[i]);
        test = bytes_starts_with(test, BYTES("s")) ? bytes_slice(test, 1, test.len) : test;
        filters[i].test_count = read_test(&a, test, &store[i]);
    }
    struct projection_table t = {.database = BYTES("db"),
                                 .name = BYTES("t"),
                                 .location = BYTES("s3://b/t"),
                                 .params = params,
                                 .keys = keys,
                                 .key_count = KEYS};
    if (projection_open(&a, &t, &p, &e) == 0)
        compare(p, &a, &f);
    else
        check_error(&e);
out:
    arena_clear(&a);
    return 0;
}
