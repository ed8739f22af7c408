/* tree_print_call.c - calls, windows and SQL/JSON as canonical text. */
#include "sql/tree_int.h"

static bool is_plain_call(const struct sql_call *c, const char *name) {
    return c->name.count == 1 && !c->name.parts[0].quoted &&
           bytes_eq_nocase(c->name.parts[0].text, bytes_str(name));
}

/* TRIM and NORMALIZE are reserved words with argument grammars of their own. */
static bool print_reserved_call(const struct sql_call *c, struct buf *out) {
    if (is_plain_call(c, "normalize") && c->args.count == 2 &&
        c->args.items[1]->kind == SQL_E_STRING) {
        buf_add_str(out, "NORMALIZE(");
        tree_print_value(c->args.items[0], out);
        buf_add_fmt(out, ", %.*s)", BYTES_ARG(c->args.items[1]->text));
        return true;
    }
    if (!is_plain_call(c, "trim"))
        return false;
    buf_add_str(out, "TRIM(");
    for (size_t i = 0; i < c->args.count; i++) {
        tree_print_comma(i, out);
        tree_print_value(c->args.items[i], out);
    }
    buf_add_char(out, ')');
    return true;
}

static void print_overflow(const struct sql_call *c, struct buf *out) {
    if (c->overflow == SQL_OVERFLOW_UNSAID)
        return;
    buf_add_str(out, " ON OVERFLOW ");
    if (c->overflow == SQL_OVERFLOW_ERROR) {
        buf_add_str(out, "ERROR");
        return;
    }
    buf_add_str(out, "TRUNCATE ");
    if (c->overflow_filler) {
        sql_print_expr(c->overflow_filler, out);
        buf_add_char(out, ' ');
    }
    buf_add_str(out, c->overflow_with_count ? "WITH COUNT" : "WITHOUT COUNT");
}

static void print_args(const struct sql_call *c, struct buf *out) {
    buf_add_char(out, '(');
    if (c->star)
        buf_add_char(out, '*');
    if (c->distinct)
        buf_add_str(out, "DISTINCT ");
    for (size_t i = 0; i < c->args.count; i++) {
        tree_print_comma(i, out);
        if (c->arg_names && c->arg_names[i].text.ptr) {
            sql_print_ident(&c->arg_names[i], out);
            buf_add_str(out, " => ");
        }
        sql_print_expr(c->args.items[i], out);
    }
    print_overflow(c, out);
    tree_print_sort(" ", &c->order_by, out);
    buf_add_char(out, ')');
}

void tree_print_call(const struct sql_call *c, struct buf *out) {
    if (print_reserved_call(c, out))
        return;
    tree_print_path(c->name, out);
    print_args(c, out);
    if (c->within_group.count) {
        buf_add_str(out, " WITHIN GROUP (");
        tree_print_sort("", &c->within_group, out);
        buf_add_char(out, ')');
    }
    if (c->filter) {
        buf_add_str(out, " FILTER (WHERE ");
        sql_print_expr(c->filter, out);
        buf_add_char(out, ')');
    }
    if (c->null_treatment != SQL_NULLS_UNSAID)
        buf_add_str(out,
                    c->null_treatment == SQL_NULLS_IGNORE ? " IGNORE NULLS" : " RESPECT NULLS");
    if (c->over) {
        buf_add_str(out, " OVER ");
        tree_print_window(c->over, out);
    }
}

/* ---- ORDER BY and windows ---- */

void tree_print_sort(const char *before, const struct sql_sort *sort, struct buf *out) {
    static const char *const nulls[] = {"", " NULLS FIRST", " NULLS LAST"};
    if (sort->count)
        buf_add_fmt(out, "%sORDER BY ", before);
    for (size_t i = 0; i < sort->count; i++) {
        tree_print_comma(i, out);
        sql_print_expr(sort->items[i].expr, out);
        buf_add_str(out, sort->items[i].descending ? " DESC" : "");
        buf_add_str(out, nulls[sort->items[i].nulls]);
    }
}

static void print_bound(const struct sql_bound *b, struct buf *out) {
    static const char *const words[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW",
                                        " FOLLOWING", "UNBOUNDED FOLLOWING"};
    if (b->value)
        sql_print_expr(b->value, out);
    buf_add_str(out, words[b->kind]);
}

static void print_frame(const struct sql_frame *f, struct buf *out) {
    static const char *const modes[] = {"ROWS ", "RANGE ", "GROUPS "};
    buf_add_str(out, modes[f->mode]);
    if (f->has_end)
        buf_add_str(out, "BETWEEN ");
    print_bound(&f->start, out);
    if (f->has_end) {
        buf_add_str(out, " AND ");
        print_bound(&f->end, out);
    }
}

void tree_print_window(const struct sql_window *w, struct buf *out) {
    if (w->only_name) {
        sql_print_ident(&w->base, out);
        return;
    }
    const char *gap = "";
    buf_add_char(out, '(');
    if (w->base.text.ptr) {
        sql_print_ident(&w->base, out);
        gap = " ";
    }
    if (w->partition_by.count) {
        buf_add_fmt(out, "%sPARTITION BY ", gap);
        tree_print_list(&w->partition_by, out);
        gap = " ";
    }
    tree_print_sort(gap, &w->order_by, out);
    if (w->order_by.count)
        gap = " ";
    if (w->frame) {
        buf_add_str(out, gap);
        print_frame(w->frame, out);
    }
    buf_add_char(out, ')');
}

/* ---- SQL/JSON ---- */

static void print_behavior(enum sql_json_behavior what, const struct sql_expr *value,
                           const char *when, struct buf *out) {
    static const char *const words[] = {
        "", "NULL", "ERROR", "DEFAULT ", "EMPTY ARRAY", "EMPTY OBJECT", "TRUE", "FALSE", "UNKNOWN"};
    if (what == SQL_JSON_UNSAID)
        return;
    buf_add_fmt(out, " %s", words[what]);
    if (value)
        sql_print_expr(value, out);
    buf_add_fmt(out, " ON %s", when);
}

static void print_format(enum sql_json_format f, struct buf *out) {
    static const char *const words[] = {"", " FORMAT JSON", " FORMAT JSON ENCODING UTF8",
                                        " FORMAT JSON ENCODING UTF16",
                                        " FORMAT JSON ENCODING UTF32"};
    buf_add_str(out, words[f]);
}

static void print_invocation(const struct sql_json_expr *j, struct buf *out) {
    sql_print_expr(j->input, out);
    print_format(j->input_format, out);
    buf_add_str(out, ", ");
    tree_print_string(j->path, out);
    if (j->path_name.text.ptr) {
        buf_add_str(out, " AS ");
        sql_print_ident(&j->path_name, out);
    }
    for (size_t i = 0; i < j->passing.count; i++) {
        buf_add_str(out, i ? ", " : " PASSING ");
        sql_print_expr(j->passing.items[i], out);
        print_format(j->passing_formats[i], out);
        buf_add_str(out, " AS ");
        sql_print_ident(&j->names[i], out);
    }
}

static void print_members(const struct sql_json_expr *j, struct buf *out) {
    bool is_object = j->function == SQL_JSON_OBJECT;
    for (size_t i = 0; i < j->values.count; i++) {
        tree_print_comma(i, out);
        if (is_object) {
            buf_add_str(out, "KEY ");
            sql_print_expr(j->keys.items[i], out);
            buf_add_str(out, " VALUE ");
        }
        sql_print_expr(j->values.items[i], out);
        print_format(j->formats[i], out);
    }
    if (!j->values.count)
        return;
    buf_add_str(out, j->null_on_null ? " NULL ON NULL" : " ABSENT ON NULL");
    buf_add_str(out, j->unique_keys ? " WITH UNIQUE KEYS" : "");
}

static void print_query_options(const struct sql_json_expr *j, struct buf *out) {
    static const char *const wrappers[] = {"", " WITHOUT ARRAY WRAPPER",
                                           " WITH CONDITIONAL ARRAY WRAPPER",
                                           " WITH UNCONDITIONAL ARRAY WRAPPER"};
    static const char *const quotes[] = {"", " KEEP QUOTES", " OMIT QUOTES"};
    buf_add_str(out, wrappers[j->wrapper]);
    buf_add_str(out, quotes[j->quotes]);
}

void tree_print_json(const struct sql_json_expr *j, struct buf *out) {
    static const char *const names[] = {"JSON_EXISTS(", "JSON_VALUE(", "JSON_QUERY(",
                                        "JSON_OBJECT(", "JSON_ARRAY("};
    buf_add_str(out, names[j->function]);
    if (j->input)
        print_invocation(j, out);
    else
        print_members(j, out);
    if (j->returning) {
        buf_add_str(out, " RETURNING ");
        sql_print_type(j->returning, out);
        print_format(j->returning_format, out);
    }
    print_query_options(j, out);
    print_behavior(j->on_empty, j->empty_default, "EMPTY", out);
    print_behavior(j->on_error, j->error_default, "ERROR", out);
    buf_add_char(out, ')');
}
