/* sequence.h - sequence numbers as text: 56 digits that sort like the records they name.
 *
 * "49", the stream's creation time in milliseconds (13 digits), the shard number (21 digits), the
 * LSN (20 digits). Compared as text or as numbers they order by LSN within a shard, as Kinesis
 * promises, and numbers of a stream that was made again under the same name are greater. */
#ifndef TARN_SLOG_SEQUENCE_H
#define TARN_SLOG_SEQUENCE_H

#include "base/bytes.h"

#define SLOG_SEQUENCE_LEN 56

/* `stream_epoch_ms` below 10^13 (year 2286); NUL-terminated. */
void slog_sequence_text(uint64_t stream_epoch_ms, uint32_t shard, uint64_t lsn,
                        char out[SLOG_SEQUENCE_LEN + 1]);
/* False when the text is not one that slog_sequence_text writes; outputs may be NULL. */
bool slog_sequence_parse(struct bytes text, uint64_t *ret_stream_epoch_ms, uint32_t *ret_shard,
                         uint64_t *ret_lsn) WARN_UNUSED;

#endif
