/* reader.h - reads a range of a stream log from its segment files, in any process.
 *
 * Maps the segments read-only; records are views into the mapping, valid until slog_reader_free, so
 * a decoder may keep pointers into them. Each frame's CRC-32C is checked before its first record is
 * handed out. */
#ifndef TARN_SLOG_READER_H
#define TARN_SLOG_READER_H

#include "base/json.h"
#include "slog/slog.h"

struct slog_record {
    uint64_t lsn;
    int64_t arrival_ms;
    uint32_t shard;
    struct bytes partition_key;
    struct bytes data;
};

struct slog_reader;
/* From the JSON that slog_view_write_json wrote (the tree is not kept). ERR_CORRUPT when malformed,
 * ERR_IO when a segment cannot be opened. */
int slog_reader_new_json(const struct json *view, struct slog_reader **ret,
                         struct err *e) WARN_UNUSED;
/* Directly from a view in the same process; the view must outlive the reader. */
int slog_reader_new_view(const struct slog_view *v, struct slog_reader **ret,
                         struct err *e) WARN_UNUSED;
/* 1 and a record, 0 at the end of the range, or ERR_CORRUPT. */
int slog_reader_next(struct slog_reader *r, struct slog_record *ret, struct err *e) WARN_UNUSED;
/* Starts over at the range's first record. */
void slog_reader_rewind(struct slog_reader *r);
void slog_reader_free(struct slog_reader **r);

#endif
