/* analyze_view.c - views: their expansion where a query names one, and what CREATE VIEW stores.
 *
 * A view is parsed and bound as a subquery with nothing of its surroundings: no outer scope, no
 * common tables, and the database that was current when it was made. What it gives must still have
 * the stored names; each column becomes the stored type where its own can be coerced to that, else
 * the view is stale. So constraints of the outer query reach the view's tables as they reach those
 * of any subquery.
 *
 * An error inside is told as the view's, at the place where the statement names the view. */
#include "sql/analyze_int.h"

#define MAX_DEPTH 64  /* views in views */
#define MAX_VIEWS 500 /* expansions in one statement: those in views multiply */

static bool is_inside(const struct analyzer *z, const struct sql_table_info *info) {
    for (const struct view_frame *f = z->views; f; f = f->outer)
        if (bytes_eq(f->database, info->database) && bytes_eq(f->name, info->name))
            return true;
    return false;
}

static bool too_many(struct analyzer *z, struct sql_pos pos, struct bytes what) {
    fail(z, pos, "NOT_SUPPORTED", "%.*s", BYTES_ARG(what));
    z->too_many_views = true;
    return false;
}

static bool check_nesting(struct analyzer *z, const struct sql_table_info *info,
                          struct sql_pos pos) {
    const struct sql_view_statement *r = z->replaces;
    if (r && bytes_eq(r->name.database, info->database) && bytes_eq(r->name.table, info->name))
        return fail(z, pos, "VIEW_IS_RECURSIVE", "Statement would create a recursive view"), false;
    if (is_inside(z, info))
        return fail(z, pos, "VIEW_IS_RECURSIVE", "View is recursive"), false;
    if (z->view_depth >= MAX_DEPTH)
        return too_many(z, pos, arena_fmt(z->a, "Views are nested more than %d deep", MAX_DEPTH));
    if (++z->view_count > MAX_VIEWS)
        return too_many(z, pos,
                        arena_fmt(z->a,
                                  "The statement refers to more than %d views, views of views "
                                  "counted each time",
                                  MAX_VIEWS));
    return true;
}

/* ---- the query inside ---- */
static bool parse_view(struct analyzer *z, const struct sql_view *v, struct sql_statement **ret) {
    struct err e = {0};
    int rc = sql_parse(z->a, v->sql, ret, &e);
    if (rc == 0 && (*ret)->kind == SQL_SELECT && (*ret)->parameter_count == 0)
        return true;
    struct bytes name = z->views->name, database = z->views->database, why = bytes_str(e.text);
    struct sql_pos pos = {1, 1};
    if (rc && rc != ERR_SQL)
        return fail_at(z, pos, &e), false;
    if (rc && e.line && !bytes_starts_with(why, BYTES("line ")))
        why = arena_fmt(z->a, "line %d:%d: %s", e.line, e.column, e.text);
    if (!rc)
        why = BYTES("it is not a query without parameters");
    return fail(z, pos, "INVALID_VIEW",
                "Failed parsing stored view 'awsdatacatalog.%.*s.%.*s': %.*s", BYTES_ARG(database),
                BYTES_ARG(name), BYTES_ARG(why)),
           false;
}

/* In the view's own surroundings, which end with this call. */
static struct bound_query *bind_alone(struct analyzer *z, const struct sql_table_info *info,
                                      bool *ret_parsed) {
    struct view_frame frame = {info->database, info->name, z->views};
    struct sql_env inner = *z->env;
    const struct sql_env *env = z->env;
    struct cte *ctes = z->ctes;
    struct bytes alias = z->catalog_alias;
    struct sql_statement *s = NULL;
    struct ctx c = {.z = z};
    struct bound_query *q = NULL;
    inner.default_database =
        info->view->database.len ? lower_copy(z, info->view->database) : info->database;
    z->env = &inner;
    z->ctes = NULL;
    z->views = &frame;
    z->view_depth++;
    z->catalog_alias = info->view->catalog;
    *ret_parsed = parse_view(z, info->view, &s);
    if (*ret_parsed)
        q = bind_query(&c, s->query);
    z->view_depth--;
    z->views = frame.outer;
    z->catalog_alias = alias;
    z->ctes = ctes;
    z->env = env;
    return q;
}

static struct bound_query *bind_stored(struct analyzer *z, const struct sql_table_info *info,
                                       struct sql_pos pos) {
    struct err inner = {0}, *outer = z->e;
    bool parsed = false;
    z->e = &inner;
    struct bound_query *q = bind_alone(z, info, &parsed);
    z->e = outer;
    if (q || !z->rc)
        return q;
    int rc = z->rc;
    z->rc = 0;
    if (rc != ERR_SQL)
        return fail_at(z, pos, &inner);
    if (!parsed || z->too_many_views) { /* not at a place inside */
        const char *text = strchr(strchr(inner.text, ':') + 1, ' ');
        return fail(z, pos, inner.name, "%s", text + 1);
    }
    return fail(z, pos, "INVALID_VIEW",
                "Failed analyzing stored view 'awsdatacatalog.%.*s.%.*s': %s",
                BYTES_ARG(info->database), BYTES_ARG(info->name), inner.text);
}

/* ---- what it gives ---- */
static void *stale(struct analyzer *z, const struct sql_table_info *info, struct sql_pos pos,
                   struct bytes why) {
    return fail(z, pos, "VIEW_IS_STALE",
                "View 'awsdatacatalog.%.*s.%.*s' is stale or in invalid state: %.*s",
                BYTES_ARG(info->database), BYTES_ARG(info->name), BYTES_ARG(why));
}

static const struct sql_type *stored_type(struct analyzer *z, const struct sql_table_info *info,
                                          const struct sql_view_column *v, struct sql_pos pos) {
    const struct sql_type *t = NULL;
    struct err e = {0};
    int rc = sql_type_parse(z->a, v->type, &t, &e);
    if (rc == ERR_SQL)
        return fail(z, pos, "INVALID_VIEW",
                    "Unknown type '%.*s' for column '%.*s' in view: "
                    "awsdatacatalog.%.*s.%.*s",
                    BYTES_ARG(v->type), BYTES_ARG(v->name), BYTES_ARG(info->database),
                    BYTES_ARG(info->name));
    return rc ? fail_at(z, pos, &e) : t;
}

static const struct sql_type *check_column(struct analyzer *z, const struct sql_table_info *info,
                                           const struct bound_query *q, size_t i,
                                           struct sql_pos pos) {
    const struct sql_view_column *v = &info->view->columns[i];
    const struct sql_type *t = stored_type(z, info, v, pos);
    if (!t)
        return NULL;
    bool same = bytes_eq_nocase(v->name, q->names[i]);
    if (same && sql_type_can_coerce(q->types[i], t))
        return t;
    struct bytes from = type_text(z, q->types[i]), to = type_text(z, t);
    return stale(
        z, info, pos,
        arena_fmt(z->a,
                  same ? "column [%.*s] of type %.*s projected from query view at position "
                         "%zu cannot be coerced to column [%.*s] of type %.*s stored in "
                         "view definition"
                       : "column [%.*s] of type %.*s projected from query view at position "
                         "%zu has a different name from column [%.*s] of type %.*s stored "
                         "in view definition",
                  BYTES_ARG(q->names[i]), BYTES_ARG(from), i, BYTES_ARG(v->name), BYTES_ARG(to)));
}

static bool cast_columns(struct analyzer *z, const struct sql_table_info *info,
                         const struct bound_query *q, struct sql_pos pos, struct scope *s) {
    size_t n = info->view->column_count;
    if (n && n != q->column_count)
        return stale(z, info, pos,
                     arena_fmt(z->a,
                               "stored view column count (%zu) does not match column count derived "
                               "from the view query analysis (%zu)",
                               n, q->column_count));
    for (size_t i = 0; i < n; i++) {
        const struct sql_type *t = check_column(z, info, q, i, pos);
        if (!t)
            return false;
        s->fields[i].name = info->view->columns[i].name;
        if (!(s->fields[i].value = bound_cast(z->a, s->fields[i].value, t)))
            return false;
    }
    return true;
}

bool bind_view(struct ctx *c, const struct sql_table_info *info, struct sql_pos pos,
               struct bound_rel **ret, struct scope *ret_scope) {
    struct analyzer *z = c->z;
    if (!check_nesting(z, info, pos))
        return false;
    struct bound_query *q = bind_stored(z, info, pos);
    struct bound_rel *r = q ? new_rel(z, REL_QUERY, q->column_count) : NULL;
    if (!r)
        return false;
    r->query = q;
    memcpy(r->types, q->types, q->column_count * sizeof(*r->types));
    *ret = r;
    return fill_scope(z, r, q->names, info->database, info->name, pos, ret_scope) &&
           cast_columns(z, info, q, pos, ret_scope);
}

/* ---- CREATE VIEW ---- */
static bool check_output(struct analyzer *z, const struct bound_query *q, struct sql_pos pos) {
    for (size_t i = 0; i < q->column_count; i++) {
        if (!q->names[i].len)
            return fail(z, pos, "MISSING_COLUMN_NAME", "Column name not specified at position %zu",
                        i + 1),
                   false;
        for (size_t j = 0; j < i; j++)
            if (bytes_eq_nocase(q->names[i], q->names[j]))
                return fail(z, pos, "DUPLICATE_COLUMN_NAME",
                            "Column name '%.*s' specified more than once", BYTES_ARG(q->names[i])),
                       false;
        if (q->types[i]->kind == ST_UNKNOWN)
            return fail(z, pos, "COLUMN_TYPE_UNKNOWN", "Column type is unknown: %.*s",
                        BYTES_ARG(q->names[i])),
                   false;
    }
    return true;
}

/* As Trino stores it: fields of rows in double quotes. */
static void stored_text(const struct sql_type *t, struct buf *out) {
    if (!t->child_count) {
        sql_type_format(t, out);
        return;
    }
    buf_add_str(out, t->kind == ST_ARRAY ? "array(" : t->kind == ST_MAP ? "map(" : "row(");
    for (size_t i = 0; i < t->child_count; i++) {
        struct sql_ident name = {.quoted = true};
        if (i)
            buf_add_char(out, ',');
        if (t->kind == ST_ROW && t->names[i].len) {
            name.text = t->names[i];
            sql_print_ident(&name, out);
            buf_add_char(out, ' ');
        }
        stored_text(t->children[i], out);
    }
    buf_add_char(out, ')');
}

static bool hive_children(const struct sql_type *t, struct buf *out);

/* False: Hive has no such type. */
static bool hive_type(const struct sql_type *t, struct buf *out) {
    switch (t->kind) {
    case ST_INTEGER:
        buf_add_str(out, "int");
        return true;
    case ST_REAL:
        buf_add_str(out, "float");
        return true;
    case ST_VARBINARY:
        buf_add_str(out, "binary");
        return true;
    case ST_TIMESTAMP:
        buf_add_str(out, "timestamp");
        return true;
    case ST_VARCHAR:
        if (t->length == SQL_UNBOUNDED || t->length > 65535 || t->length == 0)
            buf_add_str(out, "string");
        else
            buf_add_fmt(out, "varchar(%d)", t->length);
        return true;
    case ST_TIME:
    case ST_TIME_TZ:
    case ST_TIMESTAMP_TZ:
    case ST_INTERVAL_DAY:
    case ST_INTERVAL_YEAR:
    case ST_JSON:
    case ST_UUID:
    case ST_UNKNOWN:
        return false;
    case ST_ARRAY:
    case ST_MAP:
    case ST_ROW:
        return hive_children(t, out);
    default:
        sql_type_format(t, out);
        return true;
    }
}

static bool hive_children(const struct sql_type *t, struct buf *out) {
    buf_add_str(out, t->kind == ST_ARRAY ? "array<" : t->kind == ST_MAP ? "map<" : "struct<");
    for (size_t i = 0; i < t->child_count; i++) {
        if (i)
            buf_add_char(out, ',');
        if (t->kind == ST_ROW && !t->names[i].len)
            return false;
        if (t->kind == ST_ROW)
            buf_add_fmt(out, "%.*s:", BYTES_ARG(t->names[i]));
        if (!hive_type(t->children[i], out))
            return false;
    }
    buf_add_char(out, '>');
    return true;
}

static bool describe(struct analyzer *z, const struct bound_query *q, struct sql_view_shape *ret) {
    struct buf b = {0};
    ret->column_count = q->column_count;
    ret->columns = ARENA_NEW_N(z->a, struct sql_view_column, q->column_count + 1);
    ret->hive_types = ARENA_NEW_N(z->a, struct bytes, q->column_count + 1);
    for (size_t i = 0; ret->columns && ret->hive_types && i < q->column_count; i++) {
        ret->columns[i].name = lower_copy(z, q->names[i]);
        buf_reset(&b);
        stored_text(q->types[i], &b);
        ret->columns[i].type = arena_copy(z->a, buf_bytes(&b));
        buf_reset(&b);
        bool known = hive_type(q->types[i], &b);
        ret->hive_types[i] = known ? arena_copy(z->a, buf_bytes(&b)) : BYTES("string");
    }
    bool ok = buf_ok(&b) && !z->a->failed;
    buf_clear(&b);
    return ok;
}

int sql_analyze_view(struct arena *a, struct sql_statement *s, const struct sql_env *env,
                     struct sql_view_shape *ret, struct err *e) {
    struct sql_view_statement v;
    struct analyzer z = {.a = a, .env = env, .statement = s, .e = e, .next_id = 1, .next_param = 1};
    struct ctx c = {.z = &z};
    int rc = sql_statement_view(a, s, env->default_database, &v, e);
    if (rc)
        return rc;
    z.plan = ARENA_NEW(a, struct sql_plan);
    z.replaces = v.or_replace ? &v : NULL;
    if (s->parameter_count)
        fail(&z, s->pos, "NOT_SUPPORTED", "A view's query cannot have parameters");
    struct bound_query *q = z.plan && !z.rc ? bind_query(&c, s->query) : NULL;
    if (q && s->dml->columns.count && s->dml->columns.count != q->column_count)
        fail(&z, s->pos, "MISMATCHED_COLUMN_ALIASES",
             "Column alias list has %zu entries but relation has %zu columns",
             s->dml->columns.count, q->column_count);
    for (size_t i = 0; q && !z.rc && i < s->dml->columns.count; i++)
        q->names[i] = s->dml->columns.items[i].text;
    if (q && !z.rc && check_output(&z, q, s->pos) && describe(&z, q, ret))
        return 0;
    return z.rc ? z.rc : err_set(e, ERR_NOMEM, NULL);
}

struct bytes sql_type_of_hive(struct arena *a, const struct type *t) {
    const struct sql_type *x = sql_type_from_hive(a, t);
    return x ? sql_type_text(a, x) : (struct bytes){0};
}

/* ---- the statement ---- */
static struct bytes lower_name(struct arena *a, const struct sql_path *p, size_t from_end) {
    char *text = arena_strndup(a, p->parts[p->count - from_end].text.ptr,
                               p->parts[p->count - from_end].text.len);
    size_t n = text ? p->parts[p->count - from_end].text.len : 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] + 32);
    return bytes_of(text, n);
}

/* The columns' names given in CREATE VIEW v (a, b) become part of the query. */
static struct bytes with_names(struct arena *a, const struct sql_dml *d) {
    struct buf b = {0};
    buf_add_fmt(&b, "SELECT * FROM (\n%.*s\n) AS ", BYTES_ARG(d->query_text));
    struct sql_ident view = d->table.parts[d->table.count - 1];
    sql_print_ident(&view, &b);
    for (size_t i = 0; i < d->columns.count; i++) {
        buf_add_str(&b, i ? ", " : " (");
        sql_print_ident(&d->columns.items[i], &b);
    }
    buf_add_char(&b, ')');
    struct bytes r = buf_ok(&b) ? arena_copy(a, buf_bytes(&b)) : (struct bytes){0};
    buf_clear(&b);
    return r;
}

int sql_statement_view(struct arena *a, const struct sql_statement *s,
                       struct bytes default_database, struct sql_view_statement *ret,
                       struct err *e) {
    const struct sql_dml *d = s->dml;
    const struct sql_path *p = &d->table;
    struct sql_pos pos = s->pos;
    bool known = p->count < 3 ||
                 (p->count == 3 && bytes_eq_nocase(p->parts[0].text, BYTES("awsdatacatalog")));
    if (!known)
        return err_set_named(e, ERR_SQL, "CATALOG_NOT_FOUND", 0,
                             "line %d:%d: Catalog '%.*s' does not exist", pos.line, pos.column,
                             BYTES_ARG(p->parts[0].text));
    *ret = (struct sql_view_statement){.line = pos.line,
                                       .column = pos.column,
                                       .or_replace = d->or_replace,
                                       .if_exists = d->if_exists,
                                       .invoker = d->invoker,
                                       .comment = d->comment,
                                       .query = d->query_text};
    ret->name.table = lower_name(a, p, 1);
    ret->name.database = p->count > 1 ? lower_name(a, p, 2) : default_database;
    if (d->columns.count)
        ret->query = with_names(a, d);
    if (!ret->name.database.len)
        return err_set_named(e, ERR_SQL, "MISSING_SCHEMA_NAME", 0,
                             "line %d:%d: Schema must be specified when session schema is not set",
                             pos.line, pos.column);
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
