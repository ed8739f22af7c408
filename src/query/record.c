/* record.c - an execution as JSON: the document in the catalogue, whose member QueryExecution is
 * what GetQueryExecution answers, and the ColumnInfo array of its result. */
#include "query/query_int.h"
#include <stdio.h>

static const char *const state_names[] = {"QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"};

/* "NAME: line L:C: text" as Athena says why a query failed; texts of Hive and of Athena's
 * DDL engine stand as they are. */
void record_reason(const struct err *e, char *out, size_t cap) {
    bool placed = strncmp(e->text, "line ", 5) == 0;
    bool bare = strncmp(e->text, "FAILED:", 7) == 0 || strcmp(e->name, DDL_ENGINE) == 0;
    if (bare)
        snprintf(out, cap, "%s", e->text);
    else if (e->line && !placed)
        snprintf(out, cap, "%s: line %d:%d: %s", e->name, e->line, e->column, e->text);
    else
        snprintf(out, cap, "%s: %s", e->name, e->text);
}

/* The user's mistakes are SQL errors and AWS client errors; the rest is ours. */
static bool is_users(const struct err *e) {
    return e->code == ERR_SQL ? strncmp(e->name, "GENERIC_INTERNAL", 16) != 0 : e->status < 500;
}

/* AthenaError.ErrorType, where Athena's is known. */
static int error_type(const struct err *e) {
    static const struct {
        const char *name, *text; /* NULL: any */
        int type;
    } types[] = {
        {DDL_ENGINE, NULL, 1006},
        {NULL, "FAILED: ParseException", 1006},
        {NULL, "FAILED: Execution Error", 1100},
        {"CATALOG_NOT_FOUND", NULL, 1006},
        {"EXCEEDED_LOCAL_MEMORY_LIMIT", NULL, 1},
        {"EXCEEDED_SCAN_LIMIT", NULL, 1000},
        {"EXCEEDED_TIME_LIMIT", NULL, 1000},
        {"INVALID_CAST_ARGUMENT", NULL, 1100},
        {"SCHEMA_NOT_FOUND", NULL, 1301},
        {"TABLE_NOT_FOUND", NULL, 1301},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if ((!types[i].name || strcmp(e->name, types[i].name) == 0) &&
            (!types[i].text || strncmp(e->text, types[i].text, strlen(types[i].text)) == 0))
            return types[i].type;
    return is_users(e) ? 1000 : 200;
}

static void write_status(const struct exec *x, struct jsonw *w) {
    jsonw_name(w, "Status");
    jsonw_object(w);
    jsonw_kv_cstr(w, "State", state_names[x->state]);
    if (x->state == EXEC_FAILED) {
        char text[1100];
        record_reason(&x->err, text, sizeof text);
        jsonw_kv_cstr(w, "StateChangeReason", text);
        jsonw_name(w, "AthenaError");
        jsonw_object(w);
        jsonw_kv_i64(w, "ErrorCategory", is_users(&x->err) ? 2 : 1);
        jsonw_kv_i64(w, "ErrorType", error_type(&x->err));
        jsonw_kv_bool(w, "Retryable", !is_users(&x->err));
        jsonw_kv_cstr(w, "ErrorMessage", text);
        jsonw_end_object(w);
    } else if (x->state == EXEC_CANCELLED) {
        jsonw_kv_cstr(w, "StateChangeReason", "Query cancelled by user");
    }
    jsonw_kv_time_ms(w, "SubmissionDateTime", x->submitted_ms);
    if (x->completed_ms)
        jsonw_kv_time_ms(w, "CompletionDateTime", x->completed_ms);
    jsonw_end_object(w);
}

static int64_t service_us(const struct exec *x) {
    return MAX_OF(x->total_us - x->queue_us - x->plan_us - x->engine_us, 0);
}

static void write_statistics(const struct exec *x, struct jsonw *w) {
    jsonw_name(w, "Statistics");
    jsonw_object(w);
    jsonw_kv_i64(w, "EngineExecutionTimeInMillis", x->engine_us / 1000);
    jsonw_kv_u64(w, "DataScannedInBytes", x->scanned_bytes);
    if (x->is_write && x->state == EXEC_SUCCEEDED)
        jsonw_kv_str(w, "DataManifestLocation", x->manifest_uri);
    jsonw_kv_i64(w, "TotalExecutionTimeInMillis", x->total_us / 1000);
    jsonw_kv_i64(w, "QueryQueueTimeInMillis", x->queue_us / 1000);
    jsonw_kv_i64(w, "ServicePreProcessingTimeInMillis", 0);
    if (x->is_select || x->is_write)
        jsonw_kv_i64(w, "QueryPlanningTimeInMillis", x->plan_us / 1000);
    jsonw_kv_i64(w, "ServiceProcessingTimeInMillis", service_us(x) / 1000);
    jsonw_name(w, "ResultReuseInformation");
    jsonw_object(w);
    jsonw_kv_bool(w, "ReusedPreviousResult", x->reused);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

/* The QueryRuntimeStatistics object. */
void record_write_runtime(const struct exec *x, struct jsonw *w) {
    jsonw_object(w);
    jsonw_name(w, "Timeline");
    jsonw_object(w);
    jsonw_kv_i64(w, "QueryQueueTimeInMillis", x->queue_us / 1000);
    jsonw_kv_i64(w, "ServicePreProcessingTimeInMillis", 0);
    jsonw_kv_i64(w, "QueryPlanningTimeInMillis", x->plan_us / 1000);
    jsonw_kv_i64(w, "EngineExecutionTimeInMillis", x->engine_us / 1000);
    jsonw_kv_i64(w, "ServiceProcessingTimeInMillis", service_us(x) / 1000);
    jsonw_kv_i64(w, "TotalExecutionTimeInMillis", x->total_us / 1000);
    jsonw_end_object(w);
    jsonw_name(w, "Rows");
    jsonw_object(w);
    jsonw_kv_u64(w, "InputRows", x->input_rows);
    jsonw_kv_u64(w, "InputBytes", x->scanned_bytes);
    jsonw_kv_u64(w, "OutputRows", x->output_rows);
    jsonw_kv_u64(w, "OutputBytes", x->output_bytes);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

/* The place of the result, and the other settings as they were asked for. */
static void write_results(const struct exec *x, struct jsonw *w) {
    struct arena a;
    struct json *settings = NULL;
    arena_init(&a, 0);
    if (x->results_json.len && json_parse(&a, x->results_json, &settings, NULL))
        settings = NULL;
    jsonw_name(w, "ResultConfiguration");
    jsonw_object(w);
    jsonw_kv_str(w, "OutputLocation", x->output_uri);
    JSON_FOR_EACH(m, settings) {
        if (bytes_eq_str(m->name, "OutputLocation") || m->kind == JSON_NULL)
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_end_object(w);
    arena_clear(&a);
}

static void write_reuse(const struct exec *x, struct jsonw *w) {
    jsonw_name(w, "ResultReuseConfiguration");
    jsonw_object(w);
    jsonw_name(w, "ResultReuseByAgeConfiguration");
    jsonw_object(w);
    jsonw_kv_bool(w, "Enabled", x->reuse_minutes > 0);
    if (x->reuse_minutes)
        jsonw_kv_i64(w, "MaxAgeInMinutes", x->reuse_minutes);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_parameters(const struct exec *x, struct jsonw *w) {
    if (!x->given_count)
        return;
    jsonw_name(w, "ExecutionParameters");
    jsonw_array(w);
    for (size_t i = 0; i < x->given_count; i++)
        jsonw_str(w, x->given[i]);
    jsonw_end_array(w);
}

void record_write_execution(const struct exec *x, struct jsonw *w) {
    jsonw_object(w);
    jsonw_kv_cstr(w, "QueryExecutionId", x->id);
    jsonw_kv_str(w, "Query", x->sql);
    jsonw_kv_cstr(w, "StatementType", x->statement_type);
    jsonw_kv_cstr(w, "SubstatementType", x->substatement_type);
    write_parameters(x, w);
    write_results(x, w);
    write_reuse(x, w);
    jsonw_name(w, "QueryExecutionContext");
    jsonw_object(w);
    jsonw_kv_str(w, "Database", x->database);
    jsonw_kv_str(w, "Catalog", x->catalog_name);
    jsonw_end_object(w);
    write_status(x, w);
    write_statistics(x, w);
    jsonw_kv_str(w, "WorkGroup", x->workgroup);
    jsonw_name(w, "EngineVersion");
    jsonw_object(w);
    jsonw_kv_str(w, "SelectedEngineVersion", x->engine.len ? x->engine : BYTES("AUTO"));
    jsonw_kv_cstr(w, "EffectiveEngineVersion", "Athena engine version 3");
    jsonw_end_object(w);
    jsonw_end_object(w);
}

void record_write(const struct exec *x, struct buf *out) {
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_name(&w, "QueryExecution");
    record_write_execution(x, &w);
    jsonw_kv_raw(&w, "Columns", x->columns_json);
    jsonw_name(&w, "Runtime");
    record_write_runtime(x, &w);
    if (x->is_write)
        jsonw_kv_u64(&w, "UpdateCount", x->update_count);
    jsonw_end_object(&w);
}

struct bytes record_columns_json(struct arena *a, const struct sql_out_column *columns, size_t n) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_array(&w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(&w);
        jsonw_kv_cstr(&w, "CatalogName", "hive");
        jsonw_kv_cstr(&w, "SchemaName", "");
        jsonw_kv_cstr(&w, "TableName", "");
        jsonw_kv_str(&w, "Name", columns[i].name);
        jsonw_kv_str(&w, "Label", columns[i].name);
        jsonw_kv_str(&w, "Type", columns[i].type);
        jsonw_kv_i64(&w, "Precision", columns[i].precision);
        jsonw_kv_i64(&w, "Scale", columns[i].scale);
        jsonw_kv_cstr(&w, "Nullable", "UNKNOWN");
        jsonw_kv_bool(&w, "CaseSensitive", columns[i].case_sensitive);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    struct bytes r = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : BYTES("");
    buf_clear(&out);
    if (r.len == 0)
        a->failed = true;
    return r;
}

/* ---- after a restart ---- */
static bool was_live(struct bytes json) {
    return bytes_find(json, BYTES("\"State\":\"RUNNING\"")) >= 0 ||
           bytes_find(json, BYTES("\"State\":\"QUEUED\"")) >= 0;
}

static void copy_except(struct jsonw *w, const struct json *from, const char *skip) {
    JSON_FOR_EACH(m, from) {
        if (bytes_eq_str(m->name, skip))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
}

static void write_failed(struct jsonw *w, const struct json *qe, const struct exec *x) {
    jsonw_object(w);
    jsonw_name(w, "QueryExecution");
    jsonw_object(w);
    copy_except(w, qe, "Status");
    write_status(x, w);
    jsonw_end_object(w);
    jsonw_kv_raw(w, "Columns", BYTES("[]"));
    jsonw_end_object(w);
}

int record_fail_stale(struct query_service *q, struct arena *a, const struct catalog_doc *doc,
                      struct err *e) {
    struct json *root = NULL;
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    if (!was_live(doc->json))
        return 0;
    int rc = json_parse(a, doc->json, &root, e);
    if (rc)
        return rc;
    const struct json *qe = json_get(root, "QueryExecution");
    struct bytes state = json_get_str(json_get(qe, "Status"), "State");
    if (!bytes_eq_str(state, "RUNNING") && !bytes_eq_str(state, "QUEUED"))
        return 0;
    struct exec x = {
        .state = EXEC_FAILED, .submitted_ms = doc->sort, .completed_ms = clock_wall_ms(q->d.clock)};
    err_set_named(&x.err, ERR_INTERNAL, "GENERIC_INTERNAL_ERROR", 0,
                  "The server was stopped while the query ran. Start it again.");
    write_failed(&w, qe, &x);
    rc = buf_ok(&out) ? catalog_doc_put(q->d.catalog, QUERY_KIND, doc->key, doc->sort,
                                        buf_bytes(&out), -1, e)
                      : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&out);
    return rc;
}
