/* by_index.c - Parquet columns by place instead of name (parquet.column.index.access).
 *
 * What is known of a file is copied with its columns renamed to the table's of the same place, so
 * that all of planning goes by the table's names; only the relation's text needs the file's own,
 * and reads files with different ones apart. */
#include "query/query_int.h"

bool by_index_is(const struct plan_table *t) {
    static const char key[] = "parquet.column.index.access";
    struct bytes v = plan_param(t->serde_params, key);
    if (!v.len)
        v = plan_param(t->params, key);
    return t->format == FORMAT_PARQUET && bytes_eq_nocase(v, BYTES("true"));
}

static struct bytes top_of(struct bytes leaf) {
    ptrdiff_t dot = bytes_find_char(leaf, '.');
    return dot < 0 ? leaf : bytes_slice(leaf, 0, (size_t)dot);
}

static bool starts_column(const struct file_facts *f, size_t leaf) {
    return leaf == 0 || !bytes_eq(top_of(f->leaves[leaf].name), top_of(f->leaves[leaf - 1].name));
}

/* Columns that the table does not have get a name that no column can have. */
static int rename_file(struct plan *p, const struct plan_table *t, struct plan_file *f,
                       struct err *e) {
    const struct file_facts *old = f->facts;
    struct file_facts *facts = ARENA_NEW(&p->arena, struct file_facts);
    struct facts_leaf *leaves = ARENA_NEW_N(&p->arena, struct facts_leaf, old->leaf_count + 1);
    struct bytes *names = ARENA_NEW_N(&p->arena, struct bytes, old->leaf_count + 1);
    size_t column = 0;
    if (!facts || !leaves || !names)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < old->leaf_count; i++) {
        struct bytes name = old->leaves[i].name, top = top_of(name);
        if (starts_column(old, i))
            names[column++] = top;
        struct bytes to =
            column <= t->data_count ? t->info.columns[column - 1].name : BYTES("\x01");
        leaves[i] = old->leaves[i];
        leaves[i].name = arena_fmt(&p->arena, "%.*s%.*s", BYTES_ARG(to),
                                   BYTES_ARG(bytes_slice(name, top.len, name.len)));
    }
    *facts = *old;
    facts->leaves = leaves;
    f->facts = facts;
    f->columns = names;
    f->column_count = column;
    return p->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int by_index_rename(struct plan *p, struct plan_scan *s, struct err *e) {
    int rc = 0;
    for (size_t i = 0; !rc && i < s->file_count; i++) {
        if (s->files[i].facts)
            rc = rename_file(p, s->table, &s->files[i], e);
    }
    return rc;
}

bool by_index_same(const struct plan_file *a, const struct plan_file *b) {
    bool same = a->column_count == b->column_count;
    for (size_t i = 0; same && i < a->column_count; i++)
        same = bytes_eq(a->columns[i], b->columns[i]);
    return same;
}
