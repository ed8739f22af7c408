/* decoder_plan.c - the schema, compiled: nodes, shapes, and the hash of member names.
 *
 * Each type becomes a node, each object (the record's columns, a struct's fields) a shape with an
 * open-addressing table from normalised names to fields. Names are normalised byte by byte through
 * one table (lower case, dots to underscores), so a name in the text is hashed and compared without
 * being copied. */
#include "schema/decoder_plan.h"

static int no_memory(struct err *e) {
    return err_set(e, ERR_NOMEM, NULL);
}

static uint32_t hash_name(const struct decoder *d, struct bytes name) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.len; i++) {
        h = (h ^ d->norm[(unsigned char)name.ptr[i]]) * 16777619u;
    }
    return h ^ h >> 15;
}

static bool same_name(const struct decoder *d, struct bytes key, struct bytes name) {
    if (key.len != name.len) {
        return false;
    }
    for (size_t i = 0; i < key.len; i++) {
        if ((unsigned char)key.ptr[i] != d->norm[(unsigned char)name.ptr[i]]) {
            return false;
        }
    }
    return true;
}

int32_t decoder_find_field(const struct decoder *d, const struct shape *s, struct bytes name,
                           uint32_t *ret_hash) {
    if (name.len > s->longest_key) {
        *ret_hash = (uint32_t)name.len;
        return -1;
    }
    uint32_t h = hash_name(d, name);
    *ret_hash = h;
    for (size_t i = h & s->table_mask; s->table[i] != 0; i = (i + 1) & s->table_mask) {
        if (same_name(d, s->keys[s->table[i] - 1], name)) {
            return (int32_t)s->table[i] - 1;
        }
    }
    return -1;
}

static int add_key(struct decoder *d, struct arena *a, struct shape *s, size_t field,
                   struct bytes name, struct err *e) {
    uint32_t h;
    if (decoder_find_field(d, s, name, &h) >= 0) {
        return err_set(e, ERR_INVALID_ARGUMENT, "Two columns read the JSON member '%.*s'.",
                       (int)MIN_OF(name.len, (size_t)200), name.ptr);
    }
    char *key = arena_alloc(a, name.len + 1);
    if (!key) {
        return no_memory(e);
    }
    for (size_t i = 0; i < name.len; i++) {
        key[i] = (char)d->norm[(unsigned char)name.ptr[i]];
    }
    s->keys[field] = bytes_of(key, name.len);
    s->longest_key = MAX_OF(s->longest_key, name.len);
    size_t i = hash_name(d, name) & s->table_mask;
    while (s->table[i] != 0) {
        i = (i + 1) & s->table_mask;
    }
    s->table[i] = (uint32_t)field + 1;
    return 0;
}

static int shape_alloc(struct arena *a, struct shape *s, size_t count, struct err *e) {
    size_t table_size = 16;
    while (table_size < count * 4) {
        table_size *= 2;
    }
    s->count = count;
    s->words = count / 64 + 1;
    s->table_mask = table_size - 1;
    s->nodes = ARENA_NEW_N(a, struct node, count + 1);
    s->keys = ARENA_NEW_N(a, struct bytes, count + 1);
    s->table = ARENA_NEW_N(a, uint32_t, table_size);
    s->slots = ARENA_NEW_N(a, struct slot, count + UNKNOWN_SLOTS + 2);
    s->seen = ARENA_NEW_N(a, uint64_t, s->words);
    s->all = ARENA_NEW_N(a, uint64_t, s->words);
    struct skipped *skipped = ARENA_NEW_N(a, struct skipped, UNKNOWN_SLOTS);
    if (!s->nodes || !s->keys || !s->table || !s->slots || !s->seen || !s->all || !skipped) {
        return no_memory(e);
    }
    s->head = &s->slots[count + UNKNOWN_SLOTS];
    s->empty = s->head + 1;
    for (struct slot *slot = s->slots; slot <= s->empty; slot++) {
        slot->field = -1;
        slot->next = s->empty;
    }
    for (size_t i = 0; i < UNKNOWN_SLOTS; i++) {
        s->slots[count + i].skipped = &skipped[i];
    }
    for (size_t i = 0; i < count; i++) {
        s->all[i >> 6] |= UINT64_C(1) << (i & 63);
    }
    return 0;
}

static int build_node(struct decoder *d, struct arena *a, struct node *n, const struct type *t,
                      struct err *e);

static int build_struct(struct decoder *d, struct arena *a, struct node *n, const struct type *t,
                        struct err *e) {
    n->shape = ARENA_NEW(a, struct shape);
    int rc = n->shape ? shape_alloc(a, n->shape, t->child_count, e) : no_memory(e);
    for (size_t i = 0; rc == 0 && i < t->child_count; i++) {
        rc = add_key(d, a, n->shape, i, t->names[i], e);
        rc = rc == 0 ? build_node(d, a, &n->shape->nodes[i], t->children[i], e) : rc;
        n->has_list |= n->shape->nodes[i].has_list;
    }
    n->children = n->shape ? n->shape->nodes : NULL;
    return rc;
}

static int build_node(struct decoder *d, struct arena *a, struct node *n, const struct type *t,
                      struct err *e) {
    n->kind = t->kind;
    n->type = t;
    n->child_count = t->child_count;
    if (t->kind == TYPE_STRUCT) {
        return build_struct(d, a, n, t, e);
    }
    n->has_list = t->child_count > 0;
    int rc = 0;
    n->children = ARENA_NEW_N(a, struct node, t->child_count + 1);
    if (!n->children) {
        rc = no_memory(e);
    }
    for (size_t i = 0; rc == 0 && i < t->child_count; i++) {
        rc = build_node(d, a, &n->children[i], t->children[i], e);
    }
    return rc;
}

static void fill_norm(struct decoder *d, const struct decoder_options *o) {
    for (int c = 0; c < 256; c++) {
        bool fold = !o->case_sensitive && c >= 'A' && c <= 'Z';
        d->norm[c] = (unsigned char)(fold ? c | 0x20 : c);
    }
    if (o->dots_to_underscores) {
        d->norm['.'] = '_';
    }
}

/* The type tree may go before the arena does: keep a copy. */
static const struct type *copy_type(struct arena *a, const struct type *t) {
    struct type *copy = ARENA_NEW(a, struct type);
    const struct type **children = ARENA_NEW_N(a, const struct type *, t->child_count + 1);
    struct bytes *names = ARENA_NEW_N(a, struct bytes, t->child_count + 1);
    if (!copy || !children || !names) {
        return NULL;
    }
    *copy = *t;
    for (size_t i = 0; i < t->child_count; i++) {
        children[i] = copy_type(a, t->children[i]);
        names[i] = t->kind == TYPE_STRUCT ? arena_copy(a, t->names[i]) : (struct bytes){0};
        if (!children[i]) {
            return NULL;
        }
    }
    copy->children = children;
    copy->names = t->kind == TYPE_STRUCT ? names : NULL;
    return copy;
}

int decoder_plan_build(struct decoder *d, struct arena *a, const struct decoder_options *o,
                       struct err *e) {
    fill_norm(d, o);
    struct bytes *names = ARENA_NEW_N(a, struct bytes, o->column_count + 1);
    int rc = names ? shape_alloc(a, &d->root, o->column_count, e) : no_memory(e);
    for (size_t i = 0; rc == 0 && i < o->column_count; i++) {
        const struct decoder_column *c = &o->columns[i];
        const struct type *t = copy_type(a, c->type);
        names[i] = arena_copy(a, c->name);
        rc = add_key(d, a, &d->root, i, c->json_key.len ? c->json_key : c->name, e);
        if (rc == 0) {
            rc = t ? build_node(d, a, &d->root.nodes[i], t, e) : no_memory(e);
        }
        d->has_list |= d->root.nodes && d->root.nodes[i].has_list;
    }
    d->names = names;
    if (rc == 0 && a->failed) {
        rc = no_memory(e);
    }
    return rc;
}

void decoder_plan_clear(struct node *n, size_t count) {
    for (size_t i = 0; n && i < count; i++) {
        mem_free(n[i].seen.places);
        n[i].seen = (struct map_table){0};
        decoder_plan_clear(n[i].children, n[i].child_count);
    }
}

void decoder_plan_save(struct node *n, const struct decoder_vec *vecs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!n[i].has_list) {
            continue;
        }
        if (n[i].kind != TYPE_STRUCT) {
            n[i].saved_size = vecs[i].children[0].size;
        }
        if (n[i].kind == TYPE_MAP) {
            decoder_plan_save(n[i].children, vecs[i].children[0].children, 2);
        } else {
            decoder_plan_save(n[i].children, vecs[i].children, n[i].child_count);
        }
    }
}

void decoder_plan_rewind(const struct node *n, struct decoder_vec *vecs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!n[i].has_list) {
            continue;
        }
        if (n[i].kind != TYPE_STRUCT) {
            vecs[i].children[0].size = n[i].saved_size;
        }
        if (n[i].kind == TYPE_MAP) {
            decoder_plan_rewind(n[i].children, vecs[i].children[0].children, 2);
        } else {
            decoder_plan_rewind(n[i].children, vecs[i].children, n[i].child_count);
        }
    }
}
