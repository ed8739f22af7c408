/* vfs.h - every file operation goes through this table, so that tests can fail the nth one.
 *
 * Paths are NUL-terminated. Functions return 0 (or a count) or a negative errno value such as
 * -ENOENT; callers turn that into a struct err with the path in its text. Thread-safe. */
#ifndef TARN_BASE_VFS_H
#define TARN_BASE_VFS_H

#include "base/bytes.h"
#include "base/err.h"
#include <sys/types.h>

struct vfs_stat {
    uint64_t size_bytes;
    int64_t mtime_ns;
    bool is_dir;
    uint64_t inode;
};

struct vfs;
struct vfs_ops {
    int (*open)(struct vfs *v, const char *path, int flags,
                int mode); /* fd or -errno; O_CLOEXEC added */
    int (*close)(struct vfs *v, int fd);
    ssize_t (*pread)(struct vfs *v, int fd, void *buf, size_t len, uint64_t offset);
    ssize_t (*pwrite)(struct vfs *v, int fd, const void *buf, size_t len, uint64_t offset);
    int (*fdatasync)(struct vfs *v, int fd);
    int (*fsync)(struct vfs *v, int fd);
    int (*ftruncate)(struct vfs *v, int fd, uint64_t size);
    int (*rename)(struct vfs *v, const char *from, const char *to);
    int (*unlink)(struct vfs *v, const char *path);
    int (*mkdir)(struct vfs *v, const char *path, int mode);
    int (*rmdir)(struct vfs *v, const char *path);
    int (*stat)(struct vfs *v, const char *path, struct vfs_stat *ret);
    int (*setxattr)(struct vfs *v, const char *path, const char *name, struct bytes value);
    ssize_t (*getxattr)(struct vfs *v, const char *path, const char *name, void *buf, size_t cap);
};
struct vfs {
    const struct vfs_ops *ops;
};

/* The real file system; static, never freed. */
struct vfs *vfs_system(void);

/* Test twin around another vfs: the nth operation from now (1 = the next) fails with `fail_errno`;
 * with `sticky` every later one fails too. 0 switches it off. `count` counts all operations. A
 * failing pwrite writes half of its bytes first (a torn write). Same as the server-level switch
 * TARN_VFS_FAIL="nth:errno[:sticky]" in the environment, read by vfs_system(). */
struct vfs_faulty {
    struct vfs base;
    struct vfs *under;
    _Atomic int64_t fail_at;
    _Atomic int64_t count;
    _Atomic int fail_errno;
    _Atomic bool sticky;
};
void vfs_faulty_init(struct vfs_faulty *f, struct vfs *under);

/* ---- helpers over the table ---- */
/* Creates the folder and its parents; existing is fine. Fsyncs each parent it changed. */
int vfs_mkdirs(struct vfs *v, const char *path, struct err *e) WARN_UNUSED;
/* Reads a whole file, at most `max_bytes`, appending to *out. ERR_RESOURCE_NOT_FOUND when absent.
 */
int vfs_read_file(struct vfs *v, const char *path, size_t max_bytes, struct buf *out,
                  struct err *e) WARN_UNUSED;
/* Writes tmp_path, fsyncs it, renames it to path and fsyncs the folder: all or nothing. */
int vfs_write_file_atomic(struct vfs *v, const char *path, const char *tmp_path,
                          struct bytes content, struct err *e) WARN_UNUSED;
/* pread/pwrite of everything or an error. */
int vfs_pread_all(struct vfs *v, int fd, void *buf, size_t len, uint64_t off) WARN_UNUSED;
int vfs_pwrite_all(struct vfs *v, int fd, const void *buf, size_t len, uint64_t off) WARN_UNUSED;
/* Fsyncs the folder that holds `path`. */
int vfs_sync_parent(struct vfs *v, const char *path) WARN_UNUSED;
/* Calls back for each name in a folder except . and ..; a non-zero return stops and is returned. */
int vfs_list(struct vfs *v, const char *path, int (*each)(void *ctx, const char *name, bool is_dir),
             void *ctx) WARN_UNUSED;
/* Removes a folder with what is in it, at most 64 levels deep, as far as it can. */
void vfs_remove_tree(struct vfs *v, const char *path);

#endif
