/* group.c - which folders are tables, and which are partitions of one?
 *
 * From the leaves up each folder is a candidate or not:
 *
 *     files alike, no folders below              candidate of depth 0
 *     files and folders below, all alike         candidate of depth 0, read recursively
 *     most folders below alike, equally deep     candidate of depth + 1: they are its partitions
 *     anything else                              no candidate
 *
 * A candidate that its parent does not take in becomes a table, named after its folder; so does the
 * target's root. In a folder whose files are not alike each file is a table. Folders that hold
 * nothing known are one table of classification UNKNOWN, when others beside them are tables. With
 * TableLevelConfiguration only folders of that level become tables, whatever they hold. */
#include "base/encode.h"
#include "crawl/crawl_int.h"

struct grouping {
    struct arena *a;
    const struct crawl_config *config;
    const struct crawl_target *target;
    struct crawl_folder *root;
    struct crawl_table *first, **tail;
    struct err *e;
};

static int no_memory(struct grouping *g) {
    return err_set(g->e, ERR_NOMEM, NULL);
}

struct bytes crawl_name(struct arena *a, struct bytes text) {
    struct bytes r = arena_copy(a, bytes_slice(text, 0, 250));
    for (size_t i = 0; r.ptr && i < r.len; i++) {
        char *c = (char *)&r.ptr[i];
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
        else if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') && *c != '_')
            *c = '_';
    }
    return r;
}

/* ---- where a folder stands ---- */
/* The bucket is level 1. */
static int64_t level_of(const struct crawl_folder *f) {
    int64_t n = -2; /* s3:// has two slashes, the bucket's own ends level 1 */
    for (size_t i = 0; i < f->uri.len; i++)
        n += f->uri.ptr[i] == '/';
    return n;
}
static bool is_forced(const struct grouping *g, const struct crawl_folder *f) {
    if (g->target->table.ptr)
        return true;
    return g->config->table_level && level_of(f) >= g->config->table_level;
}
static bool is_above_tables(const struct grouping *g, const struct crawl_folder *f) {
    return g->config->table_level && level_of(f) < g->config->table_level;
}
static bool split_name(struct bytes name, struct bytes *key, struct bytes *value) {
    struct bytes v = bytes_cut(name, '=', key);
    *value = v;
    return v.ptr && key->len > 0;
}
static bool is_one_table(const struct crawl_folder *f) {
    return f->part_count == 1 && schema_is_known(f->parts[0].schema);
}

/* ---- tables ---- */
static struct crawl_table *add_table(struct grouping *g, struct bytes name, struct bytes location,
                                     const struct crawl_schema *schema) {
    struct crawl_table *t = ARENA_NEW(g->a, struct crawl_table);
    if (!t)
        return NULL;
    t->folder_name = name;
    t->location = location;
    t->schema = schema;
    *g->tail = t;
    g->tail = &t->next;
    return t;
}
static void add_part(struct crawl_table *t, const struct crawl_part *p) {
    t->files += p->files;
    t->bytes += p->bytes;
    t->rows += p->rows;
}

static int emit_unknown(struct grouping *g, const struct crawl_folder *f) {
    const struct crawl_folder *x = f;
    while (!x->part_count && x->first)
        x = x->first;
    struct crawl_table *t = add_table(g, f->name, f->uri, x->parts[0].schema);
    if (!t)
        return no_memory(g);
    for (const struct crawl_folder *y = f; y;
         y = crawl_folder_next(f, (struct crawl_folder *)(uintptr_t)y))
        for (size_t i = 0; i < y->part_count; i++)
            add_part(t, &y->parts[i]);
    return 0;
}
/* Each file a table, but those of no known kind. */
static int emit_files(struct grouping *g, struct crawl_folder *f) {
    for (size_t i = 0; i < f->part_count; i++) {
        const struct crawl_part *p = &f->parts[i];
        struct bytes file = p->file.len ? p->file : f->samples ? f->samples[0].name : BYTES("");
        if (!schema_is_known(p->schema))
            continue;
        struct bytes uri = arena_fmt(g->a, "%.*s%.*s", BYTES_ARG(f->uri), BYTES_ARG(file));
        struct crawl_table *t = uri.ptr ? add_table(g, file, uri, p->schema) : NULL;
        if (!t)
            return no_memory(g);
        add_part(t, p);
    }
    return 0;
}

/* ---- partitions ---- */
/* The key that all members of a level share as k=v; empty when they do not. */
static void level_key(const struct crawl_folder *f, int level, struct bytes *key, bool *same) {
    for (const struct crawl_folder *c = f->first; c && *same; c = c->next) {
        struct bytes k, v;
        if (!c->member)
            continue;
        if (level > 0)
            level_key(c, level - 1, key, same);
        else if (!split_name(c->name, &k, &v) || (key->ptr && !bytes_eq_nocase(*key, k)))
            *same = false;
        else
            *key = k;
    }
}
static int name_keys(struct grouping *g, struct crawl_folder *f, struct crawl_table *t,
                     bool *named) {
    for (size_t i = 0; i < t->key_count; i++) {
        struct bytes key = {0};
        named[i] = true;
        level_key(f, (int)i, &key, &named[i]);
        t->keys[i] = named[i] ? crawl_name(g->a, key) : arena_fmt(g->a, "partition_%zu", i);
        for (size_t k = 0; k < i; k++)
            if (bytes_eq(t->keys[k], t->keys[i]))
                t->keys[i] = arena_fmt(g->a, "partition_%zu", i);
    }
    return g->a->failed ? no_memory(g) : 0;
}
static size_t count_leaves(const struct crawl_folder *f, size_t depth) {
    size_t n = 0;
    if (!depth)
        return 1;
    for (const struct crawl_folder *c = f->first; c; c = c->next)
        n += c->member ? count_leaves(c, depth - 1) : 0;
    return n;
}
static void add_recursive(struct crawl_folder *f, int64_t *files, int64_t *bytes, int64_t *rows) {
    for (struct crawl_folder *x = f; x; x = f->recursive ? crawl_folder_next(f, x) : NULL)
        if (x->part_count == 1) {
            *files += x->parts[0].files;
            *bytes += x->parts[0].bytes;
            *rows += x->parts[0].rows;
        }
}
static int add_leaf(struct grouping *g, struct crawl_table *t, struct crawl_folder *f,
                    const struct bytes *values) {
    struct crawl_partition *p = &t->partitions[t->partition_count++];
    *p = (struct crawl_partition){.location = f->uri, .schema = f->merged, .folder = f};
    p->values = ARENA_NEW_N(g->a, struct bytes, t->key_count);
    if (!p->values)
        return no_memory(g);
    memcpy(p->values, values, t->key_count * sizeof *values);
    add_recursive(f, &p->files, &p->bytes, &p->rows);
    t->files += p->files;
    t->bytes += p->bytes;
    t->rows += p->rows;
    return 0;
}
static int add_leaves(struct grouping *g, struct crawl_table *t, struct crawl_folder *f,
                      size_t level, const bool *named, struct bytes *values) {
    if (level == t->key_count)
        return add_leaf(g, t, f, values);
    int rc = 0;
    for (struct crawl_folder *c = f->first; c && !rc; c = c->next) {
        struct bytes key, value;
        if (!c->member)
            continue;
        values[level] = c->name;
        if (named[level] && split_name(c->name, &key, &value) &&
            !uri_decode(g->a, value, false, &values[level]))
            values[level] = value;
        rc = add_leaves(g, t, c, level + 1, named, values);
    }
    return rc;
}

/* Columns that a partition key hides are not the table's. */
static const struct crawl_schema *without_keys(struct grouping *g, const struct crawl_table *t,
                                               const struct crawl_schema *s) {
    size_t kept = 0;
    struct crawl_schema *r = ARENA_NEW(g->a, struct crawl_schema);
    if (!r || bytes_eq_str(s->classification, "csv"))
        return r ? s : NULL;
    *r = *s;
    r->columns = ARENA_NEW_N(g->a, struct crawl_column, s->column_count + 1);
    for (size_t i = 0; r->columns && i < s->column_count; i++) {
        bool hidden = false;
        for (size_t k = 0; k < t->key_count; k++)
            hidden |= bytes_eq(t->keys[k], s->columns[i].name);
        if (!hidden)
            r->columns[kept++] = s->columns[i];
    }
    r->column_count = kept;
    return !r->columns ? NULL : kept == s->column_count ? s : r;
}

static int emit_partitioned(struct grouping *g, struct crawl_folder *f, struct crawl_table *t) {
    size_t n = (size_t)f->depth;
    bool *named = ARENA_NEW_N(g->a, bool, n);
    struct bytes *values = ARENA_NEW_N(g->a, struct bytes, n);
    t->key_count = n;
    t->keys = ARENA_NEW_N(g->a, struct bytes, n);
    t->partitions = ARENA_NEW_N(g->a, struct crawl_partition, count_leaves(f, n));
    if (!named || !values || !t->keys || !t->partitions)
        return no_memory(g);
    int rc = name_keys(g, f, t, named);
    if (!rc && !(t->schema = without_keys(g, t, t->schema)))
        rc = no_memory(g);
    return rc ? rc : add_leaves(g, t, f, 0, named, values);
}

static int emit(struct grouping *g, struct crawl_folder *f) {
    struct crawl_table *t = add_table(g, f->name, f->uri, f->merged);
    if (!t)
        return no_memory(g);
    if (f->depth)
        return emit_partitioned(g, f, t);
    add_recursive(f, &t->files, &t->bytes, &t->rows);
    return 0;
}

/* ---- candidates ---- */
/* Members: the largest set of children that are alike and equally deep. */
struct cluster {
    const struct crawl_schema *schema;
    int depth;
    bool named; /* k=v */
    size_t count;
};
static bool belongs(const struct grouping *g, const struct cluster *k, const struct crawl_folder *f,
                    bool forced) {
    struct bytes key, value;
    bool named = split_name(f->name, &key, &value);
    if (k->depth != f->depth)
        return false;
    if (forced || g->config->combine)
        return schema_is_compatible(k->schema, f->merged);
    return named == k->named && schema_is_similar(k->schema, f->merged, named);
}
static int cluster_children(struct grouping *g, struct crawl_folder *f, struct cluster *clusters,
                            size_t *of_child, size_t *ret_count) {
    bool forced = is_forced(g, f);
    size_t n = 0, i = 0;
    for (struct crawl_folder *c = f->first; c; c = c->next, i++) {
        size_t k = 0;
        struct bytes key, value;
        of_child[i] = SIZE_MAX;
        if (!c->merged)
            continue;
        while (k < n && !belongs(g, &clusters[k], c, forced))
            k++;
        if (k == n) {
            clusters[n++] = (struct cluster){
                .schema = c->merged, .depth = c->depth, .named = split_name(c->name, &key, &value)};
        } else if (!(clusters[k].schema = schema_merge(g->a, clusters[k].schema, c->merged))) {
            return no_memory(g);
        }
        clusters[k].count++;
        of_child[i] = k;
    }
    *ret_count = n;
    return 0;
}

/* Marks the members of the cluster; candidates outside become tables. */
static int split_children(struct grouping *g, struct crawl_folder *f, const size_t *of_child,
                          size_t taken) {
    size_t i = 0;
    int rc = 0;
    for (struct crawl_folder *c = f->first; c && !rc; c = c->next, i++) {
        c->member = taken != SIZE_MAX && of_child[i] == taken;
        if (c->merged && !c->member)
            rc = emit(g, c);
        else if (c->unknown && taken == SIZE_MAX)
            rc = emit_unknown(g, c);
    }
    return rc;
}

static size_t data_children(const struct crawl_folder *f) {
    size_t n = 0;
    for (const struct crawl_folder *c = f->first; c; c = c->next)
        n += c->has_data;
    return n;
}

/* Files beside folders: one table over all of it, when all of it is alike and no folder is k=v. */
static bool is_one_heap(struct grouping *g, const struct crawl_folder *f,
                        const struct cluster *largest, size_t children) {
    return is_one_table(f) && largest->count == children && largest->depth == 0 &&
           !largest->named && !is_above_tables(g, f) &&
           schema_is_similar(f->parts[0].schema, largest->schema, g->config->combine);
}

static int consider_parent(struct grouping *g, struct crawl_folder *f) {
    struct cluster *clusters = ARENA_NEW_N(g->a, struct cluster, f->child_count + 1);
    size_t *of_child = ARENA_NEW_N(g->a, size_t, f->child_count + 1), n = 0, best = 0;
    if (!clusters || !of_child)
        return no_memory(g);
    int rc = cluster_children(g, f, clusters, of_child, &n);
    if (rc)
        return rc;
    for (size_t k = 1; k < n; k++)
        best = clusters[k].count > clusters[best].count ? k : best;
    size_t children = data_children(f);
    bool most = n && clusters[best].count * 2 > children && !is_above_tables(g, f);
    if (n && f->file_count && is_one_heap(g, f, &clusters[best], children)) {
        f->merged = schema_merge(g->a, f->parts[0].schema, clusters[best].schema);
        f->recursive = true;
        return f->merged ? 0 : no_memory(g);
    }
    if (f->file_count)
        rc = emit_files(g, f);
    if (!rc)
        rc = split_children(g, f, of_child, most ? best : SIZE_MAX);
    if (!rc && most) {
        f->merged = clusters[best].schema;
        f->depth = clusters[best].depth + 1;
    }
    return rc;
}

static int consider(struct grouping *g, struct crawl_folder *f) {
    int rc = 0;
    f->unknown = true;
    for (struct crawl_folder *c = f->first; c && !rc; c = c->next) {
        rc = consider(g, c);
        f->has_data |= c->has_data;
        f->unknown &= c->unknown || !c->has_data;
    }
    f->has_data |= f->file_count > 0;
    for (size_t i = 0; i < f->part_count; i++)
        f->unknown &= !schema_is_known(f->parts[i].schema);
    f->unknown &= f->has_data;
    if (rc || f->unknown)
        return rc;
    if (f->first)
        return consider_parent(g, f);
    if (!is_one_table(f) || f->is_object)
        return f->file_count ? emit_files(g, f) : 0;
    f->merged = f->parts[0].schema;
    return 0;
}

int crawl_group(struct arena *a, const struct crawl_config *c, const struct crawl_target *t,
                struct crawl_folder *root, struct crawl_table **ret, struct err *e) {
    struct grouping g = {.a = a, .config = c, .target = t, .root = root, .e = e};
    g.tail = &g.first;
    int rc = consider(&g, root);
    if (!rc && root->merged)
        rc = emit(&g, root);
    else if (!rc && root->unknown && !root->is_object)
        rc = emit_unknown(&g, root);
    if (!rc)
        *ret = g.first;
    return rc;
}
