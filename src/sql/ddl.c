/* ddl.c - Hive's side: CREATE, ALTER, DROP and MSCK of databases and tables, SHOW, DESCRIBE.
 *
 * A statement is words in a fixed order, so the parser walks the tokens and asks for each word by
 * name; no word is a token of its own, which keeps Hive's many unreserved words usable as names.
 * Errors speak as Hive does: "FAILED: ParseException line 1:2 ..." with columns counted from 0. */
#include "sql/ddl_int.h"
#include "sql/parse_int.h"

/* ---- cursor and errors ---- */

void ddl_advance(struct ddl *d) {
    if (d->at + 1 < d->count)
        d->at++;
}

bool ddl_at(const struct ddl *d, size_t ahead, const char *word) {
    size_t i = d->at + ahead;
    return i < d->count && d->tokens[i].kind == LEX_IDENT &&
           bytes_eq_nocase(d->tokens[i].text, bytes_str(word));
}

bool ddl_accept(struct ddl *d, const char *word) {
    if (!ddl_at(d, 0, word))
        return false;
    ddl_advance(d);
    return true;
}

bool ddl_accept_kind(struct ddl *d, enum lex_kind kind) {
    if (ddl_tok(d)->kind != kind)
        return false;
    ddl_advance(d);
    return true;
}

bool ddl_fail(struct ddl *d, const char *name, const char *fmt, ...) {
    if (d->rc)
        return false;
    va_list ap;
    va_start(ap, fmt);
    struct bytes text = arena_vfmt(d->arena, fmt, ap);
    va_end(ap);
    d->rc = text.ptr ? err_set_named(d->err, ERR_SQL, name, 0, "%.*s", BYTES_ARG(text))
                     : err_set(d->err, ERR_NOMEM, NULL);
    if (d->err) {
        d->err->line = ddl_tok(d)->pos.line;
        d->err->column = ddl_tok(d)->pos.column;
    }
    return false;
}

bool ddl_unsupported(struct ddl *d, const char *what) {
    return ddl_fail(d, "NOT_SUPPORTED", "line %d:%d: %s is not supported", ddl_tok(d)->pos.line,
                    ddl_tok(d)->pos.column, what);
}

/* The text of the token `ahead`, as an error shows it. */
static struct bytes shown(const struct ddl *d, ptrdiff_t ahead) {
    size_t i = (size_t)((ptrdiff_t)d->at + ahead);
    if (ahead < 0 && d->at == 0)
        i = 0;
    if (i >= d->count || d->tokens[i].kind == LEX_EOF)
        return BYTES("<EOF>");
    return bytes_slice(d->tokens[i].text, 0, 100);
}

bool ddl_unrecognized(struct ddl *d, const char *context) {
    return ddl_fail(d, SYNTAX,
                    "FAILED: ParseException line %d:%d cannot recognize input near '%.*s' '%.*s' "
                    "'%.*s' in %s",
                    ddl_tok(d)->pos.line, ddl_tok(d)->pos.column - 1, BYTES_ARG(shown(d, 0)),
                    BYTES_ARG(shown(d, 1)), BYTES_ARG(shown(d, 2)), context);
}

static bool missing(struct ddl *d, const char *what, const char *context) {
    return ddl_fail(d, SYNTAX,
                    "FAILED: ParseException line %d:%d missing %s at '%.*s' near '%.*s'%s%s",
                    ddl_tok(d)->pos.line, ddl_tok(d)->pos.column - 1, what, BYTES_ARG(shown(d, 0)),
                    BYTES_ARG(shown(d, -1)), context ? " in " : "", context ? context : "");
}

bool ddl_expect(struct ddl *d, const char *word, const char *context) {
    if (ddl_accept(d, word))
        return true;
    struct bytes what = arena_fmt(d->arena, "KW_%s", word);
    return missing(d, what.ptr ? what.ptr : word, context);
}

bool ddl_expect_kind(struct ddl *d, enum lex_kind kind, const char *context) {
    if (ddl_accept_kind(d, kind))
        return true;
    const char *label = lex_label(kind);
    if (label[0] != '\'')
        return ddl_unrecognized(d, context ? context : "statement");
    struct bytes bare = arena_fmt(d->arena, "%.*s", (int)strlen(label) - 2, label + 1);
    return missing(d, bare.ptr ? bare.ptr : label, context);
}

void *ddl_room(struct ddl *d, void *items, size_t count, size_t item_size) {
    bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full)
        return items;
    void *bigger = arena_alloc(d->arena, MAX_OF(count * 2, (size_t)4) * item_size);
    if (!bigger) {
        d->rc = err_set(d->err, ERR_NOMEM, NULL);
        return NULL;
    }
    if (count)
        memcpy(bigger, items, count * item_size);
    return bigger;
}

/* ---- names, strings, properties ---- */

static bool no_memory(struct ddl *d) {
    if (!d->rc)
        d->rc = err_set(d->err, ERR_NOMEM, NULL);
    return false;
}

/* Words that Hive refuses as bare names even with its SQL11 keywords switched off, as Athena has
 * them: documented tables of Athena have columns called timestamp and date. */
static bool is_reserved(struct bytes word) {
    static const char *const reserved[] = {
        "AND",       "CASE",      "CAST",       "CHAR",         "COLUMN",      "CONF",
        "CROSS",     "CURRENT",   "DATABASE",   "DISTINCT",     "ELSE",        "END",
        "EXCHANGE",  "EXTENDED",  "FOLLOWING",  "FROM",         "FUNCTION",    "HAVING",
        "IF",        "INTERVAL",  "JOIN",       "LESS",         "MACRO",       "MAP",
        "MORE",      "NOT",       "ON",         "OR",           "OVER",        "PARTIALSCAN",
        "PRECEDING", "PRESERVE",  "REDUCE",     "SELECT",       "TABLESAMPLE", "THEN",
        "TRANSFORM", "UNBOUNDED", "UNIQUEJOIN", "UTC_TMESTAMP", "VARCHAR",     "WHEN",
        "WHERE",     "WINDOW"};
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (bytes_eq_nocase(word, bytes_str(reserved[i])))
            return true;
    return false;
}

static bool lower(struct ddl *d, struct bytes text, struct bytes *ret) {
    char *out = arena_strndup(d->arena, text.ptr, text.len);
    if (!out)
        return no_memory(d);
    for (size_t i = 0; i < text.len; i++)
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = (char)(out[i] + 32);
    *ret = bytes_of(out, text.len);
    return true;
}

bool ddl_ident(struct ddl *d, struct bytes *ret, const char *context) {
    const struct lex_token *t = ddl_tok(d);
    struct bytes text = t->text;
    if (t->kind == LEX_BACKQUOTED) {
        text = lex_unquote(d->arena, t->text, '`');
        if (!text.ptr)
            return no_memory(d);
        if (!text.len)
            return ddl_unrecognized(d, context);
    } else if (t->kind != LEX_IDENT) {
        return ddl_unrecognized(d, context);
    } else if (is_reserved(t->text)) {
        return ddl_fail(d, SYNTAX,
                        "FAILED: ParseException line %d:%d Failed to recognize predicate '%.*s'. "
                        "Failed rule: 'identifier' in %s",
                        t->pos.line, t->pos.column - 1, BYTES_ARG(t->text), context);
    }
    ddl_advance(d);
    return lower(d, text, ret);
}

bool ddl_string(struct ddl *d, struct bytes *ret, const char *context) {
    if (ddl_tok(d)->kind != LEX_STRING_LITERAL)
        return ddl_unrecognized(d, context);
    *ret = lex_unescape_hive(d->arena, ddl_tok(d)->text);
    if (!ret->ptr)
        return no_memory(d);
    ddl_advance(d);
    return true;
}

bool ddl_add_property(struct ddl *d, struct sql_property **list, size_t *count, struct bytes key,
                      struct bytes value) {
    struct sql_property property = {.key = key, .value = value};
    return DDL_ADD(d, *list, *count, property);
}

/* A value in quotes, or (as Athena also takes) a bare number or word. */
static bool property_value(struct ddl *d, struct bytes *ret) {
    const struct lex_token *t = ddl_tok(d);
    if (t->kind != LEX_INTEGER && t->kind != LEX_IDENT)
        return ddl_string(d, ret, "table properties list");
    *ret = t->text;
    ddl_advance(d);
    return true;
}

bool ddl_properties(struct ddl *d, struct sql_property **list, size_t *count) {
    if (!ddl_expect_kind(d, LEX_LPAREN, "table properties"))
        return false;
    do {
        struct bytes key, value;
        if (!ddl_string(d, &key, "table properties list") ||
            !ddl_expect_kind(d, LEX_EQ, "table properties list") || !property_value(d, &value) ||
            !ddl_add_property(d, list, count, key, value))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    return ddl_expect_kind(d, LEX_RPAREN, "table properties");
}

/* `db.table` inside one pair of backticks. */
static void split_at_dot(struct sql_name *name) {
    ptrdiff_t dot = bytes_find_char(name->table, '.');
    if (name->database.len || dot <= 0 || (size_t)dot + 1 == name->table.len)
        return;
    name->database = bytes_slice(name->table, 0, (size_t)dot);
    name->table = bytes_slice(name->table, (size_t)dot + 1, name->table.len);
}

static bool known_catalog(struct ddl *d, struct bytes name, struct sql_pos pos) {
    if (bytes_eq_str(name, "awsdatacatalog"))
        return true;
    return ddl_fail(d, "CATALOG_NOT_FOUND", "line %d:%d: Catalog '%.*s' does not exist", pos.line,
                    pos.column, BYTES_ARG(name));
}

bool ddl_table_name(struct ddl *d, const char *context) {
    struct bytes parts[3];
    size_t n = 0;
    struct sql_pos pos = ddl_tok(d)->pos;
    do {
        if (n == COUNT_OF(parts))
            return ddl_unrecognized(d, context);
        if (!ddl_ident(d, &parts[n++], context))
            return false;
    } while (ddl_accept_kind(d, LEX_DOT));
    if (n == 3 && !known_catalog(d, parts[0], pos))
        return false;
    d->out->name.table = parts[n - 1];
    d->out->name.database = n > 1 ? parts[n - 2] : (struct bytes){0};
    split_at_dot(&d->out->name);
    return true;
}

bool ddl_database_name(struct ddl *d, const char *context) {
    struct sql_pos pos = ddl_tok(d)->pos;
    struct bytes first;
    if (!ddl_ident(d, &first, context))
        return false;
    d->out->name.database = first;
    if (!ddl_accept_kind(d, LEX_DOT))
        return true;
    return known_catalog(d, first, pos) && ddl_ident(d, &d->out->name.database, context);
}

/* ---- statements ---- */

bool ddl_if_not_exists(struct ddl *d, const char *context) {
    if (!ddl_accept(d, "IF"))
        return true;
    d->out->if_not_exists = true;
    return ddl_expect(d, "NOT", context) && ddl_expect(d, "EXISTS", context);
}

bool ddl_if_exists(struct ddl *d, const char *context) {
    if (!ddl_accept(d, "IF"))
        return true;
    d->out->if_exists = true;
    return ddl_expect(d, "EXISTS", context);
}

static bool create_database(struct ddl *d) {
    static const char context[] = "create database statement";
    if (!ddl_if_not_exists(d, context) || !ddl_database_name(d, context))
        return false;
    for (;;) {
        bool ok = true;
        if (ddl_accept(d, "COMMENT"))
            ok = ddl_string(d, &d->out->comment, context);
        else if (ddl_accept(d, "LOCATION"))
            ok = ddl_string(d, &d->out->location, context);
        else if (ddl_accept(d, "WITH"))
            ok = ddl_expect(d, "DBPROPERTIES", context) &&
                 ddl_properties(d, &d->out->table_properties, &d->out->table_property_count);
        else
            return true;
        if (!ok)
            return false;
    }
}

static bool drop_database(struct ddl *d) {
    static const char context[] = "drop database statement";
    if (!ddl_if_exists(d, context) || !ddl_database_name(d, context))
        return false;
    d->out->cascade = ddl_accept(d, "CASCADE");
    if (!d->out->cascade)
        ddl_accept(d, "RESTRICT");
    return true;
}

static bool drop_table(struct ddl *d) {
    if (!ddl_if_exists(d, "drop table statement") || !ddl_table_name(d, "drop table statement"))
        return false;
    ddl_accept(d, "PURGE");
    return true;
}

/* [LIKE] 'pattern' */
static bool pattern(struct ddl *d, const char *context) {
    bool like = ddl_accept(d, "LIKE");
    if (!like && ddl_tok(d)->kind != LEX_STRING_LITERAL)
        return true;
    return ddl_string(d, &d->out->like_pattern, context);
}

static bool show_tables(struct ddl *d) {
    if ((ddl_accept(d, "IN") || ddl_accept(d, "FROM")) && !ddl_database_name(d, "show statement"))
        return false;
    return pattern(d, "show statement");
}

static bool show_columns(struct ddl *d) {
    if (!ddl_accept(d, "FROM") && !ddl_accept(d, "IN"))
        return ddl_unrecognized(d, "show statement");
    if (!ddl_table_name(d, "show statement"))
        return false;
    if (!ddl_accept(d, "FROM") && !ddl_accept(d, "IN"))
        return true;
    return ddl_ident(d, &d->out->name.database, "show statement");
}

static bool show_partitions(struct ddl *d) {
    if (!ddl_table_name(d, "show statement"))
        return false;
    return !ddl_at(d, 0, "PARTITION") ||
           ddl_unsupported(d, "SHOW PARTITIONS with a PARTITION spec");
}

static bool show_create(struct ddl *d) {
    if (ddl_at(d, 0, "VIEW"))
        return ddl_unsupported(d, "SHOW CREATE VIEW");
    return ddl_expect(d, "TABLE", "show statement") && ddl_table_name(d, "show statement");
}

/* t [('name')] */
static bool show_properties(struct ddl *d) {
    if (!ddl_table_name(d, "show statement"))
        return false;
    return !ddl_accept_kind(d, LEX_LPAREN) || (ddl_string(d, &d->out->property, "show statement") &&
                                               ddl_expect_kind(d, LEX_RPAREN, "show statement"));
}

/* '$elem$', '$key$' or '$value$' */
static bool path_step(struct ddl *d, struct bytes *ret, const char *context) {
    static const char *const steps[] = {"$elem$", "$key$", "$value$"};
    struct bytes text;
    size_t at = d->at;
    if (!ddl_string(d, &text, context))
        return false;
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (bytes_eq_nocase(text, bytes_str(steps[i]))) {
            *ret = bytes_str(steps[i]);
            return true;
        }
    d->at = at;
    return ddl_unrecognized(d, context);
}

/* column[.field | .'$elem$' | .'$key$' | .'$value$'].. */
static bool column_path(struct ddl *d) {
    static const char context[] = "describe statement";
    do {
        struct bytes part;
        bool quoted = d->out->path_count && ddl_tok(d)->kind == LEX_STRING_LITERAL;
        if (!(quoted ? path_step(d, &part, context) : ddl_ident(d, &part, context)) ||
            !DDL_ADD(d, d->out->path, d->out->path_count, part))
            return false;
    } while (ddl_accept_kind(d, LEX_DOT));
    return true;
}

static bool describe(struct ddl *d) {
    static const char context[] = "describe statement";
    d->out->extended = ddl_accept(d, "EXTENDED");
    d->out->formatted = !d->out->extended && ddl_accept(d, "FORMATTED");
    if (!ddl_table_name(d, context) || (ddl_at(d, 0, "PARTITION") && !ddl_add_spec(d, context)))
        return false;
    enum lex_kind next = ddl_tok(d)->kind;
    return (next != LEX_IDENT && next != LEX_BACKQUOTED) || column_path(d);
}

/* [ADD | DROP | SYNC PARTITIONS]: Athena takes the plain form only. */
static bool repair_table(struct ddl *d) {
    return ddl_expect(d, "TABLE", "msck statement") && ddl_table_name(d, "msck statement");
}

static bool create_table(struct ddl *d) {
    d->out->external = ddl_accept(d, "EXTERNAL");
    return ddl_expect(d, "TABLE", "create table statement") && ddl_create_table(d);
}

static const struct {
    const char *first, *second;
    enum sql_kind kind;
    bool (*parse)(struct ddl *d);
} statements[] = {
    {"CREATE", "DATABASE", SQL_CREATE_DATABASE, create_database},
    {"CREATE", "SCHEMA", SQL_CREATE_DATABASE, create_database},
    {"DROP", "DATABASE", SQL_DROP_DATABASE, drop_database},
    {"DROP", "SCHEMA", SQL_DROP_DATABASE, drop_database},
    {"DROP", "TABLE", SQL_DROP_TABLE, drop_table},
    {"MSCK", "REPAIR", SQL_REPAIR_TABLE, repair_table},
    {"SHOW", "DATABASES", SQL_SHOW_DATABASES, show_tables},
    {"SHOW", "SCHEMAS", SQL_SHOW_DATABASES, show_tables},
    {"SHOW", "TABLES", SQL_SHOW_TABLES, show_tables},
    {"SHOW", "VIEWS", SQL_SHOW_VIEWS, show_tables},
    {"SHOW", "COLUMNS", SQL_SHOW_COLUMNS, show_columns},
    {"SHOW", "PARTITIONS", SQL_SHOW_PARTITIONS, show_partitions},
    {"SHOW", "CREATE", SQL_SHOW_CREATE_TABLE, show_create},
    {"SHOW", "TBLPROPERTIES", SQL_SHOW_PROPERTIES, show_properties},
    {"ALTER", "DATABASE", SQL_ALTER_DATABASE, ddl_alter_database},
    {"ALTER", "SCHEMA", SQL_ALTER_DATABASE, ddl_alter_database},
};

static bool statement(struct ddl *d, struct sql_statement *s) {
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        if (ddl_at(d, 0, statements[i].first) && ddl_at(d, 1, statements[i].second)) {
            s->kind = statements[i].kind;
            d->at += 2;
            return statements[i].parse(d);
        }
    s->kind = SQL_DESCRIBE;
    if (ddl_accept(d, "DESCRIBE") || ddl_accept(d, "DESC"))
        return describe(d);
    if (ddl_at(d, 0, "ALTER") && ddl_at(d, 1, "TABLE")) {
        d->at += 2;
        return ddl_alter_table(d, &s->kind);
    }
    s->kind = SQL_CREATE_TABLE;
    if (ddl_at(d, 0, "CREATE") && (ddl_at(d, 1, "EXTERNAL") || ddl_at(d, 1, "TABLE"))) {
        ddl_advance(d);
        return create_table(d);
    }
    d->at += d->count > 1;
    return ddl_unrecognized(d, "ddl statement");
}

/* As Athena: a ';' may end the text, also several of them. */
static bool one_statement(struct ddl *d, struct bytes text) {
    for (size_t i = 0; i + 2 < d->count; i++)
        if (d->tokens[i].kind == LEX_SEMICOLON && d->tokens[i + 1].kind != LEX_SEMICOLON)
            return ddl_fail(d, SYNTAX, ONLY_ONE_STATEMENT,
                            BYTES_ARG(bytes_slice(bytes_trim(text), 0, 500)));
    return true;
}

static bool whole_statement(struct ddl *d, struct sql_statement *s) {
    if (!one_statement(d, s->text) || !statement(d, s))
        return false;
    while (ddl_accept_kind(d, LEX_SEMICOLON)) {
    }
    return ddl_tok(d)->kind == LEX_EOF || missing(d, "EOF", NULL);
}

int ddl_parse(struct arena *a, struct sql_statement *s, struct err *e) {
    struct lex_tokens tokens;
    int rc = lex_hive(a, s->text, &tokens, e);
    if (rc != 0)
        return rc;
    struct ddl d = {
        .arena = a, .err = e, .tokens = tokens.items, .count = tokens.count, .out = &s->ddl};
    bool ok = whole_statement(&d, s);
    buf_clear(&d.text);
    return ok ? 0 : d.rc;
}
