/* tree_int.h - what the printer's files share. */
#ifndef TARN_SQL_TREE_INT_H
#define TARN_SQL_TREE_INT_H

#include "sql/tree.h"

void tree_print_path(struct sql_path path, struct buf *out);
void tree_print_idents(const struct sql_idents *idents, struct buf *out); /* "(a, b)" */
void tree_print_string(struct bytes text, struct buf *out);               /* 'it''s' */
void tree_print_list(const struct sql_exprs *list, struct buf *out);      /* a, b */
/* `before` and "ORDER BY a, b"; nothing when there are no items. */
void tree_print_sort(const char *before, const struct sql_sort *sort, struct buf *out);
void tree_print_window(const struct sql_window *w, struct buf *out); /* "(...)" */
void tree_print_call(const struct sql_call *c, struct buf *out);
void tree_print_json(const struct sql_json_expr *j, struct buf *out);
/* An expression that must bind at least as tightly as || does. */
void tree_print_value(const struct sql_expr *e, struct buf *out);
void tree_print_ddl(const struct sql_statement *s, struct buf *out);
void tree_print_dml(const struct sql_statement *s, struct buf *out);
/* Text between items: nothing before the first. */
static inline void tree_print_comma(size_t index, struct buf *out) {
    if (index)
        buf_add_str(out, ", ");
}

#endif
