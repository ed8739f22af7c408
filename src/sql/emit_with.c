/* emit_with.c - WITH: named queries, and recursive ones written out.
 *
 * A recursive query is what Trino makes of it: its base, ten steps that each read the one before,
 * and an eleventh that must give no rows, or the query fails.
 *
 *     w3_0 = base, w3_1 = step over w3_0, .., w3_11 = step over w3_10
 *     w3   = w3_0 UNION ALL .. w3_10 UNION ALL (w3_11, failing on any row)
 *
 * UNION without ALL drops duplicates once, at the end. */
#include "sql/emit_int.h"

#define MAX_RECURSION_DEPTH 10

static void put_columns(struct emitter *em, size_t count) {
    for (size_t i = 0; i < count; i++)
        putf(em, i ? ", c%zu" : "(c%zu", i);
    put(em, count ? ")" : "(c0)");
}

void emit_with_name(struct emitter *em, const struct bound_with *w) {
    for (const struct unrolled *u = em->unrolled; u; u = u->around)
        if (u->with == w) {
            putf(em, "w%d_%d", w->id, u->step);
            return;
        }
    putf(em, "w%d", w->id);
}

static void emit_part(struct emitter *em, const struct bound_with *w, int index) {
    const struct bound_query *q = w->query;
    struct unrolled u = {w, index - 1, em->unrolled};
    putf(em, "w%d_%d", w->id, index);
    put_columns(em, q->column_count);
    put(em, " AS MATERIALIZED (");
    if (index == 0) {
        emit_query(em, q->left);
    } else {
        em->unrolled = &u;
        emit_side(em, q->right, q->types, true);
        em->unrolled = u.around;
    }
    put(em, "), ");
}

static void emit_recursive(struct emitter *em, const struct bound_with *w) {
    const struct bound_query *q = w->query;
    for (int i = 0; i <= MAX_RECURSION_DEPTH + 1; i++)
        emit_part(em, w, i);
    putf(em, "w%d", w->id);
    put_columns(em, q->column_count);
    put(em, q->set_all ? " AS (SELECT * FROM (" : " AS (SELECT DISTINCT * FROM (");
    for (int i = 0; i <= MAX_RECURSION_DEPTH; i++)
        putf(em, "SELECT * FROM w%d_%d UNION ALL ", w->id, i);
    /* a count over all rows: no condition is moved below it */
    putf(em, "SELECT * EXCLUDE (n) FROM (SELECT *, count(*) OVER () AS n FROM w%d_%d) AS e ", w->id,
         MAX_RECURSION_DEPTH + 1);
    putf(em, "WHERE t_recursion_limit(n, %d)) AS w)", MAX_RECURSION_DEPTH);
}

static void emit_plain(struct emitter *em, const struct bound_with *w) {
    putf(em, "w%d", w->id);
    put_columns(em, w->query->column_count);
    put(em, " AS (");
    emit_query(em, w->query);
    put(em, ")");
}

void emit_with(struct emitter *em, const struct bound_query *q) {
    bool first = true;
    for (size_t i = 0; i < q->with_count; i++) {
        const struct bound_with *w = q->with[i];
        if (!w->references)
            continue;
        put(em, first ? "WITH " : ", ");
        if (w->recursive)
            emit_recursive(em, w);
        else
            emit_plain(em, w);
        first = false;
    }
    if (!first)
        put(em, " ");
}
