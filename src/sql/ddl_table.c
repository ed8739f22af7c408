/* ddl_table.c - CREATE EXTERNAL TABLE: columns, then clauses in any order.
 *
 * Hive wants the clauses in one order; real statements do not keep to it and Athena takes them, so
 * this is a loop over a table of clauses. The SerDe and the formats are resolved once all clauses
 * are known, because STORED AS may stand before or after ROW FORMAT. */
#include "sql/ddl_int.h"
#include "sql/parse_int.h"

#define CONTEXT "create table statement"

bool ddl_column(struct ddl *d, struct sql_column_def **list, size_t *count) {
    struct sql_column_def c = {0};
    if (!ddl_ident(d, &c.name, "column specification"))
        return false;
    buf_reset(&d->text);
    if (!ddl_type(d))
        return false;
    c.type_text = arena_copy(d->arena, buf_bytes(&d->text));
    if (!buf_ok(&d->text) || !c.type_text.ptr) {
        d->rc = err_set(d->err, ERR_NOMEM, NULL);
        return false;
    }
    if (ddl_accept(d, "COMMENT") && !ddl_string(d, &c.comment, "column specification"))
        return false;
    return DDL_ADD(d, *list, *count, c);
}

bool ddl_columns(struct ddl *d, struct sql_column_def **list, size_t *count, const char *context) {
    if (!ddl_expect_kind(d, LEX_LPAREN, context))
        return false;
    do {
        if (!ddl_column(d, list, count))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    return ddl_expect_kind(d, LEX_RPAREN, context);
}

/* ---- clauses: the cursor is after the clause's first words ---- */

static bool comment(struct ddl *d) {
    return ddl_string(d, &d->out->comment, CONTEXT);
}
static bool location(struct ddl *d) {
    return ddl_string(d, &d->out->location, CONTEXT);
}
static bool table_properties(struct ddl *d) {
    return ddl_properties(d, &d->out->table_properties, &d->out->table_property_count);
}
static bool serde_properties(struct ddl *d) {
    return ddl_properties(d, &d->out->serde_properties, &d->out->serde_property_count);
}
/* column | transform(column) | bucket(n, column) | truncate(n, column) and (column, n) */
static bool number(struct ddl *d, int64_t *ret) {
    if (!bytes_to_i64(ddl_tok(d)->text, ret))
        return ddl_unrecognized(d, CONTEXT);
    ddl_advance(d);
    return true;
}

static bool transform(struct ddl *d) {
    struct sql_transform t = {0};
    if (!ddl_ident(d, &t.column, CONTEXT))
        return false;
    if (ddl_accept_kind(d, LEX_LPAREN)) {
        t.name = t.column;
        bool number_first = ddl_tok(d)->kind == LEX_INTEGER;
        if (number_first && (!number(d, &t.argument) || !ddl_expect_kind(d, LEX_COMMA, CONTEXT)))
            return false;
        if (!ddl_ident(d, &t.column, CONTEXT) ||
            (!number_first && ddl_accept_kind(d, LEX_COMMA) && !number(d, &t.argument)) ||
            !ddl_expect_kind(d, LEX_RPAREN, CONTEXT))
            return false;
    }
    return DDL_ADD(d, d->out->transforms, d->out->transform_count, t);
}

static bool transforms(struct ddl *d) {
    do {
        ddl_advance(d); /* ( or , */
        if (!transform(d))
            return false;
    } while (ddl_tok(d)->kind == LEX_COMMA);
    return ddl_expect_kind(d, LEX_RPAREN, CONTEXT);
}

/* Iceberg's PARTITIONED BY has names and transforms without types. */
static bool partitioned_by(struct ddl *d) {
    enum lex_kind third = d->at + 2 < d->count ? d->tokens[d->at + 2].kind : LEX_EOF;
    if (!d->out->external && ddl_tok(d)->kind == LEX_LPAREN &&
        (third == LEX_COMMA || third == LEX_RPAREN || third == LEX_LPAREN))
        return transforms(d);
    return ddl_columns(d, &d->out->partition_columns, &d->out->partition_column_count, CONTEXT);
}
static bool skewed_by(struct ddl *d) {
    return ddl_unsupported(d, "SKEWED BY");
}
static bool stored_by(struct ddl *d) {
    return ddl_unsupported(d, "STORED BY");
}
static bool like(struct ddl *d) {
    return ddl_unsupported(d, "CREATE TABLE LIKE");
}

static bool bucket_columns(struct ddl *d) {
    do {
        struct bytes name;
        if (!ddl_ident(d, &name, CONTEXT) ||
            !DDL_ADD(d, d->out->bucket_columns, d->out->bucket_column_count, name))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    return ddl_expect_kind(d, LEX_RPAREN, CONTEXT);
}

static bool sort_columns(struct ddl *d) {
    do {
        struct sql_sort_column c = {0};
        if (!ddl_ident(d, &c.name, CONTEXT))
            return false;
        c.descending = ddl_accept(d, "DESC");
        if (!c.descending)
            ddl_accept(d, "ASC");
        if (!DDL_ADD(d, d->out->sort_columns, d->out->sort_column_count, c))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    return ddl_expect_kind(d, LEX_RPAREN, CONTEXT);
}

static bool clustered_by(struct ddl *d) {
    if (!ddl_expect_kind(d, LEX_LPAREN, CONTEXT) || !bucket_columns(d))
        return false;
    if (ddl_accept(d, "SORTED") && (!ddl_expect(d, "BY", CONTEXT) ||
                                    !ddl_expect_kind(d, LEX_LPAREN, CONTEXT) || !sort_columns(d)))
        return false;
    if (!ddl_expect(d, "INTO", CONTEXT))
        return false;
    if (!bytes_to_i64(ddl_tok(d)->text, &d->out->bucket_count) || d->out->bucket_count < 1)
        return ddl_unrecognized(d, CONTEXT);
    ddl_advance(d);
    return ddl_expect(d, "BUCKETS", CONTEXT);
}

static bool row_format_serde(struct ddl *d) {
    return ddl_string(d, &d->out->serde_class, "serde specification");
}

static const struct {
    const char *words[4]; /* before BY or AS */
    const char *key;
} delimiters[] = {
    {{"FIELDS", "TERMINATED", "BY", NULL}, "field.delim"},
    {{"ESCAPED", "BY", NULL, NULL}, "escape.delim"},
    {{"COLLECTION", "ITEMS", "TERMINATED", "BY"}, "collection.delim"},
    {{"MAP", "KEYS", "TERMINATED", "BY"}, "mapkey.delim"},
    {{"LINES", "TERMINATED", "BY", NULL}, "line.delim"},
    {{"NULL", "DEFINED", "AS", NULL}, "serialization.null.format"},
};

static bool add_serde_property(struct ddl *d, const char *key, struct bytes value) {
    return ddl_add_property(d, &d->out->serde_properties, &d->out->serde_property_count,
                            bytes_str(key), value);
}

static bool delimiter(struct ddl *d, size_t i) {
    struct bytes value;
    for (size_t w = 0; w < 4 && delimiters[i].words[w]; w++)
        if (!ddl_expect(d, delimiters[i].words[w], "row format specification"))
            return false;
    if (!ddl_string(d, &value, "row format specification") ||
        !add_serde_property(d, delimiters[i].key, value))
        return false;
    return i != 0 || add_serde_property(d, "serialization.format", value);
}

static bool row_format_delimited(struct ddl *d) {
    for (size_t i = 0; i < COUNT_OF(delimiters);) {
        if (!ddl_at(d, 0, delimiters[i].words[0])) {
            i++;
            continue;
        }
        if (!delimiter(d, i))
            return false;
        i = 0;
    }
    return true;
}

static bool stored_as(struct ddl *d) {
    if (ddl_accept(d, "INPUTFORMAT"))
        return ddl_string(d, &d->out->input_format, "file format specification") &&
               ddl_expect(d, "OUTPUTFORMAT", "file format specification") &&
               ddl_string(d, &d->out->output_format, "file format specification");
    struct bytes name;
    return ddl_ident(d, &name, "file format specification") && ddl_stored_as(d, name);
}

static const struct {
    const char *first, *second, *third;
    bool (*parse)(struct ddl *d);
} clauses[] = {
    {"COMMENT", NULL, NULL, comment},
    {"PARTITIONED", "BY", NULL, partitioned_by},
    {"CLUSTERED", "BY", NULL, clustered_by},
    {"SKEWED", "BY", NULL, skewed_by},
    {"ROW", "FORMAT", "SERDE", row_format_serde},
    {"ROW", "FORMAT", "DELIMITED", row_format_delimited},
    {"WITH", "SERDEPROPERTIES", NULL, serde_properties},
    {"STORED", "AS", NULL, stored_as},
    {"STORED", "BY", NULL, stored_by},
    {"LOCATION", NULL, NULL, location},
    {"TBLPROPERTIES", NULL, NULL, table_properties},
    {"LIKE", NULL, NULL, like},
};

static bool at_clause(const struct ddl *d, size_t i, size_t *ret_words) {
    *ret_words = clauses[i].third ? 3 : clauses[i].second ? 2 : 1;
    return ddl_at(d, 0, clauses[i].first) &&
           (!clauses[i].second || ddl_at(d, 1, clauses[i].second)) &&
           (!clauses[i].third || ddl_at(d, 2, clauses[i].third));
}

static bool all_clauses(struct ddl *d) {
    for (size_t i = 0; i < COUNT_OF(clauses);) {
        size_t words;
        if (!at_clause(d, i, &words)) {
            i++;
            continue;
        }
        d->at += words;
        if (!clauses[i].parse(d))
            return false;
        i = 0;
    }
    return true;
}

static bool is_iceberg(const struct sql_ddl *out) {
    for (size_t i = 0; i < out->table_property_count; i++)
        if (bytes_eq_nocase(out->table_properties[i].key, BYTES("table_type")) &&
            bytes_eq_nocase(out->table_properties[i].value, BYTES("iceberg")))
            return true;
    return false;
}

/* Athena's own texts, without a place. */
static bool check_table(struct ddl *d) {
    d->out->iceberg = is_iceberg(d->out);
    if (ddl_tok(d)->kind != LEX_EOF && ddl_tok(d)->kind != LEX_SEMICOLON)
        return true; /* what is left over is the error */
    if (!d->out->location.len)
        return ddl_fail(d, SYNTAX,
                        "No location was specified for table. An S3 location must be specified");
    if (d->out->iceberg && d->out->external)
        return ddl_fail(d, SYNTAX, "External keyword not supported for table type ICEBERG");
    return d->out->external || d->out->iceberg ||
           ddl_fail(d, SYNTAX, "External keyword required for table type HIVE");
}

bool ddl_create_table(struct ddl *d) {
    if (ddl_accept(d, "IF")) {
        d->out->if_not_exists = true;
        if (!ddl_expect(d, "NOT", CONTEXT) || !ddl_expect(d, "EXISTS", CONTEXT))
            return false;
    }
    if (!ddl_table_name(d, "create table statement"))
        return false;
    if (ddl_tok(d)->kind == LEX_LPAREN &&
        !ddl_columns(d, &d->out->columns, &d->out->column_count, CONTEXT))
        return false;
    return all_clauses(d) && check_table(d) && (d->out->iceberg || ddl_default_format(d));
}
