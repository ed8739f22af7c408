/* macros.c - DuckDB macros with Trino's semantics over lists and maps.
 *
 * These are generic over the element's type, which a C function cannot be. All are named t_*, so
 * that none shadows (or calls) a built-in of its own name. */
#include "duck/macros.h"

static const char *const macros[] = {
    /* three-valued: true wins over NULL wins over false */
    "t_any_true(a) AS CASE WHEN a IS NULL THEN NULL WHEN list_contains(a, true) THEN true "
    "WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL ELSE false END",
    "t_all_true(a) AS CASE WHEN a IS NULL THEN NULL WHEN list_contains(a, false) THEN false "
    "WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL ELSE true END",
    "t_array_equal(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
    "WHEN len(a) <> len(b) THEN false "
    "ELSE t_all_true(list_transform(list_zip(a, b), lambda e: e[1] = e[2])) END",
    "t_contains(a, v) AS CASE WHEN a IS NULL OR v IS NULL THEN NULL "
    "WHEN list_contains(a, v) THEN true "
    "WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL ELSE false END",
    "t_contains_sequence(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
    "ELSE len(b) = 0 OR len(list_filter(range(1, CAST(len(a) - len(b) + 2 AS BIGINT)), "
    "lambda k: list_slice(a, k, k + len(b) - 1) IS NOT DISTINCT FROM b)) > 0 END",
    /* the first of each, in order */
    "t_array_distinct(a) AS list_filter(a, lambda e, i: CASE WHEN e IS NULL "
    "THEN len(list_filter(list_slice(a, 1, i - 1), lambda p: p IS NULL)) = 0 "
    "ELSE coalesce(list_position(a, e), i) = i END)",
    "t_array_union(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
    "ELSE t_array_distinct(list_concat(a, b)) END",
    "t_has(a, v) AS CASE WHEN v IS NULL THEN len(list_filter(a, lambda h: h IS NULL)) > 0 "
    "ELSE coalesce(list_contains(a, v), false) END",
    "t_array_except(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
    "ELSE t_array_distinct(list_filter(a, lambda e: NOT t_has(b, e))) END",
    "t_array_intersect(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
    "ELSE t_array_distinct(list_filter(a, lambda e: t_has(b, e))) END",
    "t_array_max(a) AS CASE WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL "
    "ELSE list_max(a) END",
    "t_array_min(a) AS CASE WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL "
    "ELSE list_min(a) END",
    "t_array_position(a, v) AS CASE WHEN a IS NULL OR v IS NULL THEN NULL "
    "ELSE CAST(coalesce(list_position(a, v), 0) AS BIGINT) END",
    "t_array_remove(a, v) AS CASE WHEN v IS NULL THEN NULL "
    "ELSE list_filter(a, lambda e: e IS NULL OR e <> v) END",
    "t_arrays_overlap(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
    "WHEN len(list_filter(a, lambda e: e IS NOT NULL AND list_contains(b, e))) > 0 THEN true "
    "WHEN len(a) > 0 AND len(b) > 0 AND (len(list_filter(a, lambda e: e IS NULL)) > 0 "
    "OR len(list_filter(b, lambda e: e IS NULL)) > 0) THEN NULL ELSE false END",
    "t_slice(a, s, n) AS CASE WHEN a IS NULL OR s IS NULL OR n IS NULL THEN NULL "
    "WHEN t_slice_check(s, n) AND (n = 0 OR s > len(a) OR s < - len(a)) "
    "THEN list_slice(a, 1, 0) "
    "WHEN s > 0 THEN list_slice(a, s, s + n - 1) "
    "ELSE list_slice(a, len(a) + s + 1, least(len(a), len(a) + s + n)) END",
    "t_trim_array(a, n) AS list_slice(a, 1, len(a) - t_trim_check(n, CAST(len(a) AS BIGINT)))",
    "t_repeat(v, n) AS list_transform(range(1, greatest(n, 0) + 1), lambda k: v)",
    "t_sequence_dates(a, b, ms) AS list_transform(generate_series(CAST(a - DATE '1970-01-01' AS "
    "BIGINT), CAST(b - DATE '1970-01-01' AS BIGINT), t_sequence_step(CAST(a - DATE '1970-01-01' AS "
    "BIGINT), CAST(b - DATE '1970-01-01' AS BIGINT), CAST(t_whole_days(ms) AS BIGINT))), "
    "lambda d: DATE '1970-01-01' + CAST(d AS INTEGER))",
    "t_ngrams(a, n) AS CASE WHEN a IS NULL OR n IS NULL THEN NULL WHEN len(a) <= n THEN [a] "
    "ELSE list_transform(range(1, CAST(len(a) - n + 2 AS BIGINT)), "
    "lambda k: list_slice(a, k, k + n - 1)) END",
    /* maps: keys are checked, entries keep their order */
    "t_map(k, v) AS CASE WHEN k IS NULL OR v IS NULL THEN NULL "
    "WHEN t_map_check(CAST(len(k) AS BIGINT), CAST(len(v) AS BIGINT), "
    "CAST(len(list_distinct(k)) AS BIGINT), "
    "CAST(len(list_filter(k, lambda e: e IS NULL)) AS BIGINT)) THEN MAP(k, v) END",
    "t_split_to_map(s, a, b) AS t_map(t_split_keys(s, a, b), t_split_values(s, a, b))",
    "t_first_keys(l) AS list_filter(l, lambda e, i: e.k IS NOT NULL AND "
    "list_position(list_transform(l, lambda p: p.k), e.k) = i)",
    "t_map_first(l) AS CASE WHEN l IS NULL THEN NULL ELSE "
    "MAP(list_transform(t_first_keys(l), lambda e: e.k), "
    "list_transform(t_first_keys(l), lambda e: e.v)) END",
    "t_map_multi(l) AS CASE WHEN l IS NULL THEN NULL ELSE "
    "MAP(list_transform(t_first_keys(l), lambda e: e.k), "
    "list_transform(t_first_keys(l), lambda e: list_transform(list_filter(l, lambda p: "
    "p.k = e.k), lambda q: q.v))) END",
    "t_map_count(l) AS CASE WHEN l IS NULL THEN NULL ELSE "
    "MAP(list_filter(t_array_distinct(l), lambda e: e IS NOT NULL), "
    "list_transform(list_filter(t_array_distinct(l), lambda e: e IS NOT NULL), "
    "lambda e: CAST(len(list_filter(l, lambda p: p = e)) AS BIGINT))) END",
};

int duck_register_macros(duckdb_connection con, struct err *e) {
    for (size_t i = 0; i < COUNT_OF(macros); i++) {
        struct buf b = {0};
        duckdb_result r;
        buf_add_fmt(&b, "CREATE OR REPLACE MACRO %s", macros[i]);
        const char *sql = buf_cstr(&b);
        if (!sql) {
            buf_clear(&b);
            return err_set(e, ERR_NOMEM, NULL);
        }
        bool ok = duckdb_query(con, sql, &r) == DuckDBSuccess;
        int rc = ok ? 0 : err_set(e, ERR_INTERNAL, "macro %zu: %s", i, duckdb_result_error(&r));
        duckdb_destroy_result(&r);
        buf_clear(&b);
        if (rc)
            return rc;
    }
    return 0;
}
