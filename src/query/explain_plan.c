/* explain_plan.c - EXPLAIN and EXPLAIN ANALYZE: which form is asked for, and the plan as JSON and
 * GraphViz. explain_text.c writes the text form, explain_io.c TYPE IO.
 *
 * The statement inside is planned as it would be for running, so that what a scan says of
 * partitions, files and bytes is what the query would read. One worker runs a whole query: there is
 * one fragment. EXPLAIN ANALYZE runs the query without writing its rows and adds what the engine
 * measured. */
#include "query/explain_int.h"

/* ---- numbers of a scan ---- */
struct explain_scan explain_measure(const struct plan_scan *s) {
    struct explain_scan r = {.bytes = plan_scan_bytes(s)};
    for (size_t i = 0; i < s->file_count; i++) {
        int64_t rows = plan_file_rows(&s->files[i]);
        r.rows = r.rows < 0 || rows < 0 ? -1 : r.rows + rows;
    }
    if (s->tail_count)
        r.rows = -1;
    return r;
}

/* ---- JSON ---- */
static void write_estimate(struct jsonw *w, const struct explain *x,
                           const struct sql_plan_node *n) {
    struct explain_scan m = {.rows = -1};
    bool known = n->scan != PLAN_NO_SCAN;
    if (known)
        m = explain_measure(&x->plan->scans[n->scan]);
    jsonw_name(w, "estimates");
    jsonw_array(w);
    explain_write_estimate(w, known, m.rows, m.bytes);
    jsonw_end_array(w);
}

static void write_node(struct jsonw *w, const struct explain *x, const struct sql_plan_node *n) {
    char id[16];
    snprintf(id, sizeof id, "%d", n->id);
    jsonw_object(w);
    jsonw_kv_cstr(w, "id", id);
    jsonw_kv_cstr(w, "name", n->name);
    jsonw_name(w, "descriptor");
    jsonw_object(w);
    for (size_t i = 0; i < n->descriptor_count; i++) {
        jsonw_name_bytes(w, n->descriptor[i].key);
        jsonw_str(w, n->descriptor[i].value);
    }
    jsonw_end_object(w);
    jsonw_name(w, "outputs");
    jsonw_array(w);
    for (size_t i = 0; i < n->output_count; i++) {
        jsonw_object(w);
        jsonw_kv_str(w, "type", n->outputs[i].type);
        jsonw_kv_str(w, "name", n->outputs[i].name);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_name(w, "details");
    jsonw_array(w);
    for (size_t i = 0; i < n->detail_count; i++)
        jsonw_str(w, n->details[i]);
    explain_scan_details(x, n, w, NULL);
    jsonw_end_array(w);
    write_estimate(w, x, n);
    jsonw_name(w, "children");
    jsonw_array(w);
    for (size_t i = 0; i < n->child_count; i++)
        write_node(w, x, n->children[i]);
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static void write_json(const struct explain *x, struct buf *out) {
    struct jsonw w = jsonw_to(out);
    if (x->what.type == SQL_EXPLAIN_LOGICAL && !x->what.analyze) {
        write_node(&w, x, x->root);
        return;
    }
    jsonw_object(&w);
    jsonw_name(&w, "0");
    write_node(&w, x, x->root);
    if (x->what.analyze) {
        jsonw_name(&w, "statistics");
        explain_write_statistics(&w, x);
    }
    jsonw_end_object(&w);
}

/* ---- GraphViz ---- */
static void add_escaped(struct buf *out, struct bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("\"\\{}|<>", text.ptr[i]))
            buf_add_char(out, '\\');
        buf_add_char(out, text.ptr[i]);
    }
}

static void graph_node(const struct sql_plan_node *n, struct buf *out) {
    buf_add_fmt(out, "plannode_%d[label=\"{%s", n->id, n->name);
    for (size_t i = 0; i < n->descriptor_count; i++) {
        buf_add_str(out, i ? ", " : "|");
        add_escaped(out, n->descriptor[i].key);
        buf_add_str(out, " = ");
        add_escaped(out, n->descriptor[i].value);
    }
    buf_add_str(out, "}\", style=\"rounded, filled\", shape=record, fillcolor=white];\n");
    for (size_t i = 0; i < n->child_count; i++)
        graph_node(n->children[i], out);
}

static void graph_edges(const struct sql_plan_node *n, struct buf *out) {
    for (size_t i = 0; i < n->child_count; i++) {
        buf_add_fmt(out, "plannode_%d -> plannode_%d;\n", n->id, n->children[i]->id);
        graph_edges(n->children[i], out);
    }
}

static void write_graph(const struct explain *x, struct buf *out) {
    bool logical = x->what.type == SQL_EXPLAIN_LOGICAL;
    buf_add_fmt(out, "digraph %s {\nsubgraph cluster_0 {\nlabel = \"SINGLE\"\n",
                logical ? "logical_plan" : "distributed_plan");
    graph_node(x->root, out);
    buf_add_str(out, "}\n");
    graph_edges(x->root, out);
    buf_add_str(out, "}\n");
}

/* ---- the statement ---- */
static int write_plan(struct explain *x, struct arena *a, struct buf *out, struct err *e) {
    int rc = sql_plan_tree(a, x->plan->sql, &x->root, e);
    if (rc)
        return rc;
    if (x->what.type == SQL_EXPLAIN_IO && !x->what.analyze)
        rc = explain_io(x, out, e);
    else if (x->what.format == SQL_EXPLAIN_JSON)
        write_json(x, out);
    else if (x->what.format == SQL_EXPLAIN_GRAPHVIZ)
        write_graph(x, out);
    else
        explain_text(x, out);
    if (!rc && out->len && out->ptr[out->len - 1] != '\n')
        buf_add_char(out, '\n');
    return rc ? rc : buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static struct bytes columns_of(struct arena *a, bool validates) {
    struct sql_out_column plan = {.name = BYTES("Query Plan"),
                                  .type = BYTES("varchar"),
                                  .full_type = BYTES("varchar"),
                                  .precision = 2147483647,
                                  .case_sensitive = true};
    struct sql_out_column valid = {
        .name = BYTES("Valid"), .type = BYTES("boolean"), .full_type = BYTES("boolean")};
    return record_columns_json(a, validates ? &valid : &plan, 1);
}

int explain_check(const struct sql_explain *what, struct err *e) {
    enum sql_kind kind = sql_statement_kind(what->inner);
    bool writes = kind == SQL_CREATE_TABLE_AS || kind == SQL_INSERT || kind == SQL_UNLOAD;
    if (what->analyze && what->format == SQL_EXPLAIN_GRAPHVIZ)
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "EXPLAIN ANALYZE has no GRAPHVIZ format");
    if (kind == SQL_SELECT || (writes && !what->analyze))
        return 0;
    return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0, "%s of %s is not supported",
                         what->analyze ? "EXPLAIN ANALYZE" : "EXPLAIN",
                         sql_substatement_type(what->inner));
}

int explain_run(struct query_service *q, struct arena *a, const struct exec *x,
                const struct sql_statement *s, struct buf *out, struct bytes *ret_columns_json,
                struct err *e) {
    struct explain what = {0};
    if (!sql_statement_explain(s, &what.what))
        return err_set(e, ERR_INTERNAL, "Not an EXPLAIN.");
    bool validates = what.what.type == SQL_EXPLAIN_VALIDATE;
    int rc = explain_check(&what.what, e);
    if (!rc)
        rc = plan_look(q, x, &what.plan, e);
    if (!rc && validates)
        buf_add_str(out, "true\n");
    else if (!rc)
        rc = write_plan(&what, a, out, e);
    plan_free(&what.plan);
    *ret_columns_json = columns_of(a, validates);
    return rc ? rc : a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int explain_analyzed(const struct exec *x, struct arena *a, const struct json *ok, struct buf *out,
                     struct bytes *ret_columns_json, struct err *e) {
    struct explain what = {.what = x->plan->explain, .plan = x->plan, .exec = x, .ok = ok};
    *ret_columns_json = columns_of(a, false);
    int rc = write_plan(&what, a, out, e);
    return rc ? rc : a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
