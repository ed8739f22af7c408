/* remote.c - queries of a workgroup whose engine is a Trino (tag tarn.engine).
 *
 *     text, parameters -> task of kind "trino" -> worker -> rows in <id>.csv, columns in the answer
 *
 * Nothing is planned here: Trino reads the same catalogue and objects. A statement with parameters
 * is sent as EXECUTE IMMEDIATE. Names of columns and types are known when the query has run. */
#include "query/remote.h"
#include "base/mem.h"
#include "sql/types.h"

static void add_literal(struct buf *out, struct bytes text) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_add_char(out, '\'');
        buf_add_char(out, text.ptr[i]);
    }
    buf_add_char(out, '\'');
}

/* A ';' may end a statement of Athena's and none of Trino's. */
static struct bytes statement(const struct exec *x, struct buf *out) {
    struct bytes text = bytes_trim(x->run_sql);
    while (bytes_ends_with(text, BYTES(";")))
        text = bytes_trim(bytes_slice(text, 0, text.len - 1));
    if (!x->parameter_count)
        return text;
    buf_add_str(out, "EXECUTE IMMEDIATE ");
    add_literal(out, text);
    for (size_t i = 0; i < x->parameter_count; i++) {
        buf_add_str(out, i ? ", " : " USING ");
        buf_add(out, x->parameters[i]);
    }
    return buf_bytes(out);
}

static int write_task(struct plan *p, const struct exec *x, struct err *e) {
    const char *output = NULL;
    struct buf sql = {0}, task = {0};
    struct jsonw w = jsonw_to(&task);
    int rc = plan_output_paths(p, x, &output, &p->tmp, e);
    if (rc)
        return rc;
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "kind", "trino");
    jsonw_kv_cstr(&w, "url", x->limits.trino_url);
    jsonw_kv_cstr(&w, "catalog", x->limits.trino_catalog);
    jsonw_kv_str(&w, "schema", x->database);
    jsonw_kv_str(&w, "user", x->user.len ? x->user : BYTES("tarn"));
    jsonw_kv_cstr(&w, "source", "tarn");
    jsonw_kv_str(&w, "sql", statement(x, &sql));
    jsonw_kv_cstr(&w, "output", output);
    jsonw_kv_cstr(&w, "tmp", p->tmp);
    jsonw_end_object(&w);
    p->task_json = arena_copy(&p->arena, buf_bytes(&task));
    bool ok = buf_ok(&task) && buf_ok(&sql) && !p->arena.failed;
    buf_clear(&sql);
    buf_clear(&task);
    return ok ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int remote_plan(struct query_service *q, const struct exec *x, struct plan **ret, struct err *e) {
    struct plan *p = mem_calloc(1, sizeof *p);
    if (!p)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&p->arena, 0);
    p->service = q;
    p->id = x->id;
    p->remote = true;
    int rc = write_task(p, x, e);
    if (rc)
        plan_free(&p);
    else
        *ret = p;
    return rc;
}

/* A type of Trino's that has no place among ours is shown by its name. */
static void fill_column(struct arena *a, const struct json *in, struct sql_out_column *c) {
    const struct sql_type *t = NULL;
    c->name = json_get_str(in, "name");
    c->full_type = json_get_str(in, "type");
    c->type = c->full_type;
    if (sql_type_parse(a, c->full_type, &t, NULL))
        return;
    c->type = bytes_str(sql_type_athena_name(t));
    sql_type_athena_size(t, &c->precision, &c->scale);
    c->case_sensitive = sql_type_is_text(t);
}

struct bytes remote_columns(struct arena *a, const struct json *ok) {
    const struct json *columns = json_get(ok, "columns");
    size_t count = columns ? columns->count : 0, i = 0;
    struct sql_out_column *out = ARENA_NEW_N(a, struct sql_out_column, count + 1);
    if (!out)
        return BYTES("");
    JSON_FOR_EACH(column, columns)
    fill_column(a, column, &out[i++]);
    return record_columns_json(a, out, count);
}
