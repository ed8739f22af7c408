/* convert_raw.c - records as they came, one after the other, with a delimiter and gzip if asked.
 *
 *     record, delimiter ──▶ [deflate] ──▶ pending ──▶ file */
#include "duck/convert_int.h"
#include <zlib.h>

struct raw {
    struct outfile *out;
    z_stream z;
    bool gzip, begun;
};
static int deflate_some(struct raw *r, struct bytes in, int flush, struct err *e) {
    int z;
    r->z.next_in = (Bytef *)(uintptr_t)in.ptr;
    r->z.avail_in = (uInt)in.len;
    do {
        char *room = buf_reserve(&r->out->pending, KIB(64));
        if (!room)
            return err_set(e, ERR_NOMEM, NULL);
        r->z.next_out = (Bytef *)room;
        r->z.avail_out = KIB(64);
        z = deflate(&r->z, flush);
        if (z == Z_STREAM_ERROR)
            return err_set(e, ERR_INTERNAL, "zlib refuses a record.");
        r->out->pending.len += KIB(64) - r->z.avail_out;
    } while (r->z.avail_out == 0 || (flush == Z_FINISH && z != Z_STREAM_END));
    return outfile_flush(r->out, false, e);
}
static int add(struct raw *r, struct bytes in, struct err *e) {
    if (!in.len)
        return 0;
    if (r->gzip)
        return deflate_some(r, in, Z_NO_FLUSH, e);
    buf_add(&r->out->pending, in);
    return outfile_flush(r->out, false, e);
}
static int begin(struct raw *r, struct bytes compression, struct err *e) {
    r->gzip = bytes_eq_nocase(compression, BYTES("gzip"));
    if (!r->gzip && compression.len && !bytes_eq_nocase(compression, BYTES("uncompressed")))
        return err_set(e, ERR_NOT_IMPLEMENTED,
                       "Raw delivery cannot compress as %.*s; use GZIP or UNCOMPRESSED.",
                       BYTES_ARG(compression));
    /* 16 more window bits ask zlib for a gzip header. */
    if (r->gzip && deflateInit2(&r->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8,
                                Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(e, ERR_NOMEM, NULL);
    r->begun = true;
    return 0;
}
static int copy_records(struct duck *d, struct slog_reader *reader, struct raw *r,
                        struct bytes delimiter, int64_t *ret_rows, struct err *e) {
    struct slog_record rec;
    int rc, more;
    while ((more = slog_reader_next(reader, &rec, e)) > 0) {
        if (d->stopped)
            return err_set(e, ERR_CANCELED, NULL);
        rc = add(r, rec.data, e);
        if (!rc)
            rc = add(r, delimiter, e);
        if (rc)
            return rc;
        ++*ret_rows;
    }
    if (more < 0)
        return more;
    rc = r->gzip && *ret_rows ? deflate_some(r, BYTES(""), Z_FINISH, e) : 0;
    return rc ? rc : outfile_flush(r->out, true, e);
}
int convert_raw(struct duck *d, const struct json *task, struct outfile *out, int64_t *ret_rows,
                struct err *e) {
    struct raw r = {.out = out};
    struct slog_reader *reader = NULL;
    const struct json *view = json_get(task, "log");
    *ret_rows = 0;
    if (!view)
        return err_set(e, ERR_INVALID_INPUT, "The task names no log.");
    int rc = begin(&r, json_get_str(task, "compression"), e);
    if (!rc)
        rc = slog_reader_new_json(view, &reader, e);
    if (!rc)
        rc = copy_records(d, reader, &r, json_get_str(task, "delimiter"), ret_rows, e);
    if (r.begun && r.gzip)
        deflateEnd(&r.z);
    slog_reader_free(&reader);
    return rc;
}
