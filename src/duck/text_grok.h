/* text_grok.h - grok patterns as one regular expression. Pure, without DuckDB: the planner makes
 * it.
 *
 *     %{NAME}  %{NAME:column}  %{NAME:column:type}
 *
 * NAME is a built-in pattern or one of the table's own ("NAME expression" a line); patterns may use
 * others. A column is fed by the group of its name, else by the pattern of its name; the type is
 * the table's. Source: https://docs.aws.amazon.com/athena/latest/ug/grok-serde.html */
#ifndef TARN_DUCK_TEXT_GROK_H
#define TARN_DUCK_TEXT_GROK_H

#include "base/arena.h"
#include "base/err.h"

#define GROK_GROUPS 200

struct grok {
    struct bytes regex;
    struct bytes names[GROK_GROUPS];  /* of group "g0", "g1", .. of the regular expression */
    struct bytes groups[GROK_GROUPS]; /* "g0", .. */
    bool own_name[GROK_GROUPS];       /* said in the pattern, not the pattern's */
    size_t count;
};
/* ERR_SQL HIVE_INVALID_METADATA: an unknown pattern, one that contains itself, too many. */
int grok_compile(struct arena *a, struct bytes format, struct bytes custom, struct grok *ret,
                 struct err *e) WARN_UNUSED;
/* "g3" for a column; a name that the expression has no group for when there is none. */
struct bytes grok_group(const struct grok *g, struct bytes column);

#endif
