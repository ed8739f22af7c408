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
    /* positions come from C (fn_index.c) */
    /* list_select fails on an empty constant list */
    "t_pick(a, ix) AS CASE WHEN len(ix) = 0 THEN list_slice(a, 1, 0) ELSE list_select(a, ix) END",
    "t_array_distinct(a) AS t_pick(a, t_ix_distinct(a))",
    "t_array_union(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
    "ELSE t_array_distinct(list_concat(a, b)) END",
    "t_array_sort(a) AS t_pick(a, t_ix_sort(a))",
    "t_array_max(a) AS a[t_ix_max(a)]",
    "t_array_min(a) AS a[t_ix_min(a)]",
    "t_combinations(a, n) AS list_transform(t_ix_combinations(CAST(len(a) AS BIGINT), n), "
    "lambda k: t_pick(a, k))",
    "t_shuffle(a) AS t_pick(a, t_ix_shuffle(CAST(len(a) AS BIGINT), "
    "CAST(random() * 9e18 AS BIGINT)))",
    "t_slice(a, s, n) AS CASE WHEN a IS NULL OR s IS NULL OR n IS NULL THEN NULL "
    "WHEN t_slice_check(s, n) AND (n = 0 OR s > len(a) OR s < - len(a)) "
    "THEN list_slice(a, 1, 0) "
    "WHEN s > 0 THEN list_slice(a, s, s + n - 1) "
    "ELSE list_slice(a, len(a) + s + 1, least(len(a), len(a) + s + n)) END",
    "t_trim_array(a, n) AS list_slice(a, 1, len(a) - t_trim_check(n, CAST(len(a) AS BIGINT)))",
    "t_repeat(v, n) AS list_transform(range(0, t_repeat_count(n)), lambda k: v)",
    "t_sequence_dates(a, b, ms) AS list_transform(generate_series(CAST(a - DATE '1970-01-01' AS "
    "BIGINT), CAST(b - DATE '1970-01-01' AS BIGINT), t_sequence_step(CAST(a - DATE '1970-01-01' AS "
    "BIGINT), CAST(b - DATE '1970-01-01' AS BIGINT), CAST(t_whole_days(ms) AS BIGINT))), "
    "lambda d: DATE '1970-01-01' + CAST(d AS INTEGER))",
    "t_ngrams(a, n) AS CASE WHEN a IS NULL OR n IS NULL THEN NULL WHEN len(a) <= t_ngram_size(n) "
    "THEN [a] "
    "ELSE list_transform(range(1, CAST(len(a) - n + 2 AS BIGINT)), "
    "lambda k: list_slice(a, k, k + n - 1)) END",
    /* maps: keys are checked, entries keep their order */
    "t_map(k, v) AS CASE WHEN k IS NULL OR v IS NULL THEN NULL "
    "WHEN t_keys_check(k, CAST(len(v) AS BIGINT)) THEN MAP(k, v) END",
    "t_multimap(k, v, keys) AS CASE WHEN k IS NULL THEN NULL ELSE MAP(keys, list_transform(keys, "
    "lambda e: list_transform(list_filter(range(1, CAST(len(k) + 1 AS BIGINT)), "
    "lambda n: k[n] = e), lambda m: v[m]))) END",
    "t_split_to_multimap(s, a, b) AS t_multimap(t_split_keys(s, a, b), t_split_values(s, a, b), "
    "list_filter(t_split_keys(s, a, b), lambda x, n: list_position(t_split_keys(s, a, b), x) = n))",
    "t_cast_map(k, v) AS CASE WHEN t_cast_keys_check(k) THEN MAP(k, v) END",
    "t_try_cast_map(k, v) AS CASE WHEN t_try_cast_keys_check(k) THEN MAP(k, v) END",
    "t_split_to_map(s, a, b) AS t_map(t_split_keys(s, a, b), t_split_values(s, a, b))",
    /* a map of the first (or last) entry of each key, entries being rows of k and v */
    "t_map_pick(k, v, ix) AS MAP(t_pick(k, ix), t_pick(v, ix))",
    "t_map_of(l) AS CASE WHEN l IS NULL THEN NULL ELSE t_map_pick(list_transform(l, lambda e: "
    "e.k), "
    "list_transform(l, lambda e: e.v), t_ix_keys(list_transform(l, lambda e: e.k))) END",
    "t_map_concat(l) AS t_map_of(list_transform(l, lambda e: struct_pack(k := e.key, "
    "v := e.value)))",
    "t_map_union(l) AS CASE WHEN len(list_filter(l, lambda m: m IS NOT NULL)) > 0 THEN "
    "t_map_concat(flatten(list_transform(l, lambda m: map_entries(m)))) END",
    "t_map_groups(k, v) AS MAP(t_pick(k, t_ix_keys(k)), list_transform(t_ix_groups(k), "
    "lambda g: t_pick(v, g)))",
    "t_map_multi(l) AS CASE WHEN l IS NULL THEN NULL ELSE t_map_groups("
    "list_transform(l, lambda e: e.k), list_transform(l, lambda e: e.v)) END",
    "t_map_count(l, keys) AS CASE WHEN l IS NULL THEN NULL ELSE MAP(t_pick(l, t_ix_keys(keys)), "
    "t_counts(keys)) END",
    "t_map_from(l) AS MAP(list_transform(l, lambda e: e.k), list_transform(l, lambda e: - e.c))",
    "t_pad(v, n) AS rpad(v, n, ' ')",
    "t_map_sorted(m) AS map_from_entries(list_sort(map_entries(m)))",
    "t_finite(v) AS CASE WHEN isfinite(v) THEN v END",
    "t_half_up(v) AS floor(v + 0.5)",
    "t_entropy(s, l) AS CASE WHEN s IS NULL OR s = 0 THEN CAST(0 AS DOUBLE) "
    "ELSE greatest((ln(s) - l / s) / ln(2), 0) END",
    "t_map_top(l, n) AS CASE WHEN len(t_ix_keys(l)) > 0 THEN t_map_from(list_slice(list_sort("
    "list_transform(list_zip(t_pick(l, t_ix_keys(l)), t_counts(l)), "
    "lambda e, i: struct_pack(c := - e[2], i := i, k := e[1]))), 1, n)) END",
    /* aggregates over no key at all are NULL */
    "t_map_or_null(m) AS CASE WHEN len(map_keys(m)) > 0 THEN m END",
    /* from, to and the distance in one unit, the step in it */
    "t_sequence_months(a, b, m) AS list_transform(range(0, t_sequence_length(epoch_us(a), "
    "epoch_us(b), datesub('month', a, b), CAST(m AS BIGINT))), "
    "lambda i: a + to_months(CAST(i * m AS INTEGER)))",
    "t_sequence_times(a, b, ms) AS list_transform(range(0, t_sequence_length(epoch_us(a), "
    "epoch_us(b), epoch_us(b) - epoch_us(a), ms * 1000)), "
    "lambda i: a + to_microseconds(i * ms * 1000))",
    /* steps of whole microseconds; the picoseconds below them stay */
    "t_wide_floor(a) AS make_timestamp(CAST((a - (a % 1000000 + 1000000) % 1000000) // 1000000 "
    "AS BIGINT))",
    "t_sequence_wide_times(a, b, ms) AS list_transform(t_sequence_times(t_wide_floor(a), "
    "t_wide_floor(b), ms), lambda w: t_wide(w) + (a - t_wide(t_wide_floor(a))))",
    "t_sequence_wide_months(a, b, m) AS list_transform(t_sequence_months(t_wide_floor(a), "
    "t_wide_floor(b), m), lambda w: t_wide(w) + (a - t_wide(t_wide_floor(a))))",
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
