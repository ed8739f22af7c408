/* parse_int.h - the parser's state and the pieces its files share.
 *
 * Functions that build a node return it, or NULL (false) once the error is set; callers hand that
 * up at once. Names: parse_x consumes an x, at_x only looks, accept consumes when it is there,
 * expect fails when it is not. */
#ifndef TARN_SQL_PARSE_INT_H
#define TARN_SQL_PARSE_INT_H

#include "sql/lex.h"

/* Parentheses, calls, subqueries inside one another; and the height a chain such as 1 + 1 + 1 may
 * give the tree. Every pass over the tree may recurse this deep. */
#define PARSE_MAX_DEPTH 250
#define PARSE_MAX_HEIGHT 1000
#define PARSE_NEVER SIZE_MAX

struct parser {
    struct arena *arena;
    struct err *err;
    int rc; /* 0 until something failed */
    const struct lex_token *tokens;
    size_t count, at;
    int depth;                    /* of recursion */
    int tall;                     /* height of the tallest chain finished below the current node */
    struct sql_expr **parameters; /* the ? so far */
    size_t parameter_count;
    bool constants; /* a parameter's value: no columns, no queries */
    /* What could have stood at token `wanted_at`: for "Expecting". Inside a named rule such as
     * <expression>, at the rule's first token (quiet_at), only the rule's name is listed. */
    size_t wanted_at, quiet_at;
    uint8_t wanted[LEX_KINDS];
};

/* ---- parse.c: cursor, expectations, errors ---- */
int parser_init(struct parser *p, struct arena *a, struct bytes text, struct err *e) WARN_UNUSED;
static inline const struct lex_token *tok(const struct parser *p) {
    return &p->tokens[p->at];
}
static inline enum lex_kind kind_at(const struct parser *p, size_t index) {
    return p->tokens[index < p->count ? index : p->count - 1].kind;
}
/* The kind `ahead` of the cursor; looks without a trace. */
static inline enum lex_kind peek(const struct parser *p, size_t ahead) {
    return kind_at(p, p->at + ahead);
}
static inline struct sql_pos pos_here(const struct parser *p) {
    return tok(p)->pos;
}
void parser_advance(struct parser *p);
/* Notes that `kind` could stand here. */
void parser_want(struct parser *p, enum lex_kind kind);
/* Is it here? Noted when not. */
bool parser_at_kind(struct parser *p, enum lex_kind kind);
bool parser_accept(struct parser *p, enum lex_kind kind);
bool parser_expect(struct parser *p, enum lex_kind kind);
/* Enters a named rule at the cursor. */
void parser_enter_rule(struct parser *p, enum lex_kind rule);
/* "mismatched input 'X'. Expecting: ..." at the cursor; false always. */
bool parser_mismatch(struct parser *p);
bool parser_fail_at(struct parser *p, struct sql_pos pos, const char *name, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
#define SYNTAX "SYNTAX_ERROR"
#define ONLY_ONE_STATEMENT "Only one sql statement is allowed. Got: %.*s"
bool parser_unsupported(struct parser *p, struct sql_pos pos, const char *what);
/* Recursion guard: true when one level deeper is fine; parser_leave() undoes it. */
bool parser_enter(struct parser *p);
static inline void parser_leave(struct parser *p) {
    p->depth--;
}
/* Brackets a chain: `saved = parser_chain_begin(p)`, chain_link per link, chain_end. */
int parser_chain_begin(struct parser *p);
bool parser_chain_link(struct parser *p, int *links);
void parser_chain_end(struct parser *p, int saved, int links);
/* Room for one more element; NULL on no memory (the error is set). Arrays double. */
void *parser_list_room(struct parser *p, void *items, size_t count, size_t item_size);
#define LIST_ADD(p, items, count, value)                                                           \
    (((items) = parser_list_room((p), (items), (count), sizeof *(items))) != NULL &&               \
     ((items)[(count)++] = (value), true))
void *parser_node(struct parser *p, size_t size);
#define NODE(p, type) ((type *)parser_node((p), sizeof(type)))
bool parse_ident(struct parser *p, struct sql_ident *ret);
bool parse_path(struct parser *p, struct sql_path *ret);
bool parse_idents_in_parens(struct parser *p, struct sql_idents *ret);
bool parse_string(struct parser *p, struct bytes *ret);
bool parse_small_int(struct parser *p, int64_t *ret);
/* Index of the first token of `kind` between the '(' at index `open` and its ')', in no inner
 * bracket; 0 when there is none. `not_after` LEX_EOF: any; else not directly after that kind. */
size_t find_in_parens(const struct parser *p, size_t open, enum lex_kind kind,
                      enum lex_kind not_after);
/* Is the '(' at this index around a query (rather than an expression or a relation)? */
bool is_query_paren(const struct parser *p, size_t open);
bool starts_query(enum lex_kind kind);

/* ---- nodes ---- */
struct sql_expr *parser_expr(struct parser *p, enum sql_expr_kind kind, struct sql_pos pos);
struct sql_expr *parse_parameter(struct parser *p); /* the cursor is at a ? */

/* ---- parse_expr.c, parse_primary.c, parse_call.c, parse_window.c, parse_json.c ---- */
struct sql_expr *parse_expression(struct parser *p);
struct sql_expr *parse_value(struct parser *p); /* valueExpression: no AND, OR, predicates */
struct sql_expr *parse_primary(struct parser *p);
struct sql_expr *parse_literal(struct parser *p); /* the cursor is at one */
bool at_literal(const struct parser *p);
bool parse_expressions(struct parser *p, struct sql_exprs *ret); /* one or more, commas */
struct sql_expr *parse_call(struct parser *p, struct sql_path name, struct sql_pos pos);
struct sql_expr *parse_listagg(struct parser *p);
struct sql_expr *parse_special_call(struct parser *p); /* NULL and rc 0: none here */
struct sql_expr *parse_json_call(struct parser *p);
/* DISTINCT or ALL; true when one was there. `star_follows`: may * come next? */
bool parse_quantifier(struct parser *p, bool star_follows, bool *ret_distinct);
bool parse_filter(struct parser *p, struct sql_call *call);
bool parse_over(struct parser *p, struct sql_call *call);
bool parse_window_spec(struct parser *p, struct sql_window *w); /* inside the parentheses */
bool parse_sort(struct parser *p, struct sql_sort *ret);        /* after ORDER BY */
bool parse_interval(struct parser *p, struct sql_expr *e);      /* at INTERVAL */
bool parse_unit_range(struct parser *p, enum sql_unit *from, enum sql_unit *to);

/* ---- parse_type.c, parse_query.c, parse_relation.c ---- */
struct sql_type_name *parse_type(struct parser *p);
struct sql_query *parse_query(struct parser *p);         /* with WITH */
struct sql_query *parse_query_no_with(struct parser *p); /* body, ORDER BY, LIMIT */
struct sql_query *parse_query_in_parens(struct parser *p);
struct sql_relation *parse_relation(struct parser *p);
/* A clause word that is no alias here: LIMIT 10, WINDOW w AS (, ... */
bool at_clause_word(const struct parser *p);

/* ---- parse_statement.c, parse_write.c: a statement of Trino's grammar at the cursor; it may stand
 * within another (EXPLAIN, PREPARE), so what follows is the caller's to check. Fills *s. ---- */
bool parse_statement(struct parser *p, struct sql_statement *s);
bool parse_insert(struct parser *p, struct sql_statement *s);
bool parse_unload(struct parser *p, struct sql_statement *s);
bool parse_create_table_as(struct parser *p, struct sql_statement *s);
bool parse_update(struct parser *p, struct sql_statement *s);
bool parse_delete(struct parser *p, struct sql_statement *s);
bool parse_merge(struct parser *p, struct sql_statement *s);
bool parse_optimize(struct parser *p, struct sql_statement *s);
bool parse_vacuum(struct parser *p, struct sql_statement *s);
/* [WITH] (name = value, ..) after WITH. */
bool parse_options(struct parser *p, struct sql_options *ret);

/* ---- ddl.c ---- */
int ddl_parse(struct arena *a, struct sql_statement *s, struct err *e) WARN_UNUSED;

#endif
