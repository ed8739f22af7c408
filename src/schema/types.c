/* types.c - reads and writes Hive type text.
 *
 * Recursive descent over the text, one function per shape; the cursor's offset is the place named
 * in errors. A table gives each simple type its Hive and DuckDB spelling, so reading and both ways
 * of writing agree by construction. Nesting is limited, because catalogue text comes from clients.
 */
#include "schema/types.h"

#define TYPE_DEPTH_MAX 64
#define FIELDS_MAX 4096

static const struct simple_type {
    const char *hive;
    const char *duckdb;
} simple_types[] = {
    [TYPE_BOOLEAN] = {"boolean", "BOOLEAN"},
    [TYPE_TINYINT] = {"tinyint", "TINYINT"},
    [TYPE_SMALLINT] = {"smallint", "SMALLINT"},
    [TYPE_INT] = {"int", "INTEGER"},
    [TYPE_BIGINT] = {"bigint", "BIGINT"},
    [TYPE_FLOAT] = {"float", "FLOAT"},
    [TYPE_DOUBLE] = {"double", "DOUBLE"},
    [TYPE_DECIMAL] = {"decimal", "DECIMAL"},
    [TYPE_STRING] = {"string", "VARCHAR"},
    [TYPE_VARCHAR] = {"varchar", "VARCHAR"},
    [TYPE_CHAR] = {"char", "VARCHAR"},
    [TYPE_BINARY] = {"binary", "BLOB"},
    [TYPE_TIMESTAMP] = {"timestamp", "TIMESTAMP"},
    [TYPE_DATE] = {"date", "DATE"},
    [TYPE_ARRAY] = {"array", NULL},
    [TYPE_MAP] = {"map", "MAP"},
    [TYPE_STRUCT] = {"struct", "STRUCT"},
};

struct cursor {
    struct arena *a;
    struct bytes text;
    size_t at;
    int depth;
    struct err *e;
};

static int parse_type(struct cursor *c, const struct type **ret);

static void skip_blanks(struct cursor *c) {
    while (c->at < c->text.len && (c->text.ptr[c->at] == ' ' || c->text.ptr[c->at] == '\t' ||
                                   c->text.ptr[c->at] == '\n' || c->text.ptr[c->at] == '\r')) {
        c->at++;
    }
}

static int fail(struct cursor *c, const char *what) {
    return err_set(c->e, ERR_INVALID_INPUT, "Type '%.*s': %s at character %zu.",
                   (int)MIN_OF(c->text.len, (size_t)300), c->text.ptr, what, c->at + 1);
}

static int no_memory(struct cursor *c) {
    return err_set(c->e, ERR_NOMEM, NULL);
}

static bool take(struct cursor *c, char ch) {
    skip_blanks(c);
    if (c->at < c->text.len && c->text.ptr[c->at] == ch) {
        c->at++;
        return true;
    }
    return false;
}

static int expect(struct cursor *c, char ch) {
    if (take(c, ch)) {
        return 0;
    }
    char what[32] = "expected ' '";
    what[10] = ch;
    return fail(c, what);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static struct bytes take_word(struct cursor *c) {
    skip_blanks(c);
    size_t from = c->at;
    while (c->at < c->text.len) {
        char ch = lower(c->text.ptr[c->at]);
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_')) {
            break;
        }
        c->at++;
    }
    return bytes_slice(c->text, from, c->at);
}

static int take_number(struct cursor *c, int *ret) {
    skip_blanks(c);
    size_t from = c->at;
    int64_t n = 0;
    while (c->at < c->text.len && c->text.ptr[c->at] >= '0' && c->text.ptr[c->at] <= '9' &&
           n < 1000000) {
        n = n * 10 + (c->text.ptr[c->at++] - '0');
    }
    if (c->at == from) {
        return fail(c, "expected a number");
    }
    *ret = (int)n;
    return 0;
}

static bool kind_of_word(struct bytes word, enum type_kind *ret) {
    if (bytes_eq_nocase(word, BYTES("integer"))) {
        *ret = TYPE_INT;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(simple_types); i++) {
        if (bytes_eq_nocase(word, bytes_str(simple_types[i].hive))) {
            *ret = (enum type_kind)i;
            return true;
        }
    }
    return false;
}

static int parse_decimal(struct cursor *c, struct type *t) {
    t->precision = 10;
    if (!take(c, '(')) {
        return 0;
    }
    int rc = take_number(c, &t->precision);
    if (rc == 0 && take(c, ',')) {
        rc = take_number(c, &t->scale);
    }
    if (rc == 0) {
        rc = expect(c, ')');
    }
    if (rc == 0 && (t->precision < 1 || t->precision > 38 || t->scale > t->precision)) {
        rc = fail(c, "decimal(p,s) needs 1 <= p <= 38 and 0 <= s <= p");
    }
    return rc;
}

static int parse_length(struct cursor *c, struct type *t) {
    if (!take(c, '(')) {
        return fail(c, "varchar and char need a length, such as varchar(255); 'string' has none");
    }
    int rc = take_number(c, &t->length);
    if (rc == 0) {
        rc = expect(c, ')');
    }
    int max = t->kind == TYPE_CHAR ? 255 : 65535;
    if (rc == 0 && (t->length < 1 || t->length > max)) {
        rc = fail(c, "a length must be 1 to 65535 for varchar, 1 to 255 for char");
    }
    return rc;
}

static int parse_children(struct cursor *c, struct type *t, size_t count) {
    const struct type **children = ARENA_NEW_N(c->a, const struct type *, count);
    if (!children) {
        return no_memory(c);
    }
    int rc = expect(c, '<');
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (i > 0) {
            rc = expect(c, ',');
        }
        if (rc == 0) {
            rc = parse_type(c, &children[i]);
        }
    }
    if (rc == 0) {
        rc = expect(c, '>');
    }
    t->children = children;
    t->child_count = count;
    if (rc == 0 && t->kind == TYPE_MAP && children[0]->kind >= TYPE_ARRAY) {
        rc = fail(c, "a map's key must be a simple type");
    }
    return rc;
}

/* A field's name, lower-cased into the arena. Backquoted: all up to the quote, `` for one. */
static int take_field_name(struct cursor *c, struct bytes *ret) {
    skip_blanks(c);
    bool quoted = take(c, '`');
    char *name = arena_alloc(c->a, c->text.len - c->at + 1);
    if (!name) {
        return no_memory(c);
    }
    size_t len = 0;
    while (c->at < c->text.len) {
        char ch = c->text.ptr[c->at];
        if (quoted && ch == '`') {
            c->at++;
            if (c->at == c->text.len || c->text.ptr[c->at] != '`') {
                quoted = false;
                break;
            }
        } else if (!quoted && strchr(":,<>()` \t\r\n", ch)) {
            break;
        }
        name[len++] = lower(ch);
        c->at++;
    }
    if (quoted || len == 0) {
        return fail(c, quoted ? "a backquoted name is not closed" : "expected a field name");
    }
    *ret = bytes_of(name, len);
    return 0;
}

static size_t count_fields(const struct cursor *c) {
    size_t n = 1;
    int depth = 1;
    for (size_t i = c->at; i < c->text.len && depth > 0; i++) {
        char ch = c->text.ptr[i];
        depth += (ch == '<' || ch == '(') - (ch == '>' || ch == ')');
        n += ch == ',' && depth == 1;
    }
    return n;
}

static int parse_field(struct cursor *c, struct bytes *names, size_t i, const struct type **ret) {
    int rc = take_field_name(c, &names[i]);
    for (size_t k = 0; rc == 0 && k < i; k++) {
        if (bytes_eq(names[k], names[i])) {
            rc = fail(c, "a field name is used twice");
        }
    }
    if (rc == 0) {
        rc = expect(c, ':');
    }
    return rc != 0 ? rc : parse_type(c, ret);
}

static int parse_struct(struct cursor *c, struct type *t) {
    int rc = expect(c, '<');
    if (rc != 0) {
        return rc;
    }
    size_t max = count_fields(c); /* an upper bound: commas in backquotes count too */
    if (max > FIELDS_MAX) {
        return fail(c, "a struct has too many fields");
    }
    const struct type **children = ARENA_NEW_N(c->a, const struct type *, max);
    struct bytes *names = ARENA_NEW_N(c->a, struct bytes, max);
    if (!children || !names) {
        return no_memory(c);
    }
    size_t n = 0;
    do {
        if (n == max) {
            return fail(c, "unexpected ','");
        }
        rc = parse_field(c, names, n, &children[n]);
        n++;
    } while (rc == 0 && take(c, ','));
    t->children = children;
    t->names = names;
    t->child_count = n;
    return rc != 0 ? rc : expect(c, '>');
}

static int parse_rest(struct cursor *c, struct type *t) {
    switch (t->kind) {
    case TYPE_DECIMAL:
        return parse_decimal(c, t);
    case TYPE_VARCHAR:
    case TYPE_CHAR:
        return parse_length(c, t);
    case TYPE_ARRAY:
        return parse_children(c, t, 1);
    case TYPE_MAP:
        return parse_children(c, t, 2);
    case TYPE_STRUCT:
        return parse_struct(c, t);
    default:
        return 0;
    }
}

static int parse_type(struct cursor *c, const struct type **ret) {
    if (c->depth == TYPE_DEPTH_MAX) {
        return fail(c, "types are nested too deeply");
    }
    struct bytes word = take_word(c);
    enum type_kind kind;
    if (!kind_of_word(word, &kind)) {
        c->at -= word.len;
        return fail(c, word.len ? "not a Hive type" : "expected a type");
    }
    struct type *t = ARENA_NEW(c->a, struct type);
    if (!t) {
        return no_memory(c);
    }
    t->kind = kind;
    c->depth++;
    int rc = parse_rest(c, t);
    c->depth--;
    if (rc == 0) {
        *ret = t;
    }
    return rc;
}

int type_parse(struct arena *a, struct bytes text, const struct type **ret, struct err *e) {
    struct cursor c = {.a = a, .text = text, .e = e};
    const struct type *t = NULL;
    int rc = parse_type(&c, &t);
    skip_blanks(&c);
    if (rc == 0 && c.at != text.len) {
        rc = fail(&c, "unexpected text after the type");
    }
    if (rc == 0) {
        *ret = t;
    }
    return rc;
}

static void add_quoted(struct buf *out, struct bytes name, char quote) {
    buf_add_char(out, quote);
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == quote) {
            buf_add_char(out, quote);
        }
        buf_add_char(out, name.ptr[i]);
    }
    buf_add_char(out, quote);
}

static void add_field_name(struct buf *out, struct bytes name) {
    for (size_t i = 0; i < name.len; i++) {
        if (strchr(":,<>()` \t\r\n", name.ptr[i])) {
            add_quoted(out, name, '`');
            return;
        }
    }
    buf_add(out, name);
}

void type_format(const struct type *t, struct buf *out) {
    buf_add_str(out, simple_types[t->kind].hive);
    if (t->kind == TYPE_DECIMAL) {
        buf_add_fmt(out, "(%d,%d)", t->precision, t->scale);
    } else if (t->kind == TYPE_VARCHAR || t->kind == TYPE_CHAR) {
        buf_add_fmt(out, "(%d)", t->length);
    }
    for (size_t i = 0; i < t->child_count; i++) {
        buf_add_char(out, i == 0 ? '<' : ',');
        if (t->kind == TYPE_STRUCT) {
            add_field_name(out, t->names[i]);
            buf_add_char(out, ':');
        }
        type_format(t->children[i], out);
    }
    if (t->child_count > 0) {
        buf_add_char(out, '>');
    }
}

void type_format_duckdb(const struct type *t, struct buf *out) {
    if (t->kind == TYPE_ARRAY) {
        type_format_duckdb(t->children[0], out);
        buf_add_str(out, "[]");
        return;
    }
    buf_add_str(out, simple_types[t->kind].duckdb);
    if (t->kind == TYPE_DECIMAL) {
        buf_add_fmt(out, "(%d,%d)", t->precision, t->scale);
    }
    for (size_t i = 0; i < t->child_count; i++) {
        buf_add_str(out, i == 0 ? "(" : ", ");
        if (t->kind == TYPE_STRUCT) {
            add_quoted(out, t->names[i], '"');
            buf_add_char(out, ' ');
        }
        type_format_duckdb(t->children[i], out);
    }
    if (t->child_count > 0) {
        buf_add_char(out, ')');
    }
}

bool type_equal(const struct type *a, const struct type *b) {
    if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
        a->length != b->length || a->child_count != b->child_count) {
        return false;
    }
    for (size_t i = 0; i < a->child_count; i++) {
        if (!type_equal(a->children[i], b->children[i]) ||
            (a->kind == TYPE_STRUCT && !bytes_eq(a->names[i], b->names[i]))) {
            return false;
        }
    }
    return true;
}
