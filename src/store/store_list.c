/* store_list.c - keys in byte order without walking what cannot be in the answer.
 *
 * One folder at a time: its names are read, decoded, filtered and sorted, a folder as if its name
 * ended in '/' (so "a-b" comes before "a/c"). The walk starts at the deepest folder that the prefix
 * names. A folder is skipped when all of its keys lie before start_after or beside the prefix, and
 * with a delimiter it becomes one common prefix without being read to its end.
 *
 *   prefix "log/2024" start_after "log/2024/03" delimiter ""
 *   starts in log/ ; reads 2024/ from 03 on ; never opens log/2023/ or log/2024/01/ */
#include "base/mem.h"
#include "store/store_int.h"
#include <errno.h>
#include <stdlib.h>

struct item {
    struct bytes name; /* decoded, a folder's with '/' at its end */
    const char *path;  /* below the folder being listed */
    bool is_dir;
};

struct list {
    struct store *s;
    const struct store_list_options *o;
    int (*each)(void *ctx, const struct store_entry *entry);
    void *ctx;
    struct err *e;
    struct buf key;         /* of the entry at hand; folders in progress share its start */
    struct buf last_prefix; /* the common prefix given out last */
    size_t count;
    bool truncated;
};

enum { LIST_FULL = 0x7fff0001, LIST_FOUND = 0x7fff0002 }; /* private stops */

/* The names of one folder. */
struct folder {
    struct list *l;
    struct arena arena;
    const char *path;
    struct bytes name_prefix; /* of pieces of a long segment */
    const char *path_prefix;
    size_t base_len; /* of l->key */
    int stop;        /* on_folder's */
    struct item *items;
    size_t count, cap;
};

static struct bytes key_of(const struct list *l) {
    return buf_bytes(&l->key);
}

/* base + name in l->key. */
static void set_key(struct list *l, size_t base_len, struct bytes name) {
    l->key.len = base_len;
    buf_add(&l->key, name);
}

static bool is_hidden(const struct list *l, size_t base_len, struct bytes name) {
    return l->o->skip_hidden && base_len >= l->o->prefix.len && name.len > 0 &&
           (name.ptr[0] == '_' || name.ptr[0] == '.');
}

/* May the key, or keys below it when it is a folder, be in the answer? */
static bool is_wanted(const struct list *l, struct bytes key, bool is_dir) {
    struct bytes prefix = l->o->prefix, after = l->o->start_after;
    if (!bytes_starts_with(key, prefix) && !(is_dir && bytes_starts_with(prefix, key)))
        return false;
    return after.len == 0 || bytes_cmp(key, after) > 0 || (is_dir && bytes_starts_with(after, key));
}

/* ---- reading a folder ---- */

static int add_item(struct folder *f, struct bytes name, const char *path, bool is_dir) {
    if (f->count == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 32;
        struct item *more = mem_realloc(f->items, cap * sizeof(*more));
        if (!more)
            return -ENOMEM;
        f->items = more;
        f->cap = cap;
    }
    f->items[f->count++] = (struct item){name, path, is_dir};
    return 0;
}

static int read_folder(struct folder *f, const char *path);

static int on_name(void *ctx, const char *name, bool is_dir) {
    struct folder *f = ctx;
    struct bytes part;
    bool partial;
    if (!store_unescape(bytes_str(name), &part, &partial) || (partial && !is_dir))
        return 0; /* not a name of ours: another program's, out of reach by any key */
    struct bytes whole = arena_fmt(&f->arena, "%.*s%.*s%s", BYTES_ARG(f->name_prefix),
                                   BYTES_ARG(part), is_dir && !partial ? "/" : "");
    struct bytes path = arena_fmt(&f->arena, "%s%s%s", f->path_prefix, name, partial ? "/" : "");
    if (f->arena.failed)
        return -ENOMEM;
    if (partial) {
        struct bytes name_before = f->name_prefix;
        const char *path_before = f->path_prefix;
        struct bytes inner = arena_fmt(&f->arena, "%s/%s", f->path, path.ptr);
        f->name_prefix = whole;
        f->path_prefix = path.ptr;
        int rc = inner.ptr ? read_folder(f, inner.ptr) : -ENOMEM;
        f->name_prefix = name_before;
        f->path_prefix = path_before;
        return rc;
    }
    if (is_hidden(f->l, f->base_len, whole))
        return 0;
    set_key(f->l, f->base_len, whole);
    return is_wanted(f->l, key_of(f->l), is_dir) ? add_item(f, whole, path.ptr, is_dir) : 0;
}

static int read_folder(struct folder *f, const char *path) {
    const struct store_list_options *o = f->l->o;
    if (o->on_folder && (f->stop = o->on_folder(f->l->ctx, path)))
        return 0;
    int rc = vfs_list(f->l->s->vfs, path, on_name, f);
    return rc == -ENOENT || rc == -ENOTDIR ? 0 : rc;
}

static int compare_items(const void *x, const void *y) {
    return bytes_cmp(((const struct item *)x)->name, ((const struct item *)y)->name);
}

/* ---- giving out ---- */

static int give(struct list *l, const struct store_entry *entry) {
    if (l->o->max_entries && l->count == l->o->max_entries) {
        l->truncated = true;
        return LIST_FULL;
    }
    l->count++;
    return l->each(l->ctx, entry);
}

/* The key up to and with the first delimiter after the prefix; false when there is none. */
static bool common_prefix(const struct list *l, struct bytes key, struct bytes *ret) {
    size_t from = l->o->prefix.len;
    if (l->o->delimiter.len == 0 || key.len < from)
        return false;
    ptrdiff_t at = bytes_find(bytes_slice(key, from, key.len), l->o->delimiter);
    if (at < 0)
        return false;
    *ret = bytes_slice(key, 0, from + (size_t)at + l->o->delimiter.len);
    return true;
}

static int give_prefix(struct list *l, struct bytes prefix) {
    if (bytes_eq(prefix, buf_bytes(&l->last_prefix)) || bytes_eq(prefix, l->o->start_after))
        return 0;
    buf_reset(&l->last_prefix);
    buf_add(&l->last_prefix, prefix);
    struct store_entry entry = {.key = buf_bytes(&l->last_prefix), .is_prefix = true};
    return buf_ok(&l->last_prefix) ? give(l, &entry) : err_set(l->e, ERR_NOMEM, NULL);
}

static int give_object(struct list *l, const char *path) {
    struct vfs_stat st;
    int io = l->s->vfs->ops->stat(l->s->vfs, path, &st);
    if (io == -ENOENT || io == -ENOTDIR || (io == 0 && st.is_dir))
        return 0; /* deleted meanwhile */
    if (io)
        return err_set_errno(l->e, ERR_IO, -io, "cannot look at %s", path);
    struct store_entry entry = {
        .key = key_of(l), .size_bytes = st.size_bytes, .mtime_ns = st.mtime_ns, .path = path};
    if (l->o->want_etag) {
        struct arena a;
        struct store_meta meta = {0};
        arena_init(&a, 0);
        int rc = store_meta_load(l->s, &a, path, &st, &meta, l->e);
        arena_clear(&a);
        if (rc)
            return rc;
        memcpy(entry.etag, meta.etag, sizeof(entry.etag));
    }
    return give(l, &entry);
}

/* ---- folders as common prefixes ---- */

struct search {
    struct list *l;
    const char *path;
    struct arena *arena;
};

static int find_object(struct list *l, struct arena *a, const char *path);

static int on_search(void *ctx, const char *name, bool is_dir) {
    struct search *f = ctx;
    if (f->l->o->skip_hidden && (name[0] == '_' || name[0] == '.'))
        return 0;
    if (!is_dir)
        return LIST_FOUND;
    struct bytes child = arena_fmt(f->arena, "%s/%s", f->path, name);
    return child.ptr ? find_object(f->l, f->arena, child.ptr) : -ENOMEM;
}

/* LIST_FOUND when some object is below. */
static int find_object(struct list *l, struct arena *a, const char *path) {
    struct search f = {l, path, a};
    int rc = vfs_list(l->s->vfs, path, on_search, &f);
    return rc == -ENOENT || rc == -ENOTDIR ? 0 : rc;
}

static int io_error(struct list *l, int io, const char *path) {
    if (io == -ENOMEM)
        return err_set(l->e, ERR_NOMEM, NULL);
    return err_set_errno(l->e, ERR_IO, -io, "cannot list %s", path);
}

/* True in *ret_done when the folder at l->key needs no walk of its own. */
static int try_roll_up(struct list *l, const char *path, bool *ret_done) {
    struct bytes prefix, key = key_of(l), after = l->o->start_after;
    struct arena a;
    *ret_done = true;
    if (l->last_prefix.len && bytes_starts_with(key, buf_bytes(&l->last_prefix)))
        return 0;
    *ret_done = false;
    if (!common_prefix(l, key, &prefix))
        return 0;
    if (bytes_eq(prefix, after)) {
        *ret_done = true;
        return 0;
    }
    if (bytes_starts_with(after, key))
        return 0; /* part of it is before start_after: look closely */
    arena_init(&a, 0);
    int rc = find_object(l, &a, path);
    arena_clear(&a);
    *ret_done = true;
    if (rc != LIST_FOUND)
        return rc ? io_error(l, rc, path) : 0;
    return give_prefix(l, prefix);
}

/* ---- the walk ---- */

static int walk(struct list *l, const char *path, size_t base_len);

static int visit(struct folder *f, const struct item *it) {
    struct list *l = f->l;
    struct bytes prefix;
    bool done = false;
    struct bytes path = arena_fmt(&f->arena, "%s/%s", f->path, it->path);
    set_key(l, f->base_len, it->name);
    if (!path.ptr || !buf_ok(&l->key))
        return err_set(l->e, ERR_NOMEM, NULL);
    if (it->is_dir) {
        int rc = try_roll_up(l, path.ptr, &done);
        return rc || done ? rc : walk(l, path.ptr, l->key.len);
    }
    if (common_prefix(l, key_of(l), &prefix))
        return give_prefix(l, prefix);
    return give_object(l, path.ptr);
}

static int walk(struct list *l, const char *path, size_t base_len) {
    struct folder f = {.l = l, .path = path, .path_prefix = "", .base_len = base_len};
    arena_init(&f.arena, 0);
    int io = read_folder(&f, path);
    int rc = io ? io_error(l, io, path) : f.stop;
    if (f.count > 1)
        qsort(f.items, f.count, sizeof(*f.items), compare_items);
    for (size_t i = 0; rc == 0 && i < f.count; i++)
        rc = visit(&f, &f.items[i]);
    mem_free(f.items);
    arena_clear(&f.arena);
    return rc;
}

/* The folder that the prefix names up to its last '/', as a path; its key part into l->key. */
static char *start_folder(struct list *l, struct arena *a) {
    struct bytes prefix = l->o->prefix;
    struct buf path = {0};
    size_t end = prefix.len;
    while (end > 0 && prefix.ptr[end - 1] != '/')
        end--;
    buf_add_fmt(&path, "%s/%.*s", l->s->root, BYTES_ARG(l->o->bucket));
    if (end > 0) {
        buf_add_char(&path, '/');
        store_add_escaped(&path, bytes_slice(prefix, 0, end - 1));
        buf_add(&l->key, bytes_slice(prefix, 0, end));
    }
    char *copy = buf_ok(&path) && buf_ok(&l->key) ? arena_strndup(a, path.ptr, path.len) : NULL;
    buf_clear(&path);
    return copy;
}

int store_list(struct store *s, const struct store_list_options *o,
               int (*each)(void *ctx, const struct store_entry *entry), void *ctx,
               bool *ret_truncated, struct err *e) {
    struct list l = {.s = s, .o = o, .each = each, .ctx = ctx, .e = e};
    struct arena a;
    int rc = store_bucket_check(s, o->bucket, NULL, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    if (o->prefix.len <= STORE_KEY_MAX &&
        !(o->prefix.len && memchr(o->prefix.ptr, 0, o->prefix.len))) {
        char *path = start_folder(&l, &a);
        rc = path ? walk(&l, path, l.key.len) : err_set(e, ERR_NOMEM, NULL);
    }
    arena_clear(&a);
    buf_clear(&l.key);
    buf_clear(&l.last_prefix);
    if (rc == LIST_FULL)
        rc = 0;
    if (rc == 0 && ret_truncated)
        *ret_truncated = l.truncated;
    return rc;
}
