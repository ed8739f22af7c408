/* leaves.c - which leaves of its columns a scan reads.
 *
 * Of a struct of which the statement reads fields alone, the engine reads those leaves, provided
 * that all files have the column with the very type that the table gives it: with another type the
 * whole struct is converted first. A file's schema is known by its leaves, in order: names joined
 * by '.', where an array adds two names ("list.element", or others) and a map two to its key and
 * value. */
#include "query/query_int.h"

/* ---- is a file's column of the table's type? ---- */
struct walk {
    const struct file_facts *f;
    size_t next; /* leaf */
    struct buf *text;
};

/* The part of the leaf's name up to `names` more names after `prefix`; ptr NULL when it has fewer.
 */
static struct bytes longer(struct bytes leaf, struct bytes prefix, int names) {
    size_t end = prefix.len;
    while (names-- > 0) {
        if (end >= leaf.len || leaf.ptr[end] != '.')
            return (struct bytes){0};
        for (end++; end < leaf.len && leaf.ptr[end] != '.';)
            end++;
    }
    return bytes_slice(leaf, 0, end);
}

static bool matches(struct walk *w, const struct type *t, struct bytes prefix);

static bool leaf_matches(struct walk *w, const struct type *t, struct bytes prefix) {
    const struct facts_leaf *leaf = &w->f->leaves[w->next++];
    buf_reset(w->text);
    type_format_duckdb(t, w->text);
    return bytes_eq(leaf->name, prefix) && bytes_eq(leaf->type, buf_bytes(w->text));
}

static bool child_matches(struct walk *w, const struct type *t, size_t i, struct bytes prefix) {
    if (w->next >= w->f->leaf_count || !bytes_starts_with(w->f->leaves[w->next].name, prefix))
        return false;
    struct bytes name = longer(w->f->leaves[w->next].name, prefix, t->kind == TYPE_STRUCT ? 1 : 2);
    if (!name.ptr || (t->kind == TYPE_STRUCT &&
                      !bytes_eq(bytes_slice(name, prefix.len + 1, name.len), t->names[i])))
        return false;
    return matches(w, t->children[i], name);
}

static bool matches(struct walk *w, const struct type *t, struct bytes prefix) {
    if (t->child_count == 0)
        return w->next < w->f->leaf_count && leaf_matches(w, t, prefix);
    for (size_t i = 0; i < t->child_count; i++)
        if (!child_matches(w, t, i, prefix))
            return false;
    return true;
}

static bool is_of_type(const struct file_facts *f, const struct sql_table_column *c,
                       struct buf *text) {
    struct walk w = {.f = f, .text = text};
    while (w.next < f->leaf_count && !facts_is_below(f->leaves[w.next].name, c->name))
        w.next++;
    if (!matches(&w, c->type, c->name))
        return false;
    return w.next == f->leaf_count || !facts_is_below(f->leaves[w.next].name, c->name);
}

/* ---- the leaves of a scan ---- */
static bool same_everywhere(const struct plan_scan *s, size_t column) {
    struct buf text = {0};
    bool same = true;
    for (size_t i = 0; same && i < s->file_count; i++)
        same = s->files[i].facts &&
               is_of_type(s->files[i].facts, &s->table->info.columns[column], &text);
    same &= buf_ok(&text);
    buf_clear(&text);
    return same;
}

static struct bytes path_text(struct arena *a, const struct sql_table_column *c,
                              const struct sql_field_use *use) {
    const struct type *t = c->type;
    struct bytes text = c->name;
    for (size_t i = 0; i < use->depth; i++) {
        text = arena_fmt(a, "%.*s.%.*s", BYTES_ARG(text), BYTES_ARG(t->names[use->path[i]]));
        t = t->children[use->path[i]];
    }
    return text;
}

int plan_choose_leaves(struct plan *p, struct plan_scan *s, struct err *e) {
    if (!s->scan->column_fields)
        return 0;
    for (size_t c = 0; c < s->table->data_count; c++) {
        if (!s->scan->column_fields[c] || !same_everywhere(s, c))
            continue;
        for (const struct sql_field_use *u = s->scan->column_fields[c]; u; u = u->next) {
            struct plan_leaf *leaf = ARENA_NEW(&p->arena, struct plan_leaf);
            if (!leaf)
                return err_set(e, ERR_NOMEM, NULL);
            *leaf = (struct plan_leaf){s->leaves, c,
                                       path_text(&p->arena, &s->table->info.columns[c], u)};
            s->leaves = leaf;
        }
    }
    return p->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

bool plan_reads_leaf(const struct plan_scan *s, size_t column, struct bytes leaf) {
    bool some = false;
    for (const struct plan_leaf *l = s->leaves; l; l = l->next) {
        if (l->column != column)
            continue;
        some = true;
        if (facts_is_below(leaf, l->path))
            return true;
    }
    return !some;
}
