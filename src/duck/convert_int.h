/* convert_int.h - inside convert: files written piece by piece, error documents, facts. */
#ifndef TARN_DUCK_CONVERT_INT_H
#define TARN_DUCK_CONVERT_INT_H

#include "base/vfs.h"
#include "duck/duck_int.h"

/* A file that appears with its first byte; zero-initialise with its path. */
struct outfile {
    const char *path;
    int fd;
    bool open;
    uint64_t bytes; /* in the file, without `pending` */
    struct buf pending;
};
/* Writes `pending` out when it is large, or whenever `all`. */
int outfile_flush(struct outfile *f, bool all, struct err *e) WARN_UNUSED;
/* Closes, drops the memory; the file stays. */
void outfile_close(struct outfile *f);

/* ---- baddoc.c ---- */
struct baddocs {
    struct outfile file;
    uint64_t epoch_ms;          /* the stream's, for sequence numbers */
    const struct json *context; /* members merged in each document; may be NULL */
    int64_t count;
};
/* logscan.bad; ctx is a struct baddocs. */
int baddocs_add(void *ctx, const struct slog_record *r, const struct decoder_fault *f,
                struct err *e);

/* ---- convert_raw.c ---- */
/* Records one after the other into `out`. */
int convert_raw(struct duck *d, const struct json *task, struct outfile *out, int64_t *ret_rows,
                struct err *e) WARN_UNUSED;

/* ---- facts.c ---- */
/* Appends facts_json (catalog.h) of one Parquet file; in a session. */
int facts_write(struct duck *d, const char *path, struct buf *out, int64_t *ret_rows,
                struct err *e) WARN_UNUSED;
/* The same of many, as elements {"path","rows","facts"} of an open array; those that are no Parquet
 * are left out. */
int facts_write_files(struct duck *d, struct jsonw *w, const struct bytes *paths, size_t n,
                      struct err *e) WARN_UNUSED;

#endif
