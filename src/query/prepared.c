/* prepared.c - prepared statements, and what an execution really runs.
 *
 * An execution's text may stand for another one: EXECUTE names a stored text, EXECUTE IMMEDIATE
 * holds one, and either brings values for its parameters, as does the request itself. That is
 * settled once, when the execution starts (exec_resolve); from then on `run_sql` and `parameters`
 * say what is to be run, and every later reading of the statement gives the same tree
 * (exec_statement). A text that is executed may not execute again. */
#include "query/prepared.h"
#include "query/query_int.h"

#define PREPARED_KIND QUERY_PREPARED_KIND
#define PREPARED_MAX 1000 /* in a workgroup */

/* ---- documents ---- */
static struct bytes doc_key(struct arena *a, struct bytes workgroup, struct bytes name) {
    return arena_fmt(a, "%.*s/%.*s", BYTES_ARG(workgroup), BYTES_ARG(name));
}

static int not_found(struct bytes name, struct err *e) {
    return err_set(e, ERR_RESOURCE_NOT_FOUND, "PreparedStatement %.*s was not found",
                   BYTES_ARG(name));
}

static int get_doc(struct query_service *q, struct arena *a, struct bytes workgroup,
                   struct bytes name, struct catalog_doc *ret, struct err *e) {
    struct bytes key = doc_key(a, workgroup, name);
    if (!key.ptr)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = catalog_doc_get(q->d.catalog, a, PREPARED_KIND, key, ret, e);
    return rc == ERR_RESOURCE_NOT_FOUND ? not_found(name, e) : rc;
}

static int check_workgroup(struct query_service *q, struct arena *a, struct bytes workgroup,
                           struct err *e) {
    struct bytes json;
    return query_workgroup_get(q, a, workgroup, &json, e);
}

static int check_name(struct bytes name, struct err *e) {
    bool ok = name.len >= 1 && name.len <= 256;
    for (size_t i = 0; ok && i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        ok = letter || (i > 0 && ((c >= '0' && c <= '9') || c == '@' || c == ':'));
    }
    return ok ? 0
              : err_set(e, ERR_INVALID_REQUEST,
                        "A prepared statement's name has 1 to 256 letters, digits, '_', '@' or "
                        "':', and starts with a letter or '_'.");
}

static void write_doc(struct jsonw *w, struct bytes workgroup, struct bytes name, struct bytes sql,
                      struct bytes description, int64_t now_ms) {
    jsonw_object(w);
    jsonw_kv_str(w, "StatementName", name);
    jsonw_kv_str(w, "QueryStatement", sql);
    jsonw_kv_str(w, "WorkGroupName", workgroup);
    if (description.ptr)
        jsonw_kv_str(w, "Description", description);
    jsonw_kv_time_ms(w, "LastModifiedTime", now_ms);
    jsonw_end_object(w);
}

static int put(struct query_service *q, struct arena *a, struct bytes workgroup, struct bytes name,
               struct bytes sql, struct bytes description, bool create, struct err *e) {
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    struct bytes key = doc_key(a, workgroup, name);
    int64_t now = clock_wall_ms(q->d.clock);
    write_doc(&w, workgroup, name, sql, description, now);
    int rc = buf_ok(&json) && key.ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
    if (!rc && create)
        rc = catalog_doc_create(q->d.catalog, PREPARED_KIND, key, now, buf_bytes(&json), e);
    else if (!rc)
        rc = catalog_doc_put(q->d.catalog, PREPARED_KIND, key, now, buf_bytes(&json), -1, e);
    buf_clear(&json);
    if (rc == ERR_ALREADY_EXISTS)
        return err_set(e, ERR_INVALID_REQUEST,
                       "Prepared statement %.*s already exists in WorkGroup %.*s", BYTES_ARG(name),
                       BYTES_ARG(workgroup));
    return rc;
}

static int check_room(struct query_service *q, struct arena *a, struct bytes workgroup,
                      struct err *e) {
    struct bytes *jsons;
    size_t n = 0;
    int rc = query_prepared_list(q, a, workgroup, BYTES(""), PREPARED_MAX, &jsons, &n, e);
    if (!rc && n >= PREPARED_MAX)
        rc = err_set(e, ERR_INVALID_REQUEST,
                     "A workgroup has at most %d prepared statements; delete some.", PREPARED_MAX);
    return rc;
}

int query_prepared_create(struct query_service *q, struct bytes workgroup, struct bytes name,
                          struct bytes sql, struct bytes description, struct err *e) {
    struct arena a;
    arena_init(&a, 0);
    int rc = check_name(name, e);
    if (!rc)
        rc = check_workgroup(q, &a, workgroup, e);
    if (!rc)
        rc = check_room(q, &a, workgroup, e);
    if (!rc)
        rc = put(q, &a, workgroup, name, sql, description, true, e);
    arena_clear(&a);
    return rc;
}

static int update(struct query_service *q, struct arena *a, struct bytes workgroup,
                  struct bytes name, struct bytes sql, struct bytes description, struct err *e) {
    struct catalog_doc d;
    struct json *old = NULL;
    int rc = get_doc(q, a, workgroup, name, &d, e);
    if (!rc)
        rc = json_parse(a, d.json, &old, e);
    if (rc)
        return rc;
    if (!description.ptr && json_get(old, "Description"))
        description = json_get_str(old, "Description");
    return put(q, a, workgroup, name, sql, description, false, e);
}

int query_prepared_update(struct query_service *q, struct bytes workgroup, struct bytes name,
                          struct bytes sql, struct bytes description, struct err *e) {
    struct arena a;
    arena_init(&a, 0);
    int rc = update(q, &a, workgroup, name, sql, description, e);
    arena_clear(&a);
    return rc;
}

int query_prepared_get(struct query_service *q, struct arena *a, struct bytes workgroup,
                       struct bytes name, struct bytes *ret_json, struct err *e) {
    struct catalog_doc d;
    int rc = get_doc(q, a, workgroup, name, &d, e);
    if (!rc)
        *ret_json = d.json;
    return rc;
}

int query_prepared_delete(struct query_service *q, struct bytes workgroup, struct bytes name,
                          struct err *e) {
    struct arena a;
    arena_init(&a, 0);
    struct bytes key = doc_key(&a, workgroup, name);
    int rc = key.ptr ? catalog_doc_delete(q->d.catalog, PREPARED_KIND, key, e)
                     : err_set(e, ERR_NOMEM, NULL);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        rc = not_found(name, e);
    arena_clear(&a);
    return rc;
}

int query_prepared_list(struct query_service *q, struct arena *a, struct bytes workgroup,
                        struct bytes after, size_t max, struct bytes **ret_jsons, size_t *ret_count,
                        struct err *e) {
    struct bytes from = doc_key(a, workgroup, after), prefix = doc_key(a, workgroup, BYTES(""));
    struct catalog_doc *d = NULL;
    size_t n = 0, kept = 0;
    int rc =
        from.ptr && prefix.ptr ? check_workgroup(q, a, workgroup, e) : err_set(e, ERR_NOMEM, NULL);
    if (!rc)
        rc = catalog_doc_list(q->d.catalog, a, PREPARED_KIND, false, 0, from, max, &d, &n, e);
    struct bytes *v = rc ? NULL : ARENA_NEW_N(a, struct bytes, n + 1);
    if (!rc && !v)
        rc = err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < n && bytes_starts_with(d[i].key, prefix); i++)
        v[kept++] = d[i].json;
    *ret_jsons = v;
    *ret_count = kept;
    return rc;
}

/* ---- PREPARE and DEALLOCATE ---- */
static bool may_prepare(enum sql_kind kind) {
    return kind == SQL_SELECT || kind == SQL_CREATE_TABLE_AS || kind == SQL_INSERT ||
           kind == SQL_UNLOAD || kind == SQL_UPDATE || kind == SQL_DELETE || kind == SQL_MERGE;
}

static int prepare(struct query_service *q, struct arena *a, struct bytes workgroup,
                   const struct sql_prepared *p, struct err *e) {
    struct catalog_doc d;
    struct err none;
    if (!may_prepare(p->kind))
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "Only SELECT, INSERT, CREATE TABLE AS, UNLOAD, UPDATE, DELETE and "
                             "MERGE can be prepared");
    int rc = check_name(p->name, e);
    if (rc)
        return rc;
    if (!get_doc(q, a, workgroup, p->name, &d, &none)) /* the name is given another text */
        return put(q, a, workgroup, p->name, p->text, (struct bytes){0}, false, e);
    return query_prepared_create(q, workgroup, p->name, p->text, (struct bytes){0}, e);
}

int prepared_run(struct query_service *q, struct arena *a, const struct exec *x,
                 const struct sql_statement *s, struct err *e) {
    struct sql_prepared p;
    int rc = sql_statement_prepared(a, s, &p, e);
    if (rc)
        return rc;
    if (sql_statement_kind(s) == SQL_PREPARE)
        return prepare(q, a, x->workgroup, &p, e);
    rc = query_prepared_delete(q, x->workgroup, p.name, e);
    return rc != ERR_RESOURCE_NOT_FOUND
               ? rc
               : err_set_named(e, ERR_SQL, "NOT_FOUND", 0, "Prepared statement not found: %.*s",
                               BYTES_ARG(p.name));
}

/* ---- what an execution runs ---- */
static struct bytes lower(struct arena *a, struct bytes v) {
    struct bytes r = arena_copy(a, v);
    for (size_t i = 0; r.ptr && i < r.len; i++)
        if (r.ptr[i] >= 'A' && r.ptr[i] <= 'Z')
            ((char *)r.ptr)[i] = (char)(r.ptr[i] + 32);
    return r;
}

/* Names are kept as they were given; one that is not there may have been given in lower case. */
static int stored_text(struct exec *x, struct arena *a, struct bytes name, struct bytes *ret,
                       struct err *e) {
    struct bytes json;
    struct json *root = NULL;
    struct err why;
    int rc = query_prepared_get(x->service, a, x->workgroup, name, &json, &why);
    struct bytes folded = lower(a, name);
    if (rc == ERR_RESOURCE_NOT_FOUND && folded.ptr && !bytes_eq(folded, name)) {
        struct err none;
        rc = query_prepared_get(x->service, a, x->workgroup, folded, &json, &none);
    }
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return err_set(e, ERR_INVALID_REQUEST, "%s", why.text);
    if (rc) {
        *e = why;
        return rc;
    }
    rc = json_parse(a, json, &root, e);
    *ret = json_get_str(root, "QueryStatement");
    return rc;
}

/* The text that `s` executes, and its values, kept in the execution's arena. */
static int replace(struct exec *x, struct arena *a, const struct sql_statement *s, struct err *e) {
    struct sql_prepared p;
    struct bytes text = {0};
    int rc = sql_statement_prepared(a, s, &p, e);
    if (!rc && sql_statement_kind(s) == SQL_EXECUTE)
        rc = stored_text(x, a, p.name, &text, e);
    else
        text = p.text;
    if (rc)
        return rc;
    if (p.using_count && x->parameter_count)
        return err_set(e, ERR_INVALID_REQUEST,
                       "Values for parameters are given twice: in USING and as "
                       "ExecutionParameters. Give them once.");
    if (p.using_count) {
        struct bytes *values = ARENA_NEW_N(&x->arena, struct bytes, p.using_count);
        for (size_t i = 0; values && i < p.using_count; i++)
            values[i] = arena_copy(&x->arena, p.using[i]);
        x->parameters = values;
        x->parameter_count = p.using_count;
    }
    x->run_sql = arena_copy(&x->arena, text);
    return x->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

/* The words of an EXPLAIN with its options: what stands before the statement explained. */
static void explain_words(const struct sql_explain *what, struct buf *out) {
    static const char *const types[] = {"DISTRIBUTED", "LOGICAL", "VALIDATE", "IO"};
    static const char *const formats[] = {"TEXT", "GRAPHVIZ", "JSON"};
    buf_add_fmt(out, "EXPLAIN %s%s(TYPE %s, FORMAT %s) ", what->analyze ? "ANALYZE " : "",
                what->verbose ? "VERBOSE " : "", types[what->type], formats[what->format]);
}

static bool executes(const struct sql_statement *s) {
    enum sql_kind kind = sql_statement_kind(s);
    return kind == SQL_EXECUTE || kind == SQL_EXECUTE_IMMEDIATE;
}

/* Puts what `execute` stands for in the place of it, behind the words of the EXPLAIN that it is in,
 * if any; `*ret` is the whole, parsed. */
static int resolve(struct exec *x, struct arena *a, const struct sql_explain *explain,
                   const struct sql_statement *execute, struct sql_statement **ret, struct err *e) {
    struct sql_statement *s = NULL;
    struct buf whole = {0};
    int rc = replace(x, a, execute, e);
    if (!rc)
        rc = sql_parse(a, x->run_sql, &s, e);
    if (!rc && executes(s))
        rc = err_set(e, ERR_INVALID_REQUEST, "A prepared statement cannot be an EXECUTE.");
    if (!rc && explain) {
        explain_words(explain, &whole);
        buf_add(&whole, x->run_sql);
        x->run_sql = arena_copy(&x->arena, buf_bytes(&whole));
        rc = whole.failed || x->arena.failed ? err_set(e, ERR_NOMEM, NULL)
                                             : sql_parse(a, x->run_sql, &s, e);
    }
    buf_clear(&whole);
    *ret = s;
    return rc;
}

int exec_resolve(struct exec *x, struct arena *a, struct sql_statement **ret, struct err *e) {
    struct sql_statement *s = NULL;
    struct sql_explain explain;
    x->run_sql = x->sql;
    int rc = sql_parse(a, x->sql, &s, e);
    if (rc)
        return rc;
    x->statement_type = sql_statement_type(s);
    x->substatement_type = sql_substatement_type(s);
    bool explains = sql_statement_explain(s, &explain);
    const struct sql_statement *inner = explains ? explain.inner : s;
    if (executes(inner))
        rc = resolve(x, a, explains ? &explain : NULL, inner, &s, e);
    if (!rc)
        *ret = s;
    return rc;
}

int exec_statement(const struct exec *x, struct arena *a, struct sql_statement **ret,
                   struct err *e) {
    int rc = sql_parse(a, x->run_sql.ptr ? x->run_sql : x->sql, ret, e);
    return rc ? rc : sql_bind_parameters(a, *ret, x->parameters, x->parameter_count, e);
}
