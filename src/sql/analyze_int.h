/* analyze_int.h - between the analyzer's files.
 *
 * Functions that make something return NULL after they have recorded the error (fail) or when the
 * arena is full; the entry point tells the two apart. */
#ifndef TARN_SQL_ANALYZE_INT_H
#define TARN_SQL_ANALYZE_INT_H

#include "sql/bound.h"

struct scope_field {
    struct bytes database, table; /* how it may be qualified; empty: not */
    struct bytes name;            /* empty: none */
    struct bound *value;
    bool hidden;   /* the right side's column of a USING: no name reaches it, nor does the star */
    bool unlisted; /* a hidden column of a table: a name reaches it, the star does not */
};
/* The names an expression sees: its own fields, then the parents'. */
struct scope {
    struct scope *parent;
    struct scope_field *fields;
    size_t count;
    bool is_output; /* ORDER BY: names of the select list; the parent is the same query's FROM */
    bool barred;    /* an output: not from within an aggregate */
    bool is_lambda;
    bool is_used;       /* a name was found here */
    bool sealed;        /* an outer join's: neither names from outside nor queries inside */
    const char *closed; /* lateral references are refused, and why */
};

struct cte {
    struct bytes name;
    struct bound_with *with;
    struct cte *next;
};

/* A query within an expression, by where it stands. */
struct inner_query {
    const struct bound_select *select;
    const struct scope *scope; /* of that SELECT, while it is analyzed */
    struct bytes text;
    struct bound_query *query;
    struct inner_query *next;
};

/* What may stand in an expression, by clause. */
struct clause {
    const char *name; /* for error texts; NULL: everything may */
    bool no_aggregates;
};

/* The views around a name, innermost first. */
struct view_frame {
    struct bytes database, name;
    const struct view_frame *outer;
};

struct analyzer {
    struct arena *a;
    const struct sql_env *env;
    struct sql_statement *statement;
    struct sql_plan *plan;
    struct err *e;
    int rc; /* the first error */
    int next_id, next_param, depth;
    struct cte *ctes;
    struct inner_query *inner;
    const struct view_frame *views;
    int view_depth;
    size_t view_count;          /* expanded so far */
    bool too_many_views;        /* the error is about the statement, not about one view */
    struct bytes catalog_alias; /* what the view's author called the catalogue */
    const struct sql_view_statement *replaces; /* CREATE OR REPLACE VIEW */
};

struct named_window {
    struct sql_ident name;
    struct bound_window *window;
};

/* One expression's surroundings. */
struct ctx {
    struct analyzer *z;
    struct scope *scope;
    struct bound_select *select; /* NULL: none (VALUES, LIMIT) */
    const char *no_aggregates;   /* clause that refuses them, e.g. "WHERE clause" */
    struct sql_pos clause_pos;   /* its expression */
    const char *in_aggregate;    /* name of the aggregate around */
    struct sql_pos aggregate_pos;
    const char *no_windows; /* why there may be no window function here */
    bool in_lambda;
    struct named_window *windows;
    size_t window_count;
};

#define ANALYZE_MAX_DEPTH 1100

/* Records ERR_SQL `name` at a position, text prefixed with it; returns NULL for `return fail(..)`.
 */
void *fail(struct analyzer *z, struct sql_pos pos, const char *name, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* The same for an error that another module wrote without a position. */
void *fail_at(struct analyzer *z, struct sql_pos pos, const struct err *from);
struct bytes type_text(struct analyzer *z, const struct sql_type *t);
struct bytes lower_copy(struct analyzer *z, struct bytes text);
struct bytes expr_text(struct analyzer *z, const struct sql_expr *e);

/* Aggregates are refused in the clause `name`, which is e. */
void enter_clause(struct ctx *c, const char *name, const struct sql_expr *e);
/* A query inside has clauses of its own. */
void leave_clauses(struct ctx *c);
/* The name or path that stands at a position of the text. */
struct bytes name_at(struct analyzer *z, struct sql_pos pos);

/* ---- scope.c ---- */
/* A column, or a field of a row column, by its path. */
struct bound *scope_resolve(struct ctx *c, const struct sql_path *path, struct sql_pos pos);
bool scope_field_matches(const struct scope_field *f, const struct sql_ident *parts, size_t count,
                         struct bytes default_database);
struct bound *make_field(struct ctx *c, struct bound *row, struct bytes name, struct sql_pos pos);

/* ---- analyze_expr.c ---- */
struct bound *bind_expr(struct ctx *c, struct sql_expr *e);
/* bind_expr, then coerced; TYPE_MISMATCH "<what> must evaluate to a <type>: actual type ..". */
struct bound *bind_boolean(struct ctx *c, struct sql_expr *e, const char *what);
/* NULL when the list could not be bound; count 0 gives a valid pointer. */
struct bound **bind_list(struct ctx *c, const struct sql_exprs *list);
const struct sql_type *common_of(struct analyzer *z, struct bound *const *xs, size_t count);

/* ---- analyze_op.c ---- */
struct bound *bind_arithmetic(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                              struct sql_pos pos);
struct bound *bind_negation(struct ctx *c, struct bound *x, struct sql_pos pos);
struct bound *bind_comparison(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                              struct sql_pos pos);
struct bound *bind_in_list(struct ctx *c, const struct sql_expr *e);
struct bound *bind_between(struct ctx *c, const struct sql_expr *e);
struct bound *bind_not(struct ctx *c, struct bound *x);
/* Field `index` of a row, as it was made if it was made here. */
struct bound *row_field(struct ctx *c, struct bound *row, size_t index);
struct bound *bind_concat(struct ctx *c, struct bound *l, struct bound *r, struct sql_pos pos);
struct bound *bind_subscript(struct ctx *c, const struct sql_expr *e);

void *cannot_apply(struct ctx *c, const char *op, const struct bound *l, const struct bound *r,
                   struct sql_pos pos);

/* ---- analyze_time.c ---- */
bool is_time_arithmetic(const struct bound *l, const struct bound *r);
struct bound *bind_time_arithmetic(struct ctx *c, enum sql_op op, struct bound *l, struct bound *r,
                                   struct sql_pos pos);
struct bound *bind_extract(struct ctx *c, const struct sql_expr *e);
struct bound *bind_at_time_zone(struct ctx *c, const struct sql_expr *e);
/* A timestamp with time zone as one that compares by instant; others as they are. */
struct bound *same_instant(struct ctx *c, struct bound *x);
/* The same for a time with time zone: what it gives may only be compared. */
struct bound *same_clock(struct ctx *c, struct bound *x);
/* DuckDB holds it as an integer of picoseconds. */
bool is_packed(const struct sql_type *t);

/* ---- analyze_literal.c ---- */
struct bound *bind_literal(struct ctx *c, const struct sql_expr *e);
/* DuckDB's CAST of the text, which is also the value. */
struct bound *cast_literal(struct analyzer *z, const struct sql_type *t, struct sql_pos pos,
                           struct bytes text);
struct bound *bad_literal(struct analyzer *z, struct sql_pos pos, struct bytes text,
                          const char *type);
struct bound *string_literal(struct analyzer *z, struct bytes text, struct sql_pos pos);
struct bound *integer_literal(struct analyzer *z, int64_t v, struct sql_pos pos);
/* ---- analyze_literal_time.c ---- */
struct bound *typed_time(struct analyzer *z, const struct sql_expr *e, const struct sql_type *t);
struct bound *interval_literal(struct analyzer *z, const struct sql_expr *e);
struct bound *bind_current(struct ctx *c, const struct sql_expr *e);
const struct sql_type *resolve_type(struct analyzer *z, const struct sql_type_name *t);

/* ---- analyze_json.c ---- */
struct bound *bind_json(struct ctx *c, const struct sql_expr *e);

/* ---- analyze_call.c ---- */
struct bound *bind_call(struct ctx *c, const struct sql_expr *e);
/* A call by name on bound arguments. */
struct bound *call_function(struct ctx *c, const char *name, struct bound **args, size_t count,
                            struct sql_pos pos);

/* ---- analyze_correlated.c ---- */
enum correlated_kind {
    CORRELATED_SCALAR,
    CORRELATED_LATERAL,
    CORRELATED_EXISTS,
    CORRELATED_IN,
    CORRELATED_COMPARED /* to all of its rows */
};
/* Refuses the correlated queries that Trino does. */
bool check_correlated(struct analyzer *z, struct bound_query *q, enum correlated_kind kind,
                      struct sql_pos pos);

/* ---- analyze_subquery.c ---- */
struct bound *bind_exists(struct ctx *c, const struct sql_expr *e);
struct bound *bind_scalar(struct ctx *c, const struct sql_expr *e);
struct bound *bind_in_query(struct ctx *c, const struct sql_expr *e);
struct bound *bind_quantified(struct ctx *c, const struct sql_expr *e);

/* ---- analyze_window.c ---- */
struct bound_window *bind_window(struct ctx *c, const struct sql_window *w);
/* WINDOW w AS (..), ..: into c, each seen by those after it. */
bool bind_named_windows(struct ctx *c, const struct sql_named_window *windows, size_t count);
/* ---- analyze_form.c ---- which clauses a call may have, by the kind of its function */
bool check_form(struct ctx *c, const struct sql_expr *e, const struct sql_fn *fn);
bool check_windowed(struct ctx *c, const struct sql_expr *e, const struct sql_fn *fn,
                    const struct bound_window *w);
bool may_aggregate(struct ctx *c, const struct sql_expr *e, bool windowed);
bool bind_sorts(struct ctx *c, const struct sql_sort *s, struct bound_sorts *ret);

/* ---- analyze_relation.c ---- */
struct bound_rel *bind_relation(struct ctx *c, struct sql_relation *r, struct scope *ret);
struct bound_rel *new_rel(struct analyzer *z, enum rel_kind kind, size_t columns);
/* A relation of a query's outputs. */
struct bound_rel *query_rel(struct analyzer *z, struct bound_query *q);
struct bound *column_of(struct analyzer *z, struct bound_rel *r, size_t column, struct sql_pos pos);
/* Database and name of a table, lower-cased; false after fail. */
bool split_table_path(struct analyzer *z, const struct sql_path *name, struct sql_pos pos,
                      struct bytes *ret_database, struct bytes *ret_table);
const struct sql_table_info *find_table(struct analyzer *z, const struct sql_path *name,
                                        struct sql_pos pos);
bool bind_table_path(struct ctx *c, const struct sql_path *name, struct sql_pos pos,
                     struct bound_rel **ret, struct scope *ret_scope);

bool fill_scope(struct analyzer *z, struct bound_rel *r, const struct bytes *names,
                struct bytes database, struct bytes table, struct sql_pos pos, struct scope *ret);

/* ---- analyze_view.c ---- */
bool bind_view(struct ctx *c, const struct sql_table_info *info, struct sql_pos pos,
               struct bound_rel **ret, struct scope *ret_scope);

/* ---- analyze_condition.c ---- */
/* Numbers the conjuncts of e, whose typed form is x. */
bool note_conditions(struct ctx *c, const struct sql_expr *e, struct bound *x);
bool note_using(struct ctx *c, struct bytes name, struct sql_pos pos, struct bound *x);

/* ---- analyze_star.c ---- */
struct star {
    struct sql_pos pos; /* of the word SELECT */
    struct bound **items;
    struct bytes *names;
    size_t count;
};
/* *, t.* and row.*, with their aliases. */
bool bind_star(struct ctx *c, const struct sql_select_item *item, bool has_from, struct star *ret);

/* ---- analyze_select.c ---- */
struct bound_query *bind_select(struct ctx *outer, struct sql_query *q, struct sql_select *s,
                                struct sql_pos pos);

/* ---- analyze_values.c ---- */
struct bound_query *bind_values(struct ctx *outer, const struct sql_body *b);
/* ---- analyze_write.c ---- */
/* The query of a statement that writes, its outputs those of the columns; and what is written. */
struct bound_query *bind_write(struct ctx *c, struct sql_statement *s,
                               const struct sql_write **ret);

/* ---- analyze_properties.c: WITH (name = value, ..) of CREATE TABLE AS and UNLOAD ---- */
struct write_list { /* an array's texts */
    struct bytes *items;
    size_t count;
    struct sql_pos pos;
};
struct write_properties {
    struct bytes external_location; /* ptr NULL: not said */
    enum sql_write_format format;
    struct bytes compression;
    int compression_level;
    char field_delimiter;
    struct write_list partitioned_by, bucketed_by;
    int64_t bucket_count;
};
bool bind_properties(struct ctx *c, const struct sql_statement *s, struct write_properties *ret);

/* ---- analyze_query.c ---- */
struct bound_query *bind_query(struct ctx *outer, struct sql_query *q);
/* WITH queries over one another double their columns at each step: there is an end to it. */
#define ANALYZE_MAX_COLUMNS 100000
bool too_many_columns(struct analyzer *z, size_t columns);
struct bound_query *new_query(struct analyzer *z, enum bound_body body, size_t columns);
bool bind_limits(struct ctx *c, struct sql_query *q, struct bound_query *b);
/* ---- analyze_recursion.c ---- */
/* Trino's rules for one query of WITH RECURSIVE; does it refer to itself? */
bool check_recursion(struct analyzer *z, const struct sql_with *w, bool *ret_recursive);
/* base UNION step, in the base's types. */
struct bound_query *recursive_union(struct analyzer *z, const struct sql_body *b,
                                    struct bound_query *base, struct bound_query *step);
/* ---- analyze_grouped.c ---- */
/* Checks that an expression of a grouped query uses only groups and aggregates. */
bool check_grouped(struct analyzer *z, struct bound_select *s, struct bound *x,
                   const struct sql_expr *source);
bool check_grouped_window(struct analyzer *z, struct bound_select *s, const struct bound_window *w,
                          bool is_named);
/* The arguments of every GROUPING() inside x are groups. */
bool check_groupings(struct analyzer *z, struct bound_select *s, struct bound *x,
                     struct sql_pos select_pos);

#endif
