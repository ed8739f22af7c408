/* output.c - temporary file, sync, rename, sync of the folder: a reader sees all or nothing, and a
 * task that is run again replaces what it wrote before. */
#include "duck/output.h"

#include "base/mem.h"

#include <fcntl.h>

#define OUTPUT_CHUNK (256u << 10)

static int io_error(int rc, const char *path, struct err *e) {
    return err_set_errno(e, ERR_IO, -rc, "'%s' cannot be written", path);
}

static int flush(struct output *o, struct err *e) {
    struct vfs *v = vfs_system();
    if (!buf_ok(&o->pending)) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    if (!o->opened) {
        o->fd = v->ops->open(v, o->tmp, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (o->fd < 0) {
            return io_error(o->fd, o->tmp, e);
        }
        o->opened = true;
    }
    int rc = vfs_pwrite_all(v, o->fd, o->pending.ptr, o->pending.len, o->size);
    o->size += o->pending.len;
    buf_reset(&o->pending);
    return rc ? io_error(rc, o->tmp, e) : 0;
}

int output_write(struct output *o, struct bytes data, struct err *e) {
    buf_add(&o->pending, data);
    return o->pending.len >= OUTPUT_CHUNK || !buf_ok(&o->pending) ? flush(o, e) : 0;
}

static void close_file(struct output *o) {
    if (o->opened) {
        vfs_system()->ops->close(vfs_system(), o->fd);
        o->opened = false;
    }
}

int output_finish(struct output *o, struct err *e) {
    if (o->size + o->pending.len == 0) {
        return 0;
    }
    int rc = flush(o, e);
    if (rc) {
        return rc;
    }
    close_file(o);
    return output_seal(o->tmp, o->final, e);
}

void output_clear(struct output *o) {
    if (o->opened) {
        close_file(o);
        (void)vfs_system()->ops->unlink(vfs_system(), o->tmp);
    }
    buf_clear(&o->pending);
}

static int make_folder(const char *path, struct err *e) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? mem_strndup(path, (size_t)(slash - path)) : NULL;
    int rc = folder ? vfs_mkdirs(vfs_system(), folder, e) : err_set(e, ERR_NOMEM, NULL);
    mem_free(folder);
    return rc;
}

int output_seal(const char *tmp, const char *final, struct err *e) {
    struct vfs *v = vfs_system();
    int rc = make_folder(final, e);
    if (rc) {
        return rc;
    }
    int fd = v->ops->open(v, tmp, O_RDONLY, 0);
    int io = fd < 0 ? fd : v->ops->fsync(v, fd);
    if (fd >= 0) {
        v->ops->close(v, fd);
    }
    io = io ? io : v->ops->rename(v, tmp, final);
    io = io ? io : vfs_sync_parent(v, final);
    return io ? io_error(io, final, e) : 0;
}
