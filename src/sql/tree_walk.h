/* tree_walk.h - every node of a tree, outermost first, in the order of the text. Inside sql only.
 */
#ifndef TARN_SQL_TREE_WALK_H
#define TARN_SQL_TREE_WALK_H

#include "sql/tree.h"

/* Each callback may be NULL (then the walk goes on inside); false: not inside this node. */
struct tree_walk {
    void *ctx;
    bool (*expr)(void *ctx, struct sql_expr *e);
    bool (*relation)(void *ctx, struct sql_relation *r);
    bool (*query)(void *ctx, struct sql_query *q);
    bool (*body)(void *ctx, struct sql_body *b);
};

void tree_walk_expr(const struct tree_walk *w, struct sql_expr *e);
void tree_walk_relation(const struct tree_walk *w, struct sql_relation *r);
void tree_walk_query(const struct tree_walk *w, struct sql_query *q);
void tree_walk_body(const struct tree_walk *w, struct sql_body *b);

#endif
