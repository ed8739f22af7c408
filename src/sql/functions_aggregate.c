/* functions_aggregate.c - aggregate and window functions.
 *
 * {f(x)} is an aggregate call: the emitter puts DISTINCT, ORDER BY, FILTER and OVER where they
 * belong. An aggregate over no rows is NULL as in Trino except count and its kin. NaN is the last
 * choice of min and of max: DuckDB has it above all, so the greatest is the least of what is
 * negated. */
#include "sql/functions.h"

#define A(name, signature, sql)                                                                    \
    { name, signature, sql, SQL_FN_AGGREGATE }
#define W(name, signature, sql)                                                                    \
    { name, signature, sql, SQL_FN_WINDOW }
/* Of what is not finite nothing is known; DuckDB would fail. `least`: values that it takes. */
#define STAT(name, fn, least)                                                                      \
    A(name, "double->double",                                                                      \
      "(CASE WHEN {bool_or(NOT isfinite($1))} THEN CASE WHEN {count($1)} >= " least                \
      " THEN CAST('NaN' AS DOUBLE) END ELSE {" fn "(CASE WHEN isfinite($1) THEN $1 END)} END)")
#define PAIR(name, fn) A(name, "double,double->double", "{" fn "($1, $2)}")

/* approx_percentile of a type: "before" and "behind" turn a double into it. */
#define PERCENTILE(type, before, behind)                                                           \
    A("approx_percentile", type ",double->" type,                                                  \
      before "{t_percentiles(CAST($1 AS DOUBLE), 1, [$2])}[1]" behind),                            \
        A("approx_percentile", type ",array(double)->array(" type ")",                             \
          "list_transform({t_percentiles(CAST($1 AS DOUBLE), 1, $2)}, lambda v: " before           \
          "v" behind ")"),                                                                         \
        A("approx_percentile", type ",double,double->" type,                                       \
          before "{t_percentiles(CAST($1 AS DOUBLE), $2, [$3])}[1]" behind),                       \
        A("approx_percentile", type ",double,array(double)->array(" type ")",                      \
          "list_transform({t_percentiles(CAST($1 AS DOUBLE), $2, $3)}, lambda v: " before          \
          "v" behind ")"),                                                                         \
        A("approx_percentile", type ",double,double,double->" type,                                \
          before "{t_percentiles(CAST($1 AS DOUBLE), $2, [$3])}[1]" behind)

const struct sql_fn sql_fn_aggregate[] = {
    A("count", "->bigint", "{count(*)}"),
    A("count", "T->bigint", "{count($1)}"),
    A("count_if", "boolean->bigint", "{count(CASE WHEN $1 THEN 1 END)}"),
    A("sum", "bigint->bigint", "CAST({sum($1)} AS BIGINT)"),
    A("sum", "double->double", "{sum($1)}"),
    A("sum", "real->real", "CAST({sum(CAST($1 AS DOUBLE))} AS FLOAT)"),
    A("sum", "decimal(p,s)->@sum", "{sum($1)}"),
    A("sum", "idays->idays", "CAST({sum($1)} AS BIGINT)"),
    A("sum", "iyears->iyears", "CAST({sum($1)} AS INTEGER)"),
    A("avg", "bigint->double", "{avg(CAST($1 AS DOUBLE))}"),
    A("avg", "double->double", "{avg($1)}"),
    A("avg", "real->real", "CAST({avg(CAST($1 AS DOUBLE))} AS FLOAT)"),
    A("avg", "decimal(p,s)->decimal(p,s)",
      "CAST(t_decdiv_$SR({sum($1)}, CAST({count($1)} AS DECIMAL(19,0))) AS $R)"),
    A("avg", "idays->idays", "CAST(round({avg(CAST($1 AS DOUBLE))}) AS BIGINT)"),
    A("min", "O->O", "{min($1)}"),
    A("min", "O,bigint->array(O)", "{min($1, t_chosen($2, 'min_n'))}"),
    A("max", "real->real", "coalesce({max(CASE WHEN NOT isnan($1) THEN $1 END)}, {max($1)})"),
    A("max", "double->double", "coalesce({max(CASE WHEN NOT isnan($1) THEN $1 END)}, {max($1)})"),
    A("max", "O->O", "{max($1)}"),
    A("max", "O,bigint->array(O)",
      "list_transform({arg_max(struct_pack(v := $1), $o1, t_chosen($2, 'max_n'))}, lambda e: e.v)"),
    A("min_by", "T,O->T", "{arg_min_null($1, $2)}"),
    A("min_by", "T,O,bigint->array(T)",
      "list_transform({arg_min(struct_pack(v := $1), $2, t_chosen($3, 'min_by'))}, lambda e: e.v)"),
    A("max_by", "T,real->T", "{arg_min_null($1, -$2)}"),
    A("max_by", "T,double->T", "{arg_min_null($1, -$2)}"),
    A("max_by", "T,O->T", "{arg_max_null($1, $2)}"),
    A("max_by", "T,O,bigint->array(T)",
      "list_transform({arg_max(struct_pack(v := $1), $o2, t_chosen($3, 'max_by'))}, lambda e: "
      "e.v)"),
    A("arbitrary", "T->T", "{any_value($1)}"),
    A("any_value", "T->T", "{any_value($1)}"),
    A("bool_and", "boolean->boolean", "{bool_and($1)}"),
    A("bool_or", "boolean->boolean", "{bool_or($1)}"),
    A("every", "boolean->boolean", "{bool_and($1)}"),
    A("approx_distinct", "boolean->bigint", "{count(DISTINCT $1)}"),
    A("approx_distinct", "unknown->bigint", "{count($1)}"),
    A("approx_distinct", "C->bigint", "{t_hll_count(t_hash($i1), 11)}"),
    A("approx_distinct", "C,double->bigint", "{t_hll_count(t_hash($i1), t_hll_bits($2))}"),
    A("approx_set", "C->hll", "{t_hll_agg(t_hash($i1), 12)}"),
    A("approx_set", "C,double->hll", "{t_hll_agg(t_hash($i1), t_hll_bits($2))}"),
    A("merge", "hll->hll", "{t_hll_merge($1)}"),
    A("merge", "tdigest->tdigest", "{t_tdigest_merge($1)}"),
    A("tdigest_agg", "double->tdigest", "{t_tdigest_agg($1, 1)}"),
    A("tdigest_agg", "double,double->tdigest", "{t_tdigest_agg($1, $2)}"),
    PERCENTILE("bigint", "CAST(t_half_up(", ") AS BIGINT)"),
    PERCENTILE("real", "CAST(", " AS FLOAT)"),
    PERCENTILE("double", "", ""),
    A("approx_most_frequent", "bigint,T,bigint->map(T,bigint)",
      "t_map_top({list($2)}, {any_value($1)})"),
    A("checksum", "T->varbinary", "{t_checksum(coalesce(t_hash($i1), 1))}"),
    A("entropy", "bigint->double",
      "t_entropy({sum(CAST($1 AS DOUBLE))}, "
      "{sum(CASE WHEN $1 > 0 THEN CAST($1 AS DOUBLE) * ln(CAST($1 AS DOUBLE)) END)})"),
    A("kurtosis", "double->double",
      "(CASE WHEN {count($1)} > 3 THEN coalesce({kurtosis($1)}, CAST('NaN' AS DOUBLE)) END)"),
    A("skewness", "double->double",
      "(CASE WHEN {count($1)} > 2 THEN {skewness($1)} * ({count($1)} - 2) / "
      "sqrt(CAST({count($1)} AS DOUBLE) * ({count($1)} - 1)) END)"),
    A("numeric_histogram", "bigint,real->map(real,real)",
      "CAST({t_numeric_histogram($1, CAST($2 AS DOUBLE), 1)} AS MAP(FLOAT, FLOAT))"),
    A("numeric_histogram", "bigint,double->map(double,double)", "{t_numeric_histogram($1, $2, 1)}"),
    A("numeric_histogram", "bigint,double,double->map(double,double)",
      "{t_numeric_histogram($1, $2, $3)}"),
    A("reduce_agg", "T,S,lambda(S,T,S),lambda(S,S,S)->S", "@reduce_agg"),
    A("regr_count", "double,double->bigint", "CAST({regr_count($1, $2)} AS BIGINT)"),
    A("set_union", "array(C)->array(C)",
      "t_pick(flatten({list($1)}), t_ix_distinct(flatten({list($k1)})))"),
    A("array_agg", "T->array(T)", "{list($1)}"),
    A("listagg", "varchar->varchar", "t_listagg_fits({string_agg($1, '')})"),
    A("listagg", "varchar,varchar->varchar", "t_listagg_fits({string_agg($1, $2)})"),
    A("map_agg", "K,V->map(K,V)", "t_map_or_null(t_map_of({list(struct_pack(k := $1, v := $2))}))"),
    A("map_union", "map(K,V)->map(K,V)", "t_map_union({list($1)})"),
    A("multimap_agg", "K,V->map(K,array(V))",
      "t_map_or_null(t_map_multi({list(struct_pack(k := $1, v := $2))}))"),
    A("histogram", "T->map(T,bigint)", "t_map_or_null(t_map_count({list($1)}, {list($k1)}))"),
    A("set_agg", "T->array(T)", "t_pick({list($1)}, t_ix_distinct({list($k1)}))"),
    A("geometric_mean", "double->double", "{geomean($1)}"),
    A("bitwise_and_agg", "bigint->bigint", "{bit_and($1)}"),
    A("bitwise_or_agg", "bigint->bigint", "{bit_or($1)}"),
    A("bitwise_xor_agg", "bigint->bigint", "{bit_xor($1)}"),
    STAT("stddev", "stddev_samp", "2"),
    STAT("stddev_samp", "stddev_samp", "2"),
    STAT("stddev_pop", "stddev_pop", "1"),
    STAT("variance", "var_samp", "2"),
    STAT("var_samp", "var_samp", "2"),
    STAT("var_pop", "var_pop", "1"),
    A("corr", "double,double->double", "t_finite({corr($1, $2)})"),
    PAIR("covar_pop", "covar_pop"),
    PAIR("covar_samp", "covar_samp"),
    A("regr_slope", "double,double->double", "t_finite({regr_slope($1, $2)})"),
    A("regr_intercept", "double,double->double", "t_finite({regr_intercept($1, $2)})"),
    PAIR("regr_r2", "regr_r2"),
    PAIR("regr_avgx", "regr_avgx"),
    PAIR("regr_avgy", "regr_avgy"),
    PAIR("regr_sxx", "regr_sxx"),
    PAIR("regr_syy", "regr_syy"),
    PAIR("regr_sxy", "regr_sxy"),
    W("row_number", "->bigint", "{row_number()}"),
    W("rank", "->bigint", "{rank()}"),
    W("dense_rank", "->bigint", "{dense_rank()}"),
    W("percent_rank", "->double", "{percent_rank()}"),
    W("cume_dist", "->double", "{cume_dist()}"),
    W("ntile", "bigint->bigint", "{ntile(t_buckets($1))}"),
    W("lag", "T->T", "{lag($1)}"),
    W("lag", "T,bigint->T", "{lag($1, t_offset($2, 0))}"),
    W("lag", "T,bigint,T->T", "{lag($1, t_offset($2, 0), $3)}"),
    W("lead", "T->T", "{lead($1)}"),
    W("lead", "T,bigint->T", "{lead($1, t_offset($2, 0))}"),
    W("lead", "T,bigint,T->T", "{lead($1, t_offset($2, 0), $3)}"),
    W("first_value", "T->T", "{first_value($1)}"),
    W("last_value", "T->T", "{last_value($1)}"),
    W("nth_value", "T,bigint->T", "{nth_value($1, t_offset($2, 1))}"),
};
const size_t sql_fn_aggregate_count = COUNT_OF(sql_fn_aggregate);
