/* baddoc.c - one line of JSON for each record that does not fit its table.
 *
 * The keys are those of Firehose's format-conversion-failed objects; the record itself travels as
 * base64, so that it can be mended and sent again. Lines gather in memory and go to the file in
 * large pieces; the file comes to be with the first of them. */
#include "base/clock.h"
#include "duck/convert_int.h"
#include "slog/sequence.h"
#include <fcntl.h>

#define FLUSH_BYTES KIB(256)

int outfile_flush(struct outfile *f, bool all, struct err *e) {
    struct vfs *v = vfs_system();
    if (f->pending.failed)
        return err_set(e, ERR_NOMEM, NULL);
    if (!f->pending.len || (!all && f->pending.len < FLUSH_BYTES))
        return 0;
    if (!f->open) {
        f->fd = v->ops->open(v, f->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (f->fd < 0)
            return err_set_errno(e, ERR_IO, -f->fd, "cannot create %s", f->path);
        f->open = true;
    }
    int io = vfs_pwrite_all(v, f->fd, f->pending.ptr, f->pending.len, f->bytes);
    if (io)
        return err_set_errno(e, ERR_IO, -io, "cannot write %s", f->path);
    f->bytes += f->pending.len;
    buf_reset(&f->pending);
    return 0;
}
void outfile_close(struct outfile *f) {
    struct vfs *v = vfs_system();
    if (f->open)
        v->ops->close(v, f->fd);
    f->open = false;
    buf_clear(&f->pending);
}

static const char *code_of(enum decoder_reason reason) {
    return reason == DECODER_MALFORMED ? "DataFormatConversion.ParseError"
                                       : "DataFormatConversion.MalformedData";
}
int baddocs_add(void *ctx, const struct slog_record *r, const struct decoder_fault *f,
                struct err *e) {
    struct baddocs *b = ctx;
    char sequence[SLOG_SEQUENCE_LEN + 1];
    slog_sequence_text(b->epoch_ms, r->shard, r->lsn, sequence);
    struct jsonw w = jsonw_to(&b->file.pending);
    jsonw_object(&w);
    jsonw_kv_i64(&w, "attemptsMade", 1);
    jsonw_kv_i64(&w, "arrivalTimestamp", r->arrival_ms);
    jsonw_kv_cstr(&w, "lastErrorCode", code_of(f->reason));
    jsonw_kv_cstr(&w, "lastErrorMessage", f->text);
    jsonw_kv_i64(&w, "attemptEndingTimestamp", clock_wall_ms(clock_system()));
    jsonw_name(&w, "rawData");
    jsonw_base64(&w, r->data);
    jsonw_kv_cstr(&w, "sequenceNumber", sequence);
    jsonw_kv_cstr(&w, "subSequenceNumber", NULL);
    if (f->column.len)
        jsonw_kv_str(&w, "column", f->column);
    JSON_FOR_EACH(member, b->context) {
        jsonw_name_bytes(&w, member->name);
        jsonw_tree(&w, member);
    }
    jsonw_end_object(&w);
    buf_add_char(&b->file.pending, '\n');
    b->count++;
    return outfile_flush(&b->file, false, e);
}
