/* lib.h - libduckdb, loaded at run time; room files include this instead of duckdb.h.
 *
 * Every function listed in DUCK_FUNCTIONS can be called by its own name: lib.c defines it as a jump
 * through a pointer that duck_lib_load fills. A function that is missing from the list is an
 * "undefined reference" when linking: add it (one per line, in order). Calling any of them before
 * duck_lib_load has succeeded crashes. */
#ifndef TARN_DUCK_LIB_H
#define TARN_DUCK_LIB_H

#include "base/err.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <duckdb.h>
#pragma GCC diagnostic pop

#define DUCK_FUNCTIONS(X)                                                                          \
    X(duckdb_add_aggregate_function_to_set)                                                        \
    X(duckdb_add_scalar_function_to_set)                                                           \
    X(duckdb_aggregate_function_add_parameter)                                                     \
    X(duckdb_aggregate_function_get_extra_info)                                                    \
    X(duckdb_aggregate_function_set_destructor)                                                    \
    X(duckdb_aggregate_function_set_error)                                                         \
    X(duckdb_aggregate_function_set_extra_info)                                                    \
    X(duckdb_aggregate_function_set_functions)                                                     \
    X(duckdb_aggregate_function_set_name)                                                          \
    X(duckdb_aggregate_function_set_return_type)                                                   \
    X(duckdb_aggregate_function_set_special_handling)                                              \
    X(duckdb_array_type_array_size)                                                                \
    X(duckdb_array_type_child_type)                                                                \
    X(duckdb_array_vector_get_child)                                                               \
    X(duckdb_bind_add_result_column)                                                               \
    X(duckdb_bind_get_extra_info)                                                                  \
    X(duckdb_bind_get_parameter)                                                                   \
    X(duckdb_bind_set_bind_data)                                                                   \
    X(duckdb_bind_set_cardinality)                                                                 \
    X(duckdb_bind_set_error)                                                                       \
    X(duckdb_bind_varchar_length)                                                                  \
    X(duckdb_close)                                                                                \
    X(duckdb_column_count)                                                                         \
    X(duckdb_column_logical_type)                                                                  \
    X(duckdb_column_name)                                                                          \
    X(duckdb_column_type)                                                                          \
    X(duckdb_connect)                                                                              \
    X(duckdb_create_aggregate_function)                                                            \
    X(duckdb_create_aggregate_function_set)                                                        \
    X(duckdb_create_config)                                                                        \
    X(duckdb_create_data_chunk)                                                                    \
    X(duckdb_create_decimal_type)                                                                  \
    X(duckdb_create_list_type)                                                                     \
    X(duckdb_create_logical_type)                                                                  \
    X(duckdb_create_map_type)                                                                      \
    X(duckdb_create_scalar_function)                                                               \
    X(duckdb_create_scalar_function_set)                                                           \
    X(duckdb_create_selection_vector)                                                              \
    X(duckdb_create_struct_type)                                                                   \
    X(duckdb_create_table_function)                                                                \
    X(duckdb_create_vector)                                                                        \
    X(duckdb_data_chunk_get_column_count)                                                          \
    X(duckdb_data_chunk_get_size)                                                                  \
    X(duckdb_data_chunk_get_vector)                                                                \
    X(duckdb_data_chunk_set_size)                                                                  \
    X(duckdb_decimal_internal_type)                                                                \
    X(duckdb_decimal_scale)                                                                        \
    X(duckdb_decimal_width)                                                                        \
    X(duckdb_destroy_aggregate_function)                                                           \
    X(duckdb_destroy_aggregate_function_set)                                                       \
    X(duckdb_destroy_config)                                                                       \
    X(duckdb_destroy_data_chunk)                                                                   \
    X(duckdb_destroy_extracted)                                                                    \
    X(duckdb_destroy_logical_type)                                                                 \
    X(duckdb_destroy_pending)                                                                      \
    X(duckdb_destroy_prepare)                                                                      \
    X(duckdb_destroy_result)                                                                       \
    X(duckdb_destroy_scalar_function)                                                              \
    X(duckdb_destroy_scalar_function_set)                                                          \
    X(duckdb_destroy_selection_vector)                                                             \
    X(duckdb_destroy_table_function)                                                               \
    X(duckdb_destroy_value)                                                                        \
    X(duckdb_destroy_vector)                                                                       \
    X(duckdb_disconnect)                                                                           \
    X(duckdb_enum_dictionary_size)                                                                 \
    X(duckdb_enum_dictionary_value)                                                                \
    X(duckdb_enum_internal_type)                                                                   \
    X(duckdb_execute_pending)                                                                      \
    X(duckdb_execute_prepared)                                                                     \
    X(duckdb_extract_statements)                                                                   \
    X(duckdb_extract_statements_error)                                                             \
    X(duckdb_fetch_chunk)                                                                          \
    X(duckdb_free)                                                                                 \
    X(duckdb_from_time_tz)                                                                         \
    X(duckdb_function_get_bind_data)                                                               \
    X(duckdb_function_get_extra_info)                                                              \
    X(duckdb_function_get_init_data)                                                               \
    X(duckdb_function_get_local_init_data)                                                         \
    X(duckdb_function_set_error)                                                                   \
    X(duckdb_get_int64)                                                                            \
    X(duckdb_get_profiling_info)                                                                   \
    X(duckdb_get_type_id)                                                                          \
    X(duckdb_get_varchar)                                                                          \
    X(duckdb_init_get_bind_data)                                                                   \
    X(duckdb_init_get_column_count)                                                                \
    X(duckdb_init_get_column_index)                                                                \
    X(duckdb_init_get_extra_info)                                                                  \
    X(duckdb_init_set_error)                                                                       \
    X(duckdb_init_set_init_data)                                                                   \
    X(duckdb_init_set_max_threads)                                                                 \
    X(duckdb_interrupt)                                                                            \
    X(duckdb_library_version)                                                                      \
    X(duckdb_list_type_child_type)                                                                 \
    X(duckdb_list_vector_get_child)                                                                \
    X(duckdb_list_vector_get_size)                                                                 \
    X(duckdb_list_vector_reserve)                                                                  \
    X(duckdb_list_vector_set_size)                                                                 \
    X(duckdb_logical_type_get_alias)                                                               \
    X(duckdb_malloc)                                                                               \
    X(duckdb_map_type_key_type)                                                                    \
    X(duckdb_map_type_value_type)                                                                  \
    X(duckdb_open_ext)                                                                             \
    X(duckdb_pending_error)                                                                        \
    X(duckdb_pending_prepared)                                                                     \
    X(duckdb_pending_prepared_streaming)                                                           \
    X(duckdb_prepare)                                                                              \
    X(duckdb_prepare_error)                                                                        \
    X(duckdb_prepare_extracted_statement)                                                          \
    X(duckdb_profiling_info_get_child)                                                             \
    X(duckdb_profiling_info_get_child_count)                                                       \
    X(duckdb_profiling_info_get_value)                                                             \
    X(duckdb_query)                                                                                \
    X(duckdb_register_aggregate_function)                                                          \
    X(duckdb_register_aggregate_function_set)                                                      \
    X(duckdb_register_scalar_function)                                                             \
    X(duckdb_register_scalar_function_set)                                                         \
    X(duckdb_register_table_function)                                                              \
    X(duckdb_result_error)                                                                         \
    X(duckdb_result_error_type)                                                                    \
    X(duckdb_result_return_type)                                                                   \
    X(duckdb_scalar_function_add_parameter)                                                        \
    X(duckdb_scalar_function_bind_get_argument)                                                    \
    X(duckdb_scalar_function_bind_get_argument_count)                                              \
    X(duckdb_scalar_function_bind_get_extra_info)                                                  \
    X(duckdb_scalar_function_bind_set_error)                                                       \
    X(duckdb_scalar_function_get_bind_data)                                                        \
    X(duckdb_scalar_function_get_extra_info)                                                       \
    X(duckdb_scalar_function_set_bind)                                                             \
    X(duckdb_scalar_function_set_bind_data)                                                        \
    X(duckdb_scalar_function_set_error)                                                            \
    X(duckdb_scalar_function_set_extra_info)                                                       \
    X(duckdb_scalar_function_set_function)                                                         \
    X(duckdb_scalar_function_set_name)                                                             \
    X(duckdb_scalar_function_set_return_type)                                                      \
    X(duckdb_scalar_function_set_special_handling)                                                 \
    X(duckdb_scalar_function_set_varargs)                                                          \
    X(duckdb_scalar_function_set_volatile)                                                         \
    X(duckdb_selection_vector_get_data_ptr)                                                        \
    X(duckdb_set_config)                                                                           \
    X(duckdb_struct_type_child_count)                                                              \
    X(duckdb_struct_type_child_name)                                                               \
    X(duckdb_struct_type_child_type)                                                               \
    X(duckdb_struct_vector_get_child)                                                              \
    X(duckdb_table_function_add_parameter)                                                         \
    X(duckdb_table_function_set_bind)                                                              \
    X(duckdb_table_function_set_extra_info)                                                        \
    X(duckdb_table_function_set_function)                                                          \
    X(duckdb_table_function_set_init)                                                              \
    X(duckdb_table_function_set_local_init)                                                        \
    X(duckdb_table_function_set_name)                                                              \
    X(duckdb_table_function_supports_projection_pushdown)                                          \
    X(duckdb_validity_row_is_valid)                                                                \
    X(duckdb_validity_set_row_invalid)                                                             \
    X(duckdb_validity_set_row_valid)                                                               \
    X(duckdb_vector_assign_string_element_len)                                                     \
    X(duckdb_vector_copy_sel)                                                                      \
    X(duckdb_vector_ensure_validity_writable)                                                      \
    X(duckdb_vector_get_column_type)                                                               \
    X(duckdb_vector_get_data)                                                                      \
    X(duckdb_vector_get_validity)                                                                  \
    X(duckdb_vector_size)

/* Loads libduckdb.so once per process: from $TARN_DUCKDB, else beside the program or in the folder
 * above (build/unit/test_x finds build/libduckdb.so). Later calls return the first one's result.
 * ERR_INTERNAL naming what was tried or the function that is missing. Thread-safe. */
int duck_lib_load(struct err *e) WARN_UNUSED;

#endif
