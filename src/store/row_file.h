/* row_file.h - a result file as Athena writes it, row by row at constant memory.
 *
 * CSV: every field in double quotes with "" for a quote, NULL as nothing, rows end in \n. TXT:
 * fields as they are, tabs between. What is added goes to `tmp`; row_file_finish makes it durable
 * and renames it into place, so a result is whole or absent. One thread.
 * Source: https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html */
#ifndef TARN_STORE_ROW_FILE_H
#define TARN_STORE_ROW_FILE_H

#include "base/err.h"
#include "base/vfs.h"

struct row_file {
    struct vfs *vfs;
    const char *output, *tmp; /* borrowed; output NULL: nothing is written */
    int fd;
    uint64_t size; /* bytes so far, those in the buffer left out */
    struct buf buffer, field;
    bool is_txt, in_row;
};
/* ERR_IO. row_file_close in any case. */
int row_file_open(struct row_file *f, const char *output, const char *tmp, bool is_txt,
                  struct err *e) WARN_UNUSED;
/* The next field of the row. */
void row_file_add(struct row_file *f, struct bytes text);
void row_file_add_null(struct row_file *f);
/* For text that is made in place: append to what it returns, then row_file_end_field. */
struct buf *row_file_field(struct row_file *f);
void row_file_end_field(struct row_file *f);
/* Ends the row; writes out when enough is there. ERR_IO, ERR_NOMEM. */
int row_file_end_row(struct row_file *f, struct err *e) WARN_UNUSED;
int row_file_finish(struct row_file *f, struct err *e) WARN_UNUSED;
/* Removes the temporary file when it was not finished. */
void row_file_close(struct row_file *f);

#endif
