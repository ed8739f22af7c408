/* glue_search.c - SearchTables: every table whose texts hold the search text and that passes the
 * filters.
 *
 * On the thread of searches, all databases are walked in pages of the catalogue, each in an arena
 * of its own; of a table that matches only its names and its sort key are kept. Then the matches
 * are sorted and the tables of the wanted page are read again. A token is the number of matches
 * before it.
 *
 * As AWS has it: text in quotes must be a whole value, other text a part of one, in any case; a
 * filter's value must be one of the words of the field (words end at blanks and punctuation other
 * than '_'); Comparator is for times only. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

struct match {
    struct bytes database, name, sort_text;
    int64_t sort_number;
};
struct search_state {
    struct api_call *call;
    struct bytes text;
    bool exact;
    struct bytes sort_field;
    bool descending;
    struct match *matches; /* in call->arena */
    size_t count, cap;
};
/* One table while it is looked at. */
struct candidate {
    const struct catalog_table *table;
    const struct json *in;
};

/* ---- texts ---- */
static bool contains_nocase(struct bytes hay, struct bytes needle) {
    for (size_t i = 0; i + needle.len <= hay.len; i++)
        if (bytes_eq_nocase(bytes_slice(hay, i, i + needle.len), needle))
            return true;
    return false;
}

static bool text_fits(const struct search_state *s, struct bytes v) {
    return s->exact ? bytes_eq_nocase(v, s->text) : contains_nocase(v, s->text);
}

/* Any string anywhere in the value: names, types, comments, parameters. */
static bool tree_fits(const struct search_state *s, const struct json *v) {
    if (v->kind == JSON_STRING)
        return text_fits(s, v->text);
    JSON_FOR_EACH(child, v)
    if (tree_fits(s, child))
        return true;
    return false;
}

static bool text_matches(const struct search_state *s, const struct candidate *c) {
    return s->text.len == 0 || text_fits(s, c->table->database) || tree_fits(s, c->in);
}

/* ---- filters ---- */
static bool has_word(struct bytes text, struct bytes word) {
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        char c = i < text.len ? text.ptr[i] : ' ';
        if (isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80)
            continue;
        if (bytes_eq_nocase(bytes_slice(text, start, i), word))
            return true;
        start = i + 1;
    }
    return bytes_eq_nocase(text, word);
}

static bool is_time_field(struct bytes key) {
    return bytes_eq_nocase(key, BYTES("CreateTime")) || bytes_eq_nocase(key, BYTES("UpdateTime"));
}

static int64_t time_of(const struct candidate *c, struct bytes key) {
    return bytes_eq_nocase(key, BYTES("CreateTime")) ? c->table->create_ms : c->table->update_ms;
}

/* Seconds since 1970 or "2026-11-21[T10:00:00]" in UTC, in ms. */
static bool parse_time(struct bytes text, int64_t *ret_ms) {
    struct tm tm = {0};
    char copy[40];
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    char *end = NULL;
    double seconds = strtod(copy, &end);
    if (end != copy && *end == 0) {
        *ret_ms = (int64_t)(seconds * 1000);
        return true;
    }
    end = strptime(copy, "%Y-%m-%d", &tm);
    if (end && (*end == 'T' || *end == ' '))
        end = strptime(end + 1, "%H:%M:%S", &tm);
    if (!end || (*end && *end != 'Z' && *end != '.'))
        return false;
    *ret_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

static bool time_passes(int64_t v, struct bytes comparator, int64_t bound) {
    if (bytes_eq_str(comparator, "GREATER_THAN"))
        return v > bound;
    if (bytes_eq_str(comparator, "LESS_THAN"))
        return v < bound;
    if (bytes_eq_str(comparator, "GREATER_THAN_EQUALS"))
        return v >= bound;
    if (bytes_eq_str(comparator, "LESS_THAN_EQUALS"))
        return v <= bound;
    return v / 1000 == bound / 1000;
}

static struct bytes field(const struct candidate *c, struct bytes key) {
    if (bytes_eq_nocase(key, BYTES("DatabaseName")))
        return c->table->database;
    JSON_FOR_EACH(m, c->in)
    if (m->kind == JSON_STRING && bytes_eq_nocase(m->name, key))
        return m->text;
    JSON_FOR_EACH(m, json_get(c->in, "Parameters"))
    if (m->kind == JSON_STRING && bytes_eq_nocase(m->name, key))
        return m->text;
    return BYTES("");
}

static bool filters_pass(const struct search_state *s, const struct candidate *c) {
    JSON_FOR_EACH(f, json_get(s->call->in, "Filters")) {
        struct bytes key = json_get_str(f, "Key"), value = json_get_str(f, "Value");
        int64_t bound = 0;
        if (!is_time_field(key)) {
            if (!has_word(field(c, key), value))
                return false;
            continue;
        }
        if (!parse_time(value, &bound) ||
            !time_passes(time_of(c, key), json_get_str(f, "Comparator"), bound))
            return false;
    }
    return true;
}

static int check_filters(struct api_call *call) {
    const struct json *list = json_get(call->in, "Filters");
    int rc = list ? glue_check(list, "filters", &glue_shape_filters, &call->err) : 0;
    JSON_FOR_EACH(f, list) {
        struct bytes key = json_get_str(f, "Key"), value = json_get_str(f, "Value");
        int64_t ms;
        if (!rc && is_time_field(key) && !parse_time(value, &ms))
            rc = err_set(&call->err, ERR_INVALID_INPUT,
                         "Filter on %.*s: \"%.*s\" is no time; give seconds since 1970 or "
                         "2026-11-21T10:00:00.",
                         BYTES_ARG(key), BYTES_ARG(value));
    }
    return rc;
}

/* ---- walking ---- */
static int keep(struct search_state *s, const struct candidate *c) {
    struct arena *a = s->call->arena;
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct match *grown = ARENA_NEW_N(a, struct match, cap);
        if (!grown)
            return glue_out_of_memory(s->call);
        if (s->count)
            memcpy(grown, s->matches, s->count * sizeof *grown);
        s->matches = grown;
        s->cap = cap;
    }
    struct match *m = &s->matches[s->count++];
    m->database = arena_copy(a, c->table->database);
    m->name = arena_copy(a, c->table->name);
    if (is_time_field(s->sort_field))
        m->sort_number = time_of(c, s->sort_field);
    else if (s->sort_field.len)
        m->sort_text = arena_copy(a, field(c, s->sort_field));
    return a->failed ? glue_out_of_memory(s->call) : 0;
}

static int look_at(struct search_state *s, struct arena *a, const struct catalog_table *t) {
    struct json *in;
    int rc = json_parse(a, t->json, &in, &s->call->err);
    struct candidate c = {t, in};
    if (rc || !text_matches(s, &c) || !filters_pass(s, &c))
        return rc;
    return keep(s, &c);
}

static int walk_database(struct search_state *s, struct bytes database) {
    struct bytes after = BYTES("");
    size_t n = 1;
    int rc = 0;
    while (!rc && n > 0) {
        struct catalog_table *t;
        struct arena a;
        arena_init(&a, 0);
        rc = catalog_table_list(glue_catalog(s->call), &a, database, after, 200, &t, &n,
                                &s->call->err);
        for (size_t i = 0; !rc && i < n; i++)
            rc = look_at(s, &a, &t[i]);
        if (!rc && n)
            after = arena_copy(s->call->arena, t[n - 1].name);
        arena_clear(&a);
    }
    return rc == ERR_ENTITY_NOT_FOUND ? 0 : rc; /* dropped meanwhile */
}

static int walk_all(struct search_state *s) {
    struct bytes after = BYTES("");
    size_t n = 1;
    int rc = 0;
    while (!rc && n > 0) {
        struct catalog_database *d;
        rc = catalog_database_list(glue_catalog(s->call), s->call->arena, after, 200, &d, &n,
                                   &s->call->err);
        for (size_t i = 0; !rc && i < n; i++) {
            rc = walk_database(s, d[i].name);
            after = d[i].name;
        }
    }
    return rc;
}

/* ---- order and pages ---- */
static int compare(const void *x, const void *y) {
    const struct match *a = x, *b = y;
    int c = a->sort_number < b->sort_number ? -1 : a->sort_number > b->sort_number;
    if (!c)
        c = bytes_cmp(a->sort_text, b->sort_text);
    if (!c)
        c = bytes_cmp(a->database, b->database);
    return c ? c : bytes_cmp(a->name, b->name);
}

static int write_page(struct search_state *s, size_t from, size_t max) {
    struct api_call *call = s->call;
    int rc = 0;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "TableList");
    jsonw_array(&call->out);
    for (size_t i = from; !rc && i < s->count && i < from + max; i++) {
        const struct match *m = &s->matches[s->descending ? s->count - 1 - i : i];
        struct catalog_table t;
        rc = catalog_table_get(glue_catalog(call), call->arena, m->database, m->name, &t,
                               &call->err);
        if (!rc)
            rc = glue_write_table(call, &t);
        else if (rc == ERR_ENTITY_NOT_FOUND)
            rc = 0; /* dropped meanwhile */
    }
    jsonw_end_array(&call->out);
    if (s->count > from && s->count - from > max)
        glue_write_token(call, "glue:SearchTables", arena_fmt(call->arena, "%zu", from + max));
    jsonw_end_object(&call->out);
    return rc;
}

static void read_text(struct search_state *s) {
    struct bytes t = json_get_str(s->call->in, "SearchText");
    s->exact = t.len >= 2 && t.ptr[0] == '"' && t.ptr[t.len - 1] == '"';
    s->text = s->exact ? bytes_slice(t, 1, t.len - 1) : t;
}

static int search(struct api_call *call) {
    struct search_state s = {.call = call};
    const struct json *sort = json_get(call->in, "SortCriteria");
    struct bytes token;
    int64_t from = 0;
    int rc = check_filters(call);
    if (!rc && sort)
        rc = glue_check(sort, "sortCriteria", &glue_shape_sort, &call->err);
    if (!rc)
        rc = glue_token(call, "glue:SearchTables", &token);
    if (!rc && token.len && (!bytes_to_i64(token, &from) || from < 0))
        rc = err_set(&call->err, ERR_INVALID_INPUT, "Invalid NextToken.");
    if (rc)
        return rc;
    read_text(&s);
    s.sort_field = json_get_str(json_at(sort, 0), "FieldName");
    s.descending = bytes_eq_str(json_get_str(json_at(sort, 0), "Sort"), "DESC");
    rc = walk_all(&s);
    if (rc)
        return rc;
    if (s.count)
        qsort(s.matches, s.count, sizeof *s.matches, compare);
    return write_page(&s, (size_t)from, glue_max_results(call, 1000));
}

int glue_search_tables(struct api_call *call) {
    return glue_aside(call, search);
}
