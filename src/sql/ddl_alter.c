/* ddl_alter.c - ALTER TABLE and ALTER DATABASE.
 *
 *     ALTER TABLE t ADD [IF NOT EXISTS] PARTITION (k = v, ..) [LOCATION 's3://..'] PARTITION ..
 *                   DROP [IF EXISTS] PARTITION (k = v, ..), PARTITION ..
 *                   PARTITION (k = v, ..) RENAME TO PARTITION (k = v, ..)
 *                   [PARTITION (k = v, ..)] ADD | REPLACE COLUMNS (c type [COMMENT 's'], ..)
 *                   [PARTITION (k = v, ..)] SET LOCATION 's3://..'
 *                   CHANGE [COLUMN] c d type [COMMENT 's'] [FIRST | AFTER e]
 *                   SET TBLPROPERTIES ('k' = 'v', ..)
 *                   RENAME TO u | DROP COLUMN c | UNSET TBLPROPERTIES ('k', ..)
 *     ALTER DATABASE d SET DBPROPERTIES ('k' = 'v', ..)
 *
 * The words after the name choose a row of a table. Those of the last line are for Iceberg tables:
 * Athena starts them and fails them on any other table. */
#include "sql/ddl_int.h"
#include "sql/parse_int.h"

#define CONTEXT "alter table statement"

/* ---- PARTITION (k = v, ..) ---- */

/* A value in quotes of either kind, also after DATE or TIMESTAMP, or a bare number. */
static bool partition_value(struct ddl *d, struct bytes *ret, const char *context) {
    if ((ddl_at(d, 0, "DATE") || ddl_at(d, 0, "TIMESTAMP")) && d->at + 1 < d->count &&
        d->tokens[d->at + 1].kind == LEX_STRING_LITERAL)
        ddl_advance(d);
    const struct lex_token *t = ddl_tok(d);
    if (t->kind != LEX_INTEGER)
        return ddl_string(d, ret, context);
    *ret = t->text;
    ddl_advance(d);
    return true;
}

static bool is_repeated(const struct sql_partition_spec *p, struct bytes key) {
    for (size_t i = 0; i < p->value_count; i++)
        if (bytes_eq(p->values[i].key, key))
            return true;
    return false;
}

bool ddl_partition_spec(struct ddl *d, struct sql_partition_spec *p, const char *context) {
    if (!ddl_expect(d, "PARTITION", context) || !ddl_expect_kind(d, LEX_LPAREN, context))
        return false;
    do {
        struct bytes key, value;
        if (!ddl_ident(d, &key, context) || !ddl_expect_kind(d, LEX_EQ, context) ||
            !partition_value(d, &value, context))
            return false;
        if (is_repeated(p, key))
            return ddl_fail(d, SYNTAX,
                            "FAILED: SemanticException line %d:%d Partition column %.*s is given "
                            "twice",
                            ddl_tok(d)->pos.line, ddl_tok(d)->pos.column - 1, BYTES_ARG(key));
        if (!ddl_add_property(d, &p->values, &p->value_count, key, value))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    return ddl_expect_kind(d, LEX_RPAREN, context);
}

bool ddl_add_spec(struct ddl *d, const char *context) {
    struct sql_partition_spec p = {0};
    return ddl_partition_spec(d, &p, context) &&
           DDL_ADD(d, d->out->partitions, d->out->partition_count, p);
}

/* ---- the operations: the cursor is after their words, or before PARTITION ---- */

static bool add_partitions(struct ddl *d) {
    static const char context[] = "add partition statement";
    if (!ddl_if_not_exists(d, context))
        return false;
    do {
        struct sql_partition_spec p = {0};
        if (!ddl_partition_spec(d, &p, context) ||
            (ddl_accept(d, "LOCATION") && !ddl_string(d, &p.location, context)) ||
            !DDL_ADD(d, d->out->partitions, d->out->partition_count, p))
            return false;
    } while (ddl_at(d, 0, "PARTITION"));
    return true;
}

static bool drop_partitions(struct ddl *d) {
    static const char context[] = "drop partition statement";
    if (!ddl_if_exists(d, context))
        return false;
    do {
        if (!ddl_add_spec(d, context))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    ddl_accept(d, "PURGE");
    return true;
}

static bool rename_partition(struct ddl *d) {
    return ddl_add_spec(d, "alter table partition statement");
}

static bool columns(struct ddl *d) {
    return ddl_columns(d, &d->out->columns, &d->out->column_count, CONTEXT) &&
           (ddl_accept(d, "RESTRICT") || !ddl_at(d, 0, "CASCADE") || ddl_unsupported(d, "CASCADE"));
}

static bool change_column(struct ddl *d) {
    ddl_accept(d, "COLUMN");
    if (!ddl_ident(d, &d->out->column, CONTEXT) ||
        !ddl_column(d, &d->out->columns, &d->out->column_count))
        return false;
    d->out->first = ddl_accept(d, "FIRST");
    return d->out->first || !ddl_accept(d, "AFTER") || ddl_ident(d, &d->out->after, CONTEXT);
}

static bool location(struct ddl *d) {
    return ddl_string(d, &d->out->location, CONTEXT);
}

static bool properties(struct ddl *d) {
    return ddl_properties(d, &d->out->table_properties, &d->out->table_property_count);
}

static bool property_names(struct ddl *d) {
    if (!ddl_if_exists(d, CONTEXT) || !ddl_expect_kind(d, LEX_LPAREN, "table properties"))
        return false;
    do {
        struct bytes key;
        if (!ddl_string(d, &key, "table properties list") ||
            !ddl_add_property(d, &d->out->table_properties, &d->out->table_property_count, key,
                              (struct bytes){0}))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    return ddl_expect_kind(d, LEX_RPAREN, "table properties");
}

static bool rename_table(struct ddl *d) {
    struct sql_name name = d->out->name;
    bool ok = ddl_table_name(d, CONTEXT);
    d->out->new_name = d->out->name;
    d->out->name = name;
    return ok;
}

static bool drop_column(struct ddl *d) {
    d->out->line = ddl_back(d)->pos.line;
    d->out->position = ddl_back(d)->pos.column - 1;
    return ddl_ident(d, &d->out->column, CONTEXT);
}

/* `at`: whether a PARTITION spec stands before the words. */
enum { NEVER, MAYBE, ALWAYS };
static const struct {
    const char *words[3];
    int at, skip; /* words to step over */
    enum sql_kind kind;
    bool (*parse)(struct ddl *d);
} operations[] = {
    {{"ADD", "PARTITION"}, NEVER, 1, SQL_ADD_PARTITION, add_partitions},
    {{"ADD", "IF"}, NEVER, 1, SQL_ADD_PARTITION, add_partitions},
    {{"DROP", "PARTITION"}, NEVER, 1, SQL_DROP_PARTITION, drop_partitions},
    {{"DROP", "IF"}, NEVER, 1, SQL_DROP_PARTITION, drop_partitions},
    {{"RENAME", "TO", "PARTITION"}, ALWAYS, 2, SQL_RENAME_PARTITION, rename_partition},
    {{"ADD", "COLUMNS"}, MAYBE, 2, SQL_ADD_COLUMNS, columns},
    {{"REPLACE", "COLUMNS"}, MAYBE, 2, SQL_REPLACE_COLUMNS, columns},
    {{"SET", "LOCATION"}, MAYBE, 2, SQL_SET_LOCATION, location},
    {{"CHANGE"}, NEVER, 1, SQL_CHANGE_COLUMN, change_column},
    {{"SET", "TBLPROPERTIES"}, NEVER, 2, SQL_SET_PROPERTIES, properties},
    {{"UNSET", "TBLPROPERTIES"}, NEVER, 2, SQL_UNSET_PROPERTIES, property_names},
    {{"RENAME", "TO"}, NEVER, 2, SQL_RENAME_TABLE, rename_table},
    {{"DROP", "COLUMN"}, NEVER, 2, SQL_DROP_COLUMN, drop_column},
};

/* What Hive has and Athena documents as unsupported: refused by name. */
static const struct {
    const char *first, *second, *name;
} refused[] = {
    {"ARCHIVE", NULL, "ALTER TABLE ARCHIVE PARTITION"},
    {"UNARCHIVE", NULL, "ALTER TABLE UNARCHIVE PARTITION"},
    {"CLUSTERED", NULL, "ALTER TABLE CLUSTERED BY"},
    {"SKEWED", NULL, "ALTER TABLE SKEWED BY"},
    {"NOT", NULL, "ALTER TABLE NOT CLUSTERED, SORTED, SKEWED or STORED"},
    {"EXCHANGE", NULL, "ALTER TABLE EXCHANGE PARTITION"},
    {"CHANGE", NULL, "ALTER TABLE PARTITION CHANGE COLUMN"},
    {"COMPACT", NULL, "ALTER TABLE COMPACT"},
    {"CONCATENATE", NULL, "ALTER TABLE CONCATENATE"},
    {"TOUCH", NULL, "ALTER TABLE TOUCH"},
    {"SET", "FILEFORMAT", "ALTER TABLE SET FILEFORMAT"},
    {"SET", "SERDE", "ALTER TABLE SET SERDE"},
    {"SET", "SERDEPROPERTIES", "ALTER TABLE SET SERDEPROPERTIES"},
    {"SET", "SKEWED", "ALTER TABLE SET SKEWED LOCATION"},
};

static bool refuse(struct ddl *d) {
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (ddl_at(d, 0, refused[i].first) &&
            (!refused[i].second || ddl_at(d, 1, refused[i].second)))
            return ddl_unsupported(d, refused[i].name);
    return ddl_unrecognized(d, CONTEXT);
}

static bool at_operation(const struct ddl *d, size_t i) {
    for (size_t w = 0; w < COUNT_OF(operations[i].words) && operations[i].words[w]; w++)
        if (!ddl_at(d, w, operations[i].words[w]))
            return false;
    bool spec = d->out->partition_count > 0;
    return spec ? operations[i].at != NEVER : operations[i].at != ALWAYS;
}

bool ddl_alter_table(struct ddl *d, enum sql_kind *kind) {
    if (!ddl_table_name(d, CONTEXT))
        return false;
    if (ddl_at(d, 0, "PARTITION") && !ddl_add_spec(d, CONTEXT))
        return false;
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        if (!at_operation(d, i))
            continue;
        *kind = operations[i].kind;
        d->at += (size_t)operations[i].skip;
        return operations[i].parse(d);
    }
    return refuse(d);
}

bool ddl_alter_database(struct ddl *d) {
    static const char context[] = "alter database statement";
    if (!ddl_database_name(d, context))
        return false;
    if (ddl_at(d, 0, "SET") && (ddl_at(d, 1, "LOCATION") || ddl_at(d, 1, "OWNER")))
        return ddl_unsupported(d, "ALTER DATABASE other than SET DBPROPERTIES");
    return ddl_expect(d, "SET", context) && ddl_expect(d, "DBPROPERTIES", context) && properties(d);
}
