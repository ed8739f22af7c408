/* tree_walk.c - a visitor over the tree.
 *
 * Children come in the order in which Trino lists them, so that "the first reference" is the one it
 * reports: WITH, body, ORDER BY; of a SELECT items, FROM, WHERE, GROUP BY, HAVING, WINDOW. */
#include "sql/tree_walk.h"

static void walk_list(const struct tree_walk *w, const struct sql_exprs *list) {
    for (size_t i = 0; i < list->count; i++)
        tree_walk_expr(w, list->items[i]);
}

static void walk_sort(const struct tree_walk *w, const struct sql_sort *s) {
    for (size_t i = 0; i < s->count; i++)
        tree_walk_expr(w, s->items[i].expr);
}

static void walk_window(const struct tree_walk *w, const struct sql_window *s) {
    walk_list(w, &s->partition_by);
    walk_sort(w, &s->order_by);
    if (!s->frame)
        return;
    tree_walk_expr(w, s->frame->start.value);
    tree_walk_expr(w, s->frame->end.value);
}

static void walk_call(const struct tree_walk *w, const struct sql_call *c) {
    walk_list(w, &c->args);
    if (c->over)
        walk_window(w, c->over);
    tree_walk_expr(w, c->filter);
    walk_sort(w, &c->order_by);
    walk_sort(w, &c->within_group);
}

static void walk_json(const struct tree_walk *w, const struct sql_json_expr *j) {
    tree_walk_expr(w, j->input);
    walk_list(w, &j->passing);
    walk_list(w, &j->keys);
    walk_list(w, &j->values);
    tree_walk_expr(w, j->empty_default);
    tree_walk_expr(w, j->error_default);
}

static void walk_case(const struct tree_walk *w, const struct sql_expr *e) {
    tree_walk_expr(w, e->casing.operand);
    for (size_t i = 0; i < e->casing.when_count; i++) {
        tree_walk_expr(w, e->casing.whens[i].condition);
        tree_walk_expr(w, e->casing.whens[i].result);
    }
    tree_walk_expr(w, e->casing.otherwise);
}

static void walk_inside(const struct tree_walk *w, const struct sql_expr *e) {
    switch (e->kind) {
    case SQL_E_FIELD:
        tree_walk_expr(w, e->field.base);
        break;
    case SQL_E_UNARY:
    case SQL_E_BINARY_OP:
    case SQL_E_AT_TIME_ZONE:
    case SQL_E_SUBSCRIPT:
        tree_walk_expr(w, e->binary.left);
        tree_walk_expr(w, e->binary.right);
        break;
    case SQL_E_NOT:
    case SQL_E_AT_LOCAL:
        tree_walk_expr(w, e->child);
        break;
    case SQL_E_AND:
    case SQL_E_OR:
    case SQL_E_ARRAY:
    case SQL_E_GROUPING:
        walk_list(w, &e->list);
        break;
    case SQL_E_BETWEEN:
        tree_walk_expr(w, e->between.value);
        tree_walk_expr(w, e->between.low);
        tree_walk_expr(w, e->between.high);
        break;
    case SQL_E_IN_LIST:
        tree_walk_expr(w, e->in.value);
        walk_list(w, &e->in.list);
        break;
    case SQL_E_IN_QUERY:
        tree_walk_expr(w, e->in.value);
        tree_walk_query(w, e->in.query);
        break;
    case SQL_E_LIKE:
        tree_walk_expr(w, e->like.value);
        tree_walk_expr(w, e->like.pattern);
        tree_walk_expr(w, e->like.escape);
        break;
    case SQL_E_IS_NULL:
        tree_walk_expr(w, e->is.value);
        break;
    case SQL_E_DISTINCT:
        tree_walk_expr(w, e->distinct.left);
        tree_walk_expr(w, e->distinct.right);
        break;
    case SQL_E_EXISTS:
    case SQL_E_SUBQUERY:
        tree_walk_query(w, e->query);
        break;
    case SQL_E_QUANTIFIED:
        tree_walk_expr(w, e->quantified.value);
        tree_walk_query(w, e->quantified.query);
        break;
    case SQL_E_CASE:
        walk_case(w, e);
        break;
    case SQL_E_CAST:
        tree_walk_expr(w, e->cast.value);
        break;
    case SQL_E_CALL:
        walk_call(w, e->call);
        break;
    case SQL_E_EXTRACT:
        tree_walk_expr(w, e->extract.value);
        break;
    case SQL_E_ROW:
        walk_list(w, &e->row.items);
        break;
    case SQL_E_LAMBDA:
        tree_walk_expr(w, e->lambda.body);
        break;
    case SQL_E_JSON:
        walk_json(w, e->json);
        break;
    default:
        break;
    }
}

void tree_walk_expr(const struct tree_walk *w, struct sql_expr *e) {
    if (e && (!w->expr || w->expr(w->ctx, e)))
        walk_inside(w, e);
}

void tree_walk_relation(const struct tree_walk *w, struct sql_relation *r) {
    if (!r || (w->relation && !w->relation(w->ctx, r)))
        return;
    switch (r->kind) {
    case SQL_R_TABLE:
        tree_walk_expr(w, r->table.as_of);
        break;
    case SQL_R_SUBQUERY:
        tree_walk_query(w, r->subquery.query);
        break;
    case SQL_R_JOIN:
        tree_walk_relation(w, r->join.left);
        tree_walk_relation(w, r->join.right);
        tree_walk_expr(w, r->join.on);
        break;
    case SQL_R_UNNEST:
        walk_list(w, &r->unnest.args);
        break;
    case SQL_R_PAREN:
        tree_walk_relation(w, r->paren);
        break;
    case SQL_R_FUNCTION:
        walk_call(w, r->call);
        break;
    }
}

static void walk_select(const struct tree_walk *w, struct sql_select *s) {
    for (size_t i = 0; i < s->item_count; i++)
        tree_walk_expr(w, s->items[i].expr);
    tree_walk_relation(w, s->from);
    tree_walk_expr(w, s->where);
    for (size_t i = 0; i < s->group_count; i++)
        for (size_t j = 0; j < s->groups[i].set_count; j++)
            walk_list(w, &s->groups[i].sets[j]);
    tree_walk_expr(w, s->having);
    for (size_t i = 0; i < s->window_count; i++)
        walk_window(w, s->windows[i].window);
}

void tree_walk_body(const struct tree_walk *w, struct sql_body *b) {
    if (!b || (w->body && !w->body(w->ctx, b)))
        return;
    switch (b->kind) {
    case SQL_B_SELECT:
        walk_select(w, b->select);
        break;
    case SQL_B_SET:
        tree_walk_body(w, b->set.left);
        tree_walk_body(w, b->set.right);
        break;
    case SQL_B_VALUES:
        walk_list(w, &b->values);
        break;
    case SQL_B_QUERY:
        tree_walk_query(w, b->query);
        break;
    default:
        break;
    }
}

void tree_walk_query(const struct tree_walk *w, struct sql_query *q) {
    if (!q || (w->query && !w->query(w->ctx, q)))
        return;
    for (size_t i = 0; i < q->with_count; i++)
        tree_walk_query(w, q->with[i].query);
    tree_walk_body(w, q->body);
    walk_sort(w, &q->order_by);
    tree_walk_expr(w, q->offset);
    tree_walk_expr(w, q->limit);
}
