/* tree_print.c - queries, relations, names and types as canonical text: one line, keywords upper
 * case, every alias with AS. */
#include "sql/tree_int.h"

/* ---- names and strings ---- */

static void print_doubled(struct bytes text, char quote, struct buf *out) {
    buf_add_char(out, quote);
    for (size_t i = 0; i < text.len; i++) {
        buf_add_char(out, text.ptr[i]);
        if (text.ptr[i] == quote)
            buf_add_char(out, quote);
    }
    buf_add_char(out, quote);
}

void tree_print_string(struct bytes text, struct buf *out) {
    print_doubled(text, '\'', out);
}

void sql_print_ident(const struct sql_ident *i, struct buf *out) {
    if (i->quoted)
        print_doubled(i->text, '"', out);
    else
        buf_add(out, i->text);
}

void tree_print_path(struct sql_path path, struct buf *out) {
    for (size_t i = 0; i < path.count; i++) {
        if (i)
            buf_add_char(out, '.');
        sql_print_ident(&path.parts[i], out);
    }
}

void tree_print_idents(const struct sql_idents *idents, struct buf *out) {
    buf_add_char(out, '(');
    for (size_t i = 0; i < idents->count; i++) {
        tree_print_comma(i, out);
        sql_print_ident(&idents->items[i], out);
    }
    buf_add_char(out, ')');
}

const char *sql_unit_text(enum sql_unit unit) {
    static const char *const texts[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "WEEK"};
    return texts[unit];
}

/* ---- types ---- */

static bool is_bare_name(struct bytes name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool digit = c >= '0' && c <= '9';
        if (!(c >= 'a' && c <= 'z') && c != '_' && !(digit && i))
            return false;
    }
    return name.len > 0;
}

static void print_type_name(struct bytes name, struct buf *out) {
    if (is_bare_name(name))
        buf_add(out, name);
    else
        print_doubled(name, '"', out);
}

static void print_type_params(const struct sql_type_name *t, struct buf *out) {
    size_t n = 0;
    if (!t->number_count && !t->arg_count)
        return;
    buf_add_char(out, '(');
    for (int i = 0; i < t->number_count; i++) {
        tree_print_comma(n++, out);
        buf_add_fmt(out, "%lld", (long long)t->numbers[i]);
    }
    for (size_t i = 0; i < t->arg_count; i++) {
        tree_print_comma(n++, out);
        if (t->fields && t->fields[i].text.ptr) {
            sql_print_ident(&t->fields[i], out);
            buf_add_char(out, ' ');
        }
        sql_print_type(t->args[i], out);
    }
    buf_add_char(out, ')');
}

void sql_print_type(const struct sql_type_name *t, struct buf *out) {
    print_type_name(t->name, out);
    if (t->kind == SQL_T_INTERVAL) {
        buf_add_fmt(out, " %s", sql_unit_text(t->from));
        if (t->to != t->from)
            buf_add_fmt(out, " TO %s", sql_unit_text(t->to));
        return;
    }
    print_type_params(t, out);
    if (t->with_time_zone)
        buf_add_str(out, " with time zone");
}

/* ---- relations ---- */

static void print_join(const struct sql_relation *r, struct buf *out) {
    static const char *const words[] = {" CROSS JOIN ", ", ",           " JOIN ",
                                        " LEFT JOIN ",  " RIGHT JOIN ", " FULL JOIN "};
    sql_print_relation(r->join.left, out);
    buf_add_str(out, r->join.natural ? " NATURAL" : "");
    buf_add_str(out, words[r->join.kind]);
    sql_print_relation(r->join.right, out);
    if (r->join.on) {
        buf_add_str(out, " ON ");
        sql_print_expr(r->join.on, out);
    }
    if (r->join.using.count) {
        buf_add_str(out, " USING ");
        tree_print_idents(&r->join.using, out);
    }
}

static void print_table(const struct sql_relation *r, struct buf *out) {
    tree_print_path(r->table.name, out);
    if (r->table.as_of_kind == SQL_AS_OF_NONE)
        return;
    buf_add_fmt(out, " FOR %s AS OF ",
                r->table.as_of_kind == SQL_AS_OF_VERSION ? "VERSION" : "TIMESTAMP");
    tree_print_value(r->table.as_of, out);
}

static void print_unnest(const struct sql_relation *r, struct buf *out) {
    buf_add_str(out, "UNNEST(");
    tree_print_list(&r->unnest.args, out);
    buf_add_str(out, r->unnest.with_ordinality ? ") WITH ORDINALITY" : ")");
}

static void print_relation_primary(const struct sql_relation *r, struct buf *out) {
    switch (r->kind) {
    case SQL_R_TABLE:
        print_table(r, out);
        break;
    case SQL_R_SUBQUERY:
        buf_add_str(out, r->subquery.lateral ? "LATERAL (" : "(");
        sql_print_query(r->subquery.query, out);
        buf_add_char(out, ')');
        break;
    case SQL_R_UNNEST:
        print_unnest(r, out);
        break;
    case SQL_R_FUNCTION:
        buf_add_str(out, "TABLE(");
        tree_print_call(r->call, out);
        buf_add_char(out, ')');
        break;
    case SQL_R_PAREN:
        buf_add_char(out, '(');
        sql_print_relation(r->paren, out);
        buf_add_char(out, ')');
        break;
    case SQL_R_JOIN:
        print_join(r, out);
        break;
    }
}

void sql_print_relation(const struct sql_relation *r, struct buf *out) {
    print_relation_primary(r, out);
    if (r->alias.text.ptr) {
        buf_add_str(out, " AS ");
        sql_print_ident(&r->alias, out);
    }
    if (r->column_aliases.count) {
        buf_add_char(out, ' ');
        tree_print_idents(&r->column_aliases, out);
    }
    if (r->sample != SQL_SAMPLE_NONE) {
        buf_add_fmt(out, " TABLESAMPLE %s (",
                    r->sample == SQL_SAMPLE_BERNOULLI ? "BERNOULLI" : "SYSTEM");
        sql_print_expr(r->sample_percent, out);
        buf_add_char(out, ')');
    }
}

/* ---- SELECT ---- */

static void print_select_item(const struct sql_select_item *item, struct buf *out) {
    if (item->expr) {
        enum sql_expr_kind k = item->expr->kind;
        bool plain = !item->star || k == SQL_E_COLUMN || k == SQL_E_CALL || k == SQL_E_FIELD ||
                     k == SQL_E_SUBSCRIPT || k == SQL_E_CAST;
        buf_add_str(out, plain ? "" : "(");
        sql_print_expr(item->expr, out);
        buf_add_str(out, plain ? "" : ")");
    }
    if (item->star)
        buf_add_str(out, item->expr ? ".*" : "*");
    if (item->star_aliases.count) {
        buf_add_str(out, " AS ");
        tree_print_idents(&item->star_aliases, out);
    }
    if (item->alias.text.ptr) {
        buf_add_str(out, " AS ");
        sql_print_ident(&item->alias, out);
    }
}

static void print_grouping_set(const struct sql_exprs *set, struct buf *out) {
    if (set->count != 1)
        buf_add_char(out, '(');
    tree_print_list(set, out);
    if (set->count != 1)
        buf_add_char(out, ')');
}

static void print_group_item(const struct sql_group_item *g, struct buf *out) {
    static const char *const words[] = {"", "ROLLUP (", "CUBE (", "GROUPING SETS ("};
    buf_add_str(out, words[g->kind]);
    for (size_t i = 0; i < g->set_count; i++) {
        tree_print_comma(i, out);
        print_grouping_set(&g->sets[i], out);
    }
    if (g->kind != SQL_GROUP_SIMPLE)
        buf_add_char(out, ')');
}

static void print_clause(const char *word, const struct sql_expr *e, struct buf *out) {
    if (!e)
        return;
    buf_add_str(out, word);
    sql_print_expr(e, out);
}

static void print_select(const struct sql_select *s, struct buf *out) {
    buf_add_str(out, s->distinct ? "SELECT DISTINCT " : "SELECT ");
    for (size_t i = 0; i < s->item_count; i++) {
        tree_print_comma(i, out);
        print_select_item(&s->items[i], out);
    }
    if (s->from) {
        buf_add_str(out, " FROM ");
        sql_print_relation(s->from, out);
    }
    print_clause(" WHERE ", s->where, out);
    for (size_t i = 0; i < s->group_count; i++) {
        buf_add_str(out, i ? ", " : s->group_distinct ? " GROUP BY DISTINCT " : " GROUP BY ");
        print_group_item(&s->groups[i], out);
    }
    print_clause(" HAVING ", s->having, out);
    for (size_t i = 0; i < s->window_count; i++) {
        buf_add_str(out, i ? ", " : " WINDOW ");
        sql_print_ident(&s->windows[i].name, out);
        buf_add_str(out, " AS ");
        tree_print_window(s->windows[i].window, out);
    }
}

/* ---- queries ---- */

static void print_body(const struct sql_body *b, struct buf *out) {
    static const char *const ops[] = {" UNION ", " INTERSECT ", " EXCEPT "};
    switch (b->kind) {
    case SQL_B_SELECT:
        print_select(b->select, out);
        break;
    case SQL_B_VALUES:
        buf_add_str(out, "VALUES ");
        tree_print_list(&b->values, out);
        break;
    case SQL_B_TABLE:
        buf_add_str(out, "TABLE ");
        tree_print_path(b->table, out);
        break;
    case SQL_B_QUERY:
        buf_add_char(out, '(');
        sql_print_query(b->query, out);
        buf_add_char(out, ')');
        break;
    case SQL_B_SET:
        print_body(b->set.left, out);
        buf_add_str(out, ops[b->set.op]);
        buf_add_str(out, b->set.all ? "ALL " : "");
        buf_add_str(out, b->set.corresponding ? "CORRESPONDING " : "");
        print_body(b->set.right, out);
        break;
    }
}

static void print_with(const struct sql_query *q, struct buf *out) {
    for (size_t i = 0; i < q->with_count; i++) {
        buf_add_str(out, i ? ", " : q->recursive ? "WITH RECURSIVE " : "WITH ");
        sql_print_ident(&q->with[i].name, out);
        if (q->with[i].columns.count) {
            buf_add_char(out, ' ');
            tree_print_idents(&q->with[i].columns, out);
        }
        buf_add_str(out, " AS (");
        sql_print_query(q->with[i].query, out);
        buf_add_char(out, ')');
    }
    if (q->with_count)
        buf_add_char(out, ' ');
}

static void print_limits(const struct sql_query *q, struct buf *out) {
    print_clause(" OFFSET ", q->offset, out);
    if (q->limit_all)
        buf_add_str(out, " LIMIT ALL");
    print_clause(q->is_fetch ? " FETCH FIRST " : " LIMIT ", q->limit, out);
    if (q->is_fetch)
        buf_add_str(out, q->with_ties ? " ROWS WITH TIES" : " ROWS ONLY");
}

void sql_print_query(const struct sql_query *q, struct buf *out) {
    print_with(q, out);
    print_body(q->body, out);
    tree_print_sort(" ", &q->order_by, out);
    print_limits(q, out);
}

void sql_print_statement(const struct sql_statement *s, struct buf *out) {
    if (s->dml)
        tree_print_dml(s, out);
    else if (s->query)
        sql_print_query(s->query, out);
    else
        tree_print_ddl(s, out);
}
