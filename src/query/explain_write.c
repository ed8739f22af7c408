/* explain_write.c - a plan as JSON: what is read, why, and what each condition saves.
 *
 * For each condition that a scan's partitions or row groups were chosen by, the scan is planned
 * once more as if the condition were not there: the difference is what it saves. Such a second
 * reading is bounded: when it would take more than WITHOUT_PARTITIONS partitions, it is only said
 * that there are more. */
#include "catalog/projection.h"
#include "query/query_int.h"
#include <stdio.h>

#define WITHOUT_PARTITIONS 10000
#define WITHOUT_CONDITIONS 100

/* What one scan, or all, read. */
struct reading {
    double considered; /* partitions of the table */
    double partitions;
    uint64_t files, row_groups, row_groups_kept, bytes;
    int64_t rows; /* of the files; -1: not known of all */
};

struct explain {
    struct plan *p;
    struct jsonw w;
    const struct sql_condition *conditions;
    size_t condition_count;
    struct reading *scans; /* as planned */
    struct reading all;
};

/* ---- measuring ---- */
static struct reading measure(const struct plan_scan *s) {
    struct reading r = {.considered = s->considered,
                        .partitions = (double)s->partition_count,
                        .files = s->file_count,
                        .row_groups = s->groups_considered,
                        .row_groups_kept = s->groups_kept,
                        .bytes = plan_scan_bytes(s)};
    for (size_t i = 0; i < s->file_count; i++) {
        const struct plan_file *f = &s->files[i];
        int64_t rows = plan_file_rows(f);
        r.rows = r.rows < 0 || rows < 0 ? -1 : r.rows + rows;
    }
    return r;
}

static void add_reading(struct reading *sum, const struct reading *r) {
    sum->considered += r->considered;
    sum->partitions += r->partitions;
    sum->files += r->files;
    sum->row_groups += r->row_groups;
    sum->row_groups_kept += r->row_groups_kept;
    sum->bytes += r->bytes;
    sum->rows = sum->rows < 0 || r->rows < 0 ? -1 : sum->rows + r->rows;
}

static void write_count(struct jsonw *w, const char *name, double n) {
    char text[32];
    snprintf(text, sizeof text, "%.0f", n);
    jsonw_kv_raw(w, name, bytes_str(text));
}

static void write_reading(struct explain *x, const struct reading *r) {
    struct jsonw *w = &x->w;
    jsonw_name(w, "partitions");
    jsonw_object(w);
    write_count(w, "considered", r->considered);
    write_count(w, "kept", r->partitions);
    jsonw_end_object(w);
    jsonw_kv_u64(w, "files", r->files);
    jsonw_name(w, "row_groups");
    jsonw_object(w);
    jsonw_kv_u64(w, "considered", r->row_groups);
    jsonw_kv_u64(w, "kept", r->row_groups_kept);
    jsonw_end_object(w);
    jsonw_name(w, "rows");
    if (r->rows < 0)
        jsonw_null(w);
    else
        jsonw_i64(w, r->rows);
    jsonw_kv_u64(w, "bytes", r->bytes);
}

static void write_price(struct explain *x, uint64_t bytes) {
    uint64_t billed = plan_billed_bytes(x->p, bytes);
    jsonw_kv_u64(&x->w, "billed_bytes", billed);
    jsonw_name(&x->w, "price_usd");
    jsonw_f64(&x->w, plan_price_usd(billed));
}

/* ---- without a condition ---- */
static bool uses(const struct sql_scan *s, size_t condition) {
    for (size_t i = 0; i < s->constraint_count; i++)
        if (s->constraints[i].condition == condition)
            return true;
    for (size_t i = 0; i < s->predicate_count; i++)
        if (s->predicates[i].condition == condition)
            return true;
    return false;
}

static const struct sql_scan *strip(struct arena *a, const struct sql_scan *s, size_t condition) {
    struct sql_scan *scan = ARENA_NEW(a, struct sql_scan);
    struct sql_constraint *c = ARENA_NEW_N(a, struct sql_constraint, s->constraint_count + 1);
    struct sql_predicate *p = ARENA_NEW_N(a, struct sql_predicate, s->predicate_count + 1);
    if (!scan || !c || !p)
        return NULL;
    *scan = *s;
    scan->constraints = c;
    scan->predicates = p;
    scan->constraint_count = scan->predicate_count = 0;
    for (size_t i = 0; i < s->constraint_count; i++)
        if (s->constraints[i].condition != condition)
            c[scan->constraint_count++] = s->constraints[i];
    for (size_t i = 0; i < s->predicate_count; i++)
        if (s->predicates[i].condition != condition)
            p[scan->predicate_count++] = s->predicates[i];
    return scan;
}

/* What is read of one scan, or all, without a condition. */
struct without {
    struct reading sum;
    bool more;          /* more partitions than are looked at; sum has no more than their number */
    struct err refused; /* code 0: not */
};

/* *ret: how many partitions the scan has, at most one more than the limit. */
static int count_partitions(struct plan *p, struct plan_scan *s, size_t *ret, struct without *w,
                            struct err *e) {
    const struct plan_table *t = s->table;
    struct catalog_partition *found = NULL;
    struct plan_prune prune;
    struct arena scratch;
    double considered;
    int rc = plan_prune_begin(p, s, &prune, e);
    arena_init(&scratch, 0);
    if (!rc && t->projection) {
        rc = projection_select(t->projection, &scratch, &prune.filter, p->now_ms,
                               WITHOUT_PARTITIONS, &found, ret, &considered, &w->refused);
        w->more = rc == ERR_SQL;
        rc = w->more ? 0 : rc;
    } else if (!rc) {
        rc = catalog_partition_list(p->service->d.catalog, &scratch, t->table.id, &prune.filter,
                                    BYTES(""), WITHOUT_PARTITIONS + 1, &found, ret, NULL, e);
    }
    w->more |= *ret > WITHOUT_PARTITIONS;
    arena_clear(&scratch);
    plan_prune_end(&prune);
    return rc;
}

static int read_scan(struct plan *p, struct plan_scan *s, struct err *e) {
    int rc = catalog_view_open(p->service->d.catalog, &p->view, e);
    if (!rc)
        rc = plan_choose_partitions(p, s, e);
    catalog_view_close(&p->view);
    if (!rc)
        rc = plan_list_files(p, s, e);
    if (!rc && s->table->format == FORMAT_PARQUET)
        rc = plan_fill_facts(p, s, e);
    return rc;
}

static int read_stripped(struct plan *p, const struct plan_scan *base, size_t condition,
                         struct without *ret, struct err *e) {
    struct plan_scan s = {.scan = strip(&p->arena, base->scan, condition),
                          .table = base->table,
                          .tails = base->tails,
                          .tail_count = base->tail_count};
    size_t n = 0;
    int rc = s.scan ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (!rc && s.table->key_count)
        rc = count_partitions(p, &s, &n, ret, e);
    if (rc)
        return rc;
    if (ret->more) {
        ret->sum =
            (struct reading){.considered = base->considered,
                             .partitions = plan_prunes(&s) ? WITHOUT_PARTITIONS : base->considered};
        return 0;
    }
    rc = read_scan(p, &s, e);
    if (!rc)
        ret->sum = measure(&s);
    return rc;
}

/* In an arena of its own, so that many conditions take no more memory than one. */
static int read_without(struct plan *p, const struct plan_scan *base, size_t condition,
                        struct without *ret, struct err *e) {
    struct arena own = p->arena;
    arena_init(&p->arena, 0);
    int rc = read_stripped(p, base, condition, ret, e);
    arena_clear(&p->arena);
    p->arena = own;
    return rc;
}

/* Athena's own refusal, which no limit of ours brought about. */
static bool is_refused(const struct err *e) {
    return bytes_find(bytes_str(e->text), BYTES("injected")) >= 0;
}

/* The whole statement as it would read without the condition. */
static int write_without(struct explain *x, size_t condition, struct err *e) {
    struct without all = {0};
    for (size_t i = 0; i < x->p->scan_count; i++) {
        struct without one = {.sum = x->scans[i]};
        int rc = uses(x->p->scans[i].scan, condition)
                     ? read_without(x->p, &x->p->scans[i], condition, &one, e)
                     : 0;
        if (rc)
            return rc;
        all.more |= one.more;
        if (is_refused(&one.refused))
            all.refused = one.refused;
        add_reading(&all.sum, &one.sum);
    }
    jsonw_name(&x->w, "without");
    jsonw_object(&x->w);
    if (all.refused.code) {
        jsonw_kv_cstr(&x->w, "refused", all.refused.text);
    } else if (all.more) {
        write_count(&x->w, "partitions_over", all.sum.partitions);
    } else {
        write_reading(x, &all.sum);
        write_price(x, all.sum.bytes);
    }
    jsonw_end_object(&x->w);
    return 0;
}

/* ---- conditions ---- */
static void write_applied(struct explain *x, size_t scan, const char *at, const size_t *columns,
                          size_t count) {
    const struct sql_table_info *t = &x->p->scans[scan].table->info;
    struct jsonw *w = &x->w;
    jsonw_object(w);
    jsonw_kv_u64(w, "scan", scan);
    jsonw_name(w, "table");
    char name[600];
    snprintf(name, sizeof name, "%.*s.%.*s", BYTES_ARG(t->database), BYTES_ARG(t->name));
    jsonw_cstr(w, name);
    jsonw_kv_cstr(w, "at", at);
    jsonw_name(w, "columns");
    jsonw_array(w);
    for (size_t i = 0; i < count; i++)
        jsonw_str(w, t->columns[columns[i]].name);
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static size_t column_index(const struct sql_table_info *t, struct bytes name) {
    size_t i = 0;
    while (i < t->column_count && !bytes_eq_nocase(t->columns[i].name, name))
        i++;
    return i;
}

/* Each column once, however many constraints the condition gives for it. */
static bool is_first(const struct sql_scan *s, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (s->constraints[j].condition == s->constraints[i].condition &&
            bytes_eq_nocase(s->constraints[j].column, s->constraints[i].column))
            return false;
    return true;
}

static bool is_applied(const struct plan_scan *s, const struct sql_constraint *c) {
    return column_index(s->scan->table, c->column) >= s->table->data_count ||
           plan_tests_row_groups(s, c);
}

/* Returns how many places there are besides the engine. */
static size_t write_places(struct explain *x, size_t condition) {
    size_t n = 0;
    jsonw_name(&x->w, "applied");
    jsonw_array(&x->w);
    for (size_t i = 0; i < x->p->scan_count; i++) {
        const struct plan_scan *s = &x->p->scans[i];
        for (size_t j = 0; j < s->scan->constraint_count; j++) {
            const struct sql_constraint *c = &s->scan->constraints[j];
            if (c->condition != condition || !is_first(s->scan, j) || !is_applied(s, c))
                continue;
            size_t column = column_index(s->scan->table, c->column);
            bool key = column >= s->table->data_count;
            write_applied(x, i, key ? "partitions" : "row_groups", &column, 1);
            n++;
        }
        for (size_t j = 0; j < s->scan->predicate_count; j++) {
            const struct sql_predicate *c = &s->scan->predicates[j];
            if (c->condition != condition)
                continue;
            write_applied(x, i, "partitions", c->columns, c->column_count);
            n++;
        }
    }
    jsonw_end_array(&x->w);
    return n;
}

static int write_conditions(struct explain *x, struct err *e) {
    int rc = 0;
    jsonw_name(&x->w, "conditions");
    jsonw_array(&x->w);
    for (size_t i = 0; !rc && i < x->condition_count; i++) {
        const struct sql_condition *c = &x->conditions[i];
        jsonw_object(&x->w);
        jsonw_kv_str(&x->w, "text", c->text);
        jsonw_kv_i64(&x->w, "line", c->line);
        jsonw_kv_i64(&x->w, "column", c->column);
        if (write_places(x, i) && i < WITHOUT_CONDITIONS)
            rc = write_without(x, i, e);
        jsonw_end_object(&x->w);
    }
    jsonw_end_array(&x->w);
    return rc;
}

/* ---- scans ---- */
static const char *format_name(enum table_format f) {
    static const char *const names[] = {"parquet", "json", "text",      "csv",
                                        "regex",   "grok", "catalogue", "unknown"};
    return names[f];
}

static void write_columns(struct explain *x, const struct plan_scan *s) {
    struct jsonw *w = &x->w;
    jsonw_name(w, "columns");
    jsonw_array(w);
    for (size_t i = 0; i < s->table->data_count; i++) {
        if (!s->scan->column_used[i])
            continue;
        struct bytes name = s->table->info.columns[i].name;
        uint64_t bytes = 0;
        for (size_t j = 0; j < s->file_count; j++)
            bytes += (uint64_t)MAX_OF(plan_column_bytes(s, &s->files[j], i), 0);
        jsonw_object(w);
        jsonw_kv_str(w, "name", name);
        if (s->table->format == FORMAT_PARQUET)
            jsonw_kv_u64(w, "bytes", bytes);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_keys(struct explain *x, const struct plan_scan *s) {
    jsonw_name(&x->w, "partitioned_by");
    jsonw_array(&x->w);
    for (size_t i = 0; i < s->table->key_count; i++)
        jsonw_str(&x->w, s->table->info.columns[s->table->data_count + i].name);
    jsonw_end_array(&x->w);
}

static void write_scan(struct explain *x, size_t i) {
    const struct plan_scan *s = &x->p->scans[i];
    struct jsonw *w = &x->w;
    uint64_t tail = 0;
    char name[600];
    for (size_t j = 0; j < s->tail_count; j++)
        tail += s->tails[j].data_bytes;
    snprintf(name, sizeof name, "%.*s.%.*s", BYTES_ARG(s->table->info.database),
             BYTES_ARG(s->table->info.name));
    jsonw_object(w);
    jsonw_kv_cstr(w, "table", name);
    jsonw_kv_cstr(w, "format", format_name(s->table->format));
    write_keys(x, s);
    jsonw_kv_bool(w, "projected", s->table->projection != NULL);
    jsonw_kv_bool(w, "partitions_constrained", s->table->key_count && plan_prunes(s));
    write_reading(x, &x->scans[i]);
    jsonw_kv_u64(w, "tail_bytes", tail);
    write_columns(x, s);
    jsonw_end_object(w);
}

/* ---- warnings ---- */
static void write_unconstrained(struct explain *x, const struct plan_scan *s) {
    struct buf text = {0};
    buf_add_fmt(&text, "No condition constrains a partition column of %.*s.%.*s (",
                BYTES_ARG(s->table->info.database), BYTES_ARG(s->table->info.name));
    for (size_t i = 0; i < s->table->key_count; i++)
        buf_add_fmt(&text, "%s%.*s", i ? ", " : "",
                    BYTES_ARG(s->table->info.columns[s->table->data_count + i].name));
    buf_add_fmt(&text, "): all of its %.0f partitions are looked at.", s->considered);
    jsonw_str(&x->w, buf_bytes(&text));
    x->w.out->failed |= !buf_ok(&text);
    buf_clear(&text);
}

static void write_warnings(struct explain *x) {
    jsonw_name(&x->w, "warnings");
    jsonw_array(&x->w);
    for (size_t i = 0; i < x->p->scan_count; i++) {
        const struct plan_scan *s = &x->p->scans[i];
        size_t unknown = 0;
        if (s->table->key_count && !plan_prunes(s))
            write_unconstrained(x, s);
        for (size_t j = 0; j < s->file_count; j++)
            unknown += s->table->format == FORMAT_PARQUET && !s->files[j].facts;
        if (!unknown)
            continue;
        char text[900];
        snprintf(text, sizeof text,
                 "The footers of %zu files of %.*s.%.*s could not be read: they count whole.",
                 unknown, BYTES_ARG(s->table->info.database), BYTES_ARG(s->table->info.name));
        jsonw_cstr(&x->w, text);
    }
    jsonw_end_array(&x->w);
}

/* ---- the whole ---- */
static void write_times(struct explain *x) {
    const struct plan_times *t = &x->p->times;
    jsonw_name(&x->w, "planning_us");
    jsonw_object(&x->w);
    jsonw_kv_i64(&x->w, "total", t->total_us);
    jsonw_kv_i64(&x->w, "analyze", t->analyze_us);
    jsonw_kv_i64(&x->w, "partitions", t->partitions_us);
    jsonw_kv_i64(&x->w, "files", t->files_us);
    jsonw_kv_i64(&x->w, "facts", t->facts_us);
    jsonw_end_object(&x->w);
}

int explain_write(struct plan *p, struct bytes sql, struct buf *out, struct err *e) {
    struct explain it = {.p = p, .w = jsonw_to(out)}, *x = &it;
    struct jsonw *w = &x->w;
    x->conditions = sql_plan_conditions(p->sql, &x->condition_count);
    x->scans = ARENA_NEW_N(&p->arena, struct reading, p->scan_count + 1);
    if (!x->scans)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < p->scan_count; i++) {
        x->scans[i] = measure(&p->scans[i]);
        add_reading(&x->all, &x->scans[i]);
    }
    jsonw_object(w);
    jsonw_kv_str(w, "sql", sql);
    jsonw_kv_str(w, "database", p->default_database);
    write_times(x);
    write_reading(x, &x->all);
    write_price(x, x->all.bytes);
    jsonw_name(w, "scans");
    jsonw_array(w);
    for (size_t i = 0; i < p->scan_count; i++)
        write_scan(x, i);
    jsonw_end_array(w);
    int rc = write_conditions(x, e);
    write_warnings(x);
    jsonw_end_object(w);
    return rc || buf_ok(w->out) ? rc : err_set(e, ERR_NOMEM, NULL);
}
