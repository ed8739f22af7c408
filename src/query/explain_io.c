/* explain_io.c - EXPLAIN (TYPE IO): tables that are read with the constraints on their columns, as
 * Trino's JSON document. */
#include "query/explain_int.h"

static void write_number(struct jsonw *w, const char *name, bool known, double value) {
    jsonw_name(w, name);
    if (known)
        jsonw_f64(w, value);
    else
        jsonw_raw(w, BYTES("\"NaN\""));
}

void explain_write_estimate(struct jsonw *w, bool known, int64_t rows, uint64_t bytes) {
    jsonw_object(w);
    write_number(w, "outputRowCount", known && rows >= 0, (double)rows);
    write_number(w, "outputSizeInBytes", known, (double)bytes);
    write_number(w, "cpuCost", known, (double)bytes);
    write_number(w, "memoryCost", known, 0);
    write_number(w, "networkCost", known, 0);
    jsonw_end_object(w);
}

static void write_bound(struct jsonw *w, const char *name, const struct bytes *value,
                        const char *bound) {
    jsonw_name(w, name);
    jsonw_object(w);
    if (value)
        jsonw_kv_str(w, "value", *value);
    jsonw_kv_cstr(w, "bound", bound);
    jsonw_end_object(w);
}

static void write_range(struct jsonw *w, const struct sql_constraint *c, const struct bytes *v) {
    bool above = c->op == SQL_GT || c->op == SQL_GE, below = c->op == SQL_LT || c->op == SQL_LE;
    jsonw_object(w);
    write_bound(w, "low", below ? NULL : v,
                below             ? "ABOVE"
                : c->op == SQL_GT ? "ABOVE"
                                  : "EXACTLY");
    write_bound(w, "high", above ? NULL : v,
                above             ? "BELOW"
                : c->op == SQL_LT ? "BELOW"
                                  : "EXACTLY");
    jsonw_end_object(w);
}

static void write_constraint(struct jsonw *w, const struct plan_scan *s,
                             const struct sql_constraint *c) {
    struct buf type = {0};
    jsonw_object(w);
    jsonw_kv_str(w, "columnName", c->column);
    for (size_t i = 0; i < s->scan->table->column_count; i++)
        if (bytes_eq(s->scan->table->columns[i].name, c->column)) {
            type_format(s->scan->table->columns[i].type, &type);
            jsonw_kv_str(w, "type", buf_bytes(&type));
            break;
        }
    jsonw_name(w, "domain");
    jsonw_object(w);
    jsonw_kv_bool(w, "nullsAllowed", false);
    jsonw_name(w, "ranges");
    jsonw_array(w);
    for (size_t i = 0; i < c->value_count; i++)
        write_range(w, c, &c->values[i]);
    jsonw_end_array(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
    buf_clear(&type);
}

static void write_table(struct jsonw *w, struct bytes database, struct bytes name) {
    jsonw_name(w, "table");
    jsonw_object(w);
    jsonw_kv_cstr(w, "catalog", "awsdatacatalog");
    jsonw_name(w, "schemaTable");
    jsonw_object(w);
    jsonw_kv_str(w, "schema", database);
    jsonw_kv_str(w, "table", name);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_scan(struct jsonw *w, const struct plan_scan *s, struct explain_scan *sum) {
    struct explain_scan m = explain_measure(s);
    bool none = false;
    sum->bytes += m.bytes;
    sum->rows = sum->rows < 0 || m.rows < 0 ? -1 : sum->rows + m.rows;
    jsonw_object(w);
    write_table(w, s->scan->table->database, s->scan->table->name);
    for (size_t i = 0; i < s->scan->constraint_count; i++)
        none |= s->scan->constraints[i].op == SQL_NONE_MATCH;
    jsonw_name(w, "constraint");
    jsonw_object(w);
    jsonw_kv_bool(w, "none", none);
    jsonw_name(w, "columnConstraints");
    jsonw_array(w);
    for (size_t i = 0; !none && i < s->scan->constraint_count; i++)
        write_constraint(w, s, &s->scan->constraints[i]);
    jsonw_end_array(w);
    jsonw_end_object(w);
    jsonw_name(w, "estimate");
    explain_write_estimate(w, true, m.rows, m.bytes);
    jsonw_end_object(w);
}

int explain_io(const struct explain *x, struct buf *out, struct err *e) {
    struct jsonw w = jsonw_to(out);
    struct explain_scan sum = {0};
    jsonw_object(&w);
    jsonw_name(&w, "inputTableColumnInfos");
    jsonw_array(&w);
    for (size_t i = 0; i < x->plan->scan_count; i++)
        write_scan(&w, &x->plan->scans[i], &sum);
    jsonw_end_array(&w);
    jsonw_name(&w, "estimate");
    explain_write_estimate(&w, true, sum.rows, sum.bytes);
    jsonw_end_object(&w);
    return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}
