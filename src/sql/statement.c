/* statement.c - from text to a statement: which of Athena's two parsers takes it.
 *
 * The leading words decide (after comments). Queries go to the Trino grammar, DDL, SHOW and
 * DESCRIBE to Hive's. What Athena knows and Tarn does not run is refused here by name, so that
 * nobody reads it as a typing mistake. Several statements in one text are refused, as by Athena. */
#include "sql/parse_int.h"

/* Statements of Athena's that are recognised and refused: the leading words, and their name. */
static const struct {
    const char *first, *second; /* second NULL: any */
    const char *name;
} refused[] = {
    {"USING", NULL, "USING EXTERNAL FUNCTION"},
    {"WITH", "FUNCTION", "WITH FUNCTION"},
    {"ALTER", "VIEW", "ALTER VIEW"},
    {"CREATE", "FUNCTION", "CREATE FUNCTION"},
    {"CREATE", "INDEX", "CREATE INDEX"},
    {"CREATE", "ROLE", "CREATE ROLE"},
    {"DROP", "FUNCTION", "DROP FUNCTION"},
    {"DROP", "INDEX", "DROP INDEX"},
    {"DROP", "ROLE", "DROP ROLE"},
    {"SHOW", "FUNCTIONS", "SHOW FUNCTIONS"},
    {"SHOW", "STATS", "SHOW STATS"},
    {"SHOW", "SESSION", "SHOW SESSION"},
    {"SHOW", "CATALOGS", "SHOW CATALOGS"},
    {"SHOW", "GRANT", "SHOW GRANT"},
    {"SHOW", "GRANTS", "SHOW GRANTS"},
    {"SHOW", "ROLES", "SHOW ROLES"},
    {"SHOW", "ROLE", "SHOW ROLE"},
    {"SHOW", "CURRENT", "SHOW CURRENT ROLES"},
    {"SHOW", "INDEX", "SHOW INDEX"},
    {"SHOW", "INDEXES", "SHOW INDEXES"},
    {"SHOW", "LOCKS", "SHOW LOCKS"},
    {"SHOW", "COMPACTIONS", "SHOW COMPACTIONS"},
    {"SHOW", "TRANSACTIONS", "SHOW TRANSACTIONS"},
    {"DESCRIBE", "INPUT", "DESCRIBE INPUT"},
    {"DESCRIBE", "OUTPUT", "DESCRIBE OUTPUT"},
    {"GRANT", NULL, "GRANT"},
    {"REVOKE", NULL, "REVOKE"},
    {"DENY", NULL, "DENY"},
    {"ANALYZE", NULL, "ANALYZE"},
    {"CALL", NULL, "CALL"},
    {"COMMENT", NULL, "COMMENT"},
    {"REFRESH", NULL, "REFRESH"},
    {"TRUNCATE", NULL, "TRUNCATE TABLE"},
    {"USE", NULL, "USE"},
    {"SET", NULL, "SET"},
    {"RESET", NULL, "RESET"},
    {"START", NULL, "START TRANSACTION"},
    {"COMMIT", NULL, "COMMIT"},
    {"ROLLBACK", NULL, "ROLLBACK"},
    {"LOCK", NULL, "LOCK"},
    {"UNLOCK", NULL, "UNLOCK"},
    {"EXPORT", NULL, "EXPORT TABLE"},
    {"IMPORT", NULL, "IMPORT TABLE"},
    {"LOAD", NULL, "LOAD DATA"},
};

static bool word_is(const struct parser *p, size_t index, const char *word) {
    return index < p->count && bytes_eq_nocase(p->tokens[index].text, bytes_str(word));
}

/* `describe input` may well be a table called input: only DESCRIBE INPUT name is the statement. */
static bool is_refused(const struct parser *p, size_t i) {
    if (!word_is(p, 0, refused[i].first))
        return false;
    if (!refused[i].second)
        return true;
    if (!word_is(p, 1, refused[i].second))
        return false;
    bool names_thing = word_is(p, 0, "WITH") || word_is(p, 0, "DESCRIBE");
    return !names_thing || lex_is_identifier(kind_at(p, 2));
}

/* CREATE TABLE t .. AS query: AS in no bracket, before what a query starts with. */
static bool is_create_table_as(const struct parser *p) {
    if (!word_is(p, 0, "CREATE") || !word_is(p, 1, "TABLE"))
        return false;
    for (size_t i = 2; i < p->count; i++) {
        enum lex_kind k = p->tokens[i].kind, next = kind_at(p, i + 1);
        if (k == LEX_LPAREN)
            i = p->tokens[i].partner;
        else if (k == LEX_AS && (starts_query(next) || next == LEX_LPAREN))
            return true;
    }
    return false;
}

static bool refuse(struct parser *p) {
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (is_refused(p, i))
            return parser_unsupported(p, pos_here(p), refused[i].name);
    return true;
}

static bool is_hive(const struct parser *p) {
    static const char *const words[] = {"ALTER",    "CREATE", "DROP", "SHOW",
                                        "DESCRIBE", "DESC",   "MSCK"};
    bool creates_view = word_is(p, 1, "VIEW") ||
                        (word_is(p, 1, "OR") && word_is(p, 2, "REPLACE") && word_is(p, 3, "VIEW"));
    if ((word_is(p, 0, "CREATE") && creates_view) ||
        (word_is(p, 0, "DROP") && word_is(p, 1, "VIEW")) ||
        (word_is(p, 0, "SHOW") && word_is(p, 1, "CREATE") && word_is(p, 2, "VIEW")) ||
        is_create_table_as(p))
        return false;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (word_is(p, 0, words[i]))
            return true;
    return false;
}

/* As Athena: a ';' may end the text, also several of them. */
static bool one_statement(struct parser *p, struct bytes text) {
    for (size_t i = 0; i + 2 < p->count; i++)
        if (kind_at(p, i) == LEX_SEMICOLON && kind_at(p, i + 1) != LEX_SEMICOLON) {
            p->rc = err_set_named(p->err, ERR_SQL, SYNTAX, 0, ONLY_ONE_STATEMENT,
                                  BYTES_ARG(bytes_slice(bytes_trim(text), 0, 500)));
            return false;
        }
    return true;
}

static bool parse_whole(struct parser *p, struct sql_statement *s) {
    if (!parse_statement(p, s))
        return false;
    while (tok(p)->kind == LEX_SEMICOLON)
        parser_advance(p);
    s->parameters = p->parameters;
    s->parameter_count = p->parameter_count;
    return parser_expect(p, LEX_EOF);
}

int sql_parse(struct arena *a, struct bytes text, struct sql_statement **ret, struct err *e) {
    struct parser p;
    int rc = parser_init(&p, a, text, e);
    if (rc != 0)
        return rc;
    struct sql_statement *s = NODE(&p, struct sql_statement);
    if (!s)
        return p.rc;
    s->text = text;
    s->pos = pos_here(&p);
    if ((!is_hive(&p) && !one_statement(&p, text)) || !refuse(&p))
        return p.rc;
    if (is_hive(&p))
        rc = ddl_parse(a, s, e);
    else if (!parse_whole(&p, s))
        rc = p.rc;
    if (rc == 0)
        *ret = s;
    return rc;
}

int sql_parse_expr(struct arena *a, struct bytes text, struct sql_expr **ret, struct err *e) {
    struct parser p;
    int rc = parser_init(&p, a, text, e);
    if (rc != 0)
        return rc;
    struct sql_expr *expr = parse_expression(&p);
    if (!expr || !parser_expect(&p, LEX_EOF))
        return p.rc;
    *ret = expr;
    return 0;
}

int sql_parse_type(struct arena *a, struct bytes text, struct sql_type_name **ret, struct err *e) {
    struct parser p;
    int rc = parser_init(&p, a, text, e);
    if (rc != 0)
        return rc;
    struct sql_type_name *type = parse_type(&p);
    if (!type || !parser_expect(&p, LEX_EOF))
        return p.rc;
    *ret = type;
    return 0;
}

/* ---- what callers ask of a statement ---- */

static const struct {
    const char *type, *substatement;
} kinds[] = {
    [SQL_SELECT] = {"DML", "SELECT"},
    [SQL_CREATE_TABLE_AS] = {"DDL", "CREATE_TABLE_AS_SELECT"},
    [SQL_INSERT] = {"DML", "INSERT"},
    [SQL_UNLOAD] = {"DML", "UNLOAD"},
    [SQL_CREATE_VIEW] = {"DDL", "CREATE_VIEW"},
    [SQL_DROP_VIEW] = {"DDL", "DROP_VIEW"},
    [SQL_SHOW_CREATE_VIEW] = {"UTILITY", "SHOW_CREATE_VIEW"},
    [SQL_PREPARE] = {"UTILITY", "PREPARE"},
    [SQL_EXECUTE] = {"DML", "EXECUTE"},
    [SQL_EXECUTE_IMMEDIATE] = {"DML", "EXECUTE_IMMEDIATE"},
    [SQL_DEALLOCATE] = {"UTILITY", "DEALLOCATE"},
    [SQL_EXPLAIN] = {"UTILITY", "EXPLAIN"},
    [SQL_UPDATE] = {"DML", "UPDATE"},
    [SQL_DELETE] = {"DML", "DELETE"},
    [SQL_MERGE] = {"DML", "MERGE"},
    [SQL_OPTIMIZE] = {"DML", "OPTIMIZE"},
    [SQL_VACUUM] = {"DML", "VACUUM"},
    [SQL_CREATE_DATABASE] = {"DDL", "CREATE_DATABASE"},
    [SQL_DROP_DATABASE] = {"DDL", "DROP_DATABASE"},
    [SQL_CREATE_TABLE] = {"DDL", "CREATE_TABLE"},
    [SQL_DROP_TABLE] = {"DDL", "DROP_TABLE"},
    [SQL_ADD_PARTITION] = {"DDL", "ALTER_TABLE_ADD_PARTITION"},
    [SQL_ALTER_DATABASE] = {"DDL", "ALTER_DATABASE_PROPERTIES"},
    [SQL_DROP_PARTITION] = {"DDL", "ALTER_TABLE_DROP_PARTITION"},
    [SQL_RENAME_PARTITION] = {"DDL", "ALTER_TABLE_RENAME_PARTITION"},
    [SQL_ADD_COLUMNS] = {"DDL", "ALTER_TABLE_ADD_COLUMN"},
    [SQL_REPLACE_COLUMNS] = {"DDL", "ALTER_TABLE_REPLACE_COLUMN"},
    [SQL_CHANGE_COLUMN] = {"DDL", "ALTER_TABLE_CHANGE_COLUMN"},
    [SQL_SET_LOCATION] = {"DDL", "ALTER_TABLE_SET_LOCATION"},
    [SQL_SET_PROPERTIES] = {"DDL", "ALTER_TABLE_PROPERTIES"},
    [SQL_UNSET_PROPERTIES] = {"DDL", "ALTER_TABLE_PROPERTIES"},
    [SQL_RENAME_TABLE] = {"DDL", "ALTER_TABLE_RENAME"},
    [SQL_DROP_COLUMN] = {"DDL", "ALTER_TABLE_DROP_COLUMN"},
    [SQL_REPAIR_TABLE] = {"DDL", "MSCK_REPAIR"},
    [SQL_SHOW_DATABASES] = {"UTILITY", "SHOW_DATABASES"},
    [SQL_SHOW_TABLES] = {"UTILITY", "SHOW_TABLES"},
    [SQL_SHOW_VIEWS] = {"UTILITY", "SHOW_VIEWS"},
    [SQL_SHOW_PARTITIONS] = {"UTILITY", "SHOW_PARTITIONS"},
    [SQL_SHOW_COLUMNS] = {"UTILITY", "SHOW_COLUMNS"},
    [SQL_SHOW_CREATE_TABLE] = {"UTILITY", "SHOW_CREATE_TABLE"},
    [SQL_SHOW_PROPERTIES] = {"UTILITY", "SHOW_TABLE_PROPERTIES"},
    [SQL_DESCRIBE] = {"UTILITY", "DESCRIBE_TABLE"},
};

enum sql_kind sql_statement_kind(const struct sql_statement *s) {
    return s->kind;
}
const char *sql_statement_type(const struct sql_statement *s) {
    return kinds[s->kind].type;
}
const char *sql_substatement_type(const struct sql_statement *s) {
    return kinds[s->kind].substatement;
}
int sql_statement_target(struct arena *a, const struct sql_statement *s,
                         struct bytes default_database, struct sql_view_statement *ret,
                         struct err *e) {
    int rc = sql_statement_view(a, s, default_database, ret, e);
    ret->line = s->dml->table_pos.line;
    ret->column = s->dml->table_pos.column;
    return rc;
}
bool sql_statement_explain(const struct sql_statement *s, struct sql_explain *ret) {
    if (s->kind != SQL_EXPLAIN)
        return false;
    *ret = (struct sql_explain){.inner = s->dml->inner,
                                .analyze = s->dml->analyze,
                                .verbose = s->dml->verbose,
                                .type = s->dml->type,
                                .format = s->dml->format};
    return true;
}
const struct sql_ddl *sql_statement_ddl(const struct sql_statement *s) {
    return s->kind == SQL_SELECT || sql_kind_is_dml(s->kind) ? NULL : &s->ddl;
}
