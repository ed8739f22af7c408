/* vectors.c - lends DuckDB's own vectors to the decoder.
 *
 * decoder_vec's layouts are DuckDB's flat layouts, so decoding writes straight into the engine's
 * chunk. A vec's `owner` is its duckdb_vector. List children start with room for one standard
 * vector and grow through duckdb_list_vector_reserve on the list (the parent); that moves the data
 * of the child and of every struct field below it, so the whole subtree is pointed anew. An inner
 * list's own child is a separate buffer that does not move.
 *
 *     list vec ── children[0]: elements ── (struct) children: fields
 *       owner: list vector      owner: element vector; `parent`, for growing, is in list_child */
#include "base/mem.h"
#include "duck/logscan.h"

/* decoder_vec of a list's child, with what growing needs. */
struct list_child {
    struct decoder_vec vec; /* first: the decoder sees only this */
    duckdb_vector parent;
};

static duckdb_logical_type struct_type(const struct type *t) {
    duckdb_logical_type *types = mem_calloc(t->child_count, sizeof(*types));
    char **names = mem_calloc(t->child_count, sizeof(*names));
    duckdb_logical_type made = NULL;
    size_t n = 0;
    for (; types && names && n < t->child_count; n++) {
        types[n] = vectors_logical_type(t->children[n]);
        names[n] = mem_strndup(t->names[n].ptr, t->names[n].len);
        if (!types[n] || !names[n])
            break;
    }
    if (n == t->child_count && n > 0)
        made = duckdb_create_struct_type(types, (const char **)names, n);
    for (size_t i = 0; types && names && i < t->child_count; i++) {
        duckdb_destroy_logical_type(&types[i]);
        mem_free(names[i]);
    }
    mem_free(types);
    mem_free(names);
    return made;
}
static duckdb_logical_type nested_type(const struct type *t) {
    duckdb_logical_type first = vectors_logical_type(t->children[0]);
    duckdb_logical_type second = t->kind == TYPE_MAP ? vectors_logical_type(t->children[1]) : NULL;
    duckdb_logical_type made = NULL;
    if (first && t->kind == TYPE_ARRAY)
        made = duckdb_create_list_type(first);
    else if (first && second)
        made = duckdb_create_map_type(first, second);
    duckdb_destroy_logical_type(&first);
    duckdb_destroy_logical_type(&second);
    return made;
}
duckdb_logical_type vectors_logical_type(const struct type *t) {
    static const duckdb_type simple[] = {
        [TYPE_BOOLEAN] = DUCKDB_TYPE_BOOLEAN,     [TYPE_TINYINT] = DUCKDB_TYPE_TINYINT,
        [TYPE_SMALLINT] = DUCKDB_TYPE_SMALLINT,   [TYPE_INT] = DUCKDB_TYPE_INTEGER,
        [TYPE_BIGINT] = DUCKDB_TYPE_BIGINT,       [TYPE_FLOAT] = DUCKDB_TYPE_FLOAT,
        [TYPE_DOUBLE] = DUCKDB_TYPE_DOUBLE,       [TYPE_STRING] = DUCKDB_TYPE_VARCHAR,
        [TYPE_VARCHAR] = DUCKDB_TYPE_VARCHAR,     [TYPE_CHAR] = DUCKDB_TYPE_VARCHAR,
        [TYPE_BINARY] = DUCKDB_TYPE_BLOB,         [TYPE_DATE] = DUCKDB_TYPE_DATE,
        [TYPE_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
    };
    switch (t->kind) {
    case TYPE_DECIMAL:
        return duckdb_create_decimal_type((uint8_t)t->precision, (uint8_t)t->scale);
    case TYPE_ARRAY:
    case TYPE_MAP:
        return nested_type(t);
    case TYPE_STRUCT:
        return struct_type(t);
    default:
        return duckdb_create_logical_type(simple[t->kind]);
    }
}

static int new_children(struct arena *a, const struct type *t, struct decoder_vec *v) {
    v->child_count = t->child_count;
    v->children = ARENA_NEW_N(a, struct decoder_vec, t->child_count);
    for (size_t i = 0; v->children && i < t->child_count; i++)
        if (vectors_new(a, t->children[i], &v->children[i]))
            return ERR_NOMEM;
    return v->children ? 0 : ERR_NOMEM;
}
static int grow_list(struct decoder_vec *v, size_t need);

/* The one child of an array (its element) or a map (a struct of key and value). */
static int new_list_child(struct arena *a, const struct type *t, struct decoder_vec *v) {
    struct list_child *child = ARENA_NEW(a, struct list_child);
    if (!child)
        return ERR_NOMEM;
    v->children = &child->vec;
    v->child_count = 1;
    int rc = t->kind == TYPE_MAP ? new_children(a, t, &child->vec)
                                 : vectors_new(a, t->children[0], &child->vec);
    child->vec.grow = grow_list;
    return rc;
}
int vectors_new(struct arena *a, const struct type *t, struct decoder_vec *ret) {
    *ret = (struct decoder_vec){0};
    if (t->kind == TYPE_ARRAY || t->kind == TYPE_MAP)
        return new_list_child(a, t, ret);
    return t->kind == TYPE_STRUCT ? new_children(a, t, ret) : 0;
}

/* A struct's vec has children and no list child; only list children have `grow`. */
static bool is_list(const struct decoder_vec *v) {
    return v->child_count == 1 && v->children[0].grow;
}

/* Takes data and validity pointers anew; list children below keep theirs. */
static void point(struct decoder_vec *v, size_t capacity) {
    duckdb_vector vector = v->owner;
    duckdb_vector_ensure_validity_writable(vector);
    v->validity = duckdb_vector_get_validity(vector);
    v->capacity = capacity;
    v->data = duckdb_vector_get_data(vector);
    if (v->child_count && !is_list(v)) {
        v->data = NULL;
        for (size_t i = 0; i < v->child_count; i++)
            point(&v->children[i], capacity);
    }
}
static int grow_list(struct decoder_vec *v, size_t need) {
    struct list_child *child = CONTAINER_OF(v, struct list_child, vec);
    size_t capacity = v->capacity;
    while (capacity < need)
        capacity *= 2;
    if (duckdb_list_vector_reserve(child->parent, capacity) != DuckDBSuccess)
        return ERR_NOMEM;
    point(v, capacity);
    return 0;
}

void vectors_bind(struct decoder_vec *v, duckdb_vector vector, size_t capacity) {
    v->owner = vector;
    v->size = 0;
    if (is_list(v)) {
        struct list_child *child = CONTAINER_OF(v->children, struct list_child, vec);
        idx_t room = duckdb_vector_size();
        child->parent = vector;
        duckdb_list_vector_set_size(vector, 0);
        duckdb_list_vector_reserve(vector, room);
        vectors_bind(&child->vec, duckdb_list_vector_get_child(vector), room);
    } else {
        for (size_t i = 0; i < v->child_count; i++)
            vectors_bind(&v->children[i], duckdb_struct_vector_get_child(vector, i), capacity);
    }
    point(v, capacity);
}
void vectors_finish(struct decoder_vec *v, duckdb_vector vector) {
    if (is_list(v)) {
        duckdb_list_vector_set_size(vector, v->children->size);
        vectors_finish(v->children, v->children->owner);
        return;
    }
    for (size_t i = 0; i < v->child_count; i++)
        vectors_finish(&v->children[i], v->children[i].owner);
}
