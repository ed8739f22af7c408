/* tree.h - the tree of a parsed statement. For sql's own files; sql.h is the room's public face.
 *
 * The parser builds it in the statement's arena and never changes it again; the analyzer may hang
 * its own record on a node's `note`. Text views point into the statement's text or the arena.
 * Nodes are tagged structs, one enum per family; optional children are NULL, lists are arrays of
 * pointers (or of structs) with a count. Nothing here is resolved: names are as written.
 *
 * Positions are 1-based and are those Trino reports: an infix operator's (also of BETWEEN, LIKE,
 * IN, IS: the first token after the left operand, NOT included) for binary nodes, the first token's
 * for all others, AND and OR included.
 *
 * Syntax that only renames a function is a call already: SUBSTRING(a FROM b FOR c) is
 * substring(a, b, c); POSITION(a IN b) is strpos(b, a); NORMALIZE(a, NFD) is normalize(a, 'NFD');
 * TRIM([LEADING|TRAILING|BOTH] [c] FROM a) is ltrim / rtrim / trim (a[, c]); TRY, IF, COALESCE,
 * NULLIF are calls. `!=` is `<>`. */
#ifndef TARN_SQL_TREE_H
#define TARN_SQL_TREE_H

#include "sql/sql.h"

struct sql_expr;
struct sql_relation;
struct sql_query;
struct sql_body;
struct sql_type_name;

struct sql_pos {
    int line, column;
};

/* An identifier: decoded (no quotes), in the case it was written in. */
struct sql_ident {
    struct bytes text; /* empty with ptr NULL: absent */
    bool quoted;
    struct sql_pos pos;
};
struct sql_idents {
    struct sql_ident *items;
    size_t count;
};
/* a.b.c */
struct sql_path {
    struct sql_ident *parts;
    size_t count;
};

struct sql_exprs {
    struct sql_expr **items;
    size_t count;
};

/* ---- types: as written, not resolved ---- */
enum sql_type_kind {
    SQL_T_NAMED,     /* bigint, varchar, varchar(n), decimal(p, s), json, ... */
    SQL_T_ARRAY,     /* args[0]; also `T ARRAY` */
    SQL_T_MAP,       /* args[0], args[1] */
    SQL_T_ROW,       /* args[i] with fields[i], whose text is absent when unnamed */
    SQL_T_TIME,      /* numbers[0] precision if number_count, with_time_zone */
    SQL_T_TIMESTAMP, /* the same */
    SQL_T_INTERVAL,  /* from, to */
    SQL_T_GENERIC    /* any other name with type parameters: qdigest(bigint), function(a, b) */
};
enum sql_unit { SQL_YEAR, SQL_MONTH, SQL_DAY, SQL_HOUR, SQL_MINUTE, SQL_SECOND, SQL_WEEK };
#define SQL_TYPE_NUMBERS 2
struct sql_type_name {
    enum sql_type_kind kind;
    struct sql_pos pos;
    struct bytes name; /* lower case; "double precision" is "double" */
    bool with_time_zone;
    int number_count;
    int64_t numbers[SQL_TYPE_NUMBERS];
    struct sql_type_name **args;
    struct sql_ident *fields; /* SQL_T_ROW: arg_count of them */
    size_t arg_count;
    enum sql_unit from, to; /* SQL_T_INTERVAL; equal when there is no TO */
};

/* ---- ordering and windows ---- */
enum sql_nulls { SQL_NULLS_DEFAULT, SQL_NULLS_FIRST, SQL_NULLS_LAST };
struct sql_sort_item {
    struct sql_pos pos;
    struct sql_expr *expr;
    bool descending;
    enum sql_nulls nulls;
};
struct sql_sort {
    struct sql_pos pos; /* of the word ORDER */
    struct sql_sort_item *items;
    size_t count;
};

enum sql_frame_mode { SQL_FRAME_ROWS, SQL_FRAME_RANGE, SQL_FRAME_GROUPS };
enum sql_bound_kind {
    SQL_BOUND_UNBOUNDED_PRECEDING,
    SQL_BOUND_PRECEDING,
    SQL_BOUND_CURRENT_ROW,
    SQL_BOUND_FOLLOWING,
    SQL_BOUND_UNBOUNDED_FOLLOWING
};
struct sql_bound {
    struct sql_pos pos;
    enum sql_bound_kind kind;
    struct sql_expr *value; /* PRECEDING, FOLLOWING */
};
struct sql_frame {
    struct sql_pos pos;
    enum sql_frame_mode mode;
    struct sql_bound start;
    bool has_end; /* BETWEEN start AND end */
    struct sql_bound end;
};
/* OVER name has only `base`; OVER (base PARTITION BY ...) may have all. */
struct sql_window {
    struct sql_pos pos;
    bool only_name;
    struct sql_ident base; /* absent: none */
    struct sql_exprs partition_by;
    struct sql_sort order_by;
    struct sql_frame *frame;
};
struct sql_named_window {
    struct sql_ident name;
    struct sql_window *window;
};

/* ---- expressions ---- */
enum sql_expr_kind {
    /* literals */
    SQL_E_NULL,
    SQL_E_BOOLEAN,       /* boolean */
    SQL_E_INTEGER,       /* integer; a minus directly before the digits is part of the literal */
    SQL_E_DECIMAL,       /* text: "-1.50", digits only, underscores removed */
    SQL_E_DOUBLE,        /* text: "1E3" */
    SQL_E_STRING,        /* text, decoded */
    SQL_E_BINARY,        /* text: the bytes of X'..' */
    SQL_E_TYPED_LITERAL, /* typed: DATE '..', DECIMAL '1.5', JSON '..', BIGINT '1' */
    SQL_E_INTERVAL,      /* interval */
    /* names */
    SQL_E_COLUMN,    /* path: x, t.x, db.t.x, t.x.field - which one is the analyzer's to say */
    SQL_E_FIELD,     /* field: dereference of something that is no plain path: f(x).y */
    SQL_E_PARAMETER, /* parameter_index: ?, 0-based in order of text */
    /* operators */
    SQL_E_UNARY,        /* binary.op PLUS or MINUS over binary.left */
    SQL_E_BINARY_OP,    /* binary: arithmetic, ||, comparison */
    SQL_E_NOT,          /* child */
    SQL_E_AND,          /* list: two or more, flattened as in Trino */
    SQL_E_OR,           /* list */
    SQL_E_BETWEEN,      /* between */
    SQL_E_IN_LIST,      /* in.value, in.list */
    SQL_E_IN_QUERY,     /* in.value, in.query */
    SQL_E_LIKE,         /* like */
    SQL_E_IS_NULL,      /* is.value, is.negated */
    SQL_E_DISTINCT,     /* distinct: a IS [NOT] DISTINCT FROM b */
    SQL_E_EXISTS,       /* query */
    SQL_E_QUANTIFIED,   /* quantified: a = ALL|ANY|SOME (query) */
    SQL_E_SUBQUERY,     /* query: scalar */
    SQL_E_AT_TIME_ZONE, /* binary.left AT TIME ZONE binary.right */
    SQL_E_AT_LOCAL,     /* child AT LOCAL */
    SQL_E_SUBSCRIPT,    /* binary.left[binary.right] */
    /* forms */
    SQL_E_CASE,     /* casing */
    SQL_E_CAST,     /* cast: CAST, TRY_CAST */
    SQL_E_CALL,     /* call */
    SQL_E_EXTRACT,  /* extract */
    SQL_E_ROW,      /* row: ROW(a, b AS y) and (a, b) */
    SQL_E_ARRAY,    /* list: ARRAY[..] */
    SQL_E_LAMBDA,   /* lambda */
    SQL_E_CURRENT,  /* current: current_date, localtimestamp(3), current_user ... */
    SQL_E_GROUPING, /* list of SQL_E_COLUMN (others possible; the analyzer refuses) */
    SQL_E_JSON      /* json: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY */
};

enum sql_op {
    SQL_OP_PLUS,
    SQL_OP_MINUS,
    SQL_OP_MULTIPLY,
    SQL_OP_DIVIDE,
    SQL_OP_MODULUS,
    SQL_OP_CONCAT,
    SQL_OP_EQ,
    SQL_OP_NE,
    SQL_OP_LT,
    SQL_OP_LE,
    SQL_OP_GT,
    SQL_OP_GE
};

enum sql_null_treatment { SQL_NULLS_UNSAID, SQL_NULLS_RESPECT, SQL_NULLS_IGNORE };
/* LISTAGG(x, ',' ON OVERFLOW ...) */
enum sql_overflow { SQL_OVERFLOW_UNSAID, SQL_OVERFLOW_ERROR, SQL_OVERFLOW_TRUNCATE };

struct sql_call {
    struct sql_path name;
    bool star;     /* count(*) */
    bool distinct; /* f(DISTINCT x) */
    struct sql_exprs args;
    struct sql_ident *arg_names; /* SQL_R_FUNCTION only: NULL, or args.count of them: f(a => 1) */
    struct sql_sort order_by;    /* f(x ORDER BY y) */
    struct sql_sort within_group;
    struct sql_expr *filter; /* FILTER (WHERE ..) */
    enum sql_null_treatment null_treatment;
    struct sql_window *over;
    enum sql_overflow overflow; /* listagg only */
    struct sql_expr *overflow_filler;
    bool overflow_with_count;
};

struct sql_when {
    struct sql_pos pos;
    struct sql_expr *condition, *result;
};

enum sql_current {
    SQL_CURRENT_DATE,
    SQL_CURRENT_TIME,
    SQL_CURRENT_TIMESTAMP,
    SQL_LOCALTIME,
    SQL_LOCALTIMESTAMP,
    SQL_CURRENT_USER,
    SQL_CURRENT_CATALOG,
    SQL_CURRENT_SCHEMA,
    SQL_CURRENT_PATH
};

enum sql_json_function {
    SQL_JSON_EXISTS,
    SQL_JSON_VALUE,
    SQL_JSON_QUERY,
    SQL_JSON_OBJECT,
    SQL_JSON_ARRAY
};
enum sql_json_behavior {
    SQL_JSON_UNSAID,
    SQL_JSON_NULL,
    SQL_JSON_ERROR,
    SQL_JSON_DEFAULT, /* with an expression */
    SQL_JSON_EMPTY_ARRAY,
    SQL_JSON_EMPTY_OBJECT,
    SQL_JSON_TRUE,
    SQL_JSON_FALSE,
    SQL_JSON_UNKNOWN
};
enum sql_json_wrapper {
    SQL_WRAPPER_UNSAID,
    SQL_WRAPPER_WITHOUT,
    SQL_WRAPPER_CONDITIONAL,
    SQL_WRAPPER_UNCONDITIONAL
};
enum sql_json_format { /* FORMAT JSON [ENCODING ..] */
                       SQL_FORMAT_UNSAID,
                       SQL_FORMAT_JSON,
                       SQL_FORMAT_UTF8,
                       SQL_FORMAT_UTF16,
                       SQL_FORMAT_UTF32
};
struct sql_json_expr {
    enum sql_json_function function;
    struct sql_expr *input; /* EXISTS, VALUE, QUERY */
    enum sql_json_format input_format;
    struct bytes path; /* the path literal's text */
    struct sql_pos path_pos;
    struct sql_ident path_name;            /* 'path' AS name; absent: none */
    struct sql_exprs passing;              /* values */
    enum sql_json_format *passing_formats; /* passing.count of them */
    struct sql_ident *names;               /* PASSING v AS name: passing.count of them */
    struct sql_exprs keys;                 /* OBJECT */
    struct sql_exprs values;               /* OBJECT, ARRAY */
    enum sql_json_format *formats;         /* values.count of them */
    bool null_on_null;                     /* OBJECT, ARRAY: NULL ON NULL (else ABSENT ON NULL) */
    bool unique_keys;                      /* OBJECT: WITH UNIQUE KEYS */
    struct sql_type_name *returning;       /* NULL: not said */
    enum sql_json_format returning_format;
    enum sql_json_wrapper wrapper;
    int quotes; /* 0 unsaid, 1 KEEP, 2 OMIT */
    enum sql_json_behavior on_empty, on_error;
    struct sql_expr *empty_default, *error_default;
};

struct sql_expr {
    enum sql_expr_kind kind;
    struct sql_pos pos;
    struct bytes source; /* as written: whole expressions and AND's operands; else empty */
    void *note;          /* the analyzer's own */
    union {
        bool boolean;
        int64_t integer;
        struct bytes text;
        struct {
            struct sql_type_name *type;
            struct bytes text;
        } typed;
        struct {
            bool negative;          /* INTERVAL - '3' DAY */
            struct bytes text;      /* '3', '1-2', '1 02:03:04.5' */
            enum sql_unit from, to; /* equal when there is no TO */
        } interval;
        struct sql_path path;
        struct {
            struct sql_expr *base;
            struct sql_ident name;
        } field;
        int parameter_index;
        struct {
            enum sql_op op;
            struct sql_expr *left, *right;
        } binary;
        struct sql_expr *child;
        struct sql_exprs list;
        struct {
            struct sql_expr *value, *low, *high;
            bool negated;
        } between;
        struct {
            struct sql_expr *value;
            struct sql_exprs list;
            struct sql_query *query;
            bool negated;
        } in;
        struct {
            struct sql_expr *value, *pattern, *escape;
            bool negated;
        } like;
        struct {
            struct sql_expr *value;
            bool negated; /* IS NOT NULL */
        } is;
        struct {
            struct sql_expr *left, *right;
            bool negated; /* IS NOT DISTINCT FROM */
        } distinct;
        struct sql_query *query;
        struct {
            enum sql_op op;
            bool all; /* else ANY, SOME */
            struct sql_expr *value;
            struct sql_query *query;
        } quantified;
        struct {
            struct sql_expr *operand; /* CASE x WHEN ..; NULL: searched */
            struct sql_when *whens;
            size_t when_count;
            struct sql_expr *otherwise;
        } casing;
        struct {
            struct sql_expr *value;
            struct sql_type_name *type;
            bool is_try;
        } cast;
        struct sql_call *call;
        struct {
            struct bytes field; /* lower case: year, quarter, timezone_hour, ... */
            struct sql_pos field_pos;
            struct sql_expr *value;
        } extract;
        struct {
            struct sql_exprs items;
            struct sql_ident *names; /* NULL, or items.count; text absent when unnamed */
        } row;
        struct {
            struct sql_idents params;
            struct sql_expr *body;
        } lambda;
        struct {
            enum sql_current what;
            int precision; /* -1: not said */
        } current;
        struct sql_json_expr *json;
    };
};

/* ---- relations ---- */
enum sql_relation_kind {
    SQL_R_TABLE,    /* table */
    SQL_R_SUBQUERY, /* subquery; also (VALUES ..) and (TABLE t) */
    SQL_R_JOIN,     /* join */
    SQL_R_UNNEST,   /* unnest */
    SQL_R_PAREN,    /* paren: (relation), kept when it may carry an alias or a sample of its own */
    SQL_R_FUNCTION  /* call: TABLE(f(..)) */
};
enum sql_join_kind {
    SQL_JOIN_CROSS,    /* CROSS JOIN */
    SQL_JOIN_IMPLICIT, /* the comma */
    SQL_JOIN_INNER,
    SQL_JOIN_LEFT,
    SQL_JOIN_RIGHT,
    SQL_JOIN_FULL
};
enum sql_sample { SQL_SAMPLE_NONE, SQL_SAMPLE_BERNOULLI, SQL_SAMPLE_SYSTEM };
enum sql_as_of { SQL_AS_OF_NONE, SQL_AS_OF_TIMESTAMP, SQL_AS_OF_VERSION };

struct sql_relation {
    enum sql_relation_kind kind;
    struct sql_pos pos;
    void *note;
    struct sql_ident alias; /* absent: none */
    struct sql_idents column_aliases;
    enum sql_sample sample;
    struct sql_expr *sample_percent;
    union {
        struct {
            struct sql_path name;
            enum sql_as_of as_of_kind; /* FOR TIMESTAMP|VERSION AS OF as_of */
            struct sql_expr *as_of;
        } table;
        struct {
            struct sql_query *query;
            bool lateral;
        } subquery;
        struct {
            enum sql_join_kind kind;
            struct sql_relation *left, *right;
            bool natural;
            struct sql_expr *on;     /* NULL: none */
            struct sql_idents using; /* count 0: none */
        } join;
        struct {
            struct sql_exprs args;
            bool with_ordinality;
        } unnest;
        struct sql_relation *paren;
        struct sql_call *call;
    };
};

/* ---- queries ---- */
struct sql_select_item {
    struct sql_pos pos;
    bool star;                      /* *, or expr.* when expr is set */
    struct sql_expr *expr;          /* NULL for a bare * */
    struct sql_ident alias;         /* absent: none; never with star */
    struct sql_idents star_aliases; /* t.* AS (a, b) */
};
enum sql_group_kind { SQL_GROUP_SIMPLE, SQL_GROUP_ROLLUP, SQL_GROUP_CUBE, SQL_GROUP_SETS };
struct sql_group_item {
    enum sql_group_kind kind;
    struct sql_pos pos;
    struct sql_exprs *sets; /* SIMPLE: one set, `a` or `(a, b)`; others: one per element */
    size_t set_count;
};
struct sql_select {
    bool distinct;
    struct sql_select_item *items;
    size_t item_count;
    struct sql_relation *from; /* NULL: none; the comma is a join */
    struct sql_expr *where;
    bool has_group_by, group_distinct; /* GROUP BY [DISTINCT] .. */
    struct sql_group_item *groups;
    size_t group_count;
    struct sql_expr *having;
    struct sql_named_window *windows;
    size_t window_count;
};

enum sql_body_kind {
    SQL_B_SELECT, /* select */
    SQL_B_SET,    /* set */
    SQL_B_VALUES, /* values: each row an expression, SQL_E_ROW for (a, b) */
    SQL_B_TABLE,  /* table: TABLE t */
    SQL_B_QUERY   /* query: in parentheses */
};
enum sql_set_op { SQL_UNION, SQL_INTERSECT, SQL_EXCEPT };
struct sql_body {
    enum sql_body_kind kind;
    struct sql_pos pos;
    void *note;
    union {
        struct sql_select *select;
        struct {
            enum sql_set_op op;
            bool all, corresponding;
            struct sql_body *left, *right;
        } set;
        struct sql_exprs values;
        struct sql_path table;
        struct sql_query *query;
    };
};

struct sql_with {
    struct sql_pos pos;
    struct sql_ident name;
    struct sql_idents columns;
    struct sql_query *query;
};
struct sql_query {
    struct sql_pos pos;
    void *note;
    bool recursive;
    struct sql_with *with;
    size_t with_count;
    struct sql_body *body;
    struct sql_sort order_by;
    struct sql_expr *offset; /* integer literal or parameter */
    bool limit_all;          /* LIMIT ALL */
    struct sql_expr *limit;  /* LIMIT n, FETCH FIRST n (1 when not said); literal or parameter */
    bool is_fetch;           /* FETCH FIRST rather than LIMIT */
    bool with_ties;
};

/* ---- statements other than queries that Trino's grammar takes ---- */
struct sql_option { /* WITH (name = value); EXPLAIN (FORMAT JSON) */
    struct sql_ident name;
    struct sql_expr *value;
};
struct sql_options {
    struct sql_option *items;
    size_t count;
};
struct sql_assignment { /* SET name = value */
    struct sql_ident name;
    struct sql_expr *value;
};
/* WHEN [NOT] MATCHED [AND condition] THEN DELETE | UPDATE SET assignments | INSERT columns VALUES
 */
enum sql_merge_action { SQL_MERGE_DELETE, SQL_MERGE_UPDATE, SQL_MERGE_INSERT };
struct sql_merge_case {
    struct sql_pos pos;
    bool matched;
    struct sql_expr *condition;
    enum sql_merge_action action;
    struct sql_assignment *assignments;
    size_t assignment_count;
    struct sql_idents columns;
    struct sql_exprs values;
};
/* What a kind does not have is empty. */
struct sql_dml {
    struct sql_path table; /* CTAS, INSERT, views, UPDATE, DELETE, MERGE, OPTIMIZE, VACUUM */
    struct sql_pos table_pos;
    bool if_not_exists, if_exists, or_replace;
    struct sql_idents columns;     /* CTAS t (a, b), INSERT INTO t (a, b) */
    struct sql_options properties; /* CTAS, UNLOAD: WITH (..) */
    bool with_no_data;             /* CTAS */
    struct bytes comment;          /* CTAS, CREATE VIEW; ptr NULL: none */
    bool invoker;                  /* CREATE VIEW .. SECURITY INVOKER */
    struct bytes query_text;       /* CREATE VIEW: the query as written */
    struct bytes location;         /* UNLOAD .. TO */
    struct sql_pos location_pos;
    struct sql_ident name;              /* PREPARE, EXECUTE, DEALLOCATE: the prepared statement's */
    struct bytes immediate;             /* EXECUTE IMMEDIATE '..' */
    struct sql_exprs using;             /* EXECUTE .. USING */
    struct sql_statement *inner;        /* PREPARE, EXPLAIN */
    bool analyze, verbose;              /* EXPLAIN ANALYZE [VERBOSE] */
    enum sql_explain_type type;         /* EXPLAIN (TYPE ..) */
    enum sql_explain_format format;     /* EXPLAIN (FORMAT ..) */
    struct sql_assignment *assignments; /* UPDATE */
    size_t assignment_count;
    struct sql_expr *where;       /* UPDATE, DELETE, OPTIMIZE */
    struct sql_ident alias;       /* MERGE INTO t AS alias */
    struct sql_relation *source;  /* MERGE .. USING */
    struct sql_expr *on;          /* MERGE */
    struct sql_merge_case *cases; /* MERGE */
    size_t case_count;
};

/* ---- statement ---- */
struct sql_statement {
    enum sql_kind kind;
    struct sql_pos pos;
    struct bytes text;            /* whole; an inner statement's: its part */
    struct sql_query *query;      /* SQL_SELECT, CTAS, INSERT, UNLOAD, CREATE VIEW */
    struct sql_dml *dml;          /* SQL_CREATE_TABLE_AS to SQL_VACUUM, else NULL */
    struct sql_ddl ddl;           /* Hive's */
    struct sql_expr **parameters; /* the ?, in order of text */
    size_t parameter_count;
};
static inline bool sql_kind_is_dml(enum sql_kind kind) {
    return kind >= SQL_CREATE_TABLE_AS && kind <= SQL_VACUUM;
}

/* Canonical Trino text of a tree, on one line, keywords upper case, identifiers quoted only where
 * they must be; reparsing it gives an equal tree up to positions. For DDL, canonical Hive text.
 * Failures show in buf_ok. */
void sql_print_statement(const struct sql_statement *s, struct buf *out);
void sql_print_query(const struct sql_query *q, struct buf *out);
void sql_print_expr(const struct sql_expr *e, struct buf *out);
void sql_print_relation(const struct sql_relation *r, struct buf *out);
void sql_print_type(const struct sql_type_name *t, struct buf *out);
void sql_print_ident(const struct sql_ident *i, struct buf *out);
/* "+", "<>", ... */
const char *sql_op_text(enum sql_op op);
/* "YEAR", ... */
const char *sql_unit_text(enum sql_unit unit);

/* Parses one type, the whole text: for tests, catalogue views and the analyzer's own tables. */
int sql_parse_type(struct arena *a, struct bytes text, struct sql_type_name **ret,
                   struct err *e) WARN_UNUSED;
/* The same for one expression. */
int sql_parse_expr(struct arena *a, struct bytes text, struct sql_expr **ret,
                   struct err *e) WARN_UNUSED;

#endif
