/* tree_print_expr.c - expressions as canonical text.
 *
 * Each kind has a level of binding, from OR up to primaries; a child whose level is below what its
 * place in the grammar asks for gets parentheses. Parentheses of the source are not kept, so those
 * printed are exactly the needed ones. */
#include "sql/tree_int.h"

enum level {
    LEVEL_LAMBDA,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_PREDICATE,
    LEVEL_CONCAT,
    LEVEL_ADD,
    LEVEL_MULTIPLY,
    LEVEL_UNARY,
    LEVEL_AT,
    LEVEL_PRIMARY
};

static enum level op_level(enum sql_op op) {
    switch (op) {
    case SQL_OP_CONCAT:
        return LEVEL_CONCAT;
    case SQL_OP_PLUS:
    case SQL_OP_MINUS:
        return LEVEL_ADD;
    case SQL_OP_MULTIPLY:
    case SQL_OP_DIVIDE:
    case SQL_OP_MODULUS:
        return LEVEL_MULTIPLY;
    default:
        return LEVEL_PREDICATE;
    }
}

static enum level level_of(const struct sql_expr *e) {
    switch (e->kind) {
    case SQL_E_LAMBDA:
        return LEVEL_LAMBDA;
    case SQL_E_OR:
        return LEVEL_OR;
    case SQL_E_AND:
        return LEVEL_AND;
    case SQL_E_NOT:
        return LEVEL_NOT;
    case SQL_E_BETWEEN:
    case SQL_E_IN_LIST:
    case SQL_E_IN_QUERY:
    case SQL_E_LIKE:
    case SQL_E_IS_NULL:
    case SQL_E_DISTINCT:
    case SQL_E_QUANTIFIED:
        return LEVEL_PREDICATE;
    case SQL_E_BINARY_OP:
        return op_level(e->binary.op);
    case SQL_E_UNARY:
        return LEVEL_UNARY;
    case SQL_E_AT_TIME_ZONE:
    case SQL_E_AT_LOCAL:
        return LEVEL_AT;
    default:
        return LEVEL_PRIMARY;
    }
}

static void print_expr(const struct sql_expr *e, struct buf *out);

static void print_at(const struct sql_expr *e, enum level least, struct buf *out) {
    bool parens = level_of(e) < least;
    if (parens)
        buf_add_char(out, '(');
    print_expr(e, out);
    if (parens)
        buf_add_char(out, ')');
}

static void print_in_parens(const struct sql_expr *e, struct buf *out) {
    buf_add_char(out, '(');
    print_expr(e, out);
    buf_add_char(out, ')');
}

void tree_print_value(const struct sql_expr *e, struct buf *out) {
    print_at(e, LEVEL_CONCAT, out);
}

static void print_query(const struct sql_query *q, struct buf *out) {
    buf_add_char(out, '(');
    sql_print_query(q, out);
    buf_add_char(out, ')');
}

const char *sql_op_text(enum sql_op op) {
    static const char *const texts[] = {"+", "-",  "*", "/",  "%", "||",
                                        "=", "<>", "<", "<=", ">", ">="};
    return texts[op];
}

static void print_hex(struct bytes b, struct buf *out) {
    buf_add_str(out, "X'");
    for (size_t i = 0; i < b.len; i++)
        buf_add_fmt(out, "%02X", (unsigned char)b.ptr[i]);
    buf_add_char(out, '\'');
}

static void print_interval(const struct sql_expr *e, struct buf *out) {
    buf_add_str(out, e->interval.negative ? "INTERVAL -" : "INTERVAL ");
    tree_print_string(e->interval.text, out);
    buf_add_fmt(out, " %s", sql_unit_text(e->interval.from));
    if (e->interval.to != e->interval.from)
        buf_add_fmt(out, " TO %s", sql_unit_text(e->interval.to));
}

static void print_binary(const struct sql_expr *e, struct buf *out) {
    enum level level = op_level(e->binary.op);
    bool predicate = level == LEVEL_PREDICATE;
    print_at(e->binary.left, predicate ? LEVEL_CONCAT : level, out);
    buf_add_fmt(out, " %s ", sql_op_text(e->binary.op));
    print_at(e->binary.right, level + 1, out);
}

/* -(1) is not the literal -1, and --x would be a comment: signs stand apart, without parentheses,
 * which would double the depth of a long chain of them. */
static void print_unary(const struct sql_expr *e, struct buf *out) {
    const struct sql_expr *child = e->binary.left;
    buf_add_str(out, sql_op_text(e->binary.op));
    if (child->kind == SQL_E_INTEGER || child->kind == SQL_E_DECIMAL ||
        child->kind == SQL_E_DOUBLE) {
        print_in_parens(child, out);
    } else if (child->kind == SQL_E_UNARY) {
        buf_add_char(out, ' ');
        print_unary(child, out);
    } else {
        print_at(child, LEVEL_AT, out);
    }
}

static void print_logical(const struct sql_expr *e, struct buf *out) {
    enum level level = e->kind == SQL_E_AND ? LEVEL_AND : LEVEL_OR;
    for (size_t i = 0; i < e->list.count; i++) {
        if (i)
            buf_add_str(out, level == LEVEL_AND ? " AND " : " OR ");
        print_at(e->list.items[i], level + 1, out);
    }
}

static const char *not_if(bool negated) {
    return negated ? " NOT" : "";
}

static void print_between(const struct sql_expr *e, struct buf *out) {
    tree_print_value(e->between.value, out);
    buf_add_fmt(out, "%s BETWEEN ", not_if(e->between.negated));
    tree_print_value(e->between.low, out);
    buf_add_str(out, " AND ");
    tree_print_value(e->between.high, out);
}

static void print_in(const struct sql_expr *e, struct buf *out) {
    tree_print_value(e->in.value, out);
    buf_add_fmt(out, "%s IN ", not_if(e->in.negated));
    if (e->kind == SQL_E_IN_QUERY) {
        print_query(e->in.query, out);
        return;
    }
    buf_add_char(out, '(');
    tree_print_list(&e->in.list, out);
    buf_add_char(out, ')');
}

static void print_like(const struct sql_expr *e, struct buf *out) {
    tree_print_value(e->like.value, out);
    buf_add_fmt(out, "%s LIKE ", not_if(e->like.negated));
    tree_print_value(e->like.pattern, out);
    if (!e->like.escape)
        return;
    buf_add_str(out, " ESCAPE ");
    tree_print_value(e->like.escape, out);
}

static void print_distinct(const struct sql_expr *e, struct buf *out) {
    tree_print_value(e->distinct.left, out);
    buf_add_fmt(out, " IS%s DISTINCT FROM ", not_if(e->distinct.negated));
    tree_print_value(e->distinct.right, out);
}

static void print_quantified(const struct sql_expr *e, struct buf *out) {
    tree_print_value(e->quantified.value, out);
    buf_add_fmt(out, " %s %s ", sql_op_text(e->quantified.op), e->quantified.all ? "ALL" : "ANY");
    print_query(e->quantified.query, out);
}

static void print_case(const struct sql_expr *e, struct buf *out) {
    buf_add_str(out, "CASE");
    if (e->casing.operand) {
        buf_add_char(out, ' ');
        print_expr(e->casing.operand, out);
    }
    for (size_t i = 0; i < e->casing.when_count; i++) {
        buf_add_str(out, " WHEN ");
        print_expr(e->casing.whens[i].condition, out);
        buf_add_str(out, " THEN ");
        print_expr(e->casing.whens[i].result, out);
    }
    if (e->casing.otherwise) {
        buf_add_str(out, " ELSE ");
        print_expr(e->casing.otherwise, out);
    }
    buf_add_str(out, " END");
}

static void print_cast(const struct sql_expr *e, struct buf *out) {
    buf_add_str(out, e->cast.is_try ? "TRY_CAST(" : "CAST(");
    print_expr(e->cast.value, out);
    buf_add_str(out, " AS ");
    sql_print_type(e->cast.type, out);
    buf_add_char(out, ')');
}

static void print_row(const struct sql_expr *e, struct buf *out) {
    buf_add_str(out, "ROW(");
    for (size_t i = 0; i < e->row.items.count; i++) {
        tree_print_comma(i, out);
        print_expr(e->row.items.items[i], out);
        if (e->row.names && e->row.names[i].text.ptr) {
            buf_add_str(out, " AS ");
            sql_print_ident(&e->row.names[i], out);
        }
    }
    buf_add_char(out, ')');
}

static void print_lambda(const struct sql_expr *e, struct buf *out) {
    if (e->lambda.params.count == 1)
        sql_print_ident(&e->lambda.params.items[0], out);
    else
        tree_print_idents(&e->lambda.params, out);
    buf_add_str(out, " -> ");
    print_expr(e->lambda.body, out);
}

static void print_current(const struct sql_expr *e, struct buf *out) {
    static const char *const names[] = {"CURRENT_DATE",    "CURRENT_TIME",   "CURRENT_TIMESTAMP",
                                        "LOCALTIME",       "LOCALTIMESTAMP", "CURRENT_USER",
                                        "CURRENT_CATALOG", "CURRENT_SCHEMA", "CURRENT_PATH"};
    buf_add_str(out, names[e->current.what]);
    if (e->current.precision >= 0)
        buf_add_fmt(out, "(%d)", e->current.precision);
}

static void print_field(const struct sql_expr *e, struct buf *out) {
    enum sql_expr_kind k = e->field.base->kind;
    if (k == SQL_E_CALL || k == SQL_E_SUBSCRIPT || k == SQL_E_FIELD || k == SQL_E_CAST ||
        k == SQL_E_SUBQUERY || k == SQL_E_ROW || k == SQL_E_ARRAY)
        print_expr(e->field.base, out);
    else
        print_in_parens(e->field.base, out);
    buf_add_char(out, '.');
    sql_print_ident(&e->field.name, out);
}

static void print_subscript(const struct sql_expr *e, struct buf *out) {
    print_at(e->binary.left, LEVEL_PRIMARY, out);
    buf_add_char(out, '[');
    tree_print_value(e->binary.right, out);
    buf_add_char(out, ']');
}

static void print_bracketed(const char *before, const struct sql_exprs *list, const char *after,
                            struct buf *out) {
    buf_add_str(out, before);
    tree_print_list(list, out);
    buf_add_str(out, after);
}

static void print_literal(const struct sql_expr *e, struct buf *out) {
    switch (e->kind) {
    case SQL_E_BOOLEAN:
        buf_add_str(out, e->boolean ? "TRUE" : "FALSE");
        break;
    case SQL_E_INTEGER:
        buf_add_fmt(out, "%lld", (long long)e->integer);
        break;
    case SQL_E_DECIMAL:
    case SQL_E_DOUBLE:
        buf_add(out, e->text);
        break;
    case SQL_E_STRING:
        tree_print_string(e->text, out);
        break;
    case SQL_E_BINARY:
        print_hex(e->text, out);
        break;
    case SQL_E_TYPED_LITERAL:
        sql_print_type(e->typed.type, out);
        buf_add_char(out, ' ');
        tree_print_string(e->typed.text, out);
        break;
    case SQL_E_INTERVAL:
        print_interval(e, out);
        break;
    default:
        buf_add_str(out, "NULL");
    }
}

static void print_postfix(const struct sql_expr *e, struct buf *out) {
    switch (e->kind) {
    case SQL_E_IS_NULL:
        tree_print_value(e->is.value, out);
        buf_add_fmt(out, " IS%s NULL", not_if(e->is.negated));
        break;
    case SQL_E_AT_TIME_ZONE:
        print_at(e->binary.left, LEVEL_AT, out);
        buf_add_str(out, " AT TIME ZONE ");
        print_at(e->binary.right, LEVEL_PRIMARY, out);
        break;
    case SQL_E_AT_LOCAL:
        print_at(e->child, LEVEL_AT, out);
        buf_add_str(out, " AT LOCAL");
        break;
    default:
        buf_add_fmt(out, "EXTRACT(%.*s FROM ", BYTES_ARG(e->extract.field));
        tree_print_value(e->extract.value, out);
        buf_add_char(out, ')');
    }
}

static void print_operator(const struct sql_expr *e, struct buf *out) {
    switch (e->kind) {
    case SQL_E_UNARY:
        print_unary(e, out);
        break;
    case SQL_E_BINARY_OP:
        print_binary(e, out);
        break;
    case SQL_E_NOT:
        buf_add_str(out, "NOT ");
        print_at(e->child, LEVEL_NOT, out);
        break;
    case SQL_E_AND:
    case SQL_E_OR:
        print_logical(e, out);
        break;
    case SQL_E_BETWEEN:
        print_between(e, out);
        break;
    case SQL_E_IN_LIST:
    case SQL_E_IN_QUERY:
        print_in(e, out);
        break;
    case SQL_E_LIKE:
        print_like(e, out);
        break;
    case SQL_E_DISTINCT:
        print_distinct(e, out);
        break;
    case SQL_E_QUANTIFIED:
        print_quantified(e, out);
        break;
    default:
        print_postfix(e, out);
    }
}

static void print_form(const struct sql_expr *e, struct buf *out) {
    switch (e->kind) {
    case SQL_E_COLUMN:
        tree_print_path(e->path, out);
        break;
    case SQL_E_FIELD:
        print_field(e, out);
        break;
    case SQL_E_PARAMETER:
        buf_add_char(out, '?');
        break;
    case SQL_E_EXISTS:
        buf_add_str(out, "EXISTS ");
        print_query(e->query, out);
        break;
    case SQL_E_SUBQUERY:
        print_query(e->query, out);
        break;
    case SQL_E_SUBSCRIPT:
        print_subscript(e, out);
        break;
    case SQL_E_CASE:
        print_case(e, out);
        break;
    case SQL_E_CAST:
        print_cast(e, out);
        break;
    case SQL_E_CALL:
        tree_print_call(e->call, out);
        break;
    case SQL_E_ROW:
        print_row(e, out);
        break;
    case SQL_E_ARRAY:
        print_bracketed("ARRAY[", &e->list, "]", out);
        break;
    case SQL_E_GROUPING:
        print_bracketed("GROUPING(", &e->list, ")", out);
        break;
    case SQL_E_LAMBDA:
        print_lambda(e, out);
        break;
    case SQL_E_CURRENT:
        print_current(e, out);
        break;
    case SQL_E_JSON:
        tree_print_json(e->json, out);
        break;
    default:
        print_operator(e, out);
    }
}

static void print_expr(const struct sql_expr *e, struct buf *out) {
    if (e->kind <= SQL_E_INTERVAL)
        print_literal(e, out);
    else
        print_form(e, out);
}

void sql_print_expr(const struct sql_expr *e, struct buf *out) {
    print_expr(e, out);
}

void tree_print_list(const struct sql_exprs *list, struct buf *out) {
    for (size_t i = 0; i < list->count; i++) {
        tree_print_comma(i, out);
        print_expr(list->items[i], out);
    }
}
