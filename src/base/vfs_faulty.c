/* vfs_faulty.c - the fault-injecting twin: counts operations down and fails the chosen one.
 *
 * A failing pwrite first writes half of its bytes, as a full disk or a lost power supply does. A
 * failing close does close, as Linux does. vfs_system() lives here because TARN_VFS_FAIL puts this
 * twin around the real file system of a whole server. */
#include "base/vfs_int.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct vfs_faulty *self(struct vfs *v) {
    return CONTAINER_OF(v, struct vfs_faulty, base);
}

/* Counts this operation; 0, or the negative errno it shall fail with. */
static int trip(struct vfs_faulty *f) {
    atomic_fetch_add(&f->count, 1);
    int64_t left = atomic_load(&f->fail_at);
    int64_t after;
    do {
        if (left <= 0) {
            return 0;
        }
        after = left > 1 ? left - 1 : f->sticky;
    } while (!atomic_compare_exchange_weak(&f->fail_at, &left, after));
    return left == 1 ? -f->fail_errno : 0;
}

static int faulty_open(struct vfs *v, const char *path, int flags, int mode) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->open(self(v)->under, path, flags, mode);
}

static int faulty_close(struct vfs *v, int fd) {
    int rc = trip(self(v));
    int closed = self(v)->under->ops->close(self(v)->under, fd);
    return rc ? rc : closed;
}

static ssize_t faulty_pread(struct vfs *v, int fd, void *buf, size_t len, uint64_t offset) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->pread(self(v)->under, fd, buf, len, offset);
}

static ssize_t faulty_pwrite(struct vfs *v, int fd, const void *buf, size_t len, uint64_t offset) {
    struct vfs *under = self(v)->under;
    int rc = trip(self(v));
    ssize_t n = under->ops->pwrite(under, fd, buf, rc ? len / 2 : len, offset);
    return rc ? rc : n;
}

static int faulty_fdatasync(struct vfs *v, int fd) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->fdatasync(self(v)->under, fd);
}

static int faulty_fsync(struct vfs *v, int fd) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->fsync(self(v)->under, fd);
}

static int faulty_ftruncate(struct vfs *v, int fd, uint64_t size) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->ftruncate(self(v)->under, fd, size);
}

static int faulty_rename(struct vfs *v, const char *from, const char *to) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->rename(self(v)->under, from, to);
}

static int faulty_unlink(struct vfs *v, const char *path) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->unlink(self(v)->under, path);
}

static int faulty_mkdir(struct vfs *v, const char *path, int mode) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->mkdir(self(v)->under, path, mode);
}

static int faulty_rmdir(struct vfs *v, const char *path) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->rmdir(self(v)->under, path);
}

static int faulty_stat(struct vfs *v, const char *path, struct vfs_stat *ret) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->stat(self(v)->under, path, ret);
}

static int faulty_setxattr(struct vfs *v, const char *path, const char *name, struct bytes value) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->setxattr(self(v)->under, path, name, value);
}

static ssize_t faulty_getxattr(struct vfs *v, const char *path, const char *name, void *buf,
                               size_t cap) {
    int rc = trip(self(v));
    return rc ? rc : self(v)->under->ops->getxattr(self(v)->under, path, name, buf, cap);
}

void vfs_faulty_init(struct vfs_faulty *f, struct vfs *under) {
    static const struct vfs_ops ops = {
        .open = faulty_open,
        .close = faulty_close,
        .pread = faulty_pread,
        .pwrite = faulty_pwrite,
        .fdatasync = faulty_fdatasync,
        .fsync = faulty_fsync,
        .ftruncate = faulty_ftruncate,
        .rename = faulty_rename,
        .unlink = faulty_unlink,
        .mkdir = faulty_mkdir,
        .rmdir = faulty_rmdir,
        .stat = faulty_stat,
        .setxattr = faulty_setxattr,
        .getxattr = faulty_getxattr,
    };
    f->base.ops = &ops;
    f->under = under;
    f->fail_errno = EIO;
    f->sticky = false;
    atomic_init(&f->fail_at, 0);
    atomic_init(&f->count, 0);
}

/* ---- the process-wide switch ---- */

static struct vfs_faulty env_faulty;
static struct vfs *chosen;

/* "nth:errno[:sticky]"; anything else is ignored. */
static void choose(void) {
    struct bytes rest = bytes_str(getenv("TARN_VFS_FAIL")), nth_text, errno_text;
    int64_t nth, number;
    chosen = vfs_real();
    if (!rest.ptr) {
        return;
    }
    rest = bytes_cut(rest, ':', &nth_text);
    rest = bytes_cut(rest, ':', &errno_text);
    if (!bytes_to_i64(nth_text, &nth) || !bytes_to_i64(errno_text, &number) || nth < 1 ||
        number < 1 || number > 4095) {
        return;
    }
    vfs_faulty_init(&env_faulty, vfs_real());
    env_faulty.fail_errno = (int)number;
    env_faulty.sticky = bytes_eq_str(rest, "sticky");
    atomic_store(&env_faulty.fail_at, nth);
    chosen = &env_faulty.base;
}

struct vfs *vfs_system(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose);
    return chosen;
}
