/* emit_int.h - between the emitter's files. Text goes to em->out; errors to em->rc. */
#ifndef TARN_SQL_EMIT_INT_H
#define TARN_SQL_EMIT_INT_H

#include "sql/bound.h"

#define EMIT_MAX_BYTES ((size_t)32 << 20)

/* A recursive WITH query whose step is being written out. */
struct unrolled {
    const struct bound_with *with;
    int step; /* which of its predecessors it reads */
    struct unrolled *around;
};

/* A subquery that is worked out beside a relation's rows. */
struct hoisted {
    const struct bound *x;
    const struct bound_rel *rel;
    int number;
    bool writing;
    struct hoisted *next;
};

struct emitter {
    struct arena *a;
    const struct sql_plan *plan;
    const struct bytes *relations;
    struct buf *out;
    struct err *e;
    size_t start; /* of this statement in out */
    int rc, next_lambda;
    struct {
        size_t param;
        struct bytes text;
    } subst[32]; /* a lambda's parameters that stand for something else */
    size_t subst_count;
    struct unrolled *unrolled;
    struct hoisted *hoisted;
    int next_hoisted;
    const struct bound_select
        *grouped; /* whose items are written, when it groups by what needs a key */
    const struct bound_select *around; /* such a one that a subquery is written in */
    struct layer *layer;               /* over whose columns expressions are written; NULL: none */
    bool distinct;                     /* within a DISTINCT aggregate's arguments */
};

/* Records NOT_SUPPORTED at the node's position. */
void emit_refuse(struct emitter *em, const struct bound *x, const char *fmt, ...) PRINTF_LIKE(3, 4);
void put(struct emitter *em, const char *text);
void put_bytes(struct emitter *em, struct bytes text);
void putf(struct emitter *em, const char *fmt, ...) PRINTF_LIKE(2, 3);
void put_ident(struct emitter *em, struct bytes name);
void put_type(struct emitter *em, const struct sql_type *t);

/* ---- emit.c ---- */
void emit_query(struct emitter *em, const struct bound_query *q);
/* "(query)", its columns in other types; unless `all` rows stay, as they take part in DISTINCT. */
void emit_side(struct emitter *em, const struct bound_query *q, const struct sql_type *const *types,
               bool all);
/* ---- emit_with.c ---- */
void emit_with(struct emitter *em, const struct bound_query *q);
/* "w3", or "w3_1" where a step of a recursive query reads the one before it. */
void emit_with_name(struct emitter *em, const struct bound_with *w);
/* ---- emit_relation.c ---- */
void emit_relation(struct emitter *em, const struct bound_rel *r);
/* ---- emit_hoist.c ---- */
/* Before an outer join is written: its condition's subqueries go to its relations. */
void emit_hoist(struct emitter *em, const struct bound_rel *join);
/* Writes the column that has x's value, if there is one. */
bool emit_hoisted(struct emitter *em, const struct bound *x);
/* "(SELECT *, .. FROM " before a relation that holds some; then ") AS rN" must follow it. */
bool emit_hoists_begin(struct emitter *em, const struct bound_rel *r);
/* ---- emit_key.c ---- */
/* Values of it have zones of their own, which do not count where they are told apart, or they are
 * arrays or rows of maps. */
bool emit_has_zone(const struct sql_type *t);
/* What tells values apart: of `value`, a DuckDB expression of type t; or of x. */
void emit_key(struct emitter *em, const struct sql_type *t, struct bytes value);
void emit_expr_key(struct emitter *em, const struct bound *x);
/* s when it groups by what needs a key, else NULL. */
const struct bound_select *emit_keyed(const struct bound_select *s);
/* A group as GROUP BY has it. */
void emit_group(struct emitter *em, const struct bound *x);
/* Writes x if it is one of em->grouped's groups: what the group shows. */
bool emit_grouped(struct emitter *em, const struct bound *x);
/* "SELECT DISTINCT ON (..) " when an output has zones. */
bool emit_distinct_on(struct emitter *em, const struct bound_query *q);
/* A set operation over outputs with zones, but for ALL. */
bool emit_set_on(struct emitter *em, const struct bound_query *q);
/* ---- emit_layer.c ---- */
/* What a query needs that has to group in a subquery; NULL when it has not. */
struct layer *emit_layer_of(struct emitter *em, const struct bound_query *q);
/* "SELECT g0, a0, .." of the subquery. */
void emit_layer_columns(struct emitter *em, const struct layer *l);
void emit_layer_name(struct emitter *em, const struct layer *l);
struct layer *emit_layer_around(const struct layer *l);
/* Writes x if it is a column of em->layer or of one around it. */
bool emit_layered(struct emitter *em, const struct bound *x);
/* ---- emit_expr.c ---- */
void emit_expr(struct emitter *em, const struct bound *x);
/* As it takes part in DISTINCT: maps in an order of their own, since DuckDB tells orders apart. */
void emit_distinct(struct emitter *em, const struct bound *x, bool distinct);
void emit_list(struct emitter *em, struct bound *const *xs, size_t from, size_t count,
               const char *between);
void emit_sorts(struct emitter *em, const struct bound_sorts *s, bool ordinals);
/* The text of an expression, in the arena: for use inside another's template. */
struct bytes emit_text(struct emitter *em, const struct bound *x);
/* ---- emit_template.c ---- */
void emit_template(struct emitter *em, const struct bound *x);
/* ---- emit_cast.c ---- `value` is a DuckDB expression of type `from`. */
void emit_cast(struct emitter *em, const struct bound *at, struct bytes value,
               const struct sql_type *from, const struct sql_type *to, bool is_try);
/* ---- emit_special.c ---- False when it is no such cast. */
bool emit_cast_special(struct emitter *em, struct bytes value, const struct sql_type *from,
                       const struct sql_type *to, bool is_try);
/* ---- emit_json.c ---- */
void emit_to_json(struct emitter *em, const struct bound *at, struct bytes value,
                  const struct sql_type *from);
void emit_from_json(struct emitter *em, const struct bound *at, struct bytes value,
                    const struct sql_type *to, bool is_try);
/* A value for SQL/JSON: its text behind a letter that tells its type; NULL is 'z'. */
void emit_json_item(struct emitter *em, const struct bound *x);
/* ---- emit_rewrite.c ---- */
void emit_rewrite(struct emitter *em, const struct bound *x);
/* ---- emit_time.c ---- */
/* How DuckDB holds a type of time (types.h). */
enum time_form {
    FORM_DATE,   /* DATE */
    FORM_MICROS, /* TIMESTAMP */
    FORM_WIDE,   /* HUGEINT picoseconds */
    FORM_UTC,    /* TIMESTAMPTZ */
    FORM_ZONED,  /* HUGEINT instant and zone */
    FORM_CLOCK,  /* BIGINT picoseconds of the day */
    FORM_TIMETZ  /* HUGEINT picoseconds of the UTC day and offset */
};
enum time_form time_form_of(const struct sql_type *t);
bool emit_rewrite_time(struct emitter *em, const struct bound *x);
/* What its clock shows: as TIMESTAMP (further digits dropped), or picoseconds of the day. */
void emit_local(struct emitter *em, const struct sql_type *t, struct bytes value);
/* A timestamp with time zone as FORM_ZONED, a timestamp as FORM_WIDE. */
void emit_zoned(struct emitter *em, const struct sql_type *t, struct bytes value);
void emit_wide(struct emitter *em, const struct sql_type *t, struct bytes value);
/* As format()'s %s shows it: 2020-05-10T12:34:56.100 */
void emit_java_text(struct emitter *em, const struct sql_type *t, struct bytes value);
void emit_call(struct emitter *em, const char *fn, struct bytes value);
/* ---- emit_time_cast.c ---- */
void emit_time_cast(struct emitter *em, struct bytes value, const struct sql_type *from,
                    const struct sql_type *to);
void emit_time_to_text(struct emitter *em, struct bytes value, const struct sql_type *from);
void emit_time_from_text(struct emitter *em, struct bytes value, const struct sql_type *to,
                         bool is_try);
/* ---- emit_lambda.c ---- */
bool emit_rewrite_lambda(struct emitter *em, const struct bound *x);

#endif
