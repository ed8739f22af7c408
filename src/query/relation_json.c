/* relation_json.c - scans of JSON files: lines by the worker's own reader (relation_text.c); arrays
 * and objects over several lines through read_json, with the used columns only.
 *
 * SerDes match keys without regard to case, at every level; the engine matches exactly. The heads
 * of a few of the scan's files tell how keys are spelt: their first objects are cut out by counting
 * brackets (whether they are lines, elements of an array or simply follow each other), each column
 * is read with a type whose field names are spelt so, and then cast to the table's type, field by
 * field. SerDe properties mapping.<column> name top-level keys outright.
 *
 * Files are taken for lines unless one of these heads shows something else. */
#include "base/mem.h"
#include "duck/text_source.h"
#include "query/query_int.h"

#define HEAD_BYTES (64u << 10)
#define WIDE_HEAD_BYTES (2u << 20) /* when the first object is larger than a head */
#define HEAD_FILES 4               /* first, last and between */
#define DOCS_MAX 32                /* per file */
#define SPELL_MAX 128              /* values of one field that are looked at */

struct json_head {
    struct arena arena;
    struct buf text;
    const struct json *docs[HEAD_FILES * DOCS_MAX];
    size_t count;
    bool lines; /* in each head, each object is one line */
    bool other; /* some head is an array, or its first object has several lines */
};

/* ---- the head ---- */
static void read_bytes(struct json_head *h, const char *path, size_t max) {
    struct text_source *source = NULL;
    struct err ignored;
    size_t got = 1;
    buf_reset(&h->text);
    if (text_source_open(path, 0, &source, &ignored))
        return;
    while (got && h->text.len < max) {
        char *room = buf_reserve(&h->text, max - h->text.len);
        if (!room || text_source_read(source, room, max - h->text.len, &got, &ignored))
            break;
        h->text.len += got;
    }
    text_source_close(&source);
}

/* The length of the object at the start of `t`; 0 when its end is not there. */
static size_t object_length(struct bytes t) {
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* Objects from the start, array brackets and commas around them passed over. Returns how many. */
static size_t take_objects(struct json_head *h, bool *ret_lines) {
    struct bytes rest = bytes_trim(arena_copy(&h->arena, buf_bytes(&h->text)));
    size_t n = 0;
    if (bytes_starts_with(rest, BYTES("\xef\xbb\xbf")))
        rest = bytes_trim(bytes_slice(rest, 3, rest.len));
    *ret_lines = rest.len && rest.ptr[0] == '{';
    for (; n < DOCS_MAX; n++) {
        while (rest.len && rest.ptr[0] != '{' && strchr("[], \t\r\n", rest.ptr[0]))
            rest = bytes_slice(rest, 1, rest.len);
        size_t len = rest.len && rest.ptr[0] == '{' ? object_length(rest) : 0;
        struct bytes one = bytes_slice(rest, 0, len);
        struct json *doc;
        if (!len && rest.len && bytes_find_char(rest, '\n') >= 0 && !n)
            *ret_lines = false;
        if (!len || json_parse(&h->arena, one, &doc, NULL))
            break;
        *ret_lines &= bytes_find_char(one, '\n') < 0;
        h->docs[h->count + n] = doc;
        rest = bytes_slice(rest, len, rest.len);
    }
    return n;
}

static void read_head(struct json_head *h, const char *path) {
    bool lines = false;
    read_bytes(h, path, HEAD_BYTES);
    size_t n = take_objects(h, &lines);
    if (!n && h->text.len == HEAD_BYTES) {
        read_bytes(h, path, WIDE_HEAD_BYTES);
        n = take_objects(h, &lines);
    }
    h->lines &= lines && n;
    h->other |= n && !lines;
    h->count += n;
}

static void read_heads(struct json_head *h, const struct plan_scan *s) {
    size_t n = MIN_OF(s->file_count, (size_t)HEAD_FILES);
    h->lines = true;
    for (size_t i = 0; i < n; i++)
        read_head(h, s->files[n > 1 ? i * (s->file_count - 1) / (n - 1) : 0].path);
}

/* ---- spelling ---- */
struct values {
    const struct json *items[SPELL_MAX];
    size_t count;
};
static void add_value(struct values *v, const struct json *j) {
    if (j && v->count < SPELL_MAX)
        v->items[v->count++] = j;
}
/* The name as the objects spell it: exactly, else in another case, else as it is. */
static struct bytes spelling(const struct values *objects, struct bytes name) {
    struct bytes found = name;
    for (size_t i = 0; i < objects->count; i++)
        JSON_FOR_EACH(m, objects->items[i]) {
            if (bytes_eq(m->name, name))
                return name;
            if (bytes_eq_nocase(m->name, name))
                found = m->name;
        }
    return found;
}
static void members(const struct values *objects, struct bytes name, struct values *ret) {
    ret->count = 0;
    for (size_t i = 0; i < objects->count; i++)
        JSON_FOR_EACH(m, objects->items[i])
    if (objects->items[i]->kind == JSON_OBJECT && bytes_eq(m->name, name))
        add_value(ret, m);
}
static void elements(const struct values *lists, enum json_kind kind, struct values *ret) {
    ret->count = 0;
    for (size_t i = 0; i < lists->count; i++)
        JSON_FOR_EACH(m, lists->items[i])
    if (lists->items[i]->kind == kind)
        add_value(ret, m);
}

/* DuckDB's text of the type, with struct fields as the values spell them. */
static void add_spelled(struct buf *out, const struct type *t, const struct values *v) {
    struct values inside;
    if (t->kind == TYPE_ARRAY) {
        elements(v, JSON_ARRAY, &inside);
        add_spelled(out, t->children[0], &inside);
        buf_add_str(out, "[]");
        return;
    }
    if (t->kind == TYPE_MAP) {
        elements(v, JSON_OBJECT, &inside);
        buf_add_str(out, "MAP(");
        type_format_duckdb(t->children[0], out);
        buf_add_char(out, ',');
        add_spelled(out, t->children[1], &inside);
        buf_add_char(out, ')');
        return;
    }
    if (t->kind != TYPE_STRUCT) {
        type_format_duckdb(t, out);
        return;
    }
    for (size_t i = 0; i < t->child_count; i++) {
        struct bytes name = spelling(v, t->names[i]);
        members(v, name, &inside);
        buf_add_str(out, i ? ", " : "STRUCT(");
        sqltext_ident(out, name);
        buf_add_char(out, ' ');
        add_spelled(out, t->children[i], &inside);
    }
    buf_add_char(out, ')');
}

/* ---- the relation ---- */
static struct bytes json_key(struct plan *p, const struct plan_table *t, size_t i) {
    struct bytes name = t->info.columns[i].name;
    char *mapping = arena_cstr(&p->arena, arena_fmt(&p->arena, "mapping.%.*s", BYTES_ARG(name)));
    struct bytes mapped = mapping ? plan_param(t->serde_params, mapping) : BYTES("");
    return mapped.len ? mapped : name;
}

static int json_expr(struct plan_scan *s, size_t i, struct buf *out, struct err *e) {
    (void)e;
    if (plan_column_type(s->table, i)->kind == TYPE_BINARY) { /* base64, as SerDes write it */
        buf_add_fmt(out, "TRY(from_base64(\"c%zu\"))", i);
        return 0;
    }
    buf_add_fmt(out, "CAST(\"c%zu\" AS ", i);
    type_format_duckdb(plan_column_type(s->table, i), out);
    buf_add_char(out, ')');
    return 0;
}

static bool ignores_malformed(const struct plan_table *t) {
    struct bytes v = plan_param(t->serde_params, "ignore.malformed.json");
    return v.len && bytes_eq_nocase(v, BYTES("true"));
}

/* 'key':'type' of data column i. */
static void add_column(struct plan_scan *s, size_t i, struct bytes key, const struct values *docs,
                       struct buf *out) {
    struct values inside;
    struct buf type = {0};
    members(docs, key, &inside);
    if (plan_column_type(s->table, i)->kind == TYPE_BINARY)
        buf_add_str(&type, "VARCHAR");
    else
        add_spelled(&type, plan_column_type(s->table, i), &inside);
    sqltext_string(out, key);
    buf_add_char(out, ':');
    sqltext_string(out, buf_bytes(&type));
    out->failed |= !buf_ok(&type);
    buf_clear(&type);
}

static const char *format_of(const struct plan_table *t, const struct json_head *h) {
    if (ignores_malformed(t))
        return "'newline_delimited',ignore_errors=true";
    return h->lines ? "'newline_delimited'" : "'auto'";
}

int plan_json_relation(struct plan *p, struct plan_scan *s, struct buf *out, struct err *e) {
    const struct plan_table *t = s->table;
    struct json_head h = {.count = 0};
    struct values docs = {.count = 0};
    struct buf inner = {0}, columns = {0};
    bool any = false;
    arena_init(&h.arena, 0);
    read_heads(&h, s);
    if (!h.other || ignores_malformed(t)) {
        buf_clear(&h.text);
        arena_clear(&h.arena);
        return plan_text_lines(p, s, out, e);
    }
    for (size_t i = 0; i < h.count; i++)
        add_value(&docs, h.docs[i]);
    for (size_t i = 0; i < t->data_count; i++) {
        if (!s->scan->column_used[i] && (any || i + 1 < t->data_count))
            continue;
        struct bytes key = spelling(&docs, json_key(p, t, i));
        buf_add_str(&inner, ",");
        sqltext_ident(&inner, key);
        buf_add_fmt(&inner, " AS \"c%zu\"", i);
        buf_add_str(&columns, any ? "," : "");
        add_column(s, i, key, &docs, &columns);
        any = true;
    }
    int rc = plan_text_select(s, out, json_expr, e);
    buf_add_str(out, " FROM (SELECT file_index");
    buf_add(out, buf_bytes(&inner));
    buf_add_str(out, " FROM read_json(");
    sqltext_files(out, s->files, s->file_count);
    buf_add_fmt(out, ",format=%s,columns={", format_of(t, &h));
    buf_add(out, buf_bytes(&columns));
    buf_add_str(out, "}))");
    out->failed |= !buf_ok(&inner) || !buf_ok(&columns);
    buf_clear(&inner);
    buf_clear(&columns);
    buf_clear(&h.text);
    arena_clear(&h.arena);
    return rc;
}
