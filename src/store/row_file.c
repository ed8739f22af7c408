/* row_file.c - fields are quoted into a buffer that is written out at 256 KiB. */
#include "store/row_file.h"

#include <fcntl.h>

#define WRITE_BYTES (256u << 10)

int row_file_open(struct row_file *f, const char *output, const char *tmp, bool is_txt,
                  struct err *e) {
    *f = (struct row_file){
        .vfs = vfs_system(), .output = output, .tmp = tmp, .fd = -1, .is_txt = is_txt};
    if (!output)
        return 0;
    f->fd = f->vfs->ops->open(f->vfs, tmp, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    return f->fd < 0 ? err_set_errno(e, ERR_IO, -f->fd, "The result file cannot be made") : 0;
}

/* ---- fields ---- */
static void add_quoted(struct buf *out, struct bytes v) {
    buf_add_char(out, '"');
    for (struct bytes rest = v; rest.len;) {
        ptrdiff_t quote = bytes_find_char(rest, '"');
        size_t n = quote < 0 ? rest.len : (size_t)quote + 1;
        buf_add(out, bytes_of(rest.ptr, n));
        if (quote >= 0)
            buf_add_char(out, '"');
        rest = bytes_slice(rest, n, rest.len);
    }
    buf_add_char(out, '"');
}

static void separate(struct row_file *f) {
    if (f->in_row)
        buf_add_char(&f->buffer, f->is_txt ? '\t' : ',');
    f->in_row = true;
}

void row_file_add(struct row_file *f, struct bytes text) {
    separate(f);
    if (f->is_txt)
        buf_add(&f->buffer, text);
    else
        add_quoted(&f->buffer, text);
}

void row_file_add_null(struct row_file *f) {
    separate(f);
}

struct buf *row_file_field(struct row_file *f) {
    buf_reset(&f->field);
    return &f->field;
}

void row_file_end_field(struct row_file *f) {
    row_file_add(f, buf_bytes(&f->field));
}

/* ---- rows ---- */
static int flush(struct row_file *f, struct err *e) {
    if (!buf_ok(&f->buffer) || !buf_ok(&f->field))
        return err_set(e, ERR_NOMEM, NULL);
    if (f->fd >= 0) {
        int rc = vfs_pwrite_all(f->vfs, f->fd, f->buffer.ptr, f->buffer.len, f->size);
        if (rc)
            return err_set_errno(e, ERR_IO, -rc, "The result file cannot be written");
    }
    f->size += f->buffer.len;
    buf_reset(&f->buffer);
    return 0;
}

int row_file_end_row(struct row_file *f, struct err *e) {
    buf_add_char(&f->buffer, '\n');
    f->in_row = false;
    return f->buffer.len >= WRITE_BYTES || !buf_ok(&f->buffer) ? flush(f, e) : 0;
}

int row_file_finish(struct row_file *f, struct err *e) {
    int rc = flush(f, e);
    if (rc || f->fd < 0)
        return rc;
    int io = f->vfs->ops->fdatasync(f->vfs, f->fd);
    io = io ? io : f->vfs->ops->rename(f->vfs, f->tmp, f->output);
    if (io)
        return err_set_errno(e, ERR_IO, -io, "The result file cannot be put in place");
    f->vfs->ops->close(f->vfs, f->fd);
    f->fd = -1;
    return 0;
}

void row_file_close(struct row_file *f) {
    if (f->fd >= 0) {
        f->vfs->ops->close(f->vfs, f->fd);
        (void)f->vfs->ops->unlink(f->vfs, f->tmp);
        f->fd = -1;
    }
    buf_clear(&f->buffer);
    buf_clear(&f->field);
}
