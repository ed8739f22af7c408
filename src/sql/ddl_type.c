/* ddl_type.c - Hive's column types, checked and written the way the Glue catalogue keeps them:
 * lower case, no blanks, synonyms resolved (integer is int, decimal is decimal(10,0)). */
#include "sql/ddl_int.h"

static bool type_list(struct ddl *d, size_t least, size_t most);

static bool number(struct ddl *d) {
    if (ddl_tok(d)->kind != LEX_INTEGER)
        return ddl_unrecognized(d, "column type");
    buf_add(&d->text, ddl_tok(d)->text);
    ddl_advance(d);
    return true;
}

/* varchar(n), char(n) */
static bool length(struct ddl *d) {
    buf_add_char(&d->text, '(');
    if (!ddl_expect_kind(d, LEX_LPAREN, "column type") || !number(d))
        return false;
    buf_add_char(&d->text, ')');
    return ddl_expect_kind(d, LEX_RPAREN, "column type");
}

static bool decimal(struct ddl *d) {
    if (!ddl_accept_kind(d, LEX_LPAREN)) {
        buf_add_str(&d->text, "(10,0)");
        return true;
    }
    buf_add_char(&d->text, '(');
    if (!number(d))
        return false;
    buf_add_char(&d->text, ',');
    if (!ddl_accept_kind(d, LEX_COMMA))
        buf_add_char(&d->text, '0');
    else if (!number(d))
        return false;
    buf_add_char(&d->text, ')');
    return ddl_expect_kind(d, LEX_RPAREN, "column type");
}

static bool is_plain_name(struct bytes name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return name.len > 0;
}

/* A field's name may be any word, reserved or not. */
static bool field_name(struct ddl *d) {
    const struct lex_token *t = ddl_tok(d);
    if (t->kind != LEX_IDENT && t->kind != LEX_BACKQUOTED && t->kind != LEX_INTEGER)
        return ddl_unrecognized(d, "column type");
    struct bytes name = t->text;
    if (t->kind == LEX_BACKQUOTED)
        name = bytes_slice(name, 1, name.len - 1);
    char *lower = arena_strndup(d->arena, name.ptr, name.len);
    if (!lower) {
        d->rc = err_set(d->err, ERR_NOMEM, NULL);
        return false;
    }
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
    name = bytes_of(lower, name.len);
    const char *quote = is_plain_name(name) ? "" : "`";
    buf_add_str(&d->text, quote);
    buf_add(&d->text, name);
    buf_add_str(&d->text, quote);
    ddl_advance(d);
    return true;
}

static bool struct_fields(struct ddl *d) {
    if (!ddl_expect_kind(d, LEX_LT, "column type"))
        return false;
    buf_add_char(&d->text, '<');
    do {
        struct bytes ignored;
        if (!field_name(d) || !ddl_expect_kind(d, LEX_COLON, "column type"))
            return false;
        buf_add_char(&d->text, ':');
        if (!ddl_type(d) || (ddl_accept(d, "COMMENT") && !ddl_string(d, &ignored, "column type")))
            return false;
        if (ddl_tok(d)->kind == LEX_COMMA)
            buf_add_char(&d->text, ',');
    } while (ddl_accept_kind(d, LEX_COMMA));
    buf_add_char(&d->text, '>');
    return ddl_expect_kind(d, LEX_GT, "column type");
}

static bool array_type(struct ddl *d) {
    return type_list(d, 1, 1);
}
static bool map_type(struct ddl *d) {
    return type_list(d, 2, 2);
}
static bool union_type(struct ddl *d) {
    return type_list(d, 1, SIZE_MAX);
}
static bool plain(struct ddl *d) {
    return true;
}
static bool double_type(struct ddl *d) {
    ddl_accept(d, "PRECISION");
    return true;
}

static const struct {
    const char *word, *canonical;
    bool (*rest)(struct ddl *d); /* what follows the word */
} types[] = {
    {"STRING", "string", plain},
    {"BIGINT", "bigint", plain},
    {"INT", "int", plain},
    {"INTEGER", "int", plain},
    {"DOUBLE", "double", double_type},
    {"BOOLEAN", "boolean", plain},
    {"TIMESTAMP", "timestamp", plain},
    {"DATE", "date", plain},
    {"FLOAT", "float", plain},
    {"SMALLINT", "smallint", plain},
    {"TINYINT", "tinyint", plain},
    {"BINARY", "binary", plain},
    {"DECIMAL", "decimal", decimal},
    {"NUMERIC", "decimal", decimal},
    {"DEC", "decimal", decimal},
    {"VARCHAR", "varchar", length},
    {"CHAR", "char", length},
    {"ARRAY", "array", array_type},
    {"MAP", "map", map_type},
    {"STRUCT", "struct", struct_fields},
    {"UNIONTYPE", "uniontype", union_type},
};

static bool type_list(struct ddl *d, size_t least, size_t most) {
    size_t n = 0;
    if (!ddl_expect_kind(d, LEX_LT, "column type"))
        return false;
    buf_add_char(&d->text, '<');
    do {
        if (n++)
            buf_add_char(&d->text, ',');
        if (n > most)
            return ddl_unrecognized(d, "column type");
        if (!ddl_type(d))
            return false;
    } while (ddl_accept_kind(d, LEX_COMMA));
    buf_add_char(&d->text, '>');
    if (n < least)
        return ddl_unrecognized(d, "column type");
    return ddl_expect_kind(d, LEX_GT, "column type");
}

bool ddl_type(struct ddl *d) {
    if (d->depth >= DDL_MAX_DEPTH)
        return ddl_fail(d, "SYNTAX_ERROR",
                        "FAILED: ParseException line %d:%d types are nested deeper than %d levels",
                        ddl_tok(d)->pos.line, ddl_tok(d)->pos.column - 1, DDL_MAX_DEPTH);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (!ddl_accept(d, types[i].word))
            continue;
        buf_add_str(&d->text, types[i].canonical);
        d->depth++;
        bool ok = types[i].rest(d);
        d->depth--;
        return ok;
    }
    return ddl_unrecognized(d, "column type");
}
