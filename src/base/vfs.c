/* vfs.c - the real file system as a table of functions. Calls are restarted after EINTR; errors
 * come back as -errno so that no caller depends on a thread-local value. */
#include "base/vfs.h"
#include "base/vfs_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RESTART(var, call)                                                                         \
    do {                                                                                           \
        (var) = (call);                                                                            \
    } while ((var) < 0 && errno == EINTR)

static int result(int rc) {
    return rc < 0 ? -errno : rc;
}

static int sys_open(struct vfs *v, const char *path, int flags, int mode) {
    int fd;
    RESTART(fd, open(path, flags | O_CLOEXEC, (mode_t)mode));
    return result(fd);
}

static int sys_close(struct vfs *v, int fd) {
    int rc = close(fd); /* never again after EINTR: Linux has closed it */
    return rc < 0 && errno != EINTR ? -errno : 0;
}

static ssize_t sys_pread(struct vfs *v, int fd, void *buf, size_t len, uint64_t offset) {
    ssize_t n;
    RESTART(n, pread(fd, buf, len, (off_t)offset));
    return n < 0 ? -errno : n;
}

static ssize_t sys_pwrite(struct vfs *v, int fd, const void *buf, size_t len, uint64_t offset) {
    ssize_t n;
    RESTART(n, pwrite(fd, buf, len, (off_t)offset));
    return n < 0 ? -errno : n;
}

static int sys_fdatasync(struct vfs *v, int fd) {
    int rc;
    RESTART(rc, fdatasync(fd));
    return result(rc);
}

static int sys_fsync(struct vfs *v, int fd) {
    int rc;
    RESTART(rc, fsync(fd));
    return result(rc);
}

static int sys_ftruncate(struct vfs *v, int fd, uint64_t size) {
    int rc;
    RESTART(rc, ftruncate(fd, (off_t)size));
    return result(rc);
}

static int sys_rename(struct vfs *v, const char *from, const char *to) {
    return result(rename(from, to));
}

static int sys_unlink(struct vfs *v, const char *path) {
    return result(unlink(path));
}

static int sys_mkdir(struct vfs *v, const char *path, int mode) {
    return result(mkdir(path, (mode_t)mode));
}

static int sys_rmdir(struct vfs *v, const char *path) {
    return result(rmdir(path));
}

static int sys_stat(struct vfs *v, const char *path, struct vfs_stat *ret) {
    struct stat st;
    if (stat(path, &st) < 0) {
        return -errno;
    }
    *ret = (struct vfs_stat){
        .size_bytes = (uint64_t)st.st_size,
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        .is_dir = S_ISDIR(st.st_mode),
        .inode = st.st_ino,
    };
    return 0;
}

static int sys_setxattr(struct vfs *v, const char *path, const char *name, struct bytes value) {
    return result(setxattr(path, name, value.ptr, value.len, 0));
}

static ssize_t sys_getxattr(struct vfs *v, const char *path, const char *name, void *buf,
                            size_t cap) {
    ssize_t n = getxattr(path, name, buf, cap);
    return n < 0 ? -errno : n;
}

struct vfs *vfs_real(void) {
    static const struct vfs_ops ops = {
        .open = sys_open,
        .close = sys_close,
        .pread = sys_pread,
        .pwrite = sys_pwrite,
        .fdatasync = sys_fdatasync,
        .fsync = sys_fsync,
        .ftruncate = sys_ftruncate,
        .rename = sys_rename,
        .unlink = sys_unlink,
        .mkdir = sys_mkdir,
        .rmdir = sys_rmdir,
        .stat = sys_stat,
        .setxattr = sys_setxattr,
        .getxattr = sys_getxattr,
    };
    static struct vfs real = {.ops = &ops};
    return &real;
}
