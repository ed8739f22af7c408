/* vfs_util.c - helpers over the table.
 *
 * Durable replacement: write the temporary file, fsync it, rename, fsync the folder. Only after the
 * last step may the caller tell anybody. */
#include "base/vfs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

int vfs_pread_all(struct vfs *v, int fd, void *buf, size_t len, uint64_t off) {
    char *at = buf;
    while (len > 0) {
        ssize_t n = v->ops->pread(v, fd, at, len, off);
        if (n <= 0) {
            return n < 0 ? (int)n : -EIO;
        }
        at += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

int vfs_pwrite_all(struct vfs *v, int fd, const void *buf, size_t len, uint64_t off) {
    const char *at = buf;
    while (len > 0) {
        ssize_t n = v->ops->pwrite(v, fd, at, len, off);
        if (n <= 0) {
            return n < 0 ? (int)n : -EIO;
        }
        at += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

static int sync_folder(struct vfs *v, const char *path) {
    int fd = v->ops->open(v, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        return fd;
    }
    int rc = v->ops->fsync(v, fd);
    int closed = v->ops->close(v, fd);
    return rc < 0 ? rc : closed;
}

int vfs_sync_parent(struct vfs *v, const char *path) {
    char parent[PATH_MAX];
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    if (len >= sizeof(parent)) {
        return -ENAMETOOLONG;
    }
    if (len == 0) {
        return sync_folder(v, ".");
    }
    memcpy(parent, path, len);
    parent[len] = '\0';
    return sync_folder(v, parent);
}

static int make_one(struct vfs *v, const char *path) {
    int rc = v->ops->mkdir(v, path, 0777);
    if (rc == 0) {
        return vfs_sync_parent(v, path);
    }
    if (rc != -EEXIST) {
        return rc;
    }
    struct vfs_stat st;
    rc = v->ops->stat(v, path, &st);
    return rc < 0 ? rc : (st.is_dir ? 0 : -ENOTDIR);
}

/* Makes `path` whose parents may be missing: tries it first, then climbs. */
static int make_with_parents(struct vfs *v, char *path) {
    int rc = make_one(v, path);
    if (rc != -ENOENT) {
        return rc;
    }
    char *slash = strrchr(path, '/');
    if (!slash || slash == path) {
        return rc;
    }
    *slash = '\0';
    rc = make_with_parents(v, path);
    *slash = '/';
    return rc < 0 ? rc : make_one(v, path);
}

int vfs_mkdirs(struct vfs *v, const char *path, struct err *e) {
    char copy[PATH_MAX];
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    int rc = -ENAMETOOLONG;
    if (len < sizeof(copy)) {
        memcpy(copy, path, len);
        copy[len] = '\0';
        rc = make_with_parents(v, copy);
    }
    return rc < 0 ? err_set_errno(e, ERR_IO, -rc, "Cannot create the folder %s", path) : 0;
}

static int read_to_end(struct vfs *v, int fd, size_t max_bytes, struct buf *out) {
    size_t start = out->len;
    for (;;) {
        char *at = buf_reserve(out, KIB(64));
        if (!at) {
            return -ENOMEM;
        }
        ssize_t n = v->ops->pread(v, fd, at, KIB(64), out->len - start);
        if (n <= 0) {
            return (int)n;
        }
        out->len += (size_t)n;
        if (out->len - start > max_bytes) {
            return -EFBIG;
        }
    }
}

int vfs_read_file(struct vfs *v, const char *path, size_t max_bytes, struct buf *out,
                  struct err *e) {
    size_t start = out->len;
    int fd = v->ops->open(v, path, O_RDONLY, 0);
    int rc = fd;
    if (fd >= 0) {
        rc = read_to_end(v, fd, max_bytes, out);
        int closed = v->ops->close(v, fd);
        rc = rc < 0 ? rc : closed;
    }
    if (rc >= 0) {
        return 0;
    }
    out->len = start;
    if (rc == -ENOMEM) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    int code = rc == -ENOENT ? ERR_RESOURCE_NOT_FOUND : ERR_IO;
    return err_set_errno(e, code, -rc, "Cannot read %s", path);
}

static int write_and_sync(struct vfs *v, const char *path, struct bytes content) {
    int fd = v->ops->open(v, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) {
        return fd;
    }
    int rc = vfs_pwrite_all(v, fd, content.ptr, content.len, 0);
    if (rc == 0) {
        rc = v->ops->fsync(v, fd);
    }
    int closed = v->ops->close(v, fd);
    return rc < 0 ? rc : closed;
}

int vfs_write_file_atomic(struct vfs *v, const char *path, const char *tmp_path,
                          struct bytes content, struct err *e) {
    int rc = write_and_sync(v, tmp_path, content);
    if (rc == 0) {
        rc = v->ops->rename(v, tmp_path, path);
    }
    if (rc < 0) {
        (void)v->ops->unlink(v, tmp_path);
    } else {
        rc = vfs_sync_parent(v, path);
    }
    return rc < 0 ? err_set_errno(e, ERR_IO, -rc, "Cannot write %s", path) : 0;
}

static bool entry_is_dir(DIR *dir, const struct dirent *entry) {
    struct stat st;
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

int vfs_list(struct vfs *v, const char *path, int (*each)(void *ctx, const char *name, bool is_dir),
             void *ctx) {
    DIR *dir = opendir(path);
    if (!dir) {
        return -errno;
    }
    int rc = 0;
    while (rc == 0) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry) {
            rc = -errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            rc = each(ctx, entry->d_name, entry_is_dir(dir, entry));
        }
    }
    (void)closedir(dir);
    return rc;
}

/* ---- removing a folder ---- */
struct removal {
    struct vfs *v;
    const char *path;
    int depth;
};

static void remove_tree(struct vfs *v, const char *path, int depth);

static int remove_entry(void *ctx, const char *name, bool is_dir) {
    const struct removal *r = ctx;
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", r->path, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return 0;
    if (is_dir)
        remove_tree(r->v, path, r->depth + 1);
    else
        (void)r->v->ops->unlink(r->v, path);
    return 0;
}

static void remove_tree(struct vfs *v, const char *path, int depth) {
    struct removal r = {.v = v, .path = path, .depth = depth};
    if (depth > 64)
        return;
    if (vfs_list(v, path, remove_entry, &r) == 0)
        (void)v->ops->rmdir(v, path);
}

void vfs_remove_tree(struct vfs *v, const char *path) {
    remove_tree(v, path, 0);
}
