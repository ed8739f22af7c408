/* symlink.c - tables whose location holds manifests: files of SymlinkTextInputFormat name the files
 * with the rows, an S3 URI a line. What they name belongs to the manifest's partition. */
#include "base/mem.h"
#include "base/vfs.h"
#include "query/query_int.h"

#define MANIFEST_MAX (64u << 20)

bool symlink_is(const struct plan_table *t) {
    return bytes_ends_with(t->input_format, BYTES(".SymlinkTextInputFormat"));
}

static int bad(const struct plan_file *manifest, struct bytes line, const char *why,
               struct err *e) {
    return err_set_named(e, ERR_SQL, "HIVE_BAD_DATA", 0, "The manifest %.*s names '%.*s', %s",
                         BYTES_ARG(manifest->uri),
                         BYTES_ARG(bytes_slice(line, 0, MIN_OF(line.len, (size_t)300))), why);
}

static int read_manifest(struct plan *p, const struct plan_file *m, struct bytes *ret,
                         struct err *e) {
    struct vfs *v = vfs_system();
    if (m->size_bytes > MANIFEST_MAX)
        return err_set_named(e, ERR_SQL, "HIVE_BAD_DATA", 0,
                             "The manifest %.*s is larger than %u bytes", BYTES_ARG(m->uri),
                             MANIFEST_MAX);
    char *text = ARENA_NEW_N(&p->arena, char, (size_t)m->size_bytes + 1);
    int fd = text ? v->ops->open(v, m->path, 0, 0) : -1;
    if (!text)
        return err_set(e, ERR_NOMEM, NULL);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, -fd, "The manifest cannot be opened");
    ssize_t n = v->ops->pread(v, fd, text, (size_t)m->size_bytes, 0);
    v->ops->close(v, fd);
    if (n < 0)
        return err_set_errno(e, ERR_IO, (int)-n, "The manifest cannot be read");
    *ret = bytes_of(text, (size_t)n);
    return 0;
}

static int add_named(struct plan *p, const struct plan_file *m, struct bytes line,
                     struct plan_file *ret, struct err *e) {
    struct bytes bucket, key;
    struct store_meta meta;
    struct err why = {0};
    *ret = (struct plan_file){.uri = line, .partition = m->partition};
    if (bytes_starts_with(line, BYTES("s3a://")) || bytes_starts_with(line, BYTES("s3n://")))
        ret->uri = arena_fmt(&p->arena, "s3://%.*s", BYTES_ARG(bytes_slice(line, 6, line.len)));
    if (p->arena.failed)
        return err_set(e, ERR_NOMEM, NULL);
    if (!store_split_uri(ret->uri, &bucket, &key) || !key.len)
        return bad(m, line, "which is not an S3 object", e);
    int rc = store_head(p->service->d.store, &p->arena, bucket, key, &meta, &why);
    if (rc == ERR_S3)
        return bad(m, line, "which is not there", e);
    if (rc)
        return *e = why, rc;
    ret->size_bytes = meta.size_bytes;
    ret->mtime_ns = meta.mtime_ms * 1000000;
    return store_path(p->service->d.store, &p->arena, bucket, key, &ret->path, e);
}

static size_t count_lines(struct bytes text) {
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

static int follow(struct plan *p, struct plan_scan *s, const struct plan_file *m, struct err *e) {
    struct bytes text, line;
    int rc = read_manifest(p, m, &text, e);
    if (rc)
        return rc;
    size_t most = s->file_count + count_lines(text);
    struct plan_file *files = ARENA_NEW_N(&p->arena, struct plan_file, most);
    if (!files)
        return err_set(e, ERR_NOMEM, NULL);
    if (s->file_count)
        memcpy(files, s->files, s->file_count * sizeof *files);
    s->files = files;
    s->file_cap = most;
    while (!rc && text.len) {
        text = bytes_cut(text, '\n', &line);
        line = bytes_trim(line);
        if (line.len)
            rc = add_named(p, m, line, &files[s->file_count++], e);
    }
    return rc;
}

int symlink_follow(struct plan *p, struct plan_scan *s, struct err *e) {
    const struct plan_file *manifests = s->files;
    size_t n = s->file_count;
    int rc = 0;
    s->files = NULL;
    s->file_count = s->file_cap = 0;
    for (size_t i = 0; !rc && i < n; i++)
        rc = follow(p, s, &manifests[i], e);
    return rc;
}
