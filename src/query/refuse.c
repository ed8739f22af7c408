/* refuse.c - queries that their workgroup or a table does not allow, refused from the plan, before
 * a byte of the tables is read: those that constrain no partition column of a table that wants it,
 * and those that would scan more than the workgroup's cutoff. The text names the partition columns
 * that a condition would help on. */
#include "query/query_int.h"

static bool constrains(const struct plan_scan *s, size_t column) {
    struct bytes name = s->table->info.columns[column].name;
    for (size_t i = 0; i < s->scan->constraint_count; i++)
        if (bytes_eq_nocase(s->scan->constraints[i].column, name))
            return true;
    for (size_t i = 0; i < s->scan->predicate_count; i++)
        for (size_t k = 0; k < s->scan->predicates[i].column_count; k++)
            if (s->scan->predicates[i].columns[k] == column)
                return true;
    return false;
}

/* "year, month of db.t" for the scan's partition columns without a condition; false: there is none.
 */
static bool add_unconstrained(const struct plan_scan *s, struct buf *out) {
    const struct plan_table *t = s->table;
    bool any = false;
    for (size_t k = 0; k < t->key_count; k++) {
        if (constrains(s, t->data_count + k))
            continue;
        buf_add_str(out, any ? ", " : out->len ? "; " : "");
        buf_add(out, t->info.columns[t->data_count + k].name);
        any = true;
    }
    if (any)
        buf_add_fmt(out, " of %.*s.%.*s", BYTES_ARG(t->info.database), BYTES_ARG(t->info.name));
    return any;
}

static bool wants_filter(const struct plan_scan *s, const struct limits *l) {
    struct bytes own = plan_param(s->table->params, "tarn.require_partition_filter");
    if (own.len)
        return bytes_eq_nocase(own, BYTES("true"));
    return l->require_partition_filter;
}

int refuse_unfiltered(const struct plan *p, const struct limits *l, struct err *e) {
    for (size_t i = 0; i < p->scan_count; i++) {
        const struct plan_scan *s = &p->scans[i];
        struct buf names = {0};
        if (s->table->key_count == 0 || !wants_filter(s, l) || plan_prunes(s))
            continue;
        (void)add_unconstrained(s, &names);
        const char *text = buf_cstr(&names);
        err_set_named(
            e, ERR_SQL, "CONSTRAINT_VIOLATION", 0,
            "Filter required on %.*s.%.*s for at least one of the partition columns (%s). "
            "Nothing was read. Add a condition, or set tarn.require_partition_filter to "
            "false on the workgroup or the table.",
            BYTES_ARG(s->table->info.database), BYTES_ARG(s->table->info.name), text ? text : "");
        buf_clear(&names);
        return e ? e->code : ERR_SQL;
    }
    return 0;
}

int refuse_scan(const struct plan *p, const struct limits *l, struct err *e) {
    struct buf names = {0};
    if (!l->cutoff_bytes || p->scanned_bytes <= (uint64_t)l->cutoff_bytes)
        return 0;
    for (size_t i = 0; i < p->scan_count; i++)
        (void)add_unconstrained(&p->scans[i], &names);
    const char *text = names.len ? buf_cstr(&names) : NULL;
    err_set_named(e, ERR_SQL, "EXCEEDED_SCAN_LIMIT", 0,
                  "Bytes scanned limit was exceeded: the query would scan %llu bytes and the "
                  "workgroup's limit (BytesScannedCutoffPerQuery) is %lld bytes. Nothing was read. "
                  "%s%.400s",
                  (unsigned long long)p->scanned_bytes, (long long)l->cutoff_bytes,
                  text ? "Partition columns without a condition: "
                       : "There is no partition column left to constrain; read fewer columns.",
                  text ? text : "");
    buf_clear(&names);
    return e ? e->code : ERR_SQL;
}
