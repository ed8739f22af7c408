/* sql.h - Athena SQL: text to a typed statement, and on to DuckDB text.
 *
 * Three steps, each callable alone: sql_parse (no catalogue), sql_analyze (names and types resolved
 * against the catalogue), sql_emit (DuckDB text, given for each table scan the text of a relation).
 * All results live in the arena. Positions are 1-based line and column of the statement's text.
 *
 * Errors: ERR_SQL with err.name Trino's error name (SYNTAX_ERROR, COLUMN_NOT_FOUND,
 * TABLE_NOT_FOUND, TYPE_MISMATCH, FUNCTION_NOT_FOUND, NOT_SUPPORTED, ...), line and column, and the
 * text without name, as Athena gives it: "line 1:8: Column 'x' cannot be resolved or requester is
 * not ...". */
#ifndef TARN_SQL_SQL_H
#define TARN_SQL_SQL_H

#include "base/arena.h"
#include "base/err.h"
#include "schema/types.h"

enum sql_kind {
    SQL_SELECT, /* also WITH, VALUES, TABLE */
    SQL_CREATE_TABLE_AS,
    SQL_INSERT,
    SQL_UNLOAD,
    SQL_CREATE_VIEW,
    SQL_DROP_VIEW,
    SQL_SHOW_CREATE_VIEW,
    SQL_PREPARE,
    SQL_EXECUTE,           /* a prepared statement */
    SQL_EXECUTE_IMMEDIATE, /* a text */
    SQL_DEALLOCATE,
    SQL_EXPLAIN, /* also EXPLAIN ANALYZE */
    SQL_UPDATE,  /* this and the next four: of Iceberg tables alone */
    SQL_DELETE,
    SQL_MERGE,
    SQL_OPTIMIZE,
    SQL_VACUUM,
    SQL_CREATE_DATABASE,
    SQL_DROP_DATABASE,
    SQL_CREATE_TABLE,
    SQL_DROP_TABLE,
    SQL_ALTER_DATABASE, /* SET DBPROPERTIES */
    SQL_ADD_PARTITION,
    SQL_DROP_PARTITION,
    SQL_RENAME_PARTITION,
    SQL_ADD_COLUMNS,
    SQL_REPLACE_COLUMNS,
    SQL_CHANGE_COLUMN,
    SQL_SET_LOCATION,
    SQL_SET_PROPERTIES,
    SQL_UNSET_PROPERTIES, /* this and the next two: of Iceberg tables alone */
    SQL_RENAME_TABLE,
    SQL_DROP_COLUMN,
    SQL_REPAIR_TABLE,
    SQL_SHOW_DATABASES,
    SQL_SHOW_TABLES,
    SQL_SHOW_VIEWS,
    SQL_SHOW_PARTITIONS,
    SQL_SHOW_COLUMNS,
    SQL_SHOW_CREATE_TABLE,
    SQL_SHOW_PROPERTIES,
    SQL_DESCRIBE
};

struct sql_statement; /* tree.h: the whole tree, for sql's own files */

/* A parse error is ERR_SQL named SYNTAX_ERROR with Athena's text (StartQueryExecution refuses with
 * InvalidRequestException). A statement of Athena's that Tarn does not run is ERR_SQL named
 * NOT_SUPPORTED. The text of Hive's errors (DDL, SHOW, DESCRIBE) starts with "FAILED: ".
 * `text` must outlive the statement. */
int sql_parse(struct arena *a, struct bytes text, struct sql_statement **ret,
              struct err *e) WARN_UNUSED;
enum sql_kind sql_statement_kind(const struct sql_statement *s);
/* "DDL", "DML", "UTILITY"; and "SELECT", "CREATE_TABLE", ... */
const char *sql_statement_type(const struct sql_statement *s);
const char *sql_substatement_type(const struct sql_statement *s);

/* Gives every ? of the text its value: constant expressions as text ('a', 10, DATE '2024-01-01'),
 * in order. What is wrong with a value has the position of its ?. INVALID_PARAMETER_USAGE for
 * another number of values; the statement that a PREPARE holds keeps its own. */
int sql_bind_parameters(struct arena *a, struct sql_statement *s, const struct bytes *values,
                        size_t count, struct err *e) WARN_UNUSED;
/* What PREPARE, EXECUTE and DEALLOCATE say; the rest is empty. Views of the statement's text. */
struct sql_prepared {
    struct bytes name;
    struct bytes text;         /* PREPARE .. FROM, EXECUTE IMMEDIATE: a statement */
    const struct bytes *using; /* EXECUTE .. USING: expressions, in the arena */
    size_t using_count;
    enum sql_kind kind; /* of the statement in PREPARE .. FROM */
};
int sql_statement_prepared(struct arena *a, const struct sql_statement *s, struct sql_prepared *ret,
                           struct err *e) WARN_UNUSED;

/* ---- EXPLAIN ---- */
enum sql_explain_type {
    SQL_EXPLAIN_DISTRIBUTED,
    SQL_EXPLAIN_LOGICAL,
    SQL_EXPLAIN_VALIDATE,
    SQL_EXPLAIN_IO
};
enum sql_explain_format { SQL_EXPLAIN_TEXT, SQL_EXPLAIN_GRAPHVIZ, SQL_EXPLAIN_JSON };
struct sql_explain {
    struct sql_statement *inner; /* what is explained */
    bool analyze, verbose;
    enum sql_explain_type type;
    enum sql_explain_format format;
};
/* False for other statements. */
bool sql_statement_explain(const struct sql_statement *s, struct sql_explain *ret);

/* ---- DDL, for query/ddl.c ---- names are lower-cased. */
struct sql_name {
    struct bytes database, table;
}; /* database empty: the session's */
struct sql_property {
    struct bytes key, value;
};
struct sql_column_def {
    struct bytes name, type_text, comment;
};
struct sql_sort_column {
    struct bytes name;
    bool descending;
};
struct sql_partition_spec { /* ALTER TABLE .. PARTITION (k = v, ..) */
    struct sql_property *values;
    size_t value_count;
    struct bytes location; /* ADD; NULL: the table's folder, then k=v/ for each column */
};
struct sql_transform { /* Iceberg: PARTITIONED BY (bucket(16, id), day(ts), category) */
    struct bytes name; /* lower case; "": the column itself */
    struct bytes column;
    int64_t argument;
};
struct sql_ddl {
    struct sql_name name;
    bool if_exists, if_not_exists, cascade;
    bool extended, formatted; /* DESCRIBE */
    bool external;            /* CREATE EXTERNAL TABLE */
    bool iceberg;             /* CREATE TABLE with 'table_type' = 'ICEBERG' */
    struct sql_transform *transforms;
    size_t transform_count;
    struct bytes comment, location;
    struct sql_column_def *columns;
    size_t column_count;
    struct sql_column_def *partition_columns;
    size_t partition_column_count;
    struct bytes *bucket_columns; /* CLUSTERED BY (..) INTO bucket_count BUCKETS */
    size_t bucket_column_count;
    int64_t bucket_count;
    struct sql_sort_column *sort_columns; /* SORTED BY */
    size_t sort_column_count;
    struct sql_property *table_properties; /* of a database: WITH DBPROPERTIES */
    size_t table_property_count;
    struct sql_property *serde_properties; /* DELIMITED clauses too: field.delim, ... */
    size_t serde_property_count;
    struct bytes serde_class, input_format,
        output_format;                     /* resolved from STORED AS / ROW FORMAT */
    struct sql_partition_spec *partitions; /* RENAME: the old, the new */
    size_t partition_count;
    struct bytes like_pattern; /* SHOW ... LIKE */
    struct bytes column;       /* CHANGE, DROP COLUMN: the name it has */
    struct bytes after;        /* CHANGE: NULL unless AFTER */
    bool first;                /* CHANGE */
    struct sql_name new_name;  /* RENAME TO */
    struct bytes property;     /* SHOW TBLPROPERTIES t ('property'); NULL: all */
    struct bytes *path;        /* DESCRIBE t path.path: column, field, $elem$, $key$, $value$ */
    size_t path_count;
    int line, position; /* DROP COLUMN: of the word COLUMN, line from 1, position from 0 */
};
/* Of the statements that Hive's grammar has (SQL_CREATE_DATABASE and what follows); else NULL. */
const struct sql_ddl *sql_statement_ddl(const struct sql_statement *s);

/* ---- CREATE VIEW, DROP VIEW, SHOW CREATE VIEW, for query/view.c ---- */
struct sql_view_statement {
    struct sql_name name; /* lower case, with its database */
    int line, column;     /* of the statement */
    bool or_replace, if_exists, invoker;
    struct bytes comment; /* ptr NULL: none */
    struct bytes query;   /* what is stored: the query's text */
};
/* ERR_SQL for a name in another catalogue or without a database. */
int sql_statement_view(struct arena *a, const struct sql_statement *s,
                       struct bytes default_database, struct sql_view_statement *ret,
                       struct err *e) WARN_UNUSED;

/* The table that UPDATE, DELETE, MERGE, OPTIMIZE or VACUUM names; line and column are the name's.
 */
int sql_statement_target(struct arena *a, const struct sql_statement *s,
                         struct bytes default_database, struct sql_view_statement *ret,
                         struct err *e) WARN_UNUSED;

/* Trino's spelling of a Hive type; empty when the arena is full. */
struct bytes sql_type_of_hive(struct arena *a, const struct type *t);

/* ---- analysis ---- */
struct sql_table_column {
    struct bytes name;
    const struct type *type; /* Hive type */
    bool is_partition;
    bool is_hidden; /* "$path": has a name, but is in no star */
    bool with_zone; /* a timestamp that is an instant */
};
/* A stored query. Names in it are those of its own database. */
struct sql_view_column {
    struct bytes name, type; /* Trino's spelling */
};
struct sql_view {
    struct bytes sql;
    struct bytes catalog, database;        /* the session's when it was made; empty: unknown */
    const struct sql_view_column *columns; /* what it gives; count 0: what the query gives */
    size_t column_count;
};
struct sql_table_info {
    struct bytes database, name;
    const struct sql_view *view;            /* not NULL: a view, and it has no columns here */
    const struct sql_table_column *columns; /* data, then partition, then hidden columns */
    size_t column_count;
    void *opaque; /* the planner's own, handed back in sql_scan */
};
struct sql_env {
    struct bytes default_database;
    int64_t now_ms; /* current_timestamp and friends: one constant per statement */
    void *ctx;
    /* 0 and *ret (in the arena); ERR_ENTITY_NOT_FOUND for the table, ERR_RESOURCE_NOT_FOUND for the
     * database. */
    int (*find_table)(void *ctx, struct arena *a, struct bytes database, struct bytes table,
                      const struct sql_table_info **ret, struct err *e);
};

/* A condition that every row a scan must return satisfies, on one column: value sets and ranges as
 * text in the column's type. On partition columns it chooses partitions, on data columns row groups
 * and files by their minimum and maximum. The engine still applies the whole predicate.
 *
 * No NULL satisfies one. Columns of type char, binary, array, map and struct have none. Values are
 * text of the column's Hive type, in the order in which they compare:
 *   string, varchar                as they are; by bytes
 *   tinyint smallint int bigint    -12; may lie outside of the type
 *   decimal                        -12.50; any number of digits
 *   float, double                  as printf's %.17g, finite; -0 equals 0; a float compares as
 * double boolean                        true, false; only SQL_EQ date 2024-01-02 timestamp
 * 2024-01-02 03:04:05, with .678 or .678901 when it has a fraction NaN, which the engine sorts
 * above all numbers and which files' minima and maxima leave out, satisfies none: SQL_GT and SQL_GE
 * on a floating point column come only together with SQL_EQ, SQL_IN, SQL_LT or SQL_LE.
 * SQL_NONE_MATCH has no values: the scan need not return anything; its column only stands for the
 * scan. */
enum sql_constraint_op { SQL_EQ, SQL_LT, SQL_LE, SQL_GT, SQL_GE, SQL_IN, SQL_NONE_MATCH };
struct sql_constraint {
    struct bytes column;
    enum sql_constraint_op op;
    const struct bytes *values; /* 1, or n for IN */
    size_t value_count;
    bool is_partition;
    size_t condition; /* index into sql_plan_conditions */
};
/* A condition on partition columns alone that is no constraint (a function of a column, LIKE, IS
 * NULL, OR over several columns), worked out for each candidate partition. */
struct sql_node;
struct sql_predicate {
    const struct sql_node *x; /* sql's own */
    const size_t *columns;    /* indexes into table->columns that it reads, ascending */
    size_t column_count;
    size_t condition;
};
/* 1: true; 0: false or NULL, no row of such a partition passes; -1: cannot be told here. `values`
 * by table column, as text (CATALOG_NULL_PARTITION for NULL; with ptr NULL one that is not known
 * yet: the others may tell all the same); only those in `columns` are read. `scratch` is the
 * caller's to reset. */
int sql_predicate_test(const struct sql_predicate *p, struct arena *scratch,
                       const struct bytes *values);
/* A field of a struct column that is read, and where it lies: indexes of fields, outermost first.
 */
struct sql_field_use {
    const struct sql_field_use *next;
    const size_t *path;
    size_t depth;
};
struct sql_scan { /* one reference to a stored table */
    const struct sql_table_info *table;
    const bool *column_used; /* per column of the table */
    /* Per column that is used: what is read of it; NULL: all of it. */
    const struct sql_field_use *const *column_fields;
    const struct sql_constraint *constraints; /* conjunction */
    size_t constraint_count;
    const struct sql_predicate *predicates; /* conjunction */
    size_t predicate_count;
};
/* A conjunct of the statement's WHERE, ON and HAVING clauses, for explaining a plan. Where it is
 * applied besides the engine is what refers to it: constraints and predicates of scans. */
struct sql_condition {
    struct bytes text; /* as written, blanks normalized */
    int line, column;
};
struct sql_out_column {
    struct bytes name;      /* as Athena names it: _col0 ... */
    struct bytes type;      /* ColumnInfo.Type: "bigint", "varchar", "array" */
    struct bytes full_type; /* "array(row(a integer))" */
    int precision, scale;   /* ColumnInfo's */
    bool case_sensitive;
};
struct sql_plan;
int sql_analyze(struct arena *a, struct sql_statement *s, const struct sql_env *env,
                struct sql_plan **ret, struct err *e) WARN_UNUSED;
/* CREATE VIEW: checks the query and says what it gives. `hive_types[i]` is the Hive type of column
 * i, "string" for what Hive has no type for. */
struct sql_view_shape {
    struct sql_view_column *columns;
    struct bytes *hive_types;
    size_t column_count;
};
int sql_analyze_view(struct arena *a, struct sql_statement *s, const struct sql_env *env,
                     struct sql_view_shape *ret, struct err *e) WARN_UNUSED;
const struct sql_scan *sql_plan_scans(const struct sql_plan *p, size_t *ret_count);
const struct sql_out_column *sql_plan_columns(const struct sql_plan *p, size_t *ret_count);
const struct sql_condition *sql_plan_conditions(const struct sql_plan *p, size_t *ret_count);

/* ---- statements that write: CREATE TABLE AS, INSERT, UNLOAD ----
 * The query's outputs are coerced to the columns' types and come in their order, partition columns
 * last; they leave the engine as DuckDB holds a Hive type (type_format_duckdb), not as text. */
enum sql_write_format { SQL_WRITE_PARQUET, SQL_WRITE_JSON, SQL_WRITE_TEXT };
struct sql_write {
    enum sql_kind kind;
    struct bytes database, table;        /* UNLOAD: empty */
    const struct sql_table_info *target; /* INSERT: the table as find_table gave it */
    bool if_not_exists;                  /* CREATE TABLE AS */
    bool exists;                         /* with if_not_exists: nothing is to be done */
    bool with_no_data;
    const struct sql_table_column *columns; /* data columns, then partition columns */
    size_t column_count, key_count;
    struct bytes location; /* external_location, TO; ptr NULL: not said */
    /* INSERT leaves these to the table. */
    enum sql_write_format format;
    struct bytes compression; /* gzip snappy zstd uncompressed */
    int compression_level;    /* 0: the default */
    char field_delimiter;     /* of SQL_WRITE_TEXT; 0: not said */
    struct bytes comment;     /* ptr NULL: none */
    const size_t *buckets;    /* columns of bucketed_by */
    size_t bucket_column_count;
    int bucket_count;
};
/* NULL for queries. */
const struct sql_write *sql_plan_write(const struct sql_plan *p);

/* relations[i] is a DuckDB relation text for scan i (a subquery in parentheses or a function call)
 * that yields at least the scan's used columns under their catalogue names. Appends to *out. */
int sql_emit(struct arena *a, const struct sql_plan *p, const struct bytes *relations,
             struct buf *out, struct err *e) WARN_UNUSED;

#endif
