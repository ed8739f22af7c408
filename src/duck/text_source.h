/* text_source.h - the bytes and lines of a file of text, whatever it is compressed with. Inside
 * duck only. A file's name says how: .gz, .bz2, .zst, .snappy (Hadoop's framing), else it is plain.
 */
#ifndef TARN_DUCK_TEXT_SOURCE_H
#define TARN_DUCK_TEXT_SOURCE_H

#include "base/bytes.h"
#include "base/err.h"

bool text_is_compressed(struct bytes path);

struct text_source;
/* From byte `from` on, which must be 0 for a compressed file. */
int text_source_open(const char *path, int64_t from, struct text_source **ret,
                     struct err *e) WARN_UNUSED;
void text_source_close(struct text_source **s);
/* At most `cap` bytes; *ret_len 0 at the end. HIVE_BAD_DATA for what cannot be decompressed. */
int text_source_read(struct text_source *s, char *out, size_t cap, size_t *ret_len,
                     struct err *e) WARN_UNUSED;

/* ---- lines ---- ended by \n, \r\n or \r, as Hadoop reads them. */
struct text_lines {
    struct text_source *source;
    struct buf buffer;
    size_t at;      /* of the next line in the buffer */
    int64_t offset; /* in the file, of buffer[0] */
    bool at_end, after_cr;
};
/* From byte `from` on: unless it is 0, at the first line that starts there or later. */
int text_lines_open(struct text_lines *l, const char *path, int64_t from,
                    struct err *e) WARN_UNUSED;
void text_lines_close(struct text_lines *l);
/* 1 and a line (valid until the next call, with its first byte's place in the file), 0 at the end,
 * or an error: a line longer than 128 MiB, or what text_source_read says. */
int text_lines_next(struct text_lines *l, struct bytes *ret, int64_t *ret_offset,
                    struct err *e) WARN_UNUSED;

#endif
