/* rows.h - the rows of a Parquet file as JSON objects, one at a time, for clients. */
#ifndef TARN_DUCK_ROWS_H
#define TARN_DUCK_ROWS_H

#include "duck/duck.h"

struct duck_rows;
/* Streams; memory does not grow with the file. `d` must outlive the rows. */
int duck_rows_open(struct duck *d, const char *path, struct duck_rows **ret,
                   struct err *e) WARN_UNUSED;
/* 1 and a row (valid until the next call), 0 at the end, or ERR_*. */
int duck_rows_next(struct duck_rows *r, struct bytes *ret, struct err *e) WARN_UNUSED;
void duck_rows_free(struct duck_rows **r);

#endif
