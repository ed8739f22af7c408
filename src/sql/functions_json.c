/* functions_json.c - JSON; a json value is compact JSON text in a VARCHAR. */
#include "sql/functions.h"

#define F(name, signature, sql)                                                                    \
    { name, signature, sql, SQL_FN_SCALAR }

const struct sql_fn sql_fn_json[] = {
    F("json_parse", "varchar->json", "t_json_parse($1)"),
    F("json_format", "json->varchar", "$1"),
    F("json_extract", "json,varchar->json", "t_json_extract($*)"),
    F("json_extract", "varchar,varchar->json", "t_json_extract($*)"),
    F("json_extract_scalar", "json,varchar->varchar", "t_json_extract_scalar($*)"),
    F("json_extract_scalar", "varchar(x),varchar->varchar(x)", "t_json_extract_scalar($*)"),
    F("json_array_length", "json->bigint", "t_json_array_length($1)"),
    F("json_array_length", "varchar->bigint", "t_json_array_length($1)"),
    F("json_size", "json,varchar->bigint", "t_json_size($*)"),
    F("json_size", "varchar,varchar->bigint", "t_json_size($*)"),
    F("json_array_get", "json,bigint->json", "t_json_array_get($*)"),
    F("json_array_get", "varchar,bigint->json", "t_json_array_get($*)"),
    F("json_array_contains", "json,bigint->boolean", "t_json_array_contains($*)"),
    F("json_array_contains", "json,double->boolean", "t_json_array_contains($*)"),
    F("json_array_contains", "json,boolean->boolean", "t_json_array_contains($*)"),
    F("json_array_contains", "json,varchar->boolean", "t_json_array_contains($*)"),
    F("json_array_contains", "varchar,bigint->boolean", "t_json_array_contains($*)"),
    F("json_array_contains", "varchar,double->boolean", "t_json_array_contains($*)"),
    F("json_array_contains", "varchar,boolean->boolean", "t_json_array_contains($*)"),
    F("json_array_contains", "varchar,varchar->boolean", "t_json_array_contains($*)"),
    F("is_json_scalar", "json->boolean", "t_is_json_scalar($1)"),
    F("is_json_scalar", "varchar->boolean", "t_is_json_scalar($1)"),
};
const size_t sql_fn_json_count = COUNT_OF(sql_fn_json);
