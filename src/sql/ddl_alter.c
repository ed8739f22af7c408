/* ddl_alter.c - ALTER TABLE ADD and DROP PARTITION.
 *
 *     ADD [IF NOT EXISTS] PARTITION (k = v, ..) [LOCATION 's3://..'] PARTITION ..
 *     DROP [IF EXISTS] PARTITION (k = v, ..), PARTITION ..
 */
#include "sql/ddl_int.h"

static const char context[] = "alter table partition statement";

/* A value in quotes of either kind, or a bare number. */
static bool partition_value(struct ddl *d, struct bytes *ret) {
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

/* (k = v, ..) */
static bool spec(struct ddl *d, struct sql_partition_spec *p) {
    if (!ddl_expect(d, "PARTITION", context) || !ddl_expect_kind(d, LEX_LPAREN, context))
        return false;
    do {
        struct bytes key, value;
        if (!ddl_ident(d, &key, context) || !ddl_expect_kind(d, LEX_EQ, context) ||
            !partition_value(d, &value))
            return false;
        if (is_repeated(p, key))
            return ddl_fail(d, "SYNTAX_ERROR",
                            "FAILED: SemanticException line %d:%d Partition column %.*s is given "
                            "twice",
                            ddl_tok(d)->pos.line, ddl_tok(d)->pos.column - 1, BYTES_ARG(key));
        if (!ddl_add_property(d, &p->values, &p->value_count, key, value))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    return ddl_expect_kind(d, LEX_RPAREN, context);
}

static bool add_partitions(struct ddl *d) {
    if (!ddl_if_not_exists(d, context))
        return false;
    do {
        struct sql_partition_spec p = {0};
        if (!spec(d, &p) || (ddl_accept(d, "LOCATION") && !ddl_string(d, &p.location, context)) ||
            !DDL_ADD(d, d->out->partitions, d->out->partition_count, p))
            return false;
    } while (ddl_at(d, 0, "PARTITION"));
    return true;
}

static bool drop_partitions(struct ddl *d) {
    if (!ddl_if_exists(d, context))
        return false;
    do {
        struct sql_partition_spec p = {0};
        if (!spec(d, &p) || !DDL_ADD(d, d->out->partitions, d->out->partition_count, p))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    ddl_accept(d, "PURGE");
    return true;
}

/* What may follow ADD or DROP, so that the rest of ALTER TABLE is refused by name. */
static bool is_about_partitions(const struct ddl *d) {
    return ddl_at(d, 1, "PARTITION") || ddl_at(d, 1, "IF");
}

bool ddl_alter_table(struct ddl *d, enum sql_kind *kind) {
    if (!ddl_table_name(d, context))
        return false;
    bool add = ddl_at(d, 0, "ADD");
    if ((!add && !ddl_at(d, 0, "DROP")) || !is_about_partitions(d))
        return ddl_unsupported(d, "ALTER TABLE other than ADD PARTITION and DROP PARTITION");
    ddl_advance(d);
    *kind = add ? SQL_ADD_PARTITION : SQL_DROP_PARTITION;
    return add ? add_partitions(d) : drop_partitions(d);
}
