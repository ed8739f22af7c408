/* write_task.c - a plan that writes as a worker's task (work/task.h, kind "write"). */
#include "query/write_int.h"

static struct bytes json_key(const struct plan_write *w, struct arena *a, struct bytes column) {
    const char *name = arena_cstr(a, arena_fmt(a, "mapping.%.*s", BYTES_ARG(column)));
    struct bytes mapped = name && w->form.mapping ? plan_param(w->form.mapping, name) : BYTES("");
    return mapped.len ? mapped : column;
}

static void add_columns(struct plan *p, struct jsonw *out) {
    const struct plan_write *w = p->write;
    struct buf type = {0};
    jsonw_name(out, "columns");
    jsonw_array(out);
    for (size_t i = 0; i < w->sql->column_count; i++) {
        const struct sql_table_column *c = &w->sql->columns[i];
        buf_reset(&type);
        type_format_duckdb(c->type, &type);
        jsonw_object(out);
        jsonw_kv_str(out, "name", c->name);
        jsonw_kv_str(out, "type", buf_bytes(&type));
        jsonw_kv_str(out, "key", json_key(w, &p->arena, c->name));
        jsonw_end_object(out);
    }
    jsonw_end_array(out);
    out->out->failed |= !buf_ok(&type);
    buf_clear(&type);
}

static void add_buckets(const struct plan_write *w, struct jsonw *out) {
    if (!w->sql->bucket_column_count)
        return;
    jsonw_name(out, "buckets");
    jsonw_object(out);
    jsonw_kv_i64(out, "count", w->sql->bucket_count);
    jsonw_name(out, "columns");
    jsonw_array(out);
    for (size_t i = 0; i < w->sql->bucket_column_count; i++)
        jsonw_i64(out, (int64_t)w->sql->buckets[i]);
    jsonw_end_array(out);
    jsonw_end_object(out);
}

void write_task_members(struct plan *p, struct bytes sql, struct jsonw *out) {
    static const char *const formats[] = {"parquet", "json", "text"};
    const struct plan_write *w = p->write;
    jsonw_kv_cstr(out, "kind", "write");
    jsonw_kv_str(out, "sql", sql);
    add_columns(p, out);
    jsonw_kv_i64(out, "keys", (int64_t)w->sql->key_count);
    jsonw_kv_i64(out, "max_partitions", WRITE_MAX_PARTITIONS);
    add_buckets(w, out);
    jsonw_kv_cstr(out, "folder", w->folder);
    jsonw_kv_cstr(out, "format", formats[w->form.format]);
    jsonw_kv_str(out, "compression", w->form.compression);
    jsonw_kv_i64(out, "level", w->form.level);
    jsonw_kv_str(out, "separators", w->form.separators);
    jsonw_kv_str(out, "escape", w->form.escape);
    jsonw_kv_str(out, "null", w->form.null_text);
    jsonw_kv_str(out, "header", w->form.header);
}
