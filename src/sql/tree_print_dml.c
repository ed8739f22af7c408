/* tree_print_dml.c - canonical text of the statements that are neither queries nor Hive's. */
#include "sql/tree_int.h"

static void print_table(const char *before, const struct sql_dml *d, struct buf *out) {
    buf_add_str(out, before);
    tree_print_path(d->table, out);
    if (d->columns.count) {
        buf_add_char(out, ' ');
        tree_print_idents(&d->columns, out);
    }
}

static void print_options(const char *before, const struct sql_options *o, struct buf *out) {
    for (size_t i = 0; i < o->count; i++) {
        buf_add_str(out, i ? ", " : before);
        sql_print_ident(&o->items[i].name, out);
        buf_add_str(out, " = ");
        sql_print_expr(o->items[i].value, out);
    }
    if (o->count)
        buf_add_char(out, ')');
}

static void print_comment(const struct sql_dml *d, struct buf *out) {
    if (!d->comment.ptr)
        return;
    buf_add_str(out, " COMMENT ");
    tree_print_string(d->comment, out);
}

static void print_create_table_as(const struct sql_statement *s, struct buf *out) {
    print_table(s->dml->if_not_exists ? "CREATE TABLE IF NOT EXISTS " : "CREATE TABLE ", s->dml,
                out);
    print_comment(s->dml, out);
    print_options(" WITH (", &s->dml->properties, out);
    buf_add_str(out, " AS ");
    sql_print_query(s->query, out);
    if (s->dml->with_no_data)
        buf_add_str(out, " WITH NO DATA");
}

static void print_create_view(const struct sql_statement *s, struct buf *out) {
    print_table(s->dml->or_replace ? "CREATE OR REPLACE VIEW " : "CREATE VIEW ", s->dml, out);
    print_comment(s->dml, out);
    if (s->dml->invoker)
        buf_add_str(out, " SECURITY INVOKER");
    buf_add_str(out, " AS ");
    sql_print_query(s->query, out);
}

static void print_unload(const struct sql_statement *s, struct buf *out) {
    buf_add_str(out, "UNLOAD (");
    sql_print_query(s->query, out);
    buf_add_str(out, ") TO ");
    tree_print_string(s->dml->location, out);
    print_options(" WITH (", &s->dml->properties, out);
}

static void print_execute(const struct sql_statement *s, struct buf *out) {
    buf_add_str(out, "EXECUTE ");
    if (s->kind == SQL_EXECUTE_IMMEDIATE) {
        buf_add_str(out, "IMMEDIATE ");
        tree_print_string(s->dml->immediate, out);
    } else {
        sql_print_ident(&s->dml->name, out);
    }
    if (s->dml->using.count) {
        buf_add_str(out, " USING ");
        tree_print_list(&s->dml->using, out);
    }
}

static void print_explain(const struct sql_dml *d, struct buf *out) {
    static const char *const types[] = {"DISTRIBUTED", "LOGICAL", "VALIDATE", "IO"};
    static const char *const formats[] = {"TEXT", "GRAPHVIZ", "JSON"};
    buf_add_str(out, d->analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ");
    if (d->verbose)
        buf_add_str(out, "VERBOSE ");
    if (d->type != SQL_EXPLAIN_DISTRIBUTED || d->format != SQL_EXPLAIN_TEXT)
        buf_add_fmt(out, "(TYPE %s, FORMAT %s) ", types[d->type], formats[d->format]);
    sql_print_statement(d->inner, out);
}

static void print_assignments(const char *before, const struct sql_assignment *a, size_t count,
                              struct buf *out) {
    for (size_t i = 0; i < count; i++) {
        buf_add_str(out, i ? ", " : before);
        sql_print_ident(&a[i].name, out);
        buf_add_str(out, " = ");
        sql_print_expr(a[i].value, out);
    }
}

static void print_where(const struct sql_dml *d, struct buf *out) {
    if (!d->where)
        return;
    buf_add_str(out, " WHERE ");
    sql_print_expr(d->where, out);
}

static void print_merge_case(const struct sql_merge_case *c, struct buf *out) {
    buf_add_str(out, c->matched ? " WHEN MATCHED" : " WHEN NOT MATCHED");
    if (c->condition) {
        buf_add_str(out, " AND ");
        sql_print_expr(c->condition, out);
    }
    buf_add_str(out, " THEN ");
    if (c->action == SQL_MERGE_DELETE) {
        buf_add_str(out, "DELETE");
    } else if (c->action == SQL_MERGE_UPDATE) {
        print_assignments("UPDATE SET ", c->assignments, c->assignment_count, out);
    } else {
        buf_add_str(out, "INSERT ");
        if (c->columns.count) {
            tree_print_idents(&c->columns, out);
            buf_add_char(out, ' ');
        }
        buf_add_str(out, "VALUES (");
        tree_print_list(&c->values, out);
        buf_add_char(out, ')');
    }
}

static void print_merge(const struct sql_dml *d, struct buf *out) {
    print_table("MERGE INTO ", d, out);
    if (d->alias.text.ptr) {
        buf_add_str(out, " AS ");
        sql_print_ident(&d->alias, out);
    }
    buf_add_str(out, " USING ");
    sql_print_relation(d->source, out);
    buf_add_str(out, " ON ");
    sql_print_expr(d->on, out);
    for (size_t i = 0; i < d->case_count; i++)
        print_merge_case(&d->cases[i], out);
}

/* Statements that change rows, and those of Iceberg tables. */
static void print_change(const struct sql_statement *s, struct buf *out) {
    const struct sql_dml *d = s->dml;
    if (s->kind == SQL_INSERT) {
        print_table("INSERT INTO ", d, out);
        buf_add_char(out, ' ');
        sql_print_query(s->query, out);
    } else if (s->kind == SQL_UPDATE) {
        print_table("UPDATE ", d, out);
        print_assignments(" SET ", d->assignments, d->assignment_count, out);
        print_where(d, out);
    } else if (s->kind == SQL_DELETE) {
        print_table("DELETE FROM ", d, out);
        print_where(d, out);
    } else if (s->kind == SQL_OPTIMIZE) {
        print_table("OPTIMIZE ", d, out);
        buf_add_str(out, " REWRITE DATA USING BIN_PACK");
        print_where(d, out);
    } else if (s->kind == SQL_VACUUM) {
        print_table("VACUUM ", d, out);
    } else {
        print_merge(d, out);
    }
}

void tree_print_dml(const struct sql_statement *s, struct buf *out) {
    const struct sql_dml *d = s->dml;
    switch (s->kind) {
    case SQL_CREATE_TABLE_AS:
        print_create_table_as(s, out);
        break;
    case SQL_UNLOAD:
        print_unload(s, out);
        break;
    case SQL_CREATE_VIEW:
        print_create_view(s, out);
        break;
    case SQL_DROP_VIEW:
        print_table(d->if_exists ? "DROP VIEW IF EXISTS " : "DROP VIEW ", d, out);
        break;
    case SQL_SHOW_CREATE_VIEW:
        print_table("SHOW CREATE VIEW ", d, out);
        break;
    case SQL_PREPARE:
        buf_add_str(out, "PREPARE ");
        sql_print_ident(&d->name, out);
        buf_add_str(out, " FROM ");
        sql_print_statement(d->inner, out);
        break;
    case SQL_EXECUTE:
    case SQL_EXECUTE_IMMEDIATE:
        print_execute(s, out);
        break;
    case SQL_DEALLOCATE:
        buf_add_str(out, "DEALLOCATE PREPARE ");
        sql_print_ident(&d->name, out);
        break;
    case SQL_EXPLAIN:
        print_explain(d, out);
        break;
    default:
        print_change(s, out);
    }
}
