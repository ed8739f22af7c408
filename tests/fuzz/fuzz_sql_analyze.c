/* fuzz_sql_analyze.c - any statement over a fixed catalogue is analyzed and emitted, or refused
 * with a Trino error name and a text. */
#include "base/mem.h"
#include "sql/plan_tree.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int find_table(void *ctx, struct arena *a, struct bytes database, struct bytes table,
                      const struct sql_table_info **ret, struct err *e) {
    static const char *const types[] = {"int",
                                        "string",
                                        "double",
                                        "decimal(10,2)",
                                        "timestamp",
                                        "array<struct<x:int,y:string>>",
                                        "map<string,bigint>",
                                        "date",
                                        "string",
                                        "int",
                                        "timestamp"};
    static const char names[] = "abcdefghijk";
    struct sql_table_info *t = ARENA_NEW(a, struct sql_table_info);
    struct sql_table_column *c = ARENA_NEW_N(a, struct sql_table_column, COUNT_OF(types));
    (void)ctx;
    if (!bytes_eq_str(database, "db"))
        return err_set(e, ERR_RESOURCE_NOT_FOUND, NULL);
    if (table.len != 1)
        return err_set(e, ERR_ENTITY_NOT_FOUND, NULL);
    if (!t || !c)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        int rc = type_parse(a, bytes_str(types[i]), &c[i].type, e);
        if (rc)
            return rc;
        c[i].name = bytes_of(names + i, 1);
        c[i].is_partition = i >= 7;
    }
    *t = (struct sql_table_info){
        .database = database, .name = table, .columns = c, .column_count = COUNT_OF(types)};
    *ret = t;
    return 0;
}

static void explain(struct arena *a, const struct sql_plan *p) {
    struct sql_plan_node *root = NULL;
    struct err e = {0};
    int rc = sql_plan_tree(a, p, &root, &e);
    if ((rc == 0 && (!root || root->id != 1)) ||
        (rc && rc != ERR_NOMEM && (rc != ERR_SQL || !e.text[0])))
        abort();
}

static void check_error(int rc, const struct err *e) {
    if (rc != ERR_SQL && rc != ERR_NOMEM)
        abort();
    if (rc == ERR_SQL && (!e->name[0] || !e->text[0]))
        abort();
}

static void emit(struct arena *a, const struct sql_plan *p) {
    struct err e = {0};
    struct buf out = {0};
    size_t n;
    sql_plan_scans(p, &n);
    struct bytes *relations = ARENA_NEW_N(a, struct bytes, n + 1);
    for (size_t i = 0; relations && i < n; i++)
        relations[i] = BYTES("(SELECT 1)");
    int rc = relations ? sql_emit(a, p, relations, &out, &e) : 0;
    if (rc)
        check_error(rc, &e);
    buf_clear(&out);
}

/* Every predicate has an answer for every partition, and the same one twice. */
static void test_predicates(const struct sql_plan *p) {
    static const char *const rows[][4] = {
        {"2024-01-02", "2024-01-02", "7", "2024-01-02 03:04:05"},
        {"__HIVE_DEFAULT_PARTITION__", "__HIVE_DEFAULT_PARTITION__", "__HIVE_DEFAULT_PARTITION__",
         "__HIVE_DEFAULT_PARTITION__"},
        {"9999-12-31", "a%_\xC3\xA9", "-2147483648", "1969-12-31 23:59:59.999999"},
        {"x", "\xFF", "1e3", ""},
    };
    size_t n, conditions;
    struct bytes values[16] = {{0}};
    const struct sql_scan *s = sql_plan_scans(p, &n);
    sql_plan_conditions(p, &conditions);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < s[i].predicate_count; k++)
            for (size_t r = 0; r < COUNT_OF(rows); r++) {
                struct arena scratch;
                arena_init(&scratch, (size_t)16 << 20);
                for (size_t c = 0; c < 4; c++)
                    values[7 + c] = bytes_str(rows[r][c]);
                int first = sql_predicate_test(&s[i].predicates[k], &scratch, values);
                if (first < -1 || first > 1 || s[i].predicates[k].condition >= conditions)
                    abort();
                if (!scratch.failed &&
                    sql_predicate_test(&s[i].predicates[k], &scratch, values) != first &&
                    !scratch.failed)
                    abort();
                arena_clear(&scratch);
            }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct err e = {0};
    struct sql_statement *s = NULL;
    struct sql_plan *p = NULL;
    struct sql_env env = {
        .default_database = BYTES("db"), .now_ms = 1700000000000, .find_table = find_table};
    arena_init(&a, (size_t)256 << 20);
    if (sql_parse(&a, bytes_of(data, size), &s, &e) == 0 && sql_statement_kind(s) == SQL_SELECT) {
        int rc = sql_analyze(&a, s, &env, &p, &e);
        if (rc)
            check_error(rc, &e);
        else {
            test_predicates(p);
            explain(&a, p);
            emit(&a, p);
        }
    }
    arena_clear(&a);
    return 0;
}
