/* profile.c - what the engine measured while it ran a query, for EXPLAIN ANALYZE. */
#include "duck/duck_int.h"
#include <stdio.h>
#include <stdlib.h>

int profile_begin(struct duck *d, const struct json *task, struct err *e) {
    if (!json_get_bool(task, "profile", false))
        return 0;
    return session_exec(d, "PRAGMA enable_profiling = 'no_output'", e);
}

static double metric(duckdb_profiling_info node, const char *name, char *text, size_t cap) {
    duckdb_value value = duckdb_profiling_info_get_value(node, name);
    char *got = value ? duckdb_get_varchar(value) : NULL;
    snprintf(text, cap, "%s", got ? got : "");
    if (got)
        duckdb_free(got);
    if (value)
        duckdb_destroy_value(&value);
    return strtod(text, NULL);
}

static void write_operators(duckdb_profiling_info node, int depth, struct jsonw *w) {
    char text[100];
    jsonw_object(w);
    (void)metric(node, "OPERATOR_NAME", text, sizeof text);
    if (!text[0])
        (void)metric(node, "OPERATOR_TYPE", text, sizeof text);
    jsonw_kv_cstr(w, "name", text);
    jsonw_kv_i64(w, "rows", (int64_t)metric(node, "OPERATOR_CARDINALITY", text, sizeof text));
    jsonw_kv_i64(w, "us", (int64_t)(1e6 * metric(node, "OPERATOR_TIMING", text, sizeof text)));
    jsonw_name(w, "children");
    jsonw_array(w);
    idx_t n = depth < 200 ? duckdb_profiling_info_get_child_count(node) : 0;
    for (idx_t i = 0; i < n; i++)
        write_operators(duckdb_profiling_info_get_child(node, i), depth + 1, w);
    jsonw_end_array(w);
    jsonw_end_object(w);
}

void profile_write(struct duck *d, const struct json *task, struct buf *out) {
    char text[100];
    struct jsonw w = jsonw_to(out);
    duckdb_profiling_info root =
        json_get_bool(task, "profile", false) ? duckdb_get_profiling_info(d->con) : NULL;
    if (!root)
        return;
    jsonw_object(&w);
    jsonw_kv_i64(&w, "cpu_us", (int64_t)(1e6 * metric(root, "CPU_TIME", text, sizeof text)));
    jsonw_name(&w, "operators");
    jsonw_array(&w);
    for (idx_t i = 0; i < duckdb_profiling_info_get_child_count(root); i++)
        write_operators(duckdb_profiling_info_get_child(root, i), 0, &w);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
}
