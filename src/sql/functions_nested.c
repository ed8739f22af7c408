/* functions_nested.c - arrays, maps and lambdas.
 *
 * DuckDB's list functions return NULL or coerce where Trino raises or keeps order, so most rows are
 * macros (duck/macros.c, t_*) or rewrites. In a template {{ }} is not special; a lambda argument is
 * written out as "lambda x: body". */
#include "sql/functions.h"

#define F(name, signature, sql)                                                                    \
    { name, signature, sql, SQL_FN_SCALAR }

const struct sql_fn sql_fn_nested[] = {
    F("cardinality", "array(T)->bigint", "CAST(len($1) AS BIGINT)"),
    F("cardinality", "map(K,V)->bigint", "CAST(cardinality($1) AS BIGINT)"),
    F("element_at", "array(T),bigint->T", "($1)[t_element_index($2, CAST(len($1) AS BIGINT))]"),
    F("element_at", "map(K,V),K->V", "map_extract_value($1, $2)"),
    F("contains", "array(C),C->boolean", "t_contains($1, $2)"),
    F("contains_sequence", "array(C),array(C)->boolean", "t_contains_sequence($1, $2)"),
    F("array_distinct", "array(C)->array(C)", "t_array_distinct($1)"),
    F("array_intersect", "array(C),array(C)->array(C)", "t_array_intersect($1, $2)"),
    F("array_union", "array(C),array(C)->array(C)", "t_array_union($1, $2)"),
    F("array_except", "array(C),array(C)->array(C)", "t_array_except($1, $2)"),
    F("array_join", "array(T),varchar->varchar", "@array_join"),
    F("array_join", "array(T),varchar,varchar->varchar", "@array_join"),
    F("array_max", "array(O)->O", "t_array_max($1)"),
    F("array_min", "array(O)->O", "t_array_min($1)"),
    F("array_position", "array(C),C->bigint", "t_array_position($1, $2)"),
    F("array_remove", "array(C),C->array(C)", "t_array_remove($1, $2)"),
    F("array_sort", "array(O)->array(O)", "list_sort($1, 'ASC', 'NULLS LAST')"),
    F("array_sort", "array(T),lambda(T,T,integer)->array(T)", "@array_sort_by"),
    F("array_first", "array(T)->T", "($1)[1]"),
    F("array_last", "array(T)->T", "($1)[len($1)]"),
    F("arrays_overlap", "array(C),array(C)->boolean", "t_arrays_overlap($1, $2)"),
    F("shuffle", "array(T)->array(T)", "@refuse"),
    F("slice", "array(T),bigint,bigint->array(T)", "t_slice($1, $2, $3)"),
    F("trim_array", "array(T),bigint->array(T)", "t_trim_array($1, $2)"),
    F("flatten", "array(array(T))->array(T)", "flatten($1)"),
    F("repeat", "T,bigint->array(T)", "t_repeat($1, $2)"),
    F("sequence", "bigint,bigint->array(bigint)",
      "generate_series($1, $2, t_sequence_step($1, $2, CASE WHEN $1 <= $2 THEN 1 ELSE -1 END))"),
    F("sequence", "bigint,bigint,bigint->array(bigint)",
      "generate_series($1, $2, t_sequence_step($1, $2, $3))"),
    F("sequence", "date,date->array(date)",
      "t_sequence_dates($1, $2, CASE WHEN $1 <= $2 THEN CAST(86400000 AS BIGINT) ELSE "
      "CAST(-86400000 AS BIGINT) END)"),
    F("sequence", "date,date,idays->array(date)", "t_sequence_dates($1, $2, $3)"),
    F("sequence", "date,date,iyears->array(date)",
      "CAST(generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), to_months($3)) AS "
      "DATE[])"),
    F("sequence", "timestamp(p),timestamp(p),idays->array(timestamp(p))",
      "generate_series($1, $2, to_milliseconds($3))"),
    F("sequence", "timestamp(p),timestamp(p),iyears->array(timestamp(p))",
      "generate_series($1, $2, to_months($3))"),
    F("combinations", "array(T),bigint->array(array(T))", "@refuse"),
    F("ngrams", "array(T),bigint->array(array(T))", "t_ngrams($1, $2)"),
    F("zip", "array(T),array(U)->array(row(T,U))", "@zip"),
    F("zip", "array(T),array(U),array(V)->array(row(T,U,V))", "@zip"),
    /* lambdas */
    F("transform", "array(T),lambda(T,U)->array(U)", "list_transform($1, $2)"),
    F("filter", "array(T),lambda(T,boolean)->array(T)", "list_filter($1, $2)"),
    F("any_match", "array(T),lambda(T,boolean)->boolean", "t_any_true(list_transform($1, $2))"),
    F("all_match", "array(T),lambda(T,boolean)->boolean", "t_all_true(list_transform($1, $2))"),
    F("none_match", "array(T),lambda(T,boolean)->boolean",
      "(NOT t_any_true(list_transform($1, $2)))"),
    F("reduce", "array(T),S,lambda(S,T,S),lambda(S,U)->U", "@reduce"),
    F("zip_with", "array(T),array(U),lambda(T,U,V)->array(V)", "@zip_with"),
    F("map_filter", "map(K,V),lambda(K,V,boolean)->map(K,V)", "@map_filter"),
    F("transform_keys", "map(K,V),lambda(K,V,U)->map(U,V)", "@transform_keys"),
    F("transform_values", "map(K,V),lambda(K,V,U)->map(K,U)", "@transform_values"),
    /* maps */
    F("map", "->map(unknown,unknown)", "MAP([], [])"),
    F("map", "array(K),array(V)->map(K,V)", "t_map($1, $2)"),
    F("map_entries", "map(K,V)->array(row(K,V))", "@map_entries"),
    F("map_keys", "map(K,V)->array(K)", "map_keys($1)"),
    F("map_values", "map(K,V)->array(V)", "map_values($1)"),
    F("map_concat", "map(K,V)...->map(K,V)", "@map_concat"),
};
const size_t sql_fn_nested_count = COUNT_OF(sql_fn_nested);
