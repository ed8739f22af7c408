/* hidden.c - what a table's rows know of their file: "$path", "$file_size", "$file_modified_time",
 * of partitioned tables "$partition", of bucketed ones "$bucket".
 *
 * They are columns after the keys that no star lists. In a scan of files each is a list of values,
 * one for each file, indexed by the engine's file_index; a condition on "$path", "$partition" or
 * "$file_size" also leaves out files before anything is read. Rows of the log's tail have the
 * stream's own path, the tail's size and the statement's time. */
#include "query/query_int.h"
#include <ctype.h>
#include <stdlib.h>

static const struct {
    const char *name, *type;
} columns[] = {
    [HIDDEN_PATH] = {"$path", "string"},
    [HIDDEN_SIZE] = {"$file_size", "bigint"},
    [HIDDEN_TIME] = {"$file_modified_time", "timestamp"},
    [HIDDEN_PARTITION] = {"$partition", "string"},
    [HIDDEN_BUCKET] = {"$bucket", "int"},
};

/* ---- the columns ---- */
static bool is_bucketed(const struct plan_table *t) {
    const struct json *sd = json_get(t->in, "StorageDescriptor");
    const struct json *by = json_get(sd, "BucketColumns");
    return by && by->count && json_get_i64(sd, "NumberOfBuckets", 0) > 0;
}

static bool has(const struct plan_table *t, enum hidden_kind kind) {
    if (kind == HIDDEN_PARTITION)
        return t->key_count > 0;
    return kind != HIDDEN_BUCKET || is_bucketed(t);
}

int hidden_add(struct arena *a, const struct plan_table *t, struct sql_table_column *out,
               size_t *ret_count, struct err *e) {
    size_t n = 0;
    int rc = 0;
    for (size_t kind = 0; !rc && kind < COUNT_OF(columns); kind++) {
        if (!has(t, (enum hidden_kind)kind))
            continue;
        out[n] = (struct sql_table_column){.name = bytes_str(columns[kind].name),
                                           .is_hidden = true,
                                           .with_zone = kind == HIDDEN_TIME};
        rc = type_parse(a, bytes_str(columns[kind].type), &out[n++].type, e);
    }
    *ret_count = n;
    return rc;
}

static enum hidden_kind kind_of(struct bytes name) {
    size_t kind = 0;
    while (kind + 1 < COUNT_OF(columns) && !bytes_eq_str(name, columns[kind].name))
        kind++;
    return (enum hidden_kind)kind;
}

static bool is_used(const struct plan_scan *s, enum hidden_kind kind) {
    for (size_t i = 0; i < s->table->info.column_count; i++)
        if (s->table->info.columns[i].is_hidden && s->scan->column_used[i] &&
            kind_of(s->table->info.columns[i].name) == kind)
            return true;
    return false;
}

/* ---- values of a file ---- */
static void add_partition(struct buf *out, const struct plan_table *t,
                          const struct catalog_partition *part) {
    for (size_t k = 0; part && k < t->key_count && k < part->value_count; k++)
        buf_add_fmt(out, "%s%.*s=%.*s", k ? "/" : "",
                    BYTES_ARG(t->info.columns[t->data_count + k].name), BYTES_ARG(part->values[k]));
}

static struct bytes file_name(struct bytes uri) {
    size_t at = uri.len;
    while (at && uri.ptr[at - 1] != '/')
        at--;
    return bytes_slice(uri, at, uri.len);
}

/* Hive's 000012_0.., Trino's and Spark's .._00012.., .._bucket-00012..: -1 when it is none. */
static int64_t bucket_of(struct bytes uri) {
    struct bytes name = file_name(uri), number;
    ptrdiff_t mark = bytes_find(name, BYTES("bucket-"));
    int64_t n = -1;
    size_t from = mark >= 0 ? (size_t)mark + strlen("bucket-") : 0, to;
    for (to = from; to < name.len && isdigit((unsigned char)name.ptr[to]);)
        to++;
    if (to == from && mark < 0) { /* Spark: part-..._00012.c000 */
        ptrdiff_t last = -1;
        for (size_t i = 0; i < name.len; i++)
            if (name.ptr[i] == '_')
                last = (ptrdiff_t)i;
        for (from = to = (size_t)(last + 1); to < name.len && isdigit((unsigned char)name.ptr[to]);)
            to++;
        if (last < 0)
            return -1;
    }
    number = bytes_slice(name, from, to);
    return number.len && number.len < 10 && bytes_to_i64(number, &n) ? n : -1;
}

static void add_value(struct buf *out, const struct plan_scan *s, enum hidden_kind kind,
                      const struct plan_file *f) {
    struct buf text = {0};
    switch (kind) {
    case HIDDEN_PATH:
        sqltext_string(out, f->uri);
        break;
    case HIDDEN_SIZE:
        buf_add_fmt(out, "%llu", (unsigned long long)f->size_bytes);
        break;
    case HIDDEN_TIME:
        buf_add_fmt(out, "%lld", (long long)(f->mtime_ns / 1000000));
        break;
    case HIDDEN_PARTITION:
        add_partition(&text, s->table, f->partition);
        sqltext_string(out, buf_bytes(&text));
        out->failed |= !buf_ok(&text);
        buf_clear(&text);
        break;
    case HIDDEN_BUCKET:
        buf_add_fmt(out, "%lld", (long long)bucket_of(f->uri));
        break;
    }
}

static const char *const openings[] = {[HIDDEN_PATH] = "CAST(",
                                       [HIDDEN_SIZE] = "CAST(",
                                       [HIDDEN_TIME] = "to_timestamp((",
                                       [HIDDEN_PARTITION] = "CAST(",
                                       [HIDDEN_BUCKET] = "CAST("};
static const char *const closings[] = {[HIDDEN_PATH] = " AS VARCHAR)",
                                       [HIDDEN_SIZE] = " AS BIGINT)",
                                       [HIDDEN_TIME] = ")/1000.0)",
                                       [HIDDEN_PARTITION] = " AS VARCHAR)",
                                       [HIDDEN_BUCKET] = " AS INTEGER)"};

void hidden_files_expr(struct buf *out, const struct plan_scan *s, struct bytes name) {
    enum hidden_kind kind = kind_of(name);
    buf_add_str(out, openings[kind]);
    if (s->file_count > 1)
        buf_add_char(out, '[');
    for (size_t i = 0; i < s->file_count; i++) {
        if (i)
            buf_add_char(out, ',');
        add_value(out, s, kind, &s->files[i]);
    }
    if (s->file_count > 1)
        buf_add_str(out, "][CAST(file_index AS BIGINT)+1]");
    buf_add_str(out, closings[kind]);
}

/* 'dt='||coalesce("dt",..)||'/hour='||.. */
static void add_tail_partition(struct buf *out, const struct plan_table *t) {
    for (size_t k = 0; k < t->key_count; k++) {
        buf_add_str(out, k ? "||'/" : "'");
        buf_add(out, t->info.columns[t->data_count + k].name);
        buf_add_str(out, "='||coalesce(");
        sqltext_ident(out, t->info.columns[t->data_count + k].name);
        buf_add_str(out, ",'" CATALOG_NULL_PARTITION "')");
    }
}

void hidden_tail_expr(struct buf *out, const struct plan *p, const struct plan_scan *s,
                      const struct plan_tail *tail, struct bytes name) {
    enum hidden_kind kind = kind_of(name);
    buf_add_str(out, openings[kind]);
    if (kind == HIDDEN_PATH)
        sqltext_string(out, tail->path);
    else if (kind == HIDDEN_SIZE)
        buf_add_fmt(out, "%llu", (unsigned long long)tail->data_bytes);
    else if (kind == HIDDEN_TIME)
        buf_add_fmt(out, "%lld", (long long)p->now_ms);
    else if (kind == HIDDEN_PARTITION)
        add_tail_partition(out, s->table);
    else
        buf_add_str(out, "NULL");
    buf_add_str(out, closings[kind]);
}

void hidden_no_expr(struct buf *out, struct bytes name) {
    enum hidden_kind kind = kind_of(name);
    buf_add_fmt(out, "%sNULL%s", openings[kind], closings[kind]);
}

/* ---- leaving out files ---- */
static bool passes(enum sql_constraint_op op, int order) {
    switch (op) {
    case SQL_EQ:
    case SQL_IN:
        return order == 0;
    case SQL_LT:
        return order < 0;
    case SQL_LE:
        return order <= 0;
    case SQL_GT:
        return order > 0;
    case SQL_GE:
        return order >= 0;
    case SQL_NONE_MATCH:
        break;
    }
    return false;
}

static bool text_passes(const struct sql_constraint *c, struct bytes v) {
    for (size_t i = 0; i < c->value_count; i++)
        if (passes(c->op, bytes_cmp(v, c->values[i])))
            return true;
    return false;
}

static bool number_passes(const struct sql_constraint *c, uint64_t v) {
    for (size_t i = 0; i < c->value_count; i++) {
        int64_t n;
        if (!bytes_to_i64(c->values[i], &n))
            return true; /* outside of bigint: the engine tells */
        int order = n < 0 || v > (uint64_t)n ? 1 : v < (uint64_t)n ? -1 : 0;
        if (passes(c->op, order))
            return true;
    }
    return false;
}

static bool keeps(const struct plan_scan *s, struct bytes path, uint64_t size,
                  const struct catalog_partition *part, bool is_file) {
    bool kept = true;
    for (size_t i = 0; kept && i < s->scan->constraint_count; i++) {
        const struct sql_constraint *c = &s->scan->constraints[i];
        if (c->op == SQL_NONE_MATCH)
            continue;
        if (bytes_eq_str(c->column, columns[HIDDEN_PATH].name)) {
            kept = text_passes(c, path);
        } else if (bytes_eq_str(c->column, columns[HIDDEN_SIZE].name)) {
            kept = number_passes(c, size);
        } else if (is_file && bytes_eq_str(c->column, columns[HIDDEN_PARTITION].name)) {
            struct buf text = {0};
            add_partition(&text, s->table, part);
            kept = !buf_ok(&text) || text_passes(c, buf_bytes(&text));
            buf_clear(&text);
        }
    }
    return kept;
}

/* Delivered files: the catalogue does not know when they were written. */
static int fill_times(struct plan *p, struct plan_scan *s, struct err *e) {
    int rc = 0;
    for (size_t i = 0; !rc && i < s->file_count; i++) {
        struct bytes bucket, key;
        struct store_meta meta;
        if (s->files[i].mtime_ns || !store_split_uri(s->files[i].uri, &bucket, &key))
            continue;
        rc = store_head(p->service->d.store, &p->arena, bucket, key, &meta, e);
        if (!rc)
            s->files[i].mtime_ns = meta.mtime_ms * 1000000;
    }
    return rc;
}

static int check_buckets(const struct plan_scan *s, struct err *e) {
    for (size_t i = 0; i < s->file_count; i++)
        if (bucket_of(s->files[i].uri) < 0)
            return err_set_named(e, ERR_SQL, "HIVE_INVALID_BUCKET_FILES", 0,
                                 "Hive table '%.*s.%.*s' is corrupt. File '%.*s' does not have a "
                                 "bucket number in its name",
                                 BYTES_ARG(s->table->info.database), BYTES_ARG(s->table->info.name),
                                 BYTES_ARG(file_name(s->files[i].uri)));
    return 0;
}

int hidden_choose_files(struct plan *p, struct plan_scan *s, struct err *e) {
    size_t kept = 0;
    for (size_t i = 0; i < s->file_count; i++) {
        const struct plan_file *f = &s->files[i];
        if (keeps(s, f->uri, f->size_bytes, f->partition, true))
            s->files[kept++] = *f;
    }
    s->file_count = kept;
    int rc = is_used(s, HIDDEN_TIME) ? fill_times(p, s, e) : 0;
    return rc || !is_used(s, HIDDEN_BUCKET) ? rc : check_buckets(s, e);
}

void hidden_choose_tails(struct plan_scan *s) {
    size_t kept = 0;
    for (size_t i = 0; i < s->tail_count; i++)
        if (keeps(s, s->tails[i].path, s->tails[i].data_bytes, NULL, false))
            s->tails[kept++] = s->tails[i];
    s->tail_count = kept;
}
