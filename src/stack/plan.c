/* plan.c - the list of resources of a warehouse, in order, and the walk over it.
 *
 * What a kind of resource is, and how to look at it, make it and remove it, is in kinds_*.c; here
 * is only which resources there are and in which order they are visited. */
#include "stack/plan.h"

#include "base/vfs.h"
#include "stack/plan_int.h"
#include "store/store.h"

const char *stack_kind_name(const struct stack_resource *r) {
    return r->kind->name;
}

bool stack_tree_covers(const struct json *have, const struct json *want, struct bytes *ret_where) {
    if (!have || have->kind != want->kind) {
        *ret_where = want->name;
        return false;
    }
    if (want->kind == JSON_ARRAY) {
        const struct json *h = have->first;
        JSON_FOR_EACH(child, want) {
            if (!stack_tree_covers(h, child, ret_where)) {
                *ret_where = want->name;
                return false;
            }
            h = h->next;
        }
        *ret_where = want->name;
        return h == NULL;
    }
    if (want->kind == JSON_OBJECT) {
        JSON_FOR_EACH(child, want) {
            const struct json *h = have->first;
            while (h && !bytes_eq(h->name, child->name)) {
                h = h->next;
            }
            if (!stack_tree_covers(h, child, ret_where)) {
                *ret_where = child->kind == JSON_OBJECT ? *ret_where : child->name;
                return false;
            }
        }
        return true;
    }
    *ret_where = want->name;
    return bytes_eq(have->text, want->text);
}

/* ---- which resources ---- */
struct builder {
    struct stack_plan *p;
    size_t room;
    struct err *e;
};

static struct stack_resource *add(struct builder *b, const struct stack_kind *kind,
                                  struct bytes name) {
    assert(b->p->count < b->room);
    struct stack_resource *r = &b->p->resources[b->p->count++];
    *r = (struct stack_resource){.kind = kind, .name = name};
    return r;
}

static void add_bucket(struct builder *b, struct bytes bucket) {
    for (size_t i = 0; i < b->p->count; i++) {
        if (bytes_eq(b->p->resources[i].bucket, bucket)) {
            return;
        }
    }
    add(b, &stack_kind_bucket, bucket)->bucket = bucket;
}

static int add_objects(struct builder *b, const struct warehouse_table *t) {
    const struct warehouse *w = b->p->warehouse;
    for (size_t i = 0; i < t->file_count; i++) {
        struct bytes file = t->files[i];
        struct bytes path = file.ptr[0] == '/' ? arena_fmt(b->p->arena, "%.*s", BYTES_ARG(file))
                                               : arena_fmt(b->p->arena, "%.*s/%.*s",
                                                           BYTES_ARG(w->folder), BYTES_ARG(file));
        struct vfs_stat st;
        if (!path.ptr || vfs_system()->ops->stat(vfs_system(), path.ptr, &st) || st.is_dir) {
            int rc =
                err_set(b->e, ERR_USAGE, "Table '%.*s' names the file '%.*s', which is not there.",
                        BYTES_ARG(t->name), BYTES_ARG(file));
            if (b->e) {
                b->e->line = t->line;
                b->e->column = t->column;
            }
            return rc;
        }
        const char *base = strrchr(path.ptr, '/') + 1;
        struct stack_resource *r = add(b, &stack_kind_object, (struct bytes){0});
        r->table = t;
        r->path = path.ptr;
        struct bytes prefix;
        if (!store_split_uri(t->location, &r->bucket, &prefix)) {
            return err_set(b->e, ERR_USAGE, "'%.*s' is not an s3:// location.",
                           BYTES_ARG(t->location));
        }
        r->key = arena_fmt(b->p->arena, "%.*s%s", BYTES_ARG(prefix), base);
        r->name = arena_fmt(b->p->arena, "s3://%.*s/%.*s", BYTES_ARG(r->bucket), BYTES_ARG(r->key));
    }
    return 0;
}

static int add_table(struct builder *b, const struct warehouse_table *t) {
    if (t->streaming) {
        add(b, &stack_kind_stream, t->stream)->table = t;
    }
    struct bytes name =
        arena_fmt(b->p->arena, "%.*s.%.*s", BYTES_ARG(t->database), BYTES_ARG(t->name));
    add(b, &stack_kind_table, name)->table = t;
    if (!t->streaming) {
        return add_objects(b, t);
    }
    add(b, &stack_kind_delivery, t->delivery)->table = t;
    return 0;
}

static int build(struct builder *b) {
    struct stack_plan *p = b->p;
    const struct warehouse *w = p->warehouse;
    b->room = 1 + w->database_count + 4 * w->table_count;
    for (size_t i = 0; i < w->table_count; i++) {
        b->room += w->tables[i].file_count;
    }
    p->resources = ARENA_NEW_N(p->arena, struct stack_resource, b->room);
    if (!p->resources) {
        return err_set(b->e, ERR_NOMEM, NULL);
    }
    add_bucket(b, w->bucket);
    for (size_t i = 0; i < w->table_count; i++) {
        struct bytes bucket, key;
        if (store_split_uri(w->tables[i].location, &bucket, &key)) {
            add_bucket(b, bucket);
        }
    }
    for (size_t i = 0; i < w->database_count; i++) {
        add(b, &stack_kind_database, w->databases[i].name)->database = &w->databases[i];
    }
    int rc = 0;
    for (size_t i = 0; !rc && i < w->table_count; i++) {
        rc = add_table(b, &w->tables[i]);
    }
    return rc ? rc : p->arena->failed ? err_set(b->e, ERR_NOMEM, NULL) : 0;
}

int stack_plan_make(struct arena *a, struct client *c, const struct warehouse *w,
                    struct stack_plan *ret, struct err *e) {
    struct stack_plan p = {.arena = a, .client = c, .warehouse = w};
    struct builder b = {.p = &p, .e = e};
    int rc = build(&b);
    for (size_t i = 0; !rc && i < p.count; i++) {
        rc = p.resources[i].kind->inspect(&p, &p.resources[i], e);
        p.changes += p.resources[i].action != STACK_NONE;
    }
    if (!rc) {
        *ret = p;
    }
    return rc;
}

int stack_apply(struct stack_plan *p, stack_report report, void *ctx, struct err *e) {
    for (size_t i = 0; i < p->count; i++) {
        struct stack_resource *r = &p->resources[i];
        if (r->action == STACK_NONE) {
            continue;
        }
        report(ctx, r, r->action == STACK_CREATE ? "create" : "update");
        int rc = r->kind->apply(p, r, e);
        if (rc) {
            err_prefix(e, "%s %.*s", r->kind->name, BYTES_ARG(r->name));
            return rc;
        }
    }
    return 0;
}

/* Data that still waits in a stream becomes files before its delivery goes. */
static int flush_delivery(struct stack_plan *p, const struct stack_resource *r, struct err *e) {
    struct bytes path = arena_fmt(p->arena, "/tarn/v1/flush?delivery=%.*s", BYTES_ARG(r->name));
    struct client_request req = {.method = "POST", .path = path.ptr};
    struct client_response out;
    return path.ptr ? client_raw(p->client, p->arena, &req, &out, e) : err_set(e, ERR_NOMEM, NULL);
}

int stack_destroy(struct stack_plan *p, bool delete_data, stack_report report, void *ctx,
                  struct err *e) {
    for (size_t i = p->count; i-- > 0;) {
        struct stack_resource *r = &p->resources[i];
        if (r->action == STACK_CREATE) {
            continue; /* not there */
        }
        if (r->kind->is_data && !delete_data) {
            continue;
        }
        int rc = r->kind == &stack_kind_delivery ? flush_delivery(p, r, e) : 0;
        report(ctx, r, "delete");
        rc = rc ? rc : r->kind->destroy(p, r, e);
        if (rc) {
            err_prefix(e, "%s %.*s", r->kind->name, BYTES_ARG(r->name));
            return rc;
        }
    }
    return 0;
}
