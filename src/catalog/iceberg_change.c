/* iceberg_change.c - the document after a change.
 *
 * Members that the change does not concern are copied as they are, snapshots included. A change of
 * columns adds a schema and makes it the current one.
 * The old document's place joins the metadata log. */
#include "catalog/iceberg_int.h"

struct change {
    struct arena *a;
    const struct json *root;
    struct bytes old_uri;
    const struct iceberg_edit *x;
    struct iceberg_schema schema; /* as it becomes */
    int64_t schema_id, now_ms;
    bool columns; /* they change */
    struct err *e;
};

/* ---- the current schema ---- */
static const struct json *current_schema(const struct json *root) {
    int64_t id = json_get_i64(root, "current-schema-id", 0);
    JSON_FOR_EACH(s, json_get(root, "schemas")) {
        if (json_get_i64(s, "schema-id", 0) == id)
            return s;
    }
    return json_get(root, "schema"); /* format version 1 */
}

static struct bytes type_text(struct arena *a, const struct json *type) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    if (type)
        jsonw_tree(&w, type);
    struct bytes r = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return r;
}

static int read_schema(struct change *c) {
    const struct json *fields = json_get(current_schema(c->root), "fields");
    if (!fields || fields->kind != JSON_ARRAY)
        return err_set(c->e, ERR_CORRUPT, "The Iceberg metadata has no current schema.");
    c->schema.room = fields->count + c->x->add_count + 1;
    c->schema.fields = ARENA_NEW_N(c->a, struct iceberg_field, c->schema.room);
    c->schema.last_id = json_get_i64(c->root, "last-column-id", 0);
    JSON_FOR_EACH(f, fields) {
        if (!c->schema.fields)
            break;
        c->schema.fields[c->schema.count++] =
            (struct iceberg_field){.id = json_get_i64(f, "id", 0),
                                   .name = json_get_str(f, "name"),
                                   .comment = json_get_str(f, "doc"),
                                   .type = type_text(c->a, json_get(f, "type")),
                                   .required = json_get_bool(f, "required", false)};
    }
    return c->schema.fields && !c->a->failed ? 0 : err_set(c->e, ERR_NOMEM, NULL);
}

/* ---- columns ---- */
static int no_column(struct change *c, struct bytes name) {
    return err_set(c->e, ERR_INVALID_INPUT, "Column %.*s does not exist", BYTES_ARG(name));
}
static int taken(struct change *c, struct bytes name) {
    return err_set(c->e, ERR_INVALID_INPUT, "Column %.*s already exists", BYTES_ARG(name));
}

static int add_columns(struct change *c) {
    int rc = 0;
    for (size_t i = 0; !rc && i < c->x->add_count; i++) {
        const struct iceberg_column *n = &c->x->add[i];
        struct iceberg_field f = {.name = n->name, .comment = n->comment};
        if (iceberg_find(&c->schema, n->name))
            return taken(c, n->name);
        f.id = ++c->schema.last_id;
        rc = iceberg_type(c->a, n->type, &c->schema.last_id, &f.type, c->e);
        c->schema.fields[c->schema.count++] = f;
    }
    return rc;
}

static bool partitions_need(const struct json *root, int64_t id) {
    JSON_FOR_EACH(spec, json_get(root, "partition-specs")) {
        JSON_FOR_EACH(f, json_get(spec, "fields")) {
            if (json_get_i64(f, "source-id", -1) == id)
                return true;
        }
    }
    return false;
}

static int drop_column(struct change *c) {
    struct iceberg_field *f = iceberg_find(&c->schema, c->x->drop);
    if (!f)
        return no_column(c, c->x->drop);
    if (partitions_need(c->root, f->id))
        return err_set(c->e, ERR_INVALID_INPUT, "Cannot drop partition field: %.*s",
                       BYTES_ARG(c->x->drop));
    if (c->schema.count == 1)
        return err_set(c->e, ERR_INVALID_INPUT, "Cannot drop the only column in a table");
    size_t at = (size_t)(f - c->schema.fields);
    for (c->schema.count--; at < c->schema.count; at++)
        c->schema.fields[at] = c->schema.fields[at + 1];
    return 0;
}

static void move_field(struct iceberg_schema *s, size_t from, size_t to) {
    struct iceberg_field f = s->fields[from];
    for (; from > to; from--)
        s->fields[from] = s->fields[from - 1];
    for (; from < to; from++)
        s->fields[from] = s->fields[from + 1];
    s->fields[to] = f;
}

static int place_column(struct change *c, struct iceberg_field *f) {
    size_t at = (size_t)(f - c->schema.fields);
    if (c->x->first)
        move_field(&c->schema, at, 0);
    if (!c->x->after.ptr)
        return 0;
    struct iceberg_field *after = iceberg_find(&c->schema, c->x->after);
    if (!after || after == f)
        return no_column(c, c->x->after);
    size_t target = (size_t)(after - c->schema.fields);
    move_field(&c->schema, at, target < at ? target + 1 : target);
    return 0;
}

static int change_column(struct change *c) {
    const struct iceberg_column *to = &c->x->to;
    struct iceberg_field *f = iceberg_find(&c->schema, c->x->change);
    struct iceberg_field *other = iceberg_find(&c->schema, to->name);
    struct buf now = {0};
    struct json *was = NULL;
    if (!f)
        return no_column(c, c->x->change);
    if (other && other != f)
        return taken(c, to->name);
    int rc = json_parse(c->a, f->type, &was, c->e);
    if (rc)
        return rc;
    iceberg_hive_type(was, &now);
    if (!bytes_eq_nocase(buf_bytes(&now), to->type)) { /* the same type keeps its ids */
        int64_t last_id = c->schema.last_id;
        struct bytes type = {0};
        rc = iceberg_type(c->a, to->type, &last_id, &type, c->e);
        if (!rc && !iceberg_promotes(f->type, type))
            rc = err_set(c->e, ERR_INVALID_INPUT, "Cannot change column type: %.*s: %.*s -> %.*s",
                         BYTES_ARG(c->x->change), (int)now.len, now.ptr, BYTES_ARG(to->type));
        f->type = type;
    }
    buf_clear(&now);
    f->name = to->name;
    if (to->comment.ptr)
        f->comment = to->comment;
    return rc ? rc : place_column(c, f);
}

static int edit_columns(struct change *c) {
    c->columns = c->x->add_count || c->x->drop.ptr || c->x->change.ptr;
    int rc = read_schema(c);
    if (!rc && c->x->add_count)
        rc = add_columns(c);
    if (!rc && c->x->drop.ptr)
        rc = drop_column(c);
    if (!rc && c->x->change.ptr)
        rc = change_column(c);
    JSON_FOR_EACH(s, json_get(c->root, "schemas")) {
        c->schema_id = MAX_OF(c->schema_id, json_get_i64(s, "schema-id", 0) + 1);
    }
    return rc;
}

/* ---- writing ---- */
static bool is_member(const char *const *names, struct bytes name) {
    for (size_t i = 0; names[i]; i++)
        if (bytes_eq_str(name, names[i]))
            return true;
    return false;
}

static const struct iceberg_property *property_of(const struct change *c, struct bytes key) {
    const struct iceberg_property *found = NULL;
    for (size_t i = 0; i < c->x->property_count; i++)
        if (bytes_eq(c->x->properties[i].key, key))
            found = &c->x->properties[i];
    return found;
}

static void write_properties(struct change *c, struct jsonw *w) {
    jsonw_name(w, "properties");
    jsonw_object(w);
    JSON_FOR_EACH(p, json_get(c->root, "properties")) {
        if (property_of(c, p->name))
            continue;
        jsonw_name_bytes(w, p->name);
        jsonw_tree(w, p);
    }
    for (size_t i = 0; i < c->x->property_count; i++) {
        const struct iceberg_property *p = &c->x->properties[i];
        if (!p->value.ptr || property_of(c, p->key) != p)
            continue;
        jsonw_name_bytes(w, p->key);
        jsonw_str(w, p->value);
    }
    jsonw_end_object(w);
}

static void write_schemas(struct change *c, struct jsonw *w) {
    const struct json *schemas = json_get(c->root, "schemas");
    jsonw_kv_i64(w, "last-column-id", c->schema.last_id);
    jsonw_kv_i64(w, "current-schema-id", c->schema_id);
    jsonw_name(w, "schemas");
    jsonw_array(w);
    JSON_FOR_EACH(s, schemas)
    jsonw_tree(w, s);
    iceberg_write_schema(w, &c->schema, c->schema_id);
    jsonw_end_array(w);
}

static void write_log(struct change *c, struct jsonw *w) {
    jsonw_name(w, "metadata-log");
    jsonw_array(w);
    JSON_FOR_EACH(entry, json_get(c->root, "metadata-log"))
    jsonw_tree(w, entry);
    jsonw_object(w);
    jsonw_kv_i64(w, "timestamp-ms", json_get_i64(c->root, "last-updated-ms", c->now_ms));
    jsonw_kv_str(w, "metadata-file", c->old_uri);
    jsonw_end_object(w);
    jsonw_end_array(w);
}

static void write_document(struct change *c, struct jsonw *w) {
    static const char *const always[] = {"last-updated-ms", "metadata-log", "properties", NULL};
    static const char *const columns[] = {"last-column-id", "current-schema-id", "schemas",
                                          "schema", NULL};
    jsonw_object(w);
    JSON_FOR_EACH(m, c->root) {
        if (is_member(always, m->name) || (c->columns && is_member(columns, m->name)))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_kv_i64(w, "last-updated-ms", c->now_ms);
    if (c->columns)
        write_schemas(c, w);
    write_properties(c, w);
    write_log(c, w);
    jsonw_end_object(w);
}

int iceberg_change(struct arena *a, struct bytes old, struct bytes old_uri,
                   const struct iceberg_edit *x, int64_t now_ms, struct iceberg_document *ret,
                   struct err *e) {
    struct change c = {.a = a, .old_uri = old_uri, .x = x, .now_ms = now_ms, .e = e};
    struct json *root = NULL;
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    if (json_parse(a, old, &root, NULL) || root->kind != JSON_OBJECT)
        return err_set(e, ERR_CORRUPT, "%.*s is no Iceberg metadata.", BYTES_ARG(old_uri));
    c.root = root;
    int rc = edit_columns(&c);
    rc = rc ? rc : iceberg_glue_columns(a, &c.schema, &ret->columns, e);
    if (!rc) {
        write_document(&c, &w);
        ret->json = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
        rc = ret->json.ptr ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    buf_clear(&out);
    return rc;
}
