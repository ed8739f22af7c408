/* explain_text.c - a plan as text, in the manner of Trino's: fragments, and under each the
 * operators as a tree drawn with lines.
 *
 *     Output[columnNames = [_col0]]
 *     │   Layout: [_col0:bigint]
 *     └─ Aggregate
 *        │   Layout: []
 *        └─ TableScan[table = awsdatacatalog:shop:orders]
 *               Layout: [] */
#include "query/explain_int.h"

#define LINE "\xE2\x94\x82"              /* │ */
#define FORK "\xE2\x94\x9C\xE2\x94\x80 " /* ├─ */
#define LAST "\xE2\x94\x94\xE2\x94\x80 " /* └─ */

/* ---- amounts, as Trino prints them ---- */
static void add_size(struct buf *out, double bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < COUNT_OF(units)) {
        bytes /= 1024;
        unit++;
    }
    buf_add_fmt(out, unit ? "%.2f%s" : "%.0f%s", bytes, units[unit]);
}

static void add_duration(struct buf *out, int64_t us) {
    if (us < 1000)
        buf_add_fmt(out, "%.2fus", (double)us);
    else if (us < 1000000)
        buf_add_fmt(out, "%.2fms", (double)us / 1000);
    else
        buf_add_fmt(out, "%.2fs", (double)us / 1000000);
}

/* ---- what a scan reads ---- */
static void emit_line(struct buf *text, struct jsonw *w, const struct explain_lines *lines) {
    if (w)
        jsonw_str(w, buf_bytes(text));
    if (lines) {
        buf_add(lines->out, lines->prefix);
        buf_add(lines->out, buf_bytes(text));
        buf_add_char(lines->out, '\n');
    }
    buf_reset(text);
}

static void add_constraint(const struct sql_constraint *c, struct buf *text) {
    static const char *const ops[] = {
        [SQL_LT] = "<", [SQL_LE] = "<=", [SQL_GT] = ">", [SQL_GE] = ">="};
    buf_add_fmt(text, "%.*s%s :: ", BYTES_ARG(c->column), c->is_partition ? ":PARTITION_KEY" : "");
    if (c->op == SQL_NONE_MATCH)
        buf_add_str(text, "NONE");
    else if (c->op == SQL_LT || c->op == SQL_LE || c->op == SQL_GT || c->op == SQL_GE)
        buf_add_fmt(text, "[%s %.*s]", ops[c->op], BYTES_ARG(c->values[0]));
    else {
        buf_add_char(text, '[');
        for (size_t i = 0; i < c->value_count && i < 100; i++)
            buf_add_fmt(text, "%s[%.*s]", i ? ", " : "", BYTES_ARG(c->values[i]));
        buf_add_str(text, c->value_count > 100 ? ", ...]" : "]");
    }
}

void explain_scan_details(const struct explain *x, const struct sql_plan_node *n, struct jsonw *w,
                          struct explain_lines *lines) {
    if (n->scan == PLAN_NO_SCAN)
        return;
    const struct plan_scan *s = &x->plan->scans[n->scan];
    struct explain_scan m = explain_measure(s);
    struct buf text = {0};
    for (size_t i = 0; i < s->scan->constraint_count; i++) {
        add_constraint(&s->scan->constraints[i], &text);
        emit_line(&text, w, lines);
    }
    if (s->table->key_count)
        buf_add_fmt(&text, "Partitions: %zu of %.0f, ", s->partition_count, s->considered);
    buf_add_fmt(&text, "Files: %zu, ", s->file_count);
    if (s->groups_considered)
        buf_add_fmt(&text, "Row groups: %llu of %llu, ", (unsigned long long)s->groups_kept,
                    (unsigned long long)s->groups_considered);
    if (m.rows >= 0)
        buf_add_fmt(&text, "Rows: %lld, ", (long long)m.rows);
    buf_add_str(&text, "Bytes: ");
    add_size(&text, (double)m.bytes);
    emit_line(&text, w, lines);
    buf_clear(&text);
}

/* ---- the tree ---- */
static void add_layout(const struct sql_plan_node *n, bool types, struct buf *out) {
    buf_add_char(out, '[');
    for (size_t i = 0; i < n->output_count; i++) {
        buf_add_fmt(out, "%s%.*s", i ? ", " : "", BYTES_ARG(n->outputs[i].name));
        if (types)
            buf_add_fmt(out, ":%.*s", BYTES_ARG(n->outputs[i].type));
    }
    buf_add_char(out, ']');
}

static void add_title(const struct sql_plan_node *n, struct buf *out) {
    buf_add_str(out, n->name);
    for (size_t i = 0; i < n->descriptor_count; i++)
        buf_add_fmt(out, "%s%.*s = %.*s", i ? ", " : "[", BYTES_ARG(n->descriptor[i].key),
                    BYTES_ARG(n->descriptor[i].value));
    buf_add_str(out, n->descriptor_count ? "]\n" : "\n");
}

static void add_estimates(const struct explain *x, const struct sql_plan_node *n, struct buf *out) {
    struct explain_scan m = {.rows = -1};
    if (n->scan != PLAN_NO_SCAN)
        m = explain_measure(&x->plan->scans[n->scan]);
    buf_add_str(out, "Estimates: {rows: ");
    if (m.rows >= 0) {
        buf_add_fmt(out, "%lld (", (long long)m.rows);
        add_size(out, (double)m.bytes);
        buf_add_fmt(out, "), cpu: %llu, memory: 0B, network: 0B}\n", (unsigned long long)m.bytes);
    } else
        buf_add_str(out, "? (?), cpu: ?, memory: ?, network: ?}\n");
}

/* `indent` is what stands before the lines below this operator; it is left as it was. */
static void add_node(const struct explain *x, const struct sql_plan_node *n, struct buf *indent,
                     struct buf *out) {
    size_t own = indent->len;
    add_title(n, out);
    buf_add_str(indent, n->child_count ? LINE "   " : "    ");
    buf_add(out, buf_bytes(indent));
    buf_add_str(out, "Layout: ");
    add_layout(n, true, out);
    buf_add_char(out, '\n');
    buf_add(out, buf_bytes(indent));
    add_estimates(x, n, out);
    for (size_t i = 0; i < n->detail_count; i++) {
        buf_add(out, buf_bytes(indent));
        buf_add_fmt(out, "%.*s\n", BYTES_ARG(n->details[i]));
    }
    struct explain_lines lines = {out, buf_bytes(indent)};
    explain_scan_details(x, n, NULL, &lines);
    for (size_t i = 0; i < n->child_count; i++) {
        bool last = i + 1 == n->child_count;
        indent->len = own;
        buf_add(out, buf_bytes(indent));
        buf_add_str(out, last ? LAST : FORK);
        buf_add_str(indent, last ? "   " : LINE "  ");
        add_node(x, n->children[i], indent, out);
    }
    indent->len = own;
}

/* ---- what was measured ---- */
static uint64_t read_bytes(const struct explain *x) {
    return x->plan->scanned_bytes;
}

static void add_operator(const struct json *node, int depth, struct buf *out) {
    buf_add_fmt(out, "    %*s%.*s: %lld rows, ", 2 * depth, "",
                BYTES_ARG(json_get_str(node, "name")), (long long)json_get_i64(node, "rows", 0));
    add_duration(out, json_get_i64(node, "us", 0));
    buf_add_char(out, '\n');
    JSON_FOR_EACH(child, json_get(node, "children"))
    add_operator(child, MIN_OF(depth + 1, 100), out);
}

static void add_times(const struct explain *x, struct buf *out) {
    buf_add_str(out, "Queued: ");
    add_duration(out, x->exec->queue_us);
    buf_add_str(out, ", Analysis: ");
    add_duration(out, x->plan->times.analyze_us);
    buf_add_str(out, ", Planning: ");
    add_duration(out, x->plan->times.total_us - x->plan->times.analyze_us);
    buf_add_str(out, ", Execution: ");
    add_duration(out, json_get_i64(x->ok, "engine_us", 0));
    buf_add_char(out, '\n');
}

static void add_totals(const struct explain *x, struct buf *out) {
    buf_add_str(out, "    CPU: ");
    add_duration(out, json_get_i64(json_get(x->ok, "profile"), "cpu_us", 0));
    buf_add_str(out, ", Scheduled: ");
    add_duration(out, json_get_i64(x->ok, "engine_us", 0));
    buf_add_str(out, ", Input: ");
    add_size(out, (double)read_bytes(x));
    buf_add_fmt(out, ", Output: %lld rows\n", (long long)json_get_i64(x->ok, "rows", 0));
}

void explain_write_statistics(struct jsonw *w, const struct explain *x) {
    const struct json *profile = json_get(x->ok, "profile");
    jsonw_object(w);
    jsonw_kv_i64(w, "queuedMicros", x->exec->queue_us);
    jsonw_kv_i64(w, "planningMicros", x->plan->times.total_us);
    jsonw_kv_i64(w, "executionMicros", json_get_i64(x->ok, "engine_us", 0));
    jsonw_kv_u64(w, "inputBytes", read_bytes(x));
    jsonw_kv_i64(w, "outputRows", json_get_i64(x->ok, "rows", 0));
    if (profile) {
        jsonw_name(w, "engine");
        jsonw_tree(w, profile);
    }
    jsonw_end_object(w);
}

void explain_text(const struct explain *x, struct buf *out) {
    struct buf indent = {0};
    const struct json *operators = json_get(json_get(x->ok, "profile"), "operators");
    bool fragments = x->what.analyze || x->what.type == SQL_EXPLAIN_DISTRIBUTED;
    if (x->what.analyze)
        add_times(x, out);
    if (fragments) {
        buf_add_str(out, "Fragment 0 [SINGLE]\n");
        if (x->what.analyze)
            add_totals(x, out);
        buf_add_str(out, "    Output layout: ");
        add_layout(x->root, false, out);
        buf_add_str(out, "\n    Output partitioning: SINGLE []\n    ");
        buf_add_str(&indent, "    ");
    }
    add_node(x, x->root, &indent, out);
    if (operators) {
        buf_add_str(out, "Engine operators\n");
        JSON_FOR_EACH(node, operators)
        add_operator(node, 0, out);
    }
    if (!buf_ok(&indent))
        out->failed = true;
    buf_clear(&indent);
}
