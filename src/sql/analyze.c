/* analyze.c - the entry: names and types of a query, or of a statement that writes one's rows, into
 * a plan.
 *
 * analyze_query.c binds queries, analyze_select.c one SELECT, analyze_relation.c its FROM,
 * analyze_expr.c its expressions. Afterwards prune.c finds the columns that are read and
 * constraints.c the partitions that can match. */
#include "sql/analyze_int.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

void *fail(struct analyzer *z, struct sql_pos pos, const char *name, const char *fmt, ...) {
    char text[900];
    va_list ap;
    if (z->rc)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    z->rc = err_set_named(z->e, ERR_SQL, name, 0, "line %d:%d: %s", pos.line, pos.column, text);
    if (z->e) {
        z->e->line = pos.line;
        z->e->column = pos.column;
    }
    return NULL;
}

void *fail_at(struct analyzer *z, struct sql_pos pos, const struct err *from) {
    if (from->code == ERR_SQL)
        return fail(z, pos, from->name, "%s", from->text);
    if (!z->rc) {
        z->rc = from->code ? from->code : ERR_NOMEM;
        if (z->e)
            *z->e = *from;
    }
    return NULL;
}

struct bytes type_text(struct analyzer *z, const struct sql_type *t) {
    return sql_type_text(z->a, t);
}

struct bytes lower_copy(struct analyzer *z, struct bytes text) {
    char *p = arena_strndup(z->a, text.ptr, text.len);
    for (size_t i = 0; p && i < text.len; i++)
        p[i] = (char)tolower((unsigned char)p[i]);
    return bytes_of(p, p ? text.len : 0);
}

struct bytes expr_text(struct analyzer *z, const struct sql_expr *e) {
    struct buf b = {0};
    sql_print_expr(e, &b);
    struct bytes r = arena_copy(z->a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

void enter_clause(struct ctx *c, const char *name, const struct sql_expr *e) {
    c->no_aggregates = name;
    c->clause_pos = e->pos;
}

void leave_clauses(struct ctx *c) {
    c->no_aggregates = c->in_aggregate = c->no_windows = NULL;
}

struct bytes name_at(struct analyzer *z, struct sql_pos pos) {
    struct bytes text = z->statement->text;
    size_t i = 0, end;
    for (int line = 1; line < pos.line && i < text.len; i++)
        line += text.ptr[i] == '\n';
    i += (size_t)pos.column - 1;
    for (end = i; end < text.len; end++) {
        unsigned char c = (unsigned char)text.ptr[end];
        if (!isalnum(c) && c < 0x80 && c != '_' && c != '.' && c != '$')
            break;
    }
    return i < end ? bytes_slice(text, i, end) : BYTES("column");
}

static bool fill_columns(struct analyzer *z, struct sql_plan *p) {
    const struct bound_query *q = p->query;
    p->column_count = q->column_count;
    p->columns = ARENA_NEW_N(z->a, struct sql_out_column, q->column_count + 1);
    for (size_t i = 0; p->columns && i < q->column_count; i++) {
        struct sql_out_column *c = &p->columns[i];
        c->name = q->names[i].len ? q->names[i] : arena_fmt(z->a, "_col%zu", i);
        c->type = bytes_str(sql_type_athena_name(q->types[i]));
        c->full_type = sql_type_text(z->a, q->types[i]);
        sql_type_athena_size(q->types[i], &c->precision, &c->scale);
        c->case_sensitive = sql_type_is_text(q->types[i]);
    }
    return p->columns != NULL && !z->a->failed;
}

static int finish(struct analyzer *z) {
    if (z->rc)
        return z->rc;
    return err_set(z->e, ERR_NOMEM, NULL);
}

int sql_analyze(struct arena *a, struct sql_statement *s, const struct sql_env *env,
                struct sql_plan **ret, struct err *e) {
    struct analyzer z = {.a = a, .env = env, .statement = s, .e = e, .next_id = 1, .next_param = 1};
    struct ctx c = {.z = &z};
    struct sql_plan *p = ARENA_NEW(a, struct sql_plan);
    bool writes = s->kind == SQL_CREATE_TABLE_AS || s->kind == SQL_INSERT || s->kind == SQL_UNLOAD;
    if ((s->kind != SQL_SELECT && !writes) || !s->query)
        return err_set(e, ERR_INTERNAL, "Only queries can be analyzed.");
    z.plan = p;
    if (p)
        p->now_ms = env->now_ms;
    if (!p || !(p->query = writes ? bind_write(&c, s, &p->write) : bind_query(&c, s->query)) ||
        !fill_columns(&z, p))
        return finish(&z);
    p->next_id = z.next_id;
    bound_mark_used(p->query);
    if (!bound_find_fields(a, p))
        return finish(&z);
    int rc = bound_find_constraints(a, p, e);
    if (rc)
        return rc;
    *ret = p;
    return 0;
}

const struct sql_scan *sql_plan_scans(const struct sql_plan *p, size_t *ret_count) {
    *ret_count = p->scan_count;
    return p->scans;
}

const struct sql_out_column *sql_plan_columns(const struct sql_plan *p, size_t *ret_count) {
    *ret_count = p->column_count;
    return p->columns;
}
